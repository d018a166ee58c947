"""Power: which mutant is caught by which layer.

Every mutant runs against every statement of its result at the ``power`` preset (small horizons), in plain Python unless
a check asks for compiled kernels.  A statement catches a mutant when it is refuted (or raises) with the mutant and is
not refuted without it.  A mutant that nobody catches is a hole, and is listed.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from theorylab.core.rng import RNGLike
from theorylab.core.sweeps import serial
from theorylab.verify.code import Code, Mutant, MutantError, mutant_code, plain_code
from theorylab.verify.engine import DEFAULT_ENTROPY, plan
from theorylab.verify.result import Result
from theorylab.verify.runs import measure
from theorylab.verify.statements import Check
from theorylab.verify.verdicts import decide, p_value

__all__ = ["POWER_ALPHA", "PowerRow", "power"]

POWER_ALPHA = 0.001  # level of a single statement here: a mutant must be caught clearly
SECONDS = 10.0  # a mutant that has not stopped by then has stopped being the algorithm
LAYERS = ("reference", "exact", "lemma", "link", "theorem")


@dataclass(frozen=True, slots=True)
class PowerRow:
    """One mutant and what caught it: entries read ``layer: statement@instance``."""

    slug: str
    mutant: str
    caught_by: tuple[str, ...]
    expected: str = ""
    hole: str = ""
    before: str = ""
    after: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The documented keys of ``theorylab power --json``."""
        return {"slug": self.slug, "mutant": self.mutant, "caught_by": list(self.caught_by)}

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that caught it, cheapest first."""
        found = {entry.split(":")[0] for entry in self.caught_by}
        return tuple(layer for layer in LAYERS if layer in found)

    @property
    def as_expected(self) -> bool:
        """Whether the statement that the mutant names caught it; a listed hole must be caught by nothing."""
        if self.hole:
            return not self.caught_by
        return bool(self.caught_by) and any(self.expected in entry for entry in self.caught_by)


def power(
    results: Sequence[Result],
    *,
    preset: str = "power",
    rng: RNGLike = DEFAULT_ENTROPY,
    mutants: Sequence[str] | None = None,
    first: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[PowerRow]:
    """Run every mutant of the results.

    Parameters
    ----------
    results
        From ``theorylab.rooms.proofs_checks``.
    mutants
        Names of the mutants to run; all by default.
    first
        Stop at the first statement that catches a mutant (for test suites), cheapest layers first.

    Returns
    -------
    list of PowerRow
        In the order of the results and of their mutants.

    Raises
    ------
    MutantError
        If a mutant does not apply to the source any more.
    RuntimeError
        If a statement is refuted without any mutant: then it proves nothing.
    """
    chosen = [(r, m) for r in results for m in r.mutants if mutants is None or m.name in mutants]
    accused: dict[str, list[str]] = {}
    rows = []
    for i, (result, mutant) in enumerate(chosen):
        if progress:
            progress(f"{result.slug}: {mutant.name}", i, len(chosen))
        if result.slug not in accused:
            accused[result.slug] = _caught(result, plain_code(result.algorithms), preset, rng, False)
            if accused[result.slug]:
                raise RuntimeError(f"{result.slug} without any mutant is refuted by {accused[result.slug][0]}")
        caught = _mutant_caught(result, mutant, preset, rng, first)
        rows.append(
            PowerRow(
                result.slug, mutant.name, tuple(caught), mutant.caught_by, mutant.hole, mutant.before, mutant.after
            )
        )
    if progress:
        progress("done", len(chosen), len(chosen))
    return rows


def _mutant_caught(result: Result, mutant: Mutant, preset: str, rng: RNGLike, first: bool) -> list[str]:
    try:
        code = mutant_code(result.algorithms, mutant, plain=True)
    except SyntaxError as error:
        raise RuntimeError(f"mutant {mutant.name!r} does not compile: {error}") from error
    return _caught(result, code, preset, rng, first)


def _caught(result: Result, code: Code, preset: str, rng: RNGLike, first: bool) -> list[str]:
    """The statements that refute ``code``, cheapest layer first."""
    groups, checks, _ = plan(result, preset)
    found: list[str] = []
    for made, case in sorted(checks, key=lambda pair: LAYERS.index(pair[0].layer)):
        if made.compiled:
            continue
        try:
            fails = _check_fails(made, case, code, rng)
        except EndlessError:  # nothing else is worth waiting for
            return [*found, f"{made.layer}: {made.name}@{case.name}"]
        if fails:
            found.append(f"{made.layer}: {made.name}@{case.name}")
            if first:
                return found
    for group in groups:
        try:
            with _deadline(SECONDS):
                measured, _ = measure(group, code, rng=rng, sweep=serial)
        except (NameError, ImportError) as error:
            raise MutantError(f"the mutant does not run: {error}") from error
        except Exception as error:
            found.append(f"link: the run stops with {type(error).__name__}@{group.case.name}")
            if first or isinstance(error, EndlessError):
                return found
            continue
        for statement in group.statements:
            refutes = _refutes(statement, measured[statement.name], group.case)
            if refutes:
                found.append(f"{statement.layer}: {statement.name}@{group.case.name}")
    return sorted(found, key=lambda entry: LAYERS.index(entry.split(":")[0]))


def _check_fails(statement: Check, case: Any, code: Code, rng: RNGLike) -> bool:
    try:
        with _deadline(SECONDS):
            return not statement.evaluate(code, case, rng).holds
    except EndlessError:
        raise
    except (NameError, ImportError) as error:
        raise MutantError(f"the mutant does not run: {error}") from error
    except Exception:  # a mutant may break anything: stopping is being caught
        return True


class EndlessError(RuntimeError):
    """A mutant that does not stop."""


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise :class:`EndlessError` in this thread's Python code after ``seconds`` (compiled code is not interrupted)."""
    thread = threading.get_ident()
    lock = threading.Lock()
    over = False

    def stop() -> None:
        with lock:
            if not over:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(EndlessError))

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            over = True
        timer.cancel()


def _refutes(statement: Any, measured: Any, case: Any) -> bool:
    if statement.kind.name == "NegativeControl" or len(measured.violated) == 0:
        return False
    cap = statement.cap(case) if getattr(statement, "cap", None) else None
    p = p_value(statement.kind, measured, cap)
    try:
        decision = decide(
            statement.kind, measured, alpha=POWER_ALPHA, refute=p is not None and p < POWER_ALPHA, cap=cap
        )
    except ValueError:  # a slope over less than two decades
        return False
    return decision.verdict == "refuted"
