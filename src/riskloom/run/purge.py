"""Purge: who asked to be forgotten, or what is older than may be kept, leaves every table and the online store.

Each step finds by itself what is left to do, so a purge that was killed is finished by running it again: lines are
emptied in bronze while silver still says which they are, then rows go, gold and the online store follow, and last the
tables' past goes.
"""

from __future__ import annotations

import shutil
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import pyarrow.compute as pc

from riskloom.errors import LakeError, PrivacyError
from riskloom.extract import erase, staging
from riskloom.extract.protect import LEAST_LETTERS
from riskloom.lake import erasures, served, tables
from riskloom.lake.erasures import Erasure
from riskloom.lake.key_ids import source_ring
from riskloom.lake.past import forget_past
from riskloom.lake.paths import Lake
from riskloom.lake.rewrite import rewrite
from riskloom.lake.tasks import InProcess
from riskloom.run.aggregate import aggregate
from riskloom.run.meant import Meant
from riskloom.tabular import as_table
from riskloom.tokens import Ring

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from riskloom.declare import EventSource
    from riskloom.extract.erase import Offsets
    from riskloom.lake.rewrite import DataFile
    from riskloom.lake.tasks import Tasks
    from riskloom.project import Project

_INT64 = "int64"
# More rows of a source than this are brought to its views by Spark's tasks.
_ROWS_IN_PROCESS = 5_000_000


@dataclass(frozen=True, kw_only=True)
class Purged:
    """What a purge of one source did, or would do.

    Attributes:
        source: The source.
        erasure_id: Names it in ``ops.erasures``; empty where nothing was done.
        removed: Lines, rows or states removed, by table.
        files: Files of older versions that were removed.
    """

    source: str
    erasure_id: str = ""
    removed: Mapping[str, int] = field(default_factory=dict, hash=False)
    files: int = 0


def purge(
    project: Project,
    *,
    before: int | None = None,
    entity: Mapping[str, str] | None = None,
    sources: Collection[str] = (),
    dry_run: bool = False,
) -> list[Purged]:
    """Remove events from everything that a project keeps.

    Args:
        project: What is declared.
        before: Microseconds since the epoch: events before it, and lines of files without later ones. Or
        entity: Values of key columns, as they are in raw files: whose events.
        sources: Names of sources; by default all, or all that have the columns.
        dry_run: Count, and touch nothing.

    Returns:
        What was removed, by source.

    Raises:
        PrivacyError: Nothing or too much says what to remove, no source has the columns, or keys are missing.
        LakeError: A run of a source is under way.
        StoreError: The online store can't be reached; run it again once it is back.
    """
    if (before is None) == (not entity):
        raise PrivacyError.purge_what()
    chosen = _chosen(project, tuple(entity or ()), sources)
    purges = [_Purge(project, source, before, entity or {}) for source in chosen]
    return [one.plan() if dry_run else one.run() for one in purges]


def as_data(done: Sequence[Purged], *, dry_run: bool) -> dict[str, Any]:
    """Write what was done as JSON-ready data."""
    return {"dry_run": dry_run, "sources": [{**vars(one), "removed": dict(one.removed)} for one in done]}


def as_text(done: Sequence[Purged], *, dry_run: bool) -> str:
    """Write what was done as a table for people."""
    rows = [{"table": table, "removed": count} for one in done for table, count in one.removed.items()]
    said = as_table(rows, ("table", "removed"))
    files = sum(one.files for one in done)
    last = "Nothing was touched." if dry_run else f"{files} files of older versions removed."
    return f"{said}\n\n{last}"


def _chosen(project: Project, columns: tuple[str, ...], names: Collection[str]) -> list[EventSource]:
    asked = [project.source(name) for name in names or project.sources]
    fit = [source for source in asked if all(column in source.columns for column in columns)]
    lacking = [source.name for source in asked if source not in fit]
    if not fit or (names and lacking):
        raise PrivacyError.no_such_key(columns, lacking, {name for source in asked for name in source.columns})
    for source in fit:
        for column in columns:
            if source.columns[column] not in ("string", _INT64):
                raise PrivacyError.key_type(source.name, column, source.columns[column])
    return fit


class _Purge:
    """The purge of one source."""

    def __init__(self, project: Project, source: EventSource, before: int | None, entity: Mapping[str, str]) -> None:
        self._project, self._source, self._entity = project, source, entity
        self._lake = Lake(project.settings.lake)
        self._ring = source_ring(self._lake, source)
        self._begun = time.time()
        self._erasure = self._known(before) or self._new(before)
        # Shorter ones, and numbers, stand in any line by chance.
        named = (value for key, value in entity.items() if source.columns[key] != _INT64)
        words = tuple(value for value in named if len(value) >= LEAST_LETTERS)
        self._meant = Meant(lake=self._lake, source=source, erasure=self._erasure, ring=self._ring, words=words)
        self._removed: dict[str, int] = {}

    def plan(self) -> Purged:
        """Count what would be done."""
        lines = self._meant.lines()
        rows = {name: self._meant.count(path, lines) for name, path in self._row_tables()}
        return Purged(source=self._source.name, removed={self._bronze: sum(map(len, lines.values())), **rows})

    def run(self) -> Purged:
        """Do it."""
        with alone(self._lake, self._source.name, self._erasure.erasure_id):
            self._record("begun")
            lines = self._meant.lines()
            self._removed[self._bronze] = sum(map(len, lines.values()))
            if lines:
                erase.blank(self._lake.bronze(self._source.name), lines, self._erasure.reason)
            gone = self._meant.gone_lines()
            for name, path in self._row_tables():
                self._removed[name] = self._remove(path, gone)
            self._follow()
            files = sum(forget_past(path, self._begun) for path in self._tables())
            self._record("done")
        return Purged(source=self._source.name, erasure_id=self._erasure.erasure_id, removed=self._removed, files=files)

    @property
    def _bronze(self) -> str:
        return f"bronze.{self._source.name}"

    def _known(self, before: int | None) -> Erasure | None:
        """Find an erasure of the same that has begun and not ended."""
        for found in erasures.erasures(self._lake, self._source.name):
            same_keys = found.keys.keys() == self._entity.keys() and all(
                erasures.matches(value, found.keys[column], self._ring) for column, value in self._entity.items()
            )
            if found.state == "begun" and same_keys and (self._entity or found.until == before):
                return found
        return None

    def _new(self, before: int | None) -> Erasure:
        rings = {column: self._ring if column in self._source.tokens else None for column in self._entity}
        return Erasure(
            erasure_id=uuid.uuid4().hex,
            source=self._source.name,
            keys={column: erasures.keep(value, rings[column]) for column, value in self._entity.items()},
            until=int(self._begun * 1_000_000) if before is None else before,
        )

    def _record(self, state: Literal["begun", "done"]) -> None:
        now = replace(self._erasure, state=state, removed=self._removed)
        erasures.record(self._lake, now, time.time_ns() // 1_000)

    def _row_tables(self) -> list[tuple[str, Path]]:
        there = self._lake.rows_of(self._source.name).items()
        return [(name, path) for name, path in there if tables.exists(path)]

    def _tables(self) -> list[Path]:
        views = [self._lake.gold(view.name) for view in self._project.views_of(self._source.name)]
        paths = [self._lake.bronze(self._source.name), *(path for _, path in self._row_tables()), *views]
        paths.append(self._lake.ops(served.TABLE))
        return [path for path in paths if tables.exists(path)]

    def _remove(self, path: Path, lines: Mapping[str, Offsets]) -> int:
        """Remove the rows that are meant, and those of lines that are gone."""

        def change(_: DataFile, rows: pa.Table) -> pa.Table | None:
            mask = self._meant.rows(rows, lines)
            return rows.filter(pc.invert(mask)) if pc.any(mask).as_py() else None

        return rewrite(path, change)

    def _follow(self) -> None:
        """Bring gold and the online store after silver."""
        views = self._project.views_of(self._source.name)
        names = [view.name for view in views]
        rows = tables.rows(self._lake.silver(self._source.name))
        tasks: Tasks = InProcess() if rows <= _ROWS_IN_PROCESS else self._on_spark()
        for view in views:
            done = aggregate(tasks, self._lake, view, self._erasure.erasure_id, self._project.settings.retention)
            if done.gold_version is not None:
                self._removed[f"gold.{view.name}"] = done.changed
        from riskloom.store.erase import online_without

        swept = online_without(self._project, names, self._entity)
        self._removed |= {f"online.{name}": count for name, count in swept.items()}
        before = None if self._entity else self._erasure.until
        ring = Ring.of_environment()
        forgotten = served.forget(self._lake, names, before=before, keys=self._entity, ring=ring)
        if forgotten:
            self._removed[f"ops.{served.TABLE}"] = forgotten

    def _on_spark(self) -> Tasks:
        from riskloom.lake.spark.session import session
        from riskloom.lake.spark.tasks import OnSpark

        return OnSpark(session(self._project))


@contextmanager
def alone(lake: Lake, source: str, name: str) -> Iterator[None]:
    """Let no run of a source be under way, and remove what ended ones have staged.

    Raises:
        LakeError: One is.
    """
    folder = lake.staging(source)
    mine = staging.enter(folder, f"{staging.PURGE}{name}")
    try:
        if any(other.is_dir() and other != mine.folder for other in folder.iterdir()):
            raise LakeError.busy(source)
        yield
    finally:
        staging.leave(mine)
        shutil.rmtree(mine.folder, ignore_errors=True)
