"""All learners of the area: ``from theorylab.mdp.episodic.algorithms import stepmix``.  Importing it brings numba."""

from __future__ import annotations

from theorylab.mdp.episodic.agents import agent_algorithm, fixed_policy, random_agent
from theorylab.mdp.episodic.bpi_ucbvi import bpi_ucbvi, bpi_ucrl
from theorylab.mdp.episodic.cucbvi import cucbvi
from theorylab.mdp.episodic.epsmix import epsmix
from theorylab.mdp.episodic.offline_baseline import epsmix_offline, learn_baseline, offline_baseline, stepmix_offline
from theorylab.mdp.episodic.optpess_lp import optpess_lp
from theorylab.mdp.episodic.q_learning_ucb import q_learning_ucb
from theorylab.mdp.episodic.stepmix import stepmix
from theorylab.mdp.episodic.ucbvi import ucbvi
from theorylab.mdp.episodic.ucbvi_stationary import ucbvi_stationary

__all__ = [
    "agent_algorithm",
    "bpi_ucbvi",
    "bpi_ucrl",
    "cucbvi",
    "epsmix",
    "epsmix_offline",
    "fixed_policy",
    "learn_baseline",
    "offline_baseline",
    "optpess_lp",
    "q_learning_ucb",
    "random_agent",
    "stepmix",
    "stepmix_offline",
    "ucbvi",
    "ucbvi_stationary",
]
