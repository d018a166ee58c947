"""The proof of Theorem 2 of [jaksch2010near]: its links and the stages of its profile (steps listed in ucrl2.py)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.average_reward import optimism as opt
from theorylab.rooms.proofs_checks.average_reward.optimism import (
    bound_22,
    bound_23,
    in_confidence,
    the_diameter,
    the_gain,
)
from theorylab.rooms.proofs_checks.average_reward.ucrl2_instances import DELTA, HYPOTHESES, NOISY, PROVED_ON, SOURCE, of

from theorylab.verify.cases import Case
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link, Stage

LINK_STATEMENTS = {
    "counts are up to date": r"\sum_{s,a} N_k(s,a) = t_k - 1",
    "transitions are counted once": r"\sum_{s'} N_k(s,a,s') = N_k(s,a)",
    "episode stops in time": r"v_k(s,\pi_k(s)) \le \max(1, N_k(s,\pi_k(s)))",
    "1 reward noise": r"\Delta - \sum_k \Delta_k \le \sqrt{\tfrac58 T\log\tfrac{8T}{\delta}}",
    "2 implausible episodes": r"\sum_{k: M \notin \mathcal{M}_k} \Delta_k \le \sqrt{T}",
    "3 optimism": r"\rho^* - 1/\sqrt{t_k} \le \min_s (u_{i+1}(s) - u_i(s)) \text{ when } M \in \mathcal{M}_k",
    "4 span of the increments": r"\max_s (u_{i+1} - u_i) - \min_s (u_{i+1} - u_i) < 1/\sqrt{t_k}",
    "4 increments are the optimistic backup": r"u_{i+1} - u_i = \tilde r + (\tilde P - I) u_i",
    "5 span of the values": r"\max u_i - \min u_i \le D \text{ when } M \in \mathcal{M}_k",
    "6 optimistic rewards": r"\tilde r - \bar r \le 2 d' \text{ when } M \in \mathcal{M}_k",
    "6 rewards stay below one": r"\tilde r \le 1",
    "7 inside the ball": r"|\tilde p - \hat p|_1 \le d",
    "7 a distribution": r"\sum_{s'} \tilde p(s') = 1",
    "7 no negative probability": r"\tilde p \ge 0",
    "7 transition error": r"|\tilde p - p|_1 \le 2d \text{ when } M \in \mathcal{M}_k",
    "8 martingale": r"\sum_k v_k (P_k - I) w_k \le D\sqrt{\tfrac52 T \log\tfrac{8T}{\delta}} + Dm",
    "9 number of episodes": r"m \le SA \log_2 \tfrac{8T}{SA}",
    "10 pigeonhole": r"\sum_k \sum_s v_k/\sqrt{\max(1,N_k)} \le (\sqrt2+1)\sqrt{SAT}",
}


def _link(name: str, step: str, left: Any, right: Any, **more: Any) -> Link:
    more.setdefault("instances", PROVED_ON)
    return Link(
        name=name,
        statement=LINK_STATEMENTS[name],
        left=left,
        right=right,
        source=f"{SOURCE}, proof of Theorem 2, {step}",
        hypotheses=HYPOTHESES,
        **more,
    )


def _good(run: Any, case: Case) -> Any:
    return in_confidence(run, case)[:, None]


def _noise(case: Case) -> float:
    return math.sqrt(5.0 / 8.0 * case.horizon * math.log(8.0 * case.horizon / DELTA))


def _martingale_bound(case: Case) -> float:
    return the_diameter(case) * math.sqrt(5.0 / 2.0 * case.horizon * math.log(8.0 * case.horizon / DELTA))


def _episode_regret(run: Any, case: Case) -> Any:
    return (run.trace.plays * (the_gain(case) - opt.true_rewards(run, case))).sum(axis=1)


def _accuracy(run: Any) -> Any:
    return 1.0 / np.sqrt(run.trace.clock)


def _moves(run: Any, case: Case, transitions: Any) -> Any:
    w = opt.centred(run)
    return (run.trace.plays * ((transitions * w[:, None, :]).sum(axis=2) - w)).sum(axis=1)


def _backup(run: Any) -> Any:
    trace = run.trace
    return (
        trace.optimistic_rewards + (trace.optimistic_transitions * trace.values[:, None, :]).sum(axis=2) - trace.values
    )


def _gained(run: Any, reward: Any) -> Any:
    return (run.trace.plays * reward).sum()


def _radius(run: Any, name: str) -> Any:
    return opt.of_policy(getattr(run.trace, name), run.trace.policies)


def _empirical(run: Any) -> Any:
    trace = run.trace
    n = np.maximum(1, trace.visits)[..., None]
    return opt.of_policy(
        np.where(trace.visits[..., None] > 0, trace.counts / n, 1.0 / trace.counts.shape[3]), trace.policies
    )


LINKS = (
    _link(
        "counts are up to date",
        "Figure 1, step 2",
        lambda r, c: r.trace.visits.sum(axis=(1, 2)),
        lambda r, c: r.trace.clock - 1,
        two_sided=True,
    ),
    _link(
        "transitions are counted once",
        "Figure 1, step 2",
        lambda r, c: r.trace.counts.sum(axis=3),
        lambda r, c: r.trace.visits,
        two_sided=True,
    ),
    _link(
        "episode stops in time",
        "Figure 1, step 6",
        lambda r, c: r.trace.plays,
        lambda r, c: np.maximum(1, opt.of_policy(r.trace.visits, r.trace.policies)),
    ),
    _link(
        "1 reward noise",
        "(7)",
        lambda r, c: r.regret[-1] - r.pseudo_regret[-1],
        lambda r, c: _noise(c),
        kind=HighProbability(DELTA),
        instances=NOISY,
    ),
    _link(
        "2 implausible episodes",
        "Section 4.2",
        lambda r, c: (_episode_regret(r, c) * ~in_confidence(r, c)).sum(),
        lambda r, c: math.sqrt(c.horizon),
        kind=HighProbability(DELTA),
    ),
    _link(
        "3 optimism",
        "(8)",
        lambda r, c: the_gain(c) - _accuracy(r),
        lambda r, c: r.trace.increments.min(axis=1),
        given=lambda r, c: in_confidence(r, c),
    ),
    _link(
        "4 span of the increments",
        "Theorem 7",
        lambda r, c: np.ptp(r.trace.increments, axis=1),
        lambda r, c: _accuracy(r),
    ),
    _link(
        "4 increments are the optimistic backup",
        "(12)",
        lambda r, c: _backup(r),
        lambda r, c: r.trace.increments,
        two_sided=True,
    ),
    _link(
        "5 span of the values",
        "(11)",
        lambda r, c: np.ptp(r.trace.values, axis=1),
        lambda r, c: the_diameter(c),
        given=lambda r, c: in_confidence(r, c),
    ),
    _link(
        "6 optimistic rewards",
        "(13)",
        lambda r, c: r.trace.optimistic_rewards - opt.true_rewards(r, c),
        lambda r, c: 2.0 * _radius(r, "reward_radii"),
        given=_good,
    ),
    _link("6 rewards stay below one", "Section 3.1", lambda r, c: r.trace.optimistic_rewards, lambda r, c: 1.0),
    _link(
        "7 inside the ball",
        "Figure 2",
        lambda r, c: np.abs(r.trace.optimistic_transitions - _empirical(r)).sum(axis=2),
        lambda r, c: _radius(r, "transition_radii"),
    ),
    _link(
        "7 a distribution",
        "Figure 2",
        lambda r, c: r.trace.optimistic_transitions.sum(axis=2),
        lambda r, c: 1.0,
        two_sided=True,
    ),
    _link(
        "7 no negative probability",
        "Figure 2",
        lambda r, c: -r.trace.optimistic_transitions.min(axis=2),
        lambda r, c: 0.0,
    ),
    _link(
        "7 transition error",
        "(16)",
        lambda r, c: np.abs(r.trace.optimistic_transitions - opt.true_transitions(r, c)).sum(axis=2),
        lambda r, c: 2.0 * _radius(r, "transition_radii"),
        given=_good,
    ),
    _link(
        "8 martingale",
        "(18)",
        lambda r, c: (_moves(r, c, opt.true_transitions(r, c)) * in_confidence(r, c)).sum(),
        lambda r, c: _martingale_bound(c) + the_diameter(c) * r.n_episodes,
        kind=HighProbability(DELTA),
    ),
    _link(
        "9 number of episodes",
        "Proposition 18",
        lambda r, c: r.n_episodes,
        lambda r, c: c.model.R.size * math.log2(8.0 * c.horizon / c.model.R.size),
    ),
    _link(
        "10 pigeonhole",
        "Lemma 19 and (20)",
        lambda r, c: opt.per_visit(r).sum(),
        lambda r, c: (math.sqrt(2.0) + 1.0) * math.sqrt(c.model.R.size * c.horizon),
    ),
)


def _tail(run: Any, case: Case) -> float:
    """What the first two steps and the accuracy of the iteration add."""
    return _noise(case) + math.sqrt(case.horizon) + 2.0 * float((run.trace.plays.sum(axis=1) * _accuracy(run)).sum())


def _rewards_gap(run: Any, case: Case) -> float:
    return float(_gained(run, run.trace.optimistic_rewards - opt.true_rewards(run, case)))


def _with_radii(run: Any, case: Case) -> float:
    return float(
        _gained(run, 2.0 * _radius(run, "reward_radii"))
        + the_diameter(case) * _gained(run, _radius(run, "transition_radii"))
    )


def _uniform_radii(run: Any, case: Case) -> float:
    S, A, T = case.model.n_states, case.model.n_actions, case.horizon
    rate = (
        the_diameter(case) * math.sqrt(14.0 * S * math.log(2.0 * A * T / DELTA))
        + math.sqrt(14.0 * math.log(2.0 * S * A * T / DELTA))
        + 2.0
    )
    return rate * float(opt.per_visit(run).sum())


def _cap(case: Case) -> float:
    return the_diameter(case) * case.model.R.size * math.log2(8.0 * case.horizon / case.model.R.size)


STAGES = (
    Stage("measured regret", lambda r, c: r.regret[-1]),
    Stage("reward noise bounded", lambda r, c: r.pseudo_regret[-1] + _noise(c), "link 1"),
    Stage(
        "implausible episodes bounded",
        lambda r, c: _episode_regret(r, c)[in_confidence(r, c)].sum() + _noise(c) + math.sqrt(c.horizon),
        "link 2",
    ),
    Stage(
        "optimistic instead of true gain",
        lambda r, c: _moves(r, c, r.trace.optimistic_transitions).sum() + _rewards_gap(r, c) + _tail(r, c),
        "links 3, 4",
    ),
    Stage(
        "optimistic rewards by 2d'",
        lambda r, c: (
            _moves(r, c, r.trace.optimistic_transitions).sum()
            + _gained(r, 2.0 * _radius(r, "reward_radii"))
            + _tail(r, c)
        ),
        "link 6",
    ),
    Stage(
        "transitions by d D",
        lambda r, c: _moves(r, c, opt.true_transitions(r, c)).sum() + _with_radii(r, c) + _tail(r, c),
        "links 5, 7",
    ),
    Stage(
        "martingale bounded",
        lambda r, c: _martingale_bound(c) + the_diameter(c) * r.n_episodes + _with_radii(r, c) + _tail(r, c),
        "link 8",
    ),
    Stage(
        "logarithms at T",
        lambda r, c: (
            _martingale_bound(c)
            + the_diameter(c) * r.n_episodes
            + _uniform_radii(r, c)
            + _noise(c)
            + math.sqrt(c.horizon)
        ),
        "t_k <= T",
    ),
    Stage(
        "episodes capped",
        lambda r, c: _martingale_bound(c) + _cap(c) + _uniform_radii(r, c) + _noise(c) + math.sqrt(c.horizon),
        "link 9",
    ),
    Stage("pigeonhole: bound (22)", lambda r, c: of(bound_22)(c), "link 10, and D >= 1"),
    Stage("rounded constants: bound (23)", lambda r, c: of(bound_23)(c), "34"),
)
