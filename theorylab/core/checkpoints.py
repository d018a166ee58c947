"""Checkpoints: the times at which a run reports, so that its memory does not grow with the horizon."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate

__all__ = ["ALL_STEPS_UP_TO", "LONGEST", "checkpoints"]

ALL_STEPS_UP_TO = 500
LONGEST = 2**53  # the longest horizon: beyond it a double does not hold every time
MOST_TIMES = 10**6  # of one kind


def checkpoints(horizon: int, *, logarithmic: int = 100, linear: int = 100) -> NDArray[np.int64]:
    """Times in 1..horizon: every step when the horizon is small, else log-spaced and evenly spaced ones, merged.

    The horizon itself is always the last one.

    Examples
    --------
    >>> checkpoints(5).tolist()
    [1, 2, 3, 4, 5]
    >>> times = checkpoints(10**6)
    >>> int(times[0]), int(times[-1]), len(times) <= 201
    (1, 1000000, True)
    """
    horizon = validate.integer("horizon", horizon, low=1, high=LONGEST)
    logarithmic = validate.integer("logarithmic", logarithmic, low=1, high=MOST_TIMES)
    linear = validate.integer("linear", linear, low=1, high=MOST_TIMES)
    if horizon <= ALL_STEPS_UP_TO:
        return np.arange(1, horizon + 1, dtype=np.int64)
    log_times = np.rint(np.logspace(0.0, np.log10(horizon), logarithmic))
    linear_times = np.rint(np.linspace(horizon / linear, horizon, linear))
    times = np.unique(np.concatenate([log_times, linear_times, [horizon]]).astype(np.int64))
    return times[(times >= 1) & (times <= horizon)]


def validated(times: Any, horizon: int) -> NDArray[np.int64]:
    """A caller's own checkpoints, or the default ones for ``None``; the horizon is added when it is missing.

    Raises
    ------
    ValueError
        If a time lies outside 1..horizon or the times do not increase.
    """
    if times is None:
        return checkpoints(horizon)
    horizon = validate.integer("horizon", horizon, low=1, high=LONGEST)
    try:
        raw = np.asarray(times)
    except ValueError as error:
        raise TypeError("checkpoints must be a one-dimensional sequence of integers") from error
    if raw.ndim != 1 or raw.dtype.kind not in "iu":
        raise TypeError("checkpoints must be a one-dimensional sequence of integers")
    for i, value in enumerate(raw):
        if not 1 <= value <= horizon:
            raise ValueError(f"checkpoints[{i}] is {value}, expected an integer in 1..{horizon}")
        if i and value <= raw[i - 1]:
            raise ValueError(f"checkpoints[{i}] is {value}, expected more than checkpoints[{i - 1}] = {raw[i - 1]}")
    out = raw.astype(np.int64)
    return out if len(out) and out[-1] == horizon else np.append(out, np.int64(horizon))
