"""[laforgue2022last]: learning in last-switch-dependent bandits; explore-then-commit, ISI-CombUCB1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.lsd_learning_checks import (
    AREA,
    CHECKS,
    COMMIT,
    ISI,
    LEARNING,
    WORLD,
    accuracy,
    pairs_of,
    recharging,
)
from theorylab.rooms.proofs_checks.bandits.shared import NO_MUTANTS

from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Mutant
from theorylab.verify.kinds import Expectation, HighProbability
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

PAPER = "laforgue2022last"
DELTA = 0.2
RUNS = {"smoke": 70, "quick": 80, "paper": 400, "power": 8}


def optimal(case: Case) -> float:
    """The optimal rate of the case's model."""
    from theorylab.bandits.lsd import lsd_optimum

    return case.fact("optimum", lambda model: lsd_optimum(model).rate)


def shortfall(run: Any, case: Case) -> float:
    """Approximation regret with factor 1."""
    return float(optimal(case) * case.horizon + run.regret[-1])


def all_of_it(case: Case) -> float:
    """No policy falls short by more than the optimum's whole reward."""
    return optimal(case) * case.horizon


def explored(name: str, idle: Any, n: int, horizon: int, presets: Any = ("quick", "paper")) -> Instance:
    """Explore-then-commit with the default number of samples, written out."""
    parameters = {"n": n, "delta": DELTA, "states": len(idle[0])}
    return Instance(name, recharging(idle), horizon, RUNS, parameters, presets)


GROWING = [[0.25, 0.9], [0.2, 0.8]]
COMMITTED = (
    explored("growing", GROWING, 800, 100_000, NO_MUTANTS),
    explored("growing, few samples", GROWING, 60, 1000, ("power",)),
    explored("growing, reversed", GROWING[::-1], 800, 100_000),
    explored("three states", [[0.1, 0.2, 0.95], [0.6, 0.6, 0.6]], 550, 100_000),
    explored("not monotone", [[0.3, 0.9, 0.2], [0.9, 0.5, 0.1]], 550, 100_000),
)
SWAP = [[0.05, 0.99], [0.05, 0.99]]
BLOCKS = (
    Instance("swap", recharging(SWAP), 200_000, {"quick": 20, "paper": 100}, {"d": 5}, ("quick", "paper")),
    Instance(
        "swap, reversed growth",
        recharging([[0.9, 0.1], [0.1, 0.95]]),
        200_000,
        {"quick": 4, "paper": 100},
        {"d": 6},
        ("paper",),
    ),
)
SHORT_BLOCKS = (Instance("short", recharging(SWAP), 3000, 3, {"d": 2}, NO_MUTANTS),)
TRACED = Instance(
    "traced",
    recharging([[0.1, 0.9, 0.8], [0.2, 0.6, 0.9]]),
    {"smoke": 1500, "quick": 3000, "power": 400},
    {"smoke": 20, "quick": 60, "power": 8},
    {"d": 3, "trace": True},
)
POSITIVE = Hypothesis("runs do not matter", lambda case: case.model.run is None)


def commit_bound(case: Case) -> float:
    """Of explore-then-commit."""
    from theorylab.bandits.lsd.lsd_explore_commit import regret_bound

    p = case.parameters
    return regret_bound(case.horizon, case.model.n_arms, p["states"], p["n"], p["delta"])


def isi_bound(case: Case) -> float:
    """Of ISI-CombUCB1."""
    from theorylab.bandits.lsd.isi_comb_ucb1 import regret_bound

    return regret_bound(case.horizon, case.model.n_arms, case.parameters["d"])


CLAIMS = (
    Claim(
        name="explore-then-commit",
        kind=HighProbability(DELTA),
        source="derived",
        constants="derived here",
        statement=r"\rho^* T - \sum \mu_t \le nA + 2T\sqrt{L/(2n)} + 2K with probability 1 - \delta",
        instances=COMMITTED,
        quantity=shortfall,
        bound=commit_bound,
        trivial=all_of_it,
        algorithm="lsd_explore_commit",
        hypotheses=(POSITIVE,),
    ),
    Claim(
        name="ISI-CombUCB1",
        kind=Expectation(),
        source="derived",
        constants="derived here",
        statement=r"E[\rho^* T - \sum \mu_t] \le K\lceil T/D\rceil + 4\sqrt{3LT\ln T} + D^2L + \pi^2L/(3D) + D",
        instances=(*BLOCKS, *SHORT_BLOCKS),
        quantity=lambda r, c: max(0.0, shortfall(r, c)),
        bound=isi_bound,
        trivial=all_of_it,
        cap=all_of_it,
        algorithm="isi_comb_ucb1",
        hypotheses=(POSITIVE,),
    ),
)


def largest_error(run: Any, case: Case) -> float:
    """Of all sampled means; nan where nothing was committed to."""
    if run.extra["estimates"] is None:
        return 0.0
    return float(np.abs(run.extra["estimates"] - case.model.idle).max())


def accurate(run: Any, case: Case) -> bool:
    """All means within epsilon, and the run commits."""
    return run.extra["estimates"] is not None and largest_error(run, case) <= accuracy(case)


def true_rate(run: Any, case: Case) -> float:
    """What the committed cycle earns in truth; a run that does not commit loses nothing by its plan."""
    if run.extra["cycle"] is None:
        return optimal(case)
    from theorylab.bandits.lsd import periodic_rate

    return float(periodic_rate(case.model, run.extra["cycle"]))


def blocks(run: Any, case: Case) -> tuple[Any, Any]:
    """(index sums of the blocks that are complete, whether every mean was within its radius when each began)."""
    D, _ = pairs_of(case)
    complete = case.horizon // D
    trace, sums = run.trace, np.zeros((case.model.n_arms, D))
    counts, good = np.zeros((case.model.n_arms, D)), np.zeros(complete, bool)
    width = case.model.idle.shape[1]
    means = np.array([[row[min(s, width) - 1] for s in range(1, D + 1)] for row in case.model.idle])
    for b in range(complete):
        seen = counts > 0
        error = np.abs(sums[seen] / counts[seen] - means[seen])
        good[b] = b > 0 and bool(np.all(error <= np.sqrt(1.5 * math.log(max(1, b * D)) / counts[seen])))
        for t in range(b * D, (b + 1) * D):
            s = int(trace["states"][t])
            if s > 0:
                sums[trace["actions"][t], s - 1] += trace["rewards"][t]
                counts[trace["actions"][t], s - 1] += 1
    index = trace["indices"][: complete * D].reshape(complete, D).sum(axis=1)
    return index, good


LINKS = (
    Link(
        name="all means are accurate",
        kind=HighProbability(DELTA),
        left=largest_error,
        right=lambda r, c: accuracy(c),
        source="derived (1)",
        instances=COMMITTED,
        algorithm="lsd_explore_commit",
        statement=r"|\hat\mu - \mu| \le \sqrt{L/(2n)} for all Kc means",
    ),
    Link(
        name="the plan loses two accuracies",
        left=lambda r, c: optimal(c) - 2 * accuracy(c),
        right=true_rate,
        given=accurate,
        source="derived (2)",
        instances=COMMITTED,
        algorithm="lsd_explore_commit",
    ),
    Link(
        name="committed rounds earn the plan's rate",
        left=lambda r, c: (c.horizon - r.extra["explored"]) * (optimal(c) - 2 * accuracy(c)) - c.model.n_arms,
        right=lambda r, c: float(-r.regret[-1]),
        given=accurate,
        source="derived (3)",
        instances=COMMITTED,
        algorithm="lsd_explore_commit",
    ),
    Link(
        name="exploring lasts nA + K rounds",
        two_sided=True,
        left=lambda r, c: float(r.extra["explored"]),
        right=lambda r, c: min(
            c.horizon, c.model.n_arms * (1 + r.extra["n"] * c.parameters["states"] * (c.parameters["states"] + 1) / 2)
        ),
        source="derived (4)",
        instances=COMMITTED,
        algorithm="lsd_explore_commit",
    ),
    Link(
        name="blocks are optimistic",
        left=lambda r, c: pairs_of(c)[0] * optimal(c) - c.model.n_arms,
        right=lambda r, c: blocks(r, c)[0],
        given=lambda r, c: blocks(r, c)[1],
        source="derived (5)",
        instances=(TRACED,),
        algorithm="isi_comb_ucb1",
        statement=r"index of the block played \ge D\rho^* - K while all means are within their radius",
    ),
    Link(
        name="pairs seen rarely",
        left=lambda r, c: float(
            np.sum(
                np.add.reduceat(
                    (r.trace["states"] > 0) & (r.trace["seen"] < pairs_of(c)[0]),
                    np.arange(0, c.horizon, pairs_of(c)[0]),
                )
                > 0
            )
        ),
        right=lambda r, c: float(pairs_of(c)[0] * pairs_of(c)[1]),
        source="derived (6)",
        instances=(TRACED,),
        algorithm="isi_comb_ucb1",
        statement="at most DL blocks hold a pair seen less than D times",
    ),
    Link(
        name="sum of radii",
        left=lambda r, c: float(
            np.sum(1.0 / np.sqrt(r.trace["seen"][(r.trace["states"] > 0) & (r.trace["seen"] >= pairs_of(c)[0])]))
        ),
        right=lambda r, c: 2.0 * math.sqrt(2.0 * pairs_of(c)[1] * c.horizon),
        source="derived (7)",
        instances=(TRACED,),
        algorithm="isi_comb_ucb1",
        statement=r"\sum 1/\sqrt{s} \le 2\sqrt{2LT}",
    ),
)

STAGES = (
    Stage("approximation regret", lambda r, c: max(1.0, shortfall(r, c)), "rate * T minus expected reward"),
    Stage(
        "explored rounds, the plan's true rate",
        lambda r, c: (
            r.extra["explored"] + (c.horizon - r.extra["explored"]) * (optimal(c) - true_rate(r, c)) + c.model.n_arms
        ),
        "exploring earns nothing",
    ),
    Stage(
        "twice the largest error",
        lambda r, c: r.extra["explored"] + 2 * c.horizon * largest_error(r, c) + c.model.n_arms,
        "the worst plan on such means",
    ),
    Stage("Hoeffding, the theorem", lambda r, c: commit_bound(c), "union over Kc means"),
)

MUTANTS = (
    Mutant(
        "tau too large after a play", WORLD, "    memory[counts + arm] = 0\n", "    memory[counts + arm] = 1\n", "world"
    ),
    Mutant(
        "others' tau frozen", WORLD, "        memory[counts + i] += 1\n", "        memory[counts + i] += 0\n", "world"
    ),
    Mutant(
        "state capped one early",
        WORLD,
        "row = min(memory[counts + arm], idle - 1)",
        "row = min(memory[counts + arm], max(idle - 2, 0))",
        "world",
    ),
    Mutant(
        "idle and run swapped",
        WORLD,
        "row = idle + min(memory[RUN_LENGTH], code[RUNS]) - 1",
        "row = min(memory[RUN_LENGTH], idle) - 1",
        "world",
    ),
    Mutant("runs never end", WORLD, "        memory[RUN_LENGTH] = 0\n", "        memory[RUN_LENGTH] += 0\n", "world"),
    Mutant("first pull counted", ISI, "                now[i] = 0", "                now[i] = 1", "reference"),
    Mutant("block of d rounds", ISI, "d + 1 if isi else d", "d", "reference"),
    Mutant("a tenth of the bonus", ISI, "return 1.5 * math.log", "return 0.15 * math.log", "audit of the index"),
    Mutant(
        "tau stays in the block", ISI, "                    now[i] += 1", "                    now[i] += 0", "reference"
    ),
    Mutant("search: tau stays", ISI, "taus[depth, i] + 1 if", "taus[depth, i] if", "reference"),
    Mutant("search: a played arm keeps its tau", ISI, "            taus[depth + 1, arm] = 1\n", "", "reference"),
    Mutant("search: prunes too much", ISI, "(length - depth - 1) * top >", "(length - depth - 2) * top >", "reference"),
    Mutant("search: last arm left out", ISI, "if arm == n_arms:", "if arm == n_arms - 1 and arm > 0:", "reference"),
    Mutant("waits tau rounds", COMMIT, "waiting = tau - 1", "waiting = tau", "explores"),
    Mutant("waiting plays the arm itself", COMMIT, "[(arm + 1) % n_arms] * waiting", "[arm] * waiting", "explores"),
    Mutant(
        "no play before the first sample",
        COMMIT,
        "        arms.append(arm)\n        samples.append(-1)\n",
        "",
        "explores",
    ),
    Mutant("mean of n + 1", COMMIT, "estimates = (sums / n)", "estimates = (sums / (n + 1))", "explores"),
    Mutant("samples of other arms", COMMIT, "[arm * states + tau - 1]", "[tau * n_arms - n_arms + arm]", "explores"),
    Mutant("accuracy for one sample pair", COMMIT, "math.sqrt(L / (2 * n))", "math.sqrt(L / (8 * n))", "accuracy"),
    Mutant(
        "union bound forgotten",
        COMMIT,
        "math.log(2 * n_arms * states / delta)\n    return n *",
        "math.log(1 / delta)\n    return n *",
        "accuracy",
    ),
    Mutant(
        "factor on the reward",
        LEARNING,
        "return factor * optimum * run.times + run.regret",
        "return optimum * run.times + factor * run.regret",
        "approximation regret",
    ),
)

RESULT = Result(
    slug="lsd_learning",
    area="bandits/lsd",
    title="Learning in last-switch-dependent bandits",
    paper=PAPER,
    algorithms={
        "lsd_explore_commit": f"{AREA}.lsd_learning:lsd_explore_commit",
        "isi_comb_ucb1": f"{AREA}.lsd_learning:isi_comb_ucb1",
    },
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=COMMITTED[0],
    mutants=MUTANTS,
    figures=("lsd_learning",),
    notes=(
        "The general bound for CombUCB1 with positions as items is vacuous at every feasible horizon; the bound derived"
        " here is not, from about 10^5 rounds on.",
        "The length of the blocks matters: where two arms should alternate, blocks of 6 lose 0.2% of the optimum and"
        " blocks of 7, which begin with the arm that they end with, 13%.",
        "On the first published experiment plain CombUCB1 that begins its blocks in the true states earns more than"
        " ISI-CombUCB1: arms there are not monotone, and a block of 4 cannot hold the wait of 9.",
    ),
)
