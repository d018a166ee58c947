"""Whole results in processes: the same rows and figures as in this process, in order, errors included."""

from __future__ import annotations

import pytest

from theorylab.lab.catalogue import load_results
from theorylab.lab.reproduce import make_figures
from theorylab.lab.workers import done_jobs, side_by_side
from theorylab.verify.engine import DEFAULT_ENTROPY, check

SLUGS = ["etc", "lsd_planning"]


def test_processes_and_this_process_give_the_same_rows():
    results = load_results(SLUGS)
    seen = []
    jobs = [("findings", slug, "smoke", DEFAULT_ENTROPY) for slug in SLUGS]
    measured = done_jobs(jobs, 2, lambda message, done, total: seen.append((done, total)))
    apart = check(results, preset="smoke", measuring=measured)
    together = check(results, preset="smoke")
    assert len(apart) == len(together) > 20

    def plain(rows):
        return [{key: value for key, value in row.to_dict().items() if key != "seconds"} for row in rows]

    assert plain(apart) == plain(together)
    assert seen[0] == (0, 2) and seen[-1] == (2, 2)


def test_figures_of_processes_carry_their_tables(tmp_path, monkeypatch):
    monkeypatch.setattr("theorylab.lab.workers.LEAST_JOBS", 1)
    (found,) = make_figures(["etc"], "smoke", tmp_path, jobs=2)
    assert found.png.is_file() and len(found.table) > 0
    assert found.figure.slug == "etc" and set(found.outcomes) == {c.name for c in found.figure.conclusions}


def test_an_error_of_a_job_is_raised_here():
    with pytest.raises(Exception, match="nothing_of_that_name"):
        done_jobs([("findings", "nothing_of_that_name", "smoke", 1)], 2)


def test_statements_that_changed_meanwhile_are_an_error():
    results = load_results(["lsd_planning"])
    (measured,) = done_jobs([("findings", "lsd_planning", "smoke", DEFAULT_ENTROPY)], 2)
    measured[-1].place = 10_000
    with pytest.raises(RuntimeError, match="changed while they were measured"):
        check(results, preset="smoke", measuring=[measured])


def test_one_worker_or_few_jobs_stay_here():
    assert not side_by_side(1, 50) and not side_by_side(8, 3) and side_by_side(2, 4)
