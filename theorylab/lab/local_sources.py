"""The sources behind a function of the user's: its file and, at whatever depth, the local files that it imports.

Local is what is neither theorylab itself (its package has a hash of its own), nor the standard library, nor an
installed distribution.  The rooms count as local.  What cannot be followed (an import by a computed name, a module
without a file) makes the sources unknown, and then nothing is kept.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

from theorylab.core.kernels import PACKAGE
from theorylab.rooms import ROOT

__all__ = ["sources_digest"]

_ROOMS = "theorylab.rooms"
_COMPUTED = ("import_module", "__import__", "exec_module", "run_path", "run_module", "exec", "eval")
_LOOK = "_style"  # how a figure looks decides no number


class _UnknownError(Exception):
    """The sources cannot be told from the text."""


_known: dict[Path, tuple[str, tuple[tuple[Path, int, int], ...]]] = {}  # digests of the rooms, and what they rest on


def sources_digest(path: Path) -> str | None:
    """Hex digits over the contents of ``path`` and of the local files that it imports; ``None`` when unknown.

    That of a room is remembered until one of its files changes: a long command asks for it for every group of runs.
    """
    path = path.resolve()
    if path in _known and all(_stamp(file) == (file, *rest) for file, *rest in _known[path][1]):
        return _known[path][0]
    package = _inside(path, PACKAGE) and not _in_rooms(path)
    if not package and _is_distribution(path) and not _in_rooms(path):
        return None
    digest = hashlib.sha256()
    todo, seen = [path], set()
    try:
        while todo:
            current = todo.pop(0)
            if current in seen:
                continue
            seen.add(current)
            content = current.read_bytes()
            digest.update(hashlib.sha256(content).digest())
            if current.suffix == ".py":
                todo.extend(_imported(current, content, package))
    except (_UnknownError, SyntaxError, OSError):
        return None
    if package or _in_rooms(path):
        _known[path] = digest.hexdigest(), tuple(_stamp(file) for file in sorted(seen))
    return digest.hexdigest()


def _stamp(path: Path) -> tuple[Path, int, int]:
    """When a file was changed last, and its size; -1 when it is gone."""
    try:
        found = path.stat()
    except OSError:
        return path, -1, -1
    return path, found.st_mtime_ns, found.st_size


def _imported(path: Path, content: bytes, package: bool) -> Iterator[Path]:
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                steps = node.module.split(".") if node.module else []
                for alias in node.names:
                    yield from _below(path.parents[node.level - 1], [*steps, alias.name])
                continue
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Call) and not package and not _in_rooms(path) and _called(node) in _COMPUTED:
            raise _UnknownError
        else:
            continue
        for name in names:
            yield from _files(name, path, package)


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr if node.func.attr not in ("exec", "eval") else ""  # a method of something else
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _files(name: str, importer: Path, package: bool) -> Iterator[Path]:
    """The local files that ``import name`` runs."""
    top, *rest = name.split(".")
    if top == PACKAGE.name:
        if f"{name}.".startswith(f"{_ROOMS}."):
            yield from (file for file in _below(ROOT, name.split(".")[2:]) if file.stem != _LOOK)
        return
    if package or top in sys.stdlib_module_names:
        return
    folder, file = _place(top, importer)
    if file is not None:
        if _is_distribution(file):
            return
        yield file.resolve()
    if folder is not None and not _is_distribution(folder):
        yield from _below(folder, rest)


def _place(top: str, importer: Path) -> tuple[Path | None, Path | None]:
    """Folder (of a package) and file of a top-level module, as the running process sees it."""
    module = sys.modules.get(top)
    file, folders = getattr(module, "__file__", None), list(getattr(module, "__path__", ()))
    if module is None:
        beside = importer.parent / top  # the folder of a script need not be on the path any more
        for found in (beside.with_suffix(".py"), beside / "__init__.py"):
            if found.is_file():
                return (beside if found.stem == "__init__" else None), found
        try:
            spec = importlib.util.find_spec(top)
        except (ImportError, ValueError):
            spec = None
        if spec is None:
            raise _UnknownError
        file, folders = spec.origin, list(spec.submodule_search_locations or ())
    if not file and not folders:
        raise _UnknownError
    return (Path(folders[0]) if folders else None), (Path(file) if file else None)


def _below(folder: Path, steps: list[str]) -> Iterator[Path]:
    """The files of the module ``steps`` below ``folder`` and of the packages on the way to it."""
    for step in steps:
        if (folder / "__init__.py").is_file():
            yield (folder / "__init__.py").resolve()
        file = folder / f"{step}.py"
        if file.is_file():
            yield file.resolve()
            return
        yield from (f.resolve() for f in sorted(folder.glob(f"{step}.*")) if f.suffix in (".so", ".pyd"))
        folder = folder / step
    if (folder / "__init__.py").is_file():
        yield (folder / "__init__.py").resolve()


def _in_rooms(path: Path) -> bool:
    return any(_inside(path, ROOT / room) for room in ("proofs_checks", "figures"))


def _inside(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder.resolve())


def _is_distribution(path: Path) -> bool:
    return bool({"site-packages", "dist-packages"} & set(path.parts))
