from __future__ import annotations

from pathlib import Path

import pytest

from theorylab.lab.bibliography import bibliography, cite, fields

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = {
    "article": {"author", "title", "journal", "volume", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "techreport": {"author", "title", "institution", "year"},
    "misc": {"author", "title", "year", "eprint"},
    "book": {"author", "title", "publisher", "year"},
    "software": {"author", "title", "url", "year"},
}


@pytest.mark.parametrize("key", sorted(bibliography(ROOT)))
def test_every_entry_is_complete_and_its_key_tells_author_and_year(key):
    entry = bibliography(ROOT)[key]
    kind = entry[1 : entry.index("{")]
    found = fields(entry)
    assert REQUIRED[kind] <= set(found), REQUIRED[kind] - set(found)
    assert found["year"] in key
    first = found["author"].split(" and ")[0].split(",")[0]
    assert key.startswith("".join(c for c in first.lower() if c.isalpha()))
    assert entry.count("{") == entry.count("}")


def test_cite_gives_an_entry_by_key():
    assert cite("jaksch2010near").startswith("@article{jaksch2010near,")
    assert "1563--1600" in cite("jaksch2010near")


def test_an_unknown_name_is_named_with_the_nearest_ones():
    with pytest.raises(KeyError, match=r"jaksch2010neer.*jaksch2010near"):
        cite("jaksch2010neer")


def test_fields_with_braces_quotes_and_line_breaks():
    entry = '@book{b1999x,\n  title = {A {B}\n   c},\n  year=1999,\n  note = "q" \n}'
    assert fields(entry) == {"title": "A {B} c", "year": "1999", "note": "q"}


@pytest.mark.parametrize(
    ("text", "message"),
    [("@misc{a2000b, title={x}}\n@misc{a2000b, title={y}}", "two entries"), ("@misc{a2000b, title={x}", "never ends")],
)
def test_a_broken_file_is_refused(tmp_path, text, message):
    (tmp_path / "references.bib").write_text(text)
    with pytest.raises(ValueError, match=message):
        bibliography(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"references\.bib"):
        bibliography(tmp_path)
