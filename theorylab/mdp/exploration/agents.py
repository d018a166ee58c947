r"""Bring your own: a plain Python agent as a sample collection.

Setting      A communicating FiniteMDP and requirements; the agent sees states, its actions, and no rewards.
Algorithm    The loop ``action = agent.act(state, rng)``, one step, ``agent.observe(state, action, next_state)``, until
             each pair has its samples, at most for the horizon.
             Draws of the environment: one ``random()`` a step, as in the compiled collections: with the same ``rng``
             two algorithms that play the same actions meet the same states. The agent flips its own coins from a stream
             of its own.
Guarantee    None: that is what the claims are for.
Deviations   none
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from theorylab.core import validate
from theorylab.core.rng import RNGLike
from theorylab.mdp.exploration.online import Setup, begin, finish
from theorylab.mdp.exploration.record import ExplorationRun
from theorylab.mdp.sampler import model_arrays

__all__ = ["Agent", "AgentInfo", "agent_algorithm"]


@runtime_checkable
class Agent(Protocol):
    """What a learner needs to have.

    It may also have lists ``plans`` (the steps, counted from 1, at which it planned) and ``sweeps`` (one number a
    plan); they go into the record.
    """

    def act(self, state: int, rng: Generator) -> int:
        """The action to play in ``state``; ``rng`` is the agent's own stream of chance."""
        ...

    def observe(self, state: int, action: int, next_state: int) -> None:
        """What the step showed."""
        ...


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """What an agent may know before it starts: never the transitions."""

    n_states: int
    n_actions: int
    horizon: int
    initial_state: int
    requirements: tuple[tuple[int, ...], ...]  # [state][action]
    keywords: Mapping[str, Any] = field(default_factory=dict)  # of the call, for example delta

    def __post_init__(self) -> None:
        object.__setattr__(self, "keywords", MappingProxyType(dict(self.keywords)))


def agent_algorithm(
    make_agent: Callable[[AgentInfo], Agent], *, name: str | None = None
) -> Callable[..., ExplorationRun]:
    """Turn a plain Python agent into a collection that stands wherever a built-in one stands.

    Parameters
    ----------
    make_agent
        Called with an :class:`AgentInfo` at the start of each run; a class works when its ``__init__`` takes one.
    name
        Shown in records and tables; by default the name of ``make_agent``.

    Returns
    -------
    callable
        ``algorithm(mdp, horizon, *, requirements, checkpoints=None, trace=False, rng=None, **keywords)``. The keywords
        reach the agent as ``info.keywords``. ``trace`` is accepted, because claims ask for it, and has no effect.

    Raises
    ------
    TypeError
        If ``make_agent`` cannot be called, or makes something without ``act`` and ``observe``, or an action is no
        integer; the message names the step.
    ValueError
        If an action is out of range; the message names the step, the action and the range.

    Examples
    --------
    >>> from theorylab.mdp.environments import two_state
    >>> class Alternating:
    ...     def __init__(self, info):
    ...         self.steps = 0
    ...     def act(self, state, rng):
    ...         return self.steps % 2
    ...     def observe(self, state, action, next_state):
    ...         self.steps += 1
    >>> run = agent_algorithm(Alternating)(two_state(), 1000, requirements=3, rng=1)
    >>> run.algorithm, run.steps_to_meet, run.visits.tolist()
    ('Alternating', 12, [[3, 3], [3, 3]])
    """
    if not callable(make_agent):
        raise TypeError(f"make_agent is {make_agent!r}, expected a class or a function of one AgentInfo")
    label = getattr(make_agent, "__name__", type(make_agent).__name__) if name is None else name

    def algorithm(
        mdp: Any,
        horizon: int,
        *,
        requirements: Any,
        checkpoints: ArrayLike | None = None,
        trace: bool = False,
        rng: RNGLike = None,
        **keywords: Any,
    ) -> ExplorationRun:
        return _run(make_agent, label, begin(mdp, horizon, requirements, checkpoints, trace, rng), keywords)

    algorithm.__name__ = algorithm.__qualname__ = label
    algorithm.__doc__ = f"The plain Python agent {label!r}; keywords reach it as ``info.keywords``."
    return algorithm


def _run(
    make_agent: Callable[[AgentInfo], Any], name: str, setup: Setup, keywords: Mapping[str, Any]
) -> ExplorationRun:
    mdp, horizon, source = setup.mdp, setup.horizon, setup.source
    S, A = mdp.n_states, mdp.n_actions
    wanted = setup.requirements.tolist()
    agent = make_agent(AgentInfo(S, A, horizon, setup.state, tuple(map(tuple, wanted)), keywords))
    for method in ("act", "observe"):
        if not callable(getattr(agent, method, None)):
            kind = type(agent).__name__
            raise TypeError(f"{name} made a {kind} without a method {method}, expected an Agent (act, observe)")
    arrays = model_arrays(mdp)
    targets, cumulative = arrays.targets[0].tolist(), arrays.cumulative[0].tolist()
    visits, counts = np.zeros((S, A), dtype=np.int64), np.zeros((S, A, S), dtype=np.int64)
    goal_visits = np.zeros(S, dtype=np.int64)
    required = missing = int(setup.requirements.sum())
    collected = np.zeros(len(setup.times), dtype=np.int64)
    state, step, checkpoint = setup.state, 0, 0
    while step < horizon and missing > 0:
        goal_visits[state] += bool((visits[state] < setup.requirements[state]).any())
        action = agent.act(state, source.agent)
        if type(action) is not int or not 0 <= action < A:
            where = f"the action of {name} at step {step + 1}, in state {state},"
            action = validate.integer(where, action, low=0, high=A - 1)
        reached = targets[state][action][bisect_right(cumulative[state][action], source.environment.random())]
        missing -= int(visits[state, action] < wanted[state][action])
        visits[state, action] += 1
        counts[state, action, reached] += 1
        step += 1
        if step == setup.times[checkpoint]:
            collected[checkpoint] = required - missing
            checkpoint += 1
        agent.observe(state, action, reached)
        state = reached
    collected[checkpoint:] = required - missing
    plans, sweeps = _plans(agent, name, horizon)
    return finish(
        setup, name, dict(keywords), (step, len(plans), missing, state),
        (collected, visits, counts, goal_visits, plans, sweeps), theorem=False,
    )  # fmt: skip


def _plans(agent: Any, name: str, horizon: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    starts = validate.indices(f"plans of {name}", getattr(agent, "plans", ()), below=horizon + 1)
    if len(starts) and (starts[0] < 1 or np.any(np.diff(starts) <= 0)):
        raise ValueError(f"plans of {name} are {starts.tolist()[:5]}..., expected increasing steps counted from 1")
    sweeps = validate.indices(f"sweeps of {name}", getattr(agent, "sweeps", ()), below=2**53)
    if len(sweeps) not in (0, len(starts)):
        raise ValueError(
            f"sweeps of {name} has length {len(sweeps)}, expected one number for each of {len(starts)} plans"
        )
    return starts, sweeps
