r"""Play a fixed pattern of arms over and over: round robin, a planner's policy, the exploration of a learner.

Setting      Any bandit.
Algorithm    The arms of the pattern in turn.
Guarantee    none
Deviations   none
"""

# mypy: allow-untyped-defs

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from theorylab.bandits.lsd.states import pattern_arms
from theorylab.bandits.models import BanditModel
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import GAUSSIAN, NOISE, step_kernel
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["play_pattern", "play_pattern_kernel"]


def _play_pattern(world, memory, log, pattern, rounds, received, environment):
    """``rounds`` plays; the first rewards go into ``received``."""
    gaussian = world.code[NOISE] == GAUSSIAN
    at = 0
    for t in range(rounds):
        noise = environment.normal(0.0, 1.0) if gaussian else environment.random()
        reward = step_kernel(world, memory, log, pattern[at], noise)
        if t < received.shape[0]:
            received[t] = reward
        at += 1
        if at == pattern.shape[0]:
            at = 0


play_pattern_kernel = kernel(_play_pattern)


def play_pattern(
    bandit: BanditModel,
    horizon: int,
    *,
    pattern: Sequence[int],
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    """Run a pattern for ``horizon`` rounds.

    Parameters
    ----------
    pattern
        Arms, played in this order again and again.

    Raises
    ------
    TypeError, ValueError
        If the pattern is empty, or an entry is no arm.

    Examples
    --------
    >>> from theorylab.bandits.environments import lsd_experiment
    >>> run = play_pattern(lsd_experiment(2), 1000, pattern=[0, 1], rng=0)
    >>> round(float(-run.regret[-1]), 9)
    500.0
    """
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    arms = np.array(pattern_arms(pattern, setup.n_arms), np.int64)
    play_pattern_kernel(setup.world, setup.memory, setup.log, arms, setup.horizon, np.zeros(0), setup.environment)
    return finish(setup, "play_pattern", {"pattern": arms.tolist()}, theorem=False)
