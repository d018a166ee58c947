r"""Bring your own: a plain Python agent as an episodic algorithm, and two baselines.

Setting      Any :class:`EpisodicMDP`; the agent names a policy before each episode and sees what it showed.
Algorithm    For each episode: ``policy = agent.policy(rng)``; play it; ``agent.observe(...)`` after each step.  The
             value of the policy is computed exactly from the true model, which the agent never sees.
             Draws: those of :mod:`theorylab.mdp.episodic.play` (environment: start state when it is random, next
             state, reward when rewards are random; agent: one uniform for each action), so that with the same ``rng``
             an agent that names the same policies as a compiled algorithm lives the same episodes.
Guarantee    None: that is what the claims are for.
Deviations   none
"""

from __future__ import annotations

import math
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
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.online import Setup, begin, finish
from theorylab.mdp.episodic.policies import validated_policy
from theorylab.mdp.episodic.record import EpisodicRun

__all__ = ["AgentInfo", "EpisodeMixture", "EpisodicAgent", "agent_algorithm", "fixed_policy", "random_agent"]

KIND_NAMES = ("greedy", "mixture", "baseline")
SLACK = 1e-9  # a value that far below the threshold violates


@dataclass(frozen=True)
class EpisodeMixture:
    """A policy that is drawn before the episode: ``policies[i]`` with probability ``weights[i]``.

    The agent draws it itself from ``rng`` and says which one in ``drawn``; the value that counts is the mixture's.
    """

    weights: tuple[float, ...]
    policies: tuple[Any, ...]
    drawn: int


@runtime_checkable
class EpisodicAgent(Protocol):
    """What a learner needs to have.

    It may also have ``kind``, one of "greedy", "mixture", "baseline" (of the episode that it has just named a policy
    for), and ``trace``, a dict of lists with one entry for each episode, which goes into the record (under names other
    than "states", "actions", "values", "kinds": those the run keeps itself).
    """

    def policy(self, rng: Generator) -> Any:
        """The policy of the next episode: (H, S) actions, (H, S, A) probabilities, or an :class:`EpisodeMixture`."""
        ...

    def observe(self, step: int, state: int, action: int, reward: float, next_state: int) -> None:
        """What a step showed; steps are counted from 0."""
        ...


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """What an agent may know before it starts: never the transitions."""

    n_states: int
    n_actions: int
    horizon: int  # H, steps of an episode
    episodes: int
    rewards: NDArray[np.float64]  # (H, S, A) means, known to the learners of this area
    start: NDArray[np.float64]  # (S,)
    keywords: Mapping[str, Any] = field(default_factory=dict)  # of the call, for example delta

    def __post_init__(self) -> None:
        object.__setattr__(self, "keywords", MappingProxyType(dict(self.keywords)))


def agent_algorithm(
    make_agent: Callable[[AgentInfo], EpisodicAgent], *, name: str | None = None
) -> Callable[..., EpisodicRun]:
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
        ``algorithm(mdp, episodes, *, threshold=None, checkpoints=None, trace=False, rng=None, **keywords)``. The
        keywords reach the agent as ``info.keywords``, ``threshold`` as well.

    Raises
    ------
    TypeError, ValueError
        If ``make_agent`` cannot be called or makes something without ``policy`` and ``observe``; if a policy is none,
        or the weights of a mixture are no distribution: the message names the episode.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named
    >>> class First:
    ...     def __init__(self, info):
    ...         self.info = info
    ...     def policy(self, rng):
    ...         return np.zeros((self.info.horizon, self.info.n_states), int)
    ...     def observe(self, step, state, action, reward, next_state):
    ...         pass
    >>> run = agent_algorithm(First)(named("riverswim-6-h20"), 100, rng=1)
    >>> run.algorithm, run.visits[..., 0].sum(), run.theorems_algorithm
    ('First', np.int64(2000), False)
    """
    if not callable(make_agent):
        raise TypeError(f"make_agent is {make_agent!r}, expected a class or a function of one AgentInfo")
    label = getattr(make_agent, "__name__", type(make_agent).__name__) if name is None else name

    def algorithm(
        mdp: EpisodicMDP,
        episodes: int,
        *,
        threshold: float | None = None,
        checkpoints: ArrayLike | None = None,
        trace: bool = False,
        rng: RNGLike = None,
        **keywords: Any,
    ) -> EpisodicRun:
        setup = begin(mdp, episodes, threshold=threshold, checkpoints=checkpoints, trace=trace, rng=rng)
        known = keywords if threshold is None else {**keywords, "threshold": threshold}
        return _run(make_agent, label, setup, known)

    algorithm.__name__ = algorithm.__qualname__ = label
    algorithm.__doc__ = f"The plain Python agent {label!r}; keywords reach it as ``info.keywords``."
    return algorithm


def random_agent(mdp: EpisodicMDP, episodes: int, **keywords: Any) -> EpisodicRun:
    """Uniformly random actions: what any learner should beat. Keywords of other algorithms are ignored."""
    common = {key: keywords[key] for key in ("threshold", "checkpoints", "trace", "rng") if key in keywords}
    return agent_algorithm(_Uniform, name="random_agent")(mdp, episodes, **common)


def fixed_policy(mdp: EpisodicMDP, episodes: int, *, policy: Any, **keywords: Any) -> EpisodicRun:
    """Play one policy, (H, S) actions or (H, S, A) probabilities; for an optimal one the regret is 0."""
    law = validated_policy("policy", policy, mdp)
    common = {key: keywords[key] for key in ("threshold", "checkpoints", "trace", "rng") if key in keywords}
    return agent_algorithm(lambda info: _Fixed(law), name="fixed_policy")(mdp, episodes, **common)


class _Fixed:
    kind = "baseline"

    def __init__(self, law: Any) -> None:
        self.law = law

    def policy(self, rng: Generator) -> Any:
        return self.law

    def observe(self, step: int, state: int, action: int, reward: float, next_state: int) -> None:
        pass


class _Uniform(_Fixed):
    def __init__(self, info: AgentInfo) -> None:
        super().__init__(np.full((info.horizon, info.n_states, info.n_actions), 1.0 / info.n_actions))


def _run(make_agent: Callable[[AgentInfo], Any], name: str, setup: Setup, keywords: Mapping[str, Any]) -> EpisodicRun:
    mdp, (H, S, A) = setup.mdp, setup.shape
    agent = make_agent(AgentInfo(S, A, H, setup.episodes, mdp.R, mdp.start, keywords))
    for method in ("policy", "observe"):
        if not callable(getattr(agent, method, None)):
            kind = type(agent).__name__
            raise TypeError(f"{name} made a {kind} without a method {method}, expected policy and observe")
    visits = np.zeros((H, S, A), np.int64)
    targets, cumulative = setup.world.targets.tolist(), setup.world.cumulative.tolist()
    starts, means = setup.world.start_cumulative.tolist(), mdp.R.tolist()
    states, actions = setup.traced(H + 1, dtype=np.int64), setup.traced(H, dtype=np.int64)
    values, kinds, received = np.zeros(setup.episodes), np.zeros(setup.episodes, np.int64), np.zeros(setup.episodes)
    known: dict[bytes, float] = {}
    for k in range(setup.episodes):
        said = agent.policy(setup.agent)
        where = f"of {name} in episode {k + 1}"
        weights, policies, drawn = _mixture(said, where) if isinstance(said, EpisodeMixture) else ([1.0], (said,), 0)
        laws = [validated_policy(f"the policy {where}", policy, mdp) for policy in policies]
        values[k] = sum(w * _value(mdp, law, known) for w, law in zip(weights, laws, strict=True) if w > 0.0)
        kind = validate.choice(f"the kind {where}", getattr(agent, "kind", "greedy"), KIND_NAMES)
        kinds[k] = KIND_NAMES.index(kind)
        rows = np.cumsum(laws[drawn], axis=-1).tolist()
        state = setup.world.fixed_start
        if state < 0:
            state = bisect_right(starts, setup.environment.random())
        for h in range(H):
            action = min(bisect_right(rows[h][state], setup.agent.random()), A - 1)
            reached = targets[h][state][action][bisect_right(cumulative[h][state][action], setup.environment.random())]
            reward = means[h][state][action]
            if setup.world.random_rewards:
                reward = float(setup.environment.random() < reward)
            if setup.trace:
                states[k, h], actions[k, h] = state, action
            visits[h, state, action] += 1
            received[k] += reward
            agent.observe(h, state, action, reward, reached)
            state = reached
        if setup.trace:
            states[k, H] = state
    _book(setup, values, kinds, received)
    kept: dict[str, Any] = {}
    if setup.trace:
        kept = {"states": states, "actions": actions, "values": values, "kinds": kinds, **_own_trace(agent, name)}
    return finish(setup, name, dict(keywords), visits=visits, theorem=False, trace=kept)


def _mixture(said: EpisodeMixture, where: str) -> tuple[list[float], tuple[Any, ...], int]:
    """Weights, policies and the index of the one that was drawn, checked: a value is a mean only over a law."""
    weights = validate.array(f"the weight vector {where}", said.weights, ndim=1)
    validate.distributions(f"the weight vector {where}", weights)
    if len(said.policies) != len(weights):
        raise ValueError(f"the mixture {where} has {len(weights)} weights, expected {len(said.policies)}: one a policy")
    drawn = validate.integer(f"drawn {where}", said.drawn, low=0, high=len(weights) - 1)
    if weights[drawn] == 0.0:
        raise ValueError(f"drawn {where} is {drawn}, expected a policy of positive weight")
    return weights.tolist(), said.policies, drawn


def _own_trace(agent: Any, name: str) -> dict[str, NDArray[Any]]:
    """The columns that the agent kept."""
    columns = getattr(agent, "trace", None)
    if columns is None:
        return {}
    if not isinstance(columns, Mapping):
        raise TypeError(f"the trace of {name} is of type {type(columns).__name__}, expected a dict of lists")
    own = {}
    for key, column in columns.items():
        if key in ("states", "actions", "values", "kinds"):
            raise ValueError(f"the trace of {name} has the column {key!r}, expected another name: the run keeps it")
        try:
            own[key] = np.asarray(column)
        except ValueError as error:
            raise ValueError(
                f"trace[{key!r}] of {name} has entries of different shapes, expected equal ones"
            ) from error
    return own


def _value(mdp: EpisodicMDP, law: NDArray[np.float64], known: dict[bytes, float]) -> float:
    """The exact value of a law (H, S, A), remembered while few are known."""
    key = law.tobytes()
    if key not in known:
        if len(known) > 1000:
            known.clear()
        V = np.zeros(mdp.n_states)
        for h in range(mdp.horizon - 1, -1, -1):
            V = np.sum(law[h] * (mdp.R[h] + mdp.P[h] @ V), axis=-1)
        known[key] = float(mdp.start @ V)
    return known[key]


def _book(setup: Setup, values: NDArray[Any], kinds: NDArray[Any], received: NDArray[Any]) -> None:
    """Fill the series of the log from whole columns: written apart from the kernel that keeps the books."""
    at = setup.log.times - 1
    best, line = setup.log.goal
    together = np.cumsum(values - line) < -SLACK * np.arange(1, len(values) + 1)
    worst = np.minimum.accumulate(values - line) if not math.isnan(line) else np.full(len(values), math.nan)
    columns = [
        np.cumsum(best - values),
        np.cumsum(received),
        np.cumsum(values < line - SLACK),
        np.cumsum(together),
        worst,
    ]
    columns += [np.cumsum(kinds == kind) for kind in range(3)] + [values]
    setup.log.series[:9] = np.array([column[at] for column in columns])
