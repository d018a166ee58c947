"""Commands about evidence: ``check``, ``power``, ``profile``, ``evidence``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from theorylab.core.sweeps import Sweep
    from theorylab.lab.sweeps import ProgressCallback
    from theorylab.verify.result import Result
    from theorylab.verify.verdicts import Row

Slugs = Annotated[list[str] | None, typer.Argument(metavar="[SLUG]...", help="All slugs when none is named.")]
Preset = Annotated[str, typer.Option(help="smoke (seconds), quick (minutes) or paper.")]
JsonFile = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write JSON to FILE; - for standard output.")
]
Seed = Annotated[int | None, typer.Option(help="Entropy of all runs; the default is fixed.", min=0)]
Jobs = Annotated[
    int | None, typer.Option(help="Threads; all cores by default. The results do not depend on it.", min=1)
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    for command in (check, power, profile, evidence):
        app.command()(command)


def check(
    slugs: Slugs = None,
    preset: Preset = "quick",
    json_file: JsonFile = None,
    seed: Seed = None,
    jobs: Jobs = None,
    algorithm: Annotated[
        str | None, typer.Option(metavar="FILE.py:FUNCTION", help="Check your own algorithm in the place of SLUG's.")
    ] = None,
) -> None:
    """Check every claim, lemma and exact value: does the code do what its theorem says?

    Exit code 1 when something is refuted.
    """
    from theorylab.lab.output import writable_file, write_json
    from theorylab.lab.own import OwnAlgorithmError
    from theorylab.lab.progress import reporting

    known_preset(preset)
    writable_file("--json", json_file)
    own = own_algorithm(slugs or [], algorithm)
    with reporting() as progress:
        try:
            rows = checked(slugs, preset, seed, jobs, progress, own)
        except (AttributeError, TypeError, LookupError, ValueError) as error:
            if own is None or isinstance(error, OwnAlgorithmError):
                raise
            raise OwnAlgorithmError(f"{algorithm} gave no record that the claims can read: {error}") from error
    if json_file is not None:
        write_json([row.to_dict() for row in rows], json_file)
    if json_file != "-":
        print_rows(rows)
    raise typer.Exit(1 if any(row.verdict == "refuted" for row in rows) else 0)


def power(
    slugs: Slugs = None,
    json_file: JsonFile = None,
    seed: Seed = None,
) -> None:
    """Run every mutant: which layer of the checks catches which mistake?

    Exit code 1 when a mutant is caught by nothing and is not a listed hole.
    """
    from theorylab.lab.catalogue import load_results
    from theorylab.lab.output import print_table, writable_file, write_json
    from theorylab.lab.progress import reporting
    from theorylab.lab.workers import done_jobs, side_by_side
    from theorylab.verify.engine import DEFAULT_ENTROPY
    from theorylab.verify.power import power as run_power

    writable_file("--json", json_file)
    rng, results = DEFAULT_ENTROPY if seed is None else seed, load_results(slugs)
    with reporting() as progress:
        if side_by_side(None, len(results)):
            found = done_jobs([("power", result.slug, rng) for result in results], None, progress)
            rows = [row for mine in found for row in mine]
        else:
            rows = run_power(results, rng=rng, progress=progress)
    if json_file is not None:
        write_json([row.to_dict() for row in rows], json_file)
    if json_file != "-":
        table = [
            (
                r.slug,
                r.mutant,
                ", ".join(r.layers) or "nothing",
                len(r.caught_by),
                r.caught_by[0] if r.caught_by else r.hole,
            )
            for r in rows
        ]
        print_table(("slug", "mutant", "caught by", "statements", "first"), table)
        print(f"{sum(bool(r.caught_by) for r in rows)} of {len(rows)} mutants caught")
    raise typer.Exit(1 if any(not row.caught_by and not row.hole for row in rows) else 0)


def profile(
    slug: Annotated[str, typer.Argument(help="The slug.")],
    preset: Preset = "quick",
    json_file: JsonFile = None,
    seed: Seed = None,
    jobs: Jobs = None,
    link: Annotated[
        str | None, typer.Option(metavar="LINK[@INSTANCE]", help="Replay a link instead, with --run.")
    ] = None,
    run: Annotated[int, typer.Option(help="The run that --link replays.", min=0)] = 0,
) -> None:
    """Show where a proof loses its constants: the chain from the measured quantity up to the bound.

    Only where a result has a chain of stages.
    """
    from theorylab.lab.catalogue import load_result, usable_results
    from theorylab.lab.output import number, print_table, writable_file, write_json
    from theorylab.lab.progress import reporting
    from theorylab.verify.engine import DEFAULT_ENTROPY
    from theorylab.verify.profile import profile as run_profile
    from theorylab.verify.profile import replay

    known_preset(preset)
    writable_file("--json", json_file)
    result = load_result(slug)
    entropy = DEFAULT_ENTROPY if seed is None else seed
    if link is not None:
        print(replay(result, link, run=run, rng=entropy, preset=preset))
        return
    if not _has_profile(result):
        there = ", ".join(other.slug for other in usable_results() if _has_profile(other)) or "none"
        raise ValueError(f"{slug} has no chain of stages, so there is nothing to profile; results with one: {there}")
    with reporting() as progress:
        found = run_profile(result, preset=preset, rng=entropy, sweep=store_sweep(jobs, progress))
    if json_file is not None:
        write_json(found.to_dict(), json_file)
    if json_file != "-":
        slack = [None, *found.slack_log10.tolist()]
        rows = [
            (name, number(median), "-" if loss is None else f"x {10**loss:.3g}", explains)
            for name, median, loss, explains in zip(
                found.names, found.median.tolist(), slack, found.explains, strict=True
            )
        ]
        title = f"{found.slug} on {found.instance}, T = {found.horizon}, median of {len(found.values)} runs"
        print_table(("stage", "value", "lost here", "why"), rows, title=title)


def evidence(
    slugs: Slugs = None,
    preset: Preset = "quick",
    seed: Seed = None,
    jobs: Jobs = None,
    out: Annotated[Path | None, typer.Option(help="Another folder than proofs_checks/evidence.")] = None,
) -> None:
    """Record the evidence anew: checks, mutants and Coq files, tied to the sources by their hashes."""
    from theorylab.lab.catalogue import load_results
    from theorylab.lab.output import shown, writable_folder
    from theorylab.lab.progress import reporting
    from theorylab.lab.workers import done_jobs, side_by_side
    from theorylab.rooms import INSTALLED, ROOT
    from theorylab.verify import evidence as records
    from theorylab.verify.coq import check_coq
    from theorylab.verify.engine import DEFAULT_ENTROPY

    known_preset(preset)
    if out is not None:
        writable_folder("--out", out)
    elif INSTALLED:
        raise ValueError("evidence is recorded in a checkout, and this theorylab is installed: give --out FOLDER")
    entropy = DEFAULT_ENTROPY if seed is None else seed
    results = load_results(slugs)
    coq = check_coq(ROOT / "proofs_checks" / "coq")
    with reporting() as progress:
        if side_by_side(jobs, len(results)):  # a record does not depend on which others are made
            into = None if out is None else str(out)
            made = done_jobs([("evidence", r.slug, preset, entropy, coq, into) for r in results], jobs, progress)
        else:
            made = [record_evidence(r.slug, preset, entropy, coq, out, jobs=jobs, progress=progress) for r in results]
    for level, path in made:
        print(f"{level}  {shown(Path(path))}")
    readme = ROOT / "README.md"
    if out is None and readme.is_file():
        from theorylab.lab.catalogue import slugs as all_slugs
        from theorylab.lab.report import readme_table, update_readme

        known = [found for slug in all_slugs() if (found := records.load(slug)) and records.fresh(found)]
        if update_readme(readme, known):
            print(f"evidence table renewed in {shown(readme)}")
        page = ROOT / "docs" / "evidence.md"
        if page.is_file() and update_readme(page, known, table=readme_table):
            print(f"one line a claim renewed in {shown(page)}")


def record_evidence(
    slug: str,
    preset: str,
    entropy: int,
    coq: Any,
    out: Path | None,
    *,
    jobs: int | None = 1,
    progress: ProgressCallback | None = None,
) -> tuple[str, Path]:
    """The record of one result, written; its level and its file."""
    from theorylab.core.rng import seed_of
    from theorylab.lab.catalogue import load_result
    from theorylab.verify import evidence as records
    from theorylab.verify.engine import DEFAULT_ALPHA
    from theorylab.verify.power import power as run_power

    result = load_result(slug)
    rows = checked([slug], preset, entropy, jobs, progress)
    mutants = run_power([result], rng=entropy, progress=progress)
    record = records.collect(result, rows, mutants, coq, preset=preset, seed=seed_of(entropy), alpha=DEFAULT_ALPHA)
    return record["level"], records.write(record, into=out)


def checked(
    slugs: Sequence[str] | None,
    preset: str,
    seed: int | None,
    jobs: int | None,
    progress: ProgressCallback | None,
    algorithms: dict[str, Callable[..., Any]] | None = None,
) -> list[Row]:
    """The rows of ``theorylab check``."""
    from theorylab.lab.catalogue import load_results
    from theorylab.lab.progress import two_levels
    from theorylab.lab.reproduce import all_findings
    from theorylab.verify.engine import DEFAULT_ENTROPY
    from theorylab.verify.engine import check as run_check

    rng = DEFAULT_ENTROPY if seed is None else seed
    outer, inner = two_levels(progress)
    results = load_results(slugs)
    found = None if algorithms else all_findings(results, preset, rng, jobs, progress)
    return run_check(
        results,
        preset=preset,
        rng=rng,
        sweep=store_sweep(jobs, inner),
        algorithms=algorithms,
        progress=outer,
        measuring=found,
    )


def store_sweep(jobs: int | None, progress: ProgressCallback | None = None) -> Sweep:
    """Threads over the user's store of results."""
    from theorylab.lab.store import ResultStore
    from theorylab.lab.sweeps import resumable

    return resumable(ResultStore(), jobs, progress)


def _has_profile(result: Result) -> bool:
    return bool(result.stages) and result.profile_instance is not None


def known_preset(preset: str) -> None:
    """Refuse a preset that does not exist before anything heavy is loaded."""
    from theorylab.core import validate
    from theorylab.verify.cases import PRESETS

    validate.choice("preset", preset, PRESETS)


def own_algorithm(slugs: Sequence[str], text: str | None) -> dict[str, Callable[..., Any]] | None:
    """``my_file.py:my_agent`` as ``{"<algorithm of the slug>": my_agent}``.

    Raises
    ------
    ValueError
        If not exactly one slug is named, or the text or the file is not as expected.
    """
    if text is None:
        return None
    from theorylab.lab.catalogue import load_result
    from theorylab.lab.own import guarded, load_function

    if len(slugs) != 1:
        raise ValueError(f"--algorithm stands in the place of one slug's algorithm, got {len(slugs)} slugs")
    result = load_result(slugs[0])
    return {result.main: guarded(load_function(text, area=result.area), text)}


def print_rows(rows: Sequence[Row]) -> None:
    """Rows slug by slug, then what is not supported in words, then the count of each verdict."""
    from theorylab.lab.output import number, print_table

    for slug in dict.fromkeys(row.slug for row in rows):
        mine = [row for row in rows if row.slug == slug]
        table = [
            (r.claim, r.layer, r.kind, r.verdict, number(r.value), number(r.bound), r.runs, r.constants, r.level)
            for r in mine
        ]
        columns = ("statement", "layer", "kind", "verdict", "value", "bound", "runs", "constants", "level")
        print_table(columns, table, title=slug)
        for row in mine:
            if row.verdict != "supported":
                replay = f"; replay: run {row.replay.get('run')}" if row.replay else ""
                print(f"  {row.verdict}: {row.claim}: {row.message}{replay}")
        print()
    print(summary(rows))


def summary(rows: Sequence[Row]) -> str:
    """``12 supported, 1 vacuous; nothing refuted``."""
    counts = Counter(row.verdict for row in rows)
    text = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()) or "no statements"
    return text + ("" if counts["refuted"] else "; nothing refuted")
