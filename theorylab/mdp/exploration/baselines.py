r"""What GOSPRL is compared with: random actions, 0/1 rewards under UCRL2's objective, the known model.

Setting      As :mod:`theorylab.mdp.exploration.gosprl`.
Algorithm    *Uniform*: every action uniformly at random.  *0/1 UCRL*: at each plan the optimistic policy of greatest
             average reward (extended value iteration of [jaksch2010near] to accuracy :math:`1/\sqrt t`) when each
             under-sampled pair pays 1 and each other pair 0, over the same balls as GOSPRL; it plans again when a pair
             is finished or a count has doubled.  *Known model*: GOSPRL's rule with the true transitions and radius 0:
             what it would do if it had nothing to learn.
Guarantee    None for the first two.  The third is greedy: it goes to the nearest goal, which need not be the fastest
             way to meet all requirements.
Deviations   UCRL2's own radii are several times wider and make the second baseline slower than here.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from theorylab.core.rng import RNGLike
from theorylab.mdp.exploration.gosprl import AVERAGE_REWARD, KNOWN_MODEL, UNIFORM, collect_kernel
from theorylab.mdp.exploration.online import begin, run_collection
from theorylab.mdp.exploration.record import ExplorationRun

__all__ = ["known_model_collection", "uniform_collection", "zero_one_ucrl"]


def uniform_collection(
    mdp: Any,
    horizon: int,
    *,
    requirements: Any,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
    **ignored: Any,
) -> ExplorationRun:
    """Uniformly random actions until the requirements are met.  Keywords of other collections are ignored.

    Parameters, record and errors are those of :func:`theorylab.mdp.exploration.gosprl`.

    Examples
    --------
    >>> from theorylab.mdp.environments import two_state
    >>> uniform_collection(two_state(), 1000, requirements=5, rng=0).met
    True
    """
    setup = begin(mdp, horizon, requirements, checkpoints, trace, rng)
    return run_collection("uniform_collection", collect_kernel, setup, UNIFORM, 0.05, 1.0, 0.01, theorem=False)


def zero_one_ucrl(
    mdp: Any,
    horizon: int,
    *,
    requirements: Any,
    delta: float = 0.05,
    scale: float = 1.0,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
    **ignored: Any,
) -> ExplorationRun:
    """Optimistic average reward with reward 1 on under-sampled pairs until the requirements are met.

    Parameters, record and errors are those of :func:`theorylab.mdp.exploration.gosprl`; plans have no goals that
    absorb, so the links of its proof do not speak of the trace.

    Examples
    --------
    >>> from theorylab.mdp.environments import two_state
    >>> zero_one_ucrl(two_state(), 1000, requirements=5, rng=0).met
    True
    """
    setup = begin(mdp, horizon, requirements, checkpoints, trace, rng)
    return run_collection("zero_one_ucrl", collect_kernel, setup, AVERAGE_REWARD, delta, scale, 0.01, theorem=False)


def known_model_collection(
    mdp: Any,
    horizon: int,
    *,
    requirements: Any,
    accuracy: float = 0.01,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
    **ignored: Any,
) -> ExplorationRun:
    """Shortest paths of the true model to the nearest under-sampled state until the requirements are met.

    Parameters, record and errors are those of :func:`theorylab.mdp.exploration.gosprl`.

    Examples
    --------
    >>> from theorylab.mdp.environments import two_state
    >>> known_model_collection(two_state(), 1000, requirements=5, rng=0).steps
    20
    """
    setup = begin(mdp, horizon, requirements, checkpoints, trace, rng)
    return run_collection(
        "known_model_collection", collect_kernel, setup, KNOWN_MODEL, 0.05, 1.0, accuracy, theorem=False
    )
