r"""CSB-Exp2: exponential weights on policies that choose sets, with semi-bandit feedback.

Setting      N policies; in round t policy n chooses the set $\pi_n(x_t) \in \{0,1\}^d$ of at most m coordinates and
             loses $\langle \ell_t, \pi_n(x_t) \rangle$, $\ell_t \in [0, 1]^d$ fixed in advance; the losses of the
             coordinates that were played are seen; expected regret against the best policy. One-sided feedback
             (labels of accepted instances only) is the case of
             :func:`theorylab.bandits.models.combinatorial.one_sided_losses`.
Algorithm    $p_t(n) \propto e^{-\eta \hat L_{t-1}(n)}$; policy n gets $\hat\ell_t(n) = \sum_j \pi_{n,j}
             \hat\ell_{t,j}$ with $\hat\ell_{t,j} = \ell_{t,j} a_{t,j} / q_{t,j}$, $q_{t,j} = P(a_{t,j} = 1)$ the
             probability of the coordinate, not of the set; $\eta = \sqrt{2 \ln N / (m d T)}$ [bubeck2012towards],
             [bechavod2023individually].
Guarantee    $E[R_T] \le \ln N / \eta + \frac{\eta}{2} m d T = \sqrt{2 m d T \ln N}$ (derived here, see
             :func:`csb_exp2`).
Deviations   none
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

__all__ = ["csb_exp2", "rate"]


def _csb_exp2(world, memory, log, eta, losses, policies, contexts, scores, law, chances, traces, environment, agent):
    """One run; ``policies`` (N, X, d), ``scores`` (N,) estimated losses, ``chances`` (d,) of the coordinates."""
    n_policies, _, d = policies.shape
    probabilities, estimates = traces
    for t in range(losses.shape[0]):
        x = contexts[t]
        least, total = math.inf, 0.0
        for n in range(n_policies):
            least = min(least, scores[n])
        for n in range(n_policies):
            law[n] = math.exp(-eta * (scores[n] - least))
            total += law[n]
        for n in range(n_policies):
            law[n] /= total
            if t < probabilities.shape[0]:
                probabilities[t, n] = law[n]
                estimates[t, n] = scores[n]
        left, arm, passed = agent.random(), 0, law[0]
        while left >= passed and arm < n_policies - 1:
            arm += 1
            passed += law[arm]
        while law[arm] == 0.0:  # rounding of the sum led to a policy of no weight
            arm -= 1
        step_kernel(world, memory, log, arm, environment.random())
        for j in range(d):
            if policies[arm, x, j] > 0.0 and losses[t, j] > 0.0:
                chances[j] = 0.0
                for n in range(n_policies):
                    chances[j] += law[n] * policies[n, x, j]
                estimate = losses[t, j] / chances[j]
                for n in range(n_policies):
                    scores[n] += policies[n, x, j] * estimate


csb_exp2_kernel = kernel(_csb_exp2)


def rate(n_policies: int, size: int, n_items: int, horizon: int) -> float:
    r"""$\eta = \sqrt{2 \ln N / (m d T)}$.

    Examples
    --------
    >>> round(rate(8, 2, 5, 1000), 6)
    0.020393
    """
    return math.sqrt(2.0 * math.log(n_policies) / (size * n_items * horizon))


def csb_exp2(
    bandit: CombinatorialLosses,
    horizon: int,
    *,
    eta: float | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run CSB-Exp2 for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        A :class:`CombinatorialLosses` with 0/1 policies and losses in [0, 1].
    horizon
        T, at most the length of the table.
    eta
        Rate instead of that of the module's docstring; no theorem is claimed then.
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms (policies), rewards, probabilities and estimated losses of every round.
    rng
        An int, ``SeedSequence`` or ``Generator``.

    Returns
    -------
    BanditRun
        ``regret`` is realised; the theorem speaks of its expectation. With ``trace=True`` also
        ``trace["probabilities"]`` (T, N) and ``trace["estimates"]`` (T, N).

    Raises
    ------
    TypeError, ValueError
        If the bandit is no such table, or another argument is out of range.

    Notes
    -----
    With $e^{-x} \le 1 - x + x^2/2$ for $x \ge 0$, $\sum_t \langle p_t, \hat\ell_t \rangle - \hat L_T(n) \le \ln N /
    \eta + \frac{\eta}{2} \sum_t \sum_n p_t(n) \hat\ell_t(n)^2$, and as a set has at most m coordinates,
    $\hat\ell_t(n)^2 \le m \sum_j \pi_{n,j} \hat\ell_{t,j}^2$, so that the inner sum is at most $m \sum_j q_j \ell_j^2
    / q_j \le m d$ in expectation.

    Examples
    --------
    >>> table = CombinatorialLosses([[0.0, 1.0, 0.5]] * 300, [[1, 0, 1], [0, 1, 1]])
    >>> run = csb_exp2(table, 300, rng=1)
    >>> bool(run.pulls[0] > 200), run.notion, run.theorems_algorithm
    (True, 'realised regret', True)
    """
    table = check_sets(bandit, horizon)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    used = rate(setup.n_arms, table.size, table.n_items, setup.horizon)
    if eta is not None:
        used = validate.number("eta", eta, low=0.0, high=1e6)
    traces = (setup.traced(setup.n_arms), setup.traced(setup.n_arms))
    csb_exp2_kernel(
        setup.world,
        setup.memory,
        setup.log,
        used,
        table.losses[: setup.horizon],
        table.policies,
        table.contexts,
        setup.work(),
        setup.work(),
        np.zeros(table.n_items),
        traces,
        setup.environment,
        setup.agent,
    )
    return finish(
        setup,
        "csb_exp2",
        {"eta": used},
        theorem=eta is None,
        trace={"probabilities": traces[0], "estimates": traces[1]},
    )
