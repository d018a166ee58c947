"""Bring your own: a function, or a class of agents, from a file of the user's."""

from __future__ import annotations

import functools
import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from theorylab.lab.catalogue import area_function

__all__ = ["OwnAlgorithmError", "guarded", "load_function"]


class OwnAlgorithmError(ValueError):
    """The user's file cannot be loaded, or its algorithm fails when it is called."""


def load_function(text: str, *, area: str = "mdp/average_reward") -> Callable[..., Any]:
    """The algorithm that ``my_file.py:my_agent`` names: a function, or a class of agents.

    Agents have ``act`` or ``policy``, and ``observe``.

    A class becomes an agent of ``area`` (such as "mdp/average_reward" or "bandits"): what it is told differs.

    Raises
    ------
    ValueError
        If the text is not ``FILE.py:FUNCTION`` or the file has no such function.
    FileNotFoundError
        If there is no such file.
    OwnAlgorithmError
        If the file cannot be imported; the message names the cause.
    """
    file, colon, name = text.rpartition(":")
    if not colon or not file.endswith(".py") or not name.isidentifier():
        raise ValueError(f"got {text!r}, expected FILE.py:FUNCTION")
    path = Path(file).expanduser().resolve()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {file}")
    module_name = f"theorylab_own_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses look their module up
    sys.path.insert(0, str(path.parent))  # so that the file can import its neighbours
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(module_name, None)
        raise OwnAlgorithmError(f"{file} cannot be imported: {_cause(error, path)}") from error
    finally:
        sys.path.remove(str(path.parent))
    found = getattr(module, name, None)
    if not callable(found):
        raise ValueError(f"{file} has no function {name!r}")
    if isinstance(found, type) and any(callable(getattr(found, name, None)) for name in ("act", "policy", "observe")):
        return area_function(area, "agents", "agent_algorithm")(found, name=name)  # type: ignore[no-any-return]
    return found  # type: ignore[no-any-return]


def guarded(algorithm: Callable[..., Any], text: str) -> Callable[..., Any]:
    """``algorithm`` with every failure turned into one line that names ``text`` and the cause.

    An algorithm that ends the process (``raise SystemExit(0)``) has checked nothing: that is a failure too.
    """
    path = Path(text.rpartition(":")[0]).expanduser().resolve()

    @functools.wraps(algorithm)
    def call(*arguments: Any, **keywords: Any) -> Any:
        try:
            record = algorithm(*arguments, **keywords)
        except (Exception, SystemExit) as error:
            raise OwnAlgorithmError(f"{text} failed: {_cause(error, path)}") from error
        if record is None:
            raise OwnAlgorithmError(f"{text} returned None, expected the record of the run")
        return record

    return call


def _cause(error: BaseException, path: Path) -> str:
    """Kind, message and, where it is known, the last line of the user's file on the way."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if Path(f.filename) == path]
    line = error.lineno if isinstance(error, SyntaxError) else (lines[-1] if lines else None)
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    where = f" (line {line})" if line else ""
    return f"{type(error).__name__}{': ' if message else ''}{message}{where}"
