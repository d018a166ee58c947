"""R-BOCPD-UCB: the reference in whole numbers, false restarts, delay, bounded memory, edge cases, bad input."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from theorylab.bandits import BernoulliBandit, FiniteSupportBandit, GaussianBandit, PiecewiseStationaryBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.nonstationary import rbocpd_ucb
from theorylab.bandits.nonstationary.rbocpd_ucb import default_slots, limit_kernel, symbol_kernel
from theorylab.bandits.nonstationary.rbocpd_ucb_reference import RBOCPDUCB, restart_needed
from theorylab.core.rng import child_seed
from theorylab.detection.detector import CODE, RULES, THEOREM_R
from theorylab.detection.rbocpd_bounds import delay_bound
from theorylab.mdp.average_reward.rbocpd_reference import eta, laplace_probability
from theorylab.verify.code import plain_code

slow_version = agent_algorithm(RBOCPDUCB)
SWAP = PiecewiseStationaryBandit([[0.95, 0.05], [0.05, 0.95], [0.95, 0.05]], [60, 120])
MODELS = [
    SWAP,
    PiecewiseStationaryBandit([[0.0, 1.0, 0.5], [1.0, 0.0, 0.5]], [70]),
    PiecewiseStationaryBandit([[1.0], [0.0], [1.0], [0.0]], [30, 60, 90]),
    FiniteSupportBandit([[0.2, 0.9], [0.0, 0.6]], [[0.5, 0.5], [0.3, 0.7]]),
]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("scope", ["global", "local"])
def test_kernel_makes_the_reference_decisions(rule, scope):
    for seed, model in enumerate(MODELS):
        options = {
            "rule": rule,
            "scope": scope,
            "index": ("ucb", "kl")[seed % 2],
            "delta": 0.9,
            "alpha": (None, 0.3, 0.0, 1.0)[seed],
            "every": (1, 1, 2, 3)[seed],
        }
        run, slow = (f(model, 160, rng=seed, trace=True, **options) for f in (rbocpd_ucb, slow_version))
        assert np.array_equal(run.trace["actions"], slow.trace["actions"])
        assert np.array_equal(run.trace["symbols"], slow.trace["symbols"])
        assert np.array_equal(run.restart_times, slow.restart_times)
        assert np.allclose(run.regret, slow.regret, atol=1e-9)


def test_the_reference_is_the_printed_test_in_rationals():
    """The same test another way: products of Laplace forecasts, and the weights of the detector's reference."""
    rng = np.random.default_rng(3)
    fired = 0
    for _ in range(60):
        n, level = int(rng.integers(2, 40)), Fraction(9, 10)
        cut = int(rng.integers(1, n))
        seen = [int(v) for v in np.concatenate([rng.random(cut) < 0.97, rng.random(n - cut) < 0.03])]
        for rule in RULES:
            want = any(
                eta(rule, first, n - first, 2, level, 50)
                * laplace_probability(seen[:first], 2)
                * laplace_probability(seen[first:], 2)
                > laplace_probability(seen, 2)
                for first in range(1, n)
            )
            fired += want
            assert restart_needed(seen, rule, level, 50) == want
    assert fired > 20


def test_compiled_and_plain_kernels_agree_bitwise():
    entry = {"rbocpd_ucb": "theorylab.bandits.nonstationary.rbocpd_ucb:rbocpd_ucb"}
    plain = plain_code(entry).algorithm("rbocpd_ucb")
    for options in ({}, {"rule": "paper", "index": "kl"}, {"scope": "local", "slots": 8}):
        for model in (SWAP, MODELS[3]):
            run, slow = (f(model, 150, rng=3, delta=0.5, trace=True, **options) for f in (rbocpd_ucb, plain))
            assert run.regret.tobytes() == slow.regret.tobytes()
            assert run.restart_times.tobytes() == slow.restart_times.tobytes()


def test_levels():
    """1 / level in the first phases, K = 3, delta = .05: 3 * 1 * 2 / .05 and 3 * 2 * 3 / .05; 1/T ignores them."""
    found = [limit_kernel(THEOREM_R, 3, phase, 0.05, 100) for phase in (0, 1)]
    assert found == pytest.approx([120.0, 360.0])
    assert limit_kernel(CODE, 3, 5, 0.05, 100) == 100.0


def test_each_arm_of_a_local_restart_has_its_own_phase():
    """Both arms change; the second one's first alarm is at the level of its first phase, not of the second."""
    model = PiecewiseStationaryBandit([[1.0, 1.0], [0.0, 0.0]], [200])
    options = {"alpha": 1.0, "delta": 0.05, "rng": 1}
    local = rbocpd_ucb(model, 400, scope="local", **options)
    assert local.extra["alarm_arms"].tolist() == [0, 1]
    assert local.extra["alarm_observations"][0] == local.extra["alarm_observations"][1]  # both read 1, .., 1, 0, .., 0
    assert rbocpd_ucb(model, 400, **options).extra["alarm_arms"].tolist() == [0]


def test_false_restarts():
    """1/n restarts in most runs without a change, Theorem R's weight in none of these."""
    bandit = BernoulliBandit([0.5, 0.4, 0.3])
    counts = {
        rule: sum(len(rbocpd_ucb(bandit, 1500, rule=rule, rng=child_seed(1, i)).restart_times) > 0 for i in range(60))
        for rule in ("theorem_r", "ville", "paper")
    }
    assert counts["theorem_r"] <= 2 and counts["ville"] <= 2 and counts["paper"] > 30


def test_the_delay_is_within_theorem_d():
    d = delay_bound(300, 1.6, 2, delta=0.025)
    model = PiecewiseStationaryBandit([[0.1], [0.9]], [300])
    runs = [rbocpd_ucb(model, 300 + d, rng=child_seed(2, i)) for i in range(60)]
    assert all(len(run.restart_times) == 1 and run.restart_times[0] > 300 for run in runs)


def test_coins_have_the_reward_as_their_mean_and_are_the_agents():
    rng = np.random.default_rng(0)
    assert np.mean([symbol_kernel(0.3, rng) for _ in range(4000)]) == pytest.approx(0.3, abs=0.04)
    before = rng.bit_generator.state["state"]["state"]
    assert symbol_kernel(1.0, rng) == 1 and symbol_kernel(0.0, rng) == 0
    assert rng.bit_generator.state["state"]["state"] == before  # no coin where none is needed


def test_bounded_memory_still_sees_a_change():
    model = PiecewiseStationaryBandit([[0.9, 0.5], [0.1, 0.5]], [1500])
    for slots in (2, 16, None):
        run = rbocpd_ucb(model, 3000, slots=slots, rng=1)
        assert run.extra["alarm_arms"].tolist() == [0] and 1500 < run.restart_times[0] < 1700
    assert default_slots(10, 2) == 10 and default_slots(1, 2) == 2


def test_edge_cases():
    run = rbocpd_ucb(BernoulliBandit([0.5, 0.5]), 500, rng=1)
    assert run.regret[-1] == 0.0 and run.pulls.sum() == 500
    assert rbocpd_ucb(BernoulliBandit([0.3]), 1, rng=1).pulls.tolist() == [1]
    assert rbocpd_ucb(BernoulliBandit([0.3, 0.2, 0.1]), 2, rng=1).pulls.sum() == 2
    assert rbocpd_ucb(BernoulliBandit([0.0, 1.0]), 50, rng=1).regret[-1] < 50


def test_records():
    run = rbocpd_ucb(SWAP, 200, rng=1)
    assert run.theorems_algorithm and run.notion == "dynamic regret" and run.parameters["slots"] == 200
    assert not rbocpd_ucb(SWAP, 200, rule="paper", rng=1).theorems_algorithm
    assert len(run.extra["alarm_splits"]) == len(run.restart_times)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delta": 1.0}, "delta is 1"),
        ({"delta": -0.1}, "delta is -0.1"),
        ({"alpha": 1.5}, "alpha is 1.5"),
        ({"c": -1.0}, "c is -1"),
        ({"every": 0}, "every is 0"),
        ({"slots": 1}, "slots is 1"),
        ({"scope": "both"}, "scope is 'both'"),
        ({"rule": "none"}, "rule is 'none'"),
        ({"index": "ts"}, "index is 'ts'"),
    ],
)
def test_bad_keywords(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        rbocpd_ucb(SWAP, 100, **options)


def test_bad_models():
    with pytest.raises(ValueError, match=r"expected rewards in \[0, 1\]"):
        rbocpd_ucb(GaussianBandit([0.0, 1.0]), 10)
    with pytest.raises(TypeError, match="expected a model"):
        rbocpd_ucb("bandit", 10)
