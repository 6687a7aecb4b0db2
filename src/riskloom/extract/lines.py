"""A file's lines, numbered, with their offsets: what bronze holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.extract.content import BINARY, FIRST_BLOCK, Content, Range, content_hash, is_binary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy.typing as npt

LINE_LIMIT = 10_000_000
TOO_LONG, PIECE = "line_too_long", "line_piece"
_NEWLINE = ord("\n")
_INSTANT = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("line_no", pa.int64()),
        ("byte_offset", pa.int64()),
        ("raw", pa.binary()),
        ("failure", pa.string()),
        ("identity", pa.string()),
        ("file_bytes", pa.int64()),
        ("ingest_ts", _INSTANT),
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

    def __init__(self, limit: int = LINE_LIMIT, offset: int = 0, number: int = 1) -> None:
        self._limit = limit
        self._rest = b""
        self._offset = offset
        self._number = number
        self._inside = False

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """Give the lines that the chunk completes, and the full pieces of a long one."""
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for raw in whole:
            yield from self._line(raw)
        while len(self._rest) > self._limit:
            yield self._piece(self._rest[: self._limit])
            self._rest = self._rest[self._limit :]

    def cut(self, chunk: bytes) -> Cut:
        """Give what ``feed`` gives, side by side: all at once where no line is too long."""
        block = self._rest + chunk
        signs = np.frombuffer(block, np.uint8)
        newlines = np.flatnonzero(signs == _NEWLINE)
        edges = np.concatenate([[-1], newlines, [len(block)]])
        if self._inside or np.diff(edges).max() > self._limit + 1:
            return Cut.of(self.feed(chunk))
        if not len(newlines):
            self._rest = block
            return Cut.of(())
        count, end = len(newlines), int(newlines[-1]) + 1
        # Without the newlines each line begins where the one before it ends.
        text = signs[:end][signs[:end] != _NEWLINE]
        starts = (edges[:count] + 1) - np.arange(count)
        borders = np.append(starts, len(text)).astype(np.int32)
        raw = pa.Array.from_buffers(pa.binary(), count, [None, pa.py_buffer(borders), pa.py_buffer(text)])
        numbers, offsets = self._number + np.arange(count), self._offset + edges[:count] + 1
        self._rest, self._number, self._offset = block[end:], self._number + count, self._offset + end
        return Cut(numbers, offsets, raw, pa.nulls(count, pa.string()))

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
class Stretch:
    """Lines of a content that came in together for the first time.

    Attributes:
        end: Lines that begin before this offset belong to it, from where the stretch before it ends.
        identity: Hash of the content in which they came.
        ingest_ts: When that came in, in microseconds since the epoch.
    """

    end: int
    identity: str
    ingest_ts: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A file to read into bronze.

    Attributes:
        path: Where it is.
        name: Its path below the data folder.
        file_hash: Hash that its content must have.
        size: Bytes of its decompressed content.
        ingest_ts: When it came in, in microseconds since the epoch.
        known: Stretches of its first bytes that came in before, in order; see ``Stretch``.
        gone: Offsets of lines that were taken out of what is known already, with the reason.
        range: Which of its lines are read; None for all.
    """

    path: str
    name: str
    file_hash: str
    size: int
    ingest_ts: int
    known: tuple[Stretch, ...] = ()
    gone: Mapping[int, str] = field(default_factory=dict, hash=False)
    range: Range | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """Lines of a file, side by side.

    Attributes:
        numbers: From 1 on; pieces of one line share it.
        offsets: Of their first bytes in the decompressed content.
        raw: Bytes without the newline.
        failures: Why a line can become no event; null for most.
    """

    numbers: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    raw: pa.Array
    failures: pa.Array

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Cut:
        """Lay single lines side by side."""
        kept = list(lines)
        return cls(
            np.array([line.number for line in kept], np.int64),
            np.array([line.offset for line in kept], np.int64),
            pa.array([line.raw for line in kept], pa.binary()),
            pa.array([line.failure for line in kept], pa.string()),
        )


class ChangedError(Exception):
    """The file is no longer what it was when it was inspected."""


def read_lines(reading: Reading) -> Iterator[Line]:
    """Read a file's lines one by one, as ``batches`` reads them.

    Raises:
        ChangedError: The content has another hash.
    """
    for cut in _cuts(reading):
        columns = (cut.numbers.tolist(), cut.offsets.tolist(), cut.raw.to_pylist(), cut.failures.to_pylist())
        yield from map(Line, *columns)


def _cuts(reading: Reading) -> Iterator[Cut]:
    """Read a file's lines, and check at the end that they are of the content that was inspected."""
    if reading.range is not None:
        yield from _cuts_of(reading, reading.range)
        return
    content, digest, splitter = Content(reading.path), hashlib.sha256(), Splitter()
    binary: bool | None = None
    for chunk in content:
        digest.update(chunk)
        if binary is None:
            binary = is_binary(chunk[:FIRST_BLOCK])
            if binary:
                yield Cut.of([Line(1, 0, chunk[:FIRST_BLOCK], BINARY)])
        if not binary:
            yield splitter.cut(chunk)
    if not binary:
        yield Cut.of(splitter.end(content.failure))
    if content_hash(digest.hexdigest(), BINARY if binary else content.failure) != reading.file_hash:
        raise ChangedError(reading.name)


def _cuts_of(reading: Reading, part: Range) -> Iterator[Cut]:
    content, digest, splitter = (
        Content(reading.path, part),
        hashlib.sha256(),
        Splitter(LINE_LIMIT, part.start, part.number),
    )
    for chunk in content:
        digest.update(chunk)
        yield splitter.cut(chunk)
    yield Cut.of(splitter.end(None))
    if digest.hexdigest() != part.digest:
        raise ChangedError(reading.name)


def batches(reading: Reading) -> Iterator[pa.RecordBatch]:
    """Read a file as Arrow batches of bronze rows, each of a few megabytes.

    Args:
        reading: The file.

    Raises:
        ChangedError: The content has another hash than the one that was inspected.
    """
    for cut in _cuts(reading):
        count = len(cut.raw)
        if not count:
            continue
        identities, arrivals = _first_seen(reading, cut.offsets)
        columns = [
            pa.repeat(reading.name, count),
            pa.array(cut.numbers),
            pa.array(cut.offsets),
            *_left(reading, cut),
            identities,
            pa.repeat(pa.scalar(reading.size, pa.int64()), count),
            arrivals,
            pa.repeat(reading.file_hash, count),
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _left(reading: Reading, cut: Cut) -> tuple[pa.Array, pa.Array]:
    """Give lines and failures, without what lines held that were taken out."""
    reasons = [reading.gone.get(offset) for offset in cut.offsets.tolist()] if reading.gone else []
    if not any(reasons):
        return cut.raw, cut.failures
    taken = pa.array([reason is not None for reason in reasons])
    return pc.if_else(taken, b"", cut.raw), pc.coalesce(pa.array(reasons, pa.string()), cut.failures)


def _first_seen(reading: Reading, offsets: npt.NDArray[np.int64]) -> tuple[pa.Array, pa.Array]:
    """Give for each line the hash of the content that it first came in, and when."""
    if not reading.known:
        arrived = pa.scalar(reading.ingest_ts, _INSTANT)
        return pa.repeat(reading.file_hash, len(offsets)), pa.repeat(arrived, len(offsets))
    # The first stretch that ends behind a line's beginning has it.
    places = pa.array(np.searchsorted([one.end for one in reading.known], offsets, side="right"))
    hashes = pa.array([*(one.identity for one in reading.known), reading.file_hash], pa.string())
    arrivals = pa.array([*(one.ingest_ts for one in reading.known), reading.ingest_ts], _INSTANT)
    return hashes.take(places), arrivals.take(places)
