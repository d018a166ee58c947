"""Small charts as inline SVG without text in them: the words stand beside them, readable on a phone too."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from theorylab.lab.report.views import number, read, superscript

__all__ = ["Step", "Tick", "Waterfall", "ratio_bar", "verdict_strip", "waterfall"]

_MARGIN = 6.0  # percent of the axis left free on either side
_RATIO_DECADES = 6


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled power of ten at ``position`` percent of the axis."""

    position: float
    label: str


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a proof: its median value and what it adds to the slack."""

    name: str
    explains: str
    value: str
    slack: str  # log10(right / left), signed
    factor: str  # the same as a factor
    falls: bool  # the right side is below the left one: the inequality fails at the median
    largest: bool
    chart: Markup


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A proof profile, ready to be drawn: stages from the measured quantity up to the bound."""

    instance: str
    horizon: str
    runs: int
    steps: tuple[Step, ...]
    ticks: tuple[Tick, ...]
    total: str
    total_factor: str
    largest: str


def waterfall(profile: Any) -> Waterfall:
    """Lay out a ``Profile``: each stage's bar runs from the stage before it to itself on a log axis.

    The thin line is the range from the 5% to the 95% quantile over the runs.  Stages whose median is not positive have
    no place on the axis and are listed without a bar.
    """
    names = [str(n) for n in read(profile, "names", ())]
    values = np.atleast_2d(np.asarray(read(profile, "values", ()), dtype=float))
    median = read(profile, "median")
    middle = np.asarray(median, dtype=float) if median is not None else np.median(values, axis=0)
    slack = _slacks(read(profile, "slack_log10"), middle)
    explains = _explanations(read(profile, "explains", ()), names)
    logs = [_log10(v) for v in middle]
    ranges: list[tuple[float | None, float | None] | None] = [None] * len(names)
    if values.shape == (len(values), len(names)):
        low, high = np.quantile(values, [0.05, 0.95], axis=0)
        ranges = [(_log10(a), _log10(b)) for a, b in zip(low, high, strict=True)]
    known = [v for v in (*logs, *(v for r in ranges if r for v in r)) if v is not None]
    axis = _Axis(min(known, default=0.0), max(known, default=1.0))
    finite = [s for s in slack if s is not None]
    steps = []
    for i, name in enumerate(names):
        step = slack[i - 1] if i else None
        steps.append(
            Step(
                name=name,
                explains=explains[i],
                value=number(middle[i]),
                slack="" if i == 0 else "–" if step is None else f"{step:+.2f}".replace("-", "−"),
                factor="" if step is None else _factor(step),
                falls=step is not None and step < -1e-9,
                largest=step is not None and len(finite) > 1 and step == max(finite) and step > 0,
                chart=_bar(axis, (logs[i - 1] if i else None, logs[i]), ranges[i], end=(i == 0, i == len(names) - 1)),
            )
        )
    total = logs[-1] - logs[0] if logs and logs[0] is not None and logs[-1] is not None else None
    horizon = read(profile, "horizon")
    return Waterfall(
        instance=str(read(profile, "instance", "")),
        horizon="" if horizon is None else number(horizon),
        runs=len(values),
        steps=tuple(steps),
        ticks=axis.ticks(),
        total="–" if total is None else f"{total:.2f}",
        total_factor="" if total is None else _factor(total),
        largest=next((s.name for s in steps if s.largest), ""),
    )


def verdict_strip(found: Mapping[str, int]) -> Markup:
    """A stacked bar of verdict counts; decoration for the counts that stand beside it in words."""
    total = sum(found.values())
    parts, x = [], 0.0
    for verdict, count in sorted(found.items(), key=lambda item: item[0] != "supported"):
        width = 100.0 * count / total
        name = verdict.replace(" ", "-")
        parts.append(f'<rect class="fill-{name}" x="{x:.3f}%" y="0" width="{width:.3f}%" height="8"/>')
        x += width
    return Markup(f'<svg class="strip" width="100%" height="8" aria-hidden="true">{"".join(parts)}</svg>')


def ratio_bar(ratio: float | None) -> Markup:
    """Measured over bound on a log axis from 10^-6 to 1 (full width: the bound is reached); nothing without a ratio."""
    if ratio is None or not math.isfinite(ratio) or ratio <= 0:
        return Markup("")
    width = 100.0 * min(1.0, max(0.0, 1.0 + math.log10(ratio) / _RATIO_DECADES))
    beyond = " beyond" if ratio > 1.0 + 1e-8 else ""  # beyond rounding
    return Markup(
        f'<svg class="ratio{beyond}" width="60" height="5" aria-hidden="true">'
        '<rect class="track" width="100%" height="5"/>'
        f'<rect class="mark" width="{max(width, 2.0):.1f}%" height="5"/></svg>'
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float

    def at(self, value: float) -> float:
        width = max(self.high - self.low, 1e-6)
        return _MARGIN + (100.0 - 2 * _MARGIN) * (value - self.low) / width

    def ticks(self) -> tuple[Tick, ...]:
        first, last = math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9)
        step = max(1, math.ceil((last - first + 1) / 5))
        exact = [(float(k), 10.0**k) for k in range(math.ceil(first / step) * step, last + 1, step)]
        if len(exact) < 2:  # less than two decades: 1, 2 and 5
            decades = range(math.floor(self.low) - 1, math.ceil(self.high) + 1)
            finer = [(k + math.log10(m), m * 10.0**k) for k in decades for m in (1, 2, 5)]
            exact = [(log, value) for log, value in finer if self.low - 1e-9 <= log <= self.high + 1e-9]
        return tuple(Tick(round(self.at(log), 2), _label(log, value)) for log, value in exact)


def _bar(
    axis: _Axis,
    step: tuple[float | None, float | None],
    spread: tuple[float | None, float | None] | None,
    *,
    end: tuple[bool, bool],
) -> Markup:
    """The bar of one stage: ``step`` from where to where, ``end`` whether it is the first or the last stage."""
    before, here = step
    parts = [f'<line class="grid" x1="{t.position}%" x2="{t.position}%" y1="0" y2="100%"/>' for t in axis.ticks()]
    if here is not None:
        if before is not None:
            low, high = sorted((axis.at(before), axis.at(here)))
            kind = "falls" if here < before - 1e-9 else "rises"
            place = f'x="{low:.2f}%" y="50%" width="{max(high - low, 0.4):.2f}%" height="12"'
            parts.append(f'<rect class="{kind}" {place} transform="translate(0,-6)"/>')
        if spread is not None and spread[0] is not None and spread[1] is not None and spread[1] > spread[0]:
            a, b = axis.at(spread[0]), axis.at(spread[1])
            parts.append(f'<line class="spread" x1="{a:.2f}%" x2="{b:.2f}%" y1="50%" y2="50%"/>')
        if any(end):
            parts.append(f'<circle class="{"start" if end[0] else "end"}" cx="{axis.at(here):.2f}%" cy="50%" r="5"/>')
    return Markup(f'<svg class="bar" width="100%" height="100%" aria-hidden="true">{"".join(parts)}</svg>')


def _slacks(given: Any, middle: Any) -> list[float | None]:
    if given is not None:
        return [float(s) if math.isfinite(float(s)) else None for s in given]
    logs = [_log10(v) for v in middle]
    return [None if a is None or b is None else b - a for a, b in itertools.pairwise(logs)]


def _explanations(given: Any, names: Sequence[str]) -> list[str]:
    if isinstance(given, Mapping):
        return [str(given.get(name, "")) for name in names]
    if isinstance(given, str):
        given = (given,)
    found = [str(text) for text in given][: len(names)]
    return found + [""] * (len(names) - len(found))


def _log10(value: float) -> float | None:
    return math.log10(value) if math.isfinite(value) and value > 0 else None


def _factor(slack: float) -> str:
    return f"×{number(10.0**slack)}" if abs(slack) < 300 else ""


def _label(log: float, value: float) -> str:
    """A power of ten as such beyond a thousand."""
    return f"10{superscript(int(log))}" if log == int(log) and abs(log) > 3 else number(value)
