"""Checks of the categorical detector that need no sampling."""

from __future__ import annotations

from typing import Any

from theorylab.rooms.proofs_checks.average_reward import rbocpd_exact as exact
from theorylab.rooms.proofs_checks.average_reward import rbocpd_lemmas as lemmas

from theorylab.verify.cases import Instance
from theorylab.verify.statements import Check


def fair_coin() -> Any:
    """A stationary stream (its module brings numba, so it is imported when the instance is built)."""
    from theorylab.mdp.average_reward.rbocpd import CategoricalStream

    return CategoricalStream([[0.5, 0.5]])


SMALLEST = (Instance("short streams", fair_coin, horizon=9, runs=1),)
STATEMENT = (
    r"0 < P(\text{alarm}) \le \text{level} \cdot \text{the share of the union over the splits and times tested};"
    r" Markov's inequality and the union bound hold for any level > 0"
)
CHECKS = (
    Check(
        name="Laplace probability",
        evaluate=exact.laplace,
        certified=True,
        source="R (1)",
        instances=SMALLEST,
        layer="lemma",
        internals=True,
    ),
    Check(
        name="expected odds",
        evaluate=exact.expected_odds,
        certified=True,
        source="R (2)-(4)",
        instances=SMALLEST,
        internals=True,
        constants="derived here",
    ),
    Check(
        name="alarm budget",
        evaluate=exact.budget,
        certified=True,
        source="R (5)-(6)",
        instances=SMALLEST,
        layer="lemma",
        internals=True,
        constants="derived here",
    ),
    Check(
        name="exact false-alarm probability",
        evaluate=exact.enumeration,
        certified=True,
        source="enumeration; R (4)-(6)",
        statement=STATEMENT,
        instances=SMALLEST,
        internals=True,
    ),
    Check(
        name="reference",
        evaluate=exact.reference,
        source="[alami2023restarted, Algorithm 1]",
        instances=SMALLEST,
        layer="reference",
        internals=True,
    ),
    Check(
        name="published condition fails",
        evaluate=exact.published_condition,
        source="[alami2023restarted, (6)]",
        instances=SMALLEST,
        layer="lemma",
    ),
    Check(
        name="delay of Theorem D",
        evaluate=lemmas.delay,
        source="D (1)-(6)",
        instances=SMALLEST,
        layer="lemma",
        internals=True,
        constants="derived here",
    ),
    Check(
        name="Weissman radius",
        evaluate=lemmas.weissman,
        source="D (5)",
        instances=SMALLEST,
        layer="lemma",
        internals=True,
        constants="derived here",
    ),
    Check(
        name="log odds of an alarm",
        evaluate=lemmas.log_odds,
        source="R (1)",
        instances=SMALLEST,
        internals=True,
        statement=r"\log B = \log q(x_{r:s-1}) q(x_{s:t}) / q(x_{r:t})",
    ),
    Check(
        name="step of the change",
        evaluate=lemmas.change_step,
        source="theorylab",
        instances=SMALLEST,
        internals=True,
        statement="row g rules from step starts[g] on",
    ),
)
