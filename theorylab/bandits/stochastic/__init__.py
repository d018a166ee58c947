"""Stochastic bandits: algorithms for stationary arms.  Importing it brings numba."""

from __future__ import annotations

from theorylab.bandits.stochastic.baselines import epsilon_greedy, uniform_play
from theorylab.bandits.stochastic.comb_ucb1 import comb_ucb1
from theorylab.bandits.stochastic.conservative_ucb import budget_first, conservative_ucb
from theorylab.bandits.stochastic.etc import etc
from theorylab.bandits.stochastic.kl_index import bernoulli_kl
from theorylab.bandits.stochastic.kl_ucb import kl_ucb
from theorylab.bandits.stochastic.lean_ucb import lean_ucb
from theorylab.bandits.stochastic.moss import moss
from theorylab.bandits.stochastic.successive_elimination import successive_elimination
from theorylab.bandits.stochastic.thompson import gaussian_thompson, thompson
from theorylab.bandits.stochastic.ucb1 import ucb1

__all__ = [
    "bernoulli_kl",
    "budget_first",
    "comb_ucb1",
    "conservative_ucb",
    "epsilon_greedy",
    "etc",
    "gaussian_thompson",
    "kl_ucb",
    "lean_ucb",
    "moss",
    "successive_elimination",
    "thompson",
    "ucb1",
    "uniform_play",
]
