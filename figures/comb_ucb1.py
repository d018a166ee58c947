"""CombUCB1 against its theorem and against playing the means (our figure; no counterpart in print)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits.models.combinatorial import CombinatorialBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

GAMES: dict[str, tuple[Any, Any]] = {  # name: means, actions
    "two pairs": ((0.9, 0.7, 0.6, 0.5), ((0, 0, 1, 1), (1, 1, 0, 0))),
    "3 of 6 items": (
        (0.2, 0.35, 0.5, 0.6, 0.7, 0.8),
        tuple(c for c in itertools.product((0, 1), repeat=6) if sum(c) == 3),
    ),
}
PRESETS = {
    "smoke": {"horizon": 20_000, "runs": 40},
    "quick": {"horizon": 100_000, "runs": 60},
    "paper": {"horizon": 1_000_000, "runs": 200},
}
RULES = {"ucb": "CombUCB1", "greedy": "means without radii"}


def checkpoints(horizon: int) -> Any:
    """Thirty times from 10 to the horizon."""
    return np.unique(np.rint(np.geomspace(10, horizon, 30)).astype(np.int64))


def regrets(task: Mapping[str, Any]) -> dict[str, Any]:
    """Regret of one run at the checkpoints; both rules meet the same items."""
    from theorylab.bandits.stochastic.comb_ucb1 import comb_ucb1

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    bandit = CombinatorialBandit(*GAMES[task["game"]])
    run = comb_ucb1(bandit, task["horizon"], rule=task["rule"], checkpoints=checkpoints(task["horizon"]), rng=seed)
    return {"times": run.times.tolist(), "regret": run.regret.tolist()}


def theorem_5(bandit: CombinatorialBandit, t: float) -> float:
    """The gap-dependent bound, at most the trivial one."""
    m, d = bandit.size, bandit.n_items
    outside = (bandit.actions[int(np.argmin(bandit.gaps))] == 0) & np.isfinite(bandit.item_gaps())
    bound = float(np.sum(534.0 * m / bandit.item_gaps()[outside])) * math.log(t) + (math.pi**2 / 3.0 + 1.0) * m * d
    return min(bound, float(t * bandit.gaps.max()))


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run and checkpoint; ``rule`` is "ucb", "greedy" or "Theorem 5" (run -1)."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    horizon = parameters["horizon"]
    tasks = [
        {"game": name, "rule": rule, "run": i, "horizon": horizon, **seed}
        for name, rule, i in itertools.product(GAMES, RULES, range(parameters["runs"]))
    ]
    rows: list[tuple[str, str, int, int, float]] = []
    for task, got in zip(tasks, sweep(regrets, tasks), strict=True):
        who = (task["game"], task["rule"], task["run"])
        rows += [(*who, t, r) for t, r in zip(got["times"], got["regret"], strict=True)]
    for name, (means, actions) in GAMES.items():
        bandit = CombinatorialBandit(means, actions)
        rows += [(name, "Theorem 5", -1, t, theorem_5(bandit, t)) for t in checkpoints(horizon).tolist()]
    names = ("game", "rule", "run", "t", "regret")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "rounds", "regret": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """One panel a game: both rules with bands over runs, and the bound."""
    panels = figure.subplots(1, len(GAMES))
    for axes, name in zip(panels, GAMES, strict=True):
        mine = table.where(game=name)
        times = np.unique(mine["t"])
        for rule, colour, dash in (("ucb", "blue", "-"), ("greedy", "vermillion", (0, (5, 1.5)))):
            matrix = mine.where(rule=rule)["regret"].reshape(-1, len(times))
            _style.band(axes, times, matrix, RULES[rule], _style.COLOURS[colour], dash=dash)
        _style.bound_line(axes, times, mine.where(rule="Theorem 5")["regret"], "Theorem 5, at most T gap")
        axes.set(xscale="log", yscale="log", title=name, xlabel="T (rounds)")
    panels[0].set_ylabel("pseudo-regret (reward)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, title=_style.BANDS["t"], title_fontsize=7)


def flattens(name: str) -> Conclusion:
    """Over the last decade CombUCB1's mean regret grows by less than it would linearly: by less than 4 in 10."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        mine = table.where(game=name, rule="ucb")
        times = np.unique(mine["t"])
        matrix = mine["regret"].reshape(-1, len(times))
        early = int(np.searchsorted(times, times[-1] / 10))
        difference = matrix[:, -1] - 4.0 * matrix[:, early]
        p = float(stats.ttest_1samp(difference, 0.0, alternative="less").pvalue)
        growth = float(matrix[:, -1].mean() / matrix[:, early].mean())
        verdict = "supported" if p < alpha else "refuted" if 1.0 - p < alpha else "inconclusive"
        return Outcome(verdict, f"regret grows {growth:.2f} times over the last decade, p = {p:.2g}", p)

    return Conclusion(
        f"sublinear: {name}", f"{name}: over the last decade regret grows less than fourfold", "derived", evaluate
    )


def radii_pay(name: str) -> Conclusion:
    """At the horizon the mean regret of CombUCB1 is below that of the means alone."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        last = int(table["t"].max())
        return Below("ucb", "greedy", column="regret", group="rule", source="ours", game=name, t=last).evaluate(
            table, alpha
        )

    return Conclusion(f"radii pay: {name}", f"{name}: regret is below that of means alone", "ours", evaluate)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    horizon, parts = int(table["t"].max()), []
    for name in GAMES:
        mine = table.where(game=name, t=horizon)
        ucb, greedy = (float(mine.where(rule=rule)["regret"].mean()) for rule in RULES)
        bound = float(mine.where(rule="Theorem 5")["regret"][0])
        parts.append(f"on {name} {ucb:.0f} (means alone: {greedy:.0f}; bound {bound:.0f})")
    return (
        f"Mean regret of CombUCB1 at T = {horizon:,}: {'; '.join(parts)}. Without radii the learner may settle on a "
        "wrong set for ever; with them regret is logarithmic, far below the theorem's constants."
    )


FIGURE = Figure(
    slug="comb_ucb1",
    title="CombUCB1: regret, bound, and what radii are for",
    paper="kveton2015tight",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.0, 3.9),
    conclusions=(*(flattens(name) for name in GAMES), *(radii_pay(name) for name in GAMES)),
    caption=caption,
)
