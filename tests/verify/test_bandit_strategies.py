"""Bandit strategies: shapes, ranges, and that they find what breaks a wrong learner."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from theorylab.bandits import AdversarialBandit, BernoulliBandit, PiecewiseStationaryBandit
from theorylab.verify.strategies import bandits as theory


@settings(max_examples=50, deadline=None)
@given(theory.means(max_arms=4, build=BernoulliBandit), theory.loss_tables(build=AdversarialBandit))
def test_models_are_valid(bandit, table):
    assert 1 <= bandit.n_arms <= 4 and 1 <= table.n_arms <= 4 and 1 <= table.horizon <= 20


@settings(max_examples=50, deadline=None)
@given(theory.piecewise_means(horizon=30, build=PiecewiseStationaryBandit))
def test_change_points_lie_within_the_horizon(bandit):
    assert all(0 < c < 30 for c in bandit.change_points)


@settings(max_examples=50, deadline=None)
@given(st.data(), st.integers(1, 6), st.integers(1, 4), st.booleans())
def test_somebody_is_always_awake(data, rounds, arms, confidences):
    awake = data.draw(theory.awake_tables(rounds, arms, confidences=confidences))
    assert awake.shape == (rounds, arms) and awake.max(axis=1).min() > 0
    assert awake.min() >= 0 and awake.max() <= 1


def follow_the_leader(losses):
    totals, paid = np.zeros(losses.shape[1]), 0.0
    for row in losses:
        paid += row[int(np.argmin(totals))]
        totals += row
    return paid - totals.min()


def test_the_search_finds_what_breaks_follow_the_leader():
    def broken(losses):
        t, n = losses.shape
        return n > 1 and follow_the_leader(losses) > math.sqrt(t * math.log(n) / 2) + 1

    assert follow_the_leader(find(theory.loss_tables(max_rounds=30), broken)) > 1


def test_bad_arguments():
    with pytest.raises(ValueError, match="max_arms is 1"):
        find(theory.means(min_arms=2, max_arms=1), lambda found: True)
    with pytest.raises(ValueError, match="horizon is 0"):
        find(theory.piecewise_means(horizon=0), lambda found: True)
