"""Stochastic bandits: algorithms for stationary arms.  Importing it brings numba."""

from __future__ import annotations

from theorylab.bandits.stochastic.baselines import epsilon_greedy, uniform_play
from theorylab.bandits.stochastic.kl_index import bernoulli_kl, kl_index
from theorylab.bandits.stochastic.kl_ucb import kl_ucb
from theorylab.bandits.stochastic.moss import moss
from theorylab.bandits.stochastic.thompson import gaussian_thompson, thompson
from theorylab.bandits.stochastic.ucb1 import ucb1

__all__ = [
    "bernoulli_kl",
    "epsilon_greedy",
    "gaussian_thompson",
    "kl_ucb",
    "moss",
    "thompson",
    "ucb1",
    "uniform_play",
]
