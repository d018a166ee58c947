r"""EXP3.P: exponential weights on optimistic gain estimates with explicit exploration.

Setting      K arms with rewards in [0, 1] fixed in advance (or stationary arms), T rounds, bandit feedback; regret with
             probability $1 - \delta$ [bubeck2012regret].
Algorithm    Arm i is drawn with probability $p_i = (1 - \gamma) e^{\eta \tilde G_i} / \sum_j e^{\eta \tilde G_j}
             + \gamma / K$; each round adds $(1\{A = i\} x + \beta) / p_i$ to every $\tilde G_i$: the bonus
             $\beta / p_i$ makes it an upper confidence bound of the gain. $\beta = \sqrt{\ln(K/\delta) / (T K)}$,
             $\eta = .95 \sqrt{\ln K / (T K)}$, $\gamma = 1.05 \sqrt{K \ln K / T}$.
Guarantee    With probability $1 - \delta$: $R_T \le 5.15 \sqrt{T K \ln(K/\delta)}$ (recalled) [bubeck2012regret,
             Theorem 3.3].
Deviations   $\gamma$ is at most 1 (where it would not be, the bound exceeds T).
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

__all__ = ["exp3_p", "rates"]


def _exp3_p(world, memory, log, horizon, beta, eta, gamma, gains, law, probabilities, estimates, environment, agent):
    """One run; ``gains`` are the optimistic estimates, ``law`` (K,) is work space."""
    n_arms = gains.shape[0]
    for t in range(horizon):
        best, total = -math.inf, 0.0
        for i in range(n_arms):
            best = max(best, gains[i])
        for i in range(n_arms):
            law[i] = math.exp(eta * (gains[i] - best))
            total += law[i]
        for i in range(n_arms):
            law[i] = (1.0 - gamma) * law[i] / total + gamma / n_arms
        if t < probabilities.shape[0]:
            for i in range(n_arms):
                probabilities[t, i], estimates[t, i] = law[i], gains[i]
        left, arm = agent.random(), 0
        passed = law[0]
        while left >= passed and arm < n_arms - 1:
            arm += 1
            passed += law[arm]
        reward = step_kernel(world, memory, log, arm, environment.random())
        for i in range(n_arms):
            seen = reward if i == arm else 0.0
            gains[i] += (seen + beta) / law[i]


exp3_p_kernel = kernel(_exp3_p)


def rates(n_arms: int, horizon: int, delta: float) -> tuple[float, float, float]:
    r"""$(\beta, \eta, \gamma)$ of [bubeck2012regret, Theorem 3.3].

    Examples
    --------
    >>> [round(rate, 4) for rate in rates(10, 1000, 0.05)]
    [0.023, 0.0144, 0.1593]
    """
    log = math.log(n_arms)
    beta = math.sqrt(math.log(n_arms / delta) / (horizon * n_arms))
    return beta, 0.95 * math.sqrt(log / (horizon * n_arms)), min(1.0, 1.05 * math.sqrt(n_arms * log / horizon))


def exp3_p(
    bandit: BanditModel,
    horizon: int,
    *,
    delta: float = 0.05,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run EXP3.P for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model with rewards in [0, 1]; the theorem speaks of tables of losses and stationary arms.
    horizon
        T, the number of rounds, which the rates are tuned to.
    delta
        The regret exceeds the bound with at most this probability.
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
        (T, K), the optimistic gains before each round.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    The gain of an arm exceeds its estimate by more than $\ln(1/\delta) / \beta$ with probability at most $\delta$
    [bubeck2012regret, Lemma 3.1]; the lemma is checked on its own.

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = exp3_p(BernoulliBandit([0.9, 0.1]), 1000, rng=1)
    >>> int(run.pulls.sum()), run.parameters["delta"], run.theorems_algorithm
    (1000, 0.05, True)
    """
    delta = validate.confidence("delta", delta)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    beta, eta, gamma = rates(setup.n_arms, setup.horizon, delta)
    probabilities, estimates = setup.traced(setup.n_arms), setup.traced(setup.n_arms)
    exp3_p_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        beta,
        eta,
        gamma,
        setup.work(),
        setup.work(),
        probabilities,
        estimates,
        setup.environment,
        setup.agent,
    )
    parameters = {"delta": delta, "beta": beta, "eta": eta, "gamma": gamma}
    theorem = bandit.stationary or isinstance(bandit, AdversarialBandit)
    return finish(
        setup, "exp3_p", parameters, theorem=theorem, trace={"probabilities": probabilities, "estimates": estimates}
    )
