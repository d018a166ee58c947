"""[alami2023restarted]: the categorical detector; Theorems R (false alarms) and D (delay), their proofs, the mutants.

The paper's own false-alarm theorem is not claimed: its recommended prior weight violates the theorem's condition, which
is checked, and raises false alarms far more often than it says, which is the negative control.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from theorylab.rooms.proofs_checks.average_reward.rbocpd_checks import CHECKS
from theorylab.rooms.proofs_checks.average_reward.rbocpd_delay import (
    FAILURE,
    at_change,
    before_alarm,
    column,
    first_crossing,
    log_margin,
    pinsker,
    theorem_delay,
    weissman,
)
from theorylab.rooms.proofs_checks.average_reward.rbocpd_exact import RBOCPD
from theorylab.rooms.proofs_checks.average_reward.rbocpd_mutants import MUTANTS

from theorylab.detection.rbocpd_bounds import delay_bound
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.kinds import HighProbability, NegativeControl
from theorylab.verify.result import Result
from theorylab.verify.statements import Claim, Link, Stage

PAPER = "alami2023restarted"
DELTA = 0.05
ALL, NO_MUTANTS = ("smoke", "quick", "paper", "power"), ("smoke", "quick", "paper")


def categorical(probabilities: Any, starts: Any = (1,)) -> Any:
    """A :class:`CategoricalStream` (its module brings numba, so it is imported when an instance is built)."""
    from theorylab.mdp.average_reward.rbocpd import CategoricalStream

    return CategoricalStream(probabilities, np.asarray(starts))


def drawn_from_prior(n_symbols: int) -> Any:
    """A stationary stream whose distribution is drawn anew in each run."""
    from theorylab.mdp.average_reward.rbocpd import DirichletStream

    return DirichletStream(n_symbols)


def uniform_or_skewed(n_symbols: int, skewed: bool) -> list[float]:
    """1/O each, or weights proportional to 2^-o."""
    weights = [2.0**-o if skewed else 1.0 for o in range(n_symbols)]
    return [w / math.fsum(weights) for w in weights]


def stationary(rule: str, n_symbols: int, skewed: bool, presets: tuple[str, ...]) -> Instance:
    """A stream without any change."""
    shape = "skewed" if skewed else "uniform"
    return Instance(
        f"O={n_symbols} {shape}" if rule == "theorem_r" else f"{rule} O={n_symbols} {shape}",
        lambda: categorical([uniform_or_skewed(n_symbols, skewed)]),
        horizon={"smoke": 200, "quick": 1000, "paper": 5000, "power": 60},
        runs={"smoke": 250, "quick": 700 if rule == "code" else 260, "paper": 2000, "power": 120},
        parameters={"rule": rule, "delta": DELTA, "stop_at_first_alarm": True},
        presets=presets,
    )


def one_change(n_symbols: int, gap: float, before: int, presets: tuple[str, ...], rule: str = "theorem_r") -> Instance:
    """The lower half of the symbols is more likely before the change, the upper half after it; L1 distance ``gap``."""
    tilt = np.repeat([gap / 2, -gap / 2], n_symbols // 2)
    delay = delay_bound(before, gap, n_symbols, delta=DELTA, failure=FAILURE, rule=rule)
    assert delay is not None, "Theorem D says nothing here"
    return Instance(
        f"O={n_symbols} gap {gap:g} after {before}",
        lambda: categorical([(1 + tilt) / n_symbols, (1 - tilt) / n_symbols], [1, before + 1]),
        horizon=before + delay,
        runs={"smoke": 250, "quick": 260, "paper": 2000, "power": 10},
        parameters={"rule": rule, "delta": DELTA, "trace": True},
        presets=presets,
    )


FLAT = tuple(
    stationary("theorem_r", o, s, ALL if o == 8 and not s else NO_MUTANTS) for o in (2, 4, 8, 16) for s in (False, True)
)
VILLE = tuple(stationary("ville", o, s, NO_MUTANTS) for o in (2, 8) for s in (False, True))
PUBLISHED = tuple(stationary("paper", o, False, NO_MUTANTS) for o in (2, 4, 8, 16))
SCRIPT = tuple(stationary("code", o, False, ("quick", "paper")) for o in (2, 4, 8, 16))
PRIOR = tuple(
    Instance(
        f"O={o} drawn from the prior",
        lambda o=o: drawn_from_prior(o),
        {"smoke": 200, "quick": 1000},
        {"smoke": 250, "quick": 800, "paper": 2000},
        {"rule": "dirichlet_prior", "delta": DELTA, "stop_at_first_alarm": True},
        NO_MUTANTS,
    )
    for o in (2, 4)
)
SMALL = one_change(2, 1.8, 100, ("smoke", "power", "quick"))
CHANGES = (
    SMALL,
    one_change(2, 0.8, 1000, ("quick", "paper")),
    one_change(2, 0.8, 300, ("paper",)),
    one_change(16, 1.0, 3000, ("quick", "paper")),
)


def alarmed(run: Any, case: Case) -> bool:
    """Any restart at all."""
    return run.first_alarm is not None


def rule_is(name: str) -> Hypothesis:
    """The detector runs with this prior weight and the delta of the claim."""
    wanted = {"rule": name, "delta": DELTA}
    return Hypothesis(f"rule {name}, delta {DELTA}", lambda case: wanted.items() <= dict(case.parameters).items())


NO_CHANGE = Hypothesis("no change point", lambda case: len(getattr(case.model, "starts", (1,))) == 1)
FALSE_ALARM = dict(event=alarmed, constants="derived here")
THEOREM_R = Claim(
    name="Theorem R",
    kind=HighProbability(DELTA),
    source="derived; replaces [alami2023restarted, Theorem 4.6]",
    statement=r"P(\exists t: \text{restart}) \le \delta for \eta = \delta C(m) / (n (n-1)^2 C(n)), any O and \theta",
    instances=FLAT,
    hypotheses=(NO_CHANGE, rule_is("theorem_r")),
    **FALSE_ALARM,
    explains="a detector that restarts without a change loses what it has learnt",
)
THEOREM_VILLE = Claim(
    name="Ville's rule",
    kind=HighProbability(DELTA),
    source="derived",
    statement=r"P(\exists t: \text{restart}) \le \delta for \eta = \delta / (n_1 (n_1 + 1) C(n))",
    instances=VILLE,
    hypotheses=(NO_CHANGE, rule_is("ville")),
    **FALSE_ALARM,
)
BAYESIAN = Claim(
    name="Bayesian rule",
    kind=HighProbability(DELTA),
    source="derived",
    statement=r"P(\exists t: \text{restart}) \le \delta for \eta = \delta / (n_1 (n_1 + 1)), \theta \sim Dirichlet(1)",
    instances=PRIOR,
    hypotheses=(rule_is("dirichlet_prior"),),
    **FALSE_ALARM,
)
CONTROL_PAPER = Claim(
    name="1/n exceeds 5%",
    kind=NegativeControl(DELTA),
    source="[alami2023restarted, Section 4], the recommended weight 1/n",
    statement=r"P(\exists t: \text{restart}) > 0.05 for \eta = 1/n",
    instances=PUBLISHED,
    hypotheses=(NO_CHANGE, rule_is("paper")),
    **FALSE_ALARM,
)
CONTROL_CODE = Claim(
    name="1/T exceeds 5%",
    kind=NegativeControl(DELTA),
    source="the authors' Bernoulli script, weight 1/T",
    statement=r"P(\exists t \le T: \text{restart}) > 0.05 for \eta = 1/T",
    instances=SCRIPT,
    hypotheses=(NO_CHANGE, rule_is("code")),
    **FALSE_ALARM,
)
THEOREM_D = Claim(
    name="Theorem D",
    kind=HighProbability(FAILURE),
    source="derived; replaces [alami2023restarted, Theorem 4.8]",
    constants="derived here",
    statement=r"P(\text{no restart by } c+d-1) \le \delta' when"
    r" n_1 d / (2 (n_1+d)) (G - w(n_1) - w(d))_+^2 > -\log\eta + \log C(n_1) + \log C(d)",
    event=lambda run, case: run.first_alarm is None,
    instances=CHANGES,
    hypotheses=(Hypothesis("one change point", lambda case: len(case.model.starts) == 2), rule_is("theorem_r")),
)


D_LINKS = (
    Link(
        name="types, lower",
        left=lambda r, c: at_change(r, c)["nH"] - at_change(r, c)["log_C"],
        right=column("log_M"),
        source="D (1)",
        instances=CHANGES,
    ),
    Link(name="types, upper", left=column("log_M"), right=column("nH"), source="D (1)", instances=CHANGES),
    Link(
        name="odds from entropies",
        left=lambda r, c: at_change(r, c)["entropies"] - at_change(r, c)["cost"],
        right=column("log_B"),
        source="D (2)",
        instances=CHANGES,
    ),
    Link(
        name="entropies are divergences",
        left=column("entropies"),
        right=column("divergences"),
        two_sided=True,
        tolerance=1e-8,
        source="D (3)",
        instances=CHANGES,
    ),
    Link(name="Pinsker", left=pinsker, right=column("divergences"), source="D (4)", instances=CHANGES),
    Link(
        name="Weissman",
        kind=HighProbability(FAILURE),
        left=weissman,
        right=lambda r, c: at_change(r, c)["L1"][-1],
        source="D (5)",
        instances=CHANGES,
    ),
    Link(
        name="the test sees the change",
        left=log_margin,
        right=lambda r, c: r.trace.log_ratio[int(c.model.starts[1]) - 1 :],
        given=before_alarm,
        tolerance=1e-7,
        source="D (6)",
        instances=CHANGES,
        explains="the detector's largest log(eta B) is at least that of the split at the change",
    ),
)


STAGES = (
    Stage(
        "measured delay",
        lambda r, c: max(1.0, (r.first_alarm or c.horizon) - c.model.starts[1] + 1.0),
        "observations from the change to the alarm",
    ),
    Stage("split at the change alone", lambda r, c: first_crossing(log_margin(r, c), c), "other splits are left out"),
    Stage(
        "method of types",
        lambda r, c: first_crossing(
            at_change(r, c)["entropies"] - at_change(r, c)["cost"] + at_change(r, c)["log_eta"], c
        ),
        "C(n1) C(n2) paid in full",
    ),
    Stage(
        "Pinsker",
        lambda r, c: first_crossing(pinsker(r, c) - at_change(r, c)["cost"] + at_change(r, c)["log_eta"], c),
        "divergences by L1 distances",
    ),
    Stage("Weissman, Theorem D", theorem_delay, "observed L1 distance by the true one"),
)


RESULT = Result(
    slug="rbocpd",
    area="mdp/average_reward",
    title="Restarted Bayesian change-point detection for categorical streams",
    paper=PAPER,
    algorithms={"rbocpd": f"{RBOCPD}:detect"},
    claims=(THEOREM_R, THEOREM_VILLE, BAYESIAN, CONTROL_PAPER, CONTROL_CODE, THEOREM_D),
    links=D_LINKS,
    checks=CHECKS,
    stages=STAGES,
    profile_instance=replace(CHANGES[1], runs={**dict(CHANGES[1].runs), "quick": 40}),  # a median needs few runs
    mutants=MUTANTS,
    coq=(
        "counting_tools.v:laplace_closed_form",
        "markov_counting.v:bayes_factor",
        "markov_counting.v:expected_bayes_factor",
        "markov_counting.v:expected_bayes_factor_le",
        "markov_counting.v:alarm_mass_le",
        "markov_counting.v:telescoping",
        "markov_counting.v:false_alarm_budget",
        "false_alarms.v:false_alarms",
    ),
    figures=("rbocpd",),
    notes=(
        "The published weight 1/n violates the condition of its own false-alarm theorem;"
        " it raises false alarms on half (O = 2) to nearly all (O = 16) streams of 1000 observations.",
        "Theorem R's price is delay: at O = 2, gap 0.4 after 300 observations, most changes stay unseen for hundreds.",
    ),
)
