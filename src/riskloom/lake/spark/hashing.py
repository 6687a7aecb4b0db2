"""A row's hash: equal for equal values, whatever the types, and different where a null moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql import types as T

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column
    from pyspark.sql.types import StructType

_NULL = "-"


def row_hash(schema: StructType, columns: Sequence[str]) -> Column:
    """Hash columns of a row.

    Each value is written with its length before it, and null as a sign that no value can be, so that no
    two different rows are written alike. Times are whole microseconds, whatever the session's zone.

    Args:
        schema: Schema of the frame.
        columns: Columns to hash, in this order.

    Returns:
        SHA-256, as 64 hexadecimal digits.
    """
    return F.sha2(F.concat(*(_written(schema, name) for name in columns)), 256)


def _written(schema: StructType, name: str) -> Column:
    column = F.col(name)
    dtype = schema[name].dataType
    if isinstance(dtype, T.TimestampType):
        text = F.unix_micros(column).cast("string")
    elif isinstance(dtype, T.ArrayType):
        text = F.to_json(column)
    elif isinstance(dtype, T.MapType):
        # A map has no order of its own: its entries are sorted, so that equal maps are written alike.
        text = F.to_json(F.array_sort(F.map_entries(column)))
    else:
        text = column.cast("string")
    return F.coalesce(F.concat(F.octet_length(text).cast("string"), F.lit(":"), text), F.lit(_NULL))
