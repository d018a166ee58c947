"""Bandit models: validated once, read-only afterwards."""

from theorylab.bandits.models.base import BanditModel
from theorylab.bandits.models.changing import (
    AdaptiveAdversary,
    AdversarialBandit,
    PiecewiseStationaryBandit,
    RottingBandit,
)
from theorylab.bandits.models.combinatorial import CombinatorialBandit, CombinatorialLosses, one_sided_losses
from theorylab.bandits.models.constrained import ClosedLoopBandit, ConstrainedBandit, lending_loop
from theorylab.bandits.models.contextual import ContextualBandit
from theorylab.bandits.models.gaussian_process import GPBandit, squared_exponential
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
    "ClosedLoopBandit",
    "CombinatorialBandit",
    "CombinatorialLosses",
    "ConstrainedBandit",
    "ContextualBandit",
    "FiniteSupportBandit",
    "GPBandit",
    "GaussianBandit",
    "LastSwitchDependentBandit",
    "PiecewiseStationaryBandit",
    "RechargingBandit",
    "RottingBandit",
    "TallyingBandit",
    "WeightedTallyingBandit",
    "lending_loop",
    "one_sided_losses",
    "squared_exponential",
]
