r"""Exact oracles in rational numbers that know no algorithm.

Setting      An algorithm (a plain function that draws with ``rng.random()``) meets a model whose probabilities are
             multiples of 1/k.  A uniform draw then matters only through the cell [j/k, (j+1)/k) that it falls into,
             all k cells are equally likely, and the midpoints (2j+1)/(2k) stand for them, far from every boundary.
Algorithm    :func:`outcome_tree` runs the function over *all* sequences of cells, depth first; a run takes as many
             draws as it wants, and a run of n draws has probability k^-n.
Guarantee    Expectations and laws are exact rationals; floats are read as the rationals that they are.  The
             function must depend on nothing but its draws, through comparisons with multiples of 1/k only: that is the
             caller's part (a function that replays differently is noticed).

Also exact: binomial tails, the maximum of a linear function over an L1 ball in the simplex (with its dual proof), the
residual bound on a value function.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate

__all__ = [
    "L1Maximum",
    "ScriptedRng",
    "as_fraction",
    "binomial_tail_exact",
    "outcome_law",
    "outcome_tree",
    "residual_bound",
    "simplex_l1_max",
]

Rational: TypeAlias = Fraction | int | float | str
LARGEST_ENUMERATED_SIMPLEX = 8


def as_fraction(name: str, value: Any) -> Fraction:
    """``value`` as the rational that it is: ints, Fractions, finite floats (exactly, 0.1 is not 1/10), "3/10".

    Examples
    --------
    >>> as_fraction("p", "3/10"), as_fraction("p", 0.25)
    (Fraction(3, 10), Fraction(1, 4))
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (Fraction, int, float, str)):
        raise TypeError(f"{name} is {value!r}, expected an int, a Fraction, a float or a text such as '3/10'")
    try:
        return Fraction(value)
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        raise ValueError(f"{name} is {value!r}, expected a finite rational number") from error


class ScriptedRng:
    """Stands where a numpy ``Generator`` stands and returns midpoints of equally likely cells in a scripted order.

    Beyond the script the first cell is returned.  ``draws`` are the cells returned so far.  Only ``random()`` and
    ``random(size)`` exist: other draws have no finite set of equally likely outcomes, or one of another size.

    Examples
    --------
    >>> rng = ScriptedRng([1, 0], cells=2, depth=3)
    >>> rng.random(), rng.random(), rng.random(), rng.draws
    (0.75, 0.25, 0.25, [1, 0, 0])
    """

    def __init__(self, script: Sequence[int], *, cells: int, depth: int) -> None:
        self.cells = validate.integer("cells", cells, low=1)
        self.depth = validate.integer("depth", depth, low=0)
        self.script = [
            validate.integer(f"script[{i}]", cell, low=0, high=self.cells - 1) for i, cell in enumerate(script)
        ]
        self.draws: list[int] = []

    def random(self, size: int | tuple[int, ...] | None = None) -> Any:
        """The next midpoint, or an array of the next ones."""
        if size is None:
            return self._next()
        shape = (size,) if isinstance(size, (int, np.integer)) else tuple(size)
        return np.array([self._next() for _ in range(math.prod(shape))], dtype=np.float64).reshape(shape)

    def _next(self) -> float:
        n = len(self.draws)
        if n >= self.depth:
            raise RuntimeError(f"the run draws more than depth = {self.depth} uniforms")
        cell = self.script[n] if n < len(self.script) else 0
        self.draws.append(cell)
        return (2 * cell + 1) / (2 * self.cells)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(f"the run uses rng.{name}, but only rng.random() can be enumerated")


def outcome_tree(function: Callable[[Any], Any], *, cells: int, depth: int) -> Any:
    """The exact expectation of what ``function(rng)`` returns.

    Parameters
    ----------
    function
        Gets a :class:`ScriptedRng`; returns a number (int, float, Fraction), a mapping to numbers with the same keys in
        every run, or an array or sequence of numbers of the same shape in every run.  Two random streams of a kernel
        may both be this one: successive draws are independent.
    cells
        k: every probability that a draw is compared with is a multiple of 1/k.
    depth
        The most draws of one run.  Up to ``cells ** depth`` runs are made.

    Returns
    -------
    Fraction, or a dict or object array of Fractions
        With the keys, or the shape, of what the function returns.

    Raises
    ------
    RuntimeError
        If a run draws more than ``depth`` uniforms, or the function does not repeat itself on the same draws.
    AttributeError
        If it draws by anything else than ``rng.random()``.

    Examples
    --------
    >>> outcome_tree(lambda rng: float(rng.random() < 0.3) + float(rng.random() < 0.5), cells=10, depth=2)
    Fraction(4, 5)
    """
    total: Any = None
    for weight, result in _leaves(function, cells, depth):
        if isinstance(result, Mapping):
            term: Any = {key: weight * as_fraction(str(key), value) for key, value in result.items()}
            if total is not None and (not isinstance(total, dict) or total.keys() != term.keys()):
                raise ValueError(f"a run returns the keys {sorted(map(str, term))}, others return other keys")
            total = term if total is None else {key: total[key] + term[key] for key in term}
            continue
        if isinstance(result, (np.ndarray, list, tuple)):
            raw = np.array(result, dtype=object)
            term = np.array([weight * as_fraction("result", v) for v in raw.flat] + [None], dtype=object)[:-1]
            term = term.reshape(raw.shape)
        else:
            term = weight * as_fraction("result", result)
        if total is not None and (isinstance(total, dict) or np.shape(total) != np.shape(term)):
            raise ValueError(f"a run returns shape {np.shape(term)}, others return another shape")
        total = term if total is None else total + term
    return total


def outcome_law(function: Callable[[Any], Hashable], *, cells: int, depth: int) -> dict[Hashable, Fraction]:
    """The exact law of what ``function(rng)`` returns: each (hashable) outcome with its probability.

    Examples
    --------
    >>> outcome_law(lambda rng: "head" if rng.random() < 0.5 or rng.random() < 0.5 else "tail", cells=2, depth=2)
    {'head': Fraction(3, 4), 'tail': Fraction(1, 4)}
    """
    law: dict[Hashable, Fraction] = {}
    for weight, result in _leaves(function, cells, depth):
        law[result] = law.get(result, Fraction(0)) + weight
    return law


def _leaves(function: Callable[[Any], Any], cells: int, depth: int) -> Iterator[tuple[Fraction, Any]]:
    """Every complete run with its probability; the next script is the last one counted up like an odometer."""
    script: list[int] = []
    while True:
        rng = ScriptedRng(script, cells=cells, depth=depth)
        result = function(rng)
        if len(rng.draws) < len(script):
            raise RuntimeError(
                f"after the draws {script} the run stops after {len(rng.draws)} of them, an earlier one with the same "
                "beginning did not: it depends on something else than its draws"
            )
        yield Fraction(1, rng.cells ** len(rng.draws)), result
        script = list(rng.draws)
        while script and script[-1] == rng.cells - 1:
            script.pop()
        if not script:
            return
        script[-1] += 1


def binomial_tail_exact(n: int, p: Rational, k: int) -> Fraction:
    """P(Bin(n, p) >= k) as a rational.

    Examples
    --------
    >>> binomial_tail_exact(3, Fraction(1, 2), 2), binomial_tail_exact(2, "1/10", 0)
    (Fraction(1, 2), Fraction(1, 1))
    """
    n = validate.integer("n", n, low=0)
    k = validate.integer("k", k)
    q = as_fraction("p", p)
    if not 0 <= q <= 1:
        raise ValueError(f"p is {q}, expected a number in [0, 1]")
    a, b = q.numerator, q.denominator  # one integer sum over the common denominator b^n
    return Fraction(sum(math.comb(n, i) * a**i * (b - a) ** (n - i) for i in range(max(k, 0), n + 1)), b**n)


@dataclass(frozen=True, slots=True)
class L1Maximum:
    """A maximiser of p.u over the simplex within an L1 ball, and the dual point that proves it."""

    value: Fraction
    p: tuple[Fraction, ...]  # (S,) a maximiser
    level: Fraction  # dual of sum p = 1
    price: Fraction  # dual of the radius, >= 0


def simplex_l1_max(p_hat: Sequence[Any], radius: Any, u: Sequence[Any]) -> L1Maximum:
    r"""Maximise p.u over probability vectors p with |p - p_hat|_1 <= radius, in rationals, with a proof.

    .. math:: \max_p\; p\cdot u \quad\text{s.t. } p \ge 0,\ \textstyle\sum_i p_i = 1,\ \sum_i |p_i - \hat p_i| \le d
       \;=\; \min_{\mu\ge 0,\ \lambda+\mu\ge\max u}\; \lambda + \mu d + \sum_i \hat p_i \max(u_i - \lambda, -\mu).

    The primal side enumerates vertices: on the pieces where each |.| is linear all but at most two coordinates are 0 or
    p_hat_i, the others follow from the two equations.  The dual side enumerates the corners of a piecewise linear
    function in two variables.  Every point is checked in rationals, and equal values prove each other; no greedy
    rule is used.

    Parameters
    ----------
    p_hat
        (S,) non-negative, S <= 8; its sum need not be one (it is 0 where nothing was observed).
    radius
        d >= 0.
    u
        (S,) any rationals.

    Raises
    ------
    ValueError
        If no probability vector is within the radius: ``|1 - sum p_hat| > radius``.  Floats count as what they are:
        give Fractions where a row must sum to one exactly.

    Examples
    --------
    >>> best = simplex_l1_max(["1/2", "1/2", 0], "1/2", [0, 1, 3])
    >>> best.value, best.p
    (Fraction(5, 4), (Fraction(1, 4), Fraction(1, 2), Fraction(1, 4)))
    """
    base = [as_fraction(f"p_hat[{i}]", v) for i, v in enumerate(p_hat)]
    gain = [as_fraction(f"u[{i}]", v) for i, v in enumerate(u)]
    d = as_fraction("radius", radius)
    if not 1 <= len(base) <= LARGEST_ENUMERATED_SIMPLEX:
        raise ValueError(f"p_hat has length {len(base)}, expected 1..{LARGEST_ENUMERATED_SIMPLEX}")
    if len(gain) != len(base):
        raise ValueError(f"u has length {len(gain)}, expected {len(base)} as p_hat")
    for i, entry in enumerate(base):
        if entry < 0:
            raise ValueError(f"p_hat[{i}] is {entry}, expected a number >= 0")
    mass = sum(base, Fraction(0))
    if d < abs(1 - mass):
        raise ValueError(f"radius is {float(d):.12g}, but p_hat sums to {float(mass):.12g}: no distribution is within")
    value, p = max((sum(a * b for a, b in zip(x, gain, strict=True)), x) for x in _vertices(base, d))
    top = max(gain)
    corners = [(top, Fraction(0)), *(((top + w) / 2, (top - w) / 2) for w in gain)]
    bound, level, price = min(
        (lam + mu * d + sum(m * max(w - lam, -mu) for m, w in zip(base, gain, strict=True)), lam, mu)
        for lam, mu in corners
    )
    if bound != value:  # cannot happen: strong duality
        raise ArithmeticError(f"the primal value {value} and the dual value {bound} differ")
    return L1Maximum(Fraction(value), p, level, price)


def _vertices(base: list[Fraction], d: Fraction) -> Iterator[tuple[Fraction, ...]]:
    """Feasible points among which every vertex of every linear piece is found."""
    n = len(base)
    for free in [(i,) for i in range(n)] + list(itertools.combinations(range(n), 2)):
        choices = [(base[k],) if k in free else sorted({Fraction(0), base[k]}) for k in range(n)]
        for corner in itertools.product(*choices):
            point = list(corner)
            spare = 1 - sum(corner)  # mass that the free coordinates get beyond p_hat
            if len(free) == 1:
                point[free[0]] += spare
                yield from _feasible(point, base, d)
                continue
            # One free coordinate above p_hat and one below: with equal signs the two equations are parallel.
            shift = d - sum(abs(x - m) for x, m in zip(corner, base, strict=True))
            for i, j in (free, free[::-1]):
                moved = list(point)
                moved[i] += (spare + shift) / 2
                moved[j] += (spare - shift) / 2
                yield from _feasible(moved, base, d)


def _feasible(point: list[Fraction], base: list[Fraction], d: Fraction) -> Iterator[tuple[Fraction, ...]]:
    if min(point) >= 0 and sum(abs(x - m) for x, m in zip(point, base, strict=True)) <= d:
        yield tuple(point)


def residual_bound(P: Any, R: Any, gamma: Any, v: Any) -> Fraction:
    r"""A proved bound on \|v - v*\|_inf for the discounted model (P, R, gamma): any v, from any solver.

    .. math:: \|v - v^*\|_\infty \;\le\; \frac{\|Tv - v\|_\infty}{1 - \gamma \max_{s,a} \sum_{s'} P(s'|s,a)}, \qquad
       (Tv)(s) = \max_a R(s,a) + \gamma \sum_{s'} P(s'|s,a) v(s').

    Parameters
    ----------
    P
        (S, A, S): nested sequences or an array of floats or Fractions, >= 0.  Float rows are taken as the rationals
        that they are, whatever they sum to: *that* model is the one certified.
    R
        (S, A).
    gamma
        In [0, 1), with gamma * (largest row sum) < 1.
    v
        (S,).

    Examples
    --------
    >>> residual_bound([[[1]]], [[1]], Fraction(1, 2), [Fraction(7, 4)])  # v* = 2
    Fraction(1, 4)
    """
    rows = _fractions("P", P, 3)
    rewards = _fractions("R", R, 2)
    values = [Fraction(x) for x in _fractions("v", v, 1)]
    discount = as_fraction("gamma", gamma)
    S, A = len(values), rows.shape[1]
    if rows.shape != (S, A, S) or A < 1:
        raise ValueError(f"P has shape {rows.shape}, expected ({S}, A, {S}) as v has length {S}")
    if rewards.shape != (S, A):
        raise ValueError(f"R has shape {rewards.shape}, expected {(S, A)}")
    if discount < 0:
        raise ValueError(f"gamma is {float(discount):.12g}, expected a number >= 0")
    residual, largest = Fraction(0), Fraction(0)
    for s in range(S):
        backups = []
        for a in range(A):
            support = [(t, p) for t, p in enumerate(rows[s, a]) if p]
            for t, p in support:
                if p < 0:
                    raise ValueError(f"P[{s}, {a}, {t}] is {float(p):.12g}, expected a probability >= 0")
            largest = max(largest, sum((p for _, p in support), Fraction(0)))
            backups.append(rewards[s, a] + discount * sum((p * values[t] for t, p in support), Fraction(0)))
        residual = max(residual, abs(max(backups) - values[s]))
    if discount * largest >= 1:
        raise ValueError(f"gamma * (largest row sum) is {float(discount * largest):.17g}, expected less than 1")
    return residual / (1 - discount * largest)


def _fractions(name: str, values: Any, ndim: int) -> NDArray[Any]:
    raw = np.array(values, dtype=object)
    if raw.ndim != ndim or raw.size == 0:
        raise ValueError(f"{name} has shape {raw.shape}, expected {ndim} dimensions, none empty")
    out = np.empty(raw.shape, dtype=object)
    for index in np.ndindex(raw.shape):
        out[index] = as_fraction(validate.where(name, index), raw[index])
    return out
