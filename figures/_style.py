"""How all figures look: colours that everybody can tell apart, bands over seeds, files with the same bits every time.

Colours are those of Okabe and Ito; lines also differ by dash, so that a print in grey stays readable.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate

__all__ = ["BANDS", "COLOURS", "DASHES", "band", "bound_line", "colour", "legend", "save", "style"]

COLOURS = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "black": "#000000",
    "yellow": "#F0E442",
}
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)))
BANDS = {
    "t": "mean, band: 95% t-interval of the mean",
    "quantile": "mean, band: 5% to 95% of the runs",
}
_RC: dict[str, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 100,
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same glyphs on every machine
    "font.size": 9,
    "grid.alpha": 0.3,
    "grid.linewidth": 0.5,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "mathtext.fontset": "dejavusans",
    "pdf.fonttype": 42,  # text stays text
    "svg.fonttype": "none",
    "svg.hashsalt": "theorylab",
}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """The settings of all figures, for the length of a block; the user's own come back afterwards."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a user's matplotlibrc must not change a published figure
        matplotlib.rcParams.update(_RC)
        matplotlib.rcParams["axes.prop_cycle"] = matplotlib.cycler(color=list(COLOURS.values()))
        yield


def colour(index: int) -> str:
    """Colour number ``index``, round and round.

    Examples
    --------
    >>> colour(0), colour(8) == colour(0)
    ('#0072B2', True)
    """
    return list(COLOURS.values())[index % len(COLOURS)]


def band(
    axes: Any,
    x: Any,
    runs_matrix: Any,
    label: str,
    color: str,
    *,
    interval: str = "t",
    dash: Any = "-",
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Draw the mean of the runs with a band, and return (mean, low, high), each (C,).

    Parameters
    ----------
    axes
        Of matplotlib.
    x
        (C,) checkpoints.
    runs_matrix
        (n_runs, C), one row a run.  One run: a line without a band.
    interval
        ``"t"``: 95% t-interval of the mean; ``"quantile"``: from the 5% to the 95% quantile of the runs.
        :func:`legend` says which.

    Raises
    ------
    ValueError
        If the shapes differ, or ``interval`` is neither.
    """
    interval = validate.choice("interval", interval, tuple(BANDS))
    times = validate.array("x", x, ndim=1)
    runs = validate.array("runs_matrix", runs_matrix, shape=(None, len(times)))
    mean = runs.mean(axis=0)
    if len(runs) < 2:
        low, high = mean, mean
    elif interval == "t":
        from scipy import stats

        half = stats.t.ppf(0.975, len(runs) - 1) * runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
        low, high = mean - half, mean + half
    else:
        low, high = np.quantile(runs, [0.05, 0.95], axis=0)
    axes.plot(times, mean, color=color, linestyle=dash, label=label)
    if len(runs) > 1:
        axes.fill_between(times, low, high, color=color, alpha=0.2, linewidth=0)
    return mean, low, high


def bound_line(axes: Any, x: Any, y: Any, label: str, *, color: str = COLOURS["black"]) -> None:
    """A theorem's bound: thin and dashed, so that nobody takes it for a measurement."""
    axes.plot(np.asarray(x), np.asarray(y), color=color, linestyle=(0, (4, 2)), linewidth=1.0, label=label)


def legend(axes: Any, *, interval: str | None = "t", **options: Any) -> None:
    """The legend, with what the bands are as its title (``interval=None``: no bands)."""
    title = None if interval is None else BANDS[validate.choice("interval", interval, tuple(BANDS))]
    axes.legend(title=title, title_fontsize=7, **options)


def save(figure: Any, path: str | Path, *, format: str, dpi: int = 160) -> None:
    """Write a matplotlib figure as ``"png"``, ``"pdf"`` or ``"svg"`` without dates: the same bits every time."""
    metadata: dict[str, Any] = {
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
        "svg": {"Date": None, "Creator": None},
    }[validate.choice("format", format, ("png", "pdf", "svg"))]
    with style():
        figure.savefig(path, format=format, dpi=dpi, metadata=metadata, bbox_inches="tight")
