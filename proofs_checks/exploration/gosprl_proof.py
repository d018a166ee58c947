r"""The proof of GOSPRL's bound: its links on traces, and the stages of its profile (steps listed in gosprl.py)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.exploration.gosprl_instances import (
    ACCURACY,
    DRIFT,
    FREQUENT,
    HYPOTHESES,
    PROFILED,
    SOURCE,
    TRACED,
    bound_of,
    diameter_of,
    required,
    shortest_paths,
)

from theorylab.verify.cases import Case
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link, Stage


def beta(n: Any, case: Case) -> Any:
    """log(SA/delta) + (S-1) log(e(1 + n/(S-1)))."""
    S, A = case.model.n_states, case.model.n_actions
    more = (S - 1) * (1.0 + np.log1p(n / max(1, S - 1)))
    return math.log(S * A / case.parameters["delta"]) + more


def width(n: Any, case: Case) -> Any:
    """w(n), 2 without a visit."""
    n = np.asarray(n, dtype=float)
    safe = np.maximum(n, 1.0)
    return np.where(n > 0, np.minimum(2.0, np.sqrt(2.0 * beta(safe, case) / safe)), 2.0)


def empirical(run: Any, case: Case) -> Any:
    """p_hat (K, S, A, S) of each plan, uniform without a visit."""
    n = run.trace.visits[..., None]
    return np.where(n > 0, run.trace.counts / np.maximum(1, n), 1.0 / case.model.n_states)


def inside(run: Any, case: Case) -> Any:
    """(K,) whether the true transitions lie in all balls of a plan."""
    distance = np.abs(empirical(run, case) - case.model.P).sum(axis=3)
    return (distance <= width(run.trace.visits, case) + 1e-12).all(axis=(1, 2))


def good(run: Any, case: Case) -> Any:
    """Whether the true transitions lie in the balls of every plan of the run (and it planned at all)."""
    return bool(inside(run, case).all()) and len(run.trace.clock) > 0


def of_policy(values: Any, run: Any) -> Any:
    """Entries (K, S) of (K, S, A, ...) at the actions of each plan's policy."""
    k, s = np.ogrid[: run.trace.policies.shape[0], : run.trace.policies.shape[1]]
    return values[k, s, run.trace.policies]


def history(run: Any, case: Case) -> Any:
    """(T, S, A) visits before each step, counted again from the states and actions."""
    S, A = case.model.n_states, case.model.n_actions
    steps = len(run.trace.actions)
    seen = np.zeros((steps + 1, S, A), dtype=np.int64)
    seen[np.arange(1, steps + 1), run.trace.states[:-1], run.trace.actions] = 1
    return np.cumsum(seen, axis=0)


def under_sampled(run: Any, case: Case) -> Any:
    """(T, S) whether a state has an under-sampled action before each step, counted again."""
    return (history(run, case)[:-1] < required(case)).any(axis=2)


def travel(run: Any) -> Any:
    """The steps that follow a plan."""
    return np.flatnonzero(run.trace.plans >= 0)


def _recounted(run: Any, case: Case) -> Any:
    return history(run, case)[run.trace.clock]


def _goals_recounted(run: Any, case: Case) -> Any:
    return (_recounted(run, case) < required(case)).any(axis=2)


def _played_pair_before(run: Any, case: Case) -> Any:
    t = np.arange(len(run.trace.actions))
    return history(run, case)[t, run.trace.states[:-1], run.trace.actions]


def _at_goal(run: Any, case: Case) -> Any:
    t = np.arange(len(run.trace.actions))
    return under_sampled(run, case)[t, run.trace.states[:-1]]


def _missing_before_last(run: Any, case: Case) -> Any:
    return np.maximum(required(case) - history(run, case)[-2], 0).sum() if len(run.trace.actions) else 1


def _planned_goals_differ(run: Any, case: Case) -> Any:
    """(travel,) in how many states the goals of the plan in force are not those of the moment."""
    t = travel(run)
    return (under_sampled(run, case)[t] != run.trace.goals[run.trace.plans[t]]).sum(axis=1)


def _since_plan(run: Any, case: Case) -> tuple[Any, Any]:
    """(travel, S, A) plays since the plan in force, and max(1, visits before it)."""
    t = travel(run)
    before = history(run, case)[run.trace.clock[run.trace.plans[t]]]
    return history(run, case)[t] - before, np.maximum(1, before)


def _reason(run: Any, case: Case) -> Any:
    """(K - 1,) 1 where a later plan had a reason: other goals, or a pair played as often as before."""
    seen = history(run, case)[run.trace.clock]
    other = (_goals_recounted(run, case)[1:] != _goals_recounted(run, case)[:-1]).any(axis=1)
    doubled = (seen[1:] - seen[:-1] >= np.maximum(1, seen[:-1])).any(axis=(1, 2))
    return (other | doubled).astype(float)


def least_in_ball(p_hat: Any, radius: Any, u: Any) -> Any:
    """Least p.u over |p - p_hat|_1 <= radius, by moving mass from the worst states to the best; (..., S)."""
    order = np.argsort(-u, kind="stable")
    best = order[-1]
    room = np.minimum(radius / 2.0, 1.0 - p_hat[..., best])
    mass = p_hat[..., order[:-1]]
    moved = np.minimum(np.cumsum(mass, axis=-1), room[..., None])
    moved = np.diff(moved, axis=-1, prepend=0.0)
    return p_hat @ u - (moved * (u[order[:-1]] - u[best])).sum(axis=-1)


def _best_backup(run: Any, case: Case) -> Any:
    """(K, S) 1 + min_a min_p p.u off the goals, 0 on them, by the sorting above."""
    rows = [
        1.0 + least_in_ball(p, w, u).min(axis=1)
        for p, w, u in zip(empirical(run, case), width(run.trace.visits, case), run.trace.values, strict=True)
    ]
    return np.where(run.trace.goals, 0.0, np.array(rows).reshape(run.trace.goals.shape))


def _backup(run: Any) -> Any:
    return 1.0 + (run.trace.optimistic_transitions * run.trace.values[:, None, :]).sum(axis=2)


def _true_steps(run: Any, case: Case) -> Any:
    goals = run.trace.goals
    return np.array([shortest_paths(case, g) for g in goals]).reshape(goals.shape)


def _values_along(run: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Of each travelling step: plan, state, action, u at the state, u at the next state."""
    t = travel(run)
    k = run.trace.plans[t]
    here, there = run.trace.states[t], run.trace.states[t + 1]
    return k, here, run.trace.actions[t], run.trace.values[k, here], run.trace.values[k, there]


def _optimistic_mean(run: Any) -> Any:
    k, here, _, _, _ = _values_along(run)
    return (run.trace.optimistic_transitions[k, here] * run.trace.values[k]).sum(axis=1)


def _true_mean(run: Any, case: Case) -> Any:
    k, here, action, _, _ = _values_along(run)
    return (case.model.P[here, action] * run.trace.values[k]).sum(axis=1)


def _drift(run: Any) -> float:
    return float((_values_along(run)[3] - _optimistic_mean(run)).sum())


def _telescope(run: Any) -> float:
    _, _, _, u, u_next = _values_along(run)
    return float((u - u_next).sum())


def _noise(run: Any, case: Case) -> Any:
    """(travel,) partial sums of u(next) - p.u; a plan whose values exceed D counts 0."""
    k, _, _, _, u_next = _values_along(run)
    small = run.trace.values[k].max(axis=1, initial=0.0) <= diameter_of(case) + 1e-9
    return np.cumsum(np.where(small, u_next - _true_mean(run, case), 0.0))


def _noise_bound(run: Any, case: Case) -> Any:
    T = np.arange(1, len(travel(run)) + 1)
    D = diameter_of(case)
    return DRIFT * T + D * D * math.log(1.0 / case.parameters["delta"]) / (8.0 * DRIFT)


def _error(run: Any, case: Case) -> float:
    return float((_true_mean(run, case) - _optimistic_mean(run)).sum())


def _widths_played(run: Any, case: Case) -> float:
    k, here, action, _, _ = _values_along(run)
    return float(np.minimum(1.0, width(run.trace.visits[k, here, action], case)).sum())


def _pigeonhole(run: Any, case: Case) -> float:
    pairs = case.model.n_states * case.model.n_actions
    T = len(travel(run))
    return pairs + 4.0 * math.sqrt(float(beta(run.steps, case)) * pairs * T)


def _doublings(run: Any, case: Case) -> float:
    """Plans that follow a doubling of a count: all but the first that keep their goals."""
    goals = run.trace.goals
    return float((goals[1:] == goals[:-1]).all(axis=1).sum()) if len(goals) else 0.0


def _doublings_bound(run: Any, case: Case) -> float:
    pairs = case.model.n_states * case.model.n_actions
    return pairs * (1.0 + math.log2(1.0 + run.steps / pairs))


def _segments(run: Any, case: Case) -> float:
    """D times (samples + doublings), plus one journey that the horizon cuts off."""
    collected = int(run.requirements.sum() - run.missing.sum())
    cut = run.steps_to_meet is None
    return diameter_of(case) * (collected + _doublings_bound(run, case) + cut)


def _off_goals(run: Any, values: Any) -> Any:
    return np.where(run.trace.goals, 0.0, values)


def _link(name: str, step: str, statement: str, left: Any, right: Any, **more: Any) -> Link:
    more.setdefault("instances", TRACED)
    return Link(
        name=name,
        statement=statement,
        left=left,
        right=right,
        source=f"{SOURCE}, {step}",
        hypotheses=HYPOTHESES,
        **more,
    )


ALGORITHM = "Algorithm 1"
OURS = "bound derived here"
LINKS = (
    _link("counts are up to date", ALGORITHM, r"N_k = \text{visits before plan } k",
          lambda r, c: r.trace.visits, _recounted, two_sided=True),
    _link("transitions are counted once", ALGORITHM, r"\sum_{s'} N_k(s,a,s') = N_k(s,a)",
          lambda r, c: r.trace.counts.sum(axis=3), lambda r, c: r.trace.visits, two_sided=True),
    _link("goals are the under-sampled states", ALGORITHM, r"G_k = \{s : \exists a\ N_k(s,a) < b(s,a)\}",
          lambda r, c: r.trace.goals, _goals_recounted, two_sided=True),
    _link("a goal is sampled", ALGORITHM, r"s_t \in G \Rightarrow N_t(s_t,a_t) < b(s_t,a_t)",
          lambda r, c: _played_pair_before(r, c) + 1,
          lambda r, c: required(c)[r.trace.states[:-1], r.trace.actions], given=_at_goal),
    _link("off the goals the plan is followed", ALGORITHM, r"a_t = \pi_k(s_t)",
          lambda r, c: r.trace.actions[travel(r)],
          lambda r, c: r.trace.policies[r.trace.plans[travel(r)], r.trace.states[travel(r)]], two_sided=True),
    _link("one sample at each goal", ALGORITHM, r"\sum_t 1\{s_t \in G_t\} = \text{samples collected}",
          lambda r, c: _at_goal(r, c).sum(), lambda r, c: c_collected(r, c), two_sided=True),
    _link("the plan has the goals of the moment", ALGORITHM, r"G_t = G_k",
          _planned_goals_differ, lambda r, c: 0.0),
    _link("the plan has fresh counts", ALGORITHM, r"N_t - N_k < \max(1, N_k) \text{ while plan } k \text{ is followed}",
          lambda r, c: _since_plan(r, c)[0] + 1, lambda r, c: _since_plan(r, c)[1]),
    _link("no plan without a reason", ALGORITHM, r"G_{k+1} \ne G_k \text{ or a count has doubled}",
          lambda r, c: 1.0 - _reason(r, c), lambda r, c: 0.0),
    _link("stops at once", ALGORITHM, r"\text{before the last step something is missing}",
          lambda r, c: 1.0, _missing_before_last),
    _link("radii", OURS, r"w(n) = \min(2, \sqrt{2\beta(n)/n})",
          lambda r, c: r.trace.radii, lambda r, c: width(r.trace.visits, c), two_sided=True),
    _link("inside the ball", OURS, r"|\tilde p - \hat p|_1 \le w",
          lambda r, c: np.abs(r.trace.optimistic_transitions - of_policy(empirical(r, c), r)).sum(axis=2),
          lambda r, c: of_policy(width(r.trace.visits, c), r), given=lambda r, c: ~r.trace.goals),
    _link("a distribution", OURS, r"\sum_{s'} \tilde p(s') = 1",
          lambda r, c: r.trace.optimistic_transitions.sum(axis=2), lambda r, c: 1.0, two_sided=True),
    _link("goals cost nothing", OURS, r"u_{i+1} = 0 \text{ on } G_k",
          lambda r, c: np.abs(r.trace.next_values) + np.abs(r.trace.values), lambda r, c: 0.0,
          given=lambda r, c: r.trace.goals),
    _link("values are the backup", OURS, r"u_{i+1} = 1 + \tilde p \cdot u_i \text{ off } G_k",
          lambda r, c: r.trace.next_values, lambda r, c: _backup(r), two_sided=True,
          given=lambda r, c: ~r.trace.goals),
    _link("the backup is the least", OURS, r"u_{i+1}(s) = 1 + \min_a \min_p p \cdot u_i",
          lambda r, c: r.trace.next_values, _best_backup, two_sided=True),
    _link("residual", OURS, r"0 \le u_{i+1} - u_i \le \varepsilon",
          lambda r, c: np.abs(r.trace.next_values - r.trace.values), lambda r, c: ACCURACY),
    _link("1 optimism", OURS, r"u_i \le V^*_{G_k} \text{ while } p \text{ lies in the balls}",
          lambda r, c: r.trace.next_values, _true_steps, given=lambda r, c: inside(r, c)[:, None]),
    _link("1 optimism, every plan", OURS, r"P\{\exists k, s: u_{i+1}(s) > V^*_{G_k}(s)\} \le \delta",
          lambda r, c: r.trace.next_values, _true_steps, kind=HighProbability(0.05), instances=(FREQUENT,)),
    _link("1 at most the diameter", OURS, r"V^*_{G} \le D",
          _true_steps, lambda r, c: diameter_of(c)),
    _link("2 drift", OURS, r"(1-\varepsilon) T \le \sum_t u(s_t) - \tilde p \cdot u",
          lambda r, c: (1.0 - ACCURACY) * len(travel(r)), lambda r, c: _drift(r)),
    _link("3 journeys", OURS, r"\sum_t u(s_t) - u(s_{t+1}) \le D(B + SA(1+\log_2(1+\tau/(SA))))",
          lambda r, c: _telescope(r), _segments, given=good),
    _link("3 number of doublings", OURS, r"\#\{k : G_k = G_{k-1}\} \le SA(1+\log_2(1+\tau/(SA)))",
          _doublings, _doublings_bound),
    _link("4 martingale", OURS, r"\sum_t u(s_{t+1}) - p \cdot u \le cT + D^2\log(1/\delta)/(8c) \text{ for all } T",
          _noise, _noise_bound, kind=HighProbability(0.05), instances=(FREQUENT,)),
    _link("5 error of the balls", OURS, r"\sum_t (p - \tilde p) \cdot u \le D \sum_t \min(1, w)",
          _error, lambda r, c: diameter_of(c) * _widths_played(r, c), given=good),
    _link("6 pigeonhole", OURS, r"\sum_t \min(1, w) \le SA + 4\sqrt{\beta(\tau) SA\,T}",
          _widths_played, _pigeonhole, instances=(*TRACED, PROFILED)),  # on TRACED the bound exceeds T
)  # fmt: skip


def c_collected(run: Any, case: Case) -> float:
    """Samples collected that were required, counted again from the steps."""
    last = history(run, case)[-1]
    return float(np.minimum(last, required(case)).sum())


def _chain(run: Any, case: Case) -> float:
    return (_telescope(run) + _noise_sum(run, case) + _error(run, case)) / (1.0 - ACCURACY)


def _noise_sum(run: Any, case: Case) -> float:
    noise = _noise(run, case)
    return float(noise[-1]) if len(noise) else 0.0


def _samples(run: Any, case: Case) -> float:
    return float(run.steps - len(travel(run)))


STAGES = (
    Stage("steps taken", lambda r, c: float(r.steps)),
    Stage(
        "2 drift of the optimistic values",
        lambda r, c: _samples(r, c) + _chain(r, c),
        "The values must fall by 1 - epsilon a step in the optimistic model.",
    ),
    Stage(
        "3 each journey costs D",
        lambda r, c: _samples(r, c) + (_segments(r, c) + _noise_sum(r, c) + _error(r, c)) / (1.0 - ACCURACY),
        "One journey to each sample, and one for each plan on the way.",
    ),
    Stage(
        "4 the noise at its worst",
        lambda r, c: (
            _samples(r, c) + (_segments(r, c) + float(_noise_bound(r, c)[-1]) + _error(r, c)) / (1.0 - ACCURACY)
        ),
    ),
    Stage(
        "5 balls",
        lambda r, c: (
            _samples(r, c)
            + (_segments(r, c) + float(_noise_bound(r, c)[-1]) + diameter_of(c) * _widths_played(r, c))
            / (1.0 - ACCURACY)
        ),
    ),
    Stage(
        "6 pigeonhole",
        lambda r, c: (
            _samples(r, c)
            + (_segments(r, c) + float(_noise_bound(r, c)[-1]) + diameter_of(c) * _pigeonhole(r, c)) / (1.0 - ACCURACY)
        ),
    ),
    Stage("bound", lambda r, c: bound_of(c), "Solved for the steps, for the best c."),
)
