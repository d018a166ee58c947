r"""Two baselines without tuning: epsilon-greedy, and uniform play.

Setting      Any bandit; K arms, T rounds.
Algorithm    :func:`epsilon_greedy`: each arm once, in order; then with probability $\epsilon$ an arm at random, else
             the arm with the largest mean, the lowest one of several. :func:`uniform_play`: an arm at random in every
             round.
Guarantee    ``uniform_play``: $E[R_T] = T \bar\Delta$ with $\bar\Delta$ the mean of the gaps, exactly.
             ``epsilon_greedy`` with a constant $\epsilon$: $E[R_T] \ge \epsilon \bar\Delta (T - K)$, linear in T
             [auer2002finite]. Both are what a learner must beat.
Deviations   none
"""

# mypy: allow-untyped-defs

from __future__ import annotations

from typing import Any

from theorylab.bandits.models import BanditModel
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import GAUSSIAN, NOISE, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["epsilon_greedy", "uniform_play"]


def _epsilon_greedy(world, memory, log, horizon, first, epsilon, means, sums, pulls, environment, agent):
    """One run; the first ``first`` rounds play the arms in turn. One coin a round decides, and names the random arm."""
    n_arms = means.shape[0]
    gaussian = world.code[NOISE] == GAUSSIAN
    for t in range(horizon):
        arm = 0
        if t < first:
            arm = t
        else:
            coin = agent.random()
            if coin < epsilon:
                arm = min(int(coin / epsilon * n_arms), n_arms - 1)
            else:
                best = means[0]
                for i in range(1, n_arms):
                    best = max(best, means[i])
                while means[arm] < best - TIE:
                    arm += 1
        noise = environment.normal(0.0, 1.0) if gaussian else environment.random()
        reward = step_kernel(world, memory, log, arm, noise)
        pulls[arm] += 1.0
        sums[arm] += reward
        means[arm] = sums[arm] / pulls[arm]


epsilon_greedy_kernel = kernel(_epsilon_greedy)


def epsilon_greedy(
    bandit: BanditModel,
    horizon: int,
    *,
    epsilon: float = 0.1,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run epsilon-greedy for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model.
    horizon
        T.
    epsilon
        $\epsilon \in [0, 1]$, the probability of a random arm; 0 is greedy play after one play of each arm.
    checkpoints, trace, rng
        As in :func:`theorylab.bandits.stochastic.ucb1.ucb1`; coins come from the agent's own stream.

    Returns
    -------
    BanditRun

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = epsilon_greedy(BernoulliBandit([0.9, 0.1]), 1000, rng=1)
    >>> int(run.pulls.sum()), run.theorems_algorithm
    (1000, False)
    """
    epsilon = validate.number("epsilon", epsilon, low=0.0, high=1.0)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    _play(setup, setup.n_arms, epsilon)
    return finish(setup, "epsilon_greedy", {"epsilon": epsilon}, theorem=False)


def uniform_play(
    bandit: BanditModel,
    horizon: int,
    *,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Play an arm at random in each of ``horizon`` rounds: $E[R_T] = T \sum_i \Delta_i / K$.

    Parameters
    ----------
    bandit
        Any bandit model.
    horizon
        T.
    checkpoints, trace, rng
        As in :func:`epsilon_greedy`.

    Returns
    -------
    BanditRun

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = uniform_play(BernoulliBandit([0.5, 0.5]), 1000, rng=1)
    >>> float(run.regret[-1]), bool(run.pulls.min() > 400)
    (0.0, True)
    """
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    _play(setup, 0, 1.0)
    return finish(setup, "uniform_play", {}, theorem=False)


def _play(setup: Any, first: int, epsilon: float) -> None:
    work = [setup.work() for _ in range(3)]
    epsilon_greedy_kernel(
        setup.world, setup.memory, setup.log, setup.horizon, first, epsilon, *work, setup.environment, setup.agent
    )
