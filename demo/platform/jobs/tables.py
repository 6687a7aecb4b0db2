"""What the jobs share: events as they were known at an instant, and tables whose rows say when they were there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc
from pyspark.sql import functions as F

from riskloom.extract.units import SPARK_TYPES
from riskloom.intervals import DAY, HOUR, format_instant, to_datetime
from riskloom.lake import tables
from riskloom.lake.paths import Lake

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from riskloom.project import Project

REACH = 30 * DAY
# How long after its instant a job has run: nobody may see its rows before.
READY = HOUR


def seen(spark: SparkSession, project: Project, source: str, until: int, reach: int = REACH) -> DataFrame:
    """Give the events of a source before an instant, as far as they were there by then.

    Args:
        spark: The session.
        project: The project, its silver tables there.
        source: Name of the source. One that never had an event has no table, and gives no row.
        until: The instant, in microseconds.
        reach: How long before the instant they may have been.
    """
    path = Lake(project.settings.lake).silver(source)
    if not path.exists():
        return spark.createDataFrame([], _schema(project, source))
    at = F.unix_micros("event_ts")
    return (
        spark.read.format("delta")
        .load(str(path))
        .where((F.unix_micros("available_ts") <= until) & (at < until) & (at >= until - reach))
    )


def write(project: Project, view: str, rows: DataFrame, until: int) -> int:
    """Write a batch view's rows of an instant; those of the same instant are replaced.

    Args:
        project: The project.
        view: Name of the view: its keys and columns are taken of the rows.
        rows: The rows.
        until: The instant, in microseconds; they are stamped ``READY`` later.

    Returns:
        How many there are.
    """
    declared = project.batch_views[view]
    typed = [F.col(name).cast(SPARK_TYPES[dtype]) for name, dtype in (*declared.entity.keys, *declared.columns.items())]
    ready = F.timestamp_micros(F.lit(until + READY)).alias(declared.timestamp)
    path = project.batch_table(declared)
    instant = f"{declared.timestamp} = TIMESTAMP '{format_instant(until + READY)}'"
    (
        rows.select(*typed, ready)
        .coalesce(1)
        .write.format("delta")
        .mode("overwrite")
        .option("replaceWhere", instant)
        .save(str(path))
    )
    written = pc.field(declared.timestamp) == to_datetime(until + READY)
    count: int = tables.dataset(path).count_rows(filter=written)
    return count


def _schema(project: Project, source: str) -> str:
    columns = {
        **project.source(source).columns,
        "event_id": "string",
        "event_ts": "timestamp",
        "available_ts": "timestamp",
    }
    return ", ".join(f"`{name}` {SPARK_TYPES[dtype]}" for name, dtype in columns.items())
