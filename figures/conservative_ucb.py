"""Conservative UCB: who keeps the constraint, and how often the default is played (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import BernoulliBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

MEANS, ALPHA, DELTA = (0.5, 0.6, 0.1, 0.1), 0.3, 0.1
PRESETS = {
    "smoke": {"horizon": 20_000, "runs": 40},
    "quick": {"horizon": 100_000, "runs": 60},
    "paper": {"horizon": 500_000, "runs": 400},
}
ALGORITHMS = {"Conservative UCB": "blue", "BudgetFirst": "green", "UCB1": "vermillion"}


def checkpoints(horizon: int) -> Any:
    """Sixty times from 1 to the horizon."""
    return np.unique(np.rint(np.geomspace(1, horizon, 60)).astype(np.int64))


def series(task: Mapping[str, Any]) -> dict[str, dict[str, list[float]]]:
    """For each algorithm, in the same environment: what was earned, and how often the default was played."""
    from theorylab.bandits.stochastic import budget_first, conservative_ucb, ucb1

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    bandit, horizon = BernoulliBandit(MEANS), task["horizon"]
    times, given = checkpoints(horizon), {"mu0": MEANS[0], "alpha": ALPHA, "delta": DELTA}
    runs = {
        "Conservative UCB": conservative_ucb(bandit, horizon, trace=True, rng=seed, **given),
        "BudgetFirst": budget_first(bandit, horizon, trace=True, rng=seed, **given),
        "UCB1": ucb1(bandit, horizon, trace=True, rng=seed),
    }
    found = {}
    for name, run in runs.items():
        assert run.trace is not None
        arms = run.trace["actions"]
        spare = np.cumsum(np.array(MEANS)[arms]) - (1.0 - ALPHA) * MEANS[0] * np.arange(1, horizon + 1)
        found[name] = {
            "earned": (np.cumsum(np.array(MEANS)[arms])[times - 1] / (MEANS[0] * times)).tolist(),
            "default": (np.cumsum(arms == 0)[times - 1] / times).tolist(),
            "least": [float(spare.min())],
            "regret": [float(run.regret[-1])],
        }
    return found


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run, algorithm, time and quantity ("earned", "default", "least", "regret")."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    horizon = parameters["horizon"]
    tasks = [{"run": i, "horizon": horizon, **seed} for i in range(parameters["runs"])]
    rows: list[tuple[str, str, int, int, float]] = []
    for task, got in zip(tasks, sweep(series, tasks), strict=True):
        for name, quantities in got.items():
            for what, values in quantities.items():
                times = checkpoints(horizon).tolist() if len(values) > 1 else [horizon]
                rows += [(name, what, task["run"], t, v) for t, v in zip(times, values, strict=True)]
    names = ("algorithm", "quantity", "run", "t", "value")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "rounds", "value": "reward or fraction"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Left what was earned in proportion to the default alone, right the fraction of rounds with the default."""
    left, right = figure.subplots(1, 2)
    times = checkpoints(parameters["horizon"])
    for (name, colour), dash in zip(ALGORITHMS.items(), _style.DASHES, strict=False):
        for axes, what in ((left, "earned"), (right, "default")):
            matrix = table.where(algorithm=name, quantity=what)["value"].reshape(-1, len(times))
            label = name if what == "earned" else "_"
            _style.band(axes, times, matrix, label, _style.COLOURS[colour], interval="quantile", dash=dash)
    _style.bound_line(left, times, np.full(len(times), 1.0 - ALPHA), "constraint, 1 - $\\alpha$")
    left.set(xscale="log", xlabel="t (rounds)", ylabel="earned / ($\\mu_0$ t)")
    right.set(xscale="log", ylim=(-0.02, 1.02), xlabel="t (rounds)", ylabel="fraction of default plays")
    figure.legend(loc="outside upper center", ncols=4, title=_style.BANDS["quantile"], title_fontsize=7)


def kept(name: str, expected: bool) -> Conclusion:
    """The constraint holds in all rounds with probability 1 - delta (or, for UCB1, it does not)."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        from theorylab.verify.statistics import binomial

        least = table.where(algorithm=name, quantity="least")["value"]
        broken = int(np.sum(least < -1e-9))
        detail = f"broken on {broken} of {len(least)} runs"
        fails = binomial.exceedance_p_value(broken, len(least), DELTA) < alpha
        holds = binomial.upper_limit(broken, len(least), alpha) <= DELTA
        if expected:
            return Outcome("supported" if holds else "refuted" if fails else "inconclusive", detail)
        return Outcome("supported" if fails else "refuted" if holds else "inconclusive", detail)

    said = "keeps" if expected else "breaks"
    statement = f"the constraint fails at some t with probability {'at most' if expected else 'above'} {DELTA}"
    return Conclusion(f"{name} {said} the constraint", f"{name}: {statement}", "wu2016conservative", evaluate)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    said, broken, runs = [], [], 0
    for name in ALGORITHMS:
        said.append(f"{name} {table.where(algorithm=name, quantity='regret')['value'].mean():,.0f}")
        least = table.where(algorithm=name, quantity="least")["value"]
        runs = len(least)
        broken.append(f"{name} on {int(np.sum(least < -1e-9))}")
    share = table.where(algorithm="Conservative UCB", quantity="default", t=int(table["t"].max()))["value"].mean()
    return (
        f"Arms {MEANS}, the default first, alpha = {ALPHA}, delta = {DELTA}. The constraint fails at "
        f"some time: {', '.join(broken)} of {runs} runs. Mean regret: {', '.join(said)}. Conservative UCB has played "
        f"the default in {share:.0%} of the rounds by the end; BudgetFirst saves for the worst case before it learns."
    )


FIGURE = Figure(
    slug="conservative_ucb",
    title="Conservative UCB: the constraint over time, and its price",
    paper="wu2016conservative",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.4, 4.0),
    conclusions=(
        kept("Conservative UCB", True),
        kept("UCB1", False),
        replace(
            Below("Conservative UCB", "BudgetFirst", column="value", source="wu2016conservative", quantity="regret"),
            statement="regret of Conservative UCB is below that of BudgetFirst",
        ),
    ),
    caption=caption,
)
