"""How tight Hedge's sure bound is: searched tables, and many fair coins (our figure; not in print)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import AdversarialBandit
from theorylab.core.rng import RNGLike, as_generator, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

LOOKS = {  # kind, experts: colour, dash, marker, label
    ("searched", 2): (_style.COLOURS["vermillion"], _style.DASHES[0], "o", "worst table found, N = 2"),
    ("searched", 3): (_style.COLOURS["orange"], _style.DASHES[1], "D", "worst table found, N = 3"),
    ("searched", 4): (_style.COLOURS["purple"], _style.DASHES[3], "v", "worst table found, N = 4"),
    ("coins", 2): (_style.COLOURS["blue"], _style.DASHES[1], "s", "fair coins, N = 2"),
    ("turns", 2): (_style.COLOURS["green"], _style.DASHES[3], "^", "two experts take turns"),
}
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"horizons": (2, 8, 32), "rounds": 150, "coins": 8, "many": (2, 8, 32, 128), "long": 1000},
    "quick": {
        "horizons": (1, 2, 4, 8, 16, 32, 64),
        "rounds": 200,
        "coins": 24,
        "many": (2, 8, 32, 128, 512),
        "long": 2000,
    },
    "paper": {
        "horizons": (1, 2, 4, 8, 16, 32, 64, 128),
        "rounds": 9000,
        "coins": 200,
        "many": (2, 8, 32, 128, 512, 2048),
        "long": 20_000,
    },
}


def ratio(losses: Any) -> float:
    """Regret of the distributions over the bound."""
    from theorylab.bandits.adversarial import hedge

    T, n = losses.shape
    run = hedge(AdversarialBandit(losses, feedback="full"), T, rng=0, checkpoints=[T])
    return float(run.extra["mixture_regret"][-1] / math.sqrt(T * math.log(n) / 2.0))


def measured(task: Mapping[str, Any]) -> list[float]:
    """Ratios for one kind of table: one for a search or for turns, many for coins."""
    from theorylab.rooms.proofs_checks.bandits.hedge_search import searched

    T, n, kind = task["horizon"], task["experts"], task["kind"]
    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), 100 * T + n)
    if kind == "searched":
        return [searched(ratio, T, n, rounds=task["rounds"], rng=seed)[0]]
    if kind == "turns":
        return [ratio(np.eye(n)[np.arange(T) % n])]
    generator = as_generator(seed)
    return [ratio(generator.integers(0, 2, size=(T, n)).astype(float)) for _ in range(task["coins"])]


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a table: panel, kind, experts, horizon, table number, ratio of regret and bound."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    shared = {"rounds": parameters["rounds"], "coins": parameters["coins"], **seed}
    tasks = [
        {"panel": "short", "kind": kind, "experts": n, "horizon": T, **shared}
        for kind, n in LOOKS
        for T in parameters["horizons"]
    ]
    tasks += [
        {"panel": "many", "kind": "coins", "experts": n, "horizon": parameters["long"], **shared}
        for n in parameters["many"]
    ]
    rows = [
        (task["panel"], task["kind"], task["experts"], task["horizon"], i, value)
        for task, found in zip(tasks, sweep(measured, tasks), strict=True)
        for i, value in enumerate(found)
    ]
    names = ("panel", "kind", "experts", "horizon", "table", "ratio")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"horizon": "rounds"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Ratios against the horizon for few experts; against the number of experts for fair coins."""
    left, right = figure.subplots(1, 2, sharey=True)
    short, horizons = table.where(panel="short"), parameters["horizons"]
    for (kind, n), (color, dash, marker, label) in LOOKS.items():
        rows = short.where(kind=kind, experts=n)
        means = [rows.where(horizon=T)["ratio"].mean() for T in horizons]
        left.plot(horizons, means, color=color, linestyle=dash, marker=marker, markersize=4, label=label)
    coins = table.where(panel="many")
    values = [coins.where(experts=n)["ratio"] for n in parameters["many"]]
    color, dash, marker, _ = LOOKS["coins", 2]
    right.plot(parameters["many"], [v.mean() for v in values], color=color, linestyle=dash, marker=marker, markersize=4)
    low, high = np.array([np.quantile(v, [0.05, 0.95]) for v in values]).T
    right.fill_between(parameters["many"], low, high, color=color, alpha=0.2, linewidth=0)
    for axes, ticks in ((left, horizons), (right, parameters["many"])):
        axes.axhline(
            1.0, color="black", linewidth=1.0, linestyle=(0, (4, 2)), label="the bound" if axes is left else None
        )
        axes.set_xscale("log", base=2)
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
    left.set(xlabel="horizon T (rounds)", ylabel="regret / √(T ln N / 2)", ylim=(0.0, 1.06))
    left.set_title("few experts; coins: mean of the tables", loc="left", fontsize=9)
    right.set(xlabel="experts N")
    right.set_title(f"fair coins, T = {parameters['long']:,}; mean, 5% to 95% of the tables", loc="left", fontsize=9)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)


def never_above(table: Table, alpha: float) -> Outcome:
    """No table exceeds the bound: a sure statement, no test is needed."""
    worst = float(table["ratio"].max())
    return Outcome(
        "supported" if worst <= 1.0 + 1e-9 else "refuted", f"largest ratio {worst:.4f} of {len(table)} tables"
    )


def coins_are_near(table: Table, alpha: float) -> Outcome:
    """With the most experts fair coins cost three quarters of the bound: one-sided t-test over tables."""
    from scipy import stats

    most = int(table.where(panel="many")["experts"].max())
    values = table.where(panel="many", experts=most)["ratio"]
    p = float(stats.ttest_1samp(values, 0.75, alternative="greater").pvalue)
    verdict = "supported" if p < alpha else "refuted" if 1.0 - p < alpha else "inconclusive"
    return Outcome(verdict, f"N = {most}: mean ratio {values.mean():.3f} of {len(values)} tables, p = {p:.2g}", p)


CONCLUSIONS = (
    Conclusion("the bound is sure", "no table found exceeds the bound", "derived", never_above),
    Conclusion(
        "fair coins come near it",
        "with many experts fair coins reach 3/4 of the bound",
        "cesabianchi2006prediction",
        coins_are_near,
    ),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """What a stranger should take home."""
    worst = table.where(panel="short", kind="searched")
    at = int(np.argmax(worst["ratio"]))
    many = table.where(panel="many")
    most = int(many["experts"].max())
    return (
        f"The worst table that a local search finds costs Hedge {worst['ratio'][at]:.2f} of its sure bound "
        f"(N = {worst['experts'][at]}, T = {worst['horizon'][at]}). With many experts nobody needs to search: fair "
        f"coins "
        f"cost {many.where(experts=most)['ratio'].mean():.2f} of it at N = {most}, and no learner loses less "
        f"against them."
    )


FIGURE = Figure(
    slug="hedge",
    title="How tight Hedge's sure bound is",
    paper="freund1997decision",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.0, 4.0),
    conclusions=CONCLUSIONS,
    caption=caption,
)
