"""Non-stationary policies in the one form that kernels read: probabilities (H, S, A)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.episodic.model import EpisodicMDP

__all__ = ["require_episodic", "validated_policy"]


def require_episodic(mdp: Any) -> EpisodicMDP:
    """``mdp`` itself.

    Raises
    ------
    TypeError
        If it is no EpisodicMDP.
    """
    if not isinstance(mdp, EpisodicMDP):
        raise TypeError(f"mdp is of type {type(mdp).__name__}, expected an EpisodicMDP")
    return mdp


def validated_policy(name: str, policy: Any, mdp: EpisodicMDP) -> NDArray[np.float64]:
    r"""Action probabilities $\pi_h(a \mid s)$ as a read-only (H, S, A) array.

    Parameters
    ----------
    name
        What the caller calls the policy: errors use it.
    policy
        (H, S) integer actions or (H, S, A) probabilities.

    Raises
    ------
    TypeError
        If the entries are no integers or no real numbers.
    ValueError
        If the shape is another one, an action is out of range or a row is no distribution.

    Examples
    --------
    >>> mdp = EpisodicMDP(P=[[[1.0], [1.0]]], R=[[0, 1]], horizon=2)
    >>> validated_policy("baseline", [[1], [0]], mdp).tolist()
    [[[0.0, 1.0]], [[1.0, 0.0]]]
    >>> validated_policy("baseline", [[[0.5, 0.5]], [[0.5, 0.4]]], mdp)
    Traceback (most recent call last):
    ...
    ValueError: baseline[1, 0] sums to 0.9, expected 1
    """
    H, S, A = require_episodic(mdp).R.shape
    probabilities = validate.array(name, policy)
    if probabilities.shape == (H, S, A):
        validate.distributions(name, probabilities)
        return validate.readonly(probabilities)
    if probabilities.shape != (H, S):
        raise ValueError(
            f"{name} has shape {probabilities.shape}, expected ({H}, {S}) actions or ({H}, {S}, {A}) probabilities"
        )
    actions = np.asarray(policy)
    if actions.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {actions.dtype}, expected integer actions ({H}, {S})")
    bad = np.argwhere((actions < 0) | (actions >= A))
    if len(bad):
        value = actions[tuple(bad[0])]
        raise ValueError(f"{validate.where(name, bad[0])} is {value}, expected an action in 0..{A - 1}")
    return validate.readonly((actions[..., None] == np.arange(A)).astype(np.float64))
