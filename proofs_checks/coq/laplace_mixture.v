(** The Laplace mixture of two symbols as a mean-one martingale.

    Setting. x_1, x_2, ... are independent, each 1 with probability mu and 0 otherwise. A sequence with a ones and b
    zeros has the likelihood P_mu = mu^a (1 - mu)^b and the Beta(1,1) mixture likelihood L(a, b) = a! b!/(a + b + 1)!.
    Lists hold the latest symbol first, as in false_alarms.v.

    Proved here:
    (1) L(a + 1, b) + L(a, b + 1) = L(a, b)                                           [L_splits]
        and L is the product of the Laplace (add-one) predictions                     [laplace_is_L]
    (2) for 0 < mu < 1, after any sequence x the next value of L/P_mu has the mean
        L(x)/P_mu(x)                                                                  [ratio_is_martingale]
        so that E[L/P_mu] = 1 over all sequences of length n                          [ratio_has_mean_one]
        and both for the mixture that starts again after s symbols,
        L(x_1..x_s) L(x_s+1..x_n)/P_mu(x_1..x_n)                  [split_ratio_is_martingale, split_ratio_has_mean_one]
    (3) P_mu(x) <= (n + 1) L(x) for every x of length n and every mu in [0, 1]        [likelihood_le]

    Where it is used: (1) and (3) in ville_alarms.v, which proves the false-alarm guarantee of the change detector
    with the provable default threshold; (2) is the form in which the guarantee is usually explained.

    What is not said here: that L is the integral of mu^a (1 - mu)^b over [0, 1] (only its closed form is used); more
    than two symbols; floating point; that the code computes this likelihood. *)

From Coq Require Import Reals Lra Lia List Bool.
Require Import counting_tools false_alarms.
Import ListNotations.
Open Scope R_scope.

(** * The mixture likelihood *)

Definition L (a b : nat) : R := INR (fact a) * INR (fact b) / INR (fact (a + b + 1)).

Lemma fact_pos (n : nat) : 0 < INR (fact n).
Proof. apply lt_0_INR, lt_O_fact. Qed.

Lemma fact_S (n : nat) : INR (fact (S n)) = (INR n + 1) * INR (fact n).
Proof. change (fact (S n)) with (S n * fact n)%nat. rewrite mult_INR, S_INR. reflexivity. Qed.

Lemma L_more_ones (a b : nat) : L (S a) b = (INR a + 1) / (INR (a + b) + 2) * L a b.
Proof.
  unfold L. replace (S a + b + 1)%nat with (S (a + b + 1)) by lia.
  assert (H := fact_pos (a + b + 1)). assert (N := pos_INR (a + b)).
  rewrite !fact_S, plus_INR. simpl (INR 1). field. lra.
Qed.

Lemma L_more_zeros (a b : nat) : L a (S b) = (INR b + 1) / (INR (a + b) + 2) * L a b.
Proof.
  unfold L. replace (a + S b + 1)%nat with (S (a + b + 1)) by lia.
  assert (H := fact_pos (a + b + 1)). assert (N := pos_INR (a + b)).
  rewrite !fact_S, plus_INR. simpl (INR 1). field. lra.
Qed.

Theorem L_splits (a b : nat) : L (S a) b + L a (S b) = L a b.
Proof.
  rewrite L_more_ones, L_more_zeros. assert (N := pos_INR (a + b)). rewrite plus_INR in *. field. lra.
Qed.

Lemma L_pos (a b : nat) : 0 < L a b.
Proof. apply Rdiv_lt_0_compat; [ apply Rmult_lt_0_compat | ]; apply fact_pos. Qed.

(** * Likelihoods of a sequence *)

Definition zeros (x : list bool) : nat := length x - ones x.

Definition Lx (x : list bool) : R := L (ones x) (zeros x).

Lemma ones_zeros (x : list bool) : (ones x + zeros x = length x)%nat.
Proof. assert (H := ones_le_length x). unfold zeros. lia. Qed.

Lemma zeros_true (x : list bool) : zeros (true :: x) = zeros x.
Proof. reflexivity. Qed.

Lemma zeros_false (x : list bool) : zeros (false :: x) = S (zeros x).
Proof. assert (H := ones_le_length x). unfold zeros. cbn [ones length]. lia. Qed.

Lemma Lx_splits (x : list bool) : Lx (true :: x) + Lx (false :: x) = Lx x.
Proof. unfold Lx. rewrite zeros_true, zeros_false. apply L_splits. Qed.

Lemma Lx_nil : Lx [] = 1.
Proof. unfold Lx, zeros, L. simpl. field. Qed.

Lemma Lx_pos (x : list bool) : 0 < Lx x.
Proof. apply L_pos. Qed.

(** The same number as the product of the Laplace predictions. *)
Theorem laplace_is_L (x : list bool) : laplace x = L (ones x) (zeros x).
Proof.
  induction x as [ | [ | ] x IH ]; cbn [laplace].
  - symmetry. apply Lx_nil.
  - rewrite zeros_true, IH. cbn [ones]. rewrite L_more_ones, ones_zeros. reflexivity.
  - rewrite zeros_false, IH. cbn [ones]. rewrite L_more_zeros, ones_zeros.
    rewrite <- (ones_zeros x) at 1. rewrite plus_INR. replace (INR (ones x) + INR (zeros x) - INR (ones x))
      with (INR (zeros x)) by ring. reflexivity.
Qed.

(** The mixture likelihood with a restart after the first s symbols; the latest n - s stand first in the list. *)
Definition Lsplit (s : nat) (x : list bool) : R :=
  Lx (skipn (length x - s) x) * Lx (firstn (length x - s) x).

Lemma Lsplit_splits (s : nat) (x : list bool) : Lsplit s (true :: x) + Lsplit s (false :: x) = Lsplit s x.
Proof.
  unfold Lsplit. cbn [length]. destruct (Nat.le_gt_cases s (length x)) as [ H | H ].
  - replace (S (length x) - s)%nat with (S (length x - s)) by lia. cbn [skipn firstn].
    rewrite <- (Lx_splits (firstn (length x - s) x)). ring.
  - replace (S (length x) - s)%nat with 0%nat by lia. replace (length x - s)%nat with 0%nat by lia.
    cbn [skipn firstn]. rewrite <- (Lx_splits x). ring.
Qed.

Lemma Lsplit_nil (s : nat) : Lsplit s [] = 1.
Proof. unfold Lsplit. cbn [length Nat.sub skipn firstn]. rewrite Lx_nil. ring. Qed.

Lemma Lsplit_pos (s : nat) (x : list bool) : 0 < Lsplit s x.
Proof. apply Rmult_lt_0_compat; apply Lx_pos. Qed.

Section Draws.

Variable mu : R.
Hypothesis mu_range : 0 <= mu <= 1.

Definition likelihood (x : list bool) : R := mu ^ ones x * (1 - mu) ^ zeros x.

Lemma likelihood_nil : likelihood [] = 1.
Proof. unfold likelihood, zeros. simpl. ring. Qed.

Lemma likelihood_true (x : list bool) : likelihood (true :: x) = mu * likelihood x.
Proof. unfold likelihood. rewrite zeros_true. simpl. ring. Qed.

Lemma likelihood_false (x : list bool) : likelihood (false :: x) = (1 - mu) * likelihood x.
Proof. unfold likelihood. rewrite zeros_false. simpl. ring. Qed.

Lemma likelihood_nonneg (x : list bool) : 0 <= likelihood x.
Proof. apply Rmult_le_pos; apply pow_le; lra. Qed.

(** * The ratio of likelihoods *)

Theorem ratio_is_martingale (x : list bool) :
  0 < mu < 1 ->
  mu * (Lx (true :: x) / likelihood (true :: x)) + (1 - mu) * (Lx (false :: x) / likelihood (false :: x))
    = Lx x / likelihood x.
Proof.
  intros Hmu. rewrite likelihood_true, likelihood_false, <- (Lx_splits x).
  assert (HP : 0 < likelihood x) by (apply Rmult_lt_0_compat; apply pow_lt; lra). field. lra.
Qed.

(** The same with a restart after s symbols. *)
Theorem split_ratio_is_martingale (s : nat) (x : list bool) :
  0 < mu < 1 ->
  mu * (Lsplit s (true :: x) / likelihood (true :: x)) + (1 - mu) * (Lsplit s (false :: x) / likelihood (false :: x))
    = Lsplit s x / likelihood x.
Proof.
  intros Hmu. rewrite likelihood_true, likelihood_false, <- (Lsplit_splits s x).
  assert (HP : 0 < likelihood x) by (apply Rmult_lt_0_compat; apply pow_lt; lra). field. lra.
Qed.

Lemma martingale_mean (M : list bool -> R) (n : nat) :
  (forall x, mu * M (true :: x) + (1 - mu) * M (false :: x) = M x) -> E mu n M = M [].
Proof.
  intros H. induction n as [ | n IH ]; [ reflexivity | ].
  rewrite <- IH. cbn [E]. rewrite <- !E_scale, <- E_add. apply (E_ext mu mu_range). intros x _. apply H.
Qed.

Theorem ratio_has_mean_one (n : nat) : 0 < mu < 1 -> E mu n (fun x => Lx x / likelihood x) = 1.
Proof.
  intros Hmu. rewrite (martingale_mean (fun x => Lx x / likelihood x)).
  - rewrite Lx_nil, likelihood_nil. field.
  - intros x. apply ratio_is_martingale, Hmu.
Qed.

Theorem split_ratio_has_mean_one (s n : nat) : 0 < mu < 1 -> E mu n (fun x => Lsplit s x / likelihood x) = 1.
Proof.
  intros Hmu. rewrite (martingale_mean (fun x => Lsplit s x / likelihood x)).
  - rewrite Lsplit_nil, likelihood_nil. field.
  - intros x. apply split_ratio_is_martingale, Hmu.
Qed.

(** * The lower bound on the mixture *)

(** C(n, a) mu^a (1 - mu)^b is a probability. *)
Theorem likelihood_le (x : list bool) : likelihood x <= (INR (length x) + 1) * L (ones x) (zeros x).
Proof.
  rewrite <- laplace_is_L, laplace_closed_form.
  assert (HC := C_pos _ _ (ones_le_length x)). assert (N := pos_INR (length x)).
  replace ((INR (length x) + 1) * / ((INR (length x) + 1) * C (length x) (ones x)))
    with (1 / C (length x) (ones x)) by (field; lra).
  apply Rmult_le_reg_r with (C (length x) (ones x)); [ exact HC | ].
  replace (1 / C (length x) (ones x) * C (length x) (ones x)) with 1 by (field; lra).
  assert (H := w_window mu mu_range (length x) (ones x) 0 ltac:(assert (H := ones_le_length x); lia)).
  cbn [seq sum_over] in H. rewrite Nat.add_0_r in H. unfold w in H. unfold likelihood, zeros. lra.
Qed.

End Draws.

Print Assumptions L_splits.
Print Assumptions laplace_is_L.
Print Assumptions ratio_is_martingale.
Print Assumptions ratio_has_mean_one.
Print Assumptions split_ratio_is_martingale.
Print Assumptions split_ratio_has_mean_one.
Print Assumptions likelihood_le.
