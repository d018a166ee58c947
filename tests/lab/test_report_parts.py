"""Parts of the report: formulas, charts, numbers, citations, and the table of the README."""

from __future__ import annotations

import math
import re
import runpy
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from theorylab.lab.report import readme_table, summary_table, update_readme
from theorylab.lab.report.charts import ratio_bar, verdict_strip, waterfall
from theorylab.lab.report.citations import citations
from theorylab.lab.report.markup import math_markup, statement_markup, text_markup
from theorylab.lab.report.views import number

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("report_example.py")))


def text_of(markup: Any) -> str:
    """What a parser reads as text."""
    found: list[str] = []
    parser = HTMLParser()
    parser.handle_data = found.append  # type: ignore[method-assign]
    parser.feed(str(markup))
    parser.close()
    return "".join(found)


@pytest.mark.parametrize(
    "source",
    [
        r"\sqrt{T}",
        r"D\sqrt{S A \sqrt{T}}",
        r"\frac{1}{2}\tilde\rho_k \le \hat{p}",
        r"\|\hat p - p\|_1 > \sum_{k=1}^m x_k",
    ],
)
def test_formulas_have_the_structure_of_their_source(source: str) -> None:
    found = str(math_markup(source))
    drawn = found.partition("<annotation")[0]
    assert drawn.count("<msqrt>") == source.count(r"\sqrt")
    assert drawn.count("<mfrac>") == source.count(r"\frac")
    assert drawn.count("<mover") == source.count(r"\hat") + source.count(r"\tilde")
    assert "\\" not in drawn


@pytest.mark.parametrize("source", [r"\frac{1}{", r"\nosuchcommand{x} < 1", r"\left( x", "x_"])
def test_a_formula_that_cannot_be_read_is_shown_as_its_source(source: str) -> None:
    assert text_of(math_markup(source)) == source
    assert str(math_markup(source)).startswith("<code")


def test_ampersands_and_brackets_are_escaped() -> None:
    assert text_of(math_markup("a < b & c")).endswith("a < b & c")
    assert str(text_markup("<b> & `<i>` and $x<y$")).startswith("&lt;b&gt; &amp; <code>&lt;i&gt;</code> and <math>")


def test_statements_mix_words_and_formulas() -> None:
    found = str(statement_markup(r"R_T \le D S holds with probability at least 1 - \delta, for every T"))
    prose = re.sub(r"<math.*?</math>", "#", found)
    assert prose == "# holds with probability at least # for every T" or prose.startswith(
        "# holds with probability at least #"
    )
    assert str(statement_markup("R_T <= 3")) == "R_T &lt;= 3"
    inside = str(statement_markup(r"\Pr\left(\text{a run} \cap some event\right) \le \delta"))
    assert inside.startswith("<math") and inside.count("<math") == 1
    assert str(statement_markup("  ")) == ""


# charts and numbers


def _profile(values: Any, **more: Any) -> Any:
    names = tuple(f"stage {i}" for i in range(np.shape(values)[1]))
    return SimpleNamespace(
        slug="s",
        instance="i",
        horizon=100,
        names=names,
        explains=("",) * len(names),
        values=np.array(values, float),
        **more,
    )


def test_waterfall_of_known_decades() -> None:
    found = waterfall(_profile([[1.0, 10.0, 1000.0]] * 3))
    assert [s.slack for s in found.steps] == ["", "+1.00", "+2.00"]
    assert [s.factor for s in found.steps] == ["", "×10", "×100"]
    assert (found.total, found.total_factor, found.largest) == ("3.00", "×1000", "stage 2")
    bars = [
        [float(v) for v in re.search(r'rises" x="([\d.]+)%"[^>]*? width="([\d.]+)%', s.chart).groups()]
        for s in found.steps[1:]
    ]
    assert bars[0][0] + bars[0][1] == pytest.approx(bars[1][0], abs=0.02)  # a step starts where the one before ends
    assert bars[1][1] == pytest.approx(2 * bars[0][1], abs=0.02)
    positions = [t.position for t in found.ticks]
    assert [t.label for t in found.ticks] == ["1", "10", "100", "1000"]
    assert np.diff(positions) == pytest.approx([bars[0][1]] * 3, abs=0.02)


def test_waterfall_shows_a_step_that_falls_and_one_that_has_no_logarithm() -> None:
    found = waterfall(_profile([[-1.0, 4.0, 2.0]]))
    assert [s.falls for s in found.steps] == [False, False, True]
    assert [s.slack for s in found.steps] == ["", "–", "−0.30"]
    assert "falls" in found.steps[2].chart and "circle" not in found.steps[0].chart
    assert found.total == "–"


def test_waterfall_takes_the_slack_that_the_profile_gives() -> None:
    found = waterfall(_profile([[1.0, 10.0]], slack_log10=np.array([math.nan]), median=np.array([1.0, 10.0])))
    assert found.steps[1].slack == "–"


def test_small_bars() -> None:
    assert str(ratio_bar(None)) == str(ratio_bar(0.0)) == str(ratio_bar(math.nan)) == ""
    assert 'class="mark" width="50.0%"' in ratio_bar(1e-3)
    assert "beyond" in ratio_bar(1.5) and "beyond" not in ratio_bar(1.0)
    widths = [
        float(w) for w in re.findall(r'width="([\d.]+)%" height="8"', verdict_strip({"refuted": 1, "supported": 3}))
    ]
    assert widths[1:] == [75.0, 25.0]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (0.0005, "5×10⁻⁴"),
        (-0.25, "−0.25"),
        (1e6, "10⁶"),
        (999_999, "999999"),
        (2.2e-16, "2.2×10⁻¹⁶"),
        (-3e7, "−3×10⁷"),
        (math.inf, "∞"),
        (math.nan, "not a number"),
        (None, "–"),
        (1234.5, "1234"),
        (0.9999, "1"),
    ],
)
def test_numbers(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_citations() -> None:
    entry = (
        '@article{k, author = {M{\\"u}ller, Ana and Li, Bo}, title = {On {UCRL}}, journal = {J}, volume = {3},'
        " year = {2020}, url = {javascript:x}}"
    )
    found = citations({"k": entry})["k"]
    assert found.text == "Ana Müller and Bo Li (2020). On UCRL. J 3."
    assert found.url == ""


# README


def test_readme_table_by_hand() -> None:
    def part(claim: str, verdict: str, ratio: float | None, layer: str, level: str, **more: Any) -> dict[str, Any]:
        return {
            "claim": claim,
            "verdict": verdict,
            "ratio": ratio,
            "layer": layer,
            "level": level,
            "kind": "Always",
            "constants": "paper",
            **more,
        }

    record = {
        "slug": "ucrl2",
        "level": "L1",
        "parts": [
            part("theorem@a", "supported", 0.5, "theorem", "L2"),
            part("theorem@b", "supported", 0.002, "theorem", "L2"),
            part("theorem@c", "vacuous", 0.9, "theorem", "L0"),
            part("a|b@a", "vacuous", 1e-9, "theorem", "L0", constants="rate only"),
            part("control@a", "supported", 12.0, "theorem", "L2", kind="NegativeControl"),
            part("span@a", "supported", 0.5, "link", "L2"),
            part("span@b", "inconclusive", 0.5, "link", "L0"),
            part("reference@a", "supported", None, "reference", "L1"),
        ],
        "power": [
            {"mutant": "x", "caught_by": ["link: span@a"]},
            {"mutant": "y", "caught_by": [], "hole": "equivalent"},
        ],
    }
    assert readme_table([record]).splitlines() == [
        "| result | claim | verdict | measured / bound | level | constants |",
        "|---|---|---|---|---|---|",
        "| [`ucrl2`](../proofs_checks/ucrl2.py) | theorem | 1 vacuous, 2 supported | 0.002 to 0.5 | L2 | paper |",
        "|  | a\\|b | vacuous | – | L0 | rate only |",
        "|  | control (negative control) | supported |  | L2 | paper |",
        "|  | proof and checks | 1 link: 1 inconclusive, 1 supported; 1 check: supported; mutants caught: 1 of 2"
        " |  | L1 (whole result) |  |",
    ]


def test_summary_has_one_line_a_result_and_names_an_area_once() -> None:
    def record(slug: str, area: str) -> dict[str, Any]:
        parts = [
            {"claim": "theorem@a", "verdict": "supported", "layer": "theorem"},
            {"claim": "theorem@b", "verdict": "vacuous", "layer": "theorem"},
            {"claim": "span@a", "verdict": "supported", "layer": "link"},
        ]
        power = [{"mutant": "x", "caught_by": ["link: span@a"]}, {"mutant": "y", "caught_by": []}]
        return {"slug": slug, "area": area, "level": "L2", "parts": parts, "power": power}

    lines = summary_table([record("b", "mdp/x"), record("c", "bandits"), record("a", "mdp/x")]).splitlines()
    assert lines[0] == "| area | result | theorem | proof and checks | mutants caught | level |"
    assert lines[2:] == [
        "| bandits | [`c`](proofs_checks/c.py) | 1 vacuous, 1 supported | supported | 1 of 2 | L2 |",
        "| mdp/x | [`a`](proofs_checks/a.py) | 1 vacuous, 1 supported | supported | 1 of 2 | L2 |",
        "|  | [`b`](proofs_checks/b.py) | 1 vacuous, 1 supported | supported | 1 of 2 | L2 |",
    ]


def test_readme_says_which_claims_are_lower_bounds() -> None:
    part = {
        "claim": "theorem-5@a",
        "verdict": "supported",
        "ratio": 37.2,
        "layer": "theorem",
        "level": "L2",
        "kind": "LowerBound",
    }
    line = readme_table([{"slug": "s", "parts": [part]}]).splitlines()[2]
    assert "| theorem-5 (lower bound) | supported | 37 | L2 |" in line


def test_readme_table_of_rows_has_one_line_a_claim() -> None:
    rows = EXAMPLE["rows"]()
    lines = readme_table(rows).splitlines()
    claims = {(r.slug, r.name) for r in rows if r.layer == "theorem"}
    assert len(lines) == 2 + len(claims) + len({r.slug for r in rows})
    assert len({line.count("|") for line in lines}) == 1


def test_update_readme_keeps_the_rest(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- evidence:begin -->\nold\n<!-- evidence:end -->\nafter\n", encoding="utf-8")
    rows = EXAMPLE["rows"]()
    assert update_readme(readme, rows) is True
    text = readme.read_text(encoding="utf-8")
    assert text == f"before\n<!-- evidence:begin -->\n{summary_table(rows)}<!-- evidence:end -->\nafter\n"
    assert update_readme(readme, rows) is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing", r"README\.md holds the marker <!-- evidence:begin --> 0 times, expected once"),
        ("<!-- evidence:begin --><!-- evidence:begin --><!-- evidence:end -->", "2 times, expected once"),
        ("<!-- evidence:end --><!-- evidence:begin -->", "expected it after"),
    ],
)
def test_update_readme_refuses_a_file_without_markers(tmp_path: Path, text: str, message: str) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        update_readme(readme, [])
    assert readme.read_text(encoding="utf-8") == text


def test_small_models_are_drawn_and_others_are_not() -> None:
    from theorylab.rooms.proofs_checks import rbocpd, ucrl2

    from theorylab.lab.report.models import model_pictures

    names = [name for name, picture in model_pictures(ucrl2.RESULT, most=3) if picture]
    assert names == ["two-state-noisy", "two-state-slip-swapped", "riverswim-6"]
    assert model_pictures(rbocpd.RESULT) == ()  # streams
    assert model_pictures(None) == ()
