(** The sum of inverse square roots.

    Proved here: for every n,

        1/sqrt 1 + 1/sqrt 2 + ... + 1/sqrt n  <=  2 sqrt n        (real numbers).

    Where it is used: the step "add up the confidence radii over visits" of every proof that pays c/sqrt(k) at the
    k-th visit of a state-action pair (or the k-th pull of an arm) and ends in a bound of order sqrt(visits).

    What is not said here: nothing about floating-point sums; the numbers are the classical real numbers of Coq. *)

From Coq Require Import Reals Lra Lia.
Open Scope R_scope.

(** f 1 + f 2 + ... + f n; the empty sum is 0. *)
Fixpoint sum_from_1 (f : nat -> R) (n : nat) : R :=
  match n with
  | O => 0
  | S m => sum_from_1 f m + f (S m)
  end.

(** One step of the induction, with a = sqrt n and b = sqrt (n + 1): it is (b - a)^2 >= 0 in disguise. *)
Lemma inverse_sqrt_step (a b : R) :
  0 <= a -> 0 < b -> b * b = a * a + 1 -> 2 * a + 1 / b <= 2 * b.
Proof.
  intros Ha Hb Hsquare.
  apply Rmult_le_reg_r with b; [ exact Hb | ].
  replace ((2 * a + 1 / b) * b) with (2 * a * b + 1) by (field; lra).
  nra.
Qed.

(** The main result. *)
Theorem sum_inverse_sqrt (n : nat) :
  sum_from_1 (fun k => 1 / sqrt (INR k)) n <= 2 * sqrt (INR n).
Proof.
  induction n as [ | n IH ].
  - simpl. rewrite sqrt_0. lra.
  - change (sum_from_1 (fun k => 1 / sqrt (INR k)) n + 1 / sqrt (INR (S n)) <= 2 * sqrt (INR (S n))).
    assert (Hn := pos_INR n).
    assert (HSn : INR (S n) = INR n + 1) by apply S_INR.
    assert (Hstep : 2 * sqrt (INR n) + 1 / sqrt (INR (S n)) <= 2 * sqrt (INR (S n))).
    { apply inverse_sqrt_step.
      - apply sqrt_pos.
      - apply sqrt_lt_R0. lra.
      - rewrite !sqrt_sqrt; lra. }
    lra.
Qed.

Print Assumptions sum_inverse_sqrt.
