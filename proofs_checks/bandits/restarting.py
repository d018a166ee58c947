"""What results on restarting policies share: published instances and numbers, stationary and one-change instances."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.bandits.shared import EVERYWHERE, NO_MUTANTS

from theorylab.bandits import BernoulliBandit, FiniteSupportBandit, PiecewiseStationaryBandit
from theorylab.core.rng import child_seed
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.code import Code
from theorylab.verify.kinds import Exact
from theorylab.verify.statements import Check, Comparison, Link

__all__ = [
    "CHANGE",
    "DELTA",
    "NO_CHANGE",
    "PUBLISHED",
    "SWAP",
    "alarm_links",
    "forced_plays_link",
    "missed",
    "one_change",
    "published_check",
    "published_problem",
    "restarted",
    "stationary_instances",
    "swapping",
    "traced_instances",
]

DELTA = 0.05
SWAP = {"smoke": 400, "quick": 700, "power": 200}
# [besson2022efficient, Section 6], rows as in the matrices that the authors' script reads
SEGMENTS = {
    1: ((0.3, 0.5, 0.9), (0.3, 0.2, 0.9), (0.3, 0.2, 0.1), (0.3, 0.7, 0.1), (0.5, 0.7, 0.1)),
    2: ((0.4, 0.5, 0.9), (0.5, 0.4, 0.7), (0.6, 0.3, 0.5), (0.7, 0.2, 0.3), (0.8, 0.1, 0.1)),
}
# [besson2022efficient, Figures 1 and 2]: mean and standard deviation of the regret over 1000 runs, by T
PUBLISHED: dict[tuple[str, int], dict[int, tuple[float, float]]] = {
    ("oracle_restart", 1): {5000: (59, 11), 10_000: (70, 13), 20_000: (84, 15)},
    ("kl_ucb", 1): {5000: (270, 66), 10_000: (515, 110), 20_000: (998, 202)},
    ("exp3_s", 1): {5000: (379, 31), 10_000: (578, 44), 20_000: (870, 64)},
    ("sliding_window_ucb", 1): {5000: (186, 19), 10_000: (298, 29), 20_000: (465, 37)},
    ("discounted_ucb", 1): {5000: (216, 14), 10_000: (355, 19), 20_000: (581, 26)},
    ("m_ucb", 1): {5000: (273, 32), 10_000: (408, 50), 20_000: (612, 89)},
    ("cusum_ucb", 1): {5000: (280, 50), 10_000: (422, 79), 20_000: (646, 123)},
    ("glr_klucb", 1): {5000: (199, 38), 10_000: (290, 59), 20_000: (460, 95)},
    ("glr_klucb_local", 1): {5000: (200, 39), 10_000: (295, 59), 20_000: (465, 103)},
    ("oracle_restart", 2): {5000: (65, 14), 10_000: (80, 17), 20_000: (95, 18)},
    ("kl_ucb", 2): {5000: (162, 52), 10_000: (293, 82), 20_000: (541, 125)},
    ("exp3_s", 2): {5000: (304, 30), 10_000: (448, 42), 20_000: (662, 56)},
    ("sliding_window_ucb", 2): {5000: (182, 15), 10_000: (288, 22), 20_000: (457, 29)},
    ("discounted_ucb", 2): {5000: (218, 15), 10_000: (361, 21), 20_000: (591, 29)},
    ("m_ucb", 2): {5000: (485, 89), 10_000: (927, 163), 20_000: (1813, 285)},
    ("cusum_ucb", 2): {5000: (238, 25), 10_000: (352, 39), 20_000: (520, 64)},
    ("glr_klucb", 2): {5000: (209, 13), 10_000: (303, 16), 20_000: (443, 16)},
    ("glr_klucb_local", 2): {5000: (206, 17), 10_000: (298, 23), 20_000: (447, 28)},
}


def swapping(**parameters: Any) -> Instance:
    """Three arms that change places, with restarts."""
    words = " ".join(f"{k}={v}" for k, v in parameters.items() if k != "trace")
    return Instance(
        f"swap {words}",
        lambda: PiecewiseStationaryBandit([[0.9, 0.5, 0.1], [0.1, 0.5, 0.9]], [100]),
        SWAP,
        {"smoke": 3, "quick": 8, "power": 2},
        parameters,
    )


def published_problem(number: int, horizon: int) -> PiecewiseStationaryBandit:
    """Problem 1 or 2 of [besson2022efficient]: three arms, five segments of length T / 5."""
    changes = [s * horizon // 5 for s in range(1, 5)]
    return PiecewiseStationaryBandit(SEGMENTS[number], changes, name=f"published-problem-{number}")


def restarted(run: Any, case: Case) -> bool:
    """Any restart at all."""
    return len(run.restart_times) > 0


def missed(run: Any, case: Case) -> bool:
    """No restart by the horizon."""
    return len(run.restart_times) == 0


NO_CHANGE = Hypothesis("no mean changes", lambda case: case.model.stationary)
CHANGE = Hypothesis("one arm, one change", lambda case: case.model.n_arms == 1 and case.model.n_changes == 1)

MODELS: dict[str, Callable[[], Any]] = {
    "(0.5, 0.5)": lambda: BernoulliBandit([0.5, 0.5]),
    "(0.9, 0.5, 0.1)": lambda: BernoulliBandit([0.9, 0.5, 0.1]),
    "(0.1, 0.02)": lambda: BernoulliBandit([0.1, 0.02]),
    "three values": lambda: FiniteSupportBandit([[0.0, 0.5, 1.0]] * 2, [[0.4, 0.2, 0.4], [0.2, 0.2, 0.6]]),
}


def stationary_instances(
    label: str, presets: tuple[str, ...] = NO_MUTANTS, *, each_arm: bool = True, **parameters: Any
) -> tuple[Instance, ...]:
    """Bandits without a change; with ``each_arm`` the level of one arm is DELTA / K."""
    return tuple(
        Instance(
            f"{label} {name}",
            build,
            horizon={"smoke": 300, "quick": 800, "paper": 20_000, "power": 90},
            runs={"smoke": 250, "quick": 280, "paper": 2000, "power": 12},
            parameters={**parameters, "delta": DELTA / build().n_arms if each_arm else DELTA},
            presets=presets,
        )
        for name, build in MODELS.items()
    )


def one_change(
    before: float, after: float, at: int, delay: int | None, presets: tuple[str, ...] = EVERYWHERE, **parameters: Any
) -> Instance:
    """One arm whose mean changes after ``at`` rounds; the horizon is the last round at which an alarm is in time."""
    assert delay is not None, "the theorem says nothing here"
    return Instance(
        f"{before:g} to {after:g} after {at}",
        lambda: PiecewiseStationaryBandit([[before], [after]], [at]),
        horizon=at + delay,
        runs={"smoke": 250, "quick": 280, "paper": 2000, "power": 8},
        parameters={**parameters, "delta": DELTA},
        presets=presets,
    )


def traced_instances(**parameters: Any) -> tuple[Instance, ...]:
    """Short runs in which restarts happen, with a trace."""
    models: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
        "two arms swap": (lambda: PiecewiseStationaryBandit([[0.95, 0.05], [0.05, 0.95]], [120]), {}),
        "three arms turn": (
            lambda: PiecewiseStationaryBandit([[0.9, 0.5, 0.1], [0.1, 0.9, 0.5], [0.5, 0.1, 0.9]], [120, 250]),
            {"scope": "local"},
        ),
    }
    return tuple(
        Instance(
            f"traced {name}",
            build,
            {"smoke": 400, "quick": 600, "power": 260},
            {"smoke": 8, "quick": 20, "power": 3},
            {**parameters, **own, "trace": True},
        )
        for name, (build, own) in models.items()
    )


def episodes(run: Any, case: Case) -> list[tuple[int, int]]:
    """First round and end of the rounds between restarts."""
    ends = [int(t) for t in run.restart_times]
    return [(a, b) for a, b in zip([0, *ends], [*ends, case.horizon], strict=True) if a < b]


def fewest_plays(run: Any, case: Case) -> list[Any]:
    """For each episode the fewest plays of any arm in any window of l = 1, 2, .. rounds within it."""
    found = []
    for a, b in episodes(run, case):
        played = np.asarray(run.trace["actions"][a:b])[:, None] == np.arange(case.model.n_arms)
        count = np.vstack([np.zeros(case.model.n_arms), np.cumsum(played, axis=0)])
        found.append(np.array([(count[length:] - count[:-length]).min() for length in range(1, b - a + 1)]))
    return found


def forced_plays_link(instances: Sequence[Instance], *, growing: bool) -> Link:
    """Proposition 3: between rounds s < t of an episode each arm has at least floor(alpha_k (t - s) / K) plays."""

    def claimed(run: Any, case: Case) -> Any:
        parts = []
        for k, (a, b) in enumerate(episodes(run, case), start=1):
            rate = min(1.0, run.parameters["alpha"] * (math.sqrt(k) if growing else 1.0))
            parts.append(np.floor(rate * np.arange(1, b - a + 1) / case.model.n_arms - 1e-9))
        return np.concatenate(parts)

    return Link(
        name="Proposition 3",
        left=claimed,
        right=lambda run, case: np.concatenate(fewest_plays(run, case)),
        source="[besson2022efficient, Proposition 3]",
        statement=r"N_a(s, t) \ge \lfloor \alpha_k (t - s) / K \rfloor for every arm and all s < t of one episode",
        constants="paper",
        instances=tuple(instances),
        explains="a change of an arm that looks bad is seen only if the arm is still played",
    )


def alarm_links(instances: Sequence[Instance]) -> tuple[Link, ...]:
    """What a detector says that it has read is what its arm has earned since its own last restart."""

    def counted(run: Any, case: Case) -> Any:
        born, found = np.zeros(case.model.n_arms, dtype=int), []
        for t, arm in zip(run.restart_times, run.extra["alarm_arms"], strict=True):
            found.append(np.sum(run.trace["actions"][born[arm] : t] == arm))
            if run.parameters["scope"] == "global":
                born[:] = t
            else:
                born[arm] = t
        return np.array(found)

    def spoke(run: Any, case: Case) -> bool:
        return len(run.restart_times) > 0

    return (
        Link(
            name="an alarm has read its arm's rewards since the last restart",
            left=lambda run, case: run.extra["alarm_observations"],
            right=counted,
            given=spoke,
            two_sided=True,
            source="recount",
            instances=tuple(instances),
        ),
        Link(
            name="the split lies among them",
            left=lambda run, case: run.extra["alarm_splits"] + 1,
            right=lambda run, case: run.extra["alarm_observations"],
            given=spoke,
            source="recount",
            instances=tuple(instances),
        ),
    )


def published_check(algorithm: str, row: str, number: int, **parameters: Any) -> Check:
    """The mean regret of a row of the published table, within its stated spread (one standard deviation of a run)."""

    def evaluate(code: Code, case: Case, rng: Any) -> Comparison:
        mean, spread = PUBLISHED[row, number][case.horizon]
        play = code.algorithm(algorithm)
        runs = [
            play(case.model, case.horizon, rng=child_seed(rng, i), checkpoints=[case.horizon], **case.parameters)
            for i in range(case.runs)
        ]
        ours = float(np.mean([run.regret[-1] for run in runs]))
        error = float(np.std([run.regret[-1] for run in runs], ddof=1)) / math.sqrt(case.runs)
        detail = f"mean regret {ours:.1f} +- {error:.1f} over {case.runs} runs, published {mean:g} +- {spread:g}"
        return Comparison(abs(ours - mean) <= spread, ours, mean, detail, case.runs)

    horizons = {5000: ("smoke", "quick", "paper"), 20_000: ("paper",)}
    return Check(
        name=f"published mean regret, {row}, problem {number}",
        evaluate=evaluate,
        source=f"[besson2022efficient, Figure {number}]",
        kind=Exact(),
        layer="reference",
        constants="paper",
        algorithm=algorithm,
        instances=tuple(
            Instance(
                f"problem {number}, T = {horizon}",
                lambda horizon=horizon: published_problem(number, horizon),
                horizon,
                {"smoke": 30, "quick": 60, "paper": 1000},
                parameters,
                presets,
            )
            for horizon, presets in horizons.items()
        ),
    )
