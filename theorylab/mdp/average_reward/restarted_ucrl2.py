r"""UCRL2 with restarts at a fixed schedule, for a known number of changes.   [jaksch2010near, Theorem 6]

Setting      An MDP that changes at most :math:`\ell - 1` times, with diameter at most D throughout; regret against the
             optimal gain of the current model.
Algorithm    UCRL2 with confidence :math:`\delta/\ell^2` and a clock of its own, started afresh at the steps
             :math:`\lceil i^3/\ell^2 \rceil, i = 1, 2, \dots`
Guarantee    With probability at least :math:`1-\delta` the regret is at most
             :math:`65\, \ell^{1/3} T^{2/3} D S \sqrt{A \log(T/\delta)}`.   Claims: proofs_checks/restarted_ucrl2.py
Deviations   Those of UCRL2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theorylab.core import validate
from theorylab.core.checkpoints import LONGEST
from theorylab.core.rng import RNGLike
from theorylab.mdp.average_reward.online import Phases, run_online
from theorylab.mdp.average_reward.record import OnlineRun
from theorylab.mdp.average_reward.ucrl2 import ucrl2_kernel

__all__ = ["restart_schedule", "restarted_ucrl2"]

MOST_PIECES = 1000  # allowed with any horizon: the loop is as long as the larger one of both


def restart_schedule(horizon: int, pieces: int) -> NDArray[np.int64]:
    r"""Steps played before each restart: :math:`\lceil i^3/\ell^2 \rceil - 1` for :math:`i \ge 1`, but not 0.

    Examples
    --------
    >>> restart_schedule(30, 1).tolist()
    [7, 26]
    """
    horizon = validate.integer("horizon", horizon, low=1, high=LONGEST)
    pieces = validate.integer("pieces", pieces, low=1, high=max(horizon, MOST_PIECES))
    steps: list[int] = []
    i = 1
    while True:
        step = -(-(i**3) // pieces**2)  # ceil, in integers
        if step > horizon:
            break
        steps.append(step - 1)
        i += 1
    return np.array(sorted({s for s in steps if s > 0}), dtype=np.int64)


def restarted_ucrl2(
    mdp: Any,
    horizon: int,
    *,
    changes: int | None = None,
    delta: float = 0.05,
    scale: float = 1.0,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> OnlineRun:
    r"""Run UCRL2 restarted for :math:`\ell` = ``changes`` + 1 pieces.

    Parameters
    ----------
    mdp : FiniteMDP or PiecewiseStationaryMDP
        Rewards in [0, 1].
    horizon : int
        Number of steps.
    changes : int, optional
        The number of changes that the schedule is made for; by default those of the model before the horizon.
    delta, scale, checkpoints, trace, rng
        As in :func:`theorylab.mdp.average_reward.ucrl2.ucrl2`.

    Returns
    -------
    OnlineRun

    Raises
    ------
    ValueError
        As ``ucrl2``; also for a number of changes outside 0..horizon - 1.

    Examples
    --------
    >>> from theorylab.mdp.environments import riverswim
    >>> restarted_ucrl2(riverswim(6), 100, changes=0, rng=1).restart_times.tolist()
    [7, 26, 63]

    References
    ----------
    [jaksch2010near], Theorem 6.
    """
    delta = validate.confidence("delta", delta)
    horizon = validate.integer("horizon", horizon, low=1)
    if changes is None:
        changes = int(sum(1 for c in getattr(mdp, "changes", ()) if c < horizon))
    pieces = validate.integer("changes", changes, high=horizon - 1, low=0) + 1
    restarts = restart_schedule(horizon, pieces)
    return run_online(
        "restarted_ucrl2",
        ucrl2_kernel,
        mdp,
        horizon,
        phases=Phases(restarts, np.full(len(restarts) + 1, delta / pieces**2)),
        scale=scale,
        checkpoints=checkpoints,
        trace=trace,
        rng=rng,
        parameters={"delta": delta, "changes": pieces - 1},
    )
