"""Instances, hypotheses and bounds of UCRL2 restarted by detectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.average_reward import optimism as opt
from theorylab.rooms.proofs_checks.average_reward import rbocpd_ucrl2_runs as runs
from theorylab.rooms.proofs_checks.average_reward.optimism import bound_22, bound_23, the_diameter

from theorylab.mdp.environments import FIGURE_2_STARTS, dirichlet_mdp, piecewise_dirichlet, riverswim
from theorylab.verify.cases import Case, Hypothesis, Instance

DELTA = 0.1
ORACLE = "oracle_restart_ucrl2"
NO_POWER = ("smoke", "quick", "paper")
MANY = {"smoke": 5, "quick": 120, "paper": 1000, "power": 2}


def _changing(name: str, build: Any, horizons: dict[str, int], count: Any = MANY, **more: Any) -> tuple[Instance, ...]:
    """One instance for each preset: a change at half the horizon, where the run reports."""
    return tuple(
        Instance(
            name,
            lambda T=T: build(T // 2),
            T,
            count,
            {"delta": DELTA, "trace": True, "checkpoints": (T // 2,), **more},
            (preset,),
        )
        for preset, T in horizons.items()
    )


def _figure_2(scale: int) -> Any:
    return piecewise_dirichlet(4, 7, starts=[s // scale for s in FIGURE_2_STARTS], rng=0).with_reward_law("bernoulli")


LONG = {"smoke": 4_000, "quick": 220_000, "paper": 4_000_000}  # quick: the bounds just say something
RELABELLED = _changing(
    "relabelled two-state", runs.relabelled_two_state, {**LONG, "quick": 120_000, "power": 400}, slots=64
)
NOISY = _changing(
    "relabelled slippery two-state, Bernoulli",
    lambda c: runs.relabelled_two_state(c, slip=0.2, pays=0.9),
    {**LONG, "paper": 8_000_000},
    slots=64,
)
WATCHED = _changing(
    "reward drop, rewards watched",
    runs.reward_drop,
    {"smoke": 2_000, "quick": 6_000, "paper": 200_000, "power": 600},
    reward_streams=True,
    slots=256,
)
EXPLORING = _changing(
    "relabelled two-state, forced exploration",
    lambda c: runs.relabelled_two_state(c, slip=0.2, pays=0.9),
    {"smoke": 2_000, "quick": 4_000, "power": 300},
    forced_exploration=0.05,
)
FIGURE_2 = tuple(
    Instance(
        "14 Dirichlet pieces",
        lambda d=d: _figure_2(d),
        52_000 // d,
        {"smoke": 2, "quick": 120, "paper": 400},
        {"delta": DELTA, "trace": True, "checkpoints": tuple(s // d for s in FIGURE_2_STARTS[1:])},
        (preset,),
    )
    for preset, d in (("smoke", 10), ("quick", 4), ("paper", 1))
)
PROVED_ON = (*RELABELLED, *NOISY, *FIGURE_2)
LINKED = (*PROVED_ON, *WATCHED, *EXPLORING)

TOLD = _changing(
    "relabelled slippery two-state, told",
    lambda c: runs.relabelled_two_state(c, slip=0.2, pays=0.9),
    LONG,
)

SHORT = {"smoke": 500, "quick": 5_000, "paper": 50_000}
ENOUGH = {"smoke": 20, "quick": 120, "paper": 1000}


def _still(name: str, build: Any, presets: Any = NO_POWER, **more: Any) -> Instance:
    return Instance(name, build, SHORT, ENOUGH, {"delta": DELTA, **more}, presets)


def _dense() -> Any:
    return dirichlet_mdp(4, 7, rng=0).with_reward_law("bernoulli")


def _river() -> Any:
    return riverswim(6).with_reward_law("bernoulli")


STILL = (
    _still("dirichlet-4-7, no change", _dense),
    _still("riverswim-6, no change", _river),
    _still("dirichlet-4-7, no change, rewards watched", _dense, reward_streams=True),
    _still("dirichlet-4-7, no change, forced exploration", _dense, forced_exploration=0.2),
    _still("dirichlet-4-7, no change, rule ville", _dense, rule="ville"),
)
STILL_PAPER = (
    _still("dirichlet-4-7, no change, 1/n", _dense, rule="paper"),
    _still("dirichlet-4-7, no change, as published", _dense, rule="paper", published=True),
)
INVISIBLE = _changing(
    "reward drop", runs.reward_drop, {"smoke": 4_000, "quick": 8_000, "paper": 200_000}, ENOUGH, slots=256
)
PUBLISHED = (
    *_changing(
        "relabelled two-state, as published",
        runs.relabelled_two_state,
        {preset: LONG[preset] for preset in ("smoke", "paper")},
        ENOUGH,
        published=True,
        rule="paper",
        slots=256,
    ),
    *_changing(
        "relabelled two-state, as published",
        runs.relabelled_two_state,
        {"quick": 290_000},
        ENOUGH,
        published=True,
        rule="paper",
        slots=64,
    ),
    *_changing(
        "reward drop, as published",
        runs.reward_drop,
        {"smoke": 4_000, "quick": 20_000},
        ENOUGH,
        published=True,
        rule="paper",
        slots=256,
    ),
    Instance(
        "14 Dirichlet pieces, as published",
        lambda: _figure_2(1),
        52_000,
        {"quick": 10, "paper": 100},
        {"delta": DELTA, "published": True, "rule": "paper"},
        ("quick", "paper"),
    ),
)

SOUND = (opt.REWARDS_IN_UNIT_INTERVAL, opt.COMMUNICATING, opt.THEOREMS_CONSTANTS, runs.VALID_LEVELS)
NOT_FORCED = Hypothesis("no forced exploration", lambda case: not case.parameters.get("forced_exploration"))
AS_PUBLISHED = Hypothesis("the published algorithm", lambda case: bool(case.parameters.get("published")))
REWARDS_UNSEEN = Hypothesis("detectors on next states only", lambda case: not case.parameters.get("reward_streams"))
SAME_TRANSITIONS = Hypothesis(
    "transitions never change",
    lambda case: all(np.array_equal(p.P, runs.pieces_of(case)[0].P) for p in runs.pieces_of(case)),
)


def piece_lengths(case: Case) -> Any:
    """Lengths of the pieces within the horizon."""
    return np.diff([0, *runs.changes_of(case), case.horizon])


def stretch_bounds(case: Case, piece: Any, length: Any, delta: Any) -> Any:
    """(22) for stretches of given lengths in given pieces; 0 for an empty one."""
    S, A, D = case.model.n_states, case.model.n_actions, runs.diameters(case)
    rows = zip(np.ravel(piece), np.ravel(length), np.broadcast_to(delta, np.shape(length)).ravel(), strict=True)
    return np.array([bound_22(float(n), S, A, float(D[g]), float(d)) if n else 0.0 for g, n, d in rows])


def theorem_c(case: Case) -> float:
    """Sum over the pieces of (22)(D, T, delta/(2 K^2)), T the whole length of the piece."""
    lengths = piece_lengths(case)
    return float(
        stretch_bounds(
            case, np.arange(len(lengths)), lengths, case.parameters["delta"] / (2.0 * len(lengths) ** 2)
        ).sum()
    )


def oracle_bound(case: Case) -> float:
    """Sum over the pieces of (22)(D, T, delta/(l (l + 1)))."""
    lengths = piece_lengths(case)
    pieces = np.arange(len(lengths))
    return float(stretch_bounds(case, pieces, lengths, runs.delta_of_phase(case, pieces)).sum())


def trivial_regret(case: Case) -> float:
    """The optimal reward: the regret of a learner that is never paid."""
    return float(runs.best_reward(case, case.horizon))


def later_regret(run: Any) -> float:
    """Pseudo-regret after the first checkpoint (the change)."""
    return float(run.pseudo_regret[-1] - run.pseudo_regret[0])


def printed_bound(case: Case) -> float:
    """34 D S sqrt(A T K log(T/delta))."""
    S, A = case.model.n_states, case.model.n_actions
    pieces = len(piece_lengths(case))
    return math.sqrt(pieces) * bound_23(case.horizon, S, A, the_diameter(case), case.parameters["delta"])
