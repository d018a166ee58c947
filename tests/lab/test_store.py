from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.lab.store import MISSING, ResultStore, UnstorableError, atomic_write

TREE = {
    "regret": np.array([0.1, np.nan, np.inf]),
    "counts": np.arange(6, dtype=np.int32).reshape(2, 3),
    "names": np.array(["a", "bc"]),
    "pair": (1, 2.5, None, True),
    "list": [{"x": 1}, [], ()],
    "scalar": np.float32(0.1),
    "flag": np.bool_(False),
    "nan": math.nan,
    "large": 2**70,
    "$array": "a0",  # a key that looks like the store's own marks
    "by number": {1: "one", (2, 3): "pair"},
    "empty": {},
    "zero dimensional": np.array(3.0),
}


def same(a, b) -> bool:
    if isinstance(a, (np.ndarray, np.generic)):
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


@pytest.mark.parametrize("value", [TREE, None, 0, "text", [], {"$tuple": 1}, {"$items": []}, np.zeros((0, 2))])
def test_a_result_comes_back_with_the_same_types_and_bits(tmp_path, value):
    store = ResultStore(tmp_path / "results")
    store.put("ab01", value)
    assert same(store.get("ab01"), value)


def test_no_pickle_and_no_objects(tmp_path):
    store = ResultStore(tmp_path)
    for value in (object(), np.array([object()]), {"x": {1, 2}}, np.zeros(1, dtype=[("a", int)])):
        with pytest.raises(UnstorableError):
            store.put("ab01", value)
    assert store.files() == [] and not list(tmp_path.rglob("*.npz"))
    np.savez(tmp_path / "evil.npz", tree=np.array([{}], dtype=object))
    store.path("cd01").parent.mkdir()
    (tmp_path / "evil.npz").rename(store.path("cd01"))
    assert store.get("cd01") is MISSING


def test_a_damaged_file_counts_as_missing(tmp_path):
    store = ResultStore(tmp_path)
    store.put("ab01", TREE)
    whole = store.path("ab01").read_bytes()
    for length in (0, 1, 30, len(whole) // 2, len(whole) - 1):
        store.path("ab01").write_bytes(whole[:length])
        assert store.get("ab01") is MISSING
    for at in range(0, len(whole), 97):  # a flipped byte: the old result or none, never another one
        store.path("ab01").write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        found = store.get("ab01")
        assert found is MISSING or same(found, TREE)
    store.put("ab01", TREE)
    assert same(store.get("ab01"), TREE)


def test_clear(tmp_path):
    store = ResultStore(tmp_path)
    assert store.files() == [] and store.clear() == 0
    store.put("ab01", 1)
    store.put("cd01", 2)
    assert store.clear() == 2 and store.get("ab01") is MISSING


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    target = tmp_path / "deep" / "file.txt"
    with atomic_write(target) as temporary:
        temporary.write_text("one")
        assert not target.exists()
    with pytest.raises(KeyboardInterrupt), atomic_write(target) as temporary:
        temporary.write_text("tw")
        raise KeyboardInterrupt
    assert target.read_text() == "one" and [p.name for p in target.parent.iterdir()] == ["file.txt"]
