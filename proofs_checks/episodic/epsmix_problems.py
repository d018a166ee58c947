"""Problems of two states, actions and steps: one on which Theorem P says something at K = 2e4, one for short traces."""

from __future__ import annotations

import functools

import numpy as np

from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.environments import (
    ConservativeProblem,
    conservative_problem,
    named_problem,
    toward_optimal_baseline,
)

__all__ = ["REGRET_RUNS", "SAFETY_RUNS", "half_margin", "wide_margin"]

SAFETY_RUNS = {"smoke": 40, "quick": 280, "paper": 1000, "power": 3}
REGRET_RUNS = {"smoke": 6, "quick": 140, "paper": 300}


@functools.cache
def wide_margin() -> ConservativeProblem:
    """Action 0 is better at once, action 1 leads to the better state a little more often: a gap of about 1/2."""
    P = [[[[0.9, 0.1], [0.95, 0.05]], [[0.5, 0.5], [0.5, 0.5]]], [[[1, 0], [0, 1]], [[1, 0], [0, 1]]]]
    R = [[[1.0, 0.5], [0.5, 0.25]], [[0.9, 0.0], [0.1, 0.6]]]
    mdp = EpisodicMDP(np.array(P, dtype=float), np.array(R), name="wide margin")
    return conservative_problem(mdp, toward_optimal_baseline(mdp, 0.8), threshold=0.9, name="wide margin")


@functools.cache
def half_margin() -> ConservativeProblem:
    """The tiny problem with a threshold of half the baseline's value: all kinds of episodes within a hundred."""
    tiny = named_problem("tiny")
    return conservative_problem(tiny.mdp, tiny.baseline, margin_fraction=0.5, name="tiny, half")
