"""Mutants of successive elimination: mistakes that lower the regret on benign instances, and some that do not."""

from __future__ import annotations

from theorylab.verify.code import Mutant

MODULE = "theorylab.bandits.stochastic.successive_elimination"
VALUE, REFERENCE = "exact expected regret, the module's own rule", "successive_elimination plays like its reference"
AUDIT = "radius"
RADIUS, LOG = "math.sqrt(log_term / (2.0 * n))", "math.log(2 * n_arms * horizon / delta)"
NEXT = "while arm < n_arms and active[arm] == 0.0:"
STEP = "sums[arm] += step_kernel(world, memory, log, arm, noise)"
MUTANTS = (
    Mutant("radius halved", MODULE, RADIUS, f"0.5 * {RADIUS}", AUDIT),
    Mutant("no union bound", MODULE, LOG, "math.log(2 / delta)", AUDIT),
    Mutant("one radius, not two", MODULE, "> 2.0 * radius_kernel", "> radius_kernel", VALUE),
    Mutant("off by one in the radius", MODULE, RADIUS, "math.sqrt(log_term / (2.0 * (n + 1.0)))", VALUE),
    Mutant("one side only in the union bound", MODULE, LOG, "math.log(n_arms * horizon / delta)", VALUE),
    Mutant("K forgotten in the union bound", MODULE, LOG, "math.log(2 * horizon / delta)", VALUE),
    Mutant(
        "last arm not played again",
        MODULE,
        NEXT,
        "while arm < n_arms and (active[arm] == 0.0 or (arm == n_arms - 1 and n > 1.0)):",
        REFERENCE,
    ),
    Mutant(
        "unequal counts compared",
        MODULE,
        STEP,
        f"{STEP}\n        left = eliminate_kernel(active, sums, n, log_term)",
        REFERENCE,
    ),
    Mutant(
        "upper limits compared the wrong way", MODULE, "best - sums[i] / n > 2.0", "sums[i] / n - best > 2.0", VALUE
    ),
    Mutant(
        "the best arm is dropped", MODULE, "best = max(best, sums[i] / n)", "best = max(best, 2.0 * sums[i] / n)", VALUE
    ),
)
