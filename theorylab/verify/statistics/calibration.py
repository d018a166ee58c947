r"""Simulation-based calibration of posterior samplers.

Setting      A sampler claims to draw from the posterior of a parameter given data (a Thompson index, a sampled model).
Algorithm    Draw the parameter from the prior, data given the parameter, and L independent draws from the sampler given
             the data; take the rank of the parameter among the draws.  Repeat, and test the ranks for uniformity by
             chi-square.  (Talts et al., 2018; the argument is Cook, Gelman and Rubin's of 2006.)
Guarantee    If the sampler is right then parameter and draws are exchangeable given the data, so the rank is *exactly*
             uniform on 0..L.  The p-value is asymptotic in the number of runs; at least five runs a bin are demanded.
             Uniform ranks do not prove the posterior right: a sampler that ignores the data and draws from the prior
             also has them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.rng import RNGLike, child_seed, seed_of, streams

__all__ = ["Calibration", "calibrate", "posterior_rank", "rank_uniformity"]

LEAST_EXPECTED = 5.0  # runs a bin, for the chi-square approximation


@dataclass(frozen=True, slots=True)
class Calibration:
    """The ranks of the runs and what they say."""

    ranks: NDArray[np.int64]  # (runs,) in 0..draws
    draws: int
    p_value: float  # of "the ranks are uniform"


def rank_uniformity(ranks: Any, n_bins: int, *, draws: int | None = None) -> float:
    """The chi-square p-value of "the ranks are uniform on 0..draws", in ``n_bins`` bins.

    Parameters
    ----------
    ranks
        (runs,) integers in 0..draws, one a run.
    n_bins
        At least 2.  Bins are as equal as they can be; what is left is accounted for in the expected counts.
    draws
        Draws a run; ``n_bins - 1`` when left out (one bin a rank).

    Raises
    ------
    ValueError
        If a rank is out of range or a bin has fewer than five expected runs.

    Examples
    --------
    >>> rank_uniformity(list(range(10)) * 20, 10), rank_uniformity([0, 1, 2] * 100, 10) < 1e-9
    (1.0, True)
    """
    n_bins = validate.integer("n_bins", n_bins, low=2)
    draws = n_bins - 1 if draws is None else validate.integer("draws", draws, low=n_bins - 1)
    values = validate.indices("ranks", ranks, below=draws + 1)
    widths = np.bincount(np.arange(draws + 1) * n_bins // (draws + 1), minlength=n_bins)
    expected = len(values) * widths / (draws + 1)
    if expected.min() < LEAST_EXPECTED:
        raise ValueError(
            f"ranks has length {len(values)}: {expected.min():.3g} expected in a bin, expected at least "
            f"{LEAST_EXPECTED:g}; take fewer bins or more runs"
        )
    observed = np.bincount(values * n_bins // (draws + 1), minlength=n_bins)
    from scipy.special import chdtrc

    return float(chdtrc(n_bins - 1, float(np.sum((observed - expected) ** 2 / expected))))


def posterior_rank(truth: float, samples: Any, *, rng: RNGLike = None) -> int:
    """How many of the ``samples`` lie below ``truth``; ties are broken by a fair draw from ``rng``.

    Examples
    --------
    >>> posterior_rank(0.5, [0.1, 0.7, 0.4]), posterior_rank(1.0, [1.0, 1.0], rng=0) in (0, 1, 2)
    (2, True)
    """
    truth = validate.number("truth", truth)
    drawn = validate.array("samples", samples, ndim=1)
    ties = int(np.sum(drawn == truth))
    below = int(np.sum(drawn < truth))
    if not ties:
        return below
    return below + int(streams(rng).agent.integers(0, ties + 1))


def calibrate(
    prior: Callable[[np.random.Generator], Any],
    simulate: Callable[[Any, np.random.Generator], Any],
    posterior: Callable[[Any, int, np.random.Generator], Any],
    *,
    runs: int = 1000,
    draws: int = 19,
    n_bins: int = 20,
    statistic: Callable[[Any], float] = float,
    rng: RNGLike = None,
) -> Calibration:
    """Run the calibration: is ``posterior`` a sampler of the posterior of ``prior`` and ``simulate``?

    Parameters
    ----------
    prior
        ``prior(generator)``: one parameter.
    simulate
        ``simulate(parameter, generator)``: data.
    posterior
        ``posterior(data, draws, generator)``: ``draws`` independent parameters.
    statistic
        The number whose rank is taken, of a parameter that is no number itself (one arm's mean, the best arm's).

    Examples
    --------
    >>> result = calibrate(
    ...     lambda g: g.random(),
    ...     lambda p, g: g.binomial(10, p),
    ...     lambda s, n, g: g.beta(1 + s, 11 - s, n),
    ...     runs=400, rng=1,
    ... )
    >>> result.p_value > 0.001
    True
    """
    runs = validate.integer("runs", runs, low=1)
    draws = validate.integer("draws", draws, low=1)
    ranks = np.empty(runs, dtype=np.int64)
    root = np.random.SeedSequence(**seed_of(streams(rng).instance))  # fixed once, whatever ``rng`` is
    for i in range(runs):
        seed = child_seed(root, i)
        made = streams(seed)
        parameter = prior(made.instance)
        data = simulate(parameter, made.environment)
        samples = list(posterior(data, draws, made.agent))
        if len(samples) != draws:
            raise ValueError(f"posterior returns {len(samples)} draws, expected {draws}")
        ranks[i] = posterior_rank(statistic(parameter), [statistic(x) for x in samples], rng=child_seed(seed, 0))
    return Calibration(validate.readonly(ranks), draws, rank_uniformity(ranks, n_bins, draws=draws))
