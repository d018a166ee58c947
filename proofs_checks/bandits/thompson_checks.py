"""Thompson sampling: the law of its draws, exact expected regret, calibration; without a theorem."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.kl_ucb_checks import lai_robbins
from theorylab.rooms.proofs_checks.bandits.shared import EVERYWHERE, NO_MUTANTS, bernoulli, reference_check

from theorylab.bandits import AdversarialBandit, FiniteSupportBandit, GaussianBandit
from theorylab.core.rng import child_seed
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = ["CHECKS", "expected_regret", "first_is_larger"]

REFERENCE = "theorylab.bandits.stochastic.thompson_reference"
SURE = 1e-7  # a p-value below it refutes: with fixed entropy the checks are then right once and for all


@cache
def first_is_larger(a: int, b: int, c: int, d: int) -> float:
    """P(Beta(a, b) > Beta(c, d)) for integers: a finite sum.

    Examples
    --------
    >>> first_is_larger(3, 1, 1, 1)
    0.75
    """

    def log_beta(x: float, y: float) -> float:
        return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)

    return math.fsum(
        math.exp(log_beta(c + j, d + b) - math.log(b + j) - log_beta(1 + j, b) - log_beta(c, d)) for j in range(a)
    )


def expected_regret(means: tuple[float, float], horizon: int, prior: tuple[int, int] = (1, 1)) -> float:
    """E[R_T] with two Bernoulli arms, by the law of (successes, failures) of both.

    Examples
    --------
    >>> expected_regret((0.5, 0.25), 1)
    0.125
    """
    gaps, law, total = [max(means) - m for m in means], {(0, 0, 0, 0): 1.0}, []
    a, b = prior
    for _ in range(horizon):
        following: dict[tuple[int, ...], float] = {}
        for state, weight in law.items():
            p = first_is_larger(a + state[0], b + state[1], a + state[2], b + state[3])
            for arm, share in ((0, p), (1, 1.0 - p)):
                total.append(weight * share * gaps[arm])
                for outcome, q in ((0, means[arm]), (1, 1.0 - means[arm])):
                    child = list(state)
                    child[2 * arm + outcome] += 1
                    key = tuple(child)
                    following[key] = following.get(key, 0.0) + weight * share * q
        law = following
    return math.fsum(total)


def mean_is_exact(code: Code, case: Case, rng: Any) -> Comparison:
    """The mean regret of the runs is within five standard errors of the exact expectation."""
    prior = case.parameters.get("prior", (1, 1))
    values = np.array(
        [
            code.algorithm("thompson")(case.model, case.horizon, rng=child_seed(rng, i), **case.parameters).regret[-1]
            for i in range(case.runs)
        ]
    )
    expected = expected_regret(tuple(case.model.means.tolist()), case.horizon, prior)
    error = float(values.std(ddof=1)) / math.sqrt(case.runs)
    mean = float(values.mean())
    detail = f"mean {mean:.4f} +- {error:.4f}, E[R_{case.horizon}] = {expected:.6f}"
    return Comparison(abs(mean - expected) <= 5.0 * error, mean, expected, detail, case.runs)


def uniform_transforms(run: Any, prior: Any, normal: bool) -> Any:
    """(T, K) each draw under the distribution function of the posterior, recomputed from the arms and rewards."""
    from scipy import special

    played = run.trace["actions"][:, None] == np.arange(len(run.pulls))[None, :]
    gained = played * run.trace["rewards"][:, None]
    pulls, sums = np.cumsum(played, axis=0) - played, np.cumsum(gained, axis=0) - gained
    if normal:
        return special.ndtr((run.trace["samples"] - sums / (pulls + 1)) * np.sqrt(pulls + 1))
    return special.betainc(prior[0] + sums, prior[1] + pulls - sums, run.trace["samples"])


def draws_follow(algorithm: str) -> Any:
    """Given the past, all draws of a run are independent, each from its posterior: uniform after transformation."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        from scipy import stats

        found = []
        for i in range(case.runs):
            run = code.algorithm(algorithm)(
                case.model, case.horizon, rng=child_seed(rng, i), trace=True, **case.parameters
            )
            found.append(uniform_transforms(run, case.parameters.get("prior", (1.0, 1.0)), algorithm != "thompson"))
        table = np.concatenate(found)
        p_law = float(stats.kstest(table.ravel(), "uniform").pvalue)
        scores = stats.norm.ppf(np.clip(table, 1e-12, 1.0 - 1e-12))
        across = float(np.sum(scores[:, 0] * scores[:, 1])) / math.sqrt(len(scores))
        along = float(np.sum(scores[1:, 0] * scores[:-1, 0])) / math.sqrt(len(scores))
        p = min(p_law, *(2.0 * float(stats.norm.sf(abs(z))) for z in (across, along)))
        detail = (
            f"{table.size} draws: uniform p = {p_law:.2g}, across arms z = {across:.2f}, along time z = {along:.2f}"
        )
        return Comparison(p >= SURE, p, SURE, detail, case.runs)

    return evaluate


def calibrated(code: Code, case: Case, rng: Any) -> Comparison:
    """The rank of a mean drawn from the prior among nine posterior draws of the code is uniform."""
    from theorylab.verify.statistics.calibration import calibrate

    prior = case.parameters["prior"]

    def draws(bits: Any, n: int, generator: Any) -> list[float]:
        table = AdversarialBandit(1.0 - np.append(bits, 0.0)[:, None])  # one arm, these rewards; the last draw counts
        runs = (
            code.algorithm("thompson")(table, len(bits) + 1, prior=prior, trace=True, rng=int(s))
            for s in generator.integers(0, 2**62, n)
        )
        return [float(run.trace["samples"][-1, 0]) for run in runs]

    result = calibrate(
        lambda g: g.beta(*prior),
        lambda p, g: (g.random(case.horizon) < p).astype(float),
        draws,
        runs=case.runs,
        draws=9,
        n_bins=10,
        rng=rng,
    )
    detail = f"chi-square p = {result.p_value:.3g} over {case.runs} ranks"
    return Comparison(result.p_value >= SURE, result.p_value, SURE, detail, case.runs)


def asymptotic_constant(code: Code, case: Case, rng: Any) -> Comparison:
    """(R(T) - R(T/10)) / ln 10 is not outside [.6, 1.8] of the constant by more than four standard errors."""
    times, values = [case.horizon // 10, case.horizon], []
    for i in range(case.runs):
        run = code.algorithm("thompson")(case.model, case.horizon, checkpoints=times, rng=child_seed(rng, i))
        values.append(float(run.regret[-1] - run.regret[0]) / math.log(10.0))
    constant = lai_robbins(case.model.means.tolist())
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(case.runs)
    holds = mean + 4.0 * error >= 0.6 * constant and mean - 4.0 * error <= 1.8 * constant
    return Comparison(holds, mean, constant, f"{mean:.1f} +- {error:.1f}, constant {constant:.1f}", case.runs)


def mixed() -> FiniteSupportBandit:
    """Rewards between 0 and 1: coins are needed."""
    return FiniteSupportBandit([[0.0, 0.5, 1.0], [0.2, 0.4, 0.6]], [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]])


T, RUNS = {"smoke": 200, "quick": 300, "power": 60}, {"smoke": 2, "quick": 4, "power": 2}
SMALL = (
    bernoulli((0.6, 0.5, 0.4), T, RUNS),
    bernoulli((0.0, 1.0), T, RUNS),
    bernoulli((0.3, 0.7), T, RUNS, prior=(0.5, 2.0)),
    bernoulli((0.3, 0.7), T, RUNS, name="a prior for each arm", prior=((2.0, 1.0), (1.0, 3.0))),
    Instance("rewards between 0 and 1", mixed, T, RUNS),
)
NORMAL = (
    bernoulli((0.6, 0.5, 0.4), T, RUNS, name="(0.6, 0.5, 0.4), Gaussian"),
    Instance("normal rewards", lambda: GaussianBandit([0.0, 0.5, 1.0]), T, RUNS),
)
TRANSFORMED = (
    bernoulli(
        (0.7, 0.4),
        {"smoke": 500, "quick": 1000, "power": 120},
        {"smoke": 5, "quick": 10, "power": 4},
        name="transformed draws",
    ),
    bernoulli(
        (0.7, 0.4),
        {"smoke": 500, "quick": 1000, "power": 120},
        {"smoke": 5, "quick": 10, "power": 4},
        name="transformed draws, prior (3, 2)",
        prior=(3.0, 2.0),
    ),
)
EXPECTED = tuple(
    bernoulli(
        means,
        {"smoke": 12, "quick": 20, "power": 12},
        {"smoke": 1000, "quick": 2000, "paper": 20_000, "power": 300},
        name=f"E[R_T] of {means}, prior {prior}",
        prior=prior,
        presets=presets,
    )
    for means, prior, presets in (((0.7, 0.2), (1, 1), EVERYWHERE), ((0.1, 0.9), (2, 1), NO_MUTANTS))
)
RANKED = tuple(
    bernoulli(
        (0.5,),
        rounds,
        {"smoke": 100, "quick": 250, "paper": 2000, "power": 50},
        name=f"{rounds} rewards, prior {prior}",
        prior=prior,
        presets=presets,
    )
    for rounds, prior, presets in ((5, (1.0, 1.0), EVERYWHERE), (12, (2.0, 3.0), NO_MUTANTS))
)
DECADE = (
    bernoulli(
        (0.6, *[0.5] * 9),
        {"smoke": 10_000, "quick": 100_000, "paper": 1_000_000},
        {"smoke": 20, "quick": 20, "paper": 200},
        name="one decade",
        presets=NO_MUTANTS,
    ),
)
CHECKS = (
    reference_check("thompson", f"{REFERENCE}:Thompson", SMALL, more=("samples",)),
    reference_check("gaussian_thompson", f"{REFERENCE}:GaussianThompson", NORMAL, more=("samples",)),
    Check(
        name="draws follow the posterior", evaluate=draws_follow("thompson"), source="probability integral transform",
        instances=TRANSFORMED, constants="derived here",
        statement=r"F_{a+S, b+F}(\theta_{t,i}) independent and uniform",
    ),
    Check(
        name="Gaussian draws follow the posterior", evaluate=draws_follow("gaussian_thompson"),
        source="probability integral transform", instances=TRANSFORMED[:1], algorithm="gaussian_thompson",
        statement=r"\Phi((\theta_{t,i} - m_i) \sqrt{N_i + 1}) independent and uniform", constants="derived here",
    ),
    Check(
        name="mean regret is exact", evaluate=mean_is_exact, source="the law of the counts of two arms",
        instances=EXPECTED, statement=r"E[R_T] by dynamic programming over the counts", constants="derived here",
    ),
    Check(
        name="calibration", evaluate=calibrated, source="ranks are uniform for a right posterior", instances=RANKED,
        statement="rank of the true mean among posterior draws is uniform", constants="derived here",
    ),
    Check(
        name="asymptotic constant", evaluate=asymptotic_constant, instances=DECADE, layer="lemma",
        source="[agrawal2013further, Theorem 1]; the interval is derived from measurements",
        statement=r"(R_{10T} - R_T)/\ln 10 \in [0.6, 1.8] \sum_i \Delta_i/\mathrm{kl}(\mu_i, \mu^*)",
    ),
)  # fmt: skip
