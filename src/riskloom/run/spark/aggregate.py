"""Silver to gold: keep a view's entity-ordered events up to date with its source.

What to bring over is read from the source table's change feed, from the version that
gold has already taken in. So late events, corrections and deletions arrive, once, and
the cost is that of the change. Killed between two commits, the next run finds the same
change again, and the comparison in ``publish`` leaves what is already there alone.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from riskloom.intervals import format_instant
from riskloom.lake import ops, tables
from riskloom.lake.spark.changes import changes
from riskloom.lake.spark.publish import publish

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import Column, DataFrame, SparkSession

    from riskloom.declare import FeatureView
    from riskloom.lake.paths import Lake

ENVELOPE = ("event_id", "event_ts", "available_ts", "row_hash")
KEY = ("event_id",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregated:
    """What an aggregation did.

    Attributes:
        gold_version: Version of the gold table afterwards; None where the source has published nothing yet.
        rows: Rows of the gold table.
        changed: Rows inserted, updated and deleted.
        watermark: Microseconds since the epoch up to which the source is complete; None where it is not yet.
    """

    gold_version: int | None
    rows: int
    changed: int
    watermark: int | None

    def as_data(self) -> dict[str, Any]:
        """Write it as JSON-ready data."""
        return {**asdict(self), "watermark": None if self.watermark is None else format_instant(self.watermark)}


def aggregate(spark: SparkSession, lake: Lake, view: FeatureView, run_id: str) -> Aggregated:
    """Bring a view's gold table up to date with its source's silver table.

    Args:
        spark: The session.
        lake: Where the tables are.
        view: The view.
        run_id: The run, for ``ops.views``.

    Returns:
        Version, rows and number of changed rows; no change makes no commit.
    """
    silver, gold = lake.silver(view.source.name), lake.gold(view.name)
    # Read before the table: what passed by now is in the version that is read next.
    watermark = ops.watermark(lake, view.source.name)
    silver_version = tables.version(silver)
    if silver_version is None:
        return Aggregated(gold_version=None, rows=0, changed=0, watermark=watermark)
    since = _taken_in(lake, view)
    changed = 0
    if since != silver_version:
        staged, scope = (
            _change(spark, silver, since, view) if since is not None else _whole(spark, silver, silver_version, view)
        )
        changed = publish(spark, gold, staged, key=KEY, scope=scope, name=f"gold.{view.name}", rebuild=True).changed
    done = Aggregated(gold_version=tables.version(gold), rows=tables.rows(gold), changed=changed, watermark=watermark)
    _record(lake, view, done, silver_version, run_id)
    return done


def _record(lake: Lake, view: FeatureView, done: Aggregated, silver_version: int, run_id: str) -> None:
    """Write how far the view has come, unless that stands there already."""
    known = ops.latest_view(lake, view.name)
    record = ops.ViewRecord(
        view=view.name,
        gold_version=done.gold_version or 0,
        silver_version=silver_version,
        watermark=done.watermark,
        events=done.rows,
        run_id=run_id,
        recorded_ts=time.time_ns() // 1_000,
    )
    if known is None or replace(record, run_id=known.run_id, recorded_ts=known.recorded_ts) != known:
        ops.append_view(lake, record)


def _taken_in(lake: Lake, view: FeatureView) -> int | None:
    """Say which silver version gold has taken in; None where gold must be built anew."""
    gold = lake.gold(view.name)
    row = ops.latest_view(lake, view.name)
    if row is None or not tables.exists(gold):
        return None
    return row.silver_version if tables.columns(gold) == (*view.event_columns, *ENVELOPE) else None


def _whole(spark: SparkSession, silver: Path, version: int, view: FeatureView) -> tuple[DataFrame, Column]:
    """Give every row that gold shall hold; any other row goes."""
    events = spark.read.format("delta").option("versionAsOf", version).load(str(silver))
    return events.where(_keyed(view)).select(*view.event_columns, *ENVELOPE), F.lit(True)


def _change(spark: SparkSession, silver: Path, since: int, view: FeatureView) -> tuple[DataFrame, Column | None]:
    """Split what changed into the rows that gold shall hold and the rows that it shall lose."""
    events = changes(spark, silver, since)
    kept = ~F.col("_deleted") & _keyed(view)
    gone = [row.event_id for row in events.where(~kept).select("event_id").collect()]
    staged = events.where(kept).select(*view.event_columns, *ENVELOPE)
    return staged, F.col("event_id").isin(gone) if gone else None


def _keyed(view: FeatureView) -> Column:
    return reduce(lambda left, right: left & right, (F.col(key).isNotNull() for key in view.entity.key_columns))
