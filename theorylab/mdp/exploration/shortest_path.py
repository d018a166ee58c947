r"""Extended value iteration for the stochastic shortest path to a set of goals: the least steps in an L1 ball.

Setting      S states, A actions, goals that are never left, one unit of cost a step; for each pair the ball
             :math:`\{p : |p - \hat p(\cdot|s,a)|_1 \le d(s,a)\}` within the simplex.
Algorithm    :math:`u_{i+1}(s) = 1 + \min_a \min_p p \cdot u_i` off the goals, 0 on them, from :math:`u_0 = 0`, until no
             entry grows by more than the accuracy.  The inner minimum is the inner maximum of
             :mod:`theorylab.mdp.average_reward.evi` for :math:`-u_i`: one implementation serves both.
Guarantee    The :math:`u_i` grow with i and stay below the least expected number of steps of every model in the ball.
             At the stop :math:`u_i(s) \ge 1 - \varepsilon + \tilde p(s) \cdot u_i`, with :math:`\varepsilon` the
             accuracy and :math:`\tilde p(s)` the row that the policy hopes for.
             With d the least radius each sweep shrinks the growth by :math:`1 - d/2` (so much mass goes to a goal):
             at most :math:`2 + \log(1/\varepsilon) / (-\log(1 - d/2))` sweeps.
Deviations   none from the scheme; actions closer than 1e-11 are tied and the first one wins, as in the maximisation.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

from theorylab.core.kernels import kernel
from theorylab.mdp.average_reward.evi import MOST_SWEEPS, TIE, best_in_ball_kernel, descending_kernel

__all__ = ["evi_ssp_kernel", "most_sweeps_kernel"]


def _most_sweeps(radius, accuracy):
    """After so many sweeps the growth is at most the accuracy; MOST_SWEEPS where the radii say nothing."""
    least = 2.0
    for s in range(radius.shape[0]):
        for a in range(radius.shape[1]):
            least = min(least, radius[s, a])
    if least >= 2.0:
        return 2
    if least < 1e-9:
        return MOST_SWEEPS
    return int(min(float(MOST_SWEEPS), 2.0 + math.log(1.0 / accuracy) / -math.log(1.0 - least / 2.0)))


most_sweeps_kernel = kernel(_most_sweeps)


def _evi_ssp(p_hat, radius, goal, accuracy, u, u_next, negative, order, p, policy):
    """One extended value iteration; returns the number of sweeps, or -1 when the proved number was not enough.

    p_hat (S, A, S), radius (S, A), goal (S,) in; u (S,) holds u_i and u_next (S,) holds u_{i+1} at the end, policy (S,)
    the minimising actions (0 at goals), order (S,) the states by increasing u_i; negative and p (S,) are buffers.
    """
    n_states, n_actions = radius.shape
    for s in range(n_states):
        u[s] = 0.0
    most_sweeps = most_sweeps_kernel(radius, accuracy)
    sweeps = 0
    while True:
        for s in range(n_states):
            negative[s] = -u[s]
        descending_kernel(negative, order)
        growth = 0.0
        for s in range(n_states):
            u_next[s] = 0.0
            policy[s] = 0
            if goal[s]:
                continue
            least = 1e300
            chosen = 1e300
            for a in range(n_actions):
                best_in_ball_kernel(p_hat[s, a], radius[s, a], order, p)
                value = 1.0
                for j in range(n_states):
                    value += p[j] * u[j]
                least = min(least, value)
                if value < chosen - TIE:
                    chosen = value
                    policy[s] = a
            u_next[s] = least
            growth = max(growth, least - u[s])
        sweeps += 1
        if growth <= accuracy:
            return sweeps
        if sweeps >= most_sweeps:
            return -1
        for s in range(n_states):
            u[s] = u_next[s]


evi_ssp_kernel = kernel(_evi_ssp)
