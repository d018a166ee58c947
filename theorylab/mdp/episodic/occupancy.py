"""Occupancy measures: how often a policy visits each (step, state, action)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from theorylab.core import validate
from theorylab.mdp.episodic.bounds import FloatArray, row_slack
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.policies import validated_policy
from theorylab.mdp.planning.certificates import UNIT, require

__all__ = ["Occupancy", "occupancy_measure"]


@dataclass(frozen=True, slots=True, eq=False)
class Occupancy:
    r"""$\mathrm{occ}_h(s, a) = \Pr_\pi(s_h = s, a_h = a)$."""

    occupancy: FloatArray  # (H, S, A), read-only
    policy: FloatArray  # (H, S, A)
    flow_residual: float  # the largest violation of the flow equations
    value: float  # <occupancy, R>

    def check(self, mdp: EpisodicMDP) -> bool:
        """Verify signs, flow equations, the policy's proportions and the value anew; True when all hold.

        Raises
        ------
        ValueError
            If one fails by more than rounding.
        """
        policy = validated_policy("policy", self.policy, mdp)
        H, S, A = mdp.R.shape
        require(self.occupancy.shape == (H, S, A), f"occupancy has shape {self.occupancy.shape}")
        rounding = H * ((S * A + 8) * UNIT + float(row_slack(mdp.P, always=True).max()))
        rounding += H * float(row_slack(policy, always=True).max())
        require(bool((self.occupancy >= 0.0).all()), "an occupancy is negative")
        require(_flow_residual(mdp, self.occupancy.astype(np.longdouble)) <= rounding, "the flow equations fail")
        require(self.flow_residual <= rounding, "flow_residual is not explained by rounding")
        mass = self.occupancy.sum(axis=-1, keepdims=True)
        require(bool((np.abs(self.occupancy - mass * policy) <= rounding).all()), "the policy has other proportions")
        value = float((self.occupancy.astype(np.longdouble) * mdp.R).sum())
        scale = H * max(1.0, float(np.abs(mdp.R).max()))
        require(abs(value - self.value) <= rounding * scale, "value is not <occupancy, R>")
        return True


def occupancy_measure(mdp: EpisodicMDP, policy: Any, *, name: str = "policy") -> Occupancy:
    r"""Forward recursion $\mu_0 = \mathrm{start}$, $\mathrm{occ}_h = \mu_h \pi_h$, $\mu_{h+1} = \mathrm{occ}_h P_h$.

    Parameters
    ----------
    policy
        (H, S) integer actions or (H, S, A) probabilities.
    name
        What errors call it.

    Raises
    ------
    TypeError, ValueError
        If the policy is none.

    Examples
    --------
    >>> mdp = EpisodicMDP(P=[[[0.5, 0.5]], [[0, 1]]], R=[[0], [1]], horizon=2)
    >>> result = occupancy_measure(mdp, [[0, 0], [0, 0]])
    >>> result.occupancy[:, :, 0].tolist(), result.value
    ([[1.0, 0.0], [0.5, 0.5]], 0.5)
    """
    probabilities = validated_policy(name, policy, mdp)
    H, S, A = mdp.R.shape
    occupancy = np.zeros((H, S, A))
    mass = np.array(mdp.start)
    for h in range(H):
        occupancy[h] = mass[:, None] * probabilities[h]
        mass = occupancy[h].reshape(S * A) @ mdp.P[h].reshape(S * A, S)
    value = float((occupancy * mdp.R).sum())
    return Occupancy(validate.readonly(occupancy), probabilities, _flow_residual(mdp, occupancy), value)


def _flow_residual(mdp: EpisodicMDP, occupancy: Any) -> float:
    entered = np.einsum("hsa,hsat->ht", occupancy[:-1], mdp.P[:-1])
    present = occupancy.sum(axis=-1)
    first = np.abs(present[0] - mdp.start).max()
    return float(max(first, np.abs(present[1:] - entered).max(initial=0.0)))
