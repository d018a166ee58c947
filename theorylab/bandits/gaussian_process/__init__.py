"""Bandits whose means are a draw from a Gaussian process, on finitely many points."""

from theorylab.bandits.gaussian_process.gp_ucb import gp_ei, gp_ucb, knowledge_gradient
from theorylab.bandits.gaussian_process.information_gain import information_gain, information_gain_bounds
from theorylab.bandits.gaussian_process.mini_gp_ucb import mini_gp_ei, mini_gp_ucb

__all__ = [
    "gp_ei",
    "gp_ucb",
    "information_gain",
    "information_gain_bounds",
    "knowledge_gradient",
    "mini_gp_ei",
    "mini_gp_ucb",
]
