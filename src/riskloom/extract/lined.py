"""Files to Parquet of their lines, by tasks of their own: what bronze is made of, with no row through the JVM."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from riskloom.extract.lines import SCHEMA, batches
from riskloom.lake.added import Added, described

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from riskloom.extract.content import Range
    from riskloom.extract.lines import Reading

PARTITION = "file_hash"
_FILES = SCHEMA.remove(SCHEMA.get_field_index(PARTITION))
# Columns whose values hardly come twice.
_UNIQUE = ("line_no", "byte_offset", "raw")
_GROUP_ROWS = 131_072


@dataclass(frozen=True, slots=True)
class Write:
    """What one task does: it reads a file, or a range of it, and writes its lines.

    Attributes:
        reading: What is read.
        bronze: Folder of the table.
    """

    reading: Reading
    bronze: str


def writes(readings: Iterable[tuple[Reading, Sequence[Range]]], bronze: Path) -> list[Write]:
    """Give the tasks for files: several for one that was cut into ranges."""
    return [
        Write(replace(reading, range=part), str(bronze)) for reading, ranges in readings for part in ranges or (None,)
    ]


def write(task: Write) -> Added:
    """Write lines as a file of the table that nobody sees yet, in bounded memory.

    Raises:
        ChangedError: The content has another hash than the one that was inspected.
        OSError: The file cannot be read, or the table's disk not be written.
    """
    partition = {PARTITION: task.reading.file_hash}
    folder = Path(task.bronze) / f"{PARTITION}={task.reading.file_hash}"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"part-{uuid.uuid4().hex}.parquet"
    repeated = [name for name in _FILES.names if name not in _UNIQUE]
    try:
        with pq.ParquetWriter(folder / name, _FILES, compression="snappy", use_dictionary=repeated) as writer:
            for batch in batches(task.reading):
                writer.write_batch(batch.select(_FILES.names), row_group_size=_GROUP_ROWS)
    except BaseException:
        (folder / name).unlink(missing_ok=True)
        raise
    return described(Path(task.bronze), f"{folder.name}/{name}", partition)
