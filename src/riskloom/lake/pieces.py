"""Pieces on their way from one task to another, in files of the lake, which all workers see.

Spark's own shuffle takes each byte from a worker into the JVM, through a compressor, and back. Here a task appends its
pieces to one file, and whoever wants those of a group reads them from there.
"""

from __future__ import annotations

import shutil
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_FOLDER = "pieces-"
_LEFT_BEHIND_S = 24 * 3600


class Written(NamedTuple):
    """The file of one task.

    Attributes:
        path: Where it is; beside it stands where in it each piece is.
        groups: The groups that have pieces in it.
    """

    path: Path
    groups: frozenset[int]


@contextmanager
def scratch(root: Path) -> Iterator[Path]:
    """Give a folder for pieces below a table's own, and remove it in the end.

    What a killed run left there for a day is removed as well; ``vacuum`` would take it, too.
    """
    for left in root.glob(f"{_FOLDER}*"):
        if left.stat().st_mtime < time.time() - _LEFT_BEHIND_S:
            shutil.rmtree(left, ignore_errors=True)
    folder = root / f"{_FOLDER}{uuid.uuid4().hex}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(folder: Path, pieces: Iterable[tuple[int, bytes]]) -> Written:
    """Write the pieces of one task to a file that no other attempt has.

    Args:
        folder: Where to.
        pieces: Pieces, each with its group's number.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> written = write(Path(tempfile.mkdtemp()), [(3, b"ab"), (1, b"c"), (3, b"d")])
        >>> sorted(written.groups), list(read([written.path], 3))
        ([1, 3], [b'ab', b'd'])
    """
    path = folder / uuid.uuid4().hex
    places: list[tuple[int, int, int]] = []
    with path.open("wb") as file:
        for group, piece in pieces:
            places.append((group, file.tell(), len(piece)))
            file.write(piece)
    np.save(_places_of(path), np.array(places, np.int64).reshape(-1, 3))
    return Written(path, frozenset(group for group, _, _ in places))


def read(paths: Iterable[Path], group: int) -> Iterator[bytes]:
    """Read the pieces of a group, file after file, in the order in which they were written."""
    for path in paths:
        places = np.load(_places_of(path))
        with path.open("rb") as file:
            for _, offset, length in places[places[:, 0] == group].tolist():
                file.seek(offset)
                yield file.read(length)


def _places_of(path: Path) -> Path:
    return path.with_suffix(".npy")
