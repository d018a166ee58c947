r"""Exact values for stochastic bandits in [0, 1] that know no algorithm: E[R_T] without sampling.

Setting      Arms with Bernoulli rewards of known means :math:`\mu_a`, gaps :math:`\Delta_a = \max_b \mu_b - \mu_a`,
             and the pseudo-regret :math:`R_T = \sum_{t \le T} \Delta_{A_t}`.
Algorithm    :func:`index_policy_regret`: dynamic programming over (pulls, successes) of all arms, for index policies.
             :func:`memory_policy_regret`: the same over the memory of any policy that has finitely many.
             :func:`reward_tree_regret`: all outcomes of the reward draws, for real code that gets a scripted generator.
Guarantee    Rational when the means are Fractions, ints or texts; with floats within a few roundings per round.  These
             are values, not bounds: a correct implementation reproduces them and a mutant rarely does.  A value
             computed from the same wrong formula agrees with it: write the index from the paper, not from the code.

Also here: the fluid law of an optimistic index policy, and the trees of :mod:`theorylab.verify.exact.arm_trees` for
randomised policies.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.verify.exact.arm_trees import arm_tree_expectation, scripted_arm_tree, unbiasedness
from theorylab.verify.exact.outcomes import as_fraction
from theorylab.verify.exact.scripted import interval_tree

__all__ = [
    "arm_tree_expectation",
    "index_policy_regret",
    "memory_policy_regret",
    "reward_tree_regret",
    "scripted_arm_tree",
    "ucb1_fluid_law",
    "unbiasedness",
]

TIE = 1e-11  # indices this close count as equal: the lowest arm is played
Block: TypeAlias = "NDArray[Any]"  # weights of all (s_0, ..., s_{K-1}) at given pulls


def index_policy_regret(
    index: Callable[[int, int, int], float],
    means: Sequence[Any],
    horizon: int,
    *,
    order: Sequence[int] | None = None,
    tie: float = TIE,
) -> float | Fraction:
    r"""E[R_T] of a deterministic index policy on Bernoulli arms.

    Each arm is played once, in ``order``.  Then, when t plays are done, the arm with the largest ``index(t, n, s)`` is
    played, n and s being its plays and its successes; of several arms within ``tie`` of the largest the lowest.

    Parameters
    ----------
    index
        ``index(t, n, s)``, a number or infinite; called once for each (t, n, s) that can occur, with ints.
    means
        (K,) in [0, 1].  If any is a float the result is a float, else an exact Fraction (two to ten times slower; the
        indices are floats in both cases).
    horizon
        T >= 1.  The number of states of a step grows as T^(2K-1): K = 2 to T = 200, K = 3 to T = 30.
    order
        The order of the first plays, a permutation of 0..K-1; 0, 1, ... when it is left out.

    Raises
    ------
    ValueError
        If a mean is outside [0, 1], ``order`` is no permutation, or an index is not a number.

    Examples
    --------
    >>> ucb1 = lambda t, n, s: s / n + math.sqrt(2 * math.log(t) / n)
    >>> index_policy_regret(ucb1, ["2/5", "7/10"], 8)
    Fraction(4851609, 5000000)
    >>> round(index_policy_regret(ucb1, [0.5, 0.3], 40), 6)
    2.852849
    """
    exact_means, exact = _means(means)
    K, T = len(exact_means), validate.integer("horizon", horizon, low=1)
    first = list(range(K)) if order is None else [validate.integer(f"order[{i}]", a) for i, a in enumerate(order)]
    if sorted(first) != list(range(K)):
        raise ValueError(f"order is {list(first)}, expected a permutation of 0..{K - 1}")
    tie = validate.number("tie", tie, low=0.0)
    scale = math.lcm(*(m.denominator for m in exact_means)) if exact else 1
    # integers over scale^t in the exact case, probabilities otherwise
    win: list[Any] = [int(m * scale) if exact else float(m) for m in exact_means]
    blocks: dict[tuple[int, ...], Block] = {(0,) * K: np.ones((1,) * K, dtype=object if exact else np.float64)}
    for t in range(T):
        values: dict[int, NDArray[np.float64]] = {}
        following: dict[tuple[int, ...], Block] = {}
        for pulls, block in blocks.items():
            if t < K:
                parts = [(first[t], block)]
            else:
                for n in pulls:
                    if n not in values:
                        values[n] = _index_values(index, t, n)
                parts = _played(block, [values[n] for n in pulls], tie)
            for arm, part in parts:
                child = (*pulls[:arm], pulls[arm] + 1, *pulls[arm + 1 :])
                if child not in following:
                    following[child] = np.zeros([n + 1 for n in child], dtype=block.dtype)
                target = np.moveaxis(following[child], arm, 0)  # a view
                source = np.moveaxis(part, arm, 0)
                target[:-1] += source * (scale - win[arm])
                target[1:] += source * win[arm]
        blocks = following
    gaps = [max(exact_means) - m for m in exact_means]
    costs = {pulls: sum((n * g for n, g in zip(pulls, gaps, strict=True)), Fraction(0)) for pulls in blocks}
    if exact:
        total = sum((costs[pulls] * sum(block.flat) for pulls, block in blocks.items()), Fraction(0))
        return Fraction(total, scale**T)
    parts_sums = (float(costs[pulls]) * math.fsum(block.ravel().tolist()) for pulls, block in blocks.items())
    return math.fsum(parts_sums)


def memory_policy_regret(
    initial: Hashable,
    choose: Callable[[Any], int],
    update: Callable[[Any, int, int], Hashable],
    means: Sequence[Any],
    horizon: int,
) -> float | Fraction:
    """E[R_T] on Bernoulli arms of a policy with a memory: ``choose(memory)``, then ``update(memory, arm, reward)``.

    For policies that are no index policies: elimination, explore-then-commit, a budget.  The memory is any hashable
    value (it holds the time if that matters); memories that are equal are merged, so keep counts and not histories.

    Parameters
    ----------
    means, horizon
        As in :func:`index_policy_regret`; Fractions give a Fraction.

    Examples
    --------
    Win-stay, lose-shift:

    >>> memory_policy_regret(0, lambda arm: arm, lambda arm, _, reward: arm if reward else 1 - arm, ["1/2", 1], 3)
    Fraction(7, 8)
    """
    exact_means, exact = _means(means)
    T = validate.integer("horizon", horizon, low=1)
    K, gaps = len(exact_means), [max(exact_means) - m for m in exact_means]
    number: Callable[[Any], Any] = Fraction if exact else float
    law: dict[Hashable, Any] = {initial: number(1)}
    costs: list[Any] = []
    for _ in range(T):
        following: dict[Hashable, Any] = {}
        for memory, weight in law.items():
            arm = validate.integer("choose(memory)", choose(memory), low=0, high=K - 1)
            costs.append(weight * number(gaps[arm]))
            for reward, p in ((1, exact_means[arm]), (0, 1 - exact_means[arm])):
                if p:
                    key = update(memory, arm, reward)
                    following[key] = following.get(key, 0) + weight * number(p)
        law = following
    return sum(costs, Fraction(0)) if exact else math.fsum(costs)


def reward_tree_regret(
    play: Callable[[Any], Any],
    means: Sequence[Any],
    horizon: int,
    *,
    draws: int | None = None,
    compiled: bool = False,
) -> Fraction:
    """E[R_T] of real code on Bernoulli arms, by all outcomes of its reward draws.

    ``play(rng)`` runs the algorithm with ``rng`` in the place of the environment's generator: each reward is one
    ``rng.random() < mean``, with the floats nearest to ``means``.  It must be deterministic given the rewards.

    Parameters
    ----------
    play
        Returns the (T,) arms played, as integers (the expectation is then exact), or the pseudo-regret of the run, one
        number (a float counts as the rational that it is, with the roundings of its sum).
    means
        (K,) in [0, 1], read as rationals: give "7/10" or a Fraction where 7/10 is meant.
    draws
        The most draws of a run; T when left out.  Give K * T for an environment that draws all arms in every round.
    compiled
        Whether ``rng`` is a numpy ``Generator`` for compiled kernels and public functions (their *environment* stream
        gets the draws), and not a stand-in that refuses other draws than ``random()``.

    Raises
    ------
    RuntimeError
        If a run draws more than that, or does not repeat itself.
    ValueError
        If an array of another length than T, or an arm outside 0..K-1 is returned.

    Examples
    --------
    >>> def stay_on_a_win(rng):
    ...     arms = [0]
    ...     for _ in range(3):
    ...         won = rng.random() < (0.5, 1.0)[arms[-1]]
    ...         arms.append(arms[-1] if won else 1 - arms[-1])
    ...     return np.array(arms[:3])
    >>> reward_tree_regret(stay_on_a_win, ["1/2", 1], 3)
    Fraction(7, 8)
    """
    exact_means = _means(means)[0]
    T = validate.integer("horizon", horizon, low=1)
    gaps = [max(exact_means) - m for m in exact_means]

    def regret(result: Any) -> Fraction:
        if np.ndim(result) == 0:
            return as_fraction("the regret of a run", result)
        arms = validate.indices("the arms of a run", result, below=len(gaps))
        if len(arms) != T:
            raise ValueError(f"a run returns {len(arms)} arms, expected horizon = {T}")
        counts = np.bincount(arms, minlength=len(gaps)).tolist()
        return sum((n * g for n, g in zip(counts, gaps, strict=True)), Fraction(0))

    leaves = interval_tree(play, thresholds=exact_means, depth=T if draws is None else draws, compiled=compiled)
    return sum((weight * regret(result) for weight, result in leaves), Fraction(0))


def ucb1_fluid_law(gaps: Sequence[float], horizon: int, factor: float = 2.0) -> float:
    r"""The regret that an index policy with radius :math:`\sqrt{c \ln t / n}` tends to have: a value, not a bound.

    At the horizon all indices are level, :math:`\mu_i + \sqrt{c \ln T / N_i} = \mu^* + e`, hence

    .. math:: \sum_i \frac{c \ln T}{(\Delta_i + e)^2} = T, \qquad R = \sum_i \Delta_i \frac{c \ln T}{(\Delta_i + e)^2}.

    Measured means of UCB1 (c = 2) lie within four percent of it at T >= 10^4; halved, doubled or misread radii do not.

    Parameters
    ----------
    gaps
        (K,) all gaps, those of best arms (0) included.
    horizon
        T >= 2.
    factor
        c.

    Examples
    --------
    >>> round(ucb1_fluid_law([0.0] + [0.1] * 9, 100_000))
    1527
    """
    D = validate.array("gaps", gaps, ndim=1)
    T = validate.integer("horizon", horizon, low=2)
    factor = validate.number("factor", factor, low=0.0, open_low=True)
    if not len(D) or D.min() != 0.0:
        raise ValueError(f"gaps is {D.tolist()}, expected gaps >= 0 with a 0 among them: the best arm belongs in")
    if not D.any():
        return 0.0
    from scipy.optimize import brentq

    f = factor * math.log(T)
    # one best arm alone fills T at the left end; at the right end no arm has more than T / K
    e = brentq(lambda x: float(np.sum(f / (D + x) ** 2)) - T, math.sqrt(f / T), math.sqrt(len(D) * f / T), xtol=1e-15)
    return float(np.sum(D * f / (D + e) ** 2))


def _index_values(index: Callable[[int, int, int], float], t: int, n: int) -> NDArray[np.float64]:
    values = np.array([index(t, n, s) for s in range(n + 1)], dtype=np.float64)
    bad = np.flatnonzero(np.isnan(values))
    if len(bad):
        raise ValueError(f"index({t}, {n}, {bad[0]}) is nan, expected a number")
    return values


def _played(block: Block, values: list[NDArray[np.float64]], tie: float) -> list[tuple[int, Block]]:
    """The part of the weights at which each arm is played, where there is any."""
    K = len(values)
    across = [line.reshape([-1 if axis == arm else 1 for axis in range(K)]) for arm, line in enumerate(values)]
    level = functools.reduce(np.maximum, across) - tie
    chosen = np.full(block.shape, K - 1)
    for arm in range(K - 2, -1, -1):
        chosen[np.broadcast_to(across[arm] >= level, block.shape)] = arm
    parts = ((arm, block * (chosen == arm)) for arm in range(K))
    return [(arm, part) for arm, part in parts if part.any()]


def _means(means: Sequence[Any]) -> tuple[list[Fraction], bool]:
    """The means as rationals, and whether none of them was a float."""
    found = [_unit(f"means[{i}]", m) for i, m in enumerate(means)]
    if not found:
        raise ValueError("means is empty, expected at least one arm")
    return found, not any(isinstance(m, (float, np.floating)) for m in means)


def _unit(name: str, value: Any) -> Fraction:
    number = as_fraction(name, value)
    if not 0 <= number <= 1:
        raise ValueError(f"{name} is {number}, expected a number in [0, 1]")
    return number
