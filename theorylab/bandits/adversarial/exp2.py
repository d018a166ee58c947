r"""Exp2: exponential weights on estimated linear losses, with exploration in John's position.

Setting      N actions $a \in \mathbb R^d$ that span it, loss vectors fixed in advance with $|\langle a, \ell_t
             \rangle| \le 1$; only $z_t = \langle a_t, \ell_t \rangle$ of the action played is seen; expected regret
             against the best action.
Algorithm    $p_t = (1 - \gamma) w_t + \gamma \mu$ with $w_t(a) \propto e^{-\eta \langle a, \hat L_{t-1} \rangle}$ and
             $\hat\ell_t = P_t^{-1} a_t z_t$, $P_t = \sum_a p_t(a) a a^\top$ [bubeck2012towards]. ``john``: $\mu$
             lives on the contact points of the smallest ellipsoid around the actions and their negatives, so that
             $g = \max_a a^\top (\sum_b \mu(b) b b^\top)^{-1} a = d$; ``uniform``: $\mu = 1/N$, where g may be larger.
             $\eta = \sqrt{\ln N / ((2g + d) T)}$, $\gamma = \eta g$.
Guarantee    $E[R_T] \le 2 \sqrt{(2g + d) T \ln N}$ as soon as $\gamma \le 1$ (derived here, see :func:`exp2`); with g
             = d it is the paper's $2 \sqrt{3 T d \ln N}$, $\eta = \sqrt{\ln N/(3Td)}$ [bubeck2012towards, Theorem 4].
Deviations   The ellipsoid is centred at 0 (the paper moves the set, which changes losses by an unseen constant); its
             contact points are computed to $g \le (1 + 10^{-6}) d$, and the record says g. If the actions span less
             than the whole space, d is the dimension of their span.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.adversarial.linear_game import check_table, john_position
from theorylab.bandits.models.combinatorial import CombinatorialLosses
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["EXPLORATIONS", "exp2", "rates"]

EXPLORATIONS = ("john", "uniform")


def _solve(matrix, vector):
    """Solve matrix x = vector in place (Cholesky; the lower triangle is overwritten), matrix positive definite."""
    d = vector.shape[0]
    for i in range(d):
        for j in range(i + 1):
            left = matrix[i, j]
            for k in range(j):
                left -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = math.sqrt(left) if i == j else left / matrix[j, j]
        for k in range(i):
            vector[i] -= matrix[i, k] * vector[k]
        vector[i] /= matrix[i, i]
    for i in range(d - 1, -1, -1):
        for k in range(i + 1, d):
            vector[i] -= matrix[k, i] * vector[k]
        vector[i] /= matrix[i, i]


solve_kernel = kernel(_solve)


def _exp2(
    world, memory, log, horizon, eta, gamma, points, design, scores, law, matrix, vector, traces, environment, agent
):
    """One run; ``points`` (N, r) in John's position, ``design`` (N,), ``scores`` (N,) estimated losses."""
    n_actions, r = points.shape
    probabilities, estimates = traces
    for t in range(horizon):
        least, total = math.inf, 0.0
        for n in range(n_actions):
            least = min(least, scores[n])
        for n in range(n_actions):
            law[n] = math.exp(-eta * (scores[n] - least))
            total += law[n]
        for n in range(n_actions):
            law[n] = (1.0 - gamma) * law[n] / total + gamma * design[n]
        for i in range(r):
            for j in range(i + 1):
                matrix[i, j] = 0.0
        for n in range(n_actions):
            for i in range(r):
                for j in range(i + 1):
                    matrix[i, j] += law[n] * points[n, i] * points[n, j]
        if t < probabilities.shape[0]:
            for n in range(n_actions):
                probabilities[t, n] = law[n]
                estimates[t, n] = scores[n]
        left, arm, passed = agent.random(), 0, law[0]
        while left >= passed and arm < n_actions - 1:
            arm += 1
            passed += law[arm]
        while law[arm] == 0.0:  # rounding of the sum led to an action of no weight
            arm -= 1
        loss = 1.0 - step_kernel(world, memory, log, arm, environment.random())
        for i in range(r):
            vector[i] = points[arm, i]
        solve_kernel(matrix, vector)
        for n in range(n_actions):
            inner = 0.0
            for i in range(r):
                inner += points[n, i] * vector[i]
            scores[n] += inner * loss


exp2_kernel = kernel(_exp2)


def rates(n_actions: int, d: int, g: float, horizon: int) -> tuple[float, float]:
    r"""$(\eta, \gamma)$ for N actions of dimension d and an exploration with value g.

    Examples
    --------
    >>> eta, gamma = rates(8, 3, 3.0, 1000)
    >>> round(eta, 6), round(gamma, 6)
    (0.0152, 0.045601)
    """
    eta = math.sqrt(math.log(n_actions) / ((2.0 * g + d) * horizon))
    return eta, eta * g


def exp2(
    bandit: CombinatorialLosses,
    horizon: int,
    *,
    eta: float | None = None,
    exploration: str = "john",
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run Exp2 for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        A :class:`CombinatorialLosses` without contexts, with $|\langle a, \ell_t \rangle| \le 1$ for all actions.
    horizon
        T, at most the length of the table.
    eta
        Rate instead of that of the module's docstring; $\gamma = \eta g$ must not exceed 1.
    exploration
        "john" or "uniform".
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms, rewards, probabilities and estimated losses of every round.
    rng
        An int, ``SeedSequence`` or ``Generator``.

    Returns
    -------
    BanditRun
        ``parameters`` has ``eta``, ``gamma``, ``dimension`` d and ``g``. With ``trace=True`` also
        ``trace["probabilities"]`` (T, N) and ``trace["estimates"]`` (T, N), $\langle a, \hat L_{t-1} \rangle$.

    Raises
    ------
    TypeError, ValueError
        If the bandit is no such table, a loss leaves [-1, 1], $\gamma > 1$, or another argument is out of range.

    Notes
    -----
    $|\eta \langle a, \hat\ell_t \rangle| \le \eta g / \gamma = 1$, so $e^{-x} \le 1 - x + x^2$ applies and exponential
    weights give $\sum_t \langle w_t - a, \hat\ell_t \rangle \le \ln N/\eta + \eta \sum_t \sum_b w_t(b) \langle b,
    \hat\ell_t \rangle^2$. The estimate is unbiased, the last sum is at most $d / (1 - \gamma)$ in expectation, and
    exploring costs $2 \gamma$ a round: $E[R_T] \le \ln N / \eta + \eta d T + 2 \eta g T$.

    Examples
    --------
    >>> table = CombinatorialLosses([[0.2, 0.8]] * 400, [[1, 0], [0, 1]])
    >>> run = exp2(table, 400, rng=1)
    >>> run.parameters["dimension"], round(run.parameters["g"], 4), bool(run.pulls[0] > run.pulls[1])
    (2, 2.0, True)
    """
    validate.choice("exploration", exploration, EXPLORATIONS)
    table = check_table(bandit, horizon, contexts=False)
    _bounded(table.action_losses)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    points, design, g = john_position(table.policies[:, 0, :], uniform=exploration == "uniform")
    n, r = points.shape
    used, gamma = rates(n, r, g, setup.horizon)
    if eta is not None:
        used = validate.number("eta", eta, low=0.0, high=1.0)
        gamma = used * g
    if gamma > 1.0:
        raise ValueError(f"gamma = eta g is {gamma:.6g}, expected at most 1: a longer horizon or a smaller eta")
    traces = (setup.traced(n), setup.traced(n))
    exp2_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        used,
        gamma,
        points,
        design,
        setup.work(),
        setup.work(),
        np.zeros((r, r)),
        np.zeros(r),
        traces,
        setup.environment,
        setup.agent,
    )
    return finish(
        setup,
        "exp2",
        {"eta": used, "gamma": gamma, "exploration": exploration, "dimension": r, "g": g},
        theorem=eta is None,
        trace={"probabilities": traces[0], "estimates": traces[1]},
    )


def _bounded(losses: NDArray[np.float64]) -> None:
    bad = np.argwhere(np.abs(losses) > 1.0 + 1e-12)
    if len(bad):
        t, n = bad[0]
        raise ValueError(f"action {n} loses {losses[t, n]:.12g} in round {t}, expected a loss in [-1, 1]")
