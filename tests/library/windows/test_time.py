"""Where a window starts and ends, and what may be seen of it."""

from __future__ import annotations

from riskloom import Entity, EventSource, FeatureView, aggregate
from riskloom.intervals import MINUTE, SECOND
from riskloom.testing.rows import events_table, spine_table
from riskloom.windows import compute

USER = Entity.of("user", user="string")


def counts(aggregation, events, at, **source):
    columns = {"user": "string", "kind": "string", "reported": "timestamp"}
    declared = EventSource(name="events", files="*.log", transform="events:to_events", columns=columns, **source)
    view = FeatureView(name="v", entity=USER, source=declared, aggregations=(aggregation,))
    rows = [{"user": "a", **(event if isinstance(event, dict) else {"event_ts": event})} for event in events]
    spine = spine_table(view, [{"user": "a", "at": instant} for instant in at])
    return compute(view, events_table(view, rows), spine).column(0).to_pylist()


def test_the_event_at_the_instant_and_its_ties_are_out():
    assert counts(aggregate.count(windows=("1m",)), [10, 10, 9], [9, 10, 11]) == [0, 1, 3]


def test_the_start_is_rounded_down_to_the_hop():
    at = [60 * SECOND, 60 * SECOND + 1, 61 * SECOND - 1, 61 * SECOND]
    assert counts(aggregate.count(windows=("1m",)), [0], at) == [1, 1, 1, 0]
    assert counts(aggregate.count(windows=("1m",), hop="1us"), [0], at) == [1, 0, 0, 0]


def test_the_start_is_rounded_down_before_the_epoch_too():
    at = [-1, -2 * SECOND + 59 * SECOND]
    assert counts(aggregate.count(windows=("1m",)), [-60 * SECOND - 1, -61 * SECOND, -61 * SECOND - 1], at) == [2, 0]


def test_a_delay_shifts_both_edges():
    delayed = aggregate.count(windows=("1m",), delay="30s")
    at = [30 * SECOND, 30 * SECOND + 1, 31 * SECOND, 90 * SECOND, 91 * SECOND - 1, 91 * SECOND]
    assert counts(delayed, [0], at) == [0, 0, 1, 1, 1, 0]
    exact = aggregate.count(windows=("1m",), delay="30s", hop="1us")
    assert counts(exact, [0], at) == [0, 1, 1, 1, 0, 0]


def test_the_delay_of_the_source_is_every_windows_delay():
    assert counts(aggregate.count(windows=("1m",), hop="1us"), [0], [30 * SECOND, 30 * SECOND + 1], delay="30s") == [
        0,
        1,
    ]


def test_an_event_is_seen_from_the_time_its_source_says():
    events = [{"event_ts": 0, "reported": "1970-01-01T00:00:30Z"}, {"event_ts": 1, "reported": "1970-01-01T00:00:00Z"}]
    at = [2, 30 * SECOND - 1, 30 * SECOND]
    assert counts(aggregate.count(windows=("1m",)), events, at, available="reported") == [1, 1, 2]


def test_one_microsecond_decides_whether_an_event_may_be_seen():
    minute = aggregate.count(windows=("1m",))
    assert counts(minute, [{"event_ts": 0, "available_ts": 1}], [1]) == [1]
    assert counts(minute, [{"event_ts": 0, "available_ts": 2}], [1, 2]) == [0, 1]


def test_a_late_event_counts_in_the_window_of_its_own_time():
    late = {"event_ts": 0, "available_ts": 10 * MINUTE}
    assert counts(aggregate.count(windows=("1m",)), [late], [MINUTE, 10 * MINUTE]) == [0, 0]
    assert counts(aggregate.count(windows=("1h",)), [late], [10 * MINUTE - 1, 10 * MINUTE]) == [0, 1]


def test_ties_go_by_the_bytes_of_the_event_id():
    ids = ["b", "a", "10", "9", "é", "z"]
    events = [{"event_ts": 0, "event_id": name, "kind": name} for name in ids]
    assert counts(aggregate.first("kind", windows=("1m",)), events, [1]) == ["10"]
    assert counts(aggregate.last("kind", windows=("1m",)), events, [1]) == ["é"]


def test_a_tie_without_a_value_is_skipped():
    events = [{"event_ts": 0, "event_id": "a", "kind": "x"}, {"event_ts": 0, "event_id": "b", "kind": None}]
    assert counts(aggregate.last("kind", windows=("1m",)), events, [1]) == ["x"]


def test_a_window_longer_than_history_holds_all_of_it():
    assert counts(aggregate.count(windows=("3650d",)), [0, 1, 2], [3]) == [3]


def test_times_at_both_ends_of_the_calendar():
    first, last = -62_135_596_800 * SECOND, 253_402_300_799 * SECOND
    assert counts(aggregate.count(windows=("1d",)), [first, last], [first + 1, last + 1]) == [1, 1]
