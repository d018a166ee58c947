r"""[wu2016conservative]: the constraint holds in all rounds at once; what it costs; and saving the whole budget
first.

The proof for rewards in [0, 1] (our constants; they imply the paper's). Let all intervals hold, $L = \psi(T)$. A
proposal i that is played has $\mu^* \le \theta_i \le \mu_i + 2\sqrt{L/N_i}$, so $N_i \le 1 + 4L/\Delta_i^2$ and
$\Delta_i N_i \le \Delta_i + 4L/\Delta_i$. In the last round $\tau$ that plays the default the budget was negative:
$\alpha \mu_0 \tau < \mu_0 + \sum_i N_i (\mu_0 - \lambda_i)$, the sum over the other arms. Each term is at most $3/2 +
4L/\max(\Delta_i, \Delta_0 - \Delta_i)$: from $\lambda_i \ge \mu_i - 2\sqrt{L/N_i}$ it is at most $2\sqrt{L N_i} -
(\Delta_0 - \Delta_i) N_i \le L/(\Delta_0 - \Delta_i)$; and at the last play the upper limit was at least $\mu^*$, so
that $N_i \lambda_i \ge (N_i - 1) \mu^* - 2\sqrt{L N_i}$ (the last reward is not negative) and the term is at most
$\mu_0 + 2\sqrt{L N_i} \le 1 + \Delta_i/2 + 4L/\Delta_i$. So the default is played at most $(1 + 3K/2 + 4L \sum_i
1/\max(\Delta_i, \Delta_0 - \Delta_i))/(\alpha \mu_0)$ times.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.conservative_ucb_links import (
    LINKS,
    difficulty,
    intervals_fail,
    length,
    most_defaults,
)
from theorylab.rooms.proofs_checks.bandits.conservative_ucb_mutants import MUTANTS
from theorylab.rooms.proofs_checks.bandits.regret_claims import regret_claim
from theorylab.rooms.proofs_checks.bandits.shared import (
    EVERYWHERE,
    STATIONARY,
    UNIT_REWARDS,
    audit_check,
    bernoulli,
    final_regret,
    reference_check,
)

from theorylab.bandits import GaussianBandit
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Code
from theorylab.verify.kinds import HighProbability, NegativeControl
from theorylab.verify.result import Result
from theorylab.verify.statements import Check, Claim, Comparison, Stage

MODULE = "theorylab.bandits.stochastic.conservative_ucb"
SLOW = "theorylab.bandits.stochastic.conservative_ucb_reference"
DELTA = 0.1
KNOWN = Hypothesis("mu0 is the mean of arm 0", lambda case: case.parameters["mu0"] == case.model.means[0])
TAILS = Hypothesis(
    "the noise is 1-sub-Gaussian", lambda case: case.model.unit_rewards or getattr(case.model, "sigma", 2.0) <= 1.0
)
MEANS = Hypothesis("means lie in [0, 1]", lambda case: bool(np.all((case.model.means >= 0) & (case.model.means <= 1))))
THEOREM = (STATIONARY, TAILS, MEANS, KNOWN)


def broken(run: Any, case: Case, mu0: float, alpha: float) -> bool:
    """In some round the means of the plays so far add up to less than (1 - alpha) mu0 t."""
    earned = np.cumsum(case.model.means[run.trace["actions"]])
    return bool(np.any(earned < (1.0 - alpha) * mu0 * np.arange(1, case.horizon + 1) - 1e-9))


def constraint_broken(run: Any, case: Case) -> bool:
    """The constraint of the instance fails at some time."""
    return broken(run, case, case.parameters["mu0"], case.parameters["alpha"])


def theorem_2(case: Case) -> float:
    """The bound of the paper."""
    d, k = case.model.gaps, case.model.n_arms - 1
    others = d[1:][d[1:] > 0]
    pay = case.parameters["alpha"] * case.parameters["mu0"]
    learning = float(np.sum(4.0 * length(case) / others + others))
    return learning + float(2.0 * (k + 1) * d[0] / pay + 6.0 * length(case) / pay * d[0] * difficulty(case))


def sharper(case: Case) -> float:
    """The bound that is derived above."""
    d = case.model.gaps
    others = d[1:][d[1:] > 0]
    return float(np.sum(4.0 * length(case) / others + others)) + float(d[0]) * most_defaults(case)


def worst(case: Case) -> float:
    """R_worst of BudgetFirst."""
    k = case.model.n_arms - 1
    return k + 2.0 * math.sqrt(k * case.horizon * length(case))


def saved_first(case: Case) -> float:
    """R_worst, and the rounds that save it at the gap of the default."""
    rounds = min(case.horizon, math.ceil(worst(case) / (case.parameters["alpha"] * case.parameters["mu0"])))
    return worst(case) + rounds * float(case.model.gaps[0])


RUNS = {"smoke": 130, "quick": 180, "paper": 1000, "power": 10}
HORIZON = {"smoke": 10_000, "quick": 10_000, "paper": 100_000, "power": 200}


def default(means: Any, *, alpha: float, horizon: Any = HORIZON, runs: Any = RUNS, **rest: Any) -> Instance:
    """Bernoulli arms, the first of them the default."""
    presets, name = rest.pop("presets", EVERYWHERE), rest.pop("name", "")
    return bernoulli(
        means, horizon, runs, name=name, presets=presets, mu0=means[0], alpha=alpha, delta=rest.pop("delta", DELTA),
        trace=True, **rest,
    )  # fmt: skip


INSTANCES = (
    default((0.5, 0.9), alpha=0.5),
    default((0.5, 0.9, 0.1), alpha=0.5),
    default((0.5, 0.1, 0.9), alpha=0.9, presets=("paper",)),
    default((0.9, 0.1, 0.1), alpha=0.1),
    Instance(
        "Gaussian (0.5, 1), sigma 1", lambda: GaussianBandit([0.5, 1.0], 1.0), {"quick": 4000}, {"quick": 700},
        {"mu0": 0.5, "alpha": 0.5, "delta": DELTA, "trace": True}, ("quick", "paper"),
    ),
)  # fmt: skip
SAVED = (
    default(
        (0.5, 0.9), alpha=0.9, horizon={"smoke": 20_000, "quick": 25_000, "power": 200}, name="saved first, (0.5, 0.9)"
    ),
)
FREE = (bernoulli((0.9, 0.1, 0.1), 2000, {"quick": 100, "power": 5}, trace=True, name="UCB1 on (0.9, 0.1, 0.1)"),)
TRACED = tuple(
    default(
        means, alpha=alpha, name=f"traced {name}", horizon={"smoke": 2000, "quick": 4000, "power": 300},
        runs={"smoke": 5, "quick": 12, "power": 6}, delta=0.5,
    )
    for name, means, alpha in (
        ("two arms", (0.3, 0.95), 0.5), ("three arms", (0.5, 0.9, 0.1), 0.9), ("a good default", (0.9, 0.2, 0.8), 0.3)
    )
)  # fmt: skip
SMALL = tuple(
    bernoulli(
        means, {"quick": 400, "power": 160}, {"smoke": 2, "quick": 5, "power": 3}, mu0=means[0], alpha=alpha,
        delta=delta,
    )
    for means, alpha, delta in (
        ((0.3, 0.95), 0.7, 0.9), ((0.5, 0.9, 0.1), 0.5, 0.5), ((1.0, 0.0, 1.0), 1.0, 0.5),
        ((0.2, 1.0, 0.9, 0.8), 0.3, 0.9),
    )
)  # fmt: skip
SAVING = tuple(
    bernoulli(
        means, {"quick": 600, "power": 400}, {"smoke": 1, "quick": 3, "power": 1}, mu0=means[0], alpha=alpha, delta=0.9
    )
    for means, alpha in (((0.9, 0.95), 1.0), ((0.9, 0.2), 0.9))
)


def seldom(name: str, event: Any, instances: tuple[Instance, ...], **fields: Any) -> Claim:
    """An event of the trace that happens on at most a fraction DELTA of the runs."""
    return Claim(
        name=name,
        kind=HighProbability(DELTA),
        event=event,
        instances=instances,
        hypotheses=THEOREM,
        traced=True,
        **fields,
    )


KEPT = r"P(\exists t: \sum_{s \le t} \mu_{I_s} < (1 - \alpha) \mu_0 t) \le \delta"
CLAIMS = (
    seldom(
        "the constraint",
        constraint_broken,
        INSTANCES,
        source="[wu2016conservative, Theorem 2]",
        statement=KEPT,
        constants="paper",
        explains="the budget counts what has not been earned for sure",
    ),
    regret_claim(
        "Theorem 2",
        theorem_2,
        kind=HighProbability(DELTA),
        source="[wu2016conservative, Theorem 2]",
        statement=r"R_T \le \sum (4L/\Delta_i + \Delta_i) + 2(K+1)\Delta_0/(\alpha\mu_0) + "
        r"(6L/(\alpha\mu_0)) \sum \Delta_0/\max(\Delta_i, \Delta_0 - \Delta_i)",
        constants="paper",
        instances=INSTANCES,
        hypotheses=THEOREM,
    ),
    regret_claim(
        "the sharper bound",
        sharper,
        kind=HighProbability(DELTA),
        source="derived: the proof above",
        statement=r"R_T \le \sum (4L/\Delta_i + \Delta_i) + (\Delta_0/(\alpha\mu_0)) "
        r"(1 + 3K/2 + 4L \sum 1/\max(\Delta_i, \Delta_0 - \Delta_i))",
        constants="derived here",
        instances=INSTANCES,
        hypotheses=(*THEOREM, UNIT_REWARDS),
    ),
    seldom(
        "the constraint, budget first",
        constraint_broken,
        SAVED,
        source="derived: t mu_0 - R_worst >= (1 - alpha) t mu_0 from the first free round on",
        statement=KEPT,
        constants="derived here",
        algorithm="budget_first",
    ),
    regret_claim(
        "regret, budget first",
        saved_first,
        kind=HighProbability(DELTA),
        source="derived: intervals hold, Cauchy-Schwarz",
        statement=r"R_T \le R_{worst} + \Delta_0 \lceil R_{worst}/(\alpha \mu_0) \rceil, R_{worst} = K + 2\sqrt{KTL}",
        constants="derived here",
        instances=SAVED,
        hypotheses=THEOREM,
        algorithm="budget_first",
    ),
    Claim(
        name="UCB1 breaks the constraint",
        kind=NegativeControl(DELTA),
        source="control",
        statement=r"UCB1 earns less than 0.9 \mu_0 t at some t, on more than a fraction \delta of the runs",
        constants="none",
        instances=FREE,
        event=lambda run, case: broken(run, case, 0.9, 0.1),
        algorithm="ucb1",
        traced=True,
    ),
    seldom(
        "every interval holds",
        intervals_fail,
        INSTANCES,
        source="derived: see the two audits of the radius",
        statement=r"P(\exists i > 0, t: |m_i - \mu_i| > \sqrt{\psi(N_i)/N_i}) \le \delta",
        constants="derived here",
        layer="link",
    ),
)


def gaussian_union(code: Code, case: Case, rng: Any) -> Comparison:
    """Unit Gaussian noise: the exact tail beyond the module's radius against the share of delta for n plays."""
    made, worst_row, count = code.module(MODULE), (0.0, 1.0, ""), 0
    for n_arms in (2, 4, 11):
        for delta in (0.01, 0.1, 0.5):
            for n in (1, 2, 3, 5, 10, 30, 100, 1000, 100_000):
                miss = math.erfc(made.radius(1, n, n_arms=n_arms, delta=delta) * math.sqrt(n / 2.0))
                claimed = made.claimed_miss(1, n, n_arms=n_arms, delta=delta)
                count += 1
                if miss / claimed >= worst_row[0]:
                    worst_row = (miss / claimed, claimed, f"K={n_arms - 1}, delta={delta}, n={n}")
    ratio, claimed, where = worst_row
    return Comparison(ratio <= 1.0, ratio * claimed, claimed, f"largest ratio {ratio:.3f} at {where}", count)


CHECKS = (
    reference_check("conservative_ucb", f"{SLOW}:ConservativeUCB", SMALL, more=("budgets", "proposals")),
    reference_check("budget_first", f"{SLOW}:BudgetFirst", SAVING, more=("budgets", "proposals")),
    audit_check(
        "radius",
        MODULE,
        bernoulli((0.5, 0.5), 1, 1, name="binomial tails, K = 1, delta = 0.05"),
        source="Hoeffding's inequality",
        side="two-sided",
        statement=r"P(|\bar X_n - \mu| > \sqrt{\psi(n)/n}) \le \delta/(\zeta(3) K n^3) for (n, \mu) on a grid",
    ),
    Check(
        name="Gaussian tails add up to delta",
        evaluate=gaussian_union,
        source="derived: the sum of n^-3 is zeta(3)",
        instances=(bernoulli((0.5, 0.5), 1, 1, name="K in 1, 3, 10"),),
        layer="lemma",
        internals=True,
        constants="derived here",
        statement=r"P(|\bar X_n - \mu| > \sqrt{\psi(n)/n}) \le \delta/(\zeta(3) K n^3) for unit Gaussian noise",
    ),
)
STAGES = (
    Stage("regret", final_regret),
    Stage("the sharper bound", lambda run, case: sharper(case), "radii in full, and the default while they shrink"),
    Stage("Theorem 2", lambda run, case: theorem_2(case), "the paper's constants"),
)
RESULT = Result(
    slug="conservative_ucb",
    area="bandits/stochastic",
    title="Conservative UCB: never below a fraction of the default, at a price",
    paper="wu2016conservative",
    algorithms={
        "conservative_ucb": f"{MODULE}:conservative_ucb",
        "budget_first": f"{MODULE}:budget_first",
        "ucb1": "theorylab.bandits.stochastic.ucb1:ucb1",
    },
    claims=CLAIMS,
    links=LINKS(TRACED),
    checks=CHECKS,
    stages=STAGES,
    profile_instance=default(
        (0.5, 0.9, 0.1), alpha=0.5, horizon=20_000, runs={"smoke": 5, "quick": 20}, name="profile"
    ),
    mutants=MUTANTS,
    figures=("conservative_ucb",),
    notes=(
        "The plain union bound for 1-sub-Gaussian noise gives 2 zeta(3) delta = 2.4 delta for this psi; for Gaussian "
        "noise the exact tails add up to less than delta, and for rewards in [0, 1] to far less: both are checked.",
        "The constraint is one event a run: all rounds at once, against delta.",
    ),
)
