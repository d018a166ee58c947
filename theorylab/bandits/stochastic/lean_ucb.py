r"""UCB as in a formal development in Lean: mean plus $\sqrt{2 c \sigma^2 \ln(t + 1) / N_i}$.

Setting      K arms, T rounds; rewards $\sigma^2$-sub-Gaussian around their means ([0, 1]: $\sigma^2 = 1/4$).
Algorithm    The letter of [degenne2025leanbandits, ``UCB.nextArm``]: in round t = 0, ..., K - 1 arm t; then, with t
             rounds played, the arm that maximises $m_i + \sqrt{2 c \sigma^2 \ln(t + 1) / N_i}$, the lowest one of
             several.  (The formal algorithm has one parameter; its theorem is about the parameter $c \sigma^2$.)
Guarantee    For every $c > 0$,
             $E[R_T] \le \sum_a (8 c \sigma^2 \ln(T + 1)/\Delta_a + \Delta_a (2 + 2 \sum_{s < T} (s + 1)^{1 - c}))$,
             arms without a gap contributing 0 [degenne2025leanbandits, ``UCB.regret_le``], proved in Lean.  The
             inner sum stays bounded for c > 2 only.
Deviations   Indices within 1e-11 of each other are tied.

With $c = 4$, $\sigma^2 = 1/4$ this is UCB1 with $\ln(t + 1)$ for $\ln t$: the letter of one theorem is a mistake in the
other, and only exact values tell them apart.  Correspondence of the formal statement and this code:

==============================  =====================================================================================
the formal statement            the code
==============================  =====================================================================================
rewards are real numbers        rewards, sums and means are doubles; the tolerance of ties covers rounding
a Markov kernel draws rewards   a pseudo-random generator does; independence is that of its stream
the argmax is measurable        the loop over arms takes the lowest of several, as the formal choice does
``log`` and the root are exact  those of the C library, within a few units in the last place
1 / 0 = 0 for an arm's gap      arms with gap 0 are left out of the sum
sub-Gaussian, variance proxy    a hypothesis of the claim: [0, 1] has 1/4 (Hoeffding's lemma), Gaussian arms sigma^2
E[regret], an integral          the recorded pseudo-regret of a run is one sample of it
==============================  =====================================================================================
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from theorylab.bandits.models import BanditModel
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import GAUSSIAN, NOISE, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["claimed_miss", "lean_ucb", "lean_ucb_bound", "radius"]


def _width(c: float, sigma2: float, t: float, n: float) -> float:
    """The radius of an arm with n plays, t rounds being done."""
    return math.sqrt(2.0 * c * sigma2 * math.log(t + 1.0) / n)


width_kernel = kernel(_width)


def _lean_ucb(world, memory, log, horizon, c, sigma2, means, sums, pulls, index, indices, environment):
    """One run; ``means``, ``sums``, ``pulls``, ``index`` are (K,) work space."""
    n_arms = means.shape[0]
    gaussian = world.code[NOISE] == GAUSSIAN
    for t in range(horizon):
        arm = t
        if t >= n_arms:
            best = -math.inf
            for i in range(n_arms):
                index[i] = means[i] + width_kernel(c, sigma2, float(t), pulls[i])
                best = max(best, index[i])
            arm = 0
            while index[arm] < best - TIE:
                arm += 1
            if t < indices.shape[0]:
                for i in range(n_arms):
                    indices[t, i] = index[i]
        noise = environment.normal(0.0, 1.0) if gaussian else environment.random()
        reward = step_kernel(world, memory, log, arm, noise)
        pulls[arm] += 1.0
        sums[arm] += reward
        means[arm] = sums[arm] / pulls[arm]


lean_ucb_kernel = kernel(_lean_ucb)


def lean_ucb(
    bandit: BanditModel,
    horizon: int,
    *,
    c: float = 3.0,
    sigma2: float = 0.25,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run the formal development's UCB for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model; the theorem speaks of stationary ones with $\sigma^2$-sub-Gaussian rewards.
    horizon
        T; with T < K the first T arms are played.
    c
        Above 0; the bound is logarithmic for c > 2.
    sigma2
        $\sigma^2 > 0$, the variance proxy of the rewards.
    checkpoints, trace, rng
        As in :func:`theorylab.bandits.stochastic.ucb1.ucb1`.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["indices"]`` (T, K), 0 in the first K rounds.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    $E[R_T] \le \sum_a (8 c \sigma^2 \ln(T + 1)/\Delta_a + \Delta_a (2 + 2 \sum_{s<T} (s + 1)^{1 - c}))$
    [degenne2025leanbandits].

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = lean_ucb(BernoulliBandit([0.9, 0.5]), 1000, c=3.0, rng=1)
    >>> int(run.pulls.sum()), bool(run.regret[-1] < 40), run.theorems_algorithm
    (1000, True, True)
    """
    c = validate.number("c", c, low=0.0, high=1e6, open_low=True)
    sigma2 = validate.number("sigma2", sigma2, low=0.0, high=1e6, open_low=True)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    work = [setup.work() for _ in range(4)]
    indices = setup.traced(setup.n_arms)
    lean_ucb_kernel(setup.world, setup.memory, setup.log, setup.horizon, c, sigma2, *work, indices, setup.environment)
    proxy = 0.25 if bandit.unit_rewards else float(getattr(bandit, "sigma", math.inf)) ** 2
    theorem = bandit.stationary and proxy <= sigma2
    return finish(setup, "lean_ucb", {"c": c, "sigma2": sigma2}, theorem=theorem, trace={"indices": indices})


def lean_ucb_bound(gaps: Sequence[float], horizon: int, *, c: float = 3.0, sigma2: float = 0.25) -> float:
    r"""The bound of ``UCB.regret_le``.

    Examples
    --------
    >>> round(lean_ucb_bound([0.0, 0.2], 20_000, c=3.0))
    298
    """
    found = validate.array("gaps", gaps, ndim=1)
    horizon = validate.integer("horizon", horizon, low=1)
    c = validate.number("c", c, low=0.0, open_low=True)
    sigma2 = validate.number("sigma2", sigma2, low=0.0, open_low=True)
    misses = math.fsum((s + 1.0) ** (1.0 - c) for s in range(horizon))
    log = math.log(horizon + 1)
    return math.fsum(8.0 * c * sigma2 * log / d + d * (2.0 + 2.0 * misses) for d in found.tolist() if d > 0.0)


def radius(t: float, n: float, *, c: float = 3.0, sigma2: float = 0.25) -> float:
    """Radius of a mean of ``n`` rewards after ``t`` rounds: what the exact audit looks at.

    Examples
    --------
    >>> round(radius(99, 25), 4)
    0.5257
    """
    return float(_width(c, sigma2, float(t), float(n)))


def claimed_miss(t: float, n: float, *, c: float = 3.0, sigma2: float = 0.25) -> float:
    r"""What the proof needs for a fixed number of plays: a miss, on one side, with probability $\le (t + 1)^{-c}$.

    The union over the numbers of plays up to t gives the formal lemma's $(t + 1)^{1 - c}$.

    Examples
    --------
    >>> claimed_miss(9, 5)
    0.001
    """
    return float((t + 1.0) ** -c)
