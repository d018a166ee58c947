(** Ville's inequality and the false-alarm guarantee of the change detector for two symbols.

    Setting. x_1, x_2, ... are independent, each 1 with probability mu and 0 otherwise; mu in [0, 1] is any number and
    is unknown to the detector. P_mu is the likelihood, L the Laplace mixture (laplace_mixture.v), P_max the likelihood
    at the frequency of ones. Lists hold the latest symbol first. log is the natural logarithm.

    Proved here, for every horizon N:
    (1) Ville's inequality: if M >= 0 is a supermartingale with M = 1 at the start, then
        c P(M >= c at some n <= N) <= 1                                                          [ville]
    (2) a rule that fires at time n only if for some 1 <= s <= n
            P_mu(x_1..x_n) <= delta/(s (s + 1)) L(x_1..x_s) L(x_s+1..x_n)
        fires at some n <= N with probability at most delta                                      [mixture_alarms]
    (3) so does the mixture rule: fire at time n if for some 1 <= s < n
            log L(x_1..x_s) + log L(x_s+1..x_n) - log L(x_1..x_n) > log((n + 1) s (s + 1)/delta) [mixture_false_alarms]
    (4) P_mu(x) <= P_max(x) for every mu in [0, 1], so P_max is the maximised likelihood         [likelihood_le_maximum]
    (5) and so does the generalised likelihood ratio: fire at time n if for some 1 <= s < n
            log P_max(x_1..x_s) + log P_max(x_s+1..x_n) - log P_max(x_1..x_n)
              > log((s + 1) (n - s + 1) s (s + 1)/delta)                                         [glr_false_alarms]

    Where it is used: the provable default threshold of the change detector, in both forms, and the rule of the
    restarted Bayesian detector with the same prior weight, for two symbols.

    How: sequences are weighted by the mixture over s of L(x_1..x_s) L(x_s+1..x_n) instead of P_mu, so that no
    likelihood is divided by and mu = 0 and mu = 1 are included.

    What is not said here: data in [0, 1] that are not 0 or 1; more than two symbols; that the statistic in (5) is
    s kl + (n - s) kl; the limit N to infinity (the bound does not depend on N); floating point; that the code computes
    these statistics. *)

From Coq Require Import Reals Lra Lia List Bool.
Require Import counting_tools false_alarms exp_log_tools laplace_mixture.
Import ListNotations.
Open Scope R_scope.

(** * Events along the way *)

(** The test was met at some time up to now, time 0 included. *)
Fixpoint ever (test : list bool -> bool) (x : list bool) : bool :=
  match x with
  | [] => test []
  | _ :: past => test x || ever test past
  end.

Lemma ever_now (test : list bool -> bool) (x : list bool) : test x = true -> ever test x = true.
Proof. destruct x as [ | b x ]; cbn [ever]; intros ->; reflexivity. Qed.

Lemma ever_before (test : list bool -> bool) (y x : list bool) : ever test x = true -> ever test (y ++ x) = true.
Proof.
  intros H. induction y as [ | b y IH ]; [ exact H | ]. cbn [app ever]. rewrite IH. apply orb_true_r.
Qed.

Section Draws.

Variable mu : R.
Hypothesis mu_range : 0 <= mu <= 1.

Local Notation P := (likelihood mu).

(** The draws after x: expectation with the earliest of them taken first. *)
Lemma E_first (n : nat) (f : list bool -> R) :
  E mu (S n) f = mu * E mu n (fun y => f (y ++ [true])) + (1 - mu) * E mu n (fun y => f (y ++ [false])).
Proof.
  rewrite <- Nat.add_1_r, E_blocks, <- !E_scale, <- E_add. reflexivity.
Qed.

(** Change of measure. Q is another distribution on sequences (or less); where the test is met, c P <= Q. Stopping at
    the first such time, the sequences where it happens have together at most the mass Q [] under Q. *)
Lemma stopped_mass (test : list bool -> bool) (Q : list bool -> R) (c : R) :
  0 <= c -> (forall x, 0 <= Q x) -> (forall x, Q (true :: x) + Q (false :: x) <= Q x) ->
  (forall x, test x = true -> c * P x <= Q x) ->
  forall n x, c * (P x * E mu n (fun y => indicator (ever test (y ++ x)))) <= Q x
              \/ (exists z past, x = z :: past /\ ever test past = true).
Proof.
  intros Hc HQ Hsplit Htest. induction n as [ | n IH ]; intros x;
    (destruct (test x) eqn:Hx; [ left | ]).
  - simpl. rewrite (ever_now _ _ Hx). simpl. rewrite Rmult_1_r. apply Htest, Hx.
  - destruct x as [ | z past ]; [ left; simpl; rewrite Hx; simpl; rewrite !Rmult_0_r; apply HQ | ].
    destruct (ever test past) eqn:Hpast; [ right; exists z, past; auto | left ].
    cbn [E app ever]. rewrite Hx, Hpast. simpl. rewrite !Rmult_0_r. apply HQ.
  - rewrite (E_ext mu mu_range (S n) _ (fun _ => 1)), E_const, Rmult_1_r; [ apply Htest, Hx | ].
    intros y _. rewrite (ever_before _ _ _ (ever_now _ _ Hx)). reflexivity.
  - assert (Hever : ever test x = false -> c * (P x * E mu (S n) (fun y => indicator (ever test (y ++ x)))) <= Q x).
    { intros Hnot. rewrite E_first.
      rewrite (E_ext mu mu_range n (fun y => indicator (ever test ((y ++ [true]) ++ x)))
        (fun y => indicator (ever test (y ++ true :: x)))) by (intros; rewrite <- app_assoc; reflexivity).
      rewrite (E_ext mu mu_range n (fun y => indicator (ever test ((y ++ [false]) ++ x)))
        (fun y => indicator (ever test (y ++ false :: x)))) by (intros; rewrite <- app_assoc; reflexivity).
      destruct (IH (true :: x)) as [ H1 | (z & past & E1 & E2) ]; [ | injection E1; intros; subst; congruence ].
      destruct (IH (false :: x)) as [ H0 | (z & past & E1 & E2) ]; [ | injection E1; intros; subst; congruence ].
      rewrite likelihood_true in H1. rewrite likelihood_false in H0. assert (H := Hsplit x). lra. }
    destruct x as [ | z past ]; [ left; apply Hever; exact Hx | ].
    destruct (ever test past) eqn:Hpast; [ right; exists z, past; auto | left; apply Hever ].
    cbn [ever]. rewrite Hx, Hpast. reflexivity.
Qed.

Lemma change_of_measure (test : list bool -> bool) (Q : list bool -> R) (c : R) (N : nat) :
  0 <= c -> (forall x, 0 <= Q x) -> (forall x, Q (true :: x) + Q (false :: x) <= Q x) ->
  (forall x, test x = true -> c * P x <= Q x) ->
  c * E mu N (fun x => indicator (ever test x)) <= Q [].
Proof.
  intros Hc HQ Hsplit Htest.
  destruct (stopped_mass test Q c Hc HQ Hsplit Htest N []) as [ H | (z & past & E1 & _) ]; [ | discriminate E1 ].
  rewrite likelihood_nil, Rmult_1_l in H.
  rewrite (E_ext mu mu_range N _ (fun y => indicator (ever test (y ++ [])))); [ exact H | ].
  intros y _. rewrite app_nil_r. reflexivity.
Qed.

(** M >= c now. *)
Definition reaches (M : list bool -> R) (c : R) (x : list bool) : bool := if Rle_dec c (M x) then true else false.

(** Ville's inequality. *)
Theorem ville (M : list bool -> R) (c : R) (N : nat) :
  0 <= c -> (forall x, 0 <= M x) ->
  (forall x, mu * M (true :: x) + (1 - mu) * M (false :: x) <= M x) -> M [] = 1 ->
  c * E mu N (fun x => indicator (ever (reaches M c) x)) <= 1.
Proof.
  intros Hc HM Hsuper Hstart.
  replace 1 with (P [] * M []) by (rewrite likelihood_nil, Hstart; ring).
  apply (change_of_measure (reaches M c) (fun x => P x * M x) c N Hc).
  - intros x. apply Rmult_le_pos; [ apply likelihood_nonneg, mu_range | apply HM ].
  - intros x. rewrite likelihood_true, likelihood_false.
    assert (H := Hsuper x). assert (HP := likelihood_nonneg mu mu_range x). nra.
  - intros x. unfold reaches. destruct (Rle_dec c (M x)) as [ H | H ]; [ intros _ | discriminate ].
    assert (HP := likelihood_nonneg mu mu_range x). nra.
Qed.

(** * Alarms *)

Variable delta : R.
Hypothesis delta_pos : 0 < delta.

(** The mixture over s with the weights 1/(s (s + 1)), s = 1, ..., N. *)
Definition Q (N : nat) (x : list bool) : R :=
  sum_over (fun s => 1 / (INR s * (INR s + 1)) * Lsplit s x) (seq 1 N).

Lemma in_seq_pos (s N : nat) : In s (seq 1 N) -> 0 < 1 / (INR s * (INR s + 1)).
Proof.
  intros H. apply in_seq in H. assert (Hs : 0 < INR s) by (apply lt_0_INR; lia).
  apply Rdiv_lt_0_compat; [ lra | apply Rmult_lt_0_compat; lra ].
Qed.

Lemma Q_term_pos (N s : nat) (x : list bool) : In s (seq 1 N) -> 0 < 1 / (INR s * (INR s + 1)) * Lsplit s x.
Proof. intros H. apply Rmult_lt_0_compat; [ apply (in_seq_pos s N H) | apply Lsplit_pos ]. Qed.

Lemma Q_nonneg (N : nat) (x : list bool) : 0 <= Q N x.
Proof.
  replace 0 with (sum_over (fun _ => 0) (seq 1 N)) by (rewrite sum_over_const; ring).
  apply sum_over_le. intros s Hs. apply Rlt_le, (Q_term_pos N s x Hs).
Qed.

Lemma Q_splits (N : nat) (x : list bool) : Q N (true :: x) + Q N (false :: x) = Q N x.
Proof.
  unfold Q. rewrite <- sum_over_add. apply sum_over_ext. intros s _. rewrite <- (Lsplit_splits s x). ring.
Qed.

Lemma Q_nil (N : nat) : Q N [] = 1 - 1 / (INR N + 1).
Proof.
  unfold Q. rewrite (sum_over_ext _ (fun s => 1 / (INR s * (INR s + 1)))) by (intros; rewrite Lsplit_nil; ring).
  induction N as [ | N IH ]; [ simpl; field | ].
  rewrite seq_S, sum_over_app, IH. cbn [sum_over]. replace (1 + N)%nat with (S N) by lia.
  rewrite S_INR. assert (H := pos_INR N). field. lra.
Qed.

Lemma Q_ge_term (N s : nat) (x : list bool) :
  In s (seq 1 N) -> 1 / (INR s * (INR s + 1)) * Lsplit s x <= Q N x.
Proof.
  unfold Q. assert (Hpos := fun j => Q_term_pos N j x).
  induction (seq 1 N) as [ | j l IH ]; [ intros [] | ]. cbn [sum_over].
  assert (Hj := Hpos j (or_introl eq_refl)).
  assert (Hrest : 0 <= sum_over (fun i => 1 / (INR i * (INR i + 1)) * Lsplit i x) l).
  { replace 0 with (sum_over (fun _ => 0) l) by (rewrite sum_over_const; ring).
    apply sum_over_le. intros i Hi. apply Rlt_le, Hpos. right. exact Hi. }
  intros [ -> | Hin ]; [ lra | ].
  assert (IH' := IH (fun i Hi => Hpos i (or_intror Hi)) Hin). lra.
Qed.

(** A rule that fires only where the likelihood is small against one term of the mixture. *)
Definition only_where_small (rule : list bool -> bool) : Prop :=
  forall x, rule x = true ->
  exists s, (1 <= s <= length x)%nat /\ P x <= delta / (INR s * (INR s + 1)) * Lsplit s x.

(** A rule does not look beyond the horizon. *)
Lemma ever_up_to (rule : list bool -> bool) (N : nat) (x : list bool) :
  (length x <= N)%nat -> ever (fun z => (length z <=? N)%nat && rule z) x = ever rule x.
Proof.
  induction x as [ | b x IH ]; intros H; cbn [ever]; rewrite (proj2 (Nat.leb_le _ _) H); [ reflexivity | ].
  rewrite IH by (cbn [length] in H; lia). reflexivity.
Qed.

Lemma alarms_up_to (rule : list bool -> bool) (N : nat) :
  only_where_small rule -> E mu N (fun x => indicator (ever rule x)) <= delta.
Proof.
  intros Hrule. set (cut := fun z => (length z <=? N)%nat && rule z).
  rewrite (E_ext mu mu_range N _ (fun x => indicator (ever cut x)))
    by (intros x Hx; unfold cut; rewrite ever_up_to by lia; reflexivity).
  assert (Hc : 0 < 1 / delta) by (apply Rdiv_lt_0_compat; lra).
  assert (Hsmall : forall x, cut x = true -> 1 / delta * P x <= Q N x).
  { intros x Hx. apply andb_true_iff in Hx. destruct Hx as [ HN Hx ]. apply Nat.leb_le in HN.
    destruct (Hrule x Hx) as (s & Hs & Hle).
    assert (Hin : In s (seq 1 N)) by (apply in_seq; lia).
    assert (Hs0 : 0 < INR s) by (apply lt_0_INR; lia).
    eapply Rle_trans; [ | apply (Q_ge_term N s x Hin) ].
    apply Rmult_le_reg_l with delta; [ exact delta_pos | ].
    replace (delta * (1 / delta * P x)) with (P x) by (field; lra).
    eapply Rle_trans; [ exact Hle | right; field; lra ]. }
  assert (H := change_of_measure cut (Q N) (1 / delta) N
    (Rlt_le _ _ Hc) (Q_nonneg N) (fun x => Req_le _ _ (Q_splits N x)) Hsmall).
  rewrite Q_nil in H.
  assert (HN : 0 < 1 / (INR N + 1)) by (apply Rdiv_lt_0_compat; [ lra | assert (K := pos_INR N); lra ]).
  apply Rmult_le_reg_l with (1 / delta); [ exact Hc | ]. replace (1 / delta * delta) with 1 by (field; lra). lra.
Qed.

End Draws.

Theorem mixture_alarms (mu delta : R) (rule : list bool -> bool) (N : nat) :
  0 <= mu <= 1 -> 0 < delta -> only_where_small mu delta rule ->
  E mu N (fun x => indicator (ever rule x)) <= delta.
Proof. intros Hmu Hdelta Hrule. apply alarms_up_to; assumption. Qed.

(** * The mixture rule *)

Lemma log_statistic (t x y z : R) :
  0 < t -> 0 < x -> 0 < y -> 0 < z -> log t < log x + log y - log z -> t * z < x * y.
Proof.
  intros Ht Hx Hy Hz H.
  rewrite <- (exp_log t Ht), <- (exp_log x Hx), <- (exp_log y Hy), <- (exp_log z Hz), <- !exp_plus.
  apply exp_lt. lra.
Qed.

(** The first s symbols, and those after them. *)
Definition first (s : nat) (x : list bool) : list bool := skipn (length x - s) x.
Definition rest (s : nat) (x : list bool) : list bool := firstn (length x - s) x.

Definition mixture_fires (delta : R) (x : list bool) (s : nat) : bool :=
  if Rlt_dec (log ((INR (length x) + 1) * (INR s * (INR s + 1)) / delta))
             (log (Lx (first s x)) + log (Lx (rest s x)) - log (Lx x)) then true else false.

Definition mixture_rule (delta : R) (x : list bool) : bool := existsb (mixture_fires delta x) (seq 1 (length x - 1)).

Theorem mixture_false_alarms (mu delta : R) (N : nat) :
  0 <= mu <= 1 -> 0 < delta -> E mu N (fun x => indicator (ever (mixture_rule delta) x)) <= delta.
Proof.
  intros Hmu Hdelta. apply mixture_alarms; [ assumption | assumption | ].
  intros x H. apply existsb_exists in H. destruct H as (s & Hs & H). apply in_seq in Hs.
  exists s. split; [ lia | ]. unfold mixture_fires in H.
  destruct (Rlt_dec _ _) as [ Hlog | ] in H; [ clear H | discriminate H ].
  assert (Hs0 : 0 < INR s) by (apply lt_0_INR; lia). assert (N0 := pos_INR (length x)).
  assert (HA : 0 < (INR (length x) + 1) * (INR s * (INR s + 1))) by (repeat apply Rmult_lt_0_compat; lra).
  apply log_statistic in Hlog; try apply Lx_pos; [ | apply Rdiv_lt_0_compat; lra ].
  change (Lx (first s x) * Lx (rest s x)) with (Lsplit s x) in Hlog.
  assert (HP := likelihood_le mu Hmu x). fold (Lx x) in HP.
  apply Rle_trans with (delta / (INR s * (INR s + 1))
    * ((INR (length x) + 1) * (INR s * (INR s + 1)) / delta * Lx x)).
  - eapply Rle_trans; [ exact HP | right; field; lra ].
  - apply Rmult_le_compat_l; [ | lra ]. apply Rlt_le, Rdiv_lt_0_compat; [ lra | apply Rmult_lt_0_compat; lra ].
Qed.

(** * The generalised likelihood ratio *)

Definition frequency (x : list bool) : R := INR (ones x) / INR (length x).

Definition maximum (x : list bool) : R := likelihood (frequency x) x.

Lemma pow_le_exp (u : R) (n : nat) : 0 <= u -> u ^ n <= exp (INR n * (u - 1)).
Proof.
  intros Hu. assert (H := one_plus_le_exp (u - 1)). induction n as [ | n IH ].
  - simpl. rewrite Rmult_0_l, exp_0. lra.
  - rewrite S_INR. replace ((INR n + 1) * (u - 1)) with ((u - 1) + INR n * (u - 1)) by ring.
    rewrite exp_plus. cbn [pow]. apply Rmult_le_compat; [ exact Hu | apply pow_le, Hu | lra | exact IH ].
Qed.

Lemma frequency_range (x : list bool) : (0 < length x)%nat -> 0 <= frequency x <= 1.
Proof.
  intros Hn. apply lt_0_INR in Hn. assert (Ha := pos_INR (ones x)). assert (Hle := le_INR _ _ (ones_le_length x)).
  unfold frequency. split.
  - apply Rmult_le_pos; [ exact Ha | apply Rlt_le, Rinv_0_lt_compat, Hn ].
  - apply Rmult_le_reg_r with (INR (length x)); [ exact Hn | ].
    replace (INR (ones x) / INR (length x) * INR (length x)) with (INR (ones x)) by (field; lra). lra.
Qed.

(** With u = mu/frequency and v = (1 - mu)/(1 - frequency): u^a v^b <= exp(a (u - 1) + b (v - 1)) = 1. *)
Theorem likelihood_le_maximum (mu : R) (x : list bool) : 0 <= mu <= 1 -> likelihood mu x <= maximum x.
Proof.
  intros Hmu. unfold maximum, likelihood.
  assert (Hsum := f_equal INR (ones_zeros x)). rewrite plus_INR in Hsum. unfold frequency. rewrite <- Hsum.
  destruct (Nat.eq_dec (ones x) 0) as [ Ha | Ha ]; [ | destruct (Nat.eq_dec (zeros x) 0) as [ Hb | Hb ] ].
  - rewrite Ha. simpl INR. replace (1 - 0 / (0 + INR (zeros x))) with 1 by (unfold Rdiv; ring).
    rewrite pow1. simpl. assert (H := pow_incr (1 - mu) 1 (zeros x) ltac:(lra)). rewrite pow1 in H. lra.
  - rewrite Hb. assert (Hp : 0 < INR (ones x)) by (apply lt_0_INR; lia). simpl (INR 0).
    replace (INR (ones x) / (INR (ones x) + 0)) with 1 by (field; lra).
    rewrite pow1. simpl. assert (H := pow_incr mu 1 (ones x) ltac:(lra)). rewrite pow1 in H. lra.
  - assert (Hp : 0 < INR (ones x)) by (apply lt_0_INR; lia). assert (Hq : 0 < INR (zeros x)) by (apply lt_0_INR; lia).
    set (a := INR (ones x)) in *. set (b := INR (zeros x)) in *.
    assert (Hf : 0 < a / (a + b)) by (apply Rdiv_lt_0_compat; lra).
    assert (Hf' : 0 < b / (a + b)) by (apply Rdiv_lt_0_compat; lra).
    replace (1 - a / (a + b)) with (b / (a + b)) by (field; lra).
    set (u := mu / (a / (a + b))). set (v := (1 - mu) / (b / (a + b))).
    assert (Hu : 0 <= u) by (apply Rmult_le_pos; [ lra | apply Rlt_le, Rinv_0_lt_compat, Hf ]).
    assert (Hv : 0 <= v) by (apply Rmult_le_pos; [ lra | apply Rlt_le, Rinv_0_lt_compat, Hf' ]).
    replace (1 - mu) with (b / (a + b) * v) by (unfold v; field; lra).
    replace mu with (a / (a + b) * u) by (unfold u; field; lra).
    rewrite !Rpow_mult_distr.
    assert (Huv : u ^ ones x * v ^ zeros x <= 1).
    { apply Rle_trans with (exp (a * (u - 1)) * exp (b * (v - 1))).
      - apply Rmult_le_compat; [ apply pow_le, Hu | apply pow_le, Hv | apply pow_le_exp, Hu | apply pow_le_exp, Hv ].
      - rewrite <- exp_plus. right. transitivity (exp 0); [ f_equal; unfold u, v; field; lra | apply exp_0 ]. }
    assert (Hmax : 0 <= (a / (a + b)) ^ ones x * (b / (a + b)) ^ zeros x)
      by (apply Rmult_le_pos; apply pow_le; lra).
    replace ((a / (a + b)) ^ ones x * u ^ ones x * ((b / (a + b)) ^ zeros x * v ^ zeros x))
      with ((a / (a + b)) ^ ones x * (b / (a + b)) ^ zeros x * (u ^ ones x * v ^ zeros x)) by ring.
    nra.
Qed.

Lemma maximum_pos (x : list bool) : 0 < maximum x.
Proof.
  (* it is at least the likelihood at 1/2 *)
  eapply Rlt_le_trans; [ | apply (likelihood_le_maximum (1 / 2)); lra ].
  apply Rmult_lt_0_compat; apply pow_lt; lra.
Qed.

(** The bound of the mixture at mu = frequency. *)
Lemma maximum_le (x : list bool) : maximum x <= (INR (length x) + 1) * Lx x.
Proof.
  destruct x as [ | b x ]; [ unfold maximum; rewrite likelihood_nil, Lx_nil; simpl; lra | ].
  apply likelihood_le. apply frequency_range. simpl. lia.
Qed.

Definition glr_fires (delta : R) (x : list bool) (s : nat) : bool :=
  if Rlt_dec (log ((INR s + 1) * (INR (length x - s) + 1) * (INR s * (INR s + 1)) / delta))
             (log (maximum (first s x)) + log (maximum (rest s x)) - log (maximum x)) then true else false.

Definition glr_rule (delta : R) (x : list bool) : bool := existsb (glr_fires delta x) (seq 1 (length x - 1)).

Theorem glr_false_alarms (mu delta : R) (N : nat) :
  0 <= mu <= 1 -> 0 < delta -> E mu N (fun x => indicator (ever (glr_rule delta) x)) <= delta.
Proof.
  intros Hmu Hdelta. apply mixture_alarms; [ assumption | assumption | ].
  intros x H. apply existsb_exists in H. destruct H as (s & Hs & H). apply in_seq in Hs.
  exists s. split; [ lia | ]. unfold glr_fires in H.
  destruct (Rlt_dec _ _) as [ Hlog | ] in H; [ clear H | discriminate H ].
  assert (Hs0 : 0 < INR s) by (apply lt_0_INR; lia). assert (N0 := pos_INR (length x - s)).
  set (c := (INR s + 1) * (INR (length x - s) + 1)).
  assert (Hc : 0 < c) by (apply Rmult_lt_0_compat; lra).
  assert (Hss : 0 < INR s * (INR s + 1)) by (apply Rmult_lt_0_compat; lra).
  assert (Hd : 0 < delta / (c * (INR s * (INR s + 1)))).
  { apply Rdiv_lt_0_compat; [ lra | apply Rmult_lt_0_compat; lra ]. }
  fold c in Hlog. apply log_statistic in Hlog; try apply maximum_pos;
    [ | apply Rdiv_lt_0_compat; [ apply Rmult_lt_0_compat; assumption | lra ] ].
  assert (H1 := maximum_le (first s x)). assert (H2 := maximum_le (rest s x)).
  unfold first at 2 in H1. rewrite skipn_length in H1. replace (length x - (length x - s))%nat with s in H1 by lia.
  unfold rest at 2 in H2. rewrite firstn_length, Nat.min_l in H2 by lia.
  assert (Hboth : maximum (first s x) * maximum (rest s x) <= c * Lsplit s x).
  { replace (c * Lsplit s x) with ((INR s + 1) * Lx (first s x) * ((INR (length x - s) + 1) * Lx (rest s x)))
      by (unfold c, Lsplit, first, rest; ring).
    apply Rmult_le_compat; [ apply Rlt_le, maximum_pos | apply Rlt_le, maximum_pos | exact H1 | exact H2 ]. }
  eapply Rle_trans; [ apply likelihood_le_maximum, Hmu | ].
  replace (maximum x) with (delta / (c * (INR s * (INR s + 1))) * (c * (INR s * (INR s + 1)) / delta * maximum x))
    by (field; lra).
  replace (delta / (INR s * (INR s + 1)) * Lsplit s x)
    with (delta / (c * (INR s * (INR s + 1))) * (c * Lsplit s x)) by (field; lra).
  apply Rmult_le_compat_l; lra.
Qed.

Print Assumptions ville.
Print Assumptions mixture_alarms.
Print Assumptions mixture_false_alarms.
Print Assumptions likelihood_le_maximum.
Print Assumptions glr_false_alarms.
