"""Drawings of the small models that a result is checked on."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["model_pictures"]

LARGEST = 8  # states; beyond, or with many possible next states, a drawing shows nothing
WIDEST = 3


def model_pictures(result: Any, *, most: int = 2) -> tuple[tuple[str, str], ...]:
    """(instance, base64 PNG) of the first instances of ``result`` that are small chains.

    A result without such a model (a stream, a dense model, a family) gives none.
    """
    found: list[tuple[str, str]] = []
    drawn: set[str] = set()
    for name, model in _models(result):
        key = model.fingerprint
        if key not in drawn and model.n_states <= LARGEST and model.max_support <= WIDEST:
            drawn.add(key)
            found.append((name, _picture(model)))
        if len(found) == most:
            break
    return tuple(found)


def _models(result: Any) -> Iterator[tuple[str, Any]]:
    from theorylab.mdp import FiniteMDP

    statements: Iterable[Any] = getattr(result, "statements", ())
    for statement in statements:
        for instance in getattr(statement, "instances", ()):
            if statement.layer in ("theorem", "link"):
                model = instance.at("smoke").model
                if isinstance(model, FiniteMDP):
                    yield instance.name, model


def _picture(model: Any) -> str:
    from matplotlib.figure import Figure

    from theorylab.lab.drawing import draw_mdp
    from theorylab.rooms.figures._style import save, style

    with style():
        figure = Figure(figsize=(7.0, 2.6), layout="constrained")
        draw_mdp(model, figure.subplots())
        into = io.BytesIO()
        save(figure, into, format="png", dpi=110)  # type: ignore[arg-type]
    return base64.b64encode(into.getvalue()).decode("ascii")
