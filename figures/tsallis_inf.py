"""Tsallis-INF, EXP3 and UCB1 on stochastic arms and against a stochastically constrained adversary.

The setting of the experiments of [zimmert2021tsallis], with our own numbers of arms, gap and horizons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits.environments import one_good_arm, phased_losses
from theorylab.core.rng import RNGLike, child_seed, seed_of, streams
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

ARMS, GAP, PHASES = 4, 0.125, 20
WORLDS = {"stochastic": "Bernoulli arms", "phased": "phased adversary"}
LOOKS = {  # algorithm: label, colour, dash
    "tsallis_iw": ("Tsallis-INF, importance weighting", _style.COLOURS["blue"], _style.DASHES[0]),
    "tsallis_rv": ("Tsallis-INF, reduced variance", _style.COLOURS["green"], _style.DASHES[1]),
    "exp3": ("EXP3", _style.COLOURS["orange"], _style.DASHES[3]),
    "ucb1": ("UCB1", _style.COLOURS["vermillion"], _style.DASHES[2]),
}
PRESETS = {
    "smoke": {"horizons": (1000, 10_000), "runs": 16},
    "quick": {"horizons": (1000, 3000, 10_000, 30_000), "runs": 30},
    "paper": {"horizons": (1000, 3000, 10_000, 30_000, 100_000, 300_000), "runs": 200},
}


def algorithms() -> dict[str, Callable[..., Any]]:
    """The four algorithms by name (their modules bring numba)."""
    from theorylab.bandits.adversarial import exp3, tsallis_inf
    from theorylab.bandits.stochastic import ucb1

    return {
        "tsallis_iw": tsallis_inf,
        "tsallis_rv": lambda *a, **k: tsallis_inf(*a, estimator="rv", **k),
        "exp3": exp3,
        "ucb1": ucb1,
    }


def regrets(task: Mapping[str, Any]) -> dict[str, float]:
    """Final regret of the four algorithms on one instance: the same table of losses for all of them."""
    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    if task["world"] == "phased":
        drawn = streams(seed).instance
        bandit = phased_losses(task["horizon"], n_arms=ARMS, gap=GAP, phases=PHASES, rng=drawn)
    else:
        bandit = one_good_arm(ARMS, best=0.5 + GAP / 2, other=0.5 - GAP / 2)
    last = [task["horizon"]]
    return {
        name: float(run(bandit, task["horizon"], checkpoints=last, rng=seed).regret[-1])
        for name, run in algorithms().items()
    }


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run, horizon, world and algorithm."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"world": world, "horizon": t, "run": i, **seed}
        for world in WORLDS
        for t in parameters["horizons"]
        for i in range(parameters["runs"])
    ]
    rows = [
        (task["world"], name, task["horizon"], task["run"], regret)
        for task, got in zip(tasks, sweep(regrets, tasks), strict=True)
        for name, regret in got.items()
    ]
    names = ("world", "algorithm", "horizon", "run", "regret")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"horizon": "rounds", "regret": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """One panel a world: mean regret at the horizon against the horizon."""
    panels = figure.subplots(1, 2, sharey=True)
    horizons = np.array(parameters["horizons"])
    for axes, (world, title) in zip(panels, WORLDS.items(), strict=True):
        for name, (label, color, dash) in LOOKS.items():
            mine = table.where(world=world, algorithm=name)
            matrix = np.array([mine.where(horizon=t)["regret"] for t in horizons]).T
            _style.band(axes, horizons, matrix, label, color, dash=dash)
        _style.bound_line(axes, horizons, 4 * np.sqrt(ARMS * horizons) + 1, "$4\\sqrt{KT} + 1$")
        axes.set(xscale="log", yscale="log", title=title, xlabel="horizon T (rounds)", ylim=(10, None))
    panels[0].set_ylim(top=1.5 * panels[1].get_ylim()[1])  # the band of UCB1 fits
    panels[0].set_ylabel("regret at the horizon (reward)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, title=_style.BANDS["t"], title_fontsize=7)


def growth(name: str, above: bool, exponent: float) -> Conclusion:
    """Mean regret on the phased adversary, last horizon against the first: above or below a power of T (bootstrap)."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        mine = table.where(world="phased", algorithm=name)
        horizons = sorted(set(mine["horizon"].tolist()))
        first, last = (mine.where(horizon=t)["regret"] for t in (horizons[0], horizons[-1]))
        generator = np.random.default_rng(0)
        draws = np.array([[generator.choice(v, len(v)).mean() for v in (first, last)] for _ in range(2000)])
        draws = np.maximum(draws, 1e-9)
        slopes = np.log(draws[:, 1] / draws[:, 0]) / np.log(horizons[-1] / horizons[0])
        low, high = np.quantile(slopes, [alpha, 1 - alpha])
        holds, fails = (low > exponent, high < exponent) if above else (high < exponent, low > exponent)
        verdict = "supported" if holds else "refuted" if fails else "inconclusive"
        return Outcome(verdict, f"slope in [{low:.2f}, {high:.2f}], T = {horizons[0]}..{horizons[-1]}")

    word = "at least" if above else "at most"
    return Conclusion(
        f"{name} grows {word} like T^{exponent:g}",
        f"{WORLDS['phased']}: the regret of {LOOKS[name][0]} grows {word} like T^{exponent:g}",
        "derived",
        evaluate,
    )


def below(lower: str, upper: str, world: str) -> Conclusion:
    """At the last horizon, paired runs."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        last = int(table["horizon"].max())
        made = Below(lower, upper, column="regret", source="zimmert2021tsallis", world=world, horizon=last)
        return made.evaluate(table, alpha)

    return Conclusion(
        f"{lower} below {upper}, {world}",
        f"{WORLDS[world]}: regret of {LOOKS[lower][0]} is below that of {LOOKS[upper][0]}",
        "[zimmert2021tsallis, Section 6]",
        evaluate,
    )


CONCLUSIONS = (
    *(below(mine, "exp3", world) for mine in ("tsallis_iw", "tsallis_rv") for world in WORLDS),
    below("tsallis_iw", "ucb1", "phased"),
    growth("ucb1", True, 0.7),
    growth("tsallis_iw", False, 0.6),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    last = int(table["horizon"].max())
    mean = {
        (world, name): float(table.where(world=world, algorithm=name, horizon=last)["regret"].mean())
        for world in WORLDS
        for name in LOOKS
    }
    said = [
        f"{mean[world, 'tsallis_iw']:.0f}, {mean[world, 'tsallis_rv']:.0f} and {mean[world, 'exp3']:.0f} {where}"
        for world, where in (("stochastic", "on Bernoulli arms"), ("phased", "against the phased adversary"))
    ]
    return (
        f"K = {ARMS}, gap {GAP:g}. At T = {last:,} the regret of Tsallis-INF with importance weighting, with reduced "
        f"variance and of EXP3 is {'; '.join(said)}. UCB1's {mean['stochastic', 'ucb1']:.0f} on Bernoulli arms become "
        f"{mean['phased', 'ucb1']:.0f} when all losses rise and fall together while the gap stays: in some runs it is "
        "misled for good, so its mean regret grows almost linearly in T."
    )


FIGURE = Figure(
    slug="tsallis_inf",
    title="One algorithm for stochastic and adversarial losses",
    paper="zimmert2021tsallis",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.5, 4.2),
    conclusions=CONCLUSIONS,
    caption=caption,
)
