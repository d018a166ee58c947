"""Non-stationary bandits: change detection with restarts, windows, discounts.  Importing it brings numba."""

from __future__ import annotations

from theorylab.bandits.nonstationary.cusum_ucb import cusum_ucb
from theorylab.bandits.nonstationary.discounted_ucb import discounted_ucb
from theorylab.bandits.nonstationary.exp3_s import exp3_s
from theorylab.bandits.nonstationary.glr_klucb import glr_klucb
from theorylab.bandits.nonstationary.m_ucb import m_ucb
from theorylab.bandits.nonstationary.oracle_restart import oracle_restart
from theorylab.bandits.nonstationary.rbocpd_ucb import rbocpd_ucb
from theorylab.bandits.nonstationary.sliding_window_ucb import sliding_window_ucb

__all__ = [
    "cusum_ucb",
    "discounted_ucb",
    "exp3_s",
    "glr_klucb",
    "m_ucb",
    "oracle_restart",
    "rbocpd_ucb",
    "sliding_window_ucb",
]
