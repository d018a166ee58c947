"""UCB of the formal development without sampling: all outcomes of the code, and the law of its own index at T = 100."""

from __future__ import annotations

import math
from typing import Any

from theorylab.rooms.proofs_checks.bandits.shared import bernoulli
from theorylab.rooms.proofs_checks.bandits.ucb1_exact import exact_regret_check

from theorylab.verify.cases import Case
from theorylab.verify.code import Code
from theorylab.verify.exact.bandits import index_policy_regret
from theorylab.verify.statements import Check, Comparison

__all__ = ["EXACT"]

MODULE = "theorylab.bandits.stochastic.lean_ucb"
VALUE = 5.571469067  # E[R_100] on (1/2, 3/10) at c = 3, sigma^2 = 1/4


def formal_index(t: int, n: int, s: int) -> float:
    """[degenne2025leanbandits, ucbWidth]: the mean and sqrt(2 c log(t + 1) / n), c being 3/4."""
    return s / n + math.sqrt(2 * 0.75 * math.log(t + 1) / n)


def own_radius(code: Code, case: Case, rng: Any) -> Comparison:
    """E[R_T] with the module's own radius against the formal one, and at T = 100 against the value found elsewhere."""
    made, c = code.module(MODULE), case.parameters["c"]
    means = case.model.means.tolist()
    got = float(index_policy_regret(lambda t, n, s: s / n + made.radius(t, n, c=c), means, case.horizon))
    expected = VALUE if case.horizon == 100 else float(index_policy_regret(formal_index, means, case.horizon))
    close = abs(got - expected) <= (2e-9 if case.horizon == 100 else 1e-12)
    return Comparison(close, got, expected, f"E[R_{case.horizon}] = {got:.12f}, expected {expected:.12g}")


SIX = {"smoke": 5, "quick": 6, "power": 5}
TREES = (
    bernoulli((0.4, 0.7), SIX, 1, name="all outcomes, (2/5, 7/10)", c=3.0),
    bernoulli((0.7, 0.4), SIX, 1, name="all outcomes, (7/10, 2/5)", c=3.0, presets=("quick", "paper")),
)
EXACT = (
    exact_regret_check("lean_ucb", formal_index, TREES, source="[degenne2025leanbandits, UCB.nextArm]"),
    Check(
        name="the module's own radius has the exact regret",
        evaluate=own_radius,
        source="dynamic programming",
        instances=(bernoulli((0.5, 0.3), {"smoke": 40, "quick": 100, "power": 25}, 1, name="(1/2, 3/10)", c=3.0),),
        internals=True,
        statement=rf"E[R_{{100}}] = {VALUE} on (1/2, 3/10) at c = 3",
    ),
)
