"""Every message names the argument, the index, the value and what was expected."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from theorylab.core import validate


def complains(error, message, function, *args, **keywords):
    with pytest.raises(error) as caught:
        function(*args, **keywords)
    assert str(caught.value) == message


def test_arrays_are_copied_and_converted():
    given = np.array([[1, 2], [3, 4]])
    made = validate.array("P", given, shape=(2, None))
    made[0, 0] = 9.0
    assert made.dtype == np.float64 and given[0, 0] == 1
    assert validate.array("P", [Fraction(1, 4), 2]).tolist() == [0.25, 2.0]
    assert validate.array("P", 3.0, shape=()).tolist() == 3.0


ARRAYS = [
    (([1.0, math.nan],), {}, ValueError, "P[1] is nan, expected a finite number"),
    (([[1.0], [math.inf]],), {}, ValueError, "P[1, 0] is inf, expected a finite number"),
    ((["a"],), {}, TypeError, "P cannot be read as an array of real numbers, got ['a']"),
    (([1j],), {}, TypeError, "P cannot be read as an array of real numbers, got [1j]"),
    (([[1], [1, 2]],), {}, TypeError, "P cannot be read as an array of real numbers, got [[1], [1, 2]]"),
    (([1.0],), {"ndim": 2}, ValueError, "P has 1 dimensions (shape (1,)), expected 2"),
    (([[1.0]],), {"shape": (2, None)}, ValueError, "P has shape (1, 1), expected (2, any)"),
    (([1.0],), {"shape": (3,)}, ValueError, "P has shape (1,), expected (3,)"),
]


@pytest.mark.parametrize(("args", "keywords", "error", "message"), ARRAYS)
def test_bad_arrays(args, keywords, error, message):
    complains(error, message, validate.array, "P", *args, **keywords)


def test_distributions():
    validate.distributions("P", np.array([[0.5, 0.5], [1.0, 0.0]]))
    validate.distributions("P", np.full((1, 10), 0.1))  # rounding is no error
    rows = np.array([[[0.5, 0.5]], [[0.5, 0.48]]])
    complains(ValueError, "P[1, 0] sums to 0.98, expected 1", validate.distributions, "P", rows)
    complains(
        ValueError, "P[0, 1] is -0.1, expected a probability >= 0", validate.distributions, "P", np.array([[1.1, -0.1]])
    )
    almost = np.array([[0.5, 0.5 + 2 * validate.ROW_SUM_TOLERANCE]])
    with pytest.raises(ValueError, match=r"P\[0\] sums to"):
        validate.distributions("P", almost)
    assert almost[0, 1] > 0.5  # and nothing was renormalised


def test_intervals():
    validate.in_interval("R", np.array([0.0, 1.0]), 0.0, 1.0)
    complains(
        ValueError, "R[1] is 1.2, expected a number in [0, 1]", validate.in_interval, "R", np.array([0, 1.2]), 0.0, 1.0
    )


INTEGERS = [
    (3.0, {}, TypeError, "n is 3.0, expected an integer"),
    (True, {}, TypeError, "n is True, expected an integer"),
    ("3", {}, TypeError, "n is '3', expected an integer"),
    (0, {"low": 1}, ValueError, "n is 0, expected an integer >= 1"),
    (9, {"high": 4}, ValueError, "n is 9, expected an integer <= 4"),
    (9, {"low": 1, "high": 4}, ValueError, "n is 9, expected an integer in 1..4"),
]


@pytest.mark.parametrize(("value", "keywords", "error", "message"), INTEGERS)
def test_bad_integers(value, keywords, error, message):
    complains(error, message, validate.integer, "n", value, **keywords)


def test_integers():
    made = validate.integer("n", np.int8(4), low=4, high=4)
    assert made == 4 and type(made) is int


NUMBERS = [
    (math.nan, {}, ValueError, "x is nan, expected a finite number in (-inf, inf)"),
    (math.inf, {"low": 0}, ValueError, "x is inf, expected a finite number in [0, inf)"),
    (0.0, {"low": 0, "open_low": True}, ValueError, "x is 0, expected a finite number in (0, inf)"),
    (1.0, {"high": 1, "open_high": True}, ValueError, "x is 1, expected a finite number in (-inf, 1)"),
    (True, {}, TypeError, "x is True, expected a number"),
    ("1", {}, TypeError, "x is '1', expected a number"),
    (None, {}, TypeError, "x is None, expected a number"),
    ([1, 2], {}, TypeError, "x is [1, 2], expected a number"),
]


@pytest.mark.parametrize(("value", "keywords", "error", "message"), NUMBERS)
def test_bad_numbers(value, keywords, error, message):
    complains(error, message, validate.number, "x", value, **keywords)


def test_numbers():
    assert validate.number("x", Fraction(1, 2), low=0.5, high=0.5) == 0.5
    assert validate.probability("delta", 0.05) == 0.05
    for value in (0.0, 1.0, 1.5):
        with pytest.raises(ValueError, match=r"expected a finite number in \(0, 1\)"):
            validate.probability("delta", value)


def test_choices_and_indices():
    assert validate.choice("law", "b", ("a", "b")) == "b"
    complains(ValueError, "law is 'c', expected one of 'a', 'b'", validate.choice, "law", "c", ("a", "b"))
    assert validate.indices("policy", [0, 2], below=3).dtype == np.int64
    assert validate.indices("policy", (), below=3).shape == (0,)
    complains(ValueError, "policy[1] is 3, expected an integer in 0..2", validate.indices, "policy", [0, 3], below=3)
    complains(ValueError, "policy[0] is -1, expected an integer in 0..2", validate.indices, "policy", [-1], below=3)
    complains(TypeError, "policy has dtype float64, expected integers", validate.indices, "policy", [0.0], below=3)
    complains(ValueError, "policy has 2 dimensions, expected 1", validate.indices, "policy", [[0]], below=3)


def test_readonly_is_a_copy():
    given = np.asfortranarray(np.ones((2, 3)))
    made = validate.readonly(given)
    assert made.flags.c_contiguous and not made.flags.writeable and given.flags.writeable
    assert validate.where("P", (3, 1)) == "P[3, 1]" and validate.where("P", ()) == "P"
