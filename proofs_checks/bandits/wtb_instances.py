"""Tallying bandits on which the elimination with burn-in is checked, and the numbers that its theorem speaks of."""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import EVERYWHERE, NO_MUTANTS

from theorylab.bandits import TallyingBandit, WeightedTallyingBandit
from theorylab.bandits.environments import tallying_losses
from theorylab.verify.cases import Case, Family, Hypothesis, Instance

DELTA = 0.05
HALVES = (0.5, 0.25, 0.125, 0.125)  # unequal weights: what is older counts less


def losses(kind: str, n_arms: int, window: int, *, last: bool = False, weights: Any = None) -> WeightedTallyingBandit:
    """An instance of the figure's families; ``last`` puts the best arm last."""
    made = tallying_losses(kind, n_arms=n_arms, window=window, weights=weights)
    if not last:
        return made
    return WeightedTallyingBandit(made.weights, made.knots, made.h[::-1], name=f"{made.name}-last")


def coarse(weights: Sequence[float], *, noise: str = "bernoulli") -> WeightedTallyingBandit:
    """Eighths as knots and losses: arm 1 is best and looks worst until it has been repeated."""
    knots = [0.25, 0.5, 0.75, 1.0]
    h = [[0.875, 0.75, 0.625, 0.5], [1.0, 1.0, 1.0, 0.125], [0.75, 0.75, 0.75, 0.75]]
    return WeightedTallyingBandit(weights, knots, h, noise=noise, name="coarse")


def easy_needle(*, last: bool = False) -> TallyingBandit:
    """Arm 0 loses 1 until its third play in a row, then nothing; the other one always loses .9."""
    h = np.array([[1.0, 1.0, 0.0], [0.9, 0.9, 0.9]])
    return TallyingBandit(h[::-1] if last else h, name="easy needle")


def slow_needle(window: int) -> TallyingBandit:
    """Arm 0 loses 1 until it has been repeated ``window`` times, then nothing; arm 1 always loses .6."""
    h = np.ones((2, window))
    h[0, -1] = 0.0
    h[1] = 0.6
    return TallyingBandit(h, name=f"slow needle m={window}")


def hidden_needle(n_arms: int, window: int) -> Family:
    """Without noise: every loss is 1, but the m-th play in a row of one arm, drawn anew in each run, loses nothing."""

    def draw(rng: Any) -> TallyingBandit:
        h = np.ones((n_arms, window))
        h[rng.integers(n_arms), -1] = 0.0
        return TallyingBandit(h, noise="none", name="hidden needle")

    return Family(f"hidden needle K={n_arms} m={window}", draw)


def no_repeats(noise: str = "bernoulli") -> WeightedTallyingBandit:
    """REO fails: playing the arms in turn costs nothing, repeating one costs 1 a round."""
    return WeightedTallyingBandit(
        [1.0, 1.0], [0.5, 1.0], [[0.0, 1.0], [0.0, 1.0]], noise=noise, reo_required=False, name="no repeats"
    )


def on(
    name: str,
    build: Any,
    horizon: Any,
    runs: Any,
    parameters: Mapping[str, Any],
    presets: tuple[str, ...] = NO_MUTANTS,
) -> Instance:
    """An instance; its name says M."""
    return Instance(
        f"{name} M={parameters['M']}" if "M" in parameters else name, build, horizon, runs, parameters, presets
    )


LONG = {"smoke": 20_000, "quick": 20_000, "paper": 400_000}
MANY = {"smoke": 180, "quick": 260, "paper": 1000}
LATER = ("quick", "paper")
TWENTY = {"M": 20, "delta": DELTA}
EXACT_M = {"M": 10, "delta": DELTA}
THEOREM = (
    on("needle", lambda: losses("needle", 2, 10), LONG, MANY, TWENTY),
    on("needle, best last", lambda: losses("needle", 2, 10, last=True), LONG, MANY, EXACT_M, LATER),
    on("misleading", lambda: losses("misleading", 2, 10), LONG, MANY, TWENTY, LATER),
    on("misleading, best last", lambda: losses("misleading", 2, 10, last=True), LONG, MANY, EXACT_M),
    on("learning", lambda: losses("learning", 2, 10), LONG, MANY, TWENTY, LATER),
    on("slow needle", lambda: slow_needle(300), {"quick": 30_000, "paper": 400_000}, MANY, {"M": 300, "delta": DELTA}, LATER),
    on("needle, five arms", lambda: losses("needle", 5, 10), {"quick": 50_000, "paper": 400_000}, MANY, TWENTY, LATER),
    on("unequal weights", lambda: coarse(HALVES), {"quick": 20_000, "paper": 400_000}, MANY, {"M": 6, "delta": DELTA}, LATER),
    on("no memory", lambda: TallyingBandit([[0.9], [0.1]], name="no memory"), LONG, MANY, {"M": 1, "delta": DELTA}, LATER),
    on("tiny needle", lambda: losses("needle", 2, 3), 300, 8, {"M": 3, "delta": DELTA}, ("power",)),
)  # fmt: skip
REFUSED = on("repeating is not optimal", no_repeats, 1000, 5, {"M": 2, "delta": DELTA}, ("smoke", "quick", "paper"))
CONTROL = (on("slow needle", lambda: slow_needle(300), 20_000, 60, {"M": 1, "delta": DELTA}),)

BURNT = {"M": 3, "delta": DELTA, "trace": True}
SURE = (
    on("traced easy needle", easy_needle, {"smoke": 400, "quick": 600, "paper": 5000, "power": 200},
       {"smoke": 170, "quick": 220, "paper": 1000, "power": 6}, BURNT, EVERYWHERE),
)  # fmt: skip
TRACED = (
    *SURE,
    on("traced easy needle, reversed", lambda: easy_needle(last=True), {"smoke": 400, "quick": 600, "paper": 5000, "power": 120},
       {"smoke": 15, "quick": 60, "paper": 300, "power": 4}, {**BURNT, "M": 5}, EVERYWHERE),
    on("traced unequal weights", lambda: coarse(HALVES), {"smoke": 900, "quick": 1500, "paper": 5000, "power": 420},
       {"smoke": 15, "quick": 60, "paper": 300, "power": 3}, {"M": 4, "delta": 0.5, "trace": True}, EVERYWHERE),
    on("traced misleading", lambda: losses("misleading", 2, 4), {"smoke": 1500, "quick": 3000, "paper": 9000},
       {"smoke": 10, "quick": 40, "paper": 300}, {"M": 6, "delta": 0.5, "trace": True}),
)  # fmt: skip


def repeated(case: Case) -> Any:
    """(K,) losses of repeated arms."""
    return case.model.repeated_losses


def excess(case: Case) -> Any:
    """(K,) by how much a repeated arm loses more than the best one."""
    return repeated(case) - repeated(case).min()


def best_arm(case: Case) -> int:
    """The arm to repeat."""
    return int(np.argmin(repeated(case)))


def cap(case: Case) -> float:
    """T times the largest loss above that of the best repeated arm: what the worst algorithm suffers."""
    if isinstance(case.model, Family):
        return float(case.horizon)
    reachable = getattr(case.model, "reachable", slice(None))
    return float(case.horizon * (case.model.h[:, reachable].max() - repeated(case).min()))


def epochs(case: Case) -> int:
    """S = ceil(log2 T) + 1."""
    return math.ceil(math.log2(case.horizon)) + 1


def log_term(case: Case) -> float:
    """L = ln(2 K S / delta)."""
    return math.log(2 * case.model.n_arms * epochs(case) / case.parameters["delta"])


def bound(case: Case) -> float:
    r"""$4\sqrt{(2+\sqrt2)^2+1}\,\sqrt{KTL} + (M-1)KS + 2K$."""
    K, M = case.model.n_arms, case.parameters["M"]
    constant = 4 * math.sqrt((2 + math.sqrt(2)) ** 2 + 1)
    return constant * math.sqrt(K * case.horizon * log_term(case)) + (M - 1) * K * epochs(case) + 2 * K


REO = Hypothesis("repeating some arm is optimal", lambda case: bool(case.model.reo))
DECLARED = Hypothesis("the window is at most M", lambda case: case.model.window <= case.parameters["M"])
