"""The steps of Theorem P (iv): the budget and its rule, what it certifies, the last play of the baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.bracket_links import THEOREM, executed_value, on_event
from theorylab.rooms.proofs_checks.episodic.brackets import c0, c1, recount, width_bound
from theorylab.rooms.proofs_checks.episodic.shared import baseline_gap, optimal_value

from theorylab.verify.cases import Case, Instance
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link

__all__ = ["credits", "cucbvi_links", "greedy_widths", "line_of", "most_baseline_plays", "theorem_p_cucbvi"]

DELTA = 0.05
ROUNDING = 1e-9  # an episode


def said(case: Case) -> float:
    """u: the value of the baseline that the rule works with."""
    return float(case.parameters["baseline_value"])


def line_of(case: Case) -> float:
    r""":math:`(1 - \alpha) u`."""
    return (1.0 - float(case.parameters["alpha"])) * said(case)


def most_baseline_plays(case: Case) -> float:
    r""":math:`1 + (c_0 + H + c_1^2 / (4 (V^* - u + \alpha u))) / (\alpha u)`."""
    pay = float(case.parameters["alpha"]) * said(case)
    far = optimal_value(case) - said(case) + pay
    return 1.0 + (c0(case) + case.model.horizon + c1(case) ** 2 / (4.0 * far)) / pay


def theorem_p_cucbvi(case: Case) -> float:
    r""":math:`c_0 + c_1 \sqrt K + \Delta_0 N`."""
    plays = min(float(case.horizon), most_baseline_plays(case))
    return float(width_bound(case, case.horizon)) + baseline_gap(case) * plays


def greedy(run: Any, case: Case) -> Any:
    """(K,) whether the greedy policy was played."""
    return np.asarray(run.trace["kinds"]) == 0


def greedy_bound(run: Any, case: Case, sign: float) -> Any:
    """(K,) pessimistic (sign -1) or optimistic (1) values of the greedy policy, from recounted frequencies."""
    again, mdp = recount(run, case), case.model
    H, S, A = mdp.R.shape
    law = (np.asarray(run.trace["greedy"])[..., None] == np.arange(A)).astype(float)
    scale = float(case.parameters.get("scale", 1.0))
    value = np.zeros((len(law), S))
    for h in range(H - 1, -1, -1):
        q = mdp.R[h] + sign * 0.5 * scale * (H - 1 - h) * again.radius[:, h]
        q = q + np.einsum("ksat,kt->ksa", again.p_hat[:, h], value)
        value = (law[:, h] * (np.minimum(H - h, q) if sign > 0.0 else np.maximum(0.0, q))).sum(axis=-1)
    return value @ mdp.start


def greedy_widths(run: Any, case: Case) -> Any:
    """(K,) widths of the greedy policies' brackets, played or not."""
    return greedy_bound(run, case, 1.0) - greedy_bound(run, case, -1.0)


def credits(run: Any, case: Case) -> Any:
    """(K,) what each episode adds to the budget, by the definition."""
    return np.where(greedy(run, case), greedy_bound(run, case, -1.0), said(case))


def before(run: Any, case: Case) -> Any:
    """(K,) the budget before each episode, by the definition."""
    added = credits(run, case)
    return np.cumsum(added) - added


def lines(run: Any, case: Case) -> Any:
    r"""(K,) :math:`(1 - \alpha) k u`."""
    return line_of(case) * np.arange(1, case.horizon + 1)


def spare(run: Any, case: Case) -> Any:
    r"""(K,) :math:`Z_{k-1} + LCB_k - (1 - \alpha) k u`."""
    return before(run, case) + greedy_bound(run, case, -1.0) - lines(run, case)


def decided(run: Any, case: Case) -> Any:
    """(K,) whether rounding cannot decide the test; exact ties are left to the link for ties."""
    return np.abs(spare(run, case)) > ROUNDING * np.arange(1, case.horizon + 1)


def tied(run: Any, case: Case) -> Any:
    """(K,) whether the two sides of the test are equal but for rounding."""
    return np.abs(spare(run, case)) <= 1e-12 * np.arange(1, case.horizon + 1)


def last_play_left(run: Any, case: Case) -> Any:
    r"""(K,) :math:`\alpha (M + N_b) u + (M + 1)(V^* - u)`, with M and N_b up to the episode."""
    mine = greedy(run, case)
    k, plays = np.arange(1, case.horizon + 1), np.cumsum(mine)
    return float(case.parameters["alpha"]) * k * said(case) + (plays + 1.0) * (optimal_value(case) - said(case))


def last_play_right(run: Any, case: Case) -> Any:
    r"""(K,) :math:`\sum W_l` over the greedy plays so far, and :math:`W_k`."""
    wide = greedy_widths(run, case)
    return np.cumsum(np.where(greedy(run, case), wide, 0.0)) + wide


def cucbvi_links(instances: tuple[Instance, ...], many: tuple[Instance, ...]) -> tuple[Link, ...]:
    """The links that are CUCBVI's own, on traced instances; ``many``: for statements about a probability."""

    def link(name: str, left: Any, right: Any, statement: str, **more: Any) -> Link:
        given = {"source": "Theorem P (iv)", "hypotheses": THEOREM, **more}
        where = many if "kind" in more else instances
        return Link(name=name, left=left, right=right, statement=statement, instances=where, **given)

    return (
        link(
            "budget",
            lambda run, case: run.trace["budgets"],
            lambda run, case: np.cumsum(credits(run, case)),
            r"Z_k = \sum_{greedy} LCB_l + N_b u, from recounted frequencies",
            two_sided=True,
            tolerance=1e-8,
        ),
        link(
            "rule of the budget",
            lambda run, case: greedy(run, case) * 1.0,
            lambda run, case: (spare(run, case) > 0.0) * 1.0,
            r"\bar\pi is played exactly when Z_{k-1} + LCB_k \ge (1-\alpha) k u",
            given=decided,
            two_sided=True,
        ),
        link(
            "a tie is enough",
            lambda run, case: greedy(run, case) * 1.0,
            lambda run, case: 1.0,
            r"Z_{k-1} + LCB_k = (1-\alpha) k u: \bar\pi is played",
            given=tied,
            two_sided=True,
        ),
        link(
            "the budget stays above the line",
            lines,
            lambda run, case: np.asarray(run.trace["budgets"]) + ROUNDING * np.arange(1, case.horizon + 1),
            r"(1-\alpha) k u \le Z_k on every run: induction",
        ),
        link(
            "the budget is earned",
            lambda run, case: run.trace["budgets"],
            lambda run, case: np.cumsum(executed_value(run, case)),
            r"Z_k \le \sum_{l \le k} V^{\pi_l}, on the event",
            given=on_event,
        ),
        link(
            "the constraint",
            lines,
            lambda run, case: np.cumsum(executed_value(run, case)) + ROUNDING * np.arange(1, case.horizon + 1),
            r"(1-\alpha) k u \le \sum_{l \le k} V^{\pi_l} for every k, on the event",
            given=on_event,
        ),
        link(
            "regret of a greedy episode",
            lambda run, case: optimal_value(case) - executed_value(run, case),
            greedy_widths,
            r"V^* - V^{\bar\pi} \le W, on the event",
            given=lambda run, case: greedy(run, case) & on_event(run, case),
        ),
        link(
            "regret of a baseline episode",
            lambda run, case: optimal_value(case) - executed_value(run, case),
            lambda run, case: np.full(case.horizon, baseline_gap(case)),
            r"V^* - V^{\pi_k} = \Delta_0 where the baseline is played",
            given=lambda run, case: ~greedy(run, case),
            two_sided=True,
        ),
        link(
            "a baseline play means wide brackets",
            last_play_left,
            last_play_right,
            r"\alpha k u + (M + 1)(V^* - u) \le \sum_{S \cup \{k\}} W at every baseline play, on the event",
            given=lambda run, case: ~greedy(run, case) & on_event(run, case),
        ),
        link(
            "widths of greedy episodes",
            lambda run, case: np.cumsum(np.where(greedy(run, case), greedy_widths(run, case), 0.0)),
            lambda run, case: width_bound(case, np.cumsum(greedy(run, case))),
            r"\sum_S W \le c_0 + c_1 \sqrt{|S|}, for all k at once",
            kind=HighProbability(2.0 * DELTA),
        ),
        link(
            "baseline plays",
            lambda run, case: np.cumsum(~greedy(run, case)),
            lambda run, case: np.full(case.horizon, most_baseline_plays(case)),
            r"N_b \le 1 + (c_0 + H + c_1^2/(4(V^* - u + \alpha u)))/(\alpha u), for all k at once",
            kind=HighProbability(2.0 * DELTA),
        ),
    )
