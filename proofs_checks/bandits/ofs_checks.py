"""Checks of optimistic feasible search: reference, audits of both radii; and its mutants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import audit_check

from theorylab.bandits.models.constrained import ClosedLoopBandit, ConstrainedBandit, lending_loop
from theorylab.core.rng import child_seed
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code, Mutant
from theorylab.verify.statements import Check, Comparison

AREA = "theorylab.bandits.constrained"
OFS = f"{AREA}.ofs"
DELTA = 0.1
REWARDS, RESIDUALS = (0.9, 0.6, 0.5, 0.1), (0.6, -0.3, 0.0, -0.5)


def constrained(rewards: Any, residuals: Any) -> Any:
    """A function that builds the bandit."""
    return lambda: ConstrainedBandit(rewards, residuals)


def stuck() -> ClosedLoopBandit:
    """Feasible for ever only: in all rounds that matter both points are infeasible, so the search must fall back."""
    return ClosedLoopBandit([[0.9, 0.2], [0.9, 0.2]], [[1.0, 0.8], [0.0, -0.1]], [1.0, 1.0], 1e-9)


SHORT = {"smoke": 300, "quick": 600, "power": 320}
FEW = {"smoke": 2, "quick": 4, "power": 2}
MODELS = (
    ("three points", constrained((0.9, 0.6, 0.2), (0.3, -0.2, -0.5))),
    ("one sure point", constrained((0.0, 1.0, 0.5), (-1.0, 1.0, 0.0))),
    ("lending loop", lambda: lending_loop(5, rate=0.2)),
    ("nothing is feasible for long", stuck),
)


def reference(algorithm: str, models: Any) -> Check:
    """Round by round, with the loop of the world written anew."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        from theorylab.bandits.constrained.ofs_reference import search

        for i in range(case.runs):
            seed = child_seed(rng, i)
            run = code.algorithm(algorithm)(case.model, case.horizon, rng=seed, trace=True, **case.parameters)
            slow = search(case.model, case.horizon, rule=algorithm, rng=seed, **case.parameters)
            wrong = [
                name
                for name, mine, expected in (
                    ("actions", run.trace["actions"], slow.actions),
                    ("rewards", run.trace["rewards"], slow.rewards),
                    ("residuals", run.trace["residuals"], slow.residuals),
                    ("optimistic", run.trace["optimistic"], slow.optimistic),
                    ("regret", run.regret, np.cumsum(slow.gaps)[run.times - 1]),
                    ("violation", run.extra["violation"], np.cumsum(slow.violations)[run.times - 1]),
                    ("fallbacks", run.extra["fallbacks"], slow.fallbacks),
                    ("state", run.extra["state"], slow.state),
                    ("multiplier", run.extra["multiplier"], slow.multiplier),
                )
                if not np.allclose(mine, expected, atol=1e-9)
            ]
            if wrong:
                return Comparison(False, math.nan, math.nan, f"run {i}: {', '.join(wrong)} differ", i + 1)
        return Comparison(True, float(run.regret[-1]), float(np.sum(slow.gaps)), f"{case.horizon} rounds", case.runs)

    return Check(
        name=f"{algorithm} plays like its reference",
        evaluate=evaluate,
        source="line-by-line reference",
        instances=tuple(Instance(name, build, SHORT, FEW, {"delta": DELTA}) for name, build in models),
        layer="reference",
        algorithm=algorithm,
        statement="the same points, rewards, residuals, optimistic values, regret and violation",
    )


def residual_audit(code: Code, case: Case, rng: Any) -> Comparison:
    """The radius of residuals, in units of their range 2, exactly as for rewards."""
    from theorylab.verify.statistics.radius_audit import radius_audit

    module, keywords = code.module(OFS), AUDITED
    audit = radius_audit(
        lambda t, n: module.residual_radius(t, n, **keywords) / 2.0,
        lambda t, n: module.claimed_miss(t, n, **keywords),
    )
    return Comparison(audit.holds, audit.worst.miss, audit.worst.claimed, str(audit), len(audit.rows))


def bounds_hold_the_sum(code: Code, case: Case, rng: Any) -> Comparison:
    """4nT sides miss with probability delta in all; and the bounds are n + 4 sqrt(nT) radii of one observation."""
    module, worst = code.module(OFS), 0.0
    for n in (1, 4, 50):
        for T in (10, 1000, 10**6):
            for delta in (0.5, 0.05):
                keywords = {"points": n, "horizon": T, "delta": delta}
                spent = 4 * n * T * module.claimed_miss(1, 1, **keywords)
                hoeffding = math.exp(-2.0 * module.radius(1, 1, **keywords) ** 2)
                wide = n + 4.0 * math.sqrt(n * T) * module.radius(1, 1, **keywords)
                wider = n + 4.0 * math.sqrt(n * T) * module.residual_radius(1, 1, **keywords)
                worst = max(
                    worst,
                    abs(spent / delta - 1.0),
                    abs(hoeffding * 4 * n * T / delta - 1.0),
                    abs(module.regret_bound(n, T, delta) / wide - 1.0),
                    abs(module.violation_bound(n, T, delta) / wider - 1.0),
                )
    return Comparison(worst <= 1e-9, worst, 1e-9, "largest relative difference")


AUDITED = {"points": 3, "horizon": 100, "delta": 0.5}
ONCE = Instance("once", constrained(REWARDS, RESIDUALS), 1, 1)
CHECKS = (
    reference("ofs", MODELS),
    reference("unconstrained_ucb", MODELS[::2]),
    reference("primal_dual_bandit", MODELS[::2]),
    audit_check(
        "radius of rewards", OFS, ONCE, source="Hoeffding's inequality", arguments=lambda case: AUDITED,
        statement=r"P(\hat r < r - \sqrt{L/(2n)}) \le \delta/(4nT), exactly",
    ),
    Check(
        name="radius of residuals", evaluate=residual_audit, source="Hoeffding's inequality", layer="lemma",
        instances=(ONCE,), internals=True, constants="derived here",
        statement=r"P(\hat g > g + \sqrt{2L/n}) \le \delta/(4nT), exactly",
    ),
    Check(
        name="union and bounds", evaluate=bounds_hold_the_sum, source="derived", layer="lemma", instances=(ONCE,),
        internals=True, constants="derived here",
        statement=r"4nT e^{-2 \mathrm{rad}^2} = \delta; bounds = n + 4\sqrt{nT} radii",
    ),
)  # fmt: skip
PLAYS, BOTH, RANGE = "ofs plays like its reference", "union and bounds", "radius of residuals"
DUAL = "primal_dual_bandit plays like its reference"
LOW = "sums[1, i] / pulls[i] - residual_width * scale"
MUTANTS = (
    Mutant("pessimistic residual", OFS, LOW, LOW.replace("-", "+"), PLAYS),
    Mutant(
        "range-1 radius for the residual", OFS, "math.sqrt(2.0 * math.log(4.0 * points * horizon / delta) / n)",
        "math.sqrt(math.log(4.0 * points * horizon / delta) / (2.0 * n))", RANGE,
    ),
    Mutant(
        "fallback by reward", OFS, "if optimistic[1, i] <= least + TIE:",
        "if optimistic[0, i] >= max(optimistic[0]) - TIE:", PLAYS,
    ),
    Mutant(
        "union over the points only", OFS, "math.sqrt(math.log(4.0 * points * horizon / delta) / (2.0 * n))",
        "math.sqrt(math.log(4.0 * points / delta) / (2.0 * n))", BOTH,
    ),
    Mutant("only the reward updated", OFS, "        sums[1, point] += shown[1]\n", "", PLAYS),
    Mutant("only the residual updated", OFS, "        sums[0, point] += shown[0]\n", "", PLAYS),
    Mutant(
        "lower bound of the reward", OFS, "pulls[i] + reward_width * scale", "pulls[i] - reward_width * scale",
        PLAYS,
    ),
    Mutant(
        "feasible: at least 0", OFS, "        if rule != FEASIBLE or optimistic[1, i] <= TIE:\n            best",
        "        if rule != FEASIBLE or optimistic[1, i] >= TIE:\n            best", PLAYS,
    ),
    Mutant(
        "largest violation in the fallback", OFS, "least = min(least, optimistic[1, i])",
        "least = max(least, optimistic[1, i])", PLAYS,
    ),
    Mutant(
        "one noise for reward and residual", OFS, "noises[1] = environment.random()", "noises[1] = noises[0]", PLAYS,
    ),
    Mutant("residual of mean g, not (1 + g)/2", OFS, "0.5 * (1.0 + shown[3])", "shown[3]", PLAYS),
    Mutant("the state does not move", OFS, "return state + rate * (tables[4, point] - state)", "return state", PLAYS),
    Mutant("signed violation", OFS, "violation += max(shown[3], 0.0)", "violation += shown[3]", PLAYS),
    Mutant("realised rewards in the regret", OFS, "max(best - shown[2], 0.0)", "max(best - shown[0], 0.0)", PLAYS),
    Mutant(
        "multiplier falls below 0", OFS, "max(0.0, multiplier + step * shown[1])", "multiplier + step * shown[1]",
        DUAL,
    ),
    Mutant(
        "multiplier pays for violations", OFS, "best = max(best, optimistic[0, i] - multiplier",
        "best = max(best, optimistic[0, i] + multiplier", DUAL,
    ),
    Mutant(
        "bound without the factor 2", OFS, "return points + 4.0 * math.sqrt(", "return points + 2.0 * math.sqrt(",
        BOTH,
    ),
)  # fmt: skip
