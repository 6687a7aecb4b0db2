"""What a load of single lines stands for: their places, what is there of them already, and which event came last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from pyspark.sql import functions as F

from riskloom.extract import units
from riskloom.extract.again import OTHER, PLACE
from riskloom.lake import tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from riskloom.extract.again import Again
    from riskloom.extract.staging import Staging
    from riskloom.lake.paths import Lake

ASKED = "asked"


def once(lines: DataFrame) -> DataFrame:
    """Give a row a line: a record of several events stands in as many rows of a format's."""
    return lines.where("ordinal = 0") if "ordinal" in lines.columns else lines


def write(spark: SparkSession, lines: DataFrame, again: Again, place: Staging) -> DataFrame:
    """Stage the places that a load of single lines stands for: those asked for, and those of their records.

    Returns:
        A row a place: its content, its offset, whether it was asked for, and whether a later content continues its own.
    """
    asked_path = place.folder / "asked.parquet"
    pq.write_table(again.table(), asked_path)
    asked = spark.read.parquet(str(asked_path)).withColumn(ASKED, F.lit(True))
    found = once(lines).select(*PLACE).join(asked, list(PLACE), "left_anti")
    more = found.select(*PLACE, F.lit(False).alias(OTHER), F.lit(False).alias(ASKED))
    asked.unionByName(more).write.mode("overwrite").parquet(str(place.scope))
    return spark.read.parquet(str(place.scope))


def without_overtaken(
    spark: SparkSession, frame: DataFrame, silver: Path, scope: DataFrame, order: Sequence[str]
) -> DataFrame:
    """Mark events as versions whose id silver has from a newer delivery, as a run of all lines would.

    Args:
        spark: The session.
        frame: The units.
        silver: The table.
        scope: The places that are loaded again.
        order: Columns by which deliveries are ordered.
    """
    if not tables.exists(silver):
        return frame
    standing = spark.read.format("delta").load(str(silver)).select("event_id", *dict.fromkeys((*order, *PLACE)))
    others = standing.join(F.broadcast(scope), list(PLACE), "left_anti")
    newest = others.select(F.col("event_id").alias("_id"), F.struct(*order).alias("_newest"))
    newer = (F.col("event_id") == F.col("_id")) & (F.col("_newest") > F.struct(*order))
    joined = frame.join(newest, newer & (F.col("outcome") == units.EVENT), "left")
    overtaken = F.when(F.col("_id").isNotNull(), units.VERSION).otherwise(F.col("outcome"))
    return joined.withColumn("outcome", overtaken).drop("_id", "_newest")


def before(spark: SparkSession, lake: Lake, source: str, scope: DataFrame) -> tuple[dict[str, int], dict[str, int]]:
    """Count what the lines of a scope had become before they were loaded again.

    Returns:
        Records, published events and quarantined units; and the latter by reason.
    """
    read = spark.read.format("delta")
    quarantined = read.load(str(lake.quarantine(source))).join(scope.where(~F.col(OTHER)), list(PLACE), "left_semi")
    quarantined = quarantined.select(*PLACE, "ordinal", "reason")
    parts = [quarantined]
    if tables.exists(lake.silver(source)):
        standing = read.load(str(lake.silver(source))).join(scope, list(PLACE), "left_semi")
        # What a killed run published of them is still in quarantine too.
        standing = standing.join(quarantined, [*PLACE, "ordinal"], "left_anti")
        parts.append(standing.select(*PLACE, "ordinal", F.lit(None).cast("string").alias("reason")))
    rows = parts[0].unionByName(parts[1]) if len(parts) > 1 else parts[0]
    found = rows.groupBy("reason").count().collect()
    reasons = {row.reason: row["count"] for row in found if row.reason is not None}
    published = sum(row["count"] for row in found if row.reason is None)
    records = rows.select(*PLACE).distinct().count()
    return {"records": records, "published": published, "quarantined": sum(reasons.values())}, reasons
