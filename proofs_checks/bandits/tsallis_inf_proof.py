"""The proof of Tsallis-INF's adversarial bound on the trace of a run, and its exact checks.

The learning rates here are written from the paper, not read from the code.
"""

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

from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison, Link

TSALLIS = "theorylab.bandits.adversarial.tsallis_inf"
SHORT, FEW = {"smoke": 400, "quick": 1500, "power": 60}, {"smoke": 4, "quick": 20, "power": 2}
TRACED = (
    bernoulli((0.9, 0.5, 0.3), SHORT, FEW, name="traced iw", trace=True),
    bernoulli((0.5, 0.6), SHORT, FEW, name="traced rv", trace=True, estimator="rv"),
    bernoulli((0.6, 0.5, 0.5, 0.5), SHORT, FEW, name="traced alpha=0.3", trace=True, alpha=0.3),
    bernoulli((0.0, 1.0), SHORT, FEW, name="traced tuned", trace=True, eta="tuned"),
    table("switching", SHORT, FEW, name="traced switching", trace=True),
    table("phased", SHORT, FEW, name="traced phased rv", trace=True, estimator="rv", presets=NO_MUTANTS),
)
WEIGHTED = tuple(i for i in TRACED if i.parameters.get("estimator", "iw") == "iw")


def constants(case: Case) -> tuple[float, str]:
    """Alpha and the estimator."""
    return case.parameters.get("alpha", 0.5), case.parameters.get("estimator", "iw")


def rates(case: Case) -> Any:
    """(T, 1) the learning rates: 2 / sqrt(t), 4 / sqrt(t), or their counterparts for other alpha."""
    alpha, estimator = constants(case)
    k, t = case.model.n_arms, np.arange(1, case.horizon + 1)[:, None]
    factor = math.sqrt(k ** (1 - 2 * alpha) / (alpha * (1 - alpha)))
    if case.parameters.get("eta") == "tuned":
        return np.full(t.shape, factor * math.sqrt(2 / case.horizon))
    return factor * (2 if estimator == "rv" else 1) / np.sqrt(t)


def gradient(run: Any, case: Case) -> Any:
    r"""(T, K) $-w^{\alpha-1}/((1-\alpha)\eta)$: what must differ from -L by a constant."""
    alpha, _ = constants(case)
    return run.trace["probabilities"] ** (alpha - 1) / ((1 - alpha) * rates(case))


def estimates(run: Any, case: Case) -> Any:
    """(T, K) the estimates of the paper from the probabilities of the trace."""
    w, arms = run.trace["probabilities"], run.trace["actions"]
    _, estimator = constants(case)
    loss = 1.0 - run.trace["rewards"]
    b = 0.5 * (w >= rates(case) ** 2) if estimator == "rv" else np.zeros_like(w)
    at = np.arange(len(arms))
    out = b.copy()
    out[at, arms] += (loss - b[at, arms]) / w[at, arms]
    return out


def estimated_regret(run: Any, case: Case) -> Any:
    r"""(T,) $\sum_{s \le t} \langle w_s, \hat\ell_s \rangle - \min_i \hat L_{t,i}$."""
    return paid_losses(run) - after(run).min(axis=1)


def potential(run: Any, case: Case) -> Any:
    r"""(T,) $D/\eta_t + \sum_{s \le t} \frac{\eta_s}{2} \sum_i w_i^{2-\alpha} \hat\ell_i^2$."""
    alpha, _ = constants(case)
    k = case.model.n_arms
    distance = (k ** (1 - alpha) - 1) / (alpha * (1 - alpha))
    return distance / rates(case)[:, 0] + np.cumsum(step_bound(run, case))


def step_bound(run: Any, case: Case) -> Any:
    r"""(T,) $\frac{\eta_t}{2} \sum_i w_i^{2-\alpha} \hat\ell_i^2$."""
    alpha, _ = constants(case)
    w, more = run.trace["probabilities"], after(run) - run.trace["estimated_losses"]
    return (rates(case) / 2 * w ** (2 - alpha) * more**2).sum(axis=1)


def step_cost(run: Any, case: Case) -> Any:
    r"""(T,) $\langle w - w', \hat\ell \rangle - D_F(w', w)/\eta$ at the minimiser w' without the constraint."""
    alpha, _ = constants(case)
    w, eta = run.trace["probabilities"], rates(case)
    more = after(run) - run.trace["estimated_losses"]
    moved = (w ** (alpha - 1) + (1 - alpha) * eta * more) ** (1 / (alpha - 1))
    divergence = (w**alpha - moved**alpha) / (alpha * (1 - alpha)) + w ** (alpha - 1) * (moved - w) / (1 - alpha)
    return ((w - moved) * more - divergence / eta).sum(axis=1)


LINKS = (
    probabilities_sum_link(
        TRACED,
        name="weights sum to one",
        source="[zimmert2021tsallis, Algorithm 2]",
        statement=r"|\sum_i w_{t,i} - 1| < 10^{-10}",
    ),
    positive_link(TRACED, source="the entropy's slope is infinite at the border", statement="w > 0"),
    Link(
        name="first-order condition",
        left=lambda run, case: gradient(run, case) - gradient(run, case)[:, :1],
        right=lambda run, case: run.trace["estimated_losses"] - run.trace["estimated_losses"][:, :1],
        source="[zimmert2021tsallis, Algorithm 1]",
        instances=TRACED,
        statement=r"\hat L_i - w_i^{\alpha-1}/((1-\alpha)\eta_t) is the same for all arms",
        two_sided=True,
        tolerance=1e-6,
        explains="the weights minimise the regularised loss at the learning rate of the paper",
    ),
    Link(
        name="estimates",
        left=lambda run, case: after(run) - run.trace["estimated_losses"],
        right=estimates,
        source="[zimmert2021tsallis, (3), (4)], the baseline recalled",
        instances=TRACED,
        statement=r"\hat\ell = 1\{A = i\}(\ell - b)/w + b",
        two_sided=True,
        tolerance=1e-6,
    ),
    Link(
        name="cost of a round",
        left=step_cost,
        right=step_bound,
        source="derived: F'' = w^(alpha-2)",
        instances=WEIGHTED,
        statement=r"\langle w - w', \hat\ell \rangle - D_F(w', w)/\eta \le \frac{\eta}{2} \sum w^{2-\alpha} \hat\ell^2",
    ),
    Link(
        name="regret on the estimates",
        left=estimated_regret,
        right=potential,
        source="derived",
        instances=WEIGHTED,
        statement=r"\sum \langle w_t - e_i, \hat\ell_t \rangle \le D/\eta_T"
        r" + \sum \frac{\eta_t}{2} \sum w^{2-\alpha} \hat\ell^2",
        explains="follow-the-regularised-leader, surely, at every time and for every arm",
        tolerance=1e-7,
    ),
)


def unbiased(code: Code, case: Case, rng: Any) -> Comparison:
    """Enumerate the arm: the expectation of the estimate is the loss."""
    from theorylab.verify.exact.bandits import unbiasedness

    module, generator = code.module(TSALLIS), np.random.default_rng(0)
    worst = 0.0
    for estimator in (module.IW, module.RV):
        for _ in range(30 if case.preset == "power" else 200):
            k = int(generator.integers(2, 5))
            p, losses = generator.dirichlet(np.ones(k)), generator.random(k)
            eta = float(generator.uniform(0.05, 1.0))

            def estimate(arm: int, loss: float, law: Any, estimator: int = estimator, eta: float = eta) -> Any:
                out = np.zeros(len(law))
                module._estimate(estimator, eta, np.asarray(law), arm, loss, out)
                return out.tolist()

            worst = max(worst, float(unbiasedness(estimate, p.tolist(), losses.tolist())))
    return Comparison(worst < 1e-9, worst, 0.0, f"largest bias {worst:.2g}")


class TwoArms:
    r"""Tsallis-INF for two arms without levels: $w^{\alpha-1} - (1-w)^{\alpha-1} = (1-\alpha)\eta(L_0 - L_1)$."""

    def __call__(
        self, first: float, second: float, t: int, estimator: str = "iw", alpha: float = 0.5, eta: Any = None
    ) -> float:
        """The probability of the first arm."""
        rate = self.rate(t, estimator, alpha, eta)
        target, low, high = (1 - alpha) * rate * (first - second), 0.0, 1.0
        for _ in range(100):
            w = (low + high) / 2
            if w in (0.0, 1.0) or w ** (alpha - 1) - (1 - w) ** (alpha - 1) > target:
                low = w
            else:
                high = w
        return (low + high) / 2

    @staticmethod
    def rate(t: int, estimator: str, alpha: float, eta: Any) -> float:
        """The learning rate of round t."""
        factor = math.sqrt(2 ** (1 - 2 * alpha) / (alpha * (1 - alpha)))
        if eta == "tuned":
            return factor * math.sqrt(2 / 6)
        return factor * {"iw": 1, "rv": 2}[estimator] / math.sqrt(t)

    def estimate(
        self, p: Any, arm: int, loss: float, t: int, estimator: str = "iw", alpha: float = 0.5, eta: Any = None
    ) -> list[float]:
        """The estimates of both losses."""
        rate = self.rate(t, estimator, alpha, eta)
        b = [0.5 if estimator == "rv" and w >= rate**2 else 0.0 for w in p]
        return [b[i] + (loss - b[i]) / p[i] * (i == arm) for i in range(2)]


CHECKS: tuple[Check, ...] = (
    Check(
        name="unbiased estimates",
        evaluate=unbiased,
        source="enumeration of the arm",
        instances=(Instance("random laws", lambda: None, 1, 1),),
        layer="exact",
        internals=True,
        statement=r"\sum_a w_a \hat\ell_i(a) = \ell_i",
    ),
    arm_tree_check(
        "tsallis_inf",
        (({}, 3.0761254105), ({"estimator": "rv"}, None), ({"alpha": 0.3}, None), ({"eta": "tuned"}, None)),
        TwoArms(),
    ),
)
