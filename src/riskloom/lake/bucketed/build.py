"""Builds a bucketed table anew from the files of another table: one pass over the rows, each written once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskloom.lake.bucketed.buckets import ROWS_WANTED, Buckets, halves
from riskloom.lake.bucketed.files import File, Writer
from riskloom.lake.bucketed.hashing import key_hashes
from riskloom.lake.bucketed.order import grouped, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from riskloom.lake.bucketed.table import Layout
    from riskloom.lake.tasks import Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the tasks of a build share.

    Attributes:
        root: Folder of the table to build.
        layout: How its rows shall lie.
        buckets: Its buckets.
    """

    root: Path
    layout: Layout
    buckets: Buckets


def build(tasks: Tasks, job: Job, sources: list[Path]) -> list[File]:
    """Write the rows of Parquet files as buckets; nothing is committed.

    Args:
        tasks: Where the tasks run.
        job: What to build.
        sources: Files with the columns of the layout, in the same types or in ones that can be cast.

    Returns:
        The files written. A row with a null in its key is nobody's, and is left out.
    """
    written = tasks.regroup(partial(_split, job), sources, partial(_gather, job), job.root)
    return [file for files in written for file in files]


def _split(job: Job, source: Path) -> Iterator[tuple[int, bytes]]:
    file = pq.ParquetFile(source)
    for group in range(file.num_row_groups):
        rows = file.read_row_group(group, columns=job.layout.schema.names).select(job.layout.schema.names)
        mine = keyed(job.layout.keys, rows.cast(job.layout.schema))
        for bucket, part in by_bucket(job.layout.keys, job.buckets, mine):
            yield bucket, packed(part)


def by_bucket(keys: Sequence[str], buckets: Buckets, rows: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """Cut rows by bucket.

    Args:
        keys: Key columns.
        buckets: The buckets.
        rows: The rows; one with a null in its key falls into some bucket, too.

    Yields:
        The place of a bucket in ``buckets``, and its rows, of which there is one at least.
    """
    order, starts = grouped(buckets.of(key_hashes(rows, keys)), len(buckets.names))
    rows = rows.take(pa.array(order)) if len(buckets.names) > 1 else rows
    for bucket in np.flatnonzero(np.diff(starts)).tolist():
        yield bucket, rows.slice(int(starts[bucket]), int(starts[bucket + 1] - starts[bucket]))


def keyed(keys: Sequence[str], rows: pa.Table) -> pa.Table:
    """Leave out the rows of nobody: those with a null in their key."""
    for key in keys:
        if rows.column(key).null_count:
            rows = rows.filter(pc.is_valid(rows.column(key)))
    return rows


def packed(rows: pa.Table) -> bytes:
    """Write rows as an Arrow stream."""
    sink = pa.BufferOutputStream()
    # Rows that were cut out of a larger table are copied, so that no more than they is written.
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return bytes(sink.getvalue())


def unpacked(pieces: Iterable[bytes]) -> pa.Table:
    """Read rows of one schema back from Arrow streams."""
    return pa.concat_tables(pa.ipc.open_stream(piece).read_all() for piece in pieces)


def _gather(job: Job, bucket: int, pieces: Iterable[bytes]) -> list[File]:
    return write_bucket(job.root, job.layout, job.buckets.names[bucket], unpacked(pieces))


def write_bucket(root: Path, layout: Layout, bucket: str, rows: pa.Table, *, whole: bool = True) -> list[File]:
    """Write rows of a bucket in order.

    Args:
        root: Folder of the table.
        layout: How the rows shall lie.
        bucket: Name of the bucket.
        rows: The rows, in any order; none makes no file.
        whole: Whether these are all of its rows. Where they are too many for one bucket, it is then split.
    """
    if rows.num_rows == 0:
        return []
    if whole and rows.num_rows > 2 * ROWS_WANTED:
        parts = halves(bucket, key_hashes(rows, layout.keys))
        if parts:
            return [
                file for name, mask in parts for file in write_bucket(root, layout, name, rows.filter(pa.array(mask)))
            ]
    ordered = in_order(rows, layout.keys, (layout.time, *layout.ties))
    repeating = [
        field.name for field in layout.schema if pa.types.is_string(field.type) and field.name not in layout.ties
    ]
    with Writer(root, bucket, layout.schema, time=layout.time, statistics=layout.keys, dictionary=repeating) as writer:
        writer.write(ordered)
    return [writer.file]
