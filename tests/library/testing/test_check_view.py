"""What a user's own test says when a view is right, wrong, or asked for something that it has not."""

from __future__ import annotations

import pyarrow as pa
import pytest

from riskloom import Entity, EventSource, FeatureView, aggregate
from riskloom.errors import TimeError, WindowError
from riskloom.testing import assert_tables_equal, check_view

VIEW = FeatureView(
    name="user_logins",
    entity=Entity.of("user", user_name="string"),
    source=EventSource(
        name="logins",
        files="*.log",
        transform="logins:to_events",
        columns={"user_name": "string", "seconds": "float64"},
    ),
    aggregations=(aggregate.count(), aggregate.mean("seconds")),
    windows=("5m",),
)
EVENTS = [
    {"user_name": "ann", "seconds": 0.1, "event_ts": "2010-12-01T08:00:00Z"},
    {"user_name": "ann", "seconds": 0.2, "event_ts": "2010-12-01T08:01:00Z"},
]
ROW = {"user_name": "ann", "at": "2010-12-01T08:02:00Z"}


def test_right_values_pass():
    check_view(
        VIEW,
        EVENTS,
        [{**ROW, "events_count_5m": 2, "seconds_mean_5m": 0.15}, {**ROW, "user_name": "bob", "events_count_5m": 0}],
    )


def test_each_differing_cell_is_shown():
    with pytest.raises(AssertionError) as raised:
        check_view(
            VIEW,
            EVENTS,
            [
                {**ROW, "events_count_5m": 3, "seconds_mean_5m": None},
                {**ROW, "user_name": None, "events_count_5m": None},
            ],
        )
    assert str(raised.value) == (
        "view 'user_logins': 3 cells differ:\n"
        "  user_name  at                    feature          found                expected\n"
        "  ann        2010-12-01T08:02:00Z  events_count_5m  2                    3\n"
        "  ann        2010-12-01T08:02:00Z  seconds_mean_5m  0.15000000000000002  null\n"
        "  null       2010-12-01T08:02:00Z  events_count_5m  0                    null"
    )


def test_a_name_that_is_no_feature_is_refused():
    with pytest.raises(WindowError) as raised:
        check_view(VIEW, EVENTS, [{**ROW, "event_count_5m": 2}])
    assert (
        str(raised.value) == "view 'user_logins': there is no feature 'event_count_5m'. Did you mean 'events_count_5m'?"
    )


def test_a_naive_time_is_refused():
    with pytest.raises(TimeError) as raised:
        check_view(VIEW, EVENTS, [{**ROW, "at": "2010-12-01T08:02:00"}])
    assert str(raised.value) == (
        "at: 2010-12-01 08:02:00 has no time zone. Give UTC, such as 2010-12-01T08:00:00Z, or an aware datetime."
    )


def test_tables_of_other_columns_or_lengths_differ():
    with pytest.raises(AssertionError) as raised:
        assert_tables_equal(pa.table({"n": [1]}), pa.table({"n": [1.0]}))
    assert str(raised.value) == "the schemas differ:\n  found:  n int64\n  wanted: n double"
    with pytest.raises(AssertionError) as raised:
        assert_tables_equal(pa.table({"n": [1]}), pa.table({"n": [1, 2]}))
    assert str(raised.value) == "the tables have 1 and 2 rows"


def test_floats_are_compared_bit_for_bit_unless_told():
    close = pa.table({"x": [0.1 + 0.2, float("nan")]}), pa.table({"x": [0.3, float("nan")]})
    assert_tables_equal(*close, exact=False)
    with pytest.raises(AssertionError):
        assert_tables_equal(*close)
