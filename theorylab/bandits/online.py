"""What all bandit algorithms do before and after their kernel: check the input, set up a run, make the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from theorylab.bandits.models import BanditModel
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import COUNTS, Log, Memory, World, make_log
from theorylab.core import checkpoints as checkpoint_times
from theorylab.core import validate
from theorylab.core.rng import RNGLike, streams

__all__ = ["TIE", "Setup", "begin", "finish"]

TIE = 1e-11  # indices closer than this are tied: the lowest arm wins, in kernels and references alike
MOST_TRACED = 10**8  # entries of a trace


@dataclass(frozen=True, slots=True)
class Setup:
    """A validated run that has not begun."""

    bandit: BanditModel
    horizon: int
    n_arms: int
    world: World
    memory: Memory
    log: Log
    environment: Generator  # rewards
    agent: Generator  # the algorithm's own coins: never the environment's
    seed: Mapping[str, Any]
    trace: bool

    def work(self) -> NDArray[np.float64]:
        """Zeros, one for each arm."""
        return np.zeros(self.n_arms)

    def traced(self, *shape: int) -> NDArray[np.float64]:
        """Zeros of shape (T, *shape) when the run is traced, else (0, *shape)."""
        rounds = self.horizon if self.trace else 0
        if rounds * int(np.prod(shape or (1,))) > MOST_TRACED:
            raise ValueError(f"trace of {rounds} rounds x {shape} is too large, expected at most {MOST_TRACED} entries")
        return np.zeros((rounds, *shape))


def begin(
    bandit: BanditModel,
    horizon: int,
    *,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
    unit_rewards: bool = False,
) -> Setup:
    """Check the arguments that all algorithms share.

    Raises
    ------
    TypeError
        If ``bandit`` is no bandit model, or one that compiled algorithms cannot meet.
    ValueError
        If the horizon is not positive or longer than a table of losses, or ``unit_rewards`` asks for rewards in [0, 1]
        and the bandit has others.
    """
    if not isinstance(bandit, BanditModel):
        raise TypeError(f"bandit is {bandit!r}, expected a model of theorylab.bandits")
    horizon = validate.integer("horizon", horizon, low=1, high=checkpoint_times.LONGEST)
    bandit.refuse_longer(horizon)
    if unit_rewards and not bandit.unit_rewards:
        raise ValueError(f"bandit is {bandit!r} with rewards outside [0, 1], expected rewards in [0, 1]")
    times = checkpoint_times.validated(checkpoints, horizon)
    trace = validate.flag("trace", trace)
    if trace and horizon > MOST_TRACED:
        raise ValueError(f"trace of {horizon} rounds is too large, expected at most {MOST_TRACED} entries")
    made = streams(rng)
    log = make_log(times, horizon if trace else 0)
    return Setup(
        bandit,
        horizon,
        bandit.n_arms,
        bandit.world(),
        bandit.memory(),
        log,
        made.environment,
        made.agent,
        made.seed,
        trace,
    )


def finish(
    setup: Setup,
    algorithm: str,
    parameters: Mapping[str, Any],
    *,
    theorem: bool,
    trace: Mapping[str, Any] | None = None,
    restart_times: Any = None,
    extra: Mapping[str, Any] | None = None,
) -> BanditRun:
    """The record of the run that the kernel wrote into ``setup.log``; ``trace`` adds to actions and rewards."""
    log, bandit = setup.log, setup.bandit
    kept = None
    if setup.trace:
        kept = {"actions": log.actions, "rewards": log.rewards, **(trace or {})}
        for values in kept.values():
            if isinstance(values, np.ndarray):
                values.flags.writeable = False
    return BanditRun(
        algorithm=algorithm,
        parameters=dict(parameters),
        seed=setup.seed,
        model=bandit.name or repr(bandit),
        horizon=setup.horizon,
        notion=bandit.notion,
        times=log.times,
        regret=log.series[0, 1:] + bandit.benchmark(log.times),
        reward_sum=log.series[1, 1:].copy(),
        pulls=setup.memory[COUNTS : COUNTS + setup.n_arms].copy(),
        restart_times=np.zeros(0, np.int64) if restart_times is None else np.array(restart_times, np.int64),
        theorems_algorithm=theorem,
        trace=None if kept is None else MappingProxyType(kept),
        extra=dict(extra or {}),
    )
