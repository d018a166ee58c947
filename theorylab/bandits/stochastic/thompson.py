r"""Thompson sampling: each arm with the posterior probability that it is the best.

Setting      K arms with independent rewards in [0, 1] (``thompson``), or in [0, 1] or Gaussian (``gaussian_thompson``),
             T rounds; regret against the best mean [agrawal2013further].
Algorithm    ``thompson``: one draw $\theta_i \sim \mathrm{Beta}(a_i + S_i, b_i + F_i)$ for each arm, in order, and the
             arm with the largest. A reward r strictly between 0 and 1 counts as a success with probability r, else as a
             failure, by a coin of the agent's own. ``gaussian_thompson``: $\theta_i \sim N(\sum r / (N_i + 1),
             1 / (N_i + 1))$. No arm is played first; the lowest arm wins ties.
Guarantee    ``thompson`` with Beta(1, 1): $E[R_T] \le (1 + e) \sum_i \Delta_i \ln T / \mathrm{kl}(\mu_i, \mu^*) +
             O(K/e^2)$ and $O(\sqrt{K T \ln T})$; ``gaussian_thompson``: $O(\sqrt{K T \ln K})$ for T >= K, which it
             attains on some instances [agrawal2013further, Theorems 1 to 4]: rates only. For means drawn from the
             prior, $E[R_T] \le \sqrt{K T H(A^*)/2} \le \sqrt{K T \ln K / 2}$, where H is the entropy of the best arm
             (recalled: [russo2016information]).
Deviations   Draws within 1e-11 of each other are tied. Beta draws are ratios of gamma draws, as numpy makes them; the
             constants of the gamma sampler are kept for each arm; the draws are numpy's, to the bit for shapes >= 1.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models import BanditModel
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import GAUSSIAN, NOISE, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["gaussian_thompson", "thompson"]

LEAST_PRIOR, LARGEST_PRIOR = 1e-3, 1e9  # far inside what beta samplers can draw


def _gamma_constants(shapes, offsets, scales, j):
    """What Marsaglia and Tsang's sampler needs of a shape above 1; an offset of 0 says that the shape is not."""
    offsets[j] = 0.0
    if shapes[j] > 1.0:
        offsets[j] = shapes[j] - 1.0 / 3.0
        scales[j] = 1.0 / math.sqrt(9.0 * offsets[j])


gamma_constants_kernel = kernel(_gamma_constants, inline=True)


def _thompson(world, memory, log, horizon, shapes, offsets, scales, draws, samples, environment, agent):
    """One run; ``shapes`` (2K,) are the Beta parameters of arm i at 2i and 2i + 1; ``draws`` (K,) is work space."""
    n_arms = draws.shape[0]
    for j in range(2 * n_arms):
        gamma_constants_kernel(shapes, offsets, scales, j)
    for t in range(horizon):
        best = -math.inf
        for i in range(n_arms):
            if offsets[2 * i] > 0.0 and offsets[2 * i + 1] > 0.0:
                first, second = 0.0, 0.0
                for j in range(2 * i, 2 * i + 2):
                    offset, scale = offsets[j], scales[j]
                    while True:
                        x = agent.standard_normal()
                        v = 1.0 + scale * x
                        if v <= 0.0:
                            continue
                        v = v * v * v
                        u = agent.random()
                        if u < 1.0 - 0.0331 * (x * x) * (x * x):
                            break
                        if u > 0.0 and math.log(u) < 0.5 * x * x + offset * (1.0 - v + math.log(v)):
                            break
                    first, second = second, offset * v
                draws[i] = first / (first + second)
            else:
                draws[i] = agent.beta(shapes[2 * i], shapes[2 * i + 1])
            best = max(best, draws[i])
        arm = 0
        while draws[arm] < best - TIE:
            arm += 1
        if t < samples.shape[0]:
            for i in range(n_arms):
                samples[t, i] = draws[i]
        reward = step_kernel(world, memory, log, arm, environment.random())
        success = reward
        if 0.0 < reward < 1.0:
            success = 1.0 if agent.random() < reward else 0.0
        j = 2 * arm + (0 if success == 1.0 else 1)
        shapes[j] += 1.0
        gamma_constants_kernel(shapes, offsets, scales, j)


thompson_kernel = kernel(_thompson)


def _gaussian_thompson(world, memory, log, horizon, sums, pulls, scales, draws, samples, environment, agent):
    """One run; ``sums``, ``pulls``, ``scales`` = 1/sqrt(pulls + 1), ``draws`` are (K,) work space."""
    n_arms = draws.shape[0]
    gaussian = world.code[NOISE] == GAUSSIAN
    for i in range(n_arms):
        scales[i] = 1.0
    for t in range(horizon):
        best = -math.inf
        for i in range(n_arms):
            draws[i] = sums[i] * (scales[i] * scales[i]) + scales[i] * agent.standard_normal()
            best = max(best, draws[i])
        arm = 0
        while draws[arm] < best - TIE:
            arm += 1
        if t < samples.shape[0]:
            for i in range(n_arms):
                samples[t, i] = draws[i]
        noise = environment.normal(0.0, 1.0) if gaussian else environment.random()
        sums[arm] += step_kernel(world, memory, log, arm, noise)
        pulls[arm] += 1.0
        scales[arm] = 1.0 / math.sqrt(pulls[arm] + 1.0)


gaussian_thompson_kernel = kernel(_gaussian_thompson)


def thompson(
    bandit: BanditModel,
    horizon: int,
    *,
    prior: Any = (1.0, 1.0),
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run Thompson sampling with Beta priors for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        A bandit model with rewards in [0, 1]; the theorems speak of stationary ones.
    horizon
        T, the number of rounds.
    prior
        (a, b) of all arms, or (K, 2) with a row for each arm; in [1e-3, 1e9].
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms, rewards and posterior draws of every round.
    rng
        An int, ``SeedSequence`` or ``Generator``; rewards and posterior draws come from separate streams of it.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["samples"]`` (T, K); ``extra["posterior"]`` (K, 2) after the last round.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, a prior is not positive, or rewards are outside [0, 1]; the message names it.

    Notes
    -----
    $E[R_T] \le \sqrt{K T \ln K / 2}$ when the means are drawn from the prior (recalled: [russo2016information]).

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = thompson(BernoulliBandit([0.9, 0.5]), 1000, rng=1)
    >>> int(run.pulls.sum()), bool(run.regret[-1] < 20), run.notion
    (1000, True, 'pseudo-regret')
    """
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    table = prior_table(prior, setup.n_arms)
    shapes = table.ravel().copy()
    samples = setup.traced(setup.n_arms)
    thompson_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        shapes,
        np.zeros(2 * setup.n_arms),
        np.zeros(2 * setup.n_arms),
        setup.work(),
        samples,
        setup.environment,
        setup.agent,
    )
    same = bool(np.all(table == table[0]))
    parameters = {"prior": tuple(table[0].tolist()) if same else tuple(map(tuple, table.tolist()))}
    theorem = bandit.stationary and bool(np.all(table == 1.0))
    extra = {"posterior": shapes.reshape(-1, 2)}
    return finish(setup, "thompson", parameters, theorem=theorem, trace={"samples": samples}, extra=extra)


def gaussian_thompson(
    bandit: BanditModel,
    horizon: int,
    *,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run Thompson sampling with Gaussian posteriors $N(\sum r/(N_i + 1), 1/(N_i + 1))$ for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model; the theorem speaks of stationary ones with rewards in [0, 1].
    horizon, checkpoints, trace, rng
        As in :func:`thompson`.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["samples"]`` (T, K).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    $E[R_T] = O(\sqrt{K T \ln K})$ [agrawal2013further, Theorem 3].

    Examples
    --------
    >>> from theorylab.bandits import GaussianBandit
    >>> run = gaussian_thompson(GaussianBandit([1.0, 0.0]), 1000, rng=1)
    >>> int(run.pulls.sum()), bool(run.regret[-1] < 100), run.notion
    (1000, True, 'pseudo-regret')
    """
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    samples = setup.traced(setup.n_arms)
    gaussian_thompson_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        *(setup.work() for _ in range(4)),
        samples,
        setup.environment,
        setup.agent,
    )
    theorem = bandit.stationary and bandit.unit_rewards
    return finish(setup, "gaussian_thompson", {}, theorem=theorem, trace={"samples": samples})


def prior_table(prior: Any, n_arms: int) -> NDArray[np.float64]:
    """(K, 2) Beta parameters from a pair or a table.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or an entry is no number in [1e-3, 1e9].

    Examples
    --------
    >>> prior_table((1, 2), 2).tolist()
    [[1.0, 2.0], [1.0, 2.0]]
    >>> prior_table((1, 0), 2)
    Traceback (most recent call last):
    ...
    ValueError: prior[1] is 0, expected a number in [0.001, 1e+09]
    """
    given = validate.array("prior", prior)
    given = validate.array("prior", prior, shape=(2,) if given.ndim < 2 else (n_arms, 2))
    validate.in_interval("prior", given, LEAST_PRIOR, LARGEST_PRIOR)
    return np.ascontiguousarray(np.broadcast_to(given, (n_arms, 2)))
