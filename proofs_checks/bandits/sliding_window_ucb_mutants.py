"""Mutants of sliding-window and discounted UCB."""

from __future__ import annotations

from theorylab.verify.code import Mutant

SLIDING = "theorylab.bandits.nonstationary.sliding_window_ucb"
DISCOUNTED = "theorylab.bandits.nonstationary.discounted_ucb"
INDEX = "theorylab.bandits.nonstationary.forgetting_index"
WINDOW, DISCOUNT = "sliding_window_ucb plays like its reference", "discounted_ucb plays like its reference"
MUTANTS = (
    Mutant("window one round too long", SLIDING, "if t >= window:", "if t > window:", "plays in the window"),
    Mutant("old rewards stay", SLIDING, "sums[arms[slot]] -= rewards[slot]", "sums[arms[slot]] -= 0.0", WINDOW),
    Mutant("old plays stay", SLIDING, "plays[arms[slot]] -= 1.0", "plays[arms[slot]] -= 0.0", "plays in the window"),
    Mutant("the reward that leaves is the new one", SLIDING, "-= rewards[slot]", "-= reward", WINDOW),
    Mutant("ln t for ln min(t, window)", SLIDING, "math.log(min(t, window)) if", "math.log(t) if", WINDOW),
    Mutant("radius halved", SLIDING, "math.sqrt(xi),", "math.sqrt(xi) / 2.0,", WINDOW),
    Mutant("claimed radius halved", SLIDING, "return math.sqrt(xi *", "return 0.5 * math.sqrt(xi *", "radius"),
    Mutant(
        "discount on the played arm only",
        DISCOUNTED,
        "            sums[i] *= discount\n            plays[i] *= discount",
        "            sums[i] *= discount if i == arm else 1.0\n            plays[i] *= discount if i == arm else 1.0",
        "discounted plays",
    ),
    Mutant("plays are not discounted", DISCOUNTED, "plays[i] *= discount", "plays[i] *= 1.0", "discounted plays"),
    Mutant("half of the published padding", DISCOUNTED, "2.0 * math.sqrt(xi)", "math.sqrt(xi)", DISCOUNT),
    Mutant("ln t for ln n", DISCOUNTED, "total += plays[i]", "total = t", DISCOUNT),
    Mutant(
        "new reward discounted at once", DISCOUNTED, "plays[arm] += 1.0", "plays[arm] += discount", "discounted plays"
    ),
    Mutant("default discount without the 4", DISCOUNTED, "/ horizon) / 4.0", "/ horizon)", DISCOUNT),
    Mutant(
        "unplayed arms are left out", INDEX, "            return i\n    best", "            continue\n    best", WINDOW
    ),
    Mutant(
        "kl index from the sum",
        INDEX,
        "kl_index_kernel(mean, exploration / plays)",
        "kl_index_kernel(mean, exploration)",
        WINDOW,
    ),
    Mutant("clearly lower arms win", INDEX, "mean < bar < 1.0 and plays *", "mean < bar < 1.0 and 1.0 *", WINDOW),
)
