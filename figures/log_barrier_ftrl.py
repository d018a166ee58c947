"""How the regret of the log-barrier follows the loss of the best arm (our figure; not in print)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import BernoulliBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

OTHERS = (0.5, 0.5, 0.5)  # mean losses of the other arms
LOOKS = {
    "log_barrier, known L*": ("log-barrier, $\\eta$ from $L^*$", _style.COLOURS["blue"], _style.DASHES[0]),
    "log_barrier": ("log-barrier, $\\eta$ from $T$", _style.COLOURS["sky"], _style.DASHES[1]),
    "exp3": ("EXP3", _style.COLOURS["orange"], _style.DASHES[3]),
}
WORDS = {"log_barrier, known L*": "the rate from L*", "log_barrier": "the rate from T", "exp3": "EXP3"}
PRESETS = {
    "smoke": {"horizon": 5000, "runs": 16, "best": (0.0, 0.1, 0.4)},
    "quick": {"horizon": 20_000, "runs": 50, "best": (0.0, 0.001, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4)},
    "paper": {"horizon": 200_000, "runs": 200, "best": (0.0, 0.0001, 0.001, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4)},
}


def regrets(task: Mapping[str, Any]) -> dict[str, float]:
    """Final regret of the three algorithms when the best arm has this mean loss."""
    from theorylab.bandits.adversarial import exp3, log_barrier_ftrl

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    bandit, horizon = BernoulliBandit([1 - task["best"], *(1 - loss for loss in OTHERS)]), task["horizon"]
    keywords = {"checkpoints": [horizon], "rng": seed}
    runs = {
        "log_barrier, known L*": log_barrier_ftrl(bandit, horizon, best_loss=task["best"] * horizon, **keywords),
        "log_barrier": log_barrier_ftrl(bandit, horizon, **keywords),
        "exp3": exp3(bandit, horizon, **keywords),
    }
    return {name: float(run.regret[-1]) for name, run in runs.items()}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run, mean loss of the best arm and algorithm; the bound has run -1."""
    from theorylab.bandits.adversarial.log_barrier_ftrl import learning_rate, small_loss_bound

    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    horizon, k = parameters["horizon"], len(OTHERS) + 1
    tasks = [
        {"best": best, "run": i, "horizon": horizon, **seed}
        for best in parameters["best"]
        for i in range(parameters["runs"])
    ]
    rows = [
        (name, task["best"], task["run"], regret)
        for task, got in zip(tasks, sweep(regrets, tasks), strict=True)
        for name, regret in got.items()
    ]
    for best in np.linspace(0.0, max(parameters["best"]), 40).tolist():
        rate = learning_rate(k, horizon, best_loss=best * horizon)
        rows.append(("bound", best, -1, small_loss_bound(k, horizon, best * horizon, rate)))
    names = ("algorithm", "best", "run", "regret")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"best": "loss a round", "regret": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Regret against the loss of the best arm."""
    axes = figure.subplots()
    at = np.array(parameters["best"])
    for name, (label, color, dash) in LOOKS.items():
        mine = table.where(algorithm=name)
        matrix = np.array([mine.where(best=b)["regret"] for b in at]).T
        _style.band(axes, at, matrix, label, color, dash=dash)
    bound = table.where(algorithm="bound")
    _style.bound_line(axes, bound["best"], bound["regret"], "small-loss bound")
    axes.set(yscale="log", xlabel="mean loss of the best arm, the others 0.5", ylabel="pseudo-regret (reward)")
    ticks = (10, 20, 50, 100, 200, 500, 1000, 2000)
    low, high = axes.get_ylim()
    axes.set_yticks([y for y in ticks if low <= y <= high], [f"{y:,}" for y in ticks if low <= y <= high])
    axes.set_yticks([], minor=True)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, title=_style.BANDS["t"], title_fontsize=7)


def mean_of(table: Table, name: str, best: float) -> Any:
    """The regrets of one algorithm at one loss, in run order."""
    mine = table.where(algorithm=name, best=best)
    return mine["regret"][np.argsort(mine["run"])]


def paired(lower: str, upper: str) -> Conclusion:
    """At a best arm without loss."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        a, b = mean_of(table, lower, 0.0), mean_of(table, upper, 0.0)
        p = float(stats.ttest_1samp(a - b, 0.0, alternative="less").pvalue)
        verdict = "supported" if p < alpha else "refuted" if 1 - p < alpha else "inconclusive"
        return Outcome(verdict, f"mean {a.mean():.4g} against {b.mean():.4g}, {len(a)} paired runs, p = {p:.2g}", p)

    return Conclusion(
        f"{lower} below {upper}",
        f"L* = 0: regret of {WORDS[lower]} is below that of {WORDS[upper]}",
        "derived",
        evaluate,
    )


def under_bound(table: Table, alpha: float) -> Outcome:
    """The upper t-limit of the mean is below the bound at every loss (Bonferroni)."""
    from scipy import stats

    rows, bound = table.where(algorithm="log_barrier, known L*"), table.where(algorithm="bound")
    losses = rows.unique("best")
    worst = 0.0
    for best in losses:
        values = mean_of(table, "log_barrier, known L*", best)
        half = stats.t.ppf(1 - alpha / len(losses), len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
        worst = max(worst, float((values.mean() + half) / np.interp(best, bound["best"], bound["regret"])))
    return Outcome("supported" if worst <= 1 else "inconclusive", f"largest upper limit / bound = {worst:.3f}")


def smaller(table: Table, alpha: float) -> Outcome:
    """Known L*: the regret without loss is below half of that at the largest loss."""
    from scipy import stats

    last = max(table.where(algorithm="exp3").unique("best"))
    small, large = (mean_of(table, "log_barrier, known L*", best) for best in (0.0, last))
    p = float(stats.ttest_1samp(small - large / 2, 0.0, alternative="less").pvalue)
    verdict = "supported" if p < alpha else "refuted" if 1 - p < alpha else "inconclusive"
    return Outcome(verdict, f"mean {small.mean():.4g} without loss, {large.mean():.4g} at {last:g}, p = {p:.2g}", p)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    zero = {name: float(mean_of(table, name, 0.0).mean()) for name in LOOKS}
    last = max(table.where(algorithm="exp3").unique("best"))
    most = {name: float(mean_of(table, name, last).mean()) for name in LOOKS}
    known, rate, exp3 = LOOKS
    return (
        f"Four arms, three of mean loss 0.5. When the best arm never loses, the log-barrier with a rate from L* has "
        f"regret {zero[known]:.0f}, from T {zero[rate]:.0f}, EXP3 {zero[exp3]:.0f}; when it loses {last:g} a round, "
        f"{most[known]:.0f}, {most[rate]:.0f} and {most[exp3]:.0f}. The bound follows the square root of L*."
    )


FIGURE = Figure(
    slug="log_barrier_ftrl",
    title="The log-barrier's regret follows the loss of the best arm",
    paper="wei2018adaptive",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(7.5, 4.2),
    conclusions=(
        paired("log_barrier, known L*", "log_barrier"),
        paired("log_barrier, known L*", "exp3"),
        Conclusion(
            "less loss, less regret",
            "known L*: the regret at L* = 0 is below half of that at the largest L*",
            "derived",
            smaller,
        ),
        Conclusion(
            "below the bound",
            "known L*: the mean regret is below the small-loss bound everywhere",
            "derived",
            under_bound,
        ),
    ),
    caption=caption,
)
