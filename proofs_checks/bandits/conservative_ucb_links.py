"""Conservative UCB: what its proof says about a trace, recomputed from arms and rewards."""

from __future__ import annotations

from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.recounts import before, of_arms, regret_by_arms

from theorylab.verify.cases import Case, Instance
from theorylab.verify.statements import Link

__all__ = ["LINKS", "difficulty", "intervals_fail", "length", "most_defaults"]


def psi(case: Case, n: Any) -> Any:
    """2 ln(K n^3 / delta)."""
    with np.errstate(divide="ignore"):
        return 2.0 * np.log((case.model.n_arms - 1) * np.asarray(n, dtype=float) ** 3 / case.parameters["delta"])


def length(case: Case) -> float:
    """L = psi(T)."""
    return float(psi(case, case.horizon))


def difficulty(case: Case) -> float:
    """The sum of 1 / max(gap_i, gap_0 - gap_i) over the other arms; 0 when the default is best (nothing is lost)."""
    d = case.model.gaps
    return float(np.sum(1.0 / np.maximum(d[1:], d[0] - d[1:]))) if d[0] > 0 else 0.0


def most_defaults(case: Case) -> float:
    """Plays of the default while all intervals hold, when it is not a best arm."""
    k = case.model.n_arms - 1
    pay = case.parameters["alpha"] * case.parameters["mu0"]
    return (1.0 + 1.5 * k + 4.0 * length(case) * difficulty(case)) / pay


def limits(run: Any, case: Case) -> tuple[Any, Any, Any]:
    """Pulls, lower and upper limits of all arms before each round, (T, K + 1) each."""
    mu0, (pulls, means) = case.parameters["mu0"], before(run, case, unplayed=0.0)
    n = np.maximum(pulls, 1.0)
    widths = np.sqrt(psi(case, n) / n)
    lower = np.where(pulls > 0, np.maximum(0.0, means - widths), 0.0)
    upper = np.where(pulls > 0, means + widths, np.inf)
    lower[:, 0], upper[:, 0] = mu0, mu0
    return pulls, lower, upper


def intervals_fail(run: Any, case: Case) -> bool:
    """Some interval of some arm misses its mean at some time."""
    _, lower, upper = limits(run, case)
    means = case.model.means[None, :]
    return bool(np.any((lower > means + 1e-12) | (upper < means - 1e-12)))


def event(run: Any, case: Case) -> bool:
    """All intervals hold."""
    return not intervals_fail(run, case)


def proposals(run: Any, case: Case) -> Any:
    """(T,) the proposals as indices."""
    return run.trace["proposals"].astype(int)


def rounds(case: Case) -> Any:
    """1, ..., T."""
    return np.arange(1, case.horizon + 1)


def floor(case: Case) -> Any:
    """(T,) what must be earned by each round."""
    return (1.0 - case.parameters["alpha"]) * case.parameters["mu0"] * rounds(case)


def budgets(run: Any, case: Case) -> Any:
    """(T,) the budgets of the paper."""
    pulls, lower, _ = limits(run, case)
    return (pulls * lower).sum(axis=1) + of_arms(lower, proposals(run, case)) - floor(case)


def earned(run: Any, case: Case) -> Any:
    """(T,) the means of the plays before each round and of its proposal, less what must be earned."""
    means = case.model.means[run.trace["actions"]]
    return np.cumsum(means) - means + case.model.means[proposals(run, case)] - floor(case)


def LINKS(instances: tuple[Instance, ...]) -> tuple[Link, ...]:  # noqa: N802  a constant but for its instances
    """The chain of the proof."""
    return (
        regret_by_arms(instances),
        Link(
            name="the budget",
            left=lambda run, case: run.trace["budgets"],
            right=budgets,
            source="[wu2016conservative, Algorithm 1]",
            instances=instances,
            statement=r"\xi_t = \sum_{s < t} \lambda_{I_s}(t) + \lambda_J(t) - (1 - \alpha) t \mu_0, at current limits",
            two_sided=True,
            explains="limits of the time of the play, realised rewards, the round, or the term of the proposal",
        ),
        Link(
            name="the proposal is optimistic",
            left=lambda run, case: limits(run, case)[2].max(axis=1),
            right=lambda run, case: of_arms(limits(run, case)[2], proposals(run, case)),
            source="[wu2016conservative, Algorithm 1]",
            instances=instances,
            statement=r"J has the largest \theta",
        ),
        Link(
            name="the default when the budget is negative",
            left=lambda run, case: run.trace["actions"],
            right=lambda run, case: np.where(budgets(run, case) >= -1e-9, proposals(run, case), 0),
            source="[wu2016conservative, Algorithm 1]",
            instances=instances,
            statement=r"I_t = J if \xi_t \ge 0, else 0",
            two_sided=True,
        ),
        Link(
            name="the budget is earned",
            left=lambda run, case: run.trace["budgets"],
            right=earned,
            given=event,
            source="derived: current lower limits are below the means",
            instances=instances,
            statement=r"on the event, \xi_t \le \sum_{s < t} \mu_{I_s} + \mu_J - (1 - \alpha) t \mu_0",
        ),
        Link(
            name="the constraint on the event",
            left=lambda run, case: floor(case),
            right=lambda run, case: np.cumsum(case.model.means[run.trace["actions"]]),
            given=event,
            source="derived: current lower limits are below the means",
            instances=instances,
            statement=r"on the event, \sum_{s \le t} \mu_{I_s} \ge (1 - \alpha) \mu_0 t for all t",
        ),
        Link(
            name="pulls on the event",
            left=lambda run, case: run.pulls[1:],
            right=most_pulls,
            given=event,
            source="derived: a proposal that is played has a gap of at most two radii",
            instances=instances,
            statement=r"on the event, N_i \le 1 + 4 L / \Delta_i^2 for i > 0",
        ),
        Link(
            name="plays of the default on the event",
            left=lambda run, case: run.pulls[0],
            right=lambda run, case: most_defaults(case),
            given=lambda run, case: event(run, case) and case.model.gaps[0] > 0,
            source="derived: the budget in the last such round",
            instances=tuple(i for i in instances if i.parameters["mu0"] < 0.9),
            statement=r"on the event, \alpha \mu_0 N_0 \le 1 + 3K/2 + 4L \sum 1/\max(\Delta_i, \Delta_0 - \Delta_i)",
        ),
    )


def most_pulls(run: Any, case: Case) -> Any:
    """(K,) 1 + 4 L / gap^2 of the other arms."""
    with np.errstate(divide="ignore"):
        return 1.0 + 4.0 * length(case) / case.model.gaps[1:] ** 2
