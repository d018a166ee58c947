r"""R-BOCPD-UCB: UCB that restarts when a Bayesian change-point detector sees the mean of an arm change.

Setting      K arms with rewards in [0, 1] whose means change at unknown rounds; dynamic regret over T rounds
             [alami2022bayesian].
Algorithm    Forced exploration at the constant rate alpha, else the arm with the largest index since its last restart
             (``theorylab.bandits.nonstationary.restarting``). Each arm has a detector of two symbols
             (``theorylab.detection``), which reads every reward of the arm; a reward r within (0, 1) is read as 1 with
             probability r, a coin of the agent's stream. In phase j (j - 1 restarts before) each of the K detectors has
             the level $\delta/(K j (j + 1))$. An alarm restarts all arms and detectors (``scope="global"``), or the arm
             alone, whose own restarts then count its phases (``"local"``).
Guarantee    With the rules "theorem_r" and "ville": P(any alarm of an arm whose mean has not changed since its last
             restart) <= delta, over all arms, rounds and phases: Theorem R of ``theorylab.mdp.average_reward.rbocpd``
             in each arm's own clock, and $\sum_j 1/(j (j + 1)) = 1$. The delay after a change is that of Theorem D, in
             plays of the arm (:func:`theorylab.detection.rbocpd_bounds.delay_bound`), with the spacing of the
             candidates where an arm has had more plays than ``slots``. Regret: nothing is claimed.
             "paper" (weight 1/n) restarts falsely far more often than delta; "code" (1/T, the authors' script) about
             as often as 5% allows at some horizons and more often than Theorem R's weight (measured).
Deviations   The published detector has the weight 1/n, no levels and no phases (``rule="paper"``). The published
             forced exploration is a random arm with probability alpha (recalled); here it is round robin. Those of
             ``restarting``.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.bandits.models import BanditModel, PiecewiseStationaryBandit
from theorylab.bandits.nonstationary.restarting import (
    INDICES,
    arm_state,
    best_arm_kernel,
    exploration_rate,
    forced_arm_kernel,
    forget_kernel,
    period_kernel,
    restart_log,
    restart_record,
    reward_kernel,
)
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike
from theorylab.detection.detector import CODE, LARGEST_COUNT, RULES, detector_state, observe_kernel, restart_kernel

__all__ = ["default_slots", "rbocpd_ucb"]

SCOPES = ("global", "local")
MOST_SLOTS = 512  # candidates of one detector: a play costs half a nanosecond for each, and 512 are hardly slower
DETECTOR_BYTES = 256_000_000


def default_slots(horizon: int, n_arms: int) -> int:
    """Candidate splits kept by each detector: all while they fit into 512, and all detectors into 256 MB.

    Examples
    --------
    >>> default_slots(100, 3), default_slots(100_000, 3), default_slots(100_000, 100_000)
    (100, 512, 80)
    """
    return max(2, min(horizon, MOST_SLOTS, DETECTOR_BYTES // (32 * n_arms)))


def _symbol(reward, agent):
    """The reward as 0 or 1; a coin is tossed only where it is neither."""
    if reward == 0.0 or reward == 1.0:
        return int(reward)
    return 1 if agent.random() < reward else 0


symbol_kernel = kernel(_symbol)


def _limit(rule, n_arms, phase, delta, horizon):
    """1 / level of one detector after ``phase`` restarts."""
    if rule == CODE:
        return float(horizon)
    return n_arms * (phase + 1.0) * (phase + 2.0) / delta


limit_kernel = kernel(_limit)


def _rbocpd_ucb(
    world, memory, log, horizon, index, c, alpha, rule, delta, every, local, arms, detectors, limits, phases, restarts,
    symbols, environment, agent,
):  # fmt: skip
    """One run; how many restarts."""
    n_arms = arms.shape[1]
    totals, before, position, evidence, state = detectors
    found, leader = 0, 0
    period = period_kernel(alpha, n_arms)
    for i in range(n_arms):
        limits[i] = limit_kernel(rule, n_arms, phases[i], delta, horizon)
    for t in range(horizon):
        arm = forced_arm_kernel(t, period, n_arms)
        if arm < 0:
            arm = best_arm_kernel(index, c, t, leader, arms)
            leader = arm
        reward = step_kernel(world, memory, log, arm, environment.random())
        reward_kernel(arms, arm, reward)
        symbol = symbol_kernel(reward, agent)
        if t < symbols.shape[0]:
            symbols[t] = symbol
        split = observe_kernel(symbol, arm, rule, limits[arm], every, totals, before, position, evidence, state)
        if split > 0:
            restarts[0, found] = t + 1
            restarts[1, found] = arm
            restarts[2, found] = state[arm, 0]
            restarts[3, found] = split
            found += 1
            for i in range(n_arms):
                if i == arm or not local:
                    forget_kernel(arms, i, t + 1)
                    restart_kernel(i, 1, totals, state)
                    phases[i] += 1
                    limits[i] = limit_kernel(rule, n_arms, phases[i], delta, horizon)
    return found


rbocpd_ucb_kernel = kernel(_rbocpd_ucb)


def rbocpd_ucb(
    bandit: BanditModel,
    horizon: int,
    *,
    rule: str = "theorem_r",
    scope: str = "global",
    index: str = "ucb",
    delta: float = 0.05,
    alpha: float | None = None,
    c: float = 0.0,
    every: int = 1,
    slots: int | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run R-BOCPD-UCB for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Rewards in [0, 1]; the theory speaks of stationary and piecewise-stationary models.
    horizon
        T, the number of rounds.
    rule
        Prior weight of the detectors: "theorem_r", "ville", "dirichlet_prior", "paper" (1/n) or "code" (1/T).
    scope
        "global": an alarm restarts all arms; "local": only the arm that raised it.
    index
        "ucb" or "kl".
    delta
        Probability of any false restart, in (0, 1).
    alpha
        Constant rate of forced exploration in [0, 1]; :math:`\min(1, \sqrt{K \ln T/T})` by default.
    c
        Of :math:`f(u) = \ln u + c \ln\ln u`.
    every
        A detector is tested when the number of its observations is a multiple of this.
    slots
        Candidate splits kept by each detector, at least 2; by default :func:`default_slots`.
    checkpoints, rng
        As in :func:`theorylab.bandits.stochastic.ucb1.ucb1`.
    trace
        Keep arms, rewards and the symbols that the detectors read.

    Returns
    -------
    BanditRun
        ``restart_times``; ``extra`` has ``alarm_arms``, ``alarm_observations`` (since the arm's last restart) and
        ``alarm_splits`` (those before the best split).  With ``trace=True`` also ``trace["symbols"]`` (T,).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits import PiecewiseStationaryBandit
    >>> bandit = PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [500])
    >>> run = rbocpd_ucb(bandit, 1000, rng=1)
    >>> len(run.restart_times), bool(500 < run.restart_times[0] < 600)
    (1, True)
    """
    code = RULES[validate.choice("rule", rule, tuple(RULES))]
    local = validate.choice("scope", scope, SCOPES) == "local"
    kind = INDICES.index(validate.choice("index", index, INDICES))
    delta = validate.confidence("delta", delta)
    every = min(validate.integer("every", every, low=1), LARGEST_COUNT)
    c = validate.number("c", c, low=0.0)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    rate = exploration_rate(alpha, setup.n_arms, setup.horizon)
    kept = default_slots(setup.horizon, setup.n_arms)
    if slots is not None:
        kept = validate.integer("slots", slots, low=2, high=max(2, 8 * DETECTOR_BYTES // (32 * setup.n_arms)))
    restarts, symbols = restart_log(setup.horizon), setup.traced()
    found = rbocpd_ucb_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        kind,
        c,
        rate,
        code,
        delta,
        every,
        local,
        arm_state(setup.n_arms),
        detector_state(setup.n_arms, 2, kept),
        setup.work(),
        np.zeros(setup.n_arms, np.int64),
        restarts,
        symbols,
        setup.environment,
        setup.agent,
    )
    parameters = {
        "rule": rule,
        "scope": scope,
        "index": index,
        "delta": delta,
        "alpha": rate,
        "c": c,
        "every": every,
        "slots": kept,
    }
    changing = isinstance(bandit, PiecewiseStationaryBandit)
    return finish(
        setup,
        "rbocpd_ucb",
        parameters,
        theorem=rule in ("theorem_r", "ville") and (bandit.stationary or changing),
        trace={"symbols": symbols},
        restart_times=restarts[0, :found],
        extra=restart_record(restarts, found),
    )
