"""Mutants of EXP3: mistakes that were made in public code, or that are easily made."""

from __future__ import annotations

from theorylab.verify.code import Mutant

EXP3 = "theorylab.bandits.adversarial.exp3"
EXACT, REFERENCE, UNBIASED = "exact expected loss of exp3", "exp3 plays like its reference", "unbiased"
UPDATE = "scores[arm] += (reward if gains else reward - 1.0) * (total / mass)"
RATE = "return math.sqrt(2.0 * log / (n_arms * horizon)), 0.0"
MIXING = "min(0.5, math.sqrt(0.8 * n_arms * log / horizon))"
STALE = "(total / mass if t < 1 or t > probabilities.shape[0] else 1.0 / probabilities[t - 1, arm])"
MUTANTS = (
    Mutant("no importance weight", EXP3, UPDATE, "scores[arm] += reward if gains else reward - 1.0", UNBIASED),
    Mutant("rate divided by K", EXP3, RATE, "return math.sqrt(2.0 * log / (n_arms * horizon)) / n_arms, 0.0", EXACT),
    Mutant(
        "+1 only for the played arm (rlberry)",
        EXP3,
        f"if gains or reward < 1.0:\n            {UPDATE}",
        "if True:\n            scores[arm] += 1.0 + (reward - 1.0) * (total / mass)",
        UNBIASED,
    ),
    Mutant("rate times 10", EXP3, RATE, "return 10.0 * math.sqrt(2.0 * log / (n_arms * horizon)), 0.0", EXACT),
    Mutant("stale probability", EXP3, "(total / mass)", STALE, UNBIASED),
    Mutant("loss sign flipped", EXP3, "reward - 1.0)", "1.0 - reward)", UNBIASED),
    Mutant("gain estimates without mixing", EXP3, 'form in ("mixed", "auer"),', "True,", EXACT),
    Mutant(
        "rate taken for the mixing (SMPyBandits)",
        EXP3,
        RATE,
        "gamma = math.sqrt(2.0 * log / (n_arms * horizon))\n        return gamma / n_arms, gamma",
        EXACT,
    ),
    Mutant(
        "weights never rebuilt", EXP3, "if t == rebuild or total < least or total > LARGEST:", "if t == 0:", REFERENCE
    ),
    Mutant("total not updated", EXP3, "total += renewed - weights[arm]", "total += 0.0", "the law of the draw"),
    Mutant(
        "old weight not subtracted",
        EXP3,
        "total += renewed - weights[arm]",
        "total += renewed",
        "probabilities sum to one",
    ),
    Mutant("mixing left out of the estimate", EXP3, "(total / mass)", "(total / weights[arm])", EXACT),
    Mutant("mixing twice as large", EXP3, MIXING, "min(0.5, 2.0 * math.sqrt(0.8 * n_arms * log / horizon))", REFERENCE),
    Mutant(
        "rate of the other gain form",
        EXP3,
        "math.sqrt(5.0 * log / (4.0 * horizon * n_arms))",
        "math.sqrt(log / (horizon * n_arms))",
        EXACT,
    ),
    Mutant("auer: rate is the mixing", EXP3, "return gamma / n_arms, gamma", "return gamma, gamma", REFERENCE),
    Mutant(
        "one uniform for arm and reward (river)",
        EXP3,
        "noise = environment.random()",
        "noise = left / total",
        REFERENCE,
    ),
    Mutant(
        "last arm never drawn",
        EXP3,
        "while left >= passed and arm < n_arms - 1:",
        "while left >= passed and arm < n_arms - 2:",
        EXACT,
        every=True,
    ),
)
