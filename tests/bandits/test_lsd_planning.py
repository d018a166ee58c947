"""Planners for last-switch-dependent bandits: golden rates, Karp's formula, brute force, certificates, bad input."""

from __future__ import annotations

import dataclasses
import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import BernoulliBandit, LastSwitchDependentBandit, RechargingBandit
from theorylab.bandits.environments import lsd_experiment
from theorylab.bandits.lsd import (
    certified_bounds,
    greedy_oracle,
    lsd_lp_bound,
    lsd_optimum,
    lsd_rounding,
    periodic_rate,
    planned_play,
    planned_rates,
)
from theorylab.bandits.lsd.lsd_learning_reference import karp_rate

EIGHTHS = st.integers(0, 8).map(lambda k: k / 8)


def tables(n_arms, width):
    return st.lists(st.lists(EIGHTHS, min_size=width, max_size=width), min_size=n_arms, max_size=n_arms)


@st.composite
def bandits(draw, runs=True):
    n_arms = draw(st.integers(1, 3))
    idle = draw(tables(n_arms, draw(st.integers(1, 3))))
    run = draw(tables(n_arms, draw(st.integers(1, 2)))) if runs and draw(st.booleans()) else None
    return LastSwitchDependentBandit(idle, run=run)


@pytest.mark.parametrize(("number", "optimum", "greedy"), [(1, 4.56 / 9, 0.91 / 6), (2, 0.5, 0.06)])
def test_golden_rates_of_the_published_experiments(number, optimum, greedy):
    rates = planned_rates(lsd_experiment(number))
    for name in ("optimum", "rounding", "linear program"):
        assert float(rates[name]) == pytest.approx(optimum, abs=1e-12)
    assert float(rates["greedy"]) == pytest.approx(greedy, abs=1e-12)


def test_by_hand():
    # blocking: arm 0 pays 1 every third round, arm 1 pays 1/2 whenever it is played
    bandit = RechargingBandit.blocking([1.0, 0.5], [3, 1])
    optimum = lsd_optimum(bandit)
    assert optimum.exact_rate == Fraction(2, 3) and sorted(optimum.cycle) == [0, 1, 1]
    assert lsd_lp_bound(bandit).exact_rate == pytest.approx(2 / 3)
    assert periodic_rate(bandit, [0, 1]) == Fraction(1, 4)  # every second round arm 0 is not due
    assert periodic_rate(bandit, [1]) == Fraction(1, 2)
    # runs: arm 0 pays 1 in the first play of a run and nothing after it, arm 1 the other way round
    tired = LastSwitchDependentBandit([[1.0], [0.0]], run=[[0.0], [0.5]])
    assert periodic_rate(tired, [0]) == 0 and periodic_rate(tired, [1]) == Fraction(1, 2)
    assert lsd_optimum(tired).exact_rate == Fraction(1, 2)
    assert periodic_rate(tired, [0, 1, 1, 1]) == Fraction(1 + 0.5 + 0.5) / 4


@settings(max_examples=25, deadline=None)
@given(bandits(runs=False))
def test_optimum_is_karps_maximum_cycle_mean(bandit):
    assert lsd_optimum(bandit).rate == pytest.approx(karp_rate(bandit.idle.tolist()), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(bandits())
def test_optimum_has_a_two_sided_certificate_and_no_short_pattern_beats_it(bandit):
    optimum = lsd_optimum(bandit)
    low, high = certified_bounds(bandit, optimum)
    assert low == high == optimum.exact_rate
    best = max(
        periodic_rate(bandit, pattern)
        for length in (1, 2, 3, 4)
        for pattern in itertools.product(range(bandit.n_arms), repeat=length)
    )
    assert best <= optimum.exact_rate
    if len(optimum.cycle) <= 4:
        assert best == optimum.exact_rate


@settings(max_examples=15, deadline=None)
@given(bandits())
def test_planners_are_ordered(bandit):
    bound, optimum = lsd_lp_bound(bandit), lsd_optimum(bandit).exact_rate
    assert max(greedy_oracle(bandit).exact_rate, lsd_rounding(bandit, longest=3).exact_rate) <= optimum
    assert optimum <= bound.exact_rate and bound.lower <= bound.exact_rate
    assert bound.gap < 1e-9 and Fraction(bound.rate) >= bound.exact_rate
    assert (bound.offset > 0) == (bandit.run is not None)


def test_states_beyond_the_end_of_a_table_change_nothing():
    idle = np.array([[0.1, 0.7, 0.2], [0.6, 0.3, 0.4]])
    longer = np.concatenate([idle, np.repeat(idle[:, -1:], 3, axis=1)], axis=1)
    short, long = (lsd_optimum(LastSwitchDependentBandit(x)) for x in (idle, longer))
    assert short.exact_rate == long.exact_rate and short.n_states == long.n_states
    assert lsd_lp_bound(LastSwitchDependentBandit(idle)).rate == pytest.approx(
        lsd_lp_bound(LastSwitchDependentBandit(longer)).rate, abs=1e-12
    )


def test_one_arm_and_equal_arms():
    assert lsd_optimum(RechargingBandit([[0.25, 1.0]])).exact_rate == Fraction(1, 4)
    same = RechargingBandit([[0.5], [0.5], [0.5]])
    assert set(planned_rates(same, longest=2).values()) == {Fraction(1, 2)}


def test_plans_are_played_as_planned():
    bandit = lsd_experiment(1)
    run = planned_play(bandit, 120, planner="greedy", trace=True, rng=1)
    history = []
    for arm in run.trace["actions"]:
        means = [bandit.mean_reward(history, a) for a in range(bandit.n_arms)]
        assert arm == means.index(max(means))
        history.append(int(arm))
    run = planned_play(bandit, 900, planner="optimum", trace=True, rng=1)
    assert run.trace["actions"][:18].tolist() == list(lsd_optimum(bandit).cycle) * 2
    assert 900 * 4.56 / 9 + run.regret[-1] <= bandit.n_arms
    assert planned_play(bandit, 7, planner="round robin", trace=True, rng=1).trace["actions"].tolist() == [
        0, 1, 2, 3, 4, 0, 1
    ]  # fmt: skip


def test_a_false_potential_is_refused():
    bandit = RechargingBandit([[0.1, 0.9], [0.3, 0.4]])
    optimum = lsd_optimum(bandit)
    first = next(iter(optimum.potential))
    with pytest.raises(ValueError, match="potential lacks"):
        certified_bounds(bandit, dataclasses.replace(optimum, potential={first: Fraction(0)}))
    with pytest.raises(ValueError, match="expected at least 0"):
        certified_bounds(bandit, dataclasses.replace(optimum, potential={s: Fraction(-1) for s in optimum.potential}))
    flat = dataclasses.replace(optimum, potential={s: Fraction(0) for s in optimum.potential})
    low, high = certified_bounds(bandit, flat)
    assert low == optimum.exact_rate < high  # a bound still, a worse one


@pytest.mark.parametrize("planner", [lsd_optimum, lsd_lp_bound, lsd_rounding, greedy_oracle])
def test_other_bandits_are_refused(planner):
    with pytest.raises(TypeError, match="expected a LastSwitchDependentBandit"):
        planner(BernoulliBandit([0.5]))


def test_bad_input():
    bandit = RechargingBandit([[0.1, 0.9], [0.3, 0.4]])
    with pytest.raises(ValueError, match=r"pattern is empty"):
        periodic_rate(bandit, [])
    with pytest.raises(ValueError, match=r"pattern\[1\] is 2"):
        periodic_rate(bandit, [0, 2])
    with pytest.raises(ValueError, match=r"period is 0"):
        lsd_rounding(bandit, period=0)
    with pytest.raises(ValueError, match=r"longest is 99"):
        lsd_rounding(bandit, longest=99)
    with pytest.raises(ValueError, match=r"max_states = 3"):
        lsd_optimum(lsd_experiment(1), max_states=3)
    with pytest.raises(ValueError, match=r"planner is 'best'"):
        planned_play(bandit, 10, planner="best")
    with pytest.raises(ValueError, match=r"horizon is 0"):
        planned_play(bandit, 0, planner="greedy")
