"""The offline baseline on every data set: the law of the data, and how often the bound is above the value."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.shared import known_problem, on_model

from theorylab.core.rng import child_seed, streams
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = ["CHECKS", "paths"]

HOME = "theorylab.mdp.episodic.offline_baseline"
DELTA = 0.05
Path = tuple[tuple[int, ...], tuple[int, ...]]


def paths(mdp: Any, law: Any) -> dict[Path, Fraction]:
    """Every episode (states, actions) of a policy with its probability."""
    found: dict[Path, Fraction] = {((mdp.start_state,), ()): Fraction(1)}
    for h in range(mdp.horizon):
        longer: dict[Path, Fraction] = {}
        for (states, actions), weight in found.items():
            for a, s in itertools.product(range(mdp.n_actions), range(mdp.n_states)):
                chance = Fraction(float(law[h, states[-1], a])) * Fraction(float(mdp.P[h, states[-1], a, s]))
                if chance:
                    longer[(*states, s), (*actions, a)] = weight * chance
        found = longer
    return found


def law_of_data(code: Code, case: Case, rng: Any) -> Comparison:
    """The law of one collected episode against the product of its probabilities."""
    from theorylab.verify.exact.scripted import interval_tree

    mdp, data = case.model, code.module(HOME).OfflineData
    law = np.asarray(case.parameters["behaviour"])
    cuts = sorted({*np.ravel(np.cumsum(mdp.P, axis=-1)), *np.ravel(np.cumsum(law, axis=-1))} - {1.0})
    got: Counter[Path] = Counter()
    for weight, episode in interval_tree(
        lambda source: data.collect(mdp, law, 1, source), thresholds=cuts, depth=2 * mdp.horizon, compiled=True
    ):
        got[tuple(episode.states[0].tolist()), tuple(episode.actions[0].tolist())] += weight  # type: ignore[assignment]
    expected = paths(mdp, law)
    off = max(abs(got.get(path, 0) - expected.get(path, 0)) for path in {*got, *expected})
    return Comparison(off == 0, float(off), 0.0, f"{len(expected)} episodes, largest difference {off}", 1)


def fraction_lower(sets: tuple[Path, ...], mdp: Any) -> tuple[list[list[int]], Fraction]:
    """Without bonus: policy and lower value of a data set in rational numbers."""
    H, S, A = mdp.R.shape
    value, policy = [Fraction(0)] * S, []
    for h in range(H - 1, -1, -1):
        row, chosen = [], []
        for s in range(S):
            scores = []
            for a in range(A):
                after = [states[h + 1] for states, actions in sets if (states[h], actions[h]) == (s, a)]
                mean = sum((value[t] for t in after), Fraction(0)) / len(after) if after else sum(value) / Fraction(S)
                scores.append(Fraction(float(mdp.R[h, s, a])) + mean)
            chosen.append(scores.index(max(scores)))
            row.append(max(scores))
        value = row
        policy.insert(0, chosen)
    return policy, value[mdp.start_state]


def fraction_value(policy: Any, mdp: Any) -> Fraction:
    """The exact value of a policy (H, S)."""
    value = [Fraction(0)] * mdp.n_states
    for h in range(mdp.horizon - 1, -1, -1):
        value = [
            Fraction(float(mdp.R[h, s, policy[h][s]]))
            + sum(Fraction(float(p)) * v for p, v in zip(mdp.P[h, s, policy[h][s]], value, strict=True))
            for s in range(mdp.n_states)
        ]
    return value[mdp.start_state]


def all_data_sets(code: Code, case: Case, rng: Any) -> Comparison:
    """P(lower > value) and E lower over all data sets of n episodes, without bonus equal to the rational ones."""
    module, mdp, n = code.module(HOME), case.model, case.horizon
    chances = paths(mdp, np.asarray(case.parameters["behaviour"]))
    plain, expected, scaled = np.zeros(2), [Fraction(0), Fraction(0)], Fraction(0)
    for sets in itertools.combinations_with_replacement(sorted(chances), n):
        repeats = math.prod(math.factorial(c) for c in Counter(sets).values())
        weight = math.prod((chances[path] for path in sets), start=Fraction(math.factorial(n), repeats))
        data = module.OfflineData(np.array([p[0] for p in sets]), np.array([p[1] for p in sets]))
        free, kept = (module.offline_baseline(data, mdp.R, mdp.start, delta=DELTA, scale=s) for s in (0.0, 1.0))
        above = fraction_value(free.policy, mdp) < Fraction(free.lower_value) - Fraction(1, 10**9)
        plain += float(weight) * np.array([free.lower_value, float(above)])
        policy, lower = fraction_lower(sets, mdp)
        expected[0] += weight * lower
        expected[1] += weight * (lower > fraction_value(policy, mdp))
        scaled += weight * (fraction_value(kept.policy, mdp) < Fraction(kept.lower_value))
    off = float(np.abs(plain - np.array(expected, dtype=float)).max())
    detail = (
        f"n = {n}: without bonus E lower = {expected[0]}, P(lower > value) = {float(expected[1]):.6f}; "
        f"with it P = {float(scaled):.6f}, at most {DELTA}"
    )
    return Comparison(off <= 1e-12 and scaled <= DELTA, max(off, float(scaled)), DELTA, detail, 1)


def like_reference(code: Code, case: Case, rng: Any) -> Comparison:
    """Data and baseline against the line-by-line reference."""
    from theorylab.mdp.episodic.offline_baseline_reference import reference_baseline, reference_data

    module, mdp, given = code.module(HOME), case.model, case.parameters
    for i in range(case.runs):
        seed = child_seed(rng, i)
        behaviour = np.asarray(given["behaviour"])
        data = module.OfflineData.collect(mdp, behaviour, case.horizon, streams(seed).instance)
        states, actions = reference_data(mdp, behaviour, case.horizon, streams(seed).instance)
        if not (np.array_equal(states, data.states) and np.array_equal(actions, data.actions)):
            return Comparison(False, 1.0, 0.0, f"data set {i} differs", i + 1)
        keywords = {"delta": DELTA, "scale": given["scale"]}
        found = module.offline_baseline(data, mdp.R, mdp.start, **keywords)
        policy, lower, values = reference_baseline(states, actions, mdp.R.tolist(), mdp.start.tolist(), **keywords)
        off = max(abs(lower - found.lower_value), float(np.abs(np.array(values) - found.lower_values).max()))
        if not np.array_equal(policy, found.policy) or off > 1e-9:
            return Comparison(False, off, 1e-9, f"data set {i}: policy or values differ by {off:.3g}", i + 1)
    return Comparison(True, 0.0, 1e-9, f"{case.runs} data sets of {case.horizon} episodes: the same", case.runs)


def behaving(problem: str, episodes: Any, runs: Any, label: str, **more: Any) -> Instance:
    """Data of the problem's baseline."""
    found = known_problem(problem)
    return on_model(
        found.mdp.name, episodes, runs, build=lambda: found.mdp, label=label, behaviour=found.baseline, **more
    )


REFERENCES = tuple(
    behaving(
        problem, {"smoke": 60, "quick": n, "power": few}, {"smoke": 2, "quick": 4, "power": 2},
        f"{problem}, scale {scale}, data", scale=scale,
    )
    for problem, n, few, scale in (
        ("tiny", 400, 100, 1.0), ("dirichlet-3-3-h3-seed5", 400, 200, 0.3), ("riverswim-4-h10", 200, 40, 0.05),
    )
)  # fmt: skip
CHECKS = (
    Check(
        name="law of the data",
        evaluate=law_of_data,
        source="enumeration of all draws",
        instances=(behaving("tiny", 1, 1, "one episode of tiny"),),
        certified=True,
        algorithm="learn_baseline",
        internals=True,
        statement="the law of a collected episode, a rational number for each",
    ),
    Check(
        name="all data sets",
        evaluate=all_data_sets,
        source="enumeration of all data sets",
        instances=(behaving("tiny", {"smoke": 1, "quick": 2, "paper": 3, "power": 1}, 1, "data sets of tiny"),),
        algorithm="learn_baseline",
        internals=True,
        statement=r"P(\underline V > V^{\hat\pi}) \le \delta, exactly; without bonus equal to the rational number",
    ),
    Check(
        name="learns like its reference",
        evaluate=like_reference,
        source="line-by-line reference",
        instances=REFERENCES,
        layer="reference",
        algorithm="learn_baseline",
        internals=True,
        statement="the same data, policy and lower values",
    ),
)
