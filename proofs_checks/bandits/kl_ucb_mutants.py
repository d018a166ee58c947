"""Mutants of KL-UCB: mistakes that were made in public code, or in ours."""

from __future__ import annotations

from theorylab.verify.code import Mutant

KL_UCB, INDEX = "theorylab.bandits.stochastic.kl_ucb", "theorylab.bandits.stochastic.kl_index"
REFERENCE, NEWTON, AUDIT = "kl_ucb plays like its reference", "Newton finds the limit", "index covers"
EXACT, LARGEST = "exact expected regret", "the largest index is played"
START = "q = m + math.sqrt(0.5 * d)"
SCAN = "values[i] = kl_index_kernel(sums[i] / pulls[i], f / pulls[i])\n                    best"
LOOP = "    for _ in range(MOST_STEPS):\n"
COARSE = """    low, high = m, 1.0 - 1e-12
    for _ in range(7):
        middle = 0.5 * (low + high)
        if kl_kernel(m, middle) <= d:
            low = middle
        else:
            high = middle
    return high
"""
MUTANTS = (
    Mutant(
        "kl(q, m) for kl(m, q)",
        INDEX,
        "step = (kl_kernel(m, q) - d) * q * (1.0 - q) / (q - m)",
        "step = (kl_kernel(q, m) - d) * q * (1.0 - q) / (q - m)",
        NEWTON,
    ),
    Mutant("bisection returns the upper end", INDEX, LOOP, COARSE + LOOP, NEWTON),
    Mutant("Newton from the left", INDEX, START, "q = m + 1e-3 * (1.0 - m)", NEWTON),
    Mutant("one Newton step", INDEX, "MOST_STEPS = 30", "MOST_STEPS = 1", NEWTON),
    Mutant("Pinsker's point instead of the root", INDEX, "MOST_STEPS = 30", "MOST_STEPS = 0", NEWTON),
    Mutant(
        "sqrt(2 d) for sqrt(d / 2)",
        INDEX,
        START,
        "q = m + math.sqrt(2.0 * d)",
        hole="equivalent: a start farther to the right leads to the same root",
    ),
    Mutant("mean 0 has the index 0", INDEX, "return 1.0 - math.exp(-d)", "return 0.0", AUDIT),
    Mutant(
        "the mean's second term forgotten",
        INDEX,
        "divergence += (1.0 - m) * math.log((1.0 - m) / (1.0 - q))",
        "divergence += 0.0",
        NEWTON,
    ),
    Mutant(
        "squared gaps for divergences (UCB)",
        INDEX,
        "        divergence = m * math.log(m / q)\n",
        "        return 2.0 * (m - q) * (m - q)\n",
        NEWTON,
    ),
    Mutant("half the exploration", KL_UCB, "    log = math.log(t)\n", "    log = 0.5 * math.log(t)\n", AUDIT),
    Mutant(
        "ln of the arm's own pulls",
        KL_UCB,
        SCAN,
        "values[i] = kl_index_kernel(sums[i] / pulls[i], math.log(pulls[i]) / pulls[i])\n                    best",
        EXACT,
    ),
    Mutant(
        "indices of unplayed arms stale",
        KL_UCB,
        SCAN,
        "if i == arm or t == n_arms:\n                        " + SCAN,
        REFERENCE,
    ),
    Mutant("rivals never looked at again", KL_UCB, "wake = min(wake, ", "wake = max(wake, ", LARGEST),
    Mutant(
        "the best arm's fall is not seen",
        KL_UCB,
        "stays = f < wake and (mean >= above or pulls[arm] * kl_kernel(mean, above) < f)",
        "stays = f < wake",
        LARGEST,
    ),
    Mutant("lnln t unguarded", KL_UCB, "form == THEORY and t > 2", "form == THEORY", REFERENCE),
    Mutant("lnln t without 3", KL_UCB, "log + 3.0 * math.log(log)", "log + math.log(log)", REFERENCE),
    Mutant(
        "explicit form with rounds played for the round",
        KL_UCB,
        "    if form == EXPLICIT:\n",
        "    if form == EXPLICIT:\n        t = t - 1.0\n",
        REFERENCE,
    ),
    Mutant(
        "mean over n + 1",
        KL_UCB,
        "        pulls[arm] += 1.0\n",
        "        pulls[arm] += 2.0 if pulls[arm] == 0.0 else 1.0\n",
        EXACT,
    ),
    Mutant("reward of the first arm credited", KL_UCB, "sums[arm] += reward", "sums[0] += reward", EXACT),
    Mutant(
        "no first plays",
        KL_UCB,
        "        if t < n_arms:\n            arm = t\n",
        "        if t < 1:\n            arm = t\n",
        REFERENCE,
    ),
    Mutant(
        "last arm skipped",
        KL_UCB,
        "                for i in range(n_arms):\n                    " + SCAN,
        "                for i in range(n_arms - 1):\n                    " + SCAN,
        REFERENCE,
    ),
    Mutant(
        "ties to the last arm",
        KL_UCB,
        "arm = 0\n                while values[arm] < best - TIE:\n                    arm += 1",
        "arm = n_arms - 1\n                while values[arm] < best - TIE:\n                    arm -= 1",
        REFERENCE,
    ),
)
