"""Exact expected regret of deterministic policies: all 2^T sequences of rewards, as tables that pay all arms alike."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from theorylab.bandits import AdversarialBandit
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.exact.bandits import index_policy_regret
from theorylab.verify.statements import Check, Comparison

__all__ = ["expected_regret", "index_policy_check", "sourced_value_check"]


def expected_regret(algorithm: Callable[..., Any], means: Any, horizon: int, **keywords: Any) -> Fraction:
    """E[R_T] on Bernoulli arms of a policy that draws no coins.

    The t-th reward of a run is bit t whatever arm is played; a sequence of bits weighs what the arms that it leads to
    make it.
    """
    mu = [Fraction(m) for m in means]
    total, best = Fraction(0), max(mu)
    for bits in itertools.product((0, 1), repeat=horizon):
        table = AdversarialBandit(np.repeat([[1.0 - bit] for bit in bits], len(mu), axis=1))
        arms = algorithm(table, horizon, rng=0, trace=True, **keywords).trace["actions"].tolist()
        weight, regret = Fraction(1), Fraction(0)
        for bit, arm in zip(bits, arms, strict=True):
            weight *= mu[arm] if bit else 1 - mu[arm]
            regret += best - mu[arm]
        total += weight * regret
    return total


def index_policy_check(
    algorithm: str, index: Callable[[Case], Any], instances: tuple[Instance, ...], *, source: str
) -> Check:
    """E[R_T] of the code equals that of ``index(case)(t, n, s)``, written from the paper, by dynamic programming."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        means = [Fraction(m).limit_denominator(10**6) for m in case.model.means.tolist()]
        got = expected_regret(code.algorithm(algorithm), means, case.horizon, **case.parameters)
        expected = index_policy_regret(index(case), means, case.horizon)
        return Comparison(got == expected, float(got), float(expected), f"E[R_T] = {got}, expected {expected}")

    return Check(
        name="exact expected regret",
        evaluate=evaluate,
        source=source,
        instances=instances,
        certified=True,
        algorithm=algorithm,
        statement=r"E[R_T], a rational number, equals that of the published index",
    )


def sourced_value_check(algorithm: str, instance: Instance, value: str) -> Check:
    """E[R_T] of the code is a fraction that another implementation found."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        means = [Fraction(m).limit_denominator(10**6) for m in case.model.means.tolist()]
        got = expected_regret(code.algorithm(algorithm), means, case.horizon, **case.parameters)
        return Comparison(
            got == Fraction(value), float(got), float(Fraction(value)), f"E[R_T] = {got}, expected {value}"
        )

    return Check(
        name="sourced value",
        evaluate=evaluate,
        source="dynamic programming in rationals, another implementation",
        instances=(instance,),
        certified=True,
        algorithm=algorithm,
        statement=f"E[R_T] = {value}",
    )
