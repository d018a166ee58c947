"""BPI-UCBVI and BPI-UCRL: decisions of the slow reference, exact laws, numbers by hand, edge cases, bad input."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.bpi_ucbvi import bpi_ucbvi, bpi_ucrl
from theorylab.mdp.episodic.bpi_ucbvi_reference import reference_search
from theorylab.mdp.episodic.environments import named
from theorylab.mdp.episodic.identification import sufficient_episodes
from theorylab.mdp.episodic.planning import backward_induction, policy_value

SEARCHES = {"bpi_ucbvi": bpi_ucbvi, "bpi_ucrl": bpi_ucrl}


def same_as_reference(algorithm, mdp, episodes, **keywords):
    run = SEARCHES[algorithm](mdp, episodes, trace=True, **keywords)
    slow = reference_search(algorithm, mdp, episodes, **keywords)
    assert (run.stopped, run.stopping_time) == (slow.stopped, slow.stopping_time)
    assert run.policy.tolist() == slow.policy
    for name, column in slow.history.items():
        if name in run.trace:
            expected = np.array(column, dtype=float).reshape(run.trace[name].shape)
            assert np.allclose(run.trace[name], expected, atol=1e-9), name
    return run


@pytest.mark.parametrize("algorithm", SEARCHES)
@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("tiny", 1.0),
        ("tiny", 0.001),
        ("dirichlet-3-3-h3-seed5", 0.002),
        ("riverswim-4-h10", 0.0001),
        ("hard-6-2-h8", 0.05),
    ],
)
def test_the_search_is_that_of_the_reference(algorithm, name, scale):
    mdp = named(name)
    for seed in (0, 1):
        same_as_reference(algorithm, mdp, 50, epsilon=0.2 * mdp.horizon, scale=scale, rng=seed)


@pytest.mark.parametrize("algorithm", SEARCHES)
def test_random_start_and_random_rewards(algorithm):
    P = np.array([[[[0.75, 0.25], [0.25, 0.75]], [[0.5, 0.5], [0.0, 1.0]]]] * 2)
    mdp = EpisodicMDP(P, np.array([[[0.0, 0.5], [0.25, 1.0]]] * 2), start=[0.75, 0.25], reward_law="bernoulli")
    scale = {"bpi_ucbvi": 0.001, "bpi_ucrl": 1.0}[algorithm]
    run = same_as_reference(algorithm, mdp, 100, epsilon=0.3, scale=scale, rng=3)
    assert len(set(run.trace["states"][:, 0].tolist())) > 1


@pytest.mark.parametrize("algorithm", SEARCHES)
def test_compiled_and_plain_kernels_agree(algorithm):
    from theorylab.verify.code import plain_code

    entry = {algorithm: f"theorylab.mdp.episodic.bpi_ucbvi:{algorithm}"}
    plain = plain_code(entry).algorithm(algorithm)
    for name, scale in (("tiny", 0.001), ("dirichlet-3-3-h3-seed5", 0.01)):
        fast, slow = (
            f(named(name), 80, epsilon=0.3, scale=scale, accuracies=[1.5, 0.6], trace=True, rng=2)
            for f in (SEARCHES[algorithm], plain)
        )
        assert fast.stopping_time == slow.stopping_time
        for column in ("regret", "certificates", "reached", "visits", "policy"):
            assert np.allclose(getattr(fast, column), getattr(slow, column), rtol=1e-12, atol=1e-12), column


def test_one_pair_by_hand():
    # one state and action: G_1 = min(1, 36 beta/n) with beta = log(3/delta) + log(8e(n+1)), nothing else
    mdp, delta, epsilon = EpisodicMDP([[[1.0]]], [[0.5]], horizon=1), 0.1, 0.4
    n = next(n for n in range(1, 10**6) if 36 * (math.log(3 / delta) + math.log(8 * math.e * (n + 1))) / n <= epsilon)
    run = bpi_ucbvi(mdp, 10_000, epsilon=epsilon, delta=delta, rng=0)
    assert (run.stopped, run.stopping_time, run.gap) == (True, n, 0.0)


def test_two_certain_steps_by_hand():
    # certain transitions: no variance, G_2 = 144 beta/n, G_1 = 144 beta/n + (5/2) G_2 once below the clip at 2
    mdp, delta, epsilon = EpisodicMDP(np.ones((2, 1, 1, 1)), np.zeros((2, 1, 1))), 0.1, 0.5
    n = next(n for n in range(1, 10**6)
             if 3.5 * 36 * 4 * (math.log(6 / delta) + math.log(8 * math.e * (n + 1))) / n <= epsilon)  # fmt: skip
    assert bpi_ucbvi(mdp, 10**6, epsilon=epsilon, delta=delta, rng=0).stopping_time == n


def test_the_brackets_by_hand():
    # S = 2, H = 2, one action: only the bonus of step 1 counts, W = min(2, ...) = w(n) + sampled spread of zero rewards
    mdp, delta, epsilon = EpisodicMDP(np.full((2, 2, 1, 2), 0.5), np.zeros((2, 2, 1))), 0.1, 0.5

    def width(n):
        beta = math.log(4 / delta) + math.log(math.e * (1 + n))
        return 0.5 * min(2.0, math.sqrt(2 * beta / n))

    n = next(n for n in range(1, 10**6) if width(n) <= epsilon)
    assert bpi_ucrl(mdp, 10**6, epsilon=epsilon, delta=delta, rng=0).stopping_time == n


def test_the_laws_over_all_outcomes():
    from theorylab.rooms.proofs_checks.episodic.bpi_ucbvi_exact import LAW, enumerated

    tau, stopped, gap = enumerated("bpi_ucbvi", LAW["bpi_ucbvi"].at("quick"))
    assert (str(tau), str(stopped), str(gap)) == ("15/4", "1/2", "23/128")


@pytest.mark.parametrize("algorithm", SEARCHES)
def test_the_returned_policy_is_good_and_exactly_booked(algorithm):
    mdp = named("tiny")
    run = SEARCHES[algorithm](mdp, 100_000, epsilon=0.9, rng=5)
    assert run.stopped and run.episodes == 100_000 and run.stopping_time == run.times[-1] < 100_000
    assert run.policy_value == pytest.approx(policy_value(mdp, run.policy, name="policy").value, abs=1e-12)
    assert run.gap == pytest.approx(backward_induction(mdp).value - run.policy_value, abs=1e-12)
    assert run.gap <= run.certificate <= 0.9
    assert run.certificates[-1] == run.certificate and len(run.certificates) == len(run.times) == len(run.regret)
    assert run.visits.sum() == 2 * run.stopping_time and run.greedy_episodes[-1] == run.stopping_time
    assert pickle.loads(pickle.dumps(run)).stopping_time == run.stopping_time
    assert {"certificates", "regret"} <= set(run.rows()[0])


@pytest.mark.parametrize("algorithm", SEARCHES)
def test_accuracies_are_stops_of_shorter_searches(algorithm):
    mdp, wanted = named("tiny"), [1.0, 0.95, 0.9]
    longest = SEARCHES[algorithm](mdp, 100_000, epsilon=0.9, accuracies=wanted, rng=1)
    for accuracy, reached in zip(wanted, longest.reached.tolist(), strict=True):
        assert SEARCHES[algorithm](mdp, 100_000, epsilon=accuracy, rng=1).stopping_time == reached
    short = SEARCHES[algorithm](mdp, 5, epsilon=0.2, accuracies=[3.0, 0.3], rng=1)
    assert short.reached.tolist() == [0, -1] and not short.stopped and short.stopping_time == 5


def test_nothing_is_played_when_nothing_has_to_be_known():
    for search in SEARCHES.values():
        run = search(named("tiny"), 10, epsilon=2.0, trace=True, rng=0)
        assert run.stopped and run.stopping_time == 0 and len(run.times) == 0 and run.rows() == []
        assert run.trace["states"].shape == (0, 3) and run.trace["greedy"].shape == (1, 2, 2)


@pytest.mark.parametrize("algorithm", SEARCHES)
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 2, 3), (2, 1, 2), (3, 2, 1)])
def test_small_shapes(algorithm, shape):
    S, A, H = shape
    mdp = EpisodicMDP(np.full((H, S, A, S), 1.0 / S), np.linspace(0, 1, H * S * A).reshape(H, S, A))
    for episodes in (1, 7):
        same_as_reference(algorithm, mdp, episodes, epsilon=0.1, rng=0)


def test_the_sample_bound_is_the_first_such_number():
    from theorylab.rooms.proofs_checks.bpi_ucbvi import CLAIMS

    timely = next(claim for claim in CLAIMS if claim.name == "bpi_ucrl stops in time")
    for instance in timely.instances[:2]:
        case = instance.at("quick")
        H, S, A = case.model.R.shape
        said = sufficient_episodes(S, A, H, epsilon=case.parameters["epsilon"], delta=case.parameters["delta"])
        assert timely.bound(case) == said
    with pytest.raises(ValueError, match="epsilon is 1e-50, expected one that fewer than"):
        sufficient_episodes(2, 2, 2, epsilon=1e-50)


@pytest.mark.parametrize("search", SEARCHES.values())
@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"epsilon": 0.0}, "epsilon is 0"),
        ({"epsilon": -1.0}, "epsilon is -1"),
        ({"epsilon": math.nan}, "epsilon is nan"),
        ({"epsilon": 0.5, "delta": 1.0}, "delta is 1"),
        ({"epsilon": 0.5, "scale": -1.0}, "scale is -1"),
        ({"epsilon": 0.5, "accuracies": [0.4]}, r"accuracies\[0\] is 0.4, expected at least epsilon = 0.5"),
        ({"epsilon": 0.5, "accuracies": [0.6, 0.6]}, r"accuracies\[1\] is 0.6, expected less than"),
        ({"epsilon": 0.5, "checkpoints": [11]}, r"checkpoints\[0\] is 11"),
    ],
)
def test_bad_input(search, keywords, message):
    with pytest.raises(ValueError, match=message):
        search(named("tiny"), 10, **keywords)


def test_bad_models():
    with pytest.raises(TypeError, match="mdp is of type int, expected an EpisodicMDP"):
        bpi_ucbvi(3, 10, epsilon=0.5)
    with pytest.raises(ValueError, match=r"mdp\.R\[0, 0, 0\] is 2"):
        bpi_ucrl(EpisodicMDP([[[1.0]]], [[2.0]], horizon=1), 10, epsilon=0.5)
    with pytest.raises(ValueError, match="trace of"):
        bpi_ucrl(named("riverswim-6-h20"), 10**7, epsilon=0.5, trace=True)
