"""Finite Markov decision processes: models, environments, planning, average-reward and episodic learning.

Names load on first use; models and environments need numpy alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "EpisodicMDP",
    "FiniteMDP",
    "ImportReport",
    "PiecewiseStationaryMDP",
    "average_reward",
    "environments",
    "episodic",
    "exploration",
    "from_gymnasium",
    "planning",
    "to_gymnasium",
]

_PACKAGES = ("average_reward", "environments", "episodic", "exploration", "planning")
_HOMES = {
    "EpisodicMDP": "episodic",
    "FiniteMDP": "model",
    "PiecewiseStationaryMDP": "piecewise",
    "ImportReport": "gymnasium_bridge",
    "from_gymnasium": "gymnasium_bridge",
    "to_gymnasium": "gymnasium_bridge",
}


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return import_module(f"theorylab.mdp.{name}")
    if name in _HOMES:
        return getattr(import_module(f"theorylab.mdp.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'theorylab.mdp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__.copy()
