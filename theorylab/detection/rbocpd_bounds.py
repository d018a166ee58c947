r"""Prior weights, delay bound and information bound of the categorical change detector, in closed form.

**Theorem D.**  A detector starts n1 observations before a change; the distribution is theta1 before and theta2 after
it, :math:`G = |\theta_1 - \theta_2|_1` and :math:`w(n) = \sqrt{2 (\log(2^O - 2) + \log(2/\delta')) / n}`.
For every d with

.. math:: \frac{n_1 d}{2 (n_1 + d)} (G - w(n_1) - w(d))_+^2 > -\log\eta + \log C(n_1) + \log C(d)

there is, with probability at least 1 - delta', a restart no later than the d-th observation after the change.

*Proof.*  (1) Method of types: :math:`e^{nH(\hat p)} / C(n) \le M(\Sigma) \le e^{nH(\hat p)}`.  (2) In the odds
:math:`B = C(n) M(\Sigma) / (C(n_1) C(d) M(\Sigma_1) M(\Sigma_2))` of the true split, use the lower bound for the
whole and the upper one for the blocks: log B is at least
:math:`nH(\hat p) - n_1 H(\hat p_1) - d H(\hat p_2) - \log C(n_1) - \log C(d)`.
(3) The difference of entropies is :math:`n_1 KL(\hat p_1|\hat p) + d\, KL(\hat p_2|\hat p)`.  (4) As
:math:`\hat p_1 - \hat p = (d/n)(\hat p_1 - \hat p_2)`
and :math:`\hat p_2 - \hat p = -(n_1/n)(\hat p_1 - \hat p_2)`, Pinsker's inequality bounds it from below by
:math:`n_1 d / (2n) |\hat p_1 - \hat p_2|_1^2`.  (5) By Weissman's inequality at the two fixed sizes n1 and d, each with
delta'/2, :math:`|\hat p_1 - \hat p_2|_1 \ge (G - w(n_1) - w(d))_+`.  (6) Hence log eta + log B > 0 at this split: the
test fires then, if not before.

*Thinned candidates.*  When candidates stand on multiples of ``spacing`` and tests on multiples of ``every``, take the
first candidate, j < spacing observations after the change.  Its first block has mean
:math:`(n_1 \theta_1 + j \theta_2)/(n_1 + j)`, so the proof holds with n1 + j for n1 and G n1/(n1 + j) for G (Weissman's
inequality needs independence only), at the first d where n1 + j + d is a multiple of ``every``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theorylab.core import validate

__all__ = ["delay_bound", "delay_lower_bound", "log_complexity", "log_prior_weight", "weissman_radius"]


def log_complexity(n: Any, n_symbols: int) -> Any:
    """Log of binom(n + O - 1, O - 1), elementwise: the number of count vectors of n observations.

    Examples
    --------
    >>> round(float(np.exp(log_complexity(4, 3))))
    15
    """
    n = np.asarray(n, dtype=np.float64)
    i = np.arange(1, n_symbols, dtype=np.float64)
    return np.log((n[..., None] + i) / i).sum(axis=-1)


def log_prior_weight(
    rule: str, first: Any, second: Any, *, n_symbols: int, delta: float = 0.05, horizon: int | None = None
) -> Any:
    """Log of eta for a split into blocks of ``first`` and ``second`` observations, elementwise."""
    validate.choice("rule", rule, ("theorem_r", "ville", "dirichlet_prior", "paper", "code"))
    n1, n2 = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    n = n1 + n2
    if rule == "paper":
        return -np.log(n)
    if rule == "code":
        return np.full(n.shape, -math.log(validate.integer("horizon", horizon, low=1)))
    if rule == "theorem_r":
        gain = log_complexity(np.maximum(n1, n2), n_symbols) - log_complexity(n, n_symbols)
        return math.log(delta) - np.log(n) - 2.0 * np.log(n - 1.0) + gain
    prior = math.log(delta) - np.log(n1 * (n1 + 1.0))
    return prior if rule == "dirichlet_prior" else prior - log_complexity(n, n_symbols)


def weissman_radius(n: Any, n_symbols: int, failure: float) -> Any:
    """Radius w with P(|p_hat - p|_1 > w) <= failure for n independent observations (2^O - 2 events, Hoeffding each).

    Examples
    --------
    >>> round(float(weissman_radius(1000, 2, 0.05)), 4)
    0.0859
    """
    log_events = n_symbols * math.log(2.0) + math.log1p(-(2.0 ** (1 - n_symbols)))
    return np.sqrt(2.0 * (log_events - math.log(failure)) / np.asarray(n, dtype=np.float64))


def delay_bound(
    before: int,
    gap: float,
    n_symbols: int,
    *,
    delta: float = 0.05,
    failure: float = 0.05,
    rule: str = "theorem_r",
    horizon: int | None = None,
    spacing: int = 1,
    every: int = 1,
    largest: int = 10**6,
) -> int | None:
    """Theorem D: with probability at least 1 - ``failure`` a restart within this many observations of the change.

    Parameters
    ----------
    before
        Observations n1 between the start of the detector and the change.
    gap
        L1 distance G in (0, 2] of the distributions before and after.
    spacing, every
        Grid of the candidate splits, and of the tests.

    Returns
    -------
    int or None
        The smallest delay that the theorem gives, ``None`` when it gives none up to ``largest``.

    Examples
    --------
    >>> [delay_bound(n1, 0.8, 2) for n1 in (300, 1000, 3000, 10000)]
    [1597, 339, 278, 269]
    """
    before = validate.integer("before", before, low=1)
    gap = validate.number("gap", gap, low=0.0, high=2.0, open_low=True)
    failure = validate.probability("failure", failure)
    late = -before % validate.integer("spacing", spacing, low=1)
    first = before + late
    gap = gap * before / first
    start, stop = 1, 4096
    while start <= largest:
        d = np.arange(start, min(stop, largest) + 1)
        d = d[(first + d) % every == 0]
        distance = gap - weissman_radius(first, n_symbols, failure / 2) - weissman_radius(d, n_symbols, failure / 2)
        signal = first * d / (2.0 * (first + d)) * np.maximum(distance, 0.0) ** 2
        log_eta = log_prior_weight(rule, first, d, n_symbols=n_symbols, delta=delta, horizon=horizon)
        cost = log_complexity(first, n_symbols) + log_complexity(d, n_symbols) - log_eta
        found = np.flatnonzero(signal > cost)
        if len(found):
            return late + int(d[found[0]])
        start, stop = stop + 1, 4 * stop
    return None


def delay_lower_bound(before: ArrayLike, after: ArrayLike, delta: float) -> float:
    """log(1/delta) / KL(after | before): no detector with false-alarm probability delta is much faster on average.

    Examples
    --------
    >>> round(delay_lower_bound([0.7, 0.3], [0.3, 0.7], 0.05), 2)
    8.84
    """
    p, q = (validate.array(name, row, ndim=1) for name, row in (("after", after), ("before", before)))
    return -math.log(validate.probability("delta", delta)) / kullback_leibler(p, q)


def kullback_leibler(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """KL(p | q) in nats; infinite when p charges a symbol that q does not."""
    with np.errstate(divide="ignore"):
        terms = [a * (np.log(a) - np.log(b)) for a, b in zip(p, q, strict=True) if a > 0.0]
    return float(sum(terms))
