"""KL-UCB without sampling: exact expected regret, the exact audit of the index, Newton's method; what they share."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.reward_sequences import index_policy_check, sourced_value_check
from theorylab.rooms.proofs_checks.bandits.shared import bernoulli, reference_check

from theorylab.verify.cases import Case
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = ["CHECKS", "divergence", "exploration", "fluid_law", "halved", "lai_robbins"]

KL_UCB, INDEX = "theorylab.bandits.stochastic.kl_ucb", "theorylab.bandits.stochastic.kl_index"
REFERENCE = "theorylab.bandits.stochastic.kl_ucb_reference:KLUCB"
FORMS = ("practice", "theory", "explicit")


def divergence(p: float, q: float) -> float:
    """kl(p, q) with 0 ln 0 = 0; infinite where q is 0 or 1 and p is not."""
    terms = 0.0
    for x, y in ((p, q), (1.0 - p, 1.0 - q)):
        if x > 0.0:
            terms += x * math.log(x / y) if y > 0.0 else math.inf
    return terms


def halved(mean: float, level: float) -> float:
    """sup{q : kl(mean, q) <= level} by halving."""
    low, high = mean, 1.0
    if divergence(mean, 1.0) <= level:
        return 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if divergence(mean, middle) <= level else (low, middle)
    return low


def exploration(t: int, form: str) -> float:
    """f(t) with t rounds played, from the papers."""
    if form == "explicit":
        return math.log(1.0 + (t + 1) * math.log(t + 1) ** 2)
    return math.log(t) + (3.0 * math.log(math.log(t)) if form == "theory" and t > 2 else 0.0)


def lai_robbins(means: Any) -> float:
    r"""$\sum \Delta_i / \mathrm{kl}(\mu_i, \mu^*)$: regret over ln T, asymptotically."""
    best = max(means)
    return sum((best - m) / divergence(m, best) for m in means if m < best)


def fluid_law(means: Any, horizon: int, form: str) -> float:
    r"""The regret at which all indices are level: $\sum_i f / \mathrm{kl}(\mu_i, q) = T$, and
    $R = \sum_i \Delta_i f / \mathrm{kl}(\mu_i, q)$ (derived here, as for UCB1's squares).

    Examples
    --------
    >>> round(fluid_law([0.6] + [0.5] * 9, 10_000, "practice"))
    260
    """
    from scipy.optimize import brentq

    f, best = exploration(horizon, form), max(means)
    # one best arm alone fills T at the left end; at the right end no arm has more than T / K
    ends = halved(best, f / horizon), halved(best, len(means) * f / horizon)
    level = brentq(lambda q: sum(f / divergence(m, q) for m in means) - horizon, *ends, xtol=1e-15)
    return float(sum((best - m) * f / divergence(m, level) for m in means))


def index_of(form: str) -> Any:
    """index(t, n, s) of the paper."""
    return lambda t, n, s: halved(s / n, exploration(t, form) / n)


def sourced_hundred(code: Code, case: Case, rng: Any) -> Comparison:
    """E[R_100] of the module's index by dynamic programming is the sourced number, best arm first and second."""
    from theorylab.verify.exact.bandits import index_policy_regret

    index, worst, said = code.module(KL_UCB).index, 0.0, []
    for means, expected in (((0.5, 0.3), 3.809601657), ((0.3, 0.5), 3.822564048)):
        got = float(index_policy_regret(index, means, 100))
        worst = max(worst, abs(got - expected))
        said.append(f"{means}: {got:.9f}, expected {expected:.9f}")
    return Comparison(worst <= 1e-8, worst, 1e-8, "; ".join(said))


def index_covers(code: Code, case: Case, rng: Any) -> Comparison:
    """P(index < mean) <= e^-f(t) for n Bernoulli rewards, by exact binomial tails, for all three forms."""
    from theorylab.verify.statistics.radius_audit import default_grid, index_audit

    made, said, worst = code.module(KL_UCB), [], None
    rare = [(t, n, p) for t in (10, 100, 10_000) for n in (5, 10) for p in (Fraction(1, 100), Fraction(99, 100))]
    for form in FORMS:

        def index(t: int, n: int, s: int, form: str = form) -> float:
            return float(made.index(t, n, s, form=form))

        audit = index_audit(
            index,
            lambda t, n, form=form: math.exp(-exploration(t, form)),
            grid=[*default_grid(), *rare],
        )
        said.append(f"{form}: {audit}")
        if worst is None or audit.worst.ratio > worst.worst.ratio:
            worst = audit
    assert worst is not None
    return Comparison(worst.holds, worst.worst.miss, worst.worst.claimed, "; ".join(said), len(worst.rows))


def newton_is_the_index(code: Code, case: Case, rng: Any) -> Comparison:
    """On a grid of means and levels the limit is that of bisection to 1e-11, in the limit's own sense."""
    index, worst, where = code.module(INDEX).kl_index, 0.0, ""
    means = (0.0, 1e-4, 0.01, 0.1, 0.25, 0.5, 0.7, 0.9, 0.99, 0.9999, 1.0)
    for mean in means:
        for level in np.geomspace(1e-6, 30.0, 40).tolist():
            off = abs(index(mean, level) - halved(mean, level))
            if not off <= worst:
                worst, where = off, f"m = {mean}, d = {level:.3g}"
    return Comparison(worst <= 1e-11, worst, 1e-11, f"largest difference {worst:.2g} at {where}")


def plain(name: str, presets: tuple[str, ...] = ("smoke", "quick", "paper", "power")) -> Any:
    """An instance for checks that bring their own models."""
    return bernoulli((0.4, 0.7), 8, 1, name=name, presets=presets)


TREES = tuple(
    bernoulli(means, horizon, 1, name=f"all outcomes, {label}, {form}", form=form)
    for form in FORMS
    for label, means, horizon in (
        ("two arms", (0.7, 0.4), {"quick": 7, "paper": 10, "power": 6}),
        ("three arms", (0.2, 0.5, 0.9), {"quick": 6, "paper": 8, "power": 6}),
    )
)
SMALL = tuple(
    bernoulli(means, {"smoke": 200, "quick": 300, "power": 60}, {"smoke": 1, "quick": 2, "power": 1}, form=form)
    for form in FORMS
    for means in ((0.6, 0.5, 0.4), (0.0, 0.95, 0.5), (0.3, 0.6))
)
CHECKS = (
    reference_check("kl_ucb", REFERENCE, SMALL, more=("indices",)),
    index_policy_check("kl_ucb", lambda case: index_of(case.parameters["form"]), TREES, source="the papers' indices"),
    sourced_value_check("kl_ucb", plain("(2/5, 7/10), T = 8"), "1066587/1250000"),
    Check(
        name="sourced E[R_100]",
        evaluate=sourced_hundred,
        source="dynamic programming, another implementation",
        instances=(plain("(.5, .3) and (.3, .5), T = 100", ("paper",)),),
        internals=True,
        statement=r"E[R_{100}] = 3.809601657 and 3.822564048",
    ),
    Check(
        name="index covers",
        evaluate=index_covers,
        source="Chernoff's bound [garivier2011kl]",
        instances=(plain("binomial tails"),),
        layer="lemma",
        internals=True,
        constants="derived here",
        statement=r"P(u(m_n, f(t)/n) < \mu) \le e^{-f(t)} for (t, n, \mu) on a grid",
    ),
    Check(
        name="Newton finds the limit",
        evaluate=newton_is_the_index,
        source="derived: Newton falls to the root of a convex function",
        instances=(plain("means and levels"),),
        layer="lemma",
        internals=True,
        statement=r"|u(m, d) - \sup\{q : \mathrm{kl}(m, q) \le d\}| \le 10^{-11}",
    ),
)
