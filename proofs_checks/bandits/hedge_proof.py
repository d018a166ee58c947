"""The proof of Hedge on traced runs: the law of the draw and the potential round by round."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.exp3_shared import loss_sums, losses_of, table

from theorylab.verify.cases import Case
from theorylab.verify.statements import Link, Stage


def fixed_bound(case: Case) -> float:
    r"""$\sqrt{T \ln N/2}$."""
    return math.sqrt(case.horizon * math.log(case.model.n_arms) / 2.0)


def mixture_regret(run: Any, case: Case) -> float:
    """Regret of the distributions at T: what the theorem bounds."""
    return float(run.extra["mixture_regret"][-1])


def alternating(T: int) -> Any:
    """Two experts that take turns."""
    return np.array([[1.0, 0.0], [0.0, 1.0]])[np.arange(T) % 2]


def coins(n_arms: int, seed: int) -> Any:
    """Fair coins: regret of the order of the bound for every learner."""
    return lambda T: np.random.default_rng(seed).integers(0, 2, size=(T, n_arms)).astype(float)


def greedy(n_arms: int) -> Any:
    """Each round hurts the expert that has lost least so far."""

    def losses(T: int) -> Any:
        out, total = np.zeros((T, n_arms)), np.zeros(n_arms)
        for t in range(T):
            out[t, np.argmin(total)] = 1.0
            total += out[t]
        return out

    return losses


def one_never_loses(n_arms: int) -> Any:
    """Expert 0 never loses, the others always do."""
    return lambda T: np.tile([0.0] + [1.0] * (n_arms - 1), (T, 1))


FAMILIES = {
    "alternating": alternating,
    "coins, N = 2": coins(2, 1),
    "coins, N = 4": coins(4, 2),
    "coins, N = 50": coins(50, 3),
    "leader hurt, N = 3": greedy(3),
    "one never loses, N = 10": one_never_loses(10),
    "half losses": lambda T: np.random.default_rng(4).random((T, 3)),
}


TRACED = tuple(
    table(
        f"traced {name}, {form}",
        FAMILIES[name],
        {"smoke": 200, "quick": 1000, "power": 40},
        1,
        feedback="full",
        form=form,
        trace=True,
    )
    for form, name in (
        ("fixed", "coins, N = 4"),
        ("fixed", "half losses"),
        ("fixed", "leader hurt, N = 3"),
        ("anytime", "half losses"),
    )
)


FIXED = tuple(i for i in TRACED if i.parameters["form"] == "fixed")


def before(run: Any, case: Case) -> Any:
    """(T, N) total losses before each round."""
    losses = losses_of(case)
    return np.cumsum(losses, axis=0) - losses


def rates(run: Any, case: Case) -> Any:
    """(T, 1) the learning rates, from the definition."""
    log, t = math.log(case.model.n_arms), np.arange(1, case.horizon + 1)[:, None]
    return np.sqrt(8.0 * log / (case.horizon if case.parameters["form"] == "fixed" else t))


def law_expected(run: Any, case: Case) -> Any:
    """(T, N) exponential weights of the table."""
    powers = -rates(run, case) * before(run, case)
    powers = np.exp(powers - powers.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def log_potential(run: Any, case: Case) -> Any:
    """(T + 1,) ln W with the fixed rate."""
    sums = np.vstack([np.zeros(case.model.n_arms), np.cumsum(losses_of(case), axis=0)])
    powers = -run.parameters["eta"] * sums
    top = powers.max(axis=1)
    return top + np.log(np.exp(powers - top[:, None]).sum(axis=1))


def suffered(run: Any, case: Case) -> Any:
    """(T,) mean losses of the distributions."""
    return (run.trace["probabilities"] * losses_of(case)).sum(axis=1)


LINKS = (
    Link(
        name="exponential weights",
        left=lambda run, case: run.trace["probabilities"],
        right=law_expected,
        source="[cesabianchi2006prediction, Section 2.2]",
        instances=TRACED,
        statement=r"p_{t,i} \propto e^{-\eta_t L_{t-1,i}}",
        two_sided=True,
    ),
    Link(
        name="regret of the mixture",
        left=lambda run, case: run.extra["mixture_regret"][-1],
        right=lambda run, case: suffered(run, case).sum() - loss_sums(case).min(),
        source="definition",
        instances=TRACED,
        statement=r"R_T = \sum_t \langle p_t, \ell_t\rangle - \min_i L_{T,i}",
        two_sided=True,
    ),
    Link(
        name="potential step",
        left=lambda run, case: np.diff(log_potential(run, case)),
        right=lambda run, case: -run.parameters["eta"] * suffered(run, case) + run.parameters["eta"] ** 2 / 8.0,
        source="derived: Hoeffding's lemma",
        instances=FIXED,
        statement=r"\ln(W_{t+1}/W_t) \le -\eta\langle p_t,\ell_t\rangle + \eta^2/8",
    ),
    Link(
        name="the best expert's weight",
        left=lambda run, case: -run.parameters["eta"] * loss_sums(case).min(),
        right=lambda run, case: log_potential(run, case)[-1],
        source="derived",
        instances=FIXED,
        statement=r"-\eta L_{T,i} \le \ln W_{T+1}",
    ),
)


def variance_bound(run: Any, case: Case) -> float:
    """Ln N / eta + the true steps of the potential beyond -eta <p, l>."""
    eta = run.parameters["eta"]
    slack = np.diff(log_potential(run, case)) + eta * suffered(run, case)
    return float(math.log(case.model.n_arms) / eta + slack.sum() / eta)


STAGES = (
    Stage("regret", mixture_regret),
    Stage("potential", variance_bound, "the best expert's weight for the sum"),
    Stage("Hoeffding's lemma", lambda run, case: fixed_bound(case), "every step at its largest"),
)
