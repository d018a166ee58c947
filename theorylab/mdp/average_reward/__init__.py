"""Learning in an unknown MDP along one trajectory, with regret against the optimal average reward.

Importing it brings numba: the algorithms are compiled kernels.
"""

from __future__ import annotations

from theorylab.mdp.average_reward.agents import Agent, AgentInfo, agent_algorithm, fixed_policy, random_agent
from theorylab.mdp.average_reward.oracle_restart_ucrl2 import oracle_restart_ucrl2
from theorylab.mdp.average_reward.rbocpd import CategoricalStream, DetectorRun, rbocpd
from theorylab.mdp.average_reward.rbocpd_ucrl2 import rbocpd_ucrl2
from theorylab.mdp.average_reward.record import EpisodeTrace, OnlineRun
from theorylab.mdp.average_reward.restarted_ucrl2 import restarted_ucrl2
from theorylab.mdp.average_reward.sw_ucrl2 import sw_ucrl2
from theorylab.mdp.average_reward.ucrl2 import ucrl2

__all__ = [
    "Agent",
    "AgentInfo",
    "CategoricalStream",
    "DetectorRun",
    "EpisodeTrace",
    "OnlineRun",
    "agent_algorithm",
    "fixed_policy",
    "oracle_restart_ucrl2",
    "random_agent",
    "rbocpd",
    "rbocpd_ucrl2",
    "restarted_ucrl2",
    "sw_ucrl2",
    "ucrl2",
]
