r"""CUCBVI: never below a fraction of the baseline in total, by a certified budget.   [garcelon2020conservative]

Setting      An episodic MDP with H steps, S states, A actions, a kernel for each step (unknown), known rewards in
             [0, 1]; a baseline policy with known value :math:`V^b` and :math:`\alpha \in (0, 1]`.  For all k:
             :math:`\sum_{l \le k} V^{\pi_l} \ge (1-\alpha)\, k V^b`.  A single episode may fall below.
Algorithm    :math:`\bar\pi_k` is the optimistic greedy policy and LCB its pessimistic value
             (:mod:`theorylab.mdp.episodic.brackets`).  The budget :math:`Z_k` adds :math:`LCB_l` for each greedy
             episode l and :math:`V^b` for each episode of the baseline.  Play :math:`\bar\pi_k` if
             :math:`Z_{k-1} + LCB_k \ge (1-\alpha)\, k V^b`, else the baseline.
             Draws: see :mod:`theorylab.mdp.episodic.play`.
Guarantee    With probability at least :math:`1-\delta` the constraint holds for all k; with probability at least
             :math:`1 - 2\delta` the baseline is played at most :math:`N = 1 + (c_0 + H + c_1^2 / (4 (\Delta_0 +
             \alpha V^b))) / (\alpha V^b)` times and :math:`R_K \le c_0 + c_1\sqrt K + \Delta_0 N`
             (derived here).   Claims: proofs_checks/cucbvi.py
Deviations   The paper's rule for finite horizons with an L1 bonus whose constants are derived here; past episodes keep
             the lower bound that they were played with.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

from typing import Any

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
from theorylab.mdp.episodic.online import (
    BASELINE,
    GREEDY,
    TIE,
    begin,
    cumulative_law,
    finish,
    safe_baseline,
    work_arrays,
)
from theorylab.mdp.episodic.play import SLACK, book_kernel, play_kernel, true_value_kernel
from theorylab.mdp.episodic.record import EpisodicRun
from theorylab.mdp.episodic.tracing import make_episodes, record_kernel, show_kernel

__all__ = ["cucbvi", "cucbvi_kernel"]


def cucbvi(
    mdp: EpisodicMDP,
    episodes: int,
    *,
    baseline: Any,
    baseline_value: float,
    alpha: float,
    delta: float = 0.05,
    scale: float = 1.0,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> EpisodicRun:
    r"""Run CUCBVI for ``episodes`` episodes.

    Parameters
    ----------
    mdp : EpisodicMDP
        Rewards must lie in [0, 1]; the learner knows them, never the transitions.
    episodes : int
        Number of episodes K >= 1.
    baseline
        The safe policy: (H, S) integer actions or (H, S, A) probabilities.
    baseline_value : float
        :math:`V^b`, in (0, H].  The rule takes it as known.  A smaller number than the true value is safe (the
        constraint then speaks of that number); a larger one is not, and no theorem speaks of the run.
    alpha : float
        Fraction of :math:`V^b` that may be given up on average, in (0, 1].
    delta : float
        Confidence, in (0, 1).
    scale : float
        Multiplies the bonus.  Anything but 1 is *not the theorem's algorithm* and recorded as such.
    checkpoints : sequence of int, optional
        Episodes at which the run reports; default :func:`theorylab.core.checkpoints.checkpoints`.
    trace : bool
        Keep what the proof speaks of; ``trace["budgets"]`` holds :math:`Z_k` after each episode.
    rng : int, SeedSequence, Generator or None
        Randomness of the environment and of the agent, two separate streams.

    Returns
    -------
    EpisodicRun
        ``threshold`` is :math:`(1-\alpha) V^b`: ``cumulative_violations`` counts the k at which the constraint fails
        (the theorem: none), ``violations`` the single episodes below the threshold (there are some).

    Raises
    ------
    TypeError, ValueError
        For rewards outside [0, 1], a baseline that is no policy or whose value is not above
        :math:`(1-\alpha)` ``baseline_value``, ``alpha`` or ``baseline_value`` out of range, ``delta`` outside (0, 1), a
        negative ``scale``, checkpoints outside 1..episodes, a trace that would be too large.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named_problem
    >>> safe = named_problem("riverswim-4-h10")
    >>> run = cucbvi(safe.mdp, 2000, baseline=safe.baseline, baseline_value=safe.baseline_value, alpha=0.1, rng=1)
    >>> int(run.cumulative_violations[-1]), bool(run.violations[-1] > 0)
    (0, True)
    >>> int(run.greedy_episodes[-1]), int(run.baseline_episodes[-1])
    (200, 1800)

    References
    ----------
    [garcelon2020conservative].
    """
    delta = validate.confidence("delta", delta)
    scale = validate.number("scale", scale, low=0.0)
    alpha = validate.number("alpha", alpha, low=0.0, high=1.0, open_low=True)
    said = validate.number("baseline_value", baseline_value, low=0.0, high=float(_steps(mdp)), open_low=True)
    line = (1.0 - alpha) * said
    setup = begin(mdp, episodes, threshold=line, checkpoints=checkpoints, trace=trace, rng=rng)
    law, true_value = safe_baseline(mdp, baseline, line, name="(1 - alpha) baseline_value")
    H, S, A = setup.shape
    log_union = log_term(S, A, H, delta)
    knowledge = make_knowledge(mdp.R, log_union, scale)
    rows, budgets = make_episodes(setup), setup.traced()
    cucbvi_kernel(
        setup.world, setup.episodes, line, said, log_union, scale, law, cumulative_law(law), setup.environment,
        setup.agent, setup.log, knowledge, work_arrays(H, S), rows, budgets,
    )  # fmt: skip
    return finish(
        setup,
        "cucbvi",
        {"baseline": law, "baseline_value": said, "alpha": alpha, "delta": delta, "scale": scale},
        visits=knowledge.visits,
        theorem=scale == 1.0 and not said > true_value + SLACK,
        trace={**rows._asdict(), "budgets": budgets},
    )


def _steps(mdp: Any) -> int:
    if not isinstance(mdp, EpisodicMDP):
        raise TypeError(f"mdp is of type {type(mdp).__name__}, expected an EpisodicMDP")
    return mdp.horizon


def _cucbvi(
    world, episodes, line, baseline_value, log_union, scale, baseline, law, environment, agent, log, knowledge,
    buffers, rows, budgets,
):  # fmt: skip
    """K episodes; baseline (H, S, A) probabilities and law (H, S, A) cumulative; ``line`` is (1 - alpha) V^b.

    The sum of the lower bounds and the multiple of the line tie often (both are multiples of V^b while all lower bounds
    are 0): a difference within TIE an episode is a tie, and then the greedy policy is played.
    """
    upper, lower, greedy, value, next_value, states, actions = buffers
    H = greedy.shape[0]
    start = world[5]
    checkpoint = 0
    budget = 0.0
    greedy_value = 0.0
    fixed_value = true_value_kernel(world, greedy, baseline, H, 0.0, value, next_value)
    for k in range(episodes):
        if optimistic_kernel(knowledge, upper, greedy):
            greedy_value = true_value_kernel(world, greedy, baseline, 0, 0.0, value, next_value)
        pessimistic_kernel(knowledge, greedy, lower)
        bound = prefix_bound_kernel(knowledge, start, baseline, lower, 0, value)
        switch, kind, certificate, current = 0, GREEDY, bound, greedy_value
        if budget + bound < (line - TIE) * (k + 1):
            switch, kind, certificate, current = H, BASELINE, baseline_value, fixed_value
        budget += certificate
        if k < rows[0].shape[0]:
            record_kernel(
                rows, k, knowledge, baseline, upper, greedy, switch, 0.0, kind, current, bound, certificate,
                value, next_value,
            )  # fmt: skip
            budgets[k] = budget
        received = play_kernel(world, greedy, law, switch, 0.0, environment, agent, states, actions)
        if k < rows[0].shape[0]:
            show_kernel(rows, k, states, actions)
        learn_kernel(knowledge, log_union, scale, states, actions)
        checkpoint = book_kernel(log, k + 1, checkpoint, current, kind, received)


cucbvi_kernel = kernel(_cucbvi)
