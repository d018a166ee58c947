"""Explore-then-commit without sampling: its exact regret by binomials, all outcomes of the code, the lemma's tail."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import bernoulli

from theorylab.verify.cases import Case
from theorylab.verify.code import Code
from theorylab.verify.exact.bandits import reward_tree_regret
from theorylab.verify.statements import Check, Comparison

__all__ = ["EXACT", "exact_regret", "kept_probabilities"]


def kept_probabilities(means: Sequence[Any], m: int) -> list[Any]:
    """P(arm a is kept) after m plays of each arm: a has the largest count of successes, and is the lowest such arm."""
    laws = [[math.comb(m, s) * p**s * (1 - p) ** (m - s) for s in range(m + 1)] for p in means]
    below = []  # below[a][s] = P(count of a < s)
    for law in laws:
        sums = [law[0] * 0]
        for p in law:
            sums.append(sums[-1] + p)
        below.append(sums)
    kept = []
    for a, law in enumerate(laws):
        total = law[0] * 0
        for s, p in enumerate(law):
            for b in range(len(laws)):
                if b != a:
                    p = p * (below[b][s] if b < a else below[b][s + 1])
            total = total + p
        kept.append(total)
    return kept


def exact_regret(means: Sequence[Any], horizon: int, m: int) -> Any:
    """E[R_T] on Bernoulli arms, T >= K m; a Fraction when the means are Fractions."""
    found = list(means)
    best, after = max(found), horizon - len(found) * m
    gaps = [best - p for p in found]
    return sum(g * (m + after * p) for g, p in zip(gaps, kept_probabilities(found, m), strict=True))


def all_outcomes(code: Code, case: Case, rng: Any) -> Comparison:
    """E[R_T] of the code over all outcomes of its rewards."""
    means = [Fraction(x).limit_denominator(10**6) for x in case.model.means.tolist()]
    algorithm = code.algorithm("etc")

    def play(scripted: Any) -> Any:
        run = algorithm(case.model, case.horizon, rng=scripted, **{**case.parameters, "trace": True})
        return np.asarray(run.trace["actions"])

    got = reward_tree_regret(play, means, case.horizon, compiled=True)
    expected = exact_regret(means, case.horizon, case.parameters["m"])
    return Comparison(got == expected, float(got), float(expected), f"E[R_T] = {got}, expected {expected}")


def binomial_tail(code: Code, case: Case, rng: Any) -> Comparison:
    """The exact probability of keeping the worse of two arms against the sub-Gaussian tail, on a grid."""
    worst = (0.0, 0.0, "")
    count = 0
    for m in (1, 2, 5, 10, 30, 100):
        for p, q in ((0.5, 0.3), (0.9, 0.1), (0.6, 0.5), (1.0, 0.5), (0.05, 0.0), (0.55, 0.45)):
            for first in (True, False):
                means = [Fraction(str(x)) for x in ((p, q) if first else (q, p))]
                miss = float(kept_probabilities(means, m)[1 if first else 0])
                tail = math.exp(-m * float(abs(means[0] - means[1])) ** 2)
                count += 1
                if miss / tail >= worst[0]:
                    worst = (
                        miss / tail,
                        tail,
                        f"m = {m}, means {means[0]}, {means[1]}: {miss:.4g}, claimed {tail:.4g}",
                    )
    return Comparison(
        worst[0] <= 1.0, worst[0] * worst[1], worst[1], f"largest ratio {worst[0]:.3f} at {worst[2]}", count
    )


TREES = (
    bernoulli((0.5, 0.3), {"smoke": 5, "quick": 6, "power": 5}, 1, m=2, name="all outcomes, (1/2, 3/10), m = 2"),
    bernoulli((0.3, 0.5), {"smoke": 5, "quick": 6, "power": 5}, 1, m=2, name="all outcomes, (3/10, 1/2), m = 2"),
)
EXACT = (
    Check(
        name="exact expected regret of etc",
        evaluate=all_outcomes,
        source="convolution of binomials",
        instances=TREES,
        certified=True,
        algorithm="etc",
        statement=r"E[R_T], a rational number, equals the sum over the kept arm",
    ),
    Check(
        name="the tail of the lemma",
        evaluate=binomial_tail,
        source="[degenne2025leanbandits, ETC.prob_arm_mul_eq_le]",
        instances=(bernoulli((0.5, 0.5), 1, 1, m=1, name="six numbers of plays, six pairs of means, both orders"),),
        layer="lemma",
        internals=True,
        constants="paper",
        statement=r"P(\text{the worse of two arms is kept}) \le e^{-m \Delta^2}, exactly",
    ),
)
