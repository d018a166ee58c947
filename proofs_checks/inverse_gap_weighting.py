"""[foster2020beyond]: inverse gap weighting with a table of means; our lemma with a sharp constant, at each round.

The lemma and both bounds are derived in the docstring of :mod:`theorylab.bandits.adversarial.inverse_gap_weighting`.
The lemma holds surely in each round, whatever the means and the estimates are; sampling is needed for the regret only.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.inverse_gap_weighting_checks import WEIGHTING, checks
from theorylab.rooms.proofs_checks.bandits.shared import EVERYWHERE, NO_MUTANTS, final_regret

from theorylab.bandits.models.contextual import ContextualBandit
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Mutant
from theorylab.verify.kinds import Expectation
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

TWO = ((0.9, 0.1), (0.2, 0.8))
THREE = ((0.9, 0.1, 0.2), (0.1, 0.1, 0.8))
DRAWN = Hypothesis("the oracle of the claim", lambda case: case.parameters.get("oracle", "mean") in ("mean", "laplace"))


def contextual(
    f: Any, horizon: Any, runs: Any, *, name: str = "", presets: tuple[str, ...] = EVERYWHERE, **parameters: Any
) -> Instance:
    """Contexts drawn uniformly; the name spells X x K and the keywords."""
    words = "".join(f" {k}={v}" for k, v in parameters.items() if k not in ("trace", "checkpoints"))
    label = name or f"{len(f)} contexts x {len(f[0])} arms{words}"
    return Instance(
        label, lambda: ContextualBandit(f, law=np.full(len(f), 1 / len(f))), horizon, runs, parameters, presets
    )


def in_turn(f: Any, horizon: Any, runs: Any, *, name: str, **parameters: Any) -> Instance:
    """Contexts in turn, the first one twice."""
    turns = np.arange(100_000) % (len(f) + 1)
    return Instance(
        name, lambda: ContextualBandit(f, contexts=np.maximum(turns - 1, 0)), horizon, runs, parameters, EVERYWHERE
    )


def error_bound(case: Case) -> float:
    """S: XK/4 (2 + ln T), with "laplace" XK/4 (1 + ln T)."""
    first = 1.0 if case.parameters.get("oracle") == "laplace" else 2.0
    return case.model.n_contexts * case.model.n_arms / 4.0 * (first + math.log(case.horizon))


def g_of(case: Case) -> float:
    """The g of the run, from its keywords."""
    tuned = math.sqrt(8.0 * (case.model.n_arms - 1) * case.horizon / error_bound(case))
    return float(case.parameters.get("g", tuned))


def regret_bound(case: Case) -> float:
    """2(K-1)T/g + gS/4."""
    g = g_of(case)
    return 2.0 * (case.model.n_arms - 1) * case.horizon / g + g * error_bound(case) / 4.0


def largest(case: Case) -> float:
    """T times the largest gap of any context."""
    return float(case.horizon * (case.model.best - case.model.f.min(axis=1)).max())


def errors(run: Any, case: Case) -> Any:
    """(T,) squared errors of the prediction for the played arm."""
    at = np.arange(case.horizon)
    mean = case.model.f[run.trace["contexts"], run.trace["actions"]]
    return (run.trace["predictions"][at, run.trace["actions"]] - mean) ** 2


def expected_gap(run: Any, case: Case) -> Any:
    """(T,) the expected regret of each round, given the past."""
    f = case.model.f[run.trace["contexts"]]
    return (run.trace["probabilities"] * (f.max(axis=1, keepdims=True) - f)).sum(axis=1)


def lemma_bound(run: Any, case: Case) -> Any:
    """(T,) 2(K-1)/g + g/4 times the expected squared error."""
    f, g = case.model.f[run.trace["contexts"]], g_of(case)
    squares = (run.trace["probabilities"] * (run.trace["predictions"] - f) ** 2).sum(axis=1)
    return 2.0 * (case.model.n_arms - 1) / g + g / 4.0 * squares


def worst_gap(run: Any, case: Case) -> Any:
    r"""(T, K) $y_{a^*} - \langle p, y \rangle + (1/p_{a^*} - 1)/g$: the left side at the worst means, by best arm."""
    p, y = run.trace["probabilities"], run.trace["predictions"]
    return y - (p * y).sum(axis=1, keepdims=True) + (1.0 / p - 1.0) / g_of(case)


def means_so_far(run: Any, case: Case) -> Any:
    """(T, K) the oracle's predictions, from the rewards of the trace."""
    contexts, arms, rewards = run.trace["contexts"], run.trace["actions"], run.trace["rewards"]
    prior = 1.0 if case.parameters.get("oracle") == "laplace" else 0.0
    out = np.full((case.horizon, case.model.n_arms), 0.5)
    for x in range(case.model.n_contexts):
        for a in range(case.model.n_arms):
            mine = (contexts == x) & (arms == a)
            plays = np.cumsum(mine) - mine + 2.0 * prior
            sums = np.cumsum(mine * rewards) - mine * rewards + prior
            here = (contexts == x) & (plays > 0.0)
            out[here, a] = sums[here] / plays[here]
    return out


RUNS = {"smoke": 150, "quick": 700, "paper": 1000, "power": 4}
LONG = {"smoke": 5000, "quick": 10_000, "paper": 100_000, "power": 60}
SHORT, FEW = {"smoke": 500, "quick": 2000, "power": 80}, {"smoke": 4, "quick": 20, "power": 3}
ERROR_T, ERROR_RUNS, LATER = {"smoke": 100, "power": 40}, {"smoke": 300, "quick": 600, "power": 3}, ("quick", "paper")
DRAWS = (
    contextual(TWO, LONG, RUNS),
    contextual(TWO[::-1], LONG, RUNS, name="two contexts, exchanged", presets=("quick", "paper")),
    contextual(THREE, LONG, RUNS, presets=NO_MUTANTS),
    contextual(TWO, LONG, RUNS, oracle="laplace", presets=("quick", "paper")),
    contextual(TWO, LONG, RUNS, g=30.0, presets=("quick", "paper")),
    contextual(((0.1, 0.9),), LONG, RUNS, name="one context", presets=("quick", "paper")),
)
TRACED = (
    contextual(TWO, SHORT, FEW, name="traced two arms", trace=True),
    contextual(THREE, SHORT, FEW, name="traced three arms", trace=True, g=9.0),
    contextual(((0.0, 1.0, 0.5, 0.5),), SHORT, FEW, name="traced one context", trace=True, oracle="laplace"),
    in_turn(TWO, SHORT, FEW, name="traced in turn", trace=True),
)
SMALL = tuple(
    contextual(
        f, {"smoke": 300, "quick": 600, "power": 60}, {"smoke": 1, "quick": 4, "power": 2}, name=name, **keywords
    )
    for name, f, keywords in (
        ("tuned", THREE, {}),
        ("laplace", TWO, {"oracle": "laplace"}),
        ("g = 3", ((0.5, 0.5, 0.5), (0.0, 1.0, 0.0)), {"g": 3.0}),
    )
)
CLAIMS = (
    Claim(
        name="regret with a table of means",
        kind=Expectation(),
        source="derived: lemma and squared error of means",
        statement=r"E[R_T] \le 2(K-1)T/g + gS/4, \sqrt{2(K-1)TS} at the tuned g; S = \frac{XK}{4}(2 + \ln T)",
        constants="derived here",
        instances=DRAWS,
        quantity=final_regret,
        bound=regret_bound,
        trivial=largest,
        cap=largest,
        hypotheses=(DRAWN,),
    ),
    Claim(
        name="squared error of the oracle",
        kind=Expectation(),
        source="derived",
        statement=r"E[\sum_t (y_{t,A_t} - f(x_t, A_t))^2] \le \frac{XK}{4}(2 + \ln T), laplace \frac{XK}{4}(1 + \ln T)",
        constants="derived here",
        instances=(
            contextual(TWO, ERROR_T, ERROR_RUNS, name="errors", trace=True),
            contextual(((0.5, 0.5),), ERROR_T, ERROR_RUNS, name="errors of fair coins", trace=True, presets=NO_MUTANTS),
            contextual(((0.5, 0.5),), ERROR_T, ERROR_RUNS, name="laplace", trace=True, oracle="laplace", presets=LATER),
        ),
        quantity=lambda run, case: float(errors(run, case).sum()),
        bound=error_bound,
        trivial=lambda case: float(case.horizon),
        cap=lambda case: case.horizon * float(np.maximum(case.model.f, 1.0 - case.model.f).max()) ** 2,
        hypotheses=(DRAWN,),
        traced=True,
    ),
)
LINKS = (
    Link(
        name="probabilities sum to one",
        left=lambda run, case: run.trace["probabilities"].sum(axis=1),
        right=lambda run, case: 1.0,
        source="definition",
        instances=TRACED,
        statement=r"\sum_a p_a = 1",
        two_sided=True,
        tolerance=1e-12,
    ),
    Link(
        name="greedy arm has at least 1/K, the others at most",
        left=lambda run, case: np.where(
            run.trace["predictions"] >= run.trace["predictions"].max(axis=1, keepdims=True),
            0.0,
            run.trace["probabilities"],
        ),
        right=lambda run, case: np.minimum(
            1.0 / case.model.n_arms, run.trace["probabilities"].max(axis=1, keepdims=True)
        ),
        source="definition",
        instances=TRACED,
        statement=r"0 < p_a \le 1/K \le p_b",
        tolerance=1e-12,
    ),
    Link(
        name="probabilities are positive",
        left=lambda run, case: (run.trace["probabilities"] > 0.0).astype(float),
        right=lambda run, case: 1.0,
        source="definition",
        instances=TRACED,
        two_sided=True,
    ),
    Link(
        name="predictions are means",
        left=lambda run, case: run.trace["predictions"],
        right=means_so_far,
        source="tabular least squares",
        instances=TRACED,
        statement="y_a = the mean reward of (x, a) so far, 1/2 before the first",
        two_sided=True,
    ),
    Link(
        name="lemma, true means",
        left=expected_gap,
        right=lemma_bound,
        source="derived",
        instances=TRACED,
        statement=r"\sum_a p_a (f_{a^*} - f_a) \le 2(K-1)/g + \frac g4 \sum_a p_a (y_a - f_a)^2",
        explains="surely, in each round",
    ),
    Link(
        name="lemma, worst means",
        left=worst_gap,
        right=lambda run, case: 2.0 * (case.model.n_arms - 1) / g_of(case),
        source="derived",
        instances=TRACED,
        statement=r"y_{a^*} - \langle p, y \rangle + (1/p_{a^*} - 1)/g \le 2(K-1)/g for each a^*",
        explains="the estimates of the run, and the means that are worst for them",
    ),
)
EXACTLY, TREE = "lemma, exactly", "exact expected regret"
PLAYS = "inverse_gap_weighting plays like its reference"
FORMULA, REST = "1 / (n_arms + g * (estimates[best] - estimates[a]))", "probabilities[best] = rest"
BY_FORMULA = """probabilities[best] = 1 / n_arms
    total = sum(probabilities)
    for a in range(n_arms):
        probabilities[a] = probabilities[a] / total"""
MUTANTS = (
    Mutant("greedy arm by the formula too, then normalised", WEIGHTING, REST, BY_FORMULA, EXACTLY),
    Mutant("no K", WEIGHTING, FORMULA, "1 / (1 + g * (estimates[best] - estimates[a]))", EXACTLY),
    Mutant("K - 1 for K", WEIGHTING, "1 / (n_arms + g", "1 / (n_arms - 1 + g", EXACTLY),
    Mutant(
        "the worst arm for the best",
        WEIGHTING,
        "sums[context, arm] += reward",
        "sums[context, arm] += 1.0 - reward",
        TREE,
    ),
    Mutant(
        "squared gaps",
        WEIGHTING,
        "(estimates[best] - estimates[a]))",
        "(estimates[best] - estimates[a]) ** 2)",
        EXACTLY,
    ),
    Mutant("no law because of rounding", WEIGHTING, REST, "probabilities[best] = round(rest, 2)", EXACTLY),
    Mutant("greedy arm gets one half", WEIGHTING, REST, "probabilities[best] = (1 + rest) / 2", EXACTLY),
    Mutant("half of g", WEIGHTING, "n_arms + g *", "n_arms + g / 2 *", PLAYS),
    Mutant(
        "last arm left out of the argmax",
        WEIGHTING,
        "for a in range(1, n_arms)",
        "for a in range(1, n_arms - 1)",
        EXACTLY,
    ),
    Mutant("one context for all", WEIGHTING, "context = contexts[t]", "context = contexts[0]", TREE),
    Mutant("pessimistic estimates: 0 before the first play", WEIGHTING, "else 0.5", "else 0.0", TREE),
    Mutant("optimistic estimates: 1 before the first play", WEIGHTING, "else 0.5", "else 1.0", TREE),
    Mutant(
        "half a prior in the mean", WEIGHTING, "plays[context, a] + 2.0 * prior", "plays[context, a] + prior", PLAYS
    ),
    Mutant("g without K - 1", WEIGHTING, "math.sqrt(8.0 * (n_arms - 1)", "math.sqrt(8.0 * (n_arms - 0)", PLAYS),
    Mutant(
        "coin of the environment",
        WEIGHTING,
        "draw_kernel(weights, agent.random())",
        "draw_kernel(weights, environment.random())",
        PLAYS,
    ),
    Mutant("reward of another context", WEIGHTING, "memory[SEGMENT] = context\n", "memory[SEGMENT] = 0\n", PLAYS),
)
STAGES = (
    Stage("regret", final_regret),
    Stage("lemma with the errors of the run", lambda run, case: float(lemma_bound(run, case).sum()), "worst means"),
    Stage("2(K-1)T/g + gS/4", lambda run, case: regret_bound(case), "every cell is played T times, fair coins"),
)
RESULT = Result(
    slug="inverse_gap_weighting",
    area="bandits/adversarial",
    title="Inverse gap weighting: contextual bandits by regression",
    paper="foster2020beyond",
    algorithms={"inverse_gap_weighting": f"{WEIGHTING}:inverse_gap_weighting"},
    claims=CLAIMS,
    links=LINKS,
    checks=checks(SMALL),
    stages=STAGES,
    profile_instance=contextual(
        TWO, {"smoke": 1000, "quick": 5000}, {"smoke": 3, "quick": 10}, name="profile", trace=True
    ),
    mutants=MUTANTS,
    coq=(
        "inverse_gap.v:best_arm_share",
        "inverse_gap.v:p_pos",
        "inverse_gap.v:p_sums_to_1",
        "inverse_gap.v:inverse_gap_weighting",
        "inverse_gap.v:sharp",
    ),
    figures=("inverse_gap_weighting",),
    notes=(
        "The lemma's constant 2(K-1) is sharp (K = 2 in Coq, .998 of it on the grid of rationals); the "
        "high-probability bound of the paper is recalled only and is not claimed.",
    ),
)
