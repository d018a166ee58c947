r"""Tsallis-INF: follow-the-regularised-leader with Tsallis entropy, optimal for stochastic and adversarial bandits.

Setting      K arms with losses 1 - reward in [0, 1], chosen by an oblivious adversary or drawn independently, T rounds
             (unknown unless ``eta="tuned"``); regret against the best fixed arm [zimmert2021tsallis].
Algorithm    $w_t = \arg\min_w \langle w, \hat L_{t-1} \rangle - \frac{1}{\eta_t} \sum_i
             \frac{w_i^\alpha}{\alpha(1-\alpha)}$ on the simplex, that is $w_{t,i} = ((1-\alpha) \eta_t (\hat L_{t-1,i}
             - x_t))^{-1/(1-\alpha)}$, for $\alpha = 1/2$ $4 (\eta_t (\hat L_{t-1,i} - x_t))^{-2}$; $x_t$ by Newton's
             method from the round before. ``estimator="iw"``: $\hat\ell_{t,i} = 1\{A_t = i\} \ell_{t,i} / w_{t,i}$,
             $\eta_t = 2/\sqrt t$; ``"rv"``: $\hat\ell_{t,i} = 1\{A_t = i\} (\ell_{t,i} - b_{t,i}) / w_{t,i} + b_{t,i}$,
             $b_{t,i} = \frac12 1\{w_{t,i} \ge \eta_t^2\}$, $\eta_t = 4/\sqrt t$.
Guarantee    $\alpha = 1/2$ [zimmert2021tsallis, Theorem 1]: adversarial $4\sqrt{KT} + 1$ (iw), $2\sqrt{KT} + 10 K \ln T
             + 16$ (rv); stochastic with a unique best arm $\sum (4 \ln T + 12)/\Delta_i + 4 \ln T + 1/\Delta_{\min} +
             1.5\sqrt K + 8$ (iw), $\sum (\ln T + 3)/\Delta_i + 28 K \ln T + 1/\Delta_{\min} + 1.5\sqrt K + 32$ (rv).
             Any $\alpha$ (derived here): $2\sqrt{KT/(\alpha(1-\alpha))}$, tuned $\sqrt{2KT/(\alpha(1-\alpha))}$
             (:func:`adversarial_bound`).
Deviations   For $\alpha \ne 1/2$ the default is $\eta_t = \sqrt{K^{1-2\alpha}/(\alpha(1-\alpha)t)}$ (twice that with
             "rv"), not the rate of [zimmert2021tsallis, Theorem 3]. The baseline b of "rv" was recalled and agrees with
             two public implementations; the paper's text was not at hand. Newton's method stops at $|\sum w - 1| \le
             10^{-15} (K + 1/(1-\alpha))$.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

from theorylab.bandits.adversarial.implicit_normalisation import draw_kernel, normalise_kernel
from theorylab.bandits.models import BanditModel
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["ESTIMATORS", "adversarial_bound", "poly_inf", "tsallis_inf"]

ESTIMATORS = ("iw", "rv")
IW, RV = 0, 1
FIXED_ARM = ("pseudo-regret", "realised regret")  # the notions of regret that the theorems speak of


def _estimate(estimator, eta, weights, arm, loss, losses):
    """Add the estimate of this round's losses to ``losses`` (K,)."""
    if estimator == IW:
        losses[arm] += loss / weights[arm]
        return
    threshold = eta * eta
    for i in range(weights.shape[0]):
        if weights[i] >= threshold:
            losses[i] += 0.5
    baseline = 0.5 if weights[arm] >= threshold else 0.0
    losses[arm] += (loss - baseline) / weights[arm]


estimate_kernel = kernel(_estimate, inline=True)


def _tsallis_inf(
    world,
    memory,
    log,
    horizon,
    estimator,
    alpha,
    rate,
    fixed,
    losses,
    weights,
    probabilities,
    estimates,
    environment,
    agent,
):
    """One run; ``losses``, ``weights`` (K,) are work space, the learning rate is ``rate`` or ``rate`` / sqrt(t)."""
    power = 1.0 / (1.0 - alpha)
    offset = 0.0
    for t in range(horizon):
        eta = rate if fixed else rate / math.sqrt(t + 1.0)
        offset = normalise_kernel(losses, (1.0 - alpha) * eta, power, offset, weights)
        if t < probabilities.shape[0]:
            for i in range(weights.shape[0]):
                probabilities[t, i] = weights[i]
                estimates[t, i] = losses[i]
        arm = draw_kernel(weights, agent.random())
        reward = step_kernel(world, memory, log, arm, environment.random())
        estimate_kernel(estimator, eta, weights, arm, 1.0 - reward, losses)


tsallis_inf_kernel = kernel(_tsallis_inf)


def tsallis_inf(
    bandit: BanditModel,
    horizon: int,
    *,
    estimator: str = "iw",
    alpha: float = 0.5,
    eta: float | str | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run Tsallis-INF for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model with rewards in [0, 1]; the theorems speak of stationary ones and of tables of losses.
    horizon
        T, the number of rounds.
    estimator
        "iw" (importance weighting) or "rv" (reduced variance).
    alpha
        Power of the Tsallis entropy, in [0.01, 0.99].
    eta
        None: the learning rate of the module's docstring, which falls as $1/\sqrt t$.  "tuned": fixed at
        $\sqrt{2 K^{1-2\alpha} / (\alpha(1-\alpha)T)}$, for $\alpha = 1/2$ $2\sqrt{2/T}$.  A number: fixed.
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
        If an argument is out of range; the message names it.

    Notes
    -----
    $E[R_T] \le 4\sqrt{KT} + 1$ against any oblivious adversary [zimmert2021tsallis, Theorem 1].

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = tsallis_inf(BernoulliBandit([0.9, 0.5]), 1000, rng=1)
    >>> int(run.pulls.sum()), bool(run.regret[-1] < 60), run.theorems_algorithm
    (1000, True, True)
    """
    validate.choice("estimator", estimator, ESTIMATORS)
    alpha = validate.number("alpha", alpha, low=0.01, high=0.99)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    fixed = eta is not None
    rate = _rate(setup.n_arms, setup.horizon, ESTIMATORS.index(estimator), alpha, eta)
    losses, weights = setup.work(), setup.work()
    probabilities, estimates = setup.traced(setup.n_arms), setup.traced(setup.n_arms)
    tsallis_inf_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        ESTIMATORS.index(estimator),
        alpha,
        rate,
        fixed,
        losses,
        weights,
        probabilities,
        estimates,
        setup.environment,
        setup.agent,
    )
    covered = (estimator == "iw" and not isinstance(eta, (int, float))) or (alpha == 0.5 and eta is None)
    return finish(
        setup,
        "tsallis_inf",
        {"estimator": estimator, "alpha": alpha, "eta": eta},
        theorem=covered and bandit.notion in FIXED_ARM,
        trace={"probabilities": probabilities, "estimated_losses": estimates},
        extra={"rate": rate, "final_losses": losses.tolist()},
    )


def _rate(n_arms: int, horizon: int, estimator: int, alpha: float, eta: float | str | None) -> float:
    """The fixed learning rate, or the factor of 1 / sqrt(t)."""
    factor = math.sqrt(float(n_arms) ** (1.0 - 2.0 * alpha) / (alpha * (1.0 - alpha)))
    if eta is None:
        return 2.0 * factor if estimator == RV else factor
    if isinstance(eta, str):
        validate.choice("eta", eta, ("tuned",))
        return math.sqrt(2.0 / horizon) * factor
    return validate.number("eta", eta, low=1e-9, high=1e9)


def poly_inf(
    bandit: BanditModel,
    horizon: int,
    *,
    q: float = 2.0,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run the polynomial implicitly normalised forecaster: weights $(\eta / (\hat L_i - x))^q$ up to the scale.

    It is :func:`tsallis_inf` with $\alpha = 1 - 1/q$ and the fixed learning rate "tuned", importance weighting and no
    mixing with the uniform distribution, which [audibert2010regret] has for rewards.

    Parameters
    ----------
    bandit, horizon, checkpoints, trace, rng
        As in :func:`tsallis_inf`.
    q
        Power of the weights, in [1.02, 100].

    Returns
    -------
    BanditRun

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    $E[R_T] \le \sqrt{2 q^2 KT/(q - 1)}$, for q = 2 $\sqrt{8KT}$ (derived here); [audibert2010regret, Theorem 11] has
    $8\sqrt{KT}$ for its form.

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> poly_inf(BernoulliBandit([0.9, 0.5]), 100, rng=1).parameters["alpha"]
    0.5
    """
    q = validate.number("q", q, low=1.02, high=100.0)
    return tsallis_inf(bandit, horizon, alpha=1.0 - 1.0 / q, eta="tuned", checkpoints=checkpoints, trace=trace, rng=rng)


def adversarial_bound(n_arms: int, horizon: int, *, alpha: float = 0.5, tuned: bool = False) -> float:
    r"""Bound of the expected regret with importance weighting, for any $\alpha$.

    Derivation.  With $F(w) = -\sum_i w_i^\alpha / (\alpha(1-\alpha))$, $F(e_i) - \min F \le (K^{1-\alpha} -
    1)/(\alpha(1-\alpha)) = D$; a round costs at most $\frac{\eta_t}{2} \sum_i w_i^{2-\alpha} \hat\ell_i^2$ because $F''
    = w^{\alpha-2}$ and estimated losses are non-negative, in expectation $\frac{\eta_t}{2} \sum_i w_i^{1-\alpha}
    \ell_i^2 \le \frac{\eta_t}{2} K^\alpha$.  So $E[R_T] \le D/\eta_T + \frac{K^\alpha}{2} \sum_t \eta_t$, with $\sum_t
    1/\sqrt t \le 2\sqrt T$ and D rounded up to $K^{1-\alpha}/(\alpha(1-\alpha))$ the forms below.

    Examples
    --------
    >>> adversarial_bound(4, 100), adversarial_bound(2, 100, tuned=True)
    (80.0, 40.0)
    """
    return math.sqrt((2.0 if tuned else 4.0) * n_arms * horizon / (alpha * (1.0 - alpha)))
