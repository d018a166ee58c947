"""EpsMix against StepMix: regret, and from when on the greedy policy is played without reservation (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style
from theorylab.rooms.proofs_checks.episodic.epsmix_proof import theorem_p_epsmix

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.mdp.episodic.environments import named_problem
from theorylab.verify.cases import Case
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

RIVER, DIRICHLET = "riverswim-4-h10", "dirichlet-3-3-h3-seed5"
TITLES = {RIVER: "RiverSwim-4, H = 10, bonuses x 0.3 (no theorem)", DIRICHLET: "Dirichlet(3, 3), H = 3"}
NAMES = {RIVER: "RiverSwim-4", DIRICHLET: "the Dirichlet model"}
SCALES = {RIVER: 0.3, DIRICHLET: 1.0}
PRESETS = {
    "smoke": {"episodes": {RIVER: 10_000, DIRICHLET: 20_000}, "runs": 4},
    "quick": {"episodes": {RIVER: 60_000, DIRICHLET: 150_000}, "runs": 8},
    "paper": {"episodes": {RIVER: 200_000, DIRICHLET: 1_000_000}, "runs": 50},
}
LEARNERS = {"EpsMix": "blue", "StepMix": "vermillion", "UCBVI": "green"}
QUANTITIES = ("regret", "greedy", "violations")


def checkpoints(episodes: int) -> Any:
    """Fifty times from 10 to the last episode."""
    return np.unique(np.rint(np.geomspace(10, episodes, 50)).astype(np.int64))


def series(task: Mapping[str, Any]) -> dict[str, dict[str, list[float]]]:
    """Learner -> quantity -> values at the checkpoints; all learners in the same environment."""
    from theorylab.mdp.episodic.epsmix import epsmix
    from theorylab.mdp.episodic.stepmix import stepmix
    from theorylab.mdp.episodic.ucbvi import ucbvi

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    safe, times = named_problem(task["problem"]), checkpoints(task["episodes"])
    common: dict[str, Any] = {
        "threshold": safe.threshold,
        "checkpoints": times,
        "scale": SCALES[task["problem"]],
        "rng": seed,
    }
    given: dict[str, Any] = {"baseline": safe.baseline, "baseline_value": safe.baseline_value, **common}
    runs = {
        "EpsMix": epsmix(safe.mdp, task["episodes"], **given),
        "StepMix": stepmix(safe.mdp, task["episodes"], **given),
        "UCBVI": ucbvi(safe.mdp, task["episodes"], **common),
    }
    return {
        name: {
            "regret": run.regret.tolist(),
            "greedy": (run.greedy_episodes / times).tolist(),
            "violations": run.violations.astype(float).tolist(),
        }
        for name, run in runs.items()
    }


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a problem, learner, quantity, run and checkpoint."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"problem": problem, "run": i, "episodes": parameters["episodes"][problem], **seed}
        for problem in TITLES
        for i in range(parameters["runs"])
    ]
    rows: list[tuple[str, str, str, int, int, float]] = []
    for task, got in zip(tasks, sweep(series, tasks), strict=True):
        times = checkpoints(task["episodes"]).tolist()
        for name, quantities in got.items():
            for what, values in quantities.items():
                rows += [(task["problem"], name, what, task["run"], t, v) for t, v in zip(times, values, strict=True)]
    names = ("problem", "algorithm", "quantity", "run", "t", "value")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "episodes", "value": "reward or share"})


def bounds(problem: str, times: Any) -> tuple[Any, Any]:
    """Theorem P (iii), and the regret of a learner that never earns anything."""
    safe = named_problem(problem)
    given = {"baseline": safe.baseline, "threshold": safe.threshold, "baseline_value": safe.baseline_value}
    case = Case(problem, safe.mdp, int(times[-1]), given, 1, "figure")
    return np.array([theorem_p_epsmix(case.with_horizon(int(k))) for k in times]), safe.optimal_value * times


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Above the regret, below the share of episodes with epsilon 1; a column for each problem."""
    axes = figure.subplots(2, 2, sharex="col")
    for column, problem in enumerate(TITLES):
        times = checkpoints(parameters["episodes"][problem])
        for (name, shade), dash in zip(LEARNERS.items(), _style.DASHES, strict=False):
            for row, what in enumerate(("regret", "greedy")):
                if name == "UCBVI" and what == "greedy":
                    continue
                matrix = table.where(problem=problem, algorithm=name, quantity=what)["value"].reshape(-1, len(times))
                label = name if row == column == 0 else "_"
                colour = _style.COLOURS[shade]
                _style.band(axes[row, column], times, matrix, label, colour, interval="quantile", dash=dash)
        if problem == DIRICHLET:
            theorem, most = bounds(problem, times)
            _style.bound_line(axes[0, column], times, theorem, "Theorem P (iii)")
            axes[0, column].plot(times, most, color="grey", linewidth=0.8, linestyle=":", label="$K V^*$")
        axes[0, column].set(xscale="log", yscale="log", title=TITLES[problem])
        axes[1, column].set(xscale="log", ylim=(-0.02, 1.02), xlabel="k (episodes)")
    axes[0, 0].set(ylabel="regret")
    axes[1, 0].set(ylabel="share of greedy episodes")
    figure.legend(loc="outside upper center", ncols=5, title=_style.BANDS["quantile"], title_fontsize=7)


def last(table: Table, problem: str, name: str, what: str) -> Any:
    """(n_runs,) values after the last episode."""
    rows = table.where(problem=problem, algorithm=name, quantity=what)
    return rows["value"][rows["t"] == rows["t"].max()]


def violations(name: str, problem: str, *, none: bool) -> Conclusion:
    """No run violates (or each of them does)."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        counts = last(table, problem, name, "violations")
        broken = int(np.sum(counts > 0))
        detail = f"{broken} of {len(counts)} runs violate, {int(counts.sum()):,} episodes"
        right = broken == 0 if none else broken == len(counts)
        return Outcome("supported" if right else "refuted", detail)

    said = "never violates" if none else "violates in every run"
    where = NAMES[problem]
    return Conclusion(f"{name} {said} on {where}", f"{name} {said} on {where}", "Theorem P", evaluate)


def less_regret(table: Table, alpha: float) -> Outcome:
    """EpsMix against StepMix after the last episode."""
    final = table.where(problem=RIVER, quantity="regret")
    rule = Below("EpsMix", "StepMix", column="value", source="ours", t=int(final["t"].max()))
    return rule.evaluate(final, alpha)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    parts = []
    for problem, title in TITLES.items():
        said = []
        for name in LEARNERS:
            regret, broken = last(table, problem, name, "regret"), last(table, problem, name, "violations")
            said.append(f"{name} regret {regret.mean():,.0f}, violating episodes a run {broken.mean():,.0f}")
        parts.append(f"{title}: {'; '.join(said)}.")
    theorem, most = bounds(DIRICHLET, np.array([int(table.where(problem=DIRICHLET)["t"].max())]))
    size = f"{theorem[0] / most[0]:.2g} times what can be lost at all"
    return (
        f"{' '.join(parts)} Both safe learners know the baseline's value. One coin for the whole episode explores more "
        "than StepMix's mixture at the last step, and pays less, where the horizon is long. Theorem P (iii) on the "
        f"Dirichlet model is {size}; on RiverSwim-4 it would speak from 1e9 episodes on at full bonuses. Instances, "
        "thresholds and bonuses are ours: the paper's could not be read."
    )


FIGURE = Figure(
    slug="epsmix",
    title="EpsMix and StepMix: regret, and the share of greedy episodes",
    paper="li2023near",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.4, 5.4),
    conclusions=(
        *(violations(name, problem, none=True) for name in ("EpsMix", "StepMix") for problem in TITLES),
        violations("UCBVI", RIVER, none=False),
        Conclusion(
            "EpsMix below StepMix", "regret of EpsMix is below that of StepMix on RiverSwim-4", "ours", less_regret
        ),
    ),
    caption=caption,
)
