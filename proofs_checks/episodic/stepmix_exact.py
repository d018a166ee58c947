"""Exact expectations: every sequence of transitions through the real kernel, against the definitions.

The agent's coins are one fixed sequence (they are drawn from a stream of their own), the environment's outcomes are
enumerated with their exact probabilities.  The other side walks over the same outcomes with the slow agent and exact
values by rational-free backward recursion: no kernel, no record, no draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.shared import (
    EVERYWHERE,
    NO_MUTANTS,
    fresh_problem,
    on_problem,
    optimal_value,
)

from theorylab.core.rng import AGENT
from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.agents import AgentInfo
from theorylab.mdp.episodic.stepmix_reference import StepMixAgent
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = ["EXACT", "expectations_check"]


def expectations_check(algorithm: str, agent: Any, instances: tuple[Instance, ...]) -> Check:
    """E of the regret, of the violations and of the episodes that are not greedy, over all outcomes."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        from theorylab.verify.exact.scripted import interval_tree

        cuts = sorted({float(c) for c in np.ravel(case.model.arrays().cumulative) if 0.0 < c < 1.0})
        depth = case.horizon * case.model.horizon
        algo, given = code.algorithm(algorithm), dict(case.parameters)
        mine = np.zeros(3)
        total = Fraction(0)
        for weight, run in interval_tree(
            lambda source: algo(case.model, case.horizon, rng=source, **given),
            thresholds=cuts, depth=depth, compiled=True,
        ):  # fmt: skip
            mine += float(weight) * figures(run)
            total += weight
        expected = enumerated(case, agent)
        off = float(np.abs(mine - expected).max())
        detail = f"regret, violations, bad episodes: {mine.round(9).tolist()}, expected {expected.round(9).tolist()}"
        return Comparison(off <= 1e-9 and total == 1, off, 1e-9, detail, 1)

    return Check(
        name=f"expectations of {algorithm} by enumeration",
        evaluate=evaluate,
        source="enumeration of all transitions",
        instances=instances,
        layer="exact",
        internals=True,  # a value of this algorithm, not of one that a user puts in its place
        algorithm=algorithm,
        statement=r"E R_K, E \#\{V^{\pi_k} < \gamma\} and E N over all outcomes of K episodes",
    )


def figures(run: Any) -> Any:
    """Regret, violations, episodes that were not greedy."""
    return np.array([run.regret[-1], run.violations[-1], run.mixture_episodes[-1] + run.baseline_episodes[-1]])


def enumerated(case: Case, agent: Any) -> Any:
    """The three expectations from the definitions."""
    mdp = case.model
    keywords = {key: value for key, value in case.parameters.items() if key != "trace"}
    coins = np.random.default_rng(AGENT).random(case.horizon * mdp.horizon).tolist()
    info = AgentInfo(mdp.n_states, mdp.n_actions, mdp.horizon, case.horizon, mdp.R, mdp.start, keywords)
    best, line = optimal_value(case), float(keywords["threshold"])
    total = np.zeros(3)
    todo: list[tuple[Fraction, list[Any], Any]] = [(Fraction(1), [], np.zeros(3))]
    while todo:
        weight, history, sums = todo.pop()
        if len(history) == case.horizon:
            total += float(weight) * sums
            continue
        learner = agent(info)
        for episode in history:
            for step in episode:
                learner.observe(*step)
        law = as_law(learner.policy(np.random.default_rng(0)), mdp)
        value = exact(mdp, law)
        now = sums + np.array([best - value, float(value < line - 1e-9), float(learner.kind != "greedy")])
        for chance, episode in episodes(mdp, law, coins[len(history) * mdp.horizon :]):
            todo.append((weight * chance, [*history, episode], now))
    return total


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


def halves() -> Any:
    """Two states, two actions, two steps; every draw is a fair coin or none, so that four episodes are few branches."""
    stay, coin, leave = [1.0, 0.0], [0.5, 0.5], [0.0, 1.0]
    P = [[[coin, stay], [leave, coin]], [[stay, coin], [coin, leave]]]
    R = [[[0.5, 0.0], [0.0, 0.25]], [[0.25, 0.5], [0.0, 1.0]]]
    law = [[[0.75, 0.25], [0.5, 0.5]], [[0.25, 0.75], [0.25, 0.75]]]
    return fresh_problem(EpisodicMDP(P, R, start=0, name="fair coins"), law, 0.75, "fair coins")


TREES = tuple(
    on_problem(
        halves(), {"smoke": 2, "quick": 3 + told, "paper": 5, "power": 2}, 1, told=bool(told), scale=scale,
        label=f"tree of fair coins, scale {scale}" + told * ", value known",
        presets=EVERYWHERE if told else NO_MUTANTS,
    )
    for scale, told in ((0.35, 0), (0.5, 1))
)  # fmt: skip
EXACT = (expectations_check("stepmix", StepMixAgent, TREES),)
