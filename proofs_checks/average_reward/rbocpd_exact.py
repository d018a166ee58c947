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
RBOCPD, REFERENCE = f"{AREA}.rbocpd", f"{AREA}.rbocpd_reference"
DETECTOR, BOUNDS = "theorylab.detection.detector", "theorylab.detection.rbocpd_bounds"


COINS = (
    (2, 8, (Fraction(1, 5), Fraction(4, 5))),
    (2, 9, (Fraction(1, 2), Fraction(1, 2))),
)
DIE = (3, 6, (Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)))
# No stream this short reaches the threshold of a level below 1.  A few splits and tests use only a small share of the
# union bound, so that a level far above 1, here budget / share, still bounds the probability by ``budget`` < 1.
# rule, budget, sources, candidate splits per stream (0: everywhere), tests only at the end
TESTED = (
    ("theorem_r", Fraction(9, 10), COINS, 0, True),
    ("theorem_r", Fraction(9, 10), (*COINS, DIE), 3, True),
    ("theorem_r", Fraction(7, 10), (*COINS, DIE), 2, True),
    ("ville", Fraction(9, 10), COINS, 2, False),
    ("ville", Fraction(5, 10), COINS, 2, True),
    ("dirichlet_prior", Fraction(8, 10), COINS, 0, False),
    ("dirichlet_prior", Fraction(4, 10), (*COINS, DIE), 2, False),
    ("paper", None, COINS, 0, False),
    ("code", None, COINS, 0, False),
)


def complexity(n: int, n_symbols: int) -> int:
    """C(n)."""
    return math.comb(n + n_symbols - 1, n_symbols - 1)


def arrangements(x: tuple[int, ...], n_symbols: int) -> int:
    """M of the counts of x."""
    return math.factorial(len(x)) // math.prod(math.factorial(x.count(o)) for o in range(n_symbols))


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
                exact = Fraction(1, complexity(n, n_symbols) * arrangements(x, n_symbols))
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


def share(rule: str, n: int, block: int, every: int) -> Fraction:
    """What the tested splits and times spend of level 1, by the proofs of Theorem R and of Ville's rule."""
    if rule == "theorem_r":
        return sum(
            (Fraction((t - 1) // block, t * (t - 1) ** 2) for t in range(2, n + 1) if t % every == 0), Fraction()
        )
    return sum((Fraction(1, n1 * (n1 + 1)) for n1 in range(block, n, block)), Fraction())


def kernel_alarms(detector: Any, x: Any, n_symbols: int, rule: str, limit: float, block: int, every: int) -> bool:
    """Whether the kernel raises an alarm on the stream."""
    arrays = detector.detector_state(1, n_symbols, len(x), block)
    return any(detector.observe_kernel(symbol, 0, detector.RULES[rule], limit, every, *arrays) > 0 for symbol in x)


def enumeration(code: Code, case: Case, seed: Any) -> Comparison:
    """Exact false-alarm probability over all O^n streams, kernel and reference: positive, and below the union bound."""
    detector, reference = code.module(DETECTOR), code.module(REFERENCE)
    seen: dict[str, tuple[Fraction, ...]] = {}
    for rule, budget, sources, splits, at_end in TESTED:
        for n_symbols, n, theta in sources:
            block, every = n // splits if splits else 1, n if at_end else 1
            level = budget / share(rule, n, block, every) if budget else Fraction(1, 20)
            limit = float(n) if rule == "code" else float(1 / level)
            options = {"n_symbols": n_symbols, "rule": rule, "delta": level, "horizon": n}
            ours = exact = Fraction(0)
            for x in itertools.product(range(n_symbols), repeat=n):
                weight = math.prod((theta[o] for o in x), start=Fraction(1))
                if rule == "dirichlet_prior":  # its claim averages over a uniformly drawn distribution
                    weight = Fraction(1, complexity(n, n_symbols) * arrangements(x, n_symbols))
                ours += weight * kernel_alarms(detector, x, n_symbols, rule, limit, block, every)
                alarms = reference.reference_alarms(x, block=block, every=every, **options)
                exact += weight * (next(alarms, None) is not None)
            bound = budget or Fraction(1)
            if ours != exact or not 0 < ours <= bound:
                detail = f"O={n_symbols}, n={n}, rule {rule}, level {level}: {ours}, reference {exact}, at most {bound}"
                return Comparison(False, float(ours), float(min(exact, bound)), detail)
            seen[rule] = max(seen.get(rule, (Fraction(0),)), (ours / bound, ours, bound))
    claimed = [rule for rule, budget, *_ in TESTED if budget]
    listed = ", ".join(
        f"{rule} {float(p):.4g} (at most {float(bound):g})" if rule in claimed else f"{rule} {float(p):.4g} (unclaimed)"
        for rule, (_, p, bound) in seen.items()
    )
    worst = float(max(seen[rule][0] for rule in claimed))
    return Comparison(worst <= 1.0, worst, 1.0, f"probability over its bound; {listed}")


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
