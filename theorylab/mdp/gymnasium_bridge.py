"""Gymnasium: tabular environments in, any finite model out.

Toy-text environments carry their model as ``env.unwrapped.P[s][a] = [(probability, next_state, reward, done), ...]``.
It has traps, and the report of an import names each that was met: repeated next states, transitions that end an episode
but lead into states that are not absorbing in ``P``, rewards that depend on the next state, a time limit that is not in
``P`` at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.sampler import model_arrays

if TYPE_CHECKING:
    import gymnasium

__all__ = ["ON_TERMINAL", "ImportReport", "from_gymnasium", "to_gymnasium"]

ON_TERMINAL = ("restart", "restart_next_step", "absorb")


@dataclass(frozen=True)
class ImportReport:
    """What an import met and changed; ``print(report)`` shows it line by line. States are those of the source."""

    source: str
    on_terminal: str
    n_states: int  # of the imported model
    n_actions: int
    repeated_next_states: int  # entries naming a next state of the same (s, a) again: probabilities were added
    terminal_transitions: int  # entries with done and positive probability
    terminal_states: tuple[int, ...]  # where they lead
    not_absorbing: tuple[int, ...]  # terminal states that P lets one leave
    random_rewards: tuple[tuple[int, int], ...]  # (s, a) whose reward depends on the next state
    unreachable_states: tuple[int, ...]  # never reached from where a run of the source can start
    start_states: int  # how many states a run of the source can start in
    initial_state: int
    dropped: bool  # whether the unreachable states were left out of the model
    time_limit: int | None  # of the environment; never part of the model

    def __str__(self) -> str:
        head = f"{self.source}: {self.n_states} states, {self.n_actions} actions, on_terminal={self.on_terminal!r}"
        return "\n- ".join([head, *self.notes])

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each thing that a user should know."""
        away = "the start" if self.on_terminal != "absorb" else f"the added absorbing state {self.n_states - 1}"
        after = ", one step after the terminal state" if self.on_terminal == "restart_next_step" else ""
        said = [
            (self.repeated_next_states, f"{self.repeated_next_states} repeated next states were added up"),
            (self.terminal_transitions, f"{self.terminal_transitions} transitions with done lead to {away}{after}"),
            (self.not_absorbing, f"terminal states {_some(self.not_absorbing)} are not absorbing in P"),
            (self.random_rewards, f"the reward of {len(self.random_rewards)} pairs (s, a) depends on the next state: "
             "their law given (s, a) is kept, the dependence is not"),
            (self.unreachable_states, f"states {_some(self.unreachable_states)} are unreachable from the start, "
             + ("dropped" if self.dropped else "so the model is not communicating")),
            (self.start_states > 1, f"the source starts in one of {self.start_states} states: the model starts in "
             f"state {self.initial_state}" + (", later restarts are drawn" if self.on_terminal != "absorb" else "")),
            (self.time_limit is not None, f"the time limit of {self.time_limit} steps is not part of the model"),
        ]  # fmt: skip
        return tuple(text for applies, text in said if applies)


class _Entry(NamedTuple):
    state: int
    action: int
    probability: float
    target: int
    reward: float
    done: bool


def from_gymnasium(
    env_or_P: Any, *, initial_state: int | None = None, on_terminal: str = "restart", drop_unreachable: bool = False
) -> tuple[FiniteMDP, ImportReport]:
    """A finite model from a tabular Gymnasium environment or its table ``P``, and a report of what was changed.

    Parameters
    ----------
    env_or_P
        An environment with ``env.unwrapped.P``, or the dict (list) ``P[s][a]`` of tuples
        ``(probability, next_state, reward, done)``.
    initial_state
        Where runs start and restart. ``None``: the environment's own start; when that is random, restarts draw from its
        law and only the first run starts in its likeliest state. State 0 for a bare ``P``.
    on_terminal
        What a transition with ``done`` becomes.

        - "restart": it leads to the start (its reward is kept). For average reward.
        - "restart_next_step": it leads where ``P`` says, and every action from there leads to the start, reward 0.
        - "absorb": it leads to one added state, the last, which is kept for ever, reward 0. For total and discounted
          reward: the value of the start is then the environment's.
    drop_unreachable
        Leave out the states that no run of the source reaches (a terminal state after "restart", say), so that gain
        and diameter can exist; ``state_names`` then keeps the numbers of the source.

    Returns
    -------
    mdp : FiniteMDP
        Where a reward depends on the next state the law is "table": right given (s, a), but drawn independently of the
        next state.
    report : ImportReport

    Raises
    ------
    TypeError
        If the environment has no ``P`` (Blackjack), or ``P`` is no such table.
    ValueError
        If a row does not sum to one, leads outside, or has another number of actions; if "restart_next_step" meets a
        terminal state that is also entered without ``done``.

    Examples
    --------
    >>> P = {0: {0: [(0.5, 0, 0.0, False), (0.5, 1, 1.0, True)]}, 1: {0: [(1.0, 1, 0.0, True)]}}
    >>> mdp, report = from_gymnasium(P)
    >>> mdp.describe(0, 0)
    'state 0, action 0: to 0 with probability 1; mean reward 0.5 (0 with probability 0.5, 1 with probability 0.5)'
    >>> report.terminal_transitions, report.unreachable_states
    (2, (1,))
    """
    on_terminal = validate.choice("on_terminal", on_terminal, ON_TERMINAL)
    drop_unreachable = validate.flag("drop_unreachable", drop_unreachable)
    table, source, time_limit, starts = _read_source(env_or_P)
    entries, S, A = _flatten(table)
    restart = np.zeros(S)
    if initial_state is not None:
        restart[validate.integer("initial_state", initial_state, low=0, high=S - 1)] = 1.0
    elif starts is not None:
        restart = validate.array("initial_state_distrib", starts, shape=(S,))
        validate.distributions("initial_state_distrib", restart)
    else:
        restart[0] = 1.0

    terminal = {entry.target for entry in entries if entry.done}
    if on_terminal == "restart_next_step":
        _check_entered_by_done_only(entries, terminal)
        kept = [entry for entry in entries if entry.state not in terminal]
    else:
        kept = entries
    P = _transitions(kept, S, A, restart, terminal, on_terminal)
    values, weights, random_rewards = _reward_laws(kept, len(P), A)
    labels = (*map(str, range(S)), "absorbed") if len(P) > S else None
    start, name = int(restart.argmax()), source.lower()
    if random_rewards:
        mdp = FiniteMDP.from_table(P, values, weights, initial_state=start, name=name, state_names=labels)
    else:
        mdp = FiniteMDP(P, values[..., 0], initial_state=start, name=name, state_names=labels)
    unreachable = _unreachable(mdp, np.flatnonzero(restart).tolist())
    if drop_unreachable and unreachable:
        mdp = _without(mdp, unreachable)
    leaves = {entry.state for entry in entries if entry.state in terminal and entry.target != entry.state}
    return mdp, ImportReport(
        source=source,
        on_terminal=on_terminal,
        n_states=mdp.n_states,
        n_actions=A,
        repeated_next_states=len(entries) - len({(entry.state, entry.action, entry.target) for entry in entries}),
        terminal_transitions=sum(entry.done for entry in entries),
        terminal_states=tuple(sorted(terminal)),
        not_absorbing=tuple(sorted(leaves)),
        random_rewards=random_rewards,
        unreachable_states=unreachable,
        start_states=int((restart > 0.0).sum()),
        initial_state=start,
        dropped=bool(drop_unreachable and unreachable),
        time_limit=time_limit,
    )


def to_gymnasium(mdp: FiniteMDP, *, horizon: int | None = None) -> gymnasium.Env[int, int]:
    """A Gymnasium environment that plays ``mdp``; never terminated, truncated after ``horizon`` steps (None: never).

    ``reset(seed=...)`` seeds it. Each step draws one uniform for the next state and, when rewards are random, one for
    the reward. Its attribute ``P`` is the table that :func:`from_gymnasium` reads.

    Raises
    ------
    ImportError
        If gymnasium is not installed.

    Examples
    --------
    >>> from theorylab.mdp.environments import two_state
    >>> env = to_gymnasium(two_state(), horizon=10)
    >>> env.reset(seed=0)
    (0, {})
    >>> env.step(1)
    (1, 0.0, False, False, {})
    """
    if not isinstance(mdp, FiniteMDP):
        raise TypeError(f"mdp is of type {type(mdp).__name__}, expected a FiniteMDP")
    horizon = None if horizon is None else validate.integer("horizon", horizon, low=1)
    try:
        from theorylab.mdp._gymnasium_env import FiniteMDPEnv
    except ImportError as error:
        raise ImportError("to_gymnasium needs gymnasium; install it with: pip install 'theorylab[gym]'") from error
    return FiniteMDPEnv(mdp, model_arrays(mdp), horizon)


def _read_source(source: Any) -> tuple[Any, str, int | None, Any]:
    """Table, name, time limit, law of the start."""
    if isinstance(source, (Mapping, list, tuple)):
        return source, "P", None, None
    inner = getattr(source, "unwrapped", source)
    spec = getattr(source, "spec", None)
    name = spec.id if spec is not None else type(inner).__name__
    table = getattr(inner, "P", None)
    if table is None:
        raise TypeError(
            f"{name} has no table of transitions (env.unwrapped.P), expected a tabular environment such as "
            "FrozenLake-v1 or P[s][a] = [(probability, next_state, reward, done), ...]"
        )
    limit = None if spec is None else spec.max_episode_steps
    return table, str(name), limit, getattr(inner, "initial_state_distrib", None)


def _flatten(table: Any) -> tuple[list[_Entry], int, int]:
    """All entries of positive probability, the numbers of states and actions."""
    rows = _numbered("P", table)
    actions = [_numbered(f"P[{s}]", row) for s, row in enumerate(rows)]
    S, A = len(rows), len(actions[0])
    entries = []
    for s, row in enumerate(actions):
        if len(row) != A:
            raise ValueError(f"P[{s}] has {len(row)} actions, expected {A} as in P[0]")
        for a, outcomes in enumerate(row):
            for i, outcome in enumerate(outcomes):
                field = f"P[{s}][{a}][{i}]"
                if not isinstance(outcome, Sequence) or len(outcome) != 4:
                    raise TypeError(f"{field} is {outcome!r}, expected (probability, next_state, reward, done)")
                probability = validate.number(f"probability of {field}", outcome[0], low=0.0)
                target = validate.integer(f"next state of {field}", outcome[1], low=0, high=S - 1)
                reward = validate.number(f"reward of {field}", outcome[2])
                if probability > 0.0:
                    entries.append(_Entry(s, a, probability, target, reward, bool(outcome[3])))
    return entries, S, A


def _numbered(field: str, rows: Any) -> list[Any]:
    """The values of a dict with keys 0..n-1, or the entries of a list."""
    if not isinstance(rows, (Mapping, list, tuple)):
        raise TypeError(f"{field} is of type {type(rows).__name__}, expected a dict or a list")
    if not len(rows):
        raise ValueError(f"{field} is empty, expected at least one entry")
    for i in range(len(rows)):
        if isinstance(rows, Mapping) and i not in rows:
            raise ValueError(f"{field} has no key {i}, expected the keys 0..{len(rows) - 1}")
    return [rows[i] for i in range(len(rows))]


def _check_entered_by_done_only(entries: list[_Entry], terminal: set[int]) -> None:
    for entry in entries:
        if entry.target in terminal and not entry.done and entry.state not in terminal:
            raise ValueError(
                f"state {entry.target} is entered with and without done, expected only with done for "
                "on_terminal='restart_next_step'; 'restart' and 'absorb' allow it"
            )


def _transitions(
    entries: list[_Entry], S: int, A: int, restart: NDArray[np.float64], terminal: set[int], on_terminal: str
) -> NDArray[np.float64]:
    size = S + 1 if on_terminal == "absorb" else S
    P = np.zeros((size, A, size))
    for entry in entries:
        if entry.done and on_terminal == "restart":
            P[entry.state, entry.action] += entry.probability * restart
        elif entry.done and on_terminal == "absorb":
            P[entry.state, entry.action, S] += entry.probability
        else:
            P[entry.state, entry.action, entry.target] += entry.probability
    if on_terminal == "restart_next_step":
        P[sorted(terminal)] = restart
    elif on_terminal == "absorb":
        P[S, :, S] = 1.0
    return P


def _reward_laws(
    entries: list[_Entry], size: int, A: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[tuple[int, int], ...]]:
    """Values and probabilities (size, A, L), and the pairs with more than one value; no entry: reward 0, surely."""
    laws: dict[tuple[int, int], dict[float, float]] = {}
    for entry in entries:
        law = laws.setdefault((entry.state, entry.action), {})
        law[entry.reward] = law.get(entry.reward, 0.0) + entry.probability
    length = max((len(law) for law in laws.values()), default=1)
    values, weights = np.zeros((size, A, length)), np.zeros((size, A, length))
    weights[..., 0] = 1.0
    for pair, law in laws.items():
        values[pair][: len(law)] = list(law)
        weights[pair][: len(law)] = list(law.values())
    return values, weights, tuple(sorted(pair for pair, law in laws.items() if len(law) > 1))


def _unreachable(mdp: FiniteMDP, starts: list[int]) -> tuple[int, ...]:
    edges = np.any(mdp.P > 0.0, axis=1)
    reached = np.zeros(mdp.n_states, dtype=bool)
    reached[starts] = True
    front = list(starts)
    while front:
        fresh = np.flatnonzero(edges[front.pop(), :] & ~reached)
        reached[fresh] = True
        front.extend(fresh.tolist())
    return tuple(np.flatnonzero(~reached).tolist())


def _without(mdp: FiniteMDP, dropped: tuple[int, ...]) -> FiniteMDP:
    kept = np.setdiff1d(np.arange(mdp.n_states), dropped)
    names = mdp.state_names or tuple(map(str, range(mdp.n_states)))
    return FiniteMDP(
        mdp.P[np.ix_(kept, np.arange(mdp.n_actions), kept)],
        mdp.R[kept],
        mdp.reward_law,
        None if mdp.reward_values is None else mdp.reward_values[kept],
        None if mdp.reward_probabilities is None else mdp.reward_probabilities[kept],
        int(np.searchsorted(kept, mdp.initial_state)),
        mdp.name,
        mdp.action_names,
        tuple(names[s] for s in kept),
    )


def _some(items: Sequence[int]) -> str:
    shown = ", ".join(map(str, items[:8]))
    return shown if len(items) <= 8 else f"{shown}, ... ({len(items)} in all)"
