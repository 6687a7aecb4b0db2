"""Staging to silver and quarantine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from riskloom.errors import LakeError
from riskloom.extract import fresh, staging
from riskloom.extract.again import PLACE
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.lake.spark import publish as lake

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import Column, DataFrame, SparkSession

    from riskloom.declare import EventSource
    from riskloom.extract.load import Loaded
    from riskloom.project import Project

_EVENT_KEY = ("event_id",)
_REJECT_KEY = ("file_hash", "byte_offset", "ordinal")


@dataclass(frozen=True, slots=True)
class PublishedCounts:
    """What became of a load.

    Attributes:
        published: Events of this input that stand in silver, whichever run wrote them.
        quarantined: Rejects of this input that stand in quarantine.
        held: Events that a failed gate kept from silver.
        changed: Rows of silver that this run wrote or deleted.
        silver_version: Version of silver afterwards; None where there is no table.
    """

    published: int
    quarantined: int
    held: int
    changed: int
    silver_version: int | None


def publish(
    spark: SparkSession,
    project: Project,
    source: EventSource,
    loaded: Loaded,
    passed: bool,  # noqa: FBT001 - the gate's verdict, next to what it is about
    run_id: str,
) -> PublishedCounts:
    """Publish what was loaded.

    Args:
        spark: The session.
        project: Says where the tables are.
        source: Whose events.
        loaded: What was staged.
        passed: Whether the gate let the events through. Where it did not, silver stays as it is;
            rejects go to quarantine all the same. Of lines that are loaded again nothing moves then.
        run_id: The run, for the names of Spark's jobs.

    Returns:
        The counts.

    Raises:
        LakeError: A table has other columns, or other writers came first each time.
    """
    spark.sparkContext.setJobDescription(f"{run_id}: publish {source.name}")
    place = Lake(project.settings.lake)
    of_input: Column | DataFrame = F.col("file_hash").isin(*loaded.hashes)
    if loaded.scope_path is not None:
        of_input = spark.read.parquet(str(loaded.scope_path)).select(*PLACE)
    events = _staged(spark, loaded.events_path, source)
    rejects = _staged(spark, loaded.rejects_path, source)
    silver = place.silver(source.name)
    held = changed = 0
    if passed:
        name = f"silver.{source.name}"
        done = fresh.publish(spark, silver, loaded.events_path, loaded, name) or lake.publish(
            spark, silver, events, key=_EVENT_KEY, scope=of_input, name=name, unique=loaded.apart
        )
        changed = done.changed
    else:
        held = loaded.counts.events - _standing(spark, silver, events)
    if passed or loaded.scope_path is None:
        quarantine = place.quarantine(source.name)
        name = f"quarantine.{source.name}"
        if fresh.publish(spark, quarantine, loaded.rejects_path, loaded, name) is None:
            lake.publish(spark, quarantine, rejects, key=_REJECT_KEY, scope=of_input, name=name, unique=loaded.apart)
    staging.leave(staging.Staging(loaded.events_path.parent))
    return PublishedCounts(
        published=loaded.counts.events - held,
        quarantined=loaded.counts.quarantined,
        held=held,
        changed=changed,
        silver_version=tables.version(silver),
    )


def _staged(spark: SparkSession, path: Path, source: EventSource) -> DataFrame:
    if not path.is_dir():
        raise LakeError.staging_gone(source.name, path)
    return spark.read.parquet(str(path))


def _standing(spark: SparkSession, silver: Path, events: DataFrame) -> int:
    """Count the staged events that silver has with the same values."""
    if not tables.exists(silver):
        return 0
    there = spark.read.format("delta").load(str(silver)).select("event_id", "row_hash")
    return events.select("event_id", "row_hash").join(there, ["event_id", "row_hash"], "left_semi").count()
