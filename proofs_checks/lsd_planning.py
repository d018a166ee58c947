"""[laforgue2022last]: planning for last-switch-dependent bandits; optimum, linear program, rounding, greedy."""

from __future__ import annotations

from typing import Any

from theorylab.rooms.proofs_checks.bandits.lsd_planning_checks import CHECKS, GREEDY, LP, OPTIMUM, ROUNDING, STATES

from theorylab.bandits import LastSwitchDependentBandit, RechargingBandit
from theorylab.bandits.environments import lsd_experiment
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import Mutant
from theorylab.verify.kinds import Always
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim

PAPER = "laforgue2022last"
ALL, NO_MUTANTS = ("smoke", "quick", "paper", "power"), ("smoke", "quick", "paper")


def satiation() -> LastSwitchDependentBandit:
    """Three arms that tire in runs and recover when idle."""
    return LastSwitchDependentBandit(
        [[0.9, 0.4, 0.9], [0.2, 0.5, 0.6], [0.3, 0.3, 0.3]], run=[[0.5, 0.1], [0.6, 0.7], [0.3, 0.3]], name="satiation"
    )


def instances(planner: str) -> tuple[Instance, ...]:
    """One planner on four bandits."""
    models: Any = {
        "experiment 1": lambda: lsd_experiment(1),
        "experiment 2": lambda: lsd_experiment(2),
        "satiation": satiation,
        "blocking": lambda: RechargingBandit.blocking([0.9, 0.5, 0.3], [3, 2, 1]),
    }
    horizon = {"smoke": 500, "quick": 5000, "power": 120}
    return tuple(
        Instance(
            f"{name}, {planner}", build, horizon, 1, {"planner": planner}, ALL if planner == "optimum" else NO_MUTANTS
        )
        for name, build in models.items()
    )


EVERY = tuple(i for p in ("optimum", "rounding", "greedy", "round robin") for i in instances(p))


def linear_program(case: Case) -> Any:
    """The bound of the case's model."""
    from theorylab.bandits.lsd import lsd_lp_bound

    return case.fact("linear program", lsd_lp_bound)


def optimal_rate(case: Case) -> float:
    """The optimum of the case's model."""
    from theorylab.bandits.lsd import lsd_optimum

    return case.fact("optimum", lambda model: lsd_optimum(model).rate)


BELOW = Claim(
    name="reward <= LP",
    kind=Always(),
    source="derived",
    statement=r"\sum_{s \le t} \mu_s \le LP\, t + \text{offset} for every policy and every t",
    constants="derived here",
    instances=EVERY,
    quantity=lambda run, case: float(max((-run.regret - linear_program(case).offset - 1e-9) / run.times)),
    bound=lambda case: linear_program(case).rate,
    trivial=lambda case: 1.0,
)
NEAR = Claim(
    name="the optimal cycle loses at most K",
    kind=Always(),
    source="derived",
    statement=r"\rho^* t - \sum_{s \le t} \mu_s \le K for every t",
    constants="derived here",
    instances=instances("optimum"),
    quantity=lambda run, case: float(max(optimal_rate(case) * run.times + run.regret)) - 1e-9,
    bound=lambda case: float(case.model.n_arms),
    trivial=lambda case: optimal_rate(case) * case.horizon,
    layer="link",
)

MUTANTS = (
    Mutant(
        "tau resets to 0", STATES, "            following.append(1)", "            following.append(0)", "by definition"
    ),
    Mutant("others' tau frozen", STATES, "tau + 1 if tau > 0 else 2", "tau if tau > 0 else 2", "by definition"),
    Mutant(
        "an arm that stops a run has tau = 1",
        STATES,
        "tau + 1 if tau > 0 else 2",
        "tau + 1 if tau > 0 else 1",
        "by definition",
    ),
    Mutant(
        "state capped one early",
        STATES,
        "else 2, len(tables.idle[i])))",
        "else 2, max(1, len(tables.idle[i]) - 1)))",
        "by definition",
    ),
    Mutant(
        "idle and run swapped",
        STATES,
        "return self.run[arm][-tau - 1]",
        "return self.idle[arm][min(-tau, len(self.idle[arm])) - 1]",
        "by definition",
    ),
    Mutant("one block's value", STATES, "first = seen[state]", "first = 0", "by definition"),
    Mutant("runs never end", STATES, "-len(tables.run[i])))", "-1))", "by definition"),
    Mutant("LP without tau + l - 1", LP, "return self.idle + self.plays", "return self.plays", "prices"),
    Mutant("LP forgets the runs", LP, "reward += tables.run[i][plays - 1]", "reward += 0", "prices"),
    Mutant("prices as the solver says them", LP, "max(round_price, needed)", "round_price", "prices"),
    Mutant("primal not scaled", LP, "return value / max(Fraction(1), *used)", "return value", "prices"),
    Mutant("first cycle taken for the best", OPTIMUM, "        if not better:\n", "        if True:\n", "two-sided"),
    Mutant("cycle begins anywhere", OPTIMUM, "if surplus < lowest:", "if surplus > lowest:", "two-sided"),
    Mutant("sum for mean", OPTIMUM, "length * r - gained for r", "r - gained for r", "two-sided"),
    Mutant("rounding keeps the worst", ROUNDING, "best = max(values)", "best = min(values)", "golden"),
    Mutant("rounding on a line", ROUNDING, "covers[c.arm, (at + j) % period, k]", "covers[c.arm, at, k]", "golden"),
    Mutant("greedy takes the least", GREEDY, "means.index(max(means))", "means.index(min(means))", "by definition"),
)

RESULT = Result(
    slug="lsd_planning",
    area="bandits/lsd",
    title="Planning for last-switch-dependent bandits",
    paper=PAPER,
    algorithms={"planned_play": "theorylab.bandits.lsd.lsd_planning:planned_play"},
    claims=(BELOW, NEAR),
    checks=CHECKS,
    mutants=MUTANTS,
    figures=("lsd_planning",),
    notes=(
        "On both published experiments the optimum meets the linear program; on random bandits it often does not.",
        "On the first experiment arms 1 and 2 fall due together: the greedy oracle skips arm 1 and never returns.",
        "Where no arm is due, the greedy oracle plays arm 0 for nothing and so delays it: on blocking bandits its"
        " factor 1 - 1/e (recalled) needs an arm for rounds off, and fails without one.",
    ),
)
