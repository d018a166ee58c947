"""Mutants of UCBVI that are not those of the brackets (these are StepMix's)."""

from __future__ import annotations

from theorylab.verify.code import Mutant

HOME = "theorylab.mdp.episodic"
UCBVI, BRACKETS = f"{HOME}.ucbvi", f"{HOME}.brackets"
REFERENCE = "ucbvi plays like its reference"

MUTANTS = (
    Mutant(
        "greedy before the first backward pass",
        UCBVI,
        "if optimistic_kernel(knowledge, upper, greedy):",
        "if optimistic_kernel(knowledge, upper, greedy) and k % 2 == 0:",
        "exact values",
    ),
    Mutant(
        "the policy of the first episode for ever",
        UCBVI,
        "learn_kernel(knowledge, log_union, scale, states, actions)",
        "learn_kernel(knowledge, log_union, scale, states, actions) if k < 1 else None",
        REFERENCE,
    ),
    Mutant(
        "values one stage off",
        BRACKETS,
        "expect_kernel(knowledge, h, upper[h + 1])",
        "expect_kernel(knowledge, h, upper[h])",
        REFERENCE,
    ),
    Mutant(
        "one cap for all stages",
        BRACKETS,
        "scores[i] = min(H - h, scores[i] + known[i] + extra[i])",
        "scores[i] = min(H, scores[i] + known[i] + extra[i])",
        "greedy values recomputed",
    ),
    Mutant("no bonus", BRACKETS, "scores[i] + known[i] + extra[i])", "scores[i] + known[i])", REFERENCE),
    Mutant(
        "the radius shrinks like 1/n",
        BRACKETS,
        "math.sqrt(2.0 * beta / n)",
        "2.0 * beta / n",
        "radius holds at all times",
    ),
    Mutant(
        "the bonus of the whole horizon at every stage",
        BRACKETS,
        "bonus[h, pair] = 0.5 * (H - 1 - h) * scale",
        "bonus[h, pair] = 0.5 * (H - 1) * scale",
        REFERENCE,
    ),
    Mutant(
        "counts of the next state's row",
        BRACKETS,
        "counts[h, states[h + 1], pair] += 1.0",
        "counts[h, states[h], pair] += 1.0",
        REFERENCE,
    ),
    Mutant(
        "an unvisited pair is known",
        BRACKETS,
        "if n == 0:\n        return 2.0",
        "if n == 0:\n        return 0.0",
        REFERENCE,
    ),
    Mutant(
        "the log without the 1 of log(e x)",
        BRACKETS,
        "beta += (n_states - 1.0) * (1.0 + math.log(",
        "beta += (n_states - 1.0) * (math.log(",
        "pessimistic values recomputed",
    ),
)
