(** The counting step behind the false-alarm theorem of the restarted Bayesian detector, for two symbols.

    Setting. n = n1 + n2 observations with values 0 and 1 are independent and identically distributed, k of them are
    ones. Given k every arrangement is equally likely (this is taken as the definition of the law below), so the
    number j of ones among the first n1 observations is hypergeometric:
        P(j) = C(n1, j) C(n2, k - j) / C(n, k).
    The detector compares the Laplace (add-one) probability of the two blocks apart with that of the whole:
        B = q(first block) q(second block) / q(everything).

    Proved here, in the numbering of the proof of the false-alarm theorem (Theorem R):
    (1) q(x) = 1 / ((n + 1) C(n, ones of x))                                        [counting_tools.v]
    (2) B = (n + 1) / ((n1 + 1)(n2 + 1)) / P(j)                                     [bayes_factor]
    (3) P is a distribution: it sums to 1 (Vandermonde)                             [hypergeometric_sums_to_1]
    (4) E[B | k] = (n + 1) / ((n1 + 1)(n2 + 1)) * #{feasible j}                     [expected_bayes_factor]
                <= (n + 1) / (max(n1, n2) + 1)                                      [expected_bayes_factor_le]
    (5) Markov: with eta = delta / (n (n - 1)^2) * (max(n1, n2) + 1) / (n + 1) the mass of {eta B > 1} is at most
        delta / (n (n - 1)^2)                                                       [alarm_mass_le]
    (6) 1/(2*1) + ... + 1/(N (N - 1)) = 1 - 1/N <= 1                                [telescoping]
        and so the masses of all splits of all n <= N add up to at most delta       [false_alarm_budget]

    What is not said here: the number of symbols is 2 (the theorem is for any number); that an i.i.d. sequence given
    its number of ones is uniform over arrangements, and the union bound for events instead of masses: false_alarms.v
    proves the whole theorem for independent draws. *)

From Coq Require Import Reals Lra Lia List Bool.
Require Import counting_tools.
Import ListNotations.
Open Scope R_scope.

(** * Step (2): the Bayes factor *)

(** Law of the number of ones in the first block. *)
Definition P (n1 n2 k j : nat) : R := C n1 j * C n2 (k - j) / C (n1 + n2) k.

Definition B (n1 n2 k j : nat) : R := (INR (n1 + n2) + 1) / ((INR n1 + 1) * (INR n2 + 1)) / P n1 n2 k j.

Theorem bayes_factor (first second : list bool) :
  laplace first * laplace second / laplace (second ++ first)
    = B (length first) (length second) (ones (second ++ first)) (ones first).
Proof.
  rewrite !laplace_closed_form. unfold B, P. rewrite app_length, ones_app.
  replace (ones second + ones first - ones first)%nat with (ones second) by lia.
  rewrite (Nat.add_comm (length second) (length first)).
  assert (H1 := C_pos _ _ (ones_le_length first)). assert (H2 := C_pos _ _ (ones_le_length second)).
  assert (H3 : 0 < C (length first + length second) (ones second + ones first)).
  { apply C_pos. assert (L1 := ones_le_length first). assert (L2 := ones_le_length second). lia. }
  assert (N1 := pos_INR (length first)). assert (N2 := pos_INR (length second)).
  assert (N3 := pos_INR (length first + length second)).
  field. lra.
Qed.

(** * Step (3): Vandermonde's identity *)

Theorem vandermonde (n1 n2 k : nat) :
  sum_over (fun j => C n1 j * C n2 (k - j)) (seq 0 (S k)) = C (n1 + n2) k.
Proof.
  revert k. induction n1 as [ | n1 IH ]; intros k; cbn [seq sum_over];
    rewrite <- (sum_over_S (fun j => C _ j * C n2 (k - j)) k), Nat.sub_0_r.
  - rewrite (sum_over_ext _ (fun _ => 0)) by (intros; unfold C; simpl; ring).
    rewrite sum_over_const. unfold C. simpl. ring.
  - destruct k as [ | k ]; [ unfold C; simpl; rewrite binom_0; simpl; ring | ].
    change (S n1 + n2)%nat with (S (n1 + n2)). rewrite C_pascal, <- !IH.
    rewrite (sum_over_ext _ (fun j => C n1 j * C n2 (k - j) + C n1 (S j) * C n2 (k - j)))
      by (intros; rewrite C_pascal; simpl; ring).
    rewrite sum_over_add.
    change (seq 0 (S (S k))) with (0%nat :: seq 1 (S k)). cbn [sum_over].
    rewrite <- (sum_over_S (fun j => C n1 j * C n2 (S k - j)) (S k)), Nat.sub_0_r.
    replace (C (S n1) 0) with (C n1 0) by (unfold C; rewrite !binom_0; reflexivity).
    cbn [Nat.sub]. ring.
Qed.

(** The j that can occur: j <= n1 and k - j <= n2, among 0, ..., k. *)
Definition can_occur (n1 n2 k j : nat) : bool := (j <=? n1)%nat && (k - j <=? n2)%nat.

Definition feasible (n1 n2 k : nat) : list nat := filter (can_occur n1 n2 k) (seq 0 (S k)).

Lemma in_feasible (n1 n2 k j : nat) :
  In j (feasible n1 n2 k) -> (j <= k)%nat /\ (j <= n1)%nat /\ (k - j <= n2)%nat.
Proof.
  unfold feasible, can_occur. rewrite filter_In, in_seq, andb_true_iff, !Nat.leb_le. lia.
Qed.

Lemma P_pos (n1 n2 k j : nat) : In j (feasible n1 n2 k) -> 0 < P n1 n2 k j.
Proof.
  intros H. apply in_feasible in H. unfold P.
  apply Rdiv_lt_0_compat; [ apply Rmult_lt_0_compat | ]; apply C_pos; lia.
Qed.

Lemma P_zero (n1 n2 k j : nat) : can_occur n1 n2 k j = false -> P n1 n2 k j = 0.
Proof.
  unfold can_occur, P, C. rewrite andb_false_iff, !Nat.leb_gt.
  intros [ H | H ]; rewrite (binom_large _ _ H); simpl; unfold Rdiv; ring.
Qed.

Theorem hypergeometric_sums_to_1 (n1 n2 k : nat) :
  (k <= n1 + n2)%nat -> sum_over (P n1 n2 k) (feasible n1 n2 k) = 1.
Proof.
  intros Hk. unfold feasible. rewrite sum_over_filter by (intros; apply P_zero; assumption).
  rewrite (sum_over_ext _ (fun j => / C (n1 + n2) k * (C n1 j * C n2 (k - j))))
    by (intros; unfold P, Rdiv; ring).
  rewrite sum_over_scale, vandermonde. apply Rinv_l. apply Rgt_not_eq, C_pos, Hk.
Qed.

(** * Step (4): the expected Bayes factor counts the feasible j *)

Theorem expected_bayes_factor (n1 n2 k : nat) :
  sum_over (fun j => P n1 n2 k j * B n1 n2 k j) (feasible n1 n2 k)
    = (INR (n1 + n2) + 1) / ((INR n1 + 1) * (INR n2 + 1)) * INR (length (feasible n1 n2 k)).
Proof.
  rewrite <- sum_over_const. apply sum_over_ext. intros j Hj.
  assert (HP := P_pos _ _ _ _ Hj). assert (N1 := pos_INR n1). assert (N2 := pos_INR n2).
  unfold B. field. lra.
Qed.

(** j lies among 0, ..., n1 and k - j among 0, ..., n2. *)
Lemma feasible_count (n1 n2 k : nat) : (length (feasible n1 n2 k) <= S (Nat.min n1 n2))%nat.
Proof.
  assert (Hnodup : NoDup (feasible n1 n2 k)) by (apply NoDup_filter, seq_NoDup).
  assert (H1 : (length (feasible n1 n2 k) <= S n1)%nat).
  { rewrite <- (seq_length (S n1) 0) at 1. apply NoDup_incl_length; [ exact Hnodup | ].
    intros j Hj. apply in_feasible in Hj. apply in_seq. lia. }
  assert (H2 : (length (feasible n1 n2 k) <= S n2)%nat).
  { rewrite <- (seq_length (S n2) (k - n2)) at 1. apply NoDup_incl_length; [ exact Hnodup | ].
    intros j Hj. apply in_feasible in Hj. apply in_seq. lia. }
  lia.
Qed.

Theorem expected_bayes_factor_le (n1 n2 k : nat) :
  sum_over (fun j => P n1 n2 k j * B n1 n2 k j) (feasible n1 n2 k)
    <= (INR (n1 + n2) + 1) / (INR (Nat.max n1 n2) + 1).
Proof.
  rewrite expected_bayes_factor.
  assert (N1 := pos_INR n1). assert (N2 := pos_INR n2). assert (N := pos_INR (n1 + n2)).
  assert (Hcount := le_INR _ _ (feasible_count n1 n2 k)). rewrite S_INR in Hcount.
  set (c := (INR (n1 + n2) + 1) / ((INR n1 + 1) * (INR n2 + 1))).
  assert (Hc : 0 <= c) by (apply Rlt_le, Rdiv_lt_0_compat; nra).
  apply Rle_trans with (c * (INR (Nat.min n1 n2) + 1)); [ apply Rmult_le_compat_l; assumption | ].
  right. unfold c.
  destruct (Nat.le_ge_cases n1 n2) as [ H | H ];
    [ rewrite Nat.min_l, Nat.max_r by exact H | rewrite Nat.min_r, Nat.max_l by exact H ]; field; lra.
Qed.

(** * Step (5): Markov's inequality with the detector's eta *)

(** Share of an alarm at one split: delta / (n (n - 1)^2). *)
Definition share (delta : R) (n : nat) : R := delta / (INR n * (INR n - 1) * (INR n - 1)).

Definition eta (delta : R) (n1 n2 : nat) : R :=
  share delta (n1 + n2) * ((INR (Nat.max n1 n2) + 1) / (INR (n1 + n2) + 1)).

(** Conditional probability, given k ones, that the test at the split (n1, n2) fires. *)
Definition alarm_mass (delta : R) (n1 n2 k : nat) : R :=
  sum_over (fun j => if Rlt_dec 1 (eta delta n1 n2 * B n1 n2 k j) then P n1 n2 k j else 0) (feasible n1 n2 k).

Lemma share_nonneg (delta : R) (n : nat) : 0 <= delta -> (2 <= n)%nat -> 0 <= share delta n.
Proof.
  intros Hd Hn. assert (H := le_INR _ _ Hn). simpl in H. unfold share, Rdiv.
  apply Rmult_le_pos; [ exact Hd | ]. apply Rlt_le, Rinv_0_lt_compat. nra.
Qed.

Theorem alarm_mass_le (delta : R) (n1 n2 k : nat) :
  0 <= delta -> (1 <= n1)%nat -> (1 <= n2)%nat -> alarm_mass delta n1 n2 k <= share delta (n1 + n2).
Proof.
  intros Hd H1 H2.
  assert (Hshare := share_nonneg delta (n1 + n2) Hd ltac:(lia)).
  assert (N := pos_INR (n1 + n2)). assert (M := pos_INR (Nat.max n1 n2)).
  assert (Heta : 0 <= eta delta n1 n2).
  { unfold eta. apply Rmult_le_pos; [ exact Hshare | apply Rlt_le, Rdiv_lt_0_compat; lra ]. }
  apply Rle_trans with (sum_over (fun j => eta delta n1 n2 * (P n1 n2 k j * B n1 n2 k j)) (feasible n1 n2 k)).
  - unfold alarm_mass. apply sum_over_le. intros j Hj. assert (HP := P_pos _ _ _ _ Hj).
    destruct (Rlt_dec 1 (eta delta n1 n2 * B n1 n2 k j)) as [ H | H ]; [ nra | ].
    apply Rmult_le_pos; [ exact Heta | ]. apply Rmult_le_pos; [ lra | ].
    unfold B. assert (K1 := pos_INR n1). assert (K2 := pos_INR n2).
    apply Rlt_le, Rdiv_lt_0_compat; [ apply Rdiv_lt_0_compat; nra | exact HP ].
  - rewrite sum_over_scale.
    apply Rle_trans with (eta delta n1 n2 * ((INR (n1 + n2) + 1) / (INR (Nat.max n1 n2) + 1))).
    + apply Rmult_le_compat_l; [ exact Heta | apply expected_bayes_factor_le ].
    + right. unfold eta. field. lra.
Qed.

(** * Step (6): the shares of all times and splits *)

(** 1/(2*1) + 1/(3*2) + ... + 1/(N (N - 1)). *)
Theorem telescoping (N : nat) :
  (1 <= N)%nat ->
  sum_over (fun n => 1 / (INR n * (INR n - 1))) (seq 2 (N - 1)) = 1 - 1 / INR N /\ 1 - 1 / INR N <= 1.
Proof.
  intros HN. destruct N as [ | M ]; [ lia | ]. clear HN.
  replace (S M - 1)%nat with M by lia. split.
  - induction M as [ | M IH ]; [ simpl; field | ].
    rewrite seq_S, sum_over_app, IH. cbn [sum_over].
    replace (2 + M)%nat with (S (S M)) by lia. rewrite !S_INR. assert (H := pos_INR M). field. lra.
  - assert (0 < 1 / INR (S M)); [ | lra ].
    apply Rdiv_lt_0_compat; [ lra | ]. apply lt_0_INR. lia.
Qed.

(** The main result: whatever the numbers of ones k 2, ..., k N, the conditional alarm probabilities of all splits
    (n1, n - n1) of all n <= N add up to at most delta. *)
Theorem false_alarm_budget (delta : R) (k : nat -> nat) (N : nat) :
  0 <= delta -> (1 <= N)%nat ->
  sum_over (fun n => sum_over (fun n1 => alarm_mass delta n1 (n - n1) (k n)) (seq 1 (n - 1))) (seq 2 (N - 1))
    <= delta.
Proof.
  intros Hd HN. destruct (telescoping N HN) as [ Hsum Hle ].
  apply Rle_trans with (sum_over (fun n => delta * (1 / (INR n * (INR n - 1)))) (seq 2 (N - 1))).
  - apply sum_over_le. intros n Hn. apply in_seq in Hn.
    apply Rle_trans with (sum_over (fun _ => share delta n) (seq 1 (n - 1))).
    + apply sum_over_le. intros n1 Hn1. apply in_seq in Hn1.
      assert (H := alarm_mass_le delta n1 (n - n1) (k n) Hd ltac:(lia) ltac:(lia)).
      replace (n1 + (n - n1))%nat with n in H by lia. exact H.
    + rewrite sum_over_const, seq_length, minus_INR by lia.
      assert (H2 : 2 <= INR n) by (apply (le_INR 2); lia).
      right. unfold share. simpl (INR 1). field. lra.
  - rewrite sum_over_scale, Hsum. nra.
Qed.

Print Assumptions bayes_factor.
Print Assumptions hypergeometric_sums_to_1.
Print Assumptions expected_bayes_factor.
Print Assumptions expected_bayes_factor_le.
Print Assumptions alarm_mass_le.
Print Assumptions telescoping.
Print Assumptions false_alarm_budget.
