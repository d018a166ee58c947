"""Learning from accepted instances only: CSB-Exp2, CSB-FTPL and Exp2 against uniform play (our figure)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits.models.combinatorial import CombinatorialLosses, one_sided_losses
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

FEATURES = np.array([[0.1, 0.6], [0.4, 0.9], [0.7, 0.2]])
CUTS = (0.15, 0.3, 0.5, 0.65, 0.85)
PRESETS = {
    "smoke": {"horizon": 3000, "runs": 10},
    "quick": {"horizon": 20_000, "runs": 24},
    "paper": {"horizon": 200_000, "runs": 60},
}
GAMES = {
    "one-sided feedback (mistakes)": ("csb_exp2", "csb_ftpl", "uniform"),
    "two of four items (loss)": ("csb_exp2", "exp2", "csb_ftpl", "uniform"),
}
STYLES = {
    "csb_exp2": ("CSB-Exp2", "blue", "-"),
    "csb_ftpl": ("CSB-FTPL", "green", (0, (5, 1, 1, 1))),
    "exp2": ("Exp2 (sees the sum only)", "purple", (0, (1, 1))),
    "uniform": ("uniform policy", "vermillion", (0, (5, 1.5))),
}


def game(name: str, horizon: int, rng: np.random.Generator) -> CombinatorialLosses:
    """A table of the game; labels and losses are drawn, then fixed."""
    if name.startswith("one-sided"):
        contexts = np.arange(horizon) % len(FEATURES)
        labels = (rng.random((horizon, 2)) < np.where(FEATURES[contexts] > 0.5, 0.85, 0.1)).astype(float)
        accepts = np.array([(FEATURES > cut).astype(float) for cut in CUTS])
        return one_sided_losses(labels, np.concatenate([accepts, 1.0 - accepts]), contexts)
    level = np.array([0.1, 0.3, 0.5, 0.6])
    losses = np.where(rng.random((horizon, 4)) < level, 0.5, 0.0)
    return CombinatorialLosses(losses, [c for c in itertools.product((0, 1), repeat=4) if sum(c) == 2])


def checkpoints(horizon: int) -> Any:
    """Thirty times from 50 to the horizon."""
    return np.unique(np.rint(np.geomspace(50, horizon, 30)).astype(np.int64))


def regrets(task: Mapping[str, Any]) -> list[tuple[str, list[int], list[float]]]:
    """Regret of all algorithms on one table; mistakes count twice the reduced loss."""
    from theorylab.bandits.adversarial.csb_exp2 import csb_exp2
    from theorylab.bandits.adversarial.csb_ftpl import csb_ftpl
    from theorylab.bandits.adversarial.exp2 import exp2

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    table = game(task["game"], task["horizon"], np.random.default_rng(seed))
    factor, found = 2.0 if task["game"].startswith("one-sided") else 1.0, []
    for name in GAMES[task["game"]]:
        play: Any = {"csb_exp2": csb_exp2, "csb_ftpl": csb_ftpl, "exp2": exp2, "uniform": csb_exp2}[name]
        words = {"eta": 0.0} if name == "uniform" else {}
        run = play(table, task["horizon"], checkpoints=checkpoints(task["horizon"]), rng=seed, **words)
        found.append((name, run.times.tolist(), (factor * run.regret).tolist()))
    return found


def bound(name: str, horizon: int) -> float:
    """The bound of CSB-Exp2 tuned to the horizon."""
    if name.startswith("one-sided"):
        return 4.0 * 2.0 * math.sqrt(horizon * math.log(2 * len(CUTS)))
    return math.sqrt(2.0 * 2.0 * 4.0 * horizon * math.log(6))


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run, algorithm and checkpoint; ``algorithm`` "bound" has one row a game (run -1)."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    horizon = parameters["horizon"]
    tasks = [{"game": g, "run": i, "horizon": horizon, **seed} for g in GAMES for i in range(parameters["runs"])]
    rows: list[tuple[str, str, int, int, float]] = []
    for task, found in zip(tasks, sweep(regrets, tasks), strict=True):
        for name, times, values in found:
            rows += [(task["game"], name, task["run"], t, r) for t, r in zip(times, values, strict=True)]
    rows += [(name, "bound", -1, horizon, bound(name, horizon)) for name in GAMES]
    names = ("game", "algorithm", "run", "t", "regret")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "rounds", "regret": "mistakes or loss"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """One panel a game: regret with bands over tables; the bound of CSB-Exp2 at the horizon it is tuned to."""
    panels = figure.subplots(1, len(GAMES))
    drawn: dict[str, Any] = {}
    for axes, name in zip(panels, GAMES, strict=True):
        mine = table.where(game=name)
        horizon = int(mine["t"].max())
        for who in GAMES[name]:
            rows = mine.where(algorithm=who)
            times = np.unique(rows["t"])
            label, colour, dash = STYLES[who]
            _style.band(axes, times, rows["regret"].reshape(-1, len(times)), label, _style.COLOURS[colour], dash=dash)
        axes.plot(
            [horizon], mine.where(algorithm="bound")["regret"], marker="_", markersize=18, markeredgewidth=2,
            linestyle="none", color="black", clip_on=False, label="bound of CSB-Exp2 at T",
        )  # fmt: skip
        axes.set_yscale("log", nonpositive="clip")
        axes.set(xscale="log", title=name, xlabel="t (rounds)")
        drawn.update({label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)})
    panels[0].set_ylabel("realised regret (loss)")
    figure.legend(
        drawn.values(), drawn.keys(), loc="outside upper center", ncols=3, title=_style.BANDS["t"], title_fontsize=7
    )


def pair(lower: str, upper: str, name: str) -> Conclusion:
    """At the horizon one algorithm is below another."""
    title = f"{STYLES[lower][0]} below {STYLES[upper][0]}: {name}"

    def evaluate(table: Table, alpha: float) -> Outcome:
        last = int(table["t"].max())
        return Below(lower, upper, column="regret", source="ours", game=name, t=last).evaluate(table, alpha)

    return Conclusion(title, title, "ours", evaluate)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    horizon, parts = int(table["t"].max()), []
    for name, algorithms in GAMES.items():
        mine = table.where(game=name, t=horizon)
        means = ", ".join(f"{STYLES[a][0]} {mine.where(algorithm=a)['regret'].mean():.0f}" for a in algorithms)
        parts.append(f"{name}: {means}; bound {bound(name, horizon):.0f}")
    return (
        f"Mean regret after T = {horizon:,} rounds. {'. '.join(parts)}. Labels of rejected instances are never seen, "
        "and the learners still find the best policy; its loss in items tells more than the sum."
    )


FIRST, SECOND = GAMES
FIGURE = Figure(
    slug="exp2",
    title="One-sided and semi-bandit feedback: CSB-Exp2, CSB-FTPL, Exp2",
    paper="bechavod2023individually",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.5, 4.1),
    conclusions=(
        pair("csb_exp2", "uniform", FIRST),
        pair("csb_ftpl", "uniform", FIRST),
        pair("csb_exp2", "uniform", SECOND),
        pair("csb_exp2", "exp2", SECOND),
    ),
    caption=caption,
)
