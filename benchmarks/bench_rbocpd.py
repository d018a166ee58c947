"""Observations a second of the categorical detector on streams without a change: ``python benchmarks/bench_rbocpd.py``.

CPU time of one thread, the best of several runs after compilation; the stream is given, only ``rbocpd`` is timed.
The peak of traced memory covers the arrays of the run (candidates, alarms), not the stream.
"""

from __future__ import annotations

import time
import tracemalloc

import numpy as np

from theorylab.mdp.average_reward.rbocpd import rbocpd

CASES = (  # label, observations, options
    ("all splits", 1_000, {}),
    ("all splits", 10_000, {}),
    ("grid 8, test every 8", 10_000, {"block": 8, "every": 8}),
    ("256 slots", 10_000, {"slots": 256}),
    ("256 slots", 1_000_000, {"slots": 256}),
    ("64 slots", 1_000_000, {"slots": 64}),
)


def main() -> None:
    rng = np.random.default_rng(0)
    print(f"{'mode':22s} {'n':>9s} {'O':>3s} {'obs/s':>10s} {'peak MB':>8s} {'alarms':>6s}")
    for label, n, options in CASES:
        for n_symbols in (2, 4, 16):
            x = rng.integers(0, n_symbols, n)
            rbocpd(x[:50], n_symbols=n_symbols, **options)
            seconds = []
            for _ in range(20 if n <= 1_000 else 3):
                begun = time.process_time()
                run = rbocpd(x, n_symbols=n_symbols, **options)
                seconds.append(time.process_time() - begun)
            tracemalloc.start()
            rbocpd(x, n_symbols=n_symbols, **options)
            peak = tracemalloc.get_traced_memory()[1] / 1e6
            tracemalloc.stop()
            speed = n / min(seconds)
            print(f"{label:22s} {n:9d} {n_symbols:3d} {speed:10.3g} {peak:8.2f} {len(run.alarms):6d}", flush=True)


if __name__ == "__main__":
    main()
