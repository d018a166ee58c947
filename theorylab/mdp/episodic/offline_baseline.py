r"""A baseline learned offline: pessimistic value iteration on a data set, then StepMix or EpsMix.   [li2023near]

Setting      n episodes of a behaviour policy :math:`\mu` in an episodic MDP (H steps, S states, A actions, known
             rewards in [0, 1]).  Wanted: a policy and a number that its value exceeds: a safe learner's baseline.
Algorithm    Backward induction on :math:`\underline Q_h = \max(0, r - b + \hat p_h \underline V_{h+1})` with the counts
             of the data and the L1 bonus of :mod:`theorylab.mdp.episodic.brackets`; the policy is greedy in
             :math:`\underline Q`.  ``stepmix_offline`` and ``epsmix_offline`` collect the data (from the stream of the
             instance), learn, and run the safe learner with ``baseline_value`` :math:`= \underline V`, half of
             :math:`\delta` for the data and half for the learner, which counts from zero.
Guarantee    With probability at least :math:`1-\delta`, :math:`\underline V \le V^{\hat\pi}`; then no episode of the
             learner violates.  With probability at least :math:`1-2\delta` also, for every policy :math:`\pi`,

             .. math:: V^\pi - \underline V \le H(H-1) \Big(\sqrt{\beta(n) C N / n} + 8 L C N / n\Big),

             C the concentrability :math:`\max d^\pi/d^\mu`, N the most pairs of :math:`\pi` at one step,
             :math:`L = \log(SAH/\delta)` (both derived here).   Claims: proofs_checks/offline_baseline.py
Deviations   The paper's offline variant could not be read: bonus, split of delta and sample size are derived here.
             [jin2021pessimism] and [xie2021policy] have better rates for other bonuses.

Proof.  On the event that all rows are within w of the truth, :math:`\underline V \le V^{\hat\pi}` by backward
induction: :math:`(\hat p - p) V^{\hat\pi}` is at most b in absolute value, :math:`\hat p` is monotone, and values are
not negative.  The maximum over actions makes :math:`\underline V \ge \underline V^\pi`, and :math:`Q^\pi - \underline
Q^\pi \le b + (p - \hat p) \underline V^\pi + p (V^\pi - \underline V^\pi) \le 2b + p (V^\pi - \underline V^\pi)`, so
the loss is at most :math:`E_\pi \sum_h (H-h) w(n_h)`.  Chernoff: :math:`n_h(s,a) \ge n d^\mu/2` for all pairs with
:math:`n d^\mu \ge 8L`, with probability :math:`1-\delta`.  Such pairs lose
:math:`d^\pi (H-h) \sqrt{4\beta(n)/(n d^\mu)} \le (H-h) \sqrt{4 \beta(n) C d^\pi / n}`, by Cauchy-Schwarz
:math:`(H-h) \sqrt{4 \beta(n) C N/n}` a step; the others :math:`2 (H-h) d^\pi \le 16 (H-h) L C / n`, at most N a step.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.rng import RNGLike, streams
from theorylab.mdp.episodic.brackets import log_term
from theorylab.mdp.episodic.epsmix import epsmix
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.occupancy_program import evaluate_law
from theorylab.mdp.episodic.offline_data import (
    OfflineData,
    concentrability,
    offline_loss_bound,
    sufficient_episodes,
)
from theorylab.mdp.episodic.online import BASELINE, TIE, begin, finish
from theorylab.mdp.episodic.policies import validated_policy
from theorylab.mdp.episodic.record import EpisodicRun
from theorylab.mdp.episodic.stepmix import stepmix

__all__ = [
    "OfflineBaseline",
    "OfflineData",
    "concentrability",
    "epsmix_offline",
    "learn_baseline",
    "offline_baseline",
    "offline_loss_bound",
    "stepmix_offline",
    "sufficient_episodes",
]


@dataclass(frozen=True, eq=False)
class OfflineBaseline:
    """What a data set teaches; arrays are read-only."""

    policy: NDArray[np.int64]  # (H, S)
    lower_value: float  # at most the policy's value, with probability 1 - delta
    lower_values: NDArray[np.float64]  # (H + 1, S)
    visits: NDArray[np.int64]  # (H, S, A) coverage
    reached: NDArray[np.float64]  # (H, S) how often the policy meets a state in the empirical model
    loss: NDArray[np.float64]  # (H, S) value that the lack of visits costs there: reached times the bonus
    empirical_value: float  # of the policy, without bonus
    episodes: int  # n
    delta: float
    scale: float

    def lacking(self, threshold: float, most: int = 3) -> str:
        """Where data is missing for a lower value above ``threshold``, in words."""
        order = np.argsort(-self.loss, axis=None, kind="stable")[:most]
        parts = []
        for h, s in zip(*np.unravel_index(order, self.loss.shape), strict=True):
            a = int(self.policy[h, s])
            if self.loss[h, s] > 0.0:
                n = int(self.visits[h, s, a])
                parts.append(f"step {h}, state {s}, action {a}: {n} visits (costs {self.loss[h, s]:.3g})")
        allowed, lost = self.empirical_value - threshold, float(self.loss.sum())
        need = "more data of this behaviour alone may not do"
        if 0.0 < allowed and lost < 1e6 * allowed:
            need = f"about {math.ceil(self.episodes * (lost / allowed) ** 2)} episodes would do where coverage is even"
        return "; ".join(parts) + f"; {need}"


def offline_baseline(
    data: OfflineData, rewards: Any, start: Any, *, delta: float, scale: float = 1.0
) -> OfflineBaseline:
    r"""The pessimistic policy of a data set, with a lower bound on its value.

    Parameters
    ----------
    data
        n episodes of any behaviour whose actions depend on the past only.
    rewards
        (H, S, A) known mean rewards in [0, 1].
    start
        A state or an (S,) distribution.
    delta
        Probability, in (0, 1), with which ``lower_value`` may exceed the policy's value.
    scale
        Multiplies the bonus; the guarantee is for 1.

    Raises
    ------
    TypeError, ValueError
        For another type, shape, a reward outside [0, 1], a state or action of the data out of range.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named_problem
    >>> tiny = named_problem("tiny")
    >>> data = OfflineData.collect(tiny.mdp, tiny.baseline, 4000, rng=0)
    >>> learned = offline_baseline(data, tiny.mdp.R, 0, delta=0.05)
    >>> learned.policy.tolist(), bool(tiny.threshold < learned.lower_value <= 9 / 8)
    ([[0, 0], [1, 1]], True)
    """
    if not isinstance(data, OfflineData):
        raise TypeError(f"data is of type {type(data).__name__}, expected an OfflineData")
    H = data.actions.shape[1]
    known = validate.array("rewards", rewards, shape=(H, None, None))
    if 0 in known.shape:
        raise ValueError(f"rewards has shape {known.shape}, expected (H, S, A) with S, A >= 1")
    validate.in_interval("rewards", known, 0.0, 1.0)
    delta = validate.confidence("delta", delta)
    scale = validate.number("scale", scale, low=0.0)
    _, S, A = known.shape
    first = _start_law(start, S)
    return _learn(data.counts(S, A), known, first, data.episodes, delta, scale)


def _start_law(start: Any, n_states: int) -> NDArray[np.float64]:
    if np.ndim(start) == 0:
        law = np.zeros(n_states)
        law[validate.integer("start", start, low=0, high=n_states - 1)] = 1.0
        return law
    law = validate.array("start", start, shape=(n_states,))
    validate.distributions("start", law)
    return law


def _radius(visits: Any, log_union: float, n_states: int) -> Any:
    """w(n): the L1 radius after so many visits, elementwise."""
    n = np.maximum(visits, 1)
    beta = log_union + (n_states - 1) * (1.0 + np.log1p(n / max(n_states - 1, 1)))
    return np.where(visits > 0, np.minimum(2.0, np.sqrt(2.0 * beta / n)), 2.0)


def _learn(counts: Any, rewards: Any, start: Any, episodes: int, delta: float, scale: float) -> OfflineBaseline:
    H, S, A = rewards.shape
    visits = counts.sum(axis=-1)
    frequencies = np.where(visits[..., None] > 0, counts / np.maximum(visits, 1)[..., None], 1.0 / S)
    remaining = np.arange(H - 1, -1, -1.0)[:, None, None]
    bonus = 0.5 * remaining * scale * _radius(visits, log_term(S, A, H, delta), S)
    lower, empirical = np.zeros((H + 1, S)), np.zeros(S)
    policy, every = np.zeros((H, S), np.int64), np.arange(S)
    for h in range(H - 1, -1, -1):
        q = np.maximum(0.0, rewards[h] - bonus[h] + frequencies[h] @ lower[h + 1])
        policy[h] = np.argmax(q >= q.max(axis=1, keepdims=True) - TIE, axis=1)
        lower[h] = q[every, policy[h]]
        empirical = rewards[h, every, policy[h]] + frequencies[h, every, policy[h]] @ empirical
    reached, loss = np.zeros((H, S)), np.zeros((H, S))
    mass = np.array(start)
    for h in range(H):
        reached[h], loss[h] = mass, mass * bonus[h, every, policy[h]]
        mass = mass @ frequencies[h, every, policy[h]]
    frozen = validate.readonly
    return OfflineBaseline(
        frozen(policy), float(start @ lower[0]), frozen(lower), frozen(visits), frozen(reached), frozen(loss),
        float(start @ empirical), episodes, delta, scale,
    )  # fmt: skip


def learn_baseline(
    mdp: EpisodicMDP,
    episodes: int,
    *,
    behaviour: Any,
    delta: float = 0.05,
    scale: float = 1.0,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> EpisodicRun:
    """Collect ``episodes`` episodes of ``behaviour``, learn from the first c of them at each checkpoint c.

    The series are those of the behaviour; ``extra`` holds (C,) ``lower_values`` and ``true_values`` (exact, of the
    learned policies); the trace also ``policies`` (C, H, S), ``lower`` (C, H + 1, S) and ``visits`` (C, H, S, A).
    """
    seed, generator = _split(rng)
    setup = begin(mdp, episodes, checkpoints=checkpoints, trace=trace, rng=seed)
    delta, scale = validate.confidence("delta", delta), validate.number("scale", scale, low=0.0)
    law = validated_policy("behaviour", behaviour, mdp)
    data = OfflineData.collect(mdp, law, setup.episodes, generator)
    H, S, A = setup.shape
    found = [_learn(data.counts(S, A, first=int(c)), mdp.R, mdp.start, int(c), delta, scale) for c in setup.log.times]
    value, times = evaluate_law(mdp.P, mdp.R, law, mdp.start), setup.log.times
    rewards = mdp.R[np.arange(H), data.states[:, :-1], data.actions]
    if mdp.reward_law == "bernoulli":  # they teach nothing, as the means are known: only the books see them
        rewards = (setup.environment.random(rewards.shape) < rewards).astype(np.float64)
    reward = np.cumsum(rewards.sum(axis=1))
    series = setup.log.series
    series[0], series[1], series[5 + BASELINE], series[8] = (
        (setup.log.goal[0] - value) * times, reward[times - 1], times, value,
    )  # fmt: skip
    kept = {
        "states": data.states,
        "actions": data.actions,
        "policies": np.array([each.policy for each in found]),
        "lower": np.array([each.lower_values for each in found]),
        "visits": np.array([each.visits for each in found]),
        "loss": np.array([each.loss for each in found]),
    }
    return finish(
        setup,
        "learn_baseline",
        {"behaviour": law, "delta": delta, "scale": scale},
        visits=found[-1].visits,
        theorem=scale == 1.0,
        trace=kept,
        extra={
            "lower_values": np.array([each.lower_value for each in found]),
            "true_values": np.array([_true_value(mdp, each.policy) for each in found]),
        },
    )


def _true_value(mdp: EpisodicMDP, policy: NDArray[np.int64]) -> float:
    every, value = np.arange(mdp.n_states), np.zeros(mdp.n_states)
    for h in range(mdp.horizon - 1, -1, -1):
        value = mdp.R[h, every, policy[h]] + mdp.P[h, every, policy[h]] @ value
    return float(mdp.start @ value)


def stepmix_offline(
    mdp: EpisodicMDP,
    episodes: int,
    *,
    behaviour: Any,
    offline_episodes: int,
    threshold: float,
    delta: float = 0.05,
    scale: float = 1.0,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> EpisodicRun:
    r"""StepMix with a baseline learned from ``offline_episodes`` episodes of ``behaviour``.

    With probability at least :math:`1-\delta` no episode violates.  The regret is that of the online episodes.
    ``extra["offline"]`` holds policy, values and coverage of the :class:`OfflineBaseline`, and the concentrability of
    the policy in the true model (which the learner does not see).

    Raises
    ------
    ValueError
        As for ``stepmix``; and, before any online step, if the data set does not certify a policy above ``threshold``:
        the message says which step, state and action lack visits, and how much data would do.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named_problem
    >>> tiny = named_problem("tiny")
    >>> run = stepmix_offline(
    ...     tiny.mdp, 500, behaviour=tiny.baseline, offline_episodes=4000, threshold=tiny.threshold, rng=1
    ... )
    >>> int(run.violations[-1]), run.algorithm
    (0, 'stepmix_offline')

    References
    ----------
    [li2023near].
    """
    given = _Request(mdp, behaviour, offline_episodes, threshold, delta, scale)
    return _safe_run(stepmix, given, episodes, checkpoints=checkpoints, trace=trace, rng=rng)


def epsmix_offline(
    mdp: EpisodicMDP,
    episodes: int,
    *,
    behaviour: Any,
    offline_episodes: int,
    threshold: float,
    delta: float = 0.05,
    scale: float = 1.0,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> EpisodicRun:
    """EpsMix instead of StepMix; everything else as in :func:`stepmix_offline`."""
    given = _Request(mdp, behaviour, offline_episodes, threshold, delta, scale)
    return _safe_run(epsmix, given, episodes, checkpoints=checkpoints, trace=trace, rng=rng)


@dataclass(frozen=True, slots=True)
class _Request:
    mdp: EpisodicMDP
    behaviour: Any
    offline_episodes: int
    threshold: float
    delta: float
    scale: float


def _safe_run(learner: Any, given: _Request, episodes: int, *, rng: RNGLike, **common: Any) -> EpisodicRun:
    mdp, threshold = given.mdp, validate.number("threshold", given.threshold)
    law = validated_policy("behaviour", given.behaviour, mdp)
    n = validate.integer("offline_episodes", given.offline_episodes, low=1)
    share = validate.confidence("delta", given.delta) / 2.0  # one half for the data, one for the learner
    seed, generator = _split(rng)
    data = OfflineData.collect(mdp, law, n, generator)
    learned = offline_baseline(data, mdp.R, mdp.start, delta=share, scale=given.scale)
    if not learned.lower_value > threshold:
        raise ValueError(
            f"offline_episodes is {n}, expected more: the data certifies {learned.lower_value:.6g}, not above the "
            f"threshold {threshold:.6g}; {learned.lacking(threshold)}"
        )
    run: EpisodicRun = learner(
        mdp, episodes, baseline=learned.policy, threshold=threshold, baseline_value=learned.lower_value, delta=share,
        scale=given.scale, rng=seed, **common,
    )  # fmt: skip
    offline = {
        "policy": learned.policy,
        "lower_value": learned.lower_value,
        "true_value": _true_value(mdp, learned.policy),
        "visits": learned.visits,
        "concentrability": concentrability(mdp, law, learned.policy),
        "episodes": n,
    }
    if run.trace is not None:
        offline |= {"states": data.states, "actions": data.actions}
    return dataclasses.replace(
        run,
        algorithm=f"{learner.__name__}_offline",
        parameters={
            "behaviour": law, "offline_episodes": n, "threshold": threshold, "delta": given.delta, "scale": given.scale,
        },
        extra={**run.extra, "offline": offline},
    )  # fmt: skip


def _split(rng: RNGLike) -> tuple[Any, Generator]:
    """What the learner gets, and the stream of the data: the learner's own streams do not depend on the data."""
    if rng is None:
        rng = SeedSequence()
    if isinstance(rng, Generator):  # its second call would give other streams: take one child for both
        sequence: Any = rng.bit_generator.seed_seq  # type: ignore[attr-defined]
        rng = sequence.spawn(1)[0]
    return rng, streams(rng).instance
