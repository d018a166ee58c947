r"""[freund1997decision]: Hedge; sure regret on fixed, greedy and searched tables, the potential round by round.

The proof.  Hoeffding's lemma bounds the change of $\ln W_t$ in a round by $-\eta\langle p_t,\ell_t\rangle +
\eta^2/8$ for any losses in [0, 1]; nothing is random.  So the claims are ``Always``: on tables made to hurt, and on
tables that a search makes worse and worse.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.exp3_shared import OBLIVIOUS, losses_of, table, worst_regret
from theorylab.rooms.proofs_checks.bandits.hedge_proof import (
    FAMILIES,
    LINKS,
    STAGES,
    coins,
    fixed_bound,
    mixture_regret,
)
from theorylab.rooms.proofs_checks.bandits.hedge_search import searched, worst_found
from theorylab.rooms.proofs_checks.bandits.shared import EVERYWHERE, NO_MUTANTS, same_plays

from theorylab.core.rng import child_seed
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Code, Mutant
from theorylab.verify.kinds import Always
from theorylab.verify.result import Result
from theorylab.verify.statements import Check, Claim, Comparison

HEDGE = "theorylab.bandits.adversarial.hedge"


FULL = Hypothesis("all losses are seen", lambda case: case.model.feedback == "full")


def is_form(form: str) -> Hypothesis:
    """The run has this form with its own rate."""
    return Hypothesis(
        f'form "{form}"', lambda c: c.parameters.get("form", "fixed") == form and "eta" not in c.parameters
    )


def anytime_bound(times: Any, n_arms: int) -> Any:
    r"""$2\sqrt{t \ln N/2} + \sqrt{\ln N/8}$."""
    log = math.log(n_arms)
    return 2.0 * np.sqrt(np.asarray(times) * log / 2.0) + math.sqrt(log / 8.0)


def largest_ratio(run: Any, case: Case) -> float:
    """Over all checkpoints, regret of the distributions over the bound for that time."""
    return float((run.extra["mixture_regret"] / anytime_bound(run.times, case.model.n_arms)).max())


LENGTH = {"smoke": 300, "quick": 3000, "paper": 100_000, "power": 60}


TABLES = {
    form: tuple(
        table(f"{name}, {form}", losses, LENGTH, 1, feedback="full", form=form, presets=EVERYWHERE)
        for name, losses in FAMILIES.items()
    )
    for form in ("fixed", "anytime")
}


CLAIMS = (
    Claim(
        name="sure regret",
        kind=Always(),
        source="derived: Hoeffding's lemma; [cesabianchi2006prediction, Theorem 2.2]",
        statement=r"\sum_t \langle p_t, \ell_t\rangle - \min_i L_{T,i} \le \sqrt{T\ln N/2}",
        constants="derived here",
        instances=TABLES["fixed"],
        quantity=mixture_regret,
        bound=lambda case: fixed_bound(case) + 1e-9,
        trivial=worst_regret,
        hypotheses=(OBLIVIOUS, FULL, is_form("fixed")),
        explains="the rate and the use of all past losses",
    ),
    Claim(
        name="sure regret at every time",
        kind=Always(),
        source="[cesabianchi2006prediction, Theorem 2.3]",
        statement=r"\max_t R_t / (2\sqrt{t\ln N/2} + \sqrt{\ln N/8}) \le 1",
        constants="recalled",
        instances=TABLES["anytime"],
        quantity=largest_ratio,
        bound=lambda case: 1.0 + 1e-9,
        hypotheses=(OBLIVIOUS, FULL, is_form("anytime")),
    ),
)


def same_distributions(code: Code, case: Case, rng: Any) -> Comparison:
    """Arms, rewards, distributions and mixture regret of the reference, which is given the table."""
    from theorylab.bandits.adversarial.hedge_reference import Hedge
    from theorylab.bandits.adversarial.hedge_reference import mixture_regret as slow_regret
    from theorylab.bandits.agents import agent_algorithm

    keywords = {k: v for k, v in case.parameters.items() if k != "trace"}
    losses = losses_of(case).tolist()
    for i in range(case.runs):
        seed = child_seed(rng, i)
        run = code.algorithm("hedge")(case.model, case.horizon, rng=seed, trace=True, **keywords)
        slow = agent_algorithm(Hedge)(case.model, case.horizon, rng=seed, trace=True, losses=losses, **keywords)
        found = same_plays(run, slow, more=("probabilities",))
        if not found.holds:
            return Comparison(False, found.value, found.bound, f"run {i}: {found.detail}", i + 1)
        got, expected = mixture_regret(run, case), slow_regret(losses, slow.trace["probabilities"])
        if not abs(got - expected) <= 1e-9 * (1 + abs(expected)):
            return Comparison(
                False, got, expected, f"run {i}: mixture regret {got:.12g}, expected {expected:.12g}", i + 1
            )
    return Comparison(True, got, expected, f"the same {case.horizon} rounds", case.runs)


def bound_survives_search(code: Code, case: Case, rng: Any) -> Comparison:
    """No table that the search finds exceeds the bound; the model gives N, the search T and the rest."""
    form = case.parameters["form"]
    n_arms, T = case.model.n_arms, case.horizon

    def ratio(losses: Any) -> float:
        from theorylab.bandits import AdversarialBandit

        run = code.algorithm("hedge")(AdversarialBandit(losses, feedback="full"), T, form=form, rng=0)
        if form == "fixed":
            return float(run.extra["mixture_regret"][-1] / math.sqrt(T * math.log(n_arms) / 2.0))
        return float((run.extra["mixture_regret"] / anytime_bound(run.times, n_arms)).max())

    worst, losses, tried = searched(ratio, T, n_arms, rounds=case.runs, rng=rng)
    return Comparison(worst <= 1.0 + 1e-9, worst, 1.0 + 1e-9, worst_found(worst, losses, tried), tried)


SEARCHES = tuple(
    Instance(
        f"N = {n}, T = {T}, {form}",
        lambda n=n, T=T: table("", lambda T: np.zeros((T, n)), T, 1, feedback="full").build(),
        T,
        {"smoke": 20, "quick": 150, "paper": 3000, "power": 12},
        {"form": form},
        presets,
    )
    for n, T, form, presets in (
        (2, 20, "fixed", EVERYWHERE),
        (3, 12, "fixed", NO_MUTANTS),
        (4, 8, "fixed", ("quick", "paper")),
        (2, 1, "fixed", EVERYWHERE),
        (2, 20, "anytime", NO_MUTANTS),
        (3, 10, "anytime", ("quick", "paper")),
    )
)


CHECKS = (
    Check(
        name="hedge plays like its reference",
        evaluate=same_distributions,
        source="line-by-line reference",
        instances=tuple(
            table(
                f"{name}, {form}",
                FAMILIES[name],
                {"smoke": 60, "quick": 150, "power": 30},
                {"smoke": 1, "quick": 2},
                feedback="full",
                form=form,
            )
            for form in ("fixed", "anytime")
            for name in ("half losses", "leader hurt, N = 3", "coins, N = 4")
        ),
        layer="reference",
        algorithm="hedge",
        statement="the same distributions, arms and mixture regret, round by round",
    ),
    Check(
        name="searched tables",
        evaluate=bound_survives_search,
        source="local search over tables of losses",
        instances=SEARCHES,
        kind=Always(),
        layer="lemma",
        algorithm="hedge",
        statement=r"R_T \le \sqrt{T\ln N/2} on every table that a local search finds",
    ),
)


PLAYS, WEIGHTS = "hedge plays like its reference", "exponential weights"


MUTANTS = (
    Mutant("the last loss only", HEDGE, "losses[i] += loss", "losses[i] = loss", "sure regret"),
    Mutant("rate 8 lost: sqrt(ln N / T)", HEDGE, "math.sqrt(8.0 *", "math.sqrt(1.0 *", WEIGHTS),
    Mutant("rate 10 times too large", HEDGE, "math.sqrt(8.0 *", "10.0 * math.sqrt(8.0 *", "sure regret"),
    Mutant("gain for loss", HEDGE, "loss = 1.0 - means[t, i]", "loss = means[t, i]", "sure regret"),
    Mutant("ln T for ln N", HEDGE, "math.log(n_arms) / (horizon", "math.log(horizon) / (horizon", WEIGHTS),
    Mutant(
        "anytime: rate frozen", HEDGE, "now = eta / math.sqrt(t + 1.0) if form == ANYTIME else eta", "now = eta", PLAYS
    ),
    Mutant("anytime: rate of the round before", HEDGE, "math.sqrt(t + 1.0)", "math.sqrt(max(t, 1.0))", PLAYS),
    Mutant("plays before it normalises", HEDGE, "law[i] /= total", "law[i] /= n_arms", WEIGHTS),
    Mutant(
        "only the drawn arm's loss counted", HEDGE, "losses[i] += loss", "losses[i] += loss * (i == arm)", "sure regret"
    ),
    Mutant(
        "sees the losses before it plays",
        HEDGE,
        "law[i] = math.exp(-now * (losses[i] - least))",
        "law[i] = math.exp(-now * (losses[i] + 1.0 - means[t, i] - least))",
        WEIGHTS,
    ),
    Mutant(
        "all weight on the leader",
        HEDGE,
        "math.exp(-now * (losses[i] - least))",
        "1.0 if losses[i] == least else 0.0",
        "sure regret",
    ),
)


RESULT = Result(
    slug="hedge",
    area="bandits/adversarial",
    title="Hedge: sure regret against the best expert, on tables that were searched to break it",
    paper="freund1997decision",
    algorithms={"hedge": f"{HEDGE}:hedge"},
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=table(
        "profile", coins(4, 2), {"smoke": 1000, "quick": 10_000}, 2, feedback="full", form="fixed", trace=True
    ),
    mutants=MUTANTS,
    coq=(
        "hedge.v:hoeffding_two_points",
        "hedge.v:potential_step_hoeffding",
        "hedge.v:hedge_regret_tuned",
    ),
    figures=("hedge",),
    notes=("A learner that sees the losses before it plays obeys the bound: the law of its draws gives it away.",),
)
