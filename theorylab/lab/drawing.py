"""Drawings of small Markov decision processes, onto given matplotlib axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from theorylab.core import validate
from theorylab.mdp.model import FiniteMDP

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MAX_STATES", "draw_mdp"]

MAX_STATES = 12
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # safe for colour-blind readers
_DASHES = ("solid", (0, (5, 2)), (0, (1, 1.4)), (0, (5, 1.5, 1, 1.5)))
_RADIUS = 0.26
