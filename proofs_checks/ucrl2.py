r"""[jaksch2010near], Theorems 2, 4 and 5: the claims, the proof of Theorem 2 link by link, the checks, the mutants.

The chain behind (22), with :math:`\Delta_k = \sum_s v_k(s)(\rho^* - \bar r(s, \pi_k(s)))`:

1. reward noise: :math:`\Delta \le \sum_k \Delta_k + \sqrt{5/8\, T \log(8T/\delta)}`;
2. episodes in which the true model is not plausible cost at most :math:`\sqrt T` together;
3. optimism: the optimistic gain is at least :math:`\rho^* - 1/\sqrt{t_k}`;
4. at the stop of extended value iteration every increment is within :math:`1/\sqrt{t_k}` of that gain;
5. :math:`span(u_k) \le D`;
6. :math:`\tilde r - \bar r \le 2d'`;
7. :math:`v_k(\tilde P_k - P_k)w_k \le \sum v_k\, d\, D`, as :math:`|\tilde p - p|_1 \le 2d` and :math:`|w_k| \le D/2`;
8. :math:`\sum_k v_k(P_k - I)w_k \le D\sqrt{5/2\, T\log(8T/\delta)} + Dm`;
9. the number of episodes :math:`m \le SA \log_2(8T/SA)`;
10. :math:`\sum_k\sum_s v_k/\sqrt{\max(1,N_k)} \le (\sqrt2+1)\sqrt{SAT}`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.mdp.environments import lower_bound_mdp, named, two_state
from theorylab.rooms.proofs_checks import _optimism as opt
from theorylab.rooms.proofs_checks._optimism import bound_22, bound_23, in_confidence, the_diameter, the_gain
from theorylab.rooms.proofs_checks._ucrl2_checks import CHECKS
from theorylab.rooms.proofs_checks._ucrl2_mutants import MUTANTS
from theorylab.verify.cases import Case, Family, Instance
from theorylab.verify.kinds import Expectation, HighProbability, LowerBound, Rate
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

SOURCE = "jaksch2010near"
DELTA = 0.05
ZETA_6 = 1.017343061984449
TRACED = {"delta": DELTA, "trace": True}

HARD_HORIZON, HARD_DIAMETER = 20_000, 20.0


def _hard_model(generator: Any) -> Any:
    """The instance of Theorem 5's proof, with the good copy and action drawn uniformly."""
    copy, action = int(generator.integers(0, 5)), int(generator.integers(0, 4))
    return lower_bound_mdp(10, 10, HARD_DIAMETER, horizon=HARD_HORIZON, good_copy=copy, good_action=action)


SWITCH = Instance(
    "two-state", two_state, {"smoke": 20_000, "quick": 1_000_000, "paper": 10_000_000, "power": 60},
    {"smoke": 10, "quick": 200, "paper": 1000, "power": 2}, TRACED,
)  # fmt: skip
SLIPPERY = Instance(
    "two-state-noisy", lambda: opt.noisy_two_state(0.2),
    {"smoke": 20_000, "quick": 1_000_000, "paper": 10_000_000, "power": 200}, {"smoke": 10, "quick": 200, "paper": 1000, "power": 2}, TRACED,
)  # fmt: skip
RIVER = Instance(
    "riverswim-6", lambda: named("riverswim-6"), {"smoke": 5_000, "quick": 200_000, "paper": 10_000_000, "power": 400},
    {"smoke": 5, "quick": 200, "paper": 400, "power": 3}, TRACED,
)  # fmt: skip
DENSE = Instance(
    "dirichlet-4-7", lambda: named("dirichlet-4-7"), {"quick": 1_000_000, "paper": 10_000_000}, {"quick": 12, "paper": 400},
    TRACED, presets=("quick", "paper"),
)  # fmt: skip
FREQUENT = Instance(
    "two-state-noisy-short", lambda: opt.noisy_two_state(0.5), {"smoke": 200, "quick": 500},
    {"smoke": 100, "quick": 4000, "paper": 20_000}, TRACED, presets=("smoke", "quick", "paper"),
)  # fmt: skip
HARD = Instance(
    "lower-bound-10-10", lambda: Family("lower-bound-10-10", _hard_model), HARD_HORIZON,
    {"smoke": 10, "quick": 60, "paper": 400}, {"delta": DELTA}, presets=("smoke", "quick", "paper"),
)  # fmt: skip
PROVED_ON = (SWITCH, SLIPPERY, RIVER)
HYPOTHESES = (opt.STATIONARY, opt.REWARDS_IN_UNIT_INTERVAL, opt.COMMUNICATING, opt.THEOREMS_CONSTANTS)


def final_regret(run: Any, case: Case) -> float:
    """The realised regret at the horizon."""
    return float(run.regret[-1])


def trivial_regret(case: Case) -> float:
    """T rho*: what a learner that never receives a reward suffers."""
    return case.horizon * the_gain(case)


def of(bound: Any) -> Any:
    """The bound of a case."""
    return lambda case: bound(case.horizon, case.model.n_states, case.model.n_actions, the_diameter(case), case.parameters["delta"])


def bound_logarithmic(horizon: float, n_states: int, n_actions: int, diameter: float, delta: float) -> float:
    """Theorem 4 at its best epsilon: 34^2 D^2 S^2 A log(T/delta)/eps + eps T = 2 * 34 D S sqrt(A T log(T/delta))."""
    return 2.0 * 34.0 * diameter * n_states * math.sqrt(n_actions * horizon * math.log(horizon / delta))


def regret_series(run: Any, case: Case) -> Any:
    """Times and positive pseudo-regret over the last two decades."""
    keep = run.times >= case.horizon // 100
    return run.times[keep], np.maximum(run.pseudo_regret[keep], 1e-12)


THEOREM_22 = Claim(
    name="theorem-2-tight",
    kind=HighProbability(DELTA),
    source=f"{SOURCE}, Theorem 2 in the form (22)",
    statement=r"\Delta \le \sqrt{\tfrac58 T\log\tfrac{8T}\delta} + \sqrt T + D\sqrt{\tfrac52 T\log\tfrac{8T}\delta} + DSA\log_2\tfrac{8T}{SA}"
    r" + (2D\sqrt{14 S\log\tfrac{2AT}\delta} + 2)(\sqrt2+1)\sqrt{SAT}",
    constants="derived here",
    quantity=final_regret,
    bound=of(bound_22),
    trivial=trivial_regret,
    hypotheses=HYPOTHESES,
    instances=(*PROVED_ON, DENSE),
    explains="The bound before its constants are rounded up to 34; it fails with probability at most delta/(4 T^(5/4)).",
)
THEOREM_23 = Claim(
    name="theorem-2",
    kind=HighProbability(DELTA),
    source=f"{SOURCE}, Theorem 2, (23)",
    statement=r"\Delta \le 34\, D S \sqrt{A T \log(T/\delta)}",
    constants="paper",
    quantity=final_regret,
    bound=of(bound_23),
    trivial=trivial_regret,
    hypotheses=HYPOTHESES,
    instances=(*PROVED_ON, DENSE),
)
THEOREM_4 = Claim(
    name="theorem-4-epsilon",
    kind=HighProbability(3 * DELTA),
    source=f"{SOURCE}, Theorem 4",
    statement=r"\Delta \le 34^2 \frac{D^2 S^2 A \log(T/\delta)}{\varepsilon} + \varepsilon T \text{ at the } \varepsilon \text{ that makes it least}",
    constants="paper",
    quantity=final_regret,
    bound=of(bound_logarithmic),
    trivial=trivial_regret,
    hypotheses=HYPOTHESES,
    instances=(SWITCH, SLIPPERY),
    explains="At its best epsilon the logarithmic bound is twice Theorem 2; with a gap g in the place of epsilon it is logarithmic.",
)
GROWTH = Claim(
    name="growth",
    kind=Rate(0.5),
    source=f"{SOURCE}, Theorem 2",
    statement=r"\text{pseudo-regret} \sim T^p,\ p \le 1/2 \text{ over the last two decades}",
    constants="rate only",
    quantity=regret_series,
    hypotheses=HYPOTHESES,
    instances=(DENSE,),
)
CONFIDENCE = Claim(
    name="confidence-event",
    kind=HighProbability(DELTA / 15.0 * ZETA_6),
    source=f"{SOURCE}, Lemma 17",
    statement=r"P\{\exists k: M \notin \mathcal M_k\} \le \sum_t \delta/(15 t^6)",
    constants="paper",
    event=lambda run, case: not bool(np.all(in_confidence(run, case))),
    hypotheses=HYPOTHESES,
    instances=(FREQUENT,),
)
LOWER = Claim(
    name="theorem-5",
    kind=LowerBound(),
    source=f"{SOURCE}, Theorem 5",
    statement=r"E[\Delta] \ge 0.015 \sqrt{DSAT}",
    constants="paper",
    quantity=final_regret,
    bound=lambda case: 0.015 * math.sqrt(HARD_DIAMETER * 10 * 10 * case.horizon),
    cap=lambda case: float(case.horizon),
    instances=(HARD,),
    explains="On the instance of the proof; it is built for the horizon.",
)


LINK_STATEMENTS = {
    "counts are up to date": r"\sum_{s,a} N_k(s,a) = t_k - 1",
    "transitions are counted once": r"\sum_{s'} N_k(s,a,s') = N_k(s,a)",
    "episode stops in time": r"v_k(s,\pi_k(s)) \le \max(1, N_k(s,\pi_k(s)))",
    "1 reward noise": r"\Delta - \sum_k \Delta_k \le \sqrt{\tfrac58 T\log\tfrac{8T}{\delta}}",
    "2 implausible episodes": r"\sum_{k: M \notin \mathcal{M}_k} \Delta_k \le \sqrt{T}",
    "3 optimism": r"\rho^* - 1/\sqrt{t_k} \le \min_s (u_{i+1}(s) - u_i(s)) \text{ when } M \in \mathcal{M}_k",
    "4 span of the increments": r"\max_s (u_{i+1} - u_i) - \min_s (u_{i+1} - u_i) < 1/\sqrt{t_k}",
    "4 increments are the optimistic backup": r"u_{i+1} - u_i = \tilde r + (\tilde P - I) u_i",
    "4 no sweep too many": r"\text{sweeps} \le 40 D \sqrt{T}",
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
    return Link(name=name, statement=LINK_STATEMENTS[name], left=left, right=right, source=f"{SOURCE}, proof of Theorem 2, {step}", hypotheses=HYPOTHESES, **more)


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
    return trace.optimistic_rewards + (trace.optimistic_transitions * trace.values[:, None, :]).sum(axis=2) - trace.values


def _gained(run: Any, reward: Any) -> Any:
    return (run.trace.plays * reward).sum()


def _radius(run: Any, name: str) -> Any:
    return opt.of_policy(getattr(run.trace, name), run.trace.policies)


def _empirical(run: Any) -> Any:
    trace = run.trace
    n = np.maximum(1, trace.visits)[..., None]
    return opt.of_policy(np.where(trace.visits[..., None] > 0, trace.counts / n, 1.0 / trace.counts.shape[3]), trace.policies)


LINKS = (
    _link("counts are up to date", "Figure 1, step 2", lambda r, c: r.trace.visits.sum(axis=(1, 2)), lambda r, c: r.trace.clock - 1, two_sided=True),
    _link("transitions are counted once", "Figure 1, step 2", lambda r, c: r.trace.counts.sum(axis=3), lambda r, c: r.trace.visits, two_sided=True),
    _link("episode stops in time", "Figure 1, step 6", lambda r, c: r.trace.plays, lambda r, c: np.maximum(1, opt.of_policy(r.trace.visits, r.trace.policies))),
    _link("1 reward noise", "(7)", lambda r, c: r.regret[-1] - r.pseudo_regret[-1], lambda r, c: _noise(c), kind=HighProbability(DELTA)),
    _link("2 implausible episodes", "Section 4.2", lambda r, c: (_episode_regret(r, c) * ~in_confidence(r, c)).sum(), lambda r, c: math.sqrt(c.horizon), kind=HighProbability(DELTA)),
    _link("3 optimism", "(8)", lambda r, c: the_gain(c) - _accuracy(r), lambda r, c: r.trace.increments.min(axis=1), given=lambda r, c: in_confidence(r, c)),
    _link("4 span of the increments", "Theorem 7", lambda r, c: np.ptp(r.trace.increments, axis=1), lambda r, c: _accuracy(r)),
    _link("4 increments are the optimistic backup", "(12)", lambda r, c: _backup(r), lambda r, c: r.trace.increments, two_sided=True),
    _link("4 no sweep too many", "Theorem 7", lambda r, c: r.evi_sweeps, lambda r, c: 40.0 * the_diameter(c) * math.sqrt(c.horizon)),
    _link("5 span of the values", "(11)", lambda r, c: np.ptp(r.trace.values, axis=1), lambda r, c: the_diameter(c), given=lambda r, c: in_confidence(r, c)),
    _link("6 optimistic rewards", "(13)", lambda r, c: r.trace.optimistic_rewards - opt.true_rewards(r, c), lambda r, c: 2.0 * _radius(r, "reward_radii"), given=_good),
    _link("6 rewards stay below one", "Section 3.1", lambda r, c: r.trace.optimistic_rewards, lambda r, c: 1.0),
    _link("7 inside the ball", "Figure 2", lambda r, c: np.abs(r.trace.optimistic_transitions - _empirical(r)).sum(axis=2), lambda r, c: _radius(r, "transition_radii")),
    _link("7 a distribution", "Figure 2", lambda r, c: r.trace.optimistic_transitions.sum(axis=2), lambda r, c: 1.0, two_sided=True),
    _link("7 no negative probability", "Figure 2", lambda r, c: -r.trace.optimistic_transitions.min(axis=2), lambda r, c: 0.0),
    _link("7 transition error", "(16)", lambda r, c: np.abs(r.trace.optimistic_transitions - opt.true_transitions(r, c)).sum(axis=2), lambda r, c: 2.0 * _radius(r, "transition_radii"), given=_good),
    _link("8 martingale", "(18)", lambda r, c: (_moves(r, c, opt.true_transitions(r, c)) * in_confidence(r, c)).sum(), lambda r, c: _martingale_bound(c) + the_diameter(c) * r.n_episodes, kind=HighProbability(DELTA)),
    _link("9 number of episodes", "Proposition 18", lambda r, c: r.n_episodes, lambda r, c: c.model.R.size * math.log2(8.0 * c.horizon / c.model.R.size)),
    _link("10 pigeonhole", "Lemma 19 and (20)", lambda r, c: opt.per_visit(r).sum(), lambda r, c: (math.sqrt(2.0) + 1.0) * math.sqrt(c.model.R.size * c.horizon)),
)  # fmt: skip


def _tail(run: Any, case: Case) -> float:
    """What the first two steps and the accuracy of the iteration add."""
    return _noise(case) + math.sqrt(case.horizon) + 2.0 * float((run.trace.plays.sum(axis=1) * _accuracy(run)).sum())


def _rewards_gap(run: Any, case: Case) -> float:
    return float(_gained(run, run.trace.optimistic_rewards - opt.true_rewards(run, case)))


def _with_radii(run: Any, case: Case) -> float:
    return float(_gained(run, 2.0 * _radius(run, "reward_radii")) + the_diameter(case) * _gained(run, _radius(run, "transition_radii")))


def _uniform_radii(run: Any, case: Case) -> float:
    S, A, T = case.model.n_states, case.model.n_actions, case.horizon
    rate = the_diameter(case) * math.sqrt(14.0 * S * math.log(2.0 * A * T / DELTA)) + math.sqrt(14.0 * math.log(2.0 * S * A * T / DELTA)) + 2.0
    return rate * float(opt.per_visit(run).sum())


def _cap(case: Case) -> float:
    return the_diameter(case) * case.model.R.size * math.log2(8.0 * case.horizon / case.model.R.size)


STAGES = (
    Stage("measured regret", lambda r, c: r.regret[-1]),
    Stage("reward noise bounded", lambda r, c: r.pseudo_regret[-1] + _noise(c), "link 1"),
    Stage("implausible episodes bounded", lambda r, c: _episode_regret(r, c)[in_confidence(r, c)].sum() + _noise(c) + math.sqrt(c.horizon), "link 2"),
    Stage("optimistic instead of true gain", lambda r, c: _moves(r, c, r.trace.optimistic_transitions).sum() + _rewards_gap(r, c) + _tail(r, c), "links 3, 4"),
    Stage("optimistic rewards by 2d'", lambda r, c: _moves(r, c, r.trace.optimistic_transitions).sum() + _gained(r, 2.0 * _radius(r, "reward_radii")) + _tail(r, c), "link 6"),
    Stage("transitions by d D", lambda r, c: _moves(r, c, opt.true_transitions(r, c)).sum() + _with_radii(r, c) + _tail(r, c), "links 5, 7"),
    Stage("martingale bounded", lambda r, c: _martingale_bound(c) + the_diameter(c) * r.n_episodes + _with_radii(r, c) + _tail(r, c), "link 8"),
    Stage("logarithms at T", lambda r, c: _martingale_bound(c) + the_diameter(c) * r.n_episodes + _uniform_radii(r, c) + _noise(c) + math.sqrt(c.horizon), "t_k <= T"),
    Stage("episodes capped", lambda r, c: _martingale_bound(c) + _cap(c) + _uniform_radii(r, c) + _noise(c) + math.sqrt(c.horizon), "link 9"),
    Stage("pigeonhole: bound (22)", lambda r, c: of(bound_22)(c), "link 10, and D >= 1"),
    Stage("rounded constants: bound (23)", lambda r, c: of(bound_23)(c), "34"),
)  # fmt: skip

RESULT = Result(
    slug="ucrl2",
    area="mdp/average_reward",
    title="UCRL2: near-optimal regret bounds for reinforcement learning",
    paper=SOURCE,
    algorithms={"ucrl2": "theorylab.mdp.average_reward.ucrl2:ucrl2"},
    claims=(THEOREM_22, THEOREM_23, THEOREM_4, GROWTH, CONFIDENCE, LOWER),
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=RIVER,
    mutants=MUTANTS,
    coq=("sums.v", "pigeonhole.v"),
    figures=("ucrl2",),
    notes=(
        "On RiverSwim-6 the bound says nothing before T = 7e8: there the links and the reference carry the evidence.",
        "On instances of diameter near 1 the bound is useful from about T = 1e5 and is checked there.",
    ),
)
