"""Mutants: applied to real source, loaded beside the real modules, errors when they no longer apply."""

from __future__ import annotations

import numpy as np
import pytest
from theorylab.rooms.proofs_checks.ucrl2 import RESULT

from theorylab.mdp.average_reward import ucrl2
from theorylab.mdp.average_reward.evi import evi_l1_kernel
from theorylab.mdp.environments import riverswim
from theorylab.verify.code import Mutant, MutantError, mutant_code, plain_code
from theorylab.verify.power import PowerRow, power

EVI = "theorylab.mdp.average_reward.evi"
HARMLESS = Mutant("harmless", EVI, "radius / 2.0", "radius / 2.0 + 0.0")
BROKEN = Mutant("broken", EVI, "radius / 2.0", "radius / 20.0")


def test_a_mutant_changes_what_it_says_and_nothing_else():
    before = ucrl2(riverswim(6), 2000, rng=1).regret
    harmless = mutant_code(RESULT.algorithms, HARMLESS).algorithm("ucrl2")(riverswim(6), 2000, rng=1).regret
    broken = mutant_code(RESULT.algorithms, BROKEN).algorithm("ucrl2")(riverswim(6), 2000, rng=1).regret
    assert np.array_equal(before, harmless)
    assert not np.array_equal(before, broken)
    import theorylab.mdp.average_reward.evi as real

    assert real.evi_l1_kernel is evi_l1_kernel
    assert np.array_equal(before, ucrl2(riverswim(6), 2000, rng=1).regret)


def test_a_mutant_runs_compiled_too():
    plain, compiled = (mutant_code(RESULT.algorithms, BROKEN, plain=p).algorithm("ucrl2") for p in (True, False))
    assert np.array_equal(plain(riverswim(6), 300, rng=1).regret, compiled(riverswim(6), 300, rng=1).regret)


def test_plain_code_compiles_nothing():
    code = plain_code(RESULT.algorithms)
    assert type(code.module(EVI).evi_l1_kernel).__name__ == "function"


@pytest.mark.parametrize("before", ["no such text", "n_states"])
def test_a_mutant_that_does_not_apply_once_is_an_error(before):
    with pytest.raises(MutantError, match=r"occurs .* times"):
        Mutant("stale", EVI, before, "x").source()


def test_an_endless_mutant_is_caught(monkeypatch):
    import theorylab.verify.power as module

    monkeypatch.setattr(module, "SECONDS", 1.0)
    endless = Mutant("endless", EVI, "if high - low < accuracy:", "if high - low < -1.0:", caught_by="slow reference")
    (row,) = power([_only(endless)], first=True)
    assert row.caught_by


def test_a_survivor_is_listed():
    (row,) = power([_only(HARMLESS)])
    assert row.caught_by == ()
    assert row.to_dict() == {"slug": "ucrl2", "mutant": "harmless", "caught_by": []}


def test_expectations_of_a_row():
    caught = PowerRow("s", "m", ("link: a@b", "reference: r@b"), expected="a")
    assert caught.as_expected
    assert caught.layers == ("reference", "link")
    assert not PowerRow("s", "m", ("link: a@b",), expected="other").as_expected
    assert PowerRow("s", "m", (), hole="equivalent").as_expected
    assert not PowerRow("s", "m", ("link: a@b",), hole="equivalent").as_expected


def _only(mutant):
    import dataclasses

    return dataclasses.replace(RESULT, mutants=(mutant,))
