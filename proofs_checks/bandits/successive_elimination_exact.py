"""Successive elimination without sampling: its law at T = 60 by dynamic programming, and arms without noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import bernoulli

from theorylab.verify.cases import Case
from theorylab.verify.code import Code
from theorylab.verify.exact.bandits import memory_policy_regret, reward_tree_regret
from theorylab.verify.statements import Check, Comparison

__all__ = ["EXACT", "VALUE"]

MODULE = "theorylab.bandits.stochastic.successive_elimination"
VALUE = 15.803007941  # E[R_60] on (9/10, 1/10) at delta = 1/2
Rule = Callable[[tuple[int, ...], tuple[int, ...], int], tuple[int, ...]]


def published_rule(n_arms: int, horizon: int, delta: float) -> Rule:
    """The arms that stay, from those left, their sums of rewards and their common plays."""

    def rule(left: tuple[int, ...], sums: tuple[int, ...], n: int) -> tuple[int, ...]:
        half = math.sqrt(math.log(2 * n_arms * horizon / delta) / (2 * n))
        highest = max(sums[a] / n - half for a in left)
        return tuple(a for a in left if sums[a] / n + half >= highest)

    return rule


def regret_of(rule: Rule, means: list[Any], horizon: int) -> Any:
    """E[R_T] of elimination by ``rule``."""
    k = len(means)

    def update(memory: Any, arm: int, reward: int) -> Any:
        left, plays, sums = memory
        plays = tuple(n + (a == arm) for a, n in enumerate(plays))
        sums = tuple(s + reward * (a == arm) for a, s in enumerate(sums))
        if arm == left[-1]:
            left = rule(left, sums, plays[arm]) if len(left) > 1 else left
        return left, plays, sums

    def choose(memory: Any) -> int:
        left, plays, _ = memory
        return min(left, key=lambda a: (plays[a], a))  # type: ignore[no-any-return]

    return memory_policy_regret((tuple(range(k)), (0,) * k, (0,) * k), choose, update, means, horizon)


def own_rule(code: Code, case: Case, rng: Any) -> Comparison:
    """E[R_60] with the module's own elimination step against the value computed once and for all."""
    made, delta = code.module(MODULE), float(case.parameters["delta"])

    def rule(left: tuple[int, ...], sums: tuple[int, ...], n: int) -> tuple[int, ...]:
        active = [a in left for a in range(len(sums))]
        kept = made.eliminate(active, [float(s) for s in sums], n, case.horizon, delta)
        return tuple(a for a in left if kept[a])

    got = float(regret_of(rule, case.model.means.tolist(), case.horizon))
    return Comparison(abs(got - VALUE) <= 2e-9, got, VALUE, f"E[R_T] = {got:.10f}, expected {VALUE:.9f}")


def all_outcomes(code: Code, case: Case, rng: Any) -> Comparison:
    """E[R_T] of the code over all outcomes of its rewards against the dynamic programme with the published rule."""
    means = [Fraction(m).limit_denominator(10**6) for m in case.model.means.tolist()]
    algorithm = code.algorithm("successive_elimination")

    def play(scripted: Any) -> Any:
        run = algorithm(case.model, case.horizon, rng=scripted, **{**case.parameters, "trace": True})
        return np.asarray(run.trace["actions"])

    got = reward_tree_regret(play, means, case.horizon, compiled=True)
    rule = published_rule(case.model.n_arms, case.horizon, float(case.parameters["delta"]))
    expected = regret_of(rule, means, case.horizon)
    return Comparison(got == expected, float(got), float(expected), f"E[R_T] = {got}, expected {expected}")


AT_60 = (bernoulli((0.9, 0.1), 60, 1, name="T = 60, delta = 1/2", delta=0.5),)
SURE = (  # nine plays are the fewest that can decide: random arms would have 2^18 outcomes
    bernoulli((0.0, 1.0), 24, 1, name="sure arms, (0, 1)", delta=0.999),
    bernoulli((1.0, 0.0, 1.0, 0.0), 60, 1, name="sure arms, (1, 0, 1, 0)", delta=0.999),
)
EXACT = (
    Check(
        name="exact expected regret, the module's own rule",
        evaluate=own_rule,
        source="dynamic programming",
        instances=AT_60,
        internals=True,
        statement=rf"E[R_{{60}}] = {VALUE} on (9/10, 1/10) at \delta = 1/2",
    ),
    Check(
        name="exact regret on sure arms",
        evaluate=all_outcomes,
        source="dynamic programming",
        instances=SURE,
        certified=True,
        algorithm="successive_elimination",
        statement=r"R_T, a rational number, equals that of the published rule",
    ),
)
