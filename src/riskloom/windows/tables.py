"""Arrow tables as the kernel takes them: the declared columns, in the declared types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from riskloom.declare.functions import list_of
from riskloom.errors import WindowError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    import numpy.typing as npt

INSTANT = pa.timestamp("us", "UTC")
ARROW: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": INSTANT,
}
ARROW |= {list_of(name): pa.list_(dtype) for name, dtype in tuple(ARROW.items())}
EVENT_TIMES = ("event_ts", "available_ts")


def _is_text(found: pa.DataType) -> bool:
    return bool(types.is_string(found) or types.is_large_string(found) or types.is_string_view(found))


def _is_instant(found: pa.DataType) -> bool:
    return bool(types.is_timestamp(found) and found.tz is not None)


# Arrow writes one and the same value in several types, as readers please: these hold no other values than ours.
_FAMILY: dict[str, Callable[[pa.DataType], bool]] = {
    "string": _is_text,
    "int64": types.is_integer,
    "float64": types.is_floating,
    "bool": types.is_boolean,
    "timestamp": _is_instant,
}


def conform(name: str, table: pa.Table, columns: Mapping[str, str]) -> pa.Table:
    """Select columns and give them the declared types.

    Args:
        name: What the table is, for errors: ``events`` or ``spine``.
        table: Any table.
        columns: Names and declared types of the columns wanted.

    Returns:
        The columns in the order asked for, each one contiguous.

    Raises:
        WindowError: A column is missing, or its Arrow type can't hold the declared one's values.

    Example:
        >>> conform("events", pa.table({"amount": pa.array([1], pa.int32())}), {"amount": "int64"}).schema.types
        [DataType(int64)]
    """
    arrays = {column: _conform_column(name, table, column, dtype) for column, dtype in columns.items()}
    return pa.table(arrays)


def _conform_column(name: str, table: pa.Table, column: str, dtype: str) -> pa.ChunkedArray:
    if column not in table.column_names:
        raise WindowError.missing_column(name, column, table.column_names)
    values, wanted = table.column(column), ARROW[dtype]
    found = values.type.value_type if types.is_dictionary(values.type) else values.type
    if found != wanted and not (types.is_null(found) or _FAMILY[dtype](found)):
        raise WindowError.wrong_type(name, column, str(values.type), str(wanted))
    try:
        values = values if values.type == wanted else values.cast(wanted)
    except pa.ArrowInvalid as error:
        raise WindowError.does_not_fit(name, column, str(values.type), str(wanted)) from error
    # Zero and minus zero are one number, but two to a dictionary: adding 0.0 leaves one of them.
    return pc.add(values, 0.0) if dtype == "float64" else values


def instants(name: str, table: pa.Table, column: str) -> npt.NDArray[np.int64]:
    """Give a time column as microseconds since the epoch.

    Raises:
        WindowError: The column holds a null.
    """
    values = table.column(column)
    if values.null_count:
        raise WindowError.null_time(name, column, values.null_count)
    return to_numpy(values.cast(pa.int64()))


def to_numpy(values: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Give a column without nulls as one NumPy array."""
    array: npt.NDArray[Any] = values.to_numpy()
    return array


def whole(values: pa.ChunkedArray) -> pa.Array:
    """Give a column as one array, copied only where it is of several."""
    return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()


def bitmap(null: npt.NDArray[np.bool_]) -> pa.Buffer | None:
    """Give Arrow's bitmap of values that are not null; None where none is null."""
    return pa.py_buffer(np.packbits(~null, bitorder="little")) if null.any() else None


def known(values: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Say of each value whether it is one: neither null nor NaN."""
    return to_numpy(pc.invert(pc.is_null(values, nan_is_null=True)))
