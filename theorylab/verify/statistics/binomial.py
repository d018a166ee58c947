r"""Exact binomial tests of "a violation has probability at most delta".   [clopper1934use]

Setting      ``runs`` independent runs, ``violations`` of them violate the claim: X ~ Bin(runs, rate), rate unknown.
Refuted      when P(Bin(runs, delta) >= violations) < alpha: so many violations are unlikely if the claim is true.
Supported    when the one-sided upper limit for the rate is <= delta, which is the same as
             P(Bin(runs, delta) <= violations) <= alpha: so few violations are unlikely if rate > delta.
Guarantee    A false verdict of either kind has probability at most alpha.  A claim is either true or false, and only
             one of the two verdicts can be wrong, so that one alpha pays for both.  Runs are fixed beforehand: these
             tests are not valid under peeking (:mod:`.betting` is).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate

__all__ = [
    "clopper_pearson",
    "exceedance_p_value",
    "lower_limit",
    "power",
    "refutes",
    "runs_to_refute",
    "runs_to_support",
    "shortfall_p_value",
    "supports",
    "upper_limit",
    "violations_to_refute",
]

MOST_RUNS = 10**8  # beyond this nobody simulates: audit the radius exactly instead


def upper_limit(violations: int, runs: int, alpha: float) -> float:
    """The one-sided upper limit for the rate: it lies below the true rate with probability at most ``alpha``.

    Examples
    --------
    >>> round(upper_limit(0, 29, 0.05), 4)
    0.0981
    """
    x, n = _counts(violations, runs)
    alpha = validate.probability("alpha", alpha)
    if x == n:
        return 1.0
    from scipy.special import betainccinv

    return float(betainccinv(x + 1, n - x, alpha))


def lower_limit(violations: int, runs: int, alpha: float) -> float:
    """The one-sided lower limit for the rate: it lies above the true rate with probability at most ``alpha``.

    Examples
    --------
    >>> lower_limit(0, 100, 0.05), round(lower_limit(21, 100, 1e-3), 4)
    (0.0, 0.1017)
    """
    x, n = _counts(violations, runs)
    alpha = validate.probability("alpha", alpha)
    if x == 0:
        return 0.0
    from scipy.special import betaincinv

    return float(betaincinv(x, n - x + 1, alpha))


def clopper_pearson(violations: int, runs: int, *, confidence: float) -> tuple[float, float]:
    """Lower and upper limit for the rate, **each one-sided** at ``confidence``.

    Each limit alone is wrong with probability at most ``1 - confidence``; both together form an interval of confidence
    ``2 * confidence - 1``.  For a two-sided 95 % interval pass ``confidence=0.975``.

    Raises
    ------
    ValueError
        If ``violations`` is not in 0..runs, ``runs`` < 1 or ``confidence`` is not in (0, 1).

    Examples
    --------
    >>> lower, upper = clopper_pearson(4, 20, confidence=0.975)
    >>> round(lower, 4), round(upper, 4)
    (0.0573, 0.4366)
    """
    confidence = validate.probability("confidence", confidence)
    return lower_limit(violations, runs, 1.0 - confidence), upper_limit(violations, runs, 1.0 - confidence)


def exceedance_p_value(violations: int, runs: int, delta: float) -> float:
    """P(Bin(runs, delta) >= violations): the p-value of the null hypothesis "rate <= delta".

    Examples
    --------
    >>> exceedance_p_value(21, 100, 0.1) < 1e-3 < exceedance_p_value(20, 100, 0.1)
    True
    """
    x, n = _counts(violations, runs)
    return float(_at_least(x, n, validate.probability("delta", delta)))


def shortfall_p_value(violations: int, runs: int, delta: float) -> float:
    """P(Bin(runs, delta) <= violations): the p-value of the null hypothesis "rate > delta".

    Examples
    --------
    >>> shortfall_p_value(0, 29, 0.1) == 0.9**29
    True
    """
    x, n = _counts(violations, runs)
    return float(_at_most(x, n, validate.probability("delta", delta)))


def refutes(violations: int, runs: int, delta: float, alpha: float) -> bool:
    """Whether "rate <= delta" is refuted: exceedance p-value < alpha."""
    return exceedance_p_value(violations, runs, delta) < validate.probability("alpha", alpha)


def supports(violations: int, runs: int, delta: float, alpha: float) -> bool:
    """Whether "rate <= delta" is supported: the upper limit at ``alpha`` is <= delta (decided by the tail itself)."""
    return shortfall_p_value(violations, runs, delta) <= validate.probability("alpha", alpha)


def runs_to_support(delta: float, alpha: float, *, violations: int = 0) -> int:
    """The least number of runs that supports "rate <= delta" with ``violations`` violations among them.

    Raises
    ------
    ValueError
        If more than 10**8 runs would be needed.

    Examples
    --------
    >>> [runs_to_support(0.1, alpha) for alpha in (0.05, 0.01, 0.001)]
    [29, 44, 66]
    """
    delta = validate.probability("delta", delta)
    alpha = validate.probability("alpha", alpha)
    x = validate.integer("violations", violations, low=0)
    low, high = x, max(2 * x, 1)  # with n = x runs, all of them violations, the tail is 1: never enough
    while _at_most(x, high, delta) > alpha:
        low, high = high, 2 * high
        if low > MOST_RUNS:
            raise ValueError(f"delta is {delta:g}: more than {MOST_RUNS:g} runs are needed, audit the tail exactly")
    while high - low > 1:
        middle = (low + high) // 2
        if _at_most(x, middle, delta) > alpha:
            low = middle
        else:
            high = middle
    return high


def violations_to_refute(runs: int, delta: float, alpha: float) -> int | None:
    """The least number of violations in ``runs`` runs that refutes "rate <= delta"; ``None`` if even all do not.

    Examples
    --------
    >>> violations_to_refute(200, 0.1, 1e-3), violations_to_refute(2, 0.1, 1e-3)
    (35, None)
    """
    runs = validate.integer("runs", runs, low=1)
    delta = validate.probability("delta", delta)
    alpha = validate.probability("alpha", alpha)
    needed = int(_critical(np.array([runs], dtype=np.int64), delta, alpha)[0])
    return needed if needed <= runs else None


def power(runs: int, delta: float, alpha: float, *, rate: float) -> float:
    """The probability that ``runs`` runs refute "rate <= delta" when the true rate is ``rate``.

    Examples
    --------
    >>> round(power(200, 0.1, 1e-3, rate=0.2), 2)
    0.83
    """
    rate = validate.probability("rate", rate)
    needed = violations_to_refute(runs, delta, alpha)
    return 0.0 if needed is None else float(_at_least(needed, runs, rate))


def runs_to_refute(delta: float, alpha: float, *, rate: float | None = None, power: float = 0.8) -> int:
    """The least number of runs that refutes "rate <= delta" with probability >= ``power`` at the true rate ``rate``.

    ``rate`` is 2 delta when it is left out.  The power of an exact test is not monotone in the number of runs: a few
    more runs than this may have slightly less.

    Raises
    ------
    ValueError
        If ``rate`` <= delta, or more than 10**8 runs would be needed.

    Examples
    --------
    >>> 100 < runs_to_refute(0.1, 1e-3) <= 200
    True
    """
    delta = validate.probability("delta", delta)
    alpha = validate.probability("alpha", alpha)
    power = validate.probability("power", power)
    rate = validate.probability("rate", 2.0 * delta if rate is None else rate)
    if rate <= delta:
        raise ValueError(f"rate is {rate:g}, expected more than delta = {delta:g}")
    first, block = 1, 256
    while first <= MOST_RUNS:
        runs = np.arange(first, first + block, dtype=np.int64)
        enough = np.flatnonzero(_at_least(_critical(runs, delta, alpha), runs, rate) >= power)
        if len(enough):
            return int(runs[enough[0]])
        first, block = first + block, min(2 * block, 2**16)
    raise ValueError(f"rate is {rate:g}: more than {MOST_RUNS:g} runs are needed to tell it from delta = {delta:g}")


def _critical(runs: NDArray[np.int64], delta: float, alpha: float) -> NDArray[np.int64]:
    """For each number of runs the least x with P(Bin >= x) < alpha, by bisection; runs + 1 where there is none."""
    low, high = np.zeros_like(runs), runs + 1  # the tail is >= alpha at low (it is 1) and < alpha at high (it is 0)
    while np.any(high - low > 1):
        middle = (low + high) // 2
        rare = _at_least(middle, runs, delta) < alpha
        low, high = np.where(rare, low, middle), np.where(rare, middle, high)
    return high


def _at_least(x: Any, n: Any, p: float) -> Any:
    """P(Bin(n, p) >= x) for 0 <= x <= n + 1, as a regularised incomplete beta function."""
    from scipy.special import betainc

    x, n = np.asarray(x), np.asarray(n)
    inside = (x >= 1) & (x <= n)
    tail = betainc(np.where(inside, x, 1), np.where(inside, n - x + 1, 1), p)
    return np.where(inside, tail, np.where(x < 1, 1.0, 0.0))


def _at_most(x: int, n: int, p: float) -> float:
    """P(Bin(n, p) <= x), without the cancellation of 1 - P(Bin >= x + 1)."""
    from scipy.special import betaincc

    if x >= n:
        return 1.0
    if x == 0:
        return float((1.0 - p) ** n)
    return float(betaincc(x + 1, n - x, p))


def _counts(violations: int, runs: int) -> tuple[int, int]:
    n = validate.integer("runs", runs, low=1)
    return validate.integer("violations", violations, low=0, high=n), n
