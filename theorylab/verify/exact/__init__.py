"""Exact values: enumeration, rationals, dynamic programs.  Nothing here is sampled.

=================  ==================================================================================
:mod:`.outcomes`   every outcome of a small random experiment, binomial tails, maxima over L1 balls
:mod:`.scripted`   a generator that plays a written script of uniforms through the real kernel
:mod:`.arm_trees`  all sequences of arms and losses of a randomised bandit algorithm
:mod:`.bandits`    expected regret of index policies and of policies with memory, fluid laws
=================  ==================================================================================
"""
