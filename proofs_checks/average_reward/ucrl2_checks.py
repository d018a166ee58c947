"""Checks of UCRL2 without sampling: the slow reference, exact optima, exact expectations, exact tails."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.average_reward.optimism import noisy_two_state

from theorylab.core.rng import as_generator, child_seed
from theorylab.mdp.environments import named, two_state
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.planning import gain_by_linear_program
from theorylab.mdp.sampler import model_arrays
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.exact.outcomes import ScriptedRng, binomial_tail_exact, outcome_tree, simplex_l1_max
from theorylab.verify.statements import Check, Comparison

ALGORITHM = "theorylab.mdp.average_reward.ucrl2"
EVI = "theorylab.mdp.average_reward.evi"
SOURCE = "jaksch2010near"

SHORT = {"smoke": 300, "quick": 2_000, "paper": 5_000, "power": 400}
SEEDS = {"smoke": 3, "quick": 6, "paper": 50, "power": 4}


def _instance(name: str, build: Any, horizon: Any = SHORT, runs: Any = SEEDS, **parameters: Any) -> Instance:
    return Instance(name, build, horizon, runs, {"delta": 0.05, **parameters})


def same_decisions(code: Code, case: Case, rng: Any) -> Comparison:
    """The algorithm's episodes, sweeps, visits and rewards equal those of the slow reference, seed by seed."""
    from theorylab.mdp.average_reward.ucrl2_reference import reference_ucrl2

    for i in range(case.runs):
        seed = child_seed(rng, i)
        run = code.algorithm("ucrl2")(
            case.model, case.horizon, checkpoints=range(1, case.horizon + 1), rng=seed, **case.parameters
        )
        slow = reference_ucrl2(case.model, case.horizon, rng=seed, **case.parameters)
        visits = np.zeros((case.model.n_states, case.model.n_actions), dtype=int)
        np.add.at(visits, (slow.states, slow.actions), 1)
        rewards = np.diff(np.asarray(run.reward_sum), prepend=0.0)
        step = np.flatnonzero(np.abs(rewards - slow.rewards) > 1e-9)
        if len(step):
            return Comparison(
                False, float(step[0] + 1), 0.0, f"seed {i}: the reward of step {step[0] + 1} differs", case.runs
            )
        wrong = _wrong_regret(run, slow, case)
        if wrong:
            return Comparison(False, 1.0, 0.0, f"seed {i}: {wrong}", case.runs)
        for name, got, want in (
            ("episode starts", run.episode_starts, slow.episode_starts),
            ("sweeps", run.evi_sweeps, slow.sweeps),
            ("visits", run.visits, visits),
        ):
            if list(np.ravel(got)) != list(np.ravel(want)):
                return Comparison(False, 1.0, 0.0, f"seed {i}: {name} differ: {list(np.ravel(got))[:12]}", case.runs)
    return Comparison(True, 0.0, 0.0, f"{case.runs} seeds, T = {case.horizon}: the same decisions", case.runs)


def _wrong_regret(run: Any, slow: Any, case: Case) -> str:
    """Where regret or pseudo-regret differ from T rho* minus the reference's rewards, rho* by linear programming."""
    gain = case.fact("gain by linear program", lambda model: gain_by_linear_program(model).objective)
    best = gain * np.arange(1, case.horizon + 1)
    means = case.model.R[slow.states, slow.actions]
    for name, got, want in (
        ("regret", run.regret, best - np.cumsum(slow.rewards)),
        ("pseudo-regret", run.pseudo_regret, best - np.cumsum(means)),
    ):
        off = np.flatnonzero(np.abs(np.asarray(got) - want) > 1e-6 * case.horizon)
        if len(off):
            return f"the {name} at step {off[0] + 1} is {got[off[0]]:.6g}, expected {want[off[0]]:.6g}"
    return ""


def inner_maximum_is_optimal(code: Code, case: Case, rng: Any) -> Comparison:
    """The inner maximisation attains the linear program's optimum, computed in rationals with a dual certificate."""
    evi = code.module(EVI)
    generator = as_generator(child_seed(rng, 7))
    worst = 0.0
    for i in range(case.runs):
        n = int(generator.integers(2, 5))
        weights = generator.integers(0 if i % 3 else 1, 6, size=n)
        weights[0] += int(weights.sum() == 0)
        p_hat = [Fraction(int(w), int(weights.sum())) for w in weights]
        radius = Fraction(int(generator.integers(0, 25)), 10)
        u = [Fraction(int(x), 4) for x in generator.integers(0, 9, size=n)]
        order, p = np.zeros(n, dtype=np.int64), np.zeros(n)
        evi.descending_kernel(np.array([float(x) for x in u]), order)
        evi.best_in_ball_kernel(np.array([float(x) for x in p_hat]), float(radius), order, p)
        optimum = simplex_l1_max(p_hat, radius, u).value
        reached = sum(Fraction(float(x)) * v for x, v in zip(p, u, strict=True))
        outside = max(
            0.0,
            -p.min(),
            abs(p.sum() - 1.0),
            sum(abs(Fraction(float(x)) - q) for x, q in zip(p, p_hat, strict=True)) - radius,
        )
        worst = max(worst, abs(float(reached - optimum)), float(outside))
        if worst > 1e-12:
            return Comparison(
                False,
                worst,
                1e-12,
                f"p_hat {p_hat}, d {radius}, u {u}: reached {float(reached)}, optimum {optimum}",
                i + 1,
            )
    return Comparison(True, worst, 1e-12, f"{case.runs} linear programs, largest error {worst:.1e}", case.runs)


def expected_reward_by_enumeration(code: Code, case: Case, rng: Any) -> Comparison:
    """E[sum of rewards] over all outcome sequences: kernel against reference, in rationals."""
    from theorylab.mdp.average_reward.online import Phases, play
    from theorylab.mdp.average_reward.ucrl2_reference import reference_ucrl2

    kernel = code.module(ALGORITHM)._ucrl2
    arrays, scale, delta = model_arrays(case.model), case.parameters["scale"], case.parameters["delta"]
    phases = Phases(np.zeros(0, dtype=np.int64), np.array([delta]))
    times = np.array([case.horizon])

    def fast(script: ScriptedRng) -> float:
        return float(play(kernel, arrays, case.horizon, phases, scale, times, script, 0, case.horizon)[1][0][-1])

    def slow(script: ScriptedRng) -> float:
        return sum(reference_ucrl2(case.model, case.horizon, delta=delta, scale=scale, environment=script).rewards)

    draws = case.horizon * (1 if arrays.reward_values.shape[3] == 1 else 2)
    got, want = (outcome_tree(f, cells=2, depth=draws) for f in (fast, slow))
    return Comparison(
        got == want, float(got), float(want), f"E[sum of rewards] over T = {case.horizon}: {got} and {want}"
    )


def reward_radius_covers(code: Code, case: Case, rng: Any) -> Comparison:
    """P{|r_hat - r| > d'} for n Bernoulli rewards, exactly, is at most delta/(60 t^7 SA) for every n < t on a grid.

    The tail is largest at the smallest t, which is n + 1.
    """
    module, delta = code.module(ALGORITHM), Fraction(case.parameters["delta"])
    S, A = 1, 2
    worst, where = 0.0, ""
    for n in (1, 2, 3, 5, 8, 13, 21, 34, 55):
        radius = _radii(module, S, A, n, n + 1, float(delta))[0]
        for p in (Fraction(1, 100), Fraction(1, 10), Fraction(3, 10), Fraction(1, 2)):
            tail = _two_sided_tail(n, p, radius)
            ratio = float(tail / (delta / (60 * Fraction(n + 1) ** 7 * S * A)))
            if ratio > worst:
                worst, where = ratio, f"n = {n}, p = {p}: tail {float(tail):.3g}"
    return Comparison(worst <= 1.0, worst, 1.0, f"largest tail over allowance {worst:.3g} {where}")


def transition_radius_covers(code: Code, case: Case, rng: Any) -> Comparison:
    """P{|p_hat - p|_1 > d} for n draws from two states, exactly, is at most delta/(20 t^7 SA), at t = n + 1."""
    module, delta = code.module(ALGORITHM), Fraction(case.parameters["delta"])
    S, A = 2, 2
    worst, where = 0.0, ""
    for n in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89):
        radius = _radii(module, S, A, n, n + 1, float(delta))[1]
        for p in (Fraction(1, 10), Fraction(3, 10), Fraction(1, 2)):
            tail = _two_sided_tail(n, p, radius / 2.0)
            ratio = float(tail / (delta / (20 * Fraction(n + 1) ** 7 * S * A)))
            if ratio > worst:
                worst, where = ratio, f"n = {n}, p = {p}: tail {float(tail):.3g}"
    return Comparison(worst <= 1.0, worst, 1.0, f"largest tail over allowance {worst:.3g} {where}")


def radii_are_the_papers(code: Code, case: Case, rng: Any) -> Comparison:
    """The radii used by the kernel equal the displays of Section 3.1, on a grid of S, A, n, t, delta."""
    module = code.module(ALGORITHM)
    worst = 0.0
    for S, A, n, t, delta in ((2, 2, 0, 1, 0.05), (6, 2, 7, 20, 0.05), (4, 7, 100, 5000, 0.01), (16, 20, 3, 999, 0.3)):
        reward, transition = _radii(module, S, A, n, t, delta)
        wanted_reward = math.sqrt(7.0 * math.log(2.0 * S * A * t / delta) / (2.0 * max(1, n)))
        wanted = math.sqrt(14.0 * S * math.log(2.0 * A * t / delta) / max(1, n))
        worst = max(worst, abs(reward - wanted_reward), abs(transition - wanted))
    return Comparison(worst <= 1e-12, worst, 1e-12, f"largest difference {worst:.2g}")


def optimistic_gain_is_optimal(code: Code, case: Case, rng: Any) -> Comparison:
    """With two states the ball is an interval: the extended model is finite; its gain brackets the increments."""
    from theorylab.mdp.planning import optimal_gain

    evi = code.module(EVI)
    generator = as_generator(child_seed(rng, 11))
    worst = -math.inf
    for _ in range(case.runs):
        S, A, accuracy = 2, int(generator.integers(1, 4)), 10.0 ** -float(generator.integers(1, 4))
        p_hat = generator.dirichlet(np.ones(S), size=(S, A))
        reward = generator.random((S, A))
        radius = 0.05 + generator.random((S, A))
        ends = np.clip(np.stack([p_hat[..., 0] - radius / 2.0, p_hat[..., 0] + radius / 2.0]), 0.0, 1.0)
        P = np.concatenate([np.stack([e, 1.0 - e], axis=-1) for e in ends], axis=1)
        gain = optimal_gain(FiniteMDP(P, np.concatenate([reward, reward], axis=1))).gain
        u, u_next, p = np.zeros(S), np.zeros(S), np.zeros(S)
        order, policy = np.zeros(S, dtype=np.int64), np.zeros(S, dtype=np.int64)
        evi.evi_l1_kernel(p_hat, reward, radius, accuracy, u, u_next, order, p, policy)
        worst = max(worst, float(np.max(np.abs(u_next - u - gain)) - accuracy))
    return Comparison(
        worst <= 1e-10,
        worst,
        0.0,
        f"largest |increment - gain| - accuracy {worst:.2g} over {case.runs} models",
        case.runs,
    )


def _radii(module: Any, S: int, A: int, n: int, t: int, delta: float) -> tuple[float, float]:
    visits = np.full((S, A), n, dtype=np.int64)
    counts = np.zeros((S, A, S), dtype=np.int64)
    counts[..., 0] = n
    out = [np.zeros((S, A)) for _ in range(4)]
    module.empirical_kernel(visits, counts, out[0], t, delta, 1.0, np.zeros((S, A, S)), out[1], out[2], out[3])
    return float(out[2][0, 0]), float(out[3][0, 0])


def _two_sided_tail(n: int, p: Fraction, radius: float) -> Fraction:
    above = math.floor(n * (float(p) + radius)) + 1
    below = math.ceil(n * (float(p) - radius)) - 1
    tail = binomial_tail_exact(n, p, above) if above <= n else Fraction(0)
    return tail + (binomial_tail_exact(n, 1 - p, n - below) if below >= 0 else Fraction(0))


_ANY = _instance("any", lambda: two_state(), 1, {"smoke": 60, "quick": 200, "paper": 4000, "power": 60})


def _halves_with_random_rewards() -> FiniteMDP:
    model = two_state(slip=0.5)
    return FiniteMDP(model.P, 0.5 * model.R + 0.5 * (1.0 - model.R) * np.array([0.0, 1.0]), reward_law="bernoulli")


_HALVES = lambda: two_state(slip=0.5)  # noqa: E731  probabilities are halves: every path is equally likely

CHECKS = (
    Check(
        name="slow reference",
        layer="reference",
        source=f"{SOURCE}, Figure 1",
        statement=r"\text{the same episodes, sweeps, visits and rewards, seed by seed}",
        evaluate=same_decisions,
        instances=(
            _instance("riverswim-6", lambda: named("riverswim-6")),
            _instance(
                "garnet-10-3-3",
                lambda: named("garnet-10-3-3-seed0").with_reward_law("bernoulli"),
                {**SHORT, "power": 150},
            ),
            _instance("two-state-scaled", lambda: noisy_two_state(0.2), scale=0.1),
        ),
    ),
    Check(
        name="radii",
        layer="lemma",
        source=f"{SOURCE}, Section 3.1",
        statement=r"d' = \sqrt{7\log(2SAt_k/\delta)/(2\max(1,N))},\quad d = \sqrt{14 S\log(2At_k/\delta)/\max(1,N)}",
        evaluate=radii_are_the_papers,
        instances=(_ANY,),
        internals=True,
    ),
    Check(
        name="inner maximum",
        certified=True,
        layer="exact",
        source=f"{SOURCE}, Figure 2",
        statement=r"\max\{p\cdot u : |p-\hat p|_1\le d,\ p \ge 0, \textstyle\sum p = 1\}",
        evaluate=inner_maximum_is_optimal,
        instances=(_ANY,),
        internals=True,
    ),
    Check(
        name="optimistic gain",
        layer="exact",
        source=f"{SOURCE}, Theorem 7",
        statement=r"|u_{i+1}(s)-u_i(s)-\tilde\rho| \le \text{accuracy}",
        evaluate=optimistic_gain_is_optimal,
        instances=(_ANY,),
        internals=True,
    ),
    Check(
        name="expected reward",
        certified=True,
        layer="exact",
        source=f"{SOURCE}, Figure 1",
        statement=r"E[\textstyle\sum_t R_t] \text{ over all outcome sequences, kernel and reference}",
        evaluate=expected_reward_by_enumeration,
        instances=(
            _instance("two-state-halves", _HALVES, {"smoke": 6, "quick": 9, "paper": 11, "power": 7}, 1, scale=0.05),
            _instance(
                "two-state-halves-random",
                lambda: _halves_with_random_rewards(),
                {"smoke": 4, "quick": 5, "paper": 6, "power": 4},
                1,
                scale=0.05,
            ),
        ),
        internals=True,
    ),
    Check(
        name="reward radius, exact tails",
        certified=True,
        layer="lemma",
        source=f"{SOURCE}, Lemma 17",
        statement=r"P\{|\hat r - \bar r| > d'\} \le \delta/(60 t^7 SA)",
        evaluate=reward_radius_covers,
        instances=(_ANY,),
        internals=True,
    ),
    Check(
        name="transition radius, exact tails",
        certified=True,
        layer="lemma",
        source=f"{SOURCE}, Lemma 17",
        statement=r"P\{|\hat p - p|_1 > d\} \le \delta/(20 t^7 SA)",
        evaluate=transition_radius_covers,
        instances=(_ANY,),
        internals=True,
    ),
)
