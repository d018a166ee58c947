r"""[agrawal2013further]: Thompson sampling, Beta and Gaussian; the Bayesian bound, the law of the draws, the mutants.

The frequentist theorems give rates. The explicit check is Bayesian: on means drawn from the prior itself, the mean
regret is at most $\sqrt{K T H(A^*)/2}$, H being the entropy of the best arm under the prior [russo2016information].
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.recounts import largest_played_link, plays, regret_by_arms
from theorylab.rooms.proofs_checks.bandits.shared import (
    NO_MUTANTS,
    STATIONARY,
    UNIT_REWARDS,
    bernoulli,
    final_regret,
    late_regret,
)
from theorylab.rooms.proofs_checks.bandits.thompson_checks import CHECKS
from theorylab.rooms.proofs_checks.bandits.thompson_mutants import MUTANTS

from theorylab.bandits import BernoulliBandit
from theorylab.verify.cases import Case, Family, Hypothesis, Instance
from theorylab.verify.kinds import Expectation, Rate
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

THOMPSON = "theorylab.bandits.stochastic.thompson"
ENTROPIES = {  # of the best arm: ln K by symmetry; P(Beta(3, 1) > uniform) = E[Beta(3, 1)] = 3/4
    "2 arms from the prior": (2, math.log(2.0)),
    "3 arms from the prior": (3, math.log(3.0)),
    "5 arms from the prior": (5, math.log(5.0)),
    "Beta(3, 1) and Beta(1, 1)": (2, -0.75 * math.log(0.75) - 0.25 * math.log(0.25)),
}
RUNS = {"smoke": 250, "quick": 400, "paper": 2000, "power": 10}


def from_prior(name: str, horizon: Any, prior: Any = ()) -> Instance:
    """Means drawn from the prior in every run."""
    rows = np.array(prior) if len(prior) else np.ones((ENTROPIES[name][0], 2))
    parameters = {"prior": prior} if len(prior) else {}
    return Instance(
        name,
        lambda: Family(name, lambda g: BernoulliBandit(g.beta(rows[:, 0], rows[:, 1]))),
        horizon,
        RUNS,
        parameters,
    )


def entropy_bound(case: Case) -> float:
    r"""$\sqrt{K T H(A^*)/2}$."""
    k, entropy = ENTROPIES[case.name]
    return math.sqrt(k * case.horizon * entropy / 2.0)


def horizon(case: Case) -> float:
    """The largest regret of any instance: all T."""
    return float(case.horizon)


SHORT = {"smoke": 200, "quick": 200, "paper": 1000, "power": 40}
BAYES = (
    from_prior("2 arms from the prior", SHORT),
    from_prior("3 arms from the prior", SHORT),
    from_prior("5 arms from the prior", SHORT),
    from_prior("Beta(3, 1) and Beta(1, 1)", SHORT, ((3.0, 1.0), (1.0, 1.0))),
)
GROWING = (bernoulli((0.9, 0.3), {"smoke": 10_000, "quick": 50_000}, {"smoke": 20, "quick": 60}, name="growth", presets=NO_MUTANTS),)  # fmt: skip # noqa: E501
TRACED = tuple(
    bernoulli(
        means,
        {"smoke": 500, "quick": 1000, "power": 100},
        {"smoke": 10, "quick": 20, "power": 4},
        name=f"traced {name}",
        trace=True,
    )
    for name, means in (("two arms", (0.9, 0.4)), ("best last", (0.3, 0.5, 0.9)))
)
OWN_PRIOR = Hypothesis(
    "the means come from the prior that the algorithm believes in",
    lambda case: isinstance(case.model, Family) and case.name in ENTROPIES,
)


def growth_claim(algorithm: str, name: str, statement: str, source: str) -> Claim:
    """Rates of the frequentist theorems."""
    return Claim(
        name=name, kind=Rate(0.45), source=source, statement=statement, constants="rate only", instances=GROWING,
        quantity=late_regret, hypotheses=(STATIONARY, UNIT_REWARDS), algorithm=algorithm,
    )  # fmt: skip


CLAIMS = (
    Claim(
        name="Bayesian bound",
        kind=Expectation(),
        source="[russo2016information]",
        statement=r"E_{\mathrm{prior}} E[R_T] \le \sqrt{K T H(A^*)/2} \le \sqrt{K T \ln K/2}",
        constants="recalled",
        instances=BAYES,
        quantity=final_regret,
        bound=entropy_bound,
        trivial=horizon,
        cap=horizon,
        hypotheses=(OWN_PRIOR,),
        explains="what is learnt of the best arm pays for the regret",
    ),
    growth_claim("thompson", "growth", r"R_T = O(\log T)", "[agrawal2013further, Theorem 1]"),
    growth_claim("gaussian_thompson", "growth, Gaussian", r"R_T = O(\sqrt{T})", "[agrawal2013further, Theorem 3]"),
)


def links(algorithm: str, tail: str) -> tuple[Link, ...]:
    """Lemmas on the traced runs of one of the two algorithms."""
    return (
        regret_by_arms(TRACED, name=f"regret by arms{tail}", algorithm=algorithm),
        largest_played_link(
            TRACED,
            "samples",
            name=f"the largest draw is played{tail}",
            statement=r"\theta_{A_t} = \max_i \theta_i",
            source="[agrawal2013further, Algorithms 1 and 2]",
            algorithm=algorithm,
        ),
    )


def counts(run: Any, case: Case) -> Any:
    """(K, 2) one plus the successes and failures of each arm."""
    played = plays(run, case)
    wins = (played * run.trace["rewards"][:, None]).sum(axis=0)
    return 1.0 + np.stack([wins, played.sum(axis=0) - wins], axis=1)


LINKS = (
    *links("thompson", ""),
    Link(
        name="posterior counts",
        left=lambda r, c: r.extra["posterior"],
        right=counts,
        statement=r"a_i = 1 + S_i, b_i = 1 + F_i",
        source="conjugacy",
        instances=TRACED,
        two_sided=True,
    ),
    *links("gaussian_thompson", ", Gaussian"),
)
STAGES = (
    Stage("regret", final_regret),
    Stage("entropy bound", lambda run, case: entropy_bound(case), "every bit about the best arm paid for"),
    Stage("trivial", lambda run, case: horizon(case)),
)
RESULT = Result(
    slug="thompson",
    area="bandits/stochastic",
    title="Thompson sampling: Beta and Gaussian posteriors, and the Bayesian bound",
    paper="agrawal2013further",
    algorithms={"thompson": f"{THOMPSON}:thompson", "gaussian_thompson": f"{THOMPSON}:gaussian_thompson"},
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=BAYES[2],
    mutants=MUTANTS,
    figures=("thompson",),
    notes=(
        "The frequentist theorems come without explicit constants: rates only. The Bayesian bound has one, and is "
        "about three times the measured regret at T = 200.",
    ),
)
