"""Mutants of EpsMix: coins of the wrong probability, at the wrong time, in the wrong books."""

from __future__ import annotations

from theorylab.verify.code import Mutant

EPSMIX = "theorylab.mdp.episodic.epsmix"
REFERENCE = "epsmix plays like its reference"
RULE = "rule of epsilon"
EPSILON = "(known - threshold) / (known - bound)"
VALUE = "current = epsilon * greedy_value + (1.0 - epsilon) * true_value"
COIN = "switch = 0 if agent.random() < epsilon else H"
PLAY = "play_kernel(world, greedy, law, switch, 0.0, environment"
LEARN = "learn_kernel(knowledge, log_union, scale, states, actions)"
PESSIMISTIC = "known = prefix_bound_kernel(knowledge, start, baseline, lower, H, value)"
OPTIMISTIC = (
    "from theorylab.mdp.episodic.brackets import backup_kernel\n"
    "                    for s in range(value.shape[0]):\n"
    "                        value[s] = 0.0\n"
    "                    for h in range(H - 1, -1, -1):\n"
    "                        backup_kernel(knowledge, h, 1.0, value, baseline[h], greedy[h], 0.0, value)\n"
    "                    known = 0.0\n"
    "                    for s in range(value.shape[0]):\n"
    "                        known += start[s] * value[s]"
)

MUTANTS = (
    Mutant("gamma - LCB over the gap: 1 - epsilon", EPSMIX, EPSILON, "(threshold - bound) / (known - bound)", RULE),
    Mutant("the coin's sides exchanged", EPSMIX, COIN, "switch = H if agent.random() < epsilon else 0", REFERENCE),
    Mutant(
        "a coin at every step",
        EPSMIX,
        PLAY,
        'play_kernel(world, greedy, epsilon * (__import__("numpy").arange(law.shape[2]) >= greedy[..., None])'
        " + (1.0 - epsilon) * law, H, 0.0, environment",
        REFERENCE,
    ),
    Mutant("the coin decides the last step alone", EPSMIX, PLAY, PLAY.replace("switch, 0.0", "H, epsilon"), REFERENCE),
    Mutant("no coin: greedy when epsilon exceeds 1/2", EPSMIX, COIN, "switch = 0 if epsilon > 0.5 else H", REFERENCE),
    Mutant("the coin is drawn only when it matters", EPSMIX, COIN,
           "switch = 0 if epsilon == 1.0 or agent.random() < epsilon else H", REFERENCE),
    Mutant("epsilon from the upper bound", EPSMIX, EPSILON,
           "min(1.0, (known - threshold) / max(1e-9, known - upper[0] @ start))", RULE),
    Mutant("the safety test looks at optimistic values", EPSMIX, "if bound < threshold:",
           "if upper[0] @ start < threshold:", "safe"),
    Mutant("epsilon is not 1 when the bound reaches the threshold", EPSMIX, "if bound < threshold:",
           "if bound < threshold or baseline_value > threshold:", RULE),
    Mutant("the baseline's upper value", EPSMIX, PESSIMISTIC, OPTIMISTIC, RULE),
    Mutant("the baseline's value is not used", EPSMIX, "if not baseline_value > threshold:",
           "if True:", RULE),
    Mutant("the margin of another baseline: the optimal value", EPSMIX, "known = baseline_value\n",
           "known = log.goal[0]\n", RULE),
    Mutant("booked by the coin's outcome", EPSMIX,
           "        if k < rows[0].shape[0]:\n            record_kernel(",
           "        current = greedy_value if switch == 0 else true_value\n"
           "        if k < rows[0].shape[0]:\n            record_kernel(", "exact values"),
    Mutant("booked with the sides exchanged", EPSMIX, VALUE,
           "current = (1.0 - epsilon) * greedy_value + epsilon * true_value", "exact values"),
    Mutant("booked by the certificate", EPSMIX, VALUE, "current = certificate", "exact values"),
    Mutant("the value of the first greedy policy for ever", EPSMIX, "if optimistic_kernel(knowledge, upper, greedy):",
           "if optimistic_kernel(knowledge, upper, greedy) and k == 0:", "exact values"),
    Mutant("stale counts: baseline episodes teach nothing", EPSMIX, LEARN,
           f"{LEARN} if switch == 0 else None", REFERENCE),
    Mutant("stale counts: every second episode is forgotten", EPSMIX, LEARN,
           f"{LEARN} if k % 2 == 0 else None", "pessimistic values recomputed"),
    Mutant("the greedy policy when the value is not certified", EPSMIX, "epsilon, kind = 0.0, BASELINE",
           "epsilon, kind = 1.0, GREEDY", RULE),
)  # fmt: skip
