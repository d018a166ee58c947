"""Bandits on the command line: instances by name, an own agent under the claims, errors that name instances."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from theorylab.lab.app import app
from theorylab.lab.runs import run_instance

AGENT = """
class Leader:
    def __init__(self, info):
        self.pulls, self.sums = [0] * info.n_arms, [0.0] * info.n_arms
    def act(self, rng):
        return max(range(len(self.pulls)), key=lambda i: self.sums[i] / self.pulls[i] if self.pulls[i] else 2.0)
    def observe(self, arm, reward):
        self.pulls[arm] += 1
        self.sums[arm] += reward
"""


def test_run_on_named_and_spelt_out_bandits():
    found = run_instance("ucb1", "bernoulli-0.9-0.1", horizon=500, seeds=3)
    assert found.theorems_algorithm and found.series["regret"].shape[0] == 3
    assert found.values["pulls of arm 0"].mean() > 400
    changing = run_instance("ucb1", "problem-1", horizon=500, seeds=2)
    assert "no theorem is claimed" in changing.remark


def test_run_names_bandits_when_an_mdp_is_asked_for():
    with pytest.raises(ValueError, match="'riverswim-6', expected a known bandit"):
        run_instance("ucb1", "riverswim-6", horizon=50)
    with pytest.raises(ValueError, match="'problem-1', expected a known environment"):
        run_instance("ucrl2", "problem-1", horizon=50)


def test_an_own_agent_stands_under_the_claims(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(AGENT, encoding="utf-8")
    done = CliRunner().invoke(app, ["check", "ucb1", "--preset", "smoke", "--algorithm", f"{file}:Leader"])
    assert done.exit_code == 0, done.output
    assert "the algorithm keeps no trace for this statement" in done.output  # it has no indices
    assert "another algorithm than the paper's" in done.output
