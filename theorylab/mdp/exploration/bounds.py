r"""The explicit bound on the steps of a collection, as a function of its sizes (light: no kernels)."""

from __future__ import annotations

import math

from theorylab.core import validate
from theorylab.core.checkpoints import LONGEST

__all__ = ["steps_bound"]

MOST_OF_A_KIND = 10**9  # states, actions: as in ``confidence``, which needs numba
DRIFTS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)  # values of c: the best one is known before a run starts


def steps_bound(
    required: int, diameter: float, n_states: int, n_actions: int, delta: float, accuracy: float = 0.01
) -> float:
    r"""Most steps to collect ``required`` samples, with probability at least :math:`1-2\delta`; see ``gosprl``.

    The largest :math:`B + T` with
    :math:`(1-\varepsilon-c) T \le D(B + SA(2 + \log_2(1 + \tau/(SA)))) + 4D\sqrt{\beta(\tau) SA\, T}
    + D^2\log(1/\delta)/(8c)`, :math:`\tau = B + T`, for the best c of a fixed list.

    Raises
    ------
    ValueError
        If a size is outside 1..10^9, ``required`` outside 0..2^53, ``diameter`` negative, ``delta`` outside (0, 1),
        ``accuracy`` outside (0, 1/2].

    Examples
    --------
    >>> round(steps_bound(20_000, 2.0, 2, 2, 0.025))
    78009
    """
    B = validate.integer("required", required, low=0, high=LONGEST)
    D = validate.number("diameter", diameter, low=0.0)
    S = validate.integer("n_states", n_states, low=1, high=MOST_OF_A_KIND)
    A = validate.integer("n_actions", n_actions, low=1, high=MOST_OF_A_KIND)
    delta = validate.confidence("delta", delta)
    accuracy = validate.number("accuracy", accuracy, low=0.0, high=0.5, open_low=True)
    return B + min(_travel(B, D, S, A, delta, accuracy, c) for c in DRIFTS)


def _travel(B: int, D: float, S: int, A: int, delta: float, accuracy: float, c: float) -> float:
    pairs = S * A

    def allowed(T: float) -> float:
        tau = B + T
        beta = math.log(pairs / delta)
        if S > 1:
            beta += (S - 1) * (1.0 + math.log(1.0 + tau / (S - 1)))
        plans = pairs * (2.0 + math.log2(1.0 + tau / pairs))
        learning = 4.0 * D * math.sqrt(beta * pairs * T)
        return (D * (B + plans) + learning + D * D * math.log(1.0 / delta) / (8.0 * c)) / (1.0 - accuracy - c)

    T = 1.0
    while allowed(T) > T:
        T *= 2.0
    for _ in range(200):  # from above: decreases to the largest solution, as ``allowed`` grows and is concave
        T, before = allowed(T), T
        if before - T <= 1e-9 * before:
            break
    return T
