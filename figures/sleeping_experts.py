"""Regret of every group: sleeping experts against Hedge, which knows one crowd only (our figure)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import AdversarialBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

FRACTIONS = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05)  # of the rounds that concern each group; the first is everybody
PRESETS = {
    "smoke": {"horizon": 2000, "runs": 12},
    "quick": {"horizon": 10_000, "runs": 40},
    "paper": {"horizon": 100_000, "runs": 100},
}
METHODS = {"adanormalhedge": "AdaNormalHedge", "sleeping_hedge": "Sleeping Hedge", "hedge": "Hedge, nobody sleeps"}
COLOURS = {"adanormalhedge": "blue", "sleeping_hedge": "green", "hedge": "vermillion"}
MARKERS = {"adanormalhedge": "o", "sleeping_hedge": "s", "hedge": "^"}


def table_of(horizon: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Losses (T, N) and waking: a specialist is good on its group and bad elsewhere; everybody's expert is mediocre."""
    awake = (rng.random((horizon, len(FRACTIONS))) < np.array(FRACTIONS)).astype(float)
    level = np.where(awake > 0, 0.2, 0.8)
    level[:, 0] = 0.45
    return (rng.random(level.shape) < level).astype(float), awake


def regrets(task: Mapping[str, Any]) -> list[tuple[str, int, float, float]]:
    """(method, group, regret, bound) of one table."""
    from theorylab.bandits.adversarial.hedge import hedge
    from theorylab.bandits.adversarial.sleeping_experts import sleeping_experts

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    horizon, n = task["horizon"], len(FRACTIONS)
    losses, awake = table_of(horizon, np.random.default_rng(seed))
    table = AdversarialBandit(losses, awake=awake, feedback="full")
    rows = []
    for method in ("adanormalhedge", "sleeping_hedge"):
        run = sleeping_experts(table, horizon, method=method, checkpoints=[horizon], rng=seed)
        if method == "adanormalhedge":
            scale = run.extra["scales"]
            inner = (
                math.log(n) + math.log(1.0 + 1.5 * float(np.mean(1.0 + np.log1p(scale)))) + math.log(1 + math.log(n))
            )
            bound = np.sqrt(3.0 * scale * inner)
        else:
            eta = run.parameters["eta"]
            bound = math.log(n) / eta + eta * run.extra["awake_rounds"] / 8.0
        rows += [(method, g, float(run.extra["regrets"][g]), float(bound[g])) for g in range(n)]
    played = hedge(AdversarialBandit(losses, feedback="full"), horizon, checkpoints=[horizon], trace=True, rng=seed)
    suffered = (played.trace["probabilities"] * losses).sum(axis=1, keepdims=True)
    against = (awake * (suffered - losses)).sum(axis=0)
    return rows + [("hedge", g, float(against[g]), math.nan) for g in range(n)]


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run, method and group."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [{"run": i, "horizon": parameters["horizon"], **seed} for i in range(parameters["runs"])]
    rows = [(task["run"], *row) for task, found in zip(tasks, sweep(regrets, tasks), strict=True) for row in found]
    names = ("run", "method", "group", "regret", "bound")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"regret": "loss", "bound": "loss"})


def summary(table: Table, method: str) -> tuple[Any, Any, Any]:
    """(G,) mean regret, standard error, mean bound."""
    mine, groups = table.where(method=method), range(len(FRACTIONS))
    found = [mine.where(group=g) for g in groups]
    mean, bound = (np.array([f[name].mean() for f in found]) for name in ("regret", "bound"))
    error = np.array([f["regret"].std(ddof=1) / math.sqrt(len(f)) for f in found])
    return mean, error, bound


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Groups on the horizontal axis; for each method the mean regret with an interval, and its bound."""
    axes = figure.subplots()
    x = np.arange(len(FRACTIONS))
    for k, (method, label) in enumerate(METHODS.items()):
        mean, error, bound = summary(table, method)
        colour = _style.COLOURS[COLOURS[method]]
        place = x + 0.22 * (k - 1)
        axes.errorbar(
            place, mean, yerr=2.0 * error, fmt=MARKERS[method], color=colour, label=label, markersize=5, capsize=3
        )
        if method != "hedge":
            axes.plot(
                place, bound, linestyle="none", marker="_", markersize=16, markeredgewidth=2, color=colour, alpha=0.55,
                label=f"its bound ({label})",
            )  # fmt: skip
    axes.axhline(0.0, color="black", linewidth=0.6)
    axes.set_yscale("symlog", linthresh=100.0)
    low, high = (1.4 * limit for limit in axes.get_ylim())  # no marker is cut
    axes.set_ylim(low, high)
    ticks = [m for m in (50, 100, 200, 500, 1000, 3000, 10_000) if m < high or -m > low]
    shown = [v for v in (*(-m for m in ticks), 0, *ticks) if low <= v <= high]
    axes.set_yticks(shown, [str(v) for v in shown])
    axes.set_xticks(x, [f"{f:.0%}" for f in FRACTIONS])
    axes.set(
        xlabel="share of the rounds that concern the group",
        ylabel="regret against the group's expert\n(loss; logarithmic beyond 100)",
    )
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside upper center", ncols=3,
        title="mean over tables, bars: two standard errors; dashes: bounds that hold surely", title_fontsize=7,
    )  # fmt: skip


def below_bounds(method: str) -> Conclusion:
    """No run and no group above its bound."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        mine = table.where(method=method)
        worst = float(np.max(mine["regret"] / mine["bound"]))
        return Outcome("supported" if worst <= 1.0 + 1e-9 else "refuted", f"largest regret / bound {worst:.3f}")

    return Conclusion(
        f"{METHODS[method]} below its bounds",
        f"{METHODS[method]}: every group of every run is below its bound",
        "theorem",
        evaluate,
    )


def below_hedge(method: str) -> Conclusion:
    """The largest group regret is below that of Hedge."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        runs = table.unique("run")
        mine, other = (
            np.array([table.where(method=m, run=r)["regret"].max() for r in runs]) for m in (method, "hedge")
        )
        p = float(stats.ttest_1samp(mine - other, 0.0, alternative="less").pvalue)
        verdict = "supported" if p < alpha else "refuted" if 1.0 - p < alpha else "inconclusive"
        return Outcome(verdict, f"largest group regret {mine.mean():.1f} against {other.mean():.1f}, p = {p:.2g}", p)

    return Conclusion(
        f"{METHODS[method]} below Hedge",
        f"largest group regret of {METHODS[method]} is below that of Hedge",
        "ours",
        evaluate,
    )


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    largest = {m: float(summary(table, m)[0].max()) for m in METHODS}
    return (
        f"Largest mean regret of a group: AdaNormalHedge {largest['adanormalhedge']:.0f}, Sleeping Hedge "
        f"{largest['sleeping_hedge']:.0f}, Hedge {largest['hedge']:.0f}. Hedge settles on the expert that is best for "
        "everybody and fails every group that has a better one; algorithms that know who is awake fail none."
    )


FIGURE = Figure(
    slug="sleeping_experts",
    title="Sleeping experts: the regret of every group at once",
    paper="luo2015achieving",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(7.5, 4.3),
    conclusions=(
        *(below_bounds(m) for m in ("adanormalhedge", "sleeping_hedge")),
        *(below_hedge(m) for m in ("adanormalhedge", "sleeping_hedge")),
    ),
    caption=caption,
)
