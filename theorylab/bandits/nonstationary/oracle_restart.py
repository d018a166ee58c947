r"""The oracle that is told when the means change: an index policy that starts afresh at each change point.

Setting      K arms with rewards in [0, 1] whose means change at given rounds; dynamic regret over T rounds.
Algorithm    The arm with the largest index since the last change point
             (``theorylab.bandits.nonstationary.restarting``): no forced exploration, no test.
Guarantee    On each piece it is the stationary index policy: the sum of its bounds over the pieces bounds the regret.
             It is what restarting policies are measured against [besson2022efficient, Section 6], not a policy that one
             could run.
Deviations   Those of ``restarting``.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.bandits.models import BanditModel, PiecewiseStationaryBandit
from theorylab.bandits.nonstationary.restarting import (
    INDICES,
    arm_state,
    best_arm_kernel,
    forget_kernel,
    reward_kernel,
)
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["oracle_restart"]


def _oracle_restart(world, memory, log, horizon, index, c, changes, arms, environment):
    """One run; how many restarts there were."""
    n_arms = arms.shape[1]
    done, arm = 0, 0
    for t in range(horizon):
        if done < changes.shape[0] and t == changes[done]:
            done += 1
            for i in range(n_arms):
                forget_kernel(arms, i, t)
        arm = best_arm_kernel(index, c, t, arm, arms)
        reward = step_kernel(world, memory, log, arm, environment.random())
        reward_kernel(arms, arm, reward)
    return done


oracle_restart_kernel = kernel(_oracle_restart)


def oracle_restart(
    bandit: BanditModel,
    horizon: int,
    *,
    change_points: Any = None,
    index: str = "kl",
    c: float = 0.0,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run the index policy that restarts at the change points.

    Parameters
    ----------
    bandit
        Rewards in [0, 1].
    horizon
        T, the number of rounds.
    change_points
        Increasing rounds (from 0) at which to start afresh; by default those of a piecewise-stationary model, none for
        other models.  An empty list gives the policy that never restarts.
    index, c
        As in :func:`theorylab.bandits.nonstationary.glr_klucb.glr_klucb`.
    checkpoints, trace, rng
        As in :func:`theorylab.bandits.stochastic.ucb1.ucb1`.

    Returns
    -------
    BanditRun
        ``restart_times`` are the change points before T.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits.environments import problem_2
    >>> run = oracle_restart(problem_2(5000), 5000, rng=1)
    >>> run.restart_times.tolist(), bool(run.regret[-1] < 120)
    ([1000, 2000, 3000, 4000], True)
    """
    kind = INDICES.index(validate.choice("index", index, INDICES))
    c = validate.number("c", c, low=0.0)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    if change_points is None:
        own = bandit.change_points if isinstance(bandit, PiecewiseStationaryBandit) else ()
    else:
        own = change_points
    changes = validate.indices("change_points", own, below=2**53)
    for i, change in enumerate(changes):
        if change < 1 or (i > 0 and change <= changes[i - 1]):
            raise ValueError(f"change_points[{i}] is {change}, expected increasing rounds from 1 on")
    done = oracle_restart_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        kind,
        c,
        changes,
        arm_state(setup.n_arms),
        setup.environment,
    )
    parameters = {"change_points": np.asarray(changes).tolist(), "index": index, "c": c}
    return finish(setup, "oracle_restart", parameters, theorem=False, restart_times=changes[:done])
