"""The HTML report: one file with everything in it, to be opened from disk, read on a phone, or printed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from markupsafe import Markup

from theorylab.lab.report import charts, markup, views
from theorylab.lab.report.citations import Citation, citations
from theorylab.lab.report.sections import Section, StatementView, anchor, figure_view, sections
from theorylab.verify.levels import LEVELS, LIMITS

__all__ = ["build_report"]

_TEMPLATES = Path(__file__).parent / "templates"
_MARKS = {"supported": "✓", "refuted": "✕", "inconclusive": "?", "vacuous": "∅", "not applicable": "–"}
_MACHINE = frozenset("date time timestamp seconds host hostname user platform cwd path out folder".split())

VERDICTS = {
    "supported": "The evidence carries the statement at the stated error level. It speaks of these instances only.",
    "refuted": "The evidence contradicts the statement at the stated error level. The row says how to replay it.",
    "inconclusive": "These runs show neither. Where it is known, the row says how many runs could decide it.",
    "vacuous": (
        "The bound is not below what any algorithm could suffer, so the statement says nothing here. "
        "This is not support: random play would pass as well. The row says from which horizon on it says something."
    ),
    "not applicable": "The instance does not meet a hypothesis of the statement, or the check looks inside other code.",
}
LAYERS = {
    "reference": "equality with a slow, line by line implementation: same seed, same decisions",
    "exact": "values decided by exact arithmetic or enumeration, without sampling",
    "lemma": "a lemma checked by itself, without sampling",
    "link": "one inequality of the proof, both sides computed on the trace of each run",
    "theorem": "the theorem: a quantity of a run against its explicit bound",
}
CONSTANTS = {
    "paper": "printed in the paper",
    "derived here": "derived in this library, because the paper prints none or others",
    "recalled": "from memory of the paper, not looked up again",
    "rate only": "only the growth is claimed, not the constants",
    "none": "the statement has no constants",
}


def build_report(
    path: str | Path,
    *,
    results: Sequence[Any] = (),
    rows: Sequence[Any] = (),
    power: Sequence[Any] | None = None,
    power_known: Collection[str] | None = None,
    profiles: Sequence[Any] = (),
    figures: Sequence[Any] = (),
    meta: Mapping[str, Any] | None = None,
) -> Path:
    """Write the report to ``path`` (whole or not at all) and return it.

    Parameters
    ----------
    path
        The HTML file.  Its folder is made when missing.
    results
        ``Result`` objects: what is claimed.
    rows
        ``Row`` objects of a check, or dictionaries with their keys (recorded evidence).
    power
        ``PowerRow`` objects or dictionaries; ``None``: the mutants were not run, and the page says so.
    power_known
        The slugs whose mutants were run; ``None``: all, when ``power`` is given.
    profiles
        ``Profile`` objects.
    figures
        ``FigureResult`` objects; their PNG files are put into the page.
    meta
        What describes the run: preset, entropy, alpha, versions, source hash.  Keys that tell when or where
        (date, host, path, ...) are left out, so that the same run gives the same page.
    """
    import jinja2

    from theorylab.lab.store import atomic_write

    page = Path(path)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "anchor": anchor,
        "number": views.number,
        "words": views.words,
        "prose": markup.text_markup,
        "statement": markup.statement_markup,
        "strip": charts.verdict_strip,
        "ratio_bar": charts.ratio_bar,
        "plural": _plural,
        "breakable": _breakable,
        "shared_hypotheses": _shared_hypotheses,
    }
    environment.globals |= {"badge": _badge, "marks": _MARKS}
    row_views = [views.row_view(row) for row in rows]
    mutants = [views.mutant_view(row) for row in power or ()]
    pictures = [figure_view(figure, page) for figure in figures]
    known = set() if power is None else power_known
    found = sections(results, row_views, mutants, profiles, pictures, _sources(), power_known=known)
    text = environment.get_template("report.html.j2").render(
        style=Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
        script=Markup((_TEMPLATES / "report.js").read_text(encoding="utf-8")),
        sections=found,
        rows=row_views,
        totals=views.counts(row_views),
        alarms=_alarms(found),
        layers=LAYERS,
        layer_names=views.LAYERS,
        verdicts=VERDICTS,
        constants=CONSTANTS,
        levels=[(level, text, LIMITS.get(level, "")) for level, text in LEVELS.items()],
        meta=_meta(meta or {}),
        headline=_headline(meta or {}),
    )
    with atomic_write(page) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return page


def _badge(verdict: str) -> Markup:
    name = verdict.replace(" ", "-")
    return Markup('<span class="badge {}"><span aria-hidden="true">{}</span> {}</span>').format(
        name, _MARKS.get(verdict, "·"), verdict
    )


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _breakable(name: str) -> Markup:
    """A name that may be broken after an underscore."""
    return Markup("_<wbr>").join(name.split("_"))


def _shared_hypotheses(statements: Sequence[StatementView]) -> tuple[str, ...]:
    """What all statements assume, when they assume the same (so that it is said once)."""
    found = {s.hypotheses for s in statements}
    return found.pop() if len(found) == 1 else ()


def _sources() -> dict[str, Citation]:
    from theorylab.lab.bibliography import bibliography

    try:
        return citations(bibliography())
    except FileNotFoundError:
        return {}


def _alarms(found: Sequence[Section]) -> list[tuple[str, str, str, str]]:
    """What a reader must not overlook: (slug, kind, name, message)."""
    order = ("refuted", "figure conclusion refuted", "missed mutant", "hole")
    alarms = []
    for section in found:
        for row in section.rows:
            if row.verdict == "refuted":
                alarms.append((section.slug, "refuted", f"{row.name} on {row.instance}", row.message))
        for mutant in section.mutants:
            if not mutant.caught:
                kind, text = ("hole", mutant.hole) if mutant.hole else ("missed mutant", "no statement catches it")
                alarms.append((section.slug, kind, mutant.mutant, text))
        for figure in section.figures:
            for verdict, statement, detail, _ in figure.conclusions:
                if verdict == "refuted":
                    alarms.append((section.slug, "figure conclusion refuted", statement, detail))
    return sorted(alarms, key=lambda alarm: order.index(alarm[1]))


def _headline(meta: Mapping[str, Any]) -> str:
    parts = [f"{key} {_entropy(meta[key])}" for key in ("preset", "alpha", "entropy") if meta.get(key) is not None]
    return ", ".join(parts)


def _meta(meta: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Pairs for the table of the run; a nested mapping stays a list of pairs."""
    order = ("preset", "entropy", "alpha", "power_preset", "versions", "source_hash")
    keys = [*(k for k in order if k in meta), *sorted(k for k in meta if k not in order)]
    found: list[tuple[str, Any]] = []
    for key in keys:
        value = meta[key]
        if key in _MACHINE or value is None or isinstance(value, PurePath):
            continue
        if isinstance(value, Mapping) and key != "entropy":
            found.append((key.replace("_", " "), [(str(k), _flat(v)) for k, v in value.items()]))
        else:
            found.append((key.replace("_", " "), _entropy(value)))
    return found


def _entropy(value: Any) -> str:
    """A seed is a number, or a mapping with the number and where it was spawned."""
    if not isinstance(value, Mapping) or "entropy" not in value:
        return _flat(value)
    where = value.get("spawn_key")
    return _flat(value["entropy"]) + (f", spawn key {_flat(list(where))}" if where else "")


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_flat(v)}" for k, v in value.items() if v not in ((), [], None))
    if isinstance(value, (list, tuple)):
        return ", ".join(_flat(v) for v in value)
    return str(value)
