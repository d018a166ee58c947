"""Mistakes that people make in optimistic sample collection, as replacements in its source."""

from __future__ import annotations

from theorylab.verify.code import Mutant

ALGORITHM = "theorylab.mdp.exploration.gosprl"
SSP = "theorylab.mdp.exploration.shortest_path"
CONFIDENCE = "theorylab.mdp.exploration.confidence"
BALL = "theorylab.mdp.average_reward.evi"

MUTANTS = (
    Mutant(
        "goals not absorbing",
        SSP,
        "            if goal[s]:\n                continue\n",
        "            if goal[s] and sweeps == 0:\n                continue\n",
        caught_by="backup by linear programs",
    ),
    Mutant(
        "rewards for costs",
        SSP,
        "                value = 1.0\n",
        "                value = -1.0\n",
        caught_by="backup by linear programs",
    ),
    Mutant(
        "worst transition of the ball for the best",
        SSP,
        "negative[s] = -u[s]",
        "negative[s] = u[s]",
        caught_by="backup by linear programs",
    ),
    Mutant(
        "worst action for the best",
        SSP,
        "            least = 1e300\n            chosen = 1e300\n",
        "            least = 1e300\n            chosen = -1e300\n",
        caught_by="backup by linear programs",
    ),
    Mutant(
        "order of the states from the first sweep",
        SSP,
        "        descending_kernel(negative, order)\n",
        "        if sweeps == 0:\n            descending_kernel(negative, order)\n",
        caught_by="backup by linear programs",
    ),
    Mutant(
        "one sweep",
        SSP,
        "if growth <= accuracy:",
        "if growth <= 1.0:",
        caught_by="residual",
    ),
    Mutant(
        "whole radius on the best state",
        BALL,
        "p_hat[best] + radius / 2.0",
        "p_hat[best] + radius",
        caught_by="backup by linear programs",
    ),
    Mutant(
        "no plan when the goals change",
        ALGORITHM,
        "            if not left:\n                stale = True",
        "            if not left:\n                stale = stale",
        caught_by="the plan has the goals of the moment",
    ),
    Mutant(
        "no plan when a count doubles",
        ALGORITHM,
        "if played[state, action] >= max(1, planned[state, action]):",
        "if False:",
        caught_by="the plan has fresh counts",
    ),
    Mutant(
        "doubling one play late",
        ALGORITHM,
        "played[state, action] >= max(1, planned[state, action])",
        "played[state, action] > max(1, planned[state, action])",
        caught_by="the plan has fresh counts",
    ),
    Mutant(
        "stale counts: doublings of the plays since the start",
        ALGORITHM,
        "                        played[s, a] = 0\n",
        "                        played[s, a] = played[s, a]\n",
        caught_by="slow reference",
    ),
    Mutant(
        "stale counts: the balls of the first visit",
        ALGORITHM,
        "radius_kernel(n, n_states, n_actions, delta, scale)",
        "radius_kernel(min(n, 1), n_states, n_actions, delta, scale)",
        caught_by="radii",
    ),
    Mutant(
        "finished pairs still in the goal set",
        ALGORITHM,
        "            if n < requirements[s, a]:\n",
        "            if n <= requirements[s, a]:\n",
        caught_by="goals are the under-sampled states",
    ),
    Mutant(
        "a goal only where the first action is missing",
        ALGORITHM,
        "                goal[s] = True\n",
        "                goal[s] = a == 0 or goal[s]\n",
        caught_by="slow reference",
    ),
    Mutant(
        "the plan is followed at a goal too",
        ALGORITHM,
        "at_goal = action >= 0",
        "at_goal = False",
        caught_by="slow reference",
    ),
    Mutant(
        "the last under-sampled action",
        ALGORITHM,
        "for a in range(n_actions - 1, -1, -1):",
        "for a in range(n_actions):",
        caught_by="slow reference",
    ),
    Mutant(
        "every visit counts, required or not",
        ALGORITHM,
        "wanted = visits[state, action] < requirements[state, action]",
        "wanted = True",
        caught_by="requirement met",
    ),
    Mutant(
        "no union over pairs",
        CONFIDENCE,
        "math.log(n_states * n_actions / delta)",
        "math.log(1.0 / delta)",
        caught_by="radius, exact tails at all times",
    ),
    Mutant(
        "radius of the total variation",
        CONFIDENCE,
        "math.sqrt(2.0 * beta / n)",
        "math.sqrt(beta / (2.0 * n))",
        caught_by="radius, exact tails at all times",
    ),
    Mutant(
        "radius of one fixed time",
        CONFIDENCE,
        "(1.0 + math.log(1.0 + n / (n_states - 1.0)))",
        "math.log(2.0)",
        caught_by="radius, exact tails at all times",
    ),
)
