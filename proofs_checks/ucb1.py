r"""[auer2002finite]: UCB1; its theorem, the gap-free bound, the proof link by link, the two-sided fluid law.

The proof.  Let $r_t(n) = \sqrt{2 \ln t / n}$.  When a suboptimal arm i is played with t rounds done, one of three
things holds: the index of the best arm is below its mean, the mean of arm i exceeds $\mu_i$ by more than its radius, or
$N_i < 8 \ln T / \Delta_i^2$.  Each of the first two happens for fixed pull counts with probability at most $t^{-4}$
(Hoeffding; audited exactly, because no sampling sees so rare an event), so the expected number of such rounds is at
most $\sum_t t \cdot t^{-4}$ for each kind; the third holds for at most $8 \ln T / \Delta_i^2 + 1$ plays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.recounts import all_played, before, best_arm, regret_by_arms
from theorylab.rooms.proofs_checks.bandits.regret_claims import fluid_law_claims, regret_claim
from theorylab.rooms.proofs_checks.bandits.shared import (
    EVERYWHERE,
    NO_MUTANTS,
    STATIONARY,
    UNIT_REWARDS,
    audit_check,
    bernoulli,
    final_regret,
    late_regret,
    positive_gaps,
    reference_check,
)
from theorylab.rooms.proofs_checks.bandits.ucb1_exact import EXACT
from theorylab.rooms.proofs_checks.bandits.ucb1_mutants import MUTANTS

from theorylab.verify.cases import Case, Hypothesis
from theorylab.verify.exact.bandits import ucb1_fluid_law
from theorylab.verify.kinds import Rate
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

UCB1, REFERENCE = "theorylab.bandits.stochastic.ucb1", "theorylab.bandits.stochastic.ucb1_reference:UCB1"
AUER = Hypothesis('form "auer"', lambda case: case.parameters.get("form", "auer") == "auer")
THEOREM = (STATIONARY, UNIT_REWARDS, AUER)


def theorem_1(case: Case) -> float:
    r"""$\sum 8 \ln T / \Delta_i + (1 + \pi^2/3) \sum \Delta_i$."""
    d = positive_gaps(case)
    return float(np.sum(8.0 * math.log(case.horizon) / d) + (1.0 + math.pi**2 / 3.0) * d.sum())


def gap_free(case: Case) -> float:
    r"""$2 \sqrt{8 K T \ln T} + (1 + \pi^2/3) K$."""
    k = case.model.n_arms
    return 2.0 * math.sqrt(8.0 * k * case.horizon * math.log(case.horizon)) + (1.0 + math.pi**2 / 3.0) * k


def law(case: Case) -> float:
    """The regret at which all indices are level."""
    return ucb1_fluid_law(case.model.gaps, case.horizon)


RUNS = {"smoke": 60, "quick": 300, "paper": 1000, "power": 10}
SHORT = {"smoke": 500, "quick": 1000, "paper": 1000, "power": 200}
LONG = {"smoke": 3000, "quick": 10_000, "paper": 100_000, "power": 200}
WIDE = (
    bernoulli((0.9, 0.1), LONG, RUNS, name="(0.9, 0.1), longer"),
    bernoulli((0.2, 0.2, 0.8), LONG, RUNS, name="(0.2, 0.2, 0.8), longer"),
)
TWO = (
    bernoulli((0.9, 0.1), SHORT, RUNS),
    bernoulli((0.1, 0.9), SHORT, RUNS),
    bernoulli((0.8, 0.2, 0.2, 0.2), SHORT, RUNS),
    bernoulli((0.5, 1.0), SHORT, RUNS, presets=("quick", "paper")),
    bernoulli((0.6, *[0.5] * 9), LONG, RUNS, presets=("quick", "paper")),
)
LEVEL = (
    bernoulli((0.6, *[0.5] * 9), 10_000, {"smoke": 80, "quick": 300}, name="ten arms, best first", presets=NO_MUTANTS),
    bernoulli((*[0.5] * 9, 0.6), 10_000, {"smoke": 80, "quick": 300}, name="ten arms, best last", presets=NO_MUTANTS),
)
TRACED = tuple(
    bernoulli(
        means,
        {"smoke": 1000, "quick": 3000, "power": 150},
        {"smoke": 20, "quick": 60, "power": 10},
        name=f"traced {name}",
        trace=True,
    )
    for name, means in (("two arms", (0.9, 0.4)), ("best last", (0.3, 0.5, 0.9)), ("sure arm", (0.5, 1.0)))
)
SMALL = tuple(
    bernoulli(means, {"smoke": 300, "quick": 500, "power": 60}, {"smoke": 2, "quick": 5, "power": 2}, form=form)
    for means, form in (((0.6, 0.5, 0.4), "auer"), ((0.0, 1.0, 0.5), "auer"), ((0.5, 0.7), "garivier"))
)
GROWING = (
    bernoulli(
        (0.9, 0.3), {"smoke": 10_000, "quick": 50_000}, {"smoke": 20, "quick": 60}, name="growth", presets=NO_MUTANTS
    ),
)


CLAIMS = (
    regret_claim(
        "Theorem 1",
        theorem_1,
        source="[auer2002finite, Theorem 1]",
        statement=r"E[R_T] \le \sum_i 8 \ln T / \Delta_i + (1 + \pi^2/3) \sum_i \Delta_i",
        constants="paper",
        instances=TWO,
        hypotheses=THEOREM,
        explains="an index must shrink, and must stay above the mean",
    ),
    regret_claim(
        "gap-free bound",
        gap_free,
        source="derived from Theorem 1 with a threshold on the gaps",
        statement=r"E[R_T] \le 2 \sqrt{8 K T \ln T} + (1 + \pi^2/3) K",
        constants="derived here",
        instances=WIDE,
        hypotheses=THEOREM,
    ),
    *fluid_law_claims(
        law,
        (
            r"E[R_T] \le 1.2 \sum \Delta_i \, 2 \ln T/(\Delta_i+e)^2, \sum 2 \ln T/(\Delta_i+e)^2 = T",
            r"E[R_T] \ge 0.8 \sum_i \Delta_i \, 2 \ln T / (\Delta_i + e)^2",
        ),
        instances=LEVEL,
        hypotheses=THEOREM,
        explains=(
            "a value and not only a bound: a doubled radius fails here",
            "less regret than the law is no better UCB1: it is another algorithm",
        ),
    ),
    Claim(
        name="growth",
        kind=Rate(0.35),
        source="[auer2002finite]: O(log T)",
        statement=r"R_T = O(\log T): on two decades the slope of \log R on \log T is far below 1/2",
        constants="rate only",
        instances=GROWING,
        quantity=late_regret,
        hypotheses=THEOREM,
    ),
)


def log_rounds(case: Case) -> Any:
    """(T, 1) ln t, t the number of rounds played; 0 before the second."""
    return np.log(np.maximum(np.arange(case.horizon)[:, None], 1))


def paper_indices(run: Any, case: Case) -> Any:
    """(T, K) means plus radii of all arms that have been played."""
    pulls, means = before(run, case)
    return means + np.sqrt(2.0 * log_rounds(case) / np.maximum(pulls, 1))


def index_below(run: Any, case: Case) -> Any:
    """Rounds in which the index of the best arm is below its mean."""
    indices = run.trace["indices"][:, best_arm(case)]
    return (indices < case.model.best_mean - 1e-9) & all_played(run, case)


def mean_above(run: Any, case: Case) -> Any:
    """(T, K) the mean of the arm exceeds the true one by more than the radius of the paper."""
    pulls, means = before(run, case)
    with np.errstate(divide="ignore", invalid="ignore"):
        radius = np.sqrt(2.0 * log_rounds(case) / pulls)
    return means > case.model.means[None, :] + radius + 1e-12


def bad_plays(run: Any, case: Case) -> Any:
    """Suboptimal plays that none of the three cases of the proof explains, a count."""
    pulls, _ = before(run, case)
    arms, d = run.trace["actions"], case.model.gaps
    at = np.arange(case.horizon)
    with np.errstate(divide="ignore"):
        few = pulls[at, arms] < 8.0 * math.log(case.horizon) / d[arms] ** 2 + 1e-9
    explained = index_below(run, case) | mean_above(run, case)[at, arms] | few | (d[arms] == 0.0)
    return float(np.sum(~explained & all_played(run, case)))


def pulls_on_event(run: Any, case: Case) -> Any:
    """(K,) pulls of each arm, less the rounds in which an interval failed."""
    failed = (index_below(run, case)[:, None] | mean_above(run, case)) & all_played(run, case)[:, None]
    mine = run.trace["actions"][:, None] == np.arange(case.model.n_arms)[None, :]
    return run.pulls - (failed & mine).sum(axis=0)


def few_pulls(run: Any, case: Case) -> Any:
    """(K,) 8 ln T / gap^2 + 1; infinite for best arms."""
    with np.errstate(divide="ignore"):
        return 8.0 * math.log(case.horizon) / case.model.gaps**2 + 1.0


LINKS = (
    regret_by_arms(TRACED),
    Link(
        name="indices are means plus radii",
        left=lambda run, case: run.trace["indices"],
        right=paper_indices,
        given=lambda run, case: all_played(run, case)[:, None],
        source="[auer2002finite, Figure 1]",
        instances=TRACED,
        statement=r"\text{index}_i = m_i + \sqrt{2 \ln t / N_i}",
        two_sided=True,
    ),
    Link(
        name="three cases",
        left=bad_plays,
        right=lambda run, case: 0.0,
        source="[auer2002finite, (7)-(9)]",
        instances=TRACED,
        statement=r"a suboptimal play implies \bar X^* + r \le \mu^*, \bar X_i > \mu_i + r or N_i < 8 \ln T/\Delta_i^2",
        explains="the index order and both intervals",
    ),
    Link(
        name="pulls on the event",
        left=pulls_on_event,
        right=few_pulls,
        source="[auer2002finite, (6)]",
        instances=TRACED,
        statement=r"N_i - \#\{\text{rounds with a failed interval}\} \le 8 \ln T / \Delta_i^2 + 1",
    ),
)
STAGES = (
    Stage("regret", final_regret),
    Stage("fluid law", lambda run, case: law(case), "all indices level"),
    Stage("8 ln T / gap", lambda run, case: float(np.sum(8.0 * math.log(case.horizon) / positive_gaps(case)))),
    Stage("Theorem 1", lambda run, case: theorem_1(case), "failed intervals and first plays"),
    Stage("gap-free bound", lambda run, case: gap_free(case), "the worst gaps"),
)
CHECKS = (
    reference_check("ucb1", REFERENCE, SMALL),
    audit_check(
        "radius",
        UCB1,
        bernoulli((0.5, 0.5), 1, 1, name="binomial tails"),
        source="Hoeffding's inequality",
        statement=r"P(\bar X_n < \mu - \sqrt{2 \ln t/n}) \le t^{-4} for (t, n, \mu) on a grid",
    ),
    *EXACT,
)
RESULT = Result(
    slug="ucb1",
    area="bandits/stochastic",
    title="UCB1: optimism with Hoeffding's radius, and the two-sided law of its regret",
    paper="auer2002finite",
    algorithms={"ucb1": f"{UCB1}:ucb1"},
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=bernoulli(
        (0.8, 0.5, 0.5, 0.5),
        {"smoke": 2000, "quick": 20_000},
        {"smoke": 5, "quick": 20},
        name="profile",
        presets=EVERYWHERE,
    ),
    mutants=MUTANTS,
    figures=("ucb1",),
    notes=(
        "Theorem 1 alone catches almost none of the mutants: wrong constants lower the regret on benign instances. "
        "The exact values, the audit of the radius and the reference do.",
    ),
)
