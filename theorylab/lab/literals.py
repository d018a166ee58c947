"""What a room's file says about its result, read from the text: nothing is imported and nothing is run."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

__all__ = ["ABOUT", "result_literals"]

ABOUT = ("slug", "area", "title", "paper")
_ROOM = "theorylab.rooms.proofs_checks."
_MOST_STEPS = 20  # from name to name; more is a circle


def result_literals(path: Path) -> dict[str, Any]:
    """Keywords of ``Result(...)`` and the names of its claims, as far as they are written as literals.

    A name stands for the literal that it is assigned at the top level of the file, or of the file of the room that it
    is imported from.
    """
    scope = _Scope(path)
    result, _ = scope.resolve(ast.Name("RESULT"))
    if not isinstance(result, ast.Call):
        return {}
    keywords = {k.arg: k.value for k in result.keywords if k.arg}
    found: dict[str, Any] = {}
    for key in ABOUT:
        value, _ = scope.resolve(keywords[key]) if key in keywords else (None, scope)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            found[key] = value.value
    found["claims"] = _claim_names(keywords.get("claims"), scope)
    return found


class _Scope:
    """The top-level names of a file of the room; those of the files that it imports from are read when needed."""

    def __init__(self, path: Path, room: Path | None = None) -> None:
        self.room = path.parent if room is None else room
        self.values: dict[str, ast.expr] = {}
        self.imported: dict[str, tuple[Path, str]] = {}
        try:
            body = ast.parse(path.read_text(encoding="utf-8")).body
        except (OSError, SyntaxError, ValueError):
            body = []
        for node in body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.values[node.targets[0].id] = node.value
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                self.values[node.target.id] = node.value
            elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith(_ROOM):
                module = (node.module or "").removeprefix(_ROOM)
                source = self.room / f"{module.replace('.', '/')}.py"
                self.imported |= {alias.asname or alias.name: (source, alias.name) for alias in node.names}

    def resolve(self, node: ast.expr) -> tuple[ast.expr, _Scope]:
        """The expression that a name stands for, and the file whose names it uses."""
        scope = self
        for _ in range(_MOST_STEPS):
            if not isinstance(node, ast.Name):
                break
            if node.id in scope.values:
                node = scope.values[node.id]
            elif node.id in scope.imported:
                source, name = scope.imported[node.id]
                scope, node = _Scope(source, scope.room), ast.Name(name)
        return node, scope


def _claim_names(node: ast.expr | None, scope: _Scope) -> list[str]:
    if node is None:
        return []
    node, scope = scope.resolve(node)
    if isinstance(node, ast.Starred):
        return _claim_names(node.value, scope)
    if isinstance(node, (ast.Tuple, ast.List)):
        return [name for element in node.elts for name in _claim_names(element, scope)]
    if isinstance(node, ast.Call):
        given = next((k.value for k in node.keywords if k.arg == "name"), None)
        name, _ = scope.resolve(given) if given is not None else (None, scope)
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            return [name.value]
    return []
