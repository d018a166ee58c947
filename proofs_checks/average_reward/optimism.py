"""Both sides of the links that every optimistic algorithm's proof shares, read off the trace of a run.

Notation of [jaksch2010near]: episode k starts at time t_k with N_k visits; v_k plays of its policy pi_k; d' and d the
radii of rewards and transitions; u_k the last values of extended value iteration, w_k = u_k centred, so that
|w_k| <= D/2 when span(u_k) <= D.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.mdp.environments import two_state
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.planning import diameter, optimal_gain
from theorylab.verify.cases import Case, Hypothesis

__all__ = [
    "COMMUNICATING",
    "REWARDS_IN_UNIT_INTERVAL",
    "THEOREMS_CONSTANTS",
    "bound_22",
    "bound_23",
    "in_confidence",
    "noisy_two_state",
    "of_policy",
    "the_diameter",
    "the_gain",
]


def noisy_two_state(slip: float, *, swapped: bool = False) -> FiniteMDP:
    """Two states, Bernoulli rewards of mean 0.9 for staying in state 1 and 0.1 elsewhere; diameter 1/(1 - slip).

    ``swapped`` lists the actions in the other order: a check must not hang on which comes first.
    """
    model = two_state(slip)
    if swapped:
        names = tuple(reversed(model.action_names or ()))
        model = FiniteMDP(model.P[:, ::-1], model.R[:, ::-1], name=f"{model.name}-swapped", action_names=names)
    return FiniteMDP(
        model.P,
        0.1 + 0.8 * model.R,
        reward_law="bernoulli",
        name=f"noisy-{model.name}",
        action_names=model.action_names,
    )


def the_diameter(case: Case) -> float:
    """D, its certified upper bound (the largest over the pieces)."""
    return case.fact("diameter", lambda m: max(diameter(p).upper for p in getattr(m, "pieces", (m,))))


def the_gain(case: Case) -> float:
    """The optimal gain rho* of a stationary model."""
    return case.fact("gain", lambda m: optimal_gain(m).gain)


def _rewards_in_unit_interval(case: Case) -> bool:
    pieces = getattr(case.model, "pieces", (case.model,))
    values = [p.R if p.reward_values is None else p.reward_values for p in pieces]
    return all(bool(np.all((v >= 0.0) & (v <= 1.0))) for v in values)


REWARDS_IN_UNIT_INTERVAL = Hypothesis("rewards lie in [0, 1]", _rewards_in_unit_interval)
COMMUNICATING = Hypothesis("the model is communicating", lambda case: math.isfinite(the_diameter(case)))
STATIONARY = Hypothesis("the model does not change", lambda case: not hasattr(case.model, "pieces"))
THEOREMS_CONSTANTS = Hypothesis(
    "the radii are the theorem's (scale = 1)", lambda case: case.parameters.get("scale", 1.0) == 1.0
)


def bound_22(horizon: float, n_states: int, n_actions: int, diameter: float, delta: float) -> float:
    """The regret bound before its constants are rounded up: (22), with probability at least 1 - delta/(4 T^(5/4))."""
    T, S, A, D = horizon, n_states, n_actions, diameter
    log_time = math.log(8.0 * T / delta)
    return (
        math.sqrt(5.0 / 8.0 * T * log_time)
        + math.sqrt(T)
        + D * math.sqrt(5.0 / 2.0 * T * log_time)
        + D * S * A * math.log2(max(8.0 * T / (S * A), 2.0))
        + (2.0 * D * math.sqrt(14.0 * S * math.log(2.0 * A * T / delta)) + 2.0)
        * (math.sqrt(2.0) + 1.0)
        * math.sqrt(S * A * T)
    )


def bound_23(horizon: float, n_states: int, n_actions: int, diameter: float, delta: float) -> float:
    """Theorem 2 as quoted: 34 D S sqrt(A T log(T/delta)), with probability at least 1 - delta."""
    return 34.0 * diameter * n_states * math.sqrt(n_actions * horizon * math.log(horizon / delta))


def of_policy(values: Any, policies: Any) -> Any:
    """Entries (K, S) of an array (K, S, A, ...) at the actions of each episode's policy (K, S)."""
    k, s = np.ogrid[: policies.shape[0], : policies.shape[1]]
    return values[k, s, policies]


def true_rewards(run: Any, case: Case) -> Any:
    """Mean rewards (K, S) of each episode's policy in the true model."""
    s = np.arange(case.model.n_states)
    return case.model.R[s, run.trace.policies]


def true_transitions(run: Any, case: Case) -> Any:
    """Transitions (K, S, S) of each episode's policy in the true model."""
    s = np.arange(case.model.n_states)
    return case.model.P[s, run.trace.policies]


def in_confidence(run: Any, case: Case) -> Any:
    """(K,) whether the true model is plausible at the start of each episode."""
    trace = run.trace
    n = np.maximum(1, trace.visits)
    r_hat = trace.reward_sums / n
    p_hat = np.where(trace.visits[..., None] > 0, trace.counts / n[..., None], 1.0 / case.model.n_states)
    rewards = np.abs(r_hat - case.model.R) <= trace.reward_radii + 1e-12
    transitions = np.abs(p_hat - case.model.P).sum(axis=3) <= trace.transition_radii + 1e-12
    known = trace.visits > 0  # without a visit every model of the simplex is plausible
    return np.all(np.where(known, rewards & transitions, True), axis=(1, 2))


def centred(run: Any) -> Any:
    """w_k (K, S): u_k minus the middle of its range."""
    u = run.trace.values
    return u - (u.max(axis=1, keepdims=True) + u.min(axis=1, keepdims=True)) / 2.0


def per_visit(run: Any) -> Any:
    """v_k / sqrt(max(1, N_k)) of each episode's policy (K, S)."""
    visits = of_policy(run.trace.visits, run.trace.policies)
    return run.trace.plays / np.sqrt(np.maximum(1, visits))
