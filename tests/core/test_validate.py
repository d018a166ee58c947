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
    (([1.0, 10**400],), {}, ValueError, "P has an entry beyond the range of doubles, expected finite numbers"),
    (([10**400],), {}, ValueError, "P has an entry beyond the range of doubles, expected finite numbers"),
    (
        (np.ma.array([1.0, 2.0], mask=[False, True]),),
        {},
        ValueError,
        "P has 1 masked entries, expected none: nothing is filled in",
    ),
    (
        (np.array(["1", 2], dtype=object),),
        {},
        TypeError,
        "P cannot be read as an array of real numbers, got array(['1', 2], dtype=object)",
    ),
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
    (np.bool_(True), {}, TypeError, "n is np.True_, expected an integer"),
    (np.timedelta64(3), {}, TypeError, "n is np.timedelta64(3), expected an integer"),
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
    (b"1", {}, TypeError, "x is b'1', expected a number"),
    (np.bool_(False), {}, TypeError, "x is np.False_, expected a number"),
    (np.timedelta64(3), {}, TypeError, "x is np.timedelta64(3), expected a number"),
    (np.array([1.0]), {}, TypeError, "x is array([1.]), expected a number"),
    (10**400, {}, ValueError, "x is an integer of 1329 bits, expected a number in the range of doubles"),
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


def test_integers_too_long_to_print():
    message = "n is an integer of 16610 bits, expected an integer <= 4"
    complains(ValueError, message, validate.integer, "n", 10**5000, high=4)


def test_flags_are_true_or_false():
    assert validate.flag("trace", np.bool_(True)) is True and validate.flag("trace", False) is False
    for value in (1, 0.0, "yes", None, np.array([True])):
        with pytest.raises(TypeError, match=r"trace is .*, expected True or False"):
            validate.flag("trace", value)


def test_a_choice_is_a_word():
    for value in (np.array(["a", "b"]), 3, None, ["a"]):
        with pytest.raises(ValueError, match=r"law is .*, expected one of 'a', 'b'"):
            validate.choice("law", value, ("a", "b"))


def test_indices_of_ragged_or_masked_sequences():
    complains(
        TypeError,
        "policy is [[1], [1, 2]], expected a one-dimensional sequence of integers",
        validate.indices,
        "policy",
        [[1], [1, 2]],
        below=3,
    )
    with pytest.raises(ValueError, match="policy has 1 masked entries"):
        validate.indices("policy", np.ma.array([0, 1], mask=[0, 1]), below=3)
    assert validate.array("P", np.ma.array([0.5, 1.0])).tolist() == [0.5, 1.0]  # nothing is masked


def test_extreme_magnitudes():
    assert validate.confidence("delta", 1e-250) == 1e-250
    complains(
        ValueError,
        "delta is 1e-300, expected at least 1e-250: thresholds would overflow",
        validate.confidence,
        "delta",
        1e-300,
    )
    validate.not_vanishing("P", np.array([0.0, 1e-150]))
    complains(
        ValueError,
        "P[1] is 4.94065645841e-324, expected 0 or at least 1e-150",
        validate.not_vanishing,
        "P",
        np.array([1.0, 5e-324]),
    )
