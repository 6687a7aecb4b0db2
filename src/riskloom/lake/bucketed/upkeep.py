"""Keeps a bucketed table up to date with what changed, at the cost of what changed.

New rows go into a new file of their bucket, together with the bucket's files that are not much larger than what they
are merged with (a log-structured merge; O'Neil, Cheng, Gawlick and O'Neil, 1996). So a bucket has few files, and a row
is written again a number of times that grows with the logarithm of the history, not with the history. Rows that are
gone are taken out of the files whose stretch of time holds them, and no other file is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskloom.lake.bucketed.build import by_bucket, packed, unpacked, write_bucket
from riskloom.lake.bucketed.files import File, read_files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from riskloom.lake.bucketed.table import Layout, Snapshot
    from riskloom.lake.feed import Change
    from riskloom.lake.tasks import Tasks

_MERGED_UP_TO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """One bucket, and what changes in it.

    Attributes:
        bucket: Its name.
        files: Its files.
        new: Rows that it gets, as an Arrow stream.
        gone: Rows that it loses, as an Arrow stream.
    """

    bucket: str
    files: tuple[File, ...]
    new: bytes
    gone: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """What a change came to.

    Attributes:
        added: Files written.
        removed: Files whose rows they hold, or that lost all of theirs.
        lost: How many rows were found and taken out.
    """

    added: tuple[File, ...]
    removed: tuple[File, ...]
    lost: int


def apply(tasks: Tasks, root: Path, layout: Layout, seen: Snapshot, change: Change) -> Rewritten:
    """Write the files that a change makes necessary; nothing is committed.

    Args:
        tasks: Where the tasks run.
        root: Folder of the table.
        layout: How its rows lie.
        seen: The table.
        change: What it shall lose and get.
    """
    done = tasks.map(partial(_rewrite, root, layout), _touched(layout, seen, change))
    return Rewritten(
        added=tuple(file for one in done for file in one.added),
        removed=tuple(file for one in done for file in one.removed),
        lost=sum(one.lost for one in done),
    )


def _touched(layout: Layout, seen: Snapshot, change: Change) -> list[Touched]:
    buckets = seen.buckets
    new, gone = (
        dict(by_bucket(layout.keys, buckets, side.select(layout.schema.names).cast(layout.schema)))
        for side in (change.new, change.gone)
    )
    nothing = layout.schema.empty_table()
    files: dict[str, list[File]] = {}
    for file in seen.files:
        files.setdefault(file.bucket, []).append(file)
    return [
        Touched(
            bucket=name,
            files=tuple(files.get(name, ())),
            new=packed(new.get(place, nothing)),
            gone=packed(gone.get(place, nothing)),
        )
        for place, name in enumerate(buckets.names)
        if place in new or place in gone
    ]


def _rewrite(root: Path, layout: Layout, touched: Touched) -> Rewritten:
    new, gone = unpacked([touched.new]), unpacked([touched.gone])
    losing = [file for file in touched.files if _holds(root, file, layout, gone)]
    merged = _merged(touched.files, new.num_rows)
    # A large file that loses rows stays by itself: were the new rows put into it, the next hour's corrections of them
    # would write all of it again.
    alone = [[file] for file in losing if file not in merged]
    added: list[File] = []
    lost = 0
    for files, more in ((merged, new), *((files, new.slice(0, 0)) for files in alone)):
        before = read_files(root, files, layout.schema.names) if files else layout.schema.empty_table()
        kept = before.filter(pc.invert(_among(before, gone, layout))) if gone.num_rows else before
        whole = len(files) == len(touched.files)
        added += write_bucket(root, layout, touched.bucket, pa.concat_tables([kept, more]), whole=whole)
        lost += before.num_rows - kept.num_rows
    return Rewritten(added=tuple(added), removed=(*merged, *(file for (file,) in alone)), lost=lost)


def _holds(root: Path, file: File, layout: Layout, gone: pa.Table) -> bool:
    """Say whether a file has a row that is gone; those whose times don't fit are not read."""
    if gone.num_rows == 0:
        return False
    oldest, newest = file.span
    times = gone.column(layout.time).cast(pa.int64()).to_numpy()
    if not ((times >= oldest) & (times <= newest)).any():
        return False
    there = pq.ParquetFile(root / file.path).read([layout.row_id])
    return bool(pc.any(_among(there, gone, layout)).as_py())


def _among(rows: pa.Table, gone: pa.Table, layout: Layout) -> pa.ChunkedArray:
    """Say of each row whether its id is one of those that are gone."""
    return pc.is_in(rows.column(layout.row_id), value_set=gone.column(layout.row_id).combine_chunks())


def _merged(files: Iterable[File], rows: int) -> list[File]:
    """Choose the files to write together with new rows: the smallest ones, up to a size that grows with them."""
    total, chosen = rows, []
    for file in sorted(files, key=lambda file: file.rows):
        if not rows or file.rows > _MERGED_UP_TO * total:
            break
        chosen.append(file)
        total += file.rows
    return chosen
