"""How much of the linear program's bound the planners reach on random last-switch-dependent bandits (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.core.rng import RNGLike, as_generator, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Figure, Outcome, Table

FAMILIES = {
    "increasing": "recharging, increasing",
    "any": "recharging, any order",
    "runs": "with runs",
}
PLANNERS = {"optimum": "black", "rounding": "green", "greedy": "vermillion", "round robin": "orange"}
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"bandits": 5, "longest": 4},
    "quick": {"bandits": 20, "longest": 4},
    "paper": {"bandits": 200, "longest": 8},
}
ARMS, STATES, RUNS = 3, 4, 2


def one_bandit(task: Mapping[str, Any]) -> dict[str, Any]:
    """Rates of all planners on one random bandit, in proportion to the linear program."""
    from theorylab.bandits import LastSwitchDependentBandit
    from theorylab.bandits.lsd import planned_rates

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["bandit"])
    generator = as_generator(seed)
    idle, run = generator.random((ARMS, STATES)), generator.random((ARMS, RUNS))
    if task["family"] == "increasing":
        idle = np.sort(idle, axis=1)
    bandit = LastSwitchDependentBandit(idle, run=run if task["family"] == "runs" else None)
    rates = planned_rates(bandit, longest=task["longest"])
    return {name: float(rates[name] / rates["linear program"]) for name in PLANNERS}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a bandit and planner."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"family": family, "bandit": i, "longest": parameters["longest"], **seed}
        for family in FAMILIES
        for i in range(parameters["bandits"])
    ]
    rows = [
        (task["family"], task["bandit"], name, ratio)
        for task, got in zip(tasks, sweep(one_bandit, tasks), strict=True)
        for name, ratio in got.items()
    ]
    names = ("family", "bandit", "planner", "ratio")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"ratio": "of the linear program"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Dots for bandits, a bar for the median; side by side for the planners of a family."""
    axes = figure.subplots()
    shifts = np.linspace(-0.3, 0.3, len(PLANNERS))
    for shift, (planner, colour) in zip(shifts, PLANNERS.items(), strict=True):
        for place, family in enumerate(FAMILIES):
            ratios = table.where(family=family, planner=planner)["ratio"]
            spread = 0.05 * (np.arange(len(ratios)) / max(1, len(ratios) - 1) * 2 - 1)
            label = planner if place == 0 else None
            axes.plot(
                place + shift + spread, ratios, "o", color=_style.COLOURS[colour], markersize=3, alpha=0.5,
                markeredgewidth=0, label=label,
            )  # fmt: skip
            axes.hlines(np.median(ratios), place + shift - 0.08, place + shift + 0.08, color=_style.COLOURS[colour])
    axes.axhline(1.0, color="0.3", linewidth=0.9, linestyle=(0, (4, 2)))
    axes.set(
        xticks=range(len(FAMILIES)),
        xticklabels=FAMILIES.values(),
        ylabel="reward a round / linear program",
        ylim=(0.2, 1.03),
    )
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside right upper", title="a dot: a bandit; bar: median", title_fontsize=7, markerscale=2)


CONCLUSIONS = (
    replace(
        Below("greedy", "rounding", column="ratio", group="planner", unit="bandit", source="ours"),
        name="rounding beats greedy",
        statement="on average over the bandits of all three families rounding earns more than greedy",
    ),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    optimum = table.where(planner="optimum")["ratio"]
    rounding = table.where(planner="rounding")["ratio"] / optimum
    greedy = table.where(planner="greedy")["ratio"] / optimum
    return (
        f"Three arms, four states. The optimum reaches {optimum.mean():.0%} of the linear program on average and "
        f"{optimum.min():.0%} at worst; rounding earns {rounding.mean():.1%} of the optimum on average "
        f"({rounding.min():.0%} at worst), "
        f"greedy {greedy.mean():.1%} ({greedy.min():.0%} at worst). No planner exceeds the bound."
    )


FIGURE = Figure(
    slug="lsd_planning",
    title="Planners for last-switch-dependent bandits against the linear program",
    paper="laforgue2022last",
    number="own",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.0, 4.2),
    conclusions=CONCLUSIONS,
    caption=caption,
)
