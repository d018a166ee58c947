r"""[du2025optimistic]: optimistic feasible search; the theorem for means that stay, and each step of its proof.

The proof is in the docstring of :mod:`theorylab.bandits.constrained.ofs`: while all intervals hold the search never
falls back, the point played errs by at most twice its radii, and the radii sum to at most $2\sqrt{nT}$ times their
widths.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.ofs_checks import (
    CHECKS,
    DELTA,
    MUTANTS,
    OFS,
    RESIDUALS,
    REWARDS,
    constrained,
)
from theorylab.rooms.proofs_checks.bandits.shared import NO_MUTANTS, STATIONARY

from theorylab.verify.cases import Case, Instance
from theorylab.verify.kinds import HighProbability
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

RUNS = {"smoke": 80, "quick": 110, "paper": 1000, "power": 4}
LONG = {"smoke": 20_000, "quick": 100_000, "paper": 1_000_000, "power": 100}


PLAYED = (
    Instance("best is infeasible", constrained(REWARDS, RESIDUALS), LONG, RUNS, {"delta": DELTA}, NO_MUTANTS),
    Instance("reversed", constrained(REWARDS[::-1], RESIDUALS[::-1]), LONG, RUNS, {"delta": DELTA}, ("quick", "paper")),
    Instance("on the boundary", constrained((0.8, 0.3), (0.0, 0.9)), LONG, RUNS, {"delta": DELTA}, ("quick", "paper")),
)
TRACED = (
    Instance(
        "traced, three points",
        constrained((0.9, 0.6, 0.5), (0.8, -0.3, 0.0)),
        {"smoke": 500, "quick": 1500, "power": 80},
        RUNS,
        {"delta": DELTA, "trace": True},
    ),
)


def widths(case: Case) -> tuple[float, float]:
    """Radii of one reward and one residual."""
    L = math.log(4 * case.model.n_arms * case.horizon / case.parameters["delta"])
    return math.sqrt(L / 2.0), math.sqrt(2.0 * L)


def bound(case: Case, which: int) -> float:
    """N + 4 sqrt(nT) widths: for the reward 2 sqrt 2 sqrt(LnT), for the residual 4 sqrt 2 sqrt(LnT)."""
    n = case.model.n_arms
    return n + 4.0 * math.sqrt(n * case.horizon) * widths(case)[which]


def worst_regret(case: Case) -> float:
    """T times the largest gap to the best feasible point."""
    return float(case.horizon * max(0.0, case.model.best_feasible - case.model.means.min()))


def worst_violation(case: Case) -> float:
    """T times the largest residual."""
    return float(case.horizon * case.model.residual_means.max())


CLAIMS = (
    Claim(
        name="regret",
        kind=HighProbability(DELTA),
        source="derived",
        statement=r"\sum (r^* - r_t)_+ \le n + 2\sqrt2 \sqrt{LnT} with probability 1 - \delta",
        constants="derived here",
        instances=PLAYED,
        quantity=lambda run, case: float(run.regret[-1]),
        bound=lambda case: bound(case, 0),
        trivial=worst_regret,
        hypotheses=(STATIONARY,),
        algorithm="ofs",
    ),
    Claim(
        name="violation",
        kind=HighProbability(DELTA),
        source="derived",
        statement=r"\sum (g_t)_+ \le n + 4\sqrt2 \sqrt{LnT} with probability 1 - \delta",
        constants="derived here",
        instances=PLAYED,
        quantity=lambda run, case: float(run.extra["violation"][-1]),
        bound=lambda case: bound(case, 1),
        trivial=worst_violation,
        hypotheses=(STATIONARY,),
        algorithm="ofs",
    ),
    Claim(
        name="no fallback",
        kind=HighProbability(DELTA),
        source="derived",
        statement="the fallback is never used, with probability 1 - \\delta",
        constants="derived here",
        instances=PLAYED,
        event=lambda run, case: run.extra["fallbacks"] > 0,
        hypotheses=(STATIONARY,),
        algorithm="ofs",
    ),
)


def plays(run: Any, case: Case) -> Any:
    """(T, n) plays before each round, at least 1."""
    played = run.trace["actions"][:, None] == np.arange(case.model.n_arms)[None, :]
    return np.maximum(np.cumsum(played, axis=0) - played, 1)


def own(values: Any, run: Any) -> Any:
    """(T,) the entry of the point played."""
    return values[np.arange(run.horizon), run.trace["actions"]]


def later(run: Any, case: Case) -> Any:
    """The rounds in which optimistic values decide."""
    return np.arange(case.horizon) >= case.model.n_arms


def misses(run: Any, case: Case) -> Any:
    """(T, n, 4) by how much each of the four one-sided intervals fails."""
    root = 1.0 / np.sqrt(plays(run, case))
    reward = run.trace["optimistic"][:, 0] - case.model.means
    residual = case.model.residual_means - run.trace["optimistic"][:, 1]
    two = [2.0 * width * root for width in widths(case)]
    return np.stack([-reward, reward - two[0], -residual, residual - two[1]], axis=2)


def covered(run: Any, case: Case) -> Any:
    """(T,) all intervals hold."""
    return (misses(run, case).max(axis=(1, 2)) <= 1e-9) & later(run, case)


def erring(which: int) -> Any:
    """(T,) shortfall of the reward, or excess of the residual, of the point played."""

    def left(run: Any, case: Case) -> Any:
        if which == 0:
            return np.maximum(case.model.best_feasible - case.model.means[run.trace["actions"]], 0.0)
        return np.maximum(case.model.residual_means[run.trace["actions"]], 0.0)

    return left


def twice(which: int) -> Any:
    """(T,) twice the radius of the point played."""
    return lambda run, case: 2.0 * widths(case)[which] / np.sqrt(own(plays(run, case), run))


LINKS = (
    Link(
        name="all intervals hold",
        kind=HighProbability(DELTA),
        left=lambda run, case: float(misses(run, case)[later(run, case)].max()),
        right=lambda run, case: 0.0,
        source="Hoeffding, union over 4nT sides",
        instances=TRACED,
        algorithm="ofs",
        statement=r"|\hat r - r| \le \sqrt{L/(2N)} and |\hat g - g| \le \sqrt{2L/N} for all points and rounds",
    ),
    Link(
        name="a feasible point stays in the set",
        left=lambda run, case: run.trace["optimistic"][:, 1].min(axis=1),
        right=lambda run, case: 0.0,
        given=covered,
        source="derived",
        instances=TRACED,
        algorithm="ofs",
        statement="while all intervals hold some optimistic residual is at most 0",
    ),
    Link(
        name="reward of a round",
        left=erring(0),
        right=twice(0),
        given=covered,
        source="derived",
        instances=TRACED,
        algorithm="ofs",
        statement=r"r^* - r_t \le 2\sqrt{L/(2N)} while all intervals hold",
    ),
    Link(
        name="residual of a round",
        left=erring(1),
        right=twice(1),
        given=covered,
        source="derived",
        instances=TRACED,
        algorithm="ofs",
        statement=r"g_t \le 2\sqrt{2L/N} while all intervals hold",
    ),
    Link(
        name="sum of radii",
        left=lambda run, case: float((1.0 / np.sqrt(own(plays(run, case), run)))[later(run, case)].sum()),
        right=lambda run, case: 2.0 * math.sqrt(case.model.n_arms * case.horizon),
        source="derived",
        instances=TRACED,
        algorithm="ofs",
        statement=r"\sum 1/\sqrt{N} \le 2\sqrt{nT}",
    ),
)

STAGES = (
    Stage("regret", lambda run, case: float(run.regret[-1])),
    Stage(
        "twice the radii",
        lambda run, case: case.model.n_arms + float(twice(0)(run, case)[later(run, case)].sum()),
        "every point errs by all that its interval allows",
    ),
    Stage("the bound", lambda run, case: bound(case, 0), "Cauchy-Schwarz: points are played alike"),
)
RESULT = Result(
    slug="ofs",
    area="bandits/constrained",
    title="Optimistic feasible search: constraints learned like rewards",
    paper="du2025optimistic",
    algorithms={name: f"{OFS}:{name}" for name in ("ofs", "unconstrained_ucb", "primal_dual_bandit")},
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=TRACED[0],
    mutants=MUTANTS,
    figures=("ofs",),
    notes=(
        "The published radii and horizons were not at hand: radii, bounds and the closed loop are our own.",
        "The fallback cannot happen in the theorem's setting; a loop that starts infeasible exercises it.",
    ),
)
