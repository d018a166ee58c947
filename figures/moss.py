"""The worst regret of MOSS over gaps, in units of sqrt(KT), against horizon; UCB1 and KL-UCB beside it (our figure)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import BernoulliBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

N_ARMS = 10
FACTORS = (1.0, 2.0, 4.0, 6.0)  # gap = factor * sqrt(K / T)
LOOKS = {  # algorithm: label, colour, dash, marker
    "moss": ("MOSS", "blue", "-", "o"),
    "ucb1": ("UCB1", "vermillion", (0, (5, 1.5)), "s"),
    "kl_ucb": ("KL-UCB", "green", (0, (5, 1, 1, 1)), "^"),
}
PRESETS = {
    "smoke": {"horizons": [1000, 3000, 10_000], "runs": 20},
    "quick": {"horizons": [1000, 3000, 10_000, 30_000, 100_000], "runs": 16},
    "paper": {"horizons": [1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000], "runs": 200},
}


def regrets(task: Mapping[str, Any]) -> dict[str, Any]:
    """Final regrets of the runs of one algorithm, horizon and gap; the best arm is the last one."""
    from theorylab.bandits import stochastic

    horizon, algorithm = task["horizon"], getattr(stochastic, task["algorithm"])
    gap = task["factor"] * math.sqrt(N_ARMS / horizon)
    bandit = BernoulliBandit([0.5 - gap / 2] * (N_ARMS - 1) + [0.5 + gap / 2])
    root = np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"])
    runs = [algorithm(bandit, horizon, checkpoints=[horizon], rng=child_seed(root, i)) for i in range(task["runs"])]
    return {"regret": [float(run.regret[-1]) for run in runs]}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run: algorithm, T, factor, run, regret / sqrt(KT)."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"algorithm": a, "horizon": t, "factor": f, "runs": parameters["runs"], **seed}
        for a in LOOKS
        for t in parameters["horizons"]
        for f in FACTORS
    ]
    rows: list[tuple[str, int, float, int, float]] = []
    for task, got in zip(tasks, sweep(regrets, tasks), strict=True):
        unit = math.sqrt(N_ARMS * task["horizon"])
        rows += [(task["algorithm"], task["horizon"], task["factor"], i, r / unit) for i, r in enumerate(got["regret"])]
    names = ("algorithm", "T", "factor", "run", "ratio")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"T": "rounds", "ratio": "sqrt(KT)"})


def matrix(table: Table, algorithm: str, horizon: int) -> Any:
    """(runs, factors) regret / sqrt(KT)."""
    rows = table.where(algorithm=algorithm, T=horizon)
    return np.array([rows.where(factor=f)["ratio"] for f in FACTORS]).T


def worst(table: Table, algorithm: str) -> Any:
    """(horizons, runs) regret / sqrt(KT) at the factor whose mean is the largest."""
    found = []
    for t in table.unique("T"):
        values = matrix(table, algorithm, t)
        found.append(values[:, int(np.argmax(values.mean(axis=0)))])
    return np.array(found)


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Left: the worst gap of each horizon; right: all gaps at the longest one."""
    left, right = figure.subplots(1, 2)
    horizons = table.unique("T")
    for algorithm, (label, colour, dash, marker) in LOOKS.items():
        values, c = worst(table, algorithm), _style.COLOURS[colour]
        error = 2.0 * values.std(axis=1, ddof=1) / math.sqrt(values.shape[1])
        left.errorbar(
            horizons,
            values.mean(axis=1),
            error,
            color=c,
            linestyle=dash,
            marker=marker,
            markersize=4,
            capsize=2,
            label=label,
        )
        last = matrix(table, algorithm, horizons[-1])
        error = 2.0 * last.std(axis=0, ddof=1) / math.sqrt(len(last))
        right.errorbar(
            FACTORS, last.mean(axis=0), error, color=c, linestyle=dash, marker=marker, markersize=4, capsize=2
        )
    left.set(
        xscale="log", xlabel="T (rounds)", ylabel="regret / $\\sqrt{KT}$", title="worst of four gaps", ylim=(0, None)
    )
    right.set(xlabel="gap / $\\sqrt{K/T}$", title=f"T = {horizons[-1]:,}", ylim=(0, None))
    handles, labels = left.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=3, title="mean, bars: two standard errors", title_fontsize=7
    )


def exponent(table: Table, alpha: float) -> Outcome:
    """Slope of the log of the worst mean regret on log T, bootstrapped over runs, against 1/2 +- 0.1."""
    values, horizons = worst(table, "moss"), np.array(table.unique("T"), dtype=float)
    x = np.log(horizons) - np.log(horizons).mean()
    generator = np.random.default_rng(1)

    def slope(means: Any) -> float:
        return float(x @ np.log(means * np.sqrt(horizons)) / (x @ x))

    draws = [slope(np.array([v[generator.integers(0, len(v), len(v))].mean() for v in values])) for _ in range(2000)]
    low, high = np.quantile(draws, [alpha / 2, 1 - alpha / 2])
    detail = f"slope {slope(values.mean(axis=1)):.3f}, interval [{low:.3f}, {high:.3f}]"
    if 0.4 <= low and high <= 0.6:
        return Outcome("supported", detail)
    return Outcome("refuted" if high < 0.4 or low > 0.6 else "inconclusive", detail)


def smaller_than_ucb1(table: Table, alpha: float) -> Outcome:
    """At the longest horizon MOSS's worst regret is below UCB1's (Welch's t-test)."""
    from scipy import stats

    mine, other = worst(table, "moss")[-1], worst(table, "ucb1")[-1]
    p = float(stats.ttest_ind(mine, other, equal_var=False, alternative="less").pvalue)
    verdict = "supported" if p < alpha else "refuted" if 1.0 - p < alpha else "inconclusive"
    return Outcome(verdict, f"{mine.mean():.2f} against {other.mean():.2f} sqrt(KT), p = {p:.2g}", p)


def far_below_25(table: Table, alpha: float) -> Outcome:
    """No mean is above 6 sqrt(KT), the constant that the authors conjecture, let alone 25."""
    top = float(worst(table, "moss").mean(axis=1).max())
    return Outcome("supported" if top <= 6.0 else "refuted", f"largest mean {top:.2f} sqrt(KT)")


CONCLUSIONS = (
    Conclusion(
        "exponent 1/2",
        "the worst regret of MOSS grows as T^0.5, within 0.1",
        "[audibert2010regret, Theorem 24]",
        exponent,
    ),
    Conclusion(
        "MOSS below UCB1 at its worst",
        "the worst regret of MOSS is below that of UCB1 at the longest horizon",
        "[audibert2010regret]",
        smaller_than_ucb1,
    ),
    Conclusion(
        "below 6 sqrt(KT)",
        "the regret of MOSS stays below 6 sqrt(KT), as remarked without a proof",
        "[audibert2010regret, Remark 26]",
        far_below_25,
    ),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    ends = {a: worst(table, a).mean(axis=1) for a in LOOKS}
    said = ", ".join(f"{LOOKS[a][0]} from {v[0]:.2f} to {v[-1]:.2f}" for a, v in ends.items())
    return (
        f"Ten Bernoulli arms, one better by a multiple of sqrt(K/T): the worst mean regret in units of sqrt(KT) goes, "
        f"from the shortest horizon to T = {max(table.unique('T')):,}, {said}. The theorem's constant is 25."
    )


FIGURE = Figure(
    slug="moss",
    title="MOSS at the worst gap",
    paper="audibert2010regret",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(9.0, 4.2),
    conclusions=CONCLUSIONS,
    caption=caption,
)
