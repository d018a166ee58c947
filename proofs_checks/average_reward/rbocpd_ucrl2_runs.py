"""Models, and what the links of Theorem C read off a run with restarts: phases, clean stretches, pieces.

A *phase* lasts from a restart (or the start) to the next one.  Its *clean* part ends at the first change after its
beginning; the rest, up to the restart, is the delay.  A restart is *false* when its phase holds no change.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.average_reward import optimism as opt

from theorylab.mdp.environments import two_state
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.piecewise import PiecewiseStationaryMDP
from theorylab.mdp.planning import diameter, optimal_gain
from theorylab.verify.cases import Case, Hypothesis

__all__ = [
    "ALL_PAIRS_CHANGE",
    "VALID_LEVELS",
    "best_reward",
    "clean_episodes",
    "delays",
    "delta_of_phase",
    "false_restarts",
    "phase_of_episode",
    "plausible",
    "relabelled_two_state",
    "reward_drop",
    "stretches",
]


def relabelled_two_state(change: int, *, slip: float = 0.0, pays: float = 1.0) -> PiecewiseStationaryMDP:
    """Two states; from step ``change`` on the two actions have changed places: every pair moves differently.

    Staying in state 1 pays 1 with probability ``pays``.
    """
    P, R = two_state(slip).P, pays * two_state(slip).R
    pieces = FiniteMDP(P, R, name="two-state"), FiniteMDP(P[:, ::-1], R[:, ::-1], name="two-state, relabelled")
    return PiecewiseStationaryMDP(pieces, (0, change), name="relabelled two-state").with_reward_law("bernoulli")


def reward_drop(change: int, *, slip: float = 0.25) -> PiecewiseStationaryMDP:
    """State 0 pays 0.5 throughout; state 1 pays 1, and nothing from step ``change`` on.  Transitions never change."""
    P = two_state(slip).P
    first = FiniteMDP(P, [[0.5, 0.0], [1.0, 0.0]], name="reward drop")
    second = FiniteMDP(P, [[0.5, 0.0], [0.0, 0.0]], name="reward drop, later")
    return PiecewiseStationaryMDP((first, second), (0, change), name="reward drop")


def pieces_of(case: Case) -> tuple[Any, ...]:
    """The models."""
    return tuple(getattr(case.model, "pieces", (case.model,)))


def changes_of(case: Case) -> Any:
    """Steps played before each change within the horizon."""
    return np.array([c for c in getattr(case.model, "changes", ()) if c < case.horizon], dtype=np.int64)


def piece_at(case: Case, steps: Any) -> Any:
    """The piece that rules the step after ``steps`` steps."""
    return np.searchsorted(changes_of(case), steps, side="right")


def diameters(case: Case) -> Any:
    """Diameter of each piece (upper bounds)."""
    return np.array(case.fact("diameters", lambda m: [diameter(p).upper for p in getattr(m, "pieces", (m,))]))


def gains(case: Case) -> Any:
    """Optimal gain of each piece."""
    return np.array(case.fact("gains", lambda m: [optimal_gain(p).gain for p in getattr(m, "pieces", (m,))]))


def best_reward(case: Case, steps: Any) -> Any:
    """Sum of the optimal gains over the first ``steps`` steps."""
    starts = np.concatenate([[0], changes_of(case)])
    ends = np.append(starts[1:], case.horizon)
    steps = np.asarray(steps, dtype=float)[..., None]
    return (np.clip(np.minimum(steps, ends) - starts, 0.0, None) * gains(case)[: len(starts)]).sum(axis=-1)


def delta_of_phase(case: Case, phase: Any) -> Any:
    """Delta / (j (j + 1)), j = phase + 1."""
    return case.parameters["delta"] / ((np.asarray(phase) + 1.0) * (np.asarray(phase) + 2.0))


def phases(run: Any) -> tuple[Any, Any]:
    """Steps played at the beginning and at the end of each phase."""
    return np.concatenate([[0], run.restart_times]), np.append(run.restart_times, run.horizon)


def false_restarts(run: Any, case: Case) -> int:
    """How many restarts end a phase without any change."""
    begin, end = phases(run)
    return int((piece_at(case, begin[:-1]) == piece_at(case, end[:-1] - 1)).sum())


def stretches(run: Any, case: Case) -> tuple[Any, Any, Any, Any, Any]:
    """For each phase: piece, length and regret of its clean part, length and regret of its delay.

    The run must report at the changes (``checkpoints``).
    """
    begin, end = phases(run)
    piece = piece_at(case, begin)
    middle = np.minimum(end, np.append(changes_of(case), case.horizon)[piece])
    known = dict(zip(run.times.tolist(), run.reward_sum.tolist(), strict=True))
    known.update(
        zip(run.restart_times.tolist(), np.asarray(run.extra.get("restart_rewards", [])).tolist(), strict=False)
    )
    known[0] = 0.0
    reward = [np.array([known[int(t)] for t in steps]) for steps in (begin, middle, end)]
    best = [best_reward(case, steps) for steps in (begin, middle, end)]
    regret = [b - r for b, r in zip(best, reward, strict=True)]
    return piece, middle - begin, regret[1] - regret[0], end - middle, regret[2] - regret[1]


def delays(run: Any, case: Case) -> list[int]:
    """Steps from each change to the first restart after it, at most the length of the piece."""
    changes = changes_of(case)
    found = []
    for change, following in zip(changes, [*changes[1:], case.horizon], strict=True):
        later = run.restart_times[run.restart_times > change]
        found.append(int(min(following, later[0] if len(later) else following) - change))
    return found


def phase_of_episode(run: Any) -> Any:
    """0 before the first restart, then 1, 2, .."""
    return np.searchsorted(run.restart_times, run.episode_starts - 1, side="right")


def last_restart(run: Any) -> Any:
    """Steps played before the phase of each episode."""
    return np.concatenate([[0], run.restart_times])[phase_of_episode(run)]


def first_episodes(run: Any) -> Any:
    """Which episodes open a phase."""
    return last_restart(run) == run.episode_starts - 1


def clean_episodes(run: Any, case: Case) -> Any:
    """Episodes that know observations of the present piece only."""
    return piece_at(case, last_restart(run)) == piece_at(case, run.episode_starts - 1)


def true_model(run: Any, case: Case) -> tuple[Any, Any]:
    """R (K, S, A) and P (K, S, A, S) at the start of each episode."""
    piece = piece_at(case, run.episode_starts - 1)
    return np.stack([p.R for p in pieces_of(case)])[piece], np.stack([p.P for p in pieces_of(case)])[piece]


def plausible(run: Any, case: Case) -> Any:
    """(K,) whether the episode is clean and the present piece lies in its plausible set."""
    trace, (R, P) = run.trace, true_model(run, case)
    n = np.maximum(1, trace.visits)
    rewards = np.abs(trace.reward_sums / n - R) <= trace.reward_radii + 1e-12
    transitions = np.abs(trace.counts / n[..., None] - P).sum(axis=3) <= trace.transition_radii + 1e-12
    inside = np.all(np.where(trace.visits > 0, rewards & transitions, True), axis=(1, 2))
    return inside & clean_episodes(run, case)


def of_true(values: Any, run: Any) -> Any:
    """Entries of a true model (K, S, A, ..) at each episode's policy."""
    return opt.of_policy(values, run.trace.policies)


def _all_pairs_change(case: Case) -> bool:
    pieces = pieces_of(case)
    return all(bool(np.all(np.abs(a.P - b.P).sum(axis=2) > 1e-9)) for a, b in pairwise(pieces))


ALL_PAIRS_CHANGE = Hypothesis("every change is a change of every pair's transitions", _all_pairs_change)
VALID_LEVELS = Hypothesis(
    "a prior weight with a false-alarm theorem, and split levels",
    lambda case: (
        case.parameters.get("rule", "theorem_r") in ("theorem_r", "ville")
        and not case.parameters.get("published", False)
    ),
)
