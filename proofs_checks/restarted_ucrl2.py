r"""[jaksch2010near], Theorem 6: UCRL2 restarted on a schedule, for :math:`\ell - 1` changes.

Phase i lasts from step :math:`\lceil i^3/\ell^2\rceil` to the next such step and is UCRL2 with confidence
:math:`\delta/\ell^2`.  The proof: a phase cut by a change costs at most its length; on every other one (22) holds.
The constant 65 makes the theorem useful only from T = 1.6e9 on, even where the diameter is 1.  The evidence is (22) on each
phase, which is useful from phases of 5e4 steps on, and the links.
"""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.average_reward import optimism as opt
from theorylab.rooms.proofs_checks.average_reward.optimism import bound_22, the_diameter
from theorylab.rooms.proofs_checks.average_reward.restarted_ucrl2_checks import ALGORITHMS, CHECKS, MUTANTS
from theorylab.rooms.proofs_checks.average_reward.shared import (
    ENOUGH_CHANGES,
    changes_before,
    swapped_two_state,
    the_optimal_reward,
)

from theorylab.mdp.environments import FIGURE_2_STARTS, piecewise_dirichlet
from theorylab.verify.cases import Case, Instance
from theorylab.verify.kinds import HighProbability
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

SOURCE = "jaksch2010near"
DELTA = 0.2  # large, so that few runs decide; the bounds hardly notice


def phase_start(i: int, pieces: int) -> int:
    """Steps played before phase i = 1, 2, ..: one less than the smallest integer not below i^3 / pieces^2."""
    return -(-(i**3) // pieces**2) - 1


def last_phase(horizon: int, pieces: int) -> int:
    """The phase of the last step: the largest i with i^3 <= pieces^2 * horizon."""
    i = round((pieces**2 * horizon) ** (1.0 / 3.0)) + 1
    while i**3 > pieces**2 * horizon:
        i -= 1
    return i


def phase_bounds(horizon: int, pieces: int) -> Any:
    """Steps played at the beginning and at the end of each phase that is not empty, two integer arrays."""
    starts = sorted({phase_start(i, pieces) for i in range(1, last_phase(horizon, pieces) + 1)})
    return np.array(starts), np.array([*starts[1:], horizon])


def _instances(
    name: str, build: Any, pieces: int, horizons: dict[str, int], runs: dict[str, int]
) -> tuple[Instance, ...]:
    """One instance for each preset, reporting at the end of each phase."""
    made = []
    for preset, horizon in horizons.items():
        ends = tuple(int(end) for end in phase_bounds(horizon, pieces)[1])
        parameters = {"changes": pieces - 1, "delta": DELTA, "trace": True, "checkpoints": ends}
        made.append(Instance(name, lambda T=horizon: build(T), horizon, runs[preset], parameters, (preset,)))
    return tuple(made)


SWAPPED = _instances(
    "swapped two-state", lambda T: swapped_two_state(T // 2, noise=0.05), 2,
    {"smoke": 5_000, "quick": 4_900_000, "paper": 60_000_000, "power": 600}, {"smoke": 5, "quick": 54, "paper": 200, "power": 2},
)  # fmt: skip
NOISY = _instances(
    "swapped slippery two-state", lambda T: swapped_two_state(T // 2, slip=0.2, noise=0.1), 2,
    {"smoke": 5_000, "quick": 600_000, "paper": 60_000_000, "power": 600}, {"smoke": 5, "quick": 54, "paper": 200, "power": 2},
)  # fmt: skip
FIGURE_2 = _instances(
    "14 Dirichlet pieces", lambda T: piecewise_dirichlet(4, 7, starts=[s * T // 52_000 for s in FIGURE_2_STARTS], rng=0), 14,
    {"smoke": 2_600, "quick": 26_000, "paper": 52_000}, {"smoke": 3, "quick": 54, "paper": 200},
)  # fmt: skip
HUGE = Instance(
    "swapped two-state, long", lambda: swapped_two_state(1_000_000_000, noise=0.05), 2_000_000_000, 60,
    {"changes": 1, "delta": DELTA}, ("paper",),
)  # fmt: skip
PROVED_ON = (*SWAPPED, *NOISY, *FIGURE_2)
HYPOTHESES = (opt.REWARDS_IN_UNIT_INTERVAL, opt.COMMUNICATING, opt.THEOREMS_CONSTANTS, ENOUGH_CHANGES)


def pieces_told(case: Case) -> int:
    """The theorem's l."""
    return int(case.parameters["changes"]) + 1


def theorem_6(case: Case) -> float:
    r"""65 l^(1/3) T^(2/3) D S sqrt(A log(T/delta))."""
    S, A, T = case.model.n_states, case.model.n_actions, case.horizon
    rate = pieces_told(case) ** (1.0 / 3.0) * T ** (2.0 / 3.0)
    return 65.0 * rate * the_diameter(case) * S * math.sqrt(A * math.log(T / case.parameters["delta"]))


def bounds_of(case: Case) -> Any:
    """Beginnings and ends of the phases of a case."""
    return phase_bounds(case.horizon, pieces_told(case))


def unchanged(case: Case) -> Any:
    """Which phases contain no change."""
    starts, ends = bounds_of(case)
    changes = np.array(getattr(case.model, "changes", ()), dtype=np.int64)
    return np.searchsorted(changes, starts, side="right") == np.searchsorted(changes, ends, side="left")


def phase_regret(run: Any, case: Case) -> Any:
    """Realised regret of each phase."""
    at_end = dict(zip(run.times.tolist(), run.regret.tolist(), strict=True))
    return np.diff([0.0] + [at_end.get(int(end), math.nan) for end in bounds_of(case)[1]])


def phase_bound(length: float, case: Case) -> float:
    """(22) for a phase of that length, with confidence delta / l^2."""
    delta = case.parameters["delta"] / pieces_told(case) ** 2
    return bound_22(length, case.model.n_states, case.model.n_actions, the_diameter(case), delta)


def phase_limits(case: Case) -> Any:
    """(22) for each phase."""
    starts, ends = bounds_of(case)
    return np.array([phase_bound(float(length), case) for length in ends - starts])


def _last_complete(case: Case) -> int:
    """Length of the last phase that ends within the horizon, in closed form (horizons up to 1e30)."""
    i = last_phase(case.horizon, pieces_told(case))
    return max(1, phase_start(i, pieces_told(case)) - phase_start(i - 1, pieces_told(case)))


def _last_gain(case: Case) -> float:
    return the_optimal_reward(case.with_horizon(case.horizon + 1)) - the_optimal_reward(case)


THEOREM_6 = Claim(
    name="theorem-6",
    kind=HighProbability(DELTA),
    source=f"{SOURCE}, Theorem 6",
    statement=r"\Delta \le 65\, \ell^{1/3} T^{2/3} D S \sqrt{A \log(T/\delta)}",
    constants="paper",
    quantity=lambda run, case: float(run.regret[-1]),
    bound=theorem_6,
    trivial=the_optimal_reward,
    hypotheses=HYPOTHESES,
    instances=(*PROVED_ON, HUGE),
    explains="Useful from T = 1.6e9 on where the diameter is 1: the paper preset goes there.",
)
LAST_PHASE = Claim(
    name="last phase (22)",
    kind=HighProbability(DELTA),
    source=f"{SOURCE}, proof of Theorem 6",
    statement=r"\Delta_{\text{phase}} \le (22) \text{ with } T \to \text{its length},\ \delta \to \delta/\ell^2, \text{ on the last whole phase}",
    constants="derived here",
    quantity=lambda run, case: float(phase_regret(run, case)[-2]),
    bound=lambda case: phase_bound(float(_last_complete(case)), case),
    trivial=lambda case: _last_complete(case) * _last_gain(case),
    hypotheses=HYPOTHESES,
    instances=PROVED_ON,
    explains="The longest phase that the horizon leaves whole.  It fails with probability at most delta/(4 l^2 L^(5/4)).",
)


def _link(name: str, left: Any, right: Any, step: str = "Section 6", **more: Any) -> Link:
    more.setdefault("instances", PROVED_ON)
    return Link(name=name, left=left, right=right, source=f"{SOURCE}, {step}", hypotheses=HYPOTHESES, **more)


def last_restart(run: Any) -> Any:
    """Steps played before the phase in which each episode lies."""
    restarts = np.concatenate([[0], run.restart_times])
    return restarts[np.searchsorted(restarts, run.episode_starts - 1, side="right") - 1]


def _first_of_phase(run: Any) -> Any:
    return last_restart(run) == run.episode_starts - 1


def _wrong_restarts(run: Any, case: Case) -> float:
    return float(len(np.setxor1d(run.restart_times, bounds_of(case)[0][1:])))


def _episodes_per_phase(run: Any, case: Case) -> Any:
    starts, _ = bounds_of(case)
    return np.diff([*np.searchsorted(run.episode_starts - 1, starts), run.n_episodes])


def _episode_caps(case: Case) -> Any:
    starts, ends = bounds_of(case)
    pairs = case.model.n_states * case.model.n_actions
    lengths = (ends - starts).astype(float)
    return np.where(lengths >= pairs, pairs * np.log2(8.0 * lengths / pairs), lengths)


def _radius(run: Any, case: Case, factor: float, inside: float) -> Any:
    """sqrt(factor log(inside t_k / (delta / l^2)) / max(1, N_k))."""
    clock = (run.episode_starts - last_restart(run))[:, None, None]
    delta = case.parameters["delta"] / pieces_told(case) ** 2
    return np.sqrt(factor * np.log(inside * clock / delta) / np.maximum(1, run.trace.visits))


LINKS = (
    _link("restart times", _wrong_restarts, lambda r, c: 0.0, "Theorem 6", two_sided=True),
    _link("each phase starts an episode", lambda r, c: _first_of_phase(r).sum(), lambda r, c: len(bounds_of(c)[0]), two_sided=True),
    _link("own clock", lambda r, c: r.trace.clock, lambda r, c: r.episode_starts - last_restart(r), two_sided=True),
    _link("visits are forgotten", lambda r, c: r.trace.visits[_first_of_phase(r)], lambda r, c: 0.0, two_sided=True),
    _link("rewards are forgotten", lambda r, c: r.trace.reward_sums[_first_of_phase(r)], lambda r, c: 0.0, two_sided=True),
    _link("transitions are forgotten", lambda r, c: r.trace.counts[_first_of_phase(r)], lambda r, c: 0.0, two_sided=True),
    _link("visits of the phase are counted", lambda r, c: r.trace.visits.sum(axis=(1, 2)), lambda r, c: r.episode_starts - last_restart(r) - 1, two_sided=True),
    _link("confidence delta/l^2", lambda r, c: r.trace.delta, lambda r, c: c.parameters["delta"] / pieces_told(c) ** 2, "Theorem 6", two_sided=True),
    _link("reward radii", lambda r, c: r.trace.reward_radii, lambda r, c: _radius(r, c, 3.5, 2.0 * r.visits.size), "(3)", two_sided=True),
    _link("transition radii", lambda r, c: r.trace.transition_radii, lambda r, c: _radius(r, c, 14.0 * r.visits.shape[0], 2.0 * r.visits.shape[1]), "(4)", two_sided=True),
    _link("episode stops in time", lambda r, c: r.trace.plays, lambda r, c: np.maximum(1, opt.of_policy(r.trace.visits, r.trace.policies)), "Figure 1, step 6"),
    _link("episodes per phase", _episodes_per_phase, lambda r, c: _episode_caps(c), "Proposition 18"),
    _link("every phase (22)", phase_regret, lambda r, c: phase_limits(c), given=lambda r, c: unchanged(c), kind=HighProbability(DELTA), statement="the regret of each phase without a change is at most (22) for its length"),
    _link("changed phases", phase_regret, lambda r, c: np.subtract(*bounds_of(c)[::-1]), given=lambda r, c: ~unchanged(c), statement="a phase cut by a change costs at most its length"),
)  # fmt: skip


def _changed_lengths(case: Case) -> float:
    starts, ends = bounds_of(case)
    return float((ends - starts)[~unchanged(case)].sum())


def _longest(case: Case) -> float:
    starts, ends = bounds_of(case)
    return float((ends - starts).max())


STAGES = (
    Stage("measured regret", lambda r, c: float(r.regret[-1])),
    Stage("changed phases at their length", lambda r, c: _changed_lengths(c) + float(phase_regret(r, c)[unchanged(c)].sum()), "link: changed phases"),
    Stage("other phases at (22) or their length", lambda r, c: _changed_lengths(c) + float(_cheaper(c)[unchanged(c)].sum()), "link: every phase (22)"),
    Stage("changed phases at the longest length", lambda r, c: changes_before(c) * _longest(c) + float(_cheaper(c).sum()), "phases grow"),
    Stage("Theorem 6", lambda r, c: theorem_6(c), "65"),
)  # fmt: skip


def _cheaper(case: Case) -> Any:
    starts, ends = bounds_of(case)
    return np.minimum(phase_limits(case), ends - starts)


RESULT = Result(
    slug="restarted_ucrl2",
    area="mdp/average_reward",
    title="UCRL2 with restarts for a known number of changes",
    paper=SOURCE,
    algorithms=ALGORITHMS,
    claims=(THEOREM_6, LAST_PHASE),
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=replace(SWAPPED[1], runs={"quick": 10, "paper": 60}),  # the median of a chain needs few runs
    mutants=MUTANTS,
    coq=("sums.v", "pigeonhole.v"),
    figures=("restarted_ucrl2",),
    notes=(
        "Theorem 6 says nothing before T = 1.6e9 even on a two-state model of diameter 1; it is checked there only at the paper preset.",
        "(22) on the last whole phase is useful on the two-state models and is checked at the quick preset.",
        "On the model of Figure 2 of [alami2023restarted] (T = 52000, 14 pieces) no phase is longer than 711 steps: nothing can be learnt in one.",
    ),
)
