"""Instances and checks of Gaussian process bandits: batch formulas, Gaussian tails, samples of what EI and KG mean."""

from __future__ import annotations

import importlib
import itertools
import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import EVERYWHERE, same_plays

from theorylab.bandits.models.gaussian_process import GPBandit, squared_exponential
from theorylab.core.rng import as_generator, child_seed, streams
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

AREA = "theorylab.bandits.gaussian_process"
POSTERIOR, GP, GAIN = f"{AREA}.posterior", f"{AREA}.gp_ucb", f"{AREA}.information_gain"
REFERENCE = f"{AREA}.gp_ucb_reference"


def smooth(n: int, length: float, sigma: float) -> Any:
    """A function that builds a prior with a squared exponential kernel on n points of [0, 1]."""
    return lambda: GPBandit(squared_exponential(np.linspace(0.0, 1.0, n), length), sigma)


def independent(n: int, sigma: float) -> Any:
    """A function that builds n independent arms with prior N(0, 1)."""
    return lambda: GPBandit(np.eye(n), sigma)


def uneven(n: int, sigma: float) -> Any:
    """A function that builds a prior with variances from 0.1 to 1 and correlations of both signs."""

    def build() -> GPBandit:
        root = np.random.default_rng(n).normal(size=(n, n))
        kernel = root @ root.T
        scale = np.sqrt(np.linspace(0.1, 1.0, n) / np.diagonal(kernel))
        kernel = scale[:, None] * kernel * scale[None, :]
        return GPBandit((kernel + kernel.T) / 2, sigma)

    return build


def mean_range(model: Any) -> float:
    """E(max f - min f) over the prior, from 400 draws of its own."""
    generator = np.random.default_rng(5)
    return float(np.mean([np.ptp(model.draw(generator).means) for _ in range(400)]))


def gains(case: Case) -> Any:
    """(T,) upper bounds of the information gain, computed once for a case's model and horizon."""
    from theorylab.bandits.gaussian_process import information_gain_bounds

    return case.fact(f"gain {case.horizon}", lambda m: information_gain_bounds(m.kernel, m.sigma, case.horizon)[1])


def betas(case: Case, t: Any) -> Any:
    """2 ln(n t^2 pi^2 / (6 delta))."""
    return 2.0 * np.log(case.model.n_arms * np.asarray(t, float) ** 2 * math.pi**2 / (6.0 * case.parameters["delta"]))


def reference(algorithm: str, agent: str, instances: tuple[Instance, ...], *, module: str = REFERENCE) -> Check:
    """Points, rewards and posteriors of every round, against the agent that uses the batch formula."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        from theorylab.bandits.agents import agent_algorithm

        slow = agent_algorithm(getattr(importlib.import_module(module), agent))
        for i in range(case.runs):
            seed = child_seed(rng, i)
            model = case.model.draw(streams(seed).instance)
            run = code.algorithm(algorithm)(model, case.horizon, rng=seed, trace=True, **case.parameters)
            given = {"kernel": model.kernel, "sigma": model.sigma}
            expected = slow(model, case.horizon, rng=seed, trace=True, **given, **case.parameters)
            more = [key for key in expected.trace if key not in ("actions", "rewards")]
            found = same_plays(run, expected, more=more, tolerance=1e-8)
            if not found.holds:
                return Comparison(False, found.value, found.bound, f"run {i}: {found.detail}", i + 1)
        return Comparison(True, found.value, found.bound, found.detail, case.runs)

    words = ", online" if instances[0].parameters.get("online") else ""
    return Check(
        name=f"{algorithm} plays like its reference{words}",
        evaluate=evaluate,
        source="line-by-line reference, batch posterior",
        instances=instances,
        layer="reference",
        algorithm=algorithm,
        statement="the same points; means and deviations to 1e-8, round by round",
    )


def incremental(code: Code, case: Case, rng: Any) -> Comparison:
    """Posterior of all points after each observation: one step against the batch formula."""
    from theorylab.bandits.gaussian_process.gp_ucb_reference import batch_posterior

    condition, worst = code.module(POSTERIOR).condition_kernel, 0.0
    for i in range(case.runs):
        generator = as_generator(child_seed(rng, i))
        model, variance = case.model, case.model.sigma**2
        points = generator.integers(0, model.n_arms, size=case.horizon)
        rewards = generator.normal(size=case.horizon)
        mean, covariance = np.zeros(model.n_arms), np.array(model.kernel)
        for t in range(case.horizon):
            condition(mean, covariance, int(points[t]), float(rewards[t]), variance)
            if t < 5 or t == case.horizon - 1:
                m, c = batch_posterior(model.kernel, variance, points[: t + 1], rewards[: t + 1])
                worst = max(worst, float(np.abs(m - mean).max()), float(np.abs(c - covariance).max()))
    return Comparison(worst <= 1e-8, worst, 1e-8, "largest difference of means and covariances", case.runs)


def tails(code: Code, case: Case, rng: Any) -> Comparison:
    """All points miss in round t with probability at most 6 delta/(pi t)^2, by exact normal tails; no slack."""
    from scipy.special import ndtr

    confidence, worst, least = code.module(GP).confidence, 0.0, math.inf
    for n, delta, t in itertools.product((1, 5, 100), (0.5, 0.05, 1e-3), (1, 2, 10, 1000, 10**6)):
        width = math.sqrt(max(confidence(t, n, delta), 0.0))
        allowed = 6.0 * delta / (math.pi * t) ** 2
        worst = max(worst, 2.0 * n * float(ndtr(-width)) / allowed)
        least = min(least, n * math.exp(-width * width / 2.0) / allowed)
    holds = worst <= 1.0 and least >= 0.999
    return Comparison(holds, worst, 1.0, f"largest n P(miss) / (6 delta/(pi t)^2); n exp(-beta/2) is {least:.4f} of it")


def improvement(code: Code, case: Case, rng: Any) -> Comparison:
    """EI against 1e5 normal samples (5 standard errors) and against a fine sum (1e-7); never negative."""
    value = code.module(POSTERIOR).expected_improvement_kernel
    generator = as_generator(rng)
    z = generator.normal(size=100_000)
    grid = np.linspace(-12.0, 12.0, 200_001)
    weights = np.exp(-grid * grid / 2) / math.sqrt(2 * math.pi) * (grid[1] - grid[0])
    worst = 0.0
    for mean, deviation in itertools.product((-2.0, -0.5, 0.0, 0.3, 1.5), (0.0, 0.05, 0.7, 2.0)):
        found = value(mean, deviation, 0.25)
        samples = np.maximum(mean + deviation * z - 0.25, 0.0)
        error = abs(found - samples.mean()) / (5.0 * samples.std() / math.sqrt(len(z)) + 1e-6)
        summed = abs(found - float(weights @ np.maximum(mean + deviation * grid - 0.25, 0.0))) / 1e-7
        worst = max(worst, error, summed)
        if found < 0.0:
            return Comparison(False, found, 0.0, f"EI({mean}, {deviation}) is negative")
    return Comparison(worst <= 1.0, worst, 1.0, "largest difference, in units of what is allowed", 20)


def gradient(code: Code, case: Case, rng: Any) -> Comparison:
    """KG against 1e5 samples of the next largest mean, and against the sum over all pairs of lines; never negative."""
    from theorylab.bandits.gaussian_process.gp_ucb_reference import envelope_gain

    value = code.module(POSTERIOR).knowledge_gradient_kernel
    worst = 0.0
    for i in range(case.runs):
        generator = as_generator(child_seed(rng, i))
        n = 1 + i % 7
        means, slopes = generator.normal(size=n), generator.normal(size=n)
        if i % 3 == 1:
            slopes, means = np.round(slopes), np.round(means)  # equal lines, parallel lines, three through one point
        found = value(means, slopes, np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n))
        z = generator.normal(size=100_000)
        samples = np.full(len(z), -math.inf)
        for a, b in zip(means, slopes, strict=True):
            np.maximum(samples, a + b * z, out=samples)
        error = abs(found - samples.mean() + means.max()) / (5.0 * samples.std() / math.sqrt(len(z)) + 1e-9)
        exact = abs(found - envelope_gain(means, slopes)) / 1e-9
        worst = max(worst, error, exact)
        if found < 0.0 or worst > 1.0:
            return Comparison(False, worst, 1.0, f"{n} lines: KG is {found}", i + 1)
    return Comparison(True, worst, 1.0, "largest difference, in units of what is allowed", case.runs)


def largest_gain(code: Code, case: Case, rng: Any) -> Comparison:
    """gamma_t by trying all multisets of points: between greedy and the upper bound, for each t."""
    module = code.module(GAIN)
    low, high = module.information_gain_bounds(case.model.kernel, case.model.sigma, case.horizon)
    worst = -math.inf
    for t in range(1, case.horizon + 1):
        best = 0.0
        for points in itertools.combinations_with_replacement(range(case.model.n_arms), t):
            gram = np.eye(t) + case.model.kernel[np.ix_(points, points)] / case.model.sigma**2
            gain = 0.5 * math.log(np.linalg.det(gram))
            if abs(gain - module.information_gain(case.model.kernel, case.model.sigma, points)) > 1e-9:
                return Comparison(False, gain, gain, f"information_gain at {points}", t)
            best = max(best, gain)
        worst = max(worst, low[t - 1] - best, best - high[t - 1])
    return Comparison(worst <= 1e-9, worst, 0.0, f"all multisets of up to {case.horizon} points", case.horizon)


SHORT = {"smoke": 30, "quick": 60, "power": 15}
PLAYED = (
    Instance("smooth, 6 points", smooth(6, 0.3, 0.2), SHORT, {"smoke": 2, "quick": 4, "power": 2}),
    Instance("uneven, 5 points", uneven(5, 0.3), SHORT, {"smoke": 2, "quick": 4, "power": 2}),
)


def played(**parameters: Any) -> tuple[Instance, ...]:
    """The instances of the reference checks with keywords."""
    return tuple(
        Instance(f"{i.name}{' online' if parameters.get('online') else ''}", i.build, i.horizon, i.runs, parameters)
        for i in PLAYED
    )


ONLINE = (
    *played(online=True)[:1],
    Instance(
        "noisy to the end", independent(3, 2.0), {"smoke": 30, "power": 20}, {"smoke": 2, "power": 6}, {"online": True}
    ),
)
ONCE = Instance("once", uneven(4, 0.5), 1, {"smoke": 12, "quick": 21, "power": 12}, {}, EVERYWHERE)
CHECKS = (
    reference("gp_ucb", "GPUCB", played(delta=0.1)),
    reference("gp_ei", "GPEI", played()),
    reference("knowledge_gradient", "KnowledgeGradient", played(online=False)),
    reference("knowledge_gradient", "KnowledgeGradient", ONLINE),
    Check(
        name="one step at a time is the batch posterior", evaluate=incremental, source="conditional Gaussian laws",
        instances=(
            Instance("uneven, 9 points", uneven(9, 0.2), {"smoke": 60, "quick": 300, "power": 25}, 3),
            Instance("independent", independent(3, 1.0), 20, 2),
        ),
        internals=True, statement=r"rank-one updates = k(k_A + \sigma^2 I)^{-1} formulas, to 1e-8",
    ),
    Check(
        name="Gaussian tails", evaluate=tails, source="[srinivas2010gaussian, Lemma 5.1]", layer="lemma",
        instances=(ONCE,), internals=True, constants="recalled",
        statement=r"n P(|N(0,1)| > \sqrt{\beta_t}) \le 6\delta/(\pi t)^2, exactly, and n e^{-\beta_t/2} is no less",
    ),
    Check(
        name="expected improvement", evaluate=improvement, source="definition", instances=(ONCE,), internals=True,
        statement=r"(m - m^*)\Phi(z) + s\phi(z) = E(X - m^*)_+ by 1e5 samples and by quadrature; \ge 0",
    ),
    Check(
        name="knowledge gradient", evaluate=gradient, source="definition", instances=(ONCE,), internals=True,
        statement=r"upper envelope = E \max_i(a_i + b_i Z) - \max a by 1e5 samples and by all pieces; \ge 0",
    ),
    Check(
        name="largest information gain", evaluate=largest_gain, source="all multisets", internals=True,
        instances=(Instance("uneven, 4 points", uneven(4, 0.5), {"smoke": 4, "quick": 6, "power": 3}, 1),),
        statement=r"greedy \le \gamma_t \le the bound by concavity", layer="lemma", constants="derived here",
    ),
)  # fmt: skip
