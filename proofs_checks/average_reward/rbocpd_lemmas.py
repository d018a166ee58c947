"""What Theorem D and the detector's record rest on, computed a second time: bounds, log odds, the stream's change."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.average_reward.rbocpd_exact import BOUNDS, RBOCPD, complexity

from theorylab.core.rng import child_seed
from theorylab.verify.cases import Case
from theorylab.verify.code import Code
from theorylab.verify.statements import Comparison

DELTA = FAILURE = 0.05
SIZES = (300, 1000, 3000, 10000)
KNOWN_DELAYS = {(2, 0.8): (1597, 339, 278, 269), (16, 1.0): (None, 3052, 1007, 816)}  # by O and G
CLAIMED = ((2, 1.8, 100), (2, 0.8, 1000), (2, 0.8, 300), (16, 1.0, 3000))  # O, G, n1 of the instances of Theorem D


def radius_of(n: int, n_symbols: int, failure: float) -> float:
    """The w with (2^O - 2) exp(-n w^2 / 2) = failure."""
    return math.sqrt(2.0 / n * math.log((2**n_symbols - 2) / failure))


def speaks(n1: int, d: int, gap: float, n_symbols: int) -> bool:
    """Theorem D's inequality for the weight of Theorem R, with C as an integer."""
    n = n1 + d
    distance = max(0.0, gap - radius_of(n1, n_symbols, FAILURE / 2) - radius_of(d, n_symbols, FAILURE / 2))
    larger = complexity(max(n1, d), n_symbols)
    cost = Fraction(n * (n - 1) ** 2 * complexity(n, n_symbols), larger)  # delta / eta
    price = math.log(cost) - math.log(DELTA) + math.log(complexity(n1, n_symbols) * complexity(d, n_symbols))
    return n1 * d / (2 * n) * distance**2 > price


def delay(code: Code, case: Case, seed: Any) -> Comparison:
    """Theorem D's d: known values, and the smallest d at which the inequality written here holds."""
    delay_bound = code.module(BOUNDS).delay_bound
    known = {(o, g, n1): d for (o, g), row in KNOWN_DELAYS.items() for n1, d in zip(SIZES, row, strict=True)}
    for n_symbols, gap, n1 in dict.fromkeys((*known, *CLAIMED)):
        got = delay_bound(n1, gap, n_symbols, delta=DELTA, failure=FAILURE)
        where = f"O={n_symbols}, G={gap:g}, n1={n1}"
        if (n_symbols, gap, n1) in known and got != known[n_symbols, gap, n1]:
            expected = known[n_symbols, gap, n1]
            return Comparison(False, float(got or 0), float(expected or 0), f"{where}: {got}, expected {expected}")
        last = 4000 if got is None else got
        first = next((d for d in range(1, last + 1) if speaks(n1, d, gap, n_symbols)), None)
        if got != first:
            return Comparison(False, float(got or 0), float(first or 0), f"{where}: {got}, the smallest d is {first}")
    return Comparison(True, float(got), float(got), f"{len(known)} known values; {where}: {got} is the smallest d")


def weissman(code: Code, case: Case, seed: Any) -> Comparison:
    """The radius at which the union bound over 2^O - 2 events spends exactly the failure probability."""
    weissman_radius, worst = code.module(BOUNDS).weissman_radius, 0.0
    grid = list(itertools.product((1, 30, 1000, 10**6), (2, 3, 8, 16, 40), (0.5, 0.05, 1e-6)))
    for n, n_symbols, failure in grid:
        expected = radius_of(n, n_symbols, failure)
        worst = max(worst, abs(float(weissman_radius(n, n_symbols, failure)) / expected - 1.0))
    return Comparison(worst < 1e-12, worst, 1e-12, f"{len(grid)} triples of n, O and failure probability")


def log_odds(code: Code, case: Case, seed: Any) -> Comparison:
    """The record's log odds of each alarm are those of q(x_{r:s-1}) q(x_{s:t}) / q(x_{r:t}) in rationals."""
    rbocpd, worst, alarms = code.module(RBOCPD).rbocpd, 0.0, 0

    def q(block: list[int], n_symbols: int) -> Fraction:
        counts = math.prod(math.factorial(block.count(o)) for o in range(n_symbols))
        return Fraction(math.factorial(n_symbols - 1) * counts, math.factorial(len(block) + n_symbols - 1))

    for n_symbols, rule, (a, b, c) in itertools.product(
        (2, 3, 5), ("theorem_r", "paper"), ((20, 24, 22), (35, 17, 31))
    ):
        x = [0] * a + [1] * b + [n_symbols - 1, 0] * c
        run = rbocpd(x, n_symbols=n_symbols, rule=rule, delta=0.5)
        for r, s, t, got in zip(run.starts, run.splits, run.alarms, run.log_odds, strict=False):
            whole = x[r - 1 : t]
            odds = q(x[r - 1 : s - 1], n_symbols) * q(x[s - 1 : t], n_symbols) / q(whole, n_symbols)
            worst, alarms = max(worst, abs(float(got) - math.log(odds))), alarms + 1
    return Comparison(worst < 1e-10 and alarms > 12, worst, 1e-10, f"{alarms} alarms on 12 streams")


def change_step(code: Code, case: Case, seed: Any) -> Comparison:
    """With certain symbols before and after it, each change shows at its own step."""
    module, done = code.module(RBOCPD), 0
    for i, starts in enumerate(([1], [1, 2], [1, 11], [1, 5, 6, 30])):
        rows = np.eye(5)[1 : len(starts) + 1]
        run = module.detect(module.CategoricalStream(rows, starts), 40, trace=True, rng=child_seed(seed, i))
        expected = [sum(t >= start for start in starts) for t in range(1, 41)]
        if run.trace.x.tolist() != expected:
            step = next(t for t in range(40) if run.trace.x[t] != expected[t]) + 1
            return Comparison(False, float(run.trace.x[step - 1]), float(expected[step - 1]), f"{starts}: step {step}")
        done += 40
    return Comparison(True, float(done), float(done), f"{done} symbols around six changes")
