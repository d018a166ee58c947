"""The formal development's UCB: its bound and its regret as functions of c, beside UCB1's theorem (ours)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import BernoulliBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.exact.bandits import ucb1_fluid_law
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

MEANS, GAP, SIGMA2 = (0.5, 0.3), 0.2, 0.25
MEASURED = (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0)
CURVE = tuple(float(c) for c in np.round(np.geomspace(0.25, 8.0, 60), 4))
PRESETS = {
    "smoke": {"horizon": 10_000, "runs": 20},
    "quick": {"horizon": 20_000, "runs": 60},
    "paper": {"horizon": 100_000, "runs": 500},
}


def regrets(task: Mapping[str, Any]) -> float:
    """Final regret of one run."""
    from theorylab.bandits.stochastic import lean_ucb

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    bandit, horizon = BernoulliBandit(MEANS), task["horizon"]
    return float(lean_ucb(bandit, horizon, c=task["c"], checkpoints=[horizon], rng=seed).regret[-1])


def formal(c: float, horizon: int) -> float:
    """UCB.regret_le on two arms."""
    misses = float(np.sum(np.arange(1.0, horizon + 1.0) ** (1.0 - c)))
    return 8.0 * c * SIGMA2 * math.log(horizon + 1) / GAP + GAP * (2.0 + 2.0 * misses)


def auer(horizon: int) -> float:
    """UCB1's Theorem 1 on two arms."""
    return 8.0 * math.log(horizon) / GAP + (1.0 + math.pi**2 / 3.0) * GAP


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run and c; ``kind`` is "measured", "law", "bound" or "UCB1" (run -1)."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    horizon = parameters["horizon"]
    tasks = [{"c": c, "run": i, "horizon": horizon, **seed} for c in MEASURED for i in range(parameters["runs"])]
    rows: list[tuple[str, float, int, int, float]] = []
    for task, got in zip(tasks, sweep(regrets, tasks), strict=True):
        rows.append(("measured", task["c"], task["run"], horizon, got))
    for c in sorted({*CURVE, *MEASURED}):
        rows.append(("law", c, -1, horizon, ucb1_fluid_law([0.0, GAP], horizon, 2.0 * c * SIGMA2)))
        rows.append(("bound", c, -1, horizon, formal(c, horizon)))
        rows.append(("UCB1", c, -1, horizon, auer(horizon)))
    names = ("kind", "c", "run", "t", "regret")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"c": "1", "regret": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Regret and bounds over c."""
    axes = figure.subplots(1, 1)
    values = table.where(kind="measured")["regret"].reshape(len(MEASURED), -1).T
    _style.band(axes, np.array(MEASURED), values, "measured regret", _style.COLOURS["blue"], interval="quantile")
    line = table.where(kind="law")
    axes.plot(line["c"], line["regret"], color=_style.COLOURS["orange"], linestyle=":", label="fluid law")
    _style.bound_line(axes, line["c"], table.where(kind="bound")["regret"], "UCB.regret_le, proved in Lean")
    theirs = table.where(kind="UCB1")["regret"]
    axes.plot(line["c"], theirs, "-.", color=_style.COLOURS["purple"], linewidth=1.0, label="UCB1's Theorem 1 (c = 4)")
    axes.axhline(
        parameters["horizon"] * GAP,
        color=_style.COLOURS["black"],
        linewidth=0.8,
        linestyle=":",
        label="trivial: T gap",
    )
    axes.set(xscale="log", yscale="log", xlabel="c", ylabel=f"pseudo-regret at T = {parameters['horizon']:,} (reward)")
    axes.set_xticks(MEASURED, [f"{c:g}" for c in MEASURED])
    axes.minorticks_off()
    figure.legend(loc="outside upper center", ncols=2, title=_style.BANDS["quantile"], title_fontsize=7)


def smallest(table: Table) -> tuple[float, float]:
    """The c with the smallest bound."""
    mine = table.where(kind="bound")
    at = int(np.argmin(mine["regret"]))
    return float(mine["c"][at]), float(mine["regret"][at])


def interior(table: Table, alpha: float) -> Outcome:
    """The bound is smallest at some c between 1 and 3: no sampling."""
    c, value = smallest(table)
    detail = f"smallest at c = {c:.2f}: {value:.0f}"
    return Outcome("supported" if 1.0 < c < 3.0 else "refuted", detail)


def below(table: Table, alpha: float) -> Outcome:
    """At every c with a bound below T gap the mean regret is below it: one-sided t-tests, Bonferroni."""
    from scipy import stats

    worst, count = 0.0, 0
    for c in MEASURED:
        values, bound = table.where(kind="measured", c=c)["regret"], float(table.where(kind="bound", c=c)["regret"][0])
        if bound >= GAP * table["t"][0]:
            continue  # it says nothing there
        worst = max(worst, float(stats.ttest_1samp(values, bound, alternative="less").pvalue))
        count += 1
    adjusted = min(1.0, count * worst)
    return Outcome(
        "supported" if adjusted < alpha else "inconclusive", f"largest adjusted p = {adjusted:.2g}", adjusted
    )


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    horizon, (c, value) = int(table["t"][0]), smallest(table)
    three = float(table.where(kind="bound", c=3.0)["regret"][0])
    mean = float(table.where(kind="measured", c=3.0)["regret"].mean())
    line = table.where(kind="bound")
    empty = float(line["c"][line["regret"] >= horizon * GAP].max())
    return (
        f"Two arms (0.5, 0.3), T = {horizon:,}. The formal bound is smallest at c = {c:.2f} ({value:.0f}); at c = 3 it "
        f"is {three:.0f}, against {auer(horizon):.0f} of UCB1's theorem and a measured regret of {mean:.0f}. Towards "
        f"small c the sum over failed intervals takes over (from c = {empty:.2f} down the bound is above T gap), while "
        "the measured regret goes on falling."
    )


FIGURE = Figure(
    slug="lean_ucb",
    title="UCB as proved in Lean: what c costs",
    paper="degenne2025leanbandits",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(6.4, 4.6),
    conclusions=(
        Conclusion(
            "an interior optimum", "the bound is smallest at a c between 1 and 3", "degenne2025leanbandits", interior
        ),
        Conclusion(
            "below the bound",
            "mean regret is below UCB.regret_le where it says anything",
            "degenne2025leanbandits",
            below,
        ),
    ),
    caption=caption,
)
