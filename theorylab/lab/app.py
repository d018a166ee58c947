"""The commands as typer sees them: the small ones here, the others in ``commands_check`` and ``commands_make``."""

from __future__ import annotations

from typing import Annotated

import typer

from theorylab.lab import commands_check, commands_make
from theorylab.lab.catalogue import print_entries

__all__ = ["app"]

app = typer.Typer(
    name="theorylab",
    help="A laboratory for reinforcement-learning theory: does the code do what its theorem says, and how loose is it?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def _options(
    traceback: Annotated[bool, typer.Option("--traceback", help="Show the whole traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    pass  # both are read by cli.py: --traceback works before and after the name of a command


@app.command(name="list")
def list_slugs(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: slug, area, paper, claims, level.")] = False,
) -> None:
    """List all slugs with their area, paper, claims and level of evidence."""
    print_entries(as_json=as_json)


commands_check.register(app)
commands_make.register(app)


@app.command()
def cite(name: Annotated[str, typer.Argument(metavar="SLUG", help="A slug, or a key of references.bib.")]) -> None:
    """Print the BibTeX entry of a slug's paper."""
    from theorylab.lab.bibliography import cite as entry

    print(entry(name))


@app.command()
def new(
    slug: Annotated[str, typer.Argument(help="The name of the new result: lower case, underscores.")],
    area: Annotated[str, typer.Option(help="Where its algorithm lives, for example mdp/average_reward.")],
) -> None:
    """Write the four stubs of a new result into this checkout."""
    from theorylab.lab.output import shown
    from theorylab.lab.scaffold import checkout, new_result

    for path in new_result(checkout(), slug, area):
        print(shown(path))
    print(f"next: the algorithm and its docstring, the claim, the tests, the figure; then theorylab check {slug}")


@app.command()
def cache(
    action: Annotated[str, typer.Argument(metavar="[info|clear]")] = "info",
) -> None:
    """Show or clear the kept results of sweeps (compiled kernels are kept apart and tidy themselves)."""
    from theorylab.core import validate
    from theorylab.lab.store import ResultStore

    store = ResultStore()
    if validate.choice("action", action, ("info", "clear")) == "clear":
        print(f"removed {store.clear()} results from {store.folder}")
        return
    files = store.files()
    size = sum(path.stat().st_size for path in files)
    print(f"{len(files)} results, {size / 1e6:.1f} MB, in {store.folder}")
