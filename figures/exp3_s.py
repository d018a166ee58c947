"""EXP3.S on two piecewise-stationary benchmark problems, beside printed regrets [besson2022efficient, Figures 1-2]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits.environments import problem_1, problem_2
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

PROBLEMS = {"problem 1": problem_1, "problem 2": problem_2}
HORIZONS = (5000, 10_000, 20_000)
PRINTED = {  # mean and spread of 1000 runs
    "problem 1": ((379, 31), (578, 44), (870, 64)),
    "problem 2": ((304, 30), (448, 42), (662, 56)),
}
LOOKS = {
    "EXP3.S": (_style.COLOURS["blue"], _style.DASHES[0]),
    "EXP3": (_style.COLOURS["vermillion"], _style.DASHES[1]),
}
PRESETS: dict[str, dict[str, Any]] = {"smoke": {"runs": 20}, "quick": {"runs": 100}, "paper": {"runs": 1000}}


def one_learner(task: Mapping[str, Any]) -> dict[str, Any]:
    """Dynamic regret of all runs at the checkpoints."""
    from theorylab.bandits.adversarial import exp3
    from theorylab.bandits.nonstationary.exp3_s import exp3_s

    T = task["horizon"]
    bandit = PROBLEMS[task["problem"]](T)
    times = np.unique(np.rint(np.linspace(T / 50, T, 50)).astype(np.int64))
    algorithm, keywords = {"EXP3.S": (exp3_s, {"segments": 5}), "EXP3": (exp3, {})}[task["algorithm"]]
    seeds = np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"])
    runs = [algorithm(bandit, T, rng=child_seed(seeds, i), checkpoints=times, **keywords) for i in range(task["runs"])]
    return {"times": times, "regret": [run.regret for run in runs]}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run and checkpoint."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"algorithm": a, "problem": p, "horizon": T, "runs": parameters["runs"], **seed}
        for a in LOOKS
        for p in PROBLEMS
        for T in HORIZONS
        if a == "EXP3.S" or T == HORIZONS[-1]
    ]
    tables = []
    for task, found in zip(tasks, sweep(one_learner, tasks), strict=True):
        n = len(found["times"])
        for i, regret in enumerate(found["regret"]):
            columns: dict[str, Any] = {name: np.full(n, task[name]) for name in ("algorithm", "problem", "horizon")}
            columns |= {"run": np.full(n, i), "t": found["times"], "regret": np.asarray(regret)}
            columns["last"] = np.asarray(found["times"]) == task["horizon"]
            tables.append(Table(columns, {"regret": "reward", "t": "rounds"}))
    return Table.concatenate(tables)


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Regret over time on both problems; final regret against the printed numbers."""
    panels = figure.subplots(1, 3, width_ratios=(1, 1, 0.9))
    longest = HORIZONS[-1]
    for axes, problem in zip(panels, PROBLEMS, strict=False):
        for change in PROBLEMS[problem](longest).change_points:
            axes.axvline(change, color="0.8", linewidth=0.8, zorder=0)
        for name, (color, dash) in LOOKS.items():
            rows = table.where(algorithm=name, problem=problem, horizon=longest)
            runs = [rows.where(run=r) for r in rows.unique("run")]
            _style.band(
                axes, runs[0]["t"], np.array([r["regret"] for r in runs]), name, color, dash=dash, interval="quantile"
            )
        axes.grid(axis="x", visible=False)
        axes.set(xlabel="t (rounds)", xlim=(0, longest), xticks=(0, longest // 2, longest))
        axes.set_ylim(bottom=0)
        axes.set_title(f"{problem}; grey: changes", loc="left")
    panels[0].set_ylabel("dynamic regret (reward)")
    right = panels[2]
    for k, (problem, marker) in enumerate((("problem 1", "o"), ("problem 2", "s"))):
        at = np.arange(3) + 0.16 * (k - 0.5)
        printed, spread = np.array(PRINTED[problem]).T
        right.errorbar(
            at - 0.12,
            printed,
            spread,
            color="0.35",
            marker=marker,
            markersize=5,
            linestyle="",
            capsize=2,
            label=f"printed, {problem}",
        )
        rows = table.where(algorithm="EXP3.S", problem=problem, last=True)
        ours = [rows.where(horizon=T)["regret"] for T in HORIZONS]
        right.errorbar(
            at + 0.12,
            [r.mean() for r in ours],
            [r.std(ddof=1) for r in ours],
            color=LOOKS["EXP3.S"][0],
            marker=marker,
            markersize=5,
            linestyle="",
            capsize=2,
            label=f"EXP3.S, {problem}",
        )
    right.set(
        xticks=range(3), xticklabels=[f"{T // 1000}k" for T in HORIZONS], xlabel="horizon T (rounds)", ylim=(0, None)
    )
    right.grid(axis="x", visible=False)
    right.set_title("regret at T", loc="left")
    handles, labels = panels[0].get_legend_handles_labels()
    more, others = right.get_legend_handles_labels()
    figure.legend(
        handles + more,
        labels + others,
        loc="outside upper center",
        ncols=3,
        title=f"{_style.BANDS['quantile']}; right: mean ± standard deviation of a run",
        title_fontsize=7,
    )


def agrees(table: Table, alpha: float) -> Outcome:
    """On both problems the mean regrets lie within the printed spreads."""
    worst, said = 0.0, ""
    for problem, numbers in PRINTED.items():
        rows = table.where(algorithm="EXP3.S", problem=problem, last=True)
        for T, (printed, spread) in zip(HORIZONS, numbers, strict=True):
            mean = rows.where(horizon=T)["regret"].mean()
            off = abs(mean - printed) / spread
            if off >= worst:
                worst, said = off, f"{problem}, T = {T:,}: {mean:.0f} for {printed} ± {spread}"
    return Outcome("supported" if worst <= 1.0 else "refuted", f"the farthest of six: {said}")


def sharing_helps(problem: str) -> Conclusion:
    """EXP3.S against EXP3 at the longest horizon, paired runs."""
    at: dict[str, Any] = {"problem": problem, "horizon": HORIZONS[-1], "last": True}
    name = f"sharing helps, {problem}"
    test = Below("EXP3.S", "EXP3", column="regret", source="auer2002nonstochastic", name=name, **at)
    return replace(test, statement=f"{problem}, T = {HORIZONS[-1]:,}: regret of EXP3.S is below that of EXP3")


CONCLUSIONS = (
    sharing_helps("problem 1"),
    sharing_helps("problem 2"),
    Conclusion("printed regrets", "all means lie within the printed spreads", "besson2022efficient", agrees),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """What a stranger should take home."""
    rows = table.where(horizon=20_000, last=True)
    mean = {(a, p): rows.where(algorithm=a, problem=p)["regret"].mean() for a in LOOKS for p in PROBLEMS}
    first, second = ((mean["EXP3.S", p], mean["EXP3", p]) for p in PROBLEMS)
    return (
        f"At T = 20,000 EXP3.S regrets {first[0]:.0f} on problem 1 (EXP3 {first[1]:.0f}) and {second[0]:.0f} on "
        f"problem 2 "
        f"(EXP3 {second[1]:.0f}); printed are {PRINTED['problem 1'][-1][0]} and {PRINTED['problem 2'][-1][0]}. EXP3 "
        "bets all on the arm that was best at first, and in some runs never comes back; sharing keeps a little weight "
        "on every arm."
    )


FIGURE = Figure(
    slug="exp3_s",
    title="EXP3.S on the two benchmark problems",
    paper="besson2022efficient",
    number="rows EXP3.S of Figures 1-2",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(9.5, 4.0),
    conclusions=CONCLUSIONS,
    caption=caption,
)
