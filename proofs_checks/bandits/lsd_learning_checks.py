"""Checks of the learners: world against definition, references, audits of radii, plans against Karp's formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import audit_check, reference_check

from theorylab.bandits import LastSwitchDependentBandit, RechargingBandit
from theorylab.core.rng import as_generator, child_seed
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

AREA = "theorylab.bandits.lsd"
LEARNING, REFERENCE = f"{AREA}.lsd_learning", f"{AREA}.lsd_learning_reference"
ISI, COMMIT, PATTERN = f"{AREA}.isi_comb_ucb1", f"{AREA}.lsd_explore_commit", f"{AREA}.play_pattern"
WORLD = "theorylab.bandits.world"


def recharging(idle: Any, **options: Any) -> Any:
    """A function that builds the bandit."""
    return lambda: RechargingBandit(idle, **options)


MIXED = [[0.25, 0.875, 0.5], [0.125, 0.375, 0.875], [0.5, 0.5, 0.5]]
SHORT = {"smoke": 200, "quick": 400, "power": 120}
REPEATS = {"smoke": 2, "quick": 4, "power": 2}
PLAYED = tuple(
    Instance(f"{name} {'ISI' if isi else 'plain'} d={d}", build, SHORT, REPEATS, {"d": d, "isi": isi, "states": states})
    for name, build, d in (
        ("mixed", recharging(MIXED), 2),
        ("two arms", recharging([[0.0, 1.0, 0.5], [0.75, 0.75, 0.75]]), 3),
        ("one arm", recharging([[0.25, 0.5]]), 2),
    )
    for isi, states in ((True, None), (False, 3))
)
SAMPLED = (
    Instance("mixed, 3 samples", recharging(MIXED), {"smoke": 300, "power": 120}, REPEATS, {"n": 3, "states": 3}),
    Instance("two arms, 6 samples", recharging([[0.1, 0.9], [0.8, 0.3]]), 100, REPEATS, {"n": 6, "states": 2}),
    Instance("horizon within exploring", recharging(MIXED), 40, 1, {"n": 3, "states": 3}),
)
ONCE = Instance("formulas", recharging(MIXED), 100, 1)


def world_by_definition(code: Code, case: Case, rng: Any) -> Comparison:
    """Random sequences of arms on random bandits: the kernel's reward sums and the means of the definition."""
    play = code.module(PATTERN).play_pattern
    for i in range(case.runs):
        generator = as_generator(child_seed(rng, i))
        K = int(generator.integers(1, 4))
        run = generator.random((K, int(generator.integers(1, 4)))) if i % 2 else None
        bandit = LastSwitchDependentBandit(generator.random((K, int(generator.integers(1, 5)))), run=run, noise="none")
        arms = np.repeat(generator.integers(0, K, size=30), generator.integers(1, 4, size=30))[: case.horizon]
        found = play(bandit, len(arms), pattern=arms.tolist(), checkpoints=np.arange(1, len(arms) + 1), rng=0)
        means = [bandit.mean_reward(arms[:t].tolist(), int(arms[t])) for t in range(len(arms))]
        if not (np.allclose(found.reward_sum, np.cumsum(means)) and np.allclose(-found.regret, np.cumsum(means))):
            return Comparison(False, float(found.reward_sum[-1]), float(sum(means)), f"bandit {i}", i + 1)
    return Comparison(True, 0.0, 0.0, f"{case.runs} bandits, {case.horizon} rounds each", case.runs)


def commits(code: Code, case: Case, rng: Any) -> Comparison:
    """Exploring plays like the reference, the means agree, and no cycle is better on them (Karp's formula)."""
    from theorylab.bandits.agents import AgentInfo
    from theorylab.bandits.lsd.lsd_learning_reference import ExploreCommit, karp_rate, pattern_rate

    for i in range(case.runs):
        run = code.algorithm("lsd_explore_commit")(
            case.model, case.horizon, rng=child_seed(rng, i), trace=True, **case.parameters
        )
        agent = ExploreCommit(AgentInfo(case.model.n_arms, case.horizon, case.parameters))
        for t in range(run.extra["explored"]):
            if agent.act(np.random.default_rng(0)) != run.trace["actions"][t]:
                return Comparison(False, float(t), 0.0, f"run {i} explores differently from round {t} on", i + 1)
            agent.observe(int(run.trace["actions"][t]), float(run.trace["rewards"][t]))
        if run.extra["cycle"] is None:
            if agent.turn:
                continue
            return Comparison(False, 0.0, 0.0, f"run {i} does not commit", i + 1)
        if agent.turn or not np.allclose(agent.estimates(), run.extra["estimates"], atol=1e-12):
            return Comparison(False, 0.0, 0.0, f"run {i} commits early, or to other means", i + 1)
        best, got = karp_rate(agent.estimates()), pattern_rate(agent.estimates(), run.extra["cycle"])
        if abs(best - got) > 1e-9:
            return Comparison(False, got, best, f"run {i}: the cycle is not optimal on the means", i + 1)
        rest = run.trace["actions"][run.extra["explored"] :]
        expected = np.resize(run.extra["cycle"], len(rest))
        if not np.array_equal(rest, expected):
            return Comparison(False, 0.0, 0.0, f"run {i} does not repeat its cycle", i + 1)
    return Comparison(True, 0.0, 0.0, f"{case.runs} runs", case.runs)


def commit_radius(code: Code, case: Case, rng: Any) -> Comparison:
    """The accuracy that the bound of explore-then-commit rests on is Hoeffding's, exactly audited."""
    from theorylab.verify.statistics.radius_audit import radius_audit

    bound, K, c, delta = code.module(COMMIT).regret_bound, 2, 2, 0.1
    spent = 2 * K * c / delta

    def width(t: int, n: int) -> float:  # solved from the bound at T = 1
        return float((bound(1.0, K, c, n, delta) - n * K * c * (c + 1) / 2 - 2 * K) / 2)

    audit = radius_audit(width, lambda t, n: 1.0 / spent, side="upper")
    return Comparison(audit.holds, audit.worst.miss, audit.worst.claimed, str(audit), len(audit.rows))


def notion(code: Code, case: Case, rng: Any) -> Comparison:
    """Approximation regret of a constant play, by hand: b OPT t minus the means, and means do not hold noise."""
    learning = code.module(LEARNING)
    bandit = RechargingBandit([[0.25, 0.75]])
    run = learning.play_pattern(bandit, 10, pattern=[0], checkpoints=[4, 10], rng=rng)
    got = learning.approximation_regret(run, 0.5, 0.75)
    expected = np.array([0.375 * 4 - 1.0, 0.375 * 10 - 2.5])
    worst = float(np.abs(got - expected).max())
    return Comparison(worst < 1e-12, worst, 0.0, "b OPT t - sum of means at t = 4, 10")


def first_block(code: Code, case: Case, rng: Any) -> Comparison:
    """The search among blocks, on random indices, against all sequences."""
    import itertools

    best_block = code.module(ISI).best_block_kernel
    for i in range(case.runs):
        generator = as_generator(child_seed(rng, i))
        K, S, D = (int(generator.integers(1, high)) for high in (4, 4, 6))
        index = generator.integers(0, 9, size=(K, S)) / 8
        begun = generator.integers(0, 4, size=K) if i % 2 else np.zeros(K, np.int64)
        taus, best = np.zeros((D, K), np.int64), np.zeros(D, np.int64)
        taus[0] = begun
        best_block(index, taus, np.zeros(D), np.zeros(D, np.int64), best)
        values = {}
        for block in itertools.product(range(K), repeat=D):
            value = 0.0
            for j, arm in enumerate(block):
                before = [k for k in range(j) if block[k] == arm]
                tau = j - before[-1] if before else (begun[arm] + j if begun[arm] else 0)
                value += index[arm, min(tau, S) - 1] if tau else 0.0
            values[block] = value
        expected = min(block for block, value in values.items() if value == max(values.values()))
        if tuple(best) != expected:
            found = values[tuple(best)]
            return Comparison(False, found, values[expected], f"{best.tolist()}, expected {list(expected)}", i + 1)
    return Comparison(True, 0.0, 0.0, f"{case.runs} tables of indices", case.runs)


CHECKS = (
    Check(
        name="the world is its definition", evaluate=world_by_definition, source="definition", layer="exact",
        instances=(Instance("random bandits", recharging(MIXED), 40, {"smoke": 8, "quick": 20, "power": 8}),),
        statement="rewards of the kernel = mean_reward of the model", internals=True,
    ),
    reference_check("isi_comb_ucb1", f"{REFERENCE}:ISICombUCB1", PLAYED),
    Check(
        name="explores like the reference, commits to an optimal cycle", evaluate=commits, layer="reference",
        source="line-by-line reference", instances=SAMPLED, algorithm="lsd_explore_commit",
        statement="arms, means; the rate of the cycle on the means is Karp's maximum cycle mean",
    ),
    Check(
        name="best block", evaluate=first_block, source="all sequences", internals=True,
        instances=(Instance("random indices", recharging(MIXED), 1, {"smoke": 10, "quick": 40, "power": 10}),),
        statement="the first best block of all K^D",
    ),
    Check(
        name="approximation regret", evaluate=notion, source="definition", instances=(ONCE,), internals=True,
        statement=r"b\,\mathrm{OPT}\,t - \sum \mu_s",
    ),
    Check(
        name="accuracy of exploring", evaluate=commit_radius, source="derived", layer="lemma", instances=(ONCE,),
        statement=r"P(\mu > \hat\mu + \sqrt{L/(2n)}) \le \delta/(2Kc), exactly", internals=True,
        constants="derived here",
    ),
    audit_check("audit of the index", ISI, ONCE, source="[kveton2015tight]", side="upper", constants="paper"),
)  # fmt: skip


def pairs_of(case: Case) -> tuple[int, int]:
    """(D, L) of an ISI instance."""
    d = case.parameters["d"]
    return d + 1, case.model.n_arms * d


def accuracy(case: Case) -> float:
    """Epsilon of explore-then-commit."""
    p = case.parameters
    return math.sqrt(math.log(2 * case.model.n_arms * p["states"] / p["delta"]) / (2 * p["n"]))
