"""Planning in finite MDPs: discounted values, optimal gain, diameter; each with two-sided bounds and an exact mode.

>>> from types import SimpleNamespace
>>> import numpy as np
>>> from theorylab.mdp.planning import diameter, optimal_gain
>>> wheel = SimpleNamespace(P=np.array([[[0.0, 1.0]], [[1.0, 0.0]]]), R=np.array([[0.0], [1.0]]))
>>> optimal_gain(wheel, exact=True).exact, diameter(wheel).value
(Fraction(1, 2), 1.0)
"""

from __future__ import annotations

from theorylab.mdp.planning.average_reward import GainSolution, optimal_gain
from theorylab.mdp.planning.communicating import DiameterSolution, diameter
from theorylab.mdp.planning.discounted import ValueSolution, policy_iteration, value_iteration
from theorylab.mdp.planning.linear_program import (
    LinearProgramGain,
    gain_by_linear_program,
    hitting_times_by_linear_program,
)
from theorylab.mdp.planning.policy_evaluation import PolicyGain, policy_gain
from theorylab.mdp.planning.rational import RationalMDP, rationalise

__all__ = [
    "DiameterSolution",
    "GainSolution",
    "LinearProgramGain",
    "PolicyGain",
    "RationalMDP",
    "ValueSolution",
    "diameter",
    "gain_by_linear_program",
    "hitting_times_by_linear_program",
    "optimal_gain",
    "policy_gain",
    "policy_iteration",
    "rationalise",
    "value_iteration",
]
