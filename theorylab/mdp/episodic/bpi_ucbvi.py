r"""Best-policy identification: play episodes until a policy is known to be epsilon-optimal.   [menard2021fast]

Setting      An episodic MDP with H steps, S states, A actions, an unknown kernel a step, known rewards in [0, 1].
             Return a policy with :math:`V^* - V^\pi \le \varepsilon` after as few episodes as possible.
Algorithm    ``bpi_ucbvi``: with n visits of (h, s, a), :math:`\beta = \log(3SAH/\delta) + S\log(8e(n+1))`,
             :math:`\beta^* = \log(3SAH/\delta) + \log(8e(n+1))`, variances and means under :math:`\hat p`,
             :math:`b = 3\sqrt{Var(\bar V)\beta^*/n} + 14H^2\beta/n + \hat p(\bar V - \underline V)/H`,
             :math:`\bar Q = \min(H, r + b + \hat p\bar V)`, :math:`\underline Q = \max(0, r - b + \hat p\underline V)`,
             both V the largest over actions; play the greedy policy :math:`\pi` of :math:`\bar Q`.  Stop when
             :math:`\pi_1 G_1 \le \varepsilon` at the start, with
             :math:`G_h = \min(H, 6\sqrt{Var(\bar V)\beta^*/n} + 36H^2\beta/n + (1 + 3/H)\hat p\,\pi_{h+1}G_{h+1})`;
             return :math:`\pi`.  Without a visit :math:`\bar Q = G = H` and :math:`\underline Q = 0`.
             ``bpi_ucrl``: optimistic play with the L1 bonus of :mod:`theorylab.mdp.episodic.brackets`; stop when the
             upper and lower values of the greedy policy are at most :math:`\varepsilon` apart.
             Draws: see :mod:`theorylab.mdp.episodic.play`.
Guarantee    ``bpi_ucbvi``: a returned policy is :math:`\varepsilon`-optimal with probability at least :math:`1-\delta`;
             the constants are recalled.  ``bpi_ucrl``: the same, and with probability at least :math:`1 - 2\delta` it
             stops within :func:`sufficient_episodes` (both derived).   Claims: proofs_checks/bpi_ucbvi.py
Deviations   ``bpi_ucrl``: the L1 form of the divergence ball of [kaufmann2021adaptive], and the width of the greedy
             policy's bracket as the stopping rule.  The start may be random: certificates are averaged over its law.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike
from theorylab.mdp.episodic.brackets import (
    learn_kernel,
    log_term,
    make_knowledge,
    optimistic_kernel,
    pessimistic_kernel,
)
from theorylab.mdp.episodic.identification import (
    VALUE,
    IdentificationRun,
    finish_search,
    keep_episode_kernel,
    keep_plan_kernel,
    make_search,
    note_kernel,
    sufficient_episodes,
    validated_accuracies,
)
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.online import GREEDY, TIE, begin, work_arrays
from theorylab.mdp.episodic.play import book_kernel, play_kernel, true_value_kernel

__all__ = ["bpi_ucbvi", "bpi_ucbvi_kernel", "bpi_ucrl", "bpi_ucrl_kernel", "sufficient_episodes"]


class Counts(NamedTuple):
    """What ``bpi_ucbvi`` knows, next state first; a row (h, ., s A + a) of counts sums to ``1 / inverse``.

    ``rates`` is beta*/n and ``crowds`` is H^2 beta / n (infinite without a visit: the clips do the rest).
    """

    counts: NDArray[np.float64]  # (H, S, S A)
    inverse: NDArray[np.float64]  # (H, S A)  1 / visits, 0 without one
    rates: NDArray[np.float64]  # (H, S A)
    crowds: NDArray[np.float64]  # (H, S A)
    rewards: NDArray[np.float64]  # (H, S A)
    visits: NDArray[np.int64]  # (H, S, A)
    buffers: NDArray[np.float64]  # (4, S A)


def bpi_ucbvi(
    mdp: EpisodicMDP,
    episodes: int,
    *,
    epsilon: float,
    delta: float = 0.05,
    scale: float = 1.0,
    accuracies: ArrayLike | None = None,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> IdentificationRun:
    r"""Run BPI-UCBVI until its certificate is at most ``epsilon``.

    Parameters
    ----------
    mdp
        Rewards must lie in [0, 1].
    episodes
        The most episodes to play; ``stopped`` says whether they were enough.
    epsilon
        The accuracy, > 0.
    delta
        The probability, in (0, 1), with which a returned policy may be worse.
    scale
        Multiplies :math:`\beta^*` and :math:`\beta`, hence the variance terms by its root.  Anything but 1 is *not
        the theorem's algorithm* and recorded as such.
    accuracies
        Decreasing accuracies above ``epsilon``: ``reached`` says when each was first certified.
    checkpoints
        Numbers of episodes after which the run reports.
    trace
        Keep what the proof speaks of, for each episode.
    rng
        Randomness of the environment; the algorithm flips no coin.

    Returns
    -------
    IdentificationRun
        The policy with its exact gap, the stopping time, the books of the episodes played.

    Raises
    ------
    ValueError
        For rewards outside [0, 1], ``episodes`` below 1, ``epsilon`` <= 0, ``delta`` outside (0, 1), a negative
        ``scale``, accuracies that do not decrease to ``epsilon``, checkpoints outside 1..episodes.

    Notes
    -----
    The sample complexity is :math:`\tilde O(H^3 S A \log(1/\delta) / \varepsilon^2)`.  The explicit constant of
    [menard2021fast] contains :math:`C_1 = \frac85 \log(11\alpha^2(A + E)(C + D))`, in which C + D has to be squared, as
    a formal proof by R. Degenne found; no claim here uses it.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named
    >>> run = bpi_ucbvi(named("tiny"), 100_000, epsilon=0.75, rng=1)
    >>> run.stopped, run.gap <= 0.75, run.policy.tolist()
    (True, True, [[0, 0], [1, 1]])

    References
    ----------
    [menard2021fast]; constants recalled.
    """
    setup, search, plans, delta, scale, epsilon = _begun(
        mdp, episodes, epsilon, delta, scale, accuracies, checkpoints, trace, rng
    )
    H, S, A = setup.shape
    log_union = math.log(3.0 * S * A * H / delta)
    known = Counts(
        np.zeros((H, S, S * A)), np.zeros((H, S * A)), np.zeros((H, S * A)), np.full((H, S * A), math.inf),
        np.ascontiguousarray(setup.mdp.R.reshape(H, S * A)), np.zeros((H, S, A), np.int64), np.zeros((4, S * A)),
    )  # fmt: skip
    buffers, widths = work_arrays(H, S), np.zeros((H + 1, S))
    bpi_ucbvi_kernel(
        setup.world, setup.episodes, epsilon, log_union, scale, setup.environment, setup.agent, setup.log, known,
        np.zeros((H, S, A)), buffers, widths, search, plans,
    )  # fmt: skip
    return finish_search(
        setup, "bpi_ucbvi", {"epsilon": epsilon, "delta": delta, "scale": scale}, search, plans, epsilon=epsilon,
        policy=buffers[2], visits=known.visits, theorem=scale == 1.0,
    )  # fmt: skip


def bpi_ucrl(
    mdp: EpisodicMDP,
    episodes: int,
    *,
    epsilon: float,
    delta: float = 0.05,
    scale: float = 1.0,
    accuracies: ArrayLike | None = None,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> IdentificationRun:
    r"""Play optimistically until the bracket of the greedy policy is at most ``epsilon`` wide.

    Parameters, record and errors are those of :func:`bpi_ucbvi`; ``scale`` multiplies the L1 bonus.

    With probability at least :math:`1-\delta` the brackets hold for all policies at all times; then
    :math:`V^* - V^\pi \le \bar V_1 - \underline V^\pi_1 \le \varepsilon` for the returned policy, whenever it stops.
    With probability at least :math:`1-2\delta` it also stops within :func:`sufficient_episodes`.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named
    >>> run = bpi_ucrl(named("tiny"), 10_000, epsilon=0.25, accuracies=[1, 0.5], rng=1)
    >>> run.stopped, run.gap, bool(0 < run.reached[0] < run.reached[1] < run.stopping_time)
    (True, 0.0, True)
    >>> run.stopping_time < sufficient_episodes(2, 2, 2, epsilon=0.25)
    True

    References
    ----------
    [kaufmann2021adaptive], Lemma 8; the rest is derived in ``proofs_checks/bpi_ucbvi.py``.
    """
    setup, search, plans, delta, scale, epsilon = _begun(
        mdp, episodes, epsilon, delta, scale, accuracies, checkpoints, trace, rng
    )
    H, S, A = setup.shape
    log_union = log_term(S, A, H, delta)
    known = make_knowledge(setup.mdp.R, log_union, scale)
    buffers = work_arrays(H, S)
    bpi_ucrl_kernel(
        setup.world, setup.episodes, epsilon, log_union, scale, setup.environment, setup.agent, setup.log, known,
        np.zeros((H, S, A)), buffers, search, plans,
    )  # fmt: skip
    np.subtract(plans.upper_values, plans.lower_values, out=plans.widths)
    return finish_search(
        setup, "bpi_ucrl", {"epsilon": epsilon, "delta": delta, "scale": scale}, search, plans, epsilon=epsilon,
        policy=buffers[2], visits=known.visits, theorem=scale == 1.0,
    )  # fmt: skip


def _begun(
    mdp: Any, episodes: Any, epsilon: Any, delta: Any, scale: Any, accuracies: Any, checkpoints: Any, trace: Any,
    rng: Any,
) -> Any:  # fmt: skip
    """The checked arguments of both algorithms."""
    epsilon = validate.number("epsilon", epsilon, low=0.0, open_low=True)
    delta = validate.confidence("delta", delta)
    scale = validate.number("scale", scale, low=0.0)
    targets = validated_accuracies(accuracies, epsilon)
    setup = begin(mdp, episodes, checkpoints=checkpoints, trace=trace, rng=rng)
    return setup, *make_search(setup, targets), delta, scale, epsilon


def _thresholds(n, log_union, n_states):
    """beta(n) and beta*(n)."""
    growth = math.log(8.0 * math.e * (n + 1.0))
    return log_union + n_states * growth, log_union + growth


thresholds_kernel = kernel(_thresholds)


def _learn(known, log_union, scale, states, actions):
    """Add one episode, states (H + 1,) and actions (H,), and renew the thresholds that it changes."""
    counts, inverse, rates, crowds, _, visits, _ = known
    H, S, _ = counts.shape
    n_actions = visits.shape[2]
    for h in range(H):
        pair = states[h] * n_actions + actions[h]
        n = visits[h, states[h], actions[h]] + 1
        visits[h, states[h], actions[h]] = n
        counts[h, states[h + 1], pair] += 1.0
        inverse[h, pair] = 1.0 / n
        beta, beta_star = thresholds_kernel(n, log_union, S)
        rates[h, pair] = scale * beta_star / n
        crowds[h, pair] = scale * H * H * beta / n


bpi_learn_kernel = kernel(_learn)


def _plan(known, upper, lower, widths, greedy):
    """Fill upper, lower, widths (H + 1, S) and greedy (H, S) from the counts; returns whether an action changed."""
    counts, inverse, rates, crowds, rewards, visits, buffers = known
    H, S, A = visits.shape
    mean, low, noise, scores = buffers[0], buffers[1], buffers[2], buffers[3]
    changed = False
    for h in range(H - 1, -1, -1):
        row, weights, rate, crowd, reward = counts[h], inverse[h], rates[h], crowds[h], rewards[h]
        for i in range(S * A):
            mean[i] = 0.0
            low[i] = 0.0
            noise[i] = 0.0
        for j in range(S):
            above, below = upper[h + 1, j], lower[h + 1, j]
            for i in range(S * A):
                mean[i] += row[j, i] * above
                low[i] += row[j, i] * below
        for i in range(S * A):
            mean[i] *= weights[i]
            low[i] *= weights[i]
        for j in range(S):  # a second pass: the variance of equal values is 0 without cancellation
            ahead = upper[h + 1, j]
            for i in range(S * A):
                noise[i] += row[j, i] * (ahead - mean[i]) ** 2
        for i in range(S * A):
            noise[i] = math.sqrt(noise[i] * weights[i] * rate[i])
            extra = 3.0 * noise[i] + 14.0 * crowd[i] + (mean[i] - low[i]) / H
            scores[i] = min(float(H), reward[i] + extra + mean[i])
            low[i] = max(0.0, reward[i] - extra + low[i])
        for s in range(S):
            best, floor = scores[s * A], low[s * A]
            for a in range(1, A):
                best = max(best, scores[s * A + a])
                floor = max(floor, low[s * A + a])
            a = 0
            while scores[s * A + a] < best - TIE:
                a += 1
            upper[h, s] = best
            lower[h, s] = floor
            changed |= greedy[h, s] != a
            greedy[h, s] = a
            pair = s * A + a
            later = 0.0
            for j in range(S):
                later += row[j, pair] * widths[h + 1, j]
            later *= (1.0 + 3.0 / H) * weights[pair]
            widths[h, s] = min(float(H), 6.0 * noise[pair] + 36.0 * crowd[pair] + later)
    return changed


plan_kernel = kernel(_plan)


def _bpi_ucbvi(
    world, episodes, epsilon, log_union, scale, environment, agent, log, known, law, buffers, widths, search, plans
):
    """At most ``episodes`` episodes; ``law`` (H, S, A) of a baseline that is never played."""
    upper, lower, greedy, value, next_value, states, actions = buffers
    start, times = world[5], log[2]
    traced = plans[2].shape[0] > 0
    booked = 0
    current = 0.0
    for k in range(episodes + 1):
        changed = plan_kernel(known, upper, lower, widths, greedy)
        certificate = 0.0
        for s in range(start.shape[0]):
            certificate += start[s] * widths[0, s]
        if traced:
            keep_plan_kernel(plans, k, certificate, greedy, upper, lower, widths)
        if note_kernel(search, k, times, booked, certificate, epsilon) or k == episodes:
            break
        if changed:
            current = true_value_kernel(world, greedy, law, 0, 0.0, value, next_value)
        received = play_kernel(world, greedy, law, 0, 0.0, environment, agent, states, actions)
        if traced:
            keep_episode_kernel(plans, k, current, states, actions)
        bpi_learn_kernel(known, log_union, scale, states, actions)
        booked = book_kernel(log, k + 1, booked, current, GREEDY, received)
        search[3][VALUE] = current


bpi_ucbvi_kernel = kernel(_bpi_ucbvi)


def _bpi_ucrl(
    world, episodes, epsilon, log_union, scale, environment, agent, log, knowledge, law, buffers, search, plans
):
    """The same with the L1 brackets."""
    upper, lower, greedy, value, next_value, states, actions = buffers
    start, times = world[5], log[2]
    traced = plans[2].shape[0] > 0
    booked = 0
    current = 0.0
    for k in range(episodes + 1):
        changed = optimistic_kernel(knowledge, upper, greedy)
        pessimistic_kernel(knowledge, greedy, lower)
        certificate = 0.0
        for s in range(start.shape[0]):
            certificate += start[s] * (upper[0, s] - lower[0, s])
        if traced:
            keep_plan_kernel(plans, k, certificate, greedy, upper, lower, upper)
        if note_kernel(search, k, times, booked, certificate, epsilon) or k == episodes:
            break
        if changed:
            current = true_value_kernel(world, greedy, law, 0, 0.0, value, next_value)
        received = play_kernel(world, greedy, law, 0, 0.0, environment, agent, states, actions)
        if traced:
            keep_episode_kernel(plans, k, current, states, actions)
        learn_kernel(knowledge, log_union, scale, states, actions)
        booked = book_kernel(log, k + 1, booked, current, GREEDY, received)
        search[3][VALUE] = current


bpi_ucrl_kernel = kernel(_bpi_ucrl)
