"""KL-UCB's regret against UCB1's, the Lai-Robbins line, and the law that predicts its value (our figure)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style
from theorylab.rooms.proofs_checks.bandits.kl_ucb_checks import fluid_law, lai_robbins

from theorylab.bandits import BernoulliBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

INSTANCES = {  # name: means; the second is the scenario of low rewards of [garivier2011kl]
    "ten arms, gap 0.1": (0.6, *[0.5] * 9),
    "ten arms, low rewards": (0.1, 0.05, 0.05, 0.05, 0.02, 0.02, 0.02, 0.01, 0.01, 0.01),
}
LOOKS = {  # algorithm: label, colour, dash
    "ucb1": ("UCB1", "vermillion", (0, (5, 1.5))),
    "kl_ucb theory": ("KL-UCB, c = 3", "green", (0, (5, 1, 1, 1))),
    "kl_ucb practice": ("KL-UCB, c = 0", "blue", "-"),
}
PRESETS = {
    "smoke": {"horizon": 10_000, "runs": 20},
    "quick": {"horizon": 100_000, "runs": 30},
    "paper": {"horizon": 1_000_000, "runs": 400},
}
TOLERANCE = 0.2


def checkpoints(horizon: int) -> Any:
    """Thirty times from 100 to the horizon."""
    return np.unique(np.rint(np.geomspace(100, horizon, 30)).astype(np.int64))


def regrets(task: Mapping[str, Any]) -> dict[str, Any]:
    """Regret of one run at the checkpoints."""
    from theorylab.bandits.stochastic import kl_ucb, ucb1

    seed = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"]), task["run"])
    name, _, form = task["algorithm"].partition(" ")
    keywords = {"form": form} if form else {}
    bandit, algorithm = BernoulliBandit(INSTANCES[task["instance"]]), kl_ucb if name == "kl_ucb" else ucb1
    run = algorithm(bandit, task["horizon"], checkpoints=checkpoints(task["horizon"]), rng=seed, **keywords)
    return {"times": run.times.tolist(), "regret": run.regret.tolist()}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run and checkpoint; ``algorithm`` may also be "law" or "Lai-Robbins" (run -1)."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"instance": name, "algorithm": algorithm, "run": i, "horizon": parameters["horizon"], **seed}
        for name in INSTANCES
        for algorithm in LOOKS
        for i in range(parameters["runs"])
    ]
    rows: list[tuple[str, str, int, int, float]] = []
    for task, got in zip(tasks, sweep(regrets, tasks), strict=True):
        found = zip(got["times"], got["regret"], strict=True)
        rows += [(task["instance"], task["algorithm"], task["run"], t, r) for t, r in found]
    for name, means in INSTANCES.items():
        for t in checkpoints(parameters["horizon"]).tolist():
            rows.append((name, "law", -1, t, fluid_law(means, t, "practice")))
            rows.append((name, "Lai-Robbins", -1, t, lai_robbins(means) * math.log(t)))
    names = ("instance", "algorithm", "run", "t", "regret")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"t": "rounds", "regret": "reward"})


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """One panel an instance; a logarithmic time axis, on which log T is a line."""
    panels = figure.subplots(1, len(INSTANCES))
    for axes, name in zip(panels, INSTANCES, strict=True):
        mine = table.where(instance=name)
        times = np.unique(mine["t"])
        for algorithm, (label, colour, dash) in LOOKS.items():
            matrix = mine.where(algorithm=algorithm)["regret"].reshape(-1, len(times))
            _style.band(axes, times, matrix, label, _style.COLOURS[colour], interval="quantile", dash=dash)
        law = mine.where(algorithm="law")["regret"]
        axes.plot(
            times, law, color=_style.COLOURS["orange"], linewidth=1.2, linestyle=(0, (1, 1)), label="law for c = 0"
        )
        _style.bound_line(axes, times, mine.where(algorithm="Lai-Robbins")["regret"], "Lai-Robbins line")
        axes.set(xscale="log", title=name, xlabel="T (rounds)", ylim=(0, None))
    panels[0].set_ylabel("pseudo-regret (reward)")
    handles, labels = panels[0].get_legend_handles_labels()
    title = f"{_style.BANDS['quantile']}; c: weight of ln ln t in the index"
    figure.legend(handles, labels, loc="outside upper center", ncols=5, title=title, title_fontsize=7)


def at_the_end(table: Table, instance: str, algorithm: str) -> Any:
    """Final regrets of the runs."""
    return table.where(instance=instance, algorithm=algorithm, t=int(table["t"].max()))["regret"]


def law_holds(table: Table, alpha: float) -> Outcome:
    """On both instances a two-sided t-interval for mean / law lies inside [0.8, 1.2]."""
    from scipy import stats

    said, inside, outside = [], True, False
    for name in INSTANCES:
        values, law = at_the_end(table, name, "kl_ucb practice"), float(at_the_end(table, name, "law")[0])
        share = alpha / len(INSTANCES)
        half = stats.t.ppf(1 - share / 2, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
        low, high = (values.mean() - half) / law, (values.mean() + half) / law
        said.append(f"{name}: mean / law in [{low:.3f}, {high:.3f}]")
        inside &= bool(1 - TOLERANCE <= low and high <= 1 + TOLERANCE)
        outside |= bool(high < 1 - TOLERANCE or low > 1 + TOLERANCE)
    return Outcome("supported" if inside else "refuted" if outside else "inconclusive", "; ".join(said))


class _LastRound:
    """``Below`` at the horizon of the table, which differs between presets."""

    def __init__(self, lower: str, upper: str, instance: str, source: str) -> None:
        self.parts = (lower, upper, instance, source)

    def __call__(self, table: Table, alpha: float) -> Outcome:
        lower, upper, instance, source = self.parts
        test = Below(lower, upper, column="regret", source=source, instance=instance, t=int(table["t"].max()))
        return test.evaluate(table, alpha)


def below(lower: str, upper: str, instance: str, source: str) -> Conclusion:
    """A paired comparison at the horizon."""
    name = f"{lower} below {upper}: {instance}"
    return Conclusion(
        name,
        f"{instance}: regret of {LOOKS[lower][0]} is below that of {LOOKS[upper][0]}",
        source,
        _LastRound(lower, upper, instance, source),
    )


CONCLUSIONS = (
    *(below("kl_ucb practice", "ucb1", name, "[garivier2011kl]") for name in INSTANCES),
    below("kl_ucb practice", "kl_ucb theory", "ten arms, gap 0.1", "[garivier2011kl]"),
    Conclusion("the law holds", "mean regret of c = 0 is within 20% of the fluid law on both", "derived", law_holds),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    said = []
    for name in INSTANCES:
        kl, ucb = (float(at_the_end(table, name, a).mean()) for a in ("kl_ucb practice", "ucb1"))
        line, law = (float(at_the_end(table, name, a)[0]) for a in ("Lai-Robbins", "law"))
        said.append(f"{name}: KL-UCB {kl:.0f}, UCB1 {ucb:.0f}, law {law:.0f}, Lai-Robbins line {line:.0f}")
    return (
        f"Mean regret at T = {int(table['t'].max()):,}. {'; '.join(said)}. The value at which all indices are level "
        "predicts KL-UCB's regret; the Lai-Robbins line, the asymptotic optimum, is no floor at such T, and is crossed."
    )


FIGURE = Figure(
    slug="kl_ucb",
    title="KL-UCB, UCB1 and the Lai-Robbins line",
    paper="garivier2011kl",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(9.0, 4.2),
    conclusions=CONCLUSIONS,
    caption=caption,
)
