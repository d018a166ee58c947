"""A linear program inside the constraint: regret beside the mixing learners, and two signals that disagree (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.mdp.episodic.environments import named_problem
from theorylab.mdp.episodic.occupancy_program import evaluate_law
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

PROBLEM, SIGNALS = "dirichlet-3-3-h3-seed5", "two signals"
PRESETS = {
    "smoke": {"episodes": 2_000, "runs": 3},
    "quick": {"episodes": 20_000, "runs": 8},
    "paper": {"episodes": 300_000, "runs": 50},
}
DERIVED, PLAIN = "LP, derived weight", "LP, weight 1"
LEARNERS = {
    "constraint-free": ("ucbvi", {}, "vermillion"),
    "StepMix": ("stepmix", {}, "blue"),
    "EpsMix": ("epsmix", {}, "green"),
    DERIVED: ("optpess_lp", {}, "purple"),
    PLAIN: ("optpess_lp", {"optimism": 1.0}, "black"),
}
PROGRAMS = (DERIVED, PLAIN)


def checkpoints(episodes: int) -> Any:
    """About thirty episodes from 10 to the last."""
    return np.unique(np.rint(np.geomspace(10, episodes, 30)).astype(np.int64))


def two_signals() -> tuple[Any, dict[str, Any]]:
    """The tiny model with the constraint g = 1 - r, a uniform baseline, and a tenth of its value as the margin."""
    mdp = named_problem("tiny").mdp
    signal, law = 1.0 - mdp.R, np.full(mdp.R.shape, 0.5)
    value = evaluate_law(mdp.P, signal, law, mdp.start)
    return mdp, {"baseline": law, "constraint_rewards": signal, "threshold": 0.9 * value}


def one_run(task: Mapping[str, Any]) -> dict[str, list[float]]:
    """Regret, and the value of the constraint less the threshold, at the checkpoints."""
    import importlib

    slug, more, _ = LEARNERS[task["learner"]]
    algorithm = getattr(importlib.import_module(f"theorylab.mdp.episodic.{slug}"), slug)
    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    if task["panel"] == SIGNALS:
        mdp, given = two_signals()
    else:
        found = named_problem(PROBLEM)
        mdp, given = found.mdp, {"baseline": found.baseline, "threshold": found.threshold}
    if slug == "ucbvi":
        del given["baseline"]
    times = checkpoints(task["episodes"])
    traced = task["panel"] == SIGNALS
    run = algorithm(mdp, task["episodes"], checkpoints=times, rng=seed, trace=traced, **given, **more)
    value = np.asarray(run.trace["constraint_values"])[times - 1] if traced else run.value
    margin = value - given["threshold"]
    return {
        "regret": run.regret.tolist(),
        "margin": margin.tolist(),
        "violations": run.violations.astype(float).tolist(),
    }


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a panel, learner, run and checkpoint."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"panel": panel, "learner": learner, "run": i, "episodes": parameters["episodes"], **seed}
        for panel, learners in ((PROBLEM, tuple(LEARNERS)), (SIGNALS, PROGRAMS))
        for learner in learners
        for i in range(parameters["runs"])
    ]
    times = checkpoints(parameters["episodes"]).tolist()
    rows = [
        (task["panel"], task["learner"], task["run"], t, *values)
        for task, got in zip(tasks, sweep(one_run, tasks), strict=True)
        for t, *values in zip(times, got["regret"], got["margin"], got["violations"], strict=True)
    ]
    names = ("panel", "algorithm", "run", "t", "regret", "margin", "violations")
    units = {"t": "episodes", "regret": "reward", "margin": "reward", "violations": "episodes"}
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), units)


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Regret of one signal, regret and margin of two."""
    panels = figure.subplots(1, 3)
    times = checkpoints(parameters["episodes"])
    shown = ((PROBLEM, "regret"), (SIGNALS, "regret"), (SIGNALS, "margin"))
    for axes, (panel, what) in zip(panels, shown, strict=True):
        for (name, (_, _, shade)), dash in zip(LEARNERS.items(), _style.DASHES, strict=False):
            mine = table.where(panel=panel, algorithm=name)
            if not len(mine):
                continue
            matrix = mine[what].reshape(-1, len(times))
            label = name if panel == PROBLEM else "_"
            _style.band(axes, times, matrix, label, _style.COLOURS[shade], interval="quantile", dash=dash)
        axes.set(xscale="log", xlabel="episodes")
    panels[0].set(title="reward and constraint the same", ylabel="regret (reward)", yscale="log")
    panels[1].set(title="two signals", ylabel="regret (reward)", yscale="log")
    panels[2].set(title="two signals", ylabel="constraint value less threshold")
    _style.bound_line(panels[2], times, np.zeros(len(times)), "_")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=5, title=_style.BANDS["quantile"], title_fontsize=7
    )


def last(table: Table, panel: str, name: str, column: str) -> Any:
    """The values of all runs after the last episode."""
    return table.where(panel=panel, algorithm=name, t=int(table["t"].max()))[column]


def never_violates(table: Table, alpha: float) -> Outcome:
    """No run of the program violates on either problem."""
    found = broken(table)
    return Outcome("refuted" if found else "supported", f"{found:.0f} violations")


def broken(table: Table) -> float:
    """Episodes of the program that violate, over all runs."""
    pairs = [(panel, name) for panel in (PROBLEM, SIGNALS) for name in PROGRAMS]
    return sum(float(last(table, panel, name, "violations").sum()) for panel, name in pairs)


def below(lower: str, upper: str, panel: str, name: str) -> Conclusion:
    """At the last episode."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        at = {"panel": panel, "t": int(table["t"].max())}
        return Below(lower, upper, column="regret", source="ours", **at).evaluate(table, alpha)

    return Conclusion(name, f"at the last episode {lower} has less regret than {upper}", "ours", evaluate)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    horizon = int(table["t"].max())
    regrets = ", ".join(f"{last(table, PROBLEM, name, 'regret').mean():.3g} ({name})" for name in LEARNERS)
    pair = [last(table, SIGNALS, name, "regret").mean() for name in PROGRAMS]
    found = named_problem(PROBLEM)
    weight = 1.0 + 4.0 * found.mdp.horizon / found.margin
    safe = (
        "The program never violates" if broken(table) == 0 else f"The program violates in {broken(table):.0f} episodes"
    )
    return (
        f"Regret after {horizon:,} episodes with one signal: {regrets}. {safe}. The weight that makes it provably "
        f"optimistic (1 + 4H/margin = {weight:.0f}) makes it explore almost all the time; with weight 1 it is as safe "
        f"and about as good as the mixing learners. With two signals that disagree: {pair[0]:.3g} and {pair[1]:.3g}, "
        "against the best policy that satisfies the constraint; the margin shrinks as the optimum lies on the "
        "constraint. The paper's constants and experiments could not be read: bonus, weight, instances are ours."
    )


FIGURE = Figure(
    slug="optpess_lp",
    title="OptPess-LP: optimism inside a pessimistic constraint",
    paper="liu2021learning",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(11.0, 4.0),
    conclusions=(
        Conclusion(
            "no violation", "the program violates in no run, with one signal or two", "Theorem P", never_violates
        ),
        below(PLAIN, DERIVED, PROBLEM, "the derived weight costs"),
        below("StepMix", DERIVED, PROBLEM, "StepMix below the program with the derived weight"),
        below(PLAIN, DERIVED, SIGNALS, "the derived weight costs with two signals"),
    ),
    caption=caption,
)
