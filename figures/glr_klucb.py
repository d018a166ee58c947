"""Figures 1 and 2 of [besson2022efficient] as a table in dots: mean regret on problems 1 and 2, ours and printed.

The paper prints mean and standard deviation over 1000 runs for T = 5000, 10,000, 20,000; here every policy that exists
in this package meets the same runs.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style
from theorylab.rooms.proofs_checks.bandits.restarting import PUBLISHED, published_problem

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

SOURCE = "besson2022efficient, Figures 1 and 2"
FOLDER = "theorylab.bandits.nonstationary"
PRACTICE = {"threshold": "practice", "every": 10, "spacing": 5}


def nothing(horizon: int) -> dict[str, Any]:
    """Defaults."""
    return {}


def forced(horizon: int) -> float:
    """Rate of forced plays of the published runs."""
    return math.sqrt(12.0 * math.log(horizon) / horizon)


# row (its name in PUBLISHED when it is printed there), label, module:function, keywords for a horizon (K = 3, Y = 4)
ALGORITHMS: tuple[tuple[str, str, str, Callable[[int], Mapping[str, Any]]], ...] = (
    ("oracle_restart", "oracle, told of the changes", f"{FOLDER}.oracle_restart:oracle_restart", nothing),
    ("kl_ucb", "klUCB, never restarts", "theorylab.bandits.stochastic.kl_ucb:kl_ucb", nothing),
    ("glr_klucb", "GLR-klUCB, global", f"{FOLDER}.glr_klucb:glr_klucb", lambda horizon: PRACTICE),
    (
        "glr_klucb_local",
        "GLR-klUCB, local",
        f"{FOLDER}.glr_klucb:glr_klucb",
        lambda horizon: {**PRACTICE, "scope": "local"},
    ),
    ("glr_ville", "GLR-klUCB, Ville's threshold", f"{FOLDER}.glr_klucb:glr_klucb", nothing),
    (
        "rbocpd_ucb",
        "R-BOCPD-klUCB, Theorem R",
        f"{FOLDER}.rbocpd_ucb:rbocpd_ucb",
        lambda horizon: {"index": "kl", "delta": 3.0 / math.sqrt(horizon)},
    ),
    (
        "sliding_window_ucb",
        "SW-klUCB",
        f"{FOLDER}.sliding_window_ucb:sliding_window_ucb",
        lambda horizon: {"index": "kl", "changes": 4},
    ),
    (
        "discounted_ucb",
        "D-klUCB",
        f"{FOLDER}.discounted_ucb:discounted_ucb",
        lambda horizon: {"index": "kl", "changes": 4},
    ),
    (
        "m_ucb",
        "M-klUCB",
        f"{FOLDER}.m_ucb:m_ucb",
        lambda horizon: {"window": 200, "index": "kl", "gamma": forced(horizon)},
    ),
    (
        "cusum_ucb",
        "CUSUM-klUCB",
        f"{FOLDER}.cusum_ucb:cusum_ucb",
        lambda horizon: {"M": 200, "epsilon": 0.1, "index": "kl", "alpha": forced(horizon)},
    ),
    ("exp3_s", "EXP3.S", f"{FOLDER}.exp3_s:exp3_s", lambda horizon: {"segments": 5}),
)
LABELS = {row: label.split(",")[0] for row, label, *_ in ALGORITHMS}
ROWS = tuple(LABELS)
BATCH = 10  # runs of a task
SHARED: dict[str, Any] = {"problems": (1, 2)}
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {**SHARED, "horizons": (5000,), "runs": 20},
    "quick": {**SHARED, "horizons": (5000, 10_000), "runs": 30},
    "paper": {**SHARED, "horizons": (5000, 10_000, 20_000), "runs": 1000},
}
TICKS = (50, 100, 200, 500, 1000, 2000)
COLOURS = {5000: "sky", 10_000: "orange", 20_000: "vermillion"}


def regrets(task: Mapping[str, Any]) -> dict[str, Any]:
    """Final regret and number of restarts of a batch of runs of one policy."""
    entry, keywords = next((entry, keywords) for row, _, entry, keywords in ALGORITHMS if row == task["row"])
    module, _, name = entry.partition(":")
    algorithm = getattr(importlib.import_module(module), name)
    bandit, horizon = published_problem(task["problem"], task["horizon"]), task["horizon"]
    seeds = np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"])
    chosen = keywords(horizon)
    runs = [
        algorithm(bandit, horizon, checkpoints=[horizon], rng=child_seed(seeds, i), **chosen)
        for i in range(task["first"], task["stop"])
    ]
    return {"regret": [float(run.regret[-1]) for run in runs], "restarts": [len(run.restart_times) for run in runs]}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row for each policy, problem, horizon and run."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"row": row, "problem": p, "horizon": t, "first": i, "stop": min(i + BATCH, parameters["runs"]), **seed}
        for p in parameters["problems"]
        for t in parameters["horizons"]
        for row in ROWS
        for i in range(0, parameters["runs"], BATCH)
    ]
    rows = []
    for task, got in zip(tasks, sweep(regrets, tasks), strict=True):
        last = task["horizon"] == max(parameters["horizons"])
        for i, (regret, restarts) in enumerate(zip(got["regret"], got["restarts"], strict=True)):
            rows.append((task["row"], task["problem"], task["horizon"], task["first"] + i, regret, restarts, last))
    names = ("algorithm", "problem", "T", "run", "regret", "restarts", "longest")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"regret": "reward", "T": "rounds"})


def spread(values: Any) -> tuple[float, float, float]:
    """Mean, standard deviation of a run, standard error of the mean."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return float(np.mean(values)), deviation, deviation / math.sqrt(len(values))


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """A panel a problem, a line a policy, a colour a horizon; filled: ours, hollow: printed."""
    panels = figure.subplots(1, len(parameters["problems"]), sharex=True, sharey=True, squeeze=False)[0]
    places = {row: -i for i, row in enumerate(ROWS)}
    for axes, problem in zip(panels, parameters["problems"], strict=True):
        for horizon in parameters["horizons"]:
            color = _style.COLOURS[COLOURS.get(horizon, "blue")]
            for row in ROWS:
                mean, deviation, _ = spread(table.where(algorithm=row, problem=problem, T=horizon)["regret"])
                style = {"color": color, "markersize": 5, "linestyle": "", "capsize": 2, "elinewidth": 1.0}
                axes.errorbar([mean], [places[row] + 0.13], xerr=[deviation], marker="o", **style)
                printed = PUBLISHED.get((row, problem), {}).get(horizon)
                if printed:
                    axes.errorbar(
                        [printed[0]],
                        [places[row] - 0.13],
                        xerr=[printed[1]],
                        marker="s",
                        markerfacecolor="white",
                        **style,
                    )
        axes.set(xscale="log", xlabel="dynamic regret at T (reward)")
        axes.set_title(f"problem {problem}", loc="left")
        axes.set(yticks=list(places.values()), yticklabels=[label for _, label, *_ in ALGORITHMS])
        axes.set_ylim(-len(ROWS) + 0.5, 0.5)
        axes.set_xticks(TICKS, [str(tick) for tick in TICKS])
        axes.set_xticks([], minor=True)
    keys = [
        panels[0].plot(
            [], [], color=_style.COLOURS[COLOURS.get(t, "blue")], marker="o", linestyle="", label=f"T = {t:,}"
        )[0]
        for t in parameters["horizons"]
    ]
    keys += panels[0].plot([], [], color="0.3", marker="o", linestyle="", label="ours")
    keys += panels[0].plot([], [], color="0.3", marker="s", markerfacecolor="white", linestyle="", label="printed")
    title = "mean, bar: standard deviation of a run"
    figure.legend(handles=keys, loc="outside upper center", ncols=len(keys), title=title, title_fontsize=7)


def reproduced(table: Table, alpha: float) -> Outcome:
    """Every mean lies within one printed standard deviation of the printed mean."""
    worst, count, where = 0.0, 0, ""
    for (row, problem), numbers in PUBLISHED.items():
        for horizon, (mean, deviation) in numbers.items():
            values = table.where(algorithm=row, problem=problem, T=horizon)["regret"]
            if len(values):
                count += 1
                off = abs(float(np.mean(values)) - mean) / deviation
                if off >= worst:
                    worst, where = off, f"{row}, problem {problem}, T = {horizon}: {np.mean(values):.0f} for {mean:g}"
    detail = f"{count} means; the farthest is {worst:.2f} printed standard deviations off ({where})"
    return Outcome("supported" if count and worst <= 1.0 else "refuted" if count else "inconclusive", detail)


def as_good(table: Table, alpha: float) -> Outcome:
    """Ville's threshold and the unproved one: geometric means of paired regrets within 20%, on each problem.

    A run that misses a change has several times the regret of the others, so that plain means need many runs.
    """
    from scipy import stats

    said, inside, outside = [], True, False
    for problem in table.unique("problem"):
        rows = table.where(problem=problem)  # all horizons: the same runs of both
        theirs, ours = (np.log(rows.where(algorithm=row)["regret"]) for row in ("glr_klucb", "glr_ville"))
        half = stats.t.ppf(1 - alpha / 4, len(ours) - 1) * np.std(ours - theirs, ddof=1) / math.sqrt(len(ours))
        low, high = (math.exp((ours - theirs).mean() + sign * half) for sign in (-1, 1))
        said.append(f"problem {problem}: ratio in [{low:.3f}, {high:.3f}]")
        inside = inside and low > 1 / 1.2 and high < 1.2
        outside = outside or low > 1.2 or high < 1 / 1.2
    return Outcome("supported" if inside else "refuted" if outside else "inconclusive", "; ".join(said))


def growth(table: Table, alpha: float) -> Outcome:
    """On problem 1 klUCB's regret grows with a larger exponent in T than GLR-klUCB's: a z-test of the slopes."""
    from scipy import stats

    horizons = table.unique("T")
    if len(horizons) < 2:
        return Outcome("inconclusive", "one horizon")
    slopes, errors, ratio = {}, {}, math.log(horizons[-1] / horizons[0])
    for row in ("glr_klucb", "kl_ucb"):
        first, last = (
            spread(table.where(algorithm=row, problem=1, T=t)["regret"]) for t in (horizons[0], horizons[-1])
        )
        slopes[row] = math.log(last[0] / first[0]) / ratio
        errors[row] = math.hypot(last[2] / last[0], first[2] / first[0]) / ratio
    z = (slopes["kl_ucb"] - slopes["glr_klucb"]) / math.hypot(*errors.values())
    p = float(stats.norm.sf(z))
    detail = ", ".join(f"{LABELS[row]}: {slopes[row]:.2f} ± {errors[row]:.2f}" for row in slopes)
    verdict = "supported" if p < alpha else "refuted" if 1.0 - p < alpha else "inconclusive"
    return Outcome(verdict, f"{detail}, p = {p:.2g}", p)


ORDER = (  # lower, upper, problem
    ("oracle_restart", "glr_klucb", 1),
    ("oracle_restart", "sliding_window_ucb", 1),
    ("glr_klucb", "kl_ucb", 1),
    ("sliding_window_ucb", "kl_ucb", 1),
    ("glr_klucb", "m_ucb", 1),
    ("glr_klucb", "cusum_ucb", 1),
    ("glr_klucb", "m_ucb", 2),
    ("glr_klucb", "cusum_ucb", 2),
    ("kl_ucb", "m_ucb", 2),
)
CONCLUSIONS = (
    *(
        replace(
            Below(
                lower,
                upper,
                column="regret",
                name=f"{lower} below {upper}, problem {problem}",
                source=SOURCE,
                problem=problem,
                longest=True,
            ),
            statement=f"problem {problem}, longest T: regret of {LABELS[lower]} is below that of {LABELS[upper]}",
        )
        for lower, upper, problem in ORDER
    ),
    Conclusion("the printed means come out", "all within one printed standard deviation", SOURCE, reproduced),
    Conclusion(
        "a proof costs little",
        "Ville's threshold: geometric mean of the regret within 20% of the unproved one's",
        "ours",
        as_good,
    ),
    Conclusion("the rate", "problem 1: the exponent of T is larger for klUCB than for GLR-klUCB", "ours", growth),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    horizon = int(max(table["T"]))
    means = {row: spread(table.where(algorithm=row, problem=1, T=horizon)["regret"])[0] for row in ROWS}
    mean = {row: f"{value:.0f}" for row, value in means.items()}
    return (
        f"Problem 1, T = {horizon:,}: the oracle suffers {mean['oracle_restart']}, GLR-klUCB {mean['glr_klucb']}, "
        f"klUCB {mean['kl_ucb']}. The printed numbers use a threshold without a proof; Ville's, which has one, gives "
        f"{mean['glr_ville']}. R-BOCPD-klUCB, also proved, gives {mean['rbocpd_ucb']}: it does not explore more after "
        "each restart. Problem 1 is that of the authors' script."
    )


FIGURE = Figure(
    slug="glr_klucb",
    title="Regret on two piecewise-stationary problems, ours and printed",
    paper="besson2022efficient",
    number="1-2",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(9.5, 6.0),
    conclusions=CONCLUSIONS,
    caption=caption,
)
