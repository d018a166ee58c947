"""The rooms ``proofs_checks`` and ``figures``: ``theorylab.rooms.proofs_checks.ucrl2`` wherever theorylab runs.

In a checkout they are folders beside the package; in a wheel they lie inside it (no generic name enters
site-packages).  This package finds them in either place.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parent.parent

ROOMS = ("proofs_checks", "figures")
INSTALLED = all((_HERE / room).is_dir() for room in ROOMS)
ROOT = _HERE if INSTALLED else _CHECKOUT

if not INSTALLED:
    __path__.append(str(_CHECKOUT))
