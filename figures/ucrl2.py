"""[jaksch2010near]: regret of UCRL2 against time, with its bound, on four environments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from theorylab.rooms.figures._style import COLOURS, band, bound_line
from theorylab.rooms.proofs_checks.average_reward.optimism import bound_22

from theorylab.core.rng import RNGLike, child_seed, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.verify.figure import Conclusion, Figure, Outcome, Table

DELTA = 0.05
ENVIRONMENTS = ("riverswim-6", "dirichlet-4-7", "garnet-10-3-3", "six-arms")
TITLES = {
    "riverswim-6": "RiverSwim, 6 states",
    "dirichlet-4-7": "dense random, 4 states, 7 actions",
    "garnet-10-3-3": "Garnet, 10 states, 3 actions",
    "six-arms": "SixArms, 7 states, 6 actions",
}
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"horizon": 20_000, "runs": 3},
    "quick": {"horizon": 1_000_000, "runs": 12},
    "paper": {"horizon": 10_000_000, "runs": 100},
}


def one_run(task: Mapping[str, Any]) -> dict[str, Any]:
    """One run of UCRL2 on one environment: times, regret, and what its bound needs."""
    from theorylab.mdp.average_reward import ucrl2
    from theorylab.mdp.environments import named
    from theorylab.mdp.planning import diameter, optimal_gain

    model = named(NAMES.get(task["environment"], task["environment"]))
    rng = child_seed(np.random.SeedSequence(task["entropy"], spawn_key=tuple(task["spawn_key"])), task["run"])
    run = ucrl2(model, task["horizon"], delta=DELTA, rng=rng)
    return {
        "times": np.asarray(run.times),
        "regret": np.asarray(run.regret),
        "gain": optimal_gain(model).gain,
        "diameter": diameter(model).value,
        "n_states": model.n_states,
        "n_actions": model.n_actions,
    }


NAMES = {"garnet-10-3-3": "garnet-10-3-3-seed0", "dirichlet-4-7": "dirichlet-4-7-seed0"}


def data(parameters: Mapping[str, Any], *, sweep: Sweep = serial, rng: RNGLike = None) -> Table:
    """Long form: environment, run, t, regret, the bound (22) and the trivial regret at t."""
    seed = seed_of(rng)
    tasks = [
        {
            "environment": environment, "run": run, "horizon": parameters["horizon"],
            "entropy": seed["entropy"], "spawn_key": list(seed["spawn_key"]),
        }
        for environment in ENVIRONMENTS
        for run in range(parameters["runs"])
    ]  # fmt: skip
    tables = []
    for task, found in zip(tasks, sweep(one_run, tasks), strict=True):
        times = found["times"]
        size = (int(found["n_states"]), int(found["n_actions"]), float(found["diameter"]))
        tables.append(
            Table(
                {
                    "environment": np.full(len(times), task["environment"]),
                    "run": np.full(len(times), task["run"]),
                    "t": times,
                    "regret": found["regret"],
                    "bound": np.array([bound_22(float(t), *size, DELTA) for t in times]),
                    "trivial": times * float(found["gain"]),
                },
                {"regret": "reward", "bound": "reward", "trivial": "reward", "t": "steps"},
            )
        )
    return Table.concatenate(tables)


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """Four panels with logarithmic axes: regret with a band, the bound, the trivial regret, a square-root guide."""
    panels = figure.subplots(2, 2, sharex=True)
    for axes, environment in zip(panels.flat, ENVIRONMENTS, strict=True):
        rows = table.where(environment=environment)
        one = rows.where(run=rows["run"][0])
        times = one["t"]
        regret = np.array([rows.where(run=r)["regret"] for r in rows.unique("run")])
        keep = times >= 100
        band(axes, times[keep], np.maximum(regret[:, keep], 1.0), "UCRL2", COLOURS["blue"], interval="quantile")
        axes.plot(
            times[keep],
            one["trivial"][keep],
            color=COLOURS["vermillion"],
            linestyle=(0, (5, 1.5)),
            label="largest possible, $T\\rho^*$",
        )
        bound_line(axes, times[keep], one["bound"][keep], "bound (22)")
        guide = np.sqrt(times[keep] / times[-1]) * regret[:, -1].mean()
        axes.plot(times[keep], guide, color="0.55", linewidth=1.0, linestyle=(0, (1, 1)), label="slope $\\sqrt{T}$")
        axes.set(xscale="log", yscale="log", title=TITLES[environment])
        axes.title.set_fontsize(9)
    for axes in panels[1]:
        axes.set_xlabel("steps $T$")
    for axes in panels[:, 0]:
        axes.set_ylabel("regret")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside upper center",
        ncols=4,
        frameon=False,
        title="UCRL2: mean, band: 5% to 95% of the runs",
        title_fontsize=7,
    )


def _below_the_bound(table: Table, alpha: float) -> Outcome:
    worst = float(np.max(table["regret"] / table["bound"]))
    useful = table["bound"] < table["trivial"]
    if worst <= 1.0 and not useful.any():
        return Outcome("vacuous", f"the bound is nowhere below T rho*; largest regret over bound {worst:.3g}")
    where = f"largest regret over bound {worst:.3g}; the bound is below T rho* at {useful.mean():.0%} of the points"
    return Outcome("supported" if worst <= 1.0 else "refuted", where)


def _loose(table: Table, alpha: float) -> Outcome:
    last = table.where(t=int(table["t"].max()))
    ratios = {
        e: float(np.mean(last.where(environment=e)["bound"] / last.where(environment=e)["regret"]))
        for e in ENVIRONMENTS
    }
    text = ", ".join(f"{e} {r:.0f}x" for e, r in ratios.items())
    return Outcome(
        "supported" if min(ratios.values()) > 100 else "refuted", f"bound over mean regret at the end: {text}"
    )


def _growth(environment: str) -> Any:
    def evaluate(table: Table, alpha: float) -> Outcome:
        from scipy import stats

        rows = table.where(environment=environment)
        slopes = []
        for run in rows.unique("run"):
            mine = rows.where(run=run)
            late = mine["t"] >= mine["t"].max() / 10
            if np.any(mine["regret"][late] <= 0.0):
                return Outcome("inconclusive", "a regret is not positive yet")
            slopes.append(np.polyfit(np.log(mine["t"][late]), np.log(mine["regret"][late]), 1)[0])
        values = np.array(slopes)
        detail = f"mean slope {values.mean():.3f} over {len(values)} runs"
        if len(values) < 5:
            return Outcome("inconclusive", f"{detail}; 5 needed")
        p_above = float(stats.ttest_1samp(values, 0.5, alternative="less").pvalue)
        verdict = "supported" if p_above < alpha else "refuted" if 1.0 - p_above < alpha else "inconclusive"
        return Outcome(verdict, f"{detail}, p = {p_above:.2g}", p_above)

    return evaluate


def _little_learnt(table: Table, alpha: float) -> Outcome:
    from scipy import stats

    last = table.where(environment="six-arms", t=int(table["t"].max()))
    share = last["regret"] / last["trivial"]
    detail = f"mean regret is {100 * share.mean():.1f}% of the largest possible"
    if len(share) < 2 or np.ptp(share) == 0.0:
        return Outcome("supported" if share.min() > 0.9 else "inconclusive", detail)
    p = float(stats.ttest_1samp(share, 0.9, alternative="greater").pvalue)
    return Outcome(
        "supported" if p < alpha else "refuted" if 1.0 - p < alpha else "inconclusive", f"{detail}, p = {p:.2g}", p
    )


CONCLUSIONS = (
    Conclusion(
        "regret below the bound",
        "where the bound (22) says something the regret is below it, at all times in all runs",
        "jaksch2010near, Theorem 2",
        _below_the_bound,
    ),
    Conclusion(
        "slower than root T on RiverSwim",
        "on RiverSwim the slope of log regret over the last decade is below 1/2",
        "jaksch2010near, Theorem 2",
        _growth("riverswim-6"),
    ),
    Conclusion(
        "slower than root T on the dense model",
        "on the dense model the slope of log regret over the last decade is below 1/2",
        "jaksch2010near, Theorem 2",
        _growth("dirichlet-4-7"),
    ),
    Conclusion(
        "the bound is loose", "the bound is more than 100 times the regret at the end, everywhere", "ours", _loose
    ),
    Conclusion(
        "little learnt on SixArms", "the mean regret is still above 90% of the largest possible", "ours", _little_learnt
    ),
)


def caption(table: Table, outcomes: Mapping[str, Outcome]) -> str:
    """What a stranger should take home."""
    horizon = int(table["t"].max())
    runs = len(table.unique("run"))
    return (
        f"Regret of UCRL2 with the theorem's constants to T = {horizon:,} on four environments, {runs} runs each. "
        "Where the dashed black bound lies above the orange line it says nothing: no learner can lose more than T "
        f"times the optimal gain. {outcomes['the bound is loose'].detail.capitalize()}. On SixArms the radii of the "
        f"theorem are so wide that little is learnt in this time ({outcomes['little learnt on SixArms'].detail})."
    )


FIGURE = Figure(
    slug="ucrl2",
    title="Regret of UCRL2 and its bound",
    paper="jaksch2010near",
    number="ours, for Theorem 2",
    presets=PRESETS,
    data=data,
    draw=draw,
    size=(8.0, 6.2),
    conclusions=CONCLUSIONS,
    caption=caption,
)
