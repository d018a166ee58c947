"""Hypothesis strategies for episodic models: transitions for each step, step policies, counts of visits.

Usage in a test of your own::

    from theorylab.mdp.episodic import EpisodicMDP
    from theorylab.verify.strategies import episodic as theory

    @given(theory.episodic_mdps(build=EpisodicMDP))
    def test_my_planner(mdp): ...

Numbers are small rationals (multiples of 1/12 and the like), so that ties, zeros and ones are common.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

__all__ = ["episodic_mdps", "step_policies", "visit_counts"]

DENOMINATOR = 12


@st.composite
def episodic_mdps(
    draw: st.DrawFn,
    *,
    max_states: int = 3,
    max_actions: int = 3,
    max_horizon: int = 3,
    stationary: bool | None = None,
    build: Callable[..., Any] | None = None,
) -> Any:
    """Transitions (H, S, A, S), mean rewards (H, S, A) in [0, 1] and a start law, as ``build(P, R, start=...)``.

    Without ``build`` the three arrays as a tuple; with ``stationary`` all steps are alike, or (``None``) sometimes.
    """
    S = draw(st.integers(1, max_states))
    A = draw(st.integers(1, max_actions))
    H = draw(st.integers(1, max_horizon))
    alike = draw(st.booleans()) if stationary is None else stationary
    steps = 1 if alike else H
    P = np.array([_distribution(draw, S) for _ in range(steps * S * A)]).reshape(steps, S, A, S)
    levels = draw(st.lists(st.integers(0, 4), min_size=steps * S * A, max_size=steps * S * A))
    R = np.array(levels, dtype=float).reshape(steps, S, A) / 4.0
    start = _distribution(draw, S) if draw(st.booleans()) else np.eye(S)[draw(st.integers(0, S - 1))]
    P, R = np.repeat(P, H // steps, axis=0), np.repeat(R, H // steps, axis=0)
    return (P, R, start) if build is None else build(P, R, start=start)


@st.composite
def step_policies(draw: st.DrawFn, shape: tuple[int, int, int], *, deterministic: bool | None = None) -> Any:
    """A policy for each step: (H, S, A) probabilities, deterministic ones among them."""
    H, S, A = shape
    sure = draw(st.booleans()) if deterministic is None else deterministic
    if sure:
        actions = draw(st.lists(st.integers(0, A - 1), min_size=H * S, max_size=H * S))
        return np.eye(A)[np.array(actions).reshape(H, S)]
    return np.array([_distribution(draw, A) for _ in range(H * S)]).reshape(H, S, A)


@st.composite
def visit_counts(draw: st.DrawFn, shape: tuple[int, int, int], *, most: int = 40) -> NDArray[np.int64]:
    """(H, S, A, S) how often each next state was seen; many pairs were never visited."""
    H, S, A = shape
    rows = []
    for _ in range(H * S * A):
        seen = draw(st.booleans())
        rows.append(draw(st.lists(st.integers(0, most), min_size=S, max_size=S)) if seen else [0] * S)
    return np.array(rows, dtype=np.int64).reshape(H, S, A, S)


def _distribution(draw: st.DrawFn, n: int) -> NDArray[np.float64]:
    cuts = sorted(draw(st.lists(st.integers(0, DENOMINATOR), min_size=n - 1, max_size=n - 1)))
    return np.diff(np.array([0, *cuts, DENOMINATOR])) / float(DENOMINATOR)
