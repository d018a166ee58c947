r"""MOSS: the minimax optimal index policy, whose radius vanishes after T / K plays.

Setting      K arms with independent rewards, T rounds known in advance; regret against the best mean
             [audibert2010regret].
Algorithm    Each arm once, in order. Then the arm with the largest $m_i + \sqrt{c \max(\ln(T / (K N_i)), 0) / N_i}$,
             c = 1 for rewards in [0, 1] (``form="unit"``) and c = 4 for 1-sub-Gaussian ones (``"subgaussian"``
             [lattimore2020bandit, Algorithm 7]); the lowest arm wins ties.
Guarantee    ``unit``: $E[R_T] \le 25 \sqrt{TK}$, and with $\Delta$ the smallest positive gap
             $E[R_T] \le (23 K / \Delta) \max(\ln(140 T \Delta^2 / K), \ln 10^4)$ [audibert2010regret, Theorem 24].
             ``subgaussian``: $E[R_T] \le 39 \sqrt{KT} + \sum_i \Delta_i$ (recalled: [lattimore2020bandit,
             Theorem 9.1]).
Deviations   Indices within 1e-11 of each other are tied. An index depends on its own arm only, so that the played arm's
             is the only one computed.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

from theorylab.bandits.models import BanditModel, GaussianBandit
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import GAUSSIAN, NOISE, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["FORMS", "moss", "radius"]

FORMS = ("unit", "subgaussian")
UNIT, SUBGAUSSIAN = 0, 1


def _moss_radius(form, horizon, n_arms, n):
    """Of the mean of n rewards."""
    factor = 1.0 if form == UNIT else 4.0
    return math.sqrt(factor * max(math.log(horizon / (n_arms * n)), 0.0) / n)


moss_radius_kernel = kernel(_moss_radius)


def _moss(world, memory, log, horizon, form, sums, pulls, values, indices, environment):
    """One run; ``sums``, ``pulls``, ``values`` are (K,) work space."""
    n_arms = sums.shape[0]
    gaussian = world.code[NOISE] == GAUSSIAN
    for t in range(horizon):
        arm = 0
        if t < n_arms:
            arm = t
        else:
            best = -math.inf
            for i in range(n_arms):
                best = max(best, values[i])
            while values[arm] < best - TIE:
                arm += 1
            if t < indices.shape[0]:
                for i in range(n_arms):
                    indices[t, i] = values[i]
        noise = environment.normal(0.0, 1.0) if gaussian else environment.random()
        reward = step_kernel(world, memory, log, arm, noise)
        pulls[arm] += 1.0
        sums[arm] += reward
        values[arm] = sums[arm] / pulls[arm] + moss_radius_kernel(form, horizon, n_arms, pulls[arm])


moss_kernel = kernel(_moss)


def moss(
    bandit: BanditModel,
    horizon: int,
    *,
    form: str = "unit",
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run MOSS for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model; the theorems speak of stationary ones, with rewards in [0, 1] ("unit") or 1-sub-Gaussian
        (``GaussianBandit`` with sigma at most 1, or rewards in [0, 1]).
    horizon
        T, the number of rounds, which the algorithm uses; with T < K the first T arms are played.
    form
        "unit" or "subgaussian".
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms, rewards and indices of every round; indices are 0 in the first K rounds.
    rng
        An int, ``SeedSequence`` or ``Generator``.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["indices"]`` (T, K).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    $E[R_T] \le 25 \sqrt{TK}$ for "unit" [audibert2010regret].

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = moss(BernoulliBandit([0.9, 0.5]), 1000, rng=1)
    >>> int(run.pulls.sum()), bool(run.regret[-1] < 20), run.notion
    (1000, True, 'pseudo-regret')
    """
    validate.choice("form", form, FORMS)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    work = [setup.work() for _ in range(3)]
    indices = setup.traced(setup.n_arms)
    moss_kernel(
        setup.world, setup.memory, setup.log, setup.horizon, FORMS.index(form), *work, indices, setup.environment
    )
    narrow = form == "subgaussian" and isinstance(bandit, GaussianBandit) and bandit.sigma <= 1.0
    theorem = bandit.stationary and (bandit.unit_rewards or narrow)
    return finish(setup, "moss", {"form": form}, theorem=theorem, trace={"indices": indices})


def radius(horizon: int, n_arms: int, n: int, *, form: str = "unit") -> float:
    """The radius of the mean of ``n`` rewards.

    Examples
    --------
    >>> round(radius(1000, 10, 20), 6), radius(1000, 10, 100), round(radius(1000, 10, 20, form="subgaussian"), 6)
    (0.283676, 0.0, 0.567351)
    """
    horizon = validate.integer("horizon", horizon, low=1)
    n_arms, n = validate.integer("n_arms", n_arms, low=1), validate.integer("n", n, low=1)
    return float(moss_radius_kernel(FORMS.index(validate.choice("form", form, FORMS)), horizon, n_arms, n))
