"""Mutants of MOSS: mistakes that were made in public code, or in ours."""

from __future__ import annotations

from theorylab.verify.code import Mutant

MOSS = "theorylab.bandits.stochastic.moss"
EXACT, PLAYS, INDICES = "exact expected regret", "moss plays like its reference", "indices are the paper's"
RADIUS = "math.sqrt(factor * max(math.log(horizon / (n_arms * n)), 0.0) / n)"
FACTOR = "factor = 1.0 if form == UNIT else 4.0"
UPDATE = """        pulls[arm] += 1.0
        sums[arm] += reward
        values[arm] = sums[arm] / pulls[arm] + moss_radius_kernel(form, horizon, n_arms, pulls[arm])
"""
EARLY = """        sums[arm] += reward
        before = max(pulls[arm], 1.0)
        values[arm] = sums[arm] / before + moss_radius_kernel(form, horizon, n_arms, before)
        pulls[arm] += 1.0
"""
MUTANTS = (
    Mutant(
        "ln(t / (K N)) for ln(T / (K N))",
        MOSS,
        "moss_radius_kernel(form, horizon, n_arms, pulls[arm])",
        "moss_radius_kernel(form, t + 1.0, n_arms, pulls[arm])",
        EXACT,
    ),
    Mutant("no maximum with 0", MOSS, RADIUS, "math.sqrt(factor * math.log(horizon / (n_arms * n)) / n)", EXACT),
    Mutant(
        "absolute value for the maximum with 0",
        MOSS,
        RADIUS,
        "math.sqrt(factor * abs(math.log(horizon / (n_arms * n))) / n)",
        EXACT,
    ),
    Mutant("K missing", MOSS, RADIUS, "math.sqrt(factor * max(math.log(horizon / n), 0.0) / n)", EXACT),
    Mutant(
        "K outside the logarithm",
        MOSS,
        RADIUS,
        "math.sqrt(factor * max(math.log(horizon / n) / n_arms, 0.0) / n)",
        EXACT,
    ),
    Mutant("4 in the unit form", MOSS, FACTOR, "factor = 4.0", EXACT),
    Mutant("no 4 in the sub-Gaussian form", MOSS, FACTOR, "factor = 1.0", EXACT),
    Mutant(
        "4 inside the logarithm",
        MOSS,
        RADIUS,
        "math.sqrt(max(math.log(factor * horizon / (n_arms * n)), 0.0) / n)",
        EXACT,
    ),
    Mutant(
        "root misplaced", MOSS, RADIUS, "math.sqrt(factor * max(math.log(horizon / (n_arms * n)), 0.0)) / n", "radius"
    ),
    Mutant("radius halved", MOSS, RADIUS, f"0.5 * {RADIUS}", "radius"),
    Mutant("K - 1 for K", MOSS, RADIUS, RADIUS.replace("n_arms", "(n_arms - 1)"), EXACT),
    Mutant("mean over n + 1", MOSS, "sums[arm] / pulls[arm]", "sums[arm] / (pulls[arm] + 1.0)", INDICES),
    Mutant(
        "index from before the play",
        MOSS,
        UPDATE,
        EARLY,
        EXACT,
    ),
    Mutant("reward of the first arm credited", MOSS, "sums[arm] += reward", "sums[0] += reward", EXACT),
    Mutant(
        "no first plays",
        MOSS,
        "        if t < n_arms:\n            arm = t\n",
        "        if t < 1:\n            arm = t\n",
        PLAYS,
    ),
    Mutant(
        "last arm skipped",
        MOSS,
        "for i in range(n_arms):\n                best",
        "for i in range(n_arms - 1):\n                best",
        PLAYS,
    ),
    Mutant(
        "ties to the last arm",
        MOSS,
        "while values[arm] < best - TIE:\n                arm += 1",
        "arm = n_arms - 1\n            while values[arm] < best - TIE:\n                arm -= 1",
        PLAYS,
    ),
)
