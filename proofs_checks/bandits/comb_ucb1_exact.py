"""Exact expected regret of CombUCB1: all outcomes of all items in the code, against a program over counts and sums."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np

from theorylab.verify.cases import Case
from theorylab.verify.code import Code
from theorylab.verify.exact.bandits import index_policy_regret
from theorylab.verify.exact.scripted import scripted_generator
from theorylab.verify.statements import Check, Comparison

__all__ = ["exact_checks", "program"]


def rational_means(case: Case) -> list[Fraction]:
    """The means that the doubles stand for."""
    return [Fraction(m).limit_denominator(1000) for m in case.model.means.tolist()]


def all_outcomes(code: Code, case: Case) -> Fraction:
    """E[R_T] of the code: one run for each table of item rewards of positive probability."""
    means, d = rational_means(case), case.model.n_items
    values = [sum((means[e] for e in range(d) if row[e]), Fraction(0)) for row in case.model.actions.tolist()]
    choices = [[(bit, p) for bit, p in ((1, m), (0, 1 - m)) if p] for m in means] * case.horizon
    total = Fraction(0)
    for outcome in itertools.product(*choices):
        chance = math.prod((p for _, p in outcome), start=Fraction(1))
        script = [
            float(means[i % d]) / 2 if bit else (1 + float(means[i % d])) / 2 for i, (bit, _) in enumerate(outcome)
        ]
        run = code.algorithm("comb_ucb1")(case.model, case.horizon, rng=scripted_generator(script), trace=True)
        total += chance * sum((max(values) - values[a] for a in run.trace["actions"].tolist()), Fraction(0))
    return total


def program(means: list[Fraction], actions: Any, horizon: int) -> Fraction:
    """E[R_T] of the published rule by recursion over (times seen, successes) of the items."""
    d = len(means)
    sets = [[e for e in range(d) if row[e]] for row in np.asarray(actions).tolist()]
    values = [sum((means[e] for e in items), Fraction(0)) for items in sets]
    states: dict[tuple[tuple[int, int], ...], Fraction] = {((0, 0),) * d: Fraction(1)}
    total = Fraction(0)
    for t in range(horizon):
        after: dict[tuple[tuple[int, int], ...], Fraction] = {}
        for state, chance in states.items():
            if any(n == 0 for n, _ in state):
                index = [float(n == 0) for n, _ in state]
            else:
                index = [s / n + math.sqrt(1.5 * math.log(t) / n) for n, s in state]
            scores = [sum(index[e] for e in items) for items in sets]
            played = next(k for k, score in enumerate(scores) if score >= max(scores) - 1e-11)
            total += chance * (max(values) - values[played])
            for bits in itertools.product((0, 1), repeat=len(sets[played])):
                p, new = chance, list(state)
                for e, bit in zip(sets[played], bits, strict=True):
                    p *= means[e] if bit else 1 - means[e]
                    new[e] = (state[e][0] + 1, state[e][1] + bit)
                if p:
                    after[tuple(new)] = after.get(tuple(new), Fraction(0)) + p
        states = after
    return total


def exact_checks(sets: Any, singletons: Any) -> tuple[Check, ...]:
    """Sets against the program; one item an action against UCB with 1.5 ln t, computed by other code."""

    def on_sets(code: Code, case: Case, rng: Any) -> Comparison:
        got = all_outcomes(code, case)
        expected = program(rational_means(case), case.model.actions, case.horizon)
        return Comparison(got == expected, float(got), float(expected), f"E[R_T] = {got}, expected {expected}")

    def on_items(code: Code, case: Case, rng: Any) -> Comparison:
        got = all_outcomes(code, case)
        expected = index_policy_regret(
            lambda t, n, s: s / n + math.sqrt(1.5 * math.log(t) / n), rational_means(case), case.horizon
        )
        return Comparison(got == expected, float(got), float(expected), f"E[R_T] = {got}, expected {expected}")

    return tuple(
        Check(
            name=name,
            evaluate=evaluate,
            source="[kveton2015tight], the rule",
            instances=instances,
            certified=True,
            statement=r"E[R_T], a rational number, equals that of the published rule",
        )
        for name, evaluate, instances in (
            ("exact expected regret on sets", on_sets, sets),
            ("exact expected regret on single items", on_items, singletons),
        )
    )
