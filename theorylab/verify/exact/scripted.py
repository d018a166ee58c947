r"""Scripted generators and the tree of all runs of a function that compares its draws with known thresholds.

Setting      A function draws uniforms and only compares them with given thresholds 0 < c_1 < ... < c_m < 1.
Algorithm    :func:`interval_tree` runs it over all sequences of the m + 1 intervals, depth first; midpoints stand for
             intervals.  Plain Python code gets an :class:`IntervalScript`; compiled kernels get a numpy ``Generator``
             whose first draws are prescribed: an MT19937 whose state was solved for them.
Guarantee    The probabilities are exact rationals and sum to one.  That the function compares its draws with nothing
             else is the caller's part.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.rng import ENVIRONMENT
from theorylab.verify.exact.outcomes import ScriptedRng, as_fraction

__all__ = ["IntervalScript", "UniformScript", "draws_taken", "interval_tree", "scripted_generator"]

WORDS = 624  # 32-bit words of a Mersenne twister's state: two make a double
MOST_DRAWS = WORDS // 2


class UniformScript(ScriptedRng):
    """Stands where a numpy ``Generator`` stands and returns the given numbers, then 0.5.

    Examples
    --------
    >>> rng = UniformScript([0.125, 0.9], depth=3)
    >>> rng.random(), rng.random(), rng.random(), len(rng.draws)
    (0.125, 0.9, 0.5, 3)
    """

    def __init__(self, uniforms: Sequence[float], *, depth: int) -> None:
        super().__init__([], cells=1, depth=depth)
        self.uniforms = [_unit_draw(f"uniforms[{i}]", u) for i, u in enumerate(uniforms)]

    def _next(self) -> float:
        beyond = super()._next()
        n = len(self.draws)
        return self.uniforms[n - 1] if n <= len(self.uniforms) else beyond


class IntervalScript(ScriptedRng):
    """The same with a script of intervals (cells of unequal length) for which ``midpoints`` stand.

    Examples
    --------
    >>> rng = IntervalScript([1], midpoints=(0.2, 0.55, 0.85), depth=2)
    >>> rng.random(), rng.random(), rng.draws
    (0.55, 0.2, [1, 0])
    """

    def __init__(self, script: Sequence[int], *, midpoints: Sequence[float], depth: int) -> None:
        super().__init__(script, cells=len(midpoints), depth=depth)
        self.midpoints = midpoints

    def _next(self) -> float:
        super()._next()
        return self.midpoints[self.draws[-1]]


class _ScriptedGenerator(np.random.Generator):
    """A generator with one child that goes on with its draws; the other children are fixed ordinary ones."""

    role = ENVIRONMENT

    def spawn(self, n_children: int) -> list[np.random.Generator]:
        return [
            np.random.Generator(self.bit_generator) if k == self.role else np.random.default_rng(k)
            for k in range(n_children)
        ]


def scripted_generator(uniforms: Sequence[float], *, role: int = ENVIRONMENT) -> np.random.Generator:
    """A numpy ``Generator`` whose first values of ``random()`` are the given ones, rounded down to multiples of 2^-53.

    For compiled kernels, which take nothing else for a generator, and for public functions: where they split their
    ``rng`` into streams (:func:`theorylab.core.rng.streams`), the stream ``role`` gets the given draws and the other
    streams are the same in every run.  Other draws (``normal``, ``integers``) are *not* refused and read the same
    words: meant for streams that are read by ``random()`` only.

    Parameters
    ----------
    uniforms
        At most 312 numbers in [0, 1).  Later draws are of no use.
    role
        ``core.rng.ENVIRONMENT`` or ``core.rng.AGENT``.

    Examples
    --------
    >>> rng = scripted_generator([0.25, 0.9])
    >>> rng.random(2), draws_taken(rng, [0.25, 0.9])
    (array([0.25, 0.9 ]), 2)
    """
    generator = _ScriptedGenerator(np.random.MT19937(0))
    generator.role = validate.integer("role", role, low=0)
    state: dict[str, Any] = dict(generator.bit_generator.state)
    state["state"] = {"key": _words(uniforms), "pos": 0}
    generator.bit_generator.state = state
    return generator


def draws_taken(generator: np.random.Generator, uniforms: Sequence[float]) -> int:
    """How many doubles were drawn from ``scripted_generator(uniforms)``.

    Raises
    ------
    RuntimeError
        If an odd number of 32-bit words was drawn (something else than ``random()``) or more than 312 doubles.
    """
    state: dict[str, Any] = dict(generator.bit_generator.state)["state"]
    words = int(state["pos"])
    if not np.array_equal(state["key"], _words(uniforms)):
        raise RuntimeError(f"the run draws more than {MOST_DRAWS} uniforms")
    if words % 2:
        raise RuntimeError("the run draws by something else than random(), which alone can be enumerated")
    return words // 2


def interval_tree(
    function: Callable[[Any], Any], *, thresholds: Sequence[Any], depth: int, compiled: bool = False
) -> Iterator[tuple[Fraction, Any]]:
    """All runs of ``function(rng)`` when every draw is compared with ``thresholds`` only: pairs (probability, result).

    As :func:`theorylab.verify.exact.outcomes.outcome_tree` with cells of unequal length: thresholds 2/5 and 7/10 make
    three branches a draw, where cells of a tenth make ten.

    Parameters
    ----------
    function
        Gets an :class:`IntervalScript` in the place of a ``Generator``.
    thresholds
        Numbers in [0, 1]; a float is the rational that it is (give "7/10", not 0.7, when 7/10 is meant).
    depth
        The most draws of one run.
    compiled
        Whether the function gets a :func:`scripted_generator` instead, which compiled kernels and public functions
        accept (``depth`` <= 312 then).

    Raises
    ------
    RuntimeError
        If a run draws more than ``depth`` uniforms, or the function does not repeat itself.

    Examples
    --------
    >>> [(str(p), won) for p, won in interval_tree(lambda rng: rng.random() < 0.7, thresholds=["7/10"], depth=1)]
    [('7/10', True), ('3/10', False)]
    """
    depth = validate.integer("depth", depth, low=0, high=MOST_DRAWS if compiled else None)
    compiled = validate.flag("compiled", compiled)
    cuts, midpoints = _intervals(thresholds)
    scale = math.lcm(*(c.denominator for c in cuts))
    lengths = [int((b - a) * scale) for a, b in itertools.pairwise(cuts)]
    script: list[int] = []
    while True:
        if compiled:
            draws, result = _compiled_run(function, script, midpoints, depth)
        else:
            rng = IntervalScript(script, midpoints=midpoints, depth=depth)
            result = function(rng)
            draws = rng.draws
        if len(draws) < len(script):
            raise RuntimeError(f"after the draws {script} the run stops early: it depends on something else than them")
        yield Fraction(math.prod(lengths[c] for c in draws), scale ** len(draws)), result
        script = list(draws)
        while script and script[-1] == len(lengths) - 1:
            script.pop()
        if not script:
            return
        script[-1] += 1


def _compiled_run(
    function: Callable[[Any], Any], script: list[int], midpoints: list[float], depth: int
) -> tuple[list[int], Any]:
    cells = script + [0] * (depth - len(script))
    uniforms = [midpoints[c] for c in cells]
    generator = scripted_generator(uniforms)
    result = function(generator)
    taken = draws_taken(generator, uniforms)
    if taken > depth:
        raise RuntimeError(f"the run draws more than depth = {depth} uniforms")
    return cells[:taken], result


def _intervals(thresholds: Sequence[Any]) -> tuple[list[Fraction], list[float]]:
    cuts = {Fraction(0), Fraction(1)}
    for i, value in enumerate(thresholds):
        cut = as_fraction(f"thresholds[{i}]", value)
        if not 0 <= cut <= 1:
            raise ValueError(f"thresholds[{i}] is {cut}, expected a number in [0, 1]")
        cuts.add(cut)
    ordered = sorted(cuts)
    midpoints = []
    for a, b in itertools.pairwise(ordered):
        middle = float((a + b) / 2)
        if not float(a) < middle < float(b):
            raise ValueError(f"the thresholds {a} and {b} are too close: no double lies between them")
        midpoints.append(middle)
    return ordered, midpoints


def _words(uniforms: Sequence[float]) -> NDArray[np.uint32]:
    """The state of a Mersenne twister that is about to put out these doubles, and zeros after them."""
    if len(uniforms) > MOST_DRAWS:
        raise ValueError(f"uniforms has length {len(uniforms)}, expected at most {MOST_DRAWS}")
    out = np.zeros(WORDS, dtype=np.uint32)
    for i, u in enumerate(uniforms):
        bits = int(_unit_draw(f"uniforms[{i}]", u) * 2**53)  # a double is (27 bits of one word, 26 of the next) / 2^53
        out[2 * i] = (bits >> 26) << 5
        out[2 * i + 1] = (bits & (2**26 - 1)) << 6
    # undo the tempering, last step first; each shift is undone by repeating it until all bits are settled
    out ^= out >> 18
    out ^= (out << 15) & np.uint32(0xEFC60000)
    tempered = out.copy()
    for _ in range(4):
        out[:] = tempered ^ ((out << 7) & np.uint32(0x9D2C5680))
    tempered = out.copy()
    for _ in range(2):
        out[:] = tempered ^ (out >> 11)
    return out


def _unit_draw(name: str, value: float) -> float:
    return validate.number(name, value, low=0.0, high=1.0, open_high=True)
