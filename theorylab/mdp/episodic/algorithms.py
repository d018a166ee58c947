"""All learners of the area: ``from theorylab.mdp.episodic.algorithms import stepmix``.  Importing it brings numba."""

from __future__ import annotations

from theorylab.mdp.episodic.agents import agent_algorithm, fixed_policy, random_agent
from theorylab.mdp.episodic.q_learning_ucb import q_learning_ucb
from theorylab.mdp.episodic.stepmix import stepmix
from theorylab.mdp.episodic.ucbvi import ucbvi

__all__ = ["agent_algorithm", "fixed_policy", "q_learning_ucb", "random_agent", "stepmix", "ucbvi"]
