"""Drawings of small Markov decision processes, onto given matplotlib axes.

States stand on a line when few arcs lie above each other there (chains), else on a circle. On the line, moves to the
right run above, moves to the left below, each on a level of its own; a state's arrows leave it in an order in which
they do not cross.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from theorylab.core import validate
from theorylab.mdp.model import FiniteMDP

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MAX_STATES", "draw_mdp"]

MAX_STATES = 12
_MAX_LEVELS = 9  # arcs above each other before the line gives way to the circle
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # safe for colour-blind readers
_DASHES = ("solid", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1.2, 1, 1.2)))
_RADIUS = 0.2
_FIRST_LEVEL, _LEVEL = 0.42, 0.27
_LOOP = 0.5


@dataclass
class _Edge:
    source: int
    target: int
    action: int
    probability: float
    level: int = 0
    actions: tuple[int, ...] = ()  # all the actions of a shared arrow
    rank: int = 0  # among the arrows from source to target
    ports: dict[str, float] = field(default_factory=dict)  # angle (degrees) at which it leaves "source", meets "target"


def draw_mdp(mdp: FiniteMDP, axes: Axes, *, smallest: float = 0.0, legend: bool = True) -> None:
    """Draw ``mdp``: a circle for each state (bold: the initial one), a colour and dash for each action.

    Arrows carry probabilities. On a circle of states, actions that do the same share one black arrow, which names them:
    "1 (0, 2)".

    Parameters
    ----------
    mdp
        At most 12 states. Dense models are better listed with ``describe``.
    axes
        Emptied of ticks and frame, scaled equally; the text follows the size that the axes have now.
    smallest
        Transitions of a smaller probability are left out.
    legend
        Whether to name the actions and their mean rewards below the drawing.

    Raises
    ------
    ValueError
        If there are more than 12 states.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from theorylab.mdp.environments import riverswim
    >>> draw_mdp(riverswim(6), Figure().subplots())
    """
    if mdp.n_states > MAX_STATES:
        raise ValueError(f"mdp has {mdp.n_states} states, expected at most {MAX_STATES}")
    smallest = validate.number("smallest", smallest, low=0.0, high=1.0)
    edges = [
        _Edge(int(s), int(t), int(a), float(mdp.P[s, a, t]))
        for s, a, t in np.argwhere((mdp.P > 0.0) & (mdp.P >= smallest))
    ]
    moves = [edge for edge in edges if edge.source != edge.target]
    _assign_levels(moves)
    on_line = max((edge.level for edge in moves), default=0) < _MAX_LEVELS
    if not on_line:
        edges = _shared(edges)
        moves = [edge for edge in edges if edge.source != edge.target]
    loops = [edge for edge in edges if edge.source == edge.target]
    centres = _line(mdp.n_states) if on_line else _circle(mdp.n_states)
    if on_line:
        _assign_ports(moves, loops, mdp.n_states)
        curves = [(edge, *_arc(edge, centres)) for edge in moves]
    else:
        curves = [(edge, *_chord(edge, centres)) for edge in moves]
    curves += [(edge, *_loop(edge, loops, centres, on_line)) for edge in loops]
    _frame(axes, [point for _, curve, _ in curves for point in curve] + centres)
    size = _font_size(axes)
    for edge, curve, label_at in curves:
        _draw_curve(axes, edge, curve, label_at, size)
    _draw_states(axes, mdp, centres, size)
    if legend:
        _draw_legend(axes, mdp, size)


Point = tuple[float, float]


def _line(n: int) -> list[Point]:
    return [(float(s), 0.0) for s in range(n)]


def _circle(n: int) -> list[Point]:
    radius = max(1.0, 0.62 * n / math.pi * 1.6)
    angles = [math.pi / 2 - 2 * math.pi * s / n for s in range(n)]
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


def _assign_levels(moves: list[_Edge]) -> None:
    """Shorter arcs first; each one lies above all earlier arcs of its side that share a part of its span."""
    moves.sort(key=lambda edge: (abs(edge.target - edge.source), edge.source, edge.action))
    for i, edge in enumerate(moves):
        low, high = sorted((edge.source, edge.target))
        for other in moves[:i]:
            same_side = (other.target > other.source) == (edge.target > edge.source)
            other_low, other_high = sorted((other.source, other.target))
            if same_side and other_low < high and low < other_high:
                edge.level = max(edge.level, other.level + 1)


def _shared(edges: list[_Edge]) -> list[_Edge]:
    """One edge for all actions that lead from source to target with the same probability."""
    made: dict[tuple[int, int, float], _Edge] = {}
    for edge in edges:
        key = (edge.source, edge.target, edge.probability)
        if key not in made:
            rank = sum(other[:2] == key[:2] for other in made)
            made[key] = _Edge(edge.source, edge.target, edge.action, edge.probability, rank=rank)
        made[key].actions += (edge.action,)
    return list(made.values())


def _assign_ports(moves: list[_Edge], loops: list[_Edge], n: int) -> None:
    """Spread the arrow ends of each state over its upper and lower half, deeper arcs nearer to the vertical."""
    for s in range(n):
        for side in (1, -1):
            leftward: list[tuple[int, _Edge, str]] = []
            rightward: list[tuple[int, _Edge, str]] = []
            for edge in moves:
                if s not in (edge.source, edge.target) or (edge.target > edge.source) != (side > 0):
                    continue
                end, other = ("source", edge.target) if edge.source == s else ("target", edge.source)
                (leftward if other < s else rightward).append((edge.level, edge, end))
            n_loops = 0 if s in (0, n - 1) else sum(loop.source == s for loop in loops)
            looped = n_loops > (0 if side > 0 else 1)  # loops go up, down, up, ...
            for ends, others, mirrored in ((rightward, leftward, False), (leftward, rightward, True)):
                steepest = 65.0 if looped else 84.0 if others else 110.0
                ends.sort(key=lambda item: item[0])
                for i, (_, edge, end) in enumerate(ends):
                    angle = 20.0 + (i + 1) / (len(ends) + 1) * (steepest - 20.0)
                    edge.ports[end] = side * (180.0 - angle if mirrored else angle)


def _arc(edge: _Edge, centres: list[Point]) -> tuple[list[Point], Point]:
    """Cubic Bezier points of a move on the line, and where its label goes."""
    start = _on_rim(centres[edge.source], edge.ports["source"])
    end = _on_rim(centres[edge.target], edge.ports["target"])
    side = 1.0 if edge.target > edge.source else -1.0
    height = side * (_FIRST_LEVEL + _LEVEL * edge.level)
    inset = 0.05 * (end[0] - start[0])
    handle = (8.0 * height - start[1] - end[1]) / 6.0  # puts the middle of the curve at that height
    middle = (start[0] + end[0]) / 2.0
    return [start, (start[0] + inset, handle), (end[0] - inset, handle), end], (middle, height)


def _chord(edge: _Edge, centres: list[Point]) -> tuple[list[Point], Point]:
    """A bent chord of the circle; the label sits at a third, near the source."""
    (x0, y0), (x1, y1) = centres[edge.source], centres[edge.target]
    bend = 0.1 + 0.13 * edge.rank
    control = ((x0 + x1) / 2 + bend * (y1 - y0), (y0 + y1) / 2 - bend * (x1 - x0))
    start, end = _towards((x0, y0), control), _towards((x1, y1), control)
    first, second = _between(start, control, 2 / 3), _between(end, control, 2 / 3)
    at = _between(_between(start, control, 1 / 3), _between(control, end, 1 / 3), 1 / 3)
    return [start, first, second, end], at


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


def _loop(edge: _Edge, loops: list[_Edge], centres: list[Point], on_line: bool) -> tuple[list[Point], Point]:
    """A loop outside: at the ends of a line outwards, between them up and down, on a circle away from the middle."""
    here = [other for other in loops if other.source == edge.source]
    rank, count = here.index(edge), len(here)
    x, y = centres[edge.source]
    if not on_line:
        middle = math.degrees(math.atan2(y, x)) + min(62.0, 180.0 / count) * (rank - (count - 1) / 2)
    elif edge.source in (0, len(centres) - 1):
        middle = (180.0 if edge.source == 0 else 0.0) + min(64.0, 170.0 / count) * (rank - (count - 1) / 2)
    else:
        middle = (90.0 if rank % 2 == 0 else -90.0) + 50.0 * (rank // 2)
    start, end = (_on_rim((x, y), middle + turn) for turn in (22.0, -22.0))
    handles = [math.radians(middle + turn) for turn in (34.0, -34.0)]
    length = _RADIUS + _LOOP
    first, second = ((x + length * math.cos(h), y + length * math.sin(h)) for h in handles)
    tip = math.radians(middle)
    reach = (2 * _RADIUS * math.cos(math.radians(22)) + 6 * length * math.cos(math.radians(34))) / 8
    return [start, first, second, end], (x + reach * math.cos(tip), y + reach * math.sin(tip))


def _on_rim(centre: Point, degrees: float) -> Point:
    angle = math.radians(degrees)
    return centre[0] + _RADIUS * math.cos(angle), centre[1] + _RADIUS * math.sin(angle)


def _towards(centre: Point, point: Point) -> Point:
    return _on_rim(centre, math.degrees(math.atan2(point[1] - centre[1], point[0] - centre[0])))


def _frame(axes: Axes, points: Sequence[Point]) -> None:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    axes.set_xlim(min(xs) - 0.3, max(xs) + 0.3)
    axes.set_ylim(min(ys) - 0.15, max(ys) + 0.15)
    axes.set_aspect("equal")
    axes.set_axis_off()


def _font_size(axes: Axes) -> float:
    """Points, from the length of one unit of the drawing."""
    box, dpi = axes.get_window_extent(), axes.figure.dpi
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    unit = min(box.width / (right - left), box.height / (high - low)) * 72.0 / dpi
    return float(np.clip(0.13 * unit, 3.0, 11.0))


def _draw_curve(axes: Axes, edge: _Edge, curve: list[Point], label_at: Point, size: float) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    path = Path(curve, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    shared = len(edge.actions) > 1
    colour = "black" if shared else _COLOURS[edge.action % len(_COLOURS)]
    label = f"{edge.probability:.3g}" + (f" ({', '.join(map(str, edge.actions))})" if shared else "")
    axes.add_patch(
        FancyArrowPatch(
            path=path,
            arrowstyle="-|>",
            mutation_scale=1.1 * size,
            color=colour,
            linewidth=0.12 * size,
            linestyle="solid" if shared else _DASHES[edge.action % len(_DASHES)],
            joinstyle="miter",
            capstyle="butt",
        )
    )
    blank: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 0.08 * size}
    axes.text(*label_at, label, color=colour, size=size, ha="center", va="center", bbox=blank)


def _draw_states(axes: Axes, mdp: FiniteMDP, centres: list[Point], size: float) -> None:
    from matplotlib.patches import Circle

    for s, centre in enumerate(centres):
        width = 0.22 * size if s == mdp.initial_state else 0.1 * size
        axes.add_patch(Circle(centre, _RADIUS, facecolor="white", edgecolor="black", linewidth=width, zorder=3))
        axes.text(*centre, str(s), size=1.15 * size, ha="center", va="center", zorder=4)


def _draw_legend(axes: Axes, mdp: FiniteMDP, size: float) -> None:
    from matplotlib.lines import Line2D

    lines = []
    for a in range(mdp.n_actions):
        name = mdp.action_names[a] if mdp.action_names else f"action {a}"
        style: Any = _DASHES[a % len(_DASHES)]
        lines.append(
            Line2D([], [], color=_COLOURS[a % len(_COLOURS)], linestyle=style, label=f"{name}: {_rewards(mdp, a)}")
        )
    axes.legend(
        handles=lines, loc="upper center", bbox_to_anchor=(0.5, 0.0), fontsize=1.1 * size, frameon=False, handlelength=3
    )


def _rewards(mdp: FiniteMDP, action: int) -> str:
    """``reward 0.04 in 0-3, 0.84 in 4``; zeros are left out."""
    parts = []
    for value, group in groupby(range(mdp.n_states), key=lambda s: f"{mdp.R[s, action]:.4g}"):
        states = list(group)
        if value != "0":
            parts.append(f"{value} in {states[0]}" + (f"-{states[-1]}" if len(states) > 1 else ""))
    if not parts:
        return "no reward"
    return "mean reward " + ", ".join(parts) if len(parts) <= 4 else "many rewards"
