r"""[alami2023restarted], Algorithm 2: UCRL2 restarted by a detector on each pair.  Theorem C, its proof, the mutants.

The published regret theorem (4.12) adds a delay counted in observations of one pair to a regret counted in steps, and
its condition on the prior weight fails for the recommended 1/n; it is evaluated as printed, and refused where the next
states of a pair do not change.  Theorem C is claimed instead: with probability at least :math:`1 - 2\delta`

1. no restart is false: levels sum to :math:`\delta`, so phase :math:`j \le K` and :math:`\delta_j \ge \delta/(2K^2)`;
2. the clean part of each phase is UCRL2 from a known time: (22) with its length and :math:`\delta_j`;
3. every step of a delay costs at most 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.mdp.environments import FIGURE_2_STARTS, dirichlet_mdp, piecewise_dirichlet, riverswim
from theorylab.rooms.proofs_checks import _optimism as opt
from theorylab.rooms.proofs_checks import _rbocpd_ucrl2_runs as runs
from theorylab.rooms.proofs_checks._optimism import bound_22, bound_23, the_diameter
from theorylab.rooms.proofs_checks._rbocpd_ucrl2_checks import ALGORITHMS, CHECKS, SOURCE
from theorylab.rooms.proofs_checks._rbocpd_ucrl2_mutants import MUTANTS
from theorylab.rooms.proofs_checks._rbocpd_ucrl2_runs import stretches
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.kinds import HighProbability, NegativeControl
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

DELTA = 0.1
ORACLE = "oracle_restart_ucrl2"
NO_POWER = ("smoke", "quick", "paper")
MANY = {"smoke": 5, "quick": 150, "paper": 1000, "power": 2}


def _changing(name: str, build: Any, horizons: dict[str, int], count: Any = MANY, **more: Any) -> tuple[Instance, ...]:
    """One instance for each preset: a change at half the horizon, where the run reports."""
    return tuple(
        Instance(name, lambda T=T: build(T // 2), T, count, {"delta": DELTA, "trace": True, "checkpoints": (T // 2,), **more}, (preset,))
        for preset, T in horizons.items()
    )  # fmt: skip


def _figure_2(scale: int) -> Any:
    return piecewise_dirichlet(4, 7, starts=[s // scale for s in FIGURE_2_STARTS], rng=0).with_reward_law("bernoulli")


LONG = {"smoke": 4_000, "quick": 400_000, "paper": 4_000_000}
RELABELLED = _changing("relabelled two-state", runs.relabelled_two_state, {**LONG, "power": 400}, slots=64)
NOISY = _changing(
    "relabelled slippery two-state, Bernoulli", lambda c: runs.relabelled_two_state(c, slip=0.2, pays=0.9), {**LONG, "paper": 8_000_000, "quick": 1_000_000}, slots=64
)  # fmt: skip
WATCHED = _changing(
    "reward drop, rewards watched", runs.reward_drop, {"smoke": 2_000, "quick": 20_000, "paper": 200_000, "power": 600}, reward_streams=True, slots=256
)  # fmt: skip
EXPLORING = _changing(
    "relabelled two-state, forced exploration", lambda c: runs.relabelled_two_state(c, slip=0.2, pays=0.9), {"smoke": 2_000, "quick": 10_000, "power": 300}, forced_exploration=0.05
)  # fmt: skip
FIGURE_2 = tuple(
    Instance("14 Dirichlet pieces", lambda d=d: _figure_2(d), 52_000 // d, {"smoke": 2, "quick": 120, "paper": 400},
             {"delta": DELTA, "trace": True, "checkpoints": tuple(s // d for s in FIGURE_2_STARTS[1:])}, (preset,))
    for preset, d in (("smoke", 10), ("quick", 1), ("paper", 1))
)  # fmt: skip
PROVED_ON = (*RELABELLED, *NOISY, *FIGURE_2)
LINKED = (*PROVED_ON, *WATCHED, *EXPLORING)

SHORT = {"smoke": 500, "quick": 5_000, "paper": 50_000}
ENOUGH = {"smoke": 20, "quick": 150, "paper": 1000}


def _still(name: str, build: Any, presets: Any = NO_POWER, **more: Any) -> Instance:
    return Instance(name, build, SHORT, ENOUGH, {"delta": DELTA, **more}, presets)


def _dense() -> Any:
    return dirichlet_mdp(4, 7, rng=0).with_reward_law("bernoulli")


def _river() -> Any:
    return riverswim(6).with_reward_law("bernoulli")


STILL = (
    _still("dirichlet-4-7, no change", _dense),
    _still("riverswim-6, no change", _river),
    _still("dirichlet-4-7, no change, rewards watched", _dense, reward_streams=True),
    _still("dirichlet-4-7, no change, forced exploration", _dense, forced_exploration=0.2),
    _still("dirichlet-4-7, no change, rule ville", _dense, rule="ville"),
)
STILL_PAPER = (
    _still("dirichlet-4-7, no change, 1/n", _dense, rule="paper"),
    _still("dirichlet-4-7, no change, as published", _dense, rule="paper", published=True),
)
INVISIBLE = _changing("reward drop", runs.reward_drop, {"smoke": 4_000, "quick": 20_000, "paper": 200_000}, ENOUGH, slots=256)
PUBLISHED = (
    *_changing("relabelled two-state, as published", runs.relabelled_two_state, LONG, ENOUGH, published=True, rule="paper", slots=256),
    *_changing("reward drop, as published", runs.reward_drop, {"smoke": 4_000, "quick": 20_000}, ENOUGH, published=True, rule="paper", slots=256),
    Instance("14 Dirichlet pieces, as published", lambda: _figure_2(1), 52_000, {"quick": 20, "paper": 100},
             {"delta": DELTA, "published": True, "rule": "paper"}, ("quick", "paper")),
)  # fmt: skip

SOUND = (opt.REWARDS_IN_UNIT_INTERVAL, opt.COMMUNICATING, opt.THEOREMS_CONSTANTS, runs.VALID_LEVELS)
NOT_FORCED = Hypothesis("no forced exploration", lambda case: not case.parameters.get("forced_exploration"))
AS_PUBLISHED = Hypothesis("the published algorithm", lambda case: bool(case.parameters.get("published")))
REWARDS_UNSEEN = Hypothesis("detectors on next states only", lambda case: not case.parameters.get("reward_streams"))
SAME_TRANSITIONS = Hypothesis(
    "transitions never change", lambda case: all(np.array_equal(p.P, runs.pieces_of(case)[0].P) for p in runs.pieces_of(case))
)


def _pieces(case: Case) -> Any:
    """Lengths of the pieces within the horizon."""
    return np.diff([0, *runs.changes_of(case), case.horizon])


def _bound(case: Case, piece: Any, length: Any, delta: Any) -> Any:
    """(22) for stretches of given lengths in given pieces; 0 for an empty one."""
    S, A, D = case.model.n_states, case.model.n_actions, runs.diameters(case)
    rows = zip(np.ravel(piece), np.ravel(length), np.broadcast_to(delta, np.shape(length)).ravel(), strict=True)
    return np.array([bound_22(float(n), S, A, float(D[g]), float(d)) if n else 0.0 for g, n, d in rows])


def theorem_c(case: Case) -> float:
    """Sum over the pieces of (22)(D, T, delta/(2 K^2)), T the whole length of the piece."""
    lengths = _pieces(case)
    return float(_bound(case, np.arange(len(lengths)), lengths, case.parameters["delta"] / (2.0 * len(lengths) ** 2)).sum())


def oracle_bound(case: Case) -> float:
    """Sum over the pieces of (22)(D, T, delta/(l (l + 1)))."""
    lengths = _pieces(case)
    pieces = np.arange(len(lengths))
    return float(_bound(case, pieces, lengths, runs.delta_of_phase(case, pieces)).sum())


def _trivial(case: Case) -> float:
    return float(runs.best_reward(case, case.horizon))


def _later_regret(run: Any) -> float:
    """Pseudo-regret after the first checkpoint (the change)."""
    return float(run.pseudo_regret[-1] - run.pseudo_regret[0])


THEOREM_C = Claim(
    name="Theorem C",
    kind=HighProbability(2 * DELTA),
    source="derived; replaces [alami2023restarted, Theorem 4.12]",
    statement=r"\Delta - \sum_l \tau_l \le \sum_l (22)(D_l, T_l, \delta/(2K^2)), \tau_l \text{ the measured delays}",
    constants="derived here",
    quantity=lambda run, case: float(run.regret[-1] - stretches(run, case)[3].sum()),
    bound=theorem_c,
    trivial=_trivial,
    hypotheses=(*SOUND, NOT_FORCED),
    instances=PROVED_ON,
    explains="Vacuous on the model of Figure 2: no piece is long enough for (22).  No bound on the delays is claimed.",
)
FALSE_RESTART = Claim(
    name="no false restart",
    kind=HighProbability(DELTA),
    source="derived, Theorem R in each stream",
    statement=r"P\{\text{some restart in a phase without a change}\} \le \sum_j \delta_j = \delta",
    constants="derived here",
    event=lambda run, case: runs.false_restarts(run, case) > 0,
    hypotheses=(runs.VALID_LEVELS,),
    instances=(*STILL, *RELABELLED, *NOISY, *FIGURE_2),
)
CONTROL = Claim(
    name="1/n restarts without a change",
    kind=NegativeControl(0.05),
    source="[alami2023restarted, Section 4], the recommended weight 1/n",
    statement=r"P\{\text{a restart on a stationary model}\} > 0.05 \text{ for } \eta = 1/n",
    constants="derived here",
    event=lambda run, case: runs.false_restarts(run, case) > 0,
    hypotheses=(opt.STATIONARY,),
    instances=STILL_PAPER,
)
PRINTED = Claim(
    name="Theorem 4.12 as printed",
    kind=HighProbability(DELTA),
    source=f"{SOURCE}, Theorem 4.12",
    statement=r"\Delta \le 34\, D S\sqrt{A T K \log(T/\delta)} + \text{delays}, \text{ delays measured}",
    constants="paper",
    quantity=lambda run, case: float(run.regret[-1] - sum(published_delays(run, case))),
    bound=lambda case: math.sqrt(len(_pieces(case))) * bound_23(case.horizon, case.model.n_states, case.model.n_actions, the_diameter(case), case.parameters["delta"]),
    trivial=_trivial,
    hypotheses=(AS_PUBLISHED, opt.REWARDS_IN_UNIT_INTERVAL, opt.COMMUNICATING, runs.ALL_PAIRS_CHANGE),
    instances=PUBLISHED,
    explains="Its condition on the prior weight fails for 1/n (see rbocpd); where every pair changes at once the bound holds with much room.",
)  # fmt: skip
UNSEEN = Claim(
    name="reward changes are not seen",
    kind=HighProbability(DELTA),
    source="derived, Theorem R in each stream",
    statement=r"P\{\text{a restart}\} \le \delta \text{ when only rewards change and only next states are watched}",
    constants="derived here",
    event=lambda run, case: len(run.restart_times) > 0,
    hypotheses=(runs.VALID_LEVELS, REWARDS_UNSEEN, SAME_TRANSITIONS),
    instances=INVISIBLE,
)
LINEAR = Claim(
    name="reward changes cost a linear regret",
    kind=HighProbability(DELTA),
    source="derived",
    statement=r"\text{pseudo-regret after the change} \ge (T/2)/10 \text{ when it is not seen}",
    constants="derived here",
    event=lambda run, case: _later_regret(run) < 0.05 * case.horizon,
    hypotheses=(REWARDS_UNSEEN, SAME_TRANSITIONS),
    instances=INVISIBLE,
    explains="The algorithm believes in what it has seen T/2 times for about as long again.",
)
SEEN = Claim(
    name="watched rewards reveal the change",
    kind=HighProbability(DELTA),
    source="derived",
    statement=r"\text{exactly one restart, within 200 steps of the drop}",
    constants="derived here",
    event=lambda run, case: len(run.restart_times) != 1 or not 0 < run.restart_times[0] - case.horizon // 2 <= 200,
    hypotheses=(runs.VALID_LEVELS,),
    instances=WATCHED,
)
ORACLE_CLAIM = Claim(
    name="oracle, (22) on each piece",
    kind=HighProbability(DELTA),
    source="derived from [jaksch2010near, Theorem 2]",
    statement=r"\Delta \le \sum_l (22)(D_l, T_l, \delta/(l(l+1)))",
    constants="derived here",
    quantity=lambda run, case: float(run.regret[-1]),
    bound=oracle_bound,
    trivial=_trivial,
    hypotheses=(opt.REWARDS_IN_UNIT_INTERVAL, opt.COMMUNICATING, opt.THEOREMS_CONSTANTS),
    instances=_changing("relabelled slippery two-state, told", lambda c: runs.relabelled_two_state(c, slip=0.2, pays=0.9), {**LONG, "quick": 1_000_000}),
    algorithm=ORACLE,
)  # fmt: skip


def published_delays(run: Any, case: Case) -> list[int]:
    """Steps from each change to the first restart after it, at most the length of the piece."""
    changes = runs.changes_of(case)
    found = []
    for change, following in zip(changes, [*changes[1:], case.horizon], strict=True):
        later = run.restart_times[run.restart_times > change]
        found.append(int(min(following, later[0] if len(later) else following) - change))
    return found


def _link(name: str, step: str, left: Any, right: Any, **more: Any) -> Link:
    more.setdefault("instances", LINKED)
    return Link(name=name, left=left, right=right, source=step, hypotheses=(runs.VALID_LEVELS,), **more)


def _same(name: str, step: str, left: Any, right: Any, **more: Any) -> Link:
    return _link(name, step, left, right, two_sided=True, **more)


def _radius(run: Any, case: Case, factor: float, inside: float) -> Any:
    """sqrt(factor log(inside t / delta_j) / max(1, N)), t counted from the restart."""
    clock = run.episode_starts - runs.last_restart(run)
    logs = np.log(inside * clock / runs.delta_of_phase(case, runs.phase_of_episode(run)))
    return np.sqrt(factor * logs[:, None, None] / np.maximum(1, run.trace.visits))


def _full(run: Any) -> Any:
    """Whether each episode played some pair of its policy as often as it may."""
    allowed = np.maximum(1, opt.of_policy(run.trace.visits, run.trace.policies))
    return (run.trace.plays >= allowed).any(axis=1)


def _must_be_full(run: Any) -> Any:
    """Episodes that neither an alarm nor the horizon ended."""
    return ~np.isin(np.append(run.episode_starts[1:] - 1, run.horizon), [*run.restart_times, run.horizon])


def _streams(run: Any, case: Case) -> int:
    return int(run.visits.size) * (2 if case.parameters.get("reward_streams") else 1)


def _limits(run: Any, case: Case) -> Any:
    return _streams(run, case) / runs.delta_of_phase(case, np.arange(len(run.restart_times)))


def _lengths(run: Any) -> Any:
    return np.diff(np.concatenate([[0], run.restart_times]))


def _empirical(run: Any) -> Any:
    trace = run.trace
    n = np.maximum(1, trace.visits)[..., None]
    return opt.of_policy(np.where(trace.visits[..., None] > 0, trace.counts / n, 1.0 / trace.counts.shape[3]), trace.policies)


def _phase_bounds(run: Any, case: Case) -> Any:
    piece, length, *_ = stretches(run, case)
    return _bound(case, piece, length, runs.delta_of_phase(case, np.arange(len(piece))))


def _gap(run: Any) -> float:
    return 1.0 / np.sqrt(run.trace.clock)


def _good(run: Any, case: Case) -> Any:
    return runs.plausible(run, case)[:, None]


PIECES = (*PROVED_ON, *WATCHED)
LINKS = (
    _same("counts are up to date", "Algorithm 2", lambda r, c: r.trace.visits.sum(axis=(1, 2)), lambda r, c: r.episode_starts - runs.last_restart(r) - 1),
    _same("transitions are counted once", "Algorithm 2", lambda r, c: r.trace.counts.sum(axis=3), lambda r, c: r.trace.visits),
    _same("own clock", "library's choice", lambda r, c: r.trace.clock, lambda r, c: r.episode_starts - runs.last_restart(r)),
    _same("each restart starts an episode", "library's choice", lambda r, c: runs.first_episodes(r).sum(), lambda r, c: len(r.restart_times) + 1),
    _same("rewards are forgotten", "Algorithm 2", lambda r, c: r.trace.reward_sums[runs.first_episodes(r)], lambda r, c: 0.0),
    _same("transitions are forgotten", "Algorithm 2", lambda r, c: r.trace.counts[runs.first_episodes(r)], lambda r, c: 0.0),
    _same("confidence delta/(j(j+1))", "Theorem C", lambda r, c: r.trace.delta, lambda r, c: runs.delta_of_phase(c, runs.phase_of_episode(r))),
    _same("level of the detectors", "Theorem C", lambda r, c: r.extra["alarm_limits"], _limits),
    _link("detectors read their phase only", "Theorem C", lambda r, c: r.extra["alarm_observations"], lambda r, c: _lengths(r)),
    _link("a split has two sides", "Algorithm 1", lambda r, c: r.extra["alarm_splits"], lambda r, c: r.extra["alarm_observations"] - 1),
    _same("reward radii", "[jaksch2010near, (3)]", lambda r, c: r.trace.reward_radii, lambda r, c: _radius(r, c, 3.5, 2.0 * r.visits.size)),
    _same("transition radii", "[jaksch2010near, (4)]", lambda r, c: r.trace.transition_radii, lambda r, c: _radius(r, c, 14.0 * r.visits.shape[0], 2.0 * r.visits.shape[1])),
    _link("episode stops in time", "Algorithm 2", lambda r, c: r.trace.plays, lambda r, c: np.maximum(1, opt.of_policy(r.trace.visits, r.trace.policies))),
    _same("episode stops for a reason", "Algorithm 2", lambda r, c: _full(r), lambda r, c: 1.0, given=lambda r, c: _must_be_full(r)),
    _link("inside the ball", "[jaksch2010near, Figure 2]", lambda r, c: np.abs(r.trace.optimistic_transitions - _empirical(r)).sum(axis=2), lambda r, c: opt.of_policy(r.trace.transition_radii, r.trace.policies)),
    _link("span of the increments", "[jaksch2010near, Theorem 7]", lambda r, c: np.ptp(r.trace.increments, axis=1), lambda r, c: _gap(r)),
    _link("optimism", "[jaksch2010near, (8)]", lambda r, c: runs.gains(c)[runs.piece_at(c, r.episode_starts - 1)] - _gap(r), lambda r, c: r.trace.increments.min(axis=1), given=runs.plausible),
    _link("span of the values", "[jaksch2010near, (11)]", lambda r, c: np.ptp(r.trace.values, axis=1), lambda r, c: runs.diameters(c)[runs.piece_at(c, r.episode_starts - 1)], given=runs.plausible),
    _link("optimistic rewards", "[jaksch2010near, (13)]", lambda r, c: r.trace.optimistic_rewards - runs.of_true(runs.true_model(r, c)[0], r), lambda r, c: 2.0 * opt.of_policy(r.trace.reward_radii, r.trace.policies), given=_good),
    _link("transition error", "[jaksch2010near, (16)]", lambda r, c: np.abs(r.trace.optimistic_transitions - runs.of_true(runs.true_model(r, c)[1], r)).sum(axis=2), lambda r, c: 2.0 * opt.of_policy(r.trace.transition_radii, r.trace.policies), given=_good),
    _link("one restart a piece", "Theorem C, step 1", lambda r, c: len(r.restart_times), lambda r, c: len(runs.changes_of(c)), kind=HighProbability(DELTA)),
    _link("(22) on each clean stretch", "Theorem C, step 2", lambda r, c: stretches(r, c)[2], _phase_bounds, kind=HighProbability(DELTA), instances=PROVED_ON),
    _link("a delay costs its length", "Theorem C, step 3", lambda r, c: stretches(r, c)[4], lambda r, c: stretches(r, c)[3], instances=PIECES),
    _same("stretches add up to the regret", "Theorem C", lambda r, c: stretches(r, c)[2].sum() + stretches(r, c)[4].sum(), lambda r, c: r.regret[-1], instances=PIECES, tolerance=1e-6),
)  # fmt: skip

STAGES = (
    Stage("measured regret", lambda r, c: float(r.regret[-1])),
    Stage("delays at their length", lambda r, c: float(stretches(r, c)[2].sum() + stretches(r, c)[3].sum()), "link: a delay costs its length"),
    Stage("clean stretches at (22) with delta_j", lambda r, c: float(_phase_bounds(r, c).sum() + stretches(r, c)[3].sum()), "link: (22) on each clean stretch"),
    Stage("Theorem C", lambda r, c: theorem_c(c) + float(stretches(r, c)[3].sum()), "whole pieces, delta/(2 K^2)"),
)  # fmt: skip

RESULT = Result(
    slug="rbocpd_ucrl2",
    area="mdp/average_reward",
    title="UCRL2 restarted by Bayesian change detectors",
    paper=SOURCE,
    algorithms=ALGORITHMS,
    claims=(THEOREM_C, FALSE_RESTART, CONTROL, PRINTED, UNSEEN, LINEAR, SEEN, ORACLE_CLAIM),
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=NOISY[1],
    mutants=MUTANTS,
    figures=("rbocpd_ucrl2",),
    notes=(
        "With the recommended weight 1/n the algorithm restarts without any change, hundreds of times in 52000 steps; the false-alarm theorem it cites does not cover 1/n.",
        "Detectors of next states do not see a change of rewards alone: the regret is then linear (checked); reward_streams=True sees it.",
        "Theorem 4.12 adds a delay counted in observations of one pair to a regret counted in steps: it is refused where some pair's transitions do not change.",
        "Theorem C bounds no delay: without forced exploration a change of pairs that the policy does not play may stay unseen, and then costs up to 1 a step.",
        "On the model of Figure 2 every one of these bounds is vacuous: its pieces of a few thousand steps are too short for (22).",
    ),
)
