r"""The Bernoulli generalised likelihood-ratio test for a change of mean, exact in O(log n) operations an observation.

With F(S, n) = S ln S + (n - S) ln(n - S) - n ln n, the maximal log-likelihood of n rewards of sum S, the statistic of
the split after s observations is

.. math:: G_s(n) = F(x_{1:s}) + F(x_{s+1:n}) - F(x_{1:n})
          = s\, kl(\hat\mu_{1:s}, \hat\mu_{1:n}) + (n-s)\, kl(\hat\mu_{s+1:n}, \hat\mu_{1:n}),

and the test fires when :math:`G_s(n) > \beta_s(n)` for some candidate split s, a multiple of ``spacing``.

=========  ==================================================  ==========================================
threshold  :math:`\beta_s(n)`                                  false alarm ever, observations in [0, 1]
=========  ==================================================  ==========================================
ville      :math:`\ln((n-s+1) s (s+1)^2/\delta)`               at most delta (derived here)
proven     :math:`2 T(\ln(3 n^{1.5}/\delta)/2)+6\ln(1+\ln n)`  at most delta [besson2022efficient, Lemma 2]
practice   :math:`\ln(n^{1.5}/\delta)`                         no proof
=========  ==================================================  ==========================================

**Ville.**  Let observations have conditional mean mu and :math:`P_\mu(x) = \prod \mu^{x_i} (1-\mu)^{1-x_i}`.  As
:math:`x \mapsto (\theta/\mu)^x ((1-\theta)/(1-\mu))^{1-x}` is convex, its mean is at most 1; so with
:math:`L(x) = \int_0^1 P_\theta(x) d\theta` the ratio :math:`L(x_{1:s}) L(x_{s+1:n}) / P_\mu(x_{1:n})` is for each s a
nonnegative supermartingale in n >= s that starts at or below 1 in mean.  Weights 1/(s(s+1)), Ville's inequality: with
probability at least 1 - delta it stays below s(s+1)/delta for all s and n.  :math:`P_\mu \le e^F`, and
:math:`L \ge e^F/(n+1)`, since :math:`P_\theta^{1/n}` is concave in theta, hence above a tent of its own height.

**Exact skipping.**  For s <= m <= n, :math:`F(x_{s+1:n}) \le F(x_{s+1:m}) + F(x_{m+1:n})` (one parameter for both parts
fits no better than two), hence :math:`G_s(n) \le G_s(m) + G_m(n)`.  Candidates stand in groups; each group remembers
an m and a bound of its :math:`G_s(m) - \beta_s(m)`.  As beta grows with n, a group whose margin plus
:math:`G_m(n)` is below 0 cannot fire and is not scanned.  Groups merge as the digits of a binary counter; a
merged group keeps the larger of their bounds.
As F only falls, :math:`G_m(n) \le G_m(n') + F(x_{1:n'}) - F(x_{1:n})` for m <= n' <= n, and
:math:`G_s(n) \le F(x_{1:n'}) - F(x_{1:n})` for s >= n': until F has fallen by the room that was left at n', nothing can
fire and no group is looked at.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theorylab.core import validate
from theorylab.core.kernels import kernel

__all__ = [
    "THRESHOLDS",
    "glr_alarms",
    "glr_observe_kernel",
    "glr_restart_kernel",
    "glr_state",
    "threshold",
    "threshold_kernel",
]

THRESHOLDS = ("ville", "proven", "practice")
VILLE, PROVEN, PRACTICE = 0, 1, 2
OBSERVATIONS, CANDIDATES, GROUPS = 0, 1, 2  # columns of counts
TOTAL, LIKELIHOOD, ROOM = 0, 1, 2  # columns of totals: the sum; F at the last look, and how far it may fall
STOP, WHEN, SUM, MARGIN = 0, 1, 2, 3  # of a group: candidates before its end, n and sum at its last scan
MOST_GROUPS = 64
MOST_PREFIXES = 10**9  # virtual memory only: pages are touched as observations arrive
TABLE = 2**20  # x ln x for the sums that Bernoulli rewards have; others take a logarithm
SLACK = 1e-6  # rounding must not skip a scan
LOG_TWO_ZETA = math.log(math.pi**2 / 3.0)  # ln(2 zeta(2))

State = tuple[NDArray[Any], ...]


def glr_state(streams: int, horizon: int, spacing: int = 1) -> State:
    """Fresh ``totals (P, 3), counts (P, 3), prefixes (P, C), groups (P, 64, 4), table`` of P detectors.

    Raises
    ------
    ValueError
        If the prefix sums of all candidate splits would not fit; a larger ``spacing`` keeps fewer.
    """
    candidates = horizon // spacing + 1
    if streams * candidates > MOST_PREFIXES:
        raise ValueError(
            f"{streams} streams of {horizon} observations need {streams * candidates} prefix sums, expected at most "
            f"{MOST_PREFIXES}: raise the spacing of the splits"
        )
    x = np.arange(min(horizon, TABLE) + 1, dtype=np.float64)
    return (
        np.zeros((streams, 3)),
        np.zeros((streams, 3), dtype=np.int64),
        np.zeros((streams, candidates)),
        np.zeros((streams, MOST_GROUPS, 4)),
        x * np.log(np.maximum(x, 1.0)),
    )


def _h_inverse(x):
    """The u >= 1 with u - ln u = x, for x >= 1; Newton descends to it from above."""
    u = x + math.log(x) + 1.0
    for _ in range(60):
        following = u * (x + math.log(u) - 1.0) / (u - 1.0)
        if not 1.0 < following < u * (1.0 - 1e-15):
            break
        u = following
    return u


h_inverse_kernel = kernel(_h_inverse)


def _mixture_cost(x):
    """T(x) of [besson2022efficient, Lemma 2]: x + 4 ln(1 + x + sqrt(2x)) within a few percent."""
    y = 0.5 * (h_inverse_kernel(1.0 + x) + LOG_TWO_ZETA)
    if y >= h_inverse_kernel(1.0 / math.log(1.5)):
        u = h_inverse_kernel(y)
        return 2.0 * u * math.exp(1.0 / u)
    return 3.0 * (y - math.log(math.log(1.5)))


mixture_cost_kernel = kernel(_mixture_cost)


def _threshold(rule, n, s, log_inverse):
    """beta_s(n) with ``log_inverse`` = ln(1/delta)."""
    if rule == VILLE:
        return math.log((n - s + 1.0) * s * (s + 1.0) * (s + 1.0)) + log_inverse
    if rule == PRACTICE:
        return 1.5 * math.log(n) + log_inverse
    level = math.log(3.0) + 1.5 * math.log(n) + log_inverse
    return 2.0 * mixture_cost_kernel(0.5 * level) + 6.0 * math.log(1.0 + math.log(n))


threshold_kernel = kernel(_threshold)


def _later_level(rule, n, log_inverse):
    """A lower bound of all thresholds after n observations, of splits that nobody has scanned: s >= n."""
    if rule == VILLE:
        s = max(n, 1.0)
        return math.log(2.0 * s * (s + 1.0) * (s + 1.0)) + log_inverse
    return threshold_kernel(rule, max(n, 2.0), 1.0, log_inverse)


later_level_kernel = kernel(_later_level)


def _x_log_x(x, table):
    whole = int(x)
    if whole == x and 0 <= whole < table.shape[0]:
        return table[whole]
    return x * math.log(x) if x > 0.0 else 0.0


x_log_x_kernel = kernel(_x_log_x)


def _likelihood(total, n, table):
    """F(S, n), the maximal log-likelihood."""
    return x_log_x_kernel(total, table) + x_log_x_kernel(n - total, table) - x_log_x_kernel(n, table)


likelihood_kernel = kernel(_likelihood)


def _scan(first, stop, n, total, rule, log_inverse, spacing, prefixes, table):
    """The largest G_s(n) - beta_s(n) over the candidates first..stop-1, and its candidate."""
    best, best_at = -math.inf, -1
    whole = likelihood_kernel(total, n, table)
    level = 0.0 if rule == VILLE else threshold_kernel(rule, n, 1.0, log_inverse)
    for k in range(first, stop):
        s = (k + 1.0) * spacing
        if rule == VILLE:
            level = threshold_kernel(rule, n, s, log_inverse)
        before = prefixes[k]
        parts = likelihood_kernel(before, s, table) + likelihood_kernel(total - before, n - s, table)
        if parts - whole - level > best:
            best, best_at = parts - whole - level, k
    return best, best_at


scan_kernel = kernel(_scan)


def _bound(group, n, total, whole, table):
    """What the group's largest excess over its threshold can be by now: its margin and G of the split at its scan."""
    when, then = group[WHEN], group[SUM]
    return (
        group[MARGIN] + likelihood_kernel(then, when, table) + likelihood_kernel(total - then, n - when, table) - whole
    )


bound_kernel = kernel(_bound)


def _remember(group, stop, n, total, margin):
    group[STOP] = stop
    group[WHEN] = n
    group[SUM] = total
    group[MARGIN] = margin


remember_kernel = kernel(_remember)


def _test(n, total, used, n_groups, rule, log_inverse, spacing, prefixes, groups, table):
    """Scan what could fire: the best margin, its candidate, the number of groups, the room that is left."""
    covered = int(groups[n_groups - 1, STOP]) if n_groups > 0 else 0
    whole = likelihood_kernel(total, n, table)
    best, best_at = -math.inf, -1
    room = later_level_kernel(rule, n, log_inverse)
    fresh = n_groups
    if used > covered:  # the candidates that nobody has scanned, merged with groups that are not larger
        first, older = covered, -math.inf
        while fresh > 0:
            start = int(groups[fresh - 2, STOP]) if fresh > 1 else 0
            if first - start > used - first:
                break
            older = max(older, bound_kernel(groups[fresh - 1], n, total, whole, table))
            first = start
            fresh -= 1
        since = first if older > -SLACK else covered
        best, best_at = scan_kernel(since, used, n, total, rule, log_inverse, spacing, prefixes, table)
        margin = best if older > -SLACK else max(best, older)
        remember_kernel(groups[fresh], used, n, total, margin)
        room = min(room, -margin)
        n_groups = fresh + 1
    first = 0
    for g in range(fresh):
        stop = int(groups[g, STOP])
        bound = bound_kernel(groups[g], n, total, whole, table)
        if bound > -SLACK:
            bound, at = scan_kernel(first, stop, n, total, rule, log_inverse, spacing, prefixes, table)
            remember_kernel(groups[g], stop, n, total, bound)
            if bound > best:
                best, best_at = bound, at
        room = min(room, -bound)
        first = stop
    return best, best_at, n_groups, room


test_kernel = kernel(_test)


def _glr_observe(x, stream, rule, log_inverse, due, spacing, detectors):
    """Feed x in [0, 1] to a detector, and test when ``due``: the best split of an alarm, else 0.

    An alarm clears nothing: the caller restarts.
    """
    totals, counts, prefixes, groups, table = detectors
    n = counts[stream, OBSERVATIONS] + 1
    total = totals[stream, TOTAL] + x
    counts[stream, OBSERVATIONS] = n
    totals[stream, TOTAL] = total
    if n == 1:
        totals[stream, ROOM] = later_level_kernel(rule, 1.0, log_inverse)
    whole = likelihood_kernel(total, float(n), table) if due else 0.0
    if due and totals[stream, LIKELIHOOD] - whole > totals[stream, ROOM] - SLACK and counts[stream, CANDIDATES] > 0:
        best, at, n_groups, room = test_kernel(
            float(n),
            total,
            counts[stream, CANDIDATES],
            counts[stream, GROUPS],
            rule,
            log_inverse,
            spacing,
            prefixes[stream],
            groups[stream],
            table,
        )
        counts[stream, GROUPS] = n_groups
        totals[stream, LIKELIHOOD] = whole
        totals[stream, ROOM] = room
        if best > 0.0:
            return (at + 1) * spacing
    if n % spacing == 0:
        prefixes[stream, counts[stream, CANDIDATES]] = total
        counts[stream, CANDIDATES] += 1
    return 0


glr_observe_kernel = kernel(_glr_observe)


def _glr_restart(stream, detectors):
    """Forget everything that a detector has seen."""
    totals, counts, _, _, _ = detectors
    for column in range(3):
        totals[stream, column] = 0.0
        counts[stream, column] = 0


glr_restart_kernel = kernel(_glr_restart)


def _glr_run(xs, rule, log_inverse, every, spacing, once, detectors, alarms, splits):
    """One stream; the detector restarts after each alarm.  How many alarms there were."""
    found = 0
    for t in range(xs.shape[0]):
        due = (detectors[1][0, OBSERVATIONS] + 1) % every == 0
        split = glr_observe_kernel(xs[t], 0, rule, log_inverse, due, spacing, detectors)
        if split > 0:
            alarms[found] = t + 1
            splits[found] = split
            found += 1
            if once:
                return found
            glr_restart_kernel(0, detectors)
    return found


glr_run_kernel = kernel(_glr_run)


def threshold(rule: str, n: int, s: int, delta: float) -> float:
    r"""The threshold :math:`\beta_s(n)`.

    Examples
    --------
    >>> [round(threshold(rule, 1000, 500, 0.05), 1) for rule in ("ville", "proven", "practice")]
    [27.9, 48.5, 13.4]
    """
    rule = validate.choice("threshold", rule, THRESHOLDS)
    n = validate.integer("n", n, low=2)
    s = validate.integer("s", s, low=1, high=n - 1)
    level = -math.log(validate.confidence("delta", delta))
    return float(threshold_kernel(THRESHOLDS.index(rule), float(n), float(s), level))


def glr_alarms(
    x: ArrayLike,
    *,
    delta: float = 0.05,
    threshold: str = "ville",
    every: int = 1,
    spacing: int = 1,
    stop_at_first_alarm: bool = False,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Run the test over a sequence, starting afresh after each alarm.

    Parameters
    ----------
    x
        (n,) observations in [0, 1].
    every, spacing
        Test when the number of observations since the last restart is a multiple of ``every``; candidate splits are
        multiples of ``spacing``.

    Returns
    -------
    alarms, splits
        How many observations had been read at each alarm, and how many of those since the restart before it lie before
        the best split.

    Raises
    ------
    ValueError
        If an observation leaves [0, 1] or a parameter is out of range.

    Examples
    --------
    >>> alarms, splits = glr_alarms([1.0] * 60 + [0.0] * 40)
    >>> alarms.tolist(), splits.tolist()
    ([65], [60])
    """
    xs = validate.array("x", x, ndim=1)
    validate.in_interval("x", xs, 0.0, 1.0)
    rule = THRESHOLDS.index(validate.choice("threshold", threshold, THRESHOLDS))
    level = -math.log(validate.confidence("delta", delta))
    every = validate.integer("every", every, low=1, high=2**53)
    spacing = validate.integer("spacing", spacing, low=1, high=2**53)
    once = validate.flag("stop_at_first_alarm", stop_at_first_alarm)
    alarms, splits = np.zeros((2, len(xs) // 2 + 1), dtype=np.int64)
    state = glr_state(1, max(1, len(xs)), spacing)
    found = glr_run_kernel(xs, rule, level, every, spacing, once, state, alarms, splits)
    return alarms[:found].copy(), splits[:found].copy()
