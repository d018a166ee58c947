r"""UCBVI with one kernel for all steps: the Hoeffding and Bernstein bonuses as published.   [azar2017minimax]

Setting      An episodic MDP with H steps, S states, A actions, *one* kernel for all steps (unknown), known rewards in
             [0, 1]; K episodes, T = KH steps.  Regret :math:`\sum_k (V^* - V^{\pi_k})`, every value exact.
Algorithm    N(s, a) visits at any step before the episode, :math:`L = \log(5SAT/\delta)`.  Before each episode, from
             the last step back, :math:`Q_h = \min(Q_h^{old}, H - h, r_h + \hat p V_{h+1} + b_h)` (steps from 0;
             :math:`H - h` steps remain) where N > 0, :math:`V_h = \max_a Q_h`; play the greedy policy.
             "hoeffding": :math:`b = 7HL/\sqrt N`.  "bernstein":
             :math:`b = \sqrt{8L\,Var_{\hat p}(V_{h+1})/N} + \frac{14HL}{3N}
             + \sqrt{\frac8N \sum_y \hat p(y) \min(\frac{100^2 H^3 S^2 A L^2}{N'_{h+1}(y)}, H^2)}`,
             :math:`N'_{h+1}(y)` visits of y at step h + 1.
             Draws: see :mod:`theorylab.mdp.episodic.play`.
Guarantee    With probability at least :math:`1 - \delta` the regret is at most
             :math:`20H^{3/2}L\sqrt{SAK} + 250H^2S^2AL^2` ("hoeffding"),
             :math:`30HL\sqrt{SAK} + 2500H^2S^2AL^2 + 4H^{3/2}\sqrt{KL}` ("bernstein"); constants recalled.
             Claims: proofs_checks/episodic/ucbvi_stationary.py
Deviations   Values are clipped at H - h, the steps that remain, instead of H; visits at the end of an episode count for
             :math:`N'_H`; ties go to the first action.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.online import GREEDY, TIE, begin, finish, work_arrays
from theorylab.mdp.episodic.play import book_kernel, play_kernel, true_value_kernel
from theorylab.mdp.episodic.record import EpisodicRun

__all__ = ["STATIONARY_BONUSES", "ucbvi_stationary", "ucbvi_stationary_kernel"]

STATIONARY_BONUSES = ("hoeffding", "bernstein")


class SharedCounts(NamedTuple):
    """What the learner knows, next state first; all steps share the counts of transitions."""

    counts: NDArray[np.float64]  # (S, S A)
    inverse: NDArray[np.float64]  # (S A)  1 / N, 0 without a visit
    bonus: NDArray[np.float64]  # (S A)  the part that does not depend on values; infinite without a visit
    rate: NDArray[np.float64]  # (S A)  8 L / N ("bernstein")
    scores: NDArray[np.float64]  # (H, S A)  Q of the last plan
    rewards: NDArray[np.float64]  # (H, S A)
    visits: NDArray[np.int64]  # (H, S, A)
    arrivals: NDArray[np.float64]  # (H + 1, S)  N'
    spread: NDArray[np.float64]  # (H + 1, S)  min(100^2 H^3 S^2 A L^2 / N', H^2) / L
    buffers: NDArray[np.float64]  # (3, S A)


class StationaryRows(NamedTuple):
    """One row for each episode of a traced run (no row otherwise)."""

    states: NDArray[np.int64]  # (K, H + 1)
    actions: NDArray[np.int64]  # (K, H)
    values: NDArray[np.float64]  # (K,)
    greedy: NDArray[np.int64]  # (K, H, S)
    optimistic: NDArray[np.float64]  # (K, H, S)
    scores: NDArray[np.float64]  # (K, H, S A)


def ucbvi_stationary(
    mdp: EpisodicMDP,
    episodes: int,
    *,
    bonus: str = "hoeffding",
    delta: float = 0.05,
    scale: float = 1.0,
    threshold: float | None = None,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> EpisodicRun:
    r"""Run UCBVI with counts that all steps share.

    Parameters
    ----------
    mdp
        With the same transitions at every step; mean rewards in [0, 1] (they may depend on the step).
    episodes
        K; it enters the bonus through T = KH.
    bonus
        ``"hoeffding"`` (UCBVI-CH) or ``"bernstein"`` (UCBVI-BF).
    delta
        Confidence, in (0, 1).
    scale
        Multiplies the bonus.  Anything but 1 is *not the theorem's algorithm* and recorded as such.
    threshold
        Episodes whose value lies below it are counted; the learner does not know it.
    checkpoints, trace, rng
        As in :func:`theorylab.mdp.episodic.ucbvi.ucbvi`; the trace holds ``greedy``, ``optimistic`` (K, H, S) and
        ``scores`` (K, H, S A) as planned before each episode.

    Returns
    -------
    EpisodicRun

    Raises
    ------
    ValueError
        If transitions differ between steps (the message names where), rewards leave [0, 1], ``bonus`` is another word,
        ``episodes`` is below 1, ``delta`` outside (0, 1), ``scale`` negative.

    Notes
    -----
    The lower-order terms alone exceed HK while :math:`K < 250HS^2AL^2` ("hoeffding") or :math:`2500HS^2AL^2`
    ("bernstein"): for RiverSwim-6 and H = 20 about :math:`3 \cdot 10^8` and :math:`3 \cdot 10^9` episodes.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named
    >>> run = ucbvi_stationary(named("riverswim-6-h20"), 2000, rng=1)
    >>> round(run.optimal_value, 8), bool(0 < run.regret[-1] < 2000 * 3.4)
    (3.39726396, True)

    References
    ----------
    [azar2017minimax]; constants recalled.
    """
    bonus = validate.choice("bonus", bonus, STATIONARY_BONUSES)
    delta = validate.confidence("delta", delta)
    scale = validate.number("scale", scale, low=0.0)
    setup = begin(mdp, episodes, threshold=threshold, checkpoints=checkpoints, trace=trace, rng=rng)
    _require_shared_kernel(mdp)
    H, S, A = setup.shape
    log_term = math.log(5.0 * S * A * setup.episodes * H / delta)
    known = SharedCounts(
        np.zeros((S, S * A)),
        np.zeros(S * A),
        np.full(S * A, math.inf),
        np.zeros(S * A),
        np.repeat(np.arange(H, 0, -1.0)[:, None], S * A, axis=1),
        np.ascontiguousarray(setup.mdp.R.reshape(H, S * A)),
        np.zeros((H, S, A), np.int64),
        np.zeros((H + 1, S)),
        np.full((H + 1, S), H * H / log_term),
        np.zeros((3, S * A)),
    )
    whole: Any = np.int64
    rows = StationaryRows(
        setup.traced(H + 1, dtype=whole),
        setup.traced(H, dtype=whole),
        setup.traced(),
        setup.traced(H, S, dtype=whole),
        setup.traced(H, S),
        setup.traced(H, S * A),
    )
    ucbvi_stationary_kernel(
        setup.world,
        setup.episodes,
        bonus == "bernstein",
        log_term,
        scale,
        np.zeros((H, S, A)),
        setup.environment,
        setup.agent,
        setup.log,
        known,
        np.zeros(S * A, np.int64),
        work_arrays(H, S),
        rows,
    )
    return finish(
        setup,
        "ucbvi",
        {"bonus": bonus, "delta": delta, "scale": scale},
        visits=known.visits,
        theorem=scale == 1.0,
        trace=rows._asdict(),
    )


def _require_shared_kernel(mdp: EpisodicMDP) -> None:
    differs = np.argwhere(mdp.P != mdp.P[:1])
    if len(differs):
        h, s, a, y = (int(i) for i in differs[0])
        raise ValueError(
            f"mdp.P[{h}, {s}, {a}, {y}] is {mdp.P[h, s, a, y]:.9g}, expected {mdp.P[0, s, a, y]:.9g} as at step 0: "
            'this bonus needs the same transitions at every step; bonus="l1" does not'
        )


def _learn_shared(known, bernstein, log_term, scale, seen, states, actions):
    """Add one episode, states (H + 1,) and actions (H,); ``seen`` (S A,) are the visits at all steps."""
    counts, inverse, bonus, rate, _, _, visits, arrivals, spread, _ = known
    H, S, A = visits.shape
    limit = 1.0 * H * H / log_term
    heavy = 1e4 * H * H * H * S * S * A * log_term
    for h in range(H):
        pair = states[h] * A + actions[h]
        visits[h, states[h], actions[h]] += 1
        counts[states[h + 1], pair] += 1.0
        seen[pair] += 1
        if bernstein:
            s = states[h + 1]
            arrivals[h + 1, s] += 1.0
            spread[h + 1, s] = min(heavy / arrivals[h + 1, s], limit)
    last = -1
    for h in range(H):
        pair = states[h] * A + actions[h]
        if pair == last:  # the same pair step after step, as in many models
            continue
        last = pair
        n = float(seen[pair])
        inverse[pair] = 1.0 / n
        if bernstein:
            rate[pair] = 8.0 * log_term / n
            bonus[pair] = scale * 14.0 * H * log_term / (3.0 * n)
        else:
            bonus[pair] = scale * 7.0 * H * log_term / math.sqrt(n)


learn_shared_kernel = kernel(_learn_shared)


def _plan_shared(known, bernstein, scale, upper, greedy):
    """Fill upper (H + 1, S) and greedy (H, S), and lower the scores; returns whether an action changed."""
    counts, inverse, bonus, rate, scores, rewards, visits, _, spread, buffers = known
    H, S, A = visits.shape
    n_pairs = S * A
    mean, noise, tail = buffers[0], buffers[1], buffers[2]
    changed = False
    for h in range(H - 1, -1, -1):
        ahead, score, reward = upper[h + 1], scores[h], rewards[h]
        first = counts[0]
        for i in range(n_pairs):
            mean[i] = first[i] * ahead[0]
        for j in range(1, S):
            row, v = counts[j], ahead[j]
            for i in range(n_pairs):
                mean[i] += row[i] * v
        for i in range(n_pairs):
            mean[i] *= inverse[i]
        if bernstein:
            for i in range(n_pairs):
                noise[i] = 0.0
                tail[i] = 0.0
            for j in range(S):
                row, v, extra = counts[j], ahead[j], spread[h + 1, j]
                for i in range(n_pairs):
                    d = v - mean[i]
                    noise[i] += row[i] * (d * d)
                    tail[i] += row[i] * extra
            for i in range(n_pairs):
                width = rate[i] * inverse[i]
                mean[i] += scale * (math.sqrt(noise[i] * width) + math.sqrt(tail[i] * width))
        for i in range(n_pairs):
            score[i] = min(score[i], mean[i] + (reward[i] + bonus[i]))
        for s in range(S):
            best = score[s * A]
            for a in range(1, A):
                best = max(best, score[s * A + a])
            a = 0
            while score[s * A + a] < best - TIE:
                a += 1
            upper[h, s] = best
            changed |= greedy[h, s] != a
            greedy[h, s] = a
    return changed


plan_shared_kernel = kernel(_plan_shared)


def _keep_rows(rows, k, value, greedy, upper, scores, states, actions):
    """Keep episode ``k``: its plan and what it showed."""
    t_states, t_actions, t_values, t_greedy, t_upper, t_scores = rows
    t_values[k] = value
    for h in range(actions.shape[0]):
        t_states[k, h] = states[h]
        t_actions[k, h] = actions[h]
        for s in range(greedy.shape[1]):
            t_greedy[k, h, s] = greedy[h, s]
            t_upper[k, h, s] = upper[h, s]
        for i in range(scores.shape[1]):
            t_scores[k, h, i] = scores[h, i]
    t_states[k, actions.shape[0]] = states[actions.shape[0]]


keep_rows_kernel = kernel(_keep_rows)


def _ucbvi_stationary(
    world, episodes, bernstein, log_term, scale, law, environment, agent, log, known, seen, buffers, rows
):
    """K episodes; ``law`` (H, S, A) of a baseline that is never played."""
    upper, _, greedy, value, next_value, states, actions = buffers
    traced = rows[2].shape[0] > 0
    checkpoint = 0
    current = 0.0
    for k in range(episodes):
        if plan_shared_kernel(known, bernstein, scale, upper, greedy):
            current = true_value_kernel(world, greedy, law, 0, 0.0, value, next_value)
        received = play_kernel(world, greedy, law, 0, 0.0, environment, agent, states, actions)
        if traced:
            keep_rows_kernel(rows, k, current, greedy, upper, known[4], states, actions)
        learn_shared_kernel(known, bernstein, log_term, scale, seen, states, actions)
        checkpoint = book_kernel(log, k + 1, checkpoint, current, GREEDY, received)


ucbvi_stationary_kernel = kernel(_ucbvi_stationary)
