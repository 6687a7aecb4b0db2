"""Contents that bronze holds, told from the footers of its files: no line is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskloom.extract.content import FAILURES, content_hash
from riskloom.extract.lined import PARTITION
from riskloom.extract.lines import Stretch
from riskloom.intervals import to_micros
from riskloom.lake import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

_SAME = ("identity", "ingest_ts")
_WANTED = ("file", "file_bytes", "line_no", "byte_offset", *_SAME)
_READ = (*_WANTED, "failure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A content that bronze holds.

    Attributes:
        file_hash: Its hash.
        file: The path that it came in under first, below the data folder.
        size: Its bytes, decompressed.
        lines: Its lines.
        failure: Why it is not whole, or no text; else empty.
        stretches: Which of its lines came in when, in order; the last one ends behind its end.
    """

    file_hash: str
    file: str
    size: int
    lines: int
    failure: str
    stretches: tuple[Stretch, ...]

    @property
    def arrivals(self) -> frozenset[int]:
        """When its lines came in, in microseconds since the epoch."""
        return frozenset(stretch.ingest_ts for stretch in self.stretches)

    @property
    def continues(self) -> frozenset[str]:
        """Hashes of the earlier contents that its first lines came in with."""
        return frozenset(stretch.identity for stretch in self.stretches) - {self.file_hash}


def hashes_of(bronze: Path) -> frozenset[str]:
    """Give the hashes of all contents, from the table's log; none where there is no table."""
    if not tables.exists(bronze):
        return frozenset()
    return frozenset(tables.added_files(bronze)[f"partition.{PARTITION}"].to_pylist())


def contents_of(bronze: Path, hashes: Collection[str]) -> dict[str, Content]:
    """Describe contents.

    Args:
        bronze: The table of lines.
        hashes: Which contents; those that it does not hold are left out.

    Returns:
        The contents by hash.
    """
    if not hashes or not tables.exists(bronze):
        return {}
    added = tables.added_files(bronze).select(["path", f"partition.{PARTITION}"]).to_pylist()
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in added:
        if row[f"partition.{PARTITION}"] in hashes:
            found = _groups(bronze / unquote(row["path"]))
            groups.setdefault(row[f"partition.{PARTITION}"], []).extend(found)
    return {file_hash: _content(file_hash, found) for file_hash, found in groups.items() if found}


def _content(file_hash: str, groups: list[dict[str, Any]]) -> Content:
    groups.sort(key=lambda group: group["byte_offset"])
    size = groups[0]["file_bytes"]
    return Content(
        file_hash=file_hash,
        file=groups[0]["file"],
        size=size,
        lines=max(group["line_no"] for group in groups),
        failure=next((group["failure"] for group in groups[::-1] if group["failure"] in FAILURES), ""),
        stretches=tuple(_stretches(groups, size)),
    )


def _stretches(groups: Iterable[dict[str, Any]], size: int) -> Iterator[Stretch]:
    """Put neighbouring lines together that came in at once; an empty last line may begin at the very end."""
    before: dict[str, Any] | None = None
    for group in groups:
        if before is not None and any(before[name] != group[name] for name in _SAME):
            yield Stretch(group["byte_offset"], before["identity"], to_micros(before["ingest_ts"]))
            before = None
        before = before or group
    if before is not None:
        yield Stretch(size + 1, before["identity"], to_micros(before["ingest_ts"]))


def _groups(path: Path) -> Iterator[dict[str, Any]]:
    """Give the row groups of a file by the bounds of their columns, or their rows where those differ."""
    with pq.ParquetFile(path) as file:
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            bounds = {
                name: group.column(place).statistics
                for place in range(group.num_columns)
                if (name := group.column(place).path_in_schema) in _READ
            }
            if _even(bounds, group.num_rows):
                lowest: dict[str, Any] = {name: bounds[name].min for name in _WANTED}
                yield {**lowest, "line_no": bounds["line_no"].max, "failure": None}
            else:
                yield from file.read_row_group(number, columns=list(_READ)).to_pylist()


def _even(bounds: dict[str, Any], rows: int) -> bool:
    """Say whether the lines of a row group came in at once, and none of them failed."""
    failures = bounds["failure"]
    if failures is None or failures.null_count != rows:
        return False
    known = all(bounds[name] is not None and bounds[name].has_min_max for name in _WANTED)
    return known and all(bounds[name].min == bounds[name].max for name in _SAME)


def first_block_in(bronze: Path, file_hash: str, most: int) -> bytes:
    """Give the first bytes of a content, at most so many, put together from its lines."""
    return b"".join(_bytes_of(bronze, file_hash, most))


def content_hash_in(bronze: Path, file_hash: str, size: int, failure: str | None) -> str:
    """Give the hash that a content would have which ended after so many bytes, and failed there or not."""
    digest = hashlib.sha256()
    for piece in _bytes_of(bronze, file_hash, size):
        digest.update(piece)
    return content_hash(digest.hexdigest(), failure)


def _bytes_of(bronze: Path, file_hash: str, most: int) -> Iterator[bytes]:
    """Put a content's lines together again; pieces of a long line have no newline between them."""
    wanted = (pc.field(PARTITION) == file_hash) & (pc.field("byte_offset") < most)
    lines = tables.read(bronze, ["byte_offset", "raw"], filters=wanted).sort_by("byte_offset")
    place = 0
    for batch in lines.to_batches():
        for offset, raw in zip(batch["byte_offset"].to_pylist(), batch["raw"].to_pylist(), strict=True):
            yield (b"\n" * (offset - place) + raw)[: most - place]
            place = offset + len(raw)
    if place < most:
        yield b"\n"
