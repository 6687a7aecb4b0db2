"""Every feature of random streams, read by the kernel and by the slow oracle."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskloom.intervals import SECOND
from riskloom.testing import generators, naive
from riskloom.testing.rows import events_table, normalise, spine_table
from riskloom.testing.samples import every_feature
from riskloom.windows import compute, visible

VIEWS = {
    "one key": every_feature(),
    "composite key": every_feature(keys=("user", "account")),
    "delayed": every_feature(delay="10s"),
    "odd keys": every_feature(keys=("flag", "seen"), windows=("1m",)),
}
STEADY = settings(derandomize=True, deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))


def differences(view, events, spine):
    found = compute(view, events_table(view, events), spine_table(view, spine)).to_pylist()
    rows = normalise(view, events)
    for row, values in zip(spine, found, strict=True):
        key = {name: row[name] for name in view.entity.key_columns}
        for feature in view.features:
            wanted, value = naive.feature_value(feature, rows, key, row["at"]), values[feature.name]
            if not agrees(value, wanted, naive.tolerance(feature, rows, key, row["at"])):
                yield row, feature.name, value, wanted


def agrees(found, wanted, tolerance):
    if isinstance(wanted, float) and isinstance(found, float):
        return found == wanted or abs(found - wanted) <= tolerance
    return type(found) is type(wanted) and found == wanted


@pytest.mark.parametrize("name", VIEWS)
def test_random_streams_agree(name):
    view = VIEWS[name]
    for seed in range(6):
        events = generators.random_events(view, seed, size=seed * 6)
        assert list(differences(view, events, generators.random_spine(view, seed, 6, events))) == []


def test_one_long_stream_agrees():
    view = every_feature(windows=("5m", "1d"))
    events = generators.random_events(view, 5, size=400)
    assert list(differences(view, events, generators.random_spine(view, 6, 3, events))) == []


def test_pairs_in_small_pieces_agree(monkeypatch):
    monkeypatch.setattr(visible, "PAIRS_AT_ONCE", 7)
    view = VIEWS["one key"]
    for seed in range(2):
        events = generators.random_events(view, seed, size=50)
        assert list(differences(view, events, generators.random_spine(view, seed, 10, events))) == []


SMALL = every_feature(windows=("1m",))


@STEADY
@given(generators.events(SMALL, max_size=15), generators.spines(SMALL, max_size=4))
def test_any_stream_agrees(events, spine):
    assert list(differences(SMALL, events, spine)) == []


@STEADY
@given(
    generators.events(SMALL, max_size=12), generators.events(SMALL, max_size=6), generators.spines(SMALL, max_size=3)
)
def test_what_cannot_be_known_yet_changes_nothing(events, later, spine):
    """Events at or after an instant, or available after it, may come, go or change."""
    for row in spine:
        unknown = [event for event in later if event["event_ts"] >= row["at"] or event["available_ts"] > row["at"]]
        known = [event for event in events if event["event_ts"] < row["at"] and event["available_ts"] <= row["at"]]
        renamed = [{**event, "event_id": f"new{place}"} for place, event in enumerate(unknown)]
        read = [
            compute(SMALL, events_table(SMALL, some), spine_table(SMALL, [row])) for some in (known, [*renamed, *known])
        ]
        assert read[0].equals(read[1])


@STEADY
@given(generators.events(SMALL, max_size=12), generators.spines(SMALL, max_size=4), st.randoms(use_true_random=False))
def test_order_of_the_input_does_not_matter(events, spine, random):
    whole = compute(SMALL, events_table(SMALL, events), spine_table(SMALL, spine))
    places = random.sample(range(len(spine)), len(spine))
    shuffled = random.sample(events, len(events))
    again = compute(SMALL, events_table(SMALL, shuffled), spine_table(SMALL, [spine[place] for place in places]))
    assert again.equals(whole.take(pa.array(places, pa.int64())))


def test_history_before_a_window_leaves_no_trace():
    """Values are equal bit for bit, with and without a past of other magnitude."""
    view = every_feature(windows=("5m",))
    recent = [
        {"user": "a", "event_ts": second * SECOND, "event_id": f"r{second}", "amount": 0.1 * second}
        for second in range(-50, 50)
    ]
    past = [{"user": "a", "event_ts": -(10**6 + n) * SECOND, "event_id": f"p{n}", "amount": 1e300} for n in range(37)]
    spine = spine_table(view, [{"user": "a", "at": 60 * SECOND}])
    assert compute(view, events_table(view, recent), spine).equals(
        compute(view, events_table(view, [*past, *recent]), spine)
    )
