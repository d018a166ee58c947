"""Grids with slippery moves: a trap and a goal, and a cliff. All numbers are ours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.episodic.model import EpisodicMDP

__all__ = ["episodic_cliff", "safe_grid", "safe_grid_baseline"]

ACTIONS = ("up", "right", "down", "left")
_MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
_SAFE_ROWS, _SAFE_COLUMNS = 3, 4
_SAFE_START, _SAFE_GOAL, _SAFE_TRAP = 8, 3, 7


def safe_grid(horizon: int = 12, *, slip: float = 0.2) -> EpisodicMDP:
    """A 3 x 4 grid: goal in the upper right corner, a trap below it, start in the lower left corner.

    ::

        .  .  .  G        cells are states 0..11 in row-major order
        .  .  .  X        actions up, right, down, left
        S  .  .  .

    A move goes where it points with probability 1 - slip, to each perpendicular side with slip / 2; a wall keeps the
    cell. Goal and trap are kept for ever. The goal pays 1 a step, the trap 0, every other cell 1/10.

    Source: the kind of grid of the conservative exploration literature [garcelon2020conservative]; layout, slip and
    rewards are ours.

    Raises
    ------
    ValueError
        If ``horizon`` < 1 or ``slip`` lies outside [0, 1].

    Examples
    --------
    >>> safe_grid()
    EpisodicMDP('safe-grid', S=12, A=4, H=12)
    """
    horizon = validate.integer("horizon", horizon, low=1)
    slip = validate.number("slip", slip, low=0.0, high=1.0)
    P = _moves(_SAFE_ROWS, _SAFE_COLUMNS, slip)
    R = np.full((12, 4), 0.1)
    for cell, reward in ((_SAFE_GOAL, 1.0), (_SAFE_TRAP, 0.0)):
        P[cell] = 0.0
        P[cell, :, cell] = 1.0
        R[cell] = reward
    name = "safe-grid" if (horizon, slip) == (12, 0.2) else f"safe-grid-h{horizon}-slip{slip:g}"
    return EpisodicMDP(P, R, horizon, _SAFE_START, name=name, action_names=ACTIONS)


def safe_grid_baseline(horizon: int = 12) -> NDArray[np.float64]:
    """The fixed stochastic policy (H, 12, 4) of the safe grid: a careful move with probability .7, others .1 each.

    Careful: up in the two lower rows, right in the top row; left in the lower right corner, below the trap.

    Examples
    --------
    >>> safe_grid_baseline()[0, 8].tolist()
    [0.7, 0.1, 0.1, 0.1]
    """
    horizon = validate.integer("horizon", horizon, low=1)
    careful = np.zeros(12, dtype=np.int64)
    careful[:_SAFE_COLUMNS] = 1
    careful[11] = 3
    policy = np.full((horizon, 12, 4), 0.1)
    policy[:, np.arange(12), careful] = 0.7
    return policy


def episodic_cliff(rows: int = 3, columns: int = 5, horizon: int = 16, *, slip: float = 0.1) -> EpisodicMDP:
    """A cliff along the bottom row between start (lower left) and goal (lower right); a fall leads back to the start.

    Moves slip as in :func:`safe_grid`. The goal is kept for ever and pays 1 a step, everything else pays 0: a short way
    along the edge that may fall, or a long safe one. The cells of the cliff are never occupied; they lead to the start.

    Source: after the cliff walk of [sutton2018reinforcement], Example 6.6. Deviation: rewards in [0, 1], slips.

    Raises
    ------
    ValueError
        If rows < 2, columns < 3, horizon < 1 or ``slip`` lies outside [0, 1].

    Examples
    --------
    >>> episodic_cliff()
    EpisodicMDP('cliff', S=15, A=4, H=16)
    """
    rows, columns = validate.integer("rows", rows, low=2), validate.integer("columns", columns, low=3)
    horizon = validate.integer("horizon", horizon, low=1)
    slip = validate.number("slip", slip, low=0.0, high=1.0)
    start, goal = (rows - 1) * columns, rows * columns - 1
    cliff = slice(start + 1, goal)
    P = _moves(rows, columns, slip)
    P[..., start] += P[..., cliff].sum(axis=-1)
    P[..., cliff] = 0.0
    P[cliff] = P[goal] = 0.0
    P[cliff, :, start] = P[goal, :, goal] = 1.0
    R = np.zeros((rows * columns, 4))
    R[goal] = 1.0
    name = f"cliff-{rows}-{columns}-h{horizon}-slip{slip:g}"
    name = "cliff" if (rows, columns, horizon, slip) == (3, 5, 16, 0.1) else name
    return EpisodicMDP(P, R, horizon, start, name=name, action_names=ACTIONS)


def _moves(rows: int, columns: int, slip: float) -> NDArray[np.float64]:
    """(S, 4, S) of an empty grid."""
    P = np.zeros((rows * columns, 4, rows * columns))
    for row in range(rows):
        for column in range(columns):
            for a in range(4):
                for direction, probability in ((a, 1.0 - slip), ((a + 1) % 4, slip / 2), ((a + 3) % 4, slip / 2)):
                    down, right = _MOVES[direction]
                    to_row = min(max(row + down, 0), rows - 1)
                    to_column = min(max(column + right, 0), columns - 1)
                    P[row * columns + column, a, to_row * columns + to_column] += probability
    return P
