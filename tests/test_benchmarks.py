"""The benchmark scripts can be read and write their own sections; nothing is timed here."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["bench"])
    space = runpy.run_path(str(BENCHMARKS / "_table.py"))
    space["write"].__globals__["README"] = tmp_path / "README.md"
    return space


def test_each_script_rewrites_its_own_section_only(table, tmp_path, capsys):
    write, row = table["write"], table["Row"]
    write("bench_a.py", "A", [row("speed", "at least 2", "1 step/s", "0.5", False)])
    write("bench_b.py", "B", [row("size", "", "3 MB")], "Notes.")
    first = (tmp_path / "README.md").read_text()
    assert first.startswith("# Benchmarks") and "| speed | at least 2 | 1 step/s | 0.5 | missed |" in first
    assert "| size |  | 3 MB |  |  |" in first and first.rstrip().endswith("<!-- bench_b:end -->")
    write("bench_a.py", "A", [row("speed", "at least 2", "9 steps/s", "4.5", True)])
    second = (tmp_path / "README.md").read_text()
    assert "9 steps/s" in second and "1 step/s" not in second and "3 MB" in second
    assert second.count("bench_a:begin") == second.count("bench_b:begin") == 1
    assert "reached" in capsys.readouterr().out


def test_dry_writes_nothing(table, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["bench", "--dry"])
    table["write"]("bench_a.py", "A", [])
    assert not (tmp_path / "README.md").exists()


def test_interleaved_measures_in_turns_after_a_round_that_compiles(table):
    calls = []
    seconds = table["interleaved"](lambda: calls.append("a"), lambda: calls.append("b"), rounds=2)
    assert calls == ["a", "b", "a", "b", "a", "b"] and [len(s) for s in seconds] == [2, 2]
    assert table["median_ratio"]([2.0, 9.0, 4.0], [1.0, 3.0, 1.0]) == 3.0


@pytest.mark.parametrize("path", sorted(BENCHMARKS.glob("bench_*.py")), ids=lambda p: p.stem)
def test_a_script_runs_only_when_it_is_called(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body)
    last = tree.body[-1]
    assert isinstance(last, ast.If) and "__main__" in ast.dump(last.test)
