r"""The radius of a row of frequencies, audited without sampling.

For S = 2 the distance $|\hat p_n - p|_1 = 2 |\hat p_n(1) - p(1)|$ depends on one binomial walk, so the probability that
it *ever* exceeds w(n) up to N is computed exactly by carrying the law of the walk forward and taking out what crosses.
[kaufmann2021adaptive, Lemma 8] allows $\delta / (SAH)$ for each (h, s, a).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.shared import on_model

from theorylab.verify.cases import Case
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = ["RADIUS", "crossing_probability"]

BRACKETS = "theorylab.mdp.episodic.brackets"
DELTA = 0.05


def crossing_probability(width: Any, p: float, last: int) -> float:
    """P(2 |mean of n Bernoulli(p) - p| > width(n) for some n <= last), exactly up to rounding."""
    law, crossed = np.array([1.0]), 0.0
    for n in range(1, last + 1):
        law = np.concatenate([law * (1.0 - p), [0.0]]) + np.concatenate([[0.0], law * p])
        out = 2.0 * np.abs(np.arange(n + 1) / n - p) > width(n) + 1e-12
        crossed += float(law[out].sum())
        law[out] = 0.0
    return crossed


def covers(code: Code, case: Case, rng: Any) -> Comparison:
    """The largest crossing probability over a grid of p against the share of one row."""
    module, mdp = code.module(BRACKETS), case.model
    S, A, H = mdp.n_states, mdp.n_actions, mdp.horizon
    log_union = module.log_term(S, A, H, DELTA)
    share = DELTA / (S * A * H)
    worst, at = -1.0, math.nan
    for p in (0.02, 0.1, 0.3, 0.5, 0.9):
        found = crossing_probability(lambda n: module.width_kernel(n, log_union, 2), p, case.horizon)
        if found > worst:
            worst, at = found, p
    return Comparison(worst <= share, worst, share, f"worst at p = {at:g}, n <= {case.horizon}", 5)


RADIUS = (
    Check(
        name="radius holds at all times",
        evaluate=covers,
        source="[kaufmann2021adaptive, Lemma 8] and Pinsker's inequality",
        instances=(on_model("tiny", {"smoke": 200, "quick": 500, "power": 150}, 1, label="all binomial walks"),),
        layer="lemma",
        constants="paper",
        internals=True,
        statement=r"P(\exists n: |\hat p_n - p|_1 > w(n)) \le \delta/(SAH) for S = 2, exactly",
    ),
)
