r"""EXP3-IX: exponential weights with implicit exploration, for regret that is small with high probability.

Setting      K arms with losses in [0, 1] fixed in advance (or stationary arms), T rounds, bandit feedback; regret with
             probability $1 - \delta$, for all $\delta$ at once [neu2015explore].
Algorithm    Arm i is drawn with probability $p_i \propto e^{-\eta \hat L_i}$; the loss $\ell$ of the arm played adds
             $\ell / (p_i + \gamma)$ to its $\hat L_i$: a little less than an unbiased estimate, so that the estimates'
             sum cannot run away. $\gamma = \eta / 2$, and $\eta = \sqrt{2 \ln(K+1) / (K T)}$ (``form="ls"``
             [lattimore2020bandit]) or $\eta = \sqrt{2 \ln K / (K T)}$ (``form="neu"`` [neu2015explore]).
Guarantee    With probability $1 - \delta$ (both recalled) ``ls``:
             $R_T \le \sqrt{8 K T \ln(K+1)} + \sqrt{K T / (2 \ln(K+1))} \ln(1/\delta) + \ln((K+1)/\delta)$
             [lattimore2020bandit, Theorem 12.1]; ``neu``:
             $R_T \le 2\sqrt{2 K T \ln K} + (\sqrt{2 K T/\ln K} + 1) \ln(2/\delta)$ [neu2015explore, Theorem 1].
Deviations   Weights are kept relative to the largest and rebuilt from their logarithms every 1024 rounds, and whenever
             their sum has halved.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

from theorylab.bandits.models import AdversarialBandit, BanditModel
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["FORMS", "exp3_ix", "rates"]

FORMS = ("ls", "neu")
REBUILD = 1024  # rounds between two computations of all weights from their logarithms


def _exp3_ix(world, memory, log, horizon, eta, gamma, losses, weights, probabilities, estimates, environment, agent):
    """One run; ``losses`` are the estimates, ``weights`` = exp(shift - eta * losses)."""
    n_arms = weights.shape[0]
    total, least, shift, rebuild = 0.0, 0.0, 0.0, 0
    for t in range(horizon):
        if t == rebuild or total < least:
            shift = math.inf
            for i in range(n_arms):
                shift = min(shift, eta * losses[i])
            total, rebuild = 0.0, t + REBUILD
            for i in range(n_arms):
                weights[i] = math.exp(shift - eta * losses[i])
                total += weights[i]
            least = 0.5 * total
        if t < probabilities.shape[0]:
            for i in range(n_arms):
                probabilities[t, i] = weights[i] / total
                estimates[t, i] = losses[i]
        left, arm = agent.random() * total, 0
        passed = weights[0]
        while left >= passed and arm < n_arms - 1:
            arm += 1
            passed += weights[arm]
        while weights[arm] == 0.0:  # rounding of the sum led to an arm of no weight
            arm -= 1
        reward = step_kernel(world, memory, log, arm, environment.random())
        if reward < 1.0:
            losses[arm] += (1.0 - reward) / (weights[arm] / total + gamma)
            renewed = math.exp(shift - eta * losses[arm])
            total += renewed - weights[arm]
            weights[arm] = renewed


exp3_ix_kernel = kernel(_exp3_ix)


def rates(form: str, n_arms: int, horizon: int) -> tuple[float, float]:
    r"""$(\eta, \gamma)$: learning rate and implicit exploration of a form.

    Examples
    --------
    >>> eta, gamma = rates("ls", 2, 1000)
    >>> round(eta, 6), gamma == eta / 2
    (0.033145, True)
    """
    count = n_arms + 1 if form == "ls" else n_arms
    eta = math.sqrt(2.0 * math.log(count) / (n_arms * horizon))
    return eta, 0.5 * eta


def exp3_ix(
    bandit: BanditModel,
    horizon: int,
    *,
    form: str = "ls",
    eta: float | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run EXP3-IX for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model with rewards in [0, 1]; the theorem speaks of tables of losses and stationary arms.
    horizon
        T, the number of rounds, which the learning rate is tuned to.
    form
        "ls" or "neu": the tuning of the module's docstring.
    eta
        Learning rate instead of the form's own (gamma stays half of it); no theorem is claimed then.
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
        (T, K), the estimated losses before each round.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    The sum of the estimates exceeds that of the losses by more than $\ln(K/\delta) / (2 \gamma)$ for some arm with
    probability at most $\delta$ [neu2015explore, Corollary 1]: the lemma behind the theorem, checked on its own.

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = exp3_ix(BernoulliBandit([0.9, 0.1]), 1000, rng=1)
    >>> int(run.pulls.sum()), bool(run.regret[-1] < 150), run.theorems_algorithm
    (1000, True, True)
    """
    validate.choice("form", form, FORMS)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    rate, gamma = rates(form, setup.n_arms, setup.horizon)
    if eta is not None:
        rate = validate.number("eta", eta, low=0.0, high=1e6)
        gamma = 0.5 * rate
    probabilities, estimates = setup.traced(setup.n_arms), setup.traced(setup.n_arms)
    exp3_ix_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
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
    return finish(
        setup, "exp3_ix", parameters, theorem=theorem, trace={"probabilities": probabilities, "estimates": estimates}
    )
