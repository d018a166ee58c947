"""The proof of EXP3.S on traced runs, and its exact checks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.exp3_shared import bernoulli_losses, table, tree_check, tree_tables
from theorylab.rooms.proofs_checks.bandits.shared import bernoulli, final_regret, reference_check
from theorylab.rooms.proofs_checks.bandits.weight_links import probabilities_sum_link

from theorylab.bandits import PiecewiseStationaryBandit
from theorylab.verify.cases import Case, Instance
from theorylab.verify.statements import Link, Stage

REFERENCE = "theorylab.bandits.nonstationary.exp3_s_reference:EXP3S"


def theorem(case: Case) -> float:
    r"""$2\sqrt{e-1}\sqrt{KT(S\ln(KT)+e)}$."""
    K, T, parts = case.model.n_arms, case.horizon, case.parameters.get("segments", 1)
    return 2.0 * math.sqrt((math.e - 1.0) * K * T * (parts * math.log(K * T) + math.e))


def flip(T: int) -> PiecewiseStationaryBandit:
    """Two arms that change places once."""
    return PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [T // 2])


def changing(
    name: str, make: Any, horizons: dict[str, int], runs: Any, presets: tuple[str, ...], **parameters: Any
) -> tuple[Instance, ...]:
    """An instance for each horizon: change points move with it."""
    return tuple(
        Instance(
            f"{name}, T = {T}",
            lambda T=T: make(T),
            T,
            runs,
            parameters,
            tuple(p for p in presets if horizons.get(p) == T),
        )
        for T in sorted(set(horizons.values()))
    )


TRACED = (
    *changing(
        "traced flip",
        flip,
        {"smoke": 400, "quick": 1500, "power": 80},
        {"smoke": 4, "quick": 12, "power": 3},
        ("smoke", "quick", "power"),
        segments=2,
        trace=True,
    ),
    table(
        "traced table",
        lambda T: bernoulli_losses((0.8, 0.3, 0.3), T),
        {"smoke": 400, "quick": 1500, "power": 80},
        {"smoke": 4, "quick": 12, "power": 3},
        trace=True,
    ),
)


def shares(run: Any, case: Case) -> Any:
    """(T, K) the weights as distributions, read off the law of the draw."""
    gamma = run.parameters["gamma"]
    return (run.trace["probabilities"] - gamma / case.model.n_arms) / (1.0 - gamma)


def estimates(run: Any, case: Case) -> Any:
    """(T, K) importance-weighted rewards of each round."""
    out = np.zeros_like(run.trace["probabilities"])
    at, arms = np.arange(case.horizon), run.trace["actions"]
    out[at, arms] = run.trace["rewards"] / run.trace["probabilities"][at, arms]
    return out


def renewed(run: Any, case: Case) -> Any:
    """(T, K) the weights after each round, when those before it sum to one."""
    gamma, alpha, K = run.parameters["gamma"], run.parameters["alpha"], case.model.n_arms
    return shares(run, case) * np.exp(gamma * estimates(run, case) / K) + math.e * alpha / K


def step_right(run: Any, case: Case) -> Any:
    """(gamma/K) x / (1 - gamma) + (e - 2)(gamma/K)^2 sum of estimates / (1 - gamma) + e alpha."""
    gamma, alpha, rate = run.parameters["gamma"], run.parameters["alpha"], run.parameters["gamma"] / case.model.n_arms
    first = rate * run.trace["rewards"] + (math.e - 2.0) * rate**2 * estimates(run, case).sum(axis=1)
    return first / (1.0 - gamma) + math.e * alpha


LINKS = (
    Link(
        name="exploration",
        left=lambda run, case: run.parameters["gamma"] / case.model.n_arms,
        right=lambda run, case: run.trace["probabilities"],
        source="[auer2002nonstochastic, Section 8]",
        instances=TRACED,
        statement=r"p_i \ge \gamma/K",
    ),
    probabilities_sum_link(TRACED),
    Link(
        name="update and share",
        left=lambda run, case: shares(run, case)[1:],
        right=lambda run, case: (renewed(run, case) / renewed(run, case).sum(axis=1, keepdims=True))[:-1],
        source="[auer2002nonstochastic, Section 8]",
        instances=TRACED,
        statement=r"w_i \leftarrow w_i e^{\gamma\hat x_i/K} + (e\alpha/K) W",
        two_sided=True,
        tolerance=1e-8,
    ),
    Link(
        name="potential step",
        left=lambda run, case: np.log(renewed(run, case).sum(axis=1)),
        right=step_right,
        source="derived: e^x <= 1 + x + (e - 2) x^2 for x <= 1; [auer2002nonstochastic, Theorem 8.1]",
        instances=TRACED,
        statement=r"\ln(W_{t+1}/W_t) \le (\gamma x_t/K + (e-2)(\gamma/K)^2 \sum_i\hat x_i)/(1-\gamma) + e\alpha",
    ),
)


def theorem_8_1(run: Any, case: Case) -> float:
    r"""The bound before the rates are put in: $(e-1) \gamma T + (K/\gamma)(S\ln(K/\alpha) + e\alpha T)$."""
    gamma, alpha, K, T = run.parameters["gamma"], run.parameters["alpha"], case.model.n_arms, case.horizon
    return float(
        (math.e - 1) * gamma * T + K / gamma * (run.parameters["segments"] * math.log(K / alpha) + math.e * alpha * T)
    )


STAGES = (
    Stage("regret", final_regret),
    Stage("Theorem 8.1", theorem_8_1, "gains of all arms counted as T"),
    Stage("Corollary 8.3", lambda run, case: theorem(case), "the tuned rates"),
)


def tree_start(case: Case) -> Any:
    """(alpha, gamma, weights)."""
    K, T, parts = case.model.n_arms, case.horizon, case.parameters.get("segments", 1)
    tuned = min(1.0, math.sqrt(K * (parts * math.log(K * T) + math.e) / ((math.e - 1) * T)))
    return case.parameters.get("alpha", 1 / T), case.parameters.get("gamma", tuned), [1.0] * K


def tree_law(state: Any) -> list[float]:
    """Weights, mixed."""
    _, gamma, weights = state
    return [(1 - gamma) * w / math.fsum(weights) + gamma / len(weights) for w in weights]


def tree_update(state: Any, arm: int, loss: float) -> Any:
    """The update with the sum of the old weights."""
    alpha, gamma, weights = state
    p, K = tree_law(state), len(weights)
    grown = [w * math.exp(gamma / K * ((1 - loss) / p[i] if i == arm else 0)) for i, w in enumerate(weights)]
    return alpha, gamma, [g + math.e * alpha / K * math.fsum(weights) for g in grown]


SEEDS = {"smoke": 2, "quick": 4, "power": 1}


SMALL = (
    *changing(
        "reference flip",
        flip,
        {"smoke": 300, "quick": 1500, "power": 80},
        SEEDS,
        ("smoke", "quick", "power"),
        segments=2,
    ),
    bernoulli((0.2, 0.8, 0.5), {"smoke": 300, "quick": 1500, "power": 80}, SEEDS, alpha=0.01, gamma=0.2),
    bernoulli(
        (1.0, 0.9), {"smoke": 1500, "quick": 3000, "power": 900}, SEEDS, name="large weights", alpha=0.5, gamma=0.9
    ),
)


CHECKS = (
    reference_check("exp3_s", REFERENCE, SMALL, more=("probabilities",)),
    tree_check(
        "exp3_s",
        tree_start,
        tree_law,
        tree_update,
        tree_tables(alpha=0.2, gamma=0.3),
        source="[auer2002nonstochastic, Section 8]",
    ),
)
