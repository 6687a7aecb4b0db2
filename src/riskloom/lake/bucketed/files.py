"""The files of a bucketed table: what the log says of each, and how a task reads and writes them.

A task writes under a name of its own that no other attempt has, and says what it wrote. Only what successful attempts
said is committed, so what a failed or repeated attempt left behind is never part of the table; ``vacuum`` removes it.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskloom.lake.bucketed.buckets import COLUMN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from deltalake.transaction import AddAction, RemoveAction

ROWS_PER_GROUP = 131_072


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a bucket.

    Its name begins with the smallest and the largest time in it. The log's statistics hold the number of rows alone:
    readers take a column without its smallest and largest value there for one without any value, and one that holds a
    NaN beside others for one that doesn't.

    Attributes:
        path: Path below the table's folder.
        bucket: Name of its bucket.
        rows: How many rows it has.
        size: Bytes.
    """

    path: str
    bucket: str
    rows: int
    size: int

    @property
    def span(self) -> tuple[int, int]:
        """Smallest and largest time, microseconds since the epoch."""
        oldest, newest, _ = self.path.rpartition("/")[2].split("_")
        return int(oldest), int(newest)

    def added(self) -> AddAction:
        """Write it as a Delta action that adds it."""
        from deltalake.transaction import AddAction

        stats = json.dumps({"numRecords": self.rows})
        return AddAction(self.path, self.size, {COLUMN: self.bucket}, time.time_ns() // 1_000_000, True, stats)

    def removed(self) -> RemoveAction:
        """Write it as a Delta action that removes it."""
        from deltalake.transaction import RemoveAction

        now = time.time_ns() // 1_000_000
        return RemoveAction(self.path, True, now, size=self.size, partition_values={COLUMN: self.bucket})


class Writer:
    """Writes one file of a bucket, batch after batch.

    Args:
        root: Folder of the table.
        bucket: Name of the bucket.
        schema: Columns of the file.
        time: Name of its time column.
        statistics: Columns whose smallest and largest value each row group keeps, for readers that skip.
        dictionary: Columns that repeat few values.

    Example:
        >>> import tempfile, pathlib
        >>> root = pathlib.Path(tempfile.mkdtemp())
        >>> rows = pa.table({"user": ["ann"], "event_ts": pa.array([7], pa.timestamp("us", "UTC"))})
        >>> with Writer(root, "b", rows.schema, time="event_ts") as writer:
        ...     writer.write(rows)
        >>> writer.file.rows, writer.file.span, (root / writer.file.path).is_file()
        (1, (7, 7), True)
    """

    def __init__(
        self,
        root: Path,
        bucket: str,
        schema: pa.Schema,
        *,
        time: str,
        statistics: Sequence[str] = (),
        dictionary: Sequence[str] = (),
    ) -> None:
        self._folder, self._bucket, self._time = root / f"{COLUMN}={bucket}", bucket, time
        self._folder.mkdir(parents=True, exist_ok=True)
        self._name = f"{uuid.uuid4().hex}.parquet"
        self._rows, self._span = 0, (0, 0)
        self._file = pq.ParquetWriter(
            self._folder / self._name,
            schema,
            compression="snappy",
            use_dictionary=list(dictionary) or False,
            write_statistics=[*statistics, time],
        )

    def __enter__(self) -> Self:
        """Write within a block, at whose end the file is complete."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file, and give it its name."""
        self._file.close()
        unnamed, self._name = self._name, f"{self._span[0]}_{self._span[1]}_{self._name}"
        (self._folder / unnamed).rename(self._folder / self._name)

    def write(self, rows: pa.Table) -> None:
        """Write rows that come after those written before."""
        if rows.num_rows == 0:
            return
        self._file.write_table(rows, row_group_size=ROWS_PER_GROUP)
        found = pc.min_max(rows.column(self._time).cast(pa.int64())).as_py()
        span = (found["min"], found["max"])
        self._span = span if not self._rows else (min(self._span[0], span[0]), max(self._span[1], span[1]))
        self._rows += rows.num_rows

    @property
    def file(self) -> File:
        """What was written; the file must be closed."""
        size = (self._folder / self._name).stat().st_size
        path = f"{self._folder.name}/{self._name}"
        return File(path=path, bucket=self._bucket, rows=self._rows, size=size)


def read_files(root: Path, files: Iterable[File], columns: Sequence[str]) -> pa.Table:
    """Read files of one bucket, one after the other; the rows of each are in order.

    Args:
        root: Folder of the table.
        files: At least one.
        columns: Columns to read.
    """
    return pa.concat_tables(pq.ParquetFile(root / file.path).read(list(columns)) for file in files)
