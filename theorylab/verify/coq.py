"""Coq files: compile them when ``coqc`` is there, else compare them with the recorded result.

A file counts as proved when it holds no word that admits something (`forbidden_words`), compiles, ends in
``Print Assumptions`` of its main lemmas, and these rest on nothing but the axioms of the classical reals. Compiling
happens in a temporary directory; nothing is written beside the sources except by `record_coq`. Each file stands
alone: it may load the standard library, not another file of the folder.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
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
    equal gives ``recorded, not re-run``, anything else ``stale``. A file with a forbidden word is ``failed`` in both cases.

    Parameters
    ----------
    folder : where the ``.v`` files and ``recorded.json`` lie
    timeout : seconds for one file

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    ValueError
        If the timeout is not a positive number or ``recorded.json`` cannot be read as a record.

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
    sources = sorted(root.glob("*.v"))
    coqc = shutil.which("coqc")
    if coqc is None:
        return _compare(root, sources)
    version = _version(coqc, timeout) if sources else ""
    return [_compile(source, coqc, version, timeout) for source in sources]


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


def _read(source: Path) -> tuple[bytes, str, tuple[str, ...], str]:
    """Bytes, hash, main lemmas, and the first complaint that needs no compiler (or an empty string)."""
    content = source.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return content, digest, (), f"is not UTF-8: {error}"
    lemmas = tuple(_PRINTED.findall(_code(text)))
    words = forbidden_words(text)
    complaint = ""
    if words:
        complaint = f"refused: it contains {', '.join(words)}"
    elif not lemmas:
        complaint = "names no main result, expected it to end with Print Assumptions <lemma>."
    return content, digest, lemmas, complaint


def _compile(source: Path, coqc: str, version: str, timeout: float) -> CoqResult:
    content, digest, lemmas, complaint = _read(source)

    def result(status: CoqStatus, assumptions: tuple[str, ...] = (), message: str = "") -> CoqResult:
        return CoqResult(source.name, digest, lemmas, status, assumptions, version, message)

    if complaint:
        return result("failed", message=complaint)
    with tempfile.TemporaryDirectory(prefix="theorylab-coq-") as scratch:
        (Path(scratch) / source.name).write_bytes(content)  # the bytes that were hashed
        command = [coqc, "-q", source.name]
        try:
            run = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            return result("failed", message=f"coqc took more than {timeout} s")
        except OSError as error:
            return result("failed", message=f"coqc cannot be started: {error}")
    if run.returncode != 0:
        return result("failed", message=_short(run.stderr) or f"coqc ended with code {run.returncode}")
    blocks, assumptions = _assumptions(run.stdout)
    unknown = [name for name in assumptions if name not in ALLOWED_ASSUMPTIONS]
    if unknown:
        return result("failed", assumptions, f"rests on unknown assumptions: {', '.join(unknown)}")
    if blocks != len(lemmas):
        return result("failed", assumptions, f"printed assumptions of {blocks} results, expected {len(lemmas)}")
    return result("proved in Coq", assumptions)


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


def _compare(root: Path, sources: list[Path]) -> list[CoqResult]:
    recorded = _recorded(root)
    results = []
    for source in sources:
        _, digest, lemmas, complaint = _read(source)
        entry = recorded.pop(source.name, None)
        if complaint:
            results.append(CoqResult(source.name, digest, lemmas, "failed", message=complaint))
        elif entry is None:
            results.append(CoqResult(source.name, digest, lemmas, "stale", message="coqc is absent, no record"))
        elif entry["sha256"] != digest or entry["status"] != "proved in Coq":
            message = "coqc is absent and the file is not the recorded one"
            results.append(CoqResult(source.name, digest, lemmas, "stale", version=entry["coqc"], message=message))
        else:
            assumptions = tuple(entry["assumptions"])
            message = "coqc is absent; the hash equals the recorded one"
            results.append(
                CoqResult(source.name, digest, lemmas, "recorded, not re-run", assumptions, entry["coqc"], message)
            )
    for name, entry in recorded.items():
        message = "recorded, but the file is missing"
        results.append(CoqResult(name, "", tuple(entry["lemmas"]), "stale", version=entry["coqc"], message=message))
    return sorted(results, key=lambda result: result.file)


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
