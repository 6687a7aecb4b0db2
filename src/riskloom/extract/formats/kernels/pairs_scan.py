"""One pass over ``key=value`` pairs, and over delimited values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskloom.compiled import compiled
from riskloom.extract.formats.kernels.json_scan import find_child

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Ints = npt.NDArray[np.int64]


@compiled
def scan_pairs(
    data: Bytes,
    starts: Ints,
    ends: Ints,
    usable: npt.NDArray[np.bool_],
    first: Ints,
    last: Ints,
    key_at: Ints,
    keys: Bytes,
    target: Ints,
    begins: npt.NDArray[np.int64],
    stops: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.uint8],
    extras: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.bool_], int]:
    """Read pairs; arguments and result are those of ``json_scan.scan``."""
    count = len(starts)
    read = np.zeros(count, np.bool_)
    hashes = np.empty(512, np.uint64)
    used = 0
    for line in range(count):
        if not usable[line]:
            continue
        place, end = starts[line], ends[line]
        top, before, good = 0, used, place < end
        while good and place < end:
            key_start = place
            code = np.uint64(14695981039346656037)
            while place < end:
                sign = data[place]
                letter = 97 <= sign < 123 or 65 <= sign < 91 or sign == 95
                if not (letter or (place > key_start and (48 <= sign < 58 or sign == 45))):
                    break
                code = (code ^ np.uint64(sign)) * np.uint64(1099511628211)
                place += 1
            key_end = place
            if key_end == key_start or place >= end or data[place] != 61 or top == 512:
                good = False
                break
            for other in range(top):
                good = good and hashes[other] != code
            if not good:
                break
            hashes[top] = code
            top += 1
            place += 1
            value_start = place
            if place < end and data[place] == 34:
                value_start = place + 1
                place = value_start
                while place < end and data[place] != 34 and data[place] != 92 and data[place] != 91:
                    place += 1
                if place >= end or data[place] != 34:
                    good = False
                    break
                value_end = place
                place += 1
            else:
                while place < end and data[place] != 32 and data[place] != 9:
                    # A bracket may be that of an access log's time.
                    good = good and data[place] != 91
                    place += 1
                value_end = place
                if not good:
                    break
                if value_end > value_start and (data[value_end - 1] == 44 or data[value_end - 1] == 59):
                    good = False
                    break
            if place < end:
                if data[place] != 32:
                    good = False
                    break
                while place < end and data[place] == 32:
                    place += 1
            child = find_child(data, key_start, key_end, 0, first, last, key_at, keys)
            if child >= 0 and target[child] >= 0:
                begins[target[child], line], stops[target[child], line] = value_start, value_end
                kinds[target[child], line] = 1
            elif child >= 0 or used == len(extras):
                good = False
            else:
                extras[used, 0], extras[used, 1], extras[used, 2], extras[used, 3] = line, 0, key_start, key_end
                extras[used, 4], extras[used, 5], extras[used, 6] = value_start, value_end, 1
                used += 1
        read[line] = good
        if not good:
            used = before
    return read, used


@compiled
def scan_values(
    data: Bytes,
    starts: Ints,
    ends: Ints,
    usable: npt.NDArray[np.bool_],
    delimiter: int,
    quote: int,
    width: int,
    begins: npt.NDArray[np.int64],
    stops: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.uint8],
) -> npt.NDArray[np.bool_]:
    """Read rows of delimited values.

    Args:
        data: Bytes of all records.
        starts: Where each begins.
        ends: Where each ends.
        usable: Which of them to read.
        delimiter: Sign between values.
        quote: Sign around values.
        width: How many values a row has.
        begins: Where each value begins, by its place in the row; filled.
        stops: Where it ends; filled.
        kinds: 1 for a value, 2 for an empty one without quotes; filled.

    Returns:
        Which records were read.
    """
    read = np.zeros(len(starts), np.bool_)
    for line in range(len(starts)):
        if not usable[line]:
            continue
        place, end = starts[line], ends[line]
        column, good = 0, True
        while good:
            start, kind = place, 1
            if place < end and data[place] == quote:
                start = place + 1
                place = start
                while place < end and data[place] != quote:
                    place += 1
                stop = place
                place += 1
                good = stop < end and (place == end or data[place] == delimiter)
            else:
                while place < end and data[place] != delimiter:
                    good = good and data[place] != quote
                    place += 1
                stop = place
                kind = 1 if stop > start else 2
            if not good or column == width:
                good = False
                break
            begins[column, line], stops[column, line], kinds[column, line] = start, stop, kind
            column += 1
            if place >= end:
                break
            place += 1
        read[line] = good and column == width
    return read
