r"""[garivier2011upper]: sliding-window and discounted UCB; counting lemmas, radii, a recalled bound, published numbers.

The proof of the regret bound splits the plays of an arm that is not best into those with few plays in the window, of
which there are few whatever the rewards are (the counting lemmas, sure statements), and those with many, which need a
confidence interval to fail.  The published theorem handles the random number of plays by a peeling argument; its
constant is recalled, not read, and says so.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.restarting import published_check
from theorylab.rooms.proofs_checks.bandits.shared import (
    EVERYWHERE,
    NO_MUTANTS,
    UNIT_REWARDS,
    audit_check,
    bernoulli,
    final_regret,
    reference_check,
)
from theorylab.rooms.proofs_checks.bandits.sliding_window_ucb_mutants import DISCOUNTED, MUTANTS, SLIDING

from theorylab.bandits import PiecewiseStationaryBandit
from theorylab.core.rng import child_seed
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Code
from theorylab.verify.kinds import Expectation
from theorylab.verify.result import Result
from theorylab.verify.statements import Check, Claim, Comparison, Link

XI = 0.6
REFERENCE = "theorylab.bandits.nonstationary.sliding_window_ucb_reference"
FULL_RADIUS = Hypothesis(
    "index ucb with xi > 1/2",
    lambda c: c.parameters.get("index", "ucb") == "ucb" and c.parameters.get("xi", XI) > 0.5,
)
RUNS = {"smoke": 60, "quick": 420, "paper": 1000, "power": 8}
LONG = {"smoke": 4000, "quick": 10_000, "paper": 100_000, "power": 150}


def swap(at: int, horizon: Any, runs: Any, name: str, presets: Any = EVERYWHERE, **parameters: Any) -> Instance:
    """Three arms; the best and the worst change places once."""
    return Instance(
        name,
        lambda: PiecewiseStationaryBandit([[0.9, 0.5, 0.1], [0.1, 0.5, 0.9]], [at]),
        horizon,
        runs,
        parameters,
        presets,
    )


def bound(case: Case) -> float:
    """[garivier2011upper, Theorem 7] as recalled, summed over the arms with their least gaps."""
    tau, T, model = case.parameters["window"], case.horizon, case.model
    means = np.atleast_2d(model.means)
    gaps = means.max(axis=1, keepdims=True) - means
    changes = len(getattr(model, "change_points", ()))
    peeling = 2.0 / math.log(tau) * math.ceil(math.log(tau) / math.log(1.0 + 4.0 * math.sqrt(1.0 - 1.0 / (2.0 * XI))))
    total = 0.0
    for column in gaps.T:
        positive = column[column > 0.0]
        if len(positive):
            c = 4.0 * XI / positive.min() ** 2 * math.ceil(T / tau) * tau / T + peeling
            plays = c * T * math.log(tau) / tau + tau * changes + math.log(tau) ** 2
            total += float(column.max()) * min(float(T), plays)
    return total


def worst(case: Case) -> float:
    """T times the largest gap of any segment."""
    means = np.atleast_2d(case.model.means)
    return float(case.horizon * (means.max(axis=1) - means.min(axis=1)).max())


WINDOW = {"window": 1000, "xi": XI}
BOUNDED = (
    bernoulli((0.9, 0.1), LONG, RUNS, name="(0.9, 0.1), window 1000", **WINDOW),
    bernoulli((0.1, 0.9), LONG, RUNS, name="(0.1, 0.9), window 1000", **WINDOW),
    swap(3000, {"smoke": 20_000, "power": 200}, {**RUNS, "smoke": 30}, "swap, window 1000", NO_MUTANTS, **WINDOW),
)
TRACED = tuple(
    swap(
        80,
        {"smoke": 400, "quick": 1500, "power": 150},
        {"smoke": 8, "quick": 30, "power": 4},
        f"traced {tau}",
        trace=True,
        window=tau,
    )
    for tau in (20, 150)
)
TRACED_DISCOUNT = tuple(
    swap(
        80,
        {"smoke": 400, "quick": 1500, "power": 150},
        {"smoke": 8, "quick": 30, "power": 4},
        f"traced {g:g}",
        trace=True,
        discount=g,
    )
    for g in (0.9, 0.99)
)
FEW = (1, 3, 10)  # values of m in the counting lemmas


def window_counts(run: Any, case: Case) -> Any:
    """(K, 3) rounds in which the arm is played with fewer than m plays in the window, recounted from the arms."""
    arms, tau = run.trace["actions"], case.parameters["window"]
    played = np.vstack([np.zeros(case.model.n_arms), np.cumsum(arms[:, None] == np.arange(case.model.n_arms), axis=0)])
    before = np.arange(case.horizon)
    seen = played[before] - played[np.maximum(0, before - tau)]
    mine = arms[:, None] == np.arange(case.model.n_arms)
    return np.array([[(mine[:, i] & (seen[:, i] < m)).sum() for m in FEW] for i in range(case.model.n_arms)])


def seen_in_window(run: Any, case: Case) -> Any:
    """(T, K) plays in the last tau rounds, recounted from the arms."""
    arms, tau = run.trace["actions"], case.parameters["window"]
    played = np.vstack([np.zeros(case.model.n_arms), np.cumsum(arms[:, None] == np.arange(case.model.n_arms), axis=0)])
    before = np.arange(case.horizon)
    return played[before] - played[np.maximum(0, before - tau)]


def discounted_plays(run: Any, case: Case) -> Any:
    """(T, K) discounted plays before each round, from the definition."""
    arms, gamma = run.trace["actions"], case.parameters["discount"]
    mine = (arms[:, None] == np.arange(case.model.n_arms)).astype(float)
    age = np.arange(case.horizon)[:, None] - 1.0 - np.arange(case.horizon)[None, :]
    with np.errstate(over="ignore"):
        weights = np.where(age >= 0, gamma ** np.maximum(age, 0.0), 0.0)
    return weights @ mine


def discounted_counts(run: Any, case: Case) -> Any:
    """(K, 3) rounds in which the arm is played with fewer than m discounted plays."""
    seen = discounted_plays(run, case)
    mine = run.trace["actions"][:, None] == np.arange(case.model.n_arms)
    return np.array([[(mine[:, i] & (seen[:, i] < m - 1e-9)).sum() for m in FEW] for i in range(case.model.n_arms)])


def discounted_limit(run: Any, case: Case) -> Any:
    """ceil(T / D) (m gamma^-D + 1), D = ceil(1 / (1 - gamma))."""
    gamma = case.parameters["discount"]
    block = math.ceil(1.0 / (1.0 - gamma) - 1e-9)
    return math.ceil(case.horizon / block) * (np.array(FEW) * gamma**-block + 1.0)[None, :]


def swaps(horizon: int) -> PiecewiseStationaryBandit:
    """Two arms that change places sqrt(T) / 10 times: more changes at longer horizons."""
    changes = max(1, round(math.sqrt(horizon) / 10))
    means = [[0.9, 0.1] if k % 2 == 0 else [0.1, 0.9] for k in range(changes + 1)]
    return PiecewiseStationaryBandit(means, [round((k + 1) * horizon / (changes + 1)) for k in range(changes)])


def growth_check(algorithm: str, power: float) -> Check:
    """Dynamic regret over two decades, tuned anew at each horizon, Y ~ sqrt(T): the exponent is that of the rate."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        play, T = code.algorithm(algorithm), case.horizon
        horizons = np.rint(np.geomspace(T / 100, T, 5)).astype(int).tolist()
        means, errors = [], []
        for k, horizon in enumerate(horizons):
            bandit = swaps(horizon)
            got = [
                play(bandit, horizon, xi=XI, checkpoints=[horizon], rng=child_seed(rng, 1000 * k + i)).regret[-1]
                for i in range(case.runs)
            ]
            means.append(float(np.mean(got)))
            errors.append(float(np.std(got, ddof=1)) / math.sqrt(case.runs) / means[-1])
        x = np.log(horizons)
        weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
        slope = float(weights @ np.log(means))
        error = float(np.sqrt(np.sum((weights * errors) ** 2)))
        logs = [math.log(math.log(h)) for h in horizons]
        limit = 0.75 + power * float(weights @ logs) + 0.03
        detail = f"slope {slope:.3f} +- {error:.3f} over T = {horizons}, the rate's own {limit - 0.03:.3f}; linear is 1"
        return Comparison(slope + 3.0 * error <= limit, slope, limit, detail, case.runs * len(horizons))

    return Check(
        name=f"growth of {algorithm}",
        evaluate=evaluate,
        source="[garivier2011upper], tuned to Y; the exponent of the rate on the same horizons, and 0.03",
        statement=rf"R_T = O(\sqrt{{Y T}} (\ln T)^{{{power:g}}}) with Y = \sqrt T / 10",
        layer="lemma",
        constants="rate only",
        algorithm=algorithm,
        instances=(
            Instance(
                "swaps, Y = sqrt(T) / 10",
                lambda: swaps(1000),
                {"smoke": 30_000, "quick": 50_000, "paper": 1_000_000},
                {"smoke": 10, "quick": 16, "paper": 100},
                {},
                NO_MUTANTS,
            ),
        ),
    )


CLAIMS = (
    Claim(
        name="Theorem 7",
        kind=Expectation(),
        source="[garivier2011upper, Theorem 7], recalled",
        statement=r"E[\text{bad plays of } i] \le C T \ln\tau/\tau + \tau Y + \ln^2\tau, times its largest gap",
        constants="recalled",
        instances=BOUNDED,
        quantity=final_regret,
        bound=bound,
        trivial=worst,
        cap=worst,
        hypotheses=(UNIT_REWARDS, FULL_RADIUS),
        explains="few plays in the window, stale windows after a change, failed intervals",
    ),
)
LINKS = (
    Link(
        name="few plays in the window are rare",
        left=window_counts,
        right=lambda run, case: np.ceil(case.horizon / case.parameters["window"]) * np.array(FEW)[None, :],
        source="[garivier2011upper, Lemma 25]; derived in the module",
        instances=TRACED,
        statement=r"\#\{t: I_t = i, N_t(\tau, i) < m\} \le m \lceil T/\tau \rceil",
        explains="an arm cannot be new all the time",
    ),
    Link(
        name="plays in the window",
        left=lambda run, case: run.trace["window_plays"],
        right=seen_in_window,
        source="definition, recounted",
        instances=TRACED,
        two_sided=True,
        statement=r"N_t(\tau, i) = \#\{s \in [t - \tau, t): I_s = i\}",
    ),
    Link(
        name="few discounted plays are rare",
        left=discounted_counts,
        right=discounted_limit,
        source="derived in the module",
        instances=TRACED_DISCOUNT,
        algorithm="discounted_ucb",
        statement=r"\#\{t: I_t = i, N_t(\gamma, i) < m\} \le \lceil T/D \rceil (m \gamma^{-D} + 1)",
    ),
    Link(
        name="discounted plays",
        left=lambda run, case: run.trace["discounted_plays"],
        right=discounted_plays,
        source="definition, recomputed",
        instances=TRACED_DISCOUNT,
        algorithm="discounted_ucb",
        two_sided=True,
        statement=r"N_t(\gamma, i) = \sum_{s<t} \gamma^{t-1-s} 1\{I_s = i\}",
    ),
)
SHORT, TWICE = {"smoke": 250, "quick": 300, "power": 120}, {"smoke": 2, "quick": 4, "power": 2}
CHECKS = (
    reference_check(
        "sliding_window_ucb",
        f"{REFERENCE}:SlidingWindowUCB",
        (
            *(swap(60, SHORT, TWICE, f"window {w} {i}", window=w, index=i) for w, i in ((15, "ucb"), (40, "kl"))),
            bernoulli((0.0, 1.0, 0.5), SHORT, TWICE, name="sure arms", window=30),
        ),
    ),
    reference_check(
        "discounted_ucb",
        f"{REFERENCE}:DiscountedUCB",
        (
            *(
                swap(60, SHORT, TWICE, f"discount {g:g} {i}", discount=g, index=i)
                for g, i in ((0.9, "ucb"), (0.97, "kl"))
            ),
            swap(60, SHORT, TWICE, "tuned discount", changes=2),
        ),
    ),
    audit_check(
        "radius",
        SLIDING,
        bernoulli((0.5, 0.5), 1, 1, name="binomial tails"),
        source="Hoeffding's inequality, for each number of plays",
        arguments=lambda case: {"window": 1000, "xi": XI},
        statement=r"P(\bar X_n < \mu - \sqrt{\xi \ln(t \wedge \tau)/n}) \le (t \wedge \tau)^{-2\xi}, on a grid",
    ),
    growth_check("sliding_window_ucb", 0.5),
    growth_check("discounted_ucb", 1.0),
    *(published_check("sliding_window_ucb", "sliding_window_ucb", k, index="kl", changes=4) for k in (1, 2)),
    *(published_check("discounted_ucb", "discounted_ucb", k, index="kl", changes=4) for k in (1, 2)),
)
RESULT = Result(
    slug="sliding_window_ucb",
    area="bandits/nonstationary",
    title="Forgetting: sliding-window and discounted UCB",
    paper="garivier2011upper",
    algorithms={
        "sliding_window_ucb": f"{SLIDING}:sliding_window_ucb",
        "discounted_ucb": f"{DISCOUNTED}:discounted_ucb",
    },
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    mutants=MUTANTS,
    figures=("sliding_window_ucb",),
    notes=(
        "The constant of Theorem 7 is recalled; the counting lemmas and the radius are derived and checked exactly.",
    ),
)
