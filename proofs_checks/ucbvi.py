r"""[azar2017minimax]: UCBVI with the L1 bonus of Theorem P; the regret bound (i) and the chain of its proof.

Theorem P (i), derived here (docs/theorem-p.md): $R_K \le c_0 + c_1 \sqrt K$ with probability at least $1-2\delta$, for
all K at once.  On the event of the confidence sets $V^* - V^{\pi_k} \le \bar V_1 - \underline V^{\pi_k}_1 = W(\pi_k)$
(optimism, telescoping), and the widths sum to $c_0 + c_1\sqrt K$ (width recursion, samples, pigeonhole).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic import ucbvi_stationary as one_kernel
from theorylab.rooms.proofs_checks.episodic.bracket_links import THEOREM, bracket_links, on_event
from theorylab.rooms.proofs_checks.episodic.brackets import recount, start_value, width_bound
from theorylab.rooms.proofs_checks.episodic.radius import RADIUS
from theorylab.rooms.proofs_checks.episodic.shared import (
    NO_MUTANTS,
    final_regret,
    largest_regret,
    on_model,
    optimal_value,
    reference_check,
)
from theorylab.rooms.proofs_checks.episodic.ucbvi_mutants import MUTANTS

from theorylab.verify.cases import Case
from theorylab.verify.kinds import HighProbability, Rate
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

UCBVI = "theorylab.mdp.episodic.ucbvi"
REFERENCE = "theorylab.mdp.episodic.stepmix_reference:reference_ucbvi"
DELTA = 0.05
MANY = {"smoke": 40, "quick": 150, "paper": 1000}

SPEAKING = (
    on_model("tiny", {"smoke": 10_000, "quick": 20_000, "paper": 100_000}, MANY, presets=NO_MUTANTS),
    on_model(
        "dirichlet-3-3-h3-seed5", {"paper": 200_000}, {"paper": 400}, presets=("paper",), label="Dirichlet(3, 3), H = 3"
    ),
)
SILENT = (on_model("riverswim-6-h20", {"smoke": 500, "quick": 2000}, {"smoke": 4, "quick": 8}, presets=NO_MUTANTS),)
GROWING = (
    on_model(
        "dirichlet-3-3-h3-seed5", {"smoke": 30_000, "quick": 100_000}, {"smoke": 8, "quick": 12}, presets=NO_MUTANTS,
        label="growth",
    ),
)  # fmt: skip
TRACED = (
    on_model(
        "tiny", {"smoke": 100, "quick": 150, "power": 40}, {"smoke": 8, "quick": 30, "power": 6},
        label="traced tiny", trace=True,
    ),
    on_model(
        "dirichlet-3-3-h3-seed5", {"smoke": 60, "quick": 300, "power": 30}, {"smoke": 4, "quick": 8, "power": 2},
        label="traced Dirichlet", trace=True,
    ),
)  # fmt: skip
OFTEN = (
    on_model(  # so long that the sums can exceed their bounds: short ones stay below whatever is played
        "tiny", {"smoke": 2500, "quick": 5000}, {"smoke": 30, "quick": 280}, label="traced tiny, long",
        presets=NO_MUTANTS, trace=True,
    ),
)  # fmt: skip
SMALL = tuple(
    on_model(
        name, {"smoke": 60, "quick": episodes, "power": few}, {"smoke": 2, "quick": 3, "power": 2},
        label=f"{name}, scale {scale}", scale=scale, threshold=0.5,
    )
    for name, episodes, few, scale in (
        ("tiny", 300, 40, 1.0),
        ("dirichlet-3-3-h3-seed5", 150, 40, 0.3),
        ("riverswim-4-h10", 60, 10, 0.1),
    )
)  # fmt: skip


def growth(run: Any, case: Case) -> Any:
    """Regret over two decades."""
    late = run.times >= case.horizon // 100
    return run.times[late], run.regret[late]


def regret_of_episodes(run: Any, case: Case) -> Any:
    """(K,) regret of each episode."""
    return optimal_value(case) - np.asarray(run.trace["values"])


CLAIMS = (
    Claim(
        name="Theorem P (i)",
        kind=HighProbability(2.0 * DELTA),
        source="Theorem P (i)",
        statement=r"R_K \le c_0 + c_1 \sqrt K with probability at least 1 - 2 \delta",
        constants="derived here",
        instances=(*SPEAKING, *SILENT),
        quantity=final_regret,
        bound=lambda case: float(width_bound(case, case.horizon)),
        trivial=largest_regret,
        hypotheses=THEOREM,
        explains="on RiverSwim-6 with H = 20 the bound says nothing before some 1e9 episodes",
    ),
    Claim(
        name="growth",
        kind=Rate(0.75),
        source="Theorem P (i): at most the square root, here with a logarithm",
        statement=r"R_K grows at most like \sqrt K on two decades; the room is for the first, linear phase",
        constants="rate only",
        instances=GROWING,
        quantity=growth,
        hypotheses=THEOREM,
    ),
)
LINKS = (
    *bracket_links(TRACED, many=OFTEN),
    Link(
        name="regret within the width",
        left=regret_of_episodes,
        right=lambda run, case: start_value(recount(run, case).width, case),
        source="Theorem P (i), step 6",
        instances=TRACED,
        statement=r"V^* - V^{\pi_k} \le \bar V_1 - \underline V^{\pi_k}_1 = W(\pi_k), on the event",
        given=on_event,
        hypotheses=THEOREM,
    ),
)
STAGES = (
    Stage("regret", final_regret),
    Stage("sum of widths", lambda run, case: float(start_value(recount(run, case).width, case).sum()), "optimism"),
    Stage("expected sums", lambda run, case: float(recount(run, case).expected_width.sum()), "width recursion"),
    Stage("c0 + c1 sqrt K", lambda run, case: float(width_bound(case, case.horizon)), "samples and pigeonhole"),
)
RESULT = Result(
    slug="ucbvi",
    area="mdp/episodic",
    title="UCBVI: optimism in episodes, with a derived L1 bonus and with the published ones",
    paper="azar2017minimax",
    algorithms={"ucbvi": f"{UCBVI}:ucbvi", **one_kernel.ALGORITHMS},
    claims=(*CLAIMS, *one_kernel.CLAIMS),
    links=(*LINKS, *one_kernel.LINKS),
    checks=(
        reference_check("ucbvi", REFERENCE, SMALL, more=("greedy", "greedy_bounds")),
        *RADIUS,
        *one_kernel.CHECKS,
    ),
    stages=STAGES,
    profile_instance=on_model(
        "tiny", {"smoke": 500, "quick": 2000}, {"smoke": 4, "quick": 10}, label="profile", trace=True
    ),
    mutants=(*MUTANTS, *one_kernel.MUTANTS),
    coq=(
        "finite_horizon.v:performance_difference",
        "finite_horizon.v:l1_bonus",
        "optimism_bracket.v:bracket_l1",
        "optimism_bracket.v:width_recursion",
        "width_pigeonhole.v:width_sum_kl",
    ),
    figures=("ucbvi",),
    notes=one_kernel.NOTES,
)
