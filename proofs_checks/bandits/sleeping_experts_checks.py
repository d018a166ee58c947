"""Sleeping experts: agreement with the plain references, and sequences searched to break the bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.sleeping_experts_tables import bounds, groups_of, weights

from theorylab.bandits import AdversarialBandit
from theorylab.core.rng import as_generator
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = ["groupwise_bound", "groupwise_ratio", "lemma", "reference_checks", "searched", "sleeping_ratio"]

SLACK = 1e-9


def groupwise_bound(rounds: Any, experts: int) -> Any:
    """(G,) the bound of every group from its number of rounds."""
    n = np.asarray(rounds, dtype=float)
    count = len(n)
    inner = math.log(count) + np.log(2.5 + 1.5 * np.log1p(n)) + math.log(1.0 + math.log(count))
    return np.sqrt(n * math.log(experts)) + np.sqrt(3.0 * n * inner)


def sleeping_ratio(run: Any) -> float:
    """The largest ratio of a regret to its bound: of the a-priori kind for Hedge, from C for AdaNormalHedge."""
    regrets = run.extra["regrets"]
    if run.parameters["method"] == "adanormalhedge":
        bound = bounds(run.extra["scales"])
    else:
        eta = run.parameters["eta"]
        bound = math.log(len(regrets)) / eta + eta * run.extra["awake_rounds"] / 8.0
    spoken = bound > 0.0
    return float(np.max(regrets[spoken] / bound[spoken], initial=0.0))


def groupwise_ratio(run: Any, experts: int) -> float:
    """The same for groups."""
    bound = groupwise_bound(run.extra["group_rounds"], experts)
    spoken = run.extra["group_rounds"] > 0
    return float(np.max(run.extra["group_regrets"][spoken] / bound[spoken]))


def climb(evaluate: Callable[[Any, Any], float], shape: tuple[int, int], wide: int, steps: int, rng: Any) -> float:
    """Hill climbing over 0/1 tables of losses and of waking, from a random start; the largest value met."""
    losses = rng.integers(0, 2, shape).astype(float)
    awake = np.ones((shape[0], wide))
    awake[rng.random(awake.shape) < 0.4] = 0.0
    awake[awake.max(axis=1) == 0.0, 0] = 1.0
    best = evaluate(losses, awake)
    for _ in range(steps):
        tried_losses, tried_awake = losses.copy(), awake.copy()
        for _ in range(int(rng.integers(1, 4))):
            if rng.random() < 0.6:
                t, i = int(rng.integers(shape[0])), int(rng.integers(shape[1]))
                tried_losses[t, i] = 1.0 - tried_losses[t, i]
            else:
                t, i = int(rng.integers(shape[0])), int(rng.integers(wide))
                tried_awake[t, i] = 1.0 - tried_awake[t, i]
                if tried_awake[t].max() == 0.0:
                    tried_awake[t, i] = 1.0
        value = evaluate(tried_losses, tried_awake)
        if not value < best:  # a NaN is kept: it refutes
            best, losses, awake = value, tried_losses, tried_awake
            if math.isnan(best):
                return best
    return best


def searched(instances: tuple[Instance, ...]) -> tuple[Check, ...]:
    """Local search for a sequence that breaks a bound."""

    def attack(code: Code, case: Case, rng: Any) -> Comparison:
        horizon, n, steps = case.horizon, 4, case.runs
        draw, worst, said = as_generator(rng), -math.inf, []
        for method in ("adanormalhedge", "sleeping_hedge", "groupwise"):

            def value(losses: Any, awake: Any, method: str = method) -> float:
                if method == "groupwise":
                    table = AdversarialBandit(losses, feedback="full")
                    run = code.algorithm("groupwise_experts")(
                        table, horizon, groups=awake, checkpoints=[horizon], rng=0
                    )
                    return groupwise_ratio(run, losses.shape[1])
                table = AdversarialBandit(losses, awake=awake, feedback="full")
                run = code.algorithm("sleeping_experts")(table, horizon, method=method, checkpoints=[horizon], rng=0)
                return sleeping_ratio(run)

            found = max(climb(value, (horizon, n), n, steps, draw) for _ in range(2))
            said.append(f"{method} {found:.3f}")
            worst = found if math.isnan(found) else max(worst, found)
        return Comparison(worst <= 1.0 + SLACK, worst, 1.0, f"largest regret / bound found: {', '.join(said)}", steps)

    return (
        Check(
            name="searched sequences",
            evaluate=attack,
            source="local search over losses and waking",
            instances=instances,
            layer="lemma",
            statement=r"no table of losses and of waking that hill climbing finds breaks a bound",
        ),
    )


def lemma(instances: tuple[Instance, ...]) -> Check:
    """The step of the potential on a grid of states and instantaneous regrets."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        module = code.module("theorylab.bandits.adversarial.sleeping_experts")
        phi, weight, worst, where = module._potential, module._weight, -math.inf, ""
        for scale in (0.0, 0.1, 0.5, 1.0, 2.0, 5.0, 20.0, 100.0):
            for part in np.linspace(-1.0, 1.0, 21).tolist():
                regret = part * min(scale, 5.0 * math.sqrt(scale) + 1.0)
                for step in np.linspace(-1.0, 1.0, 21).tolist():
                    most = phi(regret, scale) + weight(regret, scale) * step + 1.5 * abs(step) / (scale + 1.0)
                    excess = phi(regret + step, scale + abs(step)) / most - 1.0
                    if not excess <= worst:
                        worst, where = excess, f"R = {regret:.3g}, C = {scale:g}, r = {step:.2g}"
        tight = (
            phi(1.0, 3.0) == math.exp(1.0 / 9.0) and abs(weight(0.0, 2.0) - (math.exp(1.0 / 9.0) - 1.0) / 2.0) < 1e-15
        )
        return Comparison(worst <= SLACK and tight, worst, 0.0, f"largest excess {worst:.3g} at {where}", 8 * 441)

    return Check(
        name="potential step on a grid",
        evaluate=evaluate,
        source="[luo2015achieving], proof of Theorem 1 (recalled)",
        instances=instances,
        layer="lemma",
        internals=True,
        statement=r"\Phi(R + r, C + |r|) \le \Phi(R, C) + w r + 3|r|/(2(C+1)) for |R| \le C, |r| \le 1",
    )


def compare(run: Any, slow: Any, what: str) -> str:
    """What differs, or nothing."""
    plays, regrets = slow
    if not np.allclose(run.trace["probabilities"], plays, atol=1e-9):
        bad = np.flatnonzero(np.abs(run.trace["probabilities"] - np.array(plays)).max(axis=1) > 1e-9)
        return f"{what}: probabilities differ first in round {bad[0] if len(bad) else '?'}"
    got = run.extra["regrets"] if "regrets" in run.extra else run.extra["group_regrets"]
    expected = regrets[-1] if "regrets" in run.extra else np.max(regrets, axis=1)
    if not np.allclose(got, expected, atol=1e-9):
        return f"{what}: regrets differ"
    if not math.isclose(run.regret[-1], float(np.max(expected)), abs_tol=1e-9):
        return f"{what}: the recorded regret is not the largest"
    return ""


def reference_checks(instances: tuple[Instance, ...]) -> tuple[Check, ...]:
    """The three algorithms on the instance's table against plain Python."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        from theorylab.bandits.adversarial import sleeping_experts_reference as slow

        T, model = case.horizon, case.model
        losses, awake = model.losses[:T].tolist(), model.awake[:T].tolist()
        problems = []
        sharp = bool(np.isin(model.awake, (0.0, 1.0)).all())
        for method in ("adanormalhedge", "sleeping_hedge")[: 2 if sharp else 1]:
            run = code.algorithm("sleeping_experts")(model, T, method=method, trace=True, rng=rng)
            if method == "adanormalhedge":
                expected = slow.adanormalhedge(losses, awake)
            else:
                expected = slow.sleeping_hedge(losses, awake, math.sqrt(8 * math.log(model.n_arms) / T))
            problems.append(compare(run, expected, method))
        groups = groups_of(T, 3)
        table = AdversarialBandit(model.losses, feedback="full")
        run = code.algorithm("groupwise_experts")(table, T, groups=groups, trace=True, rng=rng)
        problems.append(compare(run, slow.groupwise(losses, groups.tolist()), "groupwise"))
        found = [p for p in problems if p]
        return Comparison(not found, float(run.regret[-1]), float(run.regret[-1]), "; ".join(found) or f"{T} rounds", 1)

    def vanish(code: Code, case: Case, rng: Any) -> Comparison:
        run = code.algorithm("sleeping_experts")(case.model, case.horizon, trace=True, rng=rng)
        R, C, up = run.trace["regrets"], run.trace["scales"], case.model.awake[: case.horizon]
        empty = int(np.sum((up * weights(R, C)).sum(axis=1) == 0.0))
        total = np.abs(run.trace["probabilities"].sum(axis=1) - 1.0).max()
        return Comparison(empty > 0 and total < 1e-12, float(empty), 1.0, f"{empty} rounds in which all weights vanish")

    return (
        Check(
            name="plays like its references",
            evaluate=evaluate,
            source="line-by-line references",
            instances=instances,
            layer="reference",
            statement="the same distributions and regrets, round by round: both methods, and groups",
        ),
        Check(
            name="all weights vanish",
            evaluate=vanish,
            source="[luo2015achieving, Algorithm 1]: predict arbitrarily",
            instances=tuple(i for i in instances if "vanishing" in i.name),
            layer="exact",
            statement="the instance has rounds in which every awake weight is zero, and a distribution is played",
        ),
    )
