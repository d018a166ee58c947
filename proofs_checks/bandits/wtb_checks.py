"""Checks without sampling of the elimination with burn-in: references, exact audits, exact values; and the mutants."""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import EVERYWHERE, NO_MUTANTS, audit_check, reference_check
from theorylab.rooms.proofs_checks.bandits.wtb_instances import (
    HALVES,
    REO,
    bound,
    coarse,
    easy_needle,
    epochs,
    excess,
    losses,
    no_repeats,
    on,
)

from theorylab.bandits import TallyingBandit, WeightedTallyingBandit
from theorylab.verify.cases import Case
from theorylab.verify.code import Code, Mutant
from theorylab.verify.statements import Check, Comparison

FOLDER = "theorylab.bandits.tallying"
WTB, BASELINES = f"{FOLDER}.wtb_successive_elimination", f"{FOLDER}.baselines"
REFERENCE = f"{FOLDER}.wtb_successive_elimination_reference:WTBSuccessiveElimination"

FEW = {"smoke": 2, "quick": 5, "paper": 20, "power": 2}
SMALL = (
    on("easy needle", easy_needle, {"smoke": 300, "quick": 600, "power": 150}, FEW, {"M": 3, "delta": 0.5}, EVERYWHERE),
    on("unequal weights", lambda: coarse(HALVES), {"smoke": 900, "quick": 900, "power": 420}, FEW, {"M": 5, "delta": 0.5}, EVERYWHERE),
    on("misleading", lambda: losses("misleading", 2, 4, last=True), 1500, FEW, {"M": 4, "delta": 0.5}, ("smoke", "quick", "paper")),
    on("one round", easy_needle, 1, 1, {"M": 3, "delta": 0.5}, EVERYWHERE),
)  # fmt: skip
BLOCKS = (on("needle in blocks", lambda: losses("needle", 3, 3), {"smoke": 200, "quick": 500}, {"smoke": 2, "quick": 5}, {"block": 7}),)  # fmt: skip
TURNS = (on("needle in turn", lambda: coarse(HALVES), {"smoke": 300, "quick": 700}, {"smoke": 2, "quick": 5}, {"delta": 0.5}),)  # fmt: skip
AUDITED = on("radius", easy_needle, 2**15, 1, {"M": 1, "delta": 0.5}, EVERYWHERE)


def audit_grid(case: Case) -> Any:
    """(T, n_s, p): the plays of the epochs, up to the horizon."""
    means = ("1/10", "3/10", "1/2", "7/10", "19/20")
    return [(case.horizon, 2**s, Fraction(p)) for s in range(1, epochs(case) - 4) for p in means]


def silent(weights: Any) -> WeightedTallyingBandit:
    """The coarse bandit without noise."""
    return coarse(weights, noise="none")


def accounted(case: Case) -> tuple[Fraction, int]:
    """Complete policy regret of a run without noise, segment by segment in rationals, and its complete epochs.

    The j-th play in a row of an arm that was absent from the window before it has the share (w_1 + .. + w_j) / W.
    """
    model, T, K = case.model, case.horizon, case.model.n_arms
    M, delta = case.parameters["M"], case.parameters["delta"]
    weights = [Fraction(float(w)) for w in model.weights]
    knots = [Fraction(float(g)) for g in model.knots]
    h = [[Fraction(float(v)) for v in row] for row in model.h]
    least = min(row[-1] for row in h)
    levels = [sum(weights[: j + 1]) / sum(weights) for j in range(len(weights))]
    near = [min(range(len(knots)), key=lambda g, y=y: (abs(knots[g] - y), g)) for y in levels]

    def segment(x: int, plays: int, done: int) -> Fraction:
        return sum((h[x][near[min(done + j, len(levels) - 1)]] - least for j in range(plays)), Fraction(0))

    log = math.log(2 * K * epochs(case) / delta)
    left, total, t, complete, s = list(range(K)), Fraction(0), 0, 0, 0
    in_a_row, previous = 0, -1
    while t < T:
        s += 1
        for x in list(left):
            plays = T - t if len(left) == 1 else min(M - 1 + 2**s, T - t)
            in_a_row = in_a_row if x == previous else 0
            total += segment(x, plays, in_a_row)
            in_a_row, previous, t = in_a_row + plays, x, t + plays
        if t < T or len(left) > 1:
            means = {x: h[x][-1] for x in left}
            width = 2 * math.sqrt(log / (2 * 2**s))
            left = [x for x in left if float(means[x] - min(means.values())) <= width]
            complete += 1
    return total, complete


def exact_regret(code: Code, case: Case, seed: Any) -> Comparison:
    """The kernel's regret on losses without noise against the segments, to rounding."""
    run = code.algorithm("wtb_successive_elimination")(case.model, case.horizon, rng=seed, **case.parameters)
    total, complete = accounted(case)
    same = abs(float(run.regret[-1]) - float(total)) <= 1e-9 * case.horizon
    detail = f"CPR {float(run.regret[-1]):.12g} against {total} = {float(total):.12g}, {complete} epochs"
    return Comparison(same, float(run.regret[-1]), float(total), detail, 1)


def growth_in_m(code: Code, case: Case, seed: Any) -> Comparison:
    """CPR(M') - CPR(M) is exactly (M' - M) times the excess of all discarded (epoch, arm), at most (M' - M) K S."""
    before, worst, said = None, 0.0, []
    for M in case.parameters["M"] * np.array([1, 2, 5, 10]):
        parameters = {**case.parameters, "M": int(M), "trace": True}
        run = code.algorithm("wtb_successive_elimination")(case.model, case.horizon, rng=seed, **parameters)
        measured = ~np.isnan(run.trace["means"])
        slope = float((measured * excess(case)).sum())  # what one more discarded play costs in each complete segment
        regret = float(run.regret[-1])
        if before is not None:
            grown = (regret - before[1]) / (M - before[0])
            said.append(f"{before[0]}..{M}: {grown:.4g}")
            worst = max(worst, abs(grown - slope))
            if abs(grown - slope) > 1e-6 or grown > case.model.n_arms * epochs(case):
                return Comparison(False, grown, slope, f"M = {before[0]}..{M}: slope {grown}, expected {slope}", 1)
        before = (int(M), regret)
    return Comparison(
        True,
        slope,
        float(case.model.n_arms * epochs(case)),
        "slopes " + ", ".join(said) + f"; K S = {case.model.n_arms * epochs(case)}",
        4,
    )


def benchmark(code: Code, case: Case, seed: Any) -> Comparison:
    """T l* <= OPT_T <= T l* + m - 1 over many tiny REO bandits, OPT by dynamic programming in rationals."""
    optimum = code.module(f"{FOLDER}.tallying_optimum").tallying_optimum
    levels, checked, largest = (0.0, 0.5, 1.0), 0, Fraction(0)
    models = [
        TallyingBandit([a, b]) for a in itertools.product(levels, repeat=2) for b in itertools.product(levels, repeat=2)
    ]
    models += [
        TallyingBandit([a, b])
        for a in itertools.product((0.0, 1.0), repeat=3)
        for b in itertools.product((0.0, 1.0), repeat=3)
    ]
    models += [coarse(HALVES), coarse((0.5, 0.25, 0.25)), coarse((1.0, 1.0))]
    for model in models:
        if not model.reo:
            continue
        checked += 1
        floor = Fraction(float(model.repeated_losses.min()))
        for T in (1, 4, case.horizon):
            above = optimum(model, T, exact=True).exact - T * floor
            largest = max(largest, above / max(1, model.window - 1))
            if not 0 <= above <= model.window - 1:
                return Comparison(
                    False, float(above), model.window - 1, f"{model!r}, T = {T}: OPT - T l* = {above}", checked
                )
    return Comparison(
        True,
        float(largest),
        1.0,
        f"0 <= OPT - T l* <= m - 1 on {checked} REO bandits, T = 1, 4, {case.horizon}",
        checked,
    )


def refusal(code: Code, case: Case, seed: Any) -> Comparison:
    """Without REO: the model refuses, the hypothesis refuses, the record claims nothing, and the bound does fail."""
    try:
        WeightedTallyingBandit([1.0, 1.0], [0.5, 1.0], [[0.0, 1.0], [0.0, 1.0]])
        return Comparison(False, 0.0, 1.0, "a bandit without REO was built")
    except ValueError as error:
        said = str(error)
    run = code.algorithm("wtb_successive_elimination")(
        case.model, case.horizon, rng=seed, trace=True, **case.parameters
    )
    regret = code.module(f"{FOLDER}.tallying_optimum").complete_policy_regret(case.model, run.trace["actions"])
    holds = "may not be optimal" in said and not REO.holds(case) and not run.theorems_algorithm and regret > bound(case)
    return Comparison(holds, regret, bound(case), f"CPR {regret:.5g} where the bound would say {bound(case):.5g}", 1)


def least_average(code: Code, case: Case, seed: Any) -> Comparison:
    """The least average over x* of the regret on the hidden needle, over all algorithms: all K^T sequences of tests.

    Until the needle is found every loss is 1, so an algorithm without coins is one sequence, left when it finds it.
    """
    found = []
    for K, m in ((2, 1), (2, 2), (3, 2), (2, 3), (4, 2)):
        T = m * K
        best = math.inf
        for plays in itertools.product(range(K), repeat=T):
            total, run_length, previous, hit = 0, 0, -1, {}
            for t, arm in enumerate(plays):
                run_length = run_length + 1 if arm == previous else 1
                previous = arm
                if run_length >= m:
                    hit.setdefault(arm, t)
            total = sum(hit.get(x, T) for x in range(K))  # the play that finds it costs nothing, nor do those after it
            best = min(best, total)
        value, claimed = Fraction(int(best), K), Fraction(m * (K + 1), 2) - 1
        found.append(f"K={K} m={m}: {value}")
        if value < claimed:
            return Comparison(False, float(value), float(claimed), f"K = {K}, m = {m}: {value} < {claimed}")
    return Comparison(True, float(value), float(claimed), "; ".join(found), len(found))


SILENT = tuple(
    on(name, lambda w=w: silent(w), T, 1, {"M": M, "delta": d}, presets)
    for name, w, T, M, d, presets in (
        ("no noise, unequal weights", HALVES, {"power": 450, "smoke": 3000}, 4, 0.5, EVERYWHERE),
        ("no noise, M beyond m", (0.5, 0.5), {"power": 450, "smoke": 3000}, 7, 0.05, EVERYWHERE),
        ("no noise, cut in a burn-in", HALVES, 101, 9, 0.5, EVERYWHERE),
    )
)
GROWS = (on("no noise, growing M", lambda: silent(HALVES), {"smoke": 20_000, "power": 1500}, 1, {"M": 4, "delta": 0.5}, NO_MUTANTS),)  # fmt: skip
TINY = (on("tiny bandits", easy_needle, 9, 1, {"M": 3, "delta": 0.5}, EVERYWHERE),)
ENDLESS = (on("repeating is not optimal", no_repeats, 4000, 1, {"M": 2, "delta": 0.5}),)


def _check(name: str, evaluate: Any, instances: Any, source: str, statement: str, **more: Any) -> Check:
    more = {"constants": "derived here", **more}
    return Check(name=name, evaluate=evaluate, instances=instances, source=source, statement=statement, **more)


CHECKS = (
    reference_check("wtb_successive_elimination", REFERENCE, SMALL, more=("epochs", "recorded"), name="same plays as the reference"),
    reference_check("batched_exp3", f"{FOLDER}.baselines_reference:BatchedEXP3", BLOCKS),
    reference_check("round_robin_se", f"{FOLDER}.baselines_reference:RoundRobinSE", TURNS),
    audit_check("exact audit of the radii", WTB, AUDITED, source="(1) Hoeffding", side="two-sided", grid=audit_grid,
                arguments=lambda c: {"n_arms": 2, "delta": c.parameters["delta"]}, statement=r"P(|m_x - \ell_x| > C_s) \le \delta/(KS), exactly"),
    _check("regret without noise", exact_regret, SILENT, "accounting in rationals", "CPR is the sum over segments", internals=True),
    _check("growth in M", growth_in_m, GROWS, "(5)", r"\mathrm{CPR}(M') - \mathrm{CPR}(M) = (M' - M) \sum_{(s,x)} (\ell_x - \ell^*) \le (M' - M) K S: additive, not multiplicative", internals=True),
    _check("benchmark", benchmark, TINY, "REO", r"T \ell^* \le \mathrm{OPT}_T \le T \ell^* + m - 1", certified=True, internals=True),
    _check("refusal without REO", refusal, ENDLESS, "[malik2023weighted]: intractable without REO", "no theorem is claimed, and none would hold", internals=True),
    _check("least average regret on the hidden needle", least_average, TINY, "enumeration", r"\min \text{ over all algorithms} \ge m (K + 1)/2 - 1", certified=True, internals=True),
)  # fmt: skip

_TURN = """        arm += 1
        while arm < n_arms and alive[arm] == 0.0:
            arm += 1
        if arm < n_arms:
            continue
        arm = 0
        while alive[arm] == 0.0:
            arm += 1
        played += 1
        if played < discarded + n:
            continue
        for x in range(n_arms):
            if alive[x] > 0.0:
                means[x] = sums[x] / n
                table[1, epoch, x] = means[x]
                arm = x
            sums[x] = 0.0
        sums[arm] = means[arm] * n
"""
_KEEP = "        means[arm] = sums[arm] / n\n        table[1, epoch, arm] = means[arm]\n        sums[arm] = 0.0\n"
MUTANTS = (
    Mutant("no burn-in", WTB, "setup.horizon, M - 1, log_over", "setup.horizon, 0, log_over", "recorded losses are saturated"),
    Mutant("M below m", WTB, "setup.horizon, M - 1, log_over", "setup.horizon, max(M - 2, 0), log_over", "recorded losses are saturated"),
    Mutant("arms in turn", WTB, "        played += 1\n        if played < discarded + n:\n            continue\n", _TURN, "plays of an arm come in one piece"),
    Mutant("data of earlier epochs kept", WTB, _KEEP, _KEEP.replace("/ n\n", "/ (2 * n - 2)\n").replace("        sums[arm] = 0.0\n", ""), "means of the records"),
    Mutant("burn-in counted in n_s", WTB, "if played < discarded + n:", "if played < max(discarded + 1, n):", "records of an epoch"),
    Mutant("burn-in recorded", WTB, "        if played >= discarded:\n            sums[arm]", "        if played >= 0:\n            sums[arm]", "means of the records"),
    Mutant("L without S", WTB, "2.0 * n_arms * epoch_limit(horizon) / delta", "2.0 * n_arms / delta", "exact audit of the radii"),
    Mutant("one radius for two", WTB, "eliminate_kernel(means, alive, 2.0 * width)", "eliminate_kernel(means, alive, width)", "elimination rule"),
    Mutant("goes on with one arm", WTB, "        if left == 1:\n", "        if left == 0:\n", "two arms at least"),
    Mutant("largest loss kept", WTB, "sums[arm] += 1.0 - reward", "sums[arm] += reward", "means of the records"),
    Mutant("epochs do not double", WTB, "            n *= 2\n", "            n += 2\n", "records of an epoch"),
    Mutant("S one short", WTB, "return (horizon - 1).bit_length() + 1", "return (horizon - 1).bit_length()", "radii"),
    Mutant("radius without the 2", WTB, "return math.sqrt(log / (2.0 * plays))", "return math.sqrt(log / plays)", "radii"),
)  # fmt: skip
