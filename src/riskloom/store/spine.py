"""A spine of any kind, checked, as Arrow: entity keys and the instant of each row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from riskloom.errors import SpineError
from riskloom.intervals import to_micros
from riskloom.windows.tables import ARROW, INSTANT

if TYPE_CHECKING:
    from collections.abc import Mapping

TIME = "event_timestamp"
AT = "at"
FIRST, LAST = to_micros("0001-01-01"), to_micros("9999-12-31T23:59:59.999999Z")


def to_arrow(spine: Any) -> pa.Table:  # noqa: ANN401 - a frame of one of five kinds
    """Turn a spine into Arrow, all of its columns, in the order of its rows.

    Args:
        spine: A pandas, Arrow, Polars or Spark frame, or a list of dicts.

    Raises:
        SpineError: It is something else, or a column has no one type.
    """
    if isinstance(spine, str):
        raise SpineError.sql()
    if isinstance(spine, pa.Table):
        return spine
    try:
        if hasattr(spine, "toArrow"):
            return spine.toArrow()
        if hasattr(spine, "to_arrow"):
            return spine.to_arrow()
        if hasattr(spine, "dtypes"):
            return _from_pandas(spine)
        if isinstance(spine, Sequence):
            return _from_rows(spine)
    except (ValueError, pa.ArrowTypeError) as error:
        raise SpineError.mixed_column(str(error).splitlines()[0].rstrip(".")) from error
    raise SpineError.not_a_frame(type(spine).__name__)


def _from_pandas(frame: Any) -> pa.Table:  # noqa: ANN401 - a pandas frame
    if TIME not in frame.columns or frame[TIME].dtype != object:
        return pa.Table.from_pandas(frame, preserve_index=False)
    # Arrow would take naive times among objects for UTC.
    rest = pa.Table.from_pandas(frame.drop(columns=[TIME]), preserve_index=False)
    return rest.add_column(list(frame.columns).index(TIME), TIME, _instants(frame[TIME].tolist()))


def _from_rows(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    if rows and TIME not in names:
        raise SpineError.missing_time(TIME, names)
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pa.table({name: _instants(values) if name == TIME else pa.array(values) for name, values in columns.items()})


def _instants(values: Sequence[Any]) -> pa.Array:
    return pa.array([_micros(value) for value in values], pa.int64()).cast(INSTANT)


def _micros(value: Any) -> int | None:  # noqa: ANN401 - whatever the caller's cell holds
    if value is None or value != value:  # noqa: PLR0124 - NaT and NaN differ from themselves
        return None
    if not isinstance(value, datetime):
        raise SpineError.bad_time(TIME, "text" if isinstance(value, str) else f"values of type {type(value).__name__}")
    if value.tzinfo is None:
        raise SpineError.bad_time(TIME, "naive times")
    return to_micros(value, TIME)


def time_column(spine: pa.Table) -> str:
    """Name the column of instants: ``event_timestamp``, else the only one that holds times, as Feast has it."""
    times = [field.name for field in spine.schema if types.is_timestamp(field.type)]
    return times[0] if TIME not in spine.column_names and len(times) == 1 else TIME


def instants(spine: pa.Table, time: str = TIME) -> pa.ChunkedArray:
    """Give the instant of each row, in microseconds; a finer time is rounded down.

    Args:
        spine: The spine.
        time: Its column of instants.

    Raises:
        SpineError: The time column is missing, holds no aware times, or has a null.
    """
    if time not in spine.column_names:
        raise SpineError.missing_time(time, spine.column_names)
    column = spine.column(time)
    if len(column) == 0:
        return pa.chunked_array([], INSTANT)
    if not types.is_timestamp(column.type):
        raise SpineError.bad_time(time, _kind(column.type))
    if column.type.tz is None:
        raise SpineError.bad_time(time, "naive times")
    if column.null_count:
        raise SpineError.null_time(time, column.null_count)
    finer = column.type.unit == "ns"
    try:
        found = (pc.floor_temporal(column, unit="microsecond") if finer else column).cast(INSTANT)
    except pa.ArrowInvalid as error:
        raise SpineError.out_of_range(time) from error
    span = pc.min_max(found.cast(pa.int64())).as_py()
    if span["min"] < FIRST or span["max"] > LAST:
        raise SpineError.out_of_range(time)
    return found


def _kind(found: pa.DataType) -> str:
    return "text" if types.is_string(found) or types.is_large_string(found) else f"values of type {found}"


def keys_and_instants(
    spine: pa.Table,
    view: str,
    keys: Sequence[tuple[str, str]],
    names: Mapping[str, str] | None = None,
    time: str = TIME,
) -> pa.Table:
    """Select what the window kernel needs of a spine.

    Args:
        spine: Checked or not, as Arrow.
        view: Whose keys are needed, for errors.
        keys: Pairs of key column and declared type.
        names: The spine's names for key columns, where they differ from the view's.
        time: The spine's column of instants.

    Returns:
        The view's key columns in their declared types, and ``at``.

    Raises:
        SpineError: A column is missing or of another type.
    """
    columns = {key: _key(spine, view, dtype, (names or {}).get(key, key)) for key, dtype in keys}
    return pa.table({**columns, AT: instants(spine, time)})


def _key(spine: pa.Table, view: str, dtype: str, name: str) -> pa.ChunkedArray:
    if name not in spine.column_names:
        raise SpineError.missing_key(view, name, spine.column_names)
    column, wanted = spine.column(name), ARROW[dtype]
    found = column.type.value_type if types.is_dictionary(column.type) else column.type
    if not _fits(found, dtype):
        raise SpineError.wrong_key_type(view, name, str(found), dtype)
    try:
        return column.cast(wanted)
    except pa.ArrowInvalid as error:
        raise SpineError.wrong_key_type(view, name, f"{found} with fractions or too large", dtype) from error


def _fits(found: pa.DataType, dtype: str) -> bool:
    if types.is_null(found):
        return True
    if dtype == "string":
        return bool(types.is_string(found) or types.is_large_string(found) or types.is_string_view(found))
    # pandas makes floats of integers where one is missing.
    return bool(found == ARROW[dtype] or (dtype == "int64" and (types.is_integer(found) or types.is_floating(found))))
