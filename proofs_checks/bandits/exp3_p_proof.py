"""The proof of EXP3.P on traced runs, and its exact checks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.exp3_shared import (
    bernoulli_losses,
    increments,
    losses_of,
    realised_regret,
    table,
    tree_check,
    tree_tables,
)
from theorylab.rooms.proofs_checks.bandits.shared import bernoulli, reference_check
from theorylab.rooms.proofs_checks.bandits.weight_links import distributions, log_sum

from theorylab.verify.cases import Case
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link, Stage

REFERENCE = "theorylab.bandits.adversarial.exp3_p_reference:EXP3P"


DELTA = 0.05


def theorem(case: Case) -> float:
    r"""$5.15 \sqrt{TK\ln(K/\delta)}$."""
    K = case.model.n_arms
    return 5.15 * math.sqrt(case.horizon * K * math.log(K / DELTA))


TRACED = tuple(
    table(
        f"traced {name}",
        losses,
        {"smoke": 300, "quick": 600, "power": 80},
        {"smoke": 200, "quick": 250, "power": 6},
        trace=True,
        delta=DELTA,
    )
    for name, losses in (
        ("drawn table", lambda T: bernoulli_losses((0.8, 0.3, 0.3), T)),
        ("sure gains", lambda T: np.tile([0.5, 0.0], (T, 1))),
    )
)


def exponents(run: Any) -> Any:
    """(T, K) the logarithms of the weights, from the traced gains."""
    return run.parameters["eta"] * run.trace["estimates"]


def weights(run: Any) -> Any:
    """(T, K) exponential weights of the traced gains, as distributions."""
    return distributions(exponents(run))


def law_expected(run: Any, case: Case) -> Any:
    """(T, K) weights mixed with the uniform distribution."""
    gamma = run.parameters["gamma"]
    return (1.0 - gamma) * weights(run) + gamma / case.model.n_arms


def optimistic(run: Any, case: Case) -> Any:
    """(T - 1, K) importance-weighted gains plus beta / p, from the table."""
    at, arms = np.arange(case.horizon - 1), run.trace["actions"][:-1]
    law = run.trace["probabilities"][:-1]
    out = run.parameters["beta"] / law
    out[at, arms] += (1.0 - losses_of(case)[at, arms]) / law[at, arms]
    return out


def step_right(run: Any, case: Case) -> Any:
    """Eta <q, g> + eta^2 <q, g^2>, q the weights without mixing."""
    eta, q, gains = run.parameters["eta"], weights(run)[:-1], increments(run)
    return eta * (q * gains).sum(axis=1) + eta**2 * (q * gains**2).sum(axis=1)


def undershoot(run: Any, case: Case) -> float:
    """By how much the true gains of some arm exceed the optimistic ones, before the last round."""
    return float(((1.0 - losses_of(case)[:-1]).sum(axis=0) - run.trace["estimates"][-1]).max())


LINKS = (
    Link(
        name="the law of the draw",
        left=lambda run, case: run.trace["probabilities"],
        right=law_expected,
        source="[bubeck2012regret, Section 3.2]",
        instances=TRACED,
        statement=r"p_i = (1-\gamma) e^{\eta\tilde G_i}/W + \gamma/K",
        two_sided=True,
        tolerance=1e-8,
    ),
    Link(
        name="optimistic estimates",
        left=lambda run, case: increments(run),
        right=optimistic,
        source="[bubeck2012regret, Section 3.2]",
        instances=TRACED,
        statement=r"\tilde g_i = (1\{A = i\} g_i + \beta)/p_i",
        two_sided=True,
        tolerance=1e-8,
    ),
    Link(
        name="exponents at most one",
        left=lambda run, case: run.parameters["eta"] * increments(run),
        right=lambda run, case: 1.0,
        source="[bubeck2012regret, proof of Theorem 3.3]",
        instances=TRACED,
        given=lambda run, case: run.parameters["beta"] <= 0.1,
        statement=r"\eta \tilde g_{t,i} \le \eta (1+\beta) K/\gamma \le 1 (\beta \le 0.1)",
    ),
    Link(
        name="potential step",
        left=lambda run, case: np.diff(log_sum(exponents(run))),
        right=step_right,
        source="derived: e^x <= 1 + x + x^2 for x <= 1",
        instances=TRACED,
        given=lambda run, case: run.parameters["beta"] <= 0.1,
        statement=r"\ln(W_{t+1}/W_t) \le \eta \langle q, \tilde g\rangle + \eta^2 \langle q, \tilde g^2\rangle",
    ),
    Link(
        name="optimism",
        kind=HighProbability(DELTA),
        left=undershoot,
        right=lambda run, case: math.log(case.model.n_arms / DELTA) / run.parameters["beta"],
        source="derived; [bubeck2012regret, Lemma 3.1], union over arms",
        constants="derived here",
        instances=TRACED,
        statement=r"\max_i (G_{T,i} - \tilde G_{T,i}) \le \ln(K/\delta)/\beta with probability 1 - \delta",
        explains="without the bonus the estimate of the best arm may fall far behind",
    ),
)


def path_bound(run: Any, case: Case) -> float:
    """What the potential argument leaves on this run, for the best estimated arm."""
    eta, q, gains = run.parameters["eta"], weights(run), optimistic(run, case)
    second = eta * (q[:-1] * gains**2).sum()
    first = (q[:-1] * gains).sum() - run.trace["rewards"][:-1].sum()
    return float(
        math.log(case.model.n_arms) / eta
        + second
        + first
        + math.log(case.model.n_arms / DELTA) / run.parameters["beta"]
    )


STAGES = (
    Stage("regret", realised_regret),
    Stage("bound on the run", path_bound, "potential argument and optimism"),
    Stage("theorem", lambda run, case: theorem(case), "estimates in the worst case"),
)


def tree_start(case: Case) -> Any:
    """(beta, eta, gamma, estimates)."""
    K, n, delta = case.model.n_arms, case.horizon, case.parameters["delta"]
    beta = (math.log(K / delta) / (n * K)) ** 0.5
    return beta, 0.95 * (math.log(K) / (n * K)) ** 0.5, min(1.0, 1.05 * (K * math.log(K) / n) ** 0.5), [0.0] * K


def tree_law(state: Any) -> list[float]:
    """Exponential weights, mixed."""
    _, eta, gamma, gains = state
    powers = [math.exp(eta * g) for g in gains]
    return [(1 - gamma) * x / math.fsum(powers) + gamma / len(gains) for x in powers]


def tree_update(state: Any, arm: int, loss: float) -> Any:
    """All estimates grow."""
    beta, eta, gamma, gains = state
    law = tree_law(state)
    return beta, eta, gamma, [g + ((1 - loss) * (i == arm) + beta) / law[i] for i, g in enumerate(gains)]


SEEDS = {"smoke": 2, "quick": 4, "power": 1}


SMALL = (
    bernoulli((0.6, 0.5, 0.4), {"smoke": 300, "quick": 1500, "power": 80}, SEEDS, delta=0.1),
    bernoulli((1.0, 0.0), {"smoke": 300, "quick": 1500, "power": 80}, SEEDS, delta=0.5),
    table(
        "sure gains",
        lambda T: np.tile([0.5, 1.0, 0.25], (T, 1)),
        {"smoke": 300, "quick": 1500, "power": 80},
        SEEDS,
        delta=DELTA,
    ),
)


CHECKS = (
    reference_check("exp3_p", REFERENCE, SMALL, more=("probabilities", "estimates")),
    tree_check(
        "exp3_p",
        tree_start,
        tree_law,
        tree_update,
        tree_tables(delta=0.5),
        source="[bubeck2012regret, Section 3.2]",
    ),
)
