"""Commands that make things: ``run``, ``figure``, ``report``, ``reproduce``, ``bench``."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from theorylab.lab.commands_check import Jobs, JsonFile, Preset, Seed, known_preset, store_sweep, summary

if TYPE_CHECKING:
    from theorylab.lab.figures import FigureResult
    from theorylab.lab.runs import RunSummary

FigureSlugs = Annotated[list[str] | None, typer.Argument(metavar="[SLUG]...", help="Name slugs, or give --all.")]
DEFAULT_OUT = Path("theorylab-report")
Out = Annotated[Path, typer.Option(help="The folder to write into; made when missing.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(run)
    for command in (figure, report, reproduce, bench):
        app.command()(command)


def run(
    context: typer.Context,
    slug: Annotated[str, typer.Argument(help="The slug, or the name of any algorithm of a result.")],
    instance: Annotated[
        str | None, typer.Option(help="For example riverswim-6, or one of the result's own; its first by default.")
    ] = None,
    horizon: Annotated[int | None, typer.Option(help="Length of the run: steps, rounds or episodes.")] = None,
    seeds: Annotated[int, typer.Option(help="Number of runs.")] = 5,
    seed: Seed = None,
    jobs: Jobs = None,
    json_file: JsonFile = None,
    csv_file: Annotated[str | None, typer.Option("--csv", metavar="FILE", help="Write the curves to FILE.")] = None,
) -> None:
    """Run an algorithm and print its regret with 95% intervals.

    Other options are the algorithm's own keywords, for example --delta 0.1; one that is true or false may stand alone,
    for example --reward-streams.  With any of them but --delta, the instance's own keywords (its delta apart) are
    dropped.
    """
    from theorylab.lab.output import writable_file, write_json
    from theorylab.lab.progress import nested, reporting
    from theorylab.lab.runs import parse_keywords, run_instance

    parameters = parse_keywords(context.args, slug)
    writable_file("--json", json_file)
    writable_file("--csv", csv_file)
    with reporting() as progress:
        found = run_instance(
            slug,
            instance,
            horizon=horizon,
            seeds=seeds,
            parameters=parameters,
            sweep=store_sweep(jobs, nested(progress, slug)),
            rng=0 if seed is None else seed,
        )
    if json_file is not None:
        write_json(found.to_dict(), json_file)
    if csv_file is not None:
        _write_curves(Path(csv_file), found)
    if json_file != "-":
        _print_run(found)


def figure(
    slugs: FigureSlugs = None,
    every: Annotated[bool, typer.Option("--all", help="All figures.")] = False,
    preset: Preset = "quick",
    out: Out = Path("figures-out"),
    seed: Seed = None,
    jobs: Jobs = None,
) -> None:
    """Regenerate figures: PNG, PDF and CSV, with a verdict on every conclusion drawn from them.

    A figure whose conclusions do not hold is still drawn, and says so.
    """
    from theorylab.lab.output import writable_folder
    from theorylab.lab.progress import reporting
    from theorylab.lab.reproduce import make_figures

    known_preset(preset)
    if bool(slugs) == every:
        raise ValueError("name at least one slug or give --all (not both)")
    writable_folder("--out", out)
    with reporting() as progress:
        for found in make_figures(slugs, preset, out, seed=seed, jobs=jobs, progress=progress):
            _print_figure(found)


def report(
    out: Out = DEFAULT_OUT,
) -> None:
    """Write the HTML report of the recorded evidence: nothing is run."""
    from theorylab.lab.output import shown, writable_folder
    from theorylab.lab.reproduce import recorded_report

    writable_folder("--out", out)
    page, left_out = recorded_report(out)
    if left_out:
        print(f"no fresh evidence, not shown: {', '.join(left_out)} (theorylab evidence SLUG records it)")
    print(shown(page))


def reproduce(
    preset: Preset = "quick",
    out: Out = DEFAULT_OUT,
    seed: Seed = None,
    jobs: Jobs = None,
) -> None:
    """Everything: all checks, all figures and the HTML report.  Stopped, the same command resumes.

    Exit code 1 when something is refuted.
    """
    from theorylab.lab.output import shown, writable_folder
    from theorylab.lab.progress import reporting
    from theorylab.lab.reproduce import reproduce as run_all

    known_preset(preset)
    writable_folder("--out", out)
    with reporting() as progress:
        found = run_all(preset, out, seed=seed, jobs=jobs, progress=progress)
    for figure_result in found.figures:
        _print_figure(figure_result)
    for row in found.rows:
        if row.verdict == "refuted":
            print(f"refuted: {row.slug}: {row.claim}: {row.message}")
    print(summary(found.rows))
    print(shown(found.report))
    raise typer.Exit(1 if any(row.verdict == "refuted" for row in found.rows) else 0)


def bench(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Scripts of benchmarks/; all by default.")
    ] = None,
) -> None:
    """Run the benchmark scripts of a checkout, one after the other."""
    import subprocess
    import sys

    from theorylab.lab.scaffold import checkout

    root = checkout()
    scripts = {p.stem: p for p in sorted((root / "benchmarks").glob("*.py")) if not p.stem.startswith("_")}
    if not scripts:
        raise FileNotFoundError(f"there is no script in {root / 'benchmarks'}")
    for name in names or scripts:
        if name.removesuffix(".py") not in scripts:
            raise KeyError(f"there is no benchmark {name!r}; there are: {', '.join(scripts)}")
    failed = []
    for name in names or scripts:
        path = scripts[name.removesuffix(".py")]
        print(f"== {path.name}", flush=True)
        if subprocess.run([sys.executable, str(path)], cwd=root, check=False).returncode:
            failed.append(path.name)
    if failed:
        raise ValueError(f"failed: {', '.join(failed)}")


def _print_figure(found: FigureResult) -> None:
    from theorylab.lab.figures import MARKS
    from theorylab.lab.output import shown

    print(f"{found.name}: {found.figure.title} ({found.figure.paper}, {found.figure.number}; {found.preset})")
    statements = {c.name: c.statement for c in found.figure.conclusions}
    for name, outcome in found.outcomes.items():
        print(f"  {MARKS.get(outcome.verdict, outcome.verdict)}: {statements[name]} ({outcome.detail})")
    if found.caption:
        print(f"  {found.caption}")
    print(f"  {shown(found.png)}  {found.pdf.name}  {found.csv.name}", flush=True)


def _in_brief(value: Any) -> str:
    shape = getattr(value, "shape", ())
    return f"array of shape {shape}" if shape else str(value)


def _print_run(found: RunSummary) -> None:
    from theorylab.lab.output import number, print_table
    from theorylab.lab.runs import interval

    seeds = len(next(iter([*found.series.values(), *found.values.values()]), ()))
    given = ", ".join(f"{k}={_in_brief(v)}" for k, v in found.parameters.items())
    if found.remark:
        print(found.remark)
    title = f"{found.algorithm} on {found.instance}, {found.length} = {found.horizon}, {seeds} seeds"
    title += f", {given}" if given else ""
    if len(found.times):
        step = max(1, len(found.times) // 8)
        chosen = sorted({*range(len(found.times) - 1, -1, -step)})
        rows = []
        for j in chosen:
            cells = []
            for values in found.series.values():
                mean, low, high = interval(values[:, j])
                cells.append(f"{number(mean, 5)} ± {number((high - low) / 2, 2)}" if seeds > 1 else number(mean, 5))
            rows.append((int(found.times[j]), *cells))
        print_table(("t", *found.series), rows, title=title)
    else:
        print(title)
    for name, values in found.values.items():
        mean, low, high = interval(values)
        print(f"{name}: {number(mean, 5)}" + (f" ± {number((high - low) / 2, 2)}" if seeds > 1 else ""))
    if seeds > 1:
        print("mean ± half-width of the 95% t-interval over seeds")


def _write_curves(path: Path, found: RunSummary) -> None:
    from theorylab.lab.output import write_text

    rows = found.rows()
    if not rows:
        raise ValueError(f"{found.slug} returns no series over time, so there is no curve for --csv; use --json")
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
