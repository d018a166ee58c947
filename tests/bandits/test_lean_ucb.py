"""The formal development's UCB: against its reference, exact values, its bound, UCB1 one round later, bad input."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from theorylab.bandits import BernoulliBandit, FiniteSupportBandit, GaussianBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.online import begin
from theorylab.bandits.stochastic.lean_ucb import (
    _lean_ucb,
    claimed_miss,
    lean_ucb,
    lean_ucb_bound,
    lean_ucb_kernel,
    radius,
)
from theorylab.bandits.stochastic.lean_ucb_reference import LeanUCB
from theorylab.verify.exact.bandits import index_policy_regret, reward_tree_regret

ROWS = json.loads((Path(__file__).parents[1] / "data" / "bandit_exact.json").read_text())["reward_regret"]
MODELS = (
    BernoulliBandit([0.6, 0.5, 0.4]),
    BernoulliBandit([0.0, 1.0, 0.5]),
    GaussianBandit([0.0, 0.5], 0.5),
    FiniteSupportBandit([[0.0, 0.5, 1.0], [0.2, 0.4, 0.9]], [[0.2, 0.2, 0.6], [0.6, 0.2, 0.2]]),
    BernoulliBandit([0.4]),
)


@pytest.mark.parametrize("model", MODELS, ids=repr)
@pytest.mark.parametrize(("c", "sigma2"), [(3.0, 0.25), (0.3, 1.0)])
def test_plays_like_its_reference(model, c, sigma2):
    for seed in range(2):
        run = lean_ucb(model, 250, c=c, sigma2=sigma2, trace=True, rng=seed)
        slow = agent_algorithm(LeanUCB)(model, 250, c=c, sigma2=sigma2, trace=True, rng=seed)
        np.testing.assert_array_equal(run.trace["actions"], slow.trace["actions"])
        np.testing.assert_allclose(run.trace["indices"], slow.trace["indices"], atol=1e-9)


def value(policy):
    return next(row["value"] for row in ROWS if row["policy"] == policy and row["means"] == [0.5, 0.3])


def test_the_exact_value_with_its_own_radius():
    """c = 3 is the formal value, c = 4 that of UCB1 with ln(t + 1)."""
    for c, policy in ((3.0, "lean_ucb"), (4.0, "ucb1, ln(t+1)")):
        found = index_policy_regret(lambda t, n, s, c=c: s / n + radius(t, n, c=c), [0.5, 0.3], 100)
        assert found == pytest.approx(value(policy), abs=1e-8)


def test_all_outcomes_of_the_compiled_code():
    means = [Fraction(2, 5), Fraction(7, 10)]
    model = BernoulliBandit(means)
    found = reward_tree_regret(
        lambda rng: lean_ucb(model, 5, c=3.0, trace=True, rng=rng).trace["actions"], means, 5, compiled=True
    )
    assert found == index_policy_regret(lambda t, n, s: s / n + math.sqrt(1.5 * math.log(t + 1) / n), means, 5)


def test_the_formal_bound():
    assert lean_ucb_bound([0.0, 0.2], 20_000, c=3.0) == pytest.approx(298, abs=0.5)
    by_hand = 8 * 2.5 * 1.0 * math.log(4) / 0.5 + 0.5 * (2 + 2 * (1 + 2**-1.5 + 3**-1.5))
    assert lean_ucb_bound([0.5, 0.0, 0.0], 3, c=2.5, sigma2=1.0) == pytest.approx(by_hand)
    assert lean_ucb_bound([0.0], 100) == 0.0
    useful = min(t for t in range(1000, 1300) if lean_ucb_bound([0.0, 0.2], t) < 0.2 * t)
    assert 1000 < useful < 1200


def test_radius_and_claim_belong_together():
    """Sub-Gaussian tail: exp(-n r^2 / (2 sigma^2)) is (t + 1)^-c, whatever n."""
    for n in (1, 10, 100):
        r = radius(50, n, c=2.5, sigma2=0.7)
        assert math.exp(-n * r * r / 1.4) == pytest.approx(claimed_miss(50, n, c=2.5, sigma2=0.7))


def test_compiled_and_plain_kernels_agree():
    results = []
    for function in (_lean_ucb, lean_ucb_kernel):
        setup = begin(BernoulliBandit([0.4, 0.5, 0.45]), 300, trace=True, rng=5)
        work, indices = [setup.work() for _ in range(4)], setup.traced(3)
        function(setup.world, setup.memory, setup.log, 300, 3.0, 0.25, *work, indices, setup.environment)
        results.append((setup.log.actions.copy(), setup.log.rewards.copy(), indices))
    for mine, other in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_when_the_theorem_speaks():
    assert lean_ucb(BernoulliBandit([0.4, 0.5]), 10, rng=0).theorems_algorithm
    assert not lean_ucb(BernoulliBandit([0.4, 0.5]), 10, sigma2=0.2, rng=0).theorems_algorithm
    assert lean_ucb(GaussianBandit([0.4, 0.5], 0.5), 10, rng=0).theorems_algorithm
    assert not lean_ucb(GaussianBandit([0.4, 0.5], 1.0), 10, rng=0).theorems_algorithm


def test_edges():
    assert lean_ucb(BernoulliBandit([0.5] * 4), 3, rng=0).pulls.tolist() == [1, 1, 1, 0]
    assert lean_ucb(BernoulliBandit([0.5, 0.5]), 1000, rng=0).regret[-1] == 0.0
    assert lean_ucb(BernoulliBandit([0.3]), 100, rng=0).regret[-1] == 0.0


def test_bad_input():
    model = BernoulliBandit([0.5, 0.6])
    for name in ("c", "sigma2"):
        for wrong in (0.0, -1.0, float("nan"), float("inf")):
            with pytest.raises(ValueError, match=f"{name} is"):
                lean_ucb(model, 10, **{name: wrong})
    with pytest.raises(TypeError, match="c is"):
        lean_ucb(model, 10, c="3")
    with pytest.raises(TypeError, match="bandit"):
        lean_ucb([0.5], 10)
