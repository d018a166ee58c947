"""Mutants of the offline baseline."""

from __future__ import annotations

from theorylab.verify.code import Mutant

HOME = "theorylab.mdp.episodic"
LEARN, DATA = f"{HOME}.offline_baseline", f"{HOME}.offline_data"
REFERENCE, RECOMPUTED = "learns like its reference", "bracket recomputed"
PLAYS = "stepmix_offline plays like its reference"
MUTANTS = (
    Mutant("pessimism dropped", LEARN, "rewards[h] - bonus[h] +", "rewards[h] + bonus[h] +", REFERENCE),
    Mutant("bonus without the horizon factor", LEARN, "0.5 * remaining * scale", "0.5 * scale", REFERENCE),
    Mutant(
        "lower values not clipped at 0",
        LEARN,
        "q = np.maximum(0.0, rewards[h] - bonus[h] + frequencies[h] @ lower[h + 1])",
        "q = rewards[h] - bonus[h] + frequencies[h] @ lower[h + 1]",
        REFERENCE,
    ),
    Mutant("values of a stale step", LEARN, "frequencies[h] @ lower[h + 1]", "frequencies[h] @ lower[h]", RECOMPUTED),
    Mutant(
        "frequencies of the step before",
        LEARN,
        "+ frequencies[h] @ lower[h + 1]",
        "+ frequencies[h - 1] @ lower[h + 1]",
        RECOMPUTED,
    ),
    Mutant(
        "pairs without a visit treated as known",
        LEARN,
        "np.minimum(2.0, np.sqrt(2.0 * beta / n)), 2.0)",
        "np.minimum(2.0, np.sqrt(2.0 * beta / n)), 0.0)",
        "pessimism",
    ),
    Mutant("no union over (h, s, a)", LEARN, "log_term(S, A, H, delta)", "log_term(1, 1, 1, delta)", RECOMPUTED),
    Mutant(
        "delta not split",
        LEARN,
        'validate.confidence("delta", given.delta) / 2.0',
        'validate.confidence("delta", given.delta)',
        PLAYS,
    ),
    Mutant(
        "data counted twice, as if fresh",
        LEARN,
        "_learn(data.counts(S, A), known",
        "_learn(2 * data.counts(S, A), known",
        "the certificate is the data's",
    ),
    Mutant(
        "the empirical value certifies",
        LEARN,
        "baseline_value=learned.lower_value",
        "baseline_value=learned.empirical_value",
        PLAYS,
    ),
    Mutant("the behaviour played as the baseline", LEARN, "baseline=learned.policy", "baseline=law", PLAYS),
    Mutant(
        "value of the best start", LEARN, "frozen(policy), float(start @ lower[0])",
        "frozen(policy), float(lower[0].max())", REFERENCE,
    ),
    Mutant(
        "policy greedy without the bonus",
        LEARN,
        "policy[h] = np.argmax(q >= q.max(axis=1, keepdims=True) - TIE, axis=1)",
        "policy[h] = np.argmax(q + bonus[h] >= (q + bonus[h]).max(axis=1, keepdims=True) - TIE, axis=1)",
        REFERENCE,
    ),
    Mutant("data from the learner's own stream", LEARN, "streams(rng).instance", "streams(rng).environment", PLAYS),
    Mutant(
        "radius without S - 1",
        LEARN,
        "beta = log_union + (n_states - 1) * (1.0 +",
        "beta = log_union + (1.0 +",
        REFERENCE,
    ),
    Mutant("next state counted as the state", DATA, "+ states[:, 1:])", "+ states[:, :-1])", REFERENCE),
    Mutant(
        "all data at every checkpoint",
        DATA,
        "self.states[:first], self.actions[:first]",
        "self.states, self.actions",
        "visits recounted",
    ),
    Mutant(
        "every step moves like the first", DATA, "arrays.cumulative[h, here", "arrays.cumulative[0, here",
        "law of the data",
    ),
    Mutant("start of the behaviour's law stale", DATA, "choice[h, here]", "choice[0, here]", "law of the data"),
)  # fmt: skip
