"""Bytes of many entities in one array: put together by compiled loops, and taken apart only where somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from riskloom.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Self

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Bytes = npt.NDArray[np.uint8]


class Slices(NamedTuple):
    r"""One stretch of bytes an entity.

    Attributes:
        data: Where they are.
        begins: Where each begins, shape (e,).
        sizes: How long each is, shape (e,).

    Example:
        >>> names = Slices.of([b"ann", b"bo"])
        >>> list(joined([constant(b"<", 2), names, constant(b">", 2)]).parts())
        [b'<ann>', b'<bo>']
    """

    data: Bytes
    begins: Ints
    sizes: Ints

    @classmethod
    def of(cls, parts: Sequence[bytes]) -> Self:
        """Put some stretches together."""
        sizes = np.fromiter(map(len, parts), np.int64, len(parts))
        return cls(np.frombuffer(b"".join(parts), np.uint8), np.cumsum(sizes) - sizes, sizes)

    @property
    def ends(self) -> Ints:
        """Where each ends, shape (e,)."""
        return self.begins + self.sizes

    def grouped(self, edges: Ints) -> Slices:
        """Take stretches that lie one after the other together.

        Args:
            edges: Where those of each entity begin, and how many there are, shape (e + 1,).
        """
        places = np.append(self.begins, self.ends[-1:])[edges] if len(self.begins) else edges
        return Slices(self.data, places[:-1], np.diff(places))

    def parts(self) -> Iterator[bytes]:
        """Give each as bytes of its own."""
        whole = self.data.tobytes()
        for begin, end in zip(self.begins.tolist(), self.ends.tolist(), strict=True):
            yield whole[begin:end]


def constant(part: bytes, count: int) -> Slices:
    """Give the same bytes to each of several entities."""
    return Slices(np.frombuffer(part, np.uint8), np.zeros(count, np.int64), np.full(count, len(part)))


def records(array: npt.NDArray[Any]) -> Slices:
    """Take fixed-size records as they lie in memory."""
    size = array.itemsize
    data = np.ascontiguousarray(array).view(np.uint8) if array.nbytes else np.zeros(0, np.uint8)
    return Slices(data, np.arange(len(array)) * size, np.full(len(array), size, np.int64))


def texts(values: pa.Array) -> Slices:
    """Take text or bytes, none of them null; text as UTF-8."""
    if not len(values):
        return constant(b"", 0)
    wide = values.cast(pa.large_binary())
    _, offsets, data = wide.buffers()
    edges = np.frombuffer(offsets, np.int64)[wide.offset : wide.offset + len(wide) + 1]
    return Slices(np.frombuffer(data or b"", np.uint8), edges[:-1], np.diff(edges))


def counted(items: Slices, edges: Ints, dtype: str = "<u4") -> list[Slices]:
    """Group items, and put before those of each entity how many there are; see ``Slices.grouped``."""
    return [records(np.diff(edges).astype(dtype)), items.grouped(edges)]


def joined(parts: Sequence[Slices]) -> Slices:
    """Put the parts of each entity after each other."""
    sizes: Ints = np.sum([part.sizes for part in parts], axis=0, dtype=np.int64)
    begins = np.cumsum(sizes) - sizes
    out = np.empty(int(sizes.sum()), np.uint8)
    place = begins.copy()
    for part in parts:
        _copy(out, place, *part)
    return Slices(out, begins, sizes)


@compiled
def _copy(out: Bytes, place: Ints, data: Bytes, begins: Ints, sizes: Ints) -> None:
    """Copy each stretch to its place, and move the place behind it."""
    for i in range(len(place)):
        begin, to = begins[i], place[i]
        for offset in range(sizes[i]):
            out[to + offset] = data[begin + offset]
        place[i] = to + sizes[i]
