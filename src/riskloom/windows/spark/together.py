"""Two Spark frames brought together by key, so that each task holds all rows of its keys, and apart again as Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F
from pyspark.sql import types as T

from riskloom.declare.functions import list_of
from riskloom.windows.tables import INSTANT, to_numpy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import DataFrame

ROWS_AT_ONCE = 200_000
_ROWS, _SPINE = "__rows", "__spine"
SPARK: dict[str, T.DataType] = {
    "string": T.StringType(),
    "int64": T.LongType(),
    "float64": T.DoubleType(),
    "bool": T.BooleanType(),
    "timestamp": T.TimestampType(),
}
SPARK |= {list_of(name): T.ArrayType(kind) for name, kind in tuple(SPARK.items())}


def together(rows: DataFrame, spine: DataFrame, keys: Mapping[str, str]) -> DataFrame:
    """Partition two frames by key and sort them by it, each in a struct column, so that neither's names can meet.

    Args:
        rows: The key columns, and others.
        spine: The key columns, and others.
        keys: Key columns and their declared types.

    Returns:
        The key in columns of its own, then a struct of ``rows`` and one of ``spine``, one of them null in each row.
    """
    names = [f"__key_{place}" for place in range(len(keys))]

    def tagged(table: DataFrame, name: str) -> DataFrame:
        key_columns = [
            F.col(column).cast(SPARK[dtype]).alias(key)
            for key, (column, dtype) in zip(names, keys.items(), strict=True)
        ]
        return table.select(*key_columns, F.struct(*(F.col(f"`{column}`") for column in table.columns)).alias(name))

    both = tagged(rows, _ROWS).unionByName(tagged(spine, _SPINE), allowMissingColumns=True)
    return both.repartition(*names).sortWithinPartitions(*names)


def apart(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Take the rows and the spine out of what ``together`` put into one table."""
    return _part(table, _ROWS), _part(table, _SPINE)


def whole_keys(batches: Iterator[pa.RecordBatch], keys: int, at_once: int = ROWS_AT_ONCE) -> Iterator[pa.Table]:
    """Gather batches that are sorted by key into tables that hold all rows of each of their keys.

    Args:
        batches: Record batches whose first columns are the key.
        keys: How many columns the key has.
        at_once: How many rows to gather before a table is given.

    Yields:
        Tables of at least ``at_once`` rows, but for the last one.
    """
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows < at_once:
            continue
        table = pa.Table.from_batches(held)
        border = _last_key_start(table, keys)
        if border:
            yield table.slice(0, border)
        held = table.slice(border).to_batches()
        # A key larger than a table is looked through again only once its rows have doubled.
        rows = 0 if border else -table.num_rows + at_once
    if held:
        yield pa.Table.from_batches(held)


def _last_key_start(table: pa.Table, keys: int) -> int:
    """Where the rows of the last row's key begin."""
    same = np.ones(table.num_rows, np.bool_)
    for place in range(keys):
        column = table.column(place)
        last = column[-1]
        equal = pc.equal(column, last).fill_null(False) if last.is_valid else column.is_null()
        same &= to_numpy(equal)
    return int(table.num_rows - same.sum())


def _part(table: pa.Table, name: str) -> pa.Table:
    """Take one of the two tables out again, its times in UTC."""
    rows = table.filter(table.column(name).is_valid())
    struct = rows.column(name).combine_chunks()
    struct = struct.combine_chunks() if isinstance(struct, pa.ChunkedArray) else struct
    columns = struct.flatten()
    names = [field.name for field in struct.type]
    return in_utc(pa.table(columns, names=names))


def in_utc(table: pa.Table) -> pa.Table:
    """Name UTC as the zone of all times.

    Spark writes the session's time zone into Arrow's type. The values are microseconds of UTC whatever it is, so the
    zone is replaced, and nothing depends on it.
    """
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is not None:
            table = table.set_column(index, field.name, table.column(index).cast(INSTANT))
    return table
