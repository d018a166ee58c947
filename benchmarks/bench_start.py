"""Seconds of a fresh process: importing the package, and listing the results."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from _table import Row, write

REPEATS = 15


def seconds(*command: str) -> float:
    """Median wall-clock time of the command, after one that fills the caches."""
    taken = []
    for _ in range(REPEATS + 1):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[1:])


def main() -> None:
    """Measure, print and record."""
    python = sys.executable
    bare, numpy, whole = (seconds(python, "-c", code) for code in ("pass", "import numpy", "import theorylab"))
    script = Path(python).with_name("theorylab")
    found = str(script) if script.is_file() else shutil.which("theorylab")
    command = (found, "list") if found else (python, "-m", "theorylab.lab.cli", "list")
    listing = seconds(*command)
    imported = whole - bare
    rows = [
        Row(
            "`import theorylab` in a fresh process",
            "at most 0.25 s",
            f"{imported:.3f} s (numpy alone {numpy - bare:.3f} s, the interpreter {bare:.3f} s)",
            f"{imported / (numpy - bare):.2f} times numpy's",
            imported <= 0.25,
        ),
        Row("`theorylab list`, warm", "at most 0.6 s", f"{listing:.3f} s", "", listing <= 0.6),
    ]
    write(__file__, "Start", rows, f"Wall-clock time, the median of {REPEATS} fresh processes.")


if __name__ == "__main__":
    main()
