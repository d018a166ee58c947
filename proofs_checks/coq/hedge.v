(** Hedge: the potential step and the regret bound that follows from it, for every sequence of losses.

    Setting. There is a finite list of N experts. Before round k expert i has the weight exp(- eta * its loss so far),
    and p_k(i) is its share of the total weight; then the losses l_k(i) are shown. The losses are arbitrary numbers:
    nothing is random, and l_k may depend on everything before it.

    Proved here, with eta > 0 and log the natural logarithm:
    (1) exp(-x) <= 1 - x + x^2/2 for x >= 0                                                    [exp_quadratic]
    (2) 1 - p + p exp(s) <= exp(p s + s^2/8) for p in [0, 1] and every s: Hoeffding's lemma
        for a value that is 0 or 1                                                             [hoeffding_two_points]
    (3) the potential step, for a distribution p:
        log sum_i p_i exp(-eta l_i) <= -eta p.l + (eta^2/2) p.l^2    when l >= 0               [potential_step]
        log sum_i p_i exp(-eta l_i) <= -eta p.l + eta^2/8            when 0 <= l <= 1
        (Hoeffding's lemma for a finite distribution on [0, 1])                            [potential_step_hoeffding]
    (4) after T rounds, for every expert i:
        sum_k p_k.l_k - sum_k l_k(i) <= (log N)/eta + (eta/2) sum_k p_k.l_k^2   when l >= 0    [hedge_regret]
        sum_k p_k.l_k - sum_k l_k(i) <= (log N)/eta + eta T/8           when 0 <= l <= 1   [hedge_regret_unit_losses]
                                     <= sqrt(T (log N)/2)   at eta = sqrt(8 (log N)/T)         [hedge_regret_tuned]

    Where it is used: the sure bound of hedge, and, with importance-weighted estimates in the place of l (they are
    nonnegative, not bounded by 1), the start of the proofs for Exp3, Exp3-IX and Exp2.

    What is not said here: the expectation over the estimates; a learning rate that changes over time; floating point;
    that the code computes these weights. *)

From Coq Require Import Reals Lra Lia List.
Require Import pigeonhole exp_log_tools.
Import ListNotations.
Open Scope R_scope.

(** * Two inequalities for the exponential *)

(** (1 - x + x^2/2) exp x has the derivative (x^2/2) exp x. *)
Theorem exp_quadratic (x : R) : 0 <= x -> exp (- x) <= 1 - x + x * x / 2.
Proof.
  intros Hx.
  assert (H := nondecreasing (fun t => (1 + -1 * t + / 2 * (t * t)) * exp (0 + 1 * t + 0 * (t * t))) _ 0 x Hx
    (fun t _ => derivative_quadratic_exp 1 (-1) (/ 2) 0 1 0 t)).
  cbv beta in H. replace (0 + 1 * 0 + 0 * (0 * 0)) with 0 in H by ring. rewrite exp_0 in H.
  replace (0 + 1 * x + 0 * (x * x)) with x in H by ring.
  assert (Hprod : exp (- x) * exp x = 1) by (rewrite <- exp_plus, <- exp_0; f_equal; ring).
  assert (Hp := exp_pos x).
  apply Rmult_le_reg_r with (exp x); [ exact Hp | ]. rewrite Hprod.
  eapply Rle_trans; [ | eapply Rle_trans; [ apply H | right; field ] ]; [ lra | ].
  intros t Ht. apply Rmult_le_pos; [ | apply Rlt_le, exp_pos ].
  assert (0 <= t * t) by apply Rle_0_sqr. lra.
Qed.

(** The moment generating function of a value that is 1 with probability p and 0 otherwise. *)
Definition mixture (p s : R) : R := 1 - p + p * exp s.

Lemma mixture_pos (p s : R) : 0 <= p <= 1 -> 0 < mixture p s.
Proof.
  intros Hp. unfold mixture. assert (H := exp_pos s).
  destruct (Req_dec p 0) as [ -> | Hne ]; [ lra | ]. assert (0 < p * exp s) by (apply Rmult_lt_0_compat; lra). lra.
Qed.

Lemma derivative_mixture (p s : R) : derivable_pt_lim (mixture p) s (p * exp s).
Proof.
  replace (p * exp s) with (0 + p * exp s) by ring.
  exact (derivable_pt_lim_plus (fct_cte (1 - p)) (mult_real_fct p exp) s _ _
    (derivable_pt_lim_const _ _) (derivable_pt_lim_scal exp p s _ (derivable_pt_lim_exp s))).
Qed.

(** The slope p exp s / mixture of the log of it is at most p + s/4: its own slope is at most 1/4. *)
Lemma mean_slope (p s : R) : 0 <= p <= 1 -> 0 <= s -> p * exp s <= (p + s / 4) * mixture p s.
Proof.
  intros Hp Hs.
  set (f := fun t => (p - 1 + / 4 * t + 0 * (t * t)) + (1 - p) / mixture p t).
  assert (Hder : forall t, 0 <= t <= s ->
    derivable_pt_lim f t ((/ 4 + 2 * 0 * t) + (0 * mixture p t - p * exp t * (1 - p)) / Rsqr (mixture p t))).
  { intros t _. assert (Hm := mixture_pos p t Hp).
    exact (derivable_pt_lim_plus _ (div_fct (fct_cte (1 - p)) (mixture p)) t _ _ (derivative_quadratic _ _ _ t)
      (derivable_pt_lim_div (fct_cte (1 - p)) (mixture p) t _ _
        (derivable_pt_lim_const _ _) (derivative_mixture p t) (Rgt_not_eq _ _ Hm))). }
  assert (H := nondecreasing f _ 0 s Hs Hder).
  assert (H0 : f 0 = 0) by (unfold f, mixture; rewrite exp_0; field; lra).
  assert (Hm := mixture_pos p s Hp).
  assert (Hend : 0 <= f s).
  { rewrite <- H0. apply H. intros t _. assert (Hmt := mixture_pos p t Hp).
    unfold Rsqr. apply Rmult_le_reg_r with (mixture p t * mixture p t); [ nra | ].
    replace ((/ 4 + 2 * 0 * t + (0 * mixture p t - p * exp t * (1 - p)) / (mixture p t * mixture p t))
      * (mixture p t * mixture p t)) with (/ 4 * (mixture p t * mixture p t) - (p * exp t) * (1 - p)) by (field; lra).
    assert (Hsq := Rle_0_sqr (p * exp t - (1 - p))). unfold Rsqr, mixture in *. nra. }
  unfold f in Hend.
  assert (E : (p - 1 + / 4 * s + 0 * (s * s) + (1 - p) / mixture p s) * mixture p s
    = (p + s / 4) * mixture p s - p * exp s) by (unfold mixture in *; field; lra).
  nra.
Qed.

Lemma hoeffding_right (p s : R) : 0 <= p <= 1 -> 0 <= s -> mixture p s <= exp (p * s + s * s / 8).
Proof.
  intros Hp Hs.
  assert (H := nondecreasing (fun t => - mixture p t * exp (0 + - p * t + - / 8 * (t * t))) _ 0 s Hs
    (fun t _ => derivative_times_exp (fun u => - mixture p u) _ _ _ t
      (derivable_pt_lim_opp (mixture p) t _ (derivative_mixture p t)) (derivative_quadratic 0 (- p) (- / 8) t))).
  cbv beta in H. replace (0 + - p * 0 + - / 8 * (0 * 0)) with 0 in H by ring.
  replace (- mixture p 0 * exp 0) with (-1) in H by (unfold mixture; rewrite exp_0; ring).
  assert (Hle : -1 <= - mixture p s * exp (0 + - p * s + - / 8 * (s * s))).
  { apply H. intros t Ht. apply Rmult_le_pos; [ | apply Rlt_le, exp_pos ].
    assert (Hslope := mean_slope p t Hp ltac:(lra)). lra. }
  assert (Hprod : exp (0 + - p * s + - / 8 * (s * s)) * exp (p * s + s * s / 8) = 1).
  { rewrite <- exp_plus, <- exp_0. f_equal. field. }
  assert (Hpos := exp_pos (p * s + s * s / 8)).
  replace (mixture p s) with (mixture p s * exp (0 + - p * s + - / 8 * (s * s)) * exp (p * s + s * s / 8))
    by (rewrite Rmult_assoc, Hprod; ring).
  nra.
Qed.

(** For s < 0 the two points change places. *)
Theorem hoeffding_two_points (p s : R) : 0 <= p <= 1 -> 1 - p + p * exp s <= exp (p * s + s * s / 8).
Proof.
  intros Hp. destruct (Rle_dec 0 s) as [ Hs | Hs ]; [ apply (hoeffding_right p s Hp Hs) | ].
  assert (H := hoeffding_right (1 - p) (- s) ltac:(lra) ltac:(lra)). unfold mixture in H.
  replace (p * s + s * s / 8) with (s + ((1 - p) * - s + - s * - s / 8)) by field. rewrite exp_plus.
  assert (Hprod : exp s * exp (- s) = 1) by (rewrite <- exp_plus, <- exp_0; f_equal; ring).
  assert (Hpos := exp_pos s).
  replace (1 - p + p * exp s) with (exp s * (1 - (1 - p) + (1 - p) * exp (- s)))
    by (rewrite Rmult_plus_distr_l; rewrite <- Rmult_assoc, (Rmult_comm (exp s) (1 - p)), Rmult_assoc, Hprod; ring).
  apply Rmult_le_compat_l; lra.
Qed.

(** On [0, 1] the exponential lies below its chord: two tangents at x, weighted by 1 - x and x. *)
Lemma below_the_chord (s x : R) : 0 <= x <= 1 -> exp (s * x) <= 1 - x + x * exp s.
Proof.
  intros Hx. assert (Hp := exp_pos (s * x)).
  assert (H0 := one_plus_le_exp (- (s * x))). assert (H1 := one_plus_le_exp (s - s * x)).
  assert (E0 : exp (s * x) * exp (- (s * x)) = 1) by (rewrite <- exp_plus, <- exp_0; f_equal; ring).
  assert (E1 : exp (s * x) * exp (s - s * x) = exp s) by (rewrite <- exp_plus; f_equal; ring).
  assert (T0 : exp (s * x) * (1 + - (s * x)) <= 1) by (rewrite <- E0; apply Rmult_le_compat_l; lra).
  assert (T1 : exp (s * x) * (1 + (s - s * x)) <= exp s) by (rewrite <- E1; apply Rmult_le_compat_l; lra).
  nra.
Qed.

(** * The potential step *)

Section PotentialStep.

Context {Expert : Type}.
Variable experts : list Expert.
Variable p l : Expert -> R.
Hypothesis p_nonneg : forall i, In i experts -> 0 <= p i.
Hypothesis p_sums_to_1 : sum_over p experts = 1.
Variable eta : R.

Lemma sum_over_three (f g h : Expert -> R) (a b : R) :
  sum_over (fun i => f i + a * g i + b * h i) experts
    = sum_over f experts + a * sum_over g experts + b * sum_over h experts.
Proof. rewrite !sum_over_add, !sum_over_scale. reflexivity. Qed.

Lemma mgf_second_order :
  0 <= eta -> (forall i, In i experts -> 0 <= l i) ->
  sum_over (fun i => p i * exp (- eta * l i)) experts
    <= exp (- eta * sum_over (fun i => p i * l i) experts
            + eta * eta / 2 * sum_over (fun i => p i * (l i * l i)) experts).
Proof.
  intros Heta Hl. eapply Rle_trans; [ | apply one_plus_le_exp ].
  rewrite <- p_sums_to_1 at 1. rewrite <- Rplus_assoc, <- sum_over_three.
  apply sum_over_le. intros i Hi. assert (H1 := Hl i Hi). assert (H2 := p_nonneg i Hi).
  assert (H := exp_quadratic (eta * l i) ltac:(apply Rmult_le_pos; assumption)).
  replace (- eta * l i) with (- (eta * l i)) by ring.
  apply Rle_trans with (p i * (1 - eta * l i + eta * l i * (eta * l i) / 2)).
  - apply Rmult_le_compat_l; assumption.
  - right. field.
Qed.

Lemma mgf_hoeffding :
  (forall i, In i experts -> 0 <= l i <= 1) ->
  sum_over (fun i => p i * exp (- eta * l i)) experts
    <= exp (- eta * sum_over (fun i => p i * l i) experts + eta * eta / 8).
Proof.
  intros Hl. set (m := sum_over (fun i => p i * l i) experts).
  assert (Hm : 0 <= m <= 1).
  { split; [ apply sum_over_pos | rewrite <- p_sums_to_1; apply sum_over_le ];
      intros i Hi; assert (H1 := Hl i Hi); assert (H2 := p_nonneg i Hi); nra. }
  assert (H := hoeffding_two_points m (- eta) Hm).
  replace (- eta * m + eta * eta / 8) with (m * - eta + - eta * - eta / 8) by field.
  eapply Rle_trans; [ | exact H ]. unfold m. rewrite <- p_sums_to_1 at 1.
  replace (sum_over p experts - sum_over (fun i => p i * l i) experts
           + sum_over (fun i => p i * l i) experts * exp (- eta))
    with (sum_over p experts + -1 * sum_over (fun i => p i * l i) experts
          + exp (- eta) * sum_over (fun i => p i * l i) experts) by ring.
  rewrite <- sum_over_three. apply sum_over_le. intros i Hi.
  assert (Hc := below_the_chord (- eta) (l i) (Hl i Hi)). assert (H2 := p_nonneg i Hi). nra.
Qed.

Lemma mgf_pos : 0 < sum_over (fun i => p i * exp (- eta * l i)) experts.
Proof.
  assert (Hrest : forall js, (forall i, In i js -> 0 <= p i) ->
    0 <= sum_over (fun i => p i * exp (- eta * l i)) js
    /\ (sum_over (fun i => p i * exp (- eta * l i)) js = 0 -> sum_over p js = 0)).
  { induction js as [ | j js IH ]; simpl; intros Hp; [ lra | ].
    destruct IH as [ IH1 IH2 ]; [ auto | ].
    assert (Hj : 0 <= p j) by auto. assert (He := exp_pos (- eta * l j)).
    assert (Hprod : 0 <= p j * exp (- eta * l j)) by (apply Rmult_le_pos; lra).
    split; [ lra | ]. intros H0.
    assert (Hz : p j * exp (- eta * l j) = 0) by lra. rewrite IH2 by lra.
    apply Rmult_integral in Hz. lra. }
  destruct (Hrest experts p_nonneg) as [ H1 H2 ].
  destruct (Req_dec (sum_over (fun i => p i * exp (- eta * l i)) experts) 0) as [ H0 | H0 ]; [ | lra ].
  apply H2 in H0. lra.
Qed.

(** Losses at least 0. *)
Theorem potential_step :
  0 <= eta -> (forall i, In i experts -> 0 <= l i) ->
  log (sum_over (fun i => p i * exp (- eta * l i)) experts)
    <= - eta * sum_over (fun i => p i * l i) experts + eta * eta / 2 * sum_over (fun i => p i * (l i * l i)) experts.
Proof. intros Heta Hl. apply log_le_iff; [ apply mgf_pos | apply mgf_second_order; assumption ]. Qed.

(** Losses in [0, 1]; eta may have any sign. *)
Theorem potential_step_hoeffding :
  (forall i, In i experts -> 0 <= l i <= 1) ->
  log (sum_over (fun i => p i * exp (- eta * l i)) experts)
    <= - eta * sum_over (fun i => p i * l i) experts + eta * eta / 8.
Proof. intros Hl. apply log_le_iff; [ apply mgf_pos | apply mgf_hoeffding; assumption ]. Qed.

End PotentialStep.

(** * The algorithm *)

Section Hedge.

Context {Expert : Type}.
Variable experts : list Expert.
Variable eta : R.
Hypothesis eta_pos : 0 < eta.

(** l k i: loss of expert i in round k = 1, 2, ... *)
Variable l : nat -> Expert -> R.

Definition loss_so_far (i : Expert) (k : nat) : R := sum_from_1 (fun r => l r i) k.

(** After k rounds. *)
Definition weight (k : nat) (i : Expert) : R := exp (- eta * loss_so_far i k).

Definition total (k : nat) : R := sum_over (weight k) experts.

(** The probability of expert i in round k. *)
Definition share (k : nat) (i : Expert) : R := weight (k - 1) i / total (k - 1).

Definition hedge_loss (T : nat) : R := sum_from_1 (fun k => sum_over (fun i => share k i * l k i) experts) T.

Definition second_moments (T : nat) : R :=
  sum_from_1 (fun k => sum_over (fun i => share k i * (l k i * l k i)) experts) T.

Lemma weight_pos (k : nat) (i : Expert) : 0 < weight k i.
Proof. apply exp_pos. Qed.

Lemma weight_le_total (k : nat) (i : Expert) : In i experts -> weight k i <= total k.
Proof.
  unfold total. induction experts as [ | j js IH ]; simpl; [ tauto | ].
  assert (Hjs : 0 <= sum_over (weight k) js) by (apply sum_over_pos; intros; apply Rlt_le, weight_pos).
  assert (Hj := weight_pos k j). intros [ -> | Hi ]; [ lra | apply IH in Hi; lra ].
Qed.

Lemma total_pos (k : nat) (i : Expert) : In i experts -> 0 < total k.
Proof. intros Hi. assert (H := weight_le_total k i Hi). assert (H1 := weight_pos k i). lra. Qed.

Lemma share_nonneg (k : nat) (i : Expert) : In i experts -> 0 <= share k i.
Proof. intros Hi. apply Rlt_le, Rdiv_lt_0_compat; [ apply weight_pos | apply (total_pos _ i Hi) ]. Qed.

Lemma sum_over_same (f g : Expert -> R) (js : list Expert) :
  (forall i, In i js -> f i = g i) -> sum_over f js = sum_over g js.
Proof. intros H. apply Rle_antisym; apply sum_over_le; intros; right; [ | symmetry ]; auto. Qed.

Lemma shares_sum_to_1 (k : nat) (i : Expert) : In i experts -> sum_over (share k) experts = 1.
Proof.
  intros Hi. assert (H := total_pos (k - 1) i Hi).
  rewrite (sum_over_same _ (fun j => / total (k - 1) * weight (k - 1) j)) by (intros; unfold share, Rdiv; ring).
  rewrite sum_over_scale. fold (total (k - 1)). field. lra.
Qed.

Lemma total_step (k : nat) (i : Expert) :
  In i experts -> total (S k) = total k * sum_over (fun j => share (S k) j * exp (- eta * l (S k) j)) experts.
Proof.
  intros Hi. assert (H := total_pos k i Hi). unfold total at 1. rewrite <- sum_over_scale.
  apply sum_over_same. intros j _. unfold share. simpl (S k - 1)%nat. rewrite Nat.sub_0_r.
  unfold weight at 1, loss_so_far. cbn [sum_from_1].
  replace (- eta * (sum_from_1 (fun r => l r j) k + l (S k) j))
    with (- eta * loss_so_far j k + - eta * l (S k) j) by (unfold loss_so_far; ring).
  rewrite exp_plus. fold (weight k j). field. lra.
Qed.

Lemma total_0 : total 0 = INR (length experts).
Proof.
  unfold total. induction experts as [ | j js IH ]; [ reflexivity | ].
  change (length (j :: js)) with (S (length js)). rewrite S_INR. cbn [sum_over]. rewrite IH.
  unfold weight, loss_so_far. simpl. rewrite Rmult_0_r, exp_0. ring.
Qed.

(** If the total shrinks in round k by the factor exp(- eta * (loss of hedge) + c k), the c k add up. *)
Lemma regret_from_steps (c : nat -> R) (T : nat) (i : Expert) :
  In i experts ->
  (forall k, (1 <= k <= T)%nat ->
    sum_over (fun j => share k j * exp (- eta * l k j)) experts
      <= exp (- eta * sum_over (fun j => share k j * l k j) experts + c k)) ->
  hedge_loss T - loss_so_far i T <= log (INR (length experts)) / eta + sum_from_1 c T / eta.
Proof.
  intros Hi Hstep.
  assert (Htotal : total T <= INR (length experts) * exp (- eta * hedge_loss T + sum_from_1 c T)).
  { induction T as [ | T IH ].
    - rewrite total_0. unfold hedge_loss. simpl. rewrite Rmult_0_r, Rplus_0_r, exp_0. lra.
    - rewrite (total_step T i Hi). unfold hedge_loss in *. cbn [sum_from_1].
      set (m := sum_over (fun j => share (S T) j * l (S T) j) experts).
      replace (- eta * (sum_from_1 (fun k => sum_over (fun j => share k j * l k j) experts) T + m)
               + (sum_from_1 c T + c (S T)))
        with ((- eta * sum_from_1 (fun k => sum_over (fun j => share k j * l k j) experts) T + sum_from_1 c T)
              + (- eta * m + c (S T))) by ring.
      rewrite exp_plus, <- Rmult_assoc. apply Rmult_le_compat.
      + apply Rlt_le, (total_pos T i Hi).
      + apply sum_over_pos. intros j Hj. apply Rmult_le_pos; [ apply (share_nonneg _ j Hj) | apply Rlt_le, exp_pos ].
      + apply IH. intros k Hk. apply Hstep. lia.
      + apply Hstep. lia. }
  assert (HN : 0 < INR (length experts)) by (rewrite <- total_0; apply (total_pos 0 i Hi)).
  assert (Hw := weight_le_total T i Hi). unfold weight in Hw.
  rewrite <- (exp_log _ HN), <- exp_plus in Htotal.
  assert (H : - eta * loss_so_far i T <= log (INR (length experts)) + (- eta * hedge_loss T + sum_from_1 c T)).
  { apply exp_le_inverse. lra. }
  apply Rmult_le_reg_l with eta; [ exact eta_pos | ].
  replace (eta * (log (INR (length experts)) / eta + sum_from_1 c T / eta))
    with (log (INR (length experts)) + sum_from_1 c T) by (field; lra).
  lra.
Qed.

Lemma sum_from_1_scale (a : R) (f : nat -> R) (n : nat) : sum_from_1 (fun k => a * f k) n = a * sum_from_1 f n.
Proof. induction n as [ | n IH ]; simpl; [ ring | rewrite IH; ring ]. Qed.

Lemma sum_from_1_const (a : R) (n : nat) : sum_from_1 (fun _ => a) n = INR n * a.
Proof. induction n as [ | n IH ]; [ simpl; ring | rewrite S_INR; cbn [sum_from_1]; rewrite IH; ring ]. Qed.

(** Losses at least 0. *)
Theorem hedge_regret (T : nat) (i : Expert) :
  In i experts -> (forall k j, (1 <= k <= T)%nat -> In j experts -> 0 <= l k j) ->
  hedge_loss T - loss_so_far i T <= log (INR (length experts)) / eta + eta / 2 * second_moments T.
Proof.
  intros Hi Hl.
  assert (H := regret_from_steps
    (fun k => eta * eta / 2 * sum_over (fun j => share k j * (l k j * l k j)) experts) T i Hi).
  rewrite sum_from_1_scale in H. fold (second_moments T) in H.
  replace (eta * eta / 2 * second_moments T / eta) with (eta / 2 * second_moments T) in H by (field; lra).
  apply H. intros k Hk. apply mgf_second_order; [ | | lra | auto ].
  - intros j. apply share_nonneg.
  - apply (shares_sum_to_1 k i Hi).
Qed.

(** Losses in [0, 1]. *)
Theorem hedge_regret_unit_losses (T : nat) (i : Expert) :
  In i experts -> (forall k j, (1 <= k <= T)%nat -> In j experts -> 0 <= l k j <= 1) ->
  hedge_loss T - loss_so_far i T <= log (INR (length experts)) / eta + eta * INR T / 8.
Proof.
  intros Hi Hl. assert (H := regret_from_steps (fun _ => eta * eta / 8) T i Hi).
  rewrite sum_from_1_const in H.
  replace (INR T * (eta * eta / 8) / eta) with (eta * INR T / 8) in H by (field; lra).
  apply H. intros k Hk. apply mgf_hoeffding; auto.
  - intros j. apply share_nonneg.
  - apply (shares_sum_to_1 k i Hi).
Qed.

End Hedge.

(** The learning rate for a known horizon; with one expert there is nothing to tune. *)
Theorem hedge_regret_tuned {Expert : Type} (experts : list Expert) (l : nat -> Expert -> R) (T : nat) (i : Expert) :
  (2 <= length experts)%nat -> (1 <= T)%nat -> In i experts ->
  (forall k j, (1 <= k <= T)%nat -> In j experts -> 0 <= l k j <= 1) ->
  hedge_loss experts (sqrt (8 * log (INR (length experts)) / INR T)) l T - loss_so_far l i T
    <= sqrt (INR T * log (INR (length experts)) / 2).
Proof.
  intros HN HT Hi Hl.
  apply le_INR in HN. apply le_INR in HT. simpl in HN, HT.
  set (G := log (INR (length experts))).
  assert (HG : 0 < G).
  { apply Rnot_le_lt. intros H. unfold G in H. apply log_le_iff in H; [ rewrite exp_0 in H | ]; lra. }
  set (eta := sqrt (8 * G / INR T)).
  assert (Hratio : 0 < 8 * G / INR T) by (apply Rdiv_lt_0_compat; lra).
  assert (Heta : 0 < eta) by (apply sqrt_lt_R0, Hratio).
  assert (Hsq : eta * eta = 8 * G / INR T) by (apply sqrt_sqrt; lra).
  eapply Rle_trans; [ apply (hedge_regret_unit_losses experts eta Heta l T i Hi Hl) | ]. fold G.
  (* both terms are eta T / 8, and (eta T / 4)^2 = T G / 2 *)
  right. symmetry. apply sqrt_lem_1.
  - apply Rlt_le, Rdiv_lt_0_compat; [ apply Rmult_lt_0_compat | ]; lra.
  - assert (0 < G / eta) by (apply Rdiv_lt_0_compat; lra).
    assert (0 < eta * INR T) by (apply Rmult_lt_0_compat; lra). lra.
  - assert (Hterm : G / eta = eta * INR T / 8).
    { apply Rmult_eq_reg_r with (8 * eta); [ | lra ].
      replace (G / eta * (8 * eta)) with (8 * G) by (field; lra).
      replace (eta * INR T / 8 * (8 * eta)) with (eta * eta * INR T) by field. rewrite Hsq. field. lra. }
    rewrite Hterm.
    replace ((eta * INR T / 8 + eta * INR T / 8) * (eta * INR T / 8 + eta * INR T / 8))
      with (eta * eta * (INR T * INR T) / 16) by field.
    rewrite Hsq. field. lra.
Qed.

Print Assumptions exp_quadratic.
Print Assumptions hoeffding_two_points.
Print Assumptions potential_step.
Print Assumptions potential_step_hoeffding.
Print Assumptions hedge_regret.
Print Assumptions hedge_regret_unit_losses.
Print Assumptions hedge_regret_tuned.
