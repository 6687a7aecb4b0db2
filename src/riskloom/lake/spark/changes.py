"""Changes: what a table's change feed says since a version, one row for each event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from riskloom.lake import tables

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

_EVENT_ID = "event_id"
_DELETED = "_deleted"
_TYPE, _VERSION, _WHEN = "_change_type", "_commit_version", "_commit_timestamp"


def changes(spark: SparkSession, path: Path, since_version: int) -> DataFrame:
    """Give the net change of a table since a version.

    Args:
        spark: The session.
        path: Folder of the table, whose change feed is on.
        since_version: The last version that is already known.

    Returns:
        One row for each event that was written or deleted after that version: its newest values, or the last
        ones that it had, and ``_deleted``.

    Raises:
        LakeError: There is no table.
    """
    newest = tables.version(path)
    table = spark.read.format("delta").load(str(path))
    if newest is None or newest <= since_version:
        return table.limit(0).withColumn(_DELETED, F.lit(False))
    feed = (
        spark.read.format("delta")
        .option("readChangeFeed", "true")
        .option("startingVersion", since_version + 1)
        .option("endingVersion", newest)
        .load(str(path))
        .where(F.col(_TYPE) != "update_preimage")
    )
    # In one commit a key that moved between files may be both deleted and inserted: what was inserted stands.
    last_first = Window.partitionBy(_EVENT_ID).orderBy(F.col(_VERSION).desc(), (F.col(_TYPE) == "delete").asc())
    newest_rows = feed.withColumn("_rank", F.row_number().over(last_first)).where("_rank = 1")
    return newest_rows.withColumn(_DELETED, F.col(_TYPE) == "delete").select(*table.columns, _DELETED)
