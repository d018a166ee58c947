"""Mutants of the formal development's UCB: other people's logarithms, misplaced constants, broken plays."""

from __future__ import annotations

from theorylab.verify.code import Mutant

MODULE = "theorylab.bandits.stochastic.lean_ucb"
VALUE, REFERENCE = "the module's own radius has the exact regret", "lean_ucb plays like its reference"
AUDIT, INDEX = "radius", "indices are means plus widths"
WIDTH = "math.sqrt(2.0 * c * sigma2 * math.log(t + 1.0) / n)"
CHOICE = "arm = 0\n            while index[arm] < best - TIE:\n                arm += 1"
MUTANTS = (
    Mutant("ln t for ln(t + 1)", MODULE, WIDTH, WIDTH.replace("t + 1.0", "max(t, 1.0)"), VALUE),
    Mutant(
        "c misplaced: outside the root", MODULE, WIDTH, "c * math.sqrt(2.0 * sigma2 * math.log(t + 1.0) / n)", VALUE
    ),
    Mutant(
        "c misplaced: inside the logarithm", MODULE, WIDTH, "math.sqrt(2.0 * sigma2 * math.log(c * t + 1.0) / n)", VALUE
    ),
    Mutant("sigma for sigma^2", MODULE, WIDTH, WIDTH.replace("* sigma2 *", "* math.sqrt(sigma2) *"), VALUE),
    Mutant("2 forgotten", MODULE, WIDTH, WIDTH.replace("2.0 * c", "c"), AUDIT),
    Mutant("bonus halved", MODULE, WIDTH, f"0.5 * {WIDTH}", AUDIT),
    Mutant("bonus doubled", MODULE, WIDTH, f"2.0 * {WIDTH}", VALUE),
    Mutant("logarithm of the arm's own plays", MODULE, WIDTH, WIDTH.replace("t + 1.0", "n + 1.0"), VALUE),
    Mutant("root misplaced", MODULE, WIDTH, "math.sqrt(2.0 * c * sigma2 * math.log(t + 1.0)) / n", VALUE),
    Mutant("logarithm forgotten", MODULE, WIDTH, "math.sqrt(2.0 * c * sigma2 / n)", VALUE),
    Mutant("mean over n + 1", MODULE, "sums[arm] / pulls[arm]", "sums[arm] / (pulls[arm] + 1.0)", INDEX),
    Mutant("no first plays", MODULE, "if t >= n_arms:", "if t >= 1:", REFERENCE),
    Mutant(
        "last arm skipped",
        MODULE,
        "for i in range(n_arms):\n                index[i]",
        "for i in range(n_arms - 1):\n                index[i]",
        REFERENCE,
    ),
    Mutant(
        "ties to the last arm",
        MODULE,
        CHOICE,
        CHOICE.replace("arm = 0", "arm = n_arms - 1").replace("+= 1", "-= 1"),
        REFERENCE,
    ),
    Mutant("one round late: t + 1 for t", MODULE, "float(t), pulls[i]", "float(t + 1), pulls[i]", REFERENCE),
)
