"""Mutants of Tsallis-INF; two of them are taken from public code."""

from __future__ import annotations

from theorylab.verify.code import Mutant

TSALLIS = "theorylab.bandits.adversarial.tsallis_inf"
SOLVER = "theorylab.bandits.adversarial.implicit_normalisation"
EXACT, REFERENCE, SUM = "exact expected loss", "tsallis_inf plays like its reference", "weights sum to one"
LEADER, BIAS = "first-order condition", "unbiased estimates"
WEIGH, PUSH = "losses[arm] += loss / weights[arm]", "losses[i] += 0.5"
MUTANTS = (
    Mutant("learning rate of round t - 1", TSALLIS, "math.sqrt(t + 1.0)", "math.sqrt(max(t, 1.0))", LEADER),
    Mutant(
        "rates of iw and rv swapped",
        TSALLIS,
        "2.0 * factor if estimator == RV else factor",
        "factor if estimator == RV else 2.0 * factor",
        LEADER,
    ),
    Mutant("estimators iw and rv swapped", TSALLIS, "if estimator == IW:", "if estimator == RV:", EXACT),
    Mutant("1 / sqrt(t), as in public code", TSALLIS, "else rate / math.sqrt(", "else 0.5 * rate / math.sqrt(", LEADER),
    Mutant("one Newton step", SOLVER, "range(MOST_STEPS)", "range(1)", SUM),
    Mutant("start at min L, where the sum diverges", SOLVER, "floor = least", "floor = 0.0", EXACT),
    Mutant("Newton step twice as long", SOLVER, "(power * slope)", "(0.5 * power * slope)", SUM),
    Mutant("measured from the largest loss", SOLVER, "min(lowest, losses[i])", "max(lowest, losses[i])", SUM),
    Mutant("stops at one percent", SOLVER, "<= exact or", "<= 0.01 or", SUM),
    Mutant("no importance weight", TSALLIS, WEIGH, "losses[arm] += loss", BIAS),
    Mutant("weight of another arm", TSALLIS, WEIGH, "losses[arm] += loss / weights[0]", BIAS),
    Mutant("baseline for the played arm only, as in public code", TSALLIS, PUSH, "losses[i] += 0.5 * (i == arm)", BIAS),
    Mutant(
        "baseline for small weights",
        TSALLIS,
        f"if weights[i] >= threshold:\n            {PUSH}",
        f"if weights[i] < threshold:\n            {PUSH}",
        BIAS,
    ),
    Mutant("threshold eta for eta squared", TSALLIS, "threshold = eta * eta", "threshold = eta", "estimates"),
    Mutant("baseline one", TSALLIS, "baseline = 0.5 if", "baseline = 1.0 if", BIAS),
    Mutant("rewards taken for losses", TSALLIS, "arm, 1.0 - reward, losses", "arm, reward, losses", EXACT),
    Mutant(
        "coin of the environment",
        TSALLIS,
        "draw_kernel(weights, agent.random())",
        "draw_kernel(weights, environment.random())",
        REFERENCE,
    ),
    Mutant("power 1 / alpha", TSALLIS, "power = 1.0 / (1.0 - alpha)", "power = 1.0 / alpha", LEADER),
    Mutant("scale without 1 - alpha", TSALLIS, "(1.0 - alpha) * eta, power", "eta, power", LEADER),
    Mutant("sqrt(1/T) for sqrt(2/T)", TSALLIS, "math.sqrt(2.0 / horizon)", "math.sqrt(1.0 / horizon)", LEADER),
    Mutant("last arm never drawn", SOLVER, "arm < weights.shape[0] - 1", "arm < weights.shape[0] - 2", EXACT),
    Mutant(
        "half Newton steps",
        SOLVER,
        "(power * slope)",
        "(2.0 * power * slope)",
        hole="equivalent: more and shorter steps reach the same level",
    ),
)
