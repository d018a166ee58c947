"""Every named instance against reference constants that two other methods agreed on, and against linear programs."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from theorylab.mdp.environments import named, piecewise_dirichlet
from theorylab.mdp.planning import (
    diameter,
    gain_by_linear_program,
    hitting_times_by_linear_program,
    optimal_gain,
    policy_gain,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "planning_golden.json").read_text())
ROWS = {row["name"]: row for row in GOLDEN["rows"]}
EXACT = [name for name, row in ROWS.items() if "exact" in row]
RELATIVE = 1e-8  # every reference value has at least 11 significant digits


@pytest.fixture(params=list(ROWS), ids=str)
def row(request):
    mdp, row = named(request.param), ROWS[request.param]
    S, A, _ = mdp.P.shape
    s, a, t = np.ogrid[:S, :A, :S]
    assert (mdp.P * (1 + s + 2 * a + 3 * t) ** 2).sum() == pytest.approx(row["checksum"]["P"], rel=1e-10)
    return mdp, row


def test_gain_and_bias_span(row):
    mdp, expected = row
    solution = optimal_gain(mdp)
    assert solution.converged
    assert solution.gain == pytest.approx(expected["gain"], rel=RELATIVE)
    assert solution.bias_span == pytest.approx(expected["bias_span"], rel=RELATIVE)
    assert solution.gain_upper - solution.gain_lower <= 1e-12
    assert solution.check(mdp)


def test_diameter(row):
    mdp, expected = row
    solution = diameter(mdp)
    assert solution.converged and solution.communicating
    assert solution.value == pytest.approx(expected["diameter"], rel=RELATIVE)
    assert solution.times[tuple(expected["diameter_from_to"])] == pytest.approx(expected["diameter"], rel=RELATIVE)
    assert solution.lower <= solution.value <= solution.upper
    assert solution.check(mdp)


def test_the_reference_policy_has_the_optimal_gain(row):
    mdp, expected = row
    if "optimal_policy" not in expected:
        pytest.skip("no policy is recorded")
    value = policy_gain(mdp, expected["optimal_policy"])
    np.testing.assert_allclose(value.gain, expected["gain"], rtol=RELATIVE)
    assert value.check(mdp)


def test_linear_programs_agree(row):
    mdp, _ = row
    solution, program = optimal_gain(mdp), gain_by_linear_program(mdp)
    assert program.objective == pytest.approx(solution.gain, abs=2e-7)  # the solver's tolerance
    assert program.gain_lower <= solution.gain_upper and solution.gain_lower <= program.gain_upper
    longest = diameter(mdp)
    times = hitting_times_by_linear_program(mdp, longest.to_state)
    np.testing.assert_allclose(times, longest.times[:, longest.to_state], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", EXACT)
def test_exact_rationals(name):
    mdp, expected = named(name), ROWS[name]["exact"]
    solution, longest = optimal_gain(mdp, exact=True), diameter(mdp, exact=True)
    assert solution.exact == Fraction(expected["gain"])
    assert solution.exact_bias_span == Fraction(expected["bias_span"])
    assert longest.exact == Fraction(expected["diameter"])
    assert solution.max_denominator == longest.max_denominator == 10**6
    # the bounds of the floats hold for the rational model that the floats were rounded from
    assert solution.gain_lower <= solution.exact <= solution.gain_upper
    assert longest.lower <= longest.exact <= longest.upper
    assert solution.check(mdp) and longest.check(mdp)


@pytest.mark.parametrize("expected", GOLDEN["piecewise"], ids=lambda row: row["name"])
def test_pieces(expected):
    S, A = (int(x) for x in expected["name"].split("-")[2:4])
    pieces = piecewise_dirichlet(S, A, rng=0).pieces
    # these references are rounded to 8 and 6 decimals
    gains = [optimal_gain(piece) for piece in pieces]
    np.testing.assert_allclose([x.gain for x in gains], expected["gains"], rtol=0, atol=6e-9)
    np.testing.assert_allclose([x.bias_span for x in gains], expected["bias_spans"], rtol=0, atol=6e-9)
    np.testing.assert_allclose([diameter(x).value for x in pieces], expected["diameters"], rtol=0, atol=6e-7)


def test_exact_mode_of_the_large_lake():
    # denominators 3: the 64-state system over the rationals
    mdp = named("frozen-lake-8x8")
    solution = optimal_gain(mdp, exact=True)
    assert float(solution.exact) == pytest.approx(ROWS["frozen-lake-8x8"]["gain"], rel=1e-11)
    assert solution.gain_lower <= solution.exact <= solution.gain_upper


def test_results_are_remembered_by_content():
    assert optimal_gain(named("riverswim-6")) is optimal_gain(named("riverswim-6"))
    assert diameter(named("chain-5")) is diameter(named("chain-5"))
    assert optimal_gain(named("riverswim-6"), tolerance=1e-3) is not optimal_gain(named("riverswim-6"))
