"""The proof of the elimination with burn-in, link by link, on traces: from losses of single plays to the bound."""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.wtb_instances import (
    DECLARED,
    DELTA,
    REO,
    SURE,
    TRACED,
    best_arm,
    bound,
    epochs,
    excess,
    log_term,
    repeated,
)

from theorylab.verify.cases import Case
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link, Stage

STEPS = math.sqrt(2.0) / (math.sqrt(2.0) - 1.0)  # 2 + sqrt 2
CONSTANT = 4.0 * math.sqrt(STEPS**2 + 1.0)
_last = threading.local()  # the run of this worker and its facts


def facts(run: Any, case: Case) -> dict[str, Any]:
    """What the proof speaks of, from arms and rewards alone; kept for the last run, which all links share."""
    if getattr(_last, "run", None) is not run:
        _last.run, _last.facts = run, _facts(run, case)
    return _last.facts  # type: ignore[no-any-return]


def mean_losses(model: Any, actions: Any) -> Any:
    """(T,) mean loss of each play, from the definition of the model."""
    m, T = model.window, len(actions)
    weights = np.asarray(getattr(model, "weights", np.ones(m)), dtype=float)
    padded = np.concatenate([np.full(m - 1, -1), actions])
    same = np.stack([padded[m - 1 - age : m - 1 - age + T] == actions for age in range(m)], axis=1)
    shares = same @ weights / weights.sum()
    knots = np.asarray(getattr(model, "knots", np.arange(1, m + 1) / m), dtype=float)
    distance = np.abs(shares[:, None] - knots)
    return model.h[actions, np.argmax(distance <= distance.min(axis=1, keepdims=True) + 1e-12, axis=1)]


def _facts(run: Any, case: Case) -> dict[str, Any]:
    K, rows = case.model.n_arms, len(run.trace["alive"])
    arms, epoch = run.trace["actions"], run.trace["epochs"].astype(int)
    used = run.trace["recorded"] > 0
    loss = mean_losses(case.model, arms)
    above = loss - repeated(case).min()
    counts, plays, sums = np.zeros((rows, K)), np.zeros((rows, K)), np.zeros((rows, K))
    inside = epoch > 0
    np.add.at(plays, (epoch[inside] - 1, arms[inside]), 1)
    np.add.at(counts, (epoch[used] - 1, arms[used]), 1)
    np.add.at(sums, (epoch[used] - 1, arms[used]), 1.0 - run.trace["rewards"][used])
    measured = ~np.isnan(run.trace["means"])
    closed = measured.any(axis=1) & (run.trace["radii"].max(axis=1) > 0)  # complete epochs
    misses = np.abs(np.where(measured, run.trace["means"], 0.0) - repeated(case))
    radius = np.sqrt(log_term(case) / (2.0 * 2.0 ** np.arange(1, rows + 1)))[:, None]
    event = not (measured & (misses > radius)).any()
    segments = 1 + int((np.diff(epoch * K + arms)[inside[1:] & inside[:-1]] != 0).sum()) if inside.any() else 0
    cost = np.zeros(K)
    np.add.at(cost, arms[used], excess(case)[arms[used]])
    return {
        "loss": loss, "above": above, "used": used, "epoch": epoch, "arms": arms, "counts": counts, "plays": plays,
        "sums": sums, "measured": measured, "closed": closed, "misses": misses, "radius": radius, "event": event,
        "segments": segments, "cost": cost, "recorded": np.bincount(arms[used], minlength=K),
    }  # fmt: skip


def fact(name: str) -> Any:
    """One entry of :func:`facts` as a side of a link."""
    return lambda run, case: facts(run, case)[name]


def _begun(run: Any) -> Any:
    """(S + 1,) whether an epoch began: all of them have an arm that is left."""
    return run.trace["alive"].max(axis=1) > 0


def _kept(run: Any, case: Case) -> Any:
    """The rule: arms that were alive and whose mean is within two radii of the least one."""
    f = facts(run, case)
    with np.errstate(invalid="ignore"):
        means = np.where(f["measured"], run.trace["means"], np.inf)
        return means <= means.min(axis=1, keepdims=True) + 2.0 * f["radius"]


def _survivors(run: Any, case: Case) -> Any:
    return np.vstack([run.trace["alive"][1:], np.zeros(case.model.n_arms)])


def _close(run: Any, case: Case) -> Any:
    """(S + 1, K) four radii of the epoch before; the first epoch promises nothing."""
    return np.vstack([np.full((1, 1), np.inf), 4.0 * facts(run, case)["radius"][:-1]])


def _in_event(run: Any, case: Case) -> bool:
    return bool(facts(run, case)["event"])


def _alone(run: Any, case: Case) -> Any:
    """Number of arms alive in the epoch of each round."""
    f = facts(run, case)
    return run.trace["alive"].sum(axis=1)[np.maximum(0, f["epoch"] - 1)]


def _unrecorded(run: Any, case: Case) -> float:
    """Cost of the plays that are not recorded, those of the last arm included."""
    f = facts(run, case)
    return float(f["above"][~f["used"]].sum())


def _arm_bound(run: Any, case: Case) -> Any:
    """(K,) what the recorded plays of each arm may cost."""
    return CONSTANT * np.sqrt(log_term(case) * facts(run, case)["recorded"]) + 2.0


def _link(name: str, source: str, left: Any, right: Any, statement: str, **more: Any) -> Link:
    more = {"hypotheses": (REO, DECLARED), "instances": TRACED, **more}
    return Link(name=name, left=left, right=right, source=source, statement=statement, **more)


LINKS = (
    _link("recorded losses are saturated", "(1)", lambda r, c: facts(r, c)["loss"][facts(r, c)["used"]],
          lambda r, c: repeated(c)[facts(r, c)["arms"][facts(r, c)["used"]]], r"E\,\text{loss}_t = \ell_{a_t} on recorded plays",
          two_sided=True, explains="M - 1 plays in a row fill the window: a record taken earlier speaks of another loss"),
    _link("plays of an arm come in one piece", "(1)", fact("segments"), lambda r, c: np.count_nonzero(facts(r, c)["plays"]),
          "one uninterrupted run of plays for each (epoch, arm)", two_sided=True),
    _link("records of an epoch", "(1)", fact("counts"), lambda r, c: 2.0 ** np.arange(1, len(r.trace["alive"]) + 1)[:, None],
          r"n_s = 2^s", given=fact("measured"), two_sided=True),
    _link("burn-in of an epoch", "(5)", lambda r, c: facts(r, c)["plays"] - facts(r, c)["counts"], lambda r, c: c.parameters["M"] - 1.0,
          r"M - 1 plays of each (epoch, arm) are discarded", given=fact("measured"), two_sided=True),
    _link("means of the records", "(1)", lambda r, c: facts(r, c)["sums"] / np.maximum(1.0, facts(r, c)["counts"]),
          lambda r, c: r.trace["means"], "the mean is that of this epoch's records and of nothing else", given=fact("measured"),
          two_sided=True),
    _link("radii", "(1)", lambda r, c: r.trace["radii"], lambda r, c: np.broadcast_to(facts(r, c)["radius"], r.trace["radii"].shape),
          r"C_s = \sqrt{\ln(2KS/\delta)/(2 n_s)}", given=lambda r, c: r.trace["radii"] > 0, two_sided=True),
    _link("recorded means are close", "(1) Hoeffding-Azuma", fact("misses"), fact("radius"), r"|m_x - \ell_x| \le C_s",
          given=fact("measured"), kind=HighProbability(DELTA), instances=SURE),
    _link("elimination rule", "(2)", _kept, _survivors, r"kept exactly when m_x \le \min m + 2 C_s",
          given=lambda r, c: facts(r, c)["closed"][:, None] & (r.trace["alive"] > 0), two_sided=True),
    _link("best arm survives", "(2)", lambda r, c: 1.0, lambda r, c: r.trace["alive"][:, best_arm(c)], "x* is never dropped, on the event",
          given=lambda r, c: _begun(r) & _in_event(r, c)),
    _link("arms that are left are close", "(3)", lambda r, c: np.broadcast_to(excess(c), r.trace["alive"].shape), _close,
          r"\ell_x - \ell^* \le 4 C_{s-1}, on the event", given=lambda r, c: (r.trace["alive"] > 0) & _in_event(r, c)),
    _link("records of an arm", "(4) Cauchy-Schwarz", fact("cost"), _arm_bound, r"\le c \sqrt{L N_x} + 2, on the event", given=_in_event),
    _link("records of all arms", "(4) Cauchy-Schwarz", lambda r, c: _arm_bound(r, c).sum(),
          lambda r, c: CONSTANT * math.sqrt(c.model.n_arms * c.horizon * log_term(c)) + 2.0 * c.model.n_arms,
          r"\sum_x c \sqrt{L N_x} \le c \sqrt{K T L}"),
    _link("two arms at least", "(5)", lambda r, c: 2.0, _alone, "epochs end when one arm is left", given=lambda r, c: facts(r, c)["epoch"] > 0),
    _link("number of epochs", "(5)", lambda r, c: _begun(r).sum(), lambda r, c: epochs(c), "at most S epochs begin"),
    _link("plays that are not recorded", "(5)", _unrecorded, lambda r, c: (c.parameters["M"] - 1.0) * c.model.n_arms * epochs(c),
          r"\le (M - 1) K S, on the event", given=_in_event),
    _link("regret splits", "accounting", lambda r, c: facts(r, c)["above"].sum(), lambda r, c: r.regret[-1],
          "the regret is the sum over plays of the mean loss above that of the best repeated arm", two_sided=True),
)  # fmt: skip


def _charged(run: Any, case: Case) -> float:
    f = facts(run, case)
    M = case.parameters["M"]
    return float((f["plays"] - f["counts"]).sum() + (M - 1) * (run.trace["alive"].sum(axis=1) == 1).any())


STAGES = (
    Stage("complete policy regret", lambda r, c: float(r.regret[-1]), "against T times the best repeated loss"),
    Stage("every discarded play costs 1", lambda r, c: float(facts(r, c)["cost"].sum()) + _charged(r, c),
          "those of the last arm too"),
    Stage("four radii for each recorded play", lambda r, c: _by_radii(r, c) + _charged(r, c),
          "the excess of an arm that is left by 4 C of the epoch before, 1 in the first"),
    Stage("Cauchy-Schwarz over epochs", lambda r, c: float(_arm_bound(r, c).sum()) + _charged(r, c), "c sqrt(L N_x) + 2"),
    Stage("Cauchy-Schwarz over arms", lambda r, c: CONSTANT * math.sqrt(c.model.n_arms * c.horizon * log_term(c)) + 2.0 * c.model.n_arms
          + _charged(r, c), "as if all arms were played equally often, all the time"),
    Stage("theorem", lambda r, c: bound(c), "as if all arms were discarded in all S epochs"),
)  # fmt: skip


def _by_radii(run: Any, case: Case) -> float:
    f = facts(run, case)
    price = np.vstack([np.ones((1, 1)), 4.0 * f["radius"][:-1]])
    return float((f["counts"] * price).sum())
