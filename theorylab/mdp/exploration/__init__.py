"""Collecting samples in an unknown MDP along one trajectory: prescribed counts, model estimation, all goals.

Importing it brings numba: the algorithms are compiled kernels.
"""

from __future__ import annotations

from theorylab.mdp.exploration.agents import Agent, AgentInfo, agent_algorithm
from theorylab.mdp.exploration.applications import (
    GoalPolicies,
    ModelEstimate,
    RewardSearch,
    goal_free,
    model_estimation,
    sparse_reward,
)
from theorylab.mdp.exploration.baselines import known_model_collection, uniform_collection, zero_one_ucrl
from theorylab.mdp.exploration.bounds import steps_bound
from theorylab.mdp.exploration.confidence import l1_radius, samples_for_radius
from theorylab.mdp.exploration.gosprl import gosprl
from theorylab.mdp.exploration.record import ExplorationRun, PlanTrace

__all__ = [
    "Agent",
    "AgentInfo",
    "ExplorationRun",
    "GoalPolicies",
    "ModelEstimate",
    "PlanTrace",
    "RewardSearch",
    "agent_algorithm",
    "goal_free",
    "gosprl",
    "known_model_collection",
    "l1_radius",
    "model_estimation",
    "samples_for_radius",
    "sparse_reward",
    "steps_bound",
    "uniform_collection",
    "zero_one_ucrl",
]
