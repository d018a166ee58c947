"""Validation: every message names the argument, the index, the value and what was expected.  Nothing is repaired."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LARGEST",
    "LEAST_CONFIDENCE",
    "ROW_SUM_TOLERANCE",
    "array",
    "choice",
    "confidence",
    "distributions",
    "flag",
    "in_interval",
    "indices",
    "integer",
    "not_vanishing",
    "number",
    "probability",
    "readonly",
    "where",
]

ROW_SUM_TOLERANCE = 1e-9  # |sum of a row - 1| that is taken for rounding; nothing is ever renormalised
LARGEST = 1e150  # products of two such numbers, and their reciprocals, are doubles
LEAST_CONFIDENCE = 1e-250  # divided by squares of times, it is still a double with a reciprocal


def where(name: str, index: Sequence[int | np.integer]) -> str:
    """``P[3, 1]`` from ``("P", (3, 1))``."""
    return f"{name}[{', '.join(str(int(i)) for i in index)}]" if len(index) else name


def readonly(values: NDArray[Any]) -> NDArray[Any]:
    """A read-only, C-ordered copy."""
    copy = np.array(values, order="C", copy=True)
    copy.flags.writeable = False
    return copy


def array(
    name: str, values: Any, *, shape: tuple[int | None, ...] | None = None, ndim: int | None = None
) -> NDArray[np.float64]:
    """A finite float64 array of the expected shape (``None`` = any length along that axis); a writable copy.

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If the shape is another one, an entry is NaN, infinite or beyond the range of doubles, or entries are masked.
    """
    _refuse_masked(name, values)
    try:
        raw = np.asarray(values)
        if raw.dtype.kind not in "biufO" or (raw.dtype.kind == "O" and not all(map(_is_real, raw.flat))):
            raise TypeError
        result = np.array(raw, dtype=np.float64, order="C")
    except OverflowError as error:
        raise ValueError(f"{name} has an entry beyond the range of doubles, expected finite numbers") from error
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} cannot be read as an array of real numbers, got {_short(values)}") from error
    if ndim is not None and result.ndim != ndim:
        raise ValueError(f"{name} has {result.ndim} dimensions (shape {result.shape}), expected {ndim}")
    if shape is not None:
        agrees = len(shape) == result.ndim and all(
            want is None or want == got for want, got in zip(shape, result.shape, strict=True)
        )
        if not agrees:
            wanted = (
                "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
            )
            raise ValueError(f"{name} has shape {result.shape}, expected {wanted}")
    bad = np.argwhere(~np.isfinite(result))
    if len(bad):
        raise ValueError(f"{where(name, bad[0])} is {result[tuple(bad[0])]}, expected a finite number")
    return result


def in_interval(name: str, values: NDArray[np.float64], low: float, high: float) -> None:
    """Every entry lies in [low, high]."""
    bad = np.argwhere((values < low) | (values > high))
    if len(bad):
        value = values[tuple(bad[0])]
        raise ValueError(f"{where(name, bad[0])} is {value:.12g}, expected a number in [{low:g}, {high:g}]")


def not_vanishing(name: str, values: NDArray[np.float64]) -> None:
    """Every entry is 0 or at least 1 / LARGEST, so that its reciprocal is a double."""
    bad = np.argwhere((values > 0.0) & (values < 1.0 / LARGEST))
    if len(bad):
        value = values[tuple(bad[0])]
        raise ValueError(f"{where(name, bad[0])} is {value:.12g}, expected 0 or at least {1.0 / LARGEST:g}")


def distributions(name: str, values: NDArray[np.float64], *, tolerance: float = ROW_SUM_TOLERANCE) -> None:
    """Along the last axis: non-negative, sums to one within ``tolerance``.

    Raises
    ------
    ValueError
        ``P[3, 1] sums to 0.98, expected 1``.
    """
    negative = np.argwhere(values < 0.0)
    if len(negative):
        value = values[tuple(negative[0])]
        raise ValueError(f"{where(name, negative[0])} is {value:.12g}, expected a probability >= 0")
    sums = values.sum(axis=-1)
    bad = np.argwhere(np.abs(sums - 1.0) > tolerance)
    if len(bad):
        raise ValueError(f"{where(name, bad[0])} sums to {sums[tuple(bad[0])]:.12g}, expected 1")


def integer(name: str, value: Any, *, low: int | None = None, high: int | None = None) -> int:
    """An integer in [low, high]; a float that is whole is not taken for one."""
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} is {_short(value)}, expected an integer")
    if (low is not None and value < low) or (high is not None and value > high):
        raise ValueError(f"{name} is {_short(int(value))}, expected {_range(low, high, 'an integer')}")
    return int(value)


def number(
    name: str,
    value: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """A finite real number in the given (half-open) interval."""
    if not _is_real(value) or isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {_short(value)}, expected a number")
    try:
        result = float(value)
    except OverflowError as error:
        raise ValueError(f"{name} is {_short(value)}, expected a number in the range of doubles") from error
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} is {_short(value)}, expected a number") from error
    inside = math.isfinite(result)
    if low is not None:
        inside = inside and (result > low if open_low else result >= low)
    if high is not None:
        inside = inside and (result < high if open_high else result <= high)
    if not inside:
        left = "(" if open_low or low is None else "["
        right = ")" if open_high or high is None else "]"
        low_text = "-inf" if low is None else f"{low:g}"
        high_text = "inf" if high is None else f"{high:g}"
        raise ValueError(f"{name} is {result:.12g}, expected a finite number in {left}{low_text}, {high_text}{right}")
    return result


def probability(name: str, value: Any) -> float:
    """A number strictly between 0 and 1, such as a confidence level."""
    return number(name, value, low=0.0, high=1.0, open_low=True, open_high=True)


def confidence(name: str, value: Any) -> float:
    """A confidence level that algorithms may divide by squares of times: a probability of at least 1e-250."""
    result = probability(name, value)
    if result < LEAST_CONFIDENCE:
        raise ValueError(f"{name} is {result:.12g}, expected at least {LEAST_CONFIDENCE:g}: thresholds would overflow")
    return result


def choice(name: str, value: Any, allowed: Sequence[str]) -> str:
    """One of a few words."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} is {_short(value)}, expected one of {', '.join(map(repr, allowed))}")
    return str(value)


def flag(name: str, value: Any) -> bool:
    """True or False; numbers are not taken for truth values."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {_short(value)}, expected True or False")
    return bool(value)


def indices(name: str, values: Any, *, below: int) -> NDArray[np.int64]:
    """A one-dimensional array of integers in 0..below-1."""
    _refuse_masked(name, values)
    try:
        raw = np.asarray(values)
    except ValueError as error:
        raise TypeError(f"{name} is {_short(values)}, expected a one-dimensional sequence of integers") from error
    if raw.size == 0:
        return np.zeros(0, dtype=np.int64)
    if raw.ndim != 1:
        raise ValueError(f"{name} has {raw.ndim} dimensions, expected 1")
    if raw.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {raw.dtype}, expected integers")
    bad = np.argwhere((raw < 0) | (raw >= below))
    if len(bad):
        raise ValueError(f"{where(name, bad[0])} is {raw[tuple(bad[0])]}, expected an integer in 0..{below - 1}")
    return np.array(raw, dtype=np.int64)


def _range(low: int | None, high: int | None, what: str) -> str:
    if low is None:
        return f"{what} <= {high}"
    if high is None:
        return f"{what} >= {low}"
    return f"{what} in {low}..{high}"


def _is_real(value: Any) -> bool:
    """Whether ``float`` means the value itself: neither text nor a time nor a sequence."""
    if isinstance(value, (str, bytes, np.timedelta64, np.datetime64)) or getattr(value, "ndim", 0) > 0:
        return False
    return hasattr(type(value), "__float__") or hasattr(type(value), "__index__")


def _refuse_masked(name: str, values: Any) -> None:
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(f"{name} has {int(np.sum(values.mask))} masked entries, expected none: nothing is filled in")


def _short(values: Any) -> str:
    if isinstance(values, int) and values.bit_length() > 200:
        return f"an integer of {values.bit_length()} bits"
    text = repr(values)
    return text if len(text) <= 80 else text[:77] + "..."
