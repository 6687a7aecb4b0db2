"""What the file system says of a file, by which a file that nobody touched is known."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskloom.extract.content import FIRST_BLOCK, beginning

if TYPE_CHECKING:
    from pathlib import Path

FIRST_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Look:
    """What the file system says of a file, and how its content begins.

    Attributes:
        disk_bytes: Its size on disk.
        modified_ns: When its bytes were changed last.
        changed_ns: When anything of it was changed last.
        inode: Its number.
        seen_ns: When this was asked.
        first_line: Hash of its first line; empty where no newline ends it.
        first_bytes: Hash of its first bytes; empty where there are fewer.
        head: Its first line.
    """

    disk_bytes: int
    modified_ns: int
    changed_ns: int
    inode: int
    seen_ns: int
    first_line: str
    first_bytes: str
    head: bytes

    @classmethod
    def at(cls, path: Path) -> Look:
        """Look at a file.

        Raises:
            OSError: It cannot be read.
        """
        now, found = time.time_ns(), os.stat(path)  # noqa: PTH116 - of many files
        block = beginning(str(path), FIRST_BLOCK)
        head = block.partition(b"\n")[0]
        times = (found.st_mtime_ns, found.st_ctime_ns)
        return cls(found.st_size, *times, found.st_ino, now, *beginnings(block), head)

    @property
    def signature(self) -> tuple[int, ...]:
        """What changes when the file is written."""
        return (self.disk_bytes, self.modified_ns, self.changed_ns, self.inode)


def beginnings(block: bytes) -> tuple[str, str]:
    """Give the hashes of a content's first line and of its first bytes; empty where it has no such."""
    line, newline, _ = block.partition(b"\n")
    first_bytes = hashlib.sha256(block[:FIRST_BYTES]).hexdigest() if len(block) >= FIRST_BYTES else ""
    return hashlib.sha256(line).hexdigest() if newline else "", first_bytes
