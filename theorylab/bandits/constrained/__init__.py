"""Bandits with a constraint that is learned like the reward."""

from theorylab.bandits.constrained.ofs import ofs, primal_dual_bandit, unconstrained_ucb

__all__ = ["ofs", "primal_dual_bandit", "unconstrained_ucb"]
