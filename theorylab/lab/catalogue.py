"""What there is: slugs, their results and figures, and a light view that imports none of them."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import importlib.util
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from theorylab.lab.literals import result_literals
from theorylab.rooms import ROOT

if TYPE_CHECKING:
    from theorylab.verify.figure import Figure
    from theorylab.verify.result import Result

__all__ = [
    "Entry",
    "algorithm_of",
    "chosen",
    "entries",
    "entry",
    "figure_slugs",
    "load_figures",
    "load_result",
    "load_results",
    "loaded_results",
    "other_algorithms",
    "print_entries",
    "room_path",
    "slugs",
    "usable_results",
]

NO_EVIDENCE = "L0"


@dataclass(frozen=True, slots=True)
class Entry:
    """A slug as ``theorylab list`` shows it."""

    slug: str
    area: str
    title: str
    paper: str  # key in references.bib
    claims: tuple[str, ...]
    level: str  # of the recorded evidence; L0 without any, and when the sources have changed since
    stale: bool = False
    figures: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The five documented keys of ``theorylab list --json``."""
        return {
            "slug": self.slug,
            "area": self.area,
            "paper": self.paper,
            "claims": list(self.claims),
            "level": self.level,
        }


def slugs(root: Path = ROOT) -> list[str]:
    """The slugs that have a file in ``proofs_checks``, in alphabetical order."""
    return sorted(p.stem for p in (root / "proofs_checks").glob("*.py") if not p.stem.startswith("_"))


def room_path(room: str, slug: str, root: Path = ROOT) -> Path:
    """The file of ``slug`` in ``room``."""
    return root / room / f"{slug}.py"


def chosen(names: Sequence[str] | None, known: Sequence[str] | None = None) -> list[str]:
    """The named slugs, or all of them when none is named.

    Raises
    ------
    KeyError
        If there is no such slug; the message lists the nearest ones.
    """
    known = slugs() if known is None else known
    for name in names or ():
        if name not in known:
            if (owner := other_algorithms().get(name)) is not None:
                hint = f"it is an algorithm of {owner}, and theorylab run takes it"
                raise KeyError(f"there is no slug {name!r}: {hint}; there are: {', '.join(known)} (theorylab list)")
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or known
            raise KeyError(f"there is no slug {name!r}; there are: {', '.join(near) or 'none'} (theorylab list)")
    return list(dict.fromkeys(names or known))


def load_result(slug: str) -> Result:
    """``RESULT`` of ``proofs_checks/<slug>.py``.

    Raises
    ------
    KeyError
        If there is no such slug.
    ValueError
        If the file exports no ``RESULT`` of that name.
    """
    (slug,) = chosen([slug])
    module = importlib.import_module(f"theorylab.rooms.proofs_checks.{slug}")
    result = getattr(module, "RESULT", None)
    if result is None or result.slug != slug:
        found = "none" if result is None else repr(result.slug)
        raise ValueError(f"proofs_checks/{slug}.py exports RESULT with slug {found}, expected {slug!r}")
    return result  # type: ignore[no-any-return]


def area_function(area: str, module: str, name: str) -> Any:
    """``name`` of the module that serves an area: in the folder of the area itself, else in the nearest above it.

    For area ``mdp/episodic``: ``theorylab.mdp.episodic.environments`` when there is one, else
    ``theorylab.mdp.environments``.

    Raises
    ------
    ValueError
        If no folder of the area has such a module.
    """
    parts = area.split("/")
    for depth in range(len(parts), 0, -1):
        path = ".".join(("theorylab", *parts[:depth], module))
        try:
            spec = importlib.util.find_spec(path)
        except ModuleNotFoundError:
            spec = None
        if spec is not None:
            return getattr(importlib.import_module(path), name)
    raise ValueError(f"area is {area!r}, expected one with a module {module!r}")


def loaded_results() -> list[Result]:
    """``RESULT`` of every room that is already imported."""
    prefix = "theorylab.rooms.proofs_checks."
    rooms = [module for name, module in list(sys.modules.items()) if name.startswith(prefix)]
    return [module.RESULT for module in rooms if hasattr(module, "RESULT")]


def load_results(names: Sequence[str] | None = None) -> list[Result]:
    """The named results, or all."""
    return [load_result(slug) for slug in chosen(names)]


def usable_results() -> list[Result]:
    """The results of all rooms that can be imported: for a hint in an error, another room's error is out of place."""
    found = []
    for slug in slugs():
        with contextlib.suppress(Exception):
            found.append(load_result(slug))
    return found


def other_algorithms() -> dict[str, str]:
    """Algorithms whose names are no slugs, and the first result that has each of them."""
    known, found = slugs(), dict[str, str]()
    for result in usable_results():
        for name in result.algorithms:
            if name not in known:
                found.setdefault(name, result.slug)
    return found


def algorithm_of(name: str) -> tuple[Result, str]:
    """The result and the algorithm that ``name`` stands for: a slug's main algorithm, or any algorithm of a result.

    Raises
    ------
    KeyError
        If there is neither a slug nor an algorithm of that name.
    """
    if name in slugs():
        result = load_result(name)
        return result, result.main
    others = other_algorithms()
    if name in others:
        return load_result(others[name]), name
    try:
        chosen([name])
    except KeyError as error:
        if not others:
            raise
        text = ", ".join(f"{other} (of {slug})" for other, slug in others.items())
        raise KeyError(f"{error.args[0]}; run also takes {text}") from None
    raise AssertionError(name)


def figure_slugs(root: Path = ROOT) -> list[str]:
    """The slugs that have a file in ``figures``."""
    return sorted(p.stem for p in (root / "figures").glob("*.py") if not p.stem.startswith("_"))


def load_figures(slug: str) -> tuple[Figure, ...]:
    """``FIGURE`` or ``FIGURES`` of ``figures/<slug>.py``."""
    (slug,) = chosen([slug], figure_slugs())
    module = importlib.import_module(f"theorylab.rooms.figures.{slug}")
    if hasattr(module, "FIGURES"):
        return tuple(module.FIGURES)
    if not hasattr(module, "FIGURE"):
        raise ValueError(f"figures/{slug}.py exports neither FIGURE nor FIGURES")
    return (module.FIGURE,)


def entries(root: Path = ROOT) -> list[Entry]:
    """All slugs, read from the recorded evidence and the sources' literals; nothing is imported."""
    return [entry(slug, root) for slug in slugs(root)]


def entry(slug: str, root: Path = ROOT) -> Entry:
    """One slug, read without importing its rooms."""
    found = result_literals(room_path("proofs_checks", slug, root))
    recorded = _evidence(root / "proofs_checks" / "evidence" / f"{slug}.json")
    stale = bool(recorded) and root == ROOT and not _fresh(recorded)
    if stale:
        recorded = {key: recorded[key] for key in recorded if not found.get(key) and key != "level"}
    found.update(recorded)
    return Entry(
        slug=slug,
        area=str(found.get("area", "")),
        title=str(found.get("title", "")),
        paper=str(found.get("paper", "")),
        claims=tuple(found.get("claims", ())),
        level=str(found.get("level", NO_EVIDENCE)),
        stale=stale,
        figures=room_path("figures", slug, root).is_file(),
    )


def print_entries(*, as_json: bool) -> None:
    """What ``theorylab list`` prints."""
    from theorylab.lab.output import print_table, write_json

    found = entries()
    if as_json:
        write_json([entry.to_dict() for entry in found], "-")
        return
    rows = [
        (
            e.slug,
            e.area,
            e.paper,
            len(e.claims),
            "yes" if e.figures else "no",
            e.level + (" (stale)" if e.stale else ""),
        )
        for e in found
    ]
    print_table(("slug", "area", "paper", "claims", "figure", "level"), rows)
    if any(e.stale for e in found):
        print(
            "stale: the sources have changed since the evidence was recorded; theorylab evidence SLUG records it anew"
        )


def _fresh(recorded: dict[str, Any]) -> bool:
    from theorylab.verify import evidence

    return evidence.fresh(recorded)


def _evidence(path: Path) -> dict[str, Any]:
    """Area, title, paper, level and the names of the claims in an evidence file; empty where it says nothing."""
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(recorded, dict):
        return {}
    found = {
        key: recorded[key] for key in ("area", "title", "paper", "level", "claims", "sources") if recorded.get(key)
    }
    if "claims" not in found:
        theorems = [part for part in recorded.get("parts") or [] if part.get("layer", "theorem") == "theorem"]
        found["claims"] = list(dict.fromkeys(str(part.get("claim", "")).rpartition("@")[0] for part in theorems))
    return found
