"""Decisions a second of bandit libraries that are installed in the interpreter that runs this file.

Usage: ``python _bandit_peer.py STEPS``.  Prints one JSON list of {library, version, algorithm, decisions_per_second}.
Ten Bernoulli arms (.6 and nine .5), rewards drawn by numpy, CPU time of the whole loop.  It imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import io
import json
import math
import sys
import time
import warnings

import numpy as np

MEANS = [0.6, *[0.5] * 9]
ARMS = len(MEANS)


def timed(choose, learn, steps: int) -> float:
    """Decisions a second of the loop: choose, draw, learn."""
    rng = np.random.default_rng(0)
    draws = rng.random(steps).tolist()
    begun = time.process_time()
    for u in draws:
        arm = choose()
        learn(arm, 1.0 if u < MEANS[arm] else 0.0)
    return steps / (time.process_time() - begun)


def river_peers(steps: int):
    """UCB, Thompson sampling and EXP3 of river."""
    bandit, proba = importlib.import_module("river.bandit"), importlib.import_module("river.proba")
    arms = list(range(ARMS))
    made = {
        "ucb1": bandit.UCB(delta=1.0, seed=1),
        "thompson": bandit.ThompsonSampling(reward_obj=proba.Beta(), seed=1),
        "exp3": bandit.Exp3(gamma=math.sqrt(ARMS * math.log(ARMS) / steps), seed=1),
    }
    for name, policy in made.items():
        yield name, timed(lambda p=policy: p.pull(arms), lambda a, r, p=policy: p.update(a, r), steps)


def banditsbook_peers(steps: int):
    """UCB1 and EXP3 of banditsbook."""
    for name, path, arguments in (
        ("ucb1", ("algorithms.ucb.ucb1", "UCB1"), ([], [])),
        ("exp3", ("algorithms.exp3.exp3", "Exp3"), (math.sqrt(ARMS * math.log(ARMS) / steps), [])),
    ):
        policy = getattr(importlib.import_module(path[0]), path[1])(*arguments)
        policy.initialize(ARMS)
        yield name, timed(policy.select_arm, policy.update, steps)


def smpybandits_peers(steps: int):
    """UCB, KL-UCB, Thompson sampling, EXP3 and two change detectors of SMPyBandits."""
    policies = importlib.import_module("SMPyBandits.Policies")
    made = {
        "ucb1": (policies.UCB(ARMS), steps),
        "kl_ucb": (policies.klUCB(ARMS), steps),
        "thompson": (policies.Thompson(ARMS), steps),
        "exp3": (policies.Exp3(ARMS, gamma=math.sqrt(math.log(ARMS) / (ARMS * steps))), steps),
        "glr_klucb": (
            policies.BernoulliGLR_IndexPolicy_WithDeterministicExploration(
                ARMS, horizon=5000, policy=policies.klUCB_forGLR, max_nb_random_events=4,
                lazy_detect_change_only_x_steps=10, lazy_try_value_s_only_x_steps=5,
            ),
            2000,
        ),
    }  # fmt: skip
    for name, (policy, rounds) in made.items():
        policy.startGame()
        yield name, timed(policy.choice, policy.getReward, rounds)


def mabwiser_peers(steps: int):
    """UCB1 and Thompson sampling of mabwiser, one observation at a time, after one fit of each arm."""
    mab = importlib.import_module("mabwiser.mab")
    arms = list(range(ARMS))
    rounds = max(200, steps // 20)
    for name, policy in (
        ("ucb1", mab.LearningPolicy.UCB1(alpha=1.0)),
        ("thompson", mab.LearningPolicy.ThompsonSampling()),
    ):
        learner = mab.MAB(arms, policy, seed=1)
        learner.fit(arms, [0, 1] * (ARMS // 2))
        yield name, timed(learner.predict, lambda a, r, m=learner: m.partial_fit([a], [int(r)]), rounds)


PEERS = {
    "river": ("river", river_peers),
    "banditsbook": ("banditsbook", banditsbook_peers),
    "SMPyBandits": ("SMPyBandits", smpybandits_peers),
    "mabwiser": ("mabwiser", mabwiser_peers),
}


def main() -> None:
    """Time every library that is here."""
    steps = int(sys.argv[1])
    found = []
    warnings.simplefilter("ignore")
    for library, (distribution, peers) in PEERS.items():
        try:
            version = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
        with contextlib.redirect_stdout(io.StringIO()):
            for name, speed in peers(steps):
                found.append({"library": library, "version": version, "algorithm": name, "decisions_per_second": speed})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
