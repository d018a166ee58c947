"""The proof of the log-barrier bound on the trace of a run, its lemma attacked by a search, and exact values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.implicit_normalisation import (
    after,
    arm_tree_check,
    paid_losses,
    table,
)
from theorylab.rooms.proofs_checks.bandits.shared import NO_MUTANTS, bernoulli
from theorylab.rooms.proofs_checks.bandits.weight_links import positive_link, probabilities_sum_link

from theorylab.core.rng import as_generator
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison, Link

BARRIER = "theorylab.bandits.adversarial.log_barrier_ftrl"
SHORT, FEW = {"smoke": 400, "quick": 1500, "power": 60}, {"smoke": 4, "quick": 20, "power": 2}
TRACED = (
    bernoulli((0.9, 0.5, 0.3), SHORT, FEW, name="traced three arms", trace=True),
    bernoulli((0.0, 1.0), SHORT, FEW, name="traced sure arms", trace=True, eta=0.5),
    table("switching", SHORT, FEW, name="traced switching", trace=True),
    table("phased", SHORT, FEW, name="traced phased", trace=True, best_loss=100.0, presets=NO_MUTANTS),
)


def rate(case: Case) -> float:
    """The learning rate, from the keywords."""
    if "eta" in case.parameters:
        return float(case.parameters["eta"])
    numerator = 2 * case.model.n_arms * math.log(case.horizon)
    if "best_loss" in case.parameters:
        return min(1.0, math.sqrt(numerator / case.parameters["best_loss"]))
    return math.sqrt(numerator / case.horizon)


def barrier(p: Any) -> Any:
    """Sum of ln(1/p) along the last axis."""
    return -np.log(p).sum(axis=-1)


def costs(run: Any, case: Case) -> Any:
    r"""(T,) $\frac{1}{\eta} \sum_{s \le t} (y - \ln(1+y))$, $y = \eta \ell_{s,A_s}$."""
    y = rate(case) * (1.0 - run.trace["rewards"])
    return np.cumsum(y - np.log1p(y)) / rate(case)


def against_leader(run: Any, case: Case) -> Any:
    """(T - 1,) the estimated regret against the next leader, the comparator that makes the lemma tightest."""
    leader = run.trace["probabilities"][1:]
    return paid_losses(run)[:-1] - (leader * after(run)[:-1]).sum(axis=1)


def leader_bound(run: Any, case: Case) -> Any:
    """(T - 1,) the lemma's right side for the next leader."""
    p = run.trace["probabilities"]
    return (barrier(p[1:]) - barrier(np.full(p.shape[1], 1 / p.shape[1]))) / rate(case) + costs(run, case)[:-1]


def mixed(case: Case) -> Any:
    """(K, K) the comparators (1 - 1/T) e_i + 1/(TK)."""
    k, t = case.model.n_arms, case.horizon
    return (1 - 1 / t) * np.eye(k) + 1 / (t * k)


LINKS = (
    probabilities_sum_link(
        TRACED,
        name="weights sum to one",
        statement=r"|\sum_i p_{t,i} - 1| < 10^{-10}",
    ),
    positive_link(TRACED, source="the barrier", statement="p > 0"),
    Link(
        name="first-order condition",
        left=lambda run, case: (1 / run.trace["probabilities"] - 1 / run.trace["probabilities"][:, :1]) / rate(case),
        right=lambda run, case: run.trace["estimated_losses"] - run.trace["estimated_losses"][:, :1],
        source="definition",
        instances=TRACED,
        statement=r"\hat L_i - 1/(\eta p_i) is the same for all arms",
        two_sided=True,
        tolerance=1e-6,
    ),
    Link(
        name="estimates",
        left=lambda run, case: (after(run) - run.trace["estimated_losses"]) * run.trace["probabilities"],
        right=lambda run, case: (
            (run.trace["actions"][:, None] == np.arange(case.model.n_arms)) * (1.0 - run.trace["rewards"][:, None])
        ),
        source="importance weighting",
        instances=TRACED,
        statement=r"p_i \hat\ell_i = 1\{A = i\} \ell",
        two_sided=True,
    ),
    Link(
        name="cost of a round",
        left=costs,
        right=lambda run, case: rate(case) / 2 * np.cumsum((1.0 - run.trace["rewards"]) ** 2),
        source="derived",
        instances=TRACED,
        statement=r"\frac1\eta \sum (y - \ln(1+y)) \le \frac\eta2 \sum \ell_{t,A_t}^2",
    ),
    Link(
        name="lemma, next leader",
        left=against_leader,
        right=leader_bound,
        source="derived",
        instances=TRACED,
        statement=r"\sum \langle p_t - u, \hat\ell_t \rangle \le (F(u) - F(p_1))/\eta + \frac1\eta \sum (y - \ln(1+y))",
        explains="surely, at every time, for the comparator that makes it tightest",
    ),
    Link(
        name="lemma, each arm",
        left=lambda run, case: paid_losses(run)[-1] - mixed(case) @ after(run)[-1],
        right=lambda run, case: case.model.n_arms * math.log(case.horizon) / rate(case) + costs(run, case)[-1],
        source="derived",
        instances=TRACED,
        statement=r"u = (1 - 1/T) e_i + 1/(TK): F(u) - F(p_1) \le K \ln T",
    ),
)


def leader(losses: Any, eta: float) -> Any:
    """The comparator that makes the lemma tightest, by bisection."""
    above = losses - losses.min()
    near, far = 0.999 / eta, 1.001 * len(losses) / eta
    for _ in range(52):
        z = (near + far) / 2
        near, far = (z, far) if (1 / (eta * (above + z))).sum() > 1 else (near, z)
    return 1 / (eta * (above + far))


def lemma_ratio(module: Any, losses: Any, eta: float) -> float:
    """Left over right side of the lemma on losses (T, K) >= 0, against the next leader."""
    total, paid, cost = np.zeros(losses.shape[1]), 0.0, 0.0
    for row in losses:
        p = module.probabilities(total, eta)
        y = eta * p * row
        paid, cost = paid + p @ row, cost + float((y - np.log1p(y)).sum()) / eta
        total = total + row
    u = leader(total, eta)
    uniform = np.full(len(u), 1 / len(u))
    return float((paid - u @ total) / ((barrier(u) - barrier(uniform)) / eta + cost + 1e-12))


def searched(code: Code, case: Case, rng: Any) -> Comparison:
    """A local search for losses that break the lemma: random ones, changed where that makes it tighter."""
    module, generator = code.module(BARRIER), as_generator(rng)
    starts, steps = {"smoke": (10, 60), "power": (10, 40)}.get(case.preset, (20, 120))
    worst, tried = -math.inf, 0
    for _ in range(starts):
        k, rounds = int(generator.integers(2, 6)), int(generator.integers(2, 7))
        eta = float(10.0 ** generator.uniform(-1.5, 1.0))
        losses = generator.exponential(1.0, (rounds, k)) * 10.0 ** generator.uniform(-2, 2, (rounds, k))
        if generator.random() < 0.7:  # as a bandit's estimates: one arm a round
            losses *= np.eye(k)[generator.integers(k, size=rounds)]
        best = lemma_ratio(module, losses, eta)
        for _ in range(steps):
            other = losses.copy()
            at = (int(generator.integers(rounds)), int(generator.integers(k)))
            other[at] = 0.0 if generator.random() < 0.2 else other[at] * 10.0 ** generator.normal(0.0, 0.7) + 1e-3
            ratio = lemma_ratio(module, other, eta)
            tried += 1
            if not ratio <= best:  # NaN too
                losses, best = other, ratio
        worst = max(worst, best) if not math.isnan(best) else math.inf
    detail = f"largest ratio of the sides {worst:.6f} in {tried} steps from {starts} starts"
    return Comparison(worst <= 1.0 + 1e-9, worst, 1.0, detail, tried)


class TwoArms:
    r"""The log-barrier for two arms in closed form: $1/p - 1/(1-p) = \eta(L_0 - L_1)$ is a quadratic equation."""

    def rate(self, eta: Any) -> float:
        """The learning rate for six rounds."""
        return math.sqrt(4 * math.log(6) / 6) if eta is None else float(eta)

    def __call__(self, first: float, second: float, t: int, eta: Any = None) -> float:
        """The root p in (0, 1) of d p^2 - (d + 2) p + 1 = 0, d = eta (L_0 - L_1), without cancellation."""
        d = self.rate(eta) * (first - second)
        return 2 / (d + 2 + math.sqrt(d * d + 4))

    def estimate(self, p: Any, arm: int, loss: float, t: int, eta: Any = None) -> list[float]:
        """The estimates of both losses."""
        return [loss / p[i] * (i == arm) for i in range(2)]


CHECKS: tuple[Check, ...] = (
    Check(
        name="lemma for arbitrary losses",
        evaluate=searched,
        source="derived; local search",
        instances=(Instance("searched losses", lambda: None, 1, 1),),
        layer="lemma",
        constants="derived here",
        internals=True,
        statement=r"\sum \langle p_t - u, \ell_t \rangle \le (F(u) - F(p_1))/\eta"
        r" + \frac1\eta \sum\sum (y - \ln(1+y)) for \ell \ge 0",
    ),
    arm_tree_check("log_barrier_ftrl", (({}, 3.0291708327), ({"eta": 0.7}, None)), TwoArms()),
)
