"""Milliseconds of the planners on FrozenLake 8x8: compiled, the memory of results cleared before each call."""

from __future__ import annotations

import statistics
import time

from _table import Row, write

from theorylab.mdp.environments import frozen_lake, named
from theorylab.mdp.planning import diameter, memo, optimal_gain

REPEATS = 15


def milliseconds(function, model):
    """Median wall-clock time of a call that remembers nothing."""
    taken = []
    for _ in range(REPEATS):
        memo.clear()
        begun = time.perf_counter()
        function(model)
        taken.append(1e3 * (time.perf_counter() - begun))
    return statistics.median(taken)


def main() -> None:
    """Measure, print and record."""
    lake = frozen_lake(8)
    rows = []
    for label, function in (("`optimal_gain`", optimal_gain), ("`diameter`", diameter)):
        function(lake)
        taken = milliseconds(function, lake)
        rows.append(Row(f"{label}, FrozenLake 8x8, warm", "at most 50 ms", f"{taken:.1f} ms", "", taken <= 50.0))
    for name in ("riverswim-25", "garnet-20-4-3-seed0"):
        model = named(name)
        for label, function in (("`optimal_gain`", optimal_gain), ("`diameter`", diameter)):
            rows.append(Row(f"{label}, {name}, warm", "", f"{milliseconds(function, model):.1f} ms"))
    write(__file__, "Planning", rows, f"Wall-clock time, the median of {REPEATS} calls; bounds on both sides included.")


if __name__ == "__main__":
    main()
