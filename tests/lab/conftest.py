"""A small checkout with one result of its own: a coin that costs one with probability p."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ALGORITHM = '''"""A coin.   [jaksch2010near]

Setting      a coin costs one with probability p
Algorithm    play
Guarantee    Hoeffding
Deviations   none
"""
from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np

from theorylab.core.record import RunRecord
from theorylab.core.rng import streams


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinRun(RunRecord):
    times: np.ndarray
    regret: np.ndarray
    flips: int


def coin(model, horizon, *, delta=0.05, trace=False, rng=None):
    if "COIN_LOG" in os.environ:
        with open(os.environ["COIN_LOG"], "a") as file:
            file.write("run\\n")
    if "COIN_STOPS" in os.environ and rng.spawn_key[-1] >= int(os.environ["COIN_STOPS"]):
        raise KeyboardInterrupt
    time.sleep(float(os.environ.get("COIN_SECONDS", "0")))
    chance = streams(rng)
    costs = chance.environment.random(horizon) < model
    return CoinRun(
        algorithm="coin", parameters={"delta": delta}, seed=chance.seed, times=np.arange(1, horizon + 1),
        regret=np.cumsum(costs).astype(float), flips=horizon,
    )
'''

PROOF = '''"""[jaksch2010near]: a coin."""
import math

from theorylab.verify import Always, Check, Claim, Comparison, HighProbability, Instance, Link, Result, Stage


def bound(case):
    return case.model * case.horizon + math.sqrt(case.horizon / 2 * math.log(1 / case.parameters["delta"]))


FAIR = Instance("fair", lambda: 0.5, {"smoke": 50, "quick": 60}, {"smoke": 80, "quick": 200}, {"delta": 0.01})
HOEFFDING = Claim(
    name="hoeffding", kind=HighProbability(0.2), source="jaksch2010near, Lemma", statement="regret <= bound",
    constants="paper", instances=(FAIR,), quantity=lambda run, case: run.regret[-1], bound=bound,
    trivial=lambda case: case.horizon,
)
RESULT = Result(
    slug="coin", area="bandits", title="A coin", paper="jaksch2010near",
    algorithms={"coin": "theorylab.bandits.coin:coin"},
    claims=(HOEFFDING,),
    links=(
        Link(name="one a step", left=lambda run, case: run.regret, right=lambda run, case: run.times, source="here",
             instances=(FAIR,)),
    ),
    checks=(
        Check(name="sum", evaluate=lambda code, case, seed: Comparison(True, 1.0, 1.0), source="here",
              instances=(FAIR,)),
    ),
    stages=(Stage("regret", lambda run, case: run.regret[-1]), Stage("bound", lambda run, case: bound(case))),
    profile_instance=FAIR,
)
'''

FIGURE = '''"""[jaksch2010near], Figure 0."""
import numpy as np

from theorylab.bandits.coin import coin
from theorylab.core.rng import child_seed, seed_of
from theorylab.rooms.figures import _style
from theorylab.verify import Below, Figure, Table


def _one(task):
    seed = np.random.SeedSequence(task["entropy"])
    return {"regret": coin(task["p"], task["horizon"], rng=child_seed(seed, task["run"])).regret}


def data(parameters, *, sweep, rng):
    T = parameters["horizon"]
    tasks = [
        {"p": p, "horizon": T, "run": run, "entropy": seed_of(rng)["entropy"]}
        for p in (0.1, 0.9) for run in range(parameters["runs"])
    ]
    parts = [
        Table({"algorithm": [f"p={t['p']}"] * T, "run": [t["run"]] * T, "t": np.arange(1, T + 1),
               "regret": r["regret"]}, {"regret": "cost", "t": "steps"})
        for t, r in zip(tasks, sweep(_one, tasks))
    ]
    return Table.concatenate(parts)


def draw(table, figure, parameters):
    axes = figure.subplots()
    for i, who in enumerate(table.unique("algorithm")):
        mine = table.where(algorithm=who)
        _style.band(axes, mine.unique("t"), mine["regret"].reshape(parameters["runs"], -1), who, _style.colour(i))
    _style.legend(axes)


def conclusion(low, high):
    return Below(low, high, column="regret", source="Section 1", t=20)


FIGURE = Figure(
    slug="coin", title="Two coins", paper="jaksch2010near", number="Figure 0",
    presets={"smoke": {"horizon": 20, "runs": 6}, "quick": {"horizon": 20, "runs": 8}},
    data=data, draw=draw, conclusions=(conclusion("p=0.1", "p=0.9"), conclusion("p=0.9", "p=0.1")),
    caption=lambda table, outcomes: f"{len(table)} rows, " + ", ".join(o.verdict for o in outcomes.values()),
)
'''

FILES = {
    "theorylab/bandits/__init__.py": '"""Bandits."""\n',
    "theorylab/bandits/coin.py": ALGORITHM,
    "proofs_checks/coin.py": PROOF,
    "figures/coin.py": FIGURE,
    "tests/bandits/test_coin.py": "",
    "benchmarks/speed.py": "print('fast')\n",
}


class Checkout:
    """A root, and the command line run in it."""

    def __init__(self, root: Path, cache: Path) -> None:
        self.root, self.cache = root, cache

    def environment(self, **more: str) -> dict[str, str]:
        """Of a process in this checkout."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("THEORYLAB")}
        return env | {"PYTHONPATH": str(self.root), "THEORYLAB_CACHE_DIR": str(self.cache), "NO_COLOR": "1", **more}

    def run(
        self, *words: str, code: int = 0, python: str = "from theorylab.lab.cli import main; main()", **environment: str
    ):
        env = self.environment(**environment)
        command = [sys.executable, "-c", python, *words]
        done = subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"{words}: code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done


def make_checkout(root: Path) -> Path:
    """A copy of the package with the coin for its only result."""
    shutil.copytree(ROOT / "theorylab", root / "theorylab", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (
        "pyproject.toml",
        "references.bib",
        "proofs_checks/__init__.py",
        "figures/__init__.py",
        "figures/_style.py",
    ):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def coin_root(tmp_path_factory) -> Path:
    """Never written to: tests that change something copy it."""
    return make_checkout(tmp_path_factory.mktemp("coin") / "root")


@pytest.fixture(scope="module")
def checkout(coin_root, tmp_path_factory) -> Checkout:
    folder = tmp_path_factory.mktemp("lab")
    return Checkout(shutil.copytree(coin_root, folder / "root"), folder / "cache")
