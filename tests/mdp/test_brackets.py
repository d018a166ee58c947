"""The kernels of the L1 brackets against enumeration and by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from theorylab.mdp.episodic.brackets import (
    ceiling_kernel,
    learn_kernel,
    log_term,
    make_knowledge,
    optimistic_kernel,
    pessimistic_kernel,
    prefix_bound_kernel,
)


def taught(H, S, A, episodes, scale, seed):
    """Knowledge of random episodes."""
    rng = np.random.default_rng(seed)
    knowledge = make_knowledge(rng.random((H, S, A)), log_term(S, A, H, 0.05), scale)
    for _ in range(episodes):
        learn_kernel(knowledge, log_term(S, A, H, 0.05), scale, rng.integers(S, size=H + 1), rng.integers(A, size=H))
    return knowledge


@pytest.mark.parametrize("scale", [0.02, 0.2, 1.0])
@pytest.mark.parametrize(("H", "S", "A"), [(2, 2, 2), (2, 2, 3), (3, 1, 3), (1, 3, 2)])
def test_no_policy_has_a_larger_pessimistic_value_than_the_ceiling(H, S, A, scale):
    knowledge = taught(H, S, A, 60, scale, H + S + A)
    start, lower = np.full(S, 1.0 / S), np.zeros((H + 1, S))
    best = 0.0
    for actions in product(range(A), repeat=H * S):
        pessimistic_kernel(knowledge, np.array(actions).reshape(H, S), lower)
        best = max(best, float(start @ lower[0]))
    assert ceiling_kernel(knowledge, start, np.zeros(S)) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize(("S", "A"), [(2, 2), (2, 3), (1, 4)])
def test_of_tied_actions_the_first_is_greedy(S, A):
    knowledge = make_knowledge(np.full((2, S, A), 0.5), log_term(S, A, 2, 0.05), 1.0)
    knowledge.rewards[1, A - 1] = 0.75  # the last action of state 0, at the last step
    knowledge.rewards[0, S * A - 1] += 1e-12  # a tie
    upper, greedy = np.zeros((3, S)), np.full((2, S), -1)
    assert optimistic_kernel(knowledge, upper, greedy)
    assert greedy[1, 0] == A - 1 and greedy[0].tolist() == [0] * S and (greedy[1, 1:] == 0).all()
    assert upper[1, 0] == 0.75
    assert not optimistic_kernel(knowledge, upper, greedy)


def test_prefixes_of_values_that_are_zero_still_collect_rewards():
    H, S, A = 3, 2, 2
    knowledge = make_knowledge(np.zeros((H, S, A)), log_term(S, A, H, 0.05), 0.0)
    knowledge.rewards[0] = 0.25  # nothing can be earned later
    baseline, start, lower = np.full((H, S, A), 0.5), np.array([1.0, 0.0]), np.zeros((H + 1, S))
    assert [prefix_bound_kernel(knowledge, start, baseline, lower, h, np.zeros(S)) for h in range(H + 1)] == [
        0.0, 0.25, 0.25, 0.25,
    ]  # fmt: skip
