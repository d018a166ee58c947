"""The figure runner: compute, test the conclusions, draw, and put the data beside the picture."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theorylab.core import validate
from theorylab.core.kernels import source_hash
from theorylab.core.record import plain, versions
from theorylab.core.rng import RNGLike, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.lab.catalogue import room_path
from theorylab.lab.store import atomic_write
from theorylab.verify.engine import DEFAULT_ENTROPY
from theorylab.verify.figure import Figure, Outcome, Table

__all__ = ["FigureResult", "evaluate_conclusions", "figure_names", "run_figure"]

MARKS = {"supported": "holds", "refuted": "DOES NOT HOLD", "inconclusive": "undecided", "vacuous": "says nothing"}
PNG_DPI = 160


@dataclass(frozen=True, slots=True)
class FigureResult:
    """A regenerated figure: its files, and what became of the conclusions drawn from it."""

    name: str
    figure: Figure
    preset: str
    png: Path
    pdf: Path
    csv: Path
    outcomes: Mapping[str, Outcome]  # by the name of the conclusion
    caption: str
    table: Table

    @property
    def holds(self) -> bool:
        """Every conclusion that says something is supported."""
        return all(outcome.verdict in ("supported", "vacuous") for outcome in self.outcomes.values())


def figure_names(figures: Sequence[Figure]) -> list[str]:
    """File names without suffix: the slug, with the figure's number when a slug has several figures.

    Raises
    ------
    ValueError
        If two figures would share a name.
    """
    names = []
    for figure in figures:
        alone = sum(f.slug == figure.slug for f in figures) == 1
        number = re.sub(r"[^a-z0-9]+", "-", figure.number.lower()).strip("-")
        names.append(figure.slug if alone else f"{figure.slug}-{number}")
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ValueError(f"two figures would be called {twice[0]!r}, expected different numbers")
    return names


def run_figure(
    figure: Figure,
    preset: str,
    *,
    out: str | Path,
    name: str | None = None,
    sweep: Sweep = serial,
    rng: RNGLike = DEFAULT_ENTROPY,
) -> FigureResult:
    """Regenerate one figure: ``<name>.png``, ``<name>.pdf`` and ``<name>.csv`` below ``out``.

    The same preset, seed and versions give the same bits in all three, whatever the sweep.  A figure whose conclusions
    do not hold is drawn like any other, and says so below the picture and in the CSV.

    Parameters
    ----------
    figure
        From ``theorylab.rooms.figures.<slug>``.
    preset
        One of ``figure.presets``.
    name
        Of the files; ``None``: the slug.
    sweep
        How the runs are spread over workers.

    Raises
    ------
    ValueError
        If there is no such preset.
    TypeError
        If ``figure.data`` returns no :class:`Table`.
    """
    from matplotlib.figure import Figure as Canvas

    from theorylab.rooms.figures import _style

    preset = validate.choice("preset", preset, tuple(figure.presets))
    name = figure.slug if name is None else name
    parameters = dict(figure.presets[preset])
    table = figure.data(parameters, sweep=sweep, rng=rng)
    if not isinstance(table, Table):
        raise TypeError(f"data of figure {name!r} returned a {type(table).__name__}, expected a Table")
    outcomes = evaluate_conclusions(figure, table)
    caption = figure.caption if isinstance(figure.caption, str) else figure.caption(table, outcomes)
    folder = Path(out)
    png, pdf, data = (folder / f"{name}.{suffix}" for suffix in ("png", "pdf", "csv"))
    with _style.style():
        canvas = Canvas(figsize=figure.size, layout="constrained")
        figure.draw(table, canvas, parameters)
        _footer(canvas, figure, preset, outcomes)
    for path in (png, pdf):
        with atomic_write(path) as temporary:
            _style.save(canvas, temporary, format=path.suffix[1:], dpi=PNG_DPI)
    _write_csv(data, figure, preset, parameters, rng, table, outcomes)
    return FigureResult(name, figure, preset, png, pdf, data, outcomes, caption, table)


def evaluate_conclusions(figure: Figure, table: Table) -> dict[str, Outcome]:
    """Test all conclusions of a figure with one family-wise error ``figure.alpha``.

    With probability at least 1 - alpha no false conclusion is called ``supported`` (Holm's step-down over the
    p-values; a conclusion without one is tested at alpha / m), and with probability at least 1 - alpha no true one is
    called ``refuted`` (each is refuted at alpha / m only).
    """
    m = len(figure.conclusions)
    if m == 0:
        return {}
    share = figure.alpha / m
    found = {c.name: c.evaluate(table, share) for c in figure.conclusions}
    if len(found) != m:
        raise ValueError(f"figure {figure.slug!r} has two conclusions of the same name")
    with_p = sorted(
        (c for c in figure.conclusions if found[c.name].p_value is not None), key=lambda c: _p(found[c.name])
    )
    for rank, conclusion in enumerate(with_p):
        stepped = conclusion.evaluate(table, share * len(with_p) / (len(with_p) - rank))
        if stepped.verdict != "supported":
            break
        found[conclusion.name] = stepped
    return found


def _p(outcome: Outcome) -> float:
    return 1.0 if outcome.p_value is None else outcome.p_value


def _footer(canvas: Any, figure: Figure, preset: str, outcomes: Mapping[str, Outcome]) -> None:
    lines = [f"{figure.paper}, {figure.number}; preset {preset}"]
    statements = {c.name: c.statement for c in figure.conclusions}
    lines += [f"{MARKS.get(o.verdict, o.verdict)}: {statements[name]} ({o.detail})" for name, o in outcomes.items()]
    width = int(figure.size[0] * 17)
    text = "\n".join(part for line in lines for part in textwrap.wrap(line, width, subsequent_indent="    "))
    canvas.text(0.01, -0.015, text, va="top", ha="left", fontsize=6.5, parse_math=False)


def _write_csv(
    path: Path,
    figure: Figure,
    preset: str,
    parameters: Mapping[str, Any],
    rng: RNGLike,
    table: Table,
    outcomes: Mapping[str, Outcome],
) -> None:
    room = room_path("figures", figure.slug)
    seed = seed_of(rng)
    header = {
        "title": figure.title,
        "paper": figure.paper,
        "figure": figure.number,
        "preset": preset,
        "entropy": seed["entropy"],
        "spawn_key": list(seed["spawn_key"]),
        "versions": dict(versions()),
        "parameters": plain(parameters),
        "source_hash": source_hash(),
        "figure_sha256": hashlib.sha256(room.read_bytes()).hexdigest() if room.is_file() else None,
        "units": dict(table.units),
        "alpha": figure.alpha,
    }
    with atomic_write(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        for key, value in header.items():
            file.write(f"# {key}: {json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)}\n")
        for conclusion in figure.conclusions:
            outcome = outcomes[conclusion.name]
            record = {"name": conclusion.name, "statement": conclusion.statement, "source": conclusion.source}
            record |= {"verdict": outcome.verdict, "detail": outcome.detail}
            file.write(f"# conclusion: {json.dumps(record, ensure_ascii=False)}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(list(table.columns))
        for row in table.rows():
            writer.writerow([repr(v) if isinstance(v, float) else v for v in row.values()])
