"""The categorical detector against the printed algorithm in rationals, exact probabilities, Theorem D, bad input."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.core.kernels import plain_kernels
from theorylab.detection import detector
from theorylab.detection.rbocpd_bounds import delay_bound, delay_lower_bound, log_complexity, log_prior_weight
from theorylab.mdp.average_reward.rbocpd import CategoricalStream, DirichletStream, detect, rbocpd
from theorylab.mdp.average_reward.rbocpd_reference import eta, laplace_probability, reference_alarms
from theorylab.verify.code import plain_code

RULES = ("theorem_r", "ville", "dirichlet_prior", "paper", "code")


@st.composite
def streams_with_changes(draw):
    """Up to four pieces, each mostly one symbol, so that most streams restart."""
    n_symbols = draw(st.integers(2, 5))
    x = []
    for _ in range(draw(st.integers(1, 4))):
        usual = draw(st.integers(0, n_symbols - 1))
        piece = draw(st.lists(st.one_of(st.just(usual), st.integers(0, n_symbols - 1)), min_size=1, max_size=22))
        x += piece
    return n_symbols, x


@settings(max_examples=60, deadline=None)
@given(
    streams_with_changes(),
    st.sampled_from(RULES),
    st.sampled_from([0.05, 0.5, 0.9]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from([None, 2, 3, 8]),
)
def test_kernel_restarts_when_the_printed_algorithm_does(stream, rule, delta, block, every, slots):
    n_symbols, x = stream
    options = {"n_symbols": n_symbols, "rule": rule, "delta": delta, "horizon": len(x)}
    options |= {"block": block, "every": every, "slots": slots}
    run = rbocpd(x, **options)
    assert list(zip(run.alarms.tolist(), run.splits.tolist(), strict=True)) == list(reference_alarms(x, **options))


@pytest.mark.parametrize("rule", RULES)
def test_compiled_and_plain_kernels_agree_bitwise(rule):
    plain = plain_code({"rbocpd": "theorylab.mdp.average_reward.rbocpd:rbocpd"}).algorithm("rbocpd")
    x = detect(CategoricalStream([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]], [1, 61]), 120, trace=True, rng=3).trace.x
    for slots in (None, 16):
        options = {"n_symbols": 3, "rule": rule, "horizon": 120, "slots": slots, "trace": True}
        compiled, slow = rbocpd(x, **options), plain(x, **options)
        assert compiled.alarms.tolist() == slow.alarms.tolist()
        assert compiled.trace.log_ratio.tobytes() == slow.trace.log_ratio.tobytes()


def test_plain_functions_called_by_name_match_the_kernels():
    first, second = (detector.detector_state(2, 3, 4) for _ in range(2))
    with plain_kernels():
        assert detector.kernel(detector._observe) is detector._observe
    for x in (0, 1, 2, 2, 1, 0, 0, 0, 0):  # more candidates than slots: thinning too
        a = detector.observe_kernel(x, 1, detector.VILLE, 20.0, 1, *first)
        b = detector._observe(x, 1, detector.VILLE, 20.0, 1, *second)
        assert a == b
    for mine, other in zip(first, second, strict=True):
        assert mine.tobytes() == other.tobytes()
        assert not mine[0].any() or mine.dtype == np.int64  # detector 0 was not touched


# Exact false-alarm probabilities within 10 observations, theta = (1/5, 4/5), by enumeration with the reference; the
# detector of Theorem R cannot alarm that early at any delta < 1.
GOLDEN = {
    ("dirichlet_prior", 0.5): Fraction(520948, 9765625),
    ("dirichlet_prior", 0.9): Fraction(1501652, 9765625),
    ("paper", 0.05): Fraction(858464, 9765625),
    ("code", 0.05): Fraction(529216, 9765625),
    ("theorem_r", 0.9): Fraction(0),
    ("ville", 0.9): Fraction(0),
}


@pytest.mark.parametrize(("rule", "delta"), GOLDEN)
def test_exact_false_alarm_probability(rule, delta):
    total = Fraction(0)
    for x in itertools.product(range(2), repeat=10):
        if rbocpd(x, n_symbols=2, rule=rule, delta=delta, horizon=10, stop_at_first_alarm=True).first_alarm:
            total += Fraction(1, 5) ** x.count(0) * Fraction(4, 5) ** x.count(1)
    assert total == GOLDEN[rule, delta]


def test_alarms_of_one_split_by_hand():
    """O = 2, a split after 4 of 8, level 150: the union bound's term is 150 / (8 * 7^2); 18 of the 256 streams alarm.

    The evidence 1 / (5 P) passes 392 / 150 where the first block takes all of one symbol: 2 streams with counts (4, 4),
    8 each with (3, 5) and (5, 3).
    """
    alarms = 0
    for x in itertools.product(range(2), repeat=8):
        arrays = detector.detector_state(1, 2, 8, 4)
        alarms += any(detector.observe_kernel(o, 0, detector.THEOREM_R, 1 / 150, 8, *arrays) for o in x)
    assert alarms == 18
    assert 0 < alarms / 256 <= 150 / 392


def test_theorem_r_weights_in_closed_form_are_the_exact_ones():
    for rule, n_symbols, n1, n2 in itertools.product(RULES, (2, 7), (1, 5, 30), (1, 6, 40)):
        exact = eta(rule, n1, n2, n_symbols, Fraction(1, 20), 100)
        ours = log_prior_weight(rule, n1, n2, n_symbols=n_symbols, delta=0.05, horizon=100)
        assert float(ours) == pytest.approx(math.log(exact.numerator) - math.log(exact.denominator), rel=1e-12)


def test_number_of_count_vectors():
    listed = [c for c in itertools.product(range(7), repeat=4) if sum(c) == 6]
    assert math.exp(log_complexity(6, 4)) == pytest.approx(len(listed))


def test_trace_is_the_largest_log_weight_of_the_closed_form():
    x = [0, 1, 1, 0, 2, 2, 2, 2, 2]
    trace = rbocpd(x, n_symbols=3, trace=True).trace
    assert trace.log_ratio[0] == -np.inf  # no split yet
    for t in range(2, len(x) + 1):
        ratios = [
            eta("theorem_r", k, t - k, 3, Fraction(1, 20), None)
            * laplace_probability(x[:k], 3)
            * laplace_probability(x[k:t], 3)
            / laplace_probability(x[:t], 3)
            for k in range(1, t)
        ]
        assert trace.log_ratio[t - 1] == pytest.approx(math.log(max(ratios)), abs=1e-12)


def test_delay_of_theorem_d_examples():
    """Values of the derivation: delta = delta' = 0.05, n1 = 300, 1000, 3000, 10000."""
    sizes = (300, 1000, 3000, 10000)
    assert [delay_bound(n, 0.8, 2) for n in sizes] == [1597, 339, 278, 269]
    assert [delay_bound(n, 1.0, 16) for n in sizes] == [None, 3052, 1007, 816]


def test_delay_on_a_grid_is_at_most_spacing_and_every_longer():
    plain = delay_bound(3000, 0.8, 2)
    for spacing, every in ((1, 8), (8, 1), (16, 7)):
        assert plain <= delay_bound(3000, 0.8, 2, spacing=spacing, every=every) <= plain + 2 * spacing + every
    # 3000 is a multiple of 8: the change stands on the grid, so only the test times matter
    assert delay_bound(3000, 0.8, 2, spacing=8) == plain


def test_information_bound_by_hand():
    assert delay_lower_bound([0.5, 0.5], [1.0, 0.0], 0.05) == pytest.approx(math.log(20) / math.log(2))
    assert delay_lower_bound([1.0, 0.0], [0.5, 0.5], 0.05) == 0.0  # a symbol that was impossible


@pytest.mark.parametrize("options", [{}, {"slots": 64}, {"block": 8, "every": 8}])
def test_change_is_found_within_theorem_d(options):
    stream, spacing = CategoricalStream([[0.7, 0.3], [0.3, 0.7]], [1, 1001]), 32 if "slots" in options else 8
    limit = delay_bound(1000, stream.gap(1), 2, spacing=spacing, every=8)
    for seed in range(6):
        run = detect(stream, 1000 + limit, rng=seed, stop_at_first_alarm=True, **options)
        assert run.first_alarm is not None
        assert 1000 < run.first_alarm
        assert abs(int(run.splits[0]) - 1001) < 200


def test_thinned_detector_without_change_keeps_theorem_r():
    stream = CategoricalStream([[0.25] * 4])
    alarms = [detect(stream, 1000, rng=i, slots=16, every=2, stop_at_first_alarm=True).first_alarm for i in range(60)]
    assert alarms == [None] * 60  # 59 alarm-free runs support 5% at the 95% level


def test_memory_of_the_slots_mode_does_not_grow():
    arrays = detector.detector_state(1, 3, 8)
    for i in range(5000):
        assert detector.observe_kernel(i % 3, 0, detector.THEOREM_R, 20.0, 1, *arrays) == 0
    _, before, position, _, state = arrays
    used, spacing = int(state[0, detector.USED]), int(state[0, detector.SPACING])
    assert before.shape == (1, 3, 8)
    assert position[0, :used].tolist() == [spacing * (k + 1) for k in range(used)]
    assert used * spacing <= 5000 < 8 * spacing + spacing
    assert before[0, :, :used].sum(axis=0).tolist() == position[0, :used].tolist()


def test_no_overflow_with_many_symbols():
    """C(n) leaves the range of a double: 400 symbols, 4000 observations; all symbols change at 2001."""
    x = np.concatenate([np.arange(2000) % 200, 200 + np.arange(2000) % 200])
    with np.errstate(all="raise"):
        run = rbocpd(x, n_symbols=400, slots=128, trace=True)
    assert len(run.alarms) >= 1
    assert 2000 < run.first_alarm < 2400
    assert not np.isnan(run.trace.log_ratio).any()
    with pytest.raises(ValueError, match=r"rule 'ville' is out of range for n_symbols=400 and 4000 observations"):
        rbocpd(x, n_symbols=400, rule="ville")


def test_restart_forgets_everything():
    x = [0] * 80 + [1] * 80 + [0] * 80
    run = rbocpd(x, n_symbols=2)
    assert run.splits.tolist() == [81, 161]
    later = rbocpd(x[run.first_alarm :], n_symbols=2)
    assert (later.alarms + run.first_alarm).tolist() == run.alarms[1:].tolist()
    assert run.starts.tolist() == [1, *(run.alarms + 1).tolist()]
    assert run.log_odds[0] == pytest.approx(
        math.log(laplace_probability([0] * 80, 2) * laplace_probability([1] * (run.first_alarm - 80), 2))
        - math.log(laplace_probability(x[: run.first_alarm], 2))
    )


def test_stop_at_first_alarm_reads_no_further():
    run = rbocpd([0] * 60 + [1] * 60, n_symbols=2, stop_at_first_alarm=True, trace=True)
    assert run.observations == run.first_alarm == len(run.trace.x) == 66


def test_single_observation_and_constant_stream_never_alarm():
    assert rbocpd([1], n_symbols=2, rule="paper").first_alarm is None
    assert rbocpd([1] * 500, n_symbols=2).first_alarm is None


def test_detect_is_reproducible_and_rules_meet_the_same_stream():
    stream = CategoricalStream([[0.2, 0.3, 0.5]])
    runs = [detect(stream, 50, rule=rule, rng=5, trace=True) for rule in ("paper", "theorem_r", "paper")]
    assert all((run.trace.x == runs[0].trace.x).all() for run in runs)
    assert runs[0].alarms.tolist() == runs[2].alarms.tolist()
    assert runs[0].to_dict()["parameters"]["rule"] == "paper"
    other = detect(DirichletStream(3), 50, rng=5, trace=True).trace.x
    assert other.shape == (50,)
    assert set(other.tolist()) <= {0, 1, 2}


def test_stream_draws_each_piece_from_its_row():
    x = detect(CategoricalStream([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], [1, 11]), 25, trace=True, rng=0).trace.x
    assert x.tolist() == [0] * 10 + [2] * 15


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": [0, 1, 2]}, ValueError, r"x\[2\] is 2, expected an integer in 0\.\.1"),
        ({"x": [0, -1]}, ValueError, r"x\[1\] is -1"),
        ({"x": [0.0, float("nan")]}, ValueError, r"x\[1\] is nan, expected an integer in 0\.\.1"),
        ({"x": [0.0, 0.5]}, ValueError, r"x\[1\] is 0\.5"),
        ({"x": [0.0, 1.0]}, TypeError, "x has dtype float64, expected integers"),
        ({"x": [[0, 1]]}, ValueError, "x has 2 dimensions, expected 1"),
        ({"x": []}, ValueError, "x is empty"),
        ({"n_symbols": 1}, ValueError, r"n_symbols is 1, expected an integer in 2\.\.1000000"),
        ({"delta": 0.0}, ValueError, r"delta is 0, expected a finite number in \(0, 1\)"),
        ({"delta": 1.0}, ValueError, "delta is 1"),
        ({"rule": "kt"}, ValueError, "rule is 'kt', expected one of 'theorem_r'"),
        ({"rule": "code"}, ValueError, "horizon is None, expected an integer >= 1 with rule='code'"),
        ({"block": 0}, ValueError, "block is 0, expected an integer >= 1"),
        ({"every": 0}, ValueError, "every is 0, expected an integer >= 1"),
        ({"every": 1.0}, TypeError, r"every is 1\.0, expected an integer"),
        ({"slots": 1}, ValueError, "slots is 1, expected an integer >= 2"),
        ({"n_symbols": 10**12}, ValueError, r"n_symbols is 1000000000000, expected an integer in 2\.\.1000000"),
        ({"delta": 1e-300}, ValueError, "delta is 1e-300, expected at least 1e-250"),
        ({"trace": 1}, TypeError, "trace is 1, expected True or False"),
        ({"stop_at_first_alarm": "no"}, TypeError, "stop_at_first_alarm is 'no', expected True or False"),
    ],
)
def test_bad_input_is_named(change, error, message):
    with pytest.raises(error, match=message):
        rbocpd(**({"x": [0, 1], "n_symbols": 2} | change))


@pytest.mark.parametrize(
    ("probabilities", "starts", "message"),
    [
        ([[0.5, 0.6]], [1], r"probabilities\[0\] sums to 1\.1, expected 1"),
        ([[0.5, 0.5]], [2], r"starts\[0\] is 2, expected 1"),
        ([[0.5, 0.5]] * 3, [1, 9, 9], r"starts\[2\] is 9, expected more than starts\[1\] = 9"),
        ([[0.5, 0.5]] * 2, [1], "starts has 1 entries, expected 2"),
        ([[1.0]], [1], "number of symbols is 1, expected an integer >= 2"),
    ],
)
def test_bad_streams_are_named(probabilities, starts, message):
    with pytest.raises(ValueError, match=message):
        CategoricalStream(probabilities, starts)


def test_extreme_parameters_that_are_allowed():
    x = [0] * 60 + [1] * 60
    for extreme in ({"delta": 1e-250}, {"every": 10**30}, {"block": 10**30}):
        assert rbocpd(x, n_symbols=2, **extreme).alarms.tolist() == []
    assert rbocpd([0] * 600 + [1] * 900, n_symbols=2, delta=1e-250).alarms.tolist() != []  # and it still detects


@pytest.mark.parametrize("change", [0, -1, 2])
def test_a_gap_is_asked_for_by_the_number_of_its_change(change):
    source = CategoricalStream([[0.9, 0.1], [0.1, 0.9]], starts=[1, 301])
    with pytest.raises(ValueError, match=rf"change is {change}, expected an integer in 1\.\.1"):
        source.gap(change)
