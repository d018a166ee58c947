"""The linear program against all pairs of deterministic policies, in rational numbers."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.shared import known_problem, on_model

from theorylab.core.rng import as_generator, child_seed
from theorylab.verify.cases import Case
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = ["PROGRAM"]

HOME = "theorylab.mdp.episodic.occupancy_program"
TINY = "tiny"


def values(P: Any, signals: Any, start: int) -> list[tuple[Fraction, ...]]:
    """The values of all deterministic policies under each signal; P (H, S, A, S) and signals (n, H, S, A) rationals."""
    H, S, A = P.shape[:3]
    found = []
    for flat in itertools.product(range(A), repeat=H * S):
        policy = np.reshape(flat, (H, S))
        pair = []
        for rewards in signals:
            value = [Fraction(0)] * S
            for h in range(H - 1, -1, -1):
                value = [
                    rewards[h, s, policy[h, s]] + sum(P[h, s, policy[h, s], t] * value[t] for t in range(S))
                    for s in range(S)
                ]
            pair.append(value[start])
        found.append(tuple(pair))
    return found


def best_mixture(points: list[tuple[Fraction, ...]], level: Fraction) -> Fraction | None:
    """The largest first coordinate of a mixture whose second one reaches the level: two points suffice."""
    candidates = [f for f, g in points if g >= level]
    for (f, g), (u, v) in itertools.permutations(points, 2):
        if g < level <= v:
            share = (level - g) / (v - g)
            candidates.append((1 - share) * f + share * u)
    return max(candidates, default=None)


def random_program(generator: Any) -> tuple[Any, Any, Any, Fraction]:
    """P, objective, constraint, level in eighths: two states, actions and steps, some rows sparse."""
    cuts = generator.integers(0, 9, size=(2, 2, 2))
    P = np.stack([cuts, 8 - cuts], axis=-1)
    signals = generator.integers(-8, 17, size=(2, 2, 2, 2))
    as_fractions = np.vectorize(lambda v: Fraction(int(v), 8), otypes=[object])
    return (
        as_fractions(P),
        as_fractions(signals[0]),
        as_fractions(signals[1]),
        Fraction(int(generator.integers(-4, 20)), 8),
    )


def against_pairs(code: Code, case: Case, rng: Any) -> Comparison:
    """Optimal values, infeasibility, feasibility of the policy; residuals."""
    module = code.module(HOME)
    worst, infeasible = 0.0, 0
    start = np.array([1.0, 0.0])
    for i in range(case.runs):
        P, objective, constraint, level = random_program(as_generator(child_seed(rng, i)))
        expected = best_mixture(values(P, (objective, constraint), 0), level)
        found = module.solve_occupancy(
            P.astype(float), objective.astype(float), start, fallback=np.full((2, 2, 2), 0.5),
            constraint=constraint.astype(float), level=float(level) - module.ROOM,
        )  # fmt: skip
        if (found is None) != (expected is None):
            edge = best_mixture(values(P, (objective, constraint), 0), level + Fraction(1, 10**7))
            if edge is None and expected is not None:
                continue  # feasible by a single point: a question of rounding
            return Comparison(False, 1.0, 0.0, f"program {i}: feasible {expected is not None}, solver {found}", i + 1)
        if found is None:
            infeasible += 1
            continue
        worst = max(
            worst, abs(found.objective - float(expected)), float(level) - found.constraint, found.residual,
            float(np.abs(found.policy.sum(axis=2) - 1.0).max()),
        )  # fmt: skip
    detail = f"{case.runs} programs, {infeasible} infeasible, largest difference {worst:.2g}"
    return Comparison(worst <= 1e-7, worst, 1e-7, detail, case.runs)


def slack(code: Code, case: Case, rng: Any) -> Comparison:
    """With a constraint that never binds the optimum is the optimal value."""
    from theorylab.mdp.episodic.planning import backward_induction

    m, module = case.model, code.module(HOME)
    found = module.solve_occupancy(
        m.P, m.R, m.start, fallback=np.full(m.R.shape, 1.0 / m.n_actions), constraint=m.R, level=0.0
    )
    expected = backward_induction(m).value
    off = abs(found.objective - expected)
    return Comparison(off <= 1e-8, off, 1e-8, f"{found.objective:.9f}, backward induction {expected:.9f}", 1)


PROGRAM = (
    Check(
        name="program against all policies",
        evaluate=against_pairs,
        source="enumeration of deterministic policies; occupancies are their mixtures",
        instances=(
            on_model(
                TINY, 1, {"smoke": 15, "quick": 30, "paper": 1000, "power": 10}, build=lambda: known_problem(TINY).mdp,
                label="random programs",
            ),
        ),
        algorithm="optpess_lp",
        internals=True,
        statement="the program's value, its infeasibility and its policy, against rational numbers",
    ),
    Check(
        name="slack program",
        evaluate=slack,
        source="backward induction",
        instances=tuple(
            on_model(name, 1, 1, label=f"{name}, slack") for name in ("dirichlet-3-3-h3-seed5", "safe-grid")
        ),
        algorithm="optpess_lp",
        internals=True,
        statement="without a binding constraint the optimum is V*",
    ),
)  # fmt: skip
