"""Mistakes that people make in UCRL2, as replacements in its source; several stand in public implementations."""

from __future__ import annotations

from theorylab.verify.code import Mutant

ALGORITHM = "theorylab.mdp.average_reward.ucrl2"
ONLINE = "theorylab.mdp.average_reward.online"
EVI = "theorylab.mdp.average_reward.evi"

MUTANTS = (
    Mutant(
        "one play too many",
        ALGORITHM,
        "played[state] < limit[state]",
        "played[state] <= limit[state]",
        caught_by="episode stops in time",
    ),
    Mutant(
        "count grows within the episode",
        ALGORITHM,
        "            played[state] += 1\n",
        "            played[state] += 1\n            limit[state] += 1\n",
        caught_by="episode stops in time",
    ),
    Mutant(
        "whole radius on the best state",
        EVI,
        "p_hat[best] + radius / 2.0",
        "p_hat[best] + radius",
        caught_by="inner maximum",
    ),
    Mutant(
        "excess taken from the best states",
        EVI,
        "    worst = n - 1\n    while total > 1.0 and worst > 0:\n        j = order[worst]",
        "    worst = n - 1\n    while total > 1.0 and worst > 0:\n        j = order[n - worst]",
        caught_by="inner maximum",
    ),
    Mutant(
        "no number of states in the transition radius",
        ALGORITHM,
        "14.0 * n_states * log_transition",
        "14.0 * log_transition",
        caught_by="radii",
    ),
    Mutant(
        "no union bound over pairs in the reward radius",
        ALGORITHM,
        "math.log(2.0 * n_states * n_actions * clock / delta)",
        "math.log(2.0 * clock / delta)",
        caught_by="radii",
    ),
    Mutant(
        "logarithm of time forgotten",
        ALGORITHM,
        "math.log(2.0 * n_actions * clock / delta)",
        "math.log(2.0 * n_actions / delta)",
        caught_by="radii",
    ),
    Mutant(
        "iteration stops at 1/t", ALGORITHM, "1.0 / math.sqrt(clock), u", "1.0 / clock, u", caught_by="slow reference"
    ),
    Mutant(
        "iteration stops by the largest change",
        EVI,
        "if high - low < accuracy:",
        "if max(abs(high), abs(low)) < accuracy or sweeps > 200:",
        caught_by="slow reference",
    ),
    Mutant(
        "iteration stops a sweep early",
        EVI,
        "if high - low < accuracy:",
        "if high - low < 4.0 * accuracy:",
        caught_by="4 span of the increments",
    ),
    Mutant(
        "model without the last episode",
        ALGORITHM,
        "            visits[s, policy[s]] += played[s]\n",
        "            visits[s, policy[s]] += played[s] if k > 3 else 0\n",
        caught_by="counts are up to date",
    ),
    Mutant(
        "episode index in the logarithms",
        ALGORITHM,
        "clock = t - phase_start + 1",
        "clock = k + 1",
        caught_by="counts are up to date",
    ),
    Mutant(
        "cap around the whole backup",
        EVI,
        "                value += reward_upper[s, a]\n",
        "                value = min(1.0, value + reward_upper[s, a])\n",
        caught_by="slow reference",
    ),
    Mutant(
        "optimistic reward not capped",
        ALGORITHM,
        "min(1.0, reward_sums[s, a] / n + reward_radius[s, a])",
        "reward_sums[s, a] / n + reward_radius[s, a]",
        caught_by="6 rewards stay below one",
    ),
    Mutant(
        "pessimistic reward",
        ALGORITHM,
        "reward_sums[s, a] / n + reward_radius[s, a]",
        "reward_sums[s, a] / n - reward_radius[s, a]",
        caught_by="slow reference",
    ),
    Mutant(
        "worst model instead of the best",
        EVI,
        "while j > 0 and u[order[j - 1]] < u[i]:",
        "while j > 0 and u[order[j - 1]] > u[i]:",
        caught_by="inner maximum",
    ),
    Mutant(
        "radius shrinks with the visits, not their root",
        ALGORITHM,
        "scale * math.sqrt(14.0 * n_states * log_transition / n)",
        "scale * math.sqrt(14.0 * n_states * log_transition) / n",
        caught_by="radii",
    ),
    Mutant(
        "transition counted from the next state",
        ALGORITHM,
        "counts[state, action, reached] += 1",
        "counts[reached, action, reached] += 1",
        caught_by="transitions are counted once",
    ),
    Mutant(
        "reward of the last outcome",
        ALGORITHM,
        "reward_sums[state, action] += reward",
        "reward_sums[state, action] = reward",
        caught_by="slow reference",
    ),
    Mutant(
        "ties go to the last action",
        EVI,
        "if value > chosen + TIE:",
        "if value >= chosen - TIE:",
        caught_by="slow reference",
    ),
    Mutant(
        "regret halved",
        ONLINE,
        "regret=best - reward_sum",
        "regret=0.5 * (best - reward_sum)",
        caught_by="slow reference",
    ),
    Mutant(
        "pseudo-regret from the rewards",
        ONLINE,
        "pseudo_regret=best - mean_sum",
        "pseudo_regret=0.5 * (best - reward_sum)",
        caught_by="slow reference",
    ),
    Mutant(
        "gain of a tenth less",
        ONLINE,
        "best = optimal_reward(",
        "best = 0.9 * optimal_reward(",
        caught_by="slow reference",
    ),
)
