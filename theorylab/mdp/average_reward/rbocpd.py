r"""Restarted Bayesian online change-point detection for categorical streams.   [alami2023restarted, Algorithm 1]

Setting      Observations x_1, x_2, ... in 0..O-1, independent, identically distributed between unknown changes.
             Since the last restart r the detector compares one Laplace (add-one) forecaster for everything with, for
             each split s, one forecaster for x_r..x_{s-1} and a new one from x_s on.
Algorithm    With q(x_{s:t}) = (O-1)! prod_o Sigma_o! / (n+O-1)!, restart as soon as some split s in (r, t] has
             eta_{r,s,t} q(x_{r:s-1}) q(x_{s:t}) > q(x_{r:t}); then r = t+1, everything up to t is forgotten: the
             paper's comparison of forecaster weights (a common factor 1/O left out).  With n = t-r+1, n1 = s-r,
             n2 = t-s+1, m = max(n1, n2), C(n) = binom(n+O-1, O-1), the prior weight eta is

             ``theorem_r``         delta / (n (n-1)^2) C(m)/C(n)
             ``ville``             delta / (n1 (n1+1) C(n))
             ``dirichlet_prior``   delta / (n1 (n1+1))
             ``paper``             1/n     (the paper's recommendation)
             ``code``              1/T     (horizon T; the constant of the authors' Bernoulli script)

Guarantee    Theorem R: on a stream without change, P(a restart ever happens) <= delta under ``theorem_r``, for every O
             and every distribution; likewise ``ville``.  ``dirichlet_prior``: averaged over a uniformly drawn
             distribution only.  ``paper`` and ``code`` have no such guarantee (the check refutes 5%).
             *Proof.* Given the total counts, the stream is uniform over its arrangements, so the counts Sigma1 of the
             first block are hypergeometric: P(Sigma1) = M(Sigma1) M(Sigma2) / M(Sigma), M the multinomial coefficient.
             As q = 1/(C M), the odds are B = C(n) / (C(n1) C(n2) P(Sigma1)), and E[B | counts] is C(n)/(C(n1) C(n2))
             times the number of feasible Sigma1, which is at most min(C(n1), C(n2)): at most C(n)/C(m).  Markov:
             P(B > 1/eta) <= delta/(n (n-1)^2); n-1 splits and n = 2, 3, ... sum to delta.  Leaving out candidates or
             tests, by any rule that looks at the past only, removes terms of this union: ``slots``, ``block`` and
             ``every`` keep Theorem R.
             Theorem D (delay): ``rbocpd_bounds.delay_bound``, with proof; claims: proofs_checks/rbocpd.py
Deviations   ``theorem_r`` is the default in place of the paper's 1/n.  The cumulative loss of Definition 4.5 sums over
             time, as the paper's proofs do, not over forecasters as printed.  Bounded memory (``slots``, ``block``,
             ``every``) is ours.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.record import RunRecord
from theorylab.core.rng import RNGLike, Streams, streams
from theorylab.detection.detector import (
    LARGEST_COUNT,
    RULES,
    detector_state,
    observe_kernel,
    restart_kernel,
    strongest_kernel,
    threshold_kernel,
)
from theorylab.detection.rbocpd_bounds import log_complexity

__all__ = ["CategoricalStream", "DetectorRun", "DetectorTrace", "DirichletStream", "detect", "rbocpd"]

MOST_SYMBOLS = 10**6
LARGEST_LOG_COMPLEXITY = 690.0  # "ville" divides by C(n), which must stay a double


@dataclass(frozen=True, slots=True, eq=False)
class DetectorTrace:
    """What the proofs speak of, one entry an observation."""

    x: NDArray[np.int64]  # (n,) the stream
    log_ratio: NDArray[np.float64]  # (n,) max over the kept splits of log(eta B); -inf where no split is tested


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorRun(RunRecord):
    """The restarts of one run; times are 1-based."""

    observations: int  # observations read (fewer than the stream when it stopped at the first alarm)
    alarms: NDArray[np.int64]  # (K,) times of the restarts
    starts: NDArray[np.int64]  # (K+1,) first time of each epoch: 1, then alarm + 1
    splits: NDArray[np.int64]  # (K,) strongest split at the alarm: first time of its second block
    log_odds: NDArray[np.float64]  # (K,) log B of that split
    trace: DetectorTrace | None

    @property
    def first_alarm(self) -> int | None:
        """Time of the first alarm, ``None`` without one."""
        return int(self.alarms[0]) if len(self.alarms) else None


def rbocpd(
    x: ArrayLike,
    *,
    n_symbols: int,
    delta: float = 0.05,
    rule: str = "theorem_r",
    block: int = 1,
    every: int = 1,
    slots: int | None = None,
    horizon: int | None = None,
    stop_at_first_alarm: bool = False,
    trace: bool = False,
) -> DetectorRun:
    r"""Detect changes in a stream of symbols.

    Parameters
    ----------
    x
        (n,) integers in 0..n_symbols-1.
    delta
        Probability of a false alarm (``paper`` and ``code`` ignore it).
    rule
        The prior weight: ``theorem_r``, ``ville``, ``dirichlet_prior``, ``paper`` or ``code``.
    block, every
        Only every ``block``-th position is a candidate split; the test is made at every ``every``-th observation.
    slots
        Largest number of candidates kept (at least 2); when they are full, every other one is dropped and the spacing
        doubles.  ``None`` keeps all: time O(n^2), memory O(n) for a stream without alarms.
    horizon
        T of the rule ``code``.

    Raises
    ------
    TypeError, ValueError
        On a symbol outside its range (named with its index) or a parameter outside its own.

    Examples
    --------
    >>> run = rbocpd([0] * 60 + [1] * 60, n_symbols=2)
    >>> run.alarms.tolist(), run.splits.tolist()
    ([66], [61])
    """
    n_symbols = validate.integer("n_symbols", n_symbols, low=2, high=MOST_SYMBOLS)
    delta = validate.confidence("delta", delta)
    validate.choice("rule", rule, tuple(RULES))
    block = min(validate.integer("block", block, low=1), LARGEST_COUNT)
    every = min(validate.integer("every", every, low=1), LARGEST_COUNT)
    stop_at_first_alarm = validate.flag("stop_at_first_alarm", stop_at_first_alarm)
    trace = validate.flag("trace", trace)
    if slots is not None:
        slots = validate.integer("slots", slots, low=2)
    if horizon is not None:
        horizon = validate.integer("horizon", horizon, low=1)
    elif rule == "code":
        raise ValueError("horizon is None, expected an integer >= 1 with rule='code'")
    stream = _symbols(x, n_symbols)
    if rule == "ville" and log_complexity(len(stream), n_symbols) > LARGEST_LOG_COMPLEXITY:
        raise ValueError(
            f"rule 'ville' is out of range for n_symbols={n_symbols} and {len(stream)} observations, use 'theorem_r'"
        )
    limit = float(horizon) if rule == "code" and horizon is not None else 1.0 / delta
    candidates = max(2, len(stream) // block)
    state = detector_state(1, n_symbols, candidates if slots is None else min(slots, candidates), block)
    times = np.zeros(len(stream) // 2 + 1, dtype=np.int64)
    firsts = np.zeros_like(times)
    log_ratio = np.full(len(stream) if trace else 0, -np.inf)
    count, read = _detect_kernel(
        stream, RULES[rule], limit, every, block, stop_at_first_alarm, *state, times, firsts, log_ratio
    )
    alarms = times[:count].copy()
    starts = np.concatenate([[1], alarms + 1]).astype(np.int64)
    splits = starts[:-1] + firsts[:count]
    parameters = {
        "n_symbols": n_symbols, "delta": delta, "rule": rule, "block": block, "every": every, "slots": slots,
        "horizon": horizon, "stop_at_first_alarm": stop_at_first_alarm,
    }  # fmt: skip
    return DetectorRun(
        algorithm="rbocpd",
        parameters=parameters,
        seed={},
        observations=int(read),
        alarms=alarms,
        starts=starts,
        splits=splits,
        log_odds=np.array(
            [
                _log_odds(stream[r - 1 : t], s - r, n_symbols)
                for r, s, t in zip(starts[:-1], splits, alarms, strict=True)
            ]
        ),
        trace=DetectorTrace(validate.readonly(stream[:read]), validate.readonly(log_ratio[:read])) if trace else None,
    )


def _detect(x, rule, limit, every, block, stop, totals, before, position, evidence, state, alarms, firsts, log_ratio):
    """Read x (n,), fill alarms, firsts (sizes of first blocks), log_ratio ((n,) or (0,)); alarms and symbols read."""
    count = 0
    for t in range(len(x)):
        first = observe_kernel(x[t], 0, rule, limit, every, totals, before, position, evidence, state)
        if len(log_ratio) > 0:
            best = strongest_kernel(0, position, evidence, state)
            if best >= 0 and evidence[0, best] > 0.0:
                log_ratio[t] = np.log(evidence[0, best] / threshold_kernel(float(state[0, 0]), rule, limit))
        if first > 0:
            alarms[count] = t + 1
            firsts[count] = first
            count += 1
            if stop:
                return count, t + 1
            restart_kernel(0, block, totals, state)
    return count, len(x)


_detect_kernel = kernel(_detect)


def _symbols(x: ArrayLike, n_symbols: int) -> NDArray[np.int64]:
    raw = np.asarray(x)
    if raw.dtype.kind == "f" and raw.ndim == 1:
        for i in np.flatnonzero(raw != np.floor(raw))[:1]:  # NaN too
            raise ValueError(f"x[{i}] is {raw[i]}, expected an integer in 0..{n_symbols - 1}")
    stream = validate.indices("x", raw, below=n_symbols)
    if not len(stream):
        raise ValueError("x is empty, expected at least one observation")
    return stream


def _log_odds(x: NDArray[np.int64], first: int, n_symbols: int) -> float:
    """Log B of the split after ``first`` observations."""

    def log_q(part: NDArray[np.int64]) -> float:
        counts = np.bincount(part, minlength=n_symbols)
        return math.lgamma(n_symbols) + sum(math.lgamma(c + 1.0) for c in counts) - math.lgamma(len(part) + n_symbols)

    return log_q(x[:first]) + log_q(x[first:]) - log_q(x)


@dataclass(frozen=True, eq=False)
class CategoricalStream:
    """A piecewise stationary source: row g of ``probabilities`` (G, O) rules from time ``starts[g]`` (1-based) on.

    Examples
    --------
    >>> source = CategoricalStream([[0.9, 0.1], [0.1, 0.9]], starts=[1, 301])
    >>> source.n_symbols, source.gap(1)
    (2, 1.6)
    """

    probabilities: NDArray[np.float64]  # (G, O)
    starts: NDArray[np.int64] = dataclasses.field(default_factory=lambda: np.array([1]))  # (G,)

    def __post_init__(self) -> None:
        rows = validate.array("probabilities", self.probabilities, ndim=2)
        validate.distributions("probabilities", rows)
        validate.integer("number of symbols", rows.shape[1], low=2)
        starts = validate.indices("starts", self.starts, below=2**62)
        if len(starts) != len(rows):
            raise ValueError(f"starts has {len(starts)} entries, expected {len(rows)}, one a row of probabilities")
        if starts[0] != 1:
            raise ValueError(f"starts[0] is {starts[0]}, expected 1")
        for i in range(1, len(starts)):
            if starts[i] <= starts[i - 1]:
                raise ValueError(f"starts[{i}] is {starts[i]}, expected more than starts[{i - 1}] = {starts[i - 1]}")
        object.__setattr__(self, "probabilities", validate.readonly(rows))
        object.__setattr__(self, "starts", validate.readonly(starts))

    @property
    def n_symbols(self) -> int:
        """Number of symbols O."""
        return int(self.probabilities.shape[1])

    def gap(self, change: int) -> float:
        """L1 distance of the distributions around change number ``change`` (1, 2, ...)."""
        change = validate.integer("change", change, low=1, high=len(self.starts) - 1)
        return float(np.abs(self.probabilities[change] - self.probabilities[change - 1]).sum())

    def draw(self, horizon: int, chance: Streams) -> NDArray[np.int64]:
        """``horizon`` symbols; one uniform number each from the environment stream."""
        uniform = chance.environment.random(horizon)
        x = np.zeros(horizon, dtype=np.int64)
        ends = np.append(self.starts[1:] - 1, horizon)
        for row, start, end in zip(self.probabilities, self.starts - 1, ends, strict=True):
            x[start:end] = np.searchsorted(np.cumsum(row)[:-1], uniform[start:end], side="right")
        return x


@dataclass(frozen=True, eq=False)
class DirichletStream:
    """A stationary source; each run draws its distribution, uniformly over the simplex (instance stream)."""

    n_symbols: int

    def __post_init__(self) -> None:
        validate.integer("n_symbols", self.n_symbols, low=2, high=MOST_SYMBOLS)

    def draw(self, horizon: int, chance: Streams) -> NDArray[np.int64]:
        """``horizon`` symbols of a new source."""
        row = chance.instance.standard_exponential(self.n_symbols)
        return CategoricalStream((row / row.sum())[None, :]).draw(horizon, chance)


def detect(
    stream: CategoricalStream | DirichletStream,
    horizon: int,
    *,
    delta: float = 0.05,
    rule: str = "theorem_r",
    block: int = 1,
    every: int = 1,
    slots: int | None = None,
    stop_at_first_alarm: bool = False,
    trace: bool = False,
    rng: RNGLike = None,
) -> DetectorRun:
    """Draw ``horizon`` symbols from ``stream`` and run :func:`rbocpd` on them (the rule ``code`` gets this horizon).

    Examples
    --------
    >>> detect(CategoricalStream([[0.9, 0.1], [0.1, 0.9]], [1, 301]), 600, rng=1).splits.tolist()
    [302]
    """
    horizon = validate.integer("horizon", horizon, low=1)
    chance = streams(rng)
    run = rbocpd(
        stream.draw(horizon, chance), n_symbols=stream.n_symbols, delta=delta, rule=rule, block=block, every=every,
        slots=slots, horizon=horizon, stop_at_first_alarm=stop_at_first_alarm, trace=trace,
    )  # fmt: skip
    seed: Mapping[str, Any] = chance.seed
    return dataclasses.replace(run, seed=dict(seed))
