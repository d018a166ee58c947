"""The proof of EXP3 on traced runs: the law of the draw, importance weights, the potential round by round."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.exp3_shared import (
    bernoulli_losses,
    increments,
    losses_of,
    played_probability,
    table,
)
from theorylab.rooms.proofs_checks.bandits.shared import final_regret
from theorylab.rooms.proofs_checks.bandits.weight_links import (
    distributions,
    importance_weighted,
    log_sum,
    potential_step_link,
    probabilities_sum_link,
)

from theorylab.verify.cases import Case
from theorylab.verify.statements import Link, Stage


def bound_of(form: str, K: int, T: int) -> float:
    r"""$\sqrt{2KT\ln K}$, $2\sqrt{KT\ln K}$, $\sqrt{16TK\ln K/5}$, $2\sqrt{(e-1)TK\ln K}$."""
    factor = {"loss": 2.0, "gain": 4.0, "mixed": 3.2, "auer": 4.0 * (math.e - 1.0)}[form]
    return math.sqrt(factor * K * T * math.log(K))


def theorem(case: Case) -> float:
    """The bound of the case's form."""
    return bound_of(case.parameters.get("form", "loss"), case.model.n_arms, case.horizon)


def switching(horizon: int) -> Any:
    """Arm 0 loses first, then arm 1 for long: whoever locks on an arm early loses a lot; real losses in [0, 1]."""
    losses = np.full((horizon, 3), 0.5)
    early = horizon // 4
    losses[:early, 0], losses[early:, 0] = 0.9, 0.1
    losses[:early, 1], losses[early:, 1] = 0.1, 0.9
    return losses


TRACED = tuple(
    table(
        f"traced {name}, {form}",
        losses,
        {"smoke": 400, "quick": 1500, "power": 80},
        {"smoke": 5, "quick": 20, "power": 3},
        trace=True,
        form=form,
    )
    for form, name, losses in (
        ("loss", "drawn table", lambda T: bernoulli_losses((0.8, 0.3, 0.3), T)),
        ("gain", "switching table", switching),
        ("auer", "drawn table", lambda T: bernoulli_losses((0.3, 0.8), T)),
        ("mixed", "switching table", switching),
    )
)


LOSSES = tuple(i for i in TRACED if i.parameters["form"] in ("loss", "gain"))


AUER = tuple(i for i in TRACED if i.parameters["form"] == "auer")


def eta_of(run: Any) -> float:
    """The learning rate of the run."""
    return float(run.parameters["eta"])


def sign_of(case: Case) -> float:
    """-1 for estimates of losses, 1 for estimates of gains."""
    return -1.0 if case.parameters["form"] in ("loss", "gain") else 1.0


def exponents(run: Any, case: Case) -> Any:
    """(T, K) the logarithms of the weights, from the traced estimates."""
    return sign_of(case) * eta_of(run) * run.trace["estimates"]


def weights(run: Any, case: Case) -> Any:
    """(T, K) the exponential weights of the traced estimates, as distributions."""
    return distributions(exponents(run, case))


def log_potential(run: Any, case: Case) -> Any:
    """(T,) ln of the sum of the weights."""
    return log_sum(exponents(run, case))


def law_expected(run: Any, case: Case) -> Any:
    """(T, K) the law that the paper draws from."""
    gamma = run.parameters["gamma"]
    return (1.0 - gamma) * weights(run, case) + gamma / case.model.n_arms


def weighted(run: Any, case: Case) -> Any:
    """(T - 1, K) importance-weighted losses (gains) of the rounds but the last, from actions, table and law."""
    losses = losses_of(case)
    return importance_weighted(run, case, losses if sign_of(case) < 0 else 1.0 - losses)


def auer_step_right(run: Any, case: Case) -> Any:
    """(eta x + (e - 2) eta^2 sum of estimates) / (1 - gamma): the step of the proof with mixing."""
    eta, gamma, estimated = eta_of(run), run.parameters["gamma"], increments(run)
    return (eta * run.trace["rewards"][:-1] + (math.e - 2.0) * eta**2 * estimated.sum(axis=1)) / (1.0 - gamma)


def second_order(run: Any, case: Case) -> float:
    """Ln K / eta + (eta / 2) sum of <p_t, l_t^2>, which for the estimates is the loss squared over p."""
    eta = eta_of(run)
    squares = (1.0 - run.trace["rewards"]) ** 2 / played_probability(run)
    return float(math.log(case.model.n_arms) / eta + 0.5 * eta * squares.sum())


def estimated_regret(run: Any, case: Case) -> Any:
    """(K,) loss of the plays minus the estimated loss of each arm, over all rounds but the last."""
    return (1.0 - run.trace["rewards"][:-1]).sum() - run.trace["estimates"][-1]


LINKS = (
    Link(
        name="the law of the draw",
        left=lambda run, case: run.trace["probabilities"],
        right=law_expected,
        source="[auer2002nonstochastic, Figure 1]",
        instances=TRACED,
        statement=r"p_i = (1-\gamma) e^{\pm\eta \hat L_i}/W + \gamma/K",
        two_sided=True,
        tolerance=1e-8,
    ),
    probabilities_sum_link(TRACED, statement=r"|\sum_i p_i - 1| \le 10^{-10} in every round, rebuilt or not"),
    Link(
        name="importance weights",
        left=lambda run, case: increments(run),
        right=weighted,
        source="[auer2002nonstochastic, Figure 1]",
        instances=TRACED,
        statement=r"\hat\ell_i = 1\{A = i\} \ell_i / p_i",
        two_sided=True,
        tolerance=1e-8,
    ),
    potential_step_link(LOSSES, log_potential),
    Link(
        name="potential step with mixing",
        left=lambda run, case: np.diff(log_potential(run, case)),
        right=auer_step_right,
        source="derived: e^x <= 1 + x + (e - 2) x^2 for x <= 1; [auer2002nonstochastic, Theorem 3.1]",
        instances=AUER,
        statement=r"\ln(W_{t+1}/W_t) \le (\eta x_t + (e-2) \eta^2 \sum_i \hat x_i)/(1-\gamma)",
    ),
    Link(
        name="second-order bound",
        left=estimated_regret,
        right=second_order,
        source="derived: the sum of the steps",
        instances=LOSSES,
        statement=r"\sum_t \ell_{t,A_t} - \hat L_{T,i} \le \ln K/\eta + (\eta/2) \sum_t \sum_i p_i \hat\ell_i^2",
        explains="sure, for every arm: chance enters by the estimates only",
    ),
)


STAGES = (
    Stage("regret", final_regret),
    Stage("second-order bound", second_order, "potential argument on this run"),
    Stage("at most K a round", lambda run, case: theorem(case), "every loss counted as one"),
)
