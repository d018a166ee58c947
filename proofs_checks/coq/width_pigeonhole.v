(** The sum of confidence widths along episodes.

    Setting. K episodes of H steps. The pair visited at step h of episode k is z_h(k), one of finitely many; P is their
    number (states times actions). Before the episode the pair had been visited n times at this step, and the episode
    pays there min(H, 1.5 (H-h) w(n)), where w(n) <= sqrt(2 beta/n) for 1 <= n <= K. X_k is the sum of what episode k
    pays.

    Proved here:
    (1) 1/sqrt 1 + ... + 1/sqrt n <= 2 sqrt n                                      [sum_inverse_sqrt, in sums.v]
    (2) sum_p sqrt N_p <= sqrt(P K) if the counts N_p sum to at most K                            [roots_of_counts]
    (3) one step h: the K visits pay at most H P + 3 (H-h) sqrt(2 beta) sqrt(P K)                      [step_widths]
    (4) X_1 + ... + X_K <= H^2 P + 1.5 H^2 sqrt(2 beta P) sqrt K                                        [width_sum]
    (5) the same with sqrt M for the M episodes of any subset, the counts being those of all episodes
                                                                                                 [width_sum_subset]
    (6) in particular for w(n) = min(2, sqrt(2 beta(n)/n)), beta(n) = L + (S-1) log(e (1 + n/(S-1))), with
        beta = beta(K) in (4) and (5)                                            [width_sum_kl, width_sum_subset_kl]
    (7) kappa N <= c0 + c1 sqrt N gives N <= ((c1 + sqrt(c1^2 + 4 kappa c0))/(2 kappa))^2         [bad_episode_count]

    Where it is used: step 5 of the proof for optimistic and conservative exploration in episodes, and, for (7), the
    bound on the number of episodes that are not greedy.

    What is not said here: the passage from expected widths to X_k; floating point; that the code counts like this. *)

From Coq Require Import Reals Lra Lia List Bool.
Require Import sums pigeonhole exp_log_tools finite_horizon.
Import ListNotations.
Open Scope R_scope.

Local Notation sum_from_1 := pigeonhole.sum_from_1.

(** * Sums *)

Lemma sum_from_1_le (f g : nat -> R) (n : nat) :
  (forall k, (1 <= k <= n)%nat -> f k <= g k) -> sum_from_1 f n <= sum_from_1 g n.
Proof.
  induction n as [ | n IH ]; intros H; cbn [pigeonhole.sum_from_1]; [ lra | ].
  apply Rplus_le_compat; [ apply IH; intros; apply H; lia | apply H; lia ].
Qed.

Lemma sum_from_1_scale (c : R) (f : nat -> R) (n : nat) : sum_from_1 (fun k => c * f k) n = c * sum_from_1 f n.
Proof. induction n as [ | n IH ]; cbn [pigeonhole.sum_from_1]; [ ring | rewrite IH; ring ]. Qed.

Lemma sum_from_1_add (f g : nat -> R) (n : nat) :
  sum_from_1 (fun k => f k + g k) n = sum_from_1 f n + sum_from_1 g n.
Proof. induction n as [ | n IH ]; cbn [pigeonhole.sum_from_1]; [ ring | rewrite IH; ring ]. Qed.

Lemma sum_from_1_constant (c : R) (n : nat) : sum_from_1 (fun _ => c) n = INR n * c.
Proof. induction n as [ | n IH ]; [ simpl; ring | cbn [pigeonhole.sum_from_1]; rewrite IH, S_INR; ring ]. Qed.

Lemma sum_from_1_swap (f : nat -> nat -> R) (n m : nat) :
  sum_from_1 (fun k => sum_from_1 (f k) m) n = sum_from_1 (fun h => sum_from_1 (fun k => f k h) n) m.
Proof.
  induction n as [ | n IH ]; cbn [pigeonhole.sum_from_1].
  - rewrite sum_from_1_constant. ring.
  - rewrite IH, <- sum_from_1_add. reflexivity.
Qed.

(** The pigeonhole for one pair: the first visit costs at most a, visit m + 1 at most c/sqrt m. *)
Lemma visits_of_a_pair (a c : R) (n : nat) :
  0 <= a -> 0 <= c ->
  sum_from_1 (fun m => if Nat.eqb m 1 then a else c / sqrt (INR (m - 1))) n <= a + 2 * c * sqrt (INR n).
Proof.
  intros Ha Hc. destruct n as [ | n ]; [ simpl; rewrite sqrt_0; lra | ].
  assert (E : sum_from_1 (fun m => if Nat.eqb m 1 then a else c / sqrt (INR (m - 1))) (S n)
    = a + c * sum_from_1 (fun k => 1 / sqrt (INR k)) n).
  { induction n as [ | n IH ]; [ simpl; ring | ].
    change (sum_from_1 ?f (S (S n))) with (sum_from_1 f (S n) + f (S (S n))). rewrite IH.
    cbn [pigeonhole.sum_from_1]. replace (S (S n) - 1)%nat with (S n) by lia.
    destruct (Nat.eqb_spec (S (S n)) 1); [ lia | ]. unfold Rdiv. ring. }
  rewrite E. assert (H := sum_inverse_sqrt n). change (sums.sum_from_1 ?f ?m) with (sum_from_1 f m) in H.
  assert (Hs : sqrt (INR n) <= sqrt (INR (S n))).
  { apply sqrt_le_1; [ apply pos_INR | apply pos_INR | apply le_INR; lia ]. }
  apply Rplus_le_compat_l. rewrite (Rmult_comm 2), Rmult_assoc. apply Rmult_le_compat_l; lra.
Qed.

(** (2) *)
Theorem roots_of_counts {P : Type} (pairs : list P) (N : P -> R) (K : R) :
  (forall p, In p pairs -> 0 <= N p) -> sum_over N pairs <= K ->
  sum_over (fun p => sqrt (N p)) pairs <= sqrt (INR (length pairs) * K).
Proof.
  intros HN HK. eapply Rle_trans; [ apply sum_of_square_roots, HN | ].
  assert (H0 := sum_over_pos N pairs HN). assert (Hl := pos_INR (length pairs)).
  apply sqrt_le_1; [ apply Rmult_le_pos; assumption | apply Rmult_le_pos; lra | apply Rmult_le_compat_l; assumption ].
Qed.

(** * Visits *)

Section Visits.

Variable pair : Type.
Variable pair_eq : forall x y : pair, {x = y} + {x <> y}.
Variable pairs : list pair.
Hypothesis distinct : NoDup pairs.

Definition hit (x p : pair) : nat := if pair_eq x p then 1 else 0.

(** Visits of p among z 1, ..., z k. *)
Fixpoint visits (z : nat -> pair) (k : nat) (p : pair) : nat :=
  match k with
  | O => 0
  | S j => visits z j p + hit (z (S j)) p
  end.

Lemma visits_at_most (z : nat -> pair) (k : nat) (p : pair) : (visits z k p <= k)%nat.
Proof. induction k as [ | k IH ]; cbn [visits]; [ lia | unfold hit; destruct (pair_eq (z (S k)) p); lia ]. Qed.

(** A sum that changes at x only. *)
Lemma sum_over_hit (f g : pair -> R) (x : pair) (l : list pair) :
  NoDup l -> In x l -> sum_over (fun p => if pair_eq x p then g p else f p) l = sum_over f l + (g x - f x).
Proof.
  intros Hnd. induction Hnd as [ | p l Hp Hnd IH ]; intros Hin; [ destruct Hin | ]. simpl.
  destruct (pair_eq x p) as [ -> | Hne ].
  - rewrite (sum_over_ext _ f); [ ring | ]. intros y Hy.
    destruct (pair_eq p y) as [ -> | _ ]; [ contradiction | reflexivity ].
  - destruct Hin as [ -> | Hin ]; [ contradiction | ]. rewrite IH by exact Hin. ring.
Qed.

(** Visits sorted by pair. *)
Lemma visits_by_pair (z : nat -> pair) (g : nat -> R) (K : nat) :
  (forall k, (1 <= k <= K)%nat -> In (z k) pairs) ->
  sum_from_1 (fun k => g (S (visits z (k - 1) (z k)))) K
    = sum_over (fun p => sum_from_1 g (visits z K p)) pairs.
Proof.
  induction K as [ | K IH ]; intros Hin; cbn [pigeonhole.sum_from_1 visits].
  - clear. induction pairs as [ | p l IHl ]; simpl; [ reflexivity | rewrite <- IHl; ring ].
  - rewrite IH by (intros; apply Hin; lia). replace (S K - 1)%nat with K by lia.
    rewrite (sum_over_ext (fun p => sum_from_1 g (visits z K p + hit (z (S K)) p))
      (fun p => if pair_eq (z (S K)) p then sum_from_1 g (S (visits z K p)) else sum_from_1 g (visits z K p))).
    + rewrite sum_over_hit by (try exact distinct; apply Hin; lia). cbn [pigeonhole.sum_from_1]. ring.
    + intros p _. unfold hit. destruct (pair_eq (z (S K)) p); f_equal; lia.
Qed.

Lemma visits_sum (z : nat -> pair) (K : nat) :
  (forall k, (1 <= k <= K)%nat -> In (z k) pairs) -> sum_over (fun p => INR (visits z K p)) pairs = INR K.
Proof.
  intros Hin. assert (H := visits_by_pair z (fun _ => 1) K Hin).
  cbv beta in H. rewrite sum_from_1_constant, Rmult_1_r in H. rewrite H. apply sum_over_ext. intros p _.
  rewrite sum_from_1_constant. ring.
Qed.

(** * Widths *)

Variable H : nat.

(** What a visit at step h costs after n visits. *)
Definition pay (w : nat -> R) (h n : nat) : R := Rmin (INR H) (3 / 2 * INR (H - h) * w n).

(** The first visit costs at most H, the later ones at most 1.5 (H-h) sqrt(2 beta/m), m the own visits before. *)
Lemma pay_at_most (w : nat -> R) (beta : R) (h m n K : nat) :
  0 <= beta -> (forall i, (1 <= i <= K)%nat -> w i <= sqrt (2 * beta / INR i)) -> (m <= n <= K)%nat ->
  pay w h n <= if Nat.eqb (S m) 1 then INR H else 3 / 2 * INR (H - h) * sqrt (2 * beta) / sqrt (INR (S m - 1)).
Proof.
  intros Hbeta Hw Hmn. destruct (Nat.eqb_spec (S m) 1) as [ _ | Hm ]; [ apply Rmin_l | ].
  replace (S m - 1)%nat with m by lia.
  assert (Hm0 : 0 < INR m) by (apply lt_0_INR; lia).
  assert (Hmn' : INR m <= INR n) by (apply le_INR; lia).
  eapply Rle_trans; [ apply Rmin_r | ]. unfold Rdiv at 2. rewrite !Rmult_assoc.
  apply Rmult_le_compat_l; [ lra | ]. apply Rmult_le_compat_l; [ apply pos_INR | ].
  eapply Rle_trans; [ apply Hw; lia | ].
  change (sqrt (2 * beta) * / sqrt (INR m)) with (sqrt (2 * beta) / sqrt (INR m)).
  rewrite <- sqrt_div by lra. apply sqrt_le_1.
  - apply Rmult_le_pos; [ lra | left; apply Rinv_0_lt_compat; lra ].
  - apply Rmult_le_pos; [ lra | left; apply Rinv_0_lt_compat; lra ].
  - apply Rmult_le_compat_l; [ lra | apply Rinv_le_contravar; lra ].
Qed.

(** (3): n k is at least the number of own visits, so that it may count the visits of other episodes too. *)
Theorem step_widths (w : nat -> R) (beta : R) (z : nat -> pair) (n : nat -> nat) (h M K : nat) :
  0 <= beta -> (forall i, (1 <= i <= K)%nat -> w i <= sqrt (2 * beta / INR i)) ->
  (forall k, (1 <= k <= M)%nat -> In (z k) pairs /\ (visits z (k - 1) (z k) <= n k <= K)%nat) ->
  sum_from_1 (fun k => pay w h (n k)) M
    <= INR H * INR (length pairs) + 3 * INR (H - h) * (sqrt (2 * beta) * sqrt (INR (length pairs) * INR M)).
Proof.
  intros Hbeta Hw Hz. set (c := 3 / 2 * INR (H - h) * sqrt (2 * beta)).
  assert (Hc : 0 <= c).
  { unfold c. apply Rmult_le_pos; [ | apply sqrt_pos ]. apply Rmult_le_pos; [ lra | apply pos_INR ]. }
  set (g := fun m => if Nat.eqb m 1 then INR H else c / sqrt (INR (m - 1))).
  apply Rle_trans with (sum_from_1 (fun k => g (S (visits z (k - 1) (z k)))) M).
  { apply sum_from_1_le. intros k Hk. apply (pay_at_most w beta h _ (n k) K Hbeta Hw). apply (Hz k Hk). }
  rewrite (visits_by_pair z g M) by (intros k Hk; apply (Hz k Hk)).
  apply Rle_trans with (sum_over (fun p => INR H * 1 + 2 * c * sqrt (INR (visits z M p))) pairs).
  { apply sum_over_le. intros p _. rewrite Rmult_1_r. apply visits_of_a_pair; [ apply pos_INR | exact Hc ]. }
  rewrite sum_over_add, !sum_over_scale.
  assert (Hone : sum_over (fun _ : pair => 1) pairs = INR (length pairs)).
  { clear. induction pairs as [ | p l IHl ]; [ reflexivity | ].
    change (length (p :: l)) with (S (length l)). rewrite S_INR, <- IHl. simpl. ring. }
  rewrite Hone. apply Rplus_le_compat_l.
  replace (3 * INR (H - h) * (sqrt (2 * beta) * sqrt (INR (length pairs) * INR M)))
    with (2 * c * sqrt (INR (length pairs) * INR M)) by (unfold c; field).
  apply Rmult_le_compat_l; [ lra | ]. apply roots_of_counts; [ intros; apply pos_INR | ].
  rewrite visits_sum by (intros k Hk; apply (Hz k Hk)). lra.
Qed.

Lemma sum_of_remaining (m : nat) : (m <= H)%nat ->
  2 * sum_from_1 (fun h => INR (H - h)) m = 2 * INR m * INR H - INR m * (INR m + 1).
Proof.
  induction m as [ | m IH ]; intros Hm; [ simpl; ring | ].
  cbn [pigeonhole.sum_from_1]. rewrite Rmult_plus_distr_l, IH, minus_INR, S_INR by lia. ring.
Qed.

(** Episodes with counts of their own or larger ones. *)
Lemma width_sum_counts (w : nat -> R) (beta : R) (z : nat -> nat -> pair) (n : nat -> nat -> nat) (M K : nat) :
  0 <= beta -> (forall i, (1 <= i <= K)%nat -> w i <= sqrt (2 * beta / INR i)) ->
  (forall h k, (1 <= h <= H)%nat -> (1 <= k <= M)%nat ->
    In (z h k) pairs /\ (visits (z h) (k - 1) (z h k) <= n h k <= K)%nat) ->
  sum_from_1 (fun k => sum_from_1 (fun h => pay w h (n h k)) H) M
    <= INR H * INR H * INR (length pairs)
       + 3 / 2 * (INR H * INR H) * sqrt (2 * beta * INR (length pairs)) * sqrt (INR M).
Proof.
  intros Hbeta Hw Hz. rewrite sum_from_1_swap.
  set (root := sqrt (2 * beta) * sqrt (INR (length pairs) * INR M)).
  assert (Hl := pos_INR (length pairs)). assert (HM := pos_INR M). assert (HH := pos_INR H).
  apply Rle_trans with (sum_from_1 (fun h => INR H * INR (length pairs) + 3 * root * INR (H - h)) H).
  { apply sum_from_1_le. intros h Hh. replace (3 * root * INR (H - h)) with (3 * INR (H - h) * root) by ring.
    apply (step_widths w beta (z h) (n h) h M K Hbeta Hw). intros k Hk. apply (Hz h k Hh Hk). }
  rewrite sum_from_1_add, sum_from_1_constant, sum_from_1_scale.
  assert (Hsum := sum_of_remaining H (Nat.le_refl H)).
  assert (Hroot : 0 <= root) by (apply Rmult_le_pos; apply sqrt_pos).
  replace (3 / 2 * (INR H * INR H) * sqrt (2 * beta * INR (length pairs)) * sqrt (INR M))
    with (3 / 2 * (INR H * INR H) * root).
  - nra.
  - unfold root. rewrite (sqrt_mult (2 * beta)), (sqrt_mult (INR (length pairs))) by lra. ring.
Qed.

(** X_k: the counts are those before episode k. *)
Definition episode_width (w : nat -> R) (z : nat -> nat -> pair) (k : nat) : R :=
  sum_from_1 (fun h => pay w h (visits (z h) (k - 1) (z h k))) H.

(** (4) *)
Theorem width_sum (w : nat -> R) (beta : R) (z : nat -> nat -> pair) (K : nat) :
  0 <= beta -> (forall i, (1 <= i <= K)%nat -> w i <= sqrt (2 * beta / INR i)) ->
  (forall h k, (1 <= h <= H)%nat -> (1 <= k <= K)%nat -> In (z h k) pairs) ->
  sum_from_1 (episode_width w z) K
    <= INR H * INR H * INR (length pairs)
       + 3 / 2 * (INR H * INR H) * sqrt (2 * beta * INR (length pairs)) * sqrt (INR K).
Proof.
  intros Hbeta Hw Hz.
  apply (width_sum_counts w beta z (fun h k => visits (z h) (k - 1) (z h k)) K K Hbeta Hw).
  intros h k Hh Hk. split; [ apply Hz; assumption | ].
  assert (Hv := visits_at_most (z h) (k - 1) (z h k)). lia.
Qed.

(** The visits in the episodes e 1 < e 2 < ... are among all visits. *)
Lemma visits_of_subset (z : nat -> pair) (e : nat -> nat) (j : nat) (p : pair) :
  (forall i, (e i < e (S i))%nat) -> (visits (fun i => z (e i)) j p <= visits z (e (S j) - 1) p)%nat.
Proof.
  intros He.
  assert (Hgrow : forall m m', (m <= m')%nat -> (visits z m p <= visits z m' p)%nat).
  { intros m m' Hle. induction Hle as [ | m' _ IH ]; [ lia | cbn [visits]; lia ]. }
  induction j as [ | j IH ]; cbn [visits]; [ lia | ].
  assert (H1 := He (S j)). assert (H0 := He j).
  assert (Hstep := Hgrow (e (S j)) (e (S (S j)) - 1)%nat ltac:(lia)).
  assert (E : visits z (e (S j)) p = (visits z (e (S j) - 1) p + hit (z (e (S j))) p)%nat).
  { remember (e (S j)) as t. destruct t as [ | t ]; [ lia | ]. cbn [visits].
    replace (S t - 1)%nat with t by lia. reflexivity. }
  lia.
Qed.

(** (5): e 1 < ... < e M lists the subset. *)
Theorem width_sum_subset (w : nat -> R) (beta : R) (z : nat -> nat -> pair) (e : nat -> nat) (M K : nat) :
  0 <= beta -> (forall i, (1 <= i <= K)%nat -> w i <= sqrt (2 * beta / INR i)) ->
  (forall h k, (1 <= h <= H)%nat -> (1 <= k <= K)%nat -> In (z h k) pairs) ->
  (forall i, (e i < e (S i))%nat) -> (forall j, (1 <= j <= M)%nat -> (e j <= K)%nat) ->
  sum_from_1 (fun j => episode_width w z (e j)) M
    <= INR H * INR H * INR (length pairs)
       + 3 / 2 * (INR H * INR H) * sqrt (2 * beta * INR (length pairs)) * sqrt (INR M).
Proof.
  intros Hbeta Hw Hz He HeK.
  apply (width_sum_counts w beta (fun h j => z h (e j)) (fun h j => visits (z h) (e j - 1) (z h (e j))) M K Hbeta Hw).
  intros h j Hh Hj.
  assert (Hpos : (1 <= e j)%nat) by (destruct j as [ | j ]; [ lia | assert (Hs := He j); lia ]).
  split; [ apply Hz; [ exact Hh | split; [ exact Hpos | apply HeK, Hj ] ] | ].
  destruct j as [ | j ]; [ lia | ]. replace (S j - 1)%nat with j by lia.
  assert (H1 := visits_of_subset (z h) e j (z h (e (S j))) He).
  assert (H2 := visits_at_most (z h) (e (S j) - 1) (z h (e (S j)))).
  assert (H3 := HeK (S j) Hj). lia.
Qed.

(** * The radius of a simplex *)

(** beta(n) = L + (S-1) log(e (1 + n/(S-1))), with d = S - 1. *)
Definition kl_threshold (L d : R) (n : nat) : R := L + d * log (exp 1 * (1 + INR n / d)).

Definition kl_width (L d : R) (n : nat) : R := Rmin 2 (sqrt (2 * kl_threshold L d n / INR n)).

Lemma kl_threshold_grows (L d : R) (i K : nat) :
  0 < d -> (i <= K)%nat -> kl_threshold L d i <= kl_threshold L d K.
Proof.
  intros Hd Hi. unfold kl_threshold. apply Rplus_le_compat_l, Rmult_le_compat_l; [ lra | ].
  assert (HiK : INR i <= INR K) by (apply le_INR; exact Hi). assert (H0 := pos_INR i). assert (He := exp_pos 1).
  assert (Hinv : 0 < / d) by (apply Rinv_0_lt_compat; exact Hd).
  assert (Hq : INR i / d <= INR K / d) by (apply Rmult_le_compat_r; lra).
  assert (Hq0 : 0 <= INR i / d) by (apply Rmult_le_pos; lra).
  apply log_le_iff; [ apply Rmult_lt_0_compat; lra | ].
  rewrite exp_log by (apply Rmult_lt_0_compat; lra). apply Rmult_le_compat_l; lra.
Qed.

Lemma kl_threshold_pos (L d : R) (n : nat) : 0 <= L -> 0 < d -> 0 <= kl_threshold L d n.
Proof.
  intros HL Hd. assert (H0 := kl_threshold_grows L d 0 n Hd (Nat.le_0_l n)).
  unfold kl_threshold at 1 in H0. simpl INR in H0.
  replace (exp 1 * (1 + 0 / d)) with (exp 1) in H0 by (field; lra). rewrite log_exp in H0. lra.
Qed.

Lemma kl_width_le (L d : R) (K i : nat) :
  0 <= L -> 0 < d -> (1 <= i <= K)%nat -> kl_width L d i <= sqrt (2 * kl_threshold L d K / INR i).
Proof.
  intros HL Hd Hi. eapply Rle_trans; [ apply Rmin_r | ].
  assert (Hpos : 0 < / INR i) by (apply Rinv_0_lt_compat, lt_0_INR; lia).
  assert (H1 := kl_threshold_grows L d i K Hd ltac:(lia)).
  assert (H2 := kl_threshold_pos L d i HL Hd).
  apply sqrt_le_1; [ apply Rmult_le_pos; lra | apply Rmult_le_pos; lra | apply Rmult_le_compat_r; lra ].
Qed.

(** (6) *)
Theorem width_sum_kl (L d : R) (z : nat -> nat -> pair) (K : nat) :
  0 <= L -> 0 < d -> (forall h k, (1 <= h <= H)%nat -> (1 <= k <= K)%nat -> In (z h k) pairs) ->
  sum_from_1 (episode_width (kl_width L d) z) K
    <= INR H * INR H * INR (length pairs)
       + 3 / 2 * (INR H * INR H) * sqrt (2 * kl_threshold L d K * INR (length pairs)) * sqrt (INR K).
Proof.
  intros HL Hd Hz. apply width_sum; [ apply kl_threshold_pos; assumption | | exact Hz ].
  intros i Hi. apply kl_width_le; assumption.
Qed.

Theorem width_sum_subset_kl (L d : R) (z : nat -> nat -> pair) (e : nat -> nat) (M K : nat) :
  0 <= L -> 0 < d -> (forall h k, (1 <= h <= H)%nat -> (1 <= k <= K)%nat -> In (z h k) pairs) ->
  (forall i, (e i < e (S i))%nat) -> (forall j, (1 <= j <= M)%nat -> (e j <= K)%nat) ->
  sum_from_1 (fun j => episode_width (kl_width L d) z (e j)) M
    <= INR H * INR H * INR (length pairs)
       + 3 / 2 * (INR H * INR H) * sqrt (2 * kl_threshold L d K * INR (length pairs)) * sqrt (INR M).
Proof.
  intros HL Hd Hz He HeK. apply (width_sum_subset _ _ z e M K); try assumption.
  { apply kl_threshold_pos; assumption. }
  intros i Hi. apply kl_width_le; assumption.
Qed.

End Visits.

(** (7): the quadratic inequality in sqrt N. *)
Theorem bad_episode_count (kappa c0 c1 N : R) :
  0 < kappa -> 0 <= c0 -> 0 <= c1 -> 0 <= N -> kappa * N <= c0 + c1 * sqrt N ->
  N <= ((c1 + sqrt (c1 * c1 + 4 * kappa * c0)) / (2 * kappa)) * ((c1 + sqrt (c1 * c1 + 4 * kappa * c0)) / (2 * kappa)).
Proof.
  intros Hk H0 H1 HN Hle.
  assert (Hx := sqrt_pos N). assert (Hxx : sqrt N * sqrt N = N) by (apply sqrt_sqrt; exact HN).
  set (x := sqrt N) in *. set (D := c1 * c1 + 4 * kappa * c0).
  assert (HD : 0 <= D) by (unfold D; nra).
  assert (Hroot : 2 * kappa * x - c1 <= sqrt D).
  { destruct (Rle_dec (2 * kappa * x - c1) 0) as [ Hneg | Hpos ]; [ assert (P := sqrt_pos D); lra | ].
    rewrite <- (sqrt_square (2 * kappa * x - c1)) by lra. apply sqrt_le_1; [ nra | exact HD | unfold D; nra ]. }
  assert (Hxle : x <= (c1 + sqrt D) / (2 * kappa)).
  { apply Rmult_le_reg_l with (2 * kappa); [ lra | ].
    replace (2 * kappa * ((c1 + sqrt D) / (2 * kappa))) with (c1 + sqrt D) by (field; lra). lra. }
  rewrite <- Hxx. apply Rmult_le_compat; assumption.
Qed.

Print Assumptions roots_of_counts.
Print Assumptions step_widths.
Print Assumptions width_sum.
Print Assumptions width_sum_subset.
Print Assumptions width_sum_kl.
Print Assumptions width_sum_subset_kl.
Print Assumptions bad_episode_count.
