"""The tail of the regret: EXP3 against EXP3-IX on two arms whose roles change once (our figure; not in print).

Arm 0 loses nothing for 40% of the rounds and then always; arm 1 loses with probability ``first`` in those rounds and
then never.  While arm 1 is hardly ever drawn, one draw adds 1/p to its estimate: EXP3 may believe for long that it is
hopeless.  The losses are drawn once; the runs differ in the draws of the arms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import AdversarialBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table

DELTA, HORIZON, MAIN = 0.05, 10_000, 0.35
LOOKS = {
    "EXP3": (_style.COLOURS["vermillion"], _style.DASHES[0], "s"),
    "EXP3-IX": (_style.COLOURS["blue"], _style.DASHES[1], "o"),
}
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"runs": 100, "first": (0.1, MAIN)},
    "quick": {"runs": 500, "first": (0.05, 0.15, 0.25, MAIN, 0.5)},
    "paper": {"runs": 4000, "first": (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, MAIN, 0.4, 0.45, 0.5, 0.6)},
}


def losses(first: float) -> Any:
    """(T, 2) losses drawn once."""
    means, turn = np.zeros((HORIZON, 2)), HORIZON * 2 // 5
    means[:turn, 1], means[turn:, 0] = first, 1.0
    return (np.random.default_rng(5).random((HORIZON, 2)) < means).astype(float)


def regrets(task: Mapping[str, Any]) -> list[float]:
    """Final realised regrets of all runs of one learner on one table."""
    from theorylab.bandits.adversarial import exp3, exp3_ix

    table = AdversarialBandit(losses(task["first"]))
    algorithm = {"EXP3": exp3, "EXP3-IX": exp3_ix}[task["algorithm"]]
    seeds = np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"])
    runs = (algorithm(table, HORIZON, rng=child_seed(seeds, i), checkpoints=[HORIZON]) for i in range(task["runs"]))
    return [float(run.regret[-1]) for run in runs]


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run: algorithm, loss of arm 1 in the first part, run, regret, distance from the mean."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"algorithm": a, "first": f, "runs": parameters["runs"], **seed} for a in LOOKS for f in parameters["first"]
    ]
    rows = []
    for task, found in zip(tasks, sweep(regrets, tasks), strict=True):
        spread = np.abs(np.array(found) - np.mean(found))
        rows += [
            (task["algorithm"], task["first"], i, r, d) for i, (r, d) in enumerate(zip(found, spread, strict=True))
        ]
    names = ("algorithm", "first", "run", "regret", "deviation")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"regret": "reward", "deviation": "reward"})


def tail_bound() -> float:
    """What EXP3-IX exceeds with probability at most DELTA [lattimore2020bandit, Theorem 12.1]."""
    log, KT = math.log(3), 2 * HORIZON
    return math.sqrt(8 * KT * log) + math.sqrt(KT / (2 * log)) * math.log(1 / DELTA) + math.log(3 / DELTA)


def mean_bound() -> float:
    """What the mean of EXP3 never exceeds."""
    return math.sqrt(4 * HORIZON * math.log(2))


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Distribution functions on the main table; shares above the bound against the loss of arm 1."""
    left, right = figure.subplots(1, 2)
    for name, (color, dash, marker) in LOOKS.items():
        rows = table.where(algorithm=name)
        values = np.sort(rows.where(first=MAIN)["regret"])
        left.step(
            values, np.arange(1, len(values) + 1) / len(values), where="post", color=color, linestyle=dash, label=name
        )
        firsts = rows.unique("first")
        shares = [np.mean(rows.where(first=f)["regret"] > tail_bound()) for f in firsts]
        right.plot(firsts, shares, color=color, linestyle=dash, marker=marker, markersize=5)
    left.axvline(tail_bound(), color="black", linestyle=(0, (4, 2)), linewidth=1.0, label="EXP3-IX: bound, δ = 0.05")
    left.axvline(mean_bound(), color="0.45", linestyle=(0, (1, 1.5)), linewidth=1.2, label="EXP3: bound on the mean")
    left.set(xlabel="realised regret r (loss)", ylabel="share of runs with regret at most r", ylim=(-0.02, 1.04))
    left.set_title(f"arm 1 loses {MAIN} at first, T = {HORIZON:,}", loc="left")
    right.axhline(DELTA, color="black", linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    right.set(xlabel="mean loss of arm 1 in the first 40% of rounds", ylabel="share of runs")
    right.set_title("runs above the bound; dashed: δ = 0.05", loc="left")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)


def share_above(name: str, above: bool) -> Any:
    """The share of runs above the bound is over (under) DELTA: exact binomial."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        values = table.where(algorithm=name, first=MAIN)["regret"]
        n, x = len(values), int((values > tail_bound()).sum())
        over, under = float(stats.binom.sf(x - 1, n, DELTA)), float(stats.binom.cdf(x, n, DELTA))
        p, against = (over, under) if above else (under, over)
        verdict = "supported" if p < alpha else "refuted" if against < alpha else "inconclusive"
        return Outcome(verdict, f"{x} of {n} runs above {tail_bound():.0f}, p = {p:.2g}", p)

    return evaluate


CONCLUSIONS = (
    Conclusion(
        "the bound holds",
        "at most 5% of the runs of EXP3-IX exceed the bound of EXP3-IX",
        "lattimore2020bandit, Theorem 12.1",
        share_above("EXP3-IX", False),
    ),
    Conclusion(
        "EXP3 has no such bound",
        "more than 5% of the runs of EXP3 exceed the bound of EXP3-IX",
        "ours",
        share_above("EXP3", True),
    ),
    replace(
        Below("EXP3-IX", "EXP3", column="deviation", name="IX varies less", source="neu2015explore", first=MAIN),
        statement="the regret of EXP3-IX is nearer to its mean than that of EXP3",
    ),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """What a stranger should take home."""
    mine, other = (table.where(algorithm=name, first=MAIN)["regret"] for name in ("EXP3", "EXP3-IX"))
    share = np.mean(mine > tail_bound())
    return (
        f"EXP3's guarantee speaks of the mean: at most {mean_bound():.0f}, here {mine.mean():.0f}. But "
        f"{share:.0%} of "
        f"its runs regret more than {tail_bound():.0f}, which EXP3-IX promises to exceed in at most 5% and never "
        f"does here; "
        f"standard deviations {mine.std(ddof=1):.0f} and {other.std(ddof=1):.0f}. One rare draw makes EXP3's "
        f"estimate huge; "
        "implicit exploration caps it. Regret may be negative: the best arm is that of the whole table."
    )


FIGURE = Figure(
    slug="exp3_ix",
    title="EXP3 has a good mean and a heavy tail, EXP3-IX has no such tail",
    paper="neu2015explore",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.0, 4.0),
    conclusions=CONCLUSIONS,
    caption=caption,
)
