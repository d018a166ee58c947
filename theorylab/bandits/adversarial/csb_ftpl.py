r"""Context-Semi-Bandit-FTPL: follow the perturbed leader over policies, losses estimated by geometric resampling.

Setting      As for :func:`theorylab.bandits.adversarial.csb_exp2`, the set of contexts being known beforehand
             (transductive); the policies are met through an oracle only: the policy of least loss on given contexts and
             losses. K coordinates, at most m in a set, X contexts.
Algorithm    In each round every context gets K fresh Laplace variables of density $\frac\varepsilon2
             e^{-\varepsilon|z|}$; the oracle's policy for estimated losses so far and these $(x, z_x)$ is played
             [syrgkanis2016efficient, Algorithm 3]. For each coordinate played, $J_j \le L$ is the first of L
             independent repetitions of that draw in which it is played again (L if there is none), and
             $\hat\ell_{t,j} = J_j \ell_{t,j} a_{t,j}$.
Guarantee    $E[\hat\ell_{t,j}] = (1 - (1 - q_j)^L)\, \ell_{t,j}$, $q_j$ the probability of the coordinate (derived
             here; [syrgkanis2016efficient, (8)]). Transductive regret:
             $E[R_T] \le 2 \varepsilon m K T + \frac{10}{\varepsilon} \sqrt{X m} \ln N + \frac{K T}{e L}$
             [syrgkanis2016efficient, Theorems 2-3]. Defaults: $L = \lceil \sqrt{K T} \rceil$ and the best
             $\varepsilon$.
Deviations   The oracle enumerates the N policies; the lowest of equal ones is played. One series of repetitions serves
             all coordinates of a round, which changes no expectation of a single one.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.adversarial.linear_game import check_sets
from theorylab.bandits.models.combinatorial import CombinatorialLosses
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["csb_ftpl", "defaults", "expected_share"]

MOST_REPETITIONS = 10**6


def _laplace(uniform, epsilon):
    """A Laplace variable of rate epsilon by inversion; both logarithms are of numbers in (0, 1]."""
    if uniform < 0.5:
        return -math.log(1.0 - 2.0 * uniform) / epsilon
    return math.log(2.0 - 2.0 * uniform) / epsilon


laplace_kernel = kernel(_laplace)


def _leader(policies, scores, noise):
    """The policy of least estimated loss plus noise."""
    n_policies, n_contexts, d = policies.shape
    leader, least = 0, math.inf
    for n in range(n_policies):
        value = scores[n]
        for x in range(n_contexts):
            for j in range(d):
                value += policies[n, x, j] * noise[x, j]
        if value < least:
            leader, least = n, value
    return leader


leader_kernel = kernel(_leader)


def _csb_ftpl(world, memory, log, epsilon, repetitions, losses, policies, contexts, scores, noise, waits, trace, environment, agent):  # fmt: skip # noqa: E501
    """One run; ``scores`` (N,), ``noise`` (X, d), ``waits`` (d,): J of the coordinates, 0 for those not played."""
    n_policies, n_contexts, d = policies.shape
    for t in range(losses.shape[0]):
        context, open_waits = contexts[t], 0
        for x in range(n_contexts):
            for j in range(d):
                noise[x, j] = laplace_kernel(agent.random(), epsilon)
        arm = leader_kernel(policies, scores, noise)
        step_kernel(world, memory, log, arm, environment.random())
        for j in range(d):
            waits[j] = 0.0
            if policies[arm, context, j] > 0.0:
                waits[j] = repetitions
                open_waits += 1
        played = 0
        while open_waits > 0 and played < repetitions - 1:  # the last repetition decides nothing
            played += 1
            for x in range(n_contexts):
                for j in range(d):
                    noise[x, j] = laplace_kernel(agent.random(), epsilon)
            again = leader_kernel(policies, scores, noise)
            for j in range(d):
                if waits[j] == repetitions and policies[again, context, j] > 0.0:
                    waits[j] = played
                    open_waits -= 1
        for j in range(d):
            if t < trace.shape[0]:
                trace[t, j] = waits[j]
            if waits[j] > 0.0 and losses[t, j] > 0.0:
                for n in range(n_policies):
                    scores[n] += policies[n, context, j] * waits[j] * losses[t, j]


csb_ftpl_kernel = kernel(_csb_ftpl)


def defaults(table: CombinatorialLosses, horizon: int) -> tuple[float, int]:
    r"""$(\varepsilon, L)$ that minimise the transductive bound at $L = \lceil \sqrt{K T} \rceil$.

    Examples
    --------
    >>> table = CombinatorialLosses([[0.5, 0.5]] * 200, [[1, 0], [0, 1]])
    >>> epsilon, repetitions = defaults(table, 200)
    >>> round(epsilon, 5), repetitions
    (0.09308, 20)
    """
    m, k, x, n = table.size, table.n_items, table.n_contexts, table.n_arms
    epsilon = math.sqrt(10.0 * math.sqrt(x * m) * math.log(max(n, 2)) / (2.0 * m * k * horizon))
    return epsilon, math.ceil(math.sqrt(k * horizon))


def expected_share(chance: float, repetitions: int) -> float:
    r"""$E[\hat\ell_j] / \ell_j = 1 - (1 - q)^L$.

    Examples
    --------
    >>> expected_share(0.5, 3)
    0.875
    """
    return 1.0 - (1.0 - chance) ** repetitions


def csb_ftpl(
    bandit: CombinatorialLosses,
    horizon: int,
    *,
    epsilon: float | None = None,
    repetitions: int | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run Context-Semi-Bandit-FTPL for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        A :class:`CombinatorialLosses` with 0/1 policies and losses in [0, 1].
    horizon
        T, at most the length of the table.
    epsilon
        Rate of the Laplace noise: the larger, the less noise.
    repetitions
        L, the most repetitions of geometric resampling.
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms (policies), rewards and the waits J of every round.
    rng
        An int, ``SeedSequence`` or ``Generator``.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["waits"]`` (T, K): J of the coordinates played, 0 for the others.

    Raises
    ------
    TypeError, ValueError
        If the bandit is no such table, or another argument is out of range.

    Notes
    -----
    J is a geometric variable cut at L, so $E[J] = (1 - (1 - q)^L) / q$; the coordinate is played with probability q,
    independently of the repetitions.

    Examples
    --------
    >>> table = CombinatorialLosses([[0.0, 1.0, 0.5]] * 300, [[1, 0, 1], [0, 1, 1]])
    >>> run = csb_ftpl(table, 300, rng=1)
    >>> bool(run.pulls[0] > 150), run.theorems_algorithm
    (True, True)
    """
    table = check_sets(bandit, horizon)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    used, most = defaults(table, setup.horizon)
    if epsilon is not None:
        used = validate.number("epsilon", epsilon, low=0.0, high=1e6, open_low=True)
    if repetitions is not None:
        most = validate.integer("repetitions", repetitions, low=1, high=MOST_REPETITIONS)
    waits = setup.traced(table.n_items)
    csb_ftpl_kernel(
        setup.world,
        setup.memory,
        setup.log,
        used,
        most,
        table.losses[: setup.horizon],
        table.policies,
        table.contexts,
        setup.work(),
        np.zeros((table.n_contexts, table.n_items)),
        np.zeros(table.n_items),
        waits,
        setup.environment,
        setup.agent,
    )
    return finish(
        setup,
        "csb_ftpl",
        {"epsilon": used, "repetitions": most},
        theorem=True,
        trace={"waits": waits},
    )
