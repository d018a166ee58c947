"""Evidence on record: ``proofs_checks/evidence/<slug>.json``, generated, deterministic, tied to the sources by hashes.

A record whose sources have changed since is *stale* and gives no level.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from theorylab.core.kernels import PACKAGE
from theorylab.core.record import plain, versions

__all__ = ["collect", "folder", "fresh", "load", "source_files", "write"]

_AREAS = ("core", "mdp", "bandits", "games")


def folder() -> Path:
    """Where the records lie: in the room ``proofs_checks`` of the checkout or of the installed package."""
    from theorylab import rooms

    return rooms.ROOT / "proofs_checks" / "evidence"


def source_files(slug: str, modules: Sequence[str]) -> dict[str, str]:
    """sha256 of each source that a record rests on: the algorithm's modules and the file of its theorem."""
    from theorylab import rooms

    found: dict[str, Path] = {f"proofs_checks/{slug}.py": rooms.ROOT / "proofs_checks" / f"{slug}.py"}
    for module in modules:
        relative = Path(*module.split(".")).with_suffix(".py")
        found[relative.as_posix()] = PACKAGE.parent / relative
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(found.items()) if path.is_file()}


def collect(
    result: Any, rows: Sequence[Any], power: Sequence[Any], coq: Sequence[Any], *, preset: str, seed: Mapping[str, Any], alpha: float
) -> dict[str, Any]:
    """The record of one result: every row without its seconds, the power table, Coq lemmas, versions, hashes."""
    from theorylab.verify.code import _reachable
    from theorylab.verify.levels import slug_level

    modules: set[str] = set()
    for entry in result.algorithms.values():
        modules |= set(_reachable(entry.split(":")[0]))
    kept = sorted(m for m in modules if m.split(".")[1] in _AREAS)
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
            {"mutant": p.mutant, "caught_by": list(p.caught_by), "layers": list(p.layers), "expected": p.expected, "hole": p.hole}
            for p in caught
        ],
        "coq": [plain(c) for c in coq if c.file in wanted],
        "notes": list(result.notes),
        "versions": dict(versions()),
        "sources": source_files(result.slug, kept),
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
    from theorylab import rooms

    for name, digest in evidence.get("sources", {}).items():
        base = rooms.ROOT if name.startswith("proofs_checks/") else PACKAGE.parent
        path = base / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            return False
    return True
