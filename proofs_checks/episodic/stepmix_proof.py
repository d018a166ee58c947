"""The steps of Theorem P that are StepMix's own: safety by linearity, wide bad episodes, their number, the regret."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.bracket_links import THEOREM, executed_value, on_event
from theorylab.rooms.proofs_checks.episodic.brackets import c0, c1, recount, start_value, width_bound
from theorylab.rooms.proofs_checks.episodic.shared import baseline_gap, margin, optimal_value

from theorylab.verify.cases import Case, Instance
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link

__all__ = ["bad_episodes", "bad_regret", "most_bad_episodes", "stepmix_links", "theorem_p_stepmix"]

DELTA = 0.05


def most_bad_episodes(case: Case) -> float:
    r""":math:`((c_1 + \sqrt{c_1^2 + 4 \kappa c_0}) / (2\kappa))^2`."""
    kappa, a, b = margin(case), c0(case), c1(case)
    return float(((b + math.sqrt(b * b + 4.0 * kappa * a)) / (2.0 * kappa)) ** 2)


def theorem_p_stepmix(case: Case) -> float:
    r""":math:`c_0 + c_1 \sqrt K + \Delta_0 N`."""
    return float(width_bound(case, case.horizon)) + baseline_gap(case) * most_bad_episodes(case)


def bad_episodes(run: Any, case: Case) -> float:
    """Episodes that were not greedy."""
    return float(run.mixture_episodes[-1] + run.baseline_episodes[-1])


def bad(run: Any, case: Case) -> Any:
    """(K,) whether the episode was not greedy."""
    return np.asarray(run.trace["kinds"]) != 0


def mixed(run: Any, case: Case) -> Any:
    """(K,) whether the episode was a mixture."""
    return np.asarray(run.trace["kinds"]) == 1


def pure_value(run: Any, case: Case, shift: int) -> Any:
    """(K,) exact values of the policy that follows the baseline for ``switches - shift`` steps, then is greedy."""
    mdp = case.model
    H, _, A = mdp.R.shape
    sure = (np.asarray(run.trace["greedy"])[..., None] == np.arange(A)).astype(float)
    follows = np.arange(H)[None, :] < np.asarray(run.trace["switches"])[:, None] - shift
    law = np.where(follows[..., None, None], np.asarray(case.parameters["baseline"])[None], sure)
    value = np.zeros((len(law), mdp.n_states))
    for h in range(H - 1, -1, -1):
        value = (law[:, h] * (mdp.R[h] + np.einsum("sat,kt->ksa", mdp.P[h], value))).sum(axis=-1)
    return value @ mdp.start


def along_the_mixture(run: Any, case: Case) -> Any:
    r"""(K,) :math:`(1-\rho) V^{h_0} + \rho V^{h_0-1}` from exact values of the two policies."""
    rho = np.asarray(run.trace["weights"])
    return (1.0 - rho) * pure_value(run, case, 0) + rho * pure_value(run, case, 1)


def bad_regret(run: Any, case: Case) -> Any:
    """(K,) regret of each episode."""
    return optimal_value(case) - executed_value(run, case)


def widths(run: Any, case: Case) -> Any:
    """(K,) widths of the brackets that the run itself kept."""
    return start_value(np.asarray(run.trace["upper_values"]) - np.asarray(run.trace["lower_values"]), case)


def stepmix_links(instances: tuple[Instance, ...], *, many: tuple[Instance, ...] = ()) -> tuple[Link, ...]:
    """The links that are StepMix's own, on traced instances; statements about a probability on ``many``."""

    def link(name: str, left: Any, right: Any, statement: str, **more: Any) -> Link:
        given = {"source": "Theorem P (ii)", "hypotheses": THEOREM, **more}
        where = (many or instances[:1]) if "kind" in more else instances
        return Link(name=name, left=left, right=right, statement=statement, instances=where, **given)

    return (
        link(
            "linear in rho",
            lambda run, case: run.trace["values"],
            along_the_mixture,
            r"V^{mix} = (1-\rho) V^{h_0} + \rho V^{h_0 - 1}",
            given=mixed,
            two_sided=True,
        ),
        link(
            "admission",
            lambda run, case: np.full(case.horizon, float(case.parameters["threshold"])),
            lambda run, case: run.trace["certificates"],
            r"LCB \ge \gamma where the episode is greedy or mixed; a mixture's is \gamma",
            given=lambda run, case: np.asarray(run.trace["kinds"]) != 2,
        ),
        link(
            "greedy only above the threshold",
            lambda run, case: (np.asarray(run.trace["greedy_bounds"]) >= float(case.parameters["threshold"])) * 1.0,
            lambda run, case: (np.asarray(run.trace["kinds"]) == 0) * 1.0,
            r"\bar\pi is played exactly when LCB(\bar\pi) \ge \gamma",
            two_sided=True,
        ),
        link(
            "certificate below the value",
            lambda run, case: run.trace["certificates"],
            lambda run, case: run.trace["values"],
            r"LCB of the executed policy \le V^{\pi_k}, on the event",
            given=on_event,
        ),
        link(
            "the first step that qualifies",
            lambda run, case: recounted_switch(run, case),
            lambda run, case: np.asarray(run.trace["switches"], dtype=float),
            r"h_0 is the first with LCB(h_0) \ge \gamma",
            two_sided=True,
            source="[li2023near], order of the mixture: Theorem P (ii)",
        ),
        link(
            "bad episodes are wide",
            lambda run, case: np.full(case.horizon, margin(case)),
            widths,
            r"W(\pi_k) \ge \kappa where the episode is not greedy, on the event",
            given=lambda run, case: bad(run, case) & on_event(run, case),
        ),
        link(
            "pessimistic value of a mixture",
            lambda run, case: start_value(np.asarray(run.trace["lower_values"]), case),
            lambda run, case: np.full(case.horizon, float(case.parameters["threshold"])),
            r"\underline V^{mix}_1 \le \gamma: convex in \rho",
            given=bad,
        ),
        link(
            "regret of a bad episode",
            bad_regret,
            lambda run, case: baseline_gap(case) + widths(run, case),
            r"V^* - V^{mix} \le \Delta_0 + W, on the event",
            given=lambda run, case: bad(run, case) & on_event(run, case),
        ),
        link(
            "regret of a greedy episode",
            bad_regret,
            widths,
            r"V^* - V^{\bar\pi} \le W, on the event",
            given=lambda run, case: ~bad(run, case) & on_event(run, case),
        ),
        link(
            "widths of bad episodes",
            lambda run, case: np.cumsum(np.where(bad(run, case), widths(run, case), 0.0)),
            lambda run, case: width_bound(case, np.cumsum(bad(run, case))),
            r"\sum_{bad} W \le c_0 + c_1 \sqrt N for all k at once; with wide bad episodes it bounds N",
            kind=HighProbability(2.0 * DELTA),
        ),
    )


def recounted_switch(run: Any, case: Case) -> Any:
    """(K,) the number of steps that the baseline plays (the mixed one included), from recounted brackets."""
    again, mdp = recount(run, case), case.model
    H, _, A = mdp.R.shape
    line, told = float(case.parameters["threshold"]), case.parameters.get("baseline_value")
    base = np.asarray(case.parameters["baseline"])
    sure = (np.asarray(run.trace["greedy"])[..., None] == np.arange(A)).astype(float)
    left = np.arange(H - 1, -1, -1.0)
    K = len(sure)
    found = np.full(K, -1.0)
    for switch in range(H + 1):
        value = np.zeros((K, mdp.n_states))
        for h in range(H - 1, -1, -1):
            law = np.broadcast_to(base[h], sure[:, h].shape) if h < switch else sure[:, h]
            q = mdp.R[h] - 0.5 * left[h] * again.radius[:, h] + np.einsum("ksat,kt->ksa", again.p_hat[:, h], value)
            value = (law * np.maximum(0.0, q)).sum(axis=-1)
        bound = value @ mdp.start
        if switch == H and told is not None:
            bound = np.full(K, float(told))
        found = np.where((found < 0) & (bound >= line - 1e-12), float(switch), found)
    return np.where(found < 0, float(H), found)
