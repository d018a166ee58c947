"""The search for a policy of optimal gain, and the bounds that a pair (bias, policy) proves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from theorylab.mdp.planning.certificates import UNIT, Tables, backup, outward, reachable_in_one_step
from theorylab.mdp.planning.chains import chain_value

__all__ = ["Candidate", "gain_bounds", "search"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
FIRST_SWEEPS = 40
MAX_SWEEPS = 100_000
TIE = 1e-12  # relative: smaller improvements are rounding, and the current action is kept


class Candidate(NamedTuple):
    """A policy, relative values, and the bounds on the gain that they prove."""

    lower: float
    upper: float
    bias: FloatArray
    policy: IntArray
    iterations: int


def gain_bounds(model: Tables, bias: FloatArray, policy: IntArray) -> tuple[float, float]:
    """(lower bound on the gain of ``policy`` from every state, upper bound on the optimal gain from every state)."""
    centred = bias - 0.5 * (bias.max() + bias.min())
    q, error = backup(model, centred)
    error += 3 * UNIT * float(np.abs(centred).max())  # of centring, and of the subtraction below
    residual = q - centred[:, None]
    states = np.arange(model.n_states)
    lower, upper = outward((residual - error)[states, policy].min(), (residual + error).max())
    return float(lower), float(upper)


def search(model: Tables, tolerance: float, max_iterations: int) -> Candidate:
    """Policy iteration from better and better first policies, until the bounds meet.

    One round nearly always suffices. On the way from a poor policy, policy iteration can pass through chains that leave
    a set of states once in 10^20 steps, which no linear solve in floats survives; a first policy from more sweeps of
    value iteration avoids them.
    """
    h = np.zeros(model.n_states)
    sweeps, done, iterations = max(FIRST_SWEEPS, 4 * model.n_states), 0, 0
    best: Candidate | None = None
    while True:
        h, policy = _relative_value_iteration(model, h, sweeps)
        done += sweeps
        found = [Candidate(*gain_bounds(model, h, policy), h, policy, iterations)]
        try:
            gain, bias, policy, evaluations = _policy_iteration(model, policy, max_iterations - iterations)
        except np.linalg.LinAlgError:
            iterations += 1
        else:
            iterations += evaluations
            _refuse_several_gains(model, gain, bias, policy)
            found.append(Candidate(*gain_bounds(model, bias, policy), bias, policy, iterations))
        best = min(found if best is None else [*found, best], key=lambda x: x.upper - x.lower)
        converged = best.upper - best.lower <= tolerance * model.reward_scale
        if converged or done > MAX_SWEEPS or iterations >= max_iterations:
            return best._replace(iterations=iterations)
        sweeps *= 4


def _policy_iteration(
    model: Tables, policy: IntArray, max_iterations: int
) -> tuple[FloatArray, FloatArray, IntArray, int]:
    """Gain and bias (S,) of the last policy evaluated, that policy, and the number of evaluations."""
    states = np.arange(model.n_states)
    scale = model.reward_scale
    for iteration in range(1, max_iterations + 1):
        value = chain_value(model.P[states, policy], model.R[states, policy])
        gain, bias = value.gain, value.bias
        improved = policy.copy()
        allowed = np.ones(model.R.shape, dtype=bool)
        if gain.max() - gain.min() > TIE * scale:
            reached = (model.rows @ gain).reshape(model.R.shape)
            best = reached.max(axis=1)
            better = best > reached[states, policy] + TIE * scale
            improved[better] = reached[better].argmax(axis=1)
            allowed = reached >= best[:, None] - TIE * scale
        if np.array_equal(improved, policy):
            q = np.where(allowed, model.R + (model.rows @ bias).reshape(model.R.shape), -np.inf)
            better = q.max(axis=1) > q[states, policy] + TIE * (scale + float(np.abs(bias).max()))
            improved[better] = q[better].argmax(axis=1)
        if np.array_equal(improved, policy):
            break
        if iteration < max_iterations:
            policy = improved
    return gain, bias, policy, iteration


def _relative_value_iteration(model: Tables, h: FloatArray, sweeps: int) -> tuple[FloatArray, IntArray]:
    """Relative values and the greedy policy; half a self-loop at each state makes every chain aperiodic."""
    for _ in range(sweeps):
        h = 0.5 * ((model.R + (model.rows @ h).reshape(model.R.shape)).max(axis=1) + h)
        h -= h[0]
    q = model.R + (model.rows @ h).reshape(model.R.shape)
    return h, q.argmax(axis=1).astype(np.int64)


def _refuse_several_gains(model: Tables, gain: FloatArray, bias: FloatArray, policy: IntArray) -> None:
    """Raise when two states are proved to have different optimal gains.

    Under an optimal policy the states that follow the best one have its gain, and whatever is reachable from the worst
    one has no more than the worst: the residual bounds on these two closed sets separate the gains, or nothing is said.
    """
    high, low = int(gain.argmax()), int(gain.argmin())
    if gain[high] - gain[low] <= TIE * model.reward_scale:
        return
    states = np.arange(model.n_states)
    above = _reachable(model.P[states, policy] > 0.0, high)
    below = _reachable(reachable_in_one_step(model), low)
    q, error = backup(model, bias)
    residual = q - bias[:, None]
    if (residual - error)[states, policy][above].min() > (residual + error)[below].max():
        raise ValueError(
            f"the optimal gain depends on the start state: {gain[high]:.12g} from state {high}, {gain[low]:.12g} from "
            f"state {low}; expected a model with one optimal gain (every weakly communicating model has one)"
        )


def _reachable(positive: NDArray[np.bool_], start: int) -> NDArray[np.bool_]:
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order

    result = np.zeros(len(positive), dtype=bool)
    result[breadth_first_order(csr_matrix(positive), start, return_predecessors=False)] = True
    return result
