"""What commands print: tables, one-line verdicts, JSON to a file or to standard output."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from theorylab.core.record import plain
from theorylab.lab.store import atomic_write

__all__ = ["number", "print_table", "shown", "writable_file", "writable_folder", "write_json", "write_text"]


def write_json(data: Any, target: str) -> None:
    """Write ``data`` to the file ``target``, whole or not at all; ``-`` is standard output."""
    text = json.dumps(plain(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    write_text(Path(target), text)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all (a device such as ``/dev/null`` is written as it is)."""
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def writable_file(option: str, target: str | None) -> None:
    """Refuse a target that cannot be written before anything runs; ``None`` and ``-`` are fine.

    Raises
    ------
    ValueError
        If the name is empty, or is that of a folder, or lies below a file.
    OSError
        If nothing can be written there.
    """
    if target is None or target == "-":
        return
    path = Path(target)
    if not target:
        raise ValueError(f"{option} is empty, expected the name of a file")
    if path.is_dir():
        raise ValueError(f"{option} {target}: this is a folder, expected the name of a file")
    if path.exists() and not path.is_file():
        return
    _probe(option, path.parent)


def writable_folder(option: str, folder: Path) -> None:
    """The same for a folder that a command writes into."""
    _probe(option, folder)


def _probe(option: str, folder: Path) -> None:
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    nearest = next((p for p in (folder, *folder.parents) if p.exists()), folder)
    if nearest.exists() and not nearest.is_dir():
        raise ValueError(f"{option}: {nearest} is a file, expected a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(error.errno, f"{option}: nothing can be written there, {error.strerror}", str(folder)) from error
    finally:
        with contextlib.suppress(OSError):
            for made in missing:  # a command that fails later leaves nothing behind
                made.rmdir()


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str = "") -> None:
    """A table: drawn by rich in a terminal, aligned plain text elsewhere (nothing is cut off)."""
    cells = [[str(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        table = Table(title=escape(title) or None, title_justify="left", header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in cells:
            table.add_row(*(escape(cell) for cell in row))
        Console().print(table)
        return
    if title:
        print(title)
    widths = [max(len(line[i]) for line in [list(columns), *cells]) for i in range(len(columns))]
    for line in [list(columns), *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def number(value: float | None, digits: int = 4) -> str:
    """A number in few digits, ``-`` for none.

    Examples
    --------
    >>> number(1234.5678), number(None), number(3.0)
    ('1235', '-', '3')
    """
    return "-" if value is None else f"{value:.{digits}g}"


def shown(path: Path) -> str:
    """A path as a person would type it from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
