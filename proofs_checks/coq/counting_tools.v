(** Tools for markov_counting.v and false_alarms.v: binomial coefficients, finite sums, the Laplace predictor.

    The main result is step (1) of the proof of the false-alarm theorem (Theorem R) for two symbols: the product of the
    Laplace (add-one) predictions along a sequence x of n zeros and ones depends on its number of ones only,

        q(x) = 1 / ((n + 1) C(n, ones of x)). *)

From Coq Require Import Reals Lra Lia List.
Import ListNotations.
Open Scope R_scope.

(** * Binomial coefficients by Pascal's rule *)

Fixpoint binom (n k : nat) : nat :=
  match n, k with
  | _, O => 1
  | O, S _ => 0
  | S m, S i => binom m i + binom m (S i)
  end.

Lemma binom_0 (n : nat) : binom n 0 = 1%nat.
Proof. destruct n; reflexivity. Qed.

Lemma binom_large (n k : nat) : (n < k)%nat -> binom n k = 0%nat.
Proof.
  revert k. induction n as [ | n IH ]; intros [ | k ] Hk; try lia; [ reflexivity | ].
  simpl. rewrite !IH by lia. reflexivity.
Qed.

Lemma binom_pos (n k : nat) : (k <= n)%nat -> (0 < binom n k)%nat.
Proof.
  revert k. induction n as [ | n IH ]; intros [ | k ] Hk; simpl; try lia.
  assert (0 < binom n k)%nat by (apply IH; lia). lia.
Qed.

Lemma absorption (n j : nat) : (S j * binom (S n) (S j) = S n * binom n j)%nat.
Proof.
  revert j. induction n as [ | n IH ]; intros [ | j ].
  - reflexivity.
  - simpl. lia.
  - assert (H := IH 0%nat). rewrite binom_0 in *.
    change (binom (S (S n)) 1) with (binom (S n) 0 + binom (S n) 1)%nat. rewrite binom_0. lia.
  - assert (H1 := IH j). assert (H2 := IH (S j)).
    change (binom (S (S n)) (S (S j))) with (binom (S n) (S j) + binom (S n) (S (S j)))%nat.
    assert (H3 : binom (S n) (S j) = (binom n j + binom n (S j))%nat) by reflexivity.
    nia.
Qed.

Lemma absorption_complement (n j : nat) : (S n * binom (S n) j = S n * binom n j + j * binom (S n) j)%nat.
Proof.
  destruct j as [ | j ]; [ rewrite !binom_0; lia | ].
  rewrite absorption. change (binom (S n) (S j)) with (binom n j + binom n (S j))%nat. lia.
Qed.

(** The same as a positive real number. *)
Definition C (n k : nat) : R := INR (binom n k).

Lemma C_pos (n k : nat) : (k <= n)%nat -> 0 < C n k.
Proof. intros H. unfold C. apply lt_0_INR, binom_pos, H. Qed.

Lemma C_nonneg (n k : nat) : 0 <= C n k.
Proof. apply pos_INR. Qed.

Lemma C_pascal (n k : nat) : C (S n) (S k) = C n k + C n (S k).
Proof. unfold C. rewrite <- plus_INR. reflexivity. Qed.

(** * Sums over lists *)

Fixpoint sum_over (f : nat -> R) (l : list nat) : R :=
  match l with
  | [] => 0
  | j :: rest => f j + sum_over f rest
  end.

Lemma sum_over_le (f g : nat -> R) (l : list nat) :
  (forall j, In j l -> f j <= g j) -> sum_over f l <= sum_over g l.
Proof.
  induction l as [ | j l IH ]; simpl; intros H; [ lra | ].
  assert (f j <= g j) by auto. assert (sum_over f l <= sum_over g l) by auto. lra.
Qed.

Lemma sum_over_ext (f g : nat -> R) (l : list nat) :
  (forall j, In j l -> f j = g j) -> sum_over f l = sum_over g l.
Proof. intros H. apply Rle_antisym; apply sum_over_le; intros; right; [ | symmetry ]; auto. Qed.

Lemma sum_over_nonneg (f : nat -> R) (l : list nat) : (forall j, 0 <= f j) -> 0 <= sum_over f l.
Proof. intros H. induction l as [ | j l IH ]; simpl; [ lra | ]. specialize (H j). lra. Qed.

Lemma sum_over_app (f : nat -> R) (l l' : list nat) : sum_over f (l ++ l') = sum_over f l + sum_over f l'.
Proof. induction l as [ | j l IH ]; simpl; [ ring | rewrite IH; ring ]. Qed.

Lemma sum_over_add (f g : nat -> R) (l : list nat) :
  sum_over (fun j => f j + g j) l = sum_over f l + sum_over g l.
Proof. induction l as [ | j l IH ]; simpl; [ ring | rewrite IH; ring ]. Qed.

Lemma sum_over_scale (c : R) (f : nat -> R) (l : list nat) : sum_over (fun j => c * f j) l = c * sum_over f l.
Proof. induction l as [ | j l IH ]; simpl; [ ring | rewrite IH; ring ]. Qed.

Lemma sum_over_const (c : R) (l : list nat) : sum_over (fun _ => c) l = c * INR (length l).
Proof.
  induction l as [ | j l IH ]; [ simpl; ring | ].
  change (length (j :: l)) with (S (length l)). rewrite S_INR. simpl sum_over. rewrite IH. ring.
Qed.

Lemma sum_over_le_const (c : R) (f : nat -> R) (l : list nat) :
  (forall j, In j l -> f j <= c) -> sum_over f l <= c * INR (length l).
Proof. intros H. rewrite <- sum_over_const. apply sum_over_le, H. Qed.

Lemma sum_over_shift (f : nat -> R) (a start n : nat) :
  sum_over (fun j => f (a + j)%nat) (seq start n) = sum_over f (seq (a + start) n).
Proof.
  revert start. induction n as [ | n IH ]; intros start; simpl; [ reflexivity | ].
  rewrite IH, Nat.add_succ_r. reflexivity.
Qed.

Lemma sum_over_S (f : nat -> R) (n : nat) : sum_over (fun j => f (S j)) (seq 0 n) = sum_over f (seq 1 n).
Proof. apply (sum_over_shift f 1 0 n). Qed.

Lemma sum_exchange (f : nat -> nat -> R) (l l' : list nat) :
  sum_over (fun i => sum_over (f i) l') l = sum_over (fun j => sum_over (fun i => f i j) l) l'.
Proof.
  induction l as [ | i l IH ]; simpl.
  - induction l' as [ | j l' IH' ]; simpl; [ reflexivity | rewrite <- IH'; ring ].
  - rewrite IH, <- sum_over_add. reflexivity.
Qed.

Lemma sum_over_filter (f : nat -> R) (keep : nat -> bool) (l : list nat) :
  (forall j, In j l -> keep j = false -> f j = 0) -> sum_over f (filter keep l) = sum_over f l.
Proof.
  induction l as [ | j l IH ]; simpl; intros H; [ reflexivity | ].
  destruct (keep j) eqn:E; simpl; rewrite IH by auto; [ reflexivity | ].
  rewrite (H j) by auto. ring.
Qed.

(** * The Laplace predictor *)

(** Number of ones. *)
Fixpoint ones (x : list bool) : nat :=
  match x with
  | [] => 0
  | true :: past => S (ones past)
  | false :: past => ones past
  end.

Lemma ones_le_length (x : list bool) : (ones x <= length x)%nat.
Proof. induction x as [ | [ | ] x IH ]; simpl; lia. Qed.

Lemma ones_app (x y : list bool) : ones (x ++ y) = (ones x + ones y)%nat.
Proof. induction x as [ | [ | ] x IH ]; simpl; lia. Qed.

(** Product of the predictions (count of the symbol so far + 1) / (observations so far + 2); latest symbol first. *)
Fixpoint laplace (x : list bool) : R :=
  match x with
  | [] => 1
  | true :: past => (INR (ones past) + 1) / (INR (length past) + 2) * laplace past
  | false :: past => (INR (length past) - INR (ones past) + 1) / (INR (length past) + 2) * laplace past
  end.

Theorem laplace_closed_form (x : list bool) : laplace x = / ((INR (length x) + 1) * C (length x) (ones x)).
Proof.
  induction x as [ | b x IH ].
  - unfold C. simpl. field.
  - assert (Hle := ones_le_length x). set (n := length x) in *. set (j := ones x) in *.
    assert (Hn := pos_INR n).
    assert (HC : 0 < C n j) by (apply C_pos; lia).
    destruct b; cbn [laplace ones length]; fold n; fold j; rewrite IH, S_INR.
    + assert (HC' : 0 < C (S n) (S j)) by (apply C_pos; lia).
      assert (H := f_equal INR (absorption n j)). rewrite !mult_INR, !S_INR in H. fold (C (S n) (S j)) (C n j) in H.
      apply Rmult_eq_reg_l with ((INR n + 2) * ((INR n + 1) * C n j) * C (S n) (S j));
        [ | apply Rgt_not_eq; repeat apply Rmult_lt_0_compat; lra ].
      transitivity ((INR j + 1) * C (S n) (S j)); [ field; lra | ].
      rewrite H. field. lra.
    + assert (HC' : 0 < C (S n) j) by (apply C_pos; lia).
      assert (H := f_equal INR (absorption_complement n j)).
      rewrite plus_INR, !mult_INR, !S_INR in H. fold (C (S n) j) (C n j) in H.
      apply Rmult_eq_reg_l with ((INR n + 2) * ((INR n + 1) * C n j) * C (S n) j);
        [ | apply Rgt_not_eq; repeat apply Rmult_lt_0_compat; lra ].
      transitivity ((INR n - INR j + 1) * C (S n) j); [ field; lra | ].
      replace ((INR n - INR j + 1) * C (S n) j) with ((INR n + 1) * C n j) by lra. field. lra.
Qed.

Print Assumptions laplace_closed_form.
