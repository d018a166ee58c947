"""UCB1's regret against its theorem and against the law that predicts its value (our figure; not in print)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style
from theorylab.rooms.figures._power_figure import POWER

from theorylab.bandits import BernoulliBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.exact.bandits import ucb1_fluid_law
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

INSTANCES = {  # name: means
    "10 arms, gap 0.1": (0.6, *[0.5] * 9),
    "4 arms, gap 0.3": (0.8, 0.5, 0.5, 0.5),
    "2 arms, gap 0.4": (0.9, 0.5),
}
PRESETS = {
    "smoke": {"horizon": 10_000, "runs": 20},
    "quick": {"horizon": 100_000, "runs": 60},
    "paper": {"horizon": 1_000_000, "runs": 400},
}
TOLERANCE = 0.2


def checkpoints(horizon: int) -> Any:
    """Thirty times from 100 to the horizon."""
    return np.unique(np.rint(np.geomspace(100, horizon, 30)).astype(np.int64))


def regrets(task: Mapping[str, Any]) -> dict[str, Any]:
    """Regret of one run at the checkpoints."""
    from theorylab.bandits.stochastic import ucb1

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    bandit = BernoulliBandit(INSTANCES[task["instance"]])
    run = ucb1(bandit, task["horizon"], checkpoints=checkpoints(task["horizon"]), rng=seed)
    return {"times": run.times.tolist(), "regret": run.regret.tolist()}


def theorem(gaps: Any, t: float) -> float:
    """The bound of Theorem 1, at most the trivial one."""
    positive = gaps[gaps > 0]
    bound = float(np.sum(8.0 * math.log(t) / positive) + (1.0 + math.pi**2 / 3.0) * positive.sum())
    return min(bound, float(t * gaps.max()))


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run and checkpoint; ``kind`` is "ucb1", "law" or "Theorem 1" (run -1)."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"instance": name, "run": i, "horizon": parameters["horizon"], **seed}
        for name in INSTANCES
        for i in range(parameters["runs"])
    ]
    rows: list[tuple[str, str, int, int, float]] = []
    for task, got in zip(tasks, sweep(regrets, tasks), strict=True):
        rows += [
            (task["instance"], "ucb1", task["run"], t, r) for t, r in zip(got["times"], got["regret"], strict=True)
        ]
    for name, means in INSTANCES.items():
        gaps = BernoulliBandit(means).gaps
        for t in checkpoints(parameters["horizon"]).tolist():
            rows.append((name, "law", -1, t, ucb1_fluid_law(gaps, t)))
            rows.append((name, "Theorem 1", -1, t, theorem(gaps, t)))
    names = ("instance", "kind", "run", "t", "regret")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "rounds", "regret": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """One panel an instance: the mean of the runs, the law with its 20% band, the theorem."""
    panels = figure.subplots(1, len(INSTANCES))
    for axes, name in zip(panels, INSTANCES, strict=True):
        mine = table.where(instance=name)
        runs = mine.where(kind="ucb1")
        times = np.unique(runs["t"])
        matrix = runs["regret"].reshape(-1, len(times))
        law = mine.where(kind="law")["regret"]
        axes.fill_between(
            times, (1 - TOLERANCE) * law, (1 + TOLERANCE) * law, color=_style.COLOURS["orange"], alpha=0.3, linewidth=0,
            label="law, $\\pm$20%",
        )  # fmt: skip
        axes.plot(times, law, color=_style.COLOURS["orange"], linewidth=1.0)
        _style.band(axes, times, matrix, "UCB1", _style.COLOURS["blue"], interval="quantile")
        _style.bound_line(axes, times, mine.where(kind="Theorem 1")["regret"], "Theorem 1 (capped at T gap)")
        axes.set(xscale="log", yscale="log", title=name, xlabel="T (rounds)")
    panels[0].set_ylabel("pseudo-regret (reward)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=3, title=_style.BANDS["quantile"], title_fontsize=7
    )


def within(name: str) -> Conclusion:
    """At the horizon the mean regret is within 20% of the law: the two-sided t-interval lies inside the band."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        mine = table.where(instance=name, t=int(table["t"].max()))
        values, law = mine.where(kind="ucb1")["regret"], float(mine.where(kind="law")["regret"][0])
        half = stats.t.ppf(1 - alpha / 2, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
        low, high = (values.mean() - half) / law, (values.mean() + half) / law
        detail = f"mean / law in [{low:.3f}, {high:.3f}], {len(values)} runs"
        if 1 - TOLERANCE <= low and high <= 1 + TOLERANCE:
            return Outcome("supported", detail)
        outside = high < 1 - TOLERANCE or low > 1 + TOLERANCE
        return Outcome("refuted" if outside else "inconclusive", detail)

    return Conclusion(
        f"the law holds: {name}", f"{name}: mean regret at the horizon is within 20% of the law", "derived", evaluate
    )


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    horizon = int(table["t"].max())
    ratios = []
    for name in INSTANCES:
        mine = table.where(instance=name, t=horizon)
        mean = float(mine.where(kind="ucb1")["regret"].mean())
        ratios.append((mean / mine.where(kind="law")["regret"][0], mine.where(kind="Theorem 1")["regret"][0] / mean))
    law = ", ".join(f"{r:.2f}" for r, _ in ratios)
    loose = ", ".join(f"{b:.1f}" for _, b in ratios)
    return (
        f"At T = {horizon:,} UCB1's mean regret is {law} times the value at which all indices are level, while the "
        f"theorem's bound exceeds it {loose} times: the law, not the bound, "
        "tells a correct implementation from a wrong one."
    )


FIGURE = Figure(
    slug="ucb1",
    title="UCB1: the law of its regret, and the bound",
    paper="auer2002finite",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(9.0, 3.8),
    conclusions=tuple(within(name) for name in INSTANCES),
    caption=caption,
)
FIGURES = (FIGURE, POWER)
