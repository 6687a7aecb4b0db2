"""A row's hash: equal for equal values, whatever the types, and different where a null moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql import types as T

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column
    from pyspark.sql.types import StructType

_SEEDS = (1, 2)


def row_hash(schema: StructType, columns: Sequence[str]) -> Column:
    """Hash columns of a row.

    Equal values hash alike, whole numbers and fractions of every width too. Which columns are null is hashed beside
    the values, so that no two rows are the same where a null moved. Times are whole microseconds, whatever the
    session's zone. It tells rows apart that differ by chance, and is no seal: 128 bits of xxHash64, twice seeded.

    Args:
        schema: Schema of the frame.
        columns: Columns to hash, in this order.

    Returns:
        32 hexadecimal digits.
    """
    values = [_value(schema, name) for name in columns]
    parts = [*(value.isNull() for value in values), *values]
    return F.concat(*(F.lpad(F.lower(F.hex(F.xxhash64(F.lit(seed), *parts))), 16, "0") for seed in _SEEDS))


def _value(schema: StructType, name: str) -> Column:
    column, dtype = F.col(name), schema[name].dataType
    if isinstance(dtype, T.TimestampType):
        return F.unix_micros(column)
    if isinstance(dtype, T.IntegralType):
        return column.cast("bigint")
    if isinstance(dtype, T.FractionalType) and not isinstance(dtype, T.DecimalType):
        return column.cast("double")
    if isinstance(dtype, T.MapType):
        # A map has no order of its own: its entries are sorted, so that equal maps hash alike.
        return F.array_sort(F.map_entries(column))
    return column
