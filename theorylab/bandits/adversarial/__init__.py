"""Adversarial bandits and experts.  Importing it brings numba."""

from __future__ import annotations

from theorylab.bandits.adversarial.csb_exp2 import csb_exp2
from theorylab.bandits.adversarial.csb_ftpl import csb_ftpl
from theorylab.bandits.adversarial.exp2 import exp2
from theorylab.bandits.adversarial.exp3 import exp3
from theorylab.bandits.adversarial.exp3_ix import exp3_ix
from theorylab.bandits.adversarial.exp3_p import exp3_p
from theorylab.bandits.adversarial.groupwise_experts import groupwise_experts
from theorylab.bandits.adversarial.hedge import hedge
from theorylab.bandits.adversarial.inverse_gap_weighting import inverse_gap_weighting
from theorylab.bandits.adversarial.log_barrier_ftrl import log_barrier_ftrl
from theorylab.bandits.adversarial.sleeping_experts import sleeping_experts
from theorylab.bandits.adversarial.tsallis_inf import poly_inf, tsallis_inf

__all__ = [
    "csb_exp2",
    "csb_ftpl",
    "exp2",
    "exp3",
    "exp3_ix",
    "exp3_p",
    "groupwise_experts",
    "hedge",
    "inverse_gap_weighting",
    "log_barrier_ftrl",
    "poly_inf",
    "sleeping_experts",
    "tsallis_inf",
]
