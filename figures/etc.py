"""Explore-then-commit: regret against the number of first plays, exact curve and formal bound (ours)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import BernoulliBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

MEANS, HORIZON = (0.5, 0.3), 1000
MEASURED, ROOM = (2, 5, 10, 20, 40, 89, 250), 0.08
CURVE = tuple(int(m) for m in np.unique(np.rint(np.geomspace(1, 500, 40))))
PRESETS = {"smoke": {"runs": 800}, "quick": {"runs": 1500}, "paper": {"runs": 20_000}}


def regrets(task: Mapping[str, Any]) -> list[float]:
    """Final regrets of one batch of runs with one m."""
    from theorylab.bandits.stochastic import etc

    parent, bandit = np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), BernoulliBandit(MEANS)
    return [
        float(etc(bandit, HORIZON, m=task["m"], checkpoints=[HORIZON], rng=child_seed(parent, i)).regret[-1])
        for i in range(task["runs"])
    ]


def exact(m: int) -> float:
    """E[R_T] by the law of two binomials: the second arm is kept when it has strictly more successes."""
    from scipy.stats import binom

    successes = np.arange(m + 1)
    wrong = float(np.sum(binom.pmf(successes, m, MEANS[1]) * binom.cdf(successes - 1, m, MEANS[0])))
    return (MEANS[0] - MEANS[1]) * (m + (HORIZON - 2 * m) * wrong)


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run and m; ``kind`` is "measured", "exact" or "bound" (run -1)."""
    from theorylab.bandits.stochastic.etc import etc_bound

    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [{"m": m, "runs": parameters["runs"], **seed} for m in MEASURED]
    rows: list[tuple[str, int, int, float]] = []
    for task, got in zip(tasks, sweep(regrets, tasks), strict=True):
        rows += [("measured", task["m"], i, r) for i, r in enumerate(got)]
    for m in sorted({*CURVE, *MEASURED}):
        rows.append(("exact", m, -1, exact(m)))
        rows.append(("bound", m, -1, etc_bound([0.0, MEANS[0] - MEANS[1]], HORIZON, m)))
    names = ("kind", "m", "run", "regret")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"m": "plays of each arm", "regret": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Regret over m."""
    axes = figure.subplots(1, 1)
    line = table.where(kind="exact")
    axes.plot(line["m"], line["regret"], color=_style.COLOURS["blue"], label="exact expected regret")
    values = table.where(kind="measured")["regret"].reshape(len(MEASURED), -1)
    error = 1.96 * values.std(axis=1, ddof=1) / math.sqrt(values.shape[1])
    axes.errorbar(MEASURED, values.mean(axis=1), yerr=error, fmt="o", markersize=4, color=_style.COLOURS["vermillion"],
                  label="measured, 95% of the mean")  # fmt: skip
    _style.bound_line(axes, line["m"], table.where(kind="bound")["regret"], "ETC.regret_le, proved in Lean")
    axes.axhline(HORIZON * (MEANS[0] - MEANS[1]), color=_style.COLOURS["black"], linewidth=0.8, linestyle=":",
                 label="trivial: T gap")  # fmt: skip
    axes.set(
        xscale="log", ylim=(0, None), xlabel="m, plays of each arm before the choice", ylabel="pseudo-regret (reward)"
    )
    figure.legend(loc="outside upper center", ncols=2)


def agrees(table: Table, alpha: float) -> Outcome:
    """For all m at once the measured mean is within 8% of T gap of the exact one: t-intervals, Bonferroni."""
    from scipy import stats

    room, low, high, apart = ROOM * HORIZON * (MEANS[0] - MEANS[1]), 0.0, 0.0, False
    for m in MEASURED:
        values = table.where(kind="measured", m=m)["regret"] - float(table.where(kind="exact", m=m)["regret"][0])
        half = (
            stats.t.ppf(1 - alpha / (2 * len(MEASURED)), len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
        )
        low, high = min(low, float(values.mean() - half)), max(high, float(values.mean() + half))
        apart |= abs(values.mean()) - half > room
    detail = f"differences in [{low:.2f}, {high:.2f}], allowed {room:.1f}"
    return Outcome("refuted" if apart else "supported" if max(-low, high) <= room else "inconclusive", detail)


def holds(table: Table, alpha: float) -> Outcome:
    """The exact curve lies below the bound: no sampling."""
    line, bound = table.where(kind="exact"), table.where(kind="bound")
    ratio = line["regret"] / bound["regret"]
    at = int(np.argmax(ratio))
    detail = f"largest ratio {ratio[at]:.3f} at m = {line['m'][at]}"
    return Outcome("supported" if ratio[at] <= 1.0 + 1e-12 else "refuted", detail)


def best(table: Table, kind: str) -> tuple[int, float]:
    """The m with the least value, and the value."""
    mine = table.where(kind=kind)
    at = int(np.argmin(mine["regret"]))
    return int(mine["m"][at]), float(mine["regret"][at])


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    (mine, least), (theirs, bound) = best(table, "exact"), best(table, "bound")
    at = float(table.where(kind="exact", m=theirs)["regret"][0])
    return (
        f"Two arms (0.5, 0.3), T = {HORIZON}. The formal bound is smallest near m = {theirs} ({bound:.1f}; the regret "
        f"there is {at:.1f}), the exact expected regret near m = {mine} ({least:.1f}): the bound is informative, and "
        f"tuning by it explores {theirs / mine:.1f} times too long."
    )


FIGURE = Figure(
    slug="etc",
    title="Explore-then-commit: how long to explore",
    paper="degenne2025leanbandits",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(6.2, 4.3),
    conclusions=(
        Conclusion(
            "the bound holds", "the exact regret is below ETC.regret_le for every m", "degenne2025leanbandits", holds
        ),
        Conclusion("exact values", "measured means are within 8% of T gap of the exact curve", "derived", agrees),
    ),
    caption=caption,
)
