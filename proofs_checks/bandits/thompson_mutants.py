"""Mutants of Thompson sampling: mistakes that were made in public code, or in ours."""

from __future__ import annotations

from theorylab.verify.code import Mutant

THOMPSON = "theorylab.bandits.stochastic.thompson"
PLAYS, NORMAL = "thompson plays like its reference", "gaussian_thompson plays like its reference"
LAW, MEAN, NORMAL_LAW = "draws follow the posterior", "mean regret is exact", "Gaussian draws follow the posterior"
COIN = "success = 1.0 if agent.random() < reward else 0.0"
AFTER = "draws[i] = agent.beta(shapes[2 * i], shapes[2 * i + 1])\n"
LOG_TEST = "if u > 0.0 and math.log(u) < 0.5 * x * x + offset * (1.0 - v + math.log(v)):"
DRAW = "draws[i] = sums[i] * (scales[i] * scales[i]) + scales[i] * agent.standard_normal()"
SHARED = """            d = shapes[2 * i] / (shapes[2 * i] + shapes[2 * i + 1]) - shapes[0] / (shapes[0] + shapes[1])
            draws[i] = draws[i] if i == 0 else min(1.0, max(0.0, draws[0] + d))
"""
SAME_NORMAL = """shared = agent.standard_normal() if i == 0 else shared
            draws[i] = sums[i] * scales[i] ** 2 + scales[i] * shared"""
MUTANTS = (
    Mutant("Beta(s, n - s)", THOMPSON, "shapes = table.ravel().copy()", "shapes = table.ravel() - 0.999", LAW),
    Mutant(
        "successes and failures swapped", THOMPSON, "(0 if success == 1.0 else 1)", "(1 if success == 1.0 else 0)", MEAN
    ),
    Mutant(
        "posterior mean for a draw",
        THOMPSON,
        AFTER,
        f"{AFTER}            draws[i] = shapes[2 * i] / (shapes[2 * i] + shapes[2 * i + 1])\n",
        LAW,
    ),
    Mutant("one draw for all arms", THOMPSON, AFTER, f"{AFTER}            draws[i] = draws[0]\n", LAW),
    Mutant(
        "one uniform for all arms",
        THOMPSON,
        AFTER,
        AFTER + SHARED,
        LAW,
    ),
    Mutant("rewards rounded, not binarised", THOMPSON, COIN, "success = 1.0 if reward >= 0.5 else 0.0", PLAYS),
    Mutant("any positive reward is a success", THOMPSON, COIN, "success = 1.0", PLAYS),
    Mutant("the coin comes from the rewards' stream", THOMPSON, COIN, COIN.replace("agent", "environment"), PLAYS),
    Mutant(
        "constants of the played arm stale",
        THOMPSON,
        "shapes[j] += 1.0\n        gamma_constants_kernel(shapes, offsets, scales, j)",
        "shapes[j] += 1.0",
        LAW,
    ),
    Mutant("offset 1/2 for 1/3", THOMPSON, "shapes[j] - 1.0 / 3.0", "shapes[j] - 0.5", PLAYS),
    Mutant("no rejection", THOMPSON, LOG_TEST, "if True:", PLAYS),
    Mutant("square for cube", THOMPSON, "v = v * v * v", "v = v * v", LAW),
    Mutant("ratio upside down", THOMPSON, "first / (first + second)", "second / (first + second)", LAW),
    Mutant(
        "prior of the first arm for all",
        THOMPSON,
        "np.broadcast_to(given, (n_arms, 2))",
        "np.broadcast_to(given.reshape(-1, 2)[0], (n_arms, 2))",
        PLAYS,
    ),
    Mutant("failures not counted", THOMPSON, "shapes[j] += 1.0", "shapes[j] += success", MEAN),
    Mutant(
        "N(m, 1/n) with m = sum / n",
        THOMPSON,
        DRAW,
        "draws[i] = (sums[i] + math.sqrt(max(pulls[i], 1.0)) * agent.standard_normal()) / max(pulls[i], 1.0)",
        NORMAL,
    ),
    Mutant(
        "variance for standard deviation",
        THOMPSON,
        DRAW,
        DRAW.replace("+ scales[i] *", "+ scales[i] * scales[i] *"),
        NORMAL_LAW,
    ),
    Mutant(
        "mean over n, Gaussian",
        THOMPSON,
        DRAW,
        "draws[i] = sums[i] / max(pulls[i], 1.0) + scales[i] * agent.standard_normal()",
        NORMAL,
    ),
    Mutant(
        "one normal for all arms",
        THOMPSON,
        DRAW,
        SAME_NORMAL,
        NORMAL_LAW,
    ),
    Mutant(
        "reward of the first arm credited, Gaussian",
        THOMPSON,
        "sums[arm] += step_kernel",
        "sums[0] += step_kernel",
        NORMAL,
    ),
)
