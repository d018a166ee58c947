"""The proof profile: the chain of inequalities from the measured quantity up to the bound, evaluated on real runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core.rng import RNGLike, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.cases import Case
from theorylab.verify.code import Code, library_code
from theorylab.verify.engine import DEFAULT_ENTROPY
from theorylab.verify.result import Result
from theorylab.verify.runs import link_entries, run_once
from theorylab.verify.statements import Link

__all__ = ["Profile", "profile", "replay"]


@dataclass(frozen=True, eq=False)
class Profile:
    """Where a proof loses its constants."""

    slug: str
    instance: str
    horizon: int
    names: tuple[str, ...]  # n stages, from the measured quantity to the bound
    explains: tuple[str, ...]
    values: NDArray[np.float64]  # (runs, n)

    @property
    def median(self) -> NDArray[np.float64]:
        """(n,) median over the runs."""
        return np.median(self.values, axis=0)

    @property
    def slack_log10(self) -> NDArray[np.float64]:
        """(n - 1,) median over the runs of log10 of a stage over the one before; NaN where a value is not positive."""
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(self.values > 0.0, np.log10(self.values), np.nan)
        return np.median(np.diff(logs, axis=1), axis=0)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "slug": self.slug,
            "instance": self.instance,
            "horizon": self.horizon,
            "stages": [
                {"name": n, "explains": e, "median": float(m)}
                for n, e, m in zip(self.names, self.explains, self.median, strict=True)
            ],
            "runs": len(self.values),
        }


def profile(
    result: Result,
    *,
    preset: str = "quick",
    rng: RNGLike = DEFAULT_ENTROPY,
    sweep: Sweep = serial,
    runs: int | None = None,
) -> Profile:
    """Evaluate the stages of the result's proof on the runs of its profile instance.

    Raises
    ------
    ValueError
        If the result has no stages.
    """
    if not result.stages or result.profile_instance is None:
        raise ValueError(f"result {result.slug!r} has no proof stages to profile")
    case = result.profile_instance.at(preset)
    code = library_code(result.algorithms)
    seed = seed_of(rng)
    tasks = [(seed, i) for i in range(runs or case.runs)]
    values = sweep(partial(_stage_values, result, case, code), tasks)
    names = tuple(stage.name for stage in result.stages)
    explains = tuple(stage.explains for stage in result.stages)
    return Profile(result.slug, case.name, case.horizon, names, explains, np.array(values, dtype=float))


def replay(result: Result, statement: str, *, run: int, rng: RNGLike = DEFAULT_ENTROPY, preset: str = "quick") -> str:
    """Run once more what a refuted link names, and show both of its sides where they cross.

    Raises
    ------
    KeyError
        If the result has no link of that name (``name`` or ``name@instance``).
    """
    name, _, where = statement.partition("@")
    link = next((link for link in result.links if link.name == name), None)
    if link is None:
        raise KeyError(f"result {result.slug!r} has no link {name!r}; it has {[li.name for li in result.links]}")
    instance = next((i for i in link.instances if not where or i.name == where), None)
    if instance is None:
        raise KeyError(f"link {name!r} has no instance {where!r}; it has {[i.name for i in link.instances]}")
    case = instance.at(preset)
    algorithm = library_code(result.algorithms).algorithm(link.algorithm or result.main)
    record = run_once(case, algorithm, seed_of(rng), run)
    return _sides_text(link, record, case, run)


def _stage_values(result: Result, case: Case, code: Code, task: tuple[Mapping[str, Any], int]) -> list[float]:
    seed, index = task
    run = run_once(case, code.algorithm(result.main), seed, index)
    return [float(stage.value(run, case)) for stage in result.stages]


def _sides_text(link: Link, record: Any, case: Case, run: int) -> str:
    left, right, bad = link_entries(link, record, case)
    head = (
        f"{link.name} on {case.name}, T = {case.horizon}, run {run}: {len(left)} entries, {int(bad.sum())} violations"
    )
    lines = [f"  entry {i}: left {left[i]:.10g} > right {right[i]:.10g}" for i in np.flatnonzero(bad)[:10]]
    return "\n".join([head, *lines])
