"""Last-switch-dependent, recharging and rotting bandits: planners and learners.  Importing it brings numba."""

from __future__ import annotations

from theorylab.bandits.lsd.lsd_learning import approximation_regret, isi_comb_ucb1, lsd_explore_commit, play_pattern
from theorylab.bandits.lsd.lsd_planning import (
    certified_bounds,
    greedy_oracle,
    lsd_lp_bound,
    lsd_optimum,
    lsd_rounding,
    periodic_rate,
    planned_play,
    planned_rates,
)
from theorylab.bandits.lsd.rotting import fewa, raw_ucb

__all__ = [
    "approximation_regret",
    "certified_bounds",
    "fewa",
    "greedy_oracle",
    "isi_comb_ucb1",
    "lsd_explore_commit",
    "lsd_lp_bound",
    "lsd_optimum",
    "lsd_rounding",
    "periodic_rate",
    "planned_play",
    "planned_rates",
    "play_pattern",
    "raw_ucb",
]
