"""Learning in an unknown MDP along one trajectory, with regret against the optimal average reward.

Importing it brings numba: the algorithms are compiled kernels.
"""

from __future__ import annotations

from theorylab.mdp.average_reward.record import EpisodeTrace, OnlineRun
from theorylab.mdp.average_reward.restarted_ucrl2 import restarted_ucrl2
from theorylab.mdp.average_reward.ucrl2 import ucrl2

__all__ = ["EpisodeTrace", "OnlineRun", "restarted_ucrl2", "ucrl2"]
