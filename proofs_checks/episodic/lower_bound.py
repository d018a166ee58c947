r"""No learner of the catalogue beats this: a lower bound with an explicit constant on the hard episodic instance.

``hard_instance``: D doors, W steps at which a door can be reached, A actions at a door; all doors are fair coins but
one (step, door, action), which is better by epsilon.  The special triple is drawn uniformly for each run, and told to
nobody.  With n = WA, m = K/D and kl = -log(1 - 4 epsilon^2)/2, every learner has

$$E R_K \ge (H-1-W)\,\epsilon\, m \Bigl(1 - \frac1n - \sqrt{\frac{(m+1)\,kl}{2n}}\Bigr).$$

*Proof* (two points, averaged; derived here).  Each episode visits exactly one door, once, and which one is uniform and
independent of everything before and of the step: fix the sequence of doors, and let M be the number of visits to the
special door d.  Of the n candidates j = (step, action) at d let N_j count the visits, P_j the law of the run when j is
special, P_0 when none is.  Given the doors P_0 and P_j differ in the visits to j only, so that KL(P_0, P_j) =
E_0[N_j] kl, the divergence of the coins 1/2 and 1/2 + epsilon; and as 0 <= N_j <= M, Pinsker's inequality gives
E_j[N_j] <= E_0[N_j] + M sqrt(E_0[N_j] kl / 2).  The N_j sum to M.  Averaging over j, with the concavity of the root,
E[N_special] <= M/n + M sqrt(M kl / (2n)).  Over the doors M is binomial (K, 1/D), and E M^{3/2} <= sqrt(E M E M^2) <=
m sqrt(m + 1).  Finally V* - V^pi = (H-1-W) epsilon (1/D - Pr_pi(special)), so the regret is (H-1-W) epsilon
(m - E[N_special]).  QED

At epsilon near sqrt(n/m) (1 - 1/n)/2 it is about (H-1-W)/4 (1 - 1/n)^2 sqrt(WAK/D).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

from theorylab.rooms.proofs_checks.episodic.shared import NO_MUTANTS, final_regret

from theorylab.mdp.episodic.environments import hard_instance
from theorylab.verify.cases import Case, Family, Instance
from theorylab.verify.kinds import LowerBound
from theorylab.verify.statements import Claim

__all__ = ["ALGORITHMS", "CLOSED", "OPEN", "SLOW", "hard_size", "lower_bound_claim", "lower_bound_instances"]

HOME = "theorylab.mdp.episodic"
ALGORITHMS = {
    "ucbvi": f"{HOME}.ucbvi:ucbvi",
    "q_learning_ucb": f"{HOME}.q_learning_ucb:q_learning_ucb",
    "random_policy": f"{HOME}.agents:random_agent",
}


def hard_size(S: int, A: int, horizon: int, episodes: int) -> dict[str, float]:
    """What the bound needs: doors, candidates of a door, episodes a door, steps that pay, epsilon."""
    W, D = max(1, (horizon - 1) // 2), S - 3
    n, m = W * A, episodes / D
    epsilon = min(0.25, 0.5 * (1.0 - 1.0 / n) * math.sqrt(n / (m + 1.0)))
    return {"doors": D, "candidates": n, "visits": m, "paying": horizon - 1 - W, "epsilon": epsilon, "steps": W}


def lower_bound(S: int, A: int, horizon: int, episodes: int) -> float:
    """The right side of the theorem, at the instance's epsilon."""
    size = hard_size(S, A, horizon, episodes)
    n, m, epsilon = size["candidates"], size["visits"], size["epsilon"]
    kl = -0.5 * math.log1p(-4.0 * epsilon * epsilon)
    return size["paying"] * epsilon * m * (1.0 - 1.0 / n - math.sqrt((m + 1.0) * kl / (2.0 * n)))


def largest(S: int, A: int, horizon: int, episodes: int) -> float:
    """The regret of never meeting the special triple."""
    size = hard_size(S, A, horizon, episodes)
    return size["paying"] * size["epsilon"] * size["visits"]


def hidden(S: int, A: int, horizon: int, episodes: int) -> Family:
    """The hard instance with its special triple drawn uniformly."""
    size = hard_size(S, A, horizon, episodes)

    def draw(generator: Any) -> Any:
        step = 1 + int(generator.integers(int(size["steps"])))
        door = 1 + int(generator.integers(int(size["doors"])))
        action = int(generator.integers(A))
        return hard_instance(S, A, horizon, epsilon=size["epsilon"], special=(step, door, action))

    return Family(f"hard {S} {A} {horizon}, special triple hidden", draw)


def lower_bound_instances(
    S: int, A: int, horizon: int, episodes: Mapping[str, int], runs: Mapping[str, int], *, label: str = ""
) -> tuple[Instance, ...]:
    """One instance a preset: epsilon depends on the number of episodes."""
    return tuple(
        Instance(
            f"hidden door {S}-{A}-h{horizon}{label}",
            functools.partial(hidden, S, A, horizon, K),
            K,
            runs[preset],
            presets=(preset,),
        )
        for preset, K in episodes.items()
        if preset in NO_MUTANTS
    )


SMALL_SIZE, WIDE_SIZE = (4, 20, 3), (6, 4, 8)  # S, A, H
CLOSED = lower_bound_instances(
    *SMALL_SIZE, {"smoke": 60, "quick": 120, "paper": 5_000}, {"smoke": 10, "quick": 40, "paper": 200}
)
SLOW = lower_bound_instances(
    *SMALL_SIZE, {"smoke": 40, "quick": 60, "paper": 2_000}, {"smoke": 10, "quick": 30, "paper": 60}, label=", short"
)  # for learners in plain Python
OPEN = lower_bound_instances(
    *WIDE_SIZE, {"smoke": 300, "quick": 1_000, "paper": 100_000}, {"smoke": 10, "quick": 64, "paper": 400}
)


def lower_bound_claim(algorithm: str, *, slow: bool = False) -> Claim:
    """The claim for one algorithm of a result (``slow``: plain Python, on a short instance only)."""

    def size(case: Case) -> tuple[int, int, int, int]:
        return (*(WIDE_SIZE if case.name == OPEN[0].name else SMALL_SIZE), case.horizon)

    return Claim(
        name=f"lower bound for {algorithm}",
        kind=LowerBound(),
        source="proofs_checks/episodic/lower_bound.py; structure of the instance: [domingues2021episodic]",
        statement=r"E R_K \ge (H-1-W) \epsilon m (1 - 1/n - \sqrt{(m+1) kl/(2n)}), n = WA, m = K/D",
        constants="derived here",
        quantity=final_regret,
        bound=lambda case: lower_bound(*size(case)),
        cap=lambda case: largest(*size(case)),
        instances=SLOW if slow else (*CLOSED, *OPEN),
        algorithm=algorithm,
        explains="true of every learner, also of one that never explores; only one that is told the triple fails it",
    )
