"""UCBVI with one kernel for all steps: a traced run counted again in numpy, and the links of the chain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.shared import NO_MUTANTS, on_model, optimal_value

from theorylab.mdp.episodic.planning import backward_induction
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link

__all__ = ["DELTA", "LINKS", "NAME", "SOURCE", "UNSCALED", "is_optimistic", "log_term"]

NAME = "ucbvi_stationary"
SOURCE, DELTA = "[azar2017minimax]", 0.05
UNSCALED = Hypothesis("bonuses are not scaled", lambda case: case.parameters.get("scale", 1.0) == 1.0)


def log_term(case: Case) -> float:
    """L = log(5 S A T / delta)."""
    return math.log(5.0 * case.model.R.size * case.horizon / float(case.parameters.get("delta", DELTA)))


@dataclass(frozen=True, eq=False)
class Recount:
    """A traced run counted again; K episodes, steps from 0."""

    visits: Any  # (K, S, A) at all steps, before each episode
    p_hat: Any  # (K, S, A, S); zeros without a visit
    bonus: Any  # (K, H, S, A); infinite without a visit
    scores: Any  # (K, H, S, A)  from the trace
    values: Any  # (K, H + 1, S)  optimistic, from the trace
    policy_values: Any  # (K, H + 1, S)  exact, of the policy that was played
    here: Any  # (K, H) states
    taken: Any  # (K, H) actions
    reached: Any  # (K, H) next states

    def along(self, table: Any) -> Any:
        """(K, H) of a table (K, H, S, A) at the pairs that were met."""
        K, H = self.here.shape
        return table[np.arange(K)[:, None], np.arange(H)[None], self.here, self.taken]


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
    episode = np.repeat(np.arange(K), H)
    here, taken, reached = states[:, :-1], actions, states[:, 1:]
    shown = np.zeros((K, S, A, S))
    np.add.at(shown, (episode, here.ravel(), taken.ravel(), reached.ravel()), 1.0)
    counts = np.cumsum(shown, axis=0) - shown
    arrived = np.zeros((K, H + 1, S))
    np.add.at(arrived, (episode, np.tile(np.arange(1, H + 1), K), reached.ravel()), 1.0)
    arrivals = np.cumsum(arrived, axis=0) - arrived
    visits = counts.sum(axis=-1)
    n = np.maximum(visits, 1.0)
    p_hat = counts / n[..., None]
    values = np.concatenate([run.trace["optimistic"], np.zeros((K, 1, S))], axis=1)
    L, scale = log_term(case), float(case.parameters.get("scale", 1.0))
    bonus = np.zeros((K, H, S, A))
    for h in range(H):
        if case.parameters["bonus"] == "hoeffding":
            bonus[:, h] = 7.0 * H * L / np.sqrt(n)
            continue
        mean = np.einsum("ksat,kt->ksa", p_hat, values[:, h + 1])
        variance = np.einsum("ksat,ksat->ksa", p_hat, (values[:, h + 1][:, None, None] - mean[..., None]) ** 2)
        met = arrivals[:, h + 1]
        unsure = np.where(met > 0, np.minimum(1e4 * H**3 * S**2 * A * L**2 / np.maximum(met, 1.0), H**2), H**2)
        tail = np.einsum("ksat,kt->ksa", p_hat, unsure)
        bonus[:, h] = np.sqrt(8.0 * L * variance / n) + 14.0 * H * L / (3.0 * n) + np.sqrt(8.0 * tail / n)
    bonus = np.where(visits[:, None] > 0, scale * bonus, np.inf)
    exact, rows = np.zeros((K, H + 1, S)), np.arange(S)
    for h in range(H - 1, -1, -1):
        p = mdp.P[h][rows, greedy[:, h]]
        exact[:, h] = mdp.R[h][rows, greedy[:, h]] + np.einsum("kst,kt->ks", p, exact[:, h + 1])
    scores = np.asarray(run.trace["scores"]).reshape(K, H, S, A)
    return Recount(visits, p_hat, bonus, scores, values, exact, here, taken, reached)


def planned(run: Any, case: Case) -> Any:
    """(K, H, S, A) min(Q of the plan before, H - h, r + p_hat V + b)."""
    found, mdp = recount(run, case), case.model
    H = mdp.horizon
    first = np.broadcast_to(np.arange(H, 0, -1.0)[:, None, None], mdp.R.shape)
    before = np.concatenate([first[None], found.scores[:-1]])
    mean = np.einsum("ksat,kht->khsa", found.p_hat, found.values[:, 1:])
    return np.minimum(before, mdp.R[None] + mean + found.bonus)


def surplus(run: Any, case: Case) -> Any:
    """(K, H) Q - r - p V at the pairs that were met, p the true kernel."""
    found, mdp = recount(run, case), case.model
    ahead = mdp.R[None] + np.einsum("hsat,kht->khsa", mdp.P, found.values[:, 1:])
    return found.along(found.scores - ahead)


def surplus_bound(run: Any, case: Case) -> Any:
    """(K, H) b + (H - 1 - h) |p_hat - p|_1 / 2."""
    found, mdp = recount(run, case), case.model
    distance = np.abs(found.p_hat[:, None] - mdp.P[None]).sum(axis=-1)
    left = np.arange(mdp.horizon - 1, -1, -1.0)[None, :, None, None]
    return found.along(found.bonus + 0.5 * left * distance)


def excess(run: Any, case: Case) -> Any:
    """(K, H + 1, S) how far the optimistic values lie above those of the policy."""
    found = recount(run, case)
    return found.values - found.policy_values


def true_regret(run: Any, case: Case) -> Any:
    """(K,) regret after each episode, from the exact values of the policies."""
    return np.cumsum(optimal_value(case) - recount(run, case).policy_values[:, 0] @ case.model.start)


def noise(run: Any, case: Case) -> Any:
    """(K, H) p D - D(next state), D the excess at the next step."""
    found, mdp, D = recount(run, case), case.model, excess(run, case)
    K, H = found.here.shape
    mean = found.along(np.einsum("hsat,kht->khsa", mdp.P, D[:, 1:]))
    return mean - D[np.arange(K)[:, None], np.arange(1, H + 1)[None], found.reached]


def first_excess(run: Any, case: Case) -> Any:
    """(K,) at the start of the episode."""
    found = recount(run, case)
    return excess(run, case)[np.arange(len(found.here)), 0, found.here[:, 0]]


def azuma(run: Any, case: Case) -> float:
    """The deviation of the sum of the noise."""
    H = case.model.horizon
    squares = sum(j * j for j in range(H))
    return math.sqrt(2.0 * case.horizon * math.log(1.0 / DELTA) * squares)


def before_visits(run: Any, case: Case) -> Any:
    """(K, H) N of the pair that is met, before the episode."""
    found = recount(run, case)
    return found.visits[np.arange(len(found.here))[:, None], found.here, found.taken]


def root_sum(run: Any, case: Case) -> float:
    """The sum of 1 / sqrt(N) over the visits with N >= H."""
    n = before_visits(run, case)
    return float((1.0 / np.sqrt(n[n >= case.model.horizon])).sum())


def optimal_values(case: Case) -> Any:
    """(H, S)."""
    return case.fact("optimal values", lambda model: backward_induction(model).V[:-1])


def is_optimistic(run: Any, case: Case) -> bool:
    """Whether every optimistic value is at least the optimal one."""
    return bool((np.asarray(run.trace["optimistic"]) >= optimal_values(case)[None] - 1e-9).all())


SHORT = {"smoke": 60, "quick": 200, "power": 40}
FEW = {"smoke": 2, "quick": 4, "power": 2}
OFTEN_RUNS = {"smoke": 20, "quick": 260}


def traced(name: str, bonus: str, scale: float = 1.0) -> Instance:
    """A traced instance."""
    label = f"{name}, {bonus}" + (f", scale {scale:g}" if scale != 1.0 else "")
    return on_model(name, SHORT, FEW, label=label, bonus=bonus, scale=scale, trace=True, delta=DELTA)


TRACED = (
    traced("riverswim-6-h20", "bernstein"),
    traced("riverswim-4-h10", "hoeffding", 0.01),
    traced("dirichlet-3-3-h3-seed5", "bernstein", 0.1),
    traced("dirichlet-3-3-h3-seed5", "hoeffding"),
)
OFTEN = tuple(
    on_model(
        "chain-5-h8", {"smoke": 60, "quick": 150}, OFTEN_RUNS, label=f"{bonus}, traced often", presets=NO_MUTANTS,
        bonus=bonus, trace=True, delta=DELTA,
    )
    for bonus in ("bernstein",)
)  # fmt: skip


def link(name: str, left: Any, right: Any, statement: str, **more: Any) -> Link:
    """A link on all traced instances, or on those with many runs when it speaks of a probability."""
    probable = "kind" in more
    return Link(
        name=f"{NAME}: {name}",
        left=left,
        right=right,
        statement=statement,
        source=SOURCE,
        instances=OFTEN if probable else TRACED,
        algorithm=NAME,
        **{"constants": "none", **({"hypotheses": (UNSCALED,)} if probable else {}), **more},
    )


LINKS = (
    link(
        "scores recomputed", lambda run, case: recount(run, case).scores, planned,
        r"Q_{k,h} = \min(Q_{k-1,h}, H - h, r + \hat p V_{k,h+1} + b) on recounted frequencies", two_sided=True,
    ),
    link(
        "values are the best scores", lambda run, case: run.trace["optimistic"],
        lambda run, case: recount(run, case).scores.max(axis=-1), r"V_{k,h} = \max_a Q_{k,h}", two_sided=True,
    ),
    link(
        "scores never rise", lambda run, case: recount(run, case).scores[1:],
        lambda run, case: recount(run, case).scores[:-1], r"Q_{k+1,h} \le Q_{k,h}",
    ),
    link(
        "greedy in the scores", lambda run, case: run.trace["optimistic"],
        lambda run, case: np.take_along_axis(
            recount(run, case).scores, np.asarray(run.trace["greedy"])[..., None], axis=-1
        )[..., 0] + 1e-11, r"the policy's score is the best one, up to the tie tolerance",
    ),
    link(
        "optimism", lambda run, case: np.broadcast_to(optimal_values(case), np.shape(run.trace["optimistic"])),
        lambda run, case: run.trace["optimistic"], r"V^*_h \le \bar V_{k,h} at all steps, states and episodes",
        kind=HighProbability(DELTA), constants="recalled",
    ),
    link(
        "regret below the excess", true_regret,
        lambda run, case: np.cumsum(excess(run, case)[:, 0] @ case.model.start),
        r"\sum_{l \le k} (V^* - V^{\pi_l}) \le \sum_{l \le k} (\bar V_{l,1} - V^{\pi_l}_1) when optimistic",
        given=is_optimistic,
    ),
    link(
        "telescoping", first_excess, lambda run, case: (surplus(run, case) + noise(run, case)).sum(axis=1),
        r"\Delta_{k,1} = \sum_h [\bar Q - r - p\bar V_{h+1}](s_h, a_h) + \sum_h M_h", two_sided=True,
    ),
    link(
        "surplus", surplus, surplus_bound,
        r"\bar Q - r - p\bar V_{h+1} \le b + \tfrac12 (H - h) |\hat p - p|_1 at the pairs that are met",
        constants="derived here",
    ),
    link(
        "noise", lambda run, case: float(noise(run, case).sum()), azuma,
        r"\sum_{k,h} M_{k,h} \le \sqrt{2K \log(1/\delta) \sum_{j<H} j^2}", kind=HighProbability(DELTA),
        constants="derived here",
    ),
    link(
        "few visits before H", lambda run, case: float((before_visits(run, case) < case.model.horizon).sum()),
        lambda run, case: 2.0 * case.model.R.size, r"\#\{(k,h): N_k < H\} \le 2HSA", constants="derived here",
    ),
    link(
        "pigeonhole", root_sum,
        lambda run, case: (math.sqrt(2.0) + 1.0) * math.sqrt(case.model.R.size * case.horizon),
        r"\sum_{k,h} 1\{N_k \ge H\} / \sqrt{N_k} \le (\sqrt2 + 1)\sqrt{SAT}", constants="derived here",
    ),
    link(
        "regret is booked", lambda run, case: run.regret,
        lambda run, case: true_regret(run, case)[np.asarray(run.times) - 1],
        r"R_k = \sum_{l \le k} (V^* - V^{\pi_l})", two_sided=True,
    ),
)  # fmt: skip
