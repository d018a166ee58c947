r"""What algorithms for linear losses share: checks of the table, and John's position of a finite set of actions.

Setting      Actions $a_1, ..., a_N \in \mathbb R^d$.
Algorithm    :func:`john_position` writes the actions in an orthonormal basis of their span and finds weights $\mu$ with
             $\max_a a^\top (\sum_b \mu_b b b^\top)^{-1} a$ near the dimension (the least possible value, attained at
             the contact points of the smallest centred ellipsoid around $\pm$ the actions): multiplicative steps
             $\mu_b \leftarrow \mu_b\, b^\top M^{-1} b / d$ and steps towards the worst action.
Guarantee    The value g that it returns is computed from the weights that it returns, whatever the iteration did.
Deviations   none
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models.combinatorial import CombinatorialLosses
from theorylab.core import validate

__all__ = ["check_sets", "check_table", "john_position"]

Array = NDArray[np.float64]
TOLERANCE = 1e-6


def check_table(bandit: Any, horizon: Any, *, contexts: bool) -> CombinatorialLosses:
    """The table of losses of a game that is as long as the run."""
    if not isinstance(bandit, CombinatorialLosses):
        raise TypeError(f"bandit is {bandit!r}, expected a CombinatorialLosses")
    horizon = validate.integer("horizon", horizon, low=1)
    if horizon > bandit.horizon:
        raise ValueError(f"horizon is {horizon}, expected at most {bandit.horizon}: the rounds of the table of losses")
    if not contexts and bandit.n_contexts > 1:
        raise ValueError(f"bandit has {bandit.n_contexts} contexts, expected a set of actions without contexts")
    return bandit


def check_sets(bandit: Any, horizon: Any) -> CombinatorialLosses:
    """The same for semi-bandit feedback: policies choose sets, losses lie in [0, 1]."""
    table = check_table(bandit, horizon, contexts=True)
    if not table.binary:
        raise ValueError("bandit has policies that choose no sets, or negative losses: expected 0/1 and [0, 1]")
    if table.size == 0:
        raise ValueError("bandit has policies that choose nothing, expected a coordinate somewhere")
    return table


def john_position(actions: Any, *, uniform: bool = False) -> tuple[Array, Array, float]:
    r"""Actions in a basis in which $\sum_b \mu_b b b^\top = I$, the weights $\mu$ (N,), and $g = \max_a |a|^2$.

    Parameters
    ----------
    actions
        (N, d), not all zero.
    uniform
        Take $\mu = 1/N$ instead of the optimal weights.

    Raises
    ------
    ValueError
        If all actions are zero.

    Examples
    --------
    >>> points, weights, g = john_position([[2.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    >>> points.shape, weights.round(3).tolist(), round(g, 4)
    ((3, 2), [0.5, 0.5, 0.0], 2.0)
    """
    found = validate.array("actions", actions, ndim=2)
    points, weights, g = _placed(found.tobytes(), found.shape, uniform)
    return points.copy(), weights.copy(), g


@lru_cache(maxsize=32)  # runs of one game share it
def _placed(data: bytes, shape: tuple[int, ...], uniform: bool) -> tuple[Array, Array, float]:
    found = np.frombuffer(data).reshape(shape)
    _, sizes, basis = np.linalg.svd(found, full_matrices=False)
    rank = int(np.sum(sizes > 1e-10 * sizes[0])) if sizes[0] > 0 else 0
    if rank == 0:
        raise ValueError("actions are all zero, expected one that is not")
    points = found @ basis[:rank].T
    weights = np.full(len(points), 1.0 / len(points))
    if not uniform:
        weights = _optimal_weights(points)
    root = np.linalg.cholesky(points.T @ (weights[:, None] * points))
    placed = np.ascontiguousarray(np.linalg.solve(root, points.T).T)
    return placed, weights, float((placed**2).sum(axis=1).max())


def _optimal_weights(points: Array) -> Array:
    """Weights whose largest variance is at most (1 + TOLERANCE) times the dimension."""
    n, d = points.shape
    weights = np.full(n, 1.0 / n)
    for step in range(20_000):
        inverse = np.linalg.inv(points.T @ (weights[:, None] * points))
        variance = np.einsum("ni,ij,nj->n", points, inverse, points)
        if variance.max() <= d * (1.0 + TOLERANCE):
            break
        if step % 10 == 9:  # towards the worst action, by the best step
            worst = int(np.argmax(variance))
            length = (variance[worst] / d - 1.0) / max(variance[worst] - 1.0, 1e-12)
            weights *= 1.0 - length
            weights[worst] += length
        else:
            weights *= variance / d
        weights[weights < 1e-12] = 0.0
        weights /= weights.sum()
    return weights
