"""Exact checks of the categorical detector: small cases in rationals, all short streams, the slow reference."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from fractions import Fraction
from typing import Any

import numpy as np

from theorylab.core.rng import as_generator
from theorylab.verify.cases import Case
from theorylab.verify.code import Code
from theorylab.verify.statements import Comparison

AREA = "theorylab.mdp.average_reward"
DETECTOR, RBOCPD, REFERENCE = f"{AREA}.detector", f"{AREA}.rbocpd", f"{AREA}.rbocpd_reference"


SOURCES = (
    (2, 8, (Fraction(1, 5), Fraction(4, 5))),
    (3, 5, (Fraction(1, 2), Fraction(1, 3), Fraction(1, 6))),
)


def complexity(n: int, n_symbols: int) -> int:
    """C(n)."""
    return math.comb(n + n_symbols - 1, n_symbols - 1)


def feasible(total: tuple[int, ...], n1: int) -> int:
    """Number of count vectors of n1 observations below ``total``."""
    return sum(sum(part) == n1 for part in itertools.product(*(range(c + 1) for c in total)))


def laplace(code: Code, case: Case, seed: Any) -> Comparison:
    """R (1): the product of forecasts is 1 / (C(n) M) for every short stream."""
    reference = code.module(REFERENCE)
    worst, done = Fraction(0), 0
    for n_symbols, longest in ((2, 9), (3, 6), (4, 4)):
        for n in range(1, longest + 1):
            for x in itertools.product(range(n_symbols), repeat=n):
                arrangements = math.factorial(n) // math.prod(math.factorial(x.count(o)) for o in range(n_symbols))
                exact = Fraction(1, complexity(n, n_symbols) * arrangements)
                worst = max(worst, abs(reference.laplace_probability(x, n_symbols) - exact))
                done += 1
    return Comparison(worst == 0, float(worst), 0.0, f"{done} streams")


def expected_odds(code: Code, case: Case, seed: Any) -> Comparison:
    """R (2)-(4): the kernel's evidence, averaged over all arrangements, is the exact rational, at most 1."""
    detector, worst, largest, done = code.module(DETECTOR), 0.0, Fraction(0), 0
    for n_symbols, longest in ((2, 8), (3, 6)):
        for rule, n in itertools.product(("theorem_r", "ville", "dirichlet_prior"), range(2, longest + 1)):
            found: dict[tuple[tuple[int, ...], int], list[float]] = defaultdict(list)
            for x in itertools.product(range(n_symbols), repeat=n):
                arrays = detector.detector_state(1, n_symbols, n)
                for symbol in x:
                    detector.observe_kernel(symbol, 0, detector.RULES[rule], math.inf, 1, *arrays)
                counts = tuple(x.count(o) for o in range(n_symbols))
                for k in range(n - 1):
                    found[counts, int(arrays[2][0, k])].append(float(arrays[3][0, k]))
            for (counts, n1), values in found.items():
                c1, c2, c = (complexity(m, n_symbols) for m in (n1, n - n1, n))
                odds = Fraction(feasible(counts, n1) * c, c1 * c2)  # E[B | counts]
                if rule == "theorem_r":
                    exact = odds * max(c1, c2) / c
                    largest = max(largest, exact)
                else:
                    exact = odds / (n1 * (n1 + 1)) / (c if rule == "ville" else 1)
                mean = math.fsum(values) / len(values)
                worst, done = max(worst, abs(mean / float(exact) - 1.0)), done + 1
    detail = f"{done} pairs of counts and split; largest expectation {largest}"
    return Comparison(worst < 1e-12 and largest <= 1, worst, 1e-12, detail)


def budget(code: Code, case: Case, seed: Any) -> Comparison:
    """R (5)-(6): the bounds of all splits and times sum to delta (1 - 1/N), exactly and with the kernel's threshold."""
    detector, reference, last, delta = code.module(DETECTOR), code.module(REFERENCE), 60, Fraction(1, 20)
    for n_symbols in (2, 3, 7):
        total = Fraction(0)
        for n2 in range(1, last):
            for n1 in range(1, last - n2 + 1):
                eta = reference.eta("theorem_r", n1, n2, n_symbols, delta, None)
                total += eta * Fraction(complexity(n1 + n2, n_symbols), complexity(max(n1, n2), n_symbols))
        if total != delta * Fraction(last - 1, last):
            return Comparison(False, float(total), 0.05, f"O={n_symbols}: the exact sum is {total}")
    spent = math.fsum(
        (n - 1) / detector.threshold_kernel(float(n), detector.THEOREM_R, 20.0) for n in range(2, last + 1)
    )
    exact = 0.05 * (last - 1) / last
    return Comparison(abs(spent / exact - 1) < 1e-12, spent, exact, f"partial sums to n = {last}")


def enumeration(code: Code, case: Case, seed: Any) -> Comparison:
    """Exact false-alarm probability over all O^n streams, detector and reference, and at most delta where claimed."""
    rbocpd, reference, seen = code.module(RBOCPD).rbocpd, code.module(REFERENCE).reference_alarms, []
    for n_symbols, n, theta in SOURCES:
        for rule, delta in (
            ("theorem_r", 0.9),
            ("ville", 0.9),
            ("dirichlet_prior", 0.9),
            ("paper", 0.05),
            ("code", 0.05),
        ):
            ours = exact = Fraction(0)
            for x in itertools.product(range(n_symbols), repeat=n):
                weight = math.prod((theta[o] for o in x), start=Fraction(1))
                options = {"n_symbols": n_symbols, "rule": rule, "delta": delta, "horizon": n}
                ours += weight * (rbocpd(x, stop_at_first_alarm=True, **options).first_alarm is not None)
                exact += weight * (next(reference(x, **options), None) is not None)
            if ours != exact or (rule in ("theorem_r", "ville") and ours > Fraction(delta)):
                detail = f"O={n_symbols}, n={n}, rule {rule}: {ours} against {exact}"
                return Comparison(False, float(ours), float(exact), detail)
            seen.append(float(exact))
    return Comparison(True, max(seen), max(seen), f"{len(seen)} exact probabilities, the largest {max(seen):.6g}")


def reference(code: Code, case: Case, seed: Any) -> Comparison:
    """The same restarts and split estimates as the weights updated as printed, for all rules and memory options."""
    rng, rbocpd, alarms = as_generator(seed), code.module(RBOCPD).rbocpd, 0
    reference = code.module(REFERENCE).reference_alarms
    for i, rule in enumerate(["theorem_r", "ville", "dirichlet_prior", "paper", "code"] * 8):
        n_symbols, piece = int(rng.choice([2, 3, 6])), int(rng.integers(12, 25))
        rows = 0.9 * np.eye(n_symbols)[[0, 1, 0, 1]] + 0.1 / n_symbols
        x = np.concatenate([rng.choice(n_symbols, piece, p=row) for row in rows])
        options = {"n_symbols": n_symbols, "rule": rule, "delta": 0.9, "horizon": len(x)}
        if i >= 20:
            block, every, slots = (int(v) for v in rng.integers(1, 4, size=3))
            options |= {"block": block, "every": every, "slots": None if slots == 1 else 4 * slots}
        run, want = rbocpd(x, **options), list(reference(x.tolist(), **options))
        got = list(zip(run.alarms.tolist(), run.splits.tolist(), strict=True))
        alarms += len(want)
        if got != want:
            detail = f"stream {i} ({options}): alarms {got}, expected {want}"
            return Comparison(False, float(len(got)), float(len(want)), detail)
    return Comparison(True, float(alarms), float(alarms), f"40 streams, {alarms} restarts")


def published_condition(code: Code, case: Case, seed: Any) -> Comparison:
    """Condition (6) of the published false-alarm theorem fails for the published weight: O = 4, n1 = n2 = 500."""
    O, n1, n2, alpha, delta = 4, 500, 500, 1.01, 0.05  # noqa: E741
    n = n1 + n2
    b1 = -O / 12 - (O - 1) / 2 * math.log(2 * math.pi) + O / 2 * math.log(O)
    right = sum(math.log((n1 + i) * (n2 + i) / (n + i)) for i in range(1, O)) + 2 * b1
    right -= (O - 1) / 2 * math.log(n1 * n2) + math.lgamma(O)
    right += alpha * math.log(math.log(4 * alpha + 2) * delta**2 / (4 * n * math.log((alpha + 3) * n)))
    detail = f"the condition allows log eta < {right:.1f}, log(1/n) is {-math.log(n):.1f}"
    return Comparison(right < -math.log(n), right, -math.log(n), detail)
