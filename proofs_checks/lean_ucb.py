r"""UCB as in a formal development: its theorem, the lemmas of its proof by their names, and exact values.

The proof [degenne2025leanbandits, UCB.lean]. A suboptimal arm a is played with t rounds done: then the index of the
best arm is at or below its mean, or the lower limit of a is above its mean, or the gap is at most two widths
(``gap_arm_le_two_mul_ucbWidth``), that is $N_a \le 8 c \sigma^2 \ln(t + 1)/\Delta_a^2$ (``pullCount_arm_le``). The
first two have probability at most $(t + 1)^{1 - c}$ each (``prob_ucbIndex_le``, ``prob_ucbIndex_ge``), a union over
at most t numbers of plays of $(t + 1)^{-c}$ (audited exactly). So $E[N_a] \le 8 c \sigma^2 \ln(T + 1)/\Delta_a^2 + 2
+ 2 \sum_{s < T} (s + 1)^{1 - c}$ (``expectation_pullCount_le``).
"""

from __future__ import annotations

import math

import numpy as np
from theorylab.rooms.proofs_checks.bandits.lean_ucb_exact import EXACT
from theorylab.rooms.proofs_checks.bandits.lean_ucb_links import LINKS, scale
from theorylab.rooms.proofs_checks.bandits.lean_ucb_mutants import MUTANTS
from theorylab.rooms.proofs_checks.bandits.regret_claims import fluid_law_claims, regret_claim
from theorylab.rooms.proofs_checks.bandits.shared import (
    EVERYWHERE,
    NO_MUTANTS,
    STATIONARY,
    audit_check,
    bernoulli,
    final_regret,
    positive_gaps,
    reference_check,
    variance_proxy,
)

from theorylab.bandits import GaussianBandit
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.exact.bandits import ucb1_fluid_law
from theorylab.verify.result import Result
from theorylab.verify.statements import Stage

MODULE, REFERENCE = "theorylab.bandits.stochastic.lean_ucb", "theorylab.bandits.stochastic.lean_ucb_reference:LeanUCB"


TAILS = Hypothesis(
    "rewards are sigma^2-sub-Gaussian", lambda case: variance_proxy(case) <= float(case.parameters.get("sigma2", 0.25))
)
THEOREM = (STATIONARY, TAILS)


def const_sum(case: Case) -> float:
    """``constSum``: (s + 1)^(1 - c) summed over s < T; beyond 10^4 terms the integral, no smaller for c >= 1."""
    power, head = 1.0 - float(case.parameters.get("c", 3.0)), min(case.horizon, 10_000)
    total = float(np.sum(np.arange(1.0, head + 1.0) ** power))
    if case.horizon == head:
        return total
    if power == -1.0:
        return total + math.log(case.horizon / head)
    return total + (float(case.horizon) ** (power + 1.0) - float(head) ** (power + 1.0)) / (power + 1.0)


def logarithmic(case: Case) -> float:
    r"""$\sum_a 8 c \sigma^2 \ln(T + 1)/\Delta_a$."""
    return float(np.sum(8.0 * scale(case) * math.log(case.horizon + 1) / positive_gaps(case)))


def regret_le(case: Case) -> float:
    """The right side of ``UCB.regret_le``; arms without a gap contribute 0."""
    return logarithmic(case) + float(positive_gaps(case).sum()) * (2.0 + 2.0 * const_sum(case))


def law(case: Case) -> float:
    """The regret at which all indices are level."""
    return ucb1_fluid_law(case.model.gaps, case.horizon, 2.0 * scale(case))


RUNS = {"smoke": 160, "quick": 300, "paper": 1000, "power": 10}
HORIZON = {"smoke": 500, "quick": 700, "paper": 2000, "power": 150}
INSTANCES = (
    bernoulli((0.9, 0.1), HORIZON, RUNS, c=3.0),
    bernoulli((0.1, 0.9), HORIZON, RUNS, c=3.0),
    bernoulli((0.8, 0.2, 0.2, 0.2), HORIZON, RUNS, c=3.0),
    bernoulli((0.1, 0.9), HORIZON, RUNS, c=4.0, presets=("quick", "paper")),
    bernoulli((0.9, 0.1), HORIZON, RUNS, c=2.2, presets=("quick", "paper")),
    bernoulli((0.5, 1.0), HORIZON, RUNS, c=3.0, presets=("quick", "paper")),
    Instance(
        "Gaussian (1, 0), sigma 0.5", lambda: GaussianBandit([1.0, 0.0], 0.5), HORIZON, RUNS, {"c": 3.0, "sigma2": 0.25}
    ),
    bernoulli((0.9, 0.1), 500, 20, name="(0.9, 0.1) c=1: no logarithm", c=1.0, presets=("quick", "paper")),
)
LEVEL = tuple(
    bernoulli(
        means,
        {"smoke": 5000, "quick": 10_000},
        {"smoke": 250, "quick": 350},
        name=f"ten arms, best {word}",
        presets=NO_MUTANTS,
        c=3.0,
    )
    for word, means in (("first", (0.7, *[0.5] * 9)), ("last", (*[0.5] * 9, 0.7)))
)
TRACED = tuple(
    bernoulli(
        means,
        {"smoke": 800, "quick": 2000, "power": 150},
        {"smoke": 10, "quick": 25, "power": 8},
        name=f"traced {name}",
        trace=True,
        c=c,
    )
    for name, means, c in (
        ("two arms", (0.9, 0.4), 3.0),
        ("best last", (0.3, 0.5, 0.9), 3.0),
        ("small c", (0.6, 0.5), 0.2),
    )
)
SMALL = tuple(
    bernoulli(means, {"smoke": 150, "quick": 250, "power": 60}, {"smoke": 2, "quick": 5, "power": 2}, c=c)
    for means, c in (((0.6, 0.5, 0.4), 3.0), ((0.0, 1.0, 0.5), 4.0), ((0.5, 0.7), 0.5))
)
CLAIMS = (
    regret_claim(
        "UCB.regret_le",
        regret_le,
        source="[degenne2025leanbandits, UCB.regret_le], proved in Lean",
        statement=r"E[R_T] \le \sum_a (8 c \sigma^2 \ln(T + 1)/\Delta_a + \Delta_a (2 + 2 \sum_{s<T} (s + 1)^{1-c}))",
        constants="paper",
        instances=INSTANCES,
        hypotheses=THEOREM,
        explains="an index must shrink, and must stay above the mean",
    ),
    *fluid_law_claims(
        law,
        (
            r"E[R_T] \le 1.2 \sum_i \Delta_i 2 c \sigma^2 \ln T/(\Delta_i + e)^2, all indices level",
            r"E[R_T] \ge 0.8 \sum_i \Delta_i 2 c \sigma^2 \ln T/(\Delta_i + e)^2",
        ),
        instances=LEVEL,
        hypotheses=THEOREM,
    ),
)
STAGES = (
    Stage("regret", final_regret),
    Stage("fluid law", lambda run, case: law(case), "all indices level"),
    Stage("8 c sigma^2 ln(T + 1) / gap", lambda run, case: logarithmic(case)),
    Stage("UCB.regret_le", lambda run, case: regret_le(case), "failed intervals, twice"),
)
RESULT = Result(
    slug="lean_ucb",
    area="bandits/stochastic",
    title="UCB, to the letter of its formal proof",
    paper="degenne2025leanbandits",
    algorithms={"lean_ucb": f"{MODULE}:lean_ucb"},
    claims=CLAIMS,
    links=LINKS(TRACED),
    checks=(
        reference_check("lean_ucb", REFERENCE, SMALL, more=("indices",)),
        audit_check(
            "radius",
            MODULE,
            bernoulli((0.5, 0.5), 1, 1, name="binomial tails, c = 3"),
            source="[degenne2025leanbandits, prob_ucbIndex_le]: the term of the union for n plays",
            constants="paper",
            statement=r"P(\bar X_n + \sqrt{2 c \sigma^2 \ln(t + 1)/n} < \mu) \le (t + 1)^{-c} for (t, n, \mu)",
        ),
        *EXACT,
    ),
    stages=STAGES,
    profile_instance=bernoulli(
        (0.8, 0.5, 0.5, 0.5),
        {"smoke": 2000, "quick": 20_000},
        {"smoke": 5, "quick": 20},
        name="profile",
        presets=EVERYWHERE,
        c=3.0,
    ),
    mutants=MUTANTS,
    figures=("lean_ucb",),
    notes=(
        "The formal statement is about real numbers, a Markov kernel that draws rewards, and an integral; the code has "
        "doubles, a pseudo-random generator, and one run is one sample: the table in the module's docstring says what "
        "stands for what.",
        "With c = 4 and sigma^2 = 1/4 this is UCB1 with ln(t + 1): the letter of one theorem is a mistake in the "
        "other, and neither theorem sees the difference; the exact values do.",
        "With c <= 2 the sum over failed intervals grows with T: at c = 1 the bound is 2 T gap and vacuous.",
    ),
)
