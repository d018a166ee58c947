from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pytest

from theorylab.core.record import RunRecord, plain, versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk(RunRecord):
    times: np.ndarray
    regret: np.ndarray
    starts: np.ndarray = field(metadata={"series": False})
    best: float = float("inf")


def walk(**more):
    values = {
        "algorithm": "walk",
        "parameters": {"delta": np.float64(0.1)},
        "seed": {"entropy": 2**80, "spawn_key": (1,)},
        "times": np.array([1, 5]),
        "regret": np.array([0.5, np.nan]),
        "starts": np.array([1, 2]),
    }
    return Walk(**{**values, **more})


def test_a_record_is_frozen_and_read_only():
    given = {"delta": 0.1}
    record = walk(parameters=given)
    given["delta"] = 0.9
    assert record.parameters["delta"] == 0.1
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.algorithm = "other"
    with pytest.raises(ValueError, match="read-only"):
        record.regret[0] = 1.0
    with pytest.raises(TypeError):
        record.parameters["delta"] = 1.0


def test_it_knows_the_versions():
    assert walk().versions["numpy"] == np.__version__ and "python" in walk().versions


def test_to_dict_is_ready_for_strict_json():
    made = walk().to_dict()
    text = json.dumps(made, allow_nan=False)
    back = json.loads(text)
    assert back["times"] == [1, 5] and back["regret"] == [0.5, "nan"] and back["best"] == "inf"
    assert back["seed"] == {"entropy": 2**80, "spawn_key": [1]} and back["parameters"] == {"delta": 0.1}
    assert set(made) == {f.name for f in dataclasses.fields(Walk)}


def test_rows_are_one_for_each_checkpoint_and_leave_out_what_is_no_series():
    rows = walk(regret=np.array([0.5, 2.0])).rows()
    assert rows == [
        {"algorithm": "walk", "times": 1, "regret": 0.5},
        {"algorithm": "walk", "times": 5, "regret": 2.0},
    ]


def test_a_record_without_times_has_no_rows():
    assert RunRecord(algorithm="a", parameters={}, seed={}).rows() == []


def test_plain():
    @dataclass
    class Point:
        x: np.int64

    mapping = MappingProxyType({"b": np.bool_(True)})
    given = {1: (np.float32(0.5), {3}), "p": Point(np.int64(2)), "m": mapping, "n": None}
    assert plain(given) == {"1": [0.5, [3]], "p": {"x": 2}, "m": {"b": True}, "n": None}
    assert plain([float("-inf"), np.nan]) == ["-inf", "nan"]
    assert type(plain(np.int64(3))) is int


def test_versions_are_plain_strings():
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in versions().items())
    assert pickle.loads(pickle.dumps(dict(versions()))) == dict(versions())


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda r: pickle.loads(pickle.dumps(r))])
def test_records_can_be_copied_and_pickled_and_stay_read_only(copied):
    record = walk()
    other = copied(record)
    assert type(other) is Walk and other.to_dict() == record.to_dict()
    with pytest.raises(ValueError, match="read-only"):
        other.regret[0] = 1.0
    with pytest.raises(TypeError):
        other.parameters["delta"] = 1.0
