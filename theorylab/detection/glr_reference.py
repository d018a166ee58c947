"""The likelihood-ratio test by brute force, in plain Python; for tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["bernoulli_kl", "brute_force_alarms", "brute_force_fires", "brute_force_threshold"]


def bernoulli_kl(p: float, q: float) -> float:
    """Kullback-Leibler divergence of Bernoulli distributions, in nats; for q in {0, 1} only p = q is asked for."""
    first = p * math.log(p / q) if p > 0 else 0.0
    return first + ((1 - p) * math.log((1 - p) / (1 - q)) if p < 1 else 0.0)


def brute_force_threshold(rule: str, n: int, s: int, delta: float) -> float:
    """[besson2022efficient, Lemma 2] and Section 6; Lambert's function from scipy."""
    if rule == "practice":
        return math.log(n**1.5 / delta)
    if rule == "ville":
        return math.log((s + 1) * (n - s + 1)) + math.log(s * (s + 1) / delta)
    from scipy.special import lambertw

    def inverse(x: float) -> float:
        return float(-lambertw(-math.exp(-x), -1).real)

    def tilde(x: float) -> float:
        if x >= inverse(1 / math.log(1.5)):
            return math.exp(1 / inverse(x)) * inverse(x)
        return 1.5 * (x - math.log(math.log(1.5)))

    x = math.log(3 * n**1.5 / delta) / 2
    cost = 2 * tilde((inverse(1 + x) + math.log(2 * math.pi**2 / 6)) / 2)
    return 2 * cost + 6 * math.log(1 + math.log(n))


def brute_force_fires(x: Sequence[float], rule: str, delta: float, spacing: int = 1) -> int:
    """The split with the largest excess over its threshold, or 0 when none exceeds it."""
    n, found, most = len(x), 0, 0.0
    whole = math.fsum(x) / n
    for s in range(spacing, n, spacing):
        before, after = math.fsum(x[:s]) / s, math.fsum(x[s:]) / (n - s)
        statistic = s * bernoulli_kl(before, whole) + (n - s) * bernoulli_kl(after, whole)
        excess = statistic - brute_force_threshold(rule, n, s, delta)
        if excess > most:
            found, most = s, excess
    return found


def brute_force_alarms(
    x: Sequence[float], rule: str, delta: float, every: int = 1, spacing: int = 1
) -> list[tuple[int, int]]:
    """Alarm times and splits, starting afresh after each alarm."""
    alarms, start = [], 0
    for t in range(1, len(x) + 1):
        seen = x[start:t]
        split = brute_force_fires(seen, rule, delta, spacing) if len(seen) % every == 0 and len(seen) > 1 else 0
        if split:
            alarms.append((t, split))
            start = t
    return alarms
