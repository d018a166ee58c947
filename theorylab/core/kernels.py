"""Compiled kernels: plain functions, wrapped, never decorated.

``step_kernel = kernel(_step)`` compiles ``_step`` with numba (``nogil``, no fastmath) on its first call and leaves
``_step`` itself a plain Python function, so that coverage, mutation and a bitwise comparison of the compiled and the
plain function see every line.

Machine code is cached on disk.  numba keys its cache by the file that defines a function and does not see an edit of a
callee in another file; here the cache *folder* is therefore named by a hash of all sources of the package and of the
versions of numba, numpy and Python.  numba's own settings are the user's: they are changed only while a function is
wrapped and put back.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["cache_folder", "kernel", "plain_kernels", "source_hash", "uncached_kernels"]

PACKAGE = Path(__file__).resolve().parent.parent
KEPT_CACHE_FOLDERS = 6

_mode: ContextVar[str] = ContextVar("theorylab_kernel_mode", default="cached")
_config_lock = threading.Lock()


def kernel(function: Callable[..., Any], *, inline: bool = False) -> Callable[..., Any]:
    """Compile ``function`` with numba when it is first called.

    Parameters
    ----------
    function
        A plain function of arrays, numbers and at most one ``numpy.random.Generator``.  It may call other kernels.
    inline
        Inline it into every kernel that calls it: for small functions of several arrays in a time loop, where a call
        costs more than the work.

    Returns
    -------
    callable
        numba's dispatcher (``nogil=True``, cached on disk).  ``function`` itself when ``NUMBA_DISABLE_JIT=1`` or inside
        :func:`plain_kernels`.

    Examples
    --------
    >>> def _add(a, b):
    ...     return a + b
    >>> add_kernel = kernel(_add)
    >>> add_kernel(1.0, 2.0)
    3.0
    """
    mode = _mode.get()
    if mode == "plain":
        return function
    import numba

    settings: Any = numba.config  # its attributes are made at run time
    if settings.DISABLE_JIT:  # read at each call: a user may change it in a running session
        return function
    folder = cache_folder() if mode == "cached" and _has_source_file(function) else None
    if folder is None:
        return numba.njit(function, nogil=True, forceinline=inline)  # type: ignore[no-any-return]
    with _config_lock:
        users = settings.CACHE_DIR
        settings.CACHE_DIR = str(folder)
        try:
            return numba.njit(function, nogil=True, cache=True, forceinline=inline)  # type: ignore[no-any-return]
        finally:
            settings.CACHE_DIR = users


@contextlib.contextmanager
def plain_kernels() -> Iterator[None]:
    """Modules imported inside this block get plain Python functions for kernels: slow, and nothing is compiled."""
    token = _mode.set("plain")
    try:
        yield
    finally:
        _mode.reset(token)


@contextlib.contextmanager
def uncached_kernels() -> Iterator[None]:
    """Modules imported inside this block compile in memory and leave the cache on disk alone (mutants do)."""
    token = _mode.set("uncached")
    try:
        yield
    finally:
        _mode.reset(token)


@cache
def source_hash() -> str:
    """Sixteen hex digits over every source file below ``core``, the areas and ``verify``.

    ``lab`` and the rooms hold no kernels and are left out: an edit of the command line does not recompile anything.
    """
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).parts
        if parts[0] in ("lab", "rooms"):
            continue
        digest.update("/".join(parts).encode())
        digest.update(b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_folder() -> Path | None:
    """The folder of this version's machine code, made when missing; ``None`` where nothing can be written.

    ``THEORYLAB_CACHE_DIR`` moves it; otherwise it lies in the user's cache folder.
    """
    import numba
    import numpy as np

    versions = f"{numba.__version__}-{np.__version__}-{sys.version_info[0]}.{sys.version_info[1]}"
    key = hashlib.sha256(f"{source_hash()}-{versions}-{PACKAGE}".encode()).hexdigest()[:20]
    root = user_cache() / "kernels"
    folder = root / key
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
        os.utime(folder)
        _prune(root)
    except OSError:
        return None
    return folder


def user_cache() -> Path:
    """The folder below which theorylab keeps machine code and resumable results."""
    chosen = os.environ.get("THEORYLAB_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("theorylab"))


def _prune(root: Path) -> None:
    folders = sorted((p for p in root.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in folders[KEPT_CACHE_FOLDERS:]:
        shutil.rmtree(old, ignore_errors=True)


def _has_source_file(function: Callable[..., Any]) -> bool:
    """Numba can cache only what lies in a file (a doctest or a notebook cell does not)."""
    code = getattr(function, "__code__", None)
    return code is not None and os.path.isfile(code.co_filename)
