"""Mutants of CUSUM-UCB."""

from __future__ import annotations

from theorylab.verify.code import Mutant

CUSUM = "theorylab.bandits.nonstationary.cusum_ucb"
SAME, SUMS = "cusum_ucb plays like its reference", "cumulative sums"
MUTANTS = (
    Mutant(
        "a coin that never draws the last arm",
        CUSUM,
        "int(n_arms * coin / alpha)",
        "int((n_arms - 1) * coin / alpha)",
        SAME,
    ),
    Mutant(
        "one-sided",
        CUSUM,
        "max(detectors[DOWN, arm], detectors[UP, arm]) >= h - TIE",
        "detectors[UP, arm] >= h",
        "the alarm of a sure jump",
    ),
    Mutant("no drift upwards", CUSUM, "reward - start - epsilon", "reward - start", SUMS),
    Mutant(
        "sums may fall below 0", CUSUM, "max(0.0, detectors[DOWN, arm] + start", "(detectors[DOWN, arm] + start", SUMS
    ),
    Mutant(
        "all arms restart",
        CUSUM,
        "            forget_kernel(arms, arm, t + 1)",
        "            for each in range(n_arms):\n                forget_kernel(arms, each, t + 1)",
        SAME,
    ),
    Mutant(
        "detector not reset",
        CUSUM,
        "                detectors[row, arm] = 0.0",
        "                detectors[row, arm] *= 1.0",
        SUMS,
    ),
    Mutant(
        "history kept after a restart",
        CUSUM,
        "forget_kernel(arms, arm, t + 1)",
        "forget_kernel(arms, (arm + 1) % n_arms, t + 1)",
        SAME,
    ),
    Mutant("M - 1 rewards make the level", CUSUM, "if arms[PULLS, arm] <= M:", "if arms[PULLS, arm] < M:", SUMS),
    Mutant(
        "index counts from the start", CUSUM, "forget_kernel(arms, arm, t + 1)", "forget_kernel(arms, arm, 0)", SAME
    ),
    Mutant("default h without Y", CUSUM, "math.log(T / count), 1e-9)", "math.log(T), 1e-9)", SAME),
    Mutant("the coin is the environment's", CUSUM, "coin = agent.random()", "coin = environment.random()", SAME),
    Mutant(
        "alarm above h, not at it",
        CUSUM,
        "detectors[UP, arm]) >= h - TIE",
        "detectors[UP, arm]) > h + TIE",
        "the alarm of a sure jump",
    ),
)
