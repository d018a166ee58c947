r"""Is the mean of values in [0, 1] at most m0?  Betting e-processes, valid at any time.   [waudbysmith2024estimating]

Setting      X_1, X_2, ... in [0, 1], independent (or with conditional mean the same), E[X] = mu unknown.
Algorithm    A fixed grid of a dozen bets lambda in [0.01, 0.95], capital split evenly over them:

             .. math::
                E_n^{refute} = \frac1{12}\sum_\lambda \prod_{i\le n}\Bigl(1 + \lambda\frac{X_i - m_0}{m_0}\Bigr),\qquad
                E_n^{support} = \frac1{12}\sum_\lambda \prod_{i\le n}\Bigl(1 - \lambda\frac{X_i - m_0}{1 - m_0}\Bigr).

             *Refuted* as soon as the first is >= 1/alpha, *supported* as soon as the second is.
Guarantee    The first is a non-negative supermartingale from 1 when mu <= m0, the second when mu >= m0, so by Ville's
             inequality each ever reaches 1/alpha with probability at most alpha when the verdict would be false.
             Looking after every run is allowed.  If mu <= m0 only *refuted* is false and if mu > m0 only *supported*
             is, so one alpha pays for both.
             The limits at the end of this file hold for a number of runs that is fixed beforehand.
Deviations   none

The test is about *runs*: one run is one sample, time steps of one run are not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate

__all__ = [
    "BETS",
    "BettingDecision",
    "MeanTest",
    "anytime_p_value",
    "decide",
    "empirical_bernstein_limits",
    "hoeffding_limits",
    "log_e_refute",
    "log_e_support",
    "refuting_e_value",
    "runs_to_refute",
    "runs_to_support",
    "supporting_e_value",
]

BETS = validate.readonly(np.linspace(0.01, 0.95, 12))  # below 1: no single value can ruin a bettor
MOST_RUNS = 10**9


@dataclass(frozen=True, slots=True)
class BettingDecision:
    """What the values say about "E[X] <= m0" at level alpha."""

    verdict: Literal["supported", "refuted", "inconclusive"]
    runs: int  # at the decision; all of them when it is inconclusive
    log_e_support: float  # at that time
    log_e_refute: float
    mean: float  # of the values used
    m0: float
    alpha: float
    runs_to_support: int | None  # the runs at which support can be hoped for, None if the mean speaks against it


def log_e_refute(values: Any, m0: float) -> NDArray[np.float64]:
    """Logarithm of the running e-value against "E[X] <= m0", after each value along the last axis.

    Parameters
    ----------
    values
        Shape (..., n), in [0, 1].
    m0
        In (0, 1).

    Returns
    -------
    array
        Shape (..., n).

    Examples
    --------
    >>> bool(log_e_refute([0.5] * 6, 397 / 4000)[-1] >= np.log(1000))
    True
    """
    m0 = validate.probability("m0", m0)
    return _log_mixture((_unit_values("values", values) - m0) / m0)


def log_e_support(values: Any, m0: float) -> NDArray[np.float64]:
    """Logarithm of the running e-value against "E[X] >= m0"; shapes as in :func:`log_e_refute`."""
    m0 = validate.probability("m0", m0)
    return _log_mixture((m0 - _unit_values("values", values)) / (1.0 - m0))


def refuting_e_value(values: Any, m0: float) -> float:
    """The e-value against "E[X] <= m0" after all the values, 1 without any, infinite where it overflows.

    Its mean is at most one when the claim is true.  :func:`anytime_p_value` also remembers earlier times.

    Examples
    --------
    >>> refuting_e_value([0.5] * 6, 397 / 4000) >= 1000 > refuting_e_value([0.5] * 5, 397 / 4000)
    True
    """
    return _last(log_e_refute(values, m0))


def supporting_e_value(values: Any, m0: float) -> float:
    """The e-value against "E[X] >= m0" after all the values: large when "E[X] <= m0" is supported.

    Examples
    --------
    >>> supporting_e_value([0.0] * 89, 397 / 4000) >= 1000
    True
    """
    return _last(log_e_support(values, m0))


def anytime_p_value(log_e: NDArray[np.float64]) -> float:
    """A p-value from a running log e-value (n,): the reciprocal of the largest value so far, at most 1.

    Valid whenever one stops, by Ville's inequality, and never larger than the reciprocal of the last e-value.

    Examples
    --------
    >>> round(anytime_p_value(np.log([2.0, 100.0, 5.0])), 12)
    0.01
    """
    return min(1.0, math.exp(-float(np.max(log_e, initial=0.0))))


class MeanTest:
    """The same test fed one batch of runs after the other; ask for a verdict whenever you like.

    Examples
    --------
    >>> test = MeanTest(0.1)
    >>> test.update([0.02, 0.0, 0.01] * 40).decide(alpha=1e-3).verdict
    'supported'
    >>> test.runs
    120
    """

    def __init__(self, m0: float) -> None:
        self.m0 = validate.probability("m0", m0)
        self._values: list[float] = []

    @property
    def runs(self) -> int:
        """The number of values so far."""
        return len(self._values)

    def update(self, values: Any) -> MeanTest:
        """Add one value or a one-dimensional batch; ``self`` is returned."""
        batch = _unit_values("values", np.atleast_1d(validate.array("values", values)))
        if batch.ndim != 1:
            raise ValueError(f"values has {batch.ndim} dimensions, expected at most 1")
        self._values.extend(batch.tolist())
        return self

    def decide(self, alpha: float) -> BettingDecision:
        """The verdict of the first time at which an e-value reached 1/alpha."""
        return decide(self._values, self.m0, alpha)

    def supports(self, alpha: float) -> bool:
        """Whether "E[X] <= m0" is supported at level alpha."""
        return self.decide(alpha).verdict == "supported"

    def refutes(self, alpha: float) -> bool:
        """Whether "E[X] <= m0" is refuted at level alpha."""
        return self.decide(alpha).verdict == "refuted"


def decide(values: Any, m0: float, alpha: float) -> BettingDecision:
    """Read the values in their order and stop as soon as one of the two e-values is >= 1/alpha.

    Raises
    ------
    ValueError
        If a value is outside [0, 1] (``values[3] is 1.2``), or m0 or alpha is not in (0, 1).

    Examples
    --------
    >>> decision = decide([0.5] * 10, 397 / 4000, 1e-3)
    >>> decision.verdict, decision.runs
    ('refuted', 6)
    """
    m0 = validate.probability("m0", m0)
    alpha = validate.probability("alpha", alpha)
    x = _unit_values("values", values)
    if x.ndim != 1:
        raise ValueError(f"values has {x.ndim} dimensions, expected 1")
    refute, support = log_e_refute(x, m0), log_e_support(x, m0)
    threshold = -math.log(alpha)
    reached = np.flatnonzero((refute >= threshold) | (support >= threshold))
    verdict: Literal["supported", "refuted", "inconclusive"] = "inconclusive"
    n = len(x)
    if len(reached):
        n = int(reached[0]) + 1
        verdict = "refuted" if refute[n - 1] >= threshold else "supported"
    mean = float(np.mean(x[:n])) if n else math.nan
    hope = mean if n else 0.0
    return BettingDecision(
        verdict=verdict,
        runs=n,
        log_e_support=float(support[n - 1]) if n else 0.0,
        log_e_refute=float(refute[n - 1]) if n else 0.0,
        mean=mean,
        m0=m0,
        alpha=alpha,
        runs_to_support=runs_to_support(m0, alpha, mean=hope) if m0 - hope > 1e-6 else None,
    )


def runs_to_support(m0: float, alpha: float, *, mean: float = 0.0) -> int:
    """The least number of runs that can support "E[X] <= m0" when every value is ``mean``.

    A spread of the values costs more (the logarithm is concave), so this is what to hope for, not a promise.  With
    ``mean=0`` no fewer runs ever support.  At least ``log(1/alpha) / -log(1 - m0)``, whatever the bets.

    Raises
    ------
    ValueError
        If ``mean`` >= m0, or more than 10**9 runs would be needed.

    Examples
    --------
    >>> runs_to_support(0.1, 0.05) < runs_to_support(0.1, 0.001) < runs_to_support(0.1, 0.001, mean=0.02)
    True
    """
    m0 = validate.probability("m0", m0)
    mean = validate.number("mean", mean, low=0.0, high=m0, open_high=True)
    return _first_time((m0 - mean) / (1.0 - m0), alpha)


def runs_to_refute(m0: float, alpha: float, *, mean: float = 1.0) -> int:
    """The least number of runs that can refute "E[X] <= m0" when every value is ``mean``; see :func:`runs_to_support`.

    Examples
    --------
    >>> runs_to_refute(397 / 4000, 1e-3, mean=0.5)
    6
    """
    m0 = validate.probability("m0", m0)
    mean = validate.number("mean", mean, low=m0, high=1.0, open_low=True)
    return _first_time((mean - m0) / m0, alpha)


def hoeffding_limits(values: Any, alpha: float) -> tuple[float, float]:
    r"""Lower and upper limit for the mean, each one-sided at ``alpha``: mean -+ sqrt(ln(1/alpha) / (2n)).

    Not cut to [0, 1]: a limit outside says that it is empty.   [hoeffding1963probability]

    Examples
    --------
    >>> lower, upper = hoeffding_limits([74 / 4000] * 400, 1e-3)
    >>> round(4000 * upper)
    446
    """
    x = _sample(values, 1)
    radius = math.sqrt(-math.log(validate.probability("alpha", alpha)) / (2 * len(x)))
    mean = float(np.mean(x))
    return mean - radius, mean + radius


def empirical_bernstein_limits(values: Any, alpha: float) -> tuple[float, float]:
    r"""Lower and upper limit for the mean, each one-sided at ``alpha``.   [maurer2009empirical, Theorem 4]

    .. math:: \bar X_n \mp \Bigl(\sqrt{2 V_n \ln(2/\alpha) / n} + \frac{7\ln(2/\alpha)}{3(n-1)}\Bigr),

    with the sample variance V_n (divisor n - 1).  Not cut to [0, 1].

    Examples
    --------
    >>> lower, upper = empirical_bernstein_limits([0.0, 0.1] * 200, 0.05)
    >>> lower < 0.05 < upper < hoeffding_limits([0.0, 0.1] * 200, 0.05)[1]
    True
    """
    x = _sample(values, 2)
    n, log_term = len(x), math.log(2.0 / validate.probability("alpha", alpha))
    radius = math.sqrt(2.0 * float(np.var(x, ddof=1)) * log_term / n) + 7.0 * log_term / (3.0 * (n - 1))
    mean = float(np.mean(x))
    return mean - radius, mean + radius


def _log_mixture(gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log of the mean over bets of the running product of 1 + bet * gain, one bet at a time to save memory."""
    total = np.full(gains.shape, -np.inf)
    for bet in BETS:
        np.logaddexp(total, np.cumsum(np.log1p(bet * gains), axis=-1), out=total)
    return total - math.log(len(BETS))


def _last(log_e: NDArray[np.float64]) -> float:
    if log_e.ndim != 1:
        raise ValueError(f"values has {log_e.ndim} dimensions, expected 1")
    with np.errstate(over="ignore"):
        return float(np.exp(log_e[-1])) if len(log_e) else 1.0


def _first_time(gain: float, alpha: float) -> int:
    """The least n with mean over bets of (1 + bet * gain)^n >= 1/alpha, by bisection in the logarithm."""
    threshold = -math.log(validate.probability("alpha", alpha)) + math.log(len(BETS))
    growth = np.log1p(BETS * gain)
    low, high = 0, 1
    while np.logaddexp.reduce(high * growth) < threshold:
        low, high = high, 2 * high
        if low > MOST_RUNS:
            raise ValueError(f"the mean is too close to m0: more than {MOST_RUNS:g} runs are needed")
    while high - low > 1:
        middle = (low + high) // 2
        if np.logaddexp.reduce(middle * growth) < threshold:
            low = middle
        else:
            high = middle
    return high


def _unit_values(name: str, values: Any) -> NDArray[np.float64]:
    x = validate.array(name, values)
    if x.ndim < 1:
        raise ValueError(f"{name} is a single number, expected an array of values, one a run")
    validate.in_interval(name, x, 0.0, 1.0)
    return x


def _sample(values: Any, least: int) -> NDArray[np.float64]:
    x = _unit_values("values", values)
    if x.ndim != 1 or len(x) < least:
        raise ValueError(f"values has shape {x.shape}, expected ({least} or more,)")
    return x
