"""Tallying bandits: repeated arms, cyclic policies and the best sequence; where the theorem begins to say something.

Our figure: the paper has none [malik2022complete].
"""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import TallyingBandit
from theorylab.core.rng import RNGLike, as_generator, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

ARMS, WINDOW, DELTA = 2, 3, 0.05
REPEATED, CYCLIC, BEST, PLANNED = (
    "best repeated arm",
    "best √T-cyclic policy, long run",
    "best sequence",
    "query, then plan",
)
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"longest": 7, "runs": 12},
    "quick": {"longest": 10, "runs": 40},
    "paper": {"longest": 13, "runs": 300},
}
LISTED = 2.0**30  # policies that a computer may list


def costs(task: Mapping[str, Any]) -> dict[str, Any]:
    """Expected loss on one random bandit, for every horizon that is a square."""
    from theorylab.bandits.tallying.query_then_plan import query_then_plan
    from theorylab.bandits.tallying.se_tb import cyclic_policies, cyclic_tallies, tally_shares
    from theorylab.bandits.tallying.tallying_optimum import tallying_optimum

    seed = np.random.SeedSequence(task["entropy"], spawn_key=tuple(task["spawn_key"]))
    h = as_generator(child_seed(seed, task["run"])).random((ARMS, WINDOW))
    bandit = TallyingBandit(h, noise="none")
    roots = range(WINDOW, task["longest"] + 1)
    best = tallying_optimum(bandit, task["longest"] ** 2).least_costs
    found: dict[str, list[float]] = {name: [] for name in (REPEATED, CYCLIC, BEST, PLANNED)}
    for root in roots:
        policies = cyclic_policies(ARMS, root)
        shares = tally_shares(policies, cyclic_tallies(policies, WINDOW), ARMS, WINDOW)
        T = root**2
        found[REPEATED].append(T * float(h[:, -1].min()))
        found[CYCLIC].append(T * float((shares @ h.ravel()).min()))
        found[BEST].append(float(best[T]))
        found[PLANNED].append(float(query_then_plan(bandit, T, checkpoints=[T]).regret[-1] + best[T]))
    return {"horizons": [root**2 for root in roots], **found}


def theorem(T: float) -> float:
    """Theorem 1 at these K and m."""
    from theorylab.bandits.tallying.se_tb import regret_bound

    return regret_bound(int(T), ARMS, WINDOW, DELTA)


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """Long form: benchmark, run (a random bandit), T, expected loss; and the theorem's bound (run -1)."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [{"run": i, "longest": parameters["longest"], **seed} for i in range(parameters["runs"])]
    rows: list[tuple[str, int, float, float]] = []
    for task, got in zip(tasks, sweep(costs, tasks), strict=True):
        for name in (REPEATED, CYCLIC, BEST, PLANNED):
            rows += [(name, task["run"], t, cost) for t, cost in zip(got["horizons"], got[name], strict=True)]
    rows += [("Theorem 1", -1, float(round(t)), theorem(round(t))) for t in np.geomspace(10, 1e12, 60)]
    names = ("benchmark", "run", "t", "cost")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "rounds", "cost": "expected loss"})


def matrix(table: Table, name: str) -> tuple[Any, Any]:
    """Horizons, and costs (runs, horizons)."""
    rows = table.where(benchmark=name)
    times = np.unique(rows["t"])
    return times, rows["cost"].reshape(-1, len(times))


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Loss a round of three benchmarks; distance to the best sequence; the theorem's bound over T."""
    losses, distance, useful = figure.subplots(1, 3)
    for name, colour, dash in ((REPEATED, "vermillion", 1), (CYCLIC, "blue", 0), (BEST, "black", 2)):
        times, cost = matrix(table, name)
        _style.band(losses, times, cost / times, name, _style.COLOURS[colour], dash=_style.DASHES[dash])
    losses.set(xlabel="horizon T (rounds)", ylabel="expected loss a round", ylim=(0.0, None))
    losses.set_title("three benchmarks", fontsize=9)
    times, best = matrix(table, BEST)
    for name, colour in ((CYCLIC, "blue"), (PLANNED, "green")):
        gap = matrix(table, name)[1] - best
        _style.band(distance, times, gap, name, _style.COLOURS[colour], interval="quantile")
    distance.plot(
        times,
        (WINDOW + 1) * np.sqrt(times),
        color=_style.COLOURS["blue"],
        linestyle=(0, (4, 2)),
        linewidth=1.0,
        label="Lemma 3: (m + 1) √T",
    )
    distance.axhline(
        WINDOW * (ARMS + 1),
        color=_style.COLOURS["green"],
        linestyle=(0, (4, 2)),
        linewidth=1.0,
        label="Proposition 1: m (K + 1)",
    )
    distance.set(xlabel="horizon T (rounds)", ylabel="loss above the best sequence")
    distance.set_title("distance to the best sequence", fontsize=9)
    rows = table.where(benchmark="Theorem 1")
    useful.plot(rows["t"], rows["cost"] / rows["t"], color=_style.COLOURS["black"], label="bound of Theorem 1, over T")
    useful.axhline(1.0, color="0.4", linewidth=0.9, linestyle=(0, (1, 1)), label="largest possible regret")
    useful.axvspan(
        10,
        math.log(LISTED, ARMS) ** 2,
        color=_style.COLOURS["sky"],
        alpha=0.3,
        linewidth=0,
        label="at most $2^{30}$ policies",
    )
    useful.set(
        xscale="log",
        yscale="log",
        xlabel="horizon T (rounds)",
        ylabel="bound over T",
        ylim=(0.1, 20 * float((rows["cost"] / rows["t"]).max())),
    )
    useful.set_title(f"Theorem 1, K = {ARMS}, m = {WINDOW}", fontsize=9)
    shown: dict[str, Any] = {}
    for axes in (losses, distance, useful):
        shown |= {
            label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True) if label not in shown
        }
    figure.legend(
        shown.values(),
        shown.keys(),
        loc="outside upper center",
        ncols=5,
        fontsize=8,
        title="left: mean, 95% t-interval; middle: mean, 5% to 95% of the bandits",
        title_fontsize=7,
    )


def lemma_3(table: Table, alpha: float) -> Outcome:
    """Lemma 3 on every bandit and horizon: no statistics."""
    times, best = matrix(table, BEST)
    ratio = (matrix(table, CYCLIC)[1] - best) / ((WINDOW + 1) * np.sqrt(times))
    worst = float(ratio.max())
    return Outcome(
        "supported" if worst <= 1.0 else "refuted", f"largest share of the bound: {worst:.3g} over {ratio.size} cases"
    )


def proposition_1(table: Table, alpha: float) -> Outcome:
    """Query, then plan: at most m(K + 1) above the best sequence, always."""
    worst = float((matrix(table, PLANNED)[1] - matrix(table, BEST)[1]).max())
    bound = WINDOW * (ARMS + 1)
    return Outcome("supported" if worst <= bound + 1e-9 else "refuted", f"largest regret {worst:.3g}, bound {bound}")


def never_useful(table: Table, alpha: float) -> Outcome:
    """Theorem 1 exceeds T wherever at most 2^30 policies must be listed."""
    rows = table.where(benchmark="Theorem 1")
    listed = rows["t"] <= math.log(LISTED, ARMS) ** 2
    least = float((rows["cost"] / rows["t"])[listed].min())
    first = float(rows["t"][rows["cost"] < rows["t"]].min())
    return Outcome(
        "supported" if least > 1.0 else "refuted",
        f"bound over T at least {least:.3g} there; below 1 from about T = {first:.2g}",
    )


def conclusions(longest: int) -> tuple[Conclusion, ...]:
    """At the horizons that every preset has."""
    T = longest**2
    return (
        replace(
            Below(
                BEST,
                REPEATED,
                column="cost",
                group="benchmark",
                source="ours",
                name="repeating an arm is not optimal",
                t=T,
            ),
            statement=f"T = {T}: the best sequence loses less than the best repeated arm",
        ),
        Conclusion(
            "Lemma 3",
            "the best cyclic policy is within (m + 1) sqrt T of the best sequence",
            "[malik2022complete, Lemma 3]",
            lemma_3,
        ),
        Conclusion(
            "Proposition 1",
            "query, then plan: at most m (K + 1) above the best sequence",
            "[malik2022complete, Proposition 1]",
            proposition_1,
        ),
        Conclusion(
            "Theorem 1 says nothing here",
            "the bound of Theorem 1 exceeds T wherever the policies can be listed",
            "ours",
            never_useful,
        ),
    )


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    told = {name: f"{outcome.detail}: {outcome.verdict}" for name, outcome in outcomes.items()}
    return (
        f"Random tallying bandits, K = {ARMS}, m = {WINDOW}, mean losses uniform. The best repeated arm is the wrong benchmark: the best sequence "
        f"loses less ({told['repeating an arm is not optimal']}). Cyclic policies of √T plays come close (Lemma 3: {told['Lemma 3']}), and with "
        f"deterministic feedback asking each tally once is enough ({told['Proposition 1']}). The noisy algorithm lists all K^√T cyclic policies: "
        f"where that can be done its theorem exceeds T ({told['Theorem 1 says nothing here']})."
    )


FIGURE = Figure(
    slug="se_tb",
    title="Tallying bandits: which benchmark, and when the theorem speaks",
    paper="malik2022complete",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(10.5, 4.2),
    conclusions=conclusions(7),
    caption=caption,
)
