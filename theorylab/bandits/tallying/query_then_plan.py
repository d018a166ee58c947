r"""Query every tally of every arm once, then plan: tallying bandits with deterministic feedback.

Setting      A tallying bandit whose losses are their means (``noise="none"``); K arms, window $m$, known.
Algorithm    Each arm in turn is played $m$ times, which shows $h_x(1), \ldots, h_x(m)$; the remaining rounds are the
             best sequence from there on, by :func:`tallying_optimum`.
Guarantee    Complete policy regret at most $m (K + 1)$ on every run [malik2022complete, Proposition 1]: the queries
             cost at most $mK$, and after $m - 1$ rounds the losses of any sequence are those it would have had.
Deviations   The paper does not say how the planning problem is solved; here $K^m \le 2^{20}$ is required.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from theorylab.bandits.models import TallyingBandit
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.tallying.tallying_optimum import tallying_optimum
from theorylab.bandits.world import step_kernel
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["against_the_best_sequence", "query_then_plan"]


def _play(world, memory, log, actions, losses, environment):
    """Play the actions; keep what they lose."""
    for i in range(actions.shape[0]):
        losses[i] = 1.0 - step_kernel(world, memory, log, actions[i], environment.random())


play_kernel = kernel(_play)


def query_then_plan(
    bandit: TallyingBandit, horizon: int, *, checkpoints: Any = None, trace: bool = False, rng: RNGLike = None
) -> BanditRun:
    """Run the deterministic algorithm.

    Parameters
    ----------
    bandit
        A :class:`TallyingBandit` with ``noise="none"``.
    horizon
        T; with T < mK only queries are made.
    checkpoints, trace, rng
        As for the other bandit algorithms; nothing is random.

    Returns
    -------
    BanditRun
        ``regret`` is the complete policy regret: expected loss minus that of the best sequence of the same length.

    Raises
    ------
    TypeError
        If the bandit is no tallying bandit.
    ValueError
        If its feedback is noisy, or it has too many states to plan.

    Examples
    --------
    >>> run = query_then_plan(TallyingBandit([[0.0, 1.0], [0.0, 1.0]], noise="none"), 20, trace=True)
    >>> run.trace["actions"][:8].tolist(), float(run.regret[-1])
    ([0, 0, 1, 1, 0, 1, 0, 1], 2.0)
    """
    if not isinstance(bandit, TallyingBandit):
        raise TypeError(f"bandit is {bandit!r}, expected a TallyingBandit")
    if bandit.noise != "none":
        raise ValueError(f"bandit has noise {bandit.noise!r}, expected 'none': each loss is seen once")
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    best = tallying_optimum(bandit, setup.horizon)
    K, m = bandit.n_arms, bandit.window
    queries = np.repeat(np.arange(K), m)[: setup.horizon]
    seen = np.zeros(K * m)
    play_kernel(setup.world, setup.memory, setup.log, queries, seen[: len(queries)], setup.environment)
    rest = setup.horizon - len(queries)
    if rest:
        learnt = TallyingBandit(np.clip(seen.reshape(K, m), 0.0, 1.0), noise="none")  # 1 - (1 - h) may round past 1
        plan = tallying_optimum(learnt, rest, history=queries.tolist()).sequence
        play_kernel(setup.world, setup.memory, setup.log, plan, np.zeros(rest), setup.environment)
    run = finish(setup, "query_then_plan", {}, theorem=True, extra={"optimum": float(best.least_costs[-1])})
    return against_the_best_sequence(run, bandit, best.least_costs)


def against_the_best_sequence(run: BanditRun, bandit: TallyingBandit, least_costs: Any) -> BanditRun:
    """The record with regret against the best sequence up to each time, instead of the best repeated arm."""
    lost = run.regret + run.times * float(bandit.repeated_losses.min())  # expected loss up to each time
    return dataclasses.replace(run, regret=lost - least_costs[run.times])
