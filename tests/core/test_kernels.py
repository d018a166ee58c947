"""Kernels: compiled equals plain, edits are seen, the user's settings stay the user's."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from theorylab.core import kernels
from theorylab.core.kernels import kernel, plain_kernels, uncached_kernels

ROOT = Path(__file__).resolve().parents[2]


def _mean_of_uniforms(n, rng):
    total = 0.0
    for _ in range(n):
        total += rng.random()
    return total / n


def run(code: str, root: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """``code`` in a fresh interpreter that imports the package from ``root``."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA_", "THEORYLAB_"))}
    env |= {"PYTHONPATH": str(root), **environment}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def test_wrapping_leaves_the_function_and_the_users_settings_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    wrapped = kernel(_mean_of_uniforms)
    assert wrapped is not _mean_of_uniforms and wrapped.py_func is _mean_of_uniforms
    assert numba.config.CACHE_DIR == str(tmp_path)
    wrapped(3, np.random.default_rng(0))
    assert list(tmp_path.rglob("*.nbi")) == []  # nothing of ours lands in the user's folder
    assert wrapped.targetoptions["nogil"] and "fastmath" not in wrapped.targetoptions


def test_compiled_and_plain_agree_to_the_bit():
    compiled = kernel(_mean_of_uniforms)(1000, np.random.default_rng(5))
    assert compiled == _mean_of_uniforms(1000, np.random.default_rng(5))


def test_a_whole_algorithm_agrees_to_the_bit_with_its_plain_self(tmp_path):
    code = (
        "import numpy as np\n"
        "from theorylab.mdp.average_reward import ucrl2\n"
        "from theorylab.mdp.environments import riverswim\n"
        "run = ucrl2(riverswim(4).with_reward_law('bernoulli'), 400, rng=3)\n"
        "print(type(ucrl2.__globals__['ucrl2_kernel']).__name__, run.regret.tobytes().hex(), run.visits.tolist())"
    )
    name, *compiled = run(code, THEORYLAB_CACHE_DIR=str(tmp_path)).stdout.split(" ", 1)
    plain_name, *plain = run(code, NUMBA_DISABLE_JIT="1", THEORYLAB_CACHE_DIR=str(tmp_path)).stdout.split(" ", 1)
    assert (name, plain_name) == ("CPUDispatcher", "function") and compiled == plain


def test_modes():
    with plain_kernels():
        assert kernel(_mean_of_uniforms) is _mean_of_uniforms
        with uncached_kernels():
            inner = kernel(_mean_of_uniforms)
        assert kernel(_mean_of_uniforms) is _mean_of_uniforms
    assert inner.py_func is _mean_of_uniforms and type(inner._cache).__name__ == "NullCache"
    assert type(kernel(_mean_of_uniforms)._cache).__name__ == "FunctionCache"


def test_a_function_without_a_file_is_compiled_but_not_cached():
    space: dict[str, object] = {}
    exec("def double(x):\n    return 2.0 * x", space)
    double = kernel(space["double"])
    assert double(1.5) == 3.0 and type(double._cache).__name__ == "NullCache"


@pytest.fixture
def copied_package(tmp_path) -> Path:
    shutil.copytree(ROOT / "theorylab/core", tmp_path / "theorylab/core", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "theorylab/__init__.py", tmp_path / "theorylab")
    area = tmp_path / "theorylab/mdp"
    area.mkdir()
    (area / "__init__.py").write_text("")
    head = "from theorylab.core.kernels import kernel\n"
    (area / "callee.py").write_text(head + "\ndef _callee(x):\n    return x + 1.0\n\ncallee_kernel = kernel(_callee)\n")
    (area / "caller.py").write_text(
        head + "from theorylab.mdp.callee import callee_kernel\n\n"
        "def _caller(x):\n    return 10.0 * callee_kernel(x)\n\ncaller_kernel = kernel(_caller)\n"
    )
    return tmp_path


CALL = "from theorylab.mdp.caller import caller_kernel as k; print(k(1.0), sum(k.stats.cache_hits.values()))"


def test_an_edit_of_a_callee_in_another_file_is_seen(copied_package):
    folder = str(copied_package / "cache")
    assert run(CALL, copied_package, THEORYLAB_CACHE_DIR=folder).stdout.split() == ["20.0", "0"]
    assert run(CALL, copied_package, THEORYLAB_CACHE_DIR=folder).stdout.split() == ["20.0", "1"]  # from the cache
    callee = copied_package / "theorylab/mdp/callee.py"
    callee.write_text(callee.read_text().replace("x + 1.0", "x + 2.0"))
    assert run(CALL, copied_package, THEORYLAB_CACHE_DIR=folder).stdout.split() == ["30.0", "0"]


def test_an_edit_of_the_command_line_recompiles_nothing(copied_package):
    hashed = "from theorylab.core.kernels import source_hash; print(source_hash())"
    before = run(hashed, copied_package).stdout
    lab = copied_package / "theorylab/lab"
    lab.mkdir()
    (lab / "cli.py").write_text("print('changed')\n")
    assert run(hashed, copied_package).stdout == before
    (copied_package / "theorylab/mdp/new.py").write_text("")
    assert run(hashed, copied_package).stdout != before


def test_a_cache_that_cannot_be_written_is_no_obstacle(copied_package):
    blocked = copied_package / "file"  # a file where the folder should be: not writable even for root
    blocked.write_text("")
    assert run(CALL, copied_package, THEORYLAB_CACHE_DIR=str(blocked)).stdout.split() == ["20.0", "0"]


def test_old_caches_are_removed(tmp_path):
    for i in range(kernels.KEPT_CACHE_FOLDERS + 3):
        folder = tmp_path / f"version{i}"
        folder.mkdir()
        os.utime(folder, (1_000_000 + i, 1_000_000 + i))
    kernels._prune(tmp_path)
    kept = sorted(int(p.name.removeprefix("version")) for p in tmp_path.iterdir())
    assert kept == list(range(3, kernels.KEPT_CACHE_FOLDERS + 3))


def test_no_kernel_asks_for_fast_but_inexact_arithmetic():
    for path in (ROOT / "theorylab").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.keyword) and node.arg == "fastmath"), path
