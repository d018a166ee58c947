"""What commands print: tables, one-line verdicts, JSON to a file or to standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from theorylab.core.record import plain
from theorylab.lab.store import atomic_write

__all__ = ["number", "print_table", "shown", "write_json"]


def write_json(data: Any, target: str) -> None:
    """Write ``data`` to the file ``target``, whole or not at all; ``-`` is standard output."""
    text = json.dumps(plain(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    with atomic_write(Path(target)) as temporary:
        temporary.write_text(text, encoding="utf-8")


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
