from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("numba", "scipy", "matplotlib", "cvxpy", "joblib", "typer", "rich", "hypothesis", "flint", "jinja2", "dask")


def loaded(code: str) -> set[str]:
    """The top-level modules that are loaded after ``code`` in a fresh interpreter."""
    code += "\nimport sys, json; print('\\n' + json.dumps(sorted({n.split('.')[0] for n in sys.modules})))"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_package_loads_numpy_and_nothing_heavier():
    modules = loaded("import theorylab")
    assert "numpy" in modules and not modules & set(HEAVY)


def test_listing_needs_neither_numeric_libraries_nor_the_rooms():
    code = (
        "import sys\nfrom theorylab.lab.cli import _run\nassert _run(['list'], False) == 0\n"
        "assert not [n for n in sys.modules if n.startswith('theorylab.rooms.')]"
    )
    modules = loaded(code)
    assert not modules & {"numba", "scipy", "matplotlib", "joblib", "hypothesis", "flint", "jinja2"}


@pytest.mark.parametrize(
    "name", ["theorylab.verify", "theorylab.verify.result", "theorylab.rooms", "theorylab.mdp.model"]
)
def test_declaring_a_result_or_a_model_compiles_nothing(name):
    assert not loaded(f"import {name}") & {"numba", "matplotlib", "hypothesis"}
