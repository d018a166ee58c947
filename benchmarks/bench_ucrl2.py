"""Steps a second of UCRL2 on one thread, beside a compiled random walk on the same table and a Python peer."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from _table import HERE, Row, interleaved, median_ratio, write

from theorylab.mdp.average_reward import ucrl2
from theorylab.mdp.environments import garnet, riverswim
from theorylab.mdp.sampler import model_arrays
from theorylab.mdp.simulate import random_walk_kernel

STEPS = 1_000_000
PEER_STEPS = 100_000
PEER_RECORDED, PEER_DATE = 1.3e5, "2026-11"  # 1.25e5 to 1.35e5 steps a CPU second, on another machine


def walk(mdp, steps=STEPS):
    """The floor under any simulation of this table: random actions, two draws a step."""
    arrays = model_arrays(mdp)
    random_walk_kernel(arrays.targets[0], arrays.cumulative[0], steps, arrays.initial_state, np.random.default_rng(1))


def peer(mdp):
    """Steps a CPU second of the peer in its own environment, or None when it is not installed."""
    interpreter = os.environ.get("THEORYLAB_PEER_PYTHON")
    if not interpreter:
        return None
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.json"
        model.write_text(json.dumps({"P": mdp.P.tolist(), "R": mdp.R.tolist()}), encoding="utf-8")
        command = [interpreter, str(HERE / "_peer.py"), str(PEER_STEPS), str(model)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure, print and record."""
    river = riverswim(6)
    ours, walked = interleaved(partial(ucrl2, river, STEPS, rng=1), partial(walk, river))
    speed, slower = STEPS / statistics.median(ours), median_ratio(ours, walked)
    rows = [
        Row(
            "`ucrl2`, RiverSwim-6, T = 1e6, against a compiled random walk on the same table",
            "at most 2.5 times its time",
            f"{speed:.3g} steps/s, walk {STEPS / statistics.median(walked):.3g}",
            f"{slower:.2f}",
            slower <= 2.5,
        )
    ]
    found = peer(river)
    base = PEER_RECORDED if found is None else found["steps_per_second"]
    source = (
        f"recorded {PEER_DATE} on another machine: 1.25e5 to 1.35e5 steps/s"
        if found is None
        else f"version {found['version']}, measured in the same run: {base:.3g} steps/s, T = {PEER_STEPS:.0e}"
    )
    rows.append(
        Row(
            f"the same against UCRL2 of statisticalrl-learners ({source})",
            "at least 300 times as fast",
            f"{speed:.3g} steps/s",
            f"{speed / base:.0f}",
            speed / base >= 300,
        )
    )
    for S, A, target in ((50, 5, 5e6), (16, 20, None)):
        mdp = garnet(S, A, 5, rng=0)
        (seconds, walked) = interleaved(partial(ucrl2, mdp, STEPS, rng=1), partial(walk, mdp), rounds=3)
        speed = STEPS / statistics.median(seconds)
        rows.append(
            Row(
                f"`ucrl2`, Garnet S = {S}, A = {A}, 5 next states, T = 1e6",
                "" if target is None else f"{target:.0e} steps/s",
                f"{speed:.3g} steps/s",
                f"{median_ratio(seconds, walked):.2f} times the walk's time",
                None if target is None else speed >= target,
            )
        )
    write(
        __file__,
        "UCRL2",
        rows,
        "CPU time of whole calls of `ucrl2`, checks and record included; medians of several rounds after compilation.",
    )


if __name__ == "__main__":
    main()
