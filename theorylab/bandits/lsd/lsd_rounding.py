r"""A periodic policy for a last-switch-dependent bandit, rounded from a linear program one action at a time.

Setting      A known bandit; a policy that repeats a pattern of D arms.
Algorithm    The program of :mod:`~theorylab.bandits.lsd.lsd_lp_bound` with a place on a circle of D rounds for each
             pattern: of each arm at most one pattern covers a round, and each round has at most one play. Round after
             round, the action that costs the program least is fixed; the lowest arm wins ties. The idea of fixing
             actions one at a time is that of the authors' code [laforgue2022last]; the program is ours.
Guarantee    The rate is that of a real policy, hence at most that of the linear program. No constant factor is claimed
             (for a planner with one see [foussoul2023last]).
Deviations   Without ``period`` all periods up to ``longest`` are tried and the best is kept.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from theorylab.bandits.lsd.lsd_lp_bound import patterns
from theorylab.bandits.lsd.states import ArmTables, PeriodicPlan, arm_tables, periodic_rate
from theorylab.bandits.models import LastSwitchDependentBandit
from theorylab.core import validate

__all__ = ["lsd_rounding"]

SAME = 1e-9  # values of the program that differ by less are ties


class _Program(NamedTuple):
    value: Any  # (columns,) reward of a pattern
    rows: Any  # sparse: (K D + D, columns)
    plays: Any  # (K, D, columns) whether the column plays the arm in the round


def lsd_rounding(bandit: LastSwitchDependentBandit, *, period: int | None = None, longest: int = 10) -> PeriodicPlan:
    """A periodic policy with its exact long-run rate.

    Parameters
    ----------
    bandit
        Last-switch-dependent or recharging.
    period
        D, the length of the pattern; by default the best of 1..``longest``.

    Examples
    --------
    >>> from theorylab.bandits.environments import lsd_experiment
    >>> plan = lsd_rounding(lsd_experiment(2), period=2)
    >>> plan.cycle, plan.rate
    ((0, 1), 0.5)
    """
    tables = arm_tables(bandit)
    if period is None:
        longest = validate.integer("longest", longest, low=1, high=60)
        lengths: Any = range(1, longest + 1)
    else:
        lengths = [validate.integer("period", period, low=1, high=60)]
    best: PeriodicPlan | None = None
    for length in lengths:
        cycle = _rounded(tables, length)
        rate: Fraction = periodic_rate(bandit, cycle)
        if best is None or rate > best.exact_rate:
            best = PeriodicPlan((), cycle, rate)
    assert best is not None
    return best


def _program(tables: ArmTables, period: int) -> _Program:
    from scipy.sparse import csr_matrix

    K = tables.n_arms
    found = [(c, at) for c in patterns(tables) if c.rounds <= period for at in range(period)]
    covers, plays = np.zeros((K, period, len(found))), np.zeros((K, period, len(found)))
    for k, (c, at) in enumerate(found):
        for j in range(c.rounds):
            covers[c.arm, (at + j) % period, k] = 1.0
            plays[c.arm, (at + j) % period, k] = float(j >= c.idle)
    rows = np.concatenate([covers.reshape(K * period, -1), plays.sum(axis=0)])
    return _Program(np.array([float(c.reward) for c, _ in found]), csr_matrix(rows), plays)


def _rounded(tables: ArmTables, period: int) -> tuple[int, ...]:
    """Fix the action of one round after the other."""
    program = _program(tables, period)
    fixed: list[int] = []
    for _ in range(period):
        values = [_value(program, [*fixed, arm]) for arm in range(tables.n_arms)]
        best = max(values)
        fixed.append(next(arm for arm, value in enumerate(values) if value >= best - SAME))
    return tuple(fixed)


def _value(program: _Program, fixed: list[int]) -> float:
    """Reward a period when the first rounds play these arms; -inf where that is impossible."""
    from scipy.optimize import linprog

    equal = np.array([program.plays[arm, at] for at, arm in enumerate(fixed)])
    found = linprog(
        -program.value, A_ub=program.rows, b_ub=np.ones(program.rows.shape[0]), A_eq=equal, b_eq=np.ones(len(fixed)),
        bounds=(0, None), method="highs",
    )  # fmt: skip
    return -float(found.fun) if found.status == 0 else -np.inf
