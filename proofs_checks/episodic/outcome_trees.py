"""Exact expectations of episodic learners: every sequence of transitions, against the definitions.

The agent's uniforms are one fixed sequence (they come from a stream of their own); the environment's outcomes are
enumerated with their exact probabilities.  The other side walks over the same outcomes with the slow agent and exact
values by backward recursion: no kernel, no record, no draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.shared import optimal_value

from theorylab.core.rng import AGENT
from theorylab.mdp.episodic.agents import AgentInfo, EpisodeMixture
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = ["tree_check"]


def the_threshold(case: Case) -> float:
    """The threshold that the learner is told."""
    return float(case.parameters["threshold"])


def tree_check(
    algorithm: str,
    agent: Any,
    instances: tuple[Instance, ...],
    *,
    line: Callable[[Case], float] = the_threshold,
    coins: int = 0,
    replay: bool = True,
) -> Check:
    """E of regret, violating episodes and greedy episodes; ``coins`` uniforms of the agent before each episode.

    ``replay=False`` for agents whose policy depends on what they observed alone.
    """

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
        expected = enumerated(case, agent, line(case), coins, replay)
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


def enumerated(case: Case, agent: Any, line: float, coins: int, replay: bool) -> Any:
    """The three expectations from the definitions."""
    mdp, best = case.model, optimal_value(case)
    H = mdp.horizon
    uniforms = np.random.default_rng(AGENT).random(case.horizon * (H + coins)).tolist()
    told = {key: value for key, value in case.parameters.items() if key != "trace"}
    info = AgentInfo(mdp.n_states, mdp.n_actions, H, case.horizon, mdp.R, mdp.start, told)
    total = np.zeros(3)
    todo: list[tuple[Fraction, list[Any], Any]] = [(Fraction(1), [], np.zeros(3))]
    while todo:
        weight, history, sums = todo.pop()
        if len(history) == case.horizon:
            total += float(weight) * sums
            continue
        learner, at = agent(info), len(history) * (H + coins)
        for i, episode in enumerate(history):
            if replay:  # a learner with books of its own needs every episode
                learner.policy(Said(uniforms[i * (H + coins) :]))
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


def as_law(policy: Any, mdp: Any) -> Any:
    """A policy as (H, S, A) probabilities."""
    given = np.asarray(policy, dtype=float)
    return given if given.ndim == 3 else (given[..., None] == np.arange(mdp.n_actions)).astype(float)


def exact(mdp: Any, law: Any) -> float:
    """The value of a law, by backward recursion."""
    value = [0.0] * mdp.n_states
    for h in range(mdp.horizon - 1, -1, -1):
        value = [
            sum(
                float(law[h, s, a]) * (float(mdp.R[h, s, a]) + sum(map(float.__mul__, mdp.P[h, s, a].tolist(), value)))
                for a in range(mdp.n_actions)
            )
            for s in range(mdp.n_states)
        ]
    return float(np.dot(mdp.start, value))


def episodes(mdp: Any, law: Any, coins: list[float]) -> Iterator[tuple[Fraction, list[Any]]]:
    """All episodes of a law under fixed coins: (probability, steps)."""
    open_ones: list[tuple[Fraction, int, list[Any]]] = [(Fraction(1), mdp.start_state, [])]
    while open_ones:
        weight, state, steps = open_ones.pop()
        h = len(steps)
        if h == mdp.horizon:
            yield weight, steps
            continue
        action = int(np.searchsorted(np.cumsum(law[h, state])[:-1], coins[h], side="right"))
        for reached, p in enumerate(mdp.P[h, state, action].tolist()):
            if p > 0.0:
                shown = (h, state, action, float(mdp.R[h, state, action]), reached)
                open_ones.append((weight * Fraction(p), reached, [*steps, shown]))
