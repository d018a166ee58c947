"""What the results on implicitly normalised forecasters share: tables of losses, links of a run's weights, exact
values.

A traced run has ``probabilities`` (T, K), ``estimated_losses`` (T, K) before each round, ``actions`` and ``rewards``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import EVERYWHERE

from theorylab.bandits import AdversarialBandit
from theorylab.bandits.environments import phased_losses
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Code
from theorylab.verify.statements import Check, Comparison

__all__ = [
    "OBLIVIOUS",
    "SIX_ROUNDS",
    "UNIQUE_BEST",
    "after",
    "arm_tree_check",
    "best_fixed_loss",
    "largest_loss",
    "losses_of",
    "paid_losses",
    "switching",
    "table",
    "total_loss",
]

SIX_ROUNDS = ((0, 1), (1, 0), (0, 1), (1, 1), (0, 0), (0, 1))
LONGEST = 20_000
OBLIVIOUS = Hypothesis("a table of losses fixed in advance", lambda case: isinstance(case.model, AdversarialBandit))
UNIQUE_BEST = Hypothesis("one best arm", lambda case: int(np.sum(case.model.gaps <= 1e-12)) == 1)


def switching(period: int, gap: float) -> Any:
    """Two arms that take turns in being better by ``gap``, for ``period`` rounds each; the first one a third longer."""
    t = np.arange(LONGEST) % (2 * period + period // 3)
    second = t >= period + period // 3
    losses = np.full((LONGEST, 2), 0.5 - gap / 2)
    losses[~second, 1] += gap
    losses[second, 0] += gap
    return AdversarialBandit(losses, name=f"switching-{period}-{gap:g}")


def table(
    kind: str, horizon: Any, runs: Any, *, name: str = "", presets: tuple[str, ...] = EVERYWHERE, **parameters: Any
) -> Instance:
    """An oblivious adversary: "phased" (losses rise and fall, arm 0 stays better) or "switching" (arms take turns)."""
    build = {
        "phased": lambda: phased_losses(LONGEST, gap=0.4, phases=20, rng=0),
        "switching": lambda: switching(150, 1.0),
        "easy": lambda: AdversarialBandit(np.tile([0.02, 0.5], (LONGEST, 1)), name="easy"),
    }[kind]
    words = "".join(f" {key}={value}" for key, value in parameters.items() if key not in ("trace", "checkpoints"))
    return Instance(name or kind + words, build, horizon, runs, parameters, presets)


def losses_of(case: Case) -> Any:
    """(T, K) the losses of the rounds that are played."""
    return case.model.losses[: case.horizon]


def total_loss(run: Any, case: Case) -> float:
    """The loss of the plays: non-negative, while the regret against the best arm in hindsight may be negative."""
    return case.horizon - float(run.reward_sum[-1])


def best_fixed_loss(case: Case) -> float:
    """The loss of the best fixed arm."""
    return float(losses_of(case).sum(axis=0).min())


def largest_loss(case: Case) -> float:
    """The loss of the worst plays."""
    return float(losses_of(case).max(axis=1).sum())


def after(run: Any) -> Any:
    """(T, K) the cumulative estimates after each round."""
    last = np.array(run.extra["final_losses"])[None, :]
    return np.concatenate([run.trace["estimated_losses"][1:], last])


def paid_losses(run: Any) -> Any:
    r"""(T,) $\sum_{s \le t} \langle p_s, \hat\ell_s \rangle$."""
    more = after(run) - run.trace["estimated_losses"]
    return np.cumsum((run.trace["probabilities"] * more).sum(axis=1))


def arm_tree_check(
    algorithm: str, cases: Sequence[tuple[Mapping[str, Any], float | None]], policy: Callable[..., Any], **options: Any
) -> Check:
    """E[total loss] on two arms and six rounds, over all sequences of arms, against a policy of this room.

    ``policy(L0, L1, t, **keywords)`` is the probability of the first arm, and ``policy.estimate(p, arm, loss, t)`` the
    estimates; both know nothing of the library's code.  A number beside the keywords is a published or derived value.
    """

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        from theorylab.verify.exact.bandits import arm_tree_expectation, scripted_arm_tree

        worst, detail, found, wanted = 0.0, [], math.nan, math.nan
        for keywords, number in cases[:2] if case.preset == "power" else cases:

            def run(script: Any, keywords: Mapping[str, Any] = keywords) -> Any:
                made = code.algorithm(algorithm)(case.model, case.horizon, trace=True, rng=script, **keywords)
                return case.horizon - made.reward_sum[-1], made.trace["probabilities"], made.trace["actions"]

            def law(state: Any, keywords: Mapping[str, Any] = keywords) -> Any:
                first = policy(state[0], state[1], state[2] + 1, **keywords)
                return [first, 1.0 - first]

            def play(state: Any, arm: int, keywords: Mapping[str, Any] = keywords) -> Any:
                loss = SIX_ROUNDS[state[2]][arm]
                more = policy.estimate(law(state), arm, loss, state[2] + 1, **keywords)
                return state[0] + more[0], state[1] + more[1], state[2] + 1, state[3] + loss

            found = scripted_arm_tree(run, case.horizon, compiled=True)
            wanted = arm_tree_expectation((0.0, 0.0, 0, 0.0), law, play, lambda state: state[3], case.horizon)
            worst = max(worst, abs(found - wanted), 0.0 if number is None else abs(found - number) - 1e-10)
            detail.append(f"{dict(keywords)}: {found:.10f}")
        return Comparison(worst < 1e-9, found, wanted, "; ".join(detail), len(cases))

    return Check(
        name="exact expected loss",
        evaluate=evaluate,
        source="enumeration of the 64 sequences of arms",
        instances=(Instance("six rounds", lambda: AdversarialBandit(SIX_ROUNDS), horizon=len(SIX_ROUNDS), runs=1),),
        statement=r"E[\sum_t \ell_{t,A_t}] on the losses (0,1),(1,0),(0,1),(1,1),(0,0),(0,1)",
        algorithm=algorithm,
        **options,
    )
