"""A log replayed by a virtual clock: what is read online is what the oracle computes of what is known by then."""

from __future__ import annotations

import random

import pytest

from tests.library.store.replayed import Replay

pytestmark = pytest.mark.feast


def replay(shop, seed, wanted):
    replayed = Replay(shop, random.Random(seed))
    while replayed.compared < wanted:
        for _ in range(4):
            replayed.step()
        replayed.read()
    return replayed


def test_online_values_are_the_oracles_through_batch_push_and_read(make_shop):
    replayed = replay(make_shop(), 1, 20_000)
    # Each way of answering a push was met, and what found no room was said to lack.
    assert min(replayed.statuses[name] for name in ("accepted", "repeated", "too_old", "recent_full", "no_key")) > 0
    assert replayed.saturated > 0
    assert replayed.batches > 5


@pytest.mark.slow
def test_a_hundred_thousand_online_values_are_the_oracles(make_shop):
    assert sum(replay(make_shop(), seed, 25_000).compared for seed in range(2, 6)) >= 100_000
