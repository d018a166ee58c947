"""The links of Theorem P that every learner with its brackets shares."""

from __future__ import annotations

from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.brackets import E1, beta, delta_of, recount, start_value, width_bound
from theorylab.rooms.proofs_checks.episodic.shared import optimal_value

from theorylab.mdp.episodic.planning import backward_induction
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link

__all__ = ["PUBLISHED_BONUS", "UNSCALED", "bracket_links", "on_event"]

DELTA = 0.05
UNSCALED = Hypothesis("bonuses are not scaled", lambda case: case.parameters.get("scale", 1.0) == 1.0)
PUBLISHED_BONUS = Hypothesis("the L1 bonus of Theorem P", lambda case: case.parameters.get("bonus", "l1") == "l1")
THEOREM = (UNSCALED, PUBLISHED_BONUS)


def deviation(run: Any, case: Case) -> Any:
    """The largest excess of |p_hat - p|_1 over its radius, over all episodes and (h, s, a)."""
    again = recount(run, case)
    distance = np.abs(again.p_hat - case.model.P[None]).sum(axis=-1)
    return float((distance - again.radius).max())


def on_event(run: Any, case: Case) -> bool:
    """Whether the confidence event held in this run."""
    return bool(deviation(run, case) <= 1e-12)


def optimal_values(case: Case) -> Any:
    """(H, S) optimal values."""
    return case.fact("optimal values", lambda model: backward_induction(model).V[:-1])


def expected_sum(run: Any, case: Case) -> Any:
    """(K,) running sums of the expected widths."""
    return np.cumsum(recount(run, case).expected_width)


def sampled_sum(run: Any, case: Case) -> Any:
    """(K,) running sums of the sampled widths."""
    return np.cumsum(recount(run, case).sampled_width)


def pigeonhole(run: Any, case: Case) -> Any:
    r"""(K,) :math:`H^2 SA + 1.5 H^2 \sqrt{2 \beta(k) SA} \sqrt k`."""
    m, k = case.model, np.arange(1, case.horizon + 1)
    pairs = m.n_states * m.n_actions
    return m.horizon**2 * (pairs + 1.5 * np.sqrt(2.0 * beta(case, k) * pairs * k))


def bracket_links(
    instances: tuple[Instance, ...], *, many: tuple[Instance, ...] = (), algorithm: str | None = None
) -> tuple[Link, ...]:
    """The links for one algorithm; all instances are traced, those of statements about a probability (``many``) have
    hundreds of runs (by default the first).
    """

    def link(name: str, left: Any, right: Any, statement: str, **more: Any) -> Link:
        return Link(
            name=name,
            left=left,
            right=right,
            statement=statement,
            source="Theorem P",
            instances=(many or instances[:1]) if "kind" in more or name == "pigeonhole" else instances,
            algorithm=algorithm,
            hypotheses=THEOREM,
            **more,
        )

    return (
        link(
            "confidence event",
            deviation,
            lambda run, case: 0.0,
            r"|\hat p - p|_1 \le w(n) for all episodes and all (h, s, a) at once",
            kind=HighProbability(DELTA),
        ),
        link(
            "pessimistic values recomputed",
            lambda run, case: run.trace["lower_values"],
            lambda run, case: recount(run, case).lower_values[:, :-1],
            r"\underline V^{\pi_k} equals its recursion on recounted frequencies",
            two_sided=True,
        ),
        link(
            "optimistic values recomputed",
            lambda run, case: run.trace["upper_values"],
            lambda run, case: recount(run, case).upper_values[:, :-1],
            r"\bar V^{\pi_k} equals its recursion on recounted frequencies",
            two_sided=True,
        ),
        link(
            "greedy values recomputed",
            lambda run, case: run.trace["optimistic"],
            lambda run, case: recount(run, case).optimistic[:, :-1],
            r"\bar V_h = \max_a \bar Q_h on recounted frequencies",
            two_sided=True,
        ),
        link(
            "pessimism",
            lambda run, case: run.trace["lower_values"],
            lambda run, case: recount(run, case).true_values[:, :-1],
            r"\underline V^{\pi_k}_h \le V^{\pi_k}_h for the executed policy, on the event",
            given=on_event,
        ),
        link(
            "optimism for the executed policy",
            lambda run, case: recount(run, case).true_values[:, :-1],
            lambda run, case: run.trace["upper_values"],
            r"V^{\pi_k}_h \le \bar V^{\pi_k}_h, on the event",
            given=on_event,
        ),
        link(
            "optimism",
            lambda run, case: np.broadcast_to(optimal_values(case), np.shape(run.trace["optimistic"])),
            lambda run, case: run.trace["optimistic"],
            r"V^*_h \le \bar V_h, on the event",
            given=on_event,
        ),
        link(
            "width recursion",
            lambda run, case: start_value(recount(run, case).width, case),
            lambda run, case: recount(run, case).expected_width,
            r"W(\pi_k) \le \mu(\pi_k) = E \sum_h \min(H, 1.5 (H-h) w), on the event",
            given=on_event,
        ),
        link(
            "from expectation to samples",
            expected_sum,
            lambda run, case: E1 * (sampled_sum(run, case) + case.model.horizon**2 * np.log(1.0 / delta_of(case))),
            r"\sum \mu_k \le e_1 (\sum X_k + H^2 \log(1/\delta)) for all k at once",
            kind=HighProbability(DELTA),
        ),
        link(
            "pigeonhole",
            sampled_sum,
            pigeonhole,
            r"\sum_{l \le k} X_l \le H^2 S A + 1.5 H^2 \sqrt{2 \beta(k) S A} \sqrt k",
        ),
        link(
            "sum of widths",
            lambda run, case: np.cumsum(start_value(recount(run, case).width, case))[-1],
            lambda run, case: width_bound(case, case.horizon),
            r"\sum_k W(\pi_k) \le c_0 + c_1 \sqrt K",
            kind=HighProbability(2.0 * DELTA),
        ),
        link(
            "exact values",
            lambda run, case: run.trace["values"],
            lambda run, case: executed_value(run, case),
            r"the value that is booked is the exact value of the executed policy",
            two_sided=True,
        ),
        link(
            "regret is booked",
            lambda run, case: run.regret,
            lambda run, case: np.cumsum(optimal_value(case) - executed_value(run, case))[np.asarray(run.times) - 1],
            r"R_k = \sum_{l \le k} (V^* - V^{\pi_l})",
            two_sided=True,
        ),
    )


def executed_value(run: Any, case: Case) -> Any:
    """(K,) exact values of the executed policies; of the coin's mixture where an episode was a whole coin flip."""
    if run.algorithm.endswith("epsmix"):
        weights = np.asarray(run.trace["weights"])
        return weights * greedy_value(run, case) + (1.0 - weights) * fixed_value(run, case)
    return start_value(recount(run, case).true_values, case)


def greedy_value(run: Any, case: Case) -> Any:
    """(K,) exact values of the greedy policies."""
    mdp, greedy = case.model, np.asarray(run.trace["greedy"])
    K, H, S = greedy.shape
    value, rows = np.zeros((K, S)), np.arange(S)
    for h in range(H - 1, -1, -1):
        chosen = greedy[:, h]
        value = mdp.R[h][rows, chosen] + np.einsum("kst,kt->ks", mdp.P[h][rows, chosen], value)
    return value @ mdp.start


def fixed_value(run: Any, case: Case) -> float:
    """The exact value of the baseline."""
    from theorylab.rooms.proofs_checks.episodic.shared import baseline_value

    return baseline_value(case)
