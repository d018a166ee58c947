"""The record of a run: frozen, complete (parameters, seed, versions), and plain data on demand."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

__all__ = ["RunRecord", "plain", "rebuilt", "versions"]


@cache
def versions() -> Mapping[str, str]:
    """Versions of what decides the bits of a result."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version(), "numpy": np.__version__}
    for package in ("theorylab", "numba", "scipy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return MappingProxyType(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What every algorithm returns, with the series of its own subclass.

    Arrays are made read-only, those in mappings too.  ``times`` (C,) are the checkpoints; each array field of length C
    is a series over them and becomes a column of :meth:`rows`.
    """

    algorithm: str
    parameters: Mapping[str, Any]  # everything but the model, the horizon and the seed
    seed: Mapping[str, Any]  # entropy and spawn_key of the numpy SeedSequence
    versions: Mapping[str, str] = dataclasses.field(default_factory=versions)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
            elif isinstance(value, (dict, MappingProxyType)):
                object.__setattr__(self, field.name, MappingProxyType({k: _frozen(v) for k, v in value.items()}))

    def __reduce__(self) -> tuple[Any, ...]:  # read-only mappings cannot be pickled; what is rebuilt is read-only again
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return rebuilt, (type(self), {k: dict(v) if isinstance(v, MappingProxyType) else v for k, v in values.items()})

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers and strings: ready for JSON."""
        return {field.name: plain(getattr(self, field.name)) for field in dataclasses.fields(self)}

    def rows(self) -> list[dict[str, Any]]:
        """One dict for each checkpoint: algorithm, time, each series; ``pandas.DataFrame(run.rows())`` works."""
        times = getattr(self, "times", None)
        if times is None:
            return []
        series = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if isinstance(getattr(self, field.name), np.ndarray) and _is_series(field, getattr(self, field.name), times)
        }
        return [
            {"algorithm": self.algorithm, **{name: plain(values[i]) for name, values in series.items()}}
            for i in range(len(times))
        ]


def _frozen(value: Any) -> Any:
    """A read-only view of an array, so that an array of the caller's stays as it is; anything else as it is."""
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value = value.view()
        value.flags.writeable = False
    return value


def rebuilt(kind: type[Any], values: dict[str, Any]) -> Any:
    """The record with these fields: what copies and unpickled records are made with, so that they are read-only too."""
    return kind(**values)


def _is_series(field: dataclasses.Field[Any], values: Any, times: Any) -> bool:
    return bool(field.metadata.get("series", values.ndim == 1 and len(values) == len(times)))


def plain(value: Any) -> Any:
    """The same value in plain Python: arrays to lists, records to dicts, non-finite floats to strings."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())  # a list, or one number when there is no axis
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value
