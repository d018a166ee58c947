"""Which check sees which mistake, measured: the table behind the figure "power of checkers".

Each mutant of UCB1, EXP3 and successive elimination (real replacements in the real source) is run again and again; a
layer's power is the share of repetitions in which it rejects.  The layers are

====  =========================================================================================
A     the theorem's bound on one benign instance, an e-process at level alpha
B     the bound on that and ten more instances, e-BH at level alpha
C     exact binomial tails of the confidence radius against the probability that the proof claims
D     mean regret more than 20% away from the law (UCB1), else from the unchanged algorithm's mean
E     exact E[R_T] over all outcomes; for EXP3 the exact mean loss over all draws of arms
R     the slow reference, decision by decision
====  =========================================================================================
"""

from __future__ import annotations

import importlib
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from theorylab.bandits import AdversarialBandit, BernoulliBandit
from theorylab.core.rng import child_seed
from theorylab.verify.code import Code, Mutant, library_code, mutant_code, plain_code
from theorylab.verify.exact.bandits import reward_tree_regret, scripted_arm_tree, ucb1_fluid_law
from theorylab.verify.statistics import betting, familywise
from theorylab.verify.statistics.radius_audit import radius_audit

__all__ = ["LAYERS", "SUBJECTS", "Subject", "rejections"]

LAYERS = ("A", "B", "C", "D", "E", "R")
LOADING = threading.Lock()  # ast.parse is not safe in two threads at once (CPython 3.11)
STOCHASTIC = "theorylab.bandits.stochastic"
GRID: tuple[tuple[tuple[float, ...], float], ...] = (  # means, T as a multiple of the benign horizon's half
    ((0.6, *[0.5] * 9), 10.0),
    ((*[0.5] * 9, 0.6), 10.0),
    *((m, 1.0) for m in ((0.5, 0.7), (0.7, 0.5), (0.9, 1.0), (0.0, 1.0), (0.02, 0.1), (0.1, 0.02))),
    ((0.9, 0.5, 0.95), 1.0),
    ((0.4, 0.5, 0.6, 0.9), 1.0),
)
TABLE = ((0, 1), (1, 0), (0, 1), (1, 1), (0, 0), (0, 1))  # losses of the exact tree of arms


def ucb1_bound(gaps: Any, horizon: int) -> float:
    """[auer2002finite, Theorem 1]."""
    d = gaps[gaps > 0]
    return float(np.sum(8 * math.log(horizon) / d) + (1 + math.pi**2 / 3) * d.sum())


def exp3_bound(gaps: Any, horizon: int) -> float:
    """sqrt(2 K T ln K), of the loss form."""
    return math.sqrt(2 * len(gaps) * horizon * math.log(len(gaps)))


def elimination_bound(gaps: Any, horizon: int) -> float:
    """The derived bound of successive elimination at delta = 1/T."""
    d = gaps[gaps > 0]
    level = math.log(2 * len(gaps) * horizon * horizon)
    return float(np.sum(d * (1 + 8 * level / d**2)) + d.max())


@dataclass(frozen=True)
class Subject:
    """An algorithm under mutation."""

    name: str
    entry: str  # module:function
    reference: str  # module:class
    room: str
    benign: tuple[float, ...]
    bound: Callable[[Any, int], float]
    keywords: Callable[[int], Mapping[str, Any]]
    layers: tuple[str, ...]
    wanted: tuple[str, ...]  # the mutants, by name

    @property
    def mutants(self) -> tuple[Mutant, ...]:
        """The mutants of the room that the figure shows."""
        room = importlib.import_module(f"theorylab.rooms.proofs_checks.{self.room}")
        by_name = {m.name: m for m in room.RESULT.mutants}
        missing = [name for name in self.wanted if name not in by_name]
        if missing:
            raise KeyError(f"{self.room} has no mutant {missing[0]!r}, expected one of {', '.join(by_name)}")
        return tuple(by_name[name] for name in self.wanted)


SUBJECTS: tuple[Subject, ...] = (
    Subject(
        "UCB1",
        f"{STOCHASTIC}.ucb1:ucb1",
        f"{STOCHASTIC}.ucb1_reference:UCB1",
        "ucb1",
        (0.8, 0.5, 0.5, 0.5),
        ucb1_bound,
        lambda horizon: {},
        ("A", "B", "C", "D", "E", "R"),
        (
            "bonus halved",
            "ln of the arm's own pulls",
            "a constant 95% radius",
            "mean over n + 1",
            "no first plays",
            "last arm skipped",
            "n and t swapped",
            "bonus doubled",
        ),
    ),
    Subject(
        "EXP3",
        "theorylab.bandits.adversarial.exp3:exp3",
        "theorylab.bandits.adversarial.exp3_reference:EXP3",
        "exp3",
        (0.6, *[0.5] * 9),
        exp3_bound,
        lambda horizon: {},
        ("A", "B", "D", "E", "R"),
        (
            "no importance weight",
            "rate divided by K",
            "+1 only for the played arm (rlberry)",
            "rate times 10",
            "stale probability",
            "loss sign flipped",
            "gain estimates without mixing",
        ),
    ),
    Subject(
        "Elimination",
        f"{STOCHASTIC}.successive_elimination:successive_elimination",
        f"{STOCHASTIC}.successive_elimination_reference:SuccessiveElimination",
        "successive_elimination",
        (0.8, 0.5, 0.5, 0.5),
        elimination_bound,
        lambda horizon: {"delta": 1.0 / horizon},
        ("A", "B", "C", "D", "E", "R"),
        (
            "radius halved",
            "no union bound",
            "one radius, not two",
            "off by one in the radius",
            "last arm not played again",
        ),
    ),
)


@cache
def unchanged_mean(entry: str, means: tuple[float, ...], horizon: int, keywords: tuple[Any, ...], plain: bool) -> float:
    """Mean regret of the unchanged algorithm over 200 runs."""
    code = plain_code({"f": entry}) if plain else library_code({"f": entry})
    bandit = BernoulliBandit(means)
    runs = 30 if plain else 200
    found = [code.algorithm("f")(bandit, horizon, rng=child_seed(77, i), **dict(keywords)) for i in range(runs)]
    return float(np.mean([run.regret[-1] for run in found]))


def regrets(subject: Subject, code: Code, means: tuple[float, ...], horizon: int, runs: int, seed: Any) -> Any:
    """Final regrets over the runs; infinite where the code stops with an error."""
    bandit, keywords = BernoulliBandit(means), subject.keywords(horizon)
    found = []
    for i in range(runs):
        try:
            found.append(float(code.algorithm("f")(bandit, horizon, rng=child_seed(seed, i), **keywords).regret[-1]))
        except Exception:  # a mutant may break anything
            found.append(math.inf)
    return np.array(found)


def log_e(subject: Subject, means: tuple[float, ...], horizon: int, values: Any) -> float:
    """Log e-value against "the mean regret is at most the bound"; 0 where the bound says nothing."""
    gaps = np.max(means) - np.array(means)
    cap, bound = horizon * gaps.max(), subject.bound(gaps, horizon)
    if not np.isfinite(values).all():
        return math.inf
    if bound >= cap:
        return 0.0
    return float(betting.log_e_refute(np.clip(values / cap, 0, 1), bound / cap).max())


def rejects(subject: Subject, code: Code, layer: str, setting: Mapping[str, Any], seed: Any) -> bool:
    """Whether one repetition of a layer rejects the code."""
    horizon, runs, alpha = setting["horizon"], setting["runs"], setting["alpha"]
    if layer in ("A", "D"):
        values = regrets(subject, code, subject.benign, horizon, runs, seed)
        if layer == "A":
            return log_e(subject, subject.benign, horizon, values) >= math.log(1 / alpha)
        gaps = np.max(subject.benign) - np.array(subject.benign)
        keywords = tuple(subject.keywords(horizon).items())
        law = (
            ucb1_fluid_law(gaps, horizon)
            if subject.room == "ucb1" and not setting["plain"]
            else unchanged_mean(subject.entry, subject.benign, horizon, keywords, setting["plain"])
        )
        return bool(not abs(values.mean() / law - 1) <= 0.2)
    if layer == "B":
        cells = [(subject.benign, horizon), *((m, round(x * horizon / 2)) for m, x in GRID)][: setting["instances"]]
        found = [
            log_e(subject, m, t, regrets(subject, code, m, t, runs, child_seed(seed, k)))
            for k, (m, t) in enumerate(cells)
        ]
        return bool(familywise.e_benjamini_hochberg(np.minimum(found, 700.0), alpha).any())
    if layer == "C":
        made = code.module(subject.entry.partition(":")[0])
        keywords = audit_keywords(subject, made)
        audit = radius_audit(
            lambda t, n: made.radius(t, n, **keywords), lambda t, n: made.claimed_miss(t, n, **keywords), certify=0
        )
        return not audit.holds
    if layer == "E":
        return exact_differs(subject, code, setting)
    return reference_differs(subject, code, seed)


def audit_keywords(subject: Subject, module: Any) -> dict[str, Any]:
    """What ``radius`` needs beyond (t, n)."""
    return {} if subject.room == "ucb1" else {"n_arms": 4, "delta": 1e-4}


def exact_differs(subject: Subject, code: Code, setting: Mapping[str, Any]) -> bool:
    """Exact expectation of the code under test against the unchanged one."""
    expected = unchanged_value(subject, setting["plain"], setting["tree"])
    return not math.isclose(exact_value(subject, code, setting), expected, rel_tol=1e-9)


@cache
def unchanged_value(subject: Subject, plain: bool, depth: int) -> float:
    """The exact expectation of the unchanged code."""
    code = plain_code({"f": subject.entry}) if plain else library_code({"f": subject.entry})
    return exact_value(subject, code, {"tree": depth})


def exact_value(subject: Subject, code: Code, setting: Mapping[str, Any]) -> float:
    """E[R_T] over all reward outcomes, or for EXP3 the mean loss over all draws of arms; NaN when the code breaks."""
    try:
        if subject.room == "exp3":
            losses = np.array(TABLE, dtype=float)
            bandit = AdversarialBandit(losses)

            def play(rng: Any) -> Any:
                run = code.algorithm("f")(bandit, len(losses), rng=rng, trace=True)
                return float(len(losses) - run.reward_sum[-1]), run.trace["probabilities"], run.trace["actions"]

            return float(scripted_arm_tree(play, len(losses), compiled=True))
        bandit, depth = BernoulliBandit([0.4, 0.7]), setting["tree"]
        keywords = {} if subject.room == "ucb1" else {"delta": 0.9}
        means = [Fraction(2, 5), Fraction(7, 10)]
        return float(
            reward_tree_regret(
                lambda rng: code.algorithm("f")(bandit, depth, rng=rng, trace=True, **keywords).trace["actions"],
                means,
                depth,
                compiled=True,
            )
        )
    except Exception:  # a mutant may break anything
        return math.nan


def reference_differs(subject: Subject, code: Code, seed: Any) -> bool:
    """Whether any of three short runs differs from the slow reference."""
    from theorylab.bandits.agents import agent_algorithm

    module, _, name = subject.reference.partition(":")
    slow = agent_algorithm(getattr(importlib.import_module(module), name))
    for k, means in enumerate(((0.6, 0.5, 0.4), (0.9, 0.1), (0.0, 1.0, 0.5))):
        keywords = subject.keywords(200)
        try:
            runs = [
                f(BernoulliBandit(means), 200, rng=child_seed(seed, k), trace=True, **keywords)
                for f in (code.algorithm("f"), slow)
            ]
        except Exception:  # a mutant may break anything
            return True
        if not np.array_equal(runs[0].trace["actions"], runs[1].trace["actions"]):
            return True
    return False


def rejections(task: Mapping[str, Any]) -> dict[str, Any]:
    """Rejections of each layer in ``repetitions`` repetitions for one mutant ("": the unchanged code)."""
    subject = next(s for s in SUBJECTS if s.name == task["subject"])
    plain, entries = task["plain"], {"f": subject.entry}
    mutant = next((m for m in subject.mutants if m.name == task["mutant"]), None)
    with LOADING:
        if mutant is not None:
            code = mutant_code(entries, mutant, plain=plain)
        else:
            code = plain_code(entries) if plain else library_code(entries)
    setting = {key: task[key] for key in ("horizon", "runs", "alpha", "instances", "tree", "plain")}
    counts = {}
    for number, layer in enumerate(subject.layers):
        sure = layer in ("C", "E")  # no sampling: one repetition decides all
        times = 1 if sure else task["repetitions"]
        seeds = [
            np.random.SeedSequence(task["entropy"], spawn_key=(*task["spawn_key"], number, r)) for r in range(times)
        ]
        with np.errstate(all="ignore"):
            found = sum(rejects(subject, code, layer, setting, seed) for seed in seeds)
        counts[layer] = found * task["repetitions"] if sure else found
    return {"counts": counts}
