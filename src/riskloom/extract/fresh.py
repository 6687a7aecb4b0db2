"""Staged files to tables that hold nothing of their input yet: the files themselves are added, and no row is read."""

from __future__ import annotations

import os
import shutil
import uuid
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskloom.lake import races, tables
from riskloom.lake.added import add, described
from riskloom.lake.races import Overtaken
from riskloom.lake.spark.merge import PROPERTIES
from riskloom.lake.spark.publish import Published
from riskloom.lake.spark.tables import new_table_properties

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from riskloom.extract.load import Loaded

_IDENTITY, _MOST_CONTENTS = 32, 256


def publish(spark: SparkSession, path: Path, staged: Path, loaded: Loaded, name: str) -> Published | None:
    """Add staged files to a table in one commit.

    Args:
        spark: Says which properties a new table has.
        path: Folder of the table, made where it is missing.
        staged: Folder of the staged files.
        loaded: The load that wrote them.
        name: The table's name as people see it.

    Returns:
        What was done; None where the table may hold something of the input, or has other columns: then its rows must be
        compared with those that are staged.

    Raises:
        LakeError: Other writers came first each time.
    """
    if not loaded.identities:
        return None
    return races.retried(
        name, lambda: _publish(spark, path, staged, loaded, name), lambda error: isinstance(error, Overtaken)
    )


def _publish(spark: SparkSession, path: Path, staged: Path, loaded: Loaded, name: str) -> Published | None:
    seen, schema = tables.version(path), pq.read_schema(staged / "part-none.parquet")
    if seen is not None and (_columns(tables.schema(path, seen)) != _columns(schema) or _holds(path, seen, loaded)):
        return None
    path.mkdir(parents=True, exist_ok=True)
    files = []
    for file in sorted(staged.glob("part-*.parquet")):
        if pq.read_metadata(file).num_rows:
            _linked(file, path / (new := f"part-{uuid.uuid4().hex}.parquet"))
            files.append(described(path, new, finite=_finite(file, schema)))
    rows = sum(file.rows for file in files)
    if seen is not None and not files:
        return Published(0, 0, 0, seen)
    return Published(
        rows,
        0,
        0,
        add(path, files, schema, seen=seen, name=name, properties={**new_table_properties(spark), **PROPERTIES}),
    )


def _linked(file: Path, new: Path) -> None:
    """Give a staged file its place in the table; it stays staged too, for whoever runs this again."""
    try:
        os.link(file, new)
    except OSError:
        # Another file system, or one without links.
        shutil.copyfile(file, new)


def _columns(schema: pa.Schema) -> list[tuple[str, str]]:
    return sorted((field.name, _type(field.type)) for field in schema)


def _type(dtype: pa.DataType) -> str:
    """Name a type, whatever its parts are called and whether readers widen its texts."""
    if pa.types.is_map(dtype):
        return f"map<{_type(dtype.key_type)}, {_type(dtype.item_type)}>"
    if pa.types.is_list(dtype) or pa.types.is_large_list(dtype):
        return f"list<{_type(dtype.value_type)}>"
    return str(dtype).removeprefix("large_").removesuffix("_view")


def _holds(path: Path, version: int, loaded: Loaded) -> bool:
    """Say whether a table has any row of the input's contents, or one that is named by a content of its lines."""
    columns = tables.columns(path)
    if len(loaded.identities) > _MOST_CONTENTS:
        # To ask for each of so many costs more than to compare.
        return True
    found = pc.field("file_hash").isin(sorted({*loaded.hashes, *loaded.identities}))
    if "event_id" in columns:
        for identity in loaded.identities:
            first, last = f"{identity[:_IDENTITY]}-", f"{identity[:_IDENTITY]}."
            found |= (pc.field("event_id") >= first) & (pc.field("event_id") < last)
    # The log's bounds leave out most files, and those of row groups most of the rest.
    rows = tables.opened(path, version).to_pyarrow_dataset().scanner(columns=["file_hash"], filter=found)
    return bool(rows.head(1).num_rows)


def _finite(file: Path, schema: pa.Schema) -> bool:
    """Say whether each fraction in a file is a finite number."""
    fractions = [field.name for field in schema if pa.types.is_floating(field.type)]
    if not fractions:
        return True
    rows = pq.ParquetFile(file, memory_map=True).iter_batches(columns=fractions, use_threads=False)
    return all(pc.all(pc.is_finite(column)).as_py() is not False for batch in rows for column in batch.columns)
