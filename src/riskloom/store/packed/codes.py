"""The numbers that stand for the values of a channel, as they are read, and the stretches of them that windows hold."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from riskloom.store.packed.lists import CODES, WIDTHS
from riskloom.store.packed.picks import READERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from riskloom.store.packed.shape import Coded

    Ints = npt.NDArray[np.int64]

Value = TypeVar("Value")
_END = struct.Struct("<I")
# c * ln(c) in whole 2**-30ths, as the window kernel adds it up.
_UNIT = 2.0**30


class CodedPart:
    """One list of a state.

    Args:
        item: Which one.
        dtype: Declared type of its column.
        data: The state.
        offset: Where it starts.

    Attributes:
        codes: Numbers of its events, oldest first.
        size: How many numbers there are.
        end: Where it ends.
    """

    __slots__ = ("_data", "_ends", "_reader", "_values", "codes", "end", "size")

    def __init__(self, item: Coded, dtype: str, data: bytes, offset: int) -> None:
        count, self.size, width = CODES.unpack_from(data, offset)
        offset += CODES.size
        self.codes: Ints = np.frombuffer(data, WIDTHS[width], count, offset).astype(np.int64)
        self.end = offset + (count << width)
        self._data, self._reader, self._ends, self._values = data, READERS[dtype], self.end, 0
        if item.listed:
            self._values = self._ends + _END.size * self.size
            self.end = self._values + (self._edge(self.size) if self.size else 0)

    def value(self, number: int) -> Any:  # noqa: ANN401 - of the column's type
        """Give the value that a number stands for."""
        low, high = self._edge(number), self._edge(number + 1)
        return self._reader(self._data[self._values + low : self._values + high])

    def _edge(self, number: int) -> int:
        if not number:
            return 0
        (edge,) = _END.unpack_from(self._data, self._ends + _END.size * (number - 1))
        return int(edge)


class Stretches:
    """What windows hold of a list: for each its end, and behind it the windows that raw events are in, written out.

    Args:
        codes: The list.
        held: For each window, how many of its last events it holds, and the numbers of its raw events.

    Attributes:
        codes: The numbers.
        low: Where each window starts, none before the one before it, shape (w,).
        high: Where each ends, shape (w,).
        sizes: How many events each holds.
        lacking: Whether each should hold more than the list does.
    """

    __slots__ = ("_order", "codes", "high", "lacking", "low", "sizes")

    def __init__(self, codes: Ints, held: Sequence[tuple[int, Sequence[int]]]) -> None:
        kept = len(codes)
        plain = sorted((kept - min(count, kept), window) for window, (count, raw) in enumerate(held) if not raw)
        bounds = [(low, kept, window) for low, window in plain]
        pieces, place = [codes], kept
        for window, (count, raw) in enumerate(held):
            if raw:
                mine = np.append(codes[kept - min(count, kept) :], np.array(raw, np.int64))
                bounds.append((place, place + len(mine), window))
                pieces.append(mine)
                place += len(mine)
        self.codes = np.concatenate(pieces) if len(pieces) > 1 else codes
        self.low, self.high = (np.array(side, np.int64) for side in list(zip(*bounds, strict=True))[:2])
        self._order = [window for _, _, window in bounds]
        self.sizes = [high - low for low, high, _ in bounds]
        self.lacking = [held[window][0] > kept for window in self._order]

    def by_window(self, found: Sequence[Value]) -> dict[int, Value]:
        """Give what was found for each stretch by its window."""
        return dict(zip(self._order, found, strict=True))


def weights(most: int) -> Ints:
    """Give what a value that stands c times adds to an entropy, for c up to a number at least."""
    return _weights(max(16, int(most)).bit_length())[: most + 1]


@cache
def _weights(bits: int) -> Ints:
    counts = np.arange(1, 1 << bits, dtype=np.float64)
    return np.concatenate(([0], np.rint(counts * np.log(counts) * _UNIT))).astype(np.int64)
