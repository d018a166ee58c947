r"""[bubeck2012towards]: Exp2 with John's exploration; CSB-Exp2 and CSB-FTPL with semi-bandit and one-sided feedback.

The proofs share three steps.  Exponential weights on any estimates lose at most $\ln N/\eta$ plus a second moment
against every action, surely (link).  The estimates are unbiased (all draws enumerated).  Their second moment is at
most d for Exp2 in John's position and m d for sets (links, computed exactly from each round's probabilities).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.exp2_checks import exact_checks, reference_checks
from theorylab.rooms.proofs_checks.bandits.exp2_games import (
    arms,
    classifiers,
    game,
    largest_loss,
    mistakes,
    pairs,
    policies,
    sphere,
)
from theorylab.rooms.proofs_checks.bandits.exp2_mutants import MUTANTS
from theorylab.rooms.proofs_checks.bandits.shared import final_regret

from theorylab.verify.cases import Case, Instance
from theorylab.verify.kinds import Expectation
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

HOME = "theorylab.bandits.adversarial"
ALL, MOST = ("smoke", "quick", "paper", "power"), ("smoke", "quick", "paper")
RUNS = {"smoke": 110, "quick": 250, "paper": 1000}
SHORT = {"smoke": 1000, "quick": 2000, "paper": 4000}
BRIEF, FEW = {"smoke": 200, "quick": 500, "power": 30}, {"smoke": 4, "quick": 10, "power": 1}


def played(name: str, build: Any, **parameters: Any) -> Instance:
    """For theorems."""
    return game(name, build, SHORT, RUNS, presets=MOST, **parameters)


def traced(name: str, build: Any, **parameters: Any) -> Instance:
    """For links."""
    return game(f"traced, {name}", build, BRIEF, FEW, presets=ALL, trace=True, **parameters)


def small(name: str, build: Any, **parameters: Any) -> Instance:
    """For references."""
    return game(f"small, {name}", build, {"smoke": 40, "quick": 60, "power": 20}, 2, presets=ALL, **parameters)


JOHN = (
    played("two of four", pairs),
    played("two of four, reversed", lambda: pairs(best_last=True)),
    played("ten directions", sphere),
)
UNIFORM = (played("ten directions, uniform exploration", sphere, exploration="uniform"),)
SETS = (played("policies with contexts", policies), played("two of four, semi-bandit", pairs))
ONE_SIDED = (game("thresholds, labels seen if accepted", classifiers, SHORT, RUNS, presets=MOST, trace=True),)
LEADERS = (
    game("policies, leaders", policies, {"smoke": 3000, "quick": 4000}, {"smoke": 40, "quick": 60}, presets=MOST),
    game("two arms, leaders", arms, {"smoke": 2000, "quick": 4000}, {"smoke": 60, "quick": 80}, presets=MOST),
)
LINEAR_TRACED = (
    traced("two of four", pairs),
    traced("ten directions", sphere),
    traced("uniform", sphere, exploration="uniform"),
)
SETS_TRACED = (traced("policies", policies), traced("thresholds", classifiers))
SMALL = {
    "exp2": (small("two of four", pairs), small("directions", sphere), small("uniform", sphere, exploration="uniform")),
    "csb_exp2": (small("policies", policies), small("thresholds", classifiers)),
    "csb_ftpl": (
        small("policies", policies, repetitions=6),
        small("leaders of pairs", pairs),
        small("thresholds", classifiers),
    ),
}


def rank(case: Case) -> int:
    """The dimension of the span of the actions."""
    return int(np.linalg.matrix_rank(case.model.policies[:, 0, :]))


def theorem_4(case: Case) -> float:
    r"""$2 \sqrt{3 T d \ln N}$."""
    return 2.0 * math.sqrt(3.0 * case.horizon * rank(case) * math.log(case.model.n_arms))


def exploration_value(case: Case) -> float:
    """G of uniform exploration."""
    actions = case.model.policies[:, 0, :]
    inverse = np.linalg.pinv(actions.T @ actions / len(actions))
    return float(np.einsum("ni,ij,nj->n", actions, inverse, actions).max())


def with_value(case: Case) -> float:
    r"""$2 \sqrt{(2g + d) T \ln N}$."""
    return 2.0 * math.sqrt((2.0 * exploration_value(case) + rank(case)) * case.horizon * math.log(case.model.n_arms))


def semi_bandit(case: Case) -> float:
    r"""$\sqrt{2 m d T \ln N}$."""
    return math.sqrt(2.0 * case.model.size * case.model.n_items * case.horizon * math.log(case.model.n_arms))


def transductive(case: Case) -> float:
    r"""The transductive bound at the best $\varepsilon$ and $L = \lceil \sqrt{K T} \rceil$."""
    m, k, x, t, log = (
        case.model.size,
        case.model.n_items,
        case.model.n_contexts,
        case.horizon,
        math.log(case.model.n_arms),
    )
    epsilon = math.sqrt(5.0 * math.sqrt(x * m) * log / (m * k * t))
    return (
        2.0 * epsilon * m * k * t
        + 10.0 / epsilon * math.sqrt(x * m) * log
        + k * t / (math.e * math.ceil(math.sqrt(k * t)))
    )


def regret_in_mistakes(run: Any, case: Case) -> float:
    """Mistakes of the policies played minus those of the best policy, from the labels."""
    table = mistakes(case)[: case.horizon]
    return float(table[np.arange(case.horizon), run.trace["actions"]].sum() - table.sum(axis=0).min())


def expectation(
    name: str, algorithm: str, bound: Any, instances: Any, statement: str, source: str, **more: Any
) -> Claim:
    """An upper bound of the expected regret against the best fixed policy."""
    fields = {
        "constants": "derived here",
        "quantity": final_regret,
        "cap": largest_loss,
        "trivial": largest_loss,
        **more,
    }
    return Claim(name=name, kind=Expectation(), algorithm=algorithm, bound=bound, instances=instances,
                 statement=statement, source=source, **fields)  # fmt: skip


CLAIMS = (
    expectation("Theorem 4", "exp2", theorem_4, JOHN, r"E[R_T] \le 2 \sqrt{3 T d \ln N}",
                "[bubeck2012towards, Theorem 4]", constants="paper"),
    expectation("any exploration", "exp2", with_value, UNIFORM, r"E[R_T] \le 2 \sqrt{(2g + d) T \ln N}",
                "derived: g = max_a |a|^2 in the position of the exploration"),
    expectation("semi-bandit Exp2", "csb_exp2", semi_bandit, SETS, r"E[R_T] \le \sqrt{2 m d T \ln N}",
                "derived: exponential weights, second moment m d"),
    expectation("one-sided feedback", "csb_exp2", lambda case: 2.0 * semi_bandit(case), ONE_SIDED,
                r"E[\text{mistakes} - \text{those of the best policy}] \le 2 \sqrt{2 m d T \ln N} = 4 k \sqrt{T \ln N}",
                "derived: accept costs 1 - y, reject 1/2", quantity=regret_in_mistakes,
                cap=lambda case: 2.0 * largest_loss(case), trivial=lambda case: 2.0 * largest_loss(case), traced=True),
    expectation("transductive regret", "csb_ftpl", transductive, LEADERS,
                r"E[R_T] \le 2 \varepsilon m K T + \frac{10}{\varepsilon} \sqrt{X m} \ln N + \frac{KT}{eL}",
                "[syrgkanis2016efficient, Theorems 2-3]", constants="paper"),
)  # fmt: skip


def inverse_matrices(run: Any, case: Case) -> Any:
    """(T, d, d) pseudo-inverses of P from the probabilities."""
    actions = case.model.policies[:, 0, :]
    return np.linalg.pinv(np.einsum("tn,ni,nj->tij", run.trace["probabilities"], actions, actions), rcond=1e-10)


def increments(run: Any) -> Any:
    """(T - 1, N) estimated losses of rounds 1 to T - 1."""
    return np.diff(run.trace["estimates"], axis=0)


def linear_estimates(run: Any, case: Case) -> Any:
    """(T - 1, N) a P^+ a_t z_t from the definition."""
    actions, arms = case.model.policies[:, 0, :], run.trace["actions"]
    seen = np.einsum("tij,tj->ti", inverse_matrices(run, case), actions[arms]) * (1.0 - run.trace["rewards"])[:, None]
    return (seen @ actions.T)[:-1]


def chosen(case: Case) -> Any:
    """(T, N, d) the sets of the policies in each round."""
    return case.model.policies[:, case.model.contexts[: case.horizon], :].transpose(1, 0, 2)


def set_estimates(run: Any, case: Case) -> Any:
    """(T - 1, N) sums over the set of losses over the chances of coordinates."""
    sets, arms = chosen(case), run.trace["actions"]
    chances = np.einsum("tn,tnd->td", run.trace["probabilities"], sets)
    mine = sets[np.arange(case.horizon), arms]
    estimate = np.divide(case.model.losses[: case.horizon] * mine, chances, out=np.zeros_like(mine), where=mine > 0)
    return np.einsum("tnd,td->tn", sets, estimate)[:-1]


def weights_of(run: Any) -> Any:
    """(T - 1, N) exponential weights of the estimates."""
    scores = run.trace["estimates"][:-1]
    raw = np.exp(-run.parameters["eta"] * (scores - scores.min(axis=1, keepdims=True)))
    return raw / raw.sum(axis=1, keepdims=True)


def estimated_regret(run: Any, case: Case) -> Any:
    """(N,) estimated loss of the weights minus that of each action."""
    return (weights_of(run) * increments(run)).sum() - run.trace["estimates"][-1]


def second_moments(factor: float) -> Any:
    """Ln N / eta + factor * eta times the sum of the weights' second moments."""

    def right(run: Any, case: Case) -> float:
        eta = run.parameters["eta"]
        moment = float((weights_of(run) * increments(run) ** 2).sum())
        return math.log(case.model.n_arms) / eta + factor * eta * moment

    return right


def moment_of_sets(run: Any, case: Case) -> Any:
    r"""(T,) $E \sum_n p_n \hat\ell_n^2$, exactly, over the policy drawn."""
    sets, p = chosen(case), run.trace["probabilities"]
    chances = np.einsum("tn,tnd->td", p, sets)
    ratio = np.divide(case.model.losses[: case.horizon], chances, out=np.zeros_like(chances), where=chances > 1e-12)
    both = np.einsum("tad,tnd,td->tan", sets, sets, ratio)  # the estimate of n when a is drawn
    return np.einsum("ta,tn,tan->t", p, p, both**2)


def lengths(run: Any, case: Case) -> Any:
    """(T,) E[a P^+ a] under the probabilities."""
    actions = case.model.policies[:, 0, :]
    each = np.einsum("ni,tij,nj->tn", actions, inverse_matrices(run, case), actions)
    return (run.trace["probabilities"] * each).sum(axis=1)


def link(name: str, algorithm: str, instances: Any, left: Any, right: Any, statement: str, **more: Any) -> Link:
    """A sure link."""
    return Link(name=name, algorithm=algorithm, instances=instances, left=left, right=right, statement=statement,
                source=more.pop("source", "derived"), **more)  # fmt: skip


LEADERS_TRACED = (traced("leaders of policies", policies, repetitions=9), traced("leaders of thresholds", classifiers))
LINKS = (
    link("estimates", "exp2", LINEAR_TRACED, lambda run, case: increments(run), linear_estimates,
         r"\langle a, \hat\ell_t \rangle = a^\top P_t^+ a_t z_t", two_sided=True, tolerance=1e-7),
    link("estimates are small", "exp2", LINEAR_TRACED,
         lambda run, case: run.parameters["eta"] * np.abs(increments(run)), lambda run, case: 1.0,
         r"\eta |\langle a, \hat\ell_t \rangle| \le \eta g / \gamma = 1"),
    link("trace identity", "exp2", LINEAR_TRACED, lengths, lambda run, case: float(rank(case)),
         r"\sum_a p_t(a)\, a^\top P_t^+ a = d", two_sided=True, tolerance=1e-7),
    link("exponential weights", "exp2", LINEAR_TRACED, estimated_regret, second_moments(1.0),
         r"\sum_t \langle w_t - a, \hat\ell_t \rangle \le \ln N/\eta + "
         r"\eta \sum_t \sum_b w_t(b) \langle b, \hat\ell_t\rangle^2"),
    link("estimates of sets", "csb_exp2", SETS_TRACED, lambda run, case: increments(run), set_estimates,
         r"\hat\ell_t(n) = \sum_j \pi_{n,j} \ell_{t,j} a_{t,j} / q_{t,j}", two_sided=True),
    link("exponential weights on sets", "csb_exp2", SETS_TRACED, estimated_regret, second_moments(0.5),
         r"\sum_t \langle p_t - e_n, \hat\ell_t \rangle \le \ln N/\eta + "
         r"\frac\eta2 \sum_t \sum_n p_t(n) \hat\ell_t(n)^2"),
    link("second moment of sets", "csb_exp2", SETS_TRACED, moment_of_sets,
         lambda run, case: float(case.model.size * case.model.n_items), r"E \sum_n p_t(n) \hat\ell_t(n)^2 \le m d"),
    link("waits", "csb_ftpl", LEADERS_TRACED, lambda run, case: run.trace["waits"],
         lambda run, case: run.parameters["repetitions"] * chosen(case)[np.arange(case.horizon), run.trace["actions"]],
         r"J_{t,j} \le L, and 0 for coordinates that were not played", source="[syrgkanis2016efficient, Algorithm 3]"),
)  # fmt: skip
RESULT = Result(
    slug="exp2",
    area="bandits/adversarial",
    title="Exp2 with John's exploration; semi-bandit Exp2 and FTPL for one-sided feedback",
    paper="bubeck2012towards",
    algorithms={
        "exp2": f"{HOME}.exp2:exp2",
        "csb_exp2": f"{HOME}.csb_exp2:csb_exp2",
        "csb_ftpl": f"{HOME}.csb_ftpl:csb_ftpl",
    },
    claims=CLAIMS,
    links=LINKS,
    checks=(*reference_checks(SMALL), *exact_checks(LINEAR_TRACED[:2])),
    stages=(
        Stage("regret", final_regret),
        Stage("exploration", lambda run, case: 2.0 * run.parameters["gamma"] * case.horizon, "2 gamma T"),
        Stage("Theorem 4", lambda run, case: theorem_4(case), "and weights, second moments"),
    ),
    profile_instance=JOHN[0],
    mutants=MUTANTS,
    figures=("exp2",),
    notes=(
        "John's distribution is computed for the actions together with their negatives; its constant is the paper's.",
        "The rate of semi-bandit Exp2 is symmetric in m and d, so that swapping them changes nothing there; it does in "
        "CSB-FTPL.",
    ),
)
