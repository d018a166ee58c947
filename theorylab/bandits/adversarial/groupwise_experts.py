r"""Groupwise regret: one learner a group, combined by AdaNormalHedge over the groups that a round concerns.

Setting      K experts with losses in [0, 1], all seen; round t concerns the groups g with $G_{t,g} = 1$, which may
             overlap. Regret of group g: loss of the learner minus that of the best expert, over the rounds of g.
Algorithm    Every group has a learner of its own, run on its rounds only: Hedge with $\eta_n = 2 \sqrt{\ln K / n}$ in
             the group's n-th round. The learners of active groups are sleeping experts for AdaNormalHedge, which mixes
             their distributions [acharya2024oracle]. Time and memory are linear in the number of groups.
Guarantee    On every sequence, for all groups at once, $T_g$ the rounds of g and |G| the number of groups: regret of
             g at most $\sqrt{T_g \ln K} + \sqrt{3 T_g (\ln |G| + \ln(5/2 + \frac32 \ln(1 + T_g)) + \ln(1 + \ln
             |G|))}$ (derived here from [luo2015achieving, Theorem 3] and from Hedge, see :func:`groupwise_experts`).
Deviations   The paper leaves the groups' learner open (any algorithm of external regret, an oracle for large classes);
             here it is Hedge on enumerated experts. Rounds that concern no group are refused: add the group of all.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from theorylab.bandits.adversarial.sleeping_experts import weight_kernel
from theorylab.bandits.models import AdversarialBandit
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import COUNTS
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["NOTION", "groupwise_experts"]

NOTION = "largest groupwise regret of the mixture"


def _groupwise(losses, groups, memory, log, past, group_regrets, state, inner, law, learners, probabilities, agent):
    """One run; ``past``, ``group_regrets``, ``inner`` (G, K); ``state`` (4, G): rounds, R, C, loss; ``law`` (K,)."""
    n_groups, n_experts = past.shape
    horizon, times, at = losses.shape[0], log.times, 0
    rate = 2.0 * math.sqrt(math.log(n_experts))
    for t in range(horizon):
        total = 0.0
        for k in range(n_experts):
            law[k] = 0.0
        for g in range(n_groups):
            if groups[t, g] == 0.0:
                continue
            eta, least, mass = rate / math.sqrt(state[0, g] + 1.0), math.inf, 0.0
            for k in range(n_experts):
                least = min(least, past[g, k])
            for k in range(n_experts):
                inner[g, k] = math.exp(-eta * (past[g, k] - least))
                mass += inner[g, k]
            state[3, g] = 0.0
            for k in range(n_experts):
                inner[g, k] /= mass
                state[3, g] += inner[g, k] * losses[t, k]
            total += weight_kernel(state[1, g], state[2, g])
        equal = total == 0.0
        for g in range(n_groups):
            if groups[t, g] > 0.0:
                weight = 1.0 if equal else weight_kernel(state[1, g], state[2, g]) / total
                for k in range(n_experts):
                    law[k] += weight * inner[g, k]
        mass, loss = 0.0, 0.0
        for k in range(n_experts):
            mass += law[k]
        for k in range(n_experts):
            law[k] /= mass
            loss += law[k] * losses[t, k]
        for k in range(n_experts if t < probabilities.shape[0] else 0):
            probabilities[t, k] = law[k]
        for g in range(n_groups if t < learners.shape[0] else 0):
            learners[t, g] = state[3, g]
        left, arm, passed = agent.random(), 0, law[0]
        while left >= passed and arm < n_experts - 1:
            arm += 1
            passed += law[arm]
        while law[arm] == 0.0:  # rounding of the sum led to an expert of no weight
            arm -= 1
        memory[COUNTS + arm] += 1
        log.series[1, 0] += 1.0 - losses[t, arm]
        if t < log.actions.shape[0]:
            log.actions[t] = arm
            log.rewards[t] = 1.0 - losses[t, arm]
        for g in range(n_groups):
            if groups[t, g] > 0.0:
                step = loss - state[3, g]
                state[0, g] += 1.0
                state[1, g] += step
                state[2, g] += abs(step)
                for k in range(n_experts):
                    past[g, k] += losses[t, k]
                    group_regrets[g, k] += loss - losses[t, k]
        if t + 1 == times[at]:
            largest = -math.inf
            for g in range(n_groups):
                for k in range(n_experts):
                    largest = max(largest, group_regrets[g, k])
            log.series[0, at + 1] = largest
            log.series[1, at + 1] = log.series[1, 0]
            at = min(at + 1, times.shape[0] - 1)


groupwise_kernel = kernel(_groupwise)


def groupwise_experts(
    bandit: AdversarialBandit,
    horizon: int,
    *,
    groups: Any,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run learners of groups under AdaNormalHedge for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        An :class:`AdversarialBandit` with ``feedback="full"`` and ``awake=None``: experts never sleep, groups do.
    horizon
        T, at most the length of the table.
    groups
        (T', G) zeros and ones with $T' \ge T$: the groups that each round concerns, at least one.
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms, rewards, probabilities (T, K) and the losses of the learners of active groups (T, G).
    rng
        An int, ``SeedSequence`` or ``Generator``; it decides the arms drawn and nothing else.

    Returns
    -------
    BanditRun
        ``regret`` is the largest regret of a group; ``extra`` has ``group_regrets`` (G,), ``group_rounds`` (G,) and
        ``learner_regrets`` (G,), the regret against each group's own learner.

    Raises
    ------
    TypeError, ValueError
        If the bandit is no table of losses with full feedback, a round concerns no group, or an argument is out of
        range; the message names it.

    Notes
    -----
    The regret of g is that against its learner plus the learner's own. The first is Theorem 3 of [luo2015achieving]
    with $C_g \le T_g$. The second: with decreasing rates $\sum_n \langle p_n, \ell_n \rangle - \min_k L_k \le
    \ln K / \eta_n + \frac18 \sum_{s \le n} \eta_s$ (the potential $\frac1\eta \ln \frac1K \sum_k e^{-\eta L_k}$ does
    not fall in $\eta$, and Hoeffding's lemma), at most $\frac12 \sqrt{n \ln K} + \frac12 \sqrt{n \ln K}$.

    Examples
    --------
    >>> table = AdversarialBandit([[0.0, 1.0], [1.0, 0.0]] * 100, feedback="full")
    >>> run = groupwise_experts(table, 200, groups=[[1, 1, 0], [1, 0, 1]] * 100, rng=1)
    >>> run.extra["group_rounds"].tolist(), bool(run.regret[-1] < 12)
    ([200.0, 100.0, 100.0], True)
    """
    if not isinstance(bandit, AdversarialBandit):
        raise TypeError(f"bandit is {bandit!r}, expected an AdversarialBandit with feedback 'full'")
    if bandit.feedback != "full":
        raise ValueError(f"bandit has feedback {bandit.feedback!r}, expected 'full': all losses are seen")
    if bandit.awake is not None:
        raise ValueError("bandit has a table awake, expected None: groups sleep, experts do not")
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    table = validate.array("groups", groups, ndim=2)
    if len(table) < horizon or table.shape[1] == 0:
        raise ValueError(f"groups has shape {table.shape}, expected at least {horizon} rounds and one group")
    if (bad := np.argwhere((table != 0.0) & (table != 1.0))).size:
        raise ValueError(f"{validate.where('groups', bad[0])} is {table[tuple(bad[0])]:.12g}, expected 0 or 1")
    table = validate.readonly(table[:horizon])
    if (alone := np.flatnonzero(table.max(axis=1) == 0.0)).size:
        raise ValueError(f"groups[{alone[0]}] is zero, expected a group in every round")
    shape = (table.shape[1], setup.n_arms)
    regrets, state = np.zeros(shape), np.zeros((4, shape[0]))
    learners, probabilities = setup.traced(shape[0]), setup.traced(shape[1])
    groupwise_kernel(
        bandit.losses[:horizon],
        table,
        setup.memory,
        setup.log,
        np.zeros(shape),
        regrets,
        state,
        np.zeros(shape),
        setup.work(),
        learners,
        probabilities,
        setup.agent,
    )
    run = finish(
        setup,
        "groupwise_experts",
        {"groups": table},
        theorem=True,
        trace={"probabilities": probabilities, "learner_losses": learners},
        extra={
            "group_regrets": regrets.max(axis=1),
            "group_rounds": state[0].copy(),
            "learner_regrets": state[1].copy(),
            "learner_scales": state[2].copy(),
        },
    )
    return dataclasses.replace(run, regret=setup.log.series[0, 1:].copy(), notion=NOTION)
