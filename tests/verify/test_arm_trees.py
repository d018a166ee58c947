"""Exact expectations over arm draws: sourced totals, real code against the recursion, and code that misreports."""

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from theorylab.verify.exact.arm_trees import arm_tree_expectation, scripted_arm_tree, unbiasedness

DATA = json.loads((Path(__file__).parents[1] / "data" / "bandit_exact.json").read_text())


def root_of_weights(weights, high, K):
    """x with sum weights(x) = 1 below ``high``, where the sum diverges."""
    return brentq(lambda x: float(np.sum(weights(x))) - 1.0, high - 100.0, high - 1e-6, xtol=1e-15, rtol=1e-15)


def laws(name, T, K=2):
    """(probabilities from loss estimates and round, the estimate's denominator from the probability)."""
    plain = lambda p: p  # noqa: E731
    if name == "exp3":
        eta = math.sqrt(2 * math.log(K) / (K * T))
    if name == "exp3_ix":
        eta = math.sqrt(2 * math.log(K + 1) / (K * T))
    if name in ("exp3", "exp3_ix"):

        def exponential(L, t):
            w = np.exp(-eta * (L - L.min()))
            return w / w.sum()

        return exponential, plain if name == "exp3" else lambda p: p + eta / 2
    if name == "tsallis_inf":

        def tsallis(L, t):
            def w(x):
                return 4.0 / (2 / math.sqrt(t) * (L - x)) ** 2

            p = w(root_of_weights(w, L.min(), K))
            return p / p.sum()

        return tsallis, plain
    rate = math.sqrt(2 * K * math.log(T) / T)

    def barrier(L, t):
        def w(x):
            return 1.0 / (rate * (L - x))

        p = w(root_of_weights(w, L.min(), K))
        return p / p.sum()

    return barrier, plain


def play_adversarial(name, losses, rng, stale=False):
    """Real code with a policy generator: total loss, probabilities, arms, estimates."""
    T, K = losses.shape
    law, denominator = laws(name, T)
    L, total, rows, arms = np.zeros(K), 0.0, [], []
    for t in range(1, T + 1):
        p = law(L, t)
        arm = min(int(np.searchsorted(np.cumsum(p), rng.random(), side="right")), K - 1)
        rows.append(p)
        arms.append(arm)
        total += losses[t - 1, arm]
        L[arm] += losses[t - 1, arm] / denominator(rows[-2 if stale and t > 1 else -1][arm])
    return total, rows, arms, L


@pytest.mark.parametrize("name", DATA["total_loss"])
def test_total_losses_of_randomised_policies(name):
    losses = np.array(DATA["losses"], dtype=float)
    T, K = losses.shape
    law, denominator = laws(name, T)

    def update(state, arm):
        t, L, total = state
        loss = losses[t, arm]
        longer = list(L)
        longer[arm] += loss / denominator(law(np.array(L), t + 1)[arm])
        return t + 1, tuple(longer), total + loss

    found = arm_tree_expectation(
        (0, (0.0,) * K, 0.0), lambda s: law(np.array(s[1]), s[0] + 1), update, lambda s: s[2], T
    )
    assert found == pytest.approx(DATA["total_loss"][name], abs=2e-10)
    for compiled in (False, True):
        run = lambda rng: play_adversarial(name, losses, rng)[:3]  # noqa: E731
        assert scripted_arm_tree(run, T, compiled=compiled) == pytest.approx(found, abs=1e-12)


def test_importance_weights_are_unbiased_over_a_whole_run_and_ix_is_not():
    losses = np.array(DATA["losses"], dtype=float)

    def estimates(name, stale=False):
        def run(rng):
            _, rows, arms, L = play_adversarial(name, losses, rng, stale)
            return L, rows, arms

        return scripted_arm_tree(run, len(losses))

    assert estimates("exp3") == pytest.approx(losses.sum(0), abs=1e-12)
    assert np.all(estimates("exp3_ix") < losses.sum(0) - 0.1)
    assert np.abs(estimates("exp3", stale=True) - losses.sum(0)).max() > 0.1


def test_code_that_does_not_draw_from_what_it_reports_is_noticed():
    def stale(rng):  # the second arm comes from the first law; both midpoints lie in the right arms
        u, v = rng.random(), rng.random()
        return 0.0, [[0.5, 0.5], [0.6, 0.4]], [int(u >= 0.5), int(v >= 0.5)]

    with pytest.raises(RuntimeError, match=r"in round 1 .* does not draw from the probabilities"):
        scripted_arm_tree(stale, 2)
    with pytest.raises(RuntimeError, match="takes 1 draws in 2 rounds"):
        scripted_arm_tree(lambda rng: (0.0, [[1.0, 0.0]] * 2, [0, int(rng.random() < 0)]), 2)
    with pytest.raises(ValueError, match=r"probabilities\[0\] sums to 0.9, expected 1"):
        scripted_arm_tree(lambda rng: (0.0, [[0.5, 0.4]], [int(rng.random() > 2)]), 1)
    with pytest.raises(ValueError, match=r"probabilities in round 0 sums to 1\.2, expected 1"):
        arm_tree_expectation(0, lambda s: [0.5, 0.7], lambda s, a: s, float, 2)


def test_one_step_unbiasedness():
    p, losses = [Fraction(1, 5), Fraction(1, 2), Fraction(3, 10)], [Fraction(1), Fraction(1, 3), Fraction(2, 7)]

    def shifted(arm, loss, p):  # 1 - 1{A=i}(1-x)/p, unbiased too
        return [1 - (1 - loss) / p[i] if i == arm else 1 for i in range(3)]

    def defect(arm, loss, p):  # +1 for the played arm only
        return [1 - (1 - loss) / p[i] if i == arm else 0 for i in range(3)]

    assert unbiasedness(shifted, p, losses) == 0
    assert unbiasedness(defect, p, losses) == Fraction(4, 5)
    assert unbiasedness(shifted, list(map(float, p)), list(map(float, losses))) < 1e-15
    with pytest.raises(ValueError, match="losses has length 2, expected 3"):
        unbiasedness(shifted, p, losses[:2])
