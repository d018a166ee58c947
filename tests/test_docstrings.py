"""Every example in a docstring runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import theorylab

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(theorylab.__path__, "theorylab.")
    if not module.name.startswith("theorylab.rooms") and not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0
