(** The sum over arms in the analysis of successive elimination.

    Setting. K arms with gaps D_i in [0, 1] are pulled N_i times, T pulls in all. On the event that all confidence
    intervals hold, an arm that was still active before its last pull has D_i <= 4 sqrt(L/(2 (N_i - 1))) (when
    N_i > 1), that is D_i^2 (N_i - 1) <= 8 L.

    Proved here, for a list of arms of any length:
    (1) D^2 (N - 1) <= 8 L, 0 <= D <= 1 and N >= 1 give D N <= 1 + sqrt(8 L N)                 [gap_times_pulls]
        and, for D > 0, N <= 1 + 8 L/D^2                                                       [pulls_of_an_arm]
    (2) D_i N_i <= 1 + sqrt(8 L N_i) for every arm gives
            sum_i D_i N_i <= K + sqrt(8 L K T)        (Cauchy-Schwarz)                         [elimination_sum]
    (3) both together: the regret on the event is at most K + sqrt(8 L K T)                    [elimination_regret]

    Where it is used: the last two steps of the proof for successive elimination, with L = log(2 K T/delta).

    What is not said here: that the event has probability at least 1 - delta (Hoeffding's inequality and a union bound)
    and that the elimination rule gives D_i <= 4 sqrt(L/(2 (N_i - 1))) on it; floating point. *)

From Coq Require Import Reals Lra Lia List.
Require Import pigeonhole.
Import ListNotations.
Open Scope R_scope.

(** * One arm *)

Theorem pulls_of_an_arm (L D N : R) : 0 < D -> D * D * (N - 1) <= 8 * L -> N <= 1 + 8 * L / (D * D).
Proof.
  intros HD H. assert (HDD : 0 < D * D) by (apply Rmult_lt_0_compat; assumption).
  apply Rmult_le_reg_l with (D * D); [ exact HDD | ].
  replace (D * D * (1 + 8 * L / (D * D))) with (D * D + 8 * L) by (field; lra). lra.
Qed.

(** D N = D + D (N - 1), and D (N - 1) <= sqrt(8 L (N - 1)). *)
Theorem gap_times_pulls (L D N : R) :
  0 <= L -> 0 <= D <= 1 -> 1 <= N -> D * D * (N - 1) <= 8 * L -> D * N <= 1 + sqrt (8 * L * N).
Proof.
  intros HL HD HN H.
  assert (Hroot : D * (N - 1) <= sqrt (8 * L * N)); [ | lra ].
  assert (Hpos : 0 <= D * (N - 1)) by (apply Rmult_le_pos; lra).
  rewrite <- (sqrt_square (D * (N - 1))) by exact Hpos. apply sqrt_le_1.
  - apply Rmult_le_pos; exact Hpos.
  - apply Rmult_le_pos; lra.
  - replace (D * (N - 1) * (D * (N - 1))) with (D * D * (N - 1) * (N - 1)) by ring.
    apply Rle_trans with (8 * L * (N - 1)); [ apply Rmult_le_compat_r; lra | nra ].
Qed.

(** * All arms *)

Section Arms.

Context {Arm : Type}.
Variable arms : list Arm.
Variable D N : Arm -> R.
Variable L : R.
Hypothesis L_nonneg : 0 <= L.

(** Cauchy-Schwarz in the form of the pigeonhole file: a sum of square roots. *)
Theorem elimination_sum (T : R) :
  (forall i, In i arms -> 0 <= N i) -> sum_over N arms = T ->
  (forall i, In i arms -> D i * N i <= 1 + sqrt (8 * L * N i)) ->
  sum_over (fun i => D i * N i) arms <= INR (length arms) + sqrt (8 * L * INR (length arms) * T).
Proof.
  intros HN HT H.
  apply Rle_trans with (sum_over (fun i => 1 + sqrt (8 * L * N i)) arms); [ apply sum_over_le, H | ].
  rewrite sum_over_add.
  assert (Hones : sum_over (fun _ => 1) arms = INR (length arms)).
  { clear. induction arms as [ | i rest IH ]; [ reflexivity | ].
    change (length (i :: rest)) with (S (length rest)). rewrite S_INR. cbn [sum_over]. rewrite IH. ring. }
  assert (Hroots := sum_of_square_roots (fun i => 8 * L * N i) arms).
  rewrite sum_over_scale, HT in Hroots.
  replace (8 * L * INR (length arms) * T) with (INR (length arms) * (8 * L * T)) by ring.
  rewrite Hones. apply Rplus_le_compat_l, Hroots.
  intros i Hi. apply Rmult_le_pos; [ lra | apply HN, Hi ].
Qed.

Theorem elimination_regret (T : R) :
  (forall i, In i arms -> 0 <= D i <= 1) -> (forall i, In i arms -> 1 <= N i) -> sum_over N arms = T ->
  (forall i, In i arms -> D i * D i * (N i - 1) <= 8 * L) ->
  sum_over (fun i => D i * N i) arms <= INR (length arms) + sqrt (8 * L * INR (length arms) * T).
Proof.
  intros HD HN HT H. apply elimination_sum; [ | exact HT | ].
  - intros i Hi. assert (H1 := HN i Hi). lra.
  - intros i Hi. apply gap_times_pulls; auto.
Qed.

End Arms.

Print Assumptions pulls_of_an_arm.
Print Assumptions gap_times_pulls.
Print Assumptions elimination_sum.
Print Assumptions elimination_regret.
