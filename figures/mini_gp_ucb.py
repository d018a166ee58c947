"""Mini-GP-UCB against GP-UCB: regret, time, unique points (ours)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.core.rng import RNGLike, child_seed, seed_of, streams
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

POINTS, LENGTH, SIGMA, DELTA = 60, 0.15, 0.2, 0.1
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"horizons": [125, 250, 500], "runs": 8},
    "quick": {"horizons": [250, 700, 2000], "runs": 16},
    "paper": {"horizons": [500, 1000, 2000, 4000, 8000, 16_000], "runs": 100},
}
LOOKS = {"GP-UCB": ("blue", "-"), "mini, C = 1.2": ("green", (0, (5, 1.5))), "mini, C = 2": ("vermillion", (0, (1, 1)))}


@cache
def prior() -> Any:
    """Squared exponential on a grid of [0, 1]."""
    from theorylab.bandits.models.gaussian_process import GPBandit, squared_exponential

    return GPBandit(squared_exponential(np.linspace(0.0, 1.0, POINTS), LENGTH), SIGMA)


def one_run(task: Mapping[str, Any]) -> dict[str, Any]:
    """Regret, seconds of the whole run, unique points and posteriors computed; one function for all algorithms."""
    from theorylab.bandits.gaussian_process import gp_ucb, mini_gp_ucb

    T, who = task["horizon"], task["algorithm"]
    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    model, options = prior().draw(streams(seed).instance), {"delta": DELTA, "checkpoints": [1], "rng": seed}
    algorithm: Any = gp_ucb
    if who != "GP-UCB":
        algorithm, options["C"] = mini_gp_ucb, float(who.split()[-1])
    algorithm(model, 2, **options)  # compiled before the clock starts
    options["checkpoints"] = [T]
    begun = time.thread_time()
    run = algorithm(model, T, **options)
    seconds = time.thread_time() - begun
    phases = run.extra.get("phases", T)
    return {"regret": run.regret[-1], "seconds": seconds, "unique": int((run.pulls > 0).sum()), "posteriors": phases}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run and horizon."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"algorithm": a, "horizon": T, "run": i, **seed}
        for a in LOOKS
        for T in parameters["horizons"]
        for i in range(parameters["runs"])
    ]
    rows = [
        (t["algorithm"], t["run"], t["horizon"], t["horizon"] == parameters["horizons"][-1], *got.values())
        for t, got in zip(tasks, sweep(one_run, tasks), strict=True)
    ]
    names = ("algorithm", "run", "t", "last", "regret", "seconds", "unique", "posteriors")
    return Table(
        dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "rounds", "regret": "reward", "seconds": "s"}
    )


def matrix(table: Table, who: str, column: str) -> tuple[Any, Any]:
    """Horizons, and (runs, horizons) of a column."""
    mine = table.where(algorithm=who)
    horizons = np.unique(mine["t"])
    return horizons, np.stack([mine.where(t=T)[column] for T in horizons.tolist()], axis=1).astype(float)


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Regret, seconds, posteriors computed and unique points against T."""
    panels = figure.subplots(1, 3)
    for who, (colour, dash) in LOOKS.items():
        for axes, column in zip(panels, ("regret", "seconds", "posteriors"), strict=True):
            horizons, values = matrix(table, who, column)
            values = values * 1e3 if column == "seconds" else values
            _style.band(axes, horizons, values, who, _style.COLOURS[colour], interval="quantile", dash=dash)
        horizons, values = matrix(table, who, "unique")
        panels[2].plot(
            horizons, values.mean(axis=0), color=_style.COLOURS[colour], linestyle="", marker="o", markersize=4,
            markerfacecolor="white",
        )  # fmt: skip
    panels[0].set(ylim=(0, None), ylabel="pseudo-regret (reward)", title="regret")
    panels[1].set(ylim=(0, None), ylabel="milliseconds a run", title="time")
    panels[2].set(yscale="log", title="posteriors (lines), unique points (dots)")
    horizons = np.unique(table["t"])
    for axes in panels:
        axes.set(xscale="log", xlabel="T (rounds)")
        axes.set_xticks(horizons, labels=[f"{T:,}" for T in horizons.tolist()])
        axes.set_xticks([], minor=True)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=3, title=_style.BANDS["quantile"], title_fontsize=7
    )


def within(who: str) -> Conclusion:
    """The mean regret is at most C times GP-UCB's: a paired one-sided t-test at the largest horizon."""
    C = float(who.split()[-1])

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        mine, other = (matrix(table, a, "regret")[1][:, -1] for a in (who, "GP-UCB"))
        p = float(stats.ttest_1samp(mine - C * other, 0.0, alternative="less").pvalue)
        detail = f"mean {mine.mean():.1f} against {C:g} x {other.mean():.1f}, {len(mine)} paired runs, p = {p:.2g}"
        return Outcome("supported" if p < alpha else "refuted" if 1 - p < alpha else "inconclusive", detail, p)

    return Conclusion(
        f"regret within C: {who}", f"{who}: the mean regret is at most {C:g} times GP-UCB's", "derived", evaluate
    )


def few(table: Table, alpha: float) -> Outcome:
    """In every run, at the largest horizon: fewer unique points, and posteriors, than a quarter of the rounds."""
    end = table.where(last=True)
    T = int(end["t"].max())
    worst = max(int(end.where(algorithm=a)[c].max()) for a in LOOKS if a != "GP-UCB" for c in ("unique", "posteriors"))
    return Outcome("supported" if worst < T / 4 else "refuted", f"at most {worst} unique points or phases of T = {T}")


CONCLUSIONS = (
    within("mini, C = 2"),
    Conclusion("few unique points", "unique points and phases stay below T/4 in every run", "abstract", few),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    end = table.where(last=True)
    said = "; ".join(
        f"{who}: regret {mine['regret'].mean():.0f}, {1e3 * mine['seconds'].mean():.2f} ms, "
        f"{mine['posteriors'].mean():.0f} posteriors, {mine['unique'].mean():.0f} unique points"
        for who, mine in ((a, end.where(algorithm=a)) for a in LOOKS)
    )
    return (
        f"Functions from a Gaussian process on {POINTS} points, T = {int(end['t'].max()):,}. {said}. The number of "
        "posteriors hardly grows with T when a candidate is evaluated until its deviation has fallen by C; the regret "
        "grows by less than the factor C that the theory allows. GP-UCB updates all points in every round."
    )


FIGURE = Figure(
    slug="mini_gp_ucb",
    title="Mini-GP-UCB: few posteriors, regret within C",
    paper="calandriello2022scaling",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(10.0, 3.8),
    conclusions=CONCLUSIONS,
    caption=caption,
)
