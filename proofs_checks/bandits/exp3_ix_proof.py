"""The proof of EXP3-IX on traced runs, and its exact checks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.exp3_shared import (
    bernoulli_losses,
    increments,
    losses_of,
    played_probability,
    realised_regret,
    table,
    tree_check,
    tree_tables,
)
from theorylab.rooms.proofs_checks.bandits.shared import bernoulli, reference_check
from theorylab.rooms.proofs_checks.bandits.weight_links import (
    importance_weighted,
    log_sum,
    potential_step_link,
    probabilities_sum_link,
)

from theorylab.verify.cases import Case
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link, Stage

REFERENCE = "theorylab.bandits.adversarial.exp3_ix_reference:EXP3IX"


DELTA = 0.05


def theorem(case: Case) -> float:
    """The bound of the case's form at DELTA."""
    K, T = case.model.n_arms, case.horizon
    if case.parameters.get("form", "ls") == "ls":
        log = math.log(K + 1)
        return (
            math.sqrt(8 * K * T * log) + math.sqrt(K * T / (2 * log)) * math.log(1 / DELTA) + math.log((K + 1) / DELTA)
        )
    log = math.log(K)
    return 2 * math.sqrt(2 * K * T * log) + (math.sqrt(2 * K * T / log) + 1) * math.log(2 / DELTA)


TRACED = tuple(
    table(
        f"traced {name}, {form}",
        losses,
        {"smoke": 300, "quick": 600, "power": 80},
        {"smoke": 200, "quick": 250, "power": 6},
        trace=True,
        form=form,
    )
    for name, form, losses in (
        ("drawn table", "ls", lambda T: bernoulli_losses((0.8, 0.3, 0.3), T)),
        ("sure losses", "neu", lambda T: np.tile([1.0, 0.5], (T, 1))),
    )
)


def rate(run: Any) -> tuple[float, float]:
    """(eta, gamma) of the run."""
    return float(run.parameters["eta"]), float(run.parameters["gamma"])


def log_potential(run: Any, case: Case) -> Any:
    """(T,) ln of the sum of the weights of the traced estimates."""
    return log_sum(-rate(run)[0] * run.trace["estimates"])


def law_expected(run: Any, case: Case) -> Any:
    """(T, K) exponential weights of the traced estimates: without explicit exploration."""
    return np.exp(-rate(run)[0] * run.trace["estimates"] - log_potential(run, case)[:, None])


def implicit(run: Any, case: Case) -> Any:
    """(T - 1, K) the loss of the arm played over p + gamma, from the table."""
    return importance_weighted(run, case, losses_of(case), rate(run)[1])


def overshoot(run: Any, case: Case) -> float:
    """By how much the estimated losses of some arm exceed the true ones, before the last round."""
    return float((run.trace["estimates"][-1] - losses_of(case)[:-1].sum(axis=0)).max())


def path_bound(run: Any, case: Case) -> float:
    """Ln K / eta + the price of gamma + the second-order term, on this run."""
    eta, gamma = rate(run)
    estimated = (1.0 - run.trace["rewards"]) / (played_probability(run) + gamma)
    return float(math.log(case.model.n_arms) / eta + (gamma + 0.5 * eta) * estimated.sum())


LINKS = (
    Link(
        name="the law of the draw",
        left=lambda run, case: run.trace["probabilities"],
        right=law_expected,
        source="[neu2015explore, Algorithm 1]",
        instances=TRACED,
        statement=r"p_i = e^{-\eta\hat L_i}/W: no explicit exploration",
        two_sided=True,
        tolerance=1e-8,
    ),
    probabilities_sum_link(TRACED),
    Link(
        name="implicit exploration",
        left=lambda run, case: increments(run),
        right=implicit,
        source="[neu2015explore, (2)]",
        instances=TRACED,
        statement=r"\hat\ell_i = 1\{A = i\} \ell_i / (p_i + \gamma)",
        two_sided=True,
        tolerance=1e-8,
    ),
    Link(
        name="price of gamma",
        left=lambda run, case: (run.trace["probabilities"][:-1] * increments(run)).sum(axis=1),
        right=lambda run, case: 1.0 - run.trace["rewards"][:-1] - rate(run)[1] * increments(run).sum(axis=1),
        source="[neu2015explore, proof of Theorem 1]",
        instances=TRACED,
        statement=r"\langle p_t, \hat\ell_t\rangle = \ell_{t,A_t} - \gamma \sum_i \hat\ell_{t,i}",
        two_sided=True,
    ),
    potential_step_link(TRACED, log_potential),
    Link(
        name="bound on the run",
        left=lambda run, case: (1.0 - run.trace["rewards"][:-1]).sum() - run.trace["estimates"][-1],
        right=path_bound,
        source="derived: the sum of the steps and the price of gamma; p l^2 <= l",
        instances=TRACED,
        statement=r"\sum_t \ell_{t,A_t} - \hat L_{T,i} \le \ln K/\eta + (\gamma + \eta/2) \sum_{t,i} \hat\ell_{t,i}",
    ),
    Link(
        name="estimates do not run away",
        kind=HighProbability(DELTA),
        left=overshoot,
        right=lambda run, case: math.log(case.model.n_arms / DELTA) / (2.0 * rate(run)[1]),
        source="derived; [neu2015explore, Corollary 1]",
        constants="derived here",
        instances=TRACED,
        statement=r"\max_i (\hat L_{T,i} - L_{T,i}) \le \ln(K/\delta)/(2\gamma) with probability 1 - \delta",
        explains="what EXP3 lacks: its estimates have heavy tails",
    ),
)


STAGES = (
    Stage("regret", realised_regret),
    Stage("bound on the run", path_bound, "potential argument, price of gamma"),
    Stage("theorem", lambda run, case: theorem(case), "estimates by true losses, every loss counted as one"),
)


def tree_start(case: Case) -> Any:
    """(eta, gamma, estimates)."""
    K, n = case.model.n_arms, case.horizon
    log = math.log(K + 1) if case.parameters.get("form", "ls") == "ls" else math.log(K)
    eta = (2 * log / (n * K)) ** 0.5
    return eta, eta / 2, [0.0] * K


def tree_law(state: Any) -> list[float]:
    """Exponential weights."""
    eta, _, estimates = state
    powers = [math.exp(-eta * loss) for loss in estimates]
    return [x / math.fsum(powers) for x in powers]


def tree_update(state: Any, arm: int, loss: float) -> Any:
    """One estimate, smaller by gamma in the denominator."""
    eta, gamma, estimates = state
    p = tree_law(state)[arm]
    return eta, gamma, [old + loss / (p + gamma) * (i == arm) for i, old in enumerate(estimates)]


SEEDS = {"smoke": 2, "quick": 4, "power": 1}


SMALL = (
    bernoulli((0.6, 0.5, 0.4), {"smoke": 300, "quick": 1500, "power": 80}, SEEDS),
    bernoulli((0.2, 0.8), {"smoke": 300, "quick": 1500, "power": 80}, SEEDS, form="neu"),
    bernoulli((0.0, 0.1), 160, SEEDS, eta=10.0),  # a large rate expands rounding errors: no longer
    table(
        "sure losses", lambda T: np.tile([0.5, 1.0, 0.25], (T, 1)), {"smoke": 300, "quick": 1500, "power": 80}, SEEDS
    ),
)


CHECKS = (
    reference_check("exp3_ix", REFERENCE, SMALL, more=("probabilities", "estimates")),
    tree_check(
        "exp3_ix",
        tree_start,
        tree_law,
        tree_update,
        (*tree_tables(form="ls"), *tree_tables(form="neu")),
        source="[neu2015explore, Algorithm 1]",
    ),
)
