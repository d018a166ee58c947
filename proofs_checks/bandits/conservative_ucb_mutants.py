"""Mutants of Conservative UCB: budgets that count the wrong thing."""

from __future__ import annotations

from theorylab.verify.code import Mutant

MODULE = "theorylab.bandits.stochastic.conservative_ucb"
BUDGET, RULE, UNION = "the budget", "the default when the budget is negative", "Gaussian tails add up to delta"
LOOP = "        for i in range(n_arms):\n            budget += pulls[i] * lower[i]\n"
SUM, FLOOR = "budget += pulls[i] * lower[i]", "(1.0 - alpha) * mu0 * (t + 1.0)"
OTHERS = 'math.log(max(setup.n_arms - 1, 1) / given["delta"])'
PSI, FIRST = "2.0 * (log_others + 3.0 * math.log(n))", 'worst / (parameters["alpha"] * parameters["mu0"])'
SAVING = "budget_first plays like its reference"
MUTANTS = (
    Mutant(
        "lower limits frozen when played",
        MODULE,
        f"{LOOP}        budget -= {FLOOR}\n        arm = proposal\n"
        "        if t < first or (watched and budget < -ROUNDING):\n            arm = 0\n",
        "        if t == 0:\n            frozen = 0.0\n"
        f"        budget += frozen - {FLOOR}\n        arm = proposal\n"
        "        if t < first or (watched and budget < -ROUNDING):\n            arm = 0\n"
        "        frozen += lower[arm]\n",
        BUDGET,
    ),
    Mutant(
        "realised rewards in the budget", MODULE, SUM, "budget += pulls[i] * lower[i] if i == 0 else sums[i]", BUDGET
    ),
    Mutant("t - 1 for t", MODULE, FLOOR, "(1.0 - alpha) * mu0 * t", BUDGET),
    Mutant("psi without K", MODULE, OTHERS, 'math.log(1.0 / given["delta"])', BUDGET),
    Mutant("the proposal's lower limit left out", MODULE, "budget = lower[proposal]\n", "budget = 0.0\n", BUDGET),
    Mutant(
        "constraint tested at T only",
        MODULE,
        "(watched and budget < -ROUNDING)",
        "(watched and t + 1 == horizon and budget < -ROUNDING)",
        RULE,
    ),
    Mutant(
        "upper limits in the budget", MODULE, SUM, "budget += pulls[i] * upper[i] if pulls[i] > 0.0 else 0.0", BUDGET
    ),
    Mutant(
        "the proposal's upper limit",
        MODULE,
        "budget = lower[proposal]\n",
        "budget = min(upper[proposal], 1.0)\n",
        BUDGET,
    ),
    Mutant("alpha for 1 - alpha", MODULE, FLOOR, "alpha * mu0 * (t + 1.0)", BUDGET),
    Mutant("n for n^3 in psi", MODULE, PSI, "2.0 * (log_others + math.log(n))", UNION),
    Mutant("1 for 2 in psi", MODULE, PSI, "(log_others + 3.0 * math.log(n))", UNION),
    Mutant("proposes by means", MODULE, "upper[arm] = mean + width", "upper[arm] = mean", "the proposal is optimistic"),
    Mutant("saves without alpha", MODULE, FIRST, 'worst / parameters["mu0"]', SAVING),
    Mutant("saves half", MODULE, "others + 2.0 * math.sqrt(", "others + math.sqrt(", SAVING),
)
