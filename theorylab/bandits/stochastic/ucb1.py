r"""UCB1: the arm with the largest mean plus $\sqrt{2 \ln t / N_i}$.

Setting      K arms with independent rewards in [0, 1], T rounds; regret against the best mean [auer2002finite].
Algorithm    Each arm once, in order. Then, with t rounds played, the arm that maximises $m_i + \sqrt{f(t)/N_i}$, where
             $f(t) = 2 \ln t$ (``form="auer"``) or $f(t) = (\ln t + 3 \ln\ln t)/2$ (``form="garivier"``
             [garivier2011kl]); the lowest arm wins ties.
Guarantee    ``auer``: $E[R_T] \le \sum_{\Delta_i > 0} 8 \ln T / \Delta_i + (1 + \pi^2/3) \sum_i \Delta_i$
             [auer2002finite, Theorem 1]; for any gaps $E[R_T] \le 2\sqrt{8 K T \ln T} + (1 + \pi^2/3) K$ (derived here:
             arms with $\Delta_i < \sqrt{8 K \ln T / T}$ cost at most $\sqrt{8 K T \ln T}$ together, the others at most
             that by the first bound). ``garivier``: a rate only. For large T the regret follows a two-sided law
             (:func:`theorylab.verify.exact.bandits.ucb1_fluid_law`).
Deviations   Indices within 1e-11 of each other are tied: the compiled kernel keeps $1/\sqrt{N_i}$, and rounding must
             not decide. $\ln\ln t$ is read as 0 for t < 3.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

from theorylab.bandits.models import BanditModel
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import GAUSSIAN, NOISE, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["FORMS", "claimed_miss", "radius", "ucb1"]

FORMS = ("auer", "garivier")
AUER, GARIVIER = 0, 1


def _exploration(form: int, t: float) -> float:
    """f(t): the radius of an arm with n plays is sqrt(f(t) / n)."""
    if form == AUER:
        return 2.0 * math.log(t)
    log = math.log(t)
    return 0.5 * (log + 3.0 * math.log(log)) if t > 2 else 0.5 * log


exploration_kernel = kernel(_exploration)


def _ucb1(world, memory, log, horizon, form, means, scales, sums, pulls, indices, environment):
    """One run; ``means``, ``scales`` = 1/sqrt(pulls), ``sums``, ``pulls`` are (K,) work space."""
    n_arms = means.shape[0]
    gaussian = world.code[NOISE] == GAUSSIAN
    for t in range(horizon):
        arm = 0
        if t < n_arms:
            arm = t
        else:
            width = math.sqrt(exploration_kernel(form, t))
            best = -math.inf
            for i in range(n_arms):
                best = max(best, means[i] + width * scales[i])
            while means[arm] + width * scales[arm] < best - TIE:
                arm += 1
            if t < indices.shape[0]:
                for i in range(n_arms):
                    indices[t, i] = means[i] + width * scales[i]
        noise = environment.normal(0.0, 1.0) if gaussian else environment.random()
        reward = step_kernel(world, memory, log, arm, noise)
        pulls[arm] += 1.0
        sums[arm] += reward
        means[arm] = sums[arm] / pulls[arm]
        scales[arm] = 1.0 / math.sqrt(pulls[arm])


ucb1_kernel = kernel(_ucb1)


def ucb1(
    bandit: BanditModel,
    horizon: int,
    *,
    form: str = "auer",
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run UCB1 for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model; the theorem speaks of stationary ones with rewards in [0, 1].
    horizon
        T, the number of rounds; with T < K the first T arms are played.
    form
        "auer" or "garivier": the exploration function of the module's docstring.
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
    $E[R_T] \le \sum_i 8 \ln T/\Delta_i + (1 + \pi^2/3)\sum_i \Delta_i$ [auer2002finite].

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = ucb1(BernoulliBandit([0.9, 0.5]), 1000, rng=1)
    >>> int(run.pulls.sum()), bool(run.regret[-1] < 40), run.notion
    (1000, True, 'pseudo-regret')
    """
    validate.choice("form", form, FORMS)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    work = [setup.work() for _ in range(4)]
    indices = setup.traced(setup.n_arms)
    ucb1_kernel(
        setup.world, setup.memory, setup.log, setup.horizon, FORMS.index(form), *work, indices, setup.environment
    )
    theorem = form == "auer" and bandit.stationary and bandit.unit_rewards
    return finish(setup, "ucb1", {"form": form}, theorem=theorem, trace={"indices": indices})


def radius(t: float, n: float) -> float:
    """Confidence radius of a mean of ``n`` rewards after ``t`` rounds (form "auer"): what the exact audit looks at.

    Examples
    --------
    >>> round(radius(100, 25), 4)
    0.607
    """
    return math.sqrt(float(_exploration(AUER, t)) / n)


def claimed_miss(t: float, n: float) -> float:
    r"""What Hoeffding's inequality promises: the mean misses by more than the radius with probability $\le t^{-4}$.

    Examples
    --------
    >>> claimed_miss(10, 5)
    0.0001
    """
    return float(t) ** -4
