"""The random streams hold what they promise, and are the same each time."""

from __future__ import annotations

from collections import Counter

from riskloom.testing import generators
from riskloom.testing.rows import normalise
from riskloom.testing.samples import every_feature

VIEW = every_feature(keys=("user", "account"), delay="10s")


def streams():
    return [generators.random_events(VIEW, seed, 100) for seed in range(8)]


def test_a_seed_names_a_stream():
    assert repr(streams()) == repr(streams())
    events = streams()[0]
    assert generators.random_spine(VIEW, 1, 20, events) == generators.random_spine(VIEW, 1, 20, events)


def test_the_hard_cases_are_there():
    events = [event for stream in streams() for event in stream]
    times = Counter(event["event_ts"] for event in events)
    assert times.most_common(1)[0][1] > 1
    assert min(times) < 0
    assert {event["user"] for event in events} >= {"1", "11", "", None}
    assert any(event["amount"] != event["amount"] for event in events)
    assert any(event["available_ts"] > event["event_ts"] + 10_000_000 for event in events)
    assert all(event["available_ts"] >= event["event_ts"] + 10_000_000 for event in events)


def test_events_may_all_be_on_time():
    on_time = generators.random_events(VIEW, 1, 50, late=False)
    assert all(row["available_ts"] == row["event_ts"] + 10_000_000 for row in normalise(VIEW, on_time))
