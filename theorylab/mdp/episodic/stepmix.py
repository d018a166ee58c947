r"""StepMix: safe in every episode by mixing the baseline with the optimistic policy at one step.   [li2023near]

Setting      An episodic MDP with H steps, S states, A actions, a kernel for each step (unknown), known rewards in
             [0, 1]; a baseline policy :math:`\pi^b` and a threshold :math:`\gamma < V^{\pi^b}`.  Every executed policy
             must have :math:`V^{\pi_k} \ge \gamma`.
Algorithm    :math:`\bar\pi` is the optimistic greedy policy, :math:`\pi^{h_0}` follows the baseline for the first
             :math:`h_0` steps and :math:`\bar\pi` after them, LCB is the pessimistic value
             (:mod:`theorylab.mdp.episodic.brackets`).  If LCB(0) reaches the threshold, play :math:`\bar\pi`; else,
             with the first :math:`h_0` whose LCB does, mix at that step: the greedy action with probability
             :math:`\rho = (LCB(h_0) - \gamma) / (LCB(h_0) - LCB(h_0 - 1))`, the baseline's else.  If none does, play
             the baseline.  With ``baseline_value`` LCB(H) is that value, and some :math:`h_0` always qualifies.
             Draws: see :mod:`theorylab.mdp.episodic.play`.
Guarantee    With probability at least :math:`1-\delta` no episode violates; with probability at least
             :math:`1 - 3\delta` also :math:`R_K \le c_0 + c_1\sqrt K + \Delta_0 N` where
             :math:`N \le ((c_1 + \sqrt{c_1^2 + 4\kappa c_0}) / (2\kappa))^2` counts the episodes that are not greedy
             (derived here; :math:`\kappa = V^b - \gamma`).   Claims: proofs_checks/stepmix.py
Deviations   The bonus is not the paper's: an L1 bonus with constants that are derived here.  The order of the mixture
             (baseline first) is part of the derivation; the paper's text could not be read.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

from typing import Any

from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike
from theorylab.mdp.episodic.bernstein import (
    bernstein_bound_kernel,
    bernstein_learn_kernel,
    bernstein_plan_kernel,
    bernstein_record_kernel,
)
from theorylab.mdp.episodic.brackets import (
    ceiling_kernel,
    learn_kernel,
    optimistic_kernel,
    pessimistic_kernel,
    prefix_bound_kernel,
)
from theorylab.mdp.episodic.mixing import run_mixing
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.online import (
    BASELINE,
    GREEDY,
    MIXTURE,
)
from theorylab.mdp.episodic.play import SLACK, book_kernel, play_kernel, true_value_kernel
from theorylab.mdp.episodic.record import EpisodicRun
from theorylab.mdp.episodic.tracing import record_kernel, show_kernel

__all__ = ["stepmix", "stepmix_kernel"]


def stepmix(
    mdp: EpisodicMDP,
    episodes: int,
    *,
    baseline: Any,
    threshold: float,
    baseline_value: float | None = None,
    bonus: str = "l1",
    delta: float = 0.05,
    scale: float = 1.0,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> EpisodicRun:
    r"""Run StepMix for ``episodes`` episodes.

    Parameters
    ----------
    mdp : EpisodicMDP
        Mean rewards in [0, 1], known to the learner; its transitions are not.
    episodes : int
        Number of episodes K >= 1.
    baseline : array
        The baseline policy: (H, S) actions or (H, S, A) probabilities.
    threshold : float
        What every executed policy must be worth, below the baseline's value.
    baseline_value : float, optional
        A lower bound of the baseline's value that the learner is told, above the threshold; by default it knows the
        baseline's pessimistic value only.  One above the true value voids the theorem, and the record says so.
    bonus : "l1" or "bernstein"
        "bernstein" takes the brackets of :mod:`theorylab.mdp.episodic.bernstein`: constants recalled, so that such a
        run is *not the theorem's algorithm* and recorded as such.
    delta : float
        Confidence, in (0, 1).
    scale : float
        Multiplies the bonus.  Anything but 1 is *not the theorem's algorithm* and recorded as such.
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
        Before any step: for rewards outside [0, 1], a baseline that is no policy (named with its index), a threshold
        that is not below the baseline's value, ``baseline_value`` not above the threshold, ``episodes`` below 1,
        ``delta`` outside (0, 1), a negative ``scale`` or an unknown ``bonus``.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named_problem
    >>> safe = named_problem("tiny")
    >>> run = stepmix(safe.mdp, 5_000, baseline=safe.baseline, threshold=safe.threshold, rng=1)
    >>> int(run.violations[-1]), bool(run.greedy_episodes[-1] > 4_000)
    (0, True)

    References
    ----------
    [li2023near]; the constants and their proof are ours: docs/theorem-p.md.
    """
    return run_mixing(
        "stepmix",
        stepmix_kernel,
        mdp,
        episodes,
        baseline=baseline,
        threshold=threshold,
        baseline_value=baseline_value,
        bonus=bonus,
        delta=delta,
        scale=scale,
        checkpoints=checkpoints,
        trace=trace,
        rng=rng,
    )


def _stepmix(
    world, episodes, threshold, baseline_value, true_value, log_union, scale, baseline, law, environment, agent, log,
    knowledge, bernstein, buffers, rows,
):  # fmt: skip
    """K episodes; baseline (H, S, A) probabilities and law (H, S, A) cumulative; baseline_value NaN when not known.

    true_value is not used; bernstein None: the L1 bonus, and nothing else is compiled.
    """
    upper, lower, greedy, value, next_value, states, actions = buffers
    H = greedy.shape[0]
    start = world[5]
    checkpoint, played_switch = 0, -1
    current, played_rho = 0.0, 0.0
    for k in range(episodes):
        if bernstein is None:
            changed = optimistic_kernel(knowledge, upper, greedy)
            pessimistic_kernel(knowledge, greedy, lower)
        else:
            changed = bernstein_plan_kernel(knowledge, bernstein, upper, lower, greedy)
        greedy_bound = prefix_bound_kernel(knowledge, start, baseline, lower, 0, value)
        switch, rho, kind, certificate = 0, 0.0, GREEDY, greedy_bound
        if greedy_bound < threshold:
            switch, kind = H, BASELINE
            previous, first = greedy_bound, 1
            if bernstein is None and H > 1 and ceiling_kernel(knowledge, start, value) < threshold - SLACK:
                first = H  # no policy's lower bound reaches the threshold, so no shorter prefix does
                previous = prefix_bound_kernel(knowledge, start, baseline, lower, H - 1, value)
            for candidate in range(first, H + 1):
                if bernstein is None:
                    bound = prefix_bound_kernel(knowledge, start, baseline, lower, candidate, value)
                else:
                    bound = bernstein_bound_kernel(
                        knowledge, bernstein, start, baseline, greedy, upper, lower, candidate, next_value, value
                    )
                if candidate == H and baseline_value > threshold:
                    bound = baseline_value
                if bound >= threshold:
                    switch, kind = candidate, MIXTURE
                    rho = (bound - threshold) / (bound - previous)
                    certificate = (1.0 - rho) * bound + rho * previous
                    break
                previous = bound
            if kind == BASELINE:
                certificate = previous
        renewed = changed and (switch < H or rho > 0.0)  # the baseline alone does not care
        if renewed or switch != played_switch or rho != played_rho:
            current = true_value_kernel(world, greedy, baseline, switch, rho, value, next_value)
            played_switch, played_rho = switch, rho
        if k < rows[0].shape[0]:
            record_kernel(
                rows, k, knowledge, baseline, upper, greedy, switch, rho, kind, current, greedy_bound, certificate,
                value, next_value,
            )  # fmt: skip
            if bernstein is not None:
                bernstein_record_kernel(rows, k, knowledge, bernstein, baseline, greedy, switch, rho, next_value, value)
        received = play_kernel(world, greedy, law, switch, rho, environment, agent, states, actions)
        if k < rows[0].shape[0]:
            show_kernel(rows, k, states, actions)
        learn_kernel(knowledge, log_union, scale, states, actions)
        if bernstein is not None:
            bernstein_learn_kernel(knowledge, bernstein, log_union, scale, states, actions)
        checkpoint = book_kernel(log, k + 1, checkpoint, current, kind, received)


stepmix_kernel = kernel(_stepmix)
