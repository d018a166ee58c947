"""A source as a line of text and as BibTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Citation", "citations"]

_ACCENTS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "c": "\u0327", "v": "\u030c"}


@dataclass(frozen=True, slots=True)
class Citation:
    """One source."""

    key: str
    text: str
    url: str
    bibtex: str


def citations(entries: Mapping[str, str]) -> dict[str, Citation]:
    """Citations by key from BibTeX entries by key."""
    from theorylab.lab.bibliography import fields

    return {key: _citation(key, entry, fields(entry)) for key, entry in entries.items()}


def _citation(key: str, bibtex: str, field: Mapping[str, str]) -> Citation:
    plain = {name: _plain(value) for name, value in field.items()}
    venue = next((plain[k] for k in ("journal", "booktitle", "publisher", "school") if k in plain), "")
    number = f"({plain['number']})" if "number" in plain and "journal" in plain else ""
    volume = plain.get("volume", "") + number if "journal" in plain or "series" not in plain else ""
    series = f"{plain['series']} {plain.get('volume', '')}".strip() if "series" in plain else ""
    pages = plain.get("pages", "").replace("--", "–")
    place = ", ".join(part for part in (f"{venue} {volume}".strip(), series, pages) if part)
    year = f" ({plain['year']})" if "year" in plain else ""
    head = f"{_names(plain.get('author', ''))}{year}".strip()
    text = ". ".join(part for part in (head, plain.get("title", ""), place) if part)
    url = plain.get("url", "") or (f"https://doi.org/{plain['doi']}" if "doi" in plain else "")
    return Citation(key, f"{text}." if text else key, url if url.startswith(("https://", "http://")) else "", bibtex)


def _names(authors: str) -> str:
    people = [" ".join(reversed([part.strip() for part in name.split(",", 1)])) for name in authors.split(" and ")]
    return people[0] if len(people) == 1 else f"{', '.join(people[:-1])} and {people[-1]}"


def _plain(value: str) -> str:
    import unicodedata

    value = re.sub(
        r"""\{?\\(['`^"~cv])\s*\{?\\?([A-Za-z])\}?\}?""",
        lambda m: unicodedata.normalize("NFC", m[2] + _ACCENTS[m[1]]),
        value,
    )
    return re.sub(r"[{}]", "", value).replace("\\&", "&").replace("~", " ")
