(** The learning rates of optimistic Q-learning.

    Source: Jin, Allen-Zhu, Bubeck, Jordan, "Is Q-learning provably efficient?", NeurIPS 2018, Lemma 4.1.

    Setting. a_t = (H+1)/(H+t) for t = 1, 2, ... and a real number H >= 1 (H > 0 where that is enough). The weight of
    the i-th target after t updates is A(t,i) = a_i (1 - a_(i+1)) ... (1 - a_t), and A(t,0) = (1 - a_1) ... (1 - a_t).

    Proved here:
    (0) A(t,i), defined by recursion over t, is that product                                      [weight_product]
    (1) Q_t = (1 - a_t) Q_(t-1) + a_t x_t for all t gives Q_t = A(t,0) Q_0 + sum_(i<=t) A(t,i) x_i        [unrolled]
        and A(t,0) = 0 for t >= 1: the first value is forgotten at once                            [initial_weight]
    (2) sum_(i=1..t) A(t,i) = 1 for t >= 1                                                        [weights_sum_to_1]
    (3) 0 <= A(t,i) <= (H+1)/(H+t) <= 2 H/t for i, t >= 1                                          [weight_at_most]
    (4) sum_(i=1..t) A(t,i)^2 <= 2 H/t                                                            [squared_weights]
    (5) sum_(t=i..n) A(t,i) = 1 + 1/H - n A(n,i)/H for n >= i >= 1                             [future_weights_exact]
        so it is at most 1 + 1/H                                                                   [future_weights]
        and at least 1 + 1/H - i (i+1)/(H (n+1)): the infinite sum is 1 + 1/H                [future_weights_lower]
    (6) 1/sqrt t <= sum_(i=1..t) A(t,i)/sqrt i <= 2/sqrt t                     [inverse_roots_lower, inverse_roots]
    (7) (1 + 1/H)^H <= e for integers H >= 1                                                   [compounded_growth]

    Where it is used: the proof of the explicit regret bound of Q-learning with optimistic bonuses: (3) and (4) in the
    confidence width, (6) in the sum of bonuses, (5) and (7) in the recursion over steps.

    What is not said here: anything random; floating point; that the code uses these rates. *)

From Coq Require Import Reals Lra Lia.
Require Import pigeonhole exp_log_tools.
Open Scope R_scope.

Section Rates.

Variable H : R.
Hypothesis H_pos : 0 < H.

Definition rate (t : nat) : R := (H + 1) / (H + INR t).

(** A(t,i); it is 0 for t < i. *)
Fixpoint weight (t i : nat) : R :=
  match t with
  | O => if Nat.eqb i 0 then 1 else 0
  | S u => if Nat.eqb i (S u) then rate (S u) else (1 - rate (S u)) * weight u i
  end.

Lemma weight_new (u : nat) : weight (S u) (S u) = rate (S u).
Proof. cbn [weight]. rewrite Nat.eqb_refl. reflexivity. Qed.

Lemma weight_old (u i : nat) : i <> S u -> weight (S u) i = (1 - rate (S u)) * weight u i.
Proof. intros Hi. cbn [weight]. destruct (Nat.eqb_spec i (S u)); [ contradiction | reflexivity ]. Qed.

Lemma weight_early (t i : nat) : (t < i)%nat -> weight t i = 0.
Proof.
  induction t as [ | t IH ]; intros Hi.
  - cbn [weight]. destruct (Nat.eqb_spec i 0); [ lia | reflexivity ].
  - rewrite weight_old, IH by lia. ring.
Qed.

(** It is the product of the setting: A(i+n,i) = a_i (1 - a_(i+1)) ... (1 - a_(i+n)). *)
Fixpoint kept (i n : nat) : R :=
  match n with
  | O => 1
  | S m => kept i m * (1 - rate (i + S m))
  end.

Lemma weight_product (i n : nat) : (1 <= i)%nat -> weight (i + n) i = rate i * kept i n.
Proof.
  intros Hi. induction n as [ | n IH ].
  - rewrite Nat.add_0_r. destruct i as [ | i ]; [ lia | ]. rewrite weight_new. simpl. ring.
  - cbn [kept]. rewrite Nat.add_succ_r, weight_old, IH by lia. ring.
Qed.

Lemma one_minus_rate (u : nat) : 1 - rate (S u) = INR u / (H + INR (S u)).
Proof. unfold rate. rewrite S_INR. assert (Hu := pos_INR u). field. lra. Qed.

Lemma one_minus_rate_pos (u : nat) : 0 <= 1 - rate (S u).
Proof.
  rewrite one_minus_rate. assert (Hu := pos_INR u). assert (Hu' := pos_INR (S u)).
  apply Rmult_le_pos; [ exact Hu | left; apply Rinv_0_lt_compat; lra ].
Qed.

Lemma rate_pos (t : nat) : 0 < rate t.
Proof. unfold rate. assert (Ht := pos_INR t). apply Rmult_lt_0_compat; [ lra | apply Rinv_0_lt_compat; lra ]. Qed.

Lemma sum_to_scale (c : R) (f : nat -> R) (n : nat) : sum_from_1 (fun k => c * f k) n = c * sum_from_1 f n.
Proof. induction n as [ | n IH ]; cbn [sum_from_1]; [ ring | rewrite IH; ring ]. Qed.

Lemma sum_to_ext (f g : nat -> R) (n : nat) :
  (forall k, (1 <= k <= n)%nat -> f k = g k) -> sum_from_1 f n = sum_from_1 g n.
Proof.
  induction n as [ | n IH ]; intros E; cbn [sum_from_1]; [ reflexivity | ].
  rewrite IH by (intros; apply E; lia). rewrite E by lia. reflexivity.
Qed.

Lemma sum_to_le (f g : nat -> R) (n : nat) :
  (forall k, (1 <= k <= n)%nat -> f k <= g k) -> sum_from_1 f n <= sum_from_1 g n.
Proof.
  induction n as [ | n IH ]; intros E; cbn [sum_from_1]; [ lra | ].
  apply Rplus_le_compat; [ apply IH; intros; apply E; lia | apply E; lia ].
Qed.

(** * One more update *)

Lemma weighted_step (x : nat -> R) (u : nat) :
  sum_from_1 (fun i => weight (S u) i * x i) (S u)
    = (1 - rate (S u)) * sum_from_1 (fun i => weight u i * x i) u + rate (S u) * x (S u).
Proof.
  cbn [sum_from_1]. rewrite weight_new, <- sum_to_scale. f_equal.
  apply sum_to_ext. intros k Hk. rewrite weight_old by lia. ring.
Qed.

(** (1) *)
Theorem unrolled (Q x : nat -> R) (t : nat) :
  (forall u, Q (S u) = (1 - rate (S u)) * Q u + rate (S u) * x (S u)) ->
  Q t = weight t 0 * Q O + sum_from_1 (fun i => weight t i * x i) t.
Proof.
  intros Hstep. induction t as [ | t IH ]; [ simpl; ring | ].
  rewrite Hstep, weighted_step, weight_old, IH by lia. ring.
Qed.

Theorem initial_weight (t : nat) : (1 <= t)%nat -> weight t 0 = 0.
Proof.
  intros Ht. induction t as [ | t IH ]; [ lia | ]. rewrite weight_old by lia. destruct t as [ | t ].
  - rewrite one_minus_rate. simpl. unfold Rdiv. ring.
  - rewrite IH by lia. ring.
Qed.

(** (2): the constant 1 is a fixed point of the update. *)
Theorem weights_sum_to_1 (t : nat) : (1 <= t)%nat -> sum_from_1 (weight t) t = 1.
Proof.
  intros Ht. assert (E := unrolled (fun _ => 1) (fun _ => 1) t). cbv beta in E.
  rewrite (initial_weight t Ht) in E.
  rewrite (sum_to_ext (weight t) (fun i => weight t i * 1)) by (intros; ring).
  rewrite Rmult_0_l, Rplus_0_l in E. symmetry. apply E. intros. ring.
Qed.

(** * Single weights *)

Lemma weight_pos (t i : nat) : 0 <= weight t i.
Proof.
  induction t as [ | t IH ]; [ cbn [weight]; destruct (Nat.eqb i 0); lra | ].
  destruct (Nat.eq_dec i (S t)) as [ -> | Hi ].
  - rewrite weight_new. left. apply rate_pos.
  - rewrite weight_old by exact Hi. apply Rmult_le_pos; [ apply one_minus_rate_pos | exact IH ].
Qed.

Lemma weight_le_rate (t i : nat) : (1 <= i)%nat -> weight t i <= rate t.
Proof.
  intros Hi. induction t as [ | t IH ].
  - rewrite weight_early by lia. left. apply rate_pos.
  - destruct (Nat.eq_dec i (S t)) as [ -> | Hne ]; [ rewrite weight_new; lra | ].
    rewrite weight_old by exact Hne. apply Rle_trans with ((1 - rate (S t)) * rate t).
    + apply Rmult_le_compat_l; [ apply one_minus_rate_pos | exact IH ].
    + rewrite one_minus_rate. unfold rate. assert (Ht := pos_INR t). assert (Ht' := pos_INR (S t)).
      replace (INR t / (H + INR (S t)) * ((H + 1) / (H + INR t)))
        with ((H + 1) / (H + INR (S t)) * (INR t / (H + INR t))) by (field; lra).
      rewrite <- (Rmult_1_r ((H + 1) / (H + INR (S t)))) at 2. apply Rmult_le_compat_l.
      * apply Rmult_le_pos; [ lra | left; apply Rinv_0_lt_compat; lra ].
      * apply Rmult_le_reg_r with (H + INR t); [ lra | ].
        replace (INR t / (H + INR t) * (H + INR t)) with (INR t); [ lra | field; lra ].
Qed.

Lemma rate_at_most (t : nat) : 1 <= H -> (1 <= t)%nat -> rate t <= 2 * H / INR t.
Proof.
  intros H1 Ht. assert (Ht1 : 1 <= INR t) by (apply (le_INR 1); exact Ht). unfold rate.
  apply Rmult_le_reg_r with ((H + INR t) * INR t); [ apply Rmult_lt_0_compat; lra | ].
  replace ((H + 1) / (H + INR t) * ((H + INR t) * INR t)) with ((H + 1) * INR t) by (field; lra).
  replace (2 * H / INR t * ((H + INR t) * INR t)) with (2 * H * (H + INR t)) by (field; lra). nra.
Qed.

(** (3) *)
Theorem weight_at_most (t i : nat) :
  1 <= H -> (1 <= i)%nat -> (1 <= t)%nat ->
  0 <= weight t i <= (H + 1) / (H + INR t) /\ (H + 1) / (H + INR t) <= 2 * H / INR t.
Proof.
  intros H1 Hi Ht. repeat split; [ apply weight_pos | apply weight_le_rate, Hi | apply (rate_at_most t H1 Ht) ].
Qed.

(** (4) *)
Theorem squared_weights (t : nat) :
  1 <= H -> (1 <= t)%nat -> sum_from_1 (fun i => weight t i * weight t i) t <= 2 * H / INR t.
Proof.
  intros H1 Ht. apply Rle_trans with (sum_from_1 (fun i => rate t * weight t i) t).
  - apply sum_to_le. intros i Hi. apply Rmult_le_compat_r; [ apply weight_pos | apply weight_le_rate; lia ].
  - rewrite sum_to_scale. change (sum_from_1 (fun i => weight t i) t) with (sum_from_1 (weight t) t).
    rewrite weights_sum_to_1, Rmult_1_r by exact Ht. apply rate_at_most; assumption.
Qed.

(** * One target over all later updates *)

(** (5): the terms with t < i are 0. *)
Theorem future_weights_exact (i n : nat) :
  (1 <= i <= n)%nat -> sum_from_1 (fun t => weight t i) n = 1 + 1 / H - INR n * weight n i / H.
Proof.
  intros (Hi & Hn). induction Hn as [ | n Hn IH ].
  - destruct i as [ | i ]; [ lia | ]. cbn [sum_from_1]. rewrite weight_new.
    rewrite (sum_to_ext _ (fun _ => 0 * 0)) by (intros k Hk; rewrite weight_early by lia; ring).
    rewrite sum_to_scale. unfold rate. assert (Hp := pos_INR (S i)). field. lra.
  - cbn [sum_from_1]. rewrite IH, weight_old, one_minus_rate by lia.
    assert (Hp := pos_INR n). rewrite S_INR. field. lra.
Qed.

Theorem future_weights (i n : nat) : (1 <= i)%nat -> sum_from_1 (fun t => weight t i) n <= 1 + 1 / H.
Proof.
  intros Hi. assert (Hinv : 0 < / H) by (apply Rinv_0_lt_compat; exact H_pos).
  destruct (Nat.le_gt_cases i n) as [ Hn | Hn ].
  - rewrite future_weights_exact by lia. assert (Hp := pos_INR n). assert (Hw := weight_pos n i).
    assert (0 <= INR n * weight n i / H) by (apply Rmult_le_pos; [ apply Rmult_le_pos; assumption | lra ]). lra.
  - rewrite (sum_to_ext _ (fun _ => 0 * 0)) by (intros k Hk; rewrite weight_early by lia; ring).
    rewrite sum_to_scale. unfold Rdiv. lra.
Qed.

(** n (n + 1) A(n,i) does not increase in n. *)
Lemma weight_decay (i n : nat) :
  1 <= H -> (1 <= i <= n)%nat -> INR n * (INR n + 1) * weight n i <= INR i * (INR i + 1).
Proof.
  intros H1 (Hi & Hn). induction Hn as [ | n Hn IH ].
  - destruct i as [ | i ]; [ lia | ]. rewrite weight_new.
    assert (Hi1 : 1 <= INR (S i)) by (apply (le_INR 1); exact Hi).
    assert (Hr : rate (S i) <= 1) by (assert (E := one_minus_rate_pos i); lra).
    rewrite <- (Rmult_1_r (INR (S i) * (INR (S i) + 1))) at 2. apply Rmult_le_compat_l; [ nra | exact Hr ].
  - eapply Rle_trans; [ | exact IH ]. rewrite weight_old, one_minus_rate by lia.
    assert (Hp := pos_INR n). assert (Hw := weight_pos n i). rewrite S_INR.
    replace ((INR n + 1) * (INR n + 1 + 1) * (INR n / (H + (INR n + 1)) * weight n i))
      with (INR n * (INR n + 1) * weight n i * ((INR n + 2) / (H + INR n + 1))) by (field; lra).
    rewrite <- (Rmult_1_r (INR n * (INR n + 1) * weight n i)) at 2. apply Rmult_le_compat_l.
    + apply Rmult_le_pos; [ apply Rmult_le_pos; lra | exact Hw ].
    + apply Rmult_le_reg_r with (H + INR n + 1); [ lra | ].
      replace ((INR n + 2) / (H + INR n + 1) * (H + INR n + 1)) with (INR n + 2); [ lra | field; lra ].
Qed.

Theorem future_weights_lower (i n : nat) :
  1 <= H -> (1 <= i <= n)%nat ->
  1 + 1 / H - INR i * (INR i + 1) / (H * (INR n + 1)) <= sum_from_1 (fun t => weight t i) n.
Proof.
  intros H1 Hn. rewrite future_weights_exact by exact Hn. assert (Hd := weight_decay i n H1 Hn).
  assert (Hp := pos_INR n). apply Rplus_le_compat_l, Ropp_le_contravar.
  apply Rmult_le_reg_r with (H * (INR n + 1)); [ apply Rmult_lt_0_compat; lra | ].
  replace (INR n * weight n i / H * (H * (INR n + 1))) with (INR n * (INR n + 1) * weight n i) by (field; lra).
  replace (INR i * (INR i + 1) / (H * (INR n + 1)) * (H * (INR n + 1))) with (INR i * (INR i + 1)) by (field; lra).
  exact Hd.
Qed.

(** * Inverse square roots *)

Theorem inverse_roots_lower (t : nat) :
  (1 <= t)%nat -> 1 / sqrt (INR t) <= sum_from_1 (fun i => weight t i * (1 / sqrt (INR i))) t.
Proof.
  intros Ht. replace (1 / sqrt (INR t)) with (sum_from_1 (fun i => 1 / sqrt (INR t) * weight t i) t).
  - apply sum_to_le. intros i Hi. rewrite Rmult_comm. apply Rmult_le_compat_l; [ apply weight_pos | ].
    assert (Hi0 : 0 < INR i) by (apply lt_0_INR; lia).
    unfold Rdiv. rewrite !Rmult_1_l. apply Rinv_le_contravar; [ apply sqrt_lt_R0, Hi0 | ].
    apply sqrt_le_1; [ lra | apply pos_INR | apply le_INR; lia ].
  - rewrite sum_to_scale. change (sum_from_1 (fun i => weight t i) t) with (sum_from_1 (weight t) t).
    rewrite weights_sum_to_1 by exact Ht. ring.
Qed.

(** (6) *)
Theorem inverse_roots (t : nat) :
  (1 <= t)%nat -> sum_from_1 (fun i => weight t i * (1 / sqrt (INR i))) t <= 2 / sqrt (INR t).
Proof.
  intros Ht. induction t as [ | t IH ]; [ lia | ].
  rewrite (weighted_step (fun i => 1 / sqrt (INR i))), one_minus_rate. unfold rate.
  assert (Hp := pos_INR t). assert (HS : INR (S t) = INR t + 1) by apply S_INR.
  set (a := sqrt (INR t)). set (c := sqrt (INR (S t))).
  assert (Ha : 0 <= a) by apply sqrt_pos. assert (Haa : a * a = INR t) by (apply sqrt_sqrt; exact Hp).
  assert (Hc : 0 < c) by (apply sqrt_lt_R0; lra).
  assert (Hcc : c * c = INR t + 1) by (rewrite <- HS; apply sqrt_sqrt; lra).
  set (sum := sum_from_1 (fun i => weight t i * (1 / sqrt (INR i))) t) in *.
  (* t times the earlier sum is at most 2 sqrt t *)
  assert (Hsum : INR t * sum <= 2 * a).
  { destruct t as [ | t ]; [ simpl in *; lra | ]. assert (Hs := IH ltac:(lia)). fold a in Hs.
    assert (Ha0 : 0 < a) by (apply sqrt_lt_R0, lt_0_INR; lia).
    replace (2 * a) with (INR (S t) * (2 / a)) by (rewrite <- Haa; field; lra).
    apply Rmult_le_compat_l; assumption. }
  apply Rmult_le_reg_r with ((H + INR (S t)) * c); [ apply Rmult_lt_0_compat; lra | ].
  replace ((INR t / (H + INR (S t)) * sum + (H + 1) / (H + INR (S t)) * (1 / c)) * ((H + INR (S t)) * c))
    with (INR t * sum * c + (H + 1)) by (field; lra).
  replace (2 / c * ((H + INR (S t)) * c)) with (2 * (H + INR (S t))) by (field; lra).
  assert (Hac : 2 * (a * c) <= 2 * INR t + 1) by (assert (0 <= (a - c) * (a - c)) by apply Rle_0_sqr; nra).
  assert (Hm : INR t * sum * c <= 2 * a * c) by (apply Rmult_le_compat_r; lra). nra.
Qed.

End Rates.

(** (7) *)
Theorem compounded_growth (n : nat) : (1 <= n)%nat -> (1 + 1 / INR n) ^ n <= exp 1.
Proof.
  intros Hn. assert (Hn0 : 0 < INR n) by (apply lt_0_INR; lia).
  assert (Hinv : 0 < / INR n) by (apply Rinv_0_lt_compat; exact Hn0).
  assert (Hpow : forall m, exp (1 / INR n) ^ m = exp (INR m * (1 / INR n))).
  { induction m as [ | m IH ]; [ simpl; rewrite Rmult_0_l, exp_0; reflexivity | ].
    cbn [pow]. rewrite IH, <- exp_plus, S_INR. f_equal. ring. }
  apply Rle_trans with (exp (1 / INR n) ^ n).
  - apply pow_incr. split; [ unfold Rdiv; lra | apply one_plus_le_exp ].
  - rewrite Hpow. right. f_equal. field. lra.
Qed.

Print Assumptions weight_product.
Print Assumptions unrolled.
Print Assumptions initial_weight.
Print Assumptions weights_sum_to_1.
Print Assumptions weight_at_most.
Print Assumptions squared_weights.
Print Assumptions future_weights_exact.
Print Assumptions future_weights.
Print Assumptions future_weights_lower.
Print Assumptions inverse_roots_lower.
Print Assumptions inverse_roots.
Print Assumptions compounded_growth.
