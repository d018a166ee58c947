"""The rules of the house, over the whole checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from theorylab.lab import layout

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "rule",
    [
        layout.missing_rooms,
        layout.missing_headings,
        layout.long_files,
        layout.decorated_kernels,
        layout.floor_violations,
        layout.unknown_keys,
    ],
    ids=lambda rule: rule.__name__,
)
def test_the_checkout_keeps_the_rules(rule):
    assert rule(ROOT) == []
