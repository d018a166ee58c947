"""Exact expectations of StepMix: every sequence of transitions, against the definitions."""

from __future__ import annotations

from typing import Any

from theorylab.rooms.proofs_checks.episodic.outcome_trees import tree_check
from theorylab.rooms.proofs_checks.episodic.shared import EVERYWHERE, NO_MUTANTS, fresh_problem, on_problem

from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.stepmix_reference import StepMixAgent

__all__ = ["EXACT"]


def halves() -> Any:
    """Two states, two actions, two steps; every draw is a fair coin or none, so that four episodes are few branches."""
    stay, coin, leave = [1.0, 0.0], [0.5, 0.5], [0.0, 1.0]
    P = [[[coin, stay], [leave, coin]], [[stay, coin], [coin, leave]]]
    R = [[[0.5, 0.0], [0.0, 0.25]], [[0.25, 0.5], [0.0, 1.0]]]
    law = [[[0.75, 0.25], [0.5, 0.5]], [[0.25, 0.75], [0.25, 0.75]]]
    return fresh_problem(EpisodicMDP(P, R, start=0, name="fair coins"), law, 0.75, "fair coins")


TREES = tuple(
    on_problem(
        halves(), {"smoke": 2, "quick": 3 + told, "paper": 5, "power": 2}, 1, told=bool(told), scale=scale,
        label=f"tree of fair coins, scale {scale}" + told * ", value known",
        presets=EVERYWHERE if told else NO_MUTANTS,
    )
    for scale, told in ((0.35, 0), (0.5, 1))
)  # fmt: skip
EXACT = (tree_check("stepmix", StepMixAgent, TREES, replay=False),)
