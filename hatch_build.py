"""Puts the rooms ``proofs_checks`` and ``figures`` into the wheel as ``theorylab/rooms/...``.

An editable install reads them from the checkout, so nothing is copied there.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RoomsHook(BuildHookInterface):
    """Adds the rooms and the bibliography to standard wheels only."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Map each top-level room to its place inside the package."""
        if version == "standard":
            for room in ("proofs_checks", "figures"):
                build_data["force_include"][room] = f"theorylab/rooms/{room}"
            build_data["force_include"]["references.bib"] = "theorylab/rooms/references.bib"
