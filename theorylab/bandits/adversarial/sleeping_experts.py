r"""Sleeping experts: regret against every expert on the rounds in which it is awake, for all of them at once.

Setting      N experts with losses in [0, 1], all seen; expert i is awake in round t with confidence $I_{t,i} \in [0,
             1]$. The learner puts a distribution on awake experts and suffers its mean loss $\hat\ell_t$. Regret
             against i: $R_i = \sum_t I_{t,i} (\hat\ell_t - \ell_{t,i})$. Experts may be groups: awake when the group
             is concerned.
Algorithm    ``adanormalhedge`` [luo2015achieving]: $p_{t,i} \propto I_{t,i} w(R_i, C_i)$ with
             $w(R, C) = (\Phi(R + 1, C + 1) - \Phi(R - 1, C + 1)) / 2$, $\Phi(R, C) = e^{[R]_+^2 / (3C)}$,
             $\Phi(0, 0) = 1$, $C_i = \sum_t |r_{t,i}|$ the sum of instantaneous regrets; no parameter.
             ``sleeping_hedge``: $p_t$ is the weights of awake experts, renormalised; awake weights are multiplied by
             $e^{-\eta \ell_{t,i}}$ and rescaled so that their total is what it was; asleep weights stay.
Guarantee    On every sequence. ``adanormalhedge``: for every distribution u on experts, with
             $B = 1 + \frac{3}{2N} \sum_i (1 + \ln(1 + C_i)) \le 5/2 + \frac32 \ln(1 + T)$,
             $\sum_i u_i R_i \le \sqrt{3 \langle u, C \rangle (RE(u \| 1/N) + \ln B + \ln(1 + \ln N))}$
             [luo2015achieving, Theorems 1 and 3]; the last logarithm is not needed (derived here, see
             :func:`sleeping_experts`). ``sleeping_hedge``: $R_i \le \ln N / \eta + \eta T_i / 8$ for all i at once,
             $T_i$ the number of rounds in which i is awake (derived here).
Deviations   Where all awake weights of AdaNormalHedge vanish (the paper: any distribution), awake experts share in
             proportion to their confidences. Sleeping Hedge keeps logarithms of weights. An arm is drawn from $p_t$ for
             the record's pulls; regret is that of the distributions.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models import AdversarialBandit
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import COUNTS
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["METHODS", "NOTION", "sleeping_experts"]

METHODS = ("adanormalhedge", "sleeping_hedge")
ADANORMALHEDGE, SLEEPING_HEDGE = 0, 1
NOTION = "sleeping regret of the mixture"


def _potential(regret, scale):
    """Phi of AdaNormalHedge; Phi(0, 0) = 1."""
    if regret <= 0.0:
        return 1.0
    return math.exp(regret * regret / (3.0 * scale))


potential_kernel = kernel(_potential)


def _weight(regret, scale):
    """The discrete derivative of the potential in the regret: w(R, C)."""
    return 0.5 * (potential_kernel(regret + 1.0, scale + 1.0) - potential_kernel(regret - 1.0, scale + 1.0))


weight_kernel = kernel(_weight)


def _sleeping(method, eta, losses, awake, memory, log, regrets, scales, law, suffered, probabilities, states, agent):
    """One run; ``regrets``, ``scales`` (N,): R and C, or log-weights in the place of C; ``suffered`` (C,)."""
    n_experts, horizon, times = regrets.shape[0], losses.shape[0], log.times
    traced, at, total_loss = probabilities.shape[0], 0, 0.0
    for t in range(horizon):
        total = 0.0
        top = -math.inf
        if method == SLEEPING_HEDGE:
            for i in range(n_experts):
                if awake[t, i] > 0.0:
                    top = max(top, scales[i])
        for i in range(n_experts):
            law[i] = 0.0
            if awake[t, i] > 0.0:
                if method == ADANORMALHEDGE:
                    law[i] = awake[t, i] * weight_kernel(regrets[i], scales[i])
                else:
                    law[i] = math.exp(scales[i] - top)
                total += law[i]
        if total == 0.0:  # all awake regrets are at most -1: any distribution on them will do
            for i in range(n_experts):
                law[i] = awake[t, i]
                total += law[i]
        loss = 0.0
        for i in range(n_experts):
            law[i] /= total
            loss += law[i] * losses[t, i]
        total_loss += loss
        if t < traced:
            for i in range(n_experts):
                probabilities[t, i] = law[i]
                states[t, 0, i] = regrets[i]
                states[t, 1, i] = scales[i]
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
        mix = 0.0
        if method == SLEEPING_HEDGE:
            for i in range(n_experts):
                mix += law[i] * math.exp(-eta * losses[t, i])
            mix = -math.log(mix)  # eta times the mix loss: rescaling keeps the awake total
        for i in range(n_experts):
            if awake[t, i] > 0.0:
                step = awake[t, i] * (loss - losses[t, i])
                regrets[i] += step
                if method == ADANORMALHEDGE:
                    scales[i] += abs(step)
                else:
                    scales[i] += mix - eta * losses[t, i]
        if t + 1 == times[at]:
            largest = -math.inf
            for i in range(n_experts):
                largest = max(largest, regrets[i])
            log.series[0, at + 1] = largest
            log.series[1, at + 1] = log.series[1, 0]
            suffered[at] = total_loss
            at = min(at + 1, times.shape[0] - 1)


sleeping_kernel = kernel(_sleeping)


def sleeping_experts(
    bandit: AdversarialBandit,
    horizon: int,
    *,
    method: str = "adanormalhedge",
    eta: float | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run sleeping experts for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        An :class:`AdversarialBandit` with ``feedback="full"``; ``awake=None`` means always awake. In every round some
        expert must be awake; "sleeping_hedge" takes no confidences other than 0 and 1.
    horizon
        T, at most the length of the table.
    method
        "adanormalhedge" or "sleeping_hedge".
    eta
        Rate of Sleeping Hedge, by default $\sqrt{8 \ln N / T}$; any rate has its guarantee. Not for AdaNormalHedge.
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms, rewards, probabilities and the state before every round.
    rng
        An int, ``SeedSequence`` or ``Generator``; it decides the arms drawn and nothing else.

    Returns
    -------
    BanditRun
        ``regret`` is the largest $R_i$; ``extra`` has ``regrets`` (N,), ``awake_rounds`` (N,) $= \sum_t I_{t,i}$,
        ``scales`` (N,) $= C_i$ (AdaNormalHedge) or the log-weights, and ``mixture_loss`` (C,). With ``trace=True`` also
        ``trace["probabilities"]`` (T, N), ``trace["regrets"]`` (T, N) and ``trace["scales"]`` (T, N), before each
        round.

    Raises
    ------
    TypeError, ValueError
        If the bandit is no table of losses with full feedback, nobody is awake in a round, or an argument is out of
        range; the message names it.

    Notes
    -----
    AdaNormalHedge: $\Phi(R + r, C + |r|) \le \Phi(R, C) + w(R, C) r + \frac{3|r|}{2(C + 1)}$ for $|r| \le 1$
    [luo2015achieving], and $\sum_i I_i w_i r_i = 0$ by the choice of p; summed, $\frac1N \sum_i \Phi(R_i, C_i)
    \le B$. Jensen's inequality gives $\sum_i u_i [R_i]_+^2 / (3 C_i) \le RE(u \| 1/N) + \ln B$, Cauchy-Schwarz the
    rest. Sleeping Hedge: the weights sum to 1 for ever, so $0 \ge \ln w_i = -\ln N + \eta \sum_{t : i\,awake} (m_t -
    \ell_{t,i})$ with the mix loss $m_t \ge \hat\ell_t - \eta/8$ (Hoeffding's lemma).

    Examples
    --------
    >>> losses = [[0.0, 1.0], [1.0, 0.0]] * 50
    >>> table = AdversarialBandit(losses, awake=[[1, 0], [1, 1]] * 50, feedback="full")
    >>> run = sleeping_experts(table, 100, rng=1)
    >>> run.notion, run.extra["awake_rounds"].tolist(), bool(run.regret[-1] < 25)
    ('sleeping regret of the mixture', [100.0, 50.0], True)
    """
    validate.choice("method", method, METHODS)
    table, awake = _tables(bandit, method)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    table, awake = table[:horizon], awake[:horizon]
    used, n = _rate(method, eta, setup.n_arms, setup.horizon), setup.n_arms
    regrets, scales = np.zeros(n), np.full(n, -math.log(n) if method == "sleeping_hedge" else 0.0)
    suffered, probabilities, states = np.zeros(len(setup.log.times)), setup.traced(n), setup.traced(2, n)
    sleeping_kernel(
        METHODS.index(method),
        used,
        table,
        awake,
        setup.memory,
        setup.log,
        regrets,
        scales,
        setup.work(),
        suffered,
        probabilities,
        states,
        setup.agent,
    )
    run = finish(
        setup,
        "sleeping_experts",
        {"method": method, "eta": used if method == "sleeping_hedge" else None},
        theorem=True,
        trace={"probabilities": probabilities, "regrets": states[:, 0], "scales": states[:, 1]},
        extra={
            "regrets": regrets,
            "scales": scales,
            "awake_rounds": awake.sum(axis=0),
            "mixture_loss": suffered,
        },
    )
    return dataclasses.replace(run, regret=setup.log.series[0, 1:].copy(), notion=NOTION)


def _rate(method: str, eta: float | None, n_experts: int, horizon: int) -> float:
    if method == "adanormalhedge":
        if eta is not None:
            raise ValueError(f"eta is {eta!r}, expected None: AdaNormalHedge has no rate")
        return 0.0
    if eta is None:
        return math.sqrt(8.0 * math.log(n_experts) / horizon)
    return validate.number("eta", eta, low=0.0, high=1e6)


def _tables(bandit: Any, method: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Losses and confidences; somebody is awake in every round."""
    if not isinstance(bandit, AdversarialBandit):
        raise TypeError(f"bandit is {bandit!r}, expected an AdversarialBandit with feedback 'full'")
    if bandit.feedback != "full":
        raise ValueError(f"bandit has feedback {bandit.feedback!r}, expected 'full': all losses are seen")
    awake = np.ones(bandit.losses.shape) if bandit.awake is None else bandit.awake
    asleep = np.flatnonzero(awake.max(axis=1) == 0.0)
    if len(asleep):
        raise ValueError(f"awake[{asleep[0]}] is zero, expected an awake expert in every round")
    if method == "sleeping_hedge" and (bad := np.argwhere((awake != 0.0) & (awake != 1.0))).size:
        where = validate.where("awake", bad[0])
        raise ValueError(f"{where} is {awake[tuple(bad[0])]:.12g}, expected 0 or 1 for method 'sleeping_hedge'")
    return bandit.losses, awake
