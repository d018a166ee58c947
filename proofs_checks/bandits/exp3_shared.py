"""What the exponential-weights results share: tables of losses, quantities on them, links and exact checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import EVERYWHERE

from theorylab.bandits import AdversarialBandit
from theorylab.bandits.environments import phased_losses
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Code
from theorylab.verify.exact.bandits import arm_tree_expectation, scripted_arm_tree
from theorylab.verify.statements import Check, Comparison

__all__ = [
    "OBLIVIOUS",
    "SIX",
    "bernoulli_losses",
    "excess_bound",
    "excess_loss",
    "fixed_and_phased",
    "increments",
    "largest_excess",
    "loss_sums",
    "losses_of",
    "played_probability",
    "profile_table",
    "realised_regret",
    "table",
    "tree_check",
    "tree_tables",
    "unbiased_check",
    "worst_regret",
]

SIX = ((0, 1), (1, 0), (0, 1), (1, 1), (0, 0), (0, 1))  # the losses of the sourced exact values
THREE_ARMS = ((0.5, 1, 0), (1, 0.25, 0.75), (0, 1, 0.5), (1, 1, 0.25))
OBLIVIOUS = Hypothesis("losses are fixed in advance", lambda case: isinstance(case.model, AdversarialBandit))


def bernoulli_losses(means: Sequence[float], horizon: int, *, seed: int = 0) -> Any:
    """(T, K) losses in {0, 1} drawn once: arm i loses with probability 1 - ``means[i]``."""
    return (np.random.default_rng(seed).random((horizon, len(means))) >= np.array(means)).astype(float)


def table(
    name: str,
    losses: Callable[[int], Any],
    horizon: Any,
    runs: Any,
    *,
    presets: tuple[str, ...] = EVERYWHERE,
    feedback: str = "bandit",
    **parameters: Any,
) -> Instance:
    """A table of losses: ``losses(longest horizon)``, of which shorter presets play the first rounds."""
    longest = max(horizon.values()) if isinstance(horizon, dict) else horizon
    return Instance(
        name,
        lambda: AdversarialBandit(losses(longest), feedback=feedback, name=name),
        horizon,
        runs,
        parameters,
        presets,
    )


def fixed_and_phased(
    horizon: Any, runs: Any, *, gap: float, words: str = "", **parameters: Any
) -> tuple[Instance, ...]:
    """Two drawn tables, the best arm first or last, and one whose losses rise and fall."""
    return tuple(
        table(name + words, losses, horizon, runs, presets=presets, **parameters)
        for name, losses, presets in (
            ("best first", lambda T: bernoulli_losses((0.9, 0.1), T, seed=1), EVERYWHERE),
            ("best last", lambda T: bernoulli_losses((0.1, 0.1, 0.9), T, seed=2), ("quick", "paper")),
            ("phased", lambda T: phased_losses(T, gap=gap).losses, ("quick", "paper")),
        )
    )


def profile_table(**parameters: Any) -> Instance:
    """The drawn table on which the bounds with high probability are profiled."""
    return table(
        "profile",
        lambda T: bernoulli_losses((0.9, 0.5, 0.5), T),
        {"smoke": 2000, "quick": 10_000},
        {"smoke": 3, "quick": 10},
        trace=True,
        **parameters,
    )


def losses_of(case: Case) -> Any:
    """(T, K) the losses of the case's rounds."""
    return np.asarray(case.model.losses[: case.horizon])


def loss_sums(case: Case) -> Any:
    """(K,) total losses."""
    return losses_of(case).sum(axis=0)


def realised_regret(run: Any, case: Case) -> float:
    """Loss of the plays minus that of the best fixed arm."""
    return float(case.horizon - run.reward_sum[-1] - loss_sums(case).min())


def worst_regret(case: Case) -> float:
    """The realised regret of the worst sequence of arms."""
    return float(losses_of(case).max(axis=1).sum() - loss_sums(case).min())


def excess_loss(run: Any, case: Case) -> float:
    """Loss beyond that of the best *sequence* of arms: never negative, as an expectation's test needs it."""
    return float(case.horizon - run.reward_sum[-1] - losses_of(case).min(axis=1).sum())


def largest_excess(case: Case) -> float:
    """The largest possible :func:`excess_loss`."""
    rows = losses_of(case)
    return float((rows.max(axis=1) - rows.min(axis=1)).sum())


def excess_bound(regret: Callable[[Case], float]) -> Callable[[Case], float]:
    """The bound on :func:`excess_loss` that a bound on the regret gives."""
    return lambda case: float(regret(case) + loss_sums(case).min() - losses_of(case).min(axis=1).sum())


def played_probability(run: Any) -> Any:
    """(T,) with which probability the arm played was drawn."""
    return run.trace["probabilities"][np.arange(len(run.trace["actions"])), run.trace["actions"]]


def increments(run: Any) -> Any:
    """(T - 1, K) what each round but the last added to the estimates."""
    return np.diff(run.trace["estimates"], axis=0)


def tree_check(
    algorithm: str,
    initial: Callable[[Case], Any],
    probabilities: Callable[[Any], Any],
    update: Callable[[Any, int, float], Any],
    instances: tuple[Instance, ...],
    *,
    source: str,
    name: str = "",
) -> Check:
    r"""E[total loss] over all arm draws of the code equals that of the policy given as three functions.

    ``update(state, arm, loss)``; the state is the policy's own, made by ``initial(case)``.
    """

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        rows = losses_of(case).tolist()

        def run(scripted: Any) -> tuple[Any, Any, Any]:
            found = code.algorithm(algorithm)(
                case.model, case.horizon, rng=scripted, **{**case.parameters, "trace": True}
            )
            loss = case.horizon - float(found.reward_sum[-1])
            return loss, found.trace["probabilities"], found.trace["actions"]

        def follow(state: Any, arm: int) -> Any:
            t, own, lost = state
            return t + 1, update(own, arm, rows[t][arm]), lost + rows[t][arm]

        try:
            got = scripted_arm_tree(run, case.horizon, compiled=True)
        except (RuntimeError, ValueError) as error:  # reported probabilities are not those that are drawn from
            return Comparison(False, math.nan, math.nan, str(error))
        expected = arm_tree_expectation(
            (0, initial(case), 0.0), lambda s: probabilities(s[1]), follow, lambda s: s[2], case.horizon
        )
        text = f"E[total loss] = {got:.12g}, expected {expected:.12g}"
        return Comparison(abs(got - expected) <= 1e-9 * (1 + abs(expected)), got, expected, text)

    return Check(
        name=name or f"exact expected loss of {algorithm}",
        evaluate=evaluate,
        source=source,
        instances=instances,
        certified=True,
        algorithm=algorithm,
        statement=r"E[\sum_t \ell_{t, A_t}] over all K^T arm draws equals that of the published policy",
    )


def unbiased_check(algorithm: str, instances: tuple[Instance, ...], *, source: str, name: str = "unbiased") -> Check:
    r"""E[estimates before the last round] over all arm draws are the sums of the true losses (or gains) so far."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        def run(scripted: Any) -> tuple[Any, Any, Any]:
            found = code.algorithm(algorithm)(
                case.model, case.horizon, rng=scripted, **{**case.parameters, "trace": True}
            )
            return found.trace["estimates"][-1], found.trace["probabilities"], found.trace["actions"]

        rows = losses_of(case)[:-1]
        if case.parameters.get("form") in ("mixed", "auer"):
            rows = 1.0 - rows
        try:
            got = np.asarray(scripted_arm_tree(run, case.horizon, compiled=True))
        except (RuntimeError, ValueError) as error:
            return Comparison(False, math.nan, math.nan, str(error))
        bias = float(np.abs(got - rows.sum(axis=0)).max())
        return Comparison(bias <= 1e-9, bias, 1e-9, f"largest bias of an estimated sum: {bias:.3g}")

    return Check(
        name=name,
        evaluate=evaluate,
        source=source,
        instances=instances,
        certified=True,
        algorithm=algorithm,
        statement=r"E[\hat L_{T-1, i}] = L_{T-1, i} over all K^T arm draws",
    )


def tree_tables(**parameters: Any) -> tuple[Instance, ...]:
    """Two small tables: the sourced one, and three arms with other losses than 0 and 1."""
    words = "".join(f" {key}={value}" for key, value in parameters.items())
    return (
        table("six rounds" + words, lambda T: SIX, {"smoke": 5, "quick": 6, "power": 4}, 1, **parameters),
        table(
            "three arms, four rounds" + words,
            lambda T: THREE_ARMS,
            {"smoke": 3, "quick": 4, "power": 3},
            1,
            **parameters,
        ),
    )
