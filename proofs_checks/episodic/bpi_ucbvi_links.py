"""What the two searches know at their plans, counted again in numpy, and the links of their proofs.

Long traces are looked at in about a hundred plans, evenly spaced on a logarithmic scale.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from theorylab.mdp.episodic.planning import backward_induction
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link

__all__ = ["E1", "UNSCALED", "links", "most_width", "recount"]

E1 = 1.0 / (1.0 - 1.0 / math.e)
LOOKS = 100
UNSCALED = Hypothesis("bonuses are not scaled", lambda case: case.parameters.get("scale", 1.0) == 1.0)


@dataclass(frozen=True, eq=False)
class Recount:
    """M of the plans of a traced run; steps from 0."""

    plans: Any  # (M,) episodes before each
    counts: Any  # (M, H, S, A, S)
    pseudo: Any  # (M, H, S, A) expected visits under the policies that were played
    greedy: Any  # (M, H, S)
    policy_values: Any  # (M, H + 1, S) exact
    visits: Any  # (M, H, S, A)


_LAST: list[Any] = [None, None]


def recount(run: Any, case: Case) -> Recount:
    """The recount of a run; the last one is remembered."""
    if _LAST[0] is not run:
        _LAST[:] = [run, _recount(run, case)]
    return _LAST[1]  # type: ignore[no-any-return]


def _recount(run: Any, case: Case) -> Recount:
    mdp = case.model
    H, S, A = mdp.R.shape
    states, actions, greedy = (np.asarray(run.trace[name]) for name in ("states", "actions", "greedy"))
    K = len(actions)
    every = K <= LOOKS
    looks = np.arange(K + 1) if every else np.unique(np.rint(np.geomspace(1, K + 1, LOOKS)).astype(int) - 1)
    cells = (((np.arange(H) * S + states[:, :-1]) * A + actions) * S + states[:, 1:]).ravel()
    edges = np.concatenate([[0], looks])
    size = H * S * A * S
    counts = np.cumsum(
        [np.bincount(cells[a * H : b * H], minlength=size) for a, b in itertools.pairwise(edges)], axis=0
    ).reshape(-1, H, S, A, S)
    codes = greedy.reshape(K + 1, -1) @ (A ** np.arange(H * S)) if A ** (H * S) < 2**62 else np.arange(K + 1)
    _, firsts, which = np.unique(codes, return_index=True, return_inverse=True)
    laws = [occupancy(mdp, greedy[k]) for k in firsts]
    played = np.cumsum([np.bincount(which[a:b], minlength=len(firsts)) for a, b in itertools.pairwise(edges)], axis=0)
    pseudo = np.tensordot(played, np.array(laws), axes=1)
    values = np.array([policy_values(mdp, greedy[k]) for k in firsts])
    return Recount(looks, counts, pseudo, greedy[looks], values[which[looks]], counts.sum(axis=-1))


def occupancy(mdp: Any, greedy: Any) -> Any:
    """(H, S, A) how likely the policy is at (s, a) at each step."""
    H, S, A = mdp.R.shape
    here, law = np.array(mdp.start), np.zeros((H, S, A))
    for h in range(H):
        law[h, np.arange(S), greedy[h]] = here
        here = here @ mdp.P[h, np.arange(S), greedy[h]]
    return law


def policy_values(mdp: Any, greedy: Any) -> Any:
    """(H + 1, S) exact values."""
    H, S, _ = mdp.R.shape
    values, rows = np.zeros((H + 1, S)), np.arange(S)
    for h in range(H - 1, -1, -1):
        values[h] = mdp.R[h, rows, greedy[h]] + mdp.P[h, rows, greedy[h]] @ values[h + 1]
    return values


def again(run: Any, case: Case) -> tuple[Any, Any, Any]:
    """(M, H, S) each: upper values, lower values and widths from the counts, by the rule of the case's algorithm."""
    found, mdp = recount(run, case), case.model
    H, S, A = mdp.R.shape
    n = found.visits.astype(float)
    seen = n > 0
    p_hat = np.where(seen[..., None], found.counts / np.maximum(n, 1.0)[..., None], 1.0 / S)
    delta, scale = float(case.parameters.get("delta", 0.05)), float(case.parameters.get("scale", 1.0))
    M = len(n)
    upper, lower, width = (np.zeros((M, H + 1, S)) for _ in range(3))
    rows = np.arange(M)[:, None], np.arange(S)[None]
    for h in range(H - 1, -1, -1):
        N, p, chosen = np.maximum(n[:, h], 1.0), p_hat[:, h], found.greedy[:, h]
        mean, low = (np.einsum("msat,mt->msa", p, v[:, h + 1]) for v in (upper, lower))
        if run.algorithm.endswith("bpi_ucbvi"):
            union, growth = math.log(3 * S * A * H / delta), np.log(8.0 * math.e * (N + 1.0))
            variance = np.einsum("msat,msat->msa", p, (upper[:, h + 1][:, None, None] - mean[..., None]) ** 2)
            root = np.sqrt(scale * variance * (union + growth) / N)
            crowd = scale * H**2 * (union + S * growth) / N
            bonus = 3.0 * root + 14.0 * crowd + (mean - low) / H
            high = np.where(seen[:, h], np.minimum(H, mdp.R[h] + bonus + mean), H)
            floor = np.where(seen[:, h], np.maximum(0.0, mdp.R[h] - bonus + low), 0.0)
            later = np.einsum("msat,mt->msa", p, width[:, h + 1])
            gap = np.minimum(H, 6.0 * root + 36.0 * crowd + (1.0 + 3.0 / H) * later)
            upper[:, h], lower[:, h] = high.max(axis=-1), floor.max(axis=-1)
            width[:, h] = np.where(seen[:, h], gap, H)[(*rows, chosen)]
            continue
        beta = math.log(S * A * H / delta) + (S - 1) * (1.0 + np.log1p(N / max(S - 1, 1)))
        radius = np.where(seen[:, h], np.minimum(2.0, np.sqrt(2.0 * beta / N)), 2.0)
        bonus = 0.5 * (H - 1 - h) * scale * radius
        upper[:, h] = np.minimum(H - h, mdp.R[h] + bonus + mean).max(axis=-1)
        lower[:, h] = np.maximum(0.0, mdp.R[h] - bonus + low)[(*rows, chosen)]
        width[:, h] = upper[:, h] - lower[:, h]
    return upper[:, :-1], lower[:, :-1], width[:, :-1]


def at(name: str) -> Any:
    """A column of the trace at the plans that are looked at."""
    return lambda run, case: np.asarray(run.trace[name])[recount(run, case).plans]


def optimal(run: Any, case: Case) -> Any:
    """(H, S) optimal values."""
    return case.fact("optimal values", lambda model: backward_induction(model).V[:-1])


def true_gaps(run: Any, case: Case) -> Any:
    """(M,) exact gaps of the greedy policies."""
    best = float(case.model.start @ optimal(run, case)[0])
    return best - recount(run, case).policy_values[:, 0] @ case.model.start


def true_width(run: Any, case: Case) -> Any:
    """(M, H, S) how far the upper values lie above the values of the greedy policy."""
    return at("upper_values")(run, case) - recount(run, case).policy_values[:, :-1]


def most_width(case: Case, k: Any) -> Any:
    r""":math:`c_0 + c_1(k) \sqrt k`: what k widths of L1 brackets add up to at most."""
    H, S, A = case.model.R.shape
    delta = float(case.parameters.get("delta", 0.05))
    k = np.asarray(k, dtype=float)
    beta = math.log(S * A * H / delta) + (S - 1) * (1.0 + np.log1p(k / max(S - 1, 1)))
    return E1 * H * H * (S * A + math.log(1.0 / delta) + 1.5 * np.sqrt(2.0 * beta * S * A * k))


def few_visits(run: Any, case: Case) -> float:
    """The largest excess of half the expected visits over the visits, over all plans and (h, s, a)."""
    found = recount(run, case)
    return float((found.pseudo / 2.0 - found.visits).max())


def slack(run: Any, case: Case) -> float:
    """log(2 S A H / delta)."""
    return math.log(2.0 * case.model.R.size / float(case.parameters.get("delta", 0.05)))


def reached_again(run: Any, case: Case) -> Any:
    """(N,) the first plan that certifies each accuracy."""
    good = np.asarray(run.trace["certificates"])[None] <= np.asarray(run.accuracies)[:, None]
    return np.where(good.any(axis=1), good.argmax(axis=1), -1)


def running(run: Any, case: Case) -> Any:
    """(K,) sums of the certificates of the episodes that were played."""
    return np.cumsum(np.asarray(run.trace["certificates"])[: run.stopping_time])


def links(
    algorithm: str, instances: tuple[Instance, ...], many: tuple[Instance, ...], delta: float, *, constants: str
) -> tuple[Link, ...]:
    """The chain for one search; ``many`` has the runs that statements about a probability need."""

    def link(name: str, left: Any, right: Any, statement: str, *, probable: float = 0.0, **more: Any) -> Link:
        where: dict[str, Any] = {"instances": instances}
        if probable:
            where = {"instances": many, "kind": HighProbability(probable), "hypotheses": (UNSCALED,)}
        more = {"source": "the definition", "constants": "none", **more}
        return Link(
            name=f"{algorithm}: {name}",
            left=left,
            right=right,
            statement=statement,
            algorithm=algorithm,
            **where,
            **more,
        )

    proof = {"source": "the proof", "constants": constants}
    common = (
        link(
            "upper values recomputed", at("upper_values"), lambda run, case: again(run, case)[0],
            r"\bar V_h equals its recursion on recounted frequencies", two_sided=True,
        ),
        link(
            "lower values recomputed", at("lower_values"), lambda run, case: again(run, case)[1],
            r"\underline V_h equals its recursion on recounted frequencies", two_sided=True,
        ),
        link(
            "widths recomputed", at("widths"), lambda run, case: again(run, case)[2],
            r"G_h, or the width of the bracket, equals its recursion on recounted frequencies", two_sided=True,
        ),
        link(
            "the certificate is that of the start", at("certificates"),
            lambda run, case: at("widths")(run, case)[:, 0] @ case.model.start,
            r"the width at step 1 averaged over the law of the start", two_sided=True,
        ),
        link(
            "it goes on while it must", lambda run, case: np.full(run.stopping_time, run.epsilon),
            lambda run, case: np.asarray(run.trace["certificates"])[: run.stopping_time],
            r"no earlier plan was good enough",
        ),
        link(
            "times of the accuracies", lambda run, case: run.reached, reached_again,
            r"the first plan whose certificate is at most each accuracy; -1 if none", two_sided=True,
        ),
        link(
            "exact values", lambda run, case: np.append(run.trace["values"][-1:], run.policy_value),
            lambda run, case: np.array(
                [policy_values(case.model, run.trace["greedy"][k])[0] @ case.model.start for k in (-2, -1)]
            ),
            r"the values of the last policy that was played and of the returned one", two_sided=True,
        ),
        link(
            "optimism", optimal, at("upper_values"), r"V^*_h \le \bar V_h at all steps, states and plans",
            probable=delta, **proof,
        ),
        link(
            "the width covers the policy", true_width, at("widths"),
            r"\bar V_h - V^\pi_h \le G_h, or the bracket's width", probable=delta, **proof,
        ),
        link(
            "every certificate is valid", true_gaps, at("certificates"),
            r"V^* - V^{\pi_k} is at most the certificate at every plan, not at the last alone", probable=delta, **proof,
        ),
        link(
            "visits follow their expectation", few_visits, slack,
            r"n^k_h(s,a) \ge \tfrac12 \bar n^k_h(s,a) - \log(2SAH/\delta) for all k and (h, s, a)",
            probable=delta, source="[kaufmann2021adaptive, Lemma 9]", constants="paper",
        ),
    )  # fmt: skip
    if algorithm == "bpi_ucbvi":
        return (
            *common,
            link("pessimism", at("lower_values"), optimal, r"\underline V_h \le V^*_h", probable=delta, **proof),
        )
    return (
        *common,
        link(
            "pessimism",
            at("lower_values"),
            lambda run, case: recount(run, case).policy_values[:, :-1],
            r"\underline V^\pi_h \le V^\pi_h",
            probable=delta,
            **proof,
        ),
        link(
            "sum of widths",
            running,
            lambda run, case: most_width(case, np.arange(1, run.stopping_time + 1)),
            r"\sum_{l \le k} W_l \le c_0 + c_1(k) \sqrt k for all k",
            probable=2.0 * delta,
            **proof,
        ),
    )
