(** Finite-horizon control: policies mixed at one step, and the performance difference.

    Setting. There are finitely many states and actions, given as lists of natural numbers (0..S-1 is [seq 0 S]). At
    step h = 1, ..., H the action a in state s pays r_h(s,a) and the next state has the law p_h(.|s,a); pi_h(a|s) is a
    Markov policy. Its value is V_(H+1) = 0, V_h(s) = sum_a pi_h(a|s) (r_h(s,a) + sum_t p_h(t|s,a) V_(h+1)(t)).

    Proved here:
    (1) if two policies agree at every step but h0, and a third plays rho pi1 + (1-rho) pi2 at step h0 and as they do
        elsewhere, its value is rho V1 + (1-rho) V2 at every step and in every state        [step_mixture_value]
    (2) so it is at least gamma if V1 >= l1, V2 >= l2, 0 <= rho <= 1, rho l1 + (1-rho) l2 = gamma  [step_mixture_safe]
    (3) V^pi - V^pi', averaged over the law of the first state, is the sum over h of the expectation, under the law of
        the state at step h when pi is played, of sum_a pi_h (r_h + p_h V'_(h+1)) - V'_h    [performance_difference]
        and the same from one state                                                   [performance_difference_from]
    (4) for two laws q and p: |q - p|_1 <= w and 0 <= f <= m give |q f - p f| <= w m/2                      [l1_bonus]

    Where it is used: the exact value of a mixture in conservative exploration by episodes (step 7 of its proof), and
    every comparison of two policies by the states that one of them visits.

    What is not said here: anything about estimates (optimism_bracket.v); floating point; that the code computes these
    recursions. *)

From Coq Require Import Reals Lra Lia List.
Require Import pigeonhole.
Import ListNotations.
Open Scope R_scope.

(** * Averages *)

(** sum_x q(x) f(x). *)
Definition average (q f : nat -> R) (l : list nat) : R := sum_over (fun x => q x * f x) l.

Definition distribution (q : nat -> R) (l : list nat) : Prop :=
  (forall x, In x l -> 0 <= q x) /\ sum_over q l = 1.

Lemma sum_over_ext {P : Type} (f g : P -> R) (l : list P) :
  (forall x, In x l -> f x = g x) -> sum_over f l = sum_over g l.
Proof.
  induction l as [ | x l IH ]; intros H; [ reflexivity | ].
  simpl. rewrite H by (left; reflexivity). rewrite IH; [ reflexivity | ].
  intros y Hy. apply H. right. exact Hy.
Qed.

Lemma sum_over_swap {P Q : Type} (f : P -> Q -> R) (l : list P) (k : list Q) :
  sum_over (fun x => sum_over (f x) k) l = sum_over (fun y => sum_over (fun x => f x y) l) k.
Proof.
  induction l as [ | x l IH ]; simpl.
  - induction k as [ | y k IHk ]; simpl; [ reflexivity | rewrite <- IHk; ring ].
  - rewrite IH, <- sum_over_add. reflexivity.
Qed.

Lemma average_ext (q f g : nat -> R) (l : list nat) :
  (forall x, In x l -> f x = g x) -> average q f l = average q g l.
Proof. intros H. apply sum_over_ext. intros x Hx. rewrite (H x Hx). reflexivity. Qed.

Lemma average_ext_law (q q' f : nat -> R) (l : list nat) :
  (forall x, In x l -> q x = q' x) -> average q f l = average q' f l.
Proof. intros H. apply sum_over_ext. intros x Hx. rewrite (H x Hx). reflexivity. Qed.

Lemma average_linear (q f g : nat -> R) (c d : R) (l : list nat) :
  average q (fun x => c * f x + d * g x) l = c * average q f l + d * average q g l.
Proof.
  unfold average. rewrite <- !sum_over_scale, <- sum_over_add. apply sum_over_ext. intros. ring.
Qed.

Lemma average_linear_law (q q' f : nat -> R) (c d : R) (l : list nat) :
  average (fun x => c * q x + d * q' x) f l = c * average q f l + d * average q' f l.
Proof.
  unfold average. rewrite <- !sum_over_scale, <- sum_over_add. apply sum_over_ext. intros. ring.
Qed.

Lemma average_add (q f g : nat -> R) (l : list nat) :
  average q (fun x => f x + g x) l = average q f l + average q g l.
Proof. unfold average. rewrite <- sum_over_add. apply sum_over_ext. intros. ring. Qed.

Lemma average_minus (q f g : nat -> R) (l : list nat) :
  average q (fun x => f x - g x) l = average q f l - average q g l.
Proof.
  rewrite (average_ext q _ (fun x => 1 * f x + (-1) * g x)) by (intros; ring).
  rewrite average_linear. ring.
Qed.

Lemma average_le (q f g : nat -> R) (l : list nat) :
  (forall x, In x l -> 0 <= q x) -> (forall x, In x l -> f x <= g x) -> average q f l <= average q g l.
Proof.
  intros Hq H. apply sum_over_le. intros x Hx. apply Rmult_le_compat_l; [ apply Hq, Hx | apply H, Hx ].
Qed.

Lemma average_constant (q : nat -> R) (c : R) (l : list nat) : average q (fun _ => c) l = c * sum_over q l.
Proof. unfold average. rewrite <- sum_over_scale. apply sum_over_ext. intros. ring. Qed.

Lemma average_between (q f : nat -> R) (lo hi : R) (l : list nat) :
  distribution q l -> (forall x, In x l -> lo <= f x <= hi) -> lo <= average q f l <= hi.
Proof.
  intros (Hq & H1) H. split.
  - replace lo with (average q (fun _ => lo) l) by (rewrite average_constant, H1; ring).
    apply average_le; [ exact Hq | intros x Hx; apply (H x Hx) ].
  - replace hi with (average q (fun _ => hi) l) by (rewrite average_constant, H1; ring).
    apply average_le; [ exact Hq | intros x Hx; apply (H x Hx) ].
Qed.

Lemma abs_between (x c : R) : Rabs x <= c -> - c <= x <= c.
Proof. unfold Rabs. destruct (Rcase_abs x); lra. Qed.

(** Half the range of f times the distance of the laws. *)
Theorem l1_bonus (q p f : nat -> R) (w m : R) (l : list nat) :
  sum_over q l = 1 -> sum_over p l = 1 -> sum_over (fun x => Rabs (q x - p x)) l <= w ->
  (forall x, In x l -> 0 <= f x <= m) -> 0 <= m ->
  Rabs (average q f l - average p f l) <= w * m / 2.
Proof.
  intros Hq Hp Hw Hf Hm.
  assert (E : average q f l - average p f l = sum_over (fun x => (q x - p x) * (f x - m / 2)) l).
  { transitivity (average q f l - average p f l + (- (m / 2)) * sum_over q l + m / 2 * sum_over p l).
    - rewrite Hq, Hp. ring.
    - unfold average, Rminus at 1. rewrite <- (Rmult_1_l (sum_over (fun x => p x * f x) l)), Ropp_mult_distr_l.
      rewrite <- !sum_over_scale, <- !sum_over_add. apply sum_over_ext. intros. field. }
  rewrite E. apply Rle_trans with (m / 2 * sum_over (fun x => Rabs (q x - p x)) l).
  - rewrite <- sum_over_scale. clear - Hf.
    induction l as [ | x l IH ]; simpl; [ rewrite Rabs_R0; lra | ].
    eapply Rle_trans; [ apply Rabs_triang | ]. apply Rplus_le_compat.
    + rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat_r; [ apply Rabs_pos | ].
      assert (H := Hf x (or_introl eq_refl)). apply Rabs_le. lra.
    + apply IH. intros y Hy. apply Hf. right. exact Hy.
  - apply Rle_trans with (m / 2 * w); [ apply Rmult_le_compat_l; lra | lra ].
Qed.

(** The largest f(x); 0 for the empty list. *)
Fixpoint max_over (f : nat -> R) (l : list nat) : R :=
  match l with
  | [] => 0
  | [x] => f x
  | x :: rest => Rmax (f x) (max_over f rest)
  end.

Lemma le_max_over (f : nat -> R) (l : list nat) (x : nat) : In x l -> f x <= max_over f l.
Proof.
  induction l as [ | y [ | z l ] IH ]; [ intros [] | intros [ -> | [] ]; simpl; lra | ].
  intros [ -> | Hx ].
  - apply Rmax_l.
  - eapply Rle_trans; [ apply IH, Hx | apply Rmax_r ].
Qed.

Lemma average_le_max (q f g : nat -> R) (l : list nat) :
  distribution q l -> (forall x, In x l -> f x <= g x) -> average q f l <= max_over g l.
Proof.
  intros (Hq & H1) H. replace (max_over g l) with (average q (fun _ => max_over g l) l).
  - apply average_le; [ exact Hq | ]. intros x Hx. eapply Rle_trans; [ apply H, Hx | apply le_max_over, Hx ].
  - rewrite average_constant, H1. ring.
Qed.

(** * Values *)

(** Step, state, action; and the next state for a kernel. *)
Definition table := nat -> nat -> nat -> R.
Definition kernel := nat -> nat -> nat -> nat -> R.

Section Model.

Variables (states actions : list nat).

(** r_h(s,a) + sum_t p_h(t|s,a) f(t). *)
Definition backup (p : kernel) (r : table) (f : nat -> R) (h s a : nat) : R :=
  r h s a + average (p h s a) f states.

(** The value from step h on when n steps are left, this one included: n = H - h + 1. *)
Fixpoint value (p : kernel) (r : table) (pi : table) (n h s : nat) : R :=
  match n with
  | O => 0
  | S m => average (pi h s) (backup p r (value p r pi m (S h)) h s) actions
  end.

(** The two policies agree at step h. *)
Definition same_at (h : nat) (pi pi' : table) : Prop :=
  forall s a, In s states -> In a actions -> pi h s a = pi' h s a.

Lemma backup_mix (p : kernel) (r : table) (f g : nat -> R) (rho : R) (h s a : nat) :
  backup p r (fun t => rho * f t + (1 - rho) * g t) h s a
    = rho * backup p r f h s a + (1 - rho) * backup p r g h s a.
Proof. unfold backup. rewrite average_linear. ring. Qed.

Lemma backup_ext (p : kernel) (r : table) (f g : nat -> R) (h s a : nat) :
  (forall t, In t states -> f t = g t) -> backup p r f h s a = backup p r g h s a.
Proof. intros H. unfold backup. rewrite (average_ext _ f g) by exact H. reflexivity. Qed.

Lemma value_same (p : kernel) (r : table) (pi pi' : table) (n h : nat) :
  (forall k, (h <= k)%nat -> same_at k pi pi') ->
  forall s, In s states -> value p r pi n h s = value p r pi' n h s.
Proof.
  revert h. induction n as [ | n IH ]; intros h Hsame s Hs; [ reflexivity | ].
  cbn [value]. rewrite (average_ext_law (pi h s) (pi' h s)).
  - apply average_ext. intros a Ha. apply backup_ext. apply IH. intros k Hk. apply Hsame. lia.
  - intros a Ha. apply (Hsame h (Nat.le_refl h) s a Hs Ha).
Qed.

(** pi1 and pi2 agree at every step but h0; mix plays rho pi1 + (1-rho) pi2 there and as both do elsewhere. *)
Definition mixed_at (h0 : nat) (rho : R) (pi1 pi2 mix : table) : Prop :=
  (forall h, h <> h0 -> same_at h pi1 pi2 /\ same_at h mix pi1)
  /\ (forall s a, In s states -> In a actions -> mix h0 s a = rho * pi1 h0 s a + (1 - rho) * pi2 h0 s a).

(** (1): exact, for every rho and every kernel; after h0 the three values coincide. *)
Theorem step_mixture_value (p : kernel) (r : table) (pi1 pi2 mix : table) (h0 : nat) (rho : R) :
  mixed_at h0 rho pi1 pi2 mix ->
  forall n h s, In s states ->
  value p r mix n h s = rho * value p r pi1 n h s + (1 - rho) * value p r pi2 n h s.
Proof.
  intros (Hsame & Hmix) n. induction n as [ | n IH ]; intros h s Hs; [ cbn [value]; ring | ].
  cbn [value]. destruct (Nat.eq_dec h h0) as [ -> | Hh ].
  - (* after h0 nothing differs *)
    assert (Hlater : forall t, In t states -> value p r pi2 n (S h0) t = value p r pi1 n (S h0) t).
    { intros t Ht. symmetry. apply value_same; [ | exact Ht ]. intros k Hk. apply Hsame. lia. }
    assert (Hmixed : forall t, In t states -> value p r mix n (S h0) t = value p r pi1 n (S h0) t).
    { intros t Ht. apply value_same; [ | exact Ht ]. intros k Hk. apply Hsame. lia. }
    rewrite (average_ext_law (mix h0 s) _ _ actions (fun a Ha => Hmix s a Hs Ha)).
    rewrite average_linear_law. f_equal; f_equal; apply average_ext; intros a Ha.
    + apply backup_ext. exact Hmixed.
    + apply backup_ext. intros t Ht. rewrite Hlater, Hmixed by exact Ht. reflexivity.
  - destruct (Hsame h Hh) as (H12 & Hm1).
    rewrite (average_ext_law (mix h s) (pi1 h s)) by (intros a Ha; apply Hm1; assumption).
    rewrite (average_ext_law (pi2 h s) (pi1 h s)) by (intros a Ha; symmetry; apply H12; assumption).
    rewrite <- average_linear. apply average_ext. intros a Ha.
    rewrite <- backup_mix. apply backup_ext. intros t Ht. apply IH. exact Ht.
Qed.

(** (2): lower bounds that average to gamma are enough. *)
Theorem step_mixture_safe (p : kernel) (r pi1 pi2 mix : table) (h0 : nat) (rho l1 l2 gamma : R) (n h s : nat) :
  mixed_at h0 rho pi1 pi2 mix -> In s states -> 0 <= rho <= 1 ->
  l1 <= value p r pi1 n h s -> l2 <= value p r pi2 n h s -> rho * l1 + (1 - rho) * l2 = gamma ->
  gamma <= value p r mix n h s.
Proof.
  intros Hmix Hs Hrho H1 H2 <-. rewrite (step_mixture_value p r pi1 pi2 mix h0 rho Hmix n h s Hs).
  apply Rplus_le_compat; apply Rmult_le_compat_l; lra.
Qed.

(** * The performance difference *)

(** V_h of the problem with H steps; V_(H+1) = 0. *)
Definition V (p : kernel) (r : table) (H : nat) (pi : table) (h : nat) : nat -> R := value p r pi (S H - h) h.

(** The law of the state at step k + 1 when pi is played; mu is the law of the first state. *)
Fixpoint law (p : kernel) (pi : table) (mu : nat -> R) (k : nat) : nat -> R :=
  match k with
  | O => mu
  | S j => fun t => average (law p pi mu j) (fun s => average (pi k s) (fun a => p k s a t) actions) states
  end.

Lemma law_average (p : kernel) (pi : table) (mu f : nat -> R) (k : nat) :
  average (law p pi mu (S k)) f states
    = average (law p pi mu k) (fun s => average (pi (S k) s) (fun a => average (p (S k) s a) f states) actions) states.
Proof.
  cbn [law]. unfold average. set (d := law p pi mu k).
  transitivity (sum_over (fun t => sum_over (fun s => sum_over (fun a => d s * (pi (S k) s a * (p (S k) s a t * f t)))
    actions) states) states).
  - apply sum_over_ext. intros t _. rewrite Rmult_comm, <- sum_over_scale. apply sum_over_ext. intros s _.
    rewrite <- Rmult_assoc, (Rmult_comm (f t)), Rmult_assoc, <- !sum_over_scale. apply sum_over_ext. intros. ring.
  - rewrite sum_over_swap. apply sum_over_ext. intros s _. rewrite sum_over_swap, <- sum_over_scale.
    apply sum_over_ext. intros a _. rewrite <- !sum_over_scale. reflexivity.
Qed.

(** What one step of pi before pi' gains over pi'. *)
Definition advantage (p : kernel) (r : table) (H : nat) (pi pi' : table) (h s : nat) : R :=
  average (pi h s) (backup p r (V p r H pi' (S h)) h s) actions - V p r H pi' h s.

Lemma V_step (p : kernel) (r : table) (H : nat) (pi : table) (h s : nat) :
  (h <= H)%nat -> V p r H pi h s = average (pi h s) (backup p r (V p r H pi (S h)) h s) actions.
Proof.
  intros Hh. unfold V. replace (S H - h)%nat with (S (S H - S h)) by lia. reflexivity.
Qed.

Lemma performance_prefix (p : kernel) (r : table) (H : nat) (pi pi' : table) (mu : nat -> R) (m : nat) :
  (m <= H)%nat ->
  average mu (V p r H pi 1) states - average mu (V p r H pi' 1) states
    = sum_from_1 (fun h => average (law p pi mu (h - 1)) (advantage p r H pi pi' h) states) m
      + (average (law p pi mu m) (V p r H pi (S m)) states - average (law p pi mu m) (V p r H pi' (S m)) states).
Proof.
  induction m as [ | m IH ]; intros Hm; [ cbn [sum_from_1 law]; ring | ].
  rewrite IH by lia. cbn [sum_from_1]. replace (S m - 1)%nat with m by lia.
  rewrite !Rplus_assoc. f_equal.
  rewrite !law_average, <- !average_minus, <- average_add.
  apply average_ext. intros s _. unfold advantage. rewrite (V_step p r H pi) by exact Hm.
  unfold backup. rewrite !average_add. ring.
Qed.

(** (3): an identity; neither p nor pi nor mu has to be a distribution. *)
Theorem performance_difference (p : kernel) (r : table) (H : nat) (pi pi' : table) (mu : nat -> R) :
  average mu (V p r H pi 1) states - average mu (V p r H pi' 1) states
    = sum_from_1 (fun h => average (law p pi mu (h - 1)) (advantage p r H pi pi' h) states) H.
Proof.
  rewrite (performance_prefix p r H pi pi' mu H (Nat.le_refl H)).
  unfold V at 1 2. rewrite Nat.sub_diag. cbn [value]. ring.
Qed.

Definition point (s0 s : nat) : R := if Nat.eqb s s0 then 1 else 0.

Lemma average_point (s0 : nat) (f : nat -> R) (l : list nat) :
  NoDup l -> In s0 l -> average (point s0) f l = f s0.
Proof.
  unfold average, point. intros Hnd. induction Hnd as [ | x l Hx Hnd IH ]; intros Hin; [ destruct Hin | ].
  simpl. destruct (Nat.eqb_spec x s0) as [ -> | Hne ].
  - rewrite (sum_over_ext _ (fun _ => 0 * 0)).
    + rewrite sum_over_scale. ring.
    + intros y Hy. destruct (Nat.eqb_spec y s0) as [ -> | _ ]; [ contradiction | ring ].
  - destruct Hin as [ Hin | Hin ]; [ contradiction | ]. rewrite IH by exact Hin. ring.
Qed.

(** From one state. *)
Corollary performance_difference_from (p : kernel) (r : table) (H : nat) (pi pi' : table) (s0 : nat) :
  NoDup states -> In s0 states ->
  V p r H pi 1 s0 - V p r H pi' 1 s0
    = sum_from_1 (fun h => average (law p pi (point s0) (h - 1)) (advantage p r H pi pi' h) states) H.
Proof.
  intros Hnd Hs0. rewrite <- performance_difference, !average_point by assumption. reflexivity.
Qed.

End Model.

Print Assumptions l1_bonus.
Print Assumptions step_mixture_value.
Print Assumptions step_mixture_safe.
Print Assumptions performance_difference.
Print Assumptions performance_difference_from.
