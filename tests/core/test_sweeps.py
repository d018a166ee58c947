from __future__ import annotations

import threading
import time

import pytest

from theorylab.core.sweeps import serial, threads


def _slow_first(task):
    time.sleep(0.02 if task == 0 else 0.0)
    return task * 10


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_results_come_in_the_order_of_the_tasks(jobs):
    assert threads(jobs)(_slow_first, range(7)) == serial(_slow_first, range(7)) == [0, 10, 20, 30, 40, 50, 60]


def test_no_task_is_no_work():
    assert threads(2)(_slow_first, []) == serial(_slow_first, []) == []


def test_two_jobs_are_two_threads():
    both = threading.Barrier(2, timeout=20)  # passes only when two tasks are inside at the same time
    assert sorted(threads(2)(lambda i: both.wait(), [0, 1])) == [0, 1]


def test_one_run_is_the_same_whatever_the_number_of_threads():
    from theorylab.core.rng import child_seed
    from theorylab.mdp.average_reward import ucrl2
    from theorylab.mdp.environments import riverswim

    model = riverswim(6)

    def bits(i):
        return ucrl2(model, 3000, rng=child_seed(1, i)).regret.tobytes()

    runs = [threads(jobs)(bits, range(4)) for jobs in (1, 2)]
    assert runs[0] == runs[1] and len(set(runs[0])) == 4


def test_an_error_reaches_the_caller():
    def fails(task):
        raise ValueError(f"task {task}")

    for sweep in (serial, threads(2)):
        with pytest.raises(ValueError, match="task"):
            sweep(fails, [1, 2, 3])


@pytest.mark.parametrize(("jobs", "error"), [(0, ValueError), (2.0, TypeError)])
def test_bad_jobs(jobs, error):
    with pytest.raises(error, match="jobs is"):
        threads(jobs)
