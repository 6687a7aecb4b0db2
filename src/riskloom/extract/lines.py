"""A file's lines, numbered, with their offsets: what bronze holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from riskloom.extract.content import BINARY, FIRST_BLOCK, Content, content_hash, is_binary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LINE_LIMIT = 10_000_000
TOO_LONG, PIECE = "line_too_long", "line_piece"
_BATCH_BYTES = 4 * 1024 * 1024
_BATCH_ROWS = 20_000
SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("line_no", pa.int64()),
        ("byte_offset", pa.int64()),
        ("raw", pa.binary()),
        ("failure", pa.string()),
        ("identity", pa.string()),
        ("file_bytes", pa.int64()),
        ("ingest_ts", pa.timestamp("us", "UTC")),
        ("file_hash", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or one piece of a line that is too long.

    Attributes:
        number: From 1 on; pieces of one line share it.
        offset: Of the first byte in the decompressed content.
        raw: Bytes without the newline.
        failure: Why it can become no event, else None.
    """

    number: int
    offset: int
    raw: bytes
    failure: str | None = None


class Splitter:
    """Cuts chunks into lines; holds no more than a chunk and one line's limit."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._rest = b""
        self._offset = 0
        self._number = 1
        self._inside = False

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """Give the lines that the chunk completes, and the full pieces of a long one."""
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for raw in whole:
            yield from self._line(raw)
        while len(self._rest) > self._limit:
            yield self._piece(self._rest[: self._limit])
            self._rest = self._rest[self._limit :]

    def end(self, failure: str | None) -> Iterator[Line]:
        """Give the last line where no newline ends it; after a failure also an empty one, which stands for it."""
        if failure is not None:
            yield Line(self._number, self._offset, self._rest, failure)
        elif self._rest:
            yield from self._line(self._rest)

    def _line(self, raw: bytes) -> Iterator[Line]:
        long = self._inside or len(raw) > self._limit
        if not long:
            yield Line(self._number, self._offset, raw)
        for start in range(0, len(raw), self._limit) if long else ():
            yield self._piece(raw[start : start + self._limit])
        self._offset += 1 if long else len(raw) + 1
        self._number += 1
        self._inside = False

    def _piece(self, raw: bytes) -> Line:
        piece = Line(self._number, self._offset, raw, PIECE if self._inside else TOO_LONG)
        self._inside = True
        self._offset += len(raw)
        return piece


@dataclass(frozen=True, slots=True)
class Reading:
    """A file to read into bronze.

    Attributes:
        path: Where it is.
        name: Its path below the data folder.
        file_hash: Hash that its content must have.
        size: Bytes of its decompressed content.
        prefixes: Pairs of a size and a hash, ascending: the first bytes are those of a file that is known already.
    """

    path: str
    name: str
    file_hash: str
    size: int
    prefixes: tuple[tuple[int, str], ...] = ()

    def identity(self, offset: int) -> str:
        """Give the hash under which the line at an offset was first seen."""
        return next((file_hash for size, file_hash in self.prefixes if offset < size), self.file_hash)


class ChangedError(Exception):
    """The file is no longer what it was when it was inspected."""


def read_lines(reading: Reading) -> Iterator[Line]:
    """Read a file's lines, and check at the end that they are of the content that was inspected.

    Raises:
        ChangedError: The content has another hash.
    """
    content, digest, splitter = Content(reading.path), hashlib.sha256(), Splitter()
    binary: bool | None = None
    for chunk in content:
        digest.update(chunk)
        if binary is None:
            binary = is_binary(chunk[:FIRST_BLOCK])
            if binary:
                yield Line(1, 0, chunk[:FIRST_BLOCK], BINARY)
        if not binary:
            yield from splitter.feed(chunk)
    if not binary:
        yield from splitter.end(content.failure)
    if content_hash(digest.hexdigest(), BINARY if binary else content.failure) != reading.file_hash:
        raise ChangedError(reading.name)


def batches(reading: Reading, ingest_ts: int) -> Iterator[pa.RecordBatch]:
    """Read a file as Arrow batches of bronze rows, each of a few megabytes.

    Args:
        reading: The file.
        ingest_ts: Microseconds since the epoch, the same for all rows of a run.
    """
    for lines in _grouped(read_lines(reading)):
        count = len(lines)
        columns = [
            pa.repeat(reading.name, count),
            pa.array([line.number for line in lines], pa.int64()),
            pa.array([line.offset for line in lines], pa.int64()),
            pa.array([line.raw for line in lines], pa.binary()),
            pa.array([line.failure for line in lines], pa.string()),
            pa.array([reading.identity(line.offset) for line in lines], pa.string()),
            pa.repeat(pa.scalar(reading.size, pa.int64()), count),
            pa.array([ingest_ts] * count, pa.timestamp("us", "UTC")),
            pa.repeat(reading.file_hash, count),
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _grouped(lines: Iterable[Line]) -> Iterator[list[Line]]:
    group: list[Line] = []
    held = 0
    for line in lines:
        group.append(line)
        held += len(line.raw)
        if held >= _BATCH_BYTES or len(group) >= _BATCH_ROWS:
            yield group
            group, held = [], 0
    if group:
        yield group
