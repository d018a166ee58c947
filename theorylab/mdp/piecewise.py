"""Piecewise-stationary Markov decision processes: a sequence of finite ones, each in force from a known step on."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.model import FiniteMDP

__all__ = ["PiecewiseStationaryMDP"]

LATEST = 2**62  # the last step at which a piece may start


@dataclass(frozen=True, eq=False, repr=False)
class PiecewiseStationaryMDP:
    r"""Model $M_i$ rules the steps $t \in [\tau_i, \tau_{i+1})$, with $0 = \tau_0 < \tau_1 < \dots$ counted from 0.

    The state is kept across a change. A paper that counts steps from 1 and writes "piece $i+1$ starts after step
    $\tau$" means ``starts[i + 1] == tau`` here.

    Parameters
    ----------
    pieces
        The models, with equal numbers of states and actions and the same initial state. They may repeat.
    starts
        The first step of each piece, integers: ``starts[0] == 0``, strictly increasing. A change at or beyond the
        horizon of a run is simply never reached.
    name
        Shown in errors, figures and tables.

    Raises
    ------
    TypeError
        If a piece is no :class:`FiniteMDP` or a start is no integer.
    ValueError
        If the pieces differ in shape or initial state, or the starts do not increase from 0.

    Examples
    --------
    >>> from theorylab.mdp.environments import two_state
    >>> model = PiecewiseStationaryMDP((two_state(), two_state(0.5)), starts=(0, 100))
    >>> model
    PiecewiseStationaryMDP('piecewise', S=2, A=2, starts=(0, 100))
    >>> model.at(99).name, model.at(100).name, model.changes
    ('two-state', 'two-state-0.5', (100,))
    >>> PiecewiseStationaryMDP((two_state(), two_state(0.5)), starts=(0, 0))
    Traceback (most recent call last):
    ...
    ValueError: starts[1] is 0, expected more than starts[0] = 0
    """

    pieces: tuple[FiniteMDP, ...]
    starts: tuple[int, ...]
    name: str = "piecewise"

    def __post_init__(self) -> None:
        if not isinstance(self.pieces, Iterable):
            raise TypeError(f"pieces is {self.pieces!r}, expected a sequence of FiniteMDP")
        pieces = tuple(self.pieces)
        if not pieces:
            raise ValueError("pieces is empty, expected at least one FiniteMDP")
        for i, piece in enumerate(pieces):
            if not isinstance(piece, FiniteMDP):
                raise TypeError(f"pieces[{i}] is of type {type(piece).__name__}, expected a FiniteMDP")
            for field in ("n_states", "n_actions", "initial_state"):
                got, wanted = getattr(piece, field), getattr(pieces[0], field)
                if got != wanted:
                    raise ValueError(f"pieces[{i}].{field} is {got}, expected {wanted} as in pieces[0]")
        if not isinstance(self.name, str):
            raise TypeError(f"name is {self.name!r}, expected a string")
        object.__setattr__(self, "pieces", pieces)
        object.__setattr__(self, "starts", _validated_starts(self.starts, len(pieces)))

    def __repr__(self) -> str:
        shown = str(self.starts) if len(self.starts) <= 4 else f"({self.starts[0]}, ..., {self.starts[-1]})"
        return f"PiecewiseStationaryMDP({self.name!r}, S={self.n_states}, A={self.n_actions}, starts={shown})"

    def __reduce__(self) -> tuple[Any, ...]:
        return PiecewiseStationaryMDP, (self.pieces, self.starts, self.name)

    @property
    def n_states(self) -> int:
        """S."""
        return self.pieces[0].n_states

    @property
    def n_actions(self) -> int:
        """A."""
        return self.pieces[0].n_actions

    @property
    def n_pieces(self) -> int:
        """Number of pieces: one more than the number of changes."""
        return len(self.pieces)

    @property
    def initial_state(self) -> int:
        """Where every run starts."""
        return self.pieces[0].initial_state

    @property
    def changes(self) -> tuple[int, ...]:
        """The steps, counted from 0, at which another model takes over."""
        return self.starts[1:]

    @property
    def max_support(self) -> int:
        """The largest number of next states of positive probability over all pieces and (s, a)."""
        return max(piece.max_support for piece in self.pieces)

    @property
    def rewards_in_unit_interval(self) -> bool:
        """Whether every reward that can be drawn in any piece lies in [0, 1]."""
        return all(piece.rewards_in_unit_interval for piece in self.pieces)

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 (hex) of the starts and of the fingerprints of the pieces."""
        text = " ".join([f"PiecewiseStationaryMDP {self.starts}", *(piece.fingerprint for piece in self.pieces)])
        return hashlib.sha256(text.encode()).hexdigest()

    def index_at(self, step: int) -> int:
        """The number of the piece that rules ``step`` (counted from 0)."""
        t = validate.integer("step", step, low=0)
        return int(np.searchsorted(np.asarray(self.starts), t, side="right")) - 1

    def at(self, step: int) -> FiniteMDP:
        """The model that rules ``step`` (counted from 0)."""
        return self.pieces[self.index_at(step)]

    def with_reward_law(self, law: str) -> PiecewiseStationaryMDP:
        """The same pieces under another law of the rewards, see :meth:`FiniteMDP.with_reward_law`."""
        return dataclasses.replace(self, pieces=tuple(piece.with_reward_law(law) for piece in self.pieces))

    def describe(self, state: int, action: int) -> str:
        """One line for each piece: from which step on, then as :meth:`FiniteMDP.describe`."""
        lines = zip(self.starts, self.pieces, strict=True)
        return "\n".join(f"from step {start}: {piece.describe(state, action)}" for start, piece in lines)


def _validated_starts(starts: Sequence[int] | NDArray[Any], n_pieces: int) -> tuple[int, ...]:
    if not isinstance(starts, Iterable):
        raise TypeError(f"starts is {starts!r}, expected a sequence of integers")
    result = tuple(validate.integer(f"starts[{i}]", start, low=0, high=LATEST) for i, start in enumerate(starts))
    if len(result) != n_pieces:
        raise ValueError(f"starts has {len(result)} entries, expected {n_pieces}, one for each piece")
    if result[0] != 0:
        raise ValueError(f"starts[0] is {result[0]}, expected 0")
    for i in range(1, n_pieces):
        if result[i] <= result[i - 1]:
            raise ValueError(f"starts[{i}] is {result[i]}, expected more than starts[{i - 1}] = {result[i - 1]}")
    return result
