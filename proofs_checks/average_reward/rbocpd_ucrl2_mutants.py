"""Mistakes that people make when they restart a learner by detectors."""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

from theorylab.rooms.proofs_checks.average_reward.rbocpd_ucrl2_checks import MODULE, ORACLE

from theorylab.verify.code import Mutant

FORGET = "        if alarm:\n            forget_kernel(visits, counts, reward_sums, used"
PAIR = "pair // n_actions : pair // n_actions + 1, pair % n_actions : pair % n_actions + 1"
REFERENCE = "same decisions as the reference"

MUTANTS = (
    Mutant("only the alarmed pair's counts are reset", MODULE, FORGET, f"        if alarm:\n            forget_kernel(visits[{PAIR}], counts[{PAIR}], reward_sums[{PAIR}], used", "counts are up to date"),
    Mutant("reward sums survive", MODULE, "reward_sums[s, a] = 0.0", "reward_sums[s, a] += 0.0", "rewards are forgotten"),
    Mutant("transitions survive", MODULE, "counts[s, a, j] = 0", "counts[s, a, j] += 0", "transitions are forgotten"),
    Mutant("detectors survive", MODULE, "for pair in range(state.shape[0]):", "for pair in range(0):", REFERENCE),
    Mutant("reward detectors survive", MODULE, "for pair in range(reward_state.shape[0]):", "for pair in range(0):", REFERENCE),
    Mutant("level not split over the pairs", MODULE, "else detectors / confidence", "else 1.0 / confidence", "levels sum to delta"),
    Mutant("level not split over next states and rewards", MODULE, "float(used.shape[0] + reward_used.shape[0])", "float(used.shape[0])", "level of the detectors"),
    Mutant("delta not split over the phases", MODULE, "delta / ((phase + 1.0) * (phase + 2.0))", "delta / 2.0", "levels sum to delta"),
    Mutant("detector reads the state itself", MODULE, "observe_kernel(reached, pair", "observe_kernel(state, pair", REFERENCE),
    Mutant("one detector for each state", MODULE, "split = observe_kernel(reached, pair,", "split = observe_kernel(reached, state,", REFERENCE),
    Mutant("stale policy after the alarm", MODULE, "                if published:", "                if published or True:", "each restart starts an episode"),
    Mutant("published: plays allowed as before the alarm", MODULE, "limit[s] = 1\n", "limit[s] += 0\n", REFERENCE),
    Mutant("global clock in the logs", MODULE, "t + 1 if published else t - phase_start + 1", "t + 1", "own clock"),
    Mutant("clock starts a step early", MODULE, "phase_start = t\n", "phase_start = t - 1\n", "own clock"),
    Mutant("prior weight 1/n", MODULE, "(RULES[rule], every", '(RULES["paper"], every', REFERENCE),
    Mutant("alarm ignored when the episode ends anyway", MODULE, "if split > 0 and t < horizon:", "if split > 0 and t < horizon and played[state, policy[state]] < limit[state]:", REFERENCE),
    Mutant("restart listed a step early", MODULE, "alarms[0][phase] = t\n", "alarms[0][phase] = t - 1\n", "each restart starts an episode"),
    Mutant("alarm blamed on the next pair", MODULE, "alarms[1][phase] = pair", "alarms[1][phase] = state * n_actions + action", REFERENCE),
    Mutant("forced exploration not counted", MODULE, "played[state, action] += 1", "played[state, policy[state]] += 1", "transitions are counted once"),
    Mutant("learner's coin from the environment's stream", MODULE, "agent.random() < exploration", "rng.random() < exploration", REFERENCE),
    Mutant("rewards above one half count as one", MODULE, "else agent.random() < reward", "else agent.random() * 0.0 + 0.5 < reward", REFERENCE),
    Mutant("oracle keeps delta", ORACLE, "delta / (piece * (piece + 1.0))", "delta + 0.0 * piece", "oracle's reference"),
    Mutant("oracle one step late", ORACLE, "np.array([c for c", "np.array([c + 1 for c", "oracle's reference"),
)  # fmt: skip
