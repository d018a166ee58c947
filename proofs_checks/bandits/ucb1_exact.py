"""Exact expected regret of UCB1: all outcomes of the code against a dynamic program that knows the index only."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import bernoulli

from theorylab.verify.cases import Case
from theorylab.verify.code import Code
from theorylab.verify.exact.bandits import index_policy_regret, reward_tree_regret
from theorylab.verify.statements import Check, Comparison

__all__ = ["EXACT", "auer_index", "exact_regret_check", "kernel_plays"]


def auer_index(t: int, n: int, s: int) -> float:
    """[auer2002finite, Figure 1]: x_j + sqrt(2 ln n / n_j)."""
    return s / n + math.sqrt(2 * math.log(t) / n)


def kernel_plays(code: Code, case: Case, algorithm: str, rng: Any) -> Any:
    """The arms that the code under test plays when its rewards are drawn from ``rng``."""
    run = code.algorithm(algorithm)(case.model, case.horizon, rng=rng, **{**case.parameters, "trace": True})
    return np.asarray(run.trace["actions"])


def exact_regret_check(algorithm: str, index: Any, instances: Any, *, source: str, name: str = "") -> Check:
    """E[R_T] of the code, over all reward outcomes, equals that of the index policy written from the paper."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        means = [Fraction(m).limit_denominator(10**6) for m in case.model.means.tolist()]
        got = reward_tree_regret(
            lambda scripted: kernel_plays(code, case, algorithm, scripted), means, case.horizon, compiled=True
        )
        expected = index_policy_regret(index, means, case.horizon)
        shown = math.nan if code.own and got != expected else float(got)  # another algorithm is not a wrong one
        return Comparison(got == expected, shown, float(expected), f"E[R_T] = {got}, expected {expected}")

    return Check(
        name=name or f"exact expected regret of {algorithm}",
        evaluate=evaluate,
        source=source,
        instances=instances,
        certified=True,
        algorithm=algorithm,
        statement=r"E[R_T], a rational number, equals that of the published index",
    )


SIX, THREE = {"quick": 6, "paper": 8}, {"quick": 5, "paper": 6}
TREES = (
    bernoulli((0.4, 0.7), SIX, 1, name="all outcomes, (2/5, 7/10)"),
    bernoulli((0.7, 0.4), SIX, 1, name="all outcomes, (7/10, 2/5)"),
    bernoulli((0.2, 0.5, 0.9), THREE, 1, name="all outcomes, three arms"),
)
EXACT = (exact_regret_check("ucb1", auer_index, TREES, source="[auer2002finite, Figure 1]"),)
