"""Bandit models: validated once, read-only afterwards."""

from theorylab.bandits.models.base import BanditModel
from theorylab.bandits.models.changing import (
    AdaptiveAdversary,
    AdversarialBandit,
    PiecewiseStationaryBandit,
    RottingBandit,
)
from theorylab.bandits.models.combinatorial import CombinatorialBandit, CombinatorialLosses, one_sided_losses
from theorylab.bandits.models.contextual import ContextualBandit
from theorylab.bandits.models.history import (
    LastSwitchDependentBandit,
    RechargingBandit,
    TallyingBandit,
    WeightedTallyingBandit,
)
from theorylab.bandits.models.stochastic import BernoulliBandit, FiniteSupportBandit, GaussianBandit

__all__ = [
    "AdaptiveAdversary",
    "AdversarialBandit",
    "BanditModel",
    "BernoulliBandit",
    "CombinatorialBandit",
    "CombinatorialLosses",
    "ContextualBandit",
    "FiniteSupportBandit",
    "GaussianBandit",
    "LastSwitchDependentBandit",
    "PiecewiseStationaryBandit",
    "RechargingBandit",
    "RottingBandit",
    "TallyingBandit",
    "WeightedTallyingBandit",
    "one_sided_losses",
]
