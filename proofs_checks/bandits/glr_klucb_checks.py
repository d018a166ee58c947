"""Checks of GLR-klUCB that need no sampling: brute force, thresholds, the mixture in rationals, Assumption 4."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.restarting import published_check, published_problem, traced_instances
from theorylab.rooms.proofs_checks.bandits.shared import NO_MUTANTS, reference_check

from theorylab.bandits import BernoulliBandit, FiniteSupportBandit, PiecewiseStationaryBandit
from theorylab.core.rng import as_generator
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

GLR, BRUTE = "theorylab.detection.glr", "theorylab.detection.glr_reference"
FOLDER = "theorylab.bandits.nonstationary"
REFERENCE = f"{FOLDER}.glr_klucb_reference"
RULES = ("ville", "proven", "practice")
SHORT = (Instance("short streams", lambda: BernoulliBandit([0.5]), {"smoke": 11, "quick": 13, "power": 10}, 1),)


@lru_cache(maxsize=64)
def slow_alarms(x: tuple[float, ...], rule: str, delta: float, every: int, spacing: int) -> list[tuple[int, int]]:
    """The brute-force scan, once for all mutants."""
    from theorylab.detection.glr_reference import brute_force_alarms

    return brute_force_alarms(x, rule, delta, every, spacing)


def brute_force(code: Code, case: Case, seed: Any) -> Comparison:
    """The test fires exactly where a scan of all splits does, with the same best split."""
    glr, rng, alarms = code.module(GLR), as_generator(seed), 0
    for i in range(24):
        rule, delta = RULES[i % 3], (0.05, 0.5)[i // 3 % 2]
        every, spacing = (1, 1) if i < 12 else (int(v) for v in rng.integers(1, 5, size=2))
        levels = ((0.95, 0.1, 0.9, 0.2), (0.05, 0.98, 0.5))[i % 2]
        x = np.concatenate([rng.random(40 + int(rng.integers(12))) < p for p in levels]).astype(float)
        if i % 4 == 3:
            x = 0.9 * x + 0.1 * rng.random(len(x))
        got = glr.glr_alarms(x, delta=delta, threshold=rule, every=every, spacing=spacing)
        want = slow_alarms(tuple(x.tolist()), rule, delta, every, spacing)
        alarms += len(want)
        if list(zip(got[0].tolist(), got[1].tolist(), strict=True)) != want:
            return Comparison(False, float(len(got[0])), float(len(want)), f"stream {i}, {rule}: expected {want}")
    return Comparison(alarms > 0, float(alarms), float(alarms), f"24 streams, {alarms} alarms")


def thresholds(code: Code, case: Case, seed: Any) -> Comparison:
    """All thresholds against Lambert's function and the printed formulas."""
    glr, slow = code.module(GLR), code.module(BRUTE)
    worst = 0.0
    for rule, n, delta in itertools.product(RULES, (2, 3, 10, 1000, 10**6), (0.5, 0.05, 1e-9)):
        for s in {1, n // 2, n - 1}:
            exact = slow.brute_force_threshold(rule, n, s, delta)
            worst = max(worst, abs(glr.threshold(rule, n, s, delta) / exact - 1.0))
    return Comparison(worst < 1e-9, worst, 1e-9, "relative error over 117 points")


def skipping(code: Code, case: Case, seed: Any) -> Comparison:
    """G_s(n) <= G_s(m) + G_m(n) and G_m(n) <= F_s - F_n for all s <= m <= n of random streams, with the kernel's F."""
    glr, rng = code.module(GLR), as_generator(seed)
    table = glr.glr_state(1, 64)[-1]
    worst = -math.inf
    for i in range(12):
        x = (rng.random(24) < rng.random()).astype(float) if i % 2 else rng.random(24)
        sums = np.concatenate([[0.0], np.cumsum(x)])

        def block(a: int, b: int, sums: Any = sums) -> float:
            return float(glr.likelihood_kernel(sums[b] - sums[a], float(b - a), table)) if b > a else 0.0

        for s, m, n in itertools.combinations(range(1, 25), 3):
            left = block(0, s) + block(s, n) - block(0, n)
            right = block(0, s) + block(s, m) - block(0, m) + block(0, m) + block(m, n) - block(0, n)
            worst = max(worst, left - right)
            worst = max(worst, block(0, m) + block(m, n) - block(0, n) - (block(0, s) - block(0, n)))  # s <= m: F falls
    return Comparison(worst <= 1e-9, worst, 0.0, "largest excess over 12 streams, all s <= m <= n <= 24")


def laplace(ones: int, n: int) -> Fraction:
    """L of a sequence with ``ones`` ones."""
    return Fraction(math.factorial(ones) * math.factorial(n - ones), math.factorial(n + 1))


def mixture(code: Code, case: Case, seed: Any) -> Comparison:
    """Ville's steps in rationals: the ratio has mean one, and L (n + 1) is at least the largest likelihood."""
    done = 0
    for n in range(2, 13):
        for s in range(1, n):
            mean = sum(
                math.comb(s, a) * math.comb(n - s, b) * laplace(a, s) * laplace(b, n - s)
                for a in range(s + 1)
                for b in range(n - s + 1)
            )  # of L L / P_mu under P_mu, for every mu in (0, 1)
            if mean != 1:
                return Comparison(False, float(mean), 1.0, f"n={n}, s={s}: the mean is {mean}")
            done += 1
        for ones in range(n + 1):
            if laplace(ones, n) * (n + 1) * n**n < ones**ones * (n - ones) ** (n - ones):
                return Comparison(False, 0.0, 1.0, f"n={n}, {ones} ones: L is below its bound")
    return Comparison(True, 1.0, 1.0, f"{done} pairs of n and s, all counts up to n = 12")


def false_alarms(code: Code, case: Case, seed: Any) -> Comparison:
    """The probability of an alarm within n observations, over all 2^n streams: as by brute force, at most delta."""
    glr, slow, n, delta = code.module(GLR), code.module(BRUTE), case.horizon, 0.9
    found = []
    for rule in ("ville",) if case.preset == "power" else ("ville", "practice"):
        streams = [tuple(int(v) for v in np.binary_repr(i, n)) for i in range(2**n)]
        fired = [len(glr.glr_alarms(x, delta=delta, threshold=rule, stop_at_first_alarm=True)[0]) > 0 for x in streams]
        if rule == "ville":  # a stream that cannot fire anywhere is not scanned by brute force
            for x, mine in zip(streams, fired, strict=True):
                if mine or sum(a != b for a, b in itertools.pairwise(x)) <= 1:
                    slowly = any(slow.brute_force_fires(x[:t], rule, delta) for t in range(2, n + 1))
                    if slowly != mine:
                        return Comparison(False, float(mine), float(slowly), f"stream {x}")
        worst = Fraction(0)
        for p in (Fraction(1, 2), Fraction(1, 4), Fraction(9, 10)):
            chance = sum(
                p ** sum(x) * (1 - p) ** (n - sum(x)) for x, alarm in zip(streams, fired, strict=True) if alarm
            )
            worst = max(worst, Fraction(chance))
        found.append(worst)
    other = f", practice {float(found[1]):.3g} (unclaimed)" if len(found) > 1 else ""
    detail = f"n = {n}, delta {delta}; largest probability: ville {float(found[0]):.3g}{other}"
    return Comparison(0 < found[0] <= Fraction(9, 10), float(found[0]), delta, detail)


def assumption_4(horizon: int, number: int = 1) -> bool:
    """Whether the published instance meets Assumption 4 of Theorem 5, with the published tuning."""
    from theorylab.detection.glr import threshold

    model = published_problem(number, horizon)
    rate, delta, length = math.sqrt(3 * math.log(horizon) / horizon), horizon**-0.5, horizon / 5
    needed = []
    for k in range(1, 5):
        change = float(np.abs(model.means[k] - model.means[k - 1]).max())
        alpha = rate * math.sqrt(k)
        level = threshold("proven", int(1.5 * length), 1, delta)
        needed.append(math.ceil(12 * level / (alpha * change**2) + 3 / alpha))
    return length >= 2 * max(needed)


def assumption(code: Code, case: Case, seed: Any) -> Comparison:
    """Assumption 4 fails on the published instances at the published horizons: Theorem 5 does not speak there."""
    first = {}
    for number in (1, 2):
        horizon = 5000
        while not assumption_4(horizon, number):
            horizon *= 2
        first[number] = horizon
    least = min(first.values())
    detail = f"it holds from about T = {first[1]:,} on problem 1 and {first[2]:,} on problem 2"
    return Comparison(least > 20_000, float(least), 20_000.0, detail)


def changing(means: Any, changes: Any) -> Any:
    """A builder of a piecewise-stationary model."""
    return lambda: PiecewiseStationaryBandit(means, changes)


PLAYED = tuple(
    Instance(name, build, {"smoke": 150, "quick": 220, "power": 130}, {"smoke": 1, "quick": 3, "power": 1}, parameters)
    for name, build, parameters in (
        (
            "global ville",
            changing([[0.95, 0.05], [0.05, 0.9], [0.95, 0.1]], [50, 100]),
            {"delta": 0.3, "alpha": 0.3},
        ),
        (
            "local practice",
            changing([[0.9, 0.5, 0.05], [0.05, 0.5, 0.95]], [70]),
            {"scope": "local", "threshold": "practice", "delta": 0.3, "every": 2, "spacing": 3},
        ),
        (
            "global practice, c = 3",
            changing([[0.0, 1.0], [1.0, 0.0]], [45]),
            {"threshold": "practice", "c": 3.0, "alpha": 0.2},
        ),
        ("UCB indices", changing([[0.95, 0.05], [0.05, 0.9]], [60]), {"index": "ucb", "delta": 0.5, "alpha": 0.0}),
        (
            "rewards within (0, 1)",
            lambda: FiniteSupportBandit([[0.2, 0.7], [0.1, 0.9]], [[0.5, 0.5], [0.3, 0.7]]),
            {"threshold": "practice", "delta": 0.5},
        ),
    )
)
TOLD = tuple(
    Instance(
        f"told of {list(changes)}",
        changing([[0.9, 0.2], [0.1, 0.8]], [60]),
        {"smoke": 120, "quick": 200, "power": 110},
        {"smoke": 1, "quick": 3, "power": 1},
        {"change_points": changes, "index": index},
    )
    for changes, index in (((60,), "kl"), ((20, 60, 90), "ucb"))
)


def check(name: str, evaluate: Any, source: str, layer: str, **more: Any) -> Check:
    """A check on short streams that looks inside the modules."""
    return Check(
        name=name, evaluate=evaluate, source=source, instances=SHORT, layer=layer, internals=True,
        constants="derived here", **more,
    )  # fmt: skip


CHECKS = (
    check("fires where brute force does", brute_force, "scan of all splits", "exact"),
    check("thresholds", thresholds, "[besson2022efficient, Lemma 2 and Section 6]; derived", "lemma"),
    check("exact skipping", skipping, "derived: one parameter fits no better than two", "lemma"),
    check("Laplace mixture", mixture, "derived: Ville's threshold", "lemma", certified=True),
    check("exact false-alarm probability", false_alarms, "enumeration", "exact", certified=True),
    check("Assumption 4 fails", assumption, "[besson2022efficient, Assumption 4]", "lemma"),
    reference_check("glr_klucb", f"{REFERENCE}:GLRKLUCB", PLAYED, more=("periods",)),
    reference_check("oracle_restart", f"{REFERENCE}:OracleRestart", TOLD),
    published_check("glr_klucb", "glr_klucb", 1, threshold="practice", every=10, spacing=5),
    published_check("glr_klucb", "glr_klucb", 2, threshold="practice", every=10, spacing=5),
    published_check("glr_klucb", "glr_klucb_local", 2, threshold="practice", scope="local", every=10, spacing=5),
    published_check("oracle_restart", "oracle_restart", 1),
    published_check("oracle_restart", "kl_ucb", 1, change_points=()),
)
TRACED = traced_instances(threshold="ville", delta=0.2, alpha=0.15)
__all__ = ["BRUTE", "CHECKS", "FOLDER", "GLR", "NO_MUTANTS", "TRACED"]
