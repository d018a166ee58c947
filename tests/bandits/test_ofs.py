"""Optimistic feasible search: the reference, the closed loop's steady states, bounds, edge cases, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.bandits import BernoulliBandit
from theorylab.bandits.constrained import ofs, primal_dual_bandit, unconstrained_ucb
from theorylab.bandits.constrained.ofs import regret_bound, violation_bound
from theorylab.bandits.constrained.ofs_reference import search
from theorylab.bandits.models.constrained import ClosedLoopBandit, ConstrainedBandit, lending_loop
from theorylab.bandits.stochastic import ucb1

ALGORITHMS = (ofs, unconstrained_ucb, primal_dual_bandit)
STUCK = ClosedLoopBandit([[0.9, 0.2], [0.9, 0.2]], [[1.0, 0.8], [0.0, -0.1]], [1.0, 1.0], 1e-9)
MODELS = [
    ConstrainedBandit([0.9, 0.6, 0.2], [0.3, -0.2, -0.5]),
    ConstrainedBandit([1.0, 0.0], [1.0, -1.0]),
    ConstrainedBandit([0.5], [0.0]),
    lending_loop(5, rate=0.2),
    STUCK,
]


@pytest.mark.parametrize("model", MODELS, ids=["three", "sure", "one point", "loop", "stuck"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_reference_plays_alike(model, algorithm):
    for seed in (0, 1):
        run = algorithm(model, 400, delta=0.1, rng=seed, trace=True)
        slow = search(model, 400, rule=algorithm.__name__, delta=0.1, rng=seed)
        for name in ("actions", "rewards", "residuals"):
            assert np.array_equal(run.trace[name], getattr(slow, name))
        assert np.allclose(run.trace["optimistic"], slow.optimistic)
        assert np.allclose(run.regret, np.cumsum(slow.gaps)[run.times - 1])
        assert np.allclose(run.extra["violation"], np.cumsum(slow.violations)[run.times - 1])
        assert run.extra["fallbacks"] == slow.fallbacks
        assert run.extra["state"] == pytest.approx(slow.state)


def test_compiled_and_plain_kernels_agree():
    from theorylab.verify.code import plain_code

    plain = plain_code({f.__name__: f"theorylab.bandits.constrained.ofs:{f.__name__}" for f in ALGORITHMS})
    for model in MODELS:
        for algorithm in ALGORITHMS:
            fast, slow = (f(model, 200, rng=3, trace=True) for f in (algorithm, plain.algorithm(algorithm.__name__)))
            assert np.array_equal(fast.trace["actions"], slow.trace["actions"])
            assert np.array_equal(fast.regret, slow.regret)


def test_an_infeasible_start_falls_back_to_the_smaller_violation():
    run = ofs(STUCK, 4000, rng=0, trace=True)
    assert run.extra["fallbacks"] > 1000
    assert run.pulls[1] > 3 * run.pulls[0]  # .9/2 against .35 in the middle of the state
    assert ofs(MODELS[0], 4000, rng=0).extra["fallbacks"] == 0


def test_bounds_by_hand():
    n, T, delta = 3, 2000, 0.1
    L = math.log(4 * n * T / delta)
    assert regret_bound(n, T, delta) == pytest.approx(n + 2 * math.sqrt(2) * math.sqrt(L * n * T))
    assert violation_bound(n, T, delta) == pytest.approx(n + 4 * math.sqrt(2) * math.sqrt(L * n * T))
    for seed in range(20):
        run = ofs(MODELS[0], T, delta=delta, rng=seed)
        assert run.regret[-1] <= regret_bound(n, T, delta)
        assert run.extra["violation"][-1] <= violation_bound(n, T, delta)


def test_the_search_settles_where_it_should():
    bandit = ConstrainedBandit([0.9, 0.6, 0.2], [0.6, -0.4, -0.5])
    assert ofs(bandit, 20_000, rng=1).pulls.argmax() == 1
    assert unconstrained_ucb(bandit, 20_000, rng=1).pulls.argmax() == 0
    assert bandit.best_feasible == 0.6


def test_one_point_for_ever_reaches_the_steady_state():
    loop = lending_loop(7)
    for point in range(7):
        state = 0.5
        for _ in range(2000):
            state += loop.rate * (loop.target[point] - state)
        reward = (1 - state) * loop.rewards[0, point] + state * loop.rewards[1, point]
        residual = (1 - state) * loop.residuals[0, point] + state * loop.residuals[1, point]
        assert loop.means[point] == pytest.approx(reward, abs=1e-9)
        assert loop.residual_means[point] == pytest.approx(residual, abs=1e-9)


def test_one_feasible_point_has_no_regret():
    run = ofs(ConstrainedBandit([0.5], [-0.5]), 100, rng=0)
    assert not run.regret.any() and not run.extra["violation"].any()
    assert ofs(MODELS[0], 2, rng=0).pulls.tolist() == [1, 1, 0]


def test_algorithms_without_constraints_may_run_on_the_model():
    assert ucb1(MODELS[0], 500, rng=0).pulls.argmax() == 0


def test_theorem_speaks_of_the_search_with_fixed_means():
    assert ofs(MODELS[0], 5, rng=0).theorems_algorithm
    assert not ofs(lending_loop(), 5, rng=0).theorems_algorithm
    assert not unconstrained_ucb(MODELS[0], 5, rng=0).theorems_algorithm


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConstrainedBandit([1.2], [0.0]), r"rewards\[0\] is 1\.2"),
        (lambda: ConstrainedBandit([0.5], [-1.5]), r"residuals\[0\] is -1\.5"),
        (lambda: ConstrainedBandit([0.5, 0.5], [0.0]), "residuals"),
        (lambda: ConstrainedBandit([0.5, 0.4], [0.1, 0.2]), "residuals are above 0 everywhere"),
        (lambda: ConstrainedBandit([], []), "rewards has shape"),
        (lambda: ClosedLoopBandit([[0.5]], [[0.0]], [0.5], 0.1), r"rewards has shape \(1, 1\)"),
        (lambda: ClosedLoopBandit([[0.5], [0.5]], [[0.0], [0.0]], [1.5], 0.1), r"target\[0\] is 1\.5"),
        (lambda: ClosedLoopBandit([[0.5], [0.5]], [[0.0], [0.0]], [0.5], 0.0), "rate is 0"),
        (lambda: lending_loop(1), "n is 1"),
    ],
)
def test_bad_models(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_bad_arguments():
    with pytest.raises(TypeError, match="expected a ConstrainedBandit"):
        ofs(BernoulliBandit([0.5]), 10, rng=0)
    with pytest.raises(ValueError, match="delta is 0"):
        ofs(MODELS[0], 10, delta=0.0, rng=0)
    with pytest.raises(ValueError, match="horizon is 0"):
        ofs(MODELS[0], 0, rng=0)
