(** The inverse-gap-weighting lemma with the sharp constant 2 (K - 1)/g.

    Setting. K arms have predicted rewards y; b is an arm with the largest prediction. The player draws arm a with
        p_a = 1/(K + g (y_b - y_a)) for a <> b,    p_b = the rest.
    The true mean rewards f are unknown, arbitrary real numbers.

    Proved here, for g > 0 and lists of arms of any length:
    (1) p is a distribution: p_a > 0, the p_a sum to 1, and p_b >= 1/K             [p_pos, p_sums_to_1, best_arm_share]
    (2) for every f and every arm s of the list (the best one under f, say):
            sum_a p_a (f_s - f_a - (g/4) (y_a - f_a)^2)  <=  2 (K - 1)/g           [inverse_gap_weighting]
        so the regret of the draw is paid by its squared prediction error and 2 (K - 1)/g
    (3) the factor 2 is sharp: with K = 2, g = 1 the left side comes arbitrarily
        close to 2                                                                 [sharp]

    Proof of (2). Write D_a = y_b - y_a and f_a = y_a + e_a. Two squares give, coordinate by coordinate,
        -e - (g/4) e^2 <= 1/g,    e (1 - p) - (g/4) p e^2 <= (1 - p)^2/(g p);
    so the left side is at most sum_a p_a D_a - D_s + (1/p_s - 1)/g. Finally p_a D_a <= 1/g for the K - 1 arms
    other than b, and 1/p_a <= K + g D_a for every arm.

    Where it is used: the step from squared prediction errors to regret in the contextual bandit with a regression
    oracle (SquareCB), in every round.

    What is not said here: the oracle's error, the sum over rounds, the choice of g; floating point. *)

From Coq Require Import Reals Lra Lia List.
Require Import pigeonhole.
Import ListNotations.
Open Scope R_scope.

(** * Sums with one special arm *)

Lemma sum_over_same (f g : nat -> R) (arms : list nat) :
  (forall a, In a arms -> f a = g a) -> sum_over f arms = sum_over g arms.
Proof. intros H. apply Rle_antisym; apply sum_over_le; intros; right; [ | symmetry ]; auto. Qed.

Lemma sum_over_const (c : R) (arms : list nat) : sum_over (fun _ => c) arms = c * INR (length arms).
Proof.
  induction arms as [ | a rest IH ]; [ simpl; ring | ].
  change (length (a :: rest)) with (S (length rest)). rewrite S_INR. cbn [sum_over]. rewrite IH. ring.
Qed.

Lemma sum_of_one (b : nat) (x : R) (arms : list nat) :
  NoDup arms -> In b arms -> sum_over (fun a => if Nat.eqb a b then x else 0) arms = x.
Proof.
  assert (Habsent : forall js, ~ In b js -> sum_over (fun a => if Nat.eqb a b then x else 0) js = 0).
  { induction js as [ | j js IH ]; simpl; intros H; [ reflexivity | ].
    destruct (Nat.eqb_spec j b) as [ -> | Hne ]; [ tauto | ]. rewrite IH by tauto. ring. }
  induction 1 as [ | j js Hj Hjs IH ]; [ intros [] | ]. intros Hb.
  cbn [sum_over]. destruct (Nat.eqb_spec j b) as [ -> | Hne ].
  - rewrite Habsent by exact Hj. ring.
  - destruct Hb as [ Hb | Hb ]; [ congruence | ]. rewrite IH by exact Hb. ring.
Qed.

(** Termwise bounds, and room for c in one of them. *)
Lemma sum_over_slack (f h : nat -> R) (c : R) (s : nat) (arms : list nat) :
  (forall a, In a arms -> f a <= h a) -> In s arms -> f s + c <= h s -> sum_over f arms + c <= sum_over h arms.
Proof.
  induction arms as [ | a rest IH ]; simpl; [ tauto | ]. intros H Hin Hs.
  assert (Ha := H a (or_introl eq_refl)).
  assert (Hrest : sum_over f rest <= sum_over h rest) by (apply sum_over_le; auto).
  destruct Hin as [ -> | Hin ]; [ lra | ]. assert (IH' := IH ltac:(auto) Hin Hs). lra.
Qed.

(** * The distribution *)

Section InverseGap.

Variable arms : list nat.
Hypothesis no_repeats : NoDup arms.
Variable y : nat -> R.
Variable b : nat.
Hypothesis b_in : In b arms.
Hypothesis b_best : forall a, In a arms -> y a <= y b.
Variable g : R.
Hypothesis g_pos : 0 < g.

Definition K : R := INR (length arms).

Definition formula (a : nat) : R := 1 / (K + g * (y b - y a)).

(** The share of all arms but b. *)
Definition others : R := sum_over (fun a => if Nat.eqb a b then 0 else formula a) arms.

Definition p (a : nat) : R := if Nat.eqb a b then 1 - others else formula a.

Lemma K_ge_1 : 1 <= K.
Proof. unfold K. apply (le_INR 1). destruct arms; [ destruct b_in | simpl; lia ]. Qed.

Lemma gap_nonneg (a : nat) : In a arms -> 0 <= g * (y b - y a).
Proof. intros Ha. assert (H := b_best a Ha). apply Rmult_le_pos; lra. Qed.

Lemma formula_bounds (a : nat) : In a arms -> 0 < formula a <= 1 / K.
Proof.
  intros Ha. assert (H := gap_nonneg a Ha). assert (HK := K_ge_1). unfold formula. split.
  - apply Rdiv_lt_0_compat; lra.
  - unfold Rdiv. apply Rmult_le_compat_l; [ lra | ]. apply Rinv_le_contravar; lra.
Qed.

Lemma others_le : others <= 1 - 1 / K.
Proof.
  assert (HK := K_ge_1).
  assert (H : others + 1 / K <= sum_over (fun _ => 1 / K) arms).
  { apply sum_over_slack with b; [ | exact b_in | rewrite Nat.eqb_refl; lra ].
    intros a Ha. assert (H := formula_bounds a Ha). destruct (Nat.eqb a b); lra. }
  rewrite sum_over_const in H. fold K in H. replace (1 / K * K) with 1 in H by (field; lra). lra.
Qed.

Theorem best_arm_share : 1 / K <= p b.
Proof. unfold p. rewrite Nat.eqb_refl. assert (H := others_le). lra. Qed.

Theorem p_pos (a : nat) : In a arms -> 0 < p a.
Proof.
  intros Ha. destruct (Nat.eqb_spec a b) as [ -> | Hne ].
  - assert (H := best_arm_share). assert (HK := K_ge_1).
    assert (0 < 1 / K) by (apply Rdiv_lt_0_compat; lra). lra.
  - unfold p. apply Nat.eqb_neq in Hne. rewrite Hne. apply formula_bounds, Ha.
Qed.

Theorem p_sums_to_1 : sum_over p arms = 1.
Proof.
  rewrite (sum_over_same _ (fun a => (if Nat.eqb a b then 1 - others else 0) + (if Nat.eqb a b then 0 else formula a)))
    by (intros a _; unfold p; destruct (Nat.eqb a b); ring).
  rewrite sum_over_add, sum_of_one by assumption. fold others. ring.
Qed.

(** * The two bounds on p *)

(** 1/p_a <= K + g D_a. *)
Lemma inverse_share (a : nat) : In a arms -> 1 / p a <= K + g * (y b - y a).
Proof.
  intros Ha. assert (Hp := p_pos a Ha). assert (HK := K_ge_1). assert (Hgap := gap_nonneg a Ha).
  apply Rmult_le_reg_r with (p a); [ exact Hp | ]. replace (1 / p a * p a) with 1 by (field; lra).
  destruct (Nat.eqb_spec a b) as [ -> | Hne ].
  - assert (H := best_arm_share). assert (E : K * (1 / K) = 1) by (field; lra). nra.
  - unfold p, formula. apply Nat.eqb_neq in Hne. rewrite Hne. right. field. lra.
Qed.

(** p_a D_a <= 1/g for the arms other than b. *)
Lemma mean_gap_le : sum_over (fun a => p a * (y b - y a)) arms <= (K - 1) / g.
Proof.
  assert (HK := K_ge_1). assert (Hg : 0 < 1 / g) by (apply Rdiv_lt_0_compat; lra).
  assert (H : sum_over (fun a => p a * (y b - y a)) arms + 1 / g <= sum_over (fun _ => 1 / g) arms).
  { apply sum_over_slack with b; [ | exact b_in | right; ring ].
    intros a Ha. assert (Hgap := gap_nonneg a Ha). unfold p. destruct (Nat.eqb_spec a b) as [ -> | Hne ]; [ lra | ].
    unfold formula. apply Rmult_le_reg_r with (g * (K + g * (y b - y a))); [ apply Rmult_lt_0_compat; lra | ].
    replace (1 / (K + g * (y b - y a)) * (y b - y a) * (g * (K + g * (y b - y a))))
      with (g * (y b - y a)) by (field; lra).
    replace (1 / g * (g * (K + g * (y b - y a)))) with (K + g * (y b - y a)) by (field; lra). lra. }
  rewrite sum_over_const in H. fold K in H.
  replace ((K - 1) / g) with (1 / g * K - 1 / g) by (field; lra). lra.
Qed.

(** * The lemma *)

Theorem inverse_gap_weighting (f : nat -> R) (s : nat) :
  In s arms ->
  sum_over (fun a => p a * (f s - f a - g / 4 * ((y a - f a) * (y a - f a)))) arms <= 2 * (K - 1) / g.
Proof.
  intros Hs. assert (Hp := p_pos s Hs). assert (HK := K_ge_1).
  set (e := fun a => f a - y a).
  (* the error terms, with the room that the coordinate s needs *)
  assert (Herrors : sum_over (fun a => p a * (- e a - g / 4 * (e a * e a))) arms + (e s - (1 / p s - 2) / g) <= 1 / g).
  { apply Rle_trans with (sum_over (fun a => 1 / g * p a) arms);
      [ | right; rewrite sum_over_scale, p_sums_to_1; ring ].
    apply sum_over_slack with s; [ | exact Hs | ].
    - intros a Ha. rewrite (Rmult_comm (1 / g)). apply Rmult_le_compat_l; [ apply Rlt_le, p_pos, Ha | ].
      apply Rmult_le_reg_r with (4 * g); [ lra | ]. replace (1 / g * (4 * g)) with 4 by (field; lra).
      assert (H := Rle_0_sqr (g * e a + 2)). unfold Rsqr in H. nra.
    - apply Rmult_le_reg_r with (4 * (g * p s)); [ apply Rmult_lt_0_compat; [ lra | apply Rmult_lt_0_compat; lra ] | ].
      replace (1 / g * p s * (4 * (g * p s))) with (4 * (p s * p s)) by (field; lra).
      replace ((p s * (- e s - g / 4 * (e s * e s)) + (e s - (1 / p s - 2) / g)) * (4 * (g * p s)))
        with (4 * (g * p s * e s) * (1 - p s) - g * p s * e s * (g * p s * e s) - 4 * (1 - 2 * p s)) by (field; lra).
      assert (H := Rle_0_sqr (g * p s * e s - 2 * (1 - p s))). unfold Rsqr in H. nra. }
  (* the left side is the error terms and the gaps *)
  assert (Hsplit : sum_over (fun a => p a * (f s - f a - g / 4 * ((y a - f a) * (y a - f a)))) arms
    = sum_over (fun a => p a * (- e a - g / 4 * (e a * e a))) arms + e s
      + (sum_over (fun a => p a * (y b - y a)) arms - (y b - y s))).
  { transitivity (sum_over (fun a => (p a * (- e a - g / 4 * (e a * e a)) + p a * (y b - y a))
      + (e s - (y b - y s)) * p a) arms).
    - apply sum_over_same. intros a _. unfold e. ring.
    - rewrite !sum_over_add, sum_over_scale, p_sums_to_1. ring. }
  rewrite Hsplit. assert (Hmean := mean_gap_le). assert (Hinv := inverse_share s Hs).
  assert (Hinv' : (1 / p s - 2) / g <= (K + g * (y b - y s) - 2) / g).
  { unfold Rdiv at 1 3. apply Rmult_le_compat_r; [ apply Rlt_le, Rinv_0_lt_compat, g_pos | lra ]. }
  replace ((K + g * (y b - y s) - 2) / g) with ((K - 2) / g + (y b - y s)) in Hinv' by (field; lra).
  replace (2 * (K - 1) / g) with ((K - 1) / g + ((K - 2) / g + 1 / g)) by (field; lra).
  lra.
Qed.

End InverseGap.

(** * The constant is sharp *)

(** Two arms with predictions D and 0, and the f that makes every inequality above an equality but p D < 1/g. *)
Theorem sharp (epsilon : R) :
  0 < epsilon ->
  exists y f : nat -> R,
    y 1%nat <= y 0%nat
    /\ 2 - epsilon
       < sum_over (fun a => p [0; 1]%nat y 0 1 a * (f 1%nat - f a - 1 / 4 * ((y a - f a) * (y a - f a)))) [0; 1]%nat.
Proof.
  intros Heps. set (D := 2 / epsilon).
  assert (HD : 0 < D) by (apply Rdiv_lt_0_compat; lra).
  assert (E : epsilon * D = 2) by (unfold D; field; lra).
  exists (fun a => if Nat.eqb a 0 then D else 0), (fun a => if Nat.eqb a 0 then D - 2 else 2 * (1 + D)).
  split; [ simpl; lra | ].
  unfold p, others, formula, K. simpl.
  apply Rmult_lt_reg_r with (2 + D); [ lra | ].
  match goal with |- _ < ?x => replace x with (2 * (1 + D)) by (field; lra) end. nra.
Qed.

Print Assumptions p_sums_to_1.
Print Assumptions inverse_gap_weighting.
Print Assumptions sharp.
