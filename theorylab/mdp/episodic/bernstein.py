r"""Optimistic and pessimistic values of policies from counts, with a variance bonus.   [menard2021fast]

Setting      That of :mod:`theorylab.mdp.episodic.brackets`, with the same counts; steps are counted from 0.
Algorithm    With n visits of (h, s, a), :math:`\beta(n) = \log(3SAH/\delta) + S\log(8e(n+1))`,
             :math:`\beta^*(n) = \log(3SAH/\delta) + \log(8e(n+1))`, variance and means under :math:`\hat p`,
             :math:`b = 3\sqrt{Var(\bar V)\beta^*/n} + 14H^2\beta/n + \hat p(\bar V - \underline V)/H`:
             :math:`\bar Q = \min(H-h, r + b + \hat p\bar V)` and :math:`\underline Q = \max(0, r - b + \hat p\underline
             V)`, for each policy both together: its pessimistic values need its own optimistic ones.  Without a visit
             :math:`\bar Q = H-h` and :math:`\underline Q = 0`.  ``scale`` multiplies the first two terms.
Guarantee    None is claimed: the constants are recalled, for brackets with probability at least :math:`1-\delta`.
             Checked on runs: proofs_checks/episodic/stepmix_bernstein.py
Deviations   In the paper the pessimistic values maximise over actions; here they are those of the policy.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.mdp.episodic.brackets import log_term
from theorylab.mdp.episodic.online import TIE

__all__ = [
    "Bernstein",
    "bernstein_bound_kernel",
    "bernstein_learn_kernel",
    "bernstein_plan_kernel",
    "bernstein_record_kernel",
    "make_bernstein",
]

BONUSES = ("l1", "bernstein")


class Bernstein(NamedTuple):
    """What the counts of :class:`theorylab.mdp.episodic.brackets.Knowledge` do not say yet; pairs s A + a."""

    rates: NDArray[np.float64]  # (H, S A)  9 beta* / n: times the variance, the square of the first term
    crowds: NDArray[np.float64]  # (H, S A)  the second term; infinite without a visit
    scores: NDArray[np.float64]  # (3, S A)  buffers


def make_bernstein(bonus: Any, shape: tuple[int, int, int], delta: float) -> tuple[float, Bernstein | None]:
    """The logarithm of the union bound, and the arrays for ``shape`` (H, S, A) unless the bonus is "l1".

    Raises
    ------
    ValueError
        If the bonus is neither "l1" nor "bernstein".
    """
    H, S, A = shape
    if validate.choice("bonus", bonus, BONUSES) == "l1":
        return log_term(S, A, H, delta), None
    arrays = Bernstein(np.zeros((H, S * A)), np.full((H, S * A), math.inf), np.zeros((3, S * A)))
    return math.log(3.0) + log_term(S, A, H, delta), arrays


def _learn(knowledge, bernstein, log_union, scale, states, actions):
    """Renew the bonuses of an episode, ``states`` (H + 1,) and ``actions`` (H,), that the counts contain already."""
    visits = knowledge[4]
    rates, crowds, _ = bernstein
    H, S, A = visits.shape
    for h in range(H):
        pair = states[h] * A + actions[h]
        n = visits[h, states[h], actions[h]]
        growth = math.log(8.0 * math.e * (n + 1.0))
        rates[h, pair] = 9.0 * scale * scale * (log_union + growth) / n
        crowds[h, pair] = 14.0 * scale * H * H * (log_union + S * growth) / n


bernstein_learn_kernel = kernel(_learn)


def _act(knowledge, bernstein, h, high, low):
    """Fill the first two rows of ``scores`` with the optimistic and pessimistic values of the actions of step ``h``.

    high, low (S,): the values of the next step.
    """
    counts, inverse, _, rewards, visits, _ = knowledge
    rates, crowds, scores = bernstein
    H, S = visits.shape[0], visits.shape[1]
    row, weights = counts[h], inverse[h]
    above, below, noise = scores[0], scores[1], scores[2]
    for i in range(above.shape[0]):
        above[i] = 0.0
        below[i] = 0.0
        noise[i] = 0.0
    for j in range(S):
        for i in range(above.shape[0]):
            above[i] += row[j, i] * high[j]
            below[i] += row[j, i] * low[j]
    for i in range(above.shape[0]):
        above[i] *= weights[i]
        below[i] *= weights[i]
    for j in range(S):  # a second pass: the variance of equal values is 0 without cancellation
        for i in range(above.shape[0]):
            noise[i] += row[j, i] * (high[j] - above[i]) ** 2
    for i in range(above.shape[0]):
        extra = math.sqrt(rates[h, i] * noise[i] * weights[i]) + crowds[h, i] + (above[i] - below[i]) / H
        above[i] = min(float(H - h), rewards[h, i] + extra + above[i])
        below[i] = max(0.0, rewards[h, i] - extra + below[i])


act_kernel = kernel(_act)


def _plan(knowledge, bernstein, upper, lower, greedy):
    """Fill upper, lower (H + 1, S) and greedy (H, S): the greedy policy and its brackets; whether an action changed."""
    scores = bernstein[2]
    H, S, A = knowledge[4].shape
    changed = False
    for h in range(H - 1, -1, -1):
        act_kernel(knowledge, bernstein, h, upper[h + 1], lower[h + 1])
        for s in range(S):
            best = scores[0, s * A]
            for a in range(1, A):
                best = max(best, scores[0, s * A + a])
            a = 0
            while scores[0, s * A + a] < best - TIE:
                a += 1
            upper[h, s] = best
            lower[h, s] = scores[1, s * A + a]
            changed |= greedy[h, s] != a
            greedy[h, s] = a
    return changed


bernstein_plan_kernel = kernel(_plan)


def _step(knowledge, bernstein, h, law, greedy, weight, high, low):
    """One step back in place: ``weight`` on the actions ``greedy`` (S,), the rest by ``law`` (S, A)."""
    scores = bernstein[2]
    S, A = law.shape
    act_kernel(knowledge, bernstein, h, high, low)
    for s in range(S):
        above, below = 0.0, 0.0
        for a in range(A):
            share = (1.0 - weight) * law[s, a] + (weight if a == greedy[s] else 0.0)
            above += share * scores[0, s * A + a]
            below += share * scores[1, s * A + a]
        high[s] = above
        low[s] = below


step_kernel = kernel(_step)


def _bound(knowledge, bernstein, start, baseline, greedy, upper, lower, switch, high, low):
    """The pessimistic value of the policy that follows the baseline for ``switch`` steps and is greedy after them.

    upper, lower (H + 1, S): values of the greedy policy; high, low (S,) are buffers.
    """
    for s in range(high.shape[0]):
        high[s] = upper[switch, s]
        low[s] = lower[switch, s]
    for h in range(switch - 1, -1, -1):
        step_kernel(knowledge, bernstein, h, baseline[h], greedy[h], 0.0, high, low)
    total = 0.0
    for s in range(start.shape[0]):
        total += start[s] * low[s]
    return total


bernstein_bound_kernel = kernel(_bound)


def _record(rows, k, knowledge, bernstein, baseline, greedy, switch, weight, high, low):
    """Write the brackets of the policy that is played into row ``k`` of the trace; high, low (S,) are buffers."""
    H, S = greedy.shape
    for s in range(S):
        high[s] = 0.0
        low[s] = 0.0
    for h in range(H - 1, -1, -1):
        share = 1.0 if h >= switch else (weight if h == switch - 1 else 0.0)
        step_kernel(knowledge, bernstein, h, baseline[h], greedy[h], share, high, low)
        for s in range(S):
            rows[10][k, h, s] = low[s]
            rows[11][k, h, s] = high[s]


bernstein_record_kernel = kernel(_record)
