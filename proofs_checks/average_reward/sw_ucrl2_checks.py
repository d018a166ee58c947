"""Checks without sampling and mutants of the sliding-window UCRL2."""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.average_reward.shared import coin_model, same_decisions, swapped_two_state

from theorylab.core.rng import child_seed
from theorylab.mdp.environments import piecewise_dirichlet
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code, Mutant
from theorylab.verify.statements import Check, Comparison

MODULE = "theorylab.mdp.average_reward.sw_ucrl2"
ALGORITHMS = {"sw_ucrl2": f"{MODULE}:sw_ucrl2"}
ONLINE = "theorylab.mdp.average_reward.online"
SOURCE = "gajane2018sliding"
SMALL_SCALE = 0.15  # the theorem's radii leave every pair equally attractive within ten steps

SMALL = Instance(
    "swapped two-state, window 90", lambda: swapped_two_state(260, slip=0.25, noise=0.1), 500,
    {"smoke": 3, "quick": 20, "paper": 100, "power": 2}, {"window": 90, "delta": 0.5},
)  # fmt: skip
SHORT = Instance(
    "swapped two-state, window 7", lambda: swapped_two_state(150, slip=0.25, noise=0.1), 300,
    {"smoke": 3, "quick": 20, "paper": 100, "power": 2}, {"window": 7, "delta": 0.5},
)  # fmt: skip
GAINS = Instance(
    "three Dirichlet pieces of different gains", lambda: piecewise_dirichlet(3, 2, starts=(0, 120, 260), rng=0), 400,
    {"smoke": 2, "quick": 10, "paper": 50, "power": 1}, {"window": 90, "delta": 0.5},
)  # fmt: skip
COINS = Instance(
    "coins", lambda: coin_model(5), {"smoke": 8, "quick": 10, "paper": 12, "power": 8}, 1, {"window": 3, "delta": 0.5}
)


def _reference(code: Code, case: Case, seed: Any) -> Comparison:
    from theorylab.mdp.average_reward.sw_ucrl2_reference import reference_sw_ucrl2

    algorithm = code.algorithm("sw_ucrl2")
    outcome = Comparison(True, 0.0, 0.0)
    for i in range(case.runs):
        child = child_seed(seed, i)
        run = algorithm(case.model, case.horizon, rng=child, **case.parameters)
        outcome = same_decisions(
            run, reference_sw_ucrl2(case.model, case.horizon, rng=child, **case.parameters), case.model
        )
        if not outcome.holds:
            return Comparison(False, outcome.value, outcome.bound, f"run {i}: {outcome.detail}", i + 1)
    return Comparison(True, outcome.value, outcome.bound, f"on {case.runs} seeds; last: {outcome.detail}", case.runs)


def _recount(code: Code, case: Case, seed: Any) -> Comparison:
    """Window counts of the run against those that the reference counts from the whole history."""
    from theorylab.mdp.average_reward.sw_ucrl2_reference import reference_sw_ucrl2

    worst = 0.0
    for i in range(case.runs):
        child = child_seed(seed, i)
        trace = code.algorithm("sw_ucrl2")(case.model, case.horizon, rng=child, trace=True, **case.parameters).trace
        reference = reference_sw_ucrl2(case.model, case.horizon, rng=child, **case.parameters)
        for name in ("visits", "counts", "reward_sums"):
            got, expected = getattr(trace, name), np.array(getattr(reference, name))
            if got.shape != expected.shape:
                return Comparison(False, len(got), len(expected), f"run {i}: another number of episodes", i + 1)
            gap = np.abs(got - expected).reshape(len(got), -1).max(axis=1)
            worst = max(worst, float(gap.max()))
            if worst > 1e-9:
                return Comparison(
                    False, worst, 0.0, f"run {i}: {name} of episode {int(np.argmax(gap > 1e-9)) + 1}", i + 1
                )
    return Comparison(
        True, worst, 0.0, f"visits, transitions and reward sums of every episode on {case.runs} seeds", case.runs
    )


def _kernel_outcome(module: Any, case: Case, rng: Any) -> dict[str, float]:
    """Reward and number of episodes of the kernel on scripted draws."""
    from theorylab.mdp.average_reward.online import model_tuple, trace_arrays, work_arrays
    from theorylab.mdp.sampler import model_arrays

    T, W, delta = case.horizon, case.parameters["window"], case.parameters["delta"]
    S, A = case.model.n_states, case.model.n_actions
    out = (
        np.zeros(1),
        np.zeros(1),
        np.zeros(T, dtype=np.int64),
        np.zeros(T, dtype=np.int64),
        np.zeros((S, A), dtype=np.int64),
    )
    short = np.int32
    ring = (np.zeros(W, short), np.zeros(W, short), np.zeros(W, short), np.zeros(W))
    episodes = module.sw_ucrl2_kernel(
        model_tuple(model_arrays(case.model)), T, delta, SMALL_SCALE, np.array([T]), rng, out, trace_arrays(0, S, A),
        np.zeros((0, S), dtype=np.int64), work_arrays(S, A), ring,
    )  # fmt: skip
    return {"reward": float(out[0][0]), "episodes": float(episodes)}


def _reference_outcome(case: Case, rng: Any) -> dict[str, float]:
    from theorylab.mdp.average_reward.sw_ucrl2_reference import reference_on_draws

    run = reference_on_draws(case.model, case.horizon, scale=SMALL_SCALE, environment=rng, **case.parameters)
    return {"reward": sum(run.rewards), "episodes": float(len(run.episode_starts))}


def _expected_reward(code: Code, case: Case, seed: Any) -> Comparison:
    from theorylab.verify.exact.outcomes import outcome_tree
    from theorylab.verify.exact.scripted import interval_tree

    kernel = partial(_kernel_outcome, code.module(MODULE), case)
    got = {"reward": Fraction(0), "episodes": Fraction(0)}
    for weight, found in interval_tree(kernel, thresholds=["1/2"], depth=case.horizon, compiled=True):
        got = {name: total + weight * Fraction(found[name]) for name, total in got.items()}
    slow = partial(_reference_outcome, case)
    expected = case.fact(
        f"expected outcome at {case.horizon}", lambda _: outcome_tree(slow, cells=2, depth=case.horizon)
    )
    detail = f"E[reward] = {got['reward']}, E[episodes] = {got['episodes']} over {2**case.horizon} outcomes"
    return Comparison(got == expected, float(got["reward"]), float(expected["reward"]), detail, 2**case.horizon)


CHECKS = (
    Check(
        name="same decisions as the reference",
        evaluate=_reference,
        source=f"{SOURCE}, Figure 1",
        instances=(SMALL, SHORT, GAINS),
        statement="episodes, visits, rewards and both regrets at every step agree with plain Python that counts the last W steps afresh",
        constants="recalled",
        layer="reference",
    ),
    Check(
        name="recount of the window",
        evaluate=_recount,
        source=f"{SOURCE}, Figure 1",
        instances=(SMALL, SHORT),
        statement="what the ring buffer counts at the start of an episode is what the last W steps hold",
        constants="recalled",
        layer="reference",
    ),
    Check(
        name="expected reward",
        evaluate=_expected_reward,
        source="theorylab, full outcome tree",
        instances=(COINS,),
        certified=True,
        statement="E[reward] and E[episodes] of kernel and reference over all outcomes of the coin flips, in rationals",
        layer="exact",
        internals=True,
    ),
)

MUTANTS = (
    Mutant("window W + 1", MODULE, "_ring(min(window, horizon))", "_ring(min(window + 1, horizon))", "window is full"),
    Mutant("evicts the newest", MODULE, "old_state, old_action = ring_state[slot], ring_action[slot]\n", "old_state, old_action = ring_state[slot - 1], ring_action[slot - 1]\n", "recount of the window"),
    Mutant("forgets the action of today", MODULE, "visits[old_state, old_action] -= 1", "visits[old_state, policy[old_state]] -= 1", "transitions of the window"),
    Mutant("eviction starts one step late", MODULE, "if t >= window:", "if t > window:", "window is full"),
    Mutant("in-episode counts in N", MODULE, "played[state] < limit[state]:", "played[state] < max(1, visits[state, policy[state]]):", "episode stops in time"),
    Mutant("global N in the radius", MODULE, "empirical_kernel(visits, counts", "empirical_kernel(total_visits, counts", "reward radii"),
    Mutant("rewards are not forgotten", MODULE, "                reward_sums[old_state, old_action] -= ring_reward[slot]\n", "", "rewards of the window"),
    Mutant("transitions are not forgotten", MODULE, "                counts[old_state, old_action, ring_next[slot]] -= 1\n", "", "transitions of the window"),
    Mutant("window in the place of t in the logs", MODULE, "clock = t + 1", "clock = min(t + 1, window)", "clock never stops"),
    Mutant("one visit more than max(1, N)", MODULE, "played[state] < limit[state]:", "played[state] <= limit[state]:", "episode stops in time"),
    Mutant("the optimal window without its exponent", MODULE, "slope, 2.0 / 3.0)", "slope, 1.0 / 3.0)", "optimal window"),
    Mutant("reward sums are never summed afresh", MODULE, "if t - resummed >= window:", "if t - resummed >= 2 * horizon:", hole="equivalent: only rounding, sums of added and subtracted rewards drift by less than 1e-12 in tested horizons"),
    Mutant("regret halved", ONLINE, "regret=best - reward_sum", "regret=0.5 * (best - reward_sum)", "same decisions as the reference"),
    Mutant("regret is zero", ONLINE, "regret=best - reward_sum", "regret=0.0 * reward_sum", "same decisions as the reference"),
    Mutant("pseudo-regret of the rewards", ONLINE, "pseudo_regret=best - mean_sum", "pseudo_regret=best - reward_sum", "same decisions as the reference"),
    Mutant("optimum changes seven steps late", ONLINE, "    ends = np.append(starts[1:]", "    starts = starts + 7 * (starts > 0)\n    ends = np.append(starts[1:]", "same decisions as the reference"),
    Mutant("gains of the first piece", ONLINE, "(length * gains)", "(length * gains[0])", "same decisions as the reference"),
)  # fmt: skip
