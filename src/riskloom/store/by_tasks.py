"""Training sets that tasks write: a file for each stretch of the spine, in its order, which no other process holds.

A task computes what one bucket of a table gives to the spine's rows. What belongs to one stretch of rows is then
brought together, put beside the spine, hashed and written by one task. The driver sees the spine, and what files there
are.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from riskloom.errors import SpineError, StoreError
from riskloom.lake import tables
from riskloom.lake.bucketed.build import by_bucket, packed, unpacked
from riskloom.lake.bucketed.table import snapshot
from riskloom.lake.pieces import scratch
from riskloom.store import kept_files
from riskloom.store.kept_files import hash_rows, write_parquet
from riskloom.store.keyed import as_tokens
from riskloom.store.manifest import parts_data
from riskloom.store.parts import WindowPart
from riskloom.store.point_in_time import append_features
from riskloom.store.spine import keys_and_instants
from riskloom.store.table_tasks import (
    ROW,
    Declared,
    fits_a_task,
    in_row_order,
    join_by_key,
    join_whole,
    read_features,
    write_features,
)
from riskloom.windows.bucketed import SPINE_ROWS, Windowed, answer_from, bucketed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from riskloom.lake.bucketed.files import File
    from riskloom.lake.paths import Lake
    from riskloom.lake.tasks import Tasks
    from riskloom.store.parts import Part

Result = TypeVar("Result")


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
    """Answers that a task wrote down already: of which part, and the file of them."""

    part: int
    path: Path


@dataclass(frozen=True, slots=True)
class _Answers:
    """What tasks answer to a spine.

    Attributes:
        declared: The parts.
        spine: The spine's file.
        rows: How many rows it has.
        stretch: How many of them one file holds.
        items: What is cut by stretches: questions, and answers in another order than the spine's.
        whole: Answers in the spine's order, by the number of their part.
    """

    declared: Declared
    spine: Path
    rows: int
    stretch: int
    items: list[_Asked | _Joined] = field(default_factory=list)
    whole: dict[int, Path] = field(default_factory=dict)


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
    with scratch(folder) as on_the_way:
        found = _asked(tasks, lake, parts, spine, on_the_way)
        return _by_stretch(tasks, found, partial(_keep, found, folder), on_the_way)


def collect(tasks: Tasks, lake: Lake, parts: Sequence[Part], spine: Path, folder: Path) -> pa.Table:
    """Compute a training set by tasks, and give its features, in the order of the spine's rows.

    Args:
        tasks: Where tasks run.
        lake: Where the tables are.
        parts: What it is made of; see ``can_write``.
        spine: Its file, with a row at least.
        folder: For what is on its way; all workers see it.

    Raises:
        SpineError: The spine lacks a key, or has a column of a feature's name.
        StoreError: A table is missing.
    """
    with scratch(folder) as on_the_way:
        found = _asked(tasks, lake, parts, spine, on_the_way)
        columns = {name: column for path in found.whole.values() for name, column in _columns(read_features(path))}
        if found.items:
            bare = _by_stretch(tasks, found, partial(_bare, found, on_the_way), on_the_way)
            columns |= dict(_columns(pa.concat_tables(map(read_features, bare))))
        return pa.table({name: columns[name] for part in parts for name in part.features})


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


def _asked(tasks: Tasks, lake: Lake, parts: Sequence[Part], spine: Path, folder: Path) -> _Answers:
    """Cut the spine for the parts whose tables are in buckets, and join it with the other tables."""
    rows = pq.read_table(spine)
    declared = Declared(lake, tuple(parts_data(lake, parts)))
    found = _Answers(declared, spine, rows.num_rows, kept_files.ROWS_A_GROUP)
    whole = []
    for number, part in enumerate(parts):
        for name in part.features:
            if name in rows.column_names:
                raise SpineError.taken(name)
        if not isinstance(part, WindowPart) and not tables.exists(part.path):
            raise StoreError.no_batch_table(part.name, part.path)
        asked = keys_and_instants(rows, part.name, part.entity.keys)
        if fits_a_task(part, rows.num_rows):
            whole.append(number)
            continue
        asked = asked.append_column(ROW, pa.array(np.arange(rows.num_rows)))
        if isinstance(part, WindowPart):
            found.items.extend(_of_buckets(number, part, as_tokens(part.view, part.path, asked, part.version)))
        else:
            joined = join_by_key(tasks, declared, number, asked, folder)
            found.items.extend(_Joined(number, path) for path in joined)
    found.whole.update(join_whole(tasks, declared, whole, spine, folder))
    return found


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


def _question(part: WindowPart) -> Windowed:
    return Windowed.of(part.view, [feature.name for feature in part.features.values()])


def _by_stretch(
    tasks: Tasks, found: _Answers, finish: Callable[[int, Iterable[bytes]], Result], folder: Path
) -> list[Result]:
    """Bring the answers to each stretch of the spine together, and finish each stretch in a task."""
    if found.items:
        return tasks.regroup(partial(_split, found.declared, found.stretch), found.items, finish, folder)
    return tasks.map(partial(_without_pieces, finish), range(-(-found.rows // found.stretch)))


def _without_pieces(finish: Callable[[int, Iterable[bytes]], Result], stretch: int) -> Result:
    return finish(stretch, ())


def _split(declared: Declared, rows: int, item: _Asked | _Joined) -> Iterator[tuple[int, bytes]]:
    """Answer what is asked, and cut it by stretches of so many rows of the spine."""
    if isinstance(item, _Joined):
        found = read_features(item.path)
    else:
        part = declared.part(item.part)
        assert isinstance(part, WindowPart)  # noqa: S101 - no other part is asked like this
        asked = unpacked([item.spine])
        values = answer_from(part.path, _question(part), item.files, asked.drop_columns([ROW]))
        named = {output: values.column(feature.name) for output, feature in part.features.items()}
        found = pa.table({ROW: asked.column(ROW), **named})
    places = found.column(ROW).to_numpy() // rows
    for stretch in np.unique(places).tolist():
        yield stretch, bytes([item.part]) + packed(found.filter(pa.array(places == stretch)))


def _keep(found: _Answers, folder: Path, stretch: int, pieces: Iterable[bytes]) -> Stretch:
    """Put what the parts gave beside a stretch of the spine, and write it with its hashes."""
    table = pq.ParquetFile(found.spine).read_row_group(stretch)
    given = _in_order(found, stretch, pieces)
    for number, path in found.whole.items():
        given[number] = read_features(path).slice(stretch * found.stretch, table.num_rows)
    for _, values in sorted(given.items()):
        table = append_features(table, dict(_columns(values)))
    data, hashes = folder / f"part-{stretch:05d}.parquet", folder / f"rows-{stretch:05d}.parquet"
    write_parquet(table, data)
    parts = [found.declared.part(number) for number in range(len(found.declared.data))]
    write_parquet(hash_rows(table, parts), hashes)
    return Stretch(data.name, hashes.name, table.num_rows)


def _bare(found: _Answers, folder: Path, stretch: int, pieces: Iterable[bytes]) -> Path:
    """Write what the parts gave to a stretch of the spine, in its order."""
    given = _in_order(found, stretch, pieces).values()
    return write_features(folder, pa.table({name: column for values in given for name, column in _columns(values)}))


def _in_order(found: _Answers, stretch: int, pieces: Iterable[bytes]) -> dict[int, pa.Table]:
    """Give the pieces of each part by its number, in the order of the spine's rows."""
    given: dict[int, list[bytes]] = {}
    for piece in pieces:
        given.setdefault(piece[0], []).append(piece[1:])
    return {number: in_row_order(unpacked(some), stretch * found.stretch) for number, some in given.items()}


def _columns(values: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    return zip(values.column_names, values.columns, strict=True)
