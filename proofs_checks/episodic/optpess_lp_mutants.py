"""Mutants of OptPess-LP and of its linear program."""

from __future__ import annotations

from theorylab.verify.code import Mutant

HOME = "theorylab.mdp.episodic"
LEARNER, PROGRAM = f"{HOME}.optpess_lp", f"{HOME}.occupancy_program"
REFERENCE, ORACLE = "optpess_lp plays like its reference", "program against all policies"
MUTANTS = (
    Mutant(
        "optimism in the constraint too",
        LEARNER,
        "constraint=self.signal - bonus",
        "constraint=self.signal + bonus",
        "the baseline only when nothing is feasible",
    ),
    Mutant(
        "no bonus in the constraint", LEARNER, "constraint=self.signal - bonus", "constraint=self.signal", REFERENCE
    ),
    Mutant("certificate with plus the bonus", LEARNER, "rewards[h] - bonus[h] +", "rewards[h] + bonus[h] +", REFERENCE),
    Mutant(
        "certificate not clipped at 0",
        LEARNER,
        "np.maximum(0.0, rewards[h] - bonus[h] + P[h] @ value)",
        "(rewards[h] - bonus[h] + P[h] @ value)",
        "certificate recomputed",
    ),
    Mutant("no optimism", LEARNER, "self.mdp.R + self.optimism * bonus", "self.mdp.R", REFERENCE),
    Mutant("weight without H", LEARNER, "1.0 + 4.0 * H / (said", "1.0 + 4.0 / (said", REFERENCE),
    Mutant(
        "threshold on the wrong side",
        LEARNER,
        "if certificate >= self.threshold",
        "if certificate <= self.threshold",
        REFERENCE,
    ),
    Mutant("stale program", LEARNER, "fresh = planner.plan(knowledge)", "fresh = plans[0]", REFERENCE),
    Mutant(
        "the baseline executed whatever the plan", LEARNER, "cumulative_law(now.law)", "cumulative_law(law)", REFERENCE
    ),
    Mutant(
        "new program only at four times the count",
        LEARNER,
        ">= max(1, 2 * planned",
        ">= max(1, 4 * planned",
        "plans end when a count doubles",
    ),
    Mutant(
        "first visits do not end a plan",
        LEARNER,
        ">= max(1, 2 * planned",
        ">= max(2, 2 * planned",
        "plans end when a count doubles",
    ),
    Mutant(
        "violations of the rewards for those of the constraint",
        LEARNER,
        "book_kernel(shadow, k, checkpoint, constraint_value",
        "book_kernel(shadow, k, checkpoint, value",
        "margins are booked",
    ),
    Mutant(
        "regret against the unconstrained optimum",
        LEARNER,
        "if constraint_rewards is not None:\n        setup.log.goal[0]",
        "if False:\n        setup.log.goal[0]",
        "regret is booked",
    ),
    Mutant(
        "the rewards constrained instead of the signal",
        LEARNER,
        "certificate = pessimistic_value(frequencies, self.signal, bonus, found.policy, start)",
        "certificate = pessimistic_value(frequencies, self.mdp.R, bonus, found.policy, start)",
        "the baseline only when nothing is feasible",
    ),
    Mutant(
        "policy not normalised",
        PROGRAM,
        "q / np.where(mass > NEGLIGIBLE, mass, 1.0)",
        "q * 1.0",
        ORACLE,
    ),
    Mutant("flow of the wrong step", PROGRAM, "-P[h, s, a, t]", "-P[h + 1, s, a, t]", ORACLE),
    Mutant("transposed flow", PROGRAM, "rows.append((h + 1) * S + t)", "rows.append((h + 1) * S + s)", ORACLE),
    Mutant("constraint upside down", PROGRAM, '"A_ub": -constraint', '"A_ub": constraint', ORACLE),
    Mutant(
        "the recursion's value replaced by the solver's constraint",
        PROGRAM,
        "bound = np.nan if constraint is None else evaluate_law(P, constraint, law, start)",
        "bound = level",
        "constraint recomputed",
    ),
    Mutant(
        "unmet states play the last action",
        PROGRAM,
        "mass, 1.0), fallback)",
        "mass, 1.0), np.eye(objective.shape[2])[-1])",
        REFERENCE,
    ),
)
