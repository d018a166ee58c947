"""False restarts and delays of M-UCB against its threshold (our figure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theorylab.rooms.figures._tradeoff import HORIZON, draw_tradeoff, level_conclusion, tradeoff_data

from theorylab.core.rng import RNGLike
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Figure, Outcome, Table

WINDOW = 100
DEFAULT = 28.19  # for K = 1, T = 2000
THRESHOLDS = (10.0, 15.0, 20.0, 25.0, DEFAULT, 32.0)
PRESETS = {
    "smoke": {"thresholds": (10.0, DEFAULT), "runs": 60},
    "quick": {"thresholds": THRESHOLDS, "runs": 150},
    "paper": {"thresholds": THRESHOLDS, "runs": 2000},
}


def keywords(b: float) -> dict[str, Any]:
    """One arm, no forced plays: the detector alone."""
    return {"window": WINDOW, "threshold": b, "gamma": 0.0}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """One row a run."""
    return tradeoff_data(parameters, "theorylab.bandits.nonstationary:m_ucb", keywords, sweep=sweep, rng=rng)


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Two panels."""
    draw_tradeoff(table, figure, f"threshold b (w = {WINDOW})", DEFAULT, "default b")


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """The finding in plain words."""
    flat = table.where(kind="no change")
    shares = ", ".join(
        f"{(flat.where(threshold=b)['value'] > 0).mean():.2f} at b = {b:g}" for b in flat.unique("threshold")
    )
    return (
        f"Share of runs of T = {HORIZON} that restart although nothing changes: {shares}. A window of {WINDOW} rewards "
        "cannot see a jump from 0.8 to 0.5 at the default threshold: the half-window difference is 15 on average."
    )


FIGURE = Figure(
    slug="m_ucb",
    title="M-UCB: false restarts against delay",
    paper="cao2019nearly",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.0, 3.6),
    conclusions=(
        level_conclusion(
            "the default is safe", "default b: at most 5% false restarts", DEFAULT, below=True, source="derived"
        ),
        level_conclusion(
            "b = sqrt(w) is not", "b = sqrt(w): above 5% false restarts", 10.0, below=False, source="ours"
        ),
    ),
    caption=caption,
)
