r"""ISI-CombUCB1: blocks of rounds as super-arms, the first pull of each arm in a block neither counted nor observed.

Setting      A last-switch-dependent bandit in which runs do not matter, rewards in [0, 1]; the means are unknown.
Algorithm    Blocks of D = d + 1 rounds. Each pair (arm, $\tau$) has the index mean + $\sqrt{1.5 \ln t/s}$ after s
             observations, t rounds being played when the block begins; a pair that was never seen has a large one.
             The sequence of D arms with the largest sum of indices is played, where the first pull of an arm in the
             block counts 0 and is not used for the means: its state depends on the block before (initial state
             independence, [laforgue2022last]; indices of [kveton2015tight]). Of sequences within 1e-11 the first
             found in lexicographic order stays. ``isi=False`` is plain CombUCB1: blocks of d rounds that begin in the
             true states.
Guarantee    Derived here, with $L = K(D - 1)$ pairs:
             $$\rho^* T - E\sum_t \mu_t \le K\lceil T/D\rceil + 4\sqrt{3 L T \ln T} + D^2 L + \pi^2 L/(3D) + D.$$
             *Proof.* In a block the non-first pulls of an optimal policy are worth its reward up to K. Where all
             means are within their radius c(s) (false at the block that begins at t with probability at most $2L
             t^{-2}$: the term $\pi^2 L/(3D)$) the block played is worth that of any other up to $\sum 2c(s)$ over its
             pairs. At most DL blocks hold a pair seen less than D times; they lose D each. In the others no pair is
             played more often than it was seen: $1/\sqrt{s} \le \sqrt2/\sqrt{s + j}$ for its j-th play in the block,
             and $\sum_{j \le N} j^{-1/2} \le 2\sqrt N$, Cauchy-Schwarz over the pairs. D pays for a last block that
             is cut short. This is sharper than the general bound of [kveton2015tight] with positions as items.
Deviations   All sequences are searched (with pruning): K^D is limited. Means are shared between positions of the
             block.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.models import BanditModel, LastSwitchDependentBandit
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["claimed_miss", "isi_comb_ucb1", "radius", "regret_bound"]

MOST_SEQUENCES = 10**7
UNSEEN = 1000.0  # index of a pair without observations: blocks with more of them come first


def _bonus(t):
    """The radius of a mean of s rewards with t rounds played is sqrt(bonus / s)."""
    return 1.5 * math.log(max(t, 1))


bonus_kernel = kernel(_bonus)


def _best_block(index, taus, values, choice, best):
    """Depth-first search for the block of the largest sum; ``taus[0]``: the states in which it begins, 0 unknown."""
    n_arms, n_states = index.shape
    length = best.shape[0]
    top = 0.0
    for i in range(n_arms):
        for s in range(n_states):
            top = max(top, index[i, s])
    record, depth = -1.0, 0
    choice[0] = -1
    while depth >= 0:
        choice[depth] += 1
        arm = choice[depth]
        if arm == n_arms:
            depth -= 1
            continue
        tau = taus[depth, arm]
        value = values[depth]
        if tau > 0:
            value += index[arm, min(tau, n_states) - 1]
        if depth + 1 == length:
            if value > record + TIE:
                record = value
                for j in range(length):
                    best[j] = choice[j]
        elif value + (length - depth - 1) * top > record + TIE:
            for i in range(n_arms):
                taus[depth + 1, i] = taus[depth, i] + 1 if taus[depth, i] > 0 else 0
            taus[depth + 1, arm] = 1
            values[depth + 1] = value
            depth += 1
            choice[depth] = -1


best_block_kernel = kernel(_best_block)


def _isi_comb_ucb1(
    world,
    memory,
    log,
    horizon,
    isi,
    sums,
    counts,
    index,
    taus,
    values,
    choice,
    best,
    states,
    seen,
    indices,
    environment,
):
    """One run; ``sums``, ``counts``, ``index`` are (K, states), ``taus`` (D, K), the next three (D,) work space."""
    n_arms, n_states = sums.shape
    length = best.shape[0]
    now = np.ones(n_arms, np.int64)
    t = 0
    while t < horizon:
        bonus = bonus_kernel(t)
        for i in range(n_arms):
            for s in range(n_states):
                if counts[i, s] > 0:
                    index[i, s] = sums[i, s] / counts[i, s] + math.sqrt(bonus / counts[i, s])
                else:
                    index[i, s] = UNSEEN
            if isi:
                now[i] = 0
            taus[0, i] = now[i]
        best_block_kernel(index, taus, values, choice, best)
        if t < states.shape[0]:  # what was known when the block began
            _note_block(horizon, t, best, now, counts, index, states, seen, indices)
        for j in range(length):
            if t == horizon:
                break
            arm = best[j]
            reward = step_kernel(world, memory, log, arm, environment.random())
            if now[arm] > 0:
                s = min(now[arm], n_states) - 1
                sums[arm, s] += reward
                counts[arm, s] += 1.0
            for i in range(n_arms):
                if now[i] > 0:
                    now[i] += 1
            now[arm] = 1
            t += 1


def _note(horizon, t, best, now, counts, index, states, seen, indices):
    """For each play of the block: its state (0: first pull), observations before the block, and index."""
    n_states = counts.shape[1]
    for j in range(min(best.shape[0], horizon - t)):
        arm, back = best[j], 0
        for k in range(1, j + 1):
            if best[j - k] == arm:
                back = k
                break
        if back == 0 and now[arm] > 0:
            back = now[arm] + j
        states[t + j] = min(back, n_states)
        if back > 0:
            seen[t + j] = counts[arm, min(back, n_states) - 1]
            indices[t + j] = index[arm, min(back, n_states) - 1]


_note_block = kernel(_note)
isi_comb_ucb1_kernel = kernel(_isi_comb_ucb1)


def isi_comb_ucb1(
    bandit: BanditModel,
    horizon: int,
    *,
    d: int,
    isi: bool = True,
    states: int | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run ISI-CombUCB1 (or plain CombUCB1) for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Rewards in [0, 1]; the theorem speaks of last-switch-dependent bandits without a table of runs.
    d
        Blocks have d + 1 rounds, those of plain CombUCB1 d. $K^{d+1}$ sequences are searched in each.
    isi
        False: plain CombUCB1, which pays for first pulls and learns from them.
    states
        Only with ``isi=False``: states that are told apart; by default the width of the model's table, else d.
    trace
        Keep for each play ``states`` (0: a first pull), ``seen`` (observations of its pair when the block began) and
        ``indices``, each (T,).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or there are more than 10^7 sequences; the message names it.

    Examples
    --------
    >>> from theorylab.bandits.environments import lsd_experiment
    >>> run = isi_comb_ucb1(lsd_experiment(2), 3300, d=10, rng=0)
    >>> bool(-run.regret[-1] / 3300 > 0.3)  # the greedy oracle earns 0.06 a round
    True
    """
    d = validate.integer("d", d, low=1, high=60)
    isi = validate.flag("isi", isi)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    K, D = setup.n_arms, d + 1 if isi else d
    if K**D > MOST_SEQUENCES:
        raise ValueError(f"d is {d}, expected at most {MOST_SEQUENCES} sequences: {K} arms have {K}^{D}")
    if isi and states is not None:
        raise ValueError(f"states is {states}, expected None: with isi=True the states are 1..d")
    width = getattr(bandit, "idle", np.zeros((1, d))).shape[1]
    S = d if isi else width if states is None else validate.integer("states", states, low=1, high=10**4)
    tables = [np.zeros((K, S)) for _ in range(3)]
    work = (np.zeros((D, K), np.int64), np.zeros(D), np.zeros(D, np.int64), np.zeros(D, np.int64))
    notes = [setup.traced() for _ in range(3)]
    isi_comb_ucb1_kernel(
        setup.world, setup.memory, setup.log, setup.horizon, isi, *tables, *work, *notes, setup.environment
    )
    theorem = isi and isinstance(bandit, LastSwitchDependentBandit) and bandit.run is None
    return finish(
        setup, "isi_comb_ucb1", {"d": d, "isi": isi, "states": S}, theorem=theorem,
        trace=dict(zip(("states", "seen", "indices"), notes, strict=True)),
        extra={"counts": tables[1], "estimates": tables[0] / np.maximum(tables[1], 1.0)},
    )  # fmt: skip


def regret_bound(horizon: float, n_arms: int, d: int) -> float:
    r"""$K\lceil T/D\rceil + 4\sqrt{3LT\ln T} + D^2L + \pi^2L/(3D) + D$ with $D = d + 1$, $L = Kd$.

    Examples
    --------
    >>> round(regret_bound(300_000, 2, 7) / 300_000, 3)
    0.421
    """
    D, L = d + 1, n_arms * d
    learning = 4.0 * math.sqrt(3.0 * L * horizon * math.log(max(horizon, 2.0)))
    return n_arms * math.ceil(horizon / D) + learning + D * D * L + math.pi**2 * L / (3 * D) + D


def radius(t: float, s: float) -> float:
    """The radius of a mean of ``s`` rewards when a block begins with ``t`` rounds played.

    Examples
    --------
    >>> round(radius(100, 25), 4)
    0.5257
    """
    return math.sqrt(float(_bonus(t)) / s)  # type: ignore[no-untyped-call]


def claimed_miss(t: float, s: float) -> float:
    """A mean misses by more than the radius, on one side, with probability at most 1 / t^3.

    Examples
    --------
    >>> claimed_miss(10, 5)
    0.001
    """
    return float(t) ** -3
