"""Observations a second of the categorical detector on streams without a change: ``python benchmarks/bench_rbocpd.py``.

CPU time of one thread, the best of several runs after compilation; the stream is given, only ``rbocpd`` is timed.
The peak of traced memory covers the arrays of the run (candidates, alarms), not the stream.
"""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import numpy as np
from _table import Row, write

from theorylab.mdp.average_reward.rbocpd import rbocpd

CASES: tuple[tuple[str, int, dict[str, Any], float | None], ...] = (  # label, observations, options, target
    ("all splits", 1_000, {}, 1e6),
    ("all splits", 10_000, {}, None),
    ("grid 8, test every 8", 10_000, {"block": 8, "every": 8}, None),
    ("256 slots", 10_000, {"slots": 256}, None),
    ("256 slots", 1_000_000, {"slots": 256}, None),
    ("64 slots", 1_000_000, {"slots": 64}, None),
)


def measured(n: int, n_symbols: int, options: dict[str, Any]) -> tuple[float, float]:
    """(observations a second, peak MB) on a uniform stream."""
    x = np.random.default_rng(0).integers(0, n_symbols, n)
    rbocpd(x[:50], n_symbols=n_symbols, **options)
    seconds = []
    for _ in range(20 if n <= 1_000 else 3):
        begun = time.process_time()
        rbocpd(x, n_symbols=n_symbols, **options)
        seconds.append(time.process_time() - begun)
    tracemalloc.start()
    rbocpd(x, n_symbols=n_symbols, **options)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return n / min(seconds), peak


def main() -> None:
    rows = []
    for label, n, options, target in CASES:
        for n_symbols in (2, 4, 16):
            speed, peak = measured(n, n_symbols, options)
            rows.append(
                Row(
                    f"`rbocpd`, {label}, n = {n:,}, O = {n_symbols}",
                    f">= {target:.0e} observations/s" if target else "bounded memory" if "slots" in options else "",
                    f"{speed:.2g} observations/s, peak {peak:.1f} MB",
                    reached=None if target is None else speed >= target,
                )
            )
    write(
        __file__,
        "Change-point detector",
        rows,
        "The state of the detector with slots does not grow with n; the peak at n = 1,000,000 is the run's copy of the "
        "stream. Dropping candidates or tests keeps Theorem R; the delay grows by at most grid spacing plus `every`.",
    )


if __name__ == "__main__":
    main()
