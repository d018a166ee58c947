"""Of theorylab/mdp/episodic/{ucbvi,agents}.py: against the reference, exact values, recorded numbers; bad input."""

from __future__ import annotations

import numpy as np
import pytest

from theorylab.core.kernels import plain_kernels
from theorylab.mdp.episodic import EpisodicMDP, agent_algorithm, backward_induction, fixed_policy, named, random_agent
from theorylab.mdp.episodic.agents import EpisodeMixture
from theorylab.mdp.episodic.brackets import learn_kernel, log_term, make_knowledge, optimistic_kernel
from theorylab.mdp.episodic.stepmix_reference import reference_ucbvi
from theorylab.mdp.episodic.ucbvi import ucbvi


@pytest.mark.parametrize(("name", "episodes", "scale"), [("tiny", 200, 1.0), ("riverswim-4-h10", 60, 0.05)])
def test_the_kernel_decides_like_the_reference(name, episodes, scale):
    for seed in range(3):
        given = {"rng": seed, "trace": True, "scale": scale, "threshold": 0.4}
        fast, slow = ucbvi(named(name), episodes, **given), reference_ucbvi(named(name), episodes, **given)
        assert np.array_equal(fast.trace["actions"], slow.trace["actions"])
        assert np.array_equal(fast.trace["greedy"], slow.trace["greedy"])
        for key in ("regret", "value", "worst_margin", "violations", "cumulative_violations", "reward_sum"):
            assert np.allclose(getattr(fast, key), getattr(slow, key), atol=1e-9), key


def test_compiled_and_plain_kernels_agree_to_the_bit():
    fast = ucbvi(named("tiny"), 150, rng=3, trace=True)
    with plain_kernels():
        slow = ucbvi(named("tiny"), 150, rng=3, trace=True)
    assert all(np.array_equal(fast.trace[key], slow.trace[key]) for key in fast.trace)


def test_optimistic_values_never_rise_above_the_cap_and_stay_above_the_optimum():
    mdp = named("riverswim-4-h10")
    run = ucbvi(mdp, 400, rng=1, trace=True)
    cap = np.arange(mdp.horizon, 0, -1)[:, None]
    assert (run.trace["optimistic"] <= cap + 1e-12).all()
    assert (run.trace["optimistic"] >= backward_induction(mdp).V[:-1] - 1e-9).all()


def test_with_much_data_the_optimistic_policy_is_optimal():
    mdp = named("tiny")
    knowledge = make_knowledge(mdp.R, log_term(2, 2, 2, 0.05), 1.0)
    rng = np.random.default_rng(0)
    for _ in range(20_000):
        actions = rng.integers(2, size=2)
        states = [0]
        for h in range(2):
            states.append(int(rng.random() < mdp.P[h, states[h], actions[h], 1]))
        learn_kernel(knowledge, log_term(2, 2, 2, 0.05), 1.0, np.array(states), actions)
    upper, greedy = np.zeros((3, 2)), np.zeros((2, 2), np.int64)
    optimistic_kernel(knowledge, upper, greedy)
    solution = backward_induction(mdp)
    assert greedy[0, 0] == solution.policy[0, 0] and greedy[1].tolist() == solution.policy[1].tolist()
    assert 0.0 < upper[0, 0] - solution.value < 0.1


def test_regret_of_the_record():
    run = ucbvi(named("riverswim-6-h20"), 2000, rng=1)
    assert run.optimal_value == pytest.approx(3.39726395915, abs=1e-11)
    assert 6300 < run.regret[-1] < 6795


def test_a_fixed_optimal_policy_has_no_regret_and_a_uniform_one_has_its_exact_regret():
    mdp = named("riverswim-4-h10")
    best = fixed_policy(mdp, 50, policy=backward_induction(mdp).policy, rng=1)
    assert np.abs(best.regret).max() < 1e-12
    uniform = random_agent(mdp, 50, rng=1)
    step = uniform.regret[0]
    assert np.allclose(uniform.regret, step * np.arange(1, 51)) and step > 1.0


def test_an_agent_may_mix_whole_episodes_and_the_mixture_counts():
    class Coin:
        kind = "mixture"

        def __init__(self, info):
            self.laws = (np.zeros((info.horizon, 2), int), np.ones((info.horizon, 2), int))

        def policy(self, rng):
            return EpisodeMixture((0.25, 0.75), self.laws, int(rng.random() >= 0.25))

        def observe(self, *step):
            pass

    mdp = named("tiny")
    run = agent_algorithm(Coin)(mdp, 30, rng=1)
    pure = [fixed_policy(mdp, 1, policy=np.full((2, 2), a)).value[0] for a in (0, 1)]
    assert np.allclose(run.value, 0.25 * pure[0] + 0.75 * pure[1]) and run.mixture_episodes[-1] == 30


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"episodes": 0}, "episodes is 0"),
        ({"delta": 1.5}, "delta is 1.5"),
        ({"scale": float("nan")}, "scale is nan"),
        ({"checkpoints": [3, 2]}, "checkpoints"),
        ({"trace": 1}, "trace is 1"),
    ],
)
def test_bad_input_is_named(change, said):
    given = {"episodes": 5, **change}
    with pytest.raises((ValueError, TypeError), match=said):
        ucbvi(named("tiny"), given.pop("episodes"), **given)


def test_an_agent_without_a_policy_is_named():
    class Nothing:
        def __init__(self, info):
            pass

    with pytest.raises(TypeError, match="made a Nothing without a method policy"):
        agent_algorithm(Nothing)(named("tiny"), 3)

    class Wrong:
        def __init__(self, info):
            pass

        def policy(self, rng):
            return [[0, 5], [0, 0]]

        def observe(self, *step):
            pass

    with pytest.raises(ValueError, match=r"the policy of Wrong in episode 1\[0, 1\] is 5"):
        agent_algorithm(Wrong)(named("tiny"), 3)


def test_one_state_one_step():
    mdp = EpisodicMDP(P=[[[1.0], [1.0]]], R=[[0.25, 0.5]], horizon=1)
    assert ucbvi(mdp, 3, rng=1).regret.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("weights", "drawn", "message"),
    [
        ((1.5, -0.5), 0, r"weight vector of Mixing in episode 1\[1\] is -0\.5"),  # a value above the optimal one
        ((0.5, 0.6), 0, r"in episode 1 sums to 1\.1, expected 1"),
        ((1.0,), 0, "has 1 weights, expected 2"),
        ((0.5, 0.5), 2, r"drawn of Mixing in episode 1 is 2, expected an integer in 0\.\.1"),
        ((1.0, 0.0), 1, "expected a policy of positive weight"),
    ],
)
def test_a_mixture_of_an_agent_is_a_law(weights, drawn, message):
    tiny = named("tiny")

    class Mixing:
        def __init__(self, info):
            pass

        def policy(self, rng):
            return EpisodeMixture(weights, ([[0, 0], [1, 1]], [[1, 1], [0, 0]]), drawn)

        def observe(self, *step):
            pass

    with pytest.raises(ValueError, match=message):
        agent_algorithm(Mixing)(tiny, 3, rng=1)


def test_a_trace_of_an_agent_does_not_replace_what_happened():
    class Liar:
        def __init__(self, info):
            self.trace = {"states": [1, 2]}

        def policy(self, rng):
            return [[0, 0], [1, 1]]

        def observe(self, *step):
            pass

    with pytest.raises(ValueError, match="column 'states', expected another name"):
        agent_algorithm(Liar)(named("tiny"), 2, trace=True, rng=1)
    with pytest.raises(ValueError, match="is too large"):
        agent_algorithm(Liar)(named("tiny"), 10**9, trace=True, rng=1)
