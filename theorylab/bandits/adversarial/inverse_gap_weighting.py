r"""Inverse gap weighting (SquareCB): from a regression oracle to a contextual bandit algorithm.

Setting      T rounds; a context x of finitely many is seen, one of K arms is played, its reward in [0, 1] has mean
             f(x, a); regret against the best arm of each context [foster2020beyond].
Algorithm    The oracle predicts y_a for all arms. With $b = \arg\max y$ play $a \ne b$ with probability
             $p_a = 1/(K + g (y_b - y_a))$ and b with the rest. Oracles, tabular least squares: ``"mean"``, the mean of
             the rewards of (x, a), 1/2 before the first; ``"laplace"``, (successes + 1)/(plays + 2).
Guarantee    For every f in $R^K$, with $a^* = \arg\max f$,
             $\sum_a p_a (f_{a^*} - f_a) \le 2(K-1)/g + \frac g4 \sum_a p_a (y_a - f_a)^2$ (derived here, surely, each
             round), so $E[R_T] \le 2(K-1)T/g + \frac g4 E[\sum_t (y_{t,A_t} - f(x_t, A_t))^2]$ and with a bound S of
             the expected sum $g = \sqrt{8(K-1)T/S}$ gives $\sqrt{2(K-1)TS}$; here $S = \frac{XK}{4}(2 + \ln T)$ (mean),
             $\frac{XK}{4}(1 + \ln T)$ (laplace). [foster2020beyond, Theorem 1] (recalled): with probability $1 -
             \delta$ $4\sqrt{KTS} + 8\sqrt{KT \ln(2/\delta)}$.
Deviations   The constant 2(K-1) and g are our own; the oracle is the simplest one. Estimates within 1e-11 are tied: the
             lowest arm is b.

The proof.  The left side minus the sum of squares is concave in each $f_a$; it is largest at $f_a = y_a - 2/g$ for
$a \ne a^*$ and $f_{a^*} = y_{a^*} + 2(1 - p_{a^*})/(g p_{a^*})$ (:func:`worst_means`), where it is
$y_{a^*} - \langle p, y \rangle + (1/p_{a^*} - 1)/g$.  For $a^* \ne b$ the formula for p makes this
$y_b - \langle p, y \rangle + (K-1)/g$; for $a^* = b$ it is at most that because $p_b \ge 1/K$.  And
$y_b - \langle p, y \rangle = \sum_{a \ne b} (1 - K p_a)/g \le (K-1)/g$.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.adversarial.implicit_normalisation import draw_kernel
from theorylab.bandits.models.contextual import ContextualBandit
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import SEGMENT, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["ORACLES", "inverse_gap_weighting", "regret_bound", "squared_error_bound", "tuned_g", "worst_means"]

ORACLES = ("mean", "laplace")


def _inverse_gaps(estimates, g, probabilities):
    """Fill ``probabilities`` (K,) from ``estimates`` (K,); exact on lists of Fractions."""
    n_arms = len(estimates)
    top = estimates[0]
    for a in range(1, n_arms):
        top = max(top, estimates[a])
    best = 0
    while estimates[best] < top - TIE:
        best += 1
    rest = 1
    for a in range(n_arms):
        if a != best:
            probabilities[a] = 1 / (n_arms + g * (estimates[best] - estimates[a]))
            rest = rest - probabilities[a]
    probabilities[best] = rest


inverse_gaps_kernel = kernel(_inverse_gaps)


def _inverse_gap_weighting(
    world,
    memory,
    log,
    horizon,
    contexts,
    g,
    prior,
    sums,
    plays,
    estimates,
    weights,
    probabilities,
    predictions,
    environment,
    agent,
):
    """One run; ``sums``, ``plays`` (X, K), ``estimates``, ``weights`` (K,) are work space, ``prior`` 0.0 or 1.0."""
    for t in range(horizon):
        context = contexts[t]
        for a in range(weights.shape[0]):
            seen = plays[context, a] + 2.0 * prior
            estimates[a] = (sums[context, a] + prior) / seen if seen > 0.0 else 0.5
        inverse_gaps_kernel(estimates, g, weights)
        if t < probabilities.shape[0]:
            for a in range(weights.shape[0]):
                probabilities[t, a] = weights[a]
                predictions[t, a] = estimates[a]
        arm = draw_kernel(weights, agent.random())
        memory[SEGMENT] = context
        reward = step_kernel(world, memory, log, arm, environment.random())
        sums[context, arm] += reward
        plays[context, arm] += 1.0


inverse_gap_weighting_kernel = kernel(_inverse_gap_weighting)


def inverse_gap_weighting(
    bandit: ContextualBandit,
    horizon: int,
    *,
    oracle: str = "mean",
    g: float | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run inverse gap weighting for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        A :class:`ContextualBandit`.
    horizon
        T, the number of rounds.
    oracle
        "mean" or "laplace".
    g
        How much the gaps of the estimates count, positive; by default :func:`tuned_g`.
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms, rewards, contexts, probabilities and predictions of every round.
    rng
        An int, ``SeedSequence`` or ``Generator``.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["contexts"]`` (T,), ``trace["probabilities"]`` and ``trace["predictions"]``
        (T, K).

    Raises
    ------
    TypeError, ValueError
        If the bandit is no contextual one, its contexts are too few, or an argument is out of range.

    Notes
    -----
    $E[R_T] \le \sqrt{2(K-1)TS}$ with the tuned g (derived in the module's docstring).

    Examples
    --------
    >>> from theorylab.bandits.models.contextual import ContextualBandit
    >>> bandit = ContextualBandit([[0.9, 0.1], [0.2, 0.8]], law=[0.5, 0.5])
    >>> run = inverse_gap_weighting(bandit, 1000, rng=1)
    >>> int(run.pulls.sum()), bool(run.regret[-1] < 100), run.notion
    (1000, True, 'contextual regret')
    """
    if not isinstance(bandit, ContextualBandit):
        raise TypeError(f"bandit is {bandit!r}, expected a ContextualBandit")
    validate.choice("oracle", oracle, ORACLES)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    setup = dataclasses.replace(setup, world=bandit.contextual_world())
    if g is None:
        chosen = tuned_g(bandit.n_contexts, setup.n_arms, setup.horizon, oracle=oracle)
    else:
        chosen = validate.number("g", g, low=0.0, high=1e12, open_low=True)
    contexts = bandit.draw_contexts(setup.horizon, setup.environment)
    probabilities, predictions = setup.traced(setup.n_arms), setup.traced(setup.n_arms)
    inverse_gap_weighting_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        contexts,
        chosen,
        float(ORACLES.index(oracle)),
        np.zeros(bandit.f.shape),
        np.zeros(bandit.f.shape),
        setup.work(),
        setup.work(),
        probabilities,
        predictions,
        setup.environment,
        setup.agent,
    )
    return finish(
        setup,
        "inverse_gap_weighting",
        {"oracle": oracle, "g": g},
        theorem=True,
        trace={"contexts": contexts, "probabilities": probabilities, "predictions": predictions},
        extra={"g": chosen},
    )


def squared_error_bound(n_contexts: int, n_arms: int, horizon: int, *, oracle: str = "mean") -> float:
    r"""S: bound of $E[\sum_t (y_{t,A_t} - f(x_t, A_t))^2]$ for the tabular oracles.

    The n-th play of a cell meets the mean of n - 1 independent rewards, whatever made the learner come back: its error
    has expectation at most 1/4 (n = 1), then $1/(4(n-1))$, and $1/(4n)$ for "laplace". Sum over n <= T and over XK
    cells.

    Examples
    --------
    >>> round(squared_error_bound(2, 2, 10_000), 2)
    11.21
    """
    validate.choice("oracle", oracle, ORACLES)
    first = 2.0 if oracle == "mean" else 1.0
    return n_contexts * n_arms / 4.0 * (first + math.log(horizon))


def tuned_g(n_contexts: int, n_arms: int, horizon: int, *, oracle: str = "mean") -> float:
    r"""$\sqrt{8(K-1)T/S}$.

    Examples
    --------
    >>> round(tuned_g(2, 2, 10_000), 2)
    84.48
    """
    return math.sqrt(8.0 * (n_arms - 1) * horizon / squared_error_bound(n_contexts, n_arms, horizon, oracle=oracle))


def regret_bound(n_contexts: int, n_arms: int, horizon: int, *, oracle: str = "mean", g: float | None = None) -> float:
    r"""$2(K-1)T/g + gS/4$; at the tuned g it is $\sqrt{2(K-1)TS}$.

    Examples
    --------
    >>> round(regret_bound(2, 2, 10_000), 1)
    473.5
    """
    s = squared_error_bound(n_contexts, n_arms, horizon, oracle=oracle)
    if n_arms == 1:
        return 0.0
    chosen = tuned_g(n_contexts, n_arms, horizon, oracle=oracle) if g is None else g
    return 2.0 * (n_arms - 1) * horizon / chosen + chosen * s / 4.0


def worst_means(estimates: Any, probabilities: Any, g: float, star: int) -> NDArray[np.float64]:
    r"""(K,) the means f that make the lemma tightest when ``star`` is to be the best arm.

    Examples
    --------
    >>> worst_means([0.5, 0.5], [0.5, 0.5], 4.0, 0).tolist()
    [1.0, 0.0]
    """
    y, p = validate.array("estimates", estimates, ndim=1), validate.array("probabilities", probabilities, ndim=1)
    g = validate.number("g", g, low=0.0, open_low=True)
    star = validate.integer("star", star, low=0, high=len(y) - 1)
    out = y - 2.0 / g
    out[star] = y[star] + 2.0 * (1.0 - p[star]) / (g * p[star])
    return out
