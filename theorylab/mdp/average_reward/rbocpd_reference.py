"""The detector line by line from the paper, in exact rationals.  For tests only: O(n^2) fractions for n observations.

[alami2023restarted, Algorithm 1]: a forecaster for each start s, with weight omega_{r,s:t}; the restart condition
compares each with the oldest forecaster's.  Nothing is shared with the kernels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import comb

__all__ = ["eta", "laplace_probability", "reference_alarms"]


def eta(rule: str, n1: int, n2: int, n_symbols: int, delta: Fraction, horizon: int | None) -> Fraction:
    """The prior weight eta_{r,s,t} for blocks of n1 = s - r and n2 = t - s + 1 observations."""

    def complexity(k: int) -> int:
        return comb(k + n_symbols - 1, n_symbols - 1)

    n = n1 + n2
    if rule == "theorem_r":
        return delta / (n * (n - 1) ** 2) * Fraction(complexity(max(n1, n2)), complexity(n))
    if rule == "ville":
        return delta / (n1 * (n1 + 1) * complexity(n))
    if rule == "dirichlet_prior":
        return delta / (n1 * (n1 + 1))
    if rule == "paper":
        return Fraction(1, n)
    if rule == "code" and horizon is not None:
        return Fraction(1, horizon)
    raise ValueError(f"no weight for rule {rule!r} with horizon {horizon}")


def predicted(x: int, seen: Sequence[int], n_symbols: int) -> Fraction:
    """PRED(x | seen): Laplace's forecast of the next symbol."""
    return Fraction(sum(1 for y in seen if y == x) + 1, len(seen) + n_symbols)


def laplace_probability(x: Sequence[int], n_symbols: int) -> Fraction:
    """exp(-L) of a block: the product of its forecasts."""
    result = Fraction(1)
    for i in range(len(x)):
        result *= predicted(x[i], x[:i], n_symbols)
    return result


def reference_alarms(
    x: Sequence[int],
    *,
    n_symbols: int,
    delta: float | Fraction,
    rule: str,
    horizon: int | None = None,
    block: int = 1,
    every: int = 1,
    slots: int | None = None,
) -> Iterator[tuple[int, int]]:
    """Pairs (t, s) of each restart time and its strongest split (the oldest of equals); times are 1-based."""
    level = Fraction(delta)
    r, spacing = 1, block
    omega: dict[int, Fraction] = {}  # omega_{r,s:t}, by the forecaster's start s
    exp_loss = Fraction(1)  # exp(-L_{r:t-1})
    for t in range(1, len(x) + 1):
        symbol = x[t - 1]
        candidate = t > r and (t - r) % spacing == 0
        if candidate and slots is not None and len(omega) - 1 == slots:
            spacing *= 2
            omega = {s: w for s, w in omega.items() if (s - r) % spacing == 0}  # r itself stays
            candidate = (t - r) % spacing == 0
        for s in omega:
            ratio = Fraction(1)
            if s > r:
                now = eta(rule, s - r, t - s + 1, n_symbols, level, horizon)
                ratio = now / eta(rule, s - r, t - s, n_symbols, level, horizon)
            omega[s] *= ratio * predicted(symbol, x[s - 1 : t - 1], n_symbols)
        if t == r:
            omega[r] = Fraction(1)
        elif candidate:
            omega[t] = eta(rule, t - r, 1, n_symbols, level, horizon) * exp_loss
        exp_loss *= predicted(symbol, x[r - 1 : t - 1], n_symbols)
        above = [s for s in omega if s > r and omega[s] > omega[r]]
        if above and (t - r + 1) % every == 0:
            yield t, max(above, key=lambda s: (omega[s], -s))
            r, spacing, omega, exp_loss = t + 1, block, {}, Fraction(1)
