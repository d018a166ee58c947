"""Finite Markov decision processes, validated once, read-only afterwards.

Nothing is renormalised, clipped or filled in: a row of ``P`` that does not sum to one is an error that names the row.
"""

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

__all__ = ["MEAN_TOLERANCE", "REWARD_LAWS", "FiniteMDP", "validated_names"]

MEAN_TOLERANCE = 1e-9  # |mean of a reward table - R| that is taken for rounding
REWARD_LAWS = ("deterministic", "bernoulli", "table")


@dataclass(frozen=True, eq=False, repr=False)
class FiniteMDP:
    r"""A finite Markov decision process $(\mathcal S, \mathcal A, P, R)$ with a law of the rewards.

    In state $s$ action $a$ earns a random reward of mean $R(s, a)$ and moves to $s' \sim P(\cdot \mid s, a)$; given
    $(s, a)$, reward and next state are independent. The model carries no discount and no horizon: solvers take them.

    Parameters
    ----------
    P
        (S, A, S) transition probabilities; each row sums to one within ``validate.ROW_SUM_TOLERANCE``. A positive one
        is at least 1e-150, so that its reciprocal (a hitting time) can be computed with.
    R
        (S, A) mean rewards, any reals up to 1e150 in absolute value. Algorithms that need rewards in [0, 1] ask
        ``rewards_in_unit_interval``.
    reward_law
        "deterministic" (the reward is the mean), "bernoulli" (1 with probability R, else 0) or "table".
    reward_values, reward_probabilities
        (S, A, L), for "table" only: the reward is ``reward_values[s, a, l]`` with the probability of the same index.
        :meth:`from_table` computes ``R`` from them.
    initial_state
        Where every run starts.
    name
        Shown in errors, figures and tables.
    action_names, state_names
        One string for each action (state); ``None`` when they have no names.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If a shape is another one, a row is no distribution, a Bernoulli mean leaves [0, 1], or the mean of a reward
        table differs from ``R`` by more than 1e-9. The message names field, index, value and expectation.

    Notes
    -----
    Two models are equal only when they are the same object; compare ``fingerprint`` for equal contents.

    Examples
    --------
    >>> mdp = FiniteMDP(P=[[[0.5, 0.5], [1, 0]], [[0, 1], [1, 0]]], R=[[0, 0], [1, 0]])
    >>> mdp
    FiniteMDP('mdp', S=2, A=2)
    >>> mdp.describe(0, 0)
    'state 0, action 0: to 0 with probability 0.5, to 1 with probability 0.5; reward 0 (deterministic)'
    >>> FiniteMDP(P=[[[0.5, 0.48]], [[0, 1]]], R=[[0], [0]])
    Traceback (most recent call last):
    ...
    ValueError: P[0, 0] sums to 0.98, expected 1
    """

    P: NDArray[np.float64]  # (S, A, S)
    R: NDArray[np.float64]  # (S, A)
    reward_law: str = "deterministic"
    reward_values: NDArray[np.float64] | None = None  # (S, A, L)
    reward_probabilities: NDArray[np.float64] | None = None  # (S, A, L)
    initial_state: int = 0
    name: str = "mdp"
    action_names: tuple[str, ...] | None = None
    state_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        P = validate.array("P", self.P, ndim=3)
        S, A = P.shape[0], P.shape[1]
        if S == 0 or A == 0 or P.shape[2] != S:
            raise ValueError(f"P has shape {P.shape}, expected (S, A, S) with S >= 1 and A >= 1")
        validate.distributions("P", P)
        validate.not_vanishing("P", P)
        R = validate.array("R", self.R, shape=(S, A))
        validate.in_interval("R", R, -validate.LARGEST, validate.LARGEST)
        law = validate.choice("reward_law", self.reward_law, REWARD_LAWS)
        values, probabilities = _validated_table(law, R, self.reward_values, self.reward_probabilities)
        if law == "bernoulli":
            validate.in_interval("R", R, 0.0, 1.0)
        if not isinstance(self.name, str):
            raise TypeError(f"name is {self.name!r}, expected a string")
        set_field = object.__setattr__
        set_field(self, "P", validate.readonly(P))
        set_field(self, "R", validate.readonly(R))
        set_field(self, "reward_values", values)
        set_field(self, "reward_probabilities", probabilities)
        set_field(self, "initial_state", validate.integer("initial_state", self.initial_state, low=0, high=S - 1))
        set_field(self, "action_names", validated_names("action_names", self.action_names, A))
        set_field(self, "state_names", validated_names("state_names", self.state_names, S))

    def __repr__(self) -> str:
        return f"FiniteMDP({self.name!r}, S={self.n_states}, A={self.n_actions})"

    def __reduce__(self) -> tuple[Any, ...]:  # copies and unpickled models are read-only too
        return FiniteMDP, tuple(getattr(self, field.name) for field in dataclasses.fields(self))

    @classmethod
    def from_table(
        cls,
        P: Any,
        reward_values: Any,
        reward_probabilities: Any,
        *,
        initial_state: int = 0,
        name: str = "mdp",
        action_names: Sequence[str] | None = None,
        state_names: Sequence[str] | None = None,
    ) -> FiniteMDP:
        """A model whose rewards take finitely many values; ``R`` is computed as their mean.

        Parameters are those of the class. Pad ragged tables with values of probability 0.

        Examples
        --------
        >>> mdp = FiniteMDP.from_table(P=[[[1.0]]], reward_values=[[[0, 10]]], reward_probabilities=[[[0.9, 0.1]]])
        >>> float(mdp.R[0, 0]), mdp.reward_law
        (1.0, 'table')
        """
        values = validate.array("reward_values", reward_values, ndim=3)
        validate.in_interval("reward_values", values, -validate.LARGEST, validate.LARGEST)
        probabilities = validate.array("reward_probabilities", reward_probabilities, shape=values.shape)
        return cls(
            P, (values * probabilities).sum(axis=-1), "table", values, probabilities, initial_state, name,
            validated_names("action_names", action_names), validated_names("state_names", state_names),
        )  # fmt: skip

    def with_reward_law(self, law: str) -> FiniteMDP:
        """The same transitions and mean rewards under another law, "deterministic" or "bernoulli".

        Raises
        ------
        ValueError
            If the law is another word, or a mean leaves [0, 1] for "bernoulli".
        """
        law = validate.choice("law", law, REWARD_LAWS[:2])
        return dataclasses.replace(self, reward_law=law, reward_values=None, reward_probabilities=None)

    @property
    def n_states(self) -> int:
        """S."""
        return int(self.P.shape[0])

    @property
    def n_actions(self) -> int:
        """A."""
        return int(self.P.shape[1])

    @cached_property
    def max_support(self) -> int:
        """The largest number of next states of positive probability over all (s, a)."""
        return int((self.P > 0.0).sum(axis=-1).max())

    @cached_property
    def rewards_in_unit_interval(self) -> bool:
        """Whether every reward that can be drawn (not only every mean) lies in [0, 1]."""
        drawn = self.R
        if self.reward_values is not None and self.reward_probabilities is not None:
            drawn = self.reward_values[self.reward_probabilities > 0.0]
        return bool(drawn.min() >= 0.0 and drawn.max() <= 1.0)

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 (hex) of everything that decides a run: transitions, rewards, their law, the initial state."""
        digest = hashlib.sha256(f"FiniteMDP {self.P.shape} {self.reward_law} {self.initial_state}".encode())
        for values in (self.P, self.R, self.reward_values, self.reward_probabilities):
            if values is not None:
                digest.update(f" {values.shape} ".encode())
                digest.update((values + 0.0).astype("<f8").tobytes())  # + 0.0 turns -0.0 into 0.0
        return digest.hexdigest()

    def describe(self, state: int, action: int) -> str:
        """One line for people: every next state with its probability, the reward and its law."""
        s = validate.integer("state", state, low=0, high=self.n_states - 1)
        a = validate.integer("action", action, low=0, high=self.n_actions - 1)
        moves = ", ".join(
            f"to {_label(int(t), self.state_names)} with probability {self.P[s, a, t]:.10g}"
            for t in np.flatnonzero(self.P[s, a])
        )
        head = f"state {_label(s, self.state_names)}, action {_label(a, self.action_names)}"
        return f"{head}: {moves}; {self._describe_reward(s, a)}"

    def _describe_reward(self, s: int, a: int) -> str:
        mean = f"{self.R[s, a]:.10g}"
        if self.reward_values is None or self.reward_probabilities is None:
            certain = self.reward_law == "deterministic"
            return f"reward {mean} (deterministic)" if certain else f"reward 1 with probability {mean}, else 0"
        drawn = zip(self.reward_values[s, a], self.reward_probabilities[s, a], strict=True)
        table = ", ".join(f"{value:.10g} with probability {p:.10g}" for value, p in drawn if p > 0.0)
        return f"mean reward {mean} ({table})"


def validated_names(field: str, names: Any, length: int | None = None) -> tuple[str, ...] | None:
    """A tuple of ``length`` (``None``: any number of) different strings, or ``None``."""
    if names is None:
        return None
    result = tuple(names) if isinstance(names, Iterable) and not isinstance(names, str) else None
    if result is None or not all(isinstance(name, str) for name in result):
        raise TypeError(f"{field} is {names!r}, expected a tuple of strings")
    if length is not None and len(result) != length:
        raise ValueError(f"{field} has {len(result)} entries, expected {length}")
    for i, name in enumerate(result):
        if name in result[:i]:
            raise ValueError(f"{field}[{i}] is {name!r} like {field}[{result.index(name)}], expected different names")
    return result


def _validated_table(law: str, R: NDArray[np.float64], values: Any, probabilities: Any) -> tuple[Any, Any]:
    if law != "table":
        for field, given in (("reward_values", values), ("reward_probabilities", probabilities)):
            if given is not None:
                raise ValueError(f"{field} is given, expected None with reward_law {law!r}")
        return None, None
    for field, given in (("reward_values", values), ("reward_probabilities", probabilities)):
        if given is None:
            raise ValueError(f"{field} is None, expected an array (S, A, L) with reward_law 'table'")
    values = validate.array("reward_values", values, shape=(*R.shape, None))
    validate.in_interval("reward_values", values, -validate.LARGEST, validate.LARGEST)
    probabilities = validate.array("reward_probabilities", probabilities, shape=values.shape)
    validate.distributions("reward_probabilities", probabilities)
    means = (values * probabilities).sum(axis=-1)
    bad = np.argwhere(np.abs(means - R) > MEAN_TOLERANCE)
    if len(bad):
        index = tuple(bad[0])
        field = validate.where("R", bad[0])
        raise ValueError(f"{field} is {R[index]:.12g}, expected the mean {means[index]:.12g} of its reward table")
    return validate.readonly(values), validate.readonly(probabilities)


def _label(index: int, names: tuple[str, ...] | None) -> str:
    return str(index) if names is None else f"{index} ({names[index]})"
