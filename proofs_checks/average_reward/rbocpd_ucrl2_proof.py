"""The proof of Theorem C link by link, on the traces of the runs, and its stages."""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.average_reward import optimism as opt
from theorylab.rooms.proofs_checks.average_reward import rbocpd_ucrl2_runs as runs
from theorylab.rooms.proofs_checks.average_reward.rbocpd_ucrl2_instances import (
    DELTA,
    LINKED,
    PROVED_ON,
    WATCHED,
    stretch_bounds,
    theorem_c,
)
from theorylab.rooms.proofs_checks.average_reward.rbocpd_ucrl2_runs import stretches

from theorylab.verify.cases import Case
from theorylab.verify.kinds import HighProbability
from theorylab.verify.statements import Link, Stage


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
    return opt.of_policy(
        np.where(trace.visits[..., None] > 0, trace.counts / n, 1.0 / trace.counts.shape[3]), trace.policies
    )


def _phase_bounds(run: Any, case: Case) -> Any:
    piece, length, *_ = stretches(run, case)
    return stretch_bounds(case, piece, length, runs.delta_of_phase(case, np.arange(len(piece))))


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
