"""Bandit models: bad input, definitions, the compiled environment against the definition, oracles by brute force."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import (
    AdaptiveAdversary,
    AdversarialBandit,
    BernoulliBandit,
    FiniteSupportBandit,
    GaussianBandit,
    LastSwitchDependentBandit,
    PiecewiseStationaryBandit,
    RechargingBandit,
    RottingBandit,
    TallyingBandit,
    WeightedTallyingBandit,
)
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.environments import named, phased_losses, problem_1, random_piecewise
from theorylab.bandits.world import make_log, step_kernel

NAN = float("nan")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BernoulliBandit([]), "means has shape"),
        (lambda: BernoulliBandit([0.5, 1.5]), r"means\[1\] is 1.5, expected a number in \[0, 1\]"),
        (lambda: BernoulliBandit([0.5, -0.1]), r"means\[1\] is -0.1"),
        (lambda: BernoulliBandit([0.5, NAN]), r"means\[1\] is nan"),
        (lambda: BernoulliBandit([[0.5]]), "means"),
        (lambda: BernoulliBandit(["a"]), "means"),
        (lambda: GaussianBandit([]), "at least one arm"),
        (lambda: GaussianBandit([0.0], sigma=0.0), "sigma is 0"),
        (lambda: FiniteSupportBandit([[0.0, 1.0]], [[0.5, 0.4]]), r"probabilities\[0\] sums to 0.9"),
        (lambda: FiniteSupportBandit([[0.0, 1.0]], [[1.5, -0.5]]), r"probabilities\[0, 1\] is -0.5"),
        (lambda: FiniteSupportBandit([[0.0, 1.0]], [[1.0]]), "probabilities"),
        (lambda: PiecewiseStationaryBandit([[0.5]], [10]), "means has 1 rows, expected 2"),
        (lambda: PiecewiseStationaryBandit([[0.5]] * 3, [10, 10]), r"change_points\[1\] is 10, expected at least 11"),
        (lambda: PiecewiseStationaryBandit([[0.5]] * 2, [0]), r"change_points\[0\] is 0, expected at least 1"),
        (lambda: AdversarialBandit([[0.5, NAN]]), r"losses\[0, 1\] is nan"),
        (lambda: AdversarialBandit([[0.5, 1.01]]), r"losses\[0, 1\] is 1.01"),
        (lambda: AdversarialBandit([0.5, 0.1]), "losses"),
        (lambda: AdversarialBandit([[0.5]], awake=[[0.5], [1.0]]), "awake"),
        (lambda: AdversarialBandit([[0.5]], feedback="none"), "feedback is 'none'"),
        (lambda: AdaptiveAdversary(0, lambda h: []), "arms is 0"),
        (lambda: AdaptiveAdversary(2, 3), "losses is 3, expected a function"),
        (lambda: RottingBandit([[0.5]], kind="resting"), "kind is 'resting'"),
        (lambda: RottingBandit([[1.5]], noise="bernoulli"), r"tables\[0, 0\] is 1.5"),
        (lambda: TallyingBandit([[0.5, 2.0]]), r"h\[0, 1\] is 2"),
        (lambda: TallyingBandit(np.zeros((2, 0))), "at least one"),
        (lambda: WeightedTallyingBandit([0.0, 1.0], [1.0], [[0.5]]), "positive first entry"),
        (lambda: WeightedTallyingBandit([1.0], [0.5], [[0.5]]), "knots ends in"),
        (lambda: WeightedTallyingBandit([1.0], [0.5, 0.5, 1.0], [[0.5] * 3]), r"knots\[1\] is 0.5, expected more"),
        (lambda: WeightedTallyingBandit([1.0], [0.5, 1.0], [[0.5]]), r"h has shape \(1, 1\), expected \(K, 2\)"),
        (lambda: WeightedTallyingBandit([1.0, 1.0], [0.5, 1.0], [[0.1, 0.9]]), "repeating one arm may not be optimal"),
        (lambda: LastSwitchDependentBandit([[0.5]], run=[[0.5], [0.5]]), "run has 2 rows, expected 1"),
        (lambda: RechargingBandit([[0.5]], run=[[0.5]]), "run is given"),
        (lambda: RechargingBandit.blocking([0.5], [0]), r"delays\[0\] is 0"),
        (lambda: random_piecewise(2, 10, 10), "n_changes is 10"),
        (lambda: problem_1(4), "horizon is 4"),
        (lambda: phased_losses(10, gap=0.6), "gap is 0.6"),
        (lambda: named("nothing"), "expected a known bandit"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_models_are_read_only_and_copy_their_input():
    means = np.array([0.5, 0.4])
    bandit = BernoulliBandit(means)
    means[0] = 9.0
    assert bandit.means.tolist() == [0.5, 0.4]
    with pytest.raises(ValueError, match="read-only"):
        bandit.means[0] = 0.1
    assert BernoulliBandit([Fraction(2, 5), Fraction(7, 10)]).exact_means == (Fraction(2, 5), Fraction(7, 10))


def _models():
    rng = np.random.default_rng(5)
    return [
        PiecewiseStationaryBandit(rng.random((4, 3)), [3, 4, 9]),
        AdversarialBandit(rng.random((30, 3))),
        RottingBandit(rng.random((3, 5))),
        RottingBandit(rng.random((3, 5)), kind="restless"),
        TallyingBandit(rng.random((3, 4))),
        WeightedTallyingBandit(rng.random(4) + 0.1, [0.2, 0.5, 1.0], rng.random((3, 3)), reo_required=False),
        WeightedTallyingBandit(np.ones(4), [0.2, 0.5, 1.0], rng.random((3, 3)), reo_required=False),
        LastSwitchDependentBandit(rng.random((3, 4)), run=rng.random((3, 2))),
        LastSwitchDependentBandit(rng.random((3, 4))),
    ]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=30))
def test_the_compiled_environment_is_the_definition(arms):
    for model in _models():
        world, memory = model.world(), model.memory()
        log = make_log(np.arange(1, len(arms) + 1), len(arms))
        for t, arm in enumerate(arms):
            noise = (t * 0.618) % 1.0
            reward = step_kernel(world, memory, log, arm, noise)
            mean = model.mean_reward(arms[:t], arm)
            assert reward == pytest.approx(model.reward(mean, arm, noise)), (model, t)
            gap = log.series[0, t + 1] - log.series[0, t] if t else log.series[0, 1]
            assert gap == pytest.approx(model.round_benchmark(t) - mean), (model, t)


def test_best_fixed_arm_of_a_table():
    losses = np.random.default_rng(1).random((12, 3))
    bandit = AdversarialBandit(losses)
    for t in (1, 5, 12):
        best = max(float(np.sum(1.0 - losses[:t, a])) for a in range(3))
        assert bandit.benchmark(np.array([t]))[0] == pytest.approx(best)


def test_greedy_is_optimal_on_falling_rested_arms():
    tables = -np.sort(-np.random.default_rng(2).random((2, 6)), axis=1)
    bandit = RottingBandit(tables)
    assert bandit.non_increasing
    best = max(
        sum(bandit.mean_reward(plays[:t], plays[t]) for t in range(6))
        for plays in itertools.product(range(2), repeat=6)
    )
    assert bandit.benchmark(np.array([6]))[0] == pytest.approx(best)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_repeating_one_arm_is_optimal_up_to_the_start_under_reo(seed):
    """Every sequence loses at least T times the least repeated loss when the condition holds."""
    rng = np.random.default_rng(seed)
    bandit = WeightedTallyingBandit(
        rng.choice([0.5, 1.0, 2.0], 3), [0.25, 0.5, 1.0], np.round(rng.random((2, 3)), 1), reo_required=False
    )
    losses = [
        sum(1.0 - bandit.mean_reward(plays[:t], plays[t]) for t in range(6))
        for plays in itertools.product(range(2), repeat=6)
    ]
    if bandit.reo:
        assert min(losses) >= 6 * bandit.repeated_losses.min() - 1e-9


def test_reo_holds_and_fails_where_it_should():
    assert TallyingBandit([[0.9, 0.1], [0.5, 0.5]]).reo
    assert not TallyingBandit([[0.0, 1.0], [0.0, 1.0]]).reo
    assert named("tallying-needle").reo


def test_predicates_of_recharging_bandits():
    assert RechargingBandit([[0.1, 0.3, 0.4]]).concave and RechargingBandit([[0.1, 0.3, 0.4]]).monotone
    assert not RechargingBandit([[0.1, 0.15, 0.4]]).concave
    assert not RechargingBandit([[0.5, 0.4]]).monotone


class _Alternate:
    def __init__(self, info):
        self.next, self.arms = 0, info.n_arms

    def act(self, rng):
        return self.next

    def observe(self, arm, reward):
        self.next = (arm + 1) % self.arms


def test_an_adaptive_adversary_meets_agents_only():
    from theorylab.bandits.stochastic import ucb1

    punish = AdaptiveAdversary(2, lambda history: [float(history[-1:] == [0]), float(history[-1:] == [1])])
    run = agent_algorithm(_Alternate)(punish, 10, rng=0)
    assert run.reward_sum[-1] == 10.0
    assert run.regret[-1] == pytest.approx(-4.0)  # arm 1 would have lost in rounds 2, 4, 6, 8
    with pytest.raises(TypeError, match="AdaptiveAdversary"):
        ucb1(punish, 10, rng=0)
    wrong = AdaptiveAdversary(2, lambda history: [0.0])
    with pytest.raises(ValueError, match="losses"):
        agent_algorithm(_Alternate)(wrong, 3, rng=0)
    large = AdaptiveAdversary(2, lambda history: [0.0, 2.0])
    with pytest.raises(ValueError, match=r"is 2, expected a number in \[0, 1\]"):
        agent_algorithm(_Alternate)(large, 3, rng=0)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: 7, "plays 7 in round 0"),
        (lambda: 0.0, "plays 0.0"),
        (lambda: True, "plays True"),
        (lambda: -1, "plays -1"),
    ],
)
def test_agents_that_misbehave_are_named(act, message):
    class Wrong:
        def __init__(self, info):
            pass

        def act(self, rng):
            return act()

        def observe(self, arm, reward):
            pass

    with pytest.raises((TypeError, ValueError), match=message):
        agent_algorithm(Wrong)(BernoulliBandit([0.5, 0.4]), 5, rng=0)


def test_agents_need_both_methods_and_cannot_see_the_model():
    seen = []

    class Curious(_Alternate):
        def __init__(self, info):
            super().__init__(info)
            seen.append([name for name in dir(info) if not name.startswith("_")])

    run = agent_algorithm(Curious)(BernoulliBandit([0.5, 0.4]), 5, rng=0, trace=True, delta=0.1)
    assert seen == [["horizon", "keywords", "n_arms"]] and run.parameters == {"delta": 0.1}
    with pytest.raises(TypeError, match="expected an object with act"):
        agent_algorithm(lambda info: object())(BernoulliBandit([0.5]), 5, rng=0)
    with pytest.raises(TypeError, match="make_agent is 3"):
        agent_algorithm(3)
