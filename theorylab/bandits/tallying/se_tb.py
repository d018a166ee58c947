r"""Successive elimination over cyclic policies, for tallying bandits with noisy losses.

Setting      The mean loss of playing arm $x$ is $h_x(y)$, with $y$ its plays in the last $m$ rounds, this one included;
             K arms, $m$ and T known. Regret is the complete policy regret, against the best of all sequences.
Algorithm    $P = \sqrt T$; the policies are all sequences of $P$ plays, repeated for ever, $K^P$ of them; $N_{xy}(\pi)$
             is the share of a period in which $\pi$ plays $x$ at tally $y$, once a period has gone by. With
             $S = \log_2(\sqrt T/(4Km) + 1)$, $n_s = 2^s$, $C_s = \sqrt{32 K m \ln(2KmS/\delta) / (n_s \sqrt T)}$:
             in epoch $s$, for each $(x, y)$, take the policy that is left with the largest $N_{xy}$. If that is 0, run
             it for $2 n_s$ periods and store nothing; else for $n_s$ periods, storing nothing, and for $n_s$ more,
             storing the losses of the plays of $x$ at tally $y$, with mean $m_{xy}$. Keep the policies with
             $\hat\mu(\pi) = \sum N_{xy}(\pi)\, m_{xy} \le \min \hat\mu + 2 C_s$.
Guarantee    With probability $1 - \delta$ the complete policy regret is at most
             $1200\, K m \sqrt T (\sqrt{\ln(2 K m \ln T/\delta)} + \log_2(\sqrt T/(2Km)))$
             [malik2022complete, Theorem 1]. That exceeds T at every horizon for which the policies can be listed: the
             theorem is vacuous wherever this program runs, and is reported so. Its lemmas are not.
Deviations   P is $\sqrt T$ rounded down, S is rounded up, and the last epoch ends with the horizon. ``scale``
             multiplies $C_s$ (1 is the paper's: then no policy is dropped at any horizon that can be run).
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models import TallyingBandit
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.tallying.query_then_plan import against_the_best_sequence
from theorylab.bandits.tallying.tallying_optimum import tallying_optimum
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["cyclic_policies", "cyclic_tallies", "epoch_limit", "radius", "regret_bound", "se_tb", "tally_shares"]

MOST_POLICIES = 2**16


def cyclic_policies(n_arms: int, period: int) -> NDArray[np.int64]:
    """(K^P, P) all sequences of P plays, in lexicographic order.

    Examples
    --------
    >>> cyclic_policies(2, 2).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    if n_arms**period > MOST_POLICIES:
        raise ValueError(f"{n_arms}^{period} cyclic policies are too many, expected at most {MOST_POLICIES}")
    codes = np.arange(n_arms**period)
    return np.stack([codes // n_arms**place % n_arms for place in range(period - 1, -1, -1)], axis=1)


def cyclic_tallies(policies: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """(A, P) the tally at which each play is made, from the second period on; needs window <= P.

    Examples
    --------
    >>> cyclic_tallies(np.array([[0, 0, 1]]), 3).tolist()
    [[2, 2, 1]]
    """
    found = np.ones(policies.shape, np.int64)  # the current play counts
    for age in range(1, window):
        found += np.roll(policies, age, axis=1) == policies
    return found


def tally_shares(policies: NDArray[np.int64], tallies: NDArray[np.int64], n_arms: int, window: int) -> Any:
    """(A, K m) the share of a period in which arm x is played at tally y, in column x m + y - 1."""
    cells = policies * window + tallies - 1
    return np.stack([(cells == cell).mean(axis=1) for cell in range(n_arms * window)], axis=1)


def epoch_limit(horizon: int, n_arms: int, window: int) -> int:
    r"""S, rounded up: $\log_2(\sqrt T/(4Km) + 1)$.

    Examples
    --------
    >>> epoch_limit(64, 2, 1), epoch_limit(65, 2, 1)
    (1, 2)
    """
    return max(1, math.ceil(math.log2(math.sqrt(horizon) / (4 * n_arms * window) + 1)))


def radius(horizon: int, n_arms: int, window: int, epoch: int, delta: float) -> float:
    """C_s.

    Examples
    --------
    >>> round(radius(256, 2, 2, 1, 0.05), 3)
    4.506
    """
    pairs = n_arms * window
    log = math.log(2.0 * pairs * epoch_limit(horizon, n_arms, window) / delta)
    return math.sqrt(32.0 * pairs * log / (2.0**epoch * math.sqrt(horizon)))


def _se_tb(world, memory, log, horizon, policies, cells, shares, radii, alive, sums, counts, used, chosen, environment):
    """One run; how many epochs are complete. ``used`` and ``chosen`` (T,) get stored plays and policies."""
    n_policies, period = policies.shape
    n_cells = shares.shape[1]
    t = 0
    for epoch in range(radii.shape[0]):
        n = 2 ** (epoch + 1)
        for cell in range(n_cells):
            sums[cell], counts[cell], best = 0.0, 0.0, -1
            for i in range(n_policies):
                if alive[i] > 0.0 and (best < 0 or shares[i, cell] > shares[best, cell]):
                    best = i
            silent = n if shares[best, cell] > 0.0 else 2 * n
            for number in range(2 * n):
                for place in range(period):
                    if t == horizon:
                        return epoch
                    loss = 1.0 - step_kernel(world, memory, log, policies[best, place], environment.random())
                    store = number >= silent and cells[best, place] == cell
                    if store:
                        sums[cell] += loss
                        counts[cell] += 1.0
                    if t < used.shape[0]:
                        used[t] = 1.0 if store else 0.0
                        chosen[t] = best
                    t += 1
        least = math.inf
        for i in range(n_policies):
            if alive[i] > 0.0:
                value = 0.0
                for cell in range(n_cells):
                    if counts[cell] > 0.0:
                        value += shares[i, cell] * (sums[cell] / counts[cell])
                least = min(least, value)
                alive[i] = 2.0 + value  # read below
        for i in range(n_policies):
            if alive[i] > 0.0:
                alive[i] = 1.0 if alive[i] - 2.0 <= least + 2.0 * radii[epoch] + 1e-12 else 0.0
    return radii.shape[0]


se_tb_kernel = kernel(_se_tb)


def se_tb(
    bandit: TallyingBandit,
    horizon: int,
    *,
    delta: float,
    scale: float = 1.0,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run successive elimination over the cyclic policies.

    Parameters
    ----------
    bandit
        A :class:`TallyingBandit`; its window is known to the algorithm.
    horizon
        T, with $K^{\sqrt T} \le 2^{16}$ and a window of at most $\sqrt T$.
    delta
        Failure probability, in (0, 1).
    scale
        Factor of the radii; no theorem for other values than 1.
    checkpoints, rng
        As for the other bandit algorithms.
    trace
        Keep arms, rewards, the policy of every round and whether its loss was stored.

    Returns
    -------
    BanditRun
        ``regret`` is the complete policy regret, against :func:`tallying_optimum` up to each time.
        ``extra["left"]`` counts the policies that are left. With ``trace=True`` also ``trace["stored"]`` (T,) and
        ``trace["policies"]`` (T,), indices of rows of :func:`cyclic_policies`.

    Raises
    ------
    TypeError, ValueError
        If the bandit is no tallying bandit, or there are too many policies; the message says how many.

    Examples
    --------
    >>> run = se_tb(TallyingBandit([[0.0, 1.0], [0.0, 1.0]]), 100, delta=0.05, rng=1)
    >>> run.extra["left"], run.notion, float(run.regret[0])
    (1024, 'complete policy regret', 0.0)
    """
    if not isinstance(bandit, TallyingBandit):
        raise TypeError(f"bandit is {bandit!r}, expected a TallyingBandit")
    delta = validate.confidence("delta", delta)
    scale = validate.number("scale", scale, low=0.0, high=1.0)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    K, m, T = bandit.n_arms, bandit.window, setup.horizon
    period = math.isqrt(T)
    if m > period:
        raise ValueError(f"bandit has a window of {m}, expected at most {period}, the period of the cyclic policies")
    policies = cyclic_policies(K, period)
    tallies = cyclic_tallies(policies, m)
    shares = tally_shares(policies, tallies, K, m)
    radii = np.array([scale * radius(T, K, m, s, delta) for s in range(1, epoch_limit(T, K, m) + 1)])
    alive, cells = np.ones(len(policies)), policies * m + tallies - 1
    used, chosen = setup.traced(), setup.traced()
    completed = se_tb_kernel(
        setup.world, setup.memory, setup.log, T, policies, cells, shares, radii, alive, np.zeros(K * m),
        np.zeros(K * m), used, chosen, setup.environment,
    )  # fmt: skip
    best = tallying_optimum(bandit, T)
    run = finish(
        setup,
        "se_tb",
        {"delta": delta, "scale": scale},
        theorem=scale == 1.0,
        trace={"stored": used, "policies": chosen.astype(np.int64)},
        extra={"left": int(alive.sum()), "epochs": int(completed), "optimum": float(best.least_costs[-1])},
    )
    return against_the_best_sequence(run, bandit, best.least_costs)


def regret_bound(horizon: int, n_arms: int, window: int, delta: float) -> float:
    r"""The right side of [malik2022complete, Theorem 1] for T >= 3; where $\log_2$ is negative it is read as 0.

    Examples
    --------
    >>> regret_bound(64, 2, 1, 0.05) > 64
    True
    """
    pairs, root = n_arms * window, math.sqrt(horizon)
    log = math.log(2.0 * pairs * math.log(horizon) / delta)
    return 1200.0 * pairs * root * (math.sqrt(log) + max(0.0, math.log2(root / (2.0 * pairs))))
