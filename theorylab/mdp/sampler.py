"""The arrays that kernels draw from: sparse cumulative rows of transitions and rewards, one block for each piece.

A draw takes one uniform ``u`` and returns the first index whose cumulative entry exceeds ``u``. The last entry of the
support is 2, not the rounded sum of the row, so that the search always ends inside the support.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.piecewise import PiecewiseStationaryMDP

__all__ = ["END", "ModelArrays", "model_arrays"]

END = 2.0  # above every uniform in [0, 1)


@dataclass(frozen=True, eq=False)
class ModelArrays:
    """Read-only arrays of one model for kernels; G pieces (1 for a :class:`FiniteMDP`), M the largest support.

    Convention of every simulator: one uniform for the next state, then one for the reward only if L > 1.
    """

    targets: NDArray[np.int64]  # (G, S, A, M)  next states of positive probability, increasing; the last one repeated
    cumulative: NDArray[np.float64]  # (G, S, A, M)  their cumulative probabilities; last of the support and padding 2
    means: NDArray[np.float64]  # (G, S, A)
    reward_values: NDArray[np.float64]  # (G, S, A, L)  L = 1 when all rewards are deterministic
    reward_cumulative: NDArray[np.float64]  # (G, S, A, L)  like cumulative
    starts: NDArray[np.int64]  # (G,)  first step of each piece, counted from 0; starts[0] = 0
    initial_state: int


_made: WeakKeyDictionary[FiniteMDP | PiecewiseStationaryMDP, ModelArrays] = WeakKeyDictionary()


def model_arrays(model: FiniteMDP | PiecewiseStationaryMDP) -> ModelArrays:
    """The arrays of ``model``, made once for each model object and kept as long as it lives.

    Raises
    ------
    TypeError
        If ``model`` is neither kind of model.

    Examples
    --------
    >>> from theorylab.mdp.environments import riverswim
    >>> arrays = model_arrays(riverswim(6))
    >>> arrays.targets[0, 2, 1].tolist(), arrays.cumulative[0, 2, 1].round(12).tolist()
    ([1, 2, 3], [0.05, 0.65, 2.0])
    """
    if not isinstance(model, (FiniteMDP, PiecewiseStationaryMDP)):
        raise TypeError(f"model is of type {type(model).__name__}, expected a FiniteMDP or a PiecewiseStationaryMDP")
    arrays = _made.get(model)
    if arrays is None:
        arrays = _made.setdefault(model, _make(model))
    return arrays


def _make(model: FiniteMDP | PiecewiseStationaryMDP) -> ModelArrays:
    pieces: Sequence[FiniteMDP] = model.pieces if isinstance(model, PiecewiseStationaryMDP) else (model,)
    starts = model.starts if isinstance(model, PiecewiseStationaryMDP) else (0,)
    targets, cumulative = _sparse_rows(np.stack([piece.P for piece in pieces]))
    laws = [_reward_law(piece) for piece in pieces]
    length = max(values.shape[-1] for values, _ in laws)
    all_values = np.stack([_padded(values, length) for values, _ in laws])
    kept, reward_cumulative = _sparse_rows(np.stack([_padded(weights, length) for _, weights in laws]))
    return ModelArrays(
        targets=validate.readonly(targets),
        cumulative=validate.readonly(cumulative),
        means=validate.readonly(np.stack([piece.R for piece in pieces])),
        reward_values=validate.readonly(np.take_along_axis(all_values, kept, axis=-1)),
        reward_cumulative=validate.readonly(reward_cumulative),
        starts=validate.readonly(np.asarray(starts, dtype=np.int64)),
        initial_state=model.initial_state,
    )


def _reward_law(piece: FiniteMDP) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values and probabilities (S, A, L)."""
    if piece.reward_law == "bernoulli":
        values = np.zeros((*piece.R.shape, 2))
        values[..., 0] = 1.0  # so that the reward is 1 exactly when the uniform is below the mean
        return values, np.stack([piece.R, 1.0 - piece.R], axis=-1)
    if piece.reward_values is not None and piece.reward_probabilities is not None:
        return piece.reward_values, piece.reward_probabilities
    return piece.R[..., None], np.ones((*piece.R.shape, 1))


def _padded(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    missing = length - values.shape[-1]
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)]) if missing else values


def _sparse_rows(weights: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Indices of the support along the last axis and cumulative weights over it, padded to the widest support."""
    positive = weights > 0.0
    counts = positive.sum(axis=-1, keepdims=True)
    width = int(counts.max())
    order = np.argsort(~positive, axis=-1, kind="stable")[..., :width].astype(np.int64)
    cumulative = np.cumsum(np.take_along_axis(weights, order, axis=-1), axis=-1)
    slot = np.arange(width)
    cumulative[np.broadcast_to(slot >= counts - 1, cumulative.shape)] = END
    last = np.take_along_axis(order, counts - 1, axis=-1)
    return np.where(slot < counts, order, last), cumulative
