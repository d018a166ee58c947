"""The Coq files prove what they say, false variants do not, and nothing is called proved that was not compiled here."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from coq_variants import FALSE_VARIANTS, MAIN_RESULTS, TOOLS

from theorylab.verify import coq
from theorylab.verify.coq import ALLOWED_ASSUMPTIONS, RECORD, check_coq, forbidden_words, record_coq

ROOM = Path(__file__).resolve().parents[2] / "proofs_checks" / "coq"
with_coqc = pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed")


@pytest.fixture(scope="session")
def checked(tmp_path_factory):
    """The results of the files and of the variants, compiled side by side: each is a minute for one core."""
    folder = tmp_path_factory.mktemp("variants")
    for tool in TOOLS:
        shutil.copy(ROOM / tool, folder)
    for name, (file, old, new) in FALSE_VARIANTS.items():
        variant(folder, file, old, new, name)
    before = sorted(path.name for path in ROOM.iterdir())
    with ThreadPoolExecutor(2) as pool:
        found = tuple({result.file: result for result in results} for results in pool.map(check_coq, (ROOM, folder)))
    assert sorted(path.name for path in ROOM.iterdir()) == before, "compiling left files in the tree"
    return found


@pytest.fixture(scope="session")
def compiled(checked):
    return checked[0]


@pytest.fixture(scope="session")
def compiled_variants(checked):
    return checked[1]


@pytest.fixture
def without_coqc(monkeypatch):
    monkeypatch.setattr(coq.shutil, "which", lambda name: None)


def variant(folder, file, old, new, name=None):
    """A copy of a file in which ``old`` is replaced wherever it stands."""
    text = (ROOM / file).read_text(encoding="utf-8")
    assert old in text, f"{file} no longer contains {old!r}"
    return small(folder, text.replace(old, new), name or file)


def small(folder, text, file="small.v"):
    (folder / file).write_text(text, encoding="utf-8")
    return folder


# ---- with the compiler ----


@with_coqc
def test_every_file_is_proved(compiled):
    assert set(compiled) == set(MAIN_RESULTS)
    for file, names in MAIN_RESULTS.items():
        result = compiled[file]
        assert (result.status, result.message) == ("proved in Coq", "")
        assert names <= set(result.lemmas)
        assert set(result.assumptions) <= ALLOWED_ASSUMPTIONS
        assert result.version


@with_coqc
def test_the_record_is_the_one_of_these_files(compiled):
    recorded = json.loads((ROOM / RECORD).read_text(encoding="utf-8"))["files"]
    assert {file: (entry["sha256"], tuple(entry["lemmas"])) for file, entry in recorded.items()} == {
        file: (result.sha256, result.lemmas) for file, result in compiled.items()
    }


@with_coqc
@pytest.mark.parametrize("name", FALSE_VARIANTS)
def test_a_false_variant_does_not_compile(compiled_variants, name):
    result = compiled_variants[name]
    assert result.status == "failed"
    assert "Error" in result.message


@with_coqc
def test_axioms_are_found_even_where_no_word_gives_them_away(tmp_path):
    text = "Variable hope : 1 = 2.\nLemma easy : 1 = 2. Proof. exact hope. Qed.\nPrint Assumptions easy.\n"
    (result,) = check_coq(small(tmp_path, text))
    assert result.status == "failed"
    assert result.message == "rests on unknown assumptions: hope"


@with_coqc
def test_a_lemma_without_axioms_is_proved_and_recorded_twice_alike(tmp_path):
    small(tmp_path, "Lemma two : 1 + 1 = 2. Proof. reflexivity. Qed.\nPrint Assumptions two.\n")
    (result,) = check_coq(tmp_path)
    assert (result.status, result.lemmas, result.assumptions) == ("proved in Coq", ("two",), ())
    first = record_coq(tmp_path).read_bytes()
    assert record_coq(tmp_path).read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == [RECORD, "small.v"]


@with_coqc
def test_a_failure_is_not_recorded(tmp_path):
    small(tmp_path, "Lemma two : 1 + 1 = 3. Proof. reflexivity. Qed.\nPrint Assumptions two.\n")
    with pytest.raises(RuntimeError, match=r"not recorded; small\.v: "):
        record_coq(tmp_path)
    assert not (tmp_path / RECORD).exists()


@with_coqc
def test_a_file_is_no_better_than_one_that_it_loads(tmp_path):
    small(tmp_path, "Lemma base : 1 + 1 = 3. Proof. Admitted.\nPrint Assumptions base.\n", "z_base.v")
    text = "Require Import z_base.\nLemma top : 1 = 1. Proof. reflexivity. Qed.\nPrint Assumptions top.\n"
    top, base = check_coq(small(tmp_path, text, "a_top.v"))
    assert (top.status, top.message) == ("failed", "needs z_base.v, not proved")
    assert base.status == "failed"


def test_files_that_load_each_other_are_refused(tmp_path):
    small(tmp_path, "Require Import b.\n", "a.v")
    small(tmp_path, "Require Import a.\n", "b.v")
    with pytest.raises(ValueError, match=r"in a circle: [ab]\.v, [ab]\.v, [ab]\.v"):
        check_coq(tmp_path)


@with_coqc
def test_a_file_that_takes_too_long_fails(tmp_path):
    text = "Ltac forever := idtac; forever.\nLemma l : True. Proof. forever. Qed.\nPrint Assumptions l.\n"
    (result,) = check_coq(small(tmp_path, text), timeout=1)
    assert (result.status, result.message) == ("failed", "coqc took more than 1 s")


# ---- refused with or without the compiler ----


@pytest.mark.parametrize("absent", [False, True])
def test_admitted_is_refused(tmp_path, monkeypatch, absent):
    if absent:
        monkeypatch.setattr(coq.shutil, "which", lambda name: None)
    (result,) = check_coq(variant(tmp_path, "sums.v", "Qed.", "Admitted."))
    assert (result.status, result.message) == ("failed", "refused: it contains Admitted")


def test_a_file_without_a_main_result_is_refused(tmp_path, without_coqc):
    (result,) = check_coq(small(tmp_path, "Lemma two : 1 + 1 = 2. Proof. reflexivity. Qed.\n"))
    assert result.status == "failed"
    assert "names no main result" in result.message


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("Axiom a : False.", ("Axiom",)),
        ("Parameters f g : nat.", ("Parameters",)),
        ("Proof. admit. Admitted.", ("Admitted", "admit")),
        ("Unset Guard Checking.", ("Guard Checking",)),
        ("(* outer (* Axiom *) Admitted *) Lemma admitted_by_all : True.", ()),
        ('(* a sign in a string "*)" Axiom *) Definition s := "Parameter".', ()),
        ("(* closed *) Axiom a : False. (* *)", ("Axiom",)),
    ],
)
def test_forbidden_words_are_read_outside_comments_and_strings(source, words):
    assert forbidden_words(source) == words


# ---- without the compiler ----


def test_without_coqc_the_record_is_compared(without_coqc):
    results = check_coq(ROOM)
    assert [result.file for result in results] == sorted(MAIN_RESULTS)
    assert {result.status for result in results} == {"recorded, not re-run"}
    assert all(result.version and set(result.assumptions) <= ALLOWED_ASSUMPTIONS for result in results)


def test_without_coqc_an_edited_copy_is_stale(tmp_path, without_coqc):
    for path in ROOM.iterdir():
        shutil.copy(path, tmp_path)
    variant(tmp_path, "sums.v", "<= 2 * sqrt (INR n).", "<= 1 * sqrt (INR n).")
    (tmp_path / "pigeonhole.v").unlink()
    small(tmp_path, "Lemma two : 1 + 1 = 2. Proof. reflexivity. Qed.\nPrint Assumptions two.\n", "new.v")
    found = {result.file: (result.status, result.message) for result in check_coq(tmp_path)}
    recorded = ("recorded, not re-run", "coqc is absent; the hash equals the recorded one")

    def needs(*files):
        return ("stale", f"coqc is absent and it needs {', '.join(files)}, not the recorded one")

    assert found == {
        **dict.fromkeys(("counting_tools.v", "exp_log_tools.v", "false_alarms.v", "laplace_mixture.v"), recorded),
        **dict.fromkeys(("markov_counting.v", "ville_alarms.v"), recorded),
        **dict.fromkeys(("elimination_sum.v", "hedge.v", "inverse_gap.v", "log_barrier.v"), needs("pigeonhole.v")),
        **dict.fromkeys(("finite_horizon.v", "learning_rates.v"), needs("pigeonhole.v")),
        "optimism_bracket.v": needs("finite_horizon.v", "pigeonhole.v"),
        "width_pigeonhole.v": needs("finite_horizon.v", "pigeonhole.v", "sums.v"),
        "new.v": ("stale", "coqc is absent, no record"),
        "pigeonhole.v": ("stale", "recorded, but the file is missing"),
        "sums.v": ("stale", "coqc is absent and the file is not the recorded one"),
    }


@pytest.mark.parametrize("missing", [False, True])
def test_without_coqc_a_file_is_stale_when_one_that_it_loads_is(tmp_path, without_coqc, missing):
    for path in ROOM.iterdir():
        shutil.copy(path, tmp_path)
    tools = tmp_path / "counting_tools.v"
    if missing:
        tools.unlink()
    else:
        tools.write_text(tools.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    stale = {result.file for result in check_coq(tmp_path) if result.status == "stale"}
    assert stale == {
        "counting_tools.v",
        "false_alarms.v",
        "laplace_mixture.v",
        "markov_counting.v",
        "ville_alarms.v",
    }


def test_without_coqc_nothing_can_be_recorded(tmp_path, without_coqc):
    with pytest.raises(RuntimeError, match="coqc is not on the PATH"):
        record_coq(tmp_path)


# ---- bad input ----


def test_bad_arguments_are_named(tmp_path):
    with pytest.raises(NotADirectoryError, match=r"folder is '.*nowhere', expected an existing directory"):
        check_coq(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="timeout is 0, expected a positive number of seconds"):
        check_coq(tmp_path, timeout=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "recorded.json cannot be read as a record"),
        ("[]", "recorded.json cannot be read as a record"),
        ('{"files": {"small.v": {"sha256": "0"}}}', r"files\['small.v'\] lacks assumptions, coqc, lemmas, status"),
    ],
)
def test_a_broken_record_is_named(tmp_path, without_coqc, text, message):
    (tmp_path / RECORD).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        check_coq(tmp_path)
