"""What every sample collection shares: checking the input, allocating, running the kernel, making the record."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theorylab.core import checkpoints as checkpoint_times
from theorylab.core import validate
from theorylab.core.rng import RNGLike, Streams, streams
from theorylab.mdp.average_reward.evi import MOST_SWEEPS
from theorylab.mdp.exploration.record import ExplorationRun, PlanTrace
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.sampler import model_arrays

__all__ = ["Setup", "begin", "finish", "plan_capacity", "play", "required_visits", "run_collection"]


@dataclass(frozen=True, eq=False, slots=True)
class Setup:
    """A checked call: model, requirements, checkpoints, streams of chance."""

    mdp: FiniteMDP
    horizon: int
    requirements: NDArray[np.int64]  # (S, A)
    times: NDArray[np.int64]
    trace: bool
    source: Streams
    diameter: float
    state: int  # where the run starts


def required_visits(requirements: Any, n_states: int, n_actions: int) -> NDArray[np.int64]:
    """An (S, A) array of integers >= 0 from one, or from one number for all pairs.

    Raises
    ------
    TypeError
        If they are no integers.
    ValueError
        For another shape, or a negative entry, named with its index.

    Examples
    --------
    >>> required_visits(3, 2, 1).tolist()
    [[3], [3]]
    >>> required_visits([[1], [-2]], 2, 1)
    Traceback (most recent call last):
    ...
    ValueError: requirements[1, 0] is -2, expected an integer >= 0
    """
    shape = (n_states, n_actions)
    try:
        raw = np.asarray(requirements)
    except ValueError as error:
        raise ValueError(f"requirements have rows of different lengths, expected the shape {shape}") from error
    if isinstance(requirements, np.ma.MaskedArray):
        raise TypeError("requirements is a masked array, expected integers without a mask")
    if raw.dtype.kind not in "iu":
        raise TypeError(f"requirements has dtype {raw.dtype}, expected integers")
    if raw.ndim == 0:
        raw = np.full(shape, raw)
    if raw.shape != shape:
        raise ValueError(f"requirements has shape {raw.shape}, expected {shape} (or one integer for all pairs)")
    bad = np.argwhere((raw < 0) | (raw > checkpoint_times.LONGEST))
    if len(bad):
        where = validate.where("requirements", bad[0])
        expected = ">= 0" if raw[tuple(bad[0])] < 0 else "<= 2^53"
        raise ValueError(f"{where} is {raw[tuple(bad[0])]}, expected an integer {expected}")
    total = float(raw.sum(dtype=np.float64))
    if total > checkpoint_times.LONGEST:
        raise ValueError(f"requirements sum to {total:.6g}, expected at most 2^53 samples in total")
    return np.array(raw, dtype=np.int64, order="C")


def begin(mdp: Any, horizon: Any, requirements: Any, checkpoints: ArrayLike | None, trace: Any, rng: RNGLike) -> Setup:
    """Check what all collections take.

    Raises
    ------
    TypeError, ValueError
        As :func:`theorylab.mdp.exploration.gosprl` says.
    """
    from theorylab.mdp.planning import diameter

    if not isinstance(mdp, FiniteMDP):
        raise TypeError(f"mdp is of type {type(mdp).__name__}, expected a FiniteMDP: the model must not change")
    horizon = validate.integer("horizon", horizon, low=1)
    wanted = required_visits(requirements, mdp.n_states, mdp.n_actions)
    times = checkpoint_times.validated(checkpoints, horizon)
    trace = validate.flag("trace", trace)
    found = diameter(mdp)
    if not found.communicating:
        raise ValueError(
            f"mdp is not communicating: state {found.to_state} cannot be reached from state {found.from_state}, "
            "expected a model in which each state can be reached from each other one"
        )
    return Setup(mdp, horizon, wanted, times, trace, streams(rng), found.value, mdp.initial_state)


def plan_capacity(horizon: int, n_states: int, n_actions: int) -> int:
    """The most plans of a run: doublings of counts, changes of the goals, finished pairs, the first plan."""
    pairs = n_states * n_actions
    return min(horizon, math.ceil(pairs * (2.0 + math.log2(1.0 + horizon / pairs))) + n_states) + 1


def play(
    collect: Callable[..., Any],
    setup: Setup,
    method: int,
    delta: float,
    scale: float,
    accuracy: float,
    environment: Any,
    agent: Any,
    seen: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> tuple[tuple[int, int, int, int], Any, Any]:
    """Allocate and call the kernel once: ((steps, plans, missing, state), outputs, trace arrays).

    The generators need ``random()``; ``seen`` are visits (S, A) and transitions (S, A, S) of an earlier part of the
    trajectory, which are copied.
    """
    mdp = setup.mdp
    S, A = mdp.n_states, mdp.n_actions
    earlier = 0 if seen is None else int(seen[0].sum())
    room = plan_capacity(setup.horizon + earlier, S, A)
    visits, counts = (
        (np.zeros((S, A), dtype=np.int64), np.zeros((S, A, S), dtype=np.int64))
        if seen is None
        else (seen[0].copy(), seen[1].copy())
    )
    out = (
        np.zeros(len(setup.times), dtype=np.int64),
        visits,
        counts,
        np.zeros(S, dtype=np.int64),
        np.zeros(room, dtype=np.int64),
        np.zeros(room, dtype=np.int64),
    )
    traced = _trace_arrays(room if setup.trace else 0, setup.horizon if setup.trace else 0, S, A)
    arrays = model_arrays(mdp)
    model = (arrays.targets[0], arrays.cumulative[0], mdp.P, setup.state)
    found = collect(
        model, setup.requirements, setup.horizon, method, delta, scale, accuracy, setup.times, environment, agent,
        out, traced, _work_arrays(S, A),
    )  # fmt: skip
    if found[0] < 0:
        raise ValueError(
            f"extended value iteration did not converge at step {-found[0]} (at most {MOST_SWEEPS} sweeps): scale is "
            f"{scale:g}, expected a larger one"
        )
    return tuple(int(x) for x in found), out, traced  # type: ignore[return-value]


def run_collection(
    name: str,
    collect: Callable[..., Any],
    setup: Setup,
    method: int,
    delta: float,
    scale: float,
    accuracy: float,
    *,
    theorem: bool = True,
) -> ExplorationRun:
    """Check the parameters, run the kernel, make the record."""
    delta = validate.confidence("delta", delta)
    scale = validate.number("scale", scale, low=0.0)
    accuracy = validate.number("accuracy", accuracy, low=0.0, high=0.5, open_low=True)
    found, out, traced = play(
        collect, setup, method, delta, scale, accuracy, setup.source.environment, setup.source.agent
    )
    parameters = {"delta": delta, "scale": scale, "accuracy": accuracy}
    return finish(setup, name, parameters, found, out, theorem=theorem and scale == 1.0, traced=traced)


def finish(
    setup: Setup,
    name: str,
    parameters: dict[str, Any],
    found: tuple[int, int, int, int],
    out: Any,
    *,
    theorem: bool,
    traced: Any = None,
    extra: dict[str, Any] | None = None,
) -> ExplorationRun:
    """The frozen record of a run that took ``found`` = (steps, plans, missing, state)."""
    collected, visits, counts, goal_visits, plan_starts, sweeps = out
    steps, plans, missing, state = found
    required = int(setup.requirements.sum())
    return ExplorationRun(
        algorithm=name,
        parameters={**parameters, "theorems_algorithm": theorem},
        seed=setup.source.seed,
        model=setup.mdp.name,
        horizon=setup.horizon,
        requirements=setup.requirements.copy(),
        times=setup.times,
        fraction=collected / required if required else np.ones(len(setup.times)),
        steps=steps,
        steps_to_meet=steps if missing == 0 else None,
        missing=np.maximum(setup.requirements - visits, 0),
        visits=visits,
        counts=counts,
        goal_visits=goal_visits,
        plan_starts=plan_starts[:plans].copy(),
        evi_sweeps=sweeps[:plans].copy(),
        final_state=state,
        diameter=setup.diameter,
        theorems_algorithm=theorem,
        trace=_packed(traced, plans, steps) if setup.trace and traced is not None else None,
        extra=extra or {},
    )


def continued(setup: Setup, *, requirements: NDArray[np.int64], horizon: int, state: int) -> Setup:
    """The setup of the next part of the same trajectory."""
    times = np.array([horizon], dtype=np.int64)
    return replace(setup, requirements=requirements, horizon=horizon, times=times, state=state, trace=False)


def _trace_arrays(k: int, steps: int, S: int, A: int) -> tuple[NDArray[Any], ...]:
    """Arrays of a trace of ``k`` plans and ``steps`` steps, in the order of PlanTrace."""
    whole = np.int64
    return (
        np.zeros(k, dtype=whole),
        np.zeros((k, S), dtype=np.bool_),
        np.zeros((k, S, A), dtype=whole),
        np.zeros((k, S, A, S), dtype=whole),
        np.zeros((k, S, A)),
        np.zeros((k, S)),
        np.zeros((k, S)),
        np.zeros((k, S), dtype=whole),
        np.zeros((k, S, S)),
        np.zeros(steps + 1, dtype=whole),
        np.zeros(steps, dtype=whole),
        np.zeros(steps, dtype=whole),
    )


def _packed(traced: tuple[NDArray[Any], ...], plans: int, steps: int) -> PlanTrace:
    lengths = (*([plans] * 9), steps + 1, steps, steps)
    return PlanTrace(
        **{
            name: values[:length].copy()
            for name, values, length in zip(PlanTrace.__slots__, traced, lengths, strict=True)
        }
    )


def _work_arrays(S: int, A: int) -> tuple[NDArray[Any], ...]:
    return (
        np.zeros((S, A, S)),  # empirical transitions
        np.zeros((S, A)),  # radii
        np.zeros((S, A)),  # 0/1 rewards
        np.zeros((S, A), dtype=np.int64),  # visits at the last plan
        np.zeros((S, A), dtype=np.int64),  # plays since
        np.zeros(S, dtype=np.bool_),  # goals
        np.zeros(S),  # u
        np.zeros(S),  # next u
        np.zeros(S),  # -u
        np.zeros(S, dtype=np.int64),  # order of the states
        np.zeros(S),  # a distribution
        np.zeros(S, dtype=np.int64),  # policy
    )
