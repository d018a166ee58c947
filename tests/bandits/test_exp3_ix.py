"""EXP3-IX: decisions of the slow reference, exact values, the estimates' bias, numbers, edge cases, bad input."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from theorylab.bandits import AdversarialBandit, BernoulliBandit, GaussianBandit, PiecewiseStationaryBandit
from theorylab.bandits.adversarial.exp3 import exp3
from theorylab.bandits.adversarial.exp3_ix import exp3_ix, rates
from theorylab.bandits.adversarial.exp3_ix_reference import EXP3IX
from theorylab.bandits.agents import agent_algorithm
from theorylab.core.rng import child_seed
from theorylab.verify.exact.bandits import scripted_arm_tree

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "bandit_exact.json").read_text(encoding="utf-8"))
reference = agent_algorithm(EXP3IX)
MODELS = [
    BernoulliBandit([0.6, 0.5, 0.4]),
    BernoulliBandit([0.0, 1.0]),
    BernoulliBandit([0.3]),
    PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [150]),
    AdversarialBandit(np.random.default_rng(0).random((300, 3))),
]


@pytest.mark.parametrize("form", ["ls", "neu"])
@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_kernel_makes_the_reference_decisions(model, form):
    run, slow = (f(model, 300, rng=7, trace=True, form=form) for f in (exp3_ix, reference))
    for name in ("actions", "rewards"):
        assert np.array_equal(run.trace[name], slow.trace[name])
    for name in ("probabilities", "estimates"):
        assert np.allclose(run.trace[name], slow.trace[name], rtol=1e-8, atol=1e-10)
    assert np.allclose(run.regret, slow.regret, atol=1e-9)


def test_compiled_and_plain_kernels_agree():
    from theorylab.verify.code import plain_code

    plain = plain_code({"exp3_ix": "theorylab.bandits.adversarial.exp3_ix:exp3_ix"}).algorithm("exp3_ix")
    for model in MODELS:
        fast, slow = (f(model, 250, rng=3, trace=True) for f in (exp3_ix, plain))
        assert np.array_equal(fast.regret, slow.regret)
        assert np.allclose(fast.trace["estimates"], slow.trace["estimates"], rtol=1e-12, atol=0)


def tree(table, horizon, value, **keywords):
    """E[value(run)] over all arm draws."""

    def run(rng):
        found = exp3_ix(table, horizon, trace=True, rng=rng, **keywords)
        return value(found), found.trace["probabilities"], found.trace["actions"]

    return scripted_arm_tree(run, horizon, compiled=True)


def test_exact_expected_loss_is_the_sourced_number():
    loss = tree(AdversarialBandit(GOLDEN["losses"]), 6, lambda run: 6 - run.reward_sum[-1])
    assert loss == pytest.approx(GOLDEN["total_loss"]["exp3_ix"], abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_estimates_are_never_too_large_on_average(seed):
    """Each estimate loses gamma E[loss / (p + gamma)]: below the truth, above nothing."""
    losses = np.random.default_rng(seed).random((4, 2))
    got = tree(AdversarialBandit(losses), 4, lambda run: run.trace["estimates"][-1])
    truth = losses[:-1].sum(axis=0)
    assert np.all(got < truth) and np.all(got > 0.2 * truth)


def test_less_variable_than_exp3_on_a_table_that_turns():
    """On losses whose early leader turns bad EXP3's worst runs are worse."""
    losses = np.zeros((4000, 2))
    losses[:1000, 1], losses[1000:, 0] = 0.5, 1.0
    table = AdversarialBandit(losses)
    ix, plain = (
        [f(table, 4000, rng=child_seed(2, i), checkpoints=[4000]).regret[-1] for i in range(150)]
        for f in (exp3_ix, exp3)
    )
    assert np.std(ix) < np.std(plain)


def test_rates_are_the_published_ones():
    assert rates("ls", 3, 100)[0] == pytest.approx(math.sqrt(2 * math.log(4) / 300))
    assert rates("neu", 3, 100)[0] == pytest.approx(math.sqrt(2 * math.log(3) / 300))
    assert all(rates(form, 3, 100)[1] == rates(form, 3, 100)[0] / 2 for form in ("ls", "neu"))


def test_edge_cases():
    for form in ("ls", "neu"):
        assert not exp3_ix(BernoulliBandit([0.3]), 50, form=form, rng=0).regret.any()
    run = exp3_ix(BernoulliBandit([0.3] * 4), 500, rng=0)
    assert not run.regret.any() and run.pulls.sum() == 500
    assert exp3_ix(BernoulliBandit([0.1] * 40), 3, rng=0).pulls.sum() == 3
    large = exp3_ix(BernoulliBandit([0.5, 0.4]), 20_000, eta=1e6, rng=0, trace=True)
    assert np.allclose(large.trace["probabilities"].sum(axis=1), 1.0, atol=1e-10)
    assert exp3_ix(BernoulliBandit([0.5, 0.4]), 1_000_000, rng=0).regret[-1] < 5000


def test_theorem_speaks_of_the_theorem_only():
    assert exp3_ix(MODELS[0], 10, rng=0).theorems_algorithm and exp3_ix(MODELS[4], 10, rng=0).theorems_algorithm
    assert not exp3_ix(MODELS[0], 10, eta=0.1, rng=0).theorems_algorithm
    assert not exp3_ix(MODELS[3], 10, rng=0).theorems_algorithm


@pytest.mark.parametrize(
    ("bandit", "keywords", "message"),
    [
        (BernoulliBandit([0.5]), {"form": "loss"}, "form is 'loss'"),
        (BernoulliBandit([0.5]), {"eta": -1.0}, "eta is -1"),
        (BernoulliBandit([0.5]), {"eta": "big"}, "eta is 'big'"),
        (GaussianBandit([0.5]), {}, r"rewards outside \[0, 1\]"),
        ("bandit", {}, "bandit is 'bandit'"),
    ],
)
def test_bad_arguments(bandit, keywords, message):
    with pytest.raises((TypeError, ValueError), match=message):
        exp3_ix(bandit, 10, rng=0, **keywords)
