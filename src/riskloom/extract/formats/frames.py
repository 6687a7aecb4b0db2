"""Units as Arrow batches: what a load writes, a row an event, a reject, or a line that is no record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskloom.extract.formats.plan import Plan
    from riskloom.extract.formats.record import Unit

TIMESTAMP = pa.timestamp("us", "UTC")
ARROW_TYPES = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": TIMESTAMP,
}
ORIGIN = (
    ("file_hash", pa.string()),
    ("file", pa.string()),
    ("line_no", pa.int64()),
    ("byte_offset", pa.int64()),
    ("identity", pa.string()),
    ("ingest_ts", TIMESTAMP),
)
UNIT = (
    ("ordinal", pa.int32()),
    ("reason", pa.string()),
    ("detail", pa.string()),
    ("event_ts", TIMESTAMP),
    ("repair_codes", pa.list_(pa.string())),
    ("ts_precision", pa.string()),
    ("tz_source", pa.string()),
    ("flags", pa.list_(pa.string())),
    ("extras", pa.map_(pa.string(), pa.string())),
)
LINE = (("kind", pa.string()), ("rule", pa.string()))


def schema(plan: Plan) -> pa.Schema:
    """Give the schema of what a plan's records become."""
    columns = ((column.name, ARROW_TYPES[column.dtype]) for column in plan.columns)
    return pa.schema([*ORIGIN, *LINE, *UNIT, *columns])


def unit_columns(units: Iterable[Unit], plan: Plan) -> list[pa.Array]:
    """Give the columns of units, in the order of ``UNIT`` and of the plan's columns."""
    kept = list(units)
    envelope: list[list[Any]] = [
        [unit.ordinal for unit in kept],
        [unit.reason for unit in kept],
        [unit.detail for unit in kept],
        [unit.event_ts for unit in kept],
        [unit.notes.repairs if unit.reason is None else [] for unit in kept],
        [unit.precision for unit in kept],
        [unit.zone_source for unit in kept],
        [unit.notes.flags if unit.reason is None else [] for unit in kept],
        [list(unit.extras.items()) for unit in kept],
    ]
    arrays = [pa.array(values, dtype) for values, (_, dtype) in zip(envelope, UNIT, strict=True)]
    for number, column in enumerate(plan.columns):
        values = [unit.values[number] if unit.reason is None else None for unit in kept]
        arrays.append(pa.array(values, ARROW_TYPES[column.dtype]))
    return arrays
