"""Bandits at their limits: hostile adversaries, extreme numbers, copies, long runs, other people's agents."""

import copy
import json
import pickle
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from theorylab.bandits import (
    AdaptiveAdversary,
    AdversarialBandit,
    BernoulliBandit,
    ContextualBandit,
    FiniteSupportBandit,
    GaussianBandit,
    LastSwitchDependentBandit,
    PiecewiseStationaryBandit,
    RottingBandit,
    TallyingBandit,
)
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.environments import catalogue, lsd_experiment, named, phased_losses, tallying_losses
from theorylab.bandits.models.combinatorial import CombinatorialLosses
from theorylab.core.record import plain
from theorylab.lab.runs import run_instance
from theorylab.verify.runs import _lacks

TALLYING = TallyingBandit([[0.9, 0.2], [0.5, 0.5]], noise="none")


class RoundRobin:
    def __init__(self, info):
        self.n_arms, self.t = info.n_arms, -1

    def act(self, rng):
        self.t += 1
        return self.t % self.n_arms

    def observe(self, arm, reward):
        pass


round_robin = agent_algorithm(RoundRobin)


def arrays(model):
    return {name: value for name, value in vars(model).items() if isinstance(value, np.ndarray)}


@pytest.mark.parametrize("name", list(catalogue()))
def test_copies_of_models_are_as_read_only_as_models(name):
    model = named(name)
    for other in (copy.deepcopy(model), copy.copy(model), pickle.loads(pickle.dumps(model))):
        assert type(other) is type(model) and arrays(other).keys() == arrays(model).keys()
        for key, values in arrays(other).items():
            assert not values.flags.writeable
            np.testing.assert_array_equal(values, getattr(model, key))


def test_records_and_their_copies_are_read_only_throughout():
    run = round_robin(BernoulliBandit([0.2, 0.7]), 20, trace=True, rng=1)
    for record in (run, copy.deepcopy(run), pickle.loads(pickle.dumps(run))):
        assert not any(values.flags.writeable for values in (record.regret, record.pulls, record.times))
        assert not any(values.flags.writeable for values in record.trace.values())
        with pytest.raises(TypeError):
            record.trace["actions"] = None
    json.dumps(run.to_dict(), allow_nan=False)


def test_a_record_leaves_the_arrays_of_the_caller_alone():
    from theorylab.bandits.adversarial import groupwise_experts

    groups = np.ones((30, 2))
    bandit = AdversarialBandit(np.tile([[0.0, 1.0]], (30, 1)), feedback="full")
    run = groupwise_experts(bandit, 30, groups=groups, rng=0)
    assert groups.flags.writeable
    json.dumps(run.to_dict(), allow_nan=False)


def test_numbers_in_arrays_without_axes_are_plain_numbers():
    assert plain(np.array(0.25)) == 0.25 and plain({"eta": np.array(np.inf)}) == {"eta": "inf"}
    assert plain(np.array([[1, 2]])) == [[1, 2]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianBandit([1e308, -1e308]), r"means\[0\] is 1e\+308"),
        (lambda: GaussianBandit([0.0], sigma=1e200), "sigma is 1e\\+200"),
        (lambda: GaussianBandit(np.zeros(100_001)), "100001 arms"),
        (lambda: FiniteSupportBandit([[1e308, 1e308]], [[0.5, 0.5]]), r"values\[0, 0\] is 1e\+308"),
        (lambda: RottingBandit([[1e308, 1.0]]), r"tables\[0, 0\] is 1e\+308"),
        (lambda: RottingBandit([[1.0]], noise="gaussian", sigma=1e200), "sigma is 1e\\+200"),
        (lambda: RottingBandit([[2.0]], noise="bernoulli"), r"tables\[0, 0\] is 2, expected a number in \[0, 1\]"),
        (lambda: AdaptiveAdversary(2, lambda history: [0, 1], noise="bernoulli"), "noise is 'bernoulli'"),
        (lambda: phased_losses(100, phases=5000), "phases is 5000"),
        (lambda: tallying_losses("needle", n_arms=15), "n_arms is 15"),
    ],
)
def test_numbers_too_large_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        (lambda history: [0.0, np.nan], r"losses\(history of 0 rounds\)\[1\] is nan"),
        (lambda history: [0.0], r"has shape \(1,\), expected \(2,\)"),
        (lambda history: [0.0, 1.5], r"\[1\] is 1.5, expected a number in \[0, 1\]"),
        (lambda history: [0.0, 0.0] if len(history) < 3 else [np.nan, 0.0], "history of 3 rounds"),
    ],
)
def test_adversaries_that_answer_nonsense(losses, message):
    with pytest.raises(ValueError, match=message):
        round_robin(AdaptiveAdversary(2, losses), 10, rng=0)


def test_an_adversary_that_writes_into_the_history_changes_nothing():
    def writes(history):
        history.append(0)
        history[:] = [1] * len(history)
        return [0.25, 0.75]

    run = round_robin(AdaptiveAdversary(2, writes), 10, trace=True, rng=0)
    assert run.trace["actions"].tolist() == [0, 1] * 5
    assert run.regret[-1] == pytest.approx(2.5)


def test_an_adversary_with_a_memory_of_its_own_is_found_out():
    asked = []

    def moody(history):
        asked.append(1)
        return [float(len(asked) % 2), 0.5]

    with pytest.raises(ValueError, match=r"when asked again .* expected a function of the history alone"):
        round_robin(AdaptiveAdversary(2, moody), 9, rng=0)


@pytest.mark.parametrize(
    "bandit",
    [
        ContextualBandit([[0.5, 0.6], [0.1, 0.2]], [0, 1, 0]),
        CombinatorialLosses([[0.5, 0.25]] * 3, [[1, 0], [0, 1]]),
        AdversarialBandit([[0.5, 0.25]] * 3),
    ],
)
def test_no_run_is_longer_than_its_table(bandit):
    from theorylab.bandits.stochastic import ucb1

    for algorithm in (round_robin, ucb1):
        assert algorithm(bandit, 3, rng=0).horizon == 3
        with pytest.raises(ValueError, match="horizon is 4, expected at most 3"):
            algorithm(bandit, 4, rng=0)


def brute_force_oracle(bandit, horizon):
    width, pulls, total, sums = bandit.tables.shape[1], [0] * bandit.n_arms, 0.0, []
    for t in range(horizon):
        if bandit.kind == "restless":
            total += max(bandit.tables[:, min(t, width - 1)])
        else:
            now = [bandit.tables[i, min(pulls[i], width - 1)] for i in range(bandit.n_arms)]
            arm = now.index(max(now))
            pulls[arm] += 1
            total += now[arm]
        sums.append(total)
    return np.array(sums)


@pytest.mark.parametrize("kind", ["rested", "restless"])
@pytest.mark.parametrize("fall", [True, False])
def test_oracle_of_rotting_arms_against_brute_force(kind, fall):
    rng = np.random.default_rng(3)
    for width in (1, 2, 7):
        tables = rng.integers(0, 5, (3, width)) / 7.0
        bandit = RottingBandit(-np.sort(-tables, axis=1) if fall else tables, kind=kind)
        np.testing.assert_array_equal(bandit.benchmark(np.arange(1, 41)), brute_force_oracle(bandit, 40))


def test_oracle_of_rotting_arms_takes_little_memory(monkeypatch):
    from theorylab.bandits.models import changing

    bandit = RottingBandit([[0.9, 0.1], [0.5, 0.25]])
    whole = bandit.benchmark(np.array([1, 1000, 5000]))
    monkeypatch.setattr(changing, "BLOCK", 64)  # many blocks: the same bits
    np.testing.assert_array_equal(bandit.benchmark(np.array([1, 1000, 5000])), whole)


def test_wild_keywords_are_named():
    from theorylab.bandits.lsd import play_pattern, raw_ucb
    from theorylab.bandits.nonstationary import discounted_ucb, exp3_s, m_ucb, rbocpd_ucb, sliding_window_ucb
    from theorylab.bandits.tallying import batched_exp3

    bandit, huge = PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [5]), 10**400
    for algorithm in (discounted_ucb, m_ucb, sliding_window_ucb):
        with pytest.raises(ValueError, match="changes is an integer of 1329 bits"):
            algorithm(bandit, 10, changes=huge)
        with pytest.raises(ValueError, match="changes is 11"):
            algorithm(bandit, 10, changes=11)
    for algorithm, keyword in ((exp3_s, "segments"), (sliding_window_ucb, "window"), (batched_exp3, "block")):
        with pytest.raises(ValueError, match=f"{keyword} is an integer of 1329 bits"):
            algorithm(bandit, 10, **{keyword: huge})
    with pytest.raises(ValueError, match="slots is 1152921504606846976"):
        rbocpd_ucb(bandit, 10, slots=2**60)
    with pytest.raises(ValueError, match="sigma is 1e\\+300"):
        raw_ucb(RottingBandit([[0.9, 0.2]]), 10, sigma=1e300)
    for pattern in (0, None, 1.5):
        with pytest.raises(TypeError, match=r"pattern is .*, expected a sequence of arms"):
            play_pattern(bandit, 10, pattern=pattern)
    with pytest.raises(ValueError, match="horizon is 1000000000000"):
        m_ucb(bandit, 10**12)


@pytest.mark.parametrize("actions", [[0, 2], [-1], [[0]]])
def test_sequences_of_a_tallying_bandit_are_arms(actions):
    from theorylab.bandits.tallying import complete_policy_regret, sequence_cost

    for cost in (sequence_cost, complete_policy_regret):
        with pytest.raises(ValueError, match="actions"):
            cost(TALLYING, actions)
        with pytest.raises(TypeError, match="actions"):
            cost(TALLYING, [0.5])
        with pytest.raises(TypeError, match="expected a TallyingBandit"):
            cost(BernoulliBandit([0.5, 0.5]), [0])
    with pytest.raises(ValueError, match=r"history\[0\] is 7"):
        sequence_cost(TALLYING, [0], history=[7])
    assert sequence_cost(TALLYING, []) == 0.0


class Tail(list):
    """A history that refuses to be read as a whole."""

    def __iter__(self):
        raise AssertionError("the whole history was read")

    def __contains__(self, arm):
        raise AssertionError("the whole history was read")


def test_means_look_at_the_last_plays_only():
    """An own agent's run of T rounds takes time in proportion to T."""
    rng = np.random.default_rng(0)
    plays = rng.integers(0, 3, 60).tolist()
    table = np.sort(rng.random((3, 5)))
    with_runs = LastSwitchDependentBandit(table, run=table[:, :3][:, ::-1])
    weighted = tallying_losses("needle", n_arms=3, weights=[2.0, 1.0, 1.0])
    for model in (with_runs, LastSwitchDependentBandit(table), TallyingBandit(table), weighted):
        for t in range(60):
            for arm in range(3):
                full, last = model.mean_reward(plays[:t], arm), model.mean_reward(Tail(plays[:t]), arm)
                assert full == last
    for t in range(60):
        since = plays[:t][::-1].index(0) + 1 if 0 in plays[:t] else t + 1
        assert LastSwitchDependentBandit(table).mean_reward(plays[:t], 0) == table[0, min(since, 5) - 1]


def test_optima_can_be_copied():
    from theorylab.bandits.lsd import approximation_regret, certified_bounds, lsd_optimum
    from theorylab.bandits.tallying import tallying_optimum

    bandit = lsd_experiment(2)
    found = lsd_optimum(bandit)
    assert pickle.loads(pickle.dumps(found)) == found == copy.deepcopy(found)
    other = pickle.loads(pickle.dumps(tallying_optimum(TALLYING, 6, exact=True)))
    assert not other.least_costs.flags.writeable and isinstance(other.exact, Fraction)
    with pytest.raises(TypeError, match="optimum is None"):
        certified_bounds(bandit, None)
    with pytest.raises(TypeError, match="run is None"):
        approximation_regret(None, 1.0, 0.5)
    for most in (0, None, 2.5):
        with pytest.raises((TypeError, ValueError), match="max_states is"):
            lsd_optimum(LastSwitchDependentBandit([[0.5]]), max_states=most)


def test_traces_of_an_agent_cannot_hide_what_it_played():
    class Liar(RoundRobin):
        def __init__(self, info):
            super().__init__(info)
            self.trace = {"actions": [9, 9], "note": [1, 2]}

    class Ragged(RoundRobin):
        def __init__(self, info):
            super().__init__(info)
            self.trace = {"sets": [[1], [1, 2]]}

    run = agent_algorithm(Liar)(BernoulliBandit([0.5, 0.5]), 4, trace=True, rng=0)
    assert run.trace["actions"].tolist() == [0, 1, 0, 1] and run.trace["note"].tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"trace\['sets'\] of Ragged has entries of different lengths"):
        agent_algorithm(Ragged)(BernoulliBandit([0.5, 0.5]), 4, trace=True, rng=0)


def test_an_own_agent_without_extra_traces_is_not_an_error():
    run = SimpleNamespace(trace=None, extra={"posterior": 1})
    assert _lacks(run, "final_losses") and not _lacks(run, "posterior")
    assert not _lacks(SimpleNamespace(trace=None), "anything")


def test_a_check_that_misses_an_entry_of_an_own_record_is_not_applicable():
    from theorylab.verify.code import own_code
    from theorylab.verify.engine import _evaluated

    def looks(code, case, rng):
        return {}["indices"]

    found = _evaluated(SimpleNamespace(evaluate=looks), None, own_code({}, {"mine": round_robin}), 0)
    assert not found.holds and "cannot be compared" in found.detail


def test_run_names_the_keyword_that_it_needs():
    with pytest.raises(ValueError, match=r"wtb_successive_elimination on bernoulli-0\.9-0\.5 needs --M"):
        run_instance("wtb_successive_elimination", "bernoulli-0.9-0.5", horizon=50, seeds=1)
