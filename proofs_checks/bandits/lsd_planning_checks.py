"""Exact checks of the planners: by the model's definition, by brute force, by certificates recomputed in rationals."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from theorylab.bandits import LastSwitchDependentBandit, RechargingBandit
from theorylab.bandits.environments import lsd_experiment
from theorylab.core.rng import as_generator, child_seed
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

AREA = "theorylab.bandits.lsd"
STATES, OPTIMUM = f"{AREA}.states", f"{AREA}.lsd_optimum"
LP, ROUNDING, GREEDY = f"{AREA}.lsd_lp_bound", f"{AREA}.lsd_rounding", f"{AREA}.greedy_oracle"
FIRST, SECOND = 4.56 / 9, 0.5  # optimal rates of the two published experiments


def drawn(rng: Any, *, arms: int = 3, width: int = 4, shape: str = "any", unit: int = 16) -> LastSwitchDependentBandit:
    """A small bandit with means that are multiples of 1/unit; every other one with a table of runs."""
    generator = as_generator(rng)
    K, A = int(generator.integers(1, arms + 1)), int(generator.integers(1, width + 1))
    idle = generator.integers(0, unit + 1, size=(K, A)) / unit
    if shape == "concave":  # increments that fall
        steps = -np.sort(-generator.integers(0, 5, size=(K, A)), axis=1)
        return RechargingBandit(np.cumsum(steps, axis=1) / 32)
    if shape == "blocking":
        delays = generator.integers(1, width + 1, size=K)  # arm 0: the round off that blocking bandits allow
        return RechargingBandit.blocking([0.0, *idle[:, 0]], [1, *delays])
    run = generator.integers(0, unit + 1, size=(K, int(generator.integers(1, 4)))) / unit
    return LastSwitchDependentBandit(idle, run=run if generator.random() < 0.5 else None)


def best_total(bandit: LastSwitchDependentBandit, horizon: int) -> Fraction:
    """The largest expected reward of T rounds over all sequences, each play valued by the model's definition."""

    def rest(history: tuple[int, ...]) -> Fraction:
        if len(history) == horizon:
            return Fraction(0)
        return max(Fraction(bandit.mean_reward(history, arm)) + rest((*history, arm)) for arm in range(bandit.n_arms))

    return rest(())


def repeated(bandit: LastSwitchDependentBandit, pattern: Any, prefix: Any = ()) -> Fraction:
    """The mean reward a round of a pattern once everything is typical, by the model's definition."""
    widest = bandit.idle.shape[1] + (0 if bandit.run is None else bandit.run.shape[1])
    plays = list(prefix) + list(pattern) * (3 + widest)
    first = len(plays) - len(pattern)
    total = sum((Fraction(bandit.mean_reward(plays[:t], plays[t])) for t in range(first, len(plays))), Fraction(0))
    return total / len(pattern)


def on_each(evaluate: Callable[[Code, Any, Any], str], **shape: Any) -> Callable[[Code, Case, Any], Comparison]:
    """The same evaluation on ``case.runs`` drawn bandits; it returns what is wrong."""

    def check(code: Code, case: Case, rng: Any) -> Comparison:
        for i in range(case.runs):
            bandit = drawn(child_seed(rng, i), **shape)
            wrong = evaluate(code, bandit, case)
            if wrong:
                tables = f"idle={bandit.idle.tolist()}, run={None if bandit.run is None else bandit.run.tolist()}"
                return Comparison(False, float(i), 0.0, f"bandit {i}: {wrong} ({tables})", i + 1)
        return Comparison(True, 0.0, 0.0, f"{case.runs} drawn bandits", case.runs)

    return check


def golden(code: Code, case: Case, rng: Any) -> Comparison:
    """The published experiments."""
    worst = 0.0
    for number, period, optimum, greedy in ((1, 9, FIRST, 0.91 / 6), (2, 2, SECOND, 0.06)):
        bandit = lsd_experiment(number)
        found = (
            (code.module(OPTIMUM).lsd_optimum(bandit).rate, optimum),
            (code.module(LP).lsd_lp_bound(bandit).rate, optimum),
            (code.module(ROUNDING).lsd_rounding(bandit, period=period).rate, optimum),
            (code.module(GREEDY).greedy_oracle(bandit).rate, greedy),
        )
        worst = max(worst, *(abs(rate - value) for rate, value in found))
    return Comparison(worst <= 1e-12, worst, 1e-12, "largest deviation from 4.56/9, 1/2, .91/6, .06", 2)


def two_sided(code: Code, bandit: Any, case: Case) -> str:
    """The cycle earns the rate by the model's definition; the potential, on states of our own, allows no more."""
    found = code.module(OPTIMUM).lsd_optimum(bandit)
    earned = repeated(bandit, found.cycle)
    if earned != found.exact_rate:
        return f"the cycle earns {earned}, the rate is {found.exact_rate}"
    low, high = code.module(OPTIMUM).certified_bounds(bandit, found)
    if not low == high == found.exact_rate:
        return f"the certificates say {low} and {high}, the rate is {found.exact_rate}"
    if any(
        sum(
            (
                Fraction(bandit.mean_reward((list(found.cycle) * 9 + list(found.cycle[:t])), found.cycle[t]))
                for t in range(n)
            ),
            Fraction(0),
        )
        < n * found.exact_rate
        for n in range(1, len(found.cycle))
    ):
        return "a beginning of the cycle earns less than the rate"
    return ""


def brute_force(code: Code, bandit: Any, case: Case) -> str:
    """All sequences of T rounds, and all short patterns."""
    found, bound = code.module(OPTIMUM).lsd_optimum(bandit), code.module(LP).lsd_lp_bound(bandit)
    T = case.horizon
    best = best_total(bandit, T)
    if best > found.exact_rate * T + Fraction(found.head_start) + Fraction(1, 10**12):
        return f"{T} rounds can earn {best}, beyond {found.exact_rate} a round and {found.head_start}"
    if best < found.exact_rate * T - bandit.n_arms:
        return f"{T} rounds earn at most {best}, the rate is {found.exact_rate}"
    if float(best) > bound.rate * T + bound.offset + 1e-12:
        return f"{T} rounds can earn {best}, beyond the linear program's {bound.rate} a round"
    patterns = [p for n in range(1, 5) for p in itertools.product(range(bandit.n_arms), repeat=n)]
    top = max(repeated(bandit, p) for p in patterns)
    if top > found.exact_rate or (len(found.cycle) <= 4 and top != found.exact_rate):
        return f"the best of all patterns up to 4 arms earns {top}, the rate is {found.exact_rate}"
    return ""


def definition(code: Code, bandit: Any, case: Case) -> str:
    """Rates of patterns, and the greedy oracle, by the model's definition."""
    for pattern in ((0,), tuple(range(bandit.n_arms)), (0,) * 3 + (bandit.n_arms - 1,)):
        mine = code.module(STATES).periodic_rate(bandit, pattern)
        if mine != repeated(bandit, pattern):
            return f"pattern {pattern} earns {repeated(bandit, pattern)}, periodic_rate says {mine}"
    plan, history = code.module(GREEDY).greedy_oracle(bandit), []
    for arm in plan.prefix + plan.cycle * 2:
        means = [bandit.mean_reward(history, a) for a in range(bandit.n_arms)]
        if arm != means.index(max(means)):
            return f"after {history} the greedy oracle plays {arm}, the means are {means}"
        history.append(arm)
    if plan.exact_rate != repeated(bandit, plan.cycle, plan.prefix):
        return "the greedy oracle's rate is not that of its plays"
    return ""


def columns(bandit: Any) -> Any:
    """(arm, rounds, plays, reward) of every pattern up to generous lengths, from the tables and nothing else."""
    A = bandit.idle.shape[1]
    for i in range(bandit.n_arms):
        if bandit.run is None:
            yield from ((i, tau, 1, Fraction(float(bandit.idle[i, tau - 1]))) for tau in range(1, A + 1))
            continue
        B = bandit.run.shape[1]
        for tau, plays in itertools.product(range(2, A + 2), range(1, B + 4)):
            reward = Fraction(float(bandit.idle[i, min(tau, A) - 1]))
            reward += sum((Fraction(float(bandit.run[i, min(j, B) - 1])) for j in range(1, plays)), Fraction(0))
            yield i, tau + plays - 1, plays, reward


def certificates(code: Code, bandit: Any, case: Case) -> str:
    """Both certificates of the linear program, in rationals, on columns of our own."""
    bound = code.module(LP).lsd_lp_bound(bandit)
    for i, rounds, plays, reward in columns(bandit):
        if rounds * bound.arm_prices[i] + plays * bound.round_price < reward:
            return f"arm {i} with {plays} plays in {rounds} rounds earns {reward}, more than its price"
    if (
        min(bound.arm_prices) < 0
        or bound.round_price < 0
        or sum(bound.arm_prices) + bound.round_price != bound.exact_rate
    ):
        return "the prices are negative or do not sum to the rate"
    used = [Fraction(0)] * bandit.n_arms
    plays_used = value = Fraction(0)
    for c, z in zip(bound.columns, bound.frequencies, strict=True):
        z = Fraction(max(0.0, float(z)))
        used[c.arm] += z * (c.idle + c.plays)
        plays_used, value = plays_used + z * c.plays, value + z * c.reward
    if bound.lower != value / max(1, plays_used, *used):
        return "the primal value is not that of the frequencies, scaled to be feasible"
    if not 0 <= bound.exact_rate - bound.lower <= Fraction(1, 10**9) or Fraction(bound.rate) < bound.exact_rate:
        return f"the certificates are {bound.gap:.3g} apart"
    return ""


def ordered(code: Code, bandit: Any, case: Case) -> str:
    """greedy, rounding <= optimum <= linear program."""
    plan = code.module(ROUNDING).lsd_rounding(bandit, longest=4)
    if plan.exact_rate != repeated(bandit, plan.cycle):
        return "the rounding's rate is not that of its pattern"
    optimum = code.module(OPTIMUM).lsd_optimum(bandit).exact_rate
    greedy = code.module(GREEDY).greedy_oracle(bandit).exact_rate
    bound = code.module(LP).lsd_lp_bound(bandit).exact_rate
    if not max(plan.exact_rate, greedy) <= optimum <= bound:
        return f"greedy {greedy}, rounding {plan.exact_rate}, optimum {optimum}, linear program {bound}"
    return ""


def fraction_of_optimum(factor: float) -> Any:
    """Greedy earns at least ``factor`` of the optimum."""

    def evaluate(code: Code, bandit: Any, case: Case) -> str:
        greedy = code.module(GREEDY).greedy_oracle(bandit).exact_rate
        optimum = code.module(OPTIMUM).lsd_optimum(bandit).exact_rate
        return "" if float(greedy) >= factor * float(optimum) - 1e-12 else f"greedy {greedy}, optimum {optimum}"

    return evaluate


def instance(name: str, runs: Any, horizon: int = 6) -> Instance:
    """Drawn bandits: ``runs`` of them; the model itself is not used."""
    return Instance(name, lambda: lsd_experiment(2), horizon, runs)


TINY = instance("drawn bandits", {"smoke": 15, "quick": 60, "paper": 500, "power": 15})
FEW = instance("few drawn bandits", {"smoke": 2, "quick": 8, "paper": 100, "power": 2})


def made(
    name: str, evaluate: Any, where: Instance, statement: str, *, constants: str = "derived here", layer: str = "exact"
) -> Check:
    """A check in rationals; the slow reference of a solver is the search through everything."""
    return Check(
        name=name,
        evaluate=evaluate,
        source="derived" if constants != "recalled" else "recalled",
        instances=(where,),
        statement=statement,
        internals=True,
        certified=True,
        constants=constants,
        layer=layer,
    )


CHECKS = (
    made("golden rates", golden, FEW, "optimum = linear program = 4.56/9 and 1/2, greedy .91/6 and .06"),
    made("two-sided certificate", on_each(two_sided), TINY, "the cycle earns what the potential allows"),
    made(
        "brute force",
        on_each(brute_force),
        instance("drawn, 6 rounds", {"smoke": 5, "quick": 12, "paper": 100, "power": 5}),
        "max over all sequences <= rate T + potential, <= LP T + offset; no pattern of 4 arms earns more",
        layer="reference",
    ),
    made("by definition", on_each(definition), TINY, "rates of patterns and the greedy oracle, from the model's means"),
    made(
        "prices of the linear program",
        on_each(certificates, unit=997),
        TINY,
        "dual and primal feasible in rationals, equal",
    ),
    made("greedy, rounding <= OPT <= LP", on_each(ordered), FEW, r"\rho(planner) \le \rho^* \le LP"),
    made(
        "greedy is half",
        on_each(fraction_of_optimum(0.5), shape="concave"),
        TINY,
        "increasing concave recharging: greedy >= OPT/2",
        constants="recalled",
    ),
    made(
        "greedy on blocking bandits",
        on_each(fraction_of_optimum(1 - np.exp(-1)), shape="blocking"),
        TINY,
        "with an arm for rounds off: greedy >= (1 - 1/e) OPT",
        constants="recalled",
    ),
)
