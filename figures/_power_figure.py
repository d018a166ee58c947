"""The heat map of the power of checks (our figure): which layer sees which mistake, in how many of the repetitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures._power_of_checks import LAYERS, SUBJECTS, rejections

from theorylab.core.rng import RNGLike, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table
from theorylab.verify.statistics import binomial

__all__ = ["POWER"]

ALPHA = 1e-3
TITLES = {
    "A": "bound,\none\ninstance",
    "B": "bound,\nseveral\ninstances",
    "C": "radius,\nexact\ntails",
    "D": "two-\nsided\nlaw",
    "E": "exact\nvalue",
    "R": "slow\nrefe-\nrence",
}
PRESETS = {  # smoke and quick run plain Python: compiling the mutants would take longer than running them
    "smoke": {"horizon": 60, "runs": 5, "repetitions": 2, "instances": 2, "tree": 3, "plain": True, "mutants": 2},
    "quick": {"horizon": 150, "runs": 10, "repetitions": 2, "instances": 2, "tree": 4, "plain": True, "mutants": 3},
    "paper": {
        "horizon": 20_000,
        "runs": 60,
        "repetitions": 20,
        "instances": 11,
        "tree": 6,
        "plain": False,
        "mutants": 99,
    },
}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a mutant and layer: rejections, repetitions, 95% interval of the power; NaN: does not apply."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    setting = {key: value for key, value in parameters.items() if key != "mutants"}
    tasks = [
        {"subject": subject.name, "mutant": name, "alpha": ALPHA, **setting, **seed}
        for subject in SUBJECTS
        for name in ("", *subject.wanted[: parameters["mutants"]])
    ]
    rows = []
    for task, got in zip(tasks, sweep(rejections, tasks), strict=True):
        for layer in LAYERS:
            n, x = parameters["repetitions"], got["counts"].get(layer)
            limits = (np.nan, np.nan) if x is None else binomial.clopper_pearson(x, n, confidence=0.95)
            power = np.nan if x is None else x / n
            rows.append((task["subject"], task["mutant"] or "(unchanged)", layer, power, *limits, n))
    names = ("algorithm", "mutant", "layer", "power", "low", "high", "repetitions")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"power": "share of repetitions"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Rows are mutants, columns layers; the number is the power, grey means that the layer does not apply."""
    axes = figure.subplots()
    keys = list(dict.fromkeys(zip(table["algorithm"].tolist(), table["mutant"].tolist(), strict=True)))
    grid = table["power"].reshape(len(keys), len(LAYERS)).astype(float)
    image = axes.imshow(np.ma.masked_invalid(grid), cmap="cividis", vmin=0, vmax=1, aspect="auto")
    axes.set_facecolor("#dddddd")
    for i, j in np.ndindex(*grid.shape):
        if np.isfinite(grid[i, j]):
            shade = "black" if grid[i, j] > 0.55 else "white"
            axes.text(j, i, f"{grid[i, j]:.2g}", ha="center", va="center", color=shade, fontsize=7)
    axes.set_xticks(range(len(LAYERS)), [TITLES[layer] for layer in LAYERS])
    axes.set_yticks(range(len(keys)), [f"{subject}: {name}" for subject, name in keys])
    axes.xaxis.tick_top()
    axes.grid(False)
    axes.tick_params(length=0)
    for i in range(1, len(keys)):
        if keys[i][0] != keys[i - 1][0]:
            axes.axhline(i - 0.5, color="white", linewidth=2)
    label = f"share of {parameters['repetitions']} repetitions; grey: no such check"
    figure.colorbar(image, ax=axes, label=label, shrink=0.5)


def mistakes(table: Table) -> Table:
    """The rows of real mutants."""
    keep = table["mutant"] != "(unchanged)"
    return Table({name: values[keep] for name, values in table.columns.items()}, table.units)


def caught(table: Table, layers: tuple[str, ...], least: float = 0.9) -> tuple[int, int]:
    """How many mutants some of the layers reject with at least this power, and how many there are."""
    rows = mistakes(table)
    best: dict[tuple[str, str], float] = {}
    for row in rows.rows():
        key = (row["algorithm"], row["mutant"])
        power = row["power"] if row["layer"] in layers and np.isfinite(row["power"]) else 0.0
        best[key] = max(best.get(key, 0.0), power)
    return sum(p >= least for p in best.values()), len(best)


def silent(table: Table, alpha: float) -> Outcome:
    """No layer rejects the unchanged code."""
    power = table.where(mutant="(unchanged)")["power"].astype(float)
    worst = float(np.nanmax(power))
    return Outcome("supported" if worst == 0.0 else "refuted", f"most rejections of unchanged code: {worst:.2g}")


def theorem_is_weak(table: Table, alpha: float) -> Outcome:
    """The theorem's bound on one instance sees less than a third of the mutants."""
    found, total = caught(table, ("A",))
    return Outcome("supported" if 3 * found < total else "refuted", f"{found} of {total} mutants at power 0.9")


def together(table: Table, alpha: float) -> Outcome:
    """All layers together see every mutant."""
    found, total = caught(table, LAYERS)
    return Outcome("supported" if found == total else "refuted", f"{found} of {total} mutants at power 0.9")


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    words = []
    for layers, name in ((("A",), "the theorem on one instance"), (("A", "B"), "on several"), (LAYERS, "all layers")):
        found, total = caught(table, tuple(layers))
        words.append(f"{name}: {found} of {total}")
    return (
        "Mistakes in real source, and the share of repetitions in which each check rejects them. Mutants caught with "
        f"power 0.9: {'; '.join(words)}. Many mistakes lower the regret on benign instances: no upper bound sees them."
    )


CONCLUSIONS = (
    Conclusion("unchanged code passes", "no layer rejects the unchanged algorithms", "ours", silent),
    Conclusion("a bound alone is weak", "the theorem on one instance sees under a third", "ours", theorem_is_weak),
    Conclusion("together they see all", "all layers together see every mutant", "ours", together),
)
POWER = Figure(
    slug="ucb1",
    title="Power of checks: which layer sees which mistake",
    paper="auer2002finite",
    number="ours, power",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.0, 6.5),
    conclusions=CONCLUSIONS,
    caption=caption,
)
