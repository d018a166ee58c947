"""Episodic instances without geometry: chains, random models, locks, a hard instance for learners, a tiny one."""

from __future__ import annotations

import dataclasses

import numpy as np

from theorylab.core import validate
from theorylab.core.rng import RNGLike, as_generator
from theorylab.mdp.environments import chain, dirichlet_mdp, riverswim
from theorylab.mdp.episodic.model import EpisodicMDP

__all__ = [
    "combination_lock",
    "dirichlet_episodic",
    "episodic_chain",
    "episodic_riverswim",
    "hard_instance",
    "tiny_episodic",
]


def episodic_riverswim(n: int = 6, horizon: int = 20, variant: str = "osband") -> EpisodicMDP:
    """RiverSwim in episodes of ``horizon`` steps from the left bank; numbers as in ``mdp.environments.riverswim``.

    With n = 6 and 20 steps (osband) the optimal value is 3.39726395915.

    Examples
    --------
    >>> episodic_riverswim(4, 10)
    EpisodicMDP('riverswim-4-h10', S=4, A=2, H=10)
    """
    return EpisodicMDP.from_finite(riverswim(n, variant=variant), horizon)


def episodic_chain(n: int = 5, horizon: int = 8) -> EpisodicMDP:
    """Chain with slip .2 in episodes of ``horizon`` steps from its first state.

    Examples
    --------
    >>> episodic_chain()
    EpisodicMDP('chain-5-h8', S=5, A=2, H=8)
    """
    return EpisodicMDP.from_finite(chain(n), horizon)


def dirichlet_episodic(S: int, A: int, horizon: int, rng: RNGLike = None) -> EpisodicMDP:
    """``dirichlet_mdp(S, A, rng=rng)`` in episodes of ``horizon`` steps from state 0: one random kernel for all steps.

    Examples
    --------
    >>> dirichlet_episodic(3, 3, 3, rng=5)
    EpisodicMDP('dirichlet-3-3-h3-seed5', S=3, A=3, H=3)
    """
    mdp = EpisodicMDP.from_finite(dirichlet_mdp(S, A, rng=rng), horizon)
    return dataclasses.replace(mdp, name=_seeded(f"dirichlet-{S}-{A}-h{horizon}", rng))


def combination_lock(horizon: int, n_actions: int = 2, rng: RNGLike = 0) -> EpisodicMDP:
    """A lock: one right action per step keeps state 0 (closed in), any other leads to state 1 (lost) for good.

    Only the last right action pays, 1. The right actions are ``g.integers(n_actions, size=horizon)`` with ``g`` the
    generator. The optimal value is 1, that of uniform play ``n_actions ** -horizon``.

    Source: folklore of exploration; the draws are ours.

    Raises
    ------
    ValueError
        If ``horizon`` < 1 or ``n_actions`` < 2.

    Examples
    --------
    >>> print(combination_lock(3, 2).describe(2, 1, 0))
    step 2, state 1 (lost), action 0: to 1 (lost) with probability 1; reward 0 (deterministic)
    """
    H = validate.integer("horizon", horizon, low=1)
    A = validate.integer("n_actions", n_actions, low=2)
    right = as_generator(rng).integers(A, size=H)
    P, R = np.zeros((H, 2, A, 2)), np.zeros((H, 2, A))
    P[..., 1] = 1.0
    P[np.arange(H), 0, right] = 1.0, 0.0
    R[H - 1, 0, right[H - 1]] = 1.0
    name = _seeded(f"combination-lock-h{H}-a{A}", rng)
    return EpisodicMDP(P, R, H, name=name, state_names=("on the way", "lost"))


def hard_instance(
    S: int = 6, A: int = 2, horizon: int = 8, *, epsilon: float = 0.1, special: tuple[int, int, int] | None = None
) -> EpisodicMDP:
    r"""All doors are coins but one (step, door, action), which is better by ``epsilon``: a learner has to try them all.

    State 0 waits, states 1..D are doors (D = S - 3), S - 2 is good, S - 1 is bad, both for ever. With W =
    (horizon - 1) // 2 (at least 1), action 0 in state 0 waits while step < W - 1; every other action leaves for a door,
    uniformly. Any action at a door leads to good with probability 1/2 (1/2 + epsilon for ``special``), else to bad.
    Good pays 1 from step W + 1 on, so that it does not matter when a door is opened. Hence

    $$V^* = (H - 1 - W) (1/2 + \epsilon / D), \qquad
      V^\pi = (H - 1 - W) (1/2 + \epsilon \Pr_\pi(\text{special})).$$

    The default ``special`` is the last candidate, (W, D, A - 1).

    Source: the structure of [domingues2021episodic] with a uniform choice of the door in place of its tree; values
    derived here.

    Raises
    ------
    ValueError
        If S < 4, A < 2, horizon < 3, ``epsilon`` lies outside [0, 1/2], or ``special`` is no (step in 1..W, door in
        1..D, action).

    Examples
    --------
    >>> print(hard_instance().describe(3, 3, 1))
    step 3, state 3, action 1: to 4 with probability 0.6, to 5 with probability 0.4; reward 0 (deterministic)
    """
    S, A = validate.integer("S", S, low=4), validate.integer("A", A, low=2)
    H = validate.integer("horizon", horizon, low=3)
    epsilon = validate.number("epsilon", epsilon, low=0.0, high=0.5)
    W, D = max(1, (H - 1) // 2), S - 3
    given = (W, D, A - 1) if special is None else special
    if not isinstance(given, tuple) or len(given) != 3:
        raise TypeError(f"special is {given!r}, expected a tuple (step, door, action)")
    step = validate.integer("special[0]", given[0], low=1, high=W)
    door = validate.integer("special[1]", given[1], low=1, high=D)
    action = validate.integer("special[2]", given[2], low=0, high=A - 1)
    P, R = np.zeros((H, S, A, S)), np.zeros((H, S, A))
    P[:, 0, :, 1 : D + 1] = 1.0 / D
    P[: W - 1, 0, 0] = 0.0
    P[: W - 1, 0, 0, 0] = 1.0
    P[:, 1 : D + 1, :, S - 2 :] = 0.5
    P[step, door, action, S - 2 :] = 0.5 + epsilon, 0.5 - epsilon
    P[:, S - 2, :, S - 2] = P[:, S - 1, :, S - 1] = 1.0
    R[W + 1 :, S - 2] = 1.0
    name = f"hard-{S}-{A}-h{H}"
    if epsilon != 0.1:
        name += f"-epsilon{epsilon:g}"
    if special is not None:
        name += f"-special-{step}-{door}-{action}"
    return EpisodicMDP(P, R, H, name=name)


def tiny_episodic() -> EpisodicMDP:
    """Two states, actions and steps, all numbers multiples of 1/4: for outcome trees. The optimal value is 9/8.

    Examples
    --------
    >>> print(tiny_episodic().describe(0, 0, 0))
    step 0, state 0, action 0: to 0 with probability 0.75, to 1 with probability 0.25; reward 0.5 (deterministic)
    """
    P = [
        [[[0.75, 0.25], [0.25, 0.75]], [[0.5, 0.5], [1.0, 0.0]]],
        [[[0.5, 0.5], [0.25, 0.75]], [[1.0, 0.0], [0.5, 0.5]]],
    ]
    R = [[[0.5, 0.0], [0.0, 0.25]], [[0.25, 0.5], [0.0, 1.0]]]
    return EpisodicMDP(np.array(P), np.array(R), name="tiny")


def _seeded(stem: str, rng: RNGLike) -> str:
    return f"{stem}-seed{int(rng)}" if isinstance(rng, (int, np.integer)) else stem
