"""Markov decision processes of the literature with exact numbers, and a catalogue of named instances.

``named("riverswim-6")`` gives an instance, ``catalogue()`` all of them. Families take any size by name:
``riverswim-25-statrl``, ``chain-9``, ``garnet-30-4-3-seed7``, ``dirichlet-6-3-seed1``.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable
from functools import partial

from theorylab.mdp.environments.classic import chain, double_loop, six_arms
from theorylab.mdp.environments.frozen_lake import FROZEN_LAKE_MAPS, frozen_lake
from theorylab.mdp.environments.random_models import FIGURE_2_STARTS, dirichlet_mdp, garnet, piecewise_dirichlet
from theorylab.mdp.environments.riverswim import RIVERSWIM_VARIANTS, riverswim
from theorylab.mdp.environments.two_state import lower_bound_mdp, two_state
from theorylab.mdp.model import FiniteMDP

__all__ = [
    "FIGURE_2_STARTS",
    "FROZEN_LAKE_MAPS",
    "RIVERSWIM_VARIANTS",
    "catalogue",
    "chain",
    "dirichlet_mdp",
    "double_loop",
    "frozen_lake",
    "garnet",
    "lower_bound_mdp",
    "named",
    "piecewise_dirichlet",
    "riverswim",
    "six_arms",
    "two_state",
]


def catalogue() -> dict[str, Callable[[], FiniteMDP]]:
    """Name -> function without arguments that makes the instance.

    Examples
    --------
    >>> catalogue()["six-arms"]()
    FiniteMDP('six-arms', S=7, A=6)
    """
    return {
        "riverswim-6": partial(riverswim, 6),
        "riverswim-12": partial(riverswim, 12),
        "riverswim-20": partial(riverswim, 20),
        "riverswim-25": partial(riverswim, 25),
        "riverswim-6-strehl-littman": partial(riverswim, 6, variant="strehl_littman"),
        "riverswim-6-statrl": partial(riverswim, 6, variant="statrl"),
        "riverswim-12-statrl": partial(riverswim, 12, variant="statrl"),
        "riverswim-25-statrl": partial(riverswim, 25, variant="statrl"),
        "riverswim-6-statrl-r05": _riverswim_6_statrl_r05,
        "riverswim-6-ucrl3": partial(riverswim, 6, variant="ucrl3"),
        "riverswim-25-ucrl3": partial(riverswim, 25, variant="ucrl3"),
        "six-arms": six_arms,
        "double-loop": double_loop,
        "chain-5": partial(chain, 5),
        "frozen-lake-4x4": partial(frozen_lake, 4),
        "frozen-lake-4x4-deterministic": partial(frozen_lake, 4, slippery=False),
        "frozen-lake-8x8": partial(frozen_lake, 8),
        "garnet-10-3-3-seed0": partial(garnet, 10, 3, 3, rng=0),
        "garnet-20-4-3-seed0": partial(garnet, 20, 4, 3, rng=0),
        "dirichlet-4-7-seed0": partial(dirichlet_mdp, 4, 7, rng=0),
        "dirichlet-8-10-seed0": partial(dirichlet_mdp, 8, 10, rng=0),
        "dirichlet-12-15-seed0": partial(dirichlet_mdp, 12, 15, rng=0),
        "two-state": two_state,
    }


def named(name: str) -> FiniteMDP:
    """The instance of that name: one of the catalogue, or a member of a family of any size.

    Families: ``riverswim-<n>`` or ``riverswim-<n>-<variant>``, ``chain-<n>``, ``garnet-<S>-<A>-<branching>-seed<k>``,
    ``dirichlet-<S>-<A>-seed<k>``; without ``-seed<k>`` the seed is 0.

    Raises
    ------
    ValueError
        If there is none; the message lists the nearest names.

    Examples
    --------
    >>> named("riverswim-40-statrl")
    FiniteMDP('riverswim-40-statrl', S=40, A=2)
    >>> named("riverswin-6")
    Traceback (most recent call last):
    ...
    ValueError: name is 'riverswin-6', expected a known environment; near: riverswim-6, riverswim-25, riverswim-20
    """
    known = catalogue()
    if name in known:
        return known[name]()
    made = _from_family(str(name))
    if made is not None:
        return made
    near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.0)
    raise ValueError(f"name is {name!r}, expected a known environment; near: {', '.join(near)}")


def _riverswim_6_statrl_r05() -> FiniteMDP:
    mdp = riverswim(6, variant="statrl", r_left=0.05, r_right=1.0)
    return dataclasses.replace(mdp, name="riverswim-6-statrl-r05")


def _from_family(name: str) -> FiniteMDP | None:
    if match := re.fullmatch(r"riverswim-(\d+)(?:-([a-z0-9-]+))?", name):
        variant = (match[2] or "osband").replace("-", "_")
        return riverswim(int(match[1]), variant=variant) if variant in RIVERSWIM_VARIANTS else None
    if match := re.fullmatch(r"chain-(\d+)", name):
        return chain(int(match[1]))
    if match := re.fullmatch(r"garnet-(\d+)-(\d+)-(\d+)(?:-seed(\d+))?", name):
        return garnet(int(match[1]), int(match[2]), int(match[3]), rng=int(match[4] or 0))
    if match := re.fullmatch(r"dirichlet-(\d+)-(\d+)(?:-seed(\d+))?", name):
        return dirichlet_mdp(int(match[1]), int(match[2]), rng=int(match[3] or 0))
    return None
