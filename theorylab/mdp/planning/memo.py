"""A small memory of results, keyed by the fingerprint of the model and the parameters."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

__all__ = ["clear", "remember"]

KEPT_RESULTS = 256

_results: OrderedDict[Hashable, object] = OrderedDict()
_lock = threading.Lock()
Result = TypeVar("Result")


def remember(fingerprint: str | None, key: tuple[Hashable, ...], compute: Callable[[], Result]) -> Result:
    """The stored result, or ``compute()``, stored when the model has a fingerprint.

    Results are frozen records of read-only arrays, so that one object can be handed out many times.
    """
    if fingerprint is None:
        return compute()
    full_key = (fingerprint, *key)
    with _lock:
        if full_key in _results:
            _results.move_to_end(full_key)
            return _results[full_key]  # type: ignore[return-value]
    result = compute()
    with _lock:
        _results[full_key] = result
        while len(_results) > KEPT_RESULTS:
            _results.popitem(last=False)
    return result


def clear() -> None:
    """Forget everything (benchmarks do)."""
    with _lock:
        _results.clear()
