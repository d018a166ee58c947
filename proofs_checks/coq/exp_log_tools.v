(** Tools for hedge.v and log_barrier.v: monotone functions, the exponential, the logarithm.

    Proved here, for real numbers:
    (1) a function with a nonnegative derivative on [a, b] does not decrease from a to b     [nondecreasing]
    (2) 1 + x <= exp x for every x, and exp is strictly increasing                           [one_plus_le_exp, exp_lt]
    (3) every y > 0 has a logarithm: exp (log y) = y                                         [exp_log]

    Why not the mean value theorem and ln of the standard library: in this version of Coq they rest on the general
    axiom of excluded middle (Classical_Prop.classic) on top of the axioms of the real numbers. Inequalities between
    reals do not need it. Since exp is injective, (3) says that log is the natural logarithm for y > 0. *)

From Coq Require Import Reals Lra.
Open Scope R_scope.

(** * Monotone functions *)

(** Near a point with derivative l >= 0 the function falls, to either side, at most at the rate eps. *)
Lemma locally_nondecreasing (f : R -> R) (x l eps : R) :
  derivable_pt_lim f x l -> 0 <= l -> 0 < eps ->
  exists d, 0 < d /\ forall h, 0 < h < d -> f x - eps * h <= f (x + h) /\ f (x - h) - eps * h <= f x.
Proof.
  intros Hf Hl Heps. destruct (Hf eps Heps) as [ d Hd ]. exists d. split; [ apply cond_pos | ].
  intros h Hh. split.
  - assert (H := Hd h ltac:(lra) ltac:(rewrite Rabs_pos_eq; lra)). apply Rabs_def2 in H.
    assert (E : f (x + h) - f x = (f (x + h) - f x) / h * h) by (field; lra). nra.
  - assert (H := Hd (- h) ltac:(lra) ltac:(rewrite Rabs_left; lra)). apply Rabs_def2 in H.
    assert (E : f (x + - h) - f x = - ((f (x + - h) - f x) / - h * h)) by (field; lra).
    change (x - h) with (x + - h). nra.
Qed.

(** The set of points up to which f has fallen at most at the rate eps reaches b. *)
Lemma falls_slowly (f f' : R -> R) (a b eps : R) :
  a <= b -> 0 < eps ->
  (forall x, a <= x <= b -> derivable_pt_lim f x (f' x)) -> (forall x, a <= x <= b -> 0 <= f' x) ->
  f a - eps * (b - a) <= f b.
Proof.
  intros Hab Heps Hder Hpos.
  set (E := fun x => a <= x <= b /\ f a - eps * (x - a) <= f x).
  assert (Ea : E a) by (unfold E; lra).
  destruct (completeness E) as [ s [ Hup Hleast ] ].
  { exists b. intros x Hx. unfold E in Hx. lra. }
  { exists a. exact Ea. }
  assert (Has : a <= s) by (apply Hup, Ea).
  assert (Hsb : s <= b) by (apply Hleast; intros x Hx; unfold E in Hx; lra).
  destruct (locally_nondecreasing f s (f' s) eps) as [ d [ Hd Hlocal ] ]; auto.
  assert (Es : f a - eps * (s - a) <= f s).
  { apply Rnot_lt_le. intros Hlow.
    assert (H : s <= s - d); [ | lra ].
    apply Hleast. intros x Hx. assert (Hxs := Hup x Hx). unfold E in Hx.
    apply Rnot_lt_le. intros Hnear.
    destruct (Req_dec x s) as [ -> | Hne ]; [ lra | ].
    destruct (Hlocal (s - x) ltac:(lra)) as [ _ H ]. replace (s - (s - x)) with x in H by ring. nra. }
  destruct (Rlt_dec s b) as [ Hlt | Hge ]; [ exfalso | replace b with s by lra; exact Es ].
  set (h := Rmin (d / 2) (b - s)).
  assert (Hh : 0 < h) by (apply Rmin_glb_lt; lra).
  assert (Hh1 : h <= d / 2) by apply Rmin_l. assert (Hh2 : h <= b - s) by apply Rmin_r.
  destruct (Hlocal h ltac:(lra)) as [ H _ ].
  assert (Hin : E (s + h)) by (unfold E; nra).
  apply Hup in Hin. lra.
Qed.

Theorem nondecreasing (f f' : R -> R) (a b : R) :
  a <= b ->
  (forall x, a <= x <= b -> derivable_pt_lim f x (f' x)) -> (forall x, a <= x <= b -> 0 <= f' x) ->
  f a <= f b.
Proof.
  intros Hab Hder Hpos. apply Rnot_lt_le. intros Hfall.
  assert (H := falls_slowly f f' a b ((f a - f b) / (2 * (b - a + 1))) Hab).
  assert (Heps : 0 < (f a - f b) / (2 * (b - a + 1))) by (apply Rdiv_lt_0_compat; lra).
  specialize (H Heps Hder Hpos).
  set (eps := (f a - f b) / (2 * (b - a + 1))) in *.
  assert (E : eps * (b - a + 1) = (f a - f b) / 2) by (unfold eps; field; lra). nra.
Qed.

(** * Derivatives *)

Lemma derivative_quadratic (a b c x : R) :
  derivable_pt_lim (fun t => a + b * t + c * (t * t)) x (b + 2 * c * x).
Proof.
  intros eps Heps.
  assert (Hc := Rabs_pos c).
  assert (Hd : 0 < eps / (Rabs c + 1)) by (apply Rdiv_lt_0_compat; lra).
  exists (mkposreal _ Hd). intros h Hh Hsmall. simpl in Hsmall.
  replace ((a + b * (x + h) + c * ((x + h) * (x + h)) - (a + b * x + c * (x * x))) / h - (b + 2 * c * x))
    with (c * h) by (field; exact Hh).
  rewrite Rabs_mult.
  assert (E : eps = eps / (Rabs c + 1) * (Rabs c + 1)) by (field; lra).
  assert (Hh0 := Rabs_pos h). nra.
Qed.

(** (u exp v)' = (u' + u v') exp v. *)
Lemma derivative_times_exp (u v : R -> R) (u' v' x : R) :
  derivable_pt_lim u x u' -> derivable_pt_lim v x v' ->
  derivable_pt_lim (fun t => u t * exp (v t)) x ((u' + u x * v') * exp (v x)).
Proof.
  intros Hu Hv. replace ((u' + u x * v') * exp (v x)) with (u' * exp (v x) + u x * (exp (v x) * v')) by ring.
  exact (derivable_pt_lim_mult u (comp exp v) x _ _ Hu (derivable_pt_lim_comp v exp x _ _ Hv (derivable_pt_lim_exp _))).
Qed.

(** A quadratic times the exponential of a quadratic. *)
Lemma derivative_quadratic_exp (a b c p q r x : R) :
  derivable_pt_lim (fun t => (a + b * t + c * (t * t)) * exp (p + q * t + r * (t * t))) x
    ((b + 2 * c * x + (a + b * x + c * (x * x)) * (q + 2 * r * x)) * exp (p + q * x + r * (x * x))).
Proof.
  exact (derivative_times_exp _ _ _ _ x (derivative_quadratic a b c x) (derivative_quadratic p q r x)).
Qed.

(** * The exponential *)

(** (1 + x) exp (- x) is largest at 0: its derivative is - x exp (- x). *)
Theorem one_plus_le_exp (x : R) : 1 + x <= exp x.
Proof.
  assert (H : (1 + 1 * x + 0 * (x * x)) * exp (0 + -1 * x + 0 * (x * x)) <= 1).
  { destruct (Rle_dec 0 x) as [ Hx | Hx ].
    - assert (Hmono := nondecreasing
        (fun t => (-1 + -1 * t + 0 * (t * t)) * exp (0 + -1 * t + 0 * (t * t))) _ 0 x Hx
        (fun t _ => derivative_quadratic_exp (-1) (-1) 0 0 (-1) 0 t)).
      assert (Hder : (-1 + -1 * 0 + 0 * (0 * 0)) * exp (0 + -1 * 0 + 0 * (0 * 0)) = -1).
      { replace (0 + -1 * 0 + 0 * (0 * 0)) with 0 by ring. rewrite exp_0. ring. }
      cbv beta in Hmono. rewrite Hder in Hmono.
      assert (Hpos : forall t, 0 <= t <= x -> 0 <= (-1 + 2 * 0 * t + (-1 + -1 * t + 0 * (t * t)) * (-1 + 2 * 0 * t))
        * exp (0 + -1 * t + 0 * (t * t))).
      { intros t Ht. apply Rmult_le_pos; [ lra | apply Rlt_le, exp_pos ]. }
      specialize (Hmono Hpos). lra.
    - assert (Hmono := nondecreasing
        (fun t => (1 + 1 * t + 0 * (t * t)) * exp (0 + -1 * t + 0 * (t * t))) _ x 0 ltac:(lra)
        (fun t _ => derivative_quadratic_exp 1 1 0 0 (-1) 0 t)).
      assert (Hder : (1 + 1 * 0 + 0 * (0 * 0)) * exp (0 + -1 * 0 + 0 * (0 * 0)) = 1).
      { replace (0 + -1 * 0 + 0 * (0 * 0)) with 0 by ring. rewrite exp_0. ring. }
      cbv beta in Hmono. rewrite Hder in Hmono. apply Hmono.
      intros t Ht. apply Rmult_le_pos; [ lra | apply Rlt_le, exp_pos ]. }
  replace (0 + -1 * x + 0 * (x * x)) with (- x) in H by ring.
  assert (Hprod : exp (- x) * exp x = 1) by (rewrite <- exp_plus, <- exp_0; f_equal; ring).
  assert (Hp := exp_pos x).
  replace (1 + x) with ((1 + 1 * x + 0 * (x * x)) * exp (- x) * exp x) by (rewrite Rmult_assoc, Hprod; ring).
  nra.
Qed.

Theorem exp_lt (x y : R) : x < y -> exp x < exp y.
Proof.
  intros H. replace y with (x + (y - x)) by ring. rewrite exp_plus.
  assert (H1 := one_plus_le_exp (y - x)). assert (H2 := exp_pos x). nra.
Qed.

Lemma exp_le (x y : R) : x <= y -> exp x <= exp y.
Proof. intros [ H | -> ]; [ apply Rlt_le, exp_lt, H | right; reflexivity ]. Qed.

Lemma exp_le_inverse (x y : R) : exp x <= exp y -> x <= y.
Proof. intros H. apply Rnot_lt_le. intros Hlt. apply exp_lt in Hlt. lra. Qed.

(** * The logarithm *)

Lemma log_exists (y : R) : 0 < y -> { x : R | exp x = y }.
Proof.
  intros Hy. assert (Hinv := Rinv_0_lt_compat y Hy).
  destruct (IVT_cor (fun x => exp x - y) (- / y) y) as [ x [ _ Hx ] ].
  - apply continuity_minus; [ apply derivable_continuous, derivable_exp | ].
    apply continuity_const. intros s t. reflexivity.
  - lra.
  - (* exp (- 1/y) <= y <= exp y *)
    assert (Hhigh := one_plus_le_exp y). assert (Hlow := one_plus_le_exp (/ y)).
    assert (Hprod : exp (- / y) * exp (/ y) = 1) by (rewrite <- exp_plus, <- exp_0; f_equal; ring).
    assert (Hp := exp_pos (- / y)). assert (Hone : / y * y = 1) by (field; lra).
    assert (exp (- / y) <= y) by nra. nra.
  - exists x. lra.
Qed.

(** The natural logarithm; 0 where there is none. *)
Definition log (y : R) : R :=
  match Rlt_dec 0 y with
  | left Hy => proj1_sig (log_exists y Hy)
  | right _ => 0
  end.

Theorem exp_log (y : R) : 0 < y -> exp (log y) = y.
Proof.
  intros Hy. unfold log. destruct (Rlt_dec 0 y) as [ H | H ]; [ exact (proj2_sig (log_exists y H)) | lra ].
Qed.

Lemma log_le_iff (x y : R) : 0 < y -> (log y <= x <-> y <= exp x).
Proof.
  intros Hy. rewrite <- (exp_log y Hy) at 2. split; [ apply exp_le | apply exp_le_inverse ].
Qed.

Lemma le_log_iff (x y : R) : 0 < y -> (x <= log y <-> exp x <= y).
Proof.
  intros Hy. rewrite <- (exp_log y Hy) at 2. split; [ apply exp_le | apply exp_le_inverse ].
Qed.

Lemma log_exp (x : R) : log (exp x) = x.
Proof.
  apply Rle_antisym; [ apply log_le_iff | apply le_log_iff ]; try apply exp_pos; right; reflexivity.
Qed.

Lemma log_mult (x y : R) : 0 < x -> 0 < y -> log (x * y) = log x + log y.
Proof. intros Hx Hy. rewrite <- (log_exp (log x + log y)), exp_plus, !exp_log; auto. Qed.

Lemma log_le_minus_1 (y : R) : 0 < y -> log y <= y - 1.
Proof. intros Hy. apply log_le_iff; [ exact Hy | ]. assert (H := one_plus_le_exp (y - 1)). lra. Qed.

Lemma log_nonneg (y : R) : 1 <= y -> 0 <= log y.
Proof. intros Hy. apply le_log_iff; [ lra | rewrite exp_0; exact Hy ]. Qed.

Print Assumptions nondecreasing.
Print Assumptions one_plus_le_exp.
Print Assumptions exp_log.
