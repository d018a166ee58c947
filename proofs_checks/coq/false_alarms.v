(** The false-alarm theorem of the restarted Bayesian detector for two symbols, from start to end.

    Setting. x_1, x_2, ... are independent, each 1 with probability theta and 0 otherwise; theta in [0, 1] is any number
    and is unknown to the detector. After n observations the detector looks at every split n = n1 + n2 and fires when
        eta * q(first n1) * q(last n2) > q(all n),   eta = delta / (n (n - 1)^2) * (max(n1, n2) + 1) / (n + 1),
    where q is the product of the Laplace (add-one) predictions.

    Proved here: for every horizon N the probability that it fires at some n <= N is at most delta. This is Theorem R
    with O = 2 symbols; markov_counting.v follows its printed proof step by step, here the conditioning on the number of
    ones is replaced by one double sum, so that the theorem is about independent draws and not about a counting law.

    What is not said here: more than two symbols; the limit N to infinity (the bound does not depend on N); floating
    point; that the code computes these q and eta. *)

From Coq Require Import Reals Lra Lia List Bool.
Require Import counting_tools.
Import ListNotations.
Open Scope R_scope.

(** * Independent draws *)

Section Draws.

Variable theta : R.
Hypothesis theta_range : 0 <= theta <= 1.

(** Expectation of f over n independent draws; the latest draw stands first. *)
Fixpoint E (n : nat) (f : list bool -> R) : R :=
  match n with
  | O => f []
  | S m => theta * E m (fun x => f (true :: x)) + (1 - theta) * E m (fun x => f (false :: x))
  end.

Lemma E_le (n : nat) (f g : list bool -> R) : (forall x, length x = n -> f x <= g x) -> E n f <= E n g.
Proof.
  revert f g. induction n as [ | n IH ]; intros f g H; simpl; [ apply H; reflexivity | ].
  apply Rplus_le_compat; apply Rmult_le_compat_l; try lra; apply IH; intros; apply H; simpl; lia.
Qed.

Lemma E_ext (n : nat) (f g : list bool -> R) : (forall x, length x = n -> f x = g x) -> E n f = E n g.
Proof. intros H. apply Rle_antisym; apply E_le; intros; right; [ | symmetry ]; auto. Qed.

Lemma E_const (n : nat) (c : R) : E n (fun _ => c) = c.
Proof. induction n as [ | n IH ]; simpl; [ reflexivity | rewrite IH; ring ]. Qed.

Lemma E_add (n : nat) (f g : list bool -> R) : E n (fun x => f x + g x) = E n f + E n g.
Proof. revert f g. induction n as [ | n IH ]; intros f g; simpl; [ ring | rewrite !IH; ring ]. Qed.

Lemma E_scale (n : nat) (c : R) (f : list bool -> R) : E n (fun x => c * f x) = c * E n f.
Proof. revert f. induction n as [ | n IH ]; intros f; simpl; [ ring | rewrite !IH; ring ]. Qed.

Lemma E_sum (n : nat) (f : nat -> list bool -> R) (l : list nat) :
  E n (fun x => sum_over (fun j => f j x) l) = sum_over (fun j => E n (f j)) l.
Proof. induction l as [ | j l IH ]; simpl; [ apply E_const | rewrite E_add, IH; reflexivity ]. Qed.

(** Two blocks: the later one, y, and the earlier one, x. *)
Lemma E_blocks (n2 n1 : nat) (f : list bool -> R) : E (n2 + n1) f = E n2 (fun y => E n1 (fun x => f (y ++ x))).
Proof. revert f. induction n2 as [ | n2 IH ]; intros f; simpl; [ reflexivity | rewrite !IH; reflexivity ]. Qed.

(** Binomial probability of j ones. *)
Definition w (n j : nat) : R := C n j * (theta ^ j * (1 - theta) ^ (n - j)).

Lemma w_nonneg (n j : nat) : 0 <= w n j.
Proof.
  unfold w. apply Rmult_le_pos; [ apply C_nonneg | ]. apply Rmult_le_pos; apply pow_le; lra.
Qed.

Lemma w_0 (n : nat) : w (S n) 0 = (1 - theta) * w n 0.
Proof. unfold w, C. rewrite !binom_0, !Nat.sub_0_r. simpl. ring. Qed.

Lemma w_pascal (n j : nat) : (j <= n)%nat -> w (S n) (S j) = theta * w n j + (1 - theta) * w n (S j).
Proof.
  intros H. unfold w. rewrite C_pascal. cbn [Nat.sub].
  destruct (Nat.eq_dec j n) as [ -> | Hne ].
  - replace (C n (S n)) with 0 by (unfold C; rewrite binom_large by lia; reflexivity). simpl. ring.
  - replace (n - j)%nat with (S (n - S j)) by lia. simpl. ring.
Qed.

Lemma E_of_count (n : nat) (g : nat -> R) :
  E n (fun x => g (ones x)) = sum_over (fun j => w n j * g j) (seq 0 (S n)).
Proof.
  revert g. induction n as [ | n IH ]; intros g.
  - unfold w, C. simpl. ring.
  - cbn [E ones]. rewrite (IH (fun j => g (S j))), (IH g).
    change (seq 0 (S (S n))) with (0%nat :: seq 1 (S n)). cbn [sum_over].
    rewrite <- (sum_over_S (fun j => w (S n) j * g j)).
    rewrite (sum_over_ext (fun j => w (S n) (S j) * g (S j))
               (fun j => theta * (w n j * g (S j)) + (1 - theta) * (w n (S j) * g (S j)))).
    2: { intros j Hj. apply in_seq in Hj. rewrite w_pascal by lia. ring. }
    rewrite sum_over_add, !sum_over_scale, w_0.
    assert (Hlast : sum_over (fun j => w n j * g j) (seq 0 (S (S n))) = sum_over (fun j => w n j * g j) (seq 0 (S n))).
    { rewrite (seq_S (S n)), sum_over_app. cbn [sum_over Nat.add].
      unfold w at 2, C. rewrite binom_large by lia. simpl INR. ring. }
    rewrite <- Hlast. change (seq 0 (S (S n))) with (0%nat :: seq 1 (S n)). cbn [sum_over].
    rewrite <- (sum_over_S (fun j => w n j * g j)). ring.
Qed.

Lemma w_sums_to_1 (n : nat) : sum_over (w n) (seq 0 (S n)) = 1.
Proof.
  rewrite <- (E_const n 1). rewrite (E_of_count n (fun _ => 1)). apply sum_over_ext. intros. ring.
Qed.

(** Consecutive terms of it sum to at most 1. *)
Lemma w_window (n a m : nat) : (a + m <= n)%nat -> sum_over (fun j => w n (a + j)) (seq 0 (S m)) <= 1.
Proof.
  intros H. rewrite sum_over_shift, Nat.add_0_r, <- (w_sums_to_1 n).
  replace (S n) with (a + (S m + (n - a - m)))%nat by lia.
  rewrite !seq_app, !sum_over_app.
  assert (H1 := sum_over_nonneg (w n) (seq 0 a) (w_nonneg n)).
  assert (H2 := sum_over_nonneg (w n) (seq (0 + a + S m) (n - a - m)) (w_nonneg n)).
  cbn [Nat.add] in *. lra.
Qed.

(** * The expected Bayes factor *)

Definition bayes (y x : list bool) : R := laplace x * laplace y / laplace (y ++ x).

Definition factor (n1 n2 : nat) : R := (INR (n1 + n2) + 1) / ((INR n1 + 1) * (INR n2 + 1)).

Definition ratio (n1 n2 i j : nat) : R := factor n1 n2 * (C (n1 + n2) (i + j) / (C n1 i * C n2 j)).

Lemma bayes_by_counts (y x : list bool) : bayes y x = ratio (length x) (length y) (ones x) (ones y).
Proof.
  unfold bayes, ratio, factor. rewrite !laplace_closed_form, app_length, ones_app.
  rewrite (Nat.add_comm (length y)), (Nat.add_comm (ones y)).
  assert (Lx := ones_le_length x). assert (Ly := ones_le_length y).
  assert (H1 := C_pos _ _ Lx). assert (H2 := C_pos _ _ Ly).
  assert (H3 : 0 < C (length x + length y) (ones x + ones y)) by (apply C_pos; lia).
  assert (N1 := pos_INR (length x)). assert (N2 := pos_INR (length y)). assert (N3 := pos_INR (length x + length y)).
  field. lra.
Qed.

(** Weighted by the probabilities of the counts, the Bayes factor is a binomial probability of the total. *)
Lemma weighted_ratio (n1 n2 i j : nat) :
  (i <= n1)%nat -> (j <= n2)%nat -> w n2 j * (w n1 i * ratio n1 n2 i j) = factor n1 n2 * w (n1 + n2) (i + j).
Proof.
  intros Hi Hj. unfold ratio, w.
  replace (n1 + n2 - (i + j))%nat with ((n1 - i) + (n2 - j))%nat by lia. rewrite !pow_add.
  assert (H1 := C_pos _ _ Hi). assert (H2 := C_pos _ _ Hj). field. lra.
Qed.

Lemma expected_bayes (n1 n2 : nat) :
  E n2 (fun y => E n1 (fun x => bayes y x))
    = factor n1 n2 * sum_over (fun j => sum_over (fun i => w (n1 + n2) (i + j)) (seq 0 (S n1))) (seq 0 (S n2)).
Proof.
  transitivity (E n2 (fun y => sum_over (fun i => w n1 i * ratio n1 n2 i (ones y)) (seq 0 (S n1)))).
  - apply E_ext. intros y Hy. rewrite <- (E_of_count n1 (fun i => ratio n1 n2 i (ones y))).
    apply E_ext. intros x Hx. rewrite bayes_by_counts, Hx, Hy. reflexivity.
  - rewrite (E_of_count n2 (fun j => sum_over (fun i => w n1 i * ratio n1 n2 i j) (seq 0 (S n1)))).
    rewrite <- sum_over_scale. apply sum_over_ext. intros j Hj. apply in_seq in Hj.
    rewrite <- !sum_over_scale. apply sum_over_ext. intros i Hi. apply in_seq in Hi.
    apply weighted_ratio; lia.
Qed.

Theorem expected_bayes_le (n1 n2 : nat) :
  E n2 (fun y => E n1 (fun x => bayes y x)) <= (INR (n1 + n2) + 1) / (INR (Nat.max n1 n2) + 1).
Proof.
  rewrite expected_bayes.
  assert (N1 := pos_INR n1). assert (N2 := pos_INR n2). assert (N := pos_INR (n1 + n2)).
  assert (Hf : 0 <= factor n1 n2) by (apply Rlt_le, Rdiv_lt_0_compat; nra).
  destruct (Nat.le_ge_cases n1 n2) as [ H | H ]; [ rewrite Nat.max_r by exact H | rewrite Nat.max_l by exact H ].
  - rewrite sum_exchange. apply Rle_trans with (factor n1 n2 * (1 * INR (S n1))).
    + apply Rmult_le_compat_l; [ exact Hf | ].
      eapply Rle_trans; [ apply (sum_over_le_const 1) | rewrite seq_length; lra ].
      intros i Hi. apply in_seq in Hi. apply w_window. lia.
    + right. unfold factor. rewrite S_INR. field. lra.
  - apply Rle_trans with (factor n1 n2 * (1 * INR (S n2))).
    + apply Rmult_le_compat_l; [ exact Hf | ].
      eapply Rle_trans; [ apply (sum_over_le_const 1) | rewrite seq_length; lra ].
      intros j Hj. apply in_seq in Hj.
      rewrite (sum_over_ext _ (fun i => w (n1 + n2) (j + i))) by (intros i _; rewrite (Nat.add_comm i j); reflexivity).
      apply w_window. lia.
    + right. unfold factor. rewrite S_INR. field. lra.
Qed.

(** * The detector *)

Variable delta : R.
Hypothesis delta_range : 0 <= delta.

Definition share (n : nat) : R := delta / (INR n * (INR n - 1) * (INR n - 1)).

Definition eta (n1 n2 : nat) : R := share (n1 + n2) * ((INR (Nat.max n1 n2) + 1) / (INR (n1 + n2) + 1)).

(** The test of the split into the earlier block x and the later block y. *)
Definition fires_at (y x : list bool) : bool :=
  if Rlt_dec (laplace (y ++ x)) (eta (length x) (length y) * laplace x * laplace y) then true else false.

(** Some split of the sequence z so far fires; n1 = 1, ..., n - 1. *)
Definition fires_now (z : list bool) : bool :=
  existsb (fun n1 => fires_at (firstn (length z - n1) z) (skipn (length z - n1) z)) (seq 1 (length z - 1)).

(** It fired at some time up to now. *)
Fixpoint fired (z : list bool) : bool :=
  match z with
  | [] => false
  | b :: past => fires_now (b :: past) || fired past
  end.

Definition indicator (b : bool) : R := if b then 1 else 0.

Lemma laplace_pos (x : list bool) : 0 < laplace x.
Proof.
  rewrite laplace_closed_form. assert (H := C_pos _ _ (ones_le_length x)). assert (N := pos_INR (length x)).
  apply Rinv_0_lt_compat. apply Rmult_lt_0_compat; lra.
Qed.

(** Markov's inequality, pointwise. *)
Lemma markov (y x : list bool) :
  0 <= eta (length x) (length y) -> indicator (fires_at y x) <= eta (length x) (length y) * bayes y x.
Proof.
  intros Heta. assert (Hx := laplace_pos x). assert (Hy := laplace_pos y). assert (Hyx := laplace_pos (y ++ x)).
  unfold fires_at, bayes. destruct (Rlt_dec _ _) as [ H | H ]; simpl.
  - apply Rmult_le_reg_r with (laplace (y ++ x)); [ exact Hyx | ].
    replace (eta (length x) (length y) * (laplace x * laplace y / laplace (y ++ x)) * laplace (y ++ x))
      with (eta (length x) (length y) * laplace x * laplace y) by (field; lra). lra.
  - apply Rmult_le_pos; [ exact Heta | ]. apply Rlt_le, Rdiv_lt_0_compat; [ apply Rmult_lt_0_compat | ]; assumption.
Qed.

Lemma split_alarm (n1 n2 : nat) :
  (1 <= n1)%nat -> (1 <= n2)%nat -> E n2 (fun y => E n1 (fun x => indicator (fires_at y x))) <= share (n1 + n2).
Proof.
  intros H1 H2.
  assert (N := le_INR 2 (n1 + n2) ltac:(lia)). simpl in N. assert (M := pos_INR (Nat.max n1 n2)).
  assert (Hs : 0 <= share (n1 + n2)).
  { unfold share, Rdiv. apply Rmult_le_pos; [ exact delta_range | ]. apply Rlt_le, Rinv_0_lt_compat.
    repeat apply Rmult_lt_0_compat; lra. }
  assert (Heta : 0 <= eta n1 n2).
  { unfold eta. apply Rmult_le_pos; [ exact Hs | apply Rlt_le, Rdiv_lt_0_compat; lra ]. }
  apply Rle_trans with (eta n1 n2 * E n2 (fun y => E n1 (fun x => bayes y x))).
  - rewrite <- E_scale. apply E_le. intros y Hy. rewrite <- E_scale. apply E_le. intros x Hx.
    rewrite <- Hx, <- Hy. apply markov. rewrite Hx, Hy. exact Heta.
  - apply Rle_trans with (eta n1 n2 * ((INR (n1 + n2) + 1) / (INR (Nat.max n1 n2) + 1))).
    + apply Rmult_le_compat_l; [ exact Heta | apply expected_bayes_le ].
    + right. unfold eta. field. lra.
Qed.

Lemma indicator_existsb (f : nat -> bool) (l : list nat) :
  indicator (existsb f l) <= sum_over (fun j => indicator (f j)) l.
Proof.
  induction l as [ | j l IH ]; [ simpl; lra | ]. cbn [existsb sum_over].
  assert (H : 0 <= sum_over (fun i => indicator (f i)) l).
  { apply sum_over_nonneg. intros i. unfold indicator. destruct (f i); lra. }
  destruct (f j); simpl in *; lra.
Qed.

(** Union bound over the splits at one time: (n - 1) shares. *)
Lemma alarm_now (n : nat) : (1 <= n)%nat -> E n (fun z => indicator (fires_now z)) <= share n * INR (n - 1).
Proof.
  intros Hn.
  apply Rle_trans with
    (E n (fun z => sum_over (fun n1 => indicator (fires_at (firstn (n - n1) z) (skipn (n - n1) z))) (seq 1 (n - 1)))).
  - apply E_le. intros z Hz. unfold fires_now. rewrite Hz. apply indicator_existsb.
  - rewrite E_sum. eapply Rle_trans; [ apply (sum_over_le_const (share n)) | rewrite seq_length; lra ].
    intros n1 H1. apply in_seq in H1.
    assert (H := split_alarm n1 (n - n1) ltac:(lia) ltac:(lia)).
    replace (n1 + (n - n1))%nat with n in H by lia.
    eapply Rle_trans; [ right | exact H ].
    transitivity (E ((n - n1) + n1) (fun z => indicator (fires_at (firstn (n - n1) z) (skipn (n - n1) z))));
      [ f_equal; lia | ].
    rewrite E_blocks. apply E_ext. intros y Hy. apply E_ext. intros x Hx.
    rewrite firstn_app, skipn_app, Hy, Nat.sub_diag, <- Hy, firstn_all, skipn_all, firstn_O, app_nil_r. reflexivity.
Qed.

(** Union bound over time, with 1/(2*1) + ... + 1/(N (N - 1)) = 1 - 1/N inside the induction. *)
Lemma alarm_until (M : nat) : E (S M) (fun z => indicator (fired z)) <= delta * (1 - 1 / INR (S M)).
Proof.
  induction M as [ | M IH ].
  - simpl. lra.
  - apply Rle_trans with (E (S (S M)) (fun z => indicator (fires_now z)) + E (S M) (fun z => indicator (fired z))).
    + replace (E (S M) (fun z => indicator (fired z)))
        with (E (S (S M)) (fun z => indicator (fired (tl z)))) by (cbn [E tl]; ring).
      rewrite <- E_add. apply E_le. intros [ | b z ] Hz; [ discriminate Hz | ].
      cbn [fired tl]. destruct (fires_now (b :: z)), (fired z); simpl; lra.
    + assert (H := alarm_now (S (S M)) ltac:(lia)). replace (S (S M) - 1)%nat with (S M) in H by lia.
      assert (N := pos_INR M). unfold share in H. rewrite !S_INR in *.
      eapply Rle_trans; [ apply Rplus_le_compat; [ exact H | exact IH ] | ]. right. field. lra.
Qed.

End Draws.

(** The main result. *)
Theorem false_alarms (theta delta : R) (N : nat) :
  0 <= theta <= 1 -> 0 <= delta -> E theta N (fun z => indicator (fired delta z)) <= delta.
Proof.
  intros Htheta Hdelta. destruct N as [ | M ]; [ simpl; exact Hdelta | ].
  eapply Rle_trans; [ apply alarm_until; assumption | ].
  assert (0 < 1 / INR (S M)) by (apply Rdiv_lt_0_compat; [ lra | apply lt_0_INR; lia ]). nra.
Qed.

Print Assumptions expected_bayes_le.
Print Assumptions false_alarms.
