"""The rooms ``proofs_checks`` and ``figures``: ``theorylab.rooms.proofs_checks.ucrl2`` wherever theorylab runs.

In a checkout they are folders beside the package; in a wheel they lie inside it (no generic name enters
site-packages).  This package finds them in either place.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parent.parent

ROOMS = ("proofs_checks", "figures")
INSTALLED = all((_HERE / room).is_dir() for room in ROOMS)
ROOT = _HERE if INSTALLED else _CHECKOUT


class _RoomsOfTheCheckout:
    """Finds the two rooms beside the package, and nothing else there."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The spec of ``theorylab.rooms.<room>`` in a checkout."""
        package, _, room = name.rpartition(".")
        if package != __name__ or room not in ROOMS:
            return None
        folder = _CHECKOUT / room
        return spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])


if not INSTALLED:
    sys.meta_path.append(_RoomsOfTheCheckout)
