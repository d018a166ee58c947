"""Exact expectations of learners with a coin or a budget: every sequence of transitions, against the definitions.

The agent's uniforms are one fixed sequence; the environment's outcomes are enumerated with their probabilities.  The
other side walks over the same outcomes with the slow agent and values by backward recursion: no kernel, no record.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.shared import on_problem, optimal_value
from theorylab.rooms.proofs_checks.episodic.stepmix_exact import as_law, episodes, exact

from theorylab.core.rng import AGENT
from theorylab.mdp.episodic.agents import AgentInfo, EpisodeMixture
from theorylab.mdp.episodic.epsmix_reference import EpsMixAgent
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = ["EXACT", "tree_check"]


def tree_check(
    algorithm: str,
    agent: Any,
    instances: tuple[Instance, ...],
    *,
    line: Callable[[Case], float],
    coins: int,
) -> Check:
    """E of regret, violating episodes and greedy episodes; ``coins`` uniforms of the agent before each episode."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        from theorylab.verify.exact.scripted import interval_tree

        cuts = sorted({float(c) for c in np.ravel(case.model.arrays().cumulative) if 0.0 < c < 1.0})
        mine, total = np.zeros(3), Fraction(0)
        for weight, run in interval_tree(
            lambda source: code.algorithm(algorithm)(case.model, case.horizon, rng=source, **case.parameters),
            thresholds=cuts, depth=case.horizon * case.model.horizon, compiled=True,
        ):  # fmt: skip
            mine += float(weight) * np.array([run.regret[-1], run.violations[-1], run.greedy_episodes[-1]])
            total += weight
        expected = enumerated(case, agent, line(case), coins)
        off = float(np.abs(mine - expected).max())
        detail = f"regret, violations, greedy: {mine.round(9).tolist()}, expected {expected.round(9).tolist()}"
        return Comparison(off <= 1e-9 and total == 1, off, 1e-9, detail, 1)

    return Check(
        name=f"expectations of {algorithm} by enumeration",
        evaluate=evaluate,
        source="enumeration of all transitions",
        instances=instances,
        layer="exact",
        internals=True,  # a value of this algorithm, not of one that a user puts in its place
        algorithm=algorithm,
        statement=r"E R_K, E \#\{V^{\pi_k} < \gamma\}, E of the number of greedy episodes, over all outcomes",
    )


def enumerated(case: Case, agent: Any, line: float, coins: int) -> Any:
    """The three expectations from the definitions."""
    mdp, best = case.model, optimal_value(case)
    H = mdp.horizon
    uniforms = np.random.default_rng(AGENT).random(case.horizon * (H + coins)).tolist()
    info = AgentInfo(mdp.n_states, mdp.n_actions, H, case.horizon, mdp.R, mdp.start, dict(case.parameters))
    total = np.zeros(3)
    todo: list[tuple[Fraction, list[Any], Any]] = [(Fraction(1), [], np.zeros(3))]
    while todo:
        weight, history, sums = todo.pop()
        if len(history) == case.horizon:
            total += float(weight) * sums
            continue
        learner, at = agent(info), len(history) * (H + coins)
        for i, episode in enumerate(history):
            learner.policy(Said(uniforms[i * (H + coins) :]))  # the learner's own books need every episode
            for step in episode:
                learner.observe(*step)
        said = learner.policy(Said(uniforms[at:]))
        mixture = said if isinstance(said, EpisodeMixture) else EpisodeMixture((1.0,), (said,), 0)
        laws = [as_law(policy, mdp) for policy in mixture.policies]
        value = sum(w * exact(mdp, law) for w, law in zip(mixture.weights, laws, strict=True))
        now = sums + np.array([best - value, float(value < line - 1e-9), float(learner.kind == "greedy")])
        for chance, episode in episodes(mdp, laws[mixture.drawn], uniforms[at + coins :]):
            todo.append((weight * chance, [*history, episode], now))
    return total


class Said:
    """A generator that reads from a list."""

    def __init__(self, numbers: list[float]) -> None:
        self.numbers = iter(numbers)

    def random(self) -> float:
        """The next number."""
        return next(self.numbers)


TREES = tuple(
    on_problem(
        "tiny", {"quick": 2, "paper": 3}, 1, label=f"tiny tree, scale {scale}" + known * ", value known",
        told=bool(known), scale=scale,
    )
    for scale, known in ((1.0, 1), (0.2, 0))
)  # fmt: skip
EXACT = (tree_check("epsmix", EpsMixAgent, TREES, line=lambda case: float(case.parameters["threshold"]), coins=1),)
