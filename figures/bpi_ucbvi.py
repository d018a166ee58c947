"""Episodes until a policy is certified, against the accuracy: BPI-UCBVI, BPI-UCRL and its derived bound (ours)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.mdp.episodic.environments import named
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

MODEL, DELTA = "tiny", 0.05
FAST, SLOW = "BPI-UCBVI", "BPI-UCRL"
PRESETS = {
    "smoke": {"runs": 7, "finest": 0.25, "points": 9},
    "quick": {"runs": 45, "finest": 0.2, "points": 9},
    "paper": {"runs": 50, "finest": 0.01, "points": 17},
}
MOST = {FAST: 40_000_000, SLOW: 40_000_000}


def grid(parameters: Mapping[str, Any]) -> Any:
    """Decreasing accuracies."""
    return np.geomspace(1.0, parameters["finest"], parameters["points"])


def searched(task: Mapping[str, Any]) -> list[list[float]]:
    """Stopping times of both searches at all accuracies: one run each, because the accuracy only ends it."""
    from theorylab.mdp.episodic.bpi_ucbvi import bpi_ucbvi, bpi_ucrl

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    found = []
    for name, search in ((FAST, bpi_ucbvi), (SLOW, bpi_ucrl)):
        wanted = task["accuracies"]
        run = search(
            named(MODEL), MOST[name], epsilon=wanted[-1], delta=DELTA, accuracies=wanted, checkpoints=[1], rng=seed
        )
        found.append([float(t) if t >= 0 else math.inf for t in run.reached])
    return found


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run, accuracy and algorithm; the bound has run -1."""
    from theorylab.mdp.episodic.identification import sufficient_episodes

    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    wanted = grid(parameters).tolist()
    tasks = [{"run": i, "accuracies": wanted, **seed} for i in range(parameters["runs"])]
    rows: list[tuple[str, int, float, float]] = []
    for task, found in zip(tasks, sweep(searched, tasks), strict=True):
        for who, times in zip((FAST, SLOW), found, strict=True):
            rows += [(who, task["run"], e, t) for e, t in zip(wanted, times, strict=True)]
    rows += [("bound", -1, e, float(sufficient_episodes(2, 2, 2, epsilon=e, delta=DELTA))) for e in wanted]
    names = ("kind", "run", "epsilon", "episodes")
    return Table(
        dict(zip(names, zip(*rows, strict=True), strict=True)), {"epsilon": "reward an episode", "episodes": "episodes"}
    )


def matrix(table: Table, who: str) -> tuple[Any, Any]:
    """Accuracies (E,) and stopping times (runs, E)."""
    mine = table.where(kind=who)
    wanted = np.array(mine.unique("epsilon"))
    return wanted, mine["episodes"].reshape(-1, len(wanted))


def slope(table: Table, who: str, low: float, high: float) -> Any:
    """(runs,) least-squares slopes of log episodes against log accuracy within [low, high]."""
    wanted, times = matrix(table, who)
    inside = (wanted >= low * (1 - 1e-9)) & (wanted <= high * (1 + 1e-9))
    x = np.log(wanted[inside])
    x = x - x.mean()
    return np.log(np.maximum(times[:, inside], 1.0)) @ x / (x @ x)


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Episodes over 1 / accuracy."""
    axes = figure.subplots(1, 1)
    for who, colour, dash in ((FAST, "blue", "-"), (SLOW, "vermillion", _style.DASHES[1])):
        wanted, times = matrix(table, who)
        _style.band(axes, 1.0 / wanted, times, who, _style.COLOURS[colour], interval="quantile", dash=dash)
    wanted, bound = matrix(table, "bound")
    _style.bound_line(axes, 1.0 / wanted, bound[0], "derived bound of BPI-UCRL")
    last = 1.0 / wanted[-1]
    for power, text, height in ((1, "slope 1", 0.35), (2, "slope 2", 0.3)):
        first = last / 4.0
        who = FAST if power == 1 else SLOW
        level = float(np.mean(matrix(table, who)[1][:, -1])) * height
        axes.plot([first, last], [level * (first / last) ** power, level], color=_style.COLOURS["black"], linewidth=0.8)
        axes.annotate(text, (last, level), fontsize=7, ha="right", va="top", xytext=(0, -9), textcoords="offset points")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="1 / epsilon (epsilon in reward an episode)",
        ylabel="episodes until certified",
    )
    shown = [x for x in (1, 2, 5, 10, 20, 50, 100) if x <= 1.001 * last]
    axes.set_xticks(shown, [str(x) for x in shown])
    axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    figure.legend(loc="outside upper center", ncols=3, title=_style.BANDS["quantile"], title_fontsize=7)


def within(who: str, low: float, high: float, statement: str) -> Conclusion:
    """The mean slope over the finer half of the accuracies lies in [low, high]."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        finest = float(matrix(table, who)[0][-1])
        found = slope(table, who, finest, math.sqrt(finest))
        half = float(stats.t.ppf(1 - alpha / 2, len(found) - 1) * found.std(ddof=1) / math.sqrt(len(found)))
        a, b = float(found.mean()) - half, float(found.mean()) + half
        detail = f"slope in [{a:.3f}, {b:.3f}], {len(found)} runs"
        if low <= a and b <= high:
            return Outcome("supported", detail)
        return Outcome("refuted" if b < low or a > high else "inconclusive", detail)

    return Conclusion(f"slope of {who}", statement, "ours", evaluate)


def below_bound(table: Table, alpha: float) -> Outcome:
    """Stopping times of BPI-UCRL against the derived bound."""
    from theorylab.verify.statistics import binomial

    _, times = matrix(table, SLOW)
    _, bound = matrix(table, "bound")
    failures = int((times > bound).any(axis=1).sum())
    upper = binomial.upper_limit(failures, len(times), alpha)
    detail = f"{failures} of {len(times)} runs above the bound, upper limit {upper:.3f} against {2 * DELTA:g}"
    p = binomial.exceedance_p_value(failures, len(times), 2 * DELTA)
    return Outcome("supported" if upper <= 2 * DELTA else "refuted" if p < alpha else "inconclusive", detail)


def earlier(table: Table, alpha: float) -> Outcome:
    """BPI-UCRL stops first in every run at every accuracy, as a sign test with one sign for each run."""
    _, fast = matrix(table, FAST)
    _, slow = matrix(table, SLOW)
    wins = int((slow < fast).all(axis=1).sum())
    p = 0.5 ** len(slow) if wins == len(slow) else 1.0
    detail = f"in {wins} of {len(slow)} runs at all accuracies, p = {p:.2g}"
    return Outcome("supported" if p < alpha else "refuted" if wins == 0 else "inconclusive", detail, p)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    wanted, fast = matrix(table, FAST)
    _, slow = matrix(table, SLOW)
    _, bound = matrix(table, "bound")
    a, b = (float(slope(table, who, wanted[-1], math.sqrt(wanted[-1])).mean()) for who in (FAST, SLOW))
    return (
        f"Episodes until a policy of the two-state, two-step model is certified epsilon-optimal, delta = {DELTA}. "
        f"At epsilon = {wanted[-1]:.3g} BPI-UCRL needs {slow[:, -1].mean():,.0f} episodes, BPI-UCBVI "
        f"{fast[:, -1].mean():,.0f}; the slopes over the finer half are {b:.2f} and {a:.2f}. The terms in 1/n of "
        f"BPI-UCBVI rule it here, so that it grows like 1/epsilon from a high level. The derived bound of BPI-UCRL is "
        f"{(bound[0] / slow.mean(axis=0)).min():.0f} to {(bound[0] / slow.mean(axis=0)).max():.0f} times too large. "
        "Model, accuracies and constants are not those of the paper: its experiments could not be read, and "
        "the constants of BPI-UCBVI are recalled."
    )


FIGURE = Figure(
    slug="bpi_ucbvi",
    title="Episodes until a policy is certified, against the accuracy",
    paper="menard2021fast",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(6.5, 4.4),
    conclusions=(
        within(SLOW, -2.6, -1.9, "the stopping time of BPI-UCRL grows like 1/epsilon^2, up to a logarithm"),
        within(FAST, -1.6, -0.6, "the stopping time of BPI-UCBVI grows more slowly than 1/epsilon^2 here"),
        Conclusion("below the bound", "BPI-UCRL stops within its derived bound", "derived", below_bound),
        Conclusion("BPI-UCRL first", "BPI-UCRL stops before BPI-UCBVI at every accuracy shown", "ours", earlier),
    ),
    caption=caption,
)
