"""Mutants of M-UCB."""

from __future__ import annotations

from theorylab.verify.code import Mutant

M_UCB = "theorylab.bandits.nonstationary.m_ucb"
SAME = "m_ucb plays like its reference"
MUTANTS = (
    Mutant("a test that is always true", M_UCB, "if abs(exact) > b:", "if (abs(exact) > b,):", SAME),
    Mutant("one-sided test", M_UCB, "if abs(exact) > b:", "if exact > b:", SAME),
    Mutant(
        "history kept after a restart", M_UCB, "forget_kernel(arms, i, t + 1)", "forget_kernel(arms, arm, t + 1)", SAME
    ),
    Mutant("halves of unequal length", M_UCB, "if j < w // 2:", "if j <= w // 2:", SAME),
    Mutant(
        "ln(K T) for ln(2 K T^2)",
        M_UCB,
        "math.log(2.0 * n_arms * float(horizon) ** 2)",
        "math.log(float(n_arms * horizon))",
        "false alarm of a window",
    ),
    Mutant(
        "threshold without the root of w/2",
        M_UCB,
        "math.sqrt(0.5 * window *",
        "math.sqrt(0.1 * window *",
        "false alarm of a window",
    ),
    Mutant(
        "forced plays leave out the last arm",
        M_UCB,
        "forced_arm_kernel(t - born, period, n_arms)",
        "forced_arm_kernel(t - born, period, n_arms - 1)",
        SAME,
    ),
    Mutant("forced plays not restarted", M_UCB, "forced_arm_kernel(t - born,", "forced_arm_kernel(t,", SAME),
    Mutant(
        "rate without the number of changes",
        M_UCB,
        "math.sqrt(changes * n_arms *",
        "math.sqrt(n_arms *",
        "rate of forced plays",
    ),
    Mutant("tests before the window is full", M_UCB, "if seen + 1 >= w and", "if seen + 1 >= w // 2 and", SAME),
    Mutant("index counts from the start", M_UCB, "forget_kernel(arms, i, t + 1)", "forget_kernel(arms, i, 0)", SAME),
    Mutant(
        "running difference forgets the middle",
        M_UCB,
        "ring[arm, slot] - 2.0 * ring[arm, middle] + reward",
        "ring[arm, slot] - ring[arm, middle] + reward",
        SAME,
    ),
)
