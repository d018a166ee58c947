"""R-BOCPD-UCB: what the published weight costs in restarts without a change, and in regret (our figure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style
from theorylab.rooms.proofs_checks.bandits.restarting import published_problem

from theorylab.bandits import BernoulliBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

DELTA = 0.05
LOOKS = {  # row: label, colour, dash
    "oracle": ("oracle, told of the changes", _style.COLOURS["black"], _style.DASHES[2]),
    "theorem_r": ("weight of Theorem R", _style.COLOURS["blue"], _style.DASHES[0]),
    "ville": ("Ville's weight", _style.COLOURS["sky"], _style.DASHES[3]),
    "paper": ("weight 1/n", _style.COLOURS["vermillion"], _style.DASHES[1]),
    "code": ("weight 1/T", _style.COLOURS["orange"], _style.DASHES[4]),
    "never": ("never restarts", _style.COLOURS["green"], _style.DASHES[5]),
}
RULES = ("theorem_r", "ville", "paper", "code")
STATIONARY = (0.5, 0.4, 0.3)
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"horizon": 2000, "runs": 30, "steady_runs": 80},
    "quick": {"horizon": 5000, "runs": 40, "steady_runs": 300},
    "paper": {"horizon": 20_000, "runs": 1000, "steady_runs": 2000},
}
POINTS, BATCH = 40, 10


def one_batch(task: Mapping[str, Any]) -> dict[str, Any]:
    """Regret at the checkpoints, or the first restart without a change (0: none), of a batch of runs."""
    from theorylab.bandits.nonstationary import oracle_restart, rbocpd_ucb

    seeds = np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"])
    horizon, row = task["horizon"], task["row"]
    steady = task["kind"] == "steady"
    bandit = BernoulliBandit(STATIONARY) if steady else published_problem(1, horizon)
    times = np.arange(1, POINTS + 1) * (horizon // POINTS)
    first, regret, restarts = [], [], []
    for i in range(task["first"], task["stop"]):
        shared: dict[str, Any] = {"checkpoints": times, "rng": child_seed(seeds, i), "index": "kl"}
        if row in RULES:
            run = rbocpd_ucb(bandit, horizon, rule=row, delta=DELTA, **shared)
        else:
            more = {"change_points": []} if row == "never" else {}
            run = oracle_restart(bandit, horizon, **more, **shared)
        regret.append(run.regret.tolist())
        restarts.append(len(run.restart_times))
        first.append(int(run.restart_times[0]) if len(run.restart_times) else 0)
    return {"first": first, "regret": regret, "restarts": restarts}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """Rows of kind "steady" (one a run: its first restart) and "regret" (one a run and time)."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    horizon = parameters["horizon"]
    tasks = [
        {"kind": kind, "row": row, "horizon": horizon, "first": i, "stop": min(i + BATCH, runs), **seed}
        for kind, rows, runs in (
            ("steady", RULES, parameters["steady_runs"]),
            ("regret", tuple(LOOKS), parameters["runs"]),
        )
        for row in rows
        for i in range(0, runs, BATCH)
    ]
    times = np.arange(1, POINTS + 1) * (horizon // POINTS)
    rows: list[tuple[Any, ...]] = []
    for task, got in zip(tasks, sweep(one_batch, tasks), strict=True):
        for i, (first, curve, restarts) in enumerate(zip(got["first"], got["regret"], got["restarts"], strict=True)):
            where = (task["kind"], task["row"], task["first"] + i, restarts)
            if task["kind"] == "steady":
                rows.append((*where, first, 0.0, True))
            else:
                rows += [(*where, int(t), float(r), t == horizon) for t, r in zip(times, curve, strict=True)]
    names = ("kind", "algorithm", "run", "restarts", "t", "regret", "final")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "rounds", "regret": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Left: restarts without a change; right: regret on problem 1."""
    left, right = figure.subplots(1, 2)
    horizon = parameters["horizon"]
    grid = np.unique(np.geomspace(10, horizon, 120).astype(int))
    for row in RULES:
        _, color, dash = LOOKS[row]
        first = table.where(kind="steady", algorithm=row)["t"]
        left.plot(grid, [np.mean((first > 0) & (first <= t)) for t in grid], color=color, linestyle=dash)
    left.axhline(DELTA, color="black", linewidth=0.9, linestyle=(0, (4, 2)))
    left.text(60, DELTA + 0.015, "δ = 0.05", fontsize=8)
    left.set(xscale="log", ylim=(-0.03, 1.03), xlabel="round t, no change", ylabel="share of runs with a restart by t")
    left.set_title(f"False restarts, means {STATIONARY}", loc="left", fontsize=9)
    for row, (label, color, dash) in LOOKS.items():
        mine = table.where(kind="regret", algorithm=row)
        times = np.unique(mine["t"])
        _style.band(right, times, mine["regret"].reshape(-1, len(times)), label, color, dash=dash)
    for change in range(1, 5):
        right.axvline(change * horizon / 5, color="0.85", linewidth=0.8, zorder=0)
    top = table.where(kind="regret", final=True, algorithm="never")["regret"].mean()
    right.set(xlabel="round t", ylabel="dynamic regret (reward)", xlim=(0, horizon), ylim=(0, 1.15 * top))
    right.set_title("Problem 1, four changes (klUCB indices)", loc="left", fontsize=9)
    handles, labels = right.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, title=_style.BANDS["t"], title_fontsize=7)


def against_delta(row: str, above: bool) -> Any:
    """The share of stationary runs with a restart is at most (or above) delta: exact binomial."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        first = table.where(kind="steady", algorithm=row)["t"]
        x, n = int((first > 0).sum()), len(first)
        fewer, more = float(stats.binom.cdf(x, n, DELTA)), float(stats.binom.sf(x - 1, n, DELTA))
        p, against = (more, fewer) if above else (fewer, more)
        verdict = "supported" if p < alpha else "refuted" if against < alpha else "inconclusive"
        return Outcome(verdict, f"{x} of {n} runs, p = {p:.2g}", p)

    return evaluate


def more_often(often: str, seldom: str) -> Any:
    """Among paired runs of which one restarts and the other does not, ``often`` restarts more: exact sign test."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        a, b = (table.where(kind="steady", algorithm=row)["t"] > 0 for row in (often, seldom))
        x, n = int((a & ~b).sum()), int((a != b).sum())
        p, against = float(stats.binom.sf(x - 1, n, 0.5)), float(stats.binom.cdf(x, n, 0.5))
        verdict = "supported" if p < alpha else "refuted" if against < alpha else "inconclusive"
        return Outcome(verdict, f"{a.sum()} against {b.sum()} of {len(a)} runs, p = {p:.2g}", p)

    return evaluate


def below(lower: str, upper: str) -> Conclusion:
    """Regret at the horizon on problem 1."""
    test = Below(lower, upper, column="regret", source="ours", kind="regret", final=True)
    return replace(test, statement=f"problem 1: regret of {LOOKS[lower][0]} is below that of {LOOKS[upper][0]}")


CONCLUSIONS = (
    Conclusion("Theorem R holds", "Theorem R: false restarts at most 5%", "derived", against_delta("theorem_r", False)),
    Conclusion(
        "Ville's weight holds", "Ville's weight: false restarts at most 5%", "derived", against_delta("ville", False)
    ),
    Conclusion("1/n restarts falsely", "1/n: false restarts above 5%", "derived", against_delta("paper", True)),
    Conclusion(
        "1/T restarts falsely more often",
        "1/T: more runs with a false restart than with the weight of Theorem R",
        "ours",
        more_often("code", "theorem_r"),
    ),
    below("oracle", "theorem_r"),
    below("theorem_r", "never"),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    share = {row: float((table.where(kind="steady", algorithm=row)["t"] > 0).mean()) for row in RULES}
    final = table.where(kind="regret", final=True)
    mean = {row: float(final.where(algorithm=row)["regret"].mean()) for row in LOOKS}
    restarts = {row: float(final.where(algorithm=row)["restarts"].mean()) for row in ("theorem_r", "paper")}
    horizon = int(table.where(kind="regret")["t"].max())
    return (
        f"Without any change the weight 1/n restarts in {share['paper']:.0%} of the runs of {horizon:,} rounds, 1/T in "
        f"{share['code']:.1%}, that of Theorem R in {share['theorem_r']:.1%}. On problem 1 (four changes) 1/n restarts "
        f"{restarts['paper']:.1f} times a run, Theorem R {restarts['theorem_r']:.1f} times, and their regrets are "
        f"{mean['paper']:.0f} and {mean['theorem_r']:.0f}; the oracle has {mean['oracle']:.0f}, the policy that never "
        f"restarts {mean['never']:.0f}."
    )


FIGURE = Figure(
    slug="rbocpd_ucb",
    title="R-BOCPD-UCB: false restarts and regret by the weight of a change",
    paper="alami2022bayesian",
    number="own",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(9.5, 4.4),
    conclusions=CONCLUSIONS,
    caption=caption,
)
