"""The Spark runner against the in-process one, bit for bit."""

from __future__ import annotations

import pyarrow as pa
import pytest

from riskloom.errors import WindowError
from riskloom.testing import assert_tables_equal, generators
from riskloom.testing.rows import events_table, spine_table
from riskloom.testing.samples import every_feature
from riskloom.windows import compute

pytestmark = pytest.mark.spark
VIEW = every_feature(keys=("user", "account"), windows=("5m",))


@pytest.fixture
def confined(spark):
    """Set options of the session for one test."""
    changed = {}

    def confine(**options):
        for name, value in options.items():
            key = {"zone": "spark.sql.session.timeZone", "batch": "spark.sql.execution.arrow.maxRecordsPerBatch"}[name]
            changed.setdefault(key, spark.conf.get(key))
            spark.conf.set(key, value)
        return spark

    yield confine
    for key, value in changed.items():
        spark.conf.set(key, value)


def tables(seed, size, rows):
    events = generators.random_events(VIEW, seed, size)
    spine = spine_table(VIEW, generators.random_spine(VIEW, seed, rows, events))
    extra = {"row": pa.array(range(rows)), "label": pa.array([None, True] * (rows // 2))}
    for name, values in extra.items():
        spine = spine.append_column(name, values)
    return events_table(VIEW, events), spine


def on_spark(spark, events, spine, features=None):
    from riskloom.windows.spark import runner

    frames = (spark.createDataFrame(table) for table in (events, spine))
    found = runner.compute(VIEW, *frames, features).toArrow().sort_by("row")
    wanted = compute(VIEW, events, spine, features)
    schema = pa.schema([*spine.schema, *wanted.schema])
    return found.cast(schema), pa.table([*spine.columns, *wanted.columns], schema=schema)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_both_runners_give_the_same_bits(confined, zone):
    assert_tables_equal(*on_spark(confined(zone=zone, batch="7"), *tables(3, size=300, rows=40)))


def test_no_events_no_rows(confined):
    events, spine = tables(4, size=30, rows=4)
    assert_tables_equal(*on_spark(confined(), events.slice(0, 0), spine, ["events_count_5m"]))
    assert_tables_equal(*on_spark(confined(), events, spine.slice(0, 0), ["events_count_5m", "kind_last_5m"]))


def test_a_spine_column_of_a_features_name_is_refused(spark):
    from riskloom.windows.spark import runner

    events, spine = (spark.createDataFrame(table) for table in tables(4, size=3, rows=2))
    with pytest.raises(WindowError) as raised:
        runner.compute(VIEW, events, spine.withColumnRenamed("label", "events_count_5m"))
    text = "view 'every_feature': the spine already has a column 'events_count_5m', the name of a feature. Rename it in the spine."
    assert str(raised.value) == text
    with pytest.raises(WindowError) as raised:
        runner.compute(VIEW, events.drop("units"), spine)
    assert str(raised.value).startswith("events: there is no column 'units'.")


@pytest.mark.parametrize("at_once", [1, 3, 10, 1000])
def test_tables_end_between_keys(at_once):
    from riskloom.windows.spark.runner import whole_keys

    keys = [(None, 1)] * 2 + [("", None)] + [("a", 1)] * 17 + [("a", 2)] + [("b", 1)] * 3
    table = pa.table({"left": [left for left, _ in keys], "right": pa.array([right for _, right in keys], pa.int64())})
    pieces = list(whole_keys(iter(table.to_batches(max_chunksize=2)), 2, at_once))
    seen = [{tuple(row.values()) for row in piece.to_pylist()} for piece in pieces]
    assert sum(len(some) for some in seen) == len(set(keys))
    assert pa.concat_tables(pieces).equals(table)
