r"""The largest information gain $\gamma_T = \max_{|A| \le T} \tfrac12 \ln\det(I + k_A/\sigma^2)$ of T evaluations.

Setting      n points with prior covariance k, noise sigma; a point may be evaluated repeatedly.
Algorithm    Greedy: always the point of the largest posterior variance.
Guarantee    The gain $g(w) = \tfrac12 \ln\det(I + \mathrm{diag}(w)\,k/\sigma^2)$ of $w_x$ evaluations of each x is
             concave in real $w \ge 0$ with $\partial g/\partial w_x = s_w^2(x)/(2\sigma^2)$, s the posterior standard
             deviation.  So $\gamma_T \le g(w) + (T \max_x s_w^2(x) - \sum_x w_x s_w^2(x))/(2\sigma^2)$ for every w
             (derived here): greedy's w makes both sides close.  And $\gamma_T \le g(w)/(1 - 1/e)$
             [srinivas2010gaussian].
Deviations   none
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate

__all__ = ["information_gain", "information_gain_bounds"]


def information_gain(kernel: Any, sigma: float, points: Any) -> float:
    r"""$\tfrac12 \ln\det(I + k_A/\sigma^2)$ of the evaluations at ``points`` (repetitions count).

    Examples
    --------
    >>> round(information_gain([[1.0, 0.0], [0.0, 1.0]], 1.0, [0, 1, 1]), 6) == round(0.5 * math.log(2 * 3), 6)
    True
    """
    k = np.asarray(kernel, dtype=float)
    found = validate.indices("points", points, below=len(k))
    counts = np.bincount(found, minlength=len(k))
    used = np.flatnonzero(counts)
    root = np.sqrt(counts[used]) / validate.number("sigma", sigma, low=0.0, open_low=True)
    matrix = np.eye(len(used)) + root[:, None] * k[np.ix_(used, used)] * root[None, :]
    return 0.5 * float(np.linalg.slogdet(matrix)[1])


def information_gain_bounds(kernel: Any, sigma: float, horizon: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""(T,) what greedy gains in t = 1..T evaluations, and (T,) an upper bound of $\gamma_t$; $O(n^2)$ a step.

    Examples
    --------
    >>> low, high = information_gain_bounds([[1.0, 0.0], [0.0, 1.0]], 1.0, 4)
    >>> low.round(4).tolist(), bool(np.all(low <= high)), round(float(high[3]), 4)
    ([0.3466, 0.6931, 0.8959, 1.0986], True, 1.0986)
    """
    covariance = np.array(kernel, dtype=float)
    variance = validate.number("sigma", sigma, low=0.0, open_low=True) ** 2
    horizon = validate.integer("horizon", horizon, low=1)
    counts = np.zeros(len(covariance))
    low, high = np.zeros(horizon), np.zeros(horizon)
    gain = 0.0
    for t in range(horizon):
        point = int(np.argmax(np.diagonal(covariance)))
        gain += 0.5 * math.log1p(max(covariance[point, point], 0.0) / variance)
        column = covariance[:, point].copy()
        covariance -= np.outer(column, column) / (column[point] + variance)
        counts[point] += 1.0
        left = np.maximum(np.diagonal(covariance), 0.0)
        concave = gain + ((t + 1) * left.max() - counts @ left) / (2.0 * variance)
        low[t], high[t] = gain, min(concave, gain / (1.0 - 1.0 / math.e))
    return low, high
