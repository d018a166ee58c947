r"""The states of a last-switch-dependent bandit, and what a sequence of arms earns.

The state of an arm is $\tau \ge 1$ when it was last played $\tau$ rounds ago (all arms start with $\tau = 1$), or $-j$
when it ends a run of $j$ plays and runs matter.  States beyond which a table is constant are one state.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theorylab.bandits.models import LastSwitchDependentBandit
from theorylab.core import validate

__all__ = ["ArmTables", "PeriodicPlan", "State", "arm_tables", "pattern_arms", "periodic_rate", "start", "step"]

State = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ArmTables:
    """Means in rationals: the doubles of the model as they are."""

    idle: tuple[tuple[Fraction, ...], ...]  # idle[i][tau - 1]; the last entry continues
    run: tuple[tuple[Fraction, ...], ...]  # run[i][j - 1]; the last entry continues; () where runs do not matter

    @property
    def n_arms(self) -> int:
        """K, the number of arms."""
        return len(self.idle)

    @property
    def runs(self) -> bool:
        """Whether a repeated play has a state of its own."""
        return bool(self.run)

    def mean(self, state: State, arm: int) -> Fraction:
        """The mean reward of ``arm`` in this state."""
        tau = state[arm]
        if tau < 0:
            return self.run[arm][-tau - 1]
        return self.idle[arm][tau - 1]


def _without_repeats(table: Any) -> tuple[Fraction, ...]:
    values = [Fraction(float(v)) for v in table]
    while len(values) > 1 and values[-1] == values[-2]:
        values.pop()
    return tuple(values)


def arm_tables(bandit: Any) -> ArmTables:
    """The tables of a bandit, cut where they become constant.

    Raises
    ------
    TypeError
        If it is no last-switch-dependent (or recharging) bandit.
    """
    if not isinstance(bandit, LastSwitchDependentBandit):
        raise TypeError(f"bandit is {bandit!r}, expected a LastSwitchDependentBandit or a RechargingBandit")
    run = () if bandit.run is None else tuple(_without_repeats(row) for row in bandit.run)
    return ArmTables(tuple(_without_repeats(row) for row in bandit.idle), run)


def start(tables: ArmTables) -> State:
    """The state before the first round."""
    return (1,) * tables.n_arms


def step(tables: ArmTables, state: State, arm: int) -> State:
    """The state after a play of ``arm``."""
    following = []
    for i, tau in enumerate(state):
        if i == arm and tables.runs:
            following.append(max(tau - 1 if tau < 0 else -1, -len(tables.run[i])))
        elif i == arm:
            following.append(1)
        else:
            following.append(min(tau + 1 if tau > 0 else 2, len(tables.idle[i])))
    return tuple(following)


def pattern_arms(pattern: Sequence[int], n_arms: int) -> tuple[int, ...]:
    """The arms of a pattern, checked."""
    try:
        given = list(pattern)
    except TypeError as error:
        raise TypeError(f"pattern is {pattern!r}, expected a sequence of arms") from error
    arms = validate.indices("pattern", given, below=n_arms)
    if len(arms) == 0:
        raise ValueError("pattern is empty, expected at least one arm")
    return tuple(int(a) for a in arms)


def periodic_rate(bandit: LastSwitchDependentBandit, pattern: Sequence[int]) -> Fraction:
    """The mean reward a round of playing ``pattern`` over and over, in the long run: exact.

    The first period is not typical: arms may start in states that the repetition never meets again.

    Examples
    --------
    >>> from theorylab.bandits import RechargingBandit
    >>> bandit = RechargingBandit.blocking([0.5, 1.0], [1, 2])
    >>> periodic_rate(bandit, [1, 0]), periodic_rate(bandit, [1])
    (Fraction(3, 4), Fraction(0, 1))
    """
    tables = arm_tables(bandit)
    arms = pattern_arms(pattern, tables.n_arms)
    state, earned = start(tables), [Fraction(0)]
    seen: dict[State, int] = {}
    for period in itertools.count():
        if state in seen:
            first = seen[state]
            return (earned[-1] - earned[first]) / ((period - first) * len(arms))
        seen[state] = period
        total = earned[-1]
        for arm in arms:
            total += tables.mean(state, arm)
            state = step(tables, state, arm)
        earned.append(total)
    raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True)
class PeriodicPlan:
    """Arms to play first, then arms to play over and over, and the long-run reward a round of that."""

    prefix: tuple[int, ...]
    cycle: tuple[int, ...]
    exact_rate: Fraction

    @property
    def rate(self) -> float:
        """The rate as a double."""
        return float(self.exact_rate)
