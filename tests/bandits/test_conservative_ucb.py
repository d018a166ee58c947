"""Conservative UCB and BudgetFirst: against the references, the constraint, a first phase by hand, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.bandits import BernoulliBandit, GaussianBandit, PiecewiseStationaryBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.online import begin
from theorylab.bandits.stochastic.conservative_ucb import (
    _conservative_ucb,
    budget_first,
    claimed_miss,
    conservative_ucb,
    conservative_ucb_kernel,
    psi,
    radius,
    worst_regret,
)
from theorylab.bandits.stochastic.conservative_ucb_reference import BudgetFirst, ConservativeUCB

MODELS = (
    BernoulliBandit([0.3, 0.95]),
    BernoulliBandit([0.5, 0.9, 0.1]),
    BernoulliBandit([1.0, 0.0, 1.0]),
    GaussianBandit([0.5, 0.9], 0.5),
    BernoulliBandit([0.4]),
)


@pytest.mark.parametrize("model", MODELS, ids=repr)
@pytest.mark.parametrize(
    ("fast", "slow", "alpha"),
    [
        (conservative_ucb, ConservativeUCB, 0.3),
        (conservative_ucb, ConservativeUCB, 0.8),
        (budget_first, BudgetFirst, 1.0),
    ],
)
def test_play_like_their_references(model, fast, slow, alpha):
    keywords = {"mu0": float(model.means[0]), "alpha": alpha, "delta": 0.9}
    for seed in range(2):
        run = fast(model, 500, trace=True, rng=seed, **keywords)
        other = agent_algorithm(slow)(model, 500, trace=True, rng=seed, **keywords)
        np.testing.assert_array_equal(run.trace["actions"], other.trace["actions"])
        np.testing.assert_allclose(run.trace["budgets"], other.trace["budgets"], atol=1e-8)
        np.testing.assert_array_equal(run.trace["proposals"], other.trace["proposals"])


@pytest.mark.parametrize("alpha", [0.05, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("others", [(0.1, 0.1), (0.95,), (0.0, 0.5, 0.9)])
def test_the_constraint_holds_in_all_rounds(alpha, others):
    """Rewards in [0, 1] have a fourth of the variance that psi allows for: no run may fail."""
    model = BernoulliBandit([0.6, *others])
    for seed in range(5):
        run = conservative_ucb(model, 3000, mu0=0.6, alpha=alpha, delta=0.1, trace=True, rng=seed)
        earned = np.cumsum(model.means[run.trace["actions"]])
        assert np.all(earned >= (1 - alpha) * 0.6 * np.arange(1, 3001) - 1e-9)


def test_while_limits_are_zero_exploration_is_rationed():
    """With lower limits 0 the plays of other arms after t rounds are floor(alpha t), for any rewards."""
    run = conservative_ucb(BernoulliBandit([0.5, 0.0, 0.0]), 400, mu0=0.5, alpha=0.3, trace=True, rng=1)
    explored = np.cumsum(run.trace["actions"] != 0)
    np.testing.assert_array_equal(explored, np.floor(0.3 * np.arange(1, 401) + 1e-9))


def test_it_gives_up_nothing_at_alpha_near_zero():
    run = conservative_ucb(BernoulliBandit([0.5, 0.9]), 500, mu0=0.5, alpha=1e-6, rng=0)
    assert run.pulls.tolist() == [500, 0]


def test_budget_first_by_hand():
    """R_worst = 2 + 2 sqrt(2 T psi(T)) pays for ceil(R_worst / (alpha mu0)) rounds."""
    horizon, delta = 30_000, 0.1
    length = 2 * math.log(2 * horizon**3 / delta)
    worst = 2 + 2 * math.sqrt(2 * horizon * length)
    assert worst_regret(3, horizon, delta) == pytest.approx(worst)
    run = budget_first(BernoulliBandit([0.9, 1.0, 0.2]), horizon, mu0=0.9, alpha=0.5, delta=delta, trace=True, rng=0)
    first = math.ceil(worst / 0.45)
    assert run.extra["first"] == first < horizon
    assert not run.trace["actions"][:first].any()
    assert run.trace["actions"][first] == 1  # the lowest arm that was never played


def test_psi_radius_and_claim():
    assert psi(10, n_arms=3, delta=0.05) == pytest.approx(2 * math.log(2 * 1000 / 0.05))
    assert radius(7, 10, n_arms=3, delta=0.05) == pytest.approx(math.sqrt(2 * math.log(2 * 1000 / 0.05) / 10))
    total = 4 * sum(claimed_miss(1, n, n_arms=5, delta=0.2) for n in range(1, 20_000))
    assert total == pytest.approx(0.2, rel=1e-6)


def test_compiled_and_plain_kernels_agree():
    results = []
    for function in (_conservative_ucb, conservative_ucb_kernel):
        setup = begin(BernoulliBandit([0.4, 0.9, 0.45]), 400, trace=True, rng=5)
        work, budgets, proposals = [setup.work() for _ in range(4)], setup.traced(), setup.traced()
        function(
            setup.world, setup.memory, setup.log, 400, 0.4, 0.7, 0.5, 0, True,
            *work, budgets, proposals, setup.environment
        )  # fmt: skip
        results.append((setup.log.actions.copy(), setup.log.rewards.copy(), budgets, proposals))
    for mine, other in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_when_the_theorem_speaks():
    model = BernoulliBandit([0.5, 0.9])
    assert conservative_ucb(model, 10, mu0=0.5, rng=0).theorems_algorithm
    assert not conservative_ucb(model, 10, mu0=0.4, rng=0).theorems_algorithm
    assert conservative_ucb(GaussianBandit([0.5, 0.9], 1.0), 10, mu0=0.5, rng=0).theorems_algorithm
    assert not conservative_ucb(GaussianBandit([0.5, 0.9], 1.5), 10, mu0=0.5, rng=0).theorems_algorithm
    assert not conservative_ucb(GaussianBandit([0.5, 1.9], 1.0), 10, mu0=0.5, rng=0).theorems_algorithm
    changing = PiecewiseStationaryBandit([[0.5, 0.9], [0.9, 0.5]], [5])
    assert not conservative_ucb(changing, 10, mu0=0.5, rng=0).theorems_algorithm


def test_edges():
    assert conservative_ucb(BernoulliBandit([0.5, 0.5]), 1000, mu0=0.5, rng=0).regret[-1] == 0.0
    assert conservative_ucb(BernoulliBandit([0.3]), 100, mu0=0.3, rng=0).pulls.tolist() == [100]
    assert budget_first(BernoulliBandit([0.3, 0.9]), 1, mu0=0.3, rng=0).pulls.tolist() == [1, 0]


@pytest.mark.parametrize("algorithm", [conservative_ucb, budget_first])
@pytest.mark.parametrize(
    ("name", "wrong"),
    [("mu0", 0.0), ("mu0", 1.5), ("alpha", 0.0), ("alpha", 1.1), ("delta", 0.0), ("delta", 1.0), ("mu0", float("nan"))],
)
def test_bad_numbers(algorithm, name, wrong):
    with pytest.raises(ValueError, match=f"{name} is"):
        algorithm(BernoulliBandit([0.5, 0.6]), 10, **{"mu0": 0.5, name: wrong})


def test_bad_types():
    with pytest.raises(TypeError, match="mu0"):
        conservative_ucb(BernoulliBandit([0.5, 0.6]), 10, mu0="0.5")
    with pytest.raises(TypeError, match="bandit"):
        budget_first([0.5], 10, mu0=0.5)
