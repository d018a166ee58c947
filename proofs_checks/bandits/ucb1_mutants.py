"""Mutants of UCB1: mistakes that were made in public code, or in ours."""

from __future__ import annotations

from theorylab.verify.code import Mutant

UCB1 = "theorylab.bandits.stochastic.ucb1"
EXACT, REFERENCE, AUDIT = "exact expected regret of ucb1", "ucb1 plays like its reference", "radius"
LOG, WIDTH = "return 2.0 * math.log(t)", "best = max(best, means[i] + width * scales[i])"
SCALE, FIRST = "scales[arm] = 1.0 / math.sqrt(pulls[arm])", "if t < n_arms:\n            arm = t\n"
CHOICE = "while means[arm] + width * scales[arm] < best - TIE:\n                arm += 1"
MUTANTS = (
    Mutant("bonus halved", UCB1, LOG, "return 0.5 * math.log(t)", AUDIT),
    Mutant("bonus doubled", UCB1, LOG, "return 8.0 * math.log(t)", EXACT),
    Mutant("ln(t + 1) for ln t", UCB1, LOG, "return 2.0 * math.log(t + 1)", REFERENCE),
    Mutant(
        "ln of the arm's own pulls",
        UCB1,
        SCALE,
        "scales[arm] = math.sqrt(2.0 * math.log(pulls[arm] + 1e-300) / pulls[arm]) "
        "/ math.sqrt(exploration_kernel(form, t + 1.0) + 1e-300)",
        REFERENCE,
    ),
    Mutant("a constant 95% radius", UCB1, LOG, "return 0.5 * math.log(20.0)", AUDIT),
    Mutant("mean over n + 1", UCB1, "sums[arm] / pulls[arm]", "sums[arm] / (pulls[arm] + 1.0)", EXACT),
    Mutant("no first plays", UCB1, FIRST, "if t < 1:\n            arm = t\n", REFERENCE),
    Mutant(
        "last arm skipped",
        UCB1,
        "for i in range(n_arms):\n                best",
        "for i in range(n_arms - 1):\n                best",
        REFERENCE,
    ),
    Mutant("n and t swapped", UCB1, SCALE, "scales[arm] = math.sqrt(pulls[arm])", REFERENCE),
    Mutant("root misplaced: sqrt(2 ln t) / n", UCB1, SCALE, "scales[arm] = 1.0 / pulls[arm]", REFERENCE),
    Mutant("no bonus", UCB1, "width = math.sqrt(exploration_kernel(form, t))", "width = 0.0", EXACT),
    Mutant(
        "radii of other arms stale",
        UCB1,
        "width = math.sqrt(exploration_kernel(form, t))",
        "width = math.sqrt(exploration_kernel(form, n_arms))",
        EXACT,
    ),
    Mutant(
        "ties to the last arm",
        UCB1,
        CHOICE,
        "arm = n_arms - 1\n            while means[arm] + width * scales[arm] < best - TIE:\n                arm -= 1",
        REFERENCE,
    ),
    Mutant(
        "lower confidence bound",
        UCB1,
        "best = max(best, means[i] + width * scales[i])\n            while means[arm] + width",
        "best = max(best, means[i] - width * scales[i])\n            while means[arm] - width",
        REFERENCE,
    ),
    Mutant("reward of the first arm credited", UCB1, "sums[arm] += reward", "sums[0] += reward", EXACT),
    Mutant(
        "3 lnln t forgotten (garivier)",
        UCB1,
        "0.5 * (log + 3.0 * math.log(log))",
        "0.5 * (log + math.log(log))",
        REFERENCE,
    ),
    Mutant("lnln t unguarded (garivier)", UCB1, " if t > 2 else 0.5 * log", "", REFERENCE),
    Mutant(
        "one stream for rewards and ties: rewards drawn twice",
        UCB1,
        "reward = step_kernel",
        "noise = environment.random() if not gaussian else noise\n        reward = step_kernel",
        REFERENCE,
    ),
)
