"""``theorylab reproduce``: checks, proof profiles, figures and the report in one go, and the last two alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from theorylab.lab.catalogue import chosen, figure_slugs, load_figures, load_results
from theorylab.lab.figures import FigureResult, figure_names, run_figure
from theorylab.lab.progress import nested
from theorylab.lab.workers import done_jobs, side_by_side

if TYPE_CHECKING:
    from theorylab.core.sweeps import Sweep
    from theorylab.lab.sweeps import ProgressCallback
    from theorylab.verify.verdicts import Row

__all__ = ["Reproduction", "all_findings", "make_figures", "recorded_report", "reproduce"]

CHECKS = "checks.json"
FIGURES = "figures"  # folder of the pictures inside the report's
PAGE = "index.html"


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What ``theorylab reproduce`` made."""

    rows: list[Row]
    figures: list[FigureResult]
    report: Path


def make_figures(
    slugs: Sequence[str] | None,
    preset: str,
    out: Path,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    progress: ProgressCallback | None = None,
) -> Iterator[FigureResult]:
    """Regenerate the figures of the slugs (``None``: of all): many side by side in processes, few one by one."""
    from theorylab.verify.engine import DEFAULT_ENTROPY

    rng = DEFAULT_ENTROPY if seed is None else seed
    names = list(chosen(slugs, figure_slugs()))
    if side_by_side(jobs, len(names)):
        made = done_jobs([("figures", slug, preset, str(out), rng) for slug in names], jobs, progress)
        for slug, found in zip(names, made, strict=True):
            yield from _figures_again(slug, found)
        return
    for slug in names:
        figures = load_figures(slug)
        for name, figure in zip(figure_names(figures), figures, strict=True):
            sweep = _sweep(jobs, nested(progress, name))
            yield run_figure(figure, preset, out=out, name=name, sweep=sweep, rng=rng)


def _figures_again(slug: str, found: Sequence[dict[str, Any]]) -> Iterator[FigureResult]:
    """Results of another process with their figures, whose functions do not travel."""
    for figure, fields in zip(load_figures(slug), found, strict=True):
        yield FigureResult(figure=figure, **fields)


def all_findings(
    results: Sequence[Any], preset: str, rng: int, jobs: int | None, progress: ProgressCallback | None
) -> list[Any] | None:
    """What :func:`theorylab.verify.engine.check` decides on, measured in processes; ``None`` when they do not pay."""
    if not side_by_side(jobs, len(results)):
        return None
    long_first = _long_first(results, preset)
    found = done_jobs([("findings", r.slug, preset, rng) for r in long_first], jobs, progress)
    by_slug = {result.slug: each for result, each in zip(long_first, found, strict=True)}
    return [by_slug[result.slug] for result in results]


def _long_first(results: Sequence[Any], preset: str) -> list[Any]:
    """The results in the order in which no worker is left with a long one alone."""
    return sorted(results, key=lambda result: -_rounds(result, preset))


def _rounds(result: Any, preset: str) -> int:
    """All rounds that the statements of a result are run for: what its time grows with."""
    from theorylab.verify.engine import plan

    return sum(group.case.runs * group.case.horizon for group in plan(result, preset)[0])


def recorded_report(out: Path) -> tuple[Path, list[str]]:
    """The HTML report of the evidence on record, and the slugs whose record is missing or stale and not shown."""
    from theorylab.lab.report import build_report
    from theorylab.verify import evidence

    shown, rows, power, left_out = [], [], [], []
    meta: dict[str, Any] = {}
    for result in load_results():
        record = evidence.load(result.slug)
        if record is None or not evidence.fresh(record):
            left_out.append(result.slug)
            continue
        shown.append(result)
        rows += [{"slug": result.slug, **part} for part in record["parts"]]
        power += [{"slug": result.slug, **mutant} for mutant in record["power"]]
        meta = {key: record.get(key) for key in ("preset", "entropy", "alpha", "versions")}
    return build_report(out / PAGE, results=shown, rows=rows, power=power, meta=meta), left_out


def reproduce(
    preset: str,
    out: Path,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    progress: ProgressCallback | None = None,
) -> Reproduction:
    """All checks, proof profiles and figures, and the report; ``checks.json`` and the pictures lie beside it.

    Mutants are not run: the report shows those on record, where the record is fresh.
    """
    from theorylab.core.kernels import source_hash
    from theorylab.core.record import versions
    from theorylab.lab.output import write_json
    from theorylab.lab.progress import two_levels
    from theorylab.lab.report import build_report
    from theorylab.verify.engine import DEFAULT_ALPHA, DEFAULT_ENTROPY, check
    from theorylab.verify.profile import profile

    out.mkdir(parents=True, exist_ok=True)  # a folder that cannot be written is an error now, not after an hour
    rng = DEFAULT_ENTROPY if seed is None else seed
    outer, inner = two_levels(progress)
    results = load_results()
    staged = [r for r in results if r.stages and r.profile_instance is not None]
    if side_by_side(jobs, len(results)):  # one pool for everything: nobody waits for the last one of a kind
        slugs = list(chosen(None, figure_slugs()))
        named: list[tuple[Any, ...]] = [("findings", r.slug, preset, rng) for r in _long_first(results, preset)]
        named += [("profile", r.slug, preset, rng) for r in staged]
        named += [("figures", slug, preset, str(out / FIGURES), rng) for slug in slugs]
        found = {(job[0], job[1]): result for job, result in zip(named, done_jobs(named, jobs, progress), strict=True)}
        measured = [found["findings", r.slug] for r in results]
        rows = check(results, preset=preset, rng=rng, measuring=measured)
        profiles = [found["profile", r.slug] for r in staged]
        figures = [figure for slug in slugs for figure in _figures_again(slug, found["figures", slug])]
    else:
        rows = check(results, preset=preset, rng=rng, sweep=_sweep(jobs, inner), progress=outer)
        profiles = [
            profile(r, preset=preset, rng=rng, sweep=_sweep(jobs, nested(progress, f"{r.slug}: profile")))
            for r in staged
        ]
        figures = list(make_figures(None, preset, out / FIGURES, seed=seed, jobs=jobs, progress=progress))
    write_json([row.to_dict() for row in rows], str(out / CHECKS))
    about = {"preset": preset, "entropy": rng, "alpha": DEFAULT_ALPHA}
    about |= {"versions": dict(versions()), "source_hash": source_hash()}
    recorded = _recorded_power()
    page = build_report(
        out / PAGE,
        results=results,
        rows=rows,
        power=None if recorded is None else [row for mutants in recorded.values() for row in mutants],
        power_known=recorded,
        profiles=profiles,
        figures=figures,
        meta=about,
    )
    return Reproduction(rows, figures, page)


def _recorded_power() -> dict[str, list[dict[str, Any]]] | None:
    """The mutants on record by slug, of fresh records only; ``None`` when there is none."""
    from theorylab.verify import evidence

    found: dict[str, list[dict[str, Any]]] = {}
    for slug in chosen(None):
        record = evidence.load(slug)
        if record is not None and evidence.fresh(record):
            found[slug] = [{"slug": slug, **mutant} for mutant in record["power"]]
    return found or None


def _sweep(jobs: int | None, progress: ProgressCallback | None) -> Sweep:
    from theorylab.lab.store import ResultStore
    from theorylab.lab.sweeps import resumable

    return resumable(ResultStore(), jobs, progress)
