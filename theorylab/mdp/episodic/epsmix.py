r"""EpsMix: safe in every episode by one coin between the baseline and the optimistic policy.   [li2023near]

Setting      An episodic MDP with H steps, S states, A actions, a kernel for each step (unknown), known rewards in
             [0, 1]; a baseline policy :math:`\pi^b` and a threshold :math:`\gamma < V^{\pi^b}`.  Every executed policy,
             the coin included, must have :math:`V^{\pi_k} \ge \gamma`.
Algorithm    :math:`\bar\pi` is the optimistic greedy policy and LCB its pessimistic value
             (:mod:`theorylab.mdp.episodic.brackets`); u is the baseline's value when it is known, else its pessimistic
             value.  Play :math:`\bar\pi` with probability :math:`\varepsilon = 1` if :math:`LCB \ge \gamma`, else with
             probability :math:`\varepsilon = (u - \gamma) / (u - LCB)` (0 if :math:`u \le \gamma`), the baseline
             otherwise, from the first step to the last.  :math:`V^{\pi_k} = \varepsilon V^{\bar\pi} +
             (1 - \varepsilon) V^{\pi^b}` is what counts, never the coin's outcome.
             Draws: one of the agent's uniforms for the coin before each episode, also when :math:`\varepsilon = 1`;
             then see :mod:`theorylab.mdp.episodic.play`.
Guarantee    With probability at least :math:`1-\delta` no episode violates.  With :math:`u \le V^{\pi^b}` known, with
             probability at least :math:`1 - 4\delta` also :math:`R_K \le c_0 + c_1\sqrt K + (\Delta_0/(u - \gamma))
             (c_0 + c_1 \sqrt{M})`, where M bounds the greedy plays in episodes with :math:`\varepsilon < 1`; without it
             the bound of StepMix (derived here).   Claims: proofs_checks/epsmix.py
Deviations   The bonus is not the paper's: an L1 bonus with constants that are derived here.  The paper's text could not
             be read; the rule for :math:`\varepsilon` is the one that makes the certificate equal to the threshold.
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
from theorylab.mdp.episodic.play import book_kernel, play_kernel, true_value_kernel
from theorylab.mdp.episodic.record import EpisodicRun
from theorylab.mdp.episodic.tracing import record_kernel, show_kernel

__all__ = ["epsmix", "epsmix_kernel"]


def epsmix(
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
    r"""Run EpsMix for ``episodes`` episodes.

    Parameters
    ----------
    mdp : EpisodicMDP
        Rewards must lie in [0, 1]; the learner knows them, never the transitions.
    episodes : int
        Number of episodes K >= 1.
    baseline
        The safe policy: (H, S) integer actions or (H, S, A) probabilities.
    threshold : float
        :math:`\gamma`, which no executed policy's value may fall below; less than the baseline's value.
    baseline_value : float, optional
        The baseline's value, when the learner may know it, or a lower bound of it, above ``threshold``.  ``None``: the
        learner uses the baseline's pessimistic value.  A value above the true one makes the run unsafe: no theorem
        speaks of it.
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
        Keep what the proof speaks of; ``trace["weights"]`` holds :math:`\varepsilon_k`, and ``trace["switches"]`` is 0
        where the coin fell for the greedy policy, H where it fell for the baseline.
    rng : int, SeedSequence, Generator or None
        Randomness of the environment and of the agent, two separate streams.

    Returns
    -------
    EpisodicRun
        An episode is of the kind "mixture" when :math:`0 < \varepsilon < 1`, whatever the coin says, "greedy" when
        :math:`\varepsilon = 1`, "baseline" when :math:`\varepsilon = 0`.

    Raises
    ------
    TypeError, ValueError
        For rewards outside [0, 1], a baseline that is no policy, a threshold that is not below its value, a
        ``baseline_value`` outside (threshold, H], an unknown ``bonus``, ``delta`` outside (0, 1), a negative
        ``scale``, checkpoints outside 1..episodes, a trace that would be too large.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named_problem
    >>> safe = named_problem("riverswim-4-h10")
    >>> run = epsmix(safe.mdp, 2000, baseline=safe.baseline, threshold=safe.threshold,
    ...              baseline_value=safe.baseline_value, rng=1)
    >>> int(run.violations[-1]), int(run.mixture_episodes[-1]), run.theorems_algorithm
    (0, 2000, True)

    References
    ----------
    [li2023near].
    """
    return run_mixing(
        "epsmix",
        epsmix_kernel,
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


def _epsmix(
    world, episodes, threshold, baseline_value, true_value, log_union, scale, baseline, law, environment, agent, log,
    knowledge, bernstein, buffers, rows,
):  # fmt: skip
    """K episodes; baseline (H, S, A) probabilities and law (H, S, A) cumulative.

    ``baseline_value`` is what the learner knows (NaN: nothing), ``true_value`` serves the books alone; ``bernstein``
    None: the L1 bonus, and nothing else is compiled.
    """
    upper, lower, greedy, value, next_value, states, actions = buffers
    H = greedy.shape[0]
    start = world[5]
    checkpoint = 0
    greedy_value = 0.0
    for k in range(episodes):
        if bernstein is None:
            if optimistic_kernel(knowledge, upper, greedy):
                greedy_value = true_value_kernel(world, greedy, baseline, 0, 0.0, value, next_value)
            pessimistic_kernel(knowledge, greedy, lower)
        elif bernstein_plan_kernel(knowledge, bernstein, upper, lower, greedy):
            greedy_value = true_value_kernel(world, greedy, baseline, 0, 0.0, value, next_value)
        bound = prefix_bound_kernel(knowledge, start, baseline, lower, 0, value)
        epsilon, kind, certificate = 1.0, GREEDY, bound
        if bound < threshold:
            known = baseline_value
            if not baseline_value > threshold:
                if bernstein is None:
                    known = prefix_bound_kernel(knowledge, start, baseline, lower, H, value)
                else:
                    known = bernstein_bound_kernel(
                        knowledge, bernstein, start, baseline, greedy, upper, lower, H, next_value, value
                    )
            epsilon, kind = 0.0, BASELINE
            if known > threshold:
                epsilon, kind = (known - threshold) / (known - bound), MIXTURE
            certificate = epsilon * bound + (1.0 - epsilon) * known
        current = epsilon * greedy_value + (1.0 - epsilon) * true_value
        switch = 0 if agent.random() < epsilon else H
        if k < rows[0].shape[0]:
            record_kernel(
                rows, k, knowledge, baseline, upper, greedy, switch, 0.0, kind, current, bound, certificate,
                value, next_value,
            )  # fmt: skip
            rows[5][k] = epsilon
            if bernstein is not None:
                bernstein_record_kernel(rows, k, knowledge, bernstein, baseline, greedy, switch, 0.0, next_value, value)
        received = play_kernel(world, greedy, law, switch, 0.0, environment, agent, states, actions)
        if k < rows[0].shape[0]:
            show_kernel(rows, k, states, actions)
        learn_kernel(knowledge, log_union, scale, states, actions)
        if bernstein is not None:
            bernstein_learn_kernel(knowledge, bernstein, log_union, scale, states, actions)
        checkpoint = book_kernel(log, k + 1, checkpoint, current, kind, received)


epsmix_kernel = kernel(_epsmix)
