r"""[neu2015explore]: EXP3-IX; regret with high probability, the lemma on implicit exploration, exact values.

The proof.  The potential argument of EXP3 bounds $\sum_t \langle p_t, \hat\ell_t \rangle - \hat L_{T,i}$ on every run.
Implicit exploration makes $\langle p_t, \hat\ell_t \rangle = \ell_{t,A_t} - \gamma \sum_i \hat\ell_{t,i}$, an identity,
and its estimates are so small that $\max_i (\hat L_{T,i} - L_{T,i}) \le \ln(K/\delta)/(2\gamma)$ with probability
$1 - \delta$ (Corollary 1): the only place where chance enters.  Corollary 1, derived: for
$z = 2\gamma\ell_i 1\{A = i\}/p_i$ the estimate has $2\gamma\hat\ell_i \le z/(1 + z/2) \le \ln(1 + z)$, so
$E[e^{2\gamma\hat\ell_i}] \le 1 + 2\gamma\ell_i \le e^{2\gamma\ell_i}$ given the past; Markov's inequality for the
product over rounds, and a union over the arms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.exp3_ix_proof import CHECKS, DELTA, LINKS, STAGES, theorem
from theorylab.rooms.proofs_checks.bandits.exp3_shared import (
    OBLIVIOUS,
    fixed_and_phased,
    profile_table,
    realised_regret,
    table,
    worst_regret,
)
from theorylab.rooms.proofs_checks.bandits.shared import NO_MUTANTS

from theorylab.verify.cases import Hypothesis
from theorylab.verify.code import Mutant
from theorylab.verify.kinds import HighProbability, NegativeControl
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim

IX = "theorylab.bandits.adversarial.exp3_ix"


KEPT = Hypothesis("the form's own rate", lambda case: case.parameters.get("eta") is None)


RUNS = {"smoke": 220, "quick": 300, "paper": 2000, "power": 12}


LENGTH = {"smoke": 400, "quick": 2000, "paper": 20_000, "power": 100}


TABLES = {form: fixed_and_phased(LENGTH, RUNS, gap=0.4, words=f", {form}", form=form) for form in ("ls", "neu")}


def turning(T: int) -> Any:
    """Arm 0 loses nothing for 40% of the rounds and then always; arm 1 loses 35% of those and nothing later."""
    means = np.zeros((T, 2))
    means[: 2 * T // 5, 1], means[2 * T // 5 :, 0] = 0.35, 1.0
    return (np.random.default_rng(5).random((T, 2)) < means).astype(float)


TURNING = table("two arms that turn", turning, 10_000, {"smoke": 220, "quick": 300, "paper": 2000}, presets=NO_MUTANTS)


CLAIMS = (
    Claim(
        name="EXP3 has no such guarantee",
        kind=NegativeControl(DELTA),
        source="the theorem of EXP3 speaks of the mean alone",
        statement=r"EXP3's regret exceeds the bound of EXP3-IX with probability above \delta",
        constants="recalled",
        instances=(TURNING,),
        quantity=realised_regret,
        bound=theorem,
        trivial=worst_regret,
        hypotheses=(OBLIVIOUS,),
        algorithm="exp3",
        explains="one rare draw makes an estimate huge",
    ),
    *(
        Claim(
            name=f"regret with probability 0.95, {form}",
            kind=HighProbability(DELTA),
            source=source,
            statement=statement,
            constants="recalled",
            instances=(*TABLES[form], *((TURNING,) if form == "ls" else ())),
            quantity=realised_regret,
            bound=theorem,
            trivial=worst_regret,
            hypotheses=(OBLIVIOUS, KEPT),
            explains="the denominator p + gamma keeps the estimates' tails short",
        )
        for form, source, statement in (
            (
                "ls",
                "[lattimore2020bandit, Theorem 12.1]",
                r"R_T \le \sqrt{8KT\ln(K+1)} + \sqrt{KT/(2\ln(K+1))} \ln(1/\delta) + \ln((K+1)/\delta)",
            ),
            ("neu", "[neu2015explore, Theorem 1]", r"R_T \le 2\sqrt{2KT\ln K} + (\sqrt{2KT/\ln K} + 1) \ln(2/\delta)"),
        )
    ),
)


PLAYS, EXACT, LAW, ESTIMATE = (
    "exp3_ix plays like its reference",
    "exact expected loss of exp3_ix",
    "the law of the draw",
    "implicit exploration",
)


UPDATE = "losses[arm] += (1.0 - reward) / (weights[arm] / total + gamma)"


MUTANTS = (
    Mutant(
        "gamma also in the law",
        IX,
        "left, arm = agent.random() * total, 0",
        "left, arm = agent.random() * total, 0\n"
        "        if agent.random() < gamma:\n            left = agent.random() * total",
        PLAYS,
    ),
    Mutant(
        "gamma missing in the denominator",
        IX,
        UPDATE,
        "losses[arm] += (1.0 - reward) / (weights[arm] / total)",
        ESTIMATE,
    ),
    Mutant("gamma twice", IX, "return eta, 0.5 * eta", "return eta, eta", EXACT),
    Mutant("no importance weight", IX, UPDATE, "losses[arm] += 1.0 - reward", ESTIMATE),
    Mutant("K for K + 1", IX, 'n_arms + 1 if form == "ls" else n_arms', "n_arms", EXACT),
    Mutant("rate times 10", IX, "eta = math.sqrt(2.0", "eta = 10.0 * math.sqrt(2.0", EXACT),
    Mutant("rate divided by K", IX, "/ (n_arms * horizon))", "/ (n_arms * horizon)) / n_arms", EXACT),
    Mutant("loss sign flipped", IX, "losses[arm] += (1.0", "losses[arm] -= (1.0", ESTIMATE),
    Mutant("weights never rebuilt", IX, "if t == rebuild or total < least:", "if t == 0:", PLAYS),
    Mutant("total not updated", IX, "total += renewed - weights[arm]", "total += 0.0", LAW),
    Mutant("reward taken for the loss", IX, "(1.0 - reward) /", "reward /", ESTIMATE),
)


RESULT = Result(
    slug="exp3_ix",
    area="bandits/adversarial",
    title="EXP3-IX: implicit exploration, regret with high probability",
    paper="neu2015explore",
    algorithms={"exp3_ix": f"{IX}:exp3_ix", "exp3": "theorylab.bandits.adversarial.exp3:exp3"},
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=profile_table(),
    mutants=MUTANTS,
    figures=("exp3_ix",),
    notes=("The bound holds for all delta at once, because the algorithm does not know delta.",),
)
