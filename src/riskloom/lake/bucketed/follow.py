"""Keeps a bucketed table what another table is, in another order.

How much of the source is taken in stands in the transaction that took it in. So each change arrives once, whoever was
killed when, and a second writer that comes in between makes the first one begin again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from riskloom.errors import LakeError
from riskloom.lake import tables
from riskloom.lake.bucketed.buckets import Buckets
from riskloom.lake.bucketed.build import Job, build, keyed
from riskloom.lake.bucketed.table import commit, snapshot
from riskloom.lake.bucketed.upkeep import apply
from riskloom.lake.feed import Change, changes
from riskloom.lake.paths import shown
from riskloom.lake.races import Overtaken, retried
from riskloom.lake.tasks import InProcess

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from riskloom.lake.bucketed.table import Layout
    from riskloom.lake.tasks import Tasks

# Below this, starting tasks costs more than the work.
ROWS_IN_PROCESS = 200_000
# Where more than this has changed, all is written anew, which takes no row through the driver.
MOST_ROWS_CHANGED = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How far a table has come.

    Attributes:
        source_version: Version of the source that it now holds.
        changed: Rows inserted, updated and deleted.
    """

    source_version: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A version of the source.

    Attributes:
        mark: Under what name the table keeps how much it has taken in: the identity of the source, since one that was
            made anew begins again at version 0.
    """

    path: Path
    version: int
    mark: str

    @property
    def files(self) -> list[Path]:
        return [self.path / name for name in tables.added_files(self.path, self.version).column("path").to_pylist()]


def follow(
    source: Path, path: Path, layout: Layout, tasks: Tasks, properties: Mapping[str, str] | None = None
) -> Followed:
    """Take in what a table has not taken in yet, in one transaction, and make it where it is missing.

    Args:
        source: Folder of the table to follow. Where its change feed is off or gone, or rows have no id, all of it is
            written anew when it has changed.
        path: Folder of the bucketed table.
        layout: How its rows shall lie. A table of another layout is written anew.
        tasks: Where tasks run, if there is enough for them to do.
        properties: Delta properties of a table that is made.

    Returns:
        The version taken in; a source that has not changed makes no commit.

    Raises:
        LakeError: The source is missing, or other writers came first each time that it was tried.
    """
    version = tables.opened(source).version()
    seen = _Source(path=source, version=version, mark=f"source {tables.identity(source)}")
    changed = retried(
        shown(path),
        lambda: _follow(seen, path, layout, tasks, properties or {}),
        lambda error: isinstance(error, Overtaken),
    )
    return Followed(source_version=version, changed=changed)


def _follow(source: _Source, path: Path, layout: Layout, tasks: Tasks, properties: Mapping[str, str]) -> int:
    seen = snapshot(path, marks=[source.mark])
    taken_in = seen.marks.get(source.mark) if seen is not None and seen.has(layout) else None
    marks = {source.mark: source.version}
    if taken_in == source.version:
        return 0
    feed = None if seen is None or taken_in is None else _feed(source, taken_in, layout)
    if seen is None or feed is None:
        rows = tables.rows(source.path, source.version)
        job = Job(root=path, layout=layout, buckets=Buckets.for_rows(rows))
        written = build(_enough(tasks, rows), job, source.files)
        removed = () if seen is None else seen.files
        commit(path, layout, seen, added=written, removed=removed, marks=marks, properties=properties)
        return sum(file.rows for file in written)
    change = Change(keyed(layout.keys, feed.gone), keyed(layout.keys, feed.new))
    done = apply(_enough(tasks, change.new.num_rows + change.gone.num_rows), path, layout, seen, change)
    commit(path, layout, seen, added=done.added, removed=done.removed, marks=marks)
    return _count(layout, change)


def _enough(tasks: Tasks, rows: int) -> Tasks:
    return InProcess() if rows <= ROWS_IN_PROCESS else tasks


def _feed(source: _Source, since: int, layout: Layout) -> Change | None:
    """Read what changed; None where it is too much, or can't be read any more."""
    if layout.row_id is None:
        return None
    try:
        if _rows_written(source, since) > MOST_ROWS_CHANGED:
            return None
        return changes(source.path, since, source.version, layout.schema.names, layout.row_id)
    except LakeError:
        return None


def _rows_written(source: _Source, since: int) -> int:
    """Give an upper bound of how many rows changed: those of the files that came since."""
    known = set(tables.added_files(source.path, since).column("path").to_pylist())
    there = tables.added_files(source.path, source.version)
    counts = zip(there.column("path").to_pylist(), there.column("num_records").to_pylist(), strict=True)
    return sum(int(rows) for path, rows in counts if path not in known)


def _count(layout: Layout, change: Change) -> int:
    """Count the ids of both sides."""
    ids = (side.column(layout.row_id).combine_chunks() for side in (change.gone, change.new))
    updated = pc.sum(pc.is_in(*ids))
    return int(change.new.num_rows + change.gone.num_rows - (updated.as_py() or 0))
