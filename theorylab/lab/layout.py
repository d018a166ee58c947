"""The layout of a checkout as a check: one name, four rooms; floors; file sizes; headings; keys of papers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from theorylab.lab.bibliography import bibliography
from theorylab.lab.catalogue import entry, figure_slugs, slugs
from theorylab.lab.literals import result_literals

__all__ = [
    "AREAS",
    "HEADINGS",
    "algorithm_file",
    "complaints",
    "decorated_kernels",
    "floor_violations",
    "long_files",
    "missing_headings",
    "missing_rooms",
    "unknown_keys",
    "unreadable_results",
]

AREAS = ("mdp", "bandits", "games")
HEADINGS = ("Setting", "Algorithm", "Guarantee", "Deviations")
MOST_LINES = 400
# who may import whom inside the package; lab may import anything
FLOORS = {
    "core": {"core"},
    "detection": {"core", "detection"},
    "verify": {"core", "verify"},
    **{area: {"core", "detection", area} for area in AREAS},
}
ROOMS_FLOOR = {"core", "detection", "verify", "rooms", *AREAS}
_KEY = re.compile(r"\b([a-z]{2,}(?:19|20)\d{2}[a-z]{3,})\b")
_SOURCES = ("theorylab", "proofs_checks", "figures", "tests", "benchmarks")


def complaints(root: Path) -> list[str]:
    """Everything that is wrong with the layout of the checkout at ``root``; an empty list when all is well."""
    checks = (
        missing_rooms,
        unreadable_results,
        missing_headings,
        long_files,
        decorated_kernels,
        floor_violations,
        unknown_keys,
    )
    return [line for check in checks for line in check(root)]


def missing_rooms(root: Path) -> list[str]:
    """One line for each room that a slug lacks: algorithm, proofs_checks, figures, tests."""
    found = []
    for slug in sorted({*slugs(root), *figure_slugs(root)}):
        for room in ("proofs_checks", "figures"):
            if not (root / room / f"{slug}.py").is_file():
                found.append(f"{slug}: no {room}/{slug}.py")
        area = entry(slug, root).area
        if algorithm_file(slug, root) is None:
            found.append(f"{slug}: no theorylab/{area or '<area>'}/{slug}.py")
        top = area.split("/")[0] or "<area>"
        if not any((root / "tests").glob(f"{top}/**/test_{slug}.py")):
            found.append(f"{slug}: no tests/{top}/test_{slug}.py")
    return found


def unreadable_results(root: Path) -> list[str]:
    """One line for each result whose slug, area or paper cannot be read from the source, as ``theorylab list`` does."""
    found = []
    for slug in slugs(root):
        said = result_literals(root / "proofs_checks" / f"{slug}.py")
        for key in ("slug", "area", "paper"):
            if key not in said:
                found.append(f"proofs_checks/{slug}.py: RESULT has no {key} that can be read from the source")
    return found


def algorithm_file(slug: str, root: Path) -> Path | None:
    """The algorithm's file: in the folder that the result names as its area, else anywhere below an area."""
    area = entry(slug, root).area
    if area:
        path = root / "theorylab" / area / f"{slug}.py"
        return path if path.is_file() else None
    for top in AREAS:
        for path in sorted((root / "theorylab" / top).rglob(f"{slug}.py")):
            return path
    return None


def missing_headings(root: Path) -> list[str]:
    """One line for each algorithm whose docstring lacks a heading."""
    found = []
    for slug in slugs(root):
        path = algorithm_file(slug, root)
        if path is None:
            continue
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        for heading in HEADINGS:
            if not re.search(rf"^{heading}\b", docstring, re.MULTILINE):
                found.append(f"{path.relative_to(root)}: the docstring has no heading {heading}")
    return found


def long_files(root: Path) -> list[str]:
    """One line for each source file above 400 lines."""
    found = []
    for path in _python_files(root):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES:
            found.append(f"{path.relative_to(root)}: {lines} lines, expected at most {MOST_LINES}")
    return found


def decorated_kernels(root: Path) -> list[str]:
    """One line for each function that is compiled by a decorator: kernels are wrapped, never decorated."""
    found = []
    for path in _python_files(root):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for decorator in node.decorator_list:
                    if _last_name(decorator) in ("kernel", "njit", "jit", "vectorize", "guvectorize"):
                        where = f"{path.relative_to(root)}:{decorator.lineno}"
                        found.append(
                            f"{where}: {node.name} is decorated, expected {node.name}_kernel = kernel({node.name})"
                        )
    return found


def floor_violations(root: Path) -> list[str]:
    """One line for each import that goes up: core < detection < areas; core < verify; all of these < rooms < lab."""
    found = []
    for path in _python_files(root):
        parts = path.relative_to(root).parts
        if parts[0] == "theorylab" and len(parts) > 2 and parts[1] in FLOORS:
            floor, allowed = parts[1], FLOORS[parts[1]]
        elif parts[0] in ("proofs_checks", "figures"):
            floor, allowed = parts[0], ROOMS_FLOOR
        else:
            continue
        for module, line in _imports(path):
            steps = module.split(".")
            if module == "theorylab.rooms":
                continue  # where the rooms lie, not what is in them
            if steps[0] == "theorylab" and len(steps) > 1 and steps[1] not in allowed:
                found.append(f"{path.relative_to(root)}:{line}: {floor} imports {module}, which lies above it")
    return found


def unknown_keys(root: Path) -> list[str]:
    """One line for each paper key (author, year, word) in a source that ``references.bib`` does not have."""
    known = bibliography(root)
    found = []
    for path in _python_files(root):
        if path.is_relative_to(root / "tests"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for key in dict.fromkeys(_KEY.findall(line)):
                if key not in known:
                    found.append(f"{path.relative_to(root)}:{number}: {key} is not in references.bib")
    for slug in slugs(root):
        paper = entry(slug, root).paper
        if paper and paper not in known:
            found.append(f"proofs_checks/{slug}.py: paper {paper!r} is not in references.bib")
    return list(dict.fromkeys(found))


def _python_files(root: Path) -> Iterator[Path]:
    for folder in _SOURCES:
        yield from sorted((root / folder).rglob("*.py"))


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module == "theorylab":
                yield from ((f"theorylab.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module, node.lineno
