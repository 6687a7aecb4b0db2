"""Training sets that tasks write: a file for each stretch of the spine, in its order, which no other process holds.

A task computes what one bucket of a table gives to the spine's rows. What belongs to one stretch of rows is then
brought together, put beside the spine, hashed and written by one task. The driver sees the spine, and what files there
are.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from riskloom.errors import SpineError, StoreError
from riskloom.lake import tables
from riskloom.lake.bucketed.buckets import Buckets
from riskloom.lake.bucketed.build import by_bucket, packed, unpacked
from riskloom.lake.bucketed.table import snapshot
from riskloom.store import kept_files
from riskloom.store.kept_files import hash_rows, write_parquet
from riskloom.store.keyed import as_tokens
from riskloom.store.manifest import part_of, parts_data
from riskloom.store.parts import WindowPart
from riskloom.store.point_in_time import append_features
from riskloom.store.spine import keys_and_instants
from riskloom.windows.bucketed import Windowed, answer_from, bucketed
from riskloom.windows.tables import conform

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from riskloom.lake.bucketed.files import File
    from riskloom.lake.paths import Lake
    from riskloom.lake.tasks import Tasks
    from riskloom.store.parts import Part

SPINE_ROWS = 500_000
_ROW, _OF_SPINE, _OF_TABLE = "__row", b"s", b"t"


class Stretch(NamedTuple):
    """What a task wrote: the data of a stretch, and the hashes of its rows.

    Attributes:
        data: Name of the data's file.
        hashes: Name of the file of hashes.
        rows: How many rows each has.
    """

    data: str
    hashes: str
    rows: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """Rows of a spine, numbered, that one task answers for one part, as an Arrow stream.

    Attributes:
        part: Number of the part.
        spine: Key columns, ``at``, and the row's number.
        files: Files of the part's bucket.
    """

    part: int
    spine: bytes
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class _Joined:
    """Answers that a task wrote down already: of which part, and the pieces by stretch."""

    part: int
    path: Path


@dataclass(frozen=True, slots=True)
class _Declared:
    """The parts as data, as tasks get them."""

    lake: Lake
    data: tuple[dict[str, Any], ...]
    rows_a_file: int

    def part(self, number: int) -> Part:
        return part_of(self.lake, self.data[number])


def can_write(parts: Sequence[Part]) -> bool:
    """Say whether tasks can answer all parts: windowed views need their gold tables in buckets."""
    return all(not isinstance(part, WindowPart) or bucketed(part.path, _question(part), part.version) for part in parts)


def write(tasks: Tasks, lake: Lake, parts: Sequence[Part], spine: Path, folder: Path) -> list[Stretch]:
    """Compute a training set, and write it by tasks.

    Args:
        tasks: Where tasks run.
        lake: Where the tables are.
        parts: What it is made of; see ``can_write``.
        spine: Its file, with a row at least.
        folder: Where to write; all workers see it.

    Returns:
        The files, in the order of the spine's rows.

    Raises:
        SpineError: The spine lacks a key, or has a column of a feature's name.
        StoreError: A table is missing.
    """
    rows, declared = pq.read_table(spine), _Declared(lake, tuple(parts_data(lake, parts)), kept_files.ROWS_A_GROUP)
    items: list[_Asked | _Joined] = []
    for number, part in enumerate(parts):
        for name in part.features:
            if name in rows.column_names:
                raise SpineError.taken(name)
        asked = keys_and_instants(rows, part.name, part.entity.keys)
        asked = asked.append_column(_ROW, pa.array(np.arange(rows.num_rows)))
        if isinstance(part, WindowPart):
            items += _of_buckets(number, part, as_tokens(part.view, part.path, asked))
        else:
            items += _of_table(tasks, declared, number, asked, folder)
    written = tasks.regroup(partial(_split, declared), items, partial(_gather, declared, spine, folder), folder)
    for item in items:
        if isinstance(item, _Joined):
            item.path.unlink()
    return written


def commit(data: Path, schema: pa.Schema, stretches: Sequence[Stretch]) -> None:
    """Make a Delta table of the files that tasks wrote."""
    from deltalake import Schema
    from deltalake.transaction import AddAction, create_table_with_add_actions

    added = [
        AddAction(
            one.data, (data / one.data).stat().st_size, {}, 0, data_change=True, stats=f'{{"numRecords": {one.rows}}}'
        )
        for one in stretches
    ]
    create_table_with_add_actions(os.fspath(data), Schema.from_arrow(schema), added, mode="error")


def _question(part: WindowPart) -> Windowed:
    return Windowed.of(part.view, [feature.name for feature in part.features.values()])


def _of_buckets(number: int, part: WindowPart, asked: pa.Table) -> Iterator[_Asked]:
    """Cut a spine as a part's gold table is."""
    seen = snapshot(part.path, part.version)
    if seen is None:
        raise StoreError.no_table(part.name, part.path)
    files: dict[str, list[File]] = {}
    for file in seen.files:
        files.setdefault(file.bucket, []).append(file)
    buckets = seen.buckets
    for place, some in by_bucket(part.view.partition_keys, buckets, asked):
        there = tuple(files.get(buckets.names[place], ()))
        for first in range(0, some.num_rows, SPINE_ROWS):
            yield _Asked(number, packed(some.slice(first, SPINE_ROWS)), there)


def _of_table(tasks: Tasks, declared: _Declared, number: int, asked: pa.Table, folder: Path) -> list[_Joined]:
    """Bring a table that is in no buckets and a spine together by key, and join them, a key wholly in one task."""
    part = declared.part(number)
    if not tables.exists(part.path):
        raise StoreError.no_batch_table(part.name, part.path)
    buckets = Buckets.for_rows(tables.rows(part.path, part.version) + asked.num_rows)
    spines = [packed(asked.slice(first, SPINE_ROWS)) for first in range(0, asked.num_rows, SPINE_ROWS)]
    items: list[int | bytes] = [*range(len(_fragments(part))), *spines]
    split, gather = partial(_split_table, declared, number, buckets), partial(_join, declared, number, folder)
    return [_Joined(number, path) for path in tasks.regroup(split, items, gather, folder)]


def _fragments(part: Part) -> list[ds.Fragment]:
    there = tables.opened(part.path, part.version).to_pyarrow_dataset()
    return sorted(there.get_fragments(), key=lambda fragment: str(fragment.path))


def _split_table(declared: _Declared, number: int, buckets: Buckets, item: int | bytes) -> Iterator[tuple[int, bytes]]:
    """Cut a file of the table, or some rows of the spine, by key."""
    part = declared.part(number)
    keys = part.entity.key_columns
    if isinstance(item, bytes):
        kind, rows = _OF_SPINE, unpacked([item])
    else:
        fragment = _fragments(part)[item]
        there = tables.opened(part.path, part.version).to_pyarrow_dataset()
        rows = ds.FileSystemDataset([fragment], there.schema, there.format, there.filesystem).to_table(
            columns=list(part.columns)
        )
        types = dict(part.entity.keys)
        typed = conform(f"the table of {part.name!r}", rows.select(list(keys)), types)
        for key in keys:
            rows = rows.set_column(rows.column_names.index(key), key, typed.column(key))
        kind = _OF_TABLE
    for bucket, some in by_bucket(keys, buckets, rows):
        yield bucket, kind + packed(some)


def _join(declared: _Declared, number: int, folder: Path, bucket: int, pieces: Iterable[bytes]) -> Path:
    part = declared.part(number)
    found: dict[bytes, list[bytes]] = {_OF_SPINE: [], _OF_TABLE: []}
    for piece in pieces:
        found[piece[:1]].append(piece[1:])
    path = folder / f"joined-{number}-{bucket}-{uuid.uuid4().hex}"
    if not found[_OF_SPINE]:
        path.write_bytes(b"")
        return path
    asked = unpacked(found[_OF_SPINE])
    schema = tables.schema(part.path, part.version)
    nothing = pa.schema([schema.field(name) for name in part.columns]).empty_table()
    rows = unpacked(found[_OF_TABLE]) if found[_OF_TABLE] else nothing
    assert not isinstance(part, WindowPart)  # noqa: S101 - a windowed view's table is asked bucket by bucket
    values = part.join(asked.drop_columns([_ROW]), rows)
    path.write_bytes(packed(pa.table({_ROW: asked.column(_ROW), **values})))
    return path


def _split(declared: _Declared, item: _Asked | _Joined) -> Iterator[tuple[int, bytes]]:
    """Answer what is asked, and cut it by stretches of the spine."""
    if isinstance(item, _Joined):
        data = item.path.read_bytes()
        if not data:
            return
        found = unpacked([data])
    else:
        part = declared.part(item.part)
        assert isinstance(part, WindowPart)  # noqa: S101 - no other part is asked like this
        asked = unpacked([item.spine])
        values = answer_from(part.path, _question(part), item.files, asked.drop_columns([_ROW]))
        named = {output: values.column(feature.name) for output, feature in part.features.items()}
        found = pa.table({_ROW: asked.column(_ROW), **named})
    places = found.column(_ROW).to_numpy() // declared.rows_a_file
    for stretch in np.unique(places).tolist():
        yield stretch, bytes([item.part]) + packed(found.filter(pa.array(places == stretch)))


def _gather(declared: _Declared, spine: Path, folder: Path, stretch: int, pieces: Iterable[bytes]) -> Stretch:
    """Put what the parts gave beside a stretch of the spine, and write it with its hashes."""
    given: dict[int, list[bytes]] = {}
    for piece in pieces:
        given.setdefault(piece[0], []).append(piece[1:])
    table = pq.ParquetFile(spine).read_row_group(stretch)
    for _, some in sorted(given.items()):
        values = unpacked(some)
        back = np.empty(values.num_rows, np.int64)
        back[values.column(_ROW).to_numpy() - stretch * declared.rows_a_file] = np.arange(values.num_rows)
        table = append_features(table, _columns(values.take(pa.array(back))))
    data, hashes = folder / f"part-{stretch:05d}.parquet", folder / f"rows-{stretch:05d}.parquet"
    write_parquet(table, data)
    write_parquet(hash_rows(table, [declared.part(number) for number in range(len(declared.data))]), hashes)
    return Stretch(data.name, hashes.name, table.num_rows)


def _columns(values: pa.Table) -> Mapping[str, pa.ChunkedArray]:
    return {name: values.column(name) for name in values.column_names if name != _ROW}
