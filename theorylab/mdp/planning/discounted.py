r"""Discounted values with two-sided bounds.   [puterman1994markov, Chapter 6; macqueen1966modified]

Setting      Finite MDP, discount $0 \le \gamma < 1$, $v^*(s) = \max_\pi E_\pi[\sum_t \gamma^t r_t \mid s_0 = s]$.
Algorithm    ``value_iteration``: $v \leftarrow L v$ until the MacQueen bounds are ``tolerance`` apart, then their
             midpoint.
             ``policy_iteration``: linear solves; the current action is kept in a tie.
             Here $L v = \max_a r_a + \gamma P_a v$.
Guarantee    For every $v$: $Lv + \frac{\gamma}{1-\gamma} \min_s (Lv - v)(s) \le v_\pi \le v^* \le
             Lv + \frac{\gamma}{1-\gamma} \max_s (Lv - v)(s)$ with $\pi$ greedy in $v$; computed with rounding errors.
Deviations   Value iteration is stopped by the span of $Lv - v$, not by its maximum norm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.planning.certificates import (
    UNIT,
    Tables,
    TabularModel,
    backup,
    exact_backup,
    outward,
    require,
    small,
    tables,
)
from theorylab.mdp.planning.memo import remember
from theorylab.mdp.planning.rational import DEFAULT_MAX_DENOMINATOR, RATIONAL_TOLERANCE, RationalMDP, rational_of

__all__ = ["ValueSolution", "policy_iteration", "value_iteration"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
TIE = 1e-13


@dataclass(frozen=True, slots=True)
class ValueSolution:
    """Discounted values between two bounds, and a policy with a bound on its loss."""

    v: FloatArray  # (S,)
    v_lower: FloatArray  # (S,) also a lower bound on the value of ``policy``
    v_upper: FloatArray  # (S,) on the optimal value
    policy: IntArray  # (S,) greedy in ``v``
    policy_loss_bound: float  # max of v_upper - v_lower: no start state loses more
    sweeps: int  # value iteration: sweeps; policy iteration: evaluations
    converged: bool  # policy_loss_bound <= tolerance
    discount: float
    exact: tuple[Fraction, ...] | None  # (S,) optimal values of the rational model
    max_denominator: int | None
    method: str

    def check(self, mdp: TabularModel) -> bool:
        """Check both bounds again from ``v`` and ``policy`` alone; in Fractions where the model is small.

        Raises
        ------
        ValueError
            If a bound does not follow from the residual.
        """
        model = tables(mdp)
        S = model.n_states
        require(self.v.shape == self.policy.shape == (S,), f"the solution has {len(self.v)} states")
        require(bool((self.v_lower <= self.v).all() and (self.v <= self.v_upper).all()), "v lies outside its bounds")
        require(float((self.v_upper - self.v_lower).max()) <= self.policy_loss_bound, "policy_loss_bound is too small")
        if not small(model):
            lower, upper = discounted_bounds(model, self.v, self.policy, self.discount, margin=0.5)
            require(bool((self.v_lower <= lower).all()), "v_lower is above the residual")
            require(bool((self.v_upper >= upper).all()), "v_upper is below the residual")
            return True
        gamma = Fraction(self.discount)
        v = [Fraction(float(x)) for x in self.v]
        q = exact_backup(model, v, gamma)
        followed = [q[s][int(self.policy[s])] for s in range(S)]
        greedy = [max(row) for row in q]
        low = gamma / (1 - gamma) * min(x - y for x, y in zip(followed, v, strict=True))
        high = gamma / (1 - gamma) * max(x - y for x, y in zip(greedy, v, strict=True))
        for s in range(S):
            require(Fraction(float(self.v_lower[s])) <= followed[s] + low, f"v_lower[{s}] is above the residual")
            require(Fraction(float(self.v_upper[s])) >= greedy[s] + high, f"v_upper[{s}] is below the residual")
        return True


def value_iteration(
    mdp: TabularModel,
    discount: float,
    *,
    tolerance: float = 1e-8,
    max_sweeps: int = 1_000_000,
    exact: bool = False,
    rational: RationalMDP | None = None,
    max_denominator: int = DEFAULT_MAX_DENOMINATOR,
) -> ValueSolution:
    r"""Optimal discounted values by value iteration, stopped by the span.   [macqueen1966modified]

    Parameters
    ----------
    discount
        $0 \le \gamma < 1$.
    tolerance
        Absolute distance of the two bounds at which the sweeps stop. Below the rounding error of a sweep it cannot be
        reached: the bounds then stay honest and ``converged`` is false.
    exact, rational, max_denominator
        As in :func:`~theorylab.mdp.planning.average_reward.optimal_gain`; the discount is rationalised alike.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> one = SimpleNamespace(P=np.ones((1, 2, 1)), R=np.array([[0.25, 1.0]]))
    >>> solution = value_iteration(one, 0.9, exact=True)
    >>> round(float(solution.v[0]), 6), solution.exact, solution.policy
    (10.0, (Fraction(10, 1),), array([1]))
    """
    model = tables(mdp)
    gamma = validate.number("discount", discount, low=0.0, high=1.0, open_high=True)
    tolerance = validate.number("tolerance", tolerance, low=0.0)
    max_sweeps = validate.integer("max_sweeps", max_sweeps, low=1)
    solution = remember(
        model.fingerprint,
        ("value_iteration", gamma, tolerance, max_sweeps),
        lambda: _value_iteration(model, gamma, tolerance, max_sweeps),
    )
    return _with_exact_values(mdp, solution, exact, rational, max_denominator)


def policy_iteration(
    mdp: TabularModel,
    discount: float,
    *,
    tolerance: float = 1e-8,
    max_iterations: int = 1000,
    exact: bool = False,
    rational: RationalMDP | None = None,
    max_denominator: int = DEFAULT_MAX_DENOMINATOR,
) -> ValueSolution:
    r"""Optimal discounted values by policy iteration with linear solves.   [howard1960dynamic]

    Parameters are those of :func:`value_iteration`; ``tolerance`` only decides what ``converged`` says.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> two = SimpleNamespace(P=np.array([[[1.0, 0], [0, 1]], [[0, 1.0], [0, 1]]]), R=np.array([[0.0, 0], [1, 1]]))
    >>> solution = policy_iteration(two, 0.5, exact=True)
    >>> solution.exact, solution.policy, solution.check(two)
    ((Fraction(1, 1), Fraction(2, 1)), array([1, 0]), True)
    """
    model = tables(mdp)
    gamma = validate.number("discount", discount, low=0.0, high=1.0, open_high=True)
    tolerance = validate.number("tolerance", tolerance, low=0.0)
    max_iterations = validate.integer("max_iterations", max_iterations, low=1)
    solution = remember(
        model.fingerprint,
        ("policy_iteration", gamma, tolerance, max_iterations),
        lambda: _policy_iteration(model, gamma, tolerance, max_iterations),
    )
    return _with_exact_values(mdp, solution, exact, rational, max_denominator)


def discounted_bounds(
    model: Tables, v: FloatArray, policy: IntArray, discount: float, *, margin: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """(lower bound on the value of ``policy``, upper bound on the optimal one), (S,); ``margin`` scales the errors."""
    q, error = backup(model, v, discount)
    error = margin * (error + 2 * UNIT * (np.abs(q) + np.abs(v)[:, None]))
    states = np.arange(model.n_states)
    below, above = (q - error)[states, policy], (q + error).max(axis=1)
    factor = discount / (1.0 - discount)
    falling, rising = float((below - v).min()), float((above - v).max())
    low = below + factor * falling - 8 * UNIT * margin * factor * abs(falling)
    high = above + factor * rising + 8 * UNIT * margin * factor * abs(rising)
    return outward(low, high)


def _value_iteration(model: Tables, discount: float, tolerance: float, max_sweeps: int) -> ValueSolution:
    S, A = model.R.shape
    v = np.zeros(S)
    factor = discount / (1.0 - discount)
    rows = discount * model.rows
    sweep, stalled, least = 0, 0, np.inf
    while sweep < max_sweeps:
        sweep += 1
        new = (model.R + (rows @ v).reshape(S, A)).max(axis=1)
        change = new - v
        low, high = float(change.min()), float(change.max())
        v = new
        width = factor * (high - low)
        if width <= 0.5 * tolerance:
            break
        # rounding: the span no longer shrinks although it would by the factor of the discount
        stalled, least = (0, width) if width < least else (stalled + 1, least)
        if stalled > 200 and max(abs(low), abs(high)) <= 64 * UNIT * (1.0 + float(np.abs(v).max())):
            break
    v = v + factor * 0.5 * (low + high)
    return _solution(model, v, discount, tolerance, sweep, "value iteration")


def _policy_iteration(model: Tables, discount: float, tolerance: float, max_iterations: int) -> ValueSolution:
    S, A = model.R.shape
    states = np.arange(S)
    policy = model.R.argmax(axis=1)
    iteration = 0
    while iteration < max_iterations:
        iteration += 1
        v = np.linalg.solve(np.eye(S) - discount * model.P[states, policy], model.R[states, policy])
        q = model.R + discount * (model.rows @ v).reshape(S, A)
        better = q.max(axis=1) > q[states, policy] + TIE * (model.reward_scale + float(np.abs(v).max()))
        if not better.any():
            break
        policy = np.where(better, q.argmax(axis=1), policy)
    return _solution(model, v, discount, tolerance, iteration, "policy iteration")


def _solution(
    model: Tables, v: FloatArray, discount: float, tolerance: float, sweeps: int, method: str
) -> ValueSolution:
    q, _ = backup(model, v, discount)
    policy = q.argmax(axis=1).astype(np.int64)
    lower, upper = discounted_bounds(model, v, policy, discount)
    lower, upper = np.minimum(lower, v), np.maximum(upper, v)  # v of an unfinished run may lie outside
    loss = float(np.nextafter((upper - lower).max(), np.inf))
    arrays = [validate.readonly(x) for x in (v, lower, upper, policy)]
    return ValueSolution(
        v=arrays[0], v_lower=arrays[1], v_upper=arrays[2], policy=arrays[3], policy_loss_bound=loss, sweeps=sweeps,
        converged=loss <= tolerance, discount=discount, exact=None, max_denominator=None, method=method,
    )  # fmt: skip


def _with_exact_values(
    mdp: TabularModel, solution: ValueSolution, exact: bool, rational: RationalMDP | None, max_denominator: int
) -> ValueSolution:
    if not validate.flag("exact", exact) and rational is None:
        return solution
    from theorylab.mdp.planning.exact import exact_discounted

    max_denominator = validate.integer("max_denominator", max_denominator, low=1)
    model = rational_of(mdp, rational, max_denominator)
    gamma = Fraction(solution.discount).limit_denominator(max_denominator)
    if abs(gamma - Fraction(solution.discount)) > Fraction(RATIONAL_TOLERANCE):
        raise ValueError(
            f"discount is {solution.discount!r}, further than {RATIONAL_TOLERANCE:g} from every fraction with a "
            f"denominator <= {max_denominator}; expected a larger max_denominator"
        )
    values, _, _ = exact_discounted(model, gamma, solution.policy)
    return replace(solution, exact=tuple(values), max_denominator=model.max_denominator)
