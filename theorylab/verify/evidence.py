"""Evidence on record: ``proofs_checks/evidence/<slug>.json``, generated, deterministic, tied to the sources by hashes.

A record whose sources have changed since is *stale* and gives no level.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from theorylab.core.kernels import PACKAGE
from theorylab.core.record import plain, versions

__all__ = ["collect", "folder", "fresh", "load", "source_files", "write"]

_AREAS = ("core", "detection", "mdp", "bandits", "games")


def folder() -> Path:
    """Where the records lie: in the room ``proofs_checks`` of the checkout or of the installed package."""
    return _room() / "evidence"


def source_files(slug: str, modules: Sequence[str]) -> dict[str, str]:
    """sha256 of each source that a record rests on: the algorithm's modules, the theorem's files, its instances."""
    from theorylab.verify.code import _is_module, _reachable

    found: dict[str, Path] = {}
    wanted = set(modules)
    todo = [slug]
    prefix = "theorylab.rooms.proofs_checks."
    while todo:  # the theorem's file and the files of the room that it imports
        name = todo.pop().replace(".", "/")
        path = _room() / f"{name}.py"
        if f"proofs_checks/{name}.py" in found or not path.is_file():
            continue
        found[f"proofs_checks/{name}.py"] = path
        for imported in _imported(path):
            if imported.startswith(prefix):
                todo.append(imported.removeprefix(prefix))
            elif imported.startswith("theorylab.") and _is_module(imported):
                wanted |= set(_reachable(imported))
    for module in wanted:
        if module.split(".")[1] in _AREAS:
            relative = Path(*module.split("."))
            plain_file = (PACKAGE.parent / relative).with_suffix(".py")
            path = plain_file if plain_file.is_file() else PACKAGE.parent / relative / "__init__.py"
            found[path.relative_to(PACKAGE.parent).as_posix()] = path
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(found.items())}


def _room() -> Path:
    from theorylab import rooms

    return rooms.ROOT / "proofs_checks"


def _imported(path: Path) -> set[str]:
    """Dotted names that a file imports, modules and their members alike."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def collect(
    result: Any,
    rows: Sequence[Any],
    power: Sequence[Any],
    coq: Sequence[Any],
    *,
    preset: str,
    seed: Mapping[str, Any],
    alpha: float,
) -> dict[str, Any]:
    """The record of one result: every row without its seconds, the power table, Coq lemmas, versions, hashes."""
    from theorylab.verify.code import _reachable
    from theorylab.verify.levels import slug_level

    modules: set[str] = set()
    for entry in result.algorithms.values():
        modules |= set(_reachable(entry.split(":")[0]))
    mine = [row for row in rows if row.slug == result.slug]
    caught = [row for row in power if row.slug == result.slug]
    wanted = {entry.split(":")[0] for entry in result.coq}
    return {
        "slug": result.slug,
        "area": result.area,
        "title": result.title,
        "paper": result.paper,
        "claims": [claim.name for claim in result.claims],
        "algorithms": list(result.algorithms),
        "level": slug_level(mine, caught),
        "preset": preset,
        "entropy": plain(dict(seed)),
        "alpha": alpha,
        "parts": [_part(row) for row in mine],
        "power": [
            {
                "mutant": p.mutant,
                "caught_by": list(p.caught_by),
                "layers": list(p.layers),
                "expected": p.expected,
                "hole": p.hole,
            }
            for p in caught
        ],
        "coq": [plain(c) for c in coq if c.file in wanted],
        "notes": list(result.notes),
        "versions": dict(versions()),
        "sources": source_files(result.slug, sorted(modules)),
    }


def _part(row: Any) -> dict[str, Any]:
    part = {k: v for k, v in row.to_dict().items() if k not in ("seconds", "slug")}
    return {**part, "layer": row.layer, "instance": row.instance, "message": row.message, "replay": plain(row.replay)}


def write(evidence: Mapping[str, Any], *, into: Path | None = None) -> Path:
    """Write a record (atomically)."""
    target = (into or folder()) / f"{evidence['slug']}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(evidence, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, target)
    return target


def load(slug: str) -> dict[str, Any] | None:
    """The record of a slug, or ``None``."""
    path = folder() / f"{slug}.json"
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def fresh(evidence: Mapping[str, Any]) -> bool:
    """Whether every source on record is unchanged."""
    for name, digest in evidence.get("sources", {}).items():
        path = (_room().parent if name.startswith("proofs_checks/") else PACKAGE.parent) / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            return False
    return True
