"""A bucketed table as its log has it, and the one transaction that changes it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from riskloom.lake import tables
from riskloom.lake.bucketed.buckets import COLUMN, Buckets
from riskloom.lake.bucketed.files import File
from riskloom.lake.commits import committed
from riskloom.lake.paths import shown
from riskloom.lake.races import Overtaken, one_commit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from deltalake import CommitProperties
    from deltalake.transaction import AddAction, RemoveAction

_SCHEME = "riskloom buckets 1: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the rows of a table lie.

    Attributes:
        schema: Columns of its files.
        keys: Columns whose hash is the bucket; a file is in their order.
        time: The time, in which the rows of a key are ordered.
        ties: Columns that settle equal times.
        row_id: The column that names a row, by which it is found again when it changes; None where none does.
    """

    schema: pa.Schema
    keys: tuple[str, ...]
    time: str
    ties: tuple[str, ...]
    row_id: str | None = None

    @property
    def description(self) -> str:
        """What the table's metadata says of it, so that a table of another layout is recognised."""
        return f"{_SCHEME}hash of {', '.join(self.keys)}; sorted by {', '.join((*self.keys, self.time, *self.ties))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One version of a bucketed table.

    Attributes:
        version: The version.
        files: Its files.
        columns: Names of its columns, without the bucket.
        description: See ``Layout.description``; of a table that is not bucketed, whatever it has.
        marks: For each application that commits to it, what it said last.
    """

    version: int
    files: tuple[File, ...]
    columns: tuple[str, ...]
    description: str
    marks: Mapping[str, int]

    @property
    def buckets(self) -> Buckets:
        """Its buckets, those without rows too."""
        return Buckets.around({file.bucket for file in self.files})

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(file.rows for file in self.files)

    @property
    def bucketed(self) -> bool:
        """Whether it is a bucketed table."""
        return self.description.startswith(_SCHEME)

    def has(self, layout: Layout) -> bool:
        """Say whether its rows lie as a layout says."""
        return self.columns == tuple(layout.schema.names) and self.description == layout.description


def snapshot(path: Path, version: int | None = None, marks: Sequence[str] = ()) -> Snapshot | None:
    """Look at a table.

    Args:
        path: Folder of the table.
        version: Version to look at; None for the newest.
        marks: Applications whose mark is wanted.

    Returns:
        The snapshot; None where there is no table. One that is not bucketed has no files here.
    """
    if not tables.exists(path):
        return None
    table = tables.opened(path, version)
    metadata = table.metadata()
    bucketed = (metadata.description or "").startswith(_SCHEME)
    said = ((name, table.transaction_version(name)) for name in marks)
    return Snapshot(
        version=table.version(),
        files=tuple(_files(pa.table(table.get_add_actions(flatten=True)))) if bucketed else (),
        columns=tuple(field.name for field in table.schema().fields if field.name != COLUMN),
        description=metadata.description or "",
        marks={name: mark for name, mark in said if mark is not None},
    )


def _files(actions: pa.Table) -> list[File]:
    columns = (
        actions.column(name).to_pylist() for name in ("path", f"partition.{COLUMN}", "num_records", "size_bytes")
    )
    return [
        File(path=path, bucket=bucket, rows=rows, size=size) for path, bucket, rows, size in zip(*columns, strict=True)
    ]


def commit(
    path: Path,
    layout: Layout,
    seen: Snapshot | None,
    *,
    added: Sequence[File],
    removed: Sequence[File],
    marks: Mapping[str, int],
    properties: Mapping[str, str] | None = None,
) -> int:
    """Change a table in one transaction, provided that it is still as it was seen.

    Args:
        path: Folder of the table; made with the layout where ``seen`` is None or has another layout.
        layout: How the rows lie.
        seen: The table as the writer saw it.
        added: Files that successful tasks wrote.
        removed: Files of ``seen`` that the table shall lose; all of them where the layout is another.
        marks: What to keep for each application, in the same transaction.
        properties: Delta properties, where the table is made.

    Returns:
        The version that the transaction made.

    Raises:
        Overtaken: The table has changed since; nothing was committed.
    """
    from deltalake import CommitProperties, Transaction

    about = CommitProperties(
        max_commit_retries=0, app_transactions=[Transaction(name, mark) for name, mark in marks.items()]
    )
    with one_commit(path):
        if seen is None:
            _create(path, layout, added, about, properties, mode="error")
        elif tables.version(path) != seen.version:
            raise Overtaken(shown(path))
        elif not seen.has(layout):
            _create(path, layout, added, about, properties, mode="overwrite")
        else:
            table = tables.opened(path, seen.version)
            actions: list[AddAction | RemoveAction] = [
                *(file.added() for file in added),
                *(file.removed() for file in removed),
            ]
            table.create_write_transaction(
                actions, "append", _with_bucket(layout), partition_by=[COLUMN], commit_properties=about
            )
    made = tables.version(path) if seen is None else seen.version + 1
    committed(shown(path), made or 0)
    return made or 0


def _create(
    path: Path,
    layout: Layout,
    added: Sequence[File],
    about: CommitProperties,
    properties: Mapping[str, str] | None,
    *,
    mode: Literal["error", "overwrite"],
) -> None:
    from deltalake import Schema
    from deltalake.transaction import create_table_with_add_actions

    path.mkdir(parents=True, exist_ok=True)
    create_table_with_add_actions(
        os.fspath(path),
        Schema.from_arrow(_with_bucket(layout)),
        [file.added() for file in added],
        mode=mode,
        partition_by=[COLUMN],
        description=layout.description,
        configuration=dict(properties or {}),
        commit_properties=about,
    )


def _with_bucket(layout: Layout) -> pa.Schema:
    return layout.schema.append(pa.field(COLUMN, pa.string()))
