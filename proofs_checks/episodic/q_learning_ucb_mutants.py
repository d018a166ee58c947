"""Mutants of optimistic Q-learning.

Not listed: playing greedily in a Q that was already updated within the episode.  It is equivalent, as Q of step h is
read at step h and changes only after it.
"""

from __future__ import annotations

from theorylab.verify.code import Mutant

MODULE = "theorylab.mdp.episodic.q_learning_ucb"
REFERENCE = "q_learning_ucb plays like its reference"
RATES, SUMS, UNION = "learning rates in rationals", "sums of bonuses", "union bound"
UPDATE, CUT = "unrolled update", "V is cut at H - h"

RATE, ROOT = "return (horizon + 1) / (horizon + t)", "math.sqrt(horizon**3 * iota / t)"

MUTANTS = (
    Mutant("alpha = 1/t", MODULE, RATE, "return 1 / t", RATES),
    Mutant("alpha = H/(H + t)", MODULE, RATE, "return horizon / (horizon + t)", RATES),
    Mutant("H for H^3", MODULE, ROOT, "math.sqrt(horizon * iota / t)", SUMS),
    Mutant("bonus 1/t for 1/sqrt t", MODULE, ROOT, "math.sqrt(horizon**3 * iota) / t", SUMS),
    Mutant("iota outside the root", MODULE, ROOT, "iota * math.sqrt(horizon**3 / t)", SUMS),
    Mutant("bonus subtracted", MODULE, "+ bonus_kernel(H, t", "- bonus_kernel(H, t", REFERENCE),
    Mutant("V not cut", MODULE, "V[h, s] = min(H - h, best)", "V[h, s] = best", CUT),
    Mutant("V cut one step late", MODULE, "V[h, s] = min(H - h, best)", "V[h, s] = min(H - h + 1, best)", CUT),
    Mutant("next V of the same step", MODULE, "V[h + 1, reached]", "V[h, reached]", UPDATE),
    Mutant(
        "t not counted up first",
        MODULE,
        "visits[h, s, a] += 1\n    t = visits[h, s, a]",
        "t = max(1, visits[h, s, a])\n    visits[h, s, a] += 1",
        UPDATE,
    ),
    Mutant("the last of tied actions", MODULE,
        "chosen = 0\n    while Q[h, s, chosen] < best - TIE:\n        chosen += 1",
        "chosen = A - 1\n    while Q[h, s, chosen] < best - TIE:\n        chosen -= 1",
        REFERENCE,
    ),
    Mutant("no union over episodes", MODULE, "horizon * episodes / delta)", "horizon / delta)", UNION),
    Mutant("one side only", MODULE, "math.log(2.0 * n_states", "math.log(1.0 * n_states", UNION),
    Mutant("no union over steps", MODULE, "n_actions * horizon * episodes", "n_actions * episodes", UNION),
    Mutant(
        "steps updated from the last: V of step h + 1 is already new",
        MODULE,
        "for h in range(H):  # upwards",
        "for h in range(H - 1, -1, -1):  # upwards",
        UPDATE,
    ),
    Mutant("the state itself for the next one", MODULE, "actions[h], states[h + 1])", "actions[h], states[h])", UPDATE),
    Mutant("Q starts at 0", MODULE, "Q[h] = H - h", "Q[h] = 0.0", "optimism"),
    Mutant("reward forgotten", MODULE, "target = rewards[h, s, a] + V", "target = V", UPDATE),
    Mutant("the whole error is learnt", MODULE, "(1.0 - alpha) * Q[h, s, a] + alpha * target", "target", UPDATE),
    Mutant(
        "value of an old policy",
        MODULE,
        "states[h + 1]):\n                changed = True",
        "states[h + 1]):\n                changed = h == 0",
        "exact values",
    ),
)  # fmt: skip
