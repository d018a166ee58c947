r"""Follow-the-regularised-leader with the log-barrier: regret that shrinks with the loss of the best arm.

Setting      K arms with losses 1 - reward in [0, 1], chosen by an oblivious adversary or drawn independently, T rounds,
             known; regret against the best fixed arm. The regulariser is that of [wei2018adaptive].
Algorithm    $p_t = \arg\min_p \langle p, \hat L_{t-1} \rangle + \frac{1}{\eta} \sum_i \ln(1/p_i)$ on the simplex, that
             is $p_{t,i} = 1/(\eta(\hat L_{t-1,i} - x_t))$ with $\sum_i p_{t,i} = 1$; $x_t$ by Newton's method from the
             round before. $\hat\ell_{t,i} = 1\{A_t = i\} \ell_{t,i}/p_{t,i}$; $\eta = \sqrt{2K \ln T/T}$, or from
             ``best_loss``.
Guarantee    Derived here: $E[R_T] \le K \ln T/\eta + \frac{\eta}{2} \sum_t E[\ell_{t,A_t}^2] + 1$, so $\sqrt{2KT \ln T}
             + 1$; with the loss $L^*$ of the best arm $E[R_T] \le (K \ln T/\eta + \eta L^*/2 + 1)/(1 - \eta/2)$ for
             $\eta < 2$. (:func:`regret_bound`, :func:`small_loss_bound`.) [wei2018adaptive, Theorem 2] has a bound of
             this kind for mirror descent with the same regulariser.
Deviations   Follow-the-regularised-leader with a fixed learning rate, where [wei2018adaptive] has optimistic mirror
             descent. Newton's method stops at $|\sum p - 1| \le 10^{-15} (K + 1)$.

The proof.  For *any* non-negative losses $\hat\ell_t \in R^K$ and any u in the simplex
$\sum_t \langle p_t - u, \hat\ell_t \rangle \le (F(u) - F(p_1))/\eta + \frac{1}{\eta} \sum_t \sum_i (y - \ln(1 + y))$
with $y = \eta p_{t,i} \hat\ell_{t,i}$, $F(p) = \sum \ln(1/p_i)$: a round of follow-the-regularised-leader costs at most
what it would cost without the constraint $\sum p = 1$, where $1/p'_i = 1/p_i + \eta \hat\ell_i$ and the cost is that
sum.  With importance weights $p \hat\ell = \ell_{t,A_t}$ whatever p is, and $y - \ln(1+y) \le y^2/2$.  The comparator
is $u = (1 - 1/T) e_{i^*} + 1/(TK)$: $F(u) - F(p_1) \le K \ln T$, and it costs at most 1 more than $i^*$.  For the small
loss, $\ell^2 \le \ell$ and $E[\sum \ell_{t,A_t}] = L^* + E[R_T]$.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.adversarial.implicit_normalisation import draw_kernel, normalise_kernel
from theorylab.bandits.models import BanditModel
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["learning_rate", "log_barrier_ftrl", "probabilities", "regret_bound", "small_loss_bound"]

FIXED_ARM = ("pseudo-regret", "realised regret")  # the notions of regret that the theorem speaks of


def _leader(losses, eta, offset, weights):
    """Fill ``weights`` with p_t for the cumulative estimates ``losses``; return the offset of the level."""
    return normalise_kernel(losses, eta, 1.0, offset, weights)


leader_kernel = kernel(_leader, inline=True)


def _log_barrier_ftrl(world, memory, log, horizon, eta, losses, weights, probabilities, estimates, environment, agent):
    """One run; ``losses``, ``weights`` (K,) are work space."""
    offset = 0.0
    for t in range(horizon):
        offset = leader_kernel(losses, eta, offset, weights)
        if t < probabilities.shape[0]:
            for i in range(weights.shape[0]):
                probabilities[t, i] = weights[i]
                estimates[t, i] = losses[i]
        arm = draw_kernel(weights, agent.random())
        reward = step_kernel(world, memory, log, arm, environment.random())
        losses[arm] += (1.0 - reward) / weights[arm]


log_barrier_ftrl_kernel = kernel(_log_barrier_ftrl)


def log_barrier_ftrl(
    bandit: BanditModel,
    horizon: int,
    *,
    eta: float | None = None,
    best_loss: float | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run follow-the-regularised-leader with the log-barrier for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model with rewards in [0, 1]; the theorem speaks of stationary ones and of tables of losses.
    horizon
        T, the number of rounds.
    eta
        The learning rate; by default $\sqrt{2K \ln T/T}$.
    best_loss
        An upper bound of the total loss of the best arm, in place of ``eta``: $\eta = \min(1, \sqrt{2K \ln T/L^*})$.
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms, rewards, probabilities and the estimated losses of every round.
    rng
        An int, ``SeedSequence`` or ``Generator``.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["probabilities"]`` (T, K) and ``trace["estimated_losses"]`` (T, K), the
        cumulative estimates before the round.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or both ``eta`` and ``best_loss`` are given; the message names it.

    Notes
    -----
    $E[R_T] \le \sqrt{2KT \ln T} + 1$ against any oblivious adversary (derived in the module's docstring).

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = log_barrier_ftrl(BernoulliBandit([0.9, 0.5]), 1000, rng=1)
    >>> int(run.pulls.sum()), bool(run.regret[-1] < 100), run.theorems_algorithm
    (1000, True, True)
    """
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    if eta is not None and best_loss is not None:
        raise ValueError(f"best_loss is {best_loss!r} and eta is {eta!r}, expected at most one of them")
    if eta is not None:
        rate = validate.number("eta", eta, low=1e-9, high=1e9)
    else:
        rate = learning_rate(setup.n_arms, setup.horizon, best_loss=best_loss)
    losses, weights = setup.work(), setup.work()
    kept, estimates = setup.traced(setup.n_arms), setup.traced(setup.n_arms)
    log_barrier_ftrl_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        rate,
        losses,
        weights,
        kept,
        estimates,
        setup.environment,
        setup.agent,
    )
    return finish(
        setup,
        "log_barrier_ftrl",
        {"eta": eta, "best_loss": best_loss},
        theorem=bandit.notion in FIXED_ARM,
        trace={"probabilities": kept, "estimated_losses": estimates},
        extra={"eta": rate, "final_losses": losses.tolist()},
    )


def learning_rate(n_arms: int, horizon: int, *, best_loss: float | None = None) -> float:
    r"""$\sqrt{2K \ln T/T}$, or $\min(1, \sqrt{2K \ln T/L^*})$ for a known bound of the loss of the best arm.

    Examples
    --------
    >>> round(learning_rate(2, 1000), 4), learning_rate(2, 1000, best_loss=0.0)
    (0.1662, 1.0)
    """
    numerator = 2.0 * n_arms * math.log(max(horizon, 2))
    if best_loss is None:
        return math.sqrt(numerator / horizon)
    loss = validate.number("best_loss", best_loss, low=0.0)
    return 1.0 if loss <= numerator else math.sqrt(numerator / loss)


def probabilities(losses: Any, eta: float) -> NDArray[np.float64]:
    """(K,) the point p_t for cumulative losses (K,): what the lemma for arbitrary losses is tried on.

    Examples
    --------
    >>> probabilities([0.0, 2.0], 1.0).round(4).tolist()
    [0.7071, 0.2929]
    """
    values = validate.array("losses", losses, ndim=1)
    eta = validate.number("eta", eta, low=1e-9, high=1e9)
    weights = np.zeros(len(values))
    leader_kernel(values, eta, 0.0, weights)
    return weights


def regret_bound(n_arms: int, horizon: int, *, eta: float | None = None) -> float:
    r"""$K \ln T/\eta + \eta T/2 + 1$; at the default $\eta$ it is $\sqrt{2KT \ln T} + 1$.

    Examples
    --------
    >>> round(regret_bound(2, 10_000), 1)
    608.0
    """
    rate = learning_rate(n_arms, horizon) if eta is None else eta
    return n_arms * math.log(max(horizon, 2)) / rate + rate * horizon / 2.0 + 1.0


def small_loss_bound(n_arms: int, horizon: int, best_loss: float, eta: float) -> float:
    r"""$(K \ln T/\eta + \eta L^*/2 + 1)/(1 - \eta/2)$, for $\eta < 2$.

    Examples
    --------
    >>> round(small_loss_bound(2, 10_000, 100.0, learning_rate(2, 10_000, best_loss=100.0)), 1)
    88.6
    """
    eta = validate.number("eta", eta, low=0.0, high=2.0, open_low=True, open_high=True)
    return (n_arms * math.log(max(horizon, 2)) / eta + eta * best_loss / 2.0 + 1.0) / (1.0 - eta / 2.0)
