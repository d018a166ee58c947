"""False restarts and delays of a restarting policy against its threshold: what the figures of two detectors share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures import _style

from theorylab.bandits import BernoulliBandit, PiecewiseStationaryBandit
from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Conclusion, Outcome, Table
from theorylab.verify.statistics import binomial

__all__ = ["JUMPS", "draw_tradeoff", "level_conclusion", "tradeoff_data"]

HORIZON, AFTER = 2000, 600
JUMPS = ((0.9, 0.1), (0.8, 0.5))  # means of one arm before and after round HORIZON


def tradeoff(task: Mapping[str, Any]) -> dict[str, Any]:
    """Without a change the first restart or 0; with a jump the plays from it to the restart, AFTER if there is none."""
    import importlib

    module, _, name = task["entry"].partition(":")
    policy = getattr(importlib.import_module(module), name)
    seeds = np.random.SeedSequence(task["entropy"], spawn_key=task["spawn_key"])
    found = []
    for i in range(task["runs"]):
        seed = child_seed(seeds, i)
        if task["jump"] is None:
            run = policy(BernoulliBandit([0.5]), HORIZON, rng=seed, **task["keywords"])
            found.append(int(run.restart_times[0]) if len(run.restart_times) else 0)
        else:
            bandit = PiecewiseStationaryBandit([[m] for m in task["jump"]], [HORIZON])
            run = policy(bandit, HORIZON + AFTER, rng=seed, **task["keywords"])
            late = run.restart_times[run.restart_times > HORIZON]
            found.append(int(late[0]) - HORIZON if len(late) else AFTER)
    return {"found": found}


def tradeoff_data(
    parameters: Mapping[str, Any],
    entry: str,
    keywords: Callable[[float], Mapping[str, Any]],
    *,
    sweep: Sweep = serial,
    rng: RNGLike = None,
) -> Table:
    """One row a run: ``kind`` is "no change" or the jump, ``value`` the first restart or the delay."""
    seed = {"entropy": seed_of(rng)["entropy"], "spawn_key": list(seed_of(rng)["spawn_key"])}
    tasks = [
        {"entry": entry, "keywords": dict(keywords(x)), "jump": jump, "runs": parameters["runs"], **seed}
        for x in parameters["thresholds"]
        for jump in (None, *JUMPS)
    ]
    where = [(x, jump) for x in parameters["thresholds"] for jump in (None, *JUMPS)]
    rows = [
        ("no change" if jump is None else f"{jump[0]:g} to {jump[1]:g}", x, i, value)
        for (x, jump), got in zip(where, sweep(tradeoff, tasks), strict=True)
        for i, value in enumerate(got["found"])
    ]
    names = ("kind", "threshold", "run", "value")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)), {"value": "rounds"})


def draw_tradeoff(table: Table, figure: Any, label: str, marked: float, words: str) -> None:
    """Left: share of runs with a restart although nothing changes. Right: delay after a jump."""
    left, right = figure.subplots(1, 2)
    flat = table.where(kind="no change")
    x = np.array(flat.unique("threshold"), dtype=float)
    counts = np.array([int((flat.where(threshold=v)["value"] > 0).sum()) for v in x])
    runs = len(flat) // len(x)
    limits = np.array([binomial.clopper_pearson(int(c), runs, confidence=0.95) for c in counts])
    left.plot(x, counts / runs, color=_style.COLOURS["blue"], marker="o", markersize=4)
    left.fill_between(x, limits[:, 0], limits[:, 1], color=_style.COLOURS["blue"], alpha=0.2, linewidth=0)
    left.axhline(0.05, color="black", linewidth=0.8, linestyle=(0, (4, 2)))
    left.set(title=f"no change, T = {HORIZON}", xlabel=label, ylabel="share of runs with a restart", ylim=(-0.03, 1.03))
    for k, jump in enumerate(JUMPS):
        mine = table.where(kind=f"{jump[0]:g} to {jump[1]:g}")
        matrix = mine["value"].reshape(len(x), -1).T.astype(float)
        _style.band(
            right, x, matrix, f"jump {jump[0]:g} to {jump[1]:g}", _style.colour(k + 1), dash=_style.DASHES[k],
            interval="quantile",
        )  # fmt: skip
    right.set(
        title="after a jump", xlabel=label, ylabel=f"plays to the restart (rounds; {AFTER}: none)", ylim=(0, None)
    )
    for axes in (left, right):
        axes.axvline(marked, color="grey", linewidth=0.8, linestyle=(0, (1, 1)))
    said = f"left: 95% interval of the share, dashed: 5%; right: {_style.BANDS['quantile']}; dotted: {words}"
    handles, labels = right.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=2, title=said,
        title_fontsize=7,
    )  # fmt: skip


def level_conclusion(name: str, statement: str, threshold: float, *, below: bool, source: str) -> Conclusion:
    """False restarts at a threshold are below (or above) 5% of the runs: an exact binomial limit."""

    def evaluate(table: Table, alpha: float) -> Outcome:
        values = table.where(kind="no change", threshold=threshold)["value"]
        x, n = int((values > 0).sum()), len(values)
        low, high = binomial.lower_limit(x, n, alpha), binomial.upper_limit(x, n, alpha)
        holds, fails = (high <= 0.05, low > 0.05) if below else (low > 0.05, high <= 0.05)
        verdict = "supported" if holds else "refuted" if fails else "inconclusive"
        return Outcome(verdict, f"{x} of {n} runs restart without a change")

    return Conclusion(name, statement, source, evaluate)
