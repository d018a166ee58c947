r"""Two baselines for tallying bandits: EXP3 on blocks of rounds, and successive elimination that plays arms in turn.

Setting      K arms whose losses depend on the recent plays; T rounds.
Algorithm    :func:`batched_exp3`: an arm is drawn for a block of rounds, and EXP3 (importance-weighted losses, rate
             $\eta = \sqrt{2 \ln K / (N K)}$ for $N$ blocks) gets the mean loss of the block, after [arora2012online].
             :func:`round_robin_se`: as :func:`wtb_successive_elimination`, but without burn-in, and the $2^s$ plays of
             an epoch are dealt out in turn.
Guarantee    ``batched_exp3``: none is claimed here (against constant arms the published rate is $T^{2/3}$, for blocks
             of the order $T^{1/3}$ [arora2012online]). ``round_robin_se``: none; its recorded losses are never those of
             a repeated arm.
Deviations   In ``batched_exp3`` the first plays of a block count: the block is not shortened by a burn-in.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

from theorylab.bandits.models import BanditModel
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.tallying.wtb_successive_elimination import eliminate_kernel, log_term, radius_kernel
from theorylab.bandits.world import GAUSSIAN, NOISE, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["batched_exp3", "round_robin_se"]


def _batched_exp3(world, memory, log, horizon, block, rate, scores, weights, probabilities, environment, agent):
    """One run; ``scores`` are the estimated cumulative losses of the arms."""
    n_arms = scores.shape[0]
    arm, loss, p = 0, 0.0, 1.0
    for t in range(horizon):
        if t % block == 0:
            least, total = scores[0], 0.0
            for x in range(1, n_arms):
                least = min(least, scores[x])
            for x in range(n_arms):
                weights[x] = math.exp(-rate * (scores[x] - least))
                total += weights[x]
            u = agent.random() * total
            arm = 0
            mass = weights[0]
            while arm < n_arms - 1 and u >= mass:
                arm += 1
                mass += weights[arm]
            p, loss = weights[arm] / total, 0.0
            row = t // block
            if row < probabilities.shape[0]:
                for x in range(n_arms):
                    probabilities[row, x] = weights[x] / total
        loss += 1.0 - step_kernel(world, memory, log, arm, environment.random())
        if (t + 1) % block == 0:
            scores[arm] += loss / block / p


batched_exp3_kernel = kernel(_batched_exp3)


def batched_exp3(
    bandit: BanditModel,
    horizon: int,
    *,
    block: int,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run EXP3 on blocks of ``block`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model with rewards in [0, 1].
    horizon
        T, known to the algorithm: the rate is $\sqrt{2 \ln K / (\lceil T/\text{block} \rceil K)}$.
    block
        Rounds for which one arm is kept; a last, shorter block teaches nothing.
    checkpoints, trace, rng
        As in :func:`wtb_successive_elimination`; the arms are drawn from the agent's own stream.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["probabilities"]`` (T, K), one row for each block and zeros after them.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or rewards are not in [0, 1].

    Examples
    --------
    >>> from theorylab.bandits.environments import tallying_losses
    >>> run = batched_exp3(tallying_losses("needle"), 2000, block=20, rng=1)
    >>> int(run.pulls.sum()), run.theorems_algorithm
    (2000, False)
    """
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    block = validate.integer("block", block, low=1, high=2**53)
    blocks = -(-setup.horizon // block)
    rate = math.sqrt(2.0 * math.log(setup.n_arms) / (blocks * setup.n_arms))
    probabilities = setup.traced(setup.n_arms)
    batched_exp3_kernel(
        setup.world, setup.memory, setup.log, setup.horizon, block, rate, setup.work(), setup.work(), probabilities,
        setup.environment, setup.agent,
    )  # fmt: skip
    return finish(setup, "batched_exp3", {"block": block}, theorem=False, trace={"probabilities": probabilities})


def _round_robin_se(world, memory, log, horizon, log_over, alive, sums, means, environment):
    """One run: the arms that are left in turn, until each has 2^s plays of epoch s."""
    n_arms = alive.shape[0]
    gaussian = world.code[NOISE] == GAUSSIAN
    n, left, arm, turn = 2, n_arms, 0, 0
    for _ in range(horizon):
        noise = environment.normal(0.0, 1.0) if gaussian else environment.random()
        reward = step_kernel(world, memory, log, arm, noise)
        if left == 1:
            continue
        sums[arm] += 1.0 - reward
        arm += 1
        while arm < n_arms and alive[arm] == 0.0:
            arm += 1
        if arm < n_arms:
            continue
        turn += 1
        if turn == n:
            for x in range(n_arms):
                means[x] = sums[x] / n
                sums[x] = 0.0
            left = eliminate_kernel(means, alive, 2.0 * radius_kernel(log_over, n))
            n *= 2
            turn = 0
        arm = 0
        while alive[arm] == 0.0:
            arm += 1


round_robin_se_kernel = kernel(_round_robin_se)


def round_robin_se(
    bandit: BanditModel,
    horizon: int,
    *,
    delta: float,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    """Run successive elimination that plays the remaining arms in turn.

    Parameters
    ----------
    bandit
        Any bandit model.
    horizon
        T, known to the algorithm.
    delta
        Failure probability of the confidence radii, in (0, 1).
    checkpoints, trace, rng
        As in :func:`wtb_successive_elimination`.

    Returns
    -------
    BanditRun
        ``extra["left"]`` counts the arms that are left.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    On the needle no arm is ever repeated, all look alike, and nothing is learnt:

    >>> from theorylab.bandits.environments import tallying_losses
    >>> run = round_robin_se(tallying_losses("needle"), 2000, delta=0.05, rng=1)
    >>> run.extra["left"], round(float(run.regret[-1]))
    (5, 1400)
    """
    delta = validate.confidence("delta", delta)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    log_over = log_term(setup.horizon, setup.n_arms, delta)
    alive = setup.work() + 1.0
    round_robin_se_kernel(
        setup.world, setup.memory, setup.log, setup.horizon, log_over, alive, setup.work(), setup.work(),
        setup.environment,
    )  # fmt: skip
    return finish(setup, "round_robin_se", {"delta": delta}, theorem=False, extra={"left": int(alive.sum())})
