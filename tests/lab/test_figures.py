from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from theorylab.lab.figures import evaluate_conclusions, figure_names, run_figure
from theorylab.verify.figure import Below, Conclusion, Figure, Outcome, Table


def table_of(means, runs=30, noise=1.0, seed=3):
    """Each algorithm's regret: its mean plus noise, on common runs."""
    rng = np.random.default_rng(seed)
    columns = {"algorithm": [], "run": [], "regret": []}
    for name, mean in means.items():
        columns["algorithm"] += [name] * runs
        columns["run"] += list(range(runs))
        columns["regret"] += (mean + noise * rng.standard_normal(runs)).tolist()
    return Table(columns, {"regret": "reward"})


def make(table, conclusions=(), **more):
    def draw(table, figure, parameters):
        figure.subplots().plot(table["regret"])

    options = {
        "slug": "none", "title": "t", "paper": "jaksch2010near", "number": "Figure 1", "presets": {"smoke": {"a": 1}},
        "data": lambda parameters, *, sweep, rng: table, "draw": draw, "conclusions": tuple(conclusions),
    }  # fmt: skip
    return Figure(**{**options, **more})


def p_conclusion(name, p):
    """A conclusion with a given p-value, decided as ``Below`` decides."""

    def evaluate(table, alpha):
        verdict = "supported" if p < alpha else "refuted" if 1 - p < alpha else "inconclusive"
        return Outcome(verdict, f"level {alpha:.4g}", p)

    return Conclusion(name, name, "here", evaluate)


def verdicts(p_values, alpha=0.05):
    figure = make(table_of({"a": 0.0}), [p_conclusion(f"c{i}", p) for i, p in enumerate(p_values)], alpha=alpha)
    return [o.verdict for o in evaluate_conclusions(figure, table_of({"a": 0.0})).values()]


def test_holms_steps():
    # levels 0.05/3, 0.05/2, 0.05 in the order of the p-values
    assert verdicts([0.04, 0.016, 0.024]) == ["supported", "supported", "supported"]
    assert verdicts([0.04, 0.017, 0.024]) == ["inconclusive"] * 3
    assert verdicts([0.04, 0.016, 0.026]) == ["inconclusive", "supported", "inconclusive"]
    assert verdicts([0.001, 0.99]) == ["supported", "refuted"]
    assert verdicts([0.001, 0.96]) == ["supported", "inconclusive"]  # refuting never gets more than alpha / m
    assert verdicts([]) == []


def test_family_wise_error_of_false_conclusions():
    """Six algorithms with one mean: a conclusion is called supported in at most alpha of 200 figures."""
    false = 0
    conclusions = [Below(f"a{i}", "b", column="regret", source="here") for i in range(5)]
    for seed in range(200):
        table = table_of({**{f"a{i}": 0.0 for i in range(5)}, "b": 0.0}, runs=10, seed=seed)
        found = evaluate_conclusions(make(table, conclusions), table)
        false += any(o.verdict == "supported" for o in found.values())
    assert false <= 20  # 200 * 0.05 = 10; P(Binomial(200, 0.05) > 20) < 0.001


def test_a_conclusion_without_a_p_value_gets_its_share():
    seen = []

    def evaluate(table, alpha):
        seen.append(alpha)
        return Outcome("supported", "", None)

    figure = make(table_of({"a": 0.0}), [Conclusion("x", "x", "here", evaluate), p_conclusion("y", 0.04)], alpha=0.1)
    found = evaluate_conclusions(figure, table_of({"a": 0.0}))
    assert seen == [0.05] and [o.verdict for o in found.values()] == ["supported", "supported"]


def test_files_and_header(tmp_path):
    table = table_of({"a": 0.0, "b": 5.0}, runs=5)
    conclusions = [
        Below("a", "b", column="regret", source="Section 1"),
        Below("b", "a", column="regret", source="ours"),
    ]
    caption = "two algorithms"
    found = run_figure(make(table, conclusions, caption=caption), "smoke", out=tmp_path, name="pair", rng=5)
    assert [o.verdict for o in found.outcomes.values()] == ["supported", "refuted"] and not found.holds
    assert found.png.read_bytes().startswith(b"\x89PNG") and found.pdf.read_bytes().startswith(b"%PDF")
    assert found.caption == caption and b"CreationDate" not in found.pdf.read_bytes()
    lines = found.csv.read_text().splitlines()
    header = [line[2:].split(": ", 1) for line in lines if line.startswith("#")]
    about = {key: json.loads(value) for key, value in header if key != "conclusion"}
    assert about["paper"] == "jaksch2010near" and about["entropy"] == 5 and about["parameters"] == {"a": 1}
    assert about["units"] == {"regret": "reward"} and len(about["source_hash"]) == 16 and "numpy" in about["versions"]
    assert [json.loads(v)["verdict"] for k, v in header if k == "conclusion"] == ["supported", "refuted"]
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert [float(row["regret"]) for row in rows] == table["regret"].tolist()  # every digit


def test_wrong_preset_and_wrong_data(tmp_path):
    with pytest.raises(ValueError, match="preset is 'paper', expected one of 'smoke'"):
        run_figure(make(table_of({"a": 0.0})), "paper", out=tmp_path)
    with pytest.raises(TypeError, match="returned a dict, expected a Table"):
        run_figure(make({}), "smoke", out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_names_of_several_figures():
    table = table_of({"a": 0.0})
    pair = [make(table, number="Figure 2 (left)"), make(table, number="ours")]
    assert figure_names(pair) == ["none-figure-2-left", "none-ours"] and figure_names(pair[:1]) == ["none"]
    with pytest.raises(ValueError, match="two figures would be called 'none-ours'"):
        figure_names([pair[1], pair[1]])


def test_band_is_the_students_interval():
    from matplotlib.figure import Figure as Canvas
    from scipy import stats
    from theorylab.rooms.figures import _style

    runs = np.random.default_rng(0).standard_normal((7, 3))
    axes = Canvas().subplots()
    mean, low, high = _style.band(axes, [1, 2, 3], runs, "x", _style.colour(0))
    for j in range(3):
        expected = stats.ttest_1samp(runs[:, j], 0.0).confidence_interval(0.95)
        assert (low[j], high[j]) == pytest.approx(expected) and mean[j] == pytest.approx(runs[:, j].mean())
    _, low, high = _style.band(axes, [1, 2, 3], runs, "x", _style.colour(0), interval="quantile")
    assert np.all(low >= runs.min(axis=0)) and np.all(high <= runs.max(axis=0))
    _style.legend(axes)
    assert axes.get_legend().get_title().get_text() == _style.BANDS["t"]
    with pytest.raises(ValueError, match="runs_matrix has shape"):
        _style.band(axes, [1, 2], runs, "x", "k")


def test_style_leaves_the_users_settings_alone():
    import matplotlib
    from theorylab.rooms.figures import _style

    with matplotlib.rc_context({"font.size": 23.0}):
        with _style.style():
            assert matplotlib.rcParams["font.size"] == 9.0
        assert matplotlib.rcParams["font.size"] == 23.0
