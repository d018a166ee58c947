"""The command line, in a process of its own, in a small checkout whose only result is a coin."""

from __future__ import annotations

import csv
import hashlib
import json
import signal
import subprocess
import sys
import time

import pytest

ROW_KEYS = [
    "slug", "claim", "kind", "source", "constants", "verdict", "vacuous", "value", "bound", "ratio", "runs", "alpha",
    "level", "seconds",
]  # fmt: skip


def without_seconds(text):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in json.loads(text)]


def test_list(checkout):
    assert json.loads(checkout.run("list", "--json").stdout) == [
        {"slug": "coin", "area": "bandits", "paper": "jaksch2010near", "claims": ["hoeffding"], "level": "L0"}
    ]
    text = checkout.run("list").stdout
    assert "coin" in text and "jaksch2010near" in text and "\x1b" not in text


def test_check_writes_the_documented_rows(checkout, tmp_path):
    target = tmp_path / "rows.json"
    done = checkout.run("check", "coin", "--preset", "smoke", "--json", str(target), "--jobs", "2")
    rows = json.loads(target.read_text())
    assert [row["claim"] for row in rows] == ["hoeffding@fair", "one a step@fair", "sum@fair"]
    assert all(list(row) == ROW_KEYS for row in rows)
    assert {row["verdict"] for row in rows} == {"supported"} and rows[0]["runs"] == 80
    assert "3 supported; nothing refuted" in done.stdout and "Traceback" not in done.stderr
    again = checkout.run("check", "coin", "--preset", "smoke", "--json", "-", "--jobs", "1")
    assert without_seconds(again.stdout) == without_seconds(target.read_text())


def test_a_stopped_check_resumes(checkout, tmp_path):
    log = tmp_path / "log"
    words = ("check", "coin", "--preset", "smoke", "--seed", "11", "--jobs", "1", "--json")
    done = checkout.run(*words, str(tmp_path / "a.json"), code=130, COIN_LOG=str(log), COIN_STOPS="30")
    assert "stopped; run the same command to resume" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "a.json").exists() and len(log.read_text().split()) == 31
    checkout.run(*words, str(tmp_path / "a.json"), COIN_LOG=str(log))
    assert len(log.read_text().split()) == 31 + 50
    fresh = checkout.run(*words, str(tmp_path / "b.json"), THEORYLAB_CACHE_DIR=str(tmp_path / "cache"))
    assert fresh.returncode == 0
    assert without_seconds((tmp_path / "a.json").read_text()) == without_seconds((tmp_path / "b.json").read_text())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_a_process_that_dies_loses_nothing(checkout, tmp_path, number):
    log = tmp_path / "log"
    words = ["check", "coin", "--preset", "smoke", "--seed", "12", "--jobs", "2", "--json", "-"]
    more = {"COIN_LOG": str(log), "THEORYLAB_CACHE_DIR": str(tmp_path / "cache")}
    env = checkout.environment(**more, COIN_SECONDS="0.1")
    command = [sys.executable, "-m", "theorylab.lab.cli", *words]
    process = subprocess.Popen(command, cwd=checkout.root, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not log.exists() or len(log.read_text().split()) < 20:
        time.sleep(0.02)
    process.send_signal(number)
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert (b"run the same command to resume" in complaint) == (number == signal.SIGINT)
    begun = len(log.read_text().split())
    assert begun < 80
    rows = json.loads(checkout.run(*words, **more).stdout)
    assert [row["verdict"] for row in rows] == ["supported"] * 3
    assert 80 <= len(log.read_text().split()) <= 80 + 4  # at most what the two threads had in hand is done twice


def test_an_own_algorithm_that_breaks_the_theorem_is_refuted(checkout, tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(
        "from theorylab.bandits.coin import coin\nimport dataclasses\n"
        "def cheat(model, horizon, **more):\n"
        "    run = coin(model, horizon, **more)\n"
        "    return dataclasses.replace(run, regret=run.times * 1.0)\n"
        "def fair(model, horizon, **more):\n    return coin(model, horizon, **more)\n"
    )
    words = ("check", "coin", "--preset", "smoke", "--json", "-", "--algorithm")
    rows = json.loads(checkout.run(*words, f"{mine}:cheat", code=1).stdout)
    assert [row["verdict"] for row in rows] == ["refuted", "not applicable", "supported"]  # no trace
    rows = json.loads(checkout.run(*words, f"{mine}:fair").stdout)
    assert [row["verdict"] for row in rows] == ["supported", "not applicable", "supported"]


WRONG = [
    (("check", "coinn"), "there is no slug 'coinn'; there are: coin"),
    (("check", "coin", "--preset", "huge"), "preset is 'huge', expected one of 'smoke', 'quick', 'paper'"),
    (("check", "--jobs", "0"), "Invalid value for '--jobs'"),
    (("check", "--algorithm", "mine.py:f"), "got 0 slugs"),
    (("check", "coin", "--algorithm", "none.py:f"), "there is no file none.py"),
    (("run", "coin", "--instance", "fiar"), "instances of coin's own: fair"),
    (("run", "coin", "--instance", "problem-1"), "expected --horizon T"),
    (("run", "coin", "--dleta", "1"), "unexpected '--dleta'; coin takes the keywords: --delta"),
    (("run", "coin", "--delta", "--window", "3"), "--delta needs a value"),
    (("figure",), "name at least one slug or give --all"),
    (("figure", "coin", "--preset", "paper"), "preset is 'paper', expected one of 'smoke', 'quick'"),
    (("cite", "jaksch"), "'jaksch' is neither a slug nor a key"),
    (("new", "Coin", "--area", "mdp"), "slug is 'Coin'"),
    (("bench", "slow"), "there is no benchmark 'slow'; there are: speed"),
    (("cache", "burn"), "action is 'burn'"),
    (("nonsense",), "No such command 'nonsense'"),
]
MANY = """
import contextlib, io, json, sys
from theorylab.lab.cli import _run
found = []
for words in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = _run(words, False)
    found.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def wrong(checkout):
    """Code, output and complaint of all wrong commands, run in one process."""
    words = json.dumps([list(words) for words, _ in WRONG])
    return json.loads(checkout.run(words, python=MANY).stdout.splitlines()[-1])


@pytest.mark.parametrize("index", range(len(WRONG)), ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_usage_is_one_clear_line(wrong, index):
    code, out, complaint = wrong[index]
    assert code == 2 and out == ""
    lines = complaint.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("theorylab: ") and WRONG[index][1] in lines[0], complaint


def test_help_and_version(checkout):
    words = [[], ["--help"], ["--version"], ["figure", "--help"]]
    found = json.loads(checkout.run(json.dumps(words), python=MANY).stdout.splitlines()[-1])
    assert [code for code, _, _ in found] == [0, 0, 0, 0] and found[0][1] == found[1][1]
    assert "Name slugs, or give --all." in found[3][1] and "All slugs when none" not in found[3][1]
    assert "reproduce" in found[0][1] and found[2][1].startswith("theorylab 0.")


def test_traceback_on_demand(checkout):
    assert "Traceback" in checkout.run("check", "coinn", "--traceback", code=2).stderr


def test_power_and_profile(checkout, tmp_path):
    assert json.loads(checkout.run("power", "coin", "--json", "-").stdout) == []
    target = tmp_path / "profile.json"
    done = checkout.run("profile", "coin", "--preset", "smoke", "--json", str(target))
    stages = json.loads(target.read_text())["stages"]
    assert [stage["name"] for stage in stages] == ["regret", "bound"] and "T = 50" in done.stdout
    assert stages[0]["median"] < stages[1]["median"]


def test_run(checkout, tmp_path):
    target, curves = tmp_path / "run.json", tmp_path / "run.csv"
    words = (
        "run",
        "coin",
        "--horizon",
        "40",
        "--seeds",
        "3",
        "--delta",
        "0.2",
        "--json",
        str(target),
        "--csv",
        str(curves),
    )
    done = checkout.run(*words)
    found = json.loads(target.read_text())
    assert found["horizon"] == 40 and found["parameters"] == {"delta": 0.2} and len(found["series"]["regret"]) == 3
    final = found["final"]["regret"]
    assert final["mean"] == pytest.approx(sum(final["runs"]) / 3) and final["low"] < final["mean"] < final["high"]
    rows = list(csv.DictReader(curves.open()))
    assert len(rows) == 120 and float(rows[39]["regret"]) == final["runs"][0]
    assert "coin on fair, T = 40, 3 seeds, delta=0.2" in done.stdout and "±" in done.stdout


def test_figure_gives_the_same_bits_again(checkout, tmp_path):
    folders = [tmp_path / name for name in ("a", "b")]
    words = [
        ["figure", "coin", "--preset", "smoke", "--out", str(f), "--jobs", j]
        for f, j in zip(folders, "12", strict=True)
    ]
    python = MANY.replace("    out, err", "    os.environ['THEORYLAB_CACHE_DIR'] = words[5] + '-cache'\n    out, err")
    found = json.loads(checkout.run(json.dumps(words), python="import os\n" + python).stdout.splitlines()[-1])
    digests = []
    for folder, (code, out, err) in zip(folders, found, strict=True):
        assert code == 0, err
        assert "  holds: regret of p=0.1 is below that of p=0.9 at t = 20" in out
        assert "  DOES NOT HOLD: regret of p=0.9 is below that of p=0.1 at t = 20" in out
        files = sorted(folder.iterdir())
        assert [f.name for f in files] == ["coin.csv", "coin.pdf", "coin.png"]
        digests.append([hashlib.sha256(f.read_bytes()).hexdigest() for f in files])
    assert digests[0] == digests[1] and (tmp_path / "b-cache").is_dir()


def test_reproduce_writes_checks_figures_and_report(checkout, tmp_path):
    out = tmp_path / "report"
    done = checkout.run("reproduce", "--preset", "smoke", "--out", str(out), "--jobs", "1")
    assert "nothing refuted" in done.stdout
    assert {p.name for p in out.iterdir()} == {"index.html", "checks.json", "figures"}
    assert "hoeffding" in (out / "index.html").read_text() and (out / "figures/coin.png").is_file()


def test_evidence_is_recorded_and_goes_stale(checkout, coin_root, tmp_path):
    import shutil

    root = shutil.copytree(coin_root, tmp_path / "root")
    (root / "proofs_checks/coq").mkdir()
    mine = type(checkout)(root, tmp_path / "cache")
    mine.run("evidence", "coin", "--preset", "smoke")
    record = json.loads((root / "proofs_checks/evidence/coin.json").read_text())
    assert record["slug"] == "coin" and "seconds" not in record["parts"][0]
    assert json.loads(mine.run("list", "--json").stdout)[0]["level"] == record["level"]
    assert "not shown" not in mine.run("report", "--out", str(tmp_path / "out")).stdout
    path = root / "theorylab/bandits/coin.py"
    path.write_text(path.read_text() + "# edited\n")
    assert "L0 (stale)" in mine.run("list").stdout
    assert "not shown: coin" in mine.run("report", "--out", str(tmp_path / "out")).stdout


def test_cite_bench_and_cache(checkout):
    words = [["cite", "coin"], ["cache", "info"], ["cache", "clear"], ["cache"]]
    found = json.loads(checkout.run(json.dumps(words), python=MANY).stdout.splitlines()[-1])
    assert [code for code, _, _ in found] == [0, 0, 0, 0]
    entry, before, cleared, after = (out for _, out, _ in found)
    assert entry.startswith("@article{jaksch2010near,")
    assert "results" in before and cleared.startswith("removed") and after.startswith("0 results")
    assert "fast" in checkout.run("bench").stdout
