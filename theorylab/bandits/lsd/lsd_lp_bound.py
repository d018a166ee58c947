r"""An upper bound on what any policy earns on a last-switch-dependent bandit: a linear program over patterns.

Setting      A pattern $(\tau, l)$ of arm i: $\tau - 1$ rounds without it, then l plays in a row; it earns $R_i(\tau,
             l) = \mu_i(\tau) + \sum_{j < l} \mu_i(-j)$.
Algorithm    $\max \sum R_i(\tau,l)\, z_{i,\tau,l}$ over $z \ge 0$ with $\sum (\tau + l - 1) z_{i,\tau,l} \le 1$ for
             each arm and $\sum l\, z_{i,\tau,l} \le 1$: frequencies of patterns. States end where the tables do;
             plays beyond the table of runs are patterns of their own that fill one round. Where runs do not matter l
             = 1.
Guarantee    Derived here: the patterns of a policy, counted over T rounds and divided by T, are feasible, so no
             policy earns more than ``rate`` * T + ``offset``. The solver (HiGHS) is not trusted: its dual prices are
             raised until they are feasible in rationals, its primal solution is scaled down until it is.
Deviations   Where runs matter an arm with $\tau = 1$ exists in the first round only; such patterns are left out and
             ``offset`` pays for that round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.lsd.states import ArmTables, arm_tables
from theorylab.bandits.models import LastSwitchDependentBandit
from theorylab.core import validate

__all__ = ["LPBound", "Pattern", "lsd_lp_bound", "patterns"]


class Pattern(NamedTuple):
    """A column of the program: ``idle`` = tau - 1 rounds without the arm, then ``plays`` in a row."""

    arm: int
    idle: int
    plays: int
    reward: Fraction

    @property
    def rounds(self) -> int:
        """Rounds of the arm that it fills."""
        return self.idle + self.plays


@dataclass(frozen=True, slots=True)
class LPBound:
    """The bound with both certificates; ``lower <= value of the program <= exact_rate``."""

    rate: float  # not below exact_rate
    exact_rate: Fraction  # sum of the prices: feasible for the dual program, in rationals
    offset: float  # reward in T rounds <= rate * T + offset
    lower: Fraction  # value of ``frequencies``, feasible in rationals
    arm_prices: tuple[Fraction, ...]
    round_price: Fraction
    columns: tuple[Pattern, ...]
    frequencies: NDArray[np.float64]  # of the columns

    @property
    def gap(self) -> float:
        """Upper minus lower certificate."""
        return float(self.exact_rate - self.lower)


def patterns(tables: ArmTables) -> tuple[Pattern, ...]:
    """The columns of the program."""
    found = []
    for i, idle in enumerate(tables.idle):
        longest = len(tables.run[i]) if tables.runs else 1
        for tau in range(2 if tables.runs else 1, max(2 if tables.runs else 1, len(idle)) + 1):
            reward = idle[min(tau, len(idle)) - 1]
            for plays in range(1, longest + 1):
                found.append(Pattern(i, tau - 1, plays, reward))
                if tables.runs:
                    reward += tables.run[i][plays - 1]
        if tables.runs:
            found.append(Pattern(i, 0, 1, tables.run[i][-1]))  # a play beyond the table of runs
    return tuple(found)


def lsd_lp_bound(bandit: LastSwitchDependentBandit) -> LPBound:
    """The value of the linear program with its certificates.

    Raises
    ------
    RuntimeError
        If the solver finds no optimum.

    Examples
    --------
    >>> from theorylab.bandits.environments import lsd_experiment
    >>> bound = lsd_lp_bound(lsd_experiment(1))
    >>> round(9 * bound.rate, 9), bound.gap < 1e-9
    (4.56, True)
    """
    from scipy.optimize import linprog

    tables = arm_tables(bandit)
    columns = patterns(tables)
    rewards = np.array([float(c.reward) for c in columns])
    rows = np.zeros((tables.n_arms + 1, len(columns)))
    for k, c in enumerate(columns):
        rows[c.arm, k], rows[-1, k] = c.rounds, c.plays
    solved = linprog(-rewards, A_ub=rows, b_ub=np.ones(len(rows)), bounds=(0, None), method="highs")
    if solved.status != 0:
        raise RuntimeError(f"the linear program ended with status {solved.status}: {solved.message}")
    arm_prices, round_price = _feasible_prices(columns, -solved.ineqlin.marginals, tables.n_arms)
    exact = sum(arm_prices, round_price)
    rate = float(exact)
    if Fraction(rate) < exact:
        rate = math.nextafter(rate, math.inf)
    return LPBound(
        rate, exact, _offset(tables, exact), _primal_value(columns, solved.x, tables.n_arms),
        arm_prices, round_price, columns, validate.readonly(solved.x),
    )  # fmt: skip


def _feasible_prices(
    columns: tuple[Pattern, ...], prices: NDArray[np.float64], n_arms: int
) -> tuple[tuple[Fraction, ...], Fraction]:
    """The solver's prices as rationals, the price of a round raised until each pattern pays for itself."""
    exact = [Fraction(max(0.0, float(p))) for p in prices]
    arm_prices, round_price = tuple(exact[:n_arms]), exact[n_arms]
    needed = max((c.reward - c.rounds * arm_prices[c.arm]) / c.plays for c in columns)
    return arm_prices, max(round_price, needed)


def _primal_value(columns: tuple[Pattern, ...], solution: NDArray[np.float64], n_arms: int) -> Fraction:
    z = [Fraction(max(0.0, float(v))) for v in solution]
    used = [Fraction(0)] * (n_arms + 1)
    value = Fraction(0)
    for c, v in zip(columns, z, strict=True):
        used[c.arm] += c.rounds * v
        used[-1] += c.plays * v
        value += c.reward * v
    return value / max(Fraction(1), *used)


def _offset(tables: ArmTables, rate: Fraction) -> float:
    """What the first round may add where runs matter: its pattern is one with tau = 2 in T + 1 rounds, but mu(1)."""
    if not tables.runs:
        return 0.0
    gains = [idle[0] - idle[min(1, len(idle) - 1)] for idle in tables.idle]
    return math.nextafter(float(rate + max(Fraction(0), *gains)), math.inf)
