"""Coq files: compile them when ``coqc`` is there, else compare them with the recorded result.

A file counts as proved when it holds no word that admits something (`forbidden_words`), compiles, ends in
``Print Assumptions`` of its main lemmas, and these rest on nothing but the axioms of the classical reals. Compiling
happens in a temporary directory; nothing is written beside the sources except by `record_coq`. A file may load the
standard library and other files of its folder; it is no better than the worst of those.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal

__all__ = ["ALLOWED_ASSUMPTIONS", "RECORD", "CoqResult", "CoqStatus", "check_coq", "forbidden_words", "record_coq"]

CoqStatus = Literal["proved in Coq", "recorded, not re-run", "stale", "failed"]

RECORD = "recorded.json"
ALLOWED_ASSUMPTIONS = frozenset(  # the axioms on which Coq's classical real numbers are built
    {
        "ClassicalDedekindReals.sig_forall_dec",
        "ClassicalDedekindReals.sig_not_dec",
        "FunctionalExtensionality.functional_extensionality_dep",
    }
)

_FORBIDDEN = re.compile(
    r"\b(Admitted|admit|give_up|Axioms?|Parameters?|Conjectures?|bypass_check|(?:Guard|Positivity|Universe) Checking)\b"
)
_PRINTED = re.compile(r"\bPrint\s+Assumptions\s+([\w.']*\w)\s*\.")
_REQUIRED = re.compile(r"\bRequire\s+(?:Import\s+|Export\s+)?(.*?)\.(?=\s|$)", re.DOTALL)
_CLOSED = "Closed under the global context"


@dataclass(frozen=True, slots=True)
class CoqResult:
    """What is known about one Coq file.

    Attributes
    ----------
    file : name inside the folder, such as ``sums.v``
    sha256 : of the file's bytes; empty when a recorded file is missing
    lemmas : the main results, those whose assumptions the file prints, in its order
    status : ``proved in Coq`` is said only of a file compiled just now
    assumptions : all axioms that the main results rest on, sorted
    version : of ``coqc`` (of the recorded run when nothing was run); empty when unknown
    message : why the status is not ``proved in Coq``; empty otherwise
    """

    file: str
    sha256: str
    lemmas: tuple[str, ...]
    status: CoqStatus
    assumptions: tuple[str, ...] = ()
    version: str = ""
    message: str = ""


def check_coq(folder: str | Path, *, timeout: float = 120) -> list[CoqResult]:
    """Check every ``.v`` file of a folder; one result a file, in the order of their names.

    With ``coqc`` on the PATH each file is compiled. Without it the file's hash is compared with ``recorded.json``:
    equal gives ``recorded, not re-run``, anything else ``stale``. A forbidden word means ``failed`` in both cases.

    Parameters
    ----------
    folder : where the ``.v`` files and ``recorded.json`` lie
    timeout : seconds for one file

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    ValueError
        If the timeout is not a positive number, ``recorded.json`` cannot be read as a record, or files load each
        other in a circle.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as empty:
    ...     check_coq(empty)
    []
    """
    root = _directory(folder)
    if not (isinstance(timeout, (int, float)) and math.isfinite(timeout) and timeout > 0):
        raise ValueError(f"timeout is {timeout!r}, expected a positive number of seconds")
    coqc = shutil.which("coqc")
    results = _compare(root) if coqc is None else _compile_all(_read(root), coqc, timeout)
    return sorted(results, key=lambda result: result.file)


def record_coq(folder: str | Path, *, timeout: float = 120) -> Path:
    """Compile every file and write ``recorded.json``: the same sources and the same ``coqc`` give the same bytes.

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    RuntimeError
        If ``coqc`` is missing or a file is not proved; an existing record is then left as it is.
    """
    root = _directory(folder)
    if shutil.which("coqc") is None:
        raise RuntimeError("coqc is not on the PATH: a record can only be written by compiling the files")
    results = check_coq(root, timeout=timeout)
    failures = [f"{result.file}: {result.message}" for result in results if result.status != "proved in Coq"]
    if failures:
        raise RuntimeError("not recorded; " + "; ".join(failures))
    files = {
        result.file: {
            "assumptions": list(result.assumptions),
            "coqc": result.version,
            "lemmas": list(result.lemmas),
            "sha256": result.sha256,
            "status": result.status,
        }
        for result in results
    }
    path = root / RECORD
    path.write_text(json.dumps({"files": files}, indent=2, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
    return path


def forbidden_words(source: str) -> tuple[str, ...]:
    """Words outside comments and strings that admit, assume or switch off a check, sorted.

    Examples
    --------
    >>> forbidden_words("(* no Axiom here *) Lemma hope : 1 = 2. Admitted.")
    ('Admitted',)
    """
    return tuple(sorted(set(_FORBIDDEN.findall(_code(source)))))


def _directory(folder: str | Path) -> Path:
    root = Path(folder)
    if not root.is_dir():
        raise NotADirectoryError(f"folder is {str(folder)!r}, expected an existing directory")
    return root


def _code(source: str) -> str:
    """The source without comments (they nest) and strings; a string inside a comment hides its comment signs."""
    kept: list[str] = []
    depth, in_string, i = 0, False, 0
    while i < len(source):
        pair = source[i : i + 2]
        if in_string:
            in_string = source[i] != '"'
        elif source[i] == '"':
            in_string = True
        elif pair == "(*":
            depth, i = depth + 1, i + 1
        elif pair == "*)" and depth:
            depth, i = depth - 1, i + 1
            kept.append(" ")
        elif not depth:
            kept.append(source[i])
        i += 1
    return "".join(kept)


def _version(coqc: str, timeout: float) -> str:
    try:
        run = subprocess.run([coqc, "--version"], capture_output=True, text=True, timeout=timeout, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"version (\S+)", run.stdout)
    return found.group(1) if found else ""


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    content: bytes
    digest: str
    lemmas: tuple[str, ...]
    needs: tuple[str, ...]  # files of the folder that it loads
    complaint: str  # the first one that needs no compiler, or empty


def _read(root: Path, also_known: Iterable[str] = ()) -> list[_Source]:
    """The sources of a folder, each after those that it needs; ``also_known``: files that are missing but recorded."""
    paths = {path.name: path for path in sorted(root.glob("*.v"))}
    known = set(paths) | set(also_known)
    sources: dict[str, _Source] = {}
    for name, path in paths.items():
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            sources[name] = _Source(name, content, digest, (), (), f"is not UTF-8: {error}")
            continue
        code = _code(text)
        lemmas = tuple(_PRINTED.findall(code))
        words = forbidden_words(text)
        complaint = ""
        if words:
            complaint = f"refused: it contains {', '.join(words)}"
        elif not lemmas:
            complaint = "names no main result, expected it to end with Print Assumptions <lemma>."
        loaded = {f"{word}.v" for sentence in _REQUIRED.findall(code) for word in sentence.split()}
        sources[name] = _Source(name, content, digest, lemmas, tuple(sorted((loaded & known) - {name})), complaint)
    try:
        order = TopologicalSorter({name: source.needs for name, source in sources.items()}).static_order()
        return [sources[name] for name in order if name in sources]
    except CycleError as error:
        raise ValueError(f"the Coq files load each other in a circle: {', '.join(error.args[1])}") from error


def _compile_all(sources: list[_Source], coqc: str, timeout: float) -> list[CoqResult]:
    if not sources:
        return []
    version = _version(coqc, timeout)
    results: dict[str, CoqResult] = {}
    with tempfile.TemporaryDirectory(prefix="theorylab-coq-") as scratch:
        for source in sources:  # compiled from the bytes that were hashed
            (Path(scratch) / source.name).write_bytes(source.content)
        for source in sources:
            unproved = [name for name in source.needs if results[name].status != "proved in Coq"]
            complaint = source.complaint or (f"needs {', '.join(unproved)}, not proved" if unproved else "")
            assumptions: tuple[str, ...] = ()
            if not complaint:
                complaint, assumptions = _compile(source, coqc, scratch, timeout)
            status: CoqStatus = "failed" if complaint else "proved in Coq"
            results[source.name] = CoqResult(
                source.name, source.digest, source.lemmas, status, assumptions, version, complaint
            )
    return list(results.values())


def _compile(source: _Source, coqc: str, scratch: str, timeout: float) -> tuple[str, tuple[str, ...]]:
    """A complaint (empty when the file is proved) and the assumptions printed."""
    command = [coqc, "-q", source.name]
    try:
        run = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return f"coqc took more than {timeout} s", ()
    except OSError as error:
        return f"coqc cannot be started: {error}", ()
    if run.returncode != 0:
        return _short(run.stderr) or f"coqc ended with code {run.returncode}", ()
    blocks, assumptions = _assumptions(run.stdout)
    unknown = [name for name in assumptions if name not in ALLOWED_ASSUMPTIONS]
    if unknown:
        return f"rests on unknown assumptions: {', '.join(unknown)}", assumptions
    if blocks != len(source.lemmas):
        return f"printed assumptions of {blocks} results, expected {len(source.lemmas)}", assumptions
    return "", assumptions


def _assumptions(output: str) -> tuple[int, tuple[str, ...]]:
    """Number of printed blocks, and the first word of every line that starts at the margin inside one."""
    blocks, names = 0, set()
    for line in output.splitlines():
        if line.strip() == _CLOSED or line.strip() == "Axioms:":
            blocks += 1
        elif line and not line[0].isspace():
            names.add(line.split()[0].rstrip(":"))
    return blocks, tuple(sorted(names))


def _short(message: str, limit: int = 400) -> str:
    text = " ".join(message.split())
    return text if len(text) <= limit else text[:limit] + " ..."


def _compare(root: Path) -> list[CoqResult]:
    recorded = _recorded(root)
    sources = _read(root, recorded)
    results: dict[str, CoqResult] = {}
    for name in set(recorded) - {source.name for source in sources}:
        entry = recorded[name]
        message = "recorded, but the file is missing"
        results[name] = CoqResult(name, "", tuple(entry["lemmas"]), "stale", version=entry["coqc"], message=message)
    for source in sources:
        known = recorded.get(source.name, {"sha256": "", "assumptions": (), "coqc": "", "status": ""})
        outdated = [name for name in source.needs if results[name].status != "recorded, not re-run"]
        status: CoqStatus = "stale"
        if source.complaint:
            status, message = "failed", source.complaint
        elif source.name not in recorded:
            message = "coqc is absent, no record"
        elif known["sha256"] != source.digest or known["status"] != "proved in Coq":
            message = "coqc is absent and the file is not the recorded one"
        elif outdated:
            message = f"coqc is absent and it needs {', '.join(outdated)}, not the recorded one"
        else:
            status, message = "recorded, not re-run", "coqc is absent; the hash equals the recorded one"
        assumptions = tuple(known["assumptions"]) if status == "recorded, not re-run" else ()
        results[source.name] = CoqResult(
            source.name, source.digest, source.lemmas, status, assumptions, known["coqc"], message
        )
    return list(results.values())


def _recorded(root: Path) -> dict[str, dict[str, Any]]:
    path = root / RECORD
    if not path.exists():
        return {}
    wanted = {"assumptions", "coqc", "lemmas", "sha256", "status"}
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        entries = {name: dict(entry) for name, entry in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} cannot be read as a record: {error!r}") from error
    for name, entry in entries.items():
        if missing := sorted(wanted - set(entry)):
            raise ValueError(f"{path.name}: files[{name!r}] lacks {', '.join(missing)}")
    return entries
