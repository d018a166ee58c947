r"""UCBVI with one kernel for all steps [azar2017minimax]: its chain on traces, its rate, the exact checks, the mutants.

The chain, steps from 0, $T = KH$, $\Delta_{k,h}(s) = \bar V_{k,h}(s) - V^{\pi_k}_h(s)$:

1. optimism, $\bar V_{k,h} \ge V^*_h$ everywhere, so $R_K \le \sum_k \Delta_{k,0}(s_{k,0})$;
2. telescoping along the episode, an identity: $\Delta_{k,0} = \sum_h [\bar Q - r - p \bar V_{h+1}](s_h, a_h) + \sum_h
   M_h$ with $M_h = p \Delta_{h+1} - \Delta_{h+1}(s_{h+1})$, whose mean given the past is 0;
3. $\bar Q - r - p \bar V_{h+1} \le b + (\hat p - p) \bar V_{h+1} \le b + \frac12 (H-1-h) |\hat p - p|_1$;
4. $|\Delta_{h+1}| \le H - 1 - h$, so Azuma gives $\sum M \le \sqrt{2 K \log(1/\delta) \sum_{j < H} j^2}$ with
   probability $1 - \delta$;
5. counts stand still within an episode: at most 2H visits of a pair happen while N < H; at the others a pair's visits v
   of an episode have $v \le H \le N$, so $v / \sqrt N \le (\sqrt2 + 1)(\sqrt{N + v} - \sqrt N)$ and the sum over all
   visits is at most $(\sqrt2 + 1)\sqrt{SAT}$ by Cauchy and Schwarz.

The published bounds say nothing at any feasible K: their lower-order terms exceed HK while $K < 250 H S^2 A L^2$
("hoeffding") or $2500 H S^2 A L^2$ ("bernstein"). The rate and the chain are what can be checked.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.shared import NO_MUTANTS, largest_regret, on_model
from theorylab.rooms.proofs_checks.episodic.ucbvi_stationary_checks import CHECKS, MUTANTS
from theorylab.rooms.proofs_checks.episodic.ucbvi_stationary_links import (
    DELTA,
    LINKS,
    NAME,
    SOURCE,
    UNSCALED,
    is_optimistic,
    log_term,
)

from theorylab.verify.cases import Case
from theorylab.verify.kinds import HighProbability, NegativeControl, Rate
from theorylab.verify.statements import Claim

__all__ = ["ALGORITHMS", "CHECKS", "CLAIMS", "LINKS", "MUTANTS", "NOTES"]

ALGORITHMS = {NAME: "theorylab.mdp.episodic.ucbvi_stationary:ucbvi_stationary"}


def published_bound(case: Case) -> float:
    """The regret bound of the case's bonus, constants recalled."""
    H, S, A = case.model.R.shape
    K, L = case.horizon, log_term(case)
    if case.parameters["bonus"] == "hoeffding":
        return 20.0 * H**1.5 * L * math.sqrt(S * A * K) + 250.0 * H**2 * S**2 * A * L**2
    main = 30.0 * H * L * math.sqrt(S * A * K)
    return main + 2500.0 * H**2 * S**2 * A * L**2 + 4.0 * H**1.5 * math.sqrt(K * L)


def regret_series(run: Any, case: Case) -> Any:
    """Regret over the last two decades."""
    late = np.asarray(run.times) * 100 >= case.horizon
    return np.asarray(run.times)[late], np.asarray(run.regret)[late]


def bound_claim(bonus: str) -> Claim:
    """The published bound: vacuous wherever it can be run; the row says from which K on it speaks."""
    return Claim(
        name=f"published bound, {bonus}",
        kind=HighProbability(DELTA),
        source=SOURCE,
        statement={
            "hoeffding": r"R_K \le 20H^{3/2}L\sqrt{SAK} + 250H^2S^2AL^2",
            "bernstein": r"R_K \le 30HL\sqrt{SAK} + 2500H^2S^2AL^2 + 4H^{3/2}\sqrt{KL}",
        }[bonus],
        constants="recalled",
        instances=(on_model("riverswim-6-h20", 2000, 2, label=bonus, presets=NO_MUTANTS, bonus=bonus, delta=DELTA),),
        quantity=lambda run, case: float(run.regret[-1]),
        bound=published_bound,
        trivial=largest_regret,
        hypotheses=(UNSCALED,),
        algorithm=NAME,
    )


CLAIMS = (
    bound_claim("hoeffding"),
    bound_claim("bernstein"),
    Claim(
        name="growth of the regret, one kernel",
        kind=Rate(0.5),
        source=SOURCE,
        statement=r"R_K \sim K^p,\ p \le 1/2 over the last two decades",
        constants="rate only",
        instances=(
            on_model(
                "dirichlet-3-3-h3-seed5",
                {"smoke": 10_000, "quick": 50_000, "paper": 1_000_000},
                {"smoke": 5, "quick": 8},
                label="dirichlet-3-3-h3-seed5, bernstein",
                presets=NO_MUTANTS,
                bonus="bernstein",
                delta=DELTA,
            ),
            on_model(
                "riverswim-6-h20",
                1_000_000,
                20,
                label="riverswim-6-h20, bernstein",
                presets=("paper",),
                bonus="bernstein",
                delta=DELTA,
            ),
            on_model(
                "dirichlet-2-2-h2-seed5",
                3_000_000,
                20,
                label="dirichlet-2-2-h2-seed5, hoeffding",
                presets=("paper",),
                bonus="hoeffding",
                delta=DELTA,
            ),
        ),
        quantity=regret_series,
        hypotheses=(UNSCALED,),
        algorithm=NAME,
    ),
    Claim(
        name="small bonuses are not optimistic, one kernel",
        kind=NegativeControl(DELTA),
        source="control",
        statement=r"with bonuses of 0.1% some \bar V_{k,h} falls below V^*_h in more than \delta of the runs",
        constants="none",
        instances=(
            on_model(
                "dirichlet-3-3-h3-seed5",
                300,
                {"smoke": 10, "quick": 40},
                label="bonuses of 0.1%",
                presets=NO_MUTANTS,
                bonus="bernstein",
                scale=0.001,
                trace=True,
                delta=DELTA,
            ),
        ),
        event=lambda run, case: not is_optimistic(run, case),
        algorithm=NAME,
        traced=True,
    ),
)
NOTES = (
    "UCBVI's published value bounds are vacuous at any feasible K: on RiverSwim-6, H = 20, they fall below the largest "
    "regret at K = 7.5e9 (hoeffding) and 2.8e10 (bernstein) episodes. Rates and the chain are checked instead.",
    "With the Hoeffding bonus nothing is learnt on RiverSwim-6 in 2e5 episodes; with the Bernstein bonus the regret "
    "bends at about 2e4 episodes. Its term in 100^2 H^3 S^2 A L^2 / N' is at its cap H^2 at any feasible K.",
)
