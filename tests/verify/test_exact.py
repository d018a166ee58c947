"""Exact oracles against other exact or independent ways to the same number."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.verify.exact import outcomes as exact


def binomial_mass(n, p, k):
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


def explore_then_commit(rng, means, m, horizon):
    """Pseudo-regret of m pulls of each of two arms, then the better one; ties to the lowest index."""
    sums = [sum(rng.random() < mean for _ in range(m)) for mean in means]
    chosen = 0 if sums[0] >= sums[1] else 1
    gaps = [max(means) - mean for mean in means]
    return m * sum(gaps) + (horizon - 2 * m) * gaps[chosen]


def test_outcome_tree_agrees_with_a_convolution_of_binomials():
    m, horizon, means = 2, 9, (Fraction(1, 2), Fraction(3, 10))
    wrong = sum(binomial_mass(m, means[0], i) * binomial_mass(m, means[1], j) for j in range(m + 1) for i in range(j))
    gap = Fraction(1, 5)
    expected = m * gap + (horizon - 2 * m) * gap * wrong
    found = exact.outcome_tree(lambda rng: explore_then_commit(rng, means, m, horizon), cells=10, depth=2 * m)
    assert found == expected


def test_runs_may_take_different_numbers_of_draws():
    """Flips until the first head, at most five: the law is geometric, cut at five."""

    def flips(rng):
        for n in range(1, 6):
            if rng.random() < 1 / 3:
                return n
        return 6

    law = exact.outcome_law(flips, cells=3, depth=5)
    assert law == {n: Fraction(1, 3) * Fraction(2, 3) ** (n - 1) for n in range(1, 6)} | {6: Fraction(2, 3) ** 5}
    assert sum(law.values()) == 1
    assert exact.outcome_tree(flips, cells=3, depth=5) == sum(n * p for n, p in law.items())
    with pytest.raises(RuntimeError, match="draws more than depth = 4 uniforms"):
        exact.outcome_law(flips, cells=3, depth=4)


def test_every_sequence_is_met_once():
    runs = []

    def record(rng):
        runs.append(tuple(int(3 * rng.random()) for _ in range(4)))
        return 1

    assert exact.outcome_tree(record, cells=3, depth=10) == 1
    assert sorted(runs) == list(itertools.product(range(3), repeat=4))


def test_cells_stand_on_the_right_side_of_every_multiple():
    for k in (2, 3, 7, 10):
        for j in range(k + 1):
            assert exact.outcome_tree(lambda rng, p=j / k: float(rng.random() < p), cells=k, depth=1) == Fraction(j, k)


def test_vectors_and_dicts_are_averaged_entry_by_entry():
    def counts(rng):
        out = np.zeros((2, 2))
        for u in rng.random(2):
            out[0, int(u < 0.25)] += 1
        out[1] = rng.random((2,))
        return out

    found = exact.outcome_tree(counts, cells=4, depth=4)
    assert found.shape == (2, 2) and found.tolist() == [
        [Fraction(3, 2), Fraction(1, 2)],
        [Fraction(1, 2), Fraction(1, 2)],
    ]
    assert exact.outcome_tree(lambda rng: {"a": 1, "b": rng.random()}, cells=2, depth=1) == {
        "a": Fraction(1),
        "b": Fraction(1, 2),
    }
    assert exact.outcome_tree(lambda rng: Fraction(7, 3), cells=5, depth=0) == Fraction(7, 3)


def test_what_cannot_be_enumerated_is_refused():
    with pytest.raises(AttributeError, match=r"uses rng\.integers, but only rng\.random\(\)"):
        exact.outcome_tree(lambda rng: rng.integers(2), cells=2, depth=3)
    memory = []

    def forgetful(rng):
        memory.append(0)
        return sum(rng.random() for _ in range(3 if len(memory) == 1 else 1))

    with pytest.raises(RuntimeError, match="depends on something else than its draws"):
        exact.outcome_tree(forgetful, cells=2, depth=3)
    with pytest.raises(ValueError, match=r"result is nan, expected a finite rational"):
        exact.outcome_tree(lambda rng: math.nan, cells=2, depth=3)
    with pytest.raises(ValueError, match="others return other keys"):
        exact.outcome_tree(lambda rng: {rng.random() < 0.5: 1}, cells=2, depth=1)
    with pytest.raises(ValueError, match="others return another shape"):
        exact.outcome_tree(lambda rng: [0] * (1 + (rng.random() < 0.5)), cells=2, depth=1)
    with pytest.raises(ValueError, match=r"cells is 0, expected an integer >= 1"):
        exact.outcome_tree(lambda rng: 0, cells=0, depth=1)
    with pytest.raises(ValueError, match=r"script\[1\] is 2, expected an integer in 0\.\.1"):
        exact.ScriptedRng([0, 2], cells=2, depth=2)


@given(st.integers(0, 30), st.integers(0, 12), st.integers(-2, 33))
@settings(max_examples=80, deadline=None)
def test_binomial_tail_by_adding_one_trial_after_the_other(n, twelfths, k):
    p, law = Fraction(twelfths, 12), [Fraction(1)]
    for _ in range(n):
        law = [a * (1 - p) + b * p for a, b in zip([*law, Fraction(0)], [Fraction(0), *law], strict=True)]
    assert exact.binomial_tail_exact(n, p, k) == sum(law[max(k, 0) :])


@st.composite
def l1_problems(draw):
    n = draw(st.integers(1, 5))
    weights = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    total = sum(weights)
    p_hat = [Fraction(w, total) if total else Fraction(0) for w in weights]
    u = draw(st.lists(st.integers(-6, 6), min_size=n, max_size=n))
    return (
        p_hat,
        draw(st.integers(0, 12).map(lambda d: Fraction(d, 5))) + (0 if total else 1),
        [Fraction(x, 3) for x in u],
    )


@given(l1_problems())
@settings(max_examples=120, deadline=None)
def test_l1_maximum_is_the_linear_program(problem):
    from scipy.optimize import linprog

    p_hat, d, u = problem
    best = exact.simplex_l1_max(p_hat, d, u)
    n = len(u)
    # variables p, t with |p - p_hat| <= t and sum t <= d
    eye = np.eye(n)
    rows = np.vstack([np.hstack([eye, -eye]), np.hstack([-eye, -eye]), np.r_[np.zeros(n), np.ones(n)]])
    limits = np.array([*map(float, p_hat), *(-float(x) for x in p_hat), float(d)])
    equal = np.r_[np.ones(n), np.zeros(n)][None]
    lp = linprog([*(-float(x) for x in u), *[0.0] * n], A_ub=rows, b_ub=limits, A_eq=equal, b_eq=[1.0])
    assert lp.status == 0 and -lp.fun == pytest.approx(float(best.value), abs=1e-8)
    # both certificates, checked again here
    assert sum(best.p) == 1 and min(best.p) >= 0
    assert sum(abs(a - b) for a, b in zip(best.p, p_hat, strict=True)) <= d
    assert sum(a * b for a, b in zip(best.p, u, strict=True)) == best.value
    assert best.price >= 0 and best.level + best.price >= max(u)
    dual = best.level + best.price * d
    dual += sum(m * max(w - best.level, -best.price) for m, w in zip(p_hat, u, strict=True))
    assert dual == best.value


def test_l1_maximum_done_by_hand():
    p_hat, u = [Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)], [0, 2, 1]
    assert exact.simplex_l1_max(p_hat, 0, u).p == tuple(p_hat)
    # radius 1/2: a quarter moves from the worst state (0) to the best one (1)
    assert exact.simplex_l1_max(p_hat, Fraction(1, 2), u).p == (Fraction(1, 4), Fraction(1, 2), Fraction(1, 4))
    # radius 2 reaches every distribution
    assert exact.simplex_l1_max(p_hat, 2, u).p == (0, 1, 0)
    # nothing observed: the estimate is 0 everywhere, and radius 1 is just enough
    assert exact.simplex_l1_max([0, 0], 1, [3, 5]).value == 5
    # all utilities equal
    assert exact.simplex_l1_max(p_hat, Fraction(1, 3), [4, 4, 4]).value == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5, -0.5], 1, [0, 1]), r"p_hat\[1\] is -1/2, expected a number >= 0"),
        (([0, 0], Fraction(1, 2), [0, 1]), r"radius is 0\.5, but p_hat sums to 0: no distribution"),
        (([1, 0], 1, [0]), r"u has length 1, expected 2"),
        (([Fraction(1, 9)] * 9, 1, [0] * 9), r"p_hat has length 9, expected 1\.\.8"),
        ((["x"], 1, [0]), r"p_hat\[0\] is 'x', expected a finite rational"),
    ],
)
def test_bad_l1_problems_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        exact.simplex_l1_max(*arguments)


def solve(matrix, right):
    """Gauss elimination in rationals."""
    n = len(right)
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    for i in range(n):
        pivot = next(k for k in range(i, n) if rows[k][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for k in range(n):
            if k != i:
                rows[k] = [x - rows[k][i] * y for x, y in zip(rows[k], rows[i], strict=True)]
    return [row[-1] for row in rows]


def optimal_value(P, R, gamma):
    """The best of all deterministic policies in each state, each evaluated by a linear solve."""
    S, A = len(P), len(P[0])
    values = []
    for policy in itertools.product(range(A), repeat=S):
        matrix = [[Fraction(s == t) - gamma * P[s][policy[s]][t] for t in range(S)] for s in range(S)]
        values.append(solve(matrix, [R[s][policy[s]] for s in range(S)]))
    return [max(v[s] for v in values) for s in range(S)]


@st.composite
def rational_models(draw):
    S, A = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    P = []
    for _ in range(S):
        P.append([])
        for _ in range(A):
            weights = draw(st.lists(st.integers(0, 3), min_size=S, max_size=S).filter(any))
            P[-1].append([Fraction(w, sum(weights)) for w in weights])
    R = [[Fraction(draw(st.integers(-4, 4)), 3) for _ in range(A)] for _ in range(S)]
    return P, R, Fraction(draw(st.integers(0, 9)), 10), [Fraction(draw(st.integers(-9, 9)), 2) for _ in range(S)]


@given(rational_models())
@settings(max_examples=60, deadline=None)
def test_residual_bound_holds_and_vanishes_at_the_optimum(model):
    P, R, gamma, v = model
    best = optimal_value(P, R, gamma)
    error = max(abs(a - b) for a, b in zip(v, best, strict=True))
    assert error <= exact.residual_bound(P, R, gamma, v)
    assert exact.residual_bound(P, R, gamma, best) == 0


def test_residual_bound_is_attained():
    # one state, reward 1, gamma 1/2: v* = 2, and at v = 0 residual 1 / (1 - 1/2) = 2 is the error itself
    assert exact.residual_bound([[[1]]], [[1]], Fraction(1, 2), [0]) == 2
    # a row that sums to 1 + 1/16 is certified as what it is: v* = 1 / (1 - 17/32)
    assert exact.residual_bound([[[1.0625]]], [[1.0]], 0.5, [0.0]) == 1 / (1 - Fraction(17, 32))


def test_residual_bound_of_a_float_solution():
    rng = np.random.default_rng(3)
    P, R = rng.dirichlet(np.ones(12), (12, 3)), rng.random((12, 3))
    v = np.zeros(12)
    for _ in range(1000):
        v = (R + 0.9 * P @ v).max(axis=1)
    assert exact.residual_bound(P, R, 0.9, v) < 1e-13
    bound = exact.residual_bound(P, R, 0.9, v + 0.25)
    assert isinstance(bound, Fraction) and abs(float(bound) - 0.25) < 1e-13  # a constant shift c leaves (1 - gamma) c


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[[1]]], [[1]], 1, [0]), r"gamma \* \(largest row sum\) is 1, expected less than 1"),
        (([[[1]]], [[1]], Fraction(-1, 2), [0]), r"gamma is -0\.5, expected"),
        (
            ([[[Fraction(3, 2), Fraction(-1, 2)]], [[0, 1]]], [[0], [0]], Fraction(1, 2), [0, 0]),
            r"P\[0, 0, 1\] is -0\.5, expected",
        ),
        (([[[1]]], [[1, 2]], Fraction(1, 2), [0]), r"R has shape \(1, 2\), expected \(1, 1\)"),
        (([[[1]]], [[1]], Fraction(1, 2), [0, 0]), r"P has shape \(1, 1, 1\), expected \(2, A, 2\)"),
        (([[[1]]], [[math.inf]], Fraction(1, 2), [0]), r"R\[0, 0\] is inf, expected a finite"),
        (([[1]], [[1]], Fraction(1, 2), [0]), r"P has shape \(1, 1\), expected 3 dimensions"),
    ],
)
def test_bad_models_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        exact.residual_bound(*arguments)


def test_fractions_are_read_exactly():
    assert exact.as_fraction("p", 0.1) != Fraction(1, 10) == exact.as_fraction("p", "1/10")
    assert exact.as_fraction("p", np.int64(3)) == 3 and exact.as_fraction("p", np.float64(0.5)) == Fraction(1, 2)
    with pytest.raises(TypeError, match="p is True, expected"):
        exact.as_fraction("p", True)
    with pytest.raises(ValueError, match=r"p is 3/2, expected a number in \[0, 1\]"):
        exact.binomial_tail_exact(3, "3/2", 1)
