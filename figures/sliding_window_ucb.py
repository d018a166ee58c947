"""Regret against how much is forgotten, on the published piecewise-stationary problems (our figure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style
from theorylab.rooms.proofs_checks.bandits.restarting import published_problem

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Figure, Outcome, Table

HORIZON, CHANGES = 5000, 4
SCALES = (20, 50, 100, 200, 400, 1000, 5000)  # rounds that count: the window, or 1 / (1 - discount)
PRESETS = {
    "smoke": {"runs": 6, "scales": (50, 200, 5000)},
    "quick": {"runs": 30, "scales": SCALES},
    "paper": {"runs": 1000, "scales": SCALES},
}
LOOKS = {
    "sliding window": ("blue", _style.DASHES[0]),
    "discount": ("vermillion", _style.DASHES[1]),
}


def regrets(task: Mapping[str, Any]) -> dict[str, Any]:
    """Final regrets of the runs of one policy at one scale."""
    from theorylab.bandits.nonstationary import discounted_ucb, sliding_window_ucb

    bandit, scale = published_problem(task["problem"], HORIZON), task["scale"]
    found = []
    for i in range(task["runs"]):
        seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), i)
        if task["policy"] == "discount":
            run = discounted_ucb(
                bandit, HORIZON, index="kl", discount=1.0 - 1.0 / scale, checkpoints=[HORIZON], rng=seed
            )
        else:
            run = sliding_window_ucb(bandit, HORIZON, index="kl", window=scale, checkpoints=[HORIZON], rng=seed)
        found.append(float(run.regret[-1]))
    return {"regret": found}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"problem": problem, "policy": policy, "scale": scale, "runs": parameters["runs"], **seed}
        for problem in (1, 2)
        for policy in LOOKS
        for scale in parameters["scales"]
    ]
    rows = [
        (task["problem"], task["policy"], task["scale"], i, regret)
        for task, got in zip(tasks, sweep(regrets, tasks), strict=True)
        for i, regret in enumerate(got["regret"])
    ]
    names = ("problem", "policy", "scale", "run", "regret")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"scale": "rounds", "regret": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """One panel a problem; vertical lines are the published tunings."""
    from theorylab.bandits.nonstationary.discounted_ucb import default_discount
    from theorylab.bandits.nonstationary.sliding_window_ucb import default_window

    tuned = {
        "sliding window": default_window(HORIZON, CHANGES),
        "discount": 1.0 / (1.0 - default_discount(HORIZON, CHANGES)),
    }
    panels = figure.subplots(1, 2, sharey=True)
    for axes, problem in zip(panels, (1, 2), strict=True):
        for policy, (name, dash) in LOOKS.items():
            mine = table.where(problem=problem, policy=policy)
            scales = np.array(mine.unique("scale"))
            matrix = mine["regret"].reshape(len(scales), -1).T
            _style.band(axes, scales, matrix, policy, _style.COLOURS[name], dash=dash)
            axes.axvline(tuned[policy], color=_style.COLOURS[name], linewidth=0.8, linestyle=dash, alpha=0.7)
        axes.set(xscale="log", title=f"problem {problem}", xlabel="window, or 1/(1 - discount) (rounds)")
    panels[0].set_ylabel(f"dynamic regret at T = {HORIZON} (reward)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=2, title=f"{_style.BANDS['t']}; vertical: published tuning",
        title_fontsize=7,
    )  # fmt: skip


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    words = []
    for problem in (1, 2):
        mine = table.where(problem=problem, policy="sliding window")
        means = {s: float(mine.where(scale=s)["regret"].mean()) for s in mine.unique("scale")}
        best = min(means, key=lambda s: means[s])
        words.append(
            f"problem {problem}: best window {best} ({means[best]:.0f}), never forgetting {means[HORIZON]:.0f}"
        )
    said = "; ".join(words).capitalize()
    return f"Mean dynamic regret at T = {HORIZON} against the memory of the policy, KL indices. {said}."


FIGURE = Figure(
    slug="sliding_window_ucb",
    title="How much to forget",
    paper="garivier2011upper",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.0, 3.6),
    conclusions=(
        replace(
            Below(
                200,  # type: ignore[arg-type]
                5000,  # type: ignore[arg-type]
                column="regret",
                group="scale",
                name="forgetting helps on problem 1",
                source="garivier2011upper",
                problem=1,
                policy="sliding window",
            ),
            statement="problem 1: a window of 200 rounds has less regret than never forgetting (5000)",
        ),
    ),
    caption=caption,
)
