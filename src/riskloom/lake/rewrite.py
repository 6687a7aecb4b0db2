"""Rewrites the files of a Delta table that hold certain rows, in one commit, without a JVM."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskloom.lake import tables
from riskloom.lake.added import described
from riskloom.lake.commits import committed
from riskloom.lake.paths import shown
from riskloom.lake.races import Overtaken, one_commit, retried

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deltalake.transaction import AddAction, RemoveAction

_PARTITION = "partition."


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file of a table, as its log has it.

    Attributes:
        path: Where it is.
        name: Its path in the log.
        size: Bytes.
        partition: Its partition's values.
    """

    path: Path
    name: str
    size: int
    partition: dict[str, str | None]


def data_files(path: Path, version: int | None = None) -> list[DataFile]:
    """List the data files of a table."""
    found = tables.added_files(path, version)
    columns = {name: name.removeprefix(_PARTITION) for name in found.column_names if name.startswith(_PARTITION)}
    return [
        DataFile(
            path / unquote(row["path"]),
            row["path"],
            row["size_bytes"],
            {column: row[name] for name, column in columns.items()},
        )
        for row in found.to_pylist()
    ]


def rewrite(
    path: Path,
    change: Callable[[DataFile, pa.Table], pa.Table | None],
    chosen: Callable[[DataFile], bool] = lambda _: True,
) -> int:
    """Rewrite a table's files.

    Args:
        path: Folder of the table.
        change: Given a file and some of its rows, what shall stand there instead; None for what there is.
        chosen: Which files to look at.

    Returns:
        How many rows the table has lost; where nothing changed, no commit is made.

    Raises:
        LakeError: Other writers came first each time that it was tried.
    """
    return retried(shown(path), lambda: _rewrite(path, change, chosen), lambda error: isinstance(error, Overtaken))


def _rewrite(
    path: Path,
    change: Callable[[DataFile, pa.Table], pa.Table | None],
    chosen: Callable[[DataFile], bool],
) -> int:
    version = tables.opened(path).version()
    actions: list[AddAction | RemoveAction] = []
    lost = 0
    for file in data_files(path, version):
        if chosen(file):
            done, fewer = _rewritten(path, file, change)
            actions += done
            lost += fewer
    if actions:
        _commit(path, version, actions)
    return lost


def _rewritten(
    root: Path, file: DataFile, change: Callable[[DataFile, pa.Table], pa.Table | None]
) -> tuple[list[AddAction | RemoveAction], int]:
    """Write a file anew, and give the actions and how many rows it has lost."""
    from deltalake.transaction import RemoveAction

    source = pq.ParquetFile(file.path)
    name = f"part-{uuid.uuid4().hex}.parquet"
    written, rows, changed, finite = file.path.with_name(name), 0, False, True
    with pq.ParquetWriter(written, source.schema_arrow, compression="snappy") as writer:
        for group in range(source.num_row_groups):
            before = source.read_row_group(group)
            after = change(file, before)
            changed |= after is not None
            kept = before if after is None else after
            rows += kept.num_rows
            finite &= _finite(kept)
            if kept.num_rows:
                writer.write_table(kept)
    if not changed or not rows:
        written.unlink()
    if not changed:
        return [], 0
    now = time.time_ns() // 1_000_000
    removed = RemoveAction(file.name, True, now, size=file.size, partition_values=dict(file.partition))
    actions: list[AddAction | RemoveAction] = [removed]
    if rows:
        partition = {column: str(value) for column, value in file.partition.items()}
        actions.append(described(root, written.relative_to(root).as_posix(), partition, finite=finite).action())
    return actions, source.metadata.num_rows - rows


def _finite(rows: pa.Table) -> bool:
    """Say whether each fraction is a finite number."""
    fractions = [column for column in rows.columns if pa.types.is_floating(column.type)]
    return all(pc.all(pc.is_finite(column)).as_py() is not False for column in fractions)


def _commit(path: Path, version: int, actions: list[AddAction | RemoveAction]) -> None:
    from deltalake import CommitProperties

    table = tables.opened(path)
    if table.version() != version:
        raise Overtaken(shown(path))
    with one_commit(path):
        table.create_write_transaction(
            actions,
            "append",
            table.schema(),
            partition_by=table.metadata().partition_columns,
            commit_properties=CommitProperties(max_commit_retries=0),
        )
    committed(shown(path), version + 1)
