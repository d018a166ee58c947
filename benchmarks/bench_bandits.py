"""Decisions a second of bandit algorithms, beside the machine's floor and the Python libraries that are installed.

``THEORYLAB_BANDIT_PEERS`` names interpreters (separated like a search path) in which peers live; each is asked in the
same run.  Without it the ratios to peers are left out.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import time
import tracemalloc
from functools import partial
from typing import Any

import numpy as np
from _table import HERE, Row, interleaved, median_ratio, write

from theorylab.bandits.environments import one_good_arm
from theorylab.core.kernels import kernel
from theorylab.core.rng import child_seed
from theorylab.core.sweeps import threads

ROUNDS, RUNS, PEER_ROUNDS = 100_000, 10, 20_000
SEEDS, SHORT = 1000, 10_000
ENTRIES = {  # name: module, function, target against the fastest peer, most times the floor's time
    "ucb1": ("theorylab.bandits.stochastic", "ucb1", 50, 8),
    "exp3": ("theorylab.bandits.adversarial", "exp3", 100, 5),
    "kl_ucb": ("theorylab.bandits.stochastic", "kl_ucb", 150, None),
    "thompson": ("theorylab.bandits.stochastic", "thompson", 10, None),
}
SWEPT = {  # name: package, keywords
    "ucb1": ("stochastic", {}),
    "moss": ("stochastic", {}),
    "kl_ucb": ("stochastic", {}),
    "thompson": ("stochastic", {}),
    "successive_elimination": ("stochastic", {}),
    "etc": ("stochastic", {"m": 100}),
    "lean_ucb": ("stochastic", {}),
    "exp3": ("adversarial", {}),
    "exp3_ix": ("adversarial", {}),
    "exp3_p": ("adversarial", {"delta": 0.05}),
    "tsallis_inf": ("adversarial", {}),
    "log_barrier_ftrl": ("adversarial", {}),
    "sliding_window_ucb": ("nonstationary", {}),
    "discounted_ucb": ("nonstationary", {}),
    "cusum_ucb": ("nonstationary", {}),
    "m_ucb": ("nonstationary", {}),
    "glr_klucb": ("nonstationary", {}),
    "rbocpd_ucb": ("nonstationary", {}),
    "exp3_s": ("nonstationary", {}),
    "wtb_successive_elimination": ("tallying", {"M": 20, "delta": 1e-4}),
}


def _sampling(rounds: int, mean: float, rng: Any) -> float:
    """The floor: one uniform and one comparison a round."""
    total = 0.0
    for _ in range(rounds):
        total += 1.0 if rng.random() < mean else 0.0
    return total


sampling_kernel = kernel(_sampling)


def peers() -> list[dict[str, Any]]:
    """What the interpreters of ``THEORYLAB_BANDIT_PEERS`` measure."""
    found: list[dict[str, Any]] = []
    for interpreter in filter(None, os.environ.get("THEORYLAB_BANDIT_PEERS", "").split(os.pathsep)):
        command = [interpreter, str(HERE / "_bandit_peer.py"), str(PEER_ROUNDS)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found += json.loads(done.stdout.splitlines()[-1])
    return found


def against_peers(name: str, speed: float, target: float, found: list[dict[str, Any]]) -> Row | None:
    """One row: ours against the fastest peer that has the algorithm."""
    rivals = [p for p in found if p["algorithm"] == name]
    if not rivals:
        return None
    best = max(rivals, key=lambda p: p["decisions_per_second"])
    ratio = speed / best["decisions_per_second"]
    others = ", ".join(f"{p['library']} {p['version']}: {p['decisions_per_second']:.3g}/s" for p in rivals)
    return Row(
        f"`{name}` against the fastest Python peer ({others})",
        f"at least {target:g} times as fast",
        f"{speed:.3g} decisions/s",
        f"{ratio:.0f}",
        ratio >= target,
    )


def runs(algorithm: Any, bandit: Any) -> None:
    """Ten runs, as many decisions as the floor draws."""
    for seed in range(RUNS):
        algorithm(bandit, ROUNDS, rng=seed)


def single_runs(found: list[dict[str, Any]]) -> list[Row]:
    """One run of T = 1e5 with ten arms against the floor and against peers."""
    bandit, rows = one_good_arm(10), []
    for name, (module, function, target, floor) in ENTRIES.items():
        algorithm = getattr(importlib.import_module(module), function)
        rng = np.random.default_rng(0)
        ours, sampled = interleaved(
            partial(runs, algorithm, bandit), partial(sampling_kernel, ROUNDS * RUNS, 0.5, rng), rounds=9
        )
        speed = RUNS * ROUNDS / statistics.median(ours)
        times = median_ratio(ours, sampled)
        rows.append(
            Row(
                f"`{name}`, K = 10, T = 1e5, against a loop that only samples",
                "" if floor is None else f"at most {floor} times its time",
                f"{speed:.3g} decisions/s, floor {RUNS * ROUNDS / statistics.median(sampled):.3g}",
                f"{times:.1f}",
                None if floor is None else times <= floor,
            )
        )
        row = against_peers(name, speed, target, found)
        rows += [row] if row else []
    return rows


def detectors(found: list[dict[str, Any]]) -> list[Row]:
    """Lazy change detection with ten arms, T = 5000, as the peer runs it."""
    package, rows = importlib.import_module("theorylab.bandits.nonstationary"), []
    bandit = one_good_arm(10)
    lazy = {
        "glr_klucb": {"every": 10, "spacing": 5},
        "rbocpd_ucb": {"every": 10},
    }  # as the peer: tests, candidate splits
    for name, keywords in lazy.items():
        algorithm = getattr(package, name)
        (seconds,) = interleaved(partial(algorithm, bandit, 5000, rng=1, **keywords))
        speed = 5000 / statistics.median(seconds)
        row = against_peers("glr_klucb", speed, 100, found)
        if row:
            rows.append(
                Row(row.what.replace("`glr_klucb`", f"`{name}`"), row.target, row.measured, row.ratio, row.reached)
            )
        else:
            rows.append(Row(f"`{name}`, K = 10, T = 5000", "", f"{speed:.3g} decisions/s"))
    return rows


def sweeps() -> list[Row]:
    """A thousand seeds of T = 1e4 in two threads: seconds on the clock."""
    rows, sweep = [], threads(2)
    for name, (package, keywords) in SWEPT.items():
        algorithm = getattr(importlib.import_module(f"theorylab.bandits.{package}"), name)
        for bandit, arms in ((one_good_arm(2), 2), (one_good_arm(10), 10)):
            run = partial(_one, algorithm, bandit, keywords)
            run(0)
            begun = time.perf_counter()
            sweep(run, range(SEEDS))
            taken = time.perf_counter() - begun
            rows.append(
                Row(
                    f"`{name}`, K = {arms}, 1,000 seeds x T = 1e4, two threads",
                    "under 2 s",
                    f"{taken:.2f} s",
                    "",
                    taken < 2,
                )
            )
    return rows


def _one(algorithm: Any, bandit: Any, keywords: dict[str, Any], seed: int) -> float:
    return float(algorithm(bandit, SHORT, rng=child_seed(1, seed), **keywords).regret[-1])


def memory() -> list[Row]:
    """Peak of traced memory at two horizons."""
    from theorylab.bandits.stochastic import ucb1

    bandit, peaks = one_good_arm(10), []
    for horizon in (100_000, 10_000_000):
        tracemalloc.start()
        ucb1(bandit, horizon, rng=0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    ratio = peaks[1] / peaks[0]
    measured = f"{peaks[0] / 1e3:.0f} kB at T = 1e5, {peaks[1] / 1e3:.0f} kB at T = 1e7"
    return [Row("memory of `ucb1`", "independent of T", measured, f"{ratio:.2f}", ratio < 1.2)]


def main() -> None:
    """Measure, print and record."""
    found = peers()
    rows = [*single_runs(found), *detectors(found), *memory(), *sweeps()]
    notes = (
        "CPU time of whole calls, checks and record included, one thread, medians after compilation; sweeps are "
        "seconds on the clock. Peers: each in its own interpreter in the same run, CPU time of choose, draw and learn."
    )
    write(__file__, "Bandits", rows, notes)


if __name__ == "__main__":
    main()
