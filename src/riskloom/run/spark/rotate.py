"""Rotation: the tokens of tables and states are brought to the newest key, without any identifier."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import functions as F

from riskloom.declare import POSITION
from riskloom.extract import units
from riskloom.extract.protect import EXTRAS
from riskloom.lake import tables
from riskloom.lake.commits import committed
from riskloom.lake.key_ids import key_in_use
from riskloom.lake.paths import Lake
from riskloom.lake.spark.races import retried
from riskloom.lake.spark.session import session
from riskloom.lake.spark.tasks import OnSpark
from riskloom.run.aggregate import aggregate
from riskloom.run.purge import alone
from riskloom.store.erase import online_without
from riskloom.tokens import Ring, key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from riskloom.declare import EventSource
    from riskloom.project import Project

_ROW_HASH, _EVENT_ID = "row_hash", "event_id"


def rotate(project: Project, sources: Collection[str] = ()) -> dict[str, int]:
    """Bring the tables of sources, and what is made of them, to the newest key of the ring.

    A table that has it already is left alone, so a rotation that was killed is finished by running it again. Before,
    meanwhile and after, readers find an entity by its raw identifier: each table says by its tokens which key it has.

    Args:
        project: What is declared.
        sources: Names of sources; by default all that have tokens.

    Returns:
        How many events were written anew, by table.

    Raises:
        PrivacyError: The keys are not there.
        LakeError: A run of a source is under way.
    """
    lake, done = Lake(project.settings.lake), dict[str, int]()
    for source in (project.source(name) for name in sources or project.sources):
        if not source.tokens:
            continue
        ring = Ring.required(f"source {source.name!r}")
        with alone(lake, source.name, uuid.uuid4().hex):
            done |= _rotate(project, lake, source, ring)
    return done


def _rotate(project: Project, lake: Lake, source: EventSource, ring: Ring) -> dict[str, int]:
    spark, done = session(project), dict[str, int]()
    for name, path in lake.rows_of(source.name).items():
        if key_in_use_of(path, source) not in (None, ring.ids[-1]):
            retried(name, partial(_rewrite, spark, source, path, ring))
            committed(name, tables.version(path) or 0)
            done[name] = tables.rows(path)
    views = project.views_of(source.name)
    for view in views:
        came = aggregate(OnSpark(spark), lake, view, uuid.uuid4().hex, project.settings.retention)
        done[f"gold.{view.name}"] = came.changed
    online_without(project, [view.name for view in views])
    return done


def key_in_use_of(path: Path, source: EventSource) -> str | None:
    """Give the id of the key of a table's tokens; None where it has none."""
    columns = [column for column in source.tokens if column in tables.columns(path)]
    return key_in_use(path, columns)


def _rewrite(spark: SparkSession, source: EventSource, path: Path, ring: Ring) -> None:
    rows = spark.read.format("delta").load(str(path))
    _renamed(source, rows, ring).write.format("delta").mode("overwrite").save(str(path))


def _renamed(source: EventSource, rows: DataFrame, ring: Ring) -> DataFrame:
    """Give rows under the newest key, with the names and hashes that loading them again would give."""
    out = rows.mapInArrow(partial(_retokenised, columns=source.tokens, ring=ring), rows.schema)
    if source.event_id != POSITION and set(source.event_id) & set(source.tokens):
        out = out.withColumn(_EVENT_ID, units.event_id(source))
    if _ROW_HASH in rows.columns and _EVENT_ID in rows.columns:
        out = _hashed(source, out)
    return out.select(*(F.col(f"`{name}`") for name in rows.columns))


def _hashed(source: EventSource, rows: DataFrame) -> DataFrame:
    """Hash what was delivered of events, without what a publish says of them."""
    given = F.array(*map(F.lit, units.given_flags(source)))
    plain = rows.withColumn("_flags", F.col("flags")).withColumn("flags", F.array_except("flags", given))
    row_hash = units.event_hash(rows.schema, tuple(source.columns), seen_on_arrival=source.seen_on_arrival)
    return plain.withColumn(_ROW_HASH, row_hash).withColumn("flags", F.col("_flags")).drop("_flags")


def _retokenised(batches: Iterator[pa.RecordBatch], columns: Collection[str], ring: Ring) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        table = pa.Table.from_batches([batch])
        for name in columns:
            if name in table.column_names:
                place = table.column_names.index(name)
                table = table.set_column(place, batch.schema.field(place), ring.column(table.column(name)))
        if EXTRAS in table.column_names:
            place = table.column_names.index(EXTRAS)
            extras = [_fields(row, ring) for row in table.column(EXTRAS).to_pylist()]
            table = table.set_column(place, batch.schema.field(place), pa.array(extras, batch.schema.field(place).type))
        yield from table.cast(batch.schema).to_batches()


def _fields(row: list[tuple[str, str | None]] | Mapping[str, str | None] | None, ring: Ring) -> object:
    """Bring the tokens among unknown fields to the newest key."""
    if row is None:
        return None
    pairs = row.items() if not isinstance(row, list) else row
    return [(name, ring.token(value) if value is not None and key_of(value) else value) for name, value in pairs]
