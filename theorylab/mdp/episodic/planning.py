r"""Optimal values and values of given policies in an episodic MDP.   [puterman1994markov, Chapter 4]

Setting      Finite episodic MDP with known kernels and mean rewards, any start distribution.
Algorithm    Backward induction, $V_H = 0$, $V_h = \max_a (R_h + P_h V_{h+1})$ or the average over the policy's actions.
Guarantee    Two-sided bounds that include all rounding: at every step the lower (upper) values are one float backup
             minus (plus) a bound on its rounding, hence a sub-(super-)solution of the recursion, and the recursion is
             monotone. ``check`` verifies these one-step inequalities in rational arithmetic.
Deviations   none
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.episodic.bounds import (
    FloatArray,
    average,
    check_bounds,
    normalised,
    start_bounds,
    step_tables,
)
from theorylab.mdp.episodic.exact import exact_optimal_value, exact_policy_value
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.occupancy import Occupancy, occupancy_measure
from theorylab.mdp.episodic.policies import require_episodic, validated_policy
from theorylab.mdp.planning.certificates import backup, outward, require
from theorylab.mdp.planning.memo import remember

__all__ = [
    "TIE_TOLERANCE",
    "EpisodicSolution",
    "MixtureValue",
    "Occupancy",
    "PolicyValue",
    "backward_induction",
    "exact_optimal_value",
    "exact_policy_value",
    "mixture_value",
    "occupancy_measure",
    "policy_value",
    "validated_policy",
]

TIE_TOLERANCE = 1e-11  # of action values, times the largest absolute mean reward when that exceeds 1


@dataclass(frozen=True, slots=True, eq=False)
class EpisodicSolution:
    """Optimal values of an episodic MDP with bounds; arrays are read-only."""

    V: FloatArray  # (H + 1, S), V[H] = 0
    Q: FloatArray  # (H, S, A)
    policy: NDArray[np.int64]  # (H, S) the first action within the tie tolerance of the best one
    value: float  # start . V[0]
    value_lower: float
    value_upper: float
    V_lower: FloatArray  # (H + 1, S)
    V_upper: FloatArray  # (H + 1, S)

    def check(self, mdp: EpisodicMDP) -> bool:
        """Verify bounds, Bellman equation and policy anew; True when all hold.

        Raises
        ------
        ValueError
            If one fails.
        """
        require_episodic(mdp)
        require(self.Q.shape == mdp.R.shape, f"Q has shape {self.Q.shape}, the model {mdp.R.shape}")
        values = self.value, self.value_lower, self.value_upper
        check_bounds(mdp, self.V, self.V_lower, self.V_upper, values, lambda _, q: np.asarray(q.max(axis=-1)))
        require((self.V[:-1] == self.Q.max(axis=-1)).all(), "V is not the largest Q")
        again = mdp.R + np.einsum("hsat,ht->hsa", mdp.P, self.V[1:])
        far = np.abs(again - self.Q) > 1e-12 * (1.0 + np.abs(mdp.R).max() + np.abs(self.V).max())
        require(not far.any(), "Q is not R + P V")
        chosen = np.take_along_axis(self.Q, self.policy[..., None], axis=-1)[..., 0]
        require((chosen >= self.V[:-1] - _tie_tolerance(mdp)).all(), "the policy is not greedy")
        return True


@dataclass(frozen=True, slots=True, eq=False)
class PolicyValue:
    """Values of one policy with bounds; arrays are read-only."""

    V: FloatArray  # (H + 1, S), V[H] = 0
    Q: FloatArray  # (H, S, A) action at this step, the policy afterwards
    policy: FloatArray  # (H, S, A)
    value: float  # start . V[0]
    value_lower: float
    value_upper: float
    V_lower: FloatArray  # (H + 1, S)
    V_upper: FloatArray  # (H + 1, S)

    def check(self, mdp: EpisodicMDP) -> bool:
        """Verify the bounds anew from their one-step inequalities; True when all hold.

        Raises
        ------
        ValueError
            If one fails.
        """
        policy = validated_policy("policy", self.policy, mdp)
        values = self.value, self.value_lower, self.value_upper
        check_bounds(
            mdp, self.V, self.V_lower, self.V_upper, values,
            lambda h, q: np.asarray((normalised(policy[h], q) * q).sum(axis=-1)),
        )  # fmt: skip
        return True


@dataclass(frozen=True, slots=True, eq=False)
class MixtureValue:
    """Value of a policy drawn at the start of each episode and kept to its end."""

    value: float
    value_lower: float
    value_upper: float
    weights: FloatArray  # (n,)
    components: tuple[PolicyValue, ...]


def backward_induction(mdp: EpisodicMDP) -> EpisodicSolution:
    r"""$V^*_h(s) = \max_a R_h(s, a) + \sum_{s'} P_h(s' \mid s, a) V^*_{h+1}(s')$ and a greedy policy.

    Ties within 1e-11 (times the largest absolute reward when that exceeds 1) go to the first action, so the value of
    ``policy`` lies within H times that of ``value``.

    Notes
    -----
    Bounds: one float backup of n terms is off by less than (n + 6) units of 2^-52 of its magnitude, and a row stands
    for a distribution within its L1 slack; ``V_lower`` (``V_upper``) subtracts (adds) both at every step. Maxima do not
    round. By monotonicity $V_{lower} \le V^* \le V_{upper}$; for rewards in [0, 1] the two differ by about
    $H^2 n 2^{-51}$.

    Results are remembered by the model's fingerprint.

    Examples
    --------
    >>> from theorylab.mdp.environments import riverswim
    >>> solution = backward_induction(EpisodicMDP.from_finite(riverswim(6), 20))
    >>> round(solution.value, 11), solution.value_upper - solution.value_lower < 1e-11
    (3.39726395915, True)
    """
    return remember(require_episodic(mdp).fingerprint, ("backward_induction",), lambda: _backward_induction(mdp))


def policy_value(mdp: EpisodicMDP, policy: Any, *, name: str = "policy") -> PolicyValue:
    r"""$V^\pi_h(s) = \sum_a \pi_h(a \mid s) (R_h(s, a) + \sum_{s'} P_h(s' \mid s, a) V^\pi_{h+1}(s'))$.

    Parameters
    ----------
    policy
        (H, S) integer actions or (H, S, A) probabilities.
    name
        What errors call it.

    Raises
    ------
    TypeError, ValueError
        As :func:`validated_policy`.

    Examples
    --------
    >>> mdp = EpisodicMDP(P=[[[1.0], [1.0]]], R=[[0, 1]], horizon=2)
    >>> policy_value(mdp, [[1], [1]]).value, policy_value(mdp, [[[0.5, 0.5]], [[0, 1]]]).value
    (2.0, 1.5)
    """
    probabilities = validated_policy(name, policy, mdp)
    H, S, A = mdp.R.shape
    models = step_tables(mdp)
    V, lower, upper = np.zeros((3, H + 1, S))
    Q = np.zeros((H, S, A))
    for h in reversed(range(H)):
        weights = probabilities[h]
        Q[h], _ = backup(models[h], V[h + 1])
        V[h], _ = average(weights, Q[h])
        q, error = backup(models[h], lower[h + 1])
        low, low_error = average(weights, q - error)
        q, error = backup(models[h], upper[h + 1])
        high, high_error = average(weights, q + error)
        lower[h], upper[h] = outward(low - low_error, high + high_error)
    readonly = validate.readonly
    return PolicyValue(
        readonly(V), readonly(Q), probabilities, *start_bounds(mdp, V[0], lower[0], upper[0]), readonly(lower),
        readonly(upper),
    )  # fmt: skip


def mixture_value(mdp: EpisodicMDP, weights: Any, policies: Sequence[Any]) -> MixtureValue:
    r"""$\sum_i w_i V^{\pi_i}$: policy i is drawn with probability ``weights[i]`` at the start of the episode.

    Raises
    ------
    TypeError, ValueError
        If a policy is none, the numbers of weights and policies differ, or the weights are no distribution.

    Examples
    --------
    >>> mdp = EpisodicMDP(P=[[[1.0], [1.0]]], R=[[0, 1]], horizon=2)
    >>> mixture_value(mdp, [0.25, 0.75], [[[0], [0]], [[1], [1]]]).value
    1.5
    """
    require_episodic(mdp)
    if not hasattr(policies, "__len__"):
        raise TypeError(f"policies is of type {type(policies).__name__}, expected a sequence of policies")
    shares = validate.array("weights", weights, shape=(len(policies),))
    validate.distributions("weights", shares)
    parts = tuple(policy_value(mdp, policy, name=f"policies[{i}]") for i, policy in enumerate(policies))
    value, _ = average(shares, np.array([part.value for part in parts]))
    low, low_error = average(shares, np.array([part.value_lower for part in parts]))
    high, high_error = average(shares, np.array([part.value_upper for part in parts]))
    low, high = outward(low - low_error, high + high_error)
    return MixtureValue(float(value), float(low), float(high), validate.readonly(shares), parts)


def _backward_induction(mdp: EpisodicMDP) -> EpisodicSolution:
    H, S, A = mdp.R.shape
    models = step_tables(mdp)
    V, lower, upper = np.zeros((3, H + 1, S))
    Q = np.zeros((H, S, A))
    for h in reversed(range(H)):
        Q[h], _ = backup(models[h], V[h + 1])
        V[h] = Q[h].max(axis=-1)
        q, error = backup(models[h], lower[h + 1])
        low = (q - error).max(axis=-1)
        q, error = backup(models[h], upper[h + 1])
        lower[h], upper[h] = outward(low, (q + error).max(axis=-1))
    policy = np.argmax(Q >= V[:-1, :, None] - _tie_tolerance(mdp), axis=-1).astype(np.int64)
    readonly = validate.readonly
    return EpisodicSolution(
        readonly(V), readonly(Q), readonly(policy), *start_bounds(mdp, V[0], lower[0], upper[0]), readonly(lower),
        readonly(upper),
    )  # fmt: skip


def _tie_tolerance(mdp: EpisodicMDP) -> float:
    return TIE_TOLERANCE * max(1.0, float(np.abs(mdp.R).max()))
