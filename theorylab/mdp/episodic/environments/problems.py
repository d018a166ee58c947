"""Conservative exploration problems: a model, a baseline policy and a threshold that no episode may fall below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.rng import RNGLike, as_generator
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.planning import backward_induction, policy_value
from theorylab.mdp.episodic.policies import require_episodic, validated_policy

__all__ = ["ConservativeProblem", "conservative_problem", "margin_mdp", "toward_optimal_baseline"]

VALUE_TOLERANCE = 1e-9  # relative to H times the largest reward


@dataclass(frozen=True, eq=False, repr=False)
class ConservativeProblem:
    r"""Play episodes of ``mdp`` so that every $V^{\pi_k} \ge$ ``threshold``, given a baseline that satisfies it.

    :func:`conservative_problem` computes the two values; given directly, they are compared with the model's.

    Raises
    ------
    ValueError
        If the baseline is no policy, a value is another one than the model's, or the margin is not positive.
    """

    mdp: EpisodicMDP
    baseline: NDArray[np.float64]  # (H, S, A)
    baseline_value: float
    optimal_value: float
    threshold: float
    name: str = "conservative-problem"

    def __post_init__(self) -> None:
        baseline = validated_policy("baseline", self.baseline, self.mdp)
        if not isinstance(self.name, str):
            raise TypeError(f"name is {self.name!r}, expected a string")
        evaluated = policy_value(self.mdp, baseline)
        tolerance = VALUE_TOLERANCE * self.mdp.horizon * max(1.0, float(np.abs(self.mdp.R).max()))
        for field, expected in (
            ("baseline_value", evaluated.value), ("optimal_value", backward_induction(self.mdp).value),
        ):  # fmt: skip
            value = validate.number(field, getattr(self, field))
            if abs(value - expected) > tolerance:
                raise ValueError(f"{field} is {value:.12g}, expected {expected:.12g}, the value in the model")
        threshold = validate.number("threshold", self.threshold)
        if not threshold < min(evaluated.value_lower, self.baseline_value):
            raise ValueError(
                f"threshold is {threshold:.12g}, expected less than the baseline's value {evaluated.value:.12g}: "
                f"the margin {evaluated.value - threshold:.6g} has to be positive"
            )
        object.__setattr__(self, "baseline", baseline)

    def __repr__(self) -> str:
        return f"ConservativeProblem({self.name!r}, margin={self.margin:.6g}, gap={self.gap:.6g})"

    @property
    def margin(self) -> float:
        r"""$\kappa = V^b - \gamma > 0$: baseline value minus threshold."""
        return self.baseline_value - self.threshold

    @property
    def gap(self) -> float:
        r"""$\Delta_0 = V^* - V^b$."""
        return self.optimal_value - self.baseline_value


def conservative_problem(
    mdp: EpisodicMDP,
    baseline: Any,
    *,
    threshold: float | None = None,
    margin_fraction: float | None = None,
    name: str | None = None,
) -> ConservativeProblem:
    r"""The problem with a threshold given directly, or as $(1 - f) V^b$ by ``margin_fraction`` $= f$ in (0, 1].

    Parameters
    ----------
    baseline
        (H, S) integer actions or (H, S, A) probabilities.
    threshold, margin_fraction
        Exactly one of the two.
    name
        That of the model when left out.

    Raises
    ------
    ValueError
        If both or none are given, ``margin_fraction`` lies outside (0, 1], or the margin is not positive.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import episodic_riverswim
    >>> mdp = episodic_riverswim(4, 10)
    >>> conservative_problem(mdp, toward_optimal_baseline(mdp, 0.6), margin_fraction=0.1)
    ConservativeProblem('riverswim-4-h10', margin=0.0644593, gap=1.20976)
    """
    probabilities = validated_policy("baseline", baseline, mdp)
    value = policy_value(mdp, probabilities).value
    if (threshold is None) == (margin_fraction is None):
        given = "neither" if threshold is None else "both"
        raise ValueError(f"threshold and margin_fraction: {given} given, expected exactly one")
    if margin_fraction is not None:
        f = validate.number("margin_fraction", margin_fraction, low=0.0, high=1.0, open_low=True)
        threshold = (1.0 - f) * value
    bound = validate.number("threshold", threshold)
    optimal = backward_induction(mdp).value
    return ConservativeProblem(mdp, probabilities, value, optimal, bound, mdp.name if name is None else name)


def toward_optimal_baseline(mdp: EpisodicMDP, weight: float) -> NDArray[np.float64]:
    """(H, S, A): the optimal action of the step with probability ``weight``, else one uniform over all actions.

    Ties go to the first optimal action.

    Raises
    ------
    ValueError
        If ``weight`` lies outside [0, 1].

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import tiny_episodic
    >>> toward_optimal_baseline(tiny_episodic(), 0.5)[0].tolist()
    [[0.75, 0.25], [0.75, 0.25]]
    """
    weight = validate.number("weight", weight, low=0.0, high=1.0)
    n_actions = require_episodic(mdp).n_actions
    best = backward_induction(mdp).policy[..., None] == np.arange(n_actions)
    return np.asarray(weight * best + (1.0 - weight) / n_actions, dtype=np.float64)


def margin_mdp(
    S: int, A: int, horizon: int, margin: float, rng: RNGLike = None, *, weight: float = 0.5
) -> ConservativeProblem:
    """A random problem with another kernel and reward function at every step, and a given margin.

    Draws, with ``g`` the generator: ``P = g.dirichlet(ones(S), size=(horizon, S, A))``, then ``R = g.random((horizon,
    S, A))``. Baseline: ``toward_optimal_baseline(mdp, weight)``; threshold: its value minus ``margin``.

    Raises
    ------
    ValueError
        If ``margin`` is not positive or exceeds the baseline's value (every policy would satisfy the threshold).

    Examples
    --------
    >>> margin_mdp(3, 2, 4, 0.25, rng=0)
    ConservativeProblem('margin-3-2-h4-margin0.25-seed0', margin=0.25, gap=0.320866)
    """
    S, A = validate.integer("S", S, low=1), validate.integer("A", A, low=1)
    horizon = validate.integer("horizon", horizon, low=1)
    margin = validate.number("margin", margin, low=0.0, open_low=True)
    generator = as_generator(rng)
    P = generator.dirichlet(np.ones(S), size=(horizon, S, A))
    R = generator.random((horizon, S, A))
    name = f"margin-{S}-{A}-h{horizon}-margin{margin:g}"
    if isinstance(rng, (int, np.integer)):
        name += f"-seed{int(rng)}"
    mdp = EpisodicMDP(P, R, name=name)
    baseline = toward_optimal_baseline(mdp, weight)
    value = policy_value(mdp, baseline).value
    if margin > value:
        raise ValueError(f"margin is {margin:.12g}, expected at most the baseline's value {value:.12g}")
    return conservative_problem(mdp, baseline, threshold=value - margin)
