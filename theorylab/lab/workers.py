"""Results side by side in processes: what keeps the time of everything from growing with the number of results.

Threads share runs well, because kernels release the interpreter; compiling, references, exact values and drawing hold
it.  So whole results are handed to processes, and each uses one thread.  A process does a *job* named by plain data,
such as ``("findings", slug, preset, seed)``, and returns plain data; rows and figures are put together by the caller.
Finished runs are kept in the store by whoever made them, and records are written at once: a stopped command loses
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from theorylab.lab.sweeps import ProgressCallback, all_cores

__all__ = ["LEAST_JOBS", "done_jobs", "side_by_side"]

LEAST_JOBS = 4  # fewer are done faster in this process than processes start


def side_by_side(jobs: int | None, n: int) -> bool:
    """Whether ``n`` jobs on that many workers (``None``: all cores) are worth processes.

    Examples
    --------
    >>> side_by_side(1, 100), side_by_side(2, 3), side_by_side(2, 30)
    (False, False, True)
    """
    return (all_cores() if jobs is None else jobs) > 1 and n >= LEAST_JOBS


def done_jobs(
    named: Sequence[tuple[Any, ...]], jobs: int | None = None, progress: ProgressCallback | None = None
) -> list[Any]:
    """What each job returns, in their order; an error of a job is raised here."""
    from joblib import Parallel, delayed

    workers = all_cores() if jobs is None else jobs
    parallel = Parallel(n_jobs=min(workers, len(named)), backend="loky", return_as="generator_unordered", batch_size=1)
    found: list[Any] = [None] * len(named)
    if progress:
        progress(f"{named[0][1]}: {named[0][0]}", 0, len(named))
    for done, (place, result) in enumerate(parallel(delayed(_job)(i, job) for i, job in enumerate(named)), start=1):
        found[place] = result
        if progress:
            progress(f"{named[place][1]}: {named[place][0]}", done, len(named))
    return found


def _job(place: int, job: tuple[Any, ...]) -> tuple[int, Any]:
    kind, *arguments = job
    return place, KINDS[kind](*arguments)


def _findings(slug: str, preset: str, seed: int) -> Any:
    from theorylab.lab.catalogue import load_result
    from theorylab.verify.engine import findings

    return findings(load_result(slug), preset=preset, rng=seed, sweep=_sweep())


def _profile(slug: str, preset: str, seed: int) -> Any:
    from theorylab.lab.catalogue import load_result
    from theorylab.verify.profile import profile

    return profile(load_result(slug), preset=preset, rng=seed, sweep=_sweep())


def _figures(slug: str, preset: str, out: str, seed: int) -> Any:
    """The figures of a slug as dicts without the figure itself, whose functions stay where they are."""
    import dataclasses

    from theorylab.lab.catalogue import load_figures
    from theorylab.lab.figures import figure_names, run_figure

    figures = load_figures(slug)
    made = []
    for name, figure in zip(figure_names(figures), figures, strict=True):
        result = run_figure(figure, preset, out=Path(out), name=name, sweep=_sweep(), rng=seed)
        made.append({f.name: getattr(result, f.name) for f in dataclasses.fields(result) if f.name != "figure"})
    return made


def _evidence(slug: str, preset: str, seed: int, coq: Any, out: str | None) -> tuple[str, str]:
    """Make and write a record; its level and its file."""
    from theorylab.lab.commands_check import record_evidence

    level, path = record_evidence(slug, preset, seed, coq, None if out is None else Path(out))
    return level, str(path)


def _power(slug: str, seed: int) -> Any:
    from theorylab.lab.catalogue import load_result
    from theorylab.verify.power import power

    return power([load_result(slug)], rng=seed)


def _sweep() -> Any:
    from theorylab.lab.store import ResultStore
    from theorylab.lab.sweeps import resumable

    return resumable(ResultStore(), 1)


KINDS: dict[str, Callable[..., Any]] = {
    "findings": _findings,
    "profile": _profile,
    "figures": _figures,
    "evidence": _evidence,
    "power": _power,
}
