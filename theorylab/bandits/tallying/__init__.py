"""Tallying bandits: losses that depend on how often an arm was played of late.  Importing it brings numba."""

from __future__ import annotations

from theorylab.bandits.tallying.baselines import batched_exp3, round_robin_se
from theorylab.bandits.tallying.query_then_plan import query_then_plan
from theorylab.bandits.tallying.se_tb import se_tb
from theorylab.bandits.tallying.tallying_optimum import (
    TallyingOptimum,
    complete_policy_regret,
    sequence_cost,
    tallying_optimum,
)
from theorylab.bandits.tallying.wtb_successive_elimination import wtb_successive_elimination

__all__ = [
    "TallyingOptimum",
    "batched_exp3",
    "complete_policy_regret",
    "query_then_plan",
    "round_robin_se",
    "se_tb",
    "sequence_cost",
    "tallying_optimum",
    "wtb_successive_elimination",
]
