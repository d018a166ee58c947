"""Checks of the rotting bandits: references, the oracle by all allocations, noiseless runs, audit of the radius."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import audit_check, reference_check

from theorylab.bandits import GaussianBandit, RottingBandit
from theorylab.core.rng import as_generator, child_seed
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

ROTTING, REFERENCE = "theorylab.bandits.lsd.rotting", "theorylab.bandits.lsd.rotting_reference"
ABRUPT = [[0.9] * 20 + [0.0], [0.45] * 21]
SLOPES = [np.linspace(1.0, 0.2, 40), np.linspace(0.8, 0.5, 40), np.linspace(0.7, 0.0, 40)]
LONG, REPEATS = {"smoke": 60, "quick": 120, "power": 40}, {"smoke": 1, "quick": 2, "power": 1}


def rotting(tables: Any, **options: Any) -> Any:
    """A function that builds the bandit."""
    return lambda: RottingBandit(tables, **options)


def played(alpha: float) -> tuple[Instance, ...]:
    """Both kinds of windows on several models."""
    models = (
        ("abrupt, Gaussian", rotting(ABRUPT, noise="gaussian", sigma=0.3), 0.3),
        ("slopes, no noise", rotting(SLOPES), 0.0),
        ("slopes, restless, Bernoulli", rotting(SLOPES, kind="restless", noise="bernoulli"), 0.5),
        ("stationary, Gaussian", lambda: GaussianBandit([0.2, 0.5], sigma=1.0), 1.0),
    )
    return tuple(
        Instance(f"{name}, {windows}", build, LONG, REPEATS, {"alpha": alpha, "sigma": sigma, "windows": windows})
        for name, build, sigma in models
        for windows in ("geometric", "all")
    )


def falling(generator: Any) -> RottingBandit:
    """A small noiseless bandit whose tables never increase."""
    K, n = int(generator.integers(1, 4)), int(generator.integers(1, 7))
    return RottingBandit(-np.sort(-generator.integers(0, 9, size=(K, n)), axis=1) / 8)


def oracle(code: Code, case: Case, rng: Any) -> Comparison:
    """The benchmark of the regret is the best of all ways to share T pulls among the arms."""
    for i in range(case.runs):
        bandit = falling(as_generator(child_seed(rng, i)))
        T, width = case.horizon, bandit.tables.shape[1]
        sums = np.cumsum([[row[min(j, width - 1)] for j in range(T)] for row in bandit.tables], axis=1)
        best = max(
            sum(sums[a, n - 1] for a, n in enumerate(share) if n)
            for share in itertools.product(range(T + 1), repeat=bandit.n_arms)
            if sum(share) == T
        )
        run = code.algorithm("raw_ucb")(bandit, T, rng=0)
        mine = float(run.regret[-1] + run.reward_sum[-1])  # no noise: rewards are means
        if abs(mine - best) > 1e-9:
            return Comparison(False, mine, best, f"{bandit.tables.tolist()}", i + 1)
    return Comparison(True, 0.0, 0.0, f"{case.runs} bandits, {T} rounds", case.runs)


def noiseless(algorithm: str) -> Any:
    """Without noise the arm with the largest last reward is played, and the regret is at most the sum of drops."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        for i in range(case.runs):
            bandit = falling(as_generator(child_seed(rng, i)))
            drops, K = code.module(ROTTING).largest_drops(bandit), bandit.n_arms
            levels = np.concatenate([np.full((K, 1), bandit.tables.max()), bandit.tables], axis=1)
            expected = [max(a - b for a, b in itertools.pairwise(row)) if row.size > 1 else 0.0 for row in levels]
            for windows in ("geometric", "all"):
                run = code.algorithm(algorithm)(bandit, case.horizon, windows=windows, trace=True, rng=0)
                last = [np.inf] * K
                for arm, reward in zip(run.trace["actions"], run.trace["rewards"], strict=True):
                    if last[arm] < max(last) - 1e-9:
                        return Comparison(False, last[arm], max(last), f"{bandit.tables.tolist()}: plays {arm}", i + 1)
                    last[arm] = reward
                if run.regret.max() > sum(expected) + 1e-9 or not np.allclose(drops, expected):
                    worst = float(run.regret.max())
                    return Comparison(False, worst, sum(expected), f"{bandit.tables.tolist()}, {windows}", i + 1)
        return Comparison(True, 0.0, 0.0, f"{case.runs} bandits, {case.horizon} rounds", case.runs)

    return evaluate


def union(code: Code, case: Case, rng: Any) -> Comparison:
    """The probability of the theorem is at least the sum over all windows that it is the bound of."""
    worst = 0.0
    for K, alpha, t0 in itertools.product((1, 2, 5), (3.0, 4.0, 5.0), (1, 5, 20)):
        n = np.arange(1, 100_001, dtype=float)
        total = K * float(np.sum(2.0 * n * np.maximum(n, t0) ** -alpha))
        worst = max(worst, total / code.module(ROTTING).failure_probability(K, alpha, t0))
    return Comparison(worst <= 1.0 + 1e-12, worst, 1.0, "largest sum in proportion to the closed form")


def few(horizon: int) -> Instance:
    """Drawn bandits; the model itself is not used."""
    return Instance(f"drawn, {horizon} rounds", rotting(ABRUPT), horizon, {"smoke": 10, "quick": 40, "power": 12})


AUDIT = Instance("sigma 1/2", rotting(ABRUPT), 100, 1, {"alpha": 4.0, "sigma": 0.5})
CHECKS = (
    reference_check("raw_ucb", f"{REFERENCE}:RawUCB", played(0.25)),
    reference_check("fewa", f"{REFERENCE}:FEWA", played(0.06)),
    Check(
        name="greedy oracle is optimal", evaluate=oracle, source="all allocations", instances=(few(7),),
        statement="benchmark of the regret = max over all ways to share T pulls", algorithm="raw_ucb",
    ),
    Check(
        name="RAW-UCB without noise", evaluate=noiseless("raw_ucb"), source="derived", constants="derived here",
        instances=(few(25),), statement=r"plays \arg\max of last rewards; R_T \le \sum_i d_i", internals=True,
        algorithm="raw_ucb",
    ),
    Check(
        name="FEWA without noise", evaluate=noiseless("fewa"), source="derived", constants="derived here",
        instances=(few(25),), statement=r"plays \arg\max of last rewards; R_T \le \sum_i d_i", internals=True,
        algorithm="fewa",
    ),
    Check(
        name="union over windows", evaluate=union, source="derived", layer="lemma", instances=(AUDIT,), internals=True,
        constants="derived here",
        statement=r"\sum_i \sum_n 2n \max(n, t_0)^{-\alpha} \le K t_0^{2-\alpha}(1 + 1/t_0 + 2/(\alpha-2))",
    ),
    audit_check(
        "audit of the radius", ROTTING, AUDIT, source="Hoeffding", arguments=lambda c: c.parameters, side="upper",
    ),
)  # fmt: skip
