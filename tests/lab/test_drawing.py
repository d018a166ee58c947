"""Drawings: labels do not overlap, arrows carry the model, large models are refused."""

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from theorylab.lab.drawing import draw_mdp
from theorylab.mdp.environments import chain, dirichlet_mdp, double_loop, riverswim, six_arms, two_state


def drawn(mdp, size=(8, 5), **options):
    figure = Figure(figsize=size)
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    draw_mdp(mdp, axes, **options)
    canvas.draw()
    return axes, canvas.get_renderer()


@pytest.mark.parametrize(
    "mdp", [riverswim(6), riverswim(12), chain(5), two_state(0.2), double_loop(), six_arms()], ids=repr
)
def test_labels_do_not_overlap(mdp):
    axes, renderer = drawn(mdp)
    boxes = [text.get_window_extent(renderer) for text in axes.texts]
    for first, second in itertools.combinations(boxes, 2):
        assert not first.overlaps(second)
    frame = axes.get_window_extent(renderer)
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)


def test_one_arrow_a_transition_with_its_probability():
    mdp = riverswim(6)
    axes, _ = drawn(mdp)
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == int((mdp.P > 0).sum())
    labels = sorted(text.get_text() for text in axes.texts)
    assert labels == sorted([*"012345", *(f"{p:.3g}" for p in mdp.P[mdp.P > 0])])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "left: mean reward 0.005 in 0",
        "right: mean reward 1 in 5",
    ]


def test_options():
    mdp = riverswim(6)
    axes, _ = drawn(mdp, smallest=0.1, legend=False)
    assert axes.get_legend() is None
    arrows = sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches)
    assert arrows == int(np.sum(mdp.P >= 0.1))
    drawn(dirichlet_mdp(1, 1, rng=0))
    with pytest.raises(ValueError, match="mdp has 13 states, expected at most 12"):
        drawn(riverswim(13))
    with pytest.raises(ValueError, match="smallest is 2"):
        drawn(mdp, smallest=2.0)
