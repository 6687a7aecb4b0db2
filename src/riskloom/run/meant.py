"""Which lines and rows of a source an erasure means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.extract import erase
from riskloom.lake import tables
from riskloom.lake.erasures import GONE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from pathlib import Path

    import numpy.typing as npt

    from riskloom.declare import EventSource
    from riskloom.extract.erase import Offsets
    from riskloom.lake.erasures import Erasure
    from riskloom.lake.paths import Lake
    from riskloom.tokens import Ring

_POINTER = ["file_hash", "byte_offset"]
_TIME = "event_ts"


@dataclass(frozen=True, kw_only=True)
class Meant:
    """What of a source must be gone.

    Attributes:
        lake: Where the tables are.
        source: The source.
        erasure: Whom or what it is about.
        ring: Keys of the source's tokens.
        words: Identifiers to look for in lines.
    """

    lake: Lake
    source: EventSource
    erasure: Erasure
    ring: Ring | None
    words: tuple[str, ...] = ()

    @property
    def _columns(self) -> list[str]:
        return list(self.erasure.keys) or [_TIME]

    def lines(self) -> dict[str, Offsets]:
        """Find the lines of bronze: by the events made of them, by what they say, by the age of their file."""
        pointers = [self._pointers(path) for path in self.lake.rows_of(self.source.name).values()]
        meant = pa.concat_tables(pointers)
        records = erase.offsets_by_content(meant) if meant.num_rows else {}
        contents = frozenset() if self.erasure.keys else self._outlived()
        sought = erase.Sought(records=records, words=self.words, staying=self._staying, contents=contents)
        return erase.find(self.source, self.lake.bronze(self.source.name), sought)

    def gone_lines(self) -> dict[str, Offsets]:
        """Give the lines of bronze that are gone already."""
        bronze = self.lake.bronze(self.source.name)
        if not tables.exists(bronze):
            return {}
        rows = tables.read(bronze, _POINTER, filters=pc.field("failure").isin(list(GONE)))
        return erase.offsets_by_content(rows) if rows.num_rows else {}

    def rows(self, rows: pa.Table, lines: Mapping[str, Offsets]) -> pa.Array:
        """Say which rows of a table are meant, or stand for lines that are gone.

        Args:
            rows: Pointers, and where the table has them keys and time.
            lines: The lines that are gone.
        """
        meant, pointed = self._matches(rows), pa.array(_pointing(rows, lines))
        return pointed if meant is None else pc.or_(meant, pointed)

    def count(self, path: Path, lines: Mapping[str, Offsets]) -> int:
        """Count those rows of a table."""
        known = tables.columns(path)
        rows = tables.read(path, [column for column in (*_POINTER, *self._columns) if column in known])
        return int(pc.sum(self.rows(rows, lines)).as_py() or 0)

    def _matches(self, rows: pa.Table) -> pa.Array | None:
        """Say which rows are meant by key or time; None where the table has no such columns."""
        if not all(column in rows.column_names for column in self._columns):
            return None
        return self.erasure.rows(rows, self.ring, None if self.erasure.keys else _TIME)

    def _pointers(self, path: Path) -> pa.Table:
        """Give the pointers of a table's rows that are meant, batch by batch."""
        parts = [pa.table({"file_hash": pa.array([], pa.string()), "byte_offset": pa.array([], pa.int64())})]
        if set(self._columns) <= set(tables.columns(path)):
            scanner = tables.opened(path).to_pyarrow_dataset().scanner(columns=[*_POINTER, *self._columns])
            for batch in scanner.to_batches():
                rows = pa.Table.from_batches([batch])
                mask = self._matches(rows)
                if mask is not None and pc.any(mask).as_py():
                    parts.append(rows.filter(mask).select(_POINTER).cast(parts[0].schema))
        return pa.concat_tables(parts)

    def _staying(self, contents: Collection[str]) -> dict[str, Offsets]:
        """Give the records of contents whose events are not meant."""
        silver = self.lake.silver(self.source.name)
        if not contents or not tables.exists(silver):
            return {}
        columns = [*_POINTER, *self._columns]
        rows = tables.read(silver, columns, filters=pc.field("file_hash").isin(list(contents)))
        meant = self._matches(rows)
        return erase.offsets_by_content(rows if meant is None else rows.filter(pc.invert(meant)))

    def _outlived(self) -> frozenset[str]:
        """Give the contents without any event that stays; those without events by when they came in."""
        bronze, silver = self.lake.bronze(self.source.name), self.lake.silver(self.source.name)
        newest = _newest(bronze, "ingest_ts") | _newest(silver, _TIME)
        until = pa.scalar(self.erasure.until, pa.timestamp("us", "UTC")).as_py()
        return frozenset(content for content, at in newest.items() if at is not None and at < until)


def _newest(path: Path, column: str) -> dict[str, datetime]:
    if not tables.exists(path):
        return {}
    rows = tables.read(path, ["file_hash", column]).group_by("file_hash").aggregate([(column, "max")]).to_pydict()
    return dict(zip(rows["file_hash"], rows[f"{column}_max"], strict=True))


def _pointing(rows: pa.Table, lines: Mapping[str, Offsets]) -> npt.NDArray[np.bool_]:
    contents, offsets = rows.column("file_hash"), rows.column("byte_offset").to_numpy()
    found = np.zeros(rows.num_rows, np.bool_)
    for content in pc.unique(contents).to_pylist():
        if content in lines:
            mine = pc.equal(contents, content).to_numpy()
            found |= mine & np.isin(offsets, lines[content])
    return found
