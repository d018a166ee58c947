r"""Explore-then-commit as in a formal development: its theorem, its one lemma, and exact values.

The proof [degenne2025leanbandits, ETC.lean]. Each arm is played m times in the first Km rounds; if arm a is kept, its
sum of rewards is at least that of the best arm (``sumRewards_bestArm_le_of_arm_mul_eq``), which has probability at
most $e^{-m \Delta_a^2/(4 \sigma^2)}$, the difference of two sums being $2 m \sigma^2$-sub-Gaussian
(``prob_arm_mul_eq_le``); then it is played T - Km times more (``pullCount_of_ge``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.etc_exact import EXACT, exact_regret
from theorylab.rooms.proofs_checks.bandits.recounts import regret_by_arms
from theorylab.rooms.proofs_checks.bandits.regret_claims import regret_claim, two_sided_claims
from theorylab.rooms.proofs_checks.bandits.shared import (
    EVERYWHERE,
    STATIONARY,
    bernoulli,
    final_regret,
    reference_check,
    variance_proxy,
)

from theorylab.bandits import GaussianBandit
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Mutant
from theorylab.verify.kinds import HighProbability
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

MODULE, REFERENCE = "theorylab.bandits.stochastic.etc", "theorylab.bandits.stochastic.etc_reference:ExploreThenCommit"
ENOUGH = Hypothesis("T >= K m", lambda case: case.horizon >= case.model.n_arms * case.parameters["m"])
TAILS = Hypothesis("rewards are sub-Gaussian", lambda case: math.isfinite(variance_proxy(case)))
THEOREM = (STATIONARY, TAILS, ENOUGH)


def regret_le(case: Case) -> float:
    r"""$\sum_a \Delta_a (m + (T - Km) e^{-m \Delta_a^2/(4 \sigma^2)})$."""
    d, m = case.model.gaps, case.parameters["m"]
    return float(np.sum(d * (m + (case.horizon - len(d) * m) * np.exp(-m * d**2 / (4.0 * variance_proxy(case))))))


def wrong_arm(run: Any, case: Case) -> bool:
    """The arm that is kept is not a best one."""
    return bool(case.model.gaps[int(np.argmax(run.pulls))] > 0.0)


RUNS = {"smoke": 200, "quick": 300, "paper": 2000, "power": 30}
INSTANCES = (  # short explorations: the bound must leave room to be supported
    bernoulli((0.5, 0.3), 300, RUNS, m=30),
    bernoulli((0.3, 0.5), 300, RUNS, m=30),
    bernoulli((0.9, 0.1), 60, RUNS, m=3),
    bernoulli((0.1, 0.9), 60, RUNS, m=3),
    bernoulli((0.2, 0.8, 0.2, 0.2), 120, RUNS, m=6),
    bernoulli((1.0, 0.0), 30, RUNS, m=1, presets=("quick", "paper")),
    bernoulli((0.5, 0.3), 1000, 1200, m=89, name="(0.5, 0.3) m=89, the best m", presets=("quick", "paper")),
    Instance("Gaussian (0.5, 1.5), sigma 0.5, m=2", lambda: GaussianBandit([0.5, 1.5], 0.5), 60, RUNS, {"m": 2}),
)
FEW = (bernoulli((0.9, 0.1), 100, {"smoke": 400, "quick": 800, "power": 40}, m=5, name="five plays, best first"),)
VALUED = (bernoulli((0.5, 0.3), 100, {"quick": 3000}, m=10, name="(0.5, 0.3) m=10", presets=("quick", "paper")),)
TRACED = tuple(
    bernoulli(
        means, {"smoke": 300, "power": 150}, {"smoke": 20, "quick": 60, "power": 8}, m=m, trace=True, name=f"traced {k}"
    )
    for k, means, m in (("two arms", (0.5, 0.4), 15), ("three arms", (0.3, 0.5, 0.45), 20), ("one arm", (0.5,), 7))
)
SMALL = tuple(
    bernoulli(means, {"quick": 200, "power": 60}, {"smoke": 4, "quick": 10, "power": 4}, m=m)
    for means, m in (((0.5, 0.45), 8), ((0.4, 0.5, 0.3), 5), ((0.0, 1.0, 1.0), 3), ((0.5, 0.5), 200))
)
CLAIMS = (
    regret_claim(
        "ETC.regret_le",
        regret_le,
        source="[degenne2025leanbandits, ETC.regret_le], proved in Lean",
        statement=r"E[R_T] \le \sum_a \Delta_a (m + (T - Km) e^{-m \Delta_a^2/(4\sigma^2)})",
        constants="paper",
        instances=INSTANCES,
        hypotheses=THEOREM,
        explains="the wrong number of plays of each arm, or the wrong choice",
    ),
    Claim(
        name="ETC.prob_arm_mul_eq_le",
        kind=HighProbability(math.exp(-5 * 0.8**2)),
        source="[degenne2025leanbandits, ETC.prob_arm_mul_eq_le]",
        statement=r"P(\text{arm a is kept}) \le e^{-m \Delta_a^2/(4\sigma^2)}",
        constants="paper",
        instances=FEW,
        event=wrong_arm,
        hypotheses=THEOREM,
        layer="link",
    ),
    *two_sided_claims(
        "the exact value",
        lambda case: float(case.fact("regret", lambda model: exact_regret(model.means, 100, 10))),
        (0.85, 1.15),
        (r"E[R_T] \le 1.15 E[R_T], the right side computed", r"E[R_T] \ge 0.85 E[R_T], the right side computed"),
        source="convolution of binomials",
        constants="derived here",
        instances=VALUED,
        hypotheses=THEOREM,
    ),
)


def explored(run: Any, case: Case) -> Any:
    """Rounds of the first phase."""
    return np.arange(case.horizon) < case.model.n_arms * case.parameters["m"]


def kept(run: Any, case: Case) -> int:
    """The arm of round Km."""
    return int(run.trace["actions"][case.model.n_arms * case.parameters["m"]])


def first_sums(run: Any, case: Case) -> Any:
    """(K,) sums of the rewards of the first phase."""
    first = explored(run, case)
    return np.bincount(run.trace["actions"][first], run.trace["rewards"][first], minlength=case.model.n_arms)


LINKS = (
    Link(
        name="arm_of_lt: the arms in turn",
        left=lambda run, case: run.trace["actions"],
        right=lambda run, case: np.arange(case.horizon) % case.model.n_arms,
        given=explored,
        source="[degenne2025leanbandits, ETC.arm_of_lt]",
        instances=TRACED,
        statement=r"A_t = t mod K for t < K m",
        two_sided=True,
    ),
    Link(
        name="sumRewards_bestArm_le_of_arm_mul_eq",
        left=lambda run, case: first_sums(run, case).max(),
        right=lambda run, case: first_sums(run, case)[kept(run, case)],
        source="[degenne2025leanbandits, ETC.sumRewards_bestArm_le_of_arm_mul_eq]",
        instances=TRACED,
        statement=r"the arm kept has the largest sum of rewards of the first K m rounds",
        two_sided=True,
    ),
    Link(
        name="the lowest of several",
        left=kept,
        right=lambda run, case: int(np.argmax(np.round(first_sums(run, case), 9))),
        source="[degenne2025leanbandits, ETC.nextArm]: the argmax with the least encoding",
        instances=TRACED,
        statement=r"A_{Km} is the lowest arm with the largest mean",
        two_sided=True,
    ),
    Link(
        name="pullCount_of_ge",
        left=lambda run, case: run.pulls,
        right=lambda run, case: (
            case.parameters["m"]
            + (case.horizon - case.model.n_arms * case.parameters["m"])
            * (np.arange(case.model.n_arms) == kept(run, case))
        ),
        source="[degenne2025leanbandits, ETC.pullCount_of_ge]",
        instances=TRACED,
        statement=r"N_a = m + (T - K m) 1{A_{Km} = a}",
        two_sided=True,
        explains="m plays of each arm, and one decision only",
    ),
    regret_by_arms(TRACED, statement=r"R_T = \sum_a N_a \Delta_a"),
)
STAGES = (
    Stage("regret", final_regret),
    Stage("exact value", lambda run, case: exact_regret(case.model.means, case.horizon, case.parameters["m"])),
    Stage("ETC.regret_le", lambda run, case: regret_le(case), "the sub-Gaussian tail for the binomial one"),
)
COMMIT, DECIDE = "            if t == n_arms * m:", "                    means[i] = sums[i] / m\n"
SAME, CHOICE = "etc plays like its reference", "while means[kept] < best - TIE:"
MUTANTS = (
    Mutant("m in total, not per arm", MODULE, "        if t < n_arms * m:", "        if t < m:", "pullCount_of_ge"),
    Mutant(
        "decides again after Km",
        MODULE,
        f"{COMMIT}\n                for i in range(n_arms):\n{DECIDE}",
        "            if t >= n_arms * m:\n                for i in range(n_arms):\n"
        + DECIDE.replace("/ m", "/ memory[4 + i]"),
        "pullCount_of_ge",
    ),
    Mutant("one arm after the other", MODULE, "arm = t % n_arms", "arm = t // m", "arm_of_lt: the arms in turn"),
    Mutant("last arm not compared", MODULE, "for i in range(1, n_arms):", "for i in range(1, n_arms - 1):", SAME),
    Mutant(
        "ties to the last arm",
        MODULE,
        f"kept = 0\n                {CHOICE}\n                    kept += 1",
        f"kept = n_arms - 1\n                {CHOICE}\n                    kept -= 1",
        SAME,
    ),
    Mutant(
        "keeps the worst arm",
        MODULE,
        f"                    best = max(best, means[i])\n                kept = 0\n                {CHOICE}",
        "                    best = min(best, means[i])\n                kept = 0\n"
        "                while means[kept] > best + TIE:",
        SAME,
    ),
    Mutant("last reward for the mean", MODULE, "sums[arm] += step_kernel", "sums[arm] = step_kernel", SAME),
    Mutant(
        "the last round of exploration is missing",
        MODULE,
        "        if t < n_arms * m:",
        "        if t < n_arms * m - 1:",
        SAME,
    ),
)
RESULT = Result(
    slug="etc",
    area="bandits/stochastic",
    title="Explore-then-commit, to the letter of its formal proof",
    paper="degenne2025leanbandits",
    algorithms={"etc": f"{MODULE}:etc"},
    claims=CLAIMS,
    links=LINKS,
    checks=(reference_check("etc", REFERENCE, SMALL), *EXACT),
    stages=STAGES,
    profile_instance=bernoulli((0.5, 0.3), 1000, {"smoke": 50, "quick": 400}, m=89, name="profile", presets=EVERYWHERE),
    mutants=MUTANTS,
    figures=("etc",),
    notes=(
        "The formal statement is about real numbers, a Markov kernel that draws rewards, and an integral; the code has "
        "doubles, a pseudo-random generator, and one run is one sample: the table in the module's docstring says what "
        "stands for what.",
        "The first phase in blocks has the same law of regret as in turn: only the reference and the first link tell "
        "them apart.",
    ),
)
