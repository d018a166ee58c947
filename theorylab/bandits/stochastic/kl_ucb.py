r"""KL-UCB: the arm with the largest upper confidence limit in Bernoulli divergence.

Setting      K arms with independent rewards in [0, 1], T rounds; regret against the best mean [garivier2011kl].
Algorithm    Each arm once, in order. Then, with t rounds played, the arm with the largest
             $\sup\{q : N_i\, \mathrm{kl}(m_i, q) \le f(t)\}$, where $f(t) = \ln t$ (``form="practice"``),
             $f(t) = \ln t + 3 \ln\ln t$ (``"theory"``), or $f(t) = \ln(1 + s \ln^2 s)$ with s = t + 1, the number of
             the round (``"explicit"`` [lattimore2020bandit]); the lowest arm wins ties.
Guarantee    ``theory``: $\limsup R_T / \ln T \le \sum_{\Delta_i > 0} \Delta_i / \mathrm{kl}(\mu_i, \mu^*)$, which no
             uniformly good algorithm beats on Bernoulli arms [garivier2011kl, Theorems 1 and 2]; a rate only.
             ``explicit``: $E[R_T] \le \sum_i \Delta_i \inf_{e_1 + e_2 < \Delta_i} (\ln(1 + T \ln^2 T) /
             \mathrm{kl}(\mu_i + e_1, \mu^* - e_2) + 1/(2 e_1^2) + 2/e_2^2)$ on Bernoulli arms (recalled:
             [lattimore2020bandit, Theorem 10.6]). ``practice``: none; it is what the paper recommends to run.
Deviations   Indices within 1e-11 of each other are tied. $\ln\ln t$ is read as 0 for t < 3. Every index depends on t,
             but most rounds compute none: a level between the best index and the others' is kept with the value of f at
             which the first of the others reaches it. While f is below that value and the best arm's own index is above
             the level (one divergence), the best arm stays the best. The decisions are those of the full comparison.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

from theorylab.bandits.models import BanditModel, BernoulliBandit
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.stochastic.kl_index import kl_index_kernel, kl_kernel
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["FORMS", "claimed_miss", "exploration", "index", "kl_ucb"]

FORMS = ("practice", "theory", "explicit")
PRACTICE, THEORY, EXPLICIT = 0, 1, 2
GUARD = 1e-9  # between the level that others are below and the one that the best arm is above: many times TIE


def _exploration(form, t):
    """f(t), t rounds played."""
    if form == EXPLICIT:
        log = math.log(t + 1.0)
        return math.log(1.0 + (t + 1.0) * log * log)
    log = math.log(t)
    if form == THEORY and t > 2:
        return log + 3.0 * math.log(log)
    return log


exploration_kernel = kernel(_exploration)


def _kl_ucb(world, memory, log, horizon, form, sums, pulls, values, indices, environment):
    """One run; ``sums``, ``pulls``, ``values`` (of the last full comparison) are (K,) work space."""
    n_arms = sums.shape[0]
    arm = 0
    above, wake = 0.0, -math.inf
    for t in range(horizon):
        if t < n_arms:
            arm = t
        else:
            f = exploration_kernel(form, t)
            mean = sums[arm] / pulls[arm]
            stays = f < wake and (mean >= above or pulls[arm] * kl_kernel(mean, above) < f)
            if not stays:
                best, second = -math.inf, -math.inf
                for i in range(n_arms):
                    values[i] = kl_index_kernel(sums[i] / pulls[i], f / pulls[i])
                    best = max(best, values[i])
                arm = 0
                while values[arm] < best - TIE:
                    arm += 1
                for i in range(n_arms):
                    if i != arm:
                        second = max(second, values[i])
                below = 0.5 * (best + second)
                above, wake = below + GUARD, -math.inf
                if best - second > 4.0 * GUARD:
                    wake = math.inf
                    for i in range(n_arms):
                        if i != arm:
                            wake = min(wake, pulls[i] * kl_kernel(sums[i] / pulls[i], below))
            if t < indices.shape[0]:
                for i in range(n_arms):
                    indices[t, i] = kl_index_kernel(sums[i] / pulls[i], f / pulls[i])
        reward = step_kernel(world, memory, log, arm, environment.random())
        pulls[arm] += 1.0
        sums[arm] += reward


kl_ucb_kernel = kernel(_kl_ucb)


def kl_ucb(
    bandit: BanditModel,
    horizon: int,
    *,
    form: str = "practice",
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run KL-UCB for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        A bandit model with rewards in [0, 1]; the theorems speak of stationary ones.
    horizon
        T, the number of rounds; with T < K the first T arms are played.
    form
        "practice", "theory" or "explicit": the exploration function of the module's docstring.
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
        If an argument is out of range, or rewards are outside [0, 1]; the message names it.

    Notes
    -----
    $\limsup_T R_T / \ln T \le \sum_i \Delta_i / \mathrm{kl}(\mu_i, \mu^*)$ for "theory" [garivier2011kl].

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = kl_ucb(BernoulliBandit([0.9, 0.5]), 1000, rng=1)
    >>> int(run.pulls.sum()), bool(run.regret[-1] < 20), run.notion
    (1000, True, 'pseudo-regret')
    """
    validate.choice("form", form, FORMS)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    work = [setup.work() for _ in range(3)]
    indices = setup.traced(setup.n_arms)
    kl_ucb_kernel(
        setup.world, setup.memory, setup.log, setup.horizon, FORMS.index(form), *work, indices, setup.environment
    )
    theorem = bandit.stationary and (form == "theory" or (form == "explicit" and isinstance(bandit, BernoulliBandit)))
    return finish(setup, "kl_ucb", {"form": form}, theorem=theorem, trace={"indices": indices})


def exploration(t: int, *, form: str = "practice") -> float:
    """f(t) with t rounds played.

    Examples
    --------
    >>> round(exploration(100), 4), round(exploration(2, form="theory"), 4), round(exploration(99, form="explicit"), 4)
    (4.6052, 0.6931, 7.66)
    """
    t = validate.integer("t", t, low=1)
    return float(exploration_kernel(FORMS.index(validate.choice("form", form, FORMS)), t))


def index(t: int, n: int, wins: float, *, form: str = "practice") -> float:
    """The index of an arm with ``n`` plays and the sum ``wins`` after ``t`` rounds: what the exact audit looks at.

    Examples
    --------
    >>> round(index(100, 25, 10), 4)
    0.6944
    """
    n = validate.integer("n", n, low=1)
    wins = validate.number("wins", wins, low=0.0, high=float(n))
    return float(kl_index_kernel(wins / n, exploration(t, form=form) / n))


def claimed_miss(t: int, n: int, *, form: str = "practice") -> float:
    r"""What Chernoff's bound promises: the index of n plays is below the mean with probability $\le e^{-f(t)}$.

    Examples
    --------
    >>> round(claimed_miss(10, 5), 12)
    0.1
    """
    return math.exp(-exploration(t, form=form))
