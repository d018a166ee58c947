"""The claim engine: run the algorithms, evaluate every statement on the runs, decide with one family-wise alpha.

All statements of a result that speak of the same algorithm on the same instance share their runs: the proof is checked
on the very runs that the theorem is checked on.  One run is one sample.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from theorylab.core import validate
from theorylab.core.rng import RNGLike, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.cases import PRESETS, Case, Instance
from theorylab.verify.code import Code, library_code, own_code
from theorylab.verify.levels import row_level
from theorylab.verify.result import Result
from theorylab.verify.runs import Group, measure
from theorylab.verify.statements import Check, Claim, Comparison, Link, Statement
from theorylab.verify.statistics import familywise
from theorylab.verify.verdicts import Decision, Measurement, Row, decide, first_useful_horizon, p_value

__all__ = ["DEFAULT_ALPHA", "DEFAULT_ENTROPY", "Finding", "assert_supported", "check", "findings", "plan"]

DEFAULT_ENTROPY = 20_101_121  # fixed, so that two people see the same verdicts; any other is as good
DEFAULT_ALPHA = 0.01  # a whole call says a false "refuted" with at most this chance, and a false "supported" likewise


@dataclass(eq=False)
class Finding:
    """What was measured for one statement on one instance; plain data, so that another process may have measured it."""

    place: int  # among all pairs of the result, in the order of its plan
    measured: Measurement | None
    decision: Decision | None
    seconds: float
    vacuous: bool = False
    cap: float | None = None
    own: bool = False


@dataclass(eq=False)
class _Open:
    """A row waiting for the family-wise decision."""

    slug: str
    statement: Statement
    case: Case
    found: Finding


def plan(
    result: Result, preset: str
) -> tuple[list[Group], list[tuple[Check, Case]], list[tuple[Statement, Case, str]]]:
    """Groups of statements to run, checks to evaluate, and refused pairs with the hypothesis that fails."""
    groups: dict[tuple[str, int], list[Any]] = {}
    cases: dict[tuple[str, int], Case] = {}
    checks: list[tuple[Check, Case]] = []
    refused: list[tuple[Statement, Case, str]] = []
    for statement in result.statements:
        for instance in statement.instances:
            if preset not in instance.presets:
                continue
            case = instance.at(preset)
            failing = next((h.name for h in statement.hypotheses if not h.holds(case)), None)
            if failing is not None:
                refused.append((statement, case, failing))
            elif isinstance(statement, Check):
                checks.append((statement, case))
            else:
                key = (statement.algorithm or result.main, id(instance))
                groups.setdefault(key, []).append(statement)
                cases[key] = case
    made = [Group(result.slug, key[0], cases[key], tuple(found)) for key, found in groups.items()]
    return made, checks, refused


def check(
    results: Sequence[Result],
    *,
    preset: str = "quick",
    rng: RNGLike = DEFAULT_ENTROPY,
    sweep: Sweep = serial,
    alpha: float = DEFAULT_ALPHA,
    algorithms: Mapping[str, Callable[..., Any]] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    measuring: Iterable[list[Finding]] | None = None,
) -> list[Row]:
    """Check every statement of the results.

    Parameters
    ----------
    results
        From ``theorylab.rooms.proofs_checks.<slug>.RESULT``.
    preset
        ``smoke`` (seconds), ``quick`` or ``paper``.
    rng
        Entropy of all runs; run ``i`` uses child ``i`` on every instance, so that algorithms meet the same luck.
    sweep
        How runs are spread over workers; the rows do not depend on it.
    alpha
        Family-wise error of the whole call: the probability of any false ``refuted`` (Holm) is at most alpha, and so
        is that of any false ``supported`` (Bonferroni).
    algorithms
        Your own algorithms by name, instead of the library's: ``{"ucrl2": my_algorithm}``.
    progress
        Called as ``progress(message, done, total)``.
    measuring
        The :func:`findings` of each result, measured elsewhere with the same preset and rng (in other processes);
        ``None``: they are measured here.

    Returns
    -------
    list of Row
        One row per statement and instance, in the order of the results.
    """
    _check_arguments(results, preset, alpha, algorithms)
    if measuring is None:
        sizes = [_size(result, preset) for result in results]
        measuring = (
            findings(
                result, preset=preset, rng=rng, sweep=sweep, algorithms=algorithms,
                progress=_shifted(progress, sum(sizes[:i]), sum(sizes)),
            )
            for i, result in enumerate(results)
        )  # fmt: skip
    opened = []
    for result, found in zip(results, measuring, strict=True):
        pairs = _pairs(plan(result, preset))
        if any(each.place >= len(pairs) for each in found):
            raise RuntimeError(f"the statements of {result.slug} changed while they were measured: check them again")
        opened += [_Open(result.slug, *pairs[each.place], each) for each in found]
    if progress:
        progress("deciding", len(opened), len(opened))
    return _close(opened, alpha, seed_of(rng))


def findings(
    result: Result,
    *,
    preset: str,
    rng: RNGLike = DEFAULT_ENTROPY,
    sweep: Sweep = serial,
    algorithms: Mapping[str, Callable[..., Any]] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Finding]:
    """Measure every statement of one result; :func:`check` decides them together with those of other results."""
    groups, checks, refused = plan(result, preset)
    code = _code_of(result, algorithms)
    found: list[Finding] = []
    place = done = 0
    for group in groups:
        if not (code.own and group.algorithm not in (algorithms or {})):  # of the library's own nothing new is learnt
            if progress:
                text = f"{result.slug}: {group.algorithm} on {group.case.name}, {group.case.runs} runs"
                progress(text, done, len(groups) + len(checks))
            found += _group_findings(group, measure(group, code, rng=rng, sweep=sweep), code.own, place)
        place += len(group.statements)
        done += 1
    for made, case in checks:
        if progress:
            progress(f"{result.slug}: {made.name} on {case.name}", done, len(groups) + len(checks))
        found.append(_check_finding(made, case, code, rng, place))
        place += 1
        done += 1
    for _, case, failing in refused:
        decision = Decision("not applicable", f"{case.name} does not meet the hypothesis: {failing}", None, None)
        found.append(Finding(place, None, decision, 0.0))
        place += 1
    return found


def _pairs(planned: Any) -> list[tuple[Statement, Case]]:
    """All statements with their cases, in the order in which :func:`findings` numbers them."""
    groups, checks, refused = planned
    pairs: list[tuple[Statement, Case]] = [(s, group.case) for group in groups for s in group.statements]
    return [*pairs, *checks, *((statement, case) for statement, case, _ in refused)]


def _size(result: Result, preset: str) -> int:
    groups, checks, _ = plan(result, preset)
    return len(groups) + len(checks)


def _shifted(progress: Callable[[str, int, int], None] | None, before: int, total: int) -> Any:
    if progress is None:
        return None
    return lambda message, done, _: progress(message, before + done, total)


def _group_findings(group: Group, found: tuple[dict[str, Measurement], float], own: bool, place: int) -> list[Finding]:
    measured, seconds = found
    rows = []
    for k, statement in enumerate(group.statements):
        cap = statement.cap(group.case) if isinstance(statement, Claim) and statement.cap else None
        share = seconds / len(group.statements)
        row = Finding(place + k, measured[statement.name], None, share, cap=cap, own=own)
        if isinstance(statement, Claim) and statement.trivial is not None and statement.bound is not None:
            bound, trivial = statement.bound(group.case), statement.trivial(group.case)
            if not (math.isfinite(bound) and math.isfinite(trivial)):
                where = f"{statement.name} on {group.case.name}"
                raise ValueError(f"{where}: bound {bound} and trivial {trivial}, expected finite numbers")
            row.vacuous = bool(bound >= trivial)
        rows.append(row)
    return rows


def _check_finding(statement: Check, case: Case, code: Code, rng: RNGLike, place: int) -> Finding:
    begun = time.perf_counter()
    if statement.internals and code.own:
        decision = Decision("not applicable", "looks inside the library's own modules", None, None)
    else:
        outcome = _evaluated(statement, case, code, rng)
        other = statement.layer == "reference" or math.isnan(outcome.value)
        if code.own and other and not outcome.holds:  # another algorithm is not a wrong one
            text = f"another algorithm than the paper's: {outcome.detail}"
            decision = Decision("not applicable", text, outcome.value, outcome.bound, outcome.runs)
        else:
            decision = Decision(
                "supported" if outcome.holds else "refuted", outcome.detail, outcome.value, outcome.bound, outcome.runs
            )
    return Finding(place, None, decision, time.perf_counter() - begun)


def _evaluated(statement: Check, case: Case, code: Code, rng: RNGLike) -> Comparison:
    try:
        return statement.evaluate(code, case, rng)
    except (AttributeError, TypeError, LookupError) as error:
        if not code.own:
            raise
        return Comparison(False, math.nan, math.nan, f"the record cannot be compared ({error})")


def _close(opened: list[_Open], alpha: float, seed: dict[str, Any]) -> list[Row]:
    statistical = [
        o for o in opened if o.found.measured is not None and o.statement.kind.statistical and not o.found.vacuous
    ]
    share = alpha / max(1, len(statistical))
    p_values = {
        id(o): p_value(o.statement.kind, o.found.measured, o.found.cap)
        for o in statistical
        if o.found.measured is not None
    }
    known = [(key, p) for key, p in p_values.items() if p is not None]
    rejected: Any = familywise.holm([p for _, p in known], alpha * len(known) / len(statistical)) if known else []
    refuted = {key for (key, _), r in zip(known, rejected, strict=True) if r}
    rows = []
    for o in opened:
        decision = o.found.decision
        if decision is None:
            assert o.found.measured is not None
            level = share if o.statement.kind.statistical else alpha
            decision = decide(o.statement.kind, o.found.measured, alpha=level, refute=id(o) in refuted, cap=o.found.cap)
            if o.found.own and len(o.found.measured.runs) == 0:
                decision = Decision("not applicable", "the algorithm keeps no trace for this statement", None, None)
            decision = _vacuity(o, decision)
        rows.append(_row(o, decision, share if id(o) in p_values else None, seed))
    agrees = {
        slug: all(row.verdict == "supported" for row in rows if row.slug == slug and row.layer == "reference")
        for slug in {row.slug for row in rows if row.layer == "reference"}
    }
    return [
        dataclasses.replace(row, level="L1")
        if row.level == "L0" and row.verdict != "refuted" and agrees.get(row.slug)
        else row
        for row in rows
    ]


def _vacuity(o: _Open, decision: Decision) -> Decision:
    statement = o.statement
    if not o.found.vacuous or not isinstance(statement, Claim) or statement.bound is None or statement.trivial is None:
        return decision
    if o.found.measured is not None and o.found.measured.violated.any():
        return decision  # worse than a bound that says nothing
    useful = first_useful_horizon(statement.bound, statement.trivial, o.case)
    at = f"first useful horizon T = {useful:.3g}" if useful else "at no horizon useful"
    trivial = statement.trivial(o.case)
    value = None if decision.value is None else decision.value
    text = f"the bound {statement.bound(o.case):.4g} is not below the trivial {trivial:.4g}; {at}"
    return Decision("vacuous", text, value, float(statement.bound(o.case)))


def _row(o: _Open, decision: Decision, share: float | None, seed: dict[str, Any]) -> Row:
    ratio = None
    if decision.value is not None and decision.bound:
        ratio = decision.value / decision.bound
    runs = len(o.found.measured.runs) if o.found.measured is not None else (decision.runs_needed or 0)
    replay = {**seed, "run": decision.first_bad} if decision.first_bad is not None else None
    return Row(
        slug=o.slug,
        claim=f"{o.statement.name}@{o.case.name}",
        kind=o.statement.kind.name,
        source=o.statement.source,
        constants=o.statement.constants,
        verdict=decision.verdict,
        vacuous=decision.verdict == "vacuous",
        value=decision.value,
        bound=decision.bound,
        ratio=ratio,
        runs=runs,
        alpha=share,
        level=row_level(o.statement, decision.verdict),
        seconds=round(o.found.seconds, 3),
        layer=o.statement.layer,
        instance=o.case.name,
        statement=o.statement.statement,
        message=decision.message,
        replay=replay,
        runs_needed=decision.runs_needed if o.found.measured is not None else None,
    )


def _code_of(result: Result, algorithms: Mapping[str, Callable[..., Any]] | None) -> Code:
    mine = {name: algorithm for name, algorithm in (algorithms or {}).items() if name in result.algorithms}
    return own_code(result.algorithms, mine) if mine else library_code(result.algorithms)


def _check_arguments(
    results: Sequence[Result], preset: str, alpha: float, algorithms: Mapping[str, Callable[..., Any]] | None
) -> None:
    validate.choice("preset", preset, (*PRESETS, "power"))
    validate.probability("alpha", alpha)
    known = sorted({name for result in results for name in result.algorithms})
    for name, algorithm in (algorithms or {}).items():
        if name not in known:
            raise ValueError(f"algorithms has the key {name!r}, expected one of {', '.join(map(repr, known))}")
        if not callable(algorithm):
            raise TypeError(f"algorithms[{name!r}] is {algorithm!r}, expected a function (mdp, horizon, *, rng, ...)")


def assert_supported(
    claim: Claim | Link,
    *,
    algorithm: Callable[..., Any],
    instances: Sequence[Instance] | None = None,
    preset: str = "quick",
    rng: RNGLike = DEFAULT_ENTROPY,
    alpha: float = DEFAULT_ALPHA,
) -> list[Row]:
    r"""For a test suite: fail unless ``claim`` is supported for ``algorithm`` wherever it says anything.

    Raises
    ------
    AssertionError
        With the row's message when a verdict is ``refuted`` or ``inconclusive``, or when all are vacuous.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from theorylab.verify import Claim, HighProbability, Instance
    >>> def toss(p, horizon, *, rng):
    ...     return SimpleNamespace(heads=np.random.default_rng(rng).binomial(horizon, p))
    >>> tail = Claim(
    ...     name="Hoeffding",
    ...     kind=HighProbability(0.05),
    ...     source="hoeffding1963probability",
    ...     statement=r"\hat p - p \le \sqrt{\log(1/\delta)/(2n)}",
    ...     constants="paper",
    ...     quantity=lambda run, case: run.heads / case.horizon - case.model,
    ...     bound=lambda case: float(np.sqrt(np.log(1 / 0.05) / (2 * case.horizon))),
    ...     instances=(Instance("fair coin", lambda: 0.5, horizon=100, runs=400),),
    ... )
    >>> assert_supported(tail, algorithm=toss)[0].verdict
    'supported'
    """
    where = tuple(claim.instances if instances is None else instances)
    if not where:
        raise ValueError("instances is empty, expected at least one Instance")
    chosen = dataclasses.replace(claim, instances=where, algorithm="own")
    result = Result(
        slug="own",
        area="",
        title="",
        paper="",
        algorithms={"own": ""},
        claims=(chosen,) if isinstance(chosen, Claim) else (),
        links=(chosen,) if isinstance(chosen, Link) else (),
    )
    rows = check([result], preset=preset, rng=rng, alpha=alpha, algorithms={"own": algorithm})
    bad = [row for row in rows if row.verdict in ("refuted", "inconclusive")]
    if bad:
        raise AssertionError("; ".join(f"{row.claim}: {row.verdict}: {row.message}" for row in bad))
    if not any(row.verdict == "supported" for row in rows):
        said = (
            "; ".join(f"{row.claim}: {row.verdict}: {row.message}" for row in rows)
            or f"no instance at preset {preset!r}"
        )
        raise AssertionError(f"nothing supports {claim.name}: {said}")
    return rows
