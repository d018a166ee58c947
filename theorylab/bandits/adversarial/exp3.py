r"""EXP3: exponential weights on importance-weighted estimates.

Setting      K arms with rewards in [0, 1] fixed in advance (or stationary), T rounds; only the reward of the arm played
             is seen; expected regret against the best fixed arm [auer2002nonstochastic].
Algorithm    Arm i is drawn with probability $p_i = (1 - \gamma) w_i / \sum_j w_j + \gamma / K$.
             ``loss``: $w_i = e^{-\eta \hat L_i}$, $\hat L_i$ the sum of $1\{A = i\}(1 - x) / p_i$, $\gamma = 0$,
             $\eta = \sqrt{2 \ln K / (K T)}$ [lattimore2020bandit, Theorem 11.2].
             ``gain``: $w_i = e^{\eta \hat S_i}$, $\hat S_i$ the sum of $1 - 1\{A = i\}(1 - x) / p_i$, which are the
             same weights up to a common factor, with $\eta = \sqrt{\ln K / (K T)}$ [lattimore2020bandit, Theorem 11.1].
             ``mixed``: $w_i = e^{\eta \hat G_i}$, $\hat G_i$ the sum of $1\{A = i\} x / p_i$,
             $\gamma = \min(1/2, \sqrt{4 K \ln K / (5 T)})$, $\eta = \sqrt{5 \ln K / (4 T K)}$ [audibert2010regret].
             ``auer``: as mixed with $\gamma = \min(1, \sqrt{K \ln K / ((e-1) g)})$, $\eta = \gamma / K$ where g is at
             least the total gain of the best arm [auer2002nonstochastic].
Guarantee    ``loss``: $E[R_T] \le \sqrt{2 K T \ln K}$ (derived here, see :func:`exp3`); ``gain``:
             $2 \sqrt{K T \ln K}$ (recalled); ``mixed``: $\sqrt{16 T K \ln K / 5}$ [audibert2010regret, Theorem 10];
             ``auer``: $2 \sqrt{(e-1) g K \ln K}$ (recalled).
Deviations   Weights are kept relative to the largest and rebuilt from their logarithms every 1024 rounds, and whenever
             their sum has halved: they neither overflow nor lose digits. Gain estimates are shifted by t in ``gain``.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

from theorylab.bandits.models import AdversarialBandit, BanditModel
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import BERNOULLI, CLOCK, COUNTS, DYNAMICS, NEVER, NOISE, SEGMENTS, STARTS, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["FORMS", "exp3", "rates"]

FORMS = ("loss", "gain", "mixed", "auer")
REBUILD = 1024  # rounds between two computations of all weights from their logarithms
LARGEST = 1e100  # sum of weights beyond which they are rebuilt at once


def _exp3(
    world, memory, log, horizon, gains, eta, gamma, scores, weights, probabilities, estimates, environment, agent
):
    """One run; ``scores`` are gain estimates, or minus loss estimates; ``weights`` = exp(eta * scores - shift)."""
    n_arms = weights.shape[0]
    means, code, times, series = world.means, world.code, log.times, log.series
    # The shared step costs as much as all the rest: a stationary Bernoulli world without trace is played in place.
    plain = code[DYNAMICS] == SEGMENTS and code[NOISE] == BERNOULLI and code[STARTS + 1] == NEVER
    plain = plain and log.actions.shape[0] == 0
    best_mean, regret, gained, at, due = world.extra[1], 0.0, 0.0, 0, times[0]
    kept, share = 1.0 - gamma, gamma / n_arms
    total, least, shift, rebuild = 0.0, 0.0, 0.0, 0
    for t in range(horizon):
        if t == rebuild or total < least or total > LARGEST:
            best = -math.inf
            for i in range(n_arms):
                best = max(best, eta * scores[i])
            shift, total, rebuild = best, 0.0, t + REBUILD
            for i in range(n_arms):
                weights[i] = math.exp(eta * scores[i] - shift)
                total += weights[i]
            least = 0.5 * total
        if t < probabilities.shape[0]:
            for i in range(n_arms):
                probabilities[t, i] = (kept * weights[i] + share * total) / total
                estimates[t, i] = scores[i] if gains else -scores[i]
        left, arm = agent.random() * total, 0
        if gamma == 0.0:  # the same sums without the mixing, a tenth faster
            mass = weights[0]
            passed = mass
            while left >= passed and arm < n_arms - 1:
                arm += 1
                mass = weights[arm]
                passed += mass
        else:
            mass = kept * weights[0] + share * total
            passed = mass
            while left >= passed and arm < n_arms - 1:
                arm += 1
                mass = kept * weights[arm] + share * total
                passed += mass
        while mass == 0.0:  # rounding of the sum led to an arm of no weight
            arm -= 1
            mass = kept * weights[arm] + share * total
        noise = environment.random()
        if plain:
            mean = means[0, arm]
            reward = 1.0 if noise < mean else 0.0
            regret += best_mean - mean
            gained += reward
            memory[COUNTS + arm] += 1
            if t + 1 == due:
                series[0, at + 1], series[1, at + 1] = regret, gained
                at = min(at + 1, times.shape[0] - 1)
                due = times[at]
        else:
            reward = step_kernel(world, memory, log, arm, noise)
        if gains or reward < 1.0:
            scores[arm] += (reward if gains else reward - 1.0) * (total / mass)
            renewed = math.exp(eta * scores[arm] - shift)
            total += renewed - weights[arm]
            weights[arm] = renewed
    memory[CLOCK] = horizon


exp3_kernel = kernel(_exp3)


def rates(form: str, n_arms: int, horizon: int, *, gain_bound: float | None = None) -> tuple[float, float]:
    r"""$(\eta, \gamma)$: learning rate and mixing of a form.

    Examples
    --------
    >>> eta, gamma = rates("loss", 10, 1000)
    >>> round(eta, 6), gamma
    (0.02146, 0.0)
    """
    log, gains = math.log(n_arms), float(horizon) if gain_bound is None else gain_bound
    if form == "loss":
        return math.sqrt(2.0 * log / (n_arms * horizon)), 0.0
    if form == "gain":
        return math.sqrt(log / (n_arms * horizon)), 0.0
    if form == "mixed":
        return math.sqrt(5.0 * log / (4.0 * horizon * n_arms)), min(0.5, math.sqrt(0.8 * n_arms * log / horizon))
    gamma = min(1.0, math.sqrt(n_arms * log / ((math.e - 1.0) * gains)))
    return gamma / n_arms, gamma


def exp3(
    bandit: BanditModel,
    horizon: int,
    *,
    form: str = "loss",
    eta: float | None = None,
    gain_bound: float | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run EXP3 for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model with rewards in [0, 1]; the theorems speak of tables of losses and stationary arms.
    horizon
        T, the number of rounds, which the learning rate is tuned to.
    form
        "loss", "gain", "mixed" or "auer": the module's docstring.
    eta
        Learning rate instead of the form's own; no theorem is claimed then.
    gain_bound
        g, only with ``form="auer"``: an upper bound on the total gain of the best arm; T by default.
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms, rewards, probabilities and estimates of every round.
    rng
        An int, ``SeedSequence`` or ``Generator``.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["probabilities"]`` (T, K), the law of each draw, and ``trace["estimates"]``
        (T, K), the estimates before each round: of losses (``loss``, ``gain``) or of gains (``mixed``, ``auer``).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    With estimates $\hat\ell_t$ and $W_t = \sum_i e^{-\eta \hat L_{t,i}}$, the inequality
    $e^{-x} \le 1 - x + x^2/2$ for $x \ge 0$ gives
    $\ln (W_{t+1}/W_t) \le -\eta \langle p_t, \hat\ell_t\rangle + (\eta^2/2) \langle p_t, \hat\ell_t^2\rangle$; summed
    from $W_1 = K$ to $W_{T+1} \ge e^{-\eta \hat L_{T,i}}$ it is
    $\sum_t \langle p_t, \hat\ell_t\rangle - \hat L_{T,i} \le \ln K/\eta + (\eta/2) \sum_t \langle p_t, \hat\ell_t^2
    \rangle$. In expectation the left side is the regret, and $E \langle p_t, \hat\ell_t^2\rangle = \sum_i \ell_{t,i}^2
    \le K$: $E[R_T] \le \ln K/\eta + \eta K T/2$.

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = exp3(BernoulliBandit([0.9, 0.1]), 1000, rng=1)
    >>> int(run.pulls.sum()), bool(run.regret[-1] < 53), run.theorems_algorithm
    (1000, True, True)
    """
    validate.choice("form", form, FORMS)
    if gain_bound is not None:
        if form != "auer":
            raise ValueError(f"gain_bound is {gain_bound!r} with form {form!r}, expected None: only 'auer' uses it")
        gain_bound = validate.number("gain_bound", gain_bound, low=0.0, open_low=True)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    rate, gamma = rates(form, setup.n_arms, setup.horizon, gain_bound=gain_bound)
    if eta is not None:
        rate = validate.number("eta", eta, low=0.0, high=1e6)
    probabilities, estimates = setup.traced(setup.n_arms), setup.traced(setup.n_arms)
    exp3_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        form in ("mixed", "auer"),
        rate,
        gamma,
        setup.work(),
        setup.work(),
        probabilities,
        estimates,
        setup.environment,
        setup.agent,
    )
    parameters = {"form": form, "eta": rate, "gamma": gamma}
    theorem = eta is None and (bandit.stationary or isinstance(bandit, AdversarialBandit))
    if gain_bound is not None:  # the theorem needs a bound on the gain of the best arm
        table = isinstance(bandit, AdversarialBandit)
        lost = float(bandit.losses[: setup.horizon].sum(axis=0).min()) if table else 0.0  # type: ignore[attr-defined]
        theorem = theorem and gain_bound >= setup.horizon - lost
    return finish(
        setup, "exp3", parameters, theorem=theorem, trace={"probabilities": probabilities, "estimates": estimates}
    )
