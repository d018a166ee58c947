r"""The KL upper confidence limit of a Bernoulli mean.

Setting      A mean $m$ of rewards in [0, 1] and a level $d \ge 0$.
Algorithm    $u(m, d) = \sup\{q \in [m, 1] : \mathrm{kl}(m, q) \le d\}$ by Newton's method from the right of the root:
             $\mathrm{kl}(m, \cdot)$ is convex and increasing on [m, 1], so that the iterates fall to the root and never
             pass it. The start is the smaller of Pinsker's point $m + \sqrt{d/2}$ and, near 1,
             $1 - (1-m) e^{-(d - m \ln m)/(1-m)}$, both of them upper limits of the root (derived here: for the second,
             $m \ln(m/q) \ge m \ln m$).
Guarantee    $m \le u(m, d) \le 1$, increasing in m and in d; $u(0, d) = 1 - e^{-d}$ and $u(1, d) = 1$. For n rewards
             with mean $\mu$, $P(u(m_n, d) < \mu) \le e^{-nd}$ [garivier2011kl].
Deviations   Limits above 1 - 1e-12 are reported as 1 - 1e-12 when m < 1.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math

from theorylab.core import validate
from theorylab.core.kernels import kernel

__all__ = ["bernoulli_kl", "kl_index", "kl_index_kernel", "kl_kernel"]

LARGEST_LIMIT = 1.0 - 1e-12
MOST_STEPS = 30  # never reached: 3 to 5 as a rule, at most 8 for d >= 1e-5
ACCURACY = 1e-7  # of the last step, in units of (q - m)(1 - q): what is left is of the order of its square
ROUNDING = 2.0**-52


def _kl(m, q):
    """kl(m, q) for 0 <= m <= 1 and 0 < q < 1."""
    divergence = 0.0
    if m > 0.0:
        divergence = m * math.log(m / q)
    if m < 1.0:
        divergence += (1.0 - m) * math.log((1.0 - m) / (1.0 - q))
    return divergence


kl_kernel = kernel(_kl)


def _kl_index(m, d):
    """The largest q with kl(m, q) <= d."""
    if m >= 1.0:
        return 1.0
    if m <= 0.0:
        return 1.0 - math.exp(-d)
    q = m + math.sqrt(0.5 * d)
    if q > 0.9:
        q = min(q, 1.0 - (1.0 - m) * math.exp((m * math.log(m) - d) / (1.0 - m)), LARGEST_LIMIT)
    if q <= m:
        return m
    for _ in range(MOST_STEPS):
        step = (kl_kernel(m, q) - d) * q * (1.0 - q) / (q - m)
        if step <= 0.0:
            break
        q -= step
        if step <= ACCURACY * (q - m) * (1.0 - q) + ROUNDING:
            break
    return q


kl_index_kernel = kernel(_kl_index)


def bernoulli_kl(p: float, q: float) -> float:
    r"""$\mathrm{kl}(p, q) = p \ln(p/q) + (1-p) \ln((1-p)/(1-q))$; infinite where q is 0 or 1 and p is not.

    Examples
    --------
    >>> round(bernoulli_kl(0.5, 0.75), 6), bernoulli_kl(0.5, 1.0), bernoulli_kl(1.0, 1.0)
    (0.143841, inf, 0.0)
    """
    p = validate.number("p", p, low=0.0, high=1.0)
    q = validate.number("q", q, low=0.0, high=1.0)
    if q in (0.0, 1.0):
        return 0.0 if p == q else math.inf
    return float(kl_kernel(p, q))


def kl_index(mean: float, level: float) -> float:
    r"""The largest q in [mean, 1] with $\mathrm{kl}(\mathrm{mean}, q) \le \mathrm{level}$.

    Parameters
    ----------
    mean
        In [0, 1].
    level
        At least 0: exploration divided by the number of plays.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(kl_index(0.5, 0.1438410362), 6), kl_index(0.25, 0.0), kl_index(1.0, 2.0)
    (0.75, 0.25, 1.0)
    """
    mean = validate.number("mean", mean, low=0.0, high=1.0)
    return float(kl_index_kernel(mean, validate.number("level", level, low=0.0)))
