r"""[garcelon2020conservative]: CUCBVI; the cumulative constraint, the number of baseline plays, the regret.

Theorem P (iv), derived here (docs/theorem-p.md).  Let u be the value that the rule works with, $u \le V^b$; E the
confidence event; S the greedy episodes; $Z_k = \sum_{l \in S, l \le k} LCB_l + N_b u$.

*Safety.*  $Z_k \ge (1-\alpha) k u$ for every k by induction: a greedy play passed the test, a baseline play adds $u
\ge (1-\alpha) u$.  On E, $Z_k \le \sum_{l \le k} V^{\pi_l}$.

*Baseline plays.*  At the last one, episode k with M greedy plays before it, $Z_{k-1} + LCB_k < (1-\alpha) k u$ and $k
= M + N_b$.  On E every $LCB_l \ge V^* - W_l$, so $\alpha (M + N_b) u + (M + 1)(V^* - u) < \sum_{S \cup \{k\}} W_l \le
c_0 + H + c_1 \sqrt{M + 1}$, the last with probability $1 - \delta$ ($W_k \le H$).  With $y = M + 1$: $\alpha u (N_b -
1) < c_0 + H + c_1 \sqrt y - y (V^* - u + \alpha u)$, and $c_1 \sqrt y - a y \le c_1^2/(4a)$.

*Regret.*  A greedy episode costs at most $W_k$, a baseline episode $\Delta_0$: $R_K \le c_0 + c_1 \sqrt K + \Delta_0
N_b$ on the same two events: $2\delta$.

CUCBVI does violate the threshold $(1-\alpha) V^b$ in single episodes: the cross control.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.bracket_links import THEOREM, bracket_links
from theorylab.rooms.proofs_checks.episodic.brackets import width_bound
from theorylab.rooms.proofs_checks.episodic.cucbvi_mutants import MUTANTS
from theorylab.rooms.proofs_checks.episodic.cucbvi_proof import (
    cucbvi_links,
    greedy_widths,
    line_of,
    most_baseline_plays,
    theorem_p_cucbvi,
)
from theorylab.rooms.proofs_checks.episodic.epsmix_problems import REGRET_RUNS, SAFETY_RUNS, wide_margin
from theorylab.rooms.proofs_checks.episodic.outcome_trees import tree_check
from theorylab.rooms.proofs_checks.episodic.shared import (
    EVERYWHERE,
    NO_MUTANTS,
    baseline_gap,
    baseline_value,
    final_regret,
    known_problem,
    largest_regret,
    reference_check,
)

from theorylab.mdp.episodic.cucbvi_reference import CucbviAgent
from theorylab.mdp.episodic.environments import ConservativeProblem
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.kinds import HighProbability, NegativeControl
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Stage

CUCBVI, UCBVI = "theorylab.mdp.episodic.cucbvi", "theorylab.mdp.episodic.ucbvi"
REFERENCE = "theorylab.mdp.episodic.cucbvi_reference:reference_cucbvi"
DELTA = 0.05
TRUE_OR_LESS = Hypothesis(
    "the baseline is worth what the learner was told",
    lambda case: float(case.parameters["baseline_value"]) <= baseline_value(case) + 1e-9,
)
HYPOTHESES = (*THEOREM, TRUE_OR_LESS)


def on_budget(
    problem: str | ConservativeProblem, episodes: Any, runs: Any, *, alpha: float, label: str = "",
    presets: tuple[str, ...] = EVERYWHERE, **parameters: Any,
) -> Instance:  # fmt: skip
    """An instance with the baseline's value and alpha in the place of a threshold."""
    found = known_problem(problem) if isinstance(problem, str) else problem
    given = {"baseline": found.baseline, "baseline_value": found.baseline_value, "alpha": alpha, **parameters}
    return Instance(label or f"{found.name}, alpha {alpha}", lambda: found.mdp, episodes, runs, given, presets)


SAFE = (
    on_budget("tiny", {"smoke": 200, "quick": 1000, "paper": 20_000, "power": 40}, SAFETY_RUNS, alpha=0.1),
    on_budget("riverswim-4-h10", {"smoke": 100, "quick": 500, "paper": 20_000, "power": 20}, SAFETY_RUNS, alpha=0.1),
)
LONG = {"smoke": 20_000, "quick": 20_000, "paper": 200_000}
SPEAKING = (
    on_budget(wide_margin(), LONG, REGRET_RUNS, alpha=0.5, presets=NO_MUTANTS),
    on_budget("dirichlet-3-3-h3-seed5", {"paper": 1_000_000}, {"paper": 80}, alpha=0.3, presets=("paper",)),
)
TRACED = (
    on_budget(
        "tiny", {"smoke": 80, "quick": 100, "paper": 400, "power": 50},
        {"smoke": 8, "quick": 30, "paper": 400, "power": 4}, alpha=0.1, label="traced tiny", trace=True,
    ),
    on_budget(
        "dirichlet-3-3-h3-seed5", {"smoke": 60, "quick": 300, "power": 30}, {"smoke": 4, "quick": 8, "power": 1},
        alpha=0.3, label="traced Dirichlet", trace=True,
    ),
    on_budget(
        "riverswim-4-h10", {"smoke": 30, "quick": 100, "power": 15}, {"smoke": 3, "quick": 6, "power": 1}, alpha=0.1,
        label="traced RiverSwim-4", trace=True,
    ),
)  # fmt: skip
OFTEN = (
    on_budget(  # so long that sums and counts can exceed their bounds: short ones stay below whatever is played
        wide_margin(), {"smoke": 2500, "quick": 12_000}, {"smoke": 30, "quick": 264}, alpha=0.5, presets=NO_MUTANTS,
        label="traced wide margin, long", trace=True,
    ),
)  # fmt: skip
SMALL = tuple(
    on_budget(
        name, {"smoke": 40, "quick": episodes, "power": few}, {"quick": 3, "power": 1}, alpha=alpha,
        label=f"{name}, alpha {alpha}, scale {scale}", scale=scale,
    )
    for name, episodes, few, scale, alpha in (
        ("tiny", 200, 40, 1.0, 0.1),
        ("tiny", 200, 30, 0.5, 1.0),
        ("dirichlet-3-3-h3-seed5", 80, 20, 0.3, 0.3),
        ("riverswim-4-h10", 30, 12, 0.03, 0.25),
    )
)  # fmt: skip
TREES = tuple(
    on_budget("tiny", {"quick": 2, "paper": 3}, 1, alpha=alpha, label=f"tiny tree, alpha {alpha}", scale=scale)
    for alpha, scale in ((0.5, 1.0), (0.1, 0.2))
)


def constraint_broken(run: Any, case: Case) -> bool:
    """Whether the first k episodes together were below the line, for some k."""
    return bool(run.cumulative_violations[-1] > 0)


CLAIMS = (
    Claim(
        name="the cumulative constraint",
        kind=HighProbability(DELTA),
        source="Theorem P (iv)",
        statement=r"P(\exists k: \sum_{l \le k} V^{\pi_l} < (1-\alpha) k V^b) \le \delta, every value exact",
        constants="derived here",
        instances=SAFE,
        event=constraint_broken,
        hypotheses=HYPOTHESES,
        explains="the purpose of the algorithm: a wrong budget is overdrawn within a few episodes",
    ),
    Claim(
        name="regret",
        kind=HighProbability(2.0 * DELTA),
        source="Theorem P (iv)",
        statement=r"R_K \le c_0 + c_1 \sqrt K + \Delta_0 N_b w.p. at least 1 - 2 \delta",
        constants="derived here",
        instances=SPEAKING,
        quantity=final_regret,
        bound=theorem_p_cucbvi,
        trivial=largest_regret,
        hypotheses=HYPOTHESES,
    ),
    Claim(
        name="number of baseline plays",
        kind=HighProbability(2.0 * DELTA),
        source="Theorem P (iv)",
        statement=r"N_b \le 1 + (c_0 + H + c_1^2/(4(\Delta_0 + \alpha V^b)))/(\alpha V^b)",
        constants="derived here",
        instances=SPEAKING,
        quantity=lambda run, case: float(run.baseline_episodes[-1]),
        bound=most_baseline_plays,
        trivial=lambda case: float(case.horizon),
        hypotheses=HYPOTHESES,
    ),
    Claim(
        name="single episodes violate",
        kind=NegativeControl(DELTA),
        source="cross control",
        statement=r"P(\exists k: V^{\pi_k} < (1-\alpha) V^b) > \delta: the constraint is cumulative, no more",
        constants="none",
        instances=(
            on_budget(
                "riverswim-4-h10", {"smoke": 100, "quick": 500}, {"smoke": 40, "quick": 60}, alpha=0.1,
                presets=NO_MUTANTS, label="RiverSwim-4, by episode",
            ),
        ),
        event=lambda run, case: bool(run.violations[-1] > 0),
        explains="what StepMix and EpsMix add, and that the count of violations can count",
    ),
    Claim(
        name="the constraint-free learner violates",
        kind=NegativeControl(DELTA),
        source="negative control",
        statement=r"UCBVI on the same problem: P(\exists k: \sum_{l \le k} V^{\pi_l} < (1-\alpha) k V^b) > \delta",
        constants="none",
        instances=(
            Instance(
                "RiverSwim-4, no constraint", lambda: known_problem("riverswim-4-h10").mdp, 500,
                {"smoke": 40, "quick": 60}, {"threshold": known_problem("riverswim-4-h10").threshold}, NO_MUTANTS,
            ),
        ),
        event=constraint_broken,
        algorithm="ucbvi",
        explains="the instance punishes exploration without a budget",
    ),
)  # fmt: skip


def measured_widths(run: Any, case: Case) -> float:
    r""":math:`\sum_S W + \Delta_0 N_b`, measured."""
    played = np.asarray(run.trace["kinds"]) == 0
    return float(greedy_widths(run, case)[played].sum() + baseline_gap(case) * run.baseline_episodes[-1])


STAGES = (
    Stage("regret", final_regret),
    Stage("sum of widths", measured_widths, "optimism; each baseline play costs the gap"),
    Stage(
        "c0 + c1 sqrt K, and the baseline plays",
        lambda run, case: float(
            width_bound(case, case.horizon) + baseline_gap(case) * run.baseline_episodes[-1]
        ),
        "pigeonhole",
    ),
    Stage("Theorem P (iv)", lambda run, case: theorem_p_cucbvi(case), "baseline plays at their largest number"),
)  # fmt: skip
RESULT = Result(
    slug="cucbvi",
    area="mdp/episodic",
    title="CUCBVI: never below a fraction of the baseline in total, by a certified budget",
    paper="garcelon2020conservative",
    algorithms={"cucbvi": f"{CUCBVI}:cucbvi", "ucbvi": f"{UCBVI}:ucbvi"},
    claims=CLAIMS,
    links=(*bracket_links(TRACED, many=OFTEN), *cucbvi_links(TRACED, OFTEN)),
    checks=(
        reference_check(
            "cucbvi", REFERENCE, SMALL, more=("kinds", "greedy", "greedy_bounds", "certificates", "budgets")
        ),
        tree_check("cucbvi", CucbviAgent, TREES, line=line_of, coins=0),
    ),
    stages=STAGES,
    profile_instance=on_budget(
        wide_margin(), {"smoke": 500, "quick": 1500}, {"smoke": 3, "quick": 8}, alpha=0.5, label="profile", trace=True,
        presets=EVERYWHERE,
    ),
    mutants=MUTANTS,
    coq=(
        "optimism_bracket.v:bracket_l1",
        "optimism_bracket.v:width_recursion",
        "width_pigeonhole.v:width_sum_subset_kl",
    ),
    figures=("cucbvi",),
    notes=(
        "The regret bound is below what the worst policy suffers from K = 1e5 on for the Dirichlet model, from 1e8 on "
        "for RiverSwim-4; the quick claims use a model of two states with a wide margin.",
        "While all lower bounds are 0 both sides of the test are multiples of the baseline's value and tie exactly "
        "(episode 10 for alpha = .1): the code plays the greedy policy on a tie within 1e-11 an episode.",
        "On RiverSwim-4 about 200 single episodes fall below the threshold that the sum never crosses.",
    ),
)  # fmt: skip
