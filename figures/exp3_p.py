"""What explicit exploration costs: EXP3.P, EXP3-IX and EXP3 on one easy table of losses (our figure; not in print)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import AdversarialBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

DELTA = 0.05
MEANS = (0.2, 0.5, 0.5, 0.5)  # of losses
LOOKS = {
    "EXP3.P": (_style.COLOURS["vermillion"], _style.DASHES[0]),
    "EXP3-IX": (_style.COLOURS["blue"], _style.DASHES[1]),
    "EXP3": (_style.COLOURS["green"], _style.DASHES[3]),
}
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"horizon": 5000, "runs": 30},
    "quick": {"horizon": 20_000, "runs": 100},
    "paper": {"horizon": 200_000, "runs": 1000},
}


def losses(horizon: int) -> Any:
    """(T, 4) losses drawn once."""
    return (np.random.default_rng(3).random((horizon, 4)) < np.array(MEANS)).astype(float)


def one_learner(task: Mapping[str, Any]) -> dict[str, Any]:
    """Realised regret of all runs at the checkpoints, and the share of plays of the arms that are not best."""
    from theorylab.bandits.adversarial import exp3, exp3_ix, exp3_p

    T = task["horizon"]
    table = AdversarialBandit(losses(T))
    times = np.unique(np.rint(np.linspace(T / 40, T, 40)).astype(np.int64))
    algorithm, keywords = {
        "EXP3.P": (exp3_p, {"delta": DELTA}),
        "EXP3-IX": (exp3_ix, {}),
        "EXP3": (exp3, {}),
    }[task["algorithm"]]
    seeds = np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"])
    runs = [algorithm(table, T, rng=child_seed(seeds, i), checkpoints=times, **keywords) for i in range(task["runs"])]
    return {"times": times, "regret": [run.regret for run in runs]}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run and checkpoint."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [{"algorithm": name, **parameters, **seed} for name in LOOKS]
    tables = []
    for task, found in zip(tasks, sweep(one_learner, tasks), strict=True):
        for i, regret in enumerate(found["regret"]):
            n = len(regret)
            columns = {"algorithm": np.full(n, task["algorithm"]), "run": np.full(n, i), "t": np.array(found["times"])}
            columns |= {"regret": np.asarray(regret), "last": np.array(found["times"]) == parameters["horizon"]}
            tables.append(Table(columns, {"regret": "reward", "t": "rounds"}))
    return Table.concatenate(tables)


def bounds(horizon: int) -> dict[str, float]:
    """The theorems at the horizon."""
    K, log = 4, math.log(5)
    ix = (
        math.sqrt(8 * K * horizon * log)
        + math.sqrt(K * horizon / (2 * log)) * math.log(1 / DELTA)
        + math.log(5 / DELTA)
    )
    return {"EXP3.P": 5.15 * math.sqrt(horizon * K * math.log(K / DELTA)), "EXP3-IX": ix}


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Regret over time; regret at the horizon beside the bounds."""
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    limits = bounds(parameters["horizon"])
    for place, (name, (color, dash)) in enumerate(LOOKS.items()):
        rows = table.where(algorithm=name)
        runs = [rows.where(run=r) for r in rows.unique("run")]
        _style.band(
            left, runs[0]["t"], np.array([r["regret"] for r in runs]), name, color, dash=dash, interval="quantile"
        )
        final = rows.where(last=True)["regret"]
        low, mean, high = np.quantile(final, 0.05), final.mean(), np.quantile(final, 0.95)
        right.errorbar([place], [mean], [[mean - low], [high - mean]], color=color, marker="o", markersize=5, capsize=3)
        if name in limits:
            label = "theorem, δ = 0.05" if place == 0 else None
            right.plot(
                [place - 0.3, place + 0.3],
                [limits[name]] * 2,
                color="black",
                linewidth=1.2,
                linestyle=(0, (4, 2)),
                label=label,
            )
    left.set(xlabel="t (rounds)", ylabel="realised regret (loss)", xlim=(0, parameters["horizon"]))
    left.set_ylim(bottom=0)
    left.set_title("four arms, mean losses 0.2 and three times 0.5", loc="left")
    right.set(xticks=range(len(LOOKS)), xticklabels=list(LOOKS), yscale="log", xlim=(-0.6, len(LOOKS) - 0.4))
    right.set_title("at the horizon", loc="left")
    ticks = (200, 500, 1000, 2000, 5000, 10_000, 20_000)
    low, high = right.get_ylim()
    right.set_yticks([y for y in ticks if low <= y <= high], [f"{y:,}" for y in ticks if low <= y <= high])
    right.set_yticks([], minor=True)
    right.grid(axis="x", visible=False)
    handles, labels = left.get_legend_handles_labels()
    more, others = right.get_legend_handles_labels()
    figure.legend(
        handles + more,
        labels + others,
        loc="outside upper center",
        ncols=4,
        title=_style.BANDS["quantile"],
        title_fontsize=7,
    )


def cheaper(lower: str, name: str) -> Conclusion:
    """Less regret than EXP3.P at the horizon, paired runs."""
    test = Below(lower, "EXP3.P", column="regret", source="ours", name=name, last=True)
    return replace(test, statement=f"at the horizon the regret of {lower} is below that of EXP3.P")


CONCLUSIONS = (
    cheaper("EXP3-IX", "implicit exploration is cheaper"),
    cheaper("EXP3", "no exploration is cheaper too"),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """What a stranger should take home."""
    T = int(table["t"].max())
    mean = {name: table.where(algorithm=name, last=True)["regret"].mean() for name in LOOKS}
    gamma = min(1.0, 1.05 * math.sqrt(4 * math.log(4) / T))
    forced = gamma * T * (np.mean(MEANS) - MEANS[0])
    return (
        f"On an easy table of {T:,} rounds EXP3.P regrets {mean['EXP3.P']:.0f}, EXP3-IX {mean['EXP3-IX']:.0f}, EXP3 "
        f"{mean['EXP3']:.0f}. Uniform draws alone cost EXP3.P {forced:.0f}; its bonus for rarely drawn arms the rest. "
        "Both guarantees with probability 95% hold with much room (dashed)."
    )


FIGURE = Figure(
    slug="exp3_p",
    title="What explicit exploration costs",
    paper="bubeck2012regret",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.0, 4.0),
    conclusions=CONCLUSIONS,
    caption=caption,
)
