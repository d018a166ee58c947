r"""Markov chains of a fixed policy: recurrent classes, gain, bias, stationary distributions.

For a chain $P$ with rewards $r$ the gain is $g = P^* r$ and the bias the solution of $h = r - g + P h$, $P^* h = 0$,
where $P^*$ is the Cesaro limit of $P^n$; nothing is assumed about periodicity or the number of recurrent classes
[puterman1994markov, Appendix A and Section 8.2].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ChainValue", "chain_value", "components", "generator", "recurrent_classes", "stationary_distribution"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ChainValue:
    """Gain and bias of a chain, from each start state."""

    gain: FloatArray  # (S,)
    bias: FloatArray  # (S,)
    classes: tuple[NDArray[np.int64], ...]


def components(positive: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(S,) label of the strongly connected component of each state in the graph of positive entries (S, S)."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(csr_matrix(positive), directed=True, connection="strong")
    return np.asarray(labels, dtype=np.int64)


def recurrent_classes(positive: NDArray[np.bool_]) -> tuple[NDArray[np.int64], ...]:
    """The closed strongly connected components, in the order of their smallest state."""
    labels = components(positive)
    source, target = np.nonzero(positive)
    open_labels = labels[source[labels[source] != labels[target]]]
    closed = np.ones(labels.max() + 1, dtype=bool)
    closed[open_labels] = False
    found = [np.flatnonzero(labels == label) for label in np.flatnonzero(closed)]
    return tuple(sorted(found, key=lambda members: int(members[0])))


def generator(P: FloatArray) -> FloatArray:
    r"""$I - P$ with the diagonal as the sum of the other entries, so that its rows sum to zero; (..., S, S).

    A row that sums to $1 + 10^{-16}$ is thereby read as a distribution, and $1 - P(s, s)$ keeps its digits when
    $P(s, s)$ is close to one.
    """
    result = -P
    diagonal = np.arange(P.shape[-1])
    result[..., diagonal, diagonal] = 0.0
    result[..., diagonal, diagonal] = -result.sum(axis=-1)
    return result


def stationary_distribution(P: FloatArray) -> FloatArray:
    """Of an irreducible chain (n, n), by state reduction: no subtraction, so every digit of small entries is right."""
    n = len(P)
    reduced = np.array(P)
    leaving = np.ones(n)
    for k in range(n - 1, 0, -1):
        leaving[k] = reduced[k, :k].sum()
        reduced[:k, :k] += np.outer(reduced[:k, k] / leaving[k], reduced[k, :k])
    weights = np.ones(n)
    for k in range(1, n):
        weights[k] = weights[:k] @ reduced[:k, k] / leaving[k]
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def chain_value(P: FloatArray, r: FloatArray) -> ChainValue:
    """Gain and bias of the chain (S, S) with rewards (S,) by linear solves, class by class.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a system is singular in floats: some probabilities are too small to matter to 53 bits.
    """
    n = len(P)
    classes = recurrent_classes(P > 0.0)
    rates = generator(P)
    gain, bias = np.zeros(n), np.zeros(n)
    recurrent = np.zeros(n, dtype=bool)
    for members in classes:
        recurrent[members] = True
        inside = rates[np.ix_(members, members)]
        # the bias of the first member is pinned to zero; its column carries the unknown gain
        inside[:, 0] = 1.0
        solution = np.linalg.solve(inside, r[members])
        gain[members] = solution[0]
        relative = solution.copy()
        relative[0] = 0.0
        first = np.zeros(len(members))
        first[0] = 1.0
        stationary = np.linalg.solve(inside.T, first)
        bias[members] = relative - stationary @ relative
    transient = np.flatnonzero(~recurrent)
    if len(transient):
        inside = rates[np.ix_(transient, transient)]
        entering = P[np.ix_(transient, np.flatnonzero(recurrent))]
        known_gain, known_bias = gain[recurrent], bias[recurrent]
        if len(classes) == 1:
            gain[transient] = known_gain[0]
        else:
            gain[transient] = np.linalg.solve(inside, entering @ known_gain)
        bias[transient] = np.linalg.solve(inside, r[transient] - gain[transient] + entering @ known_bias)
    return ChainValue(gain, bias, classes)


def follow(P: FloatArray, R: FloatArray, policy: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
    """The chain (S, S) and its rewards (S,) under a deterministic (S,) or stochastic (S, A) policy."""
    if policy.ndim == 1:
        states = np.arange(len(R))
        return P[states, policy], R[states, policy]
    return np.einsum("sa,sat->st", policy, P), np.einsum("sa,sa->s", policy, R)
