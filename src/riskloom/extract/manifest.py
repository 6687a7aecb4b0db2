"""What is known of a source's files and contents, so that no file is read, and no line counted, twice."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from riskloom.extract.content import BINARY, FIRST_BLOCK, Inspection, content_hash
from riskloom.extract.contents import Content, content_hash_in, contents_of, first_block_in
from riskloom.extract.lines import Stretch
from riskloom.extract.looks import beginnings
from riskloom.lake.file_records import FileRecord, append_file_records, file_records

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from riskloom.extract.files import InputFile
    from riskloom.extract.looks import Look
    from riskloom.lake.paths import Lake

# Longer than the grain of any file system's clock.
_SETTLED_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Kin:
    """What a new content shares with one that is known.

    Attributes:
        file_hash: The known one; empty where there is none.
        stretches: Which of the new one's first lines came in when.
    """

    file_hash: str = ""
    stretches: tuple[Stretch, ...] = ()


@dataclass(slots=True)
class Manifest:
    """What is known of one source.

    Attributes:
        source: Its name.
        bronze: The table that holds its contents.
        files: The newest line of each file, by its path.
        contents: A line for each content, by its hash.
        new: Lines to add.
    """

    source: str
    bronze: Path
    files: dict[str, FileRecord] = field(default_factory=dict)
    contents: dict[str, FileRecord] = field(default_factory=dict)
    new: list[FileRecord] = field(default_factory=list)

    @classmethod
    def read(cls, lake: Lake, source: str, have: Iterable[str]) -> Manifest:
        """Read what was recorded, and make up from bronze what a killed run did not record.

        Args:
            lake: Where the tables are.
            source: Name of the source.
            have: The contents that bronze has.
        """
        known = cls(source, lake.bronze(source))
        there = set(have)
        for record in file_records(lake, source):
            known._add(record, there)
        missing = there - set(known.contents)
        for content in contents_of(known.bronze, missing).values():
            made = _from_bronze(known.bronze, source, content)
            known.contents[made.file_hash] = made
            known.new.append(made)
        return known

    def _add(self, record: FileRecord, have: set[str]) -> None:
        # What is no longer in bronze is to be read again.
        if record.file_hash in have or not record.lines:
            self.contents.setdefault(record.file_hash, record)
            if record.disk_bytes >= 0:
                self.files[record.file] = record

    def knows(self, file_hash: str) -> bool:
        """Say whether a content was taken in already."""
        return file_hash in self.contents

    def add(self, file: InputFile, look: Look, seen_as: Inspection, kin: Kin, ingest_ts: int) -> None:
        """Take in a new content.

        Args:
            file: Where it is.
            look: What the file system says of the file.
            seen_as: What is in it.
            kin: What it shares with a known one.
            ingest_ts: When the others come in.
        """
        own = Stretch(seen_as.size + 1, seen_as.file_hash, ingest_ts)
        known = kin.stretches
        whole = _written(known if known and known[-1].end > seen_as.size else (*known, own))
        record = record_of(self.source, file, look, seen_as)
        record = replace(record, stretches=whole, related=kin.file_hash, ingest_ts=ingest_ts)
        self.contents[record.file_hash] = self.files[file.name] = record
        self.new.append(record)

    def note(self, file: InputFile, look: Look, seen_as: Inspection) -> None:
        """Take note of a file whose content is known, so that it need not be read again."""
        before, content = self.files.get(file.name), self.contents[seen_as.file_hash]
        mine = record_of(self.source, file, look, seen_as)
        same = before is not None and (signature(before), before.file_hash) == (signature(mine), mine.file_hash)
        if before is None or not same or (is_settled(mine) and not is_settled(before)):
            mine = replace(mine, stretches=content.stretches, related=content.related, ingest_ts=content.ingest_ts)
            self.files[file.name] = mine
            self.new.append(mine)

    def settled(self, file: InputFile, look: Look) -> Inspection | None:
        """Give what is in a file that nobody touched since it was read; None where that is not sure."""
        record = self.files.get(file.name)
        if record is None or look.signature != signature(record) or not is_settled(record):
            return None
        return Inspection(record.file_hash, record.size, record.lines, look.head, record.failure or None)

    def sizes(self, file: InputFile, look: Look) -> tuple[int, ...]:
        """Give the sizes of contents that a file may continue, by how they begin."""
        return tuple(sorted({one.size for one in self.contents.values() if may_continue(file, look, one)}))

    def kin(self, file: InputFile, look: Look, seen_as: Inspection) -> Kin:
        """Say which lines of a new content came in before, in one that it continues or is the beginning of."""
        longer = (one for one in self.contents.values() if one.size > seen_as.size and _may_be_part(file, look, one))
        for one in sorted(longer, key=lambda one: (one.ingest_ts, one.file_hash)):
            failure = seen_as.failure
            if content_hash_in(self.bronze, one.file_hash, seen_as.size, failure) == seen_as.file_hash:
                return Kin(one.file_hash, _cut(one, seen_as.size + 1))
        same = [one for one in self.contents.values() if 0 < one.size < seen_as.size and _is_prefix(one, seen_as)]
        longest = max(same, key=lambda one: (one.size, -one.ingest_ts), default=None)
        return Kin() if longest is None else Kin(longest.file_hash, _cut(longest, longest.size))

    def going_on(self, hashes: Iterable[str]) -> frozenset[str]:
        """Give those of some contents that a longer one begins with."""
        longest = {one.file_hash: one.size for one in self.contents.values()}
        for one in self.contents.values():
            for mine, other in ((one.file_hash, one.related), (one.related, one.file_hash)):
                if mine and other in self.contents:
                    longest[mine] = max(longest.get(mine, 0), self.contents[other].size)
        return frozenset(name for name in hashes if name in self.contents and longest[name] > self.contents[name].size)

    def write(self, lake: Lake, run_id: str) -> None:
        """Add the new lines in one commit."""
        append_file_records(lake, [replace(record, run_id=run_id) for record in self.new])
        self.new.clear()


def record_of(source: str, file: InputFile, look: Look, seen_as: Inspection) -> FileRecord:
    """Give the line of a file that was looked at, but for when its lines came in."""
    return FileRecord(
        source=source,
        file=file.name,
        disk_bytes=look.disk_bytes,
        modified_ns=look.modified_ns,
        changed_ns=look.changed_ns,
        inode=look.inode,
        file_hash=seen_as.file_hash,
        size=seen_as.size,
        lines=seen_as.lines,
        failure=seen_as.failure or "",
        first_line=look.first_line,
        first_bytes=look.first_bytes,
        seen_ns=look.seen_ns,
    )


def signature(record: FileRecord) -> tuple[int, ...]:
    """Give what ``Look.signature`` was when a file was recorded."""
    return (record.disk_bytes, record.modified_ns, record.changed_ns, record.inode)


def is_settled(record: FileRecord) -> bool:
    """Say whether a file had been left alone for a while when it was looked at.

    As in Git's index: a change right after a look, within the grain of the file system's clock, would not show.
    """
    return record.seen_ns - max(record.modified_ns, record.changed_ns) >= _SETTLED_NS


def _from_bronze(bronze: Path, source: str, content: Content) -> FileRecord:
    first_line, first_bytes = beginnings(first_block_in(bronze, content.file_hash, FIRST_BLOCK))
    return FileRecord(
        source=source,
        file=content.file,
        file_hash=content.file_hash,
        size=content.size,
        lines=content.lines,
        failure=content.failure,
        first_line=first_line,
        first_bytes=first_bytes,
        stretches=_written(content.stretches),
        ingest_ts=max(content.arrivals),
    )


def _written(stretches: Iterable[Stretch]) -> str:
    return json.dumps([[one.end, one.identity, one.ingest_ts] for one in stretches])


def _cut(record: FileRecord, end: int) -> tuple[Stretch, ...]:
    """Give the stretches of a content's lines that begin before an offset; the last of them ends there."""
    kept: list[Stretch] = []
    for stop, identity, ingest_ts in record.spans:
        kept.append(Stretch(min(stop, end), identity, ingest_ts))
        if stop >= end:
            break
    return tuple(kept)


def may_continue(file: InputFile, look: Look, short: FileRecord) -> bool:
    """Say whether a file may begin with a content, by how both begin.

    Less than a line is shared by chance: it is continued under its own name alone.
    """
    if not short.size or short.failure == BINARY:
        return False
    if short.first_bytes:
        return short.first_bytes == look.first_bytes
    return short.first_line == look.first_line if short.first_line else short.file == file.name


def _may_be_part(file: InputFile, look: Look, long: FileRecord) -> bool:
    if long.failure == BINARY:
        return False
    if look.first_bytes:
        return look.first_bytes == long.first_bytes
    return look.first_line == long.first_line if look.first_line else long.file == file.name


def _is_prefix(short: FileRecord, seen_as: Inspection) -> bool:
    digest = seen_as.prefixes.get(short.size)
    # What was cut off or damaged before goes on as well: its lines keep their identity.
    return digest is not None and content_hash(digest, short.failure or None) == short.file_hash
