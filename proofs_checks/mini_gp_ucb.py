r"""[calandriello2022scaling]: GP-UCB and GP-EI that evaluate few unique points many times.

The proof (derived here).  Evaluating $x_h$ b times makes its variance $s_h^2/(1 + b s_h^2/\xi^2)$.  A complete phase
has $B \ge (C^2 - 1)\xi^2/s_h^2$, so it gains $\tfrac12\ln(1 + B s_h^2/\xi^2) \ge \ln C$; the gains of all phases sum to
at most $\gamma_T$.  Before the last evaluation $b \le B - 1 < (C^2 - 1)\xi^2/s_h^2$, so $s_{t-1}(x_t) > s_h/C$: in the
proof of GP-UCB $r_t \le 2\sqrt{\beta_t} s_h(x_h) \le 2C\sqrt{\beta_t} s_{t-1}(x_t)$, and everything else stays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.gp_checks import (
    AREA,
    GP,
    betas,
    gains,
    independent,
    mean_range,
    reference,
    smooth,
    uneven,
)
from theorylab.rooms.proofs_checks.bandits.shared import NO_MUTANTS

from theorylab.core.rng import as_generator, child_seed
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Code, Mutant
from theorylab.verify.kinds import HighProbability
from theorylab.verify.result import Result
from theorylab.verify.statements import Check, Claim, Comparison, Link, Stage

MINI, REFERENCE = f"{AREA}.mini_gp_ucb", f"{AREA}.mini_gp_ucb_reference"
DELTA, COVERAGE = 0.1, 0.3  # of the theorem; of the intervals, which fail in a few percent of the runs
SMALL_VARIANCE = Hypothesis("prior variances are at most 1", lambda c: bool(np.diagonal(c.model.kernel).max() <= 1.0))
PRIOR = Hypothesis("the function is drawn from the prior", lambda c: bool(c.model.is_prior))
RUNS = {"smoke": 80, "quick": 110, "paper": 1000, "power": 4}
LONG = {"smoke": 5000, "quick": 10_000, "paper": 100_000, "power": 60}


def drawn(name: str, build: Any, C: float, presets: Any) -> Instance:
    """A prior."""
    return Instance(f"{name}, C={C:g}", build, LONG, RUNS, {"C": C, "delta": DELTA}, presets)


DRAWN = (
    drawn("smooth, 8 points", smooth(8, 0.4, 0.1), 1.5, NO_MUTANTS),
    drawn("smooth, 8 points", smooth(8, 0.4, 0.1), 1.1, ("quick", "paper")),
    drawn("independent, 4 points", independent(4, 0.1), 1.5, ("quick", "paper")),
)


def traced(**parameters: Any) -> tuple[Instance, ...]:
    """Traced runs; large and small C."""
    return tuple(
        Instance(
            f"traced {name}, C={C:g}",
            build,
            {"smoke": 100, "quick": 150, "power": 40},
            RUNS if "delta" in parameters else {"smoke": 20, "power": 4},
            {"C": C, "trace": True, **parameters},
        )
        for name, build, C in (
            ("smooth, 10 points", smooth(10, 0.2, 0.3), 1.5),
            ("uneven, 6 points", uneven(6, 0.5), 1.2),
        )
    )


UCB, EI = traced(delta=COVERAGE), traced()


def bounds(case: Case, times: Any) -> Any:
    """C sqrt(C1 t beta_t gamma_t) at the times."""
    times = np.asarray(times)
    constant = 8.0 / math.log1p(case.model.sigma**-2)
    return case.parameters["C"] * np.sqrt(constant * times * betas(case, times) * gains(case)[times - 1])


def theorem(case: Case) -> float:
    """At the horizon."""
    return float(bounds(case, [case.horizon])[0])


CLAIMS = (
    Claim(
        name="regret within C",
        kind=HighProbability(DELTA),
        source="derived",
        statement=r"P(\exists t: R_t > C\sqrt{C_1 t \beta_t \gamma_t}) \le \delta",
        constants="derived here",
        instances=DRAWN,
        quantity=lambda run, case: float(np.max(run.regret / bounds(case, run.times))),
        bound=lambda case: 1.0,
        trivial=lambda case: case.horizon * case.fact("range", mean_range) / theorem(case),
        hypotheses=(SMALL_VARIANCE, PRIOR),
        algorithm="mini_gp_ucb",
        explains="C times what GP-UCB is promised",
    ),
)


def first(run: Any) -> Any:
    """(H + 1,) first round of each phase, then T."""
    starts = np.flatnonzero(np.diff(run.trace["phases"], prepend=-1.0))
    return np.append(starts, run.horizon)


def at_start(run: Any) -> Any:
    """(T,) deviation of the point played, as of the beginning of its phase."""
    return run.trace["deviations"][np.arange(run.horizon), run.trace["actions"]]


def phase_gains(run: Any, case: Case) -> Any:
    """(H - 1,) information gained by all phases but the last, which the horizon may cut."""
    starts = first(run)
    lengths = np.diff(starts)[:-1]
    return 0.5 * np.log1p(lengths * at_start(run)[starts[:-2]] ** 2 / case.model.sigma**2)


def just_before(run: Any, case: Case) -> Any:
    """(T,) deviation of the point played given all observations, one rank-one step a round."""
    covariance, out = np.array(case.model.kernel), np.zeros(case.horizon)
    for t, x in enumerate(run.trace["actions"].tolist()):
        out[t] = math.sqrt(max(covariance[x, x], 0.0))
        column = covariance[:, x].copy()
        covariance -= np.outer(column, column) / (column[x] + case.model.sigma**2)
    return out


def widths(run: Any, case: Case) -> Any:
    """(T,) sqrt(beta) of the first round of the phase."""
    starts = first(run)
    return np.sqrt(betas(case, np.repeat(starts[:-1], np.diff(starts)) + 1.0))


def misses(run: Any, case: Case) -> Any:
    """(T, n) by how much |f - m| exceeds sqrt(beta) s at the beginning of the phase."""
    errors = np.abs(run.trace["function"][None, :] - run.trace["means"])
    return errors - widths(run, case)[:, None] * run.trace["deviations"]


def gaps(run: Any) -> Any:
    """(T,) what each round cost."""
    return run.trace["function"].max() - run.trace["function"][run.trace["actions"]]


def links(algorithm: str, instances: tuple[Instance, ...]) -> tuple[Link, ...]:
    """What holds for phases of any rule."""
    said = "" if algorithm == "mini_gp_ucb" else ", EI"
    return (
        Link(
            name=f"number of phases{said}",
            left=lambda run, case: float(run.extra["phases"]),
            right=lambda run, case: 1.0 + float(gains(case)[-1]) / math.log(case.parameters["C"]),
            source="derived",
            instances=instances,
            algorithm=algorithm,
            statement=r"\text{phases} \le 1 + \gamma_T/\ln C",
        ),
        Link(
            name=f"gain of a complete phase{said}",
            left=lambda run, case: math.log(case.parameters["C"]),
            right=phase_gains,
            source="derived",
            instances=instances,
            algorithm=algorithm,
            statement=r"\tfrac12\ln(1 + B s_h^2/\xi^2) \ge \ln C",
        ),
        Link(
            name=f"deviation within a phase{said}",
            left=lambda run, case: at_start(run) / case.parameters["C"],
            right=just_before,
            source="derived",
            instances=instances,
            algorithm=algorithm,
            statement=r"s_{t-1}(x_t) \ge s_h(x_t)/C, s from all observations",
        ),
        Link(
            name=f"unique points{said}",
            left=lambda run, case: float(run.extra["unique_points"]),
            right=lambda run, case: float(np.count_nonzero(run.pulls)),
            two_sided=True,
            source="definition",
            instances=instances,
            algorithm=algorithm,
            statement="q = the number of points that were played",
        ),
    )


LINKS = (
    *links("mini_gp_ucb", UCB),
    *links("mini_gp_ei", EI),
    Link(
        name="all points are covered",
        kind=HighProbability(COVERAGE),
        left=lambda run, case: float(misses(run, case).max()),
        right=lambda run, case: 0.0,
        source="[srinivas2010gaussian, Lemma 5.1]",
        constants="recalled",
        instances=UCB,
        algorithm="mini_gp_ucb",
        statement=r"|f(x) - m_h(x)| \le \sqrt{\beta_t} s_h(x) for all x at the beginning of each phase",
    ),
    Link(
        name="cost of a round",
        left=lambda run, case: gaps(run),
        right=lambda run, case: 2.0 * case.parameters["C"] * widths(run, case) * just_before(run, case),
        given=lambda run, case: misses(run, case).max(axis=1) <= 1e-9,
        source="derived",
        instances=UCB,
        algorithm="mini_gp_ucb",
        statement=r"r_t \le 2C\sqrt{\beta_t} s_{t-1}(x_t) while all points are covered",
    ),
)


def unique_points(code: Code, case: Case, rng: Any) -> Comparison:
    """Averages at q points with noise xi^2/n_i against all observations, one row for each."""
    from theorylab.bandits.gaussian_process.gp_ucb_reference import batch_posterior

    posterior, worst = code.module(MINI).unique_posterior_kernel, 0.0
    n, variance = case.model.n_arms, case.model.sigma**2
    for i in range(case.runs):
        generator = as_generator(child_seed(rng, i))
        points = generator.choice(generator.permutation(n)[: 1 + i % n], size=case.horizon)
        rewards = generator.normal(size=case.horizon)
        unique = np.array(list(dict.fromkeys(points.tolist())) + [0] * n)[:n]
        counts = np.bincount(points, minlength=n).astype(float)
        sums = np.bincount(points, weights=rewards, minlength=n)
        mean, deviation = np.zeros(n), np.zeros(n)
        posterior(
            np.array(case.model.kernel), variance, unique, int(np.count_nonzero(counts)), counts, sums,
            np.zeros((n, n)), np.zeros(n), np.zeros(n), mean, deviation,
        )  # fmt: skip
        m, c = batch_posterior(case.model.kernel, variance, points, rewards)
        worst = max(worst, float(np.abs(mean - m).max()), float(np.abs(deviation**2 - np.diagonal(c)).max()))
    return Comparison(worst <= 1e-8, worst, 1e-8, "largest difference of means and variances", case.runs)


def batch_sizes(code: Code, case: Case, rng: Any) -> Comparison:
    """B is the least number of evaluations that makes the deviation fall by C, by trying 1, 2, 3, ..."""
    size = code.module(MINI).evaluations_kernel
    for deviation in (1.0, 0.5, 0.1, 0.03, 0.0):
        for variance in (1.0, 0.09, 0.01):
            for C in (1.01, 1.2, 2.0, 5.0):
                for left in (1, 7, 1000):
                    B = 1
                    while B < left and 1.0 + B * deviation**2 / variance < C * C * (1.0 - 1e-12):
                        B += 1
                    found = size(deviation, variance, C, left)
                    if found != B:
                        return Comparison(False, found, B, f"s={deviation}, xi^2={variance}, C={C}, {left} left")
    return Comparison(True, 0.0, 0.0, "180 cases")


SHORT = {"smoke": 60, "quick": 100, "power": 25}
FEW = {"smoke": 2, "quick": 4, "power": 2}


def played(**parameters: Any) -> tuple[Instance, ...]:
    """For the reference."""
    return tuple(
        Instance(f"{name}, C={C:g}", build, SHORT, FEW, {"C": C, **parameters})
        for name, build, C in (
            ("smooth, 6 points", smooth(6, 0.3, 0.2), 1.2),
            ("uneven, 5 points", uneven(5, 0.6), 1.5),
        )
    )


CHECKS = (
    reference("mini_gp_ucb", "MiniGPUCB", played(delta=0.1), module=REFERENCE),
    reference("mini_gp_ei", "MiniGPEI", played(), module=REFERENCE),
    Check(
        name="unique points are enough", evaluate=unique_points, source="[calandriello2022scaling]", internals=True,
        instances=(
            Instance("uneven, 8 points", uneven(8, 0.3), {"smoke": 60, "quick": 200, "power": 30}, 8),
            Instance("smooth, 12 points", smooth(12, 0.2, 0.1), {"smoke": 60, "quick": 200, "power": 30}, 8),
        ),
        statement=r"noise \xi^2/n_i and averaged rewards: the posterior of all observations to 1e-8",
    ),
    Check(
        name="batch size", evaluate=batch_sizes, source="derived", internals=True, layer="lemma",
        instances=(Instance("grid", independent(2, 1.0), 1, 1),), constants="derived here",
        statement=r"B_h = \lceil (C^2 - 1)\xi^2/s_h^2 \rceil, at least 1, at most what is left",
    ),
)  # fmt: skip
STAGES = (
    Stage("regret", lambda run, case: float(run.regret[-1])),
    Stage(
        "2 sqrt(beta) s at the beginning of phases",
        lambda run, case: float((2.0 * widths(run, case) * at_start(run)).sum()),
        "optimism; intervals for all points and times",
    ),
    Stage(
        "2 C sqrt(beta) s before each round",
        lambda run, case: float((2.0 * case.parameters["C"] * widths(run, case) * just_before(run, case)).sum()),
        "the variance falls within a phase",
    ),
    Stage("the bound", lambda run, case: theorem(case), "Cauchy-Schwarz; the largest gain"),
)
PLAYS, UNIQUE, BATCH = "mini_gp_ucb plays like its reference", "unique points are enough", "batch size"
EI_PLAYS, SIZE = "mini_gp_ei plays like its reference", "math.ceil(wanted / (deviation * deviation))"
CALL = "evaluations_kernel(deviation[point], noise_variance, C, horizon - t)"
MUTANTS = (
    Mutant("n_i missing", MINI, "noise_variance / counts[unique[a]]", "noise_variance", UNIQUE),
    Mutant("sums for averages", MINI, "sums[unique[a]] / counts[unique[a]]", "sums[unique[a]]", UNIQUE),
    Mutant("noise deviation for its variance", MINI, "bandit.sigma**2,", "bandit.sigma,", PLAYS),
    Mutant("averages without noise", MINI, "total += noise_variance", "total += 1e-9 * noise_variance", UNIQUE),
    Mutant("variance for deviation", MINI, "width * deviation[i]", "width * deviation[i] ** 2", PLAYS),
    Mutant("lower confidence bound", MINI, "mean[i] + width", "mean[i] - width", PLAYS),
    Mutant(
        "batch from the prior variance", MINI, CALL,
        "evaluations_kernel(math.sqrt(covariance[point, point]), noise_variance, C, horizon - t)", PLAYS,
    ),
    Mutant("posterior refreshed inside a phase", MINI, CALL, "1", PLAYS),
    Mutant("floor for ceiling", MINI, SIZE, "math.floor(wanted / (deviation * deviation))", BATCH),
    Mutant("one evaluation more", MINI, SIZE, f"1 + {SIZE}", BATCH),
    Mutant("C for C squared", MINI, "(C * C - 1.0) * noise", "(C - 1.0) * noise", BATCH),
    Mutant("deviation for variance in the batch", MINI, SIZE, "math.ceil(wanted / deviation)", BATCH),
    Mutant("beta of the phase, not of the round", MINI, "(t + 1.0, n, delta)", "(phase + 1.0, n, delta)", PLAYS),
    Mutant("ln for 2 ln in beta", GP, "return 2.0 * math.log", "return math.log", PLAYS),
    Mutant("every phase a new point", MINI, "if counts[point] == 0.0:", "if q < n:", PLAYS),
    Mutant("a batch counts once", MINI, "counts[point] += 1.0", "counts[point] = 1.0", PLAYS),
    Mutant("incumbent: the worst mean", MINI, "max(incumbent, mean[i])", "min(incumbent, mean[i])", EI_PLAYS),
    Mutant("prior variance of another point", MINI, "0.0, covariance[i, i]", "0.0, covariance[0, 0]", UNIQUE),
)  # fmt: skip

RESULT = Result(
    slug="mini_gp_ucb",
    area="bandits/gaussian_process",
    title="Mini-GP-UCB: few unique points, evaluated many times",
    paper="calandriello2022scaling",
    algorithms={"mini_gp_ucb": f"{MINI}:mini_gp_ucb", "mini_gp_ei": f"{MINI}:mini_gp_ei"},
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=UCB[0],
    mutants=MUTANTS,
    figures=("mini_gp_ucb",),
    notes=(
        "The constants are derived here for a Bayesian prior; the published bounds, of which only the abstract was at "
        "hand, are not claimed. No regret bound is claimed for mini-GP-EI.",
    ),
)
