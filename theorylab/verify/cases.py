"""Instances, and the case that an instance becomes at a preset."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from theorylab.core import validate

__all__ = ["PRESETS", "Case", "Family", "Hypothesis", "Instance", "at_preset"]

PRESETS = ("smoke", "quick", "paper")  # seconds, minutes, as long as it takes; "power" is what mutants run on
_FALLBACK = {
    "smoke": ("power", "quick", "paper"),
    "power": ("smoke", "quick"),
    "quick": ("paper", "smoke"),
    "paper": ("quick",),
}

T = TypeVar("T")


def at_preset(value: Any, preset: str) -> Any:
    """A value that may depend on the preset: ``{"smoke": 10, "quick": 100}["quick"]``; the nearest one fills a gap."""
    if not isinstance(value, Mapping):
        return value
    for key in (preset, *_FALLBACK.get(preset, ())):
        if key in value:
            return value[key]
    raise KeyError(f"no value for preset {preset!r} among {sorted(value)}")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A condition of a theorem as a predicate that runs on every case."""

    name: str
    holds: Callable[[Case], bool]


@dataclass(frozen=True, eq=False)
class Family:
    """Models drawn afresh for each run, from the run's own instance stream: for Bayesian and minimax statements."""

    name: str
    draw: Callable[[Any], Any]  # numpy Generator -> model


@dataclass(frozen=True, eq=False)
class Case:
    """One model, one horizon, the algorithm's keywords and the number of runs.

    ``fact("diameter", f)`` computes ``f(model)`` once and remembers it.
    """

    name: str
    model: Any
    horizon: int
    parameters: Mapping[str, Any]
    runs: int
    preset: str
    facts: dict[str, Any] = field(default_factory=dict, repr=False)

    def fact(self, name: str, compute: Callable[[Any], T]) -> T:
        """``compute(model)``, remembered under ``name``."""
        if name not in self.facts:
            self.facts[name] = compute(self.model)
        return self.facts[name]  # type: ignore[no-any-return]

    def with_horizon(self, horizon: int) -> Case:
        """The same model for another horizon (facts are shared: they speak of the model)."""
        return dataclasses.replace(self, horizon=horizon)


@dataclass(frozen=True, eq=False)
class Instance:
    """A model to be built, with horizons and run counts for each preset.

    Parameters
    ----------
    name
        Short, unique within the result; it appears after ``@`` in reports.
    build
        Called once, when first needed.
    horizon, runs
        A number, or a mapping from preset (``smoke``, ``quick``, ``paper``, ``power``) to one.
    parameters
        Keywords of the algorithm.
    presets
        The presets in which the instance takes part.
    """

    name: str
    build: Callable[[], Any]
    horizon: int | Mapping[str, int]
    runs: int | Mapping[str, int]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    presets: tuple[str, ...] = ("smoke", "quick", "paper", "power")

    def __post_init__(self) -> None:
        for field_name in ("horizon", "runs"):
            value = getattr(self, field_name)
            for key, number in value.items() if isinstance(value, Mapping) else [("", value)]:
                validate.integer(f"{field_name}[{key!r}]" if key else field_name, number, low=1)

    def at(self, preset: str) -> Case:
        """The case of this preset; built once per preset."""
        cache: dict[str, Any] = self.__dict__.setdefault("_cache", {})
        if preset not in cache:
            if "model" not in cache:
                cache["model"], cache["facts"] = self.build(), {}
            cache[preset] = Case(
                self.name,
                cache["model"],
                int(at_preset(self.horizon, preset)),
                dict(self.parameters),
                int(at_preset(self.runs, preset)),
                preset,
                cache["facts"],
            )
        return cache[preset]  # type: ignore[no-any-return]
