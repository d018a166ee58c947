r"""One alpha for a whole run: the family-wise error of many tests.

Setting      m tests, some of them of true null hypotheses; an error is any rejection of a true one.
Guarantee    :func:`holm` and :func:`e_bonferroni` make an error with probability at most alpha, whatever the
             dependence between the tests.   [holm1979simple]
             :func:`e_benjamini_hochberg` bounds the false discovery *rate* instead, under any dependence.
             [wang2022false]

An e-value is one that was read at a stopping time (an anytime-valid process may be read whenever it crosses the
threshold).  The largest value that a process ever had is not an e-value, but its reciprocal is a valid p-value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate

__all__ = ["Budget", "e_benjamini_hochberg", "e_bonferroni", "holm", "holm_adjusted"]


@dataclass(frozen=True, slots=True)
class Budget:
    """``alpha`` shared by ``tests`` tests: fixed beforehand, evenly or by weights.

    A test that spends its level on a p-value rejects when p < level; one that spends it on an e-value when
    e >= 1 / level.  Both kinds may be mixed, by the union bound.

    Examples
    --------
    >>> budget = Budget(0.01, 20)
    >>> budget.level(0), budget.threshold(0)
    (0.0005, 2000.0)
    >>> Budget(0.5, 3, weights=(2, 1, 1)).levels.tolist()
    [0.25, 0.125, 0.125]
    """

    alpha: float
    tests: int
    weights: Sequence[float] | None = None  # (tests,), >= 0; None = even

    def __post_init__(self) -> None:
        validate.probability("alpha", self.alpha)
        validate.integer("tests", self.tests, low=1)
        if self.weights is not None:
            w = validate.array("weights", self.weights, shape=(self.tests,))
            bad = np.argwhere(w < 0.0)
            if len(bad):
                raise ValueError(f"{validate.where('weights', bad[0])} is {w[bad[0][0]]:.12g}, expected a number >= 0")
            if not np.any(w > 0.0):
                raise ValueError("weights are all 0, expected at least one > 0")
            object.__setattr__(self, "weights", tuple(w.tolist()))

    @property
    def levels(self) -> NDArray[np.float64]:
        """Shape (tests,); they sum to alpha."""
        if self.weights is None:
            return np.full(self.tests, self.alpha / self.tests)
        w = np.asarray(self.weights, dtype=np.float64)
        return np.asarray(self.alpha * (w / w.sum()), dtype=np.float64)

    def level(self, test: int) -> float:
        """The level of test number ``test``."""
        return float(self.levels[validate.integer("test", test, low=0, high=self.tests - 1)])

    def threshold(self, test: int) -> float:
        """The e-value that rejects in test number ``test``: 1 / level, infinite for a test of weight 0."""
        level = self.level(test)
        return 1.0 / level if level > 0.0 else math.inf


def holm_adjusted(p_values: Any) -> NDArray[np.float64]:
    """Holm's adjusted p-values, in the order of the input: reject where they are < alpha.

    Examples
    --------
    >>> holm_adjusted([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = validate.array("p_values", p_values, ndim=1)
    validate.in_interval("p_values", p, 0.0, 1.0)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def holm(p_values: Any, alpha: float) -> NDArray[np.bool_]:
    """Which null hypotheses Holm's step-down test rejects, in the order of the input.

    The smallest p-value is compared with alpha / m, the next with alpha / (m - 1), ..., until one is not below.

    Raises
    ------
    ValueError
        If a p-value is outside [0, 1] (``p_values[2] is 1.5``) or alpha is not in (0, 1).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.005], 0.05).tolist()
    [True, False, False, True]
    """
    alpha = validate.probability("alpha", alpha)
    return np.asarray(holm_adjusted(p_values) < alpha)


def e_bonferroni(log_e_values: Any, alpha: float) -> NDArray[np.bool_]:
    """Which null hypotheses are rejected because their e-value is >= m / alpha; e-values are given by logarithms.

    Examples
    --------
    >>> e_bonferroni(np.log([301.0, 30.0, 0.1]), 0.01).tolist()
    [True, False, False]
    """
    log_e = _log_e_values(log_e_values)
    alpha = validate.probability("alpha", alpha)
    return np.asarray(log_e >= np.log(max(len(log_e), 1) / alpha))


def e_benjamini_hochberg(log_e_values: Any, alpha: float) -> NDArray[np.bool_]:
    """Which null hypotheses e-BH rejects: the k largest for the largest k whose k-th e-value is >= m / (alpha k).

    The false discovery *rate* is at most alpha: an expected share of false rejections, not the chance of one.

    Examples
    --------
    >>> e_benjamini_hochberg(np.log([200.0, 160.0, 0.1]), 0.01).tolist()
    [True, True, False]
    """
    log_e = _log_e_values(log_e_values)
    alpha = validate.probability("alpha", alpha)
    order = np.argsort(-log_e, kind="stable")
    ranks = np.arange(1, len(log_e) + 1)
    enough = np.flatnonzero(log_e[order] >= np.log(len(log_e) / (alpha * ranks))) if len(log_e) else ranks
    rejected = np.zeros(len(log_e), dtype=np.bool_)
    if len(enough):
        rejected[order[: int(enough[-1]) + 1]] = True
    return rejected


def _log_e_values(values: Any) -> NDArray[np.float64]:
    """Logarithms of e-values: -inf (an e-value of 0) is allowed, NaN and +inf are not."""
    log_e = np.asarray(values, dtype=np.float64)
    if log_e.ndim != 1:
        raise ValueError(f"log_e_values has {log_e.ndim} dimensions, expected 1")
    bad = np.argwhere(np.isnan(log_e) | (log_e == np.inf))
    if len(bad):
        i = int(bad[0][0])
        raise ValueError(f"log_e_values[{i}] is {log_e[i]}, expected a number below infinity")
    return log_e
