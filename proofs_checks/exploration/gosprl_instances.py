"""Instances of GOSPRL's claims and links, and what they measure."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.mdp.environments import dirichlet_mdp, named, riverswim, two_state
from theorylab.mdp.planning import diameter
from theorylab.verify.cases import Case, Hypothesis, Instance

SOURCE = "tarbouriech2021provably"
DELTA = 0.025
ACCURACY = 0.01
DRIFT = 0.1  # the c of the martingale's link
OFTEN = np.unique(np.rint(np.logspace(0.0, 6.0, 3000)).astype(np.int64))  # a time is known to half a percent


def single(n_states: int, n_actions: int, state: int, action: int, samples: int) -> tuple[tuple[int, ...], ...]:
    """All requirements on one pair."""
    return tuple(tuple(samples if (s, a) == (state, action) else 0 for a in range(n_actions)) for s in range(n_states))


SLIPPERY = Instance(
    "two-state-one-pair",
    lambda: two_state(0.2),
    24_000,
    {"smoke": 10, "quick": 260, "paper": 1000},
    {"requirements": single(2, 2, 0, 1, 2000), "delta": DELTA},
    presets=("smoke", "quick", "paper"),
)
DENSE = Instance(
    "dirichlet-3-2-one-pair",
    lambda: dirichlet_mdp(3, 2, rng=1),
    150_000,
    {"quick": 260, "paper": 1000},
    {"requirements": single(3, 2, 2, 1, 5_000), "delta": DELTA},
    presets=("quick", "paper"),
)
SHORT = Instance(
    "two-state-one-pair-short",
    lambda: two_state(0.2),
    {"power": 1200, "quick": 1200},
    {"power": 3, "quick": 20},
    {"requirements": single(2, 2, 0, 1, 60), "delta": DELTA},
    presets=("power", "quick"),
)
RIVER_FAR = Instance(
    "riverswim-6-one-pair",
    lambda: named("riverswim-6"),
    1_000_000,
    {"quick": 10, "paper": 100},
    {"requirements": single(6, 2, 5, 0, 20_000), "delta": DELTA, "checkpoints": OFTEN},
    presets=("quick", "paper"),
)
RIVER = Instance(
    "riverswim-4",
    lambda: riverswim(4),
    {"smoke": 400, "quick": 1500, "paper": 5000},
    {"smoke": 2, "quick": 8, "paper": 100},
    {"requirements": 8, "delta": DELTA, "trace": True},
    presets=("smoke", "quick", "paper"),
)
GARNET = Instance(
    "garnet-6-3-2",
    lambda: named("garnet-6-3-2-seed1"),
    {"smoke": 300, "quick": 1500, "paper": 5000, "power": 140},
    {"smoke": 2, "quick": 8, "paper": 100, "power": 2},
    {"requirements": 5, "delta": DELTA, "trace": True},
)
UNEVEN = Instance(
    "riverswim-4-uneven",
    lambda: riverswim(4),
    {"smoke": 300, "quick": 1500, "paper": 5000, "power": 120},
    {"smoke": 2, "quick": 8, "paper": 100, "power": 2},
    {"requirements": ((0, 3), (0, 0), (0, 0), (6, 0)), "delta": DELTA, "trace": True},
)
FREQUENT = Instance(
    "two-state-short",
    lambda: two_state(0.5),
    {"smoke": 60, "quick": 60, "paper": 200},
    {"smoke": 20, "quick": 300, "paper": 20_000},
    {"requirements": ((0, 8), (0, 3)), "delta": 0.05, "trace": True},
    presets=("smoke", "quick", "paper"),
)
PROFILED = Instance(
    "two-state-one-pair-traced",
    lambda: two_state(0.2),
    {"smoke": 3000, "quick": 12_000, "paper": 12_000},
    {"smoke": 2, "quick": 5, "paper": 50},
    {"requirements": single(2, 2, 0, 1, 1000), "delta": DELTA, "trace": True},
    presets=("smoke", "quick", "paper"),
)
TRACED = (RIVER, GARNET, UNEVEN)


def diameter_of(case: Case) -> float:
    """D, its certified upper bound."""
    return case.fact("diameter", lambda m: diameter(m).upper)


def required(case: Case) -> Any:
    """The requirements (S, A) of a case."""
    shape = (case.model.n_states, case.model.n_actions)
    return np.broadcast_to(np.asarray(case.parameters["requirements"]), shape)


COMMUNICATING = Hypothesis("the model is communicating", lambda case: math.isfinite(diameter_of(case)))
THEOREMS_BALLS = Hypothesis("the balls are the theorem's (scale = 1)", lambda c: c.parameters.get("scale", 1.0) == 1.0)
HYPOTHESES = (COMMUNICATING, THEOREMS_BALLS)


def bound_of(case: Case) -> float:
    """The bound on all steps."""
    from theorylab.mdp.exploration.bounds import steps_bound

    S, A = required(case).shape
    total = int(required(case).sum())
    return steps_bound(total, diameter_of(case), S, A, case.parameters["delta"], ACCURACY)


def steps(run: Any, case: Case) -> float:
    """Steps to meet the requirement; infinity, which no bound forgives, when the horizon came first."""
    return float(run.steps_to_meet) if run.steps_to_meet is not None else math.inf


def unmet(run: Any, case: Case) -> float:
    """Samples missing from a run that says that it is done, or that stopped before the horizon; 0 when it is honest."""
    missing = int(np.maximum(required(case) - run.visits, 0).sum())
    said_done = run.steps_to_meet is not None
    if said_done:
        return float(missing + abs(int(run.visits.sum()) - run.steps_to_meet) + (run.fraction[-1] != 1.0))
    return float((missing == 0) + abs(case.horizon - int(run.visits.sum())) + int(run.fraction[-1] >= 1.0))


def time_of_sample(run: Any, case: Case) -> Any:
    """(samples, the step at which so many had been collected); with one pair this is the time of that requirement."""
    total = int(required(case).sum())
    grid = np.unique(np.rint(np.logspace(math.log10(total) - 2.0, math.log10(total), 21)).astype(int))
    collected = np.rint(run.fraction * total)
    at = np.searchsorted(collected, grid)
    found = np.append(np.asarray(run.times, dtype=float), math.inf)[np.minimum(at, len(run.times))]
    return grid.astype(float), found


def shortest_paths(case: Case, goals: Any) -> Any:
    """V*_G (S,) least expected steps to a set of goals (S,) of bools: policy iteration on linear systems."""
    key = f"steps to {np.flatnonzero(goals).tolist()}"
    return case.fact(key, lambda model: least_steps(model.P, goals))


def least_steps(P: Any, goals: Any) -> Any:
    """The same for an array of transitions (S, A, S)."""
    S = len(P)
    rest = np.flatnonzero(~np.asarray(goals))
    v = np.zeros(S)
    if not len(rest):
        return v
    distance = np.where(goals, 0.0, np.inf)
    for _ in range(S):  # a first policy that moves towards the goals
        near = np.where(P > 0.0, distance[None, None, :], np.inf).min(axis=2)
        distance = np.where(goals, 0.0, np.minimum(distance, 1.0 + near.min(axis=1)))
    closer = (P * (distance[None, None, :] < distance[:, None, None])).sum(axis=2)
    policy = closer.argmax(axis=1)
    for _ in range(10_000):
        moves = P[rest, policy[rest]][:, rest]
        v[rest] = np.linalg.solve(np.eye(len(rest)) - moves, np.ones(len(rest)))
        q = 1.0 + P @ v
        best = q.argmin(axis=1)
        better = q[np.arange(S), best] < q[np.arange(S), policy] - 1e-10 * (1.0 + v.max())
        better[np.asarray(goals)] = False
        if not better.any():
            return v
        policy = np.where(better, best, policy)
    raise RuntimeError("policy iteration did not end")
