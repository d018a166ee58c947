r"""OptPess-LP: optimism for the reward, pessimism for the constraint, one linear program.   [liu2021learning]

Setting      An episodic MDP (H steps, S states, A actions, unknown kernels, known rewards in [0, 1]) with a
             constraint: the value of every executed policy must be at least :math:`\gamma`, for the same rewards or for
             a second signal g in [0, 1].  A baseline with :math:`\kappa = V_g^{\pi^b} - \gamma > 0` is known.
Algorithm    With the empirical model :math:`\hat p` and the L1 bonus b of :mod:`theorylab.mdp.episodic.brackets`:
             maximise :math:`\langle q, r + \alpha b\rangle` over the occupancy measures q of :math:`\hat p` with
             :math:`\langle q, g - b\rangle \ge \gamma`, play the policy; the baseline while no q is feasible.
             The policy is evaluated anew by the pessimistic recursion and played only if that reaches :math:`\gamma`.
             Draws: see :mod:`theorylab.mdp.episodic.play`.
Guarantee    With probability at least :math:`1-\delta` no episode violates: :math:`V_g^\pi` is at least its pessimistic
             value for every policy at all times (Theorem P).  On that event, with :math:`\alpha = 1 + 4H/\kappa` the
             program's value is at least :math:`V^*` as soon as
             :math:`\langle q^b, g - b\rangle \ge \gamma + \kappa/2` (derived here).
             Claims: proofs_checks/optpess_lp.py
Deviations   The bonus is ours, and :math:`\alpha` follows from it (the paper's has the same form: recalled).  The paper
             plays the baseline until it is certified with half of the margin (recalled), here until the program is
             feasible: earlier, and as safe.  ``resolve="doubling"`` solves only when some count has doubled.

Proof of the second part.  In the empirical model values differ from the true ones by at most
:math:`\mu(\pi) = \langle q^\pi, b\rangle`, so :math:`\pi^*` has :math:`\langle q, g - b\rangle \ge \gamma - 2\mu^*`.
The mixture of its occupancy, with weight :math:`\lambda = \kappa/(\kappa + 4\mu^*)`, and the baseline's is feasible,
and its objective is at least :math:`\lambda (V^* + (\alpha - 1)\mu^*)`, which is at least :math:`V^*` when
:math:`\kappa (\alpha - 1) \ge 4 V^*`.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike
from theorylab.mdp.episodic.brackets import Knowledge, learn_kernel, log_term, make_knowledge
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.occupancy_program import constrained_optimum, evaluate_law, solve_occupancy
from theorylab.mdp.episodic.online import BASELINE, GREEDY, Log, begin, cumulative_law, finish, known_value
from theorylab.mdp.episodic.play import SLACK, book_kernel, play_kernel
from theorylab.mdp.episodic.policies import validated_policy
from theorylab.mdp.episodic.record import EpisodicRun

__all__ = ["optpess_lp", "segment_kernel"]


def optpess_lp(
    mdp: EpisodicMDP,
    episodes: int,
    *,
    baseline: Any,
    threshold: float,
    constraint_rewards: Any = None,
    baseline_value: float | None = None,
    optimism: float | None = None,
    resolve: str = "doubling",
    delta: float = 0.05,
    scale: float = 1.0,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> EpisodicRun:
    r"""Run OptPess-LP for ``episodes`` episodes.

    Parameters
    ----------
    mdp
        Rewards in [0, 1].
    baseline
        (H, S) actions or (H, S, A) probabilities; its constraint value must exceed the threshold.
    threshold
        :math:`\gamma`.
    constraint_rewards
        (H, S, A) in [0, 1], the signal g of the constraint; ``None``: the rewards.
    baseline_value
        What the learner knows of :math:`V_g^{\pi^b}`, a lower bound; ``None``: the exact value, as in the paper.
    optimism
        :math:`\alpha`; ``None``: :math:`1 + 4H/\kappa`.  Safety does not depend on it.
    resolve
        ``"doubling"``: solve when some count has doubled, ``"always"``: before every episode.
    delta, scale
        Confidence; factor of the bonus (the guarantee is for 1).
    checkpoints, trace, rng
        As everywhere.

    Returns
    -------
    EpisodicRun
        With a second signal the violations and margins are those of its values, and the regret is against the best
        policy that satisfies the constraint.  ``extra``: ``programs`` solved, ``worst_residual`` (largest difference of
        solver and recursion), ``refused`` policies that failed their second evaluation.

    Raises
    ------
    ValueError
        For rewards outside [0, 1], a threshold not below the baseline's constraint value, a negative ``optimism``, and
        as everywhere.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named_problem
    >>> tiny = named_problem("tiny")
    >>> run = optpess_lp(tiny.mdp, 2000, baseline=tiny.baseline, threshold=tiny.threshold, rng=1)
    >>> int(run.violations[-1]), bool(run.greedy_episodes[-1] > 1000), run.extra["worst_residual"] < 1e-6
    (0, True, True)

    References
    ----------
    [liu2021learning].
    """
    delta = validate.confidence("delta", delta)
    scale = validate.number("scale", scale, low=0.0)
    always = validate.choice("resolve", resolve, ("doubling", "always")) == "always"
    setup = begin(mdp, episodes, threshold=threshold, checkpoints=checkpoints, trace=trace, rng=rng)
    H, S, A = setup.shape
    signal = mdp.R
    if constraint_rewards is not None:
        signal = validate.array("constraint_rewards", constraint_rewards, shape=(H, S, A))
        validate.in_interval("constraint_rewards", signal, 0.0, 1.0)
    law = validated_policy("baseline", baseline, mdp)
    exact = evaluate_law(mdp.P, signal, law, mdp.start)
    threshold = validate.number("threshold", threshold)
    if not exact > threshold:
        raise ValueError(
            f"threshold is {threshold:.9g}, expected one below the baseline's constraint value {exact:.9g}"
        )
    said = exact if baseline_value is None else known_value(baseline_value, threshold, H)
    weight = 1.0 + 4.0 * H / (said - threshold) if optimism is None else optimism
    planner = Planner(mdp, signal, law, float(threshold), validate.number("optimism", weight, low=0.0))
    if constraint_rewards is not None:
        setup.log.goal[0] = constrained_optimum(mdp.P, mdp.R, mdp.start, signal, float(threshold))
    log_union = log_term(S, A, H, delta)
    knowledge = make_knowledge(mdp.R, log_union, scale)
    shadow = Log(setup.log.tally.copy(), setup.log.series.copy(), setup.log.times, setup.log.goal.copy())
    states, actions = setup.traced(H + 1, dtype=np.int64), setup.traced(H, dtype=np.int64)
    plans, used, k, checkpoint = [planner.plan(knowledge)], [], 0, 0
    while k < setup.episodes:
        now = plans[-1]
        begun = k
        k, checkpoint = segment_kernel(
            setup.world, k, setup.episodes, checkpoint, cumulative_law(now.law), now.value, now.constraint_value,
            now.kind, setup.environment, setup.agent, setup.log, shadow, knowledge, log_union, scale,
            knowledge.visits.copy(), always, np.zeros((H, S), np.int64), np.zeros(H + 1, np.int64),
            np.zeros(H, np.int64), states, actions,
        )  # fmt: skip
        used.append(k - begun)
        if k < setup.episodes:
            fresh = planner.plan(knowledge)
            plans = [*plans, fresh] if setup.trace else [fresh]
    setup.log.series[2:5] = shadow.series[2:5]
    return finish(
        setup,
        "optpess_lp",
        {
            "baseline": law, "threshold": threshold, "constraint_rewards": constraint_rewards,
            "baseline_value": baseline_value, "optimism": weight, "resolve": resolve, "delta": delta, "scale": scale,
        },
        visits=knowledge.visits,
        theorem=scale == 1.0 and not said > exact + SLACK,
        trace=_trace(plans, used, states, actions) if setup.trace else None,
        extra={"programs": planner.programs, "worst_residual": planner.worst, "refused": planner.refused},
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A policy with what is known of it."""

    law: NDArray[np.float64]  # (H, S, A)
    kind: int
    value: float  # exact
    constraint_value: float  # exact
    certificate: float  # pessimistic constraint value
    objective: float  # of the program, by recursion; NaN: infeasible
    constraint: float  # of the program, by recursion


@dataclass(slots=True, eq=False)
class Planner:
    """Solves the program of the counts so far."""

    mdp: EpisodicMDP  # only its rewards and start are shown to the learner
    signal: NDArray[np.float64]
    baseline: NDArray[np.float64]
    threshold: float
    optimism: float
    programs: int = 0
    refused: int = 0
    worst: float = 0.0
    exact: dict[bytes, tuple[float, float]] = field(default_factory=dict)

    def plan(self, knowledge: Knowledge) -> Plan:
        """The policy of the next episodes."""
        H, S, A = knowledge.visits.shape
        frequencies = (knowledge.counts * knowledge.inverse[:, None, :]).transpose(0, 2, 1).reshape(H, S, A, S)
        bonus, start = knowledge.bonus.reshape(H, S, A), self.mdp.start
        found = solve_occupancy(
            frequencies,
            self.mdp.R + self.optimism * bonus,
            start,
            fallback=self.baseline,
            constraint=self.signal - bonus,
            level=self.threshold,
        )
        if found is not None:
            self.programs += 1
            self.worst = max(self.worst, found.residual)
            certificate = pessimistic_value(frequencies, self.signal, bonus, found.policy, start)
            if certificate >= self.threshold:
                return self._plan(found.policy, GREEDY, certificate, found.objective, found.constraint)
            self.refused += 1
        certificate = pessimistic_value(frequencies, self.signal, bonus, self.baseline, start)
        return self._plan(self.baseline, BASELINE, certificate, np.nan, np.nan)

    def _plan(self, law: NDArray[np.float64], kind: int, certificate: float, *program: float) -> Plan:
        values = tuple(evaluate_law(self.mdp.P, what, law, self.mdp.start) for what in (self.mdp.R, self.signal))
        return Plan(law, kind, values[0], values[1], certificate, *program)


def pessimistic_value(P: Any, rewards: Any, bonus: Any, law: Any, start: Any) -> float:
    """The pessimistic value of a policy (H, S, A), clipped at 0 in every step."""
    value = np.zeros(P.shape[1])
    for h in range(len(P) - 1, -1, -1):
        value = (law[h] * np.maximum(0.0, rewards[h] - bonus[h] + P[h] @ value)).sum(axis=1)
    return float(start @ value)


def _trace(plans: list[Plan], used: list[int], states: Any, actions: Any) -> dict[str, Any]:
    which = np.repeat(np.arange(len(used)), used)

    def column(name: str) -> Any:
        return np.array([getattr(plan, name) for plan in plans])

    return {
        "states": states,
        "actions": actions,
        "plans": which,  # (K,) the plan of each episode
        "values": column("value")[which],
        "constraint_values": column("constraint_value")[which],
        "kinds": column("kind")[which],
        "certificates": column("certificate")[which],
        "policies": column("law"),  # (plans, H, S, A)
        "objectives": column("objective"),  # (plans,)
        "constraints": column("constraint"),  # (plans,)
    }


def _segment(
    world, k, episodes, checkpoint, law, value, constraint_value, kind, environment, agent, log, shadow, knowledge,
    log_union, scale, planned, always, greedy, path, played, states, actions,
):  # fmt: skip
    """Play one policy until some count has doubled (or once); returns episodes played so far and the checkpoint."""
    H = played.shape[0]
    visits = knowledge.visits
    again = True
    while again and k < episodes:
        received = play_kernel(world, greedy, law, H, 0.0, environment, agent, path, played)
        if k < states.shape[0]:
            for h in range(H):
                states[k, h] = path[h]
                actions[k, h] = played[h]
            states[k, H] = path[H]
        learn_kernel(knowledge, log_union, scale, path, played)
        k += 1
        book_kernel(shadow, k, checkpoint, constraint_value, kind, received)
        checkpoint = book_kernel(log, k, checkpoint, value, kind, received)
        again = not always
        for h in range(H):
            if visits[h, path[h], played[h]] >= max(1, 2 * planned[h, path[h], played[h]]):
                again = False
    return k, checkpoint


segment_kernel = kernel(_segment)
