"""Which texts may hold what is looked for in free text: a pass over their bytes, before anything slower."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskloom.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]


@compiled
def may_be_personal(data: Bytes, begins: Ints, stops: Ints) -> Flags:
    """Say of each text whether it may have one of ``riskloom.extract.pii.SIGNS``; no text that has one is left out.

    Args:
        data: Bytes of all texts.
        begins: Where each begins.
        stops: Where each ends.
    """
    found = np.zeros(len(begins), np.bool_)
    for row in range(len(begins)):
        end = stops[row]
        # Digits so far with at most three other signs between them, those signs, and capitals side by side.
        digits, gap, capitals = 0, 0, 0
        for place in range(begins[row], end):
            sign = data[place]
            if 48 <= sign < 58:
                before = place - 1
                while before >= begins[row] and data[before] == 32:
                    before -= 1
                spaced = begins[row] <= before < place - 1
                digits, gap = digits + 1, 0
                # Seven digits; a code of capitals and digits; a street's name, or a box, and its number.
                if (
                    digits >= 7
                    or (capitals >= 2 and place + 1 < end and 48 <= data[place + 1] < 58)
                    or (spaced and data[before] in (46, 88, 101, 103, 120, 122))
                    or _goes_on(data, place + 1, end)
                ):
                    found[row] = True
                    break
                capitals = 0
                continue
            if sign == 64 or (sign == 37 and place + 2 < end and data[place + 1] == 52 and data[place + 2] == 48):
                found[row] = True
                break
            letter = 65 <= sign < 91 or 97 <= sign < 123
            if letter and digits >= 6 and sign <= 68:
                found[row] = True
                break
            if letter:
                digits = 0
            elif sign < 128 or sign >= 192:
                gap += 1
                if gap > 3:
                    digits = 0
            capitals = capitals + 1 if 65 <= sign < 91 else 0
    return found


@compiled
def _goes_on(data: Bytes, place: int, end: int) -> bool:
    """Say whether a word follows a number, or the sign that ends a number of a house in China."""
    if place < end and data[place] == 0xE5:
        return True
    if place < end and (65 <= data[place] < 91 or 97 <= data[place] < 123):
        place += 1
    if place < end and data[place] == 44:
        place += 1
    start = place
    while place < end and data[place] == 32:
        place += 1
    if place == start or place == end:  # noqa: SIM109 - compiled code has no tuples to look in
        return False
    return bool(data[place] >= 128 or 65 <= data[place] < 91 or 97 <= data[place] < 123)


@compiled
def holding(
    data: Bytes, begins: Ints, stops: Ints, parts: Bytes, part_begins: Ints, part_stops: Ints, least: int
) -> Flags:
    """Say of each text whether it holds the part beside it, where that has as many bytes as are asked for."""
    found = np.zeros(len(begins), np.bool_)
    for row in range(len(begins)):
        first, length = part_begins[row], part_stops[row] - part_begins[row]
        if length < least:
            continue
        for place in range(begins[row], stops[row] - length + 1):
            at = 0
            while at < length and data[place + at] == parts[first + at]:
                at += 1
            if at == length:
                found[row] = True
                break
    return found
