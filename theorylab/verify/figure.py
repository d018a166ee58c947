"""Figures as data: presets, a table, a drawing function, and the conclusions that a paper draws from the picture.

A file ``figures/<slug>.py`` exports ``FIGURE`` (or ``FIGURES``, a tuple).  ``data`` computes, ``draw`` only draws.  A
conclusion is a test with an error rate; a figure whose conclusions fail is still drawn and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Below", "Conclusion", "Figure", "Outcome", "Table"]


@dataclass(frozen=True, eq=False)
class Table:
    """Long-form data: equally long columns, one row an observation, with a unit for each column.

    Examples
    --------
    >>> table = Table({"algorithm": ["a", "a", "b"], "t": [1, 2, 1], "regret": [0.5, 1.0, 0.25]}, {"regret": "reward"})
    >>> table.where(algorithm="a")["regret"].tolist()
    [0.5, 1.0]
    """

    columns: Mapping[str, Any]
    units: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        arrays = {name: np.asarray(values) for name, values in self.columns.items()}
        lengths = {name: len(values) for name, values in arrays.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"the columns of a table have different lengths: {lengths}")
        object.__setattr__(self, "columns", arrays)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]  # type: ignore[no-any-return]

    def where(self, **equal: Any) -> Table:
        """The rows in which each named column has the given value."""
        mask = np.ones(len(self), dtype=bool)
        for name, value in equal.items():
            mask &= self.columns[name] == value
        return Table({name: values[mask] for name, values in self.columns.items()}, self.units)

    def unique(self, name: str) -> list[Any]:
        """Values of a column in the order of their first appearance."""
        seen: dict[Any, None] = {}
        for value in self.columns[name].tolist():
            seen.setdefault(value)
        return list(seen)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One dict a row."""
        for i in range(len(self)):
            yield {
                name: values[i].item() if hasattr(values[i], "item") else values[i]
                for name, values in self.columns.items()
            }

    @staticmethod
    def concatenate(tables: Sequence[Table]) -> Table:
        """One table under the other."""
        names = list(tables[0].columns)
        return Table({n: np.concatenate([t.columns[n] for t in tables]) for n in names}, tables[0].units)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on a conclusion (``supported``, ``refuted``, ``inconclusive``, ``vacuous``) and its numbers."""

    verdict: str
    detail: str
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A sentence of the paper (or of ours) about the picture, and its test: ``evaluate(table, alpha)``."""

    name: str
    statement: str
    source: str
    evaluate: Callable[[Table, float], Outcome]


def Below(  # noqa: N802  reads as a statement: Below("ucrl2", "random")
    lower: str,
    upper: str,
    *,
    column: str,
    name: str = "",
    source: str,
    group: str = "algorithm",
    unit: str = "run",
    **at: Any,
) -> Conclusion:
    """Mean of ``column`` of ``lower`` is below that of ``upper``: a paired t-test over runs with common random numbers.

    ``supported`` when the one-sided p-value of "not below" is under alpha, ``refuted`` when that of "below" is.
    ``at`` selects rows, for example ``t=10_000``.
    """

    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        rows = table.where(**at)
        pair = []
        for who in (lower, upper):
            mine = rows.where(**{group: who})
            order = np.argsort(mine[unit], kind="stable")
            pair.append((mine[unit][order], mine[column][order].astype(float)))
        (unit_a, a), (unit_b, b) = pair
        if len(a) != len(b) or not np.array_equal(unit_a, unit_b):
            raise ValueError(f"{lower!r} and {upper!r} were not run on the same {unit}s")
        if len(a) < 2:
            return Outcome("inconclusive", f"{len(a)} run, at least 2 needed")
        difference = a - b
        if np.ptp(difference) == 0.0:
            p = 0.0 if difference[0] < 0 else 1.0
            against = 0.0 if difference[0] > 0 else 1.0
        else:
            p = float(stats.ttest_1samp(difference, 0.0, alternative="less").pvalue)
            against = 1.0 - p
        detail = f"mean {a.mean():.6g} against {b.mean():.6g}, {len(a)} paired runs, p = {p:.2g}"
        verdict = "supported" if p < alpha else "refuted" if against < alpha else "inconclusive"
        return Outcome(verdict, detail, p)

    where = "".join(f" at {k} = {v}" for k, v in at.items())
    return Conclusion(
        name or f"{lower} below {upper}", f"{column} of {lower} is below that of {upper}{where}", source, evaluate
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Figure:
    """A figure of a paper, or of ours (``number`` says which).

    ``data(parameters, *, sweep, rng)`` returns a :class:`Table`; ``draw(table, figure, parameters)`` draws on an empty
    matplotlib figure and computes nothing.  ``caption(table, outcomes)`` tells the finding in plain words.
    """

    slug: str
    title: str
    paper: str
    number: str
    presets: Mapping[str, Mapping[str, Any]]
    data: Callable[..., Table]
    draw: Callable[[Table, Any, Mapping[str, Any]], None]
    size: tuple[float, float] = (7.0, 4.5)  # inches
    conclusions: tuple[Conclusion, ...] = ()
    caption: Callable[[Table, Mapping[str, Outcome]], str] | str = ""
    alpha: float = 0.05
