"""FrozenLake as a continuing model."""

from __future__ import annotations

import numpy as np

from theorylab.core import validate
from theorylab.mdp.model import FiniteMDP

__all__ = ["FROZEN_LAKE_MAPS", "frozen_lake"]

FROZEN_LAKE_MAPS = {
    4: ("SFFF", "FHFH", "FFFH", "HFFG"),
    8: ("SFFFFFFF", "FFFFFFFF", "FFFHFFFF", "FFFFFHFF", "FFFHFFFF", "FHHFFFHF", "FHFFHFHF", "FFFHFFFG"),
}
_MOVES = ((0, -1), (1, 0), (0, 1), (-1, 0))  # left, down, right, up


def frozen_lake(size: int = 4, *, slippery: bool = True) -> FiniteMDP:
    """FrozenLake on the 4x4 or 8x8 map of Gymnasium, with restart instead of an end.

    Cells in row-major order; actions left, down, right, up. Slippery: the intended direction and the two perpendicular
    ones have probability 1/3 each; a wall keeps the position. Every action in a hole or in the goal leads back to
    state 0, reward 0. The reward of (s, a) is the probability of entering the goal (deterministic at that mean).

    ================  ==================  ============  ==============
    map               optimal gain        bias span     diameter
    ================  ==================  ============  ==============
    4x4 slippery      55/3133 = .017555   .73539738     57.54545455
    4x4 sure          1/7                 6/7           7
    8x8 slippery      .0104773375         .85231771     688.10026008
    ================  ==================  ============  ==============

    Source: the toy-text maps of Gymnasium [towers2024gymnasium]. Deviation: the restart takes the place of termination,
    so that gain and diameter exist.

    Raises
    ------
    ValueError
        If ``size`` is neither 4 nor 8.

    Examples
    --------
    >>> print(frozen_lake(4).describe(14, 2).split("; ")[1])
    reward 0.3333333333 (deterministic)
    """
    size = validate.integer("size", size)
    slippery = validate.flag("slippery", slippery)
    if size not in FROZEN_LAKE_MAPS:
        raise ValueError(f"size is {size}, expected 4 or 8")
    cells = "".join(FROZEN_LAKE_MAPS[size])
    P = np.zeros((size * size, 4, size * size))
    R = np.zeros((size * size, 4))
    for s, cell in enumerate(cells):
        if cell in "HG":
            P[s, :, 0] = 1.0
            continue
        for a in range(4):
            directions = ((a - 1) % 4, a, (a + 1) % 4) if slippery else (a,)
            for d in directions:
                row = min(max(s // size + _MOVES[d][0], 0), size - 1)
                column = min(max(s % size + _MOVES[d][1], 0), size - 1)
                target = row * size + column
                P[s, a, target] += 1.0 / len(directions)
                R[s, a] += (cells[target] == "G") / len(directions)
    name = f"frozen-lake-{size}x{size}" + ("" if slippery else "-deterministic")
    return FiniteMDP(P, R, name=name, action_names=("left", "down", "right", "up"))
