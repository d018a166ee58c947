"""Best-policy identification: the record of a run that stops by itself, and what its algorithms share."""

# mypy: allow-untyped-defs
from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.mdp.episodic.brackets import log_term
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.online import VALUE_SUM, Setup, finish
from theorylab.mdp.episodic.record import EpisodicRun

__all__ = [
    "IdentificationRun",
    "Plans",
    "Search",
    "finish_search",
    "keep_episode_kernel",
    "keep_plan_kernel",
    "make_search",
    "note_kernel",
    "sufficient_episodes",
    "validated_accuracies",
]

STOPPED, EPISODES, CERTIFICATE, BOOKED, VALUE, RESULTS = 0, 1, 2, 3, 4, 5  # entries of Search.result
MOST_EPISODES = 2.0**200
MOST_OF_A_KIND = 10**9  # states, actions, steps


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentificationRun(EpisodicRun):
    r"""A run of episodes that ends when a policy is known to be :math:`\varepsilon`-optimal.

    ``episodes`` is the number that was allowed, ``stopping_time`` the number that was played; it is the last checkpoint
    (there is none when nothing was played), and the series speak of the episodes played.  ``gap`` is exact:
    :math:`V^* - V^\pi` of the returned policy in the true model.

    With ``trace=True`` the arrays ``greedy``, ``upper_values``, ``lower_values``, ``widths`` (one more row than
    episodes: what was known *after* the last one too) and ``certificates`` stand beside ``states``, ``actions`` and
    ``values``.
    """

    epsilon: float
    stopped: bool  # False: the episodes were not enough, nothing is certified
    stopping_time: int  # episodes played when it stopped (or was stopped)
    policy: NDArray[np.int64] = field(metadata={"series": False})  # (H, S)  the returned one
    policy_value: float
    gap: float
    certificate: float  # upper bound of the gap when the run ended
    certificates: NDArray[np.float64]  # (C,)  after the episodes of each checkpoint
    accuracies: NDArray[np.float64] = field(metadata={"series": False})  # (N,)  decreasing
    reached: NDArray[np.int64] = field(metadata={"series": False})  # (N,)  episodes until certified; -1: never


class Search(NamedTuple):
    """What a kernel needs to stop and to say what it knows."""

    accuracies: NDArray[np.float64]  # (N,) decreasing
    reached: NDArray[np.int64]  # (N,)
    certificates: NDArray[np.float64]  # (C,)
    result: NDArray[np.float64]  # (RESULTS,)


class Plans(NamedTuple):
    """One row for each plan of a traced run of K episodes (no row otherwise)."""

    states: NDArray[np.int64]  # (K + 1, H + 1)
    actions: NDArray[np.int64]  # (K + 1, H)
    values: NDArray[np.float64]  # (K + 1,)
    greedy: NDArray[np.int64]  # (K + 1, H, S)
    upper_values: NDArray[np.float64]  # (K + 1, H, S)
    lower_values: NDArray[np.float64]  # (K + 1, H, S)
    widths: NDArray[np.float64]  # (K + 1, H, S)
    certificates: NDArray[np.float64]  # (K + 1,)


def validated_accuracies(accuracies: Any, epsilon: float) -> NDArray[np.float64]:
    """Decreasing accuracies above ``epsilon`` at which the time is noted too; ``None`` for none.

    Raises
    ------
    ValueError
        If one is not below the one before it or is below ``epsilon``.
    """
    values = validate.array("accuracies", [] if accuracies is None else accuracies, ndim=1)
    for i, value in enumerate(values):
        if value < epsilon:
            raise ValueError(f"accuracies[{i}] is {value:.9g}, expected at least epsilon = {epsilon:.9g}")
        if i and value >= values[i - 1]:
            raise ValueError(f"accuracies[{i}] is {value:.9g}, expected less than accuracies[{i - 1}]")
    return values


def make_search(setup: Setup, accuracies: NDArray[np.float64]) -> tuple[Search, Plans]:
    """Room for the outcome and for the trace of a run."""
    H, S, _ = setup.shape
    setup.traced(4, H, S)  # refuses what would be too large
    rows = setup.episodes + 1 if setup.trace else 0
    plans = Plans(
        np.zeros((rows, H + 1), np.int64),
        np.zeros((rows, H), np.int64),
        np.zeros(rows),
        np.zeros((rows, H, S), np.int64),
        np.zeros((rows, H, S)),
        np.zeros((rows, H, S)),
        np.zeros((rows, H, S)),
        np.zeros(rows),
    )
    reached = np.full(len(accuracies), -1, np.int64)
    return Search(accuracies, reached, np.zeros(len(setup.log.times)), np.zeros(RESULTS)), plans


def _note(search, k, times, booked, certificate, epsilon):
    """Enter the certificate after ``k`` episodes; returns whether it is good enough."""
    accuracies, reached, certificates, result = search
    for i in range(accuracies.shape[0]):
        if reached[i] < 0 and certificate <= accuracies[i]:
            reached[i] = k
    if booked > 0 and times[booked - 1] == k:
        certificates[booked - 1] = certificate
    result[EPISODES], result[CERTIFICATE], result[BOOKED] = k, certificate, booked
    if certificate <= epsilon:
        result[STOPPED] = 1.0
    return certificate <= epsilon


note_kernel = kernel(_note)


def _keep_plan(plans, k, certificate, greedy, upper, lower, widths):
    """Keep the plan after ``k`` episodes."""
    _, _, _, t_greedy, t_upper, t_lower, t_widths, t_certificates = plans
    t_certificates[k] = certificate
    for h in range(greedy.shape[0]):
        for s in range(greedy.shape[1]):
            t_greedy[k, h, s] = greedy[h, s]
            t_upper[k, h, s] = upper[h, s]
            t_lower[k, h, s] = lower[h, s]
            t_widths[k, h, s] = widths[h, s]


keep_plan_kernel = kernel(_keep_plan)


def _keep_episode(plans, k, value, states, actions):
    """Keep what episode ``k`` (from 0) showed, and the exact value of its policy."""
    plans[2][k] = value
    for h in range(actions.shape[0]):
        plans[0][k, h] = states[h]
        plans[1][k, h] = actions[h]
    plans[0][k, actions.shape[0]] = states[actions.shape[0]]


keep_episode_kernel = kernel(_keep_episode)


def finish_search(
    setup: Setup,
    algorithm: str,
    parameters: Mapping[str, Any],
    search: Search,
    plans: Plans,
    *,
    epsilon: float,
    policy: NDArray[np.int64],
    visits: NDArray[Any],
    theorem: bool,
) -> IdentificationRun:
    """The record of the run that a kernel wrote into ``setup.log`` and ``search``."""
    played, booked = int(search.result[EPISODES]), int(search.result[BOOKED])
    times, series = setup.log.times[:booked], setup.log.series[:, :booked]
    certificates = search.certificates[:booked]
    if played and (booked == 0 or times[-1] != played):  # the end of the run is a checkpoint
        last = setup.log.tally[:VALUE_SUM]  # the first eight rows of a series
        times = np.append(times, played)
        series = np.column_stack([series, np.append(last, search.result[VALUE])])
        certificates = np.append(certificates, search.result[CERTIFICATE])
    log = setup.log._replace(times=times, series=series)
    rows = {
        name: column[: played if name in ("states", "actions", "values") else played + 1]
        for name, column in plans._asdict().items()
    }
    made = finish(
        dataclasses.replace(setup, log=log), algorithm, parameters, visits=visits, theorem=theorem,
        trace=rows,
    )  # fmt: skip
    value = _policy_value(setup.mdp, policy)
    kept = {each.name: getattr(made, each.name) for each in dataclasses.fields(made)}
    return IdentificationRun(
        **kept,
        epsilon=epsilon,
        stopped=bool(search.result[STOPPED]),
        stopping_time=played,
        policy=policy.copy(),
        policy_value=value,
        gap=max(0.0, made.optimal_value - value),
        certificate=float(search.result[CERTIFICATE]),
        certificates=certificates.copy(),
        accuracies=search.accuracies,
        reached=search.reached,
    )


def _policy_value(mdp: EpisodicMDP, policy: NDArray[np.int64]) -> float:
    value, rows = np.zeros(mdp.n_states), np.arange(mdp.n_states)
    for h in range(mdp.horizon - 1, -1, -1):
        value = mdp.R[h, rows, policy[h]] + mdp.P[h, rows, policy[h]] @ value
    return float(mdp.start @ value)


def sufficient_episodes(n_states: int, n_actions: int, horizon: int, *, epsilon: float, delta: float = 0.05) -> int:
    r"""Episodes after which ``bpi_ucrl`` has stopped with probability at least :math:`1 - 2\delta`.

    The least K (to one part in :math:`10^9`) with :math:`(c_0 + c_1(K)\sqrt K)/K \le \varepsilon`, where
    :math:`c_0 = e_1 H^2(SA + \log(1/\delta))`, :math:`c_1(K) = 1.5 e_1 H^2 \sqrt{2\beta(K)SA}` and
    :math:`e_1 = 1/(1 - 1/e)`; derived in ``proofs_checks/bpi_ucbvi.py``.

    Examples
    --------
    >>> sufficient_episodes(2, 2, 2, epsilon=0.5)
    48817
    """
    S = validate.integer("n_states", n_states, low=1, high=MOST_OF_A_KIND)
    A = validate.integer("n_actions", n_actions, low=1, high=MOST_OF_A_KIND)
    H = validate.integer("horizon", horizon, low=1, high=MOST_OF_A_KIND)
    delta = validate.confidence("delta", delta)
    epsilon = validate.number("epsilon", epsilon, low=0.0, open_low=True)
    factor = H * H / (1.0 - 1.0 / math.e)
    log_union = log_term(S, A, H, delta)

    def short(K: float) -> bool:
        beta = log_union + ((S - 1) * (1.0 + math.log1p(K / (S - 1))) if S > 1 else 0.0)
        widths = factor * (S * A + math.log(1.0 / delta) + 1.5 * math.sqrt(2.0 * beta * S * A * K))
        return widths > epsilon * K

    high = 1.0
    while short(high):
        if high > MOST_EPISODES:
            raise ValueError(f"epsilon is {epsilon:.3g}, expected one that fewer than 1e60 episodes reach")
        high *= 2.0
    low = high / 2.0
    while high - low > max(1.0, 1e-9 * high):
        middle = math.floor((low + high) / 2.0)
        low, high = (middle, high) if short(middle) else (low, middle)
    return int(high)
