"""What the in-process runner takes, gives and refuses."""

from __future__ import annotations

import pyarrow as pa
import pytest

from riskloom import Entity, EventSource, FeatureView, aggregate
from riskloom.errors import WindowError
from riskloom.testing.rows import events_table, spine_table
from riskloom.windows import compute

INSTANT = pa.timestamp("us", "UTC")
SOURCE = EventSource(
    name="events",
    files="*.log",
    transform="events:to_events",
    columns={"user": "string", "account": "int64", "units": "int64"},
)
VIEW = FeatureView(
    name="user_events",
    entity=Entity.of("pair", user="string", account="int64"),
    source=SOURCE,
    aggregations=(aggregate.count(), aggregate.sum("units"), aggregate.last("units")),
    windows=("1m",),
)
EVENTS = events_table(VIEW, [{"user": "a", "account": 1, "units": 5, "event_ts": 0}])
SPINE = spine_table(VIEW, [{"user": "a", "account": 1, "at": 1}])


def refusal(events=EVENTS, spine=SPINE, features=None):
    with pytest.raises(WindowError) as raised:
        compute(VIEW, events, spine, features)
    return str(raised.value)


def replaced(table, column, values):
    return table.set_column(table.column_names.index(column), column, values)


def test_missing_columns_are_named():
    assert refusal(events=EVENTS.drop(["units"])) == (
        "events: there is no column 'units'. Available: account, available_ts, event_id, event_ts, user."
    )
    assert (
        refusal(events=EVENTS.drop(["event_ts"])) == "events: there is no column 'event_ts'. Did you mean 'event_id'?"
    )
    assert refusal(spine=SPINE.drop(["at"])) == "spine: there is no column 'at'. Available: account, user."
    assert refusal(spine=SPINE.drop(["user"])) == "spine: there is no column 'user'. Available: account, at."


def test_wrong_types_are_named():
    assert (
        refusal(events=replaced(EVENTS, "units", pa.array(["5"])))
        == "events: column 'units' is string, but int64 is needed. Cast it before."
    )
    assert (
        refusal(spine=replaced(SPINE, "at", pa.array([1], pa.timestamp("us"))))
        == "spine: column 'at' is timestamp[us], but timestamp[us, tz=UTC] is needed. Cast it before."
    )
    assert (
        refusal(spine=replaced(SPINE, "account", pa.array([1.0])))
        == "spine: column 'account' is double, but int64 is needed. Cast it before."
    )


def test_values_that_do_not_fit_are_named():
    assert (
        refusal(events=replaced(EVENTS, "units", pa.array([2**63], pa.uint64())))
        == "events: column 'units' is uint64, and one of its values is no int64. Round or cast it before."
    )
    assert (
        refusal(spine=replaced(SPINE, "at", pa.array([1], pa.timestamp("ns", "UTC"))))
        == "spine: column 'at' is timestamp[ns, tz=UTC], and one of its values is no timestamp[us, tz=UTC]. Round or cast it before."
    )


def test_null_times_are_refused():
    tail = "Every event and every instant needs a time; drop or mend them."
    null = pa.array([None], INSTANT)
    assert refusal(events=replaced(EVENTS, "event_ts", null)) == f"events: column 'event_ts' is null in 1 rows. {tail}"
    assert (
        refusal(events=replaced(EVENTS, "available_ts", null))
        == f"events: column 'available_ts' is null in 1 rows. {tail}"
    )
    assert refusal(spine=replaced(SPINE, "at", null)) == f"spine: column 'at' is null in 1 rows. {tail}"


def test_an_unknown_feature_is_named():
    text = "view 'user_events': there is no feature 'events_count_1h'. Did you mean 'events_count_1m'?"
    assert refusal(features=["events_count_1h"]) == text


def test_features_come_in_the_order_asked_for():
    result = compute(VIEW, EVENTS, SPINE, ["units_last_1m", "events_count_1m"])
    assert result.to_pylist() == [{"units_last_1m": 5, "events_count_1m": 1}]
    assert compute(VIEW, EVENTS, SPINE, []).column_names == []


def test_other_arrow_types_of_the_same_values_are_taken():
    events = replaced(EVENTS, "user", EVENTS["user"].combine_chunks().dictionary_encode())
    events = replaced(events, "units", pa.array([5], pa.int16()))
    events = replaced(events, "event_id", pa.array(["0"], pa.string_view()))
    spine = replaced(SPINE, "user", pa.array(["a"], pa.large_string()))
    spine = replaced(spine, "at", pa.array([1], INSTANT).cast(pa.timestamp("us", "Asia/Tokyo")))
    assert compute(VIEW, events, spine).equals(compute(VIEW, EVENTS, SPINE))


def test_columns_of_nulls_alone_need_no_type():
    result = compute(VIEW, replaced(EVENTS, "units", pa.nulls(1)), SPINE)
    assert result.to_pylist() == [{"events_count_1m": 1, "units_sum_1m": None, "units_last_1m": None}]


def test_other_columns_of_the_spine_are_not_read():
    assert compute(VIEW, EVENTS, SPINE.append_column("events_count_1m", pa.array(["x"]))).num_rows == 1


def test_chunked_and_sliced_tables_read_alike():
    events = pa.concat_tables([EVENTS, EVENTS.slice(1), EVENTS]).slice(1)
    assert compute(VIEW, events, pa.concat_tables([SPINE.slice(1), SPINE])).equals(compute(VIEW, EVENTS, SPINE))


def test_parts_of_a_key_are_compared_one_by_one():
    source = EventSource(
        name="events", files="*.log", transform="events:to_events", columns={"left": "string", "right": "string"}
    )
    entity = Entity.of("pair", left="string", right="string")
    view = FeatureView(name="pairs", entity=entity, source=source, aggregations=(aggregate.count(),), windows=("1m",))
    pairs = [("1", "11"), ("11", "1"), ("11", ""), ("", "11"), ("1", None), (None, "11"), (None, None)]
    events = [
        {"left": left, "right": right, "event_ts": 0}
        for place, (left, right) in enumerate(pairs)
        for _ in range(place + 1)
    ]
    spine = [{"left": left, "right": right, "at": 1} for left, right in pairs]
    assert compute(view, events_table(view, events), spine_table(view, spine)).column(0).to_pylist() == [
        1,
        2,
        3,
        4,
        0,
        0,
        0,
    ]


def test_one_key_with_most_events_is_no_special_case():
    count = 200_000
    events = pa.table(
        {
            "user": pa.repeat("a", count),
            "account": pa.repeat(1, count),
            "units": pa.array(range(count)),
            "event_id": pa.array(range(count)).cast(pa.string()),
            "event_ts": pa.array(range(count)).cast(INSTANT),
            "available_ts": pa.array(range(count)).cast(INSTANT),
        }
    )
    spine = pa.table({"user": ["a"], "account": [1], "at": pa.array([count], INSTANT)})
    wanted = {"events_count_1m": count, "units_sum_1m": count * (count - 1) // 2, "units_last_1m": count - 1}
    assert compute(VIEW, events, spine).to_pylist() == [wanted]
