"""Episodes a second of the episodic algorithms on one thread, beside a random walk and Python peers.

``THEORYLAB_EPISODIC_PEERS`` names interpreters (separated like a search path) in which rlberry-scool lives; each is
asked in the same run.  Without it the ratios to peers are left out.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import tempfile
import tracemalloc
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _table import HERE, Row, interleaved, median_ratio, write

from theorylab.mdp.episodic.environments import named, named_problem
from theorylab.mdp.episodic.ucbvi import ucbvi
from theorylab.mdp.simulate import random_walk_kernel

EPISODES, PEER_EPISODES, ROUNDS = 100_000, (2_000, 10_000), 7
SHORT, LONG = 10_000, 1_000_000
PEER_TARGET, RATE_TARGET, WALK_TARGET = 300, 5e5, 0.15
SMALL_TARGET, SHARE_TARGET = 1e6, 0.5
RIVER, CONSERVATIVE, SMALL = "riverswim-6-h20", "riverswim-4-h10", "dirichlet-3-3-h3-seed5"
PACKAGE = "theorylab.mdp.episodic"
SAFE = {  # name: keywords beside the baseline, from the problem
    "stepmix": lambda problem: {"baseline": problem.baseline, "threshold": problem.threshold},
    "epsmix": lambda problem: {"baseline": problem.baseline, "threshold": problem.threshold},
    "cucbvi": lambda problem: {
        "baseline": problem.baseline, "baseline_value": problem.baseline_value, "alpha": 0.1,
    },
}  # fmt: skip


def peers(mdp: Any) -> list[dict[str, Any]]:
    """What the interpreters of ``THEORYLAB_EPISODIC_PEERS`` measure; the kernel is the same at all steps."""
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.json"
        table = {"P": mdp.P[0].tolist(), "R": mdp.R[0].tolist(), "horizon": mdp.horizon}
        model.write_text(json.dumps(table), encoding="utf-8")
        for interpreter in filter(None, os.environ.get("THEORYLAB_EPISODIC_PEERS", "").split(os.pathsep)):
            for episodes in PEER_EPISODES:
                command = [interpreter, str(HERE / "_episodic_peer.py"), str(episodes), str(model)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                found += [{**row, "episodes": episodes} for row in json.loads(done.stdout.splitlines()[-1])]
    return found


def algorithm(name: str) -> Any:
    """The public function, or None while it does not exist."""
    try:
        return getattr(importlib.import_module(f"{PACKAGE}.{name}"), name)
    except ModuleNotFoundError as missing:
        if missing.name != f"{PACKAGE}.{name}":
            raise
        return None


def walk(mdp: Any, steps: int) -> None:
    """The floor under any simulation of this table: random actions, two draws a step."""
    arrays = mdp.arrays()
    random_walk_kernel(arrays.targets[0], arrays.cumulative[0], steps, mdp.start_state, np.random.default_rng(1))


def river(found: list[dict[str, Any]]) -> list[Row]:
    """UCBVI: its rate, beside the walk and beside peers."""
    mdp = named(RIVER)
    steps = EPISODES * mdp.horizon
    ours, walked = interleaved(partial(ucbvi, mdp, EPISODES, rng=1), partial(walk, mdp, steps), rounds=ROUNDS)
    rate, share = EPISODES / statistics.median(ours), median_ratio(walked, ours)
    what = f"`ucbvi`, {RIVER}, K = {EPISODES:.0e}"
    rows = [
        Row(what, f"at least {RATE_TARGET:.0e} episodes/s", f"{rate:.3g} episodes/s", "", rate >= RATE_TARGET),
        Row(
            f"{what}, steps/s against a compiled random walk on the same table",
            f"at least {WALK_TARGET} of its rate",
            f"{rate * mdp.horizon:.3g} steps/s, walk {steps / statistics.median(walked):.3g}",
            f"{share:.2f}",
            share >= WALK_TARGET,
        ),
    ]
    speeds = {}
    for episodes in PEER_EPISODES:
        (short,) = interleaved(partial(ucbvi, mdp, episodes, rng=1), rounds=3 * ROUNDS)
        speeds[episodes] = episodes / statistics.median(short)
    for peer in found:
        speed = speeds[peer["episodes"]]
        ratio = speed / peer["episodes_per_second"]
        same = peer["algorithm"] == "UCBVI"  # the other one plans a single state a step
        rows.append(
            Row(
                f"`ucbvi`, {RIVER}, K = {peer['episodes']:.0e}, against {peer['algorithm']} of {peer['library']} "
                f"{peer['version']}, a kernel for each step ({peer['episodes_per_second']:.3g} episodes/s)",
                f"at least {PEER_TARGET} times as fast" if same else "",
                f"{speed:.3g} episodes/s",
                f"{ratio:.0f}",
                ratio >= PEER_TARGET if same else None,
            )
        )
    if not found:
        rows.append(
            Row(
                f"the same against UCBVI of rlberry-scool, K = {PEER_EPISODES[0]:.0e}",
                f"at least {PEER_TARGET} times as fast",
                f"{speeds[PEER_EPISODES[0]]:.3g} episodes/s; the peer is not installed",
            )
        )
    return rows


def safe() -> list[Row]:
    """The conservative algorithms: their rates on a small model, and as a share of UCBVI's."""
    rows = []
    small, hard = named_problem(SMALL), named_problem(CONSERVATIVE)
    for name, keywords in SAFE.items():
        learner = algorithm(name)
        if learner is None:
            continue
        (seconds,) = interleaved(partial(learner, small.mdp, EPISODES, rng=1, **keywords(small)), rounds=ROUNDS)
        rate = EPISODES / statistics.median(seconds)
        rows.append(
            Row(
                f"`{name}`, {SMALL}, K = {EPISODES:.0e}",
                f"at least {SMALL_TARGET:.0e} episodes/s",
                f"{rate:.3g} episodes/s",
                "",
                rate >= SMALL_TARGET,
            )
        )
        seconds, plain = interleaved(
            partial(learner, hard.mdp, EPISODES, rng=1, **keywords(hard)),
            partial(ucbvi, hard.mdp, EPISODES, rng=1),
            rounds=ROUNDS,
        )
        share = median_ratio(plain, seconds)
        rows.append(
            Row(
                f"`{name}`, {CONSERVATIVE}, K = {EPISODES:.0e}, against `ucbvi` there",
                f"at least {SHARE_TARGET} of its rate",
                f"{EPISODES / statistics.median(seconds):.3g} and {EPISODES / statistics.median(plain):.3g} episodes/s",
                f"{share:.2f}",
                share >= SHARE_TARGET,
            )
        )
    return rows


def others() -> list[Row]:
    """Algorithms without a target."""
    learner, mdp = algorithm("q_learning_ucb"), named(RIVER)
    if learner is None:
        return []
    (seconds,) = interleaved(partial(learner, mdp, EPISODES, rng=1), rounds=ROUNDS)
    rate = EPISODES / statistics.median(seconds)
    return [Row(f"`q_learning_ucb`, {RIVER}, K = {EPISODES:.0e}", "", f"{rate:.3g} episodes/s")]


def memory() -> list[Row]:
    """Peak of traced memory at two numbers of episodes, after one run that compiles."""
    mdp, problem = named(RIVER), named_problem(CONSERVATIVE)
    stepmix = algorithm("stepmix")
    runs = {
        f"`ucbvi`, {RIVER}": lambda episodes: ucbvi(mdp, episodes, rng=0),
        f"`stepmix`, {CONSERVATIVE}": lambda episodes: stepmix(
            problem.mdp, episodes, rng=0, **SAFE["stepmix"](problem)
        ),
    }
    rows = []
    for what, run in runs.items():
        run(SHORT)
        peaks = []
        for episodes in (SHORT, LONG):
            tracemalloc.start()
            run(episodes)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        ratio = peaks[1] / peaks[0]
        measured = f"{peaks[0] / 1e3:.0f} kB at K = {SHORT:.0e}, {peaks[1] / 1e3:.0f} kB at K = {LONG:.0e}"
        rows.append(Row(f"memory of {what}", "independent of K", measured, f"{ratio:.2f}", ratio < 1.2))
    return rows


def main() -> None:
    """Measure, print and record."""
    found = peers(named(RIVER))
    rows = [*river(found), *safe(), *others(), *memory()]
    notes = (
        "CPU time of whole calls, checks and record included, one thread, medians of several rounds after compilation; "
        "exact values of the executed policies included. The peer runs in its own interpreter in the same run, the "
        "best of three, CPU time of learning and of a table environment; it evaluates no policy."
    )
    write(__file__, "Episodic algorithms", rows, notes)


if __name__ == "__main__":
    main()
