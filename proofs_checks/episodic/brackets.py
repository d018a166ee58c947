r"""Theorem P: what counts say about every policy at once, with explicit constants.  The proof: docs/theorem-p.md.

Setting: H steps, S >= 2 states, A actions, known rewards in [0, 1], a kernel for each step.  With
$L = \log(SAH/\delta)$, $\beta(n) = L + (S-1)\log(e(1 + n/(S-1)))$, $w(n) = \min(2, \sqrt{2\beta(n)/n})$ and
$b_h = \frac12 (H-h) w$ the optimistic and pessimistic recursions bracket the value of every policy on the event E that
$|\hat p - p|_1 \le w$ at all times; $P(E) \ge 1 - \delta$.  With $e_1 = 1/(1 - 1/e)$,

$$c_0 = e_1 (H^2 S A + H^2 \log(1/\delta)), \qquad c_1 = e_1 \cdot 1.5 H^2 \sqrt{2 \beta(K) S A},$$

the widths of the brackets of the executed policies sum to at most $c_0 + c_1 \sqrt{|B|}$ over any predictable set B of
episodes, with probability at least $1 - \delta$.

This file recomputes everything from the states and actions of a traced run, in numpy, apart from the kernels: visits,
empirical transitions, brackets, exact values, the executed policies' occupancy and the two sums of the proof.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from theorylab.verify.cases import Case

__all__ = ["DELTA", "E1", "Recount", "beta", "c0", "c1", "recount", "width_bound"]

DELTA = 0.05
E1 = 1.0 / (1.0 - 1.0 / math.e)


def delta_of(case: Case) -> float:
    """The confidence of the case."""
    return float(case.parameters.get("delta", DELTA))


def beta(case: Case, n: Any) -> Any:
    r""":math:`\beta(n)` of the case's model."""
    m = case.model
    log_union = math.log(m.n_states * m.n_actions * m.horizon / delta_of(case))
    extra = max(m.n_states - 1, 1)
    return log_union + (m.n_states - 1) * (1.0 + np.log1p(np.asarray(n, dtype=float) / extra))


def c0(case: Case) -> float:
    r""":math:`c_0`."""
    m = case.model
    return E1 * m.horizon**2 * (m.n_states * m.n_actions + math.log(1.0 / delta_of(case)))


def c1(case: Case) -> float:
    r""":math:`c_1` for K episodes."""
    m = case.model
    return float(E1 * 1.5 * m.horizon**2 * math.sqrt(2.0 * beta(case, case.horizon) * m.n_states * m.n_actions))


def width_bound(case: Case, episodes: Any) -> Any:
    r""":math:`c_0 + c_1 \sqrt{|B|}`."""
    return c0(case) + c1(case) * np.sqrt(episodes)


@dataclass(frozen=True, eq=False)
class Recount:
    """A traced run, counted again; K episodes, steps from 0."""

    visits: Any  # (K, H, S, A) before each episode
    p_hat: Any  # (K, H, S, A, S)
    radius: Any  # (K, H, S, A) w(n)
    law: Any  # (K, H, S, A) the policy that was played
    true_values: Any  # (K, H + 1, S) of it
    lower_values: Any  # (K, H + 1, S) its pessimistic values
    upper_values: Any  # (K, H + 1, S)
    optimistic: Any  # (K, H + 1, S) largest optimistic values
    expected_width: Any  # (K,) mu: the expected sum of min(H, 1.5 (H - h) w) under the policy
    sampled_width: Any  # (K,) X: the same sum along the episode

    @property
    def width(self) -> Any:
        """(K, S) upper less lower value at the first step."""
        return self.upper_values[:, 0] - self.lower_values[:, 0]


_LAST: list[Any] = [None, None]


def recount(run: Any, case: Case) -> Recount:
    """The recount of a run; the last one is remembered, because many links ask for it."""
    if _LAST[0] is not run:
        _LAST[:] = [run, _recount(run, case)]
    return _LAST[1]  # type: ignore[no-any-return]


def _recount(run: Any, case: Case) -> Recount:
    mdp = case.model
    H, S, A = mdp.R.shape
    states, actions = np.asarray(run.trace["states"]), np.asarray(run.trace["actions"])
    K = len(actions)
    steps = np.arange(H)
    shown = np.zeros((K, H, S, A, S))
    shown[np.arange(K)[:, None], steps, states[:, :-1], actions, states[:, 1:]] = 1.0
    counts = np.cumsum(shown, axis=0) - shown
    visits = counts.sum(axis=-1)
    p_hat = np.where(visits[..., None] > 0, counts / np.maximum(visits, 1.0)[..., None], 1.0 / S)
    scale = float(case.parameters.get("scale", 1.0))
    radius = np.minimum(2.0, np.sqrt(2.0 * beta(case, visits) / np.maximum(visits, 1.0)))
    radius = np.where(visits > 0, radius, 2.0)
    left = np.arange(H - 1, -1, -1.0)[:, None, None]
    bonus = 0.5 * scale * left * radius
    law = played_law(run, case)
    true, low, high, best = (np.zeros((K, H + 1, S)) for _ in range(4))
    for h in range(H - 1, -1, -1):
        q = mdp.R[h] + np.einsum("sat,kt->ksa", mdp.P[h], true[:, h + 1])
        true[:, h] = (law[:, h] * q).sum(axis=-1)
        q = mdp.R[h] - bonus[:, h] + np.einsum("ksat,kt->ksa", p_hat[:, h], low[:, h + 1])
        low[:, h] = (law[:, h] * np.maximum(0.0, q)).sum(axis=-1)
        q = mdp.R[h] + bonus[:, h] + np.einsum("ksat,kt->ksa", p_hat[:, h], high[:, h + 1])
        high[:, h] = (law[:, h] * np.minimum(H - h, q)).sum(axis=-1)
        q = mdp.R[h] + bonus[:, h] + np.einsum("ksat,kt->ksa", p_hat[:, h], best[:, h + 1])
        best[:, h] = np.minimum(H - h, q).max(axis=-1)
    cost = np.minimum(H, 1.5 * left * radius)
    here = np.broadcast_to(mdp.start, (K, S))
    expected = np.zeros(K)
    for h in range(H):
        joint = here[:, :, None] * law[:, h]
        expected += (joint * cost[:, h]).sum(axis=(1, 2))
        here = np.einsum("ksa,sat->kt", joint, mdp.P[h])
    sampled = cost[np.arange(K)[:, None], steps, states[:, :-1], actions].sum(axis=1)
    return Recount(visits, p_hat, radius, law, true, low, high, best, expected, sampled)


def played_law(run: Any, case: Case) -> Any:
    """(K, H, S, A) the policy that was played: baseline, then the mixed step, then greedy."""
    H, _, A = case.model.R.shape
    greedy = np.asarray(run.trace["greedy"])
    sure = (greedy[..., None] == np.arange(A)).astype(float)
    switches, weights = np.asarray(run.trace["switches"]), np.asarray(run.trace["weights"])
    if "baseline" not in case.parameters:
        return sure
    steps = np.arange(H)[None, :]
    share = np.where(steps >= switches[:, None], 1.0, 0.0)
    share = np.where(steps == switches[:, None] - 1, mixing(run)[:, None], share)[..., None, None]
    assert weights.shape == switches.shape
    return share * sure + (1.0 - share) * np.asarray(case.parameters["baseline"])[None]


def mixing(run: Any) -> Any:
    """(K,) the weight of the greedy action at the mixing step; 0 where a coin chose the policy of a whole episode."""
    if run.algorithm.endswith("stepmix"):
        return np.asarray(run.trace["weights"])
    return np.zeros(len(run.trace["switches"]))


def start_value(values: Any, case: Case) -> Any:
    """(K,) of values (K, H + 1, S) or (K, S): averaged over the start law."""
    first = values[:, 0] if values.ndim == 3 else values
    return first @ case.model.start
