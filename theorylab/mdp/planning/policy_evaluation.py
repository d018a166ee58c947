r"""Gain, bias and recurrent classes of one stationary policy, from each start state.   [puterman1994markov, Chapter 8]

Setting      Finite MDP, a deterministic (S,) or stochastic (S, A) stationary policy; any number of recurrent classes,
             any period.
Algorithm    Recurrent classes by strongly connected components, then linear solves class by class.
Guarantee    On a closed class C, $\min_C (r + P h - h) \le g \le \max_C (r + P h - h)$ for every $h$. A transient state
             adds the residual of $x = P x$ times the expected number of transient steps.
Deviations   none
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.planning.certificates import (
    ROW_SLACK,
    UNIT,
    Tables,
    TabularModel,
    backup,
    exact_rows,
    outward,
    require,
    small,
    tables,
)
from theorylab.mdp.planning.chains import chain_value, follow, generator, stationary_distribution
from theorylab.mdp.planning.memo import remember
from theorylab.mdp.planning.rational import DEFAULT_MAX_DENOMINATOR, RationalMDP, rational_of

__all__ = ["PolicyGain", "policy_gain", "read_policy"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PolicyGain:
    """Long-run average reward of a stationary policy from each start state."""

    gain: FloatArray  # (S,)
    gain_lower: FloatArray  # (S,)
    gain_upper: FloatArray  # (S,)
    bias: FloatArray  # (S,) solution of h = r - g + P h with stationary mean zero on each class
    recurrent_classes: tuple[tuple[int, ...], ...]
    stationary: FloatArray  # (number of classes, S), one distribution a row
    exact: tuple[Fraction, ...] | None  # gains (S,) of the rational model
    max_denominator: int | None
    policy: NDArray[Any]  # (S,) integers or (S, A) probabilities
    transient_steps: FloatArray  # (S,) expected steps before a recurrent class is entered

    def check(self, mdp: TabularModel) -> bool:
        """Check that the bounds follow from ``bias`` on the classes and from ``transient_steps`` elsewhere.

        Raises
        ------
        ValueError
            If a bound does not follow, or the classes are not closed.
        """
        model = tables(mdp)
        require(bool((self.gain_lower <= self.gain).all()), "gain_lower lies above gain")
        require(bool((self.gain <= self.gain_upper).all()), "gain_upper lies below gain")
        P, _ = follow(model.P, model.R, self.policy)
        recurrent = sorted(s for members in self.recurrent_classes for s in members)
        for members in self.recurrent_classes:
            outside = np.setdiff1d(np.arange(model.n_states), members)
            require(not P[np.ix_(np.array(members), outside)].any(), f"class {members} is not closed")
        if not small(model):
            again = _evaluate(model, self.policy)
            close = np.allclose(again.gain, self.gain, rtol=0.0, atol=1e-9 * model.reward_scale)
            require(bool(close), "a new evaluation gives another gain")
            return True
        rows, rewards = _exact_chain_of_floats(model, self.policy)
        h = [Fraction(float(x)) for x in self.bias]
        residual = [rewards[s] + _expect(rows[s], h) - h[s] for s in range(model.n_states)]
        halves = Fraction(0)
        for members in self.recurrent_classes:
            low, high = min(residual[s] for s in members), max(residual[s] for s in members)
            for s in members:
                require(Fraction(float(self.gain_lower[s])) <= low, f"gain_lower[{s}] is above the residual")
                require(Fraction(float(self.gain_upper[s])) >= high, f"gain_upper[{s}] is below the residual")
                halves = max(
                    halves, abs(high - Fraction(float(self.gain[s]))), abs(Fraction(float(self.gain[s])) - low)
                )
        transient = sorted(set(range(model.n_states)) - set(recurrent))
        g, w = [Fraction(float(x)) for x in self.gain], [Fraction(float(x)) for x in self.transient_steps]
        require(
            all(w[s] == 0 for s in recurrent) and min(w) >= 0, "transient_steps is not zero on the recurrent classes"
        )
        excess = max([Fraction(0), *(1 + _expect(rows[s], w) - w[s] for s in transient)])
        error = max([Fraction(0), *(abs(_expect(rows[s], g) - g[s]) for s in transient)])
        for s in transient:
            low = Fraction(float(self.gain_lower[recurrent].min()))
            high = Fraction(float(self.gain_upper[recurrent].max()))
            if excess < 1:  # otherwise only the range of the classes is known
                reach = halves + error * w[s] / (1 - excess)
                low, high = max(low, g[s] - reach), min(high, g[s] + reach)
            require(Fraction(float(self.gain_lower[s])) <= low, f"gain_lower[{s}] does not follow")
            require(Fraction(float(self.gain_upper[s])) >= high, f"gain_upper[{s}] does not follow")
        return True


def policy_gain(
    mdp: TabularModel,
    policy: Any,
    *,
    exact: bool = False,
    rational: RationalMDP | None = None,
    max_denominator: int = DEFAULT_MAX_DENOMINATOR,
) -> PolicyGain:
    r"""$\rho_\pi(s) = \lim_T E_\pi[\sum_{t<T} r_t \mid s_0 = s] / T$ for every start state.

    Parameters
    ----------
    policy
        (S,) integer actions, or (S, A) action probabilities.
    exact, rational, max_denominator
        As in :func:`~theorylab.mdp.planning.average_reward.optimal_gain`; action probabilities are rationalised with
        the same ``max_denominator``.

    Raises
    ------
    ValueError
        If the policy has another shape, an action is out of range, or a row is no distribution.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> P = np.array([[[1.0, 0, 0], [0, 0, 1.0]], [[0.5, 0, 0.5], [0.5, 0, 0.5]], [[0, 0, 1.0], [0, 0, 1.0]]])
    >>> result = policy_gain(SimpleNamespace(P=P, R=np.array([[0.0, 0], [0, 0], [1, 1]])), [0, 0, 0])
    >>> result.gain, result.recurrent_classes
    (array([0. , 0.5, 1. ]), ((0,), (2,)))
    """
    model = tables(mdp)
    chosen = read_policy(policy, model.n_states, model.n_actions)
    if not validate.flag("exact", exact) and rational is None:
        return remember(
            model.fingerprint, ("policy_gain", chosen.shape, chosen.tobytes()), lambda: _evaluate(model, chosen)
        )
    max_denominator = validate.integer("max_denominator", max_denominator, low=1)
    fractions = rational_of(mdp, rational, max_denominator)
    return replace(
        _evaluate(model, chosen), exact=_exact_gains(fractions, chosen, max_denominator),
        max_denominator=fractions.max_denominator,
    )  # fmt: skip


def read_policy(policy: Any, n_states: int, n_actions: int) -> NDArray[Any]:
    """A read-only (S,) int64 or (S, A) float64 policy.

    Raises
    ------
    ValueError
        If it is neither.
    """
    raw = np.asarray(policy)
    if raw.ndim == 1:
        if len(raw) != n_states:
            raise ValueError(f"policy has length {len(raw)}, expected {n_states} (one action a state)")
        return validate.readonly(validate.indices("policy", raw, below=n_actions))
    if raw.ndim != 2:
        raise ValueError(f"policy has shape {raw.shape}, expected ({n_states},) or ({n_states}, {n_actions})")
    probabilities = validate.array("policy", raw, shape=(n_states, n_actions))
    validate.distributions("policy", probabilities)
    return validate.readonly(probabilities)


def _evaluate(model: Tables, policy: NDArray[Any]) -> PolicyGain:
    P, r = follow(model.P, model.R, policy)
    value = chain_value(P, r)
    S = model.n_states
    slack = np.abs(1.0 - P.sum(axis=1)) + (S + 2) * UNIT + ROW_SLACK
    if policy.ndim == 1:
        slack = np.maximum(slack, model.slack[np.arange(S), policy])
    else:
        slack += float(model.slack.max()) + 2 * (model.n_actions + 2) * UNIT
    chain = Tables(P[:, None, :], r[:, None], P, slack[:, None], S, None)
    lower, upper = np.empty(S), np.empty(S)
    recurrent = np.zeros(S, dtype=bool)
    stationary = np.zeros((len(value.classes), S))
    reward_error = (model.n_actions + 2) * UNIT * float(np.abs(model.R).max()) * (policy.ndim == 2)
    for i, members in enumerate(value.classes):
        recurrent[members] = True
        stationary[i, members] = stationary_distribution(P[np.ix_(members, members)])
        low, high = _class_bounds(chain, value.bias, members)
        lower[members], upper[members] = low - reward_error, high + reward_error
    steps = np.zeros(S)
    if not recurrent.all():
        _transient_bounds(chain, value.gain, ~recurrent, lower, upper, steps)
    lower, upper = outward(lower, upper)
    return PolicyGain(
        gain=validate.readonly(np.clip(value.gain, lower, upper)), gain_lower=validate.readonly(lower),
        gain_upper=validate.readonly(upper), bias=validate.readonly(value.bias),
        stationary=validate.readonly(stationary),
        recurrent_classes=tuple(tuple(int(s) for s in members) for members in value.classes), exact=None,
        max_denominator=None, policy=policy, transient_steps=validate.readonly(steps),
    )  # fmt: skip


def _class_bounds(chain: Tables, bias: FloatArray, members: NDArray[np.int64]) -> tuple[float, float]:
    """Residual bounds on a closed class; states outside do not matter, so they are set to the middle of the class."""
    middle = 0.5 * (bias[members].max() + bias[members].min())
    centred = np.zeros(len(bias))
    centred[members] = bias[members] - middle
    q, error = backup(chain, centred)
    residual = (q[:, 0] - centred)[members]
    margin = error[members, 0] + 3 * UNIT * float(np.abs(centred).max())
    return float((residual - margin).min()), float((residual + margin).max())


def _transient_bounds(
    chain: Tables,
    gain: FloatArray,
    transient: NDArray[np.bool_],
    lower: FloatArray,
    upper: FloatArray,
    steps: FloatArray,
) -> None:
    """Fill the bounds and the expected numbers of steps of the transient states.

    With $x = P x$ up to a residual e there, and w >= 1 + P w an upper bound on the transient steps, x - e w is
    subharmonic and x + e w superharmonic, so they bracket the expected gain of the class that is entered.
    """
    inside = generator(chain.rows)[np.ix_(transient, transient)]
    steps[transient] = np.linalg.solve(inside, np.ones(int(transient.sum())))
    walked, error = backup(chain, steps)
    excess = float((1.0 + walked[:, 0] + error[:, 0] - steps)[transient].max())
    halves = np.maximum(upper - gain, gain - lower)[~transient]
    scale = float(np.abs(gain).max())
    if excess >= 1.0:  # hopeless conditioning: only the range of the classes is known
        lower[transient], upper[transient] = lower[~transient].min(), upper[~transient].max()
        return
    bound = steps / (1.0 - excess)
    reached, error = backup(Tables(chain.P, np.zeros_like(chain.R), chain.rows, chain.slack, chain.terms, None), gain)
    residual = float((np.abs(reached[:, 0] - gain) + error[:, 0] + 2 * UNIT * scale)[transient].max())
    if math.isclose(gain.min(), gain.max(), rel_tol=0.0, abs_tol=0.0):
        residual = 0.0  # one gain everywhere: whatever class is entered, the bounds of the classes hold
    lower[transient] = gain[transient] - residual * bound[transient] - halves.max()
    upper[transient] = gain[transient] + residual * bound[transient] + halves.max()


def _exact_gains(model: RationalMDP, policy: NDArray[Any], max_denominator: int) -> tuple[Fraction, ...]:
    from theorylab.mdp.planning.exact import check_size, exact_chain

    check_size(model)
    rows: list[dict[int, Fraction]] = []
    rewards = []
    for s in range(model.n_states):
        if policy.ndim == 1:
            weights = {int(policy[s]): Fraction(1)}
        else:
            given = {a: Fraction(float(w)) for a, w in enumerate(policy[s]) if w > 0}
            weights = {a: w.limit_denominator(max_denominator) for a, w in given.items()}
            distance = max(abs(w - given[a]) for a, w in weights.items())
            if sum(weights.values(), Fraction(0)) != 1 or distance > Fraction(1, 10**12):
                raise ValueError(
                    f"policy[{s}] is no distribution of fractions with denominators <= {max_denominator}, expected one "
                    "in the exact mode"
                )
        row: dict[int, Fraction] = {}
        for a, w in weights.items():
            for t, p in model.rows[s][a]:
                row[t] = row.get(t, Fraction(0)) + w * p
        rows.append(row)
        rewards.append(sum((w * model.rewards[s][a] for a, w in weights.items()), Fraction(0)))
    return tuple(exact_chain(rows, rewards)[0])


def _exact_chain_of_floats(
    model: Tables, policy: NDArray[Any]
) -> tuple[list[list[tuple[int, Fraction]]], list[Fraction]]:
    """Rows and rewards of the policy in the row-normalised model, without rounding."""
    rows_of_actions = exact_rows(model)
    weights = policy if policy.ndim == 2 else np.eye(model.n_actions)[policy]
    rows, rewards = [], []
    for s in range(model.n_states):
        shares = [Fraction(float(w)) for w in weights[s]]
        total = sum(shares, Fraction(0))
        row: dict[int, Fraction] = {}
        for a, share in enumerate(shares):
            for t, p in rows_of_actions[s][a] if share else ():
                row[t] = row.get(t, Fraction(0)) + share / total * p
        rows.append(list(row.items()))
        means = (share / total * Fraction(float(model.R[s, a])) for a, share in enumerate(shares))
        rewards.append(sum(means, Fraction(0)))
    return rows, rewards


def _expect(row: list[tuple[int, Fraction]], values: list[Fraction]) -> Fraction:
    return sum((p * values[t] for t, p in row), Fraction(0))
