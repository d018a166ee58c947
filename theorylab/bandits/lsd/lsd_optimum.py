r"""The optimal reward rate of a last-switch-dependent bandit: a maximum mean cycle, proved by a potential.

Setting      A known bandit; the state of all arms together moves without chance, so that an optimal policy ends in a
             cycle of the graph of states. Planning is NP-hard in K [laforgue2022last]: this is for small products.
Algorithm    For a rate $\lambda$ of a known cycle, longest walks under $r - \lambda$ from every state (Bellman-Ford
             in integers); a cycle of positive length has a larger mean and replaces $\lambda$, until there is none.
Guarantee    Exact for the doubles of the model, in rationals: the cycle earns $\lambda$ a round, and the potential $h
             \ge 0$ has $r(s,a) + h(s') - h(s) \le \lambda$ for all states and arms, so that no policy earns more than
             $\lambda T + h(s_1)$ in T rounds (derived here). :func:`certified_bounds` recomputes both sides.
Deviations   none
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from theorylab.bandits.lsd.states import ArmTables, State, arm_tables, periodic_rate, start, step
from theorylab.bandits.models import LastSwitchDependentBandit
from theorylab.core import validate

__all__ = ["LSDOptimum", "certified_bounds", "lsd_optimum"]

MOST_STATES = 20_000


@dataclass(frozen=True, slots=True)
class LSDOptimum:
    """An optimal periodic policy and the potential that proves that there is no better one."""

    rate: float  # reward a round
    exact_rate: Fraction
    cycle: tuple[int, ...]  # arms; no part of it that begins where it does earns less than the rate
    potential: Mapping[State, Fraction]  # of every state that can be reached
    n_states: int

    def __reduce__(self) -> tuple[Any, ...]:  # read-only mappings cannot be pickled
        return _rebuilt, (self.rate, self.exact_rate, self.cycle, dict(self.potential), self.n_states)

    @property
    def head_start(self) -> float:
        """No policy earns more than ``rate * T + head_start`` in T rounds."""
        return float(self.potential[next(iter(self.potential))])


def _rebuilt(rate: float, exact: Fraction, cycle: Any, potential: dict[State, Fraction], n_states: int) -> LSDOptimum:
    return LSDOptimum(rate, exact, cycle, MappingProxyType(potential), n_states)


def lsd_optimum(bandit: LastSwitchDependentBandit, *, max_states: int = MOST_STATES) -> LSDOptimum:
    r"""The largest long-run reward rate of any policy.

    Parameters
    ----------
    bandit
        Last-switch-dependent or recharging.
    max_states
        Refuse larger graphs of states.

    Raises
    ------
    ValueError
        If more states can be reached: use ``lsd_lp_bound`` and ``lsd_rounding`` there.

    Examples
    --------
    >>> from theorylab.bandits.environments import lsd_experiment
    >>> found = lsd_optimum(lsd_experiment(1))
    >>> round(found.rate * 9, 12), len(found.cycle)
    (4.56, 9)
    """
    tables = arm_tables(bandit)
    states, following = _graph(tables, validate.integer("max_states", max_states, low=1))
    scale = math.lcm(*(v.denominator for table in (*tables.idle, *tables.run) for v in table))
    rewards = [[int(tables.mean(s, a) * scale) for a in range(tables.n_arms)] for s in states]
    cycle, gained, potential = _improve(following, rewards)
    rate = Fraction(gained, len(cycle) * scale)
    arms = _rotated(states, following, rewards, cycle, gained)
    proof = {s: Fraction(h, len(cycle) * scale) for s, h in zip(states, potential, strict=True)}
    return LSDOptimum(float(rate), rate, arms, MappingProxyType(proof), len(states))


def _graph(tables: ArmTables, most: int) -> tuple[list[State], list[list[int]]]:
    """The states that can be reached, the start first, and where each arm leads."""
    states = [start(tables)]
    number = {states[0]: 0}
    following: list[list[int]] = []
    for state in states:  # grows while it is read
        row = []
        for arm in range(tables.n_arms):
            then = step(tables, state, arm)
            if then not in number:
                number[then] = len(states)
                states.append(then)
                if len(states) > most:
                    raise ValueError(f"bandit has more than max_states = {most} states, expected a smaller product")
            row.append(number[then])
        following.append(row)
    return states, following


Edge = tuple[int, int]  # state, arm


def _improve(following: list[list[int]], rewards: list[list[int]]) -> tuple[list[Edge], int, list[int]]:
    """A maximum mean cycle, its reward, and potentials times its length."""
    n, arms = len(following), range(len(following[0]))
    best = _cycle([max(arms, key=lambda a, s=s: rewards[s][a]) for s in range(n)], following)  # type: ignore[misc]
    while True:
        gained, length = sum(rewards[s][a] for s, a in best), len(best)
        weights = [[length * r - gained for r in row] for row in rewards]
        height, choice = [0] * n, [-1] * n
        better: list[Edge] = []
        moved = True
        while moved and not better:
            moved = False
            for s in range(n):
                weight, then, mine = weights[s], following[s], height[s]
                for a in arms:
                    value = weight[a] + height[then[a]]
                    if value > mine:
                        mine, choice[s], moved = value, a, True
                height[s] = mine
            better = _cycle(choice, following) if moved else []
        if not better:
            return best, gained, height
        best = better


def _cycle(choice: list[int], following: list[list[int]]) -> list[Edge]:
    """A cycle of the graph in which each state has at most one edge (-1: none); [] without one."""
    mark = [-1] * len(choice)
    for first in range(len(choice)):
        s = first
        while choice[s] >= 0 and mark[s] < 0:
            mark[s] = first
            s = following[s][choice[s]]
        if choice[s] >= 0 and mark[s] == first:
            found, at = [(s, choice[s])], following[s][choice[s]]
            while at != s:
                found.append((at, choice[at]))
                at = following[at][choice[at]]
            return found
    return []


def _rotated(
    states: list[State], following: list[list[int]], rewards: list[list[int]], cycle: list[Edge], gained: int
) -> tuple[int, ...]:
    """The arms of the cycle from a state at which the gain over the mean is lowest: then no beginning falls behind."""
    surplus, lowest, where = 0, 0, 0
    for k, (s, a) in enumerate(cycle):
        if surplus < lowest:
            lowest, where = surplus, k
        surplus += len(cycle) * rewards[s][a] - gained
    return tuple(a for _, a in cycle[where:] + cycle[:where])


def certified_bounds(bandit: LastSwitchDependentBandit, optimum: LSDOptimum) -> tuple[Fraction, Fraction]:
    """(rate that the cycle earns, rate that the potential forbids to exceed), recomputed in rationals.

    Raises
    ------
    ValueError
        If the potential lacks a state that can be reached, or is negative somewhere.

    Examples
    --------
    >>> from theorylab.bandits.environments import lsd_experiment
    >>> bandit = lsd_experiment(2)
    >>> low, high = certified_bounds(bandit, lsd_optimum(bandit))
    >>> low == high, round(float(low), 12)
    (True, 0.5)
    """
    tables: Any = arm_tables(bandit)
    if not isinstance(optimum, LSDOptimum):
        raise TypeError(f"optimum is {optimum!r}, expected what lsd_optimum returns")
    upper = None
    if start(tables) not in optimum.potential:
        raise ValueError("potential lacks the first state, expected an entry for every state that can be reached")
    for state, height in optimum.potential.items():
        if height < 0:
            raise ValueError(f"potential of {state} is {height}, expected at least 0")
        for arm in range(tables.n_arms):
            then = step(tables, state, arm)
            if then not in optimum.potential:
                raise ValueError(f"potential lacks {then}, expected an entry for every state that can be reached")
            rise = tables.mean(state, arm) + optimum.potential[then] - height
            upper = rise if upper is None else max(upper, rise)
    assert upper is not None
    return periodic_rate(bandit, optimum.cycle), upper
