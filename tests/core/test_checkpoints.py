from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theorylab.core.checkpoints import ALL_STEPS_UP_TO, checkpoints, validated


@given(st.integers(1, 10**12))
def test_times_increase_from_one_to_the_horizon_and_stay_few(horizon):
    times = checkpoints(horizon)
    assert times[0] == 1 and times[-1] == horizon and np.all(np.diff(times) > 0) and times.dtype == np.int64
    assert len(times) <= max(ALL_STEPS_UP_TO, 201)


@pytest.mark.parametrize("horizon", [1, 2, ALL_STEPS_UP_TO])
def test_small_horizons_report_every_step(horizon):
    assert checkpoints(horizon).tolist() == list(range(1, horizon + 1))


def test_long_horizons_have_both_kinds_of_times():
    times = set(checkpoints(10**6).tolist())
    assert set(range(10**4, 10**6 + 1, 10**4)) <= times  # evenly spaced
    early = np.array(sorted(t for t in times if 100 <= t <= 10**4))
    assert len(early) > 25 and np.max(early[1:] / early[:-1]) < 1.2  # and evenly spaced in the logarithm before that


def test_own_times():
    assert validated(None, 7).tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert validated([2, 5], 9).tolist() == [2, 5, 9]
    assert validated(np.array([9], dtype=np.uint8), 9).tolist() == [9]


@pytest.mark.parametrize(
    ("times", "error", "message"),
    [
        ([0, 3], ValueError, r"checkpoints\[0\] is 0, expected an integer in 1\.\.9"),
        ([3, 10], ValueError, r"checkpoints\[1\] is 10, expected an integer in 1\.\.9"),
        ([3, 3], ValueError, r"checkpoints\[1\] is 3, expected more than checkpoints\[0\] = 3"),
        ([1.5], TypeError, "one-dimensional sequence of integers"),
        ([[1]], TypeError, "one-dimensional sequence of integers"),
    ],
)
def test_bad_times(times, error, message):
    with pytest.raises(error, match=message):
        validated(times, 9)


@pytest.mark.parametrize(
    ("horizon", "error"), [(0, ValueError), (2.0, TypeError), (True, TypeError), (10**30, ValueError)]
)
def test_bad_horizons(horizon, error):
    with pytest.raises(error, match="horizon is"):
        checkpoints(horizon)


@pytest.mark.parametrize("number", ["linear", "logarithmic"])
def test_bad_numbers_of_times(number):
    for value in (0, -1, 10**30):
        with pytest.raises(ValueError, match=rf"{number} is -?\d+, expected an integer in 1\.\.1000000"):
            checkpoints(1000, **{number: value})


def test_the_longest_horizon_is_hit_exactly():
    assert checkpoints(2**53 - 1)[-1] == 2**53 - 1
    with pytest.raises(ValueError, match="horizon is 9007199254740993"):
        validated([1], 2**53 + 1)
    with pytest.raises(TypeError, match="one-dimensional sequence of integers"):
        validated([[1], [1, 2]], 9)
