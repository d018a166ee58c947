"""Thompson sampling on means drawn from its prior: regret and its entropy bound, ranks of its draws (our figure)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import AdversarialBandit, BernoulliBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of, streams
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table
from theorylab.verify.statistics.calibration import rank_uniformity

ARMS = {2: ("blue", "-"), 5: ("green", (0, (5, 1, 1, 1))), 10: ("vermillion", (0, (5, 1.5)))}
DRAWS, REWARDS = 9, 10
PRIORS = {"the prior of the means": (1.0, 1.0), "a prior too sure: Beta(5, 5)": (5.0, 5.0)}
PRESETS = {
    "smoke": {"horizon": 1000, "runs": 60, "ranks": 200},
    "quick": {"horizon": 10_000, "runs": 60, "ranks": 400},
    "paper": {"horizon": 100_000, "runs": 1000, "ranks": 5000},
}


def checkpoints(horizon: int) -> Any:
    """Twenty-five times from 10 to the horizon."""
    return np.unique(np.rint(np.geomspace(10, horizon, 25)).astype(np.int64))


def regrets(task: Mapping[str, Any]) -> dict[str, Any]:
    """Regret of one run on uniform means."""
    from theorylab.bandits.stochastic import thompson

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    bandit = BernoulliBandit(streams(seed).instance.random(task["arms"]))
    run = thompson(bandit, task["horizon"], checkpoints=checkpoints(task["horizon"]), rng=seed)
    return {"times": run.times.tolist(), "regret": run.regret.tolist()}


def rank(task: Mapping[str, Any]) -> dict[str, Any]:
    """The rank of one uniform mean among nine draws of the posterior after ten rewards; the algorithm's own draws."""
    from theorylab.bandits.stochastic import thompson

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    made = streams(seed)
    mean = made.instance.random()
    losses = (made.environment.random((REWARDS + 1, 1)) >= mean).astype(float)
    table = AdversarialBandit(losses)  # one arm, the same rewards for all nine runs
    draws = [
        thompson(table, REWARDS + 1, prior=task["prior"], trace=True, rng=child_seed(seed, 1 + i)).trace["samples"][
            -1, 0
        ]
        for i in range(DRAWS)
    ]
    return {"rank": int(np.sum(np.array(draws) < mean))}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run and checkpoint (``kind`` "regret", ``group`` = K), or a rank (``kind`` = "rank", t = -1)."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    played = [
        {"arms": k, "run": i, "horizon": parameters["horizon"], **seed} for k in ARMS for i in range(parameters["runs"])
    ]
    ranked = [
        {"group": g, "prior": list(p), "run": i, **seed} for g, p in PRIORS.items() for i in range(parameters["ranks"])
    ]
    rows: list[tuple[str, str, int, int, float]] = []
    for task, got in zip(played, sweep(regrets, played), strict=True):
        found = zip(got["times"], got["regret"], strict=True)
        rows += [("regret", str(task["arms"]), task["run"], t, r) for t, r in found]
    for task, got in zip(ranked, sweep(rank, ranked), strict=True):
        rows.append(("rank", task["group"], task["run"], -1, float(got["rank"])))
    names = ("kind", "group", "run", "t", "value")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "rounds", "value": "reward, or a rank"})


def entropy_bound(k: int, t: Any) -> Any:
    """sqrt(K T ln K / 2)."""
    return np.sqrt(k * np.asarray(t, dtype=float) * math.log(k) / 2.0)


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Left: regret and bounds; right: counts of the ranks with the range that chance explains."""
    left, right = figure.subplots(1, 2)
    for k, (name, dash) in ARMS.items():
        mine, colour = table.where(kind="regret", group=str(k)), _style.COLOURS[name]
        times = np.unique(mine["t"])
        matrix = mine["value"].reshape(-1, len(times))
        _style.band(left, times, matrix, f"K = {k}", colour, dash=dash)
        left.plot(times, entropy_bound(k, times), color=colour, linestyle=(0, (1, 1.5)), linewidth=1.0)
    left.plot([], [], color="black", linestyle=(0, (1, 1.5)), linewidth=1.0, label="bound $\\sqrt{KT \\ln K / 2}$")
    left.set(xscale="log", yscale="log", xlabel="T (rounds)", ylabel="regret, mean over the prior (reward)")
    left.set_title("means drawn from the prior", loc="left")
    from scipy import stats

    n = parameters["ranks"]
    low, high = stats.binom.ppf([0.005, 0.995], n, 1.0 / (DRAWS + 1))
    right.axhspan(low, high, color="0.85", zorder=0, label="where 99% of uniform counts lie")
    for place, (group, name) in enumerate(zip(PRIORS, ("sky", "orange"), strict=True)):
        counts = np.bincount(table.where(kind="rank", group=group)["value"].astype(int), minlength=DRAWS + 1)
        at = np.arange(DRAWS + 1) + 0.4 * (place - 0.5)
        right.bar(at, counts, width=0.38, color=_style.COLOURS[name], label=group)
    right.set(xlabel="rank of the true mean among nine draws", ylabel="runs", xticks=range(DRAWS + 1))
    right.set_title(f"calibration after {REWARDS} rewards", loc="left")
    for axes, column, title in (
        (left, "upper left", _style.BANDS["t"]),
        (right, "upper right", "prior of the algorithm"),
    ):
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(
            handles, labels, loc=f"outside {column}", ncols=2 if axes is left else 1, title=title, title_fontsize=7
        )


def below_bound(table: Table, alpha: float) -> Outcome:
    """At all checkpoints from 100 on, the upper confidence limit of the mean regret is below the bound."""
    from scipy import stats

    worst, where = 0.0, ""
    for k in ARMS:
        mine = table.where(kind="regret", group=str(k))
        times = np.unique(mine["t"])
        matrix = mine["value"].reshape(-1, len(times))
        share = alpha / (len(ARMS) * len(times))
        error = stats.t.ppf(1 - share, len(matrix) - 1) * matrix.std(axis=0, ddof=1) / math.sqrt(len(matrix))
        ratio = (matrix.mean(axis=0) + error) / entropy_bound(k, times)
        at = int(np.argmax(np.where(times >= 100, ratio, 0.0)))
        if ratio[at] > worst:
            worst, where = float(ratio[at]), f"K = {k}, T = {times[at]}"
    return Outcome(
        "supported" if worst <= 1.0 else "inconclusive", f"largest upper limit over bound {worst:.2f} at {where}"
    )


def ranks_are(group: str, uniform: bool) -> Any:
    """The chi-square test of uniformity."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        ranks = table.where(kind="rank", group=group)["value"].astype(int)
        p = rank_uniformity(ranks, DRAWS + 1)
        if uniform:
            return Outcome(
                "supported" if p >= alpha / 10 else "refuted", f"chi-square p = {p:.3g}, {len(ranks)} ranks", p
            )
        return Outcome("supported" if p < alpha else "inconclusive", f"chi-square p = {p:.2g}, {len(ranks)} ranks", p)

    return evaluate


RIGHT, WRONG = PRIORS
CONCLUSIONS = (
    Conclusion(
        "below the entropy bound", "mean regret is below sqrt(KT ln K / 2)", "[russo2016information]", below_bound
    ),
    Conclusion("calibrated", "ranks under the right prior are uniform", "derived", ranks_are(RIGHT, True)),
    Conclusion("a wrong prior is seen", "ranks under Beta(5, 5) are not uniform", "derived", ranks_are(WRONG, False)),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    horizon = int(table["t"].max())
    said = []
    for k in ARMS:
        mean = float(table.where(kind="regret", group=str(k), t=horizon)["value"].mean())
        said.append(f"{mean:.1f} of {float(entropy_bound(k, horizon)):.0f} (K = {k})")
    return (
        f"Mean regret over uniform means at T = {horizon:,} and its bound: {', '.join(said)}. "
        f"The true mean's rank among the algorithm's own posterior draws is uniform "
        f"({outcomes['calibrated'].detail}); believed too firmly, the prior pushes it to the ends "
        f"({outcomes['a wrong prior is seen'].detail})."
    )


FIGURE = Figure(
    slug="thompson",
    title="Thompson sampling: Bayesian regret and calibration",
    paper="agrawal2013further",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(9.0, 4.4),
    conclusions=CONCLUSIONS,
    caption=caption,
)
