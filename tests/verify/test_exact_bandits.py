"""Exact bandit values against sourced numbers, brute force and other exact ways."""

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from theorylab.core.kernels import kernel
from theorylab.core.rng import streams
from theorylab.verify.exact import bandits as eb
from theorylab.verify.exact.outcomes import outcome_tree
from theorylab.verify.exact.scripted import draws_taken, interval_tree, scripted_generator

DATA = json.loads((Path(__file__).parents[1] / "data" / "bandit_exact.json").read_text())


def kl(p, q):
    return (p * math.log(p / q) if p else 0.0) + ((1 - p) * math.log((1 - p) / (1 - q)) if p < 1 else 0.0)


def kl_ucb(t, n, s):
    mean, level = s / n, math.log(t) / n
    if mean in (0.0, 1.0):
        return 1.0 if mean else 1.0 - math.exp(-level)
    q = min(1 - 1e-12, mean + math.sqrt(level / 2))
    for _ in range(50):
        step = (kl(mean, q) - level) * q * (1 - q) / (q - mean)
        q -= step
        if abs(step) < 1e-14:
            break
    return q


def index_of(policy, K, T):
    radius = {
        "ucb1": lambda t, n: math.sqrt(2 * math.log(t) / n),
        "moss": lambda t, n: math.sqrt(max(math.log(T / (K * n)), 0.0) / n),
        "lean_ucb": lambda t, n: math.sqrt(2 * 3 / 4 * math.log(t + 1) / n),
        "ucb1, ln(t+1)": lambda t, n: math.sqrt(2 * math.log(t + 1) / n),
        "no bonus": lambda t, n: 0.0,
        "bonus / 10": lambda t, n: math.sqrt(2 * math.log(t) / n) / 10,
        "misplaced root": lambda t, n: math.sqrt(2 * math.log(t)) / n,
        "log forgotten": lambda t, n: math.sqrt(2 / n),
        "log of pulls": lambda t, n: math.sqrt(2 * math.log(n + 1) / n),
        "bonus x 2": lambda t, n: 2 * math.sqrt(2 * math.log(t) / n),
    }
    return kl_ucb if policy == "kl_ucb" else lambda t, n, s: s / n + radius[policy](t, n)


@pytest.mark.parametrize("row", DATA["reward_regret"], ids=lambda row: f"{row['policy']}-{row['means']}")
def test_index_policies_have_the_sourced_regret(row):
    index, T = index_of(row["policy"], 2, row["horizon"]), row["horizon"]
    found = eb.index_policy_regret(index, row["means"], T, tie=row.get("tie", eb.TIE))
    if isinstance(row["value"], str):
        assert found == Fraction(row["value"])
    else:
        assert isinstance(found, float) and found == pytest.approx(row["value"], abs=2e-9)


def run_index_policy(index, means, T, rng, order=None):
    """The policy as anybody would write it, on a generator; returns the arms."""
    K = len(means)
    n, s, arms = [0] * K, [0] * K, []
    for t in range(T):
        if t < K:
            arm = t if order is None else order[t]
        else:
            values = [index(t, n[a], s[a]) for a in range(K)]
            arm = min(a for a in range(K) if values[a] >= max(values) - 1e-11)
        arms.append(arm)
        n[arm] += 1
        s[arm] += int(rng.random() < means[arm])
    return arms


@pytest.mark.parametrize(
    "means, T, order",
    [
        (["1/2", "3/10"], 9, None),
        (["2/5", "7/10", "1/2"], 6, None),
        (["2/5", "7/10", "1/2"], 2, [2, 0, 1]),
        (["2/5", "7/10", "2/5"], 6, [1, 2, 0]),
        ([0, 1], 7, None),
        (["1/3"], 4, None),
    ],
)
def test_dynamic_programming_agrees_with_the_tree_of_rewards(means, T, order):
    floats = [float(Fraction(m)) for m in means]
    index = index_of("ucb1", len(means), T)
    tree = eb.reward_tree_regret(lambda rng: run_index_policy(index, floats, T, rng, order), means, T)
    found = eb.index_policy_regret(index, means, T, order=order)
    assert isinstance(tree, Fraction) and isinstance(found, Fraction) and tree == found
    assert eb.index_policy_regret(index, floats, T, order=order) == pytest.approx(float(tree), abs=1e-13)


def test_the_tree_by_brute_force_over_reward_tables():
    means, T = [Fraction(2, 5), Fraction(7, 10)], 5

    expected = Fraction(0)
    index = index_of("ucb1", 2, T)
    for bits in itertools.product((0, 1), repeat=2 * T):  # reward of arm a at its n-th play is bits[a T + n]
        weight = math.prod(means[i // T] if b else 1 - means[i // T] for i, b in enumerate(bits))
        n, s, regret = [0, 0], [0, 0], Fraction(0)
        for t in range(T):
            arm = t if t < 2 else int(index(t, n[1], s[1]) > index(t, n[0], s[0]) + 1e-11)
            s[arm] += bits[arm * T + n[arm]]
            n[arm] += 1
            regret += max(means) - means[arm]
        expected += weight * regret
    found = eb.reward_tree_regret(lambda rng: run_index_policy(index, [0.4, 0.7], T, rng), means, T)
    assert found == expected == eb.index_policy_regret(index, means, T)


def test_ties_go_to_the_lowest_arm_within_the_tolerance():
    """An index that favours arm 1 by 1e-12 through its success: within the tolerance arm 0 is played for ever."""
    index = lambda t, n, s: 1e-12 * s  # noqa: E731
    assert eb.index_policy_regret(index, [0, 1], 10) == 9
    assert eb.index_policy_regret(index, [0, 1], 10, tie=0.0) == 1
    assert eb.index_policy_regret(lambda t, n, s: math.inf, ["1/2", 1], 6) == Fraction(5, 2)


def test_elimination_and_explore_then_commit_by_their_memories():
    row = DATA["successive_elimination"]
    T, delta, K = row["horizon"], row["delta"], 2
    log_term = math.log(2 * K * T / delta)

    def update(memory, arm, reward):
        active, n, s = memory
        n = tuple(x + (a == arm) for a, x in enumerate(n))
        s = tuple(x + reward * (a == arm) for a, x in enumerate(s))
        if len(active) > 1 and arm == active[-1]:  # a round is complete: equal pulls
            radius = math.sqrt(log_term / (2 * n[arm]))
            best = max(s[a] / n[a] for a in active)
            active = tuple(a for a in active if best - s[a] / n[a] <= 2 * radius)
        return active, n, s

    def choose(memory):
        active, n, _ = memory
        return min(active, key=lambda a: (n[a], a))

    found = eb.memory_policy_regret(((0, 1), (0, 0), (0, 0)), choose, update, row["means"], T)
    assert found == pytest.approx(row["value"], abs=1e-9)
    for row in DATA["explore_then_commit"]:
        m = row["m"]

        def explore(memory, arm, reward, m=m):
            t, lead, chosen = memory
            if t < 2 * m:
                t, lead = t + 1, lead + (reward if arm == 0 else -reward)
                if t == 2 * m:
                    chosen, lead = int(lead < 0), 0
            return t, lead, chosen

        found = eb.memory_policy_regret(
            (0, 0, -1), lambda memory: memory[0] % 2 if memory[2] < 0 else memory[2], explore, row["means"],
            row["horizon"],
        )  # fmt: skip
        assert found == pytest.approx(row["value"], abs=2e-9)


def test_memory_and_index_dynamic_programmes_agree():
    index, means, T = index_of("moss", 3, 9), ["1/2", "3/5", "1/10"], 9

    def choose(memory):
        n, s = memory
        t = sum(n)
        return t if t < 3 else max(range(3), key=lambda a: (index(t, n[a], s[a]), -a))

    def update(memory, arm, reward):
        n, s = map(list, memory)
        n[arm] += 1
        s[arm] += reward
        return tuple(n), tuple(s)

    found = eb.memory_policy_regret(((0,) * 3, (0,) * 3), choose, update, means, T)
    assert isinstance(found, Fraction) and found == eb.index_policy_regret(index, means, T, tie=0.0)


def _follow_the_leader(means, T, rng):
    arms = np.zeros(T, np.int64)
    sums, plays = np.zeros(2), np.ones(2)
    for t in range(T):
        arm = 0 if sums[0] / plays[0] >= sums[1] / plays[1] else 1
        arms[t] = arm
        plays[arm] += 1.0
        if rng.random() < means[arm]:
            sums[arm] += 1.0
    return arms


follow_the_leader_kernel = kernel(_follow_the_leader)


def test_compiled_and_plain_code_give_the_same_tree():
    means, T = ["2/5", "7/10"], 7
    floats = np.array([0.4, 0.7])
    plain = eb.reward_tree_regret(lambda rng: _follow_the_leader(floats, T, rng), means, T)
    compiled = eb.reward_tree_regret(lambda rng: follow_the_leader_kernel(floats, T, rng), means, T, compiled=True)
    cells = outcome_tree(lambda rng: 0.3 * float(np.sum(_follow_the_leader(floats, 3, rng) == 0)), cells=10, depth=3)
    assert plain == compiled
    assert float(cells) == pytest.approx(float(eb.reward_tree_regret(
        lambda rng: _follow_the_leader(floats, 3, rng), means, 3)), abs=1e-15)  # fmt: skip
    public = eb.reward_tree_regret(
        lambda rng: follow_the_leader_kernel(floats, T, streams(rng).environment), means, T, compiled=True
    )
    assert public == plain
    number = eb.reward_tree_regret(lambda rng: 0.3 * np.sum(_follow_the_leader(floats, T, rng) == 0), means, T)
    assert float(number) == pytest.approx(float(plain), abs=1e-14)


def test_a_scripted_generator_puts_out_what_it_was_given():
    uniforms = np.random.default_rng(3).random(312)
    uniforms[:4] = [0.0, 1 - 2**-53, 0.5, 2**-53]
    rng = scripted_generator(uniforms)
    assert rng.random(312).tolist() == uniforms.tolist() and draws_taken(rng, uniforms) == 312
    rng.random()
    with pytest.raises(RuntimeError, match="more than 312"):
        draws_taken(rng, uniforms)
    rng = scripted_generator([0.3])
    rng.integers(0, 5, dtype=np.int32)
    with pytest.raises(RuntimeError, match="something else than random"):
        draws_taken(rng, [0.3])
    rng = scripted_generator([0.25, 0.75], role=1)  # as public functions split it
    split = streams(rng)
    assert split.agent.random(2).tolist() == [0.25, 0.75] and draws_taken(rng, [0.25, 0.75]) == 2
    assert split.environment.random() == streams(scripted_generator([0.1], role=1)).environment.random()
    with pytest.raises(ValueError, match=r"uniforms\[1\] is 1, expected"):
        scripted_generator([0.2, 1.0])


@pytest.mark.parametrize("compiled", [False, True])
def test_interval_trees_are_laws(compiled):
    def flips(rng):  # a run of its own length
        n = 0
        while n < 4 and rng.random() < 0.7:
            n += 1
        return n

    tree = list(interval_tree(flips, thresholds=["7/10"], depth=4, compiled=compiled))
    p = Fraction(7, 10)
    assert {n: w for w, n in tree} == {n: p**n * (1 - p) for n in range(4)} | {4: p**4}
    with pytest.raises(RuntimeError, match="more than depth = 3"):
        list(interval_tree(flips, thresholds=["7/10"], depth=3, compiled=compiled))
    calls = iter(range(100))
    with pytest.raises(RuntimeError, match="stops early"):
        list(interval_tree(lambda rng: rng.random() if next(calls) == 0 else 0, thresholds=["1/2"], depth=2,
                           compiled=compiled))  # fmt: skip


@pytest.mark.parametrize("row", DATA["fluid"], ids=str)
def test_fluid_law(row):
    gaps = [0.0] + [row["gap"]] * (row["K"] - 1)
    assert eb.ucb1_fluid_law(gaps, row["horizon"]) == pytest.approx(row["regret"], abs=0.5)


def test_fluid_law_of_two_arms_solves_its_own_equations():
    """With plays (T - m, m) the two indices are level; R = D m."""
    D, T, c = 0.2, 5000, 2.0
    m = eb.ucb1_fluid_law([D, 0.0], T, c) / D
    level = math.sqrt(c * math.log(T) / (T - m))
    assert math.sqrt(c * math.log(T) / m) - D == pytest.approx(level, abs=1e-9)
    assert eb.ucb1_fluid_law([0.0, 0.0], 100) == 0.0
    with pytest.raises(ValueError, match="expected gaps >= 0 with a 0 among them"):
        eb.ucb1_fluid_law([0.1, 0.2], 100)


def test_bad_input():
    index = index_of("ucb1", 2, 8)
    with pytest.raises(ValueError, match=r"means\[1\] is 6/5, expected a number in \[0, 1\]"):
        eb.index_policy_regret(index, ["1/2", "6/5"], 8)
    with pytest.raises(ValueError, match="means is empty"):
        eb.index_policy_regret(index, [], 8)
    with pytest.raises(ValueError, match=r"order is \[0, 0\], expected a permutation of 0..1"):
        eb.index_policy_regret(index, ["1/2", 1], 8, order=[0, 0])
    with pytest.raises(ValueError, match=r"index\(2, 1, 0\) is nan"):
        eb.index_policy_regret(lambda t, n, s: math.nan, ["1/2", 1], 8)
    with pytest.raises(ValueError, match="a run returns 3 arms, expected horizon = 2"):
        eb.reward_tree_regret(lambda rng: [0, 0, 0], ["1/2", 1], 2)
    with pytest.raises(ValueError, match=r"arms of a run\[1\] is 2"):
        eb.reward_tree_regret(lambda rng: [0, 2], ["1/2", 1], 2)
    with pytest.raises(ValueError, match="too close: no double lies between"):
        eb.reward_tree_regret(lambda rng: [0], [Fraction(1, 3), Fraction(1, 3) + Fraction(1, 10**30)], 1)
    with pytest.raises(AttributeError, match=r"rng\.normal, but only rng\.random\(\)"):
        eb.reward_tree_regret(lambda rng: rng.normal(), ["1/2"], 1)
