"""``theorylab run``: one algorithm on one instance over several seeds, with intervals."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.record import plain
from theorylab.core.rng import RNGLike, seed_of
from theorylab.core.sweeps import Sweep, serial
from theorylab.lab.catalogue import algorithm_of, area_function, load_result, room_path
from theorylab.lab.local_sources import sources_digest
from theorylab.verify.cases import Case, Instance
from theorylab.verify.code import library_code

__all__ = ["RunSummary", "interval", "keywords", "own_instances", "parse_keywords", "run_instance"]

MOST_LISTED = 12  # entries of an array with one number for each arm
_NOT_RESULTS = ("horizon", "episodes", "steps", "theorems_algorithm")  # how long a run is, and what is claimed
_NOT_KEYWORDS = ("rng", "trace", "checkpoints")  # decided by the command


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Several runs of one algorithm on one instance."""

    slug: str  # of the result
    algorithm: str
    instance: str
    horizon: int
    parameters: Mapping[str, Any]
    seed: Mapping[str, Any]
    times: NDArray[np.int64]  # (C,)  empty when the record has no series
    series: Mapping[str, NDArray[np.float64]]  # name -> (n_seeds, C)
    values: Mapping[str, NDArray[np.float64]]  # name -> (n_seeds,)  one number a run
    theorems_algorithm: bool | None = None  # None: the records do not say
    length: str = "T"  # what the horizon counts: T steps or rounds, K episodes

    @property
    def remark(self) -> str:
        """What a reader must know before the numbers; empty when nothing."""
        if self.theorems_algorithm is not False:
            return ""
        scale = self.parameters.get("scale", 1.0)
        if scale != 1.0:
            return f"not the theorem's algorithm: radii scaled by {scale:g}"
        return f"no theorem is claimed for {self.algorithm} on {self.instance} with these keywords"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, with the mean and the 95% interval of each quantity at the end of the runs."""
        last = {**{name: values[:, -1] for name, values in self.series.items()}, **self.values}
        summary = {}
        for name, values in last.items():
            mean, low, high = interval(values)
            summary[name] = {"mean": mean, "low": low, "high": high, "runs": values.tolist()}
        about: dict[str, Any] = {
            "slug": self.slug,
            "algorithm": self.algorithm,
            "theorems_algorithm": self.theorems_algorithm,
        }
        about |= {"instance": self.instance, "horizon": self.horizon}
        about |= {"parameters": dict(self.parameters), "seed": dict(self.seed), "final": summary}
        curves = {name: values.tolist() for name, values in self.series.items()}
        return plain({**about, "times": self.times, "series": curves})  # type: ignore[no-any-return]

    def rows(self) -> list[dict[str, Any]]:
        """One dict for each run and checkpoint, with ``theorems_algorithm`` as "true" or "false" where it is known."""
        known = self.theorems_algorithm is not None
        said = {"theorems_algorithm": str(self.theorems_algorithm).lower()} if known else {}
        return [
            {"run": i, "t": int(t), **{name: float(values[i, j]) for name, values in self.series.items()}, **said}
            for i in range(len(next(iter(self.series.values()), ())))
            for j, t in enumerate(self.times)
        ]


def interval(values: Any, level: float = 0.95) -> tuple[float, float, float]:
    """Mean with its t-interval; one value: no interval (the mean three times).

    Examples
    --------
    >>> mean, low, high = interval([1.0, 2.0, 3.0])
    >>> mean, round(low, 3), round(high, 3)
    (2.0, -0.484, 4.484)
    """
    data = np.asarray(values, dtype=float)
    if np.ptp(data) == 0.0:  # the mean of equal numbers is that number, without rounding
        return (float(data[0]),) * 3
    mean = float(data.mean())
    from scipy import stats

    half = float(stats.t.ppf(0.5 + level / 2, len(data) - 1) * data.std(ddof=1) / np.sqrt(len(data)))
    return mean, mean - half, mean + half


def own_instances(slug: str) -> dict[str, Instance]:
    """The instances of the statements about an algorithm by name, in the order of their first appearance."""
    result, algorithm = algorithm_of(slug)
    found: dict[str, Instance] = {}
    for statement in result.statements:
        if (getattr(statement, "algorithm", None) or result.main) == algorithm:
            for instance in statement.instances:
                found.setdefault(instance.name, instance)
    if result.profile_instance is not None and algorithm == result.main:
        found.setdefault(result.profile_instance.name, result.profile_instance)
    return found


def keywords(slug: str) -> dict[str, inspect.Parameter]:
    """The keywords that a caller may set, of a slug's algorithm or of the algorithm of that name."""
    result, algorithm = algorithm_of(slug)
    parameters = inspect.signature(library_code(result.algorithms).algorithm(algorithm)).parameters
    return {
        name: parameter
        for name, parameter in parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name not in _NOT_KEYWORDS
    }


def parse_keywords(words: Sequence[str], slug: str) -> dict[str, Any]:
    """``["--delta", "0.1", "--window=500"]`` -> ``{"delta": 0.1, "window": 500}`` for the algorithm of ``slug``.

    A keyword that is true or false needs no value: alone it means true.

    Raises
    ------
    ValueError
        If a word is no option, an option has no value or not one of its kind, or the algorithm has no such keyword.
    """
    allowed = keywords(slug)
    found: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, text = word.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if not word.startswith("--") or name not in allowed:
            options = ", ".join(f"--{key.replace('_', '-')}" for key in allowed) or "none"
            raise ValueError(f"unexpected {word!r}; {slug} takes the keywords: {options}")
        boolean = isinstance(allowed[name].default, bool)
        if not equals:
            alone = not rest or rest[0].startswith("--")
            if alone and not boolean:
                raise ValueError(f"{word} needs a value")
            text = "true" if alone else rest.pop(0)
        found[name] = _boolean(word, text) if boolean else _literal(text)
    return found


def _boolean(word: str, text: str) -> bool:
    if text not in ("true", "false", "True", "False"):
        raise ValueError(f"{word.partition('=')[0]} is {text!r}, expected true, false or no value")
    return text.lower() == "true"


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def run_instance(
    slug: str,
    instance: str | None = None,
    *,
    horizon: int | None = None,
    seeds: int = 5,
    parameters: Mapping[str, Any] | None = None,
    sweep: Sweep = serial,
    rng: RNGLike = 0,
) -> RunSummary:
    """Run the algorithm of ``slug``.

    Parameters
    ----------
    slug
        A slug, or the name of any algorithm of a result.
    instance
        A name of the area's ``environments.named`` (such as ``theorylab.mdp.environments``), or of one of the
        result's own instances; ``None``: the first of those.
    horizon
        ``None``: the own instance's at preset ``quick``.
    seeds
        Number of runs; run ``i`` uses child ``i`` of ``rng``.
    parameters
        Keywords of the algorithm.  With any other than ``delta`` among them, the own instance's keywords are dropped,
        except ``delta`` and those without which the algorithm cannot be called.

    Raises
    ------
    KeyError, ValueError
        If there is no such slug or instance, the algorithm cannot run on it, or no horizon is known.
    """
    seeds = validate.integer("seeds", seeds, low=1)
    result, algorithm = algorithm_of(slug)
    own = own_instances(slug)
    name = next(iter(own), None) if instance is None else instance
    if name is None:
        raise ValueError(f"{slug} has no instance of its own, expected --instance NAME")
    case = own[name].at("quick") if name in own else None
    _model(slug, name)  # a wrong name is an error here, not in a worker
    if horizon is None and case is None:
        raise ValueError(f"{name} is no instance of {slug}'s own, expected --horizon T with it")
    steps = validate.integer("horizon", case.horizon if horizon is None and case is not None else horizon, low=1)
    fitting = case.parameters if case is not None else _keywords_of(result.area, name)
    chosen = _merged(fitting, parameters or {}, keywords(slug), own=case is not None)
    required = [k for k, p in keywords(slug).items() if p.default is inspect.Parameter.empty and k not in chosen]
    if required:
        option = required[0].replace("_", "-")
        others = f"; its own instances have one, for example {next(iter(own))!r}" if own else ""
        raise ValueError(f"{slug} on {name} needs --{option}, which has no default{others}")
    if case is None or steps != case.horizon:  # the instance's checkpoints are made for its own horizon
        chosen = {k: v for k, v in chosen.items() if k != "checkpoints" or k in (parameters or {})}
    seed = seed_of(rng)
    room = sources_digest(room_path("proofs_checks", result.slug))
    if room is None:
        sweep = serial  # nothing is kept of sources that cannot be told
    about = {"slug": result.slug, "name": slug, "algorithm": algorithm, "instance": name, "horizon": steps}
    about |= {"parameters": chosen, "seed": seed, "room": room}
    records = sweep(_one_run, [{**about, "run": i} for i in range(seeds)])
    times = np.asarray(records[0]["times"], dtype=np.int64)
    return RunSummary(
        slug=result.slug,
        algorithm=algorithm,
        instance=name,
        horizon=steps,
        parameters=chosen,
        seed=seed,
        times=times,
        series={key: np.array([r["series"][key] for r in records]) for key in records[0]["series"]},
        values={key: np.array([r["values"][key] for r in records], float) for key in records[0]["values"]},
        theorems_algorithm=records[0]["theorems_algorithm"],
        length=records[0]["length"],
    )


def _keywords_of(area: str, name: str) -> Mapping[str, Any]:
    """What the area's environments say about a named instance, such as a baseline with its threshold."""
    try:
        find = area_function(area, "environments", "keywords_of")
    except (AttributeError, ValueError):  # the area's instances are models alone
        return {}
    return find(name)  # type: ignore[no-any-return]


def _merged(
    instance: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, inspect.Parameter], *, own: bool = True
) -> dict[str, Any]:
    """The keywords of a run: the caller's, and those of the instance that they leave standing.

    Of a named instance that is not the result's own only those count that the algorithm cannot do without.
    """
    mine = {k: v for k, v in instance.items() if k != "trace"}  # large, needed by proofs, and not shown here
    if not own or set(given) - {"delta"}:  # an instance's keywords belong together: half may contradict the caller's
        required = {name for name, p in known.items() if p.default is inspect.Parameter.empty}
        mine = {k: v for k, v in mine.items() if k == "delta" or k in required}
    return {k: v for k, v in {**mine, **given}.items() if k != "trace"}


@functools.lru_cache(maxsize=32)
def _model(slug: str, name: str) -> Any:
    own = own_instances(slug)
    if name in own:
        return own[name].at("quick").model
    find = area_function(algorithm_of(slug)[0].area, "environments", "named")
    try:
        return find(name)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{error.args[0]}; instances of {slug}'s own: {', '.join(own) or 'none'}") from error


def _one_run(task: Mapping[str, Any]) -> dict[str, Any]:
    from theorylab.verify.runs import run_once

    result = load_result(task["slug"])
    algorithm = library_code(result.algorithms).algorithm(task["algorithm"])
    model = _model(task["name"], task["instance"])
    case = Case(task["instance"], model, task["horizon"], task["parameters"], 1, "run")
    own = own_instances(task["name"])
    try:
        return _numbers(run_once(case, algorithm, task["seed"], task["run"]))
    except (AttributeError, IndexError) as error:
        if task["instance"] in own:
            raise
        fitting = f"its own: {', '.join(own)}" if own else "none of its own"
        text = f"{task['name']} cannot run on {task['instance']} ({error}); instances that fit: {fitting}"
        raise ValueError(text) from error


def _numbers(record: Any) -> dict[str, Any]:
    """The series of a record over its checkpoints, its plain numbers, and the lengths of its lists."""
    times = getattr(record, "times", None)
    rows = record.rows() if times is not None else []
    series = {}
    hidden = getattr(record, "not_applicable", ())
    for name, first in rows[0].items() if rows else ():
        if name != "times" and name not in hidden and isinstance(first, (int, float)) and not isinstance(first, bool):
            series[name] = np.array([row[name] for row in rows], dtype=float)
    values: dict[str, float] = {}
    for name in getattr(record, "__dataclass_fields__", ()):
        value = getattr(record, name)
        if name in _NOT_RESULTS or name in hidden:
            continue
        if isinstance(value, (int, float, np.number)):
            if not np.isnan(value):  # what does not apply to this run
                values[name] = float(value)
        elif isinstance(value, np.ndarray) and "per" in record.__dataclass_fields__[name].metadata:
            per = record.__dataclass_fields__[name].metadata["per"]
            for i, number in enumerate(value.tolist() if len(value) <= MOST_LISTED else ()):
                values[f"{name} of {per} {i}"] = float(number)
        elif isinstance(value, np.ndarray) and value.ndim == 1 and name != "times" and name not in series:
            if value.dtype.kind == "f" and len(value) and np.isnan(value).all():
                continue
            values[f"number of {name}"] = float(len(value))
    times = np.zeros(0, np.int64) if times is None else np.asarray(times)
    said = getattr(record, "theorems_algorithm", None)
    theorems = None if said is None else bool(said)
    length = "K" if hasattr(record, "episodes") else "T"
    return {"times": times, "series": series, "values": values, "theorems_algorithm": theorems, "length": length}
