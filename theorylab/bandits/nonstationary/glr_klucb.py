r"""GLR-klUCB: KL-UCB that restarts when a likelihood-ratio test sees the mean of an arm change.

Setting      K arms with rewards in [0, 1] whose means change at unknown rounds; dynamic regret over T rounds
             [besson2022efficient].
Algorithm    Forced exploration at the rate $\alpha_k = \alpha \sqrt{k}$ in episode k (k - 1 restarts before), else the
             arm with the largest index since its last restart (``theorylab.bandits.nonstationary.restarting``). After a
             play whose round, counted from the arm's last restart, is a multiple of ``every``, the arm's rewards since
             that restart are tested at the level delta over the splits that are multiples of ``spacing``
             (``theorylab.detection.glr``). An alarm restarts all arms (``scope="global"``) or the one that was tested.
Guarantee    With the thresholds "ville" (derived) and "proven" [besson2022efficient, Lemma 2], in a stationary bandit
             $P(\text{any restart}) \le K\delta$: the rewards of one arm are independent and identically distributed in
             its own clock whatever is played, and leaving out tests or splits can only remove alarms. Proposition 3
             (forced plays) always holds. Regret, "proven" and c = 3: [besson2022efficient, Theorem 5],
             $O(\sqrt{Y K T \ln T})$ for fixed gaps under its Assumption 4 (changes far apart), which asks for horizons
             far above $10^5$ on the published instances: no explicit bound is claimed here. "practice", of the
             published tables, has no proof.
Deviations   Those of ``restarting``. Defaults c = 0 and delta = $1/\sqrt{T}$ are the published experiments', every = 1
             and spacing = 1 are not (10 and 5 there, which needs no speed-up here). Ties go to the lowest arm, not to a
             random one.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

from theorylab.bandits.models import BanditModel, PiecewiseStationaryBandit
from theorylab.bandits.nonstationary.restarting import (
    BORN,
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
from theorylab.detection.glr import THRESHOLDS, glr_observe_kernel, glr_restart_kernel, glr_state

__all__ = ["SCOPES", "glr_klucb"]

SCOPES = ("global", "local")


def _glr_klucb(
    world, memory, log, horizon, index, c, alpha, rule, level, every, spacing, local, arms, detectors, restarts,
    periods, environment,
):  # fmt: skip
    """One run; how many restarts.  ``level`` is ln(1/delta)."""
    n_arms = arms.shape[1]
    found, leader = 0, 0
    period = period_kernel(alpha, n_arms)
    for t in range(horizon):
        arm = forced_arm_kernel(t, period, n_arms)
        if arm < 0:
            arm = best_arm_kernel(index, c, t, leader, arms)
            leader = arm
        if t < periods.shape[0]:
            periods[t] = period
        reward = step_kernel(world, memory, log, arm, environment.random())
        reward_kernel(arms, arm, reward)
        due = (t + 1 - int(arms[BORN, arm])) % every == 0
        split = glr_observe_kernel(reward, arm, rule, level, due, spacing, detectors)
        if split > 0:
            restarts[0, found] = t + 1
            restarts[1, found] = arm
            restarts[2, found] = detectors[1][arm, 0]
            restarts[3, found] = split
            found += 1
            for i in range(n_arms):
                if i == arm or not local:
                    forget_kernel(arms, i, t + 1)
                    glr_restart_kernel(i, detectors)
            period = period_kernel(alpha * math.sqrt(found + 1.0), n_arms)
    return found


glr_klucb_kernel = kernel(_glr_klucb)


def glr_klucb(
    bandit: BanditModel,
    horizon: int,
    *,
    scope: str = "global",
    threshold: str = "ville",
    index: str = "kl",
    delta: float | None = None,
    alpha: float | None = None,
    c: float = 0.0,
    every: int = 1,
    spacing: int = 1,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run GLR-klUCB for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Rewards in [0, 1]; the theory speaks of stationary and piecewise-stationary models.
    horizon
        T, the number of rounds.
    scope
        "global": an alarm restarts all arms; "local": only the arm that raised it.
    threshold
        "ville" or "proven" (false alarms bounded), or "practice" (that of the published tables).
    index
        "kl" or "ucb".
    delta
        Level of each arm's test, in (0, 1); :math:`1/\sqrt{T}` by default (1/2 for T < 4).
    alpha
        Rate of forced exploration in the first episode, in [0, 1]; :math:`\min(1, \sqrt{K \ln T/T})` by default.
    c
        Of :math:`f(u) = \ln u + c \ln\ln u`: 3 in the theorem, 0 in the experiments.
    every, spacing
        Rounds between tests, observations between candidate splits.
    checkpoints, rng
        As in :func:`theorylab.bandits.stochastic.ucb1.ucb1`.
    trace
        Keep arms, rewards and the period of the forced exploration in each round.

    Returns
    -------
    BanditRun
        ``restart_times``; ``extra`` has ``alarm_arms``, ``alarm_observations`` (since the arm's last restart) and
        ``alarm_splits`` (those before the best split).  With ``trace=True`` also ``trace["periods"]`` (T,).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits import PiecewiseStationaryBandit
    >>> bandit = PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [500])
    >>> run = glr_klucb(bandit, 1000, rng=1)
    >>> run.restart_times.tolist(), run.extra["alarm_arms"].tolist(), run.notion
    ([518], [0], 'dynamic regret')
    """
    validate.choice("scope", scope, SCOPES)
    rule = THRESHOLDS.index(validate.choice("threshold", threshold, THRESHOLDS))
    kind = INDICES.index(validate.choice("index", index, INDICES))
    every = validate.integer("every", every, low=1, high=2**53)
    spacing = validate.integer("spacing", spacing, low=1, high=2**53)
    c = validate.number("c", c, low=0.0)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    delta = min(0.5, 1.0 / math.sqrt(setup.horizon)) if delta is None else delta
    level = -math.log(validate.confidence("delta", delta))
    rate = exploration_rate(alpha, setup.n_arms, setup.horizon)
    restarts, periods = restart_log(setup.horizon), setup.traced()
    found = glr_klucb_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        kind,
        c,
        rate,
        rule,
        level,
        every,
        spacing,
        scope == "local",
        arm_state(setup.n_arms),
        glr_state(setup.n_arms, setup.horizon, spacing),
        restarts,
        periods,
        setup.environment,
    )
    parameters = {
        "scope": scope,
        "threshold": threshold,
        "index": index,
        "delta": delta,
        "alpha": rate,
        "c": c,
        "every": every,
        "spacing": spacing,
    }
    changing = isinstance(bandit, PiecewiseStationaryBandit)
    return finish(
        setup,
        "glr_klucb",
        parameters,
        theorem=threshold != "practice" and (bandit.stationary or changing),
        trace={"periods": periods},
        restart_times=restarts[0, :found],
        extra=restart_record(restarts, found),
    )
