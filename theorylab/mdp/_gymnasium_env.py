"""The environment class behind ``to_gymnasium``; its own file, so that only its user imports gymnasium."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from theorylab.core import validate
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.sampler import ModelArrays

__all__ = ["FiniteMDPEnv"]


class FiniteMDPEnv(gymnasium.Env[int, int]):
    """Plays a finite model; see :func:`theorylab.mdp.gymnasium_bridge.to_gymnasium`."""

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  gymnasium reads it from the class

    def __init__(self, mdp: FiniteMDP, arrays: ModelArrays, horizon: int | None) -> None:
        self.mdp = mdp
        self.horizon = horizon
        self.observation_space = gymnasium.spaces.Discrete(mdp.n_states)  # type: ignore[assignment]
        self.action_space = gymnasium.spaces.Discrete(mdp.n_actions)  # type: ignore[assignment]
        self._arrays = arrays
        self._state: int | None = None
        self._step = 0

    @property
    def P(self) -> dict[int, dict[int, list[tuple[float, int, float, bool]]]]:  # noqa: N802  gymnasium's name
        """``P[s][a]``: tuples (probability, next_state, reward, False), as the toy-text environments have it."""
        table: dict[int, dict[int, list[tuple[float, int, float, bool]]]] = {}
        for s in range(self.mdp.n_states):
            table[s] = {}
            for a in range(self.mdp.n_actions):
                rewards = self._reward_law(s, a)
                row = self.mdp.P[s, a]
                table[s][a] = [
                    (float(row[t]) * p, int(t), r, False) for t in np.flatnonzero(row) for r, p in rewards if p > 0.0
                ]
        return table

    @property
    def initial_state_distrib(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """All mass on the initial state of the model."""
        mass = np.zeros(self.mdp.n_states)
        mass[self.mdp.initial_state] = 1.0
        return mass

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Back to the initial state; a seed makes the run reproducible."""
        super().reset(seed=seed)
        self._state = self.mdp.initial_state
        self._step = 0
        return self._state, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """One step: next state, reward, False, whether the horizon is reached, {}."""
        if self._state is None:
            raise RuntimeError("step is called before reset")
        a = validate.integer("action", action, low=0, high=self.mdp.n_actions - 1)
        here = (0, self._state, a)
        index = np.searchsorted(self._arrays.cumulative[here], self.np_random.random(), side="right")
        values = self._arrays.reward_values[here]
        drawn = 0
        if len(values) > 1:
            drawn = int(np.searchsorted(self._arrays.reward_cumulative[here], self.np_random.random(), side="right"))
        self._state = int(self._arrays.targets[here][index])
        self._step += 1
        truncated = self.horizon is not None and self._step >= self.horizon
        return self._state, float(values[drawn]), False, truncated, {}

    def _reward_law(self, s: int, a: int) -> list[tuple[float, float]]:
        """(value, probability) pairs."""
        mdp = self.mdp
        if mdp.reward_values is not None and mdp.reward_probabilities is not None:
            return list(zip(mdp.reward_values[s, a].tolist(), mdp.reward_probabilities[s, a].tolist(), strict=True))
        mean = float(mdp.R[s, a])
        return [(mean, 1.0)] if mdp.reward_law == "deterministic" else [(1.0, mean), (0.0, 1.0 - mean)]
