"""The manifest of files, ``ops.files``: which files a source was given, and what was in them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from riskloom.lake import tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from riskloom.lake.paths import Lake

FILES = "files"
# Small commits add up to many small files, each of which costs a read as much as a large one.
_MOST_DATA_FILES = 32
_TEXTS = ("source", "file", "file_hash", "failure", "stretches", "first_line", "first_bytes", "related", "run_id")


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """One file as one run saw it: a line of ``ops.files``.

    Attributes:
        source: Whose file.
        file: Its path below the data folder.
        disk_bytes: Its size on disk; -1 where the line was made from bronze, after a run was killed.
        modified_ns: When its bytes were changed last, as the file system says, in nanoseconds since the epoch.
        changed_ns: When anything of it was changed last; nobody can set it back.
        inode: Its number in the file system.
        file_hash: Its content.
        size: Bytes of the content, decompressed.
        lines: Lines of the content.
        failure: Why the content is not whole, or no text; else empty.
        first_line: Hash of the content's first line; empty where no newline ends it.
        first_bytes: Hash of the content's first bytes; empty where there are fewer.
        stretches: Which of its lines came in when, as JSON: triples of end, identity and time.
        related: A content that this one continues, or is the beginning of; empty where none is known.
        ingest_ts: When the content came in, in microseconds since the epoch; 0 where it has no lines.
        run_id: The run that saw it.
        seen_ns: When that run looked at it, in nanoseconds since the epoch.
    """

    source: str
    file: str
    disk_bytes: int = -1
    modified_ns: int = 0
    changed_ns: int = 0
    inode: int = 0
    file_hash: str
    size: int
    lines: int
    failure: str = ""
    first_line: str = ""
    first_bytes: str = ""
    stretches: str = "[]"
    related: str = ""
    ingest_ts: int = 0
    run_id: str = ""
    seen_ns: int = 0

    @property
    def spans(self) -> list[list[Any]]:
        """The stretches, read."""
        found: list[list[Any]] = json.loads(self.stretches)
        return found


def file_records(lake: Lake, source: str) -> list[FileRecord]:
    """Read the lines of a source, in the order in which they were written."""
    import pyarrow.compute as pc

    path = lake.ops(FILES)
    if not tables.exists(path):
        return []
    rows = tables.read(path, filters=pc.field("source") == source).to_pylist()
    return sorted((FileRecord(**row) for row in rows), key=lambda record: record.seen_ns)


def append_file_records(lake: Lake, records: Iterable[FileRecord]) -> None:
    """Add lines in one commit; none where there are none."""
    rows = [asdict(record) for record in records]
    if not rows:
        return
    path = lake.ops(FILES)
    tables.append(path, _to_table(rows))
    tables.compact(path, _MOST_DATA_FILES)


def _to_table(rows: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    names = [item.name for item in fields(FileRecord)]
    schema = pa.schema([(name, pa.string() if name in _TEXTS else pa.int64()) for name in names])
    return pa.Table.from_pylist(rows, schema=schema)
