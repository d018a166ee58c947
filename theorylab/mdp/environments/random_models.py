"""Random models, drawn from one seed: Garnet, Dirichlet, piecewise-stationary Dirichlet.

The draws are part of the definition: numpy's PCG64 stream in the order that each docstring states.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.rng import RNGLike, as_generator, child_seed
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.piecewise import PiecewiseStationaryMDP

__all__ = ["FIGURE_2_STARTS", "dirichlet_mdp", "garnet", "piecewise_dirichlet"]

FIGURE_2_STARTS = (
    0, 2000, 5000, 8000, 12000, 15000, 18000, 22000, 28000, 31000, 36000, 41000, 44000, 47000,
)  # fmt: skip


def garnet(S: int, A: int, branching: int, *, rng: RNGLike = None) -> FiniteMDP:
    """A Garnet model: each (s, a) has ``branching`` next states, uniformly chosen, and uniformly cut probabilities.

    Draws, with ``g`` the generator: ``R = g.random((S, A))``; then for each s, for each a the next states
    ``g.choice(S, size=branching, replace=False)`` and the gaps between 0, ``sort(g.random(branching - 1))``, 1.
    A Garnet model need not be communicating.

    Source: [archibald1995generation] for the idea; the draws are ours.

    Raises
    ------
    ValueError
        If ``branching`` lies outside 1..S.

    Examples
    --------
    >>> garnet(10, 3, 3, rng=0)
    FiniteMDP('garnet-10-3-3-seed0', S=10, A=3)
    """
    S, A = validate.integer("S", S, low=1), validate.integer("A", A, low=1)
    branching = validate.integer("branching", branching, low=1, high=S)
    generator = as_generator(rng)
    R = generator.random((S, A))
    P = np.zeros((S, A, S))
    for s in range(S):
        for a in range(A):
            reached = generator.choice(S, size=branching, replace=False)
            cuts = np.sort(generator.random(branching - 1))
            P[s, a, reached] = np.diff(np.concatenate([[0.0], cuts, [1.0]]))
    return FiniteMDP(P, R, name=_seeded(f"garnet-{S}-{A}-{branching}", rng))


def dirichlet_mdp(S: int, A: int, *, alpha: float = 1.0, rng: RNGLike = None) -> FiniteMDP:
    r"""Rows $P(\cdot \mid s, a) \sim \mathrm{Dirichlet}(\alpha, \dots, \alpha)$, mean rewards uniform on [0, 1].

    Draws, with ``g`` the generator: ``P = g.dirichlet(full(S, alpha), size=(S, A))``, then ``R = g.random((S, A))``.

    Source: the usual random instance of the regret literature; the draws are ours.

    Examples
    --------
    >>> dirichlet_mdp(4, 7, rng=0)
    FiniteMDP('dirichlet-4-7-seed0', S=4, A=7)
    """
    S, A = validate.integer("S", S, low=1), validate.integer("A", A, low=1)
    alpha = validate.number("alpha", alpha, low=0.0, open_low=True)
    generator = as_generator(rng)
    P = generator.dirichlet(np.full(S, alpha), size=(S, A))
    R = generator.random((S, A))
    stem = f"dirichlet-{S}-{A}" if alpha == 1.0 else f"dirichlet-{S}-{A}-alpha{alpha:g}"
    return FiniteMDP(P, R, name=_seeded(stem, rng))


def piecewise_dirichlet(
    S: int, A: int, *, starts: Sequence[int] | NDArray[np.int64] = FIGURE_2_STARTS, rng: RNGLike = None
) -> PiecewiseStationaryMDP:
    """One independent :func:`dirichlet_mdp` for each start; piece i is drawn from child i of the seed.

    The default starts are the changes of Figure 2 of [alami2023restarted] (13 changes, horizon 52000), read off its
    axis. Deviation from the figure: it says only "sampled from a multinomial"; we draw Dirichlet(1) rows. Rewards are
    deterministic at their means; the comparison of the figure takes ``.with_reward_law("bernoulli")``.

    Examples
    --------
    >>> piecewise_dirichlet(4, 7, rng=0)
    PiecewiseStationaryMDP('piecewise-dirichlet-4-7-seed0', S=4, A=7, starts=(0, ..., 47000))
    """
    n_pieces = len(starts)
    if isinstance(rng, np.random.Generator):
        children = [np.random.default_rng(child) for child in rng.spawn(n_pieces)]  # a second call gives others
    else:
        fixed = np.random.SeedSequence() if rng is None else rng
        children = [np.random.default_rng(child_seed(fixed, i)) for i in range(n_pieces)]
    pieces = tuple(dirichlet_mdp(S, A, rng=child) for child in children)
    return PiecewiseStationaryMDP(pieces, tuple(starts), name=_seeded(f"piecewise-dirichlet-{S}-{A}", rng))


def _seeded(stem: str, rng: RNGLike) -> str:
    return f"{stem}-seed{int(rng)}" if isinstance(rng, (int, np.integer)) else stem
