"""Hypothesis strategies: random finite objects that find mistakes.  Import the module of your area.

================  ===========================================================
:mod:`.mdp`       transition tables, rewards, policies, streams of categories
:mod:`.bandits`   means, tables of losses, pieces, who is awake
:mod:`.episodic`  transitions for each step, step policies, counts of visits
================  ===========================================================
"""
