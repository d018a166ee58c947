r"""Exact expectations for randomised policies: all sequences of arms, as probable as the policy makes them.

Setting      A policy draws arm A_t from a vector p_t that depends on what it has seen; the losses are fixed (an
             oblivious adversary), so that the arms are all that is random: K^T outcomes.
Algorithm    :func:`arm_tree_expectation` recurses over a policy written as three functions.
             :func:`scripted_arm_tree` runs real code: after each prefix of arms the code reports p_t, and a draw in the
             middle of an arm's interval of [0, 1) makes it take that arm.
             :func:`unbiasedness` enumerates one draw of an importance-weighted estimate.
Guarantee    Sums of K^T products of doubles, added without loss (``math.fsum``): about T roundings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.rng import AGENT
from theorylab.verify.exact.scripted import MOST_DRAWS, UniformScript, draws_taken, scripted_generator

__all__ = ["arm_tree_expectation", "scripted_arm_tree", "unbiasedness"]

EDGE = 1e-9  # how near the ends of an arm's interval the draw of real code is tried
State = TypeVar("State")


def arm_tree_expectation(
    initial_state: State,
    probabilities: Callable[[State], Any],
    update: Callable[[State, int], State],
    value: Callable[[State], Any],
    horizon: int,
) -> Any:
    """E[value(state after T rounds)] when arm a is drawn from ``probabilities(state)``, ``update(state, a)`` follows.

    Parameters
    ----------
    initial_state
        Anything; it holds the round if the policy or the losses depend on it.  ``update`` returns a new state and
        leaves the old one as it is.
    probabilities
        (K,) non-negative, summing to one within 1e-9.  Arms of probability 0 are left out.
    value
        A number or an array of numbers of one shape.
    horizon
        T >= 0; K^T leaves.

    Returns
    -------
    float, or an array of floats

    Examples
    --------
    >>> arm_tree_expectation(0, lambda wins: [1 / (2 + wins), 1 - 1 / (2 + wins)], lambda wins, a: wins + a, float, 2)
    1.0833333333333335
    """
    T = validate.integer("horizon", horizon, low=0)

    def leaves(state: State, weight: float, rounds: int) -> Iterator[tuple[float, Any]]:
        if rounds == T:
            yield weight, value(state)
            return
        for arm, p in enumerate(_law(f"probabilities in round {rounds}", probabilities(state))):
            if p:
                yield from leaves(update(state, arm), weight * p, rounds + 1)

    return _mean(leaves(initial_state, 1.0, 0))


def scripted_arm_tree(run: Callable[[Any], tuple[Any, Any, Any]], horizon: int, *, compiled: bool = False) -> Any:
    """E[value] over the arm draws of real code.

    Parameters
    ----------
    run
        ``run(rng)`` plays T rounds with ``rng`` in the place of the *policy's* generator and returns ``(value,
        probabilities, arms)``: a number or an array, the (T, K) vectors that the arms were drawn from, the (T,) arms.
        Each round takes one ``rng.random()`` and inverts the cumulative sums in the order of the arms.  All else must
        be deterministic (fixed losses, or the same environment seed in every run).
    horizon
        T >= 1; about 3 K/(K-1) K^T runs: each arm's interval is tried in its middle and just inside both ends, so that
        probabilities which are reported but not used are noticed.
    compiled
        Whether ``rng`` is a numpy ``Generator`` for compiled kernels and public functions (their *agent* stream gets
        the draws; T <= 312), and not a stand-in that refuses other draws.

    Raises
    ------
    RuntimeError
        If a run takes another number of draws than T, or draws another arm than the interval that it was given: then
        the reported probabilities are not those that it draws from, or it draws in another way.

    Examples
    --------
    >>> def run(rng):  # the arm of the round before has probability 3/4
    ...     rows, arms = [], [0]
    ...     for _ in range(2):
    ...         rows.append([0.75, 0.25] if arms[-1] == 0 else [0.25, 0.75])
    ...         arms.append(int(rng.random() >= rows[-1][0]))
    ...     return sum(arms), rows, arms[1:]
    >>> scripted_arm_tree(run, 2)
    0.625
    """
    T = validate.integer("horizon", horizon, low=1, high=MOST_DRAWS if compiled else None)
    compiled = validate.flag("compiled", compiled)

    def leaves(prefix: list[int], uniforms: list[float], weight: float) -> Iterator[tuple[float, Any]]:
        value, rows = _scripted_run(run, T, prefix, uniforms, compiled)
        if len(prefix) == T:
            yield weight, value
            return
        end = 0.0
        for arm, p in enumerate(_law(f"probabilities[{len(prefix)}]", rows[len(prefix)])):
            start, end = end, min(end + p, 1.0)
            if not p:
                continue
            longer = [*prefix, arm]
            for edge in (start + EDGE, end - EDGE) if p > 4 * EDGE else ():
                _scripted_run(run, T, longer, [*uniforms, edge], compiled)
            yield from leaves(longer, [*uniforms, start + (end - start) / 2], weight * p)

    return _mean(leaves([], [], 1.0))


def unbiasedness(
    estimator: Callable[[int, Any, Any], Sequence[Any]], probabilities: Sequence[Any], losses: Sequence[Any]
) -> Any:
    r"""The largest bias of an importance-weighted estimate, :math:`\max_i |\sum_a p_a \hat\ell_i(a, \ell_a) - \ell_i|`.

    Parameters
    ----------
    estimator
        ``estimator(arm, loss, probabilities)``: the (K,) estimates after ``arm`` was drawn and its loss seen.
    probabilities, losses
        (K,).  With Fractions (or ints) only, in and out of the estimator, the answer is an exact Fraction.

    Returns
    -------
    float or Fraction

    Examples
    --------
    >>> def weighted(arm, loss, p):
    ...     return [loss / p[i] if i == arm else 0 for i in range(len(p))]
    >>> unbiasedness(weighted, [Fraction(1, 3), Fraction(2, 3)], [Fraction(1, 2), 1])
    Fraction(0, 1)
    """
    _law("probabilities", probabilities)
    K = len(probabilities)
    if len(losses) != K:
        raise ValueError(f"losses has length {len(losses)}, expected {K} as probabilities")
    terms: list[list[Any]] = [[-loss] for loss in losses]
    for arm, p in enumerate(probabilities):
        if not p:
            continue
        estimates = list(estimator(arm, losses[arm], probabilities))
        if len(estimates) != K:
            raise ValueError(f"the estimate after arm {arm} has length {len(estimates)}, expected {K}")
        for i, estimate in enumerate(estimates):
            terms[i].append(p * estimate)
    if all(isinstance(x, (int, Fraction)) for row in terms for x in row):
        return max(abs(sum(row, Fraction(0))) for row in terms)
    return max(abs(math.fsum(row)) for row in terms)


def _scripted_run(
    run: Callable[[Any], tuple[Any, Any, Any]], T: int, prefix: list[int], uniforms: list[float], compiled: bool
) -> tuple[Any, NDArray[np.float64]]:
    """One run that is made to begin with the arms ``prefix``; its value and its probabilities."""
    script = uniforms + [0.5] * (T - len(uniforms))
    rng: Any = scripted_generator(script, role=AGENT) if compiled else UniformScript(script, depth=T)
    value, reported, played = run(rng)
    taken = draws_taken(rng, script) if compiled else len(rng.draws)
    if taken != T:
        raise RuntimeError(f"the run takes {taken} draws in {T} rounds, expected one draw a round")
    rows = validate.array("probabilities", reported, ndim=2)
    arms = validate.indices("arms", played, below=rows.shape[1])
    if len(rows) != T or len(arms) != T:
        raise ValueError(f"the run returns {len(rows)} probability vectors and {len(arms)} arms, expected {T} of both")
    for t, (meant, drawn) in enumerate(zip(prefix, arms.tolist(), strict=False)):
        if meant != drawn:
            raise RuntimeError(
                f"in round {t} the draw {uniforms[t]:.9g} lies in arm {meant}'s interval, but the run plays arm "
                f"{drawn}: it does not draw from the probabilities that it reports"
            )
    return value, rows


def _law(name: str, values: Any) -> list[float]:
    row = validate.array(name, values, ndim=1)
    validate.distributions(name, row)
    out: list[float] = row.tolist()
    return out


def _mean(leaves: Iterator[tuple[float, Any]]) -> Any:
    """The weighted sum, entry by entry."""
    weights, values = zip(*leaves, strict=True)
    table = [validate.array("value", v) for v in values]
    shapes = {a.shape for a in table}
    if len(shapes) > 1:
        raise ValueError(f"runs return values of shapes {sorted(shapes)}, expected one shape")
    stacked = np.stack(table).reshape(len(table), -1) * np.array(weights)[:, None]
    sums = [math.fsum(column) for column in stacked.T.tolist()]
    return sums[0] if table[0].ndim == 0 else np.array(sums).reshape(table[0].shape)
