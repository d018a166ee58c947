r"""Learning in last-switch-dependent bandits: explore-then-commit and ISI-CombUCB1, both exported here.

Setting      A last-switch-dependent bandit with unknown means [laforgue2022last]; runs do not matter (positive
             states).
Algorithm    :func:`lsd_explore_commit` samples every state of every arm and repeats an optimal plan;
             :func:`isi_comb_ucb1` treats blocks as super-arms; :func:`play_pattern` plays a fixed pattern.
Guarantee    See the two modules; both are derived here. :func:`approximation_regret` subtracts a run's expected
             reward from a multiple of the optimal rate: the record's own ``regret`` has no benchmark, for the optimum
             is NP-hard.
Deviations   none
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.lsd.isi_comb_ucb1 import isi_comb_ucb1
from theorylab.bandits.lsd.lsd_explore_commit import lsd_explore_commit
from theorylab.bandits.lsd.play_pattern import play_pattern
from theorylab.bandits.record import BanditRun
from theorylab.core import validate

__all__ = ["approximation_regret", "isi_comb_ucb1", "lsd_explore_commit", "play_pattern"]


def approximation_regret(run: BanditRun, factor: float, optimum: float) -> NDArray[np.float64]:
    r"""``factor * optimum * t`` minus the expected reward up to t, at the checkpoints of the run.

    Parameters
    ----------
    run
        On a last-switch-dependent bandit.
    factor
        In (0, 1]: what the planner that the learner competes with guarantees; 1 for the optimum itself.
    optimum
        The optimal reward a round (``lsd_optimum(bandit).rate``), or an upper bound (``lsd_lp_bound(bandit).rate``).

    Raises
    ------
    ValueError
        If the record's regret has a benchmark already.

    Examples
    --------
    >>> from theorylab.bandits.environments import lsd_experiment
    >>> run = play_pattern(lsd_experiment(2), 1000, pattern=[1], rng=0)
    >>> round(float(approximation_regret(run, 1.0, 0.5)[-1]), 9)
    440.0
    """
    factor = validate.number("factor", factor, low=0.0, high=1.0, open_low=True)
    optimum = validate.number("optimum", optimum, low=0.0)
    if not isinstance(run, BanditRun):
        raise TypeError(f"run is {run!r}, expected the record of a run")
    if run.notion != "minus expected reward":
        raise ValueError(f"run has the notion {run.notion!r}, expected 'minus expected reward': no benchmark yet")
    return factor * optimum * run.times + run.regret
