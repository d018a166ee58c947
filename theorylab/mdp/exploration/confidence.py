r"""L1 balls around empirical transitions that hold at all times at once, and how many samples make them small.

Setting      n independent draws from an unknown law p on S states, for every n = 1, 2, ...; S A such laws.
Algorithm    :math:`w(n) = \min(2, \sqrt{2\beta(n)/n})`,
             :math:`\beta(n) = \log(SA/\delta) + (S-1)\log(e(1 + n/(S-1)))`; :math:`w(0) = 2`.
Guarantee    With probability at least :math:`1-\delta`, for all pairs and all n: :math:`|\hat p_n - p|_1 \le w(n)`.
             Derived here.  Let M_n be the likelihood of the draws under a uniform prior on the simplex over that under
             p: a martingale of mean 1.  With counts :math:`n_j` it is
             :math:`\frac{(S-1)!\prod_j n_j!}{(n+S-1)!} \prod_j p_j^{-n_j}`, and as the multinomial coefficient is at
             most :math:`\prod_j (n/n_j)^{n_j}`, it is at least
             :math:`e^{n KL(\hat p_n, p)} / \binom{n+S-1}{S-1}`.  By Ville
             :math:`n KL \le \log(1/\delta) + \log\binom{n+S-1}{S-1}` for all n at once, the last term is at most
             :math:`(S-1)\log(e(1 + n/(S-1)))`; Pinsker, and a union over the pairs.
Deviations   [tarbouriech2021provably] uses empirical Bernstein balls, which adapt to the variance of each entry.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

from theorylab.core import validate
from theorylab.core.checkpoints import LONGEST
from theorylab.core.kernels import kernel

__all__ = ["l1_radius", "least_samples", "radius_kernel", "samples_for_radius"]

MOST_OF_A_KIND = 10**9  # states, actions: their product is a 64-bit integer


def _radius(n, n_states, n_actions, delta, scale):
    """The L1 radius after ``n`` visits."""
    if n == 0:
        return 2.0
    beta = math.log(n_states * n_actions / delta)
    if n_states > 1:
        beta += (n_states - 1.0) * (1.0 + math.log(1.0 + n / (n_states - 1.0)))
    return min(2.0, scale * math.sqrt(2.0 * beta / n))


radius_kernel = kernel(_radius)


def l1_radius(n: int, n_states: int, n_actions: int, delta: float, scale: float = 1.0) -> float:
    r"""The radius w(n) of the ball in L1 after ``n`` visits to one of ``n_states * n_actions`` pairs.

    Raises
    ------
    ValueError
        If ``n`` is negative or above 2^53, a size is outside 1..10^9, or ``delta`` is outside (0, 1).

    Examples
    --------
    >>> l1_radius(0, 6, 2, 0.05), round(l1_radius(1000, 6, 2, 0.05), 4)
    (2.0, 0.272)
    """
    n = validate.integer("n", n, low=0, high=LONGEST)
    n_states = validate.integer("n_states", n_states, low=1, high=MOST_OF_A_KIND)
    n_actions = validate.integer("n_actions", n_actions, low=1, high=MOST_OF_A_KIND)
    delta = validate.confidence("delta", delta)
    return float(radius_kernel(n, n_states, n_actions, delta, validate.number("scale", scale, low=0.0)))


def samples_for_radius(accuracy: float, n_states: int, n_actions: int, delta: float, scale: float = 1.0) -> int:
    r"""The least n with :math:`w(n) \le` ``accuracy``; w decreases, so that more samples do as well.

    Raises
    ------
    ValueError
        If ``accuracy`` is not positive, or so small that more than 2^53 samples are needed.

    Examples
    --------
    >>> n = samples_for_radius(0.1, 6, 2, 0.05)
    >>> n, l1_radius(n, 6, 2, 0.05) <= 0.1 < l1_radius(n - 1, 6, 2, 0.05)
    (9664, True)
    """
    accuracy = validate.number("accuracy", accuracy, low=0.0, open_low=True)
    return least_samples("accuracy", accuracy, n_states, n_actions, delta, scale)


def least_samples(name: str, accuracy: float, n_states: int, n_actions: int, delta: float, scale: float) -> int:
    """:func:`samples_for_radius` for an accuracy that errors call ``name``."""
    l1_radius(0, n_states, n_actions, delta, scale)  # refuses bad sizes
    if accuracy >= 2.0:
        return 0
    high = 1
    while l1_radius(high, n_states, n_actions, delta, scale) > accuracy:
        high *= 2
        if high > LONGEST:
            raise ValueError(
                f"{name} is {accuracy:g}, expected one that 2^53 samples can reach (scale {scale:g}, S = {n_states}, "
                f"A = {n_actions})"
            )
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if l1_radius(middle, n_states, n_actions, delta, scale) > accuracy:
            low = middle
        else:
            high = middle
    return high
