"""Lemmas about learning rates in rationals, sums of bonuses, the radius by enumeration; exact expectations."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.outcome_trees import tree_check
from theorylab.rooms.proofs_checks.episodic.shared import on_model, reference_check

from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.q_learning_ucb_reference import QLearningAgent
from theorylab.verify.cases import Case
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = ["CHECKS"]

MODULE = "theorylab.mdp.episodic.q_learning_ucb"
REFERENCE = "theorylab.mdp.episodic.q_learning_ucb_reference:reference_q_learning_ucb"
SOURCE = "[jin2018qlearning, Lemma 4.1]"
DIGITS = 10**15


def root_between(i: int) -> tuple[Fraction, Fraction]:
    """Rationals below and above 1/sqrt(i); equal for squares."""
    low = math.isqrt(i * DIGITS**2)
    return Fraction(DIGITS, low if low * low == i * DIGITS**2 else low + 1), Fraction(DIGITS, low)


def learning_rates(code: Code, case: Case, rng: Any) -> Comparison:
    """All statements of the lemma, for H = 1..4 and all t up to the case's horizon, in rationals."""
    rate = code.module(MODULE)._learning_rate
    roots = [(Fraction(0), Fraction(0))] + [root_between(i) for i in range(1, case.horizon + 1)]
    for H in range(1, 5):
        weights: list[Fraction] = [Fraction(1)]  # of the first value, then of the targets
        future = [Fraction(0)] * (case.horizon + 1)
        for t in range(1, case.horizon + 1):
            alpha = Fraction(rate(Fraction(H), Fraction(t)))
            weights = [(1 - alpha) * w for w in weights] + [alpha]
            for i in range(1, t + 1):
                future[i] += weights[i]
            own, cap = weights[1:], Fraction(2 * H, t)
            tail = all(future[i] == 1 + Fraction(1, H) - t * weights[i] / H for i in range(1, t + 1))
            low = sum((w * roots[i][0] for i, w in enumerate(weights[1:], start=1)), Fraction(0))
            high = sum((w * roots[i][1] for i, w in enumerate(weights[1:], start=1)), Fraction(0))
            facts = {
                "the first value is forgotten": weights[0] == 0,
                "weights sum to 1": sum(own) == 1,
                "largest weight": 0 <= min(own) and max(own) <= cap,
                "squared weights": sum(w * w for w in own) <= cap,
                "future weights": tail,
                "roots from below": low >= roots[t][1] or t == 1,
                "roots from above": high <= 2 * roots[t][0],
            }
            for name, holds in facts.items():
                if not holds:
                    return Comparison(False, float(alpha), math.nan, f"{name}: fails at H = {H}, t = {t}")
    return Comparison(True, 0.0, 0.0, f"seven statements for H = 1..4, t = 1..{case.horizon}")


def bonus_sums(code: Code, case: Case, rng: Any) -> Comparison:
    r""":math:`c\sqrt{H^3\iota/t} \le \sum_i \alpha_t^i b_i \le 2c\sqrt{H^3\iota/t}` for the module's own b."""
    module = code.module(MODULE)
    worst = 0.0
    for H, iota, c in itertools.product((1, 2, 5), (1.0, 7.5), (1.0, 2.0)):
        Q = 0.0
        for t in range(1, case.horizon + 1):
            alpha = (H + 1.0) / (H + t)
            Q = (1.0 - alpha) * Q + alpha * module._bonus(H, t, iota, c)
            ratio = Q / (c * math.sqrt(H * H * H * iota / t))
            worst = max(worst, ratio)
            if not 1.0 - 1e-12 <= ratio <= 2.0 + 1e-12:
                return Comparison(False, ratio, 2.0, f"H = {H}, iota = {iota:g}, c = {c:g}, t = {t}: outside [1, 2]")
    return Comparison(True, worst, 2.0, f"largest ratio to c sqrt(H^3 iota/t); t up to {case.horizon}")


def radius_covers(code: Code, case: Case, rng: Any) -> Comparison:
    r"""All sequences of coins: :math:`P(|\sum_i\alpha_t^i(X_i - p)| > \sqrt{H\iota/t}) \le 2e^{-\iota}`."""
    module = code.module(MODULE)
    worst, at = 0.0, ""
    for t in (1, 2, 5, case.horizon):
        bits = (np.arange(2**t)[:, None] >> np.arange(t)) & 1
        for H in (1, 2, 4):
            weights = np.zeros(t)
            for i in range(1, t + 1):
                alpha = (H + 1.0) / (H + i)
                weights *= 1.0 - alpha
                weights[i - 1] = alpha
            for p, miss in itertools.product((0.05, 0.2, 0.5, 0.8), (0.5, 0.2, 0.05, 0.01)):
                r = module._bonus(H, t, math.log(2.0 / miss), 1.0) / H
                law = (p**bits * (1.0 - p) ** (1 - bits)).prod(axis=1)
                found = float(law[np.abs((bits - p) @ weights) > r + 1e-12].sum()) / miss
                if found > worst:
                    worst, at = found, f"t = {t}, H = {H}, p = {p:g}, allowed {miss:g}"
    return Comparison(worst <= 1.0, worst, 1.0, f"worst share of what is allowed at {at}")


def union_log(code: Code, case: Case, rng: Any) -> Comparison:
    r""":math:`2 e^{-\iota}` over all (h, s, a) and all K numbers of visits is at most :math:`\delta`."""
    module, worst = code.module(MODULE), 0.0
    for S, A, H, K, delta in itertools.product((1, 3), (1, 4), (1, 6), (1, 1000), (0.3, 0.01)):
        iota = module.log_term(S, A, H, K, delta)
        worst = max(worst, 2.0 * S * A * H * K * math.exp(-iota) / delta)
    return Comparison(worst <= 1.0 + 1e-9, worst, 1.0, "largest share of delta", 32)


LEMMA = {"layer": "lemma", "internals": True, "constants": "derived here"}
GRID = {"smoke": 12, "quick": 30, "paper": 100, "power": 8}
SMALL = tuple(
    on_model(
        name, {"smoke": 60, "quick": episodes, "power": few}, {"smoke": 2, "quick": 3, "power": 2},
        label=f"{name}, scale {scale:g}", scale=scale, c=1.0,
    )
    for name, episodes, few, scale in (
        ("tiny", 300, 60, 0.05),
        ("tiny", 300, 60, 1.0),
        ("dirichlet-3-3-h3-seed5", 150, 40, 0.02),
        ("riverswim-4-h10", 60, 10, 0.005),
    )
)  # fmt: skip


def coin_model() -> EpisodicMDP:
    """Two steps, states and actions; every transition is certain or a fair coin: small trees."""
    P = [
        [[[0.5, 0.5], [0.5, 0.5]], [[0.0, 1.0], [1.0, 0.0]]],
        [[[0.5, 0.5], [0.0, 1.0]], [[1.0, 0.0], [0.5, 0.5]]],
    ]
    R = [[[0.75, 0.25], [0.0, 0.25]], [[0.0, 1.0], [0.0, 0.75]]]
    return EpisodicMDP(np.array(P), np.array(R), name="coins")


TREES = tuple(
    on_model(
        "coins", {"smoke": 3, "quick": 4, "paper": 6, "power": 3}, 1, build=coin_model,
        label=f"tree of coins, scale {scale:g}", scale=scale, c=1.0, threshold=1.0,
    )
    for scale in (0.15, 0.05)
)  # fmt: skip
CHECKS = (
    Check(
        name="learning rates in rationals", evaluate=learning_rates, source=SOURCE, certified=True,
        statement=r"\sum\alpha_t^i = 1, \max \le 2H/t, \sum(\alpha_t^i)^2 \le 2H/t, "
        r"\sum_{t=i}^n\alpha_t^i = 1 + 1/H - n\alpha_n^i/H, 1/\sqrt t \le \sum\alpha_t^i/\sqrt i \le 2/\sqrt t",
        instances=(on_model("tiny", GRID, 1, label="t up to"),), **LEMMA,  # type: ignore[arg-type]
    ),
    Check(
        name="sums of bonuses", evaluate=bonus_sums, source=SOURCE,
        statement=r"c\sqrt{H^3\iota/t} \le \sum_i\alpha_t^i b_i \le 2c\sqrt{H^3\iota/t}",
        instances=(on_model("tiny", {"smoke": 100, "quick": 500, "power": 50}, 1, label="t up to"),),
        **LEMMA,  # type: ignore[arg-type]
    ),
    Check(
        name="radius of a weighted sum", evaluate=radius_covers, source="Hoeffding's lemma, Azuma",
        statement=r"P(|\sum_i\alpha_t^i(X_i-p)| > \sqrt{H\iota/t}) \le 2e^{-\iota} for coins, by enumeration",
        instances=(on_model("tiny", {"smoke": 8, "quick": 11, "paper": 15, "power": 7}, 1, label="coins up to"),),
        **LEMMA,  # type: ignore[arg-type]
    ),
    Check(
        name="union bound", evaluate=union_log, source="derived here",
        statement=r"SAHK \cdot 2e^{-\iota} \le \delta",
        instances=(on_model("tiny", 1, 1, label="sizes"),), **LEMMA,  # type: ignore[arg-type]
    ),
    reference_check("q_learning_ucb", REFERENCE, SMALL, more=("greedy", "Q", "V")),
    tree_check("q_learning_ucb", QLearningAgent, TREES, replay=False),
)  # fmt: skip
