"""The steps of docs/theorem-p.md on inputs that are searched to break them: any counts, any model within the radius."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from theorylab.mdp.episodic import EpisodicMDP, backward_induction, policy_value
from theorylab.mdp.episodic.brackets import (
    backup_kernel,
    make_knowledge,
    optimistic_kernel,
    pessimistic_kernel,
    prefix_bound_kernel,
    width_kernel,
)
from theorylab.verify.strategies import episodic as theory

searched = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
LOG_UNION = 2.0


@st.composite
def worlds(draw):
    """A model, the knowledge that counts give, and the radii; the model lies within the radius of every row."""
    mdp = draw(theory.episodic_mdps(max_states=3, max_actions=2, max_horizon=3, build=EpisodicMDP))
    H, S, A = mdp.R.shape
    counts = draw(theory.visit_counts((H, S, A)))
    knowledge = make_knowledge(mdp.R, LOG_UNION, 1.0)
    radius = np.full((H, S, A), 2.0)
    for h, s, a in np.ndindex(H, S, A):
        n = int(counts[h, s, a].sum())
        if n:
            pair = s * A + a
            knowledge.counts[h, :, pair] = counts[h, s, a]
            knowledge.inverse[h, pair] = 1.0 / n
            knowledge.visits[h, s, a] = n
            radius[h, s, a] = width_kernel(n, LOG_UNION, S)
            knowledge.bonus[h, pair] = 0.5 * (H - 1 - h) * radius[h, s, a]
    rows = knowledge.counts.reshape(H, S, S, A).transpose(0, 2, 3, 1) * knowledge.inverse.reshape(H, S, A)[..., None]
    distance = np.abs(rows - mdp.P).sum(axis=-1)
    pull = np.minimum(1.0, radius / np.maximum(distance, 1e-12))[..., None]  # the edge of the ball is the worst
    P = rows + pull * (mdp.P - rows)
    P = np.maximum(P, 0.0)
    P[P < 1e-12] = 0.0
    true = EpisodicMDP(P / P.sum(axis=-1, keepdims=True), mdp.R, start=mdp.start)
    assume((np.abs(true.P - rows).sum(axis=-1) <= radius + 1e-12).all())
    return true, knowledge, radius


def bracket(knowledge, law):
    """(H + 1, S) lower and upper values of a law."""
    H, S, _ = knowledge.visits.shape
    low, high = np.zeros((2, H + 1, S))
    nobody = np.zeros((H, S), np.int64)
    for h in range(H - 1, -1, -1):
        for values, sign in ((low, -1.0), (high, 1.0)):
            found = values[h + 1].copy()
            backup_kernel(knowledge, h, sign, found, law[h], nobody[h], 0.0, found)
            values[h] = found
    return low, high


@searched
@given(worlds(), st.data())
def test_every_policy_lies_in_its_bracket_and_the_width_recursion_holds(world, data):
    mdp, knowledge, radius = world
    law = data.draw(theory.step_policies(mdp.R.shape))
    low, high = bracket(knowledge, law)
    true = policy_value(mdp, law).V
    assert (low <= true + 1e-9).all() and (true <= high + 1e-9).all()
    H = mdp.horizon
    cost = np.minimum(H, 1.5 * np.arange(H - 1, -1, -1.0)[:, None, None] * radius)
    width = np.zeros(mdp.n_states)
    for h in range(H - 1, -1, -1):
        width = (law[h] * (cost[h] + mdp.P[h] @ width)).sum(axis=-1)
        assert (high[h] - low[h] <= width + 1e-9).all()


@searched
@given(worlds())
def test_optimism_and_the_pessimistic_value_of_the_greedy_policy(world):
    mdp, knowledge, _ = world
    H, S, A = mdp.R.shape
    upper, lower, greedy = np.zeros((H + 1, S)), np.zeros((H + 1, S)), np.zeros((H, S), np.int64)
    optimistic_kernel(knowledge, upper, greedy)
    pessimistic_kernel(knowledge, greedy, lower)
    assert (upper >= backward_induction(mdp).V - 1e-9).all()
    low, high = bracket(knowledge, np.eye(A)[greedy])
    assert np.allclose(low, lower, atol=1e-12) and np.allclose(high, upper, atol=1e-9)


@searched
@given(worlds(), st.data())
def test_a_mixture_is_linear_safe_and_wide(world, data):
    mdp, knowledge, _ = world
    H, S, A = mdp.R.shape
    base = data.draw(theory.step_policies(mdp.R.shape))
    upper, lower, greedy = np.zeros((H + 1, S)), np.zeros((H + 1, S)), np.zeros((H, S), np.int64)
    optimistic_kernel(knowledge, upper, greedy)
    pessimistic_kernel(knowledge, greedy, lower)
    sure = np.eye(A)[greedy]
    prefix = [np.concatenate([base[:h], sure[h:]]) for h in range(H + 1)]
    bounds = [prefix_bound_kernel(knowledge, mdp.start, base, lower, h, np.zeros(S)) for h in range(H + 1)]
    assert bounds == pytest.approx([float(mdp.start @ bracket(knowledge, law)[0][0]) for law in prefix], abs=1e-9)
    values = [policy_value(mdp, law).value for law in prefix]
    assert all(b <= v + 1e-9 for b, v in zip(bounds, values, strict=True))
    share = data.draw(st.integers(0, 8)) / 8.0
    for h in range(1, H + 1):
        mixed = prefix[h].copy()
        mixed[h - 1] = share * sure[h - 1] + (1.0 - share) * base[h - 1]
        value = policy_value(mdp, mixed).value
        assert value == pytest.approx((1.0 - share) * values[h] + share * values[h - 1], abs=1e-9)
        chord = (1.0 - share) * bounds[h] + share * bounds[h - 1]
        low, high = (float(mdp.start @ side[0]) for side in bracket(knowledge, mixed))
        assert chord <= value + 1e-9 and low <= chord + 1e-9
        assert high >= values[H] - 1e-9  # so that the width is at least the margin to any threshold at the chord
