r"""[kveton2015tight]: CombUCB1; both theorems, the proof's decomposition round by round, exact values.

The proof.  $\hat w_e$ leaves $w_e \pm \sqrt{1.5 \ln t / N_e}$ with probability at most $2 t^{-3}$ for a fixed count
(Hoeffding; audited exactly), so that rounds with a failed interval cost at most $\frac{\pi^2}{3} m d$ together.  In all
others the total index of the action played is at least that of $A^*$ (exact oracle), which is at least the value of
$A^*$; subtracting the items that both share, $\Delta_{A_t} \le 2 \sum_{e \in A_t \setminus A^*} \sqrt{1.5 \ln T /
N_e}$.  Counting how often that can hold for sets of m items costs the constants 534 and 47.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.comb_ucb1_exact import exact_checks
from theorylab.rooms.proofs_checks.bandits.comb_ucb1_mutants import MUTANTS
from theorylab.rooms.proofs_checks.bandits.recounts import regret_by_arms
from theorylab.rooms.proofs_checks.bandits.regret_claims import fluid_law_claims, regret_claim
from theorylab.rooms.proofs_checks.bandits.shared import (
    NO_MUTANTS,
    audit_check,
    bernoulli,
    final_regret,
)

from theorylab.bandits.models.combinatorial import CombinatorialBandit
from theorylab.core.rng import child_seed
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Code
from theorylab.verify.exact.bandits import ucb1_fluid_law
from theorylab.verify.result import Result
from theorylab.verify.statements import Check, Comparison, Link, Stage

COMB = "theorylab.bandits.stochastic.comb_ucb1"
UCB = (Hypothesis('rule "ucb"', lambda case: case.parameters.get("rule", "ucb") == "ucb"),)
PAIRS, CHAIN = ((1, 1, 0, 0), (0, 0, 1, 1)), ((1, 1, 0, 0, 0), (0, 1, 1, 0, 0), (0, 0, 1, 1, 1), (1, 0, 0, 0, 0))


def sets(
    means: Any, actions: Any, horizon: Any, runs: Any, *, name: str, presets: Any = NO_MUTANTS, **parameters: Any
) -> Instance:
    """A combinatorial instance."""
    return Instance(name, lambda: CombinatorialBandit(list(means), actions), horizon, runs, parameters, presets)


def singles(means: Any, horizon: Any, runs: Any, *, name: str, presets: Any = NO_MUTANTS) -> Instance:
    """One item an action: a bandit with arms."""
    return sets(means, np.eye(len(means)), horizon, runs, name=name, presets=presets)


def best_set(case: Case) -> Any:
    """(d,) the items of the lowest best action."""
    return case.model.actions[int(np.argmin(case.model.gaps))]


def rest(case: Case) -> float:
    r"""$(\pi^2/3 + 1) m d$: failed intervals and the first sight of every item."""
    return (math.pi**2 / 3.0 + 1.0) * case.model.size * case.model.n_items


def logarithmic(case: Case) -> float:
    r"""$\sum_{e \notin A^*} 534 m \ln T / \Delta_e$."""
    outside = (best_set(case) == 0) & np.isfinite(case.model.item_gaps())
    return float(np.sum(534.0 * case.model.size / case.model.item_gaps()[outside]) * math.log(case.horizon))


def theorem_5(case: Case) -> float:
    """The gap-dependent bound."""
    return logarithmic(case) + rest(case)


def theorem_6(case: Case) -> float:
    r"""$47 \sqrt{m d T \ln T} + (\pi^2/3 + 1) m d$."""
    inner = case.model.size * case.model.n_items * case.horizon * math.log(case.horizon)
    return 47.0 * math.sqrt(inner) + rest(case)


def law(case: Case) -> float:
    """Regret at which all indices are level, one item an action."""
    return ucb1_fluid_law(case.model.gaps, case.horizon, 1.5)


MANY = {"smoke": 32, "quick": 60, "paper": 400}
GAPS = (
    sets((0.9, 0.9, 0.1, 0.1), PAIRS, 20_000, MANY, name="two pairs, best first"),
    sets((0.1, 0.1, 0.9, 0.9), PAIRS, 20_000, MANY, name="two pairs, best last"),
    singles((0.0, 1.0), 20_000, MANY, name="two items, sure"),
    sets(
        (0.9, 0.8, 0.1, 0.1, 0.1), CHAIN, {"quick": 60_000}, MANY, name="overlapping sets", presets=("quick", "paper")
    ),
)
FREE = (
    sets((0.9, 0.9, 0.1, 0.1), PAIRS, 2000, 20, name="two pairs, too short", presets=("smoke", "quick")),
    singles(
        (0.0, 1.0),
        {"quick": 400_000, "paper": 2_000_000},
        {"quick": 30, "paper": 60},
        name="two items, long",
        presets=("quick", "paper"),
    ),
)
LEVEL = (
    singles((0.8, 0.5, 0.5, 0.5), 1000, {"smoke": 160, "quick": 400}, name="four items, best first"),
    singles((0.5, 0.5, 0.5, 0.8), 1000, {"smoke": 160, "quick": 400}, name="four items, best last"),
)
TRACED = tuple(
    sets(means, actions, {"smoke": 500, "quick": 2000, "power": 120}, {"smoke": 10, "quick": 30, "power": 4}, name=name,
         presets=("smoke", "quick", "paper", "power"), trace=True)
    for name, means, actions in (
        ("traced pairs", (0.9, 0.7, 0.3, 0.6), PAIRS),
        ("traced chain", (0.5, 0.6, 0.7, 0.2, 0.4), CHAIN),
        ("traced 2 of 4", (0.2, 0.8, 0.5, 0.6), tuple(c for c in itertools.product((0, 1), repeat=4) if sum(c) == 2)),
    )
)  # fmt: skip
SMALL = tuple(
    sets(means, actions, {"smoke": 200, "quick": 400, "power": 60}, {"smoke": 2, "quick": 5, "power": 2}, name=name,
         presets=("smoke", "quick", "paper", "power"))
    for name, means, actions in (
        ("pairs", (0.6, 0.5, 0.5, 0.7), PAIRS),
        ("chain", (0.0, 1.0, 0.5, 0.5, 0.3), CHAIN),
        ("single items", (0.5, 0.4, 0.6), ((1, 0, 0), (0, 1, 0), (0, 0, 1))),
    )
)  # fmt: skip
TREES = (sets((0.5, 0.75, 0.25), ((1, 1, 0), (0, 1, 1)), {"quick": 3, "paper": 4, "power": 3, "smoke": 2}, 1, name="all outcomes, two pairs", presets=("smoke", "quick", "paper", "power")),)  # fmt: skip # noqa: E501
ITEMS = (singles((0.4, 0.7), {"quick": 5, "paper": 6, "smoke": 4, "power": 4}, 1, name="all outcomes, two items", presets=("smoke", "quick", "paper", "power")),)  # fmt: skip # noqa: E501


def before(run: Any, case: Case) -> tuple[Any, Any, Any]:
    """Counts and means of the items before each round (T, d), and the rounds played (T, 1)."""
    played = case.model.actions[run.trace["actions"]]
    counts = np.cumsum(played, axis=0) - played
    sums = np.cumsum(run.trace["items"] * played, axis=0) - run.trace["items"] * played
    with np.errstate(invalid="ignore", divide="ignore"):
        return counts, sums / counts, np.arange(case.horizon)[:, None]


def all_seen(run: Any, case: Case) -> Any:
    """(T,) rounds before which every item had been seen."""
    return before(run, case)[0].min(axis=1) > 0


def radii(run: Any, case: Case) -> Any:
    """(T, d) the paper's radii."""
    counts, _, t = before(run, case)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(1.5 * np.log(np.maximum(t, 1)) / counts)


def intervals_hold(run: Any, case: Case) -> Any:
    """(T,) rounds in which all items are seen and no interval fails."""
    _, means, _ = before(run, case)
    with np.errstate(invalid="ignore"):
        fine = np.abs(means - case.model.means[None, :]) <= radii(run, case) + 1e-12
    return all_seen(run, case) & fine.all(axis=1)


def width(run: Any, case: Case) -> Any:
    """(T,) twice the radii of the items played that the best action lacks."""
    extra = case.model.actions[run.trace["actions"]] * (best_set(case) == 0)[None, :]
    with np.errstate(invalid="ignore"):
        return 2.0 * np.where(extra > 0, radii(run, case), 0.0).sum(axis=1)


def first_rounds(run: Any, case: Case) -> float:
    """Rounds before which some item was unseen."""
    return float(np.sum(~all_seen(run, case)))


LINKS = (
    regret_by_arms(TRACED, name="regret by actions", statement=r"R_T = \sum_A N_A \Delta_A"),
    Link(
        name="initialisation",
        left=first_rounds,
        right=lambda run, case: float(case.model.n_items),
        source="[kveton2015tight], the initialisation",
        instances=TRACED,
        statement=r"every item is seen after at most d rounds",
    ),
    Link(
        name="indices are means plus radii",
        left=lambda run, case: run.trace["indices"],
        right=lambda run, case: before(run, case)[1] + radii(run, case),
        given=lambda run, case: all_seen(run, case)[:, None],
        source="[kveton2015tight], the index",
        instances=TRACED,
        statement=r"U_e = \hat w_e + \sqrt{1.5 \ln t / N_e}",
        two_sided=True,
    ),
    Link(
        name="the oracle is exact",
        left=lambda run, case: (run.trace["indices"] @ case.model.actions.T).max(axis=1),
        right=lambda run, case: (run.trace["indices"] * case.model.actions[run.trace["actions"]]).sum(axis=1) + 1e-10,
        source="[kveton2015tight], the oracle",
        instances=TRACED,
        statement=r"\sum_{e \in A_t} U_e \ge \sum_{e \in A} U_e for all A",
    ),
    Link(
        name="gap on the event",
        left=lambda run, case: case.model.gaps[run.trace["actions"]],
        right=width,
        given=intervals_hold,
        source="[kveton2015tight], decomposition of the regret",
        instances=TRACED,
        statement=r"\Delta_{A_t} \le 2 \sum_{e \in A_t \setminus A^*} \sqrt{1.5 \ln t / N_e} when no interval fails",
        explains="optimism, and the items that both sets share cancel",
    ),
)


def plays_like(code: Code, case: Case, rng: Any) -> Comparison:
    """Both rules, round by round."""
    from theorylab.bandits.stochastic.comb_ucb1_reference import comb_ucb1_by_hand

    problems = []
    for i, rule in itertools.product(range(case.runs), ("ucb", "greedy")):
        seed = child_seed(rng, i)
        run = code.algorithm("comb_ucb1")(case.model, case.horizon, rule=rule, rng=seed, trace=True)
        slow = comb_ucb1_by_hand(case.model, case.horizon, rng=seed, rule=rule)
        for name in ("actions", "rewards"):
            if (found := np.flatnonzero(run.trace[name] != np.asarray(slow[name]))).size:
                problems.append(f"run {i}, {rule}: {name} differ first in round {found[0]}")
        if not np.allclose(run.trace["indices"], slow["indices"], atol=1e-9):
            problems.append(f"run {i}, {rule}: indices differ")
        if not np.allclose(run.regret, np.asarray(slow["regret"])[run.times - 1], atol=1e-9):
            problems.append(f"run {i}, {rule}: the regret differs")
    detail = "; ".join(problems[:3]) or f"the same {case.horizon} rounds, {case.runs} runs of both rules"
    return Comparison(not problems, float(run.regret[-1]), float(slow["regret"][-1]), detail, case.runs)


CLAIMS = (
    regret_claim(
        "Theorem 5",
        theorem_5,
        source="[kveton2015tight, Theorem 5]",
        statement=r"E[R_T] \le \sum_{e \notin A^*} \frac{534 m}{\Delta_e} \ln T + (\pi^2/3 + 1) m d",
        constants="paper",
        instances=GAPS,
        hypotheses=UCB,
    ),
    regret_claim(
        "Theorem 6",
        theorem_6,
        source="[kveton2015tight, Theorem 6]",
        statement=r"E[R_T] \le 47 \sqrt{m d T \ln T} + (\pi^2/3 + 1) m d",
        constants="paper",
        instances=FREE,
        hypotheses=UCB,
        explains="vacuous below T = 2209 d ln T / m",
    ),
    *fluid_law_claims(
        law,
        (
            r"E[R_T] \le 1.4 \sum_i \Delta_i 1.5 \ln T / (\Delta_i + e)^2, one item an action",
            r"E[R_T] \ge 0.75 \sum_i \Delta_i 1.5 \ln T / (\Delta_i + e)^2, one item an action",
        ),
        instances=LEVEL,
        hypotheses=UCB,
        factors=(0.75, 1.4),
        margins="the margins are ours",
    ),
)
CHECKS = (
    Check(
        name="comb_ucb1 plays like its reference",
        evaluate=plays_like,
        source="line-by-line reference",
        instances=SMALL,
        layer="reference",
        statement="the same actions, rewards, indices and regret, round by round, for both rules",
    ),
    audit_check(
        "radius of an item",
        COMB,
        bernoulli((0.5, 0.5), 1, 1, name="binomial tails"),
        side="two-sided",
        source="Hoeffding's inequality",
        statement=r"P(|\hat w_n - w| > \sqrt{1.5 \ln t / n}) \le 2 t^{-3} for (t, n, w) on a grid",
    ),
    *exact_checks(TREES, ITEMS),
)
RESULT = Result(
    slug="comb_ucb1",
    area="bandits/stochastic",
    title="CombUCB1: optimism for sets of items with semi-bandit feedback",
    paper="kveton2015tight",
    algorithms={"comb_ucb1": f"{COMB}:comb_ucb1"},
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    stages=(
        Stage("regret", final_regret),
        Stage("logarithmic part", lambda run, case: logarithmic(case), "counting sets of m items"),
        Stage("Theorem 5", lambda run, case: theorem_5(case), "failed intervals and first rounds"),
        Stage("Theorem 6", lambda run, case: theorem_6(case), "the worst gaps"),
    ),
    profile_instance=sets(
        (0.9, 0.9, 0.1, 0.1), PAIRS, {"smoke": 2000, "quick": 20_000}, {"smoke": 5, "quick": 20}, name="profile"
    ),
    mutants=MUTANTS,
    figures=("comb_ucb1",),
    notes=(
        "The constants are loose: measured regret is hundreds of times below Theorem 5, and Theorem 6 says nothing "
        "before some 10^5 rounds. With one item an action the regret follows the fluid law of UCB with 1.5 ln t.",
    ),
)
