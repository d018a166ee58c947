"""Each rule must complain about a checkout that breaks it: a checker that never refuses is worthless."""

from __future__ import annotations

import shutil

import pytest

from theorylab.lab import layout
from theorylab.lab.scaffold import new_result


@pytest.fixture
def root(coin_root, tmp_path):
    return shutil.copytree(coin_root, tmp_path / "root")


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_complete_result_has_no_missing_room(root):
    assert layout.missing_rooms(root) == [] and layout.missing_headings(root) == []


@pytest.mark.parametrize(
    "name", ["proofs_checks/coin.py", "figures/coin.py", "theorylab/bandits/coin.py", "tests/bandits/test_coin.py"]
)
def test_each_missing_room_is_named(root, name):
    (root / name).unlink()
    found = layout.missing_rooms(root)
    assert any(line.startswith("coin: no ") and name.split("/")[-1] in line for line in found)


def test_an_algorithm_in_another_area_than_the_result_says_is_missing(root):
    (root / "theorylab/games").mkdir()
    (root / "theorylab/bandits/coin.py").rename(root / "theorylab/games/coin.py")
    assert layout.missing_rooms(root) == ["coin: no theorylab/bandits/coin.py"]


@pytest.mark.parametrize("key", ["slug", "area", "paper"])
def test_a_result_that_cannot_be_read_from_the_source_is_named(root, key):
    path = root / "proofs_checks/coin.py"
    text = path.read_text()
    line = next(line for line in text.splitlines() if f"{key}=" in line and "RESULT" not in line and "slug=" in line)
    value = line.split(f"{key}=")[1].split(",")[0]
    assert layout.unreadable_results(root) == []
    path.write_text(text.replace(f"{key}={value}", f"{key}=str({value})"))
    complaint = f"proofs_checks/coin.py: RESULT has no {key} that can be read from the source"
    assert layout.unreadable_results(root) == [complaint] and complaint in layout.complaints(root)
    # a constant of another file of the room can be followed, under another name and at second hand as well
    path.write_text(
        "from theorylab.rooms.proofs_checks.parts.coin_more import THERE as HERE\n"
        + text.replace(f"{key}={value}", f"{key}=HERE")
    )
    write(root, "proofs_checks/parts/coin_more.py", "from theorylab.rooms.proofs_checks.parts.coin_base import THERE\n")
    write(root, "proofs_checks/parts/coin_base.py", f"THERE: str = {value}\n")
    assert layout.unreadable_results(root) == []
    write(root, "proofs_checks/parts/coin_base.py", "from theorylab.rooms.proofs_checks.parts.coin_more import THERE\n")
    assert layout.unreadable_results(root) == [complaint]  # a circle


def test_every_result_can_be_cited():
    from theorylab.lab.bibliography import cite
    from theorylab.lab.catalogue import entries

    for entry in entries():
        assert entry.claims and cite(entry.slug).startswith("@"), entry


@pytest.mark.parametrize("heading", layout.HEADINGS)
def test_a_missing_heading_is_named(root, heading):
    path = root / "theorylab/bandits/coin.py"
    path.write_text(path.read_text().replace(f"\n{heading}", "\nOther", 1))
    assert layout.missing_headings(root) == [f"theorylab/bandits/coin.py: the docstring has no heading {heading}"]


def test_a_long_file_is_named(root):
    write(root, "tests/bandits/test_long.py", "x = 1\n" * 400)
    assert layout.long_files(root) == []
    write(root, "tests/bandits/test_long.py", "x = 1\n" * 401)
    assert layout.long_files(root) == ["tests/bandits/test_long.py: 401 lines, expected at most 400"]


@pytest.mark.parametrize("decorator", ["@njit", "@numba.njit(nogil=True)", "@kernel", "@nb.jit"])
def test_a_decorated_kernel_is_named(root, decorator):
    write(root, "theorylab/bandits/fast.py", f"{decorator}\ndef _f(x):\n    return x\n")
    assert layout.decorated_kernels(root) == [
        "theorylab/bandits/fast.py:1: _f is decorated, expected _f_kernel = kernel(_f)"
    ]


@pytest.mark.parametrize(
    ("name", "line", "allowed"),
    [
        ("theorylab/core/x.py", "from theorylab.verify import Claim", False),
        ("theorylab/core/x.py", "import theorylab.mdp.model", False),
        ("theorylab/core/x.py", "def f():\n    from theorylab import lab", False),
        ("theorylab/core/x.py", "from theorylab.core import validate", True),
        ("theorylab/verify/x.py", "from theorylab.mdp.model import FiniteMDP", False),
        ("theorylab/verify/x.py", "from theorylab.core import validate", True),
        ("theorylab/bandits/x.py", "from theorylab.mdp import model", False),
        ("theorylab/bandits/x.py", "from theorylab.bandits import coin", True),
        ("theorylab/bandits/x.py", "from theorylab.detection.detector import observe_kernel", True),
        ("theorylab/mdp/x.py", "from theorylab.detection.detector import observe_kernel", True),
        ("theorylab/core/x.py", "from theorylab.detection.detector import observe_kernel", False),
        ("theorylab/verify/x.py", "from theorylab.detection import detector", False),
        ("theorylab/detection/x.py", "from theorylab.core.kernels import kernel", True),
        ("theorylab/detection/x.py", "from theorylab.detection import detector", True),
        ("theorylab/detection/x.py", "from theorylab.mdp.average_reward.rbocpd import rbocpd", False),
        ("theorylab/detection/x.py", "from theorylab.verify import Claim", False),
        ("figures/_x.py", "from theorylab.detection.rbocpd_bounds import delay_bound", True),
        ("proofs_checks/_x.py", "from theorylab.lab import store", False),
        ("proofs_checks/_x.py", "from theorylab.mdp import model", True),
        ("figures/_x.py", "from theorylab.rooms.figures import _style", True),
        ("theorylab/lab/x.py", "from theorylab.mdp import model", True),
    ],
)
def test_imports_only_go_down(root, name, line, allowed):
    write(root, name, line + "\n")
    found = [f for f in layout.floor_violations(root) if f.startswith(name + ":")]
    assert (found == []) is allowed, found


def test_an_unknown_key_is_named(root):
    before = layout.unknown_keys(root)
    write(root, "theorylab/bandits/x.py", '"""After [nobody1999nothing, Theorem 3] and [jaksch2010near]."""\n')
    assert [k for k in layout.unknown_keys(root) if k not in before] == [
        "theorylab/bandits/x.py:1: nobody1999nothing is not in references.bib"
    ]


@pytest.mark.parametrize("area", ["bandits/stochastic", "mdp/average_reward", "games"])
def test_new_writes_rooms_that_the_layout_accepts(root, area):
    written = new_result(root, "my_idea", area)
    assert len(written) == 4 and all(path.is_file() for path in written)
    for rule in (layout.missing_rooms, layout.missing_headings, layout.decorated_kernels):
        assert rule(root) == []
    assert [line for line in layout.floor_violations(root) if "my_idea" in line] == []
    assert (root / "theorylab" / area / "__init__.py").is_file()
    written[3].unlink()
    assert layout.missing_rooms(root) == [f"my_idea: no tests/{area.split('/')[0]}/test_my_idea.py"]


@pytest.mark.parametrize(
    ("slug", "area", "message"),
    [
        ("My-Idea", "bandits", "slug is 'My-Idea'"),
        ("class", "bandits", "slug is 'class'"),
        ("../x", "bandits", "slug is"),
        ("idea", "verify", "area is 'verify'"),
        ("idea", "mdp/../core", "area is"),
        ("coin", "bandits", "coin.py exists already; nothing was written"),
    ],
)
def test_new_refuses_what_would_do_harm(root, slug, area, message):
    before = sorted(root.rglob("*"))
    with pytest.raises(ValueError, match=message):
        new_result(root, slug, area)
    assert sorted(root.rglob("*")) == before
