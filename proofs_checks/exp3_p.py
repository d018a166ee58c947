r"""[bubeck2012regret]: EXP3.P; regret with high probability, optimistic estimates, exact values.

The proof.  The bonus $\beta / p_i$ makes $\tilde G_i$ exceed the true gain up to $\ln(1/\delta)/\beta$ with probability
$1 - \delta$ (Lemma 3.1); the mixing keeps $\eta \tilde g_{t,i} \le 1$, so that $e^x \le 1 + x + x^2$ bounds the growth
of the potential in each round.  Lemma 3.1, derived: for $\beta \le 1$ and $y = \beta(g_i - g_i 1\{A = i\}/p_i) \le 1$,
$E[e^y] \le 1 + E[y] + E[y^2] \le 1 + \beta^2/p_i \le e^{\beta^2/p_i}$ given the past, so that
$E[e^{\beta(g_i - \tilde g_i)}] \le 1$; Markov's inequality for the product over rounds, and a union over the arms.
"""

from __future__ import annotations

from theorylab.rooms.proofs_checks.bandits.exp3_p_proof import CHECKS, DELTA, LINKS, STAGES, theorem
from theorylab.rooms.proofs_checks.bandits.exp3_shared import (
    OBLIVIOUS,
    fixed_and_phased,
    profile_table,
    realised_regret,
    worst_regret,
)

from theorylab.verify.cases import Hypothesis
from theorylab.verify.code import Mutant
from theorylab.verify.kinds import HighProbability
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim

P = "theorylab.bandits.adversarial.exp3_p"


SAME_DELTA = Hypothesis("delta is that of the claim", lambda case: case.parameters.get("delta", DELTA) == DELTA)


RUNS = {"smoke": 220, "quick": 300, "paper": 2000, "power": 12}


LENGTH = {"smoke": 1000, "quick": 4000, "paper": 20_000, "power": 100}


TABLES = fixed_and_phased(LENGTH, RUNS, gap=0.5, delta=DELTA)


CLAIMS = (
    Claim(
        name="regret with probability 0.95",
        kind=HighProbability(DELTA),
        source="[bubeck2012regret, Theorem 3.3]",
        statement=r"R_T \le 5.15 \sqrt{TK\ln(K/\delta)}",
        constants="recalled",
        instances=TABLES,
        quantity=realised_regret,
        bound=theorem,
        trivial=worst_regret,
        hypotheses=(OBLIVIOUS, SAME_DELTA),
        explains="the bonus for arms that are seldom drawn",
    ),
)


PLAYS, EXACT, LAW, ESTIMATE = (
    "exp3_p plays like its reference",
    "exact expected loss of exp3_p",
    "the law of the draw",
    "optimistic estimates",
)


UPDATE = "gains[i] += (seen + beta) / law[i]"


MUTANTS = (
    Mutant("no bonus", P, UPDATE, "gains[i] += seen / law[i]", ESTIMATE),
    Mutant("bonus for the played arm only", P, UPDATE, "gains[i] += (seen + beta * (i == arm)) / law[i]", ESTIMATE),
    Mutant("bonus not over p", P, UPDATE, "gains[i] += seen / law[i] + beta", ESTIMATE),
    Mutant("no importance weight", P, UPDATE, "gains[i] += seen + beta / law[i]", ESTIMATE),
    Mutant("no mixing", P, "(1.0 - gamma) * law[i] / total + gamma / n_arms", "law[i] / total", LAW),
    Mutant("mixing added, not mixed", P, "(1.0 - gamma) * law[i] / total", "law[i] / total", LAW),
    Mutant("delta for delta / K", P, "math.log(n_arms / delta)", "math.log(1.0 / delta)", PLAYS),
    Mutant("rate times 10", P, "0.95 * math.sqrt(log", "9.5 * math.sqrt(log", PLAYS),
    Mutant("loss for gain", P, "seen = reward if", "seen = 1.0 - reward if", ESTIMATE),
)


RESULT = Result(
    slug="exp3_p",
    area="bandits/adversarial",
    title="EXP3.P: optimistic estimates, regret with high probability",
    paper="bubeck2012regret",
    algorithms={"exp3_p": f"{P}:exp3_p"},
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=profile_table(delta=DELTA),
    mutants=MUTANTS,
    figures=("exp3_p",),
    notes=("The explicit exploration costs about gamma T / 2 on easy tables: EXP3-IX, without it, regrets less.",),
)
