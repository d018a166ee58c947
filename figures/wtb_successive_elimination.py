"""Complete policy regret in weighted tallying bandits: elimination with burn-in against seven others, and against M.

The published figures compare on unweighted synthetic losses and vary M [malik2023weighted]; their settings were not at
hand, the losses are ours.
"""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits.environments import tallying_losses
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

OURS = "elimination with burn-in"
FAMILIES = {
    "needle": "needle: bad until fully repeated",
    "misleading": "misleading: the best arm looks worst",
    "learning": "learning: all arms improve",
}
WINDOW, ARMS, DECLARED = 10, 5, 20
LIMITS = (10, 20, 50, 100, 200)  # declared M
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"horizon": 10_000, "runs": 3},
    "quick": {"horizon": 30_000, "runs": 20},
    "paper": {"horizon": 100_000, "runs": 100},
}
BANDITS = "theorylab.bandits"
# label: module, function, colour, dash
ALGORITHMS = {
    OURS: (f"{BANDITS}.tallying.wtb_successive_elimination", "wtb_successive_elimination", "blue", 0),
    "EXP3 in blocks of M": (f"{BANDITS}.tallying.baselines", "batched_exp3", "vermillion", 1),
    "UCB1": (f"{BANDITS}.stochastic.ucb1", "ucb1", "green", 2),
    "sliding-window UCB": (f"{BANDITS}.nonstationary.sliding_window_ucb", "sliding_window_ucb", "purple", 3),
    "discounted UCB": (f"{BANDITS}.nonstationary.discounted_ucb", "discounted_ucb", "orange", 4),
    "ε-greedy, ε = 0.1": (f"{BANDITS}.stochastic.baselines", "epsilon_greedy", "sky", 5),
    "elimination, arms in turn": (f"{BANDITS}.tallying.baselines", "round_robin_se", "0.55", 0),
    "EXP3": (f"{BANDITS}.adversarial.exp3", "exp3", "black", 1),
}


@functools.cache
def algorithm(name: str) -> Any:
    """The public function."""
    module, function = ALGORITHMS[name][:2]
    return getattr(importlib.import_module(module), function)


def keywords(name: str, horizon: int, M: int) -> dict[str, Any]:
    """The tuning of each algorithm."""
    root = math.sqrt(horizon)
    table: dict[str, dict[str, Any]] = {
        OURS: {"M": M, "delta": 1.0 / horizon},
        "EXP3 in blocks of M": {"block": M},
        "sliding-window UCB": {"window": round(4.0 * root)},
        "discounted UCB": {"discount": 1.0 - 1.0 / (4.0 * root)},
        "ε-greedy, ε = 0.1": {"epsilon": 0.1},
        "elimination, arms in turn": {"delta": 1.0 / horizon},
    }
    return table.get(name, {})


def checkpoints(horizon: int) -> Any:
    """Thirty times from 100 to the horizon."""
    return np.unique(np.rint(np.geomspace(100, horizon, 30)).astype(np.int64))


def regrets(task: Mapping[str, Any]) -> dict[str, Any]:
    """Regret of all runs of one algorithm at the checkpoints."""
    seeds = np.random.SeedSequence(task["entropy"], spawn_key=tuple(task["spawn_key"]))
    bandit = tallying_losses(task["losses"], n_arms=ARMS, window=WINDOW)
    T, name = task["horizon"], task["algorithm"]
    chosen = keywords(name, T, task["M"])
    runs = [
        algorithm(name)(bandit, T, checkpoints=checkpoints(T), rng=child_seed(seeds, i), **chosen)
        for i in range(task["runs"])
    ]
    return {"times": runs[0].times.tolist(), "regret": [run.regret.tolist() for run in runs]}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """Long form: panel ("time" or "M"), losses, algorithm, M, run, t, regret."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    cells = [(name, DECLARED) for name in ALGORITHMS]
    cells += [(OURS, M) for M in LIMITS if M != DECLARED]
    shared = {"runs": parameters["runs"], "horizon": parameters["horizon"], **seed}
    tasks = [{"losses": losses, "algorithm": name, "M": M, **shared} for name, M in cells for losses in FAMILIES]
    rows: list[tuple[Any, ...]] = []
    for task, got in zip(tasks, sweep(regrets, tasks), strict=True):
        where = (task["losses"], task["algorithm"], task["M"])
        for i, curve in enumerate(got["regret"]):
            if task["M"] == DECLARED:
                rows += [("time", *where, i, t, regret) for t, regret in zip(got["times"], curve, strict=True)]
            if task["algorithm"] == OURS:
                rows.append(("M", *where, i, got["times"][-1], curve[-1]))
    names = ("panel", "losses", "algorithm", "M", "run", "t", "regret")
    return Table(
        dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "rounds", "regret": "loss", "M": "rounds"}
    )


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Three panels against the round, one for each family of losses, and one against M."""
    panels = figure.subplots(2, 2).ravel()
    for axes, (losses, title) in zip(panels[:3], FAMILIES.items(), strict=True):
        mine = table.where(panel="time", losses=losses)
        for name in mine.unique("algorithm"):
            rows = mine.where(algorithm=name)
            times = np.unique(rows["t"])
            matrix = rows["regret"].reshape(-1, len(times))
            _, _, colour, dash = ALGORITHMS[name]
            _style.band(axes, times, matrix, name, _style.COLOURS.get(colour, colour), dash=_style.DASHES[dash])
        axes.set(xscale="log", yscale="log", xlabel="t (rounds)", ylabel="complete policy regret (loss)")
        axes.set_title(title, fontsize=9)
    last = panels[3]
    for (losses, _), colour in zip(FAMILIES.items(), ("blue", "vermillion", "green"), strict=True):
        rows = table.where(panel="M", losses=losses)
        matrix = np.array([rows.where(M=M)["regret"] for M in LIMITS]).T
        _style.band(last, LIMITS, matrix, losses, _style.COLOURS[colour])
        last.plot(LIMITS, matrix.mean(axis=0), "o", color=_style.COLOURS[colour], markersize=3)
    start = float(np.mean([table.where(panel="M", M=LIMITS[0], losses=f)["regret"].mean() for f in FAMILIES]))
    steepest = start + slope_limit(parameters["horizon"]) * (np.array(LIMITS) - LIMITS[0])
    _style.bound_line(last, LIMITS, steepest, "slope KS of the theorem")
    last.set(
        xlabel=f"declared bound M on the memory (rounds; m = {WINDOW})",
        ylabel=f"regret at T = {parameters['horizon']:,} (loss)",
        ylim=(0.0, 1.15 * float(table.where(panel="M")["regret"].max())),
    )
    last.set_title("our algorithm against M", fontsize=9)
    last.legend(fontsize=7)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, title=_style.BANDS["t"], title_fontsize=7)


def slope_limit(horizon: int) -> float:
    """K S."""
    return ARMS * (math.ceil(math.log2(horizon)) + 1.0)


def final(table: Table, losses: str, name: str) -> Any:
    """(runs,) regret at the horizon, in the order of the runs."""
    rows = table.where(panel="time", losses=losses, algorithm=name)
    rows = rows.where(t=int(rows["t"].max()))
    return rows["regret"][np.argsort(rows["run"], kind="stable")]


def below(mine: Any, others: Any) -> float:
    """One-sided p-value of "not below" over paired runs."""
    from scipy import stats

    difference = mine - others
    if np.ptp(difference) == 0.0:
        return 0.0 if difference[0] < 0 else 1.0
    return float(stats.ttest_1samp(difference, 0.0, alternative="less").pvalue)


def lowest(losses: str) -> Any:
    """Ours is below each of the others: the largest of the p-values."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        mine = final(table, losses, OURS)
        others = [n for n in table.where(panel="time").unique("algorithm") if n != OURS]
        p = {n: below(mine, final(table, losses, n)) for n in others}
        worst = max(p, key=lambda n: p[n])
        opposed = min(1.0 - value for value in p.values()) * len(p)
        verdict = "supported" if p[worst] < alpha else "refuted" if opposed < alpha else "inconclusive"
        text = f"mean {mine.mean():.5g}; nearest: {worst} {final(table, losses, worst).mean():.5g}, p = {p[worst]:.2g}, {len(others)} others"
        return Outcome(verdict, text, p[worst])

    return evaluate


def slopes(table: Table, alpha: float) -> Outcome:
    """Growth from the least to the largest M, per unit of M, is positive and at most KS on every family."""
    from scipy import stats

    limit, said, p = 0.0, [], 0.0
    horizon = int(table.where(panel="time")["t"].max())
    limit = slope_limit(horizon)
    for losses in FAMILIES:
        low, high = (table.where(panel="M", losses=losses, M=M)["regret"] for M in (LIMITS[0], LIMITS[-1]))
        slope = (high - low) / (LIMITS[-1] - LIMITS[0])
        above = float(stats.ttest_1samp(slope, limit, alternative="less").pvalue)
        p = max(p, above, float(stats.ttest_1samp(slope, 0.0, alternative="greater").pvalue))
        said.append(f"{losses} {slope.mean():.3g}")
    return Outcome(
        "supported" if p < alpha else "inconclusive",
        f"slopes {', '.join(said)}; KS = {limit:g}; largest p = {p:.2g}",
        p,
    )


def additive(table: Table, alpha: float) -> Outcome:
    """Twenty times the M multiplies the regret by less than four on every family."""
    p, said = 0.0, []
    for losses in FAMILIES:
        low, high = (table.where(panel="M", losses=losses, M=M)["regret"] for M in (LIMITS[0], LIMITS[-1]))
        p = max(p, below(high, 4.0 * low))
        said.append(f"{losses} x{high.mean() / low.mean():.2f}")
    return Outcome(
        "supported" if p < alpha else "inconclusive",
        f"M x{LIMITS[-1] // LIMITS[0]}: {', '.join(said)}; largest p = {p:.2g}",
        p,
    )


def lucky(table: Table, alpha: float) -> Outcome:
    """UCB1 is below ours where losses only fall with repetition."""
    ucb, ours = final(table, "learning", "UCB1"), final(table, "learning", OURS)
    p = below(ucb, ours)
    verdict = "supported" if p < alpha else "refuted" if 1.0 - p < alpha else "inconclusive"
    return Outcome(verdict, f"UCB1 {ucb.mean():.5g} against {ours.mean():.5g}, p = {p:.2g}", p)


CONCLUSIONS = (
    Conclusion(
        "lowest on the needle", "elimination with burn-in is below all others on the needle", "ours", lowest("needle")
    ),
    Conclusion(
        "lowest on misleading losses",
        "elimination with burn-in is below all others on misleading losses",
        "ours",
        lowest("misleading"),
    ),
    Conclusion(
        "slope in M", "regret grows with M, by at most KS per unit", "[malik2023weighted]: additive in M", slopes
    ),
    Conclusion(
        "additive in M",
        "twenty times the M costs less than four times the regret",
        "[malik2023weighted]: additive, not multiplicative",
        additive,
    ),
    Conclusion(
        "UCB1 wins on benign losses", "UCB1 is below elimination with burn-in on learning losses", "ours", lucky
    ),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    told = {name: f"{outcome.detail}: {outcome.verdict}" for name, outcome in outcomes.items()}
    return (
        "Losses that depend on the last ten plays, five arms; M = 20 is declared, delta = 1/T. Elimination with burn-in plays each arm long "
        "enough to see what it loses when repeated, and is compared with the others on the needle, where UCB1 is either lucky or lost "
        f"({told['lowest on the needle']}), and on misleading losses ({told['lowest on misleading losses']}). It pays for that with plays that "
        f"are discarded, linearly in M ({told['slope in M']}). Where every arm only improves with repetition UCB1 wins without any guarantee, "
        f"because it repeats arms by accident ({told['UCB1 wins on benign losses']})."
    )


FIGURE = Figure(
    slug="wtb_successive_elimination",
    title="Regret with memory: elimination with burn-in",
    paper="malik2023weighted",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(9.0, 7.2),
    conclusions=CONCLUSIONS,
    caption=caption,
)
