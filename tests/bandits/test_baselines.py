"""epsilon-greedy and uniform play: their laws, their streams, edge cases, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from theorylab.bandits import BernoulliBandit, GaussianBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.stochastic.baselines import (
    _epsilon_greedy,
    epsilon_greedy,
    epsilon_greedy_kernel,
    uniform_play,
)

TIE = 1e-11


class Greedy:
    """Each arm once; then a coin: below epsilon it also names the random arm."""

    def __init__(self, info):
        self.seen = [[] for _ in range(info.n_arms)]
        self.epsilon = info.keywords["epsilon"]

    def act(self, rng):
        for arm, rewards in enumerate(self.seen):
            if not rewards:
                return arm
        coin = rng.random()
        if coin < self.epsilon:
            return min(int(coin / self.epsilon * len(self.seen)), len(self.seen) - 1)
        means = [sum(rewards) / len(rewards) for rewards in self.seen]
        return min(arm for arm in range(len(means)) if means[arm] >= max(means) - TIE)

    def observe(self, arm, reward):
        self.seen[arm].append(reward)


MODELS = (
    BernoulliBandit([0.3, 0.7, 0.5]),
    BernoulliBandit([0.0, 1.0]),
    GaussianBandit([0.0, 0.5, -1.0], 0.7),
    BernoulliBandit([0.4]),
)


@pytest.mark.parametrize("model", MODELS, ids=repr)
@pytest.mark.parametrize("epsilon", [0.0, 0.2, 1.0])
def test_epsilon_greedy_plays_like_a_plain_agent(model, epsilon):
    for seed in range(3):
        run = epsilon_greedy(model, 300, epsilon=epsilon, trace=True, rng=seed)
        other = agent_algorithm(Greedy)(model, 300, epsilon=epsilon, trace=True, rng=seed)
        np.testing.assert_array_equal(run.trace["actions"], other.trace["actions"])
        np.testing.assert_allclose(run.regret, other.regret)


def test_uniform_play_has_the_mean_gap():
    """1200 runs of 50 rounds: the mean of the gaps is (0.6 + 0.3 + 0) / 3, its standard deviation 0.245 a round."""
    model = BernoulliBandit([0.3, 0.6, 0.9])
    regrets = np.array([uniform_play(model, 50, rng=i).regret[-1] for i in range(1200)])
    assert abs(regrets.mean() - 50 * 0.3) < 5 * 0.245 * np.sqrt(50 / 1200)


def test_epsilon_greedy_pays_for_its_coins():
    """With sure arms it finds the best at once: epsilon / 2 of the later rounds are lost on average."""
    model = BernoulliBandit([0.0, 1.0])
    regrets = np.array([epsilon_greedy(model, 1000, epsilon=0.2, rng=i).regret[-1] for i in range(200)])
    assert abs(regrets.mean() - (1.0 + 998 * 0.1)) < 5 * np.sqrt(998 * 0.09 / 200)


def test_rewards_and_coins_come_from_two_streams():
    """Whatever epsilon is, the same arm in the same round gets the same reward."""
    model = BernoulliBandit([0.5, 0.5])
    a = epsilon_greedy(model, 500, epsilon=0.0, trace=True, rng=7)
    b = uniform_play(model, 500, trace=True, rng=7)
    same = a.trace["actions"] == b.trace["actions"]
    assert 100 < same.sum() < 400
    np.testing.assert_array_equal(a.trace["rewards"][same], b.trace["rewards"][same])


def test_compiled_and_plain_kernels_agree():
    results = []
    for function in (_epsilon_greedy, epsilon_greedy_kernel):
        model = BernoulliBandit([0.2, 0.8, 0.5])
        from theorylab.bandits.online import begin

        setup = begin(model, 200, trace=True, rng=3)
        work = [setup.work() for _ in range(3)]
        function(setup.world, setup.memory, setup.log, 200, 3, 0.3, *work, setup.environment, setup.agent)
        results.append((setup.log.actions.copy(), setup.log.rewards.copy(), work[0].copy()))
    for mine, other in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_edges():
    assert epsilon_greedy(BernoulliBandit([0.5, 0.5, 0.5]), 2, rng=0).pulls.tolist() == [1, 1, 0]
    assert epsilon_greedy(BernoulliBandit([0.5, 0.5]), 1000, rng=0).regret[-1] == 0.0
    assert uniform_play(BernoulliBandit([0.3]), 10, rng=0).pulls.tolist() == [10]
    assert not uniform_play(BernoulliBandit([0.3]), 10, rng=0).theorems_algorithm


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"epsilon": -0.1}, "epsilon is -0.1"),
        ({"epsilon": 1.1}, "epsilon is 1.1"),
        ({"epsilon": float("nan")}, "epsilon is nan"),
    ],
)
def test_bad_epsilon(keywords, message):
    with pytest.raises(ValueError, match=message):
        epsilon_greedy(BernoulliBandit([0.5, 0.6]), 10, **keywords)


def test_bad_types():
    with pytest.raises(TypeError, match="epsilon"):
        epsilon_greedy(BernoulliBandit([0.5, 0.6]), 10, epsilon="0.1")
    with pytest.raises(TypeError, match="bandit"):
        uniform_play([0.5, 0.6], 10)
    with pytest.raises(ValueError, match="horizon"):
        uniform_play(BernoulliBandit([0.5]), 0)
