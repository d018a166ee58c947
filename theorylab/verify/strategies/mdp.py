r"""Hypothesis strategies for finite models with exact rational rows, for your own test suite.

Every row is a distribution of small denominators, converted to floats; :func:`as_fractions` gives the rationals back,
so that an exact oracle and the code under test see the same model.  A failing example shrinks to few states, few
actions and zeros and ones.

Use in another project (``pip install theorylab hypothesis``)::

    from hypothesis import given
    from theorylab.verify.strategies import mdp as theory

    @given(theory.finite_mdps(max_states=3), theory.seeds())
    def test_my_solver_meets_the_residual_bound(model, seed):
        P, R = model                                         # (S, A, S) and (S, A) float arrays
        v = my_solver(P, R, gamma=0.9, rng=seed)
        assert residual_bound(P, R, 0.9, v) < 1e-6           # theorylab.verify.exact.outcomes

    @given(theory.finite_mdps(build=MyModel))                # called as MyModel(P, R, reward_law="deterministic")
    def test_on_my_own_class(model): ...

    @given(st.data(), theory.communicating_mdps(max_diameter=20))
    def test_every_policy_is_worse(data, model):
        policy = data.draw(theory.policies(model))           # (S,) actions
        ...

The strategies know no model class: they make ``MDPArrays(P, R)`` unless ``build`` is given.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from theorylab.core import validate

__all__ = [
    "MDPArrays",
    "as_fractions",
    "categorical_streams",
    "communicating_mdps",
    "diameter_bound",
    "finite_mdps",
    "mdp_arrays",
    "policies",
    "probability_vectors",
    "seeds",
]

DENOMINATORS = (1, 2, 3, 4, 5, 8, 10, 12)
CYCLE_WEIGHTS = tuple(Fraction(w) for w in ("1/4", "1/3", "1/2", "2/3", "3/4", "1"))
REWARD_LAWS = ("deterministic", "bernoulli")
LARGEST_DENOMINATOR = 4096


class MDPArrays(NamedTuple):
    """Transitions and mean rewards of a finite Markov decision process."""

    P: NDArray[np.float64]  # (S, A, S)
    R: NDArray[np.float64]  # (S, A)


def as_fractions(values: Any, *, largest_denominator: int = LARGEST_DENOMINATOR) -> NDArray[Any]:
    """The rationals of small denominator that were converted to these floats: an object array of the same shape.

    Raises
    ------
    ValueError
        If an entry is no such float: ``values[1] is 0.333, ...``.

    Examples
    --------
    >>> as_fractions([1 / 3, 0.1]).tolist()
    [Fraction(1, 3), Fraction(1, 10)]
    """
    floats = validate.array("values", values)
    out = np.empty(floats.shape, dtype=object)
    for index in np.ndindex(floats.shape):
        exact = Fraction(float(floats[index])).limit_denominator(largest_denominator)
        if float(exact) != floats[index]:
            raise ValueError(
                f"{validate.where('values', index)} is {floats[index]!r}, expected a rational of denominator <= "
                f"{largest_denominator}, rounded to a float"
            )
        out[index] = exact
    return out


def seeds() -> st.SearchStrategy[int]:
    """Seeds for an ``rng`` argument: integers in 0..2^32 - 1."""
    return st.integers(0, 2**32 - 1)


@st.composite
def _rational_rows(draw: st.DrawFn, n: int, denominators: Sequence[int]) -> list[Fraction]:
    d = draw(st.sampled_from(list(denominators)))
    cuts = [0, *sorted(draw(st.lists(st.integers(0, d), min_size=n - 1, max_size=n - 1))), d]
    return [Fraction(b - a, d) for a, b in itertools.pairwise(cuts)]


def probability_vectors(n: int, denominators: Sequence[int] = DENOMINATORS) -> st.SearchStrategy[NDArray[np.float64]]:
    """Probability vectors of length ``n`` whose entries are multiples of 1/d, for a d of ``denominators``.

    Zeros and point masses are frequent: that is where code breaks.

    Raises
    ------
    ValueError
        If ``n`` < 1 or a denominator is not in 1..4096.
    """
    n = validate.integer("n", n, low=1)
    return _rational_rows(n, _denominators(denominators)).map(_floats)


@st.composite
def _real_rows(draw: st.DrawFn, n: int) -> NDArray[np.float64]:
    weights = draw(st.lists(st.floats(0.0, 1.0, allow_subnormal=False), min_size=n, max_size=n))
    if sum(weights) < 1e-6:
        weights[0] = 1.0
    row: NDArray[np.float64] = np.asarray(weights) / np.sum(weights)
    row[np.argmax(row)] += 1.0 - row.sum()  # what is left over is rounding
    return row


@st.composite
def mdp_arrays(
    draw: st.DrawFn,
    *,
    min_states: int = 1,
    max_states: int = 4,
    max_actions: int = 3,
    rational: bool = True,
    communicating: bool = False,
    max_diameter: float | None = None,
    rewards: tuple[int, int] = (0, 1),
    denominators: Sequence[int] = DENOMINATORS,
) -> MDPArrays:
    """Models as plain arrays; parameters as in :func:`finite_mdps` and :func:`communicating_mdps`."""
    min_states = validate.integer("min_states", min_states, low=1)
    max_states = validate.integer("max_states", max_states, low=min_states)
    max_actions = validate.integer("max_actions", max_actions, low=1)
    divisors = _denominators(denominators)
    low, high = (validate.integer(f"rewards[{i}]", r) for i, r in enumerate(rewards))
    if low > high:
        raise ValueError(f"rewards is {rewards}, expected a pair low <= high")
    if max_diameter is not None:
        max_diameter = validate.number("max_diameter", max_diameter, low=max(min_states - 1, 0))
        max_states = min(max_states, int(max_diameter) + 1)
    S = draw(st.integers(min_states, max_states))
    A = draw(st.integers(1, max_actions))
    row: st.SearchStrategy[Any] = _rational_rows(S, divisors) if rational else _real_rows(S)
    # Exact until the end, so that the mixture with a cycle below is rounded once.
    rows = [[[Fraction(p) for p in draw(row)] for _ in range(A)] for _ in range(S)]
    if communicating or max_diameter is not None:
        usable = [w for w in CYCLE_WEIGHTS if max_diameter is None or diameter_bound(S, w) <= max_diameter]
        weight = draw(st.sampled_from(usable))
        order = draw(st.permutations(range(S)))
        for s, successor in zip(order, [*order[1:], order[0]], strict=True):
            a = draw(st.integers(0, A - 1))
            rows[s][a] = [(1 - weight) * p + (weight if t == successor else 0) for t, p in enumerate(rows[s][a])]
    P = np.array([[_floats(r) for r in actions] for actions in rows])
    if rational:
        d = draw(st.sampled_from(divisors))
        reward: st.SearchStrategy[Any] = st.integers(low * d, high * d).map(lambda j: j / d)
    else:
        reward = st.floats(low, high, allow_subnormal=False)
    R = np.array([[float(draw(reward)) for _ in range(A)] for _ in range(S)])
    return MDPArrays(P, R)


def finite_mdps(
    *,
    min_states: int = 1,
    max_states: int = 4,
    max_actions: int = 3,
    rational: bool = True,
    communicating: bool = False,
    reward_law: str = "deterministic",
    rewards: tuple[int, int] = (0, 1),
    denominators: Sequence[int] = DENOMINATORS,
    build: Callable[..., Any] | None = None,
) -> st.SearchStrategy[Any]:
    """Finite Markov decision processes.

    Parameters
    ----------
    min_states, max_states, max_actions
        Sizes: S in min_states..max_states, A in 1..max_actions.
    rational
        Rows and rewards of small denominators.  ``False``: any floats; rows sum to one up to rounding.
    communicating
        Every state can be reached from every other one, by construction; see :func:`communicating_mdps`.
    reward_law
        "deterministic" or "bernoulli" (then ``rewards`` must lie in 0..1); handed to ``build``.
    rewards
        Lowest and highest mean reward.
    denominators
        Of the rows before a cycle is mixed in, and of the rewards.
    build
        Called as ``build(P, R, reward_law=reward_law)``; ``None`` gives :class:`MDPArrays`.
    """
    reward_law = validate.choice("reward_law", reward_law, REWARD_LAWS)
    if reward_law == "bernoulli" and not (rewards[0] >= 0 and rewards[1] <= 1):
        raise ValueError(f"rewards is {rewards}, expected a pair in [0, 1] for Bernoulli rewards")
    arrays = mdp_arrays(
        min_states=min_states,
        max_states=max_states,
        max_actions=max_actions,
        rational=rational,
        communicating=communicating,
        rewards=rewards,
        denominators=denominators,
    )
    return _built(arrays, reward_law, build)


def communicating_mdps(
    *,
    max_states: int = 4,
    max_actions: int = 3,
    max_diameter: float | None = None,
    rational: bool = True,
    reward_law: str = "deterministic",
    build: Callable[..., Any] | None = None,
) -> st.SearchStrategy[Any]:
    """Models in which every state can be reached from every other one, with rewards in [0, 1].

    By construction: the states lie on a random cycle, and in each state some action goes to the next one with
    probability at least w.  The policy of these actions needs at most :func:`diameter_bound` steps on average from any
    state to any other, which is held below ``max_diameter`` by the choice of w and of the number of states.
    """
    reward_law = validate.choice("reward_law", reward_law, REWARD_LAWS)
    arrays = mdp_arrays(
        max_states=max_states,
        max_actions=max_actions,
        rational=rational,
        communicating=True,
        max_diameter=max_diameter,
    )
    return _built(arrays, reward_law, build)


def diameter_bound(states: int, weight: Fraction) -> Fraction:
    """(w^-(S-1) - 1) / (1 - w): the mean wait for S - 1 successes in a row, each of probability w; S - 1 for w = 1.

    Whatever a failure does, at most S - 1 successive successes lead to the target.

    Examples
    --------
    >>> diameter_bound(3, Fraction(1, 2)), diameter_bound(3, Fraction(1))
    (Fraction(6, 1), Fraction(2, 1))
    """
    return sum((Fraction(1) / weight**k for k in range(1, states)), Fraction(0))


@st.composite
def policies(draw: st.DrawFn, mdp: Any, *, stochastic: bool = False) -> NDArray[Any]:
    """Policies for a model (anything with ``P`` of shape (S, A, S)).

    Deterministic ones are (S,) actions, stochastic ones (S, A) rows of small denominators.
    """
    S, A = np.shape(mdp.P)[:2]
    if stochastic:
        return np.array([draw(probability_vectors(A)) for _ in range(S)])
    return np.array(draw(st.lists(st.integers(0, A - 1), min_size=S, max_size=S)), dtype=np.int64)


@st.composite
def categorical_streams(
    draw: st.DrawFn, max_symbols: int = 4, max_length: int = 40, *, min_length: int = 1
) -> NDArray[np.int64]:
    """Streams of symbols in 0..max_symbols-1: arbitrary ones, and ones made of constant stretches (change points)."""
    max_symbols = validate.integer("max_symbols", max_symbols, low=1)
    max_length = validate.integer("max_length", max_length, low=1)
    min_length = validate.integer("min_length", min_length, low=0, high=max_length)
    symbol = st.integers(0, max_symbols - 1)
    if draw(st.booleans()):
        stretches = draw(st.lists(st.tuples(symbol, st.integers(1, max_length)), min_size=1, max_size=4))
        stream = [s for s, length in stretches for _ in range(length)][:max_length]
        stream += [stream[-1]] * (min_length - len(stream))
    else:
        stream = draw(st.lists(symbol, min_size=min_length, max_size=max_length))
    return np.array(stream, dtype=np.int64)


def _built(
    arrays: st.SearchStrategy[MDPArrays], reward_law: str, build: Callable[..., Any] | None
) -> st.SearchStrategy[Any]:
    if build is None:
        return arrays
    return arrays.map(lambda model: build(model.P, model.R, reward_law=reward_law))


def _denominators(values: Sequence[int]) -> list[int]:
    if not len(values):
        raise ValueError("denominators is empty, expected at least one integer")
    return [validate.integer(f"denominators[{i}]", d, low=1, high=LARGEST_DENOMINATOR) for i, d in enumerate(values)]


def _floats(row: Sequence[Fraction]) -> NDArray[np.float64]:
    return np.array([float(p) for p in row])
