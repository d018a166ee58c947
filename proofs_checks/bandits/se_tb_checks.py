"""Checks without sampling of the tallying bandit results: references, lemmas and optima by enumeration; the mutants."""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import EVERYWHERE, same_plays

from theorylab.bandits import TallyingBandit
from theorylab.core.rng import as_generator, child_seed
from theorylab.verify.cases import Case, Family, Instance
from theorylab.verify.code import Code, Mutant
from theorylab.verify.statements import Check, Comparison

FOLDER = "theorylab.bandits.tallying"
SE_TB, OPTIMUM, PLAN = f"{FOLDER}.se_tb", f"{FOLDER}.tallying_optimum", f"{FOLDER}.query_then_plan"
PAPER = "malik2022complete"


def alternating(noise: str = "bernoulli") -> TallyingBandit:
    """h(1) = 0, h(2) = 1 for both arms: alternating costs nothing, repeating costs 1 a round."""
    return TallyingBandit([[0.0, 1.0], [0.0, 1.0]], noise=noise, name="alternating")


def drawn(n_arms: int, window: int, noise: str = "none") -> Family:
    """Mean losses in eighths, drawn anew in each run."""

    def draw(rng: Any) -> TallyingBandit:
        return TallyingBandit(rng.integers(0, 9, (n_arms, window)) / 8.0, noise=noise, name="drawn")

    return Family(f"eighths K={n_arms} m={window}", draw)


def fixed(n_arms: int, window: int, seed: int, noise: str = "bernoulli") -> TallyingBandit:
    """One of them."""
    return TallyingBandit(as_generator(seed).integers(0, 9, (n_arms, window)) / 8.0, noise=noise, name="eighths")


def loss_after(h: Any, plays: Sequence[int]) -> Any:
    """The mean loss of the last play, from the definition."""
    m = len(h[0])
    return h[plays[-1]][list(plays[max(0, len(plays) - m) :]).count(plays[-1]) - 1]


def least_cost(h: Any, T: int) -> Any:
    """The optimum by trying all sequences."""
    return min(sum(loss_after(h, s[: t + 1]) for t in range(T)) for s in itertools.product(range(len(h)), repeat=T))


def exactly(table: Any) -> list[list[Fraction]]:
    """The table as the rationals that its doubles are."""
    return [[Fraction(float(v)) for v in row] for row in table]


def same_as_reference(code: Code, case: Case, seed: Any) -> Comparison:
    """Plays, rewards and expected losses as in the slow agents; regret against brute force is another check."""
    from theorylab.bandits.agents import agent_algorithm
    from theorylab.bandits.tallying.se_tb_reference import SETB, QueryThenPlan

    name, agent = ("query_then_plan", QueryThenPlan) if case.model.noise == "none" else ("se_tb", SETB)
    found = Comparison(True, 0.0, 0.0)
    for i in range(case.runs):
        child = child_seed(seed, i)
        run = code.algorithm(name)(case.model, case.horizon, rng=child, trace=True, **case.parameters)
        slow = agent_algorithm(agent)(
            case.model, case.horizon, rng=child, trace=True, window=case.model.window, **case.parameters
        )
        found = same_plays(run, slow)
        cost = np.sum(1.0 - slow.trace["rewards"])
        alike = "differ first" not in found.detail and "shape" not in found.detail
        if name == "query_then_plan":  # ties between plans: the cost decides, and the queries
            queries = case.model.h.size
            alike = np.array_equal(run.trace["actions"][:queries], slow.trace["actions"][:queries])
            alike = alike and abs(np.sum(1.0 - run.trace["rewards"]) - cost) < 1e-9
        if not alike:
            return Comparison(
                False, float(run.reward_sum[-1]), float(slow.reward_sum[-1]), f"run {i}: {found.detail}", i + 1
            )
    return Comparison(
        True,
        float(run.reward_sum[-1]),
        float(slow.reward_sum[-1]),
        f"the same {case.horizon} rounds on {case.runs} seeds",
        case.runs,
    )


def lemma_2(code: Code, case: Case, seed: Any) -> Comparison:
    """All cyclic policies, all histories: in the second period every play has the tally that the table says."""
    module, checked = code.module(SE_TB), 0
    for K, period, m in ((2, 1, 1), (2, 3, 2), (2, 3, 3), (2, 4, 3), (2, 4, 4), (3, 3, 2), (3, 3, 3)):
        policies = module.cyclic_policies(K, period)
        if len({tuple(p) for p in policies.tolist()}) != K**period:
            return Comparison(False, len(policies), K**period, "a cyclic policy is missing", checked)
        tallies = module.cyclic_tallies(policies, m)
        shares = module.tally_shares(policies, tallies, K, m)
        for i, policy in enumerate(policies.tolist()):
            cells = [0] * (K * m)
            for history in itertools.product(range(K), repeat=m - 1):
                plays = [*history, *policy, *policy]
                first = len(history) + period
                counted = [plays[max(0, t - m + 1) : t + 1].count(plays[t]) for t in range(first, first + period)]
                checked += 1
                if counted != tallies[i].tolist():
                    return Comparison(
                        False,
                        0.0,
                        0.0,
                        f"policy {policy} after {history}: tallies {counted}, table {tallies[i].tolist()}",
                        checked,
                    )
            for x, y in zip(policy, counted, strict=True):
                cells[x * m + y - 1] += 1
            if not np.allclose(shares[i], np.array(cells) / period, atol=1e-12):
                return Comparison(False, 0.0, 0.0, f"policy {policy}: shares {shares[i].tolist()}", checked)
    return Comparison(True, checked, checked, f"{checked} pairs of policy and history", checked)


def lemma_3(code: Code, case: Case, seed: Any) -> Comparison:
    """T mu(pi*) - OPT <= (m + 1) sqrt T for all tables of losses on a grid, in rationals."""
    module, optimum = code.module(SE_TB), code.module(OPTIMUM).tallying_optimum
    largest, checked, where = Fraction(0), 0, ""
    for m, T, levels in ((1, 9, (0.0, 0.5, 1.0)), (2, 16, (0.0, 0.5, 1.0)), (3, 9, (0.0, 1.0)), (3, 16, (0.0, 1.0))):
        root = math.isqrt(T)
        policies = module.cyclic_policies(2, root)
        tallies = module.cyclic_tallies(policies, m)
        cells = (policies * m + tallies - 1).tolist()
        for values in itertools.product(levels, repeat=2 * m):
            flat = [Fraction(v) for v in values]
            best = min(sum(flat[c] for c in row) for row in cells)  # of a period
            opt = optimum(TallyingBandit(np.reshape(values, (2, m))), T, exact=True).exact
            checked += 1
            ratio = (root * best - opt) / ((m + 1) * root)
            if ratio > largest:
                largest, where = ratio, f"h = {np.reshape(values, (2, m)).tolist()}, T = {T}"
            if ratio > 1 or opt > T * max(flat):
                return Comparison(False, float(ratio), 1.0, f"h = {values}, T = {T}: {root * best} - {opt}", checked)
    return Comparison(
        True,
        float(largest),
        1.0,
        f"{checked} bandits; largest (T mu - OPT)/((m + 1) sqrt T) = {largest} at {where}",
        checked,
    )


def brute_force(code: Code, case: Case, seed: Any) -> Comparison:
    """The dynamic program against all K^T sequences: value, cost of the sequence, both sides."""
    module, rng, checked = code.module(OPTIMUM), as_generator(0), 0  # the same bandits whatever the seed
    for K, m, T in ((2, 1, 4), (2, 2, 7), (2, 3, 8), (3, 2, 5), (3, 3, 5), (2, 4, 7)):
        for _ in range(3):
            model = TallyingBandit(rng.integers(0, 9, (K, m)) / 8.0)
            h = exactly(model.h)
            best = least_cost(h, T)
            exact, both = module.tallying_optimum(model, T, exact=True), module.tallying_optimum(model, T)
            plays = exact.sequence.tolist()
            cost = sum(loss_after(h, plays[: t + 1]) for t in range(T))
            checked += 1
            if not (exact.exact == best == cost and both.lower <= best <= both.upper and both.gap < 1e-9):
                detail = f"K = {K}, m = {m}, T = {T}: {exact.exact}, its sequence {cost}, in [{both.lower}, {both.upper}], all sequences {best}"
                return Comparison(False, float(exact.exact), float(best), detail, checked)
    return Comparison(True, float(best), float(best), f"{checked} bandits, up to {2**8} sequences each", checked)


def reported_regret(code: Code, case: Case, seed: Any) -> Comparison:
    """What the records call regret, against the plays' cost minus the brute-force optimum, at several times."""
    worst = 0.0
    for i, noise in enumerate(("bernoulli", "none")):
        for model in (alternating(noise), fixed(2, 2, 3, noise), fixed(2, 3, 4, noise)):
            name, keywords = ("query_then_plan", {}) if noise == "none" else ("se_tb", {"delta": 0.5})
            run = code.algorithm(name)(model, case.horizon, rng=child_seed(seed, i), trace=True, **keywords)
            plays, h = run.trace["actions"].tolist(), model.h.tolist()
            for t in (1, 4, case.horizon):
                cost = sum(loss_after(h, plays[: s + 1]) for s in range(t))
                expected = cost - least_cost(h, t)
                worst = max(worst, abs(float(run.regret[t - 1]) - expected))
                if worst > 1e-9:
                    return Comparison(
                        False, float(run.regret[t - 1]), expected, f"{name} on {model!r} after {t} rounds"
                    )
    return Comparison(True, worst, 1e-9, f"both algorithms on three bandits, T = {case.horizon}", 6)


def constant_action_regret(code: Code, case: Case, seed: Any) -> Comparison:
    """On the alternating bandit repeating an arm has no regret against repeated arms, and T - 1 against sequences."""
    module, T = code.module(OPTIMUM), case.horizon
    model = case.model
    best = module.tallying_optimum(model, T, exact=True)
    constant = sum(loss_after([[0, 1], [0, 1]], [0] * (t + 1)) for t in range(T))
    regret = module.complete_policy_regret(model, [0] * T)
    holds = best.exact == 0 and all(a != b for a, b in itertools.pairwise(best.sequence.tolist())) and constant == T - 1
    holds = holds and regret == T - 1 and not model.reo
    return Comparison(
        holds, float(regret), float(T - 1), f"best sequence costs {best.exact}, a repeated arm {constant}; T = {T}"
    )


def radius_formula(code: Code, case: Case, seed: Any) -> Comparison:
    """C_s, S and the bound as printed, on a grid."""
    module = code.module(SE_TB)
    for T, K, m, delta in ((64, 2, 1, 0.5), (256, 2, 2, 0.05), (10**6, 3, 2, 0.01), (10**8, 5, 4, 0.1)):
        S = max(1, math.ceil(math.log(math.sqrt(T) / (4 * K * m) + 1) / math.log(2) - 1e-12))
        for s in range(1, S + 1):
            expected = (32 * K * m / 2**s / T**0.5 * math.log(2 * K * m * S / delta)) ** 0.5
            got = module.radius(T, K, m, s, delta)
            if not math.isclose(got, expected, rel_tol=1e-12):
                return Comparison(False, got, expected, f"T = {T}, K = {K}, m = {m}, s = {s}")
    return Comparison(True, got, expected, "S and C_s as printed")


def _on(
    name: str, build: Any, horizon: Any, runs: Any = 1, presets: tuple[str, ...] = EVERYWHERE, **parameters: Any
) -> Instance:
    return Instance(name, build, horizon, runs, parameters, presets)


FEW = {"smoke": 2, "quick": 4, "paper": 10, "power": 2}
REFERENCES = (
    _on("two epochs, m=1 T=75", lambda: TallyingBandit([[0.875], [0.25]]), 75, FEW, delta=0.5, scale=0.05),
    _on("m=2 T=70", lambda: fixed(2, 2, 1), 70, FEW, delta=0.5, scale=0.05),
    _on("m=3 T=64", lambda: fixed(2, 3, 2), 64, FEW, delta=0.5),
    _on("m=1 T=144", lambda: fixed(2, 1, 5), 144, 2, ("quick", "paper"), delta=0.5, scale=0.02),
    _on("three arms T=49", lambda: fixed(3, 2, 5), 49, 2, ("quick", "paper"), delta=0.5, scale=0.05),
    _on("planned, m=2", lambda: fixed(2, 2, 1, "none"), 11, 1),
    _on("planned, m=3", lambda: fixed(2, 3, 6, "none"), 13, 1),
)  # fmt: skip
TINY = (_on("tiny bandits", alternating, 9),)
ALTERNATING = (_on("alternating", alternating, {"smoke": 50, "quick": 200}),)


def _check(name: str, evaluate: Any, instances: Any, source: str, statement: str, **more: Any) -> Check:
    return Check(
        name=name,
        evaluate=evaluate,
        instances=instances,
        source=source,
        statement=statement,
        **{"internals": True, **more},
    )


CHECKS = (
    _check("same plays as the reference", same_as_reference, REFERENCES, f"[{PAPER}, Algorithm 1, Proposition 1]", "the same arms and rewards, round by round", layer="reference", internals=False),
    _check("Lemma 2", lemma_2, TINY, f"[{PAPER}, Lemma 2]", r"after one period N_{xy}(\pi) does not depend on the history, m \le \sqrt T", layer="lemma", certified=True, constants="paper"),
    _check("Lemma 3", lemma_3, TINY, f"[{PAPER}, Lemma 3]", r"T \mu(\pi^*) - \mathrm{OPT} \le (m + 1) \sqrt T", layer="lemma", certified=True, constants="paper"),
    _check("optimum by brute force", brute_force, TINY, "enumeration", "the dynamic program finds the least cost of all sequences", certified=True),
    _check("reported regret", reported_regret, TINY, "enumeration", "regret is cost minus the optimum over sequences of that length", internals=False),
    _check("constant-action regret misleads", constant_action_regret, ALTERNATING, "derived; [arora2012online]", "0 against repeated arms, T - 1 against sequences", certified=True, constants="derived here"),
    _check("radius as printed", radius_formula, TINY, f"[{PAPER}, Algorithm 1]", r"C_s = \sqrt{32 K m \ln(2KmS/\delta) / (n_s \sqrt T)}", constants="paper"),
)  # fmt: skip

_STORE = "store = number >= silent and cells[best, place] == cell"
MUTANTS = (
    Mutant("tally without the current play", SE_TB, "found = np.ones(policies.shape, np.int64)", "found = np.zeros(policies.shape, np.int64)", "Lemma 2"),
    Mutant("window m - 1", SE_TB, "for age in range(1, window):", "for age in range(1, window - 1):", "Lemma 2"),
    Mutant("warm-up losses stored", SE_TB, _STORE, _STORE.replace("number >= silent", "number >= 0"), "nothing is stored while warming up"),
    Mutant("every play of the arm stored", SE_TB, "cells[best, place] == cell", "policies[best, place] == cell // (n_cells // 2)", "stored losses are at the queried tally"),
    Mutant("log of S, not of 2KmS", SE_TB, "math.log(2.0 * pairs * epoch_limit(horizon, n_arms, window) / delta)", "math.log(2.0 * epoch_limit(horizon, n_arms, window) / delta)", "radius as printed"),
    Mutant("least share instead of the largest", SE_TB, "shares[i, cell] > shares[best, cell]", "shares[i, cell] < shares[best, cell]", "the policy shows the pair most often"),
    Mutant("one radius for two", SE_TB, "least + 2.0 * radii[epoch]", "least + radii[epoch]", "same plays as the reference"),
    Mutant("constant-action regret reported", SE_TB, "    return against_the_best_sequence(run, bandit, best.least_costs)\n", "    return run\n", "reported regret"),
    Mutant("window m - 1 in the program", OPTIMUM, "for age in range(min(length, m - 1))", "for age in range(min(length, m - 2))", "optimum by brute force"),
    Mutant("most expensive history kept", OPTIMUM, "oldest = np.argmin(by_oldest, axis=0)", "oldest = np.argmax(by_oldest, axis=0)", "optimum by brute force"),
    Mutant("state read backwards", OPTIMUM, "state = state // K if gone is None", "state = state % K if gone is None", "optimum by brute force"),
    Mutant("plan forgets the queries", PLAN, "history=queries.tolist()", "history=()", "same plays as the reference"),
    Mutant("tallies asked in the wrong order", PLAN, "np.repeat(np.arange(K), m)", "np.tile(np.arange(K), m)", "same plays as the reference"),
)  # fmt: skip
