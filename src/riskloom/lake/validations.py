"""Outcomes of gates as ``ops.validations`` keeps them: a row a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.lake import tables

if TYPE_CHECKING:
    from riskloom.lake.paths import Lake

TABLE = "validations"
_INSTANT = pa.timestamp("us", tz="UTC")
_TYPES: dict[str, pa.DataType] = {
    "run_id": pa.string(),
    "source": pa.string(),
    "interval_start": _INSTANT,
    "interval_end": _INSTANT,
    "position": pa.int64(),
    "type": pa.string(),
    "column": pa.string(),
    "kwargs": pa.string(),
    "severity": pa.string(),
    "success": pa.bool_(),
    "unexpected": pa.int64(),
    "evaluated": pa.int64(),
    "detail": pa.string(),
    "page": pa.string(),
    "recorded_ts": _INSTANT,
}
SCHEMA = pa.schema(_TYPES)


def latest(lake: Lake, source: str) -> pa.Table:
    """Give the checks of a source's last gate, in the order of declaration.

    Returns:
        Rows of ``ops.validations``; none where no gate of the source ran yet.
    """
    path = lake.ops(TABLE)
    if not tables.exists(path):
        return SCHEMA.empty_table()
    rows = tables.read(path, filters=pc.field("source") == source).to_pylist()
    newest = max(((row["recorded_ts"], row["run_id"]) for row in rows), default=None)
    kept = [row for row in rows if (row["recorded_ts"], row["run_id"]) == newest]
    return pa.Table.from_pylist(sorted(kept, key=lambda row: row["position"]), schema=SCHEMA)
