"""Instances, quantities and checks that the bandit results share."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from theorylab.bandits import BernoulliBandit
from theorylab.core.rng import child_seed
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = [
    "EVERYWHERE",
    "NO_MUTANTS",
    "STATIONARY",
    "UNIT_REWARDS",
    "audit_check",
    "bernoulli",
    "final_regret",
    "gaps",
    "largest_regret",
    "late_regret",
    "positive_gaps",
    "reference_check",
    "same_plays",
    "variance_proxy",
    "with_parameters",
]

EVERYWHERE, NO_MUTANTS = ("smoke", "quick", "paper", "power"), ("smoke", "quick", "paper")
STATIONARY = Hypothesis("rewards of an arm are independent and identically distributed", lambda c: c.model.stationary)
UNIT_REWARDS = Hypothesis("rewards lie in [0, 1]", lambda c: c.model.unit_rewards)


def bernoulli(
    means: Sequence[Any],
    horizon: Any,
    runs: Any,
    *,
    name: str = "",
    presets: tuple[str, ...] = EVERYWHERE,
    **parameters: Any,
) -> Instance:
    """A Bernoulli instance; its name spells its means and the keywords of the algorithm."""
    said = "(" + ", ".join(f"{float(m):g}" for m in means) + ")"
    words = "".join(f" {key}={value}" for key, value in parameters.items() if key not in ("trace", "checkpoints"))
    return Instance(name or said + words, lambda: BernoulliBandit(list(means)), horizon, runs, parameters, presets)


def with_parameters(instances: Sequence[Instance], **parameters: Any) -> tuple[Instance, ...]:
    """The same instances with other keywords of the algorithm; the names say which."""
    words = "".join(f" {key}={value}" for key, value in parameters.items() if key != "trace")
    return tuple(
        Instance(i.name + words, i.build, i.horizon, i.runs, {**i.parameters, **parameters}, i.presets)
        for i in instances
    )


def final_regret(run: Any, case: Case) -> float:
    """Regret after the last round."""
    return float(run.regret[-1])


def late_regret(run: Any, case: Case) -> Any:
    """Times and regret of the last two decades, for a rate of growth."""
    late = run.times >= case.horizon // 100
    return run.times[late], run.regret[late]


def largest_regret(case: Case) -> float:
    """T times the largest gap: what the worst algorithm suffers."""
    return float(case.horizon * case.model.gaps.max())


def gaps(case: Case) -> Any:
    """(K,) the gaps of the model."""
    return case.model.gaps


def positive_gaps(case: Case) -> Any:
    """The gaps of the arms that are not best."""
    return case.model.gaps[case.model.gaps > 0.0]


def variance_proxy(case: Case) -> float:
    """The least variance proxy that is known: 1/4 on [0, 1], the variance of a Gaussian."""
    return 0.25 if case.model.unit_rewards else float(getattr(case.model, "sigma", math.inf)) ** 2


def same_plays(run: Any, reference: Any, *, more: Sequence[str] = (), tolerance: float = 1e-9) -> Comparison:
    """The first round, and the first quantity, on which a traced run and its reference differ."""
    problems = []
    for name in ("actions", "rewards", *more):
        mine = np.asarray(run.trace[name], dtype=float)
        expected = np.asarray(reference.trace[name], dtype=float)
        if mine.shape != expected.shape:
            problems.append(f"{name} have the shape {mine.shape}, expected {expected.shape}")
            continue
        bad = ~(np.abs(mine - expected) <= tolerance * (1.0 + np.abs(expected))) & ~(mine == expected)
        bad &= ~(np.isnan(mine) & np.isnan(expected))
        if bad.any():
            problems.append(f"{name} differ first in round {int(np.argwhere(bad)[0][0])}")
    if not np.allclose(run.regret, reference.regret, rtol=1e-9, atol=1e-6):
        problems.append("the regret differs")
    if not np.array_equal(run.pulls, reference.pulls):
        problems.append("the pulls differ")
    if not np.array_equal(run.restart_times, reference.restart_times):
        problems.append("the restarts differ")
    detail = "; ".join(problems) or f"the same {len(reference.trace['actions'])} rounds"
    return Comparison(not problems, float(run.regret[-1]), float(reference.regret[-1]), detail, 1)


def reference_check(
    algorithm: str,
    reference: str,
    instances: tuple[Instance, ...],
    *,
    more: Sequence[str] = (),
    name: str = "",
    source: str = "line-by-line reference",
) -> Check:
    """The compiled algorithm and its slow reference (``module:Class``, an agent) play alike on every run.

    ``more`` names traced quantities that must agree too.
    """

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        from theorylab.bandits.agents import agent_algorithm

        module, _, agent = reference.partition(":")
        slow = agent_algorithm(getattr(importlib.import_module(module), agent))
        keywords = {k: v for k, v in case.parameters.items() if k not in ("trace", "checkpoints")}
        for i in range(case.runs):
            seed = child_seed(rng, i)
            run = code.algorithm(algorithm)(case.model, case.horizon, rng=seed, **{**keywords, "trace": True})
            expected = slow(case.model, case.horizon, rng=seed, trace=True, **keywords)
            if run.trace is None:
                return Comparison(False, math.nan, math.nan, f"run {i}: no trace", i + 1)
            found = same_plays(run, expected, more=more)
            if not found.holds:
                return Comparison(False, found.value, found.bound, f"run {i}: {found.detail}", i + 1)
        return Comparison(True, found.value, found.bound, found.detail, case.runs)

    return Check(
        name=name or f"{algorithm} plays like its reference",
        evaluate=evaluate,
        source=source,
        instances=instances,
        layer="reference",
        algorithm=algorithm,
        statement="the same arms, rewards and regret as the reference, round by round",
    )


def audit_check(
    name: str,
    module: str,
    instance: Instance,
    *,
    source: str,
    side: str = "upper",
    grid: Any = None,
    arguments: Callable[[Case], Mapping[str, Any]] = lambda case: {},
    constants: str = "derived here",
    statement: str = "",
) -> Check:
    """The exact binomial audit of a module's ``radius(t, n, **arguments)`` against its ``claimed_miss``."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        from theorylab.verify.statistics.radius_audit import radius_audit

        made, keywords = code.module(module), arguments(case)
        audit = radius_audit(
            lambda t, n: made.radius(t, n, **keywords),
            lambda t, n: made.claimed_miss(t, n, **keywords),
            side=side,
            grid=grid(case) if callable(grid) else grid,
        )
        return Comparison(audit.holds, audit.worst.miss, audit.worst.claimed, str(audit), len(audit.rows))

    return Check(
        name=name,
        evaluate=evaluate,
        source=source,
        instances=(instance,),
        layer="lemma",
        internals=True,
        constants=constants,
        statement=statement or r"P(\text{mean misses by more than the radius}) \le the claimed probability, exactly",
    )
