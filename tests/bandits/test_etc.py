"""Explore-then-commit: against its reference, closed values, the formal bound, edges, bad input."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from theorylab.bandits import BernoulliBandit, FiniteSupportBandit, GaussianBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.online import begin
from theorylab.bandits.stochastic.etc import _etc, etc, etc_bound, etc_kernel
from theorylab.bandits.stochastic.etc_reference import ExploreThenCommit

DATA = json.loads((Path(__file__).parents[1] / "data" / "bandit_exact.json").read_text())["explore_then_commit"]
MODELS = (
    BernoulliBandit([0.5, 0.3]),
    BernoulliBandit([0.5, 0.5, 0.5]),
    BernoulliBandit([0.0, 1.0, 1.0]),
    GaussianBandit([0.0, 0.2], 1.0),
    FiniteSupportBandit([[0.0, 0.5, 1.0], [0.2, 0.4, 0.9]], [[0.2, 0.2, 0.6], [0.6, 0.2, 0.2]]),
    BernoulliBandit([0.4]),
)


@pytest.mark.parametrize("model", MODELS, ids=repr)
@pytest.mark.parametrize("m", [1, 7, 200])
def test_plays_like_its_reference(model, m):
    for seed in range(3):
        run = etc(model, 150, m=m, trace=True, rng=seed)
        slow = agent_algorithm(ExploreThenCommit)(model, 150, m=m, trace=True, rng=seed)
        np.testing.assert_array_equal(run.trace["actions"], slow.trace["actions"])
        np.testing.assert_allclose(run.regret, slow.regret, atol=1e-9)


@pytest.mark.parametrize("row", DATA, ids=str)
def test_closed_values(row):
    """The room's convolution gives the published values; so does scipy's binomial law."""
    from theorylab.rooms.proofs_checks.bandits.etc_exact import exact_regret

    assert exact_regret(row["means"], row["horizon"], row["m"]) == pytest.approx(row["value"], abs=2e-9)
    m, (p, q) = row["m"], row["means"]
    s = np.arange(m + 1)
    second = float(np.sum(binom.pmf(s, m, q) * binom.cdf(s - 1, m, p)))  # strictly more: ties go to the first
    wrong = second if p > q else 1.0 - second
    assert abs(p - q) * (m + (row["horizon"] - 2 * m) * wrong) == pytest.approx(row["value"], abs=2e-9)


@pytest.mark.parametrize("row", DATA[:2], ids=str)
def test_the_mean_of_runs_is_the_closed_value(row):
    model = BernoulliBandit(row["means"])
    runs = np.array([etc(model, row["horizon"], m=row["m"], rng=i).regret[-1] for i in range(3000)])
    assert abs(runs.mean() - row["value"]) < 5 * 8.0 / math.sqrt(3000)  # regrets are 2 or 18: deviation at most 8


def test_three_arms_by_enumeration():
    """All outcomes of one play of each of three arms."""
    from theorylab.rooms.proofs_checks.bandits.etc_exact import kept_probabilities

    means, kept = (0.2, 0.5, 0.9), [0.0, 0.0, 0.0]
    for bits in np.ndindex(2, 2, 2):
        weight = math.prod(p if b else 1 - p for p, b in zip(means, bits, strict=True))
        kept[int(np.argmax(bits))] += weight
    assert kept_probabilities(means, 1) == pytest.approx(kept)


def test_the_formal_bound():
    assert etc_bound([0.0, 0.2], 1000, 89) == pytest.approx(22.475, abs=5e-4)
    assert etc_bound([0.0, 0.2, 0.5], 100, 10, sigma2=1.0) == pytest.approx(
        0.2 * (10 + 70 * math.exp(-0.1)) + 0.5 * (10 + 70 * math.exp(-0.625))
    )
    assert etc_bound([0.0, 0.0], 10, 5) == 0.0


def test_what_a_run_looks_like():
    run = etc(BernoulliBandit([1.0, 0.0]), 20, m=3, trace=True, rng=0)
    assert run.trace["actions"].tolist() == [0, 1] * 3 + [0] * 14
    assert run.theorems_algorithm


def test_compiled_and_plain_kernels_agree():
    results = []
    for function in (_etc, etc_kernel):
        setup = begin(BernoulliBandit([0.4, 0.5, 0.45]), 200, trace=True, rng=5)
        function(setup.world, setup.memory, setup.log, 200, 20, setup.work(), setup.work(), setup.environment)
        results.append((setup.log.actions.copy(), setup.log.rewards.copy()))
    for mine, other in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_edges():
    assert etc(BernoulliBandit([0.5] * 4), 3, m=2, rng=0).pulls.tolist() == [1, 1, 1, 0]
    assert not etc(BernoulliBandit([0.5, 0.4]), 3, m=2, rng=0).theorems_algorithm  # T < K m
    assert etc(BernoulliBandit([0.5, 0.5]), 1000, m=3, rng=0).regret[-1] == 0.0
    assert etc(BernoulliBandit([0.3]), 100, m=3, rng=0).regret[-1] == 0.0


def test_bad_input():
    model = BernoulliBandit([0.5, 0.6])
    with pytest.raises(ValueError, match="m is 0"):
        etc(model, 10, m=0)
    with pytest.raises(TypeError, match=r"m is 2\.5"):
        etc(model, 10, m=2.5)
    with pytest.raises(TypeError, match="bandit"):
        etc([0.5], 10, m=1)
    with pytest.raises(ValueError, match="horizon is 5"):
        etc_bound([0.0, 0.2], 5, 3)
    with pytest.raises(ValueError, match="sigma2"):
        etc_bound([0.0, 0.2], 50, 3, sigma2=0.0)
