"""What proofs on traced weights share: importance weights, the potential, links of every law of the draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.exp3_shared import increments

from theorylab.verify.cases import Case, Instance
from theorylab.verify.statements import Link

__all__ = [
    "distributions",
    "importance_weighted",
    "log_sum",
    "positive_link",
    "potential_step_link",
    "probabilities_sum_link",
]


def importance_weighted(run: Any, case: Case, losses: Any, gamma: float = 0.0) -> Any:
    """(T - 1, K) the loss (or gain) of the arm played over p + ``gamma``, in all rounds but the last, else 0."""
    at, arms = np.arange(case.horizon - 1), run.trace["actions"][:-1]
    out = np.zeros((case.horizon - 1, case.model.n_arms))
    out[at, arms] = losses[at, arms] / (run.trace["probabilities"][at, arms] + gamma)
    return out


def distributions(powers: Any) -> Any:
    """(T, K) exponential weights, each row as a distribution."""
    weights = np.exp(powers - powers.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def log_sum(powers: Any) -> Any:
    """(T,) ln of the sum of the exponential weights of each row."""
    top = powers.max(axis=1)
    return top + np.log(np.exp(powers - top[:, None]).sum(axis=1))


def probabilities_sum_link(
    instances: tuple[Instance, ...],
    *,
    name: str = "probabilities sum to one",
    source: str = "definition",
    statement: str = r"|\sum_i p_i - 1| \le 10^{-10}",
) -> Link:
    """The traced probabilities of every round sum to one."""
    return Link(
        name=name,
        left=lambda run, case: np.abs(run.trace["probabilities"].sum(axis=1) - 1.0),
        right=lambda run, case: 1e-10,
        source=source,
        instances=instances,
        statement=statement,
        tolerance=0.0,
    )


def potential_step_link(instances: tuple[Instance, ...], log_potential: Callable[[Any, Case], Any]) -> Link:
    """The potential of the estimated losses falls by their mean, up to half their second moment."""

    def right(run: Any, case: Case) -> Any:
        eta, law, estimated = float(run.parameters["eta"]), run.trace["probabilities"][:-1], increments(run)
        return -eta * (law * estimated).sum(axis=1) + 0.5 * eta**2 * (law * estimated**2).sum(axis=1)

    return Link(
        name="potential step",
        left=lambda run, case: np.diff(log_potential(run, case)),
        right=right,
        source="derived: e^{-x} <= 1 - x + x^2/2",
        instances=instances,
        statement=r"\ln(W_{t+1}/W_t) \le -\eta \langle p, \hat\ell\rangle + (\eta^2/2) \langle p, \hat\ell^2\rangle",
    )


def positive_link(instances: tuple[Instance, ...], *, source: str, statement: str) -> Link:
    """All traced probabilities are positive."""
    return Link(
        name="weights are positive",
        left=lambda run, case: (run.trace["probabilities"] > 0.0).astype(float),
        right=lambda run, case: 1.0,
        source=source,
        instances=instances,
        statement=statement,
        two_sided=True,
    )
