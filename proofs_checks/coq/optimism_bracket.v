(** The bracket: optimistic and pessimistic recursions that enclose the value of every policy.

    Setting. As in finite_horizon.v: H steps, rewards r_h(s,a) in [0, 1], kernel p. q is an estimate of p and b_h(s,a) a
    bonus. The optimistic recursion takes min(H-h+1, r + b + q V) in the place of r + p V, the pessimistic one
    max(0, r - b + q V). The event is: |(q_h - p_h) f| <= b_h for every f with values in [0, H-h].

    Proved here:
    (1) on the event, lower <= V^pi <= upper at every step, in every state, for every policy         [bracket]
        and the optimistic recursion with the maximum over actions lies above V^pi                   [best_above]
        so the same holds for b = w (H-h)/2 when |q - p|_1 <= w                                      [bracket_l1]
    (2) on the event, upper - lower <= the expectation, under p and pi, of the sum over the later steps of
        min(H, 3 b_h(s_h, a_h))                                                                 [width_recursion]
    (3) the pessimistic value of a mixture at one step lies below the chord                 [lower_mixture_convex]
    (4) base before h0, a mixture of base and greedy at h0, greedy after: on the event upper >= V^base
                                                                                         [upper_mixture_above_base]
    (5) with rho l1 + (1-rho) l2 = gamma, l1 and l2 bounds of the policies that change from base to greedy after h0 - 1
        and after h0: the mixture has V >= gamma and upper - lower >= V^base - gamma            [mixture_episode]

    Where it is used: steps 2, 3, 7 and 8 of the proof for optimistic and conservative exploration in episodes. Policies
    may depend on the data: the event is about q and p only, and the claims hold for all policies at once.

    What is not said here: that the event has probability at least 1 - delta; the sum of widths over episodes
    (width_pigeonhole.v); floating point; that the code computes these recursions. *)

From Coq Require Import Reals Lra Lia List.
Require Import pigeonhole finite_horizon.
Import ListNotations.
Open Scope R_scope.

(** * The recursions *)

Section Bracket.

Variables (states actions : list nat).
Variables (p q : kernel) (r b : table) (H : nat).

Local Notation value := (value states actions).
Local Notation backup := (backup states).

(** q: the estimate; b: the bonus. *)
Fixpoint upper (pi : table) (n h s : nat) : R :=
  match n with
  | O => 0
  | S m => average (pi h s) (fun a => Rmin (INR n) (backup q r (upper pi m (S h)) h s a + b h s a)) actions
  end.

Fixpoint lower (pi : table) (n h s : nat) : R :=
  match n with
  | O => 0
  | S m => average (pi h s) (fun a => Rmax 0 (backup q r (lower pi m (S h)) h s a - b h s a)) actions
  end.

(** The optimistic recursion with the maximum over actions. *)
Fixpoint best (n h s : nat) : R :=
  match n with
  | O => 0
  | S m => max_over (fun a => Rmin (INR n) (backup q r (best m (S h)) h s a + b h s a)) actions
  end.

Hypothesis rewards : forall h s a, In s states -> In a actions -> 0 <= r h s a <= 1.
Hypothesis p_law : forall h s a, In s states -> In a actions -> distribution (p h s a) states.
Hypothesis q_nonnegative : forall h s a t, In s states -> In a actions -> In t states -> 0 <= q h s a t.

(** A policy draws actions from distributions. *)
Definition policy (pi : table) : Prop := forall h s, In s states -> distribution (pi h s) actions.

(** The event: |(q_h - p_h) f| <= b_h for every f with values in [0, H - h]. *)
Definition concentrated : Prop :=
  forall h s a f, (1 <= h <= H)%nat -> In s states -> In a actions ->
  (forall t, In t states -> 0 <= f t <= INR (H - h)) ->
  Rabs (average (q h s a) f states - average (p h s a) f states) <= b h s a.

Lemma value_range (pi : table) (n h s : nat) : policy pi -> In s states -> 0 <= value p r pi n h s <= INR n.
Proof.
  intros Hpi. revert h s. induction n as [ | n IH ]; intros h s Hs; [ cbn [value INR]; lra | ].
  cbn [value]. apply average_between; [ apply Hpi, Hs | ]. intros a Ha. rewrite S_INR. unfold backup.
  assert (Hr := rewards h s a Hs Ha).
  assert (Hp := average_between _ _ 0 (INR n) states (p_law h s a Hs Ha) (fun t Ht => IH (S h) t Ht)). lra.
Qed.

Lemma upper_at_most (pi : table) (n h s : nat) : policy pi -> In s states -> upper pi n h s <= INR n.
Proof.
  intros Hpi Hs. destruct n as [ | n ]; [ cbn [upper INR]; lra | ]. cbn [upper].
  destruct (Hpi h s Hs) as (Hpos & H1).
  apply Rle_trans with (average (pi h s) (fun _ => INR (S n)) actions).
  - apply average_le; [ exact Hpos | ]. intros a Ha. apply Rmin_l.
  - rewrite average_constant, H1. lra.
Qed.

Lemma lower_at_least (pi : table) (n h s : nat) : policy pi -> In s states -> 0 <= lower pi n h s.
Proof.
  intros Hpi Hs. destruct n as [ | n ]; [ cbn [lower]; lra | ]. cbn [lower].
  destruct (Hpi h s Hs) as (Hpos & _). apply sum_over_pos. intros a Ha.
  apply Rmult_le_pos; [ apply Hpos, Ha | apply Rmax_l ].
Qed.

Lemma backup_le (f g : nat -> R) (h s a : nat) :
  In s states -> In a actions -> (forall t, In t states -> f t <= g t) -> backup q r f h s a <= backup q r g h s a.
Proof.
  intros Hs Ha Hfg. unfold backup. apply Rplus_le_compat_l, average_le; [ | exact Hfg ].
  intros t Ht. apply q_nonnegative; assumption.
Qed.

Lemma backup_close (pi : table) (n h s a : nat) :
  concentrated -> policy pi -> (1 <= h)%nat -> (S n + h = S H)%nat -> In s states -> In a actions ->
  Rabs (backup q r (value p r pi n (S h)) h s a - backup p r (value p r pi n (S h)) h s a) <= b h s a.
Proof.
  intros Hc Hpi Hh Hn Hs Ha. unfold backup.
  replace (r h s a + _ - _) with (average (q h s a) (value p r pi n (S h)) states
    - average (p h s a) (value p r pi n (S h)) states) by ring.
  apply Hc; [ lia | assumption | assumption | ].
  intros t Ht. replace (H - h)%nat with n by lia. apply value_range; assumption.
Qed.

(** (1) *)
Theorem bracket (pi : table) :
  concentrated -> policy pi ->
  forall n h s, (1 <= h)%nat -> (n + h = S H)%nat -> In s states ->
  lower pi n h s <= value p r pi n h s <= upper pi n h s.
Proof.
  intros Hc Hpi n. induction n as [ | n IH ]; intros h s Hh Hn Hs; [ cbn [lower value upper]; lra | ].
  cbn [lower value upper]. destruct (Hpi h s Hs) as (Hpos & _).
  assert (Hlater : forall t, In t states -> lower pi n (S h) t <= value p r pi n (S h) t <= upper pi n (S h) t).
  { intros t Ht. apply IH; [ lia | lia | exact Ht ]. }
  assert (Hboth : forall a, In a actions ->
    Rmax 0 (backup q r (lower pi n (S h)) h s a - b h s a) <= backup p r (value p r pi n (S h)) h s a
    <= Rmin (INR (S n)) (backup q r (upper pi n (S h)) h s a + b h s a)).
  { intros a Ha.
    assert (Hclose := backup_close pi n h s a Hc Hpi Hh Hn Hs Ha). apply abs_between in Hclose.
    assert (Hl := backup_le _ _ h s a Hs Ha (fun t Ht => proj1 (Hlater t Ht))).
    assert (Hu := backup_le _ _ h s a Hs Ha (fun t Ht => proj2 (Hlater t Ht))).
    assert (Hr := rewards h s a Hs Ha).
    assert (Hv := average_between _ _ 0 (INR n) states (p_law h s a Hs Ha)
      (fun t Ht => value_range pi n (S h) t Hpi Ht)).
    assert (Hrange : 0 <= backup p r (value p r pi n (S h)) h s a <= INR (S n)) by (rewrite S_INR; unfold backup; lra).
    split; [ apply Rmax_lub | apply Rmin_glb ]; lra. }
  split; apply average_le; try exact Hpos; intros a Ha; apply (Hboth a Ha).
Qed.

(** (1): the greedy recursion lies above every policy's, so above its value. *)
Theorem best_above (pi : table) :
  concentrated -> policy pi ->
  forall n h s, (1 <= h)%nat -> (n + h = S H)%nat -> In s states ->
  value p r pi n h s <= upper pi n h s <= best n h s.
Proof.
  intros Hc Hpi n h s Hh Hn Hs. split; [ apply (bracket pi Hc Hpi n h s Hh Hn Hs) | ].
  clear Hh Hn. revert h s Hs. induction n as [ | n IH ]; intros h s Hs; [ cbn [upper best]; lra | ].
  cbn [upper best]. apply average_le_max; [ apply Hpi, Hs | ]. intros a Ha.
  apply Rle_min_compat_l, Rplus_le_compat_r, backup_le; [ exact Hs | exact Ha | ].
  intros t Ht. apply IH, Ht.
Qed.

(** What a visit may cost. *)
Definition cost : table := fun h s a => Rmin (INR H) (3 * b h s a).

Lemma bonus_nonnegative (h s a : nat) :
  concentrated -> (1 <= h <= H)%nat -> In s states -> In a actions -> 0 <= b h s a.
Proof.
  intros Hc Hh Hs Ha. eapply Rle_trans; [ apply Rabs_pos | ]. apply (Hc h s a (fun _ => 0) Hh Hs Ha).
  intros t Ht. assert (Hn := pos_INR (H - h)). lra.
Qed.

(** (2): the value of the cost under the true kernel bounds the width. *)
Theorem width_recursion (pi : table) :
  concentrated -> policy pi ->
  forall n h s, (1 <= h)%nat -> (n + h = S H)%nat -> In s states ->
  upper pi n h s - lower pi n h s <= value p cost pi n h s.
Proof.
  intros Hc Hpi n. induction n as [ | n IH ]; intros h s Hh Hn Hs; [ cbn [upper lower value]; lra | ].
  cbn [upper lower value]. rewrite <- average_minus. destruct (Hpi h s Hs) as (Hpos & _).
  apply average_le; [ exact Hpos | ]. intros a Ha.
  set (d := fun t => upper pi n (S h) t - lower pi n (S h) t).
  assert (Hd : forall t, In t states -> 0 <= d t <= INR (H - h)).
  { intros t Ht. unfold d. replace (H - h)%nat with n by lia.
    assert (H1 := bracket pi Hc Hpi n (S h) t ltac:(lia) ltac:(lia) Ht).
    assert (H2 := upper_at_most pi n (S h) t Hpi Ht). assert (H3 := lower_at_least pi n (S h) t Hpi Ht). lra. }
  assert (Hclose := Hc h s a d ltac:(lia) Hs Ha Hd). apply abs_between in Hclose.
  assert (Hb := bonus_nonnegative h s a Hc ltac:(lia) Hs Ha).
  assert (Hpd0 : 0 <= average (p h s a) d states).
  { apply (average_between _ _ 0 (INR (H - h)) states (p_law h s a Hs Ha)). exact Hd. }
  assert (Hpd : average (p h s a) d states <= average (p h s a) (value p cost pi n (S h)) states).
  { apply average_le; [ apply (p_law h s a Hs Ha) | ].
    intros t Ht. apply IH; [ lia | lia | exact Ht ]. }
  assert (Hdiff : average (q h s a) d states
    = average (q h s a) (upper pi n (S h)) states - average (q h s a) (lower pi n (S h)) states)
    by (unfold d; apply average_minus).
  assert (HSn : INR (S n) <= INR H) by (apply le_INR; lia).
  assert (H1 := Rmin_l (INR (S n)) (backup q r (upper pi n (S h)) h s a + b h s a)).
  assert (H2 := Rmin_r (INR (S n)) (backup q r (upper pi n (S h)) h s a + b h s a)).
  assert (H3 := Rmax_l 0 (backup q r (lower pi n (S h)) h s a - b h s a)).
  assert (H4 := Rmax_r 0 (backup q r (lower pi n (S h)) h s a - b h s a)).
  unfold backup in *. unfold cost at 1, Rmin at 2. destruct (Rle_dec (INR H) (3 * b h s a)); lra.
Qed.

(** * A mixture at one step *)

Lemma lower_same (pi pi' : table) (n h : nat) :
  (forall k, (h <= k)%nat -> same_at states actions k pi pi') ->
  forall s, In s states -> lower pi n h s = lower pi' n h s.
Proof.
  revert h. induction n as [ | n IH ]; intros h Hsame s Hs; [ reflexivity | ].
  cbn [lower]. rewrite (average_ext_law (pi h s) (pi' h s)).
  - apply average_ext. intros a Ha. f_equal. f_equal. apply backup_ext. apply IH. intros k Hk. apply Hsame. lia.
  - intros a Ha. apply (Hsame h (Nat.le_refl h) s a Hs Ha).
Qed.

Lemma upper_same (pi pi' : table) (n h : nat) :
  (forall k, (h <= k)%nat -> same_at states actions k pi pi') ->
  forall s, In s states -> upper pi n h s = upper pi' n h s.
Proof.
  revert h. induction n as [ | n IH ]; intros h Hsame s Hs; [ reflexivity | ].
  cbn [upper]. rewrite (average_ext_law (pi h s) (pi' h s)).
  - apply average_ext. intros a Ha. f_equal. f_equal. apply backup_ext. apply IH. intros k Hk. apply Hsame. lia.
  - intros a Ha. apply (Hsame h (Nat.le_refl h) s a Hs Ha).
Qed.

(** (3): linear at the mixed step; before it the cut at 0 is convex. This needs no event. *)
Theorem lower_mixture_convex (pi1 pi2 mix : table) (h0 : nat) (rho : R) :
  mixed_at states actions h0 rho pi1 pi2 mix -> policy pi1 -> 0 <= rho <= 1 ->
  forall n h s, In s states -> lower mix n h s <= rho * lower pi1 n h s + (1 - rho) * lower pi2 n h s.
Proof.
  intros (Hsame & Hmix) Hpi Hrho n. induction n as [ | n IH ]; intros h s Hs; [ cbn [lower]; lra | ].
  cbn [lower]. destruct (Nat.eq_dec h h0) as [ -> | Hh ].
  - assert (Hlater : forall t, In t states -> lower pi2 n (S h0) t = lower pi1 n (S h0) t).
    { intros t Ht. symmetry. apply lower_same; [ | exact Ht ]. intros k Hk. apply Hsame. lia. }
    assert (Hmixed : forall t, In t states -> lower mix n (S h0) t = lower pi1 n (S h0) t).
    { intros t Ht. apply lower_same; [ | exact Ht ]. intros k Hk. apply Hsame. lia. }
    rewrite (average_ext_law (mix h0 s) _ _ actions (fun a Ha => Hmix s a Hs Ha)).
    rewrite average_linear_law. apply Req_le. f_equal; f_equal; apply average_ext; intros a Ha; f_equal; f_equal.
    + apply backup_ext. exact Hmixed.
    + apply backup_ext. intros t Ht. rewrite Hlater, Hmixed by exact Ht. reflexivity.
  - destruct (Hsame h Hh) as (H12 & Hm1).
    rewrite (average_ext_law (mix h s) (pi1 h s)) by (intros a Ha; apply Hm1; assumption).
    rewrite (average_ext_law (pi2 h s) (pi1 h s)) by (intros a Ha; symmetry; apply H12; assumption).
    rewrite <- average_linear. apply average_le; [ apply (Hpi h s Hs) | ]. intros a Ha.
    assert (Hq := backup_le (lower mix n (S h)) _ h s a Hs Ha (fun t Ht => IH (S h) t Ht)).
    rewrite backup_mix in Hq.
    assert (M1 := Rmax_l 0 (backup q r (lower pi1 n (S h)) h s a - b h s a)).
    assert (M2 := Rmax_r 0 (backup q r (lower pi1 n (S h)) h s a - b h s a)).
    assert (M3 := Rmax_l 0 (backup q r (lower pi2 n (S h)) h s a - b h s a)).
    assert (M4 := Rmax_r 0 (backup q r (lower pi2 n (S h)) h s a - b h s a)).
    apply Rmax_lub; nra.
Qed.

(** The optimistic value of each action, with the best continuation. *)
Definition best_of_action (n h s a : nat) : R :=
  Rmin (INR (S n)) (backup q r (best n (S h)) h s a + b h s a).

(** At every step the policy plays maximisers only. *)
Definition greedy (pi : table) : Prop :=
  forall n h s, (1 <= h)%nat -> (S n + h = S H)%nat -> In s states ->
  average (pi h s) (best_of_action n h s) actions = max_over (best_of_action n h s) actions.

Lemma upper_of_greedy (pi : table) :
  greedy pi -> forall n h s, (1 <= h)%nat -> (n + h = S H)%nat -> In s states -> upper pi n h s = best n h s.
Proof.
  intros Hg n. induction n as [ | n IH ]; intros h s Hh Hn Hs; [ reflexivity | ].
  cbn [upper best]. fold (best_of_action n h s). rewrite <- (Hg n h s Hh Hn Hs). apply average_ext.
  intros a Ha. unfold best_of_action. f_equal. f_equal. apply backup_ext. intros t Ht.
  apply IH; [ lia | lia | exact Ht ].
Qed.

(** base up to step h0, g after. *)
Definition prefix (base g : table) (h0 : nat) : table := fun h s a => if (h <=? h0)%nat then base h s a else g h s a.

(** base before h0, rho g + (1-rho) base at h0, g after. *)
Definition step_mixture (base g : table) (h0 : nat) (rho : R) : table :=
  fun h s a => if (h =? h0)%nat then rho * g h s a + (1 - rho) * base h s a else prefix base g h0 h s a.

Lemma step_mixture_after (base g : table) (h0 : nat) (rho : R) (h : nat) :
  (h0 < h)%nat -> same_at states actions h (step_mixture base g h0 rho) g.
Proof.
  intros Hh s a _ _. unfold step_mixture, prefix.
  destruct (Nat.eqb_spec h h0); [ lia | destruct (Nat.leb_spec h h0); [ lia | reflexivity ] ].
Qed.

Lemma step_mixture_is_mixed (base g : table) (h0 : nat) (rho : R) :
  (1 <= h0)%nat ->
  mixed_at states actions h0 rho (prefix base g (h0 - 1)) (prefix base g h0) (step_mixture base g h0 rho).
Proof.
  intros H0. split.
  - intros h Hh. unfold step_mixture, prefix. split; intros s a _ _; destruct (Nat.eqb_spec h h0); try lia;
      destruct (Nat.leb_spec h h0), (Nat.leb_spec h (h0 - 1)); try lia; reflexivity.
  - intros s a _ _. unfold step_mixture, prefix. rewrite Nat.eqb_refl, Nat.leb_refl.
    destruct (Nat.leb_spec h0 (h0 - 1)); [ lia | reflexivity ].
Qed.

Lemma policy_prefix (base g : table) (h0 : nat) : policy base -> policy g -> policy (prefix base g h0).
Proof.
  intros Hb Hg h s Hs. unfold prefix.
  destruct (h <=? h0)%nat; [ apply (Hb h s Hs) | apply (Hg h s Hs) ].
Qed.

(** (4) *)
Theorem upper_mixture_above_base (base g : table) (h0 : nat) (rho : R) :
  concentrated -> policy base -> greedy g -> 0 <= rho <= 1 ->
  forall n h s, (1 <= h)%nat -> (n + h = S H)%nat -> In s states ->
  value p r base n h s <= upper (step_mixture base g h0 rho) n h s.
Proof.
  intros Hc Hbase Hg Hrho n. set (mix := step_mixture base g h0 rho).
  induction n as [ | n IH ]; intros h s Hh Hn Hs; [ cbn [value upper]; lra | ].
  destruct (Nat.lt_ge_cases h0 h) as [ Hlt | Hge ].
  - (* after h0: the greedy recursion *)
    rewrite (upper_same mix g) by (try exact Hs; intros k Hk; apply step_mixture_after; lia).
    rewrite (upper_of_greedy g Hg) by assumption.
    apply Rle_trans with (upper base (S n) h s); apply (best_above base Hc Hbase); assumption.
  - cbn [value upper]. set (u := fun a => Rmin (INR (S n)) (backup q r (upper mix n (S h)) h s a + b h s a)).
    destruct (Hbase h s Hs) as (Hpos & _).
    apply Rle_trans with (average (base h s) u actions).
    + apply average_le; [ exact Hpos | ]. intros a Ha. unfold u.
      assert (Hclose := backup_close base n h s a Hc Hbase Hh Hn Hs Ha). apply abs_between in Hclose.
      assert (Hq := backup_le (value p r base n (S h)) (upper mix n (S h)) h s a Hs Ha
        (fun t Ht => IH (S h) t ltac:(lia) ltac:(lia) Ht)).
      assert (Hr := rewards h s a Hs Ha).
      assert (Hv := average_between _ _ 0 (INR n) states (p_law h s a Hs Ha)
        (fun t Ht => value_range base n (S h) t Hbase Ht)).
      apply Rmin_glb; [ rewrite S_INR; unfold finite_horizon.backup; lra | lra ].
    + destruct (Nat.eq_dec h h0) as [ -> | Hne ].
      * (* at h0 the greedy part is at least the average of base *)
        assert (Hu : forall a, In a actions -> u a = best_of_action n h0 s a).
        { intros a Ha. unfold u, best_of_action. f_equal. f_equal. apply backup_ext. intros t Ht.
          rewrite (upper_same mix g) by (try exact Ht; intros k Hk; apply step_mixture_after; lia).
          apply (upper_of_greedy g Hg); [ lia | lia | exact Ht ]. }
        rewrite (average_ext_law (mix h0 s) (fun a => rho * g h0 s a + (1 - rho) * base h0 s a))
          by (intros; unfold mix, step_mixture; rewrite Nat.eqb_refl; reflexivity).
        rewrite average_linear_law.
        assert (Hmax : average (base h0 s) u actions <= average (g h0 s) u actions).
        { rewrite (average_ext (g h0 s) _ _ _ Hu), (Hg n h0 s Hh Hn Hs).
          apply average_le_max; [ apply Hbase, Hs | intros a Ha; apply Req_le, Hu, Ha ]. }
        nra.
      * apply Req_le, average_ext_law. intros a _. unfold mix, step_mixture, prefix.
        destruct (Nat.eqb_spec h h0); [ lia | destruct (Nat.leb_spec h h0); [ reflexivity | lia ] ].
Qed.

(** (5) An episode of the mixture. l1 and l2 lie between the pessimistic and the true values of the two candidates, as
    the pessimistic values themselves do, or the known value of base when h0 = H. *)
Theorem mixture_episode (base g : table) (h0 : nat) (rho l1 l2 gamma : R) (s : nat) :
  let candidate := prefix base g in
  let mix := step_mixture base g h0 rho in
  concentrated -> policy base -> policy g -> greedy g -> (1 <= h0)%nat -> 0 <= rho <= 1 -> In s states ->
  lower (candidate (h0 - 1)%nat) H 1 s <= l1 <= value p r (candidate (h0 - 1)%nat) H 1 s ->
  lower (candidate h0) H 1 s <= l2 <= value p r (candidate h0) H 1 s ->
  rho * l1 + (1 - rho) * l2 = gamma ->
  gamma <= value p r mix H 1 s /\ value p r base H 1 s - gamma <= upper mix H 1 s - lower mix H 1 s.
Proof.
  intros candidate mix Hc Hbase Hpol Hg H0 Hrho Hs H1 H2 Hgamma.
  assert (Hmix := step_mixture_is_mixed base g h0 rho H0). split.
  - apply (step_mixture_safe states actions p r (candidate (h0 - 1)%nat) (candidate h0) mix h0 rho l1 l2); tauto.
  - assert (Hu := upper_mixture_above_base base g h0 rho Hc Hbase Hg Hrho H 1 s (Nat.le_refl 1) ltac:(lia) Hs).
    assert (Hl := lower_mixture_convex (candidate (h0 - 1)%nat) (candidate h0) mix h0 rho Hmix
      (policy_prefix base g (h0 - 1) Hbase Hpol) Hrho H 1 s Hs).
    fold mix in Hu. nra.
Qed.

End Bracket.

(** The bracket for the bonus of a simplex: b = w (H - h)/2. *)
Theorem bracket_l1 (states actions : list nat) (p q : kernel) (r w : table) (H : nat) (pi : table) :
  (forall h s a, In s states -> In a actions -> 0 <= r h s a <= 1) ->
  (forall h s a, In s states -> In a actions -> distribution (p h s a) states) ->
  (forall h s a, In s states -> In a actions -> distribution (q h s a) states) ->
  (forall h s a, In s states -> In a actions -> sum_over (fun t => Rabs (q h s a t - p h s a t)) states <= w h s a) ->
  policy states actions pi ->
  let b := fun h s a => w h s a * INR (H - h) / 2 in
  forall h s, (1 <= h <= S H)%nat -> In s states ->
  lower states actions q r b pi (S H - h) h s <= V states actions p r H pi h s
    <= upper states actions q r b pi (S H - h) h s
  /\ V states actions p r H pi h s <= best states actions q r b (S H - h) h s.
Proof.
  intros Hr Hp Hq Hw Hpi b h s Hh Hs.
  assert (Hq0 : forall h s a t, In s states -> In a actions -> In t states -> 0 <= q h s a t).
  { intros k u a t Hu Ha Ht. apply (Hq k u a Hu Ha), Ht. }
  assert (Hc : concentrated states actions p q b H).
  { intros k u a f Hk Hu Ha Hf. unfold b. apply l1_bonus; [ apply Hq | apply Hp | apply Hw | exact Hf | apply pos_INR ];
      assumption. }
  unfold V. split.
  - apply (bracket states actions p q r b H Hr Hp Hq0 pi Hc Hpi); [ lia | lia | exact Hs ].
  - destruct (best_above states actions p q r b H Hr Hp Hq0 pi Hc Hpi (S H - h) h s) as (H1 & H2);
      [ lia | lia | exact Hs | lra ].
Qed.

Print Assumptions bracket.
Print Assumptions best_above.
Print Assumptions bracket_l1.
Print Assumptions width_recursion.
Print Assumptions lower_mixture_convex.
Print Assumptions upper_mixture_above_base.
Print Assumptions mixture_episode.
