"""Sweeps that survive an interruption, and sweeps over a Dask cluster.

A result is kept under a key made of everything that decides it: the package's sources, the file that defines the
function and the local files that it imports at any depth (rooms and the user's own modules), the function's name, the
task, and the versions of Python and of the numeric libraries.  A changed source or parameter therefore never meets an
old result.  What a function reads while it runs (a data file, an environment variable) is not in the key.

The store is bypassed, and the function simply runs, when the key would be incomplete: a task that is no plain data
(numbers, strings, ``None``, lists, tuples, dicts with string keys, ``SeedSequence``), a function with free variables, a
function without a source file, an import that cannot be followed (by a computed name), or a result that is no plain
data.  Where the store cannot be written the function runs as well, and one warning goes to standard error.  The runs
of ``theorylab check`` are kept for the statements of the rooms; those of an own algorithm or of a mutant are not.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from theorylab.core import validate
from theorylab.core.kernels import source_hash
from theorylab.core.record import versions
from theorylab.core.sweeps import Sweep
from theorylab.lab.local_sources import sources_digest
from theorylab.lab.store import MISSING, ResultStore, UnstorableError

__all__ = ["ProgressCallback", "all_cores", "dask_sweep", "resumable", "task_key"]

ProgressCallback = Callable[[str, int, int], None]  # message, done, total


def all_cores() -> int:
    """The cores that this process may use: the default of ``--jobs``."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # not on every system
        return max(1, os.cpu_count() or 1)


def resumable(store: ResultStore | None, jobs: int | None = None, progress: ProgressCallback | None = None) -> Sweep:
    """A sweep over threads that keeps each result as soon as it is there.

    Parameters
    ----------
    store
        ``None``: nothing is kept.
    jobs
        Threads; ``None`` for all cores.  The results are the same bits for any number.
    progress
        Called in the main thread as ``progress(message, done, total)``.

    Examples
    --------
    >>> resumable(None, jobs=2)(abs, [-1, 2, -3])
    [1, 2, 3]
    """
    workers = all_cores() if jobs is None else validate.integer("jobs", jobs, low=1)

    def sweep(function: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
        tasks = list(tasks)
        keys, results = _lookup(store, function, tasks)
        todo = [i for i, result in enumerate(results) if result is MISSING]
        report = _reporter(progress, function, len(tasks), len(tasks) - len(todo))
        for index, result in _run(functools.partial(_compute, store, function), tasks, keys, todo, workers):
            results[index] = result
            report()
        return results

    return sweep


def dask_sweep(client: Any, store: ResultStore | None = None, progress: ProgressCallback | None = None) -> Sweep:
    """A sweep over a Dask cluster: the same results, to the bit, from as many machines as the cluster has.

    Parameters
    ----------
    client
        A ``distributed.Client``, or the address of a scheduler.
    store
        Kept on the machine that calls; ``None``: nothing is kept.

    Raises
    ------
    ModuleNotFoundError
        If ``distributed`` is missing (``pip install "theorylab[dask]"``).
    ValueError
        If a worker has other sources of theorylab than this machine.
    """
    try:
        from distributed import Client, as_completed
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError('a Dask sweep needs distributed: pip install "theorylab[dask]"') from error
    connect: Any = Client  # untyped there
    finished: Any = as_completed

    def sweep(function: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
        tasks = list(tasks)
        keys, results = _lookup(store, function, tasks)
        todo = [i for i, result in enumerate(results) if result is MISSING]
        report = _reporter(progress, function, len(tasks), len(tasks) - len(todo))
        context = connect(client, set_as_default=False) if isinstance(client, str) else contextlib.nullcontext(client)
        with context as connected:
            _same_sources(connected)
            futures = {connected.submit(function, tasks[i], pure=False): i for i in todo}
            for future, result in finished(list(futures), with_results=True):
                index = futures[future]
                results[index] = result
                _keep(store, keys[index], result)
                report()
        return results

    return sweep


def _same_sources(client: Any) -> None:
    for worker, found in client.run(source_hash).items():
        if found != source_hash():
            raise ValueError(f"worker {worker} has the sources {found} of theorylab, expected {source_hash()}")


def task_key(function: Callable[[Any], Any], task: Any) -> str | None:
    """Sixty-four hex digits that name the result of ``function(task)``; ``None`` where the store is bypassed."""
    return _task_keys(function, [task])[0]


def _task_keys(function: Callable[[Any], Any], tasks: Sequence[Any]) -> list[str | None]:
    described = _describe(function)
    return [None if described is None else _key(described, task) for task in tasks]


def _key(described: str, task: Any) -> str | None:
    try:
        text = json.dumps(_canonical(task), sort_keys=True, separators=(",", ":"))
    except _NotPlainError:
        return None
    return hashlib.sha256(f"{described}\0{text}".encode()).hexdigest()


class _NotPlainError(TypeError):
    pass


def _canonical(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_canonical(v) for v in value]
    if isinstance(value, dict) and all(isinstance(k, str) for k in value):
        return {k: _canonical(v) for k, v in value.items()}
    if type(value).__module__.startswith("theorylab.verify"):
        return _canonical_check(value)
    if isinstance(value, np.random.SeedSequence):
        parts = (value.entropy, value.spawn_key, value.pool_size, value.n_children_spawned)
        return {"$seed": _canonical(parts)}
    raise _NotPlainError(f"{type(value).__name__} is no plain data")


def _canonical_check(value: Any) -> Any:
    """What decides the runs of a check: the room's sources, the case, the statements; the library's own code only."""
    from theorylab.lab.catalogue import loaded_results, room_path
    from theorylab.verify.cases import Case
    from theorylab.verify.code import Code
    from theorylab.verify.runs import Group

    if isinstance(value, Code) and not (value.own or value.plain or value.modules):
        return {"$code": "library"}
    for result in loaded_results():  # the rooms' own objects only: another object of the same name is another thing
        mine = (
            value is result
            or (isinstance(value, Case) and any(value is case for case in _cases(result)))
            or (isinstance(value, Group) and all(any(s is own for own in result.statements) for s in value.statements))
        )
        digest = sources_digest(room_path("proofs_checks", result.slug)) if mine else None
        if digest is None:
            continue
        room = [result.slug, digest]
        if value is result:
            return {"$result": room}
        if isinstance(value, Case):
            return {"$case": _canonical([room, value.name, value.preset, value.horizon, dict(value.parameters)])}
        names = [statement.name for statement in value.statements]
        return {"$group": [_canonical_check(value.case), value.algorithm, names]}
    raise _NotPlainError(f"{type(value).__name__} is no plain data")


def _cases(result: Any) -> Iterator[Any]:
    instances = [i for statement in result.statements for i in statement.instances]
    for instance in [*instances, result.profile_instance]:
        yield from vars(instance).get("_cache", {}).values() if instance is not None else ()


def _describe(function: Callable[[Any], Any]) -> str | None:
    """What the function is, apart from its task: name, keywords, sources, versions."""
    bound: list[Any] = []
    while isinstance(function, functools.partial):
        bound.append([list(function.args), dict(function.keywords)])
        function = function.func
    if not inspect.isfunction(function) or "<locals>" in function.__qualname__ or function.__closure__:
        return None
    path = Path(function.__code__.co_filename)
    sources = sources_digest(path) if path.is_file() else None
    if sources is None:
        return None
    try:
        arguments = json.dumps(_canonical(bound), sort_keys=True)
    except _NotPlainError:
        return None
    made_with = json.dumps(dict(versions()), sort_keys=True)
    name = f"{function.__module__}.{function.__qualname__}"
    return "\0".join([source_hash(), sources, name, arguments, made_with])


def _lookup(
    store: ResultStore | None, function: Callable[[Any], Any], tasks: list[Any]
) -> tuple[list[str | None], list[Any]]:
    if store is None:
        return [None] * len(tasks), [MISSING] * len(tasks)
    keys = _task_keys(function, tasks)
    return keys, [MISSING if key is None else store.get(key) for key in keys]


def _keep(store: ResultStore | None, key: str | None, result: Any) -> None:
    if store is not None and key is not None:
        try:
            store.put(key, result)
        except UnstorableError:
            pass  # documented: a result that is no plain data is not kept
        except OSError as error:  # a full disk, a folder that cannot be written: the run itself is none the worse
            _warn_once(store, error)


_WARNED: set[Path] = set()


def _warn_once(store: ResultStore, error: OSError) -> None:
    if store.folder not in _WARNED:
        _WARNED.add(store.folder)
        reason = error.strerror or type(error).__name__
        print(f"theorylab: results cannot be kept in {store.folder} ({reason}); going on without", file=sys.stderr)


def _compute(store: ResultStore | None, function: Callable[[Any], Any], task: Any, key: str | None, index: int) -> Any:
    result = function(task)
    _keep(store, key, result)
    return index, result


def _run(
    compute: Callable[..., Any], tasks: list[Any], keys: list[str | None], todo: list[int], workers: int
) -> Iterator[tuple[int, Any]]:
    if workers == 1 or len(todo) <= 1:
        for i in todo:
            yield compute(tasks[i], keys[i], i)
        return
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=min(workers, len(todo)), prefer="threads", return_as="generator_unordered")
    yield from parallel(delayed(compute)(tasks[i], keys[i], i) for i in todo)


def _reporter(
    progress: ProgressCallback | None, function: Callable[[Any], Any], total: int, done: int
) -> Callable[[], None]:
    count = done
    name = getattr(function, "__name__", "run").strip("_").replace("_", " ")

    def report() -> None:
        nonlocal count
        count += 1
        if progress is not None:
            progress(name, count, total)

    if progress is not None and done:
        progress(f"{name} (resumed)", done, total)
    return report
