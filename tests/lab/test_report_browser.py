"""The report in a real browser: clicks, typing, phone width, no errors, nothing loaded from anywhere.

Headless Chromium is driven over its DevTools pipe, with nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from theorylab.lab.report import build_report

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next((found for name in BROWSERS if (found := shutil.which(name))), None)
EXAMPLE = runpy.run_path(str(Path(__file__).with_name("report_example.py")))

pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason=f"no browser found, looked for {', '.join(BROWSERS)}"),
    pytest.mark.skipif(sys.platform == "win32", reason="the DevTools pipe needs inherited file descriptors"),
]


class Browser:
    """One page in headless Chromium."""

    def __init__(self, profile: Path) -> None:
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        flags = (
            "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
            "--disable-component-update --disable-sync --disable-dev-shm-usage --remote-debugging-pipe"
        ).split()
        self.process = subprocess.Popen(
            [str(BROWSER), *flags, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,  # everything else is closed by default when another program starts
            preexec_fn=lambda: _hand_over(to_read, to_write),
        )
        os.close(to_read)
        os.close(to_write)
        self._buffer, self._sent, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> Any:
        """Send a command and wait for its answer."""
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._sent:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def _receive(self, seconds: float = 20.0) -> dict[str, Any]:
        until = time.monotonic() + seconds
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, until - time.monotonic()))
            data = os.read(self._read, 1 << 16) if ready else b""
            if not data:
                raise TimeoutError("the browser does not answer")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(line)
        if "method" in answer:
            self.events.append(answer)
        return answer

    def open(self, page: Path) -> None:
        """Load a file and wait until it is there."""
        self.events.clear()
        self.call("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._receive()

    def js(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def click(self, element: str) -> None:
        """A real mouse click in the middle of what the expression ``element`` gives."""
        x, y = self.js(
            f"(() => {{ const e = {element}; e.scrollIntoView({{block: 'center', inline: 'center'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, key: str, code: int, text: str = "") -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more)

    def width(self, pixels: int) -> None:
        """The width of the window."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=pixels, height=900, deviceScaleFactor=1, mobile=pixels < 600
        )

    def close(self) -> None:
        """End the browser that was started here."""
        with contextlib.suppress(OSError, TimeoutError, AssertionError):
            self._session = ""
            self.call("Browser.close")
        for pipe in (self._read, self._write):
            os.close(pipe)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _hand_over(to_read: int, to_write: int) -> None:
    """In the child: the pipe's ends become descriptors 3 and 4, where the browser looks for them."""
    import fcntl

    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (to_read, to_write)]  # out of the way of 3 and 4
    os.dup2(high[0], 3)
    os.dup2(high[1], 4)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("profile")
    found = Browser(folder)
    yield found
    found.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    return build_report(folder / "report.html", **EXAMPLE["everything"](folder / "figures"))


@pytest.fixture
def report(browser: Browser, page: Path) -> Iterator[Browser]:
    """The report at desktop width; afterwards there must be no error and no request but for the file itself."""
    browser.width(1280)
    browser.open(page)
    yield browser
    bad = [
        e
        for e in browser.events
        if e["method"] in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
    ]
    assert bad == []
    urls = [e["params"]["request"]["url"] for e in browser.events if e["method"] == "Network.requestWillBeSent"]
    assert page.as_uri() in urls
    assert [u for u in urls if not u.startswith("data:") and u.partition("#")[0] != page.as_uri()] == []


ROWS = "Array.from(document.querySelectorAll('#evidence-table tbody tr'))"
SHOWN = f"{ROWS}.filter((r) => r.offsetParent !== null)"


def header(title: str) -> str:
    buttons = "Array.from(document.querySelectorAll('#evidence-table th button'))"
    return f"{buttons}.find((b) => b.textContent.startsWith('{title}'))"


def bounds(report: Browser) -> list[str]:
    place = report.js(
        f"Array.from(document.querySelectorAll('#evidence-table th')).indexOf({header('Bound')}.parentElement)"
    )
    found: list[str] = report.js(f"{ROWS}.map((r) => r.cells[{place}].dataset.sort)")
    return found


def test_a_click_on_a_header_sorts_and_the_third_restores(report: Browser) -> None:
    expected = [row.bound for row in EXAMPLE["rows"]()]
    known = sorted(b for b in expected if b is not None)
    missing = [""] * expected.count(None)
    before = bounds(report)
    assert [float(b) if b else None for b in before] == expected
    sorts = "document.querySelector('#evidence-table th[aria-sort]:not([aria-sort=none])')?.ariaSort ?? 'none'"
    assert report.js(sorts) == "none"

    report.click(header("Bound"))
    assert [float(b) if b else "" for b in bounds(report)] == known + missing
    assert report.js(sorts) == "ascending"
    report.click(header("Bound"))
    assert [float(b) if b else "" for b in bounds(report)] == known[::-1] + missing
    assert report.js(sorts) == "descending"
    report.click(header("Bound"))
    assert bounds(report) == before
    assert report.js(sorts) == "none"


def test_sorting_by_verdict_puts_what_is_refuted_first_and_works_from_the_keyboard(report: Browser) -> None:
    report.js(f"{header('Verdict')}.focus()")
    report.key("Enter", 13, "\r")
    verdicts = report.js(f"{ROWS}.map((r) => r.dataset.verdict)")
    assert verdicts[:4] == ["refuted", "inconclusive", "vacuous", "not applicable"]
    assert set(verdicts[4:]) == {"supported"}


def test_search_by_slug_and_by_claim_hides_the_others(report: Browser) -> None:
    everything = EXAMPLE["rows"]()
    report.click("document.getElementById('search')")
    report.call("Input.insertText", text="rbocpd")
    assert report.js(f"{SHOWN}.map((r) => r.dataset.slug)") == ["rbocpd"] * sum(r.slug == "rbocpd" for r in everything)
    assert report.js("document.getElementById('status').textContent") == f"4 of {len(everything)} rows shown"
    report.call("Input.insertText", text=" DELAY")
    assert report.js(f"{SHOWN}.map((r) => r.querySelector('strong').textContent)") == ["mean delay"]
    report.call("Input.insertText", text=" nothing like this")
    assert report.js(f"{SHOWN}.length") == 0
    assert "None of" in report.js("document.getElementById('status').textContent")


def test_verdict_filter_and_reset(report: Browser) -> None:
    n = len(EXAMPLE["rows"]())
    report.click("document.querySelector('input[value=supported]')")
    assert sorted(report.js(f"{SHOWN}.map((r) => r.dataset.verdict)")) == [
        "inconclusive",
        "not applicable",
        "refuted",
        "vacuous",
    ]
    report.click("document.querySelector('input[value=vacuous]')")
    assert "vacuous" not in report.js(f"{SHOWN}.map((r) => r.dataset.verdict)")
    report.click(header("Bound"))
    report.click("document.getElementById('reset')")
    report.js("new Promise((done) => setTimeout(done, 0))")
    deadline = time.monotonic() + 5
    while report.js(f"{SHOWN}.length") != n and time.monotonic() < deadline:
        pass
    assert report.js(f"{SHOWN}.length") == n
    assert report.js("document.querySelectorAll('#evidence-table th:not([aria-sort=none])').length") == 0


def test_result_and_layer_can_be_chosen(report: Browser) -> None:
    for field, value in (("filter-slug", "ucrl2"), ("filter-layer", "reference")):
        report.js(
            f"(() => {{ const s = document.getElementById('{field}'); s.value = '{value}';"
            " s.dispatchEvent(new Event('input', {bubbles: true})); })()"
        )
    assert report.js(f"{SHOWN}.map((r) => [r.dataset.slug, r.dataset.layer])") == [["ucrl2", "reference"]] * 2


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_is_never_wider_than_the_window(report: Browser, width: int) -> None:
    report.width(width)
    report.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert report.js("document.documentElement.scrollWidth") <= width
    wide = report.js(
        "Array.from(document.querySelectorAll('main *, header *'))"
        ".filter((e) => !e.closest('.scroll, .formula, pre, .hidden, svg, .profile thead')"
        " && e.getBoundingClientRect().right > window.innerWidth + 1).map((e) => e.outerHTML.slice(0, 80))"
    )
    assert wide == []


def test_the_evidence_table_fits_a_desktop_window(report: Browser) -> None:
    assert (
        report.js("(() => { const e = document.querySelector('.tall'); return e.scrollWidth - e.clientWidth; })()") <= 0
    )


def test_axis_labels_do_not_overlap(report: Browser) -> None:
    for width in (390, 1280):
        report.width(width)
        overlaps = report.js(
            "Array.from(document.querySelectorAll('.axis')).flatMap((axis) => {"
            " const b = Array.from(axis.querySelectorAll('.tick'), (t) => t.getBoundingClientRect());"
            " return b.slice(1).map((r, i) => r.left - b[i].right); }).filter((gap) => gap < 2)"
        )
        assert overlaps == []


def test_pictures_and_formulas_are_drawn(report: Browser) -> None:
    assert report.js("Array.from(document.images, (i) => [i.complete, i.naturalWidth, i.naturalHeight])") == [
        [True, 64, 36]
    ]
    assert report.js("document.querySelectorAll('math').length") > 5
    sizes = report.js("Array.from(document.querySelectorAll('.claim math'), (m) => m.getBoundingClientRect().height)")
    assert min(sizes) > 5


def test_closed_blocks_open_for_printing(report: Browser) -> None:
    assert report.js("document.querySelectorAll('details:not([open])').length") > 0
    report.js("window.dispatchEvent(new Event('beforeprint'))")
    assert report.js("document.querySelectorAll('details:not([open])').length") == 0
    report.js("window.dispatchEvent(new Event('afterprint'))")
    report.click("document.querySelector('details.block summary')")
    assert report.js("document.querySelector('details.block').open")
