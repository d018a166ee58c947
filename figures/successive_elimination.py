"""Successive elimination's regret against its derived bound and against the value at which means part (ours)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import BernoulliBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

GAPS = (0.05, 0.1, 0.2, 0.4, 0.8)
ARMS, DELTA = 4, 0.1
PRESETS = {
    "smoke": {"horizon": 30_000, "runs": 15},
    "quick": {"horizon": 100_000, "runs": 40},
    "paper": {"horizon": 1_000_000, "runs": 400},
}
ALGORITHMS = ("successive elimination", "UCB1")


def means(gap: float) -> tuple[float, ...]:
    """The best arm first, three others below it by the gap; the middle at 1/2."""
    return (0.5 + gap / 2, *[0.5 - gap / 2] * (ARMS - 1))


def regrets(task: Mapping[str, Any]) -> list[float]:
    """Final regret of both algorithms in the same environment."""
    from theorylab.bandits.stochastic import successive_elimination, ucb1

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    bandit, horizon = BernoulliBandit(means(task["gap"])), task["horizon"]
    mine = successive_elimination(bandit, horizon, delta=DELTA, checkpoints=[horizon], rng=seed)
    return [float(mine.regret[-1]), float(ucb1(bandit, horizon, checkpoints=[horizon], rng=seed).regret[-1])]


def log_term(horizon: int) -> float:
    """L."""
    return math.log(2 * ARMS * horizon / DELTA)


def bound(gap: float, horizon: int) -> float:
    """The least of the two derived bounds and T times the gap."""
    first = (ARMS - 1) * gap * (1.0 + 8.0 * log_term(horizon) / gap**2)
    return min(first, ARMS + math.sqrt(8.0 * log_term(horizon) * ARMS * horizon), horizon * gap)


def parting(gap: float, horizon: int) -> float:
    """Three arms for 2L/gap^2 plays each, when means differ by their gap exactly; equal plays at most."""
    return (ARMS - 1) * gap * min(2.0 * log_term(horizon) / gap**2, horizon / ARMS)


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run, gap and algorithm; ``kind`` "bound" and "means part" have run -1."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    horizon = parameters["horizon"]
    tasks = [{"gap": gap, "run": i, "horizon": horizon, **seed} for gap in GAPS for i in range(parameters["runs"])]
    rows: list[tuple[float, str, int, int, float]] = []
    for task, got in zip(tasks, sweep(regrets, tasks), strict=True):
        rows += [(task["gap"], who, task["run"], horizon, r) for who, r in zip(ALGORITHMS, got, strict=True)]
    for gap in GAPS:
        rows.append((gap, "bound", -1, horizon, bound(gap, horizon)))
        rows.append((gap, "means part", -1, horizon, parting(gap, horizon)))
    names = ("gap", "kind", "run", "t", "regret")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"gap": "reward", "regret": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Regret at the horizon over the gap."""
    axes = figure.subplots(1, 1)
    for who, colour in zip(ALGORITHMS, ("blue", "vermillion"), strict=True):
        matrix = table.where(kind=who)["regret"].reshape(len(GAPS), -1).T
        _style.band(axes, np.array(GAPS), matrix, who, _style.COLOURS[colour], interval="quantile")
    axes.plot(GAPS, table.where(kind="means part")["regret"], "o", color=_style.COLOURS["orange"], markersize=5,
              markerfacecolor="none", label="2L / gap for each arm: means part")  # fmt: skip
    _style.bound_line(axes, GAPS, table.where(kind="bound")["regret"], "derived bound (least of three)")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="gap (reward)",
        ylabel=f"pseudo-regret at T = {parameters['horizon']:,} (reward)",
    )
    axes.set_xticks(GAPS, [f"{gap:g}" for gap in GAPS])
    axes.minorticks_off()
    figure.legend(loc="outside upper center", ncols=2, title=_style.BANDS["quantile"], title_fontsize=7)


def near(gap: float) -> Conclusion:
    """The mean regret at the gap is within 25% of the value at which means part."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        mine = table.where(gap=gap)
        values = mine.where(kind=ALGORITHMS[0])["regret"]
        value = float(mine.where(kind="means part")["regret"][0])
        half = stats.t.ppf(1 - alpha / 2, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
        low, high = (values.mean() - half) / value, (values.mean() + half) / value
        detail = f"mean / value in [{low:.3f}, {high:.3f}], {len(values)} runs"
        if 0.75 <= low and high <= 1.25:
            return Outcome("supported", detail)
        return Outcome("refuted" if high < 0.75 or low > 1.25 else "inconclusive", detail)

    return Conclusion(
        f"means part: gap {gap:g}",
        f"gap {gap:g}: mean regret is within 25% of three times 2L / gap",
        "derived",
        evaluate,
    )


def below_bound(table: Table, alpha: float) -> Outcome:
    """No run above the bound by more than delta allows: all gaps together, one event each."""
    from theorylab.verify.statistics import binomial

    failures, runs = 0, 0
    for gap in GAPS:
        values = table.where(gap=gap, kind=ALGORITHMS[0])["regret"]
        failures += int(np.sum(values > table.where(gap=gap, kind="bound")["regret"][0] + 1e-6))
        runs += len(values)
    upper = binomial.upper_limit(failures, runs, alpha)
    detail = f"{failures} of {runs} runs above the bound, upper limit {upper:.3f} against {DELTA}"
    return Outcome("supported" if upper <= DELTA else "inconclusive", detail)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    ratios, against = [], []
    for gap in GAPS:
        mine = table.where(gap=gap)
        mean = float(mine.where(kind=ALGORITHMS[0])["regret"].mean())
        ratios.append(mine.where(kind="bound")["regret"][0] / mean)
        against.append(mean / float(mine.where(kind=ALGORITHMS[1])["regret"].mean()))
    return (
        f"Four arms, delta = {DELTA}, T = {int(table['t'][0]):,}. Elimination drops an arm when the means part by two "
        f"radii, so its regret is about 2L/gap for each arm; the bound lets both means miss by a radius and exceeds "
        f"the mean regret {min(ratios):.1f} to {max(ratios):.1f} times. Elimination suffers {min(against):.1f} "
        f"to {max(against):.1f} times the regret of UCB1."
    )


FIGURE = Figure(
    slug="successive_elimination",
    title="Successive elimination: regret, the value at which means part, and the bound",
    paper="evendar2006action",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(6.5, 4.6),
    conclusions=(
        *(near(gap) for gap in (0.2, 0.4, 0.8)),
        Conclusion("below the bound", "the regret is below the derived bound", "derived", below_bound),
        replace(
            Below(ALGORITHMS[1], ALGORITHMS[0], column="regret", group="kind", source="derived", gap=0.8),
            statement="gap 0.8: regret of UCB1 is below that of successive elimination",
        ),
    ),
    caption=caption,
)
