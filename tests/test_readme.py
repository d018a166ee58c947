"""The README keeps its promises: two set-up commands, examples that run, links that lead somewhere."""

from __future__ import annotations

import doctest
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/bring-your-own.md",
    "docs/evidence.md",
    "docs/json.md",
    "docs/theorem-p.md",
    "benchmarks/README.md",
)
SET_UP = ["pip install . && theorylab reproduce --preset quick", "pip install -e '.[test]' && pytest"]
SHELL = re.compile(r"```(?:sh|bash|shell|console)\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def section(text: str, heading: str) -> str:
    return re.split(r"^## ", text.partition(f"\n## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def test_there_are_exactly_two_set_up_commands():
    blocks = SHELL.findall(section(README, "Set up"))
    assert [line for block in blocks for line in block.splitlines() if line.strip()] == SET_UP
    assert len(SHELL.findall(README)) == 2  # and no other block looks like set-up


def test_the_commands_that_continuous_integration_runs_are_these():
    space = runpy.run_path(str(ROOT / ".ci/set_up_commands.py"))
    assert space["set_up_commands"](README) == SET_UP
    for changed in (README.replace("pytest\n```", "pytest\necho third\n```"), README.replace("## Set up", "## Start")):
        with pytest.raises(ValueError, match="expected two set-up commands"):
            space["set_up_commands"](changed)


def test_the_ten_lines_run():
    done = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert done.attempted >= 8 and done.failed == 0


@pytest.mark.parametrize("page", ["README.md", "docs/bring-your-own.md", "docs/theorem-p.md"])
def test_the_other_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {"__name__": "example"}
    for block in PYTHON.findall((ROOT / page).read_text(encoding="utf-8")):
        if not block.startswith(">>>"):
            exec(compile(block, page, "exec"), space)
    tests = [function for name, function in space.items() if name.startswith("test_")]
    assert tests or page != "README.md"
    for function in tests:
        function()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    path = ROOT / page
    if not path.is_file():
        pytest.skip(f"{page} is not there yet")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), f"{page} links to {target}"


def test_the_table_of_evidence_has_its_place():
    assert README.count("<!-- evidence:begin -->") == README.count("<!-- evidence:end -->") == 1
