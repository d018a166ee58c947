"""Progress for people: a bar in a terminal, a plain line every ten seconds elsewhere, always on standard error."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any, TextIO

from theorylab.lab.sweeps import ProgressCallback

__all__ = ["SECONDS_BETWEEN_LINES", "nested", "reporting", "two_levels"]

SECONDS_BETWEEN_LINES = 10.0


@contextlib.contextmanager
def reporting(*, stream: TextIO | None = None, interactive: bool | None = None) -> Iterator[ProgressCallback]:
    """A callback ``progress(message, done, total)`` for the length of the block.

    Standard output stays free for results.  ``interactive=None`` asks whether both streams are terminals.
    """
    out = sys.stderr if stream is None else stream
    if interactive is None:
        interactive = out.isatty() and sys.stdout.isatty()
    if interactive:
        with _bar(out) as callback:
            yield callback
    else:
        yield _Lines(out)


def nested(progress: ProgressCallback | None, label: str) -> ProgressCallback | None:
    """``progress`` with ``label`` in front of every message."""
    if progress is None:
        return None
    return lambda message, done, total: progress(f"{label}: {message}", done, total)


class _Lines:
    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.last = time.monotonic()  # a short command prints nothing

    def __call__(self, message: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.last >= SECONDS_BETWEEN_LINES:
            self.last = now
            print(f"{message}: {done} of {total}", file=self.stream, flush=True)


@contextlib.contextmanager
def _bar(stream: TextIO) -> Iterator[ProgressCallback]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task: Any = bar.add_task("", total=None)

        def callback(message: str, done: int, total: int) -> None:
            bar.update(task, description=message.replace("[", "\\["), completed=done, total=total)

        yield callback


def two_levels(progress: ProgressCallback | None) -> tuple[ProgressCallback | None, ProgressCallback | None]:
    """Two callbacks on one line: the outer one counts, the inner one adds what the present step is doing."""
    if progress is None:
        return None, None
    state: dict[str, Any] = {"message": "", "done": 0, "total": 0}

    def outer(message: str, done: int, total: int) -> None:
        state.update(message=message, done=done, total=total)
        progress(message, done, total)

    def inner(message: str, done: int, total: int) -> None:
        progress(f"{state['message']} ({done} of {total} runs)", state["done"], state["total"])

    return outer, inner
