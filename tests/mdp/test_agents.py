"""Plain Python agents: the same luck as the compiled algorithms, step by step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from theorylab.mdp.average_reward import agent_algorithm, fixed_policy, random_agent, ucrl2
from theorylab.mdp.average_reward.agents import Agent, AgentInfo
from theorylab.mdp.average_reward.ucrl2_reference import reference_extended_value_iteration
from theorylab.mdp.environments import dirichlet_mdp, riverswim, two_state
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.piecewise import PiecewiseStationaryMDP


class PlainUcrl2:
    """UCRL2 written from the paper with lists; extended value iteration is the slow reference's."""

    def __init__(self, info: AgentInfo) -> None:
        S, A = info.n_states, info.n_actions
        self.sizes, self.delta, self.clock, self.episodes = (S, A), info.keywords["delta"], 1, []
        self.visits = [[0] * A for _ in range(S)]
        self.sums = [[0.0] * A for _ in range(S)]
        self.counts = [[[0] * S for _ in range(A)] for _ in range(S)]
        self.policy: list[int] = []
        self.played: list[int] = []

    def plan(self) -> None:
        S, A = self.sizes
        rewards = [[0.0] * A for _ in range(S)]
        radii = [[0.0] * A for _ in range(S)]
        means = [[[1.0 / S] * S for _ in range(A)] for _ in range(S)]
        for s in range(S):
            for a in range(A):
                n = max(1, self.visits[s][a])
                bonus = math.sqrt(7.0 * math.log(2.0 * S * A * self.clock / self.delta) / (2.0 * n))
                rewards[s][a] = min(1.0, self.sums[s][a] / n + bonus)
                radii[s][a] = math.sqrt(14.0 * S * math.log(2.0 * A * self.clock / self.delta) / n)
                if self.visits[s][a]:
                    means[s][a] = [c / n for c in self.counts[s][a]]
        self.policy, _, _ = reference_extended_value_iteration(means, rewards, radii, 1.0 / math.sqrt(self.clock))
        self.limit = [max(1, self.visits[s][self.policy[s]]) for s in range(S)]
        self.played = [0] * S
        self.episodes.append(self.clock)

    def act(self, state: int, rng: np.random.Generator) -> int:
        rng.random()  # an agent's own coins change nothing in the environment
        if not self.policy or self.played[state] >= self.limit[state]:
            self.plan()
        return self.policy[state]

    def observe(self, state: int, action: int, reward: float, next_state: int) -> None:
        self.visits[state][action] += 1
        self.sums[state][action] += reward
        self.counts[state][action][next_state] += 1
        self.played[state] += 1
        self.clock += 1


def changing() -> PiecewiseStationaryMDP:
    pieces = (two_state(0.3).with_reward_law("bernoulli"), two_state(0.6), two_state(0.1).with_reward_law("bernoulli"))
    return PiecewiseStationaryMDP(pieces, (0, 70, 300))


MODELS = {
    "deterministic rewards": lambda: riverswim(6),
    "bernoulli rewards": lambda: dirichlet_mdp(3, 2, rng=4).with_reward_law("bernoulli"),
    "a table of rewards": lambda: FiniteMDP.from_table(
        P=[[[0.5, 0.5]], [[0.9, 0.1]]],
        reward_values=[[[0.0, 0.25, 1.0]], [[0.5, 0.75, 0.0]]],
        reward_probabilities=[[[0.25, 0.5, 0.25]], [[1.0, 0.0, 0.0]]],
    ),
    "changes": changing,
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_plain_agent_meets_the_luck_of_the_compiled_algorithm(make):
    model, horizon = make(), 480
    plain = agent_algorithm(PlainUcrl2)(model, horizon, delta=0.1, rng=11)
    compiled = ucrl2(model, horizon, delta=0.1, rng=11)
    assert np.array_equal(plain.times, np.arange(1, horizon + 1))
    for series in ("reward_sum", "regret", "pseudo_regret", "visits", "episode_starts"):
        assert np.array_equal(getattr(plain, series), getattr(compiled, series)), series


def test_the_same_rng_gives_the_same_run_and_another_one_another():
    model = riverswim(6)
    first, again, other = (random_agent(model, 2000, rng=seed) for seed in (5, 5, 6))
    assert np.array_equal(first.visits, again.visits) and not np.array_equal(first.visits, other.visits)
    assert first.seed == again.seed == {"entropy": 5, "spawn_key": ()}


def test_random_actions_are_uniform_and_independent_of_the_environment():
    counts = random_agent(two_state(0.5), 20_000, rng=1).visits.sum(axis=0)
    assert abs(counts[0] - 10_000) < 5 * math.sqrt(5_000)  # five standard deviations of a fair coin


def test_an_optimal_policy_has_the_regret_of_its_starting_state():
    # two-state without slip: the best policy goes to the paying state and stays; only the first step earns nothing
    run = fixed_policy(two_state(), 500, policy=[1, 0], rng=1)
    other = fixed_policy(two_state(), 500, policy=[0, 1], rng=1)
    assert sorted({run.regret[-1], other.regret[-1]}) == pytest.approx([1.0, 500.0])


def test_checkpoints_and_record():
    def make(info):
        assert (info.n_states, info.n_actions, info.horizon, info.initial_state) == (6, 2, 300, 0)
        with pytest.raises(TypeError):
            info.keywords["delta"] = 1.0
        return PlainUcrl2(info)

    run = agent_algorithm(make, name="mine")(riverswim(6), 300, delta=0.2, trace=True, checkpoints=[10, 200], rng=2)
    assert run.algorithm == "mine" and run.times.tolist() == [10, 200, 300] and run.parameters == {"delta": 0.2}
    assert run.trace is None and not run.theorems_algorithm and not run.reward_sum.flags.writeable
    assert [row["algorithm"] for row in run.rows()] == ["mine"] * 3


def test_the_protocol_is_recognised():
    assert isinstance(PlainUcrl2(AgentInfo(2, 2, 10, 0, {"delta": 0.1})), Agent) and not isinstance(object(), Agent)


def agent_that(answer: Any, at: int = 3, episodes: Any = ()) -> Any:
    class Wrong:
        def __init__(self, info: AgentInfo) -> None:
            self.step, self.episodes = 0, episodes

        def act(self, state: int, rng: Any) -> Any:
            self.step += 1
            return answer if self.step == at else 0

        def observe(self, *seen: Any) -> None:
            pass

    return agent_algorithm(Wrong, name="wrong")


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (2, ValueError, r"action of wrong at step 3, in state 0, is 2, expected an integer in 0\.\.1"),
        (-1, ValueError, r"at step 3, in state 0, is -1, expected an integer in 0\.\.1"),
        (1.0, TypeError, r"at step 3, in state 0, is 1\.0, expected an integer"),
        (True, TypeError, r"at step 3, in state 0, is True, expected an integer"),
        (None, TypeError, r"at step 3, in state 0, is None, expected an integer"),
    ],
)
def test_a_bad_action_names_the_step(answer, error, message):
    with pytest.raises(error, match=message):
        agent_that(answer)(riverswim(6), 10, rng=1)


def test_numpy_integers_are_actions():
    assert agent_that(np.int32(1))(riverswim(6), 10, rng=1).visits.sum() == 10


@pytest.mark.parametrize("episodes", [[0, 3], [3, 3], [5, 2]])
def test_bad_episodes(episodes):
    with pytest.raises(ValueError, match="episodes of wrong"):
        agent_that(0, episodes=episodes)(riverswim(6), 10, rng=1)


def test_bad_input_is_named():
    with pytest.raises(TypeError, match="make_agent is 3"):
        agent_algorithm(3)
    with pytest.raises(TypeError, match="without a method act"):
        agent_algorithm(lambda info: object(), name="empty")(riverswim(6), 10)
    with pytest.raises(ValueError, match="horizon is 0"):
        random_agent(riverswim(6), 0)
    with pytest.raises(TypeError, match="expected a FiniteMDP"):
        random_agent([1, 2], 5)
    with pytest.raises(ValueError, match=r"policy\[1\] is 2, expected an integer in 0\.\.1"):
        fixed_policy(riverswim(6), 5, policy=[0, 2, 0, 0, 0, 0])
    with pytest.raises(ValueError, match="policy has 2 entries, expected 6"):
        fixed_policy(riverswim(6), 5, policy=[0, 1])
    with pytest.raises(ValueError, match=r"checkpoints\[0\] is 9"):
        random_agent(riverswim(6), 5, checkpoints=[9])
