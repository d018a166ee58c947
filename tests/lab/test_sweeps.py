from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from theorylab.core.rng import child_seed
from theorylab.core.sweeps import serial
from theorylab.lab import sweeps
from theorylab.lab.store import ResultStore
from theorylab.lab.sweeps import resumable, task_key

ROOT = Path(__file__).resolve().parents[2]
CALLS: list[int] = []
LOCK = threading.Lock()


def walk(task):
    """A random walk: its bits depend on the task alone."""
    with LOCK:
        CALLS.append(task["run"])
    steps = np.random.default_rng(child_seed(task["entropy"], task["run"])).standard_normal(task["horizon"])
    return {"walk": np.cumsum(steps), "last": float(steps[-1]), "run": task["run"], "pair": (task["run"], "x")}


def stops_at_five(task):
    if task["run"] == 5:
        raise KeyboardInterrupt
    return walk(task)


def scaled(factor, task):
    return factor * task


TASKS = [{"run": i, "entropy": 7, "horizon": 50 + 10 * i} for i in range(12)]


@pytest.fixture(autouse=True)
def no_calls():
    CALLS.clear()


def same(a, b):
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        assert x["walk"].tobytes() == y["walk"].tobytes()
        assert (x["last"], x["run"], x["pair"]) == (y["last"], y["run"], y["pair"])


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_same_bits_for_any_number_of_workers_and_from_the_store(tmp_path, jobs):
    expected = serial(walk, TASKS)
    CALLS.clear()
    store = ResultStore(tmp_path)
    same(resumable(store, jobs)(walk, TASKS), expected)
    assert sorted(CALLS) == list(range(12))
    same(resumable(store, 3)(walk, TASKS), expected)
    assert len(CALLS) == 12
    same(resumable(None, jobs)(walk, TASKS), expected)
    assert len(CALLS) == 24


@pytest.mark.parametrize("jobs", [1, 3])
def test_an_interrupted_sweep_resumes(tmp_path, jobs):
    store = ResultStore(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        resumable(store, jobs)(stops_at_five, TASKS)
    kept = len(store.files())
    assert 4 <= kept <= 11 and (jobs > 1 or kept == 5)
    CALLS.clear()
    with pytest.raises(KeyboardInterrupt):
        resumable(store, 1)(stops_at_five, TASKS)
    assert not set(CALLS) & set(range(5))  # what was done is not done again


def test_a_damaged_result_is_computed_again(tmp_path):
    store = ResultStore(tmp_path)
    expected = resumable(store, 1)(walk, TASKS)
    store.files()[3].write_bytes(b"half")
    CALLS.clear()
    same(resumable(store, 1)(walk, TASKS), expected)
    assert len(CALLS) == 1


def test_progress_counts_what_was_resumed(tmp_path):
    store, seen = ResultStore(tmp_path), []
    resumable(store, 1)(walk, TASKS[:4])
    resumable(store, 2, lambda message, done, total: seen.append((message, done, total)))(walk, TASKS)
    assert seen[0] == ("walk (resumed)", 4, 12)
    assert [done for _, done, _ in seen[1:]] == list(range(5, 13)) and seen[-1] == ("walk", 12, 12)


def test_keys_depend_on_everything_that_decides_a_result(tmp_path, monkeypatch):
    key = task_key(walk, TASKS[0])
    assert key == task_key(walk, dict(reversed(TASKS[0].items()))) and len(key) == 64
    others = [
        task_key(walk, {**TASKS[0], "run": 1}),
        task_key(walk, {**TASKS[0], "extra": None}),
        task_key(stops_at_five, TASKS[0]),
        task_key(functools.partial(scaled, 2), 1),
        task_key(functools.partial(scaled, 3), 1),
        task_key(walk, {**TASKS[0], "seed": np.random.SeedSequence(1)}),
        task_key(walk, {**TASKS[0], "seed": np.random.SeedSequence(1, spawn_key=(2,))}),
    ]
    monkeypatch.setattr(sweeps, "source_hash", lambda: "0" * 16)
    others.append(task_key(walk, TASKS[0]))
    assert None not in others and len({key, *others}) == 9
    assert task_key(walk, {"a": (1, 2)}) == task_key(walk, {"a": [np.int64(1), 2]})


def test_an_edited_file_gives_other_keys(tmp_path):
    from theorylab.lab.own import load_function

    keys = []
    for text in ("def f(task):\n    return 1\n", "def f(task):\n    return 2\n"):
        (tmp_path / "mine.py").write_text(text)
        keys.append(task_key(load_function(f"{tmp_path}/mine.py:f"), 0))
    assert None not in keys and len(set(keys)) == 2


STUDIES = {
    "a module beside it": ("import helper\n", "helper.f(x)", "helper.py"),
    "from it": ("from helper import f\n", "f(x)", "helper.py"),
    "inside the function": ("", "__import__('os') and 0", ""),
    "later": ("def g(x):\n    from helper import f\n    return f(x)\n", "g(x)", "helper.py"),
    "at second hand": ("import first\n", "first.f(x)", "helper.py"),
    "in a package": ("from pack.sub import helper\n", "helper.f(x)", "pack/sub/helper.py"),
    "by the package": ("import pack.sub\n", "pack.sub.f(x)", "pack/sub/__init__.py"),
    "relative": ("from pack import outer\n", "outer.f(x)", "pack/sub/helper.py"),
}


@pytest.mark.parametrize("name", STUDIES)
def test_an_edited_module_never_meets_an_old_result(tmp_path, name):
    """Two processes, as a person would work; the second must see the edit (and a third must keep the result)."""
    imports, call, edited = STUDIES[name]
    files = {
        "study.py": f"{imports}def task(x):\n    return {call}\n",
        "first.py": "import helper\ndef f(x): return helper.f(x)\n",
        "helper.py": "def f(x): return 1\n",
        "pack/__init__.py": "",
        "pack/outer.py": "from .sub import helper\nfrom . import sub\ndef f(x): return helper.f(x)\n",
        "pack/sub/__init__.py": "def f(x): return 1\n",
        "pack/sub/helper.py": "def f(x): return 1\n",
    }
    for file, text in files.items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run():
        code = (
            "import study\nfrom pathlib import Path\nfrom theorylab.lab.store import ResultStore\n"
            "from theorylab.lab.sweeps import resumable, task_key\n"
            "print(resumable(ResultStore(Path('store')), 1)(study.task, [1])[0], task_key(study.task, 1))"
        )
        env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    before = run()
    if not edited:  # an import by a computed name cannot be followed
        assert before == ["0", "None"]
        return
    (tmp_path / edited).write_text("def f(x): return 2\n")
    after = run()
    assert [before[0], after[0]] == ["1", "2"] and before[1] != after[1]
    assert run() == after and len(ResultStore(tmp_path / "store").files()) == 2


def test_a_function_of_an_installed_distribution_is_not_kept(tmp_path):
    from theorylab.lab.local_sources import sources_digest

    path = tmp_path / "site-packages" / "study.py"
    path.parent.mkdir()
    path.write_text("import helper\n")
    assert sources_digest(path) is None
    assert sources_digest(tmp_path / "none.py") is None


def test_the_rooms_of_a_room_are_its_sources():
    from theorylab.lab.local_sources import sources_digest
    from theorylab.rooms import ROOT as ROOMS

    for path in sorted((ROOMS / "proofs_checks").glob("*.py")) + sorted((ROOMS / "figures").glob("*.py")):
        assert sources_digest(path) is not None, path


def test_the_store_is_bypassed_where_the_key_would_be_incomplete(tmp_path):
    shift, store = 3, ResultStore(tmp_path)

    def local(task):
        return task + shift

    assert resumable(store, 1)(local, [1, 2]) == [4, 5]  # free variable
    assert resumable(store, 1)(abs, [-1]) == [1]  # no source
    assert resumable(store, 1)(_name, [object]) == ["object"]  # the task is no plain data
    assert resumable(store, 1)(_rubbish, [1]) == [{1, 2}]  # the result is no plain data
    assert store.files() == []


def _name(task):
    return task.__name__


def _rubbish(task):
    return {1, 2}


def test_an_error_is_the_functions_own():
    with pytest.raises(ZeroDivisionError):
        resumable(None, 2)(_divide, [1, 0, 2])


def _divide(task):
    return 1 / task


def test_bad_jobs():
    with pytest.raises(ValueError, match="jobs is 0"):
        resumable(None, 0)


WALKS = """
import numpy as np

from theorylab.core.rng import child_seed


def walk(task):
    steps = np.random.default_rng(child_seed(task["entropy"], task["run"])).standard_normal(task["horizon"])
    return {"walk": np.cumsum(steps), "run": task["run"], "pair": (task["run"], "x")}
"""
DASK = """
import sys
from pathlib import Path

import distributed
from walks import walk

from theorylab.core.sweeps import serial
from theorylab.lab.store import ResultStore
from theorylab.lab.sweeps import dask_sweep, resumable

TASKS = [{"run": i, "entropy": 7, "horizon": 50 + 10 * i} for i in range(12)]


def bits(results):
    return [(r["walk"].tobytes(), r["run"], r["pair"]) for r in results]


def unexpected(task):
    raise AssertionError("not from the store")


if __name__ == "__main__":
    expected = bits(serial(walk, TASKS))
    store = ResultStore(Path(sys.argv[1]))
    options = {"n_workers": 2, "processes": True, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster, timeout=30) as client:
        assert bits(dask_sweep(client, store)(walk, TASKS)) == expected
        assert len(store.files()) == len(TASKS)
        assert bits(dask_sweep(client.scheduler.address)(walk, TASKS)) == expected
    walk.__code__ = unexpected.__code__.replace(co_filename=walk.__code__.co_filename)  # no key depends on it
    assert bits(resumable(store, 1)(walk, TASKS)) == expected  # one store, any backend
    print("the same bits")
"""


def test_dask_gives_the_serial_bits(tmp_path):
    """In a process of its own, and up to six times: the cluster's transport stalls now and then.

    A stall is tried again; other bits, or any error, fail at once.
    """
    pytest.importorskip("distributed")
    (tmp_path / "walks.py").write_text(WALKS)
    (tmp_path / "cluster.py").write_text(DASK)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    env["DASK_DISTRIBUTED__CLIENT__SCHEDULER_INFO_INTERVAL"] = "1h"  # the stall was seen in that periodic question
    for attempt in range(6):
        command = [sys.executable, str(tmp_path / "cluster.py"), str(tmp_path / f"store-{attempt}")]
        process = subprocess.Popen(
            command,
            env=env,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            out, err = process.communicate(timeout=25)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # the workers too
            process.communicate()
            continue
        assert process.returncode == 0 and "the same bits" in out, err
        return
    pytest.fail("the cluster stalled six times")
