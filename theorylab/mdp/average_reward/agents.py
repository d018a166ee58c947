r"""Bring your own: a plain Python agent as an algorithm, and two baselines.

Setting      Any finite MDP, stationary or piecewise so; the agent sees states, its actions and its rewards only.
Algorithm    The loop ``action = agent.act(state, rng)``, one step, ``agent.observe(...)``, for T steps.
             Draws of the environment: one ``random()`` a step for the next state, one more for the reward when rewards
             are random, exactly as in the compiled algorithms: with the same ``rng`` two algorithms that play the same
             actions meet the same states and rewards. The agent flips its own coins from a stream of its own.
Guarantee    None: that is what the claims are for.
Deviations   none
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from theorylab.core import checkpoints as checkpoint_times
from theorylab.core import validate
from theorylab.core.rng import RNGLike, streams
from theorylab.mdp.average_reward.online import gains_of, optimal_reward
from theorylab.mdp.average_reward.record import OnlineRun
from theorylab.mdp.sampler import ModelArrays, model_arrays

__all__ = ["Agent", "AgentInfo", "agent_algorithm", "fixed_policy", "random_agent"]


@runtime_checkable
class Agent(Protocol):
    """What a learner needs to have.

    It may also have an attribute ``episodes``: the steps, counted from 1, at which its episodes began. They go into
    ``OnlineRun.episode_starts``.
    """

    def act(self, state: int, rng: Generator) -> int:
        """The action to play in ``state``; ``rng`` is the agent's own stream of chance."""
        ...

    def observe(self, state: int, action: int, reward: float, next_state: int) -> None:
        """What the step showed."""
        ...


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """What an agent may know before it starts: never the transitions or the rewards."""

    n_states: int
    n_actions: int
    horizon: int
    initial_state: int
    keywords: Mapping[str, Any] = field(default_factory=dict)  # of the call, for example delta

    def __post_init__(self) -> None:
        object.__setattr__(self, "keywords", MappingProxyType(dict(self.keywords)))


def agent_algorithm(make_agent: Callable[[AgentInfo], Agent], *, name: str | None = None) -> Callable[..., OnlineRun]:
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
        ``algorithm(mdp, horizon, *, checkpoints=None, trace=False, rng=None, **keywords) -> OnlineRun``. The keywords
        reach the agent as ``info.keywords``. ``trace`` is accepted, because claims ask for it, and has no effect: the
        record has no trace, so that claims about the regret can be checked and links of a proof cannot.

    Raises
    ------
    TypeError
        If ``make_agent`` cannot be called, or makes something without ``act`` and ``observe``, or an action is no
        integer; the message names the step.
    ValueError
        If an action is out of range; the message names the step, the action and the range.

    Examples
    --------
    >>> from theorylab.mdp.environments import riverswim
    >>> class Right:
    ...     def __init__(self, info):
    ...         self.steps = 0
    ...     def act(self, state, rng):
    ...         return 1
    ...     def observe(self, state, action, reward, next_state):
    ...         self.steps += 1
    >>> run = agent_algorithm(Right)(riverswim(6), 1000, rng=1)
    >>> run.algorithm, run.visits.sum(axis=0).tolist(), run.theorems_algorithm
    ('Right', [0, 1000], False)
    """
    if not callable(make_agent):
        raise TypeError(f"make_agent is {make_agent!r}, expected a class or a function of one AgentInfo")
    label = getattr(make_agent, "__name__", type(make_agent).__name__) if name is None else name

    def algorithm(
        mdp: Any,
        horizon: int,
        *,
        checkpoints: ArrayLike | None = None,
        trace: bool = False,
        rng: RNGLike = None,
        **keywords: Any,
    ) -> OnlineRun:
        return _run(make_agent, label, mdp, horizon, checkpoints, trace, rng, keywords)

    algorithm.__name__ = algorithm.__qualname__ = label
    algorithm.__doc__ = f"The plain Python agent {label!r}; keywords reach it as ``info.keywords``."
    return algorithm


def random_agent(
    mdp: Any,
    horizon: int,
    *,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
    **ignored: Any,
) -> OnlineRun:
    """Uniformly random actions: what any learner should beat. Keywords of other algorithms are ignored.

    Parameters are those of :func:`theorylab.mdp.average_reward.ucrl2.ucrl2`; rewards may be any reals.

    Examples
    --------
    >>> from theorylab.mdp.environments import two_state
    >>> random_agent(two_state(), 100, rng=3).visits.sum()
    np.int64(100)
    """
    return _run(_RandomAgent, "random_agent", mdp, horizon, checkpoints, trace, rng, {})


def fixed_policy(
    mdp: Any,
    horizon: int,
    *,
    policy: ArrayLike,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
    **ignored: Any,
) -> OnlineRun:
    """Play one deterministic stationary policy: for an optimal one the regret is noise alone.

    Parameters
    ----------
    policy
        (S,) actions.

    Raises
    ------
    ValueError, TypeError
        If ``policy`` has another length or an entry is no action.

    Examples
    --------
    >>> from theorylab.mdp.environments import riverswim
    >>> fixed_policy(riverswim(6), 1000, policy=[1] * 6, rng=1).visits[:, 0].sum()
    np.int64(0)
    """
    S, A = model_arrays(mdp).means.shape[1:]
    chosen = validate.indices("policy", policy, below=A)
    if len(chosen) != S:
        raise ValueError(f"policy has {len(chosen)} entries, expected {S}, one action for each state")
    actions: list[int] = chosen.tolist()
    made = {"policy": actions}
    return _run(lambda info: _FixedPolicy(actions), "fixed_policy", mdp, horizon, checkpoints, trace, rng, made)


class _RandomAgent:
    def __init__(self, info: AgentInfo) -> None:
        self.n_actions = info.n_actions

    def act(self, state: int, rng: Generator) -> int:
        return int(rng.integers(self.n_actions))

    def observe(self, state: int, action: int, reward: float, next_state: int) -> None:
        pass


class _FixedPolicy:
    def __init__(self, actions: list[int]) -> None:
        self.actions = actions

    def act(self, state: int, rng: Generator) -> int:
        return self.actions[state]

    def observe(self, state: int, action: int, reward: float, next_state: int) -> None:
        pass


def _run(
    make_agent: Callable[[AgentInfo], Any],
    name: str,
    mdp: Any,
    horizon: Any,
    checkpoints: ArrayLike | None,
    trace: bool,
    rng: RNGLike,
    keywords: Mapping[str, Any],
) -> OnlineRun:
    horizon = validate.integer("horizon", horizon, low=1)
    times = checkpoint_times.validated(checkpoints, horizon)
    validate.flag("trace", trace)
    arrays = model_arrays(mdp)
    gains = gains_of(mdp, horizon)
    source = streams(rng)
    S, A = (int(n) for n in arrays.means.shape[1:])
    agent = make_agent(AgentInfo(S, A, horizon, int(arrays.initial_state), keywords))
    for method in ("act", "observe"):
        if not callable(getattr(agent, method, None)):
            kind = type(agent).__name__
            raise TypeError(f"{name} made a {kind} without a method {method}, expected an Agent (act, observe)")
    reward_sum, mean_sum = np.zeros(len(times)), np.zeros(len(times))
    visits = np.zeros((S, A), dtype=np.int64)
    received, expected, checkpoint = 0.0, 0.0, 0
    state, step = int(arrays.initial_state), 0
    for model in _pieces(arrays, horizon):
        while step < model.end:
            action = agent.act(state, source.agent)
            if type(action) is not int or not 0 <= action < A:
                where = f"the action of {name} at step {step + 1}, in state {state},"
                action = validate.integer(where, action, low=0, high=A - 1)
            row = model.targets[state][action]
            reached = row[bisect_right(model.cumulative[state][action], source.environment.random())]
            values = model.reward_values[state][action]
            reward = values[0]
            if len(values) > 1:
                reward = values[bisect_right(model.reward_cumulative[state][action], source.environment.random())]
            received += reward
            expected += model.means[state][action]
            visits[state, action] += 1
            step += 1
            if step == times[checkpoint]:
                reward_sum[checkpoint], mean_sum[checkpoint] = received, expected
                checkpoint += 1
            agent.observe(state, action, reward, reached)
            state = reached
    best = optimal_reward(gains, arrays.starts, times)
    episodes = _episodes(agent, name, horizon)
    return OnlineRun(
        algorithm=name,
        parameters=dict(keywords),
        seed=source.seed,
        model=mdp.name,
        horizon=horizon,
        times=times,
        regret=best - reward_sum,
        pseudo_regret=best - mean_sum,
        reward_sum=reward_sum,
        episode_starts=episodes,
        restart_times=np.zeros(0, dtype=np.int64),
        evi_sweeps=np.zeros(0, dtype=np.int64),
        visits=visits,
        theorems_algorithm=False,
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    """One piece as nested lists: indexing them one entry at a time is several times faster than indexing arrays."""

    end: int  # steps played when it ends
    targets: list[list[list[int]]]
    cumulative: list[list[list[float]]]
    means: list[list[float]]
    reward_values: list[list[list[float]]]
    reward_cumulative: list[list[list[float]]]


def _pieces(arrays: ModelArrays, horizon: int) -> Iterator[_Piece]:
    ends = [*arrays.starts[1:].tolist(), horizon]
    for g, end in enumerate(ends):
        yield _Piece(
            min(end, horizon),
            arrays.targets[g].tolist(),
            arrays.cumulative[g].tolist(),
            arrays.means[g].tolist(),
            arrays.reward_values[g].tolist(),
            arrays.reward_cumulative[g].tolist(),
        )
        if end >= horizon:
            return


def _episodes(agent: Any, name: str, horizon: int) -> NDArray[np.int64]:
    starts = validate.indices(f"episodes of {name}", getattr(agent, "episodes", ()), below=horizon + 1)
    if len(starts) and (starts[0] < 1 or np.any(np.diff(starts) <= 0)):
        raise ValueError(f"episodes of {name} are {starts.tolist()[:5]}..., expected increasing steps counted from 1")
    return starts
