"""Publish: make a table hold what was staged, in one commit, and in none where it already does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from riskloom.errors import LakeError
from riskloom.lake import tables
from riskloom.lake.spark import merge
from riskloom.lake.spark.arrivals import within
from riskloom.lake.spark.races import retried

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pyspark.sql import Column, SparkSession

    from riskloom.lake.arrivals import Spans

IN_SCOPE = "_in_scope"


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did.

    Attributes:
        inserted: Rows that the table did not have.
        updated: Rows that it had with other values.
        deleted: Rows that it had in the scope and that were not staged.
        version: The table's version afterwards.
    """

    inserted: int
    updated: int
    deleted: int
    version: int

    @property
    def changed(self) -> int:
        """Rows inserted, updated and deleted."""
        return self.inserted + self.updated + self.deleted


def publish(
    spark: SparkSession,
    path: Path,
    staged: DataFrame,
    *,
    key: tuple[str, ...],
    scope: Column | DataFrame | None = None,
    name: str,
    unique: bool = False,
    arrived: Callable[[], Spans] | None = None,
) -> Published:
    """Make a table hold the staged rows.

    Rows are compared by key and ``row_hash``; only new and different ones are merged. Rows of the table in the
    scope whose key was not staged are deleted in the same commit. No difference makes no commit. Another
    writer's commit in between starts the comparison again, so two publishes at once leave what one after
    the other would leave.

    Args:
        spark: The session.
        path: Folder of the table, made where it is missing.
        staged: The rows, with ``row_hash``; no two with one key, and no null in a key.
        key: Columns that identify a row.
        scope: Which of the table's rows the staged rows stand for: a condition on them, or rows of some of their
            columns, no two of them alike. None for none.
        name: The table's name as people see it.
        unique: Whether the rows are read from files and known to have one key each: they are neither kept nor
            looked through for that.
        arrived: Gives the stretches of ``ingest_ts``, see ``riskloom.lake.arrivals``, outside of which no row of the
            table is in the scope or has the key of a staged one: the others are not read. Asked for each attempt.
            None where any row may.

    Raises:
        LakeError: Two staged rows share a key, the table has other columns, or other writers came first each time.
    """
    kept = staged if unique else staged.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        count = kept.count() if unique else _check_keys(kept, key, name)
        return retried(name, lambda: _publish(spark, path, (kept, count), key, scope, name, arrived))
    finally:
        kept.unpersist()


def _publish(
    spark: SparkSession,
    path: Path,
    counted: tuple[DataFrame, int],
    key: tuple[str, ...],
    scope: Column | DataFrame | None,
    name: str,
    arrived: Callable[[], Spans] | None,
) -> Published:
    staged, count = counted
    if not tables.exists(path):
        merge.create(path, staged, name)
        return _done(path, {merge.INSERT: count})
    target = spark.read.format("delta").load(str(path))
    difference = other_columns(target, staged)
    if difference:
        raise LakeError.other_columns(name, path, *difference)
    spans = None if arrived is None else arrived()
    changes = _compare(staged, target.where(within(spans)), key, scope).persist(StorageLevel.MEMORY_AND_DISK)
    try:
        counts = {row[merge.ACTION]: row["count"] for row in changes.groupBy(merge.ACTION).count().collect()}
        if counts:
            columns, actions = staged.columns, counts.keys()
            merge.merge(spark, path, changes, key=key, columns=columns, actions=actions, spans=spans, name=name)
    finally:
        changes.unpersist()
    return _done(path, counts)


def _done(path: Path, counts: Mapping[str, int]) -> Published:
    inserted, updated, deleted = (counts.get(action, 0) for action in merge.ACTIONS)
    return Published(inserted, updated, deleted, tables.version(path) or 0)


def _check_keys(staged: DataFrame, key: tuple[str, ...], name: str) -> int:
    """Count the rows, and refuse two with one key."""
    total, different = staged.agg(F.count(F.lit(1)), F.countDistinct(F.struct(*key))).collect()[0]
    if total != different:
        raise LakeError.repeated_key(name, ", ".join(key), total - different)
    return int(total)


def other_columns(target: DataFrame, staged: DataFrame) -> tuple[str, str] | None:
    """Say in which columns two frames differ.

    Returns:
        Each one's columns that the other lacks, with their types, or None where they are the same.
    """
    has, wanted = set(target.dtypes), set(staged.dtypes)
    if has == wanted:
        return None
    return _named(has - wanted), _named(wanted - has)


def _named(columns: set[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {dtype}" for name, dtype in sorted(columns)) or "no such column"


def _compare(staged: DataFrame, target: DataFrame, key: tuple[str, ...], scope: Column | DataFrame | None) -> DataFrame:
    """Give the rows to insert, update and delete: all columns as staged, and what to do."""
    there = marked(target, scope).select(
        *(F.col(column).alias(f"_there_{column}") for column in key),
        F.col(merge.HASH).alias("_there_hash"),
        IN_SCOPE,
    )
    same_key = reduce(and_, (F.col(column) == F.col(f"_there_{column}") for column in key))
    action = (
        F.when(F.col("_there_hash").isNull(), merge.INSERT)
        .when(F.col(merge.HASH).isNull() & F.col(IN_SCOPE), merge.DELETE)
        .when(F.col(merge.HASH) != F.col("_there_hash"), merge.UPDATE)
    )
    joined = (
        staged.join(there, same_key, "full_outer")
        .withColumn(merge.ACTION, action)
        .where(F.col(merge.ACTION).isNotNull())
    )
    keys = {column: F.coalesce(F.col(column), F.col(f"_there_{column}")) for column in key}
    return joined.withColumns(keys).select(*staged.columns, merge.ACTION)


def marked(target: DataFrame, scope: Column | DataFrame | None) -> DataFrame:
    """Mark the rows that are in the scope."""
    if isinstance(scope, DataFrame):
        marks = scope.withColumn(IN_SCOPE, F.lit(True))
        joined = target.join(marks, scope.columns, "left")
        return joined.withColumn(IN_SCOPE, F.coalesce(IN_SCOPE, F.lit(False)))
    condition = F.lit(False) if scope is None else F.coalesce(scope, F.lit(False))
    return target.withColumn(IN_SCOPE, condition)
