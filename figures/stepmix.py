"""Safe exploration in episodes: regret, safety of every episode, and the price of a small margin (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style
from theorylab.rooms.figures._safe_learners import (
    COLOURS,
    LEARNERS,
    always_safe,
    catches_up,
    checkpoints,
    last,
    learner_rows,
    one_sided,
    some_violation,
    table_of,
)
from theorylab.rooms.proofs_checks.episodic.stepmix_proof import theorem_p_stepmix

from theorylab.core.rng import RNGLike, child_seed
from theorylab.core.sweeps import Sweep, serial
from theorylab.mdp.episodic.environments import margin_mdp, named_problem
from theorylab.verify.cases import Case
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

SYNTHETIC, GRID = "synthetic", "grid"
TITLES = {
    SYNTHETIC: "random MDP, S = 4, A = 3, H = 5",
    GRID: "3x4 grid with a trap, bonuses x 0.1 (no theorem)",
}
PRESETS = {
    "smoke": {"episodes": {SYNTHETIC: 2_000, GRID: 300}, "runs": 3, "slow": 1},
    "quick": {"episodes": {SYNTHETIC: 60_000, GRID: 10_000}, "runs": 8, "slow": 1},
    "paper": {"episodes": {SYNTHETIC: 300_000, GRID: 50_000}, "runs": 50, "slow": 50},
}
SAFE = tuple(name for name in ("StepMix", "EpsMix", "LP") if name in LEARNERS)
PRICED = tuple(name for name in ("constraint-free", "StepMix", "EpsMix") if name in LEARNERS)
MARGINS = (0.05, 0.1, 0.2, 0.4, 0.8)
PRICES = {
    "smoke": {"episodes": 3_000, "runs": 3},
    "quick": {"episodes": 30_000, "runs": 6},
    "paper": {"episodes": 1_000_000, "runs": 50},
}


def problems() -> dict[str, tuple[Any, float]]:
    """Panel -> (problem, scale of the bonuses)."""
    return {SYNTHETIC: (margin_mdp(4, 3, 5, 0.2, 0), 1.0), GRID: (named_problem("safe-grid"), 0.1)}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a panel, learner, quantity, run and episode."""
    counts = {name: parameters["slow" if name == "LP" else "runs"] for name in LEARNERS}
    rows = []
    for i, (panel, (problem, scale)) in enumerate(problems().items()):
        rows += learner_rows(
            panel, problem, tuple(LEARNERS), episodes=parameters["episodes"][panel], runs=counts, scale=scale,
            sweep=sweep, rng=child_seed(rng, i),
        )  # fmt: skip
    return table_of(rows)


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Above the regret, below the value of the executed policy less the threshold."""
    axes = figure.subplots(2, 2, sharex="col")
    for column, panel in enumerate((SYNTHETIC, GRID)):
        times = checkpoints(parameters["episodes"][panel])
        for (name, shade), dash in zip(COLOURS.items(), _style.DASHES, strict=False):
            if name not in LEARNERS:
                continue
            for row, what in enumerate(("regret", "margin")):
                matrix = table.where(panel=panel, algorithm=name, quantity=what)["value"].reshape(-1, len(times))
                label = name if row == column == 0 else "_"
                _style.band(
                    axes[row, column], times, matrix, label, _style.COLOURS[shade], interval="quantile", dash=dash
                )
        label = "threshold" if column == 0 else "_"
        _style.bound_line(axes[1, column], times, np.zeros(len(times)), label)
        axes[0, column].set(xscale="log", yscale="log", title=TITLES[panel])
        axes[1, column].set(xscale="log", xlabel="k (episodes)")
    axes[0, 0].set(ylabel="regret")
    axes[1, 0].set(ylabel="$V^{\\pi_k}$ - threshold")
    figure.legend(loc="outside upper center", ncols=6, title=_style.BANDS["quantile"], title_fontsize=7)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    parts = []
    for panel in (SYNTHETIC, GRID):
        said = []
        for name in LEARNERS:
            broken, regret = last(table, panel, name, "violations"), last(table, panel, name, "regret")
            said.append(
                f"{name} {int(broken.sum()):,} violating episodes in {len(broken)} runs, regret {regret.mean():,.0f}"
            )
        parts.append(f"{TITLES[panel]}: {'; '.join(said)}.")
    return (
        f"{' '.join(parts)} Every value is that of the executed policy in the true model. The paper's own instances, "
        "bonuses and competitors (BPI-UCBVI, DOPE) could not be read; instances, margins and bonuses here are ours. "
        "Safety is paid for early: as long as the brackets are wide the safe learners follow the baseline."
    )


def price_data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """Final regret against the margin: panel is the margin, and the bound of Theorem P one row each."""
    rows = []
    for margin in MARGINS:
        problem = margin_mdp(4, 3, 5, margin, 0)
        K = parameters["episodes"]
        found = learner_rows(
            f"{margin:g}", problem, PRICED, episodes=K, runs=parameters["runs"],
            scale=1.0, sweep=sweep, rng=child_seed(rng, 7),
        )  # fmt: skip
        rows += [row for row in found if row[4] == K and row[2] in ("regret", "violations")]
        keywords = {"baseline": problem.baseline, "threshold": problem.threshold}
        case = Case("price", problem.mdp, K, keywords, 1, "figure")
        rows.append((f"{margin:g}", "Theorem P", "regret", 0, K, theorem_p_stepmix(case)))
        trivial = K * (problem.optimal_value - 0.0)
        rows.append((f"{margin:g}", "trivial", "regret", 0, K, trivial))
    return table_of(rows)


def price_draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Regret after K episodes against the margin."""
    axes = figure.subplots()
    for (name, shade), dash in zip(COLOURS.items(), _style.DASHES, strict=False):
        if name in PRICED:
            runs = [table.where(panel=f"{m:g}", algorithm=name, quantity="regret")["value"] for m in MARGINS]
            _style.band(axes, MARGINS, np.array(runs).T, name, _style.COLOURS[shade], interval="quantile", dash=dash)
    for name, label in (("Theorem P", "Theorem P (ii)"), ("trivial", "$K V^*$")):
        bound = [table.where(panel=f"{m:g}", algorithm=name)["value"][0] for m in MARGINS]
        if name == "trivial":
            axes.plot(MARGINS, bound, color="grey", linewidth=0.8, linestyle=":", label=label)
        else:
            _style.bound_line(axes, MARGINS, bound, label)
    axes.set(xscale="log", yscale="log", xlabel="margin $\\kappa = V^b - \\gamma$", ylabel="regret after K episodes")
    axes.set_xticks(MARGINS, [f"{m:g}" for m in MARGINS])
    axes.minorticks_off()
    figure.legend(loc="outside upper center", ncols=5, title=_style.BANDS["quantile"], title_fontsize=7)


def price_falls(name: str) -> Conclusion:
    """The regret at the smallest margin is above that at the largest."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        ends = [
            table.where(panel=f"{m:g}", algorithm=name, quantity="regret")["value"] for m in (MARGINS[0], MARGINS[-1])
        ]
        if len(ends[0]) < 2:
            return Outcome("inconclusive", "one run")
        p = one_sided(ends[1] - ends[0])
        detail = f"regret {ends[0].mean():,.0f} at margin {MARGINS[0]:g}, {ends[1].mean():,.0f} at {MARGINS[-1]:g}"
        return Outcome("supported" if p <= alpha else "inconclusive", detail, p)

    said = f"a larger margin lowers the price of safety for {name}"
    return Conclusion(said, said, "Theorem P", evaluate)


def price_caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    ratio = []
    for m in (MARGINS[0], MARGINS[-1]):
        regret = {
            n: table.where(panel=f"{m:g}", algorithm=n, quantity="regret")["value"].mean()
            for n in ("StepMix", "constraint-free")
        }
        ratio.append(f"{regret['StepMix'] / regret['constraint-free']:.1f} times at margin {m:g}")
    bound = table.where(panel=f"{MARGINS[-1]:g}", algorithm="Theorem P")["value"][0]
    measured = table.where(panel=f"{MARGINS[-1]:g}", algorithm="StepMix", quantity="regret")["value"].mean()
    return (
        f"StepMix suffers {' and '.join(ratio)} the regret of the constraint-free learner. Theorem P is "
        f"{bound / max(measured, 1e-9):,.0f} times the measured regret at the largest margin: it falls as "
        "the square of the margin grows, the regret more slowly. Above the dotted line a bound says nothing."
    )


FIGURES = (
    Figure(
        slug="stepmix",
        title="Safe exploration: regret, and the value of every executed policy",
        paper="li2023near",
        number="comparison",
        presets=PRESETS,
        data=data,
        draw=draw,
        size=(8.4, 5.6),
        conclusions=(
            *(always_safe(name, SYNTHETIC, "random MDP") for name in SAFE),
            *(
                always_safe(name, SYNTHETIC, "random MDP", quantity="cumulative violations")
                for name in LEARNERS
                if name == "cumulative"
            ),
            *(catches_up(name, "constraint-free", SYNTHETIC, 2.0) for name in PRICED if name in SAFE),
            some_violation("constraint-free", SYNTHETIC, "random MDP"),
            some_violation("constraint-free", GRID, "grid"),
        ),
        caption=caption,
    ),
    Figure(
        slug="stepmix",
        title="The price of safety against the margin",
        paper="li2023near",
        number="price",
        presets=PRICES,
        data=price_data,
        draw=price_draw,
        size=(6.4, 4.4),
        conclusions=(*(price_falls(name) for name in PRICED if name in SAFE),),
        caption=price_caption,
    ),
)
