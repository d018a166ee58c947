"""The tables of evidence in Markdown: one line a result for the README, one line a claim for the page behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from theorylab.lab.report.views import RowView, counts, number, read, row_view

__all__ = ["BEGIN", "END", "readme_table", "summary_table", "update_readme"]

BEGIN, END = "<!-- evidence:begin -->", "<!-- evidence:end -->"
_SILENT = ("vacuous", "not applicable")
HEADER = ("result", "claim", "verdict", "measured / bound", "level", "constants")
SUMMARY = ("area", "result", "theorem", "proof and checks", "mutants caught", "level")


def readme_table(evidence: Sequence[Any]) -> str:
    """The Markdown table: one line a theorem-level claim, the rest of a result as counts.

    Parameters
    ----------
    evidence
        Recorded evidence (one mapping a result, with ``parts`` and ``power``), or rows of a check.

    Returns
    -------
    str
        Without the markers, ending in a newline.
    """
    lines = [f"| {' | '.join(HEADER)} |", f"|{'---|' * len(HEADER)}"]
    for record in _records(evidence):
        lines += _lines(record)
    return "\n".join(lines) + "\n"


def summary_table(evidence: Sequence[Any]) -> str:
    """The Markdown table with one line a result, grouped by area: verdicts as counts, mutants, the level of the whole.

    ``evidence`` is what :func:`readme_table` takes.
    """
    lines = [f"| {' | '.join(SUMMARY)} |", f"|{'---|' * len(SUMMARY)}"]
    previous = None
    for record in sorted(_records(evidence), key=lambda r: (str(read(r, "area", "")), str(read(r, "slug", "")))):
        slug, area = str(read(record, "slug", "")), str(read(record, "area", ""))
        rows = [row_view(part) for part in read(record, "parts", ())]
        theorems = [row for row in rows if row.layer == "theorem"]
        others = [row for row in rows if row.layer != "theorem"]
        mutants = list(read(record, "power", ()))
        caught = sum(bool(read(m, "caught_by", ())) for m in mutants)
        cells = (
            "" if area == previous else area,
            f"[`{slug}`](proofs_checks/{slug}.py)",
            _verdict(theorems) if theorems else "–",
            _verdict(others) if others else "–",
            f"{caught} of {len(mutants)}" if mutants else "–",
            str(read(record, "level") or "–"),
        )
        lines.append(_line(cells))
        previous = area
    return "\n".join(lines) + "\n"


def update_readme(path: str | Path, evidence: Sequence[Any], *, table: Callable[..., str] = summary_table) -> bool:
    """Put ``table`` of the evidence between the markers of the file; returns whether the file changed.

    Raises
    ------
    ValueError
        If the file does not hold each marker once, in order.
    """
    from theorylab.lab.store import atomic_write

    target = Path(path)
    text = target.read_text(encoding="utf-8")
    for marker in (BEGIN, END):
        if text.count(marker) != 1:
            raise ValueError(f"{target.name} holds the marker {marker} {text.count(marker)} times, expected once")
    head, _, rest = text.partition(BEGIN)
    if END not in rest:
        raise ValueError(f"{target.name} has {END} before {BEGIN}, expected it after")
    made = f"{head}{BEGIN}\n{table(evidence)}{END}{rest.partition(END)[2]}"
    if made == text:
        return False
    with atomic_write(target) as temporary:
        temporary.write_text(made, encoding="utf-8")
    return True


def _records(evidence: Sequence[Any]) -> list[Any]:
    """Rows of a check become one record a slug; records stay as they are."""
    if not evidence or read(evidence[0], "parts") is not None:
        return list(evidence)
    by_slug: dict[str, list[Any]] = {}
    for row in evidence:
        by_slug.setdefault(str(read(row, "slug", "")), []).append(row)
    return [{"slug": slug, "parts": rows} for slug, rows in by_slug.items()]


def _lines(record: Any) -> list[str]:
    slug = str(read(record, "slug", ""))
    rows = [row_view(part) for part in read(record, "parts", ())]
    theorems = [row for row in rows if row.layer == "theorem"]
    first = f"[`{slug}`](../proofs_checks/{slug}.py)"
    lines = []
    for name in dict.fromkeys(row.name for row in theorems):
        mine = [row for row in theorems if row.name == name]
        kind = {"NegativeControl": " (negative control)", "LowerBound": " (lower bound)"}.get(mine[0].kind, "")
        cells = (
            first,
            name + kind,
            _verdict(mine),
            "" if mine[0].control else _ratio(mine),
            _level(mine),
            mine[0].constants,
        )
        lines.append(_line(cells))
        first = ""
    others = [row for row in rows if row.layer != "theorem"]
    if others or read(record, "power"):
        links = [row for row in others if row.layer == "link"]
        checks = [row for row in others if row.layer != "link"]
        groups = ((links, "link"), (checks, "check"))
        parts = [f"{_count(group, noun)}: {_verdict(group)}" for group, noun in groups if group]
        mutants = list(read(record, "power", ()))
        if mutants:
            parts.append(f"mutants caught: {sum(bool(read(m, 'caught_by', ())) for m in mutants)} of {len(mutants)}")
        level = read(record, "level")
        whole = f"{level} (whole result)" if level else ""
        lines.append(_line((first, "proof and checks", "; ".join(parts), "", whole, "")))
    return lines


def _count(rows: Sequence[RowView], noun: str) -> str:
    n = len({row.name for row in rows})
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _verdict(rows: Sequence[RowView]) -> str:
    """One word where all instances agree, else how many instances say what; the worst comes first."""
    found = counts(rows)
    if len(found) == 1:
        verdict, count = next(iter(found.items()))
        return verdict if count == 1 else f"{verdict} ({count} of {count})"
    return ", ".join(f"{count} {verdict}" for verdict, count in found.items())


def _ratio(rows: Sequence[RowView]) -> str:
    """The range of measured over bound, where the bound says something."""
    ratios = sorted(row.ratio for row in rows if row.ratio is not None and row.verdict not in _SILENT)
    if not ratios:
        return "–"
    low, high = number(ratios[0], 2), number(ratios[-1], 2)
    return low if low == high else f"{low} to {high}"


def _level(rows: Sequence[RowView]) -> str:
    """The lowest level among the instances on which the statement speaks."""
    return min((row.level for row in rows if row.verdict not in _SILENT), default="L0")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
