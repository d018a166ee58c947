"""Instances, quantities and checks that the episodic results share."""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from theorylab.core.rng import child_seed
from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.environments import ConservativeProblem, conservative_problem, named, named_problem
from theorylab.mdp.episodic.planning import backward_induction, policy_value
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = [
    "EVERYWHERE",
    "NO_MUTANTS",
    "baseline_gap",
    "baseline_value",
    "final_regret",
    "fresh_problem",
    "largest_regret",
    "margin",
    "on_model",
    "on_problem",
    "optimal_value",
    "reference_check",
    "same_episodes",
    "worst_value",
]

EVERYWHERE, NO_MUTANTS = ("smoke", "quick", "paper", "power"), ("smoke", "quick", "paper")


def on_model(
    name: str,
    episodes: Any,
    runs: Any,
    *,
    build: Callable[[], EpisodicMDP] | None = None,
    label: str = "",
    presets: tuple[str, ...] = EVERYWHERE,
    **parameters: Any,
) -> Instance:
    """An instance of a learner without a constraint; ``build`` makes models that have no name."""
    return Instance(label or name, build or (lambda: named(name)), episodes, runs, parameters, presets)


def on_problem(
    problem: str | ConservativeProblem,
    episodes: Any,
    runs: Any,
    *,
    label: str = "",
    presets: tuple[str, ...] = EVERYWHERE,
    told: bool = False,
    **parameters: Any,
) -> Instance:
    """An instance with a baseline and a threshold; with ``told`` the learner knows the baseline's value."""
    found = known_problem(problem) if isinstance(problem, str) else problem
    given: dict[str, Any] = {"baseline": found.baseline, "threshold": found.threshold}
    if told:
        given["baseline_value"] = found.baseline_value
    name = label or found.name + (", value known" if told else "")
    return Instance(name, lambda: found.mdp, episodes, runs, {**given, **parameters}, presets)


@functools.cache
def known_problem(name: str) -> ConservativeProblem:
    """A named problem, made once."""
    return named_problem(name)


def fresh_problem(mdp: EpisodicMDP, baseline: Any, threshold: float, name: str) -> ConservativeProblem:
    """A problem of our own."""
    return conservative_problem(mdp, baseline, threshold=threshold, name=name)


def optimal_value(case: Case) -> float:
    """V*."""
    return case.fact("optimal value", lambda model: backward_induction(model).value)


def worst_value(case: Case) -> float:
    """The smallest value of any policy: backward induction on the negative rewards."""

    def least(model: EpisodicMDP) -> float:
        return -backward_induction(EpisodicMDP(model.P, -model.R, start=model.start)).value

    return case.fact("worst value", least)


def baseline_value(case: Case) -> float:
    """V^b of the case's baseline."""
    key = f"value of baseline {np.asarray(case.parameters['baseline']).tobytes()[:64]!r}"
    return case.fact(key, lambda model: policy_value(model, case.parameters["baseline"], name="baseline").value)


def baseline_gap(case: Case) -> float:
    r""":math:`\Delta_0 = V^* - V^b`."""
    return optimal_value(case) - baseline_value(case)


def margin(case: Case) -> float:
    r""":math:`\kappa = V^b - \gamma`."""
    return baseline_value(case) - float(case.parameters["threshold"])


def final_regret(run: Any, case: Case) -> float:
    """Regret after the last episode."""
    return float(run.regret[-1])


def largest_regret(case: Case) -> float:
    """What the worst policy suffers in every episode."""
    return case.horizon * (optimal_value(case) - worst_value(case))


COLUMNS = ("states", "actions", "values")
SERIES = (
    "regret",
    "value",
    "reward_sum",
    "violations",
    "cumulative_violations",
    "greedy_episodes",
    "mixture_episodes",
    "baseline_episodes",
)


def same_episodes(run: Any, reference: Any, *, more: Sequence[str] = (), tolerance: float = 1e-9) -> Comparison:
    """The first episode, and the first quantity, in which a traced run and its reference differ."""
    for name in (*COLUMNS, *more):
        mine, expected = (np.asarray(r.trace[name], dtype=float) for r in (run, reference))
        if mine.shape != expected.shape:
            return Comparison(False, 1.0, 0.0, f"{name} have the shape {mine.shape}, expected {expected.shape}")
        off = np.abs(mine - expected).reshape(len(mine), -1).max(axis=1)
        bad = np.flatnonzero(~(off <= tolerance))
        if len(bad):
            k = int(bad[0])
            return Comparison(False, float(off[k]), tolerance, f"{name} of episode {k + 1} differ by {off[k]:.3g}")
    for name in SERIES:
        mine, expected = (np.asarray(getattr(r, name), dtype=float) for r in (run, reference))
        off = np.abs(mine - expected)
        if mine.shape != expected.shape or not (off <= tolerance * (1.0 + np.abs(expected))).all():
            return Comparison(False, float(np.max(off, initial=0.0)), tolerance, f"the series {name} differs")
    return Comparison(True, 0.0, tolerance, f"{run.episodes} episodes: the same decisions")


def reference_check(
    algorithm: str,
    reference: str,
    instances: tuple[Instance, ...],
    *,
    more: Sequence[str] = (),
    keywords: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
    name: str = "",
    source: str = "line-by-line reference",
    tolerance: float = 1e-9,
) -> Check:
    """Equality with the slow reference ``module:function``, episode by episode."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        module, _, function = reference.partition(":")
        slow = getattr(importlib.import_module(module), function)
        given = {key: value for key, value in case.parameters.items() if key != "trace"}
        for i in range(case.runs):
            seed = child_seed(rng, i)
            run = code.algorithm(algorithm)(case.model, case.horizon, rng=seed, **{**given, "trace": True})
            if run.trace is None:
                return Comparison(False, math.nan, math.nan, f"run {i}: no trace", i + 1)
            expected = slow(case.model, case.horizon, rng=seed, trace=True, **keywords(given))
            found = same_episodes(run, expected, more=more, tolerance=tolerance)
            if not found.holds:
                return Comparison(False, found.value, found.bound, f"run {i}: {found.detail}", i + 1)
        return Comparison(True, 0.0, tolerance, f"{case.runs} runs of {case.horizon} episodes: the same", case.runs)

    return Check(
        name=name or f"{algorithm} plays like its reference",
        evaluate=evaluate,
        source=source,
        instances=instances,
        layer="reference",
        algorithm=algorithm,
        statement="the same policies, states, actions, values and books as the reference, episode by episode",
    )
