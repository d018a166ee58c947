r"""[auer2002nonstochastic]: EXP3 in four forms; expected regret, the potential argument round by round, exact values.

The proof for the form ``loss``.  $W_t = \sum_i e^{-\eta \hat L_{t,i}}$ falls in each round by at least as much as
$e^{-x} \le 1 - x + x^2/2$ says, and never below the weight of the best arm; so the estimated regret is at most
$\ln K/\eta + (\eta/2) \sum_t \langle p_t, \hat\ell_t^2 \rangle$ on *every* run (a sure link).  Estimates are unbiased
(checked by enumeration of all arm draws) and $E \langle p_t, \hat\ell_t^2 \rangle \le K$.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.exp3_exact import CHECKS
from theorylab.rooms.proofs_checks.bandits.exp3_mutants import MUTANTS
from theorylab.rooms.proofs_checks.bandits.exp3_proof import LINKS, STAGES, switching, theorem
from theorylab.rooms.proofs_checks.bandits.exp3_shared import (
    OBLIVIOUS,
    bernoulli_losses,
    excess_bound,
    excess_loss,
    largest_excess,
    table,
)
from theorylab.rooms.proofs_checks.bandits.shared import (
    NO_MUTANTS,
    STATIONARY,
    UNIT_REWARDS,
    bernoulli,
    final_regret,
    largest_regret,
)

from theorylab.bandits import BernoulliBandit
from theorylab.verify.cases import Case, Family, Hypothesis, Instance
from theorylab.verify.kinds import Expectation, LowerBound
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim

EXP3 = "theorylab.bandits.adversarial.exp3"


KEPT = Hypothesis("the form's own rate", lambda case: case.parameters.get("eta") is None)


RUNS = {"smoke": 180, "quick": 400, "paper": 2000, "power": 12}


SHORT = {"smoke": 100, "quick": 300, "paper": 1000, "power": 100}


FORMS = ("loss", "gain", "mixed", "auer")


MEANS = {
    "two arms, best first": (0.9, 0.1),
    "two arms, best last": (0.1, 0.9),
    "ten arms": (*[0.1] * 9, 0.9),
    "sure arms": (0.0, 1.0, 0.0),
}


STOCHASTIC = {
    form: tuple(
        bernoulli(
            means,
            {**SHORT, "quick": 1500} if len(means) == 10 else SHORT,
            RUNS,
            name=f"{name}, {form}",
            form=form,
            presets=(*NO_MUTANTS, "power") if form == "loss" and len(means) < 10 else ("quick", "paper"),
        )
        for name, means in list(MEANS.items())[: 4 if form == "loss" else 2]
    )
    for form in FORMS
}


TABLES = {
    form: (
        table(f"drawn table, {form}", lambda T: bernoulli_losses((0.8, 0.2, 0.2), T, seed=3), SHORT, RUNS, form=form),
        table(f"switching table, {form}", switching, SHORT, RUNS, form=form),
    )
    for form in ("loss", "mixed")
}


LEAST_ARMS, LEAST_HORIZON = 10, {"smoke": 1000, "quick": 5000}


def least_gap(T: int) -> float:
    """The gap at which the lower bound below is about largest."""
    return 0.45 * math.sqrt(LEAST_ARMS / T)


def one_good_arm_somewhere(T: int) -> Family:
    """All means 1/2 but that of one arm, drawn uniformly, which is larger by :func:`least_gap`."""

    def draw(generator: Any) -> BernoulliBandit:
        means = np.full(LEAST_ARMS, 0.5)
        means[generator.integers(LEAST_ARMS)] += least_gap(T)
        return BernoulliBandit(means)

    return Family("one good arm somewhere", draw)


def no_policy_is_better(case: Case) -> float:
    r"""$\epsilon T (1 - 1/K - \sqrt{(T/(2K)) \, kl(1/2, 1/2+\epsilon)})$.

    Let $N_i$ be the plays of arm i and $E_0$ the mean when no arm is good.  Pinsker's inequality and the chain rule
    give $E_i[N_i] \le E_0[N_i] + T \sqrt{E_0[N_i] \, kl(1/2, 1/2 + \epsilon)/2}$; average over i, use Jensen's
    inequality and $\sum_i E_0[N_i] = T$.
    """
    T, gap = case.horizon, least_gap(case.horizon)
    divergence = -0.5 * math.log(1.0 - 4.0 * gap**2)
    return gap * T * (1.0 - 1.0 / LEAST_ARMS - math.sqrt(T * divergence / (2 * LEAST_ARMS)))


LEAST = tuple(
    Instance(
        f"one good arm of ten, T = {T}",
        lambda T=T: one_good_arm_somewhere(T),
        T,
        {"smoke": 60, "quick": 150},
        {},
        (preset,),
    )
    for preset, T in LEAST_HORIZON.items()
)


CLAIMS = (
    *(
        Claim(
            name=f"expected regret, {form}",
            kind=Expectation(),
            source=source,
            statement=statement,
            constants=constants,
            instances=STOCHASTIC[form],
            quantity=final_regret,
            bound=theorem,
            trivial=largest_regret,
            cap=largest_regret,
            hypotheses=(STATIONARY, UNIT_REWARDS, KEPT),
            explains="importance weighting and the learning rate",
        )
        for form, statement, constants, source in (
            ("loss", r"E[R_T] \le \sqrt{2KT\ln K}", "derived here", "derived; [lattimore2020bandit, Theorem 11.2]"),
            ("gain", r"E[R_T] \le 2\sqrt{KT\ln K}", "recalled", "[lattimore2020bandit, Theorem 11.1]"),
            ("mixed", r"E[R_T] \le \sqrt{16TK\ln K/5}", "paper", "[audibert2010regret, Theorem 10]"),
            ("auer", r"E[R_T] \le 2\sqrt{(e-1)TK\ln K}", "recalled", "[auer2002nonstochastic, Corollary 3.2]"),
        )
    ),
    *(
        Claim(
            name=f"expected loss on a table, {form}",
            kind=Expectation(),
            source=source,
            statement=r"E[\sum_t \ell_{t,A_t}] \le \min_i L_{T,i} + B",
            constants=constants,
            instances=TABLES[form],
            quantity=excess_loss,
            bound=excess_bound(theorem),
            trivial=largest_excess,
            cap=largest_excess,
            hypotheses=(OBLIVIOUS, KEPT),
        )
        for form, constants, source in (
            ("loss", "derived here", "derived; [lattimore2020bandit, Theorem 11.2]"),
            ("mixed", "paper", "[audibert2010regret, Theorem 10]"),
        )
    ),
    Claim(
        name="no policy is better",
        kind=LowerBound(),
        source="derived: Pinsker's inequality, averaged over the good arm; cf. [auer2002nonstochastic, Theorem 5.1]",
        statement=r"E[R_T] \ge \epsilon T (1 - 1/K - \sqrt{(T/2K) kl(1/2, 1/2+\epsilon)}) on average over the good arm",
        constants="derived here",
        instances=LEAST,
        quantity=final_regret,
        bound=no_policy_is_better,
        cap=lambda case: case.horizon * least_gap(case.horizon),
        explains="a policy below it knows the good arm from elsewhere than its own rewards",
    ),
)


RESULT = Result(
    slug="exp3",
    area="bandits/adversarial",
    title="EXP3: exponential weights on importance-weighted losses, in four published forms",
    paper="auer2002nonstochastic",
    algorithms={"exp3": f"{EXP3}:exp3"},
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=bernoulli(
        (0.9, *[0.5] * 9), {"smoke": 2000, "quick": 10_000}, {"smoke": 3, "quick": 10}, name="profile", trace=True
    ),
    mutants=MUTANTS,
    figures=("exp3",),
    notes=(
        "The bound alone misses most mistakes: a stale probability leaves the mean regret as it is. Enumeration of the "
        "estimates, and the reference, see it.",
        "On a fixed instance the regret of a correct EXP3, tuned to each horizon, grows faster than the root of T over "
        "the horizons that can be run: see the figure.",
    ),
)
