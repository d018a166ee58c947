"""Optimistic feasible search against two baselines in a contraction loop: gap and violation over time (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"horizon": 200_000, "runs": 4},
    "quick": {"horizon": 1_000_000, "runs": 5},
    "paper": {"horizon": 5_000_000, "runs": 40},
}
LOOKS = {
    "optimistic feasible search": ("blue", "-"),
    "unconstrained UCB": ("vermillion", (0, (5, 1.5))),
    "primal-dual": ("green", (0, (1, 1))),
}
GAP = 0.003


def checkpoints(horizon: int) -> Any:
    """Thirty times from 100; the last window is a fifth of the rounds."""
    early = np.unique(np.rint(np.geomspace(100, 0.8 * horizon, 29)).astype(np.int64))
    return np.append(early, horizon)


def one_run(task: Mapping[str, Any]) -> dict[str, Any]:
    """Mean gap and mean violation of a round within each window between checkpoints."""
    from theorylab.bandits import constrained
    from theorylab.bandits.models.constrained import lending_loop

    T = task["horizon"]
    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    algorithm = {
        "optimistic feasible search": constrained.ofs,
        "unconstrained UCB": constrained.unconstrained_ucb,
        "primal-dual": constrained.primal_dual_bandit,
    }[task["algorithm"]]
    run = algorithm(lending_loop(), T, checkpoints=checkpoints(T), rng=seed)
    rounds = np.diff(run.times, prepend=0)
    gap, violation = (np.diff(v, prepend=0.0) / rounds for v in (run.regret, run.extra["violation"]))
    return {"t": run.times.tolist(), "gap": gap.tolist(), "violation": violation.tolist()}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run and window; ``t`` is the end of the window."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    T = parameters["horizon"]
    tasks = [{"algorithm": a, "run": i, "horizon": T, **seed} for a in LOOKS for i in range(parameters["runs"])]
    rows: list[tuple[Any, ...]] = []
    for task, got in zip(tasks, sweep(one_run, tasks), strict=True):
        rows += [
            (task["algorithm"], task["run"], t, t == T, gap, violation)
            for t, gap, violation in zip(*got.values(), strict=True)
        ]
    names = ("algorithm", "run", "t", "last", "gap", "violation")
    return Table(
        dict(zip(names, zip(*rows, strict=True), strict=True)),
        {"t": "rounds", "gap": "reward a round", "violation": "residual a round"},
    )


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Gap and violation of a round against t."""
    panels = figure.subplots(1, 2)
    for who, (colour, dash) in LOOKS.items():
        mine = table.where(algorithm=who)
        times = np.unique(mine["t"])
        for axes, column in zip(panels, ("gap", "violation"), strict=True):
            matrix = np.maximum(mine[column].reshape(-1, len(times)), 1e-5)
            _style.band(axes, times, matrix, who, _style.COLOURS[colour], interval="quantile", dash=dash)
    panels[0].axhline(GAP, color="black", linewidth=0.8, linestyle=(0, (4, 2)), label=f"gap {GAP:g}")
    panels[0].set(title="reward below the best feasible threshold", ylabel="$(r^* - r_t)_+$, mean of a window")
    panels[1].set(title="violation of the constraint", ylabel="$(g_t)_+$, mean of a window")
    for axes in panels:
        axes.set(xscale="log", yscale="log", xlabel="t (rounds)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=4, title=_style.BANDS["quantile"], title_fontsize=7
    )


def near_oracle(table: Table, alpha: float) -> Outcome:
    """Upper confidence limit of the mean gap in the last fifth of the rounds."""
    from scipy import stats

    values = table.where(algorithm="optimistic feasible search", last=True)["gap"]
    half = stats.t.ppf(1 - alpha, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    detail = f"mean gap {values.mean():.2g}, limits {values.mean() - half:.2g} and {values.mean() + half:.2g}"
    if values.mean() + half < GAP:
        return Outcome("supported", detail)
    return Outcome("refuted" if values.mean() - half > GAP else "inconclusive", detail)


def fewer_violations(than: str) -> Conclusion:
    """In the last fifth of the rounds."""
    return Below(
        "optimistic feasible search", than, column="violation", source="abstract", last=True,
        name=f"less violation than {than}",
    )  # fmt: skip


CONCLUSIONS = (
    Conclusion("gap below 0.003", "the steady-state gap of the search is below 0.003", "abstract", near_oracle),
    fewer_violations("unconstrained UCB"),
    fewer_violations("primal-dual"),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    end = table.where(last=True)
    said = "; ".join(
        f"{who}: gap {end.where(algorithm=who)['gap'].mean():.4f}, "
        f"violation {end.where(algorithm=who)['violation'].mean():.4f}"
        for who in LOOKS
    )
    return (
        "Thresholds for two groups; the threshold in force moves the second group (our own contraction loop). Means of "
        f"a round in the last fifth of {int(end['t'].max()):,} rounds: {said}. The search earns what the best feasible "
        "threshold earns, and violates the constraint for as long as its data cannot rule a threshold out. Values "
        "below 0.00001 are drawn there."
    )


FIGURE = Figure(
    slug="ofs",
    title="Optimistic feasible search in a closed loop",
    paper="du2025optimistic",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(9.0, 4.0),
    conclusions=CONCLUSIONS,
    caption=caption,
)
