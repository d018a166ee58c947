r"""What prescribed counts are good for: an accurate model, policies to every goal, finding a rare reward.

Setting      As :mod:`theorylab.mdp.exploration.gosprl`.                                      [tarbouriech2021provably]
Algorithm    *Model estimation*: the least count n with :math:`w(n) \le \eta` for every pair.  *Goal-free*: n samples of
             each pair, n doubled until a certificate holds for every goal.  *Sparse reward*: m samples of each relevant
             pair.
Guarantee    Derived here, each with probability at least :math:`1-\delta`, whatever the number of steps:
             *model estimation* :math:`|\hat p - p|_1 \le \eta` for all pairs, as the balls hold at all counts at once;
             *goal-free* for each goal g and state s the returned policy needs at most
             :math:`u_g(s)/c_g \le (1+\theta) V^*_g(s)` expected steps, with u_g the optimistic values,
             :math:`c_g = 1 - \varepsilon - \max_s w(s, \pi_g(s)) \max u_g \ge 1/(1+\theta)`.  For
             :math:`u_g - p u_g \ge 1 - \varepsilon - |p - \tilde p|_1 \max u_g / 2 \ge c_g` off the goal, so that
             :math:`u_g / c_g` falls by 1 in expectation at each step, and :math:`u_g \le V^*_g`;
             *sparse reward* each relevant pair that pays with probability at least q has paid, for
             :math:`m = \lceil \log(n/\delta) / (-\log(1-q)) \rceil` and n relevant pairs.
Deviations   The paper's requirements are finer (they use variances) and its orders are smaller; its goal-free case has
             costs and its own accuracy, of which the factor :math:`1+\theta` is a simple special case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.checkpoints import LONGEST
from theorylab.core.rng import RNGLike
from theorylab.mdp.exploration.confidence import least_samples, radius_kernel
from theorylab.mdp.exploration.gosprl import OPTIMISTIC, collect_kernel, gosprl
from theorylab.mdp.exploration.online import Setup, begin, continued, finish, play
from theorylab.mdp.exploration.record import ExplorationRun
from theorylab.mdp.exploration.shortest_path import evi_ssp_kernel

__all__ = ["GoalPolicies", "ModelEstimate", "RewardSearch", "goal_free", "model_estimation", "sparse_reward"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEstimate:
    """An empirical model with the radii of its balls in L1."""

    run: ExplorationRun
    P: FloatArray  # (S, A, S)  uniform where a pair was never played
    radii: FloatArray  # (S, A)
    precision: float

    @property
    def met(self) -> bool:
        """Whether all radii are at most the precision (the horizon was long enough)."""
        return bool((self.radii <= self.precision).all())


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalPolicies:
    """A policy to each goal, and how far from the fastest it can be."""

    run: ExplorationRun
    policies: NDArray[np.int64]  # (S, S)  [goal, state]
    upper_times: FloatArray  # (S, S)  [goal, state]  bound on the policy's expected steps; inf: not certified
    factors: FloatArray  # (S,)  1/c_g: the policy is at most so many times slower than the fastest; inf: unknown
    rounds: int  # how often the number of samples was set

    @property
    def met(self) -> bool:
        """Whether every goal is certified to the factor that was asked for."""
        return bool((self.factors <= 1.0 + float(self.run.parameters["slack"])).all())


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardSearch:
    """Which pairs have paid so far."""

    run: ExplorationRun
    found: NDArray[np.bool_]  # (S, A)
    samples: int  # required of each relevant pair


def model_estimation(
    mdp: Any,
    horizon: int,
    *,
    precision: float,
    delta: float = 0.05,
    scale: float = 1.0,
    accuracy: float = 0.01,
    rng: RNGLike = None,
) -> ModelEstimate:
    r"""Sample each pair until its transitions are known to ``precision`` in L1, with confidence ``1 - delta``.

    Parameters
    ----------
    precision : float
        :math:`\eta > 0`, in L1 (twice the total variation).

    Other parameters and errors are those of :func:`theorylab.mdp.exploration.gosprl`.

    Examples
    --------
    >>> from theorylab.mdp.environments import two_state
    >>> model = two_state(0.25)
    >>> estimate = model_estimation(model, 10_000, precision=0.2, rng=1)
    >>> estimate.met, bool(abs(estimate.P - model.P).sum(axis=2).max() <= 0.2)
    (True, True)
    """
    precision = validate.number("precision", precision, low=0.0, open_low=True)
    delta = validate.confidence("delta", delta)
    S, A = begin(mdp, horizon, 0, None, False, 0).mdp.R.shape
    samples = least_samples("precision", precision, S, A, delta, scale)
    run = gosprl(mdp, horizon, requirements=samples, delta=delta, scale=scale, accuracy=accuracy, rng=rng)
    P, radii = _estimate(run.visits, run.counts, delta, scale)
    return ModelEstimate(run=run, P=validate.readonly(P), radii=validate.readonly(radii), precision=precision)


def goal_free(
    mdp: Any,
    horizon: int,
    *,
    slack: float = 1.0,
    delta: float = 0.05,
    scale: float = 1.0,
    accuracy: float = 0.01,
    rng: RNGLike = None,
) -> GoalPolicies:
    r"""Learn a policy to every goal that takes at most ``1 + slack`` times the least expected number of steps.

    Parameters
    ----------
    slack : float
        :math:`\theta > 0`; the diameter need not be known.

    Other parameters and errors are those of :func:`theorylab.mdp.exploration.gosprl`.

    Examples
    --------
    >>> from theorylab.mdp.environments import two_state
    >>> learned = goal_free(two_state(0.25), 100_000, slack=1.0, rng=1)
    >>> learned.met, learned.policies.tolist()
    (True, [[0, 1], [1, 0]])
    """
    slack = validate.number("slack", slack, low=0.0, open_low=True)
    delta = validate.confidence("delta", delta)
    scale = validate.number("scale", scale, low=0.0, open_low=True)
    accuracy = validate.number("accuracy", accuracy, low=0.0, high=0.5, open_low=True)
    setup = begin(mdp, horizon, 0, None, False, rng)
    S, A = setup.mdp.R.shape
    samples = max(1, least_samples("slack / (1 + slack)", slack / (1.0 + slack), S, A, delta, scale))
    visits, counts = np.zeros((S, A), dtype=np.int64), np.zeros((S, A, S), dtype=np.int64)
    goal_visits = np.zeros(S, dtype=np.int64)
    starts: list[NDArray[np.int64]] = []
    sweeps: list[NDArray[np.int64]] = []
    steps, state, rounds = 0, setup.state, 0
    while True:
        rounds += 1
        wanted = np.full((S, A), samples, dtype=np.int64)
        part = continued(setup, requirements=wanted, horizon=setup.horizon - steps, state=state)
        source = setup.source
        found, out, _ = play(
            collect_kernel, part, OPTIMISTIC, delta, scale, accuracy, source.environment, source.agent, (visits, counts)
        )
        visits, counts = out[1], out[2]
        goal_visits += out[3]
        starts.append(out[4][: found[1]] + steps)
        sweeps.append(out[5][: found[1]])
        steps, missing, state = steps + found[0], found[2], found[3]
        policies, values, factors = _policies_to_goals(visits, counts, delta, scale, accuracy)
        if (factors <= 1.0 + slack).all() or steps >= setup.horizon:
            break
        samples *= 2
    whole = _whole(setup, wanted, steps)
    merged = (
        np.array([wanted.sum() - missing], dtype=np.int64), visits, counts, goal_visits,
        np.concatenate(starts), np.concatenate(sweeps),
    )  # fmt: skip
    parameters = {"delta": delta, "scale": scale, "accuracy": accuracy, "slack": slack}
    taken = (steps, len(merged[4]), missing, state)
    run = finish(whole, "goal_free", parameters, taken, merged, theorem=scale == 1.0)
    with np.errstate(invalid="ignore"):
        upper = np.where(values > 0.0, values * factors[:, None], 0.0)
    return GoalPolicies(
        run=run,
        policies=validate.readonly(policies),
        upper_times=validate.readonly(upper),
        factors=validate.readonly(factors),
        rounds=rounds,
    )


def sparse_reward(
    mdp: Any,
    horizon: int,
    *,
    least_probability: float,
    pairs: Any = None,
    delta: float = 0.05,
    accuracy: float = 0.01,
    rng: RNGLike = None,
) -> RewardSearch:
    r"""Sample each relevant pair until a reward that pays with ``least_probability`` has shown, but for ``delta``.

    Parameters
    ----------
    least_probability : float
        q in (0, 1): the smallest probability of a positive reward that must not be missed.
    pairs : (S, A) array of bool, optional
        The relevant pairs; all by default.

    The rewards of a pair do not depend on the path: whether a pair has paid is drawn after the run, from its visits.
    Other parameters and errors are those of :func:`theorylab.mdp.exploration.gosprl`.

    Examples
    --------
    >>> from theorylab.mdp.environments import riverswim
    >>> search = sparse_reward(riverswim(6), 50_000, least_probability=0.2, rng=1)
    >>> search.samples, np.argwhere(search.found).tolist()
    (25, [[0, 0], [5, 1]])
    """
    q = validate.probability("least_probability", least_probability)
    delta = validate.confidence("delta", delta)
    accuracy = validate.number("accuracy", accuracy, low=0.0, high=0.5, open_low=True)
    setup = begin(mdp, horizon, 0, None, False, rng)
    shape = setup.mdp.R.shape
    try:
        relevant = np.ones(shape, dtype=np.bool_) if pairs is None else np.asarray(pairs)
    except ValueError as error:
        raise ValueError(f"pairs have rows of different lengths, expected the shape {shape}") from error
    if relevant.dtype != np.bool_ or relevant.shape != shape:
        raise ValueError(f"pairs has shape {relevant.shape} and dtype {relevant.dtype}, expected {shape} and bool")
    needed = math.log(max(1, int(relevant.sum())) / delta) / -math.log1p(-q)
    if needed * relevant.size > LONGEST:
        raise ValueError(f"least_probability is {q:.6g}, expected one for which 2^53 samples do")
    samples = math.ceil(needed)
    wanted = np.where(relevant, samples, 0).astype(np.int64)
    part = continued(setup, requirements=wanted, horizon=setup.horizon, state=setup.state)
    source = setup.source
    found, out, _ = play(collect_kernel, part, OPTIMISTIC, delta, 1.0, accuracy, source.environment, source.agent)
    parameters = {"delta": delta, "scale": 1.0, "accuracy": accuracy, "least_probability": q}
    run = finish(part, "sparse_reward", parameters, found, out, theorem=True)
    paid = source.environment.binomial(run.visits, _chance_of_reward(setup.mdp)) > 0
    return RewardSearch(run=run, found=validate.readonly(paid & relevant), samples=samples)


def _estimate(visits: Any, counts: Any, delta: float, scale: float) -> tuple[FloatArray, FloatArray]:
    """Empirical transitions (S, A, S) and radii (S, A)."""
    S, A = visits.shape
    P = np.where(visits[..., None] > 0, counts / np.maximum(1, visits)[..., None], 1.0 / S)
    radii = np.array([[radius_kernel(int(n), S, A, delta, scale) for n in row] for row in visits])
    return P, radii


def _policies_to_goals(
    visits: Any, counts: Any, delta: float, scale: float, accuracy: float
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Policies and optimistic values (S, S) [goal, state], factors (S,)."""
    S = visits.shape[0]
    P, radii = _estimate(visits, counts, delta, scale)
    policies, values = np.zeros((S, S), dtype=np.int64), np.zeros((S, S))
    factors = np.full(S, np.inf)
    goal, order = np.zeros(S, dtype=np.bool_), np.zeros(S, dtype=np.int64)
    u_next, negative, p = np.zeros(S), np.zeros(S), np.zeros(S)
    for g in range(S):
        goal[:] = False
        goal[g] = True
        done = evi_ssp_kernel(P, radii, goal, accuracy, values[g], u_next, negative, order, p, policies[g])
        widest = np.delete(radii[np.arange(S), policies[g]], g).max(initial=0.0)
        left = 1.0 - accuracy - widest * values[g].max()
        if done > 0 and left > 0.0:
            factors[g] = 1.0 / left
    return policies, values, factors


def _whole(setup: Setup, requirements: NDArray[np.int64], steps: int) -> Setup:
    """The setup whose record covers the trajectory from its start."""
    return continued(setup, requirements=requirements, horizon=setup.horizon, state=setup.state)


def _chance_of_reward(mdp: Any) -> FloatArray:
    """The probability (S, A) of a positive reward."""
    if mdp.reward_law == "bernoulli":
        means: FloatArray = mdp.R
        return means
    if mdp.reward_values is not None:
        chance: FloatArray = np.minimum(1.0, (mdp.reward_probabilities * (mdp.reward_values > 0.0)).sum(axis=2))
        return chance
    paid: FloatArray = np.asarray(mdp.R > 0.0, dtype=np.float64)
    return paid
