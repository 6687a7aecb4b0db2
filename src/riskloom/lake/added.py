"""Parquet files that tasks wrote, added to a plain Delta table in one transaction.

A task writes under a name that no other attempt has. Only what successful attempts said is committed, so what a failed
or repeated attempt left behind is never part of the table; a vacuum removes it.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from pyarrow import types

from riskloom.intervals import to_micros
from riskloom.lake import tables
from riskloom.lake.commits import committed
from riskloom.lake.races import Overtaken, one_commit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from deltalake.transaction import AddAction, RemoveAction

_LONGEST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A file that is to be added.

    Attributes:
        path: Its path below the table's folder.
        rows: How many rows it has.
        size: Bytes.
        stats: What the log says of its columns, as JSON.
        partition: Values of the table's partition columns.
    """

    path: str
    rows: int
    size: int
    stats: str
    partition: Mapping[str, str] = field(default_factory=dict)

    def action(self) -> AddAction:
        """Write it as a Delta action."""
        from deltalake.transaction import AddAction

        now = time.time_ns() // 1_000_000
        return AddAction(self.path, self.size, dict(self.partition), now, True, self.stats)


def described(root: Path, path: str, partition: Mapping[str, str] | None = None, *, finite: bool = True) -> Added:
    """Describe a file by its footer.

    Args:
        root: Folder of the table.
        path: Path of the file below it.
        partition: Values of the partition columns.
        finite: Whether each fraction in it is a finite number. Where one is not, the log gets the number of rows alone:
            the footer leaves NaN out of smallest and largest values, and readers would skip it.
    """
    footer = pq.read_metadata(root / path)
    stats = {"numRecords": footer.num_rows, **(_statistics(footer) if finite else {})}
    size = (root / path).stat().st_size
    return Added(path=path, rows=footer.num_rows, size=size, stats=json.dumps(stats), partition=partition or {})


def _statistics(footer: pq.FileMetaData) -> dict[str, Any]:
    """Give the statistics of the flat columns; none where the footer lacks some of one of them."""
    smallest: dict[str, Any] = {}
    largest: dict[str, Any] = {}
    nulls: dict[str, int] = {}
    schema = footer.schema.to_arrow_schema()
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    for place in range(footer.num_columns):
        name = footer.schema.column(place).path
        if name not in schema.names:
            continue
        found = [group.column(place).statistics for group in groups]
        nulls[name] = sum(one.null_count for one in found)
        bounds = [one for one in found if one.has_min_max]
        if len(bounds) < sum(one.num_values > 0 for one in found):
            return {}
        if bounds and not types.is_binary(schema.field(name).type):
            smallest[name] = _written(min(one.min for one in bounds), up=False)
            largest[name] = _written(max(one.max for one in bounds), up=True)
    return {"minValues": smallest, "maxValues": largest, "nullCount": nulls}


def _written(value: Any, *, up: bool) -> Any:  # noqa: ANN401 - of whatever type the column is
    """Write a smallest or largest value as Delta does: times by the millisecond, a shortened text still a bound."""
    if isinstance(value, datetime):
        millis = -(-to_micros(value) // 1_000) if up else to_micros(value) // 1_000
        instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
        return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, str) and len(value) > _LONGEST:
        # U+10FFFF comes behind every sign that may follow.
        return value[:_LONGEST] + ("\U0010ffff" if up else "")
    return value


def add(
    path: Path,
    files: Sequence[Added],
    schema: pa.Schema,
    *,
    seen: int | None,
    name: str,
    partition_by: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
) -> int:
    """Add files to a table in one transaction, provided that it is still as it was seen.

    Args:
        path: Folder of the table; made where ``seen`` is None.
        files: Files below it that successful tasks wrote.
        schema: The table's columns.
        seen: Version as the writer saw it; None where there was no table.
        name: The table's name as people see it.
        partition_by: Partition columns of a new table.
        properties: Delta properties of a new table.

    Returns:
        The version that the transaction made.

    Raises:
        Overtaken: The table has changed since; nothing was committed.
        LakeError: The table cannot be written.
    """
    from deltalake import CommitProperties, Schema
    from deltalake.transaction import create_table_with_add_actions

    about = CommitProperties(max_commit_retries=0)
    actions = [file.action() for file in files]
    with one_commit(path):
        if seen is None:
            path.mkdir(parents=True, exist_ok=True)
            create_table_with_add_actions(
                os.fspath(path),
                Schema.from_arrow(schema),
                actions,
                mode="error",
                partition_by=list(partition_by),
                configuration=dict(properties or {}),
                commit_properties=about,
            )
        elif tables.version(path) != seen:
            raise Overtaken(name)
        else:
            table = tables.opened(path, seen)
            table.create_write_transaction(
                list["AddAction | RemoveAction"](actions),
                "append",
                table.schema(),
                partition_by=table.metadata().partition_columns,
                commit_properties=about,
            )
    made = 0 if seen is None else seen + 1
    committed(name, made)
    return made
