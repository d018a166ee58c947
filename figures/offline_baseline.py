"""A baseline learned from data: what it certifies, and what the safe learners gain from it (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.mdp.episodic.environments import named_problem
from theorylab.mdp.episodic.planning import backward_induction
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

PROBLEM = "dirichlet-3-3-h3-seed5"
PRESETS = {
    "smoke": {"episodes": 1_000, "runs": 3, "sizes": (400, 1600, 6400)},
    "quick": {"episodes": 10_000, "runs": 8, "sizes": (400, 1600, 6400, 25_600)},
    "paper": {"episodes": 300_000, "runs": 50, "sizes": (400, 1600, 6400, 25_600, 102_400)},
}
LEARNERS = {"StepMix": "blue", "EpsMix": "vermillion"}
MEASURED = ("regret", "violations", "certified")
GIVEN = 0  # in the place of the size: the behaviour itself is the baseline, and its value is known


def one_run(task: Mapping[str, Any]) -> dict[str, float]:
    """Regret, violations and certified value of one learner with one data set."""
    from theorylab.mdp.episodic.epsmix import epsmix
    from theorylab.mdp.episodic.offline_baseline import epsmix_offline, stepmix_offline
    from theorylab.mdp.episodic.stepmix import stepmix

    found = named_problem(PROBLEM)
    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    common = {"threshold": found.threshold, "checkpoints": (task["episodes"],), "rng": seed}
    if task["size"] == GIVEN:
        learner = {"StepMix": stepmix, "EpsMix": epsmix}[task["learner"]]
        run = learner(
            found.mdp, task["episodes"], baseline=found.baseline, baseline_value=found.baseline_value, **common
        )
        certified = found.baseline_value
    else:
        with_data = {"StepMix": stepmix_offline, "EpsMix": epsmix_offline}[task["learner"]]
        run = with_data(found.mdp, task["episodes"], behaviour=found.baseline, offline_episodes=task["size"], **common)
        certified = run.extra["offline"]["lower_value"]
    return {"regret": float(run.regret[-1]), "violations": float(run.violations[-1]), "certified": float(certified)}


def label(learner: str, size: int) -> str:
    """What the table calls a learner with a data set."""
    return f"{learner}, given" if size == GIVEN else f"{learner}, n = {size}"


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a learner, size of the data set and run; ``run`` -1 holds the bound."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"learner": learner, "size": size, "run": i, "episodes": parameters["episodes"], **seed}
        for learner in LEARNERS
        for size in (GIVEN, *parameters["sizes"])
        for i in range(parameters["runs"])
    ]
    rows = [
        (label(t["learner"], t["size"]), t["learner"], t["size"], t["run"], *(r[column] for column in MEASURED))
        for t, r in zip(tasks, sweep(one_run, tasks), strict=True)
    ]
    rows += [("bound", "bound", size, -1, 0.0, 0.0, guaranteed(size)) for size in parameters["sizes"]]
    names = ("algorithm", "learner", "size", "run", *MEASURED)
    units = {"regret": "reward", "certified": "reward", "size": "episodes"}
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), units)


def guaranteed(size: int) -> float:
    """V* less the derived bound, at least 0."""
    from theorylab.mdp.episodic.offline_baseline import offline_loss_bound

    found = named_problem(PROBLEM)
    best = backward_induction(found.mdp).policy
    return max(0.0, found.optimal_value - offline_loss_bound(found.mdp, found.baseline, best, size, delta=0.025))


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Left what the data certifies, right the regret."""
    found, sizes = named_problem(PROBLEM), np.array(parameters["sizes"])
    left, right = figure.subplots(1, 2)
    values = [table.where(algorithm=label("StepMix", n))["certified"] for n in sizes.tolist()]
    _style.band(left, sizes, np.array(values).T, "certified value", _style.COLOURS["green"], interval="quantile")
    _style.bound_line(left, sizes, table.where(learner="bound")["certified"], "$V^*$ less the derived bound")
    for height, name, dash in (
        (found.optimal_value, "$V^*$", "-"), (found.baseline_value, "behaviour", (0, (5, 1.5))),
        (found.threshold, "threshold", (0, (1, 1))),
    ):  # fmt: skip
        left.axhline(height, color=_style.COLOURS["orange"], linewidth=1.0, linestyle=dash, label=name)
    left.set(xscale="log", xlabel="episodes in the data set", ylabel="value (reward)", ylim=(0.0, None))
    for (learner, shade), dash in zip(LEARNERS.items(), _style.DASHES, strict=False):
        colour = _style.COLOURS[shade]
        matrix = np.array([table.where(algorithm=label(learner, n))["regret"] for n in sizes.tolist()]).T
        _style.band(right, sizes, matrix, f"{learner}, learned baseline", colour, interval="quantile", dash=dash)
        height = float(table.where(algorithm=label(learner, GIVEN))["regret"].mean())
        right.axhline(height, color=colour, linewidth=1.0, linestyle=(0, (1, 1)), label=f"{learner}, behaviour given")
    right.set(
        xscale="log", xlabel="episodes in the data set",
        ylabel=f"regret of {parameters['episodes']:,} online episodes",
    )  # fmt: skip
    (handles, labels), (more, names) = (axes.get_legend_handles_labels() for axes in (left, right))
    figure.legend(
        handles + more,
        labels + names,
        loc="outside upper center",
        ncols=3,
        title=_style.BANDS["quantile"],
        title_fontsize=7,
    )


def never_violates(table: Table, alpha: float) -> Outcome:
    """No run with a learned baseline violates in any episode."""
    runs = np.flatnonzero((table["run"] >= 0) & (table["size"] != GIVEN))
    broken = int((table["violations"][runs] > 0).sum())
    return Outcome("refuted" if broken else "supported", f"{broken} of {len(runs)} runs violate")


def less_than_given(learner: str) -> Conclusion:
    """With the largest data set of the table."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        return Below(
            label(learner, int(table["size"].max())), label(learner, GIVEN), column="regret", source="ours"
        ).evaluate(table, alpha)

    said = f"with the largest data set {learner} has less regret than with the behaviour as its baseline"
    return Conclusion(f"{learner}: a learned baseline pays", said, "ours", evaluate)


def grows(table: Table, alpha: float) -> Outcome:
    """The certified value grows from the smallest to the largest data set."""
    sizes = sorted(n for n in table.unique("size") if n != GIVEN)
    ends = (label("StepMix", n) for n in (sizes[0], sizes[-1]))
    return Below(*ends, column="certified", source="ours").evaluate(table, alpha)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    sizes = sorted(n for n in table.unique("size") if n != GIVEN)

    def mean(learner: str, size: int, column: str = "regret") -> float:
        return float(table.where(algorithm=label(learner, size))[column].mean())

    found = named_problem(PROBLEM)
    broken = int((table["violations"] > 0).sum())
    parts = [
        f"{learner} {mean(learner, GIVEN):.3g} with the behaviour itself as baseline, {mean(learner, sizes[0]):.3g} "
        f"with {sizes[0]:,} and {mean(learner, sizes[-1]):.3g} with {sizes[-1]:,} episodes of data"
        for learner in LEARNERS
    ]
    return (
        f"The data certifies {mean('StepMix', sizes[0], 'certified'):.3g} (n = {sizes[0]:,}) to "
        f"{mean('StepMix', sizes[-1], 'certified'):.3g} (n = {sizes[-1]:,}) of the optimal {found.optimal_value:.3g}. "
        f"Online regret: {'; '.join(parts)}. Already the smallest data set finds a better policy than its teacher's; "
        f"more data certifies more, and helps little beyond that. "
        f"{'No run violates.' if not broken else f'{broken} runs violate.'} The data is not free: {sizes[-1]:,} "
        f"episodes of the behaviour cost {sizes[-1] * found.gap:.3g} of regret before the learner starts. The paper's "
        "own experiment with an offline baseline could not be read; instance and sizes are ours."
    )


FIGURE = Figure(
    slug="offline_baseline",
    title="A baseline learned from data",
    paper="li2023near",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(9.0, 4.0),
    conclusions=(
        Conclusion("no violation", "no run with a learned baseline violates", "derived here", never_violates),
        Conclusion("more data certifies more", "the certified value grows with the data", "derived here", grows),
        *(less_than_given(learner) for learner in LEARNERS),
    ),
    caption=caption,
)
