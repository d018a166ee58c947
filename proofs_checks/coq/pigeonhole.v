(** The pigeonhole sum over doubling episodes.

    Source: Jaksch, Ortner, Auer, "Near-optimal regret bounds for reinforcement learning", JMLR 11 (2010), Lemma 19
    and the display that uses it in the proof of Theorem 2.

    Proved here, for real numbers z_1, ..., z_n with 0 <= z_k <= Z_(k-1), Z_k = max(1, z_1 + ... + z_k):

        sum_k z_k / sqrt Z_(k-1)  <=  (sqrt 2 + 1) sqrt Z_n                                  (Lemma 19),

    and its sum over a list of state-action pairs, where v_k(p) is the number of visits of the pair p in episode k,
    N_k(p) the number before episode k, and T the number of all visits:

        sum_k sum_p v_k(p) / sqrt max(1, N_k(p))  <=  (sqrt 2 + 1) sqrt (number of pairs * T).

    Where it is used: link 10 of the proof of UCRL2's regret bound. The hypothesis v_k <= max(1, N_k) is the stopping
    rule of an episode; runs of the code check it separately. *)

From Coq Require Import Reals Lra Lia List.
Import ListNotations.
Open Scope R_scope.

(** f 1 + f 2 + ... + f n; the empty sum is 0. *)
Fixpoint sum_from_1 (f : nat -> R) (n : nat) : R :=
  match n with
  | O => 0
  | S m => sum_from_1 f m + f (S m)
  end.

(** Z_k = max(1, z_1 + ... + z_k). *)
Definition capped (z : nat -> R) (k : nat) : R := Rmax 1 (sum_from_1 z k).

(** z_1 / sqrt Z_0 + ... + z_n / sqrt Z_(n-1). *)
Definition weighted (z : nat -> R) (n : nat) : R :=
  sum_from_1 (fun k => z k / sqrt (capped z (k - 1))) n.

(** An episode is at most as long as everything before it (or 1). *)
Definition doubling (z : nat -> R) (n : nat) : Prop :=
  forall k, (1 <= k <= n)%nat -> 0 <= z k <= capped z (k - 1).

Lemma weighted_S (z : nat -> R) (n : nat) :
  weighted z (S n) = weighted z n + z (S n) / sqrt (capped z n).
Proof. unfold weighted. simpl. rewrite Nat.sub_0_r. reflexivity. Qed.

Lemma sqrt_2_bounds : 1 <= sqrt 2 /\ sqrt 2 * sqrt 2 = 2.
Proof.
  split.
  - rewrite <- sqrt_1 at 1. apply sqrt_le_1; lra.
  - apply sqrt_sqrt. lra.
Qed.

(** The step after the first visit: a sum that has reached 1 grows from Z to Z + z. *)
Lemma growth_step (Z z : R) :
  1 <= Z -> 0 <= z <= Z ->
  (sqrt 2 + 1) * sqrt Z + z / sqrt Z <= (sqrt 2 + 1) * sqrt (Z + z).
Proof.
  intros HZ Hz.
  destruct sqrt_2_bounds as [ H1 H2 ].
  assert (Ha : 0 < sqrt Z) by (apply sqrt_lt_R0; lra).
  assert (Haa : sqrt Z * sqrt Z = Z) by (apply sqrt_sqrt; lra).
  assert (Hb : 0 <= sqrt (Z + z)) by apply sqrt_pos.
  assert (Hbb : sqrt (Z + z) * sqrt (Z + z) = Z + z) by (apply sqrt_sqrt; lra).
  assert (Hab : sqrt Z <= sqrt (Z + z)) by (apply sqrt_le_1; lra).
  (* sqrt (Z + z) <= sqrt 2 * sqrt Z, because Z + z <= 2 Z *)
  assert (Hb2 : sqrt (Z + z) <= sqrt 2 * sqrt Z).
  { rewrite <- sqrt_mult by lra. apply sqrt_le_1; lra. }
  set (a := sqrt Z) in *. set (b := sqrt (Z + z)) in *. set (c := sqrt 2) in *.
  apply Rmult_le_reg_r with a; [ exact Ha | ].
  replace (((c + 1) * a + z / a) * a) with ((c + 1) * (a * a) + z) by (field; lra).
  (* z = (b - a)(b + a) <= (b - a)(c + 1) a *)
  assert (Hz' : z = (b - a) * (b + a)) by nra.
  rewrite Hz'.
  assert (0 <= (b - a) * ((c + 1) * a - (b + a))) by (apply Rmult_le_pos; lra).
  nra.
Qed.

(** Before the sum reaches 1 all denominators are 1; afterwards [growth_step] applies. *)
Lemma weighted_le_sqrt_sum (z : nat -> R) (n : nat) :
  doubling z n ->
  0 <= sum_from_1 z n
  /\ (sum_from_1 z n <= 1 -> weighted z n = sum_from_1 z n)
  /\ weighted z n <= (sqrt 2 + 1) * sqrt (sum_from_1 z n).
Proof.
  destruct sqrt_2_bounds as [ H1 H2 ].
  induction n as [ | n IH ]; intros Hd.
  - unfold weighted. simpl. rewrite sqrt_0. lra.
  - destruct IH as (Hpos & Hsmall & Hbound).
    { intros k Hk. apply Hd. lia. }
    assert (Hz := Hd (S n) ltac:(lia)). simpl in Hz. rewrite Nat.sub_0_r in Hz.
    rewrite weighted_S. simpl sum_from_1.
    unfold capped in *. set (s := sum_from_1 z n) in *. set (x := z (S n)) in *.
    destruct (Rle_dec s 1) as [ Hs | Hs ].
    + rewrite Rmax_left in * by lra. rewrite sqrt_1, Hsmall by lra.
      replace (s + x / 1) with (s + x) by field.
      split; [ lra | split; [ reflexivity | ] ].
      assert (Hr : 0 <= sqrt (s + x)) by apply sqrt_pos.
      assert (Hrr : sqrt (s + x) * sqrt (s + x) = s + x) by (apply sqrt_sqrt; lra).
      assert (Hle : sqrt (s + x) <= sqrt 2) by (apply sqrt_le_1; lra).
      rewrite <- Hrr at 1. apply Rmult_le_compat_r; lra.
    + rewrite Rmax_right in * by lra.
      assert (Hg := growth_step s x ltac:(lra) ltac:(lra)).
      split; [ lra | split; [ intros; lra | lra ] ].
Qed.

(** Lemma 19 as printed. *)
Theorem lemma_19 (z : nat -> R) (n : nat) :
  doubling z n -> weighted z n <= (sqrt 2 + 1) * sqrt (capped z n).
Proof.
  intros Hd.
  destruct (weighted_le_sqrt_sum z n Hd) as (Hpos & _ & Hbound).
  assert (Hc := Rmax_r 1 (sum_from_1 z n)). fold (capped z n) in Hc.
  assert (Hs : sqrt (sum_from_1 z n) <= sqrt (capped z n)) by (apply sqrt_le_1; lra).
  assert (H2 := sqrt_pos 2).
  nra.
Qed.

(** Sums over a list of pairs. *)
Fixpoint sum_over {P : Type} (f : P -> R) (pairs : list P) : R :=
  match pairs with
  | [] => 0
  | p :: rest => f p + sum_over f rest
  end.

Lemma sum_over_pos {P : Type} (f : P -> R) (pairs : list P) :
  (forall p, In p pairs -> 0 <= f p) -> 0 <= sum_over f pairs.
Proof.
  induction pairs as [ | p rest IH ]; simpl; intros Hf; [ lra | ].
  assert (0 <= f p) by (apply Hf; auto).
  assert (0 <= sum_over f rest) by (apply IH; auto). lra.
Qed.

Lemma sum_over_le {P : Type} (f g : P -> R) (pairs : list P) :
  (forall p, In p pairs -> f p <= g p) -> sum_over f pairs <= sum_over g pairs.
Proof.
  induction pairs as [ | p rest IH ]; simpl; intros Hfg; [ lra | ].
  assert (f p <= g p) by (apply Hfg; auto).
  assert (sum_over f rest <= sum_over g rest) by (apply IH; auto). lra.
Qed.

Lemma sum_over_scale {P : Type} (c : R) (f : P -> R) (pairs : list P) :
  sum_over (fun p => c * f p) pairs = c * sum_over f pairs.
Proof. induction pairs as [ | p rest IH ]; simpl; [ ring | rewrite IH; ring ]. Qed.

Lemma sum_over_add {P : Type} (f g : P -> R) (pairs : list P) :
  sum_over (fun p => f p + g p) pairs = sum_over f pairs + sum_over g pairs.
Proof. induction pairs as [ | p rest IH ]; simpl; [ ring | rewrite IH; ring ]. Qed.

(** The two sums may be exchanged. *)
Lemma sum_exchange {P : Type} (f : nat -> P -> R) (pairs : list P) (n : nat) :
  sum_from_1 (fun k => sum_over (f k) pairs) n = sum_over (fun p => sum_from_1 (fun k => f k p) n) pairs.
Proof.
  induction n as [ | n IH ]; simpl.
  - induction pairs as [ | p rest IHp ]; simpl; [ reflexivity | rewrite <- IHp; ring ].
  - rewrite IH, <- sum_over_add. reflexivity.
Qed.

(** Cauchy-Schwarz against the constant 1: (sum f)^2 <= (number of pairs) * sum f^2. *)
Lemma square_of_sum {P : Type} (f : P -> R) (pairs : list P) :
  sum_over f pairs * sum_over f pairs <= INR (length pairs) * sum_over (fun p => f p * f p) pairs.
Proof.
  induction pairs as [ | p rest IH ]; [ simpl; lra | ].
  change (length (p :: rest)) with (S (length rest)). rewrite S_INR. simpl sum_over.
  assert (Hn := pos_INR (length rest)).
  set (n := INR (length rest)) in *. set (A := sum_over f rest) in *.
  set (B := sum_over (fun q => f q * f q) rest) in *.
  assert (HB : 0 <= B) by (apply sum_over_pos; intros; nra).
  (* what remains is 2 a A <= n a^2 + B *)
  assert (Hcross : 2 * f p * A <= n * (f p * f p) + B).
  { destruct (Req_dec n 0) as [ H0 | H0 ].
    - rewrite H0 in *. assert (A = 0) by nra. nra.
    - apply Rmult_le_reg_l with n; [ lra | ].
      assert (0 <= (n * f p - A) * (n * f p - A)) by (apply Rle_0_sqr). nra. }
  nra.
Qed.

(** Jensen for the square root: sum_p sqrt N(p) <= sqrt (number of pairs * sum_p N(p)). *)
Theorem sum_of_square_roots {P : Type} (N : P -> R) (pairs : list P) :
  (forall p, In p pairs -> 0 <= N p) ->
  sum_over (fun p => sqrt (N p)) pairs <= sqrt (INR (length pairs) * sum_over N pairs).
Proof.
  intros HN.
  assert (Hsquares : sum_over (fun p => sqrt (N p) * sqrt (N p)) pairs <= sum_over N pairs).
  { apply sum_over_le. intros p Hp. rewrite sqrt_sqrt by (apply HN, Hp). lra. }
  assert (Hcs := square_of_sum (fun p => sqrt (N p)) pairs).
  assert (Hpos : 0 <= sum_over (fun p => sqrt (N p)) pairs).
  { apply sum_over_pos. intros. apply sqrt_pos. }
  assert (Hn := pos_INR (length pairs)).
  rewrite <- (sqrt_square (sum_over (fun p => sqrt (N p)) pairs)) by exact Hpos.
  apply sqrt_le_1.
  - nra.
  - apply Rmult_le_pos; [ exact Hn | apply sum_over_pos, HN ].
  - eapply Rle_trans; [ exact Hcs | apply Rmult_le_compat_l; assumption ].
Qed.

(** The main result: m episodes, v k p visits of the pair p in episode k, T visits in all. *)
Theorem episode_sum {P : Type} (pairs : list P) (v : nat -> P -> R) (m : nat) (T : R) :
  (forall p, In p pairs -> doubling (fun k => v k p) m) ->
  T = sum_from_1 (fun k => sum_over (v k) pairs) m ->
  sum_from_1 (fun k => sum_over (fun p => v k p / sqrt (capped (fun i => v i p) (k - 1))) pairs) m
    <= (sqrt 2 + 1) * sqrt (INR (length pairs) * T).
Proof.
  intros Hd ->. rewrite !sum_exchange.
  apply Rle_trans with (sum_over (fun p => (sqrt 2 + 1) * sqrt (sum_from_1 (fun k => v k p) m)) pairs).
  - apply sum_over_le. intros p Hp. apply (weighted_le_sqrt_sum (fun k => v k p) m (Hd p Hp)).
  - rewrite sum_over_scale. apply Rmult_le_compat_l.
    + assert (H2 := sqrt_pos 2). lra.
    + apply sum_of_square_roots. intros p Hp. apply (weighted_le_sqrt_sum (fun k => v k p) m (Hd p Hp)).
Qed.

Print Assumptions lemma_19.
Print Assumptions sum_of_square_roots.
Print Assumptions episode_sum.
