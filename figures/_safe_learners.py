"""The learners of the figures about safe exploration, run side by side in the same environment."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep
from theorylab.verify.figure import Conclusion, Outcome, Table

__all__ = [
    "COLOURS",
    "LEARNERS",
    "always_safe",
    "catches_up",
    "checkpoints",
    "last",
    "learner_rows",
    "one_sided",
    "some_violation",
    "table_of",
]

HOME = "theorylab.mdp.episodic"
LEARNERS = {
    "constraint-free": "ucbvi",
    "cumulative": "cucbvi",
    "StepMix": "stepmix",
    "EpsMix": "epsmix",
    "LP": "optpess_lp",
}
COLOURS = {
    "constraint-free": "vermillion",
    "cumulative": "orange",
    "StepMix": "blue",
    "EpsMix": "green",
    "LP": "purple",
}
QUANTITIES = ("regret", "margin", "violations", "cumulative violations", "greedy")


def checkpoints(episodes: int, n: int = 40) -> Any:
    """About ``n`` episodes from 1 to the last, evenly spaced on a log scale."""
    return np.unique(np.rint(np.geomspace(1, episodes, n)).astype(np.int64))


def keywords(name: str, problem: Any, scale: float) -> dict[str, Any]:
    """What a learner is told about a problem."""
    line, value = problem.threshold, problem.baseline_value
    if name == "constraint-free":
        return {"threshold": line, "scale": scale}
    if name == "cumulative":
        return {"baseline": problem.baseline, "baseline_value": value, "alpha": 1.0 - line / value, "scale": scale}
    told = {"baseline": problem.baseline, "threshold": line, "scale": scale}
    return {**told, "optimism": 1.0} if name == "LP" else told  # the derived weight explores almost for ever


def learner_run(task: Mapping[str, Any]) -> dict[str, list[float]]:
    """One run of one learner: its series over the checkpoints."""
    slug = LEARNERS[task["learner"]]
    algorithm = getattr(importlib.import_module(f"{HOME}.{slug}"), slug)
    problem = task["problem"]
    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    run = algorithm(
        problem.mdp,
        task["episodes"],
        checkpoints=checkpoints(task["episodes"]),
        rng=seed,
        **keywords(task["learner"], problem, task["scale"]),
    )
    columns = (
        run.regret,
        run.value - problem.threshold,
        run.violations,
        run.cumulative_violations,
        run.greedy_episodes / run.times,
    )
    return {name: np.asarray(column, dtype=float).tolist() for name, column in zip(QUANTITIES, columns, strict=True)}


def learner_rows(
    panel: str,
    problem: Any,
    learners: Sequence[str],
    *,
    episodes: int,
    runs: Mapping[str, int] | int,
    scale: float,
    sweep: Sweep,
    rng: RNGLike,
) -> list[tuple[str, str, str, int, int, float]]:
    """Rows (panel, algorithm, quantity, run, episode, value)."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"learner": name, "problem": problem, "episodes": episodes, "scale": scale, "run": i, **seed}
        for name in learners
        for i in range(runs if isinstance(runs, int) else runs[name])
    ]
    times = checkpoints(episodes).tolist()
    return [
        (panel, task["learner"], what, task["run"], t, v)
        for task, got in zip(tasks, sweep(learner_run, tasks), strict=True)
        for what, values in got.items()
        for t, v in zip(times, values, strict=True)
    ]


def table_of(rows: Sequence[tuple[str, str, str, int, int, float]]) -> Table:
    """The table of such rows."""
    names = ("panel", "algorithm", "quantity", "run", "t", "value")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return Table(columns, {"t": "episodes", "value": "reward, episodes or fraction"})


def last(table: Table, panel: str, name: str, quantity: str) -> Any:
    """The values of all runs at the last episode of a panel."""
    mine = table.where(panel=panel, algorithm=name, quantity=quantity)
    return mine.where(t=int(mine["t"].max()))["value"] if len(mine) else np.zeros(0)


def always_safe(name: str, panel: str, label: str, *, quantity: str = "violations") -> Conclusion:
    """No episode of any run violates."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        broken = last(table, panel, name, quantity)
        detail = f"{int(broken.sum())} violations in {len(broken)} run{'s' if len(broken) != 1 else ''}"
        return Outcome("refuted" if broken.sum() > 0 else "supported" if len(broken) else "inconclusive", detail)

    said = f"{name} has no {quantity.replace('violations', 'violation')} on the {label}"
    return Conclusion(said, f"{said}, in no run", "Theorem P", evaluate)


def some_violation(name: str, panel: str, label: str) -> Conclusion:
    """Most runs violate: the problem punishes a learner that ignores the constraint."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        broken = last(table, panel, name, "violations")
        hits = int((broken > 0).sum())
        p = float(stats.binomtest(hits, len(broken), 0.5, alternative="greater").pvalue) if len(broken) else 1.0
        detail = f"{hits} of {len(broken)} runs violate, {broken.mean():,.0f} episodes on average, p = {p:.2g}"
        return Outcome("supported" if p <= alpha else "inconclusive", detail, p)

    said = f"{name} violates on the {label}"
    return Conclusion(said, f"{said}, in most runs", "negative control", evaluate)


def one_sided(differences: Any) -> float:
    """The p-value of "the mean is not below 0"; runs that differ by rounding alone are one run that decides."""
    from scipy import stats

    values = np.asarray(differences, dtype=float)
    if np.ptp(values) <= 1e-9 * np.abs(values).max():
        return float(values[0] >= 0.0)
    return float(stats.ttest_1samp(values, 0.0, alternative="less").pvalue)


def catches_up(name: str, free: str, panel: str, factor: float) -> Conclusion:
    """Over the last half of the episodes the regret grows at most ``factor`` times as fast as without a constraint."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        grown = []
        for who in (name, free):
            mine = table.where(panel=panel, algorithm=who, quantity="regret")
            end = int(mine["t"].max())
            half = max(t for t in mine.unique("t") if t <= end / 2)
            grown.append(mine.where(t=end)["value"] - mine.where(t=half)["value"])
        mine, other = grown
        if len(mine) < 2:
            return Outcome("inconclusive", "fewer than two runs")
        p = one_sided(mine - factor * other)
        detail = f"{mine.mean():,.0f} against {other.mean():,.0f} in the last half, p = {p:.2g}"
        return Outcome("supported" if p <= alpha else "inconclusive", detail, p)

    said = f"once it has learnt, {name} regrets at most {factor:g} times as fast as {free}"
    return Conclusion(said, f"{said}, in the last half of the episodes", "Theorem P", evaluate)
