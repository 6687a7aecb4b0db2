"""Lines to typed rows: classified, joined to records, read by their format."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from riskloom.extract.classify import RECORD, decode
from riskloom.extract.formats import frames
from riskloom.extract.formats.record import Context, Unit, units
from riskloom.extract.newest import newest_of
from riskloom.intervals import to_micros

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskloom.extract.classify import Rules
    from riskloom.extract.formats.plan import Plan


def rows(batches: Iterator[pa.RecordBatch], rules: Rules, plan: Plan) -> Iterator[pa.RecordBatch]:
    """Read lines.

    Args:
        batches: Columns of ``classify.INPUT``.
        rules: Which lines are records.
        plan: How records become rows.

    Yields:
        A row for each event, each reject, and each line that begins no record.
    """
    names = rules.names()
    schema = frames.schema(plan)
    for found in rules.records(batches):
        lines = [_with_identity(line) for line in found] if plan.identical else found
        pairs = [(line, unit) for line in lines for unit in _units(line, plan, names)]
        origin = [pa.array([line[name] for line, _ in pairs], dtype) for name, dtype in (*frames.ORIGIN, *frames.LINE)]
        arrays = [*origin, *frames.unit_columns((unit for _, unit in pairs), plan)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _with_identity(line: dict[str, Any]) -> dict[str, Any]:
    """Let a record's text name it, so that an identical one has the same name."""
    if line["record"] is None:
        return line
    text = f"{line['identity']} {decode(line['record'])}"
    return {**line, "identity": hashlib.sha256(text.encode()).hexdigest()}


def _units(line: dict[str, Any], plan: Plan, names: dict[str, tuple[str, ...]]) -> list[Unit]:
    if line["kind"] != RECORD:
        return [Unit(values=[None] * len(plan.columns))]
    if line["failure"]:
        return [Unit(reason=line["failure"])]
    arrived = line["ingest_ts"]
    context = Context(
        names=names.get(line["file_hash"], ()),
        arrived=None if arrived is None else to_micros(arrived),
        newest=newest_of(line["file"], arrived),
    )
    return units(line["record"], plan, context)
