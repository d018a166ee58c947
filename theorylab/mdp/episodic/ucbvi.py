r"""UCBVI with an L1 bonus: optimistic value iteration with a certified bracket of every policy.   [azar2017minimax]

Setting      An episodic MDP with H steps, S states, A actions, a kernel for each step (unknown), known rewards in
             [0, 1]; K episodes.  Regret :math:`\sum_k (V^* - V^{\pi_k})`, every value exact.
Algorithm    Before each episode, backward induction on
             :math:`\bar Q_h = \min(H-h, r + b + \hat p_h \bar V_{h+1})`; play the greedy policy.  The bonus is that of
             :mod:`theorylab.mdp.episodic.brackets`.  Draws: see :mod:`theorylab.mdp.episodic.play`.
Guarantee    :math:`R_K \le c_0 + c_1 \sqrt K` with probability at least :math:`1 - 2\delta`, for all K at once
             (derived here).   Claims: proofs_checks/ucbvi.py
Deviations   From [azar2017minimax]: a kernel for each step instead of one for all; the L1 bonus, whose constants are
             derived here.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike
from theorylab.mdp.episodic.brackets import (
    learn_kernel,
    log_term,
    make_knowledge,
    optimistic_kernel,
    pessimistic_kernel,
    prefix_bound_kernel,
)
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.online import GREEDY, begin, finish, work_arrays
from theorylab.mdp.episodic.play import book_kernel, play_kernel, true_value_kernel
from theorylab.mdp.episodic.record import EpisodicRun
from theorylab.mdp.episodic.tracing import make_episodes, record_kernel, show_kernel
from theorylab.mdp.episodic.ucbvi_stationary import STATIONARY_BONUSES, ucbvi_stationary

__all__ = ["ucbvi", "ucbvi_kernel"]


def ucbvi(
    mdp: EpisodicMDP,
    episodes: int,
    *,
    bonus: str = "l1",
    delta: float = 0.05,
    scale: float = 1.0,
    threshold: float | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> EpisodicRun:
    r"""Run UCBVI for ``episodes`` episodes.

    Parameters
    ----------
    mdp : EpisodicMDP
        Mean rewards in [0, 1], known to the learner; its transitions are not.
    episodes : int
        Number of episodes K >= 1.
    bonus : str
        "l1": the one whose constants are derived.  "hoeffding" and "bernstein" are the published UCBVI, constants
        recalled, with counts that all steps share: :func:`theorylab.mdp.episodic.ucbvi_stationary.ucbvi_stationary`.
    delta : float
        Confidence, in (0, 1).
    scale : float
        Multiplies the bonus.  Anything but 1 is *not the theorem's algorithm* and recorded as such.
    threshold : float, optional
        Not used by the learner: the record counts the episodes whose policy is worth less.
    checkpoints : sequence of int, optional
        Episodes at which the run reports; default :func:`theorylab.core.checkpoints.checkpoints`.
    trace : bool
        Keep what the proof speaks of: :class:`theorylab.mdp.episodic.tracing.Episodes`.
    rng : int, SeedSequence, Generator or None
        Randomness of the environment and of the coins, from separate streams.

    Returns
    -------
    EpisodicRun
        Exact regret and value of the executed policies at the checkpoints, violations, kinds of episodes, visits.

    Raises
    ------
    TypeError
        If ``mdp`` is no EpisodicMDP.
    ValueError
        For rewards outside [0, 1] (named with their index), ``episodes`` below 1, ``delta`` outside (0, 1), a negative
        ``scale``, checkpoints outside 1..episodes, an unknown ``bonus``, or one of the published ones on a model whose
        transitions depend on the step.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named
    >>> run = ucbvi(named("riverswim-6-h20"), 2_000, rng=1)
    >>> round(run.optimal_value, 8), bool(0 < run.regret[-1] < 2_000 * run.optimal_value)
    (3.39726396, True)

    References
    ----------
    [azar2017minimax]; the L1 bonus and its constants: docs/theorem-p.md.
    """
    if validate.choice("bonus", bonus, ("l1", *STATIONARY_BONUSES)) != "l1":
        return ucbvi_stationary(
            mdp, episodes, bonus=bonus, delta=delta, scale=scale, threshold=threshold, checkpoints=checkpoints,
            trace=trace, rng=rng,
        )  # fmt: skip
    delta = validate.confidence("delta", delta)
    scale = validate.number("scale", scale, low=0.0)
    setup = begin(mdp, episodes, threshold=threshold, checkpoints=checkpoints, trace=trace, rng=rng)
    H, S, A = setup.shape
    log_union = log_term(S, A, H, delta)
    knowledge = make_knowledge(mdp.R, log_union, scale)
    rows = make_episodes(setup)
    ucbvi_kernel(
        setup.world, setup.episodes, log_union, scale, np.zeros((H, S, A)), setup.environment, setup.agent, setup.log,
        knowledge, work_arrays(H, S), rows,
    )  # fmt: skip
    return finish(
        setup,
        "ucbvi",
        {"bonus": "l1", "delta": delta, "scale": scale},
        visits=knowledge.visits,
        theorem=scale == 1.0,
        trace=rows._asdict(),
    )


def _ucbvi(world, episodes, log_union, scale, law, environment, agent, log, knowledge, buffers, rows):
    """K episodes; ``law`` (H, S, A) of a baseline that is never played; buffers of ``work_arrays``."""
    upper, lower, greedy, value, next_value, states, actions = buffers
    checkpoint = 0
    current = 0.0
    for k in range(episodes):
        if optimistic_kernel(knowledge, upper, greedy):
            current = true_value_kernel(world, greedy, law, 0, 0.0, value, next_value)
        if k < rows[0].shape[0]:
            pessimistic_kernel(knowledge, greedy, lower)
            bound = prefix_bound_kernel(knowledge, world[5], law, lower, 0, value)
            record_kernel(
                rows, k, knowledge, law, upper, greedy, 0, 0.0, GREEDY, current, bound, bound, value, next_value
            )
        received = play_kernel(world, greedy, law, 0, 0.0, environment, agent, states, actions)
        if k < rows[0].shape[0]:
            show_kernel(rows, k, states, actions)
        learn_kernel(knowledge, log_union, scale, states, actions)
        checkpoint = book_kernel(log, k + 1, checkpoint, current, GREEDY, received)


ucbvi_kernel = kernel(_ucbvi)
