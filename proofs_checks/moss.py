r"""[audibert2010regret]: MOSS; the minimax bound, the gap form, the sub-Gaussian form, exact values, the mutants.

The theorem's constants are large: $25 \sqrt{TK}$ says something from $T = 625 K / \Delta^2$ on.  The exact expected
regret of the code, a rational number for each small horizon, is what tells MOSS from its neighbours.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.moss_mutants import MUTANTS
from theorylab.rooms.proofs_checks.bandits.recounts import (
    all_played,
    before,
    best_arm,
    deciding,
    largest_played_link,
    of_arms,
    regret_by_arms,
)
from theorylab.rooms.proofs_checks.bandits.regret_claims import regret_claim
from theorylab.rooms.proofs_checks.bandits.reward_sequences import index_policy_check, sourced_value_check
from theorylab.rooms.proofs_checks.bandits.shared import (
    STATIONARY,
    UNIT_REWARDS,
    bernoulli,
    final_regret,
    positive_gaps,
    reference_check,
)

from theorylab.bandits import GaussianBandit
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Code
from theorylab.verify.result import Result
from theorylab.verify.statements import Check, Comparison, Link, Stage

MOSS, REFERENCE = "theorylab.bandits.stochastic.moss", "theorylab.bandits.stochastic.moss_reference:MOSS"
UNIT = Hypothesis('form "unit"', lambda case: case.parameters.get("form", "unit") == "unit")
SUBGAUSSIAN = Hypothesis('form "subgaussian"', lambda case: case.parameters.get("form") == "subgaussian")
NARROW = Hypothesis(
    "1-sub-Gaussian rewards", lambda case: case.model.unit_rewards or getattr(case.model, "sigma", math.inf) <= 1.0
)


def minimax(case: Case) -> float:
    r"""$25 \sqrt{TK}$."""
    return 25.0 * math.sqrt(case.horizon * case.model.n_arms)


def gap_form(case: Case) -> float:
    r"""$(23 K / \Delta) \max(\ln(140 T \Delta^2 / K), \ln 10^4)$, with the smallest positive gap."""
    k, d = case.model.n_arms, float(positive_gaps(case).min())
    return 23.0 * k / d * math.log(max(140.0 * case.horizon * d * d / k, 1e4))


def subgaussian_form(case: Case) -> float:
    r"""$39 \sqrt{KT} + \sum \Delta_i$."""
    return 39.0 * math.sqrt(case.model.n_arms * case.horizon) + float(case.model.gaps.sum())


def gaussian(means: tuple[float, ...], horizon: Any, runs: Any, **parameters: Any) -> Instance:
    """A Gaussian instance of variance 1."""
    return Instance(f"normal {means}", lambda: GaussianBandit(list(means)), horizon, runs, parameters)


RUNS = {"smoke": 100, "quick": 200, "paper": 1000, "power": 8}
LONG = {"smoke": 20_000, "quick": 20_000, "paper": 100_000, "power": 150}
WIDE = (
    bernoulli((0.9, 0.1), LONG, RUNS),
    bernoulli((0.0, 1.0), LONG, RUNS),
    bernoulli((0.1, 0.1, 0.9, 0.1), LONG, RUNS),
)
NEAR = tuple(
    bernoulli(means, {"smoke": 4000, "quick": 4000, "paper": 10_000, "power": 150}, RUNS, name=f"{means}, shorter")
    for means in ((0.9, 0.1), (0.0, 1.0), (0.1, 0.9, 0.1))
)
NORMAL = (
    gaussian((2.0, 0.0), LONG, RUNS, form="subgaussian"),
    gaussian((0.0, -2.0, 1.0), LONG, RUNS, form="subgaussian"),
)
TRACED = tuple(
    bernoulli(
        means,
        {"smoke": 1000, "quick": 2000, "power": 150},
        {"smoke": 10, "quick": 30, "power": 6},
        name=f"traced {name}",
        trace=True,
        form=form,
    )
    for name, means, form in (
        ("two arms", (0.9, 0.4), "unit"),
        ("best last", (0.3, 0.5, 0.9), "subgaussian"),
        ("sure arm", (0.5, 1.0), "unit"),
    )
)
SMALL = tuple(
    bernoulli(means, {"smoke": 200, "quick": 300, "power": 80}, {"smoke": 2, "quick": 4, "power": 2}, form=form)
    for form in ("unit", "subgaussian")
    for means in ((0.6, 0.5, 0.4), (0.0, 0.95, 0.5))
)
MIXED = (*SMALL, gaussian((0.5, 0.0), {"smoke": 200, "quick": 300, "power": 80}, 2, form="subgaussian"))
TREES = tuple(
    bernoulli(means, horizon, 1, name=f"all outcomes, {label}, {form}", form=form)
    for form in ("unit", "subgaussian")
    for label, means, horizon in (
        ("two arms", (0.7, 0.4), {"quick": 7, "paper": 10, "power": 7}),
        ("three arms", (0.2, 0.5, 0.9), {"quick": 7, "paper": 9, "power": 7}),
    )
)


def index_of(case: Case) -> Any:
    """index(t, n, s) of the papers, for the case's horizon and number of arms."""
    four = 4.0 if case.parameters["form"] == "subgaussian" else 1.0

    def index(t: int, n: int, s: int) -> float:
        ratio = case.horizon / (case.model.n_arms * n)
        return s / n + math.sqrt(four / n * (math.log(ratio) if ratio > 1.0 else 0.0))

    return index


def published(run: Any, case: Case) -> Any:
    """(T, K) the indices of the paper, from the history."""
    pulls, means = before(run, case, unplayed=0.0)
    factor = 4.0 if case.parameters["form"] == "subgaussian" else 1.0
    pulls = np.maximum(pulls, 1)
    ratio = case.horizon / (case.model.n_arms * pulls)
    return means + np.sqrt(factor * np.log(np.maximum(ratio, 1.0)) / pulls)


def unexplained(run: Any, case: Case) -> float:
    """Suboptimal plays in which the best arm's index reaches mu* - gap/2 and the arm's own stays below mu + gap/2."""
    d, arms = case.model.gaps, run.trace["actions"]
    middle = case.model.best_mean - d[arms] / 2.0
    indices = run.trace["indices"]
    low = indices[:, best_arm(case)] < middle + 1e-9
    high = of_arms(indices, arms) >= middle - 1e-9
    return float(np.sum(all_played(run, case) & (d[arms] > 0.0) & ~low & ~high))


def covers(code: Code, case: Case, rng: Any) -> Comparison:
    """P(mean + radius < mu) <= (K n / T)^2, by exact binomial tails, K = 2."""
    from theorylab.verify.statistics.radius_audit import radius_audit

    made = code.module(MOSS)
    audit = radius_audit(lambda t, n: made.radius(t, 2, n), lambda t, n: min(1.0, (2.0 * n / t) ** 2))
    return Comparison(audit.holds, audit.worst.miss, audit.worst.claimed, str(audit), len(audit.rows))


def sourced_hundred(code: Code, case: Case, rng: Any) -> Comparison:
    """E[R_100] of the module's radius by dynamic programming is the sourced number, best arm first and second."""
    from theorylab.verify.exact.bandits import index_policy_regret

    radius, worst, said = code.module(MOSS).radius, 0.0, []
    for means, expected in (((0.5, 0.3), 4.999468336), ((0.3, 0.5), 5.000338720)):
        got = float(index_policy_regret(lambda t, n, s: s / n + radius(100, 2, n), means, 100))
        worst = max(worst, abs(got - expected))
        said.append(f"{means}: {got:.9f}, expected {expected:.9f}")
    return Comparison(worst <= 1e-8, worst, 1e-8, "; ".join(said))


THEOREM_24 = "[audibert2010regret, Theorem 24]"
CLAIMS = (
    regret_claim(
        "minimax bound",
        minimax,
        source=THEOREM_24,
        statement=r"E[R_T] \le 25 \sqrt{TK}",
        constants="paper",
        instances=WIDE,
        hypotheses=(STATIONARY, UNIT_REWARDS, UNIT),
    ),
    regret_claim(
        "gap form",
        gap_form,
        source=THEOREM_24,
        statement=r"E[R_T] \le (23 K/\Delta) \max(\ln(140 T \Delta^2/K), \ln 10^4)",
        constants="paper",
        instances=NEAR,
        hypotheses=(STATIONARY, UNIT_REWARDS, UNIT),
    ),
    regret_claim(
        "sub-Gaussian form",
        subgaussian_form,
        source="[lattimore2020bandit, Theorem 9.1]",
        statement=r"E[R_T] \le 39 \sqrt{KT} + \sum_i \Delta_i",
        constants="recalled",
        instances=NORMAL,
        hypotheses=(STATIONARY, NARROW, SUBGAUSSIAN),
    ),
)


def link(name: str, left: Any, right: Any, statement: str, source: str = "definition", **more: Any) -> Link:
    """A lemma on the traced instances."""
    return Link(name=name, left=left, right=right, statement=statement, source=source, instances=TRACED, **more)


LINKS = (
    regret_by_arms(TRACED),
    link(
        "indices are the paper's",
        lambda r, c: r.trace["indices"],
        published,
        r"B_i = m_i + \sqrt{c \max(\ln(T/(K N_i)), 0)/N_i}",
        two_sided=True,
        given=deciding,
    ),
    largest_played_link(
        TRACED,
        "indices",
        name="the largest index is played",
        statement=r"B_{A_t} = \max_i B_i",
        source="definition",
        given=all_played,
    ),
    link(
        "two cases",
        unexplained,
        lambda r, c: 0.0,
        r"a suboptimal play implies \min_t B^* < \mu^* - \Delta_i/2 or B_i \ge \mu_i + \Delta_i/2",
        "[audibert2010regret, proof of Theorem 24]",
    ),
)
ONE = bernoulli((0.4, 0.7), 8, 1, name="(2/5, 7/10), T = 8", form="unit")
CHECKS = (
    reference_check("moss", REFERENCE, MIXED, more=("indices",)),
    index_policy_check("moss", index_of, TREES, source="the papers' indices"),
    sourced_value_check("moss", ONE, "123459/125000"),
    Check(
        name="sourced E[R_100]", evaluate=sourced_hundred, source="dynamic programming, another implementation", internals=True,  # noqa: E501
        instances=(bernoulli((0.5, 0.3), 100, 1, name="(.5, .3) and (.3, .5), T = 100", presets=("paper",)),),
        statement=r"E[R_{100}] = 4.999468336 and 5.000338720",
    ),
    Check(
        name="radius", evaluate=covers, source="Hoeffding's inequality", layer="lemma", internals=True,
        constants="derived here", instances=(bernoulli((0.5, 0.5), 1, 1, name="binomial tails"),),
        statement=r"P(\bar X_n < \mu - \sqrt{\max(\ln(T/(Kn)), 0)/n}) \le (Kn/T)^2 for (T, n, \mu) on a grid",
    ),
)  # fmt: skip
STAGES = (
    Stage("regret", final_regret),
    Stage("gap form", lambda run, case: gap_form(case), "the smallest gap for all"),
    Stage("minimax bound", lambda run, case: minimax(case), "the worst gaps"),
)
RESULT = Result(
    slug="moss",
    area="bandits/stochastic",
    title="MOSS: the minimax rate without a logarithm",
    paper="audibert2010regret",
    algorithms={"moss": f"{MOSS}:moss"},
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=bernoulli(
        (0.9, 0.1), {"smoke": 2000, "quick": 20_000}, {"smoke": 5, "quick": 20}, name="profile", form="unit"
    ),
    mutants=MUTANTS,
    figures=("moss",),
    notes=(
        "Below T = 625 K / gap^2 the bound 25 sqrt(TK) is above T gap and says nothing; the source remarks that "
        "6 sqrt(TK) should hold, without a proof, and no run came near it.",
    ),
)
