"""Mutants of CombUCB1."""

from __future__ import annotations

from theorylab.verify.code import Mutant

COMB = "theorylab.bandits.stochastic.comb_ucb1"
REFERENCE, AUDIT = "comb_ucb1 plays like its reference", "radius of an item"
SETS, LINK = "exact expected regret on sets", "indices are means plus radii"
RADIUS = "return math.sqrt(1.5 * math.log(t) / n)"
MUTANTS = (
    Mutant(
        "only one item is updated",
        COMB,
        "for i in range(size):\n            item = members[action, i]",
        "for i in range(1):\n            item = members[action, i]",
        REFERENCE,
    ),
    Mutant("log of the item's own count", COMB, RADIUS, "return math.sqrt(1.5 * math.log(n + 1e-9) / n)", AUDIT),
    Mutant("bonus halved", COMB, RADIUS, "return 0.5 * math.sqrt(1.5 * math.log(t) / n)", AUDIT),
    Mutant("2 ln t, as UCB1", COMB, "1.5 * math.log(t)", "2.0 * math.log(t)", LINK),
    Mutant("ln t / 2", COMB, "1.5 * math.log(t)", "0.5 * math.log(t)", AUDIT),
    Mutant("ln(t + 1) for ln t", COMB, "1.5 * math.log(t)", "1.5 * math.log(t + 1)", REFERENCE),
    Mutant("root misplaced", COMB, RADIUS, "return math.sqrt(1.5 * math.log(t)) / n", AUDIT),
    Mutant("no bonus", COMB, "if not greedy:", "if greedy:", LINK),
    Mutant("means over rounds, not over the item's count", COMB, "stats[0, e] / stats[1, e]", "stats[0, e] / t", LINK),
    Mutant(
        "ties to the last action",
        COMB,
        "action = 0\n        while totals[action] < best - TIE:\n            action += 1",
        "action = n_actions - 1\n        while totals[action] < best - TIE:\n            action -= 1",
        REFERENCE,
    ),
    Mutant("no initialisation", COMB, "if unseen > 0:", "if t == 0:", REFERENCE),
    Mutant(
        "initialisation by the first item only",
        COMB,
        "if stats[1, e] == 0.0:\n                unseen += 1",
        "if stats[1, e] == 0.0 and e == 0:\n                unseen += 1",
        REFERENCE,
    ),
    Mutant(
        "initialisation counts seen items",
        COMB,
        "1.0 if stats[1, e] == 0.0 else 0.0",
        "0.0 if stats[1, e] == 0.0 else 1.0",
        REFERENCE,
    ),
    Mutant(
        "the last action is never considered",
        COMB,
        "best = -math.inf\n        for n in range(n_actions):",
        "best = -math.inf\n        for n in range(n_actions - 1):",
        REFERENCE,
    ),
    Mutant(
        "the oracle averages over places",
        COMB,
        "best = max(best, totals[n])",
        "totals[n] /= (members[n] >= 0).sum()\n            best = max(best, totals[n])",
        REFERENCE,
    ),
    Mutant(
        "all items get the first item's reward",
        COMB,
        "stats[0, item] += values[item]",
        "stats[0, item] += values[members[action, 0]]",
        SETS,
    ),
    Mutant("empty places of short sets are read", COMB, "if members[n, i] >= 0:\n", "if True:\n", REFERENCE),
    Mutant(
        "the best of the single items leads",
        COMB,
        "totals[n] += stats[2, members[n, i]]",
        "totals[n] = max(totals[n], stats[2, members[n, i]])",
        REFERENCE,
    ),
)
