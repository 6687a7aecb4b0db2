"""A file's content as a stream: decompressed where it is gzip, in bounded memory, with what went wrong."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 4 * 1024 * 1024
FIRST_BLOCK = 64 * 1024
RANGE = 128 * 1024 * 1024
TRUNCATED, CORRUPT, BINARY = FAILURES = ("truncated_file", "corrupt_file", "binary_file")
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS
_TEXT = bytes([*range(7, 14), 27, *range(32, 256)])
_STRANGE_SHARE = 0.3
_CONTROL_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Range:
    """Whole lines of a file, so that several tasks share a large one.

    Attributes:
        start: Offset of the first byte.
        stop: Offset behind the last one; None for the end of the file, wherever that is.
        number: Number of the first line.
        digest: SHA-256 of the bytes, in hexadecimal.
    """

    start: int
    stop: int | None
    number: int
    digest: str


@dataclass(slots=True)
class Content:
    """The decompressed content of one file, or a range of its bytes; iterate it once, then look at the rest.

    Attributes:
        path: The file.
        range: The bytes to read as they stand; None for all, decompressed where they are gzip.
        failure: Why the content ends early, once it was iterated; None where it is whole.
    """

    path: str
    range: Range | None = None
    failure: str | None = None
    compressed: bool = False

    def __iter__(self) -> Iterator[bytes]:
        """Give the content in chunks of at most ``CHUNK`` bytes, none of them empty."""
        with open(self.path, "rb") as file:  # noqa: PTH123 - a hot path in workers
            if self.range is not None:
                yield from self._ranged(file, self.range)
                return
            head = file.read(len(_GZIP_MAGIC))
            file.seek(0)
            self.compressed = head == _GZIP_MAGIC
            yield from self._gunzip(file) if self.compressed else iter(lambda: file.read(CHUNK), b"")

    @staticmethod
    def _ranged(file: BinaryIO, part: Range) -> Iterator[bytes]:
        place = file.seek(part.start)
        while part.stop is None or place < part.stop:
            chunk = file.read(CHUNK if part.stop is None else min(CHUNK, part.stop - place))
            if not chunk:
                return
            place += len(chunk)
            yield chunk

    def _gunzip(self, file: BinaryIO) -> Iterator[bytes]:
        decoder = zlib.decompressobj(_GZIP)
        data = file.read(CHUNK)
        while data:
            try:
                chunk = decoder.decompress(data, CHUNK)
            except zlib.error:
                self.failure = CORRUPT
                return
            if chunk:
                yield chunk
            data = decoder.unconsumed_tail
            if decoder.eof:
                # Zeros may pad the end, as on tapes; another member may follow, as in rotated logs.
                data = decoder.unused_data.lstrip(b"\0")
                data = data or file.read(CHUNK).lstrip(b"\0")
                if not data:
                    return
                decoder = zlib.decompressobj(_GZIP)
            data = data or file.read(CHUNK)
        self.failure = TRUNCATED


def beginning(path: str, most: int) -> bytes:
    """Give the first bytes of a file's content, at most so many.

    Raises:
        OSError: The file cannot be read.
    """
    block = b""
    for chunk in Content(path):
        block += chunk[: most - len(block)]
        if len(block) >= most:
            break
    return block


def is_binary(block: bytes) -> bool:
    """Say whether a file that begins with this block holds no text.

    A log may hold stray NULs, after a power failure for example: it is binary only where other control
    characters come with them, as in any packed or compiled file, or where much of the block is NULs.

    Example:
        >>> is_binary(b"GET /" + bytes(2) + b"index.html"), is_binary(bytes(range(8)) * 9), is_binary(b"")
        (False, True, False)
    """
    strange = len(block.translate(None, _TEXT))
    nuls = block.count(0)
    return nuls > 0 and (strange > _STRANGE_SHARE * len(block) or strange - nuls > _CONTROL_SHARE * len(block))


def content_hash(digest: str, failure: str | None) -> str:
    """Give the hash that stands for a content: its digest, and another one where it is not whole.

    What could be read of a file that is cut off may be all that a whole one holds; the two differ by their end.
    """
    return hashlib.sha256(f"{digest} {failure}".encode()).hexdigest() if failure else digest


@dataclass(frozen=True, slots=True)
class Inspection:
    """What one pass over a file found.

    Attributes:
        file_hash: SHA-256 of the decompressed content, in hexadecimal; see ``content_hash``.
        size: Bytes of the decompressed content.
        lines: Lines that bronze will hold of it.
        head: Its first line, without the newline, at most ``FIRST_BLOCK`` bytes.
        failure: Why it is not whole, or no text; else None.
        prefixes: Hashes of its first bytes, by their number, for each number that was asked for.
        error: Why it could not be read at all; else empty.
        ranges: What several tasks may read of it, one after the other all of it; none of a small or compressed file.
    """

    file_hash: str = ""
    size: int = 0
    lines: int = 0
    head: bytes = b""
    failure: str | None = None
    prefixes: dict[int, str] = field(default_factory=dict)
    error: str = ""
    ranges: tuple[Range, ...] = ()


def inspect(path: str, sizes: tuple[int, ...] = ()) -> Inspection:
    """Pass over a file once, in bounded memory.

    Args:
        path: The file.
        sizes: Numbers of first bytes whose hash is wanted, ascending.

    Returns:
        What was found; ``error`` is set where the file cannot be read.
    """
    content, digest = Content(path), hashlib.sha256()
    size = newlines = 0
    block, last, prefixes = b"", b"", dict[int, str]()
    ranger = _Ranger()
    try:
        for chunk in content:
            done = 0
            for wanted in sizes:
                if size < wanted <= size + len(chunk):
                    digest.update(chunk[done : wanted - size])
                    done, prefixes[wanted] = wanted - size, digest.hexdigest()
            digest.update(chunk[done:])
            ranger.take(chunk)
            block = block or chunk[:FIRST_BLOCK]
            size, newlines, last = size + len(chunk), newlines + chunk.count(b"\n"), chunk[-1:]
    except OSError as error:
        return Inspection(error=error.strerror or str(error))
    failure = BINARY if is_binary(block) else content.failure
    unended = bool(last and last != b"\n") or failure is not None
    return Inspection(
        file_hash=content_hash(digest.hexdigest(), failure),
        size=size,
        lines=1 if failure == BINARY else newlines + unended,
        head=block.partition(b"\n")[0],
        failure=failure,
        prefixes=prefixes,
        ranges=() if failure or content.compressed else ranger.ranges(),
    )


class _Ranger:
    """Cuts a content into ranges behind newlines, while it is read."""

    def __init__(self) -> None:
        self._done: list[Range] = []
        self._start, self._size, self._number, self._newlines = 0, 0, 1, 0
        self._digest = hashlib.sha256()

    def take(self, chunk: bytes) -> None:
        end = chunk.rfind(b"\n") + 1
        if end and self._size + end - self._start >= RANGE:
            self._add(chunk[:end])
            self._done.append(Range(self._start, self._size, self._number, self._digest.hexdigest()))
            self._start, self._number = self._size, self._number + self._newlines
            self._newlines, self._digest = 0, hashlib.sha256()
            chunk = chunk[end:]
        self._add(chunk)

    def _add(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self._size, self._newlines = self._size + len(chunk), self._newlines + chunk.count(b"\n")

    def ranges(self) -> tuple[Range, ...]:
        """Give the ranges; none where there is but one."""
        last = Range(self._start, None, self._number, self._digest.hexdigest())
        return (*self._done, last) if self._done else ()
