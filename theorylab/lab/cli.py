"""The command line: ``theorylab list``, ``run``, ``check``, ``power``, ``profile``, ``figure``, ``reproduce`` and more.

Every command imports what it needs when it runs; ``theorylab list`` does not even load the parser.

Exit codes: 0 nothing refuted, 1 something refuted, 2 wrong usage or an error, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

__all__ = ["main"]

STOPPED = "stopped; run the same command to resume"
_EXPECTED = (ValueError, TypeError, KeyError, OSError, ModuleNotFoundError, NotImplementedError)
_signals = {"interrupted": False}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    code = 130
    try:
        _watch()
        words = list(sys.argv[1:] if arguments is None else arguments)
        code = _run([word for word in words if word != "--traceback"], "--traceback" in words)
    except KeyboardInterrupt:  # between two steps of our own
        _stopped()
    _leave(code)
    sys.exit(code)


def _watch() -> None:
    """Remember Ctrl-C: what it interrupts may turn it into another error (an import of a compiled module does)."""

    def interrupted(number: int, frame: Any) -> None:
        _signals["interrupted"] = True
        raise KeyboardInterrupt

    _signals["interrupted"] = False
    try:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # a shell ignores it for jobs in the background
            signal.signal(signal.SIGINT, interrupted)
    except ValueError:
        pass  # called from a thread: signals are somebody else's


def _leave(code: int) -> None:
    """From here on Ctrl-C changes nothing: the command is done and its code stands while the interpreter winds down."""
    try:
        if code == 130:  # threads may still be at work: a second Ctrl-C need not wait for them
            signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))
        else:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:
        pass


def _run(words: list[str], traceback: bool) -> int:
    try:
        code: Any = _dispatch(words)
        if sys.stdout is not None:
            sys.stdout.flush()
        code = code if isinstance(code, int) else 0
        return _stopped() if code == 130 else code  # some versions of typer turn Ctrl-C into this code
    except KeyboardInterrupt:
        return _stopped()
    except BrokenPipeError:  # `theorylab list | head`
        _discard_output()
        return 0
    except (Exception, SystemExit) as error:
        if _signals["interrupted"] or type(error).__name__ == "Abort":
            return _stopped()
        return _failed(error, traceback)


def _failed(error: BaseException, traceback: bool) -> int:
    expected = isinstance(error, _EXPECTED)
    parsing = hasattr(error, "format_message")  # the parser's own errors have a message for people
    if traceback or not (expected or parsing or isinstance(error, SystemExit)):
        import traceback as tracebacks

        tracebacks.print_exception(error)
        code = 2
    elif isinstance(error, SystemExit):
        code = _complain(f"something called exit({error.code!r}) before the command was done")
    elif parsing:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "theorylab"
        code = _complain(f"{error.format_message()} (see {command} --help)")  # type: ignore[attr-defined]
    else:
        code = _complain(_one_line(error))
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:  # a full disk: said above
        _discard_output()
    return code


def _discard_output() -> None:
    """Nobody can be told any more: the interpreter's last flush must not complain either."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError):
        pass  # no file behind it


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
    _complain(STOPPED, start="\n")
    return 130


def _one_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    else:
        text = str(error.args[0]) if error.args else ""
    return " ".join(text.split()) or type(error).__name__


def _complain(message: str, start: str = "theorylab: ") -> int:
    try:
        print(f"{start}{message}", file=sys.stderr, flush=True)
    except OSError:
        pass  # nobody listens: the code says it
    return 2


if __name__ == "__main__":
    main()
