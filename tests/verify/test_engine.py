"""The engine on coins whose truth is known: every verdict, its error rate, refusals, replay, workers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from coins import Coin, Toss, coin_claim, coin_result, toss

from theorylab.core.sweeps import threads
from theorylab.verify import (
    Always,
    Case,
    Check,
    Comparison,
    Exact,
    Expectation,
    Family,
    HighProbability,
    Instance,
    Link,
    LowerBound,
    NegativeControl,
    Rate,
    assert_supported,
    check,
    replay,
)  # fmt: skip
from theorylab.verify.cases import Hypothesis
from theorylab.verify.verdicts import ROW_KEYS, first_useful_horizon


def verdict(claim, **options):
    (row,) = check([coin_result(claim)], preset="quick", **options)
    return row


def test_high_probability_supported_refuted_inconclusive():
    assert verdict(coin_claim(HighProbability(0.2), p=0.0), rng=1).verdict == "supported"
    assert verdict(coin_claim(HighProbability(0.05), p=0.5), rng=1).verdict == "refuted"
    row = verdict(coin_claim(HighProbability(0.05), p=0.0, runs=20), rng=1)
    assert row.verdict == "inconclusive"
    assert row.runs_needed == 90  # zero violations support delta = .05 at alpha = .01 from n = 90 (Clopper-Pearson)


def test_false_accusations_of_a_correct_algorithm_keep_the_stated_alpha():
    # violation probability exactly delta: the worst correct algorithm.  Five claims share one alpha of 0.1.
    claims = [
        dataclasses.replace(coin_claim(HighProbability(0.1), p=0.1, runs=60), name=f"claim {i}") for i in range(5)
    ]
    instances = [Instance(f"coin {i}", lambda: Coin(0.1), 10, 60) for i in range(5)]
    claims = [dataclasses.replace(c, instances=(i,)) for c, i in zip(claims, instances, strict=True)]
    # the same runs on every instance: shift the entropy per repetition, all five claims then fall together at worst
    accused = sum(
        any(row.verdict == "refuted" for row in check([coin_result(*claims)], alpha=0.1, rng=1000 + k))
        for k in range(200)
    )
    assert accused <= 30  # P(Bin(200, 0.1) > 30) = 0.008


def test_false_support_keeps_the_stated_alpha():
    claim = coin_claim(HighProbability(0.1), p=0.11, runs=60)
    supported = sum(verdict(claim, alpha=0.1, rng=5000 + k).verdict == "supported" for k in range(200))
    assert supported <= 30


def test_always_needs_one_violation_and_names_the_run():
    row = verdict(coin_claim(Always(), p=0.2), rng=3)
    assert row.verdict == "refuted"
    assert row.replay is not None
    first = row.replay["run"]
    seeds = [np.random.SeedSequence(3, spawn_key=(i,)) for i in range(first + 1)]
    values = [toss(Coin(0.2), 10, rng=seed).value for seed in seeds]
    assert values[:-1] == [0.0] * first
    assert values[-1] == 1.0


def test_negative_control():
    event = {"quantity": None, "bound": None, "event": lambda run, case: run.value > 0.5}
    caught = verdict(coin_claim(NegativeControl(0.05), p=0.5, **event), rng=1)
    assert caught.verdict == "supported"
    assert "refuted as it must be" in caught.message
    assert verdict(coin_claim(NegativeControl(0.2), p=0.0, **event), rng=1).verdict == "refuted"


def test_expectation_and_lower_bound():
    one = {"cap": lambda case: 1.0}
    assert verdict(coin_claim(Expectation(), p=0.1, **one), rng=1).verdict == "supported"
    assert verdict(coin_claim(Expectation(), p=0.9, **one), rng=1).verdict == "refuted"
    assert verdict(coin_claim(LowerBound(), p=0.9, **one), rng=1).verdict == "supported"
    assert verdict(coin_claim(LowerBound(), p=0.1, **one), rng=1).verdict == "refuted"
    assert verdict(coin_claim(Expectation(), p=0.5, runs=10, **one), rng=1).verdict == "inconclusive"


def test_rate():
    series = {"quantity": lambda run, case: (np.array([1.0, 10.0, 100.0, 1000.0]), run.series)}
    assert verdict(coin_claim(Rate(0.5), **series), rng=1).verdict == "supported"  # the series grows as T^0.4
    assert verdict(coin_claim(Rate(0.3), **series), rng=1).verdict == "refuted"
    assert verdict(coin_claim(Rate(0.5), runs=2, **series), rng=1).verdict == "inconclusive"


def test_a_bound_above_the_trivial_one_is_vacuous_and_says_where_it_ends():
    claim = coin_claim(
        HighProbability(0.05),
        p=0.0,
        bound=lambda case: 50.0 * case.horizon**0.5,
        trivial=lambda case: float(case.horizon),
    )
    row = verdict(claim, rng=1)
    assert (row.verdict, row.vacuous) == ("vacuous", True)
    case = claim.instances[0].at("quick")
    assert claim.bound is not None
    assert claim.trivial is not None
    # 50 sqrt(T) < T from T = 2501 on
    assert 2501 <= first_useful_horizon(claim.bound, claim.trivial, case) <= 2510
    assert first_useful_horizon(lambda c: 2.0 * c.horizon, claim.trivial, case) is None


def test_a_vacuous_bound_that_is_violated_is_not_excused():
    claim = coin_claim(Always(), p=1.0, trivial=lambda case: 0.4)
    assert verdict(claim, rng=1).verdict == "refuted"


def test_instances_outside_the_hypotheses_are_refused():
    fair = Hypothesis("the coin is fair", lambda case: case.model.p == 0.5)
    row = verdict(coin_claim(Always(), p=0.0, hypotheses=(fair,)), rng=1)
    assert row.verdict == "not applicable"
    assert "the coin is fair" in row.message
    assert row.runs == 0


def _link(**more):
    fields = {"left": lambda run, case: np.array([0.0, run.value]), "right": lambda run, case: np.array([1.0, 0.5])}
    fields.update(more)
    return Link(name="link", source="", instances=(Instance("coin", lambda: Coin(0.3), 10, 50),), **fields)


def test_links_look_at_every_entry():
    (row,) = check([coin_result(links=(_link(),))], rng=2)
    assert row.verdict == "refuted"
    assert row.layer == "link"
    (given,) = check([coin_result(links=(_link(given=lambda run, case: np.array([True, False])),))], rng=2)
    assert given.verdict == "supported"
    (never,) = check([coin_result(links=(_link(given=lambda run, case: False),))], rng=2)
    assert never.verdict == "inconclusive"


def test_not_a_number_is_a_violation():
    (row,) = check([coin_result(links=(_link(left=lambda run, case: float("nan")),))], rng=2)
    assert row.verdict == "refuted"


def test_replay_shows_both_sides():
    result = coin_result(links=(_link(),))
    (row,) = check([result], rng=2)
    text = replay(result, row.claim, run=row.replay["run"], rng=2)
    assert "1 violations" in text
    assert "left 1 > right 0.5" in text
    with pytest.raises(KeyError, match="no link 'other'"):
        replay(result, "other", run=0)


def test_checks_and_their_failures():
    def evaluate(code, case, rng):
        value = code.algorithm("toss")(case.model, 1, rng=1).value
        return Comparison(value <= 1.0, value, 1.0, "compared")

    made = Check(
        name="check",
        evaluate=evaluate,
        source="",
        instances=(Instance("coin", lambda: Coin(0.5), 1, 1),),
        kind=Exact(),
        certified=True,
    )
    (row,) = check([coin_result(checks=(made,))])
    assert (row.verdict, row.layer, row.level) == ("supported", "exact", "L4")
    (own,) = check([coin_result(checks=(made,))], algorithms={"toss": lambda m, T, *, rng: Toss(2.0, np.zeros(4))})
    assert own.verdict == "refuted"
    inside = dataclasses.replace(made, internals=True)
    (skipped,) = check([coin_result(checks=(inside,))], algorithms={"toss": toss})
    assert skipped.verdict == "not applicable"


def test_own_algorithm_takes_the_place_of_the_librarys():
    claim = coin_claim(HighProbability(0.05), p=0.0)
    broken = lambda coin, horizon, *, rng: toss(coin, horizon, rng=rng, shift=1.0)  # noqa: E731
    (row,) = check([coin_result(claim)], algorithms={"toss": broken})
    assert row.verdict == "refuted"


def test_assert_supported():
    claim = coin_claim(HighProbability(0.05), p=0.0)
    assert assert_supported(claim, algorithm=toss)[0].verdict == "supported"
    with pytest.raises(AssertionError, match="refuted"):
        assert_supported(claim, algorithm=lambda coin, horizon, *, rng: toss(coin, horizon, rng=rng, shift=1.0))
    vacuous = dataclasses.replace(claim, trivial=lambda case: 0.1)
    with pytest.raises(AssertionError, match=r"nothing supports claim.*vacuous"):
        assert_supported(vacuous, algorithm=toss)


def test_rows_do_not_depend_on_the_workers_and_have_the_documented_keys():
    claim = coin_claim(HighProbability(0.2), p=0.1)
    one, two = (check([coin_result(claim)], rng=9, sweep=sweep)[0] for sweep in (threads(1), threads(2)))
    assert dataclasses.replace(one, seconds=0.0) == dataclasses.replace(two, seconds=0.0)
    assert tuple(one.to_dict()) == ROW_KEYS
    assert ROW_KEYS == (
        "slug", "claim", "kind", "source", "constants", "verdict", "vacuous", "value", "bound", "ratio", "runs",
        "alpha", "level", "seconds",
    )  # fmt: skip


def test_families_draw_a_model_for_each_run():
    family = Family("coins", lambda generator: Coin(float(generator.random() < 0.5)))
    claim = coin_claim(Expectation(), cap=lambda case: 1.0)
    claim = dataclasses.replace(claim, instances=(Instance("family", lambda: family, 1, 100),))
    (row,) = check([coin_result(claim)], rng=4)
    assert 0.3 < float(row.message.split()[1]) < 0.7  # half of the drawn coins always fall on 1


def test_more_tests_share_one_alpha():
    claims = [dataclasses.replace(coin_claim(HighProbability(0.2), p=0.0), name=f"c{i}") for i in range(4)]
    rows = check([coin_result(*claims)], alpha=0.02)
    assert [row.alpha for row in rows] == [0.005] * 4


def test_case_of_a_preset_is_built_once():
    built = []
    instance = Instance("i", lambda: built.append(1) or Coin(0.5), {"smoke": 5, "quick": 50}, 1)
    assert instance.at("smoke") is instance.at("smoke")
    assert (instance.at("quick").horizon, instance.at("power").horizon) == (50, 5)
    assert built == [1]
    assert isinstance(instance.at("smoke"), Case)


NOTHING = np.zeros(4)


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), float("inf")])
@pytest.mark.parametrize("kind", [HighProbability(0.05), Always(), Expectation(), LowerBound()])
def test_a_quantity_that_is_no_number_is_never_support(kind, value):
    claim = coin_claim(kind, cap=lambda case: 1.0)
    (row,) = check([coin_result(claim)], algorithms={"toss": lambda m, T, *, rng: Toss(value, NOTHING)})
    assert row.verdict == "refuted"


@pytest.mark.parametrize(
    ("part", "value"), [("bound", float("nan")), ("bound", float("inf")), ("trivial", float("nan"))]
)
def test_a_bound_that_is_no_number_is_an_error(part, value):
    with pytest.raises(ValueError, match=r"expected a finite number|expected finite numbers"):
        check([coin_result(coin_claim(Always(), **{"trivial": lambda case: 5.0, part: lambda case: value}))])


def test_a_run_that_raises_is_an_error_and_not_left_out():
    def sometimes(coin, horizon, *, rng):
        if np.random.default_rng(rng).random() < 0.5:
            raise RuntimeError("tired")
        return Toss(0.0, NOTHING)

    with pytest.raises(RuntimeError, match="tired"):
        check([coin_result(coin_claim(Always()))], algorithms={"toss": sometimes})
    with pytest.raises(ValueError, match=r"claim on coin, run 0: AttributeError"):
        check([coin_result(coin_claim(Always()))], algorithms={"toss": lambda m, T, *, rng: object()})


def test_unknown_algorithms_and_presets_are_errors():
    with pytest.raises(ValueError, match=r"algorithms has the key 'tos', expected one of 'toss'"):
        check([coin_result(coin_claim(Always()))], algorithms={"tos": toss})
    with pytest.raises(TypeError, match="expected a function"):
        check([coin_result(coin_claim(Always()))], algorithms={"toss": 3})
    with pytest.raises(ValueError, match="preset is 'quik'"):
        check([coin_result(coin_claim(Always()))], preset="quik")


def test_a_record_of_another_horizon_or_seed_is_an_error():
    @dataclasses.dataclass
    class Said:
        value: float
        horizon: int
        seed: dict

    claim = coin_claim(Always())
    with pytest.raises(ValueError, match="has the horizon 5, expected 10"):
        check([coin_result(claim)], algorithms={"toss": lambda m, T, *, rng: Said(0.0, 5, {})})
    same = {"entropy": 0, "spawn_key": ()}
    with pytest.raises(ValueError, match="its runs are not independent"):
        check([coin_result(claim)], algorithms={"toss": lambda m, T, *, rng: Said(0.0, 10, same)})


def test_claims_are_validated_when_they_are_made():
    with pytest.raises(ValueError, match="runs is 0, expected an integer >= 1"):
        Instance("i", lambda: Coin(0.5), 10, 0)
    with pytest.raises(TypeError, match=r"runs\['quick'\] is 1.5"):
        Instance("i", lambda: Coin(0.5), 10, {"quick": 1.5})
    with pytest.raises(TypeError, match="has the kind 'always'"):
        coin_claim("always")
    with pytest.raises(ValueError, match="neither of quantity and event"):
        coin_claim(Always(), quantity=None)
    with pytest.raises(ValueError, match="has no instances"):
        dataclasses.replace(coin_claim(Always()), instances=())
    with pytest.raises(ValueError, match="instances is empty"):
        assert_supported(coin_claim(Always()), algorithm=toss, instances=[])
    with pytest.raises(ValueError, match="tolerance is inf"):
        _link(tolerance=float("inf"))


def test_an_infinite_right_side_is_no_equality():
    (row,) = check([coin_result(links=(_link(right=lambda run, case: float("inf"), two_sided=True),))], rng=2)
    assert row.verdict == "refuted"


def test_the_value_of_an_event_is_its_frequency():
    event = {"quantity": None, "bound": None, "event": lambda run, case: run.value > 0.5}
    row = verdict(coin_claim(HighProbability(0.5), p=0.2, runs=400, **event), rng=1)
    assert 0.15 < row.value < 0.25
    assert row.bound == 0.5
