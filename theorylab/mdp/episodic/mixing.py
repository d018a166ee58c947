"""What StepMix and EpsMix do around their kernels: the same keywords, the same checks, the same record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from theorylab.core import validate
from theorylab.core.rng import RNGLike
from theorylab.mdp.episodic.bernstein import make_bernstein
from theorylab.mdp.episodic.brackets import make_knowledge
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.online import begin, cumulative_law, finish, known_value, safe_baseline, work_arrays
from theorylab.mdp.episodic.play import SLACK
from theorylab.mdp.episodic.record import EpisodicRun
from theorylab.mdp.episodic.tracing import make_episodes

__all__ = ["run_mixing"]


def run_mixing(
    name: str,
    kernel: Callable[..., Any],
    mdp: EpisodicMDP,
    episodes: int,
    *,
    baseline: Any,
    threshold: float,
    baseline_value: float | None,
    bonus: str,
    delta: float,
    scale: float,
    checkpoints: Any,
    trace: bool,
    rng: RNGLike,
) -> EpisodicRun:
    """Check the input, run ``kernel``, make the record.

    The kernel takes (world, episodes, threshold, what it is told of the baseline's value or NaN, the true value for
    the books, log_union, scale, baseline, cumulative baseline, environment, agent, log, knowledge, bernstein or None,
    work arrays, traced rows).
    """
    delta = validate.confidence("delta", delta)
    scale = validate.number("scale", scale, low=0.0)
    setup = begin(mdp, episodes, threshold=threshold, checkpoints=checkpoints, trace=trace, rng=rng)
    law, true_value = safe_baseline(mdp, baseline, threshold)
    said = known_value(baseline_value, threshold, mdp.horizon)
    H, S, _ = setup.shape
    log_union, bernstein = make_bernstein(bonus, setup.shape, delta)
    knowledge = make_knowledge(mdp.R, log_union, scale)
    rows = make_episodes(setup)
    kernel(
        setup.world, setup.episodes, float(threshold), said, true_value, log_union, scale, law, cumulative_law(law),
        setup.environment, setup.agent, setup.log, knowledge, bernstein, work_arrays(H, S), rows,
    )  # fmt: skip
    return finish(
        setup,
        name,
        {
            "baseline": law,
            "threshold": threshold,
            "baseline_value": baseline_value,
            "bonus": bonus,
            "delta": delta,
            "scale": scale,
        },
        visits=knowledge.visits,
        theorem=bernstein is None and scale == 1.0 and not said > true_value + SLACK,
        trace=rows._asdict(),
    )
