"""Bandits and online learning: models here, algorithms in the sub-packages.

``theorylab.bandits.environments.named`` makes instances by name.  Importing this package brings numpy only.
"""

from theorylab.bandits.models import (
    AdaptiveAdversary,
    AdversarialBandit,
    BanditModel,
    BernoulliBandit,
    ClosedLoopBandit,
    CombinatorialBandit,
    CombinatorialLosses,
    ConstrainedBandit,
    ContextualBandit,
    FiniteSupportBandit,
    GaussianBandit,
    GPBandit,
    LastSwitchDependentBandit,
    PiecewiseStationaryBandit,
    RechargingBandit,
    RottingBandit,
    TallyingBandit,
    WeightedTallyingBandit,
    lending_loop,
    one_sided_losses,
    squared_exponential,
)

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
