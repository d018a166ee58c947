"""Small hand-made models of the PAC-MDP literature: SixArms, DoubleLoop, Chain."""

from __future__ import annotations

import numpy as np

from theorylab.core import validate
from theorylab.mdp.model import FiniteMDP

__all__ = ["chain", "double_loop", "six_arms"]

_ARM_REACH = (1.0, 0.15, 0.1, 0.05, 0.03, 0.01)
_ARM_REWARDS = (50.0, 133.0, 300.0, 800.0, 1660.0, 6000.0)


def six_arms() -> FiniteMDP:
    """SixArms: a hub (state 0) and six arms, the richer the harder to reach. 7 states, 6 actions.

    In the hub action a reaches arm a + 1 with probability 1, .15, .1, .05, .03, .01, else stays and earns nothing.
    Arm 1 is kept by every action but 4; arm i >= 2 by action i - 1 only; any other action returns to the hub. Keeping
    an arm pays 50, 133, 300, 800, 1660, 6000, here divided by 6000. Optimal gain 1, bias span and diameter 101. At
    horizon 1e6 the optimistic algorithms have hardly started to learn here: that is its use.

    Source: [strehl2008analysis], with the actions as in public code of the PAC-MDP environments. Deviation: rewards are
    divided by 6000.

    Examples
    --------
    >>> print(six_arms().describe(0, 5))
    state 0, action 5: to 0 with probability 0.99, to 6 with probability 0.01; reward 0 (deterministic)
    """
    P = np.zeros((7, 6, 7))
    R = np.zeros((7, 6))
    for a, reach in enumerate(_ARM_REACH):
        P[0, a, a + 1] = reach
        P[0, a, 0] = 1.0 - reach
    for arm in range(1, 7):
        for a in range(6):
            keeps = a != 4 if arm == 1 else a == arm - 1
            P[arm, a, arm if keeps else 0] = 1.0
            R[arm, a] = _ARM_REWARDS[arm - 1] / 6000.0 if keeps else 0.0
    return FiniteMDP(P, R, name="six-arms")


def double_loop() -> FiniteMDP:
    """DoubleLoop: two loops of five steps through state 0; the better one breaks at one wrong action. 9 states.

    Action 0 in state 0 enters 0-1-2-3-4-0, walked by both actions; leaving state 4 pays 1. Action 1 in state 0 enters
    0-5-6-7-8-0, kept by action 1 only (action 0 in 5, 6, 7 returns to 0); leaving state 8 by either action pays 2.
    Rewards are divided by 2. All moves are sure. Optimal gain 1/5, bias span 11/10, diameter 8.

    Source: the task of [dearden1998bayesian]; numbers recalled, not read in the source.

    Examples
    --------
    >>> print(double_loop().describe(8, 0))
    state 8, action 0: to 0 with probability 1; reward 1 (deterministic)
    """
    P = np.zeros((9, 2, 9))
    R = np.zeros((9, 2))
    P[0, 0, 1] = P[0, 1, 5] = 1.0
    for s in (1, 2, 3, 4):
        P[s, :, (s + 1) % 5] = 1.0
    for s in (5, 6, 7):
        P[s, 0, 0] = P[s, 1, s + 1] = 1.0
    P[8, :, 0] = 1.0
    R[4], R[8] = 0.5, 1.0
    return FiniteMDP(P, R, name="double-loop")


def chain(n: int = 5, *, slip: float = 0.2) -> FiniteMDP:
    r"""Chain: *forward* pays only at the far end, *back* pays a little at once; with probability ``slip`` they swap.

    Executed *forward*: s -> min(s + 1, n - 1), reward 10 in the last state, else 0. Executed *back*: s -> 0, reward 2.
    Rewards are divided by 10. For n = 5, slip = .2: optimal gain .36768, bias span 2.3616, diameter 7.20703125.

    Source: [strens2000bayesian], numbers recalled, not read in the source. Deviation: the reward is its mean given
    state and chosen action; in the original it tells which action was executed.

    Raises
    ------
    ValueError
        If n < 2 or ``slip`` lies outside [0, 1].

    Examples
    --------
    >>> print(chain(5).describe(4, 0))
    state 4, action 0 (forward): to 0 with probability 0.2, to 4 with probability 0.8; reward 0.84 (deterministic)
    """
    n = validate.integer("n", n, low=2)
    slip = validate.number("slip", slip, low=0.0, high=1.0)
    P = np.zeros((n, 2, n))
    R = np.zeros((n, 2))
    for s in range(n):
        forward, forward_reward = min(s + 1, n - 1), 1.0 if s == n - 1 else 0.0
        for a, kept in enumerate((1.0 - slip, slip)):
            P[s, a, forward] += kept
            P[s, a, 0] += 1.0 - kept
            R[s, a] = kept * forward_reward + (1.0 - kept) * 0.2
    name = f"chain-{n}" if slip == 0.2 else f"chain-{n}-slip{slip:g}"
    return FiniteMDP(P, R, name=name, action_names=("forward", "back"))
