"""Hedge: decisions of the slow reference, sure bounds on searched tables, edge cases, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import AdversarialBandit, BernoulliBandit
from theorylab.bandits.adversarial.hedge import hedge
from theorylab.bandits.adversarial.hedge_reference import Hedge, mixture_regret
from theorylab.bandits.agents import agent_algorithm

reference = agent_algorithm(Hedge)


def full(losses):
    """A table with full feedback."""
    return AdversarialBandit(losses, feedback="full")


def fixed_bound(n_arms, horizon):
    return math.sqrt(horizon * math.log(n_arms) / 2)


def anytime_bound(n_arms, times):
    return 2 * np.sqrt(times * math.log(n_arms) / 2) + math.sqrt(math.log(n_arms) / 8)


tables = st.integers(2, 4).flatmap(
    lambda n: st.lists(
        st.lists(st.sampled_from([0.0, 1.0, 0.5, 1e-300, 1.0 - 2**-53]), min_size=n, max_size=n),
        min_size=1,
        max_size=20,
    )
)


@settings(max_examples=60, deadline=None)
@given(tables)
def test_no_table_breaks_the_bounds(losses):
    T, n = len(losses), len(losses[0])
    fixed, anytime = (hedge(full(losses), T, form=form, rng=0) for form in ("fixed", "anytime"))
    assert fixed.extra["mixture_regret"][-1] <= fixed_bound(n, T) + 1e-9
    assert np.all(anytime.extra["mixture_regret"] <= anytime_bound(n, anytime.times) + 1e-9)


@settings(max_examples=25, deadline=None)
@given(tables, st.sampled_from(["fixed", "anytime"]), st.integers(0, 2**32))
def test_kernel_makes_the_reference_decisions(losses, form, seed):
    T = len(losses)
    run = hedge(full(losses), T, form=form, rng=seed, trace=True)
    slow = reference(full(losses), T, form=form, rng=seed, trace=True, losses=losses)
    assert np.array_equal(run.trace["actions"], slow.trace["actions"])
    assert np.allclose(run.trace["probabilities"], slow.trace["probabilities"], rtol=1e-10, atol=1e-12)
    assert run.extra["mixture_regret"][-1] == pytest.approx(
        mixture_regret(losses, slow.trace["probabilities"]), abs=1e-9
    )
    assert np.allclose(run.regret, slow.regret, atol=1e-9)


def test_every_small_table_obeys_the_bound():
    """All 4^6 tables of two experts, six rounds, losses 0 and 1."""
    bits = (np.arange(4**6)[:, None] >> np.arange(12)) & 1
    worst = max(
        hedge(full(row.reshape(6, 2).astype(float)), 6, rng=0, checkpoints=[6]).extra["mixture_regret"][-1]
        for row in bits
    )
    assert 0.8 * fixed_bound(2, 6) < worst <= fixed_bound(2, 6)


def test_an_adversary_that_hurts_the_heavier_expert():
    """The table is built against Hedge itself, by its definition: the worst adaptive adversary of this kind."""
    T, N = 1500, 3
    eta, sums, losses = math.sqrt(8 * math.log(N) / T), np.zeros(N), np.zeros((T, N))
    for t in range(T):
        heaviest = int(np.argmax(np.exp(-eta * (sums - sums.min()))))
        losses[t, heaviest] = 1.0
        sums += losses[t]
    regret = hedge(full(losses), T, rng=0).extra["mixture_regret"][-1]
    assert 0 < regret <= fixed_bound(N, T)


def test_compiled_and_plain_kernels_agree():
    from theorylab.verify.code import plain_code

    plain = plain_code({"hedge": "theorylab.bandits.adversarial.hedge:hedge"}).algorithm("hedge")
    table = full(np.random.default_rng(0).random((300, 5)))
    for form in ("fixed", "anytime"):
        fast, slow = (f(table, 300, rng=3, trace=True, form=form) for f in (hedge, plain))
        assert np.array_equal(fast.regret, slow.regret)
        assert np.allclose(fast.extra["mixture_regret"], slow.extra["mixture_regret"], rtol=1e-12, atol=1e-12)


def test_mean_regret_of_the_drawn_arms_is_that_of_the_mixture():
    table = full(np.random.default_rng(0).random((100, 3)))
    runs = [hedge(table, 100, rng=i) for i in range(400)]
    drawn = np.array([run.regret[-1] for run in runs])
    assert len({run.extra["mixture_regret"][-1] for run in runs}) == 1
    assert abs(drawn.mean() - runs[0].extra["mixture_regret"][-1]) < 4 * drawn.std() / 20


def test_small_losses_are_learnt_at_once():
    """One expert never loses: regret stays below ln N / eta for ever."""
    losses = np.tile([0.0, 1.0, 1.0], (5000, 1))
    run = hedge(full(losses), 5000, rng=0)
    assert run.extra["mixture_regret"][-1] < math.log(3) / run.parameters["eta"] + 1


def test_edge_cases():
    one = hedge(full(np.ones((20, 1))), 20, rng=0)
    assert not one.regret.any() and not one.extra["mixture_regret"].any()
    same = hedge(full(np.full((20, 4), 0.3)), 20, rng=0)
    assert np.allclose(same.extra["mixture_regret"], 0.0, atol=1e-12)
    assert hedge(full([[0.0, 1.0]] * 9), 4, rng=0).times[-1] == 4  # part of a table
    large = hedge(
        full(np.random.default_rng(0).integers(0, 2, (3000, 3)).astype(float)), 3000, eta=1e6, rng=0, trace=True
    )
    assert np.allclose(large.trace["probabilities"].sum(axis=1), 1.0) and not large.theorems_algorithm


@pytest.mark.parametrize(
    ("bandit", "keywords", "message"),
    [
        (BernoulliBandit([0.5, 0.5]), {}, "expected an AdversarialBandit with feedback 'full'"),
        (AdversarialBandit([[0.0, 1.0]] * 10), {}, "feedback 'bandit', expected 'full'"),
        (full([[0.0, 1.0]] * 5), {}, "horizon is 10, expected at most 5"),
        (full([[0.0, 1.0]] * 10), {"form": "small"}, "form is 'small'"),
        (full([[0.0, 1.0]] * 10), {"eta": -0.1}, "eta is -0.1"),
    ],
)
def test_bad_arguments(bandit, keywords, message):
    with pytest.raises((TypeError, ValueError), match=message):
        hedge(bandit, 10, rng=0, **keywords)


@pytest.mark.parametrize("losses", [[[0.0, math.nan]], [[0.0, 1.5]], [[0.0, -0.1]], [], [[]], [0.5, 0.5]])
def test_bad_tables(losses):
    with pytest.raises((TypeError, ValueError), match="losses"):
        full(losses)
