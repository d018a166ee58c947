"""Checks without sampling of UCRL2 restarted by detectors, and of its oracle."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.average_reward.rbocpd_ucrl2_runs import relabelled_two_state, reward_drop
from theorylab.rooms.proofs_checks.average_reward.shared import same_decisions

from theorylab.core.rng import child_seed, seed_of
from theorylab.mdp.environments import piecewise_dirichlet
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

AREA = "theorylab.mdp.average_reward"
MODULE, ORACLE, UCRL2 = f"{AREA}.rbocpd_ucrl2", f"{AREA}.oracle_restart_ucrl2", f"{AREA}.ucrl2"
ALGORITHMS = {"rbocpd_ucrl2": f"{MODULE}:rbocpd_ucrl2", "oracle_restart_ucrl2": f"{ORACLE}:oracle_restart_ucrl2"}
SOURCE = "alami2023restarted"
MANY_SEEDS = {"smoke": 2, "quick": 6, "paper": 50, "power": 10}  # some mutants differ on few seeds
_references: dict[Any, Any] = {}  # the reference of a case and seed is the same for every mutant


def _instance(name: str, build: Any, power: int = 160, runs: Any = None, **parameters: Any) -> Instance:
    horizons = {"smoke": 200, "quick": 500, "paper": 500, "power": power}
    counts = runs or {"smoke": 2, "quick": 3, "paper": 50, "power": 1}
    return Instance(name, build, horizons, counts, {"delta": 0.5, **parameters})


def _shifted(S: int, A: int, seed: int, *, bernoulli: bool = True) -> Any:
    model = piecewise_dirichlet(S, A, starts=(0, 60, 130), rng=seed)
    return model.with_reward_law("bernoulli") if bernoulli else model


SWAPPED = _instance("relabelled two-state, short", lambda: relabelled_two_state(90, slip=0.1, pays=0.9))
FRACTIONS = _instance(
    "Dirichlet 2-2, watched and forced",
    lambda: _shifted(2, 2, 3, bernoulli=False),
    rule="code",
    forced_exploration=0.3,
    reward_streams=True,
    scale=0.2,
)
DROP = _instance("reward drop, watched", lambda: reward_drop(90), reward_streams=True, scale=0.2)
PRINTED = _instance(
    "Dirichlet 2-2, as published",
    lambda: _shifted(2, 2, 5),
    runs=MANY_SEEDS,
    rule="paper",
    published=True,
    scale=0.3,
)
MANY = _instance(
    "Dirichlet 2-2, 1/n, watched",
    lambda: _shifted(2, 2, 4, bernoulli=False),
    runs=MANY_SEEDS,
    rule="paper",
    reward_streams=True,
    scale=0.2,
)
RARE = _instance(
    "relabelled two-state, every third test",
    lambda: relabelled_two_state(90, slip=0.1, pays=0.9),
    rule="ville",
    every=3,
)
TOLD = _instance("Dirichlet 3-2, oracle", lambda: _shifted(3, 2, 2), scale=0.2)
ANY = _instance("any", lambda: relabelled_two_state(5), power=1, runs=1)


def _reference(code: Code, case: Case, seed: Any) -> Comparison:
    from theorylab.mdp.average_reward.rbocpd_ucrl2_reference import reference_rbocpd_ucrl2

    restarts = 0
    for i in range(case.runs):
        child = child_seed(seed, i)
        key = (case.name, case.horizon, str(seed_of(child)))
        if key not in _references:
            _references[key] = reference_rbocpd_ucrl2(case.model, case.horizon, rng=child, **case.parameters)
        slow = _references[key]
        run = code.algorithm("rbocpd_ucrl2")(case.model, case.horizon, rng=child, **case.parameters)
        outcome = same_decisions(run, slow, case.model)
        if not outcome.holds:
            return Comparison(False, outcome.value, outcome.bound, f"run {i}: {outcome.detail}", i + 1)
        pairs = [tuple(pair) for pair in np.asarray(run.extra["alarm_pairs"]).tolist()]
        if run.restart_times.tolist() != slow.restarts or pairs != slow.alarm_pairs:
            return Comparison(
                False,
                len(pairs),
                len(slow.restarts),
                f"run {i}: restarts {run.restart_times} and {slow.restarts}",
                i + 1,
            )
        restarts += len(slow.restarts)
    return Comparison(
        True,
        restarts,
        restarts,
        f"{case.runs} seeds, T = {case.horizon}, {restarts} restarts: the same decisions",
        case.runs,
    )


def _oracle_reference(code: Code, case: Case, seed: Any) -> Comparison:
    from theorylab.mdp.average_reward.ucrl2_reference import reference_ucrl2

    changes = [int(c) for c in case.model.changes if c < case.horizon]
    delta, scale = case.parameters["delta"], case.parameters["scale"]
    deltas = [delta / (j * (j + 1)) for j in range(1, len(changes) + 2)]
    for i in range(case.runs):
        child = child_seed(seed, i)
        run = code.algorithm("oracle_restart_ucrl2")(case.model, case.horizon, rng=child, **case.parameters)
        slow = reference_ucrl2(
            case.model, case.horizon, delta=delta, scale=scale, restarts=changes, deltas=deltas, rng=child
        )
        outcome = same_decisions(run, slow, case.model)
        if not outcome.holds:
            return Comparison(False, outcome.value, outcome.bound, f"run {i}: {outcome.detail}", i + 1)
    return Comparison(True, 0.0, 0.0, f"{case.runs} seeds, {len(changes)} restarts: the same decisions", case.runs)


def _prefix(code: Code, case: Case, seed: Any) -> Comparison:
    """Up to the first restart the run is UCRL2 with delta/2 on the same environment stream."""
    compared = 0
    for i in range(case.runs):
        child = child_seed(seed, i)
        shared = {"scale": case.parameters.get("scale", 1.0), "rng": child}
        run = code.algorithm("rbocpd_ucrl2")(case.model, case.horizon, delta=case.parameters["delta"], **shared)
        plain = code.module(UCRL2).ucrl2(case.model, case.horizon, delta=case.parameters["delta"] / 2.0, **shared)
        until = int(run.restart_times[0]) if len(run.restart_times) else case.horizon
        mine, other = (list(r.episode_starts[r.episode_starts <= until]) for r in (run, plain))
        if list(run.reward_sum[:until]) != list(plain.reward_sum[:until]) or mine != other:
            return Comparison(False, 1.0, 0.0, f"run {i} differs from UCRL2 with delta/2 before step {until}", i + 1)
        compared += until
    return Comparison(True, 0.0, 0.0, f"{compared} steps before the first restarts equal UCRL2's", case.runs)


def _levels(code: Code, case: Case, seed: Any) -> Comparison:
    """Levels of all detectors over 500 phases sum to at most delta; so do UCRL2's confidences."""
    levels, delta, phases = code.module(MODULE).levels_kernel, case.parameters["delta"], 500
    worst = Fraction(0)
    for detectors in (4.0, 28.0, 640.0):
        found = [levels(delta, phase, detectors, 0, 1000, False) for phase in range(phases)]
        alarms = sum(Fraction(detectors) / Fraction(float(limit)) for _, limit in found)
        radii = sum(Fraction(float(confidence)) for confidence, _ in found)
        wanted = Fraction(delta) * (1 - Fraction(1, phases + 1))
        worst = max(worst, abs(alarms - wanted), abs(radii - wanted))
    return Comparison(worst < Fraction(1, 10**12), float(worst), 1e-12, "sums over 500 phases equal delta (1 - 1/501)")


CHECKS = (
    Check(
        name="same decisions as the reference",
        evaluate=_reference,
        source=f"{SOURCE}, Algorithms 1 and 2",
        instances=(SWAPPED, FRACTIONS, DROP, PRINTED, MANY, RARE),
        statement="episodes, sweeps, rewards, visits, restarts and their pairs agree with a line-by-line reading",
        layer="reference",
    ),
    Check(
        name="oracle's reference",
        evaluate=_oracle_reference,
        source="[jaksch2010near, Figure 1], restarted at the changes",
        instances=(TOLD,),
        statement="episodes, rewards and visits agree with the line-by-line UCRL2",
        layer="reference",
        algorithm="oracle_restart_ucrl2",
    ),
    Check(
        name="UCRL2 before the first restart",
        evaluate=_prefix,
        source="the tape argument",
        instances=(SWAPPED, TOLD),
        statement=r"\text{until the first alarm: UCRL2 with } \delta_1 = \delta/2 \text{ on the same stream}",
        layer="exact",
        internals=True,
    ),
    Check(
        name="levels sum to delta",
        evaluate=_levels,
        source="Theorem C",
        instances=(ANY,),
        statement=r"\sum_{j \le J} \delta_j = \delta(1 - 1/(J+1)), \text{ over detectors as well}",
        layer="lemma",
        constants="derived here",
        internals=True,
    ),
)
