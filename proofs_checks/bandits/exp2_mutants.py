"""Mutants of Exp2, CSB-Exp2 and CSB-FTPL."""

from __future__ import annotations

from theorylab.verify.code import Mutant

HOME = "theorylab.bandits.adversarial"
EXP2, CSB, FTPL, PLACE = f"{HOME}.exp2", f"{HOME}.csb_exp2", f"{HOME}.csb_ftpl", f"{HOME}.linear_game"
LINEAR, SETS, LEADERS = (f"{name} plays like its reference" for name in ("exp2", "csb_exp2", "csb_ftpl"))
REDRAW = """            for x in range(n_contexts):
                for j in range(d):
                    noise[x, j] = laplace_kernel(agent.random(), epsilon)
            again"""
MUTANTS = (
    Mutant(
        "no exploration",
        EXP2,
        "law[n] = (1.0 - gamma) * law[n] / total + gamma * design[n]",
        "law[n] = law[n] / total",
        LINEAR,
    ),
    Mutant("uniform exploration for John's", EXP2, "gamma * design[n]", "gamma / n_actions", LINEAR),
    Mutant(
        "estimates without the inverse",
        EXP2,
        "        solve_kernel(matrix, vector)\n",
        "",
        "unbiased estimates of exp2",
    ),
    Mutant(
        "P of the weights before mixing",
        EXP2,
        "matrix[i, j] += law[n] * points",
        "matrix[i, j] += (law[n] - gamma * design[n]) / (1.0 - gamma) * points",
        "unbiased estimates of exp2",
    ),
    Mutant("rewards for losses", EXP2, "loss = 1.0 - step_kernel", "loss = step_kernel", "estimates"),
    Mutant(
        "only the action played is updated",
        EXP2,
        "scores[n] += inner * loss",
        "scores[n] += inner * loss * (n == arm)",
        "unbiased estimates of exp2",
    ),
    Mutant("g left out of the rate", EXP2, "((2.0 * g + d) * horizon)", "(d * horizon)", LINEAR),
    Mutant("gamma without the dimension", EXP2, "return eta, eta * g", "return eta, eta", LINEAR),
    Mutant(
        "Cholesky without the diagonal",
        EXP2,
        "vector[i] /= matrix[i, i]\n    for i",
        "vector[i] /= 1.0\n    for i",
        "unbiased estimates of exp2",
    ),
    Mutant(
        "exploration stops at equal weights", PLACE, "weights = _optimal_weights(points)", "pass", "John's position"
    ),
    Mutant(
        "1/q of the policy, not of the coordinate",
        CSB,
        "losses[t, j] / chances[j]",
        "losses[t, j] / law[arm]",
        "unbiased estimates of csb_exp2",
    ),
    Mutant(
        "coordinates that were not played are estimated",
        CSB,
        "if policies[arm, x, j] > 0.0 and losses[t, j] > 0.0:",
        "if losses[t, j] > 0.0 and max(policies[:, x, j]) > 0.0:",
        "unbiased estimates of csb_exp2",
    ),
    Mutant(
        "only the policy played is updated",
        CSB,
        "scores[n] += policies[n, x, j] * estimate",
        "scores[n] += policies[n, x, j] * estimate * (n == arm)",
        "unbiased estimates of csb_exp2",
    ),
    Mutant(
        "no importance weight",
        CSB,
        "estimate = losses[t, j] / chances[j]",
        "estimate = losses[t, j]",
        "unbiased estimates of csb_exp2",
    ),
    Mutant("the context of the round before", CSB, "x = contexts[t]", "x = contexts[t - 1]", SETS),
    Mutant(
        "weights exponentiate gains",
        CSB,
        "math.exp(-eta * (scores[n] - least))",
        "math.exp(eta * (scores[n] - least))",
        SETS,
    ),
    Mutant("d left out of the rate", CSB, "(size * n_items * horizon)", "(size * size * horizon)", SETS),
    Mutant("J uncapped", FTPL, "played < repetitions - 1", "played < 50 * repetitions", "geometric resampling"),
    Mutant("cap one early", FTPL, "waits[j] = repetitions\n", "waits[j] = repetitions - 1\n", "geometric resampling"),
    Mutant("J counts from zero", FTPL, "waits[j] = played\n", "waits[j] = played - 1\n", "geometric resampling"),
    Mutant(
        "one wait for all coordinates",
        FTPL,
        "if waits[j] == repetitions and policies[again, context, j] > 0.0:",
        "if waits[j] == repetitions and again == arm:",
        "geometric resampling",
    ),
    Mutant("repetitions keep the noise", FTPL, REDRAW, "            again", "geometric resampling"),
    Mutant(
        "fresh noise on seen contexts only",
        FTPL,
        "        arm = leader_kernel",
        "        for x in range(n_contexts):\n            for j in range(d if x not in contexts[: t + 1] else 0):\n                noise[x, j] = 0.0\n        arm = leader_kernel",  # noqa: E501
        LEADERS,
    ),
    Mutant(
        "noise of scale epsilon",
        FTPL,
        "return -math.log(1.0 - 2.0 * uniform) / epsilon",
        "return -math.log(1.0 - 2.0 * uniform) * epsilon",
        LEADERS,
    ),
    Mutant(
        "exponential noise, not Laplace",
        FTPL,
        "return math.log(2.0 - 2.0 * uniform) / epsilon",
        "return -math.log(2.0 - 2.0 * uniform) / epsilon",
        LEADERS,
    ),
    Mutant(
        "noise of the round's context only",
        FTPL,
        "for x in range(n_contexts):\n            for j in range(d):\n                value",
        "for x in range(1):\n            for j in range(d):\n                value",
        LEADERS,
    ),
    Mutant(
        "m and the number of contexts swapped in the rate",
        FTPL,
        "/ (2.0 * m * k * horizon)",
        "/ (2.0 * x * k * horizon)",
        LEADERS,
    ),
    Mutant(
        "estimates without the wait",
        FTPL,
        "policies[n, context, j] * waits[j] * losses[t, j]",
        "policies[n, context, j] * losses[t, j]",
        LEADERS,
    ),
)
