"""The command line: ``theorylab list``, ``run``, ``check``, ``power``, ``profile``, ``figure``, ``reproduce`` and more.

Every command imports what it needs when it runs; ``theorylab list`` does not even load the parser.

Exit codes: 0 nothing refuted, 1 something refuted, 2 wrong usage, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

__all__ = ["main"]

STOPPED = "stopped; run the same command to resume"
_EXPECTED = (ValueError, KeyError, FileNotFoundError, ModuleNotFoundError, NotImplementedError, PermissionError)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    traceback = "--traceback" in words
    sys.exit(_run([word for word in words if word != "--traceback"], traceback))


def _run(words: list[str], traceback: bool) -> int:
    try:
        code: Any = _dispatch(words)
        sys.stdout.flush()
        code = code if isinstance(code, int) else 0
        return _stopped() if code == 130 else code  # some versions of typer turn Ctrl-C into this code
    except KeyboardInterrupt:
        return _stopped()
    except BrokenPipeError:  # `theorylab list | head`
        sys.stderr.close()
        return 0
    except _EXPECTED as error:
        if traceback:
            raise
        return _complain(_one_line(error))
    except Exception as error:
        if type(error).__name__ == "Abort":
            return _stopped()
        if traceback or not hasattr(error, "format_message"):  # the parser's own errors have a message for people
            raise
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "theorylab"
        return _complain(f"{error.format_message()} (see {command} --help)")


def _dispatch(words: list[str]) -> Any:
    if words in (["list"], ["list", "--json"]):
        from theorylab.lab.catalogue import print_entries

        return print_entries(as_json="--json" in words)
    if words == ["--version"]:
        from theorylab import __version__

        return print(f"theorylab {__version__}")
    from typer.main import get_command

    from theorylab.lab.app import app

    return get_command(app).main(args=words or ["--help"], prog_name="theorylab", standalone_mode=False)


def _stopped() -> int:
    print(f"\n{STOPPED}", file=sys.stderr)
    return 130


def _one_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    else:
        text = str(error.args[0]) if error.args else ""
    return " ".join(text.split()) or type(error).__name__


def _complain(message: str) -> int:
    print(f"theorylab: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
