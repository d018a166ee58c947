r"""RAW-UCB and FEWA: rotting bandits, where every window of the last rewards is an optimistic estimate.

Setting      Rested: an arm's mean falls with its own pulls; restless: with time. Noise is $\sigma$-sub-Gaussian.
             Regret against the greedy oracle, which is optimal where no mean increases (rested).
Algorithm    Each arm once. Then with t rounds played and $c(h) = \sqrt{2 \alpha \sigma^2 \ln t/h}$: *RAW-UCB*
             [seznec2020single] plays the arm of the largest $\min_h (\hat\mu^h_i + c(h))$, where $\hat\mu^h_i$ is the
             mean of the arm's last h rewards; *FEWA* [seznec2019rotting] goes through the windows from the shortest
             on, keeps the arms within $2 c(h)$ of the largest $\hat\mu^h$, and plays the first arm that has fewer
             than h rewards. The lowest arm wins ties. ``windows="geometric"`` looks at h = 1, 2, 4, ... only.
Guarantee    Derived here for rested, non-increasing means $\mu_i(0) \ge \mu_i(1) \ge \dots$: let $d_i$ be the largest
             drop from one pull to the next, the first pull being a drop from the largest mean of all. Without noise,
             $R_T \le \sum_i d_i$. With noise, $t_0 \ge 1$, $\alpha > 2$, and probability at least
             $1 - K t_0^{2-\alpha}(1 + 1/t_0 + 2/(\alpha - 2))$:
             $$R_T \le w\, G \sigma \sqrt{2\alpha \ln T}\,\big(\sqrt{(K-1)T} + K - 1\big) + \sum_i d_i
             + t_0\,(\max\mu - \min\mu),$$
             w = 2 (RAW-UCB) or 4 (FEWA), G = 1 (all windows) or $1/(1 - 2^{-1/2})$ (geometric). *Proof.* Unless a
             window mean is wrong, the last h pulls of the arm played have a true mean of at least the largest current
             mean less $w\,c(h)$ (an arm that FEWA drops has been beaten by one whose longer windows are better
             still). A reward that the oracle takes and the policy misses is at most the current mean of its arm. So
             the surplus pulls of an arm, but the last, lose $w\sqrt{2\alpha\sigma^2 h\ln T}$ together (powers of two:
             a sum over the binary digits of h), and the last one $w\,c(1) + d_i$. Window means of n rewards are used
             from round $\max(n, t_0)$ on: the union bound. Rounds before $t_0$ lose the range.
Deviations   Geometric windows hold exact means; the authors' efficient version refreshes them from time to time. The
             published constants of $\alpha$ in experiments (the defaults) are below what this proof allows.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models import BanditModel, RottingBandit
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import GAUSSIAN, NOISE, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = [
    "claimed_miss",
    "failure_probability",
    "fewa",
    "largest_drops",
    "radius",
    "raw_ucb",
    "regret_bound",
    "window_grid",
]

RAW, FEWA = 0, 1
WINDOWS = ("geometric", "all")
WIDTH = (2.0, 4.0)  # radii by which a played arm's window means may fall behind
MOST_REWARDS = 10**8


def _width(variance, t):
    """The radius of one reward with t rounds played; that of a mean of h is this over sqrt(h)."""
    return math.sqrt(variance * math.log(t))


width_kernel = kernel(_width)


def _raw_choice(sums, pulls, windows, scales, width, index):
    """The arm with the largest of the lowest upper confidence bounds over its windows."""
    n_arms, best, arm = pulls.shape[0], -math.inf, 0
    for i in range(n_arms):
        lowest, k = math.inf, 0
        while k < windows.shape[0] and windows[k] <= pulls[i]:
            lowest = min(lowest, sums[i, k] / windows[k] + width * scales[k])
            k += 1
        index[i] = lowest
        best = max(best, lowest)
    while index[arm] < best - TIE:
        arm += 1
    return arm


def _fewa_choice(sums, pulls, windows, scales, width, index):
    """Filter by longer and longer windows; ``index`` holds 1 for the arms that are left."""
    n_arms = pulls.shape[0]
    for i in range(n_arms):
        index[i] = 1.0
    for k in range(windows.shape[0]):
        best = -math.inf
        for i in range(n_arms):
            if index[i] > 0.0:
                if pulls[i] < windows[k]:
                    return i
                best = max(best, sums[i, k] / windows[k])
        for i in range(n_arms):
            if index[i] > 0.0 and sums[i, k] / windows[k] < best - 2.0 * width * scales[k] - TIE:
                index[i] = 0.0
    return 0  # never: the last window is longer than the run


raw_choice_kernel = kernel(_raw_choice)
fewa_choice_kernel = kernel(_fewa_choice)


def _rotting(
    world,
    memory,
    log,
    horizon,
    rule,
    variance,
    windows,
    scales,
    rewards,
    totals,
    sums,
    pulls,
    index,
    chosen,
    environment,
):
    """One run; ``rewards`` (K, T) of each arm in order, ``sums`` (K, W) of its last ``windows`` rewards."""
    n_arms = pulls.shape[0]
    gaussian = world.code[NOISE] == GAUSSIAN
    for t in range(horizon):
        arm = t
        if t >= n_arms:
            width = width_kernel(variance, t)
            if rule == RAW:
                arm = raw_choice_kernel(sums, pulls, windows, scales, width, index)
            else:
                arm = fewa_choice_kernel(sums, pulls, windows, scales, width, index)
            if t < chosen.shape[0]:
                for i in range(n_arms):
                    chosen[t, i] = index[i]
        noise = environment.normal(0.0, 1.0) if gaussian else environment.random()
        reward = step_kernel(world, memory, log, arm, noise)
        n = pulls[arm]
        rewards[arm, n] = reward
        totals[arm] += reward
        for k in range(windows.shape[0]):
            h = windows[k]
            if h > n + 1:
                break
            if h == n + 1:
                sums[arm, k] = totals[arm]
            else:
                sums[arm, k] += reward - rewards[arm, n - h]
        pulls[arm] = n + 1


rotting_kernel = kernel(_rotting)


def window_grid(windows: str, horizon: int) -> NDArray[np.int64]:
    """The windows that are looked at; the last one is longer than any run.

    Examples
    --------
    >>> window_grid("geometric", 10).tolist(), window_grid("all", 3).tolist()
    ([1, 2, 4, 8, 16], [1, 2, 3, 4])
    """
    validate.choice("windows", windows, WINDOWS)
    if windows == "all":
        return np.arange(1, horizon + 2)
    return 2 ** np.arange(horizon.bit_length() + 1)


def _sub_gaussian(bandit: BanditModel) -> float:
    if bandit.noise == "gaussian":
        return float(bandit.sigma)  # type: ignore[attr-defined]
    return 0.0 if bandit.noise == "none" else 0.5


def _run(
    name: str, rule: int, bandit: BanditModel, horizon: int, alpha: float, sigma: float | None, windows: str,
    checkpoints: Any, trace: bool, rng: RNGLike,
) -> BanditRun:  # fmt: skip
    alpha = validate.number("alpha", alpha, low=0.0, open_low=True)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    noise = _sub_gaussian(bandit)
    sigma = noise if sigma is None else validate.number("sigma", sigma, low=0.0)
    squared = 2.0 * alpha * sigma * sigma
    if squared > validate.LARGEST:
        raise ValueError(f"alpha is {alpha:g} and sigma is {sigma:g}, expected alpha sigma^2 <= {validate.LARGEST:g}")
    grid = window_grid(windows, setup.horizon)
    K, T = setup.n_arms, setup.horizon
    if K * (T + len(grid)) > MOST_REWARDS:
        raise ValueError(f"horizon is {T} with {K} arms, expected at most {MOST_REWARDS} rewards to keep")
    chosen = setup.traced(K)
    rotting_kernel(
        setup.world, setup.memory, setup.log, T, rule, squared, grid, 1.0 / np.sqrt(grid),
        np.zeros((K, T)), setup.work(), np.zeros((K, len(grid))), np.zeros(K, np.int64), setup.work(), chosen,
        setup.environment,
    )  # fmt: skip
    proved = noise == 0.0 or (alpha > 2.0 and sigma >= noise)
    theorem = isinstance(bandit, RottingBandit) and bandit.kind == "rested" and bandit.non_increasing and proved
    parameters = {"alpha": alpha, "sigma": sigma, "windows": windows}
    return finish(setup, name, parameters, theorem=theorem, trace={"indices": chosen})


def raw_ucb(
    bandit: BanditModel,
    horizon: int,
    *,
    alpha: float = 1.0,
    sigma: float | None = None,
    windows: str = "geometric",
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run RAW-UCB for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model; the theorem speaks of rested, non-increasing :class:`~theorylab.bandits.RottingBandit` s.
    alpha
        Confidence $t^{-\alpha}$; 1 is the authors' choice in experiments, the theorem needs more than 2.
    sigma
        The noise is sigma-sub-Gaussian; by default the model's (1/2 for Bernoulli rewards, 0 without noise).
    windows
        "geometric" (1, 2, 4, ...) or "all"; the latter takes time $T^2$.
    trace
        Keep ``indices`` (T, K), 0 in the first K rounds.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits import RottingBandit
    >>> run = raw_ucb(RottingBandit([[0.9, 0.8, 0.1], [0.5, 0.5, 0.5]]), 100)
    >>> round(float(run.regret[-1]), 9), run.pulls.tolist()
    (0.4, [3, 97])
    """
    return _run("raw_ucb", RAW, bandit, horizon, alpha, sigma, windows, checkpoints, trace, rng)


def fewa(
    bandit: BanditModel,
    horizon: int,
    *,
    alpha: float = 0.06,
    sigma: float | None = None,
    windows: str = "geometric",
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run FEWA (filtering on expanding window averages) for ``horizon`` rounds.

    Parameters
    ----------
    alpha
        Confidence $t^{-\alpha}$; 0.06 is the authors' choice in experiments, the theorem needs more than 2.
    bandit, sigma, windows
        As for :func:`raw_ucb`.
    trace
        Keep ``indices`` (T, K): 1 for the arms that no window ruled out, 0 in the first K rounds.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits import RottingBandit
    >>> run = fewa(RottingBandit([[0.9, 0.8, 0.1], [0.5, 0.5, 0.5]]), 100)
    >>> round(float(run.regret[-1]), 9), run.pulls.tolist()
    (0.4, [3, 97])
    """
    return _run("fewa", FEWA, bandit, horizon, alpha, sigma, windows, checkpoints, trace, rng)


def largest_drops(bandit: RottingBandit) -> NDArray[np.float64]:
    """(K,) the largest drop of each arm from one pull to the next, the first pull being one from the largest mean.

    Examples
    --------
    >>> largest_drops(RottingBandit([[0.9, 0.8, 0.1], [0.5, 0.5, 0.5]])).round(9).tolist()
    [0.7, 0.4]
    """
    first = bandit.tables[:, :1]
    levels = np.concatenate([np.full_like(first, first.max()), bandit.tables], axis=1)
    return np.asarray(np.max(-np.diff(levels, axis=1), axis=1))


def regret_bound(
    bandit: RottingBandit, horizon: int, *, rule: str, alpha: float, sigma: float, windows: str, t0: int
) -> float:
    """The theorem of the module's docstring; without noise the sum of the largest drops.

    Examples
    --------
    >>> bandit = RottingBandit([[0.9, 0.8, 0.1], [0.5, 0.5, 0.5]])
    >>> round(regret_bound(bandit, 100, rule="raw_ucb", alpha=4, sigma=0.0, windows="all", t0=10), 9)
    1.1
    """
    validate.choice("rule", rule, ("raw_ucb", "fewa"))
    validate.choice("windows", windows, WINDOWS)
    drops = float(largest_drops(bandit).sum())
    if sigma == 0.0:
        return drops
    factor = WIDTH[RAW if rule == "raw_ucb" else FEWA] * (1.0 if windows == "all" else 1.0 / (1.0 - math.sqrt(0.5)))
    others = bandit.n_arms - 1
    noise = factor * sigma * math.sqrt(2.0 * alpha * math.log(horizon)) * (math.sqrt(others * horizon) + others)
    return float(noise + drops + t0 * np.ptp(bandit.tables))


def failure_probability(n_arms: int, alpha: float, t0: int) -> float:
    r"""$K t_0^{2-\alpha}(1 + 1/t_0 + 2/(\alpha - 2))$.

    Examples
    --------
    >>> round(failure_probability(2, 4.0, 10), 6)
    0.042
    """
    return n_arms * math.pow(t0, 2.0 - alpha) * (1.0 + 1.0 / t0 + 2.0 / (alpha - 2.0))


def radius(t: float, h: float, *, alpha: float, sigma: float) -> float:
    """c(h): the radius of the mean of the last ``h`` rewards with ``t`` rounds played.

    Examples
    --------
    >>> round(radius(100, 25, alpha=4.0, sigma=0.5), 4)
    0.607
    """
    return float(_width(2.0 * alpha * sigma * sigma, t)) / math.sqrt(h)  # type: ignore[no-untyped-call]


def claimed_miss(t: float, h: float, *, alpha: float, sigma: float) -> float:
    r"""The mean of h rewards misses by more than the radius, on one side, with probability at most $t^{-\alpha}$.

    Examples
    --------
    >>> claimed_miss(10, 5, alpha=4.0, sigma=0.5)
    0.0001
    """
    return math.pow(t, -alpha)
