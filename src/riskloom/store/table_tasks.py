"""Tables that are in no buckets, joined with a spine by tasks: batch views' and labels'.

A table that one task can hold beside the spine is read and joined by that task, and no row of it moves. A larger one
is cut by key, as the spine is, and brought together with it bucket by bucket.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from riskloom.lake import tables
from riskloom.lake.bucketed.buckets import Buckets
from riskloom.lake.bucketed.build import by_bucket, packed, unpacked
from riskloom.store.manifest import part_of
from riskloom.store.parts import WindowPart
from riskloom.store.size import estimate
from riskloom.store.spine import TIME
from riskloom.windows.bucketed import SPINE_ROWS
from riskloom.windows.tables import conform

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from riskloom.lake.paths import Lake
    from riskloom.lake.tasks import Tasks
    from riskloom.store.parts import Part

# What one task may be asked to hold.
TASK_BYTES = 2**30
ROW = "__row"
_OF_SPINE, _OF_TABLE = b"s", b"t"


@dataclass(frozen=True, slots=True)
class Declared:
    """The parts as data, as tasks get them."""

    lake: Lake
    data: tuple[dict[str, Any], ...]

    def part(self, number: int) -> Part:
        """Give a part by its number."""
        return part_of(self.lake, self.data[number])


def fits_a_task(part: Part, rows: int) -> bool:
    """Say whether one task can hold a part's table beside a spine of so many rows."""
    return not isinstance(part, WindowPart) and estimate([part], rows) <= TASK_BYTES


def join_whole(tasks: Tasks, declared: Declared, numbers: Sequence[int], spine: Path, folder: Path) -> dict[int, Path]:
    """Join tables with a spine, each in one task.

    Args:
        tasks: Where tasks run.
        declared: The parts.
        numbers: Those to join; see ``fits_a_task``.
        spine: The spine's file.
        folder: Where to write; all workers see it.

    Returns:
        For each part a file of its features, in the spine's order; see ``read_features``.
    """
    paths = tasks.map(partial(_join_whole, declared, spine, folder), numbers)
    return dict(zip(numbers, paths, strict=True))


def _join_whole(declared: Declared, spine: Path, folder: Path, number: int) -> Path:
    part = declared.part(number)
    rows = pq.read_table(spine, columns=[*part.entity.key_columns, TIME])
    return write_features(folder, pa.table(part.values(rows)))


def write_features(folder: Path, values: pa.Table) -> Path:
    """Write features to a file that no other attempt has: on their way, so as they are in memory."""
    path = folder / f"features-{uuid.uuid4().hex}"
    with pa.ipc.new_file(os.fspath(path), values.schema) as file:
        file.write_table(values)
    return path


def read_features(path: Path) -> pa.Table:
    """Open a file of features; what is not looked at is not read."""
    with pa.memory_map(os.fspath(path)) as file:
        return pa.ipc.open_file(file).read_all()


def join_by_key(tasks: Tasks, declared: Declared, number: int, asked: pa.Table, folder: Path) -> list[Path]:
    """Bring a table and a spine together by key, and join them, a key wholly in one task.

    Args:
        tasks: Where tasks run.
        declared: The parts.
        number: The part.
        asked: Key columns, ``at``, and the number of each row of the spine.
        folder: Where to write; all workers see it.

    Returns:
        Files of features with the numbers of their rows.
    """
    part = declared.part(number)
    buckets = Buckets.for_rows(tables.rows(part.path, part.version) + asked.num_rows)
    spines = [packed(asked.slice(first, SPINE_ROWS)) for first in range(0, asked.num_rows, SPINE_ROWS)]
    items: list[int | bytes] = [*range(len(_fragments(part))), *spines]
    split, gather = partial(_split, declared, number, buckets), partial(_join, declared, number, folder)
    return [path for path in tasks.regroup(split, items, gather, folder) if path is not None]


def _fragments(part: Part) -> list[ds.Fragment]:
    there = tables.dataset(part.path, part.version)
    return sorted(there.get_fragments(), key=lambda fragment: str(fragment.path))


def _split(declared: Declared, number: int, buckets: Buckets, item: int | bytes) -> Iterator[tuple[int, bytes]]:
    """Cut a file of the table, or some rows of the spine, by key."""
    part = declared.part(number)
    keys = part.entity.key_columns
    if isinstance(item, bytes):
        kind, rows = _OF_SPINE, unpacked([item])
    else:
        fragment = _fragments(part)[item]
        there = tables.dataset(part.path, part.version)
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


def _join(declared: Declared, number: int, folder: Path, _: int, pieces: Iterable[bytes]) -> Path | None:
    part = declared.part(number)
    found: dict[bytes, list[bytes]] = {_OF_SPINE: [], _OF_TABLE: []}
    for piece in pieces:
        found[piece[:1]].append(piece[1:])
    if not found[_OF_SPINE]:
        return None
    asked = unpacked(found[_OF_SPINE])
    schema = tables.schema(part.path, part.version)
    nothing = pa.schema([schema.field(name) for name in part.columns]).empty_table()
    rows = unpacked(found[_OF_TABLE]) if found[_OF_TABLE] else nothing
    assert not isinstance(part, WindowPart)  # noqa: S101 - a windowed view's table is asked bucket by bucket
    values = part.join(asked.drop_columns([ROW]), rows)
    return write_features(folder, pa.table({ROW: asked.column(ROW), **values}))


def in_row_order(values: pa.Table, first: int) -> pa.Table:
    """Sort features by the numbers of their rows, which begin with ``first`` and of which none is missing."""
    back = np.empty(values.num_rows, np.int64)
    back[values.column(ROW).to_numpy() - first] = np.arange(values.num_rows)
    return values.drop_columns([ROW]).take(pa.array(back))
