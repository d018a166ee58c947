"""Episodic instances with exact numbers, conservative exploration problems on them, and catalogues of names.

``named("riverswim-6-h20")`` gives a model, ``named_problem("riverswim-4-h10")`` a model with baseline and threshold.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from theorylab.mdp.environments import RIVERSWIM_VARIANTS
from theorylab.mdp.episodic.environments.families import (
    combination_lock,
    dirichlet_episodic,
    episodic_chain,
    episodic_riverswim,
    hard_instance,
    tiny_episodic,
)
from theorylab.mdp.episodic.environments.grids import episodic_cliff, safe_grid, safe_grid_baseline
from theorylab.mdp.episodic.environments.problems import (
    ConservativeProblem,
    conservative_problem,
    margin_mdp,
    toward_optimal_baseline,
)
from theorylab.mdp.episodic.model import EpisodicMDP

__all__ = [
    "ConservativeProblem",
    "catalogue",
    "combination_lock",
    "conservative_problem",
    "dirichlet_episodic",
    "episodic_chain",
    "episodic_cliff",
    "episodic_riverswim",
    "hard_instance",
    "keywords_of",
    "margin_mdp",
    "named",
    "named_problem",
    "problem_catalogue",
    "safe_grid",
    "safe_grid_baseline",
    "tiny_episodic",
    "toward_optimal_baseline",
]


def catalogue() -> dict[str, Callable[[], EpisodicMDP]]:
    """Name -> function without arguments that makes the model.

    Examples
    --------
    >>> catalogue()["chain-5-h8"]()
    EpisodicMDP('chain-5-h8', S=5, A=2, H=8)
    """
    return {
        "riverswim-6-h20": episodic_riverswim,
        "riverswim-4-h10": partial(episodic_riverswim, 4, 10),
        "chain-5-h8": episodic_chain,
        "dirichlet-3-3-h3-seed5": partial(dirichlet_episodic, 3, 3, 3, rng=5),
        "combination-lock-h6-a2-seed0": partial(combination_lock, 6, 2),
        "hard-6-2-h8": hard_instance,
        "safe-grid": safe_grid,
        "cliff": episodic_cliff,
        "tiny": tiny_episodic,
    }


def problem_catalogue() -> dict[str, Callable[[], ConservativeProblem]]:
    """Name -> function without arguments that makes the conservative problem.

    Baselines: the optimal action with probability .6 (.4 for the Dirichlet model, .5 for the tiny one), else uniform;
    on the grid its own. Margins: .1 of the baseline's value (.3 for the Dirichlet model, .25 for the tiny one).
    """
    return {
        "riverswim-4-h10": partial(_toward_optimal, "riverswim-4-h10", 0.6, 0.1),
        "dirichlet-3-3-h3-seed5": partial(_toward_optimal, "dirichlet-3-3-h3-seed5", 0.4, 0.3),
        "chain-5-h8": partial(_toward_optimal, "chain-5-h8", 0.6, 0.1),
        "safe-grid": _safe_grid_problem,
        "tiny": partial(_toward_optimal, "tiny", 0.5, 0.25),
    }


def named(name: str) -> EpisodicMDP:
    """The model of that name: one of the catalogue, or a member of a family of any size.

    Families: ``riverswim-<n>-h<H>`` or ``riverswim-<n>-<variant>-h<H>``, ``chain-<n>-h<H>``,
    ``dirichlet-<S>-<A>-h<H>-seed<k>``, ``combination-lock-h<H>-a<A>-seed<k>``, ``hard-<S>-<A>-h<H>``.

    Raises
    ------
    ValueError
        If there is none; the message lists the nearest names.

    Examples
    --------
    >>> named("riverswim-25-statrl-h50")
    EpisodicMDP('riverswim-25-statrl-h50', S=25, A=2, H=50)
    >>> named("safe-gird")
    Traceback (most recent call last):
    ...
    ValueError: name is 'safe-gird', expected a known episodic model; near: safe-grid, hard-6-2-h8, chain-5-h8
    """
    known = catalogue()
    if not isinstance(name, str):
        raise TypeError(f"name is {name!r}, expected a string such as 'riverswim-6-h20'")
    if name in known:
        return known[name]()
    made = _from_family(name)
    if made is not None:
        return made
    raise ValueError(f"name is {name!r}, expected a known episodic model; near: {_near(name, known)}")


def named_problem(name: str) -> ConservativeProblem:
    """The conservative problem of that name.

    Raises
    ------
    ValueError
        If there is none; the message lists the nearest names.

    Examples
    --------
    >>> named_problem("tiny")
    ConservativeProblem('tiny', margin=0.232422, gap=0.195312)
    """
    known = problem_catalogue()
    if not isinstance(name, str):
        raise TypeError(f"name is {name!r}, expected a string such as 'riverswim-4-h10'")
    if name in known:
        return known[name]()
    raise ValueError(f"name is {name!r}, expected a known conservative problem; near: {_near(name, known)}")


def keywords_of(name: str) -> dict[str, Any]:
    """What a safe learner is told about the problem of that name; nothing when it is a model without a baseline.

    Examples
    --------
    >>> sorted(keywords_of("tiny")), keywords_of("riverswim-6-h20")
    (['alpha', 'baseline', 'baseline_value', 'threshold'], {})
    """
    if name not in problem_catalogue():
        return {}
    problem = named_problem(name)
    share = 1.0 - problem.threshold / problem.baseline_value
    told = {"baseline": problem.baseline, "baseline_value": problem.baseline_value}
    return {**told, "threshold": problem.threshold, "alpha": share}


def _toward_optimal(name: str, weight: float, margin_fraction: float) -> ConservativeProblem:
    mdp = named(name)
    return conservative_problem(mdp, toward_optimal_baseline(mdp, weight), margin_fraction=margin_fraction)


def _safe_grid_problem() -> ConservativeProblem:
    mdp = safe_grid()
    return conservative_problem(mdp, safe_grid_baseline(mdp.horizon), margin_fraction=0.1)


def _from_family(name: str) -> EpisodicMDP | None:
    if match := re.fullmatch(r"riverswim-(\d+)(?:-([a-z0-9-]+?))?-h(\d+)", name):
        variant = (match[2] or "osband").replace("-", "_")
        if variant not in RIVERSWIM_VARIANTS:
            return None
        return episodic_riverswim(int(match[1]), int(match[3]), variant)
    if match := re.fullmatch(r"chain-(\d+)-h(\d+)", name):
        return episodic_chain(int(match[1]), int(match[2]))
    if match := re.fullmatch(r"dirichlet-(\d+)-(\d+)-h(\d+)-seed(\d+)", name):
        return dirichlet_episodic(int(match[1]), int(match[2]), int(match[3]), rng=int(match[4]))
    if match := re.fullmatch(r"combination-lock-h(\d+)-a(\d+)-seed(\d+)", name):
        return combination_lock(int(match[1]), int(match[2]), rng=int(match[3]))
    if match := re.fullmatch(r"hard-(\d+)-(\d+)-h(\d+)", name):
        return hard_instance(int(match[1]), int(match[2]), int(match[3]))
    return None


def _near(name: str, known: Iterable[str]) -> str:
    return ", ".join(difflib.get_close_matches(str(name), list(known), n=3, cutoff=0.0))
