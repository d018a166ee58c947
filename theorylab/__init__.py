"""theorylab: a laboratory for reinforcement-learning theory on finite objects.

It answers one question: does this code do what its theorem says, and how loose is the theorem?

The areas load on first use (``theorylab.mdp``, ``theorylab.bandits``, ``theorylab.verify``); importing the package
loads numpy and nothing heavier.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np  # noqa: F401  the one library that everything stands on

__version__ = "0.1.0"
__all__ = ["__version__", "bandits", "core", "detection", "mdp", "rooms", "verify"]

_LAZY = ("bandits", "core", "detection", "lab", "mdp", "rooms", "verify")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return import_module(f"theorylab.{name}")
    raise AttributeError(f"module 'theorylab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "lab"])
