r"""StepMix with the variance bonus, whose constants are recalled: no theorem, brackets looked at on runs.

[menard2021fast]: $\bar Q_h = \min(H-h+1, r + b + \hat p \bar V)$ and $\underline Q_h = \max(0, r - b + \hat p
\underline V)$, for each policy both together, with $b = 3\sqrt{Var_{\hat p}(\bar V) \beta^*/n} + 14 H^2 \beta/n + \hat
p(\bar V - \underline V)/H$.  Whether the brackets hold with probability at least $1-\delta$ is an empirical statement
here; the exact rule is checked against the reference.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.brackets import delta_of, played_law, recount
from theorylab.rooms.proofs_checks.episodic.shared import EVERYWHERE, NO_MUTANTS, on_problem

from theorylab.verify.cases import Case, Hypothesis
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link

__all__ = ["BERNSTEIN_LINKS", "BERNSTEIN_SMALL"]

DELTA = 0.05
VARIANCE_BONUS = Hypothesis("the variance bonus", lambda case: case.parameters.get("bonus") == "bernstein")
LOOKED_AT = tuple(
    on_problem(
        "tiny", episodes, runs, label=f"tiny, variance bonus, scale {scale}", bonus="bernstein", scale=scale,
        trace=True, presets=tuple(runs),
    )
    for scale, episodes, runs in (
        (0.03, {"smoke": 200, "quick": 300, "paper": 400}, {"smoke": 10, "quick": 264, "paper": 400}),
        (1.0, {"paper": 20_000}, {"paper": 400}),
    )
)  # fmt: skip
SHORT = tuple(
    on_problem(
        "tiny", {"smoke": 60, "quick": 100, "power": 30}, {"smoke": 2, "quick": 4, "power": 1},
        label=f"traced tiny, variance bonus, scale {scale}" + told * ", value known", told=bool(told),
        bonus="bernstein", scale=scale, trace=True,
    )
    for scale, told in ((0.005, 0), (0.02, 1))
)  # fmt: skip
BERNSTEIN_SMALL = tuple(
    on_problem(
        name, {"smoke": few or 20, "quick": episodes, "power": few or 1}, {"smoke": 1, "quick": 2, "power": 1},
        label=f"{name}, variance bonus, scale {scale}" + told * ", value known", bonus="bernstein", scale=scale,
        told=told, presets=EVERYWHERE if few else NO_MUTANTS,
    )
    for name, episodes, few, scale, told in (
        ("tiny", 80, 30, 0.002, False),
        ("tiny", 80, 0, 0.005, True),
        ("dirichlet-3-3-h3-seed5", 40, 12, 0.001, True),
    )
)  # fmt: skip


def outside(run: Any, case: Case) -> float:
    """How far the executed policies' exact values leave their brackets, at most over episodes, steps and states."""
    mdp, law = case.model, played_law(run, case)
    low, high = np.asarray(run.trace["lower_values"]), np.asarray(run.trace["upper_values"])
    value, worst = np.zeros((len(law), mdp.n_states)), -math.inf
    for h in range(mdp.horizon - 1, -1, -1):
        value = (law[:, h] * (mdp.R[h] + np.einsum("sat,kt->ksa", mdp.P[h], value))).sum(axis=-1)
        worst = max(worst, float((low[:, h] - value).max()), float((value - high[:, h]).max()))
    return worst


def brackets(run: Any, case: Case) -> tuple[Any, Any]:
    """(K, H, S) pessimistic and optimistic values of the executed policies, from recounted frequencies."""
    again, mdp = recount(run, case), case.model
    H, S, A = mdp.R.shape
    n, p = again.visits, again.p_hat
    union = math.log(3 * S * A * H / delta_of(case))
    growth = np.log(8.0 * math.e * (n + 1.0))
    scale, seen = float(case.parameters.get("scale", 1.0)), np.maximum(n, 1.0)
    low, high = np.zeros((len(n), H + 1, S)), np.zeros((len(n), H + 1, S))
    for h in range(H - 1, -1, -1):
        mean, below = (np.einsum("ksat,kt->ksa", p[:, h], v[:, h + 1]) for v in (high, low))
        spread = (high[:, None, None, h + 1] - mean[..., None]) ** 2
        variance = (p[:, h] * spread).sum(axis=-1)
        extra = 3.0 * np.sqrt(variance * (union + growth[:, h]) / seen[:, h])
        extra = scale * (extra + 14.0 * H**2 * (union + S * growth[:, h]) / seen[:, h]) + (mean - below) / H
        unseen = n[:, h] == 0
        above = np.where(unseen, H - h, np.minimum(H - h, mdp.R[h] + extra + mean))
        below = np.where(unseen, 0.0, np.maximum(0.0, mdp.R[h] - extra + below))
        high[:, h], low[:, h] = ((again.law[:, h] * q).sum(axis=-1) for q in (above, below))
    return low[:, :-1], high[:, :-1]


BERNSTEIN_LINKS = (
    Link(
        name="bracket (recalled constants)",
        left=outside,
        right=lambda run, case: 0.0,
        statement=r"\underline V^{\pi_k}_h \le V^{\pi_k}_h \le \bar V^{\pi_k}_h in all episodes at once",
        source="[menard2021fast], recalled",
        constants="recalled",
        kind=HighProbability(DELTA),
        instances=LOOKED_AT,
        hypotheses=(VARIANCE_BONUS,),
        explains="looked at, not proved; with a bonus of 3% of the recalled one, which says more within few episodes",
    ),
    Link(
        name="pessimistic values recomputed (variance bonus)",
        left=lambda run, case: run.trace["lower_values"],
        right=lambda run, case: brackets(run, case)[0],
        statement=r"\underline V^{\pi_k} equals its recursion with \bar V^{\pi_k}, on recounted frequencies",
        source="[menard2021fast], recalled",
        constants="recalled",
        two_sided=True,
        instances=SHORT,
        hypotheses=(VARIANCE_BONUS,),
    ),
    Link(
        name="optimistic values recomputed (variance bonus)",
        left=lambda run, case: run.trace["upper_values"],
        right=lambda run, case: brackets(run, case)[1],
        statement=r"\bar V^{\pi_k} equals its recursion with \underline V^{\pi_k}, on recounted frequencies",
        source="[menard2021fast], recalled",
        constants="recalled",
        two_sided=True,
        instances=SHORT,
        hypotheses=(VARIANCE_BONUS,),
    ),
)
