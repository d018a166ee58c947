"""What each Coq file has to prove, and false variants of it that must not compile."""

MAIN_RESULTS = {
    "counting_tools.v": {"laplace_closed_form"},
    "elimination_sum.v": {"gap_times_pulls", "elimination_sum", "elimination_regret"},
    "exp_log_tools.v": {"nondecreasing", "one_plus_le_exp", "exp_log"},
    "false_alarms.v": {"expected_bayes_le", "false_alarms"},
    "finite_horizon.v": {
        "l1_bonus",
        "step_mixture_value",
        "step_mixture_safe",
        "performance_difference",
        "performance_difference_from",
    },
    "hedge.v": {
        "hoeffding_two_points",
        "potential_step",
        "potential_step_hoeffding",
        "hedge_regret",
        "hedge_regret_unit_losses",
        "hedge_regret_tuned",
    },
    "inverse_gap.v": {"p_sums_to_1", "inverse_gap_weighting", "sharp"},
    "laplace_mixture.v": {
        "L_splits",
        "laplace_is_L",
        "ratio_has_mean_one",
        "split_ratio_has_mean_one",
        "likelihood_le",
    },
    "learning_rates.v": {
        "weight_product",
        "unrolled",
        "weights_sum_to_1",
        "weight_at_most",
        "squared_weights",
        "future_weights",
        "future_weights_lower",
        "inverse_roots",
        "compounded_growth",
    },
    "log_barrier.v": {"log_step", "stability_sum", "stability_step", "stability_importance_weighted"},
    "markov_counting.v": {"bayes_factor", "hypergeometric_sums_to_1", "expected_bayes_factor_le", "false_alarm_budget"},
    "optimism_bracket.v": {
        "bracket",
        "best_above",
        "bracket_l1",
        "width_recursion",
        "lower_mixture_convex",
        "upper_mixture_above_base",
        "mixture_episode",
    },
    "pigeonhole.v": {"lemma_19", "sum_of_square_roots", "episode_sum"},
    "sums.v": {"sum_inverse_sqrt"},
    "ville_alarms.v": {"ville", "mixture_alarms", "mixture_false_alarms", "likelihood_le_maximum", "glr_false_alarms"},
    "width_pigeonhole.v": {
        "roots_of_counts",
        "step_widths",
        "width_sum",
        "width_sum_subset",
        "width_sum_kl",
        "width_sum_subset_kl",
        "bad_episode_count",
    },
}
TOOLS = (  # what a variant may load
    "counting_tools.v",
    "exp_log_tools.v",
    "false_alarms.v",
    "finite_horizon.v",
    "laplace_mixture.v",
    "pigeonhole.v",
    "sums.v",
)
FALSE_VARIANTS = {  # file, the true text, the false text, and why it is false
    # n = 2: 1.707 > 1.414
    "sums_constant.v": ("sums.v", "2 * ", "1 * "),
    # z = 1, 1, 2, 4, 8, ...: the ratio tends to sqrt 2 + 1
    "pigeonhole_constant.v": ("pigeonhole.v", "(sqrt 2 + 1)", "sqrt 2"),
    # two pairs visited once: 2 > sqrt 2
    "pigeonhole_pairs.v": ("pigeonhole.v", "INR (length pairs) * sum_over N pairs)", "sum_over N pairs)"),
    # q of a single observation is 1/2, not 1
    "laplace.v": ("counting_tools.v", "/ ((INR (length x) + 1) * C", "/ (INR (length x) * C"),
    # n1 = n2 = k = 1: the expected Bayes factor is 3/2, the claim says 1
    "markov_larger_block.v": ("markov_counting.v", "(INR (Nat.max n1 n2) + 1).", "(INR (Nat.max n1 n2) + 2)."),
    # n1 = n2 = k = delta = 1: eta B is 1/2 for both j, so their mass is 1, and the share is 1/2
    "markov_threshold.v": ("markov_counting.v", "Rlt_dec 1 (eta", "Rlt_dec (1 / 4) (eta"),
    # delta = 1/10, N = 2: eta = 100/3 and B is at least 3/4, so it always fires
    "false_alarms_eta.v": ("false_alarms.v", "R := share (n1 + n2) *", "R := 1000 * share (n1 + n2) *"),
    # D = 1, N = 3, L = 1/4, one arm: 3 > 1 + sqrt 3
    "elimination_constant.v": ("elimination_sum.v", "8 * L * INR (length arms)", "4 * L * INR (length arms)"),
    # x = 1: 2.72 < 3
    "exp_tangent.v": ("exp_log_tools.v", "1 + x <= exp x.", "1 + 2 * x <= exp x."),
    # x = 1: 0.37 > 0.25
    "hedge_quadratic.v": ("hedge.v", "1 - x + x * x / 2.", "1 - x + x * x / 4."),
    # p = 1/2, s = 1: 1.86 > 1.76
    "hedge_hoeffding.v": ("hedge.v", "exp (p * s + s * s / 8).", "exp (p * s + s * s / 16)."),
    # p = (0.9, 0.1), l = (0, 1), eta = 0.1: -0.00956 > -0.00975
    "hedge_step.v": ("hedge.v", "+ eta * eta / 2 * sum_over", "+ eta * eta / 4 * sum_over"),
    # ten experts, each with loss 1 in turn, eta = 1/2, T = 20000: regret 477 > 315
    "hedge_second_order.v": ("hedge.v", "eta / 2 * second_moments", "eta / 4 * second_moments"),
    # two experts, T = 1, l = (0, 1), eta^2 = 16 log 2: 0.5 > 0.42
    "hedge_unit.v": ("hedge.v", "+ eta * INR T / 8.", "+ eta * INR T / 16."),
    # two experts, T = 1, l = (0, 1): 0.5 > 0.42
    "hedge_tuned.v": ("hedge.v", "log (INR (length experts)) / 2).", "log (INR (length experts)) / 4)."),
    # the two arms of "sharp": above 2 - epsilon
    "inverse_gap_constant.v": ("inverse_gap.v", "<= 2 * (K - 1) / g.", "<= (K - 1) / g."),
    # the length of the empty list is 0 and its likelihood 1
    "mixture_bound.v": ("laplace_mixture.v", "x <= (INR (length x) + 1) *", "x <= INR (length x) *"),
    # y = 1/2: 0.095 > 0.063
    "log_barrier_step.v": ("log_barrier.v", "log (1 + y) <= y * y / 2.", "log (1 + y) <= y * y / 4."),
    # one arm, p = eta = 1, loss = 1/2, q = 2/3: 0.095 > 0.063
    "log_barrier_loss.v": ("log_barrier.v", "<= eta / 2 * (loss * loss).", "<= eta / 4 * (loss * loss)."),
    # M = 1 and c = 1: the event is sure
    "ville_half.v": ("ville_alarms.v", "(ever (reaches M c) x)) <= 1.", "(ever (reaches M c) x)) <= 1 / 2."),
    # delta = 1/10, N = 2: the thresholds are log 0.06 and log 0.08, and they always fire
    "ville_thresholds.v": ("ville_alarms.v", "(INR s + 1)) / delta", "(INR s + 1)) / (1000 * delta)"),
    # rho = 1: the mixture is the first policy, not the second
    "finite_horizon_mixture.v": (
        "finite_horizon.v",
        "value p r mix n h s = rho * value p r pi1 n h s + (1 - rho) * value p r pi2 n h s",
        "value p r mix n h s = (1 - rho) * value p r pi1 n h s + rho * value p r pi2 n h s",
    ),
    # q = (1, 0), p = (0, 1), f = (1, 0), m = 1, w = 2: 1 > 1/2
    "finite_horizon_bonus.v": ("finite_horizon.v", "<= w * m / 2.", "<= w * m / 4."),
    # two states, H = 2, q = (1, 0), p = (0, 1), rewards 0, then (1, 0): the lower value is 1/2 and the true one 0
    "bracket_half.v": ("optimism_bracket.v", "INR (H - h) / 2 in", "INR (H - h) / 4 in"),
    # the same: 1 and 0
    "bracket_stage.v": ("optimism_bracket.v", "INR (H - h) / 2 in", "INR (H - S h) / 2 in"),
    # one state, q = p, H = 2, rewards 1/2, b = 1/4, then 0: the width is 1/2 > 1/4
    "bracket_cost.v": ("optimism_bracket.v", "Rmin (INR H) (3 * b h s a)", "Rmin (INR H) (1 * b h s a)"),
    # the same: the lower value is 5/4 and the true one 1
    "bracket_sign.v": (
        "optimism_bracket.v",
        "(lower pi m (S h)) h s a - b h s a)",
        "(lower pi m (S h)) h s a + b h s a)",
    ),
    # one pair, one episode, H = 3, beta = 0, w(0) = 2: 3 + 3 + 0 > 3
    "widths_first.v": ("width_pigeonhole.v", "<= INR H * INR H * INR (length pairs)", "<= INR H * INR (length pairs)"),
    # two pairs visited once: 2 > sqrt 2
    "widths_pairs.v": ("width_pigeonhole.v", "sqrt (INR (length pairs) * K)", "sqrt K"),
    # kappa = c0 = N = 1, c1 = 0: 1 > 1/2
    "widths_count.v": ("width_pigeonhole.v", "4 * kappa * c0", "2 * kappa * c0"),
    # H = i = 1, n = 4: 1 + 1/2 + 1/3 + 1/4 > 2
    "rates_average.v": ("learning_rates.v", "(H + 1) / (H + INR t).", "1 / INR t."),
    # H = 1, t = 2: 0.80 > 0.71
    "rates_roots.v": ("learning_rates.v", "<= 2 / sqrt (INR t).", "<= 1 / sqrt (INR t)."),
    # H = 1, t = 2: 2/3 > 1/2
    "rates_largest.v": ("learning_rates.v", "2 * H / INR t", "H / INR t"),
    # H = i = 1, n = 2: 4/3 > 1
    "rates_future.v": ("learning_rates.v", "n <= 1 + 1 / H.", "n <= 1."),
}
