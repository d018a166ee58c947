"""Every mutant of every result stands in the real source: an edit that moves its text is noticed here."""

from __future__ import annotations

import pytest

from theorylab.lab.catalogue import load_result, slugs


@pytest.mark.parametrize("slug", slugs())
def test_every_mutant_applies(slug):
    for mutant in load_result(slug).mutants:
        assert mutant.source(), mutant.name
