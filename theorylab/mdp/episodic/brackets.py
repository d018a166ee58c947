r"""Optimistic and pessimistic values of policies from counts: two-sided brackets with an L1 bonus.

Setting      H steps, S states, A actions; a kernel for each step, learned from counts; known rewards in [0, 1].
             Steps are counted from 0 here: :math:`H - 1 - h` steps remain after step h.
Algorithm    With n visits of (h, s, a), :math:`\beta(n) = \log(SAH/\delta) + (S-1)\log(e(1 + n/(S-1)))`,
             :math:`w(n) = \min(2, \sqrt{2\beta(n)/n})` and :math:`b_h(s,a) = \tfrac12 (H-1-h) w(n_h(s,a))`:
             :math:`\bar Q = \min(H-h, r + b + \hat p \bar V)` and
             :math:`\underline Q = \max(0, r - b + \hat p \underline V)`.  Without a visit :math:`w = 2` and
             :math:`\hat p` is uniform.
Guarantee    With probability at least :math:`1-\delta`, at all times at once and for *every* policy,
             :math:`\underline V^\pi_h \le V^\pi_h \le \bar V^\pi_h` and :math:`V^*_h \le \bar V_h`:
             [kaufmann2021adaptive, Lemma 8] with Pinsker's inequality, then backward induction (docs/theorem-p.md).
             Claims: proofs_checks/stepmix.py
Deviations   none
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from theorylab.core.kernels import kernel
from theorylab.mdp.episodic.online import TIE

__all__ = [
    "Knowledge",
    "backup_kernel",
    "ceiling_kernel",
    "learn_kernel",
    "log_term",
    "make_knowledge",
    "optimistic_kernel",
    "pessimistic_kernel",
    "prefix_bound_kernel",
    "width_kernel",
]


CACHE_LINE = 64  # bytes


class Knowledge(NamedTuple):
    """What counts say, in the order in which the inner loops read it; a row (h, ., s A + a) sums to ``1 / inverse``.

    A pair that was never visited has the row of ones and ``inverse`` 1/S: the uniform distribution.
    """

    counts: NDArray[np.float64]  # (H, S, S A)  next state first
    inverse: NDArray[np.float64]  # (H, S A)  1 / visits
    bonus: NDArray[np.float64]  # (H, S A)
    rewards: NDArray[np.float64]  # (H, S A)  known
    visits: NDArray[np.int64]  # (H, S, A)
    scores: NDArray[np.float64]  # (S A)  a buffer


def log_term(n_states: int, n_actions: int, horizon: int, delta: float) -> float:
    r""":math:`L = \log(SAH/\delta)`: the union over all (h, s, a)."""
    return math.log(n_states * n_actions * horizon / delta)


def make_knowledge(rewards: NDArray[np.float64], log_union: float, scale: float) -> Knowledge:
    """The knowledge before the first episode; ``rewards`` (H, S, A)."""
    H, S, A = rewards.shape
    remaining = np.arange(H - 1, -1, -1.0)[:, None]
    counts, inverse, bonus, known = _aligned(H, S, S * A), _aligned(H, S * A), _aligned(H, S * A), _aligned(H, S * A)
    counts[...], inverse[...], known[...] = 1.0, 1.0 / S, rewards.reshape(H, S * A)
    bonus[...] = 0.5 * remaining * scale * width_kernel(0, log_union, S)
    return Knowledge(counts, inverse, bonus, known, np.zeros((H, S, A), np.int64), _aligned(S * A))


def _aligned(*shape: int) -> NDArray[np.float64]:
    """Zeros that begin at a cache line: a buffer that crosses one can double the time of the inner loops."""
    size = math.prod(shape)
    room = np.zeros(size + CACHE_LINE // 8)
    skipped = -room.ctypes.data % CACHE_LINE // 8
    return room[skipped : skipped + size].reshape(shape)


def _width(n, log_union, n_states):
    """w(n): the L1 radius after ``n`` visits."""
    if n == 0:
        return 2.0
    beta = log_union
    if n_states > 1:
        beta += (n_states - 1.0) * (1.0 + math.log(1.0 + n / (n_states - 1.0)))
    return min(2.0, math.sqrt(2.0 * beta / n))


width_kernel = kernel(_width)


def _learn(knowledge, log_union, scale, states, actions):
    """Add one episode, ``states`` (H + 1,) and ``actions`` (H,), to the counts; renew the bonuses that it changes."""
    counts, inverse, bonus, _, visits, _ = knowledge
    H, S, _ = counts.shape
    n_actions = visits.shape[2]
    for h in range(H):
        pair = states[h] * n_actions + actions[h]
        n = visits[h, states[h], actions[h]] + 1
        if n == 1:
            for j in range(S):
                counts[h, j, pair] = 0.0
        counts[h, states[h + 1], pair] += 1.0
        visits[h, states[h], actions[h]] = n
        inverse[h, pair] = 1.0 / n
        bonus[h, pair] = 0.5 * (H - 1 - h) * scale * width_kernel(n, log_union, S)


learn_kernel = kernel(_learn)


def _expect(knowledge, h, next_value):
    """Fill ``scores`` (S A,) with the empirical expectation of ``next_value`` (S,)."""
    counts, inverse, _, _, _, scores = knowledge
    row, weights = counts[h], inverse[h]
    for i in range(scores.shape[0]):
        scores[i] = row[0, i] * next_value[0]
    for j in range(1, next_value.shape[0]):
        v = next_value[j]
        for i in range(scores.shape[0]):
            scores[i] += row[j, i] * v
    for i in range(scores.shape[0]):
        scores[i] *= weights[i]


expect_kernel = kernel(_expect, inline=True)


def _optimistic(knowledge, upper, greedy):
    """Fill ``upper`` (H + 1, S) with the optimistic values and ``greedy`` (H, S) with the maximising actions.

    The last row of ``upper`` is 0.  Returns whether an action changed.
    """
    _, _, bonus, rewards, visits, scores = knowledge
    H, S, A = visits.shape
    changed = False
    for h in range(H - 1, -1, -1):
        expect_kernel(knowledge, h, upper[h + 1])
        extra, known = bonus[h], rewards[h]
        for i in range(S * A):
            scores[i] = min(H - h, scores[i] + known[i] + extra[i])
        if A == 2:  # the common case, in a loop without branches
            for s in range(S):
                first, best = scores[2 * s], max(scores[2 * s], scores[2 * s + 1])
                second = 1 if first < best - TIE else 0
                upper[h, s] = best
                changed |= greedy[h, s] != second
                greedy[h, s] = second
            continue
        for s in range(S):
            best = scores[s * A]
            for a in range(1, A):
                best = max(best, scores[s * A + a])
            a = 0
            while scores[s * A + a] < best - TIE:
                a += 1
            upper[h, s] = best
            changed |= greedy[h, s] != a
            greedy[h, s] = a
    return changed


optimistic_kernel = kernel(_optimistic)


def _pessimistic(knowledge, greedy, lower):
    """Fill ``lower`` (H + 1, S) with the pessimistic values of the deterministic policy ``greedy`` (H, S)."""
    counts, inverse, bonus, rewards, visits, _ = knowledge
    H, S, A = visits.shape
    for h in range(H - 1, -1, -1):
        for s in range(S):
            pair = s * A + greedy[h, s]
            mean = 0.0
            for j in range(S):
                mean += counts[h, j, pair] * lower[h + 1, j]
            lower[h, s] = max(0.0, rewards[h, pair] - bonus[h, pair] + mean * inverse[h, pair])


pessimistic_kernel = kernel(_pessimistic)


def _backup(knowledge, h, sign, next_value, law, greedy, weight, value):
    """One step back for a stochastic policy: ``weight`` on ``greedy`` (S,), the rest by ``law`` (S, A).

    sign +1: optimistic values (clipped at H - h); -1: pessimistic ones (clipped at 0).  Fills ``value`` (S,), which may
    be ``next_value``.
    """
    _, _, bonus, rewards, visits, scores = knowledge
    H, S, A = visits.shape
    expect_kernel(knowledge, h, next_value)
    for s in range(S):
        total = 0.0
        mine = 0.0
        for a in range(A):
            i = s * A + a
            q = scores[i] + rewards[h, i] + sign * bonus[h, i]
            q = min(H - h, q) if sign > 0.0 else max(0.0, q)
            total += law[s, a] * q
            if a == greedy[s]:
                mine = q
        value[s] = weight * mine + (1.0 - weight) * total if weight > 0.0 else total


backup_kernel = kernel(_backup)


def _prefix_bound(knowledge, start, baseline, lower, switch, value):
    """The pessimistic value of the policy that follows the baseline for ``switch`` steps and is greedy after them.

    lower (H + 1, S) pessimistic values of the greedy policy; value (S,) is a buffer.  The loops of ``_backup`` again:
    this is evaluated up to H times an episode, and a call costs more than its work.  Values that are all 0, as early
    pessimistic ones are, need no expectation.
    """
    counts, inverse, bonus, rewards, visits, scores = knowledge
    S, A = visits.shape[1], visits.shape[2]
    positive = False
    for s in range(S):
        value[s] = lower[switch, s]
        positive |= value[s] > 0.0
    for h in range(switch - 1, -1, -1):
        if positive:
            for i in range(S * A):
                scores[i] = counts[h, 0, i] * value[0]
            for j in range(1, S):
                for i in range(S * A):
                    scores[i] += counts[h, j, i] * value[j]
        else:
            for i in range(S * A):
                scores[i] = 0.0
        for i in range(S * A):
            scores[i] = max(0.0, rewards[h, i] - bonus[h, i] + scores[i] * inverse[h, i])
        positive = False
        for s in range(S):
            total = 0.0
            for a in range(A):
                total += baseline[h, s, a] * scores[s * A + a]
            value[s] = total
            positive |= total > 0.0
    total = 0.0
    for s in range(S):
        total += start[s] * value[s]
    return total


prefix_bound_kernel = kernel(_prefix_bound, inline=True)


def _ceiling(knowledge, start, value):
    """The largest pessimistic value of any policy; value (S,) is a buffer.

    The recursion is monotone: below a threshold here, no prefix of any policy reaches it.
    """
    _, _, bonus, rewards, visits, scores = knowledge
    H, S, A = visits.shape
    for s in range(S):
        value[s] = 0.0
    for h in range(H - 1, -1, -1):
        expect_kernel(knowledge, h, value)
        for i in range(S * A):
            scores[i] += rewards[h, i] - bonus[h, i]
        for s in range(S):
            best = 0.0
            for i in range(s * A, s * A + A):
                best = max(best, scores[i])
            value[s] = best
    total = 0.0
    for s in range(S):
        total += start[s] * value[s]
    return total


ceiling_kernel = kernel(_ceiling, inline=True)
