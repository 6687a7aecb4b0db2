"""A MERGE of rows to insert, update and delete: one commit, of which no file is read that cannot hold any of them."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from delta.tables import DeltaTable
from pyspark.sql import functions as F

from riskloom.lake import tables
from riskloom.lake.commits import committed
from riskloom.lake.spark.arrivals import within

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from pyspark.sql import Column, DataFrame, SparkSession

    from riskloom.lake.arrivals import Spans

PROPERTIES = {"delta.enableChangeDataFeed": "true"}
ACTION, HASH = "_action", "row_hash"
INSERT, UPDATE, DELETE = ACTIONS = ("insert", "update", "delete")


def create(path: Path, rows: DataFrame, name: str) -> None:
    """Write the first rows of a table."""
    rows.write.format("delta").mode("errorifexists").options(**PROPERTIES).save(str(path))
    committed(name, tables.version(path) or 0)


def merge(
    spark: SparkSession,
    path: Path,
    changes: DataFrame,
    *,
    key: Sequence[str],
    columns: Sequence[str],
    actions: Collection[str],
    spans: Spans | None,
    name: str,
) -> None:
    """Change a table.

    Args:
        spark: The session.
        path: Folder of the table.
        changes: ``_action`` says what is done with a row; those to be deleted need the columns of the key alone.
        key: Columns that identify a row.
        columns: The table's columns.
        actions: Those that occur.
        spans: Stretches of ``ingest_ts`` in which the rows to change came in; None for any.
        name: The table's name as people see it.
    """
    # Delta leaves out files by conditions on the target alone.
    on = [F.col(f"target.`{column}`") == F.col(f"change.`{column}`") for column in key] + [within(spans, "target.")]
    values: dict[str, str | Column] = {f"`{column}`": F.col(f"change.`{column}`") for column in columns}
    merging = DeltaTable.forPath(spark, str(path)).alias("target").merge(changes.alias("change"), reduce(and_, on))
    # A MERGE that only inserts reads no more than keys and rewrites no file.
    if DELETE in actions:
        merging = merging.whenMatchedDelete(f"change.{ACTION} = '{DELETE}'")
    if UPDATE in actions:
        merging = merging.whenMatchedUpdate(f"change.{ACTION} = '{UPDATE}' OR change.{HASH} <> target.{HASH}", values)
    if UPDATE in actions or INSERT in actions:
        merging = merging.whenNotMatchedInsert(f"change.{ACTION} <> '{DELETE}'", values)
    merging.execute()
    committed(name, tables.version(path) or 0)
