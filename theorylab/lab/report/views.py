"""What the page shows of rows, statements and mutants: plain values, from objects or from recorded dictionaries."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "LAYERS",
    "MutantView",
    "RowView",
    "counts",
    "mutant_view",
    "number",
    "read",
    "row_view",
    "superscript",
    "words",
]

LAYERS = ("reference", "exact", "lemma", "link", "theorem")  # cheapest first
SEVERITY = ("refuted", "inconclusive", "vacuous", "not applicable", "supported")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def read(source: Any, name: str, default: Any = None) -> Any:
    """``source.name`` or ``source["name"]``; ``default`` where there is neither, or ``None``."""
    value = source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
    return default if value is None else value


def number(value: Any, digits: int = 3) -> str:
    """A number for people: few digits, powers of ten written out.

    Examples
    --------
    >>> number(12345678.0), number(0.25), number(None), number(120), number(3.2e-7)
    ('1.23×10⁷', '0.25', '–', '120', '3.2×10⁻⁷')
    """
    if value is None:
        return "–"
    value = float(value)
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value != 0 and not 1e-3 <= abs(value) < 1e6:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        power = f"10{superscript(int(exponent))}"
        return power if mantissa == "1" else f"{mantissa}×{power}".replace("-", "−")
    if abs(value) >= 10**digits:
        return f"{value:.0f}".replace("-", "−")
    return f"{value:.{digits}g}".replace("-", "−")


def superscript(value: int) -> str:
    """An integer as an exponent."""
    return str(value).translate(_SUPERSCRIPTS)


def words(name: str) -> str:
    """A class name as words.

    Examples
    --------
    >>> words("HighProbability")
    'high probability'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


@dataclass(frozen=True, slots=True)
class RowView:
    """One statement on one instance."""

    slug: str
    name: str
    instance: str
    layer: str
    kind: str
    source: str
    constants: str
    verdict: str
    value: float | None
    bound: float | None
    ratio: float | None
    runs: int
    level: str
    statement: str
    message: str
    replay: str

    @property
    def severity(self) -> int:
        """Place in the order in which a reader should worry."""
        return SEVERITY.index(self.verdict) if self.verdict in SEVERITY else len(SEVERITY)

    @property
    def control(self) -> bool:
        """Whether this is a guarantee that the check must refute."""
        return self.kind == "NegativeControl"

    @property
    def upper(self) -> bool:
        """Whether a small ratio of measured to bound is what the statement promises."""
        return self.kind not in ("NegativeControl", "LowerBound")


def row_view(row: Any) -> RowView:
    """Of a :class:`theorylab.verify.verdicts.Row`, or of a dictionary with its keys."""
    name, _, instance = str(read(row, "claim", "")).rpartition("@")
    if not name:
        name, instance = instance, ""
    replay = read(row, "replay")
    return RowView(
        slug=str(read(row, "slug", "")),
        name=name,
        instance=str(read(row, "instance", "") or instance),
        layer=str(read(row, "layer", "theorem")),
        kind=str(read(row, "kind", "")),
        source=str(read(row, "source", "")),
        constants=str(read(row, "constants", "none")),
        verdict=str(read(row, "verdict", "")),
        value=read(row, "value"),
        bound=read(row, "bound"),
        ratio=read(row, "ratio"),
        runs=int(read(row, "runs", 0)),
        level=str(read(row, "level", "L0")),
        statement=str(read(row, "statement", "")),
        message=str(read(row, "message", "")),
        replay=f"run {replay['run']} of entropy {replay['entropy']}" if replay and "entropy" in replay else "",
    )


def counts(rows: Iterable[Any]) -> dict[str, int]:
    """How many rows have each verdict, those to worry about first; verdicts without rows are left out."""
    found = [str(read(row, "verdict", "")) for row in rows]
    order = [*SEVERITY, *sorted(set(found) - set(SEVERITY))]
    return {verdict: found.count(verdict) for verdict in order if verdict in found}


@dataclass(frozen=True, slots=True)
class MutantView:
    """A deliberate mistake and who caught it."""

    slug: str
    mutant: str
    by_layer: Mapping[str, Sequence[str]]  # layer -> statements, for every layer
    hole: str  # why nothing can catch it
    expected: str
    caught: bool

    @property
    def state(self) -> str:
        """``caught``, ``hole`` (listed, with a reason) or ``missed``."""
        return "caught" if self.caught else "hole" if self.hole else "missed"


def mutant_view(row: Any, layers: Sequence[str] = LAYERS) -> MutantView:
    """Of a ``PowerRow``, or of a dictionary with its keys."""
    by_layer: dict[str, list[str]] = {layer: [] for layer in layers}
    catchers = [str(c) for c in read(row, "caught_by", ())]
    for catcher in catchers:
        layer, colon, statement = catcher.partition(":")
        by_layer.setdefault(layer.strip() if colon else "other", []).append((statement if colon else catcher).strip())
    hole, expected = read(row, "hole", ""), read(row, "expected", "")
    return MutantView(
        slug=str(read(row, "slug", "")),
        mutant=str(read(row, "mutant", "")),
        by_layer=by_layer,
        hole=hole if isinstance(hole, str) else "listed as a hole" if hole else "",
        expected=expected if isinstance(expected, str) else "",
        caught=bool(catchers),
    )
