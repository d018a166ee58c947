"""Successive elimination: against its reference, exact values, a recount by hand, edges, bad input."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import BernoulliBandit, FiniteSupportBandit, GaussianBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.online import begin
from theorylab.bandits.stochastic.successive_elimination import (
    _successive_elimination,
    claimed_miss,
    eliminate,
    radius,
    successive_elimination,
    successive_elimination_kernel,
)
from theorylab.bandits.stochastic.successive_elimination_reference import SuccessiveElimination
from theorylab.verify.exact.bandits import memory_policy_regret

DATA = json.loads((Path(__file__).parents[1] / "data" / "bandit_exact.json").read_text())["successive_elimination"]
MODELS = (
    BernoulliBandit([0.9, 0.1]),
    BernoulliBandit([0.2, 0.5, 0.95]),
    BernoulliBandit([0.0, 1.0, 0.5, 1.0]),
    GaussianBandit([0.0, 2.0], 0.5),
    FiniteSupportBandit([[0.0, 0.5, 1.0], [0.2, 0.4, 0.9]], [[0.2, 0.2, 0.6], [0.6, 0.2, 0.2]]),
    BernoulliBandit([0.4]),
)


@pytest.mark.parametrize("model", MODELS, ids=repr)
@pytest.mark.parametrize("delta", [0.05, 0.9])
def test_plays_like_its_reference(model, delta):
    for seed in range(3):
        run = successive_elimination(model, 350, delta=delta, trace=True, rng=seed)
        slow = agent_algorithm(SuccessiveElimination)(model, 350, delta=delta, trace=True, rng=seed)
        np.testing.assert_array_equal(run.trace["actions"], slow.trace["actions"])
        np.testing.assert_array_equal(run.trace["active"], slow.trace["active"])
        np.testing.assert_allclose(run.regret, slow.regret, atol=1e-9)


def test_the_exact_value_with_its_own_rule():
    T, delta = DATA["horizon"], DATA["delta"]

    def update(memory, arm, reward):
        left, n, s = memory
        n = tuple(x + (a == arm) for a, x in enumerate(n))
        s = tuple(x + reward * (a == arm) for a, x in enumerate(s))
        if len(left) == 2 and arm == 1:
            kept = eliminate([True, True], [float(x) for x in s], n[1], T, delta)
            left = tuple(a for a in left if kept[a])
        return left, n, s

    def choose(memory):
        left, n, _ = memory
        return min(left, key=lambda a: (n[a], a))

    found = memory_policy_regret(((0, 1), (0, 0), (0, 0)), choose, update, DATA["means"], T)
    assert found == pytest.approx(DATA["value"], abs=1e-8)


def test_the_mean_of_runs_is_the_exact_value():
    """2000 runs with a standard deviation of 3.4: five standard errors."""
    model = BernoulliBandit(DATA["means"])
    runs = [successive_elimination(model, DATA["horizon"], delta=DATA["delta"], rng=i).regret[-1] for i in range(2000)]
    assert abs(np.mean(runs) - DATA["value"]) < 5 * 3.4 / math.sqrt(2000)


def test_sure_arms_by_hand():
    """Means 1 and 0: dropped at the first n with 1 > 2 sqrt(L / 2n), that is n > 2L."""
    horizon, delta = 500, 0.1
    n = math.floor(2 * math.log(4 * horizon / delta)) + 1
    run = successive_elimination(BernoulliBandit([1.0, 0.0]), horizon, delta=delta, rng=0)
    assert run.pulls.tolist() == [horizon - n, n]
    assert run.extra["dropped"].tolist() == [0, 2 * n]
    last = successive_elimination(BernoulliBandit([0.0, 1.0]), horizon, delta=delta, rng=0)
    assert last.pulls.tolist() == [n, horizon - n]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=2, max_size=5), st.integers(30, 60), st.integers(100, 10_000),
    st.floats(0.01, 0.9),
)  # fmt: skip
def test_eliminate_keeps_the_best_and_nobody_two_radii_below(sums, n, horizon, delta):
    kept = eliminate([True] * len(sums), [float(s) for s in sums], n, horizon, delta)
    r = math.sqrt(math.log(2 * len(sums) * horizon / delta) / (2 * n))
    assert kept[int(np.argmax(sums))]
    assert kept == [(max(sums) - s) / n <= 2 * r for s in sums]


def test_pulls_never_exceed_the_bound_while_intervals_hold():
    model, horizon, delta = BernoulliBandit([0.9, 0.5, 0.2]), 5000, 0.1
    log = math.log(2 * 3 * horizon / delta)
    for seed in range(30):
        pulls = successive_elimination(model, horizon, delta=delta, rng=seed).pulls
        assert np.all(pulls[1:] <= 1 + 8 * log / model.gaps[1:] ** 2)


def test_compiled_and_plain_kernels_agree():
    results = []
    for function in (_successive_elimination, successive_elimination_kernel):
        setup = begin(BernoulliBandit([0.2, 0.9, 0.5]), 400, trace=True, rng=5)
        work, actives = [setup.work() for _ in range(3)], setup.traced(3)
        function(setup.world, setup.memory, setup.log, 400, 4.0, *work, actives, setup.environment)
        results.append((setup.log.actions.copy(), setup.log.rewards.copy(), actives, *work))
    for mine, other in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_edges():
    assert successive_elimination(BernoulliBandit([0.5] * 4), 3, rng=0).pulls.tolist() == [1, 1, 1, 0]
    assert successive_elimination(BernoulliBandit([0.5, 0.5]), 1000, rng=0).regret[-1] == 0.0
    assert successive_elimination(BernoulliBandit([0.3]), 100, rng=0).regret[-1] == 0.0
    assert successive_elimination(BernoulliBandit([0.3, 0.4]), 10, rng=0).theorems_algorithm
    assert not successive_elimination(GaussianBandit([0.3, 0.4]), 10, rng=0).theorems_algorithm


def test_radius_and_claim_belong_together():
    """Hoeffding: 2 exp(-2 n r^2) is the claim, whatever n."""
    for n in (1, 10, 100):
        r = radius(200, n, n_arms=3, delta=0.2)
        assert 2 * math.exp(-2 * n * r * r) == pytest.approx(claimed_miss(200, n, n_arms=3, delta=0.2))


@pytest.mark.parametrize("delta", [0.0, 1.0, -0.5, float("nan")])
def test_bad_delta(delta):
    with pytest.raises(ValueError, match="delta is"):
        successive_elimination(BernoulliBandit([0.5, 0.6]), 10, delta=delta)


def test_bad_input():
    with pytest.raises(TypeError, match="bandit"):
        successive_elimination([0.5], 10)
    with pytest.raises(ValueError, match="horizon"):
        successive_elimination(BernoulliBandit([0.5]), 0)
    with pytest.raises(ValueError, match=r"means\[1\]"):
        BernoulliBandit([0.5, 1.2])
