"""Mutants of CUCBVI: budgets that credit the wrong thing, tests against the wrong line."""

from __future__ import annotations

from theorylab.verify.code import Mutant

CUCBVI = "theorylab.mdp.episodic.cucbvi"
REFERENCE = "cucbvi plays like its reference"
RULE, BUDGET, EARNED = "rule of the budget", "budget", "the budget is earned"
TEST = "if budget + bound < (line - TIE) * (k + 1):"
CREDIT = "budget += certificate"
LINE = "line = (1.0 - alpha) * said"
LEARN = "learn_kernel(knowledge, log_union, scale, states, actions)"
OTHER = "switch, kind, certificate, current = H, BASELINE, baseline_value, fixed_value"

MUTANTS = (
    Mutant("k - 1 for k", CUCBVI, TEST, "if budget + bound < (line - TIE) * k:", RULE),
    Mutant("the bound left out of the test", CUCBVI, TEST, "if budget < (line - TIE) * (k + 1):", RULE),
    Mutant("the budget left out of the test", CUCBVI, TEST, "if bound < line - TIE:", RULE),
    Mutant("a tie is not enough", CUCBVI, TEST, "if budget + bound < (line + TIE) * (k + 1):", "a tie is enough"),
    Mutant("the test looks at the upper value", CUCBVI, TEST,
           "if budget + upper[0] @ start < (line - TIE) * (k + 1):", RULE),
    Mutant("credited with the upper value", CUCBVI, CREDIT,
           "budget += upper[0] @ start if switch == 0 else certificate", BUDGET),
    Mutant("credited with the true value", CUCBVI, CREDIT, "budget += current", BUDGET),
    Mutant("baseline plays credited with the greedy policy's bound", CUCBVI, CREDIT, "budget += bound", BUDGET),
    Mutant("the bound added on baseline plays too", CUCBVI, CREDIT,
           "budget += certificate + (bound if switch == H else 0.0)", BUDGET),
    Mutant("greedy plays credited with the baseline's value", CUCBVI, CREDIT, "budget += baseline_value", BUDGET),
    Mutant("greedy plays not credited", CUCBVI, CREDIT, "budget += certificate if switch == H else 0.0", BUDGET),
    Mutant("alpha on the wrong side", CUCBVI, LINE, "line = alpha * said", RULE),
    Mutant("the line of the optimal value", CUCBVI, LINE, "line = (1.0 - alpha) * said * 1.05", RULE),
    Mutant("another baseline's margin: half the value is credited", CUCBVI, OTHER,
           OTHER.replace("BASELINE, baseline_value", "BASELINE, 0.5 * baseline_value"), BUDGET),
    Mutant("the budget forgets", CUCBVI, CREDIT, "budget = certificate", BUDGET),
    Mutant("the baseline booked at the greedy policy's value", CUCBVI, OTHER,
           "switch, kind, certificate = H, BASELINE, baseline_value", "exact values"),
    Mutant("the value of the first greedy policy for ever", CUCBVI,
           "if optimistic_kernel(knowledge, upper, greedy):",
           "if optimistic_kernel(knowledge, upper, greedy) and k == 0:", "exact values"),
    Mutant("stale counts: baseline episodes teach nothing", CUCBVI, LEARN,
           f"{LEARN} if switch == 0 else None", REFERENCE),
    Mutant("stale counts: every second episode is forgotten", CUCBVI, LEARN,
           f"{LEARN} if k % 2 == 0 else None", "pessimistic values recomputed"),
    Mutant("the two policies exchanged", CUCBVI, "switch, kind, certificate, current = 0, GREEDY, bound, greedy_value",
           "switch, kind, certificate, current = H, GREEDY, bound, greedy_value", REFERENCE),
)  # fmt: skip
