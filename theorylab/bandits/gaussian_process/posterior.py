"""Kernels of Gaussian process bandits: the posterior one observation at a time, and what its values are worth.

Also the common beginning of a run: a prior becomes a function, drawn from the instance stream.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.models.gaussian_process import GPBandit
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike, streams

__all__ = ["condition_kernel", "expected_improvement_kernel", "knowledge_gradient_kernel", "with_function"]

NEARLY = 1e-9  # values of information this close, relatively, are tied
WORTHLESS = 1e-14  # values of information below this are rounding: nothing is left to learn


def _condition(mean, covariance, point, value, noise_variance):
    """Take in one observation at ``point``: mean (n,), covariance (n, n) become those given the observation."""
    n = mean.shape[0]
    total = covariance[point, point] + noise_variance
    error = (value - mean[point]) / total
    for i in range(n):
        mean[i] += covariance[i, point] * error
    for i in range(n):
        if i != point:
            scale = covariance[i, point] / total
            for j in range(n):
                if j != point:
                    covariance[i, j] -= scale * covariance[point, j]
    for i in range(n):  # the point's own row last: the others need it
        if i != point:
            covariance[i, point] *= noise_variance / total
            covariance[point, i] = covariance[i, point]
    covariance[point, point] *= noise_variance / total


def _density(z):
    """Of the standard normal law."""
    return math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def _distribution(z):
    """Distribution function of the standard normal law."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


density_kernel = kernel(_density)
distribution_kernel = kernel(_distribution)


def _expected_improvement(mean, deviation, incumbent):
    """E max(X - incumbent, 0) for X normal."""
    if deviation <= 0.0:
        return max(mean - incumbent, 0.0)
    z = (mean - incumbent) / deviation
    return max((mean - incumbent) * distribution_kernel(z) + deviation * density_kernel(z), 0.0)


def _knowledge_gradient(means, slopes, order, kept, breaks):
    """E max_i (means[i] + slopes[i] Z) - max means, Z standard normal; ``order``, ``kept``, ``breaks`` (n,) work space.

    The maximum is convex and piecewise linear in Z: only lines of its upper envelope count.
    """
    n = means.shape[0]
    for i in range(n):  # by slope, then by mean
        j = i
        while j > 0:
            other = order[j - 1]
            if slopes[other] < slopes[i] or (slopes[other] == slopes[i] and means[other] <= means[i]):
                break
            order[j] = other
            j -= 1
        order[j] = i
    count = 0
    for index in range(n):
        i = order[index]
        crossing = -math.inf
        while count > 0:
            j = kept[count - 1]
            if slopes[i] > slopes[j]:
                crossing = (means[j] - means[i]) / (slopes[i] - slopes[j])
                if count == 1 or crossing > breaks[count - 1]:
                    break
            count -= 1  # line j is nowhere the highest
        breaks[count] = crossing if count > 0 else -math.inf
        kept[count] = i
        count += 1
    total = 0.0
    for index in range(1, count):
        z = -abs(breaks[index])
        gain = density_kernel(z) + z * distribution_kernel(z)
        total += (slopes[kept[index]] - slopes[kept[index - 1]]) * max(gain, 0.0)
    return total


condition_kernel = kernel(_condition)
expected_improvement_kernel = kernel(_expected_improvement)
knowledge_gradient_kernel = kernel(_knowledge_gradient)


def with_function(bandit: Any, rng: RNGLike) -> tuple[GPBandit, RNGLike]:
    """The bandit, with a function from the instance stream where it is a prior, and the rng of the run.

    Raises
    ------
    TypeError
        If ``bandit`` is no GPBandit.
    """
    if not isinstance(bandit, GPBandit):
        raise TypeError(f"bandit is {bandit!r}, expected a GPBandit")
    if not bandit.is_prior:
        return bandit, rng
    rng = np.random.SeedSequence() if rng is None else rng
    return bandit.draw(streams(rng).instance), rng
