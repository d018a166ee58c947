"""[malik2023weighted]: elimination with burn-in in tallying bandits; the derived theorem, its proof, its limits."""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theorylab.rooms.proofs_checks.bandits.shared import NO_MUTANTS, final_regret
from theorylab.rooms.proofs_checks.bandits.wtb_checks import BASELINES, CHECKS, FOLDER, MUTANTS, WTB
from theorylab.rooms.proofs_checks.bandits.wtb_instances import (
    CONTROL,
    DECLARED,
    DELTA,
    REFUSED,
    REO,
    THEOREM,
    bound,
    cap,
    hidden_needle,
)
from theorylab.rooms.proofs_checks.bandits.wtb_links import LINKS, STAGES, TRACED

from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.kinds import Expectation, HighProbability, LowerBound, NegativeControl
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim

CONFIDENT = Hypothesis(f"delta {DELTA}", lambda case: case.parameters["delta"] == DELTA)
STATEMENT = r"\mathrm{CPR}_T \le c \sqrt{KTL} + (M-1)KS + 2K, c = 4\sqrt{(2+\sqrt2)^2+1} = 14.23.., L = \ln(2KS/\delta)"
DERIVED: Mapping[str, Any] = dict(source="derived; the form is that of [malik2023weighted]", constants="derived here")


def in_expectation(case: Case) -> float:
    """The bound plus delta T."""
    return bound(case) + case.parameters["delta"] * case.horizon


HIGH_PROBABILITY = Claim(
    name="Theorem",
    kind=HighProbability(DELTA),
    statement=f"P({STATEMENT}) \\ge 1 - \\delta",
    instances=(*THEOREM, REFUSED),
    quantity=final_regret,
    bound=bound,
    trivial=cap,
    hypotheses=(REO, DECLARED, CONFIDENT),
    explains="the memory costs additively: sqrt(KT) is that of a bandit without memory",
    **DERIVED,
)
EXPECTATION = Claim(
    name="Theorem in expectation",
    kind=Expectation(),
    statement=r"E[\mathrm{CPR}_T] \le c \sqrt{KTL} + (M-1)KS + 2K + \delta T",
    instances=THEOREM[:-1],
    quantity=final_regret,
    bound=in_expectation,
    trivial=cap,
    cap=cap,
    hypotheses=(REO, DECLARED),
    **DERIVED,
)
TOO_SHORT = Claim(
    name="fails with M below m",
    kind=NegativeControl(DELTA),
    statement=r"with M = 1 < m = 300 the bound fails: recorded losses are not those of a repeated arm",
    instances=CONTROL,
    quantity=final_regret,
    bound=bound,
    trivial=cap,
    hypotheses=(REO, Hypothesis("the window is longer than M", lambda c: c.model.window > c.parameters["M"])),
    **DERIVED,
)

K, NEEDLE = 8, 8  # arms, window
KEYWORDS: Mapping[str, Mapping[str, Any]] = {
    "wtb_successive_elimination": {"M": NEEDLE, "delta": DELTA},
    "batched_exp3": {"block": NEEDLE},
    "round_robin_se": {"delta": DELTA},
    "uniform_play": {},
    "ucb1": {},
    "query_then_plan": {},
    "se_tb": {"delta": DELTA},
}
SMALLER = ("query_then_plan", "se_tb")  # they list sequences: five arms, window 4


def size(name: str) -> tuple[int, int]:
    """(K, m) of the hidden needle that an algorithm meets."""
    return (5, 4) if name in SMALLER else (K, NEEDLE)


def lower_bound(name: str, keywords: Mapping[str, Any]) -> Claim:
    """No algorithm does better on the hidden needle; T = mK.

    The least loss of any algorithm is m (K + 1)/2 - 1. The records of the two that list sequences are against the best
    sequence, which loses m - 1 itself; those of the others against T l* = 0.
    """
    arms, window = size(name)
    exact = name in SMALLER
    paid = window if exact else 1
    instance = Instance(
        f"hidden needle K={arms} m={window}, {name}",
        lambda: hidden_needle(arms, window),
        arms * window,
        {"smoke": 60, "quick": 100, "paper": 1000},
        keywords,
        NO_MUTANTS,
    )
    return Claim(
        name=f"lower bound, {name}",
        kind=LowerBound(),
        source="derived: a loss of 0 needs m plays in a row",
        statement=rf"E[{'CPR_T' if exact else 'loss_T - T l^*'}] \ge m (K + 1)/2 - {'m' if exact else '1'} for T \ge mK"
        r" and x^* uniform",
        constants="derived here",
        instances=(instance,),
        quantity=final_regret,
        bound=lambda case: window * (arms + 1) / 2 - paid,
        cap=cap,
        algorithm=name,
        explains="after t rounds at most t/m arms have been tested",
    )


RESULT = Result(
    slug="wtb_successive_elimination",
    area="bandits/tallying",
    title="Successive elimination with burn-in in weighted tallying bandits",
    paper="malik2023weighted",
    algorithms={
        "wtb_successive_elimination": f"{WTB}:wtb_successive_elimination",
        "batched_exp3": f"{BASELINES}:batched_exp3",
        "round_robin_se": f"{BASELINES}:round_robin_se",
        "uniform_play": "theorylab.bandits.stochastic.baselines:uniform_play",
        "ucb1": "theorylab.bandits.stochastic.ucb1:ucb1",
        "query_then_plan": f"{FOLDER}.query_then_plan:query_then_plan",
        "se_tb": f"{FOLDER}.se_tb:se_tb",
    },
    claims=(HIGH_PROBABILITY, EXPECTATION, TOO_SHORT, *(lower_bound(n, k) for n, k in KEYWORDS.items())),
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=TRACED[-2],
    mutants=MUTANTS,
    figures=("wtb_successive_elimination",),
    notes=(
        "The published constants were not at hand: algorithm, constant and proof are ours, the form of the bound is the paper's.",
        "The benchmark of the record is T times the loss of the best repeated arm, at most m - 1 below the best sequence under REO.",
        "UCB1 wins where losses only fall with repetition: it repeats arms by accident; it has no guarantee here.",
    ),
)
