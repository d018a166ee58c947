r"""The greedy oracle: it knows all means and plays the arm that pays most now.

Setting      A known last-switch-dependent bandit.
Algorithm    In each round the arm of the largest mean in its present state; the lowest arm wins ties.
Guarantee    Half of the optimal rate on recharging bandits with increasing concave payoffs (recalled, not proved here:
             the checks report the ratio). Elsewhere none: on the first published experiment it earns less than a third
             of the optimum [laforgue2022last].
Deviations   none
"""

from __future__ import annotations

from fractions import Fraction

from theorylab.bandits.lsd.states import PeriodicPlan, State, arm_tables, start, step
from theorylab.bandits.models import LastSwitchDependentBandit

__all__ = ["greedy_oracle"]


def greedy_oracle(bandit: LastSwitchDependentBandit) -> PeriodicPlan:
    """What the greedy oracle plays: the states are finite, so that it ends in a cycle.

    Examples
    --------
    >>> from theorylab.bandits.environments import lsd_experiment
    >>> plan = greedy_oracle(lsd_experiment(1))
    >>> round(6 * plan.rate, 12), len(plan.cycle)
    (0.91, 6)
    """
    tables = arm_tables(bandit)
    state = start(tables)
    seen: dict[State, int] = {}
    arms: list[int] = []
    rewards: list[Fraction] = []
    while state not in seen:
        seen[state] = len(arms)
        means = [tables.mean(state, arm) for arm in range(tables.n_arms)]
        arm = means.index(max(means))
        arms.append(arm)
        rewards.append(means[arm])
        state = step(tables, state, arm)
    first = seen[state]
    rate = sum(rewards[first:], Fraction(0)) / (len(arms) - first)
    return PeriodicPlan(tuple(arms[:first]), tuple(arms[first:]), rate)
