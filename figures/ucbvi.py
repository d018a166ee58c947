"""UCBVI with the L1 bonus: regret against episodes, the square root, Theorem P (i) (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style
from theorylab.rooms.figures._safe_learners import checkpoints
from theorylab.rooms.proofs_checks.episodic.brackets import width_bound

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.mdp.episodic.environments import named
from theorylab.verify.cases import Case
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

MODELS = {"tiny": ("tiny, H = 2", "blue"), "dirichlet-3-3-h3-seed5": ("Dirichlet 3x3, H = 3", "green"),
          "riverswim-4-h10": ("RiverSwim-4, H = 10", "vermillion")}  # fmt: skip
PRESETS = {
    "smoke": {"episodes": 3_000, "runs": 4},
    "quick": {"episodes": 200_000, "runs": 6},
    "paper": {"episodes": 10_000_000, "runs": 50},
}


def one_run(task: Mapping[str, Any]) -> list[float]:
    """Regret at the checkpoints."""
    from theorylab.mdp.episodic.ucbvi import ucbvi

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    run = ucbvi(named(task["model"]), task["episodes"], checkpoints=checkpoints(task["episodes"]), rng=seed)
    return run.regret.tolist()


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a model, run and episode; the bound and the largest regret are rows of run 0."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    K = parameters["episodes"]
    tasks = [{"model": m, "episodes": K, "run": i, **seed} for m in MODELS for i in range(parameters["runs"])]
    times = checkpoints(K).tolist()
    rows: list[tuple[str, str, int, int, float]] = []
    for task, regret in zip(tasks, sweep(one_run, tasks), strict=True):
        rows += [(task["model"], "regret", task["run"], t, v) for t, v in zip(times, regret, strict=True)]
    for name in MODELS:
        for t in times:
            case = Case(name, named(name), t, {}, 1, "figure")
            rows.append((name, "bound", 0, t, float(width_bound(case, t))))
    names = ("algorithm", "quantity", "run", "t", "value")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "episodes", "value": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Regret of each model, its bound dashed in the same colour."""
    axes = figure.subplots()
    times = checkpoints(parameters["episodes"])
    for (name, (label, shade)), dash in zip(MODELS.items(), _style.DASHES, strict=False):
        matrix = table.where(algorithm=name, quantity="regret")["value"].reshape(-1, len(times))
        _style.band(axes, times, matrix, label, _style.COLOURS[shade], interval="quantile", dash=dash)
        bound = table.where(algorithm=name, quantity="bound")["value"]
        said = f"Theorem P (i), {label.split(',')[0]}"
        axes.plot(times, bound, color=_style.COLOURS[shade], linewidth=0.8, linestyle=(0, (4, 2)), label=said)
    axes.set(xscale="log", yscale="log", xlim=(10, None), ylim=(0.3, None), xlabel="k (episodes)", ylabel="regret")
    figure.legend(loc="outside right upper", title=_style.BANDS["quantile"], title_fontsize=7)


def slope(table: Table, name: str) -> Any:
    """Slopes of log regret over the last decade, one a run."""
    rows = table.where(algorithm=name, quantity="regret")
    last = int(rows["t"].max())
    late = rows["t"] >= last / 10
    found = []
    for run in rows.unique("run"):
        mine = late & (rows["run"] == run)
        found.append(np.polyfit(np.log(rows["t"][mine]), np.log(rows["value"][mine]), 1)[0])
    return np.array(found)


def sublinear(name: str, label: str) -> Conclusion:
    """The slope over the last decade is below 0.8."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        found = slope(table, name)
        p = float(stats.ttest_1samp(found, 0.8, alternative="less").pvalue)
        detail = f"slope {found.mean():.3f} over the last decade, {len(found)} runs, p = {p:.2g}"
        return Outcome("supported" if p <= alpha else "inconclusive", detail, p)

    said = f"the regret on {label} grows more slowly than K^0.8"
    return Conclusion(said, said, "Theorem P (i)", evaluate)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    parts = []
    for name, (label, _) in MODELS.items():
        rows = table.where(algorithm=name, t=int(table["t"].max()))
        ratio = rows.where(quantity="bound")["value"][0] / rows.where(quantity="regret")["value"].mean()
        parts.append(f"{label}: slope {slope(table, name).mean():.2f}, bound / regret {ratio:,.0f}")
    return (
        f"Over the last decade of episodes: {'; '.join(parts)}. The bound is dashed in the colour of its model; a "
        "slope of 1/2 is the square root. With the published bonuses the published bound says nothing at these K."
    )


FIGURE = Figure(
    slug="ucbvi",
    title="UCBVI with a derived bonus: regret and Theorem P (i)",
    paper="azar2017minimax",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(7.6, 4.2),
    conclusions=tuple(sublinear(name, label) for name, (label, _) in MODELS.items() if name != "riverswim-4-h10"),
    caption=caption,
)
