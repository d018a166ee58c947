r"""Planning for last-switch-dependent bandits: optimum, upper bound, rounding, greedy; all four are exported here.

Setting      The mean reward of an arm depends on the rounds since it was last played, or on the length of the run of
             plays that it ends; the means are known [laforgue2022last]. An optimal policy is NP-hard to find.
Algorithm    :func:`lsd_optimum` (a maximum mean cycle, small products of states), :func:`lsd_lp_bound` (a linear
             program over patterns), :func:`lsd_rounding` (a periodic policy from a linear program),
             :func:`greedy_oracle`.
Guarantee    greedy, rounding <= optimum <= linear program (derived here), each side with a certificate in rationals.
             On the two published experiments the optimum meets the linear program: 4.56/9 and 1/2 (derived here).
Deviations   none
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from theorylab.bandits.lsd.greedy_oracle import greedy_oracle
from theorylab.bandits.lsd.lsd_lp_bound import LPBound, lsd_lp_bound
from theorylab.bandits.lsd.lsd_optimum import LSDOptimum, certified_bounds, lsd_optimum
from theorylab.bandits.lsd.lsd_rounding import lsd_rounding
from theorylab.bandits.lsd.play_pattern import play_pattern
from theorylab.bandits.lsd.states import PeriodicPlan, periodic_rate
from theorylab.bandits.models import LastSwitchDependentBandit
from theorylab.bandits.record import BanditRun
from theorylab.core import validate
from theorylab.core.rng import RNGLike

__all__ = [
    "LPBound",
    "LSDOptimum",
    "PeriodicPlan",
    "certified_bounds",
    "greedy_oracle",
    "lsd_lp_bound",
    "lsd_optimum",
    "lsd_rounding",
    "periodic_rate",
    "planned_play",
    "planned_rates",
]

PLANNERS = ("optimum", "rounding", "greedy", "round robin")


def planned_rates(bandit: LastSwitchDependentBandit, *, longest: int = 10) -> dict[str, Fraction]:
    """Exact long-run rates of all planners, and the bound of the linear program.

    Examples
    --------
    >>> from theorylab.bandits.environments import lsd_experiment
    >>> rates = planned_rates(lsd_experiment(2), longest=2)
    >>> {name: round(float(rate), 9) for name, rate in rates.items()}
    {'greedy': 0.06, 'round robin': 0.5, 'rounding': 0.5, 'optimum': 0.5, 'linear program': 0.5}
    """
    return {
        "greedy": greedy_oracle(bandit).exact_rate,
        "round robin": periodic_rate(bandit, range(bandit.n_arms)),
        "rounding": lsd_rounding(bandit, longest=longest).exact_rate,
        "optimum": lsd_optimum(bandit).exact_rate,
        "linear program": lsd_lp_bound(bandit).exact_rate,
    }


def planned_play(
    bandit: LastSwitchDependentBandit,
    horizon: int,
    *,
    planner: str = "optimum",
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    """Play a planner's policy for ``horizon`` rounds.

    Parameters
    ----------
    planner
        "optimum", "rounding", "greedy" or "round robin".

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits.environments import lsd_experiment
    >>> run = planned_play(lsd_experiment(1), 900, planner="greedy", rng=0)
    >>> bool(abs(-run.regret[-1] / 900 - 0.91 / 6) < 0.01)
    True
    """
    validate.choice("planner", planner, PLANNERS)
    if planner == "greedy":
        plan = greedy_oracle(bandit)
        horizon = validate.integer("horizon", horizon, low=1)
        repeats = max(0, -(-(horizon - len(plan.prefix)) // len(plan.cycle)))
        pattern = plan.prefix + plan.cycle * repeats if plan.prefix else plan.cycle
    elif planner == "round robin":
        pattern = tuple(range(bandit.n_arms))
    else:
        pattern = (lsd_optimum(bandit) if planner == "optimum" else lsd_rounding(bandit)).cycle
    return play_pattern(bandit, horizon, pattern=pattern, checkpoints=checkpoints, trace=trace, rng=rng)
