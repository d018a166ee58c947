r"""Change detectors that several areas share: compiled kernels in ``detector``, closed forms in ``rbocpd_bounds``.

What the kernels expect
-----------------------
*A stream is one source in its own clock.*  Detector ``pair`` reads every observation of its source and no other: the
next states of one state-action pair, the rewards of one arm.  Between changes these are independent and identically
distributed whatever the learner plays, which is all that Theorem R (see ``theorylab.mdp.average_reward.rbocpd``) asks;
the pauses between two plays do not matter.

*A bandit* with K arms and rewards 0 or 1 has K streams of O = 2 symbols: ``detector_state(K, 2, slots)``.  A reward
within (0, 1) is first made 0 or 1, with probability r of a 1 drawn from the agent's stream: the mean is kept, so are
its changes.

*Symbols* are integers in 0..O-1 and pairs in 0..P-1; the caller checks both, the kernels do not.

*The level is the caller's.*  ``limit`` is 1/level of the one detector that is asked.  K detectors that all start
afresh together have the level :math:`\delta_j / K` with :math:`\delta_j = \delta / (j (j + 1))` in phase j = 1, 2, ..
(j - 1 restarts before): these levels sum to :math:`\delta` over detectors and phases.  When an alarm of an arm starts
only that arm afresh, j counts the arm's own restarts.  Within a phase ``limit`` stays the same.

*An alarm* is a returned value above 0, the size of the first block of the strongest split.  It clears nothing: the
caller calls ``restart_kernel``, for this stream or for each, before the next observation.

*Memory* is 8 (O + 2) bytes for each of the ``slots`` candidate splits of each stream.  When they are full, every other
one is dropped and the spacing doubles; Theorem R stays, and ``delay_bound`` tells what the spacing costs.

Examples
--------
Two arms; the second one fails from its 61st play on.

>>> from theorylab.detection.detector import THEOREM_R, detector_state, observe_kernel, restart_kernel
>>> arms, delta, slots = 2, 0.05, 64
>>> totals, before, position, evidence, state = detector_state(arms, 2, slots)
>>> limit = arms / (delta / (1 * 2))
>>> for play in range(1, 201):
...     for arm, reward in enumerate((1, 1 if play <= 60 else 0)):
...         split = observe_kernel(reward, arm, THEOREM_R, limit, 1, totals, before, position, evidence, state)
...         if split > 0:
...             print(f"arm {arm}: alarm at play {state[arm, 0]}, {split} plays before the change")
...             for each in range(arms):
...                 restart_kernel(each, 1, totals, state)
...             limit = arms / (delta / (2 * 3))
arm 1: alarm at play 67, 60 plays before the change
"""
