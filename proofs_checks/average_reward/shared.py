"""Models that change, hypotheses and quantities that the non-stationary average-reward results share."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.average_reward.optimism import the_diameter

from theorylab.mdp.environments import two_state
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.piecewise import PiecewiseStationaryMDP
from theorylab.mdp.planning import gain_by_linear_program, optimal_gain
from theorylab.verify.cases import Case, Hypothesis
from theorylab.verify.statements import Comparison

__all__ = [
    "ENOUGH_CHANGES",
    "LARGE_ENOUGH_DIAMETER",
    "changes_before",
    "coin_model",
    "same_decisions",
    "swapped_two_state",
    "the_optimal_reward",
]


def swapped_two_state(change: int, *, slip: float = 0.0, noise: float = 0.0) -> PiecewiseStationaryMDP:
    """Two states; from step ``change`` on the other one pays.  Diameter 1/(1 - slip) and gain 1 - noise in both pieces.

    With ``noise`` rewards are Bernoulli, of mean 1 - noise where it pays and noise elsewhere.
    """
    base = two_state(slip)
    law = "bernoulli" if noise else "deterministic"
    rewards = noise + (1.0 - 2.0 * noise) * base.R
    pieces = tuple(
        FiniteMDP(base.P, r, law, name=f"{base.name}{tail}", action_names=base.action_names)
        for r, tail in ((rewards, ""), (rewards[::-1], ", swapped"))
    )
    return PiecewiseStationaryMDP(pieces, (0, change), name="swapped two-state")


def coin_model(change: int) -> PiecewiseStationaryMDP:
    """Two states, two actions, probabilities 0, 1/2 or 1, rewards multiples of 1/4: for exact enumeration."""
    P = [[[0.5, 0.5], [1.0, 0.0]], [[0.5, 0.5], [0.0, 1.0]]]
    first = FiniteMDP(P, [[0.0, 0.25], [0.5, 0.75]], name="coins")
    second = FiniteMDP(P, [[1.0, 0.25], [0.0, 0.0]], name="coins, later")
    return PiecewiseStationaryMDP((first, second), (0, change), name="coins")


def changes_before(case: Case) -> int:
    """How often the model changes within the horizon."""
    return sum(1 for step in getattr(case.model, "changes", ()) if step < case.horizon)


def the_optimal_reward(case: Case) -> float:
    """Sum over the horizon of the optimal gain of the current piece: the regret of a learner that is never paid."""
    pieces = getattr(case.model, "pieces", (case.model,))
    gains = case.fact("gains", lambda m: [optimal_gain(p).gain for p in pieces])
    starts = getattr(case.model, "starts", (0,))
    ends = [*starts[1:], math.inf]
    return sum(g * max(0.0, min(case.horizon, end) - start) for g, start, end in zip(gains, starts, ends, strict=True))


ENOUGH_CHANGES = Hypothesis(
    "the model changes at most as often as the learner was told",
    lambda case: case.parameters.get("changes") is None or changes_before(case) <= case.parameters["changes"],
)
LARGE_ENOUGH_DIAMETER = Hypothesis(
    "the diameter that the learner was told is not too small",
    lambda case: the_diameter(case) <= (case.parameters.get("diameter") or math.inf) * (1.0 + 1e-9),
)


@lru_cache(maxsize=32)
def _gains_by_linear_program(mdp: Any) -> Any:
    return np.array([gain_by_linear_program(piece).objective for piece in getattr(mdp, "pieces", (mdp,))])


def regrets(reference: Any, mdp: Any) -> tuple[Any, Any]:
    """Regret and pseudo-regret of the reference's steps, each (T,), with the gains of the linear program."""
    pieces, starts = getattr(mdp, "pieces", (mdp,)), np.array(getattr(mdp, "starts", (0,)))
    piece = np.array([int((starts <= t).sum()) - 1 for t in range(len(reference.rewards))])
    means = np.array([p.R for p in pieces])[piece, reference.states, reference.actions]
    optimal = np.cumsum(_gains_by_linear_program(mdp)[piece])
    return optimal - np.cumsum(reference.rewards), optimal - np.cumsum(means)


def same_decisions(run: Any, reference: Any, mdp: Any) -> Comparison:
    """The steps, up to the first episode, reward, regret or total visit count on which a run and its reference differ.

    ``run`` must report at every step (horizons up to 500 do).
    """
    horizon = len(reference.rewards)
    visits = np.zeros((mdp.n_states, mdp.n_actions), dtype=np.int64)
    np.add.at(visits, (reference.states, reference.actions), 1)
    received = np.cumsum(reference.rewards)
    episodes = np.array(reference.episode_starts)
    problems = []
    if not np.array_equal(run.episode_starts, episodes):
        common = min(len(run.episode_starts), len(episodes))
        differ = np.flatnonzero(run.episode_starts[:common] != episodes[:common])
        problems.append(f"episode {int(differ[0]) if len(differ) else common} starts at another step")
    if not np.array_equal(run.times, np.arange(1, horizon + 1)):
        problems.append("the run does not report at every step")
    elif not np.allclose(run.reward_sum, received, rtol=0.0, atol=1e-9):
        problems.append(f"the reward of step {int(np.argmax(np.abs(run.reward_sum - received) > 1e-9)) + 1} differs")
    else:
        for name, expected in zip(("regret", "pseudo_regret"), regrets(reference, mdp), strict=True):
            wrong = np.flatnonzero(~(np.abs(getattr(run, name) - expected) <= 1e-6 * horizon))
            if len(wrong):
                problems.append(f"the {name} after step {int(wrong[0]) + 1} differs from that of the reference's steps")
    if not np.array_equal(run.visits, visits):
        problems.append("the pairs are visited differently")
    detail = "; ".join(problems) or f"the same {horizon} steps in {len(episodes)} episodes"
    return Comparison(not problems, float(run.reward_sum[-1]), float(received[-1]), detail, 1)
