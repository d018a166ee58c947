r"""Extended value iteration: the optimistic model and policy of an L1 ball around the empirical model.

Setting      S states, A actions; for each pair an upper reward :math:`\tilde r(s,a)` and the ball
             :math:`\{p : |p - \hat p(\cdot|s,a)|_1 \le d(s,a)\}` within the simplex.   [jaksch2010near, Section 3.1]
Algorithm    :math:`u_{i+1}(s) = \max_a \{\tilde r(s,a) + \max_p p \cdot u_i\}` from :math:`u_0 = 0`, until the span of
             :math:`u_{i+1} - u_i` is below the accuracy.  The inner maximum puts :math:`\min(1, \hat p + d/2)` on the
             best state and takes the excess from the worst states upwards.
Guarantee    At the stop the increments :math:`u_{i+1} - u_i` lie within the accuracy of the optimistic gain.
Deviations   :math:`u` is recentred (lowest entry 0) after each sweep, which changes no increment; actions whose values
             differ by less than 1e-11 are tied, ties go to the first action and, among states, to the lower index.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

from theorylab.core.kernels import kernel

TIE = 1e-11  # values closer than this are tied: rounding decides nothing
MOST_SWEEPS = 10**6  # a periodic model with (almost) no ball around it would take for ever

__all__ = ["MOST_SWEEPS", "best_in_ball_kernel", "descending_kernel", "evi_l1_kernel"]


def _descending(u, order):
    """Fill ``order`` (S,) with the states by decreasing ``u`` (S,); equal values keep the order of their indices."""
    for i in range(u.shape[0]):
        j = i
        while j > 0 and u[order[j - 1]] < u[i]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = i


descending_kernel = kernel(_descending)


def _best_in_ball(p_hat, radius, order, p):
    """Fill ``p`` (S,) with the maximiser of p . u over the ball, ``order`` being the states by decreasing u."""
    n = p_hat.shape[0]
    total = 0.0
    for j in range(n):
        p[j] = p_hat[j]
        total += p[j]
    best = order[0]
    total -= p[best]
    p[best] = min(1.0, p_hat[best] + radius / 2.0)
    total += p[best]
    worst = n - 1
    while total > 1.0 and worst > 0:
        j = order[worst]
        total -= p[j]
        p[j] = max(0.0, 1.0 - total)
        total += p[j]
        worst -= 1


best_in_ball_kernel = kernel(_best_in_ball)


def _evi_l1(p_hat, reward_upper, radius, accuracy, u, u_next, order, p, policy):
    """One extended value iteration; returns the number of sweeps, or -1 when MOST_SWEEPS were not enough.

    p_hat (S, A, S), reward_upper (S, A), radius (S, A) in; u (S,) holds u_i and u_next (S,) holds u_{i+1} at the end,
    policy (S,) the maximising actions; order (S,) and p (S,) are buffers.
    """
    n_states, n_actions = reward_upper.shape
    for s in range(n_states):
        u[s] = 0.0
    sweeps = 0
    while True:
        descending_kernel(u, order)
        low = 1e300
        high = -1e300
        for s in range(n_states):
            best = -1e300
            chosen = -1e300
            for a in range(n_actions):
                best_in_ball_kernel(p_hat[s, a], radius[s, a], order, p)
                value = 0.0
                for j in range(n_states):
                    value += p[j] * u[j]
                value += reward_upper[s, a]
                best = max(best, value)
                if value > chosen + TIE:
                    chosen = value
                    policy[s] = a
            u_next[s] = best
            increment = best - u[s]
            low = min(low, increment)
            high = max(high, increment)
        sweeps += 1
        if high - low < accuracy:
            return sweeps
        if sweeps == MOST_SWEEPS:
            return -1
        lowest = u_next[0]
        for s in range(1, n_states):
            lowest = min(lowest, u_next[s])
        for s in range(n_states):
            u[s] = u_next[s] - lowest


evi_l1_kernel = kernel(_evi_l1)
