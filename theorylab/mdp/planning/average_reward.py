r"""The optimal gain of a finite MDP, with two-sided bounds.   [puterman1994markov, Chapters 8, 9]

Setting      Finite MDP, long-run average reward. The gain of a policy from $s$ is
             $\lim_T E[\sum_{t<T} r_t \mid s_0 = s] / T$; the optimal gain must be the same from every start state, as
             it is in every weakly communicating model.
Algorithm    A few sweeps of relative value iteration on the aperiodic transform (P + I)/2 give a first policy; then
             Howard's policy iteration for multichain models: improve $P_a g$ first, $r_a + P_a h$ among its maximisers
             second, keep the current action in a tie; evaluation by linear solves, so periodic chains are no exception.
Guarantee    For any $h$ and policy $\pi$: $\min_s (L_\pi h - h)(s) \le \rho_\pi \le \rho^* \le \max_s (L h - h)(s)$
             with $L h = \max_a r_a + P_a h$; both sides are computed with their rounding errors.
Deviations   A model whose optimal gain depends on the start state is refused with two such states; ``policy_gain`` and
             the discounted planners take every model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.planning.certificates import (
    Tables,
    TabularModel,
    exact_backup,
    require,
    small,
    tables,
)
from theorylab.mdp.planning.gain_search import Candidate, gain_bounds, search
from theorylab.mdp.planning.memo import remember
from theorylab.mdp.planning.rational import DEFAULT_MAX_DENOMINATOR, RationalMDP, rational_of

__all__ = ["GainSolution", "optimal_gain"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class GainSolution:
    r"""An optimal policy for the long-run average reward.

    ``bias`` solves $h + \rho = \max_a (r_a + P_a h)$ up to ``gain_upper - gain_lower`` and is the bias of ``policy``,
    normalised to a stationary mean of zero; it is unique up to a constant when all optimal policies share one recurrent
    class, and one of several solutions otherwise.
    """

    gain: float
    gain_lower: float  # of ``policy``, hence of the optimal gain
    gain_upper: float  # of the optimal gain
    bias: FloatArray  # (S,)
    bias_span: float  # max - min of ``bias``
    policy: IntArray  # (S,)
    iterations: int  # policy evaluations
    converged: bool  # gain_upper - gain_lower <= tolerance * max |R|
    exact: Fraction | None  # the gain of the rational model, proved optimal over the rationals
    exact_bias_span: Fraction | None
    max_denominator: int | None  # of the rational model made from the floats; None when it was given or not asked for
    method: str

    def check(self, mdp: TabularModel) -> bool:
        """Check both bounds again from ``bias`` and ``policy`` alone; in Fractions where the model is small.

        Returns
        -------
        bool
            True.

        Raises
        ------
        ValueError
            If a bound does not follow from the residual.
        """
        model = tables(mdp)
        states = np.arange(model.n_states)
        require(self.bias.shape == self.policy.shape == (model.n_states,), f"the solution has {len(self.bias)} states")
        require(self.gain_lower <= self.gain <= self.gain_upper, "gain lies outside its bounds")
        if small(model):
            h = [Fraction(float(x)) for x in self.bias]
            q = exact_backup(model, h)
            lower = min(q[s][int(self.policy[s])] - h[s] for s in states)
            upper = max(max(q[s]) - h[s] for s in states)
            require(Fraction(self.gain_lower) <= lower, f"gain_lower {self.gain_lower} > {float(lower)}")
            require(Fraction(self.gain_upper) >= upper, f"gain_upper {self.gain_upper} < {float(upper)}")
            return True
        P, R, wide = (x.astype(np.longdouble) for x in (model.P, model.R, self.bias))
        centred = wide - (wide.max() + wide.min()) / 2
        residual = R + P @ centred - centred[:, None]
        allowed = float(model.slack.max()) * self.bias_span
        require(self.gain_lower <= residual[states, self.policy].min() + allowed, "gain_lower is above the residual")
        require(self.gain_upper >= residual.max() - allowed, "gain_upper is below the residual")
        return True


def optimal_gain(
    mdp: TabularModel,
    *,
    tolerance: float = 1e-10,
    max_iterations: int = 1000,
    exact: bool = False,
    rational: RationalMDP | None = None,
    max_denominator: int = DEFAULT_MAX_DENOMINATOR,
) -> GainSolution:
    r"""$\rho^* = \max_\pi \lim_T E_\pi[\sum_{t<T} r_t] / T$, a bias function and an optimal policy.

    Parameters
    ----------
    mdp
        A model whose optimal gain does not depend on the start state.
    tolerance
        ``converged`` says whether the bounds are at most ``tolerance * max |R|`` apart.
    max_iterations
        Bound on the number of policy evaluations.
    exact
        Also solve the rational model over the rationals (up to 128 states): ``exact``, ``exact_bias_span``.
    rational
        The rational model, when the floats are not close to fractions with small denominators.
    max_denominator
        For :func:`~theorylab.mdp.planning.rational.rationalise` when ``rational`` is not given.

    Raises
    ------
    ValueError
        If the optimal gain depends on the start state (two states are named), or if the exact mode is asked for and
        the floats are not fractions.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> wheel = SimpleNamespace(P=np.array([[[0.0, 1.0]], [[1.0, 0.0]]]), R=np.array([[0.0], [1.0]]))  # period two
    >>> solution = optimal_gain(wheel, exact=True)
    >>> round(solution.gain, 12), solution.exact, solution.converged
    (0.5, Fraction(1, 2), True)
    """
    model = tables(mdp)
    tolerance = validate.number("tolerance", tolerance, low=0.0)
    max_iterations = validate.integer("max_iterations", max_iterations, low=1)
    if validate.flag("exact", exact) or rational is not None:
        max_denominator = validate.integer("max_denominator", max_denominator, low=1)
        return remember(
            model.fingerprint if rational is None else None,
            ("optimal_gain", tolerance, max_iterations, max_denominator),
            lambda: _exact_solution(model, rational_of(mdp, rational, max_denominator), tolerance, max_iterations),
        )
    return remember(
        model.fingerprint,
        ("optimal_gain", tolerance, max_iterations),
        lambda: _solution(model, search(model, tolerance, max_iterations), tolerance),
    )


def _solution(model: Tables, found: Candidate, tolerance: float) -> GainSolution:
    bias, policy = validate.readonly(found.bias), validate.readonly(found.policy)
    states = np.arange(model.n_states)
    residual = model.R[states, policy] + model.P[states, policy] @ bias - bias
    return GainSolution(
        gain=min(max(float(np.median(residual)), found.lower), found.upper), gain_lower=found.lower,
        gain_upper=found.upper, bias=bias, bias_span=float(bias.max() - bias.min()), policy=policy,
        iterations=found.iterations, converged=found.upper - found.lower <= tolerance * model.reward_scale, exact=None,
        exact_bias_span=None, max_denominator=None, method="multichain policy iteration",
    )  # fmt: skip


def _exact_solution(model: Tables, rational: RationalMDP, tolerance: float, max_iterations: int) -> GainSolution:
    from theorylab.mdp.planning.exact import check_size, exact_optimal_gain

    check_size(rational)
    floats = search(model, tolerance, max_iterations)
    answer = exact_optimal_gain(rational, floats.policy)
    bias = np.array([float(x) for x in answer.bias])
    policy = np.array(answer.policy, dtype=np.int64)
    lower, upper = gain_bounds(model, bias, policy)
    found = Candidate(lower, upper, bias, policy, floats.iterations + answer.iterations)
    return replace(
        _solution(model, found, tolerance), gain=min(max(float(answer.gain), lower), upper), exact=answer.gain,
        exact_bias_span=max(answer.bias) - min(answer.bias), max_denominator=rational.max_denominator,
        method="policy iteration over the rationals",
    )  # fmt: skip
