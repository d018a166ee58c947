"""KL-UCB's proof on traced runs: the index, what it spends, and the two cases of a suboptimal play."""

from __future__ import annotations

from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.kl_ucb_checks import divergence, exploration
from theorylab.rooms.proofs_checks.bandits.recounts import (
    all_played,
    before,
    deciding,
    largest_played_link,
    regret_by_arms,
)
from theorylab.rooms.proofs_checks.bandits.shared import bernoulli

from theorylab.verify.cases import Case
from theorylab.verify.statements import Link

__all__ = ["LINKS"]

TRACED = tuple(
    bernoulli(
        means,
        {"smoke": 1000, "quick": 2000, "power": 150},
        {"smoke": 10, "quick": 30, "power": 6},
        name=f"traced {name}",
        trace=True,
        form=form,
    )
    for name, means, form in (
        ("two arms", (0.9, 0.4), "practice"),
        ("best last", (0.3, 0.5, 0.9), "theory"),
        ("sure arm", (0.5, 1.0, 0.02), "explicit"),
    )
)


def left_and_unchanged(run: Any, case: Case) -> Any:
    """(T - 1, K) whether an arm was left alone between two rounds in which indices decide."""
    arms = run.trace["actions"]
    return deciding(run, case)[:-1] & (arms[:-1, None] != np.arange(case.model.n_arms)[None, :])


def spent(run: Any, case: Case) -> Any:
    """(T, K) N kl(m, index), elementwise."""
    pulls, means = before(run, case, unplayed=0.0)
    indices = np.clip(run.trace["indices"], 1e-300, 1.0 - 1e-16)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(means > 0.0, means * np.log(means / indices), 0.0)
        second = np.where(means < 1.0, (1.0 - means) * np.log((1.0 - means) / (1.0 - indices)), 0.0)
    return pulls * (first + second)


def budgets(run: Any, case: Case) -> Any:
    """(T, 1) f(t)."""
    form = case.parameters.get("form", "practice")
    return np.array([[exploration(max(t, 1), form)] for t in range(case.horizon)])


def unexplained(run: Any, case: Case) -> float:
    """Suboptimal plays that neither case of the proof explains, at e_1 = e_2 = gap / 3."""
    pulls, means = before(run, case, unplayed=0.0)
    gaps, best, at = case.model.gaps, case.model.best_mean, np.arange(case.horizon)
    arms, top, budget = run.trace["actions"], int(np.argmin(gaps)), budgets(run, case)
    bad = 0
    for t in at[(gaps[arms] > 0.0) & all_played(run, case)].tolist():
        i = int(arms[t])
        target = best - gaps[i] / 3.0
        low = run.trace["indices"][t, top] < target
        few = means[t, i] >= target or pulls[t, i] * divergence(float(means[t, i]), target) <= budget[t, 0] + 1e-9
        bad += not (low or few)
    return float(bad)


def link(name: str, left: Any, right: Any, statement: str, source: str = "derived", **more: Any) -> Link:
    """A lemma on the traced instances."""
    return Link(name=name, left=left, right=right, statement=statement, source=source, instances=TRACED, **more)


LINKS = (
    regret_by_arms(TRACED),
    link(
        "index at least the mean",
        lambda r, c: before(r, c, unplayed=0.0)[1],
        lambda r, c: r.trace["indices"],
        r"m_i \le u_i(t)",
        given=deciding,
    ),
    link(
        "an unplayed arm's index never falls",
        lambda r, c: r.trace["indices"][:-1],
        lambda r, c: r.trace["indices"][1:],
        r"u_i(t) \le u_i(t+1) unless i is played",
        given=left_and_unchanged,
    ),
    link(
        "the budget is spent",
        spent,
        budgets,
        r"N_i \mathrm{kl}(m_i, u_i(t)) = f(t)",
        "[garivier2011kl, Algorithm 1]",
        two_sided=True,
        tolerance=1e-6,
        given=lambda r, c: deciding(r, c) & (r.trace["indices"] < 1.0 - 1e-6),
    ),
    largest_played_link(
        TRACED,
        "indices",
        name="the largest index is played",
        statement=r"u_{A_t}(t) = \max_i u_i(t), though most rounds compute no index",
        source="[garivier2011kl, Algorithm 1]",
        given=all_played,
    ),
    link(
        "two cases",
        unexplained,
        lambda r, c: 0.0,
        r"a suboptimal play implies u^* < \mu^* - e_2 or N_i \mathrm{kl}(m_i, \mu^* - e_2) \le f(t)",
        "[lattimore2020bandit, Theorem 10.6]",
    ),
)
