"""Ledger: the outcomes of all gates, kept in ``ops.validations``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.intervals import to_datetime
from riskloom.lake import tables

if TYPE_CHECKING:
    from riskloom.lake.paths import Lake
    from riskloom.quality.result import GateResult

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


def record(lake: Lake, result: GateResult, run_id: str) -> None:
    """Append a gate's checks, one row each; a gate without checks appends nothing."""
    if not result.checks:
        return
    tables.append(lake.ops(TABLE), _rows(result, run_id))


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


def _rows(result: GateResult, run_id: str) -> pa.Table:
    recorded = datetime.now(UTC)
    shared: dict[str, Any] = {
        "run_id": run_id,
        "source": result.source,
        "interval_start": to_datetime(result.interval.start),
        "interval_end": to_datetime(result.interval.end),
        "page": str(result.page or ""),
        "recorded_ts": recorded,
    }
    rows = [
        {
            **shared,
            "position": position,
            "type": check.type,
            "column": check.column,
            "kwargs": json.dumps(dict(check.kwargs), default=str, sort_keys=True),
            "severity": check.severity,
            "success": check.success,
            "unexpected": check.unexpected_count,
            "evaluated": check.element_count,
            "detail": check.detail,
        }
        for position, check in enumerate(result.checks)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)
