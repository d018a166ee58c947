"""The arrays that episodic kernels draw from: sparse cumulative rows for each step, in the convention of the sampler.

A draw takes one uniform ``u`` and returns the first index whose cumulative entry exceeds ``u``. The last entry of the
support and all padding are 2, not the rounded sum of the row, so that the search always ends inside the support.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.sampler import END, _sparse_rows

__all__ = ["EpisodicArrays", "make_arrays"]


@dataclass(frozen=True, eq=False)
class EpisodicArrays:
    """Read-only arrays of one episodic model for kernels; M is the largest support of a row.

    A Bernoulli reward is 1 exactly when its uniform lies below ``means``.
    """

    targets: NDArray[np.int64]  # (H, S, A, M)  next states of positive probability, increasing; the last one repeated
    cumulative: NDArray[np.float64]  # (H, S, A, M)  their cumulative probabilities; last of the support and padding 2
    P: NDArray[np.float64]  # (H, S, A, S)
    means: NDArray[np.float64]  # (H, S, A)
    start_cumulative: NDArray[np.float64]  # (S,)  indexed by the state itself; 2 from the last possible start on


def make_arrays(P: NDArray[np.float64], means: NDArray[np.float64], start: NDArray[np.float64]) -> EpisodicArrays:
    """The arrays of validated transitions (H, S, A, S), means (H, S, A) and start distribution (S,)."""
    targets, cumulative = _sparse_rows(P)
    start_cumulative = np.cumsum(start)
    start_cumulative[np.flatnonzero(start)[-1] :] = END
    return EpisodicArrays(
        targets=validate.readonly(targets),
        cumulative=validate.readonly(cumulative),
        P=P,
        means=means,
        start_cumulative=validate.readonly(start_cumulative),
    )
