"""What the optimistic algorithms share: checking the input, allocating, running the kernel, making the record."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theorylab.core import checkpoints as checkpoint_times
from theorylab.core import validate
from theorylab.core.rng import RNGLike, streams
from theorylab.mdp.average_reward.evi import MOST_SWEEPS
from theorylab.mdp.average_reward.record import EpisodeTrace, OnlineRun
from theorylab.mdp.sampler import ModelArrays, model_arrays

__all__ = [
    "Phases",
    "check_converged",
    "gains_of",
    "make_record",
    "model_tuple",
    "output_arrays",
    "play",
    "run_online",
    "trace_arrays",
    "work_arrays",
]


TRACE_BYTES = 2**26  # a trace that may need more is counted first and allocated then


@dataclass(frozen=True, slots=True)
class Phases:
    """Restarts at given times: ``restarts`` (R,) steps played before each, ``deltas`` (R + 1,) of each phase."""

    restarts: NDArray[np.int64]
    deltas: NDArray[np.float64]


def run_online(
    name: str,
    kernel: Callable[..., int],
    mdp: Any,
    horizon: int,
    *,
    phases: Phases,
    scale: float,
    checkpoints: ArrayLike | None,
    trace: bool,
    rng: RNGLike,
    parameters: Mapping[str, Any],
) -> OnlineRun:
    """Run an episodic optimistic kernel with restarts at given times and make its record."""
    horizon = validate.integer("horizon", horizon, low=1)
    scale = validate.number("scale", scale, low=0.0)
    trace = validate.flag("trace", trace)
    times = checkpoint_times.validated(checkpoints, horizon)
    arrays = model_arrays(mdp)
    check_rewards(arrays)
    gains = gains_of(mdp, horizon)
    n_states, n_actions = arrays.means.shape[1:]
    source = streams(rng)
    state = source.environment.bit_generator.state
    capacity = episode_capacity(horizon, phases.restarts, n_states * n_actions)

    def once(n_traced: int, capacity: int) -> tuple[int, Any, Any, Any]:
        source.environment.bit_generator.state = state
        return play(kernel, arrays, horizon, phases, scale, times, source.environment, n_traced, capacity)

    small = capacity * n_states**2 * n_actions * 8 <= TRACE_BYTES
    episodes, out, traced, plays = once(capacity if trace and small else 0, capacity)
    if episodes > capacity or (trace and not small):  # the same seed again, with room for everything
        episodes, out, traced, plays = once(episodes if trace else 0, episodes)
    if trace:
        traced, plays = tuple(values[:episodes].copy() for values in traced), plays[:episodes].copy()
    return make_record(
        name, mdp, arrays, horizon, times, out, episodes, gains=gains,
        restarts=phases.restarts, scale=scale, parameters=parameters, seed=source.seed,
        trace=pack_trace(traced, plays) if trace else None,
    )  # fmt: skip


def play(
    kernel: Callable[..., int],
    arrays: ModelArrays,
    horizon: int,
    phases: Phases,
    scale: float,
    times: NDArray[np.int64],
    generator: Any,
    n_traced: int,
    capacity: int,
) -> tuple[int, Any, Any, Any]:
    """Allocate and call the kernel once: (episodes, outputs, trace arrays, plays); ``generator`` needs ``random()``."""
    n_states, n_actions = arrays.means.shape[1:]
    out = output_arrays(len(times), capacity, n_states, n_actions)
    traced = trace_arrays(n_traced, n_states, n_actions)
    plays = np.zeros((n_traced, n_states), dtype=np.int64)
    episodes = kernel(
        model_tuple(arrays), horizon, phases.restarts, phases.deltas, scale, times, generator, out, traced, plays,
        work_arrays(n_states, n_actions),
    )  # fmt: skip
    check_converged(episodes, scale)
    return int(episodes), out, traced, plays


def make_record(
    name: str,
    mdp: Any,
    arrays: ModelArrays,
    horizon: int,
    times: NDArray[np.int64],
    out: Any,
    episodes: int,
    *,
    gains: NDArray[np.float64],
    restarts: NDArray[np.int64],
    scale: float,
    parameters: Mapping[str, Any],
    seed: Mapping[str, Any],
    trace: EpisodeTrace | None,
    extra: dict[str, Any] | None = None,
) -> OnlineRun:
    """The frozen record, with the regret against the optimal gain of the current piece."""
    reward_sum, mean_sum, episode_starts, sweeps, total_visits = out
    best = optimal_reward(gains, arrays.starts, times)
    return OnlineRun(
        algorithm=name,
        parameters={**parameters, "scale": scale, "theorems_algorithm": scale == 1.0},
        seed=seed,
        model=mdp.name,
        horizon=horizon,
        times=times,
        regret=best - reward_sum,
        pseudo_regret=best - mean_sum,
        reward_sum=reward_sum,
        episode_starts=episode_starts[:episodes].copy(),
        restart_times=restarts[restarts < horizon].copy(),
        evi_sweeps=sweeps[:episodes].copy(),
        visits=total_visits,
        theorems_algorithm=scale == 1.0,
        trace=trace,
        extra=extra or {},
    )


def check_rewards(arrays: ModelArrays) -> None:
    """Every reward that can occur lies in [0, 1]: the radii are made for that.

    Raises
    ------
    ValueError
        With the piece, state, action and value.
    """
    possible = np.diff(arrays.reward_cumulative, axis=3, prepend=0.0) > 0.0
    bad = np.argwhere(possible & ((arrays.reward_values < 0.0) | (arrays.reward_values > 1.0)))
    if len(bad):
        piece, s, a, _ = (int(i) for i in bad[0])
        where = f"R[{s}, {a}]" + (f" of piece {piece}" if len(arrays.means) > 1 else "")
        raise ValueError(
            f"{where} can be {arrays.reward_values[tuple(bad[0])]:.12g}, expected rewards in [0, 1]; rescale them"
        )


def check_converged(episodes: int, scale: float) -> None:
    """Turn the negative count of a kernel, minus the step at which it gave up, into an error."""
    if episodes < 0:
        raise ValueError(
            f"extended value iteration did not converge in {MOST_SWEEPS} sweeps at step {-episodes}: "
            f"scale is {scale:g}, expected a larger one, since the empirical model is (almost) periodic"
        )


def gains_of(mdp: Any, horizon: int) -> NDArray[np.float64]:
    """Optimal gain of each piece (one for a stationary model).

    Raises
    ------
    ValueError
        If an optimal gain depends on the start state, or is not known to 0.01 over the horizon or 1e-6 in a step, in
        units of max(1, max |R|): the regret would be that of another gain.
    """
    from theorylab.mdp.planning import optimal_gain

    gains = []
    pieces = getattr(mdp, "pieces", (mdp,))
    for i, piece in enumerate(pieces):
        found = optimal_gain(piece)
        allowed = max(0.01 / horizon, 1e-6) * max(1.0, float(np.abs(piece.R).max()))
        if not found.gain_upper - found.gain_lower <= allowed:
            where = f"mdp.pieces[{i}]" if len(pieces) > 1 else "mdp"
            raise ValueError(
                f"the optimal gain of {where} is only known to lie in [{found.gain_lower:.9g}, "
                f"{found.gain_upper:.9g}], expected bounds at most {allowed:.3g} apart for {horizon} steps"
            )
        gains.append(found.gain)
    return np.array(gains)


def optimal_reward(
    gains: NDArray[np.float64], starts: NDArray[np.int64], times: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Sum of the optimal gains of the pieces over the first ``times`` steps; starts (G,), times (C,)."""
    ends = np.append(starts[1:], np.iinfo(np.int64).max)
    length = np.clip(np.minimum(times[:, None], ends) - starts, 0, None)
    total: NDArray[np.float64] = (length * gains).sum(axis=1)
    return total


def episode_cap(horizon: float, pairs: int) -> float:
    """SA log2(8T/(SA)) for T >= SA [jaksch2010near, Proposition 18]; T below that."""
    return pairs * math.log2(8.0 * horizon / pairs) if horizon >= pairs else float(horizon)


def episode_capacity(horizon: int, restarts: NDArray[np.int64], pairs: int) -> int:
    """Room for the episodes of all phases together."""
    ends = np.append(restarts[restarts < horizon], horizon)
    lengths = np.diff(ends, prepend=0)
    return int(sum(min(int(n), math.ceil(episode_cap(float(n), pairs))) + 1 for n in lengths))


def model_tuple(arrays: ModelArrays) -> tuple[Any, ...]:
    """The arrays of a model in the order in which kernels take them."""
    return (
        arrays.targets,
        arrays.cumulative,
        arrays.means,
        arrays.reward_values,
        arrays.reward_cumulative,
        arrays.starts,
        arrays.initial_state,
    )


def output_arrays(n_times: int, capacity: int, n_states: int, n_actions: int) -> tuple[NDArray[Any], ...]:
    """What a run writes, in the order in which kernels take it; room for ``capacity`` episodes."""
    return (
        np.zeros(n_times),  # sum of the rewards
        np.zeros(n_times),  # sum of their means
        np.zeros(capacity, dtype=np.int64),  # episode starts
        np.zeros(capacity, dtype=np.int64),  # sweeps
        np.zeros((n_states, n_actions), dtype=np.int64),  # total visits
    )


def work_arrays(n_states: int, n_actions: int) -> tuple[NDArray[Any], ...]:
    """Everything that a kernel needs while it runs, allocated once."""
    pairs = (n_states, n_actions)
    return (
        np.zeros(pairs, dtype=np.int64),  # visits
        np.zeros((*pairs, n_states), dtype=np.int64),  # counts
        np.zeros(pairs),  # reward sums
        np.zeros((*pairs, n_states)),  # empirical transitions
        np.zeros(pairs),  # optimistic rewards
        np.zeros(pairs),  # reward radii
        np.zeros(pairs),  # transition radii
        np.zeros(n_states),  # u
        np.zeros(n_states),  # next u
        np.zeros(n_states, dtype=np.int64),  # order of the states
        np.zeros(n_states),  # a distribution
        np.zeros(n_states, dtype=np.int64),  # policy
        np.zeros(n_states, dtype=np.int64),  # plays in the episode
        np.zeros(n_states, dtype=np.int64),  # plays at which the episode ends
    )


def trace_arrays(k: int, n_states: int, n_actions: int) -> tuple[NDArray[Any], ...]:
    """Arrays of a trace of ``k`` episodes, in the order of EpisodeTrace without ``plays``."""
    whole = np.int64
    return (
        np.zeros(k, dtype=whole),
        np.zeros(k),
        np.zeros((k, n_states, n_actions), dtype=whole),
        np.zeros((k, n_states, n_actions, n_states), dtype=whole),
        np.zeros((k, n_states, n_actions)),
        np.zeros((k, n_states), dtype=whole),
        np.zeros((k, n_states)),
        np.zeros((k, n_states)),
        np.zeros((k, n_states)),
        np.zeros((k, n_states, n_states)),
        np.zeros((k, n_states, n_actions)),
        np.zeros((k, n_states, n_actions)),
    )


def pack_trace(traced: tuple[NDArray[Any], ...], plays: NDArray[np.int64]) -> EpisodeTrace:
    """Name the arrays of a trace."""
    names = (
        "clock", "delta", "visits", "counts", "reward_sums", "policies", "values", "increments", "optimistic_rewards",
        "optimistic_transitions", "reward_radii", "transition_radii",
    )  # fmt: skip
    return EpisodeTrace(plays=plays, **dict(zip(names, traced, strict=True)))
