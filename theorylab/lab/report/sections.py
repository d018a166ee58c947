"""One section of the page for each result: its statements, rows, figures, profile and mutants brought together."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theorylab.lab.report.charts import Waterfall, waterfall
from theorylab.lab.report.citations import Citation
from theorylab.lab.report.models import model_pictures
from theorylab.lab.report.views import MutantView, RowView, counts, number, read, words

__all__ = ["FigureView", "Section", "StatementView", "anchor", "figure_view", "sections"]


@dataclass(frozen=True, slots=True)
class StatementView:
    """A statement with its rows on all instances."""

    name: str
    layer: str
    kind: str
    source: str
    statement: str
    constants: str
    hypotheses: tuple[str, ...]
    algorithm: str
    explains: str
    rows: tuple[RowView, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by verdict."""
        return counts(self.rows)


@dataclass(frozen=True, slots=True)
class FigureView:
    """A picture with its caption and what became of the conclusions drawn from it."""

    slug: str
    name: str
    title: str
    source: str
    preset: str
    caption: str
    picture: str  # base64 of the PNG; empty when the file is missing
    files: tuple[tuple[str, str], ...]  # (name, link relative to the page; empty where it lies elsewhere)
    conclusions: tuple[tuple[str, str, str, str], ...]  # verdict, statement, detail, source


@dataclass(frozen=True, slots=True)
class Section:
    """All that the page says about one result."""

    slug: str
    title: str
    area: str
    level: str
    paper: Citation
    algorithms: Mapping[str, str]
    claims: tuple[StatementView, ...]
    links: tuple[StatementView, ...]
    checks: tuple[StatementView, ...]
    figures: tuple[FigureView, ...]
    profiles: tuple[Waterfall, ...]
    mutants: tuple[MutantView, ...]
    coq: tuple[tuple[str, str], ...]  # lemma, status
    notes: tuple[str, ...]
    rows: tuple[RowView, ...]
    models: tuple[tuple[str, str], ...] = ()  # instance, base64 PNG of its drawing
    power_known: bool = True  # whether its mutants were run

    @property
    def caught(self) -> int:
        """Mutants that something caught."""
        return sum(m.caught for m in self.mutants)

    @property
    def theorem_counts(self) -> dict[str, int]:
        """Theorem-level rows by verdict."""
        return counts(r for r in self.rows if r.layer == "theorem")

    @property
    def link_counts(self) -> dict[str, int]:
        """Rows of links by verdict."""
        return counts(row for link in self.links for row in link.rows)

    @property
    def check_counts(self) -> dict[str, int]:
        """Rows of checks by verdict."""
        return counts(row for check in self.checks for row in check.rows)

    @property
    def proof_counts(self) -> dict[str, int]:
        """Rows of links and checks by verdict."""
        return counts(r for r in self.rows if r.layer != "theorem")


def anchor(text: str) -> str:
    """A name that may stand after ``#``."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-") or "section"


def figure_view(figure: Any, page: Path) -> FigureView:
    """Of a ``FigureResult``; ``page`` is the report, so that files below its folder can be linked."""
    inner = read(figure, "figure")
    slug = str(read(figure, "slug", "") or read(inner, "slug", ""))
    name = str(read(figure, "name", slug))
    known = {str(read(c, "name", "")): c for c in read(figure, "conclusions", None) or read(inner, "conclusions", ())}
    conclusions = []
    for label, outcome in read(figure, "outcomes", {}).items():
        about = known.get(label)
        verdict, detail = (str(read(outcome, key, "")) for key in ("verdict", "detail"))
        statement, source = (str(read(about, key, default)) for key, default in (("statement", label), ("source", "")))
        conclusions.append((verdict, statement, detail, source))
    paper, place = (str(read(figure, key, "") or read(inner, key, "")) for key in ("paper", "number"))
    png = read(figure, "png")
    given = [Path(p) for p in (png, read(figure, "pdf"), read(figure, "csv")) if p is not None]
    return FigureView(
        slug=slug,
        name=name,
        title=str(read(figure, "title", "") or read(inner, "title", "") or name),
        source=", ".join(part for part in (paper, place) if part),
        preset=str(read(figure, "preset", "")),
        caption=str(read(figure, "caption", "")),
        picture=base64.b64encode(Path(png).read_bytes()).decode() if png is not None and Path(png).is_file() else "",
        files=tuple((path.name, _link(path, page)) for path in given),
        conclusions=tuple(conclusions),
    )


def _link(path: Path, page: Path) -> str:
    try:
        return path.resolve().relative_to(page.resolve().parent).as_posix()
    except ValueError:
        return ""


def sections(
    results: Sequence[Any],
    rows: Sequence[RowView],
    mutants: Sequence[MutantView],
    profiles: Sequence[Any],
    figures: Sequence[FigureView],
    sources: Mapping[str, Citation],
    *,
    power_known: Collection[str] | None,
) -> list[Section]:
    """One section a result, in their order; then slugs that only rows, mutants, profiles or figures know.

    ``power_known`` are the slugs whose mutants were run; ``None``: all.
    """
    known = {str(read(result, "slug", "")): result for result in results}
    for item in (*rows, *mutants, *profiles, *figures):
        known.setdefault(str(read(item, "slug", "")), None)
    made = []
    for slug, result in known.items():
        mine = tuple(r for r in rows if r.slug == slug)
        broken = tuple(m for m in mutants if m.slug == slug)
        groups = [_statements(read(result, room, ()), mine) for room in ("claims", "links", "checks")]
        named = {s.name for group in groups for s in group}
        for row in mine:  # rows of statements that the result does not list (recorded evidence without the room)
            if row.name not in named:
                named.add(row.name)
                where = {"theorem": 0, "link": 1}.get(row.layer, 2)
                groups[where].append(_orphan(row, mine))
        key = str(read(result, "paper", ""))
        ran = power_known is None or slug in power_known
        made.append(
            Section(
                slug=slug,
                title=str(read(result, "title", "") or slug),
                area=str(read(result, "area", "")),
                level=_level(mine, broken, ran),
                paper=sources.get(key, Citation(key, key, "", "")),
                algorithms={str(k): str(v) for k, v in dict(read(result, "algorithms", {})).items()},
                claims=tuple(groups[0]),
                links=tuple(groups[1]),
                checks=tuple(groups[2]),
                figures=tuple(f for f in figures if f.slug == slug),
                profiles=tuple(waterfall(p) for p in profiles if str(read(p, "slug", "")) == slug),
                mutants=broken,
                coq=_coq(read(result, "coq", ())),
                notes=tuple(str(note) for note in read(result, "notes", ())),
                rows=mine,
                models=model_pictures(result),
                power_known=ran,
            )
        )
    return made


def _statements(given: Iterable[Any], rows: Sequence[RowView]) -> list[StatementView]:
    found = []
    for statement in given:
        name = str(read(statement, "name", ""))
        found.append(
            StatementView(
                name=name,
                layer=str(read(statement, "layer", "theorem")),
                kind=_kind(read(statement, "kind", "")),
                source=str(read(statement, "source", "")),
                statement=str(read(statement, "statement", "")),
                constants=str(read(statement, "constants", "")),
                hypotheses=tuple(str(read(h, "name", h)) for h in read(statement, "hypotheses", ())),
                algorithm=str(read(statement, "algorithm", "")),
                explains=str(read(statement, "explains", "")),
                rows=tuple(r for r in rows if r.name == name),
            )
        )
    return found


def _orphan(row: RowView, rows: Sequence[RowView]) -> StatementView:
    same = tuple(r for r in rows if r.name == row.name)
    kind = words(row.kind)
    return StatementView(row.name, row.layer, kind, row.source, row.statement, row.constants, (), "", "", same)


def _kind(kind: Any) -> str:
    if isinstance(kind, str):
        return words(kind)
    name, delta, exponent = str(read(kind, "name", type(kind).__name__)), read(kind, "delta"), read(kind, "exponent")
    if name == "HighProbability":
        return f"with probability at least 1 − {number(delta)}"
    if name == "NegativeControl":
        return f"negative control: a guarantee at δ = {number(delta)} that must be refuted"
    if name == "Rate":
        return f"rate: grows as T^{number(exponent)} at most"
    return {"Always": "always, on every run", "Expectation": "in expectation"}.get(name, words(name))


def _level(rows: Sequence[RowView], mutants: Sequence[MutantView], power_known: bool) -> str:
    from theorylab.verify.levels import slug_level

    return slug_level(rows, [_Caught(m.caught, m.hole) for m in mutants] if power_known else None)


@dataclass(frozen=True, slots=True)
class _Caught:
    caught_by: bool
    hole: str


def _coq(entries: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Lemmas with their recorded status; nothing is compiled for a report."""
    import hashlib

    from theorylab.rooms import ROOT

    folder = ROOT / "proofs_checks" / "coq"
    try:
        recorded = json.loads((folder / "recorded.json").read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError):
        recorded = {}
    found = []
    for entry in entries:
        file, _, lemma = str(entry).rpartition("/")[2].partition(":")
        record, path = recorded.get(file, {}), folder / file
        same = path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == record.get("sha256")
        if not record:
            status = "not recorded"
        elif not same:
            status = "stale: the file changed since it was recorded"
        elif lemma and lemma not in record.get("lemmas", ()):
            status = "the recorded file has no such lemma"
        else:
            status, version = record.get("status", "recorded"), record.get("coqc", "")
            status = f"{status} (recorded with Coq {version}, not re-run for this page)"
        found.append((str(entry), status))
    return tuple(found)
