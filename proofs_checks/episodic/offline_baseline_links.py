"""The offline proof link by link: the data of a run counted again, its lower values, coverage and loss."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.brackets import beta, delta_of, recount
from theorylab.rooms.proofs_checks.episodic.shared import optimal_value

from theorylab.mdp.episodic.offline_baseline import offline_loss_bound
from theorylab.mdp.episodic.planning import backward_induction, occupancy_measure
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link

__all__ = ["UNSCALED", "expected_loss", "learner_links", "loss_bound", "offline_links", "optimal_policy"]

DELTA = 0.05
UNSCALED = Hypothesis("bonuses are not scaled", lambda case: case.parameters.get("scale", 1.0) == 1.0)


@dataclass(frozen=True, eq=False)
class Recounted:
    """At the C checkpoints of a run; steps from 0."""

    visits: Any  # (C, H, S, A)
    p_hat: Any  # (C, H, S, A, S)
    radius: Any  # (C, H, S, A) w(n)
    lower: Any  # (C, H + 1, S) largest pessimistic values
    policy_lower: Any  # (C, H + 1, S) of the policy that the run learned
    policy_true: Any  # (C, H + 1, S)
    optimal_lower: Any  # (C, H + 1, S) of the optimal policy


_LAST: list[Any] = [None, None]


def again(run: Any, case: Case) -> Recounted:
    """The recount; the last one is remembered."""
    if _LAST[0] is not run:
        _LAST[:] = [run, _again(run, case)]
    return _LAST[1]  # type: ignore[no-any-return]


def frequencies(states: Any, actions: Any, case: Case) -> tuple[Any, Any]:
    """Visits (H, S, A) and empirical transitions of episodes, counted one at a time for each step."""
    H, S, A = case.model.R.shape
    counts = np.zeros((H, S, A, S))
    for h in range(H):
        np.add.at(counts[h], (states[:, h], actions[:, h], states[:, h + 1]), 1.0)
    visits = counts.sum(axis=-1)
    return visits, np.where(visits[..., None] > 0, counts / np.maximum(visits, 1.0)[..., None], 1.0 / S)


def radii(visits: Any, case: Case) -> Any:
    """w(n)."""
    found = np.minimum(2.0, np.sqrt(2.0 * beta(case, visits) / np.maximum(visits, 1.0)))
    return np.where(visits > 0, found, 2.0)


def pessimistic(visits: Any, p_hat: Any, case: Case) -> tuple[Any, Any]:
    """Largest pessimistic values (H + 1, S), and a function that evaluates a policy (H, S) pessimistically."""
    H, S, _ = case.model.R.shape
    b = 0.5 * float(case.parameters.get("scale", 1.0)) * radii(visits, case) * np.arange(H - 1, -1, -1.0)[:, None, None]

    def q(h: int, value: Any) -> Any:
        return np.maximum(0.0, case.model.R[h] - b[h] + np.einsum("sat,t->sa", p_hat[h], value))

    def evaluate(policy: Any) -> Any:
        value = np.zeros((H + 1, S))
        for h in range(H - 1, -1, -1):
            value[h] = q(h, value[h + 1])[np.arange(S), policy[h]]
        return value

    best = np.zeros((H + 1, S))
    for h in range(H - 1, -1, -1):
        best[h] = q(h, best[h + 1]).max(axis=1)
    return best, evaluate


def optimal_policy(case: Case) -> Any:
    """(H, S), the comparator of the theorem."""
    return case.fact("optimal policy", lambda model: backward_induction(model).policy)


def _again(run: Any, case: Case) -> Recounted:
    mdp = case.model
    states, actions = np.asarray(run.trace["states"]), np.asarray(run.trace["actions"])
    policies = np.asarray(run.trace["policies"])
    rows: list[tuple[Any, ...]] = []
    for c, policy in zip(run.times.tolist(), policies, strict=True):
        visits, p_hat = frequencies(states[:c], actions[:c], case)
        best, evaluate = pessimistic(visits, p_hat, case)
        true = np.zeros_like(best)
        for h in range(mdp.horizon - 1, -1, -1):
            rows_of = np.arange(mdp.n_states), policy[h]
            true[h] = mdp.R[h][rows_of] + mdp.P[h][rows_of] @ true[h + 1]
        rows.append((visits, p_hat, radii(visits, case), best, evaluate(policy), true, evaluate(optimal_policy(case))))
    return Recounted(*(np.array(column) for column in zip(*rows, strict=True)))


def on_event(run: Any, case: Case) -> bool:
    """All rows within their radii at all checkpoints."""
    return bool(deviation(run, case) <= 1e-12)


def deviation(run: Any, case: Case) -> float:
    """The largest excess of |p_hat - p|_1 over w."""
    found = again(run, case)
    return float((np.abs(found.p_hat - case.model.P).sum(axis=-1) - found.radius).max())


def occupancies(case: Case) -> tuple[Any, Any]:
    """(H, S, A) of the optimal policy and of the behaviour."""
    mine = case.fact("optimal occupancy", lambda m: occupancy_measure(m, optimal_policy(case)).occupancy)
    return mine, occupancy_measure(case.model, case.parameters["behaviour"]).occupancy


def thin_counts(run: Any, case: Case) -> Any:
    """(H, S, A) n d / 2 less the visits where n d >= 8 L, after all episodes; -1 elsewhere."""
    _, theirs = occupancies(case)
    expected = case.horizon * theirs
    enough = expected >= 8.0 * math.log(theirs.size / delta_of(case))
    return np.where(enough, 0.5 * expected - again(run, case).visits[-1], -1.0)


def expected_loss(run: Any, case: Case) -> Any:
    r"""(C,) :math:`E_{\pi^*} \sum_h (H-h) w(n_h)`."""
    mine, _ = occupancies(case)
    left = np.arange(case.model.horizon - 1, -1, -1.0)[:, None, None]
    return (mine * left * again(run, case).radius).sum(axis=(1, 2, 3))


def loss_bound(case: Case) -> float:
    """What the loss is at most after all episodes."""
    given = case.parameters["behaviour"], optimal_policy(case), case.horizon
    return offline_loss_bound(case.model, *given, delta=delta_of(case))


def offline_links(instances: tuple[Instance, ...], many: tuple[Instance, ...]) -> tuple[Link, ...]:
    """The links of the offline theorem, on traced runs of ``learn_baseline``; ``many``: enough runs for an event."""

    def link(name: str, left: Any, right: Any, statement: str, **more: Any) -> Link:
        given = {"source": "derived here", "hypotheses": (UNSCALED,), "algorithm": "learn_baseline", **more}
        given.setdefault("instances", instances)
        return Link(name=name, left=left, right=right, statement=statement, **given)

    return (
        link(
            "confidence event of the data",
            deviation,
            lambda run, case: 0.0,
            r"|\hat p - p|_1 \le w(n) at all checkpoints and all (h, s, a)",
            kind=HighProbability(DELTA),
            instances=many,
        ),
        link(
            "visits recounted",
            lambda run, case: run.trace["visits"],
            lambda run, case: again(run, case).visits,
            "coverage equals the counts of the states and actions",
            two_sided=True,
        ),
        link(
            "bracket recomputed",
            lambda run, case: run.trace["lower"],
            lambda run, case: again(run, case).lower,
            r"\underline V_h = \max_a \max(0, r - b + \hat p \underline V_{h+1}) on recounted frequencies",
            two_sided=True,
        ),
        link(
            "the policy attains its bound",
            lambda run, case: run.trace["lower"],
            lambda run, case: again(run, case).policy_lower,
            r"\underline V = \underline V^{\hat\pi}",
            two_sided=True,
        ),
        link(
            "pessimism at every step",
            lambda run, case: run.trace["lower"],
            lambda run, case: again(run, case).policy_true,
            r"\underline V_h \le V^{\hat\pi}_h, on the event",
            given=on_event,
        ),
        link(
            "no policy has a larger bound",
            lambda run, case: again(run, case).optimal_lower,
            lambda run, case: run.trace["lower"],
            r"\underline V^{\pi^*}_h \le \underline V_h",
        ),
        link(
            "loss of the optimal policy",
            lambda run, case: optimal_value(case) - again(run, case).optimal_lower[:, 0] @ case.model.start,
            expected_loss,
            r"V^* - \underline V^{\pi^*} \le E_{\pi^*} \sum_h (H-h) w(n_h), on the event",
            given=on_event,
        ),
        link(
            "coverage",
            lambda run, case: float(thin_counts(run, case).max()),
            lambda run, case: 0.0,
            r"n_h(s,a) \ge n d^\mu_h(s,a)/2 wherever n d^\mu_h(s,a) \ge 8 \log(SAH/\delta)",
            kind=HighProbability(DELTA),
            instances=many,
            source="Chernoff's inequality",
        ),
        link(
            "loss under coverage",
            lambda run, case: expected_loss(run, case)[-1],
            lambda run, case: loss_bound(case),
            r"E_{\pi^*} \sum_h (H-h) w \le H(H-1)(\sqrt{\beta(n) C N/n} + 8 L C N/n)",
            given=lambda run, case: bool((thin_counts(run, case) <= 0.0).all()),
        ),
    )


def halved(case: Case) -> Case:
    """The case with half of its delta: what the data gets, and the learner."""
    return dataclasses.replace(case, parameters={**case.parameters, "delta": 0.5 * delta_of(case)})


def certified(run: Any, case: Case) -> float:
    """The lower value of the data that the run kept, from recounted frequencies and half of delta."""
    offline, half = run.extra["offline"], halved(case)
    best, _ = pessimistic(*frequencies(np.asarray(offline["states"]), np.asarray(offline["actions"]), half), half)
    return float(case.model.start @ best[0])


def online_lower(run: Any, case: Case) -> Any:
    """(K, H, S) pessimistic values of the played policies from the online episodes alone, half of delta."""
    half = halved(case)
    sure = (np.asarray(run.extra["offline"]["policy"])[..., None] == np.arange(case.model.n_actions)).astype(float)
    half = dataclasses.replace(half, parameters={**half.parameters, "baseline": sure})
    plain = dataclasses.replace(run, algorithm=run.algorithm.removesuffix("_offline"))
    return recount(plain, half).lower_values[:, :-1]


def learner_links(instances: tuple[Instance, ...]) -> tuple[Link, ...]:
    """The links between the data and the safe learner, on traced runs."""

    def link(algorithm: str, name: str, left: Any, right: Any, statement: str, **more: Any) -> Link:
        return Link(
            name=f"{algorithm}: {name}", left=left, right=right, statement=statement, source="derived here",
            instances=instances, algorithm=algorithm, hypotheses=(UNSCALED,), **more,
        )  # fmt: skip

    found = []
    for algorithm in ("stepmix_offline", "epsmix_offline"):
        found += [
            link(
                algorithm, "the certificate is the data's", lambda run, case: run.extra["offline"]["lower_value"],
                certified, r"\underline V of the data at \delta/2, each episode counted once", two_sided=True,
            ),
            link(
                algorithm, "the learner counts from zero", lambda run, case: run.trace["lower_values"], online_lower,
                r"brackets of the online episodes alone, at \delta/2", two_sided=True,
            ),
        ]  # fmt: skip
    return tuple(found)
