"""RAW-UCB and FEWA: references, compiled against plain, the theorem without noise, bounds by hand, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import BernoulliBandit, GaussianBandit, RottingBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.lsd import fewa, raw_ucb
from theorylab.bandits.lsd.rotting import failure_probability, largest_drops, radius, regret_bound, window_grid
from theorylab.bandits.lsd.rotting_reference import FEWA, RawUCB
from theorylab.verify.code import plain_code

PAIRS = ((raw_ucb, RawUCB), (fewa, FEWA))
FALLING = [np.linspace(0.9, 0.1, 25), np.linspace(0.7, 0.5, 25), [0.6] * 25]


@pytest.mark.parametrize("windows", ["geometric", "all"])
@pytest.mark.parametrize(("algorithm", "agent"), PAIRS)
@pytest.mark.parametrize(
    ("bandit", "sigma"),
    [
        (RottingBandit(FALLING, noise="gaussian", sigma=0.2), 0.2),
        (RottingBandit(FALLING), 0.0),
        (RottingBandit(FALLING, kind="restless", noise="bernoulli"), 0.5),
        (BernoulliBandit([0.0, 1.0, 0.5]), 0.5),
        (GaussianBandit([0.3], sigma=1.0), 1.0),
    ],
)
def test_kernel_plays_like_the_reference(bandit, sigma, algorithm, agent, windows):
    for seed, alpha in ((0, 0.1), (1, 1.5)):
        run = algorithm(bandit, 90, alpha=alpha, windows=windows, trace=True, rng=seed)
        slow = agent_algorithm(agent)(bandit, 90, alpha=alpha, sigma=sigma, windows=windows, trace=True, rng=seed)
        assert run.trace["actions"].tolist() == slow.trace["actions"].tolist()
        np.testing.assert_allclose(run.regret, slow.regret, atol=1e-9)


def test_compiled_and_plain_agree():
    plain = plain_code({name: f"theorylab.bandits.lsd.rotting:{name}" for name in ("raw_ucb", "fewa")})
    bandit = RottingBandit(FALLING, noise="gaussian", sigma=0.3)
    for algorithm in (raw_ucb, fewa):
        a = algorithm(bandit, 120, trace=True, rng=4)
        b = plain.algorithm(algorithm.__name__)(bandit, 120, trace=True, rng=4)
        assert a.trace["rewards"].tobytes() == b.trace["rewards"].tobytes()
        assert a.trace["indices"].tobytes() == b.trace["indices"].tobytes()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 8), min_size=4, max_size=4), min_size=1, max_size=3),
    st.integers(1, 30),
    st.sampled_from(["geometric", "all"]),
)
def test_without_noise_the_regret_is_at_most_the_sum_of_drops(tables, horizon, windows):
    bandit = RottingBandit(-np.sort(-np.array(tables) / 8, axis=1))
    cap = bandit.tables.max()
    drops = [max(np.max(-np.diff(row)), cap - row[0]) for row in bandit.tables]
    for algorithm in (raw_ucb, fewa):
        run = algorithm(bandit, horizon, windows=windows, rng=0)
        assert run.theorems_algorithm and -1e-9 <= run.regret.max() <= sum(drops) + 1e-9
    np.testing.assert_allclose(largest_drops(bandit), drops)


def test_on_stationary_arms_the_longest_window_is_ucb():
    # one arm is played n times in a row at mean m: its index is m + c(n), the least over all windows
    run = raw_ucb(BernoulliBandit([1.0]), 20, alpha=1.0, windows="all", trace=True, rng=0)
    expected = [1.0 + radius(t, t, alpha=1.0, sigma=0.5) for t in range(1, 20)]
    np.testing.assert_allclose(run.trace["indices"][1:, 0], expected)


def test_bound_by_hand():
    bandit = RottingBandit([[0.9, 0.2], [0.5, 0.5]], noise="gaussian", sigma=1.0)
    noise = 2 * math.sqrt(8 * math.log(100)) * (10 + 1)
    options = {"alpha": 4.0, "sigma": 1.0, "t0": 5}
    value = regret_bound(bandit, 100, rule="raw_ucb", windows="all", **options)
    assert value == pytest.approx(noise + 0.7 + 0.4 + 5 * 0.7)
    wide = regret_bound(bandit, 100, rule="fewa", windows="geometric", **options)
    assert wide == pytest.approx(2 * noise / (1 - 0.5**0.5) + 0.7 + 0.4 + 5 * 0.7)
    assert failure_probability(2, 4.0, 5) == pytest.approx(2 / 25 * (1 + 0.2 + 1))


def test_windows():
    assert window_grid("all", 3).tolist() == [1, 2, 3, 4]
    for horizon in (1, 2, 3, 4, 1000, 1024):
        grid = window_grid("geometric", horizon)
        assert grid[-1] > horizon >= grid[-2] and np.all(grid[1:] == 2 * grid[:-1])


def test_theorem_only_where_it_speaks():
    falling = RottingBandit(FALLING, noise="gaussian", sigma=0.5)
    assert raw_ucb(falling, 10, alpha=4.0, rng=0).theorems_algorithm
    assert not raw_ucb(falling, 10, rng=0).theorems_algorithm  # alpha = 1
    assert not raw_ucb(falling, 10, alpha=4.0, sigma=0.1, rng=0).theorems_algorithm
    assert not fewa(RottingBandit([[0.1, 0.2]]), 10, rng=0).theorems_algorithm
    assert not fewa(RottingBandit(FALLING, kind="restless"), 10, rng=0).theorems_algorithm


def test_edges():
    for algorithm in (raw_ucb, fewa):
        assert algorithm(BernoulliBandit([0.5, 0.5, 0.5]), 2, rng=0).pulls.tolist() == [1, 1, 0]
        same = algorithm(RottingBandit([[0.5, 0.4]] * 3, noise="gaussian"), 300, rng=0)
        assert same.pulls.sum() == 300 and same.regret[-1] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("algorithm", [raw_ucb, fewa])
def test_bad_input(algorithm):
    bandit = RottingBandit(FALLING)
    for alpha in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="alpha is"):
            algorithm(bandit, 10, alpha=alpha)
    with pytest.raises(ValueError, match="sigma is -1"):
        algorithm(bandit, 10, sigma=-1.0)
    with pytest.raises(ValueError, match="windows is 'some'"):
        algorithm(bandit, 10, windows="some")
    with pytest.raises(ValueError, match="horizon is 0"):
        algorithm(bandit, 0)
    with pytest.raises(ValueError, match="rewards to keep"):
        algorithm(bandit, 10**8)
    with pytest.raises(TypeError, match="expected a model"):
        algorithm([0.5, 0.5], 10)
