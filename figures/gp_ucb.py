"""Regret of GP-UCB, expected improvement and the knowledge gradient on functions drawn from the prior (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

POINTS, LENGTH, SIGMA, DELTA = 20, 0.2, 0.2, 0.1
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"horizon": 300, "runs": 8},
    "quick": {"horizon": 2000, "runs": 24},
    "paper": {"horizon": 10_000, "runs": 200},
}
LOOKS = {  # algorithm: colour, dash
    "GP-UCB": ("blue", "-"),
    "expected improvement": ("green", (0, (5, 1.5))),
    "knowledge gradient": ("orange", (0, (1, 1))),
    "knowledge gradient, online": ("vermillion", (0, (5, 1, 1, 1))),
}


def prior() -> Any:
    """Squared exponential on a grid of [0, 1]."""
    from theorylab.bandits.models.gaussian_process import GPBandit, squared_exponential

    return GPBandit(squared_exponential(np.linspace(0.0, 1.0, POINTS), LENGTH), SIGMA)


def checkpoints(horizon: int) -> Any:
    """Forty times from 5 to the horizon."""
    return np.unique(np.rint(np.geomspace(5, horizon, 40)).astype(np.int64))


def one_run(task: Mapping[str, Any]) -> dict[str, Any]:
    """Regret at the checkpoints: all algorithms meet the same function."""
    from theorylab.bandits.gaussian_process import gp_ei, gp_ucb, knowledge_gradient

    T, who = task["horizon"], task["algorithm"]
    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    options: dict[str, Any] = {"checkpoints": checkpoints(T), "rng": seed}
    if who == "GP-UCB":
        run = gp_ucb(prior(), T, delta=DELTA, **options)
    elif who == "expected improvement":
        run = gp_ei(prior(), T, **options)
    else:
        run = knowledge_gradient(prior(), T, online="online" in who, **options)
    return {"t": run.times.tolist(), "regret": run.regret.tolist()}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run and checkpoint; ``algorithm`` "bound" and "T x range" have run -1."""
    from theorylab.bandits.gaussian_process import information_gain_bounds
    from theorylab.bandits.gaussian_process.gp_ucb import regret_bound

    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    T = parameters["horizon"]
    tasks = [{"algorithm": a, "run": i, "horizon": T, **seed} for a in LOOKS for i in range(parameters["runs"])]
    rows: list[tuple[Any, ...]] = []
    for task, got in zip(tasks, sweep(one_run, tasks), strict=True):
        rows += [(task["algorithm"], task["run"], t, t == T, r) for t, r in zip(got["t"], got["regret"], strict=True)]
    model = prior()
    gain = information_gain_bounds(model.kernel, SIGMA, T)[1]
    generator = np.random.default_rng(0)
    spread = float(np.mean([np.ptp(model.draw(generator).means) for _ in range(400)]))
    for t in checkpoints(T).tolist():
        rows.append(("bound", -1, t, t == T, regret_bound(t, POINTS, SIGMA, float(gain[t - 1]), DELTA)))
        rows.append(("T x range", -1, t, t == T, t * spread))
    names = ("algorithm", "run", "t", "last", "regret")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "rounds", "regret": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Regret against T, with the theorem and what any algorithm can lose."""
    axes = figure.subplots()
    for who, (colour, dash) in LOOKS.items():
        mine = table.where(algorithm=who)
        times = np.unique(mine["t"])
        matrix = np.maximum(mine["regret"].reshape(-1, len(times)), 0.05)
        _style.band(axes, times, matrix, who, _style.COLOURS[colour], interval="quantile", dash=dash)
    bound = table.where(algorithm="bound")
    _style.bound_line(axes, bound["t"], bound["regret"], "Theorem 1 (GP-UCB)")
    most = table.where(algorithm="T x range")
    axes.plot(most["t"], most["regret"], color="0.6", linewidth=0.8, label="T times the mean range of f")
    axes.set(xscale="log", yscale="log", xlabel="T (rounds)", ylabel="pseudo-regret (reward)")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=3, title=_style.BANDS["quantile"], title_fontsize=7
    )


def below_bound(table: Table, alpha: float) -> Outcome:
    """Every run of GP-UCB, at every checkpoint."""
    mine, bound = table.where(algorithm="GP-UCB"), table.where(algorithm="bound")
    matrix = mine["regret"].reshape(-1, len(bound))
    worst = float((matrix / bound["regret"][None, :]).max())
    return Outcome(
        "supported" if worst <= 1.0 else "refuted", f"largest regret / bound {worst:.3f}, {len(matrix)} runs"
    )


def lower(first: str, second: str) -> Conclusion:
    """At the horizon."""
    test = Below(first, second, column="regret", source="ours", last=True, name=f"{first} below {second}")
    return replace(test, statement=f"at the horizon the regret of {first} is below that of {second}")


CONCLUSIONS = (
    Conclusion("GP-UCB below its bound", "regret of GP-UCB is below Theorem 1, always", "derived", below_bound),
    lower("expected improvement", "GP-UCB"),
    lower("knowledge gradient", "GP-UCB"),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    end = table.where(last=True)
    said = ", ".join(f"{who} {end.where(algorithm=who)['regret'].mean():.1f}" for who in LOOKS)
    return (
        f"Mean regret after T = {int(end['t'].max()):,} rounds on functions drawn from the prior ({POINTS} points, "
        f"squared exponential kernel of length {LENGTH:g}, noise {SIGMA:g}): {said}. Theorem 1 allows GP-UCB "
        f"{end.where(algorithm='bound')['regret'][0]:.0f}. Its confidence width, made for all points and "
        "times, costs regret. No bound is claimed for the others: expected improvement pays least here, the knowledge "
        "gradient pays early for what it learns, and the online one may settle on a point that is not the best."
    )


FIGURE = Figure(
    slug="gp_ucb",
    title="Gaussian process bandits: an index, and two values of information",
    paper="srinivas2010gaussian",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(7.5, 4.8),
    conclusions=CONCLUSIONS,
    caption=caption,
)
