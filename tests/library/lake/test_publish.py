from __future__ import annotations

import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from riskloom.errors import LakeError
from riskloom.lake import tables
from riskloom.lake.feed import changes
from riskloom.lake.spark.hashing import row_hash
from riskloom.lake.spark.publish import Published, publish

pytestmark = pytest.mark.spark
NAME = "silver.things"
SCHEMA = "event_id STRING, value BIGINT, file_hash STRING"


def staged(spark, rows):
    frame = spark.createDataFrame(rows, SCHEMA)
    return frame.withColumn("row_hash", row_hash(frame.schema, ("event_id", "value")))


def publish_rows(spark, path, rows, scope=None, **options):
    return publish(spark, path, staged(spark, rows), key=("event_id",), scope=scope, name=NAME, **options)


def contents(path):
    return sorted((row["event_id"], row["value"]) for row in tables.read(path, ["event_id", "value"]).to_pylist())


def net(path, since):
    """What the change feed says of the rows lost and got since a version."""
    change = changes(path, since, tables.version(path), ["event_id", "value"], "event_id")
    return tuple(sorted(tuple(row.values()) for row in side.to_pylist()) for side in (change.gone, change.new))


def test_first_publish_makes_the_table_with_its_change_feed_on(spark, tmp_path):
    path = tmp_path / "things"
    assert publish_rows(spark, path, [("a", 1, "f"), ("b", None, "f")]) == Published(2, 0, 0, version=0)
    assert contents(path) == [("a", 1), ("b", None)]
    properties = spark.sql(f"SHOW TBLPROPERTIES delta.`{path}`").collect()
    assert {row.key: row.value for row in properties}["delta.enableChangeDataFeed"] == "true"


def test_same_rows_make_no_commit(spark, tmp_path):
    path = tmp_path / "things"
    publish_rows(spark, path, [("a", 1, "f"), ("b", None, "f")])
    done = publish_rows(spark, path, [("b", None, "other"), ("a", 1, "f")], scope=F.lit(True))
    assert done == Published(0, 0, 0, version=0)


def test_new_changed_and_gone_rows_are_one_commit(spark, tmp_path):
    path = tmp_path / "things"
    publish_rows(spark, path, [("a", 1, "f"), ("b", 2, "f"), ("c", 3, "f"), ("d", 4, "g")])
    scope = F.col("file_hash") == "f"
    done = publish_rows(spark, path, [("a", 1, "f"), ("b", None, "f"), ("e", 5, "f")], scope=scope)
    assert done == Published(1, 1, 1, version=1)
    assert contents(path) == [("a", 1), ("b", None), ("d", 4), ("e", 5)]
    assert net(path, 0) == ([("b", 2), ("c", 3)], [("b", None), ("e", 5)])


def test_changes_are_net_over_versions(spark, tmp_path):
    path = tmp_path / "things"
    publish_rows(spark, path, [("a", 1, "f")])
    publish_rows(spark, path, [("a", 2, "f"), ("b", 1, "f")])
    publish_rows(spark, path, [("a", 3, "f")], scope=F.lit(True))
    assert net(path, 0) == ([("a", 1)], [("a", 3)])
    assert net(path, -1) == ([], [("a", 3)])


def test_repeated_key_is_refused_before_anything_is_written(spark, tmp_path):
    with pytest.raises(LakeError) as caught:
        publish_rows(spark, tmp_path / "things", [("a", 1, "f"), ("a", 2, "f")])
    assert str(caught.value) == (
        "table silver.things: 1 rows to publish share their event_id with another one. Give each row a key of its own."
    )
    assert not tables.exists(tmp_path / "things")


def test_other_columns_are_refused(spark, tmp_path):
    path = tmp_path / "things"
    publish_rows(spark, path, [("a", 1, "f")])
    other = (
        staged(spark, [("a", 1, "f")]).withColumn("value", F.col("value").cast("string")).withColumn("more", F.lit(1))
    )
    with pytest.raises(LakeError) as caught:
        publish(spark, path, other, key=("event_id",), name=NAME)
    assert str(caught.value) == (
        "table silver.things has value bigint, but more int, value string is to be written: its declaration changed. "
        f"Move {path} away and run its intervals again; bronze keeps every line."
    )


def test_commits_are_told_to_the_logger(spark, tmp_path, caplog):
    with caplog.at_level("INFO", logger="riskloom.commits"):
        publish_rows(spark, tmp_path / "things", [("a", 1, "f")])
        publish_rows(spark, tmp_path / "things", [("a", 1, "f")])
        publish_rows(spark, tmp_path / "things", [("a", 2, "f")])
    assert caplog.messages == ["silver.things version 0", "silver.things version 1"]


def test_row_hash_sees_where_a_null_is_and_where_values_end(spark):
    rows = [(None, "a"), ("a", None), ("ab", ""), ("a", "b"), ("", ""), (None, None), ("1:a", None), ("-", None)]
    frame = spark.createDataFrame(rows, "x STRING, y STRING")
    hashes = [row[0] for row in frame.select(row_hash(frame.schema, ("x", "y"))).collect()]
    assert len(set(hashes)) == len(rows)


def test_row_hash_of_times_is_the_same_in_every_zone(spark):
    frame = spark.createDataFrame(pa.table({"t": pa.array([1_500_000], pa.timestamp("us", "UTC"))}))
    hashes = set()
    for zone in ("UTC", "Asia/Tokyo"):
        spark.conf.set("spark.sql.session.timeZone", zone)
        hashes.add(frame.select(row_hash(frame.schema, ("t",))).collect()[0][0])
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    assert len(hashes) == 1
