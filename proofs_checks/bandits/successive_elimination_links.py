"""Successive elimination: what its proof says about a trace, recomputed from the arms and rewards alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.recounts import before, regret_by_arms, totals

from theorylab.verify.cases import Case, Instance
from theorylab.verify.statements import Link

__all__ = ["LINKS", "confidence_fails", "log_term"]


def log_term(case: Case) -> float:
    """L = ln(2 K T / delta)."""
    return math.log(2 * case.model.n_arms * case.horizon / float(case.parameters["delta"]))


def radii(case: Case, n: Any) -> Any:
    """sqrt(L / (2 n)), infinite at n = 0."""
    with np.errstate(divide="ignore"):
        return np.sqrt(log_term(case) / (2.0 * np.asarray(n, dtype=float)))


def confidence_fails(run: Any, case: Case) -> bool:
    """Some mean of some arm, at some time, misses by more than its radius."""
    pulls, sums = totals(run, case)
    with np.errstate(invalid="ignore"):
        miss = np.abs(sums / pulls - case.model.means[None, :]) > radii(case, pulls) + 1e-12
    return bool(np.any(miss & (pulls > 0)))


def event(run: Any, case: Case) -> bool:
    """All intervals hold."""
    return not confidence_fails(run, case)


def phases(run: Any, case: Case) -> Any:
    """(T,) plays that every arm left had before the phase of each round: the plays before a round of its least arm."""
    pulls, _ = before(run, case)
    return np.where(run.trace["active"] > 0, pulls, np.inf).min(axis=1)


def recomputed(run: Any, case: Case) -> Any:
    """(T, K) the arms that the rule leaves before each round."""
    pulls, sums = totals(run, case)
    left = np.ones(case.model.n_arms, dtype=bool)
    found = np.ones((case.horizon, case.model.n_arms))
    t = -1
    while t + left.sum() < case.horizon - 1:
        t += int(left.sum())  # the end of a phase: one play of each arm that is left
        n = pulls[t][left].max()
        means = sums[t] / n
        left = left & (means + radii(case, n) >= means[left].max() - radii(case, n))
        found[t + 1 :] = left
    return found


def unequal(run: Any, case: Case) -> Any:
    """(T,) by how much the plays of the arms left differ before each round."""
    pulls, _ = before(run, case)
    active = run.trace["active"] > 0
    return np.where(active, pulls, -np.inf).max(axis=1) - np.where(active, pulls, np.inf).min(axis=1)


def most(run: Any, case: Case) -> Any:
    """(K,) 1 + 8 L / gap^2, infinite for best arms."""
    with np.errstate(divide="ignore"):
        return 1.0 + 8.0 * log_term(case) / case.model.gaps**2


def LINKS(instances: tuple[Instance, ...]) -> tuple[Link, ...]:  # noqa: N802  a constant but for its instances
    """The chain of the proof."""
    return (
        regret_by_arms(instances),
        Link(
            name="equal plays",
            left=unequal,
            right=lambda run, case: 1.0,
            source="the algorithm",
            instances=instances,
            statement=r"the plays of two arms that are left differ by at most 1",
            explains="means are compared at different counts, or an arm is not played again",
        ),
        Link(
            name="the rule of elimination",
            left=lambda run, case: run.trace["active"],
            right=recomputed,
            source="the algorithm",
            instances=instances,
            statement=r"i is left iff m_i + r(n) \ge \max_j m_j - r(n) after all earlier phases",
            two_sided=True,
            explains="the radius, or how many of them are allowed",
        ),
        Link(
            name="arms that are left are close",
            left=lambda run, case: case.model.gaps[None, :] * (run.trace["active"] > 0),
            right=lambda run, case: 4.0 * radii(case, phases(run, case))[:, None],
            given=event,
            source="derived: two radii in the rule, one for each mean",
            instances=instances,
            statement=r"on the event, an arm left after n plays has \Delta_i \le 4 r(n)",
        ),
        Link(
            name="pulls on the event",
            left=lambda run, case: run.pulls,
            right=lambda run, case: most(run, case),
            given=event,
            source="derived: n > 8L/gap^2 iff gap > 4 r(n)",
            instances=instances,
            statement=r"on the event, N_i \le 1 + 8 L / \Delta_i^2",
        ),
        Link(
            name="gap times pulls",
            left=lambda run, case: case.model.gaps * run.pulls,
            right=lambda run, case: 1.0 + np.sqrt(8.0 * log_term(case) * run.pulls),
            given=event,
            source="derived; elimination_sum.v",
            instances=instances,
            statement=r"on the event, \Delta_i N_i \le 1 + \sqrt{8 L N_i}",
        ),
        Link(
            name="Cauchy-Schwarz",
            left=lambda run, case: np.sum(1.0 + np.sqrt(8.0 * log_term(case) * run.pulls)),
            right=lambda run, case: (
                case.model.n_arms + math.sqrt(8.0 * log_term(case) * case.model.n_arms * case.horizon)
            ),
            source="Cauchy-Schwarz; elimination_sum.v",
            instances=instances,
            statement=r"\sum_i (1 + \sqrt{8 L N_i}) \le K + \sqrt{8 L K T}",
        ),
    )
