"""UCBVI with one kernel for all steps, without sampling: the slow reference, exact values; and the mutants."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.shared import NO_MUTANTS, on_model, reference_check
from theorylab.rooms.proofs_checks.episodic.ucbvi_stationary_links import NAME

from theorylab.mdp.episodic import EpisodicMDP
from theorylab.verify.cases import Case
from theorylab.verify.code import Code, Mutant
from theorylab.verify.statements import Check, Comparison

__all__ = ["CHECKS", "MUTANTS"]

MODULE = "theorylab.mdp.episodic.ucbvi_stationary"


def known_value(code: Code, case: Case, rng: Any) -> Comparison:
    """V* of RiverSwim-6 with H = 20 in rationals, and what the run says."""
    mdp = case.model
    H, S, A = mdp.R.shape
    P = [[[Fraction(float(p)).limit_denominator(10**6) for p in row] for row in rows] for rows in mdp.P[0]]
    R = [[Fraction(float(r)).limit_denominator(10**6) for r in row] for row in mdp.R[0]]
    V = [Fraction(0)] * S
    for _ in range(H):
        V = [max(R[s][a] + sum(p * v for p, v in zip(P[s][a], V, strict=True)) for a in range(A)) for s in range(S)]
    said = float(code.algorithm(NAME)(mdp, 5, rng=rng, **case.parameters).optimal_value)
    off = max(abs(said - float(V[0])), abs(float(V[0]) - 3.39726396))
    return Comparison(off <= 5e-9, said, 3.39726396, f"V* = {float(V[0]):.11f} in rationals, the run says {said:.11f}")


def shared_coins() -> EpisodicMDP:
    """Two states, actions and steps with one kernel; every transition is a fair coin or certain."""
    P = [[[0.5, 0.5], [0.5, 0.5]], [[1.0, 0.0], [0.5, 0.5]]]
    return EpisodicMDP(P, np.array([[0.25, 0.125], [0.5, 1.0]]), 2, name="shared coins")


def exact_regret(code: Code, case: Case, rng: Any) -> Comparison:
    """E[R_K] over all outcomes against the slow agent walked over the same outcomes, in rationals."""
    from theorylab.mdp.episodic.agents import AgentInfo
    from theorylab.mdp.episodic.ucbvi_stationary_reference import StationaryAgent
    from theorylab.verify.exact.scripted import interval_tree

    mdp, given = case.model, dict(case.parameters)
    H, S, A = mdp.R.shape
    learner = code.algorithm(NAME)
    got = Fraction(0)
    for weight, run in interval_tree(
        lambda source: learner(mdp, case.horizon, rng=source, **given),
        thresholds=["1/2"], depth=H * case.horizon, compiled=True,
    ):  # fmt: skip
        got += weight * Fraction(float(run.regret[-1]))
    P = [[[Fraction(float(p)) for p in row] for row in rows] for rows in mdp.P[0]]
    R = [[Fraction(float(r)) for r in row] for row in mdp.R[0]]
    start = int(np.argmax(mdp.start))

    def value(policy: Any) -> Fraction:
        V = [Fraction(0)] * S
        for h in range(H - 1, -1, -1):
            q = [[R[s][a] + sum(p * v for p, v in zip(P[s][a], V, strict=True)) for a in range(A)] for s in range(S)]
            V = [max(row) if policy is None else row[policy[h][s]] for s, row in enumerate(q)]
        return V[start]

    def walk(agent: Any, policy: Any, h: int, state: int, left: int) -> Fraction:
        """The expected regret still to come, from step h of an episode under ``policy``."""
        if h == H or policy is None:
            if left == 0:
                return Fraction(0)
            planned = agent.policy(None)
            return value(None) - value(planned) + walk(agent, planned, 0, start, left - 1)
        total = Fraction(0)
        for reached, p in enumerate(P[state][policy[h][state]]):
            if p:
                later = copy.deepcopy(agent)
                later.observe(h, state, policy[h][state], 0.0, reached)
                total += p * walk(later, policy, h + 1, reached, left)
        return total

    info = AgentInfo(S, A, H, case.horizon, mdp.R, mdp.start, given)
    expected = walk(StationaryAgent(info), None, 0, start, case.horizon)
    return Comparison(got == expected, float(got), float(expected), f"E R_K = {got}, expected {expected}", 1)


CHECKS = (
    reference_check(
        NAME,
        f"{MODULE}_reference:reference_ucbvi_stationary",
        tuple(
            on_model(
                name, {"smoke": 20, "quick": 40, "power": 15}, {"smoke": 2, "quick": 3, "power": 2},
                label=f"{name}, {bonus}, scale {scale:g}", bonus=bonus, scale=scale,
            )
            for name, bonus, scale in (
                ("riverswim-4-h10", "bernstein", 0.05),
                ("chain-5-h8", "hoeffding", 0.005),
                ("dirichlet-3-3-h3-seed5", "hoeffding", 1.0),
                ("dirichlet-3-3-h3-seed5", "bernstein", 0.1),
                ("dirichlet-3-3-h3-seed5", "hoeffding", 0.0005),
            )
        ),
        more=("greedy", "optimistic", "scores"),
    ),
    Check(
        name="optimal value of RiverSwim-6, H = 20",
        evaluate=known_value,
        source="rational backward induction; three independent codes",
        instances=(on_model("riverswim-6-h20", 5, 1, label="riverswim-6-h20, value", bonus="hoeffding"),),
        algorithm=NAME,
        statement="V^*_1(0) = 3.39726396",
    ),
    Check(
        name="expected regret by enumeration, one kernel",
        evaluate=exact_regret,
        source="enumeration of all transitions",
        instances=tuple(
            on_model(
                "", {"smoke": 3, "quick": 4}, 1, build=shared_coins, label=f"shared coins, {bonus}", presets=NO_MUTANTS,
                bonus=bonus, scale=scale,
            )
            for bonus, scale in (("bernstein", 0.01), ("hoeffding", 0.005))
        ),
        certified=True,
        algorithm=NAME,
        statement=r"E R_K over all outcomes, as a rational number",
    ),
)  # fmt: skip
REFERENCE = f"{NAME} plays like its reference"
MUTANTS = (
    Mutant("values start at H at every step", MODULE, "np.arange(H, 0, -1.0)[:, None]", "np.full((H, 1), float(H))",
           REFERENCE),
    Mutant("bonus of the last pair only", MODULE, "    last = -1\n    for h in range(H):",
           "    last = -1\n    for h in range(H - 1, H):", REFERENCE),
    Mutant("no minimum with the plan before", MODULE, "score[i] = min(score[i], mean[i] + (reward[i] + bonus[i]))",
           "score[i] = min(float(H - h), mean[i] + (reward[i] + bonus[i]))", REFERENCE),
    Mutant("no clip", MODULE, "np.repeat(np.arange(H, 0, -1.0)[:, None], S * A, axis=1)",
           "np.full((H, S * A), 1e9)", REFERENCE),
    Mutant("greedy before the backward pass", MODULE, "ahead, score, reward = upper[h + 1], scores[h], rewards[h]",
           "ahead, score, reward = upper[min(h + 1, H - 1)], scores[h], rewards[h]", REFERENCE),
    Mutant("episodes for steps in the logarithm", MODULE, "setup.episodes * H / delta", "setup.episodes / delta",
           REFERENCE),
    Mutant("1/N for 1/sqrt(N)", MODULE, "7.0 * H * log_term / math.sqrt(n)", "7.0 * H * log_term / n", REFERENCE),
    Mutant("variance of the stage's own values", MODULE, "row, v, extra = counts[j], ahead[j], spread[h + 1, j]",
           "row, v, extra = counts[j], upper[h, j], spread[h + 1, j]", REFERENCE),
    Mutant("no L in the variance term", MODULE, "rate[pair] = 8.0 * log_term / n", "rate[pair] = 8.0 / n", REFERENCE),
    Mutant("14/3 lost its third", MODULE, "14.0 * H * log_term / (3.0 * n)", "14.0 * H * log_term / n", REFERENCE),
    Mutant("no term for the next values", MODULE, " + math.sqrt(tail[i] * width)", "", REFERENCE),
    Mutant("L twice in the term for the next values", MODULE, "limit = 1.0 * H * H / log_term", "limit = 1.0 * H * H",
           REFERENCE),
    Mutant("the state itself counted", MODULE, "counts[states[h + 1], pair] += 1.0", "counts[states[h], pair] += 1.0",
           REFERENCE),
    Mutant("100 for 100^2", MODULE, "heavy = 1e4 * H", "heavy = 1e2 * H",
           hole="equivalent within reach: the cap H^2 acts until N' exceeds 10^4 H S^2 A L^2"),
)  # fmt: skip
