"""Mutants of StepMix and of the brackets under it."""

from __future__ import annotations

from theorylab.verify.code import Mutant

HOME = "theorylab.mdp.episodic"
STEPMIX, BRACKETS, PLAY = f"{HOME}.stepmix", f"{HOME}.brackets", f"{HOME}.play"
REFERENCE = "stepmix plays like its reference"
RECOMPUTED = "pessimistic values recomputed"

MUTANTS = (
    Mutant(
        "rho for 1 - rho",
        STEPMIX,
        "rho = (bound - threshold) / (bound - previous)",
        "rho = (threshold - previous) / (bound - previous)",
        "no violation",
    ),
    Mutant(
        "pessimism dropped: plus the bonus",
        BRACKETS,
        "lower[h, s] = max(0.0, rewards[h, pair] - bonus[h, pair]",
        "lower[h, s] = max(0.0, rewards[h, pair] + bonus[h, pair]",
        REFERENCE,
    ),
    Mutant(
        "pessimistic values not clipped at 0",
        BRACKETS,
        "q = min(H - h, q) if sign > 0.0 else max(0.0, q)",
        "q = min(H - h, q) if sign > 0.0 else q",
        RECOMPUTED,
    ),
    Mutant(
        "prefixes not clipped at 0",
        BRACKETS,
        "scores[i] = max(0.0, rewards[h, i] - bonus[h, i] + scores[i] * inverse[h, i])",
        "scores[i] = rewards[h, i] - bonus[h, i] + scores[i] * inverse[h, i]",
        REFERENCE,
    ),
    Mutant(
        "optimistic values not clipped at H - h",
        BRACKETS,
        "scores[i] = min(H - h, scores[i] + known[i] + extra[i])",
        "scores[i] = scores[i] + known[i] + extra[i]",
        "greedy values recomputed",
    ),
    Mutant(
        "bonus of the wrong stage",
        BRACKETS,
        "bonus[h, pair] = 0.5 * (H - 1 - h) * scale",
        "bonus[h, pair] = 0.5 * max(H - 2 - h, 0) * scale",
        RECOMPUTED,
    ),
    Mutant(
        "bonus without the horizon factor",
        BRACKETS,
        "bonus[h, pair] = 0.5 * (H - 1 - h) * scale",
        "bonus[h, pair] = 0.5 * scale",
        RECOMPUTED,
    ),
    Mutant(
        "no union over (h, s, a)",
        BRACKETS,
        "return math.log(n_states * n_actions * horizon / delta)",
        "return math.log(1.0 / delta)",
        RECOMPUTED,
    ),
    Mutant(
        "no S - 1 before the log",
        BRACKETS,
        "beta += (n_states - 1.0) * (1.0 + math.log",
        "beta += (1.0 + math.log",
        RECOMPUTED,
    ),
    Mutant(
        "radius of a mean: 1/2 for 2",
        BRACKETS,
        "math.sqrt(2.0 * beta / n)",
        "math.sqrt(0.5 * beta / n)",
        "pessimistic values recomputed",
    ),
    Mutant(
        "the last row of ones stays: smoothed frequencies",
        BRACKETS,
        "counts[h, j, pair] = 0.0",
        "counts[h, j, pair] = 1.0",
        RECOMPUTED,
    ),
    Mutant(
        "n counts one visit too many",
        BRACKETS,
        "inverse[h, pair] = 1.0 / n",
        "inverse[h, pair] = 1.0 / (n + 1)",
        RECOMPUTED,
    ),
    Mutant(
        "the last of tied actions",
        BRACKETS,
        "a = 0\n            while scores[s * A + a] < best - TIE:\n                a += 1",
        "a = A - 1\n            while scores[s * A + a] < best - TIE:\n                a -= 1",
        REFERENCE,
    ),
    Mutant(
        "the safety test looks at optimistic values",
        STEPMIX,
        "pessimistic_kernel(knowledge, greedy, lower)",
        "lower[:] = upper",
        "no violation",
    ),
    Mutant(
        "the longest prefix first",
        STEPMIX,
        "for candidate in range(1, H + 1):",
        "for candidate in range(H, 0, -1):",
        "the first step that qualifies",
    ),
    Mutant(
        "mixing step off by one",
        STEPMIX,
        "switch, kind = candidate, MIXTURE",
        "switch, kind = candidate - 1, MIXTURE",
        "the first step that qualifies",
    ),
    Mutant(
        "the baseline of the first step at every step",
        BRACKETS,
        "total += baseline[h, s, a] * scores[s * A + a]",
        "total += baseline[0, s, a] * scores[s * A + a]",
        REFERENCE,
    ),
    Mutant(
        "the baseline's value is not used",
        STEPMIX,
        "if candidate == H and baseline_value > threshold:",
        "if candidate > H and baseline_value > threshold:",
        "the first step that qualifies",
    ),
    Mutant(
        "the baseline's value at every prefix",
        STEPMIX,
        "if candidate == H and baseline_value > threshold:",
        "if baseline_value > threshold:",
        "the first step that qualifies",
    ),
    Mutant(
        "mixing at every step of the prefix",
        PLAY,
        "weight = rho if h == switch - 1 else 0.0  # of the greedy action",
        "weight = rho  # of the greedy action",
        REFERENCE,
    ),
    Mutant(
        "the coin's sides exchanged in play",
        PLAY,
        "below = (1.0 - weight) * law[h, state, action]",
        "below = weight * law[h, state, action]",
        REFERENCE,
    ),
    Mutant(
        "the sides exchanged in the value",
        PLAY,
        "mine = share * mine + (1.0 - share) * base",
        "mine = (1.0 - share) * mine + share * base",
        "exact values",
    ),
    Mutant(
        "value of the policy of another episode",
        STEPMIX,
        "if changed or switch != played_switch or rho != played_rho:",
        "if changed or switch != played_switch:",
        "exact values",
    ),
    Mutant(
        "stale counts: only greedy episodes teach",
        STEPMIX,
        "learn_kernel(knowledge, log_union, scale, states, actions)",
        "learn_kernel(knowledge, log_union, scale, states, actions) if kind == GREEDY else None",
        REFERENCE,
    ),
    Mutant(
        "an episode is counted before it is played",
        STEPMIX,
        "        received = play_kernel(world",
        "        learn_kernel(knowledge, log_union, scale, states, actions)\n        received = play_kernel(world",
        REFERENCE,
    ),
    Mutant(
        "violations judged by what was received",
        PLAY,
        "if value < goal[1] - SLACK:",
        "if received < goal[1] - SLACK:",
        REFERENCE,
    ),
    Mutant(
        "regret against the baseline",
        PLAY,
        "tally[REGRET] += goal[0] - value",
        "tally[REGRET] += goal[0] - received",
        "regret is booked",
    ),
)  # fmt: skip
