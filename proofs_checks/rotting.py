"""[seznec2020single], [seznec2019rotting]: rotting bandits; RAW-UCB and FEWA with bounds derived here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.rotting_checks import CHECKS, ROTTING, SLOPES, rotting
from theorylab.rooms.proofs_checks.bandits.shared import EVERYWHERE, final_regret

from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Mutant
from theorylab.verify.kinds import Always, HighProbability
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

ALPHA, T0, DELTA = 4.0, 5, 0.2  # K = 2: the theorem fails with probability at most 0.176


def two_arms(name: str, tables: Any, horizon: int, windows: str, presets: Any, *, sigma: float = 0.25) -> Instance:
    """Gaussian noise, two arms."""
    return Instance(
        f"{name}, {windows}",
        rotting(tables, noise="gaussian", sigma=sigma),
        {"quick": horizon, "power": 80},
        {"smoke": 50, "quick": 60, "paper": 400, "power": 3},
        {"alpha": ALPHA, "sigma": sigma, "windows": windows},
        presets,
    )


def abrupt(length: int) -> Any:
    """The first arm is better until it has been played ``length`` times, then worthless."""
    return [[0.9] * length + [0.0], [0.45] * (length + 1)]


def linear(length: int) -> Any:
    """The first arm falls from 1 to 0, the second stays at one half."""
    return [np.linspace(1.0, 0.0, length), np.full(length, 0.5)]


QUICK, FIRST = ("quick", "paper"), ("smoke", "quick", "paper", "power")
RAW_RUNS = (
    two_arms("abrupt", abrupt(500), 1200, "all", FIRST),
    two_arms("abrupt, reversed", abrupt(500)[::-1], 1200, "all", QUICK),
    two_arms("linear", linear(1200), 1200, "all", QUICK),
    two_arms("abrupt, little noise", abrupt(2000), 5000, "geometric", QUICK, sigma=0.1),
)
FEWA_RUNS = (
    two_arms("abrupt, little noise", abrupt(500), 1200, "all", FIRST, sigma=0.1),
    two_arms("abrupt, reversed, little noise", abrupt(2000)[::-1], 5000, "geometric", QUICK, sigma=0.05),
)
NOISELESS = (
    Instance("slopes", rotting(SLOPES), 100, 1),
    Instance("abrupt", rotting(abrupt(50)), 200, 1),
    Instance("slopes, reversed, all windows", rotting(SLOPES[::-1]), 100, 1, {"windows": "all"}),
)
TRACED = tuple(
    Instance(
        f"traced, {windows}",
        rotting(abrupt(60), noise="gaussian", sigma=0.25),
        {"smoke": 60, "quick": 150, "paper": 1000, "power": 50},
        {"smoke": 50, "quick": 60, "paper": 200, "power": 3},
        {"alpha": ALPHA, "sigma": 0.25, "windows": windows, "trace": True},
        EVERYWHERE,
    )
    for windows in ("geometric", "all")
)
RESTED = Hypothesis("rested, non-increasing", lambda c: c.model.kind == "rested" and c.model.non_increasing)
KNOWN = Hypothesis(
    f"alpha >= {ALPHA:g} and sigma is the model's",
    lambda c: c.parameters["alpha"] >= ALPHA and c.parameters["sigma"] >= c.model.sigma,
)
SILENT = Hypothesis("no noise", lambda c: c.model.noise == "none")


def bound(rule: str) -> Any:
    """The theorem for one rule."""

    def value(case: Case) -> float:
        from theorylab.bandits.lsd.rotting import regret_bound

        return regret_bound(case.model, case.horizon, rule=rule, t0=T0, **case.parameters)

    return value


def worst_regret(case: Case) -> float:
    """Of two arms: the oracle's reward less that of the worst way to share T pulls."""
    T, tables = case.horizon, case.model.tables
    sums = [np.concatenate([[0.0], np.cumsum([row[min(j, len(row) - 1)] for j in range(T)])]) for row in tables]
    totals = sums[0] + sums[1][::-1]
    return float(totals.max() - totals.min())


def sum_of_drops(case: Case) -> float:
    """The bound without noise."""
    from theorylab.bandits.lsd.rotting import largest_drops

    return float(largest_drops(case.model).sum())


WITH_NOISE: dict[str, Any] = dict(
    kind=HighProbability(DELTA),
    source="derived",
    constants="derived here",
    quantity=final_regret,
    trivial=worst_regret,
    hypotheses=(RESTED, KNOWN),
)
WITHOUT: dict[str, Any] = dict(
    kind=Always(),
    source="derived",
    constants="derived here",
    statement=r"R_t \le \sum_i d_i for all t",
    instances=NOISELESS,
    quantity=lambda r, c: float(r.regret.max()) - 1e-9,
    bound=sum_of_drops,
    trivial=lambda c: c.horizon * float(np.ptp(c.model.tables)),
    hypotheses=(RESTED, SILENT),
)
RAW_THEOREM = Claim(
    name="RAW-UCB",
    algorithm="raw_ucb",
    statement=r"R_T \le 2 G \sigma\sqrt{2\alpha \ln T}(\sqrt{(K-1)T} + K - 1) + \sum_i d_i + t_0 L",
    instances=RAW_RUNS,
    bound=bound("raw_ucb"),
    **WITH_NOISE,
)
FEWA_THEOREM = Claim(
    name="FEWA",
    algorithm="fewa",
    statement=r"R_T \le 4 G \sigma\sqrt{2\alpha \ln T}(\sqrt{(K-1)T} + K - 1) + \sum_i d_i + t_0 L",
    instances=FEWA_RUNS,
    bound=bound("fewa"),
    **WITH_NOISE,
)
CLAIMS = (
    RAW_THEOREM,
    FEWA_THEOREM,
    Claim(name="RAW-UCB, no noise", algorithm="raw_ucb", **WITHOUT),
    Claim(name="FEWA, no noise", algorithm="fewa", **WITHOUT),
)


def window_margins(run: Any, case: Case, width: float) -> Any:
    """(T,) by how much the worst window of the arm played falls behind the best current mean, less width c(h)."""
    tables, p = case.model.tables, case.parameters
    pulls = np.zeros(case.model.n_arms, int)
    sums = [
        np.concatenate([[0.0], np.cumsum([row[min(j, len(row) - 1)] for j in range(case.horizon)])]) for row in tables
    ]
    worst = np.full(case.horizon, -np.inf)
    for t, arm in enumerate(run.trace["actions"]):
        if t >= T0:
            now = max(sums[i][pulls[i] + 1] - sums[i][pulls[i]] for i in range(len(pulls)))
            h = np.arange(1, pulls[arm] + 1)
            if p["windows"] == "geometric":
                h = h[h & (h - 1) == 0]
            means = (sums[arm][pulls[arm]] - sums[arm][pulls[arm] - h]) / h
            worst[t] = np.max(now - means - width * p["sigma"] * np.sqrt(2 * p["alpha"] * math.log(t) / h))
        pulls[arm] += 1
    return worst


def windows_link(name: str, algorithm: str, width: float) -> Link:
    """The lemma of the proof."""
    return Link(
        name=name,
        kind=HighProbability(DELTA),
        left=lambda r, c: window_margins(r, c, width),
        right=lambda r, c: 0.0,
        given=lambda r, c: np.arange(c.horizon) >= T0,
        source="derived",
        instances=TRACED,
        algorithm=algorithm,
        statement=rf"\bar\mu^h \ge \max_j \mu_j - {width:g} c(h) for all windows of the arm played, all t \ge t_0",
    )


LINKS = (
    windows_link("windows of RAW-UCB's arm", "raw_ucb", 2.0),
    windows_link("windows of FEWA's arm", "fewa", 4.0),
)
STAGES = (
    Stage("regret", lambda r, c: max(1.0, float(r.regret[-1])), "against the greedy oracle"),
    Stage(
        "surplus pulls pay two radii",
        lambda r, c: (
            2 * c.parameters["sigma"] * math.sqrt(2 * ALPHA * math.log(c.horizon) * surplus(r, c))
            + sum_of_drops(c)
            + T0
        ),
        "pulls beyond the oracle's, their windows and largest drops",
    ),
    Stage("all pulls are surplus, the theorem", lambda r, c: bound("raw_ucb")(c), r"\sum h \le T"),
)


def surplus(run: Any, case: Case) -> float:
    """Pulls of an arm beyond the oracle's."""
    T, tables = case.horizon, case.model.tables
    entries = sorted(
        ((-row[min(j, len(row) - 1)], a, j) for a, row in enumerate(tables) for j in range(T)), key=lambda e: e
    )[:T]
    taken = np.bincount([a for _, a, _ in entries], minlength=len(tables))
    return float(np.maximum(run.pulls - taken, 0).sum())


BEYOND = "windows[k] <= pulls[i]:"
MUTANTS = (
    Mutant(
        "window off by one",
        ROTTING,
        "reward - rewards[arm, n - h]",
        "reward - rewards[arm, n - h + 1]",
        "plays like its reference",
    ),
    Mutant(
        "mean of all for the last h",
        ROTTING,
        "sums[arm, k] += reward - rewards[arm, n - h]",
        "sums[arm, k] = totals[arm] * h / (n + 1.0)",
        "plays like its reference",
    ),
    Mutant(
        "alpha outside the root",
        ROTTING,
        "squared = 2.0 * alpha * sigma * sigma",
        "squared = 2.0 * alpha * alpha * sigma * sigma",
        "plays like its reference",
    ),
    Mutant(
        "sigma without its square",
        ROTTING,
        "squared = 2.0 * alpha * sigma * sigma",
        "squared = 2.0 * alpha * sigma",
        "plays like its reference",
    ),
    Mutant(
        "radius by the time, not its logarithm",
        ROTTING,
        "math.sqrt(variance * math.log(t))",
        "math.sqrt(variance * t)",
        "plays like its reference",
    ),
    Mutant(
        "no two in the radius",
        ROTTING,
        "_width(2.0 * alpha * sigma * sigma, t)",
        "_width(alpha * sigma, t) / 2.0",
        "audit of the radius",
    ),
    Mutant(
        "largest of the upper bounds",
        ROTTING,
        "lowest = min(lowest, sums",
        "lowest = max(-lowest if lowest == math.inf else lowest, sums",
        "plays like its reference",
    ),
    Mutant("longest window left out", ROTTING, BEYOND, "windows[k] < pulls[i] + (k == 0):", "plays like its reference"),
    Mutant(
        "window longer than the rewards", ROTTING, BEYOND, "windows[k] <= pulls[i] + 1:", "plays like its reference"
    ),
    Mutant(
        "FEWA keeps arms within one radius",
        ROTTING,
        "best - 2.0 * width * scales[k]",
        "best - width * scales[k]",
        "plays like its reference",
    ),
    Mutant(
        "FEWA's radius of a sum",
        ROTTING,
        "best - 2.0 * width * scales[k]",
        "best - 2.0 * width / scales[k]",
        "plays like its reference",
    ),
    Mutant(
        "FEWA pulls at h, not below it",
        ROTTING,
        "if pulls[i] < windows[k]:",
        "if pulls[i] <= windows[k]:",
        "plays like its reference",
    ),
    Mutant(
        "FEWA forgets who was dropped",
        ROTTING,
        "                index[i] = 0.0\n",
        "                index[i] = 0.5\n",
        "plays like its reference",
    ),
    Mutant(
        "union over one window each",
        ROTTING,
        "math.pow(t0, 2.0 - alpha)",
        "math.pow(t0, 1.0 - alpha)",
        "union over windows",
    ),
    Mutant("first pull is no drop", ROTTING, "np.full_like(first, first.max())", "first", "RAW-UCB without noise"),
)

RESULT = Result(
    slug="rotting",
    area="bandits/lsd",
    title="Rotting bandits: RAW-UCB and FEWA",
    paper="seznec2020single",
    algorithms={"raw_ucb": f"{ROTTING}:raw_ucb", "fewa": f"{ROTTING}:fewa"},
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=RAW_RUNS[0],
    mutants=MUTANTS,
    figures=("rotting",),
    notes=(
        "The constants alpha of the authors' experiments (1 for RAW-UCB, 0.06 for FEWA) are below what the proof here"
        " allows; the theorem is checked with alpha = 4.",
        "Geometric windows cost a factor 3.4 in the bound derived here, and next to nothing in the regret measured.",
    ),
)
