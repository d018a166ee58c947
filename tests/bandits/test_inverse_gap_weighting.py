"""Inverse gap weighting and contextual bandits: the slow reference, the lemma in rationals, edge cases, bad input."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import BernoulliBandit
from theorylab.bandits.adversarial import exp3, inverse_gap_weighting
from theorylab.bandits.adversarial.inverse_gap_weighting import (
    _inverse_gaps,
    inverse_gaps_kernel,
    regret_bound,
    squared_error_bound,
    tuned_g,
    worst_means,
)
from theorylab.bandits.adversarial.inverse_gap_weighting_reference import run_square_cb
from theorylab.bandits.models.contextual import ContextualBandit
from theorylab.core.rng import child_seed

F = [[0.9, 0.1, 0.5], [0.2, 0.8, 0.4]]
MODELS = [
    ContextualBandit(F, law=[0.3, 0.7]),
    ContextualBandit(F, contexts=[0, 1, 1] * 150),
    ContextualBandit([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]], law=[0.5, 0.0, 0.5]),
    ContextualBandit([[0.3]], law=[1.0]),
]


@pytest.mark.parametrize("keywords", [{}, {"oracle": "laplace"}, {"g": 3.0}], ids=str)
@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_kernel_makes_the_reference_decisions(model, keywords):
    run, slow = (
        inverse_gap_weighting(model, 400, rng=7, trace=True, **keywords),
        run_square_cb(model, 400, rng=7, **keywords),
    )
    for name in ("actions", "rewards", "contexts"):
        assert np.array_equal(run.trace[name], slow.trace[name])
    assert np.allclose(run.trace["probabilities"], slow.trace["probabilities"], atol=1e-12)
    assert np.allclose(run.regret, slow.regret) and np.array_equal(run.pulls, slow.pulls)


def test_compiled_and_plain_kernels_agree_to_the_bit():
    from theorylab.verify.code import plain_code

    plain = plain_code({"a": "theorylab.bandits.adversarial.inverse_gap_weighting:inverse_gap_weighting"}).algorithm(
        "a"
    )
    for model in MODELS:
        fast, slow = (f(model, 300, rng=3, trace=True) for f in (inverse_gap_weighting, plain))
        assert np.array_equal(fast.trace["probabilities"], slow.trace["probabilities"])
        assert np.array_equal(fast.regret, slow.regret)


fractions = st.fractions(min_value=0, max_value=1, max_denominator=50)


@settings(max_examples=150, deadline=None)
@given(st.lists(fractions, min_size=1, max_size=5), st.fractions(min_value="1/100", max_value=1000), st.data())
def test_the_lemma_holds_in_rationals(y, g, data):
    """sum p (f* - f) - g/4 sum p (y - f)^2 <= 2(K-1)/g for any rational f; p sums to one exactly."""
    k = len(y)
    p = [None] * k
    _inverse_gaps(y, g, p)
    assert sum(p) == 1 and min(p) > 0
    f = data.draw(st.lists(st.fractions(-3, 3, max_denominator=20), min_size=k, max_size=k))
    assert sum(p[a] * (max(f) - f[a]) - g / 4 * p[a] * (y[a] - f[a]) ** 2 for a in range(k)) <= 2 * Fraction(k - 1) / g


def test_the_lemma_is_sharp():
    """K = 2, estimates (1, 0), large g: the left side at the worst means tends to 2(K-1)/g."""
    p = np.zeros(2)
    for g, share in ((10.0, 0.85), (1000.0, 0.99)):
        y = np.array([1.0, 0.0])
        inverse_gaps_kernel(y, g, p)
        f = worst_means(y, p, g, 1)
        value = p @ (f[1] - f) - g / 4 * (p @ (y - f) ** 2)
        assert share * 2 / g < value <= 2 / g


def test_probabilities_by_hand():
    p = np.zeros(3)
    inverse_gaps_kernel(np.array([0.2, 0.7, 0.7]), 10.0, p)  # ties: the lowest arm is greedy
    assert p == pytest.approx([1 / 8, 1 - 1 / 8 - 1 / 3, 1 / 3])


def test_bounds_by_hand():
    s = 2 * 3 / 4 * (2 + math.log(1000))
    assert squared_error_bound(2, 3, 1000) == pytest.approx(s)
    assert squared_error_bound(2, 3, 1000, oracle="laplace") == pytest.approx(s - 1.5)
    assert regret_bound(2, 3, 1000) == pytest.approx(math.sqrt(2 * 2 * 1000 * s))
    assert regret_bound(2, 3, 1000, g=7.0) > regret_bound(2, 3, 1000, g=tuned_g(2, 3, 1000))
    assert regret_bound(2, 1, 1000) == 0.0


def test_contexts_are_the_same_for_all_keywords_and_follow_the_law():
    a, b = (inverse_gap_weighting(MODELS[0], 4000, g=g, rng=1, trace=True).trace["contexts"] for g in (1.0, 50.0))
    assert np.array_equal(a, b) and abs(a.mean() - 0.7) < 0.03
    assert 1 not in inverse_gap_weighting(MODELS[2], 500, rng=1, trace=True).trace["contexts"]


def test_an_algorithm_without_contexts_meets_the_mixture():
    """Its regret a round is at least E[max f] - max E[f] = .83 - .64."""
    blind = np.mean([exp3(MODELS[0], 2000, rng=child_seed(1, i)).regret[-1] for i in range(10)])
    seeing = np.mean([inverse_gap_weighting(MODELS[0], 2000, rng=child_seed(1, i)).regret[-1] for i in range(10)])
    assert blind > 2000 * 0.19 > 2 * seeing
    history = exp3(MODELS[1], 60, rng=1, trace=True).trace["actions"].tolist()
    gaps = [MODELS[1].round_benchmark(t) - MODELS[1].mean_reward(history[:t], a) for t, a in enumerate(history)]
    assert exp3(MODELS[1], 60, rng=1).regret[-1] == pytest.approx(sum(gaps))


def test_one_arm_and_identical_arms_have_no_regret():
    assert not inverse_gap_weighting(MODELS[3], 50, rng=0).regret.any()
    equal = ContextualBandit([[0.5] * 4, [0.2] * 4], law=[0.5, 0.5])
    assert not inverse_gap_weighting(equal, 200, rng=0).regret.any()
    assert inverse_gap_weighting(MODELS[0], 1, rng=0).pulls.sum() == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"f": [[0.5, 1.5]], "law": [1.0]}, r"f\[0, 1\] is 1.5"),
        ({"f": [[0.5, math.nan]], "law": [1.0]}, r"f\[0, 1\] is nan"),
        ({"f": np.zeros((1, 0)), "law": [1.0]}, "at least one arm"),
        ({"f": [0.5, 0.5], "law": [1.0]}, "f has 1 dimensions"),
        ({"f": F}, "neither of contexts and law given"),
        ({"f": F, "contexts": [0], "law": [0.5, 0.5]}, "both of contexts and law given"),
        ({"f": F, "contexts": [0, 2]}, r"contexts\[1\] is 2"),
        ({"f": F, "contexts": []}, "at least one round"),
        ({"f": F, "contexts": [0.5]}, "expected integers"),
        ({"f": F, "law": [0.5, 0.4]}, "law sums to 0.9"),
        ({"f": F, "law": [1.5, -0.5]}, r"law\[1\] is -0.5"),
        ({"f": F, "law": [1.0]}, "law has shape"),
    ],
)
def test_bad_models(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        ContextualBandit(**arguments)


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        ((BernoulliBandit([0.5]), 10), {}, "expected a ContextualBandit"),
        ((MODELS[1], 451), {}, "horizon is 451, expected at most 450"),
        ((MODELS[0], 0), {}, "horizon is 0"),
        ((MODELS[0], 10), {"g": 0.0}, "g is 0"),
        ((MODELS[0], 10), {"oracle": "forest"}, "oracle is 'forest'"),
    ],
)
def test_bad_arguments(arguments, keywords, message):
    with pytest.raises((TypeError, ValueError), match=message):
        inverse_gap_weighting(*arguments, rng=0, **keywords)


def test_the_model_is_read_only_and_known_by_its_sizes():
    bandit = ContextualBandit(F, law=[0.5, 0.5], name="two")
    assert (bandit.n_contexts, bandit.n_arms, repr(bandit)) == (2, 3, "ContextualBandit('two', K=3)")
    with pytest.raises(ValueError, match="read-only"):
        bandit.f[0, 0] = 1.0
