r"""Bring your own: a plain Python agent as a bandit algorithm, and the loop on which all slow references run.

Setting      Any bandit model, adaptive adversaries too; the agent sees its arms and its rewards only.
Algorithm    The loop ``arm = agent.act(rng)``, one reward, ``agent.observe(arm, reward)``, for T rounds.  The loop
             knows no compiled code: means come from the model's definition on the whole history.  It draws from the
             environment exactly as the compiled loop does, so with the same ``rng`` two algorithms that play the same
             arms get the same rewards; the agent's coins come from a stream of its own.
Guarantee    None: that is what the claims are for.
Deviations   none
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.random import Generator

from theorylab.bandits.models import AdaptiveAdversary, BanditModel
from theorylab.bandits.record import BanditRun
from theorylab.core import checkpoints as checkpoint_times
from theorylab.core import validate
from theorylab.core.rng import RNGLike, streams

__all__ = ["Agent", "AgentInfo", "agent_algorithm"]


@runtime_checkable
class Agent(Protocol):
    """What a learner needs to have.

    It may have an attribute ``restart_times`` (a list of rounds), and ``trace`` (a dict of lists), which go into the
    record.
    """

    def act(self, rng: Generator) -> int:
        """The arm to play; ``rng`` is the agent's own stream of chance."""
        ...

    def observe(self, arm: int, reward: float) -> None:
        """What the round showed."""
        ...


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """What an agent may know before it starts: never the means."""

    n_arms: int
    horizon: int
    keywords: Mapping[str, Any] = field(default_factory=dict)  # of the call, for example delta

    def __post_init__(self) -> None:
        object.__setattr__(self, "keywords", MappingProxyType(dict(self.keywords)))


def agent_algorithm(make_agent: Callable[[AgentInfo], Agent], *, name: str | None = None) -> Callable[..., BanditRun]:
    """Turn a plain Python agent into an algorithm that stands wherever a built-in one stands.

    Parameters
    ----------
    make_agent
        Called with an :class:`AgentInfo` at the start of each run; a class works when its ``__init__`` takes one.
    name
        Shown in records and tables; by default the name of ``make_agent``.

    Returns
    -------
    callable
        ``algorithm(bandit, horizon, *, checkpoints=None, trace=False, rng=None, **keywords) -> BanditRun``.

    Raises
    ------
    TypeError
        If ``make_agent`` cannot be called, or makes something without ``act`` and ``observe``, or an arm is no integer.
    ValueError
        If an arm is out of range; the message names the round.

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> class First:
    ...     def __init__(self, info):
    ...         self.rewards = []
    ...     def act(self, rng):
    ...         return 0
    ...     def observe(self, arm, reward):
    ...         self.rewards.append(reward)
    >>> run = agent_algorithm(First)(BernoulliBandit([0.25, 0.75]), 100, rng=1)
    >>> run.algorithm, run.pulls.tolist(), float(run.regret[-1]), run.theorems_algorithm
    ('First', [100, 0], 50.0, False)
    """
    if not callable(make_agent):
        raise TypeError(f"make_agent is {make_agent!r}, expected a class or a function of one AgentInfo")
    label = getattr(make_agent, "__name__", type(make_agent).__name__) if name is None else name

    def algorithm(
        bandit: Any, horizon: int, *, checkpoints: Any = None, trace: bool = False, rng: RNGLike = None, **keywords: Any
    ) -> BanditRun:
        return _run(make_agent, label, bandit, horizon, checkpoints, trace, rng, keywords)

    algorithm.__name__ = algorithm.__qualname__ = label
    algorithm.__doc__ = f"The plain Python agent {label!r}; keywords reach it as ``info.keywords``."
    return algorithm


def _run(
    make_agent: Callable[[AgentInfo], Agent],
    label: str,
    bandit: Any,
    horizon: int,
    checkpoints: Any,
    trace: bool,
    rng: RNGLike,
    keywords: Mapping[str, Any],
) -> BanditRun:
    if not isinstance(bandit, BanditModel):
        raise TypeError(f"bandit is {bandit!r}, expected a model of theorylab.bandits")
    horizon = validate.integer("horizon", horizon, low=1, high=checkpoint_times.LONGEST)
    bandit.refuse_longer(horizon)
    times = checkpoint_times.validated(checkpoints, horizon)
    made = streams(rng)
    agent = make_agent(AgentInfo(bandit.n_arms, horizon, keywords))
    if not isinstance(agent, Agent):
        raise TypeError(f"{label} made {agent!r}, expected an object with act(rng) and observe(arm, reward)")
    history, rewards, gaps = _play(agent, label, bandit, horizon, made.environment, made.agent)
    if isinstance(bandit, AdaptiveAdversary):
        _same_again(bandit, history, rewards, times)
    kept = None
    if trace:
        own = {key: _array(label, key, value) for key, value in getattr(agent, "trace", {}).items()}
        kept = MappingProxyType({**own, "actions": np.array(history, np.int64), "rewards": np.array(rewards)})
    return BanditRun(
        algorithm=label,
        parameters=dict(keywords),
        seed=made.seed,
        model=bandit.name or repr(bandit),
        horizon=horizon,
        notion=bandit.notion,
        times=times,
        regret=np.cumsum(gaps)[times - 1] + bandit.benchmark(times, history),
        reward_sum=np.cumsum(rewards)[times - 1],
        pulls=np.bincount(history, minlength=bandit.n_arms).astype(np.int64),
        restart_times=np.array(getattr(agent, "restart_times", []), np.int64),
        theorems_algorithm=False,
        trace=kept,
    )


def _array(label: str, key: Any, value: Any) -> Any:
    try:
        return np.array(value)
    except ValueError as error:
        raise ValueError(f"trace[{key!r}] of {label} has entries of different lengths, expected one shape") from error


def _same_again(bandit: AdaptiveAdversary, history: list[int], rewards: Any, times: Any) -> None:
    """The benchmark asks the adversary once more: an adversary with a memory or coins of its own has none."""
    for t in times - 1:
        again = 1.0 - float(bandit.round(history[:t])[history[t]])
        if again != rewards[t]:
            raise ValueError(
                f"losses(history of {t} rounds)[{history[t]}] is {1.0 - again:g} when asked again and was "
                f"{1.0 - rewards[t]:g}, expected a function of the history alone"
            )


def _play(agent: Agent, label: str, bandit: BanditModel, horizon: int, environment: Generator, own: Generator) -> Any:
    """The loop: arms, rewards, and by how much the benchmark's mean exceeds that of each play."""
    history: list[int] = []
    rewards, gaps = np.zeros(horizon), np.zeros(horizon)
    for t in range(horizon):
        arm = agent.act(own)
        if isinstance(arm, bool) or not isinstance(arm, (int, np.integer)):
            raise TypeError(f"{label} plays {arm!r} in round {t}, expected an integer")
        if not 0 <= arm < bandit.n_arms:
            raise ValueError(f"{label} plays {arm} in round {t}, expected an integer in 0..{bandit.n_arms - 1}")
        arm = int(arm)
        mean = bandit.mean_reward(history, arm)
        noise = environment.normal(0.0, 1.0) if bandit.noise == "gaussian" else environment.random()
        reward = bandit.reward(mean, arm, noise)
        rewards[t], gaps[t] = reward, bandit.round_benchmark(t) - mean
        history.append(arm)
        agent.observe(arm, reward)
    return history, rewards, gaps
