"""Instances of UCRL2's claims and what the claims measure."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.average_reward import optimism as opt
from theorylab.rooms.proofs_checks.average_reward.optimism import the_diameter, the_gain

from theorylab.mdp.environments import lower_bound_mdp, named
from theorylab.verify.cases import Case, Family, Instance

SOURCE = "jaksch2010near"
DELTA = 0.05
ZETA_6 = 1.017343061984449
TRACED = {"delta": DELTA, "trace": True}
HARD_HORIZON, HARD_DIAMETER = 20_000, 20.0


def _hard_model(generator: Any) -> Any:
    """The instance of Theorem 5's proof, with the good copy and action drawn uniformly."""
    copy, action = int(generator.integers(0, 5)), int(generator.integers(0, 4))
    return lower_bound_mdp(10, 10, HARD_DIAMETER, horizon=HARD_HORIZON, good_copy=copy, good_action=action)


SWITCH = Instance(
    "two-state-noisy",
    lambda: opt.noisy_two_state(0.0),
    {"smoke": 200_000, "quick": 780_000, "paper": 10_000_000, "power": 60},
    {"smoke": 160, "quick": 240, "paper": 1000, "power": 2},
    TRACED,
)
SLIPPERY = Instance(
    "two-state-slip-swapped",
    lambda: opt.noisy_two_state(0.2, swapped=True),
    {"smoke": 20_000, "quick": 300_000, "paper": 10_000_000, "power": 200},
    {"smoke": 10, "quick": 240, "paper": 1000, "power": 2},
    TRACED,
)
RIVER = Instance(
    "riverswim-6",
    lambda: named("riverswim-6"),
    {"smoke": 5_000, "quick": 50_000, "paper": 10_000_000, "power": 400},
    {"smoke": 5, "quick": 240, "paper": 400, "power": 3},
    TRACED,
)
DENSE = Instance(
    "dirichlet-4-7",
    lambda: named("dirichlet-4-7"),
    {"quick": 1_000_000, "paper": 10_000_000},
    {"quick": 12, "paper": 400},
    TRACED,
    presets=("quick", "paper"),
)
FREQUENT = Instance(
    "two-state-noisy-short",
    lambda: opt.noisy_two_state(0.5),
    {"smoke": 200, "quick": 500},
    {"smoke": 100, "quick": 4000, "paper": 20_000},
    TRACED,
    presets=("smoke", "quick", "paper"),
)
HARD = Instance(
    "lower-bound-10-10",
    lambda: Family("lower-bound-10-10", _hard_model),
    HARD_HORIZON,
    {"smoke": 10, "quick": 20, "paper": 400},
    {"delta": DELTA},
    presets=("smoke", "quick", "paper"),
)
NOISY = (SWITCH, SLIPPERY)  # random rewards
PROVED_ON = (*NOISY, RIVER)
HYPOTHESES = (opt.STATIONARY, opt.REWARDS_IN_UNIT_INTERVAL, opt.COMMUNICATING, opt.THEOREMS_CONSTANTS)


def final_regret(run: Any, case: Case) -> float:
    """The realised regret at the horizon; NaN, which no bound forgives, when no rewards in [0, 1] could give it."""
    regret = float(run.regret[-1])
    gain = the_gain(case) if not isinstance(case.model, Family) else 0.0
    return regret if regret >= (gain - 1.0) * case.horizon - 1e-6 * case.horizon else math.nan


def trivial_regret(case: Case) -> float:
    """T rho*: what a learner that never receives a reward suffers."""
    return case.horizon * the_gain(case)


def of(bound: Any) -> Any:
    """The bound of a case."""
    return lambda case: bound(
        case.horizon, case.model.n_states, case.model.n_actions, the_diameter(case), case.parameters["delta"]
    )


def bound_logarithmic(horizon: float, n_states: int, n_actions: int, diameter: float, delta: float) -> float:
    """Theorem 4 at its best epsilon: 34^2 D^2 S^2 A log(T/delta)/eps + eps T = 2 * 34 D S sqrt(A T log(T/delta))."""
    return 2.0 * 34.0 * diameter * n_states * math.sqrt(n_actions * horizon * math.log(horizon / delta))


def regret_series(run: Any, case: Case) -> Any:
    """Times and positive pseudo-regret over the last two decades."""
    keep = run.times >= case.horizon // 100
    return run.times[keep], np.maximum(run.pseudo_regret[keep], 1e-12)
