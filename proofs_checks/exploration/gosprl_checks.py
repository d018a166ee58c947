"""Checks of GOSPRL without sampling: the slow reference, exact optima, exact expectations, exact tails."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.exploration.gosprl_instances import SOURCE, least_steps

from theorylab.core.rng import as_generator, child_seed
from theorylab.mdp.environments import dirichlet_mdp, named, riverswim, two_state
from theorylab.mdp.model import FiniteMDP
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.exact.outcomes import ScriptedRng, outcome_tree, simplex_l1_max
from theorylab.verify.statements import Check, Comparison

ALGORITHM = "theorylab.mdp.exploration.gosprl"
SSP = "theorylab.mdp.exploration.shortest_path"
CONFIDENCE = "theorylab.mdp.exploration.confidence"
OPTIMISTIC, KNOWN_MODEL = 0, 1


def same_decisions(code: Code, case: Case, rng: Any) -> Comparison:
    """Visits, transitions, plans, sweeps and collected samples equal those of the slow reference, seed by seed."""
    from theorylab.mdp.exploration.agents import agent_algorithm
    from theorylab.mdp.exploration.gosprl_reference import GOSPRL

    reference = agent_algorithm(GOSPRL)
    for i in range(case.runs):
        seed = child_seed(rng, i)
        every = range(1, case.horizon + 1)
        run = code.algorithm("gosprl")(case.model, case.horizon, checkpoints=every, rng=seed, **case.parameters)
        slow = reference(case.model, case.horizon, checkpoints=every, rng=seed, **case.parameters)
        for name in ("steps", "fraction", "visits", "counts", "goal_visits", "missing", "plan_starts", "evi_sweeps"):
            got, want = np.ravel(getattr(run, name)), np.ravel(getattr(slow, name))
            if not np.array_equal(got, want):
                return Comparison(False, 1.0, 0.0, f"seed {i}: {name} differ: {got[:12].tolist()}", case.runs)
    return Comparison(True, 0.0, 0.0, f"{case.runs} seeds, at most {case.horizon} steps: the same decisions", case.runs)


def backup_is_optimal(code: Code, case: Case, rng: Any) -> Comparison:
    """The last sweep attains 1 + min over actions and ball, by linear programs in rationals with dual certificates."""
    module = code.module(SSP)
    generator = as_generator(child_seed(rng, 3))
    worst = 0.0
    for _ in range(case.runs):
        S, A = int(generator.integers(2, 4)), int(generator.integers(1, 3))
        weights = generator.integers(0, 6, size=(S, A, S))
        weights[..., 0] += weights.sum(axis=2) == 0
        p_hat = [[[Fraction(int(x), int(row.sum())) for x in row] for row in rows] for rows in weights]
        radius = [[Fraction(int(generator.integers(2, 20)), 10) for _ in range(A)] for _ in range(S)]
        goal = np.zeros(S, dtype=np.bool_)
        goal[int(generator.integers(S))] = True
        u, u_next, policy, done = _solve(
            module, np.array(p_hat, dtype=float), np.array(radius, dtype=float), goal, 0.01
        )
        if done < 0:
            return Comparison(False, math.inf, 0.0, f"no convergence: p_hat {p_hat}, radii {radius}", case.runs)
        costs = [Fraction(-float(x)) for x in u]
        for s in range(S):
            values = [1 - simplex_l1_max(p_hat[s][a], radius[s][a], costs).value for a in range(A)]
            want = 0.0 if goal[s] else float(min(values))
            worst = max(worst, abs(float(u_next[s]) - want))
            if not goal[s]:
                worst = max(worst, float(values[policy[s]] - min(values)))
    return Comparison(worst <= 1e-9, worst, 1e-9, f"{case.runs} models, largest error {worst:.1e}", case.runs)


def values_are_shortest_paths(code: Code, case: Case, rng: Any) -> Comparison:
    """With radius 0: the least expected steps, by linear systems. With two states: 1/q, q the greatest chance."""
    module = code.module(SSP)
    generator = as_generator(child_seed(rng, 4))
    worst, accuracy = 0.0, 1e-4
    for _ in range(case.runs):
        P = generator.dirichlet(np.ones(4), size=(4, 2))
        goal = generator.random(4) < 0.4
        goal[3] = True
        _, u_next, _, done = _solve(module, P, np.zeros((4, 2)), goal, 1e-9)
        worst = max(worst, float(np.abs(u_next - least_steps(P, goal)).max()) if done > 0 else math.inf)
        p_hat = generator.dirichlet(np.ones(2), size=(2, 3))
        radius = 0.2 + generator.random((2, 3))
        q = float(np.minimum(1.0, p_hat[0, :, 1] + radius[0] / 2.0).max())
        _, u_next, _, done = _solve(module, p_hat, radius, np.array([False, True]), accuracy)
        short = (1.0 / q - u_next[0]) if done > 0 else math.inf  # the sum of a geometric series that is cut off
        worst = max(worst, short - accuracy * (1.0 - q) / q - 1e-9, -short)
    return Comparison(worst <= 1e-6, worst, 1e-6, f"{case.runs} models, largest error {worst:.1e}", case.runs)


def radius_covers(code: Code, case: Case, rng: Any) -> Comparison:
    """P{|p_hat_n - p|_1 > w(n) for some n <= N}, exactly over all sequences of counts, is at most delta/(SA)."""
    width = code.module(CONFIDENCE)._radius
    delta, A = Fraction(1, 2), 1  # the largest delta leaves the least room
    worst, where = 0.0, ""
    laws = ((Fraction(1, 2),) * 2, (Fraction(1, 10), Fraction(9, 10)), (Fraction(1, 3),) * 3)
    for law in laws:
        S = len(law)
        longest = case.horizon if S == 2 else case.horizon // 4
        miss = _probability_of_a_miss(law, [float(width(n, S, A, float(delta), 1.0)) for n in range(longest + 1)])
        ratio = float(miss / (delta / (S * A)))
        if ratio >= worst:
            worst, where = ratio, f"p = {tuple(map(str, law))}, N = {longest}: {float(miss):.3g}"
    for n, S, A, d in ((0, 3, 2, 0.1), (1, 2, 2, 0.05), (50, 6, 3, 0.01), (10_000, 4, 2, 0.3), (7, 1, 4, 0.2)):
        got = float(width(n, S, A, d, 1.0))
        beta = math.log(S * A / d) + ((S - 1) * math.log(math.e * (1.0 + n / (S - 1))) if S > 1 else 0.0)
        want = min(2.0, math.sqrt(2.0 * beta / n)) if n else 2.0
        if abs(got - want) > 1e-12:
            return Comparison(False, got, want, f"w({n}) for S = {S}, A = {A}, delta = {d}")
    return Comparison(worst <= 1.0, worst, 1.0, f"largest miss over delta/(SA): {worst:.3g} at {where}")


def _probability_of_a_miss(law: tuple[Fraction, ...], widths: list[float]) -> Fraction:
    alive: dict[tuple[int, ...], Fraction] = {(0,) * len(law): Fraction(1)}
    missed = Fraction(0)
    for n in range(1, len(widths)):
        following: dict[tuple[int, ...], Fraction] = {}
        for counts, weight in alive.items():
            for j, p in enumerate(law):
                grown = (*counts[:j], counts[j] + 1, *counts[j + 1 :])
                following[grown] = following.get(grown, Fraction(0)) + weight * p
        alive = {}
        for counts, weight in following.items():
            if sum(abs(Fraction(c, n) - p) for c, p in zip(counts, law, strict=True)) > Fraction(widths[n]):
                missed += weight
            else:
                alive[counts] = weight
    return missed


def expected_samples_by_enumeration(code: Code, case: Case, rng: Any) -> Comparison:
    """E[required samples collected], E[visits] over all outcome sequences: kernel and reference, in rationals."""
    from theorylab.mdp.exploration.agents import AgentInfo
    from theorylab.mdp.exploration.gosprl_reference import GOSPRL

    b = np.asarray(case.parameters["requirements"])
    keywords = {"delta": case.parameters["delta"], "scale": case.parameters["scale"], "accuracy": 0.01}
    wanted = tuple(tuple(int(x) for x in row) for row in b)

    def fast(script: ScriptedRng) -> Any:
        found, out = _scripted(code, case, OPTIMISTIC, script)
        return [float(x) for x in (*np.ravel(out[1]), found[2])]

    def slow(script: ScriptedRng) -> Any:
        agent = GOSPRL(AgentInfo(2, 2, case.horizon, 0, wanted, keywords))
        visits, state = np.zeros((2, 2), dtype=int), 0
        for _ in range(case.horizon):
            if (visits >= b).all():
                break
            action = agent.act(state, None)
            reached = int(script.random() >= case.model.P[state, action, 0])
            agent.observe(state, action, reached)
            visits[state, action] += 1
            state = reached
        return [float(x) for x in (*np.ravel(visits), np.maximum(b - visits, 0).sum())]

    got, want = (list(outcome_tree(f, cells=2, depth=case.horizon)) for f in (fast, slow))
    return Comparison(
        got == want, float(got[-1]), float(want[-1]), f"E[samples missing] after {case.horizon} steps: {got[-1]}"
    )


def expected_time_by_recursion(code: Code, case: Case, rng: Any) -> Comparison:
    """E[min(steps, H)] by the outcome tree equals the value of the exact recursion over states and missing counts.

    One action (nothing to choose) under GOSPRL, and two under the known model, whose path to the goal is known.
    """
    horizon = case.horizon
    b = np.asarray(case.parameters["requirements"])
    method = OPTIMISTIC if b.shape[1] == 1 else KNOWN_MODEL
    P = [[[Fraction(float(x)) for x in row] for row in rows] for rows in case.model.P]

    @cache
    def time(state: int, missing: tuple[int, ...], left: int) -> Fraction:
        if left == 0 or sum(missing) == 0:
            return Fraction(0)
        A = b.shape[1]
        lacking = [a for a in range(A) if missing[state * A + a]]
        action = lacking[0] if lacking else A - 1  # the last action leads on: "switch"
        after = list(missing)
        if lacking:
            after[state * A + action] -= 1
        return 1 + sum((p * time(j, tuple(after), left - 1) for j, p in enumerate(P[state][action]) if p), Fraction(0))

    def steps(script: ScriptedRng) -> float:
        return float(_scripted(code, case, method, script)[0][0])

    want = time(0, tuple(int(x) for x in b.ravel()), horizon)
    got = outcome_tree(steps, cells=2, depth=horizon)
    return Comparison(got == want, float(got), float(want), f"E[min(steps, {horizon})] = {got}, recursion {want}")


def _scripted(code: Code, case: Case, method: int, script: ScriptedRng) -> tuple[Any, Any]:
    from theorylab.mdp.exploration.online import begin, play

    key = f"setup of {case.horizon} steps for {case.parameters['requirements']}"
    setup = case.fact(
        key, lambda model: begin(model, case.horizon, case.parameters["requirements"], [case.horizon], False, 0)
    )
    collect = code.module(ALGORITHM)._collect
    delta, scale = case.parameters["delta"], case.parameters["scale"]
    found, out, _ = play(collect, setup, method, delta, scale, 0.01, script, None)
    return found, out


def _solve(module: Any, P: Any, radius: Any, goal: Any, accuracy: float) -> tuple[Any, Any, Any, int]:
    S = len(goal)
    u, u_next, negative, p = (np.zeros(S) for _ in range(4))
    order, policy = np.zeros(S, dtype=np.int64), np.zeros(S, dtype=np.int64)
    done = module.evi_ssp_kernel(P, radius, goal, accuracy, u, u_next, negative, order, p, policy)
    return u, u_next, policy, int(done)


NO_POWER = ("smoke", "quick", "paper")


def _instance(
    name: str, build: Any, horizon: Any, runs: Any = 1, presets: Any = (*NO_POWER, "power"), **parameters: Any
) -> Instance:
    return Instance(name, build, horizon, runs, {"delta": 0.05, **parameters}, presets=presets)


def coin(n_actions: int = 1) -> FiniteMDP:
    """Two states and fair coins: from state 0 to either; from state 1 likewise. With two actions, 0 stays."""
    if n_actions == 2:
        return two_state(0.5)
    return FiniteMDP([[[0.5, 0.5]], [[0.5, 0.5]]], [[0.0], [0.0]], name="coin")


_HALVES = {"smoke": 5, "quick": 7, "paper": 10, "power": 5}
CHECKS = (
    Check(
        name="slow reference",
        layer="reference",
        source=f"{SOURCE}, Algorithm 1",
        statement=r"\text{the same steps, plans and sweeps, seed by seed}",
        evaluate=same_decisions,
        instances=(
            _instance("riverswim-4", lambda: riverswim(4), {"smoke": 60, "quick": 150, "paper": 500, "power": 70},
                      {"smoke": 1, "quick": 3, "paper": 20, "power": 1}, requirements=3),
            _instance("garnet-5-3-2-narrow", lambda: named("garnet-5-3-2-seed5"),
                      {"smoke": 60, "quick": 110, "paper": 500, "power": 70},
                      {"smoke": 1, "quick": 3, "paper": 20, "power": 1},
                      requirements=4, scale=0.3, accuracy=0.1),
            _instance("dirichlet-3-2-uneven", lambda: dirichlet_mdp(3, 2, rng=1),
                      {"smoke": 60, "quick": 110, "paper": 500, "power": 70},
                      {"smoke": 1, "quick": 3, "paper": 20, "power": 1},
                      requirements=((0, 9), (2, 0), (1, 5)), scale=0.5),
        ),
    ),
    Check(
        name="backup by linear programs",
        certified=True,
        layer="exact",
        source="bound derived here",
        statement=r"u_{i+1}(s) = 1 + \min_a \min\{p\cdot u_i : |p-\hat p|_1\le d\}",
        evaluate=backup_is_optimal,
        instances=(_instance("any", coin, 1, {"smoke": 6, "quick": 30, "paper": 400, "power": 5}),),
        internals=True,
    ),
    Check(
        name="values are shortest paths",
        layer="exact",
        source="bound derived here",
        statement=r"d = 0: u = V^*_G;\quad S = 2: u = 1/q,\ q = \max_a \min(1, \hat p(g) + d/2)",
        evaluate=values_are_shortest_paths,
        instances=(_instance("any", coin, 1, {"smoke": 5, "quick": 20, "paper": 400}, presets=NO_POWER),),
        internals=True,
    ),
    Check(
        name="radius, exact tails at all times",
        certified=True,
        layer="lemma",
        source="bound derived here",
        statement=r"P\{\exists n \le N: |\hat p_n - p|_1 > w(n)\} \le \delta/(SA)",
        evaluate=radius_covers,
        instances=(_instance("any", coin, {"smoke": 24, "quick": 60, "paper": 200, "power": 16}),),
        internals=True,
    ),
    Check(
        name="expected samples",
        certified=True,
        layer="exact",
        source=f"{SOURCE}, Algorithm 1",
        statement=r"E[\text{visits}], E[\text{missing}] \text{ over all outcome sequences, kernel and reference}",
        evaluate=expected_samples_by_enumeration,
        instances=(
            _instance("two-state-halves", lambda: coin(2), _HALVES, requirements=((0, 2), (0, 1)), scale=0.2),
            _instance("two-state-halves-wide", lambda: coin(2), _HALVES, requirements=((1, 1), (0, 2)), scale=1.0,
                      presets=NO_POWER),
        ),
        internals=True,
    ),
    Check(
        name="expected time",
        certified=True,
        layer="exact",
        source=f"{SOURCE}, Algorithm 1",
        statement=r"E[\min(\tau, H)] \text{ by the outcome tree and by recursion}",
        evaluate=expected_time_by_recursion,
        instances=(
            _instance("coin", coin, _HALVES, requirements=((2,), (2,)), scale=1.0),
            _instance("two-state-known-model", lambda: coin(2), _HALVES, requirements=((0, 3), (0, 0)), scale=1.0,
                      presets=NO_POWER),
        ),
        internals=True,
    ),
)  # fmt: skip
