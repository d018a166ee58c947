from __future__ import annotations

import io

import pytest

from theorylab.lab import progress as module
from theorylab.lab.own import load_function


def test_plain_lines_at_most_every_ten_seconds(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    with module.reporting(stream=stream) as progress:
        for second in range(26):
            now[0] = float(second)
            progress("runs", second, 26)
    assert stream.getvalue().splitlines() == ["runs: 10 of 26", "runs: 20 of 26"]


def test_a_bar_in_a_terminal_shows_the_message():
    stream = io.StringIO()
    stream.isatty = lambda: True
    with module.reporting(stream=stream, interactive=True) as progress:
        progress("coin on [fair]", 1, 2)
        progress("coin on [fair]", 2, 2)
    assert "coin on [fair]" in stream.getvalue()


def test_two_levels_share_one_line():
    seen = []
    outer, inner = module.two_levels(lambda *words: seen.append(words))
    outer("coin", 1, 3)
    inner("run", 5, 20)
    assert seen == [("coin", 1, 3), ("coin (5 of 20 runs)", 1, 3)]
    assert module.two_levels(None) == (None, None) and module.nested(None, "x") is None


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("mine.py", ValueError, "expected FILE.py:FUNCTION"),
        ("mine.txt:f", ValueError, "expected FILE.py:FUNCTION"),
        ("mine.py:f-g", ValueError, "expected FILE.py:FUNCTION"),
        ("nowhere.py:f", FileNotFoundError, "there is no file nowhere.py"),
        ("{folder}/mine.py:g", ValueError, "has no function 'g'"),
        ("{folder}/mine.py:number", ValueError, "has no function 'number'"),
    ],
)
def test_an_own_file_that_is_not_as_expected(tmp_path, text, error, message):
    (tmp_path / "mine.py").write_text("number = 3\ndef f():\n    return 1\n")
    with pytest.raises(error, match=message):
        load_function(text.format(folder=tmp_path))


def test_an_own_file_may_import_its_neighbour(tmp_path):
    (tmp_path / "neighbour_of_mine.py").write_text("value = 5\n")
    (tmp_path / "mine.py").write_text("import neighbour_of_mine\ndef f():\n    return neighbour_of_mine.value\n")
    assert load_function(f"{tmp_path}/mine.py:f")() == 5
