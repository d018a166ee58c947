"""Results of sweeps on disk: one file a task, written whole or not at all, read without pickle.

A result is a tree of dicts, lists, tuples, numbers, strings, ``None`` and numpy arrays; it comes back with the same
types and the same bits.  A file that cannot be read (a full disk, a killed machine) counts as missing.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core.kernels import user_cache

__all__ = ["MISSING", "ResultStore", "UnstorableError", "atomic_write", "default_folder"]

MISSING: Any = object()  # what ``get`` returns for a key without a result; ``None`` is a result
_TREE = "tree"
_UNREADABLE = (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile, zlib.error)


class UnstorableError(TypeError):
    """The result holds something that is no plain data."""


def default_folder() -> Path:
    """Where results are kept between calls: below the user's cache folder (``THEORYLAB_CACHE_DIR`` moves it)."""
    return user_cache() / "results"


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place when the block ends well, and vanishes otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes it private
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


class ResultStore:
    """A folder of results by key.

    Parameters
    ----------
    folder
        Made when the first result is written.

    Examples
    --------
    >>> import tempfile
    >>> store = ResultStore(Path(tempfile.mkdtemp()))
    >>> store.put("ab12", {"regret": np.array([0.5, 1.0]), "arms": (3, "three")})
    >>> store.get("ab12")
    {'regret': array([0.5, 1. ]), 'arms': (3, 'three')}
    >>> store.get("cd34") is MISSING
    True
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = default_folder() if folder is None else Path(folder)

    def path(self, key: str) -> Path:
        """The file of ``key``."""
        return self.folder / key[:2] / f"{key}.npz"

    def get(self, key: str) -> Any:
        """The result of ``key``; ``MISSING`` when there is none or its file is damaged."""
        path = self.path(key)
        try:
            if not path.is_file():
                return MISSING
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            return _decode(json.loads(arrays[_TREE].tobytes().decode("utf-8")), arrays)
        except _UNREADABLE:
            return MISSING

    def put(self, key: str, result: Any) -> None:
        """Keep ``result`` under ``key``.

        Raises
        ------
        UnstorableError
            If the result holds an object that is no plain data.
        """
        arrays: dict[str, NDArray[Any]] = {}
        tree = json.dumps(_encode(result, arrays))
        arrays[_TREE] = np.frombuffer(tree.encode("utf-8"), dtype=np.uint8)
        with atomic_write(self.path(key)) as temporary, open(temporary, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # an open file: savez would add a suffix to a name

    def files(self) -> list[Path]:
        """All kept results."""
        return sorted(self.folder.glob("??/*.npz"))

    def clear(self) -> int:
        """Remove all results; how many there were."""
        found = self.files()
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)


def _encode(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    if value is None or (isinstance(value, (bool, int, float, str)) and not isinstance(value, np.generic)):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        stored = np.asarray(value)
        if stored.dtype.hasobject or stored.dtype.kind == "V":
            raise UnstorableError(f"an array of dtype {stored.dtype} cannot be kept, expected numbers or strings")
        name = f"a{len(arrays)}"
        arrays[name] = stored
        return {"$array" if isinstance(value, np.ndarray) else "$scalar": name}
    if isinstance(value, list):
        return [_encode(v, arrays) for v in value]
    if isinstance(value, tuple) and type(value) is tuple:
        return {"$tuple": [_encode(v, arrays) for v in value]}
    if isinstance(value, dict):
        if all(isinstance(k, str) and not k.startswith("$") for k in value):
            return {k: _encode(v, arrays) for k, v in value.items()}
        return {"$items": [[_encode(k, arrays), _encode(v, arrays)] for k, v in value.items()]}
    raise UnstorableError(
        f"a {type(value).__name__} cannot be kept, expected plain data (dicts, arrays, numbers, strings)"
    )


def _decode(tree: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    if isinstance(tree, list):
        return [_decode(v, arrays) for v in tree]
    if not isinstance(tree, dict):
        return tree
    if len(tree) == 1:
        ((tag, content),) = tree.items()
        if tag == "$array":
            return arrays[content]
        if tag == "$scalar":
            return arrays[content][()]
        if tag == "$tuple":
            return tuple(_decode(v, arrays) for v in content)
        if tag == "$items":
            return {_decode(k, arrays): _decode(v, arrays) for k, v in content}
    return {k: _decode(v, arrays) for k, v in tree.items()}


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
