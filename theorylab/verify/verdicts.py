"""Verdicts: from the measurements of a statement to one honest word.

``supported``      the evidence carries the statement at the stated level
``refuted``        the evidence contradicts it at the stated level
``inconclusive``   neither; ``runs_needed`` says how many runs could decide it
``vacuous``        the bound is not below what any algorithm could suffer: the statement says nothing here
``not applicable`` the instance does not meet the hypotheses, or the check looks inside another implementation
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core.record import plain
from theorylab.verify.cases import Case
from theorylab.verify.kinds import Always, Expectation, HighProbability, LowerBound, NegativeControl, Rate
from theorylab.verify.statistics import betting, binomial

__all__ = ["VERDICTS", "Decision", "Measurement", "Row", "decide", "first_useful_horizon", "p_value"]

VERDICTS = ("supported", "refuted", "inconclusive", "vacuous", "not applicable")


@dataclass(frozen=True, slots=True)
class Row:
    """One statement on one instance: the verdict and the numbers behind it."""

    slug: str
    claim: str  # "<statement>@<instance>"
    kind: str
    source: str
    constants: str
    verdict: str
    vacuous: bool
    value: float | None
    bound: float | None
    ratio: float | None
    runs: int
    alpha: float | None  # the level of this row's test, a share of the run's family-wise alpha
    level: str
    seconds: float
    layer: str = "theorem"
    instance: str = ""
    statement: str = ""
    message: str = ""
    replay: dict[str, Any] | None = None
    runs_needed: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The fourteen documented keys of ``theorylab check --json``."""
        return {key: plain(getattr(self, key)) for key in ROW_KEYS}

    @property
    def name(self) -> str:
        """The statement's name without the instance."""
        return self.claim.rpartition("@")[0]


ROW_KEYS = (
    "slug", "claim", "kind", "source", "constants", "verdict", "vacuous", "value", "bound", "ratio", "runs", "alpha",
    "level", "seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measurement:
    """What the runs of one case showed for one statement, in run order.

    ``left`` and ``right`` are taken at the entry of each run where the inequality is tightest; ``violated`` says
    whether any entry fails; runs on which the statement does not speak are left out.
    """

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    violated: NDArray[np.bool_]
    runs: NDArray[np.int64]
    series: list[tuple[NDArray[np.float64], NDArray[np.float64]]] | None = None  # Rate: (times, values) of each run
    events: bool = False  # left is 1 where an event happened: its frequency is the value


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its message, before it becomes a row."""

    verdict: str
    message: str
    value: float | None
    bound: float | None
    runs_needed: int | None = None
    first_bad: int | None = None


ROUNDING = 1e-9


def p_value(kind: Any, measured: Measurement, cap: float | None) -> float | None:
    """A p-value of the statement as a null hypothesis (small: refuted); ``None`` where there is none."""
    n, x = len(measured.violated), int(measured.violated.sum())
    if isinstance(kind, HighProbability):
        return binomial.exceedance_p_value(x, n, kind.delta) if n else 1.0
    if isinstance(kind, (Expectation, LowerBound)) and cap and np.all(np.isfinite(measured.left)):
        return min(1.0, math.exp(-_log_e_values(kind, measured, cap)[0]))
    return None


def decide(kind: Any, measured: Measurement, *, alpha: float, refute: bool | None, cap: float | None) -> Decision:
    """The verdict at level ``alpha``; ``refute`` is Holm's word on this row's p-value where there is one."""
    n, x = len(measured.violated), int(measured.violated.sum())
    if n == 0:
        return Decision("inconclusive", "the statement spoke on none of the runs", None, None)
    broken = np.flatnonzero(~np.isfinite(measured.left))
    if len(broken) and not isinstance(kind, NegativeControl):
        at = int(broken[0])
        text = f"the quantity is {measured.left[at]} on run {measured.runs[at]}, expected a finite number"
        return Decision("refuted", text, None, float(measured.right[at]), None, int(measured.runs[at]))
    if isinstance(kind, Rate) and x:
        first = int(measured.runs[np.argmax(measured.violated)])
        return Decision("refuted", f"the series of run {first} is not finite", None, kind.exponent, None, first)
    worst = _tightest(measured.left, measured.right)
    value, bound = float(measured.left[worst]), float(measured.right[worst])
    if measured.events:
        value = x / n
    bad = int(measured.runs[np.argmax(measured.violated)]) if x else None
    if isinstance(kind, Always):
        if x:
            return Decision("refuted", f"fails on {x} of {n} runs, first on run {bad}", value, bound, None, bad)
        return Decision("supported", f"holds on all {n} runs", value, bound)
    if isinstance(kind, HighProbability):
        return _high_probability(kind, x, n, alpha, bool(refute), value, bound, bad)
    if isinstance(kind, NegativeControl):
        return _control(kind, x, n, alpha)
    if isinstance(kind, (Expectation, LowerBound)):
        return _expectation(kind, measured, alpha, bool(refute), cap)
    if isinstance(kind, Rate):
        return _rate(kind, measured, alpha)
    raise TypeError(f"{kind} is not decided from runs")


def _high_probability(
    kind: HighProbability, x: int, n: int, alpha: float, refute: bool, value: float, bound: float, bad: int | None
) -> Decision:
    upper = binomial.upper_limit(x, n, alpha)
    text = f"{x} violations in {n} runs, upper limit {upper:.3g} against delta = {kind.delta:g}"
    if refute:
        return Decision("refuted", text, value, bound, None, bad)
    if upper <= kind.delta:
        return Decision("supported", text, value, bound, None, bad)
    needed = binomial.runs_to_support(kind.delta, alpha, violations=x)
    return Decision("inconclusive", f"{text}; {needed} runs needed", value, bound, needed, bad)


def _control(kind: NegativeControl, x: int, n: int, alpha: float) -> Decision:
    p = binomial.exceedance_p_value(x, n, kind.delta)
    text = f"the guarantee fails on {x} of {n} runs where delta = {kind.delta:g} is allowed (p = {p:.2g})"
    if p < alpha:
        return Decision("supported", f"refuted as it must be: {text}", x / n, kind.delta)
    if binomial.upper_limit(x, n, alpha) <= kind.delta:
        return Decision("refuted", f"the control was not caught: {text}", x / n, kind.delta)
    return Decision("inconclusive", text, x / n, kind.delta, 2 * n)


def _log_e_values(kind: Any, measured: Measurement, cap: float) -> tuple[float, float]:
    """Largest log e-values (against the statement, for it) of the mean of left / cap, run after run.

    Realised regret can be negative, down to -cap; the statement is then refuted on [-cap, cap].
    """
    scaled = measured.left / cap
    target = float(np.mean(measured.right)) / cap
    if isinstance(kind, LowerBound):
        scaled, target = 1.0 - scaled, 1.0 - target
        if scaled.max() > 1.0 + ROUNDING:
            scaled, target = scaled / 2.0, target / 2.0
    if not 0.0 < target < 1.0:
        return 0.0, 0.0
    if scaled.max() > 1.0 + ROUNDING:
        return math.inf, 0.0  # more than any algorithm can show: the record is wrong
    raised = np.clip(scaled, 0.0, 1.0)  # a larger mean: what supports it supports the statement
    against = raised if scaled.min() >= -ROUNDING else np.clip((scaled + 1.0) / 2.0, 0.0, 1.0)  # values in [-cap, cap]
    level = target if against is raised else (target + 1.0) / 2.0
    return float(betting.log_e_refute(against, level).max()), float(betting.log_e_support(raised, target).max())


def _expectation(kind: Any, measured: Measurement, alpha: float, refute: bool, cap: float | None) -> Decision:
    n = len(measured.left)
    mean, bound = float(np.mean(measured.left)), float(np.mean(measured.right))
    if not cap:
        return Decision("inconclusive", f"mean {mean:.6g} over {n} runs; no cap is known", mean, bound)
    against, support = _log_e_values(kind, measured, cap)
    text = f"mean {mean:.6g} over {n} runs against {bound:.6g} (log e-values {support:.3g} for, {against:.3g} against)"
    if refute:
        return Decision("refuted", text, mean, bound)
    if support >= math.log(1.0 / alpha):
        return Decision("supported", text, mean, bound)
    target = bound / cap if not isinstance(kind, LowerBound) else 1.0 - bound / cap
    needed = max(n + 1, betting.runs_to_support(target, alpha)) if 0.0 < target < 1.0 else None
    return Decision("inconclusive", f"{text}; {needed} runs needed" if needed else text, mean, bound, needed)


def _rate(kind: Rate, measured: Measurement, alpha: float) -> Decision:
    from theorylab.verify.statistics import slopes

    if not measured.series:
        return Decision("inconclusive", "no series was recorded", None, kind.exponent)
    times = measured.series[0][0]
    values = np.array([v for _, v in measured.series])
    try:
        fit = slopes.log_log_slope(times, values, confidence=1.0 - alpha, rng=0)
    except ValueError as error:  # too few seeds or decades for an interval
        return Decision("inconclusive", str(error), None, kind.exponent, 5)
    span = f"{len(values)} runs, T = {times[0]:g}..{times[-1]:g}"
    text = f"slope {fit.slope:.3f} in [{fit.lower:.3f}, {fit.upper:.3f}], {span}"
    if fit.upper <= kind.exponent:
        return Decision("supported", text, fit.slope, kind.exponent)
    if fit.lower > kind.exponent:
        return Decision("refuted", text, fit.slope, kind.exponent)
    return Decision("inconclusive", text, fit.slope, kind.exponent, 4 * len(values))


def _tightest(left: NDArray[np.float64], right: NDArray[np.float64]) -> int:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(right > 0, left / right, left - right)
    return int(np.nanargmax(ratio)) if np.any(~np.isnan(ratio)) else 0


def first_useful_horizon(
    bound: Callable[[Case], float], trivial: Callable[[Case], float], case: Case, *, limit: float = 1e30
) -> int | None:
    """The smallest horizon (to three digits) at which the bound is below the trivial one; ``None`` beyond ``limit``."""

    def useful(horizon: int) -> bool:
        there = case.with_horizon(horizon)
        return bool(bound(there) < trivial(there))

    high = max(2, case.horizon)
    while not useful(high):
        high *= 2
        if high > limit:
            return None
    low = 1 if useful(1) else high // 2
    while useful(low) and low > 1:
        low, high = low // 2, low
    while high - low > max(1, high // 1000):
        middle = (low + high) // 2
        low, high = (low, middle) if useful(middle) else (middle, high)
    digits = max(0, math.floor(math.log10(high)) - 2)
    return int(math.ceil(high / 10**digits) * 10**digits)
