"""Ledger: the outcomes of all gates, kept in ``ops.validations``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from riskloom.intervals import to_datetime
from riskloom.lake import tables
from riskloom.lake.validations import SCHEMA, TABLE

if TYPE_CHECKING:
    from riskloom.lake.paths import Lake
    from riskloom.quality.result import GateResult


def record(lake: Lake, result: GateResult, run_id: str) -> None:
    """Append a gate's checks, one row each; a gate without checks appends nothing."""
    if not result.checks:
        return
    tables.append(lake.ops(TABLE), _rows(result, run_id))


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
