"""Episodes a CPU second of UCBVI of rlberry-scool, in the interpreter that runs this file; it imports nothing of ours.

Install it apart from theorylab (``pip install rlberry-scool`` in another virtual environment) and name that
environment's interpreter in ``THEORYLAB_EPISODIC_PEERS``; ``bench_episodic.py`` does the rest.
Usage: ``python _episodic_peer.py EPISODES MODEL.json``, a model of ``P`` (S, A, S), ``R`` (S, A) and ``horizon`` that
starts in state 0.  Prints one JSON list of {library, version, algorithm, episodes_per_second}.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import io
import json
import random
import sys
import time
import warnings
from bisect import bisect_right

import numpy as np


def environment(model):
    """The model for the peer: lists and bisection, so that it costs the peer little."""
    base, spaces = importlib.import_module("rlberry.envs.interface"), importlib.import_module("rlberry.spaces")
    P, R = np.array(model["P"]), model["R"]
    cumulative = np.cumsum(P, axis=2).tolist()
    last, chance = P.shape[0] - 1, random.Random(1)

    class Table(base.Model):
        name = "table"

        def __init__(self):
            super().__init__()
            self.observation_space, self.action_space = spaces.Discrete(P.shape[0]), spaces.Discrete(P.shape[1])
            self.reward_range = (0.0, 1.0)
            self.state = 0

        def reset(self, seed=None, options=None):
            self.state = 0
            return 0, {}

        def step(self, action):
            reward = R[self.state][action]
            self.state = min(bisect_right(cumulative[self.state][action], chance.random()), last)
            return self.state, reward, False, False, {}

    return Table()


def main() -> None:
    """Time both forms of its planning, after a short run that compiles."""
    episodes = int(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        model = json.load(file)
    found = []
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            version = importlib.metadata.version("rlberry-scool")
            learner = importlib.import_module("rlberry_scool.agents.ucbvi.ucbvi").UCBVIAgent
        except ImportError:
            learner = None
        for name, fast in (("UCBVI", False), ("UCBVI, real-time planning", True)) if learner else ():
            speeds = []
            for count in (50, episodes, episodes, episodes):
                agent = learner(environment(model), horizon=model["horizon"], stage_dependent=True, real_time_dp=fast)
                begun = time.process_time()
                agent.fit(count)
                speeds.append(count / (time.process_time() - begun))
            best = max(speeds[1:])
            found.append(
                {"library": "rlberry-scool", "version": version, "algorithm": name, "episodes_per_second": best}
            )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
