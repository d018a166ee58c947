"""Exp2, CSB-Exp2, CSB-FTPL: references, unbiased estimates over all draws, geometric resampling by enumeration."""

from __future__ import annotations

import importlib
import itertools
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.exp2_games import game, tiny
from theorylab.rooms.proofs_checks.bandits.shared import same_plays

from theorylab.bandits.models.combinatorial import CombinatorialLosses
from theorylab.core.rng import AGENT, child_seed
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.exact.arm_trees import scripted_arm_tree
from theorylab.verify.exact.scripted import scripted_generator
from theorylab.verify.statements import Check, Comparison

__all__ = ["exact_checks", "reference_checks"]

REFERENCES = {
    "exp2": ("Exp2", ("probabilities", "estimates")),
    "csb_exp2": ("CsbExp2", ("probabilities", "estimates")),
    "csb_ftpl": ("CsbFtpl", ("waits",)),
}


def published_rates(model: CombinatorialLosses, horizon: int, exploration: str) -> tuple[Any, tuple[float, float]]:
    """Exploration weights and rates, from the definitions: the value g is computed anew from the weights."""
    from theorylab.bandits.adversarial.linear_game import john_position

    actions = model.policies[:, 0, :]
    _, weights, _ = john_position(actions, uniform=exploration == "uniform")
    inverse = np.linalg.pinv(actions.T @ (weights[:, None] * actions), rcond=1e-10)
    g = float(np.einsum("ni,ij,nj->n", actions, inverse, actions).max())
    eta = float(np.sqrt(np.log(len(actions)) / ((2.0 * g + np.linalg.matrix_rank(actions)) * horizon)))
    return weights, (eta, eta * g)


def reference_checks(instances: dict[str, tuple[Instance, ...]]) -> tuple[Check, ...]:
    """Each algorithm against its plain agent."""

    def made(algorithm: str) -> Check:
        agent, more = REFERENCES[algorithm]

        def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
            from theorylab.bandits.agents import agent_algorithm

            module = importlib.import_module("theorylab.bandits.adversarial.exp2_reference")
            slow = agent_algorithm(getattr(module, agent))
            words = dict(case.parameters)
            given: dict[str, Any] = {"game": case.model, **words}
            if algorithm == "exp2":
                exploration = words.get("exploration", "john")
                given["design"], given["rates"] = published_rates(case.model, case.horizon, exploration)
            for i in range(case.runs):
                seed = child_seed(rng, i)
                run = code.algorithm(algorithm)(case.model, case.horizon, rng=seed, trace=True, **words)
                expected = slow(case.model, case.horizon, rng=seed, trace=True, **given)
                found = same_plays(run, expected, more=more, tolerance=1e-8)
                if not found.holds:
                    return found
            return found

        return Check(
            name=f"{algorithm} plays like its reference",
            evaluate=evaluate,
            source="line-by-line reference",
            instances=instances[algorithm],
            layer="reference",
            algorithm=algorithm,
            statement="the same arms, probabilities and estimates as the reference, round by round",
        )

    return tuple(made(name) for name in REFERENCES)


def unbiased(algorithm: str) -> Check:
    """Over all draws of two rounds, the estimated losses are the losses in the mean."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        def run(scripted: Any) -> tuple[Any, Any, Any]:
            made = code.algorithm(algorithm)(case.model, 3, rng=scripted, trace=True, **case.parameters)
            return made.trace["estimates"][2], made.trace["probabilities"], made.trace["actions"]

        found = scripted_arm_tree(run, 3, compiled=True)
        expected = case.model.action_losses[:2].sum(axis=0)
        error = float(np.max(np.abs(found - expected)))
        return Comparison(error <= 1e-8, error, 1e-8, f"E of estimated losses {found.round(6)}, losses {expected}")

    kind = "linear" if algorithm == "exp2" else "sets"
    words = {"eta": 0.2} if algorithm == "exp2" else {"eta": 1.0}
    presets = ("smoke", "quick", "paper", "power")
    return Check(
        name=f"unbiased estimates of {algorithm}",
        evaluate=evaluate,
        source="[bubeck2012towards]; enumeration of the draws",
        instances=(game(f"three rounds, {kind}", lambda: tiny(kind), 3, 1, presets=presets, **words),),
        algorithm=algorithm,
        statement=r"E[\hat L_2(n)] = L_2(n) for every n, over all draws",
    )


def pairs_of_three() -> CombinatorialLosses:
    """Two of three coordinates, the same loss: by symmetry each pair leads with probability 1/3."""
    return CombinatorialLosses([[1.0, 1.0, 1.0]], [[1, 1, 0], [0, 1, 1], [1, 0, 1]])


def resampling(limits: tuple[int, ...]) -> Check:
    """E[J_j a_j] = 1 - (1 - q)^L in rationals: one round, all sequences of leaders."""
    missing = {0: (0.2, 0.2, 0.9), 1: (0.9, 0.2, 0.2), 2: (0.2, 0.9, 0.2)}  # draws that make pair n the leader

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        q, problems, value = Fraction(2, 3), [], Fraction(0)
        for limit in limits:
            value = Fraction(0)
            for leaders in itertools.product(range(3), repeat=limit):
                script = [1.0 - u for n in leaders for u in missing[n]]
                made = scripted_generator(script, role=AGENT)
                run = code.algorithm("csb_ftpl")(case.model, 1, repetitions=limit, rng=made, trace=True)
                if int(run.trace["actions"][0]) != leaders[0]:
                    problems.append(f"L = {limit}: plays {run.trace['actions'][0]}, scripted {leaders[0]}")
                value += Fraction(int(run.trace["waits"][0, 0]), 3**limit)
            expected = 1 - (1 - q) ** limit
            if value != expected:
                problems.append(f"L = {limit}: E[J a] = {value}, expected {expected}")
        detail = "; ".join(problems[:3]) or f"E[J a] = 1 - (1 - q)^L for L in {limits}, q = 2/3"
        return Comparison(not problems, float(value), float(expected), detail)

    return Check(
        name="geometric resampling",
        evaluate=evaluate,
        source="[syrgkanis2016efficient, (8)]",
        instances=(
            game("all leaders, pairs of three", pairs_of_three, 1, 1, presets=("smoke", "quick", "paper", "power")),
        ),
        certified=True,
        algorithm="csb_ftpl",
        statement=r"E[\hat\ell_j] = (1 - (1 - q_j)^L) \ell_j, a rational number",
    )


def design_check(instances: tuple[Instance, ...]) -> Check:
    """The exploration weights are a law whose value is the dimension."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        place = code.module("theorylab.bandits.adversarial.linear_game").john_position
        actions = case.model.policies[:, 0, :]
        points, weights, g = place(actions)
        rank = int(np.linalg.matrix_rank(actions))
        inverse = np.linalg.pinv(actions.T @ (weights[:, None] * actions), rcond=1e-10)
        value = float(np.einsum("ni,ij,nj->n", actions, inverse, actions).max())
        fine = weights.min() >= 0.0 and abs(weights.sum() - 1.0) < 1e-9 and abs(value - g) < 1e-6 * g
        identity = points.T @ (weights[:, None] * points)
        fine = fine and points.shape[1] == rank and np.allclose(identity, np.eye(rank), atol=1e-8)
        holds = bool(fine and value <= rank * (1.0 + 2e-6))
        return Comparison(holds, value, float(rank), f"g = {value:.8g}, dimension {rank}")

    return Check(
        name="John's position",
        evaluate=evaluate,
        source="[bubeck2012towards]",
        instances=instances,
        layer="lemma",
        internals=True,
        algorithm="exp2",
        statement=r"\max_a a^\top (\sum_b \mu_b b b^\top)^{-1} a = d, and \sum_b \mu_b b b^\top = I in the new basis",
    )


def exact_checks(linear: tuple[Instance, ...]) -> tuple[Check, ...]:
    """All checks without sampling beyond the references."""
    return (unbiased("exp2"), unbiased("csb_exp2"), resampling((1, 2, 4)), design_check(linear))
