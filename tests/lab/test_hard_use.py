"""What people do to a command line: targets that cannot be written, files that do not run, Ctrl-C at any moment."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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


def many(checkout, commands, **environment):
    done = checkout.run(json.dumps(commands), python=MANY, **environment)
    return json.loads(done.stdout.splitlines()[-1])


def one_line(complaint):
    lines = complaint.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("theorylab: "), complaint
    return lines[0]


def test_targets_are_tested_before_anything_runs(checkout, tmp_path):
    log, file, folder = tmp_path / "log", tmp_path / "file", tmp_path / "folder"
    file.write_text("x")
    folder.mkdir()
    run, cases = ["run", "coin", "--horizon", "20"], []
    for option in ("--json", "--csv"):
        for target, said in ((folder, "is a folder"), (f"{file}/x", "is a file, expected a folder"), ("", "is empty")):
            cases.append(([*run, option, str(target)], said))
    for command in (["check", "coin"], ["power", "coin"], ["profile", "coin"]):
        cases.append(([*command, "--json", str(folder)], "is a folder"))
    for command in (["report"], ["figure", "coin"], ["reproduce"], ["evidence", "coin"]):
        cases.append(([*command, "--out", str(file)], "is a file, expected a folder"))
    found = many(checkout, [words for words, _ in cases], COIN_LOG=str(log))
    for (words, said), (code, out, complaint) in zip(cases, found, strict=True):
        assert code == 2 and out == "" and said in one_line(complaint), words
    assert not log.exists() and sorted(tmp_path.iterdir()) == [file, folder]


def test_a_failed_command_leaves_no_folder(checkout, tmp_path):
    words = ["run", "coin", "--instance", "fiar", "--json", str(tmp_path / "new" / "deep" / "x.json")]
    ((code, _, complaint),) = many(checkout, [words])
    assert code == 2 and one_line(complaint) and not (tmp_path / "new").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_and_a_device(checkout):
    command = [sys.executable, "-m", "theorylab", "list"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, cwd=checkout.root, env=checkout.environment(), stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2 and "No space left" in one_line(done.stderr)
    checkout.run("run", "coin", "--horizon", "20", "--json", "/dev/null", "--csv", "/dev/null")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("kind", ["a file", "a folder below a file"])
def test_an_unwritable_cache_is_no_reason_to_stop(checkout, tmp_path, kind):
    (tmp_path / "cache").write_text("x")
    cache = tmp_path / "cache" if kind == "a file" else tmp_path / "cache" / "below"
    done = checkout.run("run", "coin", "--horizon", "20", "--json", "-", "--jobs", "2", THEORYLAB_CACHE_DIR=str(cache))
    assert json.loads(done.stdout)["horizon"] == 20
    assert done.stderr.count("results cannot be kept") == 1 and "Traceback" not in done.stderr
    done = checkout.run("check", "coin", "--preset", "smoke", "--jobs", "1", THEORYLAB_CACHE_DIR=str(cache))
    assert "nothing refuted" in done.stdout and done.stderr.count("results cannot be kept") == 1


OWN = {
    "syntax": ("def f(:\n", "SyntaxError", "line 1"),
    "import": ("x = 1\n1 / 0\ndef f(): ...\n", "ZeroDivisionError: division by zero", "line 2"),
    "exits": ("raise SystemExit(0)\n", "SystemExit: 0", "line 1"),
    "called": ("def f(*a, **k):\n    raise RuntimeError('no luck')\n", "RuntimeError: no luck", "line 2"),
    "attribute": ("def f(*a, **k):\n    return a.b\n", "AttributeError", "line 2"),
    "signature": ("def f(model):\n    pass\n", "TypeError: f() ", ""),
    "exits when called": ("import sys\ndef f(*a, **k):\n    sys.exit(0)\n", "SystemExit: 0", "line 3"),
    "nothing": ("def f(*a, **k):\n    pass\n", "returned None", ""),
    "record": (
        "import types\ndef f(*a, **k):\n    return types.SimpleNamespace(trace=1)\n",
        "AttributeError",
        "no record that the claims can read",
    ),
    "agent": ("class f:\n    def __init__(self, info): ...\n    def act(self, s, r): return 0\n", "f", ""),
}  # fmt: skip


def test_own_files_fail_in_one_line_and_never_pass(checkout, tmp_path):
    commands = []
    for name, (text, _, _) in OWN.items():
        path = tmp_path / f"{name.replace(' ', '_')}.py"
        path.write_text(text)
        commands.append(["check", "coin", "--preset", "smoke", "--jobs", "2", "--algorithm", f"{path}:f"])
    found = many(checkout, commands)
    for (name, (_, cause, where)), words, (code, out, complaint) in zip(OWN.items(), commands, found, strict=True):
        line = one_line(complaint)
        assert code == 2 and out == "", name
        assert words[-1].rpartition(":")[0] in line and cause in line and where in line, line
    whole = checkout.run(*commands[1], "--traceback", code=2).stderr
    assert "Traceback" in whole and "1 / 0" in whole


def test_an_agent_without_observe_is_named(tmp_path):
    from theorylab.lab.own import OwnAlgorithmError, guarded, load_function
    from theorylab.mdp.environments import riverswim

    path = tmp_path / "lazy.py"
    path.write_text("class Lazy:\n    def __init__(self, info): ...\n    def act(self, state, rng): return 0\n")
    text = f"{path}:Lazy"
    with pytest.raises(
        OwnAlgorithmError, match=r"lazy\.py:Lazy failed: TypeError: Lazy made a Lazy without a method obs"
    ):
        guarded(load_function(text), text)(riverswim(6), 10, rng=0)


def test_an_unexpected_error_is_never_taken_for_a_refutation(checkout):
    python = (
        "from theorylab.lab import catalogue, cli\n"
        "def broken(**more): raise RuntimeError('a bug')\n"
        "catalogue.print_entries = broken\ncli.main(['list'])"
    )
    done = checkout.run(python=python, code=2)
    assert "Traceback" in done.stderr and "a bug" in done.stderr


@pytest.mark.parametrize("words", [["list"], ["run", "coin", "--horizon", "20"]])
def test_ctrl_c_is_one_line_at_any_moment(checkout, words):
    """Sent in the first line of ours, in an import that turns it into another error, and after the end."""
    early = "import signal\nfrom theorylab.lab import cli\n"
    inside = (
        early + "def stop(words):\n"
        "    try:\n        signal.raise_signal(signal.SIGINT)\n"
        "    except KeyboardInterrupt:\n        raise ImportError('numpy could not be imported')\n"
        "cli._dispatch = stop\ncli.main()"
    )
    between = early + "cli._run = lambda *words: signal.raise_signal(signal.SIGINT)\ncli.main()"
    for python in (inside, between):
        done = checkout.run(*words, python=python, code=130)
        assert done.stderr.strip() == "stopped; run the same command to resume"
    after = (
        "import atexit, signal\nfrom theorylab.lab.cli import main\n"
        "atexit.register(signal.raise_signal, signal.SIGINT)\nmain()"
    )
    done = checkout.run(*words, python=after)
    assert done.stderr == ""


def test_ctrl_c_soon_after_the_start(checkout):
    """The moment varies; once our own code is reached it is one line and 130, or the command was done before."""
    python = "print('ready', flush=True)\nfrom theorylab.lab.cli import main\nprint('in', flush=True)\nmain()"
    for delay in (0.0, 0.02, 0.1, 0.3):
        process = subprocess.Popen(
            [sys.executable, "-c", python, "run", "coin", "--seeds", "40", "--jobs", "1"],
            cwd=checkout.root, env=checkout.environment(COIN_SECONDS="0.05"), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout.readline() == "ready\n" and process.stdout.readline() == "in\n"
        time.sleep(0.01 + delay)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
        assert process.returncode == 130 and "Traceback" not in complaint, complaint


def test_python_m_theorylab(checkout):
    done = subprocess.run(
        [sys.executable, "-m", "theorylab", "list", "--json"],
        cwd=checkout.root, env=checkout.environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)[0]["slug"] == "coin"


INSTANCE = '"fair", lambda: 0.5, {"smoke": 50, "quick": 60}, {"smoke": 80, "quick": 200}, {"delta": 0.01'
SIGNATURE = "delta=0.05, trace=False"


def test_own_keywords_take_the_place_of_the_instances(checkout, coin_root, tmp_path):
    root = shutil.copytree(coin_root, tmp_path / "root")
    proof, algorithm = root / "proofs_checks/coin.py", root / "theorylab/bandits/coin.py"
    proof.write_text(proof.read_text().replace(INSTANCE, INSTANCE + ', "span": 2.0, "side": "heads", "trace": True'))
    text = algorithm.read_text().replace(SIGNATURE, f"side, window=None, span=None, {SIGNATURE}")
    text = text.replace("    chance =", "    if window and span:\n        raise ValueError('either')\n    chance =")
    algorithm.write_text(text)
    mine = type(checkout)(root, tmp_path / "cache")
    words = ["run", "coin", "--json", "-", "--horizon", "20"]
    given = ([], ["--delta", "0.5"], ["--window", "3"], ["--window", "3", "--span", "1"])
    found = many(mine, [words + more for more in given])
    parameters = [json.loads(out)["parameters"] if code == 0 else complaint for code, out, complaint in found]
    assert parameters[0] == {"delta": 0.01, "span": 2.0, "side": "heads"}
    assert parameters[1] == {"delta": 0.5, "span": 2.0, "side": "heads"}
    assert parameters[2] == {"delta": 0.01, "side": "heads", "window": 3}
    assert one_line(parameters[3]) == "theorylab: either"


def test_scaled_radii_are_told_in_every_output(tmp_path, monkeypatch, capsys):
    from theorylab.lab import cli

    monkeypatch.setenv("THEORYLAB_CACHE_DIR", str(tmp_path / "cache"))
    for scale, said in (("0.3", "false"), ("1", "true")):
        json_file, csv_file = tmp_path / f"{scale}.json", tmp_path / f"{scale}.csv"
        words = ["run", "ucrl2", "--instance", "two-state", "--horizon", "50", "--seeds", "2", "--scale", scale]
        assert cli._run([*words, "--json", str(json_file), "--csv", str(csv_file)], False) == 0
        heads = [line for line in capsys.readouterr().out.splitlines() if line.startswith("not the theorem's")]
        assert heads == (["not the theorem's algorithm: radii scaled by 0.3"] if said == "false" else [])
        assert json.loads(json_file.read_text())["theorems_algorithm"] is (said == "true")
        assert {row["theorems_algorithm"] for row in csv.DictReader(csv_file.open())} == {said}


def test_every_algorithm_of_every_result_can_be_run():
    from theorylab.lab.catalogue import algorithm_of, load_result
    from theorylab.lab.runs import run_instance

    found = run_instance("oracle_restart_ucrl2", horizon=50, seeds=2)
    assert (found.slug, found.algorithm, found.theorems_algorithm) == ("rbocpd_ucrl2", "oracle_restart_ucrl2", True)
    assert "no theorem is claimed" in run_instance("random_agent", "two-state", horizon=50, seeds=1).remark
    with pytest.raises(KeyError, match=r"no slug 'oracel'.*run also takes .*oracle_restart_ucrl2 \(of rbocpd_ucrl2\)"):
        algorithm_of("oracel")
    with pytest.raises(KeyError, match="an algorithm of rbocpd_ucrl2, and theorylab run takes it"):
        load_result("oracle_restart_ucrl2")


@pytest.mark.parametrize(
    "words, value",
    [
        (["--reward-streams"], True),
        (["--reward-streams=false"], False),
        (["--reward-streams", "True"], True),
        (["--reward-streams", "False"], False),
    ],
)
def test_a_keyword_that_is_true_or_false_needs_no_value(words, value):
    from theorylab.lab.runs import parse_keywords

    found = parse_keywords([*words, "--delta", "0.1"], "rbocpd_ucrl2")
    assert found == {"reward_streams": value, "delta": 0.1} and type(found["reward_streams"]) is bool
    with pytest.raises(ValueError, match="--reward-streams is 'yes', expected true, false or no value"):
        parse_keywords(["--reward-streams", "yes"], "rbocpd_ucrl2")


def test_a_result_without_stages_says_which_have_a_profile(capsys):
    from theorylab.lab import cli
    from theorylab.lab.catalogue import load_results

    assert cli._run(["profile", "sw_ucrl2"], False) == 2
    names = capsys.readouterr().err.rpartition(": ")[2].strip().split(", ")
    assert names == [result.slug for result in load_results() if result.stages and result.profile_instance]
    assert "rbocpd" in names and "sw_ucrl2" not in names


def test_an_instance_that_does_not_fit_says_which_do(checkout, coin_root, tmp_path):
    root = shutil.copytree(coin_root, tmp_path / "root")
    algorithm = root / "theorylab/bandits/coin.py"
    algorithm.write_text(algorithm.read_text().replace("    chance =", "    model.real\n    chance ="))
    mine = type(checkout)(root, tmp_path / "cache")
    ((code, _, complaint),) = many(mine, [["run", "coin", "--instance", "problem-1", "--horizon", "20"]])
    assert code == 2 and "cannot run on problem-1" in one_line(complaint) and "its own: fair" in complaint


def test_evidence_is_not_recorded_into_an_installed_package(checkout):
    python = "from theorylab import rooms\nrooms.INSTALLED = True\nfrom theorylab.lab.cli import main\nmain()"
    for words, said in ((["evidence"], "give --out FOLDER"), (["bench"], "needs a checkout")):
        assert said in one_line(checkout.run(*words, python=python, code=2).stderr)


def test_a_partly_stale_record_shows_the_mutants_that_are_fresh(monkeypatch):
    from theorylab.lab import reproduce
    from theorylab.verify import evidence

    records = {"a": {"power": [{"mutant": "x"}]}, "b": {"power": []}, "c": None, "d": {"power": [], "stale": True}}
    monkeypatch.setattr(reproduce, "chosen", lambda names: list(records))
    monkeypatch.setattr(evidence, "load", records.get)
    monkeypatch.setattr(evidence, "fresh", lambda record: not record.get("stale"))
    assert reproduce._recorded_power() == {"a": [{"slug": "a", "mutant": "x"}], "b": []}
    records.update(a=None, b=None)
    assert reproduce._recorded_power() is None
