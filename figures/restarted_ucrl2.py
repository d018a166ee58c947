"""[jaksch2010near], Theorem 6: when scheduled restarts help and when they hurt.

Both models change at the 13 steps of Figure 2 of [alami2023restarted]; the learner with restarts is told their number.
"""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures._style import COLOURS, band

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Figure, Outcome, Table

DELTA = 0.05
HORIZON = 52_000  # of Figure 2 of [alami2023restarted]
SMALL = 0.1
TITLES = {
    "two states": "two states, the paying one changes:\nquickly relearnt",
    "dense": "dense random, 4 states, 7 actions:\nslowly relearnt",
}
LEARNERS: dict[str, tuple[str, float]] = {
    "UCRL2": ("ucrl2", 1.0),
    "with restarts": ("restarted_ucrl2", 1.0),
    "UCRL2, radii x0.1": ("ucrl2", SMALL),
    "with restarts, radii x0.1": ("restarted_ucrl2", SMALL),
}
LOOK = {
    "UCRL2": (COLOURS["blue"], "-"),
    "with restarts": (COLOURS["vermillion"], "-"),
    "UCRL2, radii x0.1": (COLOURS["sky"], (0, (5, 1.5))),
    "with restarts, radii x0.1": (COLOURS["orange"], (0, (5, 1.5))),
}
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"horizon": 5_200, "runs": 3},
    "quick": {"horizon": HORIZON, "runs": 10},
    "paper": {"horizon": HORIZON, "runs": 100},
}


def changes(horizon: int) -> list[int]:
    """The steps of the changes, moved together for a shorter horizon."""
    from theorylab.mdp.environments import FIGURE_2_STARTS

    return [start * horizon // HORIZON for start in FIGURE_2_STARTS[1:]]


def model_of(name: str, horizon: int) -> Any:
    """The piecewise-stationary model of a panel."""
    from theorylab.rooms.proofs_checks.average_reward.shared import swapped_two_state

    from theorylab.mdp.environments import piecewise_dirichlet
    from theorylab.mdp.piecewise import PiecewiseStationaryMDP

    starts = (0, *changes(horizon))
    if name == "dense":
        return piecewise_dirichlet(4, 7, starts=starts, rng=0).with_reward_law("bernoulli")
    pair = swapped_two_state(1, slip=0.2, noise=0.1).pieces
    return PiecewiseStationaryMDP(tuple(pair[i % 2] for i in range(len(starts))), starts, name="alternating two-state")


def one_run(task: Mapping[str, Any]) -> dict[str, Any]:
    """One run of one learner: times and regret."""
    from theorylab.mdp.average_reward.restarted_ucrl2 import restarted_ucrl2
    from theorylab.mdp.average_reward.ucrl2 import ucrl2

    algorithm = {"ucrl2": ucrl2, "restarted_ucrl2": restarted_ucrl2}[task["algorithm"]]
    rng = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=tuple(task["spawn_key"])), task["run"])
    run = algorithm(
        model_of(task["model"], task["horizon"]), task["horizon"], delta=DELTA, scale=task["scale"], rng=rng
    )
    return {"times": np.asarray(run.times), "regret": np.asarray(run.regret)}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """Long form: model, algorithm, run, t, regret."""
    seed = seed_of(rng)
    tasks = [
        {
            "model": model, "learner": learner, "algorithm": algorithm, "scale": scale, "run": run,
            "horizon": parameters["horizon"], "entropy": seed["entropy"], "spawn_key": list(seed["spawn_key"]),
        }
        for model in TITLES
        for learner, (algorithm, scale) in LEARNERS.items()
        for run in range(parameters["runs"])
    ]  # fmt: skip
    tables = []
    for task, found in zip(tasks, sweep(one_run, tasks), strict=True):
        size = len(found["times"])
        columns = {"model": np.full(size, task["model"]), "algorithm": np.full(size, task["learner"])}
        columns |= {"run": np.full(size, task["run"]), "t": found["times"], "regret": found["regret"]}
        columns["last"] = found["times"] == parameters["horizon"]
        tables.append(Table(columns, {"regret": "reward", "t": "steps"}))
    return Table.concatenate(tables)


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Two panels: mean regret with bands; grey lines are changes, ticks below are restarts."""
    from theorylab.mdp.average_reward.restarted_ucrl2 import restart_schedule

    horizon = int(parameters["horizon"])
    restarts = restart_schedule(horizon, len(changes(horizon)) + 1)
    panels = figure.subplots(1, 2)
    for axes, model in zip(panels, TITLES, strict=True):
        rows = table.where(model=model)
        for change in changes(horizon):
            axes.axvline(change / 1000, color="0.8", linewidth=0.8, zorder=0)
        for learner, (color, dash) in LOOK.items():
            mine = rows.where(algorithm=learner)
            runs = [mine.where(run=r) for r in mine.unique("run")]
            band(axes, runs[0]["t"] / 1000, np.array([r["regret"] for r in runs]), learner, color, dash=dash)
        axes.plot(restarts / 1000, np.full(len(restarts), -0.03), "|", color="0.35", markersize=5, markeredgewidth=0.5,
                  transform=axes.get_xaxis_transform(), clip_on=False)  # fmt: skip
        axes.tick_params(axis="x", pad=12, length=0)
        axes.grid(axis="x", visible=False)
        axes.set_title(TITLES[model], fontsize=9)
        axes.set_xlabel("steps (thousands)")
        axes.set_xlim(0, horizon / 1000)
        axes.set_ylim(bottom=0)
    panels[0].set_ylabel("regret")
    handles, labels = panels[0].get_legend_handles_labels()
    title = "mean, band: 95% t-interval of the mean; grey lines: changes of the model; ticks below: restarts"
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False, title=title, title_fontsize=7)


CONCLUSIONS = (
    Below("with restarts", "UCRL2", column="regret", source="ours", name="restarts help where relearning is quick", model="two states", last=True),
    Below("UCRL2", "with restarts", column="regret", source="ours", name="restarts hurt where it is slow", model="dense", last=True),
    Below(
        "with restarts, radii x0.1", "UCRL2, radii x0.1", column="regret", source="alami2023restarted, Figure 2",
        name="they help there with small radii", model="dense", last=True,
    ),
)  # fmt: skip


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """What a stranger should take home."""
    told = {name: f"{outcome.detail}: {outcome.verdict}" for name, outcome in outcomes.items()}
    return (
        f"Regret of UCRL2 with and without the restarts of Theorem 6 on models that change 13 times in {int(table['t'].max()):,} steps. "
        "On two states the learner recovers within a phase, and restarts save most of the regret "
        f"({told['restarts help where relearning is quick']}). On the dense model no phase is long enough for the theorem's radii, "
        f"and restarting makes UCRL2 worse ({told['restarts hurt where it is slow']}). With a tenth of the radii, for which no theorem "
        f"holds, restarts help there too ({told['they help there with small radii']})."
    )


FIGURE = Figure(
    slug="restarted_ucrl2",
    title="Scheduled restarts: where they help and where they hurt",
    paper="jaksch2010near",
    number="ours, for Theorem 6",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.0, 4.0),
    conclusions=CONCLUSIONS,
    caption=caption,
)
