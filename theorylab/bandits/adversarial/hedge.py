r"""Hedge: exponential weights on losses that are all seen.

Setting      N experts (arms) with losses in [0, 1]; in each round the learner chooses a distribution, suffers its mean
             loss and then sees all losses; sure regret against the best expert [freund1997decision].
Algorithm    $p_{t,i} \propto e^{-\eta_t L_{t-1,i}}$, $L$ the cumulative losses; $\eta_t = \sqrt{8 \ln N / T}$
             (``form="fixed"``) or $\sqrt{8 \ln N / t}$ (``form="anytime"``, t = 1, 2, ...).
Guarantee    On every table of losses ``fixed``: $\sum_t \langle p_t, \ell_t \rangle - \min_i L_{T,i} \le
             \sqrt{T \ln N / 2}$ (derived here, see :func:`hedge`); ``anytime``: for every t at most
             $2 \sqrt{t \ln N / 2} + \sqrt{\ln N / 8}$ (recalled) [cesabianchi2006prediction, Theorem 2.3].
Deviations   An arm is drawn from $p_t$ as well, so that the record has the pulls and the realised regret of one player;
             the theorems speak of the mixture, ``extra["mixture_regret"]``.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.models import AdversarialBandit
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["FORMS", "hedge", "rate"]

FORMS = ("fixed", "anytime")
FIXED, ANYTIME = 0, 1


def _hedge(world, memory, log, horizon, form, eta, losses, law, mixture, probabilities, environment, agent):
    """One run; ``losses`` are cumulative, ``mixture`` (C,) gets the mean loss of the distributions up to log.times."""
    n_arms = losses.shape[0]
    means, times = world.means, log.times
    suffered, at = 0.0, 0
    for t in range(horizon):
        now = eta / math.sqrt(t + 1.0) if form == ANYTIME else eta
        least, total = math.inf, 0.0
        for i in range(n_arms):
            least = min(least, losses[i])
        for i in range(n_arms):
            law[i] = math.exp(-now * (losses[i] - least))
            total += law[i]
        for i in range(n_arms):
            law[i] /= total
            if t < probabilities.shape[0]:
                probabilities[t, i] = law[i]
        left, arm = agent.random(), 0
        passed = law[0]
        while left >= passed and arm < n_arms - 1:
            arm += 1
            passed += law[arm]
        while law[arm] == 0.0:  # rounding of the sum led to an arm of no weight
            arm -= 1
        step_kernel(world, memory, log, arm, environment.random())
        for i in range(n_arms):
            loss = 1.0 - means[t, i]
            suffered += law[i] * loss
            losses[i] += loss
        if t + 1 == times[at]:
            mixture[at] = suffered
            at = min(at + 1, times.shape[0] - 1)


hedge_kernel = kernel(_hedge)


def rate(form: str, n_arms: int, horizon: int) -> float:
    r"""$\eta$ of the form "fixed"; of "anytime" the numerator of $\eta_t = \eta / \sqrt t$.

    Examples
    --------
    >>> round(rate("fixed", 2, 100), 6), round(rate("anytime", 2, 100), 6)
    (0.235482, 2.35482)
    """
    return math.sqrt(8.0 * math.log(n_arms) / (horizon if form == "fixed" else 1.0))


def hedge(
    bandit: AdversarialBandit,
    horizon: int,
    *,
    form: str = "fixed",
    eta: float | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run Hedge for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        An :class:`AdversarialBandit` with ``feedback="full"``.
    horizon
        T, at most the length of the table.
    form
        "fixed" (tuned to T) or "anytime".
    eta
        Rate instead of the form's own ("anytime": the numerator); no theorem is claimed then.
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms, rewards and probabilities of every round.
    rng
        An int, ``SeedSequence`` or ``Generator``; it decides the arms drawn and nothing else.

    Returns
    -------
    BanditRun
        ``regret`` is that of the arms drawn; ``extra["mixture_regret"]`` (C,) that of the distributions, which the
        theorems bound. With ``trace=True`` also ``trace["probabilities"]`` (T, N).

    Raises
    ------
    TypeError, ValueError
        If the bandit is no table of losses with full feedback, or another argument is out of range.

    Notes
    -----
    With $W_t = \sum_i e^{-\eta L_{t-1,i}}$ Hoeffding's lemma gives $\ln(W_{t+1}/W_t) \le -\eta \langle p_t, \ell_t
    \rangle + \eta^2/8$; summed from $W_1 = N$ to $W_{T+1} \ge e^{-\eta L_{T,i}}$ it is
    $R_T \le \ln N / \eta + \eta T / 8$.

    Examples
    --------
    >>> table = AdversarialBandit([[0.0, 1.0], [1.0, 0.0]] * 50, feedback="full")
    >>> run = hedge(table, 100, rng=1)
    >>> round(float(run.extra["mixture_regret"][-1]), 4), run.theorems_algorithm
    (2.93, True)
    """
    validate.choice("form", form, FORMS)
    if not isinstance(bandit, AdversarialBandit):
        raise TypeError(f"bandit is {bandit!r}, expected an AdversarialBandit with feedback 'full'")
    if bandit.feedback != "full":
        raise ValueError(f"bandit has feedback {bandit.feedback!r}, expected 'full': Hedge sees the losses of all arms")
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    used = rate(form, setup.n_arms, setup.horizon)
    if eta is not None:
        used = validate.number("eta", eta, low=0.0, high=1e6)
    probabilities, mixture = setup.traced(setup.n_arms), np.zeros(len(setup.log.times))
    hedge_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        FORMS.index(form),
        used,
        setup.work(),
        setup.work(),
        mixture,
        probabilities,
        setup.environment,
        setup.agent,
    )
    times = setup.log.times
    return finish(
        setup,
        "hedge",
        {"form": form, "eta": used},
        theorem=eta is None,
        trace={"probabilities": probabilities},
        extra={"mixture_regret": mixture - (times - bandit.benchmark(times))},
    )
