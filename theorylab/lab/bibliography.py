"""``references.bib``: the sources of all claims, by key."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from theorylab.rooms import ROOT

__all__ = ["bibliography", "cite", "fields"]

FILE = "references.bib"
_START = re.compile(r"^@(\w+)\s*\{\s*([^\s,{}]+)\s*,", re.MULTILINE)
_FIELD = re.compile(r"(\w+)\s*=\s*")


def bibliography(root: Path = ROOT) -> dict[str, str]:
    """Key -> the BibTeX entry as it is written.

    Raises
    ------
    FileNotFoundError
        If there is no ``references.bib``.
    ValueError
        If a key occurs twice or an entry never ends.
    """
    path = root / FILE
    if not path.is_file():
        raise FileNotFoundError(f"there is no {FILE} beside the rooms")
    text = path.read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for match in _START.finditer(text):
        key = match[2]
        if key in found:
            raise ValueError(f"{FILE} has two entries with the key {key!r}")
        found[key] = text[match.start() : _closing(text, text.index("{", match.start()), key) + 1]
    return found


def cite(name: str, root: Path = ROOT) -> str:
    """BibTeX of a key, or of the paper of a slug.

    Raises
    ------
    KeyError
        If ``name`` is neither, or the slug's paper has no entry.
    """
    from theorylab.lab.catalogue import entry, slugs

    known = bibliography(root)
    key = name
    if name in slugs(root):
        key = entry(name, root).paper
        if key not in known:
            raise KeyError(f"{name} names the paper {key!r}, which has no entry in {FILE}")
    if key not in known:
        near = difflib.get_close_matches(name, [*slugs(root), *known], n=3)
        hint = f"; near: {', '.join(near)}" if near else ""
        raise KeyError(f"{name!r} is neither a slug nor a key in {FILE}{hint}")
    return known[key]


def fields(entry: str) -> dict[str, str]:
    """The fields of one entry, without the outer braces.

    Examples
    --------
    >>> fields("@article{a, title = {On {UCRL}}, year = {2010}}")
    {'title': 'On {UCRL}', 'year': '2010'}
    """
    found: dict[str, str] = {}
    position = entry.index(",") + 1
    while match := _FIELD.search(entry, position):
        start = match.end()
        if entry[start] == "{":
            end = _closing(entry, start, match[1])
            value = entry[start + 1 : end]
        else:
            end = re.compile(r"[,}\n]").search(entry, start).start()  # type: ignore[union-attr]
            value = entry[start:end].strip().strip('"')
        found[match[1].lower()] = " ".join(value.split())
        position = end + 1
    return found


def _closing(text: str, opening: int, key: str) -> int:
    depth = 0
    for i in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return i
    raise ValueError(f"{FILE}: the entry {key!r} never ends, a closing brace is missing")
