"""Exact checks of inverse gap weighting: the lemma in rationals, its reference, a tree of all arms."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import same_plays

from theorylab.bandits.models.contextual import ContextualBandit
from theorylab.core.rng import as_generator, child_seed
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

WEIGHTING = "theorylab.bandits.adversarial.inverse_gap_weighting"
ONE_EACH, CONTEXTS = ((1, 0), (0, 1)), (0, 1, 1, 0, 1, 0)


def lemma_exactly(code: Code, case: Case, rng: Any) -> Comparison:
    """All estimates on a grid, all best arms: the worst means in closed form, in Fractions; p is a law, exactly."""
    weigh = code.module(WEIGHTING)._inverse_gaps
    grid = [Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(1)]
    tightest, problems, count = Fraction(0), [], 0
    for k, g in itertools.product(
        (1, 2, 3) if case.preset == "power" else (1, 2, 3, 4), (Fraction(1, 2), Fraction(7), Fraction(400))
    ):
        for y in itertools.product(grid, repeat=k):
            p: list[Any] = [None] * k
            weigh(list(y), g, p)
            if sum(p) != 1 or min(p) <= 0:
                problems.append(f"p = {[str(x) for x in p]} is no law")
                continue
            for star in range(k):
                f = [y[a] - 2 / g for a in range(k)]
                f[star] = y[star] + 2 * (1 - p[star]) / (g * p[star])
                gap = sum(p[a] * (f[star] - f[a]) for a in range(k))
                paid = g / 4 * sum(p[a] * (y[a] - f[a]) ** 2 for a in range(k))
                count += 1
                if gap - paid > 2 * Fraction(k - 1) / g:
                    problems.append(f"y = {[str(x) for x in y]}, g = {g}, best arm {star}")
                elif k > 1:
                    tightest = max(tightest, (gap - paid) * g / (2 * (k - 1)))
    detail = problems[0] if problems else f"{count} cases, tightest {float(tightest):.4f} of 2(K-1)/g"
    return Comparison(not problems, float(tightest), 1.0, detail, count)


def lemma_searched(code: Code, case: Case, rng: Any) -> Comparison:
    """Random and locally improved means f in the place of the closed form."""
    weigh, generator = code.module(WEIGHTING)._inverse_gaps, as_generator(rng)
    starts, steps = (10, 60) if case.preset == "power" else (60, 300)
    worst = -math.inf
    for _ in range(starts):
        k, g = int(generator.integers(2, 6)), float(10.0 ** generator.uniform(-1, 3))
        y = generator.random(k)
        p = np.zeros(k)
        weigh(y, g, p)
        f, best = y.copy(), -math.inf
        for _ in range(steps):
            other = f + generator.normal(size=k) * generator.choice([0.01, 0.1, 1.0]) * 2 / g
            value = (p @ (other.max() - other) - g / 4 * (p @ (y - other) ** 2)) * g / (2 * (k - 1))
            if not value <= best:
                f, best = other, value
        worst = max(worst, math.inf if math.isnan(best) else best)
    return Comparison(worst <= 1.0 + 1e-9, worst, 1.0, f"tightest {worst:.4f} of 2(K-1)/g", starts * steps)


def reference(code: Code, case: Case, rng: Any) -> Comparison:
    """The compiled algorithm and the slow one play alike."""
    from theorylab.bandits.adversarial.inverse_gap_weighting_reference import run_square_cb

    for i in range(case.runs):
        seed = child_seed(rng, i)
        run = code.algorithm("inverse_gap_weighting")(
            case.model, case.horizon, rng=seed, **{**case.parameters, "trace": True}
        )
        expected = run_square_cb(case.model, case.horizon, rng=seed, **case.parameters)
        found = same_plays(run, expected, more=("contexts", "probabilities", "predictions"))
        if not found.holds:
            return Comparison(False, found.value, found.bound, f"run {i}: {found.detail}", i + 1)
    return Comparison(True, found.value, found.bound, found.detail, case.runs)


def sure_rewards() -> ContextualBandit:
    """Two contexts, two arms, rewards 0 and 1: only the arms are random."""
    return ContextualBandit(ONE_EACH, contexts=CONTEXTS, name="sure rewards")


def tree(code: Code, case: Case, rng: Any) -> Comparison:
    """E[R_6] over all sequences of arms, against a policy in Fractions that is written here."""
    from theorylab.verify.exact.bandits import scripted_arm_tree

    g = Fraction(5)

    def law(history: tuple[int, ...]) -> Fraction:
        """Probability of the arm that pays, in the next round."""
        x = CONTEXTS[len(history)]
        paid = [s for s, c in zip(history, CONTEXTS, strict=False) if c == x]
        good = Fraction(1) if 1 in paid else Fraction(1, 2)
        bad = Fraction(0) if 0 in paid else Fraction(1, 2)
        if good == bad:
            return Fraction(1, 2)
        return 1 - 1 / (2 + g * (good - bad))

    def regret(history: tuple[int, ...]) -> Fraction:
        if len(history) == len(CONTEXTS):
            return Fraction(history.count(0))
        p = law(history)
        return p * regret((*history, 1)) + (1 - p) * regret((*history, 0))

    def run(script: Any) -> Any:
        made = code.algorithm("inverse_gap_weighting")(case.model, case.horizon, g=5.0, trace=True, rng=script)
        return made.regret[-1], made.trace["probabilities"], made.trace["actions"]

    found, wanted = scripted_arm_tree(run, case.horizon, compiled=True), regret(())
    return Comparison(abs(found - float(wanted)) < 1e-9, found, float(wanted), f"E[R_6] = {wanted}", 64)


def checks(small: tuple[Instance, ...]) -> tuple[Check, ...]:
    """All of them; ``small`` are the instances of the reference."""
    anywhere = (Instance("rational estimates", lambda: None, 1, 1),)
    return (
        Check(
            name="inverse_gap_weighting plays like its reference",
            evaluate=reference,
            source="[foster2020beyond, Algorithm 1]",
            instances=small,
            layer="reference",
            statement="the same contexts, arms, rewards and probabilities as the reference, round by round",
        ),
        Check(
            name="lemma, exactly",
            evaluate=lemma_exactly,
            source="derived",
            instances=anywhere,
            layer="lemma",
            internals=True,
            certified=True,
            constants="derived here",
            statement=r"\max_f \sum_a p_a (f_{a^*} - f_a) - \frac g4 \sum_a p_a (y_a - f_a)^2 \le 2(K-1)/g; p is a law",
        ),
        Check(
            name="lemma, searched means",
            evaluate=lemma_searched,
            source="derived; local search",
            instances=(Instance("searched means", lambda: None, 1, 1),),
            layer="lemma",
            internals=True,
            constants="derived here",
            statement=r"\sum_a p_a (\max f - f_a) - \frac g4 \sum_a p_a (y_a - f_a)^2 \le 2(K-1)/g",
        ),
        Check(
            name="exact expected regret",
            evaluate=tree,
            source="enumeration of the 64 sequences of arms",
            instances=(Instance("sure rewards", sure_rewards, horizon=len(CONTEXTS), runs=1),),
            statement=r"E[R_6], g = 5, two contexts, rewards 0 and 1",
        ),
    )
