"""Staging to silver and quarantine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from riskloom.declare import POSITION
from riskloom.errors import LakeError
from riskloom.extract import fresh, staging
from riskloom.extract.again import PLACE
from riskloom.extract.contents import contents_of
from riskloom.extract.units import left_out
from riskloom.lake import tables
from riskloom.lake.arrivals import spans
from riskloom.lake.keys import KeyIndex
from riskloom.lake.locks import locked
from riskloom.lake.paths import Lake
from riskloom.lake.spark import publish as lake
from riskloom.lake.spark import versions
from riskloom.lake.spark.arrivals import within

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pyspark.sql import Column, DataFrame, SparkSession

    from riskloom.declare import EventSource
    from riskloom.extract.load import Loaded
    from riskloom.lake.arrivals import Spans
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
    contents = contents_of(place.bronze(source.name), loaded.hashes).values()
    # A content's first lines may stand under an earlier one that it continues.
    hashes = sorted({*loaded.hashes, *(name for content in contents for name in content.continues)})
    came = {instant for content in contents for instant in content.arrivals}
    of_input: Column | DataFrame = F.col("file_hash").isin(hashes) & ~left_out(loaded.left)
    if loaded.scope_path is not None:
        of_input = spark.read.parquet(str(loaded.scope_path)).select(*PLACE)
    events = _staged(spark, loaded.events_path, source)
    rejects = _staged(spark, loaded.rejects_path, source)
    silver = place.silver(source.name)
    held = changed = 0
    with locked(place.lock(source.name)):
        known = partial(_arrived, place, source, loaded, came)
        if not passed:
            held = loaded.counts.events - _standing(spark, place, source, events, known())
        elif source.event_id == POSITION:
            name = f"silver.{source.name}"
            done = fresh.publish(spark, silver, loaded.events_path, loaded, name) or lake.publish(
                spark, silver, events, key=_EVENT_KEY, scope=of_input, name=name, unique=loaded.apart, arrived=known
            )
            changed = done.changed
        else:
            bodies = events.unionByName(_staged(spark, loaded.versions_path, source))
            changed = versions.publish(spark, _versioned(place, source), bodies, scope=of_input, arrived=known).changed
    quarantine, name = place.quarantine(source.name), f"quarantine.{source.name}"
    moves = passed or loaded.scope_path is None
    if moves and fresh.publish(spark, quarantine, loaded.rejects_path, loaded, name) is None:
        lake.publish(
            spark,
            quarantine,
            rejects,
            key=_REJECT_KEY,
            scope=of_input,
            name=name,
            unique=loaded.apart,
            arrived=lambda: spans(came),
        )
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


def _versioned(place: Lake, source: EventSource) -> versions.Versioned:
    return versions.Versioned(
        silver=place.silver(source.name),
        history=place.history(source.name),
        name=source.name,
        sequence=source.sequence,
        watched=tuple(column for column in source.columns if source.meanings.get(column) == "money"),
    )


def _arrived(place: Lake, source: EventSource, loaded: Loaded, came: set[int], ids: Iterable[str] = ()) -> Spans:
    """Say when rows came in that an input may give, gave before, or names, or that have one of the ids.

    A position names a line by the content that it first came in, which says when it came. An id that the events carry
    may have come at any time, and is looked up.
    """
    if source.event_id == POSITION:
        return spans(came)
    index = KeyIndex(place.keys(source.name))
    index.catch_up([place.silver(source.name), place.history(source.name)])
    files = [*loaded.events_path.glob("*.parquet"), *loaded.versions_path.glob("*.parquet")]
    return spans(came | index.arrivals(sorted(files), ids))


def _standing(spark: SparkSession, place: Lake, source: EventSource, events: DataFrame, arrived: Spans) -> int:
    """Count the staged events that stand already, with the same values or as a version of the event that stands."""
    there = [
        spark.read.format("delta").load(str(path)).where(within(arrived)).select("event_id", "row_hash")
        for path in (place.silver(source.name), place.history(source.name))
        if tables.exists(path)
    ]
    if not there:
        return 0
    both = reduce(lambda one, other: one.union(other), there)
    return events.select("event_id", "row_hash").join(both, ["event_id", "row_hash"], "left_semi").count()
