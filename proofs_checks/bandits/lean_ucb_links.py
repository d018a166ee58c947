"""UCB of the formal development: its lemmas, under their names, recomputed from arms and rewards."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.recounts import (
    all_played,
    before,
    best_arm,
    deciding,
    of_arms,
    regret_by_arms,
)

from theorylab.verify.cases import Case, Instance
from theorylab.verify.statements import Link

__all__ = ["LINKS", "scale"]


def scale(case: Case) -> float:
    """C times sigma^2: the one parameter of the formal algorithm."""
    return float(case.parameters.get("c", 3.0)) * float(case.parameters.get("sigma2", 0.25))


def recounted(run: Any, case: Case) -> tuple[Any, Any, Any]:
    """Pulls, means and widths of all arms before each round, (T, K) each."""
    pulls, means = before(run, case)
    t = np.arange(case.horizon)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return pulls, means, np.sqrt(2.0 * scale(case) * np.log(t + 1.0) / pulls)


def indices(run: Any, case: Case) -> Any:
    """(T, K) means plus widths."""
    _, means, widths = recounted(run, case)
    return means + widths


def best_fails(run: Any, case: Case) -> Any:
    """(T,) the index of the best arm is below its mean, some play of it being done."""
    pulls, means, widths = recounted(run, case)
    b = best_arm(case)
    with np.errstate(invalid="ignore"):
        return (pulls[:, b] > 0) & (means[:, b] + widths[:, b] < case.model.best_mean)


def arm_fails(run: Any, case: Case) -> Any:
    """(T, K) the lower limit of the arm is above its mean."""
    pulls, means, widths = recounted(run, case)
    with np.errstate(invalid="ignore"):
        return (pulls > 0) & (means - widths > case.model.means[None, :])


def good_plays(run: Any, case: Case) -> Any:
    """(T,) indices decide, and both intervals hold."""
    return all_played(run, case) & ~best_fails(run, case) & ~of_arms(arm_fails(run, case), run.trace["actions"])


def most_pulls(run: Any, case: Case) -> Any:
    """(K,) C + 1 and the rounds in which an interval failed; infinite for best arms."""
    with np.errstate(divide="ignore"):
        c = np.ceil(8.0 * scale(case) * math.log(case.horizon + 1) / case.model.gaps**2)
    return np.maximum(c, 1.0) + 1.0 + best_fails(run, case).sum() + arm_fails(run, case).sum(axis=0)


def LINKS(instances: tuple[Instance, ...]) -> tuple[Link, ...]:  # noqa: N802  a constant but for its instances
    """The chain of the formal proof."""
    return (
        regret_by_arms(
            instances,
            source="[degenne2025leanbandits, integral_regret_le_of_forall_integral_pullCount_le]",
            statement=r"R_T = \sum_a N_a \Delta_a",
        ),
        Link(
            name="forall_arm_eq_mod_of_lt",
            left=lambda run, case: run.trace["actions"],
            right=lambda run, case: np.arange(case.horizon),
            given=lambda run, case: ~all_played(run, case),
            source="[degenne2025leanbandits, UCB.forall_arm_eq_mod_of_lt]",
            instances=instances,
            statement=r"A_t = t for t < K",
            two_sided=True,
        ),
        Link(
            name="indices are means plus widths",
            left=lambda run, case: run.trace["indices"],
            right=indices,
            given=deciding,
            source="[degenne2025leanbandits, ucbWidth]",
            instances=instances,
            statement=r"\text{index}_a = m_a + \sqrt{2 c \sigma^2 \ln(t + 1)/N_a}",
            two_sided=True,
        ),
        Link(
            name="forall_ucbIndex_le_ucbIndex_arm",
            left=lambda run, case: indices(run, case).max(axis=1),
            right=lambda run, case: of_arms(indices(run, case), run.trace["actions"]),
            given=all_played,
            source="[degenne2025leanbandits, UCB.forall_ucbIndex_le_ucbIndex_arm]",
            instances=instances,
            statement=r"the arm played has the largest index",
        ),
        Link(
            name="gap_arm_le_two_mul_ucbWidth",
            left=lambda run, case: case.model.gaps[run.trace["actions"]],
            right=lambda run, case: 2.0 * of_arms(recounted(run, case)[2], run.trace["actions"]),
            given=good_plays,
            source="[degenne2025leanbandits, UCB.gap_arm_le_two_mul_ucbWidth]",
            instances=instances,
            statement=r"while both intervals hold, \Delta_{A_t} \le 2 width",
        ),
        Link(
            name="pullCount_le_add_three",
            left=lambda run, case: run.pulls,
            right=most_pulls,
            source="[degenne2025leanbandits, UCB.pullCount_ae_le_add_two]",
            instances=instances,
            statement=r"N_a \le \lceil 8 c \sigma^2 \ln(T+1)/\Delta_a^2 \rceil + 1 + \#\{\text{failed intervals}\}",
        ),
    )
