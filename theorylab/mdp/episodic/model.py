"""Finite-horizon Markov decision processes with one kernel and one reward function per step, validated once.

Steps, states and actions are counted from 0: step h = 0, ..., H - 1 here is step h + 1 of the literature. Nothing is
renormalised, clipped or filled in.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.episodic.arrays import EpisodicArrays, make_arrays
from theorylab.mdp.model import FiniteMDP, validated_names

__all__ = ["EPISODIC_REWARD_LAWS", "EpisodicMDP"]

EPISODIC_REWARD_LAWS = ("deterministic", "bernoulli")
MOST_ENTRIES = 250_000_000  # of P: 2 GB


@dataclass(frozen=True, eq=False, repr=False)
class EpisodicMDP:
    r"""An episodic Markov decision process $(\mathcal S, \mathcal A, H, (P_h), (R_h), \mu)$.

    An episode starts in $s_0 \sim \mu$. At step $h = 0, \dots, H - 1$ action $a_h$ earns a reward of mean
    $R_h(s_h, a_h)$ and moves to $s_{h+1} \sim P_h(\cdot \mid s_h, a_h)$; after step $H - 1$ the episode ends.

    Parameters
    ----------
    P
        (H, S, A, S) transition probabilities, or (S, A, S) for the same ones at every step. Each row sums to one within
        ``validate.ROW_SUM_TOLERANCE``; a positive entry is at least 1e-150. Stored as (H, S, A, S).
    R
        (H, S, A) mean rewards or (S, A), any reals up to 1e150 in absolute value. Stored as (H, S, A).
    horizon
        H, the number of steps of an episode; may be left out when ``P`` or ``R`` has a step axis.
    start
        The state every episode starts in, or an (S,) distribution. Stored as a distribution (S,).
    reward_law
        "deterministic" (the reward is the mean) or "bernoulli" (1 with probability R, else 0).
    name
        Shown in errors, figures and tables.
    action_names, state_names
        One string for each action (state); ``None`` when they have no names.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If a shape is another one, the step axes and ``horizon`` disagree, a row is no distribution, or a Bernoulli mean
        leaves [0, 1]. The message names field, index, value and expectation.

    Notes
    -----
    Two models are equal only when they are the same object; compare ``fingerprint`` for equal contents.

    Examples
    --------
    >>> mdp = EpisodicMDP(P=[[[0.5, 0.5], [1, 0]], [[0, 1], [1, 0]]], R=[[0, 0], [1, 0]], horizon=3)
    >>> mdp
    EpisodicMDP('episodic-mdp', S=2, A=2, H=3)
    >>> mdp.P.shape, mdp.R.shape, mdp.start, mdp.stationary
    ((3, 2, 2, 2), (3, 2, 2), array([1., 0.]), True)
    >>> mdp.describe(2, 0, 0)
    'step 2, state 0, action 0: to 0 with probability 0.5, to 1 with probability 0.5; reward 0 (deterministic)'
    >>> EpisodicMDP(P=[[[[0.5, 0.48]], [[0, 1]]]], R=[[0], [0]])
    Traceback (most recent call last):
    ...
    ValueError: P[0, 0, 0] sums to 0.98, expected 1
    """

    P: NDArray[np.float64]  # (H, S, A, S)
    R: NDArray[np.float64]  # (H, S, A)
    horizon: int = None  # type: ignore[assignment]  # an integer once the model exists
    start: Any = 0  # (S,) once the model exists
    reward_law: str = "deterministic"
    name: str = "episodic-mdp"
    action_names: tuple[str, ...] | None = None
    state_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        P, R = validate.array("P", self.P), validate.array("R", self.R)
        if P.ndim not in (3, 4) or 0 in P.shape or P.shape[-1] != P.shape[-3]:
            raise ValueError(f"P has shape {P.shape}, expected (H, S, A, S) or (S, A, S) with H, S, A >= 1")
        S, A = P.shape[-3], P.shape[-2]
        if R.ndim not in (2, 3) or R.shape[-2:] != (S, A) or 0 in R.shape:
            raise ValueError(f"R has shape {R.shape}, expected (H, {S}, {A}) or ({S}, {A})")
        horizon = _horizon(P, R, self.horizon)
        if horizon * S * A * S > MOST_ENTRIES:
            raise ValueError(f"horizon is {horizon}, expected H S A S <= {MOST_ENTRIES} with S = {S}, A = {A}")
        validate.distributions("P", P)
        validate.not_vanishing("P", P)
        validate.in_interval("R", R, -validate.LARGEST, validate.LARGEST)
        if validate.choice("reward_law", self.reward_law, EPISODIC_REWARD_LAWS) == "bernoulli":
            validate.in_interval("R", R, 0.0, 1.0)
        if not isinstance(self.name, str):
            raise TypeError(f"name is {self.name!r}, expected a string")
        set_field = object.__setattr__
        set_field(self, "P", validate.readonly(np.broadcast_to(P, (horizon, S, A, S))))
        set_field(self, "R", validate.readonly(np.broadcast_to(R, (horizon, S, A))))
        set_field(self, "horizon", horizon)
        set_field(self, "start", validate.readonly(_start(self.start, S)))
        set_field(self, "action_names", validated_names("action_names", self.action_names, A))
        set_field(self, "state_names", validated_names("state_names", self.state_names, S))

    def __repr__(self) -> str:
        return f"EpisodicMDP({self.name!r}, S={self.n_states}, A={self.n_actions}, H={self.horizon})"

    def __reduce__(self) -> tuple[Any, ...]:  # copies and unpickled models are read-only too
        return EpisodicMDP, tuple(getattr(self, field.name) for field in dataclasses.fields(self))

    @classmethod
    def from_finite(cls, mdp: FiniteMDP, horizon: int) -> EpisodicMDP:
        """Episodes of ``horizon`` steps of a stationary model, each from its ``initial_state``.

        Raises
        ------
        TypeError
            If ``mdp`` is no FiniteMDP.
        ValueError
            If its reward law is a table.

        Examples
        --------
        >>> from theorylab.mdp.environments import riverswim
        >>> EpisodicMDP.from_finite(riverswim(6), 20)
        EpisodicMDP('riverswim-6-h20', S=6, A=2, H=20)
        """
        if not isinstance(mdp, FiniteMDP):
            raise TypeError(f"mdp is of type {type(mdp).__name__}, expected a FiniteMDP")
        horizon = validate.integer("horizon", horizon, low=1)
        law = validate.choice("mdp.reward_law", mdp.reward_law, EPISODIC_REWARD_LAWS)
        return cls(
            mdp.P, mdp.R, horizon, mdp.initial_state, law, f"{mdp.name}-h{horizon}", mdp.action_names, mdp.state_names
        )

    def with_reward_law(self, law: str) -> EpisodicMDP:
        """The same transitions and mean rewards under another law, "deterministic" or "bernoulli".

        Raises
        ------
        ValueError
            If the law is another word, or a mean leaves [0, 1] for "bernoulli".
        """
        return dataclasses.replace(self, reward_law=validate.choice("law", law, EPISODIC_REWARD_LAWS))

    @property
    def n_states(self) -> int:
        """S."""
        return int(self.P.shape[1])

    @property
    def n_actions(self) -> int:
        """A."""
        return int(self.P.shape[2])

    @property
    def start_state(self) -> int | None:
        """The state every episode starts in; ``None`` when the start is random."""
        support = np.flatnonzero(self.start)
        return int(support[0]) if len(support) == 1 else None

    @cached_property
    def stationary(self) -> bool:
        """Whether transitions and mean rewards are the same at every step."""
        return bool((self.P == self.P[:1]).all() and (self.R == self.R[:1]).all())

    @cached_property
    def rewards_in_unit_interval(self) -> bool:
        """Whether every reward that can be drawn lies in [0, 1]."""
        return bool(self.R.min() >= 0.0 and self.R.max() <= 1.0)

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 (hex) of everything that decides a run: transitions, rewards, their law, the start."""
        digest = hashlib.sha256(f"EpisodicMDP {self.P.shape} {self.reward_law}".encode())
        for values in (self.P, self.R, self.start):
            digest.update((values + 0.0).astype("<f8").tobytes())  # + 0.0 turns -0.0 into 0.0
        return digest.hexdigest()

    @cached_property
    def _arrays(self) -> EpisodicArrays:
        return make_arrays(self.P, self.R, self.start)

    def arrays(self) -> EpisodicArrays:
        """The read-only arrays that kernels draw from, made once."""
        return self._arrays

    def describe(self, step: int, state: int, action: int) -> str:
        """One line for people: every next state with its probability, the reward and its law."""
        h = validate.integer("step", step, low=0, high=self.horizon - 1)
        s = validate.integer("state", state, low=0, high=self.n_states - 1)
        a = validate.integer("action", action, low=0, high=self.n_actions - 1)
        row = self.P[h, s, a]
        moves = ", ".join(
            f"to {_label(int(t), self.state_names)} with probability {row[t]:.10g}" for t in np.flatnonzero(row)
        )
        mean = f"{self.R[h, s, a]:.10g}"
        certain = self.reward_law == "deterministic"
        reward = f"reward {mean} (deterministic)" if certain else f"reward 1 with probability {mean}, else 0"
        head = f"step {h}, state {_label(s, self.state_names)}, action {_label(a, self.action_names)}"
        return f"{head}: {moves}; {reward}"


def _horizon(P: NDArray[np.float64], R: NDArray[np.float64], horizon: Any) -> int:
    """The common number of steps of what was given."""
    steps = {"P": P.shape[0]} if P.ndim == 4 else {}
    if R.ndim == 3:
        steps["R"] = R.shape[0]
    if horizon is None and not steps:
        raise ValueError("horizon is None, expected an integer >= 1: neither P nor R has a step axis")
    expected = next(iter(steps.values())) if horizon is None else validate.integer("horizon", horizon, low=1)
    source = f"{next(iter(steps))} has {expected} steps" if horizon is None else f"horizon is {expected}"
    for field, length in steps.items():
        if length != expected:
            raise ValueError(f"{field} has {length} steps, expected {expected}: {source}")
    return expected


def _start(start: Any, n_states: int) -> NDArray[np.float64]:
    if isinstance(start, (int, float, np.generic)):
        result = np.zeros(n_states)
        result[validate.integer("start", start, low=0, high=n_states - 1)] = 1.0
        return result
    result = validate.array("start", start, shape=(n_states,))
    validate.distributions("start", result)
    validate.not_vanishing("start", result)
    return result


def _label(index: int, names: tuple[str, ...] | None) -> str:
    return str(index) if names is None else f"{index} ({names[index]})"
