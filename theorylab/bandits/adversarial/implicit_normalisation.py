r"""The weights of an implicitly normalised forecaster: $w_i = (s (L_i - x))^{-q}$ with $x < \min L$ and $\sum_i w_i =
1$.

Follow-the-regularised-leader with the negative Tsallis entropy of power $\alpha$ has these weights with
$q = 1/(1-\alpha)$ and $s = (1-\alpha)\eta$, with the log-barrier $q = 1$ and $s = \eta$.  No weight is divided by the
sum of all: the level x makes them sum to one.

Newton's method on the offset $z = \min L - x > 0$.  $h(z) = \sum_i (s (L_i - \min L + z))^{-q} - 1$ is convex and
decreasing, so from any start one step lands left of the root, where $h \ge 0$ (or is put back to the lower limit
$1/s$, the offset of a single arm), and from there the steps grow monotonically to the root.  A start from the round
before is therefore safe; on the level x itself it would not be, because x may have come to lie right of $\min L$.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

from theorylab.core.kernels import kernel

__all__ = ["EXACT", "MOST_STEPS", "draw_kernel", "normalise_kernel"]

EXACT = 1e-15  # how far from one the sum of K weights may stay, times K + q: some roundings
MOST_STEPS = 200


def _normalise(losses, scale, power, start, weights):
    """Fill ``weights`` (K,); return the offset z.  ``losses`` (K,), ``start`` a guess of z."""
    n_arms = losses.shape[0]
    lowest = losses[0]
    for i in range(1, n_arms):
        lowest = min(lowest, losses[i])
    least = 1.0 / scale
    floor = least
    exact = EXACT * (n_arms + power)
    z = max(min(start, n_arms * least), floor)  # the root lies between
    for _ in range(MOST_STEPS):
        total, slope = 0.0, 0.0
        if power == 2.0:
            for i in range(n_arms):
                root = least / (losses[i] - lowest + z)
                weights[i] = root * root
                total += root * root
                slope += root * root * root
            slope *= scale
        elif power == 1.0:
            for i in range(n_arms):
                weight = least / (losses[i] - lowest + z)
                weights[i] = weight
                total += weight
                slope += weight * weight
            slope *= scale
        else:
            for i in range(n_arms):
                distance = losses[i] - lowest + z
                weight = (scale * distance) ** -power
                weights[i] = weight
                total += weight
                slope += weight / distance
        moved = max(z + (total - 1.0) / (power * slope), floor)
        if abs(total - 1.0) <= exact or moved == z:
            break
        z = moved
    return z


def _draw(weights, coin):
    """The arm in whose interval of cumulative weights ``coin`` lies; the last one takes the rounding."""
    arm, end = 0, weights[0]
    while coin >= end and arm < weights.shape[0] - 1:
        arm += 1
        end += weights[arm]
    return arm


normalise_kernel = kernel(_normalise, inline=True)
draw_kernel = kernel(_draw, inline=True)
