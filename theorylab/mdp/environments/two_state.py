r"""Two-state models: a small communicating one, and the family behind the $\Omega(\sqrt{DSAT})$ lower bound."""

from __future__ import annotations

import math

import numpy as np

from theorylab.core import validate
from theorylab.mdp.model import FiniteMDP

__all__ = ["lower_bound_mdp", "two_state"]


def two_state(slip: float = 0.0) -> FiniteMDP:
    r"""Two states, actions *stay* and *switch*; ``switch`` moves with probability $1 - \mathrm{slip}$, else stays.

    Only *stay* in state 1 pays (1). Start in state 0. Optimal gain 1, diameter $1/(1-\mathrm{slip})$, bias span
    $1/(1-\mathrm{slip})$: an optimal policy switches once and stays; until it has moved it loses 1 a step.

    Source: our own, small enough for exact enumeration.

    Raises
    ------
    ValueError
        If ``slip`` lies outside [0, 1).

    Examples
    --------
    >>> print(two_state(0.25).describe(0, 1))
    state 0, action 1 (switch): to 0 with probability 0.25, to 1 with probability 0.75; reward 0 (deterministic)
    """
    slip = validate.number("slip", slip, low=0.0, high=1.0, open_high=True)
    P = np.array([[[1.0, 0.0], [slip, 1.0 - slip]], [[0.0, 1.0], [1.0 - slip, slip]]])
    R = np.array([[0.0, 0.0], [1.0, 0.0]])
    name = "two-state" if slip == 0.0 else f"two-state-{slip:g}"
    return FiniteMDP(P, R, name=name, action_names=("stay", "switch"))


def lower_bound_mdp(
    S: int,
    A: int,
    diameter: float,
    *,
    epsilon: float | None = None,
    horizon: int | None = None,
    good_copy: int = 0,
    good_action: int = 0,
) -> FiniteMDP:
    r"""The composite model on which every algorithm suffers regret $\ge 0.015\sqrt{DSAT}$ [jaksch2010near, Theorem 5].

    $k = \lfloor S/2 \rfloor$ copies of a two-state model with $A' = \lfloor (A-1)/2 \rfloor$ actions: from the low
    state (reward 0) every action reaches the high state (reward 1) with probability $\delta = 4/D$, from the high state
    every action falls back with probability $\delta$. In one copy one action climbs with probability
    $\delta + \varepsilon$. The low states are the nodes of an $A'$-ary tree, walked by $A' + 1$ further actions
    (one to the parent, $A'$ to the children), which are deterministic, pay nothing, and keep a high state where it is.

    The optimal gain is $(\delta + \varepsilon)/(2\delta + \varepsilon)$, the diameter at most $D$. The theorem
    speaks of the mean over a uniformly random good copy and action, for $S, A \ge 10$, $D \ge 20 \log_A S$,
    $T \ge DSA$ and $\varepsilon = \frac15\sqrt{kA'/(TD')}$, $D' = D/4$; the model itself is defined beyond these.

    Parameters
    ----------
    S, A, diameter
        At most this many states, actions and steps are used: $2k$ states and $2A' + 1$ actions.
    epsilon
        Advantage of the good action, $0 < \varepsilon \le \delta$. Give either this or ``horizon``.
    horizon
        $T$ of the theorem; sets $\varepsilon$ as above.
    good_copy, good_action
        Where the good action is; copies are numbered from the root of the tree, level by level.

    Returns
    -------
    FiniteMDP
        Low state of copy $i$: $2i$, high state: $2i + 1$. Actions: $A'$ of the two-state model, the parent, the $A'$
        children. A tree action without a node to go to stays. Start at the root (the proof uses a model in
        which all low states are one and the same, and starts there).

    Raises
    ------
    ValueError
        If ``diameter`` < 12 (then $\delta > 1/3$ and the paper uses another construction) or < 4 times the depth of the
        tree, if $\varepsilon > \delta$, or if both or none of ``epsilon`` and ``horizon`` are given.

    Examples
    --------
    >>> lower_bound_mdp(10, 10, 40, horizon=10**6)
    FiniteMDP('lower-bound-10-10-40', S=10, A=9)
    """
    S = validate.integer("S", S, low=2)
    A = validate.integer("A", A, low=3)
    D = validate.number("diameter", diameter, low=12.0)
    n_copies, n_arms = S // 2, (A - 1) // 2
    depth = _tree_depth(n_copies, n_arms)
    if D < 4 * depth:
        raise ValueError(
            f"diameter is {D:g}, expected at least {4 * depth}, four times the depth of the tree of copies"
        )
    delta = 4.0 / D
    if (epsilon is None) == (horizon is None):
        raise ValueError(f"epsilon is {epsilon} and horizon is {horizon}, expected exactly one of them")
    if horizon is not None:
        epsilon = math.sqrt(n_copies * n_arms / (validate.integer("horizon", horizon, low=1) * D / 4.0)) / 5.0
    epsilon = validate.number("epsilon", epsilon, low=0.0, high=delta, open_low=True)
    good_copy = validate.integer("good_copy", good_copy, low=0, high=n_copies - 1)
    good_action = validate.integer("good_action", good_action, low=0, high=n_arms - 1)

    parent, first_child = n_arms, n_arms + 1
    P = np.zeros((2 * n_copies, 2 * n_arms + 1, 2 * n_copies))
    R = np.zeros(P.shape[:2])
    for copy in range(n_copies):
        low, high = 2 * copy, 2 * copy + 1
        for arm in range(n_arms):
            climb = delta + epsilon if (copy, arm) == (good_copy, good_action) else delta
            P[low, arm, high], P[low, arm, low] = climb, 1.0 - climb
            P[high, arm, low], P[high, arm, high] = delta, 1.0 - delta
            R[high, arm] = 1.0
        P[high, n_arms:, high] = 1.0
        P[low, parent, 2 * ((copy - 1) // n_arms) if copy else low] = 1.0
        for branch in range(n_arms):
            child = n_arms * copy + 1 + branch
            P[low, first_child + branch, 2 * child if child < n_copies else low] = 1.0
    actions = [f"arm {i}" for i in range(n_arms)] + ["parent"] + [f"child {i}" for i in range(n_arms)]
    return FiniteMDP(P, R, name=f"lower-bound-{S}-{A}-{D:g}", action_names=tuple(actions))


def _tree_depth(n_nodes: int, arity: int) -> int:
    depth, node = 0, n_nodes - 1
    while node > 0:
        node = (node - 1) // arity
        depth += 1
    return depth
