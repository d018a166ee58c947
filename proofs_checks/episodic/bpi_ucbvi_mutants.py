"""Mutants of the two searches: mistakes in bonuses, in the recursion of the gap and in the stopping rule."""

from __future__ import annotations

from theorylab.verify.code import Mutant

MODULE, SEARCH = "theorylab.mdp.episodic.bpi_ucbvi", "theorylab.mdp.episodic.identification"
REFERENCE, OTHER = "bpi_ucbvi searches like its reference", "bpi_ucrl searches like its reference"
TIMES = "times of the accuracies"

MUTANTS = (
    Mutant("variance of the stage's own values", MODULE, "ahead = upper[h + 1, j]", "ahead = upper[h, j]", REFERENCE),
    Mutant("variance of the lower values", MODULE, "ahead = upper[h + 1, j]", "ahead = lower[h + 1, j]", REFERENCE),
    Mutant(
        "beta and beta* swapped",
        MODULE,
        "return log_union + n_states * growth, log_union + growth",
        "return log_union + growth, log_union + n_states * growth",
        REFERENCE,
    ),
    Mutant(
        "1/n for 1/sqrt(n)",
        MODULE,
        "noise[i] = math.sqrt(noise[i] * weights[i] * rate[i])",
        "noise[i] = math.sqrt(noise[i] * rate[i]) * weights[i]",
        REFERENCE,
    ),
    Mutant(
        "stops on the widest state",
        MODULE,
        "certificate += start[s] * widths[0, s]",
        "certificate = max(certificate, widths[0, s])",
        REFERENCE,
    ),
    Mutant("no (1 + 3/H)", MODULE, "later *= (1.0 + 3.0 / H) * weights[pair]", "later *= weights[pair]", REFERENCE),
    Mutant(
        "no clip at H without a visit", MODULE, "np.full((H, S * A), math.inf)", "np.zeros((H, S * A))", REFERENCE
    ),
    Mutant("no gap in the bonus", MODULE, " + (mean[i] - low[i]) / H", "", REFERENCE),
    Mutant("half the bonus below", MODULE, "reward[i] - extra + low[i]", "reward[i] - 0.5 * extra + low[i]", REFERENCE),
    Mutant("no union over (h, s, a)", MODULE, "math.log(3.0 * S * A * H / delta)", "math.log(3.0 / delta)", REFERENCE),
    Mutant("the bonus in place of the gap", MODULE, "36.0 * crowd[pair]", "14.0 * crowd[pair]", REFERENCE),
    Mutant("H for H^2", MODULE, "scale * H * H * beta / n", "scale * H * beta / n", REFERENCE),
    Mutant(
        "the state itself counted",
        MODULE,
        "counts[h, states[h + 1], pair] += 1.0",
        "counts[h, states[h], pair] += 1.0",
        REFERENCE,
    ),
    Mutant(
        "gap of the next state, not its mean", MODULE, "later += row[j, pair] * widths[h + 1, j]",
        "later = max(later, row[j, pair] * widths[h + 1, j])", REFERENCE,
    ),
    Mutant(
        "stops at twice the accuracy",
        SEARCH,
        "return certificate <= epsilon",
        "return certificate <= 2.0 * epsilon",
        REFERENCE,
    ),
    Mutant("the last time for the first", SEARCH, "reached[i] < 0 and certificate", "certificate", TIMES),
    Mutant(
        "bpi_ucrl: half the width",
        MODULE,
        "certificate += start[s] * (upper[0, s] - lower[0, s])",
        "certificate += 0.5 * start[s] * (upper[0, s] - lower[0, s])",
        OTHER,
    ),
    Mutant(
        "bpi_ucrl: stops on the widest state",
        MODULE,
        "certificate += start[s] * (upper[0, s] - lower[0, s])",
        "certificate = max(certificate, upper[0, s] - lower[0, s])",
        OTHER,
    ),
    Mutant("bpi_ucrl: no union over s", MODULE, "log_term(S, A, H, delta)", "log_term(1, A, H, delta)", OTHER),
)  # fmt: skip
