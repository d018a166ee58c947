"""The steps of Theorem P (iii): the coin's rule, safety, wide bad episodes, how often the coin falls for greedy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.bracket_links import THEOREM, executed_value, on_event
from theorylab.rooms.proofs_checks.episodic.brackets import E1, c0, c1, delta_of, recount, width_bound
from theorylab.rooms.proofs_checks.episodic.shared import baseline_gap, baseline_value, optimal_value

from theorylab.verify.cases import Case, Instance
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link

__all__ = ["bad_episodes", "epsmix_links", "lower_bound", "most_bad_episodes", "most_greedy_plays", "theorem_p_epsmix"]

DELTA = 0.05


def told(case: Case) -> bool:
    """Whether the learner knows the baseline's value."""
    return case.parameters.get("baseline_value") is not None


def kappa(case: Case) -> float:
    r""":math:`\kappa = u - \gamma`; u is what the learner was told, else the true value."""
    u = float(case.parameters["baseline_value"]) if told(case) else baseline_value(case)
    return u - float(case.parameters["threshold"])


def most_bad_episodes(case: Case) -> float:
    r""":math:`N = ((c_1 + \sqrt{c_1^2 + 4 \kappa c_0}) / (2\kappa))^2`."""
    k, a, b = kappa(case), c0(case), c1(case)
    return float(((b + math.sqrt(b * b + 4.0 * k * a)) / (2.0 * k)) ** 2)


def most_greedy_plays(case: Case) -> float:
    r""":math:`y^2 = (e-1) x + \log(1/\delta)` with x the root of :math:`(V^* - \gamma) x = c_0 + c_1 y`.

    The equation is quadratic in y.
    """
    far = (optimal_value(case) - float(case.parameters["threshold"])) / (math.e - 1.0)
    a = c0(case) + far * math.log(1.0 / delta_of(case))
    return float(((c1(case) + math.sqrt(c1(case) ** 2 + 4.0 * far * a)) / (2.0 * far)) ** 2)


def theorem_p_epsmix(case: Case) -> float:
    r"""The regret bound: with the value known the one of (iii), else that of StepMix."""
    widths = float(width_bound(case, case.horizon))
    if not told(case):
        return widths + baseline_gap(case) * min(case.horizon, most_bad_episodes(case))
    plays = min(case.horizon, most_bad_episodes(case), most_greedy_plays(case))
    return widths + baseline_gap(case) / kappa(case) * float(width_bound(case, plays))


def bad_episodes(run: Any, case: Case) -> float:
    """Episodes with epsilon < 1."""
    return float(run.mixture_episodes[-1] + run.baseline_episodes[-1])


def bad(run: Any, case: Case) -> Any:
    """(K,) whether epsilon < 1."""
    return np.asarray(run.trace["weights"]) < 1.0


def lower_bound(run: Any, case: Case, *, greedy: bool) -> Any:
    """(K,) the pessimistic value of the greedy policy, or of the baseline, from recounted frequencies."""
    return bracket(run, case, greedy=greedy, sign=-1.0)


def bracket(run: Any, case: Case, *, greedy: bool, sign: float) -> Any:
    """(K,) optimistic (sign 1) or pessimistic (sign -1) values, from recounted frequencies."""
    again, mdp = recount(run, case), case.model
    H, S, A = mdp.R.shape
    sure = (np.asarray(run.trace["greedy"])[..., None] == np.arange(A)).astype(float)
    law = sure if greedy else np.broadcast_to(np.asarray(case.parameters["baseline"]), sure.shape)
    scale = float(case.parameters.get("scale", 1.0))
    value = np.zeros((len(sure), S))
    for h in range(H - 1, -1, -1):
        q = mdp.R[h] + sign * 0.5 * scale * (H - 1 - h) * again.radius[:, h]
        q = q + np.einsum("ksat,kt->ksa", again.p_hat[:, h], value)
        value = (law[:, h] * (np.minimum(H - h, q) if sign > 0.0 else np.maximum(0.0, q))).sum(axis=-1)
    return value @ mdp.start


def known(run: Any, case: Case) -> Any:
    """(K,) u: what the learner was told, else the baseline's pessimistic value."""
    if told(case):
        return np.full(case.horizon, float(case.parameters["baseline_value"]))
    return lower_bound(run, case, greedy=False)


def epsilon(run: Any, case: Case) -> Any:
    """(K,) the coin's probability by the rule, from recounted frequencies."""
    line, u, bound = float(case.parameters["threshold"]), known(run, case), lower_bound(run, case, greedy=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        mixed = np.where(u > line, (u - line) / (u - bound), 0.0)
    return np.where(bound >= line, 1.0, mixed)


def mixture_width(run: Any, case: Case) -> Any:
    r"""(K,) :math:`\varepsilon W(\bar\pi)`, and :math:`(1-\varepsilon) W(\pi^b)` with it without the value."""
    eps = np.asarray(run.trace["weights"])
    total = eps * (bracket(run, case, greedy=True, sign=1.0) - lower_bound(run, case, greedy=True))
    if not told(case):
        wide = bracket(run, case, greedy=False, sign=1.0) - lower_bound(run, case, greedy=False)
        total = total + (1.0 - eps) * wide
    return total


def greedy_plays(run: Any, case: Case) -> Any:
    """(K,) whether the coin fell for the greedy policy in a bad episode."""
    return bad(run, case) & (np.asarray(run.trace["switches"]) == 0)


def mean_plays(run: Any, case: Case) -> Any:
    """(K,) running sums of epsilon over bad episodes."""
    return np.cumsum(np.where(bad(run, case), run.trace["weights"], 0.0))


def wide_episodes(run: Any, case: Case) -> Any:
    """(K,) the episodes whose number stands under the root: greedy plays, or all bad ones without the value."""
    return np.cumsum(greedy_plays(run, case) if told(case) else bad(run, case))


def epsmix_links(instances: tuple[Instance, ...], many: tuple[Instance, ...]) -> tuple[Link, ...]:
    """The links that are EpsMix's own, on traced instances."""

    def link(name: str, left: Any, right: Any, statement: str, **more: Any) -> Link:
        given = {"source": "Theorem P (iii)", "hypotheses": THEOREM, **more}
        where = many if "kind" in more else instances
        return Link(name=name, left=left, right=right, statement=statement, instances=where, **given)

    def line(run: Any, case: Case) -> Any:
        return np.full(case.horizon, float(case.parameters["threshold"]))

    def log_term(case: Case) -> float:
        return math.log(1.0 / delta_of(case))

    def certain_bad(run: Any, case: Case) -> Any:
        return bad(run, case) & on_event(run, case)

    return (
        link(
            "rule of epsilon",
            lambda run, case: run.trace["weights"],
            epsilon,
            r"\varepsilon = 1 if LCB \ge \gamma, else (u - \gamma)/(u - LCB), or 0 if u \le \gamma",
            two_sided=True,
        ),
        link(
            "the certificate is the threshold",
            lambda run, case: (
                np.asarray(run.trace["weights"]) * lower_bound(run, case, greedy=True)
                + (1.0 - np.asarray(run.trace["weights"])) * known(run, case)
            ),
            line,
            r"\varepsilon LCB + (1 - \varepsilon) u = \gamma where 0 < \varepsilon < 1",
            given=lambda run, case: np.asarray(run.trace["kinds"]) == 1,
            two_sided=True,
        ),
        link(
            "safe",
            line,
            executed_value,
            r"\gamma \le \varepsilon V^{\bar\pi} + (1-\varepsilon) V^b in every episode, on the event",
            given=on_event,
        ),
        link(
            "the baseline is paid for by width",
            lambda run, case: (1.0 - np.asarray(run.trace["weights"])) * kappa(case),
            mixture_width,
            r"(1 - \varepsilon) \kappa \le \varepsilon W, on the event",
            given=certain_bad,
        ),
        link(
            "bad episodes are wide",
            lambda run, case: kappa(case) + np.asarray(run.trace["weights"]) * baseline_gap(case),
            mixture_width,
            r"\kappa + \varepsilon \Delta_0 \le \varepsilon W, on the event",
            given=certain_bad,
        ),
        link(
            "regret of an episode",
            lambda run, case: optimal_value(case) - executed_value(run, case),
            lambda run, case: mixture_width(run, case) + (1.0 - np.asarray(run.trace["weights"])) * baseline_gap(case),
            r"V^* - V^{\pi_k} \le \varepsilon W + (1-\varepsilon) \Delta_0, on the event",
            given=on_event,
        ),
        link(
            "widths of bad episodes",
            lambda run, case: np.cumsum(np.where(bad(run, case), mixture_width(run, case), 0.0)),
            lambda run, case: width_bound(case, wide_episodes(run, case)),
            r"\sum_{bad} \varepsilon_k W_k \le c_0 + c_1 \sqrt{M_b}, for all k at once",
            kind=HighProbability(2.0 * DELTA),
        ),
        link(
            "greedy plays are not too many",
            lambda run, case: np.cumsum(greedy_plays(run, case)),
            lambda run, case: (math.e - 1.0) * mean_plays(run, case) + log_term(case),
            r"M_b \le (e - 1) \sum_{bad} \varepsilon_k + \log(1/\delta), for all k at once",
            kind=HighProbability(DELTA),
        ),
        link(
            "greedy plays are not too few",
            mean_plays,
            lambda run, case: E1 * (np.cumsum(greedy_plays(run, case)) + log_term(case)),
            r"\sum_{bad} \varepsilon_k \le e_1 (M_b + \log(1/\delta)), for all k at once",
            kind=HighProbability(DELTA),
        ),
        link(
            "the coin decides the whole episode",
            lambda run, case: (np.asarray(run.trace["greedy"])[visited(run, case)] != run.trace["actions"]) * 1.0,
            lambda run, case: 0.0,
            r"where the coin falls for \bar\pi, every action of the episode is \bar\pi's",
            given=lambda run, case: (np.asarray(run.trace["switches"]) == 0)[:, None],
        ),
    )


def visited(run: Any, case: Case) -> Any:
    """Indices (K, H) of the states of each episode into arrays (K, H, S)."""
    states = np.asarray(run.trace["states"])[:, :-1]
    return np.arange(len(states))[:, None], np.arange(states.shape[1])[None, :], states
