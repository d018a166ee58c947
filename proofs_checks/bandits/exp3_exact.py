"""Checks of EXP3 without sampling: the slow reference, all arm draws, unbiased estimates."""

from __future__ import annotations

import math
from typing import Any

from theorylab.rooms.proofs_checks.bandits.exp3_proof import switching
from theorylab.rooms.proofs_checks.bandits.exp3_shared import table, tree_check, tree_tables, unbiased_check
from theorylab.rooms.proofs_checks.bandits.shared import bernoulli, reference_check

from theorylab.verify.cases import Case

REFERENCE = "theorylab.bandits.adversarial.exp3_reference:EXP3"


def softmax(state: Any) -> list[float]:
    """Exponential weights of (K, rate, mixing, scores), written for the arm tree."""
    K, eta, gamma, scores = state
    top = [math.exp(eta * (s - max(scores))) for s in scores]
    return [(1 - gamma) * x / math.fsum(top) + gamma / K for x in top]


def tree_start(case: Case) -> Any:
    """(K, eta, gamma, scores) at the start; the tuning once more from the papers."""
    K, n, form = case.model.n_arms, case.horizon, case.parameters.get("form", "loss")
    eta = math.sqrt({"loss": 2.0, "mixed": 1.25}[form] * math.log(K) / (K * n))
    gamma = 0.0 if form == "loss" else min(0.5, math.sqrt(4 * K * math.log(K) / (5 * n)))
    return K, eta, gamma, (form == "loss", [0.0] * K)


def tree_law(state: Any) -> list[float]:
    """The law of the next draw."""
    K, eta, gamma, (_, scores) = state
    return softmax((K, eta, gamma, scores))


def tree_update(state: Any, arm: int, loss: float) -> Any:
    """One importance-weighted estimate."""
    K, eta, gamma, (lost, scores) = state
    p = tree_law(state)[arm]
    gained = -loss / p if lost else (1 - loss) / p
    return K, eta, gamma, (lost, [s + gained * (i == arm) for i, s in enumerate(scores)])


SEEDS = {"smoke": 2, "quick": 4, "power": 1}


SMALL = (
    *(
        bernoulli(means, {"smoke": 300, "quick": 1500, "power": 80}, SEEDS, name=f"{means}, {form}", form=form)
        for means, form in (
            ((0.6, 0.5, 0.4), "loss"),
            ((0.2, 0.8), "gain"),
            ((0.5, 0.9), "mixed"),
            ((0.5, 0.9), "auer"),
        )
    ),
    table("real losses", switching, {"smoke": 300, "quick": 1500, "power": 100}, SEEDS),
    bernoulli((0.2, 0.9), 150, SEEDS, name="large rate, mixed", form="mixed", eta=20.0),
)


CHECKS = (
    reference_check("exp3", REFERENCE, SMALL, more=("probabilities", "estimates")),
    tree_check(
        "exp3",
        tree_start,
        tree_law,
        tree_update,
        (*tree_tables(form="loss"), *tree_tables(form="mixed")),
        source="[auer2002nonstochastic, Figure 1], [audibert2010regret, Theorem 10]",
    ),
    unbiased_check(
        "exp3",
        (*tree_tables(form="loss"), tree_tables(form="gain")[1], tree_tables(form="auer")[1]),
        source="definition of importance weights",
    ),
)
