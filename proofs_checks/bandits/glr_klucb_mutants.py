"""Mutants of GLR-klUCB, of its test and of the parts that restarting policies share."""

from __future__ import annotations

from theorylab.verify.code import Mutant

GLR = "theorylab.detection.glr"
KLUCB = "theorylab.bandits.nonstationary.glr_klucb"
SHARED = "theorylab.bandits.nonstationary.restarting"
ORACLE = "theorylab.bandits.nonstationary.oracle_restart"
PLAYS, BRUTE = "glr_klucb plays like its reference", "fires where brute force does"

MUTANTS = (
    Mutant(
        "the test keeps the history after a restart",
        KLUCB,
        "glr_restart_kernel(i, detectors)",
        "detectors[1][i, 2] = 0",
        PLAYS,
    ),
    Mutant(
        "the index keeps the history after a restart",
        KLUCB,
        "forget_kernel(arms, i, t + 1)",
        "arms[BORN, i] = t + 1",
        PLAYS,
    ),
    Mutant(
        "f(t) for f(t - tau_a)",
        SHARED,
        "exploration_kernel(t - arms[BORN, arm], c) / pulls",
        "exploration_kernel(t, c) / pulls",
        PLAYS,
    ),
    Mutant("local restart in global mode", KLUCB, "if i == arm or not local:", "if i == arm:", PLAYS),
    Mutant(
        "delta above 1 (left from a debugging branch)",
        KLUCB,
        'level = -math.log(validate.confidence("delta", delta))',
        "level = -math.log(3.162)",
        "false alarms, Ville's threshold",
    ),
    Mutant("truth of a tuple (a restart in every round)", KLUCB, "if split > 0:", "if (split > 0, split):", PLAYS),
    Mutant(
        "the last arm is never forced",
        SHARED,
        "return turn if turn < n_arms else -1",
        "return turn if turn < n_arms - 1 else -1",
        "Proposition 3",
    ),
    Mutant("period rounded up", SHARED, "math.floor(n_arms / rate)", "math.ceil(n_arms / rate)", PLAYS),
    Mutant(
        "exploration does not grow with the episodes",
        KLUCB,
        "alpha * math.sqrt(found + 1.0)",
        "alpha * math.sqrt(1.0)",
        "Proposition 3",
    ),
    Mutant("unplayed arms have the index 0", SHARED, "return 1.0 if index == KL", "return 0.0 if index == KL", PLAYS),
    Mutant(
        "no arm is compared with the leader",
        SHARED,
        "pulls * kl_kernel(mean, bar) >",
        "pulls * kl_kernel(bar, mean) + 1.0 >",
        PLAYS,
    ),
    Mutant(
        "practice threshold without the power 3/2",
        GLR,
        "return 1.5 * math.log(n) + log_inverse",
        "return math.log(n) + log_inverse",
        "thresholds",
    ),
    Mutant(
        "proven threshold without the factor 3",
        GLR,
        "level = math.log(3.0) + 1.5",
        "level = 1.5",
        "thresholds",
    ),
    Mutant(
        "no union over the splits",
        GLR,
        "math.log((n - s + 1.0) * s * (s + 1.0) * (s + 1.0))",
        "math.log((n - s + 1.0) * (s + 1.0))",
        "thresholds",
    ),
    Mutant(
        "the last split is not scanned", GLR, "for k in range(first, stop):", "for k in range(first, stop - 1):", BRUTE
    ),
    Mutant(
        "groups are skipped without what came since",
        GLR,
        " + likelihood_kernel(then, when, table) + likelihood_kernel(total - then, n - when, table) - whole",
        "",
        BRUTE,
    ),
    Mutant(
        "a merged group forgets the older bound",
        GLR,
        "older = max(older, bound_kernel(groups[fresh - 1], n, total, whole, table))",
        "older = -math.inf",
        BRUTE,
    ),
    Mutant("more room than is left", GLR, "totals[stream, ROOM] = room", "totals[stream, ROOM] = room + 8.0", BRUTE),
    Mutant("a restart keeps the sum", GLR, "totals[stream, column] = 0.0", "totals[stream, column] *= 1.0", BRUTE),
    Mutant(
        "the oracle restarts a round late",
        ORACLE,
        "t == changes[done]:",
        "t == changes[done] + 1:",
        "oracle_restart plays like its reference",
    ),
    Mutant(
        "the oracle keeps its sums",
        ORACLE,
        "forget_kernel(arms, i, t)",
        "arms[2, i] = t",
        "oracle_restart plays like its reference",
    ),
)
