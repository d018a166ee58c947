"""GOSPRL: decisions of the slow reference, exact times, its applications and baselines, edge cases, bad input."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from theorylab.core.rng import child_seed
from theorylab.mdp.average_reward import evi
from theorylab.mdp.average_reward.ucrl2_reference import reference_extended_value_iteration
from theorylab.mdp.environments import dirichlet_mdp, named, riverswim, two_state
from theorylab.mdp.exploration import (
    agent_algorithm,
    goal_free,
    gosprl,
    known_model_collection,
    l1_radius,
    model_estimation,
    samples_for_radius,
    shortest_path,
    sparse_reward,
    steps_bound,
    uniform_collection,
    zero_one_ucrl,
)
from theorylab.mdp.exploration.gosprl_reference import GOSPRL, reference_inner_minimum
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.piecewise import PiecewiseStationaryMDP
from theorylab.mdp.planning import diameter
from theorylab.verify.code import plain_code

reference = agent_algorithm(GOSPRL)
SAME = ("steps", "visits", "counts", "goal_visits", "missing", "plan_starts", "evi_sweeps", "fraction", "final_state")
COLLECTIONS = (gosprl, uniform_collection, zero_one_ucrl, known_model_collection)


@pytest.mark.parametrize("keywords", [{}, {"scale": 0.2, "accuracy": 0.2}, {"delta": 0.5}])
@pytest.mark.parametrize("name", ["riverswim-6", "garnet-10-3-3", "double-loop", "dirichlet-4-7", "chain-5"])
def test_kernel_makes_the_reference_decisions(name, keywords):
    model = named(name)
    needed = np.random.default_rng(len(name)).integers(0, 5, size=model.R.shape)
    run, slow = (f(model, 150, requirements=needed, rng=3, **keywords) for f in (gosprl, reference))
    for field in SAME:
        assert np.array_equal(getattr(run, field), getattr(slow, field)), field


class ZeroOneUCRL(GOSPRL):
    """The baseline by the same estimates and UCRL2's reference: reward 1 on the pairs that lack samples."""

    lacking_at_plan = None

    def act(self, state, rng):
        lacking = [[float(self.count(s, a) < self.b[s][a]) for a in range(self.A)] for s in range(self.S)]
        if lacking != self.lacking_at_plan or self.has_doubled():
            self.lacking_at_plan, self.at_plan = lacking, len(self.history)
            p_hat, radius = self.estimates()
            accuracy = 1.0 / math.sqrt(len(self.history) + 1)
            self.policy, _, sweeps = reference_extended_value_iteration(p_hat, lacking, radius, accuracy)
            self.plans.append(len(self.history) + 1)
            self.sweeps.append(sweeps)
        return self.policy[state]


@pytest.mark.parametrize("name", ["riverswim-6", "garnet-10-3-3", "double-loop"])
def test_zero_one_ucrl_makes_the_decisions_of_its_reference(name):
    model = named(name)
    run, slow = (f(model, 120, requirements=3, rng=3, scale=0.5) for f in (zero_one_ucrl, agent_algorithm(ZeroOneUCRL)))
    for field in SAME:
        assert np.array_equal(getattr(run, field), getattr(slow, field)), field


def test_compiled_and_plain_kernels_agree_bit_for_bit():
    entry = "theorylab.mdp.exploration.gosprl:gosprl"
    plain = plain_code({"gosprl": entry}).algorithm("gosprl")
    for model in (riverswim(4), dirichlet_mdp(3, 2, rng=1)):
        run, slow = (f(model, 300, requirements=6, trace=True, rng=5) for f in (gosprl, plain))
        for field in SAME:
            assert np.array_equal(getattr(run, field), getattr(slow, field)), field
        assert run.trace.values.tobytes() == slow.trace.values.tobytes()
        assert run.trace.optimistic_transitions.tobytes() == slow.trace.optimistic_transitions.tobytes()


def test_one_inner_maximisation_serves_average_reward_and_shortest_paths():
    assert shortest_path.best_in_ball_kernel is evi.best_in_ball_kernel
    assert shortest_path.descending_kernel is evi.descending_kernel


def test_reference_minimum_over_the_ball_is_the_least_over_a_fine_grid():
    p_hat, u, radius = [0.5, 0.3, 0.2], [2.0, 0.0, 1.0], 0.4
    grid = [
        (i / 200, j / 200, 1 - (i + j) / 200)
        for i in range(201)
        for j in range(201 - i)
    ]  # fmt: skip
    inside = [p for p in grid if sum(abs(a - b) for a, b in zip(p, p_hat, strict=True)) <= radius + 1e-12]
    least = min(sum(a * b for a, b in zip(p, u, strict=True)) for p in inside)
    assert reference_inner_minimum(p_hat, radius, u) == pytest.approx(least, abs=1e-12)


def test_expected_time_of_the_known_model():
    """Switch in state 0 until b samples: a half stays; from 1 the way back takes 2 steps: E = b + (b-1) (1/2) 2."""
    b, runs = 6, 300
    times = [
        known_model_collection(two_state(0.5), 10_000, requirements=[[0, b], [0, 0]], rng=child_seed(1, i)).steps
        for i in range(runs)
    ]
    assert abs(np.mean(times) - (2 * b - 1)) <= 5.0 * np.std(times) / math.sqrt(runs)


def test_known_model_times_on_deterministic_models():
    assert known_model_collection(two_state(), 100, requirements=[[0, 3], [0, 0]], rng=0).steps == 5
    assert known_model_collection(two_state(), 100, requirements=[[0, 0], [0, 1]], rng=0).steps == 2
    needed = np.zeros((9, 2), dtype=int)
    needed[4, 0] = needed[5, 1] = 1  # 0-5, its sample leads to 6, back to 0, 0-1-2-3-4, its sample
    assert known_model_collection(named("double-loop"), 100, requirements=needed, rng=0).steps == 8


@pytest.mark.parametrize("collect", COLLECTIONS)
def test_requirements_are_met_and_not_a_step_is_wasted_at_the_end(collect):
    model = riverswim(4)
    needed = np.array([[3, 0], [0, 2], [1, 1], [0, 4]])
    run = collect(model, 50_000, requirements=needed, rng=2, trace=True)
    assert run.met and run.steps == run.steps_to_meet == run.visits.sum() == len(run.trace.actions)
    assert (run.visits >= needed).all() and run.missing.sum() == 0
    before = run.visits.copy()
    before[run.trace.states[-2], run.trace.actions[-1]] -= 1
    assert (before < needed).any()
    assert np.array_equal(run.counts.sum(axis=2), run.visits)
    assert run.fraction[-1] == 1.0 and (np.diff(run.fraction) >= 0).all()


@pytest.mark.parametrize("collect", (gosprl, known_model_collection))
def test_each_step_from_a_goal_is_a_required_sample(collect):
    run = collect(riverswim(4), 50_000, requirements=5, rng=2)
    assert run.goal_visits.sum() == run.required == 40


def test_horizon_comes_first():
    run = gosprl(named("riverswim-6"), 30, requirements=10, rng=0)
    assert run.steps_to_meet is None and not run.met and run.steps == 30
    assert run.missing.sum() == 120 - round(run.fraction[-1] * 120) > 0


def test_fraction_at_checkpoints_is_that_of_the_steps():
    needed = np.array([[2, 1], [0, 3], [1, 0], [0, 2]])
    run = gosprl(riverswim(4), 400, requirements=needed, checkpoints=[1, 7, 20, 390], trace=True, rng=4)
    assert run.times.tolist() == [1, 7, 20, 390, 400]
    for time, fraction in zip(run.times, run.fraction, strict=True):
        visits = np.zeros((4, 2), dtype=int)
        np.add.at(visits, (run.trace.states[:-1][:time], run.trace.actions[:time]), 1)
        assert fraction == np.minimum(visits, needed).sum() / 9


def test_trace_changes_nothing_and_the_same_seed_repeats():
    runs = [gosprl(riverswim(5), 3000, requirements=4, rng=9, trace=trace) for trace in (False, True, False)]
    for field in SAME:
        assert all(np.array_equal(getattr(runs[0], field), getattr(run, field)) for run in runs)
    assert runs[0].trace is None and runs[1].trace is not None


def test_records_are_frozen_and_pickle():
    run = gosprl(riverswim(4), 500, requirements=2, rng=1, trace=True)
    again = pickle.loads(pickle.dumps(run))
    assert np.array_equal(again.visits, run.visits) and np.array_equal(again.trace.values, run.trace.values)
    with pytest.raises(ValueError, match="read-only"):
        run.visits[0, 0] = 1
    rows = run.rows()
    assert len(rows) == len(run.times) and {"times", "fraction"} <= set(rows[0]) and "plan_starts" not in rows[0]


@pytest.mark.parametrize("collect", COLLECTIONS)
def test_smallest_cases(collect):
    alone = FiniteMDP([[[1.0], [1.0]]], [[0.0, 0.0]])
    assert collect(alone, 1000, requirements=[[2, 3]], rng=0).met
    nothing = collect(riverswim(4), 10, requirements=0, rng=0)
    assert nothing.steps == nothing.steps_to_meet == 0 and nothing.fraction.tolist() == [1.0] * 10
    assert collect(riverswim(4), 1, requirements=1, rng=0).steps == 1
    one_action = FiniteMDP([[[0.5, 0.5]], [[0.5, 0.5]]], [[0.0], [0.0]])
    assert collect(one_action, 10_000, requirements=3, rng=0).met


def test_radii_and_the_samples_they_need():
    for accuracy in (1.9, 0.7, 0.25):
        n = samples_for_radius(accuracy, 4, 3, 0.1)
        scan = next(m for m in range(1, 10_000) if l1_radius(m, 4, 3, 0.1) <= accuracy)
        assert n == scan
        assert all(l1_radius(m + 1, 4, 3, 0.1) <= l1_radius(m, 4, 3, 0.1) for m in range(1, 3 * n))
    assert samples_for_radius(2.0, 4, 3, 0.1) == 0
    assert l1_radius(1, 1, 1, 0.05) == 2.0  # sqrt(2 log 20) > 2
    with pytest.raises(ValueError, match="accuracy is 0, expected a finite number in"):
        samples_for_radius(0.0, 4, 3, 0.1)
    with pytest.raises(ValueError, match="n is -1, expected"):
        l1_radius(-1, 4, 3, 0.1)


def test_bound_solves_its_inequality_and_grows():
    B, D, S, A, delta, accuracy, c = 5000, 3.0, 3, 2, 0.025, 0.01, 0.02
    T = steps_bound(B, D, S, A, delta, accuracy) - B

    def excess(T, c):
        tau = B + T
        beta = math.log(S * A / delta) + (S - 1) * math.log(math.e * (1 + tau / (S - 1)))
        right = D * (B + S * A * (2 + math.log2(1 + tau / (S * A)))) + 4 * D * math.sqrt(beta * S * A * T)
        return (1 - accuracy - c) * T - right - D * D * math.log(1 / delta) / (8 * c)

    assert abs(excess(T, c)) < 1e-3 and excess(1.01 * T, c) > 0
    assert all(excess(T, other) < 1e-3 for other in (0.05, 0.1, 0.4))
    assert steps_bound(2 * B, D, S, A, delta) > B + T
    assert steps_bound(B, 2 * D, S, A, delta) > B + T


def test_model_estimation_reaches_its_precision():
    model = dirichlet_mdp(3, 2, rng=1)
    estimate = model_estimation(model, 200_000, precision=0.3, rng=5)
    assert estimate.met and (estimate.radii <= 0.3).all()
    assert np.allclose(estimate.P.sum(axis=2), 1.0)
    assert np.array_equal(estimate.P, estimate.run.counts / estimate.run.visits[..., None])
    assert np.abs(estimate.P - model.P).sum(axis=2).max() <= 0.3
    short = model_estimation(model, 50, precision=0.3, rng=5)
    assert not short.met and not short.run.met


def test_policies_to_all_goals_keep_their_certificates():
    model = dirichlet_mdp(3, 2, rng=1)
    learned = goal_free(model, 200_000, slack=1.0, rng=3)
    least = diameter(model).times
    assert learned.met and (learned.factors <= 2.0).all() and learned.rounds > 1
    assert learned.run.visits.sum() == learned.run.steps and (np.diff(learned.run.plan_starts) > 0).all()
    for g in range(3):
        rest = [s for s in range(3) if s != g]
        moves = model.P[rest, learned.policies[g][rest]][:, rest]
        taken = np.linalg.solve(np.eye(2) - moves, np.ones(2))
        assert (taken <= learned.upper_times[g][rest] + 1e-9).all()
        assert (learned.upper_times[g][rest] <= 2.0 * least[rest, g] + 1e-9).all()
    cut = goal_free(model, 40, slack=1.0, rng=3)
    assert not cut.met and np.isinf(cut.factors).any() and cut.run.steps == 40


def test_sparse_rewards_are_found():
    search = sparse_reward(riverswim(4), 50_000, least_probability=0.3, rng=1)
    assert search.samples == math.ceil(math.log(8 / 0.05) / -math.log(0.7))
    assert np.array_equal(search.found, riverswim(4).R > 0)
    P, law = two_state().P, np.array([[[0, 1], [0, 1]], [[0, 1], [-1, 2]]], dtype=float)
    model = FiniteMDP.from_table(P, law, np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.4, 0.6]]]))
    only = np.array([[True, True], [False, True]])
    search = sparse_reward(model, 1000, least_probability=0.5, pairs=only, rng=1)
    assert search.found.tolist() == [[False, True], [False, True]] and search.run.requirements[1, 0] == 0
    with pytest.raises(ValueError, match=r"pairs has shape \(1,\)"):
        sparse_reward(model, 10, least_probability=0.5, pairs=[True])
    with pytest.raises(ValueError, match="least_probability is 1, expected"):
        sparse_reward(model, 10, least_probability=1.0)


@pytest.mark.parametrize("collect", (*COLLECTIONS, reference))
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"requirements": [[1, 1], [0, -2]]}, ValueError, r"requirements\[1, 1\] is -2, expected an integer >= 0"),
        ({"requirements": [[1, 1, 1], [0, 0, 0]]}, ValueError, r"requirements has shape \(2, 3\), expected \(2, 2\)"),
        ({"requirements": [[1, 1], [0]]}, ValueError, "rows of different lengths"),
        ({"requirements": [[1.0, 2.0], [0.0, 0.0]]}, TypeError, "requirements has dtype float64, expected integers"),
        ({"requirements": True}, TypeError, "requirements has dtype bool, expected integers"),
        ({"requirements": "many"}, TypeError, "expected integers"),
        ({"requirements": np.array(2**63, dtype=np.uint64)}, ValueError, r"expected an integer <= 2\^53"),
        ({"horizon": 0}, ValueError, "horizon is 0, expected an integer >= 1"),
        ({"horizon": 2.0}, TypeError, "horizon is 2.0, expected an integer"),
        ({"checkpoints": [0]}, ValueError, r"checkpoints\[0\] is 0"),
        ({"trace": 1}, TypeError, "trace is 1, expected True or False"),
    ],
)
def test_bad_input(collect, change, error, message):
    given = {"mdp": two_state(), "horizon": 10, "requirements": 1, "rng": 0, **change}
    with pytest.raises(error, match=message):
        collect(given.pop("mdp"), given.pop("horizon"), **given)


@pytest.mark.parametrize(
    ("keyword", "value", "message"),
    [
        ("delta", 0.0, "delta is 0, expected"),
        ("scale", -1.0, "scale is -1, expected"),
        ("accuracy", 0.0, "accuracy is 0, expected"),
        ("accuracy", 0.6, "accuracy is 0.6, expected"),
    ],
)
def test_bad_parameters(keyword, value, message):
    with pytest.raises(ValueError, match=message):
        gosprl(two_state(), 10, requirements=1, rng=0, **{keyword: value})


def test_models_that_cannot_be_explored_are_refused():
    trap = FiniteMDP([[[0.5, 0.5]], [[0.0, 1.0]]], [[0.0], [0.0]])
    with pytest.raises(ValueError, match="state 0 cannot be reached from state 1"):
        gosprl(trap, 10, requirements=1)
    changing = PiecewiseStationaryMDP((two_state(), two_state(0.5)), (0, 5))
    with pytest.raises(TypeError, match="mdp is of type PiecewiseStationaryMDP, expected a FiniteMDP"):
        gosprl(changing, 10, requirements=1)


def test_too_small_a_scale_says_so():
    with pytest.raises(ValueError, match=r"did not converge at step .* scale is 0, expected a larger one"):
        gosprl(two_state(0.9), 100, requirements=[[0, 0], [0, 1]], scale=0.0, rng=0)


def test_plain_agents():
    class Stuck:
        def __init__(self, info):
            self.info = info

        def act(self, state, rng):
            return self.info.keywords["action"]

        def observe(self, state, action, next_state):
            assert (state, action, next_state) == (0, 0, 0)

    stuck = agent_algorithm(Stuck, name="stuck")
    run = stuck(two_state(), 20, requirements=1, rng=0, action=0, trace=True)
    assert run.algorithm == "stuck" and run.steps == 20 and not run.met and not run.theorems_algorithm
    assert run.fraction[-1] == 0.25 and run.trace is None
    with pytest.raises(ValueError, match="the action of stuck at step 1, in state 0, is 2, expected"):
        stuck(two_state(), 20, requirements=1, rng=0, action=2)
    with pytest.raises(TypeError, match="the action of stuck at step 1"):
        stuck(two_state(), 20, requirements=1, rng=0, action=0.5)
    with pytest.raises(TypeError, match="without a method act"):
        agent_algorithm(lambda info: object(), name="none")(two_state(), 5, requirements=1)
    with pytest.raises(TypeError, match="make_agent is 3"):
        agent_algorithm(3)


def test_the_same_actions_meet_the_same_states():
    class Uniform:
        def __init__(self, info):
            self.n_actions = info.n_actions

        def act(self, state, rng):
            return int(rng.random() * self.n_actions)

        def observe(self, state, action, next_state):
            pass

    model = named("garnet-10-3-3")
    run, own = (f(model, 2000, requirements=9, rng=6) for f in (uniform_collection, agent_algorithm(Uniform)))
    assert np.array_equal(run.counts, own.counts) and np.array_equal(run.fraction, own.fraction)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: sparse_reward(m, 9, least_probability=0.2, accuracy=math.nan), "accuracy is nan, expected"),
        (lambda m: sparse_reward(m, 9, least_probability=0.2, accuracy=0), "accuracy is 0, expected"),
        (lambda m: sparse_reward(m, 9, least_probability=1e-320), "least_probability is .*, expected"),
        (lambda m: sparse_reward(m, 9, least_probability=0.2, pairs=[[True], [True, True]]), "different lengths"),
        (lambda m: model_estimation(m, 9, precision=-1.0), "precision is -1, expected"),
        (lambda m: model_estimation(m, 9, precision=1e-12), "precision is 1e-12, expected"),
        (lambda m: goal_free(m, 9, slack=1e-12), r"slack / \(1 \+ slack\) is 1e-12, expected"),
        (lambda m: gosprl(m, 9, requirements=2**53), r"requirements sum to .*, expected at most 2\^53"),
        (lambda m: l1_radius(2**70, 2, 2, 0.1), "n is .*, expected an integer in"),
        (lambda m: samples_for_radius(0.5, 2**40, 2, 0.1), "n_states is .*, expected an integer in"),
    ],
)
def test_extreme_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call(two_state(0.25))
