"""The two searches without sampling: the slow reference, their law over all outcomes, the thresholds of BPI-UCBVI."""

from __future__ import annotations

import copy
import math
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.shared import NO_MUTANTS, on_model

from theorylab.core.rng import child_seed
from theorylab.mdp.episodic import EpisodicMDP
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = ["CHECKS"]

MODULE = "theorylab.mdp.episodic.bpi_ucbvi"
DELTA = 0.05
PLANS = ("greedy", "upper_values", "lower_values", "widths", "certificates")


def reference_check(algorithm: str, instances: tuple[Instance, ...]) -> Check:
    """The search against its slow twin: every plan, every episode, the stop and what is returned."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        from theorylab.mdp.episodic.bpi_ucbvi_reference import reference_search

        for i in range(case.runs):
            seed = child_seed(rng, i)
            run = code.algorithm(algorithm)(case.model, case.horizon, rng=seed, trace=True, **case.parameters)
            slow = reference_search(algorithm, case.model, case.horizon, rng=seed, **case.parameters)
            said, expected = (run.stopped, run.stopping_time), (slow.stopped, slow.stopping_time)
            if said != expected:
                return Comparison(False, said[1], expected[1], f"run {i}: {said}, expected {expected}", i + 1)
            for name in (*PLANS, "states", "actions", "values"):
                mine = np.asarray(run.trace[name], dtype=float)
                other = np.array(slow.history[name], dtype=float).reshape(mine.shape)
                off = np.abs(mine - other).max(axis=tuple(range(1, mine.ndim)), initial=0.0)
                if not (off <= 1e-9).all():
                    k = int(np.argmax(~(off <= 1e-9)))
                    return Comparison(False, float(off[k]), 1e-9, f"run {i}: {name} of row {k} differ", i + 1)
            if run.policy.tolist() != slow.policy:
                return Comparison(False, 1.0, 0.0, f"run {i}: another policy is returned", i + 1)
        return Comparison(True, 0.0, 1e-9, f"{case.runs} runs of at most {case.horizon} episodes: the same", case.runs)

    return Check(
        name=f"{algorithm} searches like its reference",
        evaluate=evaluate,
        source="line-by-line reference",
        instances=instances,
        layer="reference",
        algorithm=algorithm,
        statement="the same plans, episodes, stopping time and policy",
    )


def coins() -> EpisodicMDP:
    """Two states, actions and steps; every transition is a fair coin or certain."""
    first = [[[0.5, 0.5], [0.5, 0.5]], [[1.0, 0.0], [0.5, 0.5]]]
    last = [[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]]
    return EpisodicMDP(np.array([first, last]), np.array([[[0.25, 0.125], [0.5, 0.0]], [[0.0, 0.25], [1.0, 0.0]]]))


def law_check(algorithm: str, instance: Instance) -> Check:
    """E[stopping time], P(stopped) and E[gap of the returned policy] over all outcomes, in rationals."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        from theorylab.verify.exact.scripted import interval_tree

        search = code.algorithm(algorithm)
        mine = [Fraction(0)] * 3
        for weight, run in interval_tree(
            lambda source: search(case.model, case.horizon, rng=source, **case.parameters),
            thresholds=["1/2"], depth=case.horizon * case.model.horizon, compiled=True,
        ):  # fmt: skip
            said = (run.stopping_time, int(run.stopped), Fraction(float(run.gap)))
            mine = [total + weight * value for total, value in zip(mine, said, strict=True)]
        expected = enumerated(algorithm, case)
        off = max(abs(float(a - b)) for a, b in zip(mine, expected, strict=True))
        text = f"E tau, P(stopped), E gap = {', '.join(map(str, mine))}; expected {', '.join(map(str, expected))}"
        return Comparison(mine == expected, off, 0.0, text, 1)

    return Check(
        name=f"law of {algorithm} by enumeration",
        evaluate=evaluate,
        source="enumeration of all transitions",
        instances=(instance,),
        certified=True,
        algorithm=algorithm,
        statement=r"E \tau, P(\text{stopped}) and E[V^* - V^{\hat\pi}] over all outcomes, as rationals",
    )


def enumerated(algorithm: str, case: Case) -> list[Fraction]:
    """The same by a walk over all transitions with the slow agent and exact values in rationals."""
    from theorylab.mdp.episodic.agents import AgentInfo
    from theorylab.mdp.episodic.bpi_ucbvi_reference import AGENTS

    mdp = case.model
    H, S, A = mdp.R.shape
    start = int(np.argmax(mdp.start))
    keywords = {key: value for key, value in case.parameters.items() if key != "epsilon"}
    epsilon = float(case.parameters["epsilon"])
    P = [[[[Fraction(float(p)) for p in row] for row in rows] for rows in step] for step in mdp.P]
    R = [[[Fraction(float(r)) for r in row] for row in step] for step in mdp.R]

    def value(policy: Any) -> Fraction:
        V = [Fraction(0)] * S
        for h in range(H - 1, -1, -1):
            q = [[R[h][s][a] + sum(p * v for p, v in zip(P[h][s][a], V, strict=True)) for a in range(A)]
                 for s in range(S)]  # fmt: skip
            V = [max(row) if policy is None else row[policy[h][s]] for s, row in enumerate(q)]
        return V[start]

    best, totals = value(None), [Fraction(0)] * 3

    def walk(agent: Any, played: int, weight: Fraction) -> None:
        policy, tables = agent.plan()
        stopped = tables[2][0][start] <= epsilon
        if stopped or played == case.horizon:
            for i, said in enumerate((Fraction(played), Fraction(int(stopped)), best - value(policy))):
                totals[i] += weight * said
            return
        episode(agent, policy, 0, start, played, weight)

    def episode(agent: Any, policy: Any, h: int, state: int, played: int, weight: Fraction) -> None:
        if h == H:
            walk(agent, played + 1, weight)
            return
        action = policy[h][state]
        for reached, p in enumerate(P[h][state][action]):
            if p:
                later = copy.deepcopy(agent)
                later.observe(h, state, action, 0.0, reached)
                episode(later, policy, h + 1, reached, played, weight * p)

    walk(AGENTS[algorithm](AgentInfo(S, A, H, case.horizon, mdp.R, mdp.start, keywords)), 0, Fraction(1))
    return totals


def ever(outside: Any, p: float, last: int) -> float:
    """P(outside(n, successes) for some n <= last), carried exactly along one binomial walk."""
    law, crossed = np.array([1.0]), 0.0
    for n in range(1, last + 1):
        law = np.concatenate([law * (1.0 - p), [0.0]]) + np.concatenate([[0.0], law * p])
        out = outside(n, np.arange(n + 1) / n)
        crossed += float(law[out].sum())
        law[out] = 0.0
    return crossed


def divergence(x: Any, p: float) -> Any:
    """KL of Bernoulli laws."""
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(x > 0, x * np.log(x / p), 0.0)
        return left + np.where(x < 1, (1 - x) * np.log((1 - x) / (1 - p)), 0.0)


def thresholds_hold(code: Code, case: Case, rng: Any) -> Comparison:
    """Both thresholds of BPI-UCBVI along all walks of two next states, against delta / (3 S A H) each."""
    made, (H, S, A) = code.module(MODULE), case.model.R.shape
    union = math.log(3.0 * S * A * H / DELTA)
    share = DELTA / (3.0 * S * A * H)
    worst, where = -1.0, ""
    for p in (0.05, 0.2, 0.5, 0.9):

        def far(n: int, x: Any, p: float = p) -> Any:
            return n * divergence(x, p) > made.thresholds_kernel(n, union, 2)[0] + 1e-12

        def off(n: int, x: Any, p: float = p) -> Any:  # a value of span H on the two next states
            rate = made.thresholds_kernel(n, union, 2)[1] / n
            return np.abs(x - p) > math.sqrt(2.0 * p * (1.0 - p) * rate) + 3.0 * rate + 1e-12

        for name, outside in (("divergence", far), ("value", off)):
            found = ever(outside, p, case.horizon)
            if found > worst:
                worst, where = found, f"{name}, p = {p:g}"
    return Comparison(worst <= share, worst, share, f"worst: {where}, n <= {case.horizon}", 8)


SMALL = {"smoke": 40, "quick": 80, "power": 25}
SEEDS = {"smoke": 2, "quick": 4, "power": 3}


def searches(*cases: tuple[str, float, float]) -> tuple[Instance, ...]:
    """Reference instances (model, scale, epsilon)."""
    return tuple(
        on_model(name, SMALL, SEEDS, label=f"{name}, scale {scale:g}", scale=scale, epsilon=epsilon)
        for name, scale, epsilon in cases
    )


def unequal_start() -> EpisodicMDP:
    """A random start: certificates of single states are not that of the run."""
    P = [[[0.75, 0.25], [0.25, 0.75]], [[0.5, 0.5], [0.0, 1.0]]]
    return EpisodicMDP(np.array([P, P]), np.array([[[0.0, 0.5], [0.25, 1.0]]] * 2), start=[0.75, 0.25])


STARTS = tuple(
    on_model("", SMALL, SEEDS, build=unequal_start, label=f"random start, scale {scale:g}", scale=scale, epsilon=0.6)
    for scale in (0.001, 0.05)
)
LAW = {
    "bpi_ucbvi": on_model(
        "", {"smoke": 3, "quick": 4}, 1, build=coins, label="coins", presets=NO_MUTANTS, scale=0.0001, epsilon=0.75
    ),
    "bpi_ucrl": on_model(
        "",
        {"smoke": 4, "quick": 4, "paper": 5},
        1,
        build=coins,
        label="coins, twice",
        presets=NO_MUTANTS,
        scale=0.5,
        epsilon=0.85,
        delta=0.9,
    ),
}
CHECKS = (
    reference_check(
        "bpi_ucbvi",
        (
            *searches(("tiny", 1.0, 0.5), ("tiny", 0.001, 0.3), ("dirichlet-3-3-h3-seed5", 0.002, 1.0)),
            STARTS[0],
        ),
    ),
    reference_check("bpi_ucrl", (*searches(("tiny", 1.0, 0.9), ("dirichlet-3-3-h3-seed5", 0.2, 1.0)), STARTS[1])),
    law_check("bpi_ucbvi", LAW["bpi_ucbvi"]),
    law_check("bpi_ucrl", LAW["bpi_ucrl"]),
    Check(
        name="thresholds hold at all times",
        evaluate=thresholds_hold,
        source="the confidence event of [menard2021fast]",
        instances=(on_model("tiny", {"smoke": 150, "quick": 400, "power": 100}, 1, label="all binomial walks"),),
        layer="lemma",
        constants="recalled",
        internals=True,
        statement=r"P(\exists n: n\,KL(\hat p_n, p) > \beta(n)) and P(\exists n: |\hat p_n - p| > "
        r"\sqrt{2p(1-p)\beta^*(n)/n} + 3\beta^*(n)/n) are at most \delta/(3SAH), exactly, for S = 2",
    ),
)
