"""``theorylab new``: the four stubs of a result, complete in form, with everything that must be written left open."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from theorylab import rooms
from theorylab.lab.layout import AREAS
from theorylab.lab.store import atomic_write

__all__ = ["checkout", "new_result"]

_ALGORITHM = '''r"""TODO: name of the algorithm, in one sentence.   [TODO: key of references.bib, figure or section]

Setting      TODO: the model, what the learner knows, what it observes.
Algorithm    TODO: the rule in the paper's letters; ties; which draws it makes from ``rng``.
Guarantee    TODO: the theorem with its constants;  claims: proofs_checks/@SLUG@.py
Deviations   TODO: from the paper, or "none".
"""

from __future__ import annotations

from typing import Any

from theorylab.core.rng import RNGLike

__all__ = ["@SLUG@"]


def @SLUG@(model: Any, horizon: int, *, delta: float = 0.05, trace: bool = False, rng: RNGLike = None) -> Any:
    """TODO: what one run does; return a frozen record (a subclass of ``theorylab.core.record.RunRecord``).

    Checks its arguments (``theorylab.core.validate``), splits ``rng`` (``theorylab.core.rng.streams``) and calls one
    kernel: a plain function ``_@SLUG@`` wrapped as ``@SLUG@_kernel = kernel(_@SLUG@)``.
    """
    raise NotImplementedError("@SLUG@ is a stub: write the algorithm in theorylab/@AREA@/@SLUG@.py")
'''

_PROOF = r'''r"""TODO: [key of references.bib], the theorem: the claim, the links of its proof, the mutants."""

from __future__ import annotations

from typing import Any

from theorylab.verify import Case, Claim, HighProbability, Instance, Result

DELTA = 0.05


def _build() -> Any:
    """TODO: a model on which the bound is not vacuous."""
    raise NotImplementedError("@SLUG@ is a stub: write an instance in proofs_checks/@SLUG@.py")


def bound(case: Case) -> float:
    """TODO: the theorem's bound with explicit constants, a pure function."""
    raise NotImplementedError("@SLUG@ is a stub: write the bound in proofs_checks/@SLUG@.py")


def final_regret(run: Any, case: Case) -> float:
    """The regret at the horizon."""
    return float(run.regret[-1])


HORIZONS = {"smoke": 200, "quick": 2_000, "paper": 20_000}
INSTANCE = Instance("todo", _build, HORIZONS, {"smoke": 20, "quick": 200, "paper": 400})

THEOREM = Claim(
    name="theorem",
    kind=HighProbability(DELTA),
    source="TODO: key of references.bib, theorem number",
    statement=r"TODO: $\Delta(T) \le \dots$ with probability at least $1 - \delta$",
    constants="paper",
    instances=(INSTANCE,),
    quantity=final_regret,
    bound=bound,
)

RESULT = Result(
    slug="@SLUG@",
    area="@AREA@",
    title="TODO",
    paper="",
    algorithms={"@SLUG@": "theorylab.@MODULE@.@SLUG@:@SLUG@"},
    claims=(THEOREM,),
)
'''

_FIGURE = '''"""TODO: [key of references.bib], figure number: what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theorylab.core.rng import RNGLike
from theorylab.core.sweeps import Sweep
from theorylab.verify import Below, Figure, Table

PRESETS = {
    "smoke": {"horizon": 200, "runs": 4},
    "quick": {"horizon": 2_000, "runs": 10},
    "paper": {"horizon": 20_000, "runs": 50},
}


def data(parameters: Mapping[str, Any], *, sweep: Sweep, rng: RNGLike) -> Table:
    """TODO: one row an observation: algorithm, run, t, regret."""
    raise NotImplementedError("@SLUG@ is a stub: write the data in figures/@SLUG@.py")


def draw(table: Table, figure: Any, parameters: Mapping[str, Any]) -> None:
    """TODO: draw only; ``theorylab.rooms.figures._style`` has the colours and the bands."""
    raise NotImplementedError("@SLUG@ is a stub: write the drawing in figures/@SLUG@.py")


FIGURE = Figure(
    slug="@SLUG@",
    title="TODO",
    paper="",
    number="ours",
    presets=PRESETS,
    data=data,
    draw=draw,
    conclusions=(Below("@SLUG@", "random", column="regret", source="TODO"),),
)
'''

_TEST = '''"""Of theorylab/@AREA@/@SLUG@.py: against an independent oracle, edge cases, bad input."""

from __future__ import annotations

import pytest

from theorylab.@MODULE@.@SLUG@ import @SLUG@


@pytest.mark.xfail(raises=NotImplementedError, strict=True, reason="a stub: write the algorithm, then real tests")
def test_kernel_makes_the_reference_decisions():
    @SLUG@(None, 1)
'''


def checkout() -> Path:
    """The root of the checkout that this package runs from.

    Raises
    ------
    FileNotFoundError
        If it runs from an installed wheel.
    """
    if rooms.INSTALLED or not (rooms.ROOT / "pyproject.toml").is_file():
        raise FileNotFoundError(
            "this needs a checkout of the repository (pip install -e .); the installed package has none"
        )
    return rooms.ROOT


def new_result(root: Path, slug: str, area: str) -> list[Path]:
    """Write the stubs of ``slug`` below ``root``: algorithm, theorem, figure, test.

    Parameters
    ----------
    root
        Of a checkout.
    slug
        A Python name in lower case.
    area
        A folder below the package, such as ``mdp/average_reward``; its first part is a known area.

    Raises
    ------
    ValueError
        If the slug or the area is not as expected, or one of the files exists; then nothing is written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", slug) or keyword.iskeyword(slug):
        raise ValueError(f"slug is {slug!r}, expected a Python name in lower case, such as sw_ucrl2")
    parts = area.strip("/").split("/")
    if parts[0] not in AREAS or not all(re.fullmatch(r"[a-z][a-z0-9_]*", part) for part in parts):
        raise ValueError(
            f"area is {area!r}, expected a folder below one of {', '.join(AREAS)}, such as mdp/average_reward"
        )
    area = "/".join(parts)
    stubs = {
        root / "theorylab" / area / f"{slug}.py": _ALGORITHM,
        root / "proofs_checks" / f"{slug}.py": _PROOF,
        root / "figures" / f"{slug}.py": _FIGURE,
        root / "tests" / parts[0] / f"test_{slug}.py": _TEST,
    }
    for path in stubs:
        if path.exists():
            raise ValueError(f"{path.relative_to(root)} exists already; nothing was written")
    folder = root / "theorylab" / area
    for package in [folder, *folder.parents]:
        if package == root / "theorylab":
            break
        if not (package / "__init__.py").exists():
            package.mkdir(parents=True, exist_ok=True)
            (package / "__init__.py").write_text(f'"""TODO: what {package.name} holds."""\n', encoding="utf-8")
    for path, stub in stubs.items():
        text = stub.replace("@SLUG@", slug).replace("@AREA@", area).replace("@MODULE@", ".".join(parts))
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return list(stubs)
