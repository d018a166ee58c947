r"""UCRL2 restarted at the true change points: what a perfect detector would allow.   [alami2023restarted, Section 5]

Setting      As ``rbocpd_ucrl2``; the learner is told when the model changes, not how.
Algorithm    UCRL2 started afresh before the first step of each piece; piece j = 1, 2, .. has the confidence
             :math:`\delta/(j(j+1))` and a clock of its own.
Guarantee    With probability at least :math:`1-\delta` the regret over K pieces of lengths :math:`T_l` and diameters
             :math:`D_l` is at most :math:`\sum_l (22)(D_l, T_l, \delta/(l(l+1)))`, (22) of [jaksch2010near]: each piece
             is UCRL2 from a known time.   Claims: proofs_checks/rbocpd_ucrl2.py
Deviations   Those of UCRL2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.core import validate
from theorylab.core.rng import RNGLike
from theorylab.mdp.average_reward.online import Phases, run_online
from theorylab.mdp.average_reward.record import OnlineRun
from theorylab.mdp.average_reward.ucrl2 import ucrl2_kernel

__all__ = ["oracle_restart_ucrl2"]


def oracle_restart_ucrl2(
    mdp: Any,
    horizon: int,
    *,
    delta: float = 0.05,
    scale: float = 1.0,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> OnlineRun:
    r"""Run UCRL2 restarted at the changes of ``mdp``; on a stationary model, UCRL2 with :math:`\delta/2`.

    Parameters
    ----------
    mdp : FiniteMDP or PiecewiseStationaryMDP
        Rewards in [0, 1].
    horizon : int
        Number of steps.
    delta, scale, checkpoints, trace, rng
        As in :func:`theorylab.mdp.average_reward.ucrl2.ucrl2`.

    Returns
    -------
    OnlineRun

    Raises
    ------
    ValueError
        As ``ucrl2``.

    Examples
    --------
    >>> from theorylab.mdp.environments import piecewise_dirichlet
    >>> oracle_restart_ucrl2(piecewise_dirichlet(3, 2, starts=(0, 500, 900), rng=4), 800, rng=1).restart_times.tolist()
    [500]
    """
    horizon = validate.integer("horizon", horizon, low=1)
    delta = validate.confidence("delta", delta)
    restarts = np.array([c for c in getattr(mdp, "changes", ()) if c < horizon], dtype=np.int64)
    piece = np.arange(1.0, len(restarts) + 2.0)
    return run_online(
        "oracle_restart_ucrl2",
        ucrl2_kernel,
        mdp,
        horizon,
        phases=Phases(restarts, delta / (piece * (piece + 1.0))),
        scale=scale,
        checkpoints=checkpoints,
        trace=trace,
        rng=rng,
        parameters={"delta": delta},
    )
