"""Elimination with burn-in and the two baselines: reference, plain kernels, numbers worked out by hand, bad input."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from theorylab.bandits import (
    AdversarialBandit,
    BernoulliBandit,
    GaussianBandit,
    LastSwitchDependentBandit,
    RottingBandit,
    TallyingBandit,
    WeightedTallyingBandit,
)
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.environments import tallying_losses
from theorylab.bandits.tallying import batched_exp3, round_robin_se, wtb_successive_elimination
from theorylab.bandits.tallying.baselines_reference import BatchedEXP3, RoundRobinSE
from theorylab.bandits.tallying.wtb_successive_elimination import CONSTANT, epoch_limit, log_term, regret_bound
from theorylab.bandits.tallying.wtb_successive_elimination_reference import WTBSuccessiveElimination
from theorylab.verify.code import library_code, plain_code

ENTRY = "theorylab.bandits.tallying.wtb_successive_elimination:wtb_successive_elimination"
SHARP = TallyingBandit([[1.0, 1.0, 0.0], [0.9, 0.9, 0.9]])
MODELS = {
    "bernoulli": lambda: BernoulliBandit([0.1, 0.9, 0.95]),
    "sharp tally": lambda: SHARP,
    "equal weights": lambda: tallying_losses("misleading", n_arms=3, window=4),
    "unequal weights": lambda: tallying_losses("needle", n_arms=3, window=3, weights=[0.5, 0.3, 0.2]),
    "gaussian": lambda: GaussianBandit([0.1, 0.9], 0.1),
    "switches": lambda: LastSwitchDependentBandit([[0.1, 0.9], [0.5, 0.2]], [[0.3], [0.4]]),
    "rotting": lambda: RottingBandit([[0.9, 0.1], [0.4, 0.3]]),
    "one arm": lambda: tallying_losses("learning", n_arms=1, window=3),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("horizon", "M"), [(1, 1), (2, 3), (5, 9), (600, 1), (600, 4)])
def test_kernel_makes_the_reference_decisions(name, horizon, M):
    bandit = MODELS[name]()
    for seed in range(3):
        run = wtb_successive_elimination(bandit, horizon, M=M, delta=0.5, trace=True, rng=seed)
        slow = agent_algorithm(WTBSuccessiveElimination)(bandit, horizon, M=M, delta=0.5, trace=True, rng=seed)
        for key in ("actions", "rewards", "epochs", "recorded"):
            np.testing.assert_array_equal(run.trace[key], slow.trace[key])
        np.testing.assert_allclose(run.regret, slow.regret, atol=1e-9)
        assert run.pulls.sum() == horizon


@pytest.mark.parametrize("name", ["bernoulli", "sharp tally", "unequal weights", "one arm"])
def test_baselines_make_their_references_decisions(name):
    bandit = MODELS[name]()
    for seed in range(3):
        for fast, slow, keywords in (
            (batched_exp3, BatchedEXP3, {"block": 7}),
            (batched_exp3, BatchedEXP3, {"block": 1}),
            (round_robin_se, RoundRobinSE, {"delta": 0.5}),
        ):
            run = fast(bandit, 500, trace=True, rng=seed, **keywords)
            expected = agent_algorithm(slow)(bandit, 500, trace=True, rng=seed, **keywords)
            np.testing.assert_array_equal(run.trace["actions"], expected.trace["actions"])


def test_compiled_and_plain_kernels_agree_to_the_bit():
    fast, slow = library_code({"wtb": ENTRY}), plain_code({"wtb": ENTRY})
    for name in ("sharp tally", "unequal weights", "gaussian"):
        runs = [code.algorithm("wtb")(MODELS[name](), 400, M=3, delta=0.5, trace=True, rng=5) for code in (fast, slow)]
        np.testing.assert_array_equal(runs[0].regret, runs[1].regret)
        np.testing.assert_array_equal(runs[0].trace["means"], runs[1].trace["means"])
        np.testing.assert_array_equal(runs[0].trace["rewards"], runs[1].trace["rewards"])


def test_first_epochs_by_hand():
    run = wtb_successive_elimination(SHARP, 24, M=3, delta=0.5, trace=True, rng=0)
    assert run.trace["actions"].tolist() == [0] * 4 + [1] * 4 + [0] * 6 + [1] * 6 + [0] * 4
    assert run.trace["recorded"].tolist() == [0, 0, 1, 1] * 2 + [0, 0, 1, 1, 1, 1] * 2 + [0, 0, 1, 1]
    assert run.trace["means"][:2, 0].tolist() == [0.0, 0.0]  # arm 0, repeated, loses nothing
    # two burn-in plays cost 1 each in the three segments of arm 0, every play of arm 1 costs 0.9
    assert run.regret[-1] == pytest.approx(3 * 2 + 10 * 0.9)


def test_elimination_happens_when_twice_the_radius_is_below_the_gap():
    sure = TallyingBandit([[1.0, 0.0], [0.75, 0.75]], noise="none")
    run = wtb_successive_elimination(sure, 4000, M=2, delta=0.5, trace=True, rng=0)
    L = math.log(2 * 2 * 13 / 0.5)
    last = next(s for s in range(1, 14) if 2 * math.sqrt(L / (2 * 2**s)) < 0.75)
    assert run.extra == {"epochs": last, "left": 1}
    # segments of arm 0 cost its burn-in; arm 1 costs 0.75 a play; the last arm starts with one burn-in play
    expected = Fraction(last) + Fraction(3, 4) * sum(1 + 2**s for s in range(1, last + 1)) + 1
    assert run.regret[-1] == pytest.approx(float(expected))
    assert run.trace["alive"][last].tolist() == [1.0, 0.0]


def test_round_robin_never_sees_a_repeated_arm():
    run = round_robin_se(tallying_losses("needle"), 3000, delta=0.05, rng=0)
    assert run.regret[-1] == pytest.approx(0.7 * 3000)
    assert run.extra["left"] == 5


def test_numbers_of_the_bound():
    assert CONSTANT == pytest.approx(4 * math.hypot(2 + math.sqrt(2), 1), rel=1e-15)
    assert 14.2305 < CONSTANT < 14.2307
    assert [epoch_limit(T) for T in (1, 2, 3, 4, 5, 1024, 1025)] == [1, 2, 3, 3, 4, 11, 12]
    assert log_term(1024, 3, 0.1) == pytest.approx(math.log(2 * 3 * 11 / 0.1))
    assert regret_bound(10**5, 5, M=20, delta=1e-5) == pytest.approx(42_848.5, abs=0.1)  # below .7 T
    one, two = (regret_bound(10**4, 4, M=M, delta=0.1) for M in (1, 51))
    assert two - one == pytest.approx(50 * 4 * 15)  # (M - 1) K S and nothing else depends on M


def test_published_shape_on_the_needle():
    runs = [wtb_successive_elimination(tallying_losses("needle"), 10**5, M=20, delta=1e-5, rng=i) for i in range(10)]
    mean = np.mean([run.regret[-1] for run in runs])
    assert 1500 < mean < 2150  # 1815 +- 40 over 20 runs when the instance was designed
    blocks = [batched_exp3(tallying_losses("needle"), 10**5, block=20, rng=i).regret[-1] for i in range(5)]
    assert 3 * mean < np.mean(blocks) < 9000


def test_identical_arms_have_no_regret():
    run = wtb_successive_elimination(BernoulliBandit([0.5, 0.5, 0.5]), 700, M=2, delta=0.1, rng=3)
    assert np.all(run.regret == 0.0)


def test_the_theorem_refuses_what_it_does_not_cover():
    def covered(bandit, M):
        return wtb_successive_elimination(bandit, 20, M=M, delta=0.1, rng=0).theorems_algorithm

    assert covered(SHARP, 3) and not covered(SHARP, 2)
    with pytest.raises(ValueError, match="repeating one arm may not be optimal"):
        WeightedTallyingBandit([1.0, 1.0], [0.5, 1.0], [[0.0, 1.0], [0.0, 1.0]])
    loose = WeightedTallyingBandit([1.0, 1.0], [0.5, 1.0], [[0.0, 1.0], [0.0, 1.0]], reo_required=False)
    assert not covered(loose, 5)
    assert covered(BernoulliBandit([0.2, 0.4]), 1) and not covered(GaussianBandit([0.2, 0.4], 1.0), 1)
    assert not covered(RottingBandit([[0.9, 0.1], [0.4, 0.3]]), 1)


def test_the_same_seed_gives_the_same_run():
    a, b = (wtb_successive_elimination(SHARP, 500, M=3, delta=0.1, trace=True, rng=8) for _ in range(2))
    np.testing.assert_array_equal(a.trace["actions"], b.trace["actions"])
    np.testing.assert_array_equal(a.regret, b.regret)


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"M": 0, "delta": 0.1}, ValueError, "M is 0"),
        ({"M": 2.0, "delta": 0.1}, TypeError, "M is 2.0"),
        ({"M": True, "delta": 0.1}, TypeError, "M is True"),
        ({"M": 2, "delta": 0.0}, ValueError, "delta is 0"),
        ({"M": 2, "delta": 1.0}, ValueError, "delta is 1"),
        ({"M": 2, "delta": math.nan}, ValueError, "delta is nan"),
    ],
)
def test_bad_keywords(keywords, error, message):
    with pytest.raises(error, match=message):
        wtb_successive_elimination(SHARP, 10, **keywords)


def test_bad_horizon_bandit_and_baselines():
    with pytest.raises(ValueError, match="horizon is 0"):
        wtb_successive_elimination(SHARP, 0, M=1, delta=0.1)
    with pytest.raises(TypeError, match="bandit is"):
        wtb_successive_elimination([0.1, 0.2], 10, M=1, delta=0.1)
    with pytest.raises(ValueError, match="at most 3"):
        wtb_successive_elimination(AdversarialBandit(np.zeros((3, 2))), 4, M=1, delta=0.1)
    with pytest.raises(ValueError, match="block is 0"):
        batched_exp3(SHARP, 10, block=0)
    with pytest.raises(ValueError, match="rewards outside"):
        batched_exp3(GaussianBandit([0.0, 1.0], 1.0), 10, block=2)
    with pytest.raises(ValueError, match="delta is 2"):
        round_robin_se(SHARP, 10, delta=2.0)
