"""Bring your own: a function, or a class of agents, from a file of the user's."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["load_function"]


def load_function(text: str) -> Callable[..., Any]:
    """The algorithm that ``my_file.py:my_agent`` names: a function, or a class with ``act`` and ``observe``.

    Raises
    ------
    ValueError
        If the text is not ``FILE.py:FUNCTION`` or the file has no such function.
    FileNotFoundError
        If there is no such file.
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
    finally:
        sys.path.remove(str(path.parent))
    found = getattr(module, name, None)
    if not callable(found):
        raise ValueError(f"{file} has no function {name!r}")
    if isinstance(found, type) and callable(getattr(found, "act", None)):  # a plain agent
        from theorylab.mdp.average_reward.agents import agent_algorithm

        return agent_algorithm(found, name=name)
    return found  # type: ignore[no-any-return]
