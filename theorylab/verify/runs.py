"""Runs of an algorithm and the two sides of every statement on them.

What an algorithm returns is not trusted: a value that is no finite number is a violation, a record of another horizon
or seed is an error, and a run that raises is an error that names the run.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from theorylab.core.rng import RNGLike, child_seed, seed_of, streams
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.cases import Case, Family
from theorylab.verify.code import Code
from theorylab.verify.kinds import Rate
from theorylab.verify.statements import Claim, Link
from theorylab.verify.verdicts import Measurement

__all__ = ["Group", "evaluate_run", "measure", "run_once"]


@dataclass(frozen=True, eq=False)
class Group:
    """Statements that share runs: one algorithm on one case."""

    slug: str
    algorithm: str
    case: Case
    statements: tuple[Claim | Link, ...]


def measure(group: Group, code: Code, *, rng: RNGLike, sweep: Sweep = serial) -> tuple[dict[str, Measurement], float]:
    """Run the group's algorithm and evaluate its statements; also the seconds that it took."""
    begun = time.perf_counter()
    seed = seed_of(rng)
    found = sweep(partial(evaluate_run, group, code), [(seed, i) for i in range(group.case.runs)])
    measured = {}
    for statement in group.statements:
        entries = [(i, run[statement.name]) for i, run in enumerate(found) if run[statement.name] is not None]
        measured[statement.name] = Measurement(
            np.array([e[0] for _, e in entries], dtype=float),
            np.array([e[1] for _, e in entries], dtype=float),
            np.array([e[2] for _, e in entries], dtype=bool),
            np.array([i for i, _ in entries], dtype=np.int64),
            [e[3] for _, e in entries] if isinstance(statement.kind, Rate) else None,
            events=isinstance(statement, Claim) and statement.event is not None,
        )
    return measured, time.perf_counter() - begun


def evaluate_run(group: Group, code: Code, task: tuple[Mapping[str, Any], int]) -> dict[str, Any]:
    """One run of the algorithm; for each statement (left, right, violated, series) at its tightest entry, or None."""
    seed, index = task
    run = run_once(group.case, code.algorithm(group.algorithm), seed, index)
    untraced = code.own and getattr(run, "trace", None) is None
    found: dict[str, Any] = {}
    for statement in group.statements:
        if untraced and (isinstance(statement, Link) or statement.traced):
            found[statement.name] = None  # a user's algorithm need not keep the trace that lemmas speak of
            continue
        try:
            found[statement.name] = _sides(statement, run, group.case)
        except Exception as error:
            if code.own and isinstance(error, KeyError) and _lacks(run, error.args[0]):
                found[statement.name] = None  # a trace of its own, without what this lemma speaks of
                continue
            where = f"{statement.name} on {group.case.name}, run {index}"
            raise ValueError(f"{where}: {type(error).__name__}: {error}") from error
    return found


def _lacks(run: Any, key: Any) -> bool:
    held = [getattr(run, name, None) for name in ("trace", "extra")]
    mappings = [values for values in held if isinstance(values, Mapping)]
    return bool(mappings) and not any(key in values for values in mappings)


def run_once(case: Case, algorithm: Callable[..., Any], seed: Mapping[str, Any], index: int) -> Any:
    """Run ``index`` of a case: what ``replay`` repeats.

    Raises
    ------
    ValueError
        If the record says that it has another horizon, or comes from another seed, than it was asked for.
    """
    rng = child_seed(np.random.SeedSequence(seed["entropy"], spawn_key=tuple(seed["spawn_key"])), index)
    model = case.model.draw(streams(rng).instance) if isinstance(case.model, Family) else case.model
    run = algorithm(model, case.horizon, rng=rng, **case.parameters)
    length = getattr(run, "episodes", getattr(run, "horizon", case.horizon))  # of a run of episodes: how many
    if length != case.horizon:
        raise ValueError(f"run {index} on {case.name} has the horizon {length}, expected {case.horizon}")
    said = getattr(run, "seed", None)
    if isinstance(said, Mapping) and "spawn_key" in said and tuple(said["spawn_key"]) != tuple(rng.spawn_key):
        raise ValueError(
            f"run {index} on {case.name} has the seed {dict(said)}, expected spawn key {rng.spawn_key}: the algorithm "
            "does not use its rng, so its runs are not independent"
        )
    return run


def _sides(statement: Claim | Link, run: Any, case: Case) -> tuple[float, float, bool, Any] | None:
    return _claim_sides(statement, run, case) if isinstance(statement, Claim) else _link_sides(statement, run, case)


def _claim_sides(claim: Claim, run: Any, case: Case) -> tuple[float, float, bool, Any]:
    if claim.event is not None:
        happened = bool(claim.event(run, case))
        return float(happened), float(getattr(claim.kind, "delta", 0.0)), happened, None
    assert claim.quantity is not None
    value = claim.quantity(run, case)
    if isinstance(claim.kind, Rate):
        times, series = (np.asarray(v, dtype=float) for v in value)
        return float(series[-1]), claim.kind.exponent, not bool(np.all(np.isfinite(series))), (times, series)
    assert claim.bound is not None
    measured, bound = float(value), float(claim.bound(case))
    if not math.isfinite(bound):
        raise ValueError(f"the bound is {bound}, expected a finite number")
    return measured, bound, not (math.isfinite(measured) and measured <= bound), None


def _link_sides(link: Link, run: Any, case: Case) -> tuple[float, float, bool, Any] | None:
    left, right, bad = link_entries(link, run, case)
    if left.size == 0:
        return None
    at = int(np.argmax(bad)) if bad.any() else int(np.argmax(_ratio(left, right)))
    return float(left[at]), float(right[at]), bool(bad.any()), None


def link_entries(link: Link, run: Any, case: Case) -> tuple[Any, Any, Any]:
    """(left, right, violated) of a link on one run, flat, at the entries of which it speaks."""
    left, right = np.broadcast_arrays(
        np.asarray(link.left(run, case), dtype=float), np.asarray(link.right(run, case), dtype=float)
    )
    if link.given is not None:
        mask = np.broadcast_to(np.asarray(link.given(run, case), dtype=bool), left.shape)
        left, right = left[mask], right[mask]
    left, right = left.ravel(), right.ravel()
    room = link.tolerance * (1.0 + np.where(np.isfinite(right), np.abs(right), 0.0))
    with np.errstate(invalid="ignore"):
        holds = (np.abs(left - right) <= room) | (left == right) if link.two_sided else left <= right + room
    return left, right, ~holds  # NaN holds nothing


def _ratio(left: Any, right: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(np.where(right > 0, left / right, left - right), nan=-np.inf)
