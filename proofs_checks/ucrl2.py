r"""[jaksch2010near], Theorems 2, 4 and 5: the claims, the proof of Theorem 2 link by link, the checks, the mutants.

The chain behind (22), with :math:`\Delta_k = \sum_s v_k(s)(\rho^* - \bar r(s, \pi_k(s)))`:

1. reward noise: :math:`\Delta \le \sum_k \Delta_k + \sqrt{5/8\, T \log(8T/\delta)}`;
2. episodes in which the true model is not plausible cost at most :math:`\sqrt T` together;
3. optimism: the optimistic gain is at least :math:`\rho^* - 1/\sqrt{t_k}`;
4. at the stop of extended value iteration every increment is within :math:`1/\sqrt{t_k}` of that gain;
5. :math:`span(u_k) \le D`;
6. :math:`\tilde r - \bar r \le 2d'`;
7. :math:`v_k(\tilde P_k - P_k)w_k \le \sum v_k\, d\, D`, as :math:`|\tilde p - p|_1 \le 2d` and :math:`|w_k| \le D/2`;
8. :math:`\sum_k v_k(P_k - I)w_k \le D\sqrt{5/2\, T\log(8T/\delta)} + Dm`;
9. the number of episodes :math:`m \le SA \log_2(8T/SA)`;
10. :math:`\sum_k\sum_s v_k/\sqrt{\max(1,N_k)} \le (\sqrt2+1)\sqrt{SAT}`.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from theorylab.rooms.proofs_checks.average_reward.optimism import bound_22, bound_23, in_confidence
from theorylab.rooms.proofs_checks.average_reward.ucrl2_checks import CHECKS
from theorylab.rooms.proofs_checks.average_reward.ucrl2_instances import (
    DELTA,
    DENSE,
    FREQUENT,
    HARD,
    HARD_DIAMETER,
    HYPOTHESES,
    PROVED_ON,
    RIVER,
    SLIPPERY,
    SOURCE,
    SWITCH,
    ZETA_6,
    bound_logarithmic,
    final_regret,
    of,
    regret_series,
    trivial_regret,
)
from theorylab.rooms.proofs_checks.average_reward.ucrl2_mutants import MUTANTS
from theorylab.rooms.proofs_checks.average_reward.ucrl2_proof import LINKS, STAGES

from theorylab.verify.kinds import HighProbability, LowerBound, Rate
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim

ALGORITHMS = {
    "ucrl2": "theorylab.mdp.average_reward.ucrl2:ucrl2",
    "restarted_ucrl2": "theorylab.mdp.average_reward.restarted_ucrl2:restarted_ucrl2",
    "rbocpd_ucrl2": "theorylab.mdp.average_reward.rbocpd_ucrl2:rbocpd_ucrl2",
    "oracle_restart_ucrl2": "theorylab.mdp.average_reward.oracle_restart_ucrl2:oracle_restart_ucrl2",
    "random_agent": "theorylab.mdp.average_reward.agents:random_agent",
}  # the others stand under the lower bound, which speaks of every algorithm

THEOREM_22 = Claim(
    name="theorem-2-tight",
    kind=HighProbability(DELTA),
    source=f"{SOURCE}, Theorem 2 in the form (22)",
    statement=r"\Delta \le \sqrt{\tfrac58 T\log\tfrac{8T}\delta} + \sqrt T + D\sqrt{\tfrac52 T\log\tfrac{8T}\delta}"
    r" + DSA\log_2\tfrac{8T}{SA}"
    r" + (2D\sqrt{14 S\log\tfrac{2AT}\delta} + 2)(\sqrt2+1)\sqrt{SAT}",
    constants="derived here",
    quantity=final_regret,
    bound=of(bound_22),
    trivial=trivial_regret,
    hypotheses=HYPOTHESES,
    instances=(*PROVED_ON, DENSE),
    explains="Before the constants are rounded up to 34; it fails with probability at most delta/(4 T^(5/4)).",
)
THEOREM_23 = Claim(
    name="theorem-2",
    kind=HighProbability(DELTA),
    source=f"{SOURCE}, Theorem 2, (23)",
    statement=r"\Delta \le 34\, D S \sqrt{A T \log(T/\delta)}",
    constants="paper",
    quantity=final_regret,
    bound=of(bound_23),
    trivial=trivial_regret,
    hypotheses=HYPOTHESES,
    instances=(*PROVED_ON, DENSE),
)
THEOREM_4 = Claim(
    name="theorem-4-epsilon",
    kind=HighProbability(3 * DELTA),
    source=f"{SOURCE}, Theorem 4",
    statement=r"\Delta \le 34^2 \frac{D^2 S^2 A \log(T/\delta)}{\varepsilon} + \varepsilon T"
    r" \text{ at the } \varepsilon \text{ that makes it least}",
    constants="paper",
    quantity=final_regret,
    bound=of(bound_logarithmic),
    trivial=trivial_regret,
    hypotheses=HYPOTHESES,
    instances=(SWITCH, SLIPPERY),
    explains="At its best epsilon it is twice Theorem 2; with a gap in the place of epsilon it is logarithmic.",
)
GROWTH = Claim(
    name="growth",
    kind=Rate(0.5),
    source=f"{SOURCE}, Theorem 2",
    statement=r"\text{pseudo-regret} \sim T^p,\ p \le 1/2 \text{ over the last two decades}",
    constants="rate only",
    quantity=regret_series,
    hypotheses=HYPOTHESES,
    instances=(DENSE,),
)
CONFIDENCE = Claim(
    name="confidence-event",
    kind=HighProbability(DELTA / 15.0 * ZETA_6),
    source=f"{SOURCE}, Lemma 17",
    statement=r"P\{\exists k: M \notin \mathcal M_k\} \le \sum_t \delta/(15 t^6)",
    constants="paper",
    event=lambda run, case: not bool(np.all(in_confidence(run, case))),
    traced=True,
    hypotheses=HYPOTHESES,
    instances=(FREQUENT,),
)


def lower_bound(algorithm: str) -> Claim:
    """Theorem 5 for one algorithm of the catalogue."""
    return Claim(
        name=f"theorem-5 for {algorithm}",
        kind=LowerBound(),
        source=f"{SOURCE}, Theorem 5",
        statement=r"E[\Delta] \ge 0.015 \sqrt{DSAT}",
        constants="paper",
        quantity=final_regret,
        bound=lambda case: 0.015 * math.sqrt(HARD_DIAMETER * 10 * 10 * case.horizon),
        cap=lambda case: float(case.horizon),
        instances=(HARD,),
        algorithm=algorithm,
        explains="On the instance of the proof, built for the horizon; only a learner that is told something fails it.",
    )


LOWER = tuple(lower_bound(name) for name in ALGORITHMS)
RESULT = Result(
    slug="ucrl2",
    area="mdp/average_reward",
    title="UCRL2: near-optimal regret bounds for reinforcement learning",
    paper="jaksch2010near",
    algorithms=ALGORITHMS,
    claims=(THEOREM_22, THEOREM_23, THEOREM_4, GROWTH, CONFIDENCE, *LOWER),
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=replace(RIVER, runs={**dict(RIVER.runs), "quick": 40}),  # a median needs few runs
    mutants=MUTANTS,
    coq=("sums.v:sum_inverse_sqrt", "pigeonhole.v:lemma_19", "pigeonhole.v:episode_sum"),
    figures=("ucrl2",),
    notes=(
        "On RiverSwim-6 the bound says nothing before T = 7e8: there the links and the reference carry the evidence.",
        "On instances of diameter near 1 the bound is useful from about T = 1e5 and is checked there.",
    ),
)
