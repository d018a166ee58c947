"""RiverSwim in the four variants that the literature calls by one name."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from theorylab.core import validate
from theorylab.mdp.model import FiniteMDP

__all__ = ["RIVERSWIM_VARIANTS", "riverswim"]


class _Variant(NamedTuple):
    up: float  # interior states, action right
    down: float
    first_up: float  # state 0, action right
    last_stay: float  # last state, action right
    r_left: float  # mean reward of left in state 0
    r_right: float  # mean reward of right in the last state


_VARIANTS = {
    "osband": _Variant(0.35, 0.05, 0.6, 0.6, 0.005, 1.0),
    "strehl_littman": _Variant(0.3, 0.1, 0.3, 0.3, 0.0005, 0.3),
    "statrl": _Variant(0.6, 0.05, 0.6, 0.95, 0.1, 0.99),
    "ucrl3": _Variant(0.4, 0.05, 0.4, 0.95, 0.005, 1.0),
}
RIVERSWIM_VARIANTS = tuple(_VARIANTS)


def riverswim(
    n: int = 6, *, variant: str = "osband", r_left: float | None = None, r_right: float | None = None
) -> FiniteMDP:
    """A chain of n states against a current: *left* is sure, *right* is slow; only the two ends pay.

    *left*: s -> max(s - 1, 0), surely. *right* (up / stay / down):

    ================  ==================  =============  ============  =========  =======
    variant           interior            state 0        last state    r_left     r_right
    ================  ==================  =============  ============  =========  =======
    osband            .35 / .6 / .05      .6 / .4        .6 / .4       .005       1
    strehl_littman    .3 / .6 / .1        .3 / .7        .3 / .7       .0005      .3
    statrl            .6 / .35 / .05      .6 / .4        .95 / .05     .1         .99
    ucrl3             .4 / .55 / .05      .4 / .6        .95 / .05     .005       1
    ================  ==================  =============  ============  =========  =======

    (state 0: up / stay; last state: stay / down.) ``r_left`` is the mean reward of *left* in state 0, ``r_right`` that
    of *right* in the last state; all other rewards are 0. Start in state 0. The name of the game says nothing about the
    numbers: RiverSwim-6 has optimal gain .4286 (diameter 14.72), .0669 (22.51), .9075 (8.93), .8750 (13.88) in these
    four variants. Compare results only within one.

    Sources: *osband* the TabulaRL and UCRL (R. Fruit) codes; *strehl_littman* [strehl2008analysis], whose rewards 5 and
    10000 are divided by 10000, the large one paid when the last state is kept (mean .3); *statrl* the StatisticalRL
    environments; *ucrl3* the code of the UCRL3 experiments. Deviation: rewards are deterministic at their means; take
    ``.with_reward_law("bernoulli")`` for Bernoulli ones.

    Raises
    ------
    ValueError
        If n < 2 or the variant is another word.

    Examples
    --------
    >>> print(riverswim(6).describe(5, 1))
    state 5, action 1 (right): to 4 with probability 0.4, to 5 with probability 0.6; reward 1 (deterministic)
    """
    n = validate.integer("n", n, low=2)
    numbers = _VARIANTS[validate.choice("variant", variant, RIVERSWIM_VARIANTS)]
    left_reward = validate.number("r_left", numbers.r_left if r_left is None else r_left)
    right_reward = validate.number("r_right", numbers.r_right if r_right is None else r_right)
    last = n - 1
    P = np.zeros((n, 2, n))
    R = np.zeros((n, 2))
    for s in range(n):
        P[s, 0, max(s - 1, 0)] = 1.0
        if 0 < s < last:
            P[s, 1, s - 1 : s + 2] = numbers.down, 1.0 - numbers.up - numbers.down, numbers.up
    P[0, 1, :2] = 1.0 - numbers.first_up, numbers.first_up
    P[last, 1, last - 1 :] = 1.0 - numbers.last_stay, numbers.last_stay
    R[0, 0], R[last, 1] = left_reward, right_reward
    name = f"riverswim-{n}" if variant == "osband" else f"riverswim-{n}-{variant.replace('_', '-')}"
    if (left_reward, right_reward) != (numbers.r_left, numbers.r_right):
        name += f"-r{left_reward:g}-{right_reward:g}"
    return FiniteMDP(P, R, name=name, action_names=("left", "right"))
