"""The proof of the regret bound of optimistic Q-learning, line by line on recounted runs.

Everything is computed from states, actions and the values that the run showed, in numpy: weights from their
definition as a table, targets of all visits, optimal values and values of policies by backward recursion.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.shared import final_regret, optimal_value

from theorylab.mdp.episodic.planning import backward_induction
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link, Stage

__all__ = ["DELTA", "HYPOTHESES", "STAGES", "proof_links", "regret_bound", "weight_table"]

DELTA = 0.2  # large, so that few runs decide; the bounds hardly notice


def factor(case: Case) -> float:
    """c, times the scale."""
    return float(case.parameters.get("c", 2.0)) * float(case.parameters.get("scale", 1.0))


HYPOTHESES = (
    Hypothesis("bonuses are not scaled", lambda case: case.parameters.get("scale", 1.0) == 1.0),
    Hypothesis("c >= 1", lambda case: case.parameters.get("c", 2.0) >= 1.0),
)


def delta_of(case: Case) -> float:
    """The confidence of the case."""
    return float(case.parameters.get("delta", 0.05))


def iota(case: Case) -> float:
    r""":math:`\log(2SAHK/\delta)`."""
    return math.log(2.0 * case.model.R.size * case.horizon / delta_of(case))


def growth(case: Case) -> Any:
    """(H,) the weights (1 + 1/H)^h of the recursion over steps."""
    H = case.model.horizon
    return (1.0 + 1.0 / H) ** np.arange(H)


def martingale_bound(case: Case) -> float:
    """Hoeffding-Azuma for the weighted sum of the differences of the transitions."""
    H, left = case.model.horizon, np.arange(case.model.horizon - 1, -1, -1.0)
    squares = float(((growth(case) * left) ** 2).sum())
    if np.count_nonzero(case.model.start) > 1:
        squares += H * H
    return math.sqrt(0.5 * case.horizon * math.log(1.0 / delta_of(case)) * squares)


def width_factor(case: Case) -> Any:
    r"""(H,) concentration and bonuses of step h together are at most this over :math:`\sqrt t`."""
    H, i = case.model.horizon, iota(case)
    return np.arange(H - 1, -1, -1.0) * math.sqrt(H * i) + 2.0 * factor(case) * math.sqrt(H**3 * i)


def regret_bound(case: Case) -> float:
    """The bound of the room, with its sums as they are."""
    H, S, A = case.model.R.shape
    first = S * A * np.arange(H, 0, -1.0)
    later = 2.0 * math.sqrt(S * A * case.horizon) * width_factor(case)
    return float((growth(case) * (first + later)).sum()) + martingale_bound(case)


@functools.cache
def weight_table(horizon: int, last: int) -> Any:
    """(last + 1, last + 1): entry (t, i) is the weight of the i-th of t targets, by its definition; 0 for i = 0 < t."""
    table = np.zeros((last + 1, last + 1))
    table[0, 0] = 1.0
    for t in range(1, last + 1):
        alpha = (horizon + 1.0) / (horizon + t)
        table[t] = (1.0 - alpha) * table[t - 1]
        table[t, t] = alpha
    return table


@dataclass(frozen=True, eq=False)
class Recount:
    """K episodes, steps from 0; entries (K, H) belong to the pair that was visited, before the visit."""

    visits: Any  # (K, H)
    Q: Any  # (K, H) by the unrolled form
    noise: Any  # (K, H) weighted sum of V*(s') - P V*
    bonuses: Any  # (K, H) weighted sum of the bonuses
    carried: Any  # (K, H) weighted sum of earlier V - V* at the next states
    phi: Any  # (K, H + 1) V - V* at the visited states
    gap: Any  # (K, H + 1) V - V^pi there
    xi: Any  # (K, H) P (V* - V^pi) less its value at the next state
    values: Any  # (K, H + 1, S) of the greedy policies
    start: Any  # (K,) V* - V^pi averaged over the start, less its value at the start of the episode


_LAST: list[Any] = [None, None]


def recount(run: Any, case: Case) -> Recount:
    """The recount of a run; the last one is remembered, because many links ask for it."""
    if _LAST[0] is not run:
        _LAST[:] = [run, _recount(run, case)]
    return _LAST[1]  # type: ignore[no-any-return]


def solution(case: Case) -> Any:
    """Optimal values and action values."""
    return case.fact("solution", backward_induction)


def _recount(run: Any, case: Case) -> Recount:
    mdp = case.model
    H, S, A = mdp.R.shape
    states, actions = np.asarray(run.trace["states"]), np.asarray(run.trace["actions"])
    K = len(actions)
    best, width = solution(case).V, math.sqrt(H**3 * iota(case))
    caps = np.arange(H, 0, -1.0)
    shown = np.minimum(caps[:, None], np.asarray(run.trace["Q"]).max(axis=-1))
    V = np.concatenate([shown, np.zeros((K, 1, S))], axis=1)
    values = policy_values(run, case)
    rows, steps = np.arange(K)[:, None], np.arange(H + 1)
    phi = V[rows, steps, states] - best[steps, states]
    gap = V[rows, steps, states] - values[rows, steps, states]
    after = best[1:][None] - values[:, 1:]  # (K, H, S)
    here = rows, steps[:H]
    expected = np.einsum("khs,khs->kh", mdp.P[steps[:H], states[:, :-1], actions], after)
    xi = expected - after[(*here, states[:, 1:])]
    drift = best[steps[1:], states[:, 1:]] - np.einsum("hsat,ht->hsa", mdp.P, best[1:])[
        steps[:H], states[:, :-1], actions
    ]  # fmt: skip
    target = mdp.R[steps[:H], states[:, :-1], actions] + V[rows, steps[1:], states[:, 1:]]
    visits, Q, noise, bonuses, carried = np.zeros((5, K, H))
    for h in range(H):
        pairs = states[:, h] * A + actions[:, h]
        for pair in np.unique(pairs):
            at = np.flatnonzero(pairs == pair)
            table = weight_table(H, case.horizon)[: len(at), 1 : len(at) + 1]  # row t: before visit t + 1
            bonus = factor(case) * width / np.sqrt(np.arange(1.0, len(at) + 1.0))
            visits[at, h] = np.arange(len(at))
            noise[at, h], bonuses[at, h] = table @ drift[at, h], table @ bonus
            carried[at, h] = table @ phi[at, h + 1]
            Q[at, h] = table @ target[at, h] + bonuses[at, h]
            Q[at[0], h] = H - h
    lost = best[0] - values[:, 0]
    return Recount(
        visits, Q, noise, bonuses, carried, phi, gap, xi, values, lost @ mdp.start - lost[rows[:, 0], states[:, 0]]
    )


def policy_values(run: Any, case: Case) -> Any:
    """(K, H + 1, S) exact values of the greedy policies that the trace names."""
    mdp, greedy = case.model, np.asarray(run.trace["greedy"])
    K, H, S = greedy.shape
    value, rows = np.zeros((K, H + 1, S)), np.arange(S)
    for h in range(H - 1, -1, -1):
        chosen = greedy[:, h]
        value[:, h] = mdp.R[h][rows, chosen] + np.einsum("kst,kt->ks", mdp.P[h][rows, chosen], value[:, h + 1])
    return value


def radius(run: Any, case: Case) -> Any:
    r"""(K, H) :math:`(H-1-h)\sqrt{H\iota/t}`, infinite before the first visit."""
    H, t = case.model.horizon, recount(run, case).visits
    left = np.arange(H - 1, -1, -1.0)
    return np.where(t > 0, left * np.sqrt(H * iota(case) / np.maximum(t, 1.0)), np.inf)


def excess(run: Any, case: Case) -> float:
    """The largest excess of the noise over its radius."""
    return float((np.abs(recount(run, case).noise) - radius(run, case)).max())


def on_event(run: Any, case: Case) -> bool:
    """Whether the confidence event held in this run."""
    return excess(run, case) <= 1e-12


def visited(run: Any, case: Case, name: str) -> Any:
    """(K, H) a traced (K, H, S, A) array at the pairs that were visited."""
    states, actions = np.asarray(run.trace["states"]), np.asarray(run.trace["actions"])
    K, H = actions.shape
    return np.asarray(run.trace[name])[np.arange(K)[:, None], np.arange(H), states[:, :-1], actions]


def optimal_there(run: Any, case: Case) -> Any:
    """(K, H) Q* at the visited pairs."""
    states, actions = np.asarray(run.trace["states"]), np.asarray(run.trace["actions"])
    return solution(case).Q[np.arange(actions.shape[1]), states[:, :-1], actions]


def upper_width(run: Any, case: Case) -> Any:
    r"""(K, H) :math:`1\{t=0\}(H-h) + 1\{t>0\} w_h/\sqrt t`."""
    t, caps = recount(run, case).visits, np.arange(case.model.horizon, 0, -1.0)
    return np.where(t > 0, width_factor(case) / np.sqrt(np.maximum(t, 1.0)), caps)


def inverse_roots(run: Any, case: Case) -> Any:
    """(H,) sums of 1/sqrt(t) over the visits after the first."""
    t = recount(run, case).visits
    return np.where(t > 0, 1.0 / np.sqrt(np.maximum(t, 1.0)), 0.0).sum(axis=0)


def recursion(run: Any, case: Case) -> Any:
    """(H,) the right side of the recursion over steps."""
    again, H = recount(run, case), case.model.horizon
    below = (1.0 + 1.0 / H) * again.gap[:, 1:].sum(axis=0)
    return below + (upper_width(run, case) + again.xi).sum(axis=0)


def weighted_martingale(run: Any, case: Case) -> float:
    r""":math:`\sum_k \sum_h (1+1/H)^h \xi_h^k`, and the start where it is random."""
    again = recount(run, case)
    return float((again.xi * growth(case)).sum() + again.start.sum())


def unrolled_regret(run: Any, case: Case) -> float:
    """All steps of the recursion together."""
    return float((upper_width(run, case) * growth(case)).sum()) + weighted_martingale(run, case)


def proof_links(instances: tuple[Instance, ...]) -> tuple[Link, ...]:
    """The links, on traced instances; those about a probability on the first one, which has the runs."""

    def link(name: str, left: Any, right: Any, statement: str, **more: Any) -> Link:
        unscaled = tuple(instance for instance in instances if "scale" not in instance.parameters)
        where = unscaled[:1] if "kind" in more else instances if "hypotheses" in more else unscaled
        given = {"source": "derived here, after [jin2018qlearning, Section 4]", "hypotheses": HYPOTHESES, **more}
        return Link(name=name, left=left, right=right, statement=statement, instances=where, **given)

    caps = lambda case: np.arange(case.model.horizon, 0, -1.0)  # noqa: E731
    return (
        link(
            "unrolled update",
            lambda run, case: visited(run, case, "Q"),
            lambda run, case: recount(run, case).Q,
            r"Q = \alpha_t^0 (H-h) + \sum_i \alpha_t^i (r + V_{h+1}^{k_i}(s') + b_i), recounted",
            two_sided=True,
            hypotheses=(),
        ),
        link(
            "V is cut at H - h",
            lambda run, case: run.trace["V"],
            lambda run, case: np.minimum(caps(case)[:, None], np.asarray(run.trace["Q"]).max(axis=-1)),
            r"V_h = \min(H - h, \max_a Q_h)",
            two_sided=True,
            hypotheses=(),
        ),
        link(
            "greedy in Q",
            lambda run, case: np.asarray(run.trace["Q"]).max(axis=-1),
            lambda run, case: 1e-11 + np.take_along_axis(
                np.asarray(run.trace["Q"]), np.asarray(run.trace["greedy"])[..., None], axis=-1
            )[..., 0],
            "the action of each state has the largest Q",
            hypotheses=(),
        ),
        link(
            "confidence event",
            excess,
            lambda run, case: 0.0,
            r"|\sum_i \alpha_t^i (V^*_{h+1}(s'_i) - P V^*_{h+1})| \le (H-1-h) \sqrt{H \iota / t} at all visits",
            kind=HighProbability(DELTA),
        ),
        link(
            "optimism",
            lambda run, case: float((solution(case).Q[None] - np.asarray(run.trace["Q"])).max()),
            lambda run, case: 0.0,
            r"Q_h^k(s, a) \ge Q^*_h(s, a) for all (k, h, s, a)",
            kind=HighProbability(DELTA),
        ),
        link(
            "optimism on the event",
            lambda run, case: solution(case).Q[None],
            lambda run, case: np.asarray(run.trace["Q"]),
            r"the same wherever the confidence event holds",
            given=on_event,
        ),
        link(
            "sum of bonuses",
            lambda run, case: recount(run, case).bonuses * np.sqrt(recount(run, case).visits),
            lambda run, case: np.full(1, 2.0 * factor(case) * math.sqrt(case.model.horizon**3 * iota(case))),
            r"\sum_i \alpha_t^i b_i \le 2 c \sqrt{H^3 \iota / t}",
            hypotheses=(),
        ),
        link(
            "distance from Q*",
            lambda run, case: visited(run, case, "Q") - optimal_there(run, case),
            lambda run, case: recount(run, case).carried + upper_width(run, case),
            r"Q - Q^* \le \alpha_t^0 (H-h) + \sum_i \alpha_t^i \phi_{h+1}^{k_i} + \beta_t, on the event",
            given=on_event,
        ),
        link(
            "weights of the future",
            lambda run, case: recount(run, case).carried.sum(axis=0),
            lambda run, case: (1.0 + 1.0 / case.model.horizon) * recount(run, case).phi[:, 1:].sum(axis=0),
            r"\sum_k \sum_i \alpha_t^i \phi_{h+1}^{k_i} \le (1 + 1/H) \sum_k \phi_{h+1}^k, on the event",
            given=on_event,
        ),
        link(
            "recursion over steps",
            lambda run, case: recount(run, case).gap[:, :-1].sum(axis=0),
            recursion,
            r"\sum_k \delta_h \le (1 + 1/H) \sum_k \delta_{h+1} + \sum_k (\beta + \xi), on the event",
            given=on_event,
        ),
        link(
            "pigeonhole",
            inverse_roots,
            lambda run, case: np.full(1, 2.0 * math.sqrt(case.model.R[0].size * case.horizon)),
            r"\sum_k 1/\sqrt{t_h^k} \le 2 \sqrt{SAK} at each step",
            hypotheses=(),
        ),
        link(
            "weighted martingale",
            weighted_martingale,
            lambda run, case: martingale_bound(case),
            r"\sum_k \sum_h (1+1/H)^h \xi_h^k \le \sqrt{\frac12 K \log(1/\delta) \sum_h (1+1/H)^{2h} (H-1-h)^2}",
            kind=HighProbability(DELTA),
        ),
        link(
            "all steps together",
            final_regret,
            unrolled_regret,
            r"R_K \le \sum_k \sum_h (1+1/H)^h (\beta_h^k + \xi_h^k), on the event",
            given=on_event,
        ),
        link(
            "exact values",
            lambda run, case: run.trace["values"],
            lambda run, case: recount(run, case).values[:, 0] @ case.model.start,
            "the value that is booked is the exact value of the executed policy",
            two_sided=True,
            hypotheses=(),
        ),
        link(
            "regret is booked",
            lambda run, case: run.regret,
            lambda run, case: np.cumsum(optimal_value(case) - recount(run, case).values[:, 0] @ case.model.start)[
                np.asarray(run.times) - 1
            ],
            r"R_k = \sum_{l \le k} (V^* - V^{\pi_l})",
            two_sided=True,
            hypotheses=(),
        ),
    )  # fmt: skip


def counted_bound(run: Any, case: Case) -> float:
    """Every pair met, roots summed as they came, the martingale at its bound."""
    H, S, A = case.model.R.shape
    first = S * A * np.arange(H, 0, -1.0)
    roots = width_factor(case) * inverse_roots(run, case)
    return float((growth(case) * (first + roots)).sum()) + martingale_bound(case)


STAGES = (
    Stage("regret", final_regret),
    Stage("optimistic value less value", lambda run, case: optimistic_regret(run, case), "link: optimism"),
    Stage("recursion over steps", unrolled_regret, "links: distance from Q*, weights of the future"),
    Stage("martingale and first visits at their bounds", counted_bound, "link: weighted martingale"),
    Stage("regret bound", lambda run, case: regret_bound(case), "link: pigeonhole"),
)


def optimistic_regret(run: Any, case: Case) -> float:
    r""":math:`\sum_k (V_0^k - V_0^{\pi_k})(s_0)`, and the start where it is random."""
    again = recount(run, case)
    return float(again.gap[:, 0].sum() + again.start.sum())
