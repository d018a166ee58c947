r"""One step of the environment, shared by the algorithms of this folder and inlined into their time loops.

The loop of an algorithm that has played ``t`` steps and is in ``state``::

    _, _, _, reward_values, _, starts, state = model              # model_tuple of online.py, before the loop
    random_rewards = reward_values.shape[3] > 1
    ..
        if piece + 1 < starts.shape[0] and t == starts[piece + 1]:
            piece += 1
        action = ..                                               # chosen from what was seen before this step
        reached, reward, mean = step_kernel(model, piece, state, action, rng)
        if random_rewards:
            reward = reward_kernel(model, piece, state, action, rng)
        received += reward
        expected += mean
        ..                                                        # the learner counts state, action, reached, reward
        t += 1
        if t == times[checkpoint]:
            checkpoint = report_kernel(out, checkpoint, received, expected)
        state = reached

Draws        From ``rng``, the environment's stream, in this order: one ``random()`` for the next state; one more for
             the reward when the model has random rewards (then in every step, also where a pair's own is certain).
             Nothing else may read that stream: algorithms that play the same actions from one seed then meet the same
             states and rewards, as do the agents of ``agents.py``.  A learner's coins come from a stream of its own.
Learner      It may use ``reached`` and ``reward``; ``piece`` and ``mean`` serve the regret only.
Cost         No branch in ``step_kernel`` or ``reward_kernel``: one inside an inlined kernel that unpacks ``model`` or
             takes ``rng`` makes numba count references to all these arrays in each step, which costs 40 ns.  Hence the
             three ``if`` in the loop.  ``ucrl2.py``, whose step takes 13 ns, has the same lines written out: with the
             kernels it is half a nanosecond slower.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

from theorylab.core.kernels import kernel
from theorylab.mdp.simulate import draw_kernel

__all__ = ["report_kernel", "reward_kernel", "step_kernel"]


def _step(model, piece, state, action, rng):
    """Play ``action`` in ``state``: the next state, the reward, its mean.

    With random rewards the reward is only a place holder, and ``reward_kernel`` has to follow.
    """
    targets, cumulative, means, reward_values, _, _, _ = model
    reached = targets[piece, state, action, draw_kernel(cumulative[piece, state, action], rng.random())]
    return reached, reward_values[piece, state, action, 0], means[piece, state, action]


def _reward(model, piece, state, action, rng):
    """The random reward of the step just made."""
    _, _, _, reward_values, reward_cumulative, _, _ = model
    outcome = draw_kernel(reward_cumulative[piece, state, action], rng.random())
    return reward_values[piece, state, action, outcome]


def _report(out, checkpoint, received, expected):
    """Write the sums so far of the rewards and of their means into out[0] and out[1] (C,); the next checkpoint."""
    out[0][checkpoint] = received
    out[1][checkpoint] = expected
    return checkpoint + 1


step_kernel = kernel(_step, inline=True)
reward_kernel = kernel(_reward, inline=True)
report_kernel = kernel(_report, inline=True)
