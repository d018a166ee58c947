"""Runs in the environment of the peer, whose packages pin an old numpy: steps a CPU second of its UCRL2 on RiverSwim-6.

Install it apart from theorylab (``pip install statisticalrl-learners statisticalrl-environments`` in another virtual
environment) and set ``THEORYLAB_PEER_PYTHON`` to that environment's interpreter; ``bench_ucrl2.py`` does the rest.
Used by: ``python _peer.py STEPS TARGETS_AND_PROBABILITIES.json``.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import json
import random
import sys
import time
from bisect import bisect_right

import numpy as np


def main() -> None:
    """Print steps a CPU second and the version as JSON."""
    from statisticalrl_learners.MDPs_discrete.UCRL2 import UCRL2

    steps = int(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        model = json.load(file)
    P, R = np.array(model["P"]), model["R"]
    cumulative = np.cumsum(P, axis=2).tolist()  # lists, bisection: the environment should cost the peer little
    chance = random.Random(1)
    agent = UCRL2(P.shape[0], P.shape[1], delta=0.05)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints when its planning stops early
        state = 0
        agent.reset(state)
        begun = time.process_time()
        for _ in range(steps):
            action = agent.play(state)
            reached = min(bisect_right(cumulative[state][action], chance.random()), P.shape[0] - 1)
            agent.update(state, action, R[state][action], reached)
            state = reached
        seconds = time.process_time() - begun
    version = importlib.metadata.version("statisticalrl-learners")
    print(json.dumps({"steps_per_second": steps / seconds, "version": version}))


if __name__ == "__main__":
    main()
