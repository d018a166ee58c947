"""What all episodic algorithms do before and after their kernel: check the input, set up a run, make the record."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from theorylab.core import checkpoints as checkpoint_times
from theorylab.core import validate
from theorylab.core.rng import RNGLike, streams
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.planning import backward_induction, policy_value, validated_policy
from theorylab.mdp.episodic.record import EpisodicRun
from theorylab.mdp.planning.memo import remember

__all__ = [
    "BASELINE",
    "GREEDY",
    "MIXTURE",
    "TIE",
    "Log",
    "Setup",
    "World",
    "begin",
    "cumulative_law",
    "finish",
    "known_value",
    "safe_baseline",
    "work_arrays",
]

TIE = 1e-11  # values closer than this are tied: the first action wins, in kernels and references alike
MOST_TRACED = 10**8  # entries of a trace
GREEDY, MIXTURE, BASELINE = 0, 1, 2  # kinds of episodes
# entries of Log.tally
(REGRET, REWARD, VIOLATIONS, TOGETHER, WORST, KINDS, VALUE_SUM, TALLIES) = (0, 1, 2, 3, 4, 5, 8, 9)


class World(NamedTuple):
    """The true model as kernels take it; a kernel draws from it and evaluates policies in it, and learns R alone."""

    targets: NDArray[np.int64]  # (H, S, A, M)
    cumulative: NDArray[np.float64]  # (H, S, A, M)
    P: NDArray[np.float64]  # (H, S, A, S)
    means: NDArray[np.float64]  # (H, S, A)
    start_cumulative: NDArray[np.float64]  # (S,)
    start: NDArray[np.float64]  # (S,)
    fixed_start: int  # -1: drawn
    random_rewards: bool


class Log(NamedTuple):
    """What :func:`theorylab.mdp.episodic.play.book_kernel` writes."""

    tally: NDArray[np.float64]  # (TALLIES,) running totals
    series: NDArray[np.float64]  # (9, C)
    times: NDArray[np.int64]  # (C,)
    goal: NDArray[np.float64]  # (2,) optimal value, threshold


@dataclass(frozen=True, slots=True)
class Setup:
    """A validated run that has not begun."""

    mdp: EpisodicMDP
    episodes: int
    world: World
    log: Log
    environment: Generator  # start states, next states, rewards
    agent: Generator  # the algorithm's own coins: never the environment's
    seed: Mapping[str, Any]
    trace: bool

    @property
    def shape(self) -> tuple[int, int, int]:
        """H, S, A."""
        return self.mdp.horizon, self.mdp.n_states, self.mdp.n_actions

    def traced(self, *shape: int, dtype: Any = np.float64) -> NDArray[Any]:
        """Zeros of shape (K, *shape) when the run is traced, else (0, *shape)."""
        rows = self.episodes if self.trace else 0
        if rows * int(np.prod(shape or (1,))) > MOST_TRACED:
            raise ValueError(f"trace of {rows} episodes x {shape} is too large, expected at most {MOST_TRACED} entries")
        return np.zeros((rows, *shape), dtype=dtype)


def begin(
    mdp: EpisodicMDP,
    episodes: int,
    *,
    threshold: float | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> Setup:
    """Check the arguments that all algorithms share.

    Raises
    ------
    TypeError
        If ``mdp`` is no EpisodicMDP.
    ValueError
        If rewards leave [0, 1] (named with their index), ``episodes`` is not positive, a checkpoint lies outside
        1..episodes, or the trace would be too large.
    """
    if not isinstance(mdp, EpisodicMDP):
        raise TypeError(f"mdp is of type {type(mdp).__name__}, expected an EpisodicMDP")
    validate.in_interval("mdp.R", mdp.R, 0.0, 1.0)
    episodes = validate.integer("episodes", episodes, low=1, high=checkpoint_times.LONGEST)
    line, most = math.nan, validate.LARGEST
    if threshold is not None:
        line = validate.number("threshold", threshold, low=-most, high=most)
    times = checkpoint_times.validated(checkpoints, episodes)
    trace = validate.flag("trace", trace)
    made = streams(rng)
    arrays = mdp.arrays()
    start_state = mdp.start_state
    world = World(
        arrays.targets,
        arrays.cumulative,
        arrays.P,
        arrays.means,
        arrays.start_cumulative,
        mdp.start,
        -1 if start_state is None else start_state,
        mdp.reward_law != "deterministic",
    )
    tally = np.zeros(TALLIES)
    tally[WORST] = math.inf
    goal = np.array([backward_induction(mdp).value, line])
    log = Log(tally, np.zeros((9, len(times))), times, goal)
    return Setup(mdp, episodes, world, log, made.environment, made.agent, made.seed, trace)


def safe_baseline(
    mdp: EpisodicMDP, baseline: Any, threshold: float, *, name: str = "threshold"
) -> tuple[NDArray[np.float64], float]:
    """The baseline as a law (H, S, A) and its exact value; errors call the threshold ``name``.

    Raises
    ------
    ValueError
        If it is no policy, or its value is not above ``threshold``: then no safe learner exists that starts with it.
    """
    threshold = validate.number(name, threshold)
    law = validated_policy("baseline", baseline, mdp)
    key = ("safe_baseline", law.tobytes())
    value = remember(mdp.fingerprint, key, lambda: policy_value(mdp, law, name="baseline").value)
    if not value > threshold:
        raise ValueError(
            f"{name} is {threshold:.9g}, expected one below the baseline's value {value:.9g}: a positive margin"
        )
    return law, value


def known_value(baseline_value: float | None, threshold: float, horizon: int) -> float:
    """A lower bound of the baseline's value that the learner is given; NaN for none.

    Raises
    ------
    ValueError
        If it does not lie in (threshold, horizon].
    """
    if baseline_value is None:
        return math.nan
    value = validate.number("baseline_value", baseline_value, high=float(horizon))
    if not value > threshold:
        raise ValueError(f"baseline_value is {value:.9g}, expected a value above the threshold {threshold:.9g}")
    return value


def cumulative_law(law: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cumulative probabilities of the actions of a policy (H, S, A), the last one above every uniform."""
    cumulative = np.cumsum(law, axis=-1)
    cumulative[..., -1] = 2.0
    return cumulative


def work_arrays(horizon: int, n_states: int) -> tuple[NDArray[Any], ...]:
    """Everything that a kernel needs while it runs, allocated once."""
    return (
        np.zeros((horizon + 1, n_states)),  # optimistic values
        np.zeros((horizon + 1, n_states)),  # pessimistic values of the greedy policy
        np.full((horizon, n_states), -1, np.int64),  # greedy actions; -1: none yet
        np.zeros(n_states),  # values of a step
        np.zeros(n_states),  # values of the next step
        np.zeros(horizon + 1, np.int64),  # states of the episode
        np.zeros(horizon, np.int64),  # actions of the episode
    )


def finish(
    setup: Setup,
    algorithm: str,
    parameters: Mapping[str, Any],
    *,
    visits: NDArray[Any],
    theorem: bool,
    trace: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> EpisodicRun:
    """The record of the run that the kernel wrote into ``setup.log``."""
    series = setup.log.series
    kept = dict(trace or {}) if setup.trace else None
    for values in (kept or {}).values():
        if isinstance(values, np.ndarray):
            values.flags.writeable = False
    whole = series[[2, 3, 5, 6, 7]].astype(np.int64)
    return EpisodicRun(
        algorithm=algorithm,
        parameters=dict(parameters),
        seed=setup.seed,
        model=setup.mdp.name,
        episodes=setup.episodes,
        steps=setup.mdp.horizon,
        optimal_value=float(setup.log.goal[0]),
        threshold=float(setup.log.goal[1]),
        times=setup.log.times,
        regret=series[0].copy(),
        reward_sum=series[1].copy(),
        violations=whole[0].copy(),
        cumulative_violations=whole[1].copy(),
        worst_margin=series[4] if setup.log.goal[1] == setup.log.goal[1] else np.full(len(series[4]), math.nan),
        greedy_episodes=whole[2].copy(),
        mixture_episodes=whole[3].copy(),
        baseline_episodes=whole[4].copy(),
        value=series[8].copy(),
        visits=np.asarray(visits, dtype=np.int64),
        theorems_algorithm=theorem,
        trace=None if kept is None else MappingProxyType(kept),
        extra=dict(extra or {}),
    )
