"""The links of OptPess-LP: each plan of a run against recounted frequencies and an oracle without a linear program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.offline_baseline_links import frequencies, radii

from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.statements import Link

__all__ = ["UNSCALED", "dual_optimum", "optpess_links", "signal_of"]

ROOM = 1e-8  # what the program asks of its constraint beyond the threshold
UNSCALED = Hypothesis("bonuses are not scaled", lambda case: case.parameters.get("scale", 1.0) == 1.0)
DERIVED = Hypothesis("the derived weight", lambda case: case.parameters.get("optimism") is None)


def signal_of(case: Case) -> Any:
    """(H, S, A) of the constraint."""
    given = case.parameters.get("constraint_rewards")
    return case.model.R if given is None else np.asarray(given)


def best_policy(P: Any, rewards: Any) -> Any:
    """(H, S) by backward induction."""
    H, S, _ = rewards.shape
    value, policy = np.zeros(S), np.zeros((H, S), np.int64)
    for h in range(H - 1, -1, -1):
        q = rewards[h] + P[h] @ value
        policy[h] = q.argmax(axis=1)
        value = q.max(axis=1)
    return policy


def law_value(P: Any, rewards: Any, law: Any, start: Any, floor: float = -np.inf) -> float:
    """The value of a policy, (H, S) or (H, S, A); action values are cut below ``floor``."""
    given = np.asarray(law)
    if given.ndim == 2:
        given = (given[..., None] == np.arange(rewards.shape[2])).astype(float)
    value = np.zeros(P.shape[1])
    for h in range(len(P) - 1, -1, -1):
        value = np.einsum("sa,sa->s", given[h], np.maximum(floor, rewards[h] + np.einsum("sat,t->sa", P[h], value)))
    return float(start @ value)


def dual_optimum(P: Any, objective: Any, constraint: Any, level: float, start: Any) -> float:
    """The program's value by Lagrangian duality: backward inductions only, exact after finitely many; NaN: infeasible.

    Every policy is a line in the multiplier; the smallest value of the upper envelope lies where a line that falls and
    one that rises cross.
    """

    def line(multiplier: float) -> tuple[float, float]:
        policy = best_policy(P, objective + multiplier * constraint)
        return law_value(P, objective, policy, start), law_value(P, constraint, policy, start) - level

    falling = line(0.0)
    if falling[1] >= 0.0:
        return falling[0]
    policy = best_policy(P, constraint)
    rising = law_value(P, objective, policy, start), law_value(P, constraint, policy, start) - level
    if rising[1] < 0.0:
        return float("nan")
    while True:
        multiplier = (falling[0] - rising[0]) / (rising[1] - falling[1])
        crossing = falling[0] + multiplier * falling[1]
        found = line(multiplier)
        if found[0] + multiplier * found[1] <= crossing + 1e-11 * (1.0 + abs(crossing)):
            return crossing
        if found[1] < 0.0:
            falling = found
        else:
            rising = found


@dataclass(frozen=True, eq=False)
class Recounted:
    """For each plan of a run, in the order of the plans."""

    first: Any  # (plans,) its first episode
    certificates: Any  # pessimistic constraint value
    objectives: Any  # of the policy
    constraints: Any  # of the policy, without clip
    optima: Any  # the dual oracle's; NaN: infeasible
    reachable: Any  # the largest value of the constraint without clip
    baseline: Any  # the baseline's value of the constraint without clip
    event: Any  # whether all rows are within their radii


_LAST: list[Any] = [None, None]


def again(run: Any, case: Case) -> Recounted:
    """The recount; the last one is remembered."""
    if _LAST[0] is not run:
        _LAST[:] = [run, _again(run, case)]
    return _LAST[1]  # type: ignore[no-any-return]


def _again(run: Any, case: Case) -> Recounted:
    mdp, scale = case.model, float(case.parameters.get("scale", 1.0))
    states, actions = np.asarray(run.trace["states"]), np.asarray(run.trace["actions"])
    signal, line = signal_of(case), float(case.parameters["threshold"])
    alpha = float(case.parameters.get("optimism") or weight(case))
    left = np.arange(mdp.horizon - 1, -1, -1.0)[:, None, None]
    first = np.flatnonzero(np.diff(np.asarray(run.trace["plans"]), prepend=-1))
    rows = []
    for k, law in zip(first.tolist(), np.asarray(run.trace["policies"]), strict=True):
        visits, p_hat = frequencies(states[:k], actions[:k], case)
        radius = radii(visits, case)
        b = 0.5 * scale * left * radius
        rows.append((
            law_value(p_hat, signal - b, law, mdp.start, 0.0),
            law_value(p_hat, mdp.R + alpha * b, law, mdp.start),
            law_value(p_hat, signal - b, law, mdp.start),
            dual_optimum(p_hat, mdp.R + alpha * b, signal - b, line + ROOM, mdp.start),
            law_value(p_hat, signal - b, best_policy(p_hat, signal - b), mdp.start),
            law_value(p_hat, signal - b, case.parameters["baseline"], mdp.start),
            bool((np.abs(p_hat - mdp.P).sum(axis=-1) <= radius + 1e-12).all()),
        ))  # fmt: skip
    return Recounted(first, *(np.array(column) for column in zip(*rows, strict=True)))


def weight(case: Case) -> float:
    r""":math:`\alpha = 1 + 4H/\kappa`."""
    said = case.parameters.get("baseline_value")
    if said is None:
        said = law_value(case.model.P, signal_of(case), case.parameters["baseline"], case.model.start)
    return 1.0 + 4.0 * case.model.horizon / (float(said) - float(case.parameters["threshold"]))


def solved(run: Any, case: Case) -> Any:
    """(plans,) whether the plan is the program's."""
    return np.asarray(run.trace["kinds"])[again(run, case).first] == 0


def certified(run: Any, case: Case) -> Any:
    """(plans,) whether the event holds and the baseline is certified with half of the margin."""
    found, line = again(run, case), float(case.parameters["threshold"])
    said = law_value(case.model.P, signal_of(case), case.parameters["baseline"], case.model.start)
    return solved(run, case) & found.event & (found.baseline >= line + 0.5 * (said - line))


def best_value(case: Case) -> float:
    """V* of the constrained problem, by duality."""
    line = float(case.parameters["threshold"])
    key = f"constrained optimum {line} {signal_of(case).tobytes()[:64]!r}"
    return case.fact(key, lambda m: dual_optimum(m.P, m.R, signal_of(case), line, m.start))


def due(run: Any, case: Case) -> Any:
    """(K,) the plan of each episode when a plan ends as soon as a count has doubled."""
    states, actions = np.asarray(run.trace["states"]), np.asarray(run.trace["actions"])
    H = actions.shape[1]
    visits = np.zeros(case.model.R.shape, np.int64)
    planned, plan, plans = visits.copy(), 0, []
    for path, played in zip(states, actions, strict=True):
        plans.append(plan)
        np.add.at(visits, (np.arange(H), path[:-1], played), 1)
        if case.parameters.get("resolve") == "always" or ((visits > planned) & (visits >= 2 * planned)).any():
            planned, plan = visits.copy(), plan + 1
    return np.array(plans, dtype=float)


def values_of_laws(run: Any, case: Case, rewards: Any) -> Any:
    """(K,) exact values of the executed policies."""
    each = [law_value(case.model.P, rewards, law, case.model.start) for law in np.asarray(run.trace["policies"])]
    return np.array(each)[np.asarray(run.trace["plans"])]


def optpess_links(instances: tuple[Instance, ...], wide: tuple[Instance, ...]) -> tuple[Link, ...]:
    """The links, on traced instances; ``wide``: margins so wide that the baseline is soon certified."""

    def link(name: str, left: Any, right: Any, statement: str, **more: Any) -> Link:
        given = {"source": "derived here", "algorithm": "optpess_lp", "instances": instances, **more}
        return Link(name=name, left=left, right=right, statement=statement, **given)

    def plan_column(name: str) -> Any:
        return lambda run, case: np.asarray(run.trace[name])[again(run, case).first]

    def line(run: Any, case: Case) -> float:
        return float(case.parameters["threshold"])

    return (
        link(
            "certificate recomputed", plan_column("certificates"), lambda run, case: again(run, case).certificates,
            r"\underline V_g^\pi of each plan on recounted frequencies", two_sided=True,
        ),
        link(
            "objective recomputed", lambda run, case: run.trace["objectives"],
            lambda run, case: again(run, case).objectives, r"\langle q^\pi, r + \alpha b \rangle of each plan",
            given=solved, two_sided=True,
        ),
        link(
            "constraint recomputed", lambda run, case: run.trace["constraints"],
            lambda run, case: again(run, case).constraints, r"\langle q^\pi, g - b \rangle of each plan",
            given=solved, two_sided=True,
        ),
        link(
            "optimum of the program", lambda run, case: run.trace["objectives"],
            lambda run, case: again(run, case).optima,
            "the program's value is the smallest of its Lagrangian dual, from backward inductions only",
            given=solved, two_sided=True, tolerance=1e-7, source="Lagrangian duality",
        ),
        link(
            "the program's constraint", line, lambda run, case: again(run, case).constraints,
            r"\langle q^\pi, g - b \rangle \ge \gamma", given=solved,
        ),
        link(
            "admission", line, plan_column("certificates"), r"\underline V_g^\pi \ge \gamma for the program's policies",
            given=solved, source="Theorem P",
        ),
        link(
            "the baseline only when nothing is feasible", lambda run, case: again(run, case).reachable,
            lambda run, case: float(case.parameters["threshold"]) + ROOM, r"\max_q \langle q, g - b \rangle < \gamma",
            given=lambda run, case: ~solved(run, case),
        ),
        link(
            "pessimism", plan_column("certificates"), plan_column("constraint_values"),
            r"\underline V_g^\pi \le V_g^\pi, on the event", given=lambda run, case: again(run, case).event,
            source="Theorem P", hypotheses=(UNSCALED,),
        ),
        link(
            "optimism", lambda run, case: best_value(case), lambda run, case: run.trace["objectives"],
            r"V^* \le the program's value when the baseline is certified with \kappa/2, on the event", given=certified,
            hypotheses=(UNSCALED, DERIVED), instances=wide,
            tolerance=1e-6,
        ),
        link(
            "plans end when a count doubles", lambda run, case: np.asarray(run.trace["plans"], dtype=float), due,
            "a new program exactly when some count has doubled", two_sided=True,
        ),
        link(
            "exact values", lambda run, case: run.trace["values"],
            lambda run, case: values_of_laws(run, case, case.model.R), "the value that is booked", two_sided=True,
        ),
        link(
            "exact values of the constraint", lambda run, case: run.trace["constraint_values"],
            lambda run, case: values_of_laws(run, case, signal_of(case)), "the margin that is booked", two_sided=True,
        ),
        link(
            "regret is booked", lambda run, case: run.regret,
            lambda run, case: np.cumsum(best_value(case) - np.asarray(run.trace["values"]))[np.asarray(run.times) - 1],
            r"R_k = \sum_{l \le k} (V^* - V^{\pi_l}), V^* of the constrained problem", two_sided=True, tolerance=1e-6,
        ),
        link(
            "margins are booked", lambda run, case: run.worst_margin,
            lambda run, case: np.minimum.accumulate(
                np.asarray(run.trace["constraint_values"]) - float(case.parameters["threshold"])
            )[np.asarray(run.times) - 1],
            r"\min_{l \le k} V_g^{\pi_l} - \gamma", two_sided=True,
        ),
    )  # fmt: skip
