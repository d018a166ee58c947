"""The quantities of Theorem D's proof, computed from the trace of a run with one change."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from theorylab.detection.rbocpd_bounds import log_complexity, log_prior_weight, weissman_radius
from theorylab.verify.cases import Case

FAILURE = 0.05  # delta' of Theorem D


def at_change(run: Any, case: Case) -> dict[str, Any]:
    """What the proof of Theorem D speaks of, for the split at the change; arrays over n2 = 1, 2, ..."""
    return _at_change(run.trace, case)


@lru_cache(maxsize=16)
def _at_change(trace: Any, case: Case) -> dict[str, Any]:
    from scipy.special import gammaln, xlogy

    x, n1, O = trace.x, int(case.model.starts[1]) - 1, case.model.n_symbols  # noqa: E741
    first = np.bincount(x[:n1], minlength=O).astype(float)
    second = np.cumsum(x[n1:, None] == np.arange(O), axis=0).astype(float)
    n2 = np.arange(1.0, len(second) + 1)
    whole, n = first + second, n1 + n2
    p, p1, p2 = whole / n[:, None], first / n1, second / n2[:, None]

    def log_arrangements(counts: Any) -> Any:
        return gammaln(counts.sum(-1) + 1) - gammaln(counts + 1).sum(-1)

    def entropy(q: Any) -> Any:
        return -xlogy(q, q).sum(-1)

    def log_laplace(counts: Any) -> Any:
        return gammaln(O) + gammaln(counts + 1).sum(-1) - gammaln(counts.sum(-1) + O)

    return {
        "n1": n1,
        "n2": n2,
        "n": n,
        "O": O,
        "log_M": log_arrangements(whole),
        "nH": n * entropy(p),
        "entropies": n * entropy(p) - n1 * entropy(p1) - n2 * entropy(p2),
        "divergences": n1 * (xlogy(p1, p1) - xlogy(p1, p)).sum(-1) + n2 * (xlogy(p2, p2) - xlogy(p2, p)).sum(-1),
        "L1": np.abs(p1 - p2).sum(-1),
        "log_B": log_laplace(first) + log_laplace(second) - log_laplace(whole),
        "log_C": log_complexity(n, O),
        "cost": log_complexity(n1, O) + log_complexity(n2, O),
        "log_eta": log_prior_weight(case.parameters["rule"], n1, n2, n_symbols=O, delta=case.parameters["delta"]),
    }


def column(name: str) -> Any:
    """One of the arrays as a side of a link."""
    return lambda run, case: at_change(run, case)[name]


def pinsker(run: Any, case: Case) -> Any:
    """n1 n2 / (2 n) |p1 - p2|_1^2."""
    q = at_change(run, case)
    return q["n1"] * q["n2"] / (2 * q["n"]) * q["L1"] ** 2


def weissman(run: Any, case: Case) -> Any:
    """(G - w(n1) - w(d))_+ at the last n2 = d, a size fixed in advance."""
    d, n1 = case.horizon - int(case.model.starts[1]) + 1, int(case.model.starts[1]) - 1
    radius = sum(weissman_radius(n, case.model.n_symbols, FAILURE / 2) for n in (n1, d))
    return max(case.model.gap(1) - radius, 0.0)


def before_alarm(run: Any, case: Case) -> Any:
    """Observations after the change up to the first alarm, which is not before the change."""
    change = int(case.model.starts[1])
    t = np.arange(change, case.horizon + 1)
    return (t <= (run.first_alarm or case.horizon)) & (run.first_alarm is None or run.first_alarm >= change)


def log_margin(run: Any, case: Case) -> Any:
    """log(eta B) of the split at the change."""
    q = at_change(run, case)
    return q["log_eta"] + q["log_B"]


def first_crossing(margin: Any, case: Case) -> float:
    """The first n2 at which ``margin`` (n2 = 1, 2, ...) is positive; the theorem's d when it never is."""
    found = np.flatnonzero(np.asarray(margin) > 0)
    return float(found[0] + 1) if len(found) else theorem_delay(None, case)


def theorem_delay(run: Any, case: Case) -> float:
    """The d of Theorem D."""
    return float(case.horizon - int(case.model.starts[1]) + 1)
