"""Episodic Markov decision processes: models, exact planning, instances, learners and safe learners.

Names load on first use; the learners, which are compiled kernels, are in ``theorylab.mdp.episodic.algorithms``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from theorylab.mdp.episodic.model import EpisodicMDP

_HOMES = {
    "EpisodicRun": "record",
    "agent_algorithm": "agents",
    "backward_induction": "planning",
    "exact_optimal_value": "planning",
    "exact_policy_value": "planning",
    "fixed_policy": "agents",
    "mixture_value": "planning",
    "named": "environments",
    "named_problem": "environments",
    "occupancy_measure": "planning",
    "policy_value": "planning",
    "random_agent": "agents",
}
__all__ = ["EpisodicMDP", *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
