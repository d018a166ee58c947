"""Sweeps: one function over many tasks, in order, whatever the number of workers.

A *sweep* is any callable ``sweep(function, tasks) -> list`` that returns the results in the order of the tasks.
Results are plain data (dicts of arrays, numbers and strings), so that a store can keep them.  This module has the
two that need no disk; ``theorylab.lab`` adds the resumable store and the Dask backend and hands them down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from theorylab.core import validate

__all__ = ["Sweep", "serial", "threads"]


class Sweep(Protocol):
    """``function`` is a module-level function of one task; tasks are small and picklable."""

    def __call__(self, function: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
        """Results in the order of the tasks."""
        ...


def serial(function: Callable[[Any], Any], tasks: Iterable[Any]) -> list[Any]:
    """One after the other."""
    return [function(task) for task in tasks]


def threads(jobs: int) -> Sweep:
    """Threads over ``nogil`` kernels (joblib).  Same results as :func:`serial`, to the bit.

    Examples
    --------
    >>> threads(2)(abs, [-1, 2, -3])
    [1, 2, 3]
    """
    jobs = validate.integer("jobs", jobs, low=1)
    if jobs == 1:
        return serial

    def sweep(function: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
        from joblib import Parallel, delayed

        return list(Parallel(n_jobs=jobs, prefer="threads")(delayed(function)(task) for task in tasks))

    return sweep
