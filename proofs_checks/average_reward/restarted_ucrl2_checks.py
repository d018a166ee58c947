"""Checks without sampling and mutants of the restarted UCRL2."""

# ruff: noqa: E501  tables: one row a line
from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

from theorylab.rooms.proofs_checks.average_reward.shared import same_decisions, swapped_two_state

from theorylab.core.rng import child_seed
from theorylab.mdp.environments import piecewise_dirichlet
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code, Mutant
from theorylab.verify.statements import Check, Comparison

MODULE = "theorylab.mdp.average_reward.restarted_ucrl2"
UCRL2 = "theorylab.mdp.average_reward.ucrl2"
ALGORITHMS = {"restarted_ucrl2": f"{MODULE}:restarted_ucrl2"}
ONLINE = "theorylab.mdp.average_reward.online"
SOURCE = "jaksch2010near"

SMALL = Instance(
    "swapped two-state, 500 steps", lambda: swapped_two_state(260, slip=0.25, noise=0.1), 500,
    {"smoke": 3, "quick": 20, "paper": 100, "power": 2}, {"changes": 1, "delta": 0.5},
)  # fmt: skip
UNCHANGED = Instance(
    "two-state, 500 steps, no restart wanted", lambda: swapped_two_state(10_000, noise=0.05), 500,
    {"smoke": 2, "quick": 10, "paper": 50, "power": 2}, {"changes": 0, "delta": 0.5},
)  # fmt: skip
GAINS = Instance(
    "three Dirichlet pieces of different gains", lambda: piecewise_dirichlet(3, 2, starts=(0, 120, 260), rng=0), 400,
    {"smoke": 2, "quick": 10, "paper": 50, "power": 1}, {"changes": 2, "delta": 0.5},
)  # fmt: skip
TABLE = Instance(
    "schedules", lambda: swapped_two_state(10), {"smoke": 300, "quick": 3000, "paper": 20_000, "power": 300}, 1
)


def definition(horizon: int, pieces: int) -> list[int]:
    """Steps t = 1, 2, .. at which a phase begins, from the definition in rationals: no cleverness."""
    steps = set()
    i = 1
    while ceil(Fraction(i**3, pieces**2)) <= horizon:
        steps.add(ceil(Fraction(i**3, pieces**2)))
        i += 1
    return sorted(steps)


def _schedules(code: Code, case: Case, seed: Any) -> Comparison:
    schedule = code.module(MODULE).restart_schedule
    for pieces in range(1, 30):
        got = schedule(case.horizon, pieces).tolist()
        expected = [step - 1 for step in definition(case.horizon, pieces) if step > 1]
        if got != expected:
            first = next(i for i in range(max(len(got), len(expected)) + 1) if got[i : i + 1] != expected[i : i + 1])
            return Comparison(False, len(got), len(expected), f"l = {pieces}: restart {first + 1} differs", pieces)
    got = len(schedule(52_000, 14))
    return Comparison(got == 210, got, 210, "T = 52000, l = 14: 211 distinct phase starts, the first at step 1", 29)


def _reference(code: Code, case: Case, seed: Any) -> Comparison:
    from theorylab.mdp.average_reward.ucrl2_reference import reference_ucrl2

    algorithm = code.algorithm("restarted_ucrl2")
    pieces = case.parameters["changes"] + 1
    restarts = [step - 1 for step in definition(case.horizon, pieces) if step > 1]
    outcome = Comparison(True, 0.0, 0.0)
    for i in range(case.runs):
        child = child_seed(seed, i)
        run = algorithm(case.model, case.horizon, rng=child, **case.parameters)
        delta = case.parameters["delta"] / pieces**2
        deltas = [delta] * (len(restarts) + 1)
        reference = reference_ucrl2(case.model, case.horizon, delta=delta, restarts=restarts, deltas=deltas, rng=child)
        outcome = same_decisions(run, reference, case.model)
        if not outcome.holds:
            return Comparison(False, outcome.value, outcome.bound, f"run {i}: {outcome.detail}", i + 1)
    return Comparison(True, outcome.value, outcome.bound, f"on {case.runs} seeds; last: {outcome.detail}", case.runs)


CHECKS = (
    Check(
        name="same decisions as the reference",
        evaluate=_reference,
        source=f"{SOURCE}, Figure 1 and Theorem 6",
        instances=(SMALL, UNCHANGED, GAINS),
        statement="episodes, visits, rewards and both regrets at every step agree with a line-by-line reading in plain Python",
        layer="reference",
    ),
    Check(
        name="schedule",
        evaluate=_schedules,
        source=f"{SOURCE}, Theorem 6",
        instances=(TABLE,),
        certified=True,
        statement=r"restarts at the steps \lceil i^3/\ell^2 \rceil, \ell = 1, \dots, 29, in rationals",
        constants="paper",
        layer="exact",
        internals=True,
    ),
)

MUTANTS = (
    Mutant("floor for ceil", MODULE, "-(-(i**3) // pieces**2)", "i**3 // pieces**2", "schedule"),
    Mutant("schedule i^3/l", MODULE, "-(-(i**3) // pieces**2)", "-(-(i**3) // pieces)", "schedule"),
    Mutant("restart one step late", MODULE, "steps.append(step - 1)", "steps.append(step)", "schedule"),
    Mutant("l is the number of changes", MODULE, 'low=0) + 1', 'low=0) + 0 or 1', "restart times"),
    Mutant("delta is not divided", MODULE, "delta / pieces**2", "delta", "confidence delta/l^2"),
    Mutant("delta divided by l only", MODULE, "delta / pieces**2", "delta / pieces", "confidence delta/l^2"),
    Mutant("reward sums survive", UCRL2, "reward_sums[s, a] = 0.0", "reward_sums[s, a] += 0.0", "rewards are forgotten"),
    Mutant("visits survive", UCRL2, "visits[s, a] = 0\n", "visits[s, a] += 0\n", "visits are forgotten"),
    Mutant("transitions survive", UCRL2, "counts[s, a, j] = 0\n", "counts[s, a, j] += 0\n", "transitions are forgotten"),
    Mutant("global clock in the logs", UCRL2, "clock = t - phase_start + 1", "clock = t + 1", "own clock"),
    Mutant("episode runs over the restart", UCRL2, "phase_end = restarts[phase] if phase < restarts.shape[0] else horizon", "phase_end = horizon", "each phase starts an episode"),
    Mutant("extended value iteration starts warm", "theorylab.mdp.average_reward.evi", "    for s in range(n_states):\n        u[s] = 0.0\n", "", hole="equivalent: it converges from any start to the same accuracy: the theorem holds as well, decisions differ only at near-ties"),
    Mutant("regret halved", ONLINE, "regret=best - reward_sum", "regret=0.5 * (best - reward_sum)", "same decisions as the reference"),
    Mutant("regret is zero", ONLINE, "regret=best - reward_sum", "regret=0.0 * reward_sum", "same decisions as the reference"),
    Mutant("pseudo-regret of the rewards", ONLINE, "pseudo_regret=best - mean_sum", "pseudo_regret=best - reward_sum", "same decisions as the reference"),
    Mutant("optimum changes seven steps late", ONLINE, "    ends = np.append(starts[1:]", "    starts = starts + 7 * (starts > 0)\n    ends = np.append(starts[1:]", "same decisions as the reference"),
    Mutant("gains of the first piece", ONLINE, "(length * gains)", "(length * gains[0])", "same decisions as the reference"),
)  # fmt: skip
