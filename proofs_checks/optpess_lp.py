r"""[liu2021learning]: OptPess-LP; no violation in any episode, and every linear program it solves.

No violation follows from Theorem P, whose brackets hold for every policy at all times (docs/theorem-p.md).  The weight
$\alpha = 1 + 4H/\kappa$ of the bonus is derived in theorylab/mdp/episodic/optpess_lp.py; the paper's constants
(recalled) are not claimed, nor is its regret bound: our bonus is another one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.optpess_lp_exact import PROGRAM
from theorylab.rooms.proofs_checks.episodic.optpess_lp_links import UNSCALED, optpess_links
from theorylab.rooms.proofs_checks.episodic.optpess_lp_mutants import MUTANTS
from theorylab.rooms.proofs_checks.episodic.outcome_trees import tree_check
from theorylab.rooms.proofs_checks.episodic.shared import (
    EVERYWHERE,
    NO_MUTANTS,
    final_regret,
    fresh_problem,
    known_problem,
    on_model,
    on_problem,
    reference_check,
)

from theorylab.mdp.episodic.environments import margin_mdp
from theorylab.mdp.episodic.occupancy_program import evaluate_law
from theorylab.mdp.episodic.optpess_lp_reference import OptPessAgent
from theorylab.verify.cases import Case, Instance
from theorylab.verify.kinds import HighProbability, NegativeControl, Rate
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Stage

HOME = "theorylab.mdp.episodic.optpess_lp"
REFERENCE = "theorylab.mdp.episodic.optpess_lp_reference:reference_optpess_lp"
DELTA = 0.05
RUNS = {"smoke": 10, "quick": 262, "paper": 1000, "power": 4}
TINY, DIRICHLET = "tiny", "dirichlet-3-3-h3-seed5"


def two_signals(episodes: Any, runs: Any, label: str, *, presets: Any = EVERYWHERE, **more: Any) -> Instance:
    """The tiny model whose constraint wants what its rewards do not: g = 1 - r; the baseline is uniform."""
    mdp = known_problem(TINY).mdp
    signal, law = 1.0 - mdp.R, np.full(mdp.R.shape, 0.5)
    value = evaluate_law(mdp.P, signal, law, mdp.start)
    return on_model(
        TINY, episodes, runs, build=lambda: mdp, label=label, presets=presets, baseline=law, baseline_value=value,
        constraint_rewards=signal, threshold=0.9 * value, **more,
    )  # fmt: skip


SAFE = (
    on_problem(TINY, {"smoke": 100, "quick": 110, "paper": 3000, "power": 60}, RUNS),
    on_problem(DIRICHLET, {"paper": 3000}, {"paper": 300}, presets=("paper",)),
    two_signals({"paper": 3000}, {"paper": 300}, "two signals", presets=("paper",)),
)
TRACED = (
    on_problem(
        TINY, {"smoke": 150, "quick": 1500, "power": 100}, {"smoke": 2, "quick": 3, "power": 1}, label="traced tiny",
        trace=True,
    ),
    on_problem(
        DIRICHLET, {"smoke": 150, "quick": 300, "power": 130}, {"smoke": 1, "quick": 2, "power": 1},
        label="traced Dirichlet", trace=True,
    ),
    two_signals(
        {"smoke": 200, "quick": 1000, "power": 150}, {"smoke": 1, "quick": 2, "power": 1}, "traced two signals",
        trace=True,
    ),
)  # fmt: skip
WIDE = (
    on_problem(
        fresh_problem(
            known_problem(TINY).mdp,
            known_problem(TINY).baseline,
            0.2 * known_problem(TINY).baseline_value,
            "tiny, wide margin",
        ),
        {"smoke": 300, "quick": 800, "power": 300},
        {"smoke": 2, "quick": 4, "power": 2},
        label="traced, wide margin",
        trace=True,
    ),
)
SMALL = tuple(
    on_problem(
        problem, {"smoke": 40, "quick": n, "power": few}, {"smoke": 1, "quick": 1, "power": 1}, told=True,
        label=f"{problem if isinstance(problem, str) else problem.name}, scale {scale}, {resolve}", scale=scale,
        resolve=resolve,
    )
    for problem, n, few, scale, resolve in (
        (TINY, 80, 60, 1.0, "always"),
        (TINY, 200, 60, 0.3, "doubling"),
        (DIRICHLET, 60, 30, 0.3, "doubling"),
        (margin_mdp(3, 2, 2, 0.3, 1), 40, 20, 0.3, "always"),
    )
)  # fmt: skip
TREES = (
    on_problem(
        TINY, {"smoke": 1, "quick": 2, "power": 1}, 1, label="tiny tree", told=True, scale=0.05, resolve="always"
    ),
)
GROWING = on_problem(
    TINY, {"smoke": 10_000, "quick": 30_000}, {"smoke": 4, "quick": 6}, label="tiny, growing", presets=NO_MUTANTS,
    optimism=1.0,
)  # fmt: skip


def violated(run: Any, case: Case) -> bool:
    """Whether any executed policy was below the threshold."""
    return bool(run.violations[-1] > 0)


def late_regret(run: Any, case: Case) -> Any:
    """Times and regret of the last two decades."""
    late = run.times >= case.horizon // 100
    return run.times[late], run.regret[late]


CLAIMS = (
    Claim(
        name="no violation",
        kind=HighProbability(DELTA),
        source="Theorem P",
        statement=r"P(\exists k: V_g^{\pi_k} < \gamma) \le \delta, every V_g^{\pi_k} exact",
        constants="derived here",
        instances=SAFE,
        event=violated,
        hypotheses=(UNSCALED,),
        explains="the program's constraint is pessimistic, and the policy is evaluated again before it is played",
    ),
    Claim(
        name="growth",
        kind=Rate(0.75),
        source="[liu2021learning]: regret of order sqrt K (recalled)",
        statement=r"R_K \sim K^p, p \le 3/4 over the last two decades, with the weight 1, of which nothing is proved",
        constants="rate only",
        instances=(GROWING,),
        quantity=late_regret,
        hypotheses=(UNSCALED,),
    ),
    Claim(
        name="the constraint-free learner violates",
        kind=NegativeControl(DELTA),
        source="negative control",
        statement=r"UCBVI on a problem of this kind: P(\exists k: V^{\pi_k} < \gamma) > \delta",
        constants="none",
        instances=(
            on_model(
                "riverswim-4-h10", {"smoke": 100, "quick": 300}, {"smoke": 30, "quick": 40}, presets=NO_MUTANTS,
                label="RiverSwim-4, no constraint", threshold=known_problem("riverswim-4-h10").threshold,
            ),
        ),
        event=violated,
        algorithm="ucbvi",
    ),
)  # fmt: skip
STAGES = (
    Stage("regret", final_regret),
    Stage(
        "objectives less values",
        lambda run, case: float(
            np.nansum(np.asarray(run.trace["objectives"])[np.asarray(run.trace["plans"])] - run.trace["values"])
        ),
        "optimism: the weight 1 + 4H/kappa is large",
    ),
)
RESULT = Result(
    slug="optpess_lp",
    area="mdp/episodic",
    title="OptPess-LP: optimistic rewards, a pessimistic constraint, a linear program over occupancy measures",
    paper="liu2021learning",
    algorithms={"optpess_lp": f"{HOME}:optpess_lp", "ucbvi": "theorylab.mdp.episodic.ucbvi:ucbvi"},
    claims=CLAIMS,
    links=optpess_links((*TRACED, *WIDE), WIDE),
    checks=(
        *PROGRAM,
        reference_check("optpess_lp", REFERENCE, SMALL, more=("kinds", "certificates")),
        tree_check("optpess_lp", OptPessAgent, TREES, replay=False),
    ),
    stages=STAGES,
    profile_instance=on_problem(
        TINY, {"smoke": 500, "quick": 2000}, {"smoke": 2, "quick": 4}, label="profile", trace=True, presets=EVERYWHERE
    ),
    mutants=MUTANTS,
    coq=("optimism_bracket.v:bracket_l1",),
    figures=("optpess_lp",),
    notes=(
        "The program explores inside the constraint where StepMix and EpsMix fall back on the baseline; it pays with a "
        "linear program for each doubling of a count.",
        "The derived weight 1 + 4H/kappa of the bonus makes the program provably optimistic and slow: with weight 1 "
        "(no proof of optimism, the same safety) the regret on the tiny problem is ten times smaller.",
        "The regret bound of the paper is not checked: its bonus and constants could not be read.",
    ),
)
