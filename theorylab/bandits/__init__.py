"""Bandits and online learning: models here, algorithms in the sub-packages.

``theorylab.bandits.environments.named`` makes instances by name.  Importing this package brings numpy only.
"""

from theorylab.bandits.models import (
    AdaptiveAdversary,
    AdversarialBandit,
    BanditModel,
    BernoulliBandit,
    CombinatorialBandit,
    CombinatorialLosses,
    ContextualBandit,
    FiniteSupportBandit,
    GaussianBandit,
    LastSwitchDependentBandit,
    PiecewiseStationaryBandit,
    RechargingBandit,
    RottingBandit,
    TallyingBandit,
    WeightedTallyingBandit,
    one_sided_losses,
)

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
