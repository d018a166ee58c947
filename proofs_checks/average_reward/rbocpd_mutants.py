"""Mutants of the categorical detector, of its stream and of Theorem D's closed forms."""

from __future__ import annotations

from theorylab.rooms.proofs_checks.average_reward.rbocpd_exact import BOUNDS, DETECTOR, RBOCPD

from theorylab.verify.code import Mutant

CALL, FORGET = "stream, RULES[rule], limit, every", "restart_kernel(0, block, totals, state)"
AGAIN = "observe_kernel(x[t], 0, rule, limit, every, totals, before, position, evidence, state)"
LAPLACE = "order = float(totals.shape[1])\n    seen = totals[pair, x] + 1.0"
KT = "order = 0.5 * totals.shape[1]\n    seen = totals[pair, x] + 0.5"
FRESH = "evidence[pair, k] = fresh_evidence_kernel(n + 1.0, order, rule)"
MUTANTS = (
    Mutant("prior weight 1/n", RBOCPD, CALL, 'stream, RULES["paper"], limit, every', "Theorem R"),
    Mutant("prior weight 1/T", RBOCPD, CALL, 'stream, RULES["code"], float(len(stream)), every', "Theorem R"),
    Mutant(
        "no union over splits", DETECTOR, "n * (n - 1.0) * (n - 1.0) * limit", "n * (n - 1.0) * limit", "alarm budget"
    ),
    Mutant("C of the smaller block", DETECTOR, "second >= position[k]", "second < position[k]", "expected odds"),
    Mutant(
        "C of the first block (valid but slow)",
        DETECTOR,
        "tail = 1.0 if rule == THEOREM_R else order",
        "tail = order",
        "expected odds",
    ),
    Mutant("add one half", DETECTOR, LAPLACE, KT, "expected odds"),
    Mutant(
        "forecast counts what it forecasts", DETECTOR, "(seen - before[k])", "(seen + 1.0 - before[k])", "expected odds"
    ),
    Mutant(
        "new forecaster pays for the symbol before it",
        DETECTOR,
        FRESH,
        f"{FRESH} * seen / (n + order)",
        "expected odds",
    ),
    Mutant("1/O on one side only", DETECTOR, FRESH, f"{FRESH} / order", "expected odds"),
    Mutant(
        "new weight is the sum of weights",
        DETECTOR,
        FRESH,
        "evidence[pair, k] = 1.0 + evidence[pair, :k].sum()",
        "expected odds",
    ),
    Mutant("restart keeps the counts", DETECTOR, "totals[pair, o] = 0.0", "totals[pair, o] *= 1.0", "reference"),
    Mutant("restart keeps the last symbol", RBOCPD, FORGET, f"{FORGET}\n            {AGAIN}", "reference"),
    Mutant(
        "thinning keeps the wrong half",
        DETECTOR,
        "% spacing == 0:\n            position",
        "% spacing != 0:\n            position",
        "reference",
    ),
    Mutant(
        "test one observation late",
        DETECTOR,
        "(state[pair, OBSERVATIONS] + 1) % every",
        "state[pair, OBSERVATIONS] % every",
        "reference",
    ),
    Mutant(
        "Ville's weight without the split",
        DETECTOR,
        "(complexity * n1 * (n1 + 1.0))",
        "complexity",
        "exact false-alarm probability",
    ),
    Mutant(
        "the record's log odds are zero",
        RBOCPD,
        "return log_q(x[:first])",
        "return 0.0 * log_q(x[:first])  #",
        "log odds of an alarm",
    ),
    Mutant(
        "change one step late",
        RBOCPD,
        "self.starts - 1, ends",
        "self.starts - (self.starts == 1), np.append(self.starts[1:], horizon)",
        "step of the change",
    ),
    Mutant(
        "delay bound doubled",
        BOUNDS,
        "return late + int(d[found[0]])",
        "return 2 * (late + int(d[found[0]]))",
        "delay of Theorem D",
    ),
    Mutant(
        "Weissman radius x 0.2",
        BOUNDS,
        "return np.sqrt(2.0 * (log_events",
        "return 0.2 * np.sqrt(2.0 * (log_events",
        "Weissman radius",
    ),
)
