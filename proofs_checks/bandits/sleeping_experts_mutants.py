"""Mutants of sleeping experts and of groupwise regret."""

from __future__ import annotations

from theorylab.verify.code import Mutant

SLEEPING = "theorylab.bandits.adversarial.sleeping_experts"
GROUPWISE = "theorylab.bandits.adversarial.groupwise_experts"
REFERENCE = "plays like its references"
UPDATE = "if awake[t, i] > 0.0:\n                step ="
LOSS = "loss += law[i] * losses[t, i]"
MUTANTS = (
    Mutant(
        "C grows for asleep experts",
        SLEEPING,
        UPDATE,
        "if awake[t, i] == 0.0 and method == ADANORMALHEDGE:\n                scales[i] += abs(loss - losses[t, i])\n            if awake[t, i] > 0.0:\n                step =",  # noqa: E501
        "scales add up",
    ),
    Mutant("[R]_+ missing", SLEEPING, "if regret <= 0.0:", "if regret == 0.0:", "weighted regrets cancel"),
    Mutant(
        "the learner's loss averaged over all experts",
        SLEEPING,
        LOSS,
        "loss += losses[t, i] / n_experts",
        "regrets add up",
    ),
    Mutant(
        "rescaled over all weights",
        SLEEPING,
        "mix = -math.log(mix)",
        "mix = -math.log(mix + 1.0 - sum(awake[t]) / n_experts)",
        "awake total unchanged",
    ),
    Mutant("no fallback where all weights vanish", SLEEPING, "if total == 0.0:", "if total < 0.0:", REFERENCE),
    Mutant(
        "asleep experts vote",
        SLEEPING,
        "if awake[t, i] > 0.0:\n                if method",
        "if awake[t, i] >= 0.0:\n                if method",
        REFERENCE,
    ),
    Mutant(
        "confidences left out of the vote",
        SLEEPING,
        "law[i] = awake[t, i] * weight_kernel",
        "law[i] = weight_kernel",
        "weighted regrets cancel",
    ),
    Mutant(
        "confidences left out of the regret",
        SLEEPING,
        "step = awake[t, i] * (loss - losses[t, i])",
        "step = loss - losses[t, i]",
        "regrets add up",
    ),
    Mutant("2 C for 3 C", SLEEPING, "(3.0 * scale)", "(2.0 * scale)", REFERENCE),
    Mutant("C is the sum of signed regrets", SLEEPING, "scales[i] += abs(step)", "scales[i] += step", "scales add up"),
    Mutant(
        "the weight looks at C, not C + 1",
        SLEEPING,
        "potential_kernel(regret + 1.0, scale + 1.0)",
        "potential_kernel(regret + 1.0, scale + 1e-9)",
        REFERENCE,
    ),
    Mutant(
        "one-sided difference as weight",
        SLEEPING,
        "potential_kernel(regret - 1.0, scale + 1.0)",
        "potential_kernel(regret, scale)",
        REFERENCE,
    ),
    Mutant(
        "regret with the wrong sign",
        SLEEPING,
        "awake[t, i] * (loss - losses[t, i])",
        "awake[t, i] * (losses[t, i] - loss)",
        "regrets add up",
    ),
    Mutant(
        "awake weights never rescaled",
        SLEEPING,
        "scales[i] += mix - eta * losses[t, i]",
        "scales[i] -= eta * losses[t, i]",
        "awake total unchanged",
    ),
    Mutant(
        "asleep weights pay too",
        SLEEPING,
        UPDATE,
        "if method == SLEEPING_HEDGE and awake[t, i] == 0.0:\n                scales[i] -= eta * losses[t, i]\n            if awake[t, i] > 0.0:\n                step =",  # noqa: E501
        "asleep weights stay",
    ),
    Mutant(
        "weights exponentiate gains",
        SLEEPING,
        "mix - eta * losses[t, i]",
        "mix + eta * losses[t, i]",
        "weights telescope",
    ),
    Mutant(
        "regret of the best expert only",
        SLEEPING,
        "largest = max(largest, regrets[i])",
        "largest = min(regrets[0], regrets[i])",
        REFERENCE,
    ),
    Mutant(
        "rate of the whole game for all groups",
        GROUPWISE,
        "rate / math.sqrt(state[0, g] + 1.0)",
        "rate / math.sqrt(t + 1.0)",
        REFERENCE,
    ),
    Mutant(
        "learners see all rounds",
        GROUPWISE,
        "for g in range(n_groups):\n            if groups[t, g] > 0.0:\n                step = loss",
        "for g in range(n_groups):\n            if groups[t, g] >= 0.0:\n                step = loss",
        REFERENCE,
    ),
    Mutant("all groups weigh the same", GROUPWISE, "1.0 if equal else", "1.0 if total >= 0.0 else", REFERENCE),
    Mutant(
        "groups are scored by the best expert",
        GROUPWISE,
        "step = loss - state[3, g]",
        "step = loss - min(losses[t])",
        REFERENCE,
    ),
    Mutant(
        "one group learns for all",
        GROUPWISE,
        "law[k] += weight * inner[g, k]",
        "law[k] += weight * inner[0, k]",
        REFERENCE,
    ),
)
