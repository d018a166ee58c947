r"""[li2023near]: a baseline from a data set; pessimism, its loss, the data that suffices, safety of the learner.

The theorem is derived here (docstring of theorylab/mdp/episodic/offline_baseline.py): with probability at least
$1-\delta$ the certified value is below the learned policy's; with probability at least $1-2\delta$ it is below the
value of *any* policy by at most $H(H-1)(\sqrt{\beta(n) C N/n} + 8 L C N/n)$.  The safe learner that is told the
certified value then violates with probability at most $\delta$: half of it for the data, half for the learner.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.episodic.offline_baseline_exact import CHECKS
from theorylab.rooms.proofs_checks.episodic.offline_baseline_links import (
    UNSCALED,
    expected_loss,
    learner_links,
    loss_bound,
    offline_links,
)
from theorylab.rooms.proofs_checks.episodic.offline_baseline_mutants import MUTANTS
from theorylab.rooms.proofs_checks.episodic.shared import (
    EVERYWHERE,
    NO_MUTANTS,
    known_problem,
    on_model,
    optimal_value,
    reference_check,
)

from theorylab.mdp.episodic.offline_baseline import sufficient_episodes
from theorylab.mdp.episodic.planning import backward_induction
from theorylab.verify.cases import Case, Instance
from theorylab.verify.kinds import HighProbability, NegativeControl, Rate
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Stage

HOME = "theorylab.mdp.episodic.offline_baseline"
REFERENCE = "theorylab.mdp.episodic.offline_baseline_reference:reference_stepmix_offline"
DELTA = 0.05
RUNS = {"smoke": 20, "quick": 262, "paper": 1000, "power": 6}
TINY, DIRICHLET = "tiny", "dirichlet-3-3-h3-seed5"


def data_of(
    problem: str, episodes: int, runs: Any, label: str, *, behaviour: Any = None, presets: Any = EVERYWHERE, **more: Any
) -> Instance:
    """Data of the problem's baseline, or of another behaviour."""
    found = known_problem(problem)
    law = found.baseline if behaviour is None else behaviour
    return on_model(
        found.mdp.name, episodes, runs, build=lambda: found.mdp, label=label, presets=presets, behaviour=law, **more
    )


def with_learner(
    problem: str, episodes: Any, runs: Any, label: str, *, presets: Any = EVERYWHERE, **more: Any
) -> Instance:
    """A safe learner whose baseline comes from data of the problem's baseline."""
    found = known_problem(problem)
    return on_model(
        found.mdp.name, episodes, runs, build=lambda: found.mdp, label=label, presets=presets,
        behaviour=found.baseline, threshold=found.threshold, **more,
    )  # fmt: skip


def narrow() -> Any:
    """A behaviour of the tiny problem that never tries the second action in the first state."""
    law = np.array(known_problem(TINY).baseline)
    law[:, 0] = (1.0, 0.0)
    return law


def enough_for_the_behaviour() -> int:
    """Data after which the certified value is that of the behaviour itself."""
    tiny = known_problem(TINY)
    best = backward_induction(tiny.mdp).policy
    return sufficient_episodes(tiny.mdp, tiny.baseline, best, tiny.baseline_value, delta=DELTA)


WIDE = data_of(TINY, 4000, RUNS, "tiny, 4000 episodes", checkpoints=(5, 40, 400, 4000), trace=True, presets=NO_MUTANTS)
NARROW = data_of(TINY, 300, RUNS, "tiny, narrow behaviour", behaviour=narrow(), checkpoints=(3, 30, 300))
MANY = data_of(DIRICHLET, 4000, RUNS, "Dirichlet, 4000 episodes", checkpoints=(40, 4000), presets=("paper",))
SHORT = data_of(
    TINY, 200, {"smoke": 6, "quick": 10, "power": 6}, "tiny, 200 episodes", checkpoints=(20, 200), trace=True
)
SHORT_NARROW = data_of(
    TINY, 300, {"smoke": 6, "quick": 20, "power": 6}, "narrow behaviour, traced", behaviour=narrow(),
    checkpoints=(3, 30, 300), trace=True,
)  # fmt: skip
ENOUGH = data_of(
    TINY, enough_for_the_behaviour(), RUNS, "tiny, sufficient data", checkpoints=(enough_for_the_behaviour(),)
)
GROWING = data_of(
    TINY, 20_000, {"smoke": 6, "quick": 12}, "tiny, growing data", presets=NO_MUTANTS,
    checkpoints=tuple(np.geomspace(200, 20_000, 9).astype(int).tolist()),
)  # fmt: skip
UNCERTAIN = data_of(
    TINY, 20, {"smoke": 60, "quick": 100}, "tiny, no bonus", scale=0.0, checkpoints=(20,), presets=NO_MUTANTS
)
SAFE = (
    with_learner(TINY, {"smoke": 100, "quick": 300, "power": 60}, RUNS, "tiny, 500 offline", offline_episodes=500),
    with_learner(
        DIRICHLET, 150, RUNS, "Dirichlet, 1000 offline", offline_episodes=1000, presets=("paper",),
    ),
)  # fmt: skip
TRACED = (
    with_learner(
        TINY, {"smoke": 60, "quick": 100, "power": 40}, {"smoke": 4, "quick": 8, "power": 3}, "traced tiny",
        offline_episodes=400, trace=True,
    ),
    with_learner(
        DIRICHLET, {"smoke": 20, "quick": 60, "power": 20}, {"smoke": 2, "quick": 4, "power": 2}, "traced Dirichlet",
        offline_episodes=1000, trace=True,
    ),
)  # fmt: skip
PLAYED = tuple(
    with_learner(
        problem, {"smoke": 30, "quick": 100, "power": 30}, {"smoke": 2, "quick": 3, "power": 2},
        f"{problem}, scale {scale}", scale=scale, offline_episodes=n,
    )
    for problem, scale, n in ((TINY, 1.0, 300), (DIRICHLET, 0.5, 500))
)  # fmt: skip


def above(run: Any, case: Case) -> bool:
    """Whether a certified value exceeds the learned policy's at some checkpoint."""
    return bool(np.any(run.extra["lower_values"] > run.extra["true_values"] + 1e-9))


def final_loss(run: Any, case: Case) -> float:
    """What the data costs: the optimal value less the certified one."""
    return optimal_value(case) - float(run.extra["lower_values"][-1])


def violated(run: Any, case: Case) -> bool:
    """Whether any executed policy was below the threshold."""
    return bool(run.violations[-1] > 0)


def not_enough(run: Any, case: Case) -> bool:
    """Whether the certified value is below that of the behaviour."""
    return bool(run.extra["lower_values"][-1] < run.value[-1])


def claim(name: str, kind: Any, statement: str, instances: Any, **more: Any) -> Claim:
    """A claim that is derived here."""
    given = {"constants": "derived here", "hypotheses": (UNSCALED,), "source": "derived here", **more}
    return Claim(name=name, kind=kind, statement=statement, instances=instances, **given)


CLAIMS = (
    claim(
        "no violation with StepMix",
        HighProbability(DELTA),
        r"P(\exists k: V^{\pi_k} < \gamma) \le \delta, with \delta/2 for the data and \delta/2 for the learner",
        SAFE,
        event=violated,
        algorithm="stepmix_offline",
        explains="the learner trusts the certified value: if it were too high, mixtures would be unsafe",
    ),
    claim(
        "no violation with EpsMix",
        HighProbability(DELTA),
        r"P(\exists k: V^{\pi_k} < \gamma) \le \delta, with \delta/2 for the data and \delta/2 for the learner",
        SAFE,
        event=violated,
        algorithm="epsmix_offline",
    ),
    claim(
        "pessimism",
        HighProbability(DELTA),
        r"P(\underline V > V^{\hat\pi}) \le \delta, at all checkpoints at once",
        (WIDE, NARROW, MANY),
        event=above,
        algorithm="learn_baseline",
    ),
    claim(
        "loss",
        HighProbability(2.0 * DELTA),
        r"V^* - \underline V \le H(H-1)(\sqrt{\beta(n) C N/n} + 8 L C N/n)",
        (WIDE, MANY),
        quantity=final_loss,
        bound=loss_bound,
        trivial=optimal_value,
        algorithm="learn_baseline",
    ),
    claim(
        "sufficient data",
        HighProbability(2.0 * DELTA),
        r"after sufficient_episodes(...) of them \underline V \ge V^\mu: as good as the behaviour was known",
        (ENOUGH,),
        event=not_enough,
        algorithm="learn_baseline",
    ),
    claim(
        "the loss falls",
        Rate(-0.35),
        r"V^* - \underline V = \tilde O(n^{-1/2}): at most n^{-0.35} here, the room is for the logarithm",
        (GROWING,),
        quantity=lambda run, case: (run.times, optimal_value(case) - run.extra["lower_values"]),
        algorithm="learn_baseline",
        constants="rate only",
    ),
    claim(
        "without the bonus the certificate fails",
        NegativeControl(DELTA),
        r"scale 0: P(\underline V > V^{\hat\pi}) > \delta",
        (UNCERTAIN,),
        event=above,
        algorithm="learn_baseline",
        constants="none",
        hypotheses=(),
        source="negative control",
    ),
)
STAGES = (
    Stage("loss of the policy", lambda run, case: optimal_value(case) - float(run.extra["true_values"][-1])),
    Stage("loss of the certificate", final_loss, "pessimism"),
    Stage("expected radii", lambda run, case: float(expected_loss(run, case)[-1]), "the largest bound, then the radii"),
    Stage("bound", lambda run, case: loss_bound(case), "coverage, concentrability, Cauchy-Schwarz"),
)
RESULT = Result(
    slug="offline_baseline",
    area="mdp/episodic",
    title="A baseline learned offline: pessimistic value iteration certifies what a safe learner starts from",
    paper="li2023near",
    algorithms={
        "learn_baseline": f"{HOME}:learn_baseline",
        "stepmix_offline": f"{HOME}:stepmix_offline",
        "epsmix_offline": f"{HOME}:epsmix_offline",
    },
    claims=CLAIMS,
    links=(*offline_links((SHORT, SHORT_NARROW), (WIDE,)), *learner_links(TRACED)),
    checks=(
        *CHECKS,
        reference_check(
            "stepmix_offline", REFERENCE, PLAYED, more=("kinds", "greedy", "greedy_bounds", "certificates", "weights")
        ),
    ),
    stages=STAGES,
    profile_instance=data_of(
        TINY, 4000, {"smoke": 4, "quick": 10}, "profile", checkpoints=(4000,), trace=True, presets=EVERYWHERE
    ),
    mutants=MUTANTS,
    figures=("offline_baseline",),
    notes=(
        "The online counts start from zero. Pooling the data with the online episodes would be sound too (one event "
        "holds for all counts at once), but then the certificate and the learner share one event and one delta.",
        "The derived sample size is of order H^4 S^2 C/kappa^2 times a logarithm (S of it from the L1 radius); "
        "H^3 S C/kappa^2 is recalled for variance-aware bonuses and not claimed.",
        "The data set must certify a value above the threshold: on RiverSwim with H = 10 that takes about 100,000 "
        "episodes of the behaviour; before that the combination refuses, and says where data is missing.",
    ),
)
