"""Follow-the-regularised-leader with the log-barrier of [wei2018adaptive]: our own bounds, the lemma attacked by a
search.

The bounds are derived in the docstring of :mod:`theorylab.bandits.adversarial.log_barrier_ftrl`; the paper's algorithm
is optimistic mirror descent with the same regulariser, and its constants are not claimed.
"""

from __future__ import annotations

import math
from typing import Any

from theorylab.rooms.proofs_checks.bandits.implicit_normalisation import (
    OBLIVIOUS,
    best_fixed_loss,
    largest_loss,
    table,
    total_loss,
)
from theorylab.rooms.proofs_checks.bandits.log_barrier_ftrl_proof import BARRIER, CHECKS, LINKS, costs, rate
from theorylab.rooms.proofs_checks.bandits.shared import (
    EVERYWHERE,
    NO_MUTANTS,
    UNIT_REWARDS,
    bernoulli,
    final_regret,
    largest_regret,
    reference_check,
)

from theorylab.verify.cases import Case, Hypothesis
from theorylab.verify.code import Mutant
from theorylab.verify.kinds import Expectation
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Stage

REFERENCE = "theorylab.bandits.adversarial.log_barrier_ftrl_reference:LogBarrierFTRL"
DEFAULT = Hypothesis("the default learning rate", lambda case: not {"eta", "best_loss"} & set(case.parameters))
SLOW = Hypothesis("eta < 2", lambda case: rate(case) < 2.0)


def regret_bound(case: Case) -> float:
    """sqrt(2 KT ln T) + 1."""
    return math.sqrt(2.0 * case.model.n_arms * case.horizon * math.log(case.horizon)) + 1.0


def small_loss(case: Case) -> float:
    r"""$L^* + (K \ln T/\eta + \eta L^*/2 + 1)/(1 - \eta/2)$."""
    eta, best = rate(case), best_fixed_loss(case)
    k_log = case.model.n_arms * math.log(case.horizon)
    return best + (k_log / eta + eta * best / 2.0 + 1.0) / (1.0 - eta / 2.0)


RUNS = {"smoke": 150, "quick": 400, "paper": 1000, "power": 4}
SHORT = {"smoke": 2000, "quick": 2000, "paper": 20_000, "power": 60}
ARMS = (
    bernoulli((0.9, 0.2), SHORT, RUNS),
    bernoulli((0.1, 0.9), SHORT, RUNS, presets=NO_MUTANTS),
    bernoulli((0.1, 0.1, 1.0), SHORT, RUNS, presets=("quick", "paper")),
)
TABLES = (table("switching", SHORT, RUNS), table("phased", SHORT, RUNS, presets=("quick", "paper")))
EASY = (
    table("easy", SHORT, RUNS, best_loss=40.0, presets=NO_MUTANTS),
    table("easy", SHORT, RUNS, name="easy, eta = 1/2", eta=0.5, presets=("quick", "paper")),
)
SMALL = tuple(
    bernoulli(means, {"smoke": 100, "quick": 150, "power": 30}, {"smoke": 1, "quick": 3, "power": 1}, **keywords)
    for means, keywords in (
        ((0.6, 0.5, 0.4), {}),
        ((0.0, 1.0), {"eta": 0.3}),
        ((0.2, 0.9), {"best_loss": 60.0}),
        ((0.9, 0.4), {"best_loss": 2.0}),
    )
)
CLAIMS = (
    Claim(
        name="adversarial",
        kind=Expectation(),
        source="derived",
        statement=r"E[\sum_t \ell_{t,A_t}] \le L^* + \sqrt{2KT \ln T} + 1",
        constants="derived here",
        instances=TABLES,
        quantity=total_loss,
        bound=lambda case: best_fixed_loss(case) + regret_bound(case),
        trivial=largest_loss,
        cap=largest_loss,
        hypotheses=(OBLIVIOUS, DEFAULT),
    ),
    Claim(
        name="stochastic arms",
        kind=Expectation(),
        source="derived",
        statement=r"E[R_T] \le \sqrt{2KT \ln T} + 1",
        constants="derived here",
        instances=ARMS,
        quantity=final_regret,
        bound=regret_bound,
        trivial=largest_regret,
        cap=largest_regret,
        hypotheses=(UNIT_REWARDS, DEFAULT),
    ),
    Claim(
        name="small loss",
        kind=Expectation(),
        source="derived; [wei2018adaptive] has a bound of this kind",
        statement=r"E[\sum_t \ell_{t,A_t}] \le L^* + (K \ln T/\eta + \eta L^*/2 + 1)/(1 - \eta/2)",
        constants="derived here",
        instances=EASY,
        quantity=total_loss,
        bound=small_loss,
        trivial=largest_loss,
        cap=largest_loss,
        hypotheses=(OBLIVIOUS, SLOW),
        explains="regret of the order of sqrt(L*), not sqrt(T)",
    ),
)
EXACT, PLAYS, LEMMA = "exact expected loss", "log_barrier_ftrl plays like its reference", "lemma for arbitrary losses"
LEADER, SOLVER = "first-order condition", "theorylab.bandits.adversarial.implicit_normalisation"
WEIGH, DRAW = "losses[arm] += (1.0 - reward) / weights[arm]", "draw_kernel(weights, agent.random())"
MUTANTS = (
    Mutant("sign of the losses", BARRIER, WEIGH, "losses[arm] -= (1.0 - reward) / weights[arm]", EXACT),
    Mutant("rewards taken for losses", BARRIER, WEIGH, "losses[arm] += reward / weights[arm]", EXACT),
    Mutant("no importance weight", BARRIER, WEIGH, "losses[arm] += 1.0 - reward", "estimates"),
    Mutant("weight of another arm", BARRIER, WEIGH, "losses[arm] += (1.0 - reward) / weights[0]", "estimates"),
    Mutant("loss of every arm", BARRIER, WEIGH, "losses += (1.0 - reward) / weights[arm]", "estimates"),
    Mutant("ln T for K ln T", BARRIER, "2.0 * n_arms * math.log", "2.0 * math.log", LEADER),
    Mutant("eta without the 2", BARRIER, "2.0 * n_arms * math.log", "1.0 * n_arms * math.log", LEADER),
    Mutant("eta of 1/T", BARRIER, "math.sqrt(numerator / horizon)", "numerator / horizon", LEADER),
    Mutant("eta not capped at 1", BARRIER, "1.0 if loss <= numerator else ", "", PLAYS),
    Mutant(
        "eta ignores the best loss", BARRIER, "math.sqrt(numerator / loss)", "math.sqrt(numerator / horizon)", PLAYS
    ),
    Mutant("Tsallis for the barrier", BARRIER, "eta, 1.0, offset", "eta, 2.0, offset", LEMMA),
    Mutant("twice the learning rate", BARRIER, "losses, eta, 1.0, offset", "losses, 2.0 * eta, 1.0, offset", LEADER),
    Mutant("half the learning rate", BARRIER, "losses, eta, 1.0, offset", "losses, 0.5 * eta, 1.0, offset", LEMMA),
    Mutant(
        "level of the round before",
        BARRIER,
        "offset = leader_kernel",
        "leader_kernel",
        hole="equivalent: only the start of Newton's method",
    ),
    Mutant("one Newton step", SOLVER, "range(MOST_STEPS)", "range(1)", "weights sum to one"),
    Mutant("start at min L, where the sum diverges", SOLVER, "floor = least", "floor = 0.0", EXACT),
    Mutant("coin of the environment", BARRIER, DRAW, "draw_kernel(weights, environment.random())", PLAYS),
    Mutant("last arm never drawn", SOLVER, "arm < weights.shape[0] - 1", "arm < weights.shape[0] - 2", EXACT),
)


def barrier_and_costs(run: Any, case: Case) -> float:
    """K ln T / eta and the costs of the rounds as they were."""
    return case.model.n_arms * math.log(case.horizon) / rate(case) + float(costs(run, case)[-1]) + 1.0


def squares(run: Any, case: Case) -> float:
    """The costs by squared losses."""
    paid = rate(case) / 2 * float(((1.0 - run.trace["rewards"]) ** 2).sum())
    return case.model.n_arms * math.log(case.horizon) / rate(case) + paid + 1.0


STAGES = (
    Stage("regret", lambda run, case: max(1e-9, total_loss(run, case) - best_fixed_loss(case))),
    Stage("barrier and costs of the rounds", barrier_and_costs, "the constraint is left out; one comparator for all"),
    Stage("squared losses", squares, "y - ln(1+y) <= y^2/2"),
    Stage("sqrt(2KT ln T) + 1", lambda run, case: regret_bound(case), "losses at most 1"),
)
RESULT = Result(
    slug="log_barrier_ftrl",
    area="bandits/adversarial",
    title="Follow-the-regularised-leader with the log-barrier",
    paper="wei2018adaptive",
    algorithms={"log_barrier_ftrl": f"{BARRIER}:log_barrier_ftrl"},
    claims=CLAIMS,
    links=LINKS,
    checks=(reference_check("log_barrier_ftrl", REFERENCE, SMALL, more=("probabilities", "estimated_losses")), *CHECKS),
    stages=STAGES,
    profile_instance=table(
        "phased",
        {"smoke": 1000, "quick": 5000},
        {"smoke": 3, "quick": 10},
        name="profile",
        presets=EVERYWHERE,
        trace=True,
    ),
    mutants=MUTANTS,
    coq=(
        "log_barrier.v:log_step",
        "log_barrier.v:stability_sum",
        "log_barrier.v:stability_step",
        "log_barrier.v:stability_importance_weighted",
    ),
    figures=("log_barrier_ftrl",),
    notes=(
        "The bounds are ours; the additive constant is 1, from the comparator (1 - 1/T) e_i + 1/(TK).",
        "With the loss of the best arm known, the regret follows sqrt(L*) and not sqrt(T).",
        "Rounding errors grow by 1 + eta loss whenever an arm is played: two correct implementations decide alike for "
        "some hundred rounds only.",
    ),
)
