"""Policy regret of RAW-UCB, FEWA and UCB1 on rested rotting bandits (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Figure, Outcome, Table

SIGMA = 0.5
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"horizon": 2000, "runs": 4},
    "quick": {"horizon": 10_000, "runs": 20},
    "paper": {"horizon": 30_000, "runs": 200},
}
BANDITS = {"two": "two arms, one breaks down", "ten": "ten arms fade"}
LOOKS = {
    "RAW-UCB (α = 1)": ("blue", "-"),
    "RAW-UCB (α = 4)": ("sky", (0, (5, 1.5))),
    "FEWA (α = 0.06)": ("green", (0, (1, 1))),
    "UCB1": ("vermillion", (0, (5, 1, 1, 1))),
}


def tables(name: str, horizon: int) -> Any:
    """Two arms: .9, then 0 after a quarter of the horizon, against .45. Ten: linear, each to 0 at its own pace."""
    if name == "two":
        return [[0.9] * (horizon // 4) + [0.0], [0.45] * (horizon // 4 + 1)]
    pulls = np.arange(horizon)
    return [np.maximum(0.0, 0.9 - pulls / (horizon * (0.1 + 0.1 * i))) for i in range(10)]


def one_run(task: Mapping[str, Any]) -> dict[str, Any]:
    """Policy regret of one run at the checkpoints."""
    from theorylab.bandits import RottingBandit
    from theorylab.bandits.lsd import fewa, raw_ucb
    from theorylab.bandits.stochastic import ucb1

    T, who = task["horizon"], task["policy"]
    bandit = RottingBandit(tables(task["bandit"], T), noise="gaussian", sigma=SIGMA)
    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    options: dict[str, Any] = {
        "checkpoints": np.unique(np.rint(np.linspace(1, T, 61)).astype(np.int64))[1:],
        "rng": seed,
    }
    if who == "UCB1":
        run = ucb1(bandit, T, **options)
    elif who.startswith("FEWA"):
        run = fewa(bandit, T, **options)
    else:
        run = raw_ucb(bandit, T, alpha=float(who[-2]), **options)
    return {"t": run.times.tolist(), "regret": run.regret.tolist()}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run and checkpoint."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"bandit": b, "policy": who, "run": i, "horizon": parameters["horizon"], **seed}
        for b in BANDITS
        for who in LOOKS
        for i in range(parameters["runs"])
    ]
    rows: list[tuple[Any, ...]] = []
    for task, got in zip(tasks, sweep(one_run, tasks), strict=True):
        rows += [
            (task["bandit"], task["policy"], task["run"], t, t == got["t"][-1], r)
            for t, r in zip(got["t"], got["regret"], strict=True)
        ]
    names = ("bandit", "policy", "run", "t", "last", "regret")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "rounds", "regret": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """One panel a bandit."""
    panels = figure.subplots(1, 2)
    for axes, (bandit, title) in zip(panels, BANDITS.items(), strict=True):
        for who, (colour, dash) in LOOKS.items():
            mine = table.where(bandit=bandit, policy=who)
            times = np.unique(mine["t"])
            matrix = mine["regret"].reshape(-1, len(times))
            _style.band(axes, times, matrix, who, _style.COLOURS[colour], interval="quantile", dash=dash)
        axes.set(xlabel="T (rounds)", title=title, yscale="log")
    panels[0].set_ylabel("policy regret (reward)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=4, title=_style.BANDS["quantile"], title_fontsize=7
    )


def lower(first: str, second: str, bandit: str) -> Any:
    """At the horizon."""
    test = Below(
        first, second, column="regret", group="policy", source="ours", bandit=bandit, last=True,
        name=f"{first} below {second}: {BANDITS[bandit]}",
    )  # fmt: skip
    return replace(test, statement=f"{BANDITS[bandit]}: regret of {first} is below that of {second}")


CONCLUSIONS = (
    lower("RAW-UCB (α = 1)", "UCB1", "two"),
    lower("FEWA (α = 0.06)", "UCB1", "two"),
    lower("RAW-UCB (α = 1)", "RAW-UCB (α = 4)", "ten"),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    end = table.where(last=True)
    horizon = int(end["t"].max())
    said = {
        bandit: ", ".join(f"{who}: {end.where(bandit=bandit, policy=who)['regret'].mean():.0f}" for who in LOOKS)
        for bandit in BANDITS
    }
    return (
        f"Policy regret at T = {horizon:,}, Gaussian noise of sigma {SIGMA:g}, geometric windows. Two arms, of which "
        f"the better one breaks down after a quarter of the rounds: {said['two']}. Ten arms that fade at different "
        f"paces: {said['ten']}. UCB1's mean of all rewards takes long to believe that an arm is broken; the windows "
        "see it after a few pulls. Where all arms fade slowly UCB1 stays in their range."
    )


FIGURE = Figure(
    slug="rotting",
    title="Rotting bandits: windows against the mean of all rewards",
    paper="seznec2020single",
    number="own",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(9.0, 4.2),
    conclusions=CONCLUSIONS,
    caption=caption,
)
