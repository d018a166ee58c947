r"""Successive elimination with burn-in, for weighted tallying bandits in which repeating one arm is optimal.

Setting      The mean loss of a play is $h_x(y)$, with $y$ the weighted share of the arm's own plays in the last $m$
             rounds; $\ell_x = h_x(1)$ is what a repeated arm loses, $\ell^* = \min_x \ell_x$. *Repeated exposure
             optimality* (REO): $\ell^* \le h_x(y)$ for all $x$ and reachable $y$. Then every sequence costs at least
             $T \ell^*$, and the complete policy regret is at most $\sum_t (E\,\text{loss}_t - \ell^*)$
             [malik2023weighted]. Of $m$ a bound $M \ge m$ is known.
Algorithm    $S = \lceil \log_2 T \rceil + 1$, $L = \ln(2KS/\delta)$. In epoch $s = 1, 2, \ldots$ every arm that is
             left is played $M - 1$ times, which are discarded, and then, without a break, $n_s = 2^s$ times, with mean
             loss $m_x$; arms with $m_x > \min m + 2 C_s$, $C_s = \sqrt{L / (2 n_s)}$, are dropped. An arm that is left
             alone is played to the end. Data of earlier epochs are not used again.
Guarantee    With probability at least $1 - \delta$, for all REO bandits with $m \le M$ and losses in [0, 1],
             $$\mathrm{CPR}_T \le c \sqrt{K T L} + (M - 1) K S + 2K, \qquad c = 4\sqrt{(2+\sqrt 2)^2 + 1} < 14.2307,$$
             and $E\,\mathrm{CPR}_T$ is at most that plus $\delta T$ (derived here, below). The published theorem has
             the same form, $O(\sqrt{KT} + (m + M) K)$ up to logarithms [malik2023weighted].
Deviations   Constants and epoch lengths are ours. The published text was not at hand beyond its abstract.

Proof. (1) Recorded plays follow $M - 1 \ge m - 1$ plays of the same arm, so their losses have mean $\ell_x$; by the
Hoeffding-Azuma inequality and a union over $KS$ pairs, $|m_x - \ell_x| \le C_s$ for all pairs with probability $1 -
\delta$. (2) Then a best arm is never dropped: $m_{x^*} \le \ell^* + C_s \le m_y + 2 C_s$. (3) An arm that is alive in
epoch $s \ge 2$ has $\ell_x - \ell^* \le 4 C_{s-1} = 4\sqrt{L/n_s}$. (4) So its $n \le n_s$ recorded plays of epoch $s$
cost at most $4 \sqrt{L n}$, those of epoch 1 at most 2. With $\sum_{s \le r} \sqrt{2^s} \le (2 + \sqrt 2) \sqrt{n_r}$
for the complete epochs, and $n$ plays in the last one, an arm with $N_x$ recorded plays costs at most
$4\sqrt L\,((2 + \sqrt 2)\sqrt{n_r} + \sqrt n) \le c \sqrt{L N_x}$ (Cauchy-Schwarz), and all arms together $c\sqrt{KTL}$
(again). (5) At most $M - 1$ plays of each (arm, epoch) are not recorded, and at most $S$ epochs begin, the endless one
of the last arm included, for $E$ complete epochs of two arms take $4 (2^E - 1) \le T$ rounds.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.models import BanditModel, TallyingBandit, WeightedTallyingBandit
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import GAUSSIAN, NOISE, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = [
    "CONSTANT",
    "claimed_miss",
    "epoch_limit",
    "log_term",
    "radius",
    "regret_bound",
    "wtb_successive_elimination",
]

CONSTANT = 4.0 * math.sqrt((2.0 + math.sqrt(2.0)) ** 2 + 1.0)  # 14.2306..
LONGEST_BURN_IN = 10**9


def epoch_limit(horizon: int) -> int:
    r"""S, the number of epochs that can begin: $\lceil \log_2 T \rceil + 1$.

    Examples
    --------
    >>> epoch_limit(1), epoch_limit(8), epoch_limit(9)
    (1, 4, 5)
    """
    return (horizon - 1).bit_length() + 1


def log_term(horizon: int, n_arms: int, delta: float) -> float:
    r"""L = $\ln(2KS/\delta)$.

    Examples
    --------
    >>> round(log_term(100_000, 5, 0.05), 3)
    8.189
    """
    return math.log(2.0 * n_arms * epoch_limit(horizon) / delta)


def _radius(log: float, plays: float) -> float:
    """C_s: the mean of ``plays`` recorded losses misses by more with probability at most delta / (K S)."""
    return math.sqrt(log / (2.0 * plays))


radius_kernel = kernel(_radius)


def _eliminate(means, alive, width):
    """Drop the arms whose mean exceeds the least one by more than ``width``; how many are left."""
    least, left = math.inf, 0
    for x in range(means.shape[0]):
        if alive[x] > 0.0:
            least = min(least, means[x])
    for x in range(means.shape[0]):
        if alive[x] > 0.0:
            if means[x] <= least + width:
                left += 1
            else:
                alive[x] = 0.0
    return left


eliminate_kernel = kernel(_eliminate)


def _wtb(world, memory, log, horizon, discarded, log_over, alive, sums, means, epochs, recorded, table, environment):
    """One run; ``table`` (3, S, K) gets arms alive, mean losses (NaN: not measured) and radii of each epoch."""
    n_arms = alive.shape[0]
    gaussian = world.code[NOISE] == GAUSSIAN
    epoch, n, left = 0, 2, n_arms  # epochs that are complete, recorded plays of the current one, arms left
    arm, played = 0, 0
    for x in range(n_arms):
        table[0, 0, x] = 1.0
    for t in range(horizon):
        noise = environment.normal(0.0, 1.0) if gaussian else environment.random()
        reward = step_kernel(world, memory, log, arm, noise)
        if left == 1:
            continue
        if t < epochs.shape[0]:
            epochs[t] = epoch + 1.0
            recorded[t] = 1.0 if played >= discarded else 0.0
        if played >= discarded:
            sums[arm] += 1.0 - reward
        played += 1
        if played < discarded + n:
            continue
        means[arm] = sums[arm] / n
        table[1, epoch, arm] = means[arm]
        sums[arm] = 0.0
        played = 0
        arm += 1
        while arm < n_arms and alive[arm] == 0.0:
            arm += 1
        if arm == n_arms:
            width = radius_kernel(log_over, n)
            left = eliminate_kernel(means, alive, 2.0 * width)
            table[2, epoch, :] = width
            epoch += 1
            n *= 2
            arm = 0
            while alive[arm] == 0.0:
                arm += 1
            for x in range(n_arms):
                table[0, epoch, x] = alive[x]
    return epoch


wtb_kernel = kernel(_wtb)


def wtb_successive_elimination(
    bandit: BanditModel,
    horizon: int,
    *,
    M: int,
    delta: float,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run successive elimination with burn-in for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model; the theorem speaks of (weighted) tallying bandits with REO and a window of at most M, and of
        stationary bandits with rewards in [0, 1] (a window of 1).
    horizon
        T, known to the algorithm.
    M
        The declared bound on the memory m; M - 1 plays are discarded in each epoch and arm.
    delta
        Failure probability of the confidence radii, in (0, 1).
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms, rewards and the epoch of every round.
    rng
        An int, ``SeedSequence`` or ``Generator``. The algorithm draws no coins of its own.

    Returns
    -------
    BanditRun
        ``extra["epochs"]`` counts the complete epochs. With ``trace=True`` also ``trace["epochs"]`` (T,), from 1, and 0
        once a single arm is left; ``trace["recorded"]`` (T,) 1 where the loss is used; ``trace["alive"]`` (S + 1, K)
        at the beginning of each epoch, ``trace["means"]`` (S + 1, K) with NaN where there is none, and
        ``trace["radii"]`` (S + 1, K), 0 for epochs that were not completed.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    $\mathrm{CPR}_T \le 14.24 \sqrt{KTL} + (M-1)KS + 2K$ with probability $1-\delta$ (derived here; for the form
    [malik2023weighted]). With a window longer than M nothing is promised: the recorded losses are not saturated.

    Examples
    --------
    >>> from theorylab.bandits.environments import tallying_losses
    >>> run = wtb_successive_elimination(tallying_losses("needle"), 20_000, M=20, delta=0.05, rng=1)
    >>> int(run.pulls.argmax()), bool(run.regret[-1] < 2000), run.notion
    (0, True, 'complete policy regret')
    """
    M = validate.integer("M", M, low=1, high=LONGEST_BURN_IN)
    delta = validate.confidence("delta", delta)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    epochs, recorded = setup.traced(), setup.traced()
    table = np.zeros((3, epoch_limit(setup.horizon) + 1, setup.n_arms))
    table[1] = np.nan
    alive = np.ones(setup.n_arms)
    log_over = log_term(setup.horizon, setup.n_arms, delta)
    completed = wtb_kernel(
        setup.world, setup.memory, setup.log, setup.horizon, M - 1, log_over, alive, setup.work(), setup.work(),
        epochs, recorded, table, setup.environment,
    )  # fmt: skip
    kept = {"epochs": epochs, "recorded": recorded, "alive": table[0], "means": table[1], "radii": table[2]}
    return finish(
        setup,
        "wtb_successive_elimination",
        {"M": M, "delta": delta},
        theorem=_covered(bandit, M),
        trace=kept,
        extra={"epochs": int(completed), "left": int(alive.sum())},
    )


def _covered(bandit: BanditModel, M: int) -> bool:
    """Whether the theorem speaks of this bandit."""
    if isinstance(bandit, (TallyingBandit, WeightedTallyingBandit)):
        return bool(bandit.reo) and bandit.window <= M
    return bandit.stationary and bandit.unit_rewards


def radius(horizon: int, n: float, *, n_arms: int, delta: float) -> float:
    """C_s of ``n`` recorded plays: what the exact audit looks at.

    Examples
    --------
    >>> round(radius(1000, 64, n_arms=2, delta=0.1), 4)
    0.2181
    """
    return float(_radius(log_term(horizon, n_arms, delta), n))


def claimed_miss(horizon: int, n: float, *, n_arms: int, delta: float) -> float:
    r"""What Hoeffding's inequality promises for one (arm, epoch): $2 e^{-L} = \delta/(KS)$.

    Examples
    --------
    >>> claimed_miss(16, 4, n_arms=2, delta=0.1)
    0.01
    """
    return delta / (n_arms * epoch_limit(horizon))


def regret_bound(horizon: int, n_arms: int, *, M: int, delta: float) -> float:
    r"""The right side of the guarantee: $c\sqrt{KTL} + (M-1)KS + 2K$.

    Examples
    --------
    >>> round(regret_bound(100_000, 5, M=20, delta=1e-5))
    42848
    """
    log = log_term(horizon, n_arms, delta)
    return CONSTANT * math.sqrt(n_arms * horizon * log) + (M - 1) * n_arms * epoch_limit(horizon) + 2.0 * n_arms
