"""False restarts and delays of CUSUM-UCB against its threshold (our figure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theorylab.rooms.figures._tradeoff import HORIZON, draw_tradeoff, level_conclusion, tradeoff_data

from theorylab.core.rng import RNGLike
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Figure, Outcome, Table

M, EPSILON, DEFAULT = 200, 0.1, 6.21  # ln(T / Y) for T = 2000, Y = 4
THRESHOLDS = (4.0, DEFAULT, 10.0, 15.0, 20.0)
PRESETS = {
    "smoke": {"thresholds": (DEFAULT, 20.0), "runs": 60},
    "quick": {"thresholds": THRESHOLDS, "runs": 150},
    "paper": {"thresholds": THRESHOLDS, "runs": 2000},
}


def keywords(h: float) -> dict[str, Any]:
    """One arm: the detector alone."""
    return {"M": M, "epsilon": EPSILON, "h": h, "alpha": 0.0}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run."""
    return tradeoff_data(parameters, "theorylab.bandits.nonstationary:cusum_ucb", keywords, sweep=sweep, rng=rng)


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Two panels."""
    draw_tradeoff(table, figure, f"threshold h (M = {M}, drift {EPSILON})", DEFAULT, "ln(T/Y), the published tuning")


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    flat = table.where(kind="no change")
    shares = ", ".join(
        f"{(flat.where(threshold=h)['value'] > 0).mean():.2f} at h = {h:g}" for h in flat.unique("threshold")
    )
    return (
        f"Share of runs of T = {HORIZON} that restart although nothing changes: {shares}. The published tuning buys "
        "its short delays with false restarts, and no valid bound on them is known."
    )


FIGURE = Figure(
    slug="cusum_ucb",
    title="CUSUM-UCB: false restarts against delay",
    paper="liu2018change",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.0, 3.6),
    conclusions=(
        level_conclusion(
            "published tuning restarts falsely",
            "h = ln(T/Y): above 5% false restarts",
            DEFAULT,
            below=False,
            source="ours",
        ),
    ),
    caption=caption,
)
