"""Windows at every event: the table that tasks write holds what the kernel gives for all events at once."""

from __future__ import annotations

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from riskloom.errors import LakeError
from riskloom.lake import tables
from riskloom.lake.bucketed.follow import follow
from riskloom.lake.bucketed.table import snapshot
from riskloom.lake.tasks import InProcess
from riskloom.testing import assert_tables_equal, generators
from riskloom.testing.rows import events_table
from riskloom.testing.samples import every_feature
from riskloom.windows import at_events, compute
from riskloom.windows.at_events import features_at_events
from riskloom.windows.gold import gold_layout

VIEW = every_feature(keys=("user", "account"), windows=("5m", "1d"))
KEYS = ["user", "account"]


@pytest.fixture
def lake(tmp_path, monkeypatch):
    """A silver table of random events, in two commits, and its gold table of many buckets."""
    monkeypatch.setattr("riskloom.lake.bucketed.buckets.ROWS_WANTED", 30)
    monkeypatch.setattr("riskloom.lake.bucketed.build.ROWS_WANTED", 30)
    rows = events_table(VIEW, generators.random_events(VIEW, 11, size=200))
    silver, gold = tmp_path / "silver" / "events", tmp_path / "gold" / "every_feature"
    for part in (rows.slice(0, 150), rows.slice(150)):
        write_deltalake(str(silver), part, mode="append", configuration={"delta.enableChangeDataFeed": "true"})
        follow(silver, gold, gold_layout(VIEW), InProcess())
    assert len(snapshot(gold).files) > len({file.bucket for file in snapshot(gold).files}) > 1
    return tmp_path


def wanted(lake, features=None):
    """Every feature at every event, computed in one go."""
    gold = tables.read(lake / "gold" / "every_feature", gold_layout(VIEW).schema.names)
    events = gold.sort_by("event_id").combine_chunks()
    spine = events.select([*KEYS, "event_ts"]).rename_columns([*KEYS, "at"])
    own = events.select([*KEYS, "event_id", "event_ts"])
    values = compute(VIEW, events, spine, features)
    return pa.table([*own.columns, *values.columns], names=[*own.column_names, *values.column_names])


def written(lake, tasks=None, features=None):
    gold, target = lake / "gold" / "every_feature", lake / "features" / "at_events"
    features_at_events(VIEW, gold, target, tasks or InProcess(), features)
    rows = tables.read(target).drop_columns(["bucket"])
    return rows.sort_by("event_id").combine_chunks()


@pytest.mark.parametrize("at_once", [3, 200_000])
def test_stretches_change_no_bit(lake, monkeypatch, at_once):
    monkeypatch.setattr(at_events, "ROWS_AT_ONCE", at_once)
    assert_tables_equal(written(lake), wanted(lake))


def test_what_stands_is_not_written_again(lake):
    gold, target = lake / "gold" / "every_feature", lake / "features" / "at_events"
    names = ["events_count_5m", "kind_last_1d"]
    for _ in range(2):
        assert features_at_events(VIEW, gold, target, InProcess(), names) == 0
    more = events_table(VIEW, [{"user": "zoe", "account": 1, "event_ts": 5, "event_id": "new"}])
    write_deltalake(str(lake / "silver" / "events"), more, mode="append")
    follow(lake / "silver" / "events", gold, gold_layout(VIEW), InProcess())
    assert features_at_events(VIEW, gold, target, InProcess(), names) == 1
    assert features_at_events(VIEW, gold, target, InProcess(), names[:1]) == 2
    assert_tables_equal(written(lake, features=names[:1]), wanted(lake, names[:1]))


def test_a_table_of_another_layout_is_refused(lake):
    gold = lake / "gold" / "other"
    with pytest.raises(LakeError) as raised:
        features_at_events(VIEW, gold, lake / "features" / "x", InProcess())
    assert str(raised.value) == f"there is no table gold.other ({gold}). Run `riskloom run` for an interval first."
    write_deltalake(str(gold), pa.table({"user": ["ann"]}))
    with pytest.raises(LakeError) as raised:
        features_at_events(VIEW, gold, lake / "features" / "x", InProcess())
    assert str(raised.value) == (
        f"table gold.other ({gold}) is not laid out as its view declares. Run `riskloom run` for an interval, which writes it anew."
    )


@pytest.mark.spark
def test_tasks_of_a_session_write_the_same_bits(lake, spark):
    from riskloom.lake.spark.tasks import OnSpark

    names = [feature.name for feature in VIEW.features if feature.name.endswith("_5m")]
    assert_tables_equal(written(lake, OnSpark(spark), names), wanted(lake, names))
    # Spark reads what deltalake committed, bucket and all.
    frame = spark.read.format("delta").load(str(lake / "features" / "at_events"))
    assert frame.groupBy("bucket").count().count() > 1
    assert frame.count() == wanted(lake, names).num_rows
