"""Buckets: which leading bits of a key's hash lead to which part of a table.

A name is ``b`` and bits: ``b01`` holds the keys whose hash begins with 01. A bucket that has grown too large is split
in two by the next bit, and no other bucket is touched (extendible hashing; Fagin, Nievergelt, Pippenger and Strong,
1979). So names may differ in length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import numpy.typing as npt

    from riskloom.lake.bucketed.hashing import Hashes

COLUMN = "bucket"
ROWS_WANTED = 500_000
_ROOT = "b"
_HASH_BITS, _MOST_BITS = 64, 12


@dataclass(frozen=True, slots=True)
class Buckets:
    """Buckets that hold each hash once.

    Attributes:
        names: Their names, in the order of their hashes.
    """

    names: tuple[str, ...]

    @classmethod
    def for_rows(cls, rows: int) -> Self:
        """Give as many equal buckets as let each hold about ``ROWS_WANTED`` rows.

        Example:
            >>> Buckets.for_rows(0).names, Buckets.for_rows(1_100_000).names
            (('b',), ('b00', 'b01', 'b10', 'b11'))
        """
        depth = 0
        while depth < _MOST_BITS and rows > ROWS_WANTED << depth:
            depth += 1
        return cls(tuple(f"{_ROOT}{number:0{depth}b}" if depth else _ROOT for number in range(1 << depth)))

    @classmethod
    def around(cls, there: Collection[str]) -> Self:
        """Complete the buckets that have rows with those that have none.

        Example:
            >>> Buckets.around({"b0", "b110"}).names
            ('b0', 'b10', 'b110', 'b111')
        """
        return cls(tuple(_cover(_ROOT, frozenset(there))))

    def of(self, hashes: Hashes) -> npt.NDArray[np.int64]:
        """Give the place in ``names`` of each hash."""
        starts = np.array([_start(name) for name in self.names], np.uint64)
        return np.searchsorted(starts, hashes, side="right") - 1


def halves(name: str, hashes: Hashes) -> tuple[tuple[str, npt.NDArray[np.bool_]], ...]:
    """Split a bucket by the next bit.

    Args:
        name: The bucket.
        hashes: Hashes of its rows.

    Returns:
        Two names, each with the mask of its rows; none where the bucket is as narrow as buckets get, or where a
        split would leave nearly all rows together, as one hot key does.
    """
    depth = len(name) - len(_ROOT)
    if depth >= _MOST_BITS:
        return ()
    upper = (hashes >> np.uint64(_HASH_BITS - 1 - depth) & np.uint64(1)).astype(np.bool_)
    if min(upper.sum(), (~upper).sum()) * 8 < len(hashes):
        return ()
    return (f"{name}0", ~upper), (f"{name}1", upper)


def _start(name: str) -> int:
    bits = name.removeprefix(_ROOT)
    return int(bits or "0", 2) << (_HASH_BITS - len(bits))


def _cover(name: str, there: frozenset[str]) -> Iterator[str]:
    if name not in there and any(other.startswith(name) for other in there):
        yield from _cover(f"{name}0", there)
        yield from _cover(f"{name}1", there)
    else:
        yield name
