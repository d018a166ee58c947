r"""Kernels of the categorical change detector, for one stream or for many side by side.

A *candidate split* at position n1 cuts the n observations since the last restart into a first block of n1 and a second
block of n2 = n - n1.  With the Laplace probability q of a block, :math:`C(n) = \binom{n+O-1}{O-1}` and m = max(n1, n2),
the kernels carry for each candidate its *evidence*, the odds :math:`B = q(1..n_1) q(n_1{+}1..n) / q(1..n)` times
the part of the rule's prior weight that moves with n:

=================  =====================================  ========================
rule               evidence                               alarm when it exceeds
=================  =====================================  ========================
THEOREM_R          B C(m) / C(n)                          n (n-1)^2 limit
VILLE              B / (C(n) n1 (n1+1))                   limit
DIRICHLET_PRIOR    B / (n1 (n1+1))                        limit
PAPER              B                                      n
CODE               B                                      limit
=================  =====================================  ========================

``limit`` is 1/delta (the horizon for CODE).  One observation multiplies the evidence by a ratio of small numbers, so
there is neither a logarithm nor a table of C, and memory does not depend on n.

Range.  B C(m)/C(n) = 1 / (C(min(n1, n2)) P) with a hypergeometric probability P <= 1, so THEOREM_R's evidence is at
least 1/C(n/2) and, between tests, at most the threshold times n for each untested step.  Evidence that underflows stays
0: the candidate is dropped.  Evidence that overflows has passed the threshold.  Both keep Theorem R.  The threshold is
widened by the largest rounding error of n steps, so that rounding never adds an alarm.

The argument ``pair`` is the number of a stream, 0..P-1: a state-action pair, an arm.

State of P streams: ``totals`` (P, O) counts, ``before`` (P, O, K) counts of the first blocks, contiguous in k;
``position`` (P, K) sizes n1, increasing; ``evidence`` (P, K); ``state`` (P, 3) int64: observations n, candidates used,
spacing of their grid.  Counts are float64, so that the loop over candidates converts nothing.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core.kernels import kernel

__all__ = [
    "CODE",
    "DIRICHLET_PRIOR",
    "LARGEST_COUNT",
    "PAPER",
    "RULES",
    "THEOREM_R",
    "VILLE",
    "detector_state",
    "observe_kernel",
    "restart_kernel",
    "strongest_kernel",
]

THEOREM_R, VILLE, DIRICHLET_PRIOR, PAPER, CODE = 0, 1, 2, 3, 4
RULES = {"theorem_r": THEOREM_R, "ville": VILLE, "dirichlet_prior": DIRICHLET_PRIOR, "paper": PAPER, "code": CODE}
OBSERVATIONS, USED, SPACING = 0, 1, 2  # columns of state
LARGEST_COUNT = 2**62  # of observations; kernels double it once
ROUNDING = 2.0**-50  # eight units in the last place a step; the update makes four roundings


def detector_state(streams: int, n_symbols: int, slots: int, block: int = 1) -> tuple[NDArray[Any], ...]:
    """Fresh ``totals, before, position, evidence, state`` of ``streams`` detectors with ``slots`` candidates each."""
    state = np.zeros((streams, 3), dtype=np.int64)
    state[:, SPACING] = block
    return (
        np.zeros((streams, n_symbols)),
        np.zeros((streams, n_symbols, slots)),
        np.zeros((streams, slots)),
        np.zeros((streams, slots)),
        state,
    )


def _threshold(n, rule, limit):
    """The value that the evidence must exceed after n observations."""
    if rule == THEOREM_R:
        level = n * (n - 1.0) * (n - 1.0) * limit
    elif rule == PAPER:
        level = n
    else:
        level = limit
    return level * (1.0 + ROUNDING * n)


threshold_kernel = kernel(_threshold)


def _fresh_evidence(n1, order, rule):
    """Evidence of a split at the present end of the stream: nothing in the second block, so B = 1."""
    if rule == DIRICHLET_PRIOR:
        return 1.0 / (n1 * (n1 + 1.0))
    if rule == VILLE:
        complexity = 1.0
        for i in range(1, int(order)):
            complexity *= (n1 + i) / i
        return 1.0 / (complexity * n1 * (n1 + 1.0))
    return 1.0


fresh_evidence_kernel = kernel(_fresh_evidence)


def _strongest(pair, position, evidence, state):
    """Index of the candidate with the largest evidence among those with a second block; the first of equals."""
    best = -1
    for k in range(state[pair, USED]):
        if position[pair, k] < state[pair, OBSERVATIONS] and (best < 0 or evidence[pair, k] > evidence[pair, best]):
            best = k
    return best


strongest_kernel = kernel(_strongest)


def _thin(pair, before, position, evidence, state):
    """Keep every other candidate and double the spacing."""
    spacing = 2 * state[pair, SPACING]
    kept = 0
    for k in range(state[pair, USED]):
        if int(position[pair, k]) % spacing == 0:
            position[pair, kept] = position[pair, k]
            evidence[pair, kept] = evidence[pair, k]
            for o in range(before.shape[1]):
                before[pair, o, kept] = before[pair, o, k]
            kept += 1
    state[pair, USED] = kept
    state[pair, SPACING] = spacing


thin_kernel = kernel(_thin)


def _update(n, order, rule, scale, seen, threshold, used, before, position, evidence):
    """Multiply the evidence of all candidates; how many exceed the threshold.  Branch-free, so that it vectorises."""
    tail = 1.0 if rule == THEOREM_R else order  # C(m) grows only with a second block that is the larger one
    hits = 0
    for k in range(used):
        second = n - position[k]
        growth = tail if second >= position[k] else order
        ratio = np.true_divide(scale * (seen - before[k]), second + growth)  # "/" would test for zero: no vectors
        value = evidence[k] * ratio
        evidence[k] = value
        hits += 1 if value > threshold else 0
    return hits


update_kernel = kernel(_update)


def _observe(x, pair, rule, limit, every, totals, before, position, evidence, state):
    """Feed observation x to detector ``pair``.

    Returns 0, or on an alarm the size n1 of the first block of the strongest split; the caller then restarts.
    """
    order = float(totals.shape[1])
    seen = totals[pair, x] + 1.0
    n = float(state[pair, OBSERVATIONS])
    used = state[pair, USED]
    threshold = threshold_kernel(n + 1.0, rule, limit)
    if (state[pair, OBSERVATIONS] + 1) % every != 0:
        threshold = np.inf
    scale = (n + 1.0) / seen if rule <= VILLE else (n + order) / seen
    hits = update_kernel(n, order, rule, scale, seen, threshold, used, before[pair, x], position[pair], evidence[pair])
    totals[pair, x] += 1.0
    state[pair, OBSERVATIONS] += 1
    if hits > 0:
        return int(position[pair, strongest_kernel(pair, position, evidence, state)])
    if state[pair, OBSERVATIONS] % state[pair, SPACING] == 0 and used == position.shape[1]:
        thin_kernel(pair, before, position, evidence, state)
    if state[pair, OBSERVATIONS] % state[pair, SPACING] == 0:
        k = state[pair, USED]
        position[pair, k] = n + 1.0
        evidence[pair, k] = fresh_evidence_kernel(n + 1.0, order, rule)
        for o in range(totals.shape[1]):
            before[pair, o, k] = totals[pair, o]
        state[pair, USED] = k + 1
    return 0


observe_kernel = kernel(_observe)


def _restart(pair, block, totals, state):
    """Forget everything that detector ``pair`` has seen."""
    for o in range(totals.shape[1]):
        totals[pair, o] = 0.0
    state[pair, OBSERVATIONS] = 0
    state[pair, USED] = 0
    state[pair, SPACING] = block


restart_kernel = kernel(_restart)
