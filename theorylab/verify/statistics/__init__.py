"""Statistics that decide claims: binomial tests, betting e-processes, slopes, one error budget for many tests.

====================  ===================================================================================
:mod:`.binomial`      a violation has probability at most delta: exact tails and Clopper-Pearson limits
:mod:`.betting`       a mean of values in [0, 1] is at most m0: e-values that are valid at any time
:mod:`.slopes`        growth rates: log-log slopes with a bootstrap interval over seeds
:mod:`.familywise`    one alpha for a whole run: Holm, e-Bonferroni, budgets
:mod:`.radius_audit`  a confidence radius against exact tails, on a grid
:mod:`.calibration`   a sampler of a posterior: are its ranks uniform?
====================  ===================================================================================

Every threshold is derived from a stated alpha; nothing here was tuned by looking at results.
"""

from __future__ import annotations

from theorylab.verify.statistics.betting import BettingDecision, MeanTest
from theorylab.verify.statistics.binomial import clopper_pearson, exceedance_p_value
from theorylab.verify.statistics.familywise import Budget, e_bonferroni, holm
from theorylab.verify.statistics.slopes import Slope, log_log_slope

__all__ = [
    "BettingDecision",
    "Budget",
    "MeanTest",
    "Slope",
    "clopper_pearson",
    "e_bonferroni",
    "exceedance_p_value",
    "holm",
    "log_log_slope",
]
