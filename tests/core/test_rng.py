"""Streams: reproducible, independent of each other, common to all algorithms."""

from __future__ import annotations

import numpy as np
import pytest

from theorylab.core.rng import as_generator, child_seed, seed_of, streams

ROLES = ("environment", "agent", "instance")


def first(made):
    return [getattr(made, role).random() for role in ROLES]


@pytest.mark.parametrize("rng", [0, 7, np.int64(7), 2**70, np.random.SeedSequence(7, spawn_key=(3, 1))])
def test_the_same_argument_gives_the_same_streams(rng):
    draws = first(streams(rng))
    assert first(streams(rng)) == draws and len(set(draws)) == 3


def test_streams_lie_below_one_child_of_the_sequence():
    children = np.random.SeedSequence(5, spawn_key=(7_177_117,)).spawn(3)
    assert first(streams(5)) == [np.random.default_rng(child).random() for child in children]


def test_a_seed_sequence_is_not_changed():
    sequence = np.random.SeedSequence(1)
    streams(sequence)
    child_seed(sequence, 4)
    assert sequence.n_children_spawned == 0


def test_a_generator_gives_other_streams_at_each_call_and_keeps_its_own_position():
    rng = np.random.default_rng(1)
    one, two = first(streams(rng)), first(streams(rng))
    assert not set(one) & set(two)
    assert rng.random() == np.random.default_rng(1).random()
    again = np.random.default_rng(1)
    assert first(streams(again)) == one and first(streams(again)) == two


def test_the_recorded_seed_makes_the_streams_again():
    fresh = streams(None)
    assert first(streams(np.random.SeedSequence(**fresh.seed))) == first(fresh)
    assert streams(None).seed != fresh.seed


def test_the_seed_of_a_generator_counts_the_children_before():
    rng = np.random.default_rng(4)
    assert "children_before" not in streams(rng).seed
    assert streams(rng).seed["children_before"] == 3


def test_environments_do_not_depend_on_what_the_agent_draws():
    one, two = streams(9), streams(9)
    one.agent.random(1000)
    assert np.array_equal(one.environment.random(50), two.environment.random(50))


def test_child_seeds_do_not_depend_on_order_or_number():
    assert child_seed(3, 5).spawn_key == (5,)
    assert child_seed(child_seed(3, 5), 2).spawn_key == (5, 2)
    wanted = np.random.SeedSequence(3).spawn(6)[5].generate_state(4)
    assert np.array_equal(child_seed(3, 5).generate_state(4), wanted)


def test_as_generator_returns_a_generator_as_it_is():
    rng = np.random.default_rng(2)
    assert as_generator(rng) is rng
    assert as_generator(2).random() == np.random.default_rng(2).random()


def test_seed_of():
    assert seed_of(np.random.SeedSequence(8, spawn_key=(1,))) == {"entropy": 8, "spawn_key": (1,)}
    assert seed_of(12) == {"entropy": 12, "spawn_key": ()}


@pytest.mark.parametrize(
    ("rng", "error", "message"),
    [
        (1.0, TypeError, r"rng is 1\.0 of type float, expected an int >= 0, a SeedSequence, a Generator or None"),
        (True, TypeError, "rng is True of type bool"),
        ("7", TypeError, "rng is '7' of type str"),
        (np.random.RandomState(1), TypeError, "of type RandomState"),
        (-1, ValueError, "rng is -1, expected an int >= 0"),
    ],
)
def test_bad_input_is_named(rng, error, message):
    for use in (streams, as_generator, seed_of, lambda r: child_seed(r, 0)):
        with pytest.raises(error, match=message):
            use(rng)


def test_a_model_and_a_run_made_from_the_same_seed_share_no_stream():
    children = [np.random.default_rng(child).random(3).tolist() for child in np.random.SeedSequence(0).spawn(20)]
    found = streams(0)
    for generator in (found.environment, found.agent, found.instance):
        assert generator.random(3).tolist() not in [*children, np.random.default_rng(0).random(3).tolist()]
