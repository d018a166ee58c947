"""An invented run for the tests of the report: two results, every verdict, holes, figures and proof profiles."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from theorylab.verify.cases import Hypothesis, Instance
from theorylab.verify.figure import Conclusion, Outcome
from theorylab.verify.kinds import Always, Expectation, HighProbability, NegativeControl, Rate
from theorylab.verify.power import PowerRow
from theorylab.verify.profile import Profile
from theorylab.verify.result import Result
from theorylab.verify.statements import Check, Claim, Link
from theorylab.verify.verdicts import Row

SMALL, LARGE = (Instance(name, build=dict, horizon=1000, runs=100) for name in ("riverswim-6", "two-states, swapped"))
BOTH = (SMALL, LARGE)


_PROOF = (
    ("reward noise", r"\Delta \le \sum_k \Delta_k + \sqrt{\frac{5}{8} T \log\frac{8T}{\delta}}", HighProbability(0.01)),
    ("optimism", r"\tilde\rho_k \ge \rho^* - \frac{1}{\sqrt{t_k}}", Always()),
    ("span of the values", r"\max_s u_i(s) - \min_s u_i(s) \le D", Always()),
    ("number of episodes", r"m \le SA\log_2\frac{8T}{SA}", Always()),
    ("sum over episodes", r"\sum_{s,a} \frac{v_k(s,a)}{\sqrt{\max\{1, N_k(s,a)\}}} \le (\sqrt2+1)\sqrt{SAT}", Always()),
)


def _result_one() -> Result:
    theorem = Claim(
        quantity=len,
        bound=len,
        name="theorem-22",
        kind=HighProbability(0.05),
        source="jaksch2010near, (22)",
        statement=r"\Delta(T) \le \sqrt{\tfrac{5}{8} T \log\frac{8T}{\delta}} + \sqrt{T} + D\sqrt{\tfrac{5}{2} T"
        r" \log\frac{8T}{\delta}} + D S A \log_2\frac{8T}{SA}"
        r" + \bigl(2D\sqrt{14 S \log(2AT/\delta)} + 2\bigr)(\sqrt{2}+1)\sqrt{SAT}",
        constants="paper",
        instances=BOTH,
        hypotheses=tuple(Hypothesis(name, lambda case: True) for name in ("rewards in [0, 1]", "scale == 1")),
        explains="The regret bound before it is simplified to $34 D S\\sqrt{AT\\log(T/\\delta)}$.",
    )
    growth = Claim(
        quantity=len,
        bound=len,
        name="growth",
        kind=Rate(0.5),
        source="jaksch2010near, Theorem 2",
        statement=r"\Delta(T) = \tilde{O}(\sqrt{T}) on every instance with diameter at most $D$",
        constants="rate only",
        instances=(SMALL,),
    )
    control = Claim(
        quantity=len,
        bound=len,
        name="no union bound",
        kind=NegativeControl(0.05),
        source="ours",
        statement="the radius without a union bound covers the model with probability 0.95",
        constants="derived here",
        instances=(SMALL,),
    )
    reference = Check(name="reference", evaluate=len, source="Figure 1", instances=BOTH, layer="reference")
    maximum = Check(
        name="inner maximum",
        evaluate=len,
        source="Figure 2",
        instances=(SMALL,),
        statement=r"the maximiser of $\sum_{s'} p(s') u(s')$ over the ball equals the linear programme, in rationals",
    )
    return Result(
        slug="ucrl2",
        area="mdp/average_reward",
        title="UCRL2: near-optimal regret in communicating MDPs",
        paper="jaksch2010near",
        algorithms={"ucrl2": "theorylab.mdp.average_reward.ucrl2:ucrl2"},
        claims=(theorem, growth, control),
        links=tuple(
            Link(name=name, left=len, right=len, source="the proof", instances=BOTH, statement=statement, kind=kind)
            for name, statement, kind in _PROOF
        ),
        checks=(reference, maximum),
        coq=("pigeonhole.v:lemma_19", "nowhere.v:unknown"),
        notes=(
            "The logarithmic bound of Theorem 4 has the constant $34^2$, not $34$.",
            "On RiverSwim the bound (22) lies two to four decades above the measured regret;"
            " below $T = 7.2 \\cdot 10^6$ it is vacuous.",
        ),
    )


def _result_two() -> Result:
    alarms = Claim(
        quantity=len,
        bound=len,
        name="false alarms",
        kind=HighProbability(0.05),
        source="ours, Theorem R",
        statement=r"\Pr\left(\exists t \le T : \text{restart at } t\right) \le \delta",
        constants="derived here",
        instances=BOTH,
    )
    delay = Claim(
        quantity=len,
        bound=len,
        name="mean delay",
        kind=Expectation(),
        source="ours",
        statement=r"\mathbb{E}[\tau] \le \unknowncommand{3}",
        constants="recalled",
        instances=(SMALL,),
    )
    reference = Check(name="reference", evaluate=len, source="Algorithm 1", instances=(SMALL,), layer="reference")
    entry = "theorylab.mdp.average_reward.rbocpd:rbocpd"
    return Result(
        slug="rbocpd",
        area="mdp/average_reward",
        title="R-BOCPD: restarted Bayesian change-point detection",
        paper="alami2023restarted",
        algorithms={"rbocpd": entry, "own_rule": entry},
        claims=(alarms, delay),
        checks=(reference,),
        notes=("The recommended rate `1/n` violates the paper's own condition (6).",),
    )


def _row(slug: str, claim: str, verdict: str, value: float | None, bound: float | None, **more: Any) -> Row:
    about: dict[str, Any] = {
        "kind": "Always",
        "source": "",
        "constants": "derived here",
        "layer": "link",
        "level": "L0",
    }
    return Row(
        slug=slug,
        claim=claim,
        verdict=verdict,
        vacuous=verdict == "vacuous",
        value=value,
        bound=bound,
        ratio=value / bound if value is not None and bound else None,
        seconds=0.5,
        instance=claim.rpartition("@")[2],
        **{**about, "runs": 100, "alpha": None, **more},
    )


_THEOREM = {"kind": "HighProbability", "layer": "theorem", "constants": "paper", "alpha": 0.0005}
_REFERENCE = {"kind": "Exact", "layer": "reference", "level": "L1", "constants": "none"}
_MESSAGES = {
    "few": "0 violations in 200 runs, upper limit 0.0373 against delta = 0.05",
    "many": "31 violations in 100 runs, upper limit 0.45 against delta = 0.05",
    "vacuous": "the bound 4.881e+04 is not below the trivial 2e+04; first useful horizon T = 7.2e+06",
    "slope": "slope 0.473 in [0.441, 0.522] over 40 runs, T = 1e+03..1e+06",
    "control": "refuted as it must be: it fails on 63 of 100 runs where delta = 0.05 is allowed (p = 1.1e-61)",
    "refused": "two-states, swapped does not meet the hypothesis: <observations> & more",
}
_LINKS = {
    "optimism": (0.41, 0.43),
    "span of the values": (11.9, 14.7),
    "number of episodes": (105.0, 232.0),
    "sum over episodes": (4120.5, 8363.1),
    "reward noise": (0.0, 1033.0),
}


def rows() -> list[Row]:
    """Rows with every verdict."""
    one, two = (instance.name for instance in BOTH)
    replay = {"entropy": 20_101_121, "spawn_key": [], "run": 7}
    text = _MESSAGES
    plan: list[tuple[str, str, str, float | None, float | None, dict[str, Any]]] = [
        (
            "ucrl2",
            f"theorem-22@{one}",
            "supported",
            26_512.3,
            9.75e6,
            {**_THEOREM, "level": "L2", "message": text["few"]},
        ),
        ("ucrl2", f"theorem-22@{two}", "vacuous", 311.0, 48_812.0, {**_THEOREM, "message": text["vacuous"]}),
        ("ucrl2", f"growth@{one}", "inconclusive", 0.4731, 0.5, {**_THEOREM, "kind": "Rate", "message": text["slope"]}),
        (
            "ucrl2",
            f"no union bound@{one}",
            "supported",
            0.63,
            0.05,
            {**_THEOREM, "kind": "NegativeControl", "level": "L2"},
        ),
    ]
    plan[3][5]["message"] = text["control"]
    for name, (left, right) in _LINKS.items():
        about = {"level": "L2", "source": "jaksch2010near, the proof", "message": "holds on all 100 runs"}
        plan += [("ucrl2", f"{name}@{where}", "supported", left, right, about) for where in (one, two)]
    plan += [
        ("ucrl2", f"reference@{one}", "supported", 0.0, 0.0, {**_REFERENCE, "message": "1000 decisions equal"}),
        ("ucrl2", f"reference@{two}", "supported", 0.0, 0.0, _REFERENCE),
        ("ucrl2", f"inner maximum@{one}", "supported", 2.2e-16, 1e-9, {**_REFERENCE, "layer": "exact", "level": "L4"}),
        (
            "rbocpd",
            f"false alarms@{one}",
            "refuted",
            0.31,
            0.05,
            {**_THEOREM, "message": text["many"], "replay": replay},
        ),
        ("rbocpd", f"false alarms@{two}", "not applicable", None, None, {**_THEOREM, "message": text["refused"]}),
        ("rbocpd", f"mean delay@{one}", "supported", 12.25, 31.5, {**_THEOREM, "kind": "Expectation", "level": "L2"}),
        ("rbocpd", f"reference@{one}", "supported", 0.0, 0.0, _REFERENCE),
    ]
    return [_row(*row, **more) for *row, more in plan]


def power() -> list[PowerRow]:
    """Four mutants: two caught, one hole with a reason, one missed."""
    return [
        PowerRow(
            "ucrl2",
            "no S in the radius",
            ("reference: reference@riverswim-6", "link: optimism@riverswim-6"),
            "reference",
        ),
        PowerRow(
            "ucrl2",
            "excess mass removed from the best states",
            (
                "exact: inner maximum@riverswim-6",
                *(f"link: {name}@riverswim-6" for name in ("optimism", "span of the values", "number of episodes")),
            ),
            "inner maximum",
        ),
        PowerRow(
            "ucrl2",
            "extended value iteration starts warm",
            (),
            "",
            "unseen: the stopping rule does not see the start",
        ),
        PowerRow("rbocpd", "prior 1/S", (), "false alarms"),
    ]


def profiles() -> list[Profile]:
    """A chain of six stages over twenty runs, and one whose first stage is negative."""
    middle = np.array([2.65e4, 2.75e4, 1.9e5, 2.6e5, 4.4e6, 9.75e6])
    spread = np.exp(np.linspace(-1, 1, 20))[:, None] ** np.array([0.4, 0.35, 0.2, 0.1, 0.02, 0.0])
    names = (
        "measured regret",
        "regret of the episodes",
        "optimistic rewards and transitions",
        "confidence radii",
        "sum over episodes",
        "bound (22)",
    )
    explains = (
        "",
        "reward noise",
        "the model lies in the set",
        "radii instead of distances",
        r"$\sum v/\sqrt{N} \le (\sqrt2+1)\sqrt{SAT}$",
        "union bounds",
    )
    negative = np.array([[-1.0, 2.0, 1.5], [-2.0, 2.0, 1.6]])
    return [
        Profile("ucrl2", "riverswim-6", 1_000_000, names, explains, middle * spread),
        Profile("rbocpd", "riverswim-6", 1000, ("saved regret", "left", "right"), ("", "", ""), negative),
    ]


def figures(folder: Path, *, picture: bytes | None = None) -> list[Any]:
    """One figure with three conclusions; its files lie in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"ucrl2.{suffix}" for suffix in ("png", "pdf", "csv")]
    paths[0].write_bytes(picture or _grey_picture(64, 36))
    paths[1].write_bytes(b"%PDF-1.4")
    paths[2].write_text("t,regret\n1,0.5\n", encoding="utf-8")
    verdicts = ("supported", "refuted", "inconclusive")
    outcomes = {
        f"conclusion {v}": Outcome(v, "mean 1.5 against 2.25, 40 paired runs, p = 0.003", 0.003) for v in verdicts
    }
    conclusions = tuple(
        Conclusion(n, f"regret of ucrl2 is below that of random: {n}", "Figure 5", lambda t, a: None) for n in outcomes
    )
    figure = SimpleNamespace(
        slug="ucrl2",
        title="Regret on RiverSwim with six states",
        paper="jaksch2010near",
        number="ours 1",
        conclusions=conclusions,
    )
    caption = "The measured regret lies far below the bound (22); bands: 5% to 95% of the runs."
    return [
        SimpleNamespace(
            name="ucrl2",
            figure=figure,
            preset="quick",
            png=paths[0],
            pdf=paths[1],
            csv=paths[2],
            outcomes=outcomes,
            caption=caption,
        )
    ]


def meta() -> dict[str, Any]:
    """What a run says about itself, with keys that must not be shown."""
    return {
        "preset": "quick",
        "entropy": 20_101_121,
        "alpha": 0.01,
        "versions": {"theorylab": "0.1.0", "numpy": "2.1.0", "python": "3.11.2"},
        "source_hash": "0123456789abcdef" * 4,
        "hostname": "SECRETHOST",
        "date": "1999-12-31",
        "out": Path("/SECRET/PATH"),
    }


def everything(folder: Path, *, picture: bytes | None = None) -> dict[str, Any]:
    """Keywords of ``build_report``."""
    return {
        "results": [_result_one(), _result_two()],
        "rows": rows(),
        "power": power(),
        "profiles": profiles(),
        "figures": figures(folder, picture=picture),
        "meta": meta(),
    }


def _grey_picture(width: int, height: int) -> bytes:
    """A PNG without an imaging library."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = b"".join(b"\x00" + bytes([200] * width) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
