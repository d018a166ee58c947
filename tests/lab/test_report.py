"""The report as text: self-contained, well-formed, honest about what says nothing."""

from __future__ import annotations

import re
import runpy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from theorylab.lab.report import build_report

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("report_example.py")))
CSS = Path(build_report.__code__.co_filename).parent / "templates" / "report.css"
VOID = {"meta", "link", "input", "img", "br"}


class Page(HTMLParser):
    """Elements with attributes and text; complains about tags that do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, {k: v or "" for k, v in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, {k: v or "" for k, v in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self._open):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    path = build_report(folder / "new" / "report.html", **EXAMPLE["everything"](folder / "new" / "figures"))
    assert [p.name for p in path.parent.iterdir() if p.is_file()] == ["report.html"]  # no temporary file stays
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_nothing_is_loaded_from_anywhere(page: Page, text: str) -> None:
    for tag, attributes in page.elements:
        for name in ("src", "srcset", "data", "poster", "action"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
        if tag == "link":
            assert attributes["href"] == "data:,"
    css = CSS.read_text(encoding="utf-8")
    assert "url(" not in css and "@import" not in css
    assert "fetch(" not in text and "XMLHttpRequest" not in text and "import(" not in text
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")


def test_outgoing_links_are_those_of_the_bibliography_and_inner_links_arrive(page: Page) -> None:
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    hrefs = [a["href"] for a in page.all("a")]
    assert {h[1:] for h in hrefs if h.startswith("#")} <= set(ids)
    outside = {h for h in hrefs if h.startswith("http")}
    assert outside == {"https://jmlr.org/papers/v11/jaksch10a.html", "https://proceedings.mlr.press/v232/alami23a.html"}
    assert {h for h in hrefs if not h.startswith(("#", "http"))} == {
        f"figures/ucrl2.{s}" for s in ("png", "pdf", "csv")
    }


def test_labels_for_people_who_do_not_see_or_point(page: Page) -> None:
    assert all(a["alt"] for a in page.all("img"))
    assert [a["lang"] for a in page.all("html")] == ["en"]
    assert all(a.get("scope") in ("col", "row") for a in page.all("th"))
    regions = [a for a in page.all("div") if a.get("class", "").startswith("scroll")]
    assert regions and all(a["tabindex"] == "0" and a["aria-label"] for a in regions)
    assert all(a["aria-hidden"] == "true" for a in page.all("svg"))


def test_all_that_was_found_is_on_the_page(page: Page) -> None:
    for words in (
        "UCRL2: near-optimal regret in communicating MDPs",
        "Thomas Jaksch, Ronald Ortner and Peter Auer (2010)",
        "@article{jaksch2010near",
        "theorylab.mdp.average_reward.ucrl2:ucrl2",
        "rewards in [0, 1]; scale == 1",
        "first useful horizon",
        "replay: run 7 of entropy 20101121",
        "does not meet the hypothesis: <observations> & more",
        "unseen: the stopping rule does not see the start",
        "expected of false alarms",
        "The largest step is sum over episodes",
        "both may be wrong in the same way",
        "0123456789abcdef",
    ):
        assert words in " ".join(page.text.split()), words


def test_entropy_is_a_number_or_a_seed(tmp_path: Path) -> None:
    for entropy, shown in ((7, "entropy 7"), ({"entropy": 7, "spawn_key": (1, 2)}, "entropy 7, spawn key 1, 2")):
        text = build_report(tmp_path / "r.html", meta={"entropy": entropy}).read_text(encoding="utf-8")
        assert f"<title>theorylab report ({shown})</title>" in text


def test_machines_and_dates_stay_away(text: str) -> None:
    assert "SECRET" not in text
    assert "1999-12-31" not in text


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        content = EXAMPLE["everything"](tmp_path / name / "figures")
        made.append(build_report(tmp_path / name / "report.html", **content).read_bytes())
    assert made[0] == made[1]


def test_vacuous_does_not_look_like_support(text: str) -> None:
    row = next(r for r in re.findall(r"<tr data-slug.*?</tr>", text, re.DOTALL) if 'data-verdict="vacuous"' in r)
    assert 'class="badge vacuous"' in row
    assert "supported" not in row and "<svg" not in row
    assert "✓" not in row


def test_levels_are_not_rounded_up(text: str) -> None:
    found = dict(re.findall(r'<h2 id="title-(\w+)">.*?<span class="level">(L\d)</span>', text))
    assert found == {"ucrl2": "L2", "rbocpd": "L0"}  # a mutant that nobody catches; something refuted


def test_what_must_not_be_overlooked_comes_first(text: str) -> None:
    first = text[text.index('class="alarms"') : text.index('id="glance"')]
    kinds = re.findall(r"<strong>(.*?)</strong>", first)
    assert kinds == ["refuted", "figure conclusion refuted", "missed mutant", "hole"]


def test_an_empty_report_and_one_without_power(tmp_path: Path) -> None:
    page = Page(build_report(tmp_path / "empty.html").read_text(encoding="utf-8"))
    assert "no statement was checked" in page.text
    everything = EXAMPLE["everything"](tmp_path / "figures")
    everything["power"] = None
    text = build_report(tmp_path / "report.html", **everything).read_text(encoding="utf-8")
    assert text.count("The mutants were not run for this page") == 2


def test_mutants_that_were_not_run_are_said_of_each_result(tmp_path: Path) -> None:
    everything = EXAMPLE["everything"](tmp_path / "figures")
    everything["power"] = [row for row in everything["power"] if row.slug == "ucrl2"]
    text = build_report(tmp_path / "a.html", **everything, power_known={"ucrl2"}).read_text(encoding="utf-8")
    assert text.count("The mutants were not run for this page") == 1
    assert text.count('<span class="muted">not run</span>') == 1
    text = build_report(tmp_path / "b.html", **everything).read_text(encoding="utf-8")
    assert "not run for this page" not in text and '<span class="muted">none listed</span>' in text


def test_recorded_rows_are_as_good_as_fresh_ones(tmp_path: Path) -> None:
    rows = [{**row.to_dict(), "layer": row.layer, "message": row.message} for row in EXAMPLE["rows"]()]
    power = [
        {"slug": p.slug, "mutant": p.mutant, "caught_by": list(p.caught_by), "hole": p.hole} for p in EXAMPLE["power"]()
    ]
    page = Page(build_report(tmp_path / "r.html", rows=rows, power=power).read_text(encoding="utf-8"))
    assert "2 of 3 mutants caught" in page.text
    assert "span of the values" in page.text


def test_a_missing_picture_is_said(tmp_path: Path) -> None:
    figures = EXAMPLE["figures"](tmp_path)
    figures[0].png.unlink()
    assert "ucrl2.png is not there" in build_report(tmp_path / "r.html", figures=figures).read_text(encoding="utf-8")


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("soft", "ground"),
        ("accent", "paper"),
        ("accent", "ground"),
        ("#ffffff", "blue"),
        ("#ffffff", "red"),
        ("#3b2c00", "amber"),
        ("#3f4955", "#eceff3"),
        ("red", "#fff7df"),
        ("red", "#fdf1ec"),
        ("soft", "#fdf1ec"),
        ("soft", "#fff7df"),
        ("#8a3d00", "paper"),
    ],
)
def test_contrast_of_text(ink: str, ground: str) -> None:
    names = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", CSS.read_text(encoding="utf-8")))
    light, dark = sorted((_luminance(names.get(c, c)) for c in (ink, ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2, level AA
