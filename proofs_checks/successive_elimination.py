r"""Successive elimination: the derived theorem, its proof link by link, the exact value, the audit of the radius.

The proof. With $L = \ln(2KT/\delta)$ and $r(n) = \sqrt{L/(2n)}$, Hoeffding's inequality bounds the probability that
the mean of n rewards of an arm misses by more than r(n), on either side, by $2 e^{-2 n r^2} = \delta/(KT)$; there are
at most KT means, so with probability $1 - \delta$ none misses. On that event the best arm's mean is never two radii
below another's: it stays. An arm left after n plays has $m^* - m_i \le 2r$, hence $\Delta_i \le 4 r(n)$, that is $n
\le 8L/\Delta_i^2$; its next play is its last one at most, $N_i \le 1 + 8L/\Delta_i^2$. So $\Delta_i N_i \le 1 +
\sqrt{8 L N_i}$, and Cauchy and Schwarz give $R_T \le K + \sqrt{8LKT}$.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.regret_claims import regret_claim, two_sided_claims
from theorylab.rooms.proofs_checks.bandits.shared import (
    EVERYWHERE,
    NO_MUTANTS,
    STATIONARY,
    UNIT_REWARDS,
    audit_check,
    bernoulli,
    final_regret,
    largest_regret,
    positive_gaps,
    reference_check,
    with_parameters,
)
from theorylab.rooms.proofs_checks.bandits.successive_elimination_exact import EXACT, VALUE
from theorylab.rooms.proofs_checks.bandits.successive_elimination_links import LINKS, confidence_fails, log_term
from theorylab.rooms.proofs_checks.bandits.successive_elimination_mutants import MUTANTS

from theorylab.verify.cases import Case
from theorylab.verify.kinds import HighProbability
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Stage

MODULE = "theorylab.bandits.stochastic.successive_elimination"
REFERENCE = "theorylab.bandits.stochastic.successive_elimination_reference:SuccessiveElimination"
THEOREM = (STATIONARY, UNIT_REWARDS)
DELTA = 0.1


def most_pulls(case: Case) -> Any:
    """1 + 8 L / gap^2 for each arm with a gap."""
    return 1.0 + 8.0 * log_term(case) / positive_gaps(case) ** 2


def pull_ratio(run: Any, case: Case) -> float:
    """Pulls in proportion to their bound, the largest over the arms with a gap."""
    return float(np.max(run.pulls[case.model.gaps > 0] / most_pulls(case)))


def by_gaps(case: Case) -> float:
    r"""$\sum \Delta_i (1 + 8L/\Delta_i^2)$."""
    return float(positive_gaps(case) @ most_pulls(case))


def gap_free(case: Case) -> float:
    r"""$K + \sqrt{8LKT}$."""
    k = case.model.n_arms
    return k + math.sqrt(8.0 * log_term(case) * k * case.horizon)


def in_expectation(case: Case) -> float:
    r"""The bound by gaps, and $\delta T \max \Delta$ for the runs on which it fails."""
    return by_gaps(case) + float(case.parameters["delta"]) * largest_regret(case)


def best_dropped(run: Any, case: Case) -> bool:
    """A best arm is not among those left at the end."""
    return bool(np.any(run.extra["dropped"][case.model.gaps == 0.0] > 0))


RUNS = {"smoke": 130, "quick": 250, "paper": 1000, "power": 12}
HORIZON = {"smoke": 3000, "quick": 10_000, "paper": 100_000, "power": 200}
LONG = {"smoke": 30_000, "quick": 100_000, "paper": 1_000_000, "power": 300}
INSTANCES = with_parameters(
    (
        bernoulli((0.9, 0.1), HORIZON, RUNS),
        bernoulli((0.1, 0.9), HORIZON, RUNS),
        bernoulli((0.8, 0.2, 0.2, 0.2), HORIZON, RUNS),
        bernoulli((0.5, 1.0), HORIZON, RUNS, presets=("quick", "paper")),
        bernoulli((*[0.5] * 9, 0.7), LONG, RUNS, name="ten arms, best last", presets=("quick", "paper")),
    ),
    delta=DELTA,
)
TRACED, MANY = (
    tuple(
        bernoulli(
            means,
            {"smoke": 1500, "quick": 2000, "power": 250},
            runs,
            name=f"{word} {name}",
            presets=presets,
            trace=True,
            delta=DELTA,
        )
        for name, means in (("two arms", (0.9, 0.3)), ("best last", (0.2, 0.4, 0.9)))
    )
    for word, runs, presets in (
        ("traced", {"smoke": 5, "quick": 12, "power": 8}, EVERYWHERE),
        ("traced often", {"smoke": 130, "quick": 250}, NO_MUTANTS),
    )
)
SMALL = tuple(
    bernoulli(means, {"quick": 400, "power": 90}, {"smoke": 3, "quick": 8, "power": 4}, delta=delta)
    for means, delta in (((0.9, 0.1), 0.5), ((0.2, 0.5, 0.95), 0.9), ((0.0, 1.0, 0.5, 0.1), 0.5), ((0.5, 0.5), 0.1))
)
AT_60 = (bernoulli((0.9, 0.1), 60, 3000, name="(0.9, 0.1), T=60, delta=0.5", presets=("quick", "paper"), delta=0.5),)
CLAIMS = (
    Claim(
        name="pulls",
        kind=HighProbability(DELTA),
        source="derived: the proof above",
        statement=r"N_i \le 1 + 8 L / \Delta_i^2 for all i at once, with probability 1 - \delta",
        constants="derived here",
        instances=INSTANCES,
        quantity=pull_ratio,
        bound=lambda case: 1.0,
        trivial=lambda case: float(np.max(case.horizon / most_pulls(case))),
        hypotheses=THEOREM,
        explains="an arm that should be gone is still played: it was never dropped, or the radius is too wide",
    ),
    regret_claim(
        "regret by gaps",
        by_gaps,
        kind=HighProbability(DELTA),
        source="derived: the proof above",
        statement=r"R_T \le \sum_i \Delta_i (1 + 8 L / \Delta_i^2) with probability 1 - \delta",
        constants="derived here",
        instances=INSTANCES,
        hypotheses=THEOREM,
    ),
    regret_claim(
        "gap-free bound",
        gap_free,
        kind=HighProbability(DELTA),
        source="derived: Cauchy-Schwarz",
        statement=r"R_T \le K + \sqrt{8 L K T} with probability 1 - \delta",
        constants="derived here",
        instances=INSTANCES,
        hypotheses=THEOREM,
    ),
    regret_claim(
        "expected regret",
        in_expectation,
        source="derived: the proof above",
        statement=r"E[R_T] \le \sum_i \Delta_i (1 + 8 L / \Delta_i^2) + \delta T \max \Delta",
        constants="derived here",
        instances=INSTANCES,
        hypotheses=THEOREM,
    ),
    Claim(
        name="the best arm stays",
        kind=HighProbability(DELTA),
        source="derived: on the event no upper limit of a best arm is below a lower limit",
        statement=r"P(\text{a best arm is dropped}) \le \delta",
        constants="derived here",
        instances=INSTANCES,
        event=best_dropped,
        hypotheses=THEOREM,
        explains="the radius is too small for the number of means",
    ),
    Claim(
        name="every interval holds",
        kind=HighProbability(DELTA),
        source="derived: Hoeffding's inequality for KT means",
        statement=r"P(\exists i, n: |m_i(n) - \mu_i| > r(n)) \le \delta",
        constants="derived here",
        instances=MANY,
        event=confidence_fails,
        hypotheses=THEOREM,
        layer="link",
        traced=True,
    ),
    *two_sided_claims(
        "the exact value",
        lambda case: VALUE,
        (0.95, 1.05),
        (rf"E[R_{{60}}] \le 1.05 \cdot {VALUE}", rf"E[R_{{60}}] \ge 0.95 \cdot {VALUE}"),
        source="dynamic programming over (plays, successes)",
        constants="derived here",
        instances=AT_60,
        hypotheses=THEOREM,
        explains=(
            "the theorem bears any radius up to twice as wide; the value does not",
            "less regret here is a radius that is too small",
        ),
    ),
)
STAGES = (
    Stage("regret", final_regret),
    Stage("2 L / gap", lambda run, case: float(np.sum(2.0 * log_term(case) / positive_gaps(case))), "the radii meet"),
    Stage("bound by gaps", lambda run, case: by_gaps(case), "means may miss by a radius, twice"),
    Stage("gap-free bound", lambda run, case: gap_free(case), "the worst gaps"),
)
CHECKS = (
    reference_check("successive_elimination", REFERENCE, SMALL, more=("active",)),
    audit_check(
        "radius",
        MODULE,
        bernoulli((0.5, 0.5), 1, 1, name="binomial tails, K = 2, delta = 0.05"),
        source="Hoeffding's inequality",
        side="two-sided",
        statement=r"P(|\bar X_n - \mu| > \sqrt{\ln(2KT/\delta)/(2n)}) \le \delta/(KT) for (T, n, \mu) on a grid",
    ),
    *EXACT,
)
RESULT = Result(
    slug="successive_elimination",
    area="bandits/stochastic",
    title="Successive elimination: equal plays, Hoeffding's radius for all means at once",
    paper="evendar2006action",
    algorithms={"successive_elimination": f"{MODULE}:successive_elimination"},
    claims=CLAIMS,
    links=LINKS(TRACED),
    checks=CHECKS,
    stages=STAGES,
    profile_instance=bernoulli(
        (0.8, 0.5, 0.5, 0.5),
        {"smoke": 5000, "quick": 20_000},
        {"smoke": 5, "quick": 20},
        name="profile",
        presets=EVERYWHERE,
        delta=DELTA,
    ),
    mutants=MUTANTS,
    coq=(
        "elimination_sum.v:pulls_of_an_arm",
        "elimination_sum.v:gap_times_pulls",
        "elimination_sum.v:elimination_sum",
        "elimination_sum.v:elimination_regret",
    ),
    figures=("successive_elimination",),
    notes=(
        "The theorem and its constants are derived here; the paper's algorithm identifies a best arm and has its "
        "own radius.",
        "A halved radius, a forgotten union bound and one radius for two all lower the regret: the theorem supports "
        "them. The audit of the radius and the exact value refute them.",
    ),
)
