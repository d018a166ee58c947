"""The code under test: the library's, a user's own, or the library's with one deliberate mistake.

A mutant is a small replacement in the real source text.  It is applied in memory: the changed module and every module
that imports it are loaded anew beside the real ones, so that nothing else in the process sees the mistake.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from theorylab.core.kernels import PACKAGE, plain_kernels, uncached_kernels

__all__ = ["Code", "Mutant", "MutantError", "library_code", "mutant_code", "own_code"]

_import_lock = threading.RLock()


class MutantError(ValueError):
    """A mutant's text does not stand in the source any more, or stands there more than once."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake that people really make, as a replacement in the source of ``module``.

    ``caught_by`` names the statement that must catch it; ``hole`` says why nothing can (then it is listed as a hole).
    ``every=True`` replaces all occurrences.
    """

    name: str
    module: str
    before: str
    after: str
    caught_by: str = ""
    hole: str = ""
    every: bool = False

    def source(self) -> str:
        """The mutated text of the module.

        Raises
        ------
        MutantError
            If ``before`` does not occur exactly once (at least once with ``every``).
        """
        text = _source_path(self.module).read_text(encoding="utf-8")
        count = text.count(self.before)
        if count == 0 or (count > 1 and not self.every):
            raise MutantError(
                f"mutant {self.name!r}: {self.before!r} occurs {count} times in {self.module}, expected once"
            )
        return text.replace(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Code:
    """Algorithms by name, and modules as the code under test sees them."""

    algorithms: Mapping[str, Callable[..., Any]]
    modules: Mapping[str, ModuleType] = field(default_factory=dict)
    own: bool = False
    plain: bool = False

    def algorithm(self, name: str) -> Callable[..., Any]:
        """The algorithm called ``name``."""
        return self.algorithms[name]

    def module(self, name: str) -> ModuleType:
        """The module ``name``, mutated when it is part of a mutant."""
        return self.modules.get(name) or importlib.import_module(name)


def library_code(entries: Mapping[str, str]) -> Code:
    """The library's own algorithms; ``entries`` maps a name to ``module:function``."""
    return Code({name: _load(entry) for name, entry in entries.items()})


def own_code(entries: Mapping[str, str], own: Mapping[str, Callable[..., Any]]) -> Code:
    """A user's algorithms in the place of the library's of the same names."""
    others = {name: entry for name, entry in entries.items() if name not in own}
    return Code({**library_code(others).algorithms, **own}, own=True)


def mutant_code(entries: Mapping[str, str], mutant: Mutant, *, plain: bool = True) -> Code:
    """The algorithms with ``mutant`` applied, in plain Python or compiled in memory."""
    text = mutant.source()
    affected = _dependents(mutant.module, {entry.split(":")[0] for entry in entries.values()})
    with _import_lock, _set_aside(affected), plain_kernels() if plain else uncached_kernels():
        module = ModuleType(mutant.module)
        module.__file__ = str(_source_path(mutant.module))
        module.__package__ = mutant.module.rpartition(".")[0]
        sys.modules[mutant.module] = module
        exec(compile(text, f"<mutant {mutant.name} of {mutant.module}>", "exec"), module.__dict__)
        algorithms = {name: _load(entry) for name, entry in entries.items()}
        modules = {name: importlib.import_module(name) for name in affected}
    return Code(algorithms, modules, plain=plain)


def plain_code(entries: Mapping[str, str]) -> Code:
    """The unchanged library with plain Python functions for kernels: what a mutant is compared with."""
    modules = {entry.split(":")[0] for entry in entries.values()}
    affected = set().union(*(_kernel_modules(m) for m in modules))
    with _import_lock, _set_aside(affected), plain_kernels():
        algorithms = {name: _load(entry) for name, entry in entries.items()}
        loaded = {name: importlib.import_module(name) for name in affected}
    return Code(algorithms, loaded, plain=True)


def _load(entry: str) -> Any:
    module, _, name = entry.partition(":")
    return getattr(importlib.import_module(module), name)


def _source_path(module: str) -> Path:
    base = PACKAGE.parent.joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    raise MutantError(f"module {module} has no source file")


def _imports(module: str) -> set[str]:
    """The theorylab modules that ``module`` imports at its top level."""
    with _import_lock:  # Python 3.11's parser is not safe in several threads at once
        tree = ast.parse(_source_path(module).read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found.update(a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{a.name}" for a in node.names)
    return {name for name in found if name.startswith("theorylab.") and _is_module(name)}


def _is_module(name: str) -> bool:
    base = PACKAGE.parent.joinpath(*name.split("."))
    return base.with_suffix(".py").is_file() or (base / "__init__.py").is_file()


def _reachable(entry: str) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    todo = [entry]
    while todo:
        module = todo.pop()
        if module not in graph:
            graph[module] = _imports(module)
            todo.extend(graph[module])
    return graph


def _dependents(changed: str, entries: set[str]) -> set[str]:
    """``changed`` and all modules between it and the entries: those that must be loaded anew."""
    graph: dict[str, set[str]] = {}
    for entry in entries:
        graph.update(_reachable(entry))
    affected = {changed}
    while True:
        more = {m for m, imported in graph.items() if imported & affected and not m.endswith("__init__")} - affected
        if not more:
            return affected
        affected |= more


def _kernel_modules(entry: str) -> set[str]:
    """Modules below ``entry`` that wrap kernels or lie between it and such a module."""
    graph = _reachable(entry)
    wrapping = {m for m in graph if "theorylab.core.kernels" in graph[m] and not m.startswith("theorylab.core")}
    affected = set(wrapping) | {entry}
    while True:
        more = {m for m, imported in graph.items() if imported & affected} - affected
        if not more:
            return affected
        affected |= more


@contextlib.contextmanager
def _set_aside(names: set[str]) -> Iterator[None]:
    """Take the modules out of ``sys.modules`` (and off their packages) and put the real ones back afterwards."""
    kept = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    attributes: list[tuple[ModuleType, str, Any]] = []
    for name in names:
        parent, _, child = name.rpartition(".")
        package = sys.modules.get(parent)
        if package is not None and child in vars(package):
            attributes.append((package, child, vars(package)[child]))
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(kept)
        for package, child, value in attributes:
            setattr(package, child, value)
