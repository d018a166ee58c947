(** The stability step of follow-the-regularised-leader with the log barrier.

    Setting. The player holds p in the simplex, p_i > 0, sees a loss estimate l_i >= 0, and the regulariser is
    (1/eta) sum_i log(1/p_i). Its Bregman divergence is D(q, p)/eta with D(q, p) = sum_i (q_i/p_i - 1 - log(q_i/p_i)).

    Proved here, with y_i = eta p_i l_i >= 0, log the natural logarithm, and lists of any length:
    (1) 0 <= y - log(1 + y) <= y^2/2 for y >= 0                                           [log_step]
    (2) sum_i (y_i - log(1 + y_i))/eta <= (eta/2) sum_i (p_i l_i)^2                       [stability_sum]
    (3) for every q with positive entries, not only in the simplex:
            sum_i (p_i - q_i) l_i - D(q, p)/eta <= sum_i (y_i - log(1 + y_i))/eta         [stability]
        so that one round costs at most (eta/2) sum_i (p_i l_i)^2                         [stability_step]
    (4) for the importance-weighted estimate l_i = 1{i = A} loss/p_A the cost is at most
        (eta/2) loss^2                                                               [stability_importance_weighted]

    Where it is used: the stability term (eta/2) sum_t E[l_{A_t}^2] in the bound for log-barrier
    follow-the-regularised-leader. Nothing is lost by the range of the estimates: (4) does not contain 1/p_A.

    What is not said here: the general regret bound of follow-the-regularised-leader (stability plus penalty), the
    penalty K log T/eta, the expectation; floating point. *)

From Coq Require Import Reals Lra Lia List.
Require Import pigeonhole exp_log_tools.
Import ListNotations.
Open Scope R_scope.

(** * One coordinate *)

(** (1 + y) exp(-y + y^2/2) has the derivative y^2 exp(-y + y^2/2). *)
Theorem log_step (y : R) : 0 <= y -> 0 <= y - log (1 + y) <= y * y / 2.
Proof.
  intros Hy. split; [ assert (H := log_le_minus_1 (1 + y) ltac:(lra)); lra | ].
  assert (H := nondecreasing (fun t => (1 + 1 * t + 0 * (t * t)) * exp (0 + -1 * t + / 2 * (t * t))) _ 0 y Hy
    (fun t _ => derivative_quadratic_exp 1 1 0 0 (-1) (/ 2) t)).
  cbv beta in H. replace (0 + -1 * 0 + / 2 * (0 * 0)) with 0 in H by ring. rewrite exp_0 in H.
  replace (0 + -1 * y + / 2 * (y * y)) with (- (y - y * y / 2)) in H by field.
  assert (Hone : 1 <= (1 + y) * exp (- (y - y * y / 2))).
  { eapply Rle_trans; [ | eapply Rle_trans; [ apply H | right; ring ] ]; [ lra | ].
    intros t Ht. apply Rmult_le_pos; [ | apply Rlt_le, exp_pos ].
    assert (0 <= t * t) by apply Rle_0_sqr. lra. }
  assert (Hle : y - y * y / 2 <= log (1 + y)); [ | lra ].
  apply le_log_iff; [ lra | ].
  assert (Hprod : exp (- (y - y * y / 2)) * exp (y - y * y / 2) = 1) by (rewrite <- exp_plus, <- exp_0; f_equal; ring).
  assert (Hpos := exp_pos (y - y * y / 2)).
  replace (1 + y) with ((1 + y) * exp (- (y - y * y / 2)) * exp (y - y * y / 2)) by (rewrite Rmult_assoc, Hprod; ring).
  nra.
Qed.

(** y (1 - r) - (r - 1 - log r) is largest at r = 1/(1 + y). *)
Lemma best_ratio (y r : R) : 0 <= y -> 0 < r -> y * (1 - r) - (r - 1 - log r) <= y - log (1 + y).
Proof.
  intros Hy Hr. assert (H := log_le_minus_1 ((1 + y) * r) ltac:(apply Rmult_lt_0_compat; lra)).
  rewrite log_mult in H by lra. lra.
Qed.

(** * All coordinates *)

Section Coordinates.

Context {Arm : Type}.
Variable arms : list Arm.
Variable eta : R.
Hypothesis eta_pos : 0 < eta.
Variable p l : Arm -> R.
Hypothesis p_pos : forall i, In i arms -> 0 < p i.
Hypothesis l_nonneg : forall i, In i arms -> 0 <= l i.

Definition y (i : Arm) : R := eta * p i * l i.

Lemma y_nonneg (i : Arm) : In i arms -> 0 <= y i.
Proof.
  intros Hi. assert (H1 := p_pos i Hi). assert (H2 := l_nonneg i Hi).
  unfold y. apply Rmult_le_pos; [ apply Rmult_le_pos; lra | exact H2 ].
Qed.

Theorem stability_sum :
  sum_over (fun i => (y i - log (1 + y i)) / eta) arms
    <= eta / 2 * sum_over (fun i => p i * l i * (p i * l i)) arms.
Proof.
  rewrite <- sum_over_scale. apply sum_over_le. intros i Hi.
  destruct (log_step (y i) (y_nonneg i Hi)) as [ _ H ].
  apply Rmult_le_reg_r with eta; [ exact eta_pos | ].
  replace ((y i - log (1 + y i)) / eta * eta) with (y i - log (1 + y i)) by (field; lra).
  eapply Rle_trans; [ exact H | right; unfold y; field ].
Qed.

(** The Bregman divergence of sum_i log(1/p_i). *)
Definition divergence (q : Arm -> R) : R := sum_over (fun i => q i / p i - 1 - log (q i / p i)) arms.

Theorem stability (q : Arm -> R) :
  (forall i, In i arms -> 0 < q i) ->
  sum_over (fun i => (p i - q i) * l i) arms - divergence q / eta
    <= sum_over (fun i => (y i - log (1 + y i)) / eta) arms.
Proof.
  intros Hq. unfold divergence.
  replace (sum_over (fun i => (p i - q i) * l i) arms - sum_over (fun i => q i / p i - 1 - log (q i / p i)) arms / eta)
    with (sum_over (fun i => (p i - q i) * l i) arms
          + - / eta * sum_over (fun i => q i / p i - 1 - log (q i / p i)) arms) by (field; lra).
  rewrite <- sum_over_scale, <- sum_over_add. apply sum_over_le. intros i Hi.
  assert (Hp := p_pos i Hi).
  assert (H := best_ratio (y i) (q i / p i) (y_nonneg i Hi) ltac:(apply Rdiv_lt_0_compat; auto)).
  apply Rmult_le_reg_r with eta; [ exact eta_pos | ].
  replace ((y i - log (1 + y i)) / eta * eta) with (y i - log (1 + y i)) by (field; lra).
  eapply Rle_trans; [ right | exact H ]. unfold y. field. lra.
Qed.

Theorem stability_step (q : Arm -> R) :
  (forall i, In i arms -> 0 < q i) ->
  sum_over (fun i => (p i - q i) * l i) arms - divergence q / eta
    <= eta / 2 * sum_over (fun i => p i * l i * (p i * l i)) arms.
Proof. intros Hq. eapply Rle_trans; [ apply stability, Hq | apply stability_sum ]. Qed.

End Coordinates.

(** * The estimate that differs from 0 in one coordinate *)

Section ImportanceWeighted.

Variable arms : list nat.
Hypothesis no_repeats : NoDup arms.
Variable played : nat.
Hypothesis played_in : In played arms.

Definition estimate (p : nat -> R) (loss : R) (i : nat) : R := if Nat.eqb i played then loss / p i else 0.

Lemma sum_of_one (x : R) : sum_over (fun i => if Nat.eqb i played then x else 0) arms = x.
Proof.
  assert (Habsent : forall js, ~ In played js -> sum_over (fun i => if Nat.eqb i played then x else 0) js = 0).
  { induction js as [ | j js IH ]; simpl; intros H; [ reflexivity | ].
    destruct (Nat.eqb_spec j played) as [ -> | Hne ]; [ tauto | ]. rewrite IH by tauto. ring. }
  induction no_repeats as [ | j js Hj Hjs IH ]; [ destruct played_in | ].
  cbn [sum_over]. destruct (Nat.eqb_spec j played) as [ -> | Hne ].
  - rewrite Habsent by exact Hj. ring.
  - destruct played_in as [ H | H ]; [ congruence | ]. rewrite IH by assumption. ring.
Qed.

Theorem stability_importance_weighted (eta loss : R) (p q : nat -> R) :
  0 < eta -> 0 <= loss -> (forall i, In i arms -> 0 < p i) -> (forall i, In i arms -> 0 < q i) ->
  sum_over (fun i => (p i - q i) * estimate p loss i) arms - divergence arms p q / eta <= eta / 2 * (loss * loss).
Proof.
  intros Heta Hloss Hp Hq. eapply Rle_trans; [ apply (stability_step arms eta Heta p (estimate p loss)) | ]; auto.
  - intros i Hi. unfold estimate. destruct (Nat.eqb i played); [ | lra ].
    apply Rmult_le_pos; [ exact Hloss | apply Rlt_le, Rinv_0_lt_compat, Hp, Hi ].
  - apply Rmult_le_compat_l; [ lra | ]. rewrite <- (sum_of_one (loss * loss)).
    apply sum_over_le. intros i Hi. assert (H := Hp i Hi). unfold estimate.
    right. destruct (Nat.eqb i played); [ field; lra | ring ].
Qed.

End ImportanceWeighted.

Print Assumptions log_step.
Print Assumptions stability_sum.
Print Assumptions stability_step.
Print Assumptions stability_importance_weighted.
