r"""[liu2018change]: CUSUM-UCB; no theorem is claimed; what it computes is checked, its false alarms are shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.cusum_ucb_mutants import CUSUM, MUTANTS
from theorylab.rooms.proofs_checks.bandits.restarting import SWAP, published_check, restarted, swapping
from theorylab.rooms.proofs_checks.bandits.shared import NO_MUTANTS, bernoulli, reference_check

from theorylab.bandits import BernoulliBandit, PiecewiseStationaryBandit
from theorylab.verify.cases import Case, Instance
from theorylab.verify.kinds import Always, NegativeControl
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link

DELTA = 0.05
REFERENCE = "theorylab.bandits.nonstationary.change_detection_reference:CusumUCB"
RUNS = {"smoke": 250, "quick": 260, "paper": 2000, "power": 8}


def sure_jump(M: int, epsilon: float, h: float, before: float) -> Instance:
    """One arm with sure rewards 0 or 1 that jumps after M + 5 plays: the alarm time is known exactly."""
    delay = int(np.ceil(h / (1.0 - epsilon) - 1e-9))
    return Instance(
        f"sure jump from {before:g}, M={M}, eps={epsilon:g}, h={h:g}",
        lambda: PiecewiseStationaryBandit([[before], [1.0 - before]], [M + 5]),
        M + 5 + delay,
        1,
        {"M": M, "epsilon": epsilon, "h": h, "alpha": 0.0},
    )


SURE = (sure_jump(10, 0.1, 3.0, 0.0), sure_jump(4, 0.25, 2.0, 1.0), sure_jump(25, 0.0, 5.0, 1.0))
FLAT = (bernoulli((0.5, 0.5), 5000, RUNS, presets=NO_MUTANTS, name="(0.5, 0.5), published tuning", M=200, epsilon=0.1),)
HIGH = tuple(
    bernoulli(means, {"smoke": 1000, "quick": 3000, "power": 100}, RUNS, name=f"{means[0]:g} drift", M=50, epsilon=1.0)
    for means in ((0.5, 0.5), (0.9, 0.1))
)


TRACED = tuple(swapping(M=M, epsilon=e, h=h, alpha=0.3, trace=True) for M, e, h in ((10, 0.1, 3.0), (5, 0.0, 2.0)))
ALARM = Instance(
    "flat traced", lambda: BernoulliBandit([0.5]), SWAP, {"smoke": 3, "quick": 8, "power": 2},
    {"M": 5, "epsilon": 0.05, "h": 2.0, "trace": True},
)  # fmt: skip


def sums(run: Any, case: Case) -> Any:
    """(T, 2) the two cumulative sums of the arm played, by the formula max over starts of the sum since, recounted."""
    M, epsilon = case.parameters["M"], case.parameters["epsilon"]
    restarts = dict(zip(run.restart_times.tolist(), run.extra["alarm_arms"].tolist(), strict=True))
    kept: dict[int, list[float]] = {}
    found = np.zeros((case.horizon, 2))
    for t, (arm, reward) in enumerate(zip(run.trace["actions"].tolist(), run.trace["rewards"].tolist(), strict=True)):
        mine = kept.setdefault(arm, [])
        mine.append(reward)
        later = np.array(mine[M:])
        if len(later):
            level = sum(mine[:M]) / M
            for k, steps in enumerate((level - later - epsilon, later - level - epsilon)):
                suffix = np.cumsum(steps[::-1])
                found[t, k] = max(0.0, float(suffix.max()))
        if t + 1 in restarts:
            kept[restarts[t + 1]] = []
    return found


def above(run: Any, case: Case) -> Any:
    """Whether a restart follows each round: 1 or 0."""
    found = np.zeros(case.horizon)
    found[run.restart_times - 1] = 1.0
    return found


CLAIMS = (
    Claim(
        name="a full drift never restarts",
        kind=Always(),
        source="derived: with epsilon = 1 both sums stay at 0",
        statement=r"\epsilon = 1 \implies no restart, since |y - u_0| \le 1",
        constants="derived here",
        quantity=lambda run, case: float(len(run.restart_times)),
        bound=lambda case: 0.0,
        instances=HIGH,
        layer="link",
    ),
    Claim(
        name="false restarts exceed 5%",
        kind=NegativeControl(DELTA),
        source="ours: there is no valid published level",
        statement=r"with the published tuning P(\text{restart}) > 0.05 without any change",
        constants="none",
        event=restarted,
        instances=FLAT,
    ),
)
LINKS = (
    Link(
        name="cumulative sums",
        left=lambda run, case: run.trace["sums"],
        right=sums,
        source="the sum since the best start, by enumeration of starts",
        instances=(*TRACED, ALARM),
        two_sided=True,
        statement=r"g^\pm_n = \max(0, \max_{s} \sum_{u=s}^n (\pm(y_u - u_0) - \epsilon))",
    ),
    Link(
        name="a restart exactly where a sum reaches h",
        left=above,
        right=lambda run, case: (sums(run, case).max(axis=1) >= case.parameters["h"] - 1e-9).astype(float),
        source="[liu2018change, Algorithm 1]",
        instances=(*TRACED, ALARM),
        two_sided=True,
    ),
    Link(
        name="the alarm of a sure jump",
        left=lambda run, case: run.restart_times[:1],
        right=lambda run, case: np.array([case.horizon]),
        source="derived: each step after the jump adds 1 - epsilon",
        instances=SURE,
        two_sided=True,
        statement=r"the alarm comes exactly \lceil h / (1 - \epsilon) \rceil plays after a jump between 0 and 1",
    ),
    Link(
        name="a sure jump is seen once",
        left=lambda run, case: abs(len(run.restart_times) - 1.0),
        right=lambda run, case: 0.0,
        source="derived",
        instances=SURE,
    ),
)
SAME = (
    swapping(M=10),
    swapping(M=5, index="kl", h=2.0, alpha=0.3),
    swapping(M=20, epsilon=0.0, changes=2),
    swapping(M=3, epsilon=0.05, h=1.0),
)
ALPHA = float(np.sqrt(12 * np.log(5000) / 5000))  # the rate of the published runs at T = 5000
CHECKS = (
    reference_check("cusum_ucb", REFERENCE, SAME, more=()),
    *(published_check("cusum_ucb", "cusum_ucb", k, M=200, epsilon=0.1, index="kl", alpha=ALPHA) for k in (1, 2)),
)
RESULT = Result(
    slug="cusum_ucb",
    area="bandits/nonstationary",
    title="CUSUM-UCB: restarts when a cumulative sum is large; no theorem is claimed",
    paper="liu2018change",
    algorithms={"cusum_ucb": f"{CUSUM}:cusum_ucb"},
    claims=CLAIMS,
    links=LINKS,
    checks=CHECKS,
    mutants=MUTANTS,
    figures=("cusum_ucb",),
    notes=(
        "The published analysis applies Hoeffding's inequality to a random number of terms; no bound of it is claimed.",
    ),
)
